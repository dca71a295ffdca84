"""The usual shape of a case: tables written by the dictionary, truth, a summary, two datasheets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import pandas as pd
import yaml

from segkit.synth.calendar import AS_OF
from segkit.synth.dictionary import Column, columns
from segkit.synth.dirt import REASONS, Planter
from segkit.synth.files import File, TextFile, csv_of


def written(case: str, table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of the table in their order, every cell as the text that goes into the file.

    Dates, numbers and flags come in as such; None, NaN and "" become blank. Defects are planted afterwards.
    """
    spec = columns(case, table)
    out = {name: [_cell(v, _form(c)) for v in frame[name]] for name, c in spec.items()}
    return pd.DataFrame(out, index=frame.index, dtype=object)


def case_files(
    case: str,
    tables: Mapping[str, pd.DataFrame | Planter],
    truth: Mapping[str, pd.DataFrame],
    facts: Mapping[str, Any],
) -> list[File]:
    """The files of a case.

    Parameters
    ----------
    tables : finished text (`written`), or a Planter over it, by the name of the file; copied rows then find
        their place, and what was planted goes to `_truth/<case>_defects.csv` where its reason is one of the
        intake's (`dirt.REASONS`), else to `_truth/<case>_planted.csv`
    truth : frames for `_truth/<case>_<name>.csv`; text, whole numbers, or floats already rounded
    facts : plain, rounded numbers; with `as_of`, `rows` (of each table) and `defects` (of each reason) they
        are `_truth/<case>_summary.yml`, and the datasheets (cases/<case>/datasheet.<lang>.md) quote them
    """
    tables, ledgers = _finished(tables)
    truth = {**truth, **ledgers}
    content: dict[str, Any] = {"as_of": AS_OF.isoformat(), "rows": {k: len(v) for k, v in tables.items()}}
    for ledger in ("defects", "planted"):
        if ledger in truth:
            counted = truth[ledger]["reason"].value_counts().sort_index()
            content[ledger] = {str(reason): int(n) for reason, n in counted.items()}
    content |= dict(facts)
    return [
        *(TextFile(f"{case}/{name}.csv", csv_of(frame)) for name, frame in tables.items()),
        *(TextFile(f"_truth/{case}_{name}.csv", csv_of(_filled(frame))) for name, frame in truth.items()),
        summary(case, content),
        *datasheets(case, content),
    ]


def _finished(
    tables: Mapping[str, pd.DataFrame | Planter],
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The tables in file order, and the two ledgers of what was planted in them."""
    frames, ledgers = {}, []
    for name, table in tables.items():
        if isinstance(table, Planter):
            keys = table.file_order()
            frames[name] = table.frame.loc[keys]
            ledgers.append(table.ledger(keys, file=f"{name}.csv", first_row=2))
        else:
            frames[name] = table
    if not ledgers:
        return frames, {}
    ledger = pd.concat(ledgers, ignore_index=True)
    defect = ledger["reason"].isin(REASONS)
    books = {"defects": ledger[defect], "planted": ledger[~defect]}
    return frames, {book: lines for book, lines in books.items() if len(lines)}


def summary(case: str, facts: Mapping[str, Any]) -> File:
    """The numbers of the whole case in one page of the truth."""
    text = yaml.safe_dump(dict(facts), allow_unicode=True, sort_keys=False, width=100)
    return TextFile(f"_truth/{case}_summary.yml", text, "utf-8")


def datasheets(case: str, facts: Mapping[str, Any]) -> list[File]:
    """datasheet.zh.md and datasheet.en.md: the templates with the numbers of this draw."""
    folder = resources.files(f"{__package__}.cases.{case}")
    return [
        TextFile(
            f"{case}/datasheet.{lang}.md",
            folder.joinpath(f"datasheet.{lang}.md").read_text(encoding="utf-8").format_map(facts),
            "utf-8",
        )
        for lang in ("zh", "en")
    ]


def _form(c: Column) -> Callable[[Any], str]:
    """How a cell of this column is written."""
    if c.type in ("number", "amount"):
        return lambda v: f"{round(float(v), c.decimals) + 0.0:.{c.decimals}f}"  # never -0.00
    if c.type in ("integer", "flag"):
        return lambda v: str(int(v))
    pattern = {"date": "%Y-%m-%d", "datetime": "%Y-%m-%d %H:%M", "month": "%Y-%m"}.get(c.type, "")
    return lambda v: v.strftime(pattern) if isinstance(v, dt.date) else str(v)


def _cell(value: Any, form: Callable[[Any], str]) -> str:
    return "" if value is None or value is pd.NaT or value == "" or value != value else form(value)


def _filled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(object).where(frame.notna(), "")
