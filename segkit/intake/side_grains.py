"""What happened with customers: contacts (联系记录), surveys, complaints, outcomes, and the list of opt-outs.

Each is read as a further table with canonical columns: `suggest_side` guesses which column is what, `open_side`
reads it, `shaped` gives the finished columns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, get_args

import pandas as pd

from segkit.intake.contact_words import is_effective, outcome_told
from segkit.intake.export_systems import Recognised, recognised
from segkit.intake.further_tables import FurtherTable, OpenTable, open_table
from segkit.intake.headings import normal
from segkit.intake.mapping import Guess
from segkit.intake.side_reading import reader_of, side_vocabulary
from segkit.intake.table import Table
from segkit.intake.values import is_empty, mapped, read_dates, tidy
from segkit.problems import InputProblems, Problem

Side = Literal["contacts", "surveys", "complaints", "outcomes", "opt_outs"]
SIDES: tuple[Side, ...] = get_args(Side)
CUSTOMER, LEAD = "customer_id", "lead_id"
WHO = (CUSTOMER, LEAD, "phone", "email")  # who a row is about: by the first of these that is there
SURVEYS = ("nps", "csat", "ces")
FEWEST_TELLING = 2
_SAMPLE, _MOST = 400, 0.5
_TYPES = {
    "date": "datetime64[ns]",
    "moment": "datetime64[ns]",
    "number": "float64",
    "money": "float64",
    "score": "float64",
    "yes_no": "boolean",
    "effective": "boolean",
}


@dataclass(frozen=True)
class SideMapping:
    """Client column -> canonical column of one side grain, with every column's guess."""

    grain: Side
    columns: dict[str, str]
    guesses: tuple[Guess, ...] = ()
    notes: tuple[Problem, ...] = ()

    def column(self, field: str) -> str | None:
        """The client's heading of a canonical column."""
        return next((head for head, name in self.columns.items() if name == field), None)

    @property
    def who(self) -> str | None:
        """The heading that says whose row it is."""
        return next((head for field in WHO if (head := self.column(field)) is not None), None)


def side_fields(grain: Side) -> dict[str, str]:
    """Canonical column -> kind of its values, in the order of the table."""
    return {name: str(field["kind"]) for name, field in _spec(grain)["fields"].items()}


def side_of(table: Table) -> Side | None:
    """Is this table contacts, surveys, complaints, outcomes or opt-outs, by columns only such a table has?"""
    headings = {normal(str(c)) for c in table.frame.columns}
    told: dict[Side, int] = {}
    for grain in SIDES:
        telling = len(headings & {normal(word) for word in _spec(grain)["tells"]})
        if telling >= FEWEST_TELLING and not _lacking(suggest_side(table, grain)):
            told[grain] = telling
    return max(told, key=lambda grain: told[grain], default=None)


def suggest_side(table: Table, grain: Side) -> SideMapping:
    """What do the columns of a table of this grain mean? By the headings clients use, the surest first."""
    headings = [str(c) for c in table.frame.columns if not str(c).startswith("+")]
    system = recognised(headings, grain)
    found = {} if system is None else _as_exported(system)
    by_normal: dict[str, str] = {}
    for head in headings:
        by_normal.setdefault(normal(head), head)
    taken = {guess.field for guess in found.values()}
    for field, about in _spec(grain)["fields"].items():
        if field in taken:
            continue
        words = [normal(str(word)) for word in (field, *about["words"])]
        named = [by_normal[word] for word in words if word in by_normal and by_normal[word] not in found]
        # a heading whose values look otherwise is taken only where there is no better one
        suiting = [head for head in named if _suits(table.frame[head], about["kind"])]
        if named:
            head = (suiting or named)[0]
            sure = max(0.95 - 0.01 * words.index(normal(head)), 0.6) * (1.0 if suiting else 0.6)
            found[head] = Guess(head, field, round(sure, 2), "mapping.reason.synonym", {"field": field})
    guesses = tuple(found.get(h) or Guess(h, None, 0.0, "mapping.reason.unknown") for h in headings)
    notes = () if system is None else (system.note(_file(table)),)
    return SideMapping(grain, {g.column: g.field for g in guesses if g.field}, guesses, notes)


def _as_exported(system: Recognised) -> dict[str, Guess]:
    """What a known system says its headings mean, the better of two first."""
    found: dict[str, Guess] = {}
    for head, meaning in system.columns.items():
        if meaning is not None and meaning not in {guess.field for guess in found.values()}:
            about = system.about(meaning)
            found[head] = Guess(head, meaning, system.sure(head), "mapping.reason.system", about)
    return found


def side_from(
    table: Table, columns: Mapping[str, str | None], grain: Side, *, also: Collection[str] = ()
) -> SideMapping:
    """The client's own mapping, checked against the file and the canonical columns.

    Parameters
    ----------
    also : names that mean something beside the canonical ones: the columns a playbook reads

    Raises
    ------
    InputProblems : headings not in the file, unknown canonical columns; all of them, each with a proposal
    """
    headings = [str(c) for c in table.frame.columns]
    by_normal = {normal(head): head for head in reversed(headings)}
    known = [*dict.fromkeys([*side_fields(grain), *also])]
    problems: list[Problem] = []
    found: dict[str, str] = {}
    for wanted, meaning in columns.items():
        head = wanted if wanted in headings else by_normal.get(normal(wanted))
        if head is None:
            near = [by_normal[w] for w in get_close_matches(normal(wanted), [*by_normal], n=2, cutoff=0.5)]
            facts: dict[str, Any] = {"near": near, "have": headings[:12]}
            id = "mapping.no_heading" + ("_near" if near else "")
            problems.append(Problem(id, facts, file=_file(table), column=wanted))
        if meaning is not None and meaning not in known:
            near = get_close_matches(str(meaning).lower(), known, n=2, cutoff=0.5)
            facts = {"meaning": meaning, "near": near, "known": known}
            id = "mapping.no_field" + ("_near" if near else "")
            problems.append(Problem(id, facts, file=_file(table), column=wanted))
        elif head is not None and meaning is not None:
            found.setdefault(head, meaning)
    if problems:
        raise InputProblems(problems)
    guesses = tuple(
        Guess(h, found.get(h), 1.0, "mapping.reason.given", {"field": found[h]})
        if h in found
        else Guess(h, None, 0.0, "mapping.reason.not_given")
        for h in headings
    )
    return SideMapping(grain, found, guesses)


def check_side(mapping: SideMapping, table: Table) -> list[Problem]:
    """Will this mapping do? Every meaning the grain cannot do without and no column has, as a problem."""
    have = [str(c) for c in table.frame.columns][:12]
    facts = {"grain": mapping.grain, "have": have}
    return [
        Problem("sides.missing", {**facts, "fields": fields, "field": fields[0]}, file=_file(table))
        for fields in _lacking(mapping)
    ]


def open_side(table: Table, mapping: SideMapping) -> OpenTable:
    """The table read: whose rows, of which day, canonical columns typed, the client's own as they are.

    Where a row has no number of a customer, that of the lead or the phone stands in.

    Raises
    ------
    InputProblems : two files of which one does not belong; the day holds no dates
    """
    kinds = side_fields(mapping.grain)
    table, who = _one_key(table, mapping)
    day = mapping.column(_spec(mapping.grain)["day"])
    readers = {
        head: reader_of(kinds[field])
        for head, field in mapping.columns.items()
        if head != who and field in kinds and (head != day or kinds[field] == "moment")
    }
    called = {head: field for head, field in mapping.columns.items() if head != who}
    opened = open_table(mapping.grain, table, customer_id=who, date=day, columns=called, readers=readers)
    opened.bench.notes.extend(mapping.notes)
    return opened


def later_rows(opened: OpenTable, start: dt.date) -> tuple[int, dt.date | None]:
    """How many rows that count lie on or after `start`, and the latest of their days."""
    late = opened.usable_days()
    late = late[late >= pd.Timestamp(start)]
    return len(late), None if late.empty else late.max().date()


def shaped(grain: Side, table: FurtherTable) -> FurtherTable:
    """The same rows with every canonical column, in order and typed, then the client's own.

    Surveys come out one row an answer (`kind, score`), also where each kind had a column of its own. Where no
    column says whether a contact was effective, one that reached nobody by its result is not; the others stay open.
    """
    frame = _tall(table.frame) if grain == "surveys" else table.frame.copy()
    kinds = side_fields(grain)
    wanted = [f for f in kinds if f not in (*WHO, *SURVEYS) or f == CUSTOMER]
    for name in wanted:
        if name not in frame.columns:
            kind = _TYPES.get(kinds[name], "str")
            frame[name] = pd.Series(pd.NaT if kind[0] == "d" else pd.NA if kind == "boolean" else None,
                                    index=frame.index, dtype=kind)  # fmt: skip
    if grain == "contacts" and "effective" not in table.frame.columns:
        said = frame["outcome"].fillna("").astype("str")
        reached_nobody = mapped(said, lambda text: is_effective(outcome_told(text)) is False)
        frame["effective"] = pd.array([False if no else None for no in reached_nobody], dtype="boolean")
    order = [CUSTOMER, *[name for name in wanted if name != CUSTOMER]]
    return replace(table, frame=frame[[*order, *[c for c in frame.columns if c not in order]]])


def _tall(frame: pd.DataFrame) -> pd.DataFrame:
    """One row an answer: a column for each kind of survey becomes rows; an empty cell is no answer, and stays."""
    wide = [name for name in SURVEYS if name in frame.columns]
    if "score" in frame.columns or not wide:
        return frame.copy()
    rest = [c for c in frame.columns if c not in wide and c != "kind"]
    parts = [frame[rest].assign(kind=name, score=frame[name]) for name in wide]
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def _one_key(table: Table, mapping: SideMapping) -> tuple[Table, str]:
    """The column that says whose row it is, its empty cells filled from the next best one."""
    heads = [head for field in WHO if (head := mapping.column(field)) is not None]
    first, *others = heads
    if not others:
        return table, first
    cells = tidy(table.frame[first])
    for head in others:
        cells = cells.where(~is_empty(cells), tidy(table.frame[head]))
    return replace(table, frame=table.frame.assign(**{first: cells})), first


def _suits(column: pd.Series, kind: str) -> bool:
    """Do most of the filled cells look like values of this kind?"""
    cells = tidy(column)
    filled = cells[~is_empty(cells)].iloc[:_SAMPLE]
    if filled.empty:
        return True
    if kind in ("date", "moment"):
        return bool(read_dates(filled).bad.mean() <= _MOST)
    if kind in ("number", "money"):
        return bool(filled.str.contains(r"\d", regex=True).mean() >= _MOST)
    return True


def _lacking(mapping: SideMapping) -> list[list[str]]:
    have = {*mapping.columns.values()}
    needed = [[one] if isinstance(one, str) else list(one) for one in _spec(mapping.grain)["need"]]
    lacking = [fields for fields in needed if not have.intersection(fields)]
    if mapping.grain == "surveys" and "score" in have and "kind" not in have and not lacking:
        lacking.append(["kind"])
    return lacking


def _spec(grain: str) -> dict[str, Any]:
    return dict(side_vocabulary()["grains"][grain])


def _file(table: Table) -> str | None:
    files = {source.file for source in table.sources}
    return files.pop() if len(files) == 1 else None
