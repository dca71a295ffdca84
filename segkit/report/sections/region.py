"""Where the customers are: 大区, 本地 / 区域 / 全国, city tier."""

from __future__ import annotations

from segkit.report.sections.groups import side_by_side
from segkit.report.study import Shown, Study

TABLES = ("region", "relative", "city_tier")  # of lookups, in the order they are shown
OWN = ("province", "city_tier")  # columns of the client's own, where nothing looks them up


def region(study: Study) -> Shown:
    """Customers and what they bring by region (大区), by distance from home (本地/区域/全国) and by city tier."""
    tables = {name: getattr(scheme, "table", "") for name, scheme in study.segmentation.schemes.items()}
    found = sorted((name for name in tables if tables[name] in TABLES), key=lambda n: TABLES.index(tables[n]))
    asked = {"province": {"region", "relative"}, "city_tier": {"city_tier"}}
    own = [
        column
        for column in OWN
        if column in study.customers.columns and not {*tables.values()} & asked[column]
    ]
    return side_by_side(study, "region", [*found, *own])
