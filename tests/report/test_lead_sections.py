"""Leads and the pool on the page: the counts of a small office by hand, and the planted truth of a sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tiny_clients import Make, column, said_in, section, table

from segkit.evaluate.estimate import proportion
from segkit.locale import LANGS
from segkit.report.analysis import open_study
from segkit.report.sections.leads import lead_funnel
from segkit.report.sections.service import service_promises
from segkit.report.study import Study

CUSTOMERS = ["客户编号,下单次数,最近下单日期,累计消费", *(f"K{i},2,2025-11-01,{i}" for i in range(1, 81))]


def office(**columns: object) -> pd.DataFrame:
    """100 leads: 40 new, 30 with a proposal, 20 won, 10 lost after a proposal; half of the open ones stuck."""
    stage = ["新线索"] * 40 + ["报价"] * 30 + ["报价"] * 20 + ["报价"] * 10
    outcome = [""] * 70 + ["赢单"] * 20 + ["输单"] * 10
    late = [i % 2 == 0 for i in range(100)]
    made = pd.DataFrame({"lead_id": [f"L{i:03d}" for i in range(100)], "stage": stage, "outcome": outcome})
    made["channel"] = (["展会"] * 2 + ["网站"] * 3) * 20
    made["owner"] = ["张" if i < 60 else "" for i in range(100)]
    made["first_contact"] = pd.Timestamp("2025-12-01")
    made["last_follow_up"] = [pd.Timestamp("2025-12-05" if x else "2025-12-30") for x in late]
    made["expected_amount"] = 1000.0
    return made.assign(**columns)


def shown(make: Make, lang: str = "zh", **tables: pd.DataFrame) -> Study:
    study = make(CUSTOMERS, lang=lang)
    study.tables.update(tables)
    lead_funnel(study)
    return study


@pytest.mark.parametrize("lang", LANGS)
def test_the_funnel_counts_who_came_how_far_with_n_and_interval(make: Make, lang):
    study = shown(make, lang, leads=office())
    sheet = table(study, "lead_stages")
    assert column(sheet, "reached") == [
        100,
        60,
        60,
        60,
        20,
        20,
    ]  # who has a proposal was in every stage before
    assert column(sheet, "passed") == [60, 60, 60, 20, 20, 20]
    assert column(sheet, "here") == [40, 0, 0, 30, 0, 0]
    one = proportion(20, 60)
    assert [sheet.rows[3][i] for i in (4, 5, 6)] == pytest.approx([one.value, one.low, one.high])
    kpis = study.model.kpis
    assert [kpis[id].value for id in ("leads", "leads_open", "leads_won", "leads_stuck")] == [100, 70, 20, 35]
    assert kpis["leads_stuck"].n == 70


@pytest.mark.parametrize("lang", LANGS)
def test_a_step_is_called_the_worst_only_where_leads_were_lost(make: Make, lang):
    """Open leads have not been lost: the step they stand at is where they stand."""
    none_lost = office(outcome=[""] * 80 + ["赢单"] * 20)
    study = shown(make, lang, leads=none_lost)
    first, _, _, proposal, *_ = column(table(study, "lead_stages"), "stage")
    title = table(study, "lead_stages").title
    assert title == study.say("leads.funnel_open", of=80, n=40, stage=first)
    lost = shown(make, lang, leads=office(outcome=[""] * 40 + ["输单"] * 40 + ["赢单"] * 20))
    title = table(lost, "lead_stages").title
    assert title == lost.say("leads.funnel_lost", of=40, n=40, stage=proposal)
    few = shown(make, lang, leads=office().iloc[::10])
    assert table(few, "lead_stages").title == few.say("leads.funnel_plain", n=10)


def test_channels_stages_and_owners_add_up(make: Make):
    study = shown(make, leads=office())
    channels = table(study, "lead_channels")
    assert column(channels, "channel") == ["网站", "展会"] and column(channels, "leads") == [60, 40]
    assert column(channels, "won") == [12, 8] and sum(column(channels, "open")) == 70
    ages = table(study, "lead_ages")
    assert (
        column(ages, "open") == [40, 30]
        and column(ages, "stuck") == [20, 15]
        and column(ages, "limit") == [3, 10]
    )
    owners = table(study, "lead_owners")
    assert column(owners, "owner") == ["张", "待分配"] and column(owners, "open") == [60, 10]
    assert owners.total[1:3] == [70, 35] and column(owners, "longest") == [26, 26]
    many = shown(make, leads=office(owner=[f"人{i % 20:02d}" if i % 4 else "" for i in range(100)]))
    owners = table(many, "lead_owners")
    names = column(owners, "owner")
    assert names[-2:] == ["其余 3 人", "待分配"] and len(names) == 12 + 2  # of 15 named 12 stand by name
    assert sum(column(owners, "open")) == owners.total[1] == 70 and column(owners, "open")[-1] == 18
    assert sum(column(owners, "stuck")) == owners.total[2] == 35
    said = said_in(section(study, "leads"))
    assert study.say("leads.at_least") in said
    exact = shown(make, leads=office(stage_since=pd.Timestamp("2025-12-28")))
    assert study.say("leads.at_least") not in said_in(exact.model.sections[-1])


def test_this_weeks_pool_is_of_the_open_leads_and_says_that_its_days_are_samples(make: Make):
    study = shown(make, leads=office())
    kpis, owners = study.model.kpis, table(study, "pool_owners")
    # held are the 60 of Zhang; those followed up on the 5th are past it, the others are protected to 2 January
    assert (kpis["pool_due"].value, kpis["pool_week"].value, kpis["pool_week"].n) == (30, 30, 60)
    assert column(owners, "held") == [60] and owners.total[1:4] == [60, 30, 30]
    said = " ".join(said_in(section(study, "leads")))
    assert "示例参数" in said and study.say("pool.no_log") in said
    contacts = pd.DataFrame(
        {"customer_id": "L000", "date": [pd.Timestamp("2025-12-31")], "effective": True, "owner": "张"}
    )
    logged = shown(make, leads=office(), contacts=contacts)
    assert study.say("pool.no_log") not in said_in(logged.model.sections[-1])


@pytest.mark.parametrize("lang", LANGS)
def test_first_answers_are_counted_by_the_hour_or_by_what_days_can_tell(make: Make, lang):
    asked = pd.Timestamp("2025-12-01 10:00")
    hours = [1, 23, 24, 25] * 24 + [None] * 4
    answered = pd.to_datetime([pd.NaT if h is None else asked + pd.Timedelta(hours=h) for h in hours])
    study = shown(make, lang, leads=office(first_contact=asked, first_response_at=answered))
    assert study.model.kpis["leads_answered"].value == pytest.approx(0.72)
    assert study.model.kpis["leads_answered"].n == 100
    days = office(first_response_at=pd.to_datetime(["2025-12-01", "2025-12-02", "2025-12-03", None] * 25))
    by_day = shown(make, lang, leads=days)
    facts = {"n": 100, "sure": 25, "perhaps": 25, "late": 50, "hours": 24.0, "least": 0.25, "most": 0.5}
    assert by_day.say("leads.answered_by_day", **facts) in said_in(by_day.model.sections[-1])
    assert "leads_answered" not in by_day.model.kpis


def test_few_leads_are_shown_with_wide_intervals_and_no_channel_is_called_better(make: Make):
    study = shown(make, leads=office().iloc[::10])
    channels = table(study, "lead_channels")
    assert channels.title == study.say("leads.channels_plain", n=len(channels.rows))
    wide = table(study, "lead_stages").rows[0]
    assert wide[6] - wide[5] > 0.4
    assert study.say("leads.how_to_read", few=30) in said_in(section(study, "leads"))


def test_without_leads_or_cases_the_sections_do_not_appear(make: Make):
    study = shown(make)
    service_promises(study)
    assert section(study, "leads") is None and section(study, "service") is None
    empty = shown(make, leads=office().head(0))
    assert section(empty, "leads") is None


def test_leads_without_anything_but_their_numbers_are_shown_too(make: Make):
    study = shown(make, leads=office()[["lead_id"]])
    assert study.model.kpis["leads_open"].value == 100 and section(study, "leads") is not None


@pytest.mark.slow
def test_the_sample_of_the_sales_force_shows_what_was_planted(sample: Callable[[str], Path]):
    study = open_study(config=str(sample("alibaba")), lang="zh")
    lead_funnel(study)
    kpis = study.model.kpis
    assert (kpis["leads"].value, kpis["leads_won"].value) == (1200, 170)  # earlier members are no leads
    assert (kpis["pool_due"].value, kpis["pool_due"].n) == (
        116,
        624,
    )  # 60 by ineffective calls, 56 by false visits
    assert study.say("pool.too_early", n=30, base=376) in said_in(section(study, "leads"))
