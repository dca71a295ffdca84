"""Where the customers are: 大区, 本地 / 区域 / 全国, city tier."""

from __future__ import annotations

from segkit.report.sections.groups import placed, side_by_side
from segkit.report.study import Shown, Study

OWN = ("province", "city_tier")  # columns of the client's own, where nothing looks them up


def region(study: Study) -> Shown:
    """Customers and what they bring by region (大区), by distance from home (本地/区域/全国) and by city tier."""
    found = placed(study, "region")
    looked_up = {column for name in found for column in study.segmentation.schemes[name].needs()}
    own = [column for column in OWN if column in study.customers.columns and column not in looked_up]
    return side_by_side(study, "region", [*found, *own])
