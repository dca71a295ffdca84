"""Customer classification and follow-up (客户分类与跟进): see README."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# public name -> module; loaded on first use, so that `segkit --help` stays quick
_WHERE = {
    "read_table": "segkit.intake.reading",
    "suggest_mapping": "segkit.intake.mapping",
    "clean": "segkit.intake.cleaning",
    "quality": "segkit.intake.profile",
    "leaks": "segkit.privacy.scan",
    "customer_table": "segkit.customers",
    "update": "segkit.customers",
    "repeat_summary": "segkit.customers",
    "bought_together": "segkit.baskets",
    "recommend": "segkit.baskets",
    "Bands": "segkit.schemes.bands",
    "Lifecycle": "segkit.schemes.lifecycle",
    "Lookup": "segkit.schemes.lookup",
    "Pareto": "segkit.schemes.pareto",
    "RFM": "segkit.schemes.rfm",
    "Matrix": "segkit.schemes.matrix",
    "Needs": "segkit.schemes.needs",
    "Clusters": "segkit.schemes.clusters",
    "Rules": "segkit.schemes.rules",
    "Scorecard": "segkit.schemes.scorecard",
    "load_scheme": "segkit.schemes.store",
    "load_schemes": "segkit.schemes.store",
    "lint": "segkit.schemes.linting",
    "hysteresis": "segkit.schemes.hysteresis",
    "BGNBD": "segkit.value.btyd",
    "MBGNBD": "segkit.value.btyd",
    "GammaGamma": "segkit.value.gamma_gamma",
    "clv": "segkit.value.lifetime_value",
    "Propensity": "segkit.value.propensity",
    "Policy": "segkit.followup.policy",
    "Member": "segkit.followup.plan_model",
    "plan": "segkit.followup.planner",
    "PoolRules": "segkit.followup.pool_rules",
    "pool": "segkit.followup.pool_rules",
    "ServiceRules": "segkit.followup.promises",
    "service": "segkit.followup.service_clock",
    "due_list": "segkit.followup.today",
    "nps": "segkit.evaluate.survey",
    "csat": "segkit.evaluate.survey",
    "ces": "segkit.evaluate.survey",
    "migration": "segkit.evaluate.moves",
    "psi": "segkit.evaluate.drift",
    "uplift": "segkit.evaluate.experiment",
    "did": "segkit.evaluate.causal",
    "cohorts": "segkit.evaluate.cohort_table",
    "backtest": "segkit.evaluate.backtesting",
    "referrals": "segkit.evaluate.referral",
    "stability": "segkit.evaluate.segmentation",
    "segmentation_quality": "segkit.evaluate.segmentation",
    "load": "segkit.samples",
    "use": "segkit.teach.speaking",
    "me": "segkit.teach.person",
    "checkup": "segkit.teach.readiness",
    "form": "segkit.teach.forms",
    "check": "segkit.teach.checking",
    "hint": "segkit.teach.hinting",
    "predict": "segkit.teach.guessing",
    "progress": "segkit.teach.standing",
}

# rooms a notebook looks into by name: segkit.charts.concentration(...), segkit.widgets.rfm_cuts(...)
_ROOMS = ("charts", "widgets")

__all__ = ["__version__", *_WHERE]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"segkit.{name}")
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'segkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


if TYPE_CHECKING:
    from segkit.customers import customer_table as customer_table
