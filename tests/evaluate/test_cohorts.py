"""Cohorts: every cell by hand, months not over are blank, and the rows add up."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import segkit
from segkit.evaluate.cohort_table import cohorts
from segkit.problems import InputProblems

Row = tuple[str, str, float]


def frame(rows: list[Row]) -> pd.DataFrame:
    found = pd.DataFrame(rows, columns=["customer_id", "order_date", "amount"])
    return found.assign(order_date=pd.to_datetime(found["order_date"]), amount=found["amount"].astype(float))


ORDERS = frame(
    [
        ("a", "2025-01-05", 10),
        ("a", "2025-01-20", 10),
        ("a", "2025-03-01", 10),
        ("b", "2025-01-31", 10),
        ("b", "2025-02-01", 10),
        ("c", "2025-02-10", 10),
        ("c", "2025-04-10", 10),
        ("d", "2025-04-02", 10),
        ("e", "2025-01-03", 10),
        ("e", "2025-01-09", -10),  # refunded in full: no customer
        ("f", "2025-05-01", 10),  # after the day
    ]
)


def test_by_hand_and_a_month_that_still_runs_is_blank_not_nought() -> None:
    found = cohorts(ORDERS, as_of="2025-04-20")
    assert found.sizes.to_dict() == {"2025-01": 2, "2025-02": 1, "2025-03": 0, "2025-04": 1}
    assert found.counts.loc["2025-01"].tolist() == [2, 1, 1]
    assert found.counts.loc["2025-02"].iloc[:2].tolist() == [1, 0]
    blank = found.counts.isna()
    assert blank.loc["2025-02"].tolist() == [False, False, True], "April is not over on the 20th"
    assert blank.loc["2025-04"].all()
    assert found.retention().loc["2025-01"].tolist() == [1.0, 0.5, 0.5]
    assert found.retention().loc["2025-03"].isna().all()
    kept = found.retained(1)
    assert (kept.value, kept.n) == (pytest.approx(1 / 3), 3)
    assert found.retained(40).value is None


def test_the_last_day_of_a_month_ends_it() -> None:
    found = cohorts(ORDERS, as_of="2025-04-30")
    assert found.counts.loc["2025-02"].tolist()[:3] == [1, 0, 1]
    assert found.counts.loc["2025-04", 0] == 1
    assert found.counts.shape == (4, 4)
    assert cohorts(ORDERS, as_of="2025-04-30", months=1).counts.shape == (4, 2)


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.dates(dt.date(2024, 1, 1), dt.date(2025, 6, 30))),
        min_size=1,
    ),
    st.dates(dt.date(2024, 6, 1), dt.date(2025, 8, 1)),
)
def test_what_is_seen_stays_as_it_is_when_time_goes_on(
    rows: list[tuple[str, dt.date]], as_of: dt.date
) -> None:
    orders = frame([(who, str(day), 1.0) for who, day in rows])
    now, later = cohorts(orders, as_of=as_of), cohorts(orders, as_of="2025-12-31")
    assert later.sizes.sum() == len({who for who, _ in rows})
    if now.first is None:
        return
    full = now.counts[0].notna()
    assert (now.counts.loc[full, 0] == now.sizes[full]).all(), (
        "everybody buys in the month of the first order"
    )
    part = later.counts.reindex(index=now.counts.index, columns=now.counts.columns)
    seen = now.counts.notna()
    assert (now.counts.where(seen) == part.where(seen)).where(seen, True).all().all()
    month_over = [
        [
            int(row[:4]) * 12 + int(row[5:]) - 1 + since < as_of.year * 12 + as_of.month - 1
            for since in now.counts
        ]
        for row in now.counts.index
    ]
    if (as_of + dt.timedelta(days=1)).day != 1:
        assert (seen.to_numpy() == np.array(month_over).reshape(seen.shape)).all()


def test_any_engine_gives_the_same() -> None:
    theirs = cohorts(pl.from_pandas(ORDERS).lazy(), as_of="2025-04-20")
    pd.testing.assert_frame_equal(theirs.counts, cohorts(ORDERS, as_of="2025-04-20").counts)


def test_without_orders_it_says_so_and_without_columns_it_refuses() -> None:
    assert segkit.cohorts is cohorts
    empty = cohorts(ORDERS, as_of="2024-01-01")
    assert empty.sizes.empty and empty.text("zh") != cohorts(ORDERS, as_of="2025-04-20").text("zh")
    assert "2025-01-05" in cohorts(ORDERS, as_of="2025-04-20").text("en")
    with pytest.raises(InputProblems):
        cohorts(ORDERS.drop(columns="amount"), as_of="2025-04-20")
