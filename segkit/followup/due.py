"""Which touches fall due in the days of a plan? Every touch of the policy, spread out over the customers it is for.

Days are day numbers (days since 1970-01-01); `NEVER` stands for a day nobody knows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segkit.followup.policy import CHANNELS, PERSONAL, PLAN_START, Policy, Touch
from segkit.workdays import known_years

NEVER = -(10**9)
DAY = np.timedelta64(1, "D")
# who was met in person need not be called as well
COUNTS_AS = {channel: (channel,) for channel in CHANNELS} | {"phone": ("phone", "visit")}
AGREED_CALL = Touch(channel="phone", every_days=3660, minutes=5, content="agreed_call", marketing=False)
FLOOR_CALL = Touch(channel="phone", every_days=180, minutes=3, content="floor_call", marketing=False)
# where nothing was heard of a customer since, the floor runs from here
KNOWN_SINCE = ("register_date", "first_contact")
# days: a step missed is not made up for where the next one comes so soon (示例参数 / sample parameter)
NEXT_STEP_NEAR = 2
MEMORY = 30  # days of history that the caps look back on: their longest window
WHY = ("due", "overdue", "agreed", "floor")
DUE, OVERDUE, AGREED, FLOOR = range(4)
OFFICIAL_NAMES = {
    "new_year": "new_years_day",
    "spring_festival": "spring_festival",
    "qingming": "tomb_sweeping_day",
    "labour_day": "labour_day",
    "dragon_boat": "dragon_boat_festival",
    "mid_autumn": "mid_autumn_festival",
    "national_day": "national_day",
}


def day_numbers(values: pd.Series) -> np.ndarray:
    """Days as numbers, `NEVER` where missing."""
    days = pd.to_datetime(values).to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(days), NEVER, days.astype("int64"))


def day_number(day: dt.date) -> int:
    return int(np.datetime64(day, "D").astype("int64"))


def as_days(numbers: np.ndarray) -> np.ndarray:
    """Day numbers as datetime64, NaT for `NEVER`."""
    days = np.asarray(numbers, dtype="int64").astype("datetime64[D]")
    days[np.asarray(numbers) <= NEVER // 2] = np.datetime64("NaT")
    return days.astype("datetime64[ns]")


@dataclass
class Candidates:
    """Touches due within the plan, one entry each, all arrays of one length.

    `who` is the row of the customer, `touch` the position in `touches`; `due` the day it should be done,
    before the first day where overdue; `nth` counts the repeats of one touch; `why` is a position in `WHY`.
    `stopped` are (who, touch) that have been made often enough.
    """

    touches: list[Touch]
    labels: list[str]
    who: np.ndarray
    touch: np.ndarray
    due: np.ndarray
    nth: np.ndarray
    why: np.ndarray
    stopped: list[tuple[np.ndarray, int]] = field(default_factory=list)

    def of_touch(self, values: Sequence[object], dtype: str) -> np.ndarray:
        """A property of the touches, for every candidate."""
        return np.asarray(values, dtype=dtype)[self.touch] if len(self.who) else np.empty(0, dtype=dtype)


@dataclass(frozen=True)
class Contacted:
    """What the history says, by row of the customers.

    `last` is the last effective contact by channel, one of an unknown channel counting for all where a person speaks;
    `any_last` over all of them; `made` counts the contacts by
    channel since the last purchase, effective or not; `last_made` is the last of those; `agreed` the next day
    that the latest contact agreed on; `capped` holds (row, day, channel) of marketing contacts.
    """

    last: dict[str, np.ndarray]
    any_last: np.ndarray
    made: dict[str, np.ndarray]
    last_made: dict[str, np.ndarray]
    agreed: np.ndarray
    capped: list[tuple[int, int, str]]


def contacted(
    ids: pd.Index, history: pd.DataFrame | None, bought: np.ndarray, *, first_day: int
) -> Contacted:
    """The history of contacts, seen from each customer; contacts of others are left aside."""
    n = len(ids)
    last: dict[str, np.ndarray] = {channel: np.full(n, NEVER) for channel in CHANNELS}
    made: dict[str, np.ndarray] = {channel: np.zeros(n, dtype="int64") for channel in CHANNELS}
    last_made: dict[str, np.ndarray] = {channel: np.full(n, NEVER) for channel in CHANNELS}
    agreed = np.full(n, NEVER)
    if history is None or history.empty:
        return Contacted(last, np.full(n, NEVER), made, last_made, agreed, [])
    row = ids.get_indexer(history["customer_id"].astype(str))
    here = (row >= 0) & history["date"].notna().to_numpy()
    row, known = row[here], history[here]
    day = day_numbers(known["date"])
    named = known["channel"] if "channel" in known else pd.Series("", index=known.index)
    channel = named.astype("object").where(named.notna(), "").astype(str).to_numpy()
    effective = (
        known["effective"].astype("boolean").fillna(True).to_numpy(dtype=bool)
        if "effective" in known
        else np.ones(len(known), dtype=bool)
    )
    for name in CHANNELS:
        mine = (channel == name) | ((channel == "") & (name in PERSONAL))
        np.maximum.at(last[name], row[mine & effective], day[mine & effective])
        since = mine & (day > bought[row])
        np.add.at(made[name], row[since], 1)
        np.maximum.at(last_made[name], row[since], day[since])
    if "next_date" in known:
        order = np.lexsort((np.arange(len(day)), day))
        latest = pd.Series(order).groupby(row[order]).last()
        promised = day_numbers(known["next_date"])[latest.to_numpy()]
        kept = promised > day[latest.to_numpy()]
        agreed[latest.index.to_numpy()[kept]] = promised[kept]
    marketing = (
        known["marketing"].astype("boolean").fillna(False).to_numpy(dtype=bool)
        if "marketing" in known
        else ~np.isin(channel, [*PERSONAL, ""])
    )
    recent = marketing & (day > first_day - MEMORY)
    capped = list(zip(row[recent].tolist(), day[recent].tolist(), channel[recent].tolist(), strict=True))
    return Contacted(last, np.maximum.reduce(list(last.values())), made, last_made, agreed, capped)


def candidates(
    customers: pd.DataFrame,
    labels: np.ndarray,
    policy: Policy,
    seen: Contacted,
    bought: np.ndarray,
    workdays: Sequence[dt.date],
    until: int,
) -> Candidates:
    """Every touch of the policy that falls due on or before the last of the working days.

    `until` is the day before the working day after them: greetings of the days between are of this plan.
    """
    first, last = day_number(workdays[0]), day_number(workdays[-1])
    touches: list[Touch] = []
    of_label: list[str] = []
    parts: list[tuple[np.ndarray, ...]] = []
    stopped: list[tuple[np.ndarray, int]] = []
    for label, entry in policy.labels.items():
        who = np.flatnonzero(labels == label)
        if not len(who):
            continue
        promised = who[(seen.agreed[who] > NEVER) & (seen.agreed[who] <= last)]
        spoken = next((t for t in entry.touches if t.channel in PERSONAL), AGREED_CALL)
        touches.append(spoken.model_copy(update={"marketing": False, "owner": "named"}))
        of_label.append(label)
        nothing = np.zeros(len(promised), dtype="int64")
        kept = (promised, seen.agreed[promised], nothing, nothing + AGREED, nothing + len(touches) - 1)
        parts.append(kept)
        for touch in entry.touches:
            touches.append(touch)
            of_label.append(label)
            at = len(touches) - 1
            left = _left(touch, who, seen)
            if (left <= 0).any():
                stopped.append((who[left <= 0], at))
            going = left > 0
            found = _falling_due(
                touch,
                who[going],
                left[going],
                seen,
                bought,
                customers,
                policy,
                workdays,
                (first, last, until),
            )
            if touch.channel in PERSONAL:  # nobody calls before the day that was agreed on
                later = found[1] > np.where(seen.agreed[found[0]] <= last, seen.agreed[found[0]], NEVER)
                found = tuple(column[later] for column in found)  # type: ignore[assignment]
            parts.append((*found, np.full(len(found[0]), at)))
    if not parts:
        empty = np.empty(0, dtype="int64")
        return Candidates(touches, of_label, empty, empty, empty, empty, empty, stopped)
    who, due, nth, why, touch_at = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Candidates(touches, of_label, who, touch_at, due, nth, why, stopped)


def _left(touch: Touch, who: np.ndarray, seen: Contacted) -> np.ndarray:
    """How many contacts of this touch may still be made."""
    if touch.stop_after is not None:
        limit = touch.stop_after
    elif touch.on_days and touch.anchor == PLAN_START:
        limit = len(touch.on_days)
    else:
        return np.full(len(who), np.iinfo("int64").max)
    return limit - seen.made[touch.channel][who]


Found = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # who, due, nth, why


def _falling_due(
    touch: Touch,
    who: np.ndarray,
    left: np.ndarray,
    seen: Contacted,
    bought: np.ndarray,
    customers: pd.DataFrame,
    policy: Policy,
    workdays: Sequence[dt.date],
    bounds: tuple[int, int, int],
) -> Found:
    first, last, until = bounds
    if touch.every_days is not None:
        return _repeated(touch, touch.every_days, who, left, seen, bought, workdays)
    if touch.on_days and touch.anchor == PLAN_START:
        return _sequence(touch, who, seen, first, last)
    if touch.on_days:
        anchors = _dates(customers, touch.anchor)[who]
        return _on_days(touch.on_days, who, anchors, seen, policy.grace_days, first, last)
    if touch.yearly:
        return _anniversaries(who, _dates(customers, touch.yearly)[who], first, until)
    eves = [day for name in touch.festivals for day in festival_days(name, first, until)]
    found = [(who, np.full(len(who), day), np.full(len(who), i)) for i, day in enumerate(sorted(eves))]
    return _joined([(*part, np.full(len(who), DUE)) for part in found])


def _dates(customers: pd.DataFrame, column: str) -> np.ndarray:
    if column not in customers:
        return np.full(len(customers), NEVER)
    return day_numbers(pd.to_datetime(customers[column], errors="coerce"))


def _joined(parts: Sequence[Found]) -> Found:
    if not parts:
        empty = np.empty(0, dtype="int64")
        return empty, empty, empty, empty
    who, due, nth, why = (np.concatenate(column) for column in zip(*parts, strict=True))
    return who, due, nth, why


def _repeated(
    touch: Touch,
    every: int,
    who: np.ndarray,
    left: np.ndarray,
    seen: Contacted,
    bought: np.ndarray,
    workdays: Sequence[dt.date],
) -> Found:
    """So many days after the last contact, or the last purchase where there was none, and on from there.

    A day off is put off to the next working day, and the next contact counts from that.
    """
    days = np.array([day_number(day) for day in workdays])
    first = int(days[0])
    spoke = np.maximum.reduce([seen.last[name][who] for name in COUNTS_AS[touch.channel]])
    if touch.channel in PERSONAL:
        agreed = seen.agreed[who]
        promised = (agreed > NEVER) & (agreed <= days[-1])
        spoke = np.maximum(spoke, np.where(promised, np.maximum(agreed, first), NEVER))
    base = np.where(spoke > NEVER, spoke, bought[who])
    due = np.where(base > NEVER, base + every, first)
    left = left if touch.at_most is None else np.minimum(left, touch.at_most)
    parts = []
    begins, open_ = np.maximum(due, first), np.ones(len(who), dtype=bool)
    for nth in range(len(days)):
        open_ &= (begins <= days[-1]) & (nth < left)
        if not open_.any():
            break
        ideal = due if nth == 0 else begins
        late = (ideal < first) & (nth == 0)
        count = int(open_.sum())
        parts.append((who[open_], ideal[open_], np.full(count, nth), np.where(late[open_], OVERDUE, DUE)))
        at = np.minimum(np.searchsorted(days, begins), len(days) - 1)
        begins = days[at] + every
    return _joined(parts)


def _sequence(touch: Touch, who: np.ndarray, seen: Contacted, first: int, last: int) -> Found:
    """A sequence that begins with the plan: what was made of it already counts, the rest keeps its distances."""
    steps = np.array(touch.on_days)
    made, since = seen.made[touch.channel][who], seen.last_made[touch.channel][who]
    parts = []
    for i, step in enumerate(steps):
        open_ = made <= i
        previous = steps[np.clip(made - 1, 0, None)]
        due = np.where(made == 0, first + step, since + step - previous)
        due = np.where(
            made == i, due, np.maximum(due, first + step - steps[np.clip(made, 0, len(steps) - 1)])
        )
        inside = open_ & (due <= last)
        parts.append(
            (
                who[inside],
                due[inside],
                np.full(int(inside.sum()), i),
                np.where(due[inside] < first, OVERDUE, DUE),
            )
        )
    return _joined(parts)


def _on_days(
    steps: Sequence[int],
    who: np.ndarray,
    anchors: np.ndarray,
    seen: Contacted,
    grace: int,
    first: int,
    last: int,
) -> Found:
    """Fixed days after a date of the customer; the latest one missed is made up for within the days of grace."""
    parts = []
    known = anchors > NEVER
    for i, step in enumerate(steps):
        due = anchors + step
        inside = known & (due >= first) & (due <= last)
        later = anchors + steps[i + 1] if i + 1 < len(steps) else np.full(len(who), last + 1)
        missed = known & (due < first) & (later > first + NEXT_STEP_NEAR) & (first - due <= grace)
        missed &= seen.any_last[who] < due
        for mask, why in ((inside, DUE), (missed, OVERDUE)):
            parts.append((who[mask], due[mask], np.full(int(mask.sum()), i), np.full(int(mask.sum()), why)))
    return _joined(parts)


def _anniversaries(who: np.ndarray, dates: np.ndarray, first: int, last: int) -> Found:
    known = np.flatnonzero(dates > NEVER)
    if not len(known):
        return _joined([])
    born = pd.DatetimeIndex(as_days(dates[known]))
    parts = []
    years = sorted({pd.Timestamp(day, unit="D").year for day in (first, last)})
    for i, year in enumerate(years):
        day = np.where((born.month == 2) & (born.day == 29), 28, born.day)
        parts_of = pd.DataFrame({"year": year, "month": born.month, "day": day})
        due = day_numbers(pd.to_datetime(parts_of))
        inside = (due >= first) & (due <= last) & (born.year < year)
        chosen = who[known[inside]]
        parts.append((chosen, due[inside], np.full(len(chosen), i), np.full(len(chosen), DUE)))
    return _joined(parts)


def festival_days(name: str, first: int, last: int) -> list[int]:
    """First days of this public holiday in the days of a plan or up to ten days after it, less one.

    The day before the holiday, on which or before which the greeting is sent; none beyond the years known.
    """
    from chinese_calendar.constants import Holiday, holidays

    wanted = getattr(Holiday, OFFICIAL_NAMES[name]).value
    begin, end = known_years()
    found = []
    for year in range(begin, end + 1):
        days = [day_number(d) for d, called in holidays.items() if called == wanted and d.year == year]
        if days and first <= min(days) - 1 <= last:
            found.append(min(days) - 1)
    return found


def floor_candidates(
    known: Candidates,
    barred: np.ndarray,
    labels: np.ndarray,
    policy: Policy,
    met: np.ndarray,
    first: int,
    last: int,
) -> Candidates:
    """Short service contacts for those who would wait longer than the floor allows.

    `barred` says which of the candidates may not be made; `met` is the last time anything was heard of each customer.
    """
    due_by = met + policy.floor_days
    soonest = np.full(len(met), np.iinfo("int64").max)
    going = barred == ""
    np.minimum.at(soonest, known.who[going], known.due[going])
    served = soonest <= np.maximum(due_by, first)
    waiting = (met > NEVER) & (due_by <= last) & ~served & np.isin(labels, list(policy.labels))
    who = np.flatnonzero(waiting)
    at = len(known.touches)
    return Candidates(
        touches=[*known.touches, policy.floor or FLOOR_CALL],
        labels=[*known.labels, ""],
        who=np.concatenate([known.who, who]),
        touch=np.concatenate([known.touch, np.full(len(who), at)]),
        due=np.concatenate([known.due, due_by[who]]),
        nth=np.concatenate([known.nth, np.zeros(len(who), dtype="int64")]),
        why=np.concatenate([known.why, np.full(len(who), FLOOR)]),
        stopped=known.stopped,
    )


def last_heard(customers: pd.DataFrame, seen: Contacted, bought: np.ndarray) -> np.ndarray:
    """The last contact or purchase of each customer, else the day since which they are known; `NEVER` if none is."""
    heard = np.maximum(seen.any_last, bought)
    for column in KNOWN_SINCE:
        heard = np.where(heard > NEVER, heard, _dates(customers, column))
    return heard
