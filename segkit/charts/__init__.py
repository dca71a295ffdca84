"""Figures whose title is their message. Looked up on first use: drawing libraries import slowly."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "Drawn": "segkit.charts.theme",
    "concentration": "segkit.charts.lorenz",
    "top_customers": "segkit.charts.lorenz",
    "score_heatmap": "segkit.charts.scores",
    "segment_value": "segkit.charts.segments",
    "distributions": "segkit.charts.histograms",
    "segment_marks": "segkit.charts.marks",
    "segment_shift": "segkit.charts.class_bars",
    "class_resources": "segkit.charts.class_bars",
    "segment_grid": "segkit.charts.segment_grid",
    "mean_or_median": "segkit.charts.lesson_grades",
    "silence": "segkit.charts.lesson_grades",
    # figure of lesson 02
    "money_bridge": "segkit.charts.lesson_records",
    "money_steps": "segkit.charts.lesson_records",
    # figures of the case jd
    "clients_per_manager": "segkit.charts.workload",
    "response_and_uplift": "segkit.charts.uplifts",
    "best_before_and_after": "segkit.charts.fallback",
    "nps_by_group": "segkit.charts.satisfaction",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'segkit.charts' has no attribute {name!r}")
