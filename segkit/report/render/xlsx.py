"""customers.xlsx: the report's numbers and its working lists as a workbook.

Reads the ReportModel and the Parquet files it names, nothing else, and computes no number. KPI values carry a
workbook name (``kpi_<id>``) by which they are found again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.followup.batching import by_hand
from segkit.locale import Lang, has_message, say
from segkit.report.model import Bullets, Column, ReportModel, Section, Sheet, Text
from segkit.report.render.lists import customer_list, head_of, ledger_list, marks_of
from segkit.report.render.plan_rows import stored_table
from segkit.report.render.plan_sheets import (
    MOST_TASKS,
    SHEETS,
    by_owner,
    how_to_fill,
    mark,
    owner_sheets,
    plan_pages,
)
from segkit.report.render.record_sheet import (
    record_changes_list,
    record_differences_list,
    record_fields_list,
    records_list,
)
from segkit.report.render.unplanned_sheet import MOST_UNPLANNED, unplanned_list
from segkit.report.render.values import is_numbered
from segkit.workbook import Book, Head, Page, Sum

DEFINITIONS = "definitions"  # the section whose words go to the last sheet
SEGMENTS = "segments"  # the table that leads the segment sheet
SUMMED = {"count": 1e-9, "hours": 1e-9, "money": 0.005, "share": 1e-6}  # units that add up, and how closely


# the customer file: its rows, where they come from, what disagrees, what is new
RECORDS = {
    "records": records_list,
    "record_fields": record_fields_list,
    "record_differences": record_differences_list,
    "record_changes": record_changes_list,
}


def render_xlsx(model: ReportModel, folder: Path, out: Path) -> None:
    """Write the workbook of a report.

    Parameters
    ----------
    model : the report; its `tables` name Parquet files (customers, plan, ledger) relative to `folder`
    out : the file to write; the same model gives the same bytes

    Raises
    ------
    OSError : the file cannot be written
    """
    lang, meta = model.meta.lang, model.meta
    with Book(out, lang=lang, created=meta.as_of, title=meta.title, label=meta.client_name) as book:
        mark(book, model)
        plan, unplanned = stored_table(model, folder, "plan"), stored_table(model, folder, "unplanned")
        _overview(book, model, plan, 0 if unplanned is None else len(unplanned))
        sections = [s for s in model.sections if s.id != DEFINITIONS and _tables(s) and not s.appendix]
        leading = [s for s in sections if any(t.id == SEGMENTS for t in _tables(s))]
        for section in leading:
            _section(book, model, section, say("xlsx.sheet.segments", lang))
        if plan is not None and len(plan):  # nothing planned, no list
            plan_pages(book, model, plan)
        if unplanned is not None and len(unplanned):
            unplanned_list(book.page(say("xlsx.sheet.unplanned", lang)), model, unplanned)
        customers = stored_table(model, folder, "customers")
        if customers is not None:
            customer_list(book.page(say("xlsx.sheet.customers", lang)), model, customers)
        for key, write in RECORDS.items():
            frame = stored_table(model, folder, key)
            if frame is not None and len(frame):
                write(book.page(say(f"xlsx.sheet.{key}", lang)), model, frame)
        for section in sections:
            if section not in leading:
                _section(book, model, section, section.title)
        ledger = stored_table(model, folder, "ledger")
        if ledger is not None and len(ledger):
            ledger_list(book.page(say("xlsx.sheet.ledger", lang)), model, ledger)
        _sources(book, model)
        for section in (s for s in model.sections if s.appendix):
            _section(book, model, section, say("xlsx.sheet.appendix", lang, title=section.title))
        if plan is not None:  # last, for there may be many
            owner_sheets(book, model, plan)


def _tables(section: Section) -> list[Sheet]:
    return [block for block in section.blocks if isinstance(block, Sheet)]


# --- first sheet -----------------------------------------------------------


def _overview(book: Book, model: ReportModel, plan: pd.DataFrame | None, unplanned: int) -> None:
    lang, meta = book.lang, model.meta
    compared = any(kpi.previous is not None for kpi in model.kpis.values())
    widths = [32.0, 18.0, *([18.0] if compared else []), 9.0, 12.0, 60.0]
    page = book.page(say("xlsx.sheet.overview", lang), widths)
    page.text(meta.title, "title")
    page.text(say("xlsx.client", lang, name=meta.client_name))
    period = "xlsx.period" if meta.first_date and meta.last_date else "xlsx.as_of"
    page.text(say(period, lang, first=meta.first_date, last=meta.last_date, as_of=meta.as_of))
    if meta.purpose:
        page.text(say("xlsx.purpose", lang, purpose=meta.purpose), "strong")
    page.down()
    if model.kpis:
        page.text(say("xlsx.kpis", lang), "heading")
        heads = ["label", "value", *(["previous"] if compared else []), "unit", "n", "note"]
        units = {"value": "count", "previous": "count", "n": "count"}
        page.line([(say(f"xlsx.kpi.{h}", lang), units.get(h, "text")) for h in heads], "head")
        for kpi in model.kpis.values():
            book.name(f"kpi_{kpi.id}", page, page.row, 1)
            id = f"workbook.unit.{kpi.unit}"
            unit = say(id, lang) if has_message(id) and kpi.unit != "share" else ""
            before = [(kpi.previous, _cell_unit(kpi.unit))] if compared else []
            page.line(
                [
                    (kpi.label, "text"),
                    (kpi.value, _cell_unit(kpi.unit)),
                    *before,
                    (unit, "text"),
                    (kpi.n, "count"),
                    (kpi.note, "text"),
                ]
            )
        page.down()
    if model.findings:
        page.text(say("xlsx.findings", lang), "heading")
        for i, finding in enumerate(model.findings.values(), 1):
            page.text(say("xlsx.finding.claim", lang, i=i, claim=finding.claim), "strong")
            page.text(say("xlsx.finding.evidence", lang, evidence=finding.evidence))
            page.text(say("xlsx.finding.action", lang, action=finding.action))
            page.down()
    if plan is not None and len(plan):
        _how_to_work(page, plan, lang)
    if unplanned:
        which = "xlsx.unplanned" if unplanned <= MOST_UNPLANNED else "xlsx.unplanned_beyond"
        page.text(say(which, lang, n=unplanned, most=MOST_UNPLANNED))


def _how_to_work(page: Page, plan: pd.DataFrame, lang: Lang) -> None:
    """How the follow-up list is filled in, and which owners have a sheet of their own."""
    page.text(say("xlsx.plan.how", lang), "heading")
    for number, line in enumerate(how_to_fill(plan, lang), 1):
        page.text(f"{number}. {line}")
    calls = plan[by_hand(plan)]
    owners = [*by_owner(calls, lang)]
    if len(owners) > 1:
        which = "owners" if len(owners) <= SHEETS else "owners_beyond"
        which = "owners_in_files" if len(calls) > MOST_TASKS else which
        left = owners[SHEETS:]
        facts = {"n": len(owners), "sheets": SHEETS, "left": len(left), "names": left[:12]}
        page.text(say(f"xlsx.plan.{which}", lang, **facts))


# --- sheets of sections ----------------------------------------------------


def _section(book: Book, model: ReportModel, section: Section, name: str) -> None:
    """The tables of a section, then its words."""
    tables = _tables(section)
    page = book.page(name, _joint_widths(model, tables))
    for i, table in enumerate(tables):
        top = _block(page, model, table, filtered=len(tables) == 1)
        if i == 0 and len(tables) == 1:
            page.freeze(top + 1, 1)
        page.down()
    _words(page, section)


def _words(page: Page, section: Section) -> None:
    for block in section.blocks:
        if isinstance(block, Text):
            page.text(block.text, block.role)
        elif isinstance(block, Bullets):
            for item in block.items:
                page.text(item if is_numbered(item) else f"· {item}")


def _block(page: Page, model: ReportModel, table: Sheet, *, filtered: bool) -> int:
    page.text(table.title, "heading")
    if table.caption:
        page.text(table.caption, "note")
    heads = _heads(model, table)
    total = None
    if table.total is not None:
        columns = [[row[i] for row in table.rows] for i in range(len(heads))]
        total = [
            _total(c, column, v) for c, column, v in zip(table.columns, columns, table.total, strict=True)
        ]
    return page.table(heads, table.rows, total=total, filtered=filtered)


def _heads(model: ReportModel, table: Sheet) -> list[Head]:
    heads = []
    for i, column in enumerate(table.columns):
        marks = None
        if column.id == "segment":
            marks = marks_of(model, {row[i] for row in table.rows if isinstance(row[i], str)})
        heads.append(Head(column.head, _cell_unit(column.unit), marks=marks))
    return heads


def _cell_unit(unit: str) -> str:
    """Hours stand in the workbook as plain numbers, with a decimal where they are not whole."""
    return "count" if unit == "hours" else unit


def _total(column: Column, values: Sequence[Any], total: Any) -> Any:
    """The total as a sum Excel can redo, where the column does add up to it; else the value as it stands."""
    if column.unit not in SUMMED or not _is_number(total) or not values:
        return total
    if not all(v is None or _is_number(v) for v in values):
        return total
    gap = abs(math.fsum(v for v in values if v is not None) - total)
    return Sum(total) if gap <= SUMMED[column.unit] else total


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _joint_widths(model: ReportModel, tables: Sequence[Sheet]) -> list[float]:
    """Widths that suit every table stacked on one page."""
    widths: list[float] = []
    for table in tables:
        fitted = Page.fitted(_heads(model, table), table.rows, model.meta.lang, table.total)
        widths = [max(a, b) for a, b in zip(_padded(widths, fitted), _padded(fitted, widths), strict=True)]
    return widths


def _padded(widths: list[float], other: list[float]) -> list[float]:
    return widths + [0.0] * (len(other) - len(widths))


# --- last sheet ------------------------------------------------------------


def _sources(book: Book, model: ReportModel) -> None:
    """What the words mean, and what the numbers were made from."""
    lang, made = book.lang, model.provenance
    defined = [table for section in model.sections if section.id == DEFINITIONS for table in _tables(section)]
    least, asked = [30.0, 40.0, 24.0, 24.0], _joint_widths(model, defined)
    widths = [max(a, b) for a, b in zip(_padded(least, asked), _padded(asked, least), strict=True)]
    page = book.page(say("xlsx.sheet.sources", lang), widths)
    for section in (s for s in model.sections if s.id == DEFINITIONS):
        page.text(section.title, "heading")
        _words(page, section)
        page.down()
        for table in _tables(section):
            _block(page, model, table, filtered=False)
            page.down()
    page.text(say("xlsx.inputs", lang), "heading")
    for source in made.inputs:
        _pairs(page, _flat(source), lang)
        page.down()
    # what the schemes learned stands in words above, to the last digit in schemes.yml
    chosen = {key: value for key, value in made.parameters.items() if key != "schemes"}
    for key, facts in (("totals", made.totals), ("parameters", chosen), ("versions", made.versions)):
        if facts:
            page.text(say(f"xlsx.{key}", lang), "heading")
            _pairs(page, _flat(facts), lang)
            page.down()
        if key == "parameters" and "schemes" in made.parameters:
            page.text(say("xlsx.scheme_file", lang), "note")
            page.down()


def _pairs(page: Page, facts: Mapping[str, Any], lang: Lang) -> None:
    page.line([(say("xlsx.item", lang), "text"), (say("xlsx.value", lang), "text")], "head")
    for key, value in facts.items():
        unit = "text"
        if _is_number(value) and key.startswith(("money_", "rows", "kept", "changed", "merged", "set_aside")):
            unit = "money" if key.startswith("money_") else "count"
        page.line([(head_of(key, lang), "text"), (value, unit)])


def _flat(facts: Mapping[str, Any], lead: str = "") -> dict[str, Any]:
    """Nested parameters as dotted names: ``schemes.rfm.bins``."""
    flat: dict[str, Any] = {}
    for key, value in facts.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{lead}{key}.")
        elif isinstance(value, list | tuple):
            flat[f"{lead}{key}"] = ", ".join(str(v) for v in value)
        elif value not in (None, "", {}):
            flat[f"{lead}{key}"] = value
    return flat
