"""When the work does not fit: what is proposed, what it frees, what contact costs, and when in the day it stands."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from segkit.followup.planner import Member, minutes_asked, plan
from segkit.followup.policy import Policy
from segkit.followup.relief import MOST, clock_times, costs_by_segment, relief, utilisation

START = dt.date(2026, 1, 5)


def policy() -> Policy:
    def call(channel, days, minutes):
        return {
            "channel": channel,
            "every_days": days,
            "minutes": minutes,
            "content": "care_call",
            "marketing": False,
        }

    labels = {"key": {"touches": [call("phone", 7, 10)]}, "rest": {"touches": [call("visit", 30, 60)]}}
    return Policy.model_validate({"labels": labels})


def people(key: int, rest: int) -> pd.DataFrame:
    n = key + rest
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:03d}" for i in range(n)],
            "rfm": ["key"] * key + ["rest"] * rest,
            "recency_days": 60.0,
            "monetary": [1000.0] * key + [10.0] * rest,
        }
    )


def proposed(customers, team):
    given = {"start": START, "days": 20}
    made = plan(customers, policy(), team=team, **given)
    return made, relief(policy(), lambda other: minutes_asked(customers, other, **given), made)


def test_where_the_work_fits_nothing_is_proposed():
    made, changes = proposed(people(10, 10), [Member(id="a", minutes=240)])
    assert utilisation(made) < MOST and changes.empty


def test_the_least_valuable_minutes_are_freed_first_and_the_numbers_hold():
    team = [Member(id="a", minutes=100)]
    made, changes = proposed(people(30, 40), team)
    assert utilisation(made) == pytest.approx((30 * 4 * 10 + 40 * 60) / 2000)
    first = changes.iloc[0]
    assert (first["label"], first["change"], first["before"], first["after"]) == (
        "rest",
        "channel",
        "visit",
        "phone",
    )
    assert first["frees"] == 40 * 60 - 40 * 10  # every 45 days instead of 30 frees nothing in these days
    assert first["customers"] == 40 and first["share_after"] == pytest.approx(0.8)
    assert len(changes) == 1


def test_proposals_go_on_until_the_work_fits_or_nothing_is_left():
    _, changes = proposed(people(200, 40), [Member(id="a", minutes=100)])
    assert list(changes["change"]) == ["channel", "interval", "channel"]
    shares = changes["share_after"].tolist()
    assert shares == sorted(shares, reverse=True)
    assert changes["before"].tolist()[1:] == ["7", "phone"] and changes["after"].tolist()[1:] == [
        "10",
        "social",
    ]


def test_what_contact_costs_stands_beside_what_customers_are_worth():
    made, _ = proposed(people(2, 1), [Member(id="a", minutes=240)])
    table = costs_by_segment(made.tasks, policy()).set_index("segment")
    assert table.loc["key"].to_dict() == {
        "contacts": 8,
        "customers": 2,
        "minutes": 80.0,
        "cost": 80.0,
        "value": 2000.0,
    }
    assert table.loc["rest", "cost"] == 60.0


def test_tasks_stand_one_after_the_other_and_breaks_are_kept():
    tasks = pd.DataFrame({"owner": ["a"] * 4 + ["b"], "due": [START] * 5, "minutes": [100.0, 70, 20, 400, 5]})
    assert clock_times(tasks, policy()).tolist() == ["09:00", "10:40", "14:00", "", "09:00"]
