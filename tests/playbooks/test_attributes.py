"""Attributes: what is made of a table's rows for every customer, and what is said where it cannot be made."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit.playbooks.attributes import make
from segkit.playbooks.model import Attribute, Take

DAY = dt.date(2025, 1, 31)
T = pd.Timestamp


def attributes(**given) -> dict[str, Attribute]:
    return {name: Attribute.model_validate(fields) for name, fields in given.items()}


def days(*written: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(written)))


@pytest.fixture
def customers() -> pd.DataFrame:
    table = {
        "customer_id": ["a", "b", "c"],
        "protect_until": [T(2025, 2, 10), pd.NaT, T(2025, 1, 1)],
        "age": [61.0, 30.0, None],
        "spend": [100.0, 50.0, 7.0],
    }
    return pd.DataFrame(table, index=[5, 6, 7])


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    aum = pd.DataFrame(
        {
            "customer_id": list("aaaab"),
            "date": days("2025-01-01", "2024-12-01", "2024-06-01", "2025-01-20", "2024-12-01"),
            "avg": [5.0, 4.0, 3.0, None, 8.0],
        }
    )
    visits = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b", "x"],
            "date": days("2025-01-05", "2025-01-20", "2025-02-01", "2025-01-01", "2025-01-05"),
            "effective": [1.0, 0.0, 1.0, 1.0, 1.0],
            "next": days("2025-02-03", "2025-01-25", "2025-03-01", "NaT", "NaT"),
        }
    )
    orders = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "b"],
            "order_date": days("2025-01-05", "2025-01-20", "2025-01-25", "2025-01-26"),
            "amount": [0.1, 0.2, 30.0, -30.0],
            "channel": ["APP", "门店", "门店", None],
        }
    )
    return {"aum": aum, "visits": visits, "orders": orders}


def values(made: pd.DataFrame, name: str) -> list[object]:
    assert made.index.tolist() == [5, 6, 7]
    return [None if pd.isna(v) else v for v in made[name]]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"from": "aum", "take": "last", "column": "avg"}, [5, 8, None]),  # the latest that is known
        ({"from": "aum", "take": "first", "column": "avg"}, [3, 8, None]),
        ({"from": "aum", "take": "mean", "column": "avg"}, [4, 8, None]),
        ({"from": "aum", "take": "median", "column": "avg", "within_days": 62}, [4.5, 8, None]),
        ({"from": "aum", "take": "max", "column": "avg"}, [5, 8, None]),
        ({"from": "aum", "take": "min", "column": "avg"}, [3, 8, None]),
        ({"from": "aum", "take": "sum", "column": "avg"}, [12, 8, 0]),
        ({"from": "aum", "take": "distinct", "column": "date"}, [4, 1, None]),
        ({"from": "visits", "take": "count"}, [2, 1, 0]),  # what is later than the day does not count
        ({"from": "visits", "take": "count", "within_days": 30}, [2, 0, 0]),
        ({"from": "visits", "take": "count", "within_days": 31}, [2, 1, 0]),
        ({"from": "visits", "take": "count", "where": {"effective": 1}}, [1, 1, 0]),
        ({"from": "visits", "take": "days_since"}, [11, 30, None]),
        ({"from": "visits", "take": "days_since", "where": {"effective": 1}}, [26, 30, None]),
        ({"from": "visits", "take": "days_until", "column": "next"}, [3, None, None]),
        ({"from": "orders", "take": "share", "where": {"channel": ["APP", "小程序"]}}, [0.5, 0, None]),
        (
            {"from": "orders", "take": "share", "column": "amount", "where": {"channel": "APP"}},
            [1 / 3, None, None],
        ),
        ({"from": "orders", "take": "most", "column": "channel"}, ["门店", "门店", None]),  # a tie: the later
        ({"from": "orders", "take": "sum", "column": "amount"}, [0.3, 0, 0]),
        ({"take": "days_until", "column": "protect_until"}, [10, None, -30]),
        ({"take": "days_since", "column": "protect_until"}, [-10, None, 30]),
        ({"take": "count", "where": {"age": {"at_least": 60}}}, [1, 0, 0]),
        ({"take": "ratio", "column": "spend", "of": "age"}, [100 / 61, 50 / 30, None]),
        ({"take": "total", "columns": ["spend", "age"]}, [161, 80, None]),
    ],
)
def test_each_way_of_taking(customers, tables, fields, expected):
    made, failed = make(attributes(it=fields), customers, tables, as_of=DAY)
    assert not failed and values(made, "it") == pytest.approx(expected)


def test_every_take_is_tried_above():
    tried = {
        m.args[1][i][0]["take"] for m in [*test_each_way_of_taking.pytestmark] for i in range(len(m.args[1]))
    }
    assert tried == {*get_args(Take)}


def test_later_ones_use_earlier_ones_and_nothing_given_is_changed(customers, tables):
    before, given_tables = customers.copy(), {k: v.copy() for k, v in tables.items()}
    wanted = attributes(
        visits={"from": "visits", "take": "count"},
        per_visit={"take": "ratio", "column": "spend", "of": "visits"},
    )
    made, failed = make(wanted, customers, tables, as_of=DAY)
    assert values(made, "per_visit") == [50, 50, None] and not failed
    assert customers.equals(before) and all(tables[k].equals(v) for k, v in given_tables.items())


def test_counts_and_days_are_whole_numbers(customers, tables):
    wanted = attributes(n={"from": "visits", "take": "count"}, since={"from": "visits", "take": "days_since"})
    made, _ = make(wanted, customers, tables, as_of=DAY)
    assert str(made["n"].dtype) == str(made["since"].dtype) == "Int64"


@pytest.mark.parametrize(
    ("fields", "why", "column", "near"),
    [
        ({"from": "visit", "take": "count"}, "no_table", "", ("visits",)),
        ({"from": "survey", "take": "count"}, "no_table", "", ()),
        ({"from": "aum", "take": "mean", "column": "avrg"}, "no_column", "avrg", ("avg",)),
        (
            {"from": "visits", "take": "count", "where": {"efective": 1}},
            "no_column",
            "efective",
            ("effective",),
        ),
        ({"from": "undated", "take": "last", "column": "x"}, "no_date", "", ()),
        ({"from": "undated", "take": "count", "within_days": 9}, "no_date", "", ()),
        ({"from": "orders", "take": "mean", "column": "channel"}, "no_numbers", "channel", ()),
        ({"take": "days_since", "column": "age"}, "no_dates", "age", ()),
        ({"take": "ratio", "column": "spend", "of": "aeg"}, "no_column", "aeg", ("age",)),
    ],
)
def test_what_cannot_be_made_is_said(customers, tables, fields, why, column, near):
    tables["undated"] = pd.DataFrame({"customer_id": ["a"], "x": [1.0]})
    made, failed = make(attributes(it=fields), customers, tables, as_of=DAY)
    assert "it" not in made.columns
    (lack,) = failed
    assert (lack.attribute, lack.why, lack.column, lack.near) == ("it", why, column, near)


def test_a_table_without_rows_counts_nobody(customers, tables):
    empty = {"visits": tables["visits"].head(0)}
    wanted = attributes(
        n={"from": "visits", "take": "count", "where": {"effective": 1}},
        most={"from": "visits", "take": "most", "column": "effective"},
    )
    made, failed = make(wanted, customers, empty, as_of=DAY)
    assert values(made, "n") == [0, 0, 0] and values(made, "most") == [None] * 3 and not failed


ROWS = st.lists(
    st.tuples(st.sampled_from("abz"), st.integers(0, 60), st.one_of(st.none(), st.integers(-3, 3))),
    max_size=12,
)


@given(rows=ROWS, window=st.one_of(st.none(), st.integers(1, 40)))
def test_takes_agree_with_reading_the_rows_one_by_one(rows, window):
    table = pd.DataFrame(
        {
            "customer_id": pd.Series([r[0] for r in rows], dtype="str"),
            "date": pd.Series(
                [T(2025, 1, 1) + pd.Timedelta(days=r[1]) for r in rows], dtype="datetime64[ns]"
            ),
            "x": pd.Series([r[2] for r in rows], dtype="float64"),
        }
    )
    ids = pd.DataFrame({"customer_id": list("abc")})
    options = {"from": "t", "column": "x"} | ({"within_days": window} if window else {})
    takes = ("sum", "mean", "max", "last", "most")
    made, _ = make(attributes(**{t: options | {"take": t} for t in takes}), ids, {"t": table}, as_of=DAY)
    first = 30 - window if window else -1  # day 30 is the day it stands on
    for i, customer in enumerate("abc"):
        inside = sorted((r for r in rows if r[0] == customer and first < r[1] <= 30), key=lambda r: r[1])
        known = [r[2] for r in inside if r[2] is not None]
        expected = {
            "sum": sum(known),
            "mean": sum(known) / len(known) if known else None,
            "max": max(known, default=None),
            "last": known[-1] if known else None,
            "most": max(
                known, key=lambda v: (known.count(v), len(known) - known[::-1].index(v)), default=None
            ),
        }
        found = {t: None if pd.isna(made[t][i]) else made[t][i] for t in takes}
        assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("fields", "why", "column"),
    [
        ({"from": "visits", "take": "count", "where": {"effective": ["有效"]}}, "no_words", "effective"),
        ({"from": "notes", "take": "count", "where": {"text": {"at_least": 3}}}, "no_numbers", "text"),
        ({"from": "notes", "take": "count"}, "no_dates", "date"),
    ],
)
def test_a_comparison_no_row_can_meet_and_days_that_are_none_are_said(customers, tables, fields, why, column):
    tables["notes"] = pd.DataFrame({"customer_id": ["a"], "date": [3.5], "text": ["good"]})
    if why == "no_numbers":
        tables["notes"]["date"] = T(2025, 1, 1)
    made, failed = make(attributes(x=fields), customers, tables, as_of=DAY)
    assert "x" not in made and [(f.why, f.column) for f in failed] == [(why, column)]
