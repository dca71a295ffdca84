"""A client's files as one table of text: which reader for which file, and what cannot be read (读取)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from segkit.intake.delimited import read_delimited
from segkit.intake.grid import Grid
from segkit.intake.headings import normal, senses
from segkit.intake.layout import Laid, lay_out
from segkit.intake.mapping import suggest_mapping
from segkit.intake.mapping_check import check_mapping, no_money
from segkit.intake.patterns import matches
from segkit.intake.sheets import read_page, read_parquet, read_workbook
from segkit.intake.table import ORIGIN, Source, Table, stack
from segkit.problems import InputProblems, Problem

_TEXT = {".csv", ".tsv", ".txt", ".tab", ".dat"}
_WORKBOOK = {".xlsx", ".xlsm", ".xls", ".xlsb"}
_TABLES = _TEXT | _WORKBOOK | {".parquet", ".pq", ".htm", ".html"}
# what it is -> message; the extension decides, then the first bytes
_REFUSED = {
    suffix: f"reading.is_{kind}"
    for kind, suffixes in {
        "et": ".et .ett",
        "numbers": ".numbers",
        "ods": ".ods",
        "pdf": ".pdf",
        "document": ".doc .docx .wps .ppt .pptx",
        "archive": ".zip .rar .7z .gz",
        "photo": ".jpg .jpeg .png .gif .bmp .heic .webp .tif .tiff",
        "other": ".json .xml .sql .db .mdb .accdb .sqlite .lnk .exe",
    }.items()
    for suffix in suffixes.split()
}
_MAGIC = (
    (b"%PDF", "reading.is_pdf"),
    (b"\xff\xd8\xff", "reading.is_photo"),
    (b"\x89PNG", "reading.is_photo"),
    (b"GIF8", "reading.is_photo"),
    (b"Rar!", "reading.is_archive"),
    (b"7z\xbc\xaf\x27\x1c", "reading.is_archive"),
    (b"\x1f\x8b", "reading.is_archive"),
)
_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PAGE = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype|html|head|table|meta)",
    re.I | re.S,
)
_BESIDE = re.compile(r"~\$.*|\.~.*|\..*|thumbs\.db|desktop\.ini|.*\.lnk|.*\.tmp|__macosx", re.IGNORECASE)
_SAME_SHARE = 0.75
_TOTALS = re.compile(r"合计|汇总|总表|总计|total|summary|合計|匯總|彙總|總表|總計", re.IGNORECASE)


def read_table(path: str | Path, *, sheet: str | None = None) -> Table:
    """What does this export hold? Every cell as text, every row with the place it came from.

    Parameters
    ----------
    path : csv, tsv, txt, xlsx, xls or Parquet; or a folder of such files of one client
    sheet : read this sheet only; otherwise sheets with the same headings are stacked

    Raises
    ------
    InputProblems : with everything that is wrong, in all sheets
    """
    return read_tables([Path(path)], sheet=sheet)


def read_tables(paths: Sequence[str | Path], *, sheet: str | None = None) -> Table:
    """Several files of one client as one table, in order; a folder or a pattern (``*.csv``) is spread out.

    What lies beside the data (``~$...xlsx``, Thumbs.db, shortcuts) is left out with a note.

    Raises
    ------
    InputProblems : the problems of all files together
    """
    problems: list[Problem] = []
    notes: list[Problem] = []
    tables: list[Table] = []
    for path in _spread([Path(p) for p in paths], problems, notes):
        try:
            tables.append(_read_file(path, sheet))
        except InputProblems as error:
            problems += error.problems
    if problems or not tables:
        raise InputProblems(problems or [Problem("reading.no_input")])
    tables, renamed = _aligned(tables)
    whole = stack(tables)
    return replace(whole, notes=(*notes, *whole.notes, *renamed))


def _spread(paths: Iterable[Path], problems: list[Problem], notes: list[Problem]) -> list[Path]:
    out: list[Path] = []
    for path in paths:
        named = matches(path)
        if named is not None:
            found = named
        elif path.is_dir():
            found = sorted(p for p in path.iterdir() if p.is_file())
        else:
            out.append(path)
            continue
        beside = [p.name for p in found if _BESIDE.fullmatch(p.name)]
        tables = [p for p in found if p.name not in beside and p.suffix.lower() in _TABLES]
        others = [p.name for p in found if p.name not in beside and p not in tables]
        if not tables:
            facts = {"n": len(found), "have": [p.name for p in found][:5]}
            problems.append(
                Problem(
                    "reading.folder_without_table" if found else "reading.folder_empty", facts, file=path.name
                )
            )
        elif beside or others:
            facts = {"n": len(beside) + len(others), "names": [*beside, *others][:8]}
            notes.append(Problem("reading.beside", facts, file=path.name))
        out += tables
    return out


def _read_file(path: Path, sheet: str | None) -> Table:
    data = _bytes(path)
    grids = _grids(data, path, sheet)
    problems: list[tuple[int, Problem]] = []
    laid: list[tuple[Grid, Laid]] = []
    for grid in grids:
        try:
            laid.append((grid, lay_out(grid, path.name)))
        except InputProblems as error:
            problems += [(grid.cells.size, p) for p in error.problems]
    if not laid or (sheet is not None and problems):
        # of the many tables of a web page the largest is the one worth a word
        largest = max(size for size, _ in problems)
        raise InputProblems([p for size, p in problems if p.sheet or size == largest])
    sha256 = hashlib.sha256(data).hexdigest()
    tables = [_table(path, sha256, grid, one) for grid, one in laid]
    chosen, other = _same_headings(tables)
    kept, totals = _without_totals(chosen)
    # a sheet with no table on it (a cover, a chart's legend) does not spoil a workbook that has one
    empty = [p.sheet for _, p in problems]
    about = _left_out_notes([*empty, *map(_sheet, other)], list(map(_sheet, totals)), list(map(_sheet, kept)))
    aligned, renamed = _aligned(kept)
    whole = stack(aligned)
    return replace(whole, notes=(*whole.notes, *(replace(p, file=path.name) for p in about), *renamed))


def _sheet(table: Table) -> str | None:
    return table.sources[0].sheet


def _left_out_notes(
    other: list[str | None], totals: list[str | None], kept: list[str | None]
) -> Iterator[Problem]:
    """What was left out and what was put together; the tables of a web page have no names."""
    what = "sheets" if kept[0] is not None else "tables"
    if other:
        yield Problem(f"reading.{what}_left_out", {"n": len(other), "sheets": other, "kept": kept})
    if totals:
        yield Problem("reading.total_sheets", {"n": len(totals), "sheets": totals, "kept": kept})
    if len(kept) > 1:
        yield Problem(f"reading.{what}_stacked", {"n": len(kept), "sheets": kept})


def _without_totals(tables: list[Table]) -> tuple[list[Table], list[Table]]:
    """(Sheets to count, sheets that by their name add up the others)."""
    counted = [t for t in tables if not _TOTALS.search(_sheet(t) or "")]
    if not counted:
        return tables, []
    return counted, [t for t in tables if _TOTALS.search(_sheet(t) or "")]


def _bytes(path: Path) -> bytes:
    """The file's bytes.

    Raises
    ------
    InputProblems : missing, empty, locked, or of a kind that holds no table we can read
    """
    file = path.name
    if not path.exists():
        near = _near(path)
        message = "reading.missing_near" if near else "reading.missing"
        raise InputProblems([Problem(message, {"path": str(path), "near": near}, file=file)])
    if refused := _REFUSED.get(path.suffix.lower()):
        raise InputProblems([Problem(refused, {"suffix": path.suffix}, file=file)])
    if file.startswith("~$"):
        raise InputProblems([Problem("reading.lock_file", {"name": file[2:]}, file=file)])
    try:
        data = path.read_bytes()
    except PermissionError as error:
        raise InputProblems([Problem("reading.locked", file=file)]) from error
    except OSError as error:
        raise InputProblems(
            [Problem("reading.unreadable", {"why": error.strerror or str(error)}, file=file)]
        ) from error
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise InputProblems([Problem("reading.empty", file=file)])
    for magic, message in _MAGIC:
        if data.startswith(magic):
            raise InputProblems([Problem(message, {"suffix": path.suffix}, file=file)])
    return data


def _near(path: Path) -> list[str]:
    if not path.parent.is_dir():
        return []
    tables = [p for p in path.parent.iterdir() if p.suffix.lower() in _TABLES]
    stems = get_close_matches(path.stem, [p.stem for p in tables], n=2, cutoff=0.6)
    return [p.name for stem in dict.fromkeys(stems) for p in tables if p.stem == stem][:2]


def _grids(data: bytes, path: Path, sheet: str | None) -> list[Grid]:
    """The reader follows what the file is, not what it is called: a csv named .xls is a csv."""
    file = path.name
    if data.startswith(b"PAR1"):
        return read_parquet(data, file)
    if data.startswith(_CFB):
        if _ENCRYPTED in data:
            raise InputProblems([Problem("reading.password", file=file)])
        return read_workbook(data, file, sheet)
    if data.startswith(b"PK\x03\x04"):
        if path.suffix.lower() in _TEXT or b"xl/" in data or path.suffix.lower() in _WORKBOOK:
            return read_workbook(data, file, sheet)
        raise InputProblems([Problem("reading.is_archive", {"suffix": path.suffix}, file=file)])
    if _PAGE.match(data[:4096]):
        return read_page(data, file)
    if path.suffix.lower() in (".parquet", ".pq") or (
        path.suffix.lower() in _WORKBOOK
        and b"\x00" in data[:65_536]
        and data[:2] not in (b"\xff\xfe", b"\xfe\xff")
    ):
        raise InputProblems([Problem("reading.damaged", file=file)])
    return [read_delimited(data, file)]


def _table(path: Path, sha256: str, grid: Grid, laid: Laid) -> Table:
    sheet = grid.sheet or ""
    where = {"file": path.name, "sheet": sheet}
    origin = pd.DataFrame({**where, "row": laid.row}, index=laid.frame.index)[ORIGIN]
    furniture = laid.furniture.assign(**where)[[*ORIGIN, "what", "text"]]
    source = Source(
        str(path),
        path.name,
        grid.sheet,
        grid.encoding,
        grid.delimiter,
        laid.header_row,
        sha256,
        len(laid.frame),
    )
    return Table(laid.frame, origin, furniture, (source,), laid.notes)


def _words(table: Table) -> set[str]:
    return {normal(str(c)) for c in table.frame.columns if not str(c).startswith("+")}


def _same_headings(tables: list[Table]) -> tuple[list[Table], list[Table]]:
    """(Sheets that continue each other, the others): of several groups one that can be counted, the most data."""
    groups: list[list[Table]] = []
    for table in tables:
        words = _words(table)
        for group in groups:
            first = _words(group[0])
            if len(words & first) >= _SAME_SHARE * max(len(words), len(first)):
                group.append(table)
                break
        else:
            groups.append([table])

    def weight(group: list[Table]) -> tuple[int, int, int]:
        known = sum(1 for c in group[0].frame.columns if senses(str(c)))
        return _countable(group[0]), min(known, 3), sum(len(t.frame) for t in group)

    chosen = max(groups, key=weight) if len(groups) > 1 else groups[0]
    return chosen, [t for group in groups if group is not chosen for t in group]


def _countable(table: Table) -> int:
    """2 for orders with customer, date and amount, 1 for customers with totals, 0 for what cannot be counted."""
    mapping = suggest_mapping(table)
    if no_money(mapping, table) or any(p.id != "mapping.conflict" for p in check_mapping(mapping, table)):
        return 0
    return 2 if mapping.grain == "orders" else 1


def _aligned(tables: list[Table]) -> tuple[list[Table], list[Problem]]:
    """The same headings in one spelling: the later ``金额（元）`` becomes the first one's ``金额(元)``.

    A heading that only a later table has, and that alone has a meaning which an earlier table calls otherwise
    (``手机`` for ``联系电话``), takes the earlier name too, or one column would fall into two halves.
    """
    if len(tables) == 1:
        return tables, []
    spelling: dict[str, str] = {}
    meaning: dict[str, str] = {}
    out: list[Table] = []
    notes: list[Problem] = []
    for table in tables:
        columns = [str(c) for c in table.frame.columns]
        own = Counter(f for c in columns for f in _fields(c))
        renamed: dict[str, str] = {}
        for column in columns:
            new = spelling.get(normal(column)) if not column.startswith(("+", "[")) else None
            if new is None:
                alike = {meaning[f] for f in _fields(column) if f in meaning and own[f] == 1}
                new = alike.pop() if len(alike) == 1 else column
            if new != column and new not in columns and new not in renamed.values():
                renamed[column] = new
        for old, new in renamed.items():
            source = table.sources[0]
            notes.append(
                Problem("reading.renamed", {"old": old, "new": new}, file=source.file, sheet=source.sheet)
            )
        for column in columns:
            final = renamed.get(column, column)
            spelling.setdefault(normal(final), final)
            for f in _fields(final):
                if own[f] == 1:
                    meaning.setdefault(f, final)
        out.append(replace(table, frame=table.frame.rename(columns=renamed)) if renamed else table)
    return out, notes


def _fields(column: str) -> frozenset[str]:
    return frozenset(s.field for s in senses(column) if s.exact)
