"""`segkit workshop pack`: the folder a trainee, or the trainer, is given. Imports stand inside the command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segkit.cli.options import LangOption, fail
from segkit.locale import lang_or_default, say


def pack(
    kind: Annotated[str, typer.Argument(help="trainee or trainer / 学员包或讲师包.")],
    out: Annotated[Path, typer.Option(help="Folder to write it to / 写到哪里.")] = Path("packs"),
    zipped: Annotated[bool, typer.Option("--zip", help="As one zip / 写成一个压缩包.")] = False,
    lang: LangOption = None,
) -> None:
    """The course folder to hand out: without answers, or with everything / 发给学员、讲师的课程文件夹.

    In both languages unless --lang names one.
    """
    from segkit.problems import InputProblems, Problem
    from segkit.workshop.packing import KINDS, write_pack
    from segkit.workshop.packing import pack as packed

    speak = lang_or_default(lang)
    try:
        if kind not in KINDS:
            raise InputProblems([Problem("pack.kind", {"kind": kind, "known": list(KINDS)})])
        made = packed(KINDS[kind], speak if lang else None)
        path = write_pack(made, out, zipped=zipped)
    except Exception as fault:
        fail(fault, speak)
    for note in made.notes:
        typer.echo(say("pack.no_agenda", speak, why=note.text(speak)), err=True)
    size = path.stat().st_size if zipped else sum(map(len, made.files.values()))
    facts = {"n": len(made.files), "mb": size / 1e6, "path": str(path)}
    typer.echo(say(f"pack.written.{kind}", speak, **facts))
