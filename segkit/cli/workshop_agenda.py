"""`segkit workshop agenda`: the timetable of a course. Imports stand inside the command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from segkit.cli.options import LangOption, fail
from segkit.locale import LANGS, Lang, lang_or_default, say


def agenda(
    days: Annotated[int, typer.Option(help="Days of the course: 1 or 2 / 几天课.")] = 2,
    hours: Annotated[
        float, typer.Option(help="Hours in the room a day, lunch not counted / 每天几小时，午餐不算.")
    ] = 6,
    start: Annotated[str, typer.Option(help="When a day begins: 09:00 / 几点开始.")] = "09:00",
    lunch: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Minutes of lunch, 90 by default, 0 for none / 午餐几分钟，默认 90."),
    ] = None,
    role: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="一线销售, 主管, 顾问 (sales, lead, consultant); a mixed class by default / 默认混合班."
        ),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder for the page and the run sheet / 课程页和走场单写到哪里."),
    ] = None,
    course: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Your own course file / 自己的课程文件."),
    ] = None,
    lang: LangOption = None,
) -> None:
    """When is what taught, and what has to stay out / 几点讲什么，什么讲不到.

    With --out also a page for the client and a run sheet for the trainer, in both languages unless --lang names one.
    """
    from segkit.workshop.agenda_lines import terminal_lines
    from segkit.workshop.agenda_pages import write_pages
    from segkit.workshop.timetable import agenda as compose

    speak = lang_or_default(lang)
    try:
        made = compose(days=days, hours=hours, start=start, lunch=lunch, role=role, course=course)
        wanted: tuple[Lang, ...] = LANGS if lang is None else (speak,)
        written = [path for one in wanted for path in write_pages(made, out, one)] if out else []
    except Exception as fault:
        fail(fault, speak)
    for line in terminal_lines(made, speak):
        typer.echo(line)
    if written:
        typer.echo("")
        typer.echo(say("agenda.written", speak, n=len(written)))
        for path in written:
            typer.echo(str(path))
