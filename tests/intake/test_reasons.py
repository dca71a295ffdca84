"""Why rows were set aside, corrected or taken for a test: said as it was, once a row."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from intake_tables import ORDERS, table_of

from segkit.intake.cleaning import clean
from segkit.intake.confirm import questions
from segkit.intake.ledger import set_aside_reasons
from segkit.intake.mapping import mapping_from
from segkit.intake.profile import quality
from segkit.intake.settling import Answers
from segkit.intake.table import stack
from segkit.problems import InputProblems

FINE = ["c1", "o1", "2025-01-05", "100"]
PEOPLE = {"编号": "customer_id", "名称": "name", "城市": "city", "累计": "monetary", "最近": "last_order"}


def test_a_row_set_aside_has_one_reason_and_what_was_mended_in_it_is_none(orders):
    rows = [
        [*FINE, "0", "完成"],
        ["测试", "o2", "", "¥50元", "0", "已取消"],  # test, cancelled, no date, a unit
        ["c3", "o3", "2025-01-07", "30", "some", "已退款"],  # the unreadable refund is not why
        ["c4", "o4", "someday", "x", "0", "完成"],
    ]
    cleaned = orders(rows, more={"退款": "refund", "状态": "status"})
    found = set_aside_reasons(cleaned.ledger, cleaned.heads)
    assert found.values.tolist() == [["bad_amount", 1, 0.0], ["refunded", 1, 30.0], ["test", 1, 50.0]]
    assert found["rows"].sum() == cleaned.totals.set_aside
    assert found["amount"].sum() == cleaned.totals.money_set_aside
    assert set_aside_reasons(cleaned.ledger)["rows"].sum() == cleaned.totals.set_aside


def test_only_what_set_a_row_aside_is_asked(orders):
    columns = ORDERS | {"退款": "refund", "状态": "status"}
    table = table_of(list(columns), [[*FINE, "", "完成"], ["c3", "o3", "2025-01-07", "30", "some", "取消"]])
    asked = questions(clean(table, mapping_from(table, columns, "orders")), table)
    assert asked.set_aside["reason"].tolist() == ["cancelled"]


def test_a_correction_is_a_line_of_the_ledger(orders):
    rows = [FINE, ["c2", "o2", "", "60"], ["c3", "o3", "2025-01-06", "7x"], ["", "o4", "2025-01-06", "9"]]
    keep = {
        ("test.csv", "", 3): {"日期": "2025-01-08"},
        ("test.csv", "", 4): {"金额": "7"},
        ("test.csv", "", 5): {"客户": "c9"},
    }
    cleaned = orders(rows, answers=Answers(keep=keep))
    assert cleaned.ledger[["row", "fate", "reason", "column", "old", "new"]].values.tolist() == [
        [3, "changed", "no_date", "日期", "", "2025-01-08"],
        [4, "changed", "bad_amount", "金额", "7x", "7"],
        [5, "changed", "no_customer", "客户", "", "c9"],
    ]
    assert (cleaned.totals.changed, cleaned.totals.money_kept) == (3, 176.0)


def test_a_corrected_date_that_was_too_late(orders):
    keep = {("test.csv", "", 3): {"日期": "2025-01-08"}}
    rows = [FINE, ["c2", "o2", "2031-01-01", "60"]]
    cleaned = orders(rows, answers=Answers(keep=keep), as_of=dt.date(2025, 1, 31))
    assert cleaned.ledger["reason"].tolist() == ["after_as_of"] and cleaned.totals.changed == 1


@pytest.mark.parametrize(
    "name", ["测试", "测试客户3", "test", "Test customer", "TEST001", "测试勿删", "Test data", "demo store 2"]
)
def test_names_that_say_test(totals, name):
    cleaned = totals(PEOPLE, [["k1", "远山", "杭州", "7", "2025-01-01"], ["k2", name, "", "1", "2025-01-01"]])
    assert cleaned.ledger["reason"].tolist() == ["test"]


@pytest.mark.parametrize("name", ["测试仪器5有限公司", "Test Equipment Ltd", "Demographics Inc", "样例科技"])
def test_firms_whose_name_begins_so_are_customers(totals, name):
    cleaned = totals(PEOPLE, [["k2", name, "", "1", "2025-01-01"]])
    assert cleaned.ledger.empty


@pytest.mark.parametrize(
    ("note", "is_test"),
    [
        ("test do not delete", True),
        ("测试，请勿发货", True),
        ("测试仪器已寄出", False),
        ("testing kit", False),
    ],
)
def test_notes_that_begin_with_test(orders, note, is_test):
    cleaned = orders([[*FINE, ""], ["c2", "o2", "2025-01-06", "1", note]], more={"备注": "note"})
    assert (cleaned.totals.set_aside == 1) is is_test


def firms(totals, *rows: tuple[str, str]):
    lines = [[f"k{i}", name, city, "7", "2025-01-01"] for i, (name, city) in enumerate(rows)]
    return totals(PEOPLE, lines).twins["why"].tolist()


def test_firms_are_alike_within_a_known_city_only(totals):
    a, b = "远山电子商务科技发展有限公司", "远山电子商务科技发展部有限公司"
    assert firms(totals, (a, "杭州"), (b, "杭州")) == ["alike"]
    assert firms(totals, (a, ""), (b, "")) == []
    assert firms(totals, (a, "杭州"), (b, "北京")) == []


@pytest.mark.parametrize(("a", "b"), [("111", "112"), ("一", "二"), ("甲", "丙")])
def test_numbered_firms_are_not_alike(totals, a, b):
    long = "远山电子商务科技发展第{}分公司"
    assert firms(totals, (long.format(a), "杭州"), (long.format(b), "杭州")) == []


def test_the_money_of_a_pair_is_that_of_the_orders_where_there_are_orders():
    rows = [["k1", "远山商贸有限公司", "杭州", "", ""], ["k2", "远山商贸", "杭州", "", "2025-01-01"]]
    table = table_of(list(PEOPLE), rows)
    cleaned = clean(table, mapping_from(table, PEOPLE, "customers"))
    worth = pd.Series({"k1": 120.5})
    pair = questions(cleaned, table, worth).twins[["value_a", "value_b"]]
    assert pair.values.tolist() == [[120.5, 0.0]]


def test_old_orders_are_not_late_but_customers_who_stopped_are(orders, totals):
    old = orders([FINE, ["c2", "o2", "2020-01-01", "5"]])
    assert quality(old).timeliness is None
    people = totals(
        PEOPLE,
        [["k1", "甲", "", "1", "2025-01-01"], ["k2", "乙", "", "1", "2020-01-01"]],
        as_of=dt.date(2025, 2, 1),
    )
    assert {f.field: f.timeliness for f in quality(people).fields if f.timeliness is not None} == {
        "last_order": 0.5
    }


def test_keys_are_repaired_before_the_rest(orders):
    rows = [
        [*FINE, "甲"],
        ["c2", "", "2025-01-05", "1", ""],
        ["c3", "", "2025-01-05", "1", ""],
        ["", "o4", "2025-01-06", "1", "乙"],
    ]
    fields = quality(orders(rows, more={"名称": "name"})).fields
    assert [(f.field, f.repair) for f in fields[:3]] == [("customer_id", 1), ("name", 2), ("order_id", 2)]


@pytest.mark.parametrize(("lang", "words"), [("zh", "原因：测试数据 2。"), ("en", "Reasons: Test row 2.")])
def test_nothing_left_names_its_reasons_in_words(orders, lang, words):
    test = ["测试", "o1", "2025-01-05", "1", "x"]
    with pytest.raises(InputProblems) as caught:
        orders([test, ["测试", "o2", "", "1", "y"]], more={"备注": "note"})
    assert words in caught.value.text(lang)


def test_each_file_has_its_own_order_of_day_and_month():
    first = [[f"c{i}", f"o{i}", day, "1"] for i, day in enumerate(["31/01/2025", "02/03/2025"])]
    second = [[f"d{i}", f"p{i}", day, "1"] for i, day in enumerate(["01/31/2025", "02/03/2025"])]
    third = [["e1", "q1", "02/03/2025", "1"]]
    files = zip((first, second, third), ("a.csv", "b.csv", "c.csv"), strict=True)
    table = stack([table_of(list(ORDERS), rows, name) for rows, name in files])
    cleaned = clean(table, mapping_from(table, ORDERS, "orders"))
    days = cleaned.frame["order_date"].dt.strftime("%m-%d").tolist()
    assert days == ["01-31", "03-02", "01-31", "02-03", "03-02"]
    assert [(n.id, n.file) for n in cleaned.notes] == [("clean.guessed_day_month", "c.csv")]
    assert "02/03/2025" in cleaned.notes[0].text("zh") and "2025-03-02" in cleaned.notes[0].text("en")


def test_months_without_a_day_are_said(orders):
    cleaned = orders([["c1", "o1", "202501", "1"], ["c2", "o2", "2025年2月", "1"]])
    assert [(n.id, n.facts) for n in cleaned.notes] == [("clean.months_only", {"n": 2})]
