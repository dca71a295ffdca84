"""The figures of lesson 05 say what the plan and the pool say."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import pandas as pd
import pytest

from segkit.charts import plan_standing, protection_terms
from segkit.followup.plan_model import Member, Plan
from segkit.followup.planner import plan
from segkit.followup.policy import LabelPolicy, Policy, Touch
from segkit.followup.pool_rules import Pool, PoolRules, pool

ABOUT = {"source": "sample", "as_of": "2026-01-05"}
START = dt.date(2026, 1, 5)
RULES = PoolRules(default_protect=10, extend_days=3, max_protect=20, no_follow_days=None, no_deal_days=None)


def made(customers: int = 12) -> Plan:
    """Two calls fit, three customers opted out, one is called in spring only, the others find no time."""
    call = Touch(channel="phone", every_days=30, minutes=10, content="care_call", owner="pooled")
    frame = pd.DataFrame({"customer_id": [f"C{i:02}" for i in range(customers)], "rfm": "loyal"})
    frame["opt_out_channels"] = ["phone" if i < 3 else "" for i in range(customers)]
    frame["last_order"] = pd.to_datetime(["2026-01-04" if i == 3 else "2025-09-30" for i in range(customers)])
    team = [Member(id="one", minutes=10)]
    return plan(frame, Policy(labels={"loyal": LabelPolicy(touches=(call,))}), start=START, days=2, team=team)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everybody_stands_in_one_bar(lang: Literal["zh", "en"]) -> None:
    drawn = plan_standing(made(), customers=12, lang=lang, **ABOUT)
    names = {"zh": ["排上了", "时间不够", "没有到期"], "en": ["Planned", "No time left", "Nothing due"]}[lang]
    bars = dict(zip(drawn.meta.chart.categories, drawn.meta.chart.series[0].values, strict=True))
    assert [bars[name] for name in names] == [2, 6, 1]
    assert sum(bars.values()) == 12
    assert all(word in drawn.meta.title for word in ("12", "2", "6", "3"))
    assert drawn.meta.title in drawn.meta.alt and all(name in drawn.meta.alt for name in bars)
    assert "sample" in drawn.meta.caption and "2026-01-05" in drawn.meta.caption


def test_who_must_not_be_contacted_is_not_counted_as_waiting() -> None:
    drawn = plan_standing(made(), customers=12, lang="en", **ABOUT)
    assert "3 not to be contacted" in drawn.meta.title and "no time for 6" in drawn.meta.title
    none = plan_standing(made(0), customers=0, lang="en", **ABOUT)
    assert none.meta.title == "No customers and no plan"


def held() -> tuple[Pool, pd.DataFrame]:
    records = pd.DataFrame(
        {"customer_id": ["A", "B"], "owner": "one", "claim_date": pd.Timestamp("2026-01-05")}
    )
    days = ["2026-01-08", "2026-01-14", "2026-01-17", "2026-01-14", "2026-01-16"]
    contacts = pd.DataFrame({"customer_id": [*"AAABB"], "date": pd.to_datetime(days)})
    contacts["effective"] = [True, True, True, False, True]
    return pool(records, contacts, RULES, as_of=dt.date(2026, 1, 18)), contacts


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_bars_end_on_the_last_protected_day(lang: Literal["zh", "en"]) -> None:
    sea, contacts = held()
    drawn = protection_terms(sea, contacts, RULES, lang=lang, **ABOUT)
    assert drawn.meta.chart.categories == ("A", "B")
    assert drawn.meta.chart.series[0].values == (15.0, 10.0)
    assert all(word in drawn.meta.title for word in ("A", "2026-01-20", "B", "2026-01-15", "5"))
    [ax] = drawn.figure.axes
    shown = [text.get_text() for text in ax.texts]
    assert shown == ["01-20", "01-15"]


def test_a_contact_that_reached_nobody_is_an_empty_mark() -> None:
    sea, contacts = held()
    [ax] = protection_terms(sea, contacts, RULES, lang="en", **ABOUT).figure.axes
    marks = [line for line in ax.lines if line.get_marker() == "^"]
    empty = [line for line in marks if line.get_markerfacecolor() != line.get_color()]
    assert len(marks) == len(contacts) and len(empty) == 1


def test_all_protected_alike_and_nobody_at_all() -> None:
    sea, contacts = held()
    alike = protection_terms(
        pool(sea.records[["customer_id", "owner", "claim_date"]], contacts.head(0), RULES, as_of=START),
        contacts.head(0), RULES, lang="en", **ABOUT,
    )  # fmt: skip
    assert alike.meta.title == "2 customers protected until 2026-01-15"
    records = sea.records[["customer_id", "owner"]].assign(claim_date=pd.NaT)
    nobody = protection_terms(
        pool(records, contacts, RULES, as_of=START), contacts, RULES, lang="en", **ABOUT
    )
    assert nobody.meta.title == "No day of a claim, no term of protection"
