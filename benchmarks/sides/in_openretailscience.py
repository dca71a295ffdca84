"""openretailscience: its RFM segmentation of a pandas frame, taken back as a pandas frame."""

from __future__ import annotations

from typing import Any

import pandas as pd
from openretailscience.segmentation.rfm import RFMSegmentation

ORDERS: dict[str, pd.DataFrame] = {}
NAMES = {"order_id": "transaction_id", "order_date": "transaction_date", "amount": "unit_spend"}


def open_orders(path: str) -> None:
    ORDERS.clear()
    columns = ["order_id", "customer_id", "order_date", "amount"]
    ORDERS[path] = pd.read_parquet(path, columns=columns).rename(columns=NAMES)


def rfm(path: str, as_of: str) -> pd.DataFrame:
    fifths = {"r_segments": 5, "f_segments": 5, "m_segments": 5}
    return RFMSegmentation(ORDERS[path], current_date=as_of, **fifths).df


def facts(result: pd.DataFrame) -> dict[str, Any]:
    return {
        "customers": len(result),
        "recency_days": int(result["recency_days"].sum()),
        "orders": int(result["frequency"].sum()),
        "cents": round(float(result["monetary"].sum() * 100)),
    }
