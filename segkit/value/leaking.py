"""Columns a prediction may not use: they know the outcome already, or say nothing about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from segkit.problems import Problem
from segkit.value.discrimination import auc
from segkit.value.points import keys

FILLED_APART = 0.8  # difference of filled shares from which blanks give the outcome away (示例参数)
TELLS_ALL = 0.98  # AUC that no honest column has, nor all of them together (示例参数)
MANY_VALUES = 0.5  # distinct texts per lead: an id or a date, no category
LEAST_FILLED = 10


def unusable(
    leads: pd.DataFrame, outcome: NDArray[np.bool_], columns: Sequence[str], allowed: Sequence[str]
) -> list[Problem]:
    """A problem for every one of `columns` that leaks the outcome or cannot be a feature; at most one each.

    Parameters
    ----------
    leads : the leads whose outcome is known
    outcome : whether each succeeded
    allowed : columns that are known beforehand whatever their name says
    """
    found = []
    for column in columns:
        problem = _unusable(leads[column], outcome, column, column in allowed)
        if problem is not None:
            found.append(problem)
    return found


def _unusable(cells: pd.Series, outcome: NDArray[np.bool_], column: str, allowed: bool) -> Problem | None:
    filled = cells.notna().to_numpy()
    won, lost = float(filled[outcome].mean()), float(filled[~outcome].mean())
    only_one = (won == 0) != (lost == 0) and filled.sum() >= LEAST_FILLED
    if only_one or abs(won - lost) > FILLED_APART:
        return Problem("value.leak.filled", {"won": won, "lost": lost}, column=column)
    word = None if allowed else _telling_word(column)
    if word:
        return Problem("value.leak.name", {"word": word, "column": column}, column=column)
    if is_datetime64_any_dtype(cells.dtype):
        return Problem("value.leak.date", column=column)
    if cells.nunique() <= 1:
        return Problem("value.leak.same", column=column)
    if not is_numeric_dtype(cells.dtype):
        distinct = int(cells.nunique())
        if distinct > MANY_VALUES * filled.sum():
            return Problem("value.leak.id", {"distinct": distinct, "n": int(filled.sum())}, column=column)
    power = _power(cells, outcome)
    if power > TELLS_ALL:
        return Problem("value.leak.tells_all", {"auc": power}, column=column)
    return None


def _power(cells: pd.Series, outcome: NDArray[np.bool_]) -> float:
    """AUC of this column alone: of the numbers in either direction, of texts by their success rate."""
    if is_numeric_dtype(cells.dtype):
        numbers = cells.to_numpy(dtype="float64", na_value=np.nan)
        known = np.isfinite(numbers)
        if not (outcome[known].any() and (~outcome[known]).any()):
            return 0.5
        value = auc(numbers[known], outcome[known]).value
        return max(value, 1 - value)
    rates = pd.Series(outcome.astype("float64")).groupby(keys(cells).fillna("").to_numpy()).transform("mean")
    return auc(rates.to_numpy(), outcome).value


@lru_cache(maxsize=1)
def _words() -> dict[str, list[str]]:
    text = resources.files("segkit.value").joinpath("after_outcome.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _telling_word(column: str) -> str | None:
    english = set(re.split(r"[^a-z]+", column.lower()))
    return next(
        (w for w in _words()["en"] if w in english), next((w for w in _words()["zh"] if w in column), None)
    )
