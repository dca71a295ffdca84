"""The engines that customers and schemes run on, and how to compare what they give back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import polars as pl


def as_polars(frame: pd.DataFrame) -> pl.DataFrame:
    return pl.from_pandas(frame)


def as_lazy(frame: pd.DataFrame) -> pl.LazyFrame:
    return pl.from_pandas(frame).lazy()


def as_duckdb(frame: pd.DataFrame) -> duckdb.DuckDBPyRelation:
    # a copy in Arrow keeps the types of all-null columns and does not hang on the pandas frame
    return duckdb.from_arrow(pl.from_pandas(frame).to_arrow())


def as_spark(session: Any, frame: pd.DataFrame) -> Any:
    """A Spark frame; of every table all columns, the all-null ones too, keep their types on the way through Arrow."""
    return session.createDataFrame(pl.from_pandas(frame).to_arrow())


ENGINES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "polars": as_polars,
    "lazy": as_lazy,
    "duckdb": as_duckdb,
}
KINDS: dict[str, type] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "lazy": pl.LazyFrame,
    "duckdb": duckdb.DuckDBPyRelation,
}


def back(native: Any) -> pd.DataFrame:
    """Any engine's table as plain Python values in pandas, by customer_id: ready to be compared exactly."""
    if isinstance(native, pl.LazyFrame):
        native = native.collect()
    if isinstance(native, duckdb.DuckDBPyRelation):
        native = native.pl()
    if type(native).__module__.startswith("pyspark."):
        native = pl.from_arrow(native.toArrow())
    if isinstance(native, pl.DataFrame):
        columns = {c: native[c].to_list() for c in native.columns}
    else:
        columns = {c: native[c].tolist() for c in native.columns}
    plain = {c: [None if pd.isna(v) else v for v in values] for c, values in columns.items()}
    frame = pd.DataFrame({c: pd.Series(values, dtype=object) for c, values in plain.items()})
    for c in ("first_order", "last_order"):
        if c in frame:
            frame[c] = [None if v is None else pd.Timestamp(v).date() for v in frame[c]]
    return frame.sort_values("customer_id", ignore_index=True)
