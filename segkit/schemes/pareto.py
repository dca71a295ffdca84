"""ABC classes by cumulative share, and how concentrated a business is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Literal, Self

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from numpy.typing import NDArray
from pydantic import Field, model_validator

from segkit.locale import Lang, percent, say
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import UNKNOWN
from segkit.schemes.cells import Cell, CellScheme
from segkit.schemes.ladder import Frame, Ladder, refusal, value_of
from segkit.schemes.wording import range_text

CLASSES = ("C", "B", "A")
Share = Annotated[float, Field(gt=0, lt=1)]


class Pareto(CellScheme):
    """Which customers carry the business? Classes by cumulative share of value (ABC 分类).

    A customer belongs to A while the share *before* it, largest first, is below `cuts[0]`, so A is never
    empty; customers of equal value share a class. Values at or below zero are class C; a missing value is
    ``unknown``.

    Parameters
    ----------
    value : name of the column, in the client's currency, one row per customer
    cuts : cumulative shares in (0, 1), ascending; 0.70 / 0.90 after SAP's customer ABC
    floor : the smallest value still in A, and in B; learned, so one customer or a new file can be labelled
        without breaking a tie. Empty where no value was above zero: all are C then.
    left_out : customers of `fit` with a value at or below zero; learned

    Raises
    ------
    NotFitted : `label` before `fit`

    References
    ----------
    Pareto (1896); SAP HANA PAL, ABC analysis.
    """

    kind: Literal["pareto"] = "pareto"
    value: str = "monetary"
    cuts: tuple[Share, Share] = (0.70, 0.90)
    floor: tuple[float, float] | None = None
    left_out: int | None = None

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.cuts[0] >= self.cuts[1]:
            raise refusal("schemes.ascending", self.kind, values=list(self.cuts))
        return self

    @classmethod
    def _usual_name(cls) -> str:
        return "abc"

    @property
    def fitted(self) -> bool:
        return self.left_out is not None

    def needs(self) -> tuple[str, ...]:
        return (self.value,)

    def order(self) -> tuple[str, ...]:
        return (*CLASSES[::-1], UNKNOWN)

    def fit(self, customers: IntoFrame) -> Self:
        frame: Frame = nw.from_native(customers)
        self._require(frame)
        known = frame.filter(Ladder(self.value, ()).known()).select(value_of(self.value).alias("value"))
        counts = known.group_by("value").agg(nw.len().alias("n"))
        table = (counts.collect() if isinstance(counts, nw.LazyFrame) else counts).to_pandas()
        values = table["value"].to_numpy(dtype="float64")
        n = table["n"].to_numpy(dtype="int64")
        positive = values > 0
        floor = _floors(values[positive], n[positive], self.cuts)
        return self.model_copy(update={"floor": floor, "left_out": int(n[~positive].sum())})

    def ladders(self) -> tuple[Ladder, ...]:
        return (Ladder(self.value, self.floor[::-1] if self.floor else (), "left"),)

    def cell_label(self, cell: Cell) -> str:
        return CLASSES[cell[0]]

    def rule(self, lang: Lang) -> list[str]:
        ladder = self.ladders()[0]
        steps = [
            say("schemes.step", lang, range=range_text(ladder, i, lang), label=self.label_name(c, lang))
            for i, c in reversed(list(enumerate(CLASSES[: len(ladder.cuts) + 1])))
            if not (i == 1 and ladder.cuts[0] == ladder.cuts[1])  # one floor for A and B: B is empty
        ]
        name = self.measure(self.value, lang)
        shares = {"a": percent(self.cuts[0], 0), "b": percent(self.cuts[1], 0)}
        return [
            say("schemes.rule.pareto", lang, measure=name, **shares),
            say("schemes.rule.bands", lang, measure=name, steps=steps),
        ]

    def notes(self, lang: Lang = "zh") -> list[str]:
        name = self.measure(self.value, lang)
        if self.fitted and self.floor is None:
            return [say("schemes.note.nothing_positive", lang, measure=name)]
        if self.left_out:
            return [say("schemes.note.not_positive", lang, n=self.left_out, measure=name)]
        return []


def _floors(
    values: NDArray[np.float64], n: NDArray[np.int64], cuts: tuple[float, float]
) -> tuple[float, float] | None:
    """The smallest value whose share before it is below each cut; `n` customers hold each value."""
    if not len(values):
        return None
    largest_first = np.argsort(values)[::-1]
    values, n = values[largest_first], n[largest_first]
    upto = np.cumsum(values * n)
    # rounded: .7 is not below .7, whatever the last bits say
    before = np.round(np.concatenate([[0.0], upto[:-1]]) / upto[-1], 9)
    a, b = (float(values[before < cut][-1]) for cut in cuts)
    return a, b


def gini(values: Iterable[float]) -> float:
    """How unequally is value spread? 0 where all have the same, (n - 1) / n where one has all (基尼系数).

    Missing and infinite values are left out; all zero counts as equal.

    Raises
    ------
    InputProblems : a value is negative, or there is none
    """
    x = _ascending(values)
    if not x.sum():
        return 0.0
    ranks = np.arange(1, len(x) + 1)
    return float(2 * (ranks * x).sum() / (len(x) * x.sum()) - (len(x) + 1) / len(x))


def lorenz(values: Iterable[float]) -> pd.DataFrame:
    """The Lorenz curve: `customers`, `value`, cumulative shares from the smallest customer up, from (0, 0) to
    (1, 1).

    Raises
    ------
    InputProblems : a value is negative, there is none, or all are zero
    """
    x = _ascending_above_zero(values)
    upto = np.concatenate([[0.0], np.cumsum(x)])
    return pd.DataFrame({"customers": np.arange(len(x) + 1) / len(x), "value": upto / upto[-1]})


def top_share(values: Iterable[float], share: float) -> float:
    """What share of all value do the top `share` of customers hold? A started customer counts: 20 % of 7 are
    2.

    Raises
    ------
    InputProblems : a value is negative, there is none, or all are zero
    """
    x = _ascending_above_zero(values)
    top = math.ceil(round(share * len(x), 9))
    return float(x[len(x) - top :].sum() / x.sum())


def _ascending(values: Iterable[float]) -> NDArray[np.float64]:
    x = pd.to_numeric(pd.Series(list(values), dtype="object")).astype("float64").dropna().to_numpy()
    x = x[np.isfinite(x)]
    negative = int((x < 0).sum())
    if negative:
        raise InputProblems([Problem("schemes.negative_values", {"n": negative})])
    if not len(x):
        raise InputProblems([Problem("schemes.no_values")])
    return np.sort(x)


def _ascending_above_zero(values: Iterable[float]) -> NDArray[np.float64]:
    x = _ascending(values)
    if not x.sum():
        raise InputProblems([Problem("schemes.no_values")])
    return x
