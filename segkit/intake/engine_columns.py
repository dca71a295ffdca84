"""The columns of orders in an engine: is the mapping right, and are there dates and numbers in them?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import narwhals as nw
import pandas as pd

from segkit.intake.mapping import mapping_from
from segkit.intake.table import ORIGIN, Table
from segkit.problems import InputProblems, Problem

FIELDS = ("customer_id", "order_date", "amount", "order_id", "line_id")
NEEDED = FIELDS[:3]
WOULD_COUNT = ("status", "refund")  # leaving these unread would count what was cancelled or paid back
Frame = Any  # a Narwhals frame


def heads_of(
    frame: Frame, columns: Mapping[str, str], also: Collection[str], file: str | None
) -> dict[str, str]:
    """Canonical column -> heading; everything wrong with them is raised at once."""
    kinds = frame.collect_schema()
    if any("\ufffd" in head for head in kinds):
        raise InputProblems([Problem("engine.not_utf8", {"files": [file or ""], "why": " ".join(kinds)})])
    heads, problems = _mapped(list(kinds), columns, also, file)
    for head, name in columns.items():
        if name in WOULD_COUNT:
            problems.append(Problem("engine.not_clean", {"name": name}, file=file, column=head))
    problems += [
        Problem("engine.not_named", {"name": name}, file=file)
        for name in NEEDED
        if name not in columns.values()
    ]
    unlike = [
        (id, heads[name], pattern)
        for name, id, pattern in (
            ("order_date", "engine.date_is_text", r"^\d{4}-\d\d?-\d\d?"),
            ("amount", "engine.amount_is_text", r"^\s*-?\d+(\.\d+)?\s*$"),
        )
        if name in heads
        and not (
            kinds[heads[name]].is_temporal() if name == "order_date" else kinds[heads[name]].is_numeric()
        )
    ]
    if unlike and collected(frame.head(1)).empty:
        raise InputProblems([Problem("engine.no_rows", {}, file=file)])
    for id, head, pattern in unlike:
        facts = {"kind": str(kinds[head]), "example": _example(frame, head, pattern)}
        problems.append(Problem(id, facts, file=file, column=head))
    if problems:
        raise InputProblems(problems)
    return {name: heads[name] for name in FIELDS if name in heads}


def _mapped(
    there: list[str], columns: Mapping[str, str], also: Collection[str], file: str | None
) -> tuple[dict[str, str], list[Problem]]:
    """The mapping against the headings, by the rules of every client's file: meaning -> heading, and what is wrong."""
    nothing = pd.DataFrame(columns=[ORIGIN])
    table = Table(pd.DataFrame(columns=there, dtype="str"), nothing, nothing, ())
    problems: list[Problem] = []
    claims: dict[str, list[str]] = {}
    for head, name in columns.items():
        try:
            given = mapping_from(table, {head: name}, "orders", also=also)
        except InputProblems as found:
            problems += [replace(problem, file=file) for problem in found.problems]
        else:
            found_so_far = claims.setdefault(name, [])
            found_so_far += [head for head in given.columns if head not in found_so_far]
    for name, heads in claims.items():
        if len(heads) > 1 and name in FIELDS:
            problems.append(Problem("mapping.conflict", {"field": name, "columns": heads}, file=file))
    return {name: heads[0] for name, heads in claims.items() if name in FIELDS}, problems


def _example(frame: Frame, head: str, pattern: str) -> str:
    """The first value that is not written as it should be; any value where all are, or are no text."""
    odd = frame.select(head).filter(~nw.col(head).is_null())
    if frame.collect_schema()[head] == nw.String:
        found = collected(odd.filter(~nw.col(head).str.contains(pattern)).head(1))
        if len(found):
            return str(found[head].iloc[0])[:40]
    found = collected(odd.head(1))
    return str(found[head].iloc[0])[:40] if len(found) else ""


def collected(frame: Frame) -> pd.DataFrame:
    """A small result in pandas."""
    eager = frame.collect("pyarrow") if isinstance(frame, nw.LazyFrame) else frame
    return pd.DataFrame(eager.to_dict(as_series=False))
