"""Columns a playbook makes for every customer before it classifies them (指标): out of rows, or of other columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

from segkit.playbooks.model import ACROSS, Attribute
from segkit.schemes.conditions import Conditions, kinds_of, words_of

ID = "customer_id"
DATES = {"orders": "order_date"}  # the day of a row; in other tables `date`
NUMBERS = ("sum", "mean", "median", "share")  # of a column that must hold numbers
IN_ORDER = ("last", "first", "most")  # takes for which it matters which row came later
DIGITS = 6  # sums are rounded here, so that 0.1 + 0.2 meets a limit of 0.3


@dataclass(frozen=True)
class NotMade:
    """An attribute this client's data cannot give.

    Attributes
    ----------
    why : no_table | no_column | no_date | no_numbers | no_words | no_dates
    table, column : what is missing or of another kind
    near : what is there under a similar name
    """

    attribute: str
    why: str
    table: str
    column: str = ""
    near: tuple[str, ...] = ()


def make(
    attributes: Mapping[str, Attribute],
    customers: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    *,
    as_of: dt.date,
) -> tuple[pd.DataFrame, list[NotMade]]:
    """The attributes of every customer, in order; later ones may use earlier ones.

    ==================  ==================================================================================
    last, first         the value of `column` in the latest, earliest row that has one
    count, sum          rows; total of `column`: 0 for customers without rows
    mean median min max of `column`
    share               of the rows, or with `column` of its sum, the part that meets `where`
    most                the commonest value of `column`; of two as common the one seen later
    distinct            how many different values of `column`
    days_since          days from the last row, or from the last date in `column`, to `as_of`
    days_until          days from `as_of` to the last date in `column`; negative where it is past
    ratio               `column` divided by `of`; missing where that is 0
    total               of `columns`; missing where one of them is
    ==================  ==================================================================================

    Only rows that meet `where` and lie in (as_of - within_days, as_of] are looked at. Customers without such rows
    have 0 for count and sum and a missing value for the rest. Made columns replace columns of the same name.

    Parameters
    ----------
    customers : one row per `customer_id`
    tables : rows with `customer_id` and, where they have a day, `order_date` (orders) or `date` (others)

    Returns
    -------
    customers with the columns added, and what could not be made
    """
    made = customers.copy()
    failed: list[NotMade] = []
    for name, attribute in attributes.items():
        lacking = _lacking(name, attribute, made, tables)
        if lacking is not None:
            failed.append(lacking)
            continue
        if attribute.take in ACROSS:
            made[name] = _across(attribute, made)
        else:
            rows, date = _rows(attribute, made, tables, as_of)
            made[name] = _of_rows(attribute, rows, date, made[ID], pd.Timestamp(as_of))
    return made, failed


def _table(attribute: Attribute, customers: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return tables[attribute.table] if attribute.of_rows else customers


def _lacking(
    name: str, attribute: Attribute, customers: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> NotMade | None:
    source, take = attribute.table, attribute.take
    if attribute.of_rows and source not in tables:
        return NotMade(name, "no_table", source, near=_near(source, list(tables)))
    frame = _table(attribute, customers, tables)
    for column in attribute.reads():
        if column not in frame.columns:
            there = [str(c) for c in frame.columns if c != ID]
            return NotMade(name, "no_column", source, column, _near(column, there))
    date = DATES.get(source, "date")
    by_day = (
        take in ("last", "first") or attribute.within_days or (take == "days_since" and not attribute.column)
    )
    if attribute.of_rows and by_day and date not in frame.columns:
        return NotMade(name, "no_date", source)
    if (
        attribute.of_rows
        and date in frame.columns
        and not pd.api.types.is_datetime64_any_dtype(frame[date])
        and frame[date].notna().any()
    ):
        return NotMade(name, "no_dates", source, date)
    if attribute.where is not None and (odd := _of_another_kind(attribute.where, frame)):
        return NotMade(name, odd[0], source, odd[1])
    made_of = [c for c in (attribute.column, attribute.of, *attribute.columns) if c is not None]
    for column in made_of:
        if take in (*NUMBERS, *ACROSS) and not pd.api.types.is_numeric_dtype(frame[column]):
            return NotMade(name, "no_numbers", source, column)
        if take in ("days_since", "days_until") and not pd.api.types.is_datetime64_any_dtype(frame[column]):
            return NotMade(name, "no_dates", source, column)
    return None


def _of_another_kind(where: Conditions, frame: pd.DataFrame) -> tuple[str, str] | None:
    """A column compared with what it cannot hold: numbers where all is text, or text where all is numbers."""
    for column, kind in kinds_of([where]).items():
        there = frame[column].dropna()
        if kind == "number" and len(there) and pd.to_numeric(there, errors="coerce").isna().all():
            return "no_numbers", column
    for column, words in words_of([where]).items():
        numbers = pd.api.types.is_numeric_dtype(frame[column]) and frame[column].notna().any()
        if numbers and pd.to_numeric(pd.Series(words), errors="coerce").isna().all():
            return "no_words", column
    return None


def _near(word: str, words: list[str]) -> tuple[str, ...]:
    return tuple(get_close_matches(word, words, n=1, cutoff=0.6))


def _across(attribute: Attribute, customers: pd.DataFrame) -> pd.Series:
    if attribute.take == "total":
        return customers[list(attribute.columns)].astype("float64").sum(axis=1, skipna=False).round(DIGITS)
    above, below = (customers[c].astype("float64") for c in (attribute.column, attribute.of))
    return above / below.where(below != 0)


def _rows(
    attribute: Attribute, customers: pd.DataFrame, tables: Mapping[str, pd.DataFrame], as_of: dt.date
) -> tuple[pd.DataFrame, str | None]:
    """The rows in the window, where their order matters the earliest first, and the name of their day."""
    rows = _table(attribute, customers, tables)
    date = DATES.get(attribute.table, "date")
    if not attribute.of_rows or date not in rows.columns:
        return rows, None
    day, end = rows[date], pd.Timestamp(as_of) + pd.Timedelta(days=1)
    inside = day < end
    if attribute.within_days is not None:
        inside &= day >= end - pd.Timedelta(days=attribute.within_days)
    rows = rows[inside]
    return rows.sort_values(date, kind="stable") if attribute.take in IN_ORDER else rows, date


def _of_rows(
    attribute: Attribute, rows: pd.DataFrame, date: str | None, ids: pd.Series, as_of: pd.Timestamp
) -> pd.Series:
    """One value a customer, in the order of `ids`."""
    take, column = attribute.take, attribute.column
    meets = attribute.where.holds(rows) if attribute.where is not None else pd.Series(True, index=rows.index)
    if take == "share":
        weight = rows[column].astype("float64") if column else pd.Series(1.0, index=rows.index)
        whole = weight.groupby(rows[ID]).sum()
        part = weight.where(meets, 0.0).groupby(rows[ID]).sum()
        return _at(ids, part / whole.where(whole > 0))
    rows = rows[meets]
    by = rows[ID]
    if take == "count":
        return _at(ids, rows.groupby(by).size()).fillna(0).astype("Int64")
    if take in ("days_since", "days_until"):
        days = (_at(ids, rows[column or date].groupby(by).max()).astype("datetime64[ns]") - as_of).dt.days
        return (days if take == "days_until" else -days).astype("Int64")
    values = rows[column]
    if take == "sum":
        return _at(ids, values.astype("float64").groupby(by).sum()).fillna(0.0).round(DIGITS)
    if take == "most":
        return _at(ids, _commonest(values, by))
    if take == "distinct":
        return _at(ids, values.groupby(by).nunique()).astype("Int64")
    if take in ("mean", "median"):
        values = values.astype("float64")
    return _at(ids, getattr(values.groupby(by), take)())


def _commonest(values: pd.Series, by: pd.Series) -> pd.Series:
    """Per customer; the rows stand with the latest last."""
    known = pd.DataFrame({ID: by, "value": values, "at": range(len(values))}).dropna(subset="value")
    counts = known.groupby([ID, "value"], sort=False)["at"].agg(["size", "max"]).reset_index()
    best = counts.sort_values([ID, "size", "max"], kind="stable").drop_duplicates(ID, keep="last")
    return best.set_index(ID)["value"]


def _at(ids: pd.Series, values: pd.Series) -> pd.Series:
    """`values` by customer, in the order and with the index of the customers."""
    return values.reindex(ids).set_axis(ids.index)
