"""Cells as clients write them."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit.intake.values import read_amounts, read_dates, read_grade, read_phones, read_status, tidy


def text(*cells: str) -> pd.Series:
    return pd.Series(cells, dtype="str")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("¥1,234.00", 1234.0),
        ("￥1，299.00", 1299.0),
        ("1.2万", 12000.0),
        ("3w", 30000.0),
        ("0.5亿", 5e7),
        ("(300)", -300.0),
        ("（300）", -300.0),
        ("300元", 300.0),
        ("300-", -300.0),
        ("1.01", 1.01),
        ("１２３．５", 123.5),
        ("1.234,56", 1234.56),
        ("1e3", 1000.0),
        ("RMB 88.8", 88.8),
    ],
)
def test_amounts_as_written(written, value):
    assert read_amounts(tidy(text(written))).values.tolist() == [value]


@pytest.mark.parametrize("written", ["abc", "12,34", "0x1F", "inf", "1-2", "三百", "1.2.3", "nan元"])
def test_unreadable_amounts_are_bad_not_zero(written):
    read = read_amounts(text(written))
    assert read.bad.all() and read.values.isna().all()


@pytest.mark.parametrize("written", ["", "-", "N/A", "无", "null"])
def test_an_empty_cell_is_not_an_unreadable_one(written):
    read = read_amounts(text(written))
    assert read.empty.all() and not read.bad.any()


@given(st.integers(-(10**9), 10**9))
def test_every_amount_in_cents_survives(cents):
    value = cents / 100
    for written in (f"{value:.2f}", f"{value:,.2f}", f"¥{value:,.2f}", f"{value:.2f}元"):
        assert read_amounts(text(written)).values.iloc[0] == round(value, 2)


@pytest.mark.parametrize(
    "written",
    [
        "2025-03-07",
        "2025/3/7",
        "2025.3.7",
        "2025年3月7日",
        "20250307",
        "2025-03-07 08:15:30",
        "2025-03-07T08:15:00+08:00",
        "20250307 081530",
        "7-Mar-2025",
        "25-03-07",
        "25/3/7",
        "45723",
        "1741305600",
        "1741305600000",
    ],
)
def test_dates_as_written(written):
    assert read_dates(text(written)).values.tolist() == [pd.Timestamp(2025, 3, 7)]


@pytest.mark.parametrize(
    "written",
    ["1900-01-00", "2025-02-30", "2025/13/01", "0000-00-00", "昨天", "3月5日", "202513", "2025.3", "1/2/3"],
)
def test_unreadable_dates_are_bad(written):
    read = read_dates(text(written))
    assert read.bad.all() and read.values.isna().all()


def test_dates_are_parsed_before_they_are_sorted():
    # as text 31/01/2015 sorts after 01/12/2015
    read = read_dates(text("31/01/2015", "01/12/2015"))
    assert read.values.tolist() == [pd.Timestamp(2015, 1, 31), pd.Timestamp(2015, 12, 1)]
    assert read.guess is None


def test_month_first_is_learned_from_the_column():
    read = read_dates(text("01/31/2015", "02/03/2015"))
    assert read.values.tolist() == [pd.Timestamp(2015, 1, 31), pd.Timestamp(2015, 2, 3)]


def test_an_order_of_day_and_month_nobody_can_tell_is_said():
    assert read_dates(text("03/04/2015", "05/06/2015")).guess is not None


def test_where_both_orders_of_day_and_month_appear_it_is_said():
    read = read_dates(text("31/01/2015", "30/01/2015", "01/31/2015", "02/03/2015"))
    assert read.guess == ("02/03/2015", pd.Timestamp(2015, 3, 2))
    assert read.bad.tolist() == [False, False, True, False]


def test_equal_day_and_month_are_no_guess():
    assert read_dates(text("03/03/2015", "05/05/2015")).guess is None


@pytest.mark.parametrize("written", ["2025年3月", "202503", "2025-03", "2025/3", "2025年03月"])
def test_a_month_alone_is_its_first_day(written):
    read = read_dates(text(written, "2025-03-07"))
    assert read.values.tolist() == [pd.Timestamp(2025, 3, 1), pd.Timestamp(2025, 3, 7)]
    assert read.months.tolist() == [True, False]


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["17/09/25", "17/07/25", "30/01/25"], ["2025-09-17", "2025-07-17", "2025-01-30"]),
        (["25-09-06", "25-09-20", "24-12-31"], ["2025-09-06", "2025-09-20", "2024-12-31"]),
        (["01/31/25", "02/28/25"], ["2025-01-31", "2025-02-28"]),
        (["98-05-06"], ["1998-05-06"]),
    ],
)
def test_years_of_two_digits(cells, days):
    read = read_dates(text(*cells))
    assert read.values.dt.strftime("%Y-%m-%d").tolist() == days and read.guess is None


def test_day_and_month_before_a_short_year_are_a_guess():
    assert read_dates(text("07/03/25")).guess == ("07/03/25", pd.Timestamp(2025, 3, 7))


@given(st.dates(dt.date(1971, 1, 1), dt.date(2089, 12, 31)))
def test_every_day_survives_every_way_of_writing_it(day):
    serial = str((day - dt.date(1899, 12, 30)).days)
    written = [
        day.isoformat(),
        f"{day:%Y/%m/%d}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        serial,
    ]
    assert set(read_dates(text(*written)).values) == {pd.Timestamp(day)}


def test_phones():
    cells = text(
        "10012345678",
        "100-1234-5678",
        "+86 10012345678",
        "1.00E+10",
        "1.0012345678E+10",
        "1.0012345000E+10",
        "12345",
        "0571-88889999",
    )
    read = read_phones(cells)
    assert read.values.tolist() == [
        "10012345678",
        "10012345678",
        "10012345678",
        "",
        "10012345678",
        "10012345000",
        "",
        "0571-88889999",
    ]
    assert read.floated.tolist() == [False, False, False, True, True, True, False, False]
    assert read.bad.tolist() == [False, False, False, False, False, False, True, False]
    assert read.mended.tolist() == [False, True, True, False, False, False, False, False]


def test_one_spelling_a_grade():
    assert read_grade(text("A", "Ａ", "a", "A类", "A级客户", "重要", "钻石")).tolist() == [*"AAAAAA", "钻石"]


def test_statuses_and_the_clients_own_words():
    cells = text("交易成功", "已取消", "退款成功", "部分退款", "已核销", "")
    assert read_status(cells).tolist() == ["valid", "cancelled", "refunded", "valid", "unknown", "valid"]
    assert read_status(cells, {"已核销": "cancelled"}).tolist()[4] == "cancelled"


def test_what_exports_wrap_around_a_cell():
    assert tidy(text('="0123"', "'0123", "0123\t", " 0123 ", "\ufeff0123")).tolist() == ["0123"] * 5
