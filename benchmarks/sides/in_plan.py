"""A follow-up plan: segkit's, and a plain loop over the rows of pandas frames that comes to the same plan."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from segkit.followup.planner import Member, plan
from segkit.followup.policy import Policy
from segkit.workdays import workdays_from

START, DAYS, MINUTES = dt.date(2026, 1, 5), 30, 240
TOUCHES = {
    "key": {"channel": "phone", "every_days": 14, "minutes": 10, "content": "care_call", "marketing": False},
    "rest": {"channel": "sms", "every_days": 20, "minutes": 1, "content": "next_purchase_offer"},
}
CAPS = {"day": 1, "week": 2, "month": 2}
held: dict[str, Any] = {}
Made = tuple[pd.DataFrame, int]  # tasks, and how many found no place


def make(customers: int, owners: int) -> None:
    """Invented customers; a fifth of them are key customers, a tenth declined marketing."""
    draw = np.random.default_rng(20260105)
    ago = draw.integers(1, 400, customers)
    held["customers"] = pd.DataFrame(
        {
            "customer_id": [f"C{i:08d}" for i in range(customers)],
            "label": draw.choice(["key", "rest"], customers, p=[0.2, 0.8]),
            "last_order": pd.Timestamp(START) - pd.to_timedelta(ago, unit="D"),
            "monetary": np.round(draw.gamma(2.0, 500.0, customers), 2),
            "owner": [f"S{i:05d}" for i in draw.integers(0, owners, customers)],
            "consent_marketing": pd.array(
                draw.choice([True, False], customers, p=[0.9, 0.1]), dtype="boolean"
            ),
        }
    )
    held["team"] = [f"S{i:05d}" for i in range(owners)]


def segkit_plan() -> Made:
    policy = Policy.model_validate(
        {
            "labels": {label: {"touches": [touch]} for label, touch in TOUCHES.items()},
            "first": "labels",
            "floor_days": 3000,
            "caps": CAPS,
        }
    )
    team = [Member(id=owner, minutes=MINUTES) for owner in held["team"]]
    made = plan(held["customers"], policy, start=START, days=DAYS, label="label", team=team)
    return made.tasks, len(made.unscheduled)


def by_hand() -> Made:
    """What one would write first: a row at a time, the time left in a frame by owner and day."""
    days = [pd.Timestamp(day) for day in workdays_from(START, DAYS)]
    due = []
    for _, customer in held["customers"].iterrows():
        touch = TOUCHES[customer["label"]]
        marketing = touch.get("marketing", True)
        if marketing and not customer["consent_marketing"]:
            continue
        first = customer["last_order"] + pd.Timedelta(days=touch["every_days"])
        at, nth = max(first, days[0]), 0
        while at <= days[-1]:
            due.append(
                {
                    "customer_id": customer["customer_id"],
                    "owner": customer["owner"],
                    "nth": nth,
                    "rank": list(TOUCHES).index(customer["label"]),
                    "overdue": nth == 0 and first < days[0],
                    "value": customer["monetary"],
                    "from": at,
                    "minutes": touch["minutes"],
                    "marketing": marketing,
                    "distance": touch["every_days"] - touch["every_days"] // 4,
                }
            )
            worked = next(day for day in days if day >= at)  # a day off is put off to the next working day
            at, nth = worked + pd.Timedelta(days=touch["every_days"]), nth + 1
    queue = pd.DataFrame(due).sort_values(
        ["nth", "rank", "overdue", "value", "customer_id"], ascending=[True, True, False, False, True]
    )
    free = pd.DataFrame(float(MINUTES), index=held["team"], columns=days)
    done: dict[str, list[pd.Timestamp]] = {}
    tasks, left = [], 0
    for _, row in queue.iterrows():
        before = done.get(row["customer_id"], [])
        for day in days:
            if day < row["from"] or free.at[row["owner"], day] < row["minutes"]:
                continue
            if before and day < before[-1] + pd.Timedelta(days=row["distance"]):
                continue
            if row["marketing"] and not _within_caps([*before, day]):
                continue
            free.at[row["owner"], day] -= row["minutes"]
            done.setdefault(row["customer_id"], []).append(day)
            tasks.append((row["customer_id"], day, row["minutes"]))
            break
        else:
            left += 1
    made = pd.DataFrame(tasks, columns=["customer_id", "due", "minutes"])
    return made, left


def _within_caps(days: list[pd.Timestamp]) -> bool:
    for width, most in ((1, CAPS["day"]), (7, CAPS["week"]), (30, CAPS["month"])):
        for first in days:
            inside = [day for day in days if first <= day < first + pd.Timedelta(days=width)]
            if len(inside) > most:
                return False
    return True


def facts(made: Made) -> dict[str, Any]:
    """The plan in four numbers, one of which changes with any task on another day."""
    tasks, left = made
    day = (pd.to_datetime(tasks["due"]) - pd.Timestamp(START)).dt.days
    number = tasks["customer_id"].str[1:].astype("int64")
    return {
        "tasks": len(tasks),
        "minutes": float(tasks["minutes"].sum()),
        "placed": int((number * (day + 1)).sum()),
        "left": left,
    }
