"""What every command shares: options, exit codes, and how a fault or a problem is said."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from typing import Annotated, NoReturn, Optional

import typer

from segkit.locale import LANGS, Lang, lang_or_default, say

OK, FAULT, WRONG_INPUT = 0, 1, 2


def _spoken(lang: str | None) -> str | None:
    if lang not in (None, *LANGS):
        raise typer.BadParameter(say("cli.unknown_lang", lang_or_default(), lang=lang))
    return lang


LangOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--lang", help="zh or en / 语言.", callback=_spoken),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress lines / 不显示进度.")]


def fail(fault: Exception, lang: Lang) -> NoReturn:
    from segkit.problems import SegkitError

    if os.environ.get("SEGKIT_DEBUG"):
        raise fault
    code, text = verdict(fault, lang)
    typer.echo(text, err=True)
    if code == FAULT and not isinstance(fault, SegkitError):
        typer.echo(say("cli.debug", lang), err=True)
    raise SystemExit(code)


def verdict(fault: Exception, lang: Lang) -> tuple[int, str]:
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


def progress_lines(lang: Lang, quiet: bool) -> Callable[[str], None]:
    """A line per step on stderr; results go to stdout."""

    def tell(step: str) -> None:
        if not quiet:
            typer.echo(say(f"step.{step}", lang), err=True)

    return tell


def day_of(text: str | None, option: str = "--as-of") -> dt.date | None:
    from segkit.problems import InputProblems, Problem

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputProblems([Problem("cli.bad_date", {"option": option, "text": text})]) from None
