"""What changed, and was it us? Difference in differences, and what a before/after comparison cannot say (双重差分)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t

from segkit.evaluate.estimate import LEVEL, Estimate, Unit, z_of
from segkit.evaluate.experiment import TREATED
from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem

CONTROL = "control"
BEFORE, AFTER = PERIODS = ("before", "after")
Pair = tuple[float, float]  # before, after


@dataclass(frozen=True)
class Difference(Estimate):
    """Difference in differences, with the two comparisons it replaces.

    Attributes
    ----------
    treated, control : mean before and after
    assumption : what has to hold for it to be the effect, by id of the messages
    """

    treated: Pair = (math.nan, math.nan)
    control: Pair = (math.nan, math.nan)
    assumption: str = "evaluate.did.assumption"

    @property
    def before_after(self) -> float:
        """What the treated alone would have one believe."""
        return self.treated[1] - self.treated[0]

    @property
    def after_only(self) -> float:
        """What the groups would have one believe, looked at afterwards only."""
        return self.treated[1] - self.control[1]

    def caution(self, lang: Lang = "zh") -> str:
        """What has to hold for this to be the effect, in words."""
        return say(self.assumption, lang)


def did(
    frame: pd.DataFrame | None = None,
    *,
    treated: Pair | None = None,
    control: Pair | None = None,
    errors: Sequence[float] | None = None,
    n: int = 0,
    unit: Unit = "ratio",
    level: float = LEVEL,
) -> Difference:
    """How much more did those change who got something new than those who did not? (双重差分)

    It is the effect if both would have changed alike without it: look at earlier periods, or at customers whom it
    cannot concern. Where whole regions or shops got it, what else happened there counts too, and two regions on
    either side are few to tell (Bertrand, Duflo & Mullainathan 2004).

    Parameters
    ----------
    frame : one row per observation: `group` (treated | control), `period` (before | after), `value`; with
        `customer_id` the rows of one customer hang together, also over both periods
    treated, control : instead of a frame: the means (before, after)
    errors : with means: their four standard errors (treated before, after, control before, after); without them
        there is no interval
    n : with means: what they rest on
    unit : of the value
    level : of the interval

    Returns
    -------
    Difference : `value` = (treated after - before) - (control after - before)

    Raises
    ------
    InputProblems : a column or a mean is missing, or a group has no row in a period

    References
    ----------
    Angrist & Pischke (2009), Mostly Harmless Econometrics, 5.2; the interval after Welch (1947), with several rows of a
    customer after Liang & Zeger (1986).
    """
    if frame is not None:
        return _from_rows(frame, unit, level)
    if treated is None or control is None:
        raise InputProblems([Problem("evaluate.did.four_means", {})])
    value = (treated[1] - treated[0]) - (control[1] - control[0])
    half = None if errors is None else z_of(level) * math.sqrt(sum(error**2 for error in errors))
    low, high = (None, None) if half is None else (value - half, value + half)
    return Difference(value, low, high, n, level, unit, "did", treated=treated, control=control)


def _from_rows(frame: pd.DataFrame, unit: Unit, level: float) -> Difference:
    missing = [column for column in ("group", "period", "value") if column not in frame]
    if missing:
        raise InputProblems([Problem("evaluate.no_column", {"columns": missing})])
    rows = frame.assign(value=pd.to_numeric(frame["value"], errors="coerce")).dropna(subset=["value"])
    cells = [(group, period) for group in (TREATED, CONTROL) for period in PERIODS]
    parts = [rows[(rows["group"] == group) & (rows["period"] == period)] for group, period in cells]
    empty = [f"{group}/{period}" for (group, period), part in zip(cells, parts, strict=True) if part.empty]
    if empty:
        raise InputProblems([Problem("evaluate.did.empty_cell", {"cells": empty})])
    means = [float(part["value"].mean()) for part in parts]
    signs = (-1, 1, 1, -1)
    value = sum(sign * mean for sign, mean in zip(signs, means, strict=True))
    own = "customer_id" in rows and rows["customer_id"].duplicated().any()
    variance, freedom = _of_customers(parts, means, signs) if own else _of_cells(parts)
    half = float(t.ppf(0.5 + level / 2, freedom)) * math.sqrt(variance) if freedom > 0 else None
    return Difference(
        value,
        None if half is None else value - half,
        None if half is None else value + half,
        sum(map(len, parts)),
        level,
        unit,
        "did_customers" if own else "did",
        treated=(means[0], means[1]),
        control=(means[2], means[3]),
    )


def _of_cells(parts: Sequence[pd.DataFrame]) -> tuple[float, float]:
    """Variance of the contrast of independent means, and its degrees of freedom; 0 of these where it is unknown."""
    if min(map(len, parts)) < 2:
        return 0.0, 0.0
    each = np.array([float(part["value"].var(ddof=1)) / len(part) for part in parts])
    of = np.array([len(part) - 1 for part in parts])
    total = float(each.sum())
    return total, 1 / float(((each / total) ** 2 / of).sum()) if total else 1.0


def _of_customers(
    parts: Sequence[pd.DataFrame], means: Sequence[float], signs: Sequence[int]
) -> tuple[float, float]:
    """The same where the rows of one customer hang together, within and over the cells."""
    pulls = pd.concat(
        [
            (sign * (part["value"] - mean) / len(part)).groupby(part["customer_id"]).sum()
            for part, mean, sign in zip(parts, means, signs, strict=True)
        ]
    )
    by_customer = pulls.groupby(level=0).sum()
    customers = len(by_customer)
    if customers < 3:
        return 0.0, 0.0
    return float((by_customer**2).sum()) * customers / (customers - 1), customers - 1.0


# --- without a control -----------------------------------------------------------------------------


@dataclass(frozen=True)
class BeforeAfter(Estimate):
    """A change without anybody to compare with. It proves nothing, and says so.

    Attributes
    ----------
    before, after : means
    expected : the change of these customers that chance alone would have brought, as far as everybody is known
    proves : always False
    """

    before: float = math.nan
    after: float = math.nan
    expected: float | None = None
    proves: bool = False

    def caution(self, lang: Lang = "zh") -> str:
        """Why this is no effect, in words."""
        return say("evaluate.before_after", lang)

    def text(self, lang: Lang = "zh") -> str:
        """The change with its interval, never without the caution."""
        return f"{super().text(lang)} {self.caution(lang)}"


def before_after(
    before: Sequence[float] | pd.Series,
    after: Sequence[float] | pd.Series,
    *,
    everybody: tuple[Sequence[float] | pd.Series, Sequence[float] | pd.Series] | None = None,
    unit: Unit = "ratio",
    level: float = LEVEL,
) -> BeforeAfter:
    """How much did the same customers change? No proof of anything: whoever was picked for being high falls back
    by himself (回归均值), and seasons move everybody.

    Parameters
    ----------
    before, after : one value per customer, in the same order
    everybody : the same of all customers, those picked and the others; then `expected` says how much of the change
        the pick alone explains: m2 + r s2/s1 (x1 - m1) - x1 with means m, deviations s and correlation r

    Raises
    ------
    InputProblems : the two are not of the same customers

    References
    ----------
    Galton (1886), J. Anthropol. Inst. 15, 246-263; Davis (1976), Am. J. Epidemiol. 104, 493-498.
    """
    one, other = _paired(before, after)
    change = other - one
    n = len(change)
    if n == 0:
        return BeforeAfter(None, None, None, 0, level, unit, "before_after")
    value = float(change.mean())
    half = float(t.ppf(0.5 + level / 2, n - 1)) * float(change.std(ddof=1)) / math.sqrt(n) if n > 1 else None
    return BeforeAfter(
        value,
        None if half is None else value - half,
        None if half is None else value + half,
        n,
        level,
        unit,
        "before_after",
        before=float(one.mean()),
        after=float(other.mean()),
        expected=None if everybody is None else _falls_back(float(one.mean()), *_paired(*everybody)),
    )


def _paired(
    before: Sequence[float] | pd.Series, after: Sequence[float] | pd.Series
) -> tuple[np.ndarray, np.ndarray]:
    one, other = (np.asarray(values, dtype="float64") for values in (before, after))
    if one.shape != other.shape:
        raise InputProblems([Problem("evaluate.not_paired", {"before": len(one), "after": len(other)})])
    known = ~(np.isnan(one) | np.isnan(other))
    return one[known], other[known]


def _falls_back(level: float, before: np.ndarray, after: np.ndarray) -> float | None:
    """The change expected of customers picked for having `level` before, if nothing is done."""
    if len(before) < 3 or before.std() == 0:
        return None
    slope = float(np.cov(before, after)[0, 1] / before.var(ddof=1))
    return float(after.mean() + slope * (level - before.mean()) - level)
