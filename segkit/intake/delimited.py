"""Text files with separators (csv, tsv, txt): their separator and cells; quick where the file is regular."""

from __future__ import annotations

import io
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pandas as pd

from segkit.intake.encodings import decode
from segkit.intake.grid import Grid, grid_of, spans
from segkit.intake.headings import hits
from segkit.problems import InputProblems, Problem

DELIMITERS = (",", "\t", ";", "|", "，")
MAX_LINE = 16 * 1024 * 1024
MAX_COLUMNS = 2_000
_SAMPLE_LINES = 200
_LONGEST_CELL_LINES = 500


def read_delimited(data: bytes, file: str) -> Grid:
    """The cells of a text file.

    Raises
    ------
    InputProblems : NUL bytes, a line over 16 MB, over 2,000 columns
    """
    if problems := _unreadable(data, file):
        raise InputProblems(problems)
    decoded = decode(data)
    text = decoded.text
    if "\x00" in text:
        raise InputProblems(
            [Problem("reading.nul", file=file, row=text.count("\n", 0, text.index("\x00")) + 1)]
        )
    delimiter, width = _separator(text)
    if width > MAX_COLUMNS:
        raise InputProblems([Problem("reading.columns", {"n": width, "limit": MAX_COLUMNS}, file=file)])
    cells = _quick(text, delimiter, width)
    found: dict[str, list[int]] = {}
    starts = None
    if cells is None:
        rows, starts, found = _careful(text, delimiter, width)
        if (widest := max(map(len, rows), default=0)) > MAX_COLUMNS:
            raise InputProblems([Problem("reading.columns", {"n": widest, "limit": MAX_COLUMNS}, file=file)])
        cells = grid_of(rows)
    found = {
        "reading.mixed_encoding": _records(decoded.foreign_lines, starts),
        "reading.bad_lines": _records(decoded.bad_lines, starts),
        **found,
    }
    notes = [
        Problem(id, {"n": len(where), "rows": spans(where), "encoding": decoded.encoding}, file=file)
        for id, where in found.items()
        if where
    ]
    return Grid(cells, np.arange(1, len(cells) + 1), None, decoded.encoding, delimiter, notes=notes)


def _unreadable(data: bytes, file: str) -> list[Problem]:
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\x00" in data:
        return [Problem("reading.nul", file=file, row=data.count(b"\n", 0, data.index(b"\x00")) + 1)]
    start = 0
    row = 1
    while len(data) - start > MAX_LINE:
        end = data.find(b"\n", start, start + MAX_LINE)
        if end < 0:
            # old Macintosh line ends, or really one line
            if data.find(b"\r", start, start + MAX_LINE) < 0:
                return [Problem("reading.long_line", {"limit": MAX_LINE // 1024**2}, file=file, row=row)]
            end = data.rfind(b"\r", start, start + MAX_LINE)
        else:
            end = data.rfind(b"\n", start, start + MAX_LINE)
        row += data.count(b"\n", start, end + 1)
        start = end + 1
    return []


def _records(lines: tuple[int, ...], starts: list[int] | None) -> list[int]:
    """Row numbers of physical lines; they differ where a quoted cell holds line ends."""
    if starts is None or not lines:
        return list(lines)
    return sorted({int(n) for n in np.searchsorted(starts, lines, side="right")})


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends, split at LF, CR LF and CR only."""
    return iter(io.StringIO(text, newline=""))


@lru_cache(maxsize=8)
def _cell(delimiter: str) -> re.Pattern[str]:
    d = re.escape(delimiter)
    return re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"(?!")([^{d}]*)|([^{d}]*))({d}|\Z)')


def _split(record: str, delimiter: str) -> tuple[list[str], bool, bool]:
    """(cells, a quote is still open, every closing quote ends its cell) of a record without line end."""
    if '"' not in record:
        return record.split(delimiter), False, True
    cells: list[str] = []
    clean = True
    position = 0
    pattern = _cell(delimiter)
    while True:
        found = pattern.match(record, position)
        assert found is not None
        quoted, rest, plain, end = found.groups()
        if quoted is not None:
            cells.append(quoted.replace('""', '"') + rest)
            clean = clean and not rest
        else:
            cells.append(plain)
            if plain.startswith('"'):
                return cells, True, clean
        if not end:
            return cells, False, clean
        position = found.end()


def _separator(text: str) -> tuple[str, int]:
    """The separator and the usual number of cells: known headings decide, then how even the rows are."""
    lines: list[str] = []
    for line in _lines(text):
        if line.strip():
            lines.append(line.rstrip("\r\n"))
        if len(lines) == _SAMPLE_LINES:
            break
    best: tuple[tuple[float, ...], str, int] = ((-1.0,), ",", 1)
    for delimiter in DELIMITERS:
        rows = [_split(line, delimiter)[0] for line in lines]
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            continue
        width, n = max(widths.items(), key=lambda item: (item[1], item[0]))
        known = max((hits(row) for row in rows[:30] if len(row) > 1), default=0)
        score = (float(known), n / len(rows), float(width))
        if score > best[0]:
            best = (score, delimiter, width)
    return best[1], best[2]


def _quick(text: str, delimiter: str, width: int) -> pd.DataFrame | None:
    """The cells by the C reader; None where the file needs the careful way."""
    if width < 2 or not delimiter.isascii() or _has_other_block(text, delimiter, width):
        return None
    try:
        with warnings.catch_warnings():
            # pandas only warns when it drops the cells of a first row that is too long
            warnings.simplefilter("error", pd.errors.ParserWarning)
            cells = pd.read_csv(
                io.StringIO(text, newline=""),
                sep=delimiter,
                header=None,
                names=list(range(width + 1)),
                index_col=False,
                dtype="str",
                keep_default_na=False,
                na_filter=False,
                skip_blank_lines=False,
                engine="c",
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning):
        return None
    if (cells[width] != "").any():
        return None
    if '"' in text and len(cells) != sum(1 for _ in _lines(text)):
        return None
    return cells.drop(columns=width)


def _has_other_block(text: str, delimiter: str, width: int) -> bool:
    """Could some line be separated by something else than the rest of the file?"""
    others = [d for d in DELIMITERS if d != delimiter and text.count(d) >= max(1, width // 2)]
    return any(
        line.count(other) >= max(1, width // 2) and line.count(delimiter) < width - 1
        for other in others
        for line in (_lines(text))
        if other in line
    )


def _careful(
    text: str, delimiter: str, width: int
) -> tuple[list[list[str]], list[int], dict[str, list[int]]]:
    """(rows, the physical line each begins in, rows mended by kind of mending); nothing is lost."""
    rows: list[list[str]] = []
    starts: list[int] = []
    mended: dict[str, list[int]] = {"reading.other_separator": [], "reading.stray_quote": []}
    lines = list(_lines(text))
    i = 0
    while i < len(lines):
        line = lines[i].rstrip("\r\n")
        cells, is_open, _ = _split(line, delimiter)
        taken = 1
        if is_open:
            joined = _join(lines, i, delimiter, width)
            if joined is None:
                cells = line.split(delimiter)
                mended["reading.stray_quote"].append(len(rows) + 1)
            else:
                cells, taken = joined
        if taken == 1 and len(cells) != width and (other := _other_split(line, delimiter, len(cells), width)):
            cells = other
            mended["reading.other_separator"].append(len(rows) + 1)
        rows.append(cells)
        starts.append(i + 1)
        i += taken
    return rows, starts, mended


def _join(lines: list[str], start: int, delimiter: str, width: int) -> tuple[list[str], int] | None:
    """The record whose quote opens in line `start`, and its lines; None if the quote is a stray one."""
    parts = [lines[start]]
    for line in lines[start + 1 : start + _LONGEST_CELL_LINES]:
        parts.append(line)
        if '"' not in line:
            continue
        cells, is_open, clean = _split("".join(parts).rstrip("\r\n"), delimiter)
        if is_open:
            continue
        if clean and (len(cells) == width or (width > 1 and len(parts) <= 20 and len(cells) > width // 2)):
            return cells, len(parts)
        if not clean:
            return None
    return None


def _other_split(line: str, delimiter: str, n: int, width: int) -> list[str] | None:
    """The cells of a line whose separator is not the file's, where that explains it clearly better."""
    if width < 2 or n > max(1, width // 2):
        return None
    best: list[str] | None = None
    for other in DELIMITERS:
        if other == delimiter or other not in line:
            continue
        cells, is_open, _ = _split(line, other)
        if is_open or len(cells) < max(2, (2 * width + 2) // 3):
            continue
        if best is None or abs(len(cells) - width) < abs(len(best) - width):
            best = cells
    return best
