"""Would that CRM take these files? Its rules, read back from what was written."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segkit.privacy.find import find_in
from segkit.privacy.mask import mask_text
from segkit.problems import Problem
from segkit.report.render.crm.mapping import Crm, CrmField, CrmObject, crm_of

README, REFUSED = "README.txt", "refused.csv"  # beside the files, not to be imported
DAY_MS = 86_400_000
BEIJING_MS = 8 * 3_600_000
YEARS = (1990, 2100)
SHOWN = 40  # characters of a value that a message quotes

_FILE = re.compile(r"([a-z_]+)_\d{3,}\.(csv|json)")
_UNFIT = (  # whatever the field
    ("crm.formula", re.compile(r"\A *[=+\-@\t\r＝＋－＠]")),
    ("crm.control", re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ufffe\uffff]")),
    ("crm.masked", re.compile(r"[*＊]{2,}|[\u4e00-\u9fff][*＊]|[A-Za-z0-9][*＊]+@")),
)
_BREAK = re.compile(r"[\n\r\t]")
_TELLING = re.compile(r"[@＠]|\d(?:\D?\d){9}")  # nothing personal is told by its form without one of these
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Fault = tuple[str, dict[str, Any]]  # id of a message, its facts


def fault(text: str, field: CrmField) -> Fault | None:
    """What is wrong with one cell, as the text that stands in the file; None where nothing is."""
    if not text:
        return ("crm.missing", {}) if field.required else None
    form = _FORMS.get(field.type)
    if form is not None and form(text):
        return None  # a date or a number, and nothing else
    for id, pattern in _UNFIT:
        if pattern.search(text):
            return id, {}
    if not field.lines and not text.isprintable() and _BREAK.search(text):
        return "crm.control", {}
    if field.type == "text" and _TELLING.search(text) and find_in(text):
        return "crm.personal", {}
    if field.length is not None and len(text) > field.length:
        return "crm.too_long", {"length": len(text), "limit": field.length}
    if form is not None:
        return f"crm.bad_{field.type}", {}
    if field.allowed and text not in field.allowed:
        return "crm.not_allowed", {"known": list(field.allowed)}
    if not text.startswith(field.prefix):
        return "crm.no_prefix", {"prefix": field.prefix}
    return None


def _is_date(text: str) -> bool:
    try:
        return _DATE.fullmatch(text) is not None and YEARS[0] <= dt.date.fromisoformat(text).year <= YEARS[1]
    except ValueError:
        return False


def _is_epoch_ms(text: str) -> bool:
    """Midnight in Beijing, in milliseconds; seconds instead would be a day of 1970."""
    if not re.fullmatch(r"\d{9,15}", text) or (int(text) + BEIJING_MS) % DAY_MS:
        return False
    return YEARS[0] <= 1970 + int(text) / DAY_MS / 365.25 <= YEARS[1]


_FORMS = {
    "date": _is_date,
    "epoch_ms": _is_epoch_ms,
    "integer": lambda text: re.fullmatch(r"\d{1,15}", text) is not None,
}


def quoted(text: str) -> str:
    """A value in a message: short, on one line, nothing personal in it."""
    line = " ".join(mask_text(text).split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


@dataclass(frozen=True)
class Verdicts:
    """What is wrong with cells, told once for every text of a field, however many files it stands in."""

    known: dict[tuple[str, str], dict[str, Fault | None]] = field(default_factory=dict)

    def of(self, kind: CrmObject, one: CrmField, texts: Iterable[str]) -> Mapping[str, Fault | None]:
        """The fault of each of these texts, or None, among those judged before."""
        judged = self.known.setdefault((kind.name, one.to), {})
        for text in texts:
            if text not in judged:
                judged[text] = fault(text, one)
        return judged


def validate(path: Path, target: str, verdicts: Verdicts | None = None) -> list[Problem]:
    """Everything that CRM would refuse, or that should not reach it, in a file or a folder of files.

    Parameters
    ----------
    path : one file, or the folder `render_crm` writes for a target; its README and the list of refused
        records are passed over
    target : generic | fxiaoke | zoho | tryton, or what else has a mapping
    verdicts : of cells of this target that were judged already

    Returns
    -------
    One problem for each kind of fault in each column of each file, with its first row and how often it
    occurs; rows are counted as a spreadsheet does, records of JSON from 1. Empty where all is well.

    Raises
    ------
    InputProblems : there is no such target
    """
    crm = crm_of(target)
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file() and p.name not in (README, REFUSED))
    else:
        files = [path]
    if not files or not path.exists():
        return [Problem("crm.no_files", {"title": crm.id}, file=path.name)]
    seen = _Seen(verdicts=verdicts or Verdicts())
    problems = [problem for file in files for problem in _file_problems(file, crm, seen)]
    return problems + (list(_orphans(crm, seen)) if path.is_dir() else [])


@dataclass
class _Seen:
    """Keys by kind of file -> where first; customers that further files speak of -> where first."""

    keys: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)
    customers: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    verdicts: Verdicts = field(default_factory=Verdicts)


def _file_problems(path: Path, crm: Crm, seen: _Seen) -> Iterator[Problem]:
    named = _FILE.fullmatch(path.name)
    kind = crm.named(named[1]) if named else None
    if named is None or kind is None or named[2] != crm.format:
        names = [f"{one.name}_001.{crm.format}" for one in crm.objects]
        yield Problem("crm.unknown_file", {"known": names}, file=path.name)
        return
    try:
        text = path.read_bytes().decode(crm.encoding)
    except UnicodeDecodeError as error:
        yield Problem("crm.encoding", {"encoding": crm.encoding, "byte": error.start + 1}, file=path.name)
        return
    if crm.line_end == "\n" and "\r\n" in text:
        yield Problem("crm.line_end", {"wanted": "LF", "found": "CRLF"}, file=path.name)
    reader = {"csv": _csv_rows, "json": _json_rows}[crm.format]
    try:
        heads, rows, first = reader(text, crm)
    except _Unreadable as error:
        yield Problem(error.id, error.facts, file=path.name, row=error.row)
        return
    wanted = [one.to for one in kind.fields]
    strange = [head for head in heads if head not in wanted]
    due = [
        one.to for one in kind.fields if one.required or crm.format == "csv"
    ]  # JSON leaves out what is empty
    absent = [name for name in due if name not in heads]
    if strange:
        yield Problem("crm.strange_column", {"columns": strange, "known": wanted}, file=path.name)
    if absent:
        yield Problem("crm.no_column", {"columns": absent}, file=path.name)
    if len(rows) > crm.chunk:
        yield Problem("crm.too_many", {"n": len(rows), "limit": crm.chunk}, file=path.name)
    yield from _row_problems(path.name, kind, heads, rows, first, seen)


class _Unreadable(Exception):
    """The file is not of its format."""

    def __init__(self, id: str, *, row: int | None = None, **facts: Any) -> None:
        self.id, self.row, self.facts = id, row, facts
        super().__init__(id)


def _csv_rows(text: str, crm: Crm) -> tuple[list[str], list[list[str]], int]:
    if text.count('"') % 2:
        raise _Unreadable("crm.csv_quote")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise _Unreadable("crm.csv_quote") from error
    if not rows or not any(rows[0]):
        raise _Unreadable("crm.csv_empty")
    heads = rows[0]
    twice = sorted({head for head in heads if heads.count(head) > 1})
    if twice:
        raise _Unreadable("crm.csv_heads", columns=twice)
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(heads):
            raise _Unreadable("crm.csv_width", row=number, n=len(row), wanted=len(heads))
    return heads, rows[1:], 2


def _json_rows(text: str, crm: Crm) -> tuple[list[str], list[list[str]], int]:
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise _Unreadable("crm.json", row=error.lineno) from error
    records = body.get(crm.records) if isinstance(body, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise _Unreadable("crm.json_records", key=crm.records)
    heads = list(dict.fromkeys(name for record in records for name in record))
    return heads, [[_spelled(record.get(head)) for head in heads] for record in records], 1


def _spelled(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _row_problems(
    file: str, kind: CrmObject, heads: Sequence[str], rows: list[list[str]], first: int, seen: _Seen
) -> Iterator[Problem]:
    fields = {one.to: one for one in kind.fields}
    for i, head in enumerate(heads):
        if head not in fields:
            continue
        found: dict[str, tuple[int, str, dict[str, Any], int]] = {}
        faults = seen.verdicts.of(kind, fields[head], [row[i] for row in rows])
        for n, row in enumerate(rows, first):
            wrong = faults[row[i]]
            if wrong is not None:
                at, text, facts, times = found.get(wrong[0], (n, row[i], wrong[1], 0))
                found[wrong[0]] = at, text, facts, times + 1
        for id, (at, text, facts, times) in found.items():
            told = {"value": quoted(text), "n": times, **facts}
            yield Problem(id, told, file=file, column=head, row=at)
    if kind.key in heads:
        at = heads.index(kind.key)
        yield from _doubles(file, kind, [row[at] for row in rows], first, seen)
    for one in kind.fields:
        if one.take == ("customer_id",) and one.to != kind.key and one.to in heads:
            at = heads.index(one.to)
            for n, row in enumerate(rows, first):
                seen.customers.setdefault(row[at].removeprefix(one.prefix), (file, n, one.to))


def _doubles(file: str, kind: CrmObject, keys: Iterable[str], first: int, seen: _Seen) -> Iterator[Problem]:
    known = seen.keys.setdefault(kind.name, {})
    for n, key in enumerate(keys, first):
        if key in known and key:
            other, row = known[key]
            told = {"value": quoted(key), "other": other, "other_row": row}
            yield Problem("crm.twice", told, file=file, column=kind.key, row=n)
        known.setdefault(key, (file, n))


def _orphans(crm: Crm, seen: _Seen) -> Iterator[Problem]:
    """Customers whom later files speak of and no file of the first kind holds: one of them, and how many."""
    listed = seen.keys.get(crm.objects[0].name, {})
    missing = [id for id in seen.customers if id and id not in listed]
    if listed and missing:
        file, row, column = seen.customers[missing[0]]
        told = {"value": quoted(missing[0]), "n": len(missing)}
        yield Problem("crm.orphan", told, file=file, column=column, row=row)
