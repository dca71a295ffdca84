"""What cannot be planned is said in one clear message, in both languages, before anything is made."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from pydantic import ValidationError

from segkit.followup.planner import Member, OwnCalendar, plan
from segkit.followup.policy import Policy
from segkit.problems import InputProblems

START = dt.date(2026, 1, 5)
CALL = {"channel": "phone", "every_days": 30, "minutes": 10, "content": "care_call"}
POLICY = Policy.model_validate({"labels": {"key": {"touches": [CALL]}}})
PEOPLE = pd.DataFrame({"customer_id": ["a", "b"], "rfm": "key", "recency_days": 40.0, "monetary": 1.0})
LOG = pd.DataFrame({"customer_id": ["a"], "date": pd.to_datetime(["2025-12-30"]), "channel": ["phone"]})

CASES = [
    ("plan.no_capacity", {"team": [Member(id="a", minutes=0)]}, "分钟"),
    ("plan.no_capacity", {"team": []}, "分钟"),
    ("plan.history_ahead", {"history": LOG.assign(date=pd.Timestamp(2026, 1, 5))}, "2026"),
    ("plan.unknown_channel_near", {"history": LOG.assign(channel="phon")}, "phone"),
    ("plan.unknown_channel", {"history": LOG.assign(channel="鸽子")}, "鸽子"),
    ("plan.calendar_ends", {"start": dt.date(2040, 1, 2)}, "2040"),
]


@pytest.mark.parametrize("id, given, word", CASES)
def test_one_message_each(id, given, word):
    with pytest.raises(InputProblems) as found:
        plan(PEOPLE, POLICY, **{"start": START, **given})
    assert [problem.id for problem in found.value.problems] == [id]
    for lang in ("zh", "en"):
        text = found.value.text(lang)
        assert len(text.strip().splitlines()) == 2 and "{" not in text
    assert word in found.value.text("zh")


def test_customers_twice():
    with pytest.raises(InputProblems) as found:
        plan(pd.concat([PEOPLE, PEOPLE.head(1)]), POLICY, start=START)
    assert [problem.id for problem in found.value.problems] == ["plan.customers_twice"]


def test_everything_at_once():
    with pytest.raises(InputProblems) as found:
        log = LOG.assign(date=pd.Timestamp(2041, 1, 1), channel="fax")
        plan(PEOPLE, POLICY, start=dt.date(2040, 1, 2), team=[], history=log)
    assert len(found.value.problems) == 4


def test_a_year_without_official_calendar_is_provisional_unless_the_client_names_its_days():
    start = dt.date(2027, 1, 4)
    made = plan(PEOPLE, POLICY, start=start, days=5)
    assert len(made.provisional) == 5
    own = OwnCalendar(holidays=[dt.date(2027, 1, 5)], workdays=[dt.date(2027, 1, 4)])
    assert dt.date(2027, 1, 4) not in plan(PEOPLE, POLICY, start=start, days=5, calendar=own).provisional
    far = OwnCalendar(workdays=[dt.date(2040, 1, 2)])
    assert plan(PEOPLE, POLICY, start=dt.date(2040, 1, 2), days=1, calendar=far).provisional == ()


TOUCHES = [
    ({**CALL, "channel": "fax"}, "literal_error"),
    ({k: v for k, v in CALL.items() if k != "every_days"}, "policy.one_rhythm"),
    ({**CALL, "on_days": [1]}, "policy.one_rhythm"),
    ({**CALL, "every_days": None, "on_days": [7, 1]}, "policy.days_order"),
]


@pytest.mark.parametrize("touch, type_", TOUCHES)
def test_a_touch_says_when_it_falls_due(touch, type_):
    with pytest.raises(ValidationError) as found:
        Policy.model_validate({"labels": {"key": {"touches": [touch]}}})
    assert type_ in {error["type"] for error in found.value.errors()}


CAPS = [
    ({"day": 3, "week": 2}, "policy.caps_contradict"),
    ({"week": 4, "month": 2}, "policy.caps_contradict"),
    ({"channels": {"sms": {"month": 9}}}, "policy.channel_cap"),
    ({"channels": {"sms": {"day": 1, "week": 2, "month": 1}}}, "policy.caps_contradict"),
]


@pytest.mark.parametrize("caps, type_", CAPS)
def test_caps_that_contradict_each_other_are_refused(caps, type_):
    with pytest.raises(ValidationError) as found:
        Policy.model_validate({"labels": {"key": {"touches": [CALL]}}, "caps": caps})
    assert type_ in {error["type"] for error in found.value.errors()}
