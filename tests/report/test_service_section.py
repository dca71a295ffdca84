"""Service promises on the page: a small desk by hand, days without times, and the sample against its truth."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tiny_clients import Make, column, said_in, section, table

from segkit.evaluate.estimate import proportion
from segkit.locale import LANGS
from segkit.playbooks import load_playbook
from segkit.report.sections.service import service_promises
from segkit.report.study import Study

ROOT = Path(__file__).parents[2]
CUSTOMERS = ["客户编号,下单次数,最近下单日期,累计消费", *(f"K{i},2,2025-11-01,{i}" for i in range(1, 81))]


def desk(**columns: object) -> pd.DataFrame:
    """40 general cases of 8 December: 30 answered in an hour, 10 after three days; 4 of these are still open."""
    opened = pd.Timestamp("2025-12-08 09:30")
    slow = [i >= 30 for i in range(40)]
    answered = [opened + pd.Timedelta(hours=77 if late else 1) for late in slow]
    closed = [pd.NaT if i >= 36 else at + pd.Timedelta(hours=1) for i, at in enumerate(answered)]
    made = pd.DataFrame({"case_id": [f"T{i}" for i in range(40)], "customer_id": "K1", "severity": "一般"})
    made["opened_at"], made["first_response_at"], made["closed_at"] = opened, answered, pd.to_datetime(closed)
    return made.assign(owner=["李" if late else "王" for late in slow], **columns)


def shown(make: Make, cases: pd.DataFrame, lang: str = "zh") -> Study:
    study = make(CUSTOMERS, lang=lang)
    study.tables["complaints"] = cases
    service_promises(study)
    return study


@pytest.mark.parametrize("lang", LANGS)
def test_promises_are_shown_with_n_and_interval(make: Make, lang):
    study = shown(make, desk(), lang)
    kpis = study.model.kpis
    assert (kpis["service_response"].value, kpis["service_response"].n) == (0.75, 40)
    assert kpis["service_open"].value == 4
    sheet = table(study, "service")
    kept = proportion(30, 40)
    assert [sheet.rows[0][i] for i in (6, 7, 8)] == pytest.approx([kept.value, kept.low, kept.high])
    assert column(sheet, "hours")[0] == 1.0
    owners = table(study, "service_owners")
    assert column(owners, "owner") == ["李", "王"] and column(owners, "response_late") == [10, 0]
    assert column(owners, "escalated") == [4, 0]
    levels = study.say("service.level_last", n=4, days=7, until=None)
    assert any(levels in text for text in said_in(section(study, "service")))


def test_a_case_written_down_twice_counts_once_and_odd_ones_are_said(make: Make):
    cases = desk()
    cases.loc[0, "closed_at"] = pd.Timestamp("2025-12-01")
    cases.loc[1, "severity"] = "？"
    study = shown(make, pd.concat([cases, cases.head(5)]))
    assert study.model.kpis["service_cases"].value == 40
    said = said_in(section(study, "service"))
    assert (
        study.say("service.unknown", n=1) in said
        and study.say("service.unnamed", n=1, severity="一般") in said
    )


def test_days_without_times_give_a_range_and_no_hours(make: Make):
    cases = desk()
    for name in ("opened_at", "first_response_at", "closed_at"):
        cases[name] = cases[name].dt.normalize()
    study = shown(make, cases)
    said = said_in(section(study, "service"))
    assert study.say("service.days_only") in said and "service_response" not in study.model.kpis
    assert column(table(study, "service"), "hours") == [None, None]
    low, high = (column(table(study, "service"), id)[0] for id in ("low", "high"))
    assert low == 0.75 and high == 1.0  # the third day after may have been in time, and may not


def test_few_cases_and_young_ones_are_not_made_into_shares(make: Make):
    study = shown(make, desk().head(6))
    assert study.say("service.few", n=6, few=30) in said_in(section(study, "service"))
    young = desk(opened_at=pd.Timestamp("2025-12-31 17:00")).assign(
        first_response_at=pd.NaT, closed_at=pd.NaT
    )
    open_ = shown(make, young)
    assert "service_response" not in open_.model.kpis
    facts = {"step": open_.say("service.step.response"), "n": 40}
    assert open_.say("service.none_ripe", **facts) in said_in(section(open_, "service"))


def test_the_tickets_of_the_sample_are_those_of_its_datasheet(make: Make):
    """14.0 % answered late, urgent ones 51.5 %; the moments as `input.complaints` keeps them."""
    tickets = pd.read_csv(ROOT / "datasets/appliance/tickets.csv", encoding="utf-8-sig")
    for name in ("opened_at", "first_response_at", "closed_at"):
        tickets[name] = pd.to_datetime(tickets[name])
    study = make(CUSTOMERS)
    study.playbook = load_playbook("appliance")
    study.tables["tickets"] = tickets
    service_promises(study)
    sheet = table(study, "service")
    late = sum(
        n
        for step, n in zip(column(sheet, "step"), column(sheet, "broken"), strict=True)
        if step == "首次答复"
    )
    assert late == 364 and round(late / study.model.kpis["service_cases"].value, 3) == 0.14
    urgent = sheet.rows[0]
    assert urgent[0] == "紧急" and 1 - urgent[6] == pytest.approx(0.515, abs=0.001)
    assert study.model.kpis["service_open"].value == 83
