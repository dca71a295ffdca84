"""The population stability index: the published number, what chance gives, and classes that are empty."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import segkit
from segkit.evaluate.drift import binned, psi
from segkit.problems import InputProblems

FIFTHS, SHIFTED = [0.2] * 5, [0.3, 0.25, 0.2, 0.15, 0.1]
counts = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=2, max_size=8).filter(
    lambda rows: sum(e for e, _ in rows) > 0 and sum(a for _, a in rows) > 0
)


def test_the_published_number() -> None:
    found = psi(FIFTHS, SHIFTED)
    assert found.value == pytest.approx(0.13540, abs=5e-6)
    assert found.band == "watch" and found.noise is None and found.smoothed == ()
    counted = psi([200] * 5, [300, 250, 200, 150, 100])
    assert counted.value == pytest.approx(found.value)
    assert counted.noise == pytest.approx(4 * (1 / 1000 + 1 / 1000))
    assert counted.beyond_chance and not counted.too_few
    assert psi(FIFTHS, SHIFTED, n_expected=1000, n_actual=1000).noise == pytest.approx(counted.noise)


@pytest.mark.parametrize(("value", "band"), [(0.05, "stable"), (0.13, "watch"), (0.4, "act")])
def test_the_bands(value: float, band: str) -> None:
    half = next(d for d in np.arange(0.001, 0.5, 0.0005) if d * math.log((0.5 + d) / (0.5 - d)) >= value)
    assert psi([0.5, 0.5], [0.5 + half, 0.5 - half]).band == band


@given(counts)
def test_never_negative_and_nothing_where_nothing_changed(rows: list[tuple[int, int]]) -> None:
    e, a = ([row[i] for row in rows] for i in (0, 1))
    found = psi(e, a)
    assert found.value is not None and found.value >= 0 and math.isfinite(found.value)
    assert len(found.smoothed) == sum((x == 0) != (y == 0) for x, y in rows)
    assert psi(e, e).value == 0.0 and psi(e, [3 * x for x in e]).value == pytest.approx(0.0, abs=1e-12)
    assert psi(a, e).value == pytest.approx(found.value)
    assert found.table["part"].sum() == pytest.approx(found.value)


def test_an_empty_class_counts_as_half_a_customer_and_is_named() -> None:
    found = psi({"A": 50, "B": 50}, {"A": 100, "C": 0})
    by_hand = 0.5 * math.log(2) + (0.005 - 0.5) * math.log(0.005 / 0.5)
    assert found.value == pytest.approx(by_hand) and found.smoothed == ("B",)
    assert "B" in found.text("zh") and "B" in found.text("en")
    with pytest.raises(InputProblems):
        psi([0.5, 0.5, 0.0], [0.4, 0.4, 0.2])


def test_where_nothing_changed_chance_gives_the_noise_line() -> None:
    rng = np.random.default_rng(5)
    found = [psi(*rng.multinomial(400, FIFTHS, size=2)) for _ in range(600)]
    values = np.array([one.value for one in found])
    assert values.mean() == pytest.approx(found[0].noise, rel=0.1)
    assert 0.02 <= np.mean([bool(one.beyond_chance) for one in found]) <= 0.08


def test_few_customers_cannot_say_that_nothing_changed() -> None:
    assert psi([5, 6, 4, 5], [6, 4, 5, 5]).too_few
    assert psi([0, 0], [3, 4]).value is None
    enough = psi([5, 6, 4, 5], [6, 4, 5, 5]).needed
    assert enough is not None
    assert (
        not psi([enough / 4] * 4, [enough / 4] * 4).too_few
        and psi([enough / 4 - 1] * 4, [enough / 4 - 1] * 4).too_few
    )


def test_numbers_are_put_into_the_intervals_of_the_baseline() -> None:
    old = [float(i) for i in range(100)]
    one, other = binned(old, [-50.0, 5.0, 99.0, 400.0, float("nan")])
    assert one.tolist() == [10] * 10 + [0] or one.iloc[:10].between(9, 11).all()
    assert other.iloc[0] == 2 and other.iloc[9] == 2 and other["unknown"] == 1
    alike, _ = binned([1.0] * 50, [1.0, 2.0])
    assert alike.sum() == 50
    assert psi(*binned(old, old)).value == 0.0


@pytest.mark.parametrize("wrong", [([1, 2], [1, 2, 3]), ([1, -2], [1, 2]), ([1, float("nan")], [1, 2])])
def test_what_is_no_distribution_is_refused(wrong: tuple[list[float], list[float]]) -> None:
    with pytest.raises(InputProblems):
        psi(*wrong)


def test_it_is_public_and_speaks() -> None:
    assert segkit.psi is psi
    found = psi([200] * 5, [300, 250, 200, 150, 100])
    assert "0.1354" in found.text("zh") and "0.0080" in found.text("en")
