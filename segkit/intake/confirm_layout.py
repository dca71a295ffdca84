"""How to_confirm.xlsx is laid out: its sheets and columns, and how a row of the client's table is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from segkit.locale import Lang, say
from segkit.workbook import with_unit

Ref: TypeAlias = tuple[str, str, int]  # file, sheet, row as a spreadsheet numbers it
Pair: TypeAlias = tuple[Ref, Ref]

LIMIT = 20_000  # questions a sheet; the rest is counted
MEANINGS = ("valid", "cancelled", "refunded")
# reasons a client can overrule, and those of them that need a value to count
ASKED = (
    "no_date",
    "bad_date",
    "no_amount",
    "bad_amount",
    "no_customer",
    "shifted",
    "test",
    "cancelled",
    "refunded",
    "after_as_of",
    "phone_float",
)
NEEDS_VALUE = frozenset({"no_date", "bad_date", "no_amount", "bad_amount", "no_customer", "phone_float"})

# sheet -> columns and their units, in the order they stand; ANSWERS are left to the client, "key" is hidden
_SIDE = {"name": "text", "phone": "id", "value": "money", "file": "text", "sheet": "text", "row": "row"}
_SIDES = {f"{column}_{side}": unit for side in ("a", "b") for column, unit in _SIDE.items()}
_PLACE = {"file": "text", "sheet": "text", "row": "row", "column": "text", "old": "text", "amount": "money"}
SHEETS: dict[str, dict[str, str]] = {
    "twins": {"merge": "text", "why": "text", **_SIDES, "key": "id"},
    "set_aside": {"keep": "text", "corrected": "text", "reason": "text", **_PLACE, "key": "id"},
    "statuses": {"meaning": "text", "status": "text", "rows": "count", "amount": "money"},
}
ANSWERS = {"merge": 12.0, "keep": 12.0, "corrected": 18.0, "meaning": 14.0}  # and their widths
CHOICES = {"merge": ("yes", "no"), "keep": ("yes", "no"), "meaning": MEANINGS}
MONEY = {"twins": ("value_a", "value_b"), "set_aside": ("amount",), "statuses": ("amount",)}


def head_of(column: str, unit: str, lang: Lang) -> str:
    """The heading as it stands in the sheet, with its unit."""
    return with_unit(say(f"confirm.head.{column}", lang), unit, lang)


def ref_of(line: Mapping[Any, Any], side: str = "") -> Ref:
    """Where a line of a frame stands in the client's files; `side` is "", "_a" or "_b"."""
    return str(line[f"file{side}"]), str(line[f"sheet{side}"] or ""), int(line[f"row{side}"])


def pair_of(line: Mapping[Any, Any]) -> Pair:
    """Both rows, the smaller first: the same pair whichever way round it is asked."""
    a, b = sorted([ref_of(line, "_a"), ref_of(line, "_b")])
    return a, b
