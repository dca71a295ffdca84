"""Who is contacted on which working day, within the minutes there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from segkit.followup.policy import PERSONAL, Policy, Touch, opted_out_of
from segkit.workdays import workdays_from

TASKS = [
    "task_id",
    "due",
    "customer_id",
    "owner",
    "channel",
    "content",
    "why",
    "minutes",
    "segment",
    "value",
    "marketing",
]


class Member(BaseModel):
    """One person of the team and the minutes a day they can give to follow-up."""

    model_config = ConfigDict(frozen=True)
    id: str
    minutes: float


SAMPLE_MINUTES = 240  # a day, where the client names no team (示例参数 / sample parameter)


@dataclass(frozen=True)
class Plan:
    """A plan that fits the time there is.

    Attributes
    ----------
    tasks : one row per contact: `task_id, due, customer_id, owner, channel, content, why, minutes, segment,
        value, marketing`; `why` is overdue | due
    unscheduled : `customer_id, segment, channel, minutes, reason`: no time left in the period
    excluded : `customer_id, segment, channel, reason`: `opted_out` (of marketing, or of this channel),
        `consent` (to be confirmed first), `no_rule` (the policy does not name the label; no channel)
    load : `owner, due, need, capacity` in minutes
    """

    tasks: pd.DataFrame
    unscheduled: pd.DataFrame
    excluded: pd.DataFrame
    load: pd.DataFrame


def plan(
    customers: pd.DataFrame,
    policy: Policy,
    *,
    start: dt.date,
    days: int = 20,
    label: str = "rfm",
    team: Sequence[Member] | None = None,
    consent: str = "unknown",
    holidays: Collection[dt.date] = (),
    workdays: Collection[dt.date] = (),
) -> Plan:
    """What is the next step with each customer, and on which day?

    Each customer gets the first touch of their label's policy; labels in the policy's order, within a label
    who is overdue, then by the policy's column of urgency where it has one, then the most valuable, then by
    id. A customer's own owner does the work where there is one with time. Calls and visits need no marketing
    consent; other touches wait until consent is known.

    Parameters
    ----------
    customers : `customer_id`, the column `label`, `recency_days`, `monetary`, optional `owner`, the policy's
        `urgency`, `consent_marketing`, `opt_out_channels` (the client's own words: 电话;短信, phone, 全部)
    start, days : first day and number of working days (Chinese calendar with make-up days)
    team : who has how many minutes a day; by default the owners of these customers, or one person where
        none is known, with 240 minutes each (sample parameter)
    consent : "yes" where customers whose own consent is not on record may be written to, else "unknown"

    Returns
    -------
    Plan : minutes per owner and day never exceed the capacity
    """
    first: dict[str, Touch] = {name: entry.touches[0] for name, entry in policy.labels.items()}
    known = customers[customers[label].isin(first)]
    frame = pd.DataFrame(
        {
            "customer_id": known["customer_id"].astype(str),
            "segment": known[label],
            "value": known["monetary"].fillna(0.0),
            "recency": known["recency_days"].astype("float64"),
            "rank": known[label].map({name: i for i, name in enumerate(first)}),
            "channel": known[label].map({n: t.channel for n, t in first.items()}),
            "content": known[label].map({n: t.content for n, t in first.items()}),
            "minutes": known[label].map({n: t.minutes for n, t in first.items()}),
            "every": known[label].map({n: t.every_days for n, t in first.items()}),
            "marketing": known[label].map({n: t.marketing for n, t in first.items()}),
            "owner": known["owner"].fillna("").astype(str) if "owner" in known else "",
            "opted_out": _opted_out(known, known[label].map({n: t.channel for n, t in first.items()})),
        }
    )
    numbers = {"rank": "int64", "minutes": "float64", "every": "float64", "value": "float64"}
    frame = frame.astype({**numbers, "marketing": "bool"})
    urgency = pd.to_numeric(known[policy.urgency]) if policy.urgency in known else None
    frame["urgency"] = 0.0 if urgency is None else urgency.astype("float64")
    frame["overdue"] = frame["recency"] >= frame["every"] if urgency is None else frame["urgency"] < 0
    agreed = (
        known["consent_marketing"].astype("boolean")
        if "consent_marketing" in known
        else pd.Series(pd.NA, index=known.index, dtype="boolean")
    ).fillna(True if consent == "yes" else pd.NA)
    spoken = frame["channel"].isin(PERSONAL)
    refused = frame["opted_out"] | frame["marketing"] & agreed.eq(False).fillna(False).astype(bool)
    unclear = ~refused & ~spoken & frame["marketing"] & agreed.isna()
    unnamed = customers[~customers[label].isin(first)]
    without = pd.DataFrame(
        {"customer_id": unnamed["customer_id"].astype(str), "segment": unnamed[label], "channel": ""}
    )
    excluded = pd.concat(
        [
            frame[refused].assign(reason="opted_out"),
            frame[unclear].assign(reason="consent"),
            without.assign(reason="no_rule"),
        ]
    )
    queue = frame[~refused & ~unclear].sort_values(
        ["rank", "overdue", "urgency", "value", "customer_id"],
        ascending=[True, False, True, False, True],
        kind="stable",
    )
    calendar = workdays_from(start, days, holidays=holidays, workdays=workdays)
    done, left, load = _fill(queue, calendar, tuple(team or _sample_team(frame["owner"])))
    return Plan(
        tasks=done,
        unscheduled=left[["customer_id", "segment", "channel", "minutes"]].assign(reason="no_time"),
        excluded=excluded[["customer_id", "segment", "channel", "reason"]].reset_index(drop=True),
        load=load,
    )


def _sample_team(owners: pd.Series) -> list[Member]:
    """The owners there are, or one person without a name."""
    return [Member(id=owner, minutes=SAMPLE_MINUTES) for owner in sorted(set(owners) - {""}) or [""]]


def _opted_out(customers: pd.DataFrame, channel: pd.Series) -> pd.Series:
    """Has the customer opted out of the channel that is theirs?"""
    if "opt_out_channels" not in customers:
        return pd.Series(False, index=customers.index)
    cells = customers["opt_out_channels"].fillna("").astype(str)
    read = {cell: opted_out_of(cell) for cell in cells.unique()}
    return pd.Series(
        [c in read[cell] for c, cell in zip(channel, cells, strict=True)], index=customers.index, dtype="bool"
    )


def _fill(
    queue: pd.DataFrame, calendar: Sequence[dt.date], team: Sequence[Member]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Give out the days in the order of the queue; each task goes to its owner, else to who is free first."""
    free = {(member.id, day): member.minutes for member in team for day in calendar}
    members = [member.id for member in team]
    first_free = dict.fromkeys(members, 0)  # days before it are full
    smallest = float(queue["minutes"].min()) if len(queue) else 0.0
    owner_of: list[str] = []
    due_of: list[dt.date | None] = []
    for minutes, owner in zip(queue["minutes"], queue["owner"], strict=True):
        due = None
        candidates = [owner] if owner in first_free else sorted(members, key=lambda m: (first_free[m], m))
        for member in candidates:
            due = next((d for d in calendar[first_free[member] :] if free[member, d] >= minutes), None)
            if due is None:
                continue
            free[member, due] -= minutes
            owner = member or owner
            while (
                first_free[member] < len(calendar) and free[member, calendar[first_free[member]]] < smallest
            ):
                first_free[member] += 1
            break
        owner_of.append(owner)
        due_of.append(due)
    queue = queue.assign(due=pd.to_datetime(pd.Series(due_of, index=queue.index)), owner=owner_of)
    placed = queue["due"].notna()
    tasks = queue[placed].sort_values("due", kind="stable")  # within a day in the order of the queue
    tasks = tasks.assign(
        task_id=[f"T{n:05d}" for n in range(1, len(tasks) + 1)],
        why=np.where(tasks["overdue"], "overdue", "due"),
    )
    load = pd.DataFrame(
        [(m.id, pd.Timestamp(d), m.minutes - free[m.id, d], m.minutes) for m in team for d in calendar],
        columns=["owner", "due", "need", "capacity"],
    )
    return tasks[TASKS].reset_index(drop=True), queue[~placed].reset_index(drop=True), load
