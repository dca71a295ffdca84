"""Maps of segments: the ones that come along are exact, the two known faulty ones are found out."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from segkit.locale import LANGS, has_term
from segkit.schemes.rfm import RFM
from segkit.schemes.segment_maps import lint, map_names, named_map

# lowest and highest R, F, M of two maps of the R package rfm (oracles.md)
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


def test_single_codes_are_where_the_published_list_has_them() -> None:
    eleven = named_map("eleven")
    for code, id in {
        "555": "champions",
        "535": "need_attention",
        "431": "potential_loyalist",
        "111": "lost",
    }.items():
        assert eleven.find(tuple(map(int, code))) == id


def test_every_segment_has_a_name_in_both_languages() -> None:
    for name in map_names():
        for id in RFM(segments=name).order():
            assert has_term(f"segment.{id}"), id
    assert LANGS == ("zh", "en")


def test_codes_that_do_not_exist_are_named() -> None:
    found = lint([{"id": "all", "r": [1, 3]}, {"id": "odd", "codes": ["444"]}], bins=3)
    assert found.outside == ("444",) and found.impossible == ("odd",) and not found.ok
