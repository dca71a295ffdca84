"""What stands in which column: cases/<case>/columns.yml read, and datasets/dictionary.csv made from them.

A column has a name, a heading in both languages and a note, and by choice:
type      id text category list (several values joined by ;) date datetime month integer number amount flag
unit      [zh, en]
allowed   the values that occur, as [zh, en] pairs
missing   true where a cell may be blank
decimals  of a number (2 unless given; an amount has 2)
spoiled   true where planted defects keep some cells from reading as the type: the column loads as text
refers    table.column of the same case that holds every value
pii       none identifier contact personal sensitive free_text
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import yaml

from segkit.synth.draws import Draws
from segkit.synth.people import Names

HEAD = [
    "table", "column", "zh", "en", "type", "unit", "allowed", "missing_allowed", "pii_class", "description",
    "description_en", "unit_en", "allowed_en", "refers", "loads_as",
]  # fmt: skip
WORDS = ("id", "text", "category", "list", "month")  # types that stay text in any case
JOINED_BY = ";"  # between the values of a cell of type list


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
    decimals: int
    spoiled: bool
    refers: str
    pii: str
    note: tuple[str, str]
    xlsx: tuple[str, str] | None

    def heading(self, names: Names, *, xlsx: bool = False) -> str:
        """The heading a file carries in this language; `xlsx`: that of the workbook version."""
        zh, en = self.xlsx if xlsx and self.xlsx else (self.zh, self.en)
        return zh if names == "zh" else en

    def values(self, names: Names) -> list[str]:
        """The allowed values in this language, in the order of the YAML file."""
        return [pair[0 if names == "zh" else 1] for pair in self.allowed]

    def said(self, names: Names, at: Sequence[int] | np.ndarray) -> np.ndarray:
        """The allowed values at these positions, in this language."""
        return np.array(self.values(names), dtype=object)[np.asarray(at, dtype=int)]

    def drawn(self, names: Names, draws: Draws, shares: Sequence[float], n: int) -> np.ndarray:
        """`n` of the allowed values with these shares (in the order of the YAML file)."""
        return self.said(names, draws.choice(shares, n))


def _column(row: dict[str, Any]) -> Column:
    if [type(text) for text in row["note"]] != [str, str]:  # an unquoted colon or comma
        raise TypeError(f"{row['name']}: note is not two texts: {row['note']}")
    return Column(
        name=row["name"],
        zh=row["zh"],
        en=row["en"],
        type=row["type"],
        unit=tuple(row.get("unit", ("", ""))),
        allowed=tuple((str(a), str(b)) for a, b in row.get("allowed", ())),
        missing=row.get("missing", False),
        decimals=row.get("decimals", 2),
        spoiled=row.get("spoiled", False),
        refers=row.get("refers", ""),
        pii=row.get("pii", "none"),
        note=tuple(row["note"]),
        xlsx=tuple(row["xlsx"]) if "xlsx" in row else None,
    )


@lru_cache
def tables(case: str) -> dict[str, tuple[Column, ...]]:
    """The tables of a case and their columns, in file order."""
    text = resources.files(f"{__package__}.cases.{case}").joinpath("columns.yml").read_text(encoding="utf-8")
    return {table: tuple(map(_column, rows)) for table, rows in yaml.safe_load(text).items()}


def columns(case: str, table: str) -> dict[str, Column]:
    """The columns of a table by name, in file order."""
    return {c.name: c for c in tables(case)[table]}


def dictionary(cases: Sequence[str]) -> pd.DataFrame:
    """One line per column of every file (数据字典): names, type, allowed values, personal data class."""
    lines = []
    for case in cases:
        for table, listed in tables(case).items():
            # the client's export stands there twice, under two sets of headings
            own = case == "client_export"
            versions = {f"{case}/export_gbk.csv": False, f"{case}/export.xlsx": True}
            for file, xlsx in (versions if own else {f"{case}/{table}.csv": False}).items():
                for c in listed:
                    line = (
                        file,
                        c.heading("zh", xlsx=xlsx) if own else c.name,
                        c.heading("zh", xlsx=xlsx),
                        c.heading("en", xlsx=xlsx),
                        c.type,
                        c.unit[0],
                        " | ".join(c.values("zh")),
                        "yes" if c.missing else "no",
                        c.pii,
                        *c.note,
                        c.unit[1],
                        " | ".join(c.values("en")),
                        c.refers,
                        "text" if own or c.spoiled or c.type in WORDS else c.type,
                    )
                    lines.append(line)
    return pd.DataFrame(lines, columns=HEAD)
