"""cards.html: a page A4 for every key account, to print and take along; one file, offline, no link, no script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from segkit.locale import say
from segkit.report.model import ReportModel
from segkit.report.record_fields import PARTS
from segkit.report.render.html import FONTS_HERE, environment, fonts_of, own_file
from segkit.report.render.plan_rows import stored_table
from segkit.report.render.values import is_missing, shown, unit_word

LINES = 16  # to write on, as many as can fit; those that do not are cut off


def render_cards(model: ReportModel, folder: Path, out: Path) -> bool:
    """Write the cards of a report; False, and no file, where it has no key account.

    Parameters
    ----------
    model : the report; its `tables` may name the Parquet file of the cards
    folder : where that path begins
    out : the file to write; the same cards give the same bytes
    """
    lines = stored_table(model, folder, "cards")
    if lines is None:
        return False
    page = environment().get_template("cards.html.j2").render(**_names(model, lines))
    # newline: the same bytes on Windows
    out.write_text(page.replace(FONTS_HERE, fonts_of(page), 1), encoding="utf-8", newline="\n")
    return True


def _names(model: ReportModel, lines: pd.DataFrame) -> dict[str, Any]:
    """What the template asks for: the cards part by part, words and forms."""
    lang, currency = model.meta.lang, model.meta.currency

    def with_unit(value: Any, unit: Any) -> str:
        word = unit_word(unit, lang, currency)
        text = shown(value, unit, lang)
        return text if is_missing(value) or not word else say("value.with_unit", lang, value=text, unit=word)

    return {
        "model": model,
        "meta": model.meta,
        "cards": [_card(number, card) for number, card in lines.groupby("card", sort=True)],
        "css": Markup(own_file("cards.css")),
        "say": lambda id, **facts: say(id, lang, **facts),
        "day": lambda value: "" if is_missing(value) else value.date().isoformat(),
        "with_unit": with_unit,
        "mark": model.segment_marks.get,
        "lines": LINES,
    }


def _card(number: Any, lines: pd.DataFrame) -> dict[str, Any]:
    parts: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    for line in lines.sort_values("line", kind="stable").to_dict("records"):
        parts[str(line["part"])].append({str(key): value for key, value in line.items()})
    return {"number": number, "id": str(lines["customer_id"].iloc[0]), "parts": parts}
