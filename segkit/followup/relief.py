"""When the work asked for is more than the time there is: what could be asked for less often, or more cheaply."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd

from segkit.followup.plan_model import Plan
from segkit.followup.planner import Demand
from segkit.followup.policy import Channel, LabelPolicy, Policy, Touch

MOST = (
    0.85  # of the capacity; above it a plan has no room for what nobody foresaw (示例参数 / sample parameter)
)
LONGER = 1.5  # times the interval
# a cheaper channel, and the minutes it takes (示例参数 / sample parameter)
CHEAPER: dict[Channel, tuple[Channel, float]] = {"visit": ("phone", 10.0), "phone": ("social", 2.0)}
SHORTEST_GAIN = 1.0  # minutes; changes that free less are not worth a line
COLUMNS = ["label", "channel", "content", "change", "before", "after", "frees", "customers", "share_after"]

Asked = Callable[[Policy], Demand]


def utilisation(made: Plan) -> float:
    """Minutes that fall due against the minutes there are; above 1 something cannot be done in time."""
    capacity = float(made.load["capacity"].sum())
    return float(made.load["need"].sum()) / capacity if capacity else 0.0


def overloaded(made: Plan, *, most: float = MOST) -> list[str]:
    """Of whom is more asked than `most` of their time in the days of the plan?"""
    load = made.load.groupby("owner")[["need", "capacity"]].sum()
    return sorted(load.index[load["need"] > most * load["capacity"]])


def relief(policy: Policy, asked_of: Asked, made: Plan, *, most: float = MOST) -> pd.DataFrame:
    """What could be changed so that the work fits, before anything is dropped?

    Changes are tried where a minute reaches the least value first: a longer interval, then a cheaper channel; each
    is kept and the next one tried on top of it, until what is asked of those who are overloaded is at most `most` of
    their time. A change after which fewer customers could be contacted at all (no consent for the cheaper channel,
    nobody to do it) is none. Nothing is changed in the policy itself.

    Parameters
    ----------
    asked_of : what another policy asks for, everything else the same; see `planner.minutes_asked`
    made : the plan as it is

    Returns
    -------
    frame : `label, channel, content, change` (interval | channel), `before, after` (days, or channels), `frees`
        (minutes of those who are overloaded), `customers`, `share_after` (of their time, with all changes so far)
    """
    full = overloaded(made, most=most)
    capacity = float(made.load.loc[made.load["owner"].isin(full), "capacity"].sum())
    rows: list[tuple[object, ...]] = []
    if not capacity:
        return pd.DataFrame(rows, columns=COLUMNS)
    now = asked_of(policy)
    need = float(now.minutes[full].sum())
    asked = pd.concat([made.tasks, made.unscheduled])
    for label, index in _cheapest_first(asked, policy):
        for change in ("interval", "channel"):
            if need / capacity <= most:
                return pd.DataFrame(rows, columns=COLUMNS)
            touch = policy.labels[label].touches[index]
            other = _changed(touch, change)
            if other is None or (change == "channel" and label in policy.never_held):
                continue  # a named key account is not put off with messages
            tried = _with(policy, label, index, other)
            then = asked_of(tried)
            left = float(then.minutes[full].sum())
            if need - left < SHORTEST_GAIN or then.reached < now.reached:
                continue
            before, after = (
                (touch.every_days, other.every_days)
                if change == "interval"
                else (touch.channel, other.channel)
            )
            facts = (label, touch.channel, touch.content, change, str(before), str(after))
            people = _of(asked, label, touch)["customer_id"].nunique()
            rows.append((*facts, need - left, people, left / capacity))
            policy, need = tried, left
    return pd.DataFrame(rows, columns=COLUMNS)


def _of(asked: pd.DataFrame, label: str, touch: Touch) -> pd.DataFrame:
    """The contacts of one touch."""
    here = (
        (asked["segment"] == label)
        & (asked["channel"] == touch.channel)
        & (asked["content"] == touch.content)
    )
    return asked[here]


def _cheapest_first(asked: pd.DataFrame, policy: Policy) -> list[tuple[str, int]]:
    """Touches in the order in which they would be missed least: value of the customers per minute asked for."""
    found = []
    for label, entry in policy.labels.items():
        for index, touch in enumerate(entry.touches):
            mine = _of(asked, label, touch)
            minutes = float(mine["minutes"].sum())
            if minutes:
                value = float(mine.drop_duplicates("customer_id")["value"].clip(lower=0).sum())
                found.append((value / minutes, label, index))
    return [(label, index) for _, label, index in sorted(found)]


def _changed(touch: Touch, change: str) -> Touch | None:
    if change == "interval":
        if touch.every_days is None:
            return None
        return touch.model_copy(update={"every_days": round(touch.every_days * LONGER)})
    if touch.channel not in CHEAPER:
        return None
    channel, minutes = CHEAPER[touch.channel]
    return (
        touch.model_copy(update={"channel": channel, "minutes": minutes}) if minutes < touch.minutes else None
    )


def _with(policy: Policy, label: str, index: int, touch: Touch) -> Policy:
    touches = list(policy.labels[label].touches)
    touches[index] = touch
    entry = LabelPolicy(touches=tuple(touches), strategies=policy.labels[label].strategies)
    return policy.model_copy(update={"labels": {**policy.labels, label: entry}})


def costs_by_segment(tasks: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """What contact costs, against what the customers contacted are worth.

    Returns
    -------
    frame : `segment, contacts, customers, minutes, cost` (hours of work and messages), `value` (each customer once)
    """
    cost = [policy.costs.of(c, m) for c, m in zip(tasks["channel"], tasks["minutes"], strict=True)]
    by = tasks.assign(cost=cost).groupby("segment", sort=True)
    once = tasks.drop_duplicates("customer_id").assign(value=lambda t: t["value"].clip(lower=0))
    return pd.DataFrame(
        {
            "contacts": by.size(),
            "customers": by["customer_id"].nunique(),
            "minutes": by["minutes"].sum(),
            "cost": by["cost"].sum(),
            "value": once.groupby("segment")["value"].sum(),
        }
    ).reset_index()


def clock_times(tasks: pd.DataFrame, policy: Policy) -> pd.Series:
    """When in the day each task begins: one after the other within the hours of contact, breaks left out.

    Returns
    -------
    text HH:MM, with the index of `tasks`; "" where the hours are over
    """
    spans = [(_minute(begin), _minute(end)) for begin, end in policy.hours]
    longest = max(end - begin for begin, end in spans)  # a longer task stands nowhere, and delays nothing
    out = [""] * len(tasks)
    numbered = tasks.assign(at=range(len(tasks)))
    for _, mine in numbered.groupby(["owner", "due"], sort=False):
        at = iter(spans)
        begin, end = next(at)
        now = float(begin)
        for place, minutes in zip(mine["at"].tolist(), mine["minutes"].tolist(), strict=True):
            while now + minutes > end and minutes <= longest and (span := next(at, None)) is not None:
                begin, end = span
                now = float(begin)
            if now + minutes > end:
                continue
            out[place] = f"{int(now) // 60:02d}:{int(now) % 60:02d}"
            now += minutes
    return pd.Series(out, index=tasks.index, dtype="str")


def _minute(clock: str) -> int:
    moment = dt.time.fromisoformat(clock)
    return moment.hour * 60 + moment.minute
