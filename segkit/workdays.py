"""Is this a working day in China (工作日), make-up days (调休) included?

The State Council names holidays and make-up days year by year. Beyond the last year known, weekdays count
as working days and are provisional (暂定). A client's own calendar (``followup.calendar``) comes first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import lru_cache

_ONE_DAY = dt.timedelta(days=1)
_FAR = 3660  # days without a single working day in them: the calendar given cannot be meant


class NoWorkday(ValueError):
    """The holidays given leave no working day within ten years of `start`."""

    def __init__(self, start: dt.date) -> None:
        self.start = start
        super().__init__(f"no working day within ten years of {start}")


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


def _date(day: dt.date) -> dt.date:
    return day.date() if isinstance(day, dt.datetime) else day


def _officially_open(day: dt.date) -> bool:
    first, last = known_years()
    if not first <= day.year <= last:
        return day.weekday() < 5
    from chinese_calendar import is_workday as official

    return bool(official(day))
