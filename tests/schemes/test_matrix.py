"""Matrices: grids a manager writes, middles of those who have a value, the usual ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from engines import ENGINES
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from segkit.problems import InputProblems
from segkit.samples import home, load
from segkit.schemes.matrix import PRESETS, Matrix
from segkit.schemes.store import scheme_from

GRID = {"high": {"high": "both", "low": "only_x"}, "low": {"high": "only_y", "low": "none"}}


def table(**columns: list[float | None]) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series(v, dtype="float64") for c, v in columns.items()})


def labels(scheme: Matrix, customers: pd.DataFrame) -> list[str]:
    return list(scheme.fit(customers).label(customers)[scheme.name])


def of(x: Any, y: Any = None, **more: Any) -> Matrix:
    given = {"axes": [{"column": "x", **x}, {"column": "y", **(y or {"cuts": [1]})}], "grid": GRID, **more}
    return Matrix.model_validate(given)


# --- where the line is -----------------------------------------------------------------------------


def test_a_value_at_the_line_stands_above_it() -> None:
    customers = table(x=[1, 2, 2, 3, None], y=[0, 1, 2, 0, 5])
    assert labels(of({"cuts": [2]}), customers) == ["none", "both", "both", "only_x", "unknown"]
    assert labels(of({"split": "median"}), customers) == ["none", "both", "both", "only_x", "unknown"]
    assert labels(of({"split": "mean"}), customers) == ["none", "both", "both", "only_x", "unknown"]


def test_mean_median_and_quantiles_are_the_textbooks() -> None:
    x = [1.0, 2, 4, 9, 34]
    cuts = {}
    for split in ("mean", "median"):
        learned = of({"split": split}).fit(table(x=x, y=x)).learned
        assert learned is not None and learned[0] is not None and learned[1] is None
        cuts[split] = learned[0].cuts
    assert cuts == {"mean": (10.0,), "median": (4.0,)}
    thirds = of(
        {"split": "quantile", "cuts": [0.25, 0.9], "levels": ["low", "mid", "high"]},
        grid={
            "high": {"high": "a", "low": "b"},
            "mid": {"high": "c", "low": "d"},
            "low": {"high": "e", "low": "f"},
        },
    )
    learned = thirds.fit(table(x=x, y=x)).learned
    assert learned is not None and learned[0] is not None
    assert learned[0].cuts == pytest.approx(tuple(np.quantile(x, [0.25, 0.9])))


def test_each_middle_is_that_of_the_customers_who_have_the_value() -> None:
    customers = table(x=[1, 3, None, None], y=[None, 10, 20, 30])
    learned = of({"split": "mean"}, {"split": "mean"}).fit(customers).learned
    assert learned is not None
    assert [(t.cuts, t.customers) for t in learned if t] == [((2.0,), 2), ((20.0,), 3)]
    odd = pl.DataFrame({"x": [1.0, 3.0, float("nan"), float("inf")], "y": [0.0, 0.0, 0.0, 0.0]})
    learned = of({"split": "mean"}).fit(odd).learned  # which Polars keeps apart from null
    assert learned is not None and learned[0] is not None and learned[0].cuts == (2.0,)


@pytest.mark.parametrize("value", [10 / 3, 20 / 3, 0.1, 1 / 7, 1e9 / 7, -20 / 3, 5.0])
@pytest.mark.parametrize("split", ["mean", "median"])
@pytest.mark.parametrize("engine", ENGINES)
def test_where_all_are_alike_all_are_high_and_it_is_said(value: float, split: str, engine: str) -> None:
    customers = pd.DataFrame({"customer_id": range(7), "x": value, "y": np.arange(7.0)})
    scheme = of({"split": split}).fit(ENGINES[engine](customers))
    assert set(scheme.label(customers)["matrix"]) == {"both", "only_x"}
    assert "分不开" in scheme.notes("zh")[0] and "“高”" in scheme.notes("zh")[0]
    assert scheme == of({"split": split}).fit(customers)


@settings(max_examples=60)
@given(x=st.lists(st.integers(-10_000, 10_000_000).map(lambda n: n / 100), min_size=1, max_size=25))
def test_the_learned_mean_parts_customers_as_the_exact_one_does(x: list[float]) -> None:
    scheme = of({"split": "mean"}).fit(table(x=x, y=x))
    exact = sum(round(v * 100) for v in x)
    for value, label in zip(x, scheme.label(table(x=x, y=[0.0] * len(x)))["matrix"], strict=True):
        assert (label == "only_x") == (round(value * 100) * len(x) >= exact)


def test_quantiles_that_fall_together_leave_the_ends_and_say_so() -> None:
    grid = {level: {"high": level, "low": level} for level in ("top", "upper", "lower", "bottom")}
    axis = {"split": "quantile", "cuts": [0.25, 0.5, 0.75], "levels": ["bottom", "lower", "upper", "top"]}
    scheme = of(axis, grid=grid)
    customers = table(x=[1, 1, 1, 1, 1, 9, 9, 9], y=[0] * 8)
    assert labels(scheme, customers) == ["bottom"] * 5 + ["top"] * 3
    assert "只分出 2 档，不是 4 档" in scheme.fit(customers).notes("zh")[0]


# --- buyers ----------------------------------------------------------------------------------------


def test_prospects_have_a_label_of_their_own_and_move_no_middle() -> None:
    buyers = table(frequency=[1, 2, 3, 8], aov=[10, 20, 30, 40])
    all_of_them = pd.concat([buyers, table(frequency=[0] * 9, aov=[None] * 9)], ignore_index=True)
    scheme = Matrix(preset="frequency_aov").fit(all_of_them)
    assert scheme == Matrix(preset="frequency_aov").fit(buyers)
    found = scheme.label(all_of_them)["matrix"].tolist()
    assert found == ["seldom_cheap", "seldom_cheap", "often_dear", "often_dear", *["prospect"] * 9]
    assert scheme.order()[-2:] == ("prospect", "unknown")
    assert scheme.explain({"frequency": 0, "aov": None}).startswith("潜在客户：还没有有效购买")
    assert scheme.explain({"frequency": None, "aov": 5.0}) == "资料不足：缺 购买频次，补齐后再分类。"


def test_buyers_may_be_asked_for_on_other_columns() -> None:
    scheme = of({"split": "mean"}, among="buyers")
    assert scheme.needs() == ("x", "y", "frequency")
    customers = table(x=[1, 3, 99], y=[1, 1, 1], frequency=[1, 2, 0])
    assert labels(scheme, customers) == ["only_y", "both", "prospect"]
    assert labels(scheme, customers.assign(frequency=None)) == ["unknown"] * 3


def test_without_any_value_nobody_is_labelled_and_it_is_said() -> None:
    scheme = of({"split": "mean"}).fit(table(x=[None, None], y=[1, 2]))
    later = table(x=[5.0], y=[2])
    assert scheme.label(later)["matrix"].tolist() == ["unknown"]
    assert "x没有数值" in scheme.explain({"x": 5.0, "y": 2}) and "x一个数值也没有" in scheme.notes("zh")[0]


# --- the grid --------------------------------------------------------------------------------------


def test_the_grid_is_read_as_it_is_written_and_gives_the_order() -> None:
    scheme = scheme_from(
        {
            "kind": "matrix",
            "axes": [{"column": "x", "cuts": [1]}, {"column": "y", "cuts": [1]}],
            "grid": {"low": {"high": "cheap", "low": "rare"}, "high": {"low": "many", "high": "rare"}},
        },
        "mine",
    )
    assert scheme.order() == ("cheap", "rare", "many", "unknown")
    customers = table(x=[0, 0, 2, 2], y=[0, 2, 0, 2])
    assert scheme.label(customers)["mine"].tolist() == ["rare", "cheap", "many", "rare"]


def test_three_axes_are_one_indent_more() -> None:
    sides = ("low", "high")
    scheme = Matrix.model_validate(
        {
            "axes": [{"column": c, "cuts": [1]} for c in "xyz"],
            "grid": {a: {b: {c: f"{a}-{b}-{c}" for c in sides} for b in sides} for a in sides},
        }
    )
    assert labels(scheme, table(x=[0, 2], y=[2, 0], z=[0, 2])) == ["low-high-low", "high-low-high"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"grid": {"high": {"high": "a", "low": "b"}}}, ["low / high", "low / low"]),
        ({"grid": {**GRID, "mid": {"high": "a", "low": "b"}}}, ["mid / high", "mid / low"]),
        (
            {"grid": {"high": "a", "low": {"high": "b", "low": "c"}}},
            ["high / high", "high / low", "high / a"],
        ),
        ({"grid": {**GRID, "low": {"high": "unknown", "low": 3}}}, ["low / high / unknown", "low / low / 3"]),
        ({"axes": [{"column": "x", "cuts": [1]}], "grid": {"high": "a", "low": "b"}}, ["两列或三列"]),
        ({"axes": [{"column": "x", "cuts": [1]}] * 2}, ["x、x"]),
        ({"axes": [{"column": "x", "split": "fixed"}, {"column": "y"}]}, ["axes.1", "cuts"]),
        ({"axes": [{"column": "x", "split": "mean", "cuts": [1]}, {"column": "y"}]}, ["axes.1", "mean"]),
        ({"axes": [{"column": "x", "split": "quantile", "cuts": [20]}, {"column": "y"}]}, ["20"]),
        (
            {"axes": [{"column": "x", "cuts": [2, 1], "levels": ["a", "b", "c"]}, {"column": "y"}]},
            ["从小到大"],
        ),
        ({"axes": [{"column": "x", "cuts": [1, 2]}, {"column": "y"}]}, ["3 个标签"]),
        ({"axes": [{"colum": "x"}, {"column": "y"}]}, ["axes.1.colum", "“column”"]),
        ({"preset": "frequency"}, ["frequency_aov"]),
    ],
)
def test_what_cannot_be_is_refused_with_all_of_it_named(change: dict[str, Any], said: list[str]) -> None:
    given = {"axes": [{"column": "x", "cuts": [1]}, {"column": "y", "cuts": [1]}], "grid": GRID, **change}
    with pytest.raises(ValidationError):
        Matrix.model_validate(given)
    with pytest.raises(InputProblems) as error:
        scheme_from({"kind": "matrix", **given}, "mine")
    assert all(part in error.value.text("zh") for part in ["mine", *said])
    assert error.value.text("en")


# --- words -----------------------------------------------------------------------------------------


def test_an_explanation_names_the_nearer_line() -> None:
    scheme = of({"cuts": [10]}, {"cuts": [100]})
    assert scheme.explain({"x": 9, "y": 20}) == "none：x 9（低）、y 20（低）；若x达到 10，就变为“only_x”。"
    assert (
        scheme.explain({"x": 90, "y": 99}, "en")
        == 'only_x: x 90 (high), y 99 (low); if y is at least 100, it becomes "both".'
    )


def test_an_explanation_names_no_change_that_cannot_be() -> None:
    customers = table(frequency=[1, 1, 1], aov=[10, 20, 30])
    scheme = Matrix(preset="frequency_aov").fit(customers)
    assert "购买频次" not in scheme.explain({"frequency": 1, "aov": 25}).split("；")[1]


def test_the_rule_names_lines_customers_and_every_cell() -> None:
    scheme = of({"split": "mean"}, source="示例参数").fit(table(x=[1, 4], y=[1, 2]))
    assert scheme.describe("zh") == [
        "x：< 2.5 为“低”、≥ 2.5 为“高”；分界是 2 位客户的平均数，等于分界的算上面一档。",
        "y：< 1 为“低”、≥ 1 为“高”；分界是设定的。",
        "按 x × y 归类：高 × 高 为“both”、高 × 低 为“only_x”、低 × 高 为“only_y”、低 × 低 为“none”。",
        "x、y缺一项即为“资料不足”，单独计数。",
        "来源：示例参数。",
    ]


# --- the usual ones, on the samples ----------------------------------------------------------------


def test_every_preset_is_whole_and_its_thresholds_have_a_source() -> None:
    for preset, written in PRESETS.items():
        scheme = Matrix.model_validate({"preset": preset})
        assert scheme == scheme_from(scheme.to_dict())
        if any(axis.cuts for axis in scheme.axes):
            assert "示例参数" in scheme.source_text("zh"), preset
        assert set(scheme.order()) >= {label for row in written["grid"].values() for label in row.values()}
    assert Matrix.model_validate({"preset": "frequency_aov"}).order()[:4] == (
        "often_dear",
        "often_cheap",
        "seldom_dear",
        "seldom_cheap",
    )


def test_the_cells_of_the_retail_experiment_are_found_again() -> None:
    sample = load("retail")
    codes = pd.read_csv(home() / "_truth" / "retail_experiment.csv", encoding="utf-8-sig")
    orders = sample.orders.drop_duplicates("order_id")
    amount = pd.to_numeric(orders["amount"].astype(str).str.replace("[￥,]", "", regex=True))
    # 12 orders have a serial number for a date, 5 the wrong year: they leave the medians as they are
    at = pd.to_datetime(orders["order_time"], format="mixed", errors="coerce")
    typical = amount[(at >= "2025-01-01") & (at < "2025-06-01")].groupby(orders["customer_id"]).median()
    table = sample.experiment.assign(typical_order=sample.experiment["customer_id"].map(typical))
    scheme = Matrix.model_validate(
        {
            "preset": "frequency_aov",
            "axes": [{"column": "orders_before", "cuts": [2]}, {"column": "typical_order", "cuts": [220]}],
            "among": "all",
            "name": "found",
        }
    )
    found = scheme.label(table)["found"]
    wanted = table["cell"].map(dict(zip(codes["cell"], codes["cell_code"], strict=True)))
    assert (found != wanted).sum() <= 2  # 68 orders have lost their customer
    assert [scheme.label_name(code, "zh") for code in codes["cell_code"]] == codes["cell"].tolist()


def test_willingness_and_ability_of_the_retail_customers() -> None:
    customers = load("retail").customers
    scheme = Matrix.model_validate({"preset": "willingness_ability"})
    found = scheme.label(customers)["matrix"]
    will, can = customers["willingness"] >= 4, customers["ability"] >= 4
    wanted = np.where(
        will,
        np.where(can, "willing_able", "willing_unable"),
        np.where(can, "unwilling_able", "unwilling_unable"),
    )
    assert found.tolist() == wanted.tolist()
    assert scheme.fit(customers) is scheme


def test_four_classes_of_value_and_potential_and_the_three_tiers_they_make() -> None:
    customers = table(monetary=[900, 800, 10, 5, 1], potential_score=[90, 5, 95, 10, 1])
    value = Matrix.model_validate({"preset": "value_potential"})
    assert labels(value, customers) == ["general", "low_value", "high_potential", "low_value", "low_value"]
    vip = value.model_copy(
        update={
            "grid": {"high": {"high": "vip", "low": "vip"}, "low": {"high": "potential", "low": "normal"}}
        }
    )
    assert labels(vip, customers) == ["vip", "normal", "potential", "normal", "normal"]
