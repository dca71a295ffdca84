"""What a coupon cost per extra purchase: over those it brought about, and only where any are shown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit.evaluate.experiment import uplift
from segkit.evaluate.incentives import cost_of_extra_purchase, incremental_profit
from segkit.problems import InputProblems

SHOWN = uplift(treated=(120, 1000), control=(90, 1000))
UNSHOWN = uplift(treated=(100, 1000), control=(95, 1000))


def test_profit_is_people_times_uplift_times_margin_less_cost():
    found = incremental_profit(SHOWN, people=1000, margin=60, cost=500)
    assert found.value == pytest.approx(1000 * 0.03 * 60 - 500) and found.unit == "money"
    assert found.low == pytest.approx(1000 * SHOWN.low * 60 - 500) and found.high > found.value > found.low
    empty = incremental_profit(uplift(treated=(1, 2), control=(0, 0)), people=5, margin=1, cost=1)
    assert empty.value is empty.low is None


@given(st.integers(1, 10**6), st.floats(0, 1e6), st.floats(-100, 100))
def test_the_ends_stand_in_order(people, cost, margin):
    found = incremental_profit(SHOWN, people=people, margin=margin, cost=cost)
    assert found.low <= found.value <= found.high


def test_the_cost_of_an_extra_purchase():
    found = cost_of_extra_purchase(SHOWN, people=1000, cost=2400, bought=120)
    assert found.value == pytest.approx(80) and found.per_purchase == 20
    assert found.low == pytest.approx(2.4 / SHOWN.high) and found.high == pytest.approx(2.4 / SHOWN.low)
    assert found.low < found.value < found.high and found.why_not == ""


def test_where_no_extra_purchase_is_shown_it_has_no_price():
    found = cost_of_extra_purchase(UNSHOWN, people=1000, cost=2400, bought=100)
    assert found.value is found.low is found.high is None
    assert found.why_not == "none_shown" and found.per_purchase == 24
    fewer = uplift(treated=(50, 1000), control=(95, 1000))
    assert cost_of_extra_purchase(fewer, people=1000, cost=1).why_not == "fewer"
    unmeasured = uplift(treated=(50, 1000), control=(0, 0))
    assert cost_of_extra_purchase(unmeasured, people=1000, cost=1).why_not == "not_measured"
    with pytest.raises(InputProblems, match="cost"):
        cost_of_extra_purchase(SHOWN, people=1, cost=-1)


def test_the_sample_coupon_paid_only_where_it_moved_anybody():
    """Data sheet of the shop: coupons of 20 yuan, margin 18 %; 重要保持 gains, 重要价值 would have bought anyway."""
    case = Path(__file__).parents[2] / "datasets" / "jd"
    campaign = pd.read_csv(case / "campaign.csv", encoding="utf-8-sig")
    prices = {}
    for segment, rows in campaign.groupby("segment"):
        treated = rows[rows["arm"] == "treated"]
        prices[segment] = cost_of_extra_purchase(
            uplift(rows.drop(columns="segment")),
            people=len(treated),
            cost=float(treated["coupon_cost"].sum()),
            bought=int(treated["converted"].sum()),
        )
    kept, value = prices["重要保持"], prices["重要价值"]
    assert kept.value is not None and kept.low < kept.value < kept.high and kept.per_purchase < kept.value
    assert value.value is None and value.why_not == "none_shown" and value.per_purchase < 20
