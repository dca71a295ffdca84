"""Gamma-Gamma: published numbers, its defining integral, what was planted, and when it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln
from shoppers import shop, spend

from segkit import GammaGamma, repeat_summary
from segkit.problems import InputProblems
from segkit.value.gamma_gamma import log_likelihoods

PUBLISHED = GammaGamma(p=6.25, q=3.74, gamma=15.44)
PEOPLE: dict[str, Any] = {
    "r": 0.9,
    "alpha": 8.0,
    "a": 0.5,
    "b": 3.0,
    "span": 104,
    "ahead": 1,
    "after_first": True,
}


def value_of(model: GammaGamma, mean: float, x: int) -> float:
    return float(model.expected_value({"x": x, "repeat_value": mean}).iloc[0])


def refused(summary: pd.DataFrame) -> InputProblems:
    with pytest.raises(InputProblems) as caught:
        GammaGamma().fit(summary)
    assert all(p.text("zh") and p.text("en") for p in caught.value.problems)
    return caught.value


def test_it_matches_fader_hardie_note_025(cdnow: pd.DataFrame) -> None:
    fitted = GammaGamma().fit(cdnow)
    assert (fitted.p, fitted.q, fitted.gamma) == tuple(
        pytest.approx(v, abs=0.01) for v in (6.25, 3.74, 15.44)
    )
    assert fitted.log_likelihood == pytest.approx(-4055.92, abs=0.01)
    assert (fitted.n, fitted.left_out) == (946, 0)
    assert PUBLISHED.mean == pytest.approx(35.2190, abs=5e-5)


@pytest.mark.parametrize(
    ("mean", "x", "value"), [(35, 1, 35.0667), (100, 1, 80.2558), (100, 10, 97.2793), (20, 3, 21.9404)]
)
def test_expected_value_of_single_customers(mean: float, x: int, value: float) -> None:
    assert value_of(PUBLISHED, mean, x) == pytest.approx(value, abs=6e-5)


def test_cdnow_passes_with_its_published_correlation(cdnow: pd.DataFrame) -> None:
    enough, independence = GammaGamma().fit(cdnow).checks
    assert (enough.figure, enough.passed) == (946, True)
    assert independence.figure == pytest.approx(0.11388, abs=5e-6) and independence.passed
    assert "0.11" in independence.text("zh") and "0.11" in independence.text("en")


def test_density_and_expectation_are_their_integrals_over_the_customers_own_scale() -> None:
    p, q, gamma, x, mean = 2.0, 3.2, 350.0, 3.0, 180.0
    u = np.arange(-40.0, 10.0, 0.002)
    scale = np.exp(u)
    prior = q * np.log(gamma) - gammaln(q) + q * u - gamma * scale
    # the mean of x purchases is Gamma(p x, scale x)
    density = p * x * np.log(scale * x) - gammaln(p * x) + (p * x - 1) * np.log(mean) - scale * x * mean
    weight = np.exp(prior + density)
    found = log_likelihoods((p, q, gamma), (np.array([x]), np.array([mean])))
    assert found[0] == pytest.approx(np.log(weight.sum() * 0.002), abs=1e-9)
    own = (weight * p / scale).sum() / weight.sum()
    assert value_of(GammaGamma(p=p, q=q, gamma=gamma), mean, 3) == pytest.approx(own, rel=1e-9)


def test_what_was_planted_is_found_again() -> None:
    people = spend(shop(30_000, **PEOPLE, seed=2), p=2.0, q=3.2, gamma=350.0, seed=3)
    fitted = GammaGamma().fit(people)
    assert (fitted.p, fitted.q, fitted.gamma) == tuple(pytest.approx(v, rel=0.1) for v in (2.0, 3.2, 350.0))
    assert fitted.mean == pytest.approx(2 * 350 / 2.2, rel=0.03)
    expected = fitted.expected_value(people)
    for who in (people["x"] == 1, people["x"] > 5):
        assert expected[who].mean() == pytest.approx(people["mean_value"][who].mean(), rel=0.03)


def test_the_sample_shop_without_its_firms(jd_orders: pd.DataFrame, jd_truth: pd.DataFrame) -> None:
    summary = repeat_summary(jd_orders, as_of="2025-12-31")
    people = summary[~summary["customer_id"].map(jd_truth["is_b2b"]).astype(bool)]
    fitted = GammaGamma().fit(people)
    assert (fitted.p, fitted.q) == (pytest.approx(2.0, rel=0.12), pytest.approx(3.2, rel=0.12))
    assert fitted.mean == pytest.approx(2 * 350 / 2.2, rel=0.05)


# --- laws ----------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.floats(0.5, 20), st.floats(1.1, 20), st.floats(1, 500), st.floats(0.01, 1e5), st.integers(1, 50))
def test_the_expectation_lies_between_the_customers_mean_and_that_of_all(
    p: float, q: float, gamma: float, mean: float, x: int
) -> None:
    model = GammaGamma(p=p, q=q, gamma=gamma)
    low, high = sorted((mean, model.mean))
    found = value_of(model, mean, x)
    assert low * (1 - 1e-9) <= found <= high * (1 + 1e-9)
    assert abs(value_of(model, mean, x + 1) - mean) <= abs(found - mean) * (1 + 1e-9)


def test_one_time_buyers_get_the_mean_of_all_and_refunds_count_as_nothing() -> None:
    assert value_of(PUBLISHED, 0.0, 0) == pytest.approx(PUBLISHED.mean)
    assert 0 < value_of(PUBLISHED, -50.0, 2) == value_of(PUBLISHED, 0.0, 2)


def test_currency_and_order_of_rows_change_gamma_alone(cdnow: pd.DataFrame) -> None:
    once = GammaGamma().fit(cdnow)
    assert GammaGamma().fit(cdnow.sample(frac=1, random_state=2)) == once
    fen = GammaGamma().fit(cdnow.assign(repeat_value=cdnow["repeat_value"] * 100))
    assert (fen.p, fen.q) == (pytest.approx(once.p, rel=1e-3), pytest.approx(once.q, rel=1e-3))
    assert fen.gamma == pytest.approx(100 * once.gamma, rel=1e-3)
    assert fen.log_likelihood == pytest.approx(once.log_likelihood - 946 * np.log(100), abs=1e-3)
    again = pd.concat([cdnow, cdnow])
    assert GammaGamma().fit(again).log_likelihood == pytest.approx(2 * once.log_likelihood, rel=1e-9)


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
def test_frequency_and_value_tied_together_are_refused_with_the_figure(sign: int) -> None:
    people = spend(shop(3000, **PEOPLE), p=4.0, q=5.0, gamma=200.0)
    tied = people.assign(
        repeat_value=people["repeat_value"] * np.exp(sign * 0.4 * np.minimum(people["x"], 6))
    )
    problem = refused(tied).problems[0]
    assert problem.id == "value.refuse.frequency_and_value"
    assert sign * problem.facts["figure"] > 0.3
    assert f"{problem.facts['figure']:.2f}" in problem.text("zh")


def test_a_tie_that_one_large_order_hides_is_still_seen() -> None:
    people = spend(shop(3000, **PEOPLE), p=4.0, q=5.0, gamma=200.0)
    tied = people.assign(repeat_value=people["repeat_value"] * np.exp(0.4 * np.minimum(people["x"], 6)))
    tied.loc[tied.index[tied["x"] == 1][0], "repeat_value"] = 1e7
    assert abs(np.corrcoef(tied["x"], tied["repeat_value"])[0, 1]) < 0.1
    assert refused(tied).problems[0].id == "value.refuse.frequency_and_value"


def test_too_few_and_all_alike_are_refused(cdnow: pd.DataFrame) -> None:
    few = refused(cdnow[cdnow["x"] > 0].head(99))
    assert [p.id for p in few.problems] == ["value.refuse.repeat_payers"] and "99" in few.text("zh")
    alike = refused(cdnow.assign(repeat_value=30.0))
    assert [p.id for p in alike.problems] == ["value.refuse.same_value"] and "30.00" in alike.text("en")


def test_values_without_a_mean_are_refused() -> None:
    wild = spend(shop(6000, **PEOPLE), p=3.0, q=0.6, gamma=20.0, seed=5)
    assert [p.id for p in refused(wild).problems] == ["value.refuse.no_mean"]
    with pytest.raises(InputProblems, match="does not exist"):
        _ = GammaGamma(p=3, q=0.9, gamma=20).mean


def test_fixed_fees_of_each_customer_are_refused() -> None:
    people = spend(shop(3000, **PEOPLE), p=1.0, q=3.0, gamma=200.0)
    fees = people.assign(repeat_value=people["mean_value"])
    assert [p.id for p in refused(fees).problems] == ["value.refuse.values_alike"]


def test_refunded_and_free_purchases_are_left_out_and_counted(cdnow: pd.DataFrame) -> None:
    some = cdnow.index[cdnow["x"] > 0][:5]
    fitted = GammaGamma().fit(
        cdnow.assign(repeat_value=cdnow["repeat_value"].where(~cdnow.index.isin(some), -3.0))
    )
    assert (fitted.n, fitted.left_out) == (941, 5)
    assert "5" in fitted.notes("zh")[0] and fitted.notes("zh")[0] in fitted.describe("zh")


def test_saved_and_read_again(tmp_path: Path, cdnow: pd.DataFrame) -> None:
    fitted = GammaGamma().fit(cdnow)
    fitted.save(tmp_path / "money.yml")
    assert GammaGamma.load(tmp_path / "money.yml") == fitted
