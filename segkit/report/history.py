"""How the business went on, period by period: who bought, who came for the first time, who stayed away."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

import narwhals as nw

from segkit.customers import customer_table
from segkit.intake.engine_columns import collected

PERIODS = (365, 180, 90, 30)


@dataclass(frozen=True)
class Period:
    """Customers and money of one period; `start` is excluded, `end` included."""

    active: int
    new: int | None  # None where the data does not reach back far enough to tell new from returning
    returning: int | None
    revenue: float
    orders: int
    lost: int | None  # active in the period before and not in this one
    before: int | None  # active in the period before

    @property
    def churn(self) -> float | None:
        return None if not self.before or self.lost is None else self.lost / self.before


@dataclass(frozen=True)
class History:
    """The orders of a client in time.

    Attributes
    ----------
    first, last : days of the first and the last order line
    days : the longest usual period of which the data holds two in a row; None where it holds none
    now, then : the last period of that many days, and the one before it
    """

    first: dt.date
    last: dt.date
    days: int | None
    now: Period | None
    then: Period | None

    def as_facts(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> History:
        """From JSON."""
        first, last = (dt.date.fromisoformat(str(facts[name])[:10]) for name in ("first", "last"))
        now, then = (Period(**facts[name]) if facts[name] else None for name in ("now", "then"))
        return cls(first, last, facts["days"], now, then)


def history_of(orders: Any, as_of: dt.date) -> History | None:
    """The history of clean order lines (`customer_id, order_date, amount`, optional `order_id`) of any engine.

    None where there is no line.
    """
    frame: Any = nw.from_native(orders)
    told = collected(
        frame.select(nw.col("order_date").min().alias("first"), nw.col("order_date").max().alias("last"))
    )
    first, last = told["first"].iloc[0], told["last"].iloc[0]
    if first is None or first != first:
        return None
    first, last = (dt.date.fromisoformat(str(day)[:10]) for day in (first, last))
    span = (as_of - first).days + 1
    days = next((days for days in PERIODS if 2 * days <= span), None)
    if days is None:
        return History(first, last, None, None, None)
    now, then = (period(orders, as_of - dt.timedelta(days=back), days, first=first) for back in (0, days))
    return History(first, last, days, now, then)


def period(orders: Any, end: dt.date, days: int, *, first: dt.date) -> Period:
    """Who bought in (end - days, end], for the first time or again, and who of the period before did not.

    `first` is the day the data begins.
    """
    frame: Any = nw.from_native(orders)
    start, earlier = end - dt.timedelta(days=days), end - dt.timedelta(days=2 * days)
    # the data must reach back one period before this one, else every customer looks new
    reaches = first <= earlier + dt.timedelta(days=1)
    whole_days = frame.collect_schema()["order_date"] == nw.Date

    def later_than(day: dt.date) -> nw.Expr:
        bound: Any = day + dt.timedelta(days=1)
        return nw.col("order_date") >= (
            bound if whole_days else dt.datetime(bound.year, bound.month, bound.day)
        )

    bought = nw.col("amount") >= 0
    marked = frame.filter(~later_than(end)).with_columns(
        later_than(start).alias("inside"),
        (later_than(start) & bought).cast(nw.Int64).alias("here"),
        (~later_than(start) & bought).cast(nw.Int64).alias("known"),
        (~later_than(start) & later_than(earlier) & bought).cast(nw.Int64).alias("before"),
    )
    people = marked.group_by("customer_id").agg(nw.col("here", "known", "before").max())
    counts = people.select(
        nw.col("here").sum().alias("active"),
        (nw.col("here") * (1 - nw.col("known"))).sum().alias("new"),
        nw.col("before").sum().alias("before"),
        (nw.col("before") * (1 - nw.col("here"))).sum().alias("lost"),
    )
    told = {name: _whole(value) for name, value in collected(counts).iloc[0].items()}
    revenue = collected(marked.filter(nw.col("inside")).select(nw.col("amount").sum().alias("revenue")))
    money = revenue["revenue"].iloc[0]
    # counted as the customers' own orders are, so that both numbers of a page agree
    buyers: Any = nw.from_native(customer_table(orders, as_of=end, window_days=days))
    theirs = collected(buyers.filter(nw.col("frequency") > 0).select(nw.col("orders").sum()))
    return Period(
        active=told["active"],
        new=told["new"] if reaches else None,
        returning=told["active"] - told["new"] if reaches else None,
        revenue=0.0 if money is None or money != money else round(float(money), 2),
        orders=_whole(theirs["orders"].iloc[0]),
        lost=told["lost"] if reaches else None,
        before=told["before"] if reaches else None,
    )


def _whole(value: Any) -> int:
    return 0 if value is None or value != value else int(value)
