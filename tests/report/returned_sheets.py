"""Working sheets as they are sent out and as they come back: written by us, filled in by hand, saved by WPS."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

from segkit.locale import Lang
from segkit.report.model import Meta, Provenance, ReportModel
from segkit.report.render.lists import head_of
from segkit.report.render.plan_sheets import render_owner_books

AS_OF = dt.date(2025, 12, 31)
CALLS = ("phone", "visit")


def plan_of(n: int, owners: Sequence[str] = ("王芳",), channels: Sequence[str] = CALLS) -> pd.DataFrame:
    """A plan of `n` tasks from 2026-01-05 on, one customer each, by `channels` in turn."""
    days = [dt.date(2026, 1, 5) + dt.timedelta(days=i % 20) for i in range(n)]
    return pd.DataFrame(
        {
            "task_id": [f"T{i:012x}" for i in range(n)],
            "due": pd.to_datetime(days),
            "customer_id": [f"{i:05d}" for i in range(n)],
            "owner": [owners[i % len(owners)] for i in range(n)],
            "channel": [channels[i % len(channels)] for i in range(n)],
            "content": "care_call",
            "why": "累计 1,234.50 元，高于平均",
            "next_step": "电话回访",
            "minutes": 10.0,
            "segment": "key_value",
            "value": 1234.5,
            "marketing": False,
        }
    )


def model_of(lang: Lang = "zh", client: str = "hongye") -> ReportModel:
    return ReportModel(
        meta=Meta(
            title="t",
            client_id=client,
            client_name="鸿业商贸（虚构）",
            lang=lang,
            as_of=AS_OF,
            first_date=None,
            last_date=None,
            main="rfm",
            version="0.1.0",
            data_sha256="0" * 64,
        ),
        tables={"plan": "internal/plan.parquet"},
        provenance=Provenance(inputs=[], totals={}, parameters={}, versions={}),
    )


def kept(plan: pd.DataFrame, folder: Path) -> Path:
    """The plan where a report keeps it."""
    path = folder / "internal" / "plan.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as handle:
        plan.to_parquet(handle)
    return path


def sent(folder: Path, plan: pd.DataFrame, lang: Lang = "zh", client: str = "hongye") -> list[Path]:
    """The workbooks that are handed out, one for each owner, in ``folder/out``."""
    kept(plan, folder)
    return render_owner_books(model_of(lang, client), folder, folder / "out")


def places(sheet: Any, lang: Lang = "zh") -> dict[str, int]:
    """Field -> column of a sheet as it was sent."""
    by_head = {str(cell.value).split("（")[0].split(" (")[0]: cell.column for cell in sheet[1] if cell.value}
    fields = ("task_id", "due", "customer_id", "channel", "owner", "minutes",
              "status", "done_on", "result", "next_date", "spent", "note")  # fmt: skip
    return {name: by_head[head_of(name, lang)] for name in fields if head_of(name, lang) in by_head}


def fill(path: Path, answers: Mapping[int, Mapping[str, Any]], lang: Lang = "zh") -> None:
    """Write cells by row (2 is the first task) and field, as somebody at a desk would."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    at = places(sheet, lang)
    for row, cells in answers.items():
        for name, value in cells.items():
            sheet.cell(row, at[name]).value = value
    book.save(path)


def table(folder: Path, rows: Sequence[Mapping[str, Any]], name: str = "王芳.xlsx") -> Path:
    """A workbook with the headings of the sheets and these rows, made by hand; no word on whose it is."""
    folder.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    fields = [*dict.fromkeys(name for row in rows for name in row)]
    sheet.append([head_of(name, "zh") for name in fields])
    for row in rows:
        sheet.append([row.get(name) for name in fields])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # openpyxl takes =1+1 for a formula
    book.save(folder / name)
    return folder / name


def task(i: int = 0, **cells: Any) -> dict[str, Any]:
    """A row of the sheet for task `i` of `plan_of`, with what was filled in."""
    one = plan_of(i + 1).iloc[i]
    row = {
        "task_id": one["task_id"],
        "due": one["due"].to_pydatetime(),
        "customer_id": one["customer_id"],
        "channel": {"phone": "电话", "visit": "拜访", "social": "社交消息"}[one["channel"]],
        "owner": one["owner"],
    }
    return {**row, **dict.fromkeys(("status", "done_on", "result", "next_date", "spent", "note")), **cells}
