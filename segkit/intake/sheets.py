"""Workbooks as text: xlsx and xls by calamine, the web page that many systems save as .xls, Parquet."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import parquet
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from segkit.intake.delimited import MAX_COLUMNS
from segkit.intake.encodings import decode
from segkit.intake.grid import Grid, grid_of
from segkit.problems import InputProblems, Problem

# a spreadsheet keeps 15 digits of a number; of longer ones the last are already lost
_LONGEST_EXACT = 10**15
# a stray cell far below the table does not make a million blank rows
_BLANK_RUN = 1_000
_ERROR_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*\bt="e"')
_CELL_COLUMN = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,4})\d')
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,8})"')
_MAX_CELLS = 100_000_000
_MIDNIGHT = dt.time(0, 0)


def cell_text(value: Any) -> str:
    """One cell as text, nothing lost: 13800000000.0 -> ``13800000000``, a date -> ``2024-03-01``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == _MIDNIGHT else value.isoformat(" ", "auto")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(value) if value is not None else ""


def read_workbook(data: bytes, file: str, sheet: str | None = None) -> list[Grid]:
    """The visible, filled sheets of a workbook, or the one named.

    Raises
    ------
    InputProblems : a password, a damaged file, no such sheet, nothing but empty sheets, over 2,000 columns
    """
    errors = _look_inside(data, file)
    with _damage_said(file):
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    metas = [m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    if sheet is not None and sheet not in [m.name for m in metas]:
        raise InputProblems(
            [Problem("reading.no_sheet", {"sheet": sheet, "have": [m.name for m in metas]}, file=file)]
        )
    grids: list[Grid] = []
    problems: list[Problem] = []
    for meta in metas:
        if meta.name != sheet and (sheet is not None or meta.visible != SheetVisibleEnum.Visible):
            continue
        try:
            with _damage_said(file, meta.name):
                grid = _grid(book, meta.name, file)
        except InputProblems as error:
            problems += error.problems
            continue
        if grid is not None:
            grids.append(grid)
    if problems:
        raise InputProblems(problems)
    if not grids:
        raise InputProblems([Problem("reading.empty", file=file)])
    skipped = [m.name for m in metas if m.visible != SheetVisibleEnum.Visible and m.name != sheet]
    if skipped and sheet is None:
        grids[0].notes.append(
            Problem("reading.hidden_sheets", {"n": len(skipped), "sheets": skipped}, file=file)
        )
    if errors:
        grids[0].notes.append(Problem("reading.error_cells", {"n": errors}, file=file))
    return grids


def _grid(book: CalamineWorkbook, name: str, file: str) -> Grid | None:
    sheet = book.get_sheet_by_name(name)
    if sheet.total_width > MAX_COLUMNS:
        facts = {"n": sheet.total_width, "limit": MAX_COLUMNS}
        raise InputProblems([Problem("reading.columns", facts, file=file, sheet=name)])
    rows: list[list[str]] = []
    numbers: list[int] = []
    rounded: list[int] = []
    blank: list[int] = []
    for number, values in enumerate(sheet.iter_rows(), 1):
        row = [cell_text(value) for value in values] if any(v != "" for v in values) else []
        if not any(cell.strip() for cell in row):
            blank.append(number)
            continue
        if len(blank) <= _BLANK_RUN:
            numbers += blank
            rows += [[] for _ in blank]
        blank = []
        numbers.append(number)
        rows.append(row)
        if any(isinstance(v, float) and abs(v) >= _LONGEST_EXACT and v.is_integer() for v in values):
            rounded.append(number)
    if not rows:
        return None
    grid = Grid(grid_of(rows), np.array(numbers), name)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        first, after = np.searchsorted(numbers, [top + 1, bottom + 2])
        if after > first:
            grid.merges.append((int(first), left, int(after) - 1, right))
    if rounded:
        grid.notes.append(
            Problem("reading.rounded", {"n": len(rounded)}, file=file, sheet=name, row=rounded[0])
        )
    return grid


@contextmanager
def _damage_said(file: str, sheet: str | None = None) -> Iterator[None]:
    """What the reader trips over in a damaged workbook, as a problem."""
    try:
        yield
    except PasswordError as error:
        raise InputProblems([Problem("reading.password", file=file)]) from error
    except (CalamineError, ValueError, OSError) as error:
        raise InputProblems([Problem("reading.damaged", file=file, sheet=sheet)]) from error
    except BaseException as error:
        # a panic inside calamine is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise InputProblems([Problem("reading.damaged", file=file, sheet=sheet)]) from error


def _look_inside(data: bytes, file: str) -> int:
    """How many cells of an xlsx show #N/A, #DIV/0! and the like (calamine gives them as empty).

    Raises
    ------
    InputProblems : one cell lies so far out that the sheet would not fit into memory
    """
    if not data.startswith(b"PK"):
        return 0
    errors = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            for name in book.namelist():
                if not (name.startswith("xl/worksheets/") and name.endswith(".xml")):
                    continue
                xml = book.read(name)
                errors += len(_ERROR_CELL.findall(xml))
                columns = max((_column(c) for c in set(_CELL_COLUMN.findall(xml))), default=0)
                rows = max((int(r) for r in _ROW.findall(xml)), default=0)
                if columns * rows > _MAX_CELLS:
                    raise InputProblems(
                        [Problem("reading.far_cell", {"rows": rows, "columns": columns}, file=file)]
                    )
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError):
        return 0  # calamine will say what is wrong with it
    return errors


def _column(letters: bytes) -> int:
    """1 for A, 27 for AA."""
    n = 0
    for letter in letters:
        n = 26 * n + letter - 64
    return n


class _Page(HTMLParser):
    """The tables of a web page; an inner table's text goes into the cell around it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self.merges: list[list[tuple[int, int, int, int]]] = []
        self.depth = 0
        self.cell: list[str] | None = None
        self.pending: dict[int, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.depth += 1
            if self.depth == 1:
                self.tables.append([])
                self.merges.append([])
                self.pending = {}
        elif self.depth != 1:
            return
        elif tag == "tr":
            self._close_cell()
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._open_cell(dict(attrs))
        elif tag == "br" and self.cell is not None:
            self.cell.append("\n")

    def _open_cell(self, attrs: dict[str, str | None]) -> None:
        self._close_cell()
        if not self.tables[-1]:
            self.tables[-1].append([])
        row = self.tables[-1][-1]
        top = len(self.tables[-1]) - 1
        while self.pending.get(len(row), -1) >= top:
            row.append("")
        wide, high = (int(v) if (v := attrs.get(k) or "1").isdigit() else 1 for k in ("colspan", "rowspan"))
        left, right, bottom = len(row), len(row) + max(wide, 1) - 1, top + max(high, 1) - 1
        if right > left or bottom > top:
            self.merges[-1].append((top, left, bottom, right))
        for column in range(left, min(right, left + MAX_COLUMNS) + 1):
            row.append("")
            if bottom > top:
                self.pending[column] = bottom
        self.cell, self.at = [], left

    def _close_cell(self) -> None:
        if self.cell is not None:
            self.tables[-1][-1][self.at] = "".join(self.cell).strip(" \r\n\u200b")
        self.cell = None

    def handle_endtag(self, tag: str) -> None:
        if self.depth == 1 and tag in ("td", "th", "tr", "table"):
            self._close_cell()
        if tag == "table" and self.depth:
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)


def read_page(data: bytes, file: str) -> list[Grid]:
    """The tables of a web page saved as .xls; rows numbered as a spreadsheet shows them, one under the other."""
    declared = re.search(rb"charset=[\"']?([\w-]+)", data[:4096], re.IGNORECASE)
    decoded = decode(data)
    text, encoding = decoded.text, decoded.encoding
    if declared and decoded.encoding != "utf-8":
        try:
            encoding = {"gb2312": "gb18030", "gbk": "gb18030"}.get(name := declared[1].decode().lower(), name)
            text = data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            text, encoding = decoded.text, decoded.encoding
    page = _Page()
    page.feed(text)
    page.close()
    grids: list[Grid] = []
    above = 0
    for rows, merges in zip(page.tables, page.merges, strict=True):
        if any(cell.strip() for row in rows for cell in row):
            cells = grid_of(rows)
            if cells.shape[1] > MAX_COLUMNS:
                facts = {"n": cells.shape[1], "limit": MAX_COLUMNS}
                raise InputProblems([Problem("reading.columns", facts, file=file)])
            number = np.arange(above + 1, above + len(cells) + 1)
            grids.append(Grid(cells, number, None, encoding, None, merges))
        above += len(rows)
    if not grids:
        raise InputProblems([Problem("reading.page_without_table", file=file)])
    return grids


def read_parquet(data: bytes, file: str) -> list[Grid]:
    """A Parquet file as text; row 1 is the heading, as in a spreadsheet."""
    try:
        table = parquet.read_table(io.BytesIO(data))
    except (ValueError, OSError) as error:
        raise InputProblems([Problem("reading.damaged", file=file)]) from error
    if table.num_columns > MAX_COLUMNS:
        raise InputProblems(
            [Problem("reading.columns", {"n": table.num_columns, "limit": MAX_COLUMNS}, file=file)]
        )
    columns = {
        i: pd.Series([name, *map(cell_text, table.column(i).to_pylist())], dtype="str")
        for i, name in enumerate(table.column_names)
    }
    cells = pd.DataFrame(columns)
    return [Grid(cells, np.arange(1, len(cells) + 1))]
