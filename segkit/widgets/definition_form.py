"""The form of the definition card (客户界定卡)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from ipywidgets import HTML, Box, Button, Dropdown, Layout, Text, Textarea, VBox, Widget

from segkit.charts.table_words import heading
from segkit.locale import Lang, say
from segkit.problems import InputProblems
from segkit.widgets.definition import CHOICES, TEXTS, WAYS, Asked, Definition
from segkit.widgets.definition_page import (
    Card,
    answers_folder,
    card_of,
    load_definition,
    save_definition,
    verdict,
)
from segkit.widgets.explorer import Explorer, said
from segkit.widgets.parts import Part, Table

LINES = {"wanted": 3, "unwanted": 2}  # conditions the form has room for
LONG = ("need", "where", "excludes")
PARTS = ("column", "way", "value")


def definition_card(
    frame: pd.DataFrame | None = None, *, name: str = "definition_card", **defaults: Any
) -> DefinitionCard:
    """Who is the customer, and how many rows does the definition catch? (客户界定卡)

    A form: the decision it serves, who buys, uses and pays and which of them counts, person or organisation, need,
    where to be found, what excludes; and a rule of up to three conditions that must hold and two that exclude. Every
    change is saved as ``<name>.json`` in the answers folder and is there again the next time.

    Parameters
    ----------
    frame : rows the rule is counted on, one per customer; without it the rule is left out
    name : of the file; several definitions need several names
    defaults : first values of the fields, where nothing was saved: `need="..."`, `wanted_1_column="monetary"`,
        `wanted_1_way="at_least"`, `wanted_1_value="10000"`

    Raises
    ------
    InputProblems : a default no field can take
    """
    return DefinitionCard(frame, name=name, **defaults)


class DefinitionCard(Explorer):
    """See `definition_card`."""

    topic = "definition_card"

    def __init__(
        self, frame: pd.DataFrame | None = None, *, name: str = "definition_card", **defaults: Any
    ) -> None:
        self.frame = frame
        self.file = answers_folder() / f"{name}.json"
        self._restoring = True
        # saved conditions on columns this frame has not: not shown, and not lost
        self._kept: dict[str, list[Asked]] = {kind: [] for kind in LINES}
        super().__init__(**defaults)
        saved, aside = load_definition(self.file)
        lost = self._restore(saved) if saved is not None else []
        self.defaults = self.values
        self._restoring = False
        if aside is not None:
            self.tell(say("widget.definition_card.damaged", self.lang, file=aside.name), wrong=True)
        elif lost and self.frame is not None:
            self.tell(say("widget.definition_card.lost", self.lang, columns=lost), wrong=True)
        elif saved is not None:
            self.tell(say("widget.definition_card.back", self.lang, file=self.file.name))

    # --- the form -------------------------------------------------------------------------------

    def make_controls(self, lang: Lang) -> dict[str, Any]:
        controls: dict[str, Any] = {"decision": Text(layout=_LINE)}
        for name in ("buyer", "user", "payer"):
            controls[name] = Text(placeholder=self.label(f"{name}_such"))
        for name, options in CHOICES.items():
            controls[name] = Dropdown(options=[(self.label(one), one) for one in options])
        for name in LONG:
            controls[name] = Textarea(rows=2, layout=_LINE, placeholder=self.label(f"{name}_such"))
        if self.frame is None:
            return controls
        columns = [("—", ""), *((heading(c, lang), str(c)) for c in self.frame.columns)]
        ways = [(self.label(f"ways.{way}"), way) for way in WAYS]
        for kind, count in LINES.items():
            for i in range(1, count + 1):
                which = say(f"widget.definition_card.{kind}", lang, i=i)
                made = (Dropdown(options=columns), Dropdown(options=ways), Text())
                for part, control in zip(PARTS, made, strict=True):
                    control.description = which if part == "column" else self.label(part)
                    control.layout = Layout(width="24em" if part == "column" else "13em")
                    controls[f"{kind}_{i}_{part}"] = control
        return controls

    def arrange(self, controls: Mapping[str, Any]) -> Widget:
        named = [*TEXTS, *CHOICES]
        people = Box([controls[n] for n in ("counted", "party", "buyer", "user", "payer")], layout=_WRAPPING)
        rows: list[Widget] = [controls["decision"], people, *(controls[name] for name in LONG)]
        if len(controls) > len(named):
            rows.append(HTML(f"<b>{self.label('rule')}</b>"))
            for kind, count in LINES.items():
                for i in range(1, count + 1):
                    parts = [controls[f"{kind}_{i}_{part}"] for part in PARTS]
                    rows.append(Box(parts, layout=_WRAPPING))
        return VBox(rows)

    def actions(self, lang: Lang) -> list[Button]:
        return [
            self.button("widget.definition_card.print", self.print_page),
            self.button("widget.definition_card.clear", self.clear),
        ]

    # --- what it holds --------------------------------------------------------------------------

    def definition(self, values: Mapping[str, Any] | None = None) -> Definition:
        """The answers as they stand."""
        now = dict(self.values if values is None else values)
        rule = {
            kind: [
                {part: now.get(f"{kind}_{i}_{part}", "") for part in PARTS}
                for i in range(1, count + 1)
                if now.get(f"{kind}_{i}_column")
            ]
            for kind, count in LINES.items()
        }
        return Definition.model_validate({**{n: now[n] for n in (*TEXTS, *CHOICES)}, **rule})

    def twin(self, **values: Any) -> Card:
        """The card as it was first shown, with `values` put over it: a page to print."""
        self._require(values)
        return self.card(self.definition({**self.defaults, **values}))

    def card(self, definition: Definition | None = None) -> Card:
        """The card as it stands."""
        written = definition or self.definition()
        return card_of(written, self.frame, self.lang, self._verdict(written, self.lang))

    def print_page(self) -> None:
        """Write the card as a page beside the answers."""
        path = self.file.with_suffix(f".{self.lang}.html")
        try:
            self.card().save(path)
        except OSError as fault:
            self._not_saved(fault)
        else:
            self.tell(say("widget.definition_card.printed", self.lang, file=path.as_posix()))

    def clear(self) -> None:
        """An empty card; the saved one is emptied too."""
        blank = Definition()
        self._kept = {kind: [] for kind in LINES}
        emptied: dict[str, Any] = {name: getattr(blank, name) for name in (*TEXTS, *CHOICES)}
        emptied |= {name: "" for name in self.controls if name.endswith(("_column", "_value"))}
        self.set(**emptied)

    # --- what is shown --------------------------------------------------------------------------

    def meaning(self, values: Mapping[str, Any], lang: Lang) -> str:
        return self._verdict(self.definition(values), lang)

    def render(self, values: Mapping[str, Any], lang: Lang) -> Sequence[Part]:
        written = self.definition(values)
        card = card_of(written, self.frame, lang, self._verdict(written, lang))
        return [Table(card.frame, title=say("widget.definition_card.title", lang))]

    def _verdict(self, written: Definition, lang: Lang) -> str:
        try:
            return verdict(written, self.frame, lang)
        except InputProblems as wrong:  # the rest of the card is shown all the same
            return said(wrong, lang)

    # --- the file -------------------------------------------------------------------------------

    def _restore(self, saved: Definition) -> list[str]:
        """Put back what was saved; the columns of conditions this form has no room or no column for."""
        values: dict[str, Any] = {name: getattr(saved, name) for name in (*TEXTS, *CHOICES)}
        lost: list[str] = []
        for kind, count in LINES.items():
            for i, asked in enumerate(getattr(saved, kind), 1):
                known = self.frame is not None and asked.column in {str(c) for c in self.frame.columns}
                if i > count or not known:
                    lost.append(heading(asked.column, self.lang))
                    self._kept[kind].append(asked)
                else:
                    values |= {f"{kind}_{i}_{part}": getattr(asked, part) for part in PARTS}
        self.set(**values)
        return lost

    def _refresh(self) -> None:
        super()._refresh()
        if not self._restoring:
            try:
                save_definition(self._with_kept(self.definition()), self.file)
            except OSError as fault:
                self._not_saved(fault)

    def _with_kept(self, written: Definition) -> Definition:
        more = {kind: (*getattr(written, kind), *kept) for kind, kept in self._kept.items() if kept}
        return written.model_copy(update=more)

    def _not_saved(self, fault: OSError) -> None:
        facts = {"folder": str(Path(self.file).parent), "why": fault.strerror or str(fault)}
        self.tell(say("widget.definition_card.not_saved", self.lang, **facts), wrong=True)


_LINE = Layout(width="98%", max_width="60em")
_WRAPPING = Layout(display="flex", flex_flow="row wrap", align_items="center", grid_gap="4px 16px")
