"""What is due and not planned (没排上), as a sheet to look at: whom nobody contacts this time, and why."""

from __future__ import annotations

import pandas as pd

from segkit.report.model import ReportModel
from segkit.report.render.lists import Sheeted, working_list
from segkit.workbook import Page

UNPLANNED = {
    "customer_id": "id",
    "name": "text",
    "segment": "text",
    "channel": "text",
    "next_step": "text",
    "due": "date",
    "reason": "text",
}
MOST_UNPLANNED = 20_000  # rows of the sheet; the Parquet file beside the report has all of them


def unplanned_list(page: Page, model: ReportModel, unplanned: pd.DataFrame) -> None:
    """The first `MOST_UNPLANNED` contacts that were due and found no place, or were left out, with the reason."""
    layout = Sheeted(widths={"due": 12.0})
    working_list(page, model, unplanned.head(MOST_UNPLANNED), UNPLANNED, layout=layout)
