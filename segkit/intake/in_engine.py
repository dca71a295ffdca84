"""Orders that are clean already and too many for memory: checked, counted and summed where they lie.

The files are Parquet, or csv in UTF-8, with typed columns; DuckDB, Spark or Polars reads them. What the ledger
says row by row for a small file is said here as rows and money by reason, and the rows set aside are written to a
Parquet file of their own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import narwhals as nw
import pandas as pd

from segkit.intake.engine_columns import FIELDS, collected, heads_of
from segkit.intake.engine_files import listed
from segkit.intake.ledger import Totals
from segkit.intake.settling import AsOf, credible_as_of
from segkit.problems import InputProblems, Problem

EngineName = Literal["polars", "duckdb", "spark"]
HASHED_WHOLE = 1 << 31  # bytes; of larger input the sizes and the ends of the files are hashed
END = 1 << 20
BLANKS = " \t\r\n\u00a0\u3000"  # named, because engines differ in what they take for a blank
Frame = Any  # a Narwhals frame


@dataclass(frozen=True)
class EngineOrders:
    """Orders that count, in their engine, and the balance of all of them.

    Attributes
    ----------
    rows : the engine's own frame, canonical columns, only rows that count
    aside : the engine's own frame of the rows set aside, as they came, with `reason`
    reasons : `reason, rows, amount`, the most rows first
    totals : rows and money in, kept, merged (repeated rows), set aside
    first : day of the first order that counts
    completeness : canonical column -> share of rows with a value
    notes : what was left unread, or could not be checked
    """

    rows: Any
    aside: Any
    reasons: pd.DataFrame
    totals: Totals
    as_of: AsOf
    first: dt.date
    completeness: dict[str, float]
    notes: tuple[Problem, ...] = field(default=())


def clean_in_engine(
    native: Any,
    columns: Mapping[str, str],
    *,
    as_of: dt.date | None = None,
    file: str | None = None,
    also: Collection[str] = (),
) -> EngineOrders:
    """Which rows count? No customer, no date, no amount, after the as-of date, repeated: each with rows and money.

    Parameters
    ----------
    native : a Polars, DuckDB or Spark frame of order lines
    columns : the file's heading -> canonical column, as in client.yml: customer_id, order_date, amount,
        optional order_id and line_id; other columns are not read
    as_of : the day the analysis stands on; default the last credible date
    file : named in problems
    also : names that mean something beside the canonical ones: the columns a playbook reads

    A row that repeats another in all of these columns, under an order id that occurs more than once, is counted
    once. Without an order id repeated rows cannot be told from two equal orders, and are not looked for.

    Raises
    ------
    InputProblems : columns that are not there or are no dates and numbers, a status or refund column (cancelled
        orders must be gone before), no row that counts, `as_of` before the first order
    """
    frame: Frame = nw.from_native(native)
    heads = heads_of(frame, columns, also, file)
    here = frame.with_columns(_reason(frame, heads).alias("reason"))
    days = _by_day(here, heads)
    chosen = _settled(days, as_of, heads["order_date"], file)
    late = _later(frame, heads["order_date"], chosen.date)
    reason = nw.when(nw.col("reason") == "").then(
        nw.when(late).then(nw.lit("after_as_of")).otherwise(nw.lit(""))
    )
    marked = here.with_columns(reason.otherwise(nw.col("reason")).alias("reason"))
    rows = marked.filter(nw.col("reason") == "").select(
        *(nw.col(head).alias(name) for name, head in heads.items() if name not in ("amount", "order_id")),
        nw.col(heads["amount"]).cast(nw.Float64).alias("amount"),
        # a blank is no order number: rows with one are not lines of the same order
        *(
            nw.when(~_empty(frame, head)).then(nw.col(head)).alias(name)
            for name, head in heads.items()
            if name == "order_id"
        ),
    )
    rows, repeats = _without_repeats(rows)
    reasons = _reasons(days, chosen.date)
    known = days[(days["reason"] == "") & (days["day"] <= pd.Timestamp(chosen.date))]
    kept, money = int(known["rows"].sum()), round(float(known["amount"].sum()), 2)
    aside, aside_money = int(reasons["rows"].sum()), round(float(reasons["amount"].sum()), 2)
    whole = _counted(frame, heads)
    totals = Totals(
        rows_in=whole.rows,
        kept=kept - repeats.rows,
        changed=0,
        merged=repeats.rows,
        set_aside=aside,
        money_in=_money_in(whole.amount, money + aside_money, days),
        money_kept=round(money - repeats.amount, 2),
        money_merged=repeats.amount,
        money_set_aside=aside_money,
    )
    totals.check()
    notes = [*_unread(columns, file), *repeats.notes]
    if "order_id" not in heads:
        notes.append(Problem("engine.no_order_id", {}, file=file))
    return EngineOrders(
        rows=nw.to_native(rows),
        aside=nw.to_native(marked.filter(nw.col("reason") != "")),
        reasons=reasons,
        totals=totals,
        as_of=chosen,
        first=known["day"].min().date(),
        completeness={name: 1 - empty / whole.rows for name, empty in whole.empty.items()},
        notes=tuple(notes),
    )


# --- the columns -----------------------------------------------------------------------------------


def _unread(columns: Mapping[str, str], file: str | None) -> list[Problem]:
    unread = [head for head, name in columns.items() if name not in FIELDS]
    return [Problem("engine.unread", {"columns": unread}, file=file)] if unread else []


def _empty(frame: Frame, head: str) -> nw.Expr:
    empty = nw.col(head).is_null()
    if frame.collect_schema()[head] == nw.String:
        empty = empty | (nw.col(head).str.strip_chars(BLANKS) == "")
    return empty


def _no_amount(head: str) -> nw.Expr:
    return nw.col(head).is_null() | ~nw.col(head).cast(nw.Float64).is_finite()


def _amount(heads: Mapping[str, str]) -> nw.Expr:
    """The amount as a number, 0 where there is none."""
    number = nw.col(heads["amount"]).cast(nw.Float64)
    return nw.when(_no_amount(heads["amount"])).then(nw.lit(0.0)).otherwise(number)


def _reason(frame: Frame, heads: Mapping[str, str]) -> nw.Expr:
    """Why a row cannot count, the first of the reasons; empty where nothing speaks against it but perhaps its day."""
    return (
        nw.when(_empty(frame, heads["customer_id"]))
        .then(nw.lit("no_customer"))
        .when(nw.col(heads["order_date"]).is_null())
        .then(nw.lit("no_date"))
        .when(_no_amount(heads["amount"]))
        .then(nw.lit("no_amount"))
        .otherwise(nw.lit(""))
    )


def _later(frame: Frame, head: str, as_of: dt.date) -> nw.Expr:
    next_day = as_of + dt.timedelta(days=1)
    kind = frame.collect_schema()[head]
    bound: Any = next_day if kind == nw.Date else dt.datetime(next_day.year, next_day.month, next_day.day)
    day = nw.col(head).dt.replace_time_zone(None) if getattr(kind, "time_zone", None) else nw.col(head)
    return day >= bound


# --- counting --------------------------------------------------------------------------------------


def _by_day(here: Frame, heads: Mapping[str, str]) -> pd.DataFrame:
    """`reason, day, rows, amount, unrounded`: one pass over all rows tells everything the balance needs."""
    kind = here.collect_schema()[heads["order_date"]]
    day = nw.col(heads["order_date"])
    if kind != nw.Date:
        if getattr(kind, "time_zone", None):
            day = day.dt.replace_time_zone(None)
        day = day.dt.truncate("1d")
    counted = (
        here.select("reason", day.alias("day"), _amount(heads).alias("amount"))
        .group_by("reason", "day")
        .agg(nw.len().alias("rows"), nw.col("amount").sum())
    )
    days = collected(counted)
    days["day"] = pd.to_datetime(days["day"], utc=True).dt.tz_localize(None)  # Spark gives days with a zone
    days["rows"] = days["rows"].astype("int64")
    days["reason"] = days["reason"].astype("str")
    days["unrounded"] = days["amount"].astype("float64")
    days["amount"] = days["unrounded"].round(2)  # engines add up in any order: cents per day and reason agree
    return days.sort_values(["reason", "day"], ignore_index=True)


def _settled(days: pd.DataFrame, given: dt.date | None, head: str, file: str | None) -> AsOf:
    counted = days[days["reason"] == ""]
    if counted.empty:
        rows = int(days["rows"].sum())
        id = "engine.nothing_counts" if rows else "engine.no_rows"
        raise InputProblems([Problem(id, {"rows": rows}, file=file)])
    if given is None:
        found = credible_as_of(counted["day"], counted["rows"])
        if found is None:
            raise InputProblems(
                [Problem("clean.no_dates", {"n": int(days["rows"].sum())}, file=file, column=head)]
            )
        return found
    first, last = counted["day"].min().date(), counted["day"].max().date()
    if given < first:
        facts = {"as_of": given, "first": first}
        raise InputProblems([Problem("clean.as_of_before_first", facts, file=file, column=head)])
    later = int(counted.loc[counted["day"] > pd.Timestamp(given), "rows"].sum())
    return AsOf(given, "given", last, later)


def _reasons(days: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    late = (days["reason"] == "") & (days["day"] > pd.Timestamp(as_of))
    reasons = days.assign(reason=days["reason"].mask(late, "after_as_of"))
    found = reasons[reasons["reason"] != ""].groupby("reason", as_index=False)[["rows", "amount"]].sum()
    found["amount"] = found["amount"].round(2)
    return found.sort_values(["rows", "reason"], ascending=[False, True], ignore_index=True)


@dataclass(frozen=True)
class Repeats:
    """Rows that repeat another: how many beyond the first, their money, and what is to be said of them."""

    rows: int
    amount: float
    notes: tuple[Problem, ...] = ()


def _without_repeats(rows: Frame) -> tuple[Frame, Repeats]:
    """Rows that repeat another in every column, under the same order id, count once."""
    names = rows.collect_schema().names()
    key = [name for name in ("order_id", "line_id") if name in names]
    if "order_id" not in key:
        return rows, Repeats(0, 0.0)
    named = rows.filter(~nw.col("order_id").is_null())
    again = named.group_by(key).agg(nw.len().alias("n")).filter(nw.col("n") > 1).select(nw.len().alias("ids"))
    ids = int(collected(again)["ids"].iloc[0])
    if not ids:
        return rows, Repeats(0, 0.0)
    alike = named.group_by(names).agg(nw.len().alias("n"))
    extra = alike.filter(nw.col("n") > 1).select(
        (nw.col("n") - 1).sum().alias("rows"),
        ((nw.col("n") - 1).cast(nw.Float64) * nw.col("amount")).sum().alias("amount"),
    )
    told = collected(extra).iloc[0]
    more = 0 if pd.isna(told["rows"]) else int(told["rows"])
    money = 0.0 if pd.isna(told["amount"]) else round(float(told["amount"]), 2)
    apart = collected(
        alike.group_by(key).agg(nw.len().alias("m")).filter(nw.col("m") > 1).select(nw.len().alias("ids"))
    )["ids"].iloc[0]
    notes = (Problem("engine.lines_of_one_order", {"n": int(apart)}),) if int(apart) else ()
    if not more:
        return rows, Repeats(0, 0.0, notes)
    nameless = rows.filter(nw.col("order_id").is_null())
    once = nw.concat([alike.select(*names), nameless.select(*names)], how="vertical")
    return once, Repeats(more, money, notes)


@dataclass(frozen=True)
class Whole:
    """All rows as they came: how many, their money, and by column how many without a value."""

    rows: int
    amount: float
    empty: dict[str, int]


def _counted(frame: Frame, heads: Mapping[str, str]) -> Whole:
    """Counted once more without days or reasons, so that a row lost on the way is seen."""
    empty = [
        (_no_amount(head) if name == "amount" else _empty(frame, head)).cast(nw.Int64).sum().alias(name)
        for name, head in heads.items()
    ]
    told = collected(frame.select(nw.len().alias("rows"), _amount(heads).sum().alias("money"), *empty)).iloc[
        0
    ]
    return Whole(int(told["rows"]), float(told["money"]), {name: int(told[name]) for name in heads})


def _money_in(whole: float, parts: float, days: pd.DataFrame) -> float:
    """The money of the parts, unless the days held other money than the whole, up to the order of adding."""
    apart = abs(whole - float(days["unrounded"].sum()))
    return round(parts if apart <= 0.005 + 1e-9 * float(days["amount"].abs().sum()) else whole, 2)


# --- opening ---------------------------------------------------------------------------------------


def fingerprint(paths: Sequence[Path]) -> str:
    """SHA-256 of all files; of more than 2 GB that of their names, sizes and first and last megabyte.

    Raises
    ------
    InputProblems : there is no file at all, whose hash would be that of nothing
    """
    files = [file for path in paths for file in listed(path) if file.is_file()]
    if not files:
        raise InputProblems([Problem("reading.no_input")])
    whole = sum(file.stat().st_size for file in files) <= HASHED_WHOLE
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            if whole:
                while block := stream.read(END):
                    digest.update(block)
                continue
            size = file.stat().st_size
            digest.update(f"{file.name} {size}".encode())
            digest.update(stream.read(END))
            stream.seek(max(0, size - END))
            digest.update(stream.read(END))
    return digest.hexdigest()
