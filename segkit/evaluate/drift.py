"""Has the mix shifted? The population stability index of two distributions over the same classes (分布漂移)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from segkit.evaluate.estimate import LEVEL, Estimate
from segkit.locale import Lang, say, term
from segkit.problems import InputProblems, Problem

Band = Literal["stable", "watch", "act"]
# up to here stable, up to here watch, above act: R scorecard `perf_psi`; Alibaba Cloud PAI. Others put .2 for .25.
BANDS: tuple[tuple[float, Band], ...] = ((0.1, "stable"), (0.25, "watch"), (math.inf, "act"))
Amounts: TypeAlias = Sequence[float] | Mapping[str, float] | pd.Series


@dataclass(frozen=True)
class Drift(Estimate):
    """How far a distribution has moved; `value` is the index, 0 where nothing changed. It has no interval: what
    chance does stands beside it.

    Attributes
    ----------
    band : ``stable``, ``watch`` or ``act``
    noise : what chance alone gives on average where nothing changed, (k - 1)(1/n_e + 1/n_a); None where the
        numbers behind the shares are not known
    chance : what chance alone exceeds once in twenty times; None as above
    smoothed : classes empty on one side, which were given half a customer so that there is a logarithm
    table : one row per class: `expected, actual` (shares), `part` (what it adds to the index)
    """

    band: Band | None = None
    noise: float | None = None
    chance: float | None = None
    smoothed: tuple[str, ...] = ()
    table: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False, hash=False)

    @property
    def beyond_chance(self) -> bool | None:
        """Is it more than chance does? None where that cannot be told."""
        return None if self.value is None or self.chance is None else self.value > self.chance

    @property
    def too_few(self) -> bool:
        """Could chance alone reach the first band? Then a value below its line says nothing."""
        return self.chance is not None and self.chance >= BANDS[0][0] and not self.beyond_chance

    @property
    def needed(self) -> int | None:
        """Customers on either side from which on chance stays below the first band; None without classes."""
        k = len(self.table)
        return math.ceil(2 * float(chi2.ppf(self.level, k - 1)) / BANDS[0][0]) if k > 1 else None

    def text(self, lang: Lang = "zh") -> str:
        """The index, its band, and what chance does."""
        if self.value is None or self.band is None:
            return super().text(lang)
        said = say("evaluate.psi", lang, value=self.value, band=term(f"drift.{self.band}", lang))
        if self.noise is not None:
            said += say("evaluate.psi_noise", lang, noise=self.noise, chance=self.chance)
        if self.smoothed:
            said += say("evaluate.psi_smoothed", lang, labels=list(self.smoothed))
        return said


def psi(
    expected: Amounts,
    actual: Amounts,
    *,
    n_expected: int | None = None,
    n_actual: int | None = None,
    level: float = LEVEL,
) -> Drift:
    """Has the mix of customers shifted since the baseline? Population stability index (群体稳定性指标).

    Sum over the classes of (a - e) ln(a / e). The classes are those of the baseline: labels, or intervals fixed on
    the baseline by `binned`.

    Parameters
    ----------
    expected, actual : customers (or shares) per class, in the same order; or by label, where a class missing on one
        side is empty there. Whole numbers are customers.
    n_expected, n_actual : customers behind shares; left out where counts are given

    Returns
    -------
    A `Drift`. A class empty on one side is given half a customer (eps = .5 / n), and named in `smoothed`; one
    empty on both sides is left out. No value where one of the sides has nobody.

    Raises
    ------
    InputProblems : not the same number of classes, negative or missing amounts, an empty class among shares of
        which nobody said how many customers are behind them

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards; on noise: Yurdakul & Naranjo (2020), J. Risk Model Validation 14(4).
    """
    labels, e, a = _aligned(expected, actual)
    problems = [
        Problem("evaluate.psi_amounts", {"at": at})
        for at, side in (("expected", e), ("actual", a))
        if not (np.isfinite(side).all() and (side >= 0).all())
    ]
    if problems:
        raise InputProblems(problems)
    kept = (e > 0) | (a > 0)
    labels, e, a = [x for x, keep in zip(labels, kept, strict=True) if keep], e[kept], a[kept]
    n = [_behind(side, said) for side, said in ((e, n_expected), (a, n_actual))]
    if not len(e) or not e.sum() or not a.sum():
        return Drift(None, None, None, 0, level, "ratio", "psi")
    empty = [x for x, one, other in zip(labels, e, a, strict=True) if not (one and other)]
    if empty and None in n:
        raise InputProblems([Problem("evaluate.psi_empty", {"labels": empty})])
    e, a = (_smoothed(side, size) for side, size in zip((e, a), n, strict=True))
    parts = (a - e) * np.log(a / e)
    value = float(parts.sum())
    table = pd.DataFrame({"expected": e, "actual": a, "part": parts}, index=pd.Index(labels, name="label"))
    band = next(band for limit, band in BANDS if value < limit or (value == limit and band == "watch"))
    noise = chance = None
    if n[0] and n[1]:
        per = 1 / n[0] + 1 / n[1]
        noise = (len(e) - 1) * per
        chance = float(chi2.ppf(level, len(e) - 1)) * per if len(e) > 1 else 0.0
    return Drift(
        value,
        None,
        None,
        int(n[1] or 0),
        level,
        "ratio",
        "psi",
        band=band,
        noise=noise,
        chance=chance,
        smoothed=tuple(empty),
        table=table,
    )


def binned(
    baseline: Iterable[float], current: Iterable[float], bins: int = 10
) -> tuple[pd.Series, pd.Series]:
    """Two columns of numbers as customers per interval, the intervals those of the baseline; for `psi`.

    About equally many of the baseline stand in each; equal values share one, so there may be fewer. What lies
    beyond the baseline counts in the outermost. Missing ones are a class of their own, ``unknown``.
    """
    old, new = (
        pd.to_numeric(pd.Series(list(v)), errors="coerce").astype("float64") for v in (baseline, current)
    )
    inner = np.unique(old.dropna().quantile(np.arange(1, bins) / bins)) if old.notna().any() else np.array([])
    edges = [-math.inf, *(float(x) for x in inner if x < old.max()), math.inf]
    counted = []
    for column in (old, new):
        cut = pd.cut(column, edges)
        sizes = cut.value_counts(sort=False)
        sizes.index = sizes.index.astype(str)
        counted.append(pd.concat([sizes, pd.Series({"unknown": int(column.isna().sum())})]))
    return counted[0], counted[1]


# --- inside -------------------------------------------------------------------------------------------


def _aligned(
    expected: Amounts, actual: Amounts
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    named = [isinstance(side, Mapping | pd.Series) for side in (expected, actual)]
    if all(named):
        one, other = (pd.Series(side, dtype="float64") for side in (expected, actual))
        labels = [*one.index, *(x for x in other.index if x not in one.index)]
        sides = [s.reindex(labels, fill_value=0.0).to_numpy(dtype="float64") for s in (one, other)]
        return [str(x) for x in labels], sides[0], sides[1]
    plain = [np.asarray(list(side), dtype="float64") for side in (expected, actual)]
    if any(named) or len(plain[0]) != len(plain[1]):
        facts = {"first": len(plain[0]), "second": len(plain[1])}
        raise InputProblems([Problem("evaluate.psi_classes", facts)])
    return [str(i) for i in range(1, len(plain[0]) + 1)], plain[0], plain[1]


def _behind(side: NDArray[np.float64], said: int | None) -> float | None:
    """How many customers: as said, or the sum of counts; of shares nobody knows."""
    if said is not None:
        return float(said)
    return None if abs(side.sum() - 1) < 1e-6 and (side != np.round(side)).any() else float(side.sum())


def _smoothed(side: NDArray[np.float64], n: float | None) -> NDArray[np.float64]:
    shares = side / side.sum()
    if n and (shares == 0).any():
        shares = np.where(shares == 0, 0.5 / n, shares)
    return np.asarray(shares, dtype="float64")
