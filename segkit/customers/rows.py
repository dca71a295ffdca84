"""The order rows that count, alike in every engine."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import narwhals as nw
import pandas as pd

from segkit.customers.arguments import Frame, missing_columns, raise_any
from segkit.problems import Problem

OrderIds = Literal["needed", "used", "unused"]  # used: where there are any


def counted_rows(
    orders: Any, as_of: dt.date, window_days: int | None, problems: list[Problem], *, order_ids: OrderIds
) -> Frame:
    """The rows that count: customer_id, day, amount; with ids also order_id and named (true where it is one).
    What is wrong with the orders is raised together with the `problems` found before."""
    frame = nw.from_native(orders)
    needed = ["order_id"] * (order_ids == "needed")
    missing = missing_columns(frame, ("customer_id", "order_date", "amount", *needed))
    raise_any([*problems, *missing] if missing else [])
    if frame.collect_schema()["order_date"] == nw.Object:
        frame = _parsed_objects(frame)
    kinds = frame.collect_schema()
    date_kind = kinds["order_date"]
    if not date_kind.is_temporal():
        problems.append(Problem("customers.date_is_text", {"kind": str(date_kind)}, column="order_date"))
    if not kinds["amount"].is_numeric():
        problems.append(Problem("customers.amount_is_text", {"kind": str(kinds["amount"])}, column="amount"))
    raise_any(problems)

    date = nw.col("order_date")
    if getattr(date_kind, "time_zone", None) is not None:  # the day on the clock of the column
        date = date.dt.replace_time_zone(None)
    whole_days = date_kind == nw.Date
    bound = (lambda d: d) if whole_days else (lambda d: dt.datetime(d.year, d.month, d.day))
    amount = nw.col("amount").cast(nw.Float64)
    # the date is compared as it stands, so that Parquet skips what lies outside
    keep = (
        ~nw.col("customer_id").is_null() & amount.is_finite() & (date < bound(as_of + dt.timedelta(days=1)))
    )
    if window_days is not None:
        keep = keep & (date >= bound(as_of - dt.timedelta(days=int(window_days) - 1)))
    ids = ["order_id"] if "order_id" in kinds and order_ids != "unused" else []
    day = date if whole_days else date.dt.truncate("1d")
    rows = frame.filter(keep).select(nw.col("customer_id"), day.alias("day"), amount, *ids)
    if not ids:
        return rows
    named = (nw.col("amount") >= 0) & ~nw.col("order_id").is_null()
    none = no_id(kinds["order_id"])
    if none is not None:
        named = named & (nw.col("order_id") != none)
    return rows.with_columns(named.alias("named"))


def no_id(kind: Any) -> Any:
    """A value of this kind that stands for no id.

    Not null: that would turn whole numbers into floats in pandas and blur long ids.
    """
    if kind.is_integer():
        return -1 if kind.is_signed_integer() else 0
    return "" if kind == nw.String else None


def _parsed_objects(frame: Frame) -> Frame:
    """pandas keeps plain `datetime.date` as objects: those become dates, text is not guessed at."""
    native = nw.to_native(frame)
    known = native["order_date"].dropna()
    if len(known) and all(isinstance(d, dt.date) for d in known.head(100)):
        native = native.assign(order_date=pd.to_datetime(native["order_date"]))
    return nw.from_native(native)
