"""The commented client.yml that `init` writes: what was guessed, why, and which line answers what."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from segkit.config.model import GRAINS
from segkit.locale import Lang, say

OTHERS = tuple(grain for grain in GRAINS if grain not in ("orders", "customers"))


@dataclass(frozen=True)
class Column:
    """One client column: what it was taken for, and the words that say why.

    Attributes
    ----------
    heading : as in the file
    canonical : None where the column is not used; it is listed as a comment
    confidence : 0..1, None where there is nothing to say
    reason, sample, question : ready texts, shown as comments; "" for none. `sample` must be masked.
    """

    heading: str
    canonical: str | None
    confidence: float | None = None
    reason: str = ""
    sample: str = ""
    question: str = ""


@dataclass(frozen=True)
class TableDraft:
    """A further table as `init` guesses it: whose rows, of which day, and what the playbook reads of it.

    Attributes
    ----------
    files : relative to the folder of client.yml
    customer_id, order_id : the heading that says whose rows they are, or of which orders; one of the two
    columns : heading -> the playbook's name for it, where they differ
    found, lacking : columns the playbook reads that the file has, and has not
    """

    name: str
    files: Sequence[str]
    customer_id: str | None = None
    order_id: str | None = None
    date: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    found: Sequence[str] = ()
    lacking: Sequence[str] = ()


@dataclass(frozen=True)
class Draft:
    """Everything `init` found out, for one client.

    Attributes
    ----------
    input : grain -> files, relative to the folder of client.yml
    mapping : grain -> its columns in the order of the file
    tables : further tables, in the order of the playbook
    wanted : tables the playbook reads and no file holds -> their columns; written as comments
    schemes : overrides of the playbook's, plain values
    start : first day of the follow-up plan, a working Monday
    as_of : the day the analysis stands on, where somebody said it
    as_of_guess : else the date a report would take by itself; written as a comment
    """

    client_id: str
    name: str
    lang: Lang
    input: Mapping[str, Sequence[str]]
    mapping: Mapping[str, Sequence[Column]] = field(default_factory=dict)
    tables: Sequence[TableDraft] = ()
    wanted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    playbook: str = "general"
    schemes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    start: dt.date | None = None
    as_of: dt.date | None = None
    as_of_guess: dt.date | None = None
    engine: str = "pandas"


def draft(facts: Draft) -> str:
    """The text of a client.yml that `load_config` reads back without a note and without loss."""
    lang = facts.lang
    lines = [_note("head", lang), ""]
    lines += [
        _note("client", lang),
        "client:",
        f"  id: {quoted(facts.client_id)}",
        f"  name: {quoted(facts.name)}",
    ]
    lines += [f"lang: {lang}", _note("as_of", lang)]
    guess = facts.as_of_guess.isoformat() if facts.as_of_guess else "2025-12-31"
    lines += [f"as_of: {facts.as_of.isoformat()}" if facts.as_of else f"# as_of: {guess}"]
    lines += [_note("purpose", lang), "purpose:", ""]
    lines += [_note("input", lang), "input:"]
    lines += [
        f"  {grain}: [{', '.join(map(quoted, files))}]" for grain, files in facts.input.items() if files
    ]
    lines += [*_others(facts), *_tables(facts), f"  engine: {facts.engine}", ""]
    if any(facts.mapping.values()):
        lines += [_note("mapping", lang), "mapping:"]
        for grain, columns in facts.mapping.items():
            lines += _grain(grain, columns, lang)
        lines.append("")
    lines += [_note("playbook", lang), f"playbook: {quoted(facts.playbook)}"]
    lines += [_note("schemes", lang), *_block("schemes", facts.schemes), ""]
    lines += [_note("followup", lang), "followup:", _note("consent", lang, "  "), "  consent: unknown"]
    lines += [_note("holdout", lang, "  "), "  holdout: 0"]
    lines += [_note("campaign", lang, "  "), '  campaign: ""']
    lines += [f"  start: {facts.start.isoformat()}"] if facts.start else ["  # start: 2026-01-05"]
    lines += ["  days: 20", _note("team", lang, "  ")]
    lines += ["  # team: [{id: zhang, minutes: 300, channels: [phone], regions: []}]", ""]
    lines += [_note("sections", lang), "sections: []", ""]
    lines += ["crm: {targets: [generic]}", "", _note("privacy", lang)]
    lines += ["privacy: {contacts: none, not_personal: []}", "", "brand: {}"]
    lines += [_note("findings", lang), "findings: []", ""]
    return "\n".join(lines)


def _note(about: str, lang: Lang, indent: str = "") -> str:
    return "\n".join(f"{indent}# {line}" for line in say(f"config.draft.{about}", lang).splitlines())


def _others(facts: Draft) -> list[str]:
    """The grains no file was found for, as comments: what may stand there."""
    lang = facts.lang
    missing = [grain for grain in OTHERS if not facts.input.get(grain)]
    if not missing:
        return []
    files = {grain: quoted(say(f"config.draft.other.{grain}", lang)) for grain in missing}
    return [_note("others", lang, "  "), *(f"  # {grain}: [{file}]" for grain, file in files.items())]


def _tables(facts: Draft) -> list[str]:
    """`input.tables`, each table on a line with what the playbook reads of it; those that are missing as comments."""
    lang = facts.lang
    if not facts.tables and not facts.wanted:
        return []
    lines = [_note("tables", lang, "  "), "  tables:" if facts.tables else "  # tables:"]
    for table in facts.tables:
        keys = ("files", "customer_id", "order_id", "date", "columns")
        block = {key: value for key in keys if (value := getattr(table, key))}
        told = [
            say(f"config.draft.table_{id}", lang, columns=[_comment(column) for column in columns])
            for id, columns in (("found", table.found), ("lacking", table.lacking))
            if columns
        ]
        remark = ("；" if lang == "zh" else "; ").join(told)
        lines.append(f"    {quoted(table.name)}: {_flow(block)}" + (f"  # {remark}" if remark else ""))
    for name, columns in facts.wanted.items():
        example = f"    # {_comment(name)}: {{files: [...], customer_id: ..., date: ...}}"
        told = [say("config.draft.table_wanted", lang, columns=[_comment(c) for c in columns])]
        lines.append(
            f"{example}  # {told[0]}" if columns else f"{example}  # {say('config.draft.table_rows', lang)}"
        )
    return lines


def _grain(grain: str, columns: Sequence[Column], lang: Lang) -> list[str]:
    lines = [f"  {grain}:"]
    seen: set[str] = set()
    used = 0
    for column in columns:
        if column.question:
            lines.append(f"    # {say('config.draft.question', lang)} {_comment(column.question)}")
        key, remarks = quoted(column.heading), _remarks(column, lang)
        if column.canonical is None or column.heading in seen:
            lines.append(f"    # {_comment(column.heading)}: {remarks or say('config.draft.unused', lang)}")
            continue
        seen.add(column.heading)
        used += 1
        if len(key) > _LONGEST_KEY:
            lines += [f"    ? {key}", f"    : {column.canonical}{'  # ' + remarks if remarks else ''}"]
        else:
            lines.append(f"    {key}: {column.canonical}{'  # ' + remarks if remarks else ''}")
    if not used:
        lines[0] += " {}"
    return lines


def _remarks(column: Column, lang: Lang) -> str:
    parts = []
    if column.confidence is not None and column.canonical is not None:
        parts.append(say("config.draft.sure", lang, share=column.confidence))
    parts += [_comment(text) for text in (column.reason,) if text]
    if column.sample:
        parts.append(say("config.draft.sample", lang, sample=_comment(column.sample)))
    return ("；" if lang == "zh" else "; ").join(parts)


_LONGEST_KEY = 900  # YAML takes up to 1024 characters before the colon
_PLAIN = re.compile(r"[^\W\d_][\w（）()/·.-]*(?: [\w（）()/·.-]+)*")
_QUOTABLE = re.compile(r"[\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")


def quoted(text: str) -> str:
    """A YAML scalar for a text: plain where nobody can misread it, else in quotes."""
    if _PLAIN.fullmatch(text) and _resolves_to_text(text):
        return text
    if _QUOTABLE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _resolves_to_text(text: str) -> bool:
    """A word to every YAML reader: no number, date, yes, no, on, off or null."""
    return bool(
        yaml.resolver.Resolver().resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str"
    )


def _escaped(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    return c if _QUOTABLE.fullmatch(c) else f"\\u{ord(c):04X}"


def _comment(text: str) -> str:
    """One line that may stand in a comment."""
    return " ".join("".join(c if _QUOTABLE.fullmatch(c) else " " for c in text).split())


def _block(name: str, values: Mapping[str, Any]) -> list[str]:
    """Nested plain values, one line per inner block."""
    if not values:
        return [f"{name}: {{}}"]
    return [f"{name}:", *(f"  {quoted(key)}: {_flow(value)}" for key, value in values.items())]


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(str(k))}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value) if isinstance(value, (int, float)) else quoted(str(value))
