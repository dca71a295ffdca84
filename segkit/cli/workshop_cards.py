"""`segkit workshop cards`: talk-track cards as pages to print. Imports stand inside the command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from segkit.cli.options import LangOption, fail
from segkit.locale import lang_or_default


def cards(
    folders: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(
            help="Folders that hold a cards.yml; by default every case study / 有 cards.yml 的文件夹."
        ),
    ] = None,
    lang: LangOption = None,
) -> None:
    """Make the talk-track cards of a case anew from its cards.yml / 按 cards.yml 重做话术卡."""
    from segkit.problems import InputProblems, Problem
    from segkit.workshop.material import workbook_folder
    from segkit.workshop.talk_cards import write_talk_cards

    speak = lang_or_default(lang)
    try:
        cases = Path() if folders else workbook_folder() / "casestudies"
        places = folders or sorted(path.parent for path in cases.glob("*/cards.yml"))
        missing = [place for place in places if not (place / "cards.yml").is_file()]
        if missing or not places:
            lost = missing or [cases]
            raise InputProblems([Problem("cards.missing", {"folder": str(place)}) for place in lost])
        for path in (path for place in places for path in write_talk_cards(place)):
            typer.echo(str(path))
    except Exception as fault:
        fail(fault, speak)
