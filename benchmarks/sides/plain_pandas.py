"""The same table and the same scores by hand in pandas: what a careful analyst would write."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

COLUMNS = [
    "customer_id",
    "first_order",
    "last_order",
    "recency_days",
    "frequency",
    "orders",
    "monetary",
    "aov",
    "tenure_days",
]


def customer_table(orders: pd.DataFrame, as_of: str) -> pd.DataFrame:
    day = pd.Timestamp(as_of)
    counts = orders["customer_id"].notna() & np.isfinite(orders["amount"])
    rows = orders[counts & (orders["order_date"] < day + pd.Timedelta(days=1))]
    rows = rows[["customer_id", "order_id", "amount"]].assign(day=rows["order_date"].dt.normalize())
    refunds = rows["amount"] < 0
    some = bool(refunds.any())
    by = (rows[~refunds] if some else rows).groupby("customer_id")  # its keys are looked up once
    table = pd.DataFrame(
        {
            "first_order": by["day"].min(),
            "last_order": by["day"].max(),
            "frequency": by["day"].nunique(),
            "orders": by["order_id"].nunique(),
        }
    )
    money = (rows.groupby("customer_id") if some else by)["amount"].sum().round(2)
    table = table.reindex(money.index) if some else table
    table["monetary"] = money
    if some:
        gone = table.index.isin(rows.loc[refunds, "customer_id"].unique()) & (money <= 0)
        table.loc[gone, ["first_order", "last_order"]] = pd.NaT
        table.loc[gone, "frequency"] = 0
        table = table.fillna({"frequency": 0, "orders": 0}).astype({"frequency": "int64", "orders": "int64"})
    table["recency_days"] = (day - table["last_order"]).dt.days.astype("Int64")
    table["tenure_days"] = (day - table["first_order"]).dt.days.astype("Int64")
    table["aov"] = table["monetary"] / table["orders"].where(table["orders"] > 0)
    return table.reset_index()[COLUMNS]


def rfm(table: pd.DataFrame, segments: Mapping[str, str]) -> tuple[pd.DataFrame, dict[str, list[float]]]:
    """Scores 1 to 5 at the quantiles of the buyers and the segment of every code; `segments` by code, "555"."""
    buyers = table["frequency"].to_numpy() > 0
    code = np.zeros(len(table), dtype="int64")
    cuts, scores = {}, {}
    for letter, column, sign in (("r", "recency_days", -1), ("f", "frequency", 1), ("m", "monetary", 1)):
        values = table[column].to_numpy(dtype="float64", na_value=np.nan)
        edges = np.round(np.quantile(values[buyers], [0.2, 0.4, 0.6, 0.8]), 6)
        if len(set(edges)) < 4 or edges[-1] >= values[buyers].max():
            raise ValueError(f"{column}: cut points fall together; this shortcut does not spread the scores")
        level = np.searchsorted(edges, values)  # a value equal to a cut stands below it
        score = 1 + level if sign > 0 else 5 - level
        code = code * 10 + score
        cuts[column] = edges.tolist()
        scores[f"{letter}_score"] = pd.array(np.where(buyers, score, 0), dtype="Int64")
        scores[f"{letter}_score"][~buyers] = pd.NA
    names = np.full(556, "", dtype=object)
    for digits, segment in segments.items():
        names[int(digits)] = segment
    label = np.where(buyers, names[code], "prospect")
    return table.assign(rfm=pd.array(label, dtype="str"), **scores), cuts
