"""`segkit workshop`: the trainer's side. Imports stand inside the commands, so that --help answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from segkit.cli.options import OK, WRONG_INPUT, LangOption, QuietOption, fail
from segkit.cli.workshop_agenda import agenda
from segkit.cli.workshop_cards import cards
from segkit.cli.workshop_grade import grade
from segkit.cli.workshop_pack import pack
from segkit.locale import Lang, lang_or_default, say

if TYPE_CHECKING:
    from segkit.problems import Problem
    from segkit.workshop.pairing import Paired

workshop = typer.Typer(no_args_is_help=True, help="Lessons, exercises and classes / 课程、练习与开班.")


@workshop.callback()
def _keep_the_name() -> None:
    """Lessons, exercises and classes / 课程、练习与开班."""


workshop.command(
    "agenda",
    short_help="几点讲什么 / when is what taught",
    epilog="segkit workshop agenda --days 2 --hours 6 --start 09:00 --lunch 90 --role 一线销售  ·  "
    "segkit workshop agenda --days 1 --out agenda",
)(agenda)

workshop.command(
    "grade",
    short_help="收作业、判分 / judge what a class handed in",
    epilog="segkit workshop grade 收到的作业  ·  "
    "segkit workshop grade day1.zip day2.zip --class 名单.xlsx --out grades",
)(grade)

workshop.command(
    "pack",
    short_help="学员包、讲师包 / packs for trainees and trainer",
    epilog="segkit workshop pack trainee --lang zh --out usb --zip  ·  segkit workshop pack trainer --out usb",
)(pack)
workshop.command(
    "cards",
    short_help="话术卡，打印用 / talk-track cards to print",
    epilog="segkit workshop cards  ·  segkit workshop cards casestudies/jd",
)(cards)


# --- pairs -----------------------------------------------------------------------------------------


@workshop.command(
    "pairs",
    short_help="中英文笔记本保持一致 / keep the two languages alike",
    epilog="segkit workshop pairs  ·  segkit workshop pairs --check  ·  "
    "segkit workshop pairs notebooks/04_grading.en.ipynb --accept  ·  segkit workshop pairs notebooks --pin",
)
def pairs(
    paths: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(
            help="Notebooks or folders; by default notebooks, casestudies, exercises / 笔记本或文件夹."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 2 if anything differs / 只检查，不写.")
    ] = False,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="The English of these files is up to date / 这些文件的英文已核对."),
    ] = False,
    pin: Annotated[
        bool,
        typer.Option("--pin", help="Run them and store the outputs they promise / 运行并存下承诺的输出."),
    ] = False,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Copy code from Chinese to English, make stubs of solutions, list what is left / 复制代码，生成练习，列出待办."""
    from segkit.problems import InputProblems, Problem
    from segkit.workshop.pairing import pair_up

    speak = lang_or_default(lang)
    try:
        if check and (accept or pin):
            raise InputProblems([Problem("pairs.check_alone")])
        if accept and not paths:
            raise InputProblems([Problem("pairs.accept_what")])
        found = pair_up(paths or [], accept=accept)
        if not check:
            for path in (path for one in found for path in one.write()):
                typer.echo(str(path))
        left = _pinned(found, speak, quiet) if pin else [p for one in found for p in one.left]
    except Exception as fault:
        fail(fault, speak)
    mended = [p for one in found for p in (*one.mended, *one.dropped)]
    open_ = [*mended, *left] if check else left
    if not quiet:
        for problem in [*mended, *left]:
            typer.echo(f"  - {problem.text(speak)}", err=True)
    if open_:
        said = "pairs.check_found" if check else "pairs.left"
        typer.echo(say(said, speak, n=len(open_), pairs=len(found)), err=True)
        raise SystemExit(WRONG_INPUT)
    typer.echo(say("pairs.fine", speak, n=len(found)))
    raise SystemExit(OK)


def _pinned(found: list[Paired], lang: Lang, quiet: bool) -> list[Problem]:
    """Run every pair that promises outputs; what is left then, by pair and by run."""
    from segkit.locale import LANGS
    from segkit.problems import InputProblems
    from segkit.workshop.pinning import pin

    left = []
    for one in found:
        if not one.files:  # it could not be read
            left += one.left
            continue
        left += [problem for problem in one.left if problem.id != "pairs.unpinned"]
        for path in map(one.twins.file, LANGS):
            if not quiet:
                typer.echo(say("pin.running", lang, name=path.name), err=True)
            try:
                if pin(path):
                    typer.echo(str(path))
            except InputProblems as stopped:
                left += stopped.problems
    return left
