"""Area under the curve, lift, calibration, Brier: against scipy, scikit-learn and numbers by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from segkit.value.discrimination import auc, brier, calibration, lift_by_decile

scored = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=60).filter(
    lambda rows: len({won for _, won in rows}) == 2
)


@given(scored)
def test_auc_is_that_of_scikit_learn_with_ties_counted_half(rows: list[tuple[int, bool]]) -> None:
    score, won = np.array([float(s) for s, _ in rows]), np.array([w for _, w in rows])
    found = auc(score, won)
    assert found.value == pytest.approx(roc_auc_score(won, score))
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert auc(-score, won).value == pytest.approx(1 - found.value)


def test_the_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(0)
    won = np.arange(300) < 60
    truth, inside = 0.760, 0  # of two normal distributions one apart: Phi(1 / sqrt 2)
    for _ in range(400):
        found = auc(rng.normal(size=300) + won, won)
        inside += found.low <= truth <= found.high
    assert 0.92 <= inside / 400 <= 0.98


def test_lift_by_hand_and_equal_scores_share_a_tenth() -> None:
    score, won = np.arange(20.0), np.arange(20) >= 16
    table = lift_by_decile(score, won)
    assert table["decile"].tolist() == list(range(1, 11)) and table["n"].tolist() == [2] * 10
    assert table["lift"].tolist()[:3] == [5, 5, 0] and table["captured"].tolist()[:2] == [0.5, 1]
    tied = lift_by_decile(np.array([3.0] * 6 + [1.0] * 4), np.array([True, False] * 5))
    assert tied["decile"].tolist() == [1, 7] and tied["n"].tolist() == [6, 4]


@given(scored)
def test_every_lead_is_in_one_tenth_and_in_one_group(rows: list[tuple[int, bool]]) -> None:
    score, won = np.array([s / 6 for s, _ in rows]), np.array([w for _, w in rows])
    for table in (lift_by_decile(score, won), calibration(score, won)):
        assert table["n"].sum() == len(rows) and table["events"].sum() == won.sum()
        assert (table["n"] > 0).all()
    assert lift_by_decile(score, won)["captured"].iloc[-1] == 1


def test_calibration_sets_what_was_promised_beside_what_came() -> None:
    chance = np.repeat([0.2, 0.8], 100)
    won = np.concatenate([np.arange(100) < 20, np.arange(100) < 80])
    table = calibration(chance, won)
    assert table["predicted"].tolist() == pytest.approx([0.2, 0.8]) and table["rate"].tolist() == [0.2, 0.8]
    assert (table["low"].iloc[1], table["high"].iloc[1]) == (  # Wilson, 80 of 100
        pytest.approx(0.7112, abs=5e-5),
        pytest.approx(0.8666, abs=5e-5),
    )


def test_brier_is_that_of_scikit_learn() -> None:
    chance, won = np.array([0.1, 0.9, 0.4]), np.array([False, True, True])
    assert brier(chance, won) == pytest.approx(brier_score_loss(won, chance))
