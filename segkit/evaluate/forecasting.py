"""What will each segment bring next quarter, and how far off was such a forecast before? (下季度预测)"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import t

from segkit.evaluate.estimate import LEVEL, Estimate
from segkit.problems import InputProblems, Problem

AHEAD, SEASON = 3, 12  # months
LEAST_ORIGINS = 7  # earlier forecasts to learn the error from: two quarters that do not overlap
STARTS_BY = 3  # the first month counts as whole where its orders begin by this day (示例参数)


@dataclass(frozen=True)
class Forecast(Estimate):
    """Sales of one segment in the next quarter.

    Attributes
    ----------
    segment : its label; "" where all orders were taken together
    start, end : first and last day of the quarter, both included
    past_error : how far such forecasts were off before, on average, as a share of what came; None without any
    past_error_of_last : the same had one taken the last three months for the next three; a forecast by season that is
        no better than that is none
    origins : months from which was forecast before, to learn the error
    why_not : where there is no value: `too_short` (the data hold too few whole months), `no_sales`
    """

    segment: str = ""
    start: dt.date = dt.date.min
    end: dt.date = dt.date.min
    past_error: float | None = None
    past_error_of_last: float | None = None
    origins: int = 0
    why_not: Literal["", "too_short", "no_sales"] = ""

    @property
    def beaten(self) -> bool | None:
        """Would the last three months have said it better? Then the segment has no seasons that last, or it grows."""
        if self.past_error is None or self.past_error_of_last is None:
            return None
        return self.past_error_of_last < self.past_error


def next_quarter(
    orders: pd.DataFrame, *, as_of: dt.date, by: str | None = None, level: float = LEVEL
) -> tuple[Forecast, ...]:
    """What will each segment bring in the next three months? (季节性朴素预测, seasonal-naive)

    The same three months of last year. Its error is measured, not assumed: from every earlier month for which the data
    hold both, the same rule is applied and compared with what came (rolling origin).

    Parameters
    ----------
    orders : `order_date`, `amount`, and the column `by`: a segment known *before* the quarter, such as region, channel
        or last year's label. Labels made from today's purchases will not do: whoever is labelled active has bought
        lately, so the past of that segment looks worse than it was.
    as_of : orders up to this day are complete; the quarter begins with the next whole month
    level : of the interval

    Returns
    -------
    one Forecast for each segment, in order of its value; without a value where the data hold fewer than 21 whole months

    Raises
    ------
    InputProblems : a column is missing

    References
    ----------
    Hyndman & Athanasopoulos, Forecasting: Principles and Practice (2021), 5.2 seasonal naive, 5.10 rolling origin.
    Errors of quarters that overlap hang together, so only every third counts as one of its own for the interval.
    """
    missing = [c for c in ("order_date", "amount", *([by] if by else [])) if c not in orders]
    if missing:
        raise InputProblems([Problem("evaluate.no_column", {"columns": missing})])
    days = pd.to_datetime(orders["order_date"])
    rows = orders.assign(month=days.dt.to_period("M"))[days < pd.Timestamp(as_of) + pd.Timedelta(days=1)]
    whole = _whole_months(days[rows.index], as_of)
    first = whole[-1] + 1 if len(whole) else pd.Period(as_of, "M") + 1
    quarter = (first.start_time.date(), (first + AHEAD - 1).end_time.date())
    groups = rows.groupby(by, sort=True) if by else [("", rows)]
    found = [_forecast(str(name), part, whole, quarter, level) for name, part in groups]
    return tuple(sorted(found, key=lambda one: (one.value is None, -(one.value or 0.0), one.segment)))


def _whole_months(days: pd.Series, as_of: dt.date) -> pd.PeriodIndex:
    """The months the data hold from beginning to end."""
    if days.empty:
        return pd.PeriodIndex([], freq="M")
    begun, ended = days.min(), pd.Timestamp(as_of)
    first = pd.Period(begun, "M") + (1 if begun.day > STARTS_BY else 0)
    last = pd.Period(ended, "M") - (0 if ended.is_month_end else 1)
    return pd.period_range(first, last, freq="M") if first <= last else pd.PeriodIndex([], freq="M")


def _forecast(
    name: str, rows: pd.DataFrame, whole: pd.PeriodIndex, quarter: tuple[dt.date, dt.date], level: float
) -> Forecast:
    origins = max(0, len(whole) - SEASON - AHEAD + 1)
    made = partial(
        Forecast,
        n=len(rows),
        level=level,
        unit="money",
        method="seasonal_naive",
        segment=name,
        start=quarter[0],
        end=quarter[1],
        origins=origins,
    )
    if origins < LEAST_ORIGINS:
        return made(None, None, None, why_not="too_short")
    sales = rows.groupby("month")["amount"].sum().reindex(whole, fill_value=0.0).to_numpy(dtype="float64")
    quarters = np.convolve(sales, np.ones(AHEAD), mode="valid")  # ending with each month from the third on
    came, said = quarters[SEASON:], quarters[:-SEASON]
    if not came.any():
        return made(None, None, None, why_not="no_sales")
    wrong = came - said
    wrong_of_last = came - quarters[SEASON - AHEAD : -AHEAD]
    scale = float(np.abs(came).sum())
    value = float(quarters[-SEASON + AHEAD - 1])
    half = float(t.ppf(0.5 + level / 2, origins // AHEAD)) * math.sqrt(float((wrong**2).mean()))
    low = value - half if (sales < 0).any() else max(0.0, value - half)
    return made(
        round(value, 2),
        low,
        value + half,
        past_error=float(np.abs(wrong).sum()) / scale,
        past_error_of_last=float(np.abs(wrong_of_last).sum()) / scale,
    )
