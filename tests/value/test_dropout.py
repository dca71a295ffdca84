"""Purchases still to come before a customer leaves: against the integral, and where the closed form breaks."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln, hyp2f1

from segkit.value import dropout
from segkit.value.dropout import purchases_before_leaving

sizes = st.floats(0.02, 60.0)
spans = st.just(0.0) | st.floats(1e-6, 3000.0)


def by_quadrature(a: float, b: float, r: float, span: float) -> float:
    """E[(1 - (1 + p t/theta)^-R) / p] over p ~ Beta(a, b), by scipy, with the ends' powers as weights."""

    def still(p: float) -> float:
        return -float(np.expm1(-r * np.log1p(p * span))) / p if p else r * span

    found, _ = quad(still, 0, 1, weight="alg", wvar=(a - 1, b - 1), epsabs=0, epsrel=1e-9, limit=500)
    return found / float(np.exp(betaln(a, b)))


@pytest.mark.parametrize(
    ("a", "b", "r"), list(product((0.3, 0.793, 1.0, 2.5, 20.0), (0.2, 2.4, 30.0), (0.25, 3.2, 40.0)))
)
@pytest.mark.parametrize("span", [0.01, 1.0, 8.0, 60.0])
def test_both_ways_are_the_integral(a: float, b: float, r: float, span: float) -> None:
    wanted = by_quadrature(a, b, r, span)
    assert purchases_before_leaving(a, b, r, span) == pytest.approx(wanted, rel=1e-8)
    row = [np.array([v]) for v in (a, b, r, span)]
    assert dropout._by_integral(*row)[0] == pytest.approx(wanted, rel=1e-8)


def test_it_is_the_published_closed_form_where_that_can_be_computed() -> None:
    a, b, r, span = 0.793, 4.426, 2.243, 39 / 43.274
    z = span / (1 + span)
    closed = (a + b - 1) / (a - 1) * (1 - (1 - z) ** r * hyp2f1(r, b, a + b - 1, z))
    assert purchases_before_leaving(a, b, r, span) == pytest.approx(closed, rel=1e-12)


@pytest.mark.parametrize(("a", "b"), [(1.0, 2.0), (0.4, 0.6), (0.3, 0.2)])
def test_there_is_no_pole_at_a_one_nor_where_a_and_b_add_up_to_one(a: float, b: float) -> None:
    here = purchases_before_leaving(a, b, 0.8, 1.5)
    beside = purchases_before_leaving(a + 1e-7, b, 0.8, 1.5)
    assert np.isfinite(here) and here == pytest.approx(beside, rel=1e-6)


def test_nobody_buys_in_no_time_and_who_never_leaves_buys_at_the_mean_rate() -> None:
    assert purchases_before_leaving(0.8, 2.0, 3.0, 0.0) == 0
    assert purchases_before_leaving(1e-3, 1e3, 3.0, 2.0) == pytest.approx(6.0, rel=1e-4)


@pytest.mark.parametrize("r", [200.25, 2000.0])
def test_many_purchases_and_a_long_time_ahead_stay_finite(r: float) -> None:
    found = purchases_before_leaving(0.8, r + 2.3, r, np.array([1e-6, 0.5, 20.0, 1e4]))
    assert np.isfinite(found).all() and (np.diff(found) > 0).all()


@settings(max_examples=200)
@given(sizes, sizes, st.floats(0.02, 300.0), spans, spans)
def test_never_negative_growing_with_time_and_at_most_those_of_one_who_never_leaves(
    a: float, b: float, r: float, span: float, more: float
) -> None:
    near, far = purchases_before_leaving(a, b, r, np.array([span, span + more]))
    assert 0 <= near <= far * (1 + 1e-9)
    assert far <= r * (span + more) * (1 + 1e-9)
