"""The customer file in customers.xlsx: every customer in the blocks of the sources, and where each field is from."""

from __future__ import annotations

import pandas as pd

from segkit.locale import say
from segkit.report.model import ReportModel
from segkit.report.record_fields import (
    BASIC,
    BEHAVIOUR,
    CHANGE,
    CONTACTS,
    FROM_CASES,
    FROM_LEADS,
    FROM_LINES,
    FROM_SURVEYS,
    NEXT,
)
from segkit.report.render.lists import WHY, working_list
from segkit.workbook import Page

UNITS = {"customer_id": "id", "rank": "count"}
for _block in (BASIC, BEHAVIOUR, FROM_LINES, FROM_SURVEYS, FROM_CASES, FROM_LEADS, CONTACTS, NEXT, CHANGE):
    UNITS |= _block
FIELDS = {
    "block": "text",
    "head": "text",
    "source": "text",
    "known": "count",
    "share": "share",
    "differs": "count",
}
DIFFERENCES = {
    "customer_id": "id",
    "head": "text",
    "taken": "text",
    "taken_from": "text",
    "other": "text",
    "other_from": "text",
}
WHAT_CHANGED = {"customer_id": "id", "head": "text", "before": "text", "now": "text"}


def records_list(page: Page, model: ReportModel, records: pd.DataFrame) -> None:
    """One row per customer: who, what they bought, what they need, last contact, labels and why, next step, news."""
    labels = [name for name in model.schemes if name in records.columns]
    reasons = [c for c in records.columns if c == "why" or c.startswith(WHY)]
    reasons.sort(key=lambda column: column != "why")
    known = {c: UNITS.get(c, _unit(records[c])) for c in records.columns if c not in reasons}
    working_list(page, model, records, known, labels=labels, reasons=reasons, frozen=1)


def record_fields_list(page: Page, model: ReportModel, fields: pd.DataFrame) -> None:
    """From which table and heading each field is, of how many customers, and of how many the sources disagree."""
    names = {block: say(f"record.block.{block}", model.meta.lang) for block in fields["block"].unique()}
    lines = fields.assign(block=fields["block"].map(names))
    working_list(page, model, lines[[*FIELDS]], FIELDS, frozen=2)


def record_differences_list(page: Page, model: ReportModel, differences: pd.DataFrame) -> None:
    """Customer by customer what two sources say, and which was taken."""
    working_list(page, model, differences[[*DIFFERENCES]], DIFFERENCES)


def record_changes_list(page: Page, model: ReportModel, changes: pd.DataFrame) -> None:
    """Customer by customer what is not as it was last month."""
    working_list(page, model, changes[[*WHAT_CHANGED]], WHAT_CHANGED)


def _unit(column: pd.Series) -> str:
    kind = pd.api.types
    if kind.is_datetime64_any_dtype(column):
        return "date"
    return "count" if kind.is_numeric_dtype(column) and not kind.is_bool_dtype(column) else "text"
