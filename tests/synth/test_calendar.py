"""The clock of the sample data."""

from __future__ import annotations

import datetime as dt

import pytest

from segkit.synth import calendar


def test_working_days_are_the_official_ones() -> None:
    days = calendar.open_days(dt.date(2025, 9, 26), dt.date(2025, 10, 12))
    # 28 September and 11 October 2025 were make-up days, 1-8 October the holiday
    assert [d.day for d in days] == [26, 28, 29, 30, 9, 10, 11]
    assert calendar.on_workday(dt.date(2025, 10, 1)) == dt.date(2025, 10, 9)
    assert calendar.on_workday(dt.date(2025, 10, 11)) == dt.date(2025, 10, 11)


def test_a_later_official_calendar_does_not_change_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "is_workday", lambda day: day.year < 2027 and day.weekday() < 5)
    assert calendar.on_workday(dt.date(2027, 1, 1)) == dt.date(2027, 1, 1)  # a Friday
    assert len(calendar.open_days(dt.date(2027, 1, 1), dt.date(2027, 12, 31))) == 261
