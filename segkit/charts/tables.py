"""A frame as a table to be read (表格显示): headings and classes by name, numbers in readable form.

The frame is never changed; code keeps its English ids.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import pandas as pd

from segkit.charts.table_cells import Form, form_of
from segkit.charts.table_words import heading, is_known, names_of_values
from segkit.locale import Lang, say

ROWS, COLUMNS = 12, 20
_WIDEST = 60  # columns of type in the plain form; a Chinese character takes two
_UNBROKEN = 30

_STYLE = """<style>
.segkit-table {border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; margin: 4px 0}
.segkit-table th, .segkit-table td {padding: 4px 12px; border: 0; max-width: 26em; vertical-align: top}
.segkit-table thead th {font-weight: 600; border-bottom: 1px solid #8888}
.segkit-table tbody th, .segkit-table tbody td {border-bottom: 1px solid #8883}
</style>"""


@dataclass(frozen=True)
class Readable:
    """A table in words: `heads` and `rows` of texts, which columns are numbers, what was left out."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    keys: int  # columns at the left that name the row
    more: tuple[str, ...]


def table_html(frame: pd.DataFrame | pd.Series, lang: Lang, *, rows: int = ROWS) -> str:
    """The frame as an HTML table in `lang`, its first `rows` rows; for a notebook or an HTML widget.

    Headings of known columns and ids of known classes stand in `lang`, numbers with thousands set apart and at
    most two decimals, shares in percent, dates without a midnight; the index is shown where it says something.
    """
    table = readable(frame, lang, rows=rows)
    head = _line("th", table.heads, table)
    body = "".join(_line("td", row, table) for row in table.rows)
    more = "".join(f"<p>{html.escape(line)}</p>" for line in table.more)
    table_alone = f'<table class="segkit-table"><thead>{head}</thead><tbody>{body}</tbody></table>'
    return f'{_STYLE}<div style="overflow-x: auto">{table_alone}</div>{more}'


def table_text(frame: pd.DataFrame | pd.Series, lang: Lang, *, rows: int = ROWS) -> str:
    """The same as plain text: columns two blanks apart, numbers to the right; never wrapped, so stable."""
    table = readable(frame, lang, rows=rows)
    cells = [[_clipped(cell) for cell in row] for row in (table.heads, *table.rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            _padded(cell, width, right) for cell, width, right in zip(row, widths, table.numeric, strict=True)
        ).rstrip()
        for row in cells
    ]
    return "\n".join([*(line for line in lines if line), *table.more])


def readable(frame: pd.DataFrame | pd.Series, lang: Lang, *, rows: int = ROWS) -> Readable:
    """What is shown of a frame, as texts."""
    if isinstance(frame, pd.Series):
        if _is_record(frame):
            return _record(frame, lang, rows)
        frame = frame.to_frame(frame.name if frame.name is not None else "")
        keys = _key_columns(frame, lang, rows, always=not isinstance(frame.index, pd.RangeIndex))
    else:
        keys = _key_columns(frame, lang, rows)
    own_names = names_of_values(frame.columns.name, frame.columns, lang) if frame.columns.name else None
    columns = [*keys]
    for place, name in enumerate(frame.columns[:COLUMNS]):
        values = frame.iloc[:, place]
        form = form_of(name, values, lang)
        head = own_names(name) if own_names and isinstance(name, str) else heading(name, lang)
        columns.append((head, [form(value) for value in values.iloc[:rows]], values.dtype.kind in "iuf"))
    return Readable(
        tuple(head for head, _, _ in columns),
        tuple(zip(*(cells for _, cells, _ in columns), strict=True)),
        tuple(right for *_, right in columns),
        len(keys),
        tuple(_left_out(frame, rows, lang)),
    )


def _left_out(frame: pd.DataFrame, rows: int, lang: Lang) -> list[str]:
    said = []
    if len(frame) > rows:
        said.append(say("table.more_rows", lang, n=len(frame) - rows, total=len(frame)))
    if frame.shape[1] > COLUMNS:
        said.append(say("table.more_columns", lang, n=frame.shape[1] - COLUMNS))
    if not len(frame):
        said.append(say("table.no_rows", lang))
    return said


def _key_columns(
    frame: pd.DataFrame, lang: Lang, rows: int, *, always: bool = False
) -> list[tuple[str, list[str], bool]]:
    """The index as columns, where it says something: row numbers without a name do not."""
    index = frame.index
    if isinstance(index, pd.MultiIndex):
        columns = [_key_column(index.get_level_values(i), lang, rows) for i in range(index.nlevels)]
        return _once(columns)
    if always or index.name is not None or index.dtype.kind not in "iu":
        return [_key_column(index, lang, rows)]
    return []


def _key_column(index: pd.Index, lang: Lang, rows: int) -> tuple[str, list[str], bool]:
    names = names_of_values(index.name, index, lang)
    if index.name is None and names is None and _are_headings(index):
        cells = [heading(value, lang) for value in index[:rows]]
    else:
        form: Form = names or form_of(index.name, index.to_series(), lang)
        cells = [form(value) for value in index[:rows]]
    return heading(index.name, lang), cells, index.dtype.kind in "iuf"


def _once(columns: Sequence[tuple[str, list[str], bool]]) -> list[tuple[str, list[str], bool]]:
    """Of several levels the outer ones are written where they change."""
    rows = list(zip(*(cells for _, cells, _ in columns), strict=True))
    shown = [
        [
            "" if i and level < len(columns) - 1 and row[: level + 1] == rows[i - 1][: level + 1] else cell
            for i, (row, cell) in enumerate(zip(rows, cells, strict=True))
        ]
        for level, (_, cells, _) in enumerate(columns)
    ]
    return [(head, cells, right) for (head, _, right), cells in zip(columns, shown, strict=True)]


def _are_headings(labels: pd.Index) -> bool:
    """Names of columns, as in ``describe()`` or a row taken out of a table: at least half of them are known."""
    known = sum(is_known(label) for label in labels) if len(labels) <= 200 else 0
    return known > 0 and 2 * known >= len(labels)


def _is_record(series: pd.Series) -> bool:
    return series.index.name is None and series.index.nlevels == 1 and _are_headings(series.index)


def _record(row: pd.Series, lang: Lang, rows: int) -> Readable:
    """A row of a table, or a sum of each column: every value in the form of its own column."""
    most = max(rows, COLUMNS)
    cells = tuple(
        (heading(name, lang), _alone(name, value, lang)) for name, value in list(row.items())[:most]
    )
    more = (say("table.more_rows", lang, n=len(row) - most, total=len(row)),) if len(row) > most else ()
    return Readable(("", ""), cells, (False, True), 1, more)


def _alone(name: Hashable, value: object, lang: Lang) -> str:
    return form_of(name, pd.Series([value]), lang)(value)


# --- setting ---------------------------------------------------------------


def _line(tag: str, cells: Sequence[str], table: Readable) -> str:
    def cell(place: int, text: str) -> str:
        kind = "th" if place < table.keys else tag
        side = "right" if table.numeric[place] else "left"
        # a date or the name of a class stays on one line, a sentence does not
        whole = "; white-space: nowrap" if tag == "td" and _width(text) <= _UNBROKEN else ""
        scope = ' scope="row"' if kind == "th" and tag == "td" else ' scope="col"' if kind == "th" else ""
        return f'<{kind}{scope} style="text-align: {side}{whole}">{html.escape(text)}</{kind}>'

    return f"<tr>{''.join(cell(place, text) for place, text in enumerate(cells))}</tr>"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _padded(text: str, width: int, right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks


def _clipped(text: str) -> str:
    text = " ".join(text.split())
    if _width(text) <= _WIDEST:
        return text
    kept = ""
    for char in text:
        if _width(kept + char) > _WIDEST - 1:
            break
        kept += char
    return f"{kept}…"
