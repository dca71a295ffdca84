"""How many customers does it take to see an effect, and what can so many show? (样本量与可测差异)"""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.stats import norm

from segkit.problems import InputProblems, Problem

ALPHA, POWER = 0.05, 0.8


def sample_size(p0: float, p1: float, *, alpha: float = ALPHA, power: float = POWER) -> int:
    """How many customers per arm does it take to see `p1` where `p0` buy without contact? (每组样本量)

    Parameters
    ----------
    p0, p1 : share that buys without and with contact, in 0..1, different
    alpha : chance to see a difference where there is none, both sides together
    power : chance to see this one

    Returns
    -------
    customers in each of two equal arms, rounded up; 10 % against 12 % takes 3,841

    Raises
    ------
    InputProblems : the shares are equal or no shares

    References
    ----------
    Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, 4.2, without continuity correction.
    """
    _checked(p0, p1, alpha, power)
    if p0 == p1:
        raise InputProblems([Problem("evaluate.no_difference", {"share": p0})])
    both = (p0 + p1) / 2
    under_none = norm.ppf(1 - alpha / 2) * math.sqrt(2 * both * (1 - both))
    under_some = norm.ppf(power) * math.sqrt(p0 * (1 - p0) + p1 * (1 - p1))
    return max(1, math.ceil(((under_none + under_some) / (p1 - p0)) ** 2 - 1e-9))


def chance_of_seeing(
    n_treated: int, n_control: int, base: float, difference: float, *, alpha: float = ALPHA
) -> float:
    """How likely do arms of this size show a true `difference` from `base`? (检验效能)

    Raises
    ------
    InputProblems : no shares, or an arm without customers
    """
    _checked(base, base + difference, alpha)
    _peopled(n_treated, n_control)
    return float(norm.cdf(_beyond(n_treated, n_control, base, difference, alpha)))


def detectable(
    n_treated: int, n_control: int, base: float, *, alpha: float = ALPHA, power: float = POWER
) -> float | None:
    """What is the smallest rise above `base` that arms of this size would show? (可测的最小差异)

    Parameters
    ----------
    n_treated, n_control : customers in the arms; they may differ
    base : share that buys without contact, in 0..1

    Returns
    -------
    the difference of shares seen with chance `power`; None where even a rise to 100 % would not be

    Raises
    ------
    InputProblems : no share, or an arm without customers
    """
    _checked(base, base, alpha, power)
    _peopled(n_treated, n_control)
    wanted, most = float(norm.ppf(power)), 1 - base

    def lacking(difference: float) -> float:
        return _beyond(n_treated, n_control, base, difference, alpha) - wanted

    if most <= 0 or lacking(most) < 0:
        return None
    return float(brentq(lacking, 1e-12, most, xtol=1e-10))


def _beyond(n_treated: int, n_control: int, base: float, difference: float, alpha: float) -> float:
    """Standard deviations by which a difference is expected to lie beyond the limit of what is seen."""
    p1 = base + difference
    both = (n_treated * p1 + n_control * base) / (n_treated + n_control)
    limit = norm.ppf(1 - alpha / 2) * math.sqrt(both * (1 - both) * (1 / n_treated + 1 / n_control))
    spread = math.sqrt(p1 * (1 - p1) / n_treated + base * (1 - base) / n_control)
    gap = abs(difference) - float(limit)
    return gap / spread if spread else math.copysign(math.inf, gap)


def _checked(*shares: float) -> None:
    wrong = [share for share in shares if not 0 <= share <= 1]
    if wrong:
        raise InputProblems([Problem("evaluate.not_a_share", {"share": wrong[0]})])


def _peopled(*arms: int) -> None:
    if min(arms) < 1:
        raise InputProblems([Problem("evaluate.empty_arm", {"sizes": list(arms)})])
