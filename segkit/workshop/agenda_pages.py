"""The agenda as files: a page for the client's HR, and the trainer's run sheet as a page, csv and xlsx.

Both pages are one file each, with fonts and style inside, no link and no script: they open and print offline.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from segkit.locale import Lang, say
from segkit.workbook import Book, Head
from segkit.workshop.agenda_lines import day_lines, role_words, sums_of, title_of, words_of
from segkit.workshop.pages import page_of, workbook_bytes, write_files
from segkit.workshop.run_sheet import blocks, sheet_rows
from segkit.workshop.timetable import Agenda, clock


def write_pages(agenda: Agenda, folder: Path, lang: Lang) -> list[Path]:
    """Write ``agenda.<lang>.html``, ``run_sheet.<lang>.html``, ``.csv`` and ``.xlsx`` into `folder`; give their paths.

    The same agenda gives the same bytes.

    Raises
    ------
    InputProblems : a file cannot be written (it is open in Excel, or the folder is read-only)
    """
    made = {
        f"agenda.{lang}.html": client_page(agenda, lang).encode("utf-8"),
        f"run_sheet.{lang}.html": run_page(agenda, lang).encode("utf-8"),
        f"run_sheet.{lang}.csv": _csv(agenda, lang),
        f"run_sheet.{lang}.xlsx": workbook_bytes(lambda path: _workbook(agenda, path, lang)),
    }
    return write_files(folder, made)


def client_page(agenda: Agenda, lang: Lang) -> str:
    """The page for the client's HR: outcomes, for whom, timetable, what to bring, about data."""
    taught = {entry.stretch.part for entry in agenda.taught() if entry.stretch}
    outcomes = [
        part.outcome.say(lang) for id, part in agenda.file.parts.items() if id in taught and part.outcome
    ]
    role = agenda.wish.role
    roles = [role] if role else list(agenda.file.roles)
    return _page(
        "agenda_page.html.j2",
        agenda,
        lang,
        outcomes=outcomes,
        roles=[
            (agenda.file.roles[one].name.say(lang), agenda.file.roles[one].about.say(lang)) for one in roles
        ],
        hours=f"{agenda.wish.minutes / 60:g}",
        days=[(day, day_lines(agenda, day)) for day in range(1, agenda.wish.days + 1)],
        words=lambda line: words_of(agenda, line, lang, page=True),
        practice=lambda day: sum(
            entry.minutes
            for entry in agenda.taught(day)
            if entry.stretch and agenda.file.parts[entry.stretch.part].kind == "exercise"
        ),
        bring=[one.say(lang) for one in agenda.file.page.bring],
        about_data=[one.say(lang) for one in agenda.file.page.data],
    )


def run_page(agenda: Agenda, lang: Lang) -> str:
    """The run sheet as a page to print: blocks with minute marks, and what to skip when late."""
    days = [(day, list(blocks(agenda, day, lang))) for day in range(1, agenda.wish.days + 1)]
    return _page("run_sheet.html.j2", agenda, lang, days=days)


def _page(template: str, agenda: Agenda, lang: Lang, **names: Any) -> str:
    return page_of(
        template,
        lang,
        ["agenda.css"],
        title=agenda.course.title.say(lang),
        full_title=title_of(agenda, lang),
        role=role_words(agenda, lang),
        wish=agenda.wish,
        unused=agenda.unused,
        sums=lambda day: sums_of(agenda, day),
        clock=clock,
        **names,
    )


def _csv(agenda: Agenda, lang: Lang) -> bytes:
    """As Excel opens it by a double click: UTF-8 with BOM; a text never begins like a formula."""
    heads, rows = sheet_rows(agenda, lang)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([[_plain(value) for value in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def _plain(value: str | int) -> str | int:
    return (
        f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r＝＋－＠") and value else value
    )


def _workbook(agenda: Agenda, path: Path, lang: Lang) -> None:
    heads, rows = sheet_rows(agenda, lang)
    units = ["count", "text", "count", "count", "count", "text", "text", "text", "text", "text"]
    title = title_of(agenda, lang)
    with Book(path, lang=lang, title=title, label=title) as book:
        for day in range(1, agenda.wish.days + 1):
            of_day = [[None if value == "" else value for value in row[1:]] for row in rows if row[0] == day]
            page = book.page(say("agenda.day", lang, day=day))
            if not of_day:
                page.text(say("agenda.day_empty", lang, day=day))
                continue
            top = page.table([Head(h, unit) for h, unit in zip(heads[1:], units[1:], strict=True)], of_day)
            page.freeze(top + 1, 1)
