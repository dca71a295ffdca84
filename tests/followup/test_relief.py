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
    demand = lambda other: minutes_asked(customers, other, team=team, arms=made.arms, **given)  # noqa: E731
    return made, relief(policy(), demand, made)


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


def test_a_long_task_leaves_the_others_their_time():
    tasks = pd.DataFrame({"owner": ["a"] * 2, "due": [START] * 2, "minutes": [400.0, 10.0]})
    assert clock_times(tasks, policy()).tolist() == ["", "09:00"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("channels", [(), ("phone",), ("visit", "sms")])
def test_what_is_asked_is_what_the_load_says(share, channels):
    """With a holdout, with work nobody can do, and without."""
    touches = [
        {"channel": "phone", "every_days": 10, "minutes": 7, "content": "win_back_call"},
        {"channel": "visit", "every_days": 30, "minutes": 50, "content": "care_call", "marketing": False},
    ]
    rules = Policy.model_validate({"labels": {"key": {"touches": touches}}})
    customers = people(60, 0).assign(owner=["a", "b", ""] * 20)
    team = [Member(id="a", minutes=60, channels=channels), Member(id="b", minutes=60, channels=channels)]
    given = {"start": START, "days": 15, "team": team}
    made = plan(customers, rules, holdout=share, **given)
    demand = minutes_asked(customers, rules, arms=made.arms, **given)
    assert demand.minutes.sum() == pytest.approx(made.load["need"].sum())
    served = pd.concat([made.tasks, made.unscheduled[made.unscheduled["reason"] != "no_member"]])
    assert demand.reached == served["customer_id"].nunique()


def test_a_channel_that_would_reach_nobody_is_not_proposed():
    call = {"channel": "phone", "every_days": 7, "minutes": 10, "content": "win_back_call"}
    rules = Policy.model_validate({"labels": {"key": {"touches": [call]}}})
    customers, team = people(200, 0), [Member(id="a", minutes=60)]
    given = {"start": START, "days": 10, "team": team}
    made = plan(customers, rules, **given)
    changes = relief(rules, lambda other: minutes_asked(customers, other, arms=made.arms, **given), made)
    assert "channel" not in set(changes["change"])  # nobody has agreed to messages
    agreed = {**given, "consent": "yes"}
    made = plan(customers, rules, **agreed)
    changes = relief(rules, lambda other: minutes_asked(customers, other, arms=made.arms, **agreed), made)
    assert "channel" in set(changes["change"])


def test_one_full_owner_is_enough_for_proposals():
    customers = people(60, 0).assign(owner=["x"] * 59 + ["y"])
    team = [Member(id="x", minutes=60), Member(id="y", minutes=400)]
    given = {"start": START, "days": 10, "team": team}
    made = plan(customers, policy(), **given)
    assert utilisation(made) < MOST
    changes = relief(policy(), lambda other: minutes_asked(customers, other, arms=made.arms, **given), made)
    assert len(changes) and changes["share_after"].iloc[0] < 2
