"""What only the client can decide, gathered over all tables and put beside client.yml as to_confirm.xlsx."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from segkit.intake.confirm import Questions, questions, write_confirm
from segkit.locale import Lang
from segkit.report.clean_tables import Intake
from segkit.report.intake_step import CONFIRM


def open_questions(intake: Intake) -> Questions:
    """Twins, rows set aside and unknown statuses of every table; a pair is worth what its orders are."""
    parts = [
        questions(cleaned, intake.tables[grain], worth=intake.worth)
        for grain, cleaned in intake.cleaned.items()
    ]
    return Questions(
        twins=pd.concat([p.twins for p in parts], ignore_index=True),
        set_aside=pd.concat([p.set_aside for p in parts], ignore_index=True),
        statuses=pd.concat([p.statuses for p in parts], ignore_index=True),
        sources={file: sha for p in parts for file, sha in p.sources.items()},
    )


def ask_client(asked: Questions, folder: Path, lang: Lang) -> Path | None:
    """Write to_confirm.xlsx into `folder` if there is something to ask; None where there is not."""
    if not len(asked):
        return None
    path = folder / CONFIRM
    write_confirm(asked, path, lang)
    return path
