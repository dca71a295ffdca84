"""Leads that cannot teach a card: too few, or with columns that know the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from invented_leads import COLUMNS, leads_of, refused
from pydantic import ValidationError

from segkit import Propensity
from segkit.value.model import ModelNotFitted


@pytest.fixture(scope="module")
def leads() -> pd.DataFrame:
    return leads_of()


def test_fewer_than_ten_events_per_variable_are_refused_with_the_numbers() -> None:
    few = leads_of(400, base=-3.0)
    events = int(few["won"].sum())
    problem = refused(few, outcome="won", columns=COLUMNS, bins=4).problems[0]
    assert problem.id == "value.refuse.events"
    assert problem.facts == {"events": events, "variables": 6, "least": 10, "most": events // 10}
    assert str(events) in problem.text("zh") and events < 60
    enough = Propensity(outcome="won", columns=("app",)).fit(few)
    assert enough.checks[0].figure == events


def test_ten_events_per_variable_are_enough_and_nine_point_nine_are_not() -> None:
    rows = pd.DataFrame({"app": [0, 1] * 100, "won": 0})
    rows.loc[:9, "won"] = 1
    assert Propensity(outcome="won", columns=("app",)).fit(rows).events == 10
    rows.loc[9, "won"] = 0
    assert refused(rows, outcome="won", columns=("app",)).problems[0].id == "value.refuse.events"


def test_columns_that_leak_are_refused_by_name_all_at_once(leads: pd.DataFrame) -> None:
    won = leads["won"] == 1
    leaking = leads.assign(
        contract_draft_date=pd.Series("2025-06-01", index=leads.index).where(won),
        lost_reason=leads["channel"].where(~won),
        visit_note=leads["channel"].where(won & (leads.index % 3 == 0)),
        feedback=leads["channel"].where(won | (leads.index % 50 == 0)),
        days_open=1.0 - won + leads["balance"] / 1e6,
        handled=won.map({True: "已办", False: "未办"}),
        签约金额=leads["balance"],
        first_contact=pd.Timestamp("2025-01-01"),
        constant=1,
    )
    columns = (
        "app",
        "contract_draft_date",
        "lost_reason",
        "visit_note",
        "feedback",
        "days_open",
        "handled",
        "签约金额",
        "first_contact",
        "lead",
        "constant",
    )
    found = {p.column: p.id.split(".")[-1] for p in refused(leaking, outcome="won", columns=columns).problems}
    assert found == {
        "contract_draft_date": "filled",
        "lost_reason": "filled",
        "visit_note": "filled",
        "feedback": "filled",
        "days_open": "tells_all",
        "handled": "tells_all",
        "签约金额": "name",
        "first_contact": "date",
        "lead": "id",
        "constant": "same",
    }


def test_a_column_with_one_level_of_some_size_is_refused(leads: pd.DataFrame) -> None:
    nearly = leads.assign(
        vip=(leads.index % 150 == 0).astype(int), kind=np.where(leads.index % 200 == 0, "b", "a")
    )
    problems = refused(nearly, outcome="won", columns=("vip", "kind", "app")).problems
    assert [(p.column, p.id) for p in problems] == [
        ("vip", "value.leak.one_level"),
        ("kind", "value.leak.one_level"),
    ]
    assert "30" in problems[0].text("zh")


def test_a_column_known_beforehand_may_be_named_like_an_outcome(leads: pd.DataFrame) -> None:
    named = leads.rename(columns={"channel": "contract_type"})
    assert refused(named, outcome="won", columns=("contract_type",)).problems[0].facts["word"] == "contract"
    card = Propensity(outcome="won", columns=("contract_type",), known_before=("contract_type",)).fit(named)
    assert card.fitted
    told = leads.assign(won_before=leads["won"])
    how = {"outcome": "won", "columns": ("won_before",), "known_before": ("won_before",)}
    assert refused(told, **how).problems[0].id == "value.leak.tells_all"  # whatever one claims to know


def test_columns_that_tell_the_outcome_together_are_refused() -> None:
    rng = np.random.default_rng(0)
    called, signed_up = rng.integers(0, 2, 600), rng.integers(0, 2, 600)
    both = pd.DataFrame({"won": called & signed_up, "called": called, "visited": signed_up})
    problem = refused(both, outcome="won", columns=("called", "visited")).problems[0]
    assert problem.id == "value.leak.together" and problem.facts["columns"] == ["called", "visited"]
    blurred = both.assign(won=np.where(rng.random(600) < 0.1, 1 - both["won"], both["won"]))
    assert Propensity(outcome="won", columns=("called", "visited")).fit(blurred).fitted


def test_a_column_of_numbers_without_end_has_no_levels() -> None:
    endless = pd.DataFrame(
        {"won": [0, 1] * 300, "app": [0, 0, 1] * 200, "x": [np.inf] * 300 + [-np.inf] * 299 + [5.0]}
    )
    found = Propensity(outcome="won", columns=("app", "x"), bins=2).fit(endless)
    assert [level.role for level in found.card[1].levels] == [None, "missing"]


def test_design_words_that_only_contain_an_outcome_word_pass(leads: pd.DataFrame) -> None:
    named = leads.rename(columns={"channel": "design_signage", "app": "wonderful"})
    assert Propensity(outcome="won", columns=("design_signage", "wonderful")).fit(named).fitted


def test_missing_columns_and_settings_that_cannot_be(leads: pd.DataFrame) -> None:
    assert "channel" in refused(leads, outcome="won", columns=("chanel",)).text("zh")
    with pytest.raises(ValidationError, match="balance"):
        Propensity(outcome="won", columns=("app",), cuts={"balance": (1.0,)})
    with pytest.raises(ValidationError, match="ascend"):
        Propensity(outcome="won", columns=("app",), cuts={"app": (2.0, 1.0)})
    with pytest.raises(ModelNotFitted):
        Propensity(outcome="won", columns=("app",)).score(leads)
