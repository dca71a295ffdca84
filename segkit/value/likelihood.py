"""The likelihood of BG/NBD and MBG/NBD over distinct rows, and where it is greatest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize
from scipy.special import betaln, expit, gammaln, psi

Floats = NDArray[np.float64]

# lowest and highest value searched, alpha against the mean length of observation
BOUNDS = {"r": (1e-3, 1e3), "alpha": (1e-4, 1e4), "a": (1e-3, 1e3), "b": (1e-3, 1e3)}
# r, alpha, a, b to begin with; the later ones where the first leads nowhere
STARTS = ((0.5, 0.3, 0.8, 2.0), (1.0, 1.0, 1.0, 1.0), (0.1, 0.05, 0.3, 3.0), (3.0, 2.0, 2.0, 10.0))
STEEP = 1e-5  # of the mean log-likelihood against a log-parameter: beyond it there is no maximum yet


class Maximum(NamedTuple):
    """Where the likelihood is greatest; `at_bound` names the parameters that ran to the edge of the search."""

    parameters: tuple[float, float, float, float]
    log_likelihood: float
    converged: bool
    at_bound: tuple[str, ...]


def log_likelihoods(
    parameters: Sequence[float] | Floats, rows: Sequence[Floats], chances: int, slopes: bool = False
) -> Floats | tuple[Floats, Floats]:
    """Log-likelihood of each row (x, t_x, T), and on request its slopes against ln r, ln alpha, ln a, ln b.

    With k = x (+ 1 in MBG/NBD) purchases after which the customer stayed, either B(a, b + k) and no purchase
    until T, or where k > 0 B(a + 1, b + k - 1) and none after t_x because he left.

    References
    ----------
    Fader, Hardie & Lee (2005), equation 6; Batislam, Denizel & Filiztekin (2007).
    """
    r, alpha, a, b = parameters
    x, t_x, end = rows
    # the few distinct x carry the costly functions
    levels, place = np.unique(x, return_inverse=True)
    k = levels + chances
    could_leave = k > 0
    left_for = np.where(could_leave, b + k - 1, 1.0)
    by_level = gammaln(r + levels) - gammaln(r) + r * np.log(alpha) + betaln(a, b + k) - betaln(a, b)
    odds = np.where(could_leave, np.log(a) - np.log(left_for), -np.inf)
    until_end, until_last = np.log(alpha + end), np.log(alpha + t_x)
    silent = until_end - until_last
    left = odds[place] + (r + x) * silent  # log odds that he left
    found = by_level[place] - (r + x) * until_end + np.logaddexp(0.0, left)
    if not slopes:
        return found
    gone = expit(left)
    stays = psi(a + b) - psi(a + b + k)
    against_r = (psi(r + levels) - psi(r) + np.log(alpha))[place] - until_end + gone * silent
    against_alpha = r / alpha - (r + x) * ((1 - gone) / (alpha + end) + gone / (alpha + t_x))
    against_a = stays[place] + gone / a
    against_b = (stays + psi(b + k) - psi(b))[place] - gone / left_for[place]
    return found, np.stack([r * against_r, alpha * against_alpha, a * against_a, b * against_b])


def maximum(rows: Sequence[Floats], weights: Floats, chances: int) -> Maximum:
    """Maximum likelihood by L-BFGS-B on the logarithms of the parameters, times in their own mean."""
    x, t_x, end = rows
    n = weights.sum()
    scale = float(weights @ end / n) or 1.0
    scaled = (x, t_x / scale, end / scale)

    def loss(logs: Floats) -> tuple[float, Floats]:
        found, slope = log_likelihoods(np.exp(logs), scaled, chances, slopes=True)
        return -float(weights @ found) / n, -(slope @ weights) / n

    lowest, highest = np.log(np.array(list(BOUNDS.values()))).T
    best: OptimizeResult | None = None
    for start in STARTS:
        result = minimize(
            loss,
            np.log(start),
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(lowest, highest, strict=True)),
            options={"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-7},
        )
        if best is None or result.fun < best.fun - 1e-9:
            best = result
        if _inside(best.x, lowest, highest).all() and _flat(best):
            break
    assert best is not None
    r, alpha, a, b = (float(v) for v in np.exp(best.x))
    inside = _inside(best.x, lowest, highest)
    return Maximum(
        (r, alpha * scale, a, b),
        float(-best.fun * n - np.log(scale) * (weights @ x)),
        _flat(best),
        tuple(name for name, within in zip(BOUNDS, inside, strict=True) if not within),
    )


def _inside(logs: Floats, lowest: Floats, highest: Floats) -> NDArray[np.bool_]:
    return np.asarray((logs > lowest + 0.01) & (logs < highest - 0.01))


def _flat(result: OptimizeResult) -> bool:
    return bool(np.abs(result.jac).max() < STEEP)
