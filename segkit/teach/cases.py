"""The sample customers an exercise is checked on: read and cleaned as the lessons do (样例客户表)."""

from __future__ import annotations

import datetime as dt
import os
from functools import lru_cache

import pandas as pd

from segkit.customers import customer_table
from segkit.intake.cleaning import clean
from segkit.intake.mapping import suggest_mapping
from segkit.intake.reading import read_table
from segkit.samples import load

AS_OF = dt.date(2025, 12, 31)


def jd_customers() -> pd.DataFrame:
    """One row per customer of case jd, registered non-buyers included, in the draw SEGKIT_DATASETS names."""
    return _jd_customers(os.environ.get("SEGKIT_DATASETS", "")).copy()


@lru_cache(maxsize=2)
def _jd_customers(folder: str) -> pd.DataFrame:
    jd = load("jd", folder=folder or None)
    table = read_table(jd.path("orders"))
    cleaned = clean(table, suggest_mapping(table), as_of=AS_OF)
    return pd.DataFrame(customer_table(cleaned.frame, as_of=AS_OF, customers=jd.customers))
