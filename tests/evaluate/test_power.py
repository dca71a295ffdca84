"""How many customers an experiment needs: the published size, and that simulated experiments keep the promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from segkit.evaluate.power import chance_of_seeing, detectable, sample_size
from segkit.problems import InputProblems


def test_ten_against_twelve_percent():
    assert sample_size(0.10, 0.12) == 3841
    assert sample_size(0.12, 0.10) == 3841


@given(st.floats(0.01, 0.6), st.floats(0.02, 0.3))
def test_size_chance_and_difference_say_the_same(base, rise):
    n = sample_size(base, base + rise)
    assert chance_of_seeing(n, n, base, rise) >= 0.8 - 1e-9
    if n > 2:
        assert chance_of_seeing(n - 1, n - 1, base, rise) < 0.8 + 1e-9
    assert detectable(n, n, base) == pytest.approx(rise, rel=0.1)


def test_a_simulated_experiment_of_that_size_sees_it_four_times_in_five():
    rng, n = np.random.default_rng(2), sample_size(0.1, 0.15)
    one, other = rng.binomial(n, 0.15, 4000) / n, rng.binomial(n, 0.1, 4000) / n
    both = (one + other) / 2
    seen = np.abs(one - other) > norm.ppf(0.975) * np.sqrt(2 * both * (1 - both) / n)
    assert seen.mean() == pytest.approx(0.8, abs=0.02)


def test_a_small_holdout_shows_less():
    even, uneven = detectable(500, 500, 0.1), detectable(900, 100, 0.1)
    assert even is not None and uneven is not None and uneven > 1.4 * even
    assert detectable(2, 2, 0.9) is None


@pytest.mark.parametrize(
    "call", [lambda: sample_size(0.1, 0.1), lambda: sample_size(10, 12), lambda: detectable(0, 5, 0.1)]
)
def test_what_is_no_experiment_is_refused(call):
    with pytest.raises(InputProblems):
        call()
