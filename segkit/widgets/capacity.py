"""What does the follow-up policy ask of the team, what does not fit, and what would make room? (产能与负荷)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from ipywidgets import BoundedIntText, Dropdown, IntSlider

from segkit.charts.capacity import load_against_capacity
from segkit.followup.plan_model import Member, Plan
from segkit.followup.planner import minutes_asked, plan
from segkit.followup.policy import LabelPolicy, Policy, Touch
from segkit.followup.relief import MOST, relief, utilisation
from segkit.locale import Lang, name_of, say
from segkit.problems import InputProblems, Problem
from segkit.report.model import Unit
from segkit.schemes.base import PROSPECT, UNKNOWN
from segkit.widgets.explorer import Explorer
from segkit.widgets.parts import Part, Table

# days between calls, the most valuable label first, and minutes a call (示例参数 / sample parameters)
INTERVALS = (14, 30, 60, 90, 120, 150, 180, 180, 180, 180, 180, 180)
CALL_MINUTES = 10.0
EVERY = "every_"
LOAD = "load_{}"  # columns of minutes in the table of weeks


@dataclass(frozen=True)
class Fit:
    """A plan, the policy and team it was made with, and what would make room.

    Attributes
    ----------
    weeks : `week, need, planned, capacity` (minutes of all), `use` (need against capacity)
    left : what found no place: `segment, reason, touches, customers, total_minutes`
    relief : as `followup.relief.relief` gives it
    use : minutes that fall due against the minutes there are
    """

    plan: Plan
    policy: Policy
    team: tuple[Member, ...]
    weeks: pd.DataFrame
    left: pd.DataFrame
    relief: pd.DataFrame
    use: float


def small_policy(customers: pd.DataFrame, label: str) -> Policy:
    """One call a segment, the more valuable the more often: 14, 30, 60 days ... of 10 minutes (sample parameters)."""
    known = customers[~customers[label].isin([PROSPECT, UNKNOWN])]
    worth = known.groupby(known[label].astype(str))["monetary"].mean()
    order = worth.sort_values(ascending=False, kind="stable").index
    return Policy(
        labels={
            segment: LabelPolicy(
                touches=(
                    Touch(
                        channel="phone",
                        every_days=INTERVALS[min(i, len(INTERVALS) - 1)],
                        minutes=CALL_MINUTES,
                        content="care_call",
                        owner="pooled",
                        marketing=False,
                    ),
                )
            )
            for i, segment in enumerate(order)
        }
    )


def fitted(
    customers: pd.DataFrame,
    policy: Policy,
    *,
    people: int,
    minutes: float,
    intervals: Mapping[str, int],
    first: str,
    label: str,
    start: dt.date,
    days: int,
) -> Fit:
    """Does what the policy asks for fit? What `segkit.plan` and `relief` say, with these intervals.

    Parameters
    ----------
    people, minutes : so many of a team, each with so many minutes a day
    intervals : days between contacts by label, in place of those of the policy (see `main_touch`)
    first : who gets scarce time: value | labels
    """
    asked = _with(policy, intervals, first)
    team = tuple(Member(id=str(i + 1), minutes=minutes) for i in range(people))
    how: dict[str, Any] = {"start": start, "days": days, "label": label, "team": team}
    made = plan(customers, asked, **how)
    by_week = made.weeks.groupby("week", as_index=False)[["need", "planned", "capacity"]].sum()
    left = (
        made.unscheduled.groupby(["segment", "reason"], as_index=False)
        .agg(
            touches=("customer_id", "size"),
            customers=("customer_id", "nunique"),
            total_minutes=("minutes", "sum"),
        )
        .sort_values(["total_minutes", "segment"], ascending=[False, True], ignore_index=True)
    )
    changes = relief(asked, lambda other: minutes_asked(customers, other, **how), made)
    return Fit(
        made,
        asked,
        team,
        by_week.assign(use=by_week["need"] / by_week["capacity"]),
        left,
        changes,
        utilisation(made),
    )


def main_touch(entry: LabelPolicy) -> int | None:
    """Which of the touches with an interval asks for most minutes a day? Its place; None where none has one."""
    paced = [(t.minutes / t.every_days, -i) for i, t in enumerate(entry.touches) if t.every_days]
    return -max(paced)[1] if paced else None


def _with(policy: Policy, intervals: Mapping[str, int], first: str) -> Policy:
    labels = dict(policy.labels)
    for label, days in intervals.items():
        at = main_touch(labels[label])
        if at is not None:
            touches = list(labels[label].touches)
            touches[at] = touches[at].model_copy(update={"every_days": int(days)})
            labels[label] = labels[label].model_copy(update={"touches": tuple(touches)})
    return policy.model_copy(update={"labels": labels, "first": first})


def capacity_load(
    customers: pd.DataFrame,
    policy: Policy | None = None,
    *,
    label: str = "rfm",
    start: dt.date = dt.date(2026, 1, 5),
    days: int = 20,
    **defaults: Any,
) -> CapacityLoad:
    """Does the follow-up fit the people there are? (产能与负荷)

    Moves: `people`, `minutes` (a day each), `every_<label>` (days between contacts of a segment), `first` (who gets
    scarce time: `value` or `labels`). Shown are minutes needed against capacity per week, what found no place and
    why, and what each longer interval or cheaper channel would free.

    Parameters
    ----------
    customers, policy, label, start, days : as `segkit.plan` takes them; without a policy one call a segment,
        the more valuable the more often (sample parameters / 示例参数)
    defaults : first values of the controls

    Raises
    ------
    InputProblems : a column is missing, or no customer has a label the policy knows
    """
    return CapacityLoad(customers, policy, label=label, start=start, days=days, **defaults)


class CapacityLoad(Explorer):
    """See `capacity_load`."""

    topic = "capacity_load"

    def __init__(
        self,
        customers: pd.DataFrame,
        policy: Policy | None = None,
        *,
        label: str = "rfm",
        start: dt.date = dt.date(2026, 1, 5),
        days: int = 20,
        **defaults: Any,
    ) -> None:
        missing = [column for column in ("customer_id", "monetary", label) if column not in customers]
        if missing:
            raise InputProblems([Problem("widget.capacity_load.no_column", {"columns": missing})])
        self.customers, self.label_column, self.start, self.days = customers, label, start, days
        self.policy = policy or small_policy(customers, label)
        there = {*customers[label].astype(str)}
        self.paced = {
            segment: at
            for segment, entry in self.policy.labels.items()
            if segment in there and (at := main_touch(entry)) is not None
        }
        if not there & {*self.policy.labels}:
            facts = {"column": label, "found": sorted(there)[:8], "known": [*self.policy.labels][:8]}
            raise InputProblems([Problem("widget.capacity_load.no_label", facts)])
        self._last: tuple[dict[str, Any], Fit] | None = None
        super().__init__(**defaults)

    def make_controls(self, lang: Lang) -> dict[str, Any]:
        first = [(self.label(f"first_{way}"), way) for way in ("value", "labels")]
        controls: dict[str, Any] = {
            "people": IntSlider(value=2, min=1, max=12),
            "minutes": IntSlider(value=240, min=30, max=480, step=10),
            "first": Dropdown(options=first, value=self.policy.first),
        }
        for segment, at in self.paced.items():
            touch = self.policy.labels[segment].touches[at]
            words = {"segment": name_of("segment", segment, lang), "minutes": touch.minutes}
            words["channel"] = name_of("channel", touch.channel, lang)
            controls[EVERY + segment] = BoundedIntText(
                value=touch.every_days,
                min=1,
                max=730,
                description=say("widget.capacity_load.every", lang, **words),
            )
        return controls

    def fit(self, values: Mapping[str, Any]) -> Fit:
        """The plan for these settings; kept until they change."""
        if self._last is None or self._last[0] != dict(values):
            intervals = {segment: values[EVERY + segment] for segment in self.paced}
            found = fitted(
                self.customers,
                self.policy,
                people=values["people"],
                minutes=values["minutes"],
                intervals=intervals,
                first=values["first"],
                label=self.label_column,
                start=self.start,
                days=self.days,
            )
            self._last = dict(values), found
        return self._last[1]

    def meaning(self, values: Mapping[str, Any], lang: Lang) -> str:
        found = self.fit(values)
        need, there = (float(found.plan.load[column].sum()) for column in ("need", "capacity"))
        left = found.plan.unscheduled
        facts = {"need": need, "there": there, "use": found.use, "days": self.days, "n": len(left)}
        facts["people"] = left["customer_id"].nunique()
        which = "over" if len(left) else "tight" if found.use > MOST else "room"
        return say(f"widget.capacity_load.{which}", lang, **facts, most=MOST)

    def render(self, values: Mapping[str, Any], lang: Lang) -> Sequence[Part]:
        found = self.fit(values)
        figure = load_against_capacity(
            found.plan.weeks,
            customers=len(self.customers),
            unplaced=len(found.plan.unscheduled),
            lang=lang,
            source=say("widget.capacity_load.source", lang),
            as_of=self.start,
        )
        names = ("need", "planned", "capacity", "use")
        units: dict[str, Unit] = {"week": "date", **dict.fromkeys(map(LOAD.format, names), "count")}
        units[LOAD.format("use")] = "share"
        parts: list[Part] = [
            figure,
            Table(
                found.weeks.rename(columns={name: LOAD.format(name) for name in names}),
                units,
                say("widget.capacity_load.weeks", lang),
            ),
        ]
        if len(found.left):
            parts.append(
                Table(
                    found.left,
                    {"touches": "count", "customers": "count", "total_minutes": "count"},
                    say("widget.capacity_load.left", lang, n=int(found.left["touches"].sum())),
                    {"segment": "segment", "reason": "not_planned"},
                )
            )
        return [*parts, *self._relief(found, lang)]

    def _relief(self, found: Fit, lang: Lang) -> list[Part]:
        changes = found.relief
        if found.use <= MOST and changes.empty:
            return [say("widget.capacity_load.no_relief_needed", lang, use=found.use, most=MOST)]
        if changes.empty:
            return [say("widget.capacity_load.no_relief", lang, most=MOST)]
        shown = pd.DataFrame(
            {
                "segment": changes["label"],
                "touch": [name_of("channel", channel, lang) for channel in changes["channel"]],
                "change": [
                    self._change(row.change, row.before, row.after, lang) for row in changes.itertuples()
                ],
                "customers": changes["customers"],
                "freed_minutes": changes["frees"],
                "use_after": changes["share_after"],
            }
        )
        title = say(
            "widget.capacity_load.relief",
            lang,
            frees=float(changes["frees"].sum()),
            after=float(changes["share_after"].iloc[-1]),
        )
        units: dict[str, Unit] = {"customers": "count", "freed_minutes": "count", "use_after": "share"}
        return [Table(shown, units, title, {"segment": "segment"})]

    def _change(self, kind: str, before: str, after: str, lang: Lang) -> str:
        if kind == "channel":
            ends = [name_of("channel", end, lang) for end in (before, after)]
        else:
            ends = [say("report.every_days", lang, days=int(end)) for end in (before, after)]
        return say("report.relief.change", lang, before=ends[0], after=ends[1])
