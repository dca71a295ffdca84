"""pymc-marketing: its summary of transactions and its BG/NBD fit by maximum a posteriori (MAP)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pymc_marketing.clv import BetaGeoModel
from pymc_marketing.clv.utils import rfm_summary

ORDERS: dict[str, pd.DataFrame] = {}


def open_orders(path: str) -> None:
    ORDERS.clear()
    ORDERS[path] = pd.read_parquet(path, columns=["customer_id", "order_date", "amount"])


def summary(path: str, as_of: str) -> pd.DataFrame:
    return rfm_summary(ORDERS[path], "customer_id", "order_date", "amount", observation_period_end=as_of)


def open_summary(path: str) -> None:
    ORDERS.clear()
    names = {"x": "frequency", "t_x": "recency"}
    ORDERS[path] = pd.read_csv(path).rename(columns=names)[["customer_id", "frequency", "recency", "T"]]


def fit(path: str) -> BetaGeoModel:
    model = BetaGeoModel(data=ORDERS[path])
    model.fit(method="map", progressbar=False)
    return model


def facts(result: Any) -> dict[str, Any]:
    if isinstance(result, BetaGeoModel):
        return {name: float(result.fit_result[name].mean()) for name in ("r", "alpha", "a", "b")}
    told = {"x": "frequency", "t_x": "recency", "T": "T"}
    sums = {name: float(result[column].sum()) for name, column in told.items()}
    return {"customers": len(result), **sums, "repeat_value": round(float(result["monetary_value"].sum()), 2)}
