"""What goes into a cell: values as Excel holds them, safe text, names of sheets, widths of columns."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from segkit.locale import Lang, count, has_message, say

EXCEL_TEXT = 32_767
ZERO = dt.date(1899, 12, 30)  # Excel's day 0, as seen from March 1900 on
FEBRUARY_1900 = 60  # Excel believes in 29 February 1900: earlier days are off by one
WIDEST, NARROWEST = 56.0, 7.0  # columns, in characters
GAP = 3.5  # characters of air in a cell, both sides together
ONE_LINE = 14.0  # a head up to this length is not broken
TEXT = frozenset({"text", "id", "day"})
WHOLE = frozenset({"count", "days", "times"})  # shown without a decimal unless they are averages

Cell = str | int | float | None
_FORMULA = tuple("=+-@\t\r＝＋－＠")  # leads what a spreadsheet computes


@dataclass(frozen=True)
class Mark:
    """How a label is shown: its name led by its mark, beside a bar in its colour (``#RRGGBB``, or "")."""

    text: str
    colour: str = ""


@dataclass(frozen=True)
class Head:
    """One column of a table.

    `unit` decides the type of its cells and their format; `marks` shows labels by name; `choices` offers a
    drop-down (an offer, not a fence: other input is accepted); `fill` marks a column left to the reader;
    `width` in characters overrides the fitted one. A `folded` column is folded away under a [+] of Excel's
    outline; `one_line` texts are not broken into lines, which keeps long lists dense.
    """

    text: str
    unit: str = "text"
    marks: Mapping[str, Mark] | None = None
    choices: tuple[str, ...] = ()
    fill: bool = False
    hidden: bool = False
    folded: bool = False
    one_line: bool = False
    width: float | None = None


@dataclass(frozen=True)
class Sum:
    """A cell of a total row that Excel adds up itself; `value` is the computed sum, kept as cached value."""

    value: float | int


def sheet_name(wish: str, taken: Iterable[str] = ()) -> str:
    """`wish` as Excel takes it: up to 31 characters, none of ``[]:*?/\\``, not "History", not in `taken`."""
    clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "·", text_cell(wish)).strip(" '") or "Sheet"
    if clean.casefold() == "history":
        clean += "_"
    used = {name.casefold() for name in taken}
    name, turn = _fit_units(clean, 31), 2
    while name.casefold() in used:
        tail = f" ({turn})"
        name, turn = _fit_units(clean, 31 - len(tail)) + tail, turn + 1
    return name


def text_cell(value: object) -> str:
    """Any value as text Excel can hold: no character XML forbids, up to 32,767 characters, a cut marked; never XML."""
    text = value if isinstance(value, str) else _spelled(value)
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "  # XlsxWriter takes <r>...</r> for finished XML and would write it unescaped
    if text.isprintable() and len(text) * 2 <= EXCEL_TEXT:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c if c in "\n\t" or _allowed(c) else "\ufffd" for c in text)
    return text if _units(text) <= EXCEL_TEXT else _fit_units(text, EXCEL_TEXT - 1) + "…"


def csv_cell(text: str) -> str:
    """A text as a CSV for people holds it: what a spreadsheet would take for a formula is led by an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def with_unit(head: str, unit: str, lang: Lang) -> str:
    """`head` with its unit in brackets, where the cells do not show it and the head does not say it yet."""
    id = f"workbook.unit.{unit}"
    if unit not in ("money", "days", "times") or head.rstrip().endswith((")", "）")):
        return head
    return say("workbook.head", lang, head=head, unit=say(id, lang)) if has_message(id) else head


def cells(values: Sequence[Any] | pd.Series, unit: str, lang: Lang) -> list[Cell]:
    """A column as Excel will hold it: text, number or nothing.

    Dates become Excel's day numbers; what does not fit its unit (a word among numbers, a day before March
    1900, a number of more than 15 digits) stays text rather than being lost.
    """
    column = values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=object)
    kind = pd.api.types
    if unit == "date" and kind.is_datetime64_any_dtype(column):
        column = (column.dt.tz_localize(None).dt.normalize() - pd.Timestamp(ZERO)).dt.days
        if not (column <= FEBRUARY_1900).any():
            return [None if v != v else int(v) for v in column.tolist()]
        return [_one(v, unit, lang) for v in values]
    if unit not in TEXT and kind.is_numeric_dtype(column) and not kind.is_bool_dtype(column):
        whole = column.dtype.kind in "iu" and not column.hasnans
        numbers = column if whole else pd.Series(column.to_numpy("float64", na_value=math.nan))
        return [v if abs(v) < 1e15 else _one(v, unit, lang) for v in numbers.tolist()]
    return [_one(v, unit, lang) for v in column.tolist()]


def fit(
    heads: Sequence[Head], columns: Sequence[Sequence[Cell]], total: Sequence[Any] | None = None
) -> list[float]:
    """Width in characters of every column, from its longest cell; Chinese characters count double; capped."""
    widths = []
    for i, (head, column) in enumerate(zip(heads, columns, strict=True)):
        longest = max((_wide(c, head.unit) for c in _shown(head, column)), default=0.0)
        if total is not None and total[i] is not None:
            value = total[i].value if isinstance(total[i], Sum) else total[i]
            longest = max(longest, 1.1 * _wide(value, head.unit))
        # a short head stays on one line, a long one takes two; the filter button needs room as well
        title = wide(head.text)
        room = max(longest + GAP, title + GAP + 3 if title <= ONE_LINE else title / 2 + GAP + 5)
        widths.append(head.width or min(max(room, NARROWEST), WIDEST))
    return widths


def wide(text: str) -> float:
    """Characters a text takes on screen: 2 for a Chinese character, 1 for a Latin one; its longest line."""
    line = max(text.split("\n"), key=len) if "\n" in text else text
    return len(line) if line.isascii() else (len(line.encode("utf-8", "replace")) + len(line)) / 2


def _one(value: Any, unit: str, lang: Lang) -> Cell:
    if isinstance(value, str):
        if unit == "date" and re.match(r"\d{4}-\d\d-\d\d", value):
            return _one(pd.to_datetime(value[:10], errors="coerce"), unit, lang) or value
        return text_cell(value) or None
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bool):
        return say("workbook.yes" if value else "workbook.no", lang)
    if isinstance(value, dt.date):  # datetimes and Timestamps as well
        days = (dt.date(value.year, value.month, value.day) - ZERO).days
        return days if unit == "date" and days > FEBRUARY_1900 else text_cell(value)
    if hasattr(value, "tolist"):
        return _one(value.tolist(), unit, lang)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if unit in TEXT or not isinstance(value, int | float) or abs(value) >= 1e15:
        return text_cell(value) or None
    return value


def _spelled(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return (
            value.strftime("%Y-%m-%d") if value.time() == dt.time() else value.strftime("%Y-%m-%d %H:%M:%S")
        )
    return str(value)


def _allowed(character: str) -> bool:
    code = ord(character)
    return 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF


def _units(text: str) -> int:
    """Length as Excel counts it: UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2


def _fit_units(text: str, room: int) -> str:
    return (
        text
        if _units(text) <= room
        else text.encode("utf-16-le", "replace")[: room * 2].decode("utf-16-le", "ignore")
    )


def is_broken(unit: str, column: Sequence[Cell]) -> bool:
    return unit in WHOLE and any(isinstance(c, float) and not c.is_integer() for c in column)


def _shown(head: Head, column: Sequence[Cell]) -> Iterable[Cell]:
    """The cells whose width counts: every text, but of the numbers only the smallest and the largest."""
    texts = {c for c in column if isinstance(c, str)}
    if head.marks is not None:
        return [head.marks.get(t, Mark(t)).text + "  " for t in texts]
    numbers = [c for c in column if c is not None and not isinstance(c, str)]
    return [*texts, *([min(numbers), max(numbers)] if numbers else [])]


def _wide(value: Cell, unit: str) -> float:
    if value is None:
        return 0.0
    if isinstance(value, str):
        return wide(value)
    if unit == "date":
        return 10.0
    if unit == "share":
        return len(f"{value:.1%}")
    return len(count(value)) + (3 if unit == "money" else 2 if isinstance(value, float) else 0)


def lines_of(value: Cell, width: float) -> int:
    """Lines a text takes in this many characters."""
    if not isinstance(value, str):
        return 1
    return sum(max(math.ceil(wide(line) / max(width, 1)), 1) for line in value.split("\n"))
