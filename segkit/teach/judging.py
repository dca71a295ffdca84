"""Judging what a notebook's names hold: steps passed, and for a known mistake its question (判分).

Names are the contract, not cells: a notebook with lost metadata, moved or renamed cells is judged all the same.
"""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from segkit.locale import Lang, say
from segkit.locale.spoken import spoken
from segkit.teach.exercise import Exercise, Step, exercise
from segkit.teach.guessing import Compared

MIME = "application/vnd.segkit.check+json"
Status = Literal["passed", "failed", "unattempted"]
MARKS: dict[Status, str] = {"passed": "√", "failed": "×", "unattempted": "·"}
INTERRUPTED = "KeyboardInterrupt"
_ENDS = (Exception, KeyboardInterrupt, SystemExit)  # of a trainee's function, which end no judging
ASKS = "→"  # before the question a failed step is answered with


class Unanswered(Exception):
    """Raised by a step: what it judges is not filled in yet, which is no mistake."""


@dataclass(frozen=True)
class StepResult:
    """How one step stands.

    Attributes
    ----------
    step, status : which, and passed, failed or unattempted
    mistake : id of the known mistake found, if any
    error : what Python said, where the trainee's own function raised
    """

    step: Step
    status: Status
    mistake: str = ""
    error: str = ""


@dataclass(frozen=True)
class Checked:
    """What ``check`` found; shown in a notebook as a list of steps, each failed one with its question.

    Attributes
    ----------
    exercise : the exercise
    steps : one result a step, in order
    actual : what was to be guessed first, once every step is right; else None
    """

    exercise: Exercise
    steps: tuple[StepResult, ...]
    actual: Any = None

    @property
    def score(self) -> int:
        """0 to 100, by the points of the steps passed."""
        won = sum(one.step.points for one in self.steps if one.status == "passed")
        return round(100 * won / self.exercise.points)

    @property
    def attempted(self) -> bool:
        return any(one.status != "unattempted" for one in self.steps)

    @property
    def mistakes(self) -> list[str]:
        """The known mistakes found, each once."""
        return list(dict.fromkeys(one.mistake for one in self.steps if one.mistake))

    def text(self, lang: Lang) -> str:
        return "\n".join(f"{mark} {said}" if mark else said for mark, said in self._lines(lang))

    def html(self, lang: Lang) -> str:
        """The same as a list; a failed step's question stands out by its mark and its bar, not by colour alone."""
        rows = []
        for mark, said in self._lines(lang):
            look = (
                "" if mark != ASKS else "border-left:3px solid #b4532a;padding-left:.6em;margin-left:1.2em;"
            )
            rows.append(f'<div style="{look}margin-block:.25em">{escape(mark)} {escape(said)}</div>')
        return f'<div class="segkit-check" lang="{lang}">{"".join(rows)}</div>'

    def record(self) -> dict[str, Any]:
        """Step id -> status, score and mistakes: what a file or a score sheet keeps."""
        return {
            "score": self.score,
            "steps": {one.step.id: one.status for one in self.steps},
            "mistakes": self.mistakes,
        }

    def _lines(self, lang: Lang) -> list[tuple[str, str]]:
        done = sum(one.status == "passed" for one in self.steps)
        if not self.attempted:
            return [("", say("teach.check.empty", lang, id=self.exercise.id, n=len(self.steps)))]
        lines = [("", say("teach.check.head", lang, id=self.exercise.id, done=done, n=len(self.steps)))]
        asked: set[str] = set()
        for one in self.steps:
            lines.append((MARKS[one.status], one.step.says[lang]))
            if one.status != "failed":
                continue
            question = self._question(one, lang)
            if question not in asked:
                lines.append((ASKS, question))
                asked.add(question)
        if done == len(self.steps):
            lines.append(("", Compared(self.exercise.id, self.exercise.prediction, self.actual).text(lang)))
            lines.append(("", say("teach.check.next", lang, next=self.exercise.next[lang])))
        return lines

    def _question(self, one: StepResult, lang: Lang) -> str:
        if one.mistake:
            return self.exercise.mistakes[one.mistake][lang]
        if one.error:
            names = _asks(self.exercise.test_of("step", one.step.id))
            return say("teach.check.raised", lang, names=names, error=one.error)
        return say("teach.check.look", lang, id=self.exercise.id)

    def __repr__(self) -> str:
        return self.text(spoken())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        lang = spoken()
        return {
            "text/plain": self.text(lang),
            "text/html": self.html(lang),
            MIME: {"exercise": self.exercise.id, **self.record()},
        }


Guard = Callable[
    [], contextlib.AbstractContextManager[Any]
]  # made anew round each call of the trainee's functions


def judge(id: str, names: Mapping[str, Any], guard: Guard = contextlib.nullcontext) -> Checked:
    """How far is exercise `id` solved by what `names` holds?

    A name that is missing, ``None`` or ``...`` is unattempted, never wrong. What the trainee's functions print is
    not shown; what they raise, SystemExit too, fails the step and is told in one line. A function that had to be
    interrupted is not called again, and the steps that do without it are judged all the same. Each call is made
    within a `guard` of its own, which may interrupt it.

    Raises
    ------
    InputProblems : there is no such exercise
    """
    asked = exercise(id)
    with contextlib.redirect_stdout(io.StringIO()):
        stuck: set[str] = set()
        steps = tuple(_judged(asked, step, names, stuck, guard) for step in asked.steps)
        actual = None
        if all(one.status == "passed" for one in steps):
            with contextlib.suppress(*_ENDS):
                actual = _call(asked.tests.guessed, names, guard)
        return Checked(asked, steps, actual)


def _judged(
    asked: Exercise, step: Step, names: Mapping[str, Any], stuck: set[str], guard: Guard
) -> StepResult:
    test = asked.test_of("step", step.id)
    if any(_is_blank(names.get(name, ...)) for name in _asks(test)):
        return StepResult(step, "unattempted")
    if stuck & set(_asks(test)):
        return StepResult(step, "failed", error=INTERRUPTED)
    error = ""
    try:
        if _call(test, names, guard, bool):
            return StepResult(step, "passed")
    except KeyboardInterrupt:
        stuck.update(_asks(test))
        return StepResult(step, "failed", error=INTERRUPTED)
    except (Unanswered, NotImplementedError):
        return StepResult(step, "unattempted")
    except (Exception, SystemExit) as fault:
        error = f"{type(fault).__name__}: {str(fault)[:120]}"
    return StepResult(step, "failed", _mistake(asked, step, names, stuck, guard), error)


def _mistake(asked: Exercise, step: Step, names: Mapping[str, Any], stuck: set[str], guard: Guard) -> str:
    """The first known mistake that shows itself; a test that itself fails has found nothing.

    A mistake that several steps share takes `given`: what the step's first name holds.
    """
    first = _asks(asked.test_of("step", step.id))[0]
    names = {**names, "given": names[first]}
    for id in step.mistakes:
        test = asked.test_of("mistake", id)
        if stuck & (wanted := {first if name == "given" else name for name in _asks(test)}):
            continue
        try:
            if _call(test, names, guard, bool):
                return id
        except KeyboardInterrupt:
            stuck |= wanted
        except (Exception, SystemExit):
            continue
    return ""


def _is_blank(value: Any) -> bool:
    return value is None or value is ...


def _asks(test: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(test).parameters)


def _as_it_is(found: Any) -> Any:
    return found


def _call(
    test: Callable[..., Any], names: Mapping[str, Any], guard: Guard, made: Callable[[Any], Any] = _as_it_is
) -> Any:
    with guard():
        return made(test(*(names[name] for name in _asks(test))))
