"""BG/NBD and MBG/NBD: published numbers, the defining integrals, what was planted, and when they refuse."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, expit, gammaln
from shoppers import shop

from segkit import BGNBD, MBGNBD, repeat_summary
from segkit.problems import InputProblems
from segkit.value.btyd import LEAST_REPEAT_BUYERS
from segkit.value.model import ModelNotFitted

Model = BGNBD | MBGNBD
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
MORE_DIGITS = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
both = pytest.mark.parametrize("kind", [BGNBD, MBGNBD])


def customer(x: float, t_x: float, end: float) -> dict[str, float]:
    return {"x": x, "t_x": t_x, "T": end}


def one(values: pd.Series) -> float:
    assert len(values) == 1
    return float(values.iloc[0])


# --- published numbers ---------------------------------------------------------------------------


def test_bgnbd_matches_fader_hardie_lee_2005(cdnow: pd.DataFrame) -> None:
    fitted = BGNBD().fit(cdnow)
    assert (fitted.r, fitted.alpha) == (pytest.approx(0.243, abs=6e-4), pytest.approx(4.414, abs=6e-4))
    assert (fitted.a, fitted.b) == (pytest.approx(0.793, abs=6e-4), pytest.approx(2.426, abs=6e-4))
    assert fitted.log_likelihood == pytest.approx(-9582.43, abs=0.01)
    assert fitted.n == 2357


def test_mbgnbd_matches_batislam_2007(cdnow: pd.DataFrame) -> None:
    fitted = MBGNBD().fit(cdnow)
    assert (fitted.r, fitted.alpha) == (pytest.approx(0.525, abs=6e-4), pytest.approx(6.183, abs=6e-4))
    assert (fitted.a, fitted.b) == (pytest.approx(0.891, abs=6e-4), pytest.approx(1.614, abs=6e-4))
    assert fitted.log_likelihood == pytest.approx(-9582.13, abs=0.01)


@pytest.mark.parametrize(
    ("x", "t_x", "purchases"), [(2, 30.43, 1.226), (0, 0.0, 0.1951), (7, 29.43, 3.337), (1, 1.71, 0.2032)]
)
def test_expected_purchases_of_cdnow_customers(x: int, t_x: float, purchases: float) -> None:
    found = one(BGNBD(**PUBLISHED).expected_purchases(customer(x, t_x, 38.86), 39))
    assert found == pytest.approx(purchases, abs=6e-5 if purchases < 1 else 6e-4)


def test_p_alive_of_a_cdnow_customer() -> None:
    assert one(BGNBD(**PUBLISHED).p_alive(customer(2, 30.43, 38.86))) == pytest.approx(0.7266, abs=5e-5)


def test_more_purchases_at_the_same_recency_can_mean_less_to_come() -> None:
    found = BGNBD(**MORE_DIGITS).expected_purchases(
        pd.DataFrame({"x": [10, 15, 20, 25], "t_x": 20.0, "T": 39.0}), 52
    )
    assert found.tolist() == pytest.approx([0.3474606, 0.04283391, 0.004158973, 0.0003583685], rel=2e-4)


def test_purchases_of_a_new_customer() -> None:
    times = [0.1429, 1, 3, 31.8571, 32, 78]
    wanted = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert list(BGNBD(**MORE_DIGITS).expected(times)) == pytest.approx(wanted, abs=5e-4)
    assert BGNBD(**PUBLISHED).probability(0, 39) == pytest.approx(0.5738, abs=5e-5)


def test_the_likelihood_stays_finite_for_200_purchases() -> None:
    model = BGNBD(r=0.25, alpha=4, a=0.8, b=2.5)
    assert one(model.log_likelihoods(customer(200, 38, 40))) == pytest.approx(100.7957, abs=5e-5)
    assert one(model.log_likelihoods(customer(0, 0, 40))) == pytest.approx(-0.59947382, abs=5e-9)
    rows = pd.DataFrame({"x": [200, 200], "t_x": [38.0, 2.0], "T": [40.0, 400.0]})
    for kind in (BGNBD, MBGNBD):
        model = kind(r=0.25, alpha=4, a=0.8, b=2.5)
        for figures in (model.log_likelihoods(rows), model.p_alive(rows), model.expected_purchases(rows, 52)):
            assert np.isfinite(figures).all()


# --- what defines the models ---------------------------------------------------------------------


def integrals(
    after_first: bool, r: float, alpha: float, a: float, b: float, who: dict[str, float], t: float
) -> tuple[float, ...]:
    """Likelihood, P(alive) and E[Y(t)] of one customer by summing over a grid of his rate and his dropout."""
    x, t_x, end = who["x"], who["t_x"], who["T"]
    u, v = np.arange(-60.0, 12.0, 0.02)[:, None], np.arange(-60.0, 40.0, 0.05)[None, :]
    rate, leaves, stays = np.exp(u), expit(v), expit(-v)
    prior = r * np.log(alpha) - gammaln(r) + r * u - alpha * rate
    prior = prior + a * np.log(leaves) + b * np.log(np.maximum(stays, 1e-300)) - betaln(a, b)
    chances = x + after_first
    bought = np.exp(prior + x * u) * stays ** np.maximum(chances - 1, 0)
    still = bought * (stays if chances else 1.0) * np.exp(-rate * end)
    left = bought * leaves * np.exp(-rate * t_x) if chances else 0.0
    step = 0.02 * 0.05
    likelihood = float((still + left).sum()) * step
    to_come = -np.expm1(-rate * leaves * t) / leaves
    return (
        likelihood,
        float(still.sum()) * step / likelihood,
        float((still * to_come).sum()) * step / likelihood,
    )


@both
@pytest.mark.parametrize(
    ("x", "t_x", "end"), [(0, 0.0, 38.86), (1, 1.71, 38.86), (2, 30.43, 38.86), (12, 25.0, 30.0)]
)
def test_every_figure_is_its_integral_over_rates_and_dropouts(
    kind: type[Model], x: int, t_x: float, end: float
) -> None:
    numbers = {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}
    model, who = kind(**numbers), customer(x, t_x, end)
    likelihood, alive, purchases = integrals(kind is MBGNBD, **numbers, who=who, t=39.0)
    assert one(model.log_likelihoods(who)) == pytest.approx(np.log(likelihood), abs=1e-6)
    assert one(model.p_alive(who)) == pytest.approx(alive, rel=1e-6)
    assert one(model.expected_purchases(who, 39.0)) == pytest.approx(purchases, rel=1e-6)


@both
def test_expected_purchases_of_a_new_customer_are_the_mean_of_their_distribution(kind: type[Model]) -> None:
    model = kind(r=0.9, alpha=8.0, a=1.5, b=3.0)
    chances = model.probability(np.arange(3000), 26.0)
    assert chances.min() >= 0 and chances.sum() == pytest.approx(1, abs=1e-9)
    assert (chances * np.arange(3000)).sum() == pytest.approx(model.expected(26.0), rel=1e-8)
    assert model.probability(3, 26.0) == pytest.approx(chances[3])


@both
def test_predictions_come_true_for_invented_customers(kind: type[Model]) -> None:
    numbers = {"r": 0.9, "alpha": 8.0, "a": 0.8, "b": 2.5}
    people = shop(40_000, **numbers, span=78, ahead=39, after_first=kind is MBGNBD, seed=4)
    model = kind(**numbers)
    alive, ahead = model.p_alive(people), model.expected_purchases(people, 39)
    groups = pd.cut(alive, [0, 0.2, 0.4, 0.6, 0.8, 1.0])
    for figure, seen in ((alive, people["alive"].astype("float64")), (ahead, people["later"])):
        off = (seen - figure).groupby(groups, observed=True)
        assert (off.mean().abs() < 4 * off.sem()).all()
        assert off.sem().max() < 0.1
    assert ahead.sum() == pytest.approx(people["later"].sum(), rel=0.02)


@both
def test_what_was_planted_is_found_again(kind: type[Model]) -> None:
    """Rate and dropout on average and what they imply; single parameters are only weakly told apart."""
    numbers = {"r": 0.9, "alpha": 60 / 7, "a": 0.5, "b": 3.0}
    people = shop(20_000, **numbers, span=104, ahead=52, after_first=kind is MBGNBD, seed=1)
    planted, fitted = kind(**numbers), kind().fit(people)
    assert fitted.r / fitted.alpha == pytest.approx(0.9 * 7 / 60, rel=0.05)
    assert fitted.a / (fitted.a + fitted.b) == pytest.approx(0.5 / 3.5, abs=0.02)
    assert list(fitted.expected([13, 52, 104])) == pytest.approx(
        list(planted.expected([13, 52, 104])), rel=0.04
    )
    assert fitted.expected_purchases(people, 52).sum() == pytest.approx(people["later"].sum(), rel=0.03)
    assert fitted.log_likelihood >= planted.log_likelihoods(people).sum()


def test_mbgnbd_finds_the_shop_it_was_made_by_and_bgnbd_fits_it_worse(
    jd_orders: pd.DataFrame, jd_truth: pd.DataFrame
) -> None:
    summary = repeat_summary(jd_orders, as_of="2025-12-31", unit="day")
    mbg, bg = MBGNBD(unit="day").fit(summary), BGNBD(unit="day").fit(summary)
    assert mbg.log_likelihood > bg.log_likelihood + 10
    assert mbg.r / mbg.alpha == pytest.approx(0.9 / 60, rel=0.1)
    assert mbg.a / (mbg.a + mbg.b) == pytest.approx(0.5 / 3.5, abs=0.03)
    truth = jd_truth.loc[summary["customer_id"]]
    once = (summary["x"] == 0).to_numpy()
    for who in (once, ~once):
        assert mbg.p_alive(summary)[who].mean() == pytest.approx(truth["alive"][who].mean(), abs=0.05)
    year = mbg.expected_purchases(summary, 365)
    assert year.sum() == pytest.approx(truth["expected_orders_365"].sum(), rel=0.06)
    assert np.corrcoef(year, truth["expected_orders_365"])[0, 1] > 0.8
    assert (bg.p_alive(summary)[once] == 1).all()


# --- laws ----------------------------------------------------------------------------------------

positive = st.floats(0.05, 20.0)
times = st.just(0.0) | st.floats(1e-6, 500.0)
once = st.floats(0.0, 200.0).map(lambda end: customer(0, 0.0, end))
repeat = st.tuples(st.integers(1, 60), st.floats(0.001, 1.0), st.floats(0.01, 200.0))
histories = once | repeat.map(lambda h: customer(h[0], h[1] * h[2], h[2]))


@both
def test_chances_are_chances_and_more_time_brings_more_purchases(kind: type[Model]) -> None:
    @settings(max_examples=150)
    @given(positive, positive, positive, positive, histories, times, times)
    def check(
        r: float, alpha: float, a: float, b: float, who: dict[str, float], t: float, more: float
    ) -> None:
        model = kind(r=r, alpha=alpha, a=a, b=b)
        alive = one(model.p_alive(who))
        near, far = (one(model.expected_purchases(who, time)) for time in (t, t + more))
        assert 0 <= alive <= 1
        assert 0 <= near <= far * (1 + 1e-9)
        assert far <= alive * (r + who["x"]) / (alpha + who["T"]) * (t + more) * (1 + 1e-9)
        assert kind is MBGNBD or who["x"] > 0 or alive == 1

    check()


@both
def test_the_longer_nothing_was_bought_the_less_likely_alive(kind: type[Model]) -> None:
    rows = pd.DataFrame({"x": 5, "t_x": 20.0, "T": np.linspace(20, 200, 50)})
    assert (np.diff(kind(**PUBLISHED).p_alive(rows)) < 0).all()


@both
def test_the_unit_of_time_changes_the_unit_of_alpha_alone(kind: type[Model], cdnow: pd.DataFrame) -> None:
    weeks = kind().fit(cdnow)
    in_days = cdnow.assign(t_x=cdnow["t_x"] * 7, T=cdnow["T"] * 7)
    days = kind(unit="day").fit(in_days)
    assert (days.r, days.a, days.b) == tuple(pytest.approx(v, rel=1e-4) for v in (weeks.r, weeks.a, weeks.b))
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-4)
    assert days.log_likelihood == pytest.approx(weeks.log_likelihood - np.log(7) * cdnow["x"].sum(), abs=1e-3)
    assert days.expected_purchases(in_days, 273).to_numpy() == pytest.approx(
        weeks.expected_purchases(cdnow, 39).to_numpy(), rel=1e-4
    )


@both
def test_rows_in_any_order_and_customers_twice_give_the_same_parameters(
    kind: type[Model], cdnow: pd.DataFrame
) -> None:
    once = kind().fit(cdnow)
    assert kind().fit(cdnow.sample(frac=1, random_state=5)) == once
    twice = kind().fit(pd.concat([cdnow, cdnow]))
    assert (twice.r, twice.alpha) == (pytest.approx(once.r, rel=1e-5), pytest.approx(once.alpha, rel=1e-5))
    assert twice.log_likelihood == pytest.approx(2 * once.log_likelihood, rel=1e-9)


@pytest.mark.parametrize(
    ("r", "alpha", "a", "b"), list(product((0.1, 3.0), (1.0, 40.0), (0.3, 4.0), (0.6, 12.0)))
)
@both
def test_no_parameters_are_likelier_than_the_fitted_ones(
    kind: type[Model], cdnow: pd.DataFrame, r: float, alpha: float, a: float, b: float
) -> None:
    fitted = kind().fit(cdnow)
    total = fitted.log_likelihoods(cdnow).sum()
    assert total == pytest.approx(fitted.log_likelihood, abs=1e-6)
    assert total > kind(r=r, alpha=alpha, a=a, b=b).log_likelihoods(cdnow).sum()
    for name in ("r", "alpha", "a", "b"):
        for factor in (0.97, 1.03):
            beside = fitted.model_copy(update={name: getattr(fitted, name) * factor})
            assert beside.log_likelihoods(cdnow).sum() < total


@pytest.mark.parametrize("engine", ENGINES)
def test_a_summary_of_any_engine_gives_the_same_figures_by_customer(
    engine: str, jd_orders: pd.DataFrame
) -> None:
    some = jd_orders[jd_orders["customer_id"] <= "C000600"]
    here = repeat_summary(some, as_of="2025-12-31").set_index("customer_id", drop=False)
    there = repeat_summary(ENGINES[engine](some[["customer_id", "order_date", "amount"]]), as_of="2025-12-31")
    model = MBGNBD().fit(here)
    other = MBGNBD().fit(there)
    assert (other.r, other.b) == (pytest.approx(model.r, rel=1e-9), pytest.approx(model.b, rel=1e-9))
    alive = model.p_alive(there)
    if engine == "pandas":
        alive.index = pd.Index(there["customer_id"])
    assert alive.loc[here.index].tolist() == pytest.approx(model.p_alive(here).tolist())


def test_results_stand_in_the_rows_of_the_summary() -> None:
    rows = pd.DataFrame({"x": [0, 4], "t_x": [0.0, 8.0], "T": [9.0, 9.0]}, index=["b", "a"])
    before = rows.copy(deep=True)
    model = MBGNBD(r=1, alpha=4, a=1, b=3)
    assert rows.assign(p=model.p_alive(rows))["p"].notna().all()
    assert model.expected_purchases(rows, [1.0, 0.0]).loc["a"] == 0
    pd.testing.assert_frame_equal(rows, before)


# --- refusals ------------------------------------------------------------------------------------


def problems_of(model: Model, summary: Any) -> list[str]:
    with pytest.raises(InputProblems) as caught:
        model.fit(summary)
    for lang in ("zh", "en"):
        assert all(p.text(lang) for p in caught.value.problems)
    return [p.id for p in caught.value.problems]


def test_too_few_repeat_buyers_are_refused_with_the_numbers(cdnow: pd.DataFrame) -> None:
    few = pd.concat([cdnow[cdnow["x"] > 0].head(LEAST_REPEAT_BUYERS - 1), cdnow[cdnow["x"] == 0]])
    with pytest.raises(InputProblems, match="only 99 of 1,510 customers"):
        BGNBD().fit(few)
    with pytest.raises(InputProblems) as caught:
        BGNBD().fit(few)
    assert "只有 99 位" in caught.value.text("zh") and "100" in caught.value.text("zh")


def test_everybody_alike_is_refused() -> None:
    rng = np.random.default_rng(1)
    end = rng.uniform(30, 50, 500)
    alike = pd.DataFrame({"x": 1, "t_x": end * rng.uniform(0.1, 0.9, 500), "T": end})
    assert problems_of(BGNBD(), alike) == ["value.refuse.no_variation"]


@both
def test_shoppers_who_never_leave_are_refused_with_the_parameters_that_ran_away(kind: type[Model]) -> None:
    people = shop(3000, r=1.0, alpha=8.0, a=1e-4, b=1.0, span=104, ahead=1, after_first=False, seed=3)
    with pytest.raises(InputProblems) as caught:
        kind().fit(people)
    assert [p.id for p in caught.value.problems] == ["value.refuse.leaving_unseen"]
    assert "a = " in caught.value.text("zh") or "b = " in caught.value.text("zh")


def subscribers() -> pd.DataFrame:
    """Everybody buys every four weeks until leaving: times that no random process of the kind makes."""
    rng = np.random.default_rng(2)
    end = rng.uniform(30, 60, 1500)
    x = np.minimum(rng.geometric(rng.beta(1, 4, 1500)) - 1, np.floor(end / 4))
    return pd.DataFrame({"x": x, "t_x": 4 * x, "T": end})


def test_buyers_at_fixed_intervals_are_refused_or_the_shape_is_in_doubt() -> None:
    assert problems_of(MBGNBD(), subscribers()) == ["value.refuse.rates_alike"]
    doubtful = BGNBD().fit(subscribers()).checks[1]
    assert not doubtful.passed and doubtful.figure > 0.1 > doubtful.limit
    assert "超过 5.0%" in doubtful.text("zh") and "above 5.0%" in doubtful.text("en")


@pytest.mark.parametrize(
    ("change", "id"),
    [
        ({"x": -1.0}, "value.summary.negative"),
        ({"x": 1.5}, "value.summary.part_of_a_purchase"),
        ({"t_x": 99.0}, "value.summary.last_after_end"),
        ({"x": 0.0}, "value.summary.repeat_without_purchase"),
        ({"t_x": 0.0}, "value.summary.repeat_at_once"),
        ({"T": np.nan}, "value.summary.no_value"),
    ],
)
def test_what_cannot_be_is_named_with_a_customer(change: dict[str, float], id: str) -> None:
    rows = pd.DataFrame({"customer_id": ["K1", "K2"], "x": [2.0, 3.0], "t_x": [4.0, 5.0], "T": [9.0, 9.0]})
    rows.loc[1, list(change)] = list(change.values())
    with pytest.raises(InputProblems) as caught:
        BGNBD(**PUBLISHED).p_alive(rows)
    assert [p.id for p in caught.value.problems] == [id]
    assert "K2" in caught.value.text("zh") and "K1" not in caught.value.text("zh")


def test_missing_columns_texts_and_a_time_that_cannot_be_are_refused() -> None:
    assert problems_of(BGNBD(), pd.DataFrame({"x": [1], "tx": [1.0], "T": [2.0]})) == [
        "customers.missing_column_near"
    ]
    texts = pd.DataFrame({"x": [1, 2], "t_x": ["1", "2"], "T": [2.0, 3.0]})
    assert problems_of(BGNBD(), texts) == ["value.not_a_number"]
    with pytest.raises(InputProblems, match="-1"):
        BGNBD(**PUBLISHED).expected_purchases(customer(1, 1, 2), -1)


def test_nothing_is_told_before_fit() -> None:
    with pytest.raises(ModelNotFitted) as caught:
        BGNBD().p_alive(customer(1, 1, 2))
    assert "fit" in caught.value.text("zh") and "BG/NBD" in caught.value.text("en")
