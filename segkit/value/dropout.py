"""How many purchases are still to come from somebody who may leave after each of them.

With rate ~ Gamma(R, theta) and dropout p ~ Beta(A, B), the expectation over t of a customer still buying is
E[(1 - e^(-rate p t)) / p]. In closed form (Fader, Hardie & Lee 2005, equation 9) it is a Gaussian
hypergeometric function with a removable pole at A = 1, and loses every digit for large R and B. Both ways
here are free of poles: a series whose terms stay small, and where that one is slow or cancels, the integral
over the log-odds of p.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

SHARE = 0.95  # of t / (theta + t): beyond it the series takes hundreds of terms
EXCESS = 10.0  # of R over A + B - 1: beyond it terms of both signs cancel
GROWTH = 200.0  # of A ln(1 + t / theta): far beyond it terms overflow
NODES = np.arange(-11.5, 11.5, 1 / 32)  # of the integral, on a scale stretched by sinh
ROWS_AT_ONCE = 4096


def purchases_before_leaving(A: ArrayLike, B: ArrayLike, R: ArrayLike, span: ArrayLike) -> Floats:
    """E[(1 - e^(-rate p t)) / p] with rate ~ Gamma(R, theta), p ~ Beta(A, B) and span = t / theta."""
    rows = np.broadcast_arrays(*(np.asarray(v, dtype="float64") for v in (A, B, R, span)))
    a, b, r, w = (v.ravel() for v in rows)
    expected = np.empty(len(w))
    quick = (w <= SHARE / (1 - SHARE)) & (r - (a + b - 1) <= EXCESS) & (a * np.log1p(w) <= GROWTH)
    expected[quick] = _by_series(a[quick], b[quick], r[quick], w[quick])
    slow = np.flatnonzero(~quick)
    for start in range(0, len(slow), ROWS_AT_ONCE):
        rows_now = slow[start : start + ROWS_AT_ONCE]
        expected[rows_now] = _by_integral(a[rows_now], b[rows_now], r[rows_now], w[rows_now])
    return expected.reshape(rows[0].shape)


def _by_series(a: Floats, b: Floats, r: Floats, span: Floats) -> Floats:
    """Euler's transformation of the closed form, with the factor A - 1 taken out of the series.

    With C = A + B - 1, z = t / (theta + t) and L = ln(1 - z) it reads
    -C (e^((A-1) L) - 1) / (A - 1) - e^((A-1) L) sum (C-R)_n (A)_(n-1) z^n / ((C+1)_(n-1) n!).
    """
    c, e, log = a + b - 1, a - 1, -np.log1p(span)
    z = span / (1 + span)
    pole = np.abs(e) < 1e-12
    first = -c * np.where(pole, log, np.expm1(e * log) / np.where(pole, 1.0, e))
    term, total = (c - r) * z, (c - r) * z
    n, going = 1.0, np.arange(len(z))
    while len(going):
        ratio = (c[going] - r[going] + n) * (a[going] + n - 1) / ((c[going] + n) * (n + 1)) * z[going]
        term[going] *= ratio
        total[going] += term[going]
        n += 1
        settled = (n > EXCESS + 1) & (np.abs(term[going]) <= 1e-17 * np.abs(total[going]))
        going = going[~settled & (term[going] != 0)]
    return first - np.exp(e * log) * total


def _by_integral(a: Floats, b: Floats, r: Floats, span: Floats) -> Floats:
    """Trapezoids over u = log-odds of p, close together about the peak; every term is positive."""
    a, b, r, span = (v[:, None] for v in (a, b, r, span))
    stretch = np.minimum(1.0, np.sqrt(1 / a + 1 / b))
    u = np.log(a / b) + stretch * np.sinh(NODES)
    log_weight = -a * np.logaddexp(0, -u) - b * np.logaddexp(0, u) + np.log(np.cosh(NODES))
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    p = np.maximum(expit(u), 1e-300)
    still = -np.expm1(-r * np.log1p(p * span)) / p
    return np.asarray((weight * still).sum(axis=1) / weight.sum(axis=1))
