"""Provinces, regions and customers (省份、大区与客户): spellings, reach, and what averages of regions hide.

Provinces, codes and capitals are public facts; the seven regions are common usage. Everything else is invented.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.regions_truth import ONLINE, region_facts
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.dirt import Planter
from segkit.synth.draws import Draws, quota
from segkit.synth.files import File
from segkit.synth.people import Invented, Names
from segkit.synth.tables import case_files, written

CASE = "regions"
CUSTOMERS = 1200
# all numbers of this page are sample parameters; rows in the order of the regions in columns/regions.yml:
# 华东 华南 华中 华北 东北 西北 西南 港澳台
SHARES = (0.28, 0.18, 0.12, 0.18, 0.08, 0.07, 0.08, 0.01)
TIERS = (  # shares of 一线 新一线 二线 三线及以下; where a region has no city of a tier, 0
    (0.30, 0.35, 0.20, 0.15),
    (0.35, 0.15, 0.25, 0.25),
    (0.0, 0.35, 0.15, 0.50),
    (0.10, 0.10, 0.30, 0.50),
    (0.0, 0.25, 0.35, 0.40),
    (0.0, 0.30, 0.25, 0.45),
    (0.0, 0.35, 0.20, 0.45),
    (0.0, 0.0, 0.0, 0.0),
)
INCOME = (300, 280, 220, 250, 180, 160, 200, 320)  # mean in 万元
INCOME_SPREAD = 60.0
SPEND = (31_600.0, 27_400.0, 21_600.0, 23_900.0, 16_400.0, 13_600.0, 17_300.0, 32_500.0)  # mean in CNY
SPEND_WITHIN, SPEND_NOISE = -40.0, 2_500.0  # CNY per 万元 of income above that of the region; CNY
ORDER_BY_TIER = (820.0, 680.0, 540.0, 420.0)
ORDER_BY_REGION = (0.0, 10.0, 20.0, 60.0, -10.0, 0.0, 10.0, 0.0)
ORDER_UNTIERED, ORDER_NOISE = 600.0, 90.0
CHANNELS = ((0.30, 0.45, 0.25), (0.50, 0.35, 0.15))  # online, dealer, shop; the second for regions of ONLINE
REACH = (0.55, 0.27, 0.18)
LOCAL, REGIONAL, NATIONAL = range(3)
MISSPELT, WRONG_UNIT, COPIES = 0.30, 12, 10
SPELLINGS = ("short", "english", "lower", "blank", "padded", "letters")
SPELLING_SHARES = (0.45, 0.12, 0.08, 0.15, 0.12, 0.08)


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: two tables, what is true of them, a summary, two datasheets."""
    draws = Draws(seed, CASE)
    invented = Invented(draws, names)
    listed = invented.rows(CASE, "provinces")
    provinces = _provinces(invented, listed)
    customers = _customers(draws, invented, listed, provinces, round(CUSTOMERS * scale))
    table, ledger = _dirty(draws, customers, provinces, scale)
    structure = ledger["reason"] == "province_spelling"
    truth = {
        "customers": customers[["customer_id", "province", "region", "geo_class"]],
        "defects": ledger[~structure],
        "planted": ledger[structure],
    }
    tables = {"provinces": written(CASE, "provinces", provinces), "customers": table}
    return case_files(CASE, tables, truth, region_facts(customers, provinces, table))


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
            "city_tiers": [JOINED_BY.join(tiers[t] for t in row["tiers"]) for row in listed],
            "region_number": [row["region"] for row in listed],
        }
    )


def _customers(
    draws: Draws, invented: Invented, listed: list[dict[str, Any]], provinces: pd.DataFrame, n: int
) -> pd.DataFrame:
    """Customers under their true provinces. Across regions income lifts spending, within a region it lowers it."""
    spec, names = columns(CASE, "customers"), invented.names
    region = draws.dealt(SHARES, n)
    tier = np.full(n, -1)
    for r, shares in enumerate(TIERS):
        if sum(shares):
            tier[region == r] = draws.dealt(shares, int((region == r).sum()))
    cell = region * 10 + tier
    home = np.empty(n, dtype=int)
    for c in np.unique(cell):
        here = np.flatnonzero(cell == c)
        home[here] = _homes(draws, listed, *divmod(int(c) + 1, 10), len(here))
    income = np.round(np.array(INCOME)[region] + INCOME_SPREAD * draws.even_normal(region), 1).clip(20)
    spend = np.array(SPEND)[region] + SPEND_WITHIN * (income - np.array(INCOME)[region])
    spend = spend + SPEND_NOISE * draws.normal(n)
    by_tier = np.array([*ORDER_BY_TIER, ORDER_UNTIERED])[tier]
    value = by_tier + np.array(ORDER_BY_REGION)[region] + ORDER_NOISE * draws.even_normal(cell)
    value = np.round(value.clip(80), 2)
    orders = np.floor(np.round(spend / value, 6) + 0.5).clip(1).astype(int)
    reach = draws.dealt(REACH, n, by=region)
    online = np.isin(region, ONLINE)
    channel = np.where(online, draws.dealt(CHANNELS[1], n, by=online), draws.dealt(CHANNELS[0], n, by=online))
    tiers = [*spec["city_tier"].values(names), ""]
    return pd.DataFrame(
        {
            "customer_id": [f"C{i:06d}" for i in range(1, n + 1)],
            "company": [firm.name for firm in invented.firms(n)],
            "province": provinces["name"].to_numpy()[home],
            "city_tier": [tiers[t] for t in tier],
            "income_wan": income,
            "orders": orders,
            "order_value": value,
            "spend": np.round(orders * value, 2),
            "channel": spec["channel"].said(names, channel),
            "site_provinces": _sites(draws, provinces, home, reach),
            "geo_class": spec["geo_class"].said(names, reach),
            "region": provinces["region"].to_numpy()[home],
            "region_number": region,
            "tier": tier,
            "reach": reach,
            "online": channel == 0,
        }
    )


def _homes(draws: Draws, listed: list[dict[str, Any]], region: int, above: int, n: int) -> np.ndarray:
    """Home provinces in one region for one tier (`above` is its position plus 1; 0 where there are no tiers)."""
    tier = above - 1
    fit = [
        i for i, row in enumerate(listed) if row["region"] == region and (tier < 0 or tier in row["tiers"])
    ]
    return np.array(fit)[draws.dealt([listed[i]["share"] for i in fit], n)]


def _sites(draws: Draws, provinces: pd.DataFrame, home: np.ndarray, reach: np.ndarray) -> list[str]:
    """Short names of the provinces each customer works in, by code; the home province is among them."""
    short, region = provinces["short_name"].to_numpy(), provinces["region_number"].to_numpy()
    many = draws.dealt((0.35, 0.30, 0.15, 0.12, 0.08), len(home)) + 1
    turn = np.argsort(draws.uniform(len(home) * len(short)).reshape(len(home), -1), axis=1, kind="stable")
    out = []
    for h, how, k, row in zip(home, reach, many, turn, strict=True):
        same = [p for p in row if region[p] == region[h] and p != h]
        other = [p for p in row if region[p] != region[h]]
        # a national customer has at least one site outside the region; half of the rest lie inside
        inside = {LOCAL: 0, REGIONAL: min(k, 3), NATIONAL: (k - 1) // 2}[how]
        outside = k - inside if how == NATIONAL else 0
        out.append(JOINED_BY.join(short[p] for p in sorted([h, *same[:inside], *other[:outside]])))
    return out


def _dirty(
    draws: Draws, customers: pd.DataFrame, provinces: pd.DataFrame, scale: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Provinces as clerks type them, incomes in 元 instead of 万元, records entered twice."""
    planter = Planter(written(CASE, "customers", customers), draws)
    keys = planter.take(max(2, round(WRONG_UNIT * scale)))
    planter.spoil(
        "amount_unit", keys, "income_wan", [f"{customers.at[k, 'income_wan'] * 10_000:.1f}" for k in keys]
    )
    copied = planter.take(max(2, round(COPIES * scale)))
    row_of = provinces.set_index("name")
    keys = planter.take(round(MISSPELT * len(customers)))
    kinds = np.repeat(SPELLINGS, quota(SPELLING_SHARES, len(keys)))
    typed = [
        _typed(row_of.loc[customers.at[k, "province"]], str(how)) for k, how in zip(keys, kinds, strict=True)
    ]
    planter.spoil("province_spelling", keys, "province", typed)
    planter.copy_rows("duplicate", list(copied), "customer_id")
    keys = planter.file_order(reach=12)
    return planter.frame.loc[keys], planter.ledger(keys, file="customers.csv", first_row=2)


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
