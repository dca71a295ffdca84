"""Whether two classifications say the same: tables by hand, published values, and what cannot be measured."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import association

from segkit.problems import InputProblems
from segkit.schemes.agreement import adjusted_rand, agreement, compare, comparisons, cramers_v, crosstab
from segkit.schemes.lifecycle import Lifecycle
from segkit.schemes.pareto import Pareto


def labels_of(table: list[list[int]]) -> tuple[list[str], list[str]]:
    """Customers of a cross table, cell by cell."""
    a, b = [], []
    for i, row in enumerate(table):
        for j, n in enumerate(row):
            a += [f"r{i}"] * n
            b += [f"k{j}"] * n
    return a, b


def test_who_bought_nothing_may_be_left_out_of_the_figures_but_not_of_the_table() -> None:
    abc, tier = labels_of([[15, 5], [5, 15], [0, 60]])
    abc = ["C" if label == "r2" else label for label in abc]  # as ABC does with who bought nothing
    without = [label == "C" for label in abc]
    found, all_of_them = compare(abc, tier, without=without), compare(abc, tier)
    assert found.cramers_v.value == pytest.approx(cramers_v(abc[:40], tier[:40]).value)
    assert (found.cramers_v.n, found.cramers_v.left_out, all_of_them.cramers_v.n) == (40, 60, 100)
    assert found.table.equals(all_of_them.table)


def test_less_than_by_chance_by_a_hair_is_not_minus_nothing() -> None:
    found = adjusted_rand(["a", "b"] * 200, ["k", "k", "l", "l"] * 100)
    assert -0.01 < found.value < 0 and "-0.00" not in found.text("en") and "0.00" in found.text("zh")


def test_a_table_by_hand() -> None:
    # 40 customers, halves and halves: expected 10 in each cell, chi-square 4 * 5² / 10 = 10
    found = cramers_v(*labels_of([[15, 5], [5, 15]]))
    assert found.n == 40 and found.labels == (2, 2) and found.chi_square == pytest.approx(10)
    # Bergsma: (10 / 40 - 1 / 39) / (1 - 1 / 39) under the root
    assert found.value == pytest.approx(math.sqrt((10 / 40 - 1 / 39) / (1 - 1 / 39)))
    # Hubert & Arabie by pairs: 380 of one row, 380 of one column, 230 of both, of 780
    rand = adjusted_rand(*labels_of([[15, 5], [5, 15]]))
    chance = 380 * 380 / 780
    assert rand.value == pytest.approx((230 - chance) / (380 - chance)) and rand.chi_square is None


def test_the_example_in_the_documentation_of_clickhouse() -> None:
    """cramersVBiasCorrected of number % 10 and number % 4, 150 numbers: 0.5305112825189074 (plain 0.57981)."""
    numbers = np.arange(150)
    assert cramers_v(numbers % 10, numbers % 4).value == pytest.approx(0.5305112825189074, abs=1e-12)


def test_the_example_of_yeung_and_ruzzo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten objects, adjusted Rand index .313: Details of the adjusted Rand index (supplement, Bioinformatics 2001)."""
    monkeypatch.setattr("segkit.schemes.agreement.LEAST", 10)
    found = adjusted_rand(*labels_of([[1, 1, 0], [1, 2, 1], [0, 0, 4]]))
    assert found.n == 10 and round(found.value, 3) == 0.313
    assert found.value == pytest.approx((7 - 13 * 14 / 45) / (13.5 - 13 * 14 / 45))


tables = st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=4).filter(
    lambda t: sum(map(sum, t)) >= 40 and all(map(sum, t)) and all(map(sum, zip(*t, strict=True)))
)


@settings(max_examples=40)
@given(tables)
def test_against_scipy_and_in_bounds(table: list[list[int]]) -> None:
    a, b = labels_of(table)
    found = cramers_v(a, b)
    n, r, c = found.n, *found.labels
    plain = association(np.array(table), method="cramer")
    assert math.sqrt(found.chi_square / n / (min(r, c) - 1)) == pytest.approx(plain)
    corrected = max(0, plain**2 * (min(r, c) - 1) - (r - 1) * (c - 1) / (n - 1))
    assert found.value**2 * (min(r, c) - 1) * (1 - (min(r, c) - 1) / (n - 1)) == pytest.approx(
        corrected, abs=1e-12
    )
    assert 0 <= found.value <= 1
    # what the labels are called, and which column comes first, plays no part
    renamed = [{"r0": "x", "r1": "a", "r2": "z", "r3": "b"}[x] for x in a]
    for other in (cramers_v(renamed, b), cramers_v(b, a)):
        assert other.value == pytest.approx(found.value)
    rand = adjusted_rand(a, b).value
    assert adjusted_rand(renamed, b).value == pytest.approx(rand)
    assert adjusted_rand(a, renamed).value == 1 and cramers_v(a, renamed).value == pytest.approx(1)


def test_columns_that_have_nothing_in_common_give_about_nothing() -> None:
    rng = np.random.default_rng(4)
    corrected, plain = [], []
    for _ in range(60):
        a, b = rng.integers(0, 8, 120).astype(str), rng.integers(0, 6, 120).astype(str)
        corrected.append(cramers_v(a, b).value)
        plain.append(association(pd.crosstab(a, b).to_numpy(), method="cramer"))
    assert (
        np.mean(corrected) < 0.07 < 0.2 < np.mean(plain)
    )  # the plain V sees something where there is nothing
    a, b = rng.integers(0, 8, 9000), rng.integers(0, 6, 9000)
    assert abs(adjusted_rand(a, b).value) < 0.005
    # as independent as can be: the very table that chance expects
    assert cramers_v(*labels_of([[10, 20], [20, 40]])).value == 0


def test_prospects_and_unknown_ones_are_left_out_and_counted() -> None:
    a, b = labels_of([[15, 5], [5, 15]])
    found = cramers_v([*a, "prospect", "A", None], [*b, "k0", "unknown", "k0"])
    assert found.left_out == 3 and found.n == 40
    assert found.value == cramers_v(a, b).value
    text = compare([*a, "prospect"], [*b, "k0"], names=("rfm", "clusters")).text("zh")
    assert text.startswith("“RFM 分群”与“聚类分群”：关联") and "另有 1 位" in text and "按 40 位" in text
    assert "另有" not in compare(a, b).text("zh")


@pytest.mark.parametrize(
    ("a", "b", "why", "said"),
    [
        (["x", "y"] * 14 + ["x"], ["k", "l"] * 14 + ["k"], "too_few", "29"),
        (["x"] * 50, ["k", "l"] * 25, "constant", "人人相同"),
        (["k", "l"] * 25, ["prospect", "x"] * 25, "too_few", "25"),
        ([str(i) for i in range(40)], ["k", "l"] * 20, "all_different", "人人不同"),
        ([str(i * 10 // 19) for i in range(40)], ["k", "l"] * 20, "all_different", "人人不同"),  # 21 labels
        ([], [], "too_few", "0"),
    ],
)
def test_what_cannot_be_measured_is_said_and_is_no_number(
    a: list[str], b: list[str], why: str, said: str
) -> None:
    for found in (cramers_v(a, b), adjusted_rand(a, b)):
        assert found.value is None and found.refused == why
        assert said in found.text("zh") and "not measurable" in found.text("en")
    text = compare(a, b).text("zh")
    assert text.count("不可衡量") == 1 and "nan" not in text.lower()


def test_labels_of_different_customers_are_refused() -> None:
    with pytest.raises(InputProblems, match="3 and 2") as error:
        cramers_v(["a", "b", "c"], ["a", "b"])
    assert "顺序" in error.value.text("zh")


def test_a_cross_table_has_every_customer_and_sums_that_agree() -> None:
    abc = pd.Series(["A", "B", "C", "C", "unknown", "A"], name="abc")
    stage = pd.Series(["loyal", "first", "first", None, "first", "loyal"], name="lifecycle")
    table = crosstab(abc, stage, order=(Pareto().order(), Lifecycle().order()))
    assert table.index.tolist() == ["A", "B", "C", "unknown", "total"]
    assert table.columns.tolist() == ["loyal", "first", "unknown", "total"]
    assert table.to_numpy().tolist() == [[2, 0, 0, 2], [0, 1, 0, 1], [0, 1, 1, 2], [0, 1, 0, 1], [2, 3, 1, 6]]
    assert (table.index.name, table.columns.name) == ("abc", "lifecycle")
    assert crosstab(["b", "a", "prospect"], ["x", "x", "unknown"]).index.tolist() == [
        "a",
        "b",
        "prospect",
        "total",
    ]
    with pytest.raises(InputProblems, match="gold"):
        crosstab(["gold"], ["A"], order=(["A"], ["A"]))


def test_every_pair_of_schemes_is_compared_once() -> None:
    rng = np.random.default_rng(1)
    orders = rng.integers(0, 6, 400)
    customers = pd.DataFrame(
        {
            "customer_id": range(400),
            "frequency": orders,
            "monetary": np.round(orders * rng.lognormal(4, 0.4, 400), 2),
        }
    )
    customers["city"] = "甲市"
    schemes = {"abc": Pareto().fit(customers), "lifecycle": Lifecycle()}
    for scheme in schemes.values():
        customers = scheme.label(customers)
    found = agreement(customers, ["abc", "lifecycle", "city"])
    assert found[["first", "second"]].to_numpy().tolist() == [
        ["abc", "lifecycle"],
        ["abc", "city"],
        ["lifecycle", "city"],
    ]
    prospects = int((orders == 0).sum())
    assert found["left_out"].tolist() == [prospects, 0, prospects]
    assert found["n"].tolist() == [400 - prospects, 400, 400 - prospects]
    assert found["cramers_v"].isna().tolist() == [False, True, True]
    assert found["adjusted_rand"].isna().tolist() == [False, True, True]
    v = found["cramers_v"].iloc[0]
    assert v == cramers_v(customers["abc"], customers["lifecycle"]).value and v > 0.4
    assert found["sentence"].iloc[0].startswith("“ABC 分类”与“生命周期”：关联")
    assert (
        agreement(customers, schemes, "en")["sentence"]
        .iloc[0]
        .startswith('"ABC class" and "Lifecycle stage": ')
    )
    assert comparisons(customers, schemes)[0].table.index.tolist() == ["A", "B", "C", "total"]
    assert agreement(customers, ["abc"]).empty
    with pytest.raises(InputProblems) as error:
        agreement(customers, ["abc", "rfm", "tier"])
    assert [p.facts["column"] for p in error.value.problems] == ["rfm", "tier"]
