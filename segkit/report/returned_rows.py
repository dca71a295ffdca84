"""What does a row of a returned sheet say? A contact, open work, a moved or dropped task, or what cannot be read."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from segkit.intake.contact_words import is_effective
from segkit.locale import LANGS, say
from segkit.report.returned_days import Written, read_day
from segkit.report.returned_files import FILLED_IN, Line, ReturnedSheet
from segkit.report.returned_tasks import Task, Tasks, id_key, middle_of
from segkit.report.returned_words import after_minutes, channel_of, outcome_of, status_of

LONGEST_MINUTES = 1440.0
_MINUTES = re.compile(r"(\d+(?:\.\d+)?)(.*)")


@dataclass(frozen=True)
class Unread:
    """One cell that cannot be read: its field, what stood there, and why (an id of messages, with its facts)."""

    line: Line
    name: str
    heading: str
    text: str
    why: str
    facts: dict[str, Any] = field(default_factory=dict)
    taken: bool = False  # the contact itself was taken, without this cell
    kept: bool = False  # taken with this cell as it stands


@dataclass(frozen=True)
class Contact:
    """One contact as a row tells it; see the canonical columns of contacts."""

    customer_id: str
    date: dt.date
    channel: str
    owner: str
    outcome: str = ""
    minutes: float | None = None
    next_date: dt.date | None = None
    note: str = ""
    task_id: str = ""

    @property
    def effective(self) -> bool | None:
        return is_effective(self.outcome)

    @property
    def key(self) -> tuple[str, str, dt.date, str, str]:
        """Two rows with the same key speak of the same contact."""
        return self.task_id, self.customer_id, self.date, self.channel, self.owner


@dataclass(frozen=True)
class Moved:
    """A task moved to another day or dropped, without a contact."""

    line: Line
    status: str
    customer_id: str
    owner: str
    task_id: str
    next_date: dt.date | None
    note: str


@dataclass(frozen=True)
class Told:
    """What one row says: `kind` is contact | open | moved | dropped | unread, with what belongs to it."""

    kind: str
    line: Line
    contact: Contact | None = None
    moved: Moved | None = None
    unread: tuple[Unread, ...] = ()


def read_line(line: Line, sheet: ReturnedSheet, tasks: Tasks, usual: dt.date | None) -> Told:
    """One row, read.

    Parameters
    ----------
    tasks : of the plan, where it is known
    usual : the day that stands for the planned one where a row has none
    """
    return _Reader(line, sheet, tasks, usual).read()


def planned(line: Line, usual: dt.date | None) -> Task | None:
    """The task of a row that kept its id, as the row tells it; None where it says too little."""
    cells = line.cells
    task_id, customer = _plain(cells.get("task_id")), _plain(cells.get("customer_id"))
    channel = channel_of(_plain(cells.get("channel")))
    due = read_day(cells.get("due"), usual)[0]
    if not task_id or not customer or channel is None:
        return None
    return Task(task_id, customer, due, channel, _plain(cells.get("owner")))


def tasks_of(line: Line, tasks: Tasks, usual: dt.date | None) -> list[str]:
    """The tasks a row stands for: by its id, or by its customer, day and channel."""
    if task_id := _plain(line.cells.get("task_id")):
        return [task_id]
    due, channel = read_day(line.cells.get("due"), usual)[0], channel_of(_plain(line.cells.get("channel")))
    if due is None or channel is None:
        return []
    return tasks.at(_plain(line.cells.get("customer_id")), due, channel)


def usual_day(sheet: ReturnedSheet) -> dt.date | None:
    """The day a sheet is about: the middle one of its planned days, else the day of the report."""
    dues = [day for line in sheet.lines if isinstance(day := line.cells.get("due"), dt.date)]
    return middle_of(dues) or sheet.as_of


class _Reader:
    def __init__(self, line: Line, sheet: ReturnedSheet, tasks: Tasks, usual: dt.date | None) -> None:
        self.line, self.sheet, self.tasks = line, sheet, tasks
        self.found: list[Unread] = []
        self.task = tasks.by_id.get(self.text("task_id"))
        due = line.cells.get("due")
        self.due = read_day(due, usual)[0] if due is not None else None
        if self.due is None and self.task is not None:
            self.due = self.task.due
        self.near = self.due or usual

    def text(self, name: str) -> str:
        return _plain(self.line.cells.get(name))

    def wrong(self, name: str, why: str, **facts: Any) -> None:
        heading = self.sheet.headings.get(name, "")
        self.found.append(Unread(self.line, name, heading, self.text(name), why, facts))

    def found_under(self, name: str) -> bool:
        return any(one.name == name for one in self.found)

    # --- what the row is about ---------------------------------------------------------------------

    def read(self) -> Told:
        if not any(name in self.line.cells for name in FILLED_IN):
            return Told("open", self.line)
        status, outcome = self.status_and_outcome()
        kind = self.kind(status, outcome)
        if kind == "open":
            return (
                Told("unread", self.line, unread=tuple(self.found)) if self.found else Told(kind, self.line)
            )
        if kind in ("moved", "dropped"):
            return self.told_moved(kind)
        return self.told_contact(outcome) if kind == "contact" else self.refused()

    def refused(self) -> Told:
        return Told("unread", self.line, unread=tuple(self.found))

    def status_and_outcome(self) -> tuple[str, str]:
        """Both as ids, "" where empty or unreadable; an outcome written under status counts as one."""
        status = outcome = ""
        said = self.text("result")
        if said:
            outcome = outcome_of(said) or ""
            if not outcome and status_of(said) != "done":  # 完成 under result says no more than the status
                self.wrong("result", "bad_outcome")
        written = self.text("status")
        if written:
            status = status_of(written) or ""
            under = outcome_of(written) or ""
            if not status and under:
                status = "done"
                if outcome and outcome != under:
                    self.wrong("status", "two_outcomes", other=said)
                    outcome = ""
                elif not said:
                    outcome = under
            elif not status:
                self.wrong("status", "bad_status")
        elif said and status_of(said) == "done":
            status = "done"
        return status, outcome

    def kind(self, status: str, outcome: str) -> str:
        """contact | open | moved | dropped | unread."""
        dated, told = "done_on" in self.line.cells, bool(outcome) or "result" in self.line.cells
        if status == "open":
            if dated or told:
                self.wrong("status", "open_but_filled")
                return "unread"
            return "open"
        if status in ("moved", "dropped"):
            if dated and told:
                return "contact"
            if dated or told:  # was there a contact, or is it the day it was moved?
                self.wrong("done_on" if dated else "result", f"{status}_half")
                return "unread"
            return status
        if status == "done" or dated:
            return "contact"
        if told:
            self.wrong("done_on", "no_date")
            return "unread"
        if not self.found:  # a note or a next date, and nothing that says whether anybody was contacted
            self.wrong("status", "only_note")
        return "unread"

    def told_moved(self, kind: str) -> Told:
        next_date = self.day("next_date", onward=True)
        moved = Moved(
            self.line,
            kind,
            self.customer() or "",
            self.owner(),
            self.text("task_id"),
            next_date,
            self.text("note"),
        )
        return Told(kind, self.line, moved=moved, unread=tuple(replace(u, taken=True) for u in self.found))

    def told_contact(self, outcome: str) -> Told:
        day = self.day("done_on")
        customer = self.customer()
        channel = self.channel()
        task_id = self.text("task_id")
        if customer and channel is not None and not task_id:
            same = self.tasks.at(customer, self.due, channel) if self.due is not None else []
            if len(same) > 1:
                self.wrong("task_id", "many_tasks", n=len(same), ids=same[:4])
                return self.refused()
            task_id = same[0] if same else ""
        self.not_before_the_plan(day, task_id)
        if day is None or not customer or channel is None or self.found_under("done_on"):
            return self.refused()
        contact = Contact(
            customer_id=customer,
            date=day,
            channel=channel,
            owner=self.owner(),
            outcome=outcome,
            minutes=self.minutes(),
            next_date=self.day("next_date", onward=True, near=day),
            note=self.text("note"),
            task_id=task_id,
        )
        self.known_to_the_plan(customer, task_id)
        return Told(
            "contact", self.line, contact, unread=tuple(replace(one, taken=True) for one in self.found)
        )

    def not_before_the_plan(self, day: dt.date | None, task_id: str) -> None:
        """A task is not done before its plan is made: 12.3 in a plan of January is a slip, not a day of last year."""
        task = self.tasks.by_id.get(task_id)
        as_of = self.sheet.as_of or (task.as_of if task is not None else None)
        if day is not None and as_of is not None and day <= as_of and (task_id or "due" in self.line.cells):
            self.wrong("done_on", "before_plan", day=day, as_of=as_of)

    def known_to_the_plan(self, customer: str, task_id: str) -> None:
        """The contact stands; that its task or its customer is of nobody's plan has to be said."""
        if not self.tasks.covers(self.sheet):
            return
        doubts = {
            "no_such_task": ("task_id", task_id and task_id not in self.tasks.by_id),
            "no_such_customer": ("customer_id", not self.tasks.knows(customer)),
        }
        for why, (name, doubtful) in doubts.items():
            if doubtful:
                self.wrong(name, why)
                self.found[-1] = replace(self.found[-1], kept=True)

    # --- its cells ---------------------------------------------------------------------------------

    def day(self, name: str, *, onward: bool = False, near: dt.date | None = None) -> dt.date | None:
        written = self.line.cells.get(name)
        if written is None:
            if name == "done_on":
                self.wrong(name, "no_date")
            return None
        near = near or self.near
        found, why = read_day(written, near, onward=onward)
        if found is None:
            facts = {"near": near} if near is not None else {}
            self.wrong(name, why, **facts)
        elif onward and near is not None and found < near:
            self.wrong(name, "next_before", near=near)
            return None
        return found

    def customer(self) -> str | None:
        """The customer by the row and by the plan, which have to agree; None where neither says."""
        written = self.text("customer_id")
        if self.task is None:
            if not written:
                self.wrong("customer_id", "no_customer")
            return written or None
        if written and id_key(written) != id_key(self.task.customer_id):
            self.wrong("customer_id", "other_customer", task=self.task.task_id, planned=self.task.customer_id)
            return None
        return self.task.customer_id

    def channel(self) -> str | None:
        written = self.text("channel")
        if written:
            found = channel_of(written)
            if found is None:
                self.wrong("channel", "bad_channel")
            return found
        if self.task is not None:
            return self.task.channel
        self.wrong("channel", "no_channel")
        return None

    def owner(self) -> str:
        """Who did it: the row, else the plan, else whose file it is."""
        written = self.text("owner")
        name = written or (self.task.owner if self.task is not None else "") or self.sheet.owner
        return "" if name in _unassigned() else unicodedata.normalize("NFC", name)

    def minutes(self) -> float | None:
        written = self.line.cells.get("spent")
        if written is None:
            return None
        found: float | None = None
        if isinstance(written, float):
            found = written
        elif isinstance(written, str):
            cell = unicodedata.normalize("NFKC", written).casefold().replace(" ", "")
            match = _MINUTES.fullmatch(cell)
            if match and (not match[2] or match[2] in after_minutes()):
                found = float(match[1])
        if found is None or not 0 <= found <= LONGEST_MINUTES:
            self.wrong("spent", "bad_minutes")
            return None
        return found


def _plain(cell: Written) -> str:
    """A cell as text; whole numbers without a decimal."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{cell:g}"
    return "" if cell is None else str(cell).strip()


@lru_cache(maxsize=1)
def _unassigned() -> frozenset[str]:
    return frozenset(say("report.unassigned", lang) for lang in LANGS)
