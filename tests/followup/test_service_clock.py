"""Promises on the desk's clock: by hand, against a sample whose truth is known, and open cases as what they are."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from segkit.followup.promises import ServiceRules
from segkit.followup.service_clock import Service, service, typical_wait
from segkit.problems import InputProblems

ROOT = Path(__file__).parents[2]
DATA = ROOT / "datasets"
NOW = dt.datetime(2025, 12, 31, 20)
DESK = (("08:00", "20:00"),)


def read(*parts: str) -> pd.DataFrame:
    return pd.read_csv(DATA.joinpath(*parts), encoding="utf-8-sig")


# --- by hand ---------------------------------------------------------------------------------------


def cases(*rows: tuple[str, str, str | None, str | None], owner: str = "") -> pd.DataFrame:
    """severity, opened, answered, closed."""
    made = pd.DataFrame(rows, columns=["severity", "opened_at", "first_response_at", "closed_at"])
    for column in made.columns[1:]:
        made[column] = pd.to_datetime(made[column])
    return made.assign(case_id=[f"t{i}" for i in range(len(made))], owner=owner)


def state(found: Service, step: str) -> list[str]:
    return list(found.cases[step])


def test_each_severity_has_its_clock_and_its_promises() -> None:
    # the desk is open 9 to 18 o'clock; 6 December 2025 is a Saturday
    rows = cases(
        # 15 and 27 hours of work, to the minute; 24 and 27 and a minute
        ("一般", "2025-12-05 17:00", "2025-12-09 14:00", "2025-12-10 17:00"),
        ("一般", "2025-12-05 17:00", "2025-12-10 14:00", "2025-12-10 17:01"),
        ("紧急", "2025-12-06 22:00", "2025-12-07 00:00", "2025-12-07 22:00"),  # nights and Sundays count
        ("紧急", "2025-12-06 22:00", "2025-12-07 00:01", "2025-12-07 22:01"),
        ("重大", "2025-12-05 17:00", "2025-12-09 11:00", "2025-12-12 17:00"),  # 12 h; five working days
    )
    found = service(rows, as_of=dt.date(2025, 12, 20))
    assert state(found, "response") == ["met", "met", "met", "late", "met"]
    assert state(found, "resolution") == ["met", "late", "met", "late", "met"]
    assert found.cases["response_hours"].round(2).tolist() == [15.0, 24.0, 2.0, 2.02, 12.0]
    due = found.cases["resolution_due"].astype(str).tolist()
    assert due[0] == "2025-12-10 17:00:00" and due[2] == "2025-12-07 22:00:00"


def test_an_open_case_is_neither_kept_nor_broken_until_its_deadline_and_broken_from_then_on() -> None:
    rows = cases(
        ("一般", "2025-12-08 09:00", "2025-12-08 10:00", None), ("一般", "2025-12-08 09:00", None, None)
    )
    early = service(rows, as_of=dt.datetime(2025, 12, 8, 18))
    assert state(early, "resolution") == ["waiting"] * 2 and early.breaches.empty
    assert state(early, "response") == ["met", "waiting"]
    ripe = early.summary.set_index(["severity", "step"])["ripe"]
    assert ripe["all", "response"] == 0  # the quick one says nothing of the other
    later = service(rows, as_of=dt.datetime(2025, 12, 10, 18, 1))
    assert state(later, "response") == ["met", "overdue"]
    assert (
        state(later, "resolution") == ["waiting"] * 2
    )  # three working days to the minute: the desk has closed
    assert state(service(rows, as_of=dt.datetime(2025, 12, 11, 9, 1)), "resolution") == ["overdue"] * 2
    assert later.breaches["still_open"].tolist() == [True]
    assert later.breaches["hours_over"].iloc[0] == pytest.approx(27 - 24)


def test_what_happens_after_the_day_has_not_happened() -> None:
    rows = cases(
        ("一般", "2025-12-08 09:00", "2025-12-12 10:00", "2025-12-12 11:00"),
        ("一般", "2025-12-20 09:00", None, None),
    )
    found = service(rows, as_of=dt.date(2025, 12, 11))
    assert state(found, "resolution") == ["overdue"] and found.cases["resolution_at"].isna().all()


def test_contradictions_and_gaps_are_unknown_not_kept() -> None:
    rows = cases(
        ("一般", "2025-12-08 09:00", "2025-12-08 10:00", "2025-12-01 09:00"),  # closed before it was opened
        (
            "一般",
            "2025-12-08 09:00",
            None,
            "2025-12-08 12:00",
        ),  # closed, and nobody wrote when it was answered
    )
    found = service(rows, as_of=dt.date(2025, 12, 20))
    assert state(found, "response") == ["met", "unknown"] and state(found, "resolution") == ["unknown", "met"]
    total = found.summary.set_index(["severity", "step"]).loc[("all", "resolution")]
    assert (total["cases"], total["ripe"], total["unknown"]) == (2, 1, 1)


def test_severities_nobody_knows_are_counted_and_have_the_usual_promise() -> None:
    rows = cases(("特急", "2025-12-08 09:00", None, None), ("？", "2025-12-08 09:00", None, None))
    found = service(rows, as_of=dt.date(2025, 12, 8)).cases
    assert found["severity"].tolist() == ["urgent", "general"] and found["named"].tolist() == [True, False]
    without = service(rows.drop(columns=["severity", "owner"]), as_of=dt.date(2025, 12, 8)).cases
    assert not without["named"].any() and set(without["severity"]) == {"general"}


@pytest.mark.parametrize(("days", "level"), [(2, None), (3, 1), (4, 1), (5, 2), (6, 2), (7, 3), (30, 3)])
def test_open_cases_go_up_after_three_five_and_seven_working_days(days, level) -> None:
    rows = cases(
        ("一般", "2025-10-09 09:00", "2025-10-09 10:00", None)
    )  # the first working day after the holiday
    working = pd.to_datetime(
        ["2025-10-09", "2025-10-10", "2025-10-11", "2025-10-13", "2025-10-14", "2025-10-15", "2025-10-16"]
    )
    day = working[days - 1] if days <= 7 else pd.Timestamp("2025-11-30")
    found = service(rows, as_of=(day + pd.Timedelta(hours=18)).to_pydatetime()).escalations
    assert found["level"].tolist() == ([] if level is None else [level])
    if days <= 7 and level:
        assert found["days_open"].tolist() == [days]


def test_owners_are_told_apart_and_who_has_none_is_counted() -> None:
    rows = pd.concat(
        [
            cases(("一般", "2025-12-08 09:00", "2025-12-20 10:00", None), owner="李"),
            cases(("一般", "2025-12-08 09:00", "2025-12-08 10:00", "2025-12-08 12:00")),
        ],
        ignore_index=True,
    ).assign(case_id=["a", "b"])
    owners = service(rows, as_of=dt.date(2025, 12, 31)).owners.set_index("owner")
    assert owners.loc["李"].to_dict() == {
        "cases": 1,
        "open": 1,
        "response_late": 1,
        "resolution_late": 1,
        "escalated": 1,
    }
    assert owners.loc[""].sum() == 1


def test_the_clock_by_working_days_and_bad_rules_are_refused() -> None:
    wrong = (
        {"promises": {}},
        {"otherwise": "nobody"},
        {"escalate_days": [5, 3]},
        {"hours": [["18:00", "09:00"]]},
        {"promises": {"general": {"response": {"hours": 1, "workdays": 1}}}},
        {"promises": {"general": {"resolution": {"workdays": 1}, "clock": "calendar"}}},
    )
    for rules in wrong:
        with pytest.raises(ValidationError):
            ServiceRules.model_validate(rules)
    with pytest.raises(InputProblems) as found:
        service(pd.DataFrame({"owner": []}), as_of=dt.date(2025, 12, 31))
    assert len(found.value.problems) == 2


def test_days_without_times_say_what_is_sure_and_no_more() -> None:
    days = ["2025-12-08", "2025-12-09", "2025-12-10", "2025-12-11", "2025-12-12"]  # a Monday and after
    rows = cases(
        *[("一般", "2025-12-08", day, day) for day in days], ("紧急", "2025-12-08", "2025-12-08", None)
    )
    found = service(rows, as_of=dt.date(2025, 12, 20))
    assert found.days_only and found.cases["response_hours"].isna().all()
    # 24 hours of nine-hour days: on the second day surely, on the third and fourth perhaps (9 to 27, 18 to 36)
    assert state(found, "response") == ["met", "met", "unknown", "unknown", "late", "unknown"]
    assert state(found, "resolution") == ["met", "met", "met", "unknown", "unknown", "overdue"]
    timed = rows.assign(first_response_at=rows["first_response_at"] + pd.Timedelta(hours=9))
    assert not service(timed, as_of=dt.date(2025, 12, 20)).days_only


# --- half of the cases -----------------------------------------------------------------------------


def test_kaplan_and_meiers_own_example() -> None:
    """Kaplan & Meier (1958): deaths at .8, 3.1, 5.4, 9.2, losses at 1.0, 2.7, 7.0, 12.1; P(5.4) = .525."""
    time = np.array([0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1])
    died = np.array([True, False, False, True, True, False, True, False])
    found = typical_wait(time, died)
    assert (found.hours, found.at_least, found.n, found.open) == (9.2, False, 8, 4)
    # until 5.4 more than half are left, so that without the death at 9.2 only a lower bound is known
    bound = typical_wait(time, died & (time != 9.2))
    assert (bound.hours, bound.at_least) == (12.1, True)


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), min_size=1, max_size=30))
def test_counting_open_cases_never_makes_a_desk_look_quicker_than_the_closed_ones_alone(rows) -> None:
    time, done = np.array([t for t, _ in rows]), np.array([d for _, d in rows])
    found = typical_wait(time, done)
    if done.all():
        assert found.hours == sorted(time)[(len(time) + 1) // 2 - 1] and not found.at_least
    if done.any() and not found.at_least:
        closed = typical_wait(time[done], done[done])
        assert found.hours >= closed.hours or (time[~done] < closed.hours).any()
    assert typical_wait(time, np.zeros(len(time), bool)).at_least


# --- the sample ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tickets() -> Service:
    rows = read("appliance", "tickets.csv").drop_duplicates()
    # 14 cells of the closing date are planted wrong; the truth stands beside them
    planted = read("_truth", "appliance_planted.csv").query("reason == 'closed_before_opened'")
    raw = read("appliance", "tickets.csv")
    assert len(planted) == 14
    raw.loc[planted["row"] - 2, "closed_at"] = planted["new"].to_numpy()
    rows["closed_at"] = raw["closed_at"]
    rows = rows.rename(columns={"ticket_id": "case_id", "engineer_id": "owner"})
    promises = ServiceRules(hours=DESK).promises
    return service(rows, ServiceRules(hours=DESK, promises=promises), as_of=NOW)


def test_hours_and_lateness_are_those_of_the_truth(tickets) -> None:
    truth = read("_truth", "appliance_tickets.csv").set_index("ticket_id")
    found = tickets.cases.set_index("case_id")
    assert len(found) == 2600 and set(found.index) == set(truth.index)
    truth = truth.loc[found.index]
    answered, solved = found["response"].isin(["met", "late"]), found["resolution"].isin(["met", "late"])
    for step, column, done in (
        ("response", "response_hours", answered),
        ("resolution", "solution_hours", solved),
    ):
        difference = (found[f"{step}_hours"] - truth[column]).abs()[done]
        assert difference.max() < 1e-3, step
    assert found["response"].isin(["late", "overdue"]).sum() == truth["response_late"].sum()
    late = found["resolution"].isin(["late", "overdue"])
    assert (late == truth["solution_late"].astype(bool)).all()


def test_the_figures_of_the_datasheet_come_out(tickets) -> None:
    told = yaml.safe_load((DATA / "_truth/appliance_summary.yml").read_text(encoding="utf-8"))
    figures = told["tickets"]
    by = tickets.summary.set_index(["severity", "step"])
    first = by.loc[("all", "response")]
    assert (first["late"] + first["overdue"]) / first["cases"] == pytest.approx(
        figures["response_late"] / 100, abs=5e-4
    )
    assert first["typical_hours"] == pytest.approx(figures["median_hours"], abs=0.05)
    assert first["late"] + first["overdue"] == first["ripe"] - (
        first["met"] - (first["cases"] - first["ripe"] - first["waiting"])
    )
    urgent = by.loc[("urgent", "response")]
    assert (urgent["late"] + urgent["overdue"]) / urgent["cases"] == pytest.approx(
        figures["late_urgent"] / 100, abs=5e-4
    )
    assert (tickets.cases["resolution_at"].isna()).sum() == figures["open"] == 83


def test_closed_tickets_alone_look_too_quick(tickets) -> None:
    found = tickets.cases
    closed = found.loc[found["resolution"].isin(["met", "late"]), "resolution_hours"].median()
    all_of_them = tickets.summary.set_index(["severity", "step"]).loc[("all", "resolution")]
    assert all_of_them["typical_hours"] > closed and not all_of_them["at_least"]


def test_wrong_dates_are_set_apart() -> None:
    rows = read("appliance", "tickets.csv").drop_duplicates().rename(columns={"ticket_id": "case_id"})
    found = service(rows, ServiceRules(hours=DESK), as_of=NOW)
    assert (found.cases["resolution"] == "unknown").sum() == 14
