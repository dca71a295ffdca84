"""What the wizard shows of a check or a report: questions, notes, and the deliverables with their links."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from segkit.locale import Lang, has_message, say
from segkit.widgets.wizard_run import Outcome, links
from segkit.widgets.wizard_steps import Checked

TOPIC = "widget.report_wizard"


def deliverables(outcome: Outcome, lang: Lang) -> str:
    """Every file with what it is for, a link where a page can open it, and the notes of the report."""
    found = zip(outcome.files, links(outcome.files), strict=True)
    shown = "<ul>" + "".join(_linked(path, *link, lang) for path, link in found) + "</ul>"
    return shown + noted([note.removeprefix("- ") for note in outcome.lines], lang)


def doubts(checked: Checked, lang: Lang) -> str:
    """What only the client can answer, as `segkit init` asks it."""
    questions = checked.seen.questions
    if not questions:
        return ""
    return line(say("init.questions", lang, n=len(questions)), "segkit-meaning") + _list(questions)


def noted(notes: Sequence[str], lang: Lang) -> str:
    return line(say(f"{TOPIC}.notes", lang, n=len(notes))) + _list(notes) if notes else ""


def line(sentence: str, how: str = "", role: str = "") -> str:
    """A paragraph; `role` says it to a screen reader: status, alert."""
    marks = "".join(f' {name}="{value}"' for name, value in (("class", how), ("role", role)) if value)
    return f"<p{marks}>{escape(sentence)}</p>"


def near(path: Path) -> str:
    """The path as seen from the notebook, where it lies below it."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def framed(inner: str) -> str:
    return f'<div class="segkit-explorer">{inner}</div>'


def _linked(path: Path, name: str, address: str | None, lang: Lang) -> str:
    id = f"{TOPIC}.file.{path.stem if path.suffix else path.name}"
    what = say(f"{TOPIC}.for", lang, what=say(id, lang)) if has_message(id) else ""
    shown = escape(name)
    if address is not None:
        shown = f'<a href="{escape(address)}" target="_blank">{shown}</a>'
    return f"<li>{shown}{escape(what)}</li>"


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in lines) + "</ul>"
