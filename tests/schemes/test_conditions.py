"""Conditions: what they accept and refuse, three-valued logic, the same answer on every engine, words."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd
import pytest
import yaml
from engines import ENGINES, back
from pydantic import ValidationError

from segkit.problems import InputProblems
from segkit.schemes.conditions import Conditions
from segkit.schemes.pareto import Pareto
from segkit.schemes.store import scheme_from


def when(text: str) -> Conditions:
    return Conditions.model_validate(yaml.safe_load(text))


CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d", "e"],
        "monetary": [10000.0, 9999.99, None, 0.3, -5.0],
        "orders": pd.Series([10, 49, 50, None, 3], dtype="Int64"),
        "channel": ["APP", " 小程序\u3000", None, "", "门店"],
        "consent": pd.Series([True, False, None, True, False], dtype="boolean"),
        "agreed": ["是", "No", "0", None, "maybe"],
        "level": [1.0, 2.0, None, 3.0, 1.0],
    }
)
T, F, N = "yes", "no", "undecided"
CASES = {
    "{monetary: {at_least: 10000}}": [T, F, N, F, F],
    "{monetary: {above: 0.3}}": [T, T, N, F, F],
    "{monetary: {at_most: 0.3}}": [F, F, N, T, T],
    "{monetary: {below: 0}}": [F, F, N, F, T],
    "{orders: {at_least: 10, below: 50}}": [T, T, F, N, F],
    "{orders: 50}": [F, F, T, N, F],
    "{orders: {not_one_of: [3, 10]}}": [F, T, T, N, F],
    "{channel: 小程序}": [F, T, N, N, F],
    "{channel: [APP, 小程序]}": [T, T, N, N, F],
    "{channel: {not_one_of: [APP]}}": [F, T, N, N, T],
    "{channel: {is_missing: true}}": [F, F, T, T, F],
    "{channel: {is_missing: false}}": [T, T, F, F, T],
    "{monetary: {is_missing: true}}": [F, F, T, F, F],
    # asked to be there: who has no value does not meet it, instead of leaving it open
    "{channel: {not_one_of: [APP], is_missing: false}}": [F, T, F, F, T],
    "{consent: true}": [T, F, N, T, F],
    "{agreed: true}": [T, F, F, N, N],
    "{agreed: false}": [F, T, T, N, N],
    # codes that were read as numbers
    '{level: "1"}': [T, F, N, F, T],
    "{level: [1, 3]}": [T, F, N, T, T],
    # false and open is false; true and open is open
    "{monetary: {at_least: 10000}, channel: APP}": [T, F, N, F, F],
    # true or open is true; false or open is open
    "[{monetary: {at_least: 10000}}, {channel: {is_missing: true}}]": [T, F, T, T, F],
    "[{monetary: {below: 0}}, {orders: {at_least: 50}}]": [F, F, T, N, T],
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", CASES)
def test_a_missing_value_leaves_a_condition_open_on_every_engine(text: str, engine: str) -> None:
    conditions = when(text)
    frame = nw.from_native(ENGINES[engine](CUSTOMERS))
    told = frame.select(
        "customer_id", conditions.sure().alias("sure"), conditions.undecided().alias("open")
    ).to_native()
    rows = back(told)
    got = [N if open_ else T if sure else F for sure, open_ in zip(rows["sure"], rows["open"], strict=True)]
    assert got == CASES[text]
    assert not rows[["sure", "open"]].isna().any().any()


@pytest.mark.parametrize("text", CASES)
def test_the_pandas_answer_is_the_same_with_the_index_of_the_frame(text: str) -> None:
    frame = CUSTOMERS.set_index("customer_id").iloc[::-1]
    met = when(text).holds(frame)
    assert met.dtype == bool
    assert met.loc[list("abcde")].tolist() == [answer == T for answer in CASES[text]]


def test_in_pandas_text_in_a_column_of_numbers_is_missing_and_an_empty_frame_will_do() -> None:
    messy = pd.DataFrame({"visits": ["3", "many", None, 5, float("inf")]}, dtype=object)
    assert when("{visits: {at_least: 3}}").holds(messy).tolist() == [True, False, False, True, False]
    assert when("{visits: {at_least: 3}}").holds(messy.iloc[:0]).tolist() == []


def test_a_polars_nan_is_missing() -> None:
    import polars as pl

    frame = nw.from_native(pl.DataFrame({"x": [float("nan"), 1.0, None]}))
    for text, wanted in [
        ("{x: {is_missing: true}}", [True, False, True]),
        ("{x: {above: 0}}", [False, True, False]),
    ]:
        assert frame.select(met=when(text).sure())["met"].to_list() == wanted


WRITTEN = "{monetary: {at_least: 10000}, rate: {below: 0.5}, channel: [APP, 小程序], region: 华东, consent: true, email: {is_missing: true}}"


def test_what_is_written_back_is_as_short_as_what_was_read() -> None:
    for text in (WRITTEN, "[{a: 1}, {b: {not_one_of: [x]}}]"):
        conditions = when(text)
        assert conditions.model_dump(mode="json") == yaml.safe_load(text)
        assert Conditions.model_validate(conditions.model_dump(mode="json")) == conditions
    assert when(WRITTEN).columns() == ("monetary", "rate", "channel", "region", "consent", "email")


def test_conditions_in_words() -> None:
    scheme = Pareto(
        names={
            "rate": {"zh": "退货率", "en": "return rate"},
            "ways": {"zh": "渠道", "en": "channel"},
            "agreed": {"zh": "同意", "en": "consent"},
            "fax": {"zh": "传真", "en": "fax"},
        }
    )
    text = "{monetary: {at_least: 10000}, orders: {above: 2, at_most: 10}, rate: {below: 0.05}, ways: [APP, 小程序], agreed: true, fax: {is_missing: true}}"
    assert when(text).text(scheme, "zh") == (
        "累计金额 ≥ 10,000 元 且 订单数 > 2 次 且 ≤ 10 次 且 退货率 < 0.05 且 渠道为“APP”或“小程序” 且 同意为“是” 且 未填传真"
    )
    assert when("[{orders: 1}, {orders: {not_one_of: [2, 3]}, fax: {is_missing: false}}]").text(
        scheme, "en"
    ) == ("order count is 1, or order count is not 2 or 3 and fax is there")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "schemes.when_nothing"),
        ("[]", "schemes.when_nothing"),
        ("[{a: 1}, {}]", "schemes.when_nothing"),
        ("{a: {}}", "schemes.when_nothing"),
        ("{a: null}", "schemes.when_empty_value"),
        ("{a: []}", "schemes.when_empty_value"),
        ('{a: "  "}', "schemes.when_empty_value"),
        ("{a: .nan}", "schemes.when_empty_value"),
        ("{a: 2025-12-31}", "schemes.when_date"),
        ("{a: {at_least: 5, below: 5}}", "schemes.when_no_number"),
        ("{a: {above: 5, at_most: 4}}", "schemes.when_no_number"),
        ("{a: {at_least: 5, above: 3}}", "schemes.when_one_way"),
        ("{a: {is: 3, at_most: 4}}", "schemes.when_one_way"),
        ("{a: {at_most: 4, is_missing: true}}", "schemes.when_one_way"),
        ("{a: [1, x]}", "schemes.when_mixed"),
        ("{a: [true, 1]}", "schemes.when_mixed"),
        ("[{a: 1}, {a: x}]", "schemes.when_two_kinds"),
        ("{a: {at_least: '5'}}", "float_type"),
        ("{a: {at_least: .inf}}", "finite_number"),
        ("{a: {at_lest: 5}}", "extra_forbidden"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValidationError) as error:
        when(text)
    assert [e["type"] for e in error.value.errors()] == [problem]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "{orders: {at_lest: 5}}",
            "mine.rules.1.when.orders.at_lest: no such setting; did you mean 'at_least'?",
        ),
        (
            "{orders: {zzz: 5}}",
            "mine.rules.1.when.orders.zzz: no such setting; there are at_least, above, at_most, below, is,",
        ),
        ("[{a: 1}, {orders: {at_most: many}}]", "mine.rules.1.when.2.orders.at_most: many is no number"),
        ("{orders: null}", "mine.rules.1.when.orders: nothing to compare with"),
        ("{since: 2025-12-31}", "mine.rules.1.when.since: cannot compare with the date 2025-12-31"),
        ("5", "mine.rules.1.when: 5 cannot be used"),
    ],
)
def test_a_slip_is_named_where_the_user_wrote_it(text: str, words: str) -> None:
    given: dict[str, Any] = {
        "kind": "rules",
        "rules": [{"label": "x", "when": yaml.safe_load(text)}],
        "otherwise": "y",
    }
    with pytest.raises(InputProblems) as error:
        scheme_from(given, "mine")
    assert [p.text("en").startswith(words) for p in error.value.problems] == [True], error.value.text("en")
    assert all(p.text("zh") for p in error.value.problems)
