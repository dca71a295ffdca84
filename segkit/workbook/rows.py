"""The body of a large table, written four times as fast as cell by cell.

XlsxWriter spends most of its time on what every cell of a column shares. In constant memory it streams rows as XML
into a scratch file; this writes the same XML a column at a time. Only the row stream is touched (its handle, the
row it stands at, the dimensions): the tests open the result again with two other readers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from segkit.workbook.cells import Cell

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9a-fA-F]{4}_)")  # Excel would read _x0041_ as A


def write_rows(
    sheet: Any,
    first: int,
    columns: Sequence[Sequence[Cell]],
    look: Sequence[Callable[[Cell], tuple[Cell, Any]]],
    heights: Mapping[int, float],
) -> None:
    """Append rows to a worksheet in constant memory.

    Parameters
    ----------
    first : the row (from 0) of the first line; everything above is written already
    columns : cleaned cells, column by column
    look : per column, a cell as it is shown and its format
    heights : row -> height in points, where it is not the standard one
    """
    count = len(columns[0]) if columns else 0
    if not count:
        return
    sheet._write_single_row(first)  # what is pending above
    sheet._check_dimensions(first, 0)
    sheet._check_dimensions(first + count - 1, len(columns) - 1)
    names = [f'<c r="{xl_col_to_name(i)}' for i in range(len(columns))]
    tails = [_tails(column, shown) for column, shown in zip(columns, look, strict=True)]
    write = sheet.fh.write
    for row, cells in enumerate(zip(*tails, strict=True), first):
        place = str(row + 1)
        high = f' ht="{heights[row]:.16g}" customHeight="1"' if row in heights else ""
        body = "".join([name + place + tail for name, tail in zip(names, cells, strict=True)])
        write(f'<row r="{place}"{high}>{body}</row>')
    sheet.previous_row = first + count - 1


def _tails(column: Sequence[Cell], look: Callable[[Cell], tuple[Cell, Any]]) -> list[str]:
    """What follows the place in each cell; made once for every distinct text."""
    known: dict[Cell, str] = {}
    style = f'" s="{look(0)[1]._get_xf_index()}"'
    tails = []
    for value in column:
        if isinstance(value, str) or value is None:
            if value not in known:
                known[value] = _tail(*look(value))
            tails.append(known[value])
        else:
            tails.append(f"{style}><v>{value!r}</v></c>")
    return tails


def _tail(value: Cell, form: Any) -> str:
    style = f'" s="{form._get_xf_index()}"'
    if value is None:
        return f"{style}/>"
    text = _LOOKS_ESCAPED.sub("_x005F_", str(value)).translate(_ESCAPES)
    keep = ' xml:space="preserve"' if text != text.strip() else ""
    return f'{style} t="inlineStr"><is><t{keep}>{text}</t></is></c>'
