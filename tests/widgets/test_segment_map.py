"""The editor of segment maps: its verdict is that of `lint`, its sizes those of the scheme, its file loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from page_of import Page
from sample_customers import sample_customers

import segkit
from segkit.locale import name_of
from segkit.locale.spoken import speak
from segkit.problems import InputProblems
from segkit.schemes.segment_maps import named_map
from segkit.widgets import segment_map
from segkit.widgets.map_editor import SegmentMapEditor
from segkit.widgets.map_rows import MapRows

CUSTOMERS = sample_customers()
OWN: list[dict[str, Any]] = [
    {"id": "老客户", "r": [1, 5], "f": [4, 5], "m": [1, 5]},
    {"id": "champions", "r": [4, 5], "f": [1, 5], "m": [3, 5]},
    {"id": "rest", "r": [1, 5], "f": [1, 3], "m": [1, 5]},
]


@pytest.fixture(autouse=True)
def english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    speak("en")
    yield
    speak("zh")


def rows_of(widget: SegmentMapEditor) -> MapRows:
    found = widget.controls["segments"]
    assert isinstance(found, MapRows)
    return found


def sizes(page: Page) -> dict[str, int]:
    return {row[0]: int(row[1].replace(",", "")) for row in page.tables[0][1:]}


@pytest.mark.parametrize("name", ["grid25", "eleven"])
def test_a_map_of_the_package_has_its_own_sizes_and_no_fault(name: str) -> None:
    widget = segment_map(CUSTOMERS, segments=name)
    labelled = segkit.RFM(segments=name).fit(CUSTOMERS).label(CUSTOMERS)
    wanted = {name_of("segment", label, "en"): n for label, n in labelled["rfm"].value_counts().items()}
    page = Page(widget.html)
    assert {k: n for k, n in sizes(page).items() if n} == wanted
    assert segkit.lint(name).text("en")[0] in page.words
    assert [tuple(line["codes"]) for line in widget.values["segments"] if "codes" in line] == [
        s.codes for s in named_map(name).segments if s.codes
    ]


def test_an_own_map_goes_through_the_scheme_from_top_to_bottom() -> None:
    widget = segment_map(CUSTOMERS, segments=OWN)
    scores = segkit.RFM().fit(CUSTOMERS).label(CUSTOMERS).dropna(subset=["r_score"])
    old = scores["f_score"] >= 4
    best = ~old & (scores["r_score"] >= 4) & (scores["m_score"] >= 3)
    found = sizes(Page(widget.html))
    assert found["老客户"] == old.sum() and found["Champions"] == best.sum()
    assert found["rest"] == (~old & ~best).sum() and found[name_of("segment", "prospect", "en")] == 2
    assert "are in more than one segment" in Page(widget.html).words


def test_a_slider_moved_changes_figure_sizes_and_verdict() -> None:
    widget = segment_map(CUSTOMERS)
    first = Page(widget.html)
    rows_of(widget)._rows[0].bands["r"].value = (4, 5)
    page = Page(widget.html)
    assert widget.values["segments"][0]["r"] == [4, 5]
    assert page.pictures != first.pictures and sizes(page) != sizes(first)
    found = segkit.lint(widget.values["segments"])
    assert len(found.covered_twice) == 10  # type: ignore[union-attr]
    assert all(line in page.words for line in found.text("en"))


def test_a_line_up_takes_the_codes_it_shares() -> None:
    widget = segment_map(CUSTOMERS, segments=OWN)
    before = sizes(Page(widget.html))
    rows_of(widget).move(1, -1)
    assert [line["id"] for line in widget.values["segments"]] == ["champions", "老客户", "rest"]
    assert sizes(Page(widget.html))["Champions"] > before["Champions"]
    rows_of(widget).move(0, -1)  # the first stays the first
    assert [line["id"] for line in widget.values["segments"]] == ["champions", "老客户", "rest"]


def test_a_line_removed_leaves_holes_and_no_sizes() -> None:
    widget = segment_map(CUSTOMERS)
    rows = rows_of(widget)
    removed = widget.values["segments"][-1]["id"]
    labelled = segkit.RFM(segments="grid25").fit(CUSTOMERS).label(CUSTOMERS)
    homeless = int((labelled["rfm"] == removed).sum())
    rows._rows[-1].children[-1].click()
    page = Page(widget.html)
    assert len(rows._rows) == 9 and page.tables == []
    found = segkit.lint(widget.values["segments"])
    assert len(found.uncovered) == 20 and found.text("en")[0] in page.words  # type: ignore[union-attr]
    assert f"{homeless} of 400 customers stand nowhere" in page.alts[0]


def test_a_line_added_can_never_occur_until_it_stands_higher() -> None:
    widget = segment_map(CUSTOMERS)
    rows = rows_of(widget)
    rows.children[1].children[0].click()
    assert "1 segment can never occur" in Page(widget.html).words
    assert len(rows._rows) == 11 and sizes(Page(widget.html))["New segment 1"] == 0
    for place in range(10, 0, -1):
        rows.move(place, -1)
    assert "10 segments can never occur" in Page(widget.html).words
    assert sizes(Page(widget.html))["New segment 1"] == 400


def test_names_of_the_package_are_read_back_as_ids() -> None:
    for lang, name in (("zh", "忠诚客户"), ("en", "Loyal")):
        speak(lang)  # type: ignore[arg-type]
        widget = segment_map(CUSTOMERS, segments=OWN)
        row = rows_of(widget)._rows[2]
        row.name.value = name
        assert widget.values["segments"][2]["id"] == "loyal"
        row.name.value = "我的一类"
        assert widget.values["segments"][2]["id"] == "我的一类"


def test_the_map_is_saved_and_loads_as_the_same_scheme() -> None:
    widget = segment_map(CUSTOMERS, segments=OWN, file="一月 对照表")
    widget.buttons[-1].click()
    loaded = segkit.load_scheme("一月 对照表.yml")
    labelled = loaded.label(CUSTOMERS)["rfm"]
    assert labelled.tolist() == widget.scheme(widget.values).label(CUSTOMERS)["rfm"].tolist()
    assert set(labelled) == {"老客户", "champions", "rest", "prospect"}
    assert "一月 对照表.yml" in widget._told.value
    rows_of(widget).move(1, -1)
    widget.save()  # its own file may be written again
    assert segkit.load_scheme("一月 对照表.yml").order()[0] == "champions"


@pytest.mark.parametrize("name", ["eleven", "grid25"])
def test_a_map_with_codes_or_ranges_is_saved_alike(name: str) -> None:
    widget = segment_map(CUSTOMERS, segments=name)
    labelled = segkit.load_scheme(widget.save()).label(CUSTOMERS)["rfm"]
    assert labelled.tolist() == segkit.RFM(segments=name).fit(CUSTOMERS).label(CUSTOMERS)["rfm"].tolist()


def test_a_file_that_was_there_is_kept() -> None:
    Path("old.yml").write_text("kept", encoding="utf-8")
    widget = segment_map(CUSTOMERS, file="old.yml")
    widget.buttons[-1].click()
    assert "old.yml already" in widget._told.value
    assert Path("old.yml").read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize("file", ["", "../a.yml", "a/b", "c:\\a", "CON.yml", "a?b", ".hidden"])
def test_a_name_that_is_no_file_name_anywhere_is_refused(file: str) -> None:
    widget = segment_map(CUSTOMERS, file=file)
    with pytest.raises(InputProblems):
        widget.save()
    assert list(Path().rglob("*")) == []


def test_a_map_with_holes_is_not_saved() -> None:
    widget = segment_map(CUSTOMERS, segments=OWN[:2])
    widget.buttons[-1].click()
    assert "Not ready" in widget._told.value and list(Path().rglob("*")) == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "no line"),
        ([{"id": " ", "r": [1, 5]}], "Line 1 has no name"),
        ([{"id": "a", "codes": []}], "Line 1, a, has no codes"),
    ],
)
def test_lines_that_cannot_be_are_a_sentence(lines: list[dict[str, Any]], said: str) -> None:
    widget = segment_map(CUSTOMERS)
    widget.set(segments=lines)
    page = Page(widget.html)
    assert page.wrong and said in page.words
    widget.reset()
    assert not Page(widget.html).wrong and len(widget.values["segments"]) == 10


def test_codes_nobody_can_have_are_named() -> None:
    widget = segment_map(CUSTOMERS, segments=[{"id": "a", "codes": ["556"]}, {"id": "b", "r": [1, 5]}])
    page = Page(widget.html)
    assert "1 code no customer can have: 556" in page.words and page.tables == []
    with pytest.raises(InputProblems):
        widget.scheme(widget.values)


@pytest.mark.parametrize(
    "wrong", [[{"id": "a", "r": [0, 5]}], [{"id": "a", "x": 1}], [{"id": "a", "r": [5, 4]}], ["a"]]
)
def test_what_is_no_line_is_refused(wrong: list[Any]) -> None:
    widget = segment_map(CUSTOMERS)
    with pytest.raises(InputProblems):
        widget.set(segments=wrong)
    assert len(widget.values["segments"]) == 10


def test_another_map_is_begun_by_a_button_and_undone_by_reset() -> None:
    widget = segment_map(CUSTOMERS)
    first = widget.html
    widget.buttons[2].click()
    assert len(widget.values["segments"]) == 11 and all("codes" in line for line in widget.values["segments"])
    widget.reset()
    assert widget.html == first


def test_codes_are_read_as_they_are_written() -> None:
    widget = segment_map(CUSTOMERS, segments="eleven")
    row = rows_of(widget)._rows[0]
    assert row.codes is not None
    row.codes.value = "555，554、545 544"
    assert widget.values["segments"][0]["codes"] == ["555", "554", "545", "544"]
    assert "3 of 125 combinations have no segment: 445, 454, 455" in Page(widget.html).words


def test_fewer_levels_have_fewer_codes() -> None:
    widget = segment_map(CUSTOMERS, segments=[{"id": "a", "r": [3, 3]}, {"id": "b", "r": [1, 2]}], bins=3)
    page = Page(widget.html)
    assert "27 combinations, each in exactly one segment" in page.words
    labelled = segkit.RFM(bins=3, segments="eight").fit(CUSTOMERS).label(CUSTOMERS)
    assert sizes(page)["a"] == (labelled["r_score"] == 3).sum()


@pytest.mark.parametrize("lines", ["grid25", "eleven", OWN, OWN[:2]])
def test_both_languages_hold_the_same_numbers(lines: Any) -> None:
    pages = []
    for spoken in ("zh", "en"):
        speak(spoken)  # type: ignore[arg-type]
        pages.append(Page(segment_map(CUSTOMERS, segments=lines).html))
    zh, en = pages
    assert len(zh.numbers()) > 10 and zh.numbers() == en.numbers()
    assert zh.words != en.words


def test_the_twin_is_the_first_view() -> None:
    widget = segment_map(CUSTOMERS)
    assert [widget.twin().meta.alt] == Page(widget.html).alts  # type: ignore[union-attr]
    moved = widget.twin(segments=OWN)
    widget.set(segments=OWN)
    assert [moved.meta.alt] == Page(widget.html).alts  # type: ignore[union-attr]
