"""The strategy matrix: rhythms in words, a year in minutes and money, limits in a sentence, the law beside prices."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiny_clients import Make, column, counted, said_in, section, spent, table

from segkit.followup.policy import Cap, Caps, Costs, LabelPolicy, Policy, Touch
from segkit.locale import LANGS, say, term
from segkit.playbooks import known_playbooks, load_playbook
from segkit.report.analysis import open_study
from segkit.report.sections.strategy import (
    contacts_text,
    limits_text,
    rhythm_text,
    strategy,
    times_a_year,
    yearly_cost,
    yearly_minutes,
)
from segkit.report.study import Study

ROWS = counted((60, 4, "2025-12-20", 900.0), (60, 1, "2025-12-01", 60.0), (60, 4, "2025-03-01", 1200.0))
WIDE = 7  # columns an A4 page holds


def touch(**given: object) -> Touch:
    return Touch.model_validate({"channel": "phone", "minutes": 10, "content": "care_call", **given})


def policy_of(*touches: Touch, **more: object) -> Policy:
    return Policy.model_validate({"labels": {"a": LabelPolicy(touches=touches)}, **more})


# --- rhythms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "zh", "en"),
    [
        ({"every_days": 30}, "每 30 天", "every 30 days"),
        ({"every_days": 1}, "每 1 天", "every 1 day"),
        ({"every_days": 90, "stop_after": 4}, "每 90 天（4 次后停）", "every 90 days (stop after 4)"),
        (
            {"on_days": (1, 7, 30), "anchor": "first_order"},
            "首单后第 1、7、30 天",
            "on days 1/7/30 after the first purchase",
        ),
        (
            {"on_days": (2, 7, 14), "stop_after": 3},
            "计划开始后第 2、7、14 天（3 次后停）",
            "on days 2/7/14 after the plan begins (stop after 3)",
        ),
        (
            {"on_days": (7,), "anchor": "signed"},
            "“签约日”后第 7 天",
            "on day 7 after 'signed'",
        ),
        ({"yearly": "birthday"}, "生日", "the birthday"),
        ({"yearly": "signed"}, "每年“签约日”那天", "every year on the day of 'signed'"),
        (
            {"festivals": ("spring_festival", "mid_autumn")},
            "春节、中秋前",
            "before Spring Festival and Mid-Autumn",
        ),
    ],
)
def test_a_rhythm_reads_as_people_say_it(given, zh, en):
    def named(column: str) -> str:
        return {"signed": "签约日"}.get(column, column)

    assert rhythm_text(touch(**given), "zh", named) == zh
    assert rhythm_text(touch(**given), "en") == en


def test_every_rhythm_of_the_package_has_words():
    for name in known_playbooks():
        for entry in load_playbook(name).policy.labels.values():
            for one in entry.touches:
                for lang in LANGS:
                    said = contacts_text([one], lang)
                    assert "_" not in said and "“" not in said and "'" not in said, (name, said)
                    assert said.startswith(term(f"owner.{one.owner}", lang))


def test_contacts_are_told_by_who_makes_them():
    touches = (
        touch(every_days=30),
        touch(channel="survey", every_days=180, owner="pooled"),
        touch(channel="visit", every_days=365),
    )
    assert contacts_text(touches, "zh") == "专人：电话每 30 天，拜访每 365 天；共享：问卷每 180 天"
    en = "named: phone every 30 days, visit every 365 days; shared: survey every 180 days"
    assert contacts_text(touches, "en") == en


# --- a year ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "times"),
    [
        ({"every_days": 73}, 5),
        ({"every_days": 30, "stop_after": 6}, 6),
        ({"every_days": 365}, 1),
        ({"on_days": (2, 7, 14), "stop_after": 3}, 3),
        ({"on_days": (2, 7, 14), "stop_after": 2}, 2),
        ({"on_days": (30, 335, 700), "anchor": "last_order"}, 2),
        ({"yearly": "first_order"}, 1),
        ({"festivals": ("spring_festival", "mid_autumn")}, 2),
    ],
)
def test_times_a_year_by_hand(given, times):
    assert times_a_year(touch(**given)) == times


def test_minutes_and_money_of_a_year_by_hand():
    costs = Costs(hour=90, channels={"sms": 0.5})
    policy = policy_of(
        touch(every_days=73, marketing=False),  # 5 x 10 minutes
        touch(channel="sms", every_days=73, minutes=2),  # 5 x 2 minutes and 5 x 0.5
        costs=costs,
    )
    assert yearly_minutes(policy, "a") == pytest.approx(60)
    assert yearly_cost(policy, "a") == pytest.approx(60 / 60 * 90 + 5 * 0.5)


def test_caps_hold_marketing_back_and_leave_service_alone():
    often = [touch(every_days=5, minutes=1), touch(channel="sms", every_days=5, minutes=1)]
    service = touch(every_days=73, minutes=1, marketing=False)
    free = yearly_minutes(policy_of(*often, service, caps=Caps(day=None, week=None, month=None)), "a")
    held = yearly_minutes(policy_of(*often, service, caps=Caps(day=1, week=2, month=6)), "a")
    assert free == pytest.approx(2 * 73 + 5) and held == pytest.approx(6 * 365 / 30 + 5)


# --- limits ------------------------------------------------------------------------------------------


def test_floor_and_caps_are_one_sentence():
    caps = Caps(day=1, week=2, month=6, channels={"sms": Cap(month=2)})
    zh = limits_text(policy_of(touch(every_days=30), floor_days=120, caps=caps), "zh")
    for part in (
        "120 天",
        "24 小时内至多 1 次",
        "7 天内至多 2 次",
        "30 天内至多 6 次",
        "短信 30 天内至多 2 次",
    ):
        assert part in zh
    assert zh.count("。") == 1
    none = policy_of(touch(every_days=30), caps=Caps(day=None, week=None, month=None))
    assert "至多" not in limits_text(none, "zh") and "no cap" in limits_text(none, "en")


# --- the section -------------------------------------------------------------------------------------


def with_matrix(study: Study) -> Study:
    shown = strategy(study)
    assert isinstance(shown._repr_html_(), str)
    return study


@pytest.mark.parametrize("lang", LANGS)
def test_every_class_that_occurs_stands_in_the_matrix(make: Make, lang):
    study = with_matrix(make(ROWS, lang=lang))
    sheet = table(study, "strategy")
    here = study.customers[study.segmentation.main].value_counts()
    assert dict(zip(column(sheet, "segment"), column(sheet, "customers"), strict=True)) == here.to_dict()
    assert len(sheet.columns) <= WIDE
    first = next(row for row in sheet.rows if study.touches(row[0]))
    assert first[3] == contacts_text(study.touches(first[0]), lang)
    names = [term(f"strategy.{id}", lang) for id in study.policy.labels[first[0]].strategies]
    assert all(name in first[2] for name in names)


def test_what_a_class_costs_stands_beside_what_it_brings(make: Make):
    study = with_matrix(make(ROWS))
    sheet = table(study, "strategy")
    main = study.segmentation.main
    for row in sheet.rows:
        label = row[0]
        assert row[4] == round(yearly_minutes(study.policy, label))
        assert row[5] == pytest.approx(yearly_cost(study.policy, label), abs=0.01)
        assert row[6] == pytest.approx(study.customers.loc[study.customers[main] == label, "monetary"].mean())
    hours = sum(yearly_minutes(study.policy, row[0]) * row[1] for row in sheet.rows) / 60
    cost = sum(yearly_cost(study.policy, row[0]) * row[1] for row in sheet.rows)
    assert sheet.title == say("strategy.title", "zh", n=len(sheet.rows), hours=hours, cost=cost)


def test_who_costs_more_than_they_bring_is_named(make: Make):
    study = with_matrix(make(counted((60, 4, "2025-12-20", 9000.0), (60, 1, "2025-12-01", 0.5))))
    sheet = table(study, "strategy")
    dear = [study.label_name(row[0]) for row in sheet.rows if row[5] > row[6] > 0]
    said = " ".join(said_in(section(study, "strategy")))
    assert dear and study.say("strategy.dear", names=dear) in said
    rich = with_matrix(make(counted((60, 4, "2025-12-20", 9000.0), (60, 1, "2025-12-01", 8000.0))))
    lead = say("strategy.dear", "zh", names=[])[:8]
    assert lead not in " ".join(said_in(section(rich, "strategy")))


@pytest.mark.parametrize("lang", LANGS)
def test_prices_that_differ_never_stand_without_the_law(make: Make, lang):
    study = with_matrix(make(ROWS, lang=lang))
    priced = [
        study.label_name(row[0])
        for row in table(study, "strategy").rows
        if "differential_pricing" in study.policy.labels[row[0]].strategies
    ]
    assert priced
    note = study.say("strategy.compliance", names=priced)
    assert note in said_in(section(study, "strategy"))
    assert (
        ("第二十四条" in note and "第十八条" in note)
        if lang == "zh"
        else "Art. 24" in note and "Art. 18" in note
    )
    labels = {
        name: entry.model_copy(update={"strategies": ("onboarding",)})
        for name, entry in study.policy.labels.items()
    }
    plain = replace(study, policy=study.policy.model_copy(update={"labels": labels}))
    shown = strategy(plain).section
    assert not [
        text
        for text in said_in(shown)
        if ("24" in text and "18" in text and "Art" in text) or "第十八条" in text
    ]


def test_too_few_for_groups_get_no_matrix(make: Make):
    study = with_matrix(make(spent(12)))
    assert section(study, "strategy") is None


@pytest.mark.slow
@pytest.mark.parametrize("case", ["loyalty", "partner_tags", "jd"])
def test_a_samples_matrix_is_whole(sample, case):
    study = with_matrix(open_study(config=str(sample(case)), lang="zh"))
    sheet = table(study, "strategy")
    ids = [one.id for one in sheet.columns]
    assert ("worth" in ids) == ("cost_year" in ids) == study.has_money
    if not study.has_money:
        said = "".join([*said_in(section(study, "strategy")), sheet.title, *(c.head for c in sheet.columns)])
        assert "元" not in said and "费用" not in said
    alone = [row for row in sheet.rows if not study.touches(row[0])]
    assert all(row[2] == "—" and row[4] is None for row in alone) and (case != "partner_tags") == (not alone)
    if case == "jd":  # two years of orders: what the last of them brought
        assert sheet.columns[-1].head == say("head.worth_year", "zh")
        orders = study.orders
        last = orders[(orders["order_date"] >= "2025-01-01") & (orders["order_date"] < "2026-01-01")]
        total = sum(row[1] * row[6] for row in sheet.rows)
        assert total == pytest.approx(last["amount"].sum(), abs=0.005 * len(study.customers))
