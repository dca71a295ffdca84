"""Bands and lifecycle stages: edges, quantiles that fall together, words."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from engines import ENGINES
from pydantic import ValidationError

from segkit.schemes.bands import Bands
from segkit.schemes.ladder import spread
from segkit.schemes.lifecycle import Lifecycle


def labels(scheme: Any, values: list[float | None], column: str = "aum") -> list[str]:
    table = pd.DataFrame({column: pd.Series(values, dtype="float64")})
    return list(scheme.fit(table).label(table)[scheme.name])


TIERS: dict[str, Any] = {
    "column": "aum",
    "cuts": (5, 50, 600),
    "labels": ("normal", "gold", "platinum", "private"),
}


def test_a_value_on_a_cut_goes_to_the_side_the_scheme_says() -> None:
    values = [4.99, 5.0, 5.01, 50.0, 600.0, 600.01, None]
    right = ["normal", "normal", "gold", "gold", "platinum", "private", "unknown"]
    left = ["normal", "gold", "gold", "platinum", "private", "private", "unknown"]
    assert labels(Bands(**TIERS), values) == right
    assert labels(Bands(**TIERS, closed="left"), values) == left


def test_the_side_is_described() -> None:
    assert "> 5 且 ≤ 50 为“金卡客户”" in Bands(**TIERS).describe("zh")[0]
    assert '≥ 5 and < 50 "Gold"' in Bands(**TIERS, closed="left").describe("en")[0]
    assert "示例参数" in Bands(**TIERS, source="示例参数").describe("zh")[-1]


def test_order_starts_with_the_best_end() -> None:
    assert Bands(**TIERS).order() == ("private", "platinum", "gold", "normal", "unknown")
    assert Bands(**TIERS, best="low").order()[0] == "normal"


def test_quantiles_that_fall_together_keep_the_ends_and_say_so() -> None:
    scheme = Bands(column="worth", quantiles=(0.25, 0.5, 0.75), labels=("a", "b", "c", "d"))
    assert labels(scheme, [1.0] * 8 + [2.0, 3.0], "worth") == ["a"] * 8 + ["d"] * 2
    assert labels(scheme, [7.0] * 4, "worth") == ["b"] * 4  # one level takes the lower middle
    fitted = scheme.fit(pd.DataFrame({"worth": [1.0] * 8 + [2.0, 3.0]}))
    assert fitted.notes("en") == ["worth has only 2 of 4 bands: 80% of the values are 1."]
    assert "25%、50%、75%" in " ".join(fitted.describe("zh"))


def test_rounding_a_cut_does_not_push_a_crowd_over_it() -> None:
    scheme = Bands(column="aum", quantiles=(0.5,), labels=("low", "high"))
    assert labels(scheme, [10 / 3] * 6 + [5.0] * 4) == ["low"] * 6 + ["high"] * 4


def test_quantiles_closed_on_the_left_leave_the_crowd_at_the_lowest_value_below() -> None:
    scheme = Bands(column="worth", quantiles=(0.5,), labels=("low", "high"), closed="left")
    assert labels(scheme, [1.0] * 4 + [5.0], "worth") == ["low"] * 5
    assert labels(scheme, [1.0] + [5.0] * 4, "worth") == ["low"] + ["high"] * 4
    assert labels(scheme, [1.0, 2.0, 3.0, 4.0, 5.0], "worth") == ["low"] * 2 + ["high"] * 3
    assert labels(scheme, [1.0] + [2 / 3 + 5] * 4, "worth") == ["low"] + ["high"] * 4  # 5.666667 is above it
    four = Bands(column="worth", quantiles=(0.25, 0.5, 0.75), labels=("a", "b", "c", "d"), closed="left")
    assert labels(four, [1.0] * 6 + [2.0, 3.0, 4.0, 5.0], "worth") == ["a"] * 7 + ["d"] * 3
    fitted = four.fit(pd.DataFrame({"worth": [1.0] * 6 + [2.0, 3.0, 4.0, 5.0]}))
    assert fitted.notes("en") == ["worth has only 2 of 4 bands: 60% of the values are 1."]
    assert "belongs to the band above" in fitted.describe("en")[1] and "归上一档" in fitted.describe("zh")[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_learns_the_same_quantiles_on_either_side(engine: str) -> None:
    table = pd.DataFrame({"worth": [2 / 3, 1.0, 1.0, 1.0, 10 / 3, 5.0, 5.0, 7.0]})
    for closed in ("left", "right"):
        four = Bands(column="worth", quantiles=(0.25, 0.5, 0.75), labels=("a", "b", "c", "d"), closed=closed)
        assert four.fit(ENGINES[engine](table)).learned == four.fit(table).learned


def test_where_there_was_no_value_to_learn_from_all_are_unknown() -> None:
    scheme = Bands(column="aum", quantiles=(0.5,), labels=("low", "high"))
    fitted = scheme.fit(pd.DataFrame({"aum": [None, None]}, dtype="float64"))
    later = pd.DataFrame({"aum": [3.0, None]})
    assert fitted.label(later)["bands"].tolist() == ["unknown"] * 2
    assert all("no value of average assets" in sentence for sentence in fitted.explain_all(later, "en"))


def test_an_explanation_names_no_value_that_cannot_be() -> None:
    scheme = Bands(column="orders", cuts=(0, 2), labels=("some", "more", "most"), closed="left")
    sentence = scheme.explain({"orders": 0}, "en")
    assert "at least 2" in sentence and "-1" not in sentence


def test_cut_points_of_small_values_keep_six_decimals() -> None:
    scheme = Bands(column="rate", quantiles=(0.25, 0.5, 0.75), labels=("a", "b", "c", "d"))
    values: list[float | None] = [0.0001, 0.0002, 0.0003, 0.0004]
    assert labels(scheme, values, "rate") == ["a", "b", "c", "d"]
    fitted = scheme.fit(pd.DataFrame({"rate": values}))
    assert fitted.learned == (0.000175, 0.00025, 0.000325)
    assert "≤ 0.000175 为“a”" in fitted.describe("zh")[0]


def test_a_cut_point_too_small_for_six_decimals_is_still_told() -> None:
    scheme = Bands(column="rate", cuts=(0.00000025,), labels=("low", "high"))
    assert "≤ 0.00000025 为“low”" in scheme.describe("zh")[0]


def test_what_a_change_must_reach_is_told_to_the_last_digit() -> None:
    scheme = Bands(column="rate", cuts=(0.123456,), labels=("low", "high"))
    assert "rate超过 0.123456" in scheme.explain({"rate": 0.1234})


def test_spread_keeps_the_ends() -> None:
    assert [spread(n, 5) for n in range(1, 6)] == [(3,), (1, 5), (1, 3, 5), (1, 2, 4, 5), (1, 2, 3, 4, 5)]
    assert spread(1, 4) == (2,) and spread(3, 4) == (1, 3, 4)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"labels": ("a", "b")}, "3 cut points want 4 labels"),
        ({"cuts": (50, 5, 600)}, "ascend"),
        ({"cuts": (5, 5, 600)}, "ascend"),
        ({"quantiles": (0.1, 0.2, 0.3)}, "only one"),
        ({"cuts": None}, "only one"),
        ({"labels": ("a", "a", "b", "c")}, "differ"),
        ({"labels": ("a", "unknown", "b", "c")}, "unknown"),
        ({"closed": "both"}, "left"),
        ({"cuts": (5, 50, float("inf"))}, "finite"),
        ({"cuts": (float("nan"), 5, 50)}, "finite"),
    ],
)
def test_bands_that_make_no_sense_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Bands(**{**TIERS, **wrong})


def test_lifecycle_stages_by_number_of_purchases() -> None:
    counts: list[float | None] = [0, 1, 2, 3, 30, None]
    assert labels(Lifecycle(), counts, "frequency") == [
        "prospect",
        "first",
        "repeat",
        "loyal",
        "loyal",
        "unknown",
    ]
    assert labels(Lifecycle(loyal_from=5), [2, 4, 5], "frequency") == ["repeat", "repeat", "loyal"]
    assert Lifecycle().order() == ("loyal", "repeat", "first", "prospect", "unknown")
    with pytest.raises(ValidationError):
        Lifecycle(loyal_from=2)


def test_a_first_time_buyer_is_told_of_the_second_purchase() -> None:
    sentence = Lifecycle().explain({"frequency": 1}, "zh")
    assert sentence == "初次购买：购买频次 1 次；若购买频次达到 2 次，就变为“复购客户”。"
