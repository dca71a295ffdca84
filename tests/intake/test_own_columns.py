"""Columns under the client's own headings: numbers, dates and text are told apart, slips are said."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from intake_tables import table_of

from segkit.intake.cleaning import Cleaned, clean
from segkit.intake.mapping import mapping_from
from segkit.intake.settling import AsOf
from segkit.problems import InputProblems

DAY = dt.date(2025, 12, 31)


def listed(head: str, cells: list[str], **more) -> Cleaned:
    """A customer list with one column of the client's own, made long enough for a slip to be one in many."""
    rows = [[f"K{i}", cell] for i, cell in enumerate(cells)]
    table = table_of(["客户编号", head], rows)
    options = {"as_of": DAY} | more
    return clean(table, mapping_from(table, {"客户编号": "customer_id"}, "customers"), **options)


def values(cleaned: Cleaned, head: str) -> list[object]:
    return [None if pd.isna(v) else v for v in cleaned.frame[head]]


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (["2018.1352", "-3", "", "1,204.5", "无"], [2018.1352, -3, None, 1204.5, None]),
        (["12.5%", "80％", "0.3"], [0.125, 0.8, 0.3]),
        (["１２", "3", "4"], [12, 3, 4]),
    ],
)
def test_numbers_keep_every_decimal(cells, read):
    column = listed("月日均", cells).frame["月日均"]
    assert str(column.dtype) == "float64"
    assert [None if pd.isna(v) else v for v in column] == read


def test_a_cell_that_names_its_own_unit_is_read_in_the_unit_of_the_heading():
    cleaned = listed("资产（万元）", [*["3.5"] * 30, "1.2万", "80000元"])
    assert values(cleaned, "资产（万元）")[-2:] == [1.2, 8]
    assert cleaned.ledger["reason"].tolist() == ["amount_unit"] * 2


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        ("邮编", ["310000", "010020", "200000"]),  # 010020 is no number
        ("会员号", ["10023", "10024", "10025"]),
        ("rep_id", ["7", "8", "9"]),
        ("备用电话", ["13800138000", "13800138001", "13800138002"]),
        ("卡号", ["6222020200012345678", "6222020200012345679", "6222020200012345670"]),
        ("等级", ["1", "2", "VIP"]),
    ],
)
def test_codes_stay_text(head, cells):
    assert values(listed(head, cells), head) == cells


@pytest.mark.parametrize("cells", [["2025-03-07", "2025/3/8", ""], ["20250307", "20250308", ""]])
def test_dates_are_dates(cells):
    days = [pd.Timestamp(2025, 3, 7), pd.Timestamp(2025, 3, 8), None]
    assert values(listed("保护期至", cells), "保护期至") == days


def test_text_is_stripped_and_missing_where_empty_but_none_is_an_answer():
    read = values(listed("外贸团队", [" 有", "无", "", "未知", "n/a"]), "外贸团队")
    assert read == ["有", "无", None, None, None]


def test_a_slip_in_many_becomes_missing_and_stands_in_the_ledger():
    cleaned = listed("年龄", [*[str(n) for n in range(20, 60)], "三十五"])
    assert values(cleaned, "年龄")[-1] is None and cleaned.totals.changed == 1
    line = cleaned.ledger.iloc[0]
    assert (line["reason"], line["fate"], line["column"], line["old"]) == (
        "bad_number",
        "changed",
        "年龄",
        "三十五",
    )


def test_one_word_in_ten_numbers_is_a_column_of_words():
    cells = [*map(str, range(9)), "三十五"]
    cleaned = listed("年龄", cells)
    assert values(cleaned, "年龄") == cells and cleaned.ledger.empty


def test_an_order_table_keeps_its_own_columns_only_where_they_are_asked_for():
    heads = {"客户": "customer_id", "日期": "order_date", "金额": "amount"}
    rows = [["c1", "2025-01-02", "10", "3", "a"], ["c1", "2025-01-03", "10", "4", "b"]]
    table = table_of([*heads, "折扣", "门店员工"], rows)
    mapping = mapping_from(table, heads, "orders")
    assert not {"折扣", "门店员工"} & {*clean(table, mapping).frame.columns}
    asked = clean(table, mapping, wanted=["折扣", "金额"])
    assert asked.frame["折扣"].tolist() == [3.0, 4.0] and asked.frame["金额"].tolist() == [10.0, 10.0]
    assert "折扣" not in asked.people.columns


def test_a_column_may_be_given_the_name_by_which_a_playbook_calls_it():
    table = table_of(["编号", "年龄"], [["k1", "30"], ["k2", "41"]])
    columns = {"编号": "customer_id", "年龄": "age"}
    with pytest.raises(InputProblems):
        mapping_from(table, columns, "customers")
    cleaned = clean(table, mapping_from(table, columns, "customers", also=["age"]), as_of=DAY)
    assert cleaned.frame["age"].tolist() == [30.0, 41.0] and "年龄" not in cleaned.frame.columns


def test_a_customer_list_without_orders_stands_on_the_last_day_of_the_other_tables():
    table = table_of(["编号", "注册日期"], [["k1", "2025-01-05"], ["k2", "2025-02-07"]])
    mapping = mapping_from(table, {"编号": "customer_id", "注册日期": "register_date"}, "customers")
    later = AsOf(dt.date(2025, 6, 30), "credible", dt.date(2025, 6, 30), 0)
    assert clean(table, mapping).as_of.date == dt.date(2025, 2, 7)
    assert clean(table, mapping, reaches=later).as_of == later
    earlier = AsOf(dt.date(2025, 1, 15), "credible", dt.date(2025, 1, 15), 0)
    assert clean(table, mapping, reaches=earlier).as_of.date == dt.date(2025, 2, 7)
    long_before = AsOf(dt.date(2025, 1, 6), "credible", dt.date(2025, 1, 6), 0)
    cleaned = clean(table, mapping, reaches=long_before)
    assert cleaned.as_of == long_before and cleaned.ledger["reason"].tolist() == ["after_as_of"]
    assert clean(table, mapping, reaches=later, as_of=DAY).as_of.date == DAY


def test_last_orders_of_a_customer_list_go_before_the_other_tables():
    table = table_of(["编号", "最近下单"], [["k1", "2025-01-05"]])
    mapping = mapping_from(table, {"编号": "customer_id", "最近下单": "last_order"}, "customers")
    later = AsOf(dt.date(2025, 6, 30), "credible", None, 0)
    assert clean(table, mapping, reaches=later).as_of.date == dt.date(2025, 1, 5)
