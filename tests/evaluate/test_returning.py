"""Repurchase, loss and time to the second order: by hand, against scipy, and with a planted rhythm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from segkit.evaluate.returning import churn_rate, repurchase_rate, time_to_second
from segkit.problems import InputProblems

DAY = pd.Timestamp("2025-12-31")


def bought(days_ago: dict[str, list[int]]) -> pd.DataFrame:
    """Orders by how many days before the last of 2025 they were."""
    rows = [(who, DAY - pd.Timedelta(days=back), 9.0) for who, ago in days_ago.items() for back in ago]
    return pd.DataFrame(rows, columns=["customer_id", "order_date", "amount"])


def test_repurchase_counts_only_who_had_time_to_come_back() -> None:
    orders = bought(
        {"twice": [200, 100], "once": [150], "same_day": [90, 90], "recent": [30], "quick": [30, 5]}
    )
    found = repurchase_rate(orders, as_of="2025-12-31", observed_days=90)
    assert (found.value, found.n) == (pytest.approx(1 / 3), 3)
    assert "90" in found.rule("zh") and "90" in found.rule("en")
    assert repurchase_rate(orders, as_of="2025-12-31", observed_days=300).value is None


def test_loss_is_of_those_there_at_the_start_by_each_rule() -> None:
    orders = bought(
        {
            "keeps": [130, 120, 110, 100, 80, 60, 40, 20],
            "stops": [150, 130, 110, 95],  # every 20 days or so, silent for 95
            "slow": [400, 250, 100],  # every 150 days: silent for 100 is nothing
            "gone": [900, 890],  # gone long before the period
            "new": [50],  # won in the period: no part of the base
        }
    )
    found = churn_rate(orders, as_of="2025-12-31", days=90)
    assert (found.silent.value, found.silent.n) == (pytest.approx(2 / 3), 3)  # slow and stops
    assert (found.personal.value, found.personal.n) == (pytest.approx(1 / 3), 3)
    assert (found.general.value, found.general.n) == (0.0, 3), (
        "nobody is silent for longer than 90 % of all gaps"
    )
    assert all(
        one.rule(lang) for one in (found.silent, found.personal, found.general) for lang in ("zh", "en")
    )


def test_who_is_won_in_the_period_changes_nothing() -> None:
    base = {"a": [300, 280, 260, 240, 100], "b": [130, 110, 95, 91, 10]}
    before = churn_rate(bought(base), as_of="2025-12-31", days=90)
    won = churn_rate(bought(base | {f"n{i}": [80, 60, 3] for i in range(50)}), as_of="2025-12-31", days=90)
    assert (won.silent, won.personal, won.general) == (before.silent, before.personal, before.general)


def test_the_general_limit_is_what_was_known_at_the_start() -> None:
    orders = bought({"a": [220, 210, 200, 190, 20], "b": [120, 100, 80, 10]})
    found = churn_rate(orders, as_of="2025-12-31", days=90)
    assert found.limit_days == pytest.approx(np.quantile([10, 10, 10, 20], 0.9))
    nobody = churn_rate(bought({"a": [100], "b": [95]}), as_of="2025-12-31", days=90)
    assert nobody.limit_days is None and nobody.general.value is None and nobody.personal.value is None


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 1.5}, {"patience": 0}, {"quantile": 1.0}])
def test_periods_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputProblems):
        churn_rate(bought({"a": [10]}), as_of="2025-12-31", **wrong)  # type: ignore[arg-type]


people = st.lists(st.tuples(st.integers(1, 60), st.none() | st.integers(1, 40)), min_size=1, max_size=40)


@given(people)
def test_time_to_the_second_order_is_that_of_scipy(rows: list[tuple[int, int | None]]) -> None:
    ago: dict[str, list[int]] = {}
    came: list[int] = []
    waited: list[int] = []
    for i, (seen, gap) in enumerate(rows):
        back = gap is not None and gap <= seen
        ago[str(i)] = [seen, seen - gap] if back and gap is not None else [seen]
        (came if back and gap is not None else waited).append(gap if back and gap is not None else seen)
    found = time_to_second(bought(ago), as_of="2025-12-31")
    assert (found.n, found.came_back) == (len(rows), len(came))
    theirs = ecdf(CensoredData(uncensored=came, right=waited)).sf
    for day, share in zip(theirs.quantiles, theirs.probabilities, strict=True):
        ours = found.within(int(day))
        assert ours.value == pytest.approx(1 - share)
        assert ours.low is not None and ours.value is not None and ours.high is not None
        assert ours.low <= ours.value <= ours.high


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")  # of scipy, where all are back
def test_its_interval_is_that_of_scipy_and_a_planted_rhythm_comes_out() -> None:
    rng = np.random.default_rng(2)
    gaps, seen = rng.exponential(50, 800).round() + 1, rng.integers(20, 200, 800)
    ago = {
        str(i): [s, s - int(g)] if g <= s else [int(s)]
        for i, (g, s) in enumerate(zip(gaps, seen, strict=True))
    }
    found = time_to_second(bought(ago), as_of="2025-12-31")
    within = found.within(60)
    back = gaps <= seen
    theirs = ecdf(CensoredData(uncensored=gaps[back], right=seen[~back])).sf
    ends = theirs.confidence_interval(0.95, method="log-log")
    place = np.flatnonzero(theirs.quantiles <= 60)[-1]
    assert within.low == pytest.approx(1 - ends.high.probabilities[place])
    assert within.high == pytest.approx(1 - ends.low.probabilities[place])
    assert (
        within.low is not None and within.high is not None and within.low < 1 - np.exp(-59 / 50) < within.high
    )
    assert found.median_days == pytest.approx(36, abs=5)
    assert found.within(400).value is None, "nobody was seen so long"


def test_nobody_came_back() -> None:
    found = time_to_second(bought({"a": [10], "b": [40]}), as_of="2025-12-31")
    assert found.table.empty and found.median_days is None
    assert (found.within(10).value, found.within(10).low) == (0.0, 0.0)
    assert time_to_second(bought({"a": [10]}), as_of="2024-12-31").within(1).value is None
