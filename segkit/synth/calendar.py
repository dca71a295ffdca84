"""The one clock of the sample data, and how busy each day is (618, 双11)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from segkit.workdays import is_workday

AS_OF = dt.date(2025, 12, 31)
OFFICIAL_TO = 2026  # last year whose working days were published; a later calendar must not change the sample
EXCEL_DAY_ZERO = dt.date(1899, 12, 30)


class Busier(Protocol):
    """Days on which events come `times` as often."""

    @property
    def times(self) -> float: ...

    def holds(self, day: dt.date) -> bool: ...


@dataclass(frozen=True)
class Season:
    """Days of every year, month and day inclusive, on which orders come `times` as often."""

    start: tuple[int, int]
    end: tuple[int, int]
    times: float

    def holds(self, day: dt.date) -> bool:
        return self.start <= (day.month, day.day) <= self.end


SHOPPING_FESTIVALS = (Season((6, 1), (6, 18), 2.5), Season((11, 1), (11, 11), 3.2))  # 618, 双11


def days_from(start: dt.date, days: np.ndarray) -> list[dt.date]:
    """Whole day numbers after `start` as dates."""
    return [start + dt.timedelta(days=int(d)) for d in days]


def open_days(start: dt.date, end: dt.date) -> list[dt.date]:
    """The Chinese working days from `start` to `end`, both included, make-up days (调休) among them."""
    every = (start + dt.timedelta(days=i) for i in range((end - start).days + 1))
    return [day for day in every if _is_open(day)]


def on_workday(day: dt.date) -> dt.date:
    """`day`, or the next Chinese working day."""
    while not _is_open(day):
        day += dt.timedelta(days=1)
    return day


class OpenDays:
    """Chinese working days as day numbers after `zero`, so that whole columns are reckoned at once."""

    def __init__(self, zero: dt.date, start: dt.date, end: dt.date) -> None:
        self.days = np.array([(day - zero).days for day in open_days(start, end)])

    def before(self, day: np.ndarray) -> np.ndarray:
        """How many working days of the calendar lie before each day."""
        return np.searchsorted(self.days, day)

    def holds(self, day: np.ndarray) -> np.ndarray:
        """Is it a working day?"""
        return np.isin(day, self.days)

    def at(self, number: np.ndarray) -> np.ndarray:
        """The working day before which `number` others lie; the last one known where there are fewer."""
        return self.days[np.minimum(number, len(self.days) - 1)]

    def since(self, day: np.ndarray) -> np.ndarray:
        """That day, or the next working day."""
        return self.after(day, 0)

    def until(self, day: np.ndarray) -> np.ndarray:
        """That day, or the last working day before it."""
        return self.days[np.searchsorted(self.days, day, side="right") - 1]

    def after(self, day: np.ndarray, n: np.ndarray | int) -> np.ndarray:
        """The n-th working day after a working day (before it where n < 0)."""
        return self.at(self.before(day) + n)


def _is_open(day: dt.date) -> bool:
    return is_workday(day) if day.year <= OFFICIAL_TO else day.weekday() < 5


def excel_serial(day: dt.date) -> int:
    """The number Excel stores for a day."""
    return (day - EXCEL_DAY_ZERO).days


def with_slashes(day: dt.date) -> str:
    """2025/3/7, as a Chinese Windows writes dates into a CSV."""
    return f"{day.year}/{day.month}/{day.day}"


class BusyTime:
    """Turns an even clock into calendar days on which festivals are busier.

    Events are drawn on an even clock of `length` days and laid on the calendar so that a day of weight 2.5
    receives 2.5 times as many. The total stays the same: other days are thinned by the same factor. Of several
    seasons that hold a day the first counts.
    """

    def __init__(self, start: dt.date, length: int, seasons: Sequence[Busier]) -> None:
        dates = days_from(start, np.arange(length))
        weights = [next((s.times for s in seasons if s.holds(day)), 1.0) for day in dates]
        ends = np.cumsum(weights)
        self.ends = np.round(ends / ends[-1] * length, 9)  # even-clock time at which each day is over

    def day(self, moment: np.ndarray) -> np.ndarray:
        """Day number 0..length-1 in which a moment of the even clock falls."""
        return np.searchsorted(self.ends, moment, side="right").clip(0, len(self.ends) - 1)

    def moment(self, day: int) -> float:
        """The even-clock time at which a day begins."""
        return 0.0 if day <= 0 else float(self.ends[day - 1])
