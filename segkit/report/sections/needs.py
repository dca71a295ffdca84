"""What the customers want most: the groups a survey of importance gives."""

from __future__ import annotations

from segkit.report.sections.groups import placed, side_by_side
from segkit.report.study import Shown, Study


def needs(study: Study) -> Shown:
    """Customers by what matters most to them (需求), one table for each scheme of kind `needs`."""
    return side_by_side(study, "needs", placed(study, "needs"))
