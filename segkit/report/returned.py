"""Returned working sheets as a contact log (回收的跟进表): what was done, what is open, what cannot be read.

Every filled row ends as exactly one of: a contact, a row that repeats one, moved, dropped, unread. Nothing is
guessed and nothing is dropped in silence: what cannot be read is listed by file and row, two rows that disagree
about one task are listed side by side.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.problems import InputProblems, Problem
from segkit.report.returned_files import Folder, Line, ReturnedSheet, read_folder
from segkit.report.returned_rows import (
    Contact,
    Moved,
    Told,
    Unread,
    planned,
    read_line,
    tasks_of,
    usual_day,
)
from segkit.report.returned_tasks import Task, Tasks
from segkit.report.returned_words import STATUSES

CONTACTS = (
    "contact_id", "customer_id", "date", "channel", "owner",
    "outcome", "effective", "minutes", "next_date", "note", "task_id",
)  # fmt: skip
DISPUTED = ("outcome", "minutes", "next_date")


@dataclass(frozen=True)
class Conflict:
    """Rows that speak of one task and do not agree; `why` is an id of messages: two_contacts | disputed."""

    why: str
    contact: Contact
    line: Line
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Returned:
    """What came back.

    Attributes
    ----------
    contacts : one row per contact: `contact_id, customer_id, date (datetime64), channel, owner, outcome,
        effective (boolean), minutes, next_date (datetime64), note, task_id`, by date, customer, channel
    unread : cells that cannot be read
    conflicts : rows that speak of one task and do not agree
    moved : tasks moved or dropped without a contact
    counts : files, sheets, rows, contacts, repeated, moved, dropped, open, unread
        (rows = contacts + repeated + moved + dropped + open + unread)
    problems : files that could not be read
    beside : files left aside: no sheets, or left behind by Excel
    added : heading -> files, of columns that are not the plan's
    client : the id the workbooks carry, "" where none does
    not_back : owner -> tasks of the plan that stand in no sheet; empty where the plan is not known
    no_task : contacts without a task id, or with one that the plan does not hold
    """

    contacts: pd.DataFrame
    unread: list[Unread]
    conflicts: list[Conflict]
    moved: list[Moved]
    counts: dict[str, int]
    problems: list[Problem]
    beside: list[str]
    added: dict[str, list[str]]
    client: str
    not_back: dict[str, int]
    no_task: int


def read_returned(
    paths: Sequence[str | Path],
    *,
    plans: Sequence[pd.DataFrame] = (),
    customers: Collection[str] = (),
    skip: Sequence[Path] = (),
) -> Returned:
    """What did people do, by the sheets they sent back?

    Parameters
    ----------
    paths : files and folders of sheets: xlsx, xls, csv in any encoding of intake
    plans : plans the sheets were made from (`task_id, customer_id, due, channel, owner`, where known `as_of`, the
        day of the report); with them rows that lost their hidden task id are found again by customer, day and
        channel. Without, the rows of the other sheets that kept theirs serve for it
    customers : ids of the client's customers; with plans a contact with anybody else is listed
    skip : files that are not sheets: the log itself

    Raises
    ------
    InputProblems : nothing there that could be read; sheets of more than one client
    """
    return told_by(read_folder([Path(p) for p in paths], skip=skip), plans, customers)


def told_by(folder: Folder, plans: Sequence[pd.DataFrame] = (), customers: Collection[str] = ()) -> Returned:
    """What the sheets of a folder say; see `read_returned`.

    Raises
    ------
    InputProblems : no sheet in it; sheets of more than one client
    """
    client = one_client(folder.sheets)
    if not folder.sheets:
        raise InputProblems(folder.problems or [_nothing(folder)])
    tasks = _tasks(folder, plans, customers)
    told: list[tuple[Told, ReturnedSheet]] = []
    for sheet in folder.sheets:
        usual = usual_day(sheet) or tasks.usual
        told += [(read_line(line, sheet, tasks, usual), sheet) for line in sheet.lines]
    contacts, conflicts, repeated = _settle([(t, s) for t, s in told if t.contact is not None])
    kinds = Counter(one.kind for one, _ in told)
    counts = {
        "files": folder.files,
        "sheets": len(folder.sheets),
        "rows": len(told),
        "contacts": len(contacts),
        "repeated": repeated,
        **{kind: kinds[kind] for kind in (*STATUSES[1:], "unread")},
    }
    added: dict[str, list[str]] = {}
    for sheet in folder.sheets:
        for heading in sheet.added:
            added[heading] = [*dict.fromkeys([*added.get(heading, []), sheet.file])]
    return Returned(
        contacts=_frame(contacts),
        unread=[cell for one, _ in told for cell in one.unread],
        conflicts=conflicts,
        moved=_once([one.moved for one, _ in told if one.moved is not None]),
        counts=counts,
        problems=folder.problems,
        beside=folder.beside,
        added=added,
        client=client,
        not_back=_not_back(folder.sheets, tasks) if plans else {},
        no_task=sum(not c.task_id or (bool(plans) and c.task_id not in tasks.by_id) for c in contacts),
    )


def _nothing(folder: Folder) -> Problem:
    return Problem("log.nothing", {"names": folder.beside[:8]}) if folder.beside else Problem("log.no_files")


def _not_back(sheets: Sequence[ReturnedSheet], tasks: Tasks) -> dict[str, int]:
    """Whose tasks came back in no sheet, the most first: a sheet not sent, or rows deleted."""
    seen: set[str] = set()
    for sheet in sheets:
        usual = usual_day(sheet) or tasks.usual
        for line in sheet.lines:
            seen.update(tasks_of(line, tasks, usual))
    lost = Counter(task.owner for id, task in tasks.by_id.items() if id not in seen)
    return dict(sorted(lost.items(), key=lambda one: (-one[1], one[0])))


def one_client(sheets: Sequence[ReturnedSheet]) -> str:
    """The client all sheets are of, "" where no workbook says so.

    Raises
    ------
    InputProblems : several clients, with the files of each
    """
    by_client: dict[str, list[str]] = {}
    for sheet in sheets:
        if sheet.client and sheet.file not in by_client.setdefault(sheet.client, []):
            by_client[sheet.client].append(sheet.file)
    if len(by_client) > 1:
        held = [f"{id} ({', '.join(files[:5])})" for id, files in sorted(by_client.items())]
        raise InputProblems([Problem("log.mixed_clients", {"clients": held, "n": len(by_client)})])
    return next(iter(by_client), "")


def _tasks(folder: Folder, plans: Sequence[pd.DataFrame], customers: Collection[str]) -> Tasks:
    known: dict[str, Task] = {}
    for plan in plans:
        days = pd.to_datetime(plan["due"]).dt.date if "due" in plan else pd.Series(None, index=plan.index)
        owners = plan["owner"] if "owner" in plan else pd.Series("", index=plan.index)
        made = plan["as_of"].iloc[0] if "as_of" in plan and len(plan) else None
        rows = zip(plan["task_id"], plan["customer_id"], days, plan["channel"], owners, strict=True)
        known |= {
            str(i): Task(str(i), str(c), None if d != d else d, str(ch), "" if o != o else str(o or ""), made)
            for i, c, d, ch, o in rows
        }
    if plans:
        return Tasks(known, customers, of_plan=True)
    for sheet in folder.sheets:
        usual = usual_day(sheet)
        for line in sheet.lines:
            if task := planned(line, usual):
                known.setdefault(task.task_id, task)
    return Tasks(known)


# --- several rows on one contact, several contacts on one task -----------------------------------


def _settle(told: list[tuple[Told, ReturnedSheet]]) -> tuple[list[Contact], list[Conflict], int]:
    """(Contacts, what does not agree, rows that only repeat another)."""
    groups: dict[tuple[Any, ...], list[tuple[Contact, Told, ReturnedSheet]]] = {}
    for one, sheet in told:
        assert one.contact is not None
        groups.setdefault(one.contact.key, []).append((one.contact, one, sheet))
    kept: list[tuple[Contact, Told, ReturnedSheet]] = []
    conflicts: list[Conflict] = []
    for group in groups.values():
        kept += _one_contact(group, conflicts)
    by_task: dict[str, list[tuple[Contact, Told, ReturnedSheet]]] = {}
    for entry in kept:
        if entry[0].task_id:
            by_task.setdefault(entry[0].task_id, []).append(entry)
    for group in by_task.values():
        hands = {(contact.owner, sheet.file) for contact, _, sheet in group}
        if len(group) > 1 and len(hands) > 1:
            conflicts += [Conflict("two_contacts", contact, one.line) for contact, one, _ in group]
    contacts = sorted((contact for contact, _, _ in kept), key=_order)
    return contacts, conflicts, len(told) - len(kept)


def _one_contact(
    group: list[tuple[Contact, Told, ReturnedSheet]], conflicts: list[Conflict]
) -> list[tuple[Contact, Told, ReturnedSheet]]:
    """Rows on one customer, day, channel and owner.

    Copies of one file are one contact: blanks are filled from each other, what disagrees stays empty and is
    listed. Rows of different files, or two different rows of one sheet, are a contact each.
    """
    distinct: dict[Contact, tuple[Contact, Told, ReturnedSheet]] = {}
    for entry in group:
        distinct.setdefault(entry[0], entry)
    if len(distinct) == 1:
        return [next(iter(distinct.values()))]
    families: dict[str, list[tuple[Contact, Told, ReturnedSheet]]] = {}
    for entry in distinct.values():
        families.setdefault(entry[2].family, []).append(entry)
    kept: dict[Contact, tuple[Contact, Told, ReturnedSheet]] = {}
    for entries in families.values():
        places = Counter((sheet.file, sheet.sheet) for _, _, sheet in entries)
        folded = entries if max(places.values()) > 1 else [_folded(entries, conflicts)]
        for entry in folded:
            kept.setdefault(entry[0], entry)
    return list(kept.values())


def _folded(
    entries: list[tuple[Contact, Told, ReturnedSheet]], conflicts: list[Conflict]
) -> tuple[Contact, Told, ReturnedSheet]:
    """One contact of the copies of one row."""
    first, told, sheet = entries[0]
    values: dict[str, Any] = {}
    disputed = []
    for name in DISPUTED:
        known = {v for contact, _, _ in entries if (v := getattr(contact, name)) not in (None, "")}
        values[name] = known.pop() if len(known) == 1 else getattr(Contact, name)
        if known:  # several
            disputed.append(name)
    notes = dict.fromkeys(contact.note for contact, _, _ in entries if contact.note)
    contact = replace(first, **values, note=" / ".join(notes))
    if disputed:
        conflicts += [Conflict("disputed", one, t.line, tuple(disputed)) for one, t, _ in entries]
    return contact, told, sheet


def _once(moved: list[Moved]) -> list[Moved]:
    """A task moved to the same day in two copies is said once."""
    kept: dict[tuple[Any, ...], Moved] = {}
    for one in moved:
        place = one.task_id or (one.line.file, one.line.sheet, one.line.row)
        kept.setdefault((place, one.status, one.next_date, one.note), one)
    return list(kept.values())


def _order(contact: Contact) -> tuple[Any, ...]:
    return (
        contact.date,
        contact.customer_id,
        contact.channel,
        contact.owner,
        contact.task_id,
        contact.outcome,
        contact.minutes or 0.0,
        str(contact.next_date),
        contact.note,
    )


def _frame(contacts: list[Contact]) -> pd.DataFrame:
    """The contacts with ids that stay the same however often and in whatever order they are read."""
    turns: Counter[tuple[Any, ...]] = Counter()
    ids = []
    for contact in contacts:
        turns[contact.key] += 1
        ids.append(contact_id(contact, turns[contact.key]))
    columns: dict[str, Any] = {
        "contact_id": pd.array(ids, dtype="str"),
        "customer_id": pd.array([c.customer_id for c in contacts], dtype="str"),
        "date": pd.to_datetime([c.date for c in contacts]).astype("datetime64[ns]"),
        **{
            name: pd.array([getattr(c, name) for c in contacts], dtype="str")
            for name in ("channel", "owner", "outcome")
        },
        "effective": pd.array([c.effective for c in contacts], dtype="boolean"),
        "minutes": pd.array([c.minutes for c in contacts], dtype="Float64").astype("float64"),
        "next_date": pd.to_datetime([c.next_date for c in contacts]).astype("datetime64[ns]"),
        **{name: pd.array([getattr(c, name) for c in contacts], dtype="str") for name in ("note", "task_id")},
    }
    return pd.DataFrame(columns)[[*CONTACTS]]


def contact_id(contact: Contact, turn: int = 1) -> str:
    """``K`` and 12 hex digits of whom, when, by what way, by whom and on which task; the second one ends in -2."""
    told = "\x1f".join(map(str, contact.key))
    id = "K" + hashlib.sha256(told.encode("utf-8")).hexdigest()[:12]
    return id if turn == 1 else f"{id}-{turn}"
