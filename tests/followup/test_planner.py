"""A plan that fits the time there is, forgets nobody silently, and is the same for the same input."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segkit.followup.planner import Member, plan
from segkit.followup.policy import Policy, opted_out_of
from segkit.workdays import is_workday

START = dt.date(2026, 1, 5)
POLICY = Policy.model_validate(
    {
        "labels": {
            "key": {
                "touches": [{"channel": "phone", "every_days": 30, "minutes": 10, "content": "care_call"}]
            },
            "rest": {"touches": [{"channel": "sms", "every_days": 30, "minutes": 1, "content": "welcome"}]},
        }
    }
)


def people(n: int, label: str = "key", **columns) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:03d}" for i in range(n)],
            "rfm": label,
            "recency_days": [i % 90 for i in range(n)],
            "monetary": [float(100 * (i % 7)) for i in range(n)],
            **columns,
        }
    )


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(0, 80),
    days=st.integers(1, 6),
    minutes=st.lists(st.integers(0, 60), min_size=1, max_size=3),
    seed=st.integers(0, 1000),
)
def test_capacity_holds_and_everybody_is_somewhere(n, days, minutes, seed):
    customers = people(n)
    team = [Member(id=f"m{i}", minutes=m) for i, m in enumerate(minutes)]
    made = plan(customers, POLICY, start=START, days=days, team=team)
    used = made.tasks.groupby(["owner", "due"])["minutes"].sum()
    for (owner, _), spent in used.items():
        assert spent <= minutes[int(owner[1:])]
    assert (made.load["need"] <= made.load["capacity"]).all()
    everybody = [*made.tasks["customer_id"], *made.unscheduled["customer_id"], *made.excluded["customer_id"]]
    assert sorted(everybody) == sorted(customers["customer_id"])
    shuffled = plan(customers.sample(frac=1, random_state=seed), POLICY, start=START, days=days, team=team)
    pd.testing.assert_frame_equal(made.tasks, shuffled.tasks)


def test_only_working_days_are_used():
    made = plan(people(400), POLICY, start=dt.date(2026, 2, 9), days=10)
    assert all(is_workday(day.date()) for day in made.tasks["due"])


def test_overdue_and_valuable_customers_come_first():
    made = plan(people(60), POLICY, start=START, days=2, team=[Member(id="a", minutes=100)])
    assert len(made.tasks) == 20 and len(made.unscheduled) == 40
    assert set(made.tasks["why"]) == {"overdue"}
    waiting = [i for i in range(60) if i >= 30]
    best = sorted((float(100 * (i % 7)) for i in waiting), reverse=True)[:20]
    assert sorted(made.tasks["value"], reverse=True) == best


def test_messages_wait_until_consent_is_known():
    assert set(plan(people(3, "rest"), POLICY, start=START).excluded["reason"]) == {"consent"}
    assert len(plan(people(3, "rest"), POLICY, start=START, consent="yes").tasks) == 3
    told = people(3, "rest", consent_marketing=[True, False, None])
    made = plan(told, POLICY, start=START)
    assert made.tasks["customer_id"].tolist() == ["c000"]
    assert dict(zip(made.excluded["customer_id"], made.excluded["reason"], strict=True)) == {
        "c001": "opted_out",
        "c002": "consent",
    }


def test_somebody_who_refused_marketing_is_not_called_for_it():
    made = plan(people(2, consent_marketing=[False, True]), POLICY, start=START)
    assert made.tasks["customer_id"].tolist() == ["c001"]


def test_a_customer_stays_with_their_owner():
    team = [Member(id="a", minutes=10), Member(id="b", minutes=500)]
    made = plan(people(3, owner=["a", "a", "a"]), POLICY, start=START, days=2, team=team)
    assert made.tasks["owner"].tolist() == ["a", "a"] and len(made.unscheduled) == 1


def test_a_touch_longer_than_a_day_is_said_not_lost():
    made = plan(people(1), POLICY, start=START, team=[Member(id="a", minutes=5)])
    assert made.tasks.empty and made.unscheduled["reason"].tolist() == ["no_time"]


def test_labels_without_a_policy_are_listed_as_such():
    customers = pd.concat([people(2, "unknown"), people(3).assign(customer_id=list("xyz"))])
    made = plan(customers, POLICY, start=START)
    assert made.tasks["customer_id"].tolist() == ["z", "y", "x"]
    assert made.excluded["customer_id"].tolist() == ["c000", "c001"]
    assert set(made.excluded["reason"]) == {"no_rule"} and set(made.excluded["channel"]) == {""}


EVERY = {"phone", "visit", "email", "social", "sms", "survey", "event"}
CELLS = [
    ("", set()),
    ("  ", set()),
    ("否", set()),
    ("no", set()),
    ("N/A", set()),
    ("电话", {"phone"}),
    ("短信", {"sms"}),
    ("邮件", {"email"}),
    ("电话;短信", {"phone", "sms"}),
    ("短信、电话", {"phone", "sms"}),
    ("Phone, SMS", {"phone", "sms"}),
    ("ＰＨＯＮＥ", {"phone"}),
    ("E-mail", {"email"}),
    ("do not call", {"phone"}),
    ("微信", {"social"}),
    ("全部", EVERY),
    ("all", EVERY),
    ("是", EVERY),
    ("1", EVERY),
    ("已退订", EVERY),
    ("2025-03-01", EVERY),
]


@pytest.mark.parametrize("cell, channels", CELLS)
def test_opt_outs_are_read_as_the_client_writes_them(cell, channels):
    assert opted_out_of(cell) == channels


def test_nobody_is_contacted_on_a_channel_they_opted_out_of_not_even_for_service():
    service = POLICY.model_copy(deep=True)
    touch = service.labels["key"].touches[0].model_copy(update={"marketing": False})
    service.labels["key"] = service.labels["key"].model_copy(update={"touches": (touch,)})
    for policy in (POLICY, service):
        cells = ["电话", "短信", None, "全部", "电话;短信", "phone", "all"]
        made = plan(people(7, opt_out_channels=cells), policy, start=START, consent="yes")
        assert sorted(made.tasks["customer_id"]) == ["c001", "c002"]
        assert set(made.excluded["reason"]) == {"opted_out"} and len(made.excluded) == 5


def test_a_refused_channel_is_not_also_a_consent_to_ask_for():
    made = plan(people(2, "rest", opt_out_channels=["短信", ""]), POLICY, start=START)
    assert dict(zip(made.excluded["customer_id"], made.excluded["reason"], strict=True)) == {
        "c000": "opted_out",
        "c001": "consent",
    }


def test_consent_for_all_fills_the_blanks_and_overrules_nobody():
    told = people(3, "rest", consent_marketing=pd.array([True, False, None], dtype="boolean"))
    made = plan(told, POLICY, start=START, consent="yes")
    assert sorted(made.tasks["customer_id"]) == ["c000", "c002"]
    assert made.excluded["reason"].tolist() == ["opted_out"]


@pytest.mark.parametrize("n", [0, 1])
def test_tiny_tables(n):
    assert len(plan(people(n), POLICY, start=START).tasks) == n


def test_within_a_label_the_most_urgent_come_first():
    policy = POLICY.model_copy(update={"urgency": "days_left"})
    table = people(4, days_left=[9.0, -3.0, None, 2.0])
    made = plan(table, policy, start=START, days=1)
    assert made.tasks["customer_id"].tolist()[:2] == ["c001", "c003"]
    assert made.tasks.set_index("customer_id")["why"].to_dict()["c001"] == "overdue"
    in_time = plan(table, policy, start=START, days=1, team=[Member(id="a", minutes=20)])
    assert set(in_time.tasks["customer_id"]) == {"c001", "c003"}


def test_without_a_team_the_owners_in_the_data_are_the_team():
    made = plan(people(60, owner=["li", "wang", ""] * 20), POLICY, start=START, days=1)
    assert set(made.load["owner"]) == {"li", "wang"} and made.load["capacity"].eq(240).all()
    assert set(made.tasks["owner"]) == {"li", "wang"}
    alone = plan(people(60), POLICY, start=START, days=1)
    assert alone.load["owner"].tolist() == [""] and len(alone.tasks) == 24
