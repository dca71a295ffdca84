"""Capacity and load: what is shown is what `segkit.plan`, the minutes asked and the relief say."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import segkit
from segkit.followup.plan_model import Member
from segkit.followup.planner import minutes_asked
from segkit.followup.policy import LabelPolicy, Policy, Touch
from segkit.followup.relief import relief
from segkit.locale import LANGS
from segkit.problems import InputProblems
from segkit.widgets.capacity import main_touch, small_policy

START = dt.date(2026, 1, 5)


@pytest.fixture(autouse=True)
def speak(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr("segkit.locale.spoken._spoken", "zh")
    return monkeypatch


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    n = 600
    segments = rng.choice(["key_value", "key_keep", "general_win_back"], n, p=[0.2, 0.3, 0.5])
    worth = {"key_value": 20_000.0, "key_keep": 9_000.0, "general_win_back": 800.0}
    return pd.DataFrame(
        {
            "customer_id": [f"K{i:04d}" for i in range(n)],
            "rfm": segments,
            "monetary": [worth[s] * (1 + i / n) for i, s in enumerate(segments)],
            "recency_days": rng.integers(1, 400, n),
        }
    )


def policy(days: int = 20) -> Policy:
    call = Touch(
        channel="phone", every_days=days, minutes=10, content="care_call", owner="pooled", marketing=False
    )
    rare = call.model_copy(update={"every_days": 120, "minutes": 8})
    note = call.model_copy(update={"channel": "social", "every_days": 365, "minutes": 1})
    return Policy(
        labels={
            "key_value": LabelPolicy(touches=(note, call)),
            "key_keep": LabelPolicy(touches=(rare,)),
            "general_win_back": LabelPolicy(touches=(rare,)),
        }
    )


def test_what_is_shown_is_the_plan(customers) -> None:
    widget = segkit.widgets.capacity_load(customers, policy(), people=2, minutes=60, every_key_value=30)
    team = [Member(id=str(i), minutes=60) for i in (1, 2)]
    how: dict[str, Any] = {"start": START, "days": 20, "label": "rfm", "team": team}
    made = segkit.plan(customers, policy(30), **how)
    chart = widget.twin().meta.chart
    assert sum(chart.series[0].values) == pytest.approx(made.weeks["need"].sum())
    assert sum(chart.series[1].values) == pytest.approx(made.weeks["planned"].sum())
    assert sum(chart.series[2].values) == 2 * 60 * 20
    _, weeks, left, changes = widget.parts()
    assert len(made.unscheduled) > 0 and left.frame["touches"].sum() == len(made.unscheduled)
    assert weeks.frame["load_need"].sum() == pytest.approx(made.load["need"].sum())
    expected = relief(policy(30), lambda p: minutes_asked(customers, p, **how), made)
    assert len(expected) > 0
    assert changes.frame["freed_minutes"].tolist() == pytest.approx(expected["frees"].tolist())
    assert changes.frame["use_after"].tolist() == pytest.approx(expected["share_after"].tolist())


def test_moving_a_control_changes_the_numbers(customers) -> None:
    widget = segkit.widgets.capacity_load(customers, policy(), people=1, minutes=60)
    before = widget.html
    assert "排不上" in before
    widget.set(people=12, minutes=480)
    assert widget.html != before and "排不上" not in widget.html and "间隔和渠道都不用改" in widget.html
    widget.reset()
    assert widget.html == before


def test_a_longer_interval_asks_for_less(customers) -> None:
    widget = segkit.widgets.capacity_load(customers, policy())
    often, rarely = (widget.fit({**widget.defaults, "every_key_value": days}).use for days in (10, 60))
    assert rarely < often


def test_scarce_time_goes_where_the_setting_says(customers) -> None:
    labels = policy().labels
    turned = policy().model_copy(update={"labels": dict(reversed(labels.items()))})
    widget = segkit.widgets.capacity_load(customers, turned, people=1, minutes=60)
    planned = {}
    for first in ("value", "labels"):
        tasks = widget.fit({**widget.defaults, "first": first}).plan.tasks
        planned[first] = tasks["segment"].value_counts().to_dict()
    assert planned["value"].get("key_value", 0) > planned["labels"].get("key_value", 0)
    assert planned["labels"]["general_win_back"] > planned["value"].get("general_win_back", 0)


def test_the_interval_is_that_of_the_touch_that_asks_for_most() -> None:
    entry = policy().labels["key_value"]
    assert main_touch(entry) == 1
    once = entry.touches[0].model_copy(update={"every_days": None, "on_days": (2, 7)})
    assert main_touch(LabelPolicy(touches=(once,))) is None


def test_the_small_policy_calls_the_most_valuable_most_often(customers) -> None:
    made = small_policy(customers, "rfm")
    assert {label: e.touches[0].every_days for label, e in made.labels.items()} == {
        "key_value": 14,
        "key_keep": 30,
        "general_win_back": 60,
    }
    assert segkit.widgets.capacity_load(customers).values["every_key_keep"] == 30


def test_both_languages_hold_the_same_numbers(customers, speak) -> None:
    told = []
    for lang in LANGS:
        speak.setattr("segkit.locale.spoken._spoken", lang)
        widget = segkit.widgets.capacity_load(customers, policy(), people=1)
        text = re.sub(r"<style>.*?</style>|<img[^>]*>|<[^>]+>", " ", widget.html, flags=re.S)
        told.append(
            (sorted(re.findall(r"\d[\d,]*(?:\.\d+)?%?", text)), widget.twin().meta.chart.series[0].values)
        )
    assert told[0] == told[1] and len(told[0][0]) > 20


def test_the_twin_is_the_first_view(customers) -> None:
    widget = segkit.widgets.capacity_load(customers, policy(), people=1)
    title = widget.twin().meta.title
    assert f'alt="{widget.twin().meta.alt}"' in widget.html and title in widget.twin().meta.alt
    widget.set(people=12)
    assert title not in widget.html and widget.twin().meta.title == title


@pytest.mark.parametrize(
    ("change", "words"),
    [({"rfm": None}, "rfm"), ({"rfm": "gold"}, "gold")],
)
def test_customers_that_cannot_be_planned_are_said(customers, change, words) -> None:
    frame = customers.drop(columns="rfm") if change["rfm"] is None else customers.assign(**change)
    with pytest.raises(InputProblems, match=words):
        segkit.widgets.capacity_load(frame, policy())


def test_a_setting_that_cannot_be_is_said(customers) -> None:
    with pytest.raises(InputProblems, match="persons"):
        segkit.widgets.capacity_load(customers, policy()).set(persons=3)
    with pytest.raises(InputProblems):
        segkit.widgets.capacity_load(customers, policy(), people=50)


def test_more_owners_than_panels_are_summed(customers) -> None:
    widget = segkit.widgets.capacity_load(customers, policy(), people=6)
    assert len(widget.twin().meta.chart.categories) == 4  # weeks, not owner-weeks
    assert len(widget.twin(people=4).meta.chart.categories) == 16
