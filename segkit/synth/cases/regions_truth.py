"""What averages of regions say, and what customers within a region say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.dictionary import JOINED_BY

REGIONS = ("east", "south", "central", "north", "northeast", "northwest", "southwest", "hk_macao_taiwan")
EAST, NORTH = 0, 3  # positions of the two regions whose order values change places
ONLINE = (4, 5)  # Northeast and Northwest buy online more often
REACHES = ("local", "regional", "national")


def region_facts(customers: pd.DataFrame, provinces: pd.DataFrame, table: pd.DataFrame) -> dict[str, Any]:
    """The figures the datasheet quotes; slopes in CNY of spending per 万元 of income.

    `table` is customers.csv as it is written.
    """
    income, spend = customers["income_wan"], customers["spend"]
    region = customers["region_number"]
    means = customers.groupby("region_number")[["income_wan", "spend"]].mean()
    tiered = customers[customers["tier"] >= 0]
    value = tiered.groupby(["region_number", "tier"])["order_value"].mean().unstack()
    raw = tiered.groupby("region_number")["order_value"].mean()
    pair = tiered[tiered["region_number"].isin([EAST, NORTH])]
    mix = pair["tier"].value_counts(normalize=True)
    even = {r: float((value.loc[r] * mix).sum()) for r in (EAST, NORTH)}
    within = slope(
        income - income.groupby(region).transform("mean"), spend - spend.groupby(region).transform("mean")
    )
    sites = customers["site_provinces"].str.count(JOINED_BY) + 1
    reach = customers["reach"]
    distant = region.isin(ONLINE)
    return {
        "customers": len(customers),
        "provinces_of_region": _by_region(provinces["region_number"]),
        "customers_of_region": _by_region(region),
        "mean_income": {REGIONS[r]: round(float(v)) for r, v in means["income_wan"].items()},
        "mean_spend": {REGIONS[r]: round(float(v)) for r, v in means["spend"].items()},
        "slope_between": slope(means["income_wan"], means["spend"]),
        "slope_pooled": slope(income, spend),
        "slope_within": within,
        "slope_within_size": abs(within),
        "correlation_between": round(float(np.corrcoef(means["income_wan"], means["spend"])[0, 1]), 2),
        "correlation_pooled": round(float(np.corrcoef(income, spend)[0, 1]), 2),
        "order_value_east": round(float(raw[EAST])),
        "order_value_north": round(float(raw[NORTH])),
        "order_value_east_even": round(even[EAST]),
        "order_value_north_even": round(even[NORTH]),
        "reach": {name: int((reach == i).sum()) for i, name in enumerate(REACHES)},
        "national_with_two_provinces": int(((reach == 2) & (sites == 2)).sum()),
        "online_northeast_northwest": round(float(customers.loc[distant, "online"].mean()), 3),
        "online_elsewhere": round(float(customers.loc[~distant, "online"].mean()), 3),
        "province_writings": int(table["province"].nunique()),
    }


def _by_region(numbers: pd.Series) -> dict[str, int]:
    return {REGIONS[r]: int(n) for r, n in numbers.value_counts().sort_index().items()}


def slope(x: pd.Series, y: pd.Series) -> float:
    """Least squares, one variable."""
    dx = x - x.mean()
    return round(float((dx * (y - y.mean())).sum() / (dx**2).sum()), 1)
