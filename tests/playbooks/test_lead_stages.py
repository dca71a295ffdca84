"""Leads: where each one stands by the client's own words, which are stuck, and what a plan makes of the open ones."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from segkit.followup.planner import plan
from segkit.followup.policy import Policy
from segkit.locale import LANGS, has_term, term
from segkit.playbooks import known_playbooks, load_playbook
from segkit.playbooks.leads import (
    STAGE_UNKNOWN,
    LeadRules,
    lead_candidates,
    lead_policy,
    lead_states,
    leads_of,
    usual_leads,
)
from segkit.playbooks.sources import PoolSetup, ServiceSetup
from segkit.problems import InputProblems

DAY = dt.date(2025, 12, 31)
USUAL = usual_leads()


def leads(*rows: tuple[str, str, str | None, str | None]) -> pd.DataFrame:
    """stage, outcome, first contact, last follow-up."""
    made = pd.DataFrame(rows, columns=["stage", "outcome", "first_contact", "last_follow_up"])
    for column in ("first_contact", "last_follow_up"):
        made[column] = pd.to_datetime(made[column])
    return made.assign(lead_id=[f"L{i}" for i in range(len(made))], owner="张", expected_amount=100.0)


OFFICE = leads(
    ("新线索", "", "2025-12-30", None),
    (" ＮＥＷ ", "", "2025-12-20", None),
    ("Proposal/Price Quote", "", "2025-10-01", "2025-12-25"),
    ("谈判", "赢单", "2025-10-01", "2025-12-01"),
    ("谈判", "输单", "2025-10-01", "2025-12-01"),
    ("Closed Won", "", "2025-10-01", "2025-12-01"),
    ("Closed Lost", "", "2025-10-01", "2025-12-01"),
    ("", "", "2025-12-29", None),
    ("", "", "2025-12-01", "2025-12-10"),
    ("等老板回国", "", "2025-12-01", "2025-12-10"),
)


def states(frame: pd.DataFrame = OFFICE) -> pd.DataFrame:
    return lead_states(frame, USUAL, as_of=DAY)


def test_stage_and_ending_are_read_from_the_clients_words() -> None:
    found = states()
    assert list(found["label"].str.removeprefix("stage_")) == [
        "new", "new", "proposal", "negotiation", "negotiation", "unknown", "unknown", "new", "unknown", "unknown",
    ]  # fmt: skip
    assert list(found["status"]) == ["open"] * 3 + ["won", "lost", "won", "lost"] + ["open"] * 3
    # a lost lead was as far as its stage says; where only the end is on record, nobody knows how far
    assert list(found["reached"]) == [1, 1, 4, 6, 5, 6, 1, 1, 1, 1]


def test_days_in_a_stage_are_at_least_those_since_the_last_follow_up() -> None:
    found = states()
    assert found["age_days"].tolist()[:4] == [1, 11, 6, 30] and not found["age_sure"].any()
    assert found["stuck"].tolist() == [False, True] + [False] * 8
    known = states(OFFICE.assign(stage_since=pd.Timestamp("2025-12-15")))
    assert known["age_sure"].all() and known["stuck"].tolist()[:3] == [True, True, True]
    ago = states(OFFICE.drop(columns="last_follow_up").assign(last_follow_up_days=11))
    assert ago["stuck"].tolist()[:3] == [True, True, True] and ago["age_days"].eq(11).all()


def test_open_leads_are_what_a_plan_takes() -> None:
    frame = OFFICE.assign(consent_marketing=True, opt_out_channels="短信", phone="10012345678")
    made = lead_candidates(frame, USUAL, as_of=DAY)
    assert list(made["customer_id"]) == ["L0", "L1", "L2", "L7", "L8", "L9"]
    assert made.loc[2, "recency_days"] == 6 and made.loc[0, "recency_days"] == 1
    assert (made["kind"] == "lead").all() and "phone" not in made and "opt_out_channels" in made
    policy = Policy.model_validate({"labels": lead_policy(USUAL), "first": "labels"})
    planned = plan(made, policy, start=dt.date(2026, 1, 5), days=2, label="label")
    first = planned.tasks[planned.tasks["content"] == "first_response"]
    assert {"L0", "L1", "L7"} == {*first["customer_id"]} and {*made["customer_id"]} == {
        *planned.tasks["customer_id"]
    }


def test_leads_and_customers_stand_in_one_list() -> None:
    customers = pd.DataFrame(
        {"customer_id": ["C1"], "label": ["key"], "owner": ["李"], "monetary": [5e4], "recency_days": [90]}
    ).assign(last_order=pd.Timestamp("2025-10-02"), kind="customer")
    both = pd.concat([customers, lead_candidates(OFFICE, USUAL, as_of=DAY)], ignore_index=True)
    own = {
        "key": {"touches": [{"channel": "phone", "every_days": 30, "minutes": 10, "content": "care_call"}]}
    }
    policy = Policy.model_validate({"labels": own | lead_policy(USUAL)})
    made = plan(both, policy, start=dt.date(2026, 1, 5), days=3, label="label")
    assert {"C1", "L0"} < {*made.tasks["customer_id"]}


@given(st.permutations(range(10)))
def test_every_lead_has_one_stage_whatever_the_order(order) -> None:
    mixed = states(OFFICE.iloc[list(order)]).set_index("lead_id").loc[OFFICE["lead_id"]]
    pd.testing.assert_frame_equal(mixed, states().set_index("lead_id"))
    assert mixed["label"].isin([*USUAL.stages, STAGE_UNKNOWN]).all()
    assert mixed["reached"].between(1, len(USUAL.stages)).all()


def test_bare_leads_are_new_and_a_table_without_ids_is_refused() -> None:
    bare = lead_states(pd.DataFrame({"lead_id": ["a", "b"]}), USUAL, as_of=DAY)
    assert list(bare["label"]) == ["stage_new"] * 2 and bare["age_days"].isna().all()
    assert not bare["stuck"].any() and len(lead_candidates(bare[["lead_id"]], USUAL, as_of=DAY)) == 2
    with pytest.raises(InputProblems):
        lead_states(pd.DataFrame({"stage": ["new"]}), USUAL, as_of=DAY)


# --- the rules as data -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rules", [USUAL, *(load_playbook(n).leads for n in ("realestate", "auto", "alibaba"))]
)
def test_stages_have_names_contents_and_sources_in_both_languages(rules: LeadRules) -> None:
    for lang in LANGS:
        assert len(rules.source_text(lang)) > 20
        for stage in (*rules.stages, STAGE_UNKNOWN):
            assert term(f"segment.{stage}", lang)
    touches = [touch for entry in lead_policy(rules).values() for touch in entry.touches]
    assert all(has_term(f"content.{touch.content}") for touch in touches)
    assert not any(touch.marketing for touch in touches)  # who asked is answered; no consent is needed


def test_the_defaults_are_no_playbook() -> None:
    assert "lead_stages" not in known_playbooks()


def test_one_word_cannot_mean_two_stages() -> None:
    given = USUAL.model_dump()
    given["stages"]["stage_new"]["words"] = ["跟进中"]
    with pytest.raises(ValidationError, match="two meanings"):
        LeadRules.model_validate(given)


def test_a_misspelt_key_of_a_playbooks_leads_pool_or_service_is_named(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "segkit/playbooks/alibaba.yml").read_text(encoding="utf-8")
    wrong = text.replace("    max_protect: 90", "    max_protct: 90").replace(
        "      max_days: 30", "      max_day: 30"
    )
    (tmp_path / "own.yml").write_text(wrong, encoding="utf-8")
    with pytest.raises(InputProblems) as found:
        load_playbook("own.yml", folder=tmp_path)
    told = "\n".join(problem.text("zh") for problem in found.value.problems)
    assert "max_protect" in told and "max_days" in told


def test_leads_come_from_their_own_table_or_from_the_customers_the_playbook_names() -> None:
    rules = load_playbook("auto").leads
    customers = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "register_date": pd.Timestamp("2025-12-01"),
            "status": ["跟进中", "战败", "已交车"],
            "test_drive": [1.0, 0.0, 1.0],
            "quote_count": [0.0, 2.0, 1.0],
            "last_contact_days": [20, 3, 1],
        }
    )
    found = lead_states(leads_of(rules, customers, {}), rules, as_of=DAY)
    assert list(found["label"]) == ["stage_test_drive", "stage_quoted", "stage_quoted"]
    assert list(found["status"]) == ["open", "lost", "won"] and found["stuck"].tolist() == [
        True,
        False,
        False,
    ]
    own = pd.DataFrame({"lead_id": ["L1"], "stage": ["报价"], "outcome": [None], "customer_id": [None]})
    assert list(leads_of(rules, customers, {"leads": own})["lead_id"]) == ["L1"]
    assert leads_of(USUAL, customers, {}) is None


def test_pool_and_service_are_read_where_the_playbook_says() -> None:
    setup = load_playbook("alibaba").pool
    customers = pd.DataFrame(
        {"customer_id": ["S1"], "pool_status": ["私海"], "last_owner_id": [None], "owner": ["R1"]}
    )
    visits = pd.DataFrame(
        {
            "customer_id": ["S1", "S1", "S1"],
            "date": pd.Timestamp("2025-12-01"),
            "rep_id": "R1",
            "channel": ["上门", "电话", "电话"],
            "minutes": [9.0, 0.5, 0.0],
            "effective": [1.0, 1.0, 1.0],
        }
    )
    assert setup.rows(customers, {})["status"].tolist() == ["私海"]
    log = setup.contacts.contacts(customers, {"visits": visits})
    assert (
        log["effective"].tolist() == [False, True, False] and log["owner"].eq("R1").all()
    )  # minutes, not ticks
    assert setup.contacts.contacts(customers, {"visits": visits.drop(columns="minutes")}) is None
    assert PoolSetup().rows(customers, {}) is None and ServiceSetup().rows(customers, {}) is None
    tickets = pd.DataFrame({"ticket_id": ["T1"], "engineer_id": ["E1"]})
    assert load_playbook("appliance").service.rows(customers, {"tickets": tickets})["case_id"].tolist() == [
        "T1"
    ]
