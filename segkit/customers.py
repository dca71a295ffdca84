"""From orders to one row per customer (客户明细表): recency, frequency, money, and what repeats.

Written with Narwhals: a pandas or Polars frame (eager or lazy), a DuckDB relation or a Spark frame comes back
as what it was. Money is rounded to cents after summing and days are whole numbers, so every engine agrees.
"""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral
from typing import Any, Literal, get_args

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrameT

from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem, SegkitError

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
Counting = Literal["days", "orders"]
DAYS_IN = {"day": 1, "week": 7}
ALLOWED = {"frequency_of": get_args(Counting), "unit": tuple(DAYS_IN)}
Frame = Any  # a Narwhals frame, eager or lazy: what is used here exists on both


class NeedsHistory(SegkitError):
    """A table cannot be brought forward by its new orders alone: recompute it from all orders.

    Attributes
    ----------
    rows : pandas frame of the new orders that need it, with `reason` in not_later | negative |
        refunded_before
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        self.rows = rows
        super().__init__(self.text("en"))

    def text(self, lang: Lang) -> str:
        counts = self.rows["reason"].value_counts().sort_index()
        why = [say(f"customers.history.{reason}", lang, n=int(n)) for reason, n in counts.items()]
        named = [str(c) for c in self.rows["customer_id"].drop_duplicates().head(5)]
        return say("customers.needs_history", lang, n=len(self.rows), why=why, customers=named)


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
    day, problems = _asked(as_of, window_days, frequency_of=frequency_of)
    rows = _counted_rows(orders, day, window_days, problems, needs_ids=frequency_of == "orders")
    return _give_back(_dated(_with_registered(_totals(rows, frequency_of), customers), day))


def update(
    previous: IntoFrameT, new_orders: IntoFrameT, *, as_of: dt.date | str, frequency_of: Counting = "days"
) -> IntoFrameT:
    """Bring last month's table forward by the new orders only; equal to computing it afresh from all orders.

    Parameters
    ----------
    previous : a `customer_table` without a window, same engine; its own as-of date is read from it
    new_orders : the orders since, columns as in `customer_table`. Order ids are taken to be new ones: a line
        added later to an order already counted would count as a further order.
    as_of : the new as-of date; rows later than it do not count yet
    frequency_of : as `previous` was made

    Raises
    ------
    NeedsHistory : a new row is not later than the previous as-of date, is negative, or belongs to a customer
        whose earlier orders were refunded in full (their days are no longer in the table)
    InputProblems : as in `customer_table`; `as_of` before the previous one
    """
    day, problems = _asked(as_of, frequency_of=frequency_of)
    before: Frame = nw.from_native(previous)
    _raise_any([*problems, *missing_columns(before, COLUMNS)])
    counted_to = _as_of_of(before)
    if counted_to is not None and day < counted_to:
        raise InputProblems([Problem("customers.as_of_back", {"as_of": day, "previous": counted_to})])
    rows = _counted_rows(new_orders, day, None, [], needs_ids=frequency_of == "orders")
    _refuse_what_needs_history(before, rows, counted_to)
    fresh = _totals(rows, frequency_of)
    kinds = fresh.collect_schema()
    old = before.select(
        "customer_id",
        *(nw.col(c).cast(kinds[c]).alias(f"old_{c}") for c in ("first_order", "last_order")),
        *(nw.col(c).alias(f"old_{c}") for c in ("frequency", "orders", "monetary")),
    )

    def added(column: str) -> nw.Expr:
        return nw.col(column) + nw.col(f"old_{column}").fill_null(0)

    both = _joined(fresh, old).with_columns(
        nw.coalesce("old_first_order", "first_order").alias("first_order"),
        nw.coalesce("last_order", "old_last_order").alias("last_order"),
        *(added(c).cast(nw.Int64).alias(c) for c in ("frequency", "orders")),
        added("monetary").round(2).alias("monetary"),
    )
    return _give_back(_dated(both, day))


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
    day, problems = _asked(as_of, unit=unit)
    rows = _counted_rows(orders, day, None, problems, needs_ids=False)
    totals = _totals(rows, "days").filter(nw.col("frequency") > 0)
    # the money of the first day, which is no repeat purchase
    firsts = (
        rows.join(totals.select("customer_id", "first_order"), on="customer_id", how="inner")
        .filter(nw.col("day") == nw.col("first_order"))
        .group_by("customer_id")
        .agg(nw.col("amount").sum().alias("first_value"))
    )
    repeats = nw.col("frequency") - 1
    again = (nw.col("monetary") - nw.col("first_value").cast(nw.Float64)).round(2)
    summary = totals.join(firsts, on="customer_id", how="inner").select(
        nw.col("customer_id"),
        repeats.alias("x"),
        ((_day_number("last_order") - _day_number("first_order")) / DAYS_IN[unit]).alias("t_x"),
        ((day.toordinal() - _day_number("first_order")) / DAYS_IN[unit]).alias("T"),
        nw.when(repeats > 0).then(again / repeats).otherwise(nw.lit(0.0)).alias("repeat_value"),
    )
    return _give_back(summary)


def _asked(as_of: Any, window_days: Any = None, **words: str) -> tuple[dt.date, list[Problem]]:
    """The as-of day and what is wrong with the arguments; where it is no day, one of the problems says so."""
    day, problems = dt.date.min, []
    try:
        day = dt.date.fromisoformat(as_of if isinstance(as_of, str) else str(as_of)[:10])
    except ValueError:
        problems.append(_unreadable_date(str(as_of)))
    if window_days is not None and not (isinstance(window_days, Integral) and int(window_days) > 0):
        problems.append(Problem("customers.window_days", {"value": window_days}))
    for name, word in words.items():
        if word not in ALLOWED[name]:
            near = get_close_matches(str(word), ALLOWED[name], 1) or ALLOWED[name]
            problems.append(Problem("customers.not_allowed", {"at": name, "value": word, "allowed": near}))
    return day, problems


def _unreadable_date(text: str) -> Problem:
    """With what was likely meant: 2025-02-28 by 2025-02-30 and by 2025/2/28."""
    year, month, day = (*map(int, re.findall(r"\d+", text)[:3]), 0, 0, 0)[:3]
    if not (1000 <= year <= 9999 and 1 <= month <= 12 and day):
        return Problem("customers.as_of_unreadable", {"value": text})
    near = dt.date(year, month, min(day, monthrange(year, month)[1]))
    return Problem("customers.as_of_near", {"value": text, "near": near})


def _day_number(column: str) -> nw.Expr:
    """`date.toordinal` of a column; the one way of subtracting dates that runs on every engine."""
    date = nw.col(column)
    year = date.dt.year() - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + date.dt.ordinal_day()


def missing_columns(frame: Frame, columns: Iterable[str]) -> list[Problem]:
    """A problem for each column that is not there, with the likely one."""
    there = frame.collect_schema().names()
    problems = []
    for column in (c for c in columns if c not in there):
        near = get_close_matches(column, there, 1)
        id = "customers.missing_column_near" if near else "customers.missing_column"
        problems.append(Problem(id, {"column": column, "near": "".join(near), "there": there}))
    return problems


def _raise_any(problems: list[Problem]) -> None:
    if problems:
        raise InputProblems(problems)


def _counted_rows(
    orders: Any, as_of: dt.date, window_days: int | None, problems: list[Problem], *, needs_ids: bool
) -> Frame:
    """The rows that count: customer_id, day, amount, bought (0/1); with ids also order_id and named (0/1).
    What is wrong with the orders is raised together with the `problems` found before."""
    frame = nw.from_native(orders)
    missing = missing_columns(frame, ("customer_id", "order_date", "amount", *["order_id"] * needs_ids))
    _raise_any([*problems, *missing] if missing else [])
    if frame.collect_schema()["order_date"] == nw.Object:
        frame = _parsed_objects(frame)
    kinds = frame.collect_schema()
    date_kind = kinds["order_date"]
    if not date_kind.is_temporal():
        problems.append(Problem("customers.date_is_text", {"kind": str(date_kind)}, column="order_date"))
    if not kinds["amount"].is_numeric():
        problems.append(Problem("customers.amount_is_text", {"kind": str(kinds["amount"])}, column="amount"))
    _raise_any(problems)

    date = nw.col("order_date")
    if getattr(date_kind, "time_zone", None) is not None:  # the day on the clock of the column
        date = date.dt.replace_time_zone(None)
    whole_days = date_kind == nw.Date
    bound = (lambda d: d) if whole_days else (lambda d: dt.datetime(d.year, d.month, d.day))
    amount = nw.col("amount").cast(nw.Float64)
    # the date is compared as it stands, so that Parquet skips what lies outside
    keep = (
        ~nw.col("customer_id").is_null() & amount.is_finite() & (date < bound(as_of + dt.timedelta(days=1)))
    )
    if window_days is not None:
        keep = keep & (date >= bound(as_of - dt.timedelta(days=int(window_days) - 1)))
    ids = ["order_id"] if "order_id" in kinds else []
    day = date if whole_days else date.dt.truncate("1d")
    rows = frame.filter(keep).select(nw.col("customer_id"), day.alias("day"), amount, *ids)
    bought = nw.col("amount") >= 0
    rows = rows.with_columns(bought.cast(nw.Int64).alias("bought"))
    if ids:
        # a stand-in that is no id: a null would turn whole numbers into floats in pandas and blur long ids
        kind = kinds["order_id"]
        none: Any = -1 if kind.is_signed_integer() else 0 if kind.is_integer() else None
        none = "" if kind == nw.String else none
        named = bought & ~nw.col("order_id").is_null()
        if none is not None:
            named = named & (nw.col("order_id") != none)
        rows = rows.with_columns(
            named.cast(nw.Int64).alias("named"),
            nw.when(named).then(nw.col("order_id")).otherwise(nw.lit(none)).alias("order_id"),
        )
    return rows


def _parsed_objects(frame: Frame) -> Frame:
    """pandas keeps plain `datetime.date` as objects: those become dates, text is not guessed at."""
    native = nw.to_native(frame)
    known = native["order_date"].dropna()
    if len(known) and all(isinstance(d, dt.date) for d in known.head(100)):
        native = native.assign(order_date=pd.to_datetime(native["order_date"]))
    return nw.from_native(native)


def _totals(rows: Frame, frequency_of: Counting) -> Frame:
    """One group-by: customer_id, first_order, last_order, frequency, orders, monetary."""
    has_ids = "order_id" in rows.collect_schema()
    grouped = (
        rows.with_columns(nw.when(nw.col("bought") == 1).then(nw.col("day")).alias("day"))
        .group_by("customer_id")
        .agg(
            nw.len().alias("rows"),
            nw.col("bought").sum(),
            nw.col("day").min().alias("first_order"),
            nw.col("day").max().alias("last_order"),
            nw.col("day").n_unique().alias("days"),
            nw.col("amount").sum().alias("monetary"),
            *([nw.col("named").sum(), nw.col("order_id").n_unique().alias("ids")] if has_ids else []),
        )
    )
    whole = grouped.with_columns(
        nw.col("rows", "bought", "days", *["named", "ids"] * has_ids).cast(nw.Int64),
        (nw.col("monetary").cast(nw.Float64).round(2) + 0.0).alias("monetary"),  # + 0.0: no minus zero
    )
    # n_unique counts "no day" and "no id" as one value wherever there is any
    refunds = nw.col("bought") < nw.col("rows")
    days = nw.col("days") - refunds.cast(nw.Int64)
    orders = nw.col("bought")
    if has_ids:
        nameless = (nw.col("named") < nw.col("rows")).cast(nw.Int64)
        orders = nw.col("ids") - nameless + nw.col("bought") - nw.col("named")
    counted = whole.with_columns(
        (refunds & (nw.col("monetary") <= 0)).alias("refunded"), orders.alias("orders")
    )
    stands = ~nw.col("refunded")
    frequency = days if frequency_of == "days" else nw.col("orders")
    return counted.select(
        nw.col("customer_id"),
        nw.when(stands).then(nw.col("first_order")).alias("first_order"),
        nw.when(stands).then(nw.col("last_order")).alias("last_order"),
        nw.when(stands).then(frequency).otherwise(nw.lit(0)).cast(nw.Int64).alias("frequency"),
        nw.col("orders"),
        nw.col("monetary"),
    )


def _joined(totals: Frame, others: Frame) -> Frame:
    """All customers of both sides, once; who has no totals has counts and money of 0.

    Each side is joined to the ids of both: an outer join leaves gaps in the ids, and with gaps pandas turns
    whole numbers into floats, where long ids fall together.
    """
    kinds = [str(f.collect_schema()["customer_id"]) for f in (totals, others)]
    if kinds[0] != kinds[1]:
        facts = {"orders": kinds[0], "customers": kinds[1]}
        raise InputProblems([Problem("customers.id_kinds", facts, column="customer_id")])
    ids = nw.concat([totals.select("customer_id"), others.select("customer_id")]).unique()
    both = ids.join(totals, on="customer_id", how="left").join(others, on="customer_id", how="left")
    return both.with_columns(
        nw.col("frequency", "orders").fill_null(0).cast(nw.Int64), nw.col("monetary").fill_null(0.0)
    )


def _with_registered(totals: Frame, customers: Any | None) -> Frame:
    if customers is None:
        return totals
    registered = nw.from_native(customers)
    _raise_any(missing_columns(registered, ("customer_id",)))
    return _joined(totals, registered.select("customer_id").filter(~nw.col("customer_id").is_null()).unique())


def _dated(table: Frame, as_of: dt.date) -> Frame:
    return table.with_columns(
        (as_of.toordinal() - _day_number("last_order")).alias("recency_days"),
        (as_of.toordinal() - _day_number("first_order")).alias("tenure_days"),
        nw.when(nw.col("orders") > 0).then(nw.col("monetary") / nw.col("orders")).alias("aov"),
    ).select(*COLUMNS)


def _give_back(table: Frame) -> Any:
    """The engine's own frame; eager ones sorted, so the same orders always give the same table."""
    if isinstance(table, nw.DataFrame):
        table = nw.maybe_reset_index(table.sort("customer_id"))
    return native_with_kinds(table, ("recency_days", "tenure_days"))


def native_with_kinds(frame: Frame, whole: tuple[str, ...], text: tuple[str, ...] = ()) -> Any:
    """The engine's own frame, where `whole` hold 64-bit whole numbers or null and `text` plain text.

    In pandas that is ``Int64`` and ``str``, whatever the kind of the columns they were made of.
    """
    whole = tuple(c for c in whole if c in frame.collect_schema())
    native = nw.to_native(frame)
    if isinstance(native, pd.DataFrame):
        return native.astype(dict.fromkeys(whole, "Int64") | dict.fromkeys(text, "str"))
    return nw.to_native(frame.with_columns(*(nw.col(c).cast(nw.Int64) for c in whole))) if whole else native


def _as_of_of(table: Frame) -> dt.date | None:
    """The as-of date a table was made for: last order plus recency of any buyer; None where nobody bought."""
    told = table.select((_day_number("last_order") + nw.col("recency_days")).max().alias("day"))
    day = _collected(told)["day"].iloc[0]
    return None if pd.isna(day) else dt.date.fromordinal(int(day))


def _refuse_what_needs_history(before: Frame, rows: Frame, counted_to: dt.date | None) -> None:
    refunded = before.filter(
        (nw.col("frequency") == 0) & ((nw.col("orders") > 0) | (nw.col("monetary") != 0))
    ).select("customer_id", nw.lit(1).alias("refunded_before"))
    late = _day_number("day") <= (counted_to.toordinal() if counted_to else 0)
    reason = (
        nw.when(nw.col("amount") < 0)
        .then(nw.lit("negative"))
        .when(late)
        .then(nw.lit("not_later"))
        .when(nw.col("refunded_before") == 1)
        .then(nw.lit("refunded_before"))
    )
    bad = rows.join(refunded, on="customer_id", how="left").with_columns(reason.alias("reason"))
    found = _collected(bad.filter(~nw.col("reason").is_null()))
    if len(found):
        raise NeedsHistory(found.drop(columns=["bought", "named", "refunded_before"], errors="ignore"))


def _collected(frame: Frame) -> pd.DataFrame:
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return eager.to_pandas()
