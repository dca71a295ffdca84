"""Days as numbers and whole numbers as such, in every engine."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from segkit.customers.arguments import Frame


def day_number(column: str) -> nw.Expr:
    """`date.toordinal` of a column; the one way of subtracting dates that runs on every engine.

    Leap days are counted with `floor` of a product: engines spell out a whole-number division by cases, which
    costs a DuckDB query a third of its time. The half keeps the product clear of whole numbers.
    """
    date = nw.col(column)
    year = date.dt.year() - 1
    every = (((year + 0.5) * share).floor() for share in (1 / 4, 1 / 100, 1 / 400))
    fourth, hundredth, four_hundredth = every
    return year * 365 + fourth - hundredth + four_hundredth + date.dt.ordinal_day()


def native_with_kinds(frame: Frame, whole: tuple[str, ...], text: tuple[str, ...] = ()) -> Any:
    """The engine's own frame, where `whole` hold 64-bit whole numbers or null and `text` plain text.

    In pandas that is ``Int64`` and ``str``, whatever the kind of the columns they were made of.
    """
    whole = tuple(c for c in whole if c in frame.collect_schema())
    native = nw.to_native(frame)
    if isinstance(native, pd.DataFrame):
        return native.astype(dict.fromkeys(whole, "Int64") | dict.fromkeys(text, "str"))
    return nw.to_native(frame.with_columns(*(nw.col(c).cast(nw.Int64) for c in whole))) if whole else native
