"""The plan and the labels as files a CRM imports, with that CRM's rules."""

from segkit.report.render.crm.mapping import known_crms
from segkit.report.render.crm.rules import validate
from segkit.report.render.crm.writing import Written, render_crm

__all__ = ["Written", "known_crms", "render_crm", "validate"]
