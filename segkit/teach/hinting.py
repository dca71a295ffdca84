"""``hint("E08")``: the next rung of the ladder (提示)."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from segkit.locale import Lang, say
from segkit.locale.spoken import spoken
from segkit.teach import answers
from segkit.teach.exercise import RUNGS, Exercise, exercise


@dataclass(frozen=True)
class Hint:
    """The rungs taken so far; the last one is a worked analogue on other data."""

    exercise: Exercise
    rungs: int
    again: bool = False  # asked for more than there are

    def lines(self, lang: Lang) -> list[str]:
        return [
            say("teach.hint", lang, k=k, n=RUNGS, hint=self.exercise.hints[k - 1][lang].strip())
            for k in range(1, self.rungs + 1)
        ] + ([say("teach.hint.no_more", lang, n=RUNGS)] if self.again else [])

    def html(self, lang: Lang) -> str:
        # an analogue may hold a table of its own, kept in step by a fixed-width face
        rows = "".join(
            f'<div style="white-space:pre-wrap;margin-block:.4em">{escape(one)}</div>'
            for one in self.lines(lang)
        )
        return f'<div class="segkit-hint" lang="{lang}">{rows}</div>'

    def __repr__(self) -> str:
        return "\n".join(self.lines(spoken()))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html(spoken())}


def hint(id: str, rung: int | None = None) -> Hint:
    """What should I look at next? Each call goes one rung further: a question, the way, a worked analogue.

    Parameters
    ----------
    id : the exercise, ``"E08"``
    rung : 1 to 3, to see the ladder up to there without counting it as taken

    Raises
    ------
    InputProblems : there is no such exercise
    """
    asked = exercise(id)
    if rung is not None:
        return Hint(asked, min(max(int(rung), 1), RUNGS))
    before = _taken(asked.id)
    taken = min(before + 1, RUNGS)
    answers.write(asked.id, hints=taken)
    return Hint(asked, taken, again=before == RUNGS)


def _taken(id: str) -> int:
    count = answers.read(id).get("hints", 0)
    return count if isinstance(count, int) and 0 <= count <= RUNGS else 0
