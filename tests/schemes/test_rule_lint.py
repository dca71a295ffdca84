"""Holes in rules and rules that never decide: found, said in words, refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from trade_examples import DEALER, PRESSURE, labels, rules

from segkit import lint
from segkit.problems import InputProblems
from segkit.schemes import regions
from segkit.schemes.rules import Rules
from segkit.schemes.store import scheme_from


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


@pytest.mark.slow
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
