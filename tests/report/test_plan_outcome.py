"""Contacts and the tasks they are about, where the log does not say by which channel."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from segkit.report.plan_outcome import carried_out

MONDAY = pd.Timestamp("2026-01-05")
TASKS = pd.DataFrame(
    {"task_id": ["T1", "T2"], "due": MONDAY, "customer_id": "C1", "channel": ["phone", "visit"]}
)


@pytest.mark.parametrize(
    ("channels", "done"),
    [
        ([None, None], [True, True]),
        ([None, "phone"], [True, True]),  # the call is the call, the other one is left for the visit
        (["sms", None], [True, False]),
        (["sms", "sms"], [False, False]),
    ],
)
def test_a_contact_of_an_unknown_channel_is_of_any(channels: list[str | None], done: list[bool]) -> None:
    log = pd.DataFrame({"customer_id": "C1", "date": [MONDAY, MONDAY], "channel": channels})
    found = carried_out(TASKS, log, dt.date(2026, 1, 9), start=MONDAY.date())
    assert found["done"].notna().tolist() == done


def test_a_log_without_channels_does_tasks_all_the_same() -> None:
    log = pd.DataFrame({"customer_id": ["C1", "C2"], "date": [MONDAY, MONDAY]})
    found = carried_out(TASKS, log, dt.date(2026, 1, 9), start=MONDAY.date())
    assert found["done"].notna().tolist() == [True, False]
