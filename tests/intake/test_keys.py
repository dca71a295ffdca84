"""Whose order is it: one key a customer, whatever the spreadsheet made of the number."""

from __future__ import annotations

import pandas as pd
import pytest
from intake_tables import ORDERS, table_of

from segkit.intake.cleaning import clean
from segkit.intake.keys import whole_ids
from segkit.intake.ledger import set_aside_reasons
from segkit.intake.mapping import mapping_from
from segkit.intake.table import stack


def keyed(orders, *keys: str, **options):
    rows = [[key, f"o{i}", "2025-01-05", "10"] for i, key in enumerate(keys)]
    return orders(rows, **options)


def ids(cleaned) -> list[str]:
    return cleaned.frame["customer_id"].tolist()


@pytest.mark.parametrize("lost", ["1.38E+10", "4.40301E+17", "1.38001e+10"])
def test_an_id_that_lost_its_digits_names_nobody(orders, lost):
    cleaned = keyed(orders, "13800138000", lost, lost)
    assert ids(cleaned) == ["13800138000"]
    assert set_aside_reasons(cleaned.ledger, cleaned.heads).values.tolist() == [["phone_float", 2, 20.0]]
    assert [(n.id, n.facts["n"]) for n in cleaned.notes] == [("clean.ids_lost", 2)]


def test_an_id_whose_digits_are_all_there_is_restored(orders):
    assert ids(keyed(orders, "1.3800138000E+10", "13800138000")) == ["13800138000"] * 2


@pytest.mark.parametrize("text", ["1E5", "E10", "A1.5E+3", "12E+4"])
def test_ids_that_only_look_like_it_stay(text):
    cells = pd.Series([text], dtype="str")
    whole, lost = whole_ids(cells)
    assert whole.tolist() == [text] and not lost.any()


def test_order_numbers_that_lost_digits_do_not_make_one_order(orders):
    row = ["c1", "4.40301E+17", "2025-01-05", "10"]
    cleaned = orders([row, row, ["c2", "o3", "2025-01-05", "10"]])
    assert cleaned.frame["order_id"].tolist() == ["", "", "o3"] and cleaned.totals.merged == 0
    assert [n.id for n in cleaned.notes] == ["clean.order_ids_lost", "clean.repeats_kept"]


def test_a_number_with_and_without_point_zero_is_one_customer():
    first = table_of(
        list(ORDERS),
        [
            ["100", "o1", "2025-01-05", "1"],
            ["k7", "o2", "2025-01-05", "1"],
            ["k7.0", "o5", "2025-01-05", "1"],
        ],
        "a",
    )
    second = table_of(
        list(ORDERS), [["100.0", "o3", "2025-01-05", "1"], ["5.0", "o4", "2025-01-05", "1"]], "b"
    )
    table = stack([first, second])
    cleaned = clean(table, mapping_from(table, ORDERS, "orders"))
    # 5.0 may be a version number: nothing here says that it is 5
    assert ids(cleaned) == ["100", "k7", "k7", "100", "5.0"]


def test_in_a_column_of_numbers_every_point_zero_goes(orders):
    assert ids(keyed(orders, "100", "101.0", "")) == ["100", "101"]


def test_phones_as_keys_have_one_spelling(orders):
    written = ["13800138000", "+86 138 0013 8000", "138-0013-8000", "8613800138000", "13800138000.0", "12"]
    cleaned = keyed(orders, *written)
    assert ids(cleaned) == ["13800138000"] * 5 + ["12"]
    assert set(cleaned.ledger["reason"]) == {"phone_format"} and len(cleaned.ledger) == 3


def test_ids_that_are_no_phones_are_left_alone(orders):
    assert ids(keyed(orders, "A-1", "B 2", "(3)")) == ["A-1", "B 2", "(3)"]


def test_ids_that_differ_in_case_are_said_and_not_merged(orders):
    cleaned = keyed(orders, "c001", "C001", "c002")
    assert ids(cleaned) == ["c001", "C001", "c002"]
    assert [(n.id, n.facts) for n in cleaned.notes] == [("clean.keys_differ_in_case", {"n": 1})]
