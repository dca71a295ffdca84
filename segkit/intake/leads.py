"""Leads (线索, 商机, 来访): one row a lead, as of a day, and as the people a report can classify."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from segkit.intake.columns import Bench
from segkit.intake.keys import one_spelling, whole_ids
from segkit.intake.settling import WINDOW_DAYS, AsOf, credible_as_of
from segkit.intake.values import is_empty
from segkit.problems import InputProblems, Problem

# the columns of every table of leads, whatever the client has, with the type each is of
COLUMNS = {
    "lead_id": "str",
    "customer_id": "str",
    "first_contact": "datetime64[ns]",
    "channel": "str",
    "stage": "str",
    "intent": "str",
    "last_follow_up": "datetime64[ns]",
    "owner": "str",
    "expected_amount": "float64",
    "outcome": "str",
}
LEAD, CUSTOMER = "lead_id", "customer_id"
OWN_CUSTOMER = (
    "+customer"  # carries the client's number of the customer while `customer_id` is the lead's key
)
MAY_BE_NUMBERS = ("stage", "intent", "outcome")  # 1 to 5, as a playbook may compare them
DAYS = ("last_follow_up", "first_contact")


def own_customer(bench: Bench) -> pd.Series | None:
    """The number of the customer a lead belongs to, where the client writes one beside that of the lead."""
    if not (bench.has(LEAD) and bench.has(CUSTOMER)):
        return None
    cells = one_spelling(whole_ids(bench.cells(CUSTOMER))[0])
    return cells.where(~is_empty(cells), None)


def settle_lead_days(bench: Bench, given: dt.date | None, reaches: AsOf | None = None) -> AsOf:
    """The day leads stand on: the one given, else the last credible one anything happened to a lead.

    A lead that came later is set aside; a follow-up noted for a later day is taken out.

    Parameters
    ----------
    reaches : the last credible day of the client's other tables; the later of the two is taken

    Raises
    ------
    InputProblems : there is no date and none was given
    """
    days = {name: bench.values[name] for name in DAYS if name in bench.values}
    counted = ~np.isin(bench.events.fates(), ["set_aside", "merged"])
    seen = (
        pd.concat([values.where(counted) for values in days.values()]) if days else pd.Series(dtype="M8[ns]")
    )
    chosen = _chosen(seen, given, reaches)
    if chosen is None:
        raise InputProblems([Problem("clean.no_dates", {"n": len(bench.text)})])
    for name, values in days.items():
        late = (values > pd.Timestamp(chosen.date)) & counted
        fate = "set_aside" if name == "first_contact" else "changed"
        bench.events.add(late, "after_as_of", fate, column=bench.heads[name], old=bench.cells(name))
        if name != "first_contact":
            bench.values[name] = values.where(~late)
    return chosen


def _chosen(seen: pd.Series, given: dt.date | None, reaches: AsOf | None) -> AsOf | None:
    if given is not None:
        last = seen.dropna().max()
        later = int((seen > pd.Timestamp(given)).sum())
        return AsOf(given, "given", None if pd.isna(last) else last.date(), later)
    found = credible_as_of(seen)
    if found is None or reaches is None:
        return found or reaches
    slip = found.date > reaches.date + dt.timedelta(days=WINDOW_DAYS)
    return reaches if slip or found.date < reaches.date else found


def as_leads(frame: pd.DataFrame, heads: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of leads, and the leads as people who bought nothing yet.

    Parameters
    ----------
    frame : one row a lead, `customer_id` its key, `OWN_CUSTOMER` the customer's where the client has it
    heads : canonical column -> the client's heading

    Returns
    -------
    leads : every column of `COLUMNS`, then the client's own
    people : one row a lead under the lead's id, `frequency` 0 and no money; stage, intent and outcome as numbers
        where they are written so, and also under the client's headings, by which a playbook may ask for them
    """
    people = frame.drop(columns=[LEAD, OWN_CUSTOMER], errors="ignore").assign(monetary=np.nan, frequency=0)
    for name in MAY_BE_NUMBERS:
        if name in people.columns and (numbers := _all_numbers(people[name])) is not None:
            people[name] = numbers
        if name in people.columns and heads[name] not in people.columns:
            people[heads[name]] = people[name]
    leads = frame.assign(lead_id=frame[CUSTOMER], customer_id=frame.get(OWN_CUSTOMER))
    leads = leads.drop(columns=OWN_CUSTOMER, errors="ignore")
    for name, kind in COLUMNS.items():
        if name not in leads.columns:
            leads[name] = pd.Series(pd.NaT if kind[0] == "d" else np.nan, index=leads.index, dtype=kind)
        elif kind == "str":
            cells = leads[name].astype("str")
            leads[name] = cells.where(leads[name].notna() & (cells != ""))
    return leads[[*COLUMNS, *[c for c in leads.columns if c not in COLUMNS]]], people


def _all_numbers(cells: pd.Series) -> pd.Series | None:
    """The cells as numbers where every filled one is one; else None."""
    filled = cells.notna() & (cells != "")
    numbers = pd.to_numeric(cells.where(filled), errors="coerce")
    return numbers.astype("float64") if filled.any() and bool(numbers[filled].notna().all()) else None
