"""What averages of regions say, and what customers within a region say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.dictionary import JOINED_BY
from segkit.synth.measures import share, slope

REGIONS = ("east", "south", "central", "north", "northeast", "northwest", "southwest", "hk_macao_taiwan")
EAST, SOUTH = 0, 1  # positions of the two regions whose order values change places
ONLINE = (4, 5)  # Northeast and Northwest buy online more often
REACHES = ("local", "regional", "national")
ENOUGH = 30  # customers of a region worth halving


def facts(customers: pd.DataFrame, provinces: pd.DataFrame) -> dict[str, Any]:
    """The figures the datasheet quotes, all as the cleaned tables give them."""
    region, reach = customers["region_number"], customers["reach"]
    means = customers.groupby("region_number")[["revenue_wan", "spend"]].mean()
    provinces_with_sites = customers["site_provinces"].str.count(JOINED_BY) + 1
    distant = region.isin(ONLINE)
    return {
        "customers": len(customers),
        "provinces_of_region": _by_region(provinces["region_number"]),
        "customers_of_region": _by_region(region),
        "customers_of_largest_province": int(customers["province"].value_counts().max()),
        "mean_revenue": {REGIONS[r]: round(float(v)) for r, v in means["revenue_wan"].items()},
        "median_revenue_all": round(float(customers["revenue_wan"].median())),
        "mean_revenue_all": round(float(customers["revenue_wan"].mean())),
        "mean_spend": {REGIONS[r]: round(float(v)) for r, v in means["spend"].items()},
        **_spending(customers, means),
        **_order_values(customers),
        "reach": {name: int((reach == i).sum()) for i, name in enumerate(REACHES)},
        "national_with_two_provinces": int(((reach == 2) & (provinces_with_sites == 2)).sum()),
        "regional_in_one_province": int(((reach == 1) & (provinces_with_sites == 1)).sum()),
        "online_northeast_northwest": share(customers.loc[distant, "online"], 3),
        "online_elsewhere": share(customers.loc[~distant, "online"], 3),
    }


def _spending(customers: pd.DataFrame, means: pd.DataFrame) -> dict[str, Any]:
    """How spending goes with revenue between regions, among all customers and within regions; slopes are
    elasticities."""
    region = customers["region_number"]
    of_means = np.log(means)
    logs = np.log(customers[["revenue_wan", "spend"]])
    slopes = {
        "between": slope(*of_means.to_numpy().T),
        "pooled": slope(*logs.to_numpy().T),
        "within": slope(*(logs - logs.groupby(region).transform("mean")).to_numpy().T),
    }
    larger = customers["revenue_wan"] > customers.groupby("region_number")["revenue_wan"].transform("median")
    many = region.value_counts()
    halves = customers.groupby([region, larger])["spend"].mean().unstack().loc[many.index[many >= ENOUGH]]
    return {
        "slope": {name: round(v, 3) for name, v in slopes.items()},
        "twice_the_revenue": {name: round(float(2**v - 1), 3) for name, v in slopes.items()},
        "correlation_between": round(float(np.corrcoef(*of_means.to_numpy().T)[0, 1]), 2),
        "correlation_pooled": round(float(np.corrcoef(*logs.to_numpy().T)[0, 1]), 2),
        "regions_halved": len(halves),
        "smaller_half_spends_more": int((halves[False] > halves[True]).sum()),
    }


def _order_values(customers: pd.DataFrame) -> dict[str, Any]:
    """Money per order of East and South: of all orders, per customer, and with the same mix of city tiers."""
    pair = customers[customers["region_number"].isin([EAST, SOUTH]) & (customers["tier"] >= 0)]
    sums = pair.groupby(["region_number", "tier"])[["spend", "orders"]].sum()
    cells = (sums["spend"] / sums["orders"]).unstack().dropna(axis="columns")
    mix = pair[pair["tier"].isin(cells.columns)].groupby("tier")["orders"].sum()
    whole = pair.groupby("region_number")[["spend", "orders"]].sum()
    return {
        "order_value": _pair(whole["spend"] / whole["orders"]),
        "order_value_per_customer": _pair(pair.groupby("region_number")["order_value"].mean()),
        "order_value_even": _pair((cells * mix / mix.sum()).sum(axis=1)),
        "tiers_compared": int(cells.shape[1]),
        "tiers_east_higher": int((cells.loc[EAST] > cells.loc[SOUTH]).sum()),
    }


def _pair(of_region: pd.Series) -> dict[str, int]:
    """The two regions side by side, in whole yuan."""
    return {"east": round(float(of_region[EAST])), "south": round(float(of_region[SOUTH]))}


def _by_region(numbers: pd.Series) -> dict[str, int]:
    return {REGIONS[r]: int(n) for r, n in numbers.value_counts().sort_index().items()}
