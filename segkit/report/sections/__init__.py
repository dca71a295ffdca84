"""The sections of the client report, one typed function each; a notebook cell calls one of them."""

from __future__ import annotations

from segkit.report.sections.classes import classification
from segkit.report.sections.concentration import concentration
from segkit.report.sections.data import data_and_quality
from segkit.report.sections.definitions import definitions
from segkit.report.sections.followup import followup
from segkit.report.sections.overview import overview
from segkit.report.sections.segments import segments
from segkit.report.sections.summary import summary

__all__ = [
    "classification",
    "concentration",
    "data_and_quality",
    "definitions",
    "followup",
    "overview",
    "segments",
    "summary",
]
