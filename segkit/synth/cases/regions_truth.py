"""What averages of regions say, and what customers within a region say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.dictionary import JOINED_BY

REGIONS = ("east", "south", "central", "north", "northeast", "northwest", "southwest", "hk_macao_taiwan")
EAST, SOUTH = 0, 1  # positions of the two regions whose order values change places
ONLINE = (4, 5)  # Northeast and Northwest buy online more often
REACHES = ("local", "regional", "national")
ENOUGH = 30  # customers of a region worth halving


def region_facts(customers: pd.DataFrame, provinces: pd.DataFrame, table: pd.DataFrame) -> dict[str, Any]:
    """The figures the datasheet quotes, all as the cleaned tables give them; slopes are elasticities.

    `table` is customers.csv as it is written.
    """
    region = customers["region_number"]
    logs = np.log(customers[["revenue_wan", "spend"]])
    means = customers.groupby("region_number")[["revenue_wan", "spend"]].mean()
    slopes = {
        "between": slope(*np.log(means).to_numpy().T),
        "pooled": slope(*logs.to_numpy().T),
        "within": slope(*(logs - logs.groupby(region).transform("mean")).to_numpy().T),
    }
    larger = customers["revenue_wan"] > customers.groupby("region_number")["revenue_wan"].transform("median")
    many = region.value_counts()
    halves = customers.groupby([region, larger])["spend"].mean().unstack().loc[many.index[many >= ENOUGH]]
    pair = customers[region.isin([EAST, SOUTH]) & (customers["tier"] >= 0)]
    sums = pair.groupby(["region_number", "tier"])[["spend", "orders"]].sum()
    cells = (sums["spend"] / sums["orders"]).unstack().dropna(axis="columns")
    mix = pair[pair["tier"].isin(cells.columns)].groupby("tier")["orders"].sum()
    even = (cells * mix / mix.sum()).sum(axis=1)
    whole = pair.groupby("region_number")[["spend", "orders"]].sum()
    per_order = whole["spend"] / whole["orders"]
    per_customer = pair.groupby("region_number")["order_value"].mean()
    provinces_with_sites = customers["site_provinces"].str.count(JOINED_BY) + 1
    reach = customers["reach"]
    distant = region.isin(ONLINE)
    by_province = customers["province"].value_counts()
    return {
        "customers": len(customers),
        "provinces_of_region": _by_region(provinces["region_number"]),
        "customers_of_region": _by_region(region),
        "customers_of_largest_province": int(by_province.max()),
        "mean_revenue": {REGIONS[r]: round(float(v)) for r, v in means["revenue_wan"].items()},
        "median_revenue_all": round(float(customers["revenue_wan"].median())),
        "mean_revenue_all": round(float(customers["revenue_wan"].mean())),
        "mean_spend": {REGIONS[r]: round(float(v)) for r, v in means["spend"].items()},
        "slope": {name: round(v, 3) for name, v in slopes.items()},
        "twice_the_revenue": {name: round(float(2**v - 1), 3) for name, v in slopes.items()},
        "correlation_between": round(float(np.corrcoef(*np.log(means).to_numpy().T)[0, 1]), 2),
        "correlation_pooled": round(float(np.corrcoef(*logs.to_numpy().T)[0, 1]), 2),
        "regions_halved": len(halves),
        "smaller_half_spends_more": int((halves[False] > halves[True]).sum()),
        "order_value": {"east": round(float(per_order[EAST])), "south": round(float(per_order[SOUTH]))},
        "order_value_per_customer": {
            "east": round(float(per_customer[EAST])),
            "south": round(float(per_customer[SOUTH])),
        },
        "order_value_even": {"east": round(float(even[EAST])), "south": round(float(even[SOUTH]))},
        "tiers_compared": int(cells.shape[1]),
        "tiers_east_higher": int((cells.loc[EAST] > cells.loc[SOUTH]).sum()),
        "reach": {name: int((reach == i).sum()) for i, name in enumerate(REACHES)},
        "national_with_two_provinces": int(((reach == 2) & (provinces_with_sites == 2)).sum()),
        "regional_in_one_province": int(((reach == 1) & (provinces_with_sites == 1)).sum()),
        "online_northeast_northwest": round(float(customers.loc[distant, "online"].mean()), 3),
        "online_elsewhere": round(float(customers.loc[~distant, "online"].mean()), 3),
        "province_writings": int(table["province"].nunique()),
    }


def _by_region(numbers: pd.Series) -> dict[str, int]:
    return {REGIONS[r]: int(n) for r, n in numbers.value_counts().sort_index().items()}


def slope(x: np.ndarray, y: np.ndarray) -> float:
    """Least squares, one variable."""
    dx = x - x.mean()
    return float((dx * (y - y.mean())).sum() / (dx**2).sum())
