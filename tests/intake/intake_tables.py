"""Small client tables written in a test."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from segkit.intake.table import Source, Table


def table_of(heads: Sequence[str], rows: Sequence[Sequence[str]], file: str = "test.csv") -> Table:
    """A table as if read from a file with one header row."""
    frame = pd.DataFrame([list(r) for r in rows], columns=list(heads), dtype="str")
    origin = pd.DataFrame({"file": file, "sheet": "", "row": range(2, len(rows) + 2)})
    furniture = pd.DataFrame({"file": [file], "sheet": [""], "row": [1], "what": ["header"]})
    source = Source(file, file, None, "utf-8", ",", 1, "0" * 64, len(rows))
    return Table(frame, origin, furniture, (source,))


ORDERS = {"客户": "customer_id", "单号": "order_id", "日期": "order_date", "金额": "amount"}
