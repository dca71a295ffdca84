"""The clock of the service desk (工作时钟): which hours count between a ticket and its answer.

Moments are minutes after the first of January 2025, 00:00, so that whole columns are reckoned at once.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from segkit.synth.calendar import AS_OF, OpenDays

ZERO = dt.datetime(2025, 1, 1)
OPENS, CLOSES = 8 * 60, 20 * 60  # minute of the day; sample parameters
DAY = CLOSES - OPENS  # minutes of work in a working day
MINUTES = 24 * 60
NOW = (AS_OF - ZERO.date()).days * MINUTES + CLOSES  # the tables were drawn then

_OPEN = OpenDays(ZERO.date(), ZERO.date(), AS_OF + dt.timedelta(days=1500))


def worked(moment: np.ndarray) -> np.ndarray:
    """Minutes the desk has been open since the first day, at each moment."""
    day, minute = np.divmod(np.asarray(moment, dtype=int), MINUTES)
    return _OPEN.before(day) * DAY + np.where(_OPEN.holds(day), (minute - OPENS).clip(0, DAY), 0)


def moment_after(worked_minutes: np.ndarray) -> np.ndarray:
    """The moment at which the desk has been open so long; at the full day, the next morning."""
    day, minute = np.divmod(np.asarray(worked_minutes, dtype=int), DAY)
    return _OPEN.at(day) * MINUTES + OPENS + minute


def minutes_between(start: np.ndarray, end: np.ndarray, by_calendar: np.ndarray) -> np.ndarray:
    """Minutes that count: all of them where `by_calendar`, else those in which the desk is open."""
    return np.where(by_calendar, np.asarray(end) - start, worked(end) - worked(start))


def later(start: np.ndarray, minutes: np.ndarray, by_calendar: np.ndarray) -> np.ndarray:
    """The moment so many counting minutes after `start`."""
    return np.where(by_calendar, np.asarray(start) + minutes, moment_after(worked(start) + minutes))


def moments(minutes: np.ndarray, known: np.ndarray) -> list[dt.datetime | None]:
    """As dates and times; None where not known."""
    pairs = zip(minutes, known, strict=True)
    return [ZERO + dt.timedelta(minutes=int(m)) if k else None for m, k in pairs]
