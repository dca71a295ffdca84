"""Working days against the official notices, and the laws that hold for any calendar."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit.workdays import (
    NoWorkday,
    add_business_hours,
    add_workdays,
    business_hours,
    day_hours,
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


# --- business hours --------------------------------------------------------------------------------

SPLIT = (("09:00", "12:00"), ("14:00", "18:30"))
M = dt.datetime
MOMENTS = st.datetimes(M(2024, 1, 1), M(2026, 12, 31)).map(lambda m: m.replace(microsecond=0))


class Closed:
    holidays = (D(2025, 12, 30),)
    workdays = (D(2025, 12, 27),)  # a Saturday


def slowly(start: dt.datetime, end: dt.datetime) -> float:
    """Hours of SPLIT between two moments, span by span and day by day."""
    total, day = dt.timedelta(), start.date()
    while day <= end.date():
        for opens, closes in SPLIT if is_workday(day) else ():
            a, b = (dt.datetime.combine(day, dt.time.fromisoformat(t)) for t in (opens, closes))
            total += max(dt.timedelta(), min(end, b) - max(start, a))
        day += dt.timedelta(days=1)
    return total.total_seconds() / 3600


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (M(2025, 12, 31, 10), M(2025, 12, 31, 11, 30), 1.5),
        (M(2025, 12, 31, 11), M(2025, 12, 31, 15), 2.0),  # two hours of midday break
        (M(2025, 12, 31, 18), M(2026, 1, 4, 9, 30), 1.0),  # new year; Sunday 4 January is made up for it
        (M(2025, 12, 31, 20), M(2026, 1, 4, 8), 0.0),
        (M(2026, 1, 4, 9, 30), M(2025, 12, 31, 18), -1.0),
    ],
)
def test_nights_breaks_and_holidays_do_not_count(start, end, hours) -> None:
    assert business_hours(start, end, SPLIT) == pytest.approx(hours)


@given(st.lists(st.tuples(MOMENTS, st.integers(0, 400)), min_size=1, max_size=8))
def test_a_column_of_moments_is_reckoned_as_one_by_one(pairs) -> None:
    start = pd.Series([s for s, _ in pairs])
    end = pd.Series([s + dt.timedelta(hours=h) for s, h in pairs])
    slow = [slowly(a, b) for a, b in zip(start.dt.to_pydatetime(), end.dt.to_pydatetime(), strict=True)]
    assert business_hours(start, end, SPLIT) == pytest.approx(slow)


@given(MOMENTS, st.integers(0, 300 * 60))
def test_a_promise_falls_due_at_the_first_moment_at_which_its_hours_have_passed(start, minutes) -> None:
    due = add_business_hours(start, minutes / 60, SPLIT)
    assert business_hours(start, due, SPLIT) == pytest.approx(minutes / 60)
    if minutes:
        assert business_hours(start, due - np.timedelta64(1, "s"), SPLIT) < minutes / 60
    else:
        assert due == np.datetime64(start)


def test_the_end_of_a_full_day_is_its_closing_time() -> None:
    assert day_hours(SPLIT) == 7.5
    assert add_business_hours(M(2025, 12, 30, 20), 7.5, SPLIT) == np.datetime64("2025-12-31T18:30")


def test_the_clock_follows_the_clients_own_calendar() -> None:
    friday, wednesday = M(2025, 12, 26, 18), M(2025, 12, 31, 9)
    assert business_hours(friday, wednesday) == 18  # Monday and Tuesday
    assert business_hours(friday, wednesday, calendar=Closed()) == 18  # Saturday and Monday
    assert business_hours(M(2025, 12, 30, 9), M(2025, 12, 30, 18), calendar=Closed()) == 0


def test_what_is_not_known_stays_so_and_what_cannot_be_is_refused() -> None:
    start = pd.Series([pd.NaT, pd.Timestamp("2025-12-31 10:00")])
    assert np.isnan(business_hours(start, pd.Series([pd.NaT, pd.NaT]))).all()
    due = add_business_hours(start, [1.0, np.nan])
    assert np.isnat(due).all() and business_hours([], []).shape == (0,)
    with pytest.raises(ValueError, match="below 0"):
        add_business_hours(M(2025, 12, 31), -1)
    with pytest.raises(ValueError, match="ascend"):
        business_hours(M(2025, 12, 30), M(2025, 12, 31), (("18:00", "09:00"),))

    class Endless:
        holidays = frozenset(D(2026, 1, 1) + dt.timedelta(days=i) for i in range(8000))
        workdays = ()

    with pytest.raises(NoWorkday):
        add_business_hours(M(2026, 1, 1), 1, calendar=Endless())
