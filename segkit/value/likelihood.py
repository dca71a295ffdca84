"""The likelihood of BG/NBD and MBG/NBD over distinct rows, and where it is greatest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, expit, gammaln, psi

from segkit.value.searching import Maximum, maximum

Floats = NDArray[np.float64]

# lowest and highest value searched, alpha against the mean length of observation
BOUNDS = {"r": (1e-3, 1e3), "alpha": (1e-4, 1e4), "a": (1e-3, 1e3), "b": (1e-3, 1e3)}
# r, alpha, a, b to begin with; the later ones where the first leads nowhere
STARTS = ((0.5, 0.3, 0.8, 2.0), (1.0, 1.0, 1.0, 1.0), (0.1, 0.05, 0.3, 3.0), (3.0, 2.0, 2.0, 10.0))


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


def likeliest(rows: Sequence[Floats], weights: Floats, chances: int) -> tuple[Maximum, float]:
    """r, alpha, a, b of maximum likelihood, and the log-likelihood there; times are searched in their own mean."""
    x, t_x, end = rows
    n = weights.sum()
    scale = float((weights * end).sum() / n) or 1.0
    scaled = (x, t_x / scale, end / scale)

    def mean(logs: Floats) -> tuple[float, Floats]:
        found, slopes = log_likelihoods(np.exp(logs), scaled, chances, slopes=True)
        # no `@`: threads of the linear algebra library cost more than they save on so few rows
        return float((weights * found).sum()) / n, (slopes * weights).sum(axis=1) / n

    found = maximum(mean, STARTS, BOUNDS)
    r, alpha, a, b = found.parameters
    log_likelihood = float(found.value * n - np.log(scale) * (weights * x).sum())
    return found._replace(parameters=(r, alpha * scale, a, b)), log_likelihood
