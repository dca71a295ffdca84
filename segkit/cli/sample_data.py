"""`segkit data`: the sample data. Imports stand inside the commands, so that --help answers at once."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Optional

import typer

from segkit.cli.options import FAULT, OK, LangOption, QuietOption, fail
from segkit.locale import lang_or_default, say

data = typer.Typer(no_args_is_help=True, help="Sample data / 示例数据.")


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

    speak = lang_or_default(lang)
    if find_spec("segkit.synth") is None:
        fail(InputProblems([Problem("data.not_in_pack")]), speak)
    from segkit.synth.build import build as make
    from segkit.synth.build import check as prove

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
        fail(fault, speak)
