"""Which industries the customers are in, and how each usually buys."""

from __future__ import annotations

from segkit.report.sections.groups import placed, side_by_side
from segkit.report.study import Shown, Study

OWN = "industry"  # a column of the client's own, where nothing looks it up


def industry(study: Study) -> Shown:
    """Customers, money, average order and days between orders by industry (行业)."""
    found = placed(study, "industry")
    own = [OWN] if OWN in study.customers.columns and not found else []
    return side_by_side(study, "industry", found or own)
