"""Customers of the invented retailer whom a partner knows too (跨界合作), with the partner's tags and consent.

Consent and the love of outdoors both go with age and city tier, so those who consent are not like all.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases import retail_people
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.dirt import Planter, full_width
from segkit.synth.draws import Draws, quota
from segkit.synth.files import File
from segkit.synth.people import Names
from segkit.synth.tables import case_files, written

CASE, TABLE = "partner_tags", "tags"
ROWS, LEAST = 200, 60
KNOWN_BY = dt.date(2025, 9, 30)  # registered with the retailer by then
ASKED = dt.date(2025, 10, 13), dt.date(2025, 12, 19)
AGE_BANDS = (30, 45)  # 18-29, 30-44, 45+
TOP_TIERS = 2  # the first two tiers of the dictionary
TIER_GROUPS = ("top", "other")
# by age band and tier group, sample parameters (示例参数): share of the overlap, consent, love of outdoors
GROUPS = (
    ((0.22, 0.90, 0.76), (0.18, 0.64, 0.54)),
    ((0.18, 0.48, 0.40), (0.20, 0.32, 0.26)),
    ((0.10, 0.30, 0.14), (0.12, 0.26, 0.06)),
)
OTHER_TAGS = (0.18, 0.24, 0.20, 0.34, 0.16, 0.15, 0.18)  # of the tags after the first
CAMPAIGN = 0.62  # of those who consent, also to a joint campaign
COPIES, WIDE = 4, 3


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: one table, and the truth. The ids are those of the retail case of the same draw."""
    draws = Draws(seed, CASE)
    shoppers = retail_people.shoppers(Draws(seed, retail_people.CASE), names, scale)
    overlap = _overlap(draws, names, shoppers, max(LEAST, round(ROWS * scale)))
    people = _with_consent(draws, names, overlap)
    planter = Planter(written(CASE, TABLE, people), draws)
    keys = planter.take(max(1, round(WIDE * scale)))
    planter.spoil("full_width", keys, "customer_id", [full_width(people.at[k, "customer_id"]) for k in keys])
    planter.copy_rows("duplicate", planter.take(max(1, round(COPIES * scale))), "partner_user_id")
    order = planter.file_order(reach=20)
    groups = _groups(people)
    hidden = ["customer_id", "partner_user_id", "age_band", "tier_group", "outdoors", "may_contact"]
    return case_files(
        CASE,
        {TABLE: planter.frame.loc[order]},
        {
            "people": people[hidden],
            "groups": groups,
            "defects": planter.ledger(order, file=f"{TABLE}.csv", first_row=2),
        },
        {"seed": seed} | _facts(people, groups),
    )


def _overlap(draws: Draws, names: Names, shoppers: pd.DataFrame, n: int) -> pd.DataFrame:
    """`n` of the retailer's customers, so many of each age band and tier group; in order of the partner's ids."""
    spec = columns(CASE, TABLE)
    pool = shoppers[[day <= KNOWN_BY for day in shoppers["register_date"]]].reset_index(drop=True)
    band = np.searchsorted(AGE_BANDS, pool["age"].to_numpy(), side="right")
    low = ~pool["city_tier"].isin(spec["city_tier"].values(names)[:TOP_TIERS]).to_numpy()
    group = 2 * band + low
    sizes = np.minimum(
        quota([share for row in GROUPS for share, *_ in row], n), np.bincount(group, minlength=6)
    )
    chosen = np.concatenate([draws.some(np.flatnonzero(group == g), size) for g, size in enumerate(sizes)])
    rest = draws.some(
        np.setdiff1d(np.arange(len(pool)), chosen), n - len(chosen)
    )  # only where a group is small
    chosen = np.concatenate([chosen, rest])[draws.order(n)]
    numbers = np.sort(draws.some(900_000, n)) + 100_000
    return pd.DataFrame(
        {
            "partner_user_id": [f"U{k}" for k in numbers],
            "customer_id": pool["customer_id"].to_numpy()[chosen],
            "age_band": spec["age_band"].said(names, band[chosen]),
            "city_tier": pool["city_tier"].to_numpy()[chosen],
            "tier_group": np.array(TIER_GROUPS, dtype=object)[low[chosen].astype(int)],
            "group": group[chosen],
            "consent_marketing": pool["consent_marketing"].to_numpy()[chosen],
        }
    )


def _with_consent(draws: Draws, names: Names, people: pd.DataFrame) -> pd.DataFrame:
    """Who agreed to what, and the tags of those who did; `outdoors` is true of all.

    How many agree, and how many of either side love outdoors, is a quota within each group: there consent
    and interest are independent.
    """
    spec, n, group = columns(CASE, TABLE), len(people), people["group"].to_numpy()
    _, consent, outdoors = np.array([cell for row in GROUPS for cell in row]).T
    agreed = draws.steady(consent[group], by=group)
    loves = draws.steady(outdoors[group], by=2 * group + agreed)
    campaign = draws.steady(np.where(agreed, CAMPAIGN, 0.0), by=agreed)
    days = days_from(ASKED[0], draws.integers(0, (ASKED[1] - ASKED[0]).days, n))
    purposes, tags = spec["purpose"].values(names), spec["tags"].values(names)
    more = draws.uniform(n * len(OTHER_TAGS)).reshape(n, -1) < np.array(OTHER_TAGS)
    usual = draws.choice(OTHER_TAGS, n)
    more[np.arange(n), usual] |= ~loves & ~more.any(axis=1)  # nobody is without a tag
    has = np.column_stack([loves, more])
    return people.assign(
        consent_to_share=agreed.astype(int),
        consent_date=[day if yes else None for day, yes in zip(days, agreed, strict=True)],
        purpose=[JOINED_BY.join(purposes[:k]) for k in agreed.astype(int) + campaign],
        tags=[
            JOINED_BY.join(t for t, h in zip(tags, row, strict=True) if h) if yes else ""
            for row, yes in zip(has, agreed, strict=True)
        ],
        outdoors=loves.astype(int),
        may_contact=(campaign & (people["consent_marketing"].to_numpy() == 1)).astype(int),
    )


def _groups(people: pd.DataFrame) -> pd.DataFrame:
    """Age band by tier group: how many, how many consent, and how many of all and of these love outdoors."""
    frame = people.assign(seen=people["outdoors"] * people["consent_to_share"])
    by = frame.groupby(["age_band", "tier_group"], sort=True)
    out = by.agg(
        people=("outdoors", "size"),
        consenting=("consent_to_share", "sum"),
        outdoors=("outdoors", "sum"),
        outdoors_consenting=("seen", "sum"),
    )
    return out.reset_index()


def _facts(people: pd.DataFrame, groups: pd.DataFrame) -> dict[str, Any]:
    """The measured numbers the datasheets quote."""
    total = groups[["people", "consenting", "outdoors", "outdoors_consenting"]].sum()
    reached = groups[groups["consenting"] > 0]
    by_group = reached["outdoors_consenting"] / reached["consenting"] * reached["people"]
    return {
        "people": int(total["people"]),
        "consenting": int(total["consenting"]),
        "true_share": round(float(total["outdoors"] / total["people"]), 4),
        "naive_share": round(float(total["outdoors_consenting"] / total["consenting"]), 4),
        "post_stratified_share": round(float(by_group.sum() / reached["people"].sum()), 4),
        "for_campaign": int(people["purpose"].str.contains(JOINED_BY).sum()),
        "may_contact": int(people["may_contact"].sum()),
    }
