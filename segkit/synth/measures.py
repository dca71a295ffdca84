"""Measures that the facts of several cases quote; shares and rates are 0..1 unless the name says percent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

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
