"""Shares and averages with their intervals: published numbers, statsmodels' formulas by hand, and what nothing gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_ind
from scipy.stats import t as student

from segkit.evaluate.estimate import Estimate, mean, proportion, sample_for, welch
from segkit.problems import InputProblems


def test_wilson_gives_the_published_intervals() -> None:
    found = proportion(80, 100)
    assert (found.value, found.n, found.level) == (0.8, 100, 0.95)
    assert (found.low, found.high) == (pytest.approx(0.7112, abs=5e-5), pytest.approx(0.8666, abs=5e-5))
    nobody = proportion(0, 20)
    assert (nobody.low, nobody.high) == (0.0, pytest.approx(0.1611, abs=5e-5))


@given(
    st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.sampled_from([0.8, 0.95]),
)
def test_wilson_is_that_of_scipy(counts: tuple[int, int], level: float) -> None:
    k, n = counts
    found, theirs = proportion(k, n, level), binomtest(k, n).proportion_ci(level, method="wilson")
    assert (found.low, found.high) == (
        pytest.approx(theirs.low, abs=1e-9),
        pytest.approx(theirs.high, abs=1e-9),
    )
    assert found.low is not None and found.high is not None and found.value is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_nobody_asked_gives_no_share_and_no_interval() -> None:
    found = proportion(0, 0)
    assert (found.value, found.low, found.high, found.n, found.half) == (None, None, None, 0, None)
    assert "0" in found.text("zh") and "0" in found.text("en") and "None" not in found.text("en")


@pytest.mark.parametrize(("k", "n"), [(5, 4), (-1, 4), (float("nan"), 4), (1, float("inf"))])
def test_more_than_all_is_refused(k: float, n: float) -> None:
    with pytest.raises(InputProblems):
        proportion(k, n)


def test_mean_has_students_interval_and_leaves_out_what_is_missing() -> None:
    values = [4.0, 5.0, 7.0, float("nan"), 6.0]
    found = mean(values)
    kept = np.array([4.0, 5.0, 7.0, 6.0])
    low, high = student.interval(0.95, 3, loc=kept.mean(), scale=kept.std(ddof=1) / 2)
    assert (found.value, found.n) == (5.5, 4)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_of_one_value_there_is_no_interval_and_of_none_no_mean() -> None:
    assert (mean([3.0]).value, mean([3.0]).half, mean([3.0]).n) == (3.0, None, 1)
    assert (mean([]).value, mean([]).n) == (None, 0)


def test_sample_for_is_what_makes_the_interval_that_narrow() -> None:
    assert sample_for(0.05) == 385  # every textbook's number for plus-minus five points
    assert sample_for(10, deviation=78.1) == 235
    with pytest.raises(InputProblems):
        sample_for(0)


def test_what_is_said_holds_value_interval_and_n() -> None:
    share = proportion(80, 100)
    for lang in ("zh", "en"):
        said = share.text(lang)
        assert all(part in said for part in ("80.0%", "71.1%", "86.7%", "100")), said
        assert "Wilson" in share.rule(lang)
    assert Estimate(1.0, None, None, 3, method="by hand").rule("zh") == "by hand"


def test_welch_is_that_of_scipy_and_says_nothing_of_too_few() -> None:
    one, other = [3.0, 5.5, 9.0, 4.0], [1.0, 2.5, 2.0]
    found, theirs = welch(one, other), ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert found.value == pytest.approx(np.mean(one) - np.mean(other))
    assert (found.low, found.high) == (pytest.approx(theirs.low), pytest.approx(theirs.high))
    assert welch([], other).value is None
    assert (welch([1.0], other).low, welch([1.0, 1.0], [2.0, 2.0]).low) == (None, None)
