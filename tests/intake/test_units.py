"""In which unit money is written, and with which decimal sign."""

from __future__ import annotations

import pandas as pd
import pytest
from client_files import text_file
from intake_tables import table_of

from segkit.intake.cleaning import Cleaned, clean
from segkit.intake.mapping import mapping_from
from segkit.intake.reading import read_tables
from segkit.intake.table import stack
from segkit.intake.units import decimal_point, slips, title_units, unit_of


@pytest.mark.parametrize(
    ("heading", "factor"),
    [
        ("金额（万元）", 1e4),
        ("销售额(千元)", 1e3),
        ("销售额（百万元）", 1e6),
        ("成交额(亿)", 1e8),
        ("金额（单位：万元）", 1e4),
        ("实付金额万元", 1e4),
        ("GMV万", 1e4),
        ("GMV(w)", 1e4),
        ("金额k", 1e3),
        ("amount_wan", 1e4),
        ("price_wan_yuan", 1e4),
        ("taiwan", None),
        ("Revenue (k USD)", 1e3),
        ("Revenue (in thousands)", 1e3),
        ("金额（元）", 1.0),
        ("万达店销售额", None),
        ("万元店金额", None),
        ("金额(万达店)", None),
        ("千叶店", None),
        ("week", None),
        ("k", None),
        ("单价(元/千克)", None),
    ],
)
def test_a_unit_stands_in_brackets_or_at_the_end(heading, factor):
    unit = unit_of(heading)
    assert (unit and unit.factor) == factor


def money(head: str, cells: list[str], **files: list[str]) -> Cleaned:
    columns = {"客户": "customer_id", "日期": "order_date", head: "amount"}
    parts = {"first": cells, **files}
    tables = [
        table_of(list(columns), [[f"{name}{i}", "2025-01-05", cell] for i, cell in enumerate(part)], name)
        for name, part in parts.items()
    ]
    table = stack(tables)
    return clean(table, mapping_from(table, columns, "orders"))


def test_a_cell_with_its_own_unit_is_not_scaled_twice():
    cleaned = money("金额（万元）", ["1.2万", "12,000元", "2.20", "¥3"])
    assert cleaned.frame["amount"].tolist() == [12000.0, 12000.0, 22000.0, 30000.0]
    assert [(n.id, n.facts) for n in cleaned.notes] == [("clean.unit", {"unit": "万元", "factor": 1e4})]


def test_a_shop_whose_name_begins_with_ten_thousand_is_not_scaled():
    cleaned = money("万达店销售额", ["186.35"])
    assert cleaned.frame["amount"].tolist() == [186.35] and cleaned.notes == ()


def test_the_unit_of_a_title_row_counts_for_its_own_file(tmp_path):
    head = "客户编号,日期,金额\n"
    first = text_file(
        tmp_path, f"销售明细 单位：万元,,\n{head}c1,2025-01-05,1.5\nc2,2025-01-06,2\n", name="a.csv"
    )
    second = text_file(tmp_path, f"{head}c1,2025-02-05,80\nc2,2025-02-06,90\n", name="b.csv")
    table = read_tables([first, second])
    columns = {"客户编号": "customer_id", "日期": "order_date", "金额": "amount"}
    cleaned = clean(table, mapping_from(table, columns, "orders"))
    assert cleaned.frame["amount"].tolist() == [15000.0, 20000.0, 80.0, 90.0]
    assert [(n.file, n.facts["factor"]) for n in cleaned.notes if n.id == "clean.unit"] == [("a.csv", 1e4)]


@pytest.mark.parametrize(
    ("title", "factor"),
    [
        ("单位：万元", 1e4),
        ("金额单位为千元 制表人：甲", 1e3),
        ("（单位：人民币百万元）", 1e6),
        ("单位:元", 1.0),
        ("单位：千里马公司", None),
        ("往来单位明细", None),
    ],
)
def test_titles(title, factor):
    furniture = pd.DataFrame([{"file": "a", "sheet": "", "row": 1, "what": "title", "text": title}])
    unit = title_units(furniture).get(("a", ""))
    assert (unit and unit.factor) == factor


def test_a_column_with_decimal_commas_is_read_so_throughout():
    cleaned = money("金额", ["123,75", "1.100", "1.101,50", "99", "-3,5"])
    assert cleaned.frame["amount"].tolist() == [123.75, 1100.0, 1101.5, 99.0, -3.5]
    assert [n.id for n in cleaned.notes] == ["clean.decimal_comma"] and cleaned.totals.set_aside == 0


def test_the_decimal_sign_is_each_files_own():
    cleaned = money("金额", ["123,75", "1.100"], other=["1.10", "1,234.56"])
    assert cleaned.frame["amount"].tolist() == [123.75, 1100.0, 1.1, 1234.56]
    assert [n.file for n in cleaned.notes] == ["first"]


@pytest.mark.parametrize("others", [["1,234.56"], ["1,234"], ["1.10", "2.20"]])
def test_one_odd_comma_does_not_turn_a_column(others):
    cells = pd.Series(["12,34", *others], dtype="str")
    turned, comma = decimal_point(cells)
    assert not comma and turned.tolist() == cells.tolist()


def test_a_cell_written_in_yuan_in_a_column_of_wan_is_mended_and_said():
    cells = [f"{3 + i / 10:.2f}" for i in range(60)]
    cells[7], cells[30] = "41000", "6.55万"
    cleaned = money("amount_wan", cells)
    assert cleaned.frame["amount"].iloc[7] == 41000.0 and cleaned.frame["amount"].iloc[8] == 38000.0
    mended = cleaned.ledger[cleaned.ledger["reason"] == "amount_unit"]
    assert mended[["old", "new"]].to_numpy().tolist() == [["41000", "41000.00"], ["6.55万", "65500.00"]]


@pytest.mark.parametrize(
    ("why", "values", "factor"),
    [
        ("in yuan large amounts are large amounts", [3.0] * 60 + [41000.0], 1.0),
        ("no gap: sums of all sizes", [10.0**e for e in range(-2, 6) for _ in range(8)], 1e4),
        ("divided it would still stand alone", [3.0 + i / 10 for i in range(60)] + [9_000_000.0], 1e4),
        ("too many to be slips", [3.0 + i / 10 for i in range(60)] + [41000.0] * 9, 1e4),
        ("too few cells to know what is usual", [3.0, 4.0, 5.0, 41000.0], 1e4),
    ],
)
def test_what_is_not_beyond_doubt_stays_as_it_is(why, values, factor):
    assert not slips(pd.Series(values), factor).any(), why
