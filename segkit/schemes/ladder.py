"""Cut points on one column: where a value stands, what moves it elsewhere, how cuts are learned."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from segkit.locale import say

Closed = Literal["right", "left"]
Frame = Any  # a Narwhals frame, eager or lazy

# how a column is shown and the smallest step it can make; other columns are shown plainly and have no step
FORMS: dict[str, tuple[str, float]] = {
    "recency_days": ("days", 1.0),
    "tenure_days": ("days", 1.0),
    "frequency": ("times", 1.0),
    "orders": ("times", 1.0),
    "monetary": ("money", 0.01),
    "aov": ("money", 0.01),
}
MOST_STEPS = 2**53  # whole numbers above it are not told apart
DIGITS = 6  # learned cut points are rounded to this many decimals


def step_at(column: str, value: float) -> float:
    """The smallest step of a column; 0 where it has none, or where the value is too large for it to show."""
    step = FORMS.get(column, ("plain", 0.0))[1]
    return step if step and abs(value) / step < MOST_STEPS else 0.0


class Target(NamedTuple):
    """The nearest value on the other side of a cut: `side` in at_least | at_most | more_than | below."""

    side: str
    value: float


@dataclass(frozen=True)
class Ladder:
    """Levels 0..n on a column, by n ascending cut points.

    A value equal to a cut stands below it when ``closed="right"`` (the interval ends with its right edge),
    above it when ``closed="left"``.
    """

    column: str
    cuts: tuple[float, ...]
    closed: Closed = "right"

    @property
    def form(self) -> str:
        return FORMS.get(self.column, ("plain", 0.0))[0]

    @property
    def span(self) -> float:
        """The yardstick for near and far on this column: lowest to highest cut point."""
        if not self.cuts:
            return 1.0
        return (self.cuts[-1] - self.cuts[0]) or abs(self.cuts[0]) or 1.0

    def value(self) -> nw.Expr:
        return nw.col(self.column).cast(nw.Float64)

    def known(self) -> nw.Expr:
        """True where there is a number: neither null nor NaN (Polars tells them apart, pandas does not)."""
        return ~nw.col(self.column).is_null() & self.value().is_finite()

    def level(self) -> nw.Expr:
        """The level a value stands on; meaningless where not `known`."""
        level = nw.lit(0)
        for cut in self.cuts:
            passed = self.value() > cut if self.closed == "right" else self.value() >= cut
            level = level + passed.cast(nw.Int64)
        return level

    def levels(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """`level` of plain numbers, for explanations."""
        return np.searchsorted(self.cuts, values, side="left" if self.closed == "right" else "right")

    def target(self, here: int, there: int) -> Target:
        """The value nearest to level `here` that stands on level `there`."""
        up = there > here
        cut = self.cuts[there - 1] if up else self.cuts[there]
        step = step_at(self.column, cut)
        if not step:
            sides = {("right", True): "more_than", ("right", False): "at_most"}
            sides |= {("left", True): "at_least", ("left", False): "below"}
            return Target(sides[self.closed, up], cut)
        steps = round(cut / step, 4)  # 0.3 / 0.01 is not quite 30
        last_below = math.floor(steps) if self.closed == "right" else math.ceil(steps) - 1
        return (
            Target("at_least", round((last_below + 1) * step, 2))
            if up
            else Target("at_most", round(last_below * step, 2))
        )

    def reached(self, target: Target) -> int:
        """The level a target stands on; for a bare cut point, the level its side names."""
        level = int(self.levels(np.array([target.value]))[0])
        if target.side == "more_than":
            return level + 1
        return level - 1 if target.side == "below" else level


class Cuts(NamedTuple):
    """What the `rows` of a column taught: cut points, and the commonest value where cut points fell together."""

    cuts: tuple[float, ...]
    common: float | None
    common_share: float | None
    rows: int


class Ranked(NamedTuple):
    """How many values a column has, the largest, and those at the ranks asked for, counted from 0."""

    rows: int
    largest: float
    at: Callable[[int], float]


def learn_cuts(
    frame: Frame, columns: Sequence[str], probabilities: Sequence[float], closed: Closed = "right"
) -> dict[str, Cuts]:
    """Cut points of each column at linear-interpolation quantiles of all its values.

    Rounded to six decimals, so that every engine learns the same. Equal ones are dropped, and one that has
    nobody on one side: at the maximum, or, where who has that value stands above (`closed` left), at the minimum.
    `frame` holds known numbers only; without rows there are no cut points.
    """
    numbers = frame.select(*(value_of(c).alias(c) for c in columns))
    eager = isinstance(frame, nw.DataFrame)
    ranked = (_ranked_here if eager else _ranked_in_engine)(numbers, columns, probabilities)
    learned = {}
    for c, told in ranked.items():
        if not told.rows:
            learned[c] = Cuts((), None, None, 0)
            continue
        rounded = sorted({_cut(told, p, closed) for p in probabilities})
        smallest, largest = round(told.at(0), DIGITS), round(told.largest, DIGITS)
        cuts = tuple(cut for cut in rounded if (cut < largest if closed == "right" else cut > smallest))
        fewer = len(cuts) < len(probabilities)
        common, share = _commonest(frame, c, told.rows) if fewer else (None, None)
        learned[c] = Cuts(cuts, common, share, told.rows)
    return learned


def _cut(told: Ranked, probability: float, closed: Closed) -> float:
    """A quantile, rounded; where rounding took it past a value on its side (10/3 to 3.333333) one step back."""
    place = probability * (told.rows - 1)
    rank = math.floor(place)
    below, above = told.at(rank), told.at(min(rank + 1, told.rows - 1))
    exact = below + (above - below) * (place - rank)
    cut = round(exact, DIGITS)
    if closed == "right":
        included = above if above <= exact else below  # the largest value that is not above the quantile
        return round(cut + 10**-DIGITS, DIGITS) if included > cut else cut
    included = below if below >= exact else above  # the smallest that is not below it
    return round(cut - 10**-DIGITS, DIGITS) if included < cut else cut


def rounded_down(value: float) -> float:
    """Six decimals, of large values twelve digits, downwards: what stands at a mean stays at or above it, and the
    last bits, in which engines differ, are gone first."""
    if not value or not math.isfinite(value):
        return value
    digits = max(0, DIGITS - max(0, math.floor(math.log10(abs(value))) - DIGITS + 1))
    return math.floor(round(value * 10**digits, 3)) / 10**digits


def _ranked_here(numbers: Frame, columns: Sequence[str], probabilities: Sequence[float]) -> dict[str, Ranked]:
    ranked = {}
    for c in columns:
        values = np.asarray(numbers[c].to_numpy(), dtype="float64")
        last = len(values) - 1
        places = {math.floor(p * last) for p in probabilities}
        ranks = sorted({min(place + step, last) for place in places for step in (0, 1)} | {0, last})
        values = np.partition(values, ranks) if len(values) else values
        ranked[c] = Ranked(len(values), float(values[-1]) if len(values) else 0.0, values.item)
    return ranked


def _ranked_in_engine(
    numbers: Frame, columns: Sequence[str], probabilities: Sequence[float]
) -> dict[str, Ranked]:
    """From the counts of distinct values, in one query: an engine's own quantile holds every value in memory."""
    counts = [
        numbers.select(nw.col(c).alias("value"))
        .group_by("value")
        .agg(nw.len().cast(nw.Float64).alias("n"))
        .with_columns(nw.lit(c).alias("column"))
        for c in columns
    ]
    running = nw.concat(counts).with_columns(
        nw.col("n").cum_sum().over("column", order_by="value").alias("upto"),
        nw.col("n").sum().over("column").alias("rows"),
    )
    wanted = (nw.col("upto") == nw.col("rows")) | (nw.col("upto") == nw.col("n"))  # the last and the first
    for p in probabilities:
        place = (nw.col("rows") - 1) * p
        # wide enough for any rounding of the product
        wanted = wanted | ((nw.col("upto") > place - 1) & (nw.col("upto") - nw.col("n") < place + 2))
    found = running.filter(wanted).collect("pyarrow").to_pandas().sort_values("value")
    ranked = {}
    for c in columns:
        own = found[found["column"] == c]
        values, upto = own["value"].to_numpy(), own["upto"].to_numpy()
        size = int(upto[-1]) if len(own) else 0
        ranked[c] = Ranked(size, float(values[-1]) if size else 0.0, _picker(values, upto))
    return ranked


def _picker(values: NDArray[np.float64], upto: NDArray[np.float64]) -> Callable[[int], float]:
    return lambda rank: float(values[np.searchsorted(upto, rank, side="right")])


def value_of(column: str) -> nw.Expr:
    return nw.col(column).cast(nw.Float64)


def _commonest(frame: Frame, column: str, rows: int) -> tuple[float, float]:
    counts = frame.select(value_of(column).alias("value")).group_by("value").agg(nw.len().alias("n"))
    first = one_row(counts.sort("n", "value", descending=[True, False]).head(1))
    return round(float(first["value"]), DIGITS), round(int(first["n"]) / int(rows), 4)


def spread(levels: int, bins: int) -> tuple[int, ...]:
    """Scores of `levels` levels within 1..bins: the ends keep 1 and bins, the others spread evenly.

    A single level scores (bins + 1) // 2: where nobody differs, nobody is best.
    """
    if levels == 1:
        return ((bins + 1) // 2,)
    return tuple(1 + (2 * i * (bins - 1) + levels - 1) // (2 * (levels - 1)) for i in range(levels))


def worth_of(level: nw.Expr, worth: Sequence[int]) -> nw.Expr:
    """`worth` of a level, one entry per level."""
    steps = [high - low for low, high in pairwise(worth)]
    if len(set(steps)) == 1:
        return level * steps[0] + worth[0]
    total = nw.lit(worth[0])
    for below, step in enumerate(steps):
        total = total + (level > below).cast(nw.Int64) * step
    return total


def one_row(frame: Frame) -> dict[str, Any]:
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return {name: values[0] for name, values in eager.to_dict(as_series=False).items()}


def refusal(id: str, at: str, **facts: Any) -> PydanticCustomError:
    """What a validator raises; id and facts travel on, so `scheme_from` can say it in any language."""
    text = say(id, "en", at=at, **facts)
    return PydanticCustomError(id, text.replace("{", "(").replace("}", ")"), facts)
