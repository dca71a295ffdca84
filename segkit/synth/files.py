"""The files a case consists of: held in memory, written in one way, compared with what stands on disk."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from python_calamine import load_workbook

from segkit.problems import Problem
from segkit.synth.calendar import AS_OF


def csv_lines(rows: Iterable[Sequence[Any]], *, delimiter: str = ",", newline: str = "\n") -> str:
    """Rows as delimited text; only cells that need quotes get them."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return out.getvalue()


def csv_of(frame: pd.DataFrame) -> str:
    """A frame of finished text cells as CSV."""
    return csv_lines([list(frame.columns), *frame.itertuples(index=False, name=None)])


@dataclass(frozen=True)
class TextFile:
    """A text file; `path` is relative to the folder of all sample data."""

    path: str
    text: str
    encoding: str = "utf-8-sig"

    def write(self, folder: Path) -> Path:
        target = folder / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.text.encode(self.encoding))
        return target

    def differs(self, folder: Path) -> Problem | None:
        """The first line in which the file on disk is not this one."""
        found = (folder / self.path).read_bytes()
        wanted = self.text.encode(self.encoding)
        if found == wanted:
            return None
        ours, theirs = wanted.split(b"\n"), found.split(b"\n")
        odd = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=False), 1) if a != b]
        return Problem("data.file_differs", file=self.path, row=min([*odd, len(ours), len(theirs)]))


@dataclass(frozen=True)
class WorkbookFile:
    """A workbook of one sheet: text cells stay text, dates are date cells, numbers numbers."""

    path: str
    sheet: str
    rows: tuple[tuple[Any, ...], ...]

    def write(self, folder: Path) -> Path:
        target = folder / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        book = xlsxwriter.Workbook(str(target))
        # a fixed moment, or the file would differ from day to day
        book.set_properties({"created": dt.datetime.combine(AS_OF, dt.time(18))})
        sheet = book.add_worksheet(self.sheet)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        text = book.add_format({"num_format": "@"})
        for r, row in enumerate(self.rows):
            for c, cell in enumerate(row):
                if cell == "" or cell is None:
                    continue
                if isinstance(cell, str):
                    sheet.write_string(r, c, cell, text)
                elif isinstance(cell, dt.date):
                    sheet.write_datetime(r, c, dt.datetime.combine(cell, dt.time()), day)
                else:
                    sheet.write_number(r, c, cell)
        book.close()
        return target

    def differs(self, folder: Path) -> Problem | None:
        """The first cell in which the workbook on disk is not this one."""
        book = load_workbook(str(folder / self.path))
        if book.sheet_names != [self.sheet]:
            return Problem("data.file_differs", file=self.path, sheet=self.sheet, row=1)
        found = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
        width = max(map(len, self.rows))
        for r in range(max(len(found), len(self.rows))):
            ours = _padded(self.rows[r] if r < len(self.rows) else (), width)
            theirs = _padded(found[r] if r < len(found) else [], width)
            if ours != theirs:
                return Problem("data.file_differs", file=self.path, sheet=self.sheet, row=r + 1)
        return None


File = TextFile | WorkbookFile


def _padded(row: Sequence[Any], width: int) -> list[Any]:
    """Cells as they compare: numbers as floats, empty cells as "", to a common width."""
    cells = ["" if c is None else float(c) if isinstance(c, (int, float)) else c for c in row]
    return cells + [""] * (width - len(cells))
