"""The table of customers and the summary of repeat purchases."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import narwhals as nw
from narwhals.typing import IntoFrameT

from segkit.customers.arguments import DAYS_IN, Counting, Frame, asked, missing_columns, raise_any
from segkit.customers.grouping import grouped
from segkit.customers.kinds import native_with_kinds, with_day_numbers
from segkit.customers.rows import OrderIds, counted_rows
from segkit.problems import InputProblems, Problem

COLUMNS = (
    "customer_id",
    "first_order",
    "last_order",
    "recency_days",
    "frequency",
    "orders",
    "monetary",
    "aov",
    "tenure_days",
)
SUMS = ("first_order", "last_order", "frequency", "orders", "monetary")  # of these all else is made


def customer_table(
    orders: IntoFrameT,
    *,
    as_of: dt.date | str,
    window_days: int | None = None,
    frequency_of: Counting = "days",
    customers: IntoFrameT | None = None,
) -> IntoFrameT:
    """Who bought when, how often and for how much? One row per customer.

    Parameters
    ----------
    orders : `customer_id`, `order_date` (date or datetime), `amount` (currency units), optional `order_id`;
        other columns are not looked at. Rows without customer, date or amount are ignored.
    as_of : the day the table speaks of, a date or text like 2025-12-31; later rows do not count
    window_days : count only the days in (as_of - window_days, as_of]; None counts all of them
    frequency_of : ``"days"`` with at least one row of amount >= 0, or ``"orders"``, distinct order ids
    customers : same engine, with `customer_id`: registered customers, who stay in the table without an order

    Returns
    -------
    `customer_id, first_order, last_order, recency_days, frequency, orders, monetary, aov, tenure_days`; eager
    frames are sorted by `customer_id`. First and last order are the days with a row of amount >= 0; counts of
    days are whole numbers (nullable ``Int64`` in pandas). `orders` counts distinct ids with such a row, and
    rows without an id one by one. A customer with negative rows and a net <= 0 was refunded in full:
    frequency 0, dates and days null. `monetary` is rounded to cents after summing; `aov` is `monetary /
    orders` unrounded, null without orders.

    Raises
    ------
    InputProblems : a column is missing, dates or amounts are text (clean them first), or an argument cannot be
    """
    day, problems = asked(as_of, window_days, frequency_of=frequency_of)
    rows = counted_rows(orders, day, window_days, problems, order_ids=ids_for(frequency_of))
    return give_back(dated(_with_registered(totals(rows, frequency_of), customers), day))


def repeat_summary(
    orders: IntoFrameT, *, as_of: dt.date | str, unit: Literal["day", "week"] = "week"
) -> IntoFrameT:
    """How often did each buyer come back, and when last? The input of BG/NBD and Gamma-Gamma (复购摘要).

    Parameters
    ----------
    orders, as_of : as in `customer_table`
    unit : of `t_x` and `T`; a week is seven days

    Returns
    -------
    One row per customer of frequency > 0: `customer_id`, `x` (distinct order days less one), `t_x` (first to
    last order), `T` (first order to as_of), `repeat_value` (mean money per repeat day, 0 where x is 0). Money
    refunded on a day without an order is taken off the repeat days.

    Raises
    ------
    InputProblems : as in `customer_table`; another unit

    References
    ----------
    Fader, Hardie & Lee (2005), Marketing Science 24(2).
    """
    day, problems = asked(as_of, unit=unit)
    rows = counted_rows(orders, day, None, problems, order_ids="unused")
    buyers = totals(rows, "days", first_value=True).filter(nw.col("frequency") > 0)
    repeats = nw.col("frequency") - 1
    # the money of the first day is no repeat purchase
    again = (nw.col("monetary") - nw.col("first_value").cast(nw.Float64)).round(2)
    summary = with_day_numbers(buyers, first="first_order", last="last_order").select(
        nw.col("customer_id"),
        repeats.alias("x"),
        ((nw.col("last") - nw.col("first")) / DAYS_IN[unit]).alias("t_x"),
        ((day.toordinal() - nw.col("first")) / DAYS_IN[unit]).alias("T"),
        nw.when(repeats > 0).then(again / repeats).otherwise(nw.lit(0.0)).alias("repeat_value"),
    )
    return give_back(summary)


def ids_for(frequency_of: Counting) -> OrderIds:
    """Order ids must be there only where orders, not days, are counted."""
    return "needed" if frequency_of == "orders" else "used"


def totals(rows: Frame, frequency_of: Counting, *, first_value: bool = False) -> Frame:
    """customer_id, first_order, last_order, frequency, orders, monetary; if asked for, first_value."""
    sums = grouped(rows, first_value=first_value)
    orders = nw.col("bought")
    if "ids" in sums.collect_schema():
        orders = nw.col("ids") + nw.col("bought") - nw.col("named")
    counted = sums.with_columns(
        (nw.col("monetary").cast(nw.Float64).round(2) + 0.0).alias("monetary"),  # + 0.0: no minus zero
        orders.alias("orders"),
    )
    counted = counted.with_columns(((nw.col("refunds") == 0) | (nw.col("monetary") > 0)).alias("stands"))
    stands = nw.col("stands")
    frequency = nw.col("days" if frequency_of == "days" else "orders")
    return counted.select(
        nw.col("customer_id"),
        nw.when(stands).then(nw.col("first_order")).alias("first_order"),
        nw.when(stands).then(nw.col("last_order")).alias("last_order"),
        nw.when(stands).then(frequency).otherwise(nw.lit(0)).cast(nw.Int64).alias("frequency"),
        nw.col("orders"),
        nw.col("monetary"),
        *["first_value"] * first_value,
    )


def require_same_ids(first: Frame, other: Frame) -> None:
    """Ids of one kind on both sides: 7 and "7" would meet nobody."""
    kinds = [str(f.collect_schema()["customer_id"]) for f in (first, other)]
    if kinds[0] != kinds[1]:
        facts = {"orders": kinds[0], "customers": kinds[1]}
        raise InputProblems([Problem("customers.id_kinds", facts, column="customer_id")])


def _with_registered(sums: Frame, customers: Any | None) -> Frame:
    """All customers of both sides, once; who has no orders has counts and money of 0.

    The sums are joined to the ids of both: an outer join leaves gaps in the ids, and with gaps pandas turns
    whole numbers into floats, where long ids fall together.
    """
    if customers is None:
        return sums
    registered = nw.from_native(customers)
    raise_any(missing_columns(registered, ("customer_id",)))
    require_same_ids(sums, registered)
    listed = registered.select("customer_id").filter(~nw.col("customer_id").is_null())
    ids = nw.concat([sums.select("customer_id"), listed]).unique()
    return ids.join(sums, on="customer_id", how="left").with_columns(
        nw.col("frequency", "orders").fill_null(0).cast(nw.Int64), nw.col("monetary").fill_null(0.0)
    )


def dated(table: Frame, as_of: dt.date) -> Frame:
    """The sums with what follows from the day: recency, tenure and money per order."""
    numbered = with_day_numbers(table, recency_days="last_order", tenure_days="first_order")
    return numbered.with_columns(
        *((as_of.toordinal() - nw.col(c)).alias(c) for c in ("recency_days", "tenure_days")),
        nw.when(nw.col("orders") > 0).then(nw.col("monetary") / nw.col("orders")).alias("aov"),
    ).select(*COLUMNS)


def give_back(table: Frame) -> Any:
    """The engine's own frame; eager ones sorted, so the same orders always give the same table."""
    if isinstance(table, nw.DataFrame):
        table = nw.maybe_reset_index(table.sort("customer_id"))
    return native_with_kinds(table, ("recency_days", "tenure_days"))
