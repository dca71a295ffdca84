"""Who came back, who stayed away, and how long until the second order (复购率、流失率), each with its rule."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from numpy.typing import NDArray

from segkit.evaluate.estimate import LEVEL, Estimate, proportion, z_of
from segkit.evaluate.order_days import back_to, order_days
from segkit.problems import InputProblems, Problem

OBSERVED = 90  # days; as the report's own rate of repurchase
PATIENCE = 3.0  # times the personal interval (示例参数)
LONG = 0.9  # of all intervals; whoever waits longer than that is taken as lost


def repurchase_rate(
    orders: IntoFrame, *, as_of: dt.date | str, observed_days: int = OBSERVED, level: float = LEVEL
) -> Estimate:
    """Of 100 customers, how many bought again? (复购率)

    Customers with at least two order days, by customers whose first order lies at least `observed_days` back: who
    came last week has had no time to come back.

    Parameters
    ----------
    orders, as_of : as in `customer_table`, any engine
    observed_days : at least 1
    """
    days, day = order_days(orders, as_of=as_of)
    back_to(day, observed_days, "observed_days")
    by = days.groupby("customer_id")["day"].agg(["min", "size"])
    seen = by[(pd.Timestamp(day) - by["min"]).dt.days >= observed_days]
    facts = {"days": observed_days, "as_of": day}
    return proportion(int((seen["size"] >= 2).sum()), len(seen), level, method="repurchase", **facts)


@dataclass(frozen=True)
class Churn:
    """The rate of loss (流失率) by three rules; customers without a contract never say that they left.

    All three divide those lost in the period by the customers at its **start**, never by those won.

    Attributes
    ----------
    silent : bought in the period before, and not in this one
    personal : silent for more than `patience` times their own median interval; customers with an interval only
    general : silent for longer than 90 % of all intervals between order days
    start, as_of : the period is (start, as_of]
    limit_days : those 90 %; None where nobody had bought twice by the start
    """

    silent: Estimate
    personal: Estimate
    general: Estimate
    start: dt.date
    as_of: dt.date
    limit_days: float | None


def churn_rate(
    orders: IntoFrame,
    *,
    as_of: dt.date | str,
    days: int = 90,
    patience: float = PATIENCE,
    quantile: float = LONG,
    level: float = LEVEL,
) -> Churn:
    """How many of those who were customers at the start of the period were lost in it? (流失率)

    How long is long is settled by what was known at the start: by each customer's own median interval and by all
    intervals that were complete then. Waits that still last are no intervals yet, so both limits are rather short
    where the data reach back little.

    Parameters
    ----------
    orders, as_of : as in `customer_table`, any engine
    days : length of the period
    patience : above 0, times the personal median interval
    quantile : in (0, 1), of all intervals

    Raises
    ------
    InputProblems : as `customer_table`; days, patience or quantile cannot be
    """
    bought, day = order_days(orders, as_of=as_of)
    start = back_to(day, days, "days")
    if not (patience > 0 and 0 < quantile < 1):
        facts = {"patience": patience, "quantile": quantile}
        raise InputProblems([Problem("evaluate.churn_arguments", facts)])
    earlier = bought[bought["day"] <= pd.Timestamp(start)]
    last = earlier.groupby("customer_id")["day"].max()
    final = bought.groupby("customer_id")["day"].max().reindex(last.index)
    waited = (pd.Timestamp(start) - last).dt.days.astype("float64")
    silence = (pd.Timestamp(day) - final).dt.days.astype("float64")
    gaps = earlier.groupby("customer_id")["day"].diff().dt.days.dropna()
    own = patience * gaps.groupby(earlier.loc[gaps.index, "customer_id"]).median().reindex(last.index)
    limit = float(gaps.quantile(quantile)) if len(gaps) else None
    general = pd.Series(math.nan if limit is None else limit, index=last.index)
    period = {"days": days, "start": start, "as_of": day}

    def lost(limits: pd.Series, rule: str, **more: object) -> Estimate:
        there = waited <= limits  # who has no limit is not counted
        gone = there & (silence > limits)
        facts = {**period, **more, "out": int(limits.isna().sum())}
        return proportion(int(gone.sum()), int(there.sum()), level, method=rule, **facts)

    active = waited < days
    silent = proportion(
        int((active & (silence >= days)).sum()), int(active.sum()), level, method="churn_silent", **period
    )
    return Churn(
        silent,
        lost(own, "churn_personal", patience=patience),
        lost(general, "churn_general", quantile=quantile, limit=limit if limit is not None else 0.0),
        start,
        day,
        limit,
    )


@dataclass(frozen=True)
class SecondOrder:
    """How long until customers buy again, those still waiting counted for as long as they were seen.

    Attributes
    ----------
    table : one row per day on which somebody bought again: `days` since the first order, `at_risk` (seen so long and
        not back yet), `came_back`, `waiting` (share not back yet) with `low, high`
    n, came_back : customers, and how many of them bought again
    longest : days the longest-known customer has been seen
    """

    table: pd.DataFrame
    n: int
    came_back: int
    longest: int
    level: float = LEVEL

    def within(self, days: int) -> Estimate:
        """How many have bought again `days` after their first order? No value where nobody was seen so long."""
        facts = {"days": days}
        if self.n == 0 or days > self.longest:
            return Estimate(None, None, None, self.n, self.level, "share", "second_order", facts)
        rows = self.table[self.table["days"] <= days]
        if rows.empty:  # nobody came back so soon: an interval as for a share of none
            zero = proportion(0, self.n, self.level)
            return Estimate(0.0, 0.0, zero.high, self.n, self.level, "share", "second_order", facts)
        waiting, low, high = (float(rows[c].iloc[-1]) for c in ("waiting", "low", "high"))
        return Estimate(1 - waiting, 1 - high, 1 - low, self.n, self.level, "share", "second_order", facts)

    @property
    def median_days(self) -> int | None:
        """Days after which half have bought again; None where that many have not."""
        half = self.table[self.table["waiting"] <= 0.5]
        return None if half.empty else int(half["days"].iloc[0])


def time_to_second(orders: IntoFrame, *, as_of: dt.date | str, level: float = LEVEL) -> SecondOrder:
    """How long does it take until the second order? Kaplan-Meier, with the log-log interval (首购到复购的时间).

    References
    ----------
    Kaplan & Meier (1958), J. Am. Stat. Assoc. 53, 457-481; Greenwood (1926) for the variance.
    """
    days, day = order_days(orders, as_of=as_of)
    rank = days.groupby("customer_id").cumcount()
    first = days[rank == 0].set_index("customer_id")["day"]
    second = days[rank == 1].set_index("customer_id")["day"].reindex(first.index)
    back = second.notna().to_numpy()
    time = (second.fillna(pd.Timestamp(day)) - first).dt.days.to_numpy(dtype="int64")
    when, came = np.unique(time[back], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), when, side="left")
    waiting = np.cumprod(1 - came / at_risk).astype("float64")
    low, high = _log_log(waiting, came, at_risk, level)
    table = pd.DataFrame(
        {"days": when, "at_risk": at_risk, "came_back": came, "waiting": waiting, "low": low, "high": high}
    )
    longest = int((pd.Timestamp(day) - first).dt.days.max()) if len(first) else 0
    return SecondOrder(table, len(first), int(back.sum()), longest, level)


def _log_log(
    waiting: NDArray[np.float64], came: NDArray[np.int64], at_risk: NDArray[np.int64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Greenwood's variance on the scale of log(-log S), which keeps the interval within 0..1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(came / (at_risk * (at_risk - came)))) / np.abs(np.log(waiting))
        ends = [waiting ** np.exp(sign * z_of(level) * spread) for sign in (1, -1)]
    # where all are back there is nobody left to vary: the interval is as wide as can be
    return tuple(np.nan_to_num(end, nan=fill) for end, fill in zip(ends, (0.0, 1.0), strict=True))  # type: ignore[return-value]
