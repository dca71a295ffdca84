"""Random draws that are the same on every machine and with every numpy version.

Only ``random()`` and ``integers()`` of the generator are used, because their streams are stable; every other
distribution is made here by inverting its cumulative distribution, and rounded, so that the last bit of a
special function never decides what stands in a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
from scipy import special

DIGITS = 9  # decimals kept of every inverted draw
MOST_COUNTED = 1000


class Draws:
    """The stream of one case: the same seed and case name give the same draws."""

    def __init__(self, seed: int, case: str) -> None:
        self._rng = np.random.default_rng([seed, crc32(case.encode("utf-8"))])

    def uniform(self, n: int) -> np.ndarray:
        """`n` numbers in [0, 1)."""
        return self._rng.random(n)

    def integers(self, low: int, high: int, n: int) -> np.ndarray:
        """`n` whole numbers in low..high, both included."""
        return self._rng.integers(low, high + 1, n)

    def chance(self, share: float | np.ndarray, n: int) -> np.ndarray:
        """`n` yes/no answers, each yes with probability `share`."""
        return self._rng.random(n) < share

    def choice(self, shares: Sequence[float], n: int) -> np.ndarray:
        """`n` positions 0..len(shares)-1 with these (relative) shares."""
        edges = np.cumsum(shares)
        return np.searchsorted(edges / edges[-1], self._rng.random(n), side="right").clip(0, len(edges) - 1)

    def choice_each(self, shares: np.ndarray) -> np.ndarray:
        """One position for each row of `shares`, with the (relative) shares of that row."""
        edges = np.cumsum(shares, axis=1)
        edges = np.round(edges / edges[:, -1:], DIGITS)
        return (self._rng.random(len(edges))[:, None] >= edges).sum(axis=1).clip(0, edges.shape[1] - 1)

    def pick(self, items: Sequence[Any], n: int) -> list[Any]:
        """`n` of the items, each equally likely, with repetition."""
        return [items[i] for i in self.integers(0, len(items) - 1, n)]

    def order(self, n: int) -> np.ndarray:
        """0..n-1 in random order."""
        return np.argsort(self._rng.random(n), kind="stable")

    def some(self, of: np.ndarray | int, n: int) -> np.ndarray:
        """`n` different members of `of` (or of 0..of-1), in random order."""
        pool = np.arange(of) if isinstance(of, int) else np.asarray(of)
        if n > len(pool):
            raise ValueError(f"{n} wanted, {len(pool)} there")
        return pool[self.order(len(pool))[:n]]

    def normal(self, n: int) -> np.ndarray:
        """Standard normal."""
        return np.round(special.ndtri(self._inside(n)), DIGITS)

    def exponential(self, rate: np.ndarray) -> np.ndarray:
        """Waiting times, one for each rate (events per unit)."""
        return np.round(-np.log1p(-self.uniform(len(rate))) / rate, DIGITS)

    def gamma(self, shape: float, rate: float | np.ndarray, n: int) -> np.ndarray:
        """Gamma(shape, rate): mean shape / rate. Kept to nine significant digits."""
        return significant(special.gammaincinv(shape, self._inside(n)) / rate)

    def beta(self, a: float, b: float, n: int) -> np.ndarray:
        """Beta(a, b). Kept to nine significant digits."""
        return significant(special.betaincinv(a, b, self._inside(n)))

    def lognormal(self, median: float, sigma: float, n: int) -> np.ndarray:
        """Log-normal with this median; sigma is the spread of the logarithm. Nine significant digits."""
        return significant(median * np.exp(sigma * self.normal(n)))

    def poisson(self, mean: float | np.ndarray, n: int) -> np.ndarray:
        """Counts; for means up to about a hundred."""
        mean = np.broadcast_to(np.asarray(mean, dtype=float), (n,))
        u, count = self._rng.random(n), np.zeros(n, dtype=int)
        term = np.exp(-mean)
        total = term.copy()
        while (left := u > np.round(total, DIGITS)).any() and count.max() < MOST_COUNTED:
            count[left] += 1
            term = np.where(left, term * mean / np.maximum(count, 1), term)
            total = np.where(left, total + term, total)
        return count

    def exactly(self, share: float, n: int) -> np.ndarray:
        """`n` yes/no answers of which exactly round(share * n) are yes; only who is chance."""
        return np.isin(np.arange(n), self.some(n, int(np.floor(share * n + 0.5))))

    def steady(self, chance: np.ndarray, by: Sequence[Any] | np.ndarray | None = None) -> np.ndarray:
        """Yes/no, each with its own chance, whose total is as expected to within one.

        With `by` (a group of each) the total of every group is as expected to within one: a planted rate
        then stands in the sample, and only who is chance (systematic sampling, Madow 1949).
        """
        n = len(chance)
        turn = self.order(n)
        if by is not None:
            groups = np.unique(np.asarray(by), return_inverse=True)[1]
            turn = turn[np.argsort(groups[turn], kind="stable")]
        ends = np.round(np.cumsum(np.asarray(chance, dtype=float)[turn]) + self._rng.random(), DIGITS)
        yes = np.floor(ends) > np.floor(np.concatenate([[ends[0] - chance[turn[0]]], ends[:-1]]))
        answers = np.zeros(n, dtype=bool)
        answers[turn] = yes
        return answers

    def balanced(
        self,
        chance: np.ndarray,
        columns: np.ndarray,
        tries: int = 200,
        by: Sequence[Any] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Yes/no as `steady`; of `tries` answers the one whose total in every column is nearest to the expected.

        A regression on these columns then finds what was planted, and only who says yes is chance
        (rejective sampling, Fuller 2009). `columns`: one row for each chance, none all zero; `by` as in `steady`.
        """
        spread = np.sqrt((columns**2 * (chance * (1.0 - chance))[:, None]).sum(axis=0))
        nearest, kept = np.inf, np.zeros(len(chance), dtype=bool)
        for _ in range(tries):
            yes = self.steady(chance, by)
            off = float(np.round(np.abs((columns * (yes - chance)[:, None]).sum(axis=0) / spread).max(), 6))
            if off < nearest:
                nearest, kept = off, yes
        return kept

    def even(self, by: Sequence[Any] | np.ndarray, inner: float = 1.0) -> np.ndarray:
        """Numbers in [0, 1) that fill it evenly in every group: one in each of its n equal slices.

        A group's mean is then what was planted, and only who has which is chance (stratified sampling,
        McKay 1979). `by`: the group of each; `inner`: the middle part of a slice a number may fall into, less
        than 1 where a long tail would still carry the mean away.
        """
        groups = np.unique(np.asarray(by), return_inverse=True)[1]
        turn = self.order(len(groups))
        turn = turn[np.argsort(groups[turn], kind="stable")]
        size = np.bincount(groups)
        place = np.arange(len(groups)) - np.repeat(np.cumsum(size) - size, size)
        inside = 0.5 + (self._rng.random(len(groups)) - 0.5) * inner
        numbers = np.empty(len(groups))
        numbers[turn] = (place + inside) / np.repeat(size, size)
        return numbers

    def even_normal(self, by: Sequence[Any] | np.ndarray, inner: float = 1.0) -> np.ndarray:
        """Standard normal numbers, spread as evenly in every group as `even`."""
        return np.round(special.ndtri(np.maximum(self.even(by, inner), 2.0**-53)), DIGITS)

    def dealt(
        self, shares: Sequence[float], n: int, by: Sequence[Any] | np.ndarray | None = None
    ) -> np.ndarray:
        """`n` positions 0..len(shares)-1 in exactly these shares (in every group of `by`); who is chance."""
        groups = np.zeros(n, dtype=int) if by is None else np.unique(np.asarray(by), return_inverse=True)[1]
        turn = self.order(n)
        dealt = np.empty(n, dtype=int)
        for group in range(groups.max(initial=-1) + 1):
            members = turn[groups[turn] == group]
            dealt[members] = np.repeat(np.arange(len(shares)), quota(shares, len(members)))
        return dealt

    def weighted(self, weights: np.ndarray, n: int) -> np.ndarray:
        """`n` different positions, the likelier the larger the weight."""
        return np.argsort(self.exponential(weights), kind="stable")[:n]

    def _inside(self, n: int) -> np.ndarray:
        """Uniform, but never exactly 0."""
        return np.maximum(self._rng.random(n), 2.0**-53)


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Log odds as a probability, rounded so that the last bit decides nothing."""
    return np.round(1.0 / (1.0 + np.exp(-np.asarray(log_odds, dtype=float))), DIGITS)


def half_up(exact: np.ndarray, low: int, high: int) -> np.ndarray:
    """The nearest whole number of a scale from `low` to `high`; a half goes up."""
    return np.clip(np.floor(np.round(exact, DIGITS) + 0.5), low, high).astype(int)


def significant(values: np.ndarray, digits: int = DIGITS) -> np.ndarray:
    """Round to significant digits: small rates keep theirs."""
    size = np.floor(np.log10(np.maximum(np.abs(values), 1e-200)))
    power = 10.0 ** (digits - 1 - size)
    return np.round(values * power) / power


def quota(shares: Sequence[float] | np.ndarray, n: int) -> np.ndarray:
    """`n` split into whole numbers as these shares say (largest remainders)."""
    exact = np.asarray(shares, dtype=float) / float(np.sum(shares)) * n
    whole = np.floor(exact + 1e-9).astype(int)
    for i in np.argsort(-(exact - whole), kind="stable")[: n - whole.sum()]:
        whole[i] += 1
    return whole
