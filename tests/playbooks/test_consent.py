"""Consent: of whom it is missing nothing is classified, explained or listed; nobody is moved by an answer to it."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from segkit.locale import LANGS
from segkit.playbooks import Playbook, Segmentation, apply
from segkit.problems import InputProblems
from segkit.schemes.rules import Rules

DAY = dt.date(2025, 12, 31)
CLINIC = {
    "id": "clinic",
    "title": {"zh": "门诊", "en": "Clinic"},
    "attributes": {
        "sbp": {"from": "visits", "take": "last", "column": "sbp"},
        "high": {"take": "count", "where": {"disease": "高血压"}},
    },
    "consent": {"when": {"agreed": True}, "keep": ["city"]},
    "schemes": {
        "pressure": {"kind": "bands", "column": "sbp", "cuts": [140], "labels": ["low", "high"]},
        "condition": {"kind": "lookup", "column": "disease", "entries": {"pressure": ["高血压"]}},
    },
    "main": "pressure",
    "policy": {
        "labels": {"high": {"touches": [{"channel": "phone", "every_days": 9, "minutes": 5, "content": "x"}]}}
    },
}


@pytest.fixture
def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": list("abc"),
            "owner": ["D1", "D2", "D3"],
            "agreed": [1.0, 0.0, None],
            "disease": ["高血压", "高血压", "糖尿病"],
            "city": ["杭州", "宁波", "温州"],
            "joined": pd.to_datetime(["2025-01-01"] * 3),
            "frequency": pd.Series([1, 2, 3], dtype="Int64"),
        }
    )


@pytest.fixture
def made(people) -> Segmentation:
    visits = pd.DataFrame(
        {"customer_id": list("abc"), "date": [pd.Timestamp(DAY)] * 3, "sbp": [150.0, 190.0, 120.0]}
    )
    return apply(Playbook.model_validate(CLINIC), people, tables={"visits": visits}, as_of=DAY)


def test_without_consent_only_who_it_is_and_how_to_ask_is_left(made):
    left = made.customers.set_index("customer_id")
    assert made.withheld == {"b", "c"}  # no answer is no consent
    kept = ["owner", "city", "frequency"]
    assert left.loc[["b", "c"], kept].notna().all(axis=None)
    assert left.loc["b", "agreed"] == 0
    assert left.loc[["b", "c"], ["disease", "joined", "sbp", "high"]].isna().all(axis=None)
    assert left.loc["a", ["disease", "joined", "sbp", "high"]].notna().all()


def test_without_consent_nobody_is_classified_and_the_reason_says_consent(made):
    labels = made.customers.set_index("customer_id")
    for name, scheme in made.schemes.items():
        assert labels.loc[["b", "c"], name].eq("unknown").all() and labels.loc["a", name] != "unknown"
        for lang, consent, repair in (("zh", "同意", "补齐"), ("en", "consent", "fill in to classify")):
            asked, *others = made.reasons(name, made.customers, lang)
            for why in others:
                assert consent in why and repair not in why and scheme.label_name("unknown", lang) in why
            assert consent not in asked.split("；")[0].split(";")[0]


def test_a_client_without_the_answers_is_refused(people):
    with pytest.raises(InputProblems) as caught:
        apply(Playbook.model_validate(CLINIC), people.drop(columns="agreed"), as_of=DAY)
    (problem,) = caught.value.problems
    assert problem.id == "playbook.no_consent_column" and all("agreed" in problem.text(x) for x in LANGS)


def test_where_the_answers_are_not_required_a_client_without_them_withholds_nobody(people):
    optional = {**CLINIC, "consent": {"when": {"agreed": True}, "required": False}}
    made = apply(Playbook.model_validate(optional), people.drop(columns="agreed"), as_of=DAY)
    assert not made.withheld and made.customers["disease"].notna().all()


@pytest.mark.parametrize("column", ["sensitive_consent", "consent_to_share", "是否同意营销"])
def test_nobody_is_moved_by_another_answer_to_consent(column):
    scheme = Rules(
        rules=[
            {"label": "ask", "when": {column: False}},
            {"label": "old", "when": {"age": {"at_least": 60}}},
        ],
        otherwise="young",
    )
    people = pd.DataFrame({column: [1, 0, 1], "age": [20.0, 20.0, 70.0]})
    moved, asked, old = scheme.explain_all(people, "zh")
    assert "若" in moved and "60" in moved.split("若")[1] and column not in moved.split("若")[1]
    assert "若" not in asked and column not in old.split("若")[1]
