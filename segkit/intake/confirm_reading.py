"""The client's answers in to_confirm.xlsx, read back with forgiveness and checked for sense."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from segkit.intake.confirm_layout import (
    ASKED,
    CHOICES,
    MEANINGS,
    NEEDS_VALUE,
    SHEETS,
    Pair,
    Ref,
    head_of,
    pair_of,
    ref_of,
)
from segkit.intake.settling import Answers
from segkit.intake.values import is_empty, plain, read_status, read_yes_no
from segkit.locale import LANGS, Lang, name_of, say
from segkit.privacy.mask import mask_text
from segkit.problems import InputProblems, Problem


@dataclass(frozen=True)
class Confirmed:
    """What the client answered; rows are named by (file, sheet, row), what was left open is not here.

    Attributes
    ----------
    merge, apart : pairs that are one customer, pairs that are two
    keep : row -> the cells to correct (client column -> text; empty where the row counts as it is)
    drop : rows that stay set aside
    statuses : status text -> valid | cancelled | refunded
    notes : answers that could not be used, each naming sheet and row
    """

    merge: tuple[Pair, ...] = ()
    apart: tuple[Pair, ...] = ()
    keep: Mapping[Ref, Mapping[str, str]] = field(default_factory=dict)
    drop: frozenset[Ref] = frozenset()
    statuses: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()

    def answers(self, twins: pd.DataFrame) -> Answers:
        """The same as `clean` takes it, pairs by customer id.

        Parameters
        ----------
        twins : the twins of a cleaning *without* answers, the one the questions were written from
        """
        lines = twins.to_dict("records")
        ids = {pair_of(line): (str(line["id_a"]), str(line["id_b"])) for line in lines}
        return Answers(
            merge=tuple(ids[p] for p in self.merge if p in ids),
            apart=tuple(ids[p] for p in self.apart if p in ids),
            keep=self.keep,
            statuses=self.statuses,
        )


def read_confirm(path: Path, *, sources: Mapping[str, str] | None = None) -> Confirmed:
    """Read the answers, in either language, rows sorted and columns added at will; missing sheets are open.

    Parameters
    ----------
    sources : file -> SHA-256 as read now; row answers about a file changed since are not used, and said

    Raises
    ------
    InputProblems : the file is no workbook that can be opened
    """
    try:
        # by its bytes: calamine takes a path for UTF-8 whatever the locale says
        book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        grids = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names
        }
    except (CalamineError, OSError) as error:
        raise InputProblems([Problem("confirm.cannot_open", {}, file=path.name)]) from error
    found = _Reader(path.name, grids, sources)
    merge, apart = found.twins()
    keep, drop = found.set_aside()
    return Confirmed(merge, apart, keep, drop, found.statuses(), tuple(found.notes))


@dataclass(frozen=True)
class _Line:
    """A filled row: its cells as text by column, and where it stands."""

    sheet: str
    row: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class _Aside:
    """A line about a row set aside: which column it speaks of, why, and what was answered."""

    line: _Line
    column: str
    reason: str
    answer: bool | None

    @property
    def value(self) -> str:
        return self.line.cells.get("corrected", "")


class _Reader:
    """Reads the three sheets; collects what could not be used in `notes`."""

    def __init__(
        self, file: str, grids: Mapping[str, list[list[Any]]], sources: Mapping[str, str] | None
    ) -> None:
        self.file, self.grids = file, grids
        self.notes: list[Problem] = []
        self.changed = self._changed(sources) if sources is not None else set()

    def twins(self) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
        said: dict[Pair, tuple[bool | None, _Line]] = {}
        for line in self._lines("twins"):
            same = self._answer(line, "merge", _yes_no)
            pair = self._place(line, _pair_in) if same is not None else None
            if pair is None or {pair[0][0], pair[1][0]} & self.changed:
                continue
            if pair in said and said[pair][0] != same:
                self._note("contradiction", line, "merge", other=said[pair][1].row)
                same = None
            said[pair] = (same, line)
        merge = [pair for pair, (same, _) in said.items() if same]
        apart = [pair for pair, (same, _) in said.items() if same is False]
        group = _groups(merge)
        for pair in list(apart):
            one, other = (group.get(ref) for ref in pair)
            if one is not None and one == other:
                self._note("circle", said[pair][1], "merge")
                apart.remove(pair)
                merge = [p for p in merge if group[p[0]] != one]
        return tuple(merge), tuple(apart)

    def set_aside(self) -> tuple[dict[Ref, dict[str, str]], frozenset[Ref]]:
        rows: dict[Ref, list[_Aside]] = {}
        for line in self._lines("set_aside"):
            answer, value = self._answer(line, "keep", _yes_no), line.cells.get("corrected", "")
            place = self._place(line, _row_in, quietly=answer is None and not value)
            if place is None or place[0][0] in self.changed:
                continue
            if value and not line.cells.get("keep"):
                answer = True  # a corrected value says that the row is wanted
            ref, column, reason = place
            rows.setdefault(ref, []).append(_Aside(line, column, reason, answer))
        keep: dict[Ref, dict[str, str]] = {}
        drop = set()
        for ref, asked in rows.items():
            answers = {aside.answer for aside in asked if aside.answer is not None}
            if answers == {True}:
                cells = self._corrections(asked)
                if cells is not None:
                    keep[ref] = cells
            elif answers == {False} and not any(aside.value for aside in asked):
                drop.add(ref)
            elif answers:
                refused = next(aside for aside in asked if aside.answer is False)
                wanted = next((a for a in asked if a.answer or a.value), refused)
                self._note("contradiction", refused.line, "keep", other=wanted.line.row)
        return keep, frozenset(drop)

    def _corrections(self, asked: Sequence[_Aside]) -> dict[str, str] | None:
        """The cells to correct in one row; None where a value is missing or there are two."""
        cells: dict[str, str] = {}
        for aside in asked:
            if not aside.value and aside.reason in NEEDS_VALUE:
                self._note("needs_value", aside.line, "corrected")
                return None
            if aside.value and cells.get(aside.column, aside.value) != aside.value:
                self._note("contradiction", aside.line, "corrected", other=asked[0].line.row)
                return None
            if aside.value:
                cells[aside.column] = aside.value
        return cells

    def statuses(self) -> dict[str, str]:
        said: dict[str, tuple[str, str, _Line]] = {}
        open_again = set()
        for line in self._lines("statuses"):
            text, meaning = line.cells.get("status", ""), self._answer(line, "meaning", _meaning)
            if not text or meaning is None:
                continue
            if plain(text) in said and said[plain(text)][1] != meaning:
                self._note("contradiction", line, "meaning", other=said[plain(text)][2].row)
                open_again.add(plain(text))
            said.setdefault(plain(text), (text, meaning, line))
        return {text: meaning for key, (text, meaning, _) in said.items() if key not in open_again}

    def _lines(self, sheet: str) -> Iterable[_Line]:
        """The rows below the head, wherever the head stands and whatever stands beside it."""
        names = {plain(say(f"confirm.sheet.{sheet}", lang)) for lang in LANGS}
        units = SHEETS[sheet].items()
        known = {plain(head_of(column, unit, lang)): column for column, unit in units for lang in LANGS}
        for name in (n for n in self.grids if plain(n) in names):
            at: dict[int, str] = {}
            for number, row in enumerate(self.grids[name], 1):
                texts = [_text(cell) for cell in row]
                if at:
                    cells = {column: texts[i] for i, column in at.items() if i < len(texts)}
                    if any(cells.values()):
                        yield _Line(name, number, cells)
                elif sum(plain(text) in known for text in texts) >= 3:
                    for i, text in enumerate(texts):
                        if plain(text) in known and known[plain(text)] not in at.values():
                            at[i] = known[plain(text)]
            if not at:
                self.notes.append(Problem("confirm.no_head", {}, file=self.file, sheet=name))

    def _answer(self, line: _Line, column: str, read: Callable[[pd.Series], Any]) -> Any:
        """What was answered; None where the cell is open, or (said) where it is not understood."""
        text = line.cells.get(column, "")
        cell = pd.Series([text], dtype="str")
        if not text or is_empty(cell).iloc[0]:
            return None
        answer = read(cell)
        if answer is None:
            choices = [say(f"confirm.answer.{c}", lang) for lang in LANGS for c in CHOICES[column]]
            self._note("unreadable", line, column, answer=mask_text(text)[:40], choices=choices)
        return answer

    def _place(self, line: _Line, find: Callable[[_Line], Any], *, quietly: bool = False) -> Any:
        """The place a line speaks of: from the hidden key, else from the columns that show it."""
        try:
            return find(line)
        except (KeyError, ValueError, TypeError):
            if not quietly:
                self._note("no_place", line)
            return None

    def _note(self, what: str, line: _Line, column: str | None = None, **facts: Any) -> None:
        lang: Lang = "zh" if line.sheet in {say(f"confirm.sheet.{s}", "zh") for s in SHEETS} else "en"
        head = head_of(column, "text", lang) if column else None
        self.notes.append(Problem(f"confirm.{what}", facts, self.file, line.sheet, head, line.row))

    def _changed(self, sources: Mapping[str, str]) -> set[str]:
        """Files that are no longer what they were when the questions were written."""
        names = {plain(say("confirm.sheet.how", lang)) for lang in LANGS}
        changed = set()
        for grid in (g for n, g in self.grids.items() if plain(n) in names):
            for row in grid:
                file, sha256 = [*map(_text, row[:2]), "", ""][:2]
                if len(sha256) == 64 and sources.get(file) != sha256:
                    changed.add(file)
                    self.notes.append(Problem("confirm.changed_file", {"file": file}, file=self.file))
        return changed


def _yes_no(text: pd.Series) -> bool | None:
    answer = read_yes_no(text).iloc[0]
    return None if pd.isna(answer) else bool(answer)


def _meaning(text: pd.Series) -> str | None:
    answer = str(read_status(text).iloc[0])
    return answer if answer in MEANINGS else None


def _pair_in(line: _Line) -> Pair:
    if line.cells.get("key"):
        a, b = json.loads(line.cells["key"])
        return (str(a[0]), str(a[1]), int(a[2])), (str(b[0]), str(b[1]), int(b[2]))
    return pair_of({k: v.replace(",", "") if k.startswith("row_") else v for k, v in line.cells.items()})


def _row_in(line: _Line) -> tuple[Ref, str, str]:
    """Row, column and reason of a line."""
    if line.cells.get("key"):
        file, sheet, row, column, reason = json.loads(line.cells["key"])
        return (str(file), str(sheet), int(row)), str(column), str(reason)
    reasons = {name_of("reason", id, lang): id for id in ASKED for lang in LANGS}
    cells = {**line.cells, "row": line.cells["row"].replace(",", "")}
    return ref_of(cells), cells.get("column", ""), reasons.get(cells.get("reason", ""), "")


def _groups(pairs: Iterable[Pair]) -> dict[Ref, Ref]:
    """Row -> a row that stands for everything merged with it."""
    group: dict[Ref, Ref] = {}
    for a, b in pairs:
        old, new = group.setdefault(b, b), group.setdefault(a, a)
        group.update({ref: new for ref, of in group.items() if of == old})
    return group


def _text(cell: Any) -> str:
    """A cell as the client's table would hold it: dates as 2025-03-07, whole numbers without a point."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    return "" if cell is None else str(cell).strip()
