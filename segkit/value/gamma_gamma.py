"""How much does a purchase of this customer bring? Gamma-Gamma, from frequency and mean value alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import gammaln, psi
from scipy.stats import rankdata

from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem
from segkit.value.model import Check, ValueModel
from segkit.value.searching import maximum
from segkit.value.summaries import MONEY, Summary, distinct, read_summary

Floats = NDArray[np.float64]
Positive = Annotated[float, Field(gt=0)]

# with 100 the mean of all lies within 15 % of the truth in nine of ten simulated shops, with 25 within 34 %
# (示例参数)
LEAST_REPEAT_BUYERS = 100
TIED = 0.3  # correlation from which frequency and value are not independent any more (示例参数)
SURELY = 0.1  # and what the whole 95 % interval must exceed for it to count as evidence
Z95 = 1.959964
BOUNDS = {"p": (1e-2, 1e4), "q": (1e-2, 1e4), "gamma": (1e-4, 1e5)}  # gamma against the median value
STARTS = ((3.0, 3.0, 1.0), (1.0, 2.0, 1.0), (10.0, 4.0, 0.3))


class GammaGamma(ValueModel):
    """How much does a purchase of this customer bring? (Gamma-Gamma)

    A customer's purchases scatter around a mean of his own, Gamma(p, v), and v differs between customers,
    Gamma(q, gamma). The fewer purchases are known, the closer the expectation lies to the mean of all, so one
    large order does not make a large customer. Holds only where those who come more often do not spend
    markedly more or less each time: `fit` refuses where they do.

    Parameters
    ----------
    p, q, gamma : filled by `fit`, or given; gamma in the client's currency
    n, log_likelihood, checks : filled by `fit`; n counts the repeat buyers used
    left_out : repeat buyers without a positive value, who take no part; learned

    References
    ----------
    Fader & Hardie (2013), The Gamma-Gamma model of monetary value, note 025; Colombo & Jiang (1999).
    """

    kind: Literal["gamma_gamma"] = "gamma_gamma"
    p: Positive | None = None
    q: Positive | None = None
    gamma: Positive | None = None
    left_out: int | None = None

    @property
    def fitted(self) -> bool:
        return None not in (self.p, self.q, self.gamma)

    def fit(self, summary: Summary) -> Self:
        """Learn p, q, gamma by maximum likelihood from `x` and `repeat_value` of `repeat_summary`.

        Only who came back and paid counts: x > 0 and repeat_value > 0.

        Raises
        ------
        InputProblems : a column is missing or a value cannot be; fewer than 100 such customers; all of the
            same value; frequency and value surely correlated by more than .3; no maximum, or without a mean
        """
        numbers = read_summary(summary, MONEY)
        repeat = numbers[numbers["x"] > 0]
        used = repeat[repeat["repeat_value"] > 0]
        if len(used) < LEAST_REPEAT_BUYERS:
            short = {"repeat": len(used), "n": len(numbers), "least": LEAST_REPEAT_BUYERS}
            raise InputProblems([Problem("value.refuse.repeat_payers", short)])
        if used["repeat_value"].nunique() == 1:
            same = {"n": len(used), "value": float(used["repeat_value"].iloc[0])}
            raise InputProblems([Problem("value.refuse.same_value", same)])
        figures = _ties(used)
        check = Check(
            name="independence", figure=figures[0], limit=TIED, passed=abs(figures[0]) <= TIED, n=len(used)
        )
        tied = [figure for figure in figures if _surely_tied(figure, len(used))]
        if tied:
            facts = {"figure": max(tied, key=abs), "limit": TIED, "n": len(used)}
            raise InputProblems([Problem("value.refuse.frequency_and_value", facts)])
        rows, weights = distinct(used)
        p, q, gamma, found = _likeliest(rows, weights)
        learned = {"p": p, "q": q, "gamma": gamma, "n": len(used), "left_out": len(repeat) - len(used)}
        enough = Check(
            name="repeat_payers", figure=len(used), limit=LEAST_REPEAT_BUYERS, passed=True, n=len(numbers)
        )
        return self.model_copy(update=learned | {"log_likelihood": found, "checks": (enough, check)})

    @property
    def mean(self) -> float:
        """Mean money per purchase over all customers, in the client's currency: p gamma / (q - 1)."""
        p, q, gamma = self._parameters()
        return p * gamma / (q - 1)

    def expected_value(self, summary: Summary) -> pd.Series:
        """How much will a purchase of each customer bring on average? In the rows of `summary`.

        E[M | mean m, x] = p (gamma + x m) / (p x + q - 1), between his own mean and that of all; the mean of
        all where x is 0. A mean below zero, from refunds, counts as zero.
        """
        p, q, gamma = self._parameters()
        numbers = read_summary(summary, MONEY)
        paid = numbers["x"] * numbers["repeat_value"].clip(lower=0)
        expected = p * (gamma + paid) / (p * numbers["x"] + q - 1)
        return expected.rename("expected_value")

    def notes(self, lang: Lang = "zh") -> list[str]:
        return [say("value.note.left_out", lang, n=self.left_out)] if self.left_out else []

    def describe(self, lang: Lang = "zh") -> list[str]:
        """The model in words and numbers (口径), with the checks and what must be said beside it."""
        p, q, gamma = self._parameters()
        numbers = say("value.parameters.gamma_gamma", lang, p=p, q=q, gamma=gamma, mean=self.mean)
        rule = say("value.rule.gamma_gamma", lang)
        return [rule, numbers, *(check.text(lang) for check in self.checks), *self.notes(lang)]

    def _parameters(self) -> tuple[float, float, float]:
        self._require_fitted()
        assert self.p and self.q and self.gamma
        if self.q <= 1:
            raise InputProblems([Problem("value.refuse.no_mean", {"q": self.q})])
        return self.p, self.q, self.gamma


def log_likelihoods(
    parameters: Sequence[float] | Floats, rows: Sequence[Floats], slopes: bool = False
) -> Floats | tuple[Floats, Floats]:
    """Log-density of each row (x, mean m), and on request its slopes against ln p, ln q, ln gamma.

    References
    ----------
    Fader & Hardie (2013), equation 1a.
    """
    p, q, gamma = parameters
    x, m = rows
    levels, place = np.unique(x, return_inverse=True)
    by_level = (
        gammaln(p * levels + q)
        - gammaln(p * levels)
        - gammaln(q)
        + q * np.log(gamma)
        + p * levels * np.log(levels)
    )
    spread = np.log(gamma + x * m)
    found = by_level[place] + (p * x - 1) * np.log(m) - (p * x + q) * spread
    if not slopes:
        return found
    more = psi(p * levels + q)
    against_p = (levels * (more - psi(p * levels) + np.log(levels)))[place] + x * (np.log(m) - spread)
    against_q = (more - psi(q) + np.log(gamma))[place] - spread
    against_gamma = q / gamma - (p * x + q) / (gamma + x * m)
    return found, np.stack([p * against_p, q * against_q, gamma * against_gamma])


def _likeliest(rows: Sequence[Floats], weights: Floats) -> tuple[float, float, float, float]:
    """p, q, gamma and the log-likelihood there; values are searched in their own median."""
    x, m = rows
    n = weights.sum()
    scale = float(np.median(m))
    scaled = (x, m / scale)

    def mean(logs: Floats) -> tuple[float, Floats]:
        found, slopes = log_likelihoods(np.exp(logs), scaled, slopes=True)
        return float((weights * found).sum()) / n, (slopes * weights).sum(axis=1) / n

    found = maximum(mean, STARTS, BOUNDS)
    p, q, gamma = found.parameters
    if not found.sound:
        raise InputProblems([Problem("value.refuse.values_alike", {"p": p, "q": q})])
    if q <= 1:
        raise InputProblems([Problem("value.refuse.no_mean", {"q": q})])
    return p, q, gamma * scale, float(found.value * n - np.log(scale) * n)


def _ties(used: pd.DataFrame) -> tuple[float, float]:
    """Correlation of frequency and value, and that of their ranks, which one large order cannot hide."""
    x, m = used["x"].to_numpy(), used["repeat_value"].to_numpy()
    if len(np.unique(x)) == 1:
        return 0.0, 0.0
    plain, ranked = np.corrcoef(x, m)[0, 1], np.corrcoef(rankdata(x), rankdata(m))[0, 1]
    return round(float(plain), 9), round(float(ranked), 9)


def _surely_tied(figure: float, n: int) -> bool:
    """Above the limit, and its 95 % interval (Fisher's z) well away from none."""
    lower = np.tanh(np.arctanh(min(abs(figure), 1 - 1e-12)) - Z95 / np.sqrt(n - 3))
    return bool(abs(figure) > TIED and lower > SURELY)
