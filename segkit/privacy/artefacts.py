"""What can a reader see in a file? Its texts, each with the place and the table column it stands in.

Pictures, paths, hashes and base64 are not text. Numbers of spreadsheets and JSON are handed on apart: they
are compared with known values but not with patterns.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from segkit.privacy.markup import Page


@dataclass(frozen=True)
class Strip:
    """Texts that stand together: a column of a table, the prose of a page, the values of a JSON key.

    Attributes
    ----------
    where : the place, as a spreadsheet or a selector would name it
    column : heading of the column, None in prose
    texts : text -> line, row or nothing of its first appearance
    numbers : the texts were typed numbers, not words
    place : from that line or row to words; `where` for what has none
    """

    where: str
    column: str | None
    texts: Mapping[str, int | None]
    numbers: bool = False
    place: Callable[[int], str] | None = None

    def place_of(self, text: str) -> str:
        at = self.texts[text]
        return self.where if at is None or self.place is None else self.place(at)


class Unscannable(Exception):
    """The file is broken, or of a kind whose text cannot be read."""


def strips(path: Path) -> Iterator[Strip]:
    """Every readable text of one file.

    Raises
    ------
    Unscannable : broken file, or a kind that holds text we cannot read
    """
    reader = _READERS.get(path.suffix.lower(), _text_file)
    try:
        yield from reader(path)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise Unscannable(str(path)) from error


def decode(raw: bytes) -> str:
    """Text of a file that some program wrote: UTF-8 or 16 by its mark, UTF-8, else GB18030."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def _text_file(path: Path) -> Iterator[Strip]:
    raw = path.read_bytes()
    if b"\0" in raw[:4096] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unscannable(str(path))
    yield _prose("text", decode(raw))


def _prose(where: str, text: str) -> Strip:
    lines: dict[str, int | None] = {}
    for n, line in enumerate(text.splitlines(), 1):
        lines.setdefault(line, n)
    return Strip(where, None, lines, place=lambda n: f"{where}:{n}")


def _csv_file(path: Path) -> Iterator[Strip]:
    text = decode(path.read_bytes()).replace("\0", "")
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;|", key=first.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    yield from _table(rows, lambda column, row: f"{_letters(column)}{row + 1}")


def _table(rows: Sequence[Sequence[Any]], place: Callable[[int, int], str]) -> Iterator[Strip]:
    """The columns of a table; the heading is the first of its early rows that holds the most words."""
    if not rows:
        return
    early = rows[:20]
    filled = [sum(isinstance(cell, str) and cell.strip() != "" for cell in row) for row in early]
    head = early[filled.index(max(filled))]
    for column in range(max(map(len, rows))):
        heading = str(head[column]).strip() if column < len(head) else ""
        words: dict[str, int] = {}
        numbers: dict[str, int] = {}
        for n, row in enumerate(rows):
            cell = row[column] if column < len(row) else ""
            if isinstance(cell, str):
                words.setdefault(cell, n)
            elif isinstance(cell, (int, float)) and abs(cell) >= 1e9 and cell == cell // 1:
                numbers.setdefault(f"{cell:.0f}", n)
        words.pop("", None)
        for texts, typed in ((words, False), (numbers, True)):
            if texts:
                yield Strip(heading, heading or None, texts, typed, partial(place, column))


def _letters(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _workbook(path: Path) -> Iterator[Strip]:
    import python_calamine

    try:
        # by its bytes: calamine takes a path for UTF-8 whatever the locale says
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield from _table(rows, lambda column, row, name=name: f"{name}!{_letters(column)}{row + 1}")  # type: ignore[misc]
    except python_calamine.CalamineError as error:
        raise Unscannable(str(path)) from error
    if zipfile.is_zipfile(path):
        yield from _office(path)


_SHEET_DATA = re.compile(r"<sheetData.*</sheetData>|<c:numCache>.*?</c:numCache>", re.DOTALL)
_PARAGRAPH_END = re.compile(r"</(?:a:p|w:p|text|comment|definedName|t|c:v|c:pt|si)>")
_ATTRIBUTES = re.compile(r'\b(?:Target|descr|title|tooltip|name|author|prompt|error|location)="([^"]+)"')
_UNREAD_PARTS = ("xl/sharedStrings", "xl/styles", "xl/theme", "ppt/theme", "word/theme", "docProps/app")


def _office(path: Path) -> Iterator[Strip]:
    """Text of an Office package outside of its cells: comments, names, headers, links, slides, properties."""
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            if not name.endswith((".xml", ".rels", ".vml")) or name.startswith(_UNREAD_PARTS):
                continue
            xml = _SHEET_DATA.sub("", package.read(name).decode("utf-8", "replace"))
            shown = re.sub(r"<[^>]*>", "", _PARAGRAPH_END.sub("\n", xml))
            strip = _prose(name, _unescape("\n".join([shown, *_ATTRIBUTES.findall(xml)])))
            yield Strip(name, None, dict.fromkeys(strip.texts))


def _unescape(text: str) -> str:
    from html import unescape

    return unescape(text) if "&" in text else text


def _markup(where: str, text: str) -> Iterator[Strip]:
    page = Page(where)
    page.feed(text)
    page.close()
    for (place, column), texts in page.found.items():
        yield Strip(place, column, dict.fromkeys(texts))
    if page.numbers:
        yield Strip(where, None, dict.fromkeys(page.numbers), numbers=True)
    for script in page.data:
        try:
            yield from _json_value(json.loads(script), "script")
        except ValueError:
            yield _prose("script", "\n".join(_STRINGS.findall(script)))


_STRINGS = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|//[^\n]*|/\*.*?\*/", re.DOTALL)
_MARKUP_START = re.compile(r"\s*<(?:\?xml|!doctype|svg|html|div|table|style|p|h[1-6]|span)\b", re.IGNORECASE)


def _html_file(path: Path) -> Iterator[Strip]:
    yield from _markup(path.suffix.lstrip("."), decode(path.read_bytes()))


def _json_file(path: Path) -> Iterator[Strip]:
    yield from _json_value(json.loads(decode(path.read_bytes())), "$")


def _json_value(value: Any, root: str) -> Iterator[Strip]:
    words: dict[tuple[str, str | None], dict[str, None]] = {}
    numbers: dict[tuple[str, str | None], dict[str, None]] = {}
    marked_up: list[tuple[str, str]] = []
    for path, key, leaf in _leaves(value, root, None):
        if isinstance(leaf, str):
            if _MARKUP_START.match(leaf):
                marked_up.append((path, leaf))
            else:
                words.setdefault((path, key), {})[leaf] = None
        elif isinstance(leaf, int) and not isinstance(leaf, bool) and abs(leaf) >= 10**9:
            numbers.setdefault((path, key), {})[str(leaf)] = None
    for found, typed in ((words, False), (numbers, True)):
        for (path, key), texts in found.items():
            yield Strip(path, key, texts, numbers=typed)
    for path, text in marked_up:
        yield from _markup(path, text)


def _leaves(value: Any, path: str, key: str | None) -> Iterator[tuple[str, str | None, Any]]:
    """Every string and number, with its path (indices left out) and the key or column it stands under."""
    if isinstance(value, dict):
        heads, rows = value.get("columns"), value.get("rows")
        as_table = isinstance(heads, list) and isinstance(rows, list)
        for name, inner in value.items():
            yield path, None, str(name)
            if not (as_table and name == "rows"):
                yield from _leaves(inner, f"{path}.{name}", str(name))
        if as_table:
            names = [str(h.get("head", h.get("id", ""))) if isinstance(h, dict) else str(h) for h in heads]  # type: ignore[union-attr]
            for row in rows:  # type: ignore[union-attr]
                for i, cell in enumerate(row if isinstance(row, list) else [row]):
                    name = names[i] if i < len(names) else ""
                    yield from _leaves(cell, f"{path}.rows.{name}", name or None)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, f"{path}[]", key)
    else:
        yield path, key, value


def _notebook(path: Path) -> Iterator[Strip]:
    notebook = json.loads(decode(path.read_bytes()))
    for n, cell in enumerate(notebook.get("cells", []), 1):
        yield _prose(f"cell {n} source", _joined(cell.get("source", "")))
        for output in cell.get("outputs", []):
            yield from _output(output, f"cell {n} output")
    yield from _json_value(notebook.get("metadata", {}), "metadata")


def _output(output: dict[str, Any], where: str) -> Iterator[Strip]:
    yield _prose(where, _joined(output.get("text", "")))
    yield _prose(where, "\n".join([str(output.get("evalue", "")), *output.get("traceback", [])]))
    for kind, value in output.get("data", {}).items():
        if kind in ("text/html", "image/svg+xml"):
            yield from _markup(where, _joined(value))
        elif kind.endswith("json"):
            yield from _json_value(value, where)
        elif kind.startswith("text/"):
            yield _prose(where, _joined(value))


def _joined(text: str | Iterable[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


_ICS_MACHINE = ("UID", "DTSTAMP", "DTSTART", "DTEND", "DUE", "CREATED", "LAST-MODIFIED", "PRODID", "RRULE")


def _calendar(path: Path) -> Iterator[Strip]:
    unfolded = re.sub(r"\r?\n[ \t]", "", decode(path.read_bytes()))
    for line in unfolded.splitlines():
        name = re.split(r"[;:]", line, maxsplit=1)[0]
        if name not in _ICS_MACHINE:
            text = line.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";")
            yield Strip(name, None, dict.fromkeys(text.splitlines()))


def _nothing(path: Path) -> Iterator[Strip]:
    return iter(())


def _unreadable(path: Path) -> Iterator[Strip]:
    raise Unscannable(str(path))


_Reader = Callable[[Path], Iterator[Strip]]
_READERS: Mapping[str, _Reader] = (
    dict.fromkeys((".html", ".htm", ".svg", ".xml", ".xhtml"), _html_file)
    | dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods"), _workbook)
    | dict.fromkeys((".pptx", ".docx"), _office)
    | dict.fromkeys((".csv", ".tsv"), _csv_file)
    | {".json": _json_file, ".ipynb": _notebook, ".ics": _calendar, ".pdf": _unreadable}
    # pictures and fonts hold no text; Parquet is for working, in internal/
    | dict.fromkeys(
        (".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".parquet", ".woff", ".woff2"), _nothing
    )
    | dict.fromkeys((".ttf", ".otf"), _nothing)
)
