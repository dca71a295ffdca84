"""Next quarter: last year's, with the error such forecasts had; nothing where the data are too short."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from segkit.evaluate.forecasting import next_quarter
from segkit.problems import InputProblems

SEASON = [1, 1, 1, 2, 2, 4, 1, 1, 1, 2, 6, 3]


def sold(months: int, start: str = "2023-01-01", growth: float = 1.0, segment: str = "A") -> pd.DataFrame:
    """One order a month, in the season's pattern."""
    days = pd.date_range(start, periods=months, freq="MS")
    amounts = [SEASON[i % 12] * 100.0 * growth ** (i // 12) for i in range(months)]
    return pd.DataFrame({"order_date": days, "amount": amounts, "segment": segment})


def test_a_season_that_repeats_is_forecast_without_error():
    (found,) = next_quarter(sold(36), as_of=dt.date(2025, 12, 31))
    assert (found.start, found.end) == (dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    assert found.value == found.low == found.high == 300
    assert found.past_error == 0 and found.origins == 36 - 14 and found.beaten is False


def test_growth_shows_in_the_past_error():
    (found,) = next_quarter(sold(36, growth=1.25), as_of=dt.date(2025, 12, 31))
    assert found.past_error == pytest.approx(0.2) and found.value == pytest.approx(300 * 1.25**2)
    assert found.high > 300 * 1.25**3 > found.value  # what will come lies within


def test_without_seasons_the_last_quarter_is_as_good():
    rng = np.random.default_rng(1)
    days = pd.date_range("2023-01-01", "2025-12-31")
    level = np.repeat(rng.uniform(50, 150, 12), 100)[: len(days)]
    (found,) = next_quarter(pd.DataFrame({"order_date": days, "amount": level}), as_of=dt.date(2025, 12, 31))
    assert found.beaten is True


@pytest.mark.parametrize(("months", "given"), [(20, False), (21, True)])
def test_too_little_history_is_refused(months, given):
    orders = sold(months, start="2024-01-01")
    as_of = (orders["order_date"].max() + pd.offsets.MonthEnd(0)).date()
    (found,) = next_quarter(orders, as_of=as_of)
    assert (found.value is not None) is given and found.why_not == ("" if given else "too_short")
    assert found.origins == months - 14


def test_months_that_are_not_whole_do_not_count():
    orders = sold(36)
    extra = pd.DataFrame({"order_date": [pd.Timestamp("2026-01-05")], "amount": [9.0], "segment": "A"})
    (found,) = next_quarter(pd.concat([orders, extra]), as_of=dt.date(2026, 1, 20))
    assert (found.start, found.value, found.past_error) == (dt.date(2026, 1, 1), 300, 0)
    late = orders.assign(order_date=orders["order_date"] + pd.Timedelta(days=20))
    (found,) = next_quarter(late, as_of=dt.date(2025, 12, 31))
    assert found.origins == 35 - 14


def test_by_segment_in_order_of_value():
    orders = pd.concat([sold(36), sold(36, segment="B").assign(amount=lambda rows: rows["amount"] * 2)])
    later = pd.DataFrame({"order_date": [pd.Timestamp("2026-02-01")], "amount": [5.0], "segment": "C"})
    found = next_quarter(pd.concat([orders, later]), as_of=dt.date(2025, 12, 31), by="segment")
    assert [(one.segment, one.value) for one in found] == [
        ("B", 600),
        ("A", 300),
    ]  # what comes later is not known yet
    with pytest.raises(InputProblems, match="region"):
        next_quarter(orders, as_of=dt.date(2025, 12, 31), by="region")
    assert next_quarter(orders.head(0), as_of=dt.date(2025, 12, 31))[0].why_not == "too_short"
