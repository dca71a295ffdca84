"""The contact log of a client (contacts.csv): returned sheets go in once, whatever is imported twice."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.config import is_config, load_config
from segkit.intake.delimited import read_delimited
from segkit.intake.values import read_dates, tidy
from segkit.locale import Lang
from segkit.problems import InputProblems, Problem
from segkit.report.clean_tables import read_parquet
from segkit.report.previous import CUSTOMERS, MANIFEST
from segkit.report.returned import CONTACTS, Returned, one_client, told_by
from segkit.report.returned_files import ReturnedSheet, read_folder
from segkit.report.returned_lists import write_unread
from segkit.workbook.cells import csv_cell

UNREAD = "unread.xlsx"
DAYS = ("date", "next_date")


@dataclass(frozen=True)
class Change:
    """A cell of the log that an import changed."""

    contact_id: str
    column: str
    old: str
    new: str


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes
    ----------
    log : contacts.csv
    before : the log as it was before, None where nothing was replaced
    unread : the workbook of what cannot be read and what is to be decided, None where there is nothing
    added, unchanged : contacts by whether the log had them
    changes : cells of the log that the sheets now tell otherwise
    again : contacts of the log on tasks that now have another one too (a corrected day, or a second try?)
    plans : plan files that helped to find rows without a task id
    """

    returned: Returned
    log: Path
    before: Path | None
    unread: Path | None
    added: int
    unchanged: int
    changes: list[Change]
    again: list[dict[str, str]]
    plans: list[Path]


def import_log(paths: Sequence[Path], out: Path, *, lang: Lang, plan: Path | None = None) -> Imported:
    """Returned sheets into the client's contact log; a second time changes nothing.

    Parameters
    ----------
    paths : files and folders of returned sheets
    out : the log, made or added to; the old one is kept beside it as ``contacts.csv.bak``
    lang : of the list of what could not be read
    plan : a report folder or a plan.parquet; by default the plans of the same client and day are looked for
        under ``reports/`` beside `out`

    Raises
    ------
    InputProblems : nothing to read, several clients, another client's log, a log that is not ours or is held open
    """
    out = out.absolute()
    unread_path = out.with_name(UNREAD)
    skip = [out, _old(out), unread_path]
    known, further = _log(out)
    folder = read_folder(paths, skip=skip)
    _same_client(one_client(folder.sheets), out.parent)
    plans = _plan_files(plan, folder.sheets, out.parent / "reports")
    frames = [_plan(p) for p in plans]
    returned = told_by(folder, frames, _customers(plans))
    if returned.counts["open"] == returned.counts["rows"] and (untouched := _in_reports(paths)):
        raise InputProblems([Problem("log.is_report", {"path": str(p)}) for p in untouched])
    new = _as_text(returned.contacts)
    again = _again(known, new)
    ids = {str(id) for frame in frames for id in frame["task_id"]}
    merged, added, unchanged, changes = _merged(known, further, new, ids)
    before = None
    try:
        if added or changes:
            before = _replace(out, merged)
        listed = write_unread(unread_path, returned, changes, again, lang)
        if not listed:
            unread_path.unlink(missing_ok=True)  # what it listed was mended
    except PermissionError as fault:
        name = Path(fault.filename or out).name
        raise InputProblems([Problem("log.held_open", {"name": name})]) from fault
    except OSError as fault:
        raise InputProblems([Problem("log.not_writable", {"why": fault.strerror or str(fault)})]) from fault
    return Imported(
        returned, out, before, unread_path if listed else None, added, unchanged, changes, again, plans
    )


def _in_reports(paths: Sequence[Path]) -> list[Path]:
    """Those that lie in a report folder, such as its followup/."""
    return [p for p in paths if any((above / MANIFEST).is_file() for above in p.absolute().parents[:2])]


# --- the plan --------------------------------------------------------------------------------------


def _plan_files(plan: Path | None, sheets: Sequence[ReturnedSheet], reports: Path) -> list[Path]:
    if plan is not None:
        found = [plan] if plan.is_file() else sorted(plan.rglob("plan.parquet"))
        if not found:
            raise InputProblems([Problem("log.no_plan_there", {"path": str(plan)})])
        return found
    wanted = {(s.client, s.as_of) for s in sheets if s.client and s.as_of is not None}
    return [
        path
        for client, day in sorted(wanted)
        for path in sorted((reports / client).glob(f"{day}*/*/internal/plan.parquet"))
    ]


def _plan(path: Path) -> pd.DataFrame:
    try:
        frame = read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputProblems([Problem("log.no_plan_there", {"path": str(path)})]) from error
    if lacking := {"task_id", "customer_id", "due", "channel"} - {*frame.columns}:
        raise InputProblems([Problem("log.not_a_plan", {"path": str(path), "columns": sorted(lacking)})])
    return frame.assign(as_of=_day_of(path.parent.parent / MANIFEST))


def _day_of(manifest: Path) -> dt.date | None:
    """The day of the report that a plan belongs to, None for a plan that stands alone."""
    try:
        return dt.date.fromisoformat(json.loads(manifest.read_text(encoding="utf-8"))["as_of"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _customers(plans: Sequence[Path]) -> set[str]:
    """Ids of the customers in the reports of the plans; none where one of them keeps no customers."""
    found: set[str] = set()
    for path in plans:
        try:
            found |= {*read_parquet(path.with_name(Path(CUSTOMERS).name))["customer_id"].astype(str)}
        except (OSError, ValueError, KeyError):
            return set()
    return found


def _same_client(client: str, folder: Path) -> None:
    """The log beside a client.yml is that client's."""
    config = folder / "client.yml"
    if not client or not config.is_file() or not is_config(config):
        return
    try:
        own = load_config(config).client.id
    except InputProblems:
        return  # a config that cannot be read says nothing here; `check` and `report` will
    if own != client:
        raise InputProblems([Problem("log.other_client", {"sheets": client, "own": own}, file=config.name)])


# --- the log ---------------------------------------------------------------------------------------


def _log(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The log as text, in the order of its rows, and the columns that somebody added to it."""
    if not path.exists():
        return pd.DataFrame(columns=[*CONTACTS], dtype="str"), []
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise InputProblems([Problem("log.held_open", {"name": path.name})]) from fault
    if not data.strip(b"\xef\xbb\xbf \r\n"):
        return pd.DataFrame(columns=[*CONTACTS], dtype="str"), []
    cells = read_delimited(data, path.name).cells
    heads = [h.strip() for h in cells.iloc[0].astype(str)]
    lacking = [c for c in CONTACTS if c not in heads]
    if lacking:
        raise InputProblems([Problem("log.not_ours", {"name": path.name, "columns": lacking})])
    frame = cells.iloc[1:].set_axis(heads, axis=1).reset_index(drop=True).astype("str")
    frame = frame[(frame != "").any(axis=1)].apply(tidy)
    for column in DAYS:  # Excel writes 2026/1/5 where it saved the file
        days = read_dates(frame[column])
        frame[column] = frame[column].where(days.values.isna(), days.values.dt.strftime("%Y-%m-%d"))
    return frame.reset_index(drop=True), [h for h in heads if h not in CONTACTS and h]


def _as_text(contacts: pd.DataFrame) -> pd.DataFrame:
    """Contacts as they stand in the file: ids of channel and outcome, days as 2026-01-05, true or false."""
    text = contacts.copy()
    for column in DAYS:
        text[column] = contacts[column].dt.strftime("%Y-%m-%d").fillna("")
    text["effective"] = contacts["effective"].map({True: "true", False: "false"}).fillna("")
    text["minutes"] = [
        "" if v != v else str(int(v)) if float(v).is_integer() else f"{v:g}" for v in contacts["minutes"]
    ]
    return text.astype("str").apply(tidy)  # as reading the file gives it back


def _merged(
    known: pd.DataFrame, further: list[str], new: pd.DataFrame, planned: set[str]
) -> tuple[pd.DataFrame, int, int, list[Change]]:
    """(The log with what is new, contacts added, unchanged, cells changed).

    A contact the log has is brought up to date; empty cells of a sheet take nothing away. One that had no task
    id when it was logged, or one that the plan does not hold, is the same contact once the id is mended or cleared.
    """
    rows = known.to_dict("records")
    by_id = {row["contact_id"]: row for row in rows}
    told = {*new["contact_id"]}
    astray = {row["contact_id"] for row in rows if planned and row["task_id"] not in {*planned, ""}} - told
    loose = {_place(row): row for row in rows if not row["task_id"] or row["contact_id"] in astray}
    taken: set[int] = set()
    added: list[dict[str, Any]] = []
    changes: list[Change] = []
    unchanged = 0
    for row in new.to_dict("records"):
        old = by_id.get(row["contact_id"])
        there = loose.get(_place(row))
        if old is None and there is not None and id(there) not in taken:
            old = there if row["task_id"] or there["task_id"] else None
        if old is None:
            added.append({**dict.fromkeys(further, ""), **row})
            continue
        taken.add(id(old))
        different = [c for c in CONTACTS if row[c] and not _same(c, row[c], old[c])]
        different = [c for c in different if c != "contact_id" or "task_id" in different]
        if not different:
            unchanged += 1
        for column in different:
            changes.append(Change(row["contact_id"], column, old[column], row[column]))
            old[column] = row[column]
    merged = pd.DataFrame([*rows, *added], columns=[*CONTACTS, *further], dtype="str").fillna("")
    return merged.sort_values("date", kind="stable", ignore_index=True), len(added), unchanged, changes


def _again(known: pd.DataFrame, new: pd.DataFrame) -> list[dict[str, str]]:
    """Contacts of the log that the sheets no longer tell, on tasks for which they tell another one."""
    told = known["contact_id"].isin(new["contact_id"])
    tasks = {*new["task_id"][~new["contact_id"].isin(known["contact_id"])]} - {""}
    found = known[~told & known["task_id"].isin(tasks)]
    return [{str(name): str(cell) for name, cell in row.items()} for row in found.to_dict("records")]


def _place(row: dict[str, Any]) -> tuple[str, str, str, str]:
    return row["customer_id"].lstrip("0"), row["date"], row["channel"], row["owner"]


def _same(column: str, new: str, old: str) -> bool:
    """Equal, or equal but for what Excel does to a csv: TRUE, 5.0, leading noughts gone."""
    if new == old or new.casefold() == old.casefold():
        return True
    return column in ("customer_id", "minutes") and new.lstrip("0").removesuffix(".0") == old.lstrip(
        "0"
    ).removesuffix(".0")


def _old(out: Path) -> Path:
    return out.with_name(out.name + ".bak")


def _replace(out: Path, frame: pd.DataFrame) -> Path | None:
    """Write the log whole and then put it in place; the one before is kept."""
    out.parent.mkdir(parents=True, exist_ok=True)
    held = io.StringIO(newline="")
    writer = csv.writer(held, lineterminator="\r\n")
    writer.writerow(frame.columns)
    writer.writerows([[csv_cell(cell) for cell in row] for row in frame.itertuples(index=False, name=None)])
    data = held.getvalue().encode("utf-8-sig", "replace")
    draft = out.with_name(out.name + ".tmp")
    try:
        draft.write_bytes(data)
        kept = None
        if out.exists():
            kept = _old(out)
            kept.write_bytes(out.read_bytes())
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    return kept
