"""A small report with customers and a plan, as the renderers find it: a model beside two Parquet files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.locale import Lang, name_of, say
from segkit.report.clean_tables import write_parquet
from segkit.report.model import Meta, Provenance, ReportModel, SchemeNames

AS_OF = dt.date(2025, 12, 31)
CHANNELS = ("phone", "visit", "social")
LABELS = {
    "zh": {"key_value": "重要价值客户", "general_keep": "一般保持客户"},
    "en": {"key_value": "Key value", "general_keep": "General keep"},
}


def customers_of(n: int, **columns: Any) -> pd.DataFrame:
    """`n` customers C000001 ..., labelled in turn."""
    ids = [f"C{i:06d}" for i in range(1, n + 1)]
    labels = [list(LABELS["zh"])[i % 2] for i in range(n)]
    why = [f"最近 {i % 90} 天内下过单，累计 {i * 10} 元" for i in range(n)]
    return pd.DataFrame({"customer_id": ids, "rfm": labels, "why": why, "orders": 3}).assign(**columns)


def tasks_of(customers: pd.DataFrame, n: int, lang: Lang = "zh", **columns: Any) -> pd.DataFrame:
    """`n` tasks, one a customer as far as they go round, for two owners and nobody."""
    at = [i % len(customers) for i in range(n)]
    nobody = say("report.unassigned", lang)
    tasks = pd.DataFrame(
        {
            "task_id": [f"T{i:012x}" for i in range(n)],
            "due": [pd.Timestamp("2026-01-05") + pd.Timedelta(days=i % 5) for i in range(n)],
            "customer_id": customers["customer_id"].iloc[at].tolist(),
            "owner": [("张三（虚构）", "CON", nobody)[i % 3] for i in range(n)],
            "channel": [CHANNELS[i % 3] for i in range(n)],
            "content": "care_call",
            "next_step": name_of("content", "care_call", lang),
            "why": customers["why"].iloc[at].tolist(),
            "minutes": 10.0,
            "segment": customers["rfm"].iloc[at].tolist(),
            "value": 100.0,
            "marketing": False,
        }
    )
    return tasks.assign(**columns)


def planned(
    folder: Path,
    customers: pd.DataFrame | None = None,
    tasks: pd.DataFrame | None = None,
    *,
    lang: Lang = "zh",
    as_of: dt.date = AS_OF,
) -> ReportModel:
    """Write the tables into `folder` and name them in a model."""
    customers = customers_of(6) if customers is None else customers
    tasks = tasks_of(customers, 9, lang) if tasks is None else tasks
    (folder / "internal").mkdir(parents=True, exist_ok=True)
    for name, frame in (("customers", customers), ("plan", tasks)):
        write_parquet(frame, folder / "internal" / f"{name}.parquet")
    return ReportModel(
        meta=Meta(
            title="客户分类与跟进",
            client_id="tiny",
            client_name="小店（虚构）",
            lang=lang,
            as_of=as_of,
            first_date=None,
            last_date=None,
            main="rfm",
            version="0.1.0",
            data_sha256="0" * 64,
        ),
        schemes={"rfm": SchemeNames(title="RFM", labels=LABELS[lang])},
        tables={name: f"internal/{name}.parquet" for name in ("customers", "plan")},
        provenance=Provenance(inputs=[], totals={}, parameters={}, versions={}),
    )
