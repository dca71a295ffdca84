"""Uplift against a holdout: published values, laws, and what was planted in the sample campaign."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

import segkit
from segkit.evaluate.experiment import newcombe, uplift
from segkit.evaluate.shrinkage import chance_of_harm, shrunken
from segkit.problems import InputProblems

DATASETS = Path(__file__).parents[2] / "datasets"


def drawn(*cells: tuple[str, int, int, int, int]) -> pd.DataFrame:
    """Rows of (segment, bought and customers treated, bought and customers held out)."""
    rows = []
    for segment, k1, n1, k0, n0 in cells:
        for arm, k, n in (("treated", k1, n1), ("holdout", k0, n0)):
            rows += [(segment, arm, int(i < k)) for i in range(n)]
    return pd.DataFrame(rows, columns=["segment", "arm", "converted"])


# --- published values ------------------------------------------------------------------------------


def test_the_published_example():
    found = segkit.uplift(treated=(120, 1000), control=(90, 1000))
    assert found.value == pytest.approx(0.030)
    assert (found.low, found.high) == (pytest.approx(0.0031, abs=5e-5), pytest.approx(0.0570, abs=5e-5))
    assert found.relative == pytest.approx(1 / 3) and found.n == 2000 and found.shown


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [  # Newcombe (1998), Statistics in Medicine 17, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombes_interval(one, other, low, high):
    found = uplift(treated=one, control=other)
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_money_per_head_after_welch():
    rng = np.random.default_rng(7)
    spent = [np.round(rng.gamma(2, 50, n) * rng.integers(0, 2, n), 2) for n in (90, 40)]
    frame = pd.DataFrame(
        {"arm": ["treated"] * 90 + ["holdout"] * 40, "revenue": np.concatenate(spent)}
    ).assign(converted=lambda rows: rows["revenue"] > 0)
    interval = ttest_ind(*spent, equal_var=False).confidence_interval()
    found = uplift(frame).revenue
    assert (found.low, found.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert found.value == pytest.approx(spent[0].mean() - spent[1].mean()) and found.unit == "money"


def priced(*arms: tuple[str, str, list[float]]) -> pd.DataFrame:
    """Rows of (segment, arm, money of each customer)."""
    rows = [(segment, arm, money) for segment, arm, spent in arms for money in spent]
    frame = pd.DataFrame(rows, columns=["segment", "arm", "revenue"])
    return frame.assign(converted=(frame["revenue"] > 0).astype(int))


@pytest.mark.parametrize(
    "spent", [([100.0] * 2, [0.0] * 2), ([0.0] * 50, [0.0] * 50), ([0.1] * 3, [0.7] * 7)]
)
def test_money_that_never_differs_tells_no_spread_and_no_interval(spent):
    flat = priced(("flat", "treated", spent[0]), ("flat", "holdout", spent[1]))
    for frame in (flat, flat.drop(columns="segment")):
        found = uplift(frame)
        assert found.revenue.value is found.revenue.low is found.revenue.high is None
        assert found.priced == 0 and found.value is not None
    known = priced(("A", "treated", [0, 50, 120, 0, 80]), ("A", "holdout", [0, 30, 0, 90]))
    both = uplift(pd.concat([known, flat]))
    assert both.revenue == uplift(known).revenue  # nor does it make the sum look surer
    assert both.priced == 5 and both.n == 9 + len(flat)
    assert next(one for one in both.segments if one.segment == "flat").revenue.value is None


def test_money_rests_on_segments_with_both_arms_only():
    known = priced(("A", "treated", [0, 50, 120, 0, 80]), ("A", "holdout", [0, 30, 0, 90]))
    vip = priced(("vip", "treated", [900, 800, 700]))
    found = uplift(pd.concat([known, vip]))
    assert (found.revenue.value, found.priced) == (uplift(known).revenue.value, 5)
    twice = pd.concat([known.assign(customer_id=range(9))] * 2)
    assert uplift(twice).priced == 10  # a customer counted once in each month


# --- laws ------------------------------------------------------------------------------------------


arm = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(arm, arm)
def test_the_interval_holds_the_value_and_stays_possible(one, other):
    found = uplift(treated=one, control=other)
    assert -1 <= found.low <= found.value <= found.high <= 1
    turned = uplift(treated=other, control=one)
    assert (turned.low, turned.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


@given(arm, arm)
def test_a_frame_says_what_the_counts_say(one, other):
    cell = drawn(("all", *one, *other))
    counted, listed = uplift(treated=one, control=other), uplift(cell.drop(columns="segment"))
    assert (listed.value, listed.low, listed.high) == (counted.value, counted.low, counted.high)
    of_one_segment = uplift(cell)
    assert (of_one_segment.low, of_one_segment.high) == (counted.low, counted.high)


@given(st.lists(st.tuples(arm, arm), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(cells, random):
    frame = drawn(*[(f"S{i}", *one, *other) for i, (one, other) in enumerate(cells)])
    order = list(range(len(frame)))
    random.shuffle(order)
    assert uplift(frame).segments == uplift(frame.iloc[order]).segments
    found = uplift(frame)
    assert found.value == pytest.approx(found.treated.value - found.control.value)
    raw = [one.raw.value for one in found.segments]
    assert min(raw) - 1e-12 <= found.value <= max(raw) + 1e-12


@given(
    st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(1e-6, 0.01)), min_size=1, max_size=8),
)
def test_shrinking_draws_inwards(seen):
    found = shrunken([(d, v, 1) for d, v in seen])
    least, most = min(d for d, _ in seen), max(d for d, _ in seen)
    for one in found:
        assert least - 1e-9 <= one.value <= most + 1e-9 and one.low < one.value < one.high
    if len(seen) == 1:  # nothing to draw towards
        (d, v), half = seen[0], 1.959964 * seen[0][1] ** 0.5
        assert found[0].value == pytest.approx(d)
        assert found[0].half == pytest.approx(half, rel=1e-4) and v > 0


def test_shrinking_finds_the_eight_schools():
    """Gelman et al., Bayesian Data Analysis, table 5.3: medians and 95 % limits of 200 draws, under another prior."""
    effects, errors = [28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18]
    found = shrunken([(d, e**2, 1) for d, e in zip(effects, errors, strict=True)])
    published = [10, 8, 7, 8, 5, 6, 10, 8]
    assert [one.value for one in found] == [pytest.approx(p, abs=1.3) for p in published]
    assert -4 < found[0].low < 0 and 23 < found[0].high < 32


def test_shrunken_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(3)
    held = []
    for _ in range(300):
        truth = rng.normal(0.02, 0.03, 6)
        errors = rng.uniform(0.01, 0.05, 6)
        seen = rng.normal(truth, errors)
        found = shrunken([(d, e**2, 1) for d, e in zip(seen, errors, strict=True)])
        held += [one.low <= t <= one.high for one, t in zip(found, truth, strict=True)]
    assert 0.91 < np.mean(held) < 0.98  # .926 here: a spread twice what the prior expects costs a little


# --- segments --------------------------------------------------------------------------------------


def test_an_empty_arm_is_not_measurable():
    found = uplift(drawn(("A", 30, 200, 10, 200), ("vip", 40, 60, 0, 0), ("B", 4, 100, 4, 100)))
    vip = next(one for one in found.segments if one.segment == "vip")
    assert found.not_measurable == ("vip",) and vip.verdict == "not_measurable"
    assert vip.raw.value is vip.shrunk.value is vip.raw.low is vip.shrunk.high is None
    # nor does it shift the whole: key accounts that nobody was held out from buy more anyway
    assert found.value == uplift(drawn(("A", 30, 200, 10, 200), ("B", 4, 100, 4, 100))).value
    nobody = uplift(treated=(3, 5), control=(0, 0))
    assert nobody.value is None and nobody.relative is None and nobody.detectable is None and not nobody.shown


def test_segments_held_out_unevenly_do_not_deceive():
    """Simpson: no effect anywhere, but of those who buy much fewer were held out."""
    found = uplift(drawn(("key", 360, 900, 40, 100), ("rest", 5, 100, 45, 900)))
    assert found.value == pytest.approx(0.0) and not found.shown
    together = drawn(("all", 365, 1000, 85, 1000)).drop(columns="segment")
    assert uplift(together).value == pytest.approx(0.28)


def test_harm_is_named_where_it_is_shown_and_only_there():
    found = uplift(
        drawn(("woken", 20, 2000, 100, 2000), ("A", 200, 1000, 120, 1000), ("B", 90, 1000, 60, 1000))
    )
    assert found.harmed == ("woken",) and {s.segment: s.verdict for s in found.segments}["A"] == "helped"
    few = uplift(drawn(("woken", 2, 150, 9, 150), ("A", 20, 100, 12, 100), ("B", 9, 100, 6, 100)))
    assert few.harmed == () and few.leaning_to_harm == ("woken",)


def test_without_any_effect_hardly_anybody_is_called_harmed():
    rng = np.random.default_rng(11)
    named = 0
    for _ in range(200):
        cells = [
            (f"S{i}", rng.binomial(n, 0.06), n, rng.binomial(n, 0.06), n) for i, n in enumerate([300] * 8)
        ]
        named += bool(uplift(drawn(*cells)).harmed)
    assert named <= 10  # of 200: one in twenty


def test_no_lean_to_harm_where_those_contacted_bought_more():
    """Three segments draw a fourth below 0, of whom those contacted bought .8 %, the others .4 %."""
    found = uplift(
        drawn(
            ("few", 1, 125, 1, 250),
            ("A", 60, 1000, 90, 1000),
            ("B", 50, 1000, 85, 1000),
            ("C", 70, 1000, 95, 1000),
        )
    )
    few = next(one for one in found.segments if one.segment == "few")
    assert few.raw.value > 0 > few.shrunk.value and few.chance_of_harm > 0.8  # this test is about it
    assert few.verdict == "open" and "few" not in found.leaning_to_harm


def test_harm_hardly_likelier_than_not_is_not_named():
    found = uplift(drawn(("A", 59, 1000, 60, 1000), ("B", 60, 1000, 60, 1000)))
    one = next(one for one in found.segments if one.segment == "A")
    assert one.raw.value < 0 and one.shrunk.value < 0 and 0.5 < one.chance_of_harm < 0.8
    assert found.leaning_to_harm == () and one.verdict == "open"


def test_without_any_effect_a_segment_is_named_in_at_most_every_third_report():
    """As large as the eight segments of the sample shop: 77 % before, when any value below 0 was enough."""
    sizes = [
        (363, 0.24),
        (155, 0.05),
        (9, 0.12),
        (30, 0.045),
        (105, 0.13),
        (96, 0.06),
        (49, 0.09),
        (191, 0.04),
    ]
    rng = np.random.default_rng(3)
    named = 0
    for _ in range(150):
        cells = [(f"S{i}", rng.binomial(n, p), n, rng.binomial(n, p), n) for i, (n, p) in enumerate(sizes)]
        found = uplift(drawn(*cells))
        named += bool(found.leaning_to_harm + found.harmed)
    assert named <= 60


@given(st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(1e-6, 0.01)), min_size=1, max_size=8))
def test_the_chance_of_harm_says_what_the_interval_says(seen):
    cells = [(d, v, 1) for d, v in seen]
    turned = chance_of_harm([(-d, v, n) for d, v, n in cells])
    for one, chance, other in zip(shrunken(cells), chance_of_harm(cells), turned, strict=True):
        assert chance + other == pytest.approx(1.0)
        assert (one.high < 0) == (chance > 0.975) or one.high == pytest.approx(0, abs=1e-6)


def test_months_of_one_customer_are_not_as_many_customers():
    rng = np.random.default_rng(5)
    people = pd.DataFrame({"customer_id": range(400), "arm": ["treated", "holdout"] * 200})
    people["likes"] = rng.beta(0.3, 2.7, 400)
    months = pd.concat([people] * 6, ignore_index=True)
    months["converted"] = (rng.uniform(size=len(months)) < months["likes"]).astype(int)
    told, untold = uplift(months), uplift(months.drop(columns="customer_id"))
    assert told.value == pytest.approx(untold.value) and told.n == 400
    assert told.half > 1.4 * untold.half
    once = uplift(months.head(400))
    assert once.half == uplift(months.head(400).drop(columns="customer_id")).half


# --- the sample's own campaign ---------------------------------------------------------------------


def test_the_sample_campaign_is_read_as_planted():
    campaign = pd.read_csv(DATASETS / "jd" / "campaign.csv", encoding="utf-8-sig")
    found = uplift(campaign)
    truth = pd.read_csv(DATASETS / "_truth" / "jd_campaign.csv", encoding="utf-8-sig")
    planted = truth[truth["arm"] == "treated"].sort_values("n")["uplift"].astype(float)
    for one in found.segments:
        near = (planted - one.raw.value).abs().min()
        assert (
            near < 0.05
            and one.raw.low <= planted.loc[(planted - one.raw.value).abs().idxmin()] <= one.raw.high
        )
    raw = {one.segment: one.raw.value for one in found.segments}
    assert max(raw, key=raw.get) == "重要保持" and min(raw, key=raw.get) == "一般挽留"
    # who answers most is not who is moved most: the trap of the data sheet
    assert max(found.segments, key=lambda one: one.treated.value).segment == "重要价值"


def test_nobody_at_all_is_not_measurable():
    nobody = drawn(("A", 1, 2, 1, 2)).assign(revenue=1.0, customer_id="x").head(0)
    for frame in (nobody, nobody.drop(columns=["segment", "revenue", "customer_id"])):
        found = uplift(frame)
        assert found.value is found.low is found.revenue.value is found.detectable is None
        assert found.n == 0 and found.segments == () and not found.shown


# --- bad input -------------------------------------------------------------------------------------


def test_everything_wrong_is_said_at_once():
    frame = pd.DataFrame({"arm": ["treated", "control"], "converted": [2, 1], "revenue": ["x", 1]})
    with pytest.raises(InputProblems) as caught:
        uplift(frame)
    ids = {problem.id for problem in caught.value.problems}
    assert ids == {"evaluate.unknown_arm", "evaluate.not_yes_or_no", "evaluate.no_money"}
    assert "control" in caught.value.text("en")
    with pytest.raises(InputProblems, match="missing"):
        uplift(frame[["arm"]])
    with pytest.raises(InputProblems, match="3 of 2"):
        uplift(treated=(3, 2), control=(1, 2))


def test_newcombe_takes_shares_with_their_intervals():
    found = uplift(treated=(5, 50), control=(1, 50))
    assert newcombe(found.treated, found.control).low == found.low
