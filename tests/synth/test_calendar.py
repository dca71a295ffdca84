"""The clock of the sample data."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from segkit.synth import calendar


def test_working_days_are_the_official_ones() -> None:
    days = calendar.open_days(dt.date(2025, 9, 26), dt.date(2025, 10, 12))
    # 28 September and 11 October 2025 were make-up days, 1-8 October the holiday
    assert [d.day for d in days] == [26, 28, 29, 30, 9, 10, 11]
    assert calendar.on_workday(dt.date(2025, 10, 1)) == dt.date(2025, 10, 9)
    assert calendar.on_workday(dt.date(2025, 10, 11)) == dt.date(2025, 10, 11)


def test_day_numbers_move_by_working_days() -> None:
    zero = dt.date(2025, 9, 26)  # working days 0, 2, 3, 4, then 13, 14, 15: the same as above
    days = calendar.OpenDays(zero, zero, dt.date(2025, 10, 12))
    asked = np.array([0, 1, 2, 5, 13])
    assert days.holds(asked).tolist() == [True, False, True, False, True]
    assert days.before(asked).tolist() == [0, 1, 1, 4, 4]
    assert days.since(asked).tolist() == [0, 2, 2, 13, 13]
    assert days.until(asked).tolist() == [0, 0, 2, 4, 13]
    assert days.after(np.array([0, 13, 13]), np.array([4, -1, 0])).tolist() == [13, 4, 13]
    assert days.at(np.array([6, 7, 900])).tolist() == [15, 15, 15]


def test_a_later_official_calendar_does_not_change_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "is_workday", lambda day: day.year < 2027 and day.weekday() < 5)
    assert calendar.on_workday(dt.date(2027, 1, 1)) == dt.date(2027, 1, 1)  # a Friday
    assert len(calendar.open_days(dt.date(2027, 1, 1), dt.date(2027, 12, 31))) == 261
