"""The laws of the schemes on a real local Spark session: five fixed tables, every scheme."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from customer_strategies import SCHEMES, table_of, taught
from engines import as_spark, back

from segkit.customers import customer_table, repeat_summary, update

pytestmark = pytest.mark.slow


def skewed() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    days, times = rng.integers(0, 700, 240), np.minimum(rng.zipf(1.7, 240), 90)
    money = np.round(np.exp(rng.normal(5, 2, 240)) * times, 2)
    rows = zip(days.tolist(), times.tolist(), money.tolist(), strict=True)
    return table_of([*rows, (None, 0, 0.0), (None, 0, -30.0)])


TABLES = {
    "ties": table_of(
        [(7, 1, 10.0), (7, 1, 10.0), (30, 2, 10.0), (30, 2, 99.9), (90, 2, 99.9), (7, 3, 99.9)] * 3
    ),
    "all_equal": table_of([(5, 2, 10 / 3)] * 12),
    "one_row": table_of([(12, 3, 480.0)]),
    "nulls": table_of(
        [
            (None, 0, 0.0),
            (None, None, None),
            (3, None, 50.0),
            (None, 2, 70.0),
            (9, 1, None),
            (9, 4, 10.05),
            (30, 2, 8.5),
        ]
    ),
    "skewed": skewed(),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_scheme_learns_and_labels_on_spark_as_in_pandas(spark: Any, table: str) -> None:
    frame = TABLES[table]
    native = as_spark(spark, frame)
    here, there = frame, native
    names = []
    for key, scheme in SCHEMES.items():
        fitted = taught(key, frame)
        if not scheme.fitted:
            assert taught(key, native) == fitted, key
        # one plan for all of them: a job for each would take minutes
        own = fitted.model_copy(update={"name": f"label_{key}"})
        before = list(here.columns)
        here, there = own.label(here), own.label(there)
        assert type(there) is type(native)
        here = here.rename(columns={c: f"{key}_{c}" for c in own.adds()})
        there = there.withColumnsRenamed({c: f"{key}_{c}" for c in own.adds()})
        names += [c for c in here.columns if c not in before]
    assert set(names) >= {f"label_{key}" for key in SCHEMES}
    got, wanted = back(there.select("customer_id", *names)), back(here[["customer_id", *names]])
    pd.testing.assert_frame_equal(got, wanted)


def test_the_customer_table_and_its_update_are_the_same_on_spark(spark: Any) -> None:
    rng = np.random.default_rng(3)
    n = 300
    orders = pd.DataFrame(
        {
            "order_id": rng.integers(1, 250, n),
            "customer_id": [f"c{i}" for i in rng.integers(0, 60, n)],
            "order_date": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "amount": np.round(rng.normal(60, 60, n), 2),
        }
    )
    orders.loc[:3, "customer_id"] = None
    native = as_spark(spark, orders)
    for facts in ({}, {"window_days": 90}, {"frequency_of": "orders"}):
        wanted = customer_table(orders, as_of="2025-11-30", **facts)
        pd.testing.assert_frame_equal(back(customer_table(native, as_of="2025-11-30", **facts)), back(wanted))
    wanted = repeat_summary(orders, as_of="2025-11-30")
    pd.testing.assert_frame_equal(back(repeat_summary(native, as_of="2025-11-30")), back(wanted))
    fresh = orders[orders["amount"] >= 0]
    cut = pd.Timestamp("2025-09-30")
    old, new = (
        fresh[fresh["order_date"] <= cut],
        fresh[fresh["order_date"] > cut].assign(order_id=range(1000, 1000 + sum(fresh["order_date"] > cut))),
    )
    before = customer_table(as_spark(spark, old), as_of=dt.date(2025, 9, 30))
    moved = update(before, as_spark(spark, new), as_of="2025-11-30")
    whole = customer_table(pd.concat([old, new]), as_of="2025-11-30")
    pd.testing.assert_frame_equal(back(moved), back(whole))
