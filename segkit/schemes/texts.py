"""Text columns on every engine: what is written, and whether anything is."""

from __future__ import annotations

import narwhals as nw
import pandas as pd

UNKNOWN = "unknown"  # the label where an input is missing; whoever reads labels takes it for missing too
BLANKS = " \t\r\n\u00a0\u3000"  # named, because engines differ in what they take for a blank


def text_of(column: str) -> nw.Expr:
    """The text of a cell without blanks around it; meaningless where not `text_known`."""
    return nw.col(column).cast(nw.String).str.strip_chars(BLANKS)


def text_known(column: str) -> nw.Expr:
    """True where something is written: neither null nor blank, nor the label of what is not known."""
    return ~nw.col(column).is_null() & (text_of(column) != "") & (text_of(column) != UNKNOWN)


def texts(column: pd.Series) -> pd.Series:
    """`text_of` of a pandas column as objects, None where nothing is written."""
    written = column.astype("str").str.strip(BLANKS)
    return written.astype(object).where(column.notna() & ~written.isin(["", UNKNOWN]), None)
