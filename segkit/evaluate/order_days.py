"""Who bought on which days: the orders as the evaluation reads them, in pandas."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame

from segkit.customers import customer_table
from segkit.customers.arguments import asked, raise_any
from segkit.customers.rows import counted_rows
from segkit.problems import Problem


def order_days(orders: IntoFrame, *, as_of: dt.date | str) -> tuple[pd.DataFrame, dt.date]:
    """`customer_id` and `day` of every day a customer bought on up to `as_of`, sorted and once each; and the day.

    Counted is what `customer_table` counts: rows of amount >= 0 with a customer and a date, without customers who
    were refunded in full.

    Raises
    ------
    InputProblems : a column is missing, dates or amounts are text, as_of is no date
    """
    day, problems = asked(as_of)
    rows = counted_rows(orders, day, None, problems, order_ids="unused")
    bought = as_pandas(nw.to_native(rows.filter(nw.col("amount") >= 0).select("customer_id", "day").unique()))
    buyers = as_pandas(customer_table(orders, as_of=day))
    stands = buyers.loc[buyers["frequency"] > 0, "customer_id"]
    bought = bought[bought["customer_id"].isin(stands)]
    bought = bought.assign(day=pd.to_datetime(bought["day"]).astype("datetime64[s]"))
    return bought.sort_values(["customer_id", "day"], ignore_index=True), day


def as_pandas(native: Any) -> pd.DataFrame:
    """A frame of any engine in pandas."""
    frame: Any = nw.from_native(native)
    return (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_pandas()


def back_to(day: dt.date, days: Any, name: str) -> dt.date:
    """The day `days` before `day`.

    Raises
    ------
    InputProblems : `days` is no whole number from 1, or reaches before year 1
    """
    whole = isinstance(days, int) and not isinstance(days, bool) and 1 <= days < day.toordinal()
    raise_any([] if whole else [Problem("evaluate.days", {"at": name, "days": days})])
    return day - dt.timedelta(days=int(days))
