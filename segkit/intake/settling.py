"""Which rows count: duplicates, cancelled and refunded orders, rows later than the as-of date."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segkit.intake.columns import COMMON, Bench
from segkit.intake.order_lines import merge_order_totals, merge_updates
from segkit.intake.row_checks import find_repeats
from segkit.intake.values import is_empty, read_status
from segkit.problems import InputProblems, Problem

# a date this far ahead stands for "no end", not for a day somebody ordered
PLACEHOLDER_YEAR = 2090
WINDOW_DAYS = 31  # a credible day has company in the days up to it


@dataclass(frozen=True)
class AsOf:
    """The day the analysis stands on, and why: ``given``, or ``credible``; `last` is the latest date seen."""

    date: dt.date
    why: str
    last: dt.date | None = None
    later: int = 0  # rows after it

    def __str__(self) -> str:
        """The day alone, so that ``customer_table(frame, as_of=cleaned.as_of)`` reads as it should."""
        return str(self.date)[:10]


@dataclass(frozen=True)
class Answers:
    """What the client confirmed in to_confirm.xlsx.

    `merge` and `apart` are pairs of customer ids; `keep` maps a row (file, sheet, row) to the cells to
    correct (column -> value, may be empty); `statuses` maps a status text to valid | cancelled | refunded.
    """

    merge: tuple[tuple[str, str], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    keep: Dict[tuple[str, str, int], Dict[str, str]] = field(default_factory=dict)
    statuses: Dict[str, str] = field(default_factory=dict)


def credible_as_of(days: pd.Series, rows: pd.Series | None = None) -> AsOf | None:
    """The latest day with at least five rows (or .1 % of them, if that is less) in the 31 days up to it.

    `rows` is how many rows each of the `days` stands for; one where it is not given.
    """
    counted = pd.DataFrame({"day": days, "rows": 1 if rows is None else rows}).dropna(subset="day")
    if counted.empty:
        return None
    by_day = counted.groupby("day")["rows"].sum().sort_index()
    known = by_day[by_day.index.year < PLACEHOLDER_YEAR]
    if known.empty:
        return None
    need = max(1, math.ceil(min(5, 0.001 * known.sum())))
    upto = np.concatenate([[0], known.cumsum().to_numpy()])
    ordered = known.index.to_numpy()
    begins = ordered - np.timedelta64(WINDOW_DAYS, "D")
    inside = upto[1:] - upto[np.searchsorted(ordered, begins, side="right")]
    day = pd.Timestamp(ordered[np.flatnonzero(inside >= need)[-1]]).date()
    last = pd.Timestamp(by_day.index.max()).date()
    return AsOf(day, "credible", last, int(by_day[by_day.index > pd.Timestamp(day)].sum()))


def no_statuses() -> pd.DataFrame:
    empty = pd.DataFrame({"status": [], "rows": [], "amount": []})
    return empty.astype({"status": "str", "rows": "int64", "amount": "float64"})


def settle_orders(bench: Bench, answers: Answers) -> pd.DataFrame:
    """Duplicates, missing customers, cancelled and refunded orders; returns the statuses nobody explained."""
    events = bench.events
    has_time = bench.has("order_date") and bench.cells("order_date").str.contains(r"\d:\d\d").mean() > COMMON
    certain = ~is_empty(bench.cells("order_id")) if bench.has("order_id") and not has_time else has_time
    if kept := find_repeats(bench.text, events, certain=certain):
        bench.notes.append(Problem("clean.repeats_kept", {"rows": kept}))
    merge_updates(bench)
    amount = bench.values["amount"]
    no_one = bench.values["customer_id"].isna()
    if bench.lost_key is not None:
        no_one &= ~bench.lost_key
    where = bench.heads.get("customer_id", "")
    events.add(no_one, "no_customer", "set_aside", column=where)
    unknown = no_statuses()
    if bench.has("status"):
        cells, head = bench.cells("status"), bench.heads["status"]
        status = read_status(cells, dict(answers.statuses))
        bench.values["status"] = status
        counted = pd.Series(events.fates() != "merged", index=status.index)
        events.add((status == "cancelled") & counted, "cancelled", "set_aside", column=head, old=cells)
        whole = (status == "refunded") & counted & ~_has_negative(bench, amount)
        if "refund" in bench.values:
            whole &= (bench.values["refund"].fillna(0.0) == 0) | (amount <= 0)
        events.add(whole, "refunded", "set_aside", column=head, old=cells)
        rows = pd.DataFrame({"status": cells, "amount": amount})[status == "unknown"]
        if len(rows):
            grouped = rows.groupby("status", as_index=False)
            unknown = grouped.agg(rows=("amount", "size"), amount=("amount", "sum"))
    if "refund" in bench.values:
        gone = (amount <= 0) & (events.fates() != "merged") & (bench.values["refund"].fillna(0.0) != 0)
        events.add(gone & ~events.rows_of("refunded"), "refunded", "set_aside", column=bench.heads["refund"])
    merge_order_totals(bench)
    _net_refunds(bench, amount)
    return unknown


def _has_negative(bench: Bench, amount: pd.Series) -> pd.Series:
    """Rows whose order has a row of negative amount: the refund is written as a row of its own."""
    if not bench.has("order_id"):
        return pd.Series(False, index=amount.index)
    orders = bench.cells("order_id")
    return orders.isin(set(orders[(amount < 0) & ~is_empty(orders)]))


def _net_refunds(bench: Bench, amount: pd.Series) -> None:
    """Rows of negative amount: with their order where it is known, else flagged."""
    negative = amount < 0
    if not negative.any():
        return
    events, head = bench.events, bench.heads["amount"]
    together = pd.Series(False, index=amount.index)
    if bench.has("order_id"):
        usable = ~np.isin(events.fates(), ["set_aside", "merged"]) & ~is_empty(bench.cells("order_id"))
        part = pd.DataFrame({"order": bench.cells("order_id"), "amount": amount})[usable]
        by_order = part.groupby("order")["amount"].agg(["sum", "min", "max"])
        paired = by_order[(by_order["min"] < 0) & (by_order["max"] >= 0)]
        gone = paired.index[paired["sum"] <= 0.005]
        orders = bench.cells("order_id").where(usable, "")
        void = orders.isin(set(gone)) & usable
        events.add(void, "refunded", "set_aside", column=head, old=bench.cells("amount"))
        together = orders.isin(set(paired.index)) & usable
        events.add(together & negative & ~void, "refunded", "kept", column=head, old=bench.cells("amount"))
    events.add(negative & ~together, "negative", "kept", column=head, old=bench.cells("amount"))


def settle_customers(bench: Bench) -> None:
    """One row a customer or lead: repeats merged into the latest and fullest, rows of nobody set aside."""
    events = bench.events
    find_repeats(bench.text, events, certain=True)
    key = bench.values["customer_id"]
    no_one = key.isna() if bench.lost_key is None else key.isna() & ~bench.lost_key
    head = bench.heads.get("lead_id", bench.heads.get("customer_id", ""))
    events.add(no_one, "no_customer", "set_aside", column=head)
    usable = ~np.isin(events.fates(), ["set_aside", "merged"])
    filled = (bench.text != "").sum(axis=1)
    nothing = pd.Series(pd.NaT, index=key.index)
    last = bench.values.get("last_order", bench.values.get("last_follow_up", nothing))
    order = pd.DataFrame({"key": key, "last": last, "filled": filled})[usable]
    order = order.sort_values(["last", "filled"], ascending=False, na_position="last", kind="stable")
    second = pd.Series(False, index=key.index)
    second.loc[order.index[order["key"].duplicated()]] = True
    events.add(second, "duplicate", "merged", column=head)
    if bench.has("monetary"):
        money = bench.values["monetary"]
        events.add(money < 0, "negative", "kept", column=bench.heads["monetary"], old=bench.cells("monetary"))


def settle_as_of(bench: Bench, grain: str, given: dt.date | None, reaches: AsOf | None = None) -> AsOf:
    """The day given, else the last credible one: of the orders, or of a customer table and what goes with it.

    `reaches` is the last credible day of the client's other tables; it counts where the last orders are not known.
    """
    name = "order_date" if grain == "orders" else "last_order"
    days = bench.values.get(name)
    if days is None:
        days = bench.values.get("register_date", pd.Series(pd.NaT, index=bench.text.index))
        name = "register_date"
    counted = days.where(~np.isin(bench.events.fates(), ["set_aside", "merged"]))
    if given is not None:
        last = counted.dropna().max()
        later = int((counted > pd.Timestamp(given)).sum())
        chosen = AsOf(given, "given", None if pd.isna(last) else last.date(), later)
    else:
        found = credible_as_of(counted) or credible_as_of(days)
        if reaches is not None and name == "register_date":
            # somebody registered long after anything happened: a slip of the pen
            slip = found is not None and found.date > reaches.date + dt.timedelta(days=WINDOW_DAYS)
            found = reaches if found is None or slip or found.date < reaches.date else found
        if found is None:
            raise InputProblems([Problem("clean.no_dates", {"n": len(days)}, column=bench.heads.get(name))])
        chosen = found
    late = counted > pd.Timestamp(chosen.date)
    fate = "set_aside" if grain == "orders" else "changed"
    head = bench.heads.get(name, "")
    if late.any():
        bench.events.add(late, "after_as_of", fate, column=head, old=bench.cells(name))
        bench.values[name] = days.where(~late)
    first = counted.dropna().min()
    if not pd.isna(first) and pd.Timestamp(chosen.date) < first:
        facts = {"as_of": chosen.date, "first": first.date()}
        raise InputProblems([Problem("clean.as_of_before_first", facts, column=head)])
    return chosen
