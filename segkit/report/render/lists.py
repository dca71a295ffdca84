"""The lists of customers.xlsx: every customer with its labels and why, the ledger; and what every list shares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from segkit.locale import Lang, has_message, has_term, name_of, say, term
from segkit.report.model import ReportModel
from segkit.workbook import Head, Mark, Page
from segkit.workbook.cells import GAP, wide

PERSONAL = frozenset({"phone", "email", "address"})  # the salesperson has them in the client's own system

SAID_ALREADY = frozenset({"content"})  # the id of what `next_step` says in words
# field -> unit, in the order the columns stand; a field not listed follows after these
WHO = {"rank": "count", "customer_id": "id", "name": "text"}
FIGURES = {
    "first_order": "date",
    "last_order": "date",
    "recency_days": "count",
    "frequency": "count",
    "orders": "count",
    "monetary": "money",
    "aov": "money",
    "tenure_days": "count",
    "r_score": "count",
    "f_score": "count",
    "m_score": "count",
}
LEDGER = {
    "file": "text",
    "sheet": "text",
    "row": "row",
    "fate": "text",
    "reason": "text",
    "column": "text",
    "old": "text",
    "new": "text",
    "amount": "money",
}
NAMED = {"channel": "channel", "content": "content", "fate": "fate", "reason": "reason"}  # ids shown by name
WHY = "why_"  # leads the column with the reasons of one scheme; the main scheme's is `why`
WIDEST_REASON = 120.0  # characters of a reason in sight; longer ones are read in Excel's formula bar


@dataclass(frozen=True)
class Sheeted:
    """What a list has beside its columns.

    Attributes
    ----------
    fill : columns left empty for the reader
    offers : column -> words a drop-down offers
    hidden : columns that stand in the sheet without being seen
    widths : column -> characters, where the fitted width is not wanted
    grey : a column and its words by which a row is done with
    """

    fill: frozenset[str] = frozenset()
    offers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    widths: Mapping[str, float] = field(default_factory=dict)
    grey: tuple[str, tuple[str, ...]] | None = None


PLAIN = Sheeted()


def customer_list(page: Page, model: ReportModel, customers: pd.DataFrame) -> None:
    """Every customer with what each scheme calls it, its figures, and one sentence why for every scheme.

    The reasons stand last, on one line each: those of the main scheme in sight, those of the others beside them
    folded away under a [+].
    """
    main = model.meta.main
    labels = [c for c in (main, *model.schemes) if c in customers.columns]
    labels += [c for c in customers.columns if c not in labels and has_term(f"scheme.{c}")]
    labels = list(dict.fromkeys(labels))
    others = [f"{WHY}{name}" for name in labels if name != main and f"{WHY}{name}" in customers.columns]
    known = {**WHO, **dict.fromkeys(labels, "text"), **FIGURES}
    reasons = ["why", *others]
    frozen = sum(c in customers.columns for c in WHO) if "rank" in customers.columns else 1
    working_list(page, model, customers, known, labels=labels, reasons=reasons, frozen=frozen)


def ledger_list(page: Page, model: ReportModel, ledger: pd.DataFrame) -> None:
    """One line per event of the cleaning."""
    working_list(page, model, ledger, LEDGER)


def working_list(
    page: Page,
    model: ReportModel,
    frame: pd.DataFrame,
    fields: Mapping[str, str],
    *,
    labels: Sequence[str] = (),
    reasons: Sequence[str] = (),
    layout: Sheeted = PLAIN,
    frozen: int = 1,
) -> None:
    """A frame with its head in the first row: known fields in their order, whatever else there is, the reasons."""
    left_out = PERSONAL | SAID_ALREADY | wholly_empty(frame, layout.fill)
    known = [c for c in fields if c in frame.columns and c not in left_out]
    last = [c for c in reasons if c in frame.columns and c not in left_out]
    rest = [c for c in frame.columns if c not in fields and c not in last and c not in left_out]
    chosen = frame[[*known, *rest, *last]].copy()
    heads = []
    for column in chosen.columns:
        unit = "text" if column in last else fields.get(column) or _unit_of(chosen[column])
        marks = None
        if column in ("segment", model.meta.main):
            marks = marks_of(model, chosen[column].dropna().unique())
        elif column in labels or column in NAMED:
            chosen[column] = _by_name(model, chosen[column], column)
        heads.append(
            Head(
                _head_in(model, column),
                unit,
                marks=marks,
                choices=layout.offers.get(column, ()),
                fill=column in layout.fill,
                hidden=column in layout.hidden,
                folded=column in last[1:],
                one_line=column in last,
                width=_reason_width(chosen[column]) if column in last else layout.widths.get(column),
            )
        )
    top = page.table(heads, chosen)
    if layout.grey is not None and layout.grey[0] in chosen.columns:
        page.banded(top, heads, grey=(list(chosen.columns).index(layout.grey[0]), layout.grey[1]))
    page.freeze(top + 1, frozen)


def _reason_width(reasons: pd.Series) -> float:
    longest = max(reasons.dropna().astype(str).unique(), key=len, default="")
    return min(wide(longest) + GAP, WIDEST_REASON)


def wholly_empty(frame: pd.DataFrame, fill: Collection[str] = ()) -> set[str]:
    """Columns without a value in any row, but for those the reader is to fill."""
    kept = {*fill} if len(frame) else {*frame.columns}
    return {c for c in frame.columns if c not in kept and _is_blank(frame[c])}


def _is_blank(column: pd.Series) -> bool:
    known = column.dropna()
    return known.empty or (not pd.api.types.is_numeric_dtype(known) and bool(known.eq("").all()))


def _by_name(model: ReportModel, ids: pd.Series, column: str) -> pd.Series:
    lang = model.meta.lang
    own = model.schemes[column].labels if column in model.schemes else {}
    group = NAMED.get(column, "segment")
    names = {id: own.get(str(id)) or name_of(group, str(id), lang) for id in ids.dropna().unique()}
    return ids.astype(object).map(names)


def _unit_of(column: pd.Series) -> str:
    kind = pd.api.types
    if kind.is_datetime64_any_dtype(column):
        return "date"
    return "count" if kind.is_numeric_dtype(column) and not kind.is_bool_dtype(column) else "text"


def marks_of(model: ReportModel, ids: Iterable[str]) -> dict[str, Mark]:
    """Every label as it is shown everywhere: its mark, its name, its colour."""
    shown = {}
    for id in ids:
        look = model.segment_marks.get(id, {})
        name = look.get("name") or name_of("segment", id, model.meta.lang)
        shown[id] = Mark(f"{look['mark']} {name}" if look.get("mark") else name, look.get("colour", ""))
    return shown


def _head_in(model: ReportModel, column: str) -> str:
    """The heading of a column of customers or plan, in the words of the report, the playbook or the client."""
    lang = model.meta.lang
    if column == model.meta.main:
        return head_of("segment", lang)
    scheme = model.schemes.get(column.removeprefix(WHY))
    if scheme is not None:
        return scheme.title if not column.startswith(WHY) else say("xlsx.why", lang, title=scheme.title)
    return model.fields.get(column) or head_of(column, lang)


def head_of(field: str, lang: Lang) -> str:
    """A field by its name in the workbook, else by its term, else as it is."""
    if has_message(f"xlsx.field.{field}"):
        return say(f"xlsx.field.{field}", lang)
    for group in ("field", "scheme"):
        if has_term(f"{group}.{field}"):
            return term(f"{group}.{field}", lang)
    return field
