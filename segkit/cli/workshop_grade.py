"""`segkit workshop grade`: what a class handed in, judged. Imports stand inside the command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from segkit.cli.options import LangOption, QuietOption, fail
from segkit.locale import Lang, lang_or_default, say

if TYPE_CHECKING:
    from segkit.workshop.class_work import ClassWork


def grade(
    places: Annotated[
        list[Path], typer.Argument(help="Folders, zips and notebooks / 收来的文件夹、压缩包、笔记本.")
    ],
    class_: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--class", help="Class list: 姓名, 小组 or name, group; csv or xlsx / 学员名单."),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for score sheet, feedback and class map / 结果写到哪里.")
    ] = Path("grades"),
    jobs: Annotated[int, typer.Option(min=1, max=16, help="How many at a time / 同时运行几份.")] = 2,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Who solved what, who is missing what, which mistakes are shared / 谁做对了什么，谁还没交，哪些错误是共同的.

    Feedback is in the language of each person's notebook unless --lang names one.
    """
    speak = lang_or_default(lang)
    try:
        work = _judged(places, class_, jobs, speak, quiet)
        if not quiet:
            typer.echo(say("grade.writing", speak), err=True)
        written = _written(work, out, speak, lang)
    except Exception as fault:
        fail(fault, speak)
    from segkit.workshop.score_sheet import terminal_lines

    for line in terminal_lines(work, speak):
        typer.echo(line)
    typer.echo("")
    typer.echo(say("grade.written", speak, n=len(written)))
    for path in written:
        typer.echo(str(path))


def _judged(places: list[Path], class_: Path | None, jobs: int, lang: Lang, quiet: bool) -> ClassWork:
    from segkit.problems import InputProblems
    from segkit.workshop.class_work import class_of, read_class
    from segkit.workshop.submissions import collect
    from segkit.workshop.supervising import Graded, run_all

    listed = read_class(class_) if class_ else []
    collected = collect(places)
    if not collected.newest:
        raise InputProblems(collected.unused)
    finished: list[Graded] = []

    def tell(graded: Graded) -> None:
        finished.append(graded)
        one = graded.submission
        facts = {"k": len(finished), "n": len(collected.newest), "name": one.name, "id": one.exercise}
        if not quiet:
            typer.echo(say("grade.progress", lang, **facts, score=graded.score), err=True)

    return class_of(collected, run_all(collected.newest, jobs=jobs, done=tell), listed)


def _written(work: ClassWork, out: Path, speak: Lang, wanted: str | None) -> list[Path]:
    from segkit.workshop.class_map import map_page, unnamed_page
    from segkit.workshop.feedback import feedback_pages
    from segkit.workshop.pages import workbook_bytes, write_files
    from segkit.workshop.score_sheet import score_sheet

    made = {
        "scores.xlsx": workbook_bytes(lambda path: score_sheet(work, path, speak)),
        "class_map.html": map_page(work, speak).encode("utf-8"),
        "class_map.no_names.html": unnamed_page(work, speak).encode("utf-8"),
        **feedback_pages(work, speak, speak if wanted else None),
    }
    return write_files(out, made)
