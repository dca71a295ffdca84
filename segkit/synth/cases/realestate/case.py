"""Large clients of a housing project (房地产大客户): leads, visits, deals, owners, referrals, with known truth.

The case has its name from the trade; project, people and records are invented.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.realestate.clients import clients, odds
from segkit.synth.cases.realestate.dirt import dirty
from segkit.synth.cases.realestate.grades import GRADES, STATED, graded, recorded
from segkit.synth.cases.realestate.records import CASE, deals, owners, referrals, visits
from segkit.synth.cases.realestate.tree import (
    LAST_CONTACT,
    START,
    Trees,
    journeys,
    open_day,
    trees,
    walk_in_days,
)
from segkit.synth.cases.realestate.truth import consultant_truth, facts, lead_truth, owner_truth
from segkit.synth.dictionary import columns
from segkit.synth.dirt import at_scale
from segkit.synth.draws import Draws
from segkit.synth.files import File
from segkit.synth.people import Invented, Names, numbered
from segkit.synth.tables import case_files, written

PEOPLE, CONFLICTS = 2340, 60  # clients; clients whom a second consultant registered again (判客)
# positions in cases/realestate/columns.yml; all shares of this page are sample parameters (示例参数)
WALK_IN, ONLINE, REFERRAL, AGENT, CHAMBER, ASSOCIATION = range(6)
CHANNELS = {WALK_IN: 0.34, ONLINE: 0.26, AGENT: 0.14, CHAMBER: 0.05, ASSOCIATION: 0.05}
SECOND_BY_AGENT = 0.7  # second registrations; the others walked in
RETOLD = 0.08  # spread of income, assets and budget as told the second time
RESISTANCE = (  # none, price, place, layout, mortgage, family: budget short; budget there
    (0.14, 0.36, 0.14, 0.10, 0.16, 0.10),
    (0.34, 0.12, 0.20, 0.18, 0.06, 0.10),
)
FAMILY_SAYS = 0.20  # the family objects, where the client does not decide alone
COMPETITORS = (0.45, 0.25, 0.18, 0.12)
CADENCE = {"A": (1, 3), "B+": (3, 7), "B": (3, 7), "B-": (3, 7), "C+": (7, 15), "C": (7, 15), "C-": (7, 15)}
OPENS, CLOSES = 9 * 60, 20 * 60 + 30  # minutes of the day


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: five tables, what is true of them, a summary, two datasheets."""
    draws = Draws(seed, CASE)
    grown = trees(draws, scale)
    people = graded(draws, _people(draws, grown, at_scale(PEOPLE, scale)))
    registered = _leads(draws, Invented(draws, names), people, at_scale(CONFLICTS, scale, 4))
    frames = {
        "leads": registered,
        "visits": visits(draws, names, registered),
        "deals": deals(draws, names, registered),
        "owners": owners(names, grown, registered),
    }
    frames["referrals"] = referrals(draws, names, grown, frames["owners"], registered, scale)
    tables = {name: written(CASE, name, frame) for name, frame in frames.items()}
    spoiled = dirty(draws, tables, frames, scale)
    tree = owner_truth(frames["owners"], frames["referrals"], frames["deals"])
    truth = {
        "leads": lead_truth(registered),
        "owners": tree,
        "consultants": consultant_truth(registered),
    }
    told = {"seed": seed} | facts(frames, spoiled["leads"].frame, tree)
    return case_files(CASE, tables | spoiled, truth, told)


def _people(draws: Draws, grown: Trees, n: int) -> pd.DataFrame:
    """All clients, the referred ones first (as in `grown.people`)."""
    m = n - len(grown.people)
    channel = np.array(list(CHANNELS))[draws.dealt(list(CHANNELS.values()), m)]
    direct = clients(draws, m, referred=False)
    direct = journeys(draws, direct, walk_in_days(draws, m), channel == WALK_IN)
    direct = direct.assign(channel=channel, depth=0)
    return pd.concat([grown.people.assign(channel=REFERRAL), direct], ignore_index=True)


def _leads(draws: Draws, invented: Invented, people: pd.DataFrame, conflicts: int) -> pd.DataFrame:
    """One row per registration in order of first contact: the columns of leads.csv, latent traits beside them.

    `person` is the row of `people`; `second` marks a client registered again by another consultant.
    """
    names = invented.names
    people = people.assign(person=people.index, phone=invented.phones(len(people)), second=False)
    rows = pd.concat([people, _second(draws, people, conflicts)], ignore_index=True)
    n = len(rows)
    rows["minute"] = draws.integers(OPENS, CLOSES, n)
    rows = rows.sort_values(["contact", "minute"], kind="stable", ignore_index=True)
    rows.insert(0, "lead_id", numbered("L", n))
    rows["first_contact_at"] = _moments(rows["contact"], rows["minute"])
    rows["first_call_at"] = _calls(draws, rows)
    rows["consultant_id"] = numbered("S", rows["consultant"], width=2)
    rows["locked_unit"] = rows["locked"].astype(int)
    words = np.array(GRADES)[rows["grade"]]
    rows["grade_by_sales"] = words
    rows["stated_odds"] = [STATED.get(word) for word in words]
    rows["graded_on"] = days_from(START, rows["graded"].to_numpy())
    rows["next_action_date"] = _next_action(draws, rows)
    objects = draws.choice_each(np.array(RESISTANCE)[rows["budget_enough"].astype(int)])
    family = ~rows["decides"].to_numpy() & draws.chance(FAMILY_SAYS, n)
    rows["house_at"] = rows["house_interest"]
    spec = columns(CASE, "leads")
    rows["resistance_code"] = spec["resistance_code"].said(names, np.where(family, 5, objects))
    rows["competitor_considered"] = spec["competitor_considered"].drawn(names, draws, COMPETITORS, n)
    for column in ("channel", "industry", "occupation", "motive", "decision_role", "house_interest"):
        rows[column] = spec[column].said(names, rows[column])
    return rows


def _second(draws: Draws, people: pd.DataFrame, n: int) -> pd.DataFrame:
    """The same clients once more, days later, by another consultant, after one visit on the same day.

    They do not say quite the same again, the consultant judges for himself, and a unit is held only once.
    """
    before = people["signed"].where(people["bought"], LAST_CONTACT + 1).clip(upper=LAST_CONTACT + 1)
    open_to = (before - 1 - people["contact"]).to_numpy()
    pool = people.index[(open_to >= 3) & (people["even_grade"] > 0)].to_numpy()
    rows = people.loc[draws.some(pool, n)].copy()
    span = np.minimum(open_to[rows.index], 40)
    days = rows["contact"].to_numpy() + 1 + np.floor(draws.uniform(n) * span).astype(int)
    rows["contact"] = open_day(days)
    others = np.array(sorted(people["consultant"].unique()))
    step = draws.integers(1, len(others) - 1, n)
    rows["consultant"] = others[(np.searchsorted(others, rows["consultant"]) + step) % len(others)]
    inflating = set(people.loc[people["inflated"], "consultant"])
    rows["inflated"] = rows["consultant"].isin(inflating)
    for column, unit in (("income_wan", 1.0), ("assets_wan", 10.0), ("budget_wan", 10.0)):
        told = np.round(rows[column] * draws.lognormal(1.0, RETOLD, n) / unit) * unit
        rows[column] = np.maximum(told, unit).astype(rows[column].dtype)
    rows["budget_enough"] = rows["budget_wan"] >= rows["price_wan"]
    rows["locked"] = False
    rows["chance"] = odds(rows)
    rows["even_grade"] = np.clip(rows["even_grade"] + draws.integers(-1, 1, n), 1, len(GRADES) - 1)
    rows["intent"] = np.clip(rows["intent"] + draws.integers(-1, 1, n), 1, 5)
    rows["grade"] = recorded(rows["even_grade"].to_numpy(), rows["inflated"].to_numpy())
    rows["channel"] = np.where(draws.exactly(SECOND_BY_AGENT, n), AGENT, WALK_IN)
    rows["visits"], rows["visit_0"] = 1, rows["contact"]
    rows["graded"] = rows["contact"] + draws.integers(0, 2, n)
    rows["signed"], rows["second"] = -1, True
    return rows


def _moments(days: pd.Series, minutes: pd.Series) -> list[dt.datetime]:
    midnight = dt.datetime.combine(START, dt.time())
    return [midnight + dt.timedelta(minutes=int(m)) for m in days * 1440 + minutes]


def _calls(draws: Draws, rows: pd.DataFrame) -> list[dt.datetime]:
    """When the client was first called: within 24 hours or not, always between nine and half past eight."""
    n = len(rows)
    u, v, late = draws.uniform(n), draws.uniform(n), draws.integers(2, 6, n)
    minute = rows["minute"].to_numpy()
    same_day = (u < 0.6) & (minute < CLOSES - 30)
    soon = np.where(same_day, minute + 10 + v * (CLOSES - minute - 10), OPENS + v * (minute - OPENS))
    next_day = (u < 0.4) & (minute < CLOSES - 30)
    later = np.where(next_day, minute + 10 + v * (CLOSES - minute - 10), OPENS + v * (CLOSES - OPENS))
    quick = rows["called_24h"].to_numpy()
    day = np.where(quick, np.where(same_day, 0, 1), np.where(next_day, 1, late))
    at = np.floor(np.where(quick, soon, later)).astype(int)
    return _moments(rows["contact"] + day, pd.Series(at))


def _next_action(draws: Draws, rows: pd.DataFrame) -> list[dt.date | None]:
    """The day planned at grading, by the cadence of the recorded grade; none for buyers and D."""
    grade, u = rows["grade_by_sales"], draws.uniform(len(rows))
    low, high = (np.array([CADENCE.get(word, (0, 0))[i] for word in grade]) for i in (0, 1))
    planned = days_from(START, rows["graded"].to_numpy() + low + np.floor(u * (high - low + 1)))
    over = (rows["signed"] >= 0) | (grade == "D")
    return [None if done else day for done, day in zip(over, planned, strict=True)]
