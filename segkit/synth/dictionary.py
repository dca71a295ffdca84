"""What stands in which column: columns.yml read, and datasets/dictionary.csv made from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import pandas as pd
import yaml

from segkit.synth.people import Names

HEAD = [
    "table", "column", "zh", "en", "type", "unit", "allowed", "missing_allowed", "pii_class", "description",
    "description_en",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column of a table; `allowed` and the words come as (zh, en)."""

    name: str
    zh: str
    en: str
    type: str
    unit: tuple[str, str]
    allowed: tuple[tuple[str, str], ...]
    missing: bool
    pii: str
    note: tuple[str, str]
    xlsx: tuple[str, str] | None

    def heading(self, names: Names, *, xlsx: bool = False) -> str:
        """The heading a file carries in this language; `xlsx`: that of the workbook version."""
        zh, en = self.xlsx if xlsx and self.xlsx else (self.zh, self.en)
        return zh if names == "zh" else en

    def values(self, names: Names) -> list[str]:
        """The allowed values in this language, in the order of columns.yml."""
        return [pair[0 if names == "zh" else 1] for pair in self.allowed]


def _column(row: dict[str, Any]) -> Column:
    return Column(
        name=row["name"],
        zh=row["zh"],
        en=row["en"],
        type=row["type"],
        unit=tuple(row.get("unit", ("", ""))),
        allowed=tuple((a, b) for a, b in row.get("allowed", ())),
        missing=row.get("missing", False),
        pii=row.get("pii", "none"),
        note=tuple(row["note"]),
        xlsx=tuple(row["xlsx"]) if "xlsx" in row else None,
    )


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, tuple[Column, ...]]]:
    text = resources.files(__package__).joinpath("columns.yml").read_text(encoding="utf-8")
    cases = yaml.safe_load(text)
    return {
        case: {table: tuple(map(_column, rows)) for table, rows in tables.items()}
        for case, tables in cases.items()
    }


def columns(case: str, table: str) -> dict[str, Column]:
    """The columns of a table by name, in file order."""
    return {c.name: c for c in _tables()[case][table]}


def dictionary() -> pd.DataFrame:
    """One line per column of every file (数据字典): names, type, allowed values, personal data class."""
    lines = []
    for case, tables in _tables().items():
        for table, listed in tables.items():
            versions = {f"{case}/export_gbk.csv": False, f"{case}/export.xlsx": True}
            if case != "client_export":
                versions = {f"{case}/{table}.csv": False}
            for file, xlsx in versions.items():
                for c in listed:
                    own = case == "client_export"
                    lines.append(
                        {
                            "table": file,
                            "column": c.heading("zh", xlsx=xlsx) if own else c.name,
                            "zh": c.heading("zh", xlsx=xlsx),
                            "en": c.heading("en", xlsx=xlsx),
                            "type": c.type,
                            "unit": c.unit[0],
                            "allowed": " | ".join(c.values("zh")),
                            "missing_allowed": "yes" if c.missing else "no",
                            "pii_class": c.pii,
                            "description": c.note[0],
                            "description_en": c.note[1],
                        }
                    )
    return pd.DataFrame(lines, columns=HEAD)
