"""Invented shoppers of a known process, to see whether a model finds again what was planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def shop(
    n: int,
    *,
    r: float,
    alpha: float,
    a: float,
    b: float,
    span: float,
    ahead: float,
    after_first: bool,
    seed: int = 0,
) -> pd.DataFrame:
    """Summary of `n` customers seen for .3 to 1 times `span`, with what became of them: `alive`, and `later`
    purchases within `ahead`; they may leave after each repeat purchase, with `after_first` after the first."""
    rng = np.random.default_rng(seed)
    end = rng.uniform(0.3 * span, span, n)
    rate, leaves = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    x, later, t_x, now = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    stays = rng.random(n) >= leaves if after_first else np.ones(n, dtype=bool)
    alive = stays.copy()
    while stays.any():
        who = np.flatnonzero(stays)
        now[who] += rng.exponential(1 / np.maximum(rate[who], 1e-12))
        seen, over = now[who] <= end[who], now[who] > end[who] + ahead
        x[who[seen]] += 1
        t_x[who[seen]] = now[who[seen]]
        later[who[~seen & ~over]] += 1
        gone = rng.random(len(who)) < leaves[who]
        alive[who[gone & seen]] = False
        stays[who[gone | over]] = False
    columns: dict[str, Any] = {"customer_id": np.arange(n), "x": x, "t_x": t_x, "T": end}
    return pd.DataFrame(columns | {"alive": alive, "later": later})


def spend(summary: pd.DataFrame, *, p: float, q: float, gamma: float, seed: int = 0) -> pd.DataFrame:
    """The summary with `repeat_value` and the customer's true `mean_value`."""
    rng = np.random.default_rng(seed)
    scale = rng.gamma(q, 1 / gamma, len(summary))
    x = summary["x"].to_numpy()
    mean = np.where(x > 0, rng.gamma(np.maximum(p * x, 1e-9)) / scale / np.maximum(x, 1), 0.0)
    return summary.assign(repeat_value=mean, mean_value=p / scale)
