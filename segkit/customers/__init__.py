"""From orders to one row per customer (客户明细表): recency, frequency, money, and what repeats.

Written with Narwhals: a pandas or Polars frame (eager or lazy), a DuckDB relation or a Spark frame comes back
as what it was. Money is rounded to cents after summing and days are whole numbers, so every engine agrees.
"""

from __future__ import annotations

from segkit.customers.arguments import DAYS_IN, Counting, missing_columns
from segkit.customers.history import NeedsHistory, update
from segkit.customers.kinds import native_with_kinds
from segkit.customers.tables import COLUMNS, customer_table, repeat_summary

__all__ = [
    "COLUMNS",
    "DAYS_IN",
    "Counting",
    "NeedsHistory",
    "customer_table",
    "missing_columns",
    "native_with_kinds",
    "repeat_summary",
    "update",
]
