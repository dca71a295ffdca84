"""A real IPython, without its history file, in which cells are run as a notebook runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from segkit.locale import spoken as speaking_room

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Notebook:
    """Runs cells and gives what was shown, without colours."""

    def __init__(self, shell: InteractiveShell, capsys: Any) -> None:
        self.shell, self.capsys = shell, capsys

    def run(self, *cells: str) -> str:
        """What the last of the cells shows."""
        for cell in cells:
            self.capsys.readouterr()
            self.result = self.shell.run_cell(cell, store_history=True)
        return _COLOURS.sub("", self.capsys.readouterr().out)

    def line(self, *cells: str) -> str:
        """The first line of it, where the plain words stand."""
        return self.run(*cells).splitlines()[0]


@contextmanager
def notebook(capsys: Any) -> Iterator[Notebook]:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}), colors="nocolor")
    before = speaking_room._spoken
    try:
        yield Notebook(shell, capsys)
    finally:
        speaking_room._spoken = before
        InteractiveShell.clear_instance()
