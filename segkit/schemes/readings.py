"""How a cell is read for conditions: as a number, as text, as yes or no, or for whether anything stands there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal

import narwhals as nw
import pandas as pd

from segkit.schemes.texts import UNKNOWN, text_of, texts

Kind = Literal["number", "text", "flag", "presence"]  # presence: only whether anything stands there
Reader = Callable[[str, Kind], nw.Expr]  # a column's values, null where missing

YES = ("true", "1", "1.0", "yes", "y", "是", "√", "✓")
NO = ("false", "0", "0.0", "no", "n", "否", "×", "x")
NOTHING = ("", "nan", UNKNOWN)  # engines write a float that is no number as NaN or nan


def reading(column: str, kind: Kind) -> nw.Expr:
    """The values of a column of any engine, null where missing; yes and no are 1 and 0."""
    return number_read(column) if kind == "number" else text_read(nw.col(column), written(column, kind), kind)


def number_read(column: str) -> nw.Expr:
    number = nw.col(column).cast(nw.Float64)
    return nw.when(~nw.col(column).is_null() & number.is_finite()).then(number)


def written(column: str, kind: Kind) -> nw.Expr:
    """What stands in a cell; meaningless where nothing does."""
    return text_of(column) if kind == "text" else text_of(column).str.to_lowercase()


def text_read(cell: nw.Expr, text: nw.Expr, kind: Kind) -> nw.Expr:
    """`reading` of a column whose text was taken before."""
    there = ~cell.is_null()
    if kind == "text":
        return nw.when(there & ~text.is_in(("", UNKNOWN))).then(text)
    if kind == "presence":
        return nw.when(there & ~text.is_in(NOTHING)).then(nw.lit(1.0))
    return nw.when(there & text.is_in(YES)).then(nw.lit(1.0)).when(there & text.is_in(NO)).then(nw.lit(0.0))


def flag_read(column: str) -> nw.Expr:
    """`reading` of a column of truth values or numbers as yes or no."""
    number = nw.col(column).cast(nw.Float64)
    return nw.when(number == 1).then(nw.lit(1.0)).when(number == 0).then(nw.lit(0.0))


def as_it_stands(column: str, kind: Kind) -> nw.Expr:
    """For columns that were read before."""
    return nw.col(column)


def as_read(frame: pd.DataFrame, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """`reading` of a pandas frame whose columns may be of any kind; text in a column of numbers is missing."""
    read: dict[str, pd.Series] = {}
    for column, kind in kinds.items():
        cells = frame[column].reset_index(drop=True)
        if kind == "number":
            number = pd.to_numeric(cells, errors="coerce").astype("float64")
            read[column] = number.where(abs(number) < math.inf)
        elif kind == "text":
            read[column] = texts(cells).astype("str")
        else:
            written = texts(cells).astype("str").str.lower()
            if kind == "presence":
                read[column] = pd.Series(1.0, index=cells.index).where(
                    written.notna() & ~written.isin(NOTHING)
                )
            else:
                read[column] = written.map(dict.fromkeys(YES, 1.0) | dict.fromkeys(NO, 0.0)).astype("float64")
    return pd.DataFrame(read)
