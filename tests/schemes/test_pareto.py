"""ABC by the share before the customer, and measures of concentration."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from segkit.problems import InputProblems
from segkit.schemes.pareto import Pareto, gini, lorenz, top_share


def classes(values: list[float | None], **how: Any) -> str:
    table = pd.DataFrame({"monetary": pd.Series(values, dtype="float64")})
    return "".join(c[0] for c in Pareto(**how).fit(table).label(table)["abc"])


def test_a_customer_is_a_while_the_share_before_it_is_below_70_percent() -> None:
    assert classes([69.9, 20, 10.1]) == "AAB"  # the crossing customer is A
    assert classes([70, 20, 10]) == "ABC"  # exactly 70 % before is not below
    assert classes([1000]) == "A"  # A is never empty
    assert classes([95, 5]) == "AC"  # B may be


def test_ties_share_a_class() -> None:
    assert classes([700, 100, 100, 100]) == "ABBB"
    assert classes([10] * 10) == "A" * 10


def test_zero_and_negative_are_c_and_missing_is_unknown() -> None:
    assert classes([80, 0, -5, None]) == "ACCu"
    assert classes([0, -5]) == "CC"
    assert classes([]) == ""
    table = pd.DataFrame({"monetary": [80.0, 0.0, -5.0]})
    assert Pareto().fit(table).left_out == 2
    assert "2" in Pareto().fit(table).notes("zh")[0]
    assert "all are class C" in Pareto().fit(table.tail(2)).notes("en")[0]


@settings(max_examples=150)
@given(st.lists(st.integers(-5, 40).map(float), max_size=30))
def test_classes_are_those_of_the_definition(values: list[float]) -> None:
    total = sum(v for v in values if v > 0)
    wanted = ""
    for value in values:
        before = sum(v for v in values if v > value)  # ties stand together
        share = round(before / total, 9) if total else 1.0
        wanted += "C" if value <= 0 or share >= 0.9 else "B" if share >= 0.7 else "A"
    assert classes(list(values)) == wanted


def test_binary_fractions_do_not_decide_a_class() -> None:
    assert classes([0.24, 0.18, 0.10, 0.05, 0.03]) == "AABBC"  # .42 / .60 comes out a little below .7
    assert classes([0.1] * 7 + [0.05] * 6) == "A" * 7 + "B" * 6


def test_a_new_file_is_labelled_by_the_floors_learned() -> None:
    scheme = Pareto().fit(pd.DataFrame({"monetary": [70.0, 20.0, 10.0]}))
    assert scheme.floor == (70.0, 20.0)
    new = pd.DataFrame({"monetary": [69.99, 20.0, 19.99, 500.0]})
    assert scheme.label(new)["abc"].tolist() == ["B", "B", "C", "A"]


def test_every_class_is_described_by_its_own_range() -> None:
    scheme = Pareto().fit(pd.DataFrame({"monetary": [70.25, 20.0, 9.75]}))
    assert (
        scheme.describe("zh")[1]
        == "按累计金额划分：≥ 70.25 为“A 类”、≥ 20 且 < 70.25 为“B 类”、< 20 为“C 类”。"
    )
    assert scheme.describe("en")[1] == (
        'By total amount: ≥ 70.25 "Class A", ≥ 20 and < 70.25 "Class B", < 20 "Class C".'
    )
    assert "合计不到 70% 时为 A 类，不到 90% 时为 B 类" in scheme.describe("zh")[0]


def test_cuts_must_ascend_within_0_and_1() -> None:
    for cuts in ((0.9, 0.7), (0.7, 0.7), (0.0, 0.5), (0.5, 1.0)):
        with pytest.raises(ValidationError):
            Pareto(cuts=cuts)


# --- concentration: published values --------------------------------------------------------------


def test_gini_matches_the_published_values() -> None:
    assert gini([1, 1, 1, 1]) == pytest.approx(0, abs=1e-15)
    assert gini([0, 0, 0, 1]) == pytest.approx(0.75)
    assert gini([1, 2, 3, 4, 5]) == pytest.approx(0.266667, abs=5e-7)
    assert gini(pd.Series([5, 3, 1, 2, 4, None])) == pytest.approx(0.266667, abs=5e-7)


def test_values_without_end_count_as_missing() -> None:
    assert gini([1.0, 2.0, float("inf")]) == gini([1.0, 2.0])
    assert top_share([1.0, 3.0, float("inf"), float("-inf")], 0.5) == 0.75


def test_negative_values_and_nothing_raise() -> None:
    for measure in (gini, lorenz, lambda v: top_share(v, 0.2)):
        for values in ([1, -1], []):
            with pytest.raises(InputProblems) as error:
                measure(values)
            assert error.value.text("zh")


def test_nothing_above_zero_is_equal_and_has_no_shares() -> None:
    assert gini([0, 0]) == 0
    for measure in (lorenz, lambda v: top_share(v, 0.2)):
        with pytest.raises(InputProblems, match="no value above zero"):
            measure([0, 0])


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40).filter(any))
def test_gini_is_twice_the_area_between_lorenz_curve_and_diagonal(values: list[int]) -> None:
    curve = lorenz(values)
    assert curve.iloc[0].tolist() == [0, 0] and curve.iloc[-1].tolist() == [1, 1]
    assert 1 - 2 * np.trapezoid(curve["value"], curve["customers"]) == pytest.approx(gini(values), abs=1e-9)


def test_top_share_counts_a_started_customer() -> None:
    assert top_share([50, 30, 20, 0, 0], 0.2) == 0.5
    assert top_share([50, 30, 20, 0, 0], 0.21) == 0.8
    assert top_share([1] * 15, 0.2) == pytest.approx(3 / 15)  # .2 * 15 is 3, not 3.0000000000000004
    assert math.isclose(top_share([3, 1], 1.0), 1.0)
