"""The sections of the client report, one typed function each; a notebook cell calls one of them."""

from __future__ import annotations

from segkit.report.sections.appendix_agreement import how_they_agree
from segkit.report.sections.appendix_clv import what_they_will_buy
from segkit.report.sections.baskets import baskets
from segkit.report.sections.classes import classification
from segkit.report.sections.concentration import concentration
from segkit.report.sections.data import data_and_quality
from segkit.report.sections.definitions import definitions
from segkit.report.sections.feedback import feedback
from segkit.report.sections.followup import followup
from segkit.report.sections.industry import industry
from segkit.report.sections.needs import needs
from segkit.report.sections.overview import overview
from segkit.report.sections.region import region
from segkit.report.sections.segments import segments
from segkit.report.sections.summary import summary

__all__ = [
    "baskets",
    "classification",
    "concentration",
    "data_and_quality",
    "definitions",
    "feedback",
    "followup",
    "how_they_agree",
    "industry",
    "needs",
    "overview",
    "region",
    "segments",
    "summary",
    "what_they_will_buy",
]
