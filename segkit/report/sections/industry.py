"""Which industries the customers are in, and how each usually buys."""

from __future__ import annotations

from segkit.report.sections.groups import schemes_where, side_by_side
from segkit.report.study import Shown, Study

TABLE = "industry"  # of a lookup; also the client's own column where nothing looks it up


def industry(study: Study) -> Shown:
    """Customers, money, average order and days between orders by industry (行业)."""
    found = schemes_where(study, lambda scheme: getattr(scheme, "table", None) == TABLE)
    own = [TABLE] if TABLE in study.customers.columns and not found else []
    return side_by_side(study, "industry", found or own)
