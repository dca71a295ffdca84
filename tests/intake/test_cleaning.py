"""From a messy table to rows that count: what happens to each row, and that nothing gets lost."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_tables import ORDERS, table_of

from segkit.customers import customer_table
from segkit.intake.cleaning import clean
from segkit.intake.ledger import Events, LedgerBroken
from segkit.intake.mapping import mapping_from, suggest_mapping
from segkit.intake.profile import quality
from segkit.intake.reading import read_tables
from segkit.intake.settling import Answers, credible_as_of
from segkit.problems import InputProblems

FINE = ["c1", "o1", "2025-01-05", "100"]


def reasons(cleaned) -> dict[int, str]:
    return dict(zip(cleaned.ledger["row"], cleaned.ledger["reason"], strict=True))


def test_what_cannot_be_counted_is_set_aside_by_row(orders):
    rows = [FINE, ["", "o2", "2025-01-06", "50"], ["c2", "o3", "", "60"], ["c3", "o4", "2025-01-07", ""]]
    rows += [["c4", "o5", "someday", "70"], ["c5", "o6", "2025-01-08", "a lot"]]
    cleaned = orders(rows)
    assert reasons(cleaned) == {
        3: "no_customer",
        4: "no_date",
        5: "no_amount",
        6: "bad_date",
        7: "bad_amount",
    }
    assert cleaned.totals.set_aside == 5 and cleaned.totals.kept == 1
    assert (cleaned.totals.money_in, cleaned.totals.money_set_aside) == (280.0, 180.0)


def test_an_exact_copy_is_merged_once(orders):
    cleaned = orders([FINE, FINE, FINE])
    assert cleaned.totals.merged == 2 and len(cleaned.frame) == 1
    assert cleaned.totals.money_merged == 200.0


def test_equal_rows_without_an_order_number_are_two_purchases():
    columns = {"客户": "customer_id", "日期": "order_date", "金额": "amount"}
    table = table_of(list(columns), [["c1", "2025-01-05", "100"]] * 2)
    cleaned = clean(table, mapping_from(table, columns, "orders"))
    assert cleaned.totals.kept == 2
    assert [note.id for note in cleaned.notes] == ["clean.repeats_kept"]


def test_a_fully_refunded_order_leaves_a_customer_who_bought_nothing(orders):
    cleaned = orders(
        [
            ["c1", "o1", "2025-01-05", "100"],
            ["c1", "o1", "2025-01-09", "-100"],
            ["c2", "o2", "2025-01-09", "5"],
        ]
    )
    assert set(cleaned.ledger["reason"]) == {"refunded"} and cleaned.totals.set_aside == 2
    table = customer_table(
        cleaned.frame, as_of=dt.date(2025, 1, 31), customers=cleaned.people[["customer_id"]]
    )
    assert table.set_index("customer_id")["frequency"].to_dict() == {"c1": 0, "c2": 1}


def test_a_partial_refund_is_netted_against_its_order(orders):
    cleaned = orders([["c1", "o1", "2025-01-05", "100"], ["c1", "o1", "2025-01-09", "-30"]])
    table = customer_table(cleaned.frame, as_of=dt.date(2025, 1, 31))
    assert table[["frequency", "orders", "monetary"]].iloc[0].tolist() == [1, 1, 70.0]


def test_a_refund_column_is_subtracted(orders):
    rows = [["c1", "o1", "2025-01-05", "100", "30"], ["c1", "o2", "2025-01-06", "40", "40"]]
    cleaned = orders(rows, more={"退款": "refund"})
    assert cleaned.frame["amount"].tolist() == [70.0]
    assert reasons(cleaned) == {2: "refunded", 3: "refunded"}


def test_statuses_decide_and_unknown_ones_are_asked(orders):
    rows = [
        [*FINE, "交易成功"],
        ["c2", "o2", "2025-01-05", "7", "已取消"],
        ["c3", "o3", "2025-01-05", "9", "已核销"],
    ]
    cleaned = orders(rows, more={"状态": "status"})
    assert reasons(cleaned) == {3: "cancelled"}
    assert cleaned.unknown_status.to_dict("records") == [{"status": "已核销", "rows": 1, "amount": 9.0}]
    answered = orders(rows, more={"状态": "status"}, answers=Answers(statuses={"已核销": "cancelled"}))
    assert reasons(answered) == {3: "cancelled", 4: "cancelled"} and answered.unknown_status.empty


def test_rows_after_the_as_of_date_do_not_count(orders):
    cleaned = orders([FINE, ["c1", "o2", "2025-03-01", "5"]], as_of=dt.date(2025, 1, 31))
    assert reasons(cleaned) == {3: "after_as_of"}
    assert cleaned.as_of.why == "given" and cleaned.as_of.later == 1


def test_an_as_of_before_the_first_order_is_refused(orders):
    with pytest.raises(InputProblems) as caught:
        orders([FINE], as_of=dt.date(2024, 1, 1))
    assert "2025-01-05" in caught.value.text("zh")


def test_the_last_credible_date_is_not_a_single_typing_error():
    days = pd.Series(
        [*pd.date_range("2025-01-01", periods=200).repeat(5).tolist(), pd.Timestamp("2026-07-01")]
    )
    found = credible_as_of(days)
    assert found is not None
    assert found.date == dt.date(2025, 7, 19) and found.later == 1 and found.last == dt.date(2026, 7, 1)


def test_a_few_rows_are_credible_in_a_small_file():
    found = credible_as_of(pd.Series(pd.to_datetime(["2025-01-01", "2025-05-01"])))
    assert found is not None and found.date == dt.date(2025, 5, 1)


def test_when_every_row_is_set_aside_the_reasons_are_said(orders):
    with pytest.raises(InputProblems) as caught:
        orders([["测试", "o1", "2025-01-05", "1"], ["测试", "o2", "2025-01-05", "1"]])
    assert "Test row 2" in caught.value.text("en")


def test_rows_moved_by_one_cell_are_moved_back(totals):
    columns = {
        "编号": "customer_id",
        "姓名": "name",
        "电话": "phone",
        "最近": "last_order",
        "累计": "monetary",
        "次数": "frequency",
    }
    good = [[f"k{i}", "张三", "10000000001"[:-1] + str(i % 10), "2025-01-05", "100", "2"] for i in range(8)]
    right = ["k8", "李四", "", "10000000009", "2025-01-05", "100"]
    cleaned = totals({**columns, "备注": "note"}, [*[[*g, ""] for g in good], [*right, "2"]])
    last = cleaned.frame.iloc[-1]
    assert reasons(cleaned).get(10) == "shifted"
    assert (last["phone"], last["monetary"], last["frequency"]) == ("10000000009", 100.0, 2)


def test_identity_numbers_typed_into_notes_are_masked(totals):
    columns = {"编号": "customer_id", "累计": "monetary", "最近": "last_order", "备注": "note"}
    rows = [
        ["k1", "5", "2025-01-01", "身份证000000199001011234已登记"],
        *[[f"k{i}", "5", "2025-01-01", ""] for i in range(2, 6)],
    ]
    cleaned = totals(columns, rows)
    assert reasons(cleaned) == {2: "id_in_text"}
    assert "000000199001011234" not in "".join(cleaned.frame["note"]) + "".join(cleaned.ledger["old"])


def test_a_heading_in_wan_is_converted():
    columns = {"客户": "customer_id", "日期": "order_date", "金额(万元)": "amount"}
    table = table_of(list(columns), [["c1", "2025-01-05", "0.95"]])
    cleaned = clean(table, mapping_from(table, columns, "orders"))
    assert cleaned.frame["amount"].tolist() == [9500.0]


def test_twins_are_flagged_and_merged_only_when_confirmed(totals):
    columns = {
        "编号": "customer_id",
        "名称": "name",
        "城市": "city",
        "累计": "monetary",
        "最近": "last_order",
    }
    rows = [
        ["k1", "远山商贸有限公司（虚构）", "杭州", "70", "2025-01-01"],
        ["k2", "远山商贸 (虚构)", "杭州", "30", "2025-01-02"],
    ]
    cleaned = totals(columns, rows)
    assert reasons(cleaned) == {3: "fuzzy_duplicate"} and cleaned.totals.kept == 2
    assert cleaned.twins[["id_a", "id_b", "row_a", "row_b"]].values.tolist() == [["k1", "k2", 2, 3]]
    merged = totals(columns, rows, answers=Answers(merge=(("k1", "k2"),)))
    assert merged.frame[["customer_id", "monetary"]].values.tolist() == [["k1", 100.0]]
    assert merged.totals.merged == 1 and merged.twins.empty
    apart = totals(columns, rows, answers=Answers(apart=(("k2", "k1"),)))
    assert apart.ledger.empty and apart.twins.empty


def test_people_of_one_name_in_two_cities_are_two_people(totals):
    columns = {
        "编号": "customer_id",
        "名称": "name",
        "城市": "city",
        "累计": "monetary",
        "最近": "last_order",
    }
    rows = [["k1", "张三", "杭州", "70", "2025-01-01"], ["k2", "张三", "北京", "30", "2025-01-02"]]
    assert totals(columns, rows).twins.empty


def test_corrected_and_pardoned_rows_count_again(orders):
    rows = [FINE, ["c2", "o2", "", "60"], ["测试店", "o3", "2025-01-06", "7"]]
    keep = {("test.csv", "", 3): {"日期": "2025-01-08"}, ("test.csv", "", 4): {}}
    cleaned = orders(rows, answers=Answers(keep=keep))
    assert cleaned.totals.set_aside == 0 and cleaned.totals.money_kept == 167.0


def test_an_empty_customer_is_no_customer(orders):
    cleaned = orders([FINE, ["null", "o2", "2025-01-06", "50"]])
    assert reasons(cleaned) == {3: "no_customer"}


CELL = st.sampled_from(
    ["", "c1", "2025-01-05", "100", "-100", "¥1,2", "已取消", "测试", "１２", "2099-12-31", "=1+1", "o1"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=12))
def test_rows_and_money_always_balance(rows):
    """The ledger law: whatever stands in the cells, every row has one fate and the money adds up."""
    table = table_of(list(ORDERS), [["c9", "o9", "2025-01-05", "100"], *rows])
    cleaned = clean(table, mapping_from(table, ORDERS, "orders"), as_of=dt.date(2025, 12, 31))
    totals = cleaned.totals
    assert totals.rows_in == len(rows) + 1
    assert totals.kept + totals.changed == len(cleaned.frame)
    assert cleaned.frame["amount"].sum() == pytest.approx(totals.money_kept, abs=0.005)
    fates = cleaned.ledger.groupby(["file", "sheet", "row"])["fate"].nunique()
    assert (fates == 1).all()


def test_a_broken_balance_is_an_error():
    events = Events(2)
    events.add(np.array([True, False]), "duplicate", "merged")
    totals = events.totals(pd.Series([1.0, 2.0]))
    with pytest.raises(LedgerBroken):
        type(totals)(**{**totals.as_dict(), "kept": 2}).check()


def test_quality_says_what_to_repair_first(orders):
    rows = [[f"c{i}", f"o{i}", "2025-01-05", "100"] for i in range(8)]
    rows += [["c8", "o8", "", "100"], ["c9", "o9", "2025-01-06", "x"], ["c9", "o10", "2025-01-06", ""]]
    graded = quality(orders(rows))
    assert [(f.field, f.repair) for f in graded.fields[:2]] == [("amount", 2), ("order_date", 1)]
    first = graded.fields[0]
    assert first.completeness == pytest.approx(10 / 11) and first.accuracy == pytest.approx(9 / 10)


def test_the_real_export_reconciles(real_data):
    table = read_tables([real_data("cn_orders_2018.csv")])
    cleaned = clean(table, suggest_mapping(table))
    totals = cleaned.totals
    assert (totals.rows_in, totals.set_aside, totals.money_in) == (76050, 9, 59106974.30)
    found = cleaned.ledger.groupby("reason")["row"].apply(sorted).to_dict()
    assert found["no_date"] == [74, 231] and len(found["no_amount"]) == 7
    assert cleaned.as_of.date == dt.date(2018, 12, 29)
