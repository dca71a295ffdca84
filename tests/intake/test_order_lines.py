"""Money that stands in a table twice counts once; what only looks so is kept and said."""

from __future__ import annotations

import pytest
from intake_tables import ORDERS, table_of

from segkit.intake.cleaning import Cleaned, clean
from segkit.intake.mapping import mapping_from
from segkit.intake.table import stack

LINES = ORDERS | {"商品": "product_id"}


def cleaned_files(columns: dict[str, str], **files: list[list[str]]) -> Cleaned:
    table = stack([table_of(list(columns), rows, f"{name}.csv") for name, rows in files.items()])
    return clean(table, mapping_from(table, columns, "orders"))


def order(i: int, amount: str, *products: str) -> list[list[str]]:
    return [[f"c{i}", f"o{i}", f"2025-01-{i + 1:02d} 10:20", amount, p] for p in products]


def notes(cleaned: Cleaned) -> dict[str, dict]:
    return {note.id: note.facts for note in cleaned.notes}


def test_an_order_total_on_every_line_counts_once(orders):
    rows = [row for i in range(4) for row in order(i, f"{100 + i}", "杯", "碗", "盘")] + order(9, "7", "杯")
    cleaned = orders(rows, more={"商品": "product_id"})
    assert cleaned.totals.money_kept == 100 + 101 + 102 + 103 + 7
    assert (cleaned.totals.merged, cleaned.totals.money_merged) == (8, 2 * (100 + 101 + 102 + 103))
    assert set(cleaned.ledger["reason"]) == {"duplicate"}
    assert notes(cleaned)["clean.order_totals"] == {
        "orders": 4,
        "rows": 8,
        "money": 812.0,
        "order_id": "单号",
    }
    assert not cleaned.frame["order_id"].duplicated().any()


def test_lines_with_their_own_amounts_all_count(orders):
    rows = [row for i in range(9) for p, a in (("杯", "10"), ("碗", f"{i + 11}")) for row in order(i, a, p)]
    cleaned = orders(rows, more={"商品": "product_id"})
    assert cleaned.totals.merged == 0 and cleaned.notes == ()


def test_a_shop_of_one_price_keeps_its_lines(orders):
    rows = [row for i in range(9) for row in order(i, "9.90", "杯", "碗")]
    cleaned = orders(rows, more={"商品": "product_id"})
    assert cleaned.totals.merged == 0
    assert notes(cleaned)["clean.same_amount_lines"] == {"orders": 9, "rows": 9, "money": 89.1}


def test_where_only_some_orders_repeat_an_amount_every_line_counts_and_it_is_said(orders):
    rows = [row for i in range(4) for row in order(i, f"{100 + i}", "杯", "碗")]
    rows += [row for i in range(5, 8) for p, a in (("杯", "1"), ("碗", f"{i}")) for row in order(i, a, p)]
    cleaned = orders(rows, more={"商品": "product_id"})
    assert cleaned.totals.merged == 0
    assert notes(cleaned)["clean.same_amount_lines"] == {"orders": 4, "rows": 4, "money": 406.0}


def test_a_cancelled_line_does_not_take_the_order_with_it(orders):
    rows = [[*row, "完成"] for i in range(4) for row in order(i, f"{100 + i}", "杯", "碗", "盘")]
    rows[0][-1] = "已取消"
    cleaned = orders(rows, more={"商品": "product_id", "状态": "status"})
    assert cleaned.totals.money_kept == 406 and cleaned.totals.set_aside == 1


def test_an_order_in_two_files_counts_once_with_its_later_status():
    columns = ORDERS | {"状态": "status"}
    first = [
        ["c1", "o1", "2025-01-05", "100", "待发货"],
        ["c2", "o2", "2025-01-06", "50", "待发货"],
        ["c3", "o3", "2025-01-07", "30", "待发货"],
    ]
    second = [
        ["c2", "o2", "2025-01-06", "50.00", "已完成"],
        ["c3", "o3", "2025-01-07", "30", "已取消"],
        ["c4", "o4", "2025-02-01", "8", "已完成"],
    ]
    cleaned = cleaned_files(columns, a=first, b=second)
    assert cleaned.frame[["order_id", "amount", "status"]].values.tolist() == [
        ["o1", 100.0, "valid"],
        ["o2", 50.0, "valid"],
        ["o4", 8.0, "valid"],
    ]
    totals = cleaned.totals
    assert (totals.merged, totals.money_merged, totals.set_aside, totals.money_set_aside) == (2, 80, 1, 30)
    merged = cleaned.ledger[cleaned.ledger["fate"] == "merged"]
    assert merged[["file", "row", "reason"]].values.tolist() == [
        ["b.csv", 2, "duplicate"],
        ["b.csv", 3, "duplicate"],
    ]
    changed = cleaned.ledger[cleaned.ledger["fate"] == "changed"]
    assert changed[["file", "row", "old", "new"]].values.tolist() == [["a.csv", 3, "待发货", "已完成"]]
    assert notes(cleaned)["clean.orders_in_two_files"] == {"rows": 2, "money": 80.0}


def test_a_refund_entered_in_the_later_file_is_taken_over():
    columns = ORDERS | {"退款": "refund"}
    cleaned = cleaned_files(
        columns,
        a=[["c1", "o1", "2025-01-05", "100", "0"], ["c2", "o2", "2025-01-06", "50", "0"]],
        b=[["c1", "o1", "2025-01-05", "100", "40"]],
    )
    assert cleaned.frame["amount"].tolist() == [60.0, 50.0]


@pytest.mark.parametrize(
    "later",
    [
        ["c1", "o1", "2025-01-05", "100", "碗"],  # another product
        ["c1", "o1", "2025-01-06", "100", "杯"],  # another day
        ["c1", "o1", "2025-01-05", "-30", "杯"],  # a refund
        ["c2", "o1", "2025-01-05", "100", "杯"],  # another shop's o1
        ["c1", "", "2025-01-05", "100", "杯"],  # no number
    ],
)
def test_what_differs_in_two_files_is_not_one_order(later):
    cleaned = cleaned_files(LINES, a=[["c1", "o1", "2025-01-05", "100", "杯"]], b=[later])
    assert cleaned.totals.merged == 0


def test_two_alike_lines_in_each_file_stay_two():
    line = ["c1", "o1", "2025-01-05", "10", "杯"]
    more = {"备注": "note"}
    first = [[*line, "a"], [*line, "b"]]
    again = [[*line, "c"], [*line, "d"]]
    assert cleaned_files(LINES | more, a=first, b=again).totals.money_kept == 20
