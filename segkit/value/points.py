"""The columns of a scorecard: how values fall into levels, and how many points each level is worth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from pydantic import BaseModel, ConfigDict

from segkit.locale import Lang, say
from segkit.schemes.wording import plain_number

Places = NDArray[np.intp]

LEAST_ROWS = 30  # of a level of its own; rarer values stand together (示例参数)
DIGITS = 3  # significant ones of a cut point, so that it can be read out
OTHER, MISSING = "other", "missing"


class Level(BaseModel):
    """One line of the card: a range or values of a column, and what it is worth.

    Attributes
    ----------
    values : texts or single numbers that belong here; empty for a range
    low, high : a range from `low`, included, to `high`, not included; None is without an end
    role : ``other`` for all rarer and new values, ``missing`` for blanks
    n, events : leads of `fit` on this level, and how many of them succeeded
    log_odds, log_odds_low, log_odds_high : against the column's commonest level, with the 95 % interval
    points : whole points, 0 for the least likely level of the column
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    role: str | None = None
    n: int = 0
    events: int = 0
    log_odds: float = 0.0
    log_odds_low: float = 0.0
    log_odds_high: float = 0.0
    points: int = 0

    def text(self, lang: Lang) -> str:
        """``≥ 10 且 < 50``, ``基金、银行理财``, ``其他``."""
        if self.role:
            return say(f"value.level.{self.role}", lang)
        if self.values:
            return say("value.level.values", lang, values=list(self.values))
        low = "" if self.low is None else f"≥ {plain_number(self.low)}"
        high = "" if self.high is None else f"< {plain_number(self.high)}"
        return say("schemes.range", lang, low=low, high=high) if low and high else low or high


class CardColumn(BaseModel):
    """A column of the card with its levels; `usual` is the place of the commonest one."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    levels: tuple[Level, ...]
    usual: int = 0

    @property
    def most(self) -> int:
        """Points of its best level."""
        return max(level.points for level in self.levels)

    def text(self, level: Level, lang: Lang) -> str:
        """A level as it is shown; 1 and 0 are yes and no where the column has nothing else."""
        if {value for other in self.levels for value in other.values} == {"0", "1"} and level.values:
            return say("workbook.yes" if level.values == ("1",) else "workbook.no", lang)
        return level.text(lang)

    def places(self, cells: pd.Series) -> Places:
        """The place of each cell's level; a value never seen is `other`, or else the commonest level."""
        of_role = {level.role: place for place, level in enumerate(self.levels) if level.role}
        unseen = of_role.get(OTHER, self.usual)
        ranges = [place for place, level in enumerate(self.levels) if not level.values and not level.role]
        if ranges:
            numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
            cuts = [self.levels[place].low for place in ranges[1:]]
            found = np.asarray(ranges)[
                np.searchsorted(np.asarray(cuts, dtype="float64"), numbers, side="right")
            ]
            blank = ~np.isfinite(numbers)
        else:
            texts = keys(cells)
            blank = texts.isna().to_numpy()
            of_value = {v: place for place, level in enumerate(self.levels) for v in level.values}
            found = np.array([of_value.get(text, unseen) for text in texts], dtype=np.intp)
        return np.where(blank, of_role.get(MISSING, self.usual), found)


def keys(cells: pd.Series) -> pd.Series:
    """Cells as the texts that categories are told by: 1, 1.0 and True are ``1``; empty texts are missing."""
    if is_bool_dtype(cells.dtype):
        cells = cells.astype("float64")
    code, values = pd.factorize(cells.astype("object"))
    texts = np.array([*(_key(value) or None for value in values), None], dtype=object)
    return pd.Series(texts[code], index=cells.index, dtype="object")


def _key(cell: Any) -> str:
    return _plain(float(cell)) if isinstance(cell, bool | int | float | np.number) else str(cell).strip()


def learn_column(name: str, cells: pd.Series, bins: int, cuts: Sequence[float] | None) -> CardColumn:
    """The levels of a column: ranges at `cuts` or at quantiles for numbers, values for texts and few numbers."""
    numeric = is_numeric_dtype(cells.dtype) and not is_bool_dtype(cells.dtype)
    if numeric and (cuts is not None or cells.nunique() > bins):
        numbers = cells.to_numpy(dtype="float64", na_value=np.nan)
        blank = ~np.isfinite(numbers)
        levels = _ranges(numbers[~blank], bins, cuts)
    else:
        texts = keys(cells)
        blank = texts.isna().to_numpy()
        levels = _values(texts[~blank])
    if blank.sum() >= LEAST_ROWS:
        levels.append(Level(role=MISSING))
    column = CardColumn(name=name, levels=tuple(levels))
    counts = np.bincount(column.places(cells), minlength=len(levels))
    return column.model_copy(update={"usual": int(counts.argmax())})


def _ranges(numbers: NDArray[np.float64], bins: int, cuts: Sequence[float] | None) -> list[Level]:
    edges = [None, *(_cuts(numbers, bins) if cuts is None else cuts), None]
    return [Level(low=low, high=high) for low, high in pairwise(edges)]


def _cuts(numbers: NDArray[np.float64], bins: int) -> list[float]:
    """Quantiles, as numbers one can read out; where many share the least value it is a range of its own."""
    least = numbers.min(initial=np.inf)
    above = numbers[numbers > least]
    if not len(above):
        return []
    if len(numbers) - len(above) < len(numbers) / bins:
        found = np.quantile(numbers, np.arange(1, bins) / bins)
    else:
        found = np.append(above.min(), np.quantile(above, np.arange(1, bins - 1) / (bins - 1)))
    readable = {float(f"{cut:.{DIGITS}g}") for cut in found}
    return sorted(cut for cut in readable if least < cut <= numbers.max())


def _values(texts: pd.Series) -> list[Level]:
    counts = texts.value_counts()
    often = sorted((str(v) for v in counts.index[counts >= LEAST_ROWS]), key=lambda v: (-counts[v], v))
    levels = [Level(values=(v,)) for v in often]
    if counts[counts < LEAST_ROWS].sum() >= LEAST_ROWS or not levels:
        levels.append(Level(role=OTHER))
    return levels


def _plain(value: float) -> str:
    return f"{value:,.6f}".rstrip("0").rstrip(".") if np.isfinite(value) else str(value)


def design(columns: Sequence[CardColumn], places: Sequence[Places]) -> NDArray[np.float64]:
    """One 0/1 column for every level but the commonest of each column."""
    parts = [
        at[:, None] == np.array([p for p in range(len(column.levels)) if p != column.usual])
        for column, at in zip(columns, places, strict=True)
    ]
    return np.hstack(parts).astype("float64")


def variables(columns: Sequence[CardColumn]) -> int:
    """How many numbers a model of these columns learns: one for each level but the first."""
    return sum(len(column.levels) - 1 for column in columns)


def weighed(
    columns: Sequence[CardColumn],
    places: Sequence[Places],
    outcome: NDArray[np.bool_],
    log_odds: NDArray[np.float64],
    errors: NDArray[np.float64],
    unit: float,
) -> tuple[CardColumn, ...]:
    """The columns with counts, log-odds and whole points of `unit` log-odds each."""
    done, start = [], 0
    for column, at in zip(columns, places, strict=True):
        size = len(column.levels)
        stop = start + size - 1
        own = np.insert(log_odds[start:stop], column.usual, 0.0)
        error = np.insert(errors[start:stop], column.usual, 0.0)
        start = stop
        points = np.rint((own - own.min()) / unit).astype(int)
        n = np.bincount(at, minlength=size)
        events = np.bincount(at[outcome], minlength=size)
        facts: list[dict[str, Any]] = [
            {
                "n": int(n[i]),
                "events": int(events[i]),
                "log_odds": float(own[i]),
                "log_odds_low": float(own[i] - 1.959964 * error[i]),
                "log_odds_high": float(own[i] + 1.959964 * error[i]),
                "points": int(points[i]),
            }
            for i in range(size)
        ]
        levels = tuple(level.model_copy(update=f) for level, f in zip(column.levels, facts, strict=True))
        done.append(column.model_copy(update={"levels": levels}))
    return tuple(done)
