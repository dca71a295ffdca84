"""Provinces, regions and customers (省份、大区与客户): spellings, reach, and what averages of regions hide.

Provinces, codes and capitals are public facts; the seven regions are common usage. Everything else is invented.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.regions.truth import ONLINE, facts
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.dirt import Planter, at_scale
from segkit.synth.draws import Draws, quota
from segkit.synth.files import File
from segkit.synth.people import Invented, Names, numbered
from segkit.synth.tables import case_files, written

CASE = "regions"
CUSTOMERS = 1200
# all numbers of this page are sample parameters; rows in the order of the regions in cases/regions/columns.yml:
# 华东 华南 华中 华北 东北 西北 西南 港澳台
REVENUE = (420, 400, 250, 330, 190, 160, 220, 450)  # median in 万元
REVENUE_SPREAD = 0.5  # of the logarithm
SPEND = (31_600.0, 30_400.0, 22_300.0, 23_700.0, 15_100.0, 14_200.0, 19_400.0, 29_800.0)  # median in CNY
ELASTICITY, SPEND_SPREAD = -0.2, 0.15  # of spending to revenue within a region; of the logarithm
ORDER_BY_TIER = (980.0, 740.0, 520.0, 380.0)
ORDER_BY_REGION = (40.0, 0.0, 10.0, 15.0, -10.0, 0.0, 10.0, 0.0)
ORDER_UNTIERED, ORDER_NOISE = 600.0, 90.0
JITTER = 0.08  # by which the weight of a province may lie off in a draw
CHANNELS = ((0.30, 0.45, 0.25), (0.50, 0.35, 0.15))  # online, dealer, shop; the second for regions of ONLINE
REACH = (0.48, 0.32, 0.20)
HOME_ONLY = 0.35  # share of regional customers with several cities in the home province and no other
FURTHER_CITIES = 0.6  # mean number of further cities in a province with a site
ONE_CITY = (2, 3)  # kinds of division that are one city: municipality, special administrative region
LOCAL, REGIONAL, NATIONAL = range(3)
MISSPELT, WRONG_UNIT, WRONG_CLASS, COPIES = 0.30, 12, 14, 10
SPELLINGS = ("short", "english", "lower", "blank", "padded", "letters")
SPELLING_SHARES = (0.45, 0.12, 0.08, 0.15, 0.12, 0.08)


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: two tables, what is true of them, a summary, two datasheets."""
    draws = Draws(seed, CASE)
    invented = Invented(draws, names)
    listed = invented.rows(CASE, "provinces")
    provinces = _provinces(invented, listed)
    customers = _customers(draws, invented, listed, provinces, at_scale(CUSTOMERS, scale))
    dirty = _dirty(draws, names, customers, provinces, scale)
    truth = {"customers": customers[["customer_id", "province", "region", "geo_class"]]}
    tables = {"provinces": written(CASE, "provinces", provinces), "customers": dirty}
    told = {"seed": seed} | facts(customers, provinces)
    told["province_writings"] = int(dirty.frame["province"].nunique())
    return case_files(CASE, tables, truth, told)


def _provinces(invented: Invented, listed: list[dict[str, Any]]) -> pd.DataFrame:
    spec, names = columns(CASE, "provinces"), invented.names
    tiers = spec["city_tiers"].values(names)
    return pd.DataFrame(
        {
            "code": [row["code"] for row in listed],
            "name": [invented.word(row["name"]) for row in listed],
            "short_name": [invented.word(row["short"]) for row in listed],
            "name_en": [row["short"][1] for row in listed],
            "letters": [row["letters"] for row in listed],
            "kind": spec["kind"].said(names, [row["kind"] for row in listed]),
            "capital": [invented.word(row["capital"]) for row in listed],
            "region": spec["region"].said(names, [row["region"] for row in listed]),
            "city_tiers": [JOINED_BY.join(tiers[t] for t in _tiers(row)) for row in listed],
            "region_number": [row["region"] for row in listed],
            "one_city": [row["kind"] in ONE_CITY for row in listed],
            "weight": [float(row["weight"]) for row in listed],
        }
    )


def _tiers(province: dict[str, Any]) -> list[int]:
    """The tiers of its cities, in order."""
    return sorted({city[2] for city in province["cities"]} - {-1})


def _customers(
    draws: Draws, invented: Invented, listed: list[dict[str, Any]], provinces: pd.DataFrame, n: int
) -> pd.DataFrame:
    """Customers under their true provinces and cities.

    Across regions spending rises with revenue, within a region it falls.
    """
    spec, names = columns(CASE, "customers"), invented.names
    weights = provinces.groupby("region_number")["weight"].sum()
    region = draws.dealt(weights.to_list(), n)
    home, city = _homes(draws, listed, region)
    tier = np.array([listed[h]["cities"][c][2] for h, c in zip(home, city, strict=True)])
    cell = region * 10 + tier
    larger = REVENUE_SPREAD * draws.even_normal(region)  # log of revenue over that of the region
    revenue = np.round(np.array(REVENUE)[region] * np.exp(larger), 1)
    log_spend = ELASTICITY * larger + SPEND_SPREAD * draws.normal(n)
    spend = np.round(np.array(SPEND)[region] * np.exp(log_spend), 6)
    by_tier = np.array([*ORDER_BY_TIER, ORDER_UNTIERED])[tier]
    value = by_tier + np.array(ORDER_BY_REGION)[region] + ORDER_NOISE * draws.even_normal(cell)
    value = np.round(value.clip(80), 2)
    orders = np.floor(np.round(spend / value, 6) + 0.5).clip(1).astype(int)
    reach = draws.dealt(REACH, n, by=region)
    online = np.isin(region, ONLINE)
    channel = np.where(online, draws.dealt(CHANNELS[1], n, by=online), draws.dealt(CHANNELS[0], n, by=online))
    tiers = [*spec["city_tier"].values(names), ""]
    site_provinces, site_cities = _sites(draws, provinces, home, reach)
    return pd.DataFrame(
        {
            "customer_id": numbered("C", n),
            "company": [firm.name for firm in invented.firms(n)],
            "province": provinces["name"].to_numpy()[home],
            "city": [invented.word(listed[h]["cities"][c][:2]) for h, c in zip(home, city, strict=True)],
            "city_tier": [tiers[t] for t in tier],
            "revenue_wan": revenue,
            "orders": orders,
            "order_value": value,
            "spend": np.round(orders * value, 2),
            "channel": spec["channel"].said(names, channel),
            "site_provinces": site_provinces,
            "site_cities": site_cities,
            "geo_class": spec["geo_class"].said(names, reach),
            "region": provinces["region"].to_numpy()[home],
            "region_number": region,
            "tier": tier,
            "reach": reach,
            "online": channel == 0,
        }
    )


def _homes(draws: Draws, listed: list[dict[str, Any]], region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Home province and position of the home city in its list. Provinces come about as often as they weigh,
    a little more or less in every draw; cities exactly as they weigh."""
    weights = np.array([row["weight"] for row in listed])
    weights = np.round(weights * (1 + JITTER * (2 * draws.uniform(len(weights)) - 1)), 6)
    regions = np.array([row["region"] for row in listed])
    home, city = np.zeros(len(region), dtype=int), np.zeros(len(region), dtype=int)
    for r in np.unique(region):
        here, fit = np.flatnonzero(region == r), np.flatnonzero(regions == r)
        home[here] = fit[draws.dealt(weights[fit].tolist(), len(here))]
    for h in np.unique(home):
        here = np.flatnonzero(home == h)
        city[here] = draws.dealt([c[3] for c in listed[h]["cities"]], len(here))
    return home, city


def _sites(
    draws: Draws, provinces: pd.DataFrame, home: np.ndarray, reach: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Short names of the provinces each customer works in, by code and with the home province, the likelier
    the more a province weighs; and in how many cities."""
    short, region = provinces["short_name"].to_numpy(), provinces["region_number"].to_numpy()
    one_city, weight = provinces["one_city"].to_numpy(), provinces["weight"].to_numpy()
    n = len(home)
    many = draws.dealt((0.35, 0.30, 0.15, 0.12, 0.08), n) + 1
    stays = draws.chance(HOME_ONLY, n) & ~one_city[home]
    turn = np.argsort(draws.exponential(np.tile(weight, n)).reshape(n, -1), axis=1, kind="stable")
    further = draws.poisson(FURTHER_CITIES, n * len(short)).reshape(n, -1)
    names, cities = [], np.ones(n, dtype=int)
    for i, (h, how, k, row) in enumerate(zip(home, reach, many, turn, strict=True)):
        if how == LOCAL:
            names.append(short[h])
            continue
        same = [p for p in row if region[p] == region[h] and p != h]
        other = [p for p in row if region[p] != region[h]]
        # a national customer has at least one site outside the region; half of the rest lie inside
        inside = (k - 1) // 2 if how == NATIONAL else 0 if stays[i] else min(k, 3)
        outside = k - inside if how == NATIONAL else 0
        chosen = sorted([h, *same[:inside], *other[:outside]])
        names.append(JOINED_BY.join(short[p] for p in chosen))
        more = int(further[i, [p for p in chosen if not one_city[p]]].sum())
        cities[i] = max(len(chosen) + more, 2)
    return names, cities


def _dirty(
    draws: Draws, names: Names, customers: pd.DataFrame, provinces: pd.DataFrame, scale: float
) -> Planter:
    """Provinces as clerks type them, revenues in 元 instead of 万元, classes that are not those of the sites,
    records entered twice."""
    planter = Planter(written(CASE, "customers", customers), draws)
    keys = planter.take(at_scale(WRONG_UNIT, scale, 2))
    planter.spoil(
        "amount_unit", keys, "revenue_wan", [f"{customers.at[k, 'revenue_wan'] * 10_000:.1f}" for k in keys]
    )
    keys = planter.take(at_scale(WRONG_CLASS, scale, 2))
    classes = columns(CASE, "customers")["geo_class"].values(names)
    steps = draws.integers(1, 2, len(keys))
    wrong = [classes[(customers.at[k, "reach"] + step) % 3] for k, step in zip(keys, steps, strict=True)]
    planter.spoil("geo_class_wrong", keys, "geo_class", wrong)
    copied = planter.take(at_scale(COPIES, scale, 2))
    row_of = provinces.set_index("name")
    keys = planter.take(round(MISSPELT * len(customers)))
    kinds = np.repeat(SPELLINGS, quota(SPELLING_SHARES, len(keys)))
    typed = [
        _typed(row_of.loc[customers.at[k, "province"]], str(how)) for k, how in zip(keys, kinds, strict=True)
    ]
    planter.spoil("province_spelling", keys, "province", typed)
    planter.copy_rows("duplicate", list(copied), "customer_id")
    return planter


def _typed(province: pd.Series, how: str) -> str:
    """The province in another spelling."""
    short = str(province["short_name"])
    return {
        "short": short,
        "english": str(province["name_en"]).upper(),
        "lower": str(province["name_en"]).lower(),
        "blank": f"{short[:1]} {short[1:]}",
        "padded": f"\u3000{province.name} ",
        "letters": str(province["letters"]),
    }[how]
