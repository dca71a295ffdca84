"""A plan that fits the time there is, forgets nobody silently, and is the same for the same input."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from segkit.followup.planner import Member, OwnCalendar, plan
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


def people(n: int, label: str = "key", ago: int = 40, **columns) -> pd.DataFrame:
    """Customers who bought `ago` days ago and more, so that a touch every 30 days is overdue."""
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:03d}" for i in range(n)],
            "rfm": [label] * n,
            "recency_days": [float(ago + i % 90) for i in range(n)],
            "monetary": [float(100 * (i % 7)) for i in range(n)],
            **columns,
        }
    )


def touches(*given, **policy) -> Policy:
    return Policy.model_validate({"labels": {"key": {"touches": list(given)}}, **policy})


CALL = {"channel": "phone", "every_days": 30, "minutes": 10, "content": "care_call", "marketing": False}


def test_only_working_days_are_used():
    made = plan(people(400), POLICY, start=dt.date(2026, 2, 9), days=10)
    assert all(is_workday(day.date()) for day in made.tasks["due"])
    off = OwnCalendar(holidays=[dt.date(2026, 1, 6)], workdays=[dt.date(2026, 1, 10)])
    made = plan(people(400), POLICY, start=START, days=6, calendar=off)
    days = set(made.tasks["due"].dt.date)
    assert dt.date(2026, 1, 6) not in days and dt.date(2026, 1, 10) in days


def test_the_most_valuable_are_planned_and_the_overdue_come_first():
    customers = people(60, ago=1).assign(recency_days=[float(i) for i in range(60)])
    made = plan(customers, POLICY, start=START, days=4, team=[Member(id="a", minutes=50)])
    assert len(made.tasks) == 20
    due = customers[
        customers["recency_days"] >= 27
    ]  # the thirtieth day is at the latest the last of the four
    best = sorted(due["monetary"], reverse=True)[:20]
    assert sorted(made.tasks["value"], reverse=True) == best
    late = (made.tasks["why"] == "overdue").tolist()
    assert late == sorted(late, reverse=True) and True in late


def test_who_is_not_due_is_left_in_peace():
    made = plan(people(5, ago=0), POLICY, start=START, days=3)
    assert made.tasks.empty and made.unscheduled.empty and made.excluded.empty


def test_a_call_yesterday_moves_the_next_one():
    history = pd.DataFrame(
        {"customer_id": ["c000", "c001"], "date": [dt.date(2026, 1, 4)] * 2, "channel": "phone"}
    )
    made = plan(people(3), POLICY, start=START, days=5, history=history)
    assert made.tasks["customer_id"].tolist() == ["c002"]
    long = plan(people(3), POLICY, start=START, days=25, history=history)
    assert long.tasks.set_index("customer_id")["due"].loc["c000"] == pd.Timestamp(2026, 2, 3)
    unanswered = plan(people(3), POLICY, start=START, days=5, history=history.assign(effective=[False, True]))
    assert sorted(unanswered.tasks["customer_id"]) == ["c000", "c002"]


def test_what_was_agreed_on_comes_first_and_on_its_day():
    history = pd.DataFrame(
        {
            "customer_id": ["c005"],
            "date": pd.to_datetime(["2025-12-30"]),
            "channel": ["phone"],
            "next_date": pd.to_datetime(["2026-01-06"]),
        }
    )
    made = plan(people(30), POLICY, start=START, days=2, team=[Member(id="a", minutes=20)], history=history)
    row = made.tasks.set_index("customer_id").loc["c005"]
    assert (row["due"], row["why"]) == (pd.Timestamp(2026, 1, 6), "agreed")


def test_touches_after_a_purchase_and_those_missed():
    welcome = {**CALL, "every_days": None, "on_days": [1, 7, 30], "anchor": "first_order"}
    policy = touches({k: v for k, v in welcome.items() if v is not None})
    first = pd.to_datetime(["2026-01-02", "2025-12-20", "2025-11-01"])
    customers = people(3, ago=2).assign(first_order=first)
    made = plan(customers, policy, start=START, days=10)
    found = made.tasks.groupby("customer_id")["due"].agg(list).to_dict()
    # bought on Friday 2 January: the first day fell on a Saturday; the seventh is 9 January
    assert found["c000"] == [pd.Timestamp(2026, 1, 5), pd.Timestamp(2026, 1, 9)]
    assert found["c001"] == [
        pd.Timestamp(2026, 1, 5)
    ]  # the seventh day was missed by nine; the thirtieth is later
    assert "c002" not in found
    reached = pd.DataFrame(
        {"customer_id": ["c001"], "date": pd.to_datetime(["2025-12-28"]), "channel": "phone"}
    )
    again = plan(customers, policy, start=START, days=10, history=reached)
    assert set(again.tasks["customer_id"]) == {"c000"}


def test_a_win_back_stops_after_its_last_step():
    chase = {
        "channel": "phone",
        "on_days": [2, 7, 14],
        "minutes": 5,
        "content": "win_back_call",
        "stop_after": 3,
    }
    policy = touches(chase)
    made = plan(people(1), policy, start=START, days=15)
    assert made.tasks["due"].dt.strftime("%m-%d").tolist() == ["01-07", "01-12", "01-19"]
    calls = [("c000", f"2025-12-{day}", "phone") for day in (20, 25, 30)]
    history = pd.DataFrame(calls, columns=["customer_id", "date", "channel"]).assign(effective=False)
    history["date"] = pd.to_datetime(history["date"])
    one = plan(people(1), policy, start=START, days=15, history=history.head(1))
    assert one.tasks["due"].dt.strftime("%m-%d").tolist() == [
        "01-05",
        "01-12",
    ]  # the second was due 25 December
    done = plan(people(1), policy, start=START, days=15, history=history)
    assert done.tasks.empty and done.excluded["reason"].tolist() == ["stopped"]


def test_greetings_come_before_the_festival_and_on_anniversaries():
    card = {
        "channel": "phone",
        "festivals": ["spring_festival"],
        "minutes": 2,
        "content": "care_call",
        "marketing": False,
    }
    made = plan(people(2), touches(card), start=dt.date(2026, 2, 2), days=15)
    assert len(made.tasks) == 2 and made.tasks["due"].max() < pd.Timestamp(2026, 2, 15)
    yearly = {
        "channel": "phone",
        "yearly": "joined",
        "minutes": 2,
        "content": "care_call",
        "marketing": False,
    }
    customers = people(3, joined=pd.to_datetime(["2024-02-29", "2025-02-12", "2026-02-12"]))
    made = plan(customers, touches(yearly), start=dt.date(2026, 2, 9), days=12)
    assert set(made.tasks["customer_id"]) == {"c000", "c001"}


def test_messages_wait_until_consent_is_known():
    assert set(plan(people(3, "rest"), POLICY, start=START).excluded["reason"]) == {"consent"}
    assert set(plan(people(3, "rest"), POLICY, start=START, consent="yes").tasks["customer_id"]) == {
        "c000",
        "c001",
        "c002",
    }
    told = people(3, "rest", consent_marketing=[True, False, None])
    made = plan(told, POLICY, start=START, days=10)
    assert made.tasks["customer_id"].tolist() == ["c000"]
    assert dict(zip(made.excluded["customer_id"], made.excluded["reason"], strict=True)) == {
        "c001": "opted_out",
        "c002": "consent",
    }


def test_somebody_who_refused_marketing_is_not_called_for_it():
    made = plan(people(2, consent_marketing=[False, True]), POLICY, start=START, days=10)
    assert made.tasks["customer_id"].tolist() == ["c001"]


def test_a_customer_stays_with_their_owner():
    team = [Member(id="a", minutes=10), Member(id="b", minutes=500)]
    made = plan(people(3, owner=["a", "a", "a"]), POLICY, start=START, days=2, team=team)
    assert made.tasks["owner"].tolist() == ["a", "a"] and len(made.unscheduled) == 1


def test_who_has_no_owner_stays_with_whoever_called_first():
    call = {**CALL, "every_days": 7}
    team = [Member(id="a", minutes=60), Member(id="b", minutes=60), Member(id="c", minutes=60)]
    made = plan(people(20), touches(call), start=START, days=20, team=team)
    assert (made.tasks.groupby("customer_id").size() >= 3).all()
    assert (made.tasks.groupby("customer_id")["owner"].nunique() == 1).all()
    assert set(made.tasks["owner"]) == {"a", "b", "c"}


def test_members_serve_their_channels_and_regions():
    call, visit = CALL, {**CALL, "channel": "visit", "minutes": 30}
    team = [
        Member(id="desk", minutes=240, channels=("phone",)),
        Member(id="north", minutes=240, channels=("visit",), regions=("北京",)),
    ]
    customers = people(4, province=["北京市", "北京市", "广东省", "广东省"])
    made = plan(customers, touches(call, visit), start=START, days=5, team=team)
    by = made.tasks.groupby("channel")["owner"].agg(set).to_dict()
    assert by == {"phone": {"desk"}, "visit": {"north"}}
    assert sorted(made.unscheduled["customer_id"]) == ["c002", "c003"]
    assert set(made.unscheduled["reason"]) == {"no_member"}


def test_nobody_waits_longer_than_the_floor():
    rare = {"channel": "email", "every_days": 365, "minutes": 1, "content": "wake_up_offer"}
    customers = people(3, ago=100).assign(recency_days=[300.0, 150.0, 179.0])
    made = plan(customers, touches(rare), start=START, days=10)
    assert made.tasks.set_index("customer_id")["why"].to_dict() == {"c000": "floor", "c002": "floor"}
    assert not made.tasks["marketing"].any()
    assert made.floors.set_index("customer_id")["kept"].to_dict() == {"c000": True, "c002": True}
    deaf = customers.assign(opt_out_channels="全部")
    silent = plan(deaf, touches(rare), start=START, days=10)
    assert silent.tasks.empty and silent.floors["reason"].tolist() == ["opted_out", "opted_out"]


def test_the_floor_takes_at_most_a_fifth_of_the_time_from_what_is_worth_more():
    rare = {"channel": "email", "every_days": 365, "minutes": 1, "content": "wake_up_offer"}
    policy = Policy.model_validate({"labels": {"key": {"touches": [CALL]}, "old": {"touches": [rare]}}})
    forgotten = people(200, "old", ago=400).assign(customer_id=[f"z{i:03d}" for i in range(200)])
    made = plan(
        pd.concat([people(40), forgotten]), policy, start=START, days=2, team=[Member(id="a", minutes=100)]
    )
    minutes = made.tasks.groupby("why")["minutes"].sum()
    assert minutes["floor"] <= 40 and minutes["overdue"] >= 160
    assert not made.floors["kept"].all() and set(made.floors["reason"]) == {"", "no_time"}


def test_a_touch_longer_than_a_day_is_said_not_lost():
    made = plan(people(1), POLICY, start=START, team=[Member(id="a", minutes=5)])
    assert made.tasks.empty and set(made.unscheduled["reason"]) == {"no_time"}


def test_labels_without_a_policy_are_listed_as_such():
    customers = pd.concat([people(2, "unknown"), people(3).assign(customer_id=list("xyz"))])
    made = plan(customers, POLICY, start=START, days=10)
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
        made = plan(people(7, opt_out_channels=cells), policy, start=START, days=10, consent="yes")
        assert sorted(made.tasks["customer_id"]) == ["c001", "c002"]
        assert set(made.excluded["reason"]) == {"opted_out"} and len(made.excluded) == 5


def test_a_refused_channel_is_not_also_a_consent_to_ask_for():
    made = plan(people(2, "rest", opt_out_channels=["短信", ""]), POLICY, start=START, days=10)
    assert dict(zip(made.excluded["customer_id"], made.excluded["reason"], strict=True)) == {
        "c000": "opted_out",
        "c001": "consent",
    }


def test_consent_for_all_fills_the_blanks_and_overrules_nobody():
    told = people(3, "rest", consent_marketing=pd.array([True, False, None], dtype="boolean"))
    made = plan(told, POLICY, start=START, days=10, consent="yes")
    assert sorted(made.tasks["customer_id"]) == ["c000", "c002"]
    assert made.excluded["reason"].tolist() == ["opted_out"]


@pytest.mark.parametrize("n", [0, 1])
def test_tiny_tables(n):
    assert len(plan(people(n), POLICY, start=START, days=10).tasks) == n


def test_within_a_label_the_most_urgent_come_first():
    policy = POLICY.model_copy(update={"urgency": "days_left", "first": "labels"})
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
