"""The sample data by name (样例数据): ``load("jd").orders``."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from segkit.problems import InputProblems, Problem

CLIENT_EXPORT = "export_gbk"  # as a client sends it: title line, total row, GBK


class Sample:
    """One case of the sample data: every csv is an attribute.

    Attributes
    ----------
    name : the case
    folder : where its files stand
    tables : names of the tables, each an attribute holding a DataFrame, read when first asked for
    dictionary : the columns of the case (数据字典): names in both languages, type, unit, allowed values
    """

    def __init__(self, name: str, folder: Path, lang: Literal["zh", "en"]) -> None:
        self.name, self.folder, self._lang = name, folder, lang
        self.tables = sorted(path.stem for path in folder.glob("*.csv"))
        listed = pd.read_csv(
            folder.parent / "dictionary.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
        own = listed["table"].str.startswith(f"{name}/")
        self.dictionary = listed[own].reset_index(drop=True)

    def path(self, table: str) -> Path:
        """The csv itself, for `read_table` and client.yml; or another file of the case (``export.xlsx``)."""
        return self.folder / (table if "." in table else f"{table}.csv")

    def __getattr__(self, table: str) -> pd.DataFrame:
        if table.startswith("_") or "tables" not in self.__dict__:  # asked while being copied
            raise AttributeError(table)
        if table not in self.tables:
            raise AttributeError(f"{self.name!r} has no table {table!r}; it has {', '.join(self.tables)}")
        frame = self._read(table)
        setattr(self, table, frame)
        return frame

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]

    def __repr__(self) -> str:
        return f"{self.name}: {', '.join(self.tables)}"

    def _read(self, table: str) -> pd.DataFrame:
        columns = self.dictionary[self.dictionary["table"] == f"{self.name}/{table}.csv"]
        if table == CLIENT_EXPORT:
            from segkit.intake.reading import read_table

            frame = read_table(self.path(table)).frame
        else:
            frame = pd.read_csv(
                self.path(table), dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8-sig"
            )
            for column, kind in zip(columns["column"], columns["loads_as"], strict=True):
                frame[column] = _typed(frame[column], kind)
        heading = columns["zh"] if self._lang == "zh" else columns["column"]
        return frame.rename(columns=dict(zip(columns["column"], heading, strict=True)))


def load(case: str, *, lang: Literal["zh", "en"] = "en", folder: str | Path | None = None) -> Sample:
    """Where are the orders, customers, visits of a case? ``jd = load("jd")``, then ``jd.orders``.

    Dates, numbers and flags (0/1) come as such, blank cells are missing (whole numbers with blanks are floats).
    A column in which planted defects keep some cells from reading as its type is text in every draw (`loads_as`
    of the dictionary): cleaning it is the reader's work. ``client_export`` is as the client sent it, all text.

    Parameters
    ----------
    case : a folder of `datasets/`: jd, alibaba, realestate, bank, ...
    lang : en keeps the column names of the files (`customer_id`), zh gives Chinese ones (客户编号)
    folder : other sample data, as written by ``segkit data build --seed 7 --out FOLDER``; by default the
        environment variable SEGKIT_DATASETS, else the data that came with segkit

    Raises
    ------
    InputProblems : no such case, no such language, or no sample data in the folder
    """
    place = Path(folder or os.environ.get("SEGKIT_DATASETS") or home()).expanduser()
    if not (place / "dictionary.csv").is_file():
        raise InputProblems([no_samples(place)])
    known = sorted(path.name for path in place.iterdir() if path.is_dir() and any(path.glob("*.csv")))
    known = [name for name in known if not name.startswith("_")]
    problems = []
    if case not in known:
        problems.append(unknown_case(case, known))
    if lang not in ("zh", "en"):
        problems.append(
            Problem("data.unknown_choice", {"what": "lang", "given": lang, "known": ["zh", "en"]})
        )
    if problems:
        raise InputProblems(problems)
    return Sample(case, place / case, lang)


def home() -> Path:
    """The folder of the sample data: beside the package in a checkout, inside it once installed."""
    inside = Path(__file__).parent / "datasets"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "datasets"


def no_samples(folder: Path) -> Problem:
    """A folder that is no folder of sample data; perhaps the one above it is."""
    if (folder.parent / "dictionary.csv").is_file():
        return Problem("data.no_samples_above", {"folder": str(folder), "above": str(folder.parent)})
    return Problem("data.no_samples", {"folder": str(folder)})


def unknown_case(given: object, known: Sequence[str]) -> Problem:
    """A case there is not, with the nearest name there is."""
    near = difflib.get_close_matches(str(given).lower(), known, n=1)
    if not near:
        return Problem("data.unknown_case", {"given": str(given), "known": sorted(known)})
    facts = {"given": str(given), "known": sorted(known), "near": near[0]}
    return Problem("data.unknown_case_near", facts)


def _typed(cells: pd.Series, kind: str) -> pd.Series:
    """The column as the type it loads as."""
    if kind in ("date", "datetime"):
        return pd.to_datetime(cells, format="%Y-%m-%d" if kind == "date" else "%Y-%m-%d %H:%M")
    return cells if kind == "text" else pd.to_numeric(cells)
