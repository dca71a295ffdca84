"""Measures that the facts of several cases quote; shares and rates are 0..1 unless the name says percent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

ROUNDS = 300  # of k-means; it settles long before
BOUND = 1.96  # standard errors to either side of a 95 % interval


def interval(estimate: float, error: float, decimals: int = 4) -> tuple[float, float]:
    """The 95 % interval around an estimate with this standard error (normal approximation)."""
    low, high = estimate - BOUND * error, estimate + BOUND * error
    return round(float(low), decimals), round(float(high), decimals)


def share(yes: pd.Series | np.ndarray, decimals: int = 4) -> float:
    """How large a part of these answers is yes, 0..1; 0 where there is none to answer."""
    return round(float(np.mean(yes)), decimals) if len(yes) else 0.0


def percent(part: Any, decimals: int = 1) -> float:
    """A share (0..1) as a rounded percentage (0..100)."""
    return round(float(100 * part), decimals)


def kmeans(table: np.ndarray, starts: Iterable[np.ndarray]) -> np.ndarray:
    """The cluster of every row: Lloyd's algorithm (1982) from each of these starting centres, the tightest kept.

    Distances are rounded, so that the last bit moves nobody.
    """
    best, tightest = np.zeros(len(table), dtype=int), np.inf
    for centres in starts:
        label = np.full(len(table), -1)
        for _ in range(ROUNDS):
            distance = np.round(squared_distances(table, centres), 9)
            nearest = distance.argmin(axis=1)
            if (nearest == label).all():
                break
            label = nearest
            held = [table[label == c] for c in range(len(centres))]
            centres = np.stack([of.mean(axis=0) if len(of) else centres[c] for c, of in enumerate(held)])
        total = round(float(distance.min(axis=1).sum()), 6)
        if total < tightest:
            best, tightest = label, total
    return best


def squared_distances(table: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """From every row to every centre."""
    return np.asarray(((table[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2))


def adjusted_rand(a: np.ndarray, b: np.ndarray, decimals: int = 3) -> float:
    """Agreement of two groupings beyond chance (Hubert and Arabie 1985): 1 the same, 0 as by chance."""
    table = pd.crosstab(a, b).to_numpy()
    both, of_b, of_a, all_ = (
        float((n * (n - 1) / 2).sum())
        for n in (table, table.sum(axis=0), table.sum(axis=1), np.array(table.sum()))
    )
    chance = of_a * of_b / all_
    return round((both - chance) / ((of_a + of_b) / 2 - chance), decimals)


def slope(x: pd.Series | np.ndarray, y: pd.Series | np.ndarray) -> float:
    """How much y rises for one more x: least squares, one variable, not rounded."""
    dx = x - x.mean()
    return float((dx * (y - y.mean())).sum() / (dx**2).sum())
