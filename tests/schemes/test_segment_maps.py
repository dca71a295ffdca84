"""Maps of segments: the ones that come along are exact, the two known faulty ones are found out."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from segkit.locale import LANGS, has_term
from segkit.schemes.rfm import RFM
from segkit.schemes.segment_maps import lint, map_names, named_map

# lowest and highest R, F, M of two maps of the R package rfm
VIGNETTE = {
    "Champions": "55 55 55",
    "Potential Loyalist": "35 35 25",
    "Loyal Customers": "24 24 24",
    "Promising": "34 13 35",
    "New Customers": "45 13 15",
    "Can't Lose Them": "12 34 45",
    "At Risk": "12 25 45",
    "Need Attention": "13 35 35",
    "About To Sleep": "23 13 14",
    "Lost": "11 15 15",
}
TEST_MAP = {
    "Champions": "45 45 45",
    "Loyal Customers": "25 35 35",
    "Potential Loyalist": "35 13 13",
    "New Customers": "45 11 11",
    "Promising": "34 11 11",
    "Need Attention": "23 23 23",
    "About To Sleep": "23 12 12",
    "At Risk": "12 25 25",
    "Can't Lose Them": "11 45 45",
    "Lost": "12 12 12",
}

# the code list that circulates with Python tutorials, as published
ELEVEN = {
    "champions": "555 554 544 545 454 455 445",
    "loyal": "543 444 435 355 354 345 344 335",
    "potential_loyalist": "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 "
    "342 341 333 323",
    "new": "512 511 422 421 412 411 311",
    "promising": "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313",
    "need_attention": "535 534 443 434 343 334 325 324",
    "about_to_sleep": "331 321 312 221 213 231 241 251",
    "at_risk": "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124",
    "cannot_lose": "155 154 144 214 215 115 114 113",
    "hibernating": "332 322 233 232 223 222 132 123 122 212 211",
    "lost": "111 112 121 131 141 151",
}
# R from 5 down to 1, F from 1 to 5 across
GRID25 = [
    "new potential_loyalist potential_loyalist champions champions",
    "promising potential_loyalist potential_loyalist loyal loyal",
    "about_to_sleep about_to_sleep need_attention loyal loyal",
    "hibernating hibernating at_risk at_risk cannot_lose",
    "hibernating hibernating at_risk at_risk cannot_lose",
]


def rectangles(table: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"id": id, **{axis: [int(c) for c in pair] for axis, pair in zip("rfm", text.split(), strict=True)}}
        for id, text in table.items()
    ]


def test_the_vignette_map_of_r_leaves_10_codes_and_covers_58_twice() -> None:
    found = lint(rectangles(VIGNETTE))
    assert (found.cells, len(found.uncovered), len(found.covered_twice), found.impossible) == (
        125,
        10,
        58,
        (),
    )
    assert not found.ok and "10" in found.text("en")[0] and "58" in found.text("zh")[1]


def test_the_test_map_of_r_leaves_36_codes_and_three_segments_can_never_occur() -> None:
    found = lint(rectangles(TEST_MAP))
    assert len(found.uncovered) == 36
    assert found.impossible == ("New Customers", "Promising", "Can't Lose Them")
    assert any("New Customers" in line for line in found.text("zh"))


@pytest.mark.parametrize(
    ("name", "cells", "segments"), [("eleven", 125, 11), ("grid25", 125, 10), ("eight", 8, 8)]
)
def test_the_maps_that_come_along_are_exact_partitions(name: str, cells: int, segments: int) -> None:
    found = lint(name)
    assert found.ok and found.cells == cells and len(named_map(name).ids) == segments
    assert found.text("zh") and found.text("en")


def test_grid25_leaves_money_aside() -> None:
    for r, f in product(range(1, 6), repeat=2):
        assert len({named_map("grid25").find((r, f, m)) for m in range(1, 6)}) == 1


def test_eight_is_named_by_m_and_by_r_and_f() -> None:
    second = {(1, 1): "value", (1, 0): "develop", (0, 1): "keep", (0, 0): "win_back"}
    for r, f, m in product((0, 1), repeat=3):
        assert named_map("eight").find((r, f, m)) == f"{'key' if m else 'general'}_{second[r, f]}"


def test_every_code_of_eleven_is_where_the_published_list_has_it() -> None:
    wanted = {code: id for id, codes in ELEVEN.items() for code in codes.split()}
    found = {"".join(map(str, rfm)): named_map("eleven").find(rfm) for rfm in product(range(1, 6), repeat=3)}
    assert len(wanted) == 125 and found == wanted


def test_every_cell_of_grid25_is_where_the_notebooks_have_it() -> None:
    wanted = {(5 - i, f): id for i, row in enumerate(GRID25) for f, id in enumerate(row.split(), 1)}
    found = {(r, f): named_map("grid25").find((r, f, 3)) for r, f in product(range(1, 6), repeat=2)}
    assert len(wanted) == 25 and found == wanted


def test_every_segment_has_a_name_in_both_languages() -> None:
    for name in map_names():
        for id in RFM(segments=name).order():
            assert has_term(f"segment.{id}"), id
    assert LANGS == ("zh", "en")


def test_codes_that_do_not_exist_are_named() -> None:
    found = lint([{"id": "all", "r": [1, 3]}, {"id": "odd", "codes": ["444"]}], bins=3)
    assert found.outside == ("444",) and found.impossible == ("odd",) and not found.ok


def test_a_range_beyond_the_scores_there_are_is_named() -> None:
    wide = [{"id": "all", "r": [1, 6]}]
    assert lint(wide).outside == ("all: r 1-6",) and not lint(wide, bins=6).outside
    with pytest.raises(ValueError, match="all: r 1-6"):
        RFM(segments=wide)
