"""Tables beside orders and customers (拜访, 资产, 问卷): whose row, of which day, everything else as it is headed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from segkit.intake.columns import COMMON, Bench, dates_by_file, one_key
from segkit.intake.headings import normal, senses
from segkit.intake.ledger import Events, Totals, set_aside_reasons
from segkit.intake.own_columns import Kind, kinds_of, names_codes, own_columns
from segkit.intake.row_checks import find_repeats
from segkit.intake.settling import AsOf, credible_as_of
from segkit.intake.table import Table
from segkit.intake.twins import merge_into
from segkit.intake.units import by_file
from segkit.intake.values import half_width, is_empty, tidy
from segkit.privacy.mask import mask_text
from segkit.problems import InputProblems, Problem

CUSTOMER, DATE = "customer_id", "date"
PERSONAL = ("name", "phone", "email")
_HARDLY_ANY = 0.9  # a column named as dates is another one when so many of its cells are none
_A_KEY = 0.9  # a column names rows when so many of its cells are different


@dataclass(frozen=True)
class FurtherTable:
    """A further table ready to be asked.

    Attributes
    ----------
    frame : `customer_id` (text), `date` where a column of dates was named, and every column under its heading,
        or under the name it was given; numbers, dates or text
    ledger : one line per event, as of orders; the amount is missing
    totals : rows in, kept, changed, merged, set aside
    reasons : why rows were set aside, by reason
    kinds : what each column holds: number | date | text
    personal : columns that hold names, phones or e-mails by their heading
    files : the files it was read from
    """

    name: str
    frame: pd.DataFrame
    ledger: pd.DataFrame
    totals: Totals
    reasons: dict[str, int]
    kinds: dict[str, Kind]
    personal: dict[str, str]
    notes: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpenTable:
    """A further table as read, before it is known on which day the analysis stands.

    `key` and `days` run with the rows of `table`; `months` says that the days are months without a day; `own`
    holds the other columns by heading, typed; `called` the names given to some of them.
    """

    name: str
    table: Table
    bench: Bench
    key: pd.Series
    days: pd.Series | None
    months: bool
    own: dict[str, pd.Series]
    called: dict[str, str]

    @property
    def reaches(self) -> AsOf | None:
        """The last credible day of its rows; where they are months, the last day of the last month."""
        if self.days is None:
            return None
        found = credible_as_of(self.days.where(self._usable()))
        if found is None or not self.months:
            return found
        end = (pd.Timestamp(found.date) + pd.offsets.MonthEnd(0)).date()
        return AsOf(end, found.why, found.last, found.later)

    @property
    def personal(self) -> dict[str, str]:
        """Columns that by their heading hold names, phones or e-mails, and which."""
        found = {self._called(h): next((s.field for s in senses(h)), "") for h in self.own}
        return {column: field for column, field in found.items() if field in PERSONAL}

    def up_to(self, as_of: dt.date, same: tuple[tuple[str, str], ...] = ()) -> FurtherTable:
        """The rows that count on that day; `same` are pairs of customers confirmed to be one.

        Raises
        ------
        InputProblems : no row is left
        """
        bench, events = self.bench, self.bench.events.copy()
        if self.days is not None:
            late = (self.days > pd.Timestamp(as_of)) & self._usable()
            events.add(late, "after_as_of", "set_aside", column=bench.heads[DATE], old=bench.cells(DATE))
        nothing = pd.Series(0.0, index=bench.text.index)
        totals = events.totals(nothing)
        ledger = events.ledger(self.table.origin, nothing).assign(amount=np.nan)
        for side in ("old", "new"):
            ledger[side] = ledger[side].map(mask_text)
        decides = {CUSTOMER: bench.heads[CUSTOMER], "order_date": bench.heads.get(DATE, "")}
        why = set_aside_reasons(ledger, decides)
        reasons = dict(zip(why["reason"].tolist(), why["rows"].tolist(), strict=True))
        left = np.isin(events.fates(), ["kept", "changed"])
        notes = [*self.table.notes, *bench.notes]
        if not left.any():
            facts = {
                "n": totals.rows_in,
                "reasons": list(reasons.items()),
                "table": self.name,
                "as_of": as_of,
            }
            if {*reasons} != {"after_as_of"}:
                raise InputProblems([Problem("tables.nothing_left", facts, file=_file(self.table))])
            notes.append(Problem("tables.all_later", facts, file=_file(self.table)))
        frame = self._frame()[left].reset_index(drop=True)
        if same:
            frame[CUSTOMER] = frame[CUSTOMER].replace(merge_into(same))
        kinds = kinds_of(frame, [c for c in frame.columns if c != CUSTOMER])
        files = tuple(dict.fromkeys(source.file for source in self.table.sources))
        return FurtherTable(
            self.name, frame, ledger, totals, reasons, kinds, self.personal, tuple(notes), files
        )

    def _frame(self) -> pd.DataFrame:
        columns: dict[str, pd.Series] = {CUSTOMER: self.key.astype("str")}
        if self.days is not None:
            columns[DATE] = self.days
            # the playbook may ask for it by its heading too: how many months are there?
            head = self.bench.heads[DATE]
            columns[self._called(head)] = self.own.get(head, self.days)
        for head, values in self.own.items():
            columns.setdefault(self._called(head), values)
        return pd.DataFrame(columns)

    def usable_days(self) -> pd.Series:
        """The days of the rows that count."""
        nothing = pd.Series(dtype="datetime64[ns]")
        return nothing if self.days is None else self.days[self._usable()].dropna()

    def _called(self, head: str) -> str:
        return self.called.get(head, head)

    def _usable(self) -> np.ndarray:
        return ~np.isin(self.bench.events.fates(), ["set_aside", "merged"])


def open_table(
    name: str,
    table: Table,
    *,
    customer_id: str,
    date: str | None = None,
    columns: Dict[str, str] | None = None,
    readers: Dict[str, Callable[[Bench, str], pd.Series]] | None = None,
    everybody: bool = False,
) -> OpenTable:
    """A further table read: customers and days in one spelling, the rest typed, every slip in the ledger.

    Parameters
    ----------
    name : as it stands below `input.tables`
    table : all text
    customer_id, date : the client's headings; width, case and blanks may differ
    columns : heading -> the name by which the column is called, where it is not the heading
    readers : heading -> how its cells are read, where that is known; the others are read by what they look like
    everybody : rows that name no customer count too

    Raises
    ------
    InputProblems : headings that are not in the file, all of them, each with the likely one
    """
    heads, called, notes = _headings(table, customer_id, date, columns or {}, name)
    text = table.frame.apply(tidy)
    if problems := list(_files_without(text, heads, table, name)):
        raise InputProblems(problems)
    bench = Bench(text, heads, Events(len(text)), table.origin, notes=notes)
    if repeated := find_repeats(text, bench.events, certain=_has_key(text, heads)):
        bench.notes.append(Problem("tables.repeats_kept", {"n": repeated, "table": name}))
    for head in heads.values():
        bench.text[head] = half_width(text[head])[0]
    key = _key(bench, everybody)
    days, months = _days(bench, name, _file(table))
    free = [h for h in map(str, text.columns) if h not in heads.values() and not h.startswith("+")]
    given = {head: read(bench, head) for head, read in (readers or {}).items()}
    own = given | own_columns(bench, [head for head in free if head not in given])
    return OpenTable(name, table, bench, key, days, months, own, called)


def _files_without(text: pd.DataFrame, heads: Dict[str, str], table: Table, name: str) -> Iterator[Problem]:
    """Of several files those that say nothing of whose rows they hold, or of which day: they belong elsewhere."""
    by_name = dict(by_file(table.origin))
    for head in dict.fromkeys(heads.values()) if len(by_name) > 1 else ():
        files = [file for file, here in by_name.items() if is_empty(text.loc[here, head]).all()]
        if files and len(files) < len(by_name):
            yield Problem("tables.files_without", {"table": name, "files": files}, column=head)


def _key(bench: Bench, everybody: bool) -> pd.Series:
    head = bench.heads[CUSTOMER]
    key = one_key(bench, bench.cells(CUSTOMER), head)
    lost = bench.lost_key if bench.lost_key is not None else pd.Series(False, index=key.index)
    if not everybody:
        bench.events.add(key.isna() & ~lost, "no_customer", "set_aside", column=head)
    return key


def _days(bench: Bench, name: str, file: str | None) -> tuple[pd.Series | None, bool]:
    if not bench.has(DATE):
        return None, False
    head = bench.heads[DATE]
    cells = bench.cells(DATE)
    read = dates_by_file(bench, cells, head)
    filled = int((~read.empty).sum())
    if filled and read.bad.sum() > _HARDLY_ANY * filled:
        facts = {
            "table": name,
            "n": int(read.bad.sum()),
            "of": filled,
            "example": mask_text(cells[read.bad].iloc[0]),
        }
        raise InputProblems([Problem("tables.no_dates", facts, file=file, column=head)])
    bench.events.add(read.bad, "bad_date", "set_aside", column=head, old=bench.cells(DATE))
    bench.events.add(read.empty, "no_date", "set_aside", column=head)
    return read.values, bool(read.months.mean() > COMMON)


def _file(table: Table) -> str | None:
    files = {source.file for source in table.sources}
    return files.pop() if len(files) == 1 else None


def _headings(
    table: Table, customer_id: str, date: str | None, columns: Dict[str, str], name: str
) -> tuple[dict[str, str], dict[str, str], list[Problem]]:
    """The file's own headings of customer and date, those renamed, and notes on other spellings."""
    headings = [str(c) for c in table.frame.columns]
    by_normal: dict[str, str] = {}
    for own in headings:
        by_normal.setdefault(normal(own), own)
    problems, notes = [], []

    def found(wanted: str) -> str:
        heading = wanted if wanted in headings else by_normal.get(normal(wanted))
        facts: dict[str, Any] = {"wanted": wanted, "heading": heading, "have": headings[:12]}
        if heading is None:
            near = get_close_matches(normal(wanted), list(by_normal), n=2, cutoff=0.5)
            facts["near"] = [by_normal[word] for word in near]
            id = "mapping.no_heading" + ("_near" if near else "")
            problems.append(Problem(id, facts, file=_file(table) or name, column=wanted))
            return wanted
        if heading != wanted:
            notes.append(Problem("tables.spelling", facts, file=_file(table) or name))
        return heading

    heads = {CUSTOMER: found(customer_id)} | ({DATE: found(date)} if date is not None else {})
    called = {found(heading): called for heading, called in columns.items()}
    if problems:
        raise InputProblems(problems)
    return heads, called, notes


def _has_key(text: pd.DataFrame, heads: Dict[str, str]) -> bool:
    """Does some column name the rows? Then a row equal to another in every cell was entered twice."""
    once = text[~text.duplicated()]
    if len(once) == len(text):
        return False
    for column in (c for c in text.columns if c not in heads.values()):
        cells = once[column]
        different = cells.nunique() >= _A_KEY * len(cells) and not is_empty(cells).any()
        # amounts and measured values differ from row to row as well
        if different and (names_codes(str(column)) or cells.str.fullmatch(r"[A-Za-z]+[-_]?\d+").all()):
            return True
    return False
