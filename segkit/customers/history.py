"""A table brought forward by its new orders, or the reason why it cannot be."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrameT

from segkit.customers.arguments import Counting, Frame, asked, missing_columns, raise_any
from segkit.customers.kinds import day_number, with_day_numbers
from segkit.customers.rows import counted_rows
from segkit.customers.tables import COLUMNS, SUMS, dated, give_back, ids_for, require_same_ids, totals
from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem, SegkitError


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
    day, problems = asked(as_of, frequency_of=frequency_of)
    before: Frame = nw.from_native(previous)
    raise_any([*problems, *missing_columns(before, COLUMNS)])
    counted_to = _as_of_of(before)
    if counted_to is not None and day < counted_to:
        raise InputProblems([Problem("customers.as_of_back", {"as_of": day, "previous": counted_to})])
    rows = counted_rows(new_orders, day, None, [], order_ids=ids_for(frequency_of))
    _refuse_what_needs_history(before, rows, counted_to)
    fresh = totals(rows, frequency_of)
    require_same_ids(fresh, before)
    kinds = fresh.collect_schema()
    old = before.select("customer_id", *(nw.col(c).cast(kinds[c]) for c in SUMS))
    # who bought again or for the first time; all others stay as they were
    bought = fresh.join(old.rename({c: f"old_{c}" for c in SUMS}), on="customer_id", how="left")
    changed = bought.select(
        nw.col("customer_id"),
        nw.coalesce("old_first_order", "first_order").alias("first_order"),
        nw.coalesce("last_order", "old_last_order").alias("last_order"),
        *(_added(c).cast(nw.Int64).alias(c) for c in ("frequency", "orders")),
        _added("monetary").round(2).alias("monetary"),
    )
    kept = old.join(fresh.select("customer_id"), on="customer_id", how="anti")
    return give_back(dated(nw.concat([kept, changed]), day))


def _added(column: str) -> nw.Expr:
    return nw.col(column) + nw.col(f"old_{column}").fill_null(0)


def _as_of_of(table: Frame) -> dt.date | None:
    """The as-of date a table was made for: last order plus recency of any buyer; None where nobody bought."""
    numbered = with_day_numbers(table.select("last_order", "recency_days"), last="last_order")
    told = numbered.select((nw.col("last") + nw.col("recency_days")).max().alias("day"))
    day = _collected(told)["day"].iloc[0]
    return None if pd.isna(day) else dt.date.fromordinal(int(day))


def _refuse_what_needs_history(before: Frame, rows: Frame, counted_to: dt.date | None) -> None:
    refunded = before.filter(
        (nw.col("frequency") == 0) & ((nw.col("orders") > 0) | (nw.col("monetary") != 0))
    ).select("customer_id", nw.lit(1).alias("refunded_before"))
    late = day_number("day") <= (counted_to.toordinal() if counted_to else 0)
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
        raise NeedsHistory(found.drop(columns=["named", "refunded_before"], errors="ignore"))


def _collected(frame: Frame) -> pd.DataFrame:
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return eager.to_pandas()
