"""Tables of the report as renderers read them, and what a row of the plan says in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from segkit.locale import Lang, name_of, say
from segkit.report.clean_tables import read_parquet
from segkit.report.model import ReportModel
from segkit.report.render.values import is_missing


def stored_table(model: ReportModel, folder: Path, key: str) -> pd.DataFrame | None:
    """A table the report names (plan, customers, ledger ...), relative to `folder`; None where it has none."""
    path = folder / model.tables[key] if key in model.tables else None
    return read_parquet(path) if path is not None and path.is_file() else None


def stored_plan(model: ReportModel, folder: Path) -> pd.DataFrame | None:
    """The plan, by day, clock time and owner; None where the report has none."""
    plan = stored_table(model, folder, "plan")
    if plan is None:
        return None
    by = [c for c in ("due", "starts", "owner", "task_id") if c in plan.columns]
    return plan.sort_values(by, kind="stable", ignore_index=True)


def owner_name(owner: object, lang: Lang) -> str:
    """An owner as people read it; 待分配 / unassigned for tasks nobody has yet."""
    return ("" if is_missing(owner) else str(owner).strip()) or say("report.unassigned", lang)


def text_of(row: dict[str, Any], field: str) -> str:
    """A field as text; "" where it is missing."""
    value = row.get(field)
    return "" if is_missing(value) else str(value).strip()


def label_name(label: str, model: ReportModel) -> str:
    """A label of the main scheme as the report calls it; "" for none."""
    main = model.meta.main
    own = model.schemes[main].labels if main in model.schemes else {}
    return (own.get(label) or name_of("segment", label, model.meta.lang)) if label else ""
