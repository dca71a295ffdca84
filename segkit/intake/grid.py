"""Cells as they stand in a file or sheet, before anyone decided which row is the heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segkit.problems import Problem


@dataclass
class Grid:
    """A rectangle of text.

    Attributes
    ----------
    cells : columns 0..w-1, every cell ``str``, "" where empty
    rows : the spreadsheet's number of each row (first is 1)
    merges : merged ranges of a spreadsheet as (top, left, bottom, right), positions from 0
    notes : what was mended so far
    """

    cells: pd.DataFrame
    rows: np.ndarray
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)


def grid_of(rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Rows of unequal length as a rectangle, the short ones filled up with ""."""
    width = max(map(len, rows), default=0)
    columns: list[list[str]] = [[] for _ in range(width)]
    for row in rows:
        for i, cell in enumerate(row):
            columns[i].append(cell)
        for i in range(len(row), width):
            columns[i].append("")
    return pd.DataFrame({i: pd.Series(column, dtype="str") for i, column in enumerate(columns)})


def spans(numbers: Sequence[int], limit: int = 20) -> str:
    """Row numbers for a sentence: ``3-7, 12, ...``."""
    out: list[str] = []
    start = previous = None
    for n in [*sorted(set(numbers)), None]:
        if previous is not None and n == previous + 1:
            previous = n
            continue
        if start is not None:
            out.append(str(start) if start == previous else f"{start}-{previous}")
        start = previous = n
    return ", ".join(out[:limit]) + (", ..." if len(out) > limit else "")
