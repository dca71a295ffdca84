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
    # figure of lesson 03
    "between_and_within": "segkit.charts.lesson_criteria",
    "halves_within": "segkit.charts.lesson_criteria",
    # figures of lesson 12
    "with_and_without": "segkit.charts.lesson_effects",
    "without_us": "segkit.charts.lesson_effects",
    # figures of lesson 01
    "profit_per_head": "segkit.charts.lesson_concepts",
    "segment_choice": "segkit.charts.lesson_concepts",
    "service_chain": "segkit.charts.lesson_concepts",
    "satisfied_and_back": "segkit.charts.lesson_concepts",
    # figures of the case jd
    "clients_per_manager": "segkit.charts.workload",
    "response_and_uplift": "segkit.charts.uplifts",
    "best_before_and_after": "segkit.charts.fallback",
    "nps_by_group": "segkit.charts.satisfaction",
    # figures of the case realestate
    "conversion_rates": "segkit.charts.conversion",
    "conversion_within": "segkit.charts.conversion",
    "grading_by_person": "segkit.charts.conversion",
    # figures of the case alibaba
    "rates_by_criterion": "segkit.charts.field_sales",
    "visits_and_minutes": "segkit.charts.field_sales",
    "all_and_within": "segkit.charts.field_sales",
    "months_at_steps": "segkit.charts.field_sales",
    # figures of lesson 05
    "plan_standing": "segkit.charts.lesson_plan",
    "protection_terms": "segkit.charts.lesson_plan",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'segkit.charts' has no attribute {name!r}")
