"""The report as one HTML file that needs nothing else: fonts, figures, style inside; no link, no script."""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from html.parser import HTMLParser
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from segkit.charts.fonts import FAMILY, Weight, cut
from segkit.locale import say
from segkit.report.model import Column, Kpi, Kpis, ReportModel, Section
from segkit.report.render.figures import inline_svg
from segkit.report.render.values import LEFT, headed, is_numbered, shown, unit_word

# filled in after the page is set, when the characters it uses are known
FONTS_HERE = "/*fonts*/"


def render_html(model: ReportModel, folder: Path, out: Path) -> None:
    """Write the report as a self-contained page.

    Parameters
    ----------
    model : the report; its numbers are laid out, none is computed
    folder : where the paths of the model's figures begin
    out : the file to write; the same model gives the same bytes
    """
    page = environment().get_template("report.html.j2").render(**_Page(model, folder).names())
    # newline: the same bytes on Windows
    out.write_text(page.replace(FONTS_HERE, fonts_of(page), 1), encoding="utf-8", newline="\n")


@lru_cache(maxsize=1)
def environment() -> Environment:
    """How the pages of this folder are filled in: escaped, and nothing left open."""
    pages = Environment(
        loader=FunctionLoader(own_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return pages


def own_file(name: str) -> str:
    """A template or style sheet of this folder."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


class _Page:
    """What the template asks for: words, forms, and running numbers of tables and figures."""

    def __init__(self, model: ReportModel, folder: Path) -> None:
        self.model = model
        self.folder = folder
        self.lang = model.meta.lang
        self.currency = model.meta.currency
        self.tables = count(1)
        self.figures = count(1)

    def names(self) -> dict[str, Any]:
        first, others = self._sections()
        return {
            "model": self.model,
            "meta": self.model.meta,
            "first": first,
            "sections": [section for section in others if not section.appendix],
            "appendix": [section for section in others if section.appendix],
            "unplaced": self._unplaced(),
            "css": Markup(own_file("report.css")),
            "say": self.say,
            "shown": lambda value, unit: shown(value, unit, self.lang),
            "unit_word": lambda unit: unit_word(unit, self.lang, self.currency),
            "numbered": is_numbered,
            "head": lambda column: headed(column.head, column.unit, self.lang, self.currency),
            "raw": json.dumps,
            "side": lambda column: "l" if column.unit in LEFT else "r",
            "mark": self.mark,
            "picture": self.picture,
            "next_table": lambda: next(self.tables),
            "next_figure": lambda: next(self.figures),
        }

    def say(self, id: str, **facts: Any) -> str:
        return say(id, self.lang, **facts)

    def mark(self, value: Any, column: Column) -> dict[str, str] | None:
        """Name, colour and mark of a segment; None where the cell holds none."""
        return self.model.segment_marks.get(value) if column.id == "segment" and value else None

    def picture(self, id: str) -> Markup:
        figure = self.model.figures[id]
        svg = (self.folder / figure.svg).read_text(encoding="utf-8")
        # every part of it was escaped by the XML writer
        return Markup(inline_svg(svg, f"f-{id}", figure.alt))

    def _sections(self) -> tuple[Section | None, list[Section]]:
        """The summary stands on the first page, above the others."""
        sections = self.model.sections
        if sections and sections[0].id == "summary":
            return sections[0], sections[1:]
        return None, list(sections)

    def _unplaced(self) -> list[Kpi]:
        """Numbers no section shows: none may be missing from the page."""
        placed = {
            id
            for section in self.model.sections
            for block in section.blocks
            if isinstance(block, Kpis)
            for id in block.ids
        }
        return [kpi for id, kpi in self.model.kpis.items() if id not in placed]


def fonts_of(page: str) -> str:
    """The @font-face rules with the glyphs `page` shows, bold ones apart."""
    used = _Characters()
    used.feed(page)
    numbers = set("0123456789./•")  # of lists and pages, set by the style sheet
    texts: dict[Weight, set[str]] = {"Regular": used.regular | numbers, "Bold": used.bold}
    rules = []
    for (name, text), weight in zip(texts.items(), (400, 700), strict=True):
        data = base64.b64encode(cut("".join(text), name)).decode("ascii")
        source = f'url(data:font/woff;base64,{data}) format("woff")'
        rules.append(f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weight}; src: {source}; }}')
    return "\n".join(rules)


class _Characters(HTMLParser):
    """Which characters a page shows in regular and in bold type; the style sheet sets only `BOLD` bold."""

    BOLD = frozenset({"h1", "h2", "h3", "th", "b"})
    HIDDEN = frozenset({"style", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, bool]] = []
        self.regular: set[str] = set()
        self.bold: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        style = dict(attrs).get("style") or ""
        heavy = tag in self.BOLD or (tag == "text" and ("bold" in style or "700" in style))
        self.open.append((tag, heavy))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self.open}
        if tags & self.HIDDEN:
            return
        (self.bold if any(heavy for _, heavy in self.open) else self.regular).update(data)
