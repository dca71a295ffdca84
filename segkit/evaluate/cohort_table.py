"""Do the customers won in a month come back, month after month? Cohorts by first order (同期群)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from segkit.evaluate.estimate import LEVEL, Estimate, proportion
from segkit.evaluate.order_days import order_days
from segkit.locale import Lang, say


@dataclass(frozen=True)
class Cohorts:
    """Customers by the month of their first order, and how many of them bought in each month after it.

    Attributes
    ----------
    sizes : customers per cohort, by month (``2025-03``); a month without new customers has 0
    counts : one row per cohort, one column per month since the first order (0 is its own): customers who bought in
        it; missing where that month was not over at `as_of`
    as_of : the day the table speaks of
    first : day of the first order in the data. Whoever bought before the data begin looks new in its first months.
    """

    sizes: pd.Series
    counts: pd.DataFrame
    as_of: dt.date
    first: dt.date | None
    level: float = LEVEL

    def retention(self) -> pd.DataFrame:
        """`counts` as shares of the cohort (留存率), 0..1; missing where not yet observed."""
        size = self.sizes.astype("Float64")
        return self.counts.astype("Float64").div(size.where(size > 0), axis=0)

    def retained(self, months: int) -> Estimate:
        """Of all customers whose month number `months` after the first order is over: who bought in it?"""
        if months not in self.counts:
            return proportion(0, 0, self.level, method="retained", months=months)
        seen = self.counts[months].notna()
        k, n = int(self.counts.loc[seen, months].sum()), int(self.sizes[seen].sum())
        return proportion(k, n, self.level, method="retained", months=months)

    def text(self, lang: Lang = "zh") -> str:
        """What stands in the table, and what its first rows cannot say."""
        facts = {"n": int(self.sizes.sum()), "cohorts": len(self.sizes), "as_of": self.as_of}
        if self.first is None:
            return say("evaluate.cohorts_none", lang, **facts)
        return say("evaluate.cohorts", lang, first=self.first, **facts)


def cohorts(
    orders: IntoFrame, *, as_of: dt.date | str, months: int | None = None, level: float = LEVEL
) -> Cohorts:
    """Do customers won in a month come back? First-order month by months since (同期群留存).

    Parameters
    ----------
    orders, as_of : as in `customer_table`, any engine; a customer refunded in full is none
    months : columns beside that of the first month; left out: as many as were observed

    Returns
    -------
    `Cohorts`. Calendar months; a month counts once its last day is over, so a cell not yet observed is missing and
    never 0, the cohort of a month still running has no cell at all.

    Raises
    ------
    InputProblems : as `customer_table`
    """
    days, day = order_days(orders, as_of=as_of)
    if days.empty:
        return Cohorts(pd.Series(dtype="int64"), pd.DataFrame(), day, None, level)
    month = days["day"].dt.year.to_numpy() * 12 + days["day"].dt.month.to_numpy() - 1
    first = pd.Series(month).groupby(days["customer_id"].to_numpy()).transform("min").to_numpy()
    pairs = pd.DataFrame({"customer": days["customer_id"], "cohort": first, "since": month - first})
    pairs = pairs.drop_duplicates()
    rows = np.arange(first.min(), _month(day) + 1)
    over = _month(day + dt.timedelta(days=1)) - 1  # the last month that is over
    most = max(0, over - int(first.min()))
    width = most if months is None else min(months, most)
    sizes = pairs.loc[pairs["since"] == 0, "cohort"].value_counts().reindex(rows, fill_value=0)
    counts = pd.crosstab(pairs["cohort"], pairs["since"]).reindex(
        index=rows, columns=range(width + 1), fill_value=0
    )
    seen = rows[:, None] + np.arange(width + 1)[None, :] <= over
    counts = counts.astype("Int64").where(seen)
    named = pd.Index([f"{row // 12:04d}-{row % 12 + 1:02d}" for row in rows], name="cohort")
    counts.index = sizes.index = named
    counts.columns = pd.Index(range(width + 1), name="months_since")
    begun = days["day"].min().date()
    return Cohorts(sizes.rename("customers").astype("int64"), counts, day, begun, level)


def _month(day: dt.date) -> int:
    return day.year * 12 + day.month - 1
