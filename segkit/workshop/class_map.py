"""The class map (全班错误地图): which misconceptions are shared, what to talk about tomorrow, and a page to project.

The page to project is made of what has no names in it, and says nothing that so few did that the room could tell who.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from segkit.locale import Lang, say
from segkit.teach.exercise import Words, exercise
from segkit.workshop.class_work import ClassWork, Misconception, Trainee
from segkit.workshop.pages import page_of

MOST_COMMON = 3  # misconceptions to talk about
SHARED = 2  # people from which a mistake is a matter for the class and not for a break
# share of those who began the exercise, from which so many minutes are worth it; 示例参数
MINUTES = ((0.5, 8), (0.25, 5), (0.0, 3))
# the page without names: at least so many began the exercise, and at least so many made the mistake; 示例参数
LEAST_CLASS, LEAST_MADE = 5, 3
BANDS = ((2 / 3, "most"), (1 / 3, "half"), (0.0, "few"))  # share of a class -> how it is said
Said = TypeVar("Said")
_STYLES = ["agenda.css", "class_pages.css"]


@dataclass(frozen=True)
class Topic:
    """One thing to talk about tomorrow, and for how many minutes."""

    mistake: Misconception
    of: int
    minutes: int


@dataclass(frozen=True)
class Unnamed:
    """An exercise as the class may see it: its title, steps with how many solved them in words, shared questions."""

    title: Words
    steps: tuple[tuple[Words, str], ...]
    questions: tuple[tuple[Words, str], ...]


def topics(work: ClassWork) -> list[Topic]:
    """The three most common known mistakes that more than one person made, the most common first."""
    made = [one for id in work.exercises for one in work.misconceptions(id) if len(one.who) >= SHARED]
    common = sorted(made, key=lambda one: (-len(one.who), -_share(work, one)))[:MOST_COMMON]
    return [
        Topic(one, len(work.who_began(one.exercise)), _banded(_share(work, one), MINUTES)) for one in common
    ]


def _share(work: ClassWork, one: Misconception) -> float:
    return len(one.who) / len(work.who_began(one.exercise))


def _banded(share: float, bands: Sequence[tuple[float, Said]]) -> Said:
    return next(value for least, value in bands if share >= least)


def unnamed(work: ClassWork) -> list[Unnamed]:
    """The exercises that enough people began, without names and without small numbers."""
    found = []
    for id in work.exercises:
        of = len(work.who_began(id))
        if of < LEAST_CLASS:
            continue
        steps = [(one.step.says, _banded(len(one.passed) / of, BANDS)) for one in work.steps(id)]
        shared = [one for one in work.misconceptions(id) if len(one.who) >= LEAST_MADE]
        questions = [(one.question, _banded(len(one.who) / of, BANDS)) for one in shared]
        found.append(Unnamed(exercise(id).title, tuple(steps), tuple(questions)))
    return found


def map_page(work: ClassWork, lang: Lang) -> str:
    """The map for the trainer: every known mistake with its question, how many and who; steps; tomorrow's topics."""
    return page_of(
        "class_map.html.j2",
        lang,
        _STYLES,
        topics=topics(work),
        exercises=[
            (exercise(id), len(work.who_began(id)), _mean(work, id), work.steps(id), work.misconceptions(id))
            for id in work.exercises
            if work.who_began(id)
        ],
        people=len(work.trainees),
        shared=SHARED,
        names=lambda who: _names(who, lang),
    )


def unnamed_page(work: ClassWork, lang: Lang) -> str:
    """The map to project: what the class solved, in words, and the questions several people met."""
    shown = unnamed(work)
    top = [
        (exercise(one.mistake.exercise).title, one.mistake.question)
        for one in topics(work)
        if len(one.mistake.who) >= LEAST_MADE and one.of >= LEAST_CLASS
    ]
    return page_of(
        "class_map.no_names.html.j2",
        lang,
        _STYLES,
        exercises=shown,
        top=top,
        made=LEAST_MADE,
        least=LEAST_CLASS,
    )


def _mean(work: ClassWork, id: str) -> int:
    scores = [graded.score for one in work.who_began(id) if (graded := work.of(one, id))]
    return round(sum(scores) / len(scores))


def _names(who: Sequence[Trainee], lang: Lang) -> str:
    return say("grade.ids", lang, ids=[one.name for one in who])
