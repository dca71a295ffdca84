"""Workbooks, web pages called .xls, Parquet, and several files of one client read as one table."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from client_files import HEAD, ROWS, cells, furniture, notes, text_file, workbook, written

from segkit.intake.reading import read_table, read_tables
from segkit.problems import InputProblems


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where real files lie: a folder with blanks and Chinese in its name."""
    path = tmp_path / "客户 资料 2025"
    path.mkdir()
    return path


# --- workbooks ----------------------------------------------------------------


def test_typed_cells_become_text_without_loss(folder: Path) -> None:
    head = ["客户编号", "手机", "下单日期", "付款时间", "金额", "数量", "是否会员", "备注"]
    row = [10, 10000000001.0, dt.date(2025, 3, 1), dt.datetime(2025, 3, 1, 8, 15), 0.1, 3, True, " 007 "]
    table = read_table(workbook(folder / "导 出.xlsx", {"订单": [head, row]}))
    assert cells(table) == [
        ["10", "10000000001", "2025-03-01", "2025-03-01 08:15:00", "0.1", "3", "TRUE", " 007 "]
    ]
    assert table.origin.loc[0].tolist() == ["导 出.xlsx", "订单", 2]


def test_error_cells_are_empty_and_counted_and_long_numbers_are_said(folder: Path) -> None:
    path = folder / "错误.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("a")
    sheet.write_row(0, 0, ["客户编号", "订单编号", "金额"])
    sheet.write_row(1, 0, ["C1", 4196439032123456789])
    sheet.write_formula(1, 2, "=NA()", None, "#N/A")
    book.close()
    table = read_table(path)
    assert table.frame.loc[0, "金额"] == ""
    assert notes(table)["reading.error_cells"]["n"] == 1
    assert notes(table)["reading.rounded"]["n"] == 1


def test_sheets_with_the_same_headings_are_stacked_and_others_named(folder: Path) -> None:
    other = [h.replace("实付金额", "实付金额（元）") for h in HEAD]
    sheets = {
        "说明": [["本文件由系统导出"]],
        "一月": [HEAD, *ROWS[:2]],
        "二月": [other, *ROWS[2:]],
        "员工": [["工号", "部门"], ["1", "市场"], ["2", "市场"], ["3", "市场"], ["4", "市场"]],
        "空": [],
    }
    table = read_table(workbook(folder / "分月.xlsx", sheets))
    assert list(table.frame.columns) == HEAD
    assert table.origin["sheet"].tolist() == ["一月", "一月", "二月"]
    assert table.origin["row"].tolist() == [2, 3, 2]
    assert [s.sheet for s in table.sources] == ["一月", "二月"]
    assert notes(table)["reading.sheets_left_out"]["sheets"] == ["说明", "员工"]
    assert notes(table)["reading.sheets_stacked"]["sheets"] == ["一月", "二月"]


def test_the_sheet_that_can_be_counted_is_read_although_another_is_longer(folder: Path) -> None:
    customers = [[f"C{i:03d}", f"客户{i}（虚构）", "2024-01-02", "A"] for i in range(9)]
    sheets = {
        "客户资料": [["客户编号", "客户名称", "注册日期", "客户等级"], *customers],
        "销售明细": [HEAD, *ROWS],
    }
    table = read_table(workbook(folder / "o.xlsx", sheets))
    assert table.frame["实付金额"].tolist() == [row[3] for row in ROWS]
    (note,) = [n for n in table.notes if n.id == "reading.sheets_left_out"]
    assert note.facts == {"n": 1, "sheets": ["客户资料"], "kept": ["销售明细"]}
    assert "单独的文件" in note.text("zh") and "file of its own" in note.text("en")


def test_a_sheet_with_two_amounts_is_still_the_one_to_count(folder: Path) -> None:
    customers = [[f"C{i:03d}", "2024-01-02", "A", "北京"] for i in range(9)]
    sheets = {
        "客户": [["客户编号", "注册日期", "客户等级", "城市"], *customers],
        "订单": [[*HEAD, "实付金额"], *([*r, "1"] for r in ROWS)],
    }
    assert read_table(workbook(folder / "o.xlsx", sheets)).sources[0].sheet == "订单"


@pytest.mark.parametrize("name", ["年度合计", "汇总", "2025总表", "總計", "Summary", "Grand Total"])
def test_a_sheet_of_totals_does_not_count_the_money_twice(folder: Path, name: str) -> None:
    book = {"1月": [HEAD, *ROWS[:2]], name: [HEAD, *ROWS], "2月": [HEAD, *ROWS[2:]]}
    table = read_table(workbook(folder / "m.xlsx", book))
    assert cells(table) == ROWS
    assert notes(table)["reading.total_sheets"]["sheets"] == [name]
    assert notes(table)["reading.sheets_stacked"]["sheets"] == ["1月", "2月"]


def test_sheets_that_are_all_called_totals_are_all_read(folder: Path) -> None:
    book = {"1月汇总": [HEAD, *ROWS[:2]], "2月汇总": [HEAD, *ROWS[2:]]}
    table = read_table(workbook(folder / "m.xlsx", book))
    assert cells(table) == ROWS and "reading.total_sheets" not in notes(table)


def test_one_sheet_may_be_named(folder: Path) -> None:
    path = workbook(folder / "b.xlsx", {"一月": [HEAD, ROWS[0]], "员工": [["工号", "部门"], ["1", "市场"]]})
    assert cells(read_table(path, sheet="员工")) == [["1", "市场"]]


def test_hidden_sheets_are_skipped_and_said(folder: Path) -> None:
    path = folder / "隐藏.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name in ("订单", "旧订单"):
        sheet = book.add_worksheet(name)
        for i, row in enumerate([HEAD, *ROWS]):
            sheet.write_row(i, 0, row)
    book.get_worksheet_by_name("旧订单").hide()
    book.close()
    table = read_table(path)
    assert len(table.frame) == 3
    assert notes(table)["reading.hidden_sheets"]["sheets"] == ["旧订单"]


def test_merged_headings_are_joined_and_merged_keys_filled_but_never_amounts(folder: Path) -> None:
    rows: list[list] = [
        ["销售明细"],
        ["客户编号", "订单", None, None],
        [None, "下单日期", "实付金额", "备注"],
        ["C1", "2025-01-02", 100, "a"],
        [None, "2025-01-03", None, "b"],
        ["C2", "2025-01-04", 5, "c"],
    ]
    merges = {
        "s": [
            (0, 0, 0, 3, "销售明细"),
            (1, 0, 2, 0, "客户编号"),
            (1, 1, 1, 3, "订单"),
            (3, 0, 4, 0, "C1"),
            (3, 2, 4, 2, 100),
        ]
    }
    table = read_table(workbook(folder / "合并.xlsx", {"s": rows}, merges))
    assert list(table.frame.columns) == ["客户编号", "订单·下单日期", "订单·实付金额", "订单·备注"]
    assert table.frame["客户编号"].tolist() == ["C1", "C1", "C2"]
    assert table.frame["订单·实付金额"].tolist() == ["100", "", "5"]
    assert furniture(table) == {1: "title", 2: "header", 3: "header"}
    assert notes(table)["reading.merged_once"]["columns"] == ["订单·实付金额"]


def test_a_web_page_saved_as_xls_is_read(folder: Path) -> None:
    page = (
        '<html><head><meta charset="gb2312"></head><body><table>'
        "<tr><th colspan=3>订单导出</th></tr><tr><th>客户编号</th><th>下单日期</th><th>金额</th></tr>"
        "<tr><td rowspan=2>C&amp;1</td><td>2025-01-02<br></td><td>1</td></tr><tr><td>2025-01-03<td>2</tr></table>"
    )
    table = read_table(text_file(folder, page, "gbk", "导出.xls"))
    assert cells(table) == [["C&1", "2025-01-02", "1"], ["C&1", "2025-01-03", "2"]]
    assert furniture(table) == {1: "title", 2: "header"}


def test_the_tables_of_a_paged_web_page_are_put_together_and_the_others_counted(folder: Path) -> None:
    def page_of(rows: list[list[str]]) -> str:
        return "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)

    tables = [[["导出人：甲"]], [HEAD, *ROWS[:2]], [HEAD, ROWS[2]], [["工号", "部门"], ["1", "市场"]]]
    page = "<html><body>" + "".join(f"<table>{page_of(t)}</table>" for t in tables) + "</body></html>"
    table = read_table(text_file(folder, page, name="导出.xls"))
    assert cells(table) == ROWS
    # as a spreadsheet shows the page: one table under the other
    assert table.origin["row"].tolist() == [3, 4, 6]
    assert notes(table)["reading.tables_stacked"]["n"] == 2
    assert notes(table)["reading.tables_left_out"]["n"] == 2
    assert all(note.text("zh") and note.text("en") for note in table.notes)


def test_a_web_page_whose_tables_have_no_headings_has_one_problem(folder: Path) -> None:
    tables = ["<table><tr><td>1</td></tr></table>", "<table><tr><td>2</td></tr><tr><td>3</td></tr></table>"]
    page = f"<html><body>{''.join(tables)}</body></html>"
    with pytest.raises(InputProblems) as caught:
        read_table(text_file(folder, page, name="导出.xls"))
    assert len(caught.value.problems) == 1


def test_a_csv_saved_as_xls_is_read(folder: Path) -> None:
    assert cells(read_table(text_file(folder, written([HEAD, *ROWS], "\t"), "gbk", "导出.xls"))) == ROWS


def test_parquet_is_text(folder: Path) -> None:
    frame = pd.DataFrame(
        {
            "user_id": [1, 2],
            "create_time": pd.to_datetime(["2025-01-02", None]),
            "amount": [1.5, None],
            "ok": [True, None],
        }
    )
    frame["big"] = pd.array([2**60 + 1, None], dtype="Int64")
    held = io.BytesIO()  # pyarrow cannot open a Chinese path where the locale is GBK
    frame.to_parquet(held)
    (folder / "o.parquet").write_bytes(held.getvalue())
    table = read_table(folder / "o.parquet")
    assert cells(table) == [["1", "2025-01-02", "1.5", "TRUE", str(2**60 + 1)], ["2", "", "", "", ""]]
    assert table.origin["row"].tolist() == [2, 3]


# --- several files ------------------------------------------------------------


def test_a_folder_is_read_whole_and_what_lies_beside_is_named(folder: Path) -> None:
    text_file(folder, written([HEAD, *ROWS[:1]]), name="a.csv")
    workbook(folder / "b.xlsx", {"s": [HEAD, *ROWS[1:]]})
    for name in ("~$b.xlsx", "Thumbs.db", "链接.lnk", ".DS_Store", "desktop.ini", "照片.jpg"):
        (folder / name).write_bytes(b"\x00\x01binary")
    table = read_table(folder)
    assert cells(table) == ROWS
    assert table.origin["file"].tolist() == ["a.csv", "b.xlsx", "b.xlsx"]
    assert notes(table)["reading.beside"]["n"] == 6


def test_a_pattern_is_spread_out(folder: Path) -> None:
    text_file(folder, written([HEAD, ROWS[0]]), name="2025-01.csv")
    text_file(folder, written([HEAD, ROWS[1]]), "gbk", name="2025-02.csv")
    text_file(folder, "x", name="readme.txt")
    assert cells(read_tables([folder / "2025-*.csv"])) == ROWS[:2]


def test_files_that_call_one_thing_by_two_names_share_a_column(folder: Path) -> None:
    one = text_file(folder, "客户编号,联系电话,金额\nC1,10000000001,1\n", name="1.csv")
    two = text_file(folder, "客户编号,手机,金额,备注\nC2,10000000002,2,x\n", name="2.csv")
    table = read_tables([one, two])
    assert list(table.frame.columns) == ["客户编号", "联系电话", "金额", "备注"]
    assert table.frame["联系电话"].tolist() == ["10000000001", "10000000002"]
    assert table.frame["备注"].tolist() == ["", "x"]
    assert notes(table)["reading.renamed"] == {"old": "手机", "new": "联系电话"}


def test_sources_name_the_bytes_that_were_read(folder: Path) -> None:
    path = text_file(folder, written([HEAD, *ROWS]), "gbk")
    source = read_table(path).sources[0]
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (source.file, source.sheet, source.encoding, source.rows) == (path.name, None, "gb18030", 3)
