"""Workbooks are opened again: what is text stays text, what is a number stays one, nothing runs."""

from __future__ import annotations

import datetime as dt
import math
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segkit.workbook import Book, Head, Mark, Sum, sheet_name, text_cell, with_unit
from segkit.workbook.cells import cells, fit, wide

HOSTILE = [
    "=1+1",
    "@SUM(A1)",
    "+cmd|' /C calc'!A0",
    "-2+3",
    '=HYPERLINK("http://a.invalid","x")',
    "http://a.invalid",
    "{=1}",
]


def written(path: Path, heads: list[Head], rows: Any, **how: Any) -> openpyxl.worksheet.worksheet.Worksheet:
    with Book(path, lang="zh") as book:
        book.page("表").table(heads, rows, **how)
    return openpyxl.load_workbook(path)["表"]


def column(sheet: Any, letter: str = "A") -> list[Any]:
    return [cell.value for cell in sheet[letter]][1:]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=8))
@example(["_x0041_", " a ", "<b>&", "a\nb", "\t", "\x07"])
def test_any_text_comes_back_as_the_text_it_was(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    from python_calamine import CalamineWorkbook

    path = tmp_path_factory.mktemp("t") / "a.xlsx"
    with Book(path, lang="en") as book:
        book.page("s").table([Head("x"), Head("y")], [[t, "end"] for t in texts])
    read = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    assert [row[0] for row in read[1:]] == [text_cell(t) for t in texts]


@pytest.mark.parametrize("unit", ["text", "id", "count", "money", "share", "days", "times", "date"])
def test_client_text_never_becomes_a_formula_or_a_link(tmp_path: Path, unit: str) -> None:
    sheet = written(tmp_path / "a.xlsx", [Head(t, unit) for t in HOSTILE], [HOSTILE, HOSTILE])
    assert {c.data_type for row in sheet.iter_rows() for c in row} == {"s"}
    assert [c.value for c in sheet[2]] == HOSTILE
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        text = "".join(parts.read(n).decode("utf-8") for n in parts.namelist() if "worksheets" in n)
        assert not [n for n in parts.namelist() if "externalLink" in n or "sheets/_rels" in n]
    assert "<f>" not in text
    assert "<hyperlink" not in text
    assert "sheetProtection" not in text


def test_units_decide_type_and_format(tmp_path: Path) -> None:
    frame = pd.DataFrame({
        "id": ["007", "1.38E+10"], "n": [12, 3], "x": [1234.5, -1.0], "s": [0.705, math.nan],
        "d": [pd.Timestamp("2025-03-07 18:00"), pd.NaT], "t": [1.5, 2.0], "b": [True, False],
    })  # fmt: skip
    units = ["id", "count", "money", "share", "date", "times", "text"]
    sheet = written(tmp_path / "a.xlsx", [Head(u, u) for u in units], frame)
    assert [c.value for c in sheet[2]] == ["007", 12, 1234.5, 0.705, dt.datetime(2025, 3, 7), 1.5, "是"]
    assert [c.value for c in sheet[3]] == ["1.38E+10", 3, -1, None, None, 2, "否"]
    formats = ["@", "#,##0", "#,##0.00", "0.0%", "yyyy-mm-dd", "#,##0.0", "@"]
    assert [c.number_format for c in sheet[2]] == formats


def test_nothing_is_lost_where_a_value_does_not_fit_its_unit() -> None:
    assert cells([1.0, "约 300", None, math.inf, 10**16], "money", "zh") == [
        1.0,
        "约 300",
        None,
        None,
        "10000000000000000",
    ]
    early = [dt.date(1900, 3, 1), dt.date(1900, 2, 28), "1750-01-01", "2025-03-07", "2025-13-41"]
    assert cells(early, "date", "zh") == [61, "1900-02-28", "1750-01-01", 45723, "2025-13-41"]
    assert cells(pd.Series(pd.to_datetime(["1850-01-01", "2025-03-07"])), "date", "en") == [
        "1850-01-01",
        45723,
    ]
    assert cells(pd.Series([1, None], dtype="Int64"), "count", "zh") == [1, None]
    assert cells([3.0, 2.5, True], "text", "en") == ["3", "2.5", "yes"]


def test_long_and_forbidden_text_is_cut_and_cleaned() -> None:
    long = text_cell("汉" * 40_000)
    assert (len(long), long[-1]) == (32_767, "…")
    assert (
        len(text_cell("\U00020000" * 20_000).encode("utf-16-le")) // 2 <= 32_767
    )  # Excel counts UTF-16 units
    assert text_cell("a\x00b\ud800c\ufffe\r\nd") == "a\ufffdb\ufffdc\ufffd\nd"


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("A/B公司[1]:*?\\", "A·B公司·1·····"),
        ("history", "history_"),
        ("", "Sheet"),
        ("'x'", "x"),
        ("好" * 40, "好" * 31),
    ],
)
def test_sheet_names_are_made_safe(wish: str, name: str) -> None:
    assert sheet_name(wish) == name


def test_sheet_names_are_unique_whatever_their_case(tmp_path: Path) -> None:
    with Book(tmp_path / "a.xlsx", lang="zh") as book:
        for wish in ("Plan", "PLAN", "x" * 40, "x" * 50):
            book.page(wish).text("a")
    names = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert names == ["Plan", "PLAN (2)", "x" * 31, "x" * 27 + " (2)"]


def test_a_sum_is_a_formula_with_its_value_and_a_plain_total_is_not(tmp_path: Path) -> None:
    heads = [Head("a"), Head("n", "count"), Head("s", "share")]
    total = ["合计", Sum(5), 0.25]
    sheet = written(tmp_path / "a.xlsx", heads, [["x", 2, 0.2], ["y", 3, 0.3]], total=total)
    assert [c.value for c in sheet[4]] == ["合计", "=SUM(B2:B3)", 0.25]
    cached = openpyxl.load_workbook(tmp_path / "a.xlsx", data_only=True)["表"]
    assert cached["B4"].value == 5


def test_heads_carry_the_unit_unless_they_say_it() -> None:
    assert with_unit("金额", "money", "zh") == "金额（元）"
    assert with_unit("金额（元）", "money", "zh") == "金额（元）"
    assert with_unit("Interval", "days", "en") == "Interval (days)"
    assert with_unit("占比", "share", "zh") == "占比"


def test_columns_are_as_wide_as_their_cells_and_no_wider_than_readable() -> None:
    heads = [Head("a"), Head("b"), Head("c", "money"), Head("d")]
    short, double, number, capped = fit(heads, [["ab"], ["汉字汉字汉字"], [-1234567.0], ["汉" * 400]])
    assert short < double < capped <= 60
    assert number >= len("-1,234,567.00")
    assert double >= wide("汉字汉字汉字") == 12


def test_a_page_prints_on_one_width_with_its_head_repeated(tmp_path: Path) -> None:
    with Book(tmp_path / "a.xlsx", lang="zh", label="A&B 公司（虚构）") as book:
        page = book.page("表")
        top = page.table([Head("a"), Head("结果", choices=("成", "否"), fill=True)], [["x", ""], ["y", ""]])
        page.freeze(top + 1, 1)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["表"]
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.page_setup.fitToWidth in (None, 1)  # 1 is what is meant where nothing is said
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.auto_filter.ref == "A1:B3"
    assert sheet.freeze_panes == "B2"
    assert "第 &P 页 / 共 &N 页" in sheet.oddFooter.center.text
    assert "A&&B" in sheet.HeaderFooter.oddHeader.left.text
    offer = sheet.data_validations.dataValidation[0]
    assert (str(offer.sqref), offer.formula1, offer.showErrorMessage) == ("B2:B3", '"成,否"', False)


def test_the_reader_machine_s_font_is_named(tmp_path: Path) -> None:
    for lang, font in (("zh", "微软雅黑"), ("en", "Calibri")):
        with Book(tmp_path / "a.xlsx", lang=lang) as book:  # type: ignore[arg-type]
            book.page("s").table([Head("a")], [["x"]])
        sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["s"]
        assert (sheet["A1"].font.name, sheet["A2"].font.name, sheet["A2"].font.scheme) == (font, font, None)


def test_a_label_is_shown_by_name_with_its_colour(tmp_path: Path) -> None:
    marks = {"a": Mark("● 甲", "#0072B2")}
    sheet = written(tmp_path / "a.xlsx", [Head("类", marks=marks)], [["a"], ["other"]])
    assert column(sheet) == ["● 甲", "other"]
    assert sheet["A2"].border.left.color.rgb == "FF0072B2"
    assert sheet["A3"].border.left.style is None


def test_rows_beyond_excels_last_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segkit.workbook.book.EXCEL_ROWS", 10)
    sheet = written(tmp_path / "a.xlsx", [Head("n", "count")], [[i] for i in range(50)])
    assert sheet.max_row <= 10
    assert "43" in column(sheet)[-1]


def test_the_same_input_gives_the_same_bytes_on_any_day(tmp_path: Path) -> None:
    made = []
    for name in ("a.xlsx", "b.xlsx"):
        with Book(tmp_path / name, lang="zh", created=dt.date(2025, 12, 31), title="t") as book:
            book.page("s").table([Head("a")], [["x"]])
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").properties.created == dt.datetime(2025, 12, 31)


def test_an_error_leaves_no_file_behind(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Book(tmp_path / "a.xlsx", lang="zh") as book:
        book.page("s").table([Head("a")], [[1 / 0]])
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError), Book(tmp_path / "missing" / "a.xlsx", lang="zh") as book:
        book.page("s").text("x")


def test_text_that_looks_like_finished_xml_is_still_text(tmp_path: Path) -> None:
    evil = '<r><t>x</t></is></c><c r="B9"><f>1+1</f><v>2</v></c></r>'
    with Book(tmp_path / "a.xlsx", lang="zh", title=evil, label=evil) as book:
        page = book.page(evil)
        page.text(evil)
        page.line([(evil, "text"), (evil, "id")])
        page.table([Head(evil)], [[evil]], total=[evil])
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    values = [c.value for row in sheet.iter_rows() for c in row if c.value is not None]
    assert [v.rstrip() for v in values] == [evil] * 6
    assert {c.data_type for row in sheet.iter_rows() for c in row if c.value is not None} == {"s"}


def test_tall_cells_get_the_height_they_need(tmp_path: Path) -> None:
    sheet = written(tmp_path / "a.xlsx", [Head("a"), Head("n", "count")], [["汉" * 60, 1], ["短", 2]])
    assert sheet["A2"].alignment.wrap_text
    assert sheet.row_dimensions[2].height > 2 * 16
    assert sheet.row_dimensions[3].height is None


def test_pages_may_hold_several_tables_and_text_between(tmp_path: Path) -> None:
    with Book(tmp_path / "a.xlsx", lang="en") as book:
        page = book.page("s")
        for start in (1, 10):
            page.text(f"table {start}", "heading")
            page.table([Head("n", "count")], [[start], [start + 1]], total=[Sum(2 * start + 1)])
        page.text("end", "note")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx", data_only=True)["s"]
    assert [c.value for c in sheet["A"]] == ["table 1", "n", 1, 2, 3, "table 10", "n", 10, 11, 21, "end"]
    assert sheet.auto_filter.ref == "A2:A4"
