"""The report as data: numbers stay numbers, renderers only lay them out.

Texts are in the language of the report; every KPI has an id, so two languages can be compared number by number.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from segkit.charts.figure import Figure
from segkit.locale import Lang

Unit = Literal["count", "money", "share", "days", "hours", "times", "ratio", "text", "date", "id"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Kpi(Part):
    """One number. `value` is raw (a share in 0..1, money in currency units); `n` is its denominator."""

    id: str
    label: str
    value: float | int | None
    unit: Unit
    n: int | None = None
    note: str = ""  # the rule in a few words, or why there is no value
    previous: float | int | None = None


class Finding(Part):
    """A computed sentence with its evidence and what to do about it."""

    id: str
    claim: str
    evidence: str
    action: str
    n: int


class Column(Part):
    id: str
    head: str
    unit: Unit


class Text(Part):
    kind: Literal["text"] = "text"
    text: str
    role: Literal["body", "heading", "note", "warning"] = "body"


class Bullets(Part):
    kind: Literal["bullets"] = "bullets"
    items: list[str]


class Sheet(Part):
    """A table. `rows` hold raw values in the order of `columns`; `total` is an extra last row set apart."""

    kind: Literal["table"] = "table"
    id: str
    title: str
    columns: list[Column]
    rows: list[list[Any]]
    total: list[Any] | None = None
    caption: str = ""  # n, source, date


class Kpis(Part):
    """Where KPI cards or lines stand; the numbers themselves are in ``ReportModel.kpis``."""

    kind: Literal["kpis"] = "kpis"
    ids: list[str]


class Findings(Part):
    kind: Literal["findings"] = "findings"
    ids: list[str]


class Picture(Part):
    """Where a figure stands; the figure itself is in ``ReportModel.figures``."""

    kind: Literal["figure"] = "figure"
    id: str


Block = Annotated[Text | Bullets | Sheet | Kpis | Findings | Picture, Field(discriminator="kind")]


class Section(Part):
    """`appendix`: only there may methods be called by their names."""

    id: str
    title: str
    blocks: list[Block]
    appendix: bool = False


class SchemeNames(Part):
    """What a scheme and its labels are called, in the language of the report."""

    title: str
    labels: dict[str, str]


class Meta(Part):
    title: str
    client_id: str
    client_name: str
    lang: Lang
    as_of: dt.date
    first_date: dt.date | None
    last_date: dt.date | None
    purpose: str | None = None
    main: str  # name of the scheme page 1 speaks of
    currency: str = "CNY"
    version: str
    data_sha256: str


class Provenance(Part):
    """Inputs with hashes, rows and money in and out, parameters, versions."""

    inputs: list[dict[str, Any]]
    totals: dict[str, float | int]
    parameters: dict[str, Any]
    versions: dict[str, str]


class ReportModel(Part):
    """Everything the renderers may read, beside the Parquet files named in `tables`."""

    meta: Meta
    kpis: dict[str, Kpi] = {}
    findings: dict[str, Finding] = {}
    figures: dict[str, Figure] = {}
    sections: list[Section] = []
    segment_marks: dict[str, dict[str, str]] = {}  # segment id -> name, colour, mark
    schemes: dict[str, SchemeNames] = {}  # columns of labels in the customers, the main one first
    fields: dict[str, str] = {}  # headings of the customers' further columns, where they have own ones
    tables: dict[str, str] = {}  # customers | plan | unplanned | ledger -> Parquet file beside the model
    provenance: Provenance

    def save(self, path: Path) -> None:
        path.write_text(self.model_dump_json(indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> ReportModel:
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
