"""What a widget shows, as HTML: figures with alt text, tables with headings, sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from segkit.charts.theme import Drawn, pictured
from segkit.locale import Lang, has_message, name_of, say
from segkit.report.model import Unit
from segkit.report.render.values import LEFT, shown


@dataclass(frozen=True)
class Table:
    """A frame to be shown: columns and labels keep their ids, words and forms come when it is shown.

    Attributes
    ----------
    frame : one row per line of the table
    units : column -> unit (``count money share days hours times ratio text date id``); others are text
    title : what the table says, one sentence or none
    heads : headings of columns that have no words of their own: ``{"5": "5 points"}``
    names : groups of `terms.yml` by column, for columns that hold ids: ``{"label": "segment"}``
    """

    frame: pd.DataFrame
    units: Mapping[str, Unit] = field(default_factory=dict)
    title: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    heads: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Folded:
    """Tables and sentences few need at once, behind a line that opens them (展开)."""

    title: str
    parts: Sequence[Table | str | Sequence[str]]


Part = Drawn | Table | Folded | str | Sequence[str]
"""A figure, a table, a sentence, a list of sentences, or some of these folded away."""


def as_html(parts: Sequence[Part], lang: Lang) -> str:
    """The parts one under another."""
    return "".join(_html(part, lang) for part in parts)


def head(column: str, lang: Lang) -> str:
    """The heading of a column: words of the widgets first, then of the report, then the name of the field."""
    for id in (f"widget.head.{column}", f"head.{column}"):
        if has_message(id):
            return say(id, lang)
    return name_of("field", column, lang)


def _html(part: Part, lang: Lang) -> str:
    if isinstance(part, Drawn):
        return pictured(part.png(), part.meta.alt)
    if isinstance(part, Table):
        return _table(part, lang)
    if isinstance(part, Folded):
        return f"<details><summary>{escape(part.title)}</summary>{as_html(part.parts, lang)}</details>"
    if isinstance(part, str):
        return f"<p>{escape(part)}</p>"
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in part) + "</ul>"


def _table(table: Table, lang: Lang) -> str:
    units: dict[str, Unit] = {str(c): table.units.get(str(c), "text") for c in table.frame}
    heads = "".join(
        f'<th scope="col" class="{_side(unit)}">{escape(table.heads.get(column) or head(column, lang))}</th>'
        for column, unit in units.items()
    )
    rows = "".join(
        "<tr>" + "".join(_cell(row[c], c, unit, table, lang) for c, unit in units.items()) + "</tr>"
        for row in table.frame.to_dict("records")
    )
    title = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    return f'<table class="segkit-table">{title}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _cell(value: Any, column: str, unit: Unit, table: Table, lang: Lang) -> str:
    if column in table.names and isinstance(value, str):
        value = name_of(table.names[column], value, lang)
    return f'<td class="{_side(unit)}">{escape(shown(value, unit, lang))}</td>'


def _side(unit: Unit) -> str:
    return "segkit-left" if unit in LEFT else "segkit-right"


STYLE = """<style>
.segkit-explorer {font-size: 14px; line-height: 1.5; max-width: 60em; overflow-x: auto;}
.segkit-explorer p, .segkit-explorer ul {margin: .4em 0;}
.segkit-explorer ul {padding-left: 1.4em;}
.segkit-explorer summary {cursor: pointer; color: #0b5cad; margin: .6em 0;}
.segkit-explorer img {display: block; height: auto; background: #fff;}
.segkit-explorer table.segkit-table {border-collapse: collapse; margin: .6em 0; font-variant-numeric: tabular-nums;}
.segkit-explorer table.segkit-table caption {text-align: left; font-weight: 600; padding: .2em 0;}
.segkit-explorer table.segkit-table th, .segkit-explorer table.segkit-table td {padding: .2em .7em; background: none;}
.segkit-explorer table.segkit-table thead th {border-bottom: 1px solid #667380; font-weight: 600;}
.segkit-explorer table.segkit-table tbody td {border-bottom: 1px solid #c9d1d8;}
.segkit-explorer .segkit-left {text-align: left;}
.segkit-explorer .segkit-right {text-align: right;}
.segkit-explorer .segkit-meaning {font-weight: 600;}
.segkit-explorer .segkit-wrong {border-left: 4px solid #da3c0b; padding-left: .6em;}
</style>"""
