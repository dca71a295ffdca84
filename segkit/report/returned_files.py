"""The files that come back: which sheets hold a plan, whose it is, and every row with what stands in its cells."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import unescape

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from segkit.intake.delimited import read_delimited
from segkit.intake.grid import Grid
from segkit.intake.sheets import read_page
from segkit.problems import InputProblems, Problem
from segkit.report.previous import MANIFEST
from segkit.report.returned_days import Written
from segkit.report.returned_words import (
    AS_OF_MARK,
    CLIENT_MARK,
    OWNER_MARK,
    family,
    fields_of,
    is_nothing,
    is_ours,
)

WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".et", ".ett"}
READ = WORKBOOKS | {".csv", ".tsv"}
BESIDE = re.compile(r"~\$.*|\.~.*|\..*|thumbs\.db|desktop\.ini|.*\.(tmp|bak|lnk)", re.IGNORECASE)
HEAD_ROWS = 30  # above the head a title or two may stand
FEWEST_KNOWN = 3  # headings that make a row the head of a plan
FILLED_IN = ("status", "done_on", "result", "next_date", "spent", "note")
LEAP_BUG = dt.date(1900, 3, 1)  # Excel believes in 29 February 1900
_CFB, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PAGE = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|table|meta|\?xml)", re.IGNORECASE)
_NAME = re.compile(r'<(?:\w+:)?definedName[^>]*\bname="(segkit_\w+)"[^>]*>([^<]*)<')
_PROPERTY = re.compile(r'<(?:\w+:)?property\b[^>]*\bname="(segkit_\w+)"[^>]*>\s*<[^>]+>([^<]*)<')


@dataclass(frozen=True)
class Line:
    """One row of a returned sheet; `row` as a spreadsheet counts, `cells` by field, without the empty ones."""

    file: str
    sheet: str
    row: int
    cells: dict[str, Written]


@dataclass(frozen=True)
class ReturnedSheet:
    """One sheet that holds a plan.

    Attributes
    ----------
    family : the name the file had before it was saved again
    client, as_of, owner : what the workbook says of itself, "" or None where it does not
    headings : field -> heading as it stands there
    added : headings of columns that are not the plan's and hold something
    """

    file: str
    sheet: str
    family: str
    client: str
    as_of: dt.date | None
    owner: str
    headings: dict[str, str]
    added: tuple[str, ...]
    lines: list[Line] = field(repr=False)


@dataclass(frozen=True)
class Folder:
    """What was found: sheets with a plan, files that could not be read and why, files left aside."""

    sheets: list[ReturnedSheet]
    problems: list[Problem]
    beside: list[str]
    files: int


def read_folder(paths: Sequence[Path], *, skip: Sequence[Path] = ()) -> Folder:
    """Every sheet with a plan in files and folders, in the order of their names.

    Parameters
    ----------
    skip : files that are ours (the log itself, the list of what could not be read)

    Raises
    ------
    InputProblems : a path that is not there, a folder that is a report or holds one
    """
    missing = [p for p in paths if not p.exists()]
    if missing:
        raise InputProblems([Problem("log.missing", {"path": str(p)}) for p in missing])
    reports = [found.parent for p in paths if p.is_dir() for found in sorted(p.rglob(MANIFEST))]
    if reports:
        raise InputProblems([Problem("log.is_report", {"path": str(p)}) for p in reports[:5]])
    ours = {p.resolve() for p in skip}
    sheets: list[ReturnedSheet] = []
    problems: list[Problem] = []
    beside: list[str] = []
    files = 0
    for path, shown in _files(paths):
        if path.resolve() in ours:
            continue
        if BESIDE.fullmatch(path.name) or path.suffix.casefold() not in READ:
            beside.append(shown)
            continue
        files += 1
        try:
            found = list(_sheets_of(path, shown))
        except InputProblems as error:
            of_wps = path.suffix.casefold() in (".et", ".ett")
            problems += [Problem("reading.is_et", file=shown)] if of_wps else error.problems
            continue
        if not found:
            problems.append(Problem("log.no_plan", file=shown))
        sheets += found
    return Folder(sheets, problems, beside, files)


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Each file once, and how it is called: below its folder, for two may have one name."""
    seen: set[Path] = set()
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for one in inside:
            if one.resolve() not in seen:
                seen.add(one.resolve())
                yield one, one.relative_to(path).as_posix() if path.is_dir() else one.name


def _sheets_of(path: Path, shown: str) -> Iterator[ReturnedSheet]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputProblems([Problem("reading.locked", file=shown)]) from error
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise InputProblems([Problem("reading.empty", file=shown)])
    marks = _marks(data)
    as_of = marks.get(AS_OF_MARK, "")
    disguised = path.suffix.casefold() in WORKBOOKS and not (
        data.startswith((_CFB, _ZIP)) or _PAGE.match(data[:4096])
    )
    try:
        tables = list(_tables(data, path, shown))
    except InputProblems as error:
        if disguised:
            raise InputProblems([Problem("reading.damaged", file=shown)]) from error
        raise
    if disguised and not any(_head(rows) for _, rows in tables):  # nor is it a csv under another name
        raise InputProblems([Problem("reading.damaged", file=shown)])
    for sheet, rows in tables:
        at = _head(rows)
        if at is None:
            continue
        number, heads, places = at
        headings = {name: heads[place] for place, name in places.items()}
        lines = list(_lines(rows[number:], places, headings, shown, sheet))
        known = {place for place in range(len(heads)) if place in places or is_ours(heads[place])}
        added = [
            heads[i]
            for i in range(len(heads))
            if i not in known and any(i < len(cells) and _filled(cells[i]) for _, cells in rows[number:])
        ]
        yield ReturnedSheet(
            file=shown,
            sheet=sheet,
            family=family(path.stem),
            client=marks.get(CLIENT_MARK, ""),
            as_of=dt.date.fromisoformat(as_of) if re.fullmatch(r"\d{4}-\d\d-\d\d", as_of) else None,
            owner=marks.get(OWNER_MARK, ""),
            headings=headings,
            added=tuple(dict.fromkeys(added)),
            lines=lines,
        )


Rows = list[tuple[int, list[Written]]]


def _head(rows: Rows) -> tuple[int, list[str], dict[int, str]] | None:
    """(Where the rows below the head begin, its headings, place -> field), or None where no plan stands here."""
    best: tuple[int, list[str], dict[int, str]] | None = None
    for at, (_, cells) in enumerate(rows[:HEAD_ROWS]):
        heads = [cell if isinstance(cell, str) else "" for cell in cells]
        places = fields_of(heads)
        found = set(places.values())
        is_plan = {"task_id", "customer_id"} & found and {"status", "done_on", "result"} & found
        if is_plan and len(found) >= FEWEST_KNOWN and (best is None or len(places) > len(best[2])):
            best = (at + 1, heads, places)
    return best


def _lines(
    rows: Rows, places: dict[int, str], heads: dict[str, str], file: str, sheet: str
) -> Iterator[Line]:
    """The rows that hold anything; a head repeated for another page is none."""
    for number, cells in rows:
        held = {
            name: cells[place]
            for place, name in places.items()
            if place < len(cells) and _filled(cells[place])
        }
        if held and sum(held[name] == heads[name] for name in held) <= len(held) / 2:
            yield Line(file, sheet, number, held)


def _filled(cell: Written) -> bool:
    return cell is not None and not (isinstance(cell, str) and is_nothing(cell))


# --- cells of any kind of file ---------------------------------------------------------------------


def _tables(data: bytes, path: Path, shown: str) -> Iterator[tuple[str, Rows]]:
    """Each sheet's name and its rows; what the file is decides, not what it is called."""
    if data.startswith((_CFB, _ZIP)):
        yield from _workbook(data, shown)
        return
    grids: list[Grid] = read_page(data, shown) if _PAGE.match(data[:4096]) else [read_delimited(data, shown)]
    for grid in grids:
        rows = grid.cells.itertuples(index=False, name=None)
        numbers = grid.rows.tolist()
        yield (
            grid.sheet or "",
            [
                (n, [str(c).strip().removeprefix("'") for c in row])
                for n, row in zip(numbers, rows, strict=True)
            ],
        )


def _workbook(data: bytes, shown: str) -> Iterator[tuple[str, Rows]]:
    if data.startswith(_CFB) and _ENCRYPTED in data:
        raise InputProblems([Problem("reading.password", file=shown)])
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for meta in book.sheets_metadata:
            if meta.typ != SheetTypeEnum.WorkSheet or meta.visible != SheetVisibleEnum.Visible:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            rows = [(n, [_cell(v) for v in row]) for n, row in enumerate(sheet.iter_rows(), 1)]
            yield meta.name, [(n, cells) for n, cells in rows if any(c is not None for c in cells)]
    except PasswordError as error:
        raise InputProblems([Problem("reading.password", file=shown)]) from error
    except (CalamineError, ValueError, OSError) as error:
        raise InputProblems([Problem("reading.damaged", file=shown)]) from error


def _cell(value: object) -> Written:
    """A cell as text, number or day; a number that looks like a day of January 1900 is the number it was."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, dt.datetime | dt.date):
        day = dt.date(value.year, value.month, value.day)
        if day >= LEAP_BUG:
            return day
        clock = (
            (value - dt.datetime(day.year, day.month, day.day)) if isinstance(value, dt.datetime) else None
        )
        whole = (day - dt.date(1899, 12, 31)).days
        return whole + (round(clock.total_seconds() / 86_400, 4) if clock is not None else 0.0)
    return None if value is None else str(value)


def _marks(data: bytes) -> dict[str, str]:
    """What the workbook says of itself: names of the workbook first, then its properties."""
    if not data.startswith(_ZIP):
        return {}
    found: dict[str, str] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            for part, pattern in (("docProps/custom.xml", _PROPERTY), ("xl/workbook.xml", _NAME)):
                if part not in parts.namelist() or parts.getinfo(part).file_size > 4_000_000:
                    continue
                text = parts.read(part).decode("utf-8", "replace")
                for name, value in pattern.findall(text):
                    plain = unescape(value, {"&quot;": '"', "&apos;": "'"}).strip()
                    found[name] = plain.strip('"').replace('""', '"') if pattern is _NAME else plain
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError):
        return found  # the reader of cells will say what is wrong with it
    return found
