"""The files a CRM imports: ids and what this report adds, at most a hundred records each.

Reads the ReportModel and the Parquet files it names, nothing else, computes no number and calls no network.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.locale import LANGS, name_of, say
from segkit.problems import InputProblems, Problem
from segkit.report.model import ReportModel
from segkit.report.render.crm.mapping import Crm, CrmField, CrmObject, Rows, crm_of, known_crms
from segkit.report.render.crm.rules import (
    BEIJING_MS,
    README,
    REFUSED,
    Fault,
    Verdicts,
    quoted,
    validate,
)
from segkit.report.render.plan_rows import label_name, stored_plan, stored_table
from segkit.workbook.cells import csv_cell

FOLDER = "crm"
NUMBERS = frozenset({"integer", "epoch_ms"})  # stand in JSON without quotes


@dataclass
class Refusal:
    """A record that is not handed to the CRM: in which files it is missing, and for what."""

    name: str
    key: str
    column: str
    value: str
    problem: Problem


@dataclass
class Written:
    """What was written for one target: its folder, files and records by kind of file, the records refused."""

    folder: Path
    files: dict[str, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


def render_crm(model: ReportModel, folder: Path, out: Path, targets: Sequence[str]) -> list[Written]:
    """Files for each of the client's CRMs, below ``crm/<target>/``.

    A record with a cell no CRM should be given (a formula, a masked value, a telephone number in a text) is left out
    and listed in refused.csv; nothing is prefixed or mended, but for long words that a mapping allows to be cut.
    What was written is read back by the CRM's rules before it is put in place.

    Parameters
    ----------
    model : the report; its `tables` name Parquet files (customers, plan) relative to `folder`
    out : the folder of the report
    targets : generic, fxiaoke, zoho, tryton; the same twice counts once

    Returns
    -------
    What was written, one entry a target.

    Raises
    ------
    InputProblems : unknown targets, all of them, before anything is written; or files that break a rule of their CRM
    OSError : a file cannot be written
    """
    wanted = list(dict.fromkeys(targets))
    unknown = [t for t in wanted if t not in known_crms()]
    if unknown:
        raise InputProblems(
            [Problem("crm.unknown_target", {"target": t, "known": known_crms()}) for t in unknown]
        )
    frames: dict[Rows, pd.DataFrame] = {"tasks": _tasks(model, folder)}
    frames["customers"] = _customers(model, folder, frames["tasks"])
    return [_write(crm_of(target), model, frames, out / FOLDER) for target in wanted]


def _write(crm: Crm, model: ReportModel, frames: Mapping[Rows, pd.DataFrame], out: Path) -> Written:
    out.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".writing-", dir=out))
    room = scratch / crm.id  # a folder of its own, for one made as scratch is closed to others
    room.mkdir()
    try:
        made = Written(out / crm.id)
        there: set[str] | None = None  # whom the CRM is given; what belongs to others has nobody to go to
        verdicts = Verdicts()
        for kind in crm.objects:
            columns = {one.to: _cells(one, frames[kind.rows]) for one in kind.fields}
            whose = frames[kind.rows]["customer_id"].tolist()
            keep = _accepted(kind, columns, whose, there, made, verdicts)
            if there is None:
                there = {whose[i] for i in keep}
            made.records[kind.name] = len(keep)
            made.files[kind.name] = _put(crm, kind, columns, keep, room)
        (room / README).write_bytes(_readme(crm, model, made).encode("utf-8-sig"))
        if made.refused:
            (room / REFUSED).write_bytes(_refused(made.refused, model).encode("utf-8-sig"))
        problems = validate(room, crm.id, verdicts) if any(made.records.values()) else []
        if problems:
            raise InputProblems(problems)
        if made.folder.exists():
            shutil.rmtree(made.folder)
        room.replace(made.folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return made


# --- what goes in ----------------------------------------------------------


def _tasks(model: ReportModel, folder: Path) -> pd.DataFrame:
    """Our fields of tasks, as text; whoever has no owner yet has an empty one."""
    lang, plan = model.meta.lang, stored_plan(model, folder)
    if plan is None:
        plan = pd.DataFrame({c: pd.Series(dtype=str) for c in ("task_id", "customer_id", "due", "channel")})
    texts = {c: _text(plan, c) for c in ("task_id", "customer_id", "starts", "owner", "next_step", "why")}
    nobody = {say("report.unassigned", known) for known in LANGS}
    channel, label = _text(plan, "channel"), _text(plan, "segment")
    named = channel.map(lambda c: name_of("channel", c, lang) if c else "")
    step = texts["next_step"]
    return pd.DataFrame(
        {
            **texts,
            "owner": texts["owner"].where(~texts["owner"].isin(nobody), ""),
            "content": _text(plan, "content"),
            "minutes": _whole(plan["minutes"]) if "minutes" in plan.columns else "",
            "due": _days(plan["due"]),
            "channel_id": channel,
            "channel": named,
            "subject": named.where(step == "", named + " · " + step).where(named != "", step),
            "label_id": label,
            "label": _label_names(model, label),
            "as_of": model.meta.as_of.isoformat(),
        }
    )


def _customers(model: ReportModel, folder: Path, tasks: pd.DataFrame) -> pd.DataFrame:
    """Our fields of customers: the label and why, and the first of the tasks planned for them."""
    stored = stored_table(model, folder, "customers")
    if stored is None:
        stored = pd.DataFrame({"customer_id": tasks["customer_id"].unique()})
    label = _text(stored, model.meta.main)
    known = pd.DataFrame(
        {
            "customer_id": _text(stored, "customer_id"),
            "label_id": label,
            "label": _label_names(model, label),
            "why": _text(stored, "why"),
            "as_of": model.meta.as_of.isoformat(),
        }
    )
    first = tasks.drop_duplicates("customer_id")[["customer_id", "next_step", "due", "channel", "owner"]]
    first = first.rename(columns={"due": "next_due", "channel": "next_channel"})
    return known.merge(first, on="customer_id", how="left").fillna("")


def _text(frame: pd.DataFrame, column: str) -> pd.Series:
    if column not in frame.columns:
        return pd.Series("", index=frame.index, dtype=object)
    return frame[column].astype("string").fillna("").astype(object)


def _days(column: pd.Series) -> pd.Series:
    return pd.to_datetime(column).dt.strftime("%Y-%m-%d").fillna("").astype(object)


def _whole(column: pd.Series) -> pd.Series:
    return column.map(lambda value: "" if value != value else str(round(float(value))))


def _label_names(model: ReportModel, labels: pd.Series) -> pd.Series:
    names = {label: label_name(label, model) for label in labels.unique()}
    return labels.map(names)


def _cells(one: CrmField, frame: pd.DataFrame) -> list[str]:
    """A field of theirs as the text that stands in the file, one cell a row."""
    if one.value is not None:
        return [one.value] * len(frame)
    parts = [frame[c].tolist() for c in one.take]
    texts = (
        parts[0]
        if len(parts) == 1
        else [one.joined_by.join(filter(None, row)) for row in zip(*parts, strict=True)]
    )
    shaped = {text: _shaped(text, one) for text in set(texts)}
    return [shaped[text] for text in texts]


def _shaped(text: str, one: CrmField) -> str:
    if not text:
        return ""
    if one.type == "epoch_ms":
        return str(pd.Timestamp(text).value // 1_000_000 - BEIJING_MS)
    if one.type == "text" and not one.lines:
        text = " ".join(text.split("\n"))
    text = one.prefix + text
    if one.cut and one.length is not None and len(text) > one.length:
        return text[: one.length - 1] + "…"
    return text


# --- what stays out --------------------------------------------------------


def _accepted(
    kind: CrmObject,
    columns: Mapping[str, list[str]],
    whose: Sequence[str],
    there: set[str] | None,
    made: Written,
    verdicts: Verdicts,
) -> list[int]:
    """Places of the records that may go to the CRM; the others are told in `made`."""
    keys = columns[kind.key]
    bad: dict[int, tuple[str, str, Fault]] = {}
    for one in kind.fields:
        cells = columns[one.to]
        judged = verdicts.of(kind, one, cells)
        wrong = {text: found for text, found in judged.items() if found is not None}
        if wrong:
            for i, text in enumerate(cells):
                if text in wrong:
                    bad.setdefault(i, (one.to, text, wrong[text]))
    seen: set[str] = set()
    for i, (key, id) in enumerate(zip(keys, whose, strict=True)):
        if key in seen:
            bad.setdefault(i, (kind.key, key, ("crm.refused_twice", {})))
        if there is not None and id not in there:
            bad.setdefault(i, (kind.key, key, ("crm.refused_customer", {})))
        if i not in bad:
            seen.add(key)
    for i, (column, text, (id, facts)) in sorted(bad.items()):
        problem = Problem(id, {"value": quoted(text), "n": 1, **facts})
        made.refused.append(Refusal(kind.name, keys[i], column, text, problem))
    return [i for i in range(len(keys)) if i not in bad]


def _refused(refused: Sequence[Refusal], model: ReportModel) -> str:
    """The list for people: what would run as a formula is led by an apostrophe."""
    lang = model.meta.lang
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(say(f"crm.refused.{head}", lang) for head in ("file", "key", "column", "why", "value"))
    for one in refused:
        cells = (one.name, quoted(one.key), one.column, one.problem.text(lang), quoted(one.value))
        writer.writerow(map(csv_cell, cells))
    return out.getvalue()


# --- the form of the files -------------------------------------------------


def _put(crm: Crm, kind: CrmObject, columns: Mapping[str, list[str]], keep: Sequence[int], room: Path) -> int:
    """Write the records in chunks; returns the number of files."""
    chosen = [[cells[i] for i in keep] for cells in columns.values()]
    form = {"csv": _csv_text, "json": _json_text}[crm.format]
    digits = max(3, len(str(-(-len(keep) // crm.chunk))))
    number = 0
    for at in range(0, len(keep), crm.chunk):
        number += 1
        text = form(crm, kind, [cells[at : at + crm.chunk] for cells in chosen])
        path = room / f"{kind.name}_{number:0{digits}}.{crm.format}"
        path.write_bytes(text.encode(crm.encoding))
    return number


def _csv_text(crm: Crm, kind: CrmObject, columns: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=crm.line_end)
    writer.writerow(one.to for one in kind.fields)
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


def _json_text(crm: Crm, kind: CrmObject, columns: Sequence[Sequence[str]]) -> str:
    names = [(one.to, one.type in NUMBERS) for one in kind.fields]
    records: list[dict[str, Any]] = [
        {
            to: int(text) if is_number else text
            for (to, is_number), text in zip(names, row, strict=True)
            if text
        }
        for row in zip(*columns, strict=True)
    ]
    facts = {"object": kind.object, "key": kind.key}
    head = {
        name: [one.format(**facts) for one in value] if isinstance(value, list) else value.format(**facts)
        for name, value in kind.head.items()
    }
    start = json.dumps({**head, crm.records: []}, ensure_ascii=False).removesuffix("]}")
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    return f"{start}\n{lines}\n]}}\n"


def _readme(crm: Crm, model: ReportModel, made: Written) -> str:
    return "\r\n".join(line for lang in LANGS for line in (*_readme_lines(crm, model, made, lang), ""))


def _readme_lines(crm: Crm, model: ReportModel, made: Written, lang: Any) -> Iterator[str]:
    yield say("crm.readme.title", lang, title=crm.title[lang], as_of=model.meta.as_of)
    yield crm.how[lang].strip()
    yield ""
    for kind in crm.objects:
        facts = {"n": made.records[kind.name], "files": made.files[kind.name], "key": kind.key}
        yield say("crm.readme.object", lang, name=kind.name, object=kind.object, **facts)
    if made.refused:
        yield say("crm.readme.refused", lang, n=len(made.refused))
    yield say("crm.readme.form", lang, encoding=crm.encoding, chunk=crm.chunk)
    yield say("crm.readme.privacy", lang)
    doubtful = [(kind.name, kind.object, kind.unsure) for kind in crm.objects if kind.unsure]
    doubtful += [(k.name, one.to, one.unsure) for k in crm.objects for one in k.fields if one.unsure]
    if doubtful:
        yield ""
        yield say("crm.readme.unsure", lang, n=len(doubtful))
        for name, what, why in doubtful:
            yield f"  - {name} · {what}: {why[lang]}"
    yield say("crm.readme.source", lang, source=crm.source[lang])
