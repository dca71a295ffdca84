"""The list of the day: what is due and late, less what was done, the promises first."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit.followup.today import FIRST_RESPONSE, due_list, on_tasks
from segkit.problems import InputProblems

DAY = dt.date(2026, 1, 7)


def tasks(*rows: tuple[str, str, str, float, str, str]) -> pd.DataFrame:
    """id, due, customer, value, content, why."""
    made = pd.DataFrame(rows, columns=["task_id", "due", "customer_id", "value", "content", "why"])
    return made.assign(due=pd.to_datetime(made["due"]), owner="zhang", channel="phone", minutes=8.0)


LIST = tasks(
    ("T1", "2026-01-07", "a", 10.0, "care_call", "due"),
    ("T2", "2026-01-05", "b", 10.0, "care_call", "overdue"),
    ("T3", "2026-01-05", "c", 90.0, "care_call", "due"),
    ("T4", "2026-01-07", "d", 0.0, FIRST_RESPONSE, "due"),
    ("T5", "2026-01-07", "e", 1.0, "care_call", "agreed"),
    ("T6", "2026-01-08", "f", 99.0, "care_call", "due"),
)


def ids(done: object = None, day: dt.date = DAY) -> list[str]:
    return list(due_list(LIST, day, done=done)["task_id"])


def log(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def test_promises_come_first_then_agreed_days_then_the_latest_then_the_most_valuable() -> None:
    found = due_list(LIST, DAY)
    assert list(found["task_id"]) == ["T4", "T5", "T3", "T2", "T1"]
    assert dict(zip(found["task_id"], found["days_late"], strict=True)) == {
        "T4": 0,
        "T5": 0,
        "T3": 2,
        "T2": 2,
        "T1": 0,
    }


def test_what_was_done_is_not_asked_again() -> None:
    assert ids(["T3", "T4"]) == ["T5", "T2", "T1"]
    done = {"task_id": "T2", "date": pd.Timestamp("2026-01-06"), "effective": True}
    assert "T2" not in ids(log(done)) and "T2" in ids(log(done | {"date": pd.Timestamp("2026-01-08")}))
    assert "T2" not in ids(log({"task_id": "T2"}))  # whether it was effective is not on record


def test_a_call_nobody_answered_is_a_try_and_a_new_day_moves_it() -> None:
    vain = {"task_id": "T2", "date": pd.Timestamp("2026-01-06"), "effective": False}
    found = due_list(LIST, DAY, done=log(vain, vain)).set_index("task_id")
    assert found.loc["T2", "tries"] == 2 and found["tries"].sum() == 2
    later = vain | {"next_date": pd.Timestamp("2026-01-08")}
    assert "T2" not in ids(log(later))
    assert ids(log(later), dt.date(2026, 1, 8))[:2] == ["T4", "T2"]  # what was agreed is due


def test_a_contact_without_task_id_does_the_oldest_task_of_that_customer_and_channel() -> None:
    twice = pd.concat([LIST, LIST.assign(task_id=LIST["task_id"] + "b")], ignore_index=True)
    call = {"customer_id": "b", "channel": "phone", "effective": True}
    left = due_list(twice, DAY, done=log(call))
    assert list(left.loc[left["customer_id"] == "b", "task_id"]) == ["T2b"]
    assert len(due_list(twice, DAY, done=log(call | {"channel": "sms"}))) == 10


@pytest.mark.parametrize(
    ("contact", "done"),
    [
        ({"date": pd.Timestamp("2026-01-04")}, False),  # before the plan began: last month's history
        ({"date": pd.Timestamp("2026-01-05")}, True),
        ({"date": pd.Timestamp("2026-01-07 16:30")}, True),
        ({"date": pd.Timestamp("2026-01-05"), "channel": None}, True),  # a log that does not say how
        ({"date": pd.Timestamp("2026-01-05"), "channel": "sms"}, False),
        ({"date": pd.Timestamp("2026-01-05"), "customer_id": "z"}, False),
    ],
)
def test_a_log_without_task_ids_does_the_tasks_of_this_plan_only(contact, done) -> None:
    made = log({"customer_id": "b", "channel": "phone"} | contact)
    assert ("T2" in ids(made)) is not done


def test_a_contact_does_not_do_what_falls_due_much_later() -> None:
    monthly = pd.concat([LIST, tasks(("T9", "2026-01-29", "b", 1.0, "care_call", "due"))], ignore_index=True)
    call = {"customer_id": "b", "channel": "phone"}
    early = log(*(call | {"date": pd.Timestamp("2026-01-05") + pd.Timedelta(days=i)} for i in range(2)))
    day = dt.date(2026, 1, 29)
    found = set(due_list(monthly, day, done=early)["task_id"])
    assert "T2" not in found and "T9" in found
    close = log(call | {"date": pd.Timestamp("2026-01-05")}, call | {"date": pd.Timestamp("2026-01-26")})
    assert "T9" not in set(due_list(monthly, day, done=close)["task_id"])


def test_contacts_with_a_known_channel_find_their_task_before_those_without() -> None:
    both = pd.concat([LIST, LIST.assign(task_id=LIST["task_id"] + "v", channel="visit")], ignore_index=True)
    made = log({"customer_id": "b", "channel": ""}, {"customer_id": "b", "channel": "phone"})
    assert not {"T2", "T2v"} & set(due_list(both, DAY, done=made)["task_id"])


def test_a_contact_is_on_a_task_by_its_id_or_by_customer_and_channel() -> None:
    made = log(
        {"task_id": "T6"},
        {"customer_id": "b", "channel": "phone"},
        {"customer_id": "b"},
        {"customer_id": "b", "channel": "sms"},
        {"customer_id": "z", "channel": "phone"},
    )
    assert on_tasks(made, LIST).tolist() == [True, True, True, False, False]


@given(st.sets(st.sampled_from(list(LIST["task_id"]))), st.permutations(range(6)), st.integers(0, 5))
def test_every_task_is_listed_or_done_or_still_to_come(done, order, days) -> None:
    day = dt.date(2026, 1, 4) + dt.timedelta(days=days)
    found = due_list(LIST.iloc[list(order)], day, done=done)
    due = set(LIST.loc[LIST["due"] <= pd.Timestamp(day), "task_id"])
    assert set(found["task_id"]) == due - done and found["task_id"].is_unique
    pd.testing.assert_frame_equal(found, due_list(LIST, day, done=done))


def test_each_owner_has_a_list_and_nobody_is_left_out() -> None:
    found = due_list(LIST.assign(owner=["li", "", "li", "zhang", "", "li"]), DAY)
    assert list(found["owner"]) == ["", "", "li", "li", "zhang"]


def test_a_table_that_is_no_plan_is_refused() -> None:
    with pytest.raises(InputProblems) as found:
        due_list(LIST.drop(columns=["due", "channel"]), DAY)
    assert len(found.value.problems) == 2
