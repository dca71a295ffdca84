"""The definition card as a page to print, and as a file that is there again the next morning."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from segkit.locale import Lang, say
from segkit.widgets.definition import CHOICES, TEXTS, Caught, Definition, caught, rule_text

ORDER = ("decision", "counted", "party", "buyer", "user", "payer", "need", "where", "excludes")
DAMAGED = ".damaged"


@dataclass(frozen=True)
class Card:
    """A definition with what it catches, ready to be shown or printed.

    Attributes
    ----------
    lines : question and answer, in the order of the card; "" where nothing is answered
    rule : the rule, a line a condition
    verdict : what the rule catches, or why that cannot be said
    """

    lang: Lang
    lines: tuple[tuple[str, str], ...]
    rule: tuple[str, ...]
    verdict: str

    @property
    def frame(self) -> pd.DataFrame:
        """The card as a table of two columns."""
        rows = [*self.lines, (say("widget.definition_card.rule", self.lang), "\n".join(self.rule))]
        return pd.DataFrame(rows, columns=["card_question", "card_answer"])

    def html(self) -> str:
        """A page of its own, A5 when printed, without anything from elsewhere."""
        title = escape(say("widget.definition_card.title", self.lang))
        lang = "zh-CN" if self.lang == "zh" else "en"
        return (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{_PAGE}</style></head><body>{self._repr_html_()}</body></html>\n"
        )

    def save(self, path: Path) -> Path:
        """Write the page; the folder is made where it is not there."""
        _write(path, self.html())
        return path

    def _repr_html_(self) -> str:
        rows = "".join(_row(question, [answer]) for question, answer in self.lines)
        rows += _row(say("widget.definition_card.rule", self.lang), list(self.rule))
        title = escape(say("widget.definition_card.title", self.lang))
        return (
            f"<style>{_CARD}</style><article class='segkit-card'><h2>{title}</h2><dl>{rows}</dl>"
            f"<p>{escape(self.verdict)}</p></article>"
        )


def _row(question: str, answers: list[str]) -> str:
    """An empty answer leaves a line to write on."""
    given = [escape(one).replace("\n", "<br>") for one in answers if one.strip()]
    return f"<dt>{escape(question)}</dt><dd>{'<br>'.join(given) or '&nbsp;'}</dd>"


def card_of(definition: Definition, frame: pd.DataFrame | None, lang: Lang, verdict: str) -> Card:
    """The card of a definition."""
    lines = []
    for name in ORDER:
        answer = getattr(definition, name)
        shown = say(f"widget.definition_card.{answer}", lang) if name in CHOICES else answer
        lines.append((say(f"widget.definition_card.{name}", lang), shown))
    return Card(lang, tuple(lines), tuple(rule_text(frame, definition, lang)), verdict)


def verdict(definition: Definition, frame: pd.DataFrame | None, lang: Lang) -> str:
    """What the rule catches, in one sentence; without a rule or a frame, how much of the card is filled in.

    Raises
    ------
    InputProblems : see `caught`
    """
    if frame is None or not definition.has_rule:
        which = "no_rule" if frame is not None else "filled"
        facts = {"n": definition.answered, "of": len(TEXTS), "rows": 0 if frame is None else len(frame)}
        return say(f"widget.definition_card.{which}", lang, **facts)
    found: Caught = caught(frame, definition, lang)
    return say(
        "widget.definition_card.caught",
        lang,
        n=found.caught,
        rows=found.rows,
        share=found.share,
        excluded=found.excluded,
        undecided=found.undecided,
    )


# --- the file --------------------------------------------------------------------------------------


def answers_folder() -> Path:
    """``answers`` beside the notebook, or the folder SEGKIT_ANSWERS names."""
    return Path(os.environ.get("SEGKIT_ANSWERS") or "answers")


def load_definition(path: Path) -> tuple[Definition | None, Path | None]:
    """What was saved; None where nothing was. A damaged file is put aside, and where is said."""
    try:
        return Definition.model_validate(json.loads(path.read_text(encoding="utf-8-sig"))), None
    except (ValueError, ValidationError):
        aside = path.with_name(path.stem + DAMAGED + path.suffix)
        path.replace(aside)
        return None, aside
    except OSError:
        return None, None


def save_definition(definition: Definition, path: Path) -> None:
    """Write it whole or not at all."""
    _write(path, json.dumps(definition.model_dump(), ensure_ascii=False, indent=1) + "\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    unfinished.replace(path)


_CARD = """
.segkit-card {max-width: 40em; border-top: 4px solid #0072B2; padding: .4em 0; line-height: 1.5; color: #1F2933;
  background: #fff; font-family: "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif;}
.segkit-card h2 {font-size: 1.3em; margin: .3em 0;}
.segkit-card dl {display: grid; grid-template-columns: minmax(9em, 13em) 1fr; margin: .6em 0;}
.segkit-card dt {color: #667380; padding: .3em 1em .3em 0; border-bottom: 1px solid #C9D1D8;}
.segkit-card dd {margin: 0; padding: .3em 0; border-bottom: 1px solid #C9D1D8; min-height: 1.5em;}
.segkit-card p {font-weight: 600;}
"""
_PAGE = "body {margin: 2em;} @media print {@page {size: A5 landscape; margin: 12mm;} body {margin: 0;}}"
