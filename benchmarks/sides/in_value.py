"""segkit's BG/NBD, and the CDNOW files as repeat summaries for every side."""

from __future__ import annotations

from typing import Any

import pandas as pd

from segkit import repeat_summary
from segkit.value.btyd import BGNBD

SUMMARIES: dict[str, pd.DataFrame] = {}


def write_summary(source: str, target: str) -> None:
    """A CDNOW file (in the sample an id of its own stands behind the original one) as x, t_x, T in weeks."""
    raw = pd.read_csv(source, sep=r"\s+", header=None, dtype="str")
    if not raw.iloc[0, 0].isdigit():  # the full file has a heading
        raw = raw.iloc[1:]
    customer, date, money = (raw[raw.columns[i]] for i in (-4, -3, -1))
    orders = pd.DataFrame({"customer_id": customer, "amount": money.astype("float64")})
    orders["order_date"] = pd.to_datetime(date, format="%Y%m%d")
    repeat_summary(orders, as_of="1997-09-30").to_csv(target, index=False)


def open_summary(path: str) -> None:
    SUMMARIES[path] = pd.read_csv(path, dtype={"customer_id": "str"})


def fit(path: str) -> BGNBD:
    return BGNBD().fit(SUMMARIES[path])


def facts(model: BGNBD) -> dict[str, Any]:
    return {"r": model.r, "alpha": model.alpha, "a": model.a, "b": model.b, "n": model.n}
