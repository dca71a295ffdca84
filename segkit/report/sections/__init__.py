"""The sections of the client report, one typed function each; a notebook cell calls one of them."""

from __future__ import annotations

from segkit.report.sections.appendix_agreement import how_they_agree
from segkit.report.sections.appendix_clv import what_they_will_buy
from segkit.report.sections.baskets import baskets
from segkit.report.sections.campaign import campaign
from segkit.report.sections.classes import classification
from segkit.report.sections.concentration import concentration
from segkit.report.sections.data import data_and_quality
from segkit.report.sections.definitions import definitions
from segkit.report.sections.effect import effect
from segkit.report.sections.feedback import feedback
from segkit.report.sections.followup import followup
from segkit.report.sections.industry import industry
from segkit.report.sections.leads import lead_funnel
from segkit.report.sections.movement import how_the_mix_shifted, movement
from segkit.report.sections.needs import needs
from segkit.report.sections.outlook import outlook
from segkit.report.sections.overview import overview
from segkit.report.sections.records import records
from segkit.report.sections.referral import referral_report
from segkit.report.sections.region import region
from segkit.report.sections.satisfaction import satisfaction
from segkit.report.sections.segments import segments
from segkit.report.sections.service import service_promises
from segkit.report.sections.strategy import strategy
from segkit.report.sections.summary import summary

__all__ = [
    "baskets",
    "campaign",
    "classification",
    "concentration",
    "data_and_quality",
    "definitions",
    "effect",
    "feedback",
    "followup",
    "how_the_mix_shifted",
    "how_they_agree",
    "industry",
    "lead_funnel",
    "movement",
    "needs",
    "outlook",
    "overview",
    "records",
    "referral_report",
    "region",
    "satisfaction",
    "segments",
    "service_promises",
    "strategy",
    "summary",
    "what_they_will_buy",
]
