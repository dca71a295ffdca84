"""From a client's table to canonical columns: typed, netted, every row accounted for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.intake.columns import DATES, MONEY, MONEY_OF, Bench, read_columns
from segkit.intake.keys import whole_ids
from segkit.intake.leads import OWN_CUSTOMER, as_leads, own_customer, settle_lead_days
from segkit.intake.ledger import Events, Totals, set_aside_reasons
from segkit.intake.mapping import Mapping, canonical_columns
from segkit.intake.own_columns import own_columns
from segkit.intake.row_checks import find_tests, mend_shifted
from segkit.intake.settling import (
    Answers,
    AsOf,
    no_statuses,
    settle_as_of,
    settle_customers,
    settle_orders,
)
from segkit.intake.table import ORIGIN, Table
from segkit.intake.twins import find_twins, merge_into
from segkit.intake.units import title_units
from segkit.intake.values import is_empty, mapped, read_amounts, read_dates, read_status, tidy
from segkit.privacy.known import Lookup, known_values
from segkit.privacy.mask import mask_column, mask_text
from segkit.problems import InputProblems, Problem

PERSONAL = ("name", "phone", "email")
LINE = (
    "order_id",
    "line_id",
    "order_date",
    "amount",
    "status",
    "channel",
    "category",
    "product_id",
    "quantity",
)


@dataclass(frozen=True)
class Cleaned:
    """A clean frame, its ledger and its balance.

    Attributes
    ----------
    frame : canonical columns; orders: one row per order line; customers: one row per customer; leads: one row
        per lead, every canonical column there, `customer_id` missing where the lead is no customer yet
    ledger : `file, sheet, row, fate, reason, column, old, new, amount`, one line per event
    totals : rows and money in, kept, changed, merged, set aside
    as_of : the day the analysis stands on, and why
    people : per customer_id the attributes found in the table (name, phone, province, owner, ...); of leads
        per lead, under the lead's id, as somebody who bought nothing yet
    twins : probable twins, `id_a, id_b, why, file_a, sheet_a, row_a, file_b, sheet_b, row_b`
    unknown_status : `status, rows, amount` of texts whose meaning is not known; counted as valid
    heads : canonical column -> the client's heading
    customers_gone : customer ids that stand only in rows that do not count
    """

    grain: str
    frame: pd.DataFrame
    ledger: pd.DataFrame
    totals: Totals
    as_of: AsOf
    people: pd.DataFrame
    twins: pd.DataFrame
    unknown_status: pd.DataFrame
    heads: dict[str, str]
    customers_gone: int
    notes: tuple[Problem, ...] = ()


def clean(
    table: Table,
    mapping: Mapping,
    *,
    as_of: dt.date | None = None,
    answers: Answers | None = None,
    wanted: Collection[str] = (),
    reaches: AsOf | None = None,
) -> Cleaned:
    """What can be counted, and what had to be done to count it?

    Dates are parsed before anything is sorted; amounts become float64 currency units; refunds are netted
    against their order. Every data row ends with one fate: set aside, merged, changed or kept.

    Parameters
    ----------
    table : as read, all text
    mapping : client column -> canonical column
    as_of : the day the analysis stands on; default the last credible date in the data
    answers : what the client confirmed in to_confirm.xlsx
    wanted : columns somebody reads under the client's own headings. An order table keeps these beside the
        canonical ones; a customer table keeps every column, those without a canonical name as they are headed
    reaches : the last credible day of the client's other tables, taken for a customer table whose own last
        orders are not known

    Raises
    ------
    InputProblems : nothing is left to count, or `as_of` lies before the first row
    """
    answers = answers or Answers()
    grain = mapping.grain
    heads = {canonical: head for head, canonical in mapping.columns.items()}
    events = Events(len(table.frame))
    written = table.frame.apply(tidy)
    bench = Bench(
        _corrected(written, table, answers), heads, events, table.origin, title_units(table.furniture)
    )
    bench.text = mend_shifted(bench.text, heads, events)
    find_tests(bench.text, heads, events)
    read_columns(bench, table.frame, grain)
    unknown = settle_orders(bench, answers) if grain == "orders" else no_statuses()
    given = own_customer(bench) if grain == "leads" else None
    if grain != "orders":
        settle_customers(bench)
    events.forgive(_rows_at(table, list(answers.keep)))
    _record_corrections(written, table, answers, heads, events)
    chosen = (
        settle_lead_days(bench, as_of, reaches)
        if grain == "leads"
        else settle_as_of(bench, grain, as_of, reaches)
    )
    own = own_columns(bench, _own_heads(bench, grain, wanted))
    named = {name: head for name, head in heads.items() if name not in canonical_columns(mapping.grain)}
    typed = own_columns(bench, named.values())
    bench.values |= {name: typed[head] for name, head in named.items()}

    left = np.isin(events.fates(), ["kept", "changed"])
    frame = _canonical(bench, left, grain, own)
    if given is not None:
        frame[OWN_CUSTOMER] = given
    # somebody whose orders were all cancelled or refunded is still a customer, one who bought nothing
    voided = events.rows_of("cancelled", "refunded") & ~events.rows_of("no_customer", "test")
    people = (
        frame
        if grain != "orders"
        else _people(_canonical(bench, left | voided, grain, {}).drop(columns=[*named]))
    )
    twins = find_twins(people)
    confirmed = {frozenset(pair) for pair in answers.merge}
    denied = {frozenset(pair) for pair in answers.apart}
    twins = twins[~_pair_mask(twins, denied)]
    _flag_twins(bench, twins, confirmed, grain)

    amount = bench.values[MONEY_OF[grain]]
    totals = events.totals(amount)
    _refuse_empty(totals, events.ledger(table.origin, amount), heads, chosen)
    twins = _located(twins[~_pair_mask(twins, confirmed)], people, table)
    frame, people = _merged(frame, people, answers.merge, grain)
    if grain == "leads":
        frame, people = as_leads(frame, heads)
    return Cleaned(
        grain=grain,
        frame=frame.reset_index(drop=True),
        ledger=_masked(events.ledger(table.origin, amount), heads, people),
        totals=totals,
        as_of=chosen,
        people=people.reset_index(drop=True),
        twins=twins.reset_index(drop=True),
        unknown_status=unknown,
        heads=heads,
        customers_gone=0 if grain == "leads" else _gone(bench, people),
        notes=(*table.notes, *bench.notes),
    )


def _gone(bench: Bench, people: pd.DataFrame) -> int:
    return int(bench.values["customer_id"].nunique() - people["customer_id"].nunique())


def _rows_at(table: Table, places: list[tuple[str, str, int]]) -> np.ndarray:
    """Mask of the rows at these places (file, sheet, row)."""
    if not places:
        return np.zeros(len(table.frame), dtype=bool)
    wanted = pd.MultiIndex.from_tuples(places)
    here = pd.MultiIndex.from_frame(table.origin[ORIGIN].astype({"row": int}))
    return np.asarray(here.isin(wanted))


def _corrected(text: pd.DataFrame, table: Table, answers: Answers) -> pd.DataFrame:
    """Put the client's corrected values into the cells they confirmed."""
    text = text.copy()
    for place, cells in answers.keep.items():
        rows = _rows_at(table, [place])
        for column, value in cells.items():
            if column in text.columns and value:
                text.loc[rows, column] = value
    return text


def _record_corrections(
    written: pd.DataFrame, table: Table, answers: Answers, heads: dict[str, str], events: Events
) -> None:
    """One line a corrected cell, under the reason the row was asked about."""
    fields = {head: name for name, head in heads.items()}
    for place, cells in answers.keep.items():
        rows = _rows_at(table, [place])
        for column, value in cells.items():
            if column in written.columns and value and rows.any():
                old = written.loc[rows, column]
                reason = _asked_for(fields.get(column, ""), old)
                events.add(
                    rows & (written[column] != value),
                    reason,
                    "changed",
                    column=column,
                    old=written[column],
                    new=value,
                )


def _asked_for(name: str, cell: pd.Series) -> str:
    """Why was this cell asked about, as it stood?"""
    empty = bool(is_empty(cell).all())
    if name in DATES:
        return "no_date" if empty else "bad_date" if read_dates(cell).bad.any() else "after_as_of"
    if name in MONEY:
        readable = not read_amounts(cell).bad.any()
        return "no_amount" if empty else "refunded" if name == "refund" and readable else "bad_amount"
    if name == "status":
        return {"cancelled": "cancelled", "refunded": "refunded"}.get(str(read_status(cell).iloc[0]), "test")
    if name in ("customer_id", "phone") and whole_ids(cell)[1].any():
        return "phone_float"
    return "no_customer" if empty or name == "customer_id" else "test"


def _own_heads(bench: Bench, grain: str, wanted: Collection[str]) -> list[str]:
    """The headings under which columns are kept that have no canonical name, or that somebody asks for so."""
    known = {*bench.heads, "customer_id", MONEY_OF[grain]}
    mapped_to = set(bench.heads.values())
    free = [h for h in map(str, bench.text.columns) if h not in known and not h.startswith("+")]
    return [h for h in free if h in wanted or (grain != "orders" and h not in mapped_to)]


def _canonical(bench: Bench, left: np.ndarray, grain: str, own: dict[str, pd.Series]) -> pd.DataFrame:
    """Canonical columns, and the client's own, of the rows that are left; the index is still the position in the
    client's table."""
    columns = {name: bench.values.get(name, bench.text[head]) for name, head in bench.heads.items()}
    key = MONEY_OF[grain]
    columns |= {"customer_id": bench.values["customer_id"], key: bench.values[key]}
    columns.pop("refund", None)
    columns |= own
    first = [c for c in ("customer_id", *LINE) if c in columns]
    return pd.DataFrame(columns)[[*first, *[c for c in columns if c not in first]]][left]


def _people(frame: pd.DataFrame) -> pd.DataFrame:
    """What an order table says about its customers: the latest value that is not blank."""
    about = [c for c in frame.columns if c not in LINE]
    ordered = frame.sort_values("order_date", kind="stable")[about]
    if len(about) == 1:
        return ordered.drop_duplicates("customer_id", keep="last")
    known = ordered.mask(ordered.isin([""]))
    people = known.groupby("customer_id", sort=False).last().reset_index()
    where = ordered.reset_index().groupby("customer_id", sort=False)["index"].last()
    people.index = pd.Index(where.loc[people["customer_id"]].to_numpy())
    return people


def _flag_twins(bench: Bench, twins: pd.DataFrame, confirmed: set[frozenset[str]], grain: str) -> None:
    """Say which rows belong to the second of two probable twins; merge those the client confirmed."""
    if twins.empty or grain == "orders":
        return
    sure = _pair_mask(twins, confirmed)
    key = bench.values["customer_id"]
    usable = ~np.isin(bench.events.fates(), ["set_aside", "merged"])
    for chosen, fate in ((twins[~sure], "kept"), (twins[sure], "merged")):
        first = key.astype(object).map(dict(zip(chosen["id_b"], chosen["id_a"], strict=True)))
        bench.events.add(first.notna() & usable, "fuzzy_duplicate", fate, new=first.where(first.notna(), ""))


def _pair_mask(twins: pd.DataFrame, pairs: set[frozenset[str]]) -> np.ndarray:
    """Which of the twins are among `pairs`, whichever id stands first."""
    ids = twins[["id_a", "id_b"]].itertuples(index=False)
    return np.array([frozenset(pair) in pairs for pair in ids], dtype=bool)


def _located(twins: pd.DataFrame, people: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Add where both of a pair stand in the client's files."""
    at = pd.Series(people.index, index=people["customer_id"])
    for side in ("a", "b"):
        rows = table.origin.loc[at.loc[twins[f"id_{side}"]].to_numpy()]
        for column in ORIGIN:
            twins = twins.assign(**{f"{column}_{side}": rows[column].to_numpy()})
    return twins


def _refuse_empty(totals: Totals, ledger: pd.DataFrame, heads: dict[str, str], as_of: AsOf) -> None:
    if totals.kept + totals.changed:
        return
    found = set_aside_reasons(ledger, heads)
    reasons = list(zip(found["reason"].tolist(), found["rows"].tolist(), strict=True))
    reasons += [("duplicate", totals.merged)] if totals.merged else []
    raise InputProblems(
        [Problem("clean.nothing_left", {"n": totals.rows_in, "reasons": reasons, "as_of": as_of.date})]
    )


def _merged(
    frame: pd.DataFrame, people: pd.DataFrame, pairs: tuple[tuple[str, str], ...], grain: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One id for both of a confirmed pair: orders move over, totals are added up."""
    if not pairs:
        return frame, people
    into = merge_into(pairs)
    frame = frame.assign(customer_id=frame["customer_id"].replace(into))
    if grain == "orders":
        return frame, people[~people["customer_id"].isin(into)]
    how = {column: "first" for column in frame.columns if column != "customer_id"}
    special = {"monetary": "sum", "frequency": "sum", "last_order": "max", "register_date": "min"}
    how |= {column: rule for column, rule in special.items() if column in how}
    frame = frame.groupby("customer_id", as_index=False, sort=False).agg(how)
    return frame, frame


def _masked(ledger: pd.DataFrame, heads: dict[str, str], people: pd.DataFrame) -> pd.DataFrame:
    """Old and new cell texts without personal data: the ledger is for reading."""
    kinds = {kind: kind for kind in PERSONAL if kind in people.columns}
    known = Lookup(known_values(people, kinds))
    masked = ledger.copy()
    for side in ("old", "new"):
        cells = ledger[side]
        masked[side] = mapped(cells, lambda text: mask_text(text, known))
        for kind in kinds:
            here = ledger["column"] == heads.get(kind)
            masked[side] = masked[side].mask(here, mask_column(cells.where(here, ""), kind).astype("str"))
    return masked
