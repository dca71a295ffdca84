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
    at_floor: np.ndarray,
) -> tuple[Work, np.ndarray, list[list[int]], np.ndarray]:
    """The touches that may be made, in the order in which they choose days; and the place of each in a day's list."""
    who, why = due.who[going], due.why[going]
    days = np.array([day_number(d) for d in workdays])
    release = np.searchsorted(days, np.maximum(due.due[going], days[0]))
    release = np.where(why == FLOOR, np.maximum(release - LEAD, 0), np.minimum(release, len(days) - 1))
    greeting = due.of_touch([bool(t.festivals or t.yearly) for t in due.touches], "bool")[going]
    on_or_before = np.maximum(np.searchsorted(days, due.due[going], side="right") - 1, 0)
    release = np.where(greeting, np.maximum(on_or_before - LEAD, 0), release)
    latest = np.where(greeting, on_or_before, len(days) - 1)
    touch = due.touch[going]
    round_ = np.zeros(len(going), dtype="int64")
    by_customer = np.lexsort((touch, due.nth[going], due.due[going], who))
    starts = np.flatnonzero(np.diff(who[by_customer], prepend=-1))
    round_[by_customer] = np.arange(len(going)) - np.repeat(starts, np.diff([*starts, len(going)]))
    floor = why == FLOOR
    if not policy.urgency:  # where somebody says who is urgent, silence is no claim to come first
        floor |= at_floor[who] & (round_ == 0) & (why != AGREED)
    must = np.where(why == AGREED, 0, np.where(floor, 1, 2))
    value = money_of(frame)[who]
    overdue = due.due[going] < days[0]
    place_of = {name: i for i, name in enumerate(policy.labels)}
    rank = np.array([place_of.get(name, len(place_of)) for name in labels[who]], dtype="int64")
    if policy.first == "labels":
        urgency = np.zeros(len(going))
        if policy.urgency in frame:
            told = pd.to_numeric(frame[policy.urgency]).astype("float64").to_numpy()[who]
            urgency = np.where(np.isnan(told), np.inf, told)
            overdue = told < 0
        late = np.where(why == FLOOR, len(place_of), rank)  # for the floor no class comes before another
        order = np.lexsort((touch, who, -value, urgency, ~overdue, late, round_, must))
        listed = np.lexsort((touch, who, -value, urgency, ~overdue, rank, why != AGREED))
    else:
        order = np.lexsort((touch, who, rank, ~overdue, -value, round_, must))
        listed = np.lexsort((touch, who, rank, -value, ~overdue, why != AGREED))
    place_in_list = np.empty(len(listed), dtype="int64")
    place_in_list[listed] = np.arange(len(listed))
    minutes = due.of_touch([t.minutes for t in due.touches], "float64")[going]
    channel = due.of_touch([t.channel for t in due.touches], "object")[going]
    group, groups = able_members(frame, who, channel, members)
    member = _named(frame, due, going, group, groups, members)
    every = due.of_touch([t.every_days or 0 for t in due.touches], "int64")[going]
    repeat = np.where(every > 0, who * len(due.touches) + touch, -1)
    marketing = due.of_touch([t.marketing for t in due.touches], "bool")[going]
    distance = (
        every - every // 4
    )  # a repeat keeps three quarters of its interval (示例参数 / sample parameter)
    columns = (who, release, latest, minutes, member, group, channel, marketing, repeat, distance, floor)
    return Work(*(column[order] for column in columns)), order, groups, place_in_list[order]


def _named(
    frame: pd.DataFrame,
    due: Candidates,
    going: np.ndarray,
    group: np.ndarray,
    groups: Sequence[Sequence[int]],
    members: Sequence[Member],
) -> np.ndarray:
    """The customer's own owner, where they are in the team and do this kind of work; else -1."""
    place_of_member = {m.id: i for i, m in enumerate(members)}
    mine = np.array([place_of_member.get(o, -1) if o else -1 for o in owners_of(frame)], dtype="int64")
    pooled = due.of_touch([t.owner == "pooled" for t in due.touches], "bool")[going]
    eligible = [set(g) for g in groups]
    named = [
        m if m >= 0 and not p and m in eligible[g] else -1
        for m, p, g in zip(mine[due.who[going]], pooled, group, strict=True)
    ]
    return np.array(named, dtype="int64")


def able_members(
    frame: pd.DataFrame, who: np.ndarray, channel: np.ndarray, members: Sequence[Member]
) -> tuple[np.ndarray, list[list[int]]]:
    """Who of the team may do each piece of work: by channel, and by where the customer is."""
    codes, inside = _where(frame, sorted({region for member in members for region in member.regions}))
    keys = list(zip(channel.tolist(), codes[who].tolist(), strict=True))
    known: dict[tuple[str, int], int] = {}
    groups: list[list[int]] = []
    for name, code in sorted(set(keys)):
        able = [
            i
            for i, m in enumerate(members)
            if m.minutes > 0
            and (not m.channels or name in m.channels)
            and (not m.regions or not inside[code].isdisjoint(m.regions))
        ]
        known[name, code] = groups.index(able) if able in groups else len(groups)
        if able not in groups:
            groups.append(able)
    return np.array([known[key] for key in keys], dtype="int64"), groups


def _where(frame: pd.DataFrame, regions: Sequence[str]) -> tuple[np.ndarray, list[frozenset[str]]]:
    """For every customer the number of a place, and for every place the regions it lies in."""
    columns = [frame[c].fillna("").astype(str) for c in PLACES if c in frame]
    if not columns or not regions:
        return np.zeros(len(frame), dtype="int64"), [frozenset()]
    places = columns[0].str.cat(columns[1:], sep="|") if len(columns) > 1 else columns[0]
    codes, names = pd.factorize(places)
    return codes, [frozenset(r for r in regions if r in name) for name in names]


def overdue_first(
    placed: Placed, work: Work, due: Candidates, chosen: np.ndarray, capped: set[int]
) -> Placed:
    """Among tasks of one person that take equally long the overdue ones get the earlier days.

    Only of customers with one task whose caps nothing else counts against: for the others the days hang together.
    """
    inside = np.flatnonzero(placed.day >= 0)
    times = np.bincount(work.who[inside], minlength=int(work.who.max(initial=0)) + 1)
    alone = inside[(times[work.who[inside]] == 1) & ~np.isin(work.who[inside], list(capped))]
    alone = alone[~work.floor[alone] & (work.latest[alone] == work.latest.max(initial=0))]
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
