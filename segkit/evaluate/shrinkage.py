"""Several segments were measured, some on few customers: what is likely true of each? (收缩估计)"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from segkit.evaluate.estimate import LEVEL, Estimate

SPREADS = 400  # values over which the spread between segments is averaged


def shrunken(seen: list[tuple[float, float, int]], level: float = LEVEL) -> list[Estimate]:
    """What is likely true of each of several segments, given what was seen in all? (收缩估计)

    True differences are taken to lie normally around a common mean, and what was seen around the true ones. So each
    is drawn towards the mean, the more the larger its own variance, and all of them the more the less segments
    seem to differ at all. How much they do is not known either: it is averaged over.

    Parameters
    ----------
    seen : (difference, variance, customers) of each segment, variances above 0

    References
    ----------
    Gelman et al., Bayesian Data Analysis (2013), 5.4-5.5; the prior of the spread, whose median is a usual standard
    error, after DuMouchel (1994), Technical Report 27, National Institute of Statistical Sciences.
    """
    if not seen:
        return []
    likely, centre, wide = _posterior(seen)
    ends = (0.5 - level / 2, 0.5 + level / 2)
    found = []
    for i, (_, _, n) in enumerate(seen):
        low, high = (_quantile(end, centre[i], wide[i], likely) for end in ends)
        value = float((likely * centre[i]).sum())
        found.append(Estimate(value, low, high, n, level, "share", "shrunken"))
    return found


def chance_of_harm(seen: list[tuple[float, float, int]]) -> list[float]:
    """How likely is it of each of several segments that its true difference lies below 0, given what was seen in all?

    Parameters
    ----------
    seen : as for `shrunken`, by whose model it is reckoned

    Returns
    -------
    A chance in 0..1 for each segment (后验概率).
    """
    if not seen:
        return []
    likely, centre, wide = _posterior(seen)
    return [float((likely * norm.cdf(-centre[i] / wide[i])).sum()) for i in range(len(seen))]


def _posterior(seen: list[tuple[float, float, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of the spreads, and for each segment and spread the centre and width of what is likely true."""
    d, v = (np.array([one[i] for one in seen], dtype="float64")[:, None] for i in (0, 1))
    at = (np.arange(SPREADS) + 0.5) / SPREADS
    spread = np.sqrt(len(d) / (1 / v).sum()) * at / (1 - at)  # equal parts of the prior
    weight = 1 / (v + spread**2)
    mean = (weight * d).sum(axis=0) / weight.sum(axis=0)
    fits = 0.5 * (np.log(weight) - weight * (d - mean) ** 2).sum(axis=0) - 0.5 * np.log(weight.sum(axis=0))
    likely = np.exp(fits - fits.max())
    likely /= likely.sum()
    pull = v * weight
    centre = d + pull * (mean - d)
    return likely, centre, np.sqrt(v * (1 - pull) + pull**2 / weight.sum(axis=0))


def _quantile(share: float, centre: np.ndarray, wide: np.ndarray, weight: np.ndarray) -> float:
    """Of a mixture of normal distributions."""
    far = 12 * float(wide.max()) + float(np.ptp(centre))

    def beyond(x: float) -> float:
        return float((weight * norm.cdf((x - centre) / wide)).sum()) - share

    return float(brentq(beyond, float(centre.min()) - far, float(centre.max()) + far, xtol=1e-9))
