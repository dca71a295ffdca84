"""A number that says how sure it is: value, interval, what it rests on and by which rule (估计与区间)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy.stats import norm, t

from segkit.locale import Lang, has_message, say
from segkit.problems import InputProblems, Problem

Unit = Literal["share", "points", "score", "money", "times", "days", "count", "ratio"]
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """One figure with its interval (置信区间).

    Attributes
    ----------
    value : the figure; None where nothing can be concluded, as from no answer
    low, high : ends of the interval; None where there is none, as from a single value
    n : what it rests on: customers, answers, orders
    level : how often such an interval holds the truth
    unit : of value, low and high; shares are in 0..1, points in -100..100
    method : how it was reckoned, an id of the messages `evaluate.method.*`; `facts` go into its words
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    level: float = LEVEL
    unit: Unit = "share"
    method: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def half(self) -> float | None:
        """Half the width of the interval: what stands behind the plus-minus."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    def rule(self, lang: Lang = "zh") -> str:
        """How it was reckoned, in words."""
        id = f"evaluate.method.{self.method}"
        return say(id, lang, level=self.level, n=self.n, **self.facts) if has_message(id) else self.method

    def text(self, lang: Lang = "zh") -> str:
        """The figure with its interval and n, or that there is none."""
        facts: dict[str, Any] = {"n": self.n, "level": self.level}
        if self.value is None:
            return say("evaluate.estimate.none", lang, **facts)
        facts["value"] = self._said(self.value)
        if self.low is None or self.high is None:
            return say("evaluate.estimate.value", lang, **facts)
        facts |= {"low": self._said(self.low), "high": self._said(self.high)}
        return say("evaluate.estimate", lang, **facts)

    def _said(self, value: float) -> str:
        if self.unit == "share":
            return f"{value * 100:.1f}%"
        digits = {"count": 0, "points": 1, "days": 1}.get(self.unit, 2)
        return f"{round(value, digits) + 0.0:,.{digits}f}"  # no -0.0


def proportion(k: float, n: float, level: float = LEVEL, *, method: str = "wilson", **facts: Any) -> Estimate:
    """How large is the share, and how sure is that? k of n, with Wilson's interval (比例).

    It stays within 0..1 and says something at 0 of 20 too, where k/n plus-minus says nothing. Of nobody (n = 0)
    there is no share, and no interval.

    Parameters
    ----------
    k, n : how many of how many, 0 <= k <= n
    level : in (0, 1)
    method, facts : id and facts of the rule that says who counts, where there is one

    Raises
    ------
    InputProblems : k or n are no such numbers

    References
    ----------
    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212; Brown, Cai & DasGupta (2001), Statistical Science 16, 101-133.
    """
    if not (math.isfinite(k) and math.isfinite(n) and 0 <= k <= n and 0 < level < 1):
        raise InputProblems([Problem("evaluate.proportion", {"k": k, "n": n, "level": level})])
    if n == 0:
        return Estimate(None, None, None, 0, level, "share", method, facts)
    z = z_of(level)
    p = k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return Estimate(p, low, high, int(n), level, "share", method, facts)


def mean(
    values: Iterable[float],
    level: float = LEVEL,
    *,
    unit: Unit = "score",
    method: str = "student",
    **facts: Any,
) -> Estimate:
    """What is the average, and how sure is that? With Student's interval (均值).

    Missing values are not counted. Of one value there is no interval, of none no average.
    """
    numbers = np.asarray(list(values), dtype="float64")
    numbers = numbers[~np.isnan(numbers)]
    n = len(numbers)
    if n == 0:
        return Estimate(None, None, None, 0, level, unit, method, facts)
    value = float(numbers.mean())
    if n == 1:
        return Estimate(value, None, None, 1, level, unit, method, facts)
    half = float(t.ppf(0.5 + level / 2, n - 1)) * float(numbers.std(ddof=1)) / math.sqrt(n)
    return Estimate(value, value - half, value + half, n, level, unit, method, facts)


def welch(
    one: Iterable[float], other: Iterable[float], level: float = LEVEL, *, unit: Unit = "money"
) -> Estimate:
    """How far is the average of one group above that of another? One less the other, with Welch's interval.

    Without an interval where a group has fewer than two, or nobody differs from the rest of the own group.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35.
    """
    sides = [np.asarray(list(side), dtype="float64") for side in (one, other)]
    n = sum(len(side) for side in sides)
    if not all(len(side) for side in sides):
        return Estimate(None, None, None, n, level, unit, "welch")
    value = float(sides[0].mean() - sides[1].mean())
    parts = [float(side.var(ddof=1)) / len(side) if len(side) > 1 else math.nan for side in sides]
    if not sum(parts) > 0:
        return Estimate(value, None, None, n, level, unit, "welch")
    freedom = sum(parts) ** 2 / sum(part**2 / (len(s) - 1) for part, s in zip(parts, sides, strict=True))
    half = float(t.ppf(0.5 + level / 2, freedom)) * math.sqrt(sum(parts))
    return Estimate(value, value - half, value + half, n, level, unit, "welch")


def sample_for(half: float, *, deviation: float = 0.5, level: float = LEVEL) -> int:
    """How many answers does it take for plus-minus `half`? (所需样本量)

    Parameters
    ----------
    half : half the width wanted, in the unit of the figure, above 0
    deviation : standard deviation of one answer: .5 for the worst case of a share, for the net promoter score
        what was seen, or 100 at worst
    """
    if not half > 0:
        raise InputProblems([Problem("evaluate.half", {"half": half})])
    return max(1, math.ceil((z_of(level) * deviation / half) ** 2 - 1e-9))


def z_of(level: float) -> float:
    """How many standard deviations hold `level` of a normal distribution: 1.96 for 95 %."""
    return float(norm.ppf(0.5 + level / 2))
