"""In which order the touches choose their days, and who of the team may do them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from segkit.followup.due import AGREED, FLOOR, OVERDUE, Candidates, day_number
from segkit.followup.filling import Placed, Work, earlier_first
from segkit.followup.plan_model import Member
from segkit.followup.policy import Policy

PLACES = ("province", "city", "region")  # columns in which the regions of a member are looked for
LEAD = 5  # working days before the floor or a festival on which the contact may already be made


def queue_of(
    frame: pd.DataFrame,
    labels: np.ndarray,
    due: Candidates,
    going: np.ndarray,
    policy: Policy,
    members: Sequence[Member],
    workdays: Sequence[dt.date],
) -> tuple[Work, np.ndarray, list[list[int]]]:
    """The touches that may be made, in the order in which they choose their days."""
    who, why = due.who[going], due.why[going]
    days = np.array([day_number(d) for d in workdays])
    release = np.searchsorted(days, np.maximum(due.due[going], days[0]))
    release = np.where(why == FLOOR, np.maximum(release - LEAD, 0), np.minimum(release, len(days) - 1))
    before = due.of_touch([bool(t.festivals or t.yearly) for t in due.touches], "bool")[going]
    on_or_before = np.maximum(np.searchsorted(days, due.due[going], side="right") - 1, 0)
    release = np.where(
        before, np.maximum(on_or_before - LEAD, 0), release
    )  # a greeting comes on the day or before it
    touch = due.touch[going]
    round_ = np.zeros(len(going), dtype="int64")
    by_customer = np.lexsort((touch, due.nth[going], due.due[going], who))
    starts = np.flatnonzero(np.diff(who[by_customer], prepend=-1))
    round_[by_customer] = np.arange(len(going)) - np.repeat(starts, np.diff([*starts, len(going)]))
    must = np.where(why == AGREED, 0, np.where(why == FLOOR, 1, 2))
    value = money_of(frame)[who]
    overdue = due.due[going] < days[0]
    if policy.first == "labels":
        place_of = {name: i for i, name in enumerate(policy.labels)}
        rank = np.array([place_of.get(name, len(place_of)) for name in labels[who]], dtype="int64")
        urgency = np.zeros(len(going))
        if policy.urgency in frame:
            told = pd.to_numeric(frame[policy.urgency]).astype("float64").to_numpy()[who]
            urgency = np.where(np.isnan(told), np.inf, told)
            overdue = told < 0
        order = np.lexsort((touch, who, -value, urgency, ~overdue, rank, round_, must))
    else:
        order = np.lexsort((touch, who, ~overdue, -value, round_, must))
    minutes = due.of_touch([t.minutes for t in due.touches], "float64")[going]
    channel = due.of_touch([t.channel for t in due.touches], "object")[going]
    group, groups = _groups(frame, who, channel, members)
    place_of_member = {m.id: i for i, m in enumerate(members)}
    owners = owners_of(frame)
    pooled = due.of_touch([t.owner == "pooled" for t in due.touches], "bool")[going]
    at = np.array([place_of_member.get(o, -1) if o else -1 for o in owners], dtype="int64")[who]
    eligible = [set(g) for g in groups]
    at = np.array(
        [
            m if m >= 0 and not p and m in eligible[g] else -1
            for m, p, g in zip(at, pooled, group, strict=True)
        ],
        dtype="int64",
    )
    every = due.of_touch([t.every_days or 0 for t in due.touches], "int64")[going]
    repeat = np.where(every > 0, who * len(due.touches) + touch, -1)
    parts = (who, release, minutes, at, group, channel, None, repeat, (every + 1) // 2)
    marketing = due.of_touch([t.marketing for t in due.touches], "bool")[going]
    return Work(*(marketing[order] if p is None else p[order] for p in parts)), order, groups


def _groups(
    frame: pd.DataFrame, who: np.ndarray, channel: np.ndarray, members: Sequence[Member]
) -> tuple[np.ndarray, list[list[int]]]:
    """Who of the team may do each piece of work: by channel, and by where the customer is."""
    columns = [frame[c].fillna("").astype(str) for c in PLACES if c in frame]
    regions = sorted({region for member in members for region in member.regions})
    inside = {
        region: np.logical_or.reduce(
            [np.zeros(len(frame), dtype=bool), *(c.str.contains(region, regex=False) for c in columns)]
        )
        for region in regions
    }
    codes = np.zeros(len(frame), dtype="int64")
    for i, region in enumerate(regions):
        codes |= inside[region].astype("int64") << i
    keys = list(zip(channel.tolist(), codes[who].tolist(), strict=True))
    known: dict[tuple[str, int], int] = {}
    groups: list[list[int]] = []
    for name, code in sorted(set(keys)):
        able = [
            i
            for i, m in enumerate(members)
            if m.minutes > 0
            and (not m.channels or name in m.channels)
            and (not m.regions or any(code >> regions.index(region) & 1 for region in m.regions))
        ]
        known[name, code] = groups.index(able) if able in groups else len(groups)
        if able not in groups:
            groups.append(able)
    return np.array([known[key] for key in keys], dtype="int64"), groups


def overdue_first(
    placed: Placed, work: Work, due: Candidates, chosen: np.ndarray, capped: set[int]
) -> Placed:
    """Among tasks of one person that take equally long the overdue ones get the earlier days.

    Only of customers with one task whose caps nothing else counts against: for the others the days hang together.
    """
    inside = np.flatnonzero(placed.day >= 0)
    times = np.bincount(work.who[inside], minlength=int(work.who.max(initial=0)) + 1)
    alone = inside[(times[work.who[inside]] == 1) & ~np.isin(work.who[inside], list(capped))]
    alone = alone[due.why[chosen[alone]] != FLOOR]
    if not len(alone):
        return placed
    late = due.why[chosen[alone]] != OVERDUE
    rank = np.empty(len(alone), dtype="int64")
    rank[np.lexsort((alone, late))] = np.arange(len(alone))
    day = placed.day.copy()
    day[alone] = earlier_first(
        placed.day[alone], placed.member[alone], work.minutes[alone], work.release[alone], rank
    )
    return Placed(day, placed.member, placed.reason, placed.free)


def money_of(frame: pd.DataFrame) -> np.ndarray:
    if "monetary" not in frame:
        return np.zeros(len(frame))
    return pd.to_numeric(frame["monetary"]).astype("float64").fillna(0.0).to_numpy()


def owners_of(frame: pd.DataFrame) -> np.ndarray:
    if "owner" not in frame:
        return np.full(len(frame), "", dtype=object)
    return frame["owner"].fillna("").astype(str).str.strip().to_numpy(dtype=object)
