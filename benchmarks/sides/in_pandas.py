"""Orders in a pandas frame: segkit and the same by hand, in one process and on the same frame."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

import segkit
from segkit.schemes.segment_maps import named_map
from sides import plain_pandas

ORDERS: dict[str, pd.DataFrame] = {}
ONE: dict[str, Any] = {}
MAP = named_map("eleven")
SEGMENTS = {f"{r}{f}{m}": MAP.find((r, f, m)) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)}


def open_orders(path: str) -> None:
    ORDERS.clear()
    ORDERS[path] = pd.read_parquet(path, columns=["order_id", "customer_id", "order_date", "amount"])


def segkit_rfm(path: str, as_of: str) -> tuple[pd.DataFrame, dict[str, list[float]]]:
    table = segkit.customer_table(ORDERS[path], as_of=as_of)
    scheme = segkit.RFM(bins=5, segments="eleven").fit(table)
    cuts = {ladder.column: list(ladder.cuts) for ladder in scheme.score_ladders()}
    return scheme.label(table), cuts


def plain_rfm(path: str, as_of: str) -> tuple[pd.DataFrame, dict[str, list[float]]]:
    return plain_pandas.rfm(plain_pandas.customer_table(ORDERS[path], as_of), SEGMENTS)


def segkit_summary(path: str, as_of: str) -> pd.DataFrame:
    return segkit.repeat_summary(ORDERS[path], as_of=as_of, unit="day")


def fit_for_one(path: str, as_of: str) -> None:
    """Learn a scheme and lay some customers ready for `label_one` and `explain_one`."""
    table = segkit.customer_table(ORDERS[path], as_of=as_of)
    ONE["scheme"] = segkit.RFM(bins=5, segments="eleven").fit(table)
    ONE["customers"] = itertools.cycle([table.iloc[[at]] for at in range(0, len(table), len(table) // 50)])


def label_one() -> None:
    ONE["scheme"].label(next(ONE["customers"]))


def explain_one() -> None:
    ONE["scheme"].explain(next(ONE["customers"]).iloc[0].to_dict(), lang="zh")


def split(path: str, share: float) -> None:
    """Keep the table of the orders before a day for `brought_forward`, with the `share` of orders after it."""
    orders = ORDERS[path]
    day = orders["order_date"].quantile(1 - share, interpolation="nearest").normalize()
    before = orders[orders["order_date"] < day + pd.Timedelta(days=1)]
    ORDERS["new"] = orders[orders["order_date"] >= day + pd.Timedelta(days=1)].reset_index(drop=True)
    ORDERS["table"] = segkit.customer_table(before, as_of=day.date())


def brought_forward(as_of: str) -> pd.DataFrame:
    return segkit.update(ORDERS["table"], ORDERS["new"], as_of=as_of)


def afresh(path: str, as_of: str) -> pd.DataFrame:
    return segkit.customer_table(ORDERS[path], as_of=as_of)


def facts(result: Any) -> dict[str, Any]:
    """What two ways of getting this must agree in."""
    table, cuts = result if isinstance(result, tuple) else (result, None)
    told: dict[str, Any] = {"customers": len(table)}
    if "new" in ORDERS:
        told["new_share"] = len(ORDERS["new"]) / max(
            len(ORDERS[p]) for p in ORDERS if p not in ("new", "table")
        )
    if "x" in table:
        repeats = {c: float(table[c].sum()) for c in ("x", "t_x", "T")}
        return told | repeats | {"repeat_value": round(float(table["repeat_value"].sum()), 2)}
    told |= {"columns": list(table.columns)}
    told |= {c: int(table[c].sum()) for c in ("frequency", "orders", "recency_days", "tenure_days")}
    told |= {"cents": round(float(table["monetary"].sum() * 100)), "aov": float(table["aov"].sum())}
    if cuts is None:
        return told
    columns = ["customer_id", "rfm", "r_score", "f_score", "m_score"]
    marks = pd.util.hash_pandas_object(table[columns], index=False)
    return told | {
        "cuts": cuts,
        "labels": str(int(marks.sum())),
        "segments": table["rfm"].value_counts().to_dict(),
    }
