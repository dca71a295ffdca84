"""One client, one day, one language: what the cells of the report share while the report is made."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.charts import segment_marks
from segkit.charts.theme import Drawn
from segkit.followup.planner import Demand, Plan
from segkit.followup.policy import Policy, Touch
from segkit.locale import Lang, has_term, name_of, say, term
from segkit.playbooks import Playbook, Segmentation
from segkit.report.history import History
from segkit.report.model import (
    Block,
    Bullets,
    Column,
    Finding,
    Kpi,
    Picture,
    ReportModel,
    SchemeNames,
    Section,
    Sheet,
    Text,
    Unit,
)
from segkit.report.previous import NO_ARMS, Previous
from segkit.report.render.lists import WHY, head_of
from segkit.report.render.values import shown
from segkit.report.sizes import FEWEST_GROUPED
from segkit.schemes.base import PROSPECT, UNKNOWN, Scheme

Head = tuple[str, str, Unit]  # id, heading, unit of a column


@dataclass(repr=False)
class Study:
    """Everything the section functions read, and the report they add to.

    Attributes
    ----------
    customers : one row per customer, labelled by every scheme
    orders : clean order lines, or None where the client delivered totals per customer
    ledger : one line per event of the cleaning
    intake : what `intake_step.take_in` wrote down: totals, sources, notes, quality, unknown statuses
    history : first and last order and the periods; None where the client delivered totals per customer
    playbook : the trade's schemes and policy; None in a study made by hand
    tables : further clean tables of the client, by the name they have below `input.tables`
    asked : the sections of the appendix that client.yml asks for
    previous : last month's report of the same client
    asked_of : what another policy would ask for in the days of the plan; None in a study made by hand
    arms : who gets marketing and who is held out: `customer_id, segment, arm, campaign`
    """

    lang: Lang
    folder: Path
    as_of: dt.date
    customers: pd.DataFrame
    orders: pd.DataFrame | None
    ledger: pd.DataFrame
    intake: dict[str, Any]
    segmentation: Segmentation
    policy: Policy
    plan: Plan
    model: ReportModel
    found: list[Finding] = field(default_factory=list)
    history: History | None = None
    playbook: Playbook | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    previous: Previous | None = None
    asked_of: Callable[[Policy], Demand] | None = None
    arms: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=NO_ARMS))
    _reasons: dict[str, pd.Series] = field(default_factory=dict, init=False)

    # --- words and numbers ------------------------------------------------------------------------

    def say(self, id: str, **facts: Any) -> str:
        return say(id, self.lang, **facts)

    def scheme_name(self, name: str) -> str:
        """A scheme as it is called in a heading."""
        own = self.segmentation.schemes[name].names.get(name, {}) if name in self.segmentation.schemes else {}
        return own[self.lang] if self.lang in own else name_of("scheme", name, self.lang)

    def label_name(self, label: str, scheme: Scheme | None = None) -> str:
        """A label of `scheme`, by default of the main one, as the reader knows it."""
        return (scheme or self.segmentation.main_scheme).label_name(label, self.lang)

    def field_name(self, column: str) -> str:
        """A column of the customers as it is called in a heading: by us, by the playbook, or by the client."""
        own = self.playbook.names.get(column, {}) if self.playbook is not None else {}
        if self.lang in own:
            return own[self.lang]
        known = (f"{group}.{column}" for group in ("field", "measure") if has_term(f"{group}.{column}"))
        if id := next(known, ""):
            return term(id, self.lang)
        points = [name for name, scheme in self.segmentation.schemes.items() if column in scheme.adds()]
        return self.say("report.points", scheme=self.scheme_name(points[0])) if points else column

    def reasons(self, name: str) -> pd.Series:
        """Why the customers have their label of a scheme; the sentences are made once."""
        if name not in self._reasons:
            self._reasons[name] = self.segmentation.reasons(name, self.customers, self.lang)
        return self._reasons[name]

    def with_reasons(self, customers: pd.DataFrame) -> pd.DataFrame:
        """The customers with a column `why_<scheme>` for every scheme but the main one, whose reasons are `why`."""
        others = [name for name in self.segmentation.schemes if name != self.segmentation.main]
        said = {f"{WHY}{name}": self.reasons(name) for name in others}
        return pd.concat([customers, pd.DataFrame(said, index=customers.index)], axis=1)

    @property
    def ranked(self) -> bool:
        """Are there so few customers that they stand in order instead of in groups?"""
        return len(self.customers) < FEWEST_GROUPED

    @property
    def has_money(self) -> bool:
        """Is anything known of what the customers spent?"""
        return "monetary" in self.customers and bool(self.customers["monetary"].notna().any())

    @property
    def has_purchases(self) -> bool:
        """Do the data say who bought and who did not?"""
        return self.has_money or bool(self.customers["frequency"].notna().any())

    @property
    def comes_back(self) -> bool:
        """Does a customer of this trade buy again? Of a home or a car nothing is said of repurchase and loss."""
        return self.playbook is None or not self.playbook.buys_once

    @property
    def buyers(self) -> pd.DataFrame:
        """Customers who bought at least once; whoever spent money did, where the orders were not counted."""
        frequency, spent = self.customers["frequency"], self.customers["monetary"].fillna(0.0) > 0
        return self.customers[(frequency.fillna(0) > 0) | (frequency.isna() & spent)]

    @property
    def prospects(self) -> pd.DataFrame:
        """Customers known to have bought nothing; an unknown frequency is not zero."""
        return self.customers[self.customers["frequency"].eq(0).fillna(False).astype(bool)]

    @property
    def counted(self) -> pd.DataFrame:
        """Buyers whose orders were counted; nobody where that is true of less than half of them."""
        return _known_for_most(self.buyers, "frequency")

    @property
    def dated(self) -> pd.DataFrame:
        """Buyers whose last order is known; nobody where that is true of less than half of them."""
        return _known_for_most(self.buyers, "recency_days")

    @property
    def paying(self) -> pd.DataFrame:
        """Customers with a total above zero: every share of the money in the report is of their sum."""
        return self.customers[self.customers["monetary"].fillna(0.0) > 0]

    @property
    def money(self) -> float:
        """The sum that is 100 % wherever a share of the money is given."""
        return round(float(self.paying["monetary"].sum()), 2)

    @property
    def source(self) -> str:
        files = [entry["file"] for entry in self.intake["sources"]]
        return files[0] if len(files) == 1 else self.say("report.sources", first=files[0], n=len(files))

    def tells_apart(self, scheme: str) -> bool:
        """Did the scheme find a class for anybody who bought?"""
        return not self.customers[scheme].isin([UNKNOWN, PROSPECT]).all()

    @property
    def shown_schemes(self) -> dict[str, Scheme]:
        """The main scheme, and the others that found a class for anybody: of the rest nothing can be said."""
        main, schemes = self.segmentation.main, self.segmentation.schemes
        return {name: one for name, one in schemes.items() if name == main or self.tells_apart(name)}

    @property
    def leading(self) -> str | None:
        """Of the labels that occur the one the policy gives its time to first, or else the best."""
        here = {*self.customers[self.segmentation.main]} - {UNKNOWN, PROSPECT}
        ranked = [*self.policy.labels, *self.segmentation.main_scheme.order()]
        return next((label for label in ranked if label in here), None)

    def touches(self, label: str) -> tuple[Touch, ...]:
        """What the policy does with customers of this label."""
        entry = self.policy.labels.get(label)
        return entry.touches if entry else ()

    def caption(self, n: int) -> str:
        return self.say("report.caption", n=n, source=self.source, as_of=self.as_of)

    # --- adding to the report ---------------------------------------------------------------------

    def kpi(
        self,
        id: str,
        value: float | int | None,
        unit: Unit,
        *,
        n: int | None = None,
        note: str = "",
        previous: float | int | None = None,
        **facts: Any,
    ) -> str:
        """Put a number into the report; money is rounded to the cent, counts are whole; `facts` go into its label."""
        self.model.kpis[id] = Kpi(
            id=id,
            label=self.say(f"kpi.{id}", **facts),
            value=_plain(value, unit),
            unit=unit,
            n=None if n is None else int(n),
            note=note,
            previous=_plain(previous, unit),
        )
        return id

    def figure(self, drawn: Drawn) -> Picture:
        figure = drawn.save(self.folder)
        self.model.figures[figure.id] = figure
        return Picture(id=figure.id)

    def table(
        self,
        id: str,
        title: str,
        columns: Sequence[Head],
        rows: Sequence[Sequence[Any]],
        *,
        n: int,
        total: Sequence[Any] | None = None,
        note: str = "",
    ) -> Sheet:
        """A table of (id, heading, unit) columns; raw values, rounded as their unit asks; `note` is captioned."""
        units = [unit for _, _, unit in columns]

        def tidy(row: Sequence[Any]) -> list[Any]:
            return [_plain(value, unit) for value, unit in zip(row, units, strict=True)]

        return Sheet(
            id=id,
            title=title,
            columns=[Column(id=i, head=head, unit=unit) for i, head, unit in columns],
            rows=[tidy(row) for row in rows],
            total=None if total is None else tidy(total),
            caption=self.caption(n) + (self.say("report.caption_more", note=note) if note else ""),
        )

    def finding(
        self,
        id: str,
        *,
        n: int,
        base: int,
        claim: str = "claim",
        evidence: Sequence[str] = ("evidence",),
        action: Sequence[str] = ("action",),
        **facts: Any,
    ) -> None:
        """A computed sentence, its evidence and its action, all from messages `finding.<id>.*`.

        `n` of `base` customers (or rows) are spoken of; `claim`, `evidence` and `action` name their sentences.
        """

        def said(*parts: str) -> str:
            sentences = [self.say(f"finding.{id}.{part}", n=n, base=base, **facts) for part in parts]
            return ("" if self.lang == "zh" else " ").join(sentences)

        self.found.append(
            Finding(id=id, claim=said(claim), evidence=said(*evidence), action=said(*action), n=base)
        )

    def add(
        self, id: str, blocks: Sequence[Block | None], *, appendix: bool = False, title: str = ""
    ) -> Shown:
        """Add a section, of the main pages or of the appendix; one without content does not appear at all."""
        content: list[Block] = [block for block in blocks if block is not None]
        section = Section(id=id, title=self.say(f"section.{title or id}"), blocks=content, appendix=appendix)
        if content:
            self.model.sections.append(section)
        return Shown(self, section)

    def mark_segments(self, labels: Sequence[str], scheme: Scheme | None = None) -> None:
        """Fix how labels of `scheme`, by default of the main one, are shown in every format."""
        marks = {label: dict(mark) for label, mark in segment_marks(labels, self.lang).items()}
        for label, mark in marks.items():
            mark["name"] = self.label_name(label, scheme)
        self.model.segment_marks.update(marks)

    def name_columns(self, customers: pd.DataFrame) -> None:
        """What renderers call the columns of the customers: schemes with their labels, and columns of the playbook."""
        schemes, main = ({} if self.ranked else self.shown_schemes), self.segmentation.main
        for name in sorted(schemes, key=lambda name: name != main):
            labels = {label: self.label_name(label, schemes[name]) for label in schemes[name].order()}
            self.model.schemes[name] = SchemeNames(title=self.scheme_name(name), labels=labels)
        titles = [self.scheme_name(name) for name in schemes if name != main]
        said = {head_of("segment", self.lang), *titles}
        for column in map(str, customers.columns):
            if column in schemes or column.removeprefix(WHY) in schemes:
                continue
            named = self.field_name(column)
            head = usual = head_of(column, self.lang) if named == column else named
            if head in said:  # what the client wrote beside what a scheme made of it
                head = self.say("report.as_given", head=usual)
            if head in said:
                head = self.say("report.as_given_in", head=usual, column=column)
            said.add(head)
            if head != head_of(column, self.lang):
                self.model.fields[column] = head


def _known_for_most(customers: pd.DataFrame, column: str) -> pd.DataFrame:
    known = customers[customers[column].notna()]
    return known if 2 * len(known) >= len(customers) else known.head(0)


def _plain(value: Any, unit: Unit) -> Any:
    """A JSON value: None for missing, whole counts, money to the cent."""
    if value is None or (not isinstance(value, str | dt.date) and pd.isna(value)):
        return None
    if unit == "count":
        return round(float(value))
    if unit == "money":
        return round(float(value), 2)
    if unit in ("share", "days", "hours", "times", "ratio"):
        return float(value)
    return value.isoformat()[:10] if isinstance(value, dt.date) else str(value)


@dataclass(repr=False)
class Shown:
    """A section as a notebook shows it: the same words and numbers, plainly laid out."""

    study: Study
    section: Section

    def __repr__(self) -> str:
        return f"<{self.section.title}>"

    def _repr_html_(self) -> str:
        if not self.section.blocks:
            return ""
        parts = [f"<h2>{html.escape(self.section.title)}</h2>"]
        parts += [self._block(block) for block in self.section.blocks]
        return "\n".join(parts)

    def _block(self, block: Block) -> str:
        model, lang = self.study.model, self.study.lang
        match block:
            case Text():
                tag = "h3" if block.role == "heading" else "p"
                return f"<{tag}>{html.escape(block.text)}</{tag}>"
            case Bullets():
                return "<ul>" + "".join(f"<li>{html.escape(item)}</li>" for item in block.items) + "</ul>"
            case Sheet():
                head = "".join(f"<th>{html.escape(c.head)}</th>" for c in block.columns)
                rows = [*block.rows, *([block.total] if block.total else [])]
                body = "".join(f"<tr>{self._cells(row, block)}</tr>" for row in rows)
                return (
                    f"<table><caption>{html.escape(block.title)}</caption>"
                    f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
                )
            case Picture():
                figure = model.figures[block.id]
                drawing = (self.study.folder / figure.svg).read_text(encoding="utf-8").split("?>", 1)[-1]
                return (
                    f"<p><b>{html.escape(figure.title)}</b></p>{drawing}<p>{html.escape(figure.caption)}</p>"
                )
            case _:
                ids = block.ids
                if block.kind == "findings":
                    lines = [f"{model.findings[i].claim} {model.findings[i].action}" for i in ids]
                else:
                    kpis = [model.kpis[i] for i in ids]
                    lines = [f"{k.label}: {shown(k.value, k.unit, lang)}" for k in kpis]
                return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>"

    def _cells(self, row: Sequence[Any], sheet: Sheet) -> str:
        marks, lang = self.study.model.segment_marks, self.study.lang
        cells = []
        for value, column in zip(row, sheet.columns, strict=True):
            if column.id == "segment" and value in marks:
                text = f"{marks[value]['mark']} {marks[value]['name']}"
            else:
                text = shown(value, column.unit, lang)
            cells.append(f"<td>{html.escape(text)}</td>")
        return "".join(cells)
