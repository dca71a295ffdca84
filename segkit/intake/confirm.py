"""to_confirm.xlsx: what only the client can decide, asked in a workbook and read back by the next run.

Three questions: are these two one customer, should this row count after all, what does this status mean. Rows
are named by file, sheet and row; names, phones and cell texts are masked. An empty answer stays open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from segkit.intake.confirm_layout import (
    ANSWERS,
    ASKED,
    CHOICES,
    LIMIT,
    MONEY,
    SHEETS,
    head_of,
    pair_of,
    ref_of,
)
from segkit.intake.confirm_reading import Confirmed as Confirmed
from segkit.intake.confirm_reading import read_confirm as read_confirm
from segkit.intake.ledger import deciding
from segkit.intake.table import ORIGIN, Table
from segkit.locale import Lang, has_message, name_of, say
from segkit.privacy.mask import mask, mask_text
from segkit.workbook import Book, Head

if TYPE_CHECKING:
    from segkit.intake.cleaning import Cleaned


@dataclass(frozen=True)
class Questions:
    """What to ask.

    Attributes
    ----------
    twins : a row per pair: `file_a, sheet_a, row_a, file_b, sheet_b, row_b`, `why` (phone | email |
        name | alike, or words), optional `name_a, phone_a, value_a, name_b, phone_b, value_b`
    set_aside : a row per event: `file, sheet, row, reason, column, old, amount`
    statuses : a row per text: `status, rows, amount`
    sources : file -> SHA-256, so that answers about an older file are not applied to a newer one
    """

    twins: pd.DataFrame
    set_aside: pd.DataFrame
    statuses: pd.DataFrame
    sources: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.twins) + len(self.set_aside) + len(self.statuses)


def questions(cleaned: Cleaned, table: Table, worth: pd.Series | None = None) -> Questions:
    """What a cleaning leaves for the client to decide.

    Parameters
    ----------
    worth : customer_id -> money, where the money stands in another table (a customer list beside orders);
        default what `cleaned` itself holds
    """
    ledger, people, frame = cleaned.ledger, cleaned.people.set_index("customer_id"), cleaned.frame
    money = "amount" if cleaned.grain == "orders" else "monetary"
    value = frame.groupby("customer_id")[money].sum().round(2) if worth is None else worth
    twins = cleaned.twins.copy()
    for side in ("a", "b"):
        ids = twins[f"id_{side}"]
        for column in ("name", "phone"):
            if column in people.columns:
                twins[f"{column}_{side}"] = ids.map(people[column])
        twins[f"value_{side}"] = ids.map(value).fillna(0.0)
    aside = ledger[deciding(ledger, cleaned.heads) & ledger["reason"].isin(ASKED)]
    sources = {source.file: source.sha256 for source in table.sources}
    return Questions(twins, aside, cleaned.unknown_status, sources)


def write_confirm(questions: Questions, path: Path, lang: Lang) -> None:
    """Write the questions, the most money first; at most 20,000 a sheet, the rest counted on the first sheet.

    Raises
    ------
    OSError : the file cannot be written (open in Excel, disk full)
    """
    asked = {
        "twins": _twin_lines(questions.twins, lang),
        "set_aside": _aside_lines(questions.set_aside, lang),
        "statuses": _status_lines(questions.statuses),
    }
    with Book(path, lang=lang, title=say("confirm.title", lang), label=say("confirm.title", lang)) as book:
        page = book.page(say("confirm.sheet.how", lang), [30.0, 14.0, 20.0, 14.0, 40.0])
        page.text(say("confirm.title", lang), "title")
        page.down()
        for i in range(1, 7):
            page.text(say(f"confirm.how.{i}", lang))
        page.down()
        heads = {"sheet_name": "text", "number": "count", "stake": "money", "left_out": "count"}
        page.line([(say(f"confirm.head.{h}", lang), unit) for h, unit in heads.items()], "head")
        for sheet, (lines, _) in asked.items():
            stake = sum(float(lines[c].astype(float).sum()) for c in MONEY[sheet] if c in lines.columns)
            number = len(getattr(questions, sheet))
            facts = (
                say(f"confirm.sheet.{sheet}", lang),
                number,
                round(stake, 2),
                number - len(lines.head(LIMIT)),
            )
            page.line(list(zip(facts, heads.values(), strict=True)))
        page.down()
        if questions.sources:
            page.line([(say("confirm.head.file", lang), "text"), ("SHA-256", "text")], "head")
            for file, sha256 in questions.sources.items():
                page.line([(file, "text"), (sha256, "id")])
        for sheet, (lines, marks) in asked.items():
            if len(lines):
                _ask(book, sheet, lines.head(LIMIT), marks, lang)


def _ask(book: Book, sheet: str, lines: pd.DataFrame, kinds: Mapping[str, str], lang: Lang) -> None:
    """One sheet of questions; `kinds` says how a column of personal data is masked."""
    columns = {c: unit for c, unit in SHEETS[sheet].items() if c in lines.columns or c in ANSWERS}
    shown = lines.assign(**{c: "" for c in columns if c in ANSWERS})[list(columns)].copy()
    for column, kind in kinds.items():
        if column in shown.columns:
            shown[column] = [_masked(v, kind) for v in shown[column]]
    heads = [
        Head(
            head_of(column, unit, lang),
            unit,
            choices=tuple(say(f"confirm.answer.{a}", lang) for a in CHOICES.get(column, ())),
            fill=column in ANSWERS,
            hidden=column == "key",
            width=ANSWERS.get(column),
        )
        for column, unit in columns.items()
    ]
    page = book.page(say(f"confirm.sheet.{sheet}", lang))
    top = page.table(heads, shown)
    page.freeze(top + 1, sum(c in ANSWERS for c in columns))


def _twin_lines(twins: pd.DataFrame, lang: Lang) -> tuple[pd.DataFrame, dict[str, str]]:
    records = twins.to_dict("records")
    stake = twins.reindex(columns=["value_a", "value_b"]).astype(float).sum(axis=1)
    lines = twins.assign(
        why=[_spoken("confirm.why", str(line["why"]), lang) for line in records],
        key=[json.dumps(pair_of(line), ensure_ascii=False) for line in records],
    )
    lines = lines.loc[stake.sort_values(ascending=False, kind="stable").index]
    kinds = {f"{c}_{side}": c for c in ("name", "phone") for side in ("a", "b")} | {"why": "text"}
    return lines, kinds


def _aside_lines(aside: pd.DataFrame, lang: Lang) -> tuple[pd.DataFrame, dict[str, str]]:
    """By reason, the reason with the most money first."""
    records = aside.to_dict("records")
    size = aside["amount"].astype(float).abs()
    keys = [
        json.dumps([*ref_of(line), line["column"], line["reason"]], ensure_ascii=False) for line in records
    ]
    lines = aside.assign(key=keys, size=size, of_reason=size.groupby(aside["reason"]).transform("sum"))
    order = ["of_reason", "reason", "size", *ORIGIN]
    lines = lines.sort_values(order, ascending=[False, True, False, True, True, True], kind="stable")
    return lines.assign(reason=[name_of("reason", r, lang) for r in lines["reason"]]), {"old": "text"}


def _status_lines(statuses: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Shown as they are, for the text is the answer's key; one that holds personal data is no status."""
    plainly = [str(s) == mask_text(str(s)) for s in statuses["status"]]
    return statuses[pd.Series(plainly, index=statuses.index, dtype="bool")].sort_values(
        ["amount", "status"], ascending=[False, True], kind="stable"
    ), {}


def _masked(value: Any, kind: str) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    return mask_text(str(value)) if kind == "text" else mask(str(value), kind)


def _spoken(group: str, id: str, lang: Lang) -> str:
    return say(f"{group}.{id}", lang) if has_message(f"{group}.{id}") else id
