"""What the sections say about small made-up clients: nothing that the data cannot tell, one base for shares."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd
import pytest
from tiny_clients import column, counted, said_in, section, spent, table, words

from segkit.locale import LANGS, say
from segkit.report.analysis import finish
from segkit.report.model import Sheet

pytestmark = pytest.mark.slow  # whole reports: not part of the quick check


# --- what is not known is not said ---------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_whoever_spent_money_is_a_buyer_though_nobody_counted_the_orders(make, lang):
    study = make(spent(40), lang=lang)
    kpis = study.model.kpis
    assert (kpis["buyers"].value, kpis["revenue"].value) == (40, 82_000.0)
    assert not {"orders", "aov", "frequency", "repurchase_rate", "one_time_share"} & set(kpis)
    assert "prospects" not in study.model.findings
    assert study.say("report.not_counted") in words(study)
    cards = study.model.sections[0].blocks[0]
    assert cards.ids == ["buyers", "revenue", "top20_share"]
    assert [c.id for c in table(study, "segments").columns][-1] == "monetary_share"
    assert list(study.model.figures) == ["distributions", "segment_value", "concentration"]


@pytest.mark.parametrize("lang", LANGS)
def test_an_unknown_scheme_says_what_is_missing_and_stands_nowhere_else(make, lang):
    study = make(spent(40), lang=lang)
    said = words(study)
    missing = {"zh": ["下单日期", "购买频次"], "en": ["order dates", "purchase count"]}[lang]
    assert study.say("report.scheme_lacks", columns=missing) in said
    assert "买家" not in said and "has bought" not in said and "fit" not in said.replace("fit into", "")
    finish(study)
    customers = pd.read_parquet(study.folder / "internal" / "customers.parquet")
    assert not {"rfm", "r_score", "why_rfm", "lifecycle", "why_lifecycle"} & {*customers.columns}
    assert [*study.model.schemes] == ["abc"]
    assert study.scheme_name("lifecycle") not in [
        b.text for b in section(study, "definitions").blocks if b.kind == "text"
    ]
    ids = [b.id for s in study.model.sections for b in s.blocks if isinstance(b, Sheet)]
    assert "segments_rfm" not in ids and "segments_lifecycle" not in ids


def test_without_a_last_date_nothing_is_said_of_recency(make):
    rows = ["客户编号,累计消费,下单次数", *(f"K{i},{100 * i},{i % 4 + 1}" for i in range(40))]
    study = make(rows)
    assert study.model.kpis["repurchase_rate"].value == 0.75
    assert "天没下单" not in words(study) and not re.search(r"(?<!\d)0 天", words(study))
    assert "recency" not in [c.id for c in table(study, "segments").columns]
    assert [s.name[0] for s in study.model.figures["distributions"].chart.series] == ["F", "M"]
    assert "最近 90 天内" not in words(study)


def test_single_scores_make_no_map(make):
    study = make(counted((1, 1, "2025-12-01", 10.0)))
    assert "score_heatmap" not in study.model.figures
    assert "没有客户既最近买" not in words(study)


GRADES = """
schemes:
  size:
    kind: bands
    column: monetary
    cuts: [50, 5000, 100000]
    labels: [tiny, small, large, huge]
    source: 示例参数
"""


def test_a_class_without_customers_takes_no_colour_from_the_others(make, tmp_path):
    study = make(spent(120), more=GRADES.replace("  size:", "  rfm:"))
    assert [row[0] for row in table(study, "segments").rows] == ["large", "small"]
    drawn = (study.folder / study.model.figures["segment_value"].svg).read_text(encoding="utf-8").lower()
    finish(study)
    marks = study.model.segment_marks
    assert all(marks[label]["colour"].lower() in drawn for label in ("large", "small"))
    assert marks["huge"]["colour"].lower() not in drawn and marks["huge"]["mark"] != marks["large"]["mark"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_scheme_that_puts_everybody_in_one_class_is_a_sentence(make, lang):
    study = make(counted((40, 5, "2025-12-01", 100.0), (40, 4, "2025-06-01", 900.0)), lang=lang)
    ids = [b.id for s in study.model.sections for b in s.blocks if isinstance(b, Sheet)]
    assert "segments_lifecycle" not in ids
    facts = {"scheme": study.scheme_name("lifecycle"), "name": study.label_name("loyal")}
    assert study.say("report.scheme_one", n=80, **facts) in words(study)
    assert "100.0%" not in words(study)


@pytest.mark.parametrize("lang", LANGS)
def test_classes_without_a_follow_up_rule_are_a_finding(make, lang):
    study = make(spent(120), more=GRADES.replace("  size:", "  rfm:"), lang=lang)
    found = study.model.findings["no_rule"]
    assert found.n == 120 and "120" in found.claim and "large" in found.evidence
    assert "followup_tasks" not in study.model.kpis or study.model.kpis["followup_tasks"].value == 0


@pytest.mark.parametrize("lang", LANGS)
def test_schemes_are_called_by_name_where_the_main_one_changes(make, lang):
    study = make(spent(40), lang=lang)
    names = {"wanted": study.scheme_name("rfm"), "main": study.scheme_name("abc")}
    assert study.say("report.main_changed", **{key: {lang: name} for key, name in names.items()}) in words(
        study
    )
    own = make(
        spent(40), lang=lang, more="schemes: {abc: {kind: pareto, names: {abc: {zh: 大小, en: Size}}}}"
    )
    assert {"zh": "改用“大小”", "en": "use 'Size' instead"}[lang] in words(own)


@pytest.mark.parametrize("lang", LANGS)
def test_what_the_client_wrote_stands_beside_what_was_made_of_it_under_another_heading(make, lang):
    cities = "  city_level: {kind: lookup, column: city_tier, entries: {tier_1: 一线, tier_2: 二线}}"
    points = (
        "  interest: {kind: scorecard, items: [{when: {city_tier: 一线}, points: 5}], grades: [{label: hot}]}"
    )
    rows = ["客户编号,累计消费,city_tier", *(f"K{i},{100 * i},{'一二'[i % 2]}线" for i in range(1, 41))]
    study = make(rows, more="\n".join(["schemes:", cities, points]), lang=lang)
    finish(study)
    raw = {"zh": "城市等级（原值）", "en": "City tier (as given)"}[lang]
    assert study.model.schemes["city_level"].title in raw and study.model.fields["city_tier"] == raw
    assert study.model.fields["interest_points"] == {"zh": "意向热度：得分", "en": "Interest: points"}[lang]


@pytest.mark.parametrize("lang", LANGS)
def test_timeliness_stands_where_there_is_any_and_is_defined_there_alone(make, lang):
    defined = say("definition.timeliness", lang)
    totals = make(counted((40, 2, "2025-12-01", 10.0)), lang=lang)
    assert "timeliness" in [c.id for c in table(totals, "quality").columns] and defined in words(totals)
    orders = make(
        ["客户编号,下单时间,实付金额", *(f"K{i},2025-12-01,{i}" for i in range(40))],
        lang=lang,
        grain="orders",
    )
    assert "timeliness" not in [c.id for c in table(orders, "quality").columns]
    assert defined not in words(orders)


@pytest.mark.parametrize("lang", LANGS)
def test_active_lost_and_repurchase_are_defined_with_their_days(make, lang):
    rows = [f"K{i % 20},{dt.date(2025, 11, 2) + dt.timedelta(days=i)},{10 + i}" for i in range(60)]
    study = make(["客户编号,下单时间,实付金额", *rows], grain="orders", lang=lang)
    said = "\n".join(said_in(section(study, "definitions")))
    for id in ("active", "churn", "repurchase"):
        assert say(f"definition.{id}", lang, days=30, watched=90, periods=[365, 180, 90, 30]) in said
    assert say("definition.repurchase_total", lang) not in said


# --- both numbers of a page agree ------------------------------------------------------------------


def test_orders_without_an_id_count_in_the_periods_as_in_the_total(make):
    rows = ["客户编号,订单编号,下单时间,实付金额"]
    for i in range(60):
        day = dt.date(2025, 11, 2) + dt.timedelta(days=i)
        rows.append(f"K{i % 20},{'' if i % 3 == 0 else f'D{i}'},{day},{10 + i}")
    study = make(rows, grain="orders")
    kpis = study.model.kpis
    assert kpis["orders"].value == 60
    assert sum(column(table(study, "periods"), "orders")) == 60


# --- one base for every share --------------------------------------------------------------------


def test_every_share_of_the_money_has_the_same_base(make):
    rows = counted((30, 3, "2025-12-01", 100.0), (60, 2, "2025-11-01", 10.0), (20, 5, "2025-06-01", -50.0))
    study = make(rows)
    base = 30 * 100 + 60 * 10
    assert study.money == base and study.model.kpis["revenue"].value == base - 20 * 50
    for id in ("segments", "segments_abc"):
        sheet = table(study, id)
        money, shares = column(sheet, "monetary"), column(sheet, "monetary_share")
        for value, share in zip(money, shares, strict=True):
            assert share is None if value <= 0 else share is not None
    abc = table(study, "segments_abc")
    held = dict(zip(column(abc, "segment"), column(abc, "monetary_share"), strict=True))
    assert held["A"] == pytest.approx(2600 / base) or held["A"] == pytest.approx(3000 / base)
    kpi = study.model.kpis["top20_share"]
    assert (kpi.n, kpi.value) == (90, pytest.approx(18 * 100 / base))
    finding = study.model.findings["concentrated"]
    assert finding.n == 90 and "（18 位）" in finding.claim and "共 90 位" in finding.evidence
    drawn = dict(
        zip(
            study.model.figures["segment_value"].chart.categories,
            study.model.figures["segment_value"].chart.series[1].values,
            strict=True,
        )
    )
    main = table(study, "segments")
    names = [study.model.segment_marks[s]["name"] for s in column(main, "segment")]
    for name, share in zip(names, column(main, "monetary_share"), strict=True):
        assert drawn[name] == (None if share is None else pytest.approx(share, abs=1e-6))
    assert "累计金额大于 0 的 90 位" in main.caption and "累计金额大于 0" not in abc.caption


def test_money_reached_is_not_lessened_by_refunds(make):
    rows = counted((30, 3, "2025-12-01", 100.0), (5, 3, "2025-12-01", -70.0))
    study = make(rows, more="followup: {consent: yes}\n")
    plan = study.plan.tasks
    sheet = table(study, "followup")
    assert plan["value"].lt(0).any()
    assert sheet.total[-1] == plan["value"].clip(lower=0).sum() == sum(column(sheet, "value"))


@pytest.mark.parametrize("n, ids", [(99, {"top10_share"}), (100, {"top1_share", "top10_share"})])
def test_one_percent_of_few_is_nobody(make, n, ids):
    kpis = make(spent(n)).model.kpis
    assert {"top1_share", "top10_share"} & set(kpis) == ids


# --- findings ------------------------------------------------------------------------------------


AWAY = (8, 6, "2025-01-05", 5000.0)
USUAL = (40, 3, "2025-12-20", 200.0)
ONCE = (60, 1, "2025-12-10", 50.0)


def test_who_came_once_has_not_stayed_away(make):
    once_and_rich = (4, 1, "2025-01-05", 9000.0)
    study = make(counted(AWAY, USUAL, once_and_rich))
    assert study.model.findings["slipping"].claim.startswith("8 位高价值客户很久没有下单")


def test_the_action_says_who_declined_and_who_does_not_fit(make):
    rows = counted(AWAY, USUAL, more=",营销同意")
    rows = [rows[0], *(f"{row},{'否' if i < 3 else '是'}" for i, row in enumerate(rows[1:]))]
    team = "followup: {days: 1, team: [{id: a, minutes: 20}]}\n"
    study = make(rows, more=team)
    away = study.customers.loc[study.customers["monetary"] == 5000.0, "customer_id"]
    left = int((study.plan.standing[away] == "no_time").sum())
    assert 0 < left < 8
    assert study.model.findings["slipping"].action == (
        "按跟进清单先打电话：已排 {n} 位，其中前 7 天 {n} 位；另有 {left} 位本期排不下。先问原因，再决定给什么。"
    ).format(n=8 - left, left=left)
    declined = study.plan.tasks[study.plan.tasks["customer_id"].isin(away[:3])]
    assert not declined["marketing"].any()  # a word after a long silence is no marketing


def test_nobody_planned_is_not_told_as_a_number_of_calls(make):
    team = "followup: {days: 1, team: [{id: a, minutes: 2}]}\n"
    study = make(counted(AWAY, USUAL), more=team)
    action = study.model.findings["slipping"].action
    assert "已排 0" not in action and "8 位本期排不下" in action


def test_one_customer_is_spoken_of_as_one(make):
    study = make(counted((1, 6, "2025-01-05", 50_000.0), USUAL), lang="en")
    finding = study.model.findings["slipping"]
    assert "1 high-value customer has" in finding.claim and finding.evidence.startswith("This customer is")


def test_first_orders_that_are_recent_are_planned_or_waiting(make):
    action = make(counted(ONCE, USUAL)).model.findings["bought_once"].action
    assert action == "最近 90 天新买的 60 位里已排 0 位；另有 60 位这一期还没到时间。"
    study = make(counted((60, 1, "2025-12-28", 50.0), USUAL), more="followup: {consent: yes}\n")
    assert "60 位" in study.model.findings["bought_once"].action


def test_the_comparison_is_advised_where_there_are_enough_to_compare(make):
    study = make(counted((100, 1, "2025-12-10", 50.0), USUAL))
    assert "对照" in study.model.findings["bought_once"].action
    study = make(counted((99, 1, "2025-12-10", 50.0), USUAL))
    assert "对照" not in study.model.findings["bought_once"].action


def test_nobody_came_back_is_said_without_a_mean_of_nobody(make):
    study = make(counted((40, 1, "2025-03-10", 50.0)))
    finding = study.model.findings["bought_once"]
    assert "0 位人均" not in finding.evidence and "还没有人买过第二次" in finding.evidence
    assert "没有最近 90 天新买的人" in finding.action


OWNERS = [("", "没有负责人，先指定"), ("赵一", "都有负责人")]


@pytest.mark.parametrize("owner, said", OWNERS)
def test_owners_are_asked_for_where_they_are_missing(make, owner, said):
    study = make(spent(40, "客户编号,累计消费,负责人", f",{owner}"))
    assert said in study.model.findings["concentrated"].action


def test_some_owners_missing_are_counted(make):
    rows = spent(40, "客户编号,累计消费,负责人", ",赵一")
    rows[-1] = "K40,4000,"
    action = make(rows).model.findings["concentrated"].action
    assert action.startswith("其中 1 位没有负责人")


def test_more_than_a_person_can_own_is_cut_to_what_the_plan_holds(make):
    study = make(spent(2600))
    n = len(study.plan.tasks)
    assert n < 520 and f"先给金额最高的 {n} 位" in study.model.findings["concentrated"].action


# --- follow-up -----------------------------------------------------------------------------------


def test_refused_and_waiting_are_told_apart(make):
    head = "客户编号,下单次数,最近下单日期,累计消费,营销同意,退订渠道"
    rows = [
        head,
        *(f"K{i},1,2025-12-{i % 28 + 1:02},10,{c}" for i, c in enumerate(["是,全部", ",", "否,"] * 100)),
    ]
    study = make(rows)
    sheet = table(study, "followup")
    excluded = study.plan.excluded.drop_duplicates(["customer_id", "reason"])
    reasons = excluded["reason"].value_counts()
    number = (
        excluded["customer_id"].str[1:].astype(int) % 3
    )  # opted out of all, said nothing, declined marketing
    assert set(number[excluded["reason"] == "opted_out"]) == {0, 2}
    assert set(number[excluded["reason"] == "consent"]) == {1}
    assert sum(column(sheet, "waiting")) == reasons["consent"]
    waiting = int((study.plan.standing == "consent").sum())
    assert study.say("report.consent_first", n=waiting) in words(study)
    agreed = make(rows, more="followup: {consent: yes}\n")
    assert "没有营销同意记录" not in words(agreed)
    assert sum(column(table(agreed, "followup"), "waiting")) == 0


def test_customers_without_a_rule_are_counted(make):
    rows = [*counted(USUAL), "X1,,,300", "X2,,,400"]
    study = make(rows)
    assert study.say("report.no_rule", n=2) in words(study)


def test_a_plan_on_old_data_is_warned_of(make):
    late = "followup: {start: 2026-04-01}\n"
    assert "相隔 91 天" in words(make(counted(USUAL), more=late))
    assert "请先更新数据" not in words(make(counted(USUAL)))


def test_people_needed_are_whole_and_said_only_above_one(make):
    assert "全部按时做完要" not in words(make(counted(USUAL))) or "全部按时做完要 1 人" in words(
        make(counted(USUAL))
    )
    short = "followup: {consent: yes, days: 5}\n"
    many = make(counted((1300, 9, "2025-11-20", 200.0), (100, 12, "2025-11-28", 900.0)), more=short)
    there = many.plan.load["capacity"].sum()
    need = many.plan.load["need"].sum()
    assert need > there
    assert f"要 {-(-need // there):.0f} 人" in words(many)


# --- orders --------------------------------------------------------------------------------------


def test_new_customers_are_defined_by_where_the_data_begin(make):
    rows = ["订单号,客户编号,下单时间,实付金额"]
    rows += [f"O{i},K{i % 9},2025-{i % 12 + 1:02}-15,10" for i in range(60)]
    study = make(rows, grain="orders")
    assert "数据从 2025-01-15 开始" in words(study)
    short = [rows[0], *(f"O{i},K{i % 9},2025-12-{i % 28 + 1:02},10" for i in range(40))]
    said = words(make(short, grain="orders"))
    assert "数据不满 60 天" in said and "逐笔订单" not in said


def test_rows_that_rightly_do_not_count_are_nothing_to_fill_in(make):
    head = "客户编号,下单时间,订单号,实付金额,订单状态"
    rows = [f"K{i},2025-{1 + i % 12:02}-11,S{i},{200 + i},已完成" for i in range(40)]
    called_off = ["K1,2025-03-02,S90,500,已取消", "K2,2025-03-02,S91,600,已取消"]
    assert "set_aside" not in make([head, *rows, *called_off], grain="orders").model.findings
    found = make([head, *rows, *called_off, "K3,,S92,700,已完成"], grain="orders").model.findings["set_aside"]
    assert found.claim.startswith("1 行") and "700" in found.claim


def test_a_row_set_aside_for_two_reasons_is_one_row(make):
    rows = ["订单号,客户编号,下单时间,实付金额"]
    rows += [f"O{i},K{i % 9},2025-12-{i % 28 + 1:02},10" for i in range(40)]
    rows += ["O90,K1,,", "O91,,,20"]
    study = make(rows, grain="orders")
    sheet = table(study, "set_aside")
    assert sheet.title.startswith("搁置 2 行") and len(sheet.rows) == 2
    assert study.model.kpis["rows_set_aside"].value == 2
    assert any("、" in reason for reason in column(sheet, "reason"))


# --- languages -----------------------------------------------------------------------------------


def test_both_languages_hold_the_same_numbers(make):
    rows = counted(AWAY, USUAL, ONCE, (3, 2, "2025-10-01", -20.0))
    zh, en = (make(rows, lang=lang).model for lang in LANGS)
    assert {i: (k.value, k.n, k.previous) for i, k in zh.kpis.items()} == {
        i: (k.value, k.n, k.previous) for i, k in en.kpis.items()
    }
    numbers = [
        [
            [v for row in b.rows for v in row if isinstance(v, int | float)]
            for s in model.sections
            for b in s.blocks
            if isinstance(b, Sheet)
        ]
        for model in (zh, en)
    ]
    assert numbers[0] == numbers[1]
    assert [f.n for f in zh.findings.values()] == [f.n for f in en.findings.values()]
