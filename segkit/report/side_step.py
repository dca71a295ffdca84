"""The intake of contacts, surveys, complaints, outcomes and opt-outs: opened, cut at their day, tied to people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from segkit.config import Config
from segkit.followup.policy import EVERY_CHANNEL
from segkit.intake.further_tables import FurtherTable, OpenTable
from segkit.intake.outcome_doubts import note_doubts
from segkit.intake.profile import side_quality
from segkit.intake.reading import read_tables
from segkit.intake.side_grains import (
    SIDES,
    Side,
    SideMapping,
    check_side,
    later_rows,
    open_side,
    shaped,
    side_from,
    suggest_side,
)
from segkit.intake.values import is_empty, read_phones, read_yes_no
from segkit.locale import Lang
from segkit.privacy.mask import mask_text
from segkit.problems import InputProblems, Problem
from segkit.report.further_step import about
from segkit.report.shield import Shield
from segkit.workdays import next_working_monday

OPT_OUT = "opt_out_channels"
SLIPS = (
    0.01  # of the contacts; more than these dated behind the start are no slips (示例参数 / sample parameter)
)


@dataclass(frozen=True)
class OpenSide:
    """One table as read, with what its columns were taken for."""

    mapping: SideMapping
    opened: OpenTable


@dataclass(frozen=True)
class Sides:
    """What happened with the customers of one client.

    Attributes
    ----------
    rows : by grain, of known customers and leads, with every canonical column
    about : what the report says of each table
    quality : by grain its fields, as `profile.FieldQuality`
    people : the customers, with what the opt-out list adds; `leads` likewise
    """

    rows: dict[str, pd.DataFrame]
    about: dict[str, dict[str, Any]]
    quality: list[dict[str, Any]]
    people: pd.DataFrame
    leads: pd.DataFrame | None
    notes: tuple[Problem, ...]


def open_sides(
    config: Config, reads: Mapping[str, Collection[str]]
) -> tuple[dict[Side, OpenSide], list[Problem]]:
    """Every table of these grains that can be read, and what is wrong with the others.

    `reads` are the columns a playbook looks at, by table: they may be named in the mapping too.
    """
    found: dict[Side, OpenSide] = {}
    problems: list[Problem] = []
    for grain in SIDES:
        paths = config.input.paths(grain, config.folder)
        if not paths:
            continue
        try:
            table = read_tables(paths)
            given = config.mapping.get(grain)
            also = reads.get(grain, ())
            mapping = side_from(table, given, grain, also=also) if given else suggest_side(table, grain)
            if wrong := check_side(mapping, table):
                problems += wrong
            else:
                found[grain] = OpenSide(mapping, open_side(table, mapping))
                if grain == "outcomes":
                    note_doubts(found[grain].opened)
        except InputProblems as wrong_file:
            problems += wrong_file.problems
    return found, problems


def cut_sides(
    sides: Mapping[Side, OpenSide], config: Config, as_of: dt.date, same: tuple[tuple[str, str], ...]
) -> tuple[dict[Side, FurtherTable], list[Problem]]:
    """The rows that count on the day; contacts up to the day before the plan starts.

    A history that goes on at or after the start of the plan lies in the future: one problem, with how many rows and
    the latest. A slip of the pen, a few rows among thousands without company in the days before them, is set aside
    as in every other table.
    """
    found: dict[Side, FurtherTable] = {}
    problems: list[Problem] = []
    start = config.followup.start
    if start is None or start <= as_of:  # a day that is over is said by itself
        start = next_working_monday(as_of)
    for grain, side in sides.items():
        until = as_of
        if grain == "contacts":
            late, latest = later_rows(side.opened, start)
            goes_on = side.opened.reaches
            many = late > SLIPS * len(side.opened.usable_days())  # a few are slips, set aside like any other
            if many and latest is not None and goes_on is not None and goes_on.date >= start:
                facts = {"n": late, "start": start, "latest": latest, "after": latest}
                files = {source.file for source in side.opened.table.sources}
                column = side.mapping.column("date")
                problems.append(Problem("sides.future", facts, "、".join(sorted(files)), column=column))
                continue
            until = start - dt.timedelta(days=1)
        try:
            found[grain] = side.opened.up_to(until, same)
        except InputProblems as wrong:
            problems += wrong.problems
    return found, problems


def tie(
    sides: Mapping[Side, OpenSide],
    tables: Mapping[Side, FurtherTable],
    people: pd.DataFrame,
    leads: pd.DataFrame | None,
    config: Config,
    hidden: Shield | None = None,
) -> Sides:
    """The rows of known customers and leads, found by number, by that of the lead, by phone or e-mail.

    Where a client's own key is personal, `hidden` knows the surrogates under which its sheets come back.

    Raises
    ------
    InputProblems : tables in which nobody is known, the opt-out list among them
    """
    problems: list[Problem] = []
    rows: dict[str, pd.DataFrame] = {}
    told: dict[str, dict[str, Any]] = {}
    fields: list[dict[str, Any]] = []
    notes: list[Problem] = []
    ids = _Ids(people, leads, hidden)
    for grain, table in tables.items():
        side = sides[grain]
        whose = ids.found(table.frame["customer_id"])
        meant = whose.notna()
        if grain == "opt_outs":  # a phone of two customers is refused by both
            meant = table.frame["customer_id"].map(lambda key: bool(ids.everybody(str(key)))).astype(bool)
        used = table.frame.assign(customer_id=whose)[meant]
        fields += side_quality(side.mapping.columns, side.mapping.who or "", table, grain)
        notes += table.notes
        told[grain] = about(side.opened, table, used)
        if len(table.frame) and not len(used):
            problems.append(_nobody(grain, side, table, people))
        elif grain == "opt_outs":
            people, leads, note = _opted_out(table.frame, people, leads, ids, config.lang)
            notes.append(note)
        else:
            kept = FurtherTable(**{**vars(table), "frame": used.reset_index(drop=True)})
            rows[grain] = shaped(grain, kept).frame
    if problems:
        raise InputProblems(problems)
    return Sides(rows, told, fields, people, leads, tuple(notes))


class _Ids:
    """Who is meant by a number, a lead's number, a surrogate of ours, a phone or an e-mail."""

    def __init__(self, people: pd.DataFrame, leads: pd.DataFrame | None, hidden: Shield | None) -> None:
        keys = None if hidden is None else hidden.keys
        self.own = {} if keys is None else dict(zip(keys["surrogate"], keys["customer_id"], strict=True))
        self.of_lead: dict[str, str] = {}
        self.customers = {*people["customer_id"]}
        self.reached: dict[str, list[str]] = {}
        if leads is not None:
            known = leads["customer_id"].where(leads["customer_id"].isin(self.customers), leads["lead_id"])
            self.of_lead = dict(zip(leads["lead_id"], known, strict=True))
            self._add(leads, leads["lead_id"].map(self.of_lead))
        self._add(people, people["customer_id"])

    def _add(self, frame: pd.DataFrame, ids: pd.Series) -> None:
        for column in ("phone", "email"):
            if column in frame.columns:
                cells = frame[column].fillna("").astype("str").str.strip().str.lower()
                for cell, one in zip(cells, ids, strict=True):
                    if cell and one not in self.reached.setdefault(cell, []):
                        self.reached[cell].append(one)

    def everybody(self, key: str) -> list[str]:
        """All whom a key may mean: one number is one person, a phone may be shared."""
        key = self.own.get(key.strip().upper(), key)
        if key in self.customers:
            return [key]
        if key in self.of_lead:
            return [self.of_lead[key]]
        cell = key.strip().lower()
        return self.reached.get(cell) or self.reached.get(_phone(cell), [])

    def found(self, keys: pd.Series) -> pd.Series:
        """The one person meant; missing where there is none, or more than one."""
        known = {key: self.everybody(key) for key in keys.unique()}
        one = {key: ids[0] if len(ids) == 1 else None for key, ids in known.items()}
        return keys.map(one).astype("str").where(keys.map(one).notna())


def _phone(cell: str) -> str:
    return str(read_phones(pd.Series([cell], dtype="str")).values.iloc[0])


def _opted_out(
    listed: pd.DataFrame, people: pd.DataFrame, leads: pd.DataFrame | None, ids: _Ids, lang: Lang
) -> tuple[pd.DataFrame, pd.DataFrame | None, Problem]:
    """The opt-out list written beside what the customers' own column says."""
    channels = listed["channel"] if "channel" in listed.columns else pd.Series(None, index=listed.index)
    refused: dict[str, list[str]] = {}
    strangers = 0
    for key, channel in zip(listed["customer_id"], channels, strict=True):
        whom = ids.everybody(str(key))
        strangers += not whom
        for one in whom:
            refused.setdefault(one, []).append(EVERY_CHANNEL[lang] if pd.isna(channel) else str(channel))
    facts = {"n": len(listed), "people": len(refused), "strangers": strangers}
    people = _with_refusals(people, people["customer_id"], refused)
    if leads is not None:
        leads = _with_refusals(leads, leads["lead_id"].map(ids.of_lead), refused)
    return people, leads, Problem("opt_outs.found", facts)


def _with_refusals(frame: pd.DataFrame, ids: pd.Series, refused: Mapping[str, list[str]]) -> pd.DataFrame:
    own = frame[OPT_OUT] if OPT_OUT in frame.columns else pd.Series("", index=frame.index, dtype="str")
    own = own.fillna("").astype("str")
    none = is_empty(own) | read_yes_no(own).eq(False).fillna(False).astype(bool)
    told = [";".join(dict.fromkeys(refused.get(one, []))) for one in ids]
    both = [
        ";".join(filter(None, ("" if no and new else cell, new)))
        for cell, no, new in zip(own, none, told, strict=True)
    ]
    return frame.assign(**{OPT_OUT: pd.Series(both, index=frame.index, dtype="str")})


def _nobody(grain: Side, side: OpenSide, table: FurtherTable, people: pd.DataFrame) -> Problem:
    here, there = (
        mask_text(str(ids.iloc[0])) if len(ids) else "-"
        for ids in (table.frame["customer_id"], people["customer_id"])
    )
    facts = {"grain": grain, "column": side.mapping.who, "here": here, "there": there, "n": len(table.frame)}
    files = [source.file for source in side.opened.table.sources]
    return Problem("opt_outs.nobody" if grain == "opt_outs" else "sides.nobody_found", facts, files[0])
