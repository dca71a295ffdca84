"""Working days against the official notices, and the laws that hold for any calendar."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit.workdays import (
    NoWorkday,
    add_workdays,
    is_workday,
    known_years,
    next_workday,
    next_working_monday,
    provisional,
    workdays_from,
)

DAYS = st.dates(dt.date(2010, 1, 1), dt.date(2035, 12, 31))
D = dt.date


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (D(2025, 10, 1), False),  # national day
        (D(2025, 10, 8), False),  # last day of the long holiday, a Wednesday
        (D(2025, 10, 11), True),  # Saturday made up for it
        (D(2025, 9, 28), True),  # Sunday made up for it
        (D(2025, 1, 26), True),  # Sunday before spring festival
        (D(2026, 1, 1), False),
        (D(2026, 1, 4), True),  # Sunday made up for the new year break
        (D(2026, 1, 5), True),
        (D(2026, 1, 10), False),
    ],
)
def test_official_calendar(day: dt.date, works: bool) -> None:
    assert is_workday(day) is works


def test_beyond_the_last_known_year_weekdays_count_and_are_provisional() -> None:
    last = known_years()[1]
    far_off = D(last + 1, 10, 1)
    assert is_workday(far_off) is (far_off.weekday() < 5)
    assert provisional(far_off)
    assert not provisional(D(last, 12, 31))
    assert not provisional(far_off, holidays=[far_off])
    assert not is_workday(far_off, holidays=[far_off])


def test_the_clients_calendar_comes_first() -> None:
    new_year, monday = D(2026, 1, 1), D(2026, 1, 5)
    assert is_workday(new_year, workdays=[new_year])
    assert not is_workday(monday, holidays=[monday])
    assert next_working_monday(D(2025, 12, 31), holidays=[monday]) == D(2026, 1, 12)


def test_next_working_monday_passes_over_holidays() -> None:
    assert next_working_monday(D(2025, 12, 31)) == D(2026, 1, 5)
    assert next_working_monday(D(2025, 9, 29)) == D(2025, 10, 13)  # a Monday; 6 October is a holiday


def test_times_of_day_are_accepted() -> None:
    assert next_workday(dt.datetime(2025, 9, 30, 18, 0)) == D(2025, 10, 9)
    assert next_working_monday(dt.datetime(2025, 12, 31, 9)) == D(2026, 1, 5)


def test_a_calendar_without_working_days_is_refused() -> None:
    endless = {D(2026, 1, 1) + dt.timedelta(days=i) for i in range(4000)}
    with pytest.raises(NoWorkday):
        next_workday(D(2026, 1, 1), holidays=endless)
    with pytest.raises(NoWorkday):
        next_working_monday(D(2026, 1, 1), holidays=endless)


@given(DAYS, st.integers(0, 40))
def test_workdays_from_gives_n_ascending_working_days(start: dt.date, n: int) -> None:
    days = workdays_from(start, n)
    assert len(days) == n
    assert all(is_workday(day) and day >= start for day in days)
    assert days == sorted(set(days))
    if days:
        between = (start + dt.timedelta(days=i) for i in range((days[-1] - start).days + 1))
        assert [day for day in between if is_workday(day)] == days  # none left out


@given(DAYS, st.integers(1, 60))
def test_going_forth_and_back_meets_again(day: dt.date, n: int) -> None:
    there = add_workdays(day, n)
    assert there == workdays_from(day + dt.timedelta(days=1), n)[-1]
    if is_workday(day):
        assert add_workdays(there, -n) == day
    assert add_workdays(day, 0) == day


@given(DAYS)
def test_next_working_monday_is_one(day: dt.date) -> None:
    monday = next_working_monday(day)
    assert monday > day
    assert monday.weekday() == 0
    assert is_workday(monday)
