"""The team, the calendar of one client, and the plan itself as frames."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from segkit.followup.policy import Channel

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
UNSCHEDULED = [
    "customer_id",
    "segment",
    "channel",
    "content",
    "due",
    "minutes",
    "value",
    "marketing",
    "reason",
]
STANDING = (
    "planned",
    "no_time",
    "capped",
    "no_member",
    "later",
    "consent",
    "holdout",
    "opted_out",
    "stopped",
    "no_rule",
)
EXCLUDED = ["customer_id", "segment", "channel", "content", "due", "reason"]


class Member(BaseModel):
    """One person of the team: minutes a day for follow-up, the channels and regions they serve (all if none)."""

    model_config = ConfigDict(frozen=True)
    id: str
    minutes: float = Field(ge=0)
    channels: tuple[Channel, ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A plan that fits the time there is. Every touch that is due is in exactly one of the first three frames.

    Attributes
    ----------
    tasks : one row per contact, by day and importance: `task_id` (stable: the same touch keeps it when the plan is
        made again), `due` (the day it is done), `customer_id, owner` ("" where there is nobody yet: 待分配),
        `channel, content`, `why` (overdue | due | agreed | floor), `minutes, segment, value, marketing`
    unscheduled : due, but with no place: `reason` no_time | capped (no day within the caps) | no_member (nobody in
        the team for this channel or region) | later (a repeat whose turn comes after the plan, the one before it late)
    excluded : due, but not to be done: `reason` opted_out (of marketing, or of this channel) | consent (to be
        confirmed first) | holdout | stopped (made often enough) | no_rule (no policy for the label)
    load : `owner, due, need` (minutes falling due on that day), `planned, capacity`; minutes per owner and day
    arms : `customer_id, segment, arm` where a holdout was drawn
    floors : whom the floor concerns in these days: `customer_id, segment, last_contact, due_by, kept, reason`, which
        is one of the reasons above, or late where they are contacted after the floor is reached
    bound : the value no plan could exceed; the gap to `reached` is `gap`
    provisional : days taken for working days without an official calendar (暂定)
    """

    tasks: pd.DataFrame
    unscheduled: pd.DataFrame
    excluded: pd.DataFrame
    load: pd.DataFrame
    arms: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["customer_id", "segment", "arm"])
    )
    floors: pd.DataFrame = field(default_factory=pd.DataFrame)
    bound: float = 0.0
    provisional: tuple[dt.date, ...] = ()

    @property
    def reached(self) -> float:
        """The value of the customers reached, each counted once."""
        return float(self.tasks.drop_duplicates("customer_id")["value"].clip(lower=0).sum())

    @property
    def gap(self) -> float:
        """How far the plan may be from the best one, 0..1."""
        return max(0.0, 1 - self.reached / self.bound) if self.bound > 0 else 0.0

    @property
    def weeks(self) -> pd.DataFrame:
        """`owner, week` (its Monday), `need, planned, capacity`, minutes."""
        monday = self.load["due"] - pd.to_timedelta(self.load["due"].dt.day_of_week, unit="D")
        by = self.load.assign(week=monday).groupby(["owner", "week"], as_index=False, sort=True)
        return by[["need", "planned", "capacity"]].sum()

    @cached_property
    def standing(self) -> pd.Series:
        """Where each customer stands, by customer_id: `planned`, else why nothing is; who is absent is not due.

        Of several reasons the first one of `STANDING`.
        """
        reasons = pd.concat(
            [
                self.tasks[["customer_id"]].assign(reason="planned"),
                self.unscheduled[["customer_id", "reason"]],
                self.excluded[["customer_id", "reason"]],
            ],
            ignore_index=True,
        ).drop_duplicates()
        place = reasons["reason"].map({name: i for i, name in enumerate(STANDING)})
        ordered = reasons.iloc[place.argsort(kind="stable")].drop_duplicates("customer_id")
        return ordered.set_index("customer_id")["reason"]
