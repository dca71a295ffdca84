"""What the values of a column look like (值的样子): shares of dates, money, phones, e-mails."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import pandas as pd

_SAMPLE = 400
_PATTERNS = {
    "date": re.compile(
        r"(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*\d{1,2}\s*[日号]?)?(?:[ T].*)?月?"
        r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:\d{6})?"
        r"|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d(?:[ T].*)?"
    ),
    "money": re.compile(
        r"[-+(]?\s*(?:[¥$]|rmb|cny|usd)?\s*[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d+)?\s*(?:万元|万|元|rmb|cny|usd)?\s*\)?"
    ),
    "phone": re.compile(r"(?:\+?86[- ]?)?1\d{2}[- ]?\d{4}[- ]?\d{4}|0\d{2,3}[- ]?\d{7,8}|1\.\d+e\+10"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "order_no": re.compile(r"#\s?(?:[a-z]{1,4}-?)?\d{3,}"),
    "whole": re.compile(r"\d{1,6}(?:\.0+)?"),
    "cents": re.compile(r".*(?:\d\.\d|[¥$元万]).*"),
}


@dataclass(frozen=True)
class Look:
    """Shares in 0..1 over a sample of the filled cells; `fill` is the share of cells that are filled."""

    n: int
    fill: float
    distinct: float
    date: float
    money: float
    phone: float
    email: float
    order_no: float
    whole: float
    cents: float

    def is_money(self) -> bool:
        """Amounts beyond doubt: some with cents or a unit, not only whole numbers."""
        return self.money >= 0.95 and self.cents > 0.05

    def share(self, kind: str) -> float:
        """How well the values suit a look of the synonym table."""
        if kind == "id":
            return 0.0 if self.date > 0.5 else 1.0
        if kind == "unique":
            return self.distinct
        return float(getattr(self, kind))


def look_at(column: pd.Series) -> Look:
    """The look of one column of text."""
    filled = column[column.str.strip() != ""]
    n = len(filled)
    if not n:
        return Look(0, *[0.0] * 9)
    sample = filled.iloc[:: max(1, n // _SAMPLE)].iloc[:_SAMPLE]
    values = [unicodedata.normalize("NFKC", v).strip(" \t'=\"").lower() for v in sample]
    shares = {k: sum(1 for v in values if p.fullmatch(v)) / len(values) for k, p in _PATTERNS.items()}
    return Look(n, n / len(column), filled.nunique() / n, **shares)
