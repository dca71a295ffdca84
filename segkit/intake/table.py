"""A client's table as it was read: all text, every row still knowing the file, sheet and row it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from segkit.problems import Problem

ORIGIN = ["file", "sheet", "row"]


@dataclass(frozen=True)
class Source:
    """Where a table came from. `header_row` is counted as a spreadsheet counts (first row is 1)."""

    path: str
    file: str
    sheet: str | None
    encoding: str | None
    delimiter: str | None
    header_row: int
    sha256: str
    rows: int


@dataclass(frozen=True)
class Table:
    """Text cells with provenance.

    Attributes
    ----------
    frame : one column per heading, every cell ``str`` ("" where empty), index 0..n-1
    origin : same index; `file, sheet, row` (sheet "" for text files; row as a spreadsheet numbers it)
    furniture : rows that are no data: `file, sheet, row, what` with what in title | header | blank | total,
        and where read from a file `text`, the words of the row
    sources : one per file and sheet read
    notes : what was mended while reading, to be said to the user
    """

    frame: pd.DataFrame
    origin: pd.DataFrame
    furniture: pd.DataFrame
    sources: tuple[Source, ...]
    notes: tuple[Problem, ...] = ()


def stack(tables: Sequence[Table]) -> Table:
    """Several files or sheets of one client as one table; a column missing somewhere is empty there."""
    if len(tables) == 1:
        return tables[0]
    return Table(
        frame=pd.concat([t.frame for t in tables], ignore_index=True).fillna(""),
        origin=pd.concat([t.origin for t in tables], ignore_index=True),
        furniture=pd.concat([t.furniture for t in tables], ignore_index=True),
        sources=tuple(s for t in tables for s in t.sources),
        notes=tuple(n for t in tables for n in t.notes),
    )
