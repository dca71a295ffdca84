"""Reading: whatever a client's export looks like, every cell comes back, at the row a spreadsheet shows."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Literal

import pytest
from client_files import HEAD, ROWS, cells, furniture, notes, text_file, written
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from segkit.intake.headings import month_of, normal, senses, vocabulary
from segkit.intake.reading import read_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where real files lie: a folder with blanks and Chinese in its name."""
    path = tmp_path / "客户 资料 2025"
    path.mkdir()
    return path


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


def test_a_broken_utf8_line_is_not_taken_for_gbk_although_it_would_be_valid(folder: Path) -> None:
    broken = "C002,远山科技公司,2025-02-03,200".encode().replace("山".encode(), "山".encode()[:1])
    broken.decode("gb18030", "strict")  # the trap is real
    path = folder / "断.csv"
    path.write_bytes(b"\r\n".join([",".join(HEAD).encode(), broken, ",".join(ROWS[2][:3]).encode()]))
    table = read_table(path)
    assert table.frame.loc[0, "客户名称"].endswith("科技公司")
    assert notes(table)["reading.bad_lines"]["rows"] == "2"


def test_rows_in_notes_are_the_spreadsheets_also_after_quoted_line_ends(folder: Path) -> None:
    rows = [["C1", "一\n二\n三", "2025-01-02", "1"], ["C2", "坏", "2025-01-03", "2"]]
    data = written([HEAD, *rows]).encode("gb18030").replace("坏".encode("gb18030"), b"\xff")
    path = folder / "行.csv"
    path.write_bytes(data)
    assert notes(read_table(path))["reading.bad_lines"]["rows"] == "3"


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
    text = "客户名称,客户编号,金额,备注\n甲,C1,1,\n合计,C2,5,\n合计,,6,\n"
    table = read_table(text_file(folder, text))
    assert table.frame["客户编号"].tolist() == ["C1", "C2"]
    assert furniture(table)[4] == "total"


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
