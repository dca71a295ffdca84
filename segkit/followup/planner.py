"""Who is contacted on which working day, within the minutes there are (跟进计划)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from segkit.followup.due import (
    NEVER,
    WHY,
    Candidates,
    candidates,
    contacted,
    day_number,
    day_numbers,
    floor_candidates,
    last_heard,
)
from segkit.followup.filling import Diary, place
from segkit.followup.ordering import money_of, overdue_first, owners_of, queue_of
from segkit.followup.outcome import (
    due_rows,
    excluded_rows,
    floors_of,
    in_day_order,
    load_of,
    task_ids,
    upper_bound,
)
from segkit.followup.permission import barred_touches, drawn_arms
from segkit.followup.plan_model import TASKS, UNSCHEDULED, Member, Plan
from segkit.followup.policy import CHANNELS, Policy
from segkit.problems import InputProblems, Problem
from segkit.workdays import DaysKnown, OwnCalendar, known_years, next_workday, provisional, workdays_from

__all__ = ["Member", "OwnCalendar", "Plan", "plan"]

SAMPLE_MINUTES = 240  # a day, where the client names no team (示例参数 / sample parameter)
# of a person's day goes first to those who would be forgotten (示例参数 / sample parameter)
FLOOR_SHARE = 0.2
YEARS_AHEAD = 1  # beyond the official calendar, in which weekdays are taken for working days (暂定)


def plan(
    customers: pd.DataFrame,
    policy: Policy,
    *,
    start: dt.date,
    days: int = 20,
    label: str = "rfm",
    team: Sequence[Member] | None = None,
    calendar: DaysKnown | None = None,
    history: pd.DataFrame | None = None,
    consent: str = "unknown",
    holdout: float = 0.0,
    seed: int | bytes = 0,
    held: pd.DataFrame | None = None,
    campaign: str = "",
) -> Plan:
    """What is the next step with each customer, and on which day?

    What is due is spread out from the policy. Contacts agreed on with the customer come first, then those the
    floor asks for (within a fifth of each person's day), then everybody's first contact before anybody's second;
    among these the most valuable, or the labels in the policy's order and within a label what is overdue
    (`policy.first`). With `value` days are then given so that what is overdue comes first. Ties are decided by the
    customer's id. A customer's own owner does the work where they are in the team; others stay with whoever made
    the first contact. Calls and visits need no marketing consent; other marketing waits until consent is known. What
    was agreed on is a promise: no holdout and no limit takes it away.

    Parameters
    ----------
    customers : `customer_id`, the column `label`, `monetary`; and, where known, `last_order` or `recency_days` (as of
        the day before `start`), `owner`, anchors of the policy, its `urgency`, `consent_marketing`,
        `opt_out_channels` (the client's own words: 电话;短信, phone, 全部), province, city, region
    start, days : first day and number of working days (Chinese calendar with make-up days)
    team : who has how many minutes a day; by default the owners of these customers, or one person where
        none is known, with 240 minutes each (sample parameter)
    calendar : days off and on that the official calendar does not know
    history : contacts so far: `customer_id, date, channel`, optional `effective, next_date, marketing`
    consent : "yes" where customers whose own consent is not on record may be written to, else "unknown"
    holdout, seed, held, campaign : see `draw_holdout`; `seed` is the key

    Returns
    -------
    Plan : minutes per owner and day never exceed the capacity; the same input gives the same plan. With touches of
        equal length, one a customer, a team in which everybody can do all of it, and nothing but
        `policy.first = "value"` to decide, no plan is worth more.

    Raises
    ------
    InputProblems : a team without time, contacts in the future or on unknown channels, customers twice, a start
        for which no calendar is known
    """
    workdays = _workdays(customers, history, start, days, team, calendar)
    draw = _Draw(holdout, seed, held, campaign)
    asked = _asked(customers, policy, workdays, start, label, history, consent, calendar, draw)
    frame, ids, labels, due, barred = asked.frame, asked.ids, asked.labels, asked.due, asked.barred

    members = _team(frame, team)
    going = np.flatnonzero(barred == "")
    at_floor = (asked.met > NEVER) & (asked.met + policy.floor_days <= day_number(workdays[-1]))
    work, order, groups, listed = queue_of(frame, labels, due, going, policy, members, workdays, at_floor)
    capacity = np.tile([[m.minutes] for m in members], (1, len(workdays)))
    diary = Diary(policy.caps)
    for row, day, channel in asked.capped:
        diary.note(row, day, channel, True)
    day_list = [day_number(d) for d in workdays]
    placed = place(work, capacity, groups, day_list, diary, floor_share=FLOOR_SHARE)
    if policy.first == "value":
        placed = overdue_first(placed, work, due, going[order], {row for row, _, _ in asked.capped})

    chosen = going[order]
    value = money_of(frame)
    rows = due_rows(ids, labels, due, value)
    inside = placed.day >= 0
    tasks = rows.iloc[chosen[inside]].assign(
        due=np.array(workdays, dtype="datetime64[ns]")[placed.day[inside]],
        owner=np.array([m.id for m in members], dtype=object)[placed.member[inside]],
        why=np.array(WHY, dtype=object)[due.why[chosen[inside]]],
        task_id=task_ids(rows.iloc[chosen[inside]]),
    )
    tasks = in_day_order(tasks, listed[inside])
    left = rows.iloc[chosen[~inside]].assign(reason=placed.reason[~inside].astype(object))
    excluded = excluded_rows(ids, labels, rows, due, barred, policy)
    return Plan(
        tasks=tasks[TASKS],
        unscheduled=left[UNSCHEDULED].reset_index(drop=True),
        excluded=excluded,
        load=load_of(members, workdays, work, placed, groups, due.due[chosen]),
        arms=asked.arms,
        floors=floors_of(
            ids, labels, policy, asked.met, workdays[0], day_number(workdays[-1]), tasks, left, excluded
        ),
        bound=upper_bound(members, work, value[work.who], capacity),
        provisional=tuple(d for d in workdays if provisional(d, *_named_days(calendar))),
    )


@dataclass(frozen=True)
class _Asked:
    """What is due, and what of it may not be done."""

    frame: pd.DataFrame  # the customers by id
    ids: pd.Series
    labels: np.ndarray
    due: Candidates
    barred: np.ndarray
    met: np.ndarray  # the last time anything was heard of each customer
    capped: list[tuple[int, int, str]]
    arms: pd.DataFrame


@dataclass(frozen=True)
class _Draw:
    """How a holdout is drawn, or the arms as they were drawn already."""

    share: float = 0.0
    seed: int | bytes = 0
    held: pd.DataFrame | None = None
    campaign: str = ""
    arms: pd.DataFrame | None = None


@dataclass(frozen=True)
class Demand:
    """What a policy asks for: `minutes` by member, and how many customers (`reached`) somebody can contact."""

    minutes: pd.Series
    reached: int


def minutes_asked(
    customers: pd.DataFrame,
    policy: Policy,
    *,
    start: dt.date,
    days: int = 20,
    label: str = "rfm",
    team: Sequence[Member] | None = None,
    calendar: DaysKnown | None = None,
    history: pd.DataFrame | None = None,
    consent: str = "unknown",
    arms: pd.DataFrame | None = None,
) -> Demand:
    """How many minutes does the policy ask of each in the team, with everybody it may and can be done with?

    `arms` are those of a plan; without them nobody is held out. What is nobody's own is shared out evenly.
    """
    workdays = _workdays(customers, history, start, days, team, calendar)
    asked = _asked(customers, policy, workdays, start, label, history, consent, calendar, _Draw(arms=arms))
    members = _team(asked.frame, team)
    going = np.flatnonzero(asked.barred == "")
    nobody = np.zeros(len(asked.frame), dtype=bool)
    work, _, groups, _ = queue_of(
        asked.frame, asked.labels, asked.due, going, policy, members, workdays, nobody
    )
    minutes = np.zeros(len(members))
    named = work.member >= 0
    np.add.at(minutes, work.member[named], work.minutes[named])
    able = np.array([bool(group) for group in groups], dtype=bool)
    for g, group in enumerate(groups):
        if group:
            minutes[group] += float(work.minutes[~named & (work.group == g)].sum()) / len(group)
    doable = named | able[work.group] if len(groups) else named
    ids = [member.id for member in members]
    return Demand(pd.Series(minutes, index=ids), len(np.unique(work.who[doable])))


def _asked(
    customers: pd.DataFrame,
    policy: Policy,
    workdays: Sequence[dt.date],
    start: dt.date,
    label: str,
    history: pd.DataFrame | None,
    consent: str,
    calendar: DaysKnown | None,
    draw: _Draw,
) -> _Asked:
    frame = customers.sort_values("customer_id", kind="stable").reset_index(drop=True)
    ids = frame["customer_id"].astype(str)
    labels = frame[label].astype(str).to_numpy(dtype=object)
    bought = _bought(frame, day_number(start))
    first, last = day_number(workdays[0]), day_number(workdays[-1])
    holidays, open_days = _named_days(calendar)
    until = day_number(next_workday(workdays[-1], holidays, open_days)) - 1
    seen = contacted(pd.Index(ids), history, bought, first_day=first)
    due = candidates(frame, labels, policy, seen, bought, workdays, until)
    barred = barred_touches(frame, due, consent)
    arms = draw.arms
    if arms is None:
        arms = drawn_arms(ids, labels, due, barred, policy, draw.share, draw.seed, draw.held, draw.campaign)
    out = ids.isin(arms.loc[arms["arm"] == "holdout", "customer_id"]).to_numpy(dtype=bool)
    marketing = due.of_touch([t.marketing for t in due.touches], "bool")
    barred = np.where((barred == "") & out[due.who] & marketing, "holdout", barred).astype(object)
    met = last_heard(frame, seen, bought)
    due = floor_candidates(due, barred, labels, policy, met, first, last)
    floors = len(due.who) - len(barred)
    all_barred = barred_touches(frame, due, consent)
    barred = np.concatenate([barred, all_barred[len(all_barred) - floors :]]) if floors else barred
    return _Asked(frame, ids, labels, due, barred, met, seen.capped, arms)


# --- what is given --------------------------------------------------------------------------------


def _workdays(
    customers: pd.DataFrame,
    history: pd.DataFrame | None,
    start: dt.date,
    days: int,
    team: Sequence[Member] | None,
    calendar: DaysKnown | None,
) -> list[dt.date]:
    """The days of the plan, or everything that keeps it from being made."""
    problems: list[Problem] = []
    if team is not None and not any(member.minutes > 0 for member in team):
        problems.append(Problem("plan.no_capacity", {"n": len(team)}))
    ids = customers["customer_id"].astype(str)
    if twice := sorted(set(ids[ids.duplicated()])):
        problems.append(Problem("plan.customers_twice", {"n": len(twice), "examples": twice[:3]}))
    holidays, workdays = _named_days(calendar)
    last_known = known_years()[1]
    if start.year > last_known + YEARS_AHEAD and start not in workdays:
        problems.append(Problem("plan.calendar_ends", {"start": start, "year": last_known}))
    if history is not None and len(history):
        dates = pd.to_datetime(history["date"])
        late = dates >= pd.Timestamp(start)
        if late.any():
            facts: dict[str, Any] = {"n": int(late.sum()), "latest": dates.max().date(), "start": start}
            problems.append(Problem("plan.history_ahead", facts))
        for unknown in sorted(set(history["channel"].dropna().astype(str)) - {*CHANNELS}):
            near = get_close_matches(unknown, CHANNELS, n=1, cutoff=0.5)
            facts = {"channel": unknown, "near": near, "known": list(CHANNELS)}
            problems.append(Problem("plan.unknown_channel" + ("_near" if near else ""), facts))
    if problems:
        raise InputProblems(problems)
    return workdays_from(start, days, holidays=holidays, workdays=workdays)


def _named_days(calendar: DaysKnown | None) -> tuple[Collection[dt.date], Collection[dt.date]]:
    return ((), ()) if calendar is None else (calendar.holidays, calendar.workdays)


def _bought(frame: pd.DataFrame, start: int) -> np.ndarray:
    """The day of the last purchase."""
    if "last_order" in frame:
        return day_numbers(frame["last_order"])
    if "recency_days" not in frame:
        return np.full(len(frame), NEVER)
    ago = pd.to_numeric(frame["recency_days"]).astype("float64").to_numpy()
    return np.where(np.isnan(ago), NEVER, start - np.nan_to_num(ago)).astype("int64")


def _team(frame: pd.DataFrame, team: Sequence[Member] | None) -> list[Member]:
    """The team, or the owners there are, or one person without a name."""
    if team is not None:
        return list(team)
    owners = owners_of(frame)
    return [Member(id=o, minutes=SAMPLE_MINUTES) for o in sorted({*owners} - {""}) or [""]]
