"""Published data and invented shoppers that the value models are tried on."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def cdnow() -> pd.DataFrame:
    """The 1/10 sample of CDNOW up to 1997-09-30, in weeks: `customer_id, x, t_x, T, repeat_value`."""
    found = find_spec("lifetimes")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the CDNOW data come with the package lifetimes, which is not installed")
    path = (
        Path(found.submodule_search_locations[0]) / "datasets/cdnow_customers_summary_with_transactions.csv"
    )
    summary = pd.read_csv(path, encoding="utf-8")
    return summary.rename(columns={"ID": "customer_id", "zbar": "repeat_value"})


@pytest.fixture(scope="session")
def jd_orders() -> pd.DataFrame:
    """The orders of the invented online shop that truly count: `customer_id, order_date, amount`."""
    orders = pd.read_csv(
        ROOT / "datasets/_truth/jd_orders.csv", encoding="utf-8-sig", parse_dates=["order_date"]
    )
    return orders.rename(columns={"net_amount": "amount"})


@pytest.fixture(scope="session")
def jd_truth() -> pd.DataFrame:
    """What is true of each customer of that shop, by customer_id."""
    return pd.read_csv(ROOT / "datasets/_truth/jd_customers.csv", encoding="utf-8-sig").set_index(
        "customer_id"
    )
