"""Customers of the invented retailer whom a partner knows too (跨界合作), with the partner's tags and consent.

Consent and the love of outdoors both go with age and, within an age band, with city tier, so those who consent
are not like all, and neither column alone sets it right.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.retail import people as retail_people
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.dirt import Planter, at_scale, full_width
from segkit.synth.draws import Draws, quota
from segkit.synth.files import File
from segkit.synth.measures import interval
from segkit.synth.people import Names, numbered
from segkit.synth.tables import case_files, written

CASE, TABLE = "partner_tags", "tags"
ROWS, LEAST = 300, 60
KNOWN_BY = dt.date(2025, 9, 30)  # registered with the retailer by then
ASKED = dt.date(2025, 10, 13), dt.date(2025, 12, 19)
AGE_BANDS = (30, 45)  # 18-29, 30-44, 45+
TOP_TIERS = 2  # the first two tiers of the dictionary
TIER_GROUPS = ("top", "other")
# by age band and tier group, sample parameters (示例参数): share of the overlap, consent, love of outdoors
GROUPS = (
    ((0.17, 0.92, 0.84), (0.17, 0.52, 0.42)),
    ((0.18, 0.62, 0.56), (0.18, 0.26, 0.20)),
    ((0.14, 0.44, 0.36), (0.16, 0.22, 0.12)),
)
OTHER_TAGS = (0.18, 0.24, 0.20, 0.34, 0.16, 0.15, 0.18)  # of the tags after the first
CAMPAIGN = 0.62  # of those who consent, also to a joint campaign
UNMATCHED, WITHDRAWN, WITHOUT_CONSENT, COPIES, WIDE = 12, 6, 2, 4, 3
OLD_CARDS = 900_000  # numbers of closed accounts begin here
STATES = ("refused", "consenting", "withdrawn")


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: one table, and the truth. The ids are those of the retail case of the same draw."""
    draws = Draws(seed, CASE)
    shoppers = retail_people.shoppers(Draws(seed, retail_people.CASE), names, scale)
    overlap = _overlap(draws, names, shoppers, at_scale(ROWS, scale, LEAST), at_scale(UNMATCHED, scale))
    listed = _with_tags(draws, names, _with_consent(draws, names, overlap, scale))
    planter = _planted(draws, written(CASE, TABLE, listed), listed, scale)
    people = listed[listed["matched"]]
    groups = _groups(people)
    hidden = ["customer_id", "age_band", "tier_group", "state", "outdoors", "may_contact"]
    readable = len(people) - at_scale(WIDE, scale)
    facts = {
        "seed": seed,
        "listed": len(listed),
        "matched_share": round(len(people) / len(listed), 4),
        "matched_as_written": round(readable / len(listed), 4),
    }
    return case_files(
        CASE, {TABLE: planter}, {"people": people[hidden], "groups": groups}, facts | _facts(people, groups)
    )


def _overlap(draws: Draws, names: Names, shoppers: pd.DataFrame, n: int, closed: int) -> pd.DataFrame:
    """`n` of the retailer's customers, so many of each age band and tier group, and `closed` accounts it lost."""
    spec = columns(CASE, TABLE)
    pool = shoppers[[day <= KNOWN_BY for day in shoppers["register_date"]]].reset_index(drop=True)
    band = np.searchsorted(AGE_BANDS, pool["age"].to_numpy(), side="right")
    low = ~pool["city_tier"].isin(spec["city_tier"].values(names)[:TOP_TIERS]).to_numpy()
    group = 2 * band + low
    sizes = np.minimum(
        quota([share for row in GROUPS for share, *_ in row], n), np.bincount(group, minlength=6)
    )
    chosen = np.concatenate([draws.some(np.flatnonzero(group == g), size) for g, size in enumerate(sizes)])
    # closed accounts are like other customers; others fill up only where a group is small
    rest = draws.some(np.setdiff1d(np.arange(len(pool)), chosen), n - len(chosen) + closed)
    turn = draws.order(n + closed)
    chosen, matched = np.concatenate([chosen, rest])[turn], turn < n
    ids = pool["customer_id"].to_numpy()[chosen]
    ids[~matched] = numbered("C", OLD_CARDS + draws.some(99_000, closed))
    return pd.DataFrame(
        {
            "customer_id": ids,
            "number": draws.some(900_000, n + closed) + 100_000,
            "age_band": spec["age_band"].said(names, band[chosen]),
            "city_tier": pool["city_tier"].to_numpy()[chosen],
            "tier_group": np.array(TIER_GROUPS, dtype=object)[low[chosen].astype(int)],
            "group": group[chosen],
            "matched": matched,
            "consent_marketing": pool["consent_marketing"].to_numpy()[chosen],
        }
    )


def _with_consent(draws: Draws, names: Names, listed: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Who agreed to what and when, and who withdrew; how many do is a quota within each group."""
    n, matched = len(listed), listed["matched"].to_numpy()
    group = listed["group"].to_numpy()
    chance = np.array([consent for row in GROUPS for _, consent, _ in row])[group]
    agreed = draws.steady(chance, by=group + 6 * ~matched)
    agreeing = np.bincount(group[agreed & matched], minlength=6)
    back = np.zeros(n, dtype=bool)
    for g, k in enumerate(quota(agreeing, at_scale(WITHDRAWN, scale))):
        back[draws.some(np.flatnonzero(agreed & matched & (group == g)), k)] = True
    campaign = draws.steady(np.where(agreed, CAMPAIGN, 0.0), by=agreed)
    days = days_from(ASKED[0], draws.integers(0, (ASKED[1] - ASKED[0]).days, n))
    later = draws.integers(2, 12, n)
    purposes = columns(CASE, TABLE)["purpose"].values(names)
    return listed.assign(
        partner_user_id=[f"U{k}" if yes else "" for k, yes in zip(listed["number"], agreed, strict=True)],
        consent_to_share=agreed.astype(int),
        consent_date=[day if yes else None for day, yes in zip(days, agreed, strict=True)],
        consent_withdrawn_date=[
            day + dt.timedelta(days=int(k)) if gone else None
            for day, k, gone in zip(days, later, back, strict=True)
        ],
        purpose=[JOINED_BY.join(purposes[:k]) for k in agreed.astype(int) + campaign],
        state=np.array(STATES, dtype=object)[agreed.astype(int) + back],
        may_contact=(campaign & ~back & (listed["consent_marketing"].to_numpy() == 1)).astype(int),
    )


def _with_tags(draws: Draws, names: Names, listed: pd.DataFrame) -> pd.DataFrame:
    """The tags of those who agreed; `outdoors` and `all_tags` are true of all.

    How many of either side love outdoors is a quota within each group: there consent and interest are independent.
    """
    n, group = len(listed), listed["group"].to_numpy()
    state = listed["state"].map(STATES.index).to_numpy() + 3 * ~listed["matched"].to_numpy()
    loves = draws.steady(np.array([love for row in GROUPS for *_, love in row])[group], by=6 * group + state)
    more = draws.uniform(n * len(OTHER_TAGS)).reshape(n, -1) < np.array(OTHER_TAGS)
    usual = draws.choice(OTHER_TAGS, n)
    more[np.arange(n), usual] |= ~loves & ~more.any(axis=1)  # nobody is without a tag
    words = columns(CASE, TABLE)["tags"].values(names)
    tags = [
        JOINED_BY.join(word for word, h in zip(words, row, strict=True) if h)
        for row in np.column_stack([loves, more])
    ]
    return listed.assign(
        all_tags=tags, tags=np.where(listed["consent_to_share"] == 1, tags, ""), outdoors=loves.astype(int)
    )


def _planted(draws: Draws, cells: pd.DataFrame, listed: pd.DataFrame, scale: float) -> Planter:
    """The table as it came: lost ids, tags nobody may use any more, and dirt."""
    planter = Planter(cells, draws, reach=20)
    for reason, column, marked in (
        ("unmatched_id", "customer_id", ~listed["matched"]),
        ("withdrawn", "tags", listed["state"] == "withdrawn"),
    ):
        keys = listed.index[marked]
        planter.free = planter.free.difference(keys)
        planter.note(reason, keys, column, [""] * len(keys))
    keys = planter.take(at_scale(WITHOUT_CONSENT, scale), listed["state"] == "refused")
    planter.spoil("tag_without_consent", keys, "tags", list(listed.loc[keys, "all_tags"]))
    keys = planter.take(at_scale(WIDE, scale))
    planter.spoil("full_width", keys, "customer_id", [full_width(listed.at[k, "customer_id"]) for k in keys])
    planter.copy_rows("duplicate", planter.take(at_scale(COPIES, scale)), "customer_id")
    return planter


def _groups(people: pd.DataFrame) -> pd.DataFrame:
    """Age band by tier group: how many, how many consent still, and how many of all and of these love outdoors."""
    consenting = (people["state"] == "consenting").astype(int)
    frame = people.assign(consenting=consenting, seen=people["outdoors"] * consenting)
    by = frame.groupby(["age_band", "tier_group"], sort=True)
    out = by.agg(
        people=("outdoors", "size"),
        consenting=("consenting", "sum"),
        outdoors=("outdoors", "sum"),
        outdoors_consenting=("seen", "sum"),
    )
    return out.reset_index()


def _weighted(groups: pd.DataFrame, by: list[str]) -> tuple[float, float]:
    """The share of all who love outdoors from those who consent, weighted by these columns; its standard error.

    The error is that of a stratified sample without replacement: whoever consents is no longer uncertain.
    """
    cells = groups.groupby(by)[["people", "consenting", "outdoors_consenting"]].sum()
    cells = cells[cells["consenting"] > 0]
    seen, weight = cells["consenting"], cells["people"] / cells["people"].sum()
    share = cells["outdoors_consenting"] / seen
    unseen = 1 - seen / cells["people"]
    variance = weight**2 * unseen * share * (1 - share) / (seen - 1).clip(lower=1)
    return float((weight * share).sum()), float(variance.sum() ** 0.5)


def _facts(people: pd.DataFrame, groups: pd.DataFrame) -> dict[str, Any]:
    """The measured numbers the datasheets quote."""
    total = groups[["people", "consenting", "outdoors", "outdoors_consenting"]].sum()
    weighted, error = _weighted(groups, ["age_band", "tier_group"])
    low, high = interval(weighted, error)
    agreed = people["consent_to_share"] == 1
    joint = people["purpose"].str.contains(JOINED_BY) & (people["state"] == "consenting")
    return {
        "people": int(total["people"]),
        "agreed": int(agreed.sum()),
        "refused": int((~agreed).sum()),
        "consenting": int(total["consenting"]),
        "smallest_group": int(groups["consenting"].min()),
        "true_share": round(float(total["outdoors"] / total["people"]), 4),
        "naive_share": round(float(total["outdoors_consenting"] / total["consenting"]), 4),
        "by_age_share": round(_weighted(groups, ["age_band"])[0], 4),
        "by_city_share": round(_weighted(groups, ["tier_group"])[0], 4),
        "post_stratified_share": round(weighted, 4),
        "post_stratified_error": round(error, 4),
        "post_stratified_low": low,
        "post_stratified_high": high,
        "for_campaign": int(joint.sum()),
        "may_contact": int(people["may_contact"].sum()),
    }
