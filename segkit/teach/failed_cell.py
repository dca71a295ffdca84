"""A cell that stopped with an error, and the notebook it stands in."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any

from segkit.locale.spoken import spoken

_MOST_FILES, _MOST_BYTES = 100, 5_000_000


@dataclass(frozen=True)
class Definition:
    """Where a notebook gives a name its value: the heading above, and the line."""

    section: str
    line: str
    cell: str


@dataclass(frozen=True)
class FailedCell:
    """What is known when a cell fails.

    Attributes
    ----------
    error : what was raised, with its traceback
    source : the text of the cell as it was typed
    is_own_text : for a SyntaxError, is it the cell's own text that cannot be read?
    names : the notebook's namespace
    done : texts of the cells that were run, oldest first, without this one
    folder : the working folder
    """

    error: BaseException
    source: str = ""
    is_own_text: bool = True
    names: Mapping[str, Any] = field(default_factory=dict)
    done: Sequence[str] = ()
    folder: Path = field(default_factory=Path)

    @cached_property
    def frames(self) -> list[FrameType]:
        """The frames of the traceback, the cell's own first."""
        found, trace = [], self.error.__traceback__
        while trace is not None:
            found.append(trace.tb_frame)
            trace = trace.tb_next
        return found

    def line(self) -> str:
        """The line of the cell at which it stopped, where that can be told."""
        lines = self.source.splitlines()
        trace = self.error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_globals is self.names or trace.tb_frame.f_globals.get("In") is not None:
                return lines[trace.tb_lineno - 1] if 0 < trace.tb_lineno <= len(lines) else ""
            trace = trace.tb_next
        return ""

    def definition(self, name: str) -> Definition | None:
        """The cell of the notebook's file that defines `name`, if there is such a file and cell."""
        for cells in self._notebooks():
            if (found := _definition(name, cells, self.source)) is not None:
                return found
        return None

    def was_run(self, text: str) -> bool:
        return any(text.strip() == one.strip() for one in self.done)

    def _notebooks(self) -> Iterator[list[dict[str, Any]]]:
        """The file of this notebook; where its name is not known, those in the folder that hold this cell.

        Of a pair the one in the spoken language comes first.
        """
        told = self.names.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or ""
        own = self.folder / Path(str(told)).name
        beside = sorted(
            self.folder.glob("*.ipynb"), key=lambda path: (f".{spoken()}." not in path.name, path.name)
        )[:_MOST_FILES]
        for path in dict.fromkeys([own] * (own in beside) + beside):
            cells = _cells(path)
            if path == own or any(_text(cell).strip() == self.source.strip() for cell in cells):
                yield cells


def _cells(path: Path) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return []
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def _text(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _definition(name: str, cells: Sequence[Mapping[str, Any]], but: str) -> Definition | None:
    section = ""
    for cell in cells:
        text = _text(cell)
        if cell.get("cell_type") == "markdown":
            heads = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")]
            section = heads[-1] if heads else section
        is_other = cell.get("cell_type") == "code" and text.strip() != but.strip()
        if is_other and (line := _line_defining(name, text)) is not None:
            return Definition(section, line, text)
    return None


def _line_defining(name: str, text: str) -> str | None:
    """The line of `text` that gives `name` a value: assignment, import, def, class, for, with."""
    try:
        tree = ast.parse("\n".join("" if x.lstrip()[:1] in {"%", "!"} else x for x in text.splitlines()))
    except SyntaxError:
        return None
    for node in tree.body:
        for inner in ast.walk(node):
            named = (
                (isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store) and inner.id == name)
                or (isinstance(inner, ast.FunctionDef | ast.ClassDef) and inner.name == name)
                or (isinstance(inner, ast.alias) and (inner.asname or inner.name.split(".")[0]) == name)
            )
            if named:
                return text.splitlines()[node.lineno - 1].strip()
    return None
