"""Reading: whatever a client's export looks like, every cell comes back, at the row a spreadsheet shows."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import re
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from segkit.intake.headings import month_of, normal, senses, vocabulary
from segkit.intake.reading import read_table, read_tables
from segkit.intake.table import Table

HEAD = ["客户编号", "客户名称", "下单日期", "实付金额"]
ROWS = [
    ["C001", "宏图商贸（虚构）", "2025-01-02", "100.50"],
    ["C002", "远山科技（虚构）", "2025-02-03", "200"],
    ["C003", "青禾食品（虚构）", "2025-03-04", "1,300.00"],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where real files lie: a folder with blanks and Chinese in its name."""
    path = tmp_path / "客户 资料 2025"
    path.mkdir()
    return path


def written(
    rows: list[list[str]],
    delimiter: str = ",",
    ends: str = "\r\n",
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL,
) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=ends, quoting=quoting).writerows(rows)
    return out.getvalue()


def text_file(folder: Path, text: str, encoding: str = "utf-8", name: str = "导出.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def cells(table: Table) -> list[list[str]]:
    return table.frame.to_numpy().tolist()


def notes(table: Table) -> dict[str, dict]:
    return {note.id: note.facts for note in table.notes}


def furniture(table: Table) -> dict[int, str]:
    return dict(zip(table.furniture["row"], table.furniture["what"], strict=True))


# --- encodings ---------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_encoding_and_separator_gives_the_same_table(
    folder: Path, encoding: str, delimiter: str
) -> None:
    table = read_table(text_file(folder, written([HEAD, *ROWS], delimiter), encoding))
    assert list(table.frame.columns) == HEAD
    assert cells(table) == ROWS
    assert table.origin["row"].tolist() == [2, 3, 4]
    assert table.sources[0].delimiter == delimiter
    assert not table.notes


def test_big5_is_told_by_its_headings_although_its_bytes_are_valid_gb18030(folder: Path) -> None:
    text = "客戶編號,客戶姓名,訂單日期,實付金額\r\nA1,王小明,2025-01-02,100\r\nA2,李大同,2025-01-03,250\r\n"
    text.encode("big5").decode("gb18030", "strict")  # the trap is real
    table = read_table(text_file(folder, text, "big5"))
    assert table.sources[0].encoding == "big5hkscs"
    assert table.frame["客戶姓名"].tolist() == ["王小明", "李大同"]


def test_traditional_headings_in_gb18030_stay_gb18030(folder: Path) -> None:
    text = "客戶編號,客戶姓名,訂單日期,實付金額\r\nA1,王小明,2025-01-02,100\r\n"
    table = read_table(text_file(folder, text, "gb18030"))
    assert table.sources[0].encoding == "gb18030"
    assert table.frame["客戶姓名"].tolist() == ["王小明"]


def test_mostly_ascii_gbk_is_read(folder: Path) -> None:
    rows = [[f"U{i}", "2025-01-02", str(i), ""] for i in range(5000)]
    rows[4321][3] = "老客户"
    text = written([["user_id", "create_time", "amount", "remark"], *rows])
    table = read_table(text_file(folder, text, "gbk"))
    assert table.frame.loc[4321, "remark"] == "老客户"


def test_two_encodings_in_one_file_are_read_line_by_line(folder: Path) -> None:
    first = written([HEAD, *ROWS]).encode("utf-8")
    second = written([[f"D{i:03d}", "远山科技（虚构）", "2025-05-01", "7"] for i in range(2)]).encode(
        "gb18030"
    )
    path = folder / "拼接.csv"
    path.write_bytes(first + second)
    table = read_table(path)
    assert len(table.frame) == 5
    assert table.frame["客户名称"].tolist()[3:] == ["远山科技（虚构）"] * 2
    assert notes(table)["reading.mixed_encoding"]["rows"] == "5-6"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_line_with_broken_bytes_is_listed_and_nothing_is_lost(folder: Path, encoding: str) -> None:
    lines = written([HEAD, *ROWS]).encode(encoding).split(b"\r\n")
    lines[2] = lines[2].replace("远".encode(encoding), "远".encode(encoding)[:-1] + b"\xff")
    path = folder / "坏行.csv"
    path.write_bytes(b"\r\n".join(lines))
    table = read_table(path)
    assert len(table.frame) == 3
    assert table.frame.loc[1, "客户编号"] == "C002"
    assert table.frame.loc[0, "客户名称"] == ROWS[0][1]
    assert notes(table)["reading.bad_lines"]["rows"] == "3"


# --- separators and quotes ----------------------------------------------------


def test_a_block_with_another_separator_is_split_too(folder: Path) -> None:
    lines = [",".join(HEAD)]
    lines += [f"C{i},名{i},2025-01-02,{i}.5" for i in range(10)]
    lines += [f"D{i};名{i};2025-01-02;1,{i:03d}.5" for i in range(5)]
    lines += [f"E{i},名{i},2025-01-02,{i}.5" for i in range(10)]
    table = read_table(text_file(folder, "\n".join(lines), "gb18030"))
    assert table.frame["客户编号"].tolist()[10:15] == [f"D{i}" for i in range(5)]
    assert table.frame["实付金额"].tolist()[10:15] == [f"1,{i:03d}.5" for i in range(5)]
    assert notes(table)["reading.other_separator"]["rows"] == "12-16"
    assert list(table.frame.columns) == HEAD


def test_full_width_commas_separate(folder: Path) -> None:
    text = "\n".join("，".join(row) for row in [HEAD, ROWS[0], ROWS[1]])
    assert cells(read_table(text_file(folder, text))) == ROWS[:2]


def test_quoted_line_ends_do_not_move_the_row_numbers(folder: Path) -> None:
    rows = [["C1", "第一行\r\n第二行\n第三行", "2025-01-02", "1"], ["C2", '说"好"', "2025-01-03", "2"]]
    table = read_table(text_file(folder, written([HEAD, *rows])))
    assert cells(table) == rows
    assert table.origin["row"].tolist() == [2, 3]


def test_a_stray_quote_swallows_no_row(folder: Path) -> None:
    lines = [",".join(HEAD), 'C1,"未闭合,2025-01-02,1']
    lines += [f"C{i},名{i},2025-01-02,{i}" for i in range(2, 50)]
    lines += ['C50,"有,逗号",2025-01-02,50', 'C51,5"屏幕,2025-01-02,51']
    table = read_table(text_file(folder, "\n".join(lines)))
    assert len(table.frame) == 51
    assert table.frame.loc[0].tolist() == ["C1", '"未闭合', "2025-01-02", "1"]
    assert table.frame.loc[49, "客户名称"] == "有,逗号"
    assert table.frame.loc[50, "客户名称"] == '5"屏幕'
    assert notes(table)["reading.stray_quote"]["rows"] == "2"


def test_rows_that_are_too_long_keep_their_cells_and_short_ones_are_filled_up(folder: Path) -> None:
    rows = [*ROWS, ["C004", "", "移位一列（虚构）", "2025-04-05", "9"], ["C005", "短"]]
    table = read_table(text_file(folder, written([HEAD, *rows])))
    assert list(table.frame.columns) == [*HEAD, "+1"]
    assert table.frame.loc[3].tolist() == rows[3]
    assert table.frame.loc[4].tolist() == ["C005", "短", "", "", ""]


def test_text_armour_is_left_for_cleaning(folder: Path) -> None:
    text = '客户编号,手机,金额\n="00123",10000000001\t,1\n'
    assert cells(read_table(text_file(folder, text))) == [['="00123"', "10000000001\t", "1"]]


CELL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff"), max_size=12
) | st.text('",;\t\r\n 中1', max_size=8)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([("", "", '"\n')], ",", "utf-8", ("\r\n", csv.QUOTE_MINIMAL))
@given(
    body=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
    # with LF alone Python's csv leaves a lone CR unquoted, and the cell is lost before we see it
    style=st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL)]),
)
def test_what_csv_writes_comes_back_cell_by_cell(
    tmp_path: Path,
    body: list[tuple[str, str, str]],
    delimiter: str,
    encoding: str,
    style: tuple[str, Literal[0, 1]],
) -> None:
    # an id of its own in every row: a row without any filled cell would be a blank one
    rows = [[f"C{i:03d}", *row] for i, row in enumerate(body)]
    table = read_table(text_file(tmp_path, written([HEAD, *rows], delimiter, *style), encoding))
    assert cells(table) == rows
    assert table.origin["row"].tolist() == list(range(2, len(rows) + 2))


# --- layout -------------------------------------------------------------------


def test_title_blank_total_and_footer_rows_are_furniture(folder: Path) -> None:
    lines = ["鸿业商贸（虚构）客户导出,,,", ",,,", ",".join(HEAD), "C1,甲,2025-01-02,1", "小计,,,1", ",,,"]
    lines += ["C2,乙,2025-01-03,2", ",".join(HEAD), "C3,丙,2025-01-04,3", "合 计：,,,6", "制表人：张三,,,"]
    table = read_table(text_file(folder, "\n".join(lines), "gb18030"))
    assert furniture(table) == {
        1: "title", 2: "blank", 3: "header", 5: "total", 6: "blank", 8: "header", 10: "total", 11: "title"
    }  # fmt: skip
    assert table.origin["row"].tolist() == [4, 7, 9]
    assert table.sources[0].header_row == 3
    assert table.sources[0].rows == 3


def test_a_customer_called_total_is_no_total_row(folder: Path) -> None:
    rows = [["C1", "Total", "2025-01-02", "1"], ["C2", "合计", "2025-01-02", ""]]
    assert len(read_table(text_file(folder, written([HEAD, *rows]))).frame) == 2


def test_furniture_and_data_together_are_every_row(folder: Path) -> None:
    lines = ["标题", "", ",".join(HEAD), "C1,甲,2025-01-02,1", "", "合计,,,1", ""]
    table = read_table(text_file(folder, "\n".join(lines)))
    rows = sorted([*table.origin["row"], *table.furniture["row"]])
    assert rows == list(range(1, len(rows) + 1))


def test_a_heading_used_twice_is_made_unique_and_an_empty_one_gets_its_letter(folder: Path) -> None:
    text = ",客户编号,金额,金额,\n0,C1,1,2,\n1,C2,3,4,\n"
    assert list(read_table(text_file(folder, text)).frame.columns) == ["[A]", "客户编号", "金额", "金额 (2)"]


def test_months_as_columns_become_rows(folder: Path) -> None:
    text = "客户编号,2024年1月,202402,2024-03,合计\nC1,10,,30,40\nC2,,,,0\nC3,1,2,3,6\n"
    table = read_table(text_file(folder, text))
    assert list(table.frame.columns) == ["客户编号", "月份", "金额"]
    assert cells(table) == [
        ["C1", "2024-01-01", "10"], ["C1", "2024-03-01", "30"], ["C2", "", ""],
        ["C3", "2024-01-01", "1"], ["C3", "2024-02-01", "2"], ["C3", "2024-03-01", "3"],
    ]  # fmt: skip
    assert table.origin["row"].tolist() == [2, 2, 3, 4, 4, 4]


def test_months_without_a_year_need_one_from_the_title(folder: Path) -> None:
    body = "客户编号,1月,2月,3月\nC1,10,20,30\n"
    assert notes(read_table(text_file(folder, body)))["reading.months_without_year"]["n"] == 3
    table = read_table(text_file(folder, "2023年度销售,,,\n" + body))
    assert table.frame["月份"].tolist() == ["2023-01-01", "2023-02-01", "2023-03-01"]


def test_two_header_rows_without_merge_information_are_joined(folder: Path) -> None:
    text = "客户编号,订单,,\n,下单日期,实付金额,数量\nC1,2025-01-02,10,1\n"
    table = read_table(text_file(folder, text))
    assert list(table.frame.columns) == ["客户编号", "订单·下单日期", "订单·实付金额", "订单·数量"]
    assert [s.field for s in senses("订单·实付金额")] == ["amount"]


@pytest.mark.parametrize(
    ("heading", "month"),
    [("2024-01", "2024-01"), ("2024年1月", "2024-01"), ("202412", "2024-12"), ("1月", "01"), ("十二月", "12"), ("Mar", "03"),
     ("2024-01-01", "2024-01"), ("2024-01-02", None), ("202413", None), ("12", None), ("客户", None), ("2024", None)],
)  # fmt: skip
def test_month_headings(heading: str, month: str | None) -> None:
    assert month_of(heading) == month


# --- workbooks ----------------------------------------------------------------


def workbook(path: Path, sheets: dict[str, list[list]], merges: dict[str, list[tuple]] | None = None) -> Path:
    book = xlsxwriter.Workbook(str(path))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(i, j, value, day)
                elif value is not None:
                    sheet.write(i, j, value)
        for top, left, bottom, right, value in (merges or {}).get(name, []):
            sheet.merge_range(top, left, bottom, right, value)
    book.close()
    return path


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
    frame.to_parquet(folder / "o.parquet")
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


# --- the synonym table --------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [("实付款（元）", "实付款"), ("實付款", "实付款"), ("Order_ID", "order id"), ("createTime", "create_time"),
     ("客 户 编 号", "客户编号"), ("Ｅｍａｉｌ", "email"), ("累计消费[元]", "累计消费"), ("金额/元", "金额")],
)  # fmt: skip
def test_headings_compare_without_width_blanks_and_units(one: str, other: str) -> None:
    assert normal(one) == normal(other)


def test_no_word_has_two_levels_of_one_meaning() -> None:
    for field in vocabulary().fields.values():
        words = [normal(w) for level in field.words for w in set(map(normal, level))]
        twice = {w for w in words if words.count(w) > 1}
        assert not twice, (field.name, twice)


def test_someone_elses_column_has_no_meaning_here() -> None:
    assert not senses("推荐人手机")
    assert not senses("优惠金额")
    assert [s.field for s in senses("本店累计消费金额")] == ["monetary"]
    assert re.fullmatch("customer_id", senses("客户编号")[0].field)
