"""E05: high-end buyers by thirds, by fixed amounts and by equal width, on the draw of case jd in use."""

from __future__ import annotations

import os
from functools import lru_cache

import pandas as pd

from segkit.teach.cases import jd_customers
from segkit.teach.sealed import matches

FIXED = (500.0, 2000.0)  # CNY, sample parameters (示例参数)


def _lines() -> dict[str, tuple[float, float]]:
    """Lower and upper line of each way, in CNY."""
    spent = _spent(os.environ.get("SEGKIT_DATASETS", ""))
    low, length = float(spent.min()), float(spent.max() - spent.min())
    thirds = (float(spent.quantile(1 / 3)), float(spent.quantile(2 / 3)))
    return {"thirds": thirds, "fixed": FIXED, "width": (low + length / 3, low + 2 * length / 3)}


@lru_cache(maxsize=2)
def _spent(folder: str) -> pd.Series:
    customers = jd_customers()
    return pd.Series(customers.loc[customers["frequency"] > 0, "monetary"])


def _above(line: float) -> int:
    return int((_spent(os.environ.get("SEGKIT_DATASETS", "")) > line).sum())


def _high(way: str) -> int:
    return _above(_lines()[way][1])


def step_thirds(high_thirds: float) -> bool:
    return abs(high_thirds - _high("thirds")) <= 1


def step_fixed(high_fixed: float) -> bool:
    return high_fixed == _high("fixed")


def step_width(high_width: float) -> bool:
    return high_width == _high("width")


def step_why(why_width: str) -> bool:
    return matches("E05.why", why_width, "9711aaa5923109ea")


def step_gifts(gifts: str) -> bool:
    return matches("E05.gifts", gifts, "f904e897890bfac5")


def step_growth(growth: str) -> bool:
    return matches("E05.growth", growth, "681d4f79c83de229")


def guessed(high_width: float) -> str:
    share = high_width / len(_spent(os.environ.get("SEGKIT_DATASETS", "")))
    return next(name for name, least in (("third", 0.2), ("tenth", 0.01), ("few", 0.0)) if share >= least)


def mistake_from_lower_line(given: float) -> bool:
    return given in [_above(lower) for lower, _ in _lines().values()]


def mistake_low_side(given: float) -> bool:
    everybody = len(_spent(os.environ.get("SEGKIT_DATASETS", "")))
    return given in [everybody - _above(upper) for _, upper in _lines().values()]


def mistake_blames(why_width: str) -> bool:
    return why_width in ("error", "poor")


def mistake_too_many(gifts: str) -> bool:
    return gifts == "thirds"


def mistake_nobody_left(gifts: str) -> bool:
    return gifts == "width"


def mistake_not_that_one(growth: str) -> bool:
    return growth in ("fixed", "width")
