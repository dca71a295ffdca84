"""The command line. Imports stand inside the commands, so that --help answers at once."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, Optional

import typer

from segkit.locale import LANGS, Lang, lang_or_default, say

if TYPE_CHECKING:
    from segkit.config import Config
    from segkit.report.build import Built

OK, FAULT, WRONG_INPUT = 0, 1, 2
PLAYBOOKS = sorted(path.stem for path in (Path(__file__).parent / "playbooks").glob("*.yml"))

app = typer.Typer(
    name="segkit",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Customer classification and follow-up / 客户分类与跟进.",
    epilog="segkit report orders.csv  ·  segkit init orders.csv && segkit report client.yml",
)
data = typer.Typer(no_args_is_help=True, help="Sample data / 示例数据.")
app.add_typer(data, name="data")


def _spoken(lang: str | None) -> str | None:
    if lang not in (None, *LANGS):
        raise typer.BadParameter(say("cli.unknown_lang", lang_or_default(), lang=lang))
    return lang


LangOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--lang", help="zh or en / 语言.", callback=_spoken),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress lines / 不显示进度.")]


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
        _fail(fault, lang_or_default())


def _fail(fault: Exception, lang: Lang) -> NoReturn:
    from segkit.problems import SegkitError

    if os.environ.get("SEGKIT_DEBUG"):
        raise fault
    code, text = _verdict(fault, lang)
    typer.echo(text, err=True)
    if code == FAULT and not isinstance(fault, SegkitError):
        typer.echo(say("cli.debug", lang), err=True)
    raise SystemExit(code)


def _verdict(fault: Exception, lang: Lang) -> tuple[int, str]:
    """Exit code and words for what went wrong."""
    from segkit.problems import InputProblems, SegkitError

    if isinstance(fault, InputProblems):
        return WRONG_INPUT, fault.text(lang)
    if type(fault).__name__ == "LeaksFound":
        lines = [leak.text(lang) for leak in fault.found[:20]]  # type: ignore[attr-defined]
        head = say("cli.leaks", lang, n=len(fault.found))  # type: ignore[attr-defined]
        return WRONG_INPUT, "\n  ".join([head, *lines])
    if isinstance(fault, SegkitError):
        return FAULT, str(fault)
    return FAULT, say("cli.fault", lang, kind=type(fault).__name__, why=str(fault))


def _progress(lang: Lang, quiet: bool) -> Callable[[str], None]:
    """A line per step on stderr; results go to stdout."""

    def tell(step: str) -> None:
        if not quiet:
            typer.echo(say(f"step.{step}", lang), err=True)

    return tell


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
            as_of=_day(as_of),
            progress=_progress(speak, quiet),
        )
    except Exception as fault:
        _fail(fault, speak)
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
            intake = take_in(settings, progress=_progress(speak, quiet))
            for note in (*settings.notes, *not_yet(settings), *rehearsed(settings, intake, speak)):
                typer.echo(f"  - {note.text(speak)}", err=True)
            totals = intake.facts["totals"]
            which = "check.fine" if intake.facts["has_money"] else "check.fine_rows"
            typer.echo(say(which, speak, file=path.name, as_of=intake.facts["as_of"]["date"], **totals))
        except Exception as fault:
            if os.environ.get("SEGKIT_DEBUG"):
                raise
            code, text = _verdict(fault, speak)
            typer.echo(text, err=True)
            worst = max(worst, code)
    raise SystemExit(worst)


# --- report ----------------------------------------------------------------------------------------


@app.command(
    short_help="从导出文件到报告 / make the report",
    epilog="segkit report client.yml  ·  segkit report orders.csv --lang en --to html",
)
def report(
    sources: Annotated[list[Path], typer.Argument(help="client.yml ... or a data file / 配置或数据文件.")],
    lang: LangOption = None,
    to: Annotated[str, typer.Option(help="html,xlsx")] = "html,xlsx",
    as_of: Annotated[Optional[str], typer.Option(help="YYYY-MM-DD / 截止日.")] = None,  # noqa: UP045
    notebook: Annotated[
        Path | None, typer.Option(help="Your own client_report.ipynb / 自己的报告笔记本.")
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
        _fail(InputProblems(twice), lang)


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
    quiet: bool,
) -> int:
    from segkit.config import is_config, settings_for, stated_lang
    from segkit.report.intake_step import not_yet

    speak = lang_or_default(lang, stated_lang(source))
    try:
        config = settings_for(source)
        speak = lang_or_default(lang, config.lang if is_config(source) else None)
        built = _build(config, speak, formats, as_of, notebook, quiet)
    except Exception as fault:
        if os.environ.get("SEGKIT_DEBUG"):
            raise
        code, text = _verdict(fault, speak)
        typer.echo(text, err=True)
        return code
    for note in (*config.notes, *not_yet(config), *built.notes):
        typer.echo(f"  - {note.text(speak)}", err=True)
    for path in built.files:
        typer.echo(str(path))
    return OK


def _build(
    config: Config, lang: Lang, formats: list[str], as_of: str | None, notebook: Path | None, quiet: bool
) -> Built:
    from segkit.problems import InputProblems, Problem
    from segkit.report.build import FORMATS, build

    problems = []
    day = None
    try:
        day = _day(as_of)
    except InputProblems as found:
        problems += found.problems
    for unknown in sorted(set(formats) - set(FORMATS)):
        problems.append(Problem("cli.unknown_format", {"name": unknown, "known": list(FORMATS)}))
    if notebook is not None and not notebook.is_file():
        problems.append(Problem("cli.no_notebook", {"path": str(notebook)}))
    if problems:
        raise InputProblems(problems)
    return build(
        config, lang=lang, formats=formats, as_of=day, notebook=notebook, progress=_progress(lang, quiet)
    )


def _day(text: str | None) -> dt.date | None:
    from segkit.problems import InputProblems, Problem

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputProblems([Problem("cli.bad_date", {"text": text})]) from None


# --- data ------------------------------------------------------------------------------------------


@data.command(
    "build",
    epilog="segkit data build --check  ·  segkit data build --seed 7 --out class2  ·  "
    "segkit data build bank --names en --out english  ·  "
    "segkit data build jd --size large --orders 50000000 --out big",
)
def data_build(
    cases: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(help="jd, bank ...; all by default / 案例，默认全部."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Prove that the files can be made again / 核对能否重新生成.")
    ] = False,
    seed: Annotated[Optional[int], typer.Option(help="Another draw / 另一份抽样.")] = None,  # noqa: UP045
    size: Annotated[
        str,
        typer.Option(
            help="small: a tenth / 约十分之一; sample; large: millions of orders of jd as Parquet / jd 的千万级订单"
        ),
    ] = "sample",
    orders: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Rows of size large, 10,000,000 by default, at most 100,000,000 / 订单行数."),
    ] = None,
    names: Annotated[str, typer.Option(help="zh | en")] = "zh",
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder; datasets by default, for large ./large / 输出文件夹."),
    ] = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Generate the sample data / 生成示例数据."""
    from segkit.problems import InputProblems, Problem
    from segkit.samples import home
    from segkit.synth.build import build as make
    from segkit.synth.build import check as prove

    speak = lang_or_default(lang)

    def tell(case: str) -> None:
        if not quiet:
            typer.echo(say("data.making", speak, case=case), err=True)

    def count(done: int, total: int) -> None:
        if not quiet:
            typer.echo(say("data.rows", speak, done=done, total=total, share=done / total), err=True)

    try:
        if check:
            folder = out or (Path("datasets") if Path("datasets").is_dir() else home())
            problems = prove(cases or [], folder, seed=seed, size=size, names=names)
            for problem in problems:
                typer.echo(problem.text(speak), err=True)
            if not problems:
                typer.echo(say("data.same", speak, folder=str(folder)))
            raise SystemExit(FAULT if problems else OK)
        if out is None and size != "large" and (seed is not None or size != "sample" or names != "zh"):
            raise InputProblems([Problem("data.needs_out")])  # never over the sample that came along
        written = make(
            cases or [],
            out=out or Path("." if size == "large" else "datasets"),
            seed=seed,
            size=size,
            names=names,
            orders=orders,
            progress=tell,
            rows_done=count,
        )
        for path in written:
            typer.echo(str(path))
    except Exception as fault:
        _fail(fault, speak)


# --- doctor ----------------------------------------------------------------------------------------


@app.command(
    short_help="检查这台电脑 / is this machine ready?",
    epilog="segkit doctor",
)
def doctor(lang: LangOption = None) -> None:
    """Is this machine ready? Versions, fonts, kernel, write access, and a short code / 检查这台电脑."""
    from segkit.report.doctor import examine

    speak = lang_or_default(lang)
    found = examine(Path.cwd())
    for line in found.lines(speak):
        typer.echo(line)
    raise SystemExit(OK if found.ready else FAULT)


if __name__ == "__main__":
    main()
