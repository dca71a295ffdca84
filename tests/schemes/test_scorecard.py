"""Scorecards: points, weights, fading, grades, missing values, words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from engines import ENGINES, back
from trade_examples import COMPOSITE, HOT, LEAD, card, scores

from segkit.problems import InputProblems
from segkit.schemes.store import load_scheme, scheme_from

# --- points -----------------------------------------------------------------------------------------


def test_weighted_points_are_whole_halves_up_and_said() -> None:
    scheme = card(
        "[{column: x, steps: [{is: 1, points: 5}, {is: 2, points: -5}, {is: 3, points: 3}], weight: 0.5}]",
        "[{label: a, from: 3}, {label: b}]",
    )
    assert scores(scheme, x=[1, 2, 3, 4]) == [(3, "a"), (-3, "b"), (2, "b"), (0, "b")]
    assert "得 5 × 0.5 ≈ 3 分" in scheme.rule("zh")[1]
    assert scores(
        card("[{when: {x: 1}, points: 15, weight: 0.7}]", "[{label: a, from: 11}, {label: b}]"), x=[1]
    ) == [(11, "a")]


def test_points_taken_away_fade_too_towards_none() -> None:
    scheme = card(
        "[{when: {complaint: true}, points: -5, halve_after_days: 10, since: days}]",
        "[{label: a, from: 0}, {label: b}]",
    )
    got = scores(scheme, complaint=[1] * 5, days=[-3, 9, 10, 20, 30])
    assert [points for points, _ in got] == [-5, -5, -2, -1, 0]


def test_the_first_step_that_holds_gives_the_points_and_one_never_reached_is_refused() -> None:
    assert [
        p
        for p, _ in scores(
            card("[{column: x, steps: [{at_most: 7, points: 20}, {at_most: 30, points: 10}]}]"),
            x=[7, 8, 30, 31],
        )
    ] == [20, 10, 10, 0]
    with pytest.raises(InputProblems) as error:
        scheme_from(
            {
                "kind": "scorecard",
                "items": yaml.safe_load(
                    "[{column: orders, steps: [{at_least: 3, points: 10}, {at_least: 10, points: 20}]}]"
                ),
                "grades": [{"label": "a"}],
            },
            "mine",
        )
    assert error.value.problems[0].text("zh").startswith("mine.items.1：orders 的第 2 档永远轮不到")


def test_the_attainable_totals_are_those_of_customers_who_can_exist() -> None:
    # one column cannot be below 3 and at least 10 at once, so 30 is out of reach
    exclusive = card(
        "[{when: {orders: {below: 3}}, points: 10}, {when: {orders: {at_least: 10}}, points: 20}, {when: {vip: true}, points: 1}]",
        "[{label: a, from: 22}, {label: b, from: 20}, {label: c}]",
    )
    assert "0 至 21 分" in exclusive.rule("zh")[0]
    assert [n.startswith("“a”") for n in exclusive.notes("zh")] == [True]
    everybody = pd.MultiIndex.from_product([range(15), [True, False]], names=["orders", "vip"]).to_frame(
        index=False
    )
    assert sorted(set(exclusive.label(everybody)["scorecard_points"])) == exclusive._totals().tolist()


def test_customers_who_are_unknown_add_no_total() -> None:
    scheme = card(
        "[{column: x, steps: [{is_missing: true, points: 5}, {at_least: 3, points: 10}]}, {when: {x: {at_least: 1}}, points: 20}]",
        "[{label: a, from: 30}, {label: b, from: 10}, {label: c, from: 5}, {label: d}]",
    )
    # without x the second item is open, so a sum of 5 never comes out
    assert scores(scheme, x=[None, 0, 1, 3]) == [(None, "unknown"), (0, "d"), (20, "b"), (30, "a")]
    assert len(scheme.notes()) == 1 and "（≥ 5 且 < 10）" in scheme.notes("zh")[0]


def test_items_on_too_many_cases_are_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = card(COMPOSITE.replace("income_wan", "orders"))
    exact = scheme._totals().tolist()
    monkeypatch.setattr("segkit.schemes.scorecard.MOST", 3)
    loose = scheme._totals().tolist()
    assert set(exact) < set(loose) and (exact[0], exact[-1]) == (loose[0], loose[-1])


# --- missing values ---------------------------------------------------------------------------------


def test_what_a_missing_value_does() -> None:
    items = """
    - {column: orders, steps: [{at_least: 5, points: 50}], otherwise: 10}
    - {when: {vip: true}, points: 30}
    - {column: visits, steps: [{at_least: 1, points: 20}], halve_after_days: 30, since: days}
    """
    # nobody visits without a day; without a visit the day cannot matter
    columns: dict[str, list[Any]] = {
        "orders": [5, None, 5, 5, 5],
        "vip": [True, True, None, True, True],
        "visits": [1, 1, 1, 0, 1],
        "days": [3, 3, 3, None, None],
    }
    assert scores(card(items), **columns) == [
        (100, "A"),
        (None, "unknown"),
        (None, "unknown"),
        (80, "A"),
        (None, "unknown"),
    ]
    zero = card(items, missing="zero")
    assert scores(zero, **columns) == [(100, "A"), (50, "C"), (70, "B"), (80, "A"), (80, "A")]
    assert "记 0 分" in zero.describe("zh")[-1] and "总分 0 至 100 分" in zero.rule("zh")[0]
    assert "总分 10 至 100 分" in card(items).rule("zh")[0]


@pytest.mark.parametrize("missing", ["unknown", "zero"])
def test_points_are_whole_numbers_or_null_on_every_engine(missing: str) -> None:
    scheme = card(LEAD, HOT, missing=missing, name="heat")
    rng = np.random.default_rng(5)
    n = 60
    table = pd.DataFrame(
        {
            "customer_id": [f"c{i:02}" for i in range(n)],
            "stage": pd.Series(rng.choice(["促单", " 报价", "新"], n), dtype="str"),
            "last_contact_days": pd.Series(rng.integers(0, 20, n), dtype="Int64"),
            "visits_90d": rng.integers(0, 4, n),
            "last_visit_days": rng.integers(0, 200, n).astype(float),
            "expected_wan": rng.integers(0, 20, n) / 2,
            "deadline_days": rng.integers(0, 60, n),
            "competitor": pd.Series(rng.choice([True, False], n), dtype="boolean"),
        }
    )
    table.loc[::7, "last_contact_days"] = pd.NA
    table.loc[::11, "last_visit_days"] = np.nan
    wanted = back(scheme.label(table))
    assert set(wanted["heat"]) >= {"hot", "warm", "cold"}
    assert str(scheme.label(table)["heat_points"].dtype) == "Int64"
    for engine, make in ENGINES.items():
        pd.testing.assert_frame_equal(back(scheme.label(make(table))), wanted, obj=engine)


# --- what is refused, saved, explained --------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "grades", "words"),
    [
        ("[]", "[{label: a}]", "mine: items is empty"),
        ("[{when: {x: 1}, points: 1}]", "[]", "mine: grades is empty"),
        (
            "[{when: {x: 1}}]",
            "[{label: a}]",
            "mine.items.1: an item gives when and points, or column and steps",
        ),
        (
            "[{when: {x: 1}, points: 1, column: y}]",
            "[{label: a}]",
            "mine.items.1: an item gives when and points",
        ),
        (
            "[{when: {x: 1}, points: 1, halve_after_days: 30}]",
            "[{label: a}]",
            "mine.items.1: halve_after_days and since go together",
        ),
        (
            "[{when: {x: 1}, points: 1.5}]",
            "[{label: a}]",
            "mine.items.1.points: 1.5 should be a whole number",
        ),
        (
            "[{when: {x: 1}, points: 1, weight: 0}]",
            "[{label: a}]",
            "mine.items.1.weight: 0 should be above 0",
        ),
        (
            "[{when: {x: 1}, points: 1, wieght: 2}]",
            "[{label: a}]",
            "mine.items.1.wieght: no such setting; did you mean 'weight'?",
        ),
        (
            "[{column: x, steps: [{at_lest: 1, points: 1}]}]",
            "[{label: a}]",
            "mine.items.1.steps.1.at_lest: no such setting; did you mean 'at_least'?",
        ),
        (
            "[{column: x, steps: [{at_least: 1}]}]",
            "[{label: a}]",
            "mine.items.1.steps.1.points: needed, not given",
        ),
        (
            "[{when: {x: 1}, points: 1}]",
            "[{label: a, form: 3}]",
            "mine.grades.1.form: no such setting; did you mean 'from'?",
        ),
        ("[{when: {x: 1}, points: 1}]", "[{label: a, from: 1}, {label: a}]", "mine: labels must differ"),
        (
            "[{when: {x: 1}, points: 1}]",
            "[{label: a}, {label: b}]",
            "mine: every grade but the last needs from",
        ),
        (
            "[{when: {x: 1}, points: 1}]",
            "[{label: a, from: 0}, {label: b, from: 1}, {label: c}]",
            "mine: the points grades begin with should descend",
        ),
        (
            "[{when: {x: 1}, points: 9}, {when: {y: 1}, points: -2}]",
            "[{label: a, from: 9}, {label: b, from: 0}]",
            "mine: the last grade b begins at 0, but totals go down to -2",
        ),
        (
            "[{when: {x: 1}, points: 1}, {when: {x: a}, points: 1}]",
            "[{label: a}]",
            "mine: x is compared as number, text",
        ),
        (
            "[{when: {x: a}, points: 1, halve_after_days: 3, since: x}]",
            "[{label: a}]",
            "mine: since wants a number of days, but x is compared",
        ),
        (
            "[{when: {mine_points: 1}, points: 1}]",
            "[{label: a}]",
            "mine: the output column cannot be called mine_points",
        ),
    ],
)
def test_what_cannot_be_a_scorecard(items: str, grades: str, words: str) -> None:
    given = {"kind": "scorecard", "items": yaml.safe_load(items), "grades": yaml.safe_load(grades)}
    with pytest.raises(InputProblems) as error:
        scheme_from(given, "mine")
    assert [p.text("en").startswith(words) for p in error.value.problems] == [True], error.value.text("en")
    assert all(p.text("zh") for p in error.value.problems)


def test_a_saved_card_reads_as_it_was_written(tmp_path: Any) -> None:
    scheme = card(LEAD, HOT)
    scheme.save(tmp_path / "card.yml")
    written = yaml.safe_load((tmp_path / "card.yml").read_text(encoding="utf-8"))
    assert written["items"] == yaml.safe_load(LEAD)
    assert written["grades"] == yaml.safe_load(HOT)
    assert load_scheme(tmp_path / "card.yml") == scheme


def test_the_card_in_words() -> None:
    names = {
        "visits_90d": {"zh": "近 90 天到访", "en": "visits"},
        "last_visit_days": {"zh": "距上次到访天数", "en": "days since"},
        "expected_wan": {"zh": "预计成交（万元）", "en": "expected"},
        "deadline_days": {"zh": "距签约期限天数", "en": "days left"},
        "competitor": {"zh": "有竞品在谈", "en": "competitor"},
        "hot": {"zh": "热", "en": "hot"},
        "warm": {"zh": "温", "en": "warm"},
        "cold": {"zh": "冷", "en": "cold"},
    }
    lines = card(LEAD, HOT, names=names).rule("zh")
    assert lines[0] == "5 项打分，总分 5 至 100 分，按总分定级。"
    assert lines[3:] == [
        "3. 近 90 天到访：≥ 3 得 20 分、≥ 1 得 10 分、其余 0 分；距上次到访天数每满 30 天，得分减半，舍去小数。",
        "4. 预计成交（万元） ≥ 10 得 15 分。",
        "5. 时间压力：距签约期限天数 ≤ 30，或 有竞品在谈为“是” 得 20 分。",
        "定级看总分：≥ 70 为“热”、≥ 40 且 < 70 为“温”、< 40 为“冷”。",
    ]
    names = {"income_wan": {"zh": "年收入（万元）", "en": "income"}}
    assert card(COMPOSITE, names=names).rule("en")[1] == (
        "1. purchasing power (income): ≥ 50 gives 100 × 0.3 = 30, ≥ 20 gives 60 × 0.3 = 18, otherwise 20 × 0.3 = 6."
    )


@pytest.mark.parametrize(
    ("customer", "sentence"),
    [
        (
            {"orders": 3, "vip": "是", "visits": 2, "days": 40},
            "B 类：共 60 分，订单数 3 次 +20 分、老会员 +30 分、到访 2（距今天数 40） +10 分；若距今天数低于 30，就变为“A 类”。",
        ),
        (
            {"orders": 0, "vip": False, "visits": 0, "days": None},
            "D 类：共 0 分，没有得分的项目；若会员改为“是”，就变为“C 类”。",
        ),
        ({"orders": 3, "vip": True, "visits": 2, "days": None}, "资料不足：缺 距今天数，补齐后再分类。"),
        ({"orders": None, "vip": None, "visits": 0, "days": 3}, "资料不足：缺 订单数、会员，补齐后再分类。"),
    ],
)
def test_a_grade_is_explained_with_the_points_and_the_nearest_change(
    customer: dict[str, Any], sentence: str
) -> None:
    scheme = card(
        """
        - {column: orders, steps: [{at_least: 5, points: 50}, {at_least: 3, points: 20}]}
        - {when: {vip: true}, points: 30, called: {zh: 老会员, en: long-standing member}}
        - {column: visits, steps: [{at_least: 1, points: 20}], halve_after_days: 30, since: days}
        """,
        "[{label: A, from: 70}, {label: B, from: 60}, {label: C, from: 30}, {label: D}]",
        names={
            "vip": {"zh": "会员", "en": "member"},
            "visits": {"zh": "到访", "en": "visits"},
            "days": {"zh": "距今天数", "en": "days since"},
        },
    )
    assert scheme.explain(customer) == sentence
