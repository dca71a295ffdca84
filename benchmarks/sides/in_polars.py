"""Orders in a Polars frame: segkit and the same by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

import segkit
from segkit.schemes.segment_maps import named_map

ORDERS: dict[str, pl.DataFrame] = {}
MAP = named_map("eleven")
SEGMENTS = pl.DataFrame(
    [
        {"code": 100 * r + 10 * f + m, "rfm": MAP.find((r, f, m))}
        for r in range(1, 6)
        for f in range(1, 6)
        for m in range(1, 6)
    ]
)
COLUMNS = ("recency_days", "frequency", "monetary")
Labelled = tuple[pl.DataFrame, dict[str, list[float]]]


def open_orders(path: str) -> None:
    ORDERS.clear()
    ORDERS[path] = pl.read_parquet(path, columns=["order_id", "customer_id", "order_date", "amount"])


def segkit_rfm(path: str, as_of: str) -> Labelled:
    table = segkit.customer_table(ORDERS[path], as_of=as_of)
    scheme = segkit.RFM(bins=5, segments="eleven").fit(table)
    return scheme.label(table), {ladder.column: list(ladder.cuts) for ladder in scheme.score_ladders()}


def plain_rfm(path: str, as_of: str) -> Labelled:
    day = dt.date.fromisoformat(as_of)
    bought, stands = pl.col("amount") >= 0, (pl.col("refunds") == 0) | (pl.col("monetary") > 0)
    table = (
        ORDERS[path]
        .lazy()
        .filter(
            pl.col("customer_id").is_not_null(),
            pl.col("amount").is_finite(),
            pl.col("order_date") < day + dt.timedelta(days=1),
        )
        .with_columns(day=pl.col("order_date").dt.date())
        .group_by("customer_id")
        .agg(
            first_order=pl.col("day").filter(bought).min(),
            last_order=pl.col("day").filter(bought).max(),
            frequency=pl.col("day").filter(bought).n_unique(),
            orders=pl.col("order_id").filter(bought).n_unique(),
            monetary=pl.col("amount").sum().round(2),
            refunds=(~bought).sum(),
        )
        .with_columns(
            pl.when(stands).then(pl.col("first_order", "last_order")),
            frequency=pl.when(stands).then("frequency").otherwise(0),
            aov=pl.when(pl.col("orders") > 0).then(pl.col("monetary") / pl.col("orders")),
        )
        .with_columns(
            recency_days=(day - pl.col("last_order")).dt.total_days(),
            tenure_days=(day - pl.col("first_order")).dt.total_days(),
        )
        .select(
            *("customer_id", "first_order", "last_order", "recency_days", "frequency", "orders"),
            *("monetary", "aov", "tenure_days"),
        )
        .sort("customer_id")
        .collect()
    )
    buyers = table.filter(pl.col("frequency") > 0)
    cuts = {
        c: [round(buyers[c].quantile(p, "linear") or 0, 6) for p in (0.2, 0.4, 0.6, 0.8)] for c in COLUMNS
    }
    level = {c: sum((pl.col(c) > cut).cast(pl.Int64) for cut in cuts[c]) for c in COLUMNS}
    buys = pl.col("frequency") > 0
    labelled = (
        table.with_columns(
            r_score=pl.when(buys).then(5 - level["recency_days"]),
            f_score=pl.when(buys).then(1 + level["frequency"]),
            m_score=pl.when(buys).then(1 + level["monetary"]),
        )
        .with_columns(code=100 * pl.col("r_score") + 10 * pl.col("f_score") + pl.col("m_score"))
        .join(SEGMENTS, on="code", how="left", maintain_order="left")
        .with_columns(pl.col("rfm").fill_null("prospect"))
    )
    return labelled.select(*table.columns, "rfm", "r_score", "f_score", "m_score"), cuts


def facts(result: Labelled) -> dict[str, Any]:
    table, cuts = result
    told: dict[str, Any] = {"customers": len(table), "columns": table.columns, "cuts": cuts}
    told |= {c: int(table[c].sum()) for c in ("frequency", "orders", "recency_days", "tenure_days")}
    told |= {"cents": round(float(table["monetary"].sum() * 100)), "aov": float(table["aov"].sum())}
    marks = table.select("customer_id", "rfm", *(pl.col(f"{c}_score").cast(pl.Int64) for c in "rfm"))
    return told | {"labels": str(int(marks.hash_rows(seed=1).cast(pl.UInt64).sum() or 0))}
