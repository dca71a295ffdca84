"""Is this a working day in China (工作日), make-up days (调休) included, and how many business hours lie between?

The State Council names holidays and make-up days year by year. Beyond the last year known, weekdays count
as working days and are provisional (暂定). A client's own calendar (``followup.calendar``) comes first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Spans = Sequence[tuple[str, str]]
OFFICE: Spans = (("09:00", "18:00"),)  # 示例参数 / sample parameter

_ONE_DAY = dt.timedelta(days=1)
_DAY = 24 * 3600  # seconds
_NOT_A_TIME = np.iinfo("int64").min  # as numpy writes NaT
_FAR = 3660  # days without a single working day in them: the calendar given cannot be meant


class NoWorkday(ValueError):
    """The holidays given leave no working day within ten years of `start`."""

    def __init__(self, start: dt.date) -> None:
        self.start = start
        super().__init__(f"no working day within ten years of {start}")


class DaysKnown(Protocol):
    """A client's own calendar, as `followup.calendar` of client.yml holds it."""

    @property
    def holidays(self) -> Collection[dt.date]: ...
    @property
    def workdays(self) -> Collection[dt.date]: ...


@dataclass(frozen=True)
class OwnCalendar:
    """Days off and days on of one client, beside the official calendar."""

    holidays: Collection[dt.date] = ()
    workdays: Collection[dt.date] = ()


def is_workday(day: dt.date, holidays: Collection[dt.date] = (), workdays: Collection[dt.date] = ()) -> bool:
    """Do people work on `day`? The client's `workdays`, then `holidays`, come before the official days."""
    day = _date(day)
    if day in workdays:
        return True
    return day not in holidays and _officially_open(day)


def provisional(day: dt.date, holidays: Collection[dt.date] = (), workdays: Collection[dt.date] = ()) -> bool:
    """Is the answer for `day` a guess (暂定): no official calendar for its year, not named by the client?"""
    day = _date(day)
    first, last = known_years()
    return not first <= day.year <= last and day not in workdays and day not in holidays


@lru_cache(maxsize=1)
def known_years() -> tuple[int, int]:
    """First and last year whose official calendar is known."""
    from chinese_calendar.constants import holidays

    return min(holidays).year, max(holidays).year


def next_workday(
    day: dt.date, holidays: Collection[dt.date] = (), workdays: Collection[dt.date] = ()
) -> dt.date:
    """The first working day after `day`."""
    return add_workdays(day, 1, holidays, workdays)


def add_workdays(
    day: dt.date, n: int, holidays: Collection[dt.date] = (), workdays: Collection[dt.date] = ()
) -> dt.date:
    """The n-th working day after `day` (before it where n < 0); `day` itself where n is 0.

    Raises
    ------
    NoWorkday : ten years in a row without one
    """
    day, step, idle = _date(day), _ONE_DAY if n > 0 else -_ONE_DAY, 0
    left = abs(n)
    while left:
        day += step
        open_day = is_workday(day, holidays, workdays)
        left -= open_day
        idle = 0 if open_day else idle + 1
        if idle > _FAR:
            raise NoWorkday(day)
    return day


def workdays_from(
    start: dt.date, n: int, holidays: Collection[dt.date] = (), workdays: Collection[dt.date] = ()
) -> list[dt.date]:
    """The first `n` working days on or after `start`, ascending."""
    days: list[dt.date] = []
    day = _date(start) - _ONE_DAY
    for _ in range(n):
        day = add_workdays(day, 1, holidays, workdays)
        days.append(day)
    return days


def next_working_monday(
    day: dt.date, holidays: Collection[dt.date] = (), workdays: Collection[dt.date] = ()
) -> dt.date:
    """The first Monday after `day` on which people work: when a new plan starts."""
    monday = _date(day) + dt.timedelta(days=7 - day.weekday())
    for _ in range(_FAR // 7):
        if is_workday(monday, holidays, workdays):
            return monday
        monday += dt.timedelta(days=7)
    raise NoWorkday(_date(day))


# --- business hours --------------------------------------------------------------------------------


def business_hours(
    opened: Any, closed: Any, hours: Spans = OFFICE, calendar: DaysKnown | None = None
) -> NDArray[np.float64]:
    """How many working hours lie between two moments (工作时长)? Nights, breaks and days off do not count.

    Parameters
    ----------
    opened, closed : moments, one or many of each (datetime64, datetimes, a column); broadcast to one shape
    hours : the spans of a working day in which people are there, ``(("09:00", "12:00"), ("14:00", "18:00"))``
    calendar : the client's own days off and on; else the official ones

    Returns
    -------
    hours, below 0 where `closed` is the earlier; not a number where one of the two is missing
    """
    start, end = np.broadcast_arrays(_seconds(opened), _seconds(closed))
    out = np.full(start.shape, np.nan)
    known = ~(_missing(start) | _missing(end))
    if known.any():
        desk = _Desk(hours, int(min(start[known].min(), end[known].min())) // _DAY, calendar)
        desk.reach(int(max(start[known].max(), end[known].max())) // _DAY)
        out[known] = (desk.worked(end[known]) - desk.worked(start[known])) / 3600
    return out


def add_business_hours(
    opened: Any, n: Any, hours: Spans = OFFICE, calendar: DaysKnown | None = None
) -> NDArray[np.datetime64]:
    """The first moment at which `n` working hours have passed since `opened`: when a promise falls due.

    Of a full day that is its closing time; of no hours at all, `opened` itself.

    Parameters
    ----------
    opened, n : moments and hours at least 0, one or many of each; fractions of a second are rounded
    hours, calendar : as in `business_hours`

    Raises
    ------
    NoWorkday : ten years in a row without a working day
    """
    start, much = np.broadcast_arrays(_seconds(opened), np.asarray(n, dtype=float))
    if (much < 0).any():
        raise ValueError("hours to add must not be below 0")
    out = start.copy()
    moving = ~_missing(start) & (much > 0)
    out[~moving & np.isnan(much)] = _NOT_A_TIME
    if moving.any():
        desk = _Desk(hours, int(start[moving].min()) // _DAY, calendar)
        desk.reach(int(start[moving].max()) // _DAY)
        target = desk.worked(start[moving]) + np.rint(much[moving] * 3600).astype("int64")
        desk.reach_work(int(target.max()))
        out[moving] = np.where(np.rint(much[moving] * 3600) > 0, desk.moment_after(target), start[moving])
    return out.astype("datetime64[s]")


def _seconds(moments: Any) -> NDArray[np.int64]:
    """Seconds since 1970."""
    return np.asarray(moments, dtype="datetime64[s]").astype("int64")


def _missing(seconds: NDArray[np.int64]) -> NDArray[np.bool_]:
    return seconds == _NOT_A_TIME


def day_hours(hours: Spans) -> float:
    """How long people are there on one working day."""
    return sum(end - start for start, end in _spans(hours)) / 3600


def _spans(hours: Spans) -> list[tuple[int, int]]:
    """Seconds of the day, in order.

    Raises
    ------
    ValueError : no span, or spans that overlap or end before they begin
    """
    flat = [3600 * int(text[:2]) + 60 * int(text[3:5]) for span in hours for text in span]
    if not flat or flat != sorted(set(flat)) or flat[-1] > _DAY:
        raise ValueError(f"hours must ascend: {hours}")
    return list(zip(flat[::2], flat[1::2], strict=True))


class _Desk:
    """Seconds of work since the start of a first day, for whole columns at once; days as numbers since 1970."""

    def __init__(self, hours: Spans, first: int, calendar: DaysKnown | None) -> None:
        self.spans = _spans(hours)
        self.length = sum(end - start for start, end in self.spans)
        self.first = first
        self.off = frozenset(calendar.holidays) if calendar else frozenset()
        self.on = frozenset(calendar.workdays) if calendar else frozenset()
        self.open = np.zeros(0, dtype="int64")
        self.before = np.zeros(1, dtype="int64")  # seconds worked before each day

    def reach(self, day: int) -> None:
        """Know every day up to `day`."""
        known = self.first + len(self.open)
        if day < known:
            return
        epoch = dt.date(1970, 1, 1)
        dates = (epoch + dt.timedelta(days=number) for number in range(known, day + 1))
        more = np.array([is_workday(date, self.off, self.on) for date in dates], dtype="int64")
        self.open = np.concatenate([self.open, more])
        self.before = np.concatenate([[0], np.cumsum(self.open)]) * self.length

    def reach_work(self, seconds: int) -> None:
        """Know so many days that so much work fits into them."""
        while self.before[-1] < seconds:
            work, days = self.before[-1], len(self.open)
            self.reach(self.first + days + int((seconds - work) // self.length * 2) + 31)
            if len(self.open) > _FAR and not self.open[-_FAR:].any():
                raise NoWorkday(dt.date(1970, 1, 1) + dt.timedelta(days=self.first + days))

    def worked(self, moments: NDArray[np.int64]) -> NDArray[np.int64]:
        day, second = np.divmod(moments, _DAY)
        place = day - self.first
        within = sum(np.clip(second, start, end) - start for start, end in self.spans)
        return self.before[place] + self.open[place] * within

    def moment_after(self, worked: NDArray[np.int64]) -> NDArray[np.int64]:
        """The first moment with so many seconds, more than none, worked before it."""
        place = np.searchsorted(self.before, worked, side="left") - 1
        left = worked - self.before[place]
        second, done = np.zeros_like(left), 0
        for start, end in self.spans:
            here = (left > done) & (left <= done + end - start)
            second = np.where(here, start + left - done, second)
            done += end - start
        return (self.first + place) * _DAY + second


def _date(day: dt.date) -> dt.date:
    return day.date() if isinstance(day, dt.datetime) else day


def _officially_open(day: dt.date) -> bool:
    first, last = known_years()
    if not first <= day.year <= last:
        return day.weekday() < 5
    from chinese_calendar import is_workday as official

    return bool(official(day))
