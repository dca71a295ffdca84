"""The command line. Imports stand inside the commands, so that --help answers at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from segkit.cli.due import due
from segkit.cli.log import log
from segkit.cli.options import FAULT, OK, LangOption, QuietOption, day_of, fail, progress_lines, verdict
from segkit.cli.sample_data import data
from segkit.cli.workshop import workshop
from segkit.locale import Lang, lang_or_default, say

if TYPE_CHECKING:
    from segkit.config import Config
    from segkit.report.build import Built

PLAYBOOKS = sorted(path.stem for path in (Path(__file__).parents[1] / "playbooks").glob("*.yml"))

app = typer.Typer(
    name="segkit",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Customer classification and follow-up / 客户分类与跟进.",
    epilog="segkit report orders.csv  ·  segkit init orders.csv && segkit report client.yml",
)
app.add_typer(data, name="data")
app.command(
    short_help="今天该联系谁 / whom to contact today", epilog="segkit due reports/hongye/2025-12-31/zh"
)(due)
app.add_typer(log, name="log")
app.add_typer(workshop, name="workshop")


def main() -> None:
    """Entry point: any fault becomes one line and exit code 1, any problem with the input exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        # a GBK console cannot write every character: replaced, never raised
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    # one second of every import of papermill goes into a check of web addresses that nothing here needs
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    try:
        app()
    except Exception as fault:
        fail(fault, lang_or_default())


# --- init ------------------------------------------------------------------------------------------


@app.command(
    short_help="读文件，写 client.yml / guess a config",
    epilog="segkit init orders.csv customers.xlsx --name 鸿业商贸（虚构）",
)
def init(
    files: Annotated[list[Path], typer.Argument(help="The client's exports / 客户导出的文件.")],
    name: Annotated[Optional[str], typer.Option(help="Client name / 客户名称.")] = None,  # noqa: UP045
    playbook: Annotated[
        str, typer.Option(help=f"{', '.join(PLAYBOOKS)}; or a file of your own / 行业方案，或自己的文件.")
    ] = "general",
    lang: LangOption = None,
    as_of: Annotated[Optional[str], typer.Option(help="YYYY-MM-DD / 截止日.")] = None,  # noqa: UP045
    force: Annotated[bool, typer.Option("--force", help="Overwrite client.yml / 覆盖.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Read files, guess what they hold, write client.yml and to_confirm.xlsx / 读取文件，生成配置和待确认表."""
    from segkit.report.first_look import look

    speak = lang_or_default(lang)
    try:
        seen = look(
            files,
            Path.cwd(),
            lang=speak,
            name=name,
            playbook=playbook,
            force=force,
            as_of=day_of(as_of),
            progress=progress_lines(speak, quiet),
        )
    except Exception as fault:
        fail(fault, speak)
    for note in seen.notes:
        typer.echo(f"  - {note.text(speak)}", err=True)
    for path in seen.written:
        typer.echo(str(path))
    if seen.questions:
        typer.echo(say("init.questions", speak, n=len(seen.questions)))
        for number, question in enumerate(seen.questions, 1):
            typer.echo(f"{number}. {question}")
    typer.echo(say("init.next", speak, file=seen.written[0].name))


# --- check -----------------------------------------------------------------------------------------


@app.command(
    short_help="检查配置和文件 / say every problem",
    epilog="segkit check client.yml",
)
def check(
    configs: Annotated[list[Path], typer.Argument(help="client.yml ...")],
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Say every problem of a client.yml and its files, write nothing / 检查配置和文件，不写任何东西."""
    from segkit.config import settings_for, stated_lang
    from segkit.report.classify_step import rehearsed
    from segkit.report.intake_step import not_yet, take_in

    worst = OK
    for path in configs:
        speak = lang_or_default(lang, stated_lang(path))
        try:
            settings = settings_for(path)
            speak = lang_or_default(lang, settings.lang)
            intake = take_in(settings, progress=progress_lines(speak, quiet))
            for note in (*settings.notes, *not_yet(settings), *rehearsed(settings, intake, speak)):
                typer.echo(f"  - {note.text(speak)}", err=True)
            totals = intake.facts["totals"]
            which = "check.fine" if intake.facts["has_money"] else "check.fine_rows"
            typer.echo(say(which, speak, file=path.name, as_of=intake.facts["as_of"]["date"], **totals))
        except Exception as fault:
            if os.environ.get("SEGKIT_DEBUG"):
                raise
            code, text = verdict(fault, speak)
            typer.echo(text, err=True)
            worst = max(worst, code)
    raise SystemExit(worst)


# --- report ----------------------------------------------------------------------------------------


@app.command(
    short_help="从导出文件到报告 / make the report",
    epilog="segkit report client.yml  ·  segkit report orders.csv --lang en --to html  ·  "
    "segkit report client.yml --previous reports/hongye/2025-12-31",
)
def report(
    sources: Annotated[list[Path], typer.Argument(help="client.yml ... or a data file / 配置或数据文件.")],
    lang: LangOption = None,
    to: Annotated[str, typer.Option(help="html,xlsx")] = "html,xlsx",
    as_of: Annotated[Optional[str], typer.Option(help="YYYY-MM-DD / 截止日.")] = None,  # noqa: UP045
    notebook: Annotated[
        Path | None, typer.Option(help="Your own client_report.ipynb / 自己的报告笔记本.")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(help="Last month's report, to say what it did / 上期报告的文件夹，用来比较和看效果."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Clients at a time / 同时处理几个客户.")] = 1,
    quiet: QuietOption = False,
) -> None:
    """From an export to the report; prints every path / 从导出文件到报告，打印每个文件的路径."""
    settings = {
        "lang": lang,
        "formats": [part.strip() for part in to.split(",") if part.strip()],
        "as_of": as_of,
        "notebook": notebook,
        "previous": previous,
        "quiet": quiet,
    }
    if len(sources) == 1:
        raise SystemExit(_report_one(sources[0], **settings))  # type: ignore[arg-type]
    _refuse_twice(sources, lang_or_default(lang))
    raise SystemExit(_report_many(sources, jobs, settings))


def _refuse_twice(sources: Sequence[Path], lang: Lang) -> None:
    """Two sources of one call must not write to one folder; what cannot be read is said later, by its own run."""
    from segkit.config import client_id, is_config, load_config
    from segkit.problems import InputProblems, Problem

    at: dict[tuple[Path, str], list[str]] = {}
    for path in sources:
        try:
            target = (path.absolute().parent, load_config(path).client.id) if is_config(path) else None
        except InputProblems:
            continue
        at.setdefault(target or (Path.cwd(), client_id(path.stem)), []).append(str(path))
    twice = [Problem("cli.same_client", {"id": id, "files": f}) for (_, id), f in at.items() if len(f) > 1]
    if twice:
        fail(InputProblems(twice), lang)


def _report_many(sources: Sequence[Path], jobs: int, settings: Mapping[str, object]) -> int:
    """One process per client; one failure does not stop the others."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=jobs, mp_context=context, max_tasks_per_child=1) as pool:
        pending = [pool.submit(_report_one, path, **settings) for path in sources]  # type: ignore[arg-type]
        return max(future.result() for future in pending)


def _report_one(
    source: Path,
    *,
    lang: str | None,
    formats: list[str],
    as_of: str | None,
    notebook: Path | None,
    previous: Path | None,
    quiet: bool,
) -> int:
    from segkit.config import is_config, settings_for, stated_lang
    from segkit.report.intake_step import not_yet

    speak = lang_or_default(lang, stated_lang(source))
    try:
        config = settings_for(source)
        speak = lang_or_default(lang, config.lang if is_config(source) else None)
        built = _build(config, speak, formats, as_of, notebook, previous, quiet)
    except Exception as fault:
        if os.environ.get("SEGKIT_DEBUG"):
            raise
        code, text = verdict(fault, speak)
        typer.echo(text, err=True)
        return code
    for note in (*config.notes, *not_yet(config), *built.notes):
        typer.echo(f"  - {note.text(speak)}", err=True)
    for path in built.files:
        typer.echo(str(path))
    return OK


def _build(
    config: Config,
    lang: Lang,
    formats: list[str],
    as_of: str | None,
    notebook: Path | None,
    previous: Path | None,
    quiet: bool,
) -> Built:
    from segkit.problems import InputProblems, Problem
    from segkit.report.build import FORMATS, build

    problems = []
    day = None
    try:
        day = day_of(as_of)
    except InputProblems as found:
        problems += found.problems
    for unknown in sorted(set(formats) - set(FORMATS)):
        problems.append(Problem("cli.unknown_format", {"name": unknown, "known": list(FORMATS)}))
    if notebook is not None and not notebook.is_file():
        problems.append(Problem("cli.no_notebook", {"path": str(notebook)}))
    if problems:
        raise InputProblems(problems)
    return build(
        config,
        lang=lang,
        formats=formats,
        as_of=day,
        notebook=notebook,
        previous=previous,
        progress=progress_lines(lang, quiet),
    )


# --- doctor ----------------------------------------------------------------------------------------


@app.command(
    short_help="检查这台电脑 / is this machine ready?",
    epilog="segkit doctor",
)
def doctor(lang: LangOption = None) -> None:
    """Is this machine ready? Versions, fonts, kernel, write access, and a short code / 检查这台电脑."""
    from segkit.teach.readiness import checkup

    speak = lang_or_default(lang)
    found = checkup(Path.cwd(), lang=speak)
    for line in found.lines(speak):
        typer.echo(line)
    raise SystemExit(OK if found.ready else FAULT)


if __name__ == "__main__":
    main()
