"""Journeys from first contact to signing, and the trees of referrals (转介绍) that grow from first-phase owners."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, days_from, on_workday
from segkit.synth.cases.realestate.clients import clients
from segkit.synth.dirt import at_scale
from segkit.synth.draws import Draws, quota

START = dt.date(2024, 1, 1)  # day 0
LAST_CONTACT = (dt.date(2025, 9, 30) - START).days  # everyone is watched for three months
LAST_JOINED = LAST_CONTACT - 20  # members who join later have introduced nobody yet
CLOSED = frozenset(  # the sales office is shut from New Year's Eve to the third day
    (day - START).days
    for first in (dt.date(2024, 2, 9), dt.date(2025, 1, 28))
    for day in (first + dt.timedelta(days=i) for i in range(4))
)
MOST_VISITS = 5
# sample parameters (示例参数)
ROOTS = 150  # first-phase owners in the owners' club
ROOTS_JOIN = (-150, 440)  # the days they join: from August 2023, as keys are handed over
SPREAD = 180  # introductions come within so many days of joining, and are written down from January 2024
NPS_SHARES = (0.60, 0.28, 0.12)  # promoters 9-10, passives 7-8, detractors 0-6
EXPECTED = (3.5, 1.0, 0.2)  # introductions of a member, by the same classes
SCORES = ((9, 10), (7, 8), (0, 6))
# by depth: introductions, and how many of them came to the sales office
INTRODUCED, CAME = (359, 112, 34, 10), (267, 83, 25, 9)


@dataclass(frozen=True)
class Trees:
    """Members of the owners' club, whom they introduced, and the clients who came of it.

    Attributes
    ----------
    people : the referred clients, as `clients`, with their journeys and `depth` 1-4
    members : person (row of `people`, -1 for a first-phase owner), joined (day), nps, nps_class, depth
    introductions : member (row of `members`), day, person (row of `people`, -1 if nothing came of it)
    """

    people: pd.DataFrame
    members: pd.DataFrame
    introductions: pd.DataFrame


def journeys(draws: Draws, people: pd.DataFrame, contact: np.ndarray, direct: np.ndarray) -> pd.DataFrame:
    """`people` with the days of contact, visits, grading and, for buyers, signing.

    `direct`: who walked in, so that the first contact is the first visit. A grade is given after the last visit
    and at least two days before signing.
    """
    n = len(people)
    gaps = draws.integers(2, 8, n * MOST_VISITS).reshape(n, MOST_VISITS)
    gaps[:, 0] = np.where(direct, 0, draws.integers(0, 10, n))
    visits = open_day(contact[:, None] + np.cumsum(gaps, axis=1))
    last = visits[np.arange(n), people["visits"] - 1]
    graded = last + draws.integers(0, 2, n)
    signed = [(on_workday(day) - START).days for day in days_from(START, graded + draws.integers(2, 30, n))]
    planned = people.assign(contact=contact, graded=graded, signed=np.where(people["bought"], signed, -1))
    return planned.assign(**{f"visit_{i}": visits[:, i] for i in range(MOST_VISITS)})


def walk_in_days(draws: Draws, n: int) -> np.ndarray:
    """Days of first contact: a Saturday or Sunday brings twice as many as another day; closed days none."""
    days = days_from(START, np.arange(LAST_CONTACT + 1))
    weights = [0 if i in CLOSED else 2 if day.weekday() >= 5 else 1 for i, day in enumerate(days)]
    return np.sort(draws.choice(weights, n))


def trees(draws: Draws, scale: float) -> Trees:
    """Grow the trees generation by generation; a client who signs becomes a member and may introduce others.

    How many introductions a generation makes is fixed, so that every draw has trees of one size.
    """
    roots = at_scale(ROOTS, scale)
    members = _members(draws, np.full(roots, -1), np.sort(draws.integers(*ROOTS_JOIN, roots)), 0)
    batches: list[pd.DataFrame] = []
    introduced: list[pd.DataFrame] = []
    for depth, (named, came) in enumerate(zip(INTRODUCED, CAME, strict=True), 1):
        able = members[(members["depth"] == depth - 1) & (members["joined"] <= LAST_JOINED)]
        if able.empty:
            break
        n, m = at_scale(named, scale, 2), at_scale(came, scale)
        member = _named_by(draws, able, n)
        joined = members["joined"].to_numpy()[member]
        earliest, latest = np.maximum(joined + 7, 0), np.minimum(joined + SPREAD, LAST_CONTACT - 10)
        day = earliest + np.floor(draws.uniform(n) * (latest - earliest + 1)).astype(int)
        batch = clients(draws, m, referred=True)
        if depth <= 2 and not batch["bought"].any():  # a small sample still needs a chain of three
            batch.loc[batch["chance"].where(batch["within_means"], 0.0).idxmax(), "bought"] = True
        arrived = np.sort(draws.some(n, m))
        contact = open_day(day[arrived] + draws.integers(0, 6, m))
        batch = journeys(draws, batch, contact, np.zeros(m, dtype=bool)).assign(depth=depth)
        before = sum(map(len, batches))
        person = np.full(n, -1)
        person[arrived] = before + np.arange(m)
        batches.append(batch)
        introduced.append(pd.DataFrame({"member": member, "day": day, "person": person}))
        bought = np.flatnonzero(batch["bought"])
        joins = _members(draws, before + bought, batch["signed"].to_numpy()[bought], depth)
        members = pd.concat([members, joins], ignore_index=True)
    return Trees(pd.concat(batches, ignore_index=True), members, pd.concat(introduced, ignore_index=True))


def _named_by(draws: Draws, able: pd.DataFrame, n: int) -> np.ndarray:
    """The member behind each of `n` introductions.

    The total of every NPS class is in proportion to its mean; within a class every member is as likely as any
    other, which is what Poisson counts are once their total is known.
    """
    classes = able["nps_class"].to_numpy()
    totals = quota([EXPECTED[c] * (classes == c).sum() for c in range(len(EXPECTED))], n)
    pools = [able.index.to_numpy()[classes == c] for c in range(len(EXPECTED))]
    return np.concatenate([draws.pick(pool, t) for pool, t in zip(pools, totals, strict=True) if t])


def _members(draws: Draws, person: np.ndarray, joined: np.ndarray, depth: int) -> pd.DataFrame:
    """New members and how likely they say they are to recommend (NPS, 0-10)."""
    n = len(person)
    nps_class = draws.dealt(NPS_SHARES, n)
    low, high = np.array(SCORES).T
    # of 0-6 mostly the upper half
    u = np.where(nps_class == 2, np.sqrt(draws.uniform(n)), draws.uniform(n))
    nps = low[nps_class] + np.floor(u * (high - low + 1)[nps_class]).astype(int)
    answered = np.minimum(joined + draws.integers(3, 30, n), (AS_OF - START).days)
    return pd.DataFrame(
        {
            "person": person,
            "joined": joined,
            "nps": nps,
            "answered": answered,
            "nps_class": nps_class,
            "depth": depth,
        }
    )


def open_day(days: np.ndarray) -> np.ndarray:
    """The day itself, or the day after the closed days."""
    table = np.arange(days.max(initial=0) + 1 + len(CLOSED))
    for day in sorted(CLOSED, reverse=True):
        if day < len(table) - 1:
            table[day] = table[day + 1]
    return table[days]
