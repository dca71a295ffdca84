"""Rules: what a missing value may do, what is refused, how a label is explained."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd
import pytest
import yaml
from customer_strategies import SCHEMES, Customer, customer_lists, table_of
from engines import ENGINES, back
from hypothesis import given, settings
from trade_examples import JD, labels, rules

from segkit.problems import InputProblems
from segkit.schemes.conditional import ConditionalScheme
from segkit.schemes.readings import as_read
from segkit.schemes.rules import Rules
from segkit.schemes.store import load_scheme, scheme_from
from segkit.schemes.what_if import nearest_moves

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


@pytest.mark.parametrize("engine", ENGINES)
def test_hundreds_of_rules_are_no_deeper_than_a_few(engine: str) -> None:
    numbered = [{"label": f"s{i % 120}", "when": {"shop": f"S{i:03d}"}} for i in range(240)]
    scheme = Rules.model_validate({"rules": numbered, "otherwise": "other"})
    shops = pd.DataFrame({"customer_id": range(5), "shop": ["S000", "S039", "S040", "S239", "T1"]})
    labels = back(scheme.label(ENGINES[engine](shops)))["rules"].tolist()
    assert labels == ["s0", "s39", "s40", "s119", "other"]


@pytest.mark.slow
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
            "mine.rules.1.lable: no such setting; did you mean 'label'?",
        ),
        (
            {"rules": [{"label": False, "when": {"x": 1}}], "otherwise": "b"},
            "mine.rules.1.label: false should be text; put it in quotes",
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
            # with one order more the missing amount would matter: becoming unknown is no change to speak of
            {"monetary": None, "orders": 9},
            "普通：未填累计金额、订单数 9 次，前面的规则都不符合；若订单数不超过 0 次，就变为“潜在客户”。",
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
        "d 级：地区 海外、会员 否、未填邮箱，前面的规则都不符合；若补上邮箱，就变为“c 级”。"
    )
    braces = rules("[{label: 'a{0}', when: {'c{1}': 'x{2}'}}]", otherwise="{change}")
    assert braces.explain({"c{1}": "x{2}"}) == (
        "a{0}：c{1} x{2}，符合第 1 条（c{1}为“x{2}”）；若c{1}改为其他，就变为“{change}”。"
    )


@pytest.mark.slow
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
