"""unread.xlsx: what could not be read and what is to be decided, by file and row, with what to write instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segkit.followup.policy import CHANNELS
from segkit.locale import Lang, name_of, say
from segkit.problems import Problem
from segkit.report.render.lists import head_of
from segkit.report.returned import Conflict, Returned
from segkit.report.returned_rows import Moved, Unread
from segkit.report.returned_words import OUTCOMES, STATUSES
from segkit.workbook import Book, Head

if TYPE_CHECKING:
    from segkit.report.returned_log import Change

UNITS = {"row": "row", "date": "date", "next_date": "date", "minutes": "count", "customer_id": "id"}
_TAKEN = {
    (True, False): "log.taken",
    (True, True): "log.taken_as_it_is",
    (False, False): "log.not_taken",
    (False, True): "log.not_taken",
}


def write_unread(
    path: Path,
    returned: Returned,
    changes: Sequence[Change],
    again: Sequence[Mapping[str, str]],
    lang: Lang,
) -> bool:
    """Write the workbook; False, and nothing written, where there is nothing to list.

    Raises
    ------
    OSError : the file cannot be written
    """
    sheets: dict[str, list[dict[str, Any]]] = {
        "unread": [
            *(_of_file(problem, lang) for problem in returned.problems),
            *(_of_cell(cell, lang) for cell in returned.unread),
        ],
        "decide": [
            *(_of_conflict(one, lang) for one in returned.conflicts),
            *(_of_log(row, lang) for row in again),
            *_opted_out(returned, lang),
        ],
        "moved": [_of_moved(one, lang) for one in returned.moved],
        "changed": [
            {
                "contact_id": c.contact_id,
                "column": head_of(_field(c.column), lang),
                "old": c.old,
                "new": c.new,
            }
            for c in changes
        ],
    }
    if not any(sheets.values()):
        return False
    with Book(path, lang=lang, title=say("log.sheet.unread", lang)) as book:
        for name, rows in sheets.items():
            if rows:
                columns = list(rows[0])
                heads = [Head(_head(column, lang), UNITS.get(column, "text")) for column in columns]
                page = book.page(say(f"log.sheet.{name}", lang))
                top = page.table(heads, [[row[column] for column in columns] for row in rows])
                page.freeze(top + 1)
    return True


def why_text(cell: Unread, lang: Lang) -> str:
    """Why a cell cannot be read, and what to write."""
    facts = {
        "statuses": [name_of("task_status", s, lang) for s in STATUSES],
        "outcomes": [name_of("contact_outcome", o, lang) for o in OUTCOMES],
        "channels": [name_of("channel", c, lang) for c in CHANNELS],
        **cell.facts,
    }
    return say(f"log.why.{cell.why}", lang, **facts)


def place_text(cell: Unread, lang: Lang) -> str:
    """One line for the screen: file, sheet, row, column, what stood there and why it cannot be read."""
    line = cell.line
    problem = Problem(
        "log.cell" if cell.text else "log.cell_empty",
        {"text": cell.text, "why": why_text(cell, lang)},
        file=line.file,
        sheet=line.sheet or None,
        row=line.row,
        column=cell.heading or head_of(cell.name, lang),
    )
    return problem.text(lang)


def _of_cell(cell: Unread, lang: Lang) -> dict[str, Any]:
    line = cell.line
    return {
        "file": line.file,
        "sheet": line.sheet,
        "row": line.row,
        "customer_id": _text(line.cells.get("customer_id")),
        "column": cell.heading or head_of(cell.name, lang),
        "text": cell.text,
        "why": why_text(cell, lang),
        "taken": say(_TAKEN[cell.taken, cell.kept], lang),
    }


def _of_file(problem: Problem, lang: Lang) -> dict[str, Any]:
    why = say(problem.id, lang, **problem.facts)
    left = dict.fromkeys(("customer_id", "column", "text"), "")
    taken = say("log.not_taken", lang)
    return {
        "file": problem.file,
        "sheet": problem.sheet or "",
        "row": problem.row,
        **left,
        "why": why,
        "taken": taken,
    }


def _of_conflict(one: Conflict, lang: Lang) -> dict[str, Any]:
    contact, line = one.contact, one.line
    columns = [head_of(_field(c), lang) for c in one.columns]
    return {
        "why": say(f"log.why.{one.why}", lang, columns=columns),
        "task_id": contact.task_id,
        "customer_id": contact.customer_id,
        "date": contact.date,
        "owner": contact.owner,
        "channel": name_of("channel", contact.channel, lang),
        "result": name_of("contact_outcome", contact.outcome, lang) if contact.outcome else "",
        "note": contact.note,
        "file": line.file,
        "sheet": line.sheet,
        "row": line.row,
    }


def _of_log(row: Mapping[str, str], lang: Lang) -> dict[str, Any]:
    """A contact of the log on a task that now has another one."""
    names = {"channel": "channel", "outcome": "contact_outcome"}
    shown = {c: name_of(names[c], row[c], lang) if c in names and row[c] else row[c] for c in row}
    return {
        "why": say("log.why.logged_before", lang),
        **{c: shown[c] for c in ("task_id", "customer_id", "date", "owner", "channel")},
        "result": shown["outcome"],
        "note": row["note"],
        "file": say("log.in_the_log", lang),
        "sheet": "",
        "row": None,
    }


def _opted_out(returned: Returned, lang: Lang) -> list[dict[str, Any]]:
    """Customers who asked not to be contacted: whoever keeps the opt-outs has to see them."""
    frame = returned.contacts
    rows = frame[frame["outcome"] == "opted_out"]
    return [
        {
            "why": say("log.why.opted_out", lang),
            "task_id": row.task_id,
            "customer_id": row.customer_id,
            "date": row.date.date(),
            "owner": row.owner,
            "channel": name_of("channel", row.channel, lang),
            "result": name_of("contact_outcome", row.outcome, lang),
            "note": row.note,
            "file": "",
            "sheet": "",
            "row": None,
        }
        for row in rows.itertuples(index=False)
    ]


def _of_moved(one: Moved, lang: Lang) -> dict[str, Any]:
    return {
        "status": name_of("task_status", one.status, lang),
        "task_id": one.task_id,
        "customer_id": one.customer_id,
        "owner": one.owner,
        "next_date": one.next_date,
        "note": one.note,
        "file": one.line.file,
        "sheet": one.line.sheet,
        "row": one.line.row,
    }


def _head(column: str, lang: Lang) -> str:
    own = {"text": "log.head.text", "taken": "log.head.taken", "contact_id": "log.head.contact_id"}
    own |= {"date": "log.head.date", "why": "log.head.why"}
    return say(own[column], lang) if column in own else head_of(column, lang)


def _field(column: str) -> str:
    """The field of a sheet that a column of the log is filled from."""
    return {"outcome": "result", "minutes": "spent", "date": "done_on"}.get(column, column)


def _text(cell: Any) -> str:
    return (
        "" if cell is None else str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    )
