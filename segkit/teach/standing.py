"""``progress()``: how far am I? (进度)"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from segkit.locale import say
from segkit.locale.spoken import spoken
from segkit.teach import answers
from segkit.teach.exercise import exercise, known_exercises
from segkit.teach.hinting import RUNGS


@dataclass(frozen=True)
class Standing:
    """One line an exercise: points reached when last checked, hints taken.

    Attributes
    ----------
    rows : id, title, score (0 to 100, None where nothing was checked), hints taken
    """

    rows: tuple[tuple[str, str, int | None, int], ...]

    @property
    def done(self) -> int:
        return sum(score == 100 for _, _, score, _ in self.rows)

    def _table(self) -> list[tuple[str, ...]]:
        lang = spoken()
        head = tuple(say(f"teach.progress.{key}", lang) for key in ("exercise", "title", "score", "hints"))
        blank = say("teach.progress.open", lang)
        return [head] + [
            (id, title, blank if score is None else str(score), f"{hints}/{RUNGS}")
            for id, title, score, hints in self.rows
        ]

    def _head(self) -> str:
        return say("teach.progress.head", spoken(), done=self.done, n=len(self.rows))

    def __repr__(self) -> str:
        return "\n".join([self._head(), *("  ".join(row) for row in self._table()[1:])])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        head, *rows = (
            "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)
            for row, tag in zip(self._table(), ["th", *["td"] * len(self.rows)], strict=True)
        )
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return {"text/plain": repr(self), "text/html": f"<p>{escape(self._head())}</p>{table}"}


def progress() -> Standing:
    """Which exercises have I solved, and with how many hints? From the records in ``answers``."""
    lang = spoken()
    rows = []
    for id in known_exercises():
        record = _record(id)
        checked, hints = record.get("checked"), record.get("hints")
        score = checked.get("score") if isinstance(checked, dict) else None
        rows.append((id, exercise(id).title[lang], score, hints if isinstance(hints, int) else 0))
    return Standing(tuple(rows))


def _record(id: str) -> dict[str, Any]:
    records = (answers.read(id, place) for place in answers.folders())
    return next((record for record in records if record), {})
