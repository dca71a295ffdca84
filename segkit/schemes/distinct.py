"""What a text column says, value by value: read once in Python, given back to the engine as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

from segkit.problems import InputProblems, Problem
from segkit.schemes.ladder import Frame
from segkit.schemes.texts import text_known, text_of

MOST = 100_000  # different texts beyond which a column is no classification


def distinct_texts(frame: Frame, column: str) -> list[str]:
    """The different texts of a column, blanks around them taken off. Reads the column once.

    Raises
    ------
    InputProblems : more than 100,000, so nobody can have written a class there
    """
    texts = frame.filter(text_known(column)).select(text_of(column).alias("text")).unique().head(MOST + 1)
    found = collected(texts)["text"].to_list()
    if len(found) > MOST:
        raise InputProblems([Problem("schemes.too_many_texts", {"column": column, "most": MOST})])
    return sorted(found)


def collected(frame: Frame) -> nw.DataFrame:
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def text_codes(
    frame: Frame, columns: Mapping[str, tuple[str, Mapping[str, int]]], *, missing: int, other: int
) -> Frame:
    """`frame` with whole-number columns: output name -> text column and the code of each of its texts.

    `missing` where nothing is written, `other` for texts without a code.
    """
    asked = dict.fromkeys(column for column, _ in columns.values())
    staged = {column: f"__text_{i}" for i, column in enumerate(asked)}
    known = {column: f"__written_{i}" for i, column in enumerate(asked)}
    frame = frame.with_columns(
        *(text_of(c).alias(name) for c, name in staged.items()),
        *(text_known(c).alias(name) for c, name in known.items()),
    )
    codes = [
        nw.when(nw.col(known[column]))
        .then(replaced(frame, nw.col(staged[column]), texts, other))
        .otherwise(nw.lit(missing))
        .alias(name)
        for name, (column, texts) in columns.items()
    ]
    return frame.with_columns(*codes).drop([*staged.values(), *known.values()])


def replaced(
    frame: Frame, value: nw.Expr, new: Mapping[Any, float], default: float, dtype: Any = nw.Int64
) -> nw.Expr:
    """The number of each value: looked up on engines that hold the table in memory, asked group by group on others."""
    if isinstance(frame, nw.DataFrame) and new:
        return value.replace_strict(list(new), list(new.values()), default=default, return_dtype=dtype)
    groups: dict[float, list[Any]] = {}
    for text, number in new.items():
        groups.setdefault(number, []).append(text)
    chosen = nw.lit(default)
    for number, texts in groups.items():
        chosen = nw.when(value.is_in(texts)).then(nw.lit(number)).otherwise(chosen)
    return chosen


def labels_of(code: str, labels: Sequence[str]) -> nw.Expr:
    """The text label of each code 0, 1, 2 ... in the column `code`."""
    return nw.col(code).replace_strict(
        list(range(len(labels))), list(labels), default=labels[0], return_dtype=nw.String
    )
