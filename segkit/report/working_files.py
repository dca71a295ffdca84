"""What goes with a report for those who work with it: cards for visits, owners' sheets, calendars, files for a CRM."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segkit.config import Config
from segkit.problems import Problem
from segkit.report.clean_tables import read_parquet
from segkit.report.model import ReportModel

FILES = ("cards.html", "followup.ics", "followup", "crm")
FIELD = "field"  # beside `reports`: real contacts are never inside a report


def write_working_files(
    model: ReportModel, run: Path, config: Config, formats: Sequence[str], *, before: Path | None
) -> list[Problem]:
    """Cards beside the page; owners' sheets, calendars and CRM files beside the workbook.

    Parameters
    ----------
    before : the report that this one takes the place of, so that calendar entries are brought forward

    Returns
    -------
    what was left out, to be said to the user
    """
    from segkit.report.render.crm import render_crm
    from segkit.report.render.ics import render_ics
    from segkit.report.render.plan_sheets import render_owner_books
    from segkit.report.render.visit_cards import render_cards

    if "html" in formats:
        render_cards(model, run, run / "cards.html")
    if "xlsx" not in formats:
        return []
    render_owner_books(model, run, run / "followup")
    render_ics(model, run, run, before=before)
    written = render_crm(model, run, run, config.crm.targets)
    return [
        Problem("crm.refused", {"n": len(one.refused), "folder": f"crm/{one.folder.name}"})
        for one in written
        if one.refused
    ]


def write_real_contacts(model: ReportModel, report: Path, people_file: Path, config: Config) -> list[Path]:
    """Call sheets with phones and e-mails, outside the report, where client.yml asks for them and answers for it."""
    from segkit.report.render.field import write_field

    wish = config.privacy
    if wish.contacts != "real":
        return []
    target = config.folder / FIELD / config.client.id / model.meta.as_of.isoformat() / model.meta.lang
    return write_field(
        model,
        report,
        read_parquet(people_file),
        target,
        contacts=wish.contacts,
        reason=wish.reason,
        person=wish.person,
    )
