"""Worked examples: what the trades' rules and scorecards say of customers one can check in the head."""

from __future__ import annotations

from trade_examples import COMPOSITE, DEALER, HOT, JD, LEAD, PRESSURE, card, labels, rules, scores

# --- rules ----------------------------------------------------------------------------------------


def test_high_value_needs_amount_and_orders_both_and_a_prospect_has_not_bought() -> None:
    jd = rules(JD)
    got = labels(jd, monetary=[10000, 9999.99, 10000, 0, 20000.0], orders=[10, 10, 9, 0, 11])
    assert got == ["high_value", "ordinary", "ordinary", "prospect", "high_value"]
    assert jd.order() == ("high_value", "ordinary", "prospect", "unknown")
    assert jd.needs() == ("monetary", "orders")


def test_levels_of_car_leads_cover_every_number_of_days() -> None:
    dealer = rules(DEALER)
    days = [0, 7, 8, 30, 31, 90, 91, 400, 400]
    assert labels(dealer, deposit=["否"] * 8 + ["是"], days_to_purchase=days) == list("HHAABBCCO")
    assert dealer.lint().ok and dealer.lint().cases == 8


def test_blood_pressure_rules_take_either_reading() -> None:
    pressure = rules(PRESSURE, otherwise="controlled")
    got = labels(
        pressure,
        sbp=[180, 120, 139, 140, 140, 150, 120],
        dbp=[70, 110, 89, 70, 70, 70, 90],
        age=[50, 50, 50, 64, 65, 65, 70],
    )
    assert got == [
        "urgent",
        "urgent",
        "controlled",
        "uncontrolled",
        "controlled",
        "uncontrolled",
        "uncontrolled",
    ]


BANK = """
- {label: high_net_worth, when: {aum: {at_least: 600}}}
- {label: ordinary, when: {aum: {at_least: 5}, holds_product: true}}
- {label: prospect, when: [{aum: {below: 5}}, {holds_product: false}]}
"""


def test_bank_clients_without_a_product_are_prospects() -> None:
    got = labels(rules(BANK), aum=[600, 599, 599, 4.99], holds_product=[0, 1, 0, 1])
    assert got == ["high_net_worth", "ordinary", "prospect", "prospect"]


# intent grades of a sales office; here A has bought already (hzjpw.com): B+ has unit, budget and say
ESTATE = """
- {label: A, when: {stage: 已交大定}}
- {label: D, when: [{stage: 同行市调}, {left_contact: false}]}
- {label: B+, when: {stage: 排号, unit_chosen: true, budget_known: true, decides: true}}
- {label: B-, when: [{stage: 排号, decides: false}, {stage: 排号, family_agrees: false}]}
- {label: B, when: {stage: 排号}}
"""


def test_intent_grades_of_home_buyers() -> None:
    estate = rules(ESTATE, otherwise="C", order=["A", "B+", "B", "B-", "C", "D"])
    got = labels(
        estate,
        stage=["已交大定", "同行市调", "排号", "排号", "排号", "排号", "来人"],
        left_contact=[1, 1, 1, 1, 1, 0, 1],
        unit_chosen=[1, 0, 1, 1, 0, 1, 0],
        budget_known=[1, 0, 1, 1, 1, 1, 0],
        decides=[1, 0, 1, 0, 1, 1, 1],
        family_agrees=[1, 0, 1, 1, 1, 1, 1],
    )
    assert got == ["A", "D", "B+", "B-", "B", "D", "C"]
    assert estate.order() == ("A", "B+", "B", "B-", "C", "D", "unknown")


# sample parameters: bands of age and sex
DEMOGRAPHIC = """
- {label: minor, when: {age: {below: 18}}}
- {label: young_woman, when: {age: {below: 35}, gender: 女}}
- {label: young_man, when: {age: {below: 35}, gender: {not_one_of: [女]}}}
- {label: middle, when: {age: {at_least: 35, below: 60}}}
- {label: senior, when: {age: {at_least: 60}}}
"""


def test_bands_of_age_and_sex_and_what_cannot_matter() -> None:
    got = labels(
        rules(DEMOGRAPHIC),
        age=[17, 18, 34.0, 35, 60, 40, 20, None],
        gender=["男", "女", "男", None, None, None, None, "女"],
    )
    assert got == ["minor", "young_woman", "young_man", "middle", "senior", "middle", "unknown", "unknown"]


# sample parameters: where and how somebody buys (60 % of orders make a channel the main one)
BEHAVIOUR = """
- {label: committee, when: {decision_process: [集体决策, 招标]}}
- {label: online, when: {online_share: {at_least: 0.6}}}
- {label: offline, when: {online_share: {at_most: 0.4}}}
- {label: weekend, when: {main_weekday: [周六, 周日]}}
"""


def test_behaviour_by_channel_weekday_and_decision_process() -> None:
    got = labels(
        rules(BEHAVIOUR, otherwise="mixed"),
        decision_process=["招标", "冲动", "比较", "比较", "比较"],
        online_share=[0.9, 0.6, 0.4, 0.5, 0.5],
        main_weekday=["周一", "周六", "周六", " 周日 ", "周一"],
    )
    assert got == ["committee", "online", "offline", "weekend", "mixed"]


# --- scorecards -----------------------------------------------------------------------------------


def test_a_composite_grade_of_four_criteria_with_their_weights() -> None:
    got = scores(
        card(COMPOSITE),
        income_wan=[60, 30, 30, 1],
        orders=[12, 12, 3, 1],
        monetary=[10000, 10000, 1999.99, 5],
        tenure_days=[730, 100, 400, 10],
    )
    # 100; .3*60+.25*100+.25*100+.2*20 = 72; 18+5+5+12 = 40; 6+5+5+4 = 20
    assert got == [(100, "A"), (72, "B"), (40, "C"), (20, "D")]


def test_a_lead_score_halves_old_behaviour_for_every_full_30_days() -> None:
    lead = card(LEAD, HOT)
    best = {
        "stage": "促单",
        "last_contact_days": 2,
        "expected_wan": 10,
        "deadline_days": 30,
        "competitor": False,
    }
    days = [0, 29, 30, 59, 60, 90, 120, 149, 150, 9999]
    rows = {key: [value] * len(days) for key, value in best.items()}
    got = scores(lead, visits_90d=[3] * len(days), last_visit_days=days, **rows)
    # 20 points of engagement, whole points each time: 20, 10, 5, 2, 1, 0
    assert [points for points, _ in got] == [100, 100, 90, 90, 85, 82, 81, 81, 80, 80]
    assert lead.notes() == [] and "5 至 100 分" in lead.rule("zh")[0]


# 示例参数: 复购, 客龄, NPS, 转介绍
LOYALTY = """
- {column: orders, steps: [{at_least: 5, points: 40}, {at_least: 2, points: 20}]}
- {column: tenure_days, steps: [{at_least: 730, points: 20}, {at_least: 365, points: 10}]}
- {column: nps_score, steps: [{at_least: 9, points: 20}, {at_most: 6, points: -20}]}
- {when: {referrals: {at_least: 1}}, points: 20}
"""


def test_a_loyalty_index_takes_points_away_from_detractors() -> None:
    loyalty = card(LOYALTY, "[{label: loyal, from: 60}, {label: wavering, from: 20}, {label: distant}]")
    got = scores(
        loyalty, orders=[5, 5, 1], tenure_days=[800, 800, 30], nps_score=[10, 6, 0], referrals=[1, 0, 0]
    )
    assert got == [(100, "loyal"), (40, "wavering"), (-20, "distant")]


# behaviour 40, spending 30, attitude 20, complaints 10, bands 60/75/90: an example from the web (hao.ren8.com)
HEALTH = """
- {when: {active_days_30: {at_least: 12}}, points: 40}
- {when: {monetary: {at_least: 1000}}, points: 30}
- {when: {csat: {at_least: 4}}, points: 20}
- {when: {open_complaints: 0}, points: 10}
"""


def test_a_health_score_says_which_band_no_sum_falls_into() -> None:
    health = card(
        HEALTH, "[{label: healthy, from: 90}, {label: fair, from: 75}, {label: weak, from: 60}, {label: ill}]"
    )
    got = scores(
        health,
        active_days_30=[12, 12, 0],
        monetary=[1000, 1000, 1],
        csat=[5, 1, 4],
        open_complaints=[1, 0, 0],
    )
    assert got == [(90, "healthy"), (80, "fair"), (30, "ill")]
    assert health.notes() == []
    odd = card(
        HEALTH,
        "[{label: a, from: 101}, {label: b, from: 91}, {label: c, from: 90}, {label: d, from: 89}, {label: e}]",
    )
    # sums of 40, 30, 20, 10 are tens up to 100
    assert odd.notes("zh") == [
        "“a”（≥ 101）不会出现：总分在 0 至 100 分之间，没有这样的分数。",
        "“d”（≥ 89 且 < 90）不会出现：总分在 0 至 100 分之间，没有这样的分数。",
    ]


# 房地产 lead grades: points for what the odds hang on (示例参数)
def test_lead_grades_of_home_buyers_by_points() -> None:
    estate = card(
        """
        - {when: {unit_chosen: true}, points: 30}
        - {when: {budget_known: true}, points: 20}
        - {when: {decides: true}, points: 30}
        - {when: {family_agrees: false}, points: -20}
        """,
        "[{label: B+, from: 70}, {label: B, from: 30}, {label: B-}]",
    )
    got = scores(
        estate,
        unit_chosen=[1, 1, 0],
        budget_known=["是", "否", "否"],
        decides=[True, False, True],
        family_agrees=[1, 1, 0],
    )
    assert got == [(80, "B+"), (30, "B"), (10, "B-")]
