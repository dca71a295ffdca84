"""Rules: first match, what a missing value may do, holes and rules that never decide, worked examples of trades."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from customer_strategies import SCHEMES, Customer, customer_lists, table_of
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from segkit import lint
from segkit.problems import InputProblems
from segkit.schemes import regions
from segkit.schemes.conditional import ConditionalScheme
from segkit.schemes.conditions import as_read
from segkit.schemes.rules import Rules
from segkit.schemes.store import load_scheme, scheme_from
from segkit.schemes.what_if import nearest_moves


def rules(text: str, **more: Any) -> Rules:
    given = yaml.safe_load(text)
    return Rules.model_validate({"rules": given, **more} if isinstance(given, list) else {**given, **more})


def labels(scheme: ConditionalScheme, **columns: list[Any]) -> list[str]:
    return scheme.label(pd.DataFrame(columns))[scheme.name].tolist()


# --- worked examples --------------------------------------------------------------------------------

JD = """
rules:
  - {label: high_value, when: {monetary: {at_least: 10000}, orders: {at_least: 10}}}
  - {label: prospect, when: {orders: 0}}
otherwise: ordinary
source: 阿里云帮助文档 137900 的示例规则（金额与订单数同时达标）
"""


def test_high_value_needs_amount_and_orders_both_and_a_prospect_has_not_bought() -> None:
    jd = rules(JD)
    got = labels(jd, monetary=[10000, 9999.99, 10000, 0, 20000.0], orders=[10, 10, 9, 0, 11])
    assert got == ["high_value", "ordinary", "ordinary", "prospect", "high_value"]
    assert jd.order() == ("high_value", "ordinary", "prospect", "unknown")
    assert jd.needs() == ("monetary", "orders")


# H within 7 days, A to a month, B to three months, C later; O has paid a deposit: a dealer's rule of 北京现代
DEALER = """
- {label: O, when: {deposit: true}}
- {label: H, when: {days_to_purchase: {at_most: 7}}}
- {label: A, when: {days_to_purchase: {at_most: 30}}}
- {label: B, when: {days_to_purchase: {at_most: 90}}}
- {label: C, when: {days_to_purchase: {above: 90}}}
"""


def test_levels_of_car_leads_cover_every_number_of_days() -> None:
    dealer = rules(DEALER)
    days = [0, 7, 8, 30, 31, 90, 91, 400, 400]
    assert labels(dealer, deposit=["否"] * 8 + ["是"], days_to_purchase=days) == list("HHAABBCCO")
    assert dealer.lint().ok and dealer.lint().cases == 8


# 国家基本公共卫生服务规范（第三版）: 2 weeks after >= 180/110 or >= 140/90; from 65 years >= 150/90
PRESSURE = """
- {label: urgent, when: [{sbp: {at_least: 180}}, {dbp: {at_least: 110}}]}
- {label: uncontrolled, when: [{sbp: {at_least: 140}, age: {below: 65}}, {sbp: {at_least: 150}}, {dbp: {at_least: 90}}]}
"""


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


# --- missing values ---------------------------------------------------------------------------------


def test_a_missing_value_that_cannot_matter_does_no_harm() -> None:
    scheme = rules(
        """
        - {label: gold, when: {aum: {at_least: 50}}}
        - {label: gold, when: {orders: {at_least: 20}}}
        - {label: lost, when: {orders: 0, aum: {below: 5}}}
        """,
        otherwise="plain",
    )
    got = labels(scheme, aum=[None, None, None, None, 60], orders=[20, 5, 0, None, None])
    #      gold either way; gold or plain; anything; anything; gold before orders count
    assert got == ["gold", "unknown", "unknown", "unknown", "gold"]


@pytest.mark.parametrize("name", ["rules", "rules_without_otherwise", "scorecard"])
def test_whatever_stood_in_place_of_a_missing_value_the_label_holds(name: str) -> None:
    scheme = SCHEMES[name]
    choices = {
        "recency_days": [0, 6, 7, 30, 31, 90, 500],
        "frequency": [0, 1, 2, 3],
        "monetary": [-1.0, 10.0, 49.99, 50.0, 500.0],
        "aov": [0.0, 40.0, 40.01],
        "channel": ["APP", "mini", "shop", "else"],
        "consent": [True, False],
    }

    @settings(max_examples=15)
    @given(customers=customer_lists.filter(bool))
    def check(customers: list[Customer]) -> None:
        table = scheme.label(table_of(customers[:6]))
        for row in table[table[scheme.name] != "unknown"].to_dict("records"):
            gaps = [c for c in scheme.needs() if pd.isna(row[c]) or row[c] == ""]
            asked = {"channel"} if name == "rules_without_otherwise" else set()
            gaps = [c for c in gaps if c not in asked and not (name == "rules" and c == "channel")]
            filled = pd.DataFrame(
                [
                    {**row, **dict(zip(gaps, values, strict=True))}
                    for values in product(*(choices[c] for c in gaps))
                ]
            )
            assert set(scheme.label(filled[list(scheme.needs())])[scheme.name]) == {row[scheme.name]}

    check()


# --- holes and rules that never decide --------------------------------------------------------------


def test_rules_with_a_hole_are_refused_naming_it_and_the_way_out() -> None:
    text = (
        "[{label: a, when: {orders: {at_least: 3}}}, {label: b, when: {orders: {below: 2}, channel: [APP]}}]"
    )
    with pytest.raises(InputProblems) as error:
        scheme_from({"kind": "rules", "rules": yaml.safe_load(text)}, "tier")
    assert error.value.problems[0].text("zh") == (
        "tier：6 种情况中有 3 种没有规则：订单数 < 3 次 且 渠道不是“APP”；订单数 ≥ 2 次 且 < 3 次；"
        "补一条规则，或写 otherwise 给其余客户一个标签"
    )
    assert (
        error.value.problems[0]
        .text("en")
        .startswith(
            'tier: 3 of 6 cases have no rule: order count < 3 and channel is not "APP"; order count ≥ 2 and < 3; add a rule'
        )
    )
    assert rules(text, otherwise="c").order() == ("a", "b", "c", "unknown")


@pytest.mark.parametrize(
    ("text", "holes"),
    [
        # whole numbers leave no gap between 2 and 3, other numbers do
        ("[{label: a, when: {orders: {at_least: 3}}}, {label: b, when: {orders: {at_most: 2}}}]", []),
        (
            "[{label: a, when: {x: {at_least: 3}}}, {label: b, when: {x: {at_most: 2}}}]",
            ["x > 2 and < 3"],
        ),
        ("[{label: a, when: {monetary: {above: 9.99}}}, {label: b, when: {monetary: {below: 10}}}]", []),
        ("[{label: a, when: {x: {not_one_of: [5]}}}]", ["x = 5"]),
        ("[{label: a, when: {x: {above: 1}}}, {label: b, when: {x: {below: 1}}}]", ["x = 1"]),
        # counts and days start at 0
        ("[{label: a, when: {orders: {at_least: 0}}}]", []),
        ("[{label: a, when: {monetary: {at_least: 0}}}]", ["total amount < 0"]),
        ("[{label: a, when: {zone: 华东}}]", ['zone is not "华东"']),
        ("[{label: a, when: {zone: {not_one_of: [华东, 华南]}}}]", ['zone is "华东" or "华南"']),
        ("[{label: a, when: {is_x: true}}]", ['is_x is "no"']),
        ("[{label: a, when: {is_x: true}}, {label: b, when: {is_x: false}}]", []),
        ("[{label: a, when: {fax: {is_missing: true}}}]", ["fax is there"]),
        ("[{label: a, when: {fax: {is_missing: false}}}]", ["fax is missing"]),
        # a missing value that leaves a rule open is unknown, no hole
        (
            "[{label: a, when: {x: {at_least: 1}}}, {label: b, when: {x: {below: 1}}}, {label: c, when: {x: {is_missing: true}, y: true}}]",
            [],
        ),
        (
            "[{label: a, when: {x: {at_least: 1}}}, {label: b, when: {x: {below: 1}}}, {label: c, when: {x: {is_missing: true}}}]",
            [],
        ),
        (
            "[{label: a, when: {x: {at_least: 1, is_missing: false}}}, {label: b, when: {x: {below: 1, is_missing: false}}}]",
            ["x is missing"],
        ),
    ],
)
def test_what_no_rule_covers(text: str, holes: list[str]) -> None:
    found = lint(yaml.safe_load(text))
    assert list(found.holes["en"]) == holes
    assert found.ok is not bool(holes)
    if holes:
        with pytest.raises(ValidationError):
            rules(text)
    else:
        assert rules(text).fitted


GRID = np.arange(-1, 6, 0.5)  # every number the rules below can tell apart
_bound = st.sampled_from(
    [
        {"at_least": 1},
        {"above": 1},
        {"at_most": 3},
        {"below": 3},
        {"is": 2},
        {"not_one_of": [4]},
        {"above": 0, "below": 4},
    ]
)
_when = st.dictionaries(st.sampled_from(["x", "y"]), _bound, min_size=1)
_rules = st.lists(_when | st.lists(_when, min_size=1, max_size=2), min_size=1, max_size=5)


@settings(max_examples=60)
@given(whens=_rules)
def test_the_linter_finds_what_trying_every_value_finds(whens: list[Any]) -> None:
    found = lint([{"label": str(i), "when": when} for i, when in enumerate(whens)])
    x, y = (a.ravel() for a in np.meshgrid(GRID, GRID))
    table = pd.DataFrame({"x": x, "y": y})
    scheme = Rules.model_validate(
        {"rules": [{"label": str(i), "when": when} for i, when in enumerate(whens)], "otherwise": "none"}
    )
    first = scheme.label(table)["rules"]
    alone = [
        Rules.model_validate({"rules": [{"label": "y", "when": when}], "otherwise": "n"}).label(table)[
            "rules"
        ]
        == "y"
        for when in whens
    ]
    assert bool(found.uncovered) == (first == "none").any()
    assert set(found.never) == {i + 1 for i, mask in enumerate(alone) if not mask.any()}
    assert {n for n, _ in found.shadowed} == {
        i + 1 for i, mask in enumerate(alone) if mask.any() and str(i) not in set(first)
    }
    assert set(found.covered_twice) == {
        (j + 1, i + 1) for i in range(len(alone)) for j in range(i) if (alone[i] & alone[j]).any()
    }


def test_holes_in_words_are_the_holes() -> None:
    text = "[{label: a, when: {x: {at_least: 3}, r: [p, q]}}, {label: b, when: {x: {below: 1}}}, {label: c, when: {x: 2, r: p}}]"
    found = lint(yaml.safe_load(text))
    # 15 cases: x in (.., 1), [1, 2), 2, (2, 3), [3, ..) by r p, q, another
    assert (found.cases, found.uncovered) == (15, 9)
    assert found.holes["en"] == (
        "x ≥ 1 and < 2",
        'x ≥ 1 and < 3 and r is not "p"',
        "x > 2 and < 3",
        'x ≥ 1 and r is not "p" or "q"',
    )
    many = [{"label": "a", "when": {c: 1, d: 1}} for c, d in zip("uvwx", "vwxy", strict=True)]
    assert lint(many).holes["en"][-1] == "…" and len(lint(many).holes["en"]) == 6


def test_rules_that_never_decide_are_told_with_those_before_them() -> None:
    scheme = rules(
        """
        - {label: a, when: {orders: {at_least: 3}}}
        - {label: b, when: {channel: APP}}
        - {label: c, when: {orders: {above: 5}}}
        - {label: d, when: {orders: {above: 1, below: 2}}}
        """,
        otherwise="e",
    )
    found = lint(scheme)
    assert (found.shadowed, found.never, found.ok) == (((3, (1,)),), (4,), False)
    assert found.covered_twice == ((1, 2), (1, 3), (2, 3))
    assert scheme.notes("zh") == [
        "第 4 条“d”（订单数 > 1 次 且 < 2 次）没有客户能满足：条件自相矛盾。",
        "第 3 条“c”（订单数 > 5 次）永远轮不到：符合它的客户都先符合第 1 条。",
    ]
    assert all(note in scheme.describe("en") for note in scheme.notes("en"))
    assert "1 与 2" in found.text("zh")[-1]


def test_too_many_cases_are_said_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[{label: a, when: {x: 1, y: 1, z: 1}}]"
    with pytest.raises(ValidationError):
        rules(text)
    for module in ("segkit.schemes.rule_lint.MOST",):
        monkeypatch.setattr(module, 20)
    scheme = rules(text)
    assert not lint(scheme).ok and not lint(scheme).checked
    assert scheme.notes("zh") == [lint(scheme).text("zh")[0]] and "27 种情况" in scheme.notes("zh")[0]
    assert labels(scheme, x=[1, 1], y=[1, 1], z=[1, 2]) == ["a", "unknown"]
    assert regions.MOST == 200_000


def test_lint_still_takes_segment_maps() -> None:
    assert lint("eleven").ok and lint("eleven").cells == 125
    assert lint([{"id": "a", "r": [1, 3]}], bins=3).ok
    assert lint({"kind": "rules", "rules": yaml.safe_load(DEALER)}).ok
    assert lint({"kind": "rules", "rules": yaml.safe_load(PRESSURE)}).uncovered


# --- what is refused, saved, explained --------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rules": []}, "mine: rules is empty"),
        ({"rules": [{"label": "unknown", "when": {"x": 1}}]}, "mine: no label may be unknown"),
        (
            {"rules": [{"label": "a", "when": {"x": 1}}], "otherwise": "b", "order": ["b"]},
            "mine: order should list each of the labels a, b once, it is b",
        ),
        (
            {"rules": [{"lable": "a", "when": {"x": 1}}], "otherwise": "b"},
            "mine.rules.0.lable: no such setting; did you mean 'label'?",
        ),
        (
            {"rules": [{"label": False, "when": {"x": 1}}], "otherwise": "b"},
            "mine.rules.0.label: False should be text; put it in quotes",
        ),
        (
            {
                "rules": [{"label": "a", "when": {"x": 1}}, {"label": "b", "when": {"x": "1"}}],
                "otherwise": "b",
            },
            "mine: x is compared as number, text",
        ),
        (
            {"rules": [{"label": "a", "when": {"mine": 1}}], "otherwise": "b"},
            "mine: the output column cannot be called mine",
        ),
    ],
)
def test_what_cannot_be_a_rule(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputProblems) as error:
        scheme_from({"kind": "rules", **given}, "mine")
    assert any(p.text("en").startswith(words) for p in error.value.problems), error.value.text("en")


def test_text_compared_with_numbers_is_said_before_anything_is_labelled() -> None:
    with pytest.raises(InputProblems) as error:
        labels(rules(JD), monetary=["10,000", "x"], orders=[1, 2])
    assert error.value.problems[0].facts["column"] == "monetary"
    # a column without any value is only missing
    assert labels(rules(JD), monetary=[None, None], orders=[0, 5]) == ["prospect", "ordinary"]


def test_saved_rules_read_as_they_were_written(tmp_path: Any) -> None:
    scheme = rules(JD, order=["high_value", "ordinary", "prospect"])
    scheme.save(tmp_path / "jd.yml")
    written = yaml.safe_load((tmp_path / "jd.yml").read_text(encoding="utf-8"))
    assert written["rules"] == yaml.safe_load(JD)["rules"]
    assert written["order"] == ["high_value", "ordinary", "prospect"]
    assert load_scheme(tmp_path / "jd.yml") == scheme


def test_the_rule_in_words() -> None:
    names = {"high_value": {"zh": "高价值", "en": "high value"}, "ordinary": {"zh": "普通", "en": "ordinary"}}
    assert rules(JD, names=names).describe("zh") == [
        "共 2 条规则，自上而下，先符合者为准。",
        "1. “高价值”：累计金额 ≥ 10,000 元 且 订单数 ≥ 10 次。",
        "2. “潜在客户”：订单数为 0 次。",
        "其余为“普通”。",
        "缺的资料会影响结果的为“资料不足”，单独计数；不影响的照常分类。",
        "来源：阿里云帮助文档 137900 的示例规则（金额与订单数同时达标）。",
    ]


@pytest.mark.parametrize(
    ("customer", "sentence"),
    [
        (
            {"monetary": 12345.6, "orders": 12},
            "高价值：累计金额 12,345.60 元、订单数 12 次，符合第 1 条（累计金额 ≥ 10,000 元 且 订单数 ≥ 10 次）；若累计金额不超过 9,999.99 元，就变为“普通”。",
        ),
        (
            {"monetary": 9000, "orders": 12},
            "普通：累计金额 9,000.00 元、订单数 12 次，前面的规则都不符合；若累计金额达到 10,000.00 元，就变为“高价值”。",
        ),
        # one change alone does not reach the top, but not buying would
        (
            {"monetary": 50, "orders": 1},
            "普通：累计金额 50.00 元、订单数 1 次，前面的规则都不符合；若订单数不超过 0 次，就变为“潜在客户”。",
        ),
        ({"monetary": None, "orders": 12}, "资料不足：缺 累计金额，补齐后再分类。"),
        (
            {"monetary": None, "orders": 2},
            "普通：没有累计金额、订单数 2 次，前面的规则都不符合；若订单数不超过 0 次，就变为“潜在客户”。",
        ),
    ],
)
def test_a_label_is_explained_with_the_customers_figures(customer: dict[str, Any], sentence: str) -> None:
    names = {"high_value": {"zh": "高价值", "en": "high value"}, "ordinary": {"zh": "普通", "en": "ordinary"}}
    assert rules(JD, names=names).explain(customer) == sentence


def test_codes_that_were_read_as_numbers_are_explained_with_their_label() -> None:
    scheme = rules('[{label: b, when: {code: "3"}}]', otherwise="d", names={x: {"zh": x} for x in "bd"})
    table = pd.DataFrame({"code": [3.0, 4.0, 3.0, None]})
    why = scheme.explain_all(table)
    assert [sentence.split("：")[0] for sentence in why] == ["b", "d", "b", "资料不足"]


def test_texts_and_yes_or_no_are_explained() -> None:
    scheme = rules(
        "[{label: b, when: {zone: [华东, 华南], vip: true}}, {label: c, when: {zone: 海外, email: {is_missing: false}}}]",
        otherwise="d",
        names={
            "zone": {"zh": "地区", "en": "zone"},
            "vip": {"zh": "会员", "en": "member"},
            "email": {"zh": "邮箱", "en": "e-mail"},
            **{label: {"zh": f"{label} 级", "en": f"grade {label}"} for label in "bcd"},
        },
    )
    assert scheme.explain({"zone": "华东 ", "vip": "是", "email": None}) == (
        "b 级：地区 华东、会员 是，符合第 1 条（地区为“华东”或“华南” 且 会员为“是”）；若地区改为其他，就变为“d 级”。"
    )
    assert scheme.explain({"zone": "西北", "vip": "否", "email": "x@example.com"}, "en") == (
        'grade d: zone 西北, member no, e-mail is there, no rule before fits; if zone were "海外", it becomes "grade c".'
    )
    assert scheme.explain({"zone": "海外", "vip": False, "email": ""}) == (
        "d 级：地区 海外、会员 否、没有邮箱，前面的规则都不符合；若补上邮箱，就变为“c 级”。"
    )
    braces = rules("[{label: 'a{0}', when: {'c{1}': 'x{2}'}}]", otherwise="{change}")
    assert braces.explain({"c{1}": "x{2}"}) == (
        "a{0}：c{1} x{2}，符合第 1 条（c{1}为“x{2}”）；若c{1}改为其他，就变为“{change}”。"
    )


@pytest.mark.parametrize("name", ["rules", "rules_without_otherwise", "scorecard", "scorecard_zero"])
def test_the_change_told_is_the_nearest_that_holds(name: str) -> None:
    scheme = SCHEMES[name]
    assert isinstance(scheme, ConditionalScheme)

    @settings(max_examples=10)
    @given(customers=customer_lists.filter(bool))
    def check(customers: list[Customer]) -> None:
        read = as_read(table_of(customers), scheme.kinds)
        probes = scheme.regions.probes()

        def label(frame: pd.DataFrame) -> list[str]:
            return scheme.outcome_of(frame)[scheme.name].tolist()

        moves = nearest_moves(label, read, probes, scheme.regions.numbers_of(read))
        # trying one row for all that are alike finds what trying every row finds
        assert moves == nearest_moves(label, read, probes)
        for i, move in enumerate(moves):
            if move is None:
                continue
            put = next(
                p.put for p in probes if (p.column, p.side, p.target) == (move.column, move.side, move.target)
            )
            changed = read.iloc[[i]].assign(**{move.column: put})
            assert label(changed) == [move.label] != label(read.iloc[[i]])

    check()
