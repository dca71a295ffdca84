"""The repeat summary as plain numbers: read from any engine, what cannot be is named, equal rows counted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype, is_object_dtype

from segkit.customers import missing_columns
from segkit.problems import InputProblems, Problem

Floats = NDArray[np.float64]
Summary = IntoFrame | Mapping[str, Any]
TIMES = ("x", "t_x", "T")
MONEY = ("x", "repeat_value")
ROUNDING = 1e-9  # weeks are sevenths of days

# what may not be -> where it stands
WRONG: dict[str, tuple[tuple[str, ...], Callable[[pd.DataFrame], pd.Series]]] = {
    "negative": (("x",), lambda s: (s.drop(columns="repeat_value", errors="ignore") < 0).any(axis=1)),
    "part_of_a_purchase": (("x",), lambda s: s["x"] != s["x"].round()),
    "last_after_end": (TIMES, lambda s: s["t_x"] > s["T"] + ROUNDING),
    "repeat_at_once": (("x", "t_x"), lambda s: (s["x"] > 0) & (s["t_x"] == 0)),
    "repeat_without_purchase": (("x", "t_x"), lambda s: (s["x"] == 0) & (s["t_x"] > 0)),
}


def as_pandas(summary: Summary) -> pd.DataFrame:
    """Any engine's frame in pandas, one customer's mapping as a frame of one row.

    A pandas frame keeps its index; of other engines, whose rows may come in any order, the customer ids become
    it, beside their column.
    """
    if isinstance(summary, pd.DataFrame):
        return summary
    if isinstance(summary, Mapping):
        return pd.DataFrame([dict(summary)])
    frame: Any = nw.from_native(summary)
    rows: pd.DataFrame = (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_pandas()
    return rows.set_index("customer_id", drop=False).rename_axis(None) if "customer_id" in rows else rows


def read_summary(summary: Summary, columns: Sequence[str] = TIMES) -> pd.DataFrame:
    """`columns` of a repeat summary as floats, with the index of `as_pandas`.

    Raises
    ------
    InputProblems : a column is missing or no number, a value is missing, negative or contradicts another
    """
    rows = as_pandas(summary)
    problems = missing_columns(nw.from_native(rows), columns)
    if problems:
        raise InputProblems(problems)
    texts = [c for c in columns if not (is_numeric_dtype(rows[c]) or is_object_dtype(rows[c]))]
    if texts:
        kinds = [Problem("value.not_a_number", {"kind": str(rows[c].dtype)}, column=c) for c in texts]
        raise InputProblems(kinds)
    numbers = rows[list(columns)].apply(pd.to_numeric, errors="coerce").astype("float64")
    named = (rows["customer_id"] if "customer_id" in rows else rows.index.to_series()).to_numpy()
    missing = ~np.isfinite(numbers).all(axis=1)
    found = {"no_value": missing}
    for id, (needed, where) in WRONG.items():
        if set(needed) <= set(columns):
            found[id] = where(numbers) & ~missing
    problems = [
        Problem(f"value.summary.{id}", {"n": int(at.sum()), "customer": named[at.to_numpy()][0]})
        for id, at in found.items()
        if at.any()
    ]
    if problems:
        raise InputProblems(problems)
    return numbers


def distinct(numbers: pd.DataFrame) -> tuple[list[Floats], Floats]:
    """The distinct rows, column by column and in ascending order, and how many customers share each."""
    code = np.zeros(len(numbers), dtype=np.int64)
    levels = []
    for column in numbers:
        values, place = np.unique(numbers[column].to_numpy(), return_inverse=True)
        levels.append(values)
        code = code * len(values) + place
    codes, weights = np.unique(code, return_counts=True)
    columns = []
    for values in reversed(levels):
        columns.append(values[codes % len(values)])
        codes = codes // len(values)
    return columns[::-1], weights.astype("float64")
