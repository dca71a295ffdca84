"""What an exercise is (练习): its words, its form, its steps and the known mistakes, read from one YAML file.

``exercises/E08.yml`` holds every word in both languages, ``exercises/e08.py`` the tests: ``step_<id>`` and
``mistake_<id>``, whose parameters are the names they judge, and ``guessed``, which reads from right names what was
to be guessed. ``made_of``, where there is one, makes names of what the form holds. Answers to choices stand in neither
file, only seals of them; what can be counted is counted from the data.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module, resources
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from segkit.locale.words import Words
from segkit.problems import InputProblems, Problem

RUNGS = 3  # of a hint ladder: a question, the way, a worked analogue on other data


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Question(_Strict):
    """Something to guess before the data are looked at (先猜)."""

    kind: Literal["percent", "number", "choice"]
    question: Words
    low: float = 0
    high: float = 100
    step: float = 1
    unit: Words | None = None
    options: dict[str, Words] = {}

    @model_validator(mode="after")
    def _has_options(self) -> Self:
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("a choice has options, a number has none")
        return self


class Entry(_Strict):
    """One field of the form; what is entered becomes the variable `name`.

    ``choice`` gives an option's id, ``several`` a list of ids in the order of the options, ``number`` a number,
    ``percent`` a share in 0..1, ``text`` a text. With `rows` the entry is one column of a table, and the
    variable a dict of row id -> value; entries that follow one another with the same rows share a table.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal["choice", "several", "number", "percent", "text"]
    label: Words
    options: dict[str, Words] = {}
    rows: dict[str, Words] = {}

    @model_validator(mode="after")
    def _has_options(self) -> Self:
        if (self.kind in ("choice", "several")) != bool(self.options):
            raise ValueError(f"{self.name}: choice and several have options, the others none")
        return self


class Step(_Strict):
    """One thing that is right or not, with its points and the mistakes that are looked for when it is not."""

    id: str
    says: Words
    points: int = Field(1, ge=1)
    mistakes: tuple[str, ...] = ()


class Exercise(_Strict):
    """An exercise: a person with a decision, 3 to 6 steps, known mistakes, a ladder of three hints.

    Attributes
    ----------
    id, lesson, minutes, level : E08; the lesson it belongs to; minutes it takes; 1 easy to 3 hard
    title, person : what it is called; who has to decide what
    prediction : what is guessed first
    form : entries, each writing one name
    steps, mistakes : what is judged, and the question each known mistake is answered with
    hints : a question, the way, a worked analogue on other data
    next : what changes in the follow-up once it is solved
    """

    id: str = Field(pattern=r"^E\d\d$")
    lesson: str
    minutes: int = Field(ge=3)
    level: Literal[1, 2, 3]
    title: Words
    person: Words
    prediction: Question
    form: tuple[Entry, ...]
    steps: tuple[Step, ...] = Field(min_length=3, max_length=6)
    mistakes: dict[str, Words] = Field(min_length=3)
    hints: tuple[Words, ...] = Field(min_length=RUNGS, max_length=RUNGS)
    next: Words

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        used = {mistake for step in self.steps for mistake in step.mistakes}
        if used != set(self.mistakes):
            raise ValueError(f"mistakes and the steps that look for them differ: {used ^ set(self.mistakes)}")
        if len({step.id for step in self.steps}) != len(self.steps):
            raise ValueError("two steps have one id")
        return self

    @property
    def points(self) -> int:
        return sum(step.points for step in self.steps)

    @property
    def tests(self) -> ModuleType:
        return import_module(f"segkit.teach.exercises.{self.id.lower()}")

    def test_of(self, kind: Literal["step", "mistake"], id: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self.tests, f"{kind}_{id}")
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are judged, in the order the steps ask for them: the contract with the notebook."""
        asked = [inspect.signature(self.test_of("step", step.id)).parameters for step in self.steps]
        return tuple(dict.fromkeys(name for names in asked for name in names))

    def made_of(self, entered: Mapping[str, Any]) -> dict[str, Any]:
        """The names the form writes for what was entered; a module's ``made_of`` may build functions of it."""
        build: Callable[[Mapping[str, Any]], dict[str, Any]] = getattr(self.tests, "made_of", dict)
        return build(entered)


def _folder() -> Traversable:
    return resources.files("segkit.teach")


def known_exercises() -> list[str]:
    """Every exercise there is, in order."""
    files = _folder().joinpath("exercises").iterdir()
    return sorted(file.name[:-4] for file in files if file.name.endswith(".yml"))


@lru_cache(maxsize=64)
def exercise(id: str) -> Exercise:
    """The exercise `id`.

    Raises
    ------
    InputProblems : there is no such exercise, with the nearest one
    """
    wanted = str(id).upper()
    if wanted not in known_exercises():
        raise InputProblems([_unknown("teach.no_exercise", str(id), known_exercises())])
    return Exercise.model_validate(_read("exercises", wanted) | {"id": wanted})


def question(id: str) -> Question:
    """What is guessed under `id`: ``04.top20`` of a lesson, or ``E08`` of an exercise.

    Raises
    ------
    InputProblems : there is no such guess
    """
    lesson, _, name = str(id).partition(".")
    if not name and lesson.upper() in known_exercises():
        return exercise(lesson).prediction
    if lesson in known_lessons() and name in (asked := _questions(lesson)):
        return asked[name]
    known = [f"{one}.{name}" for one in known_lessons() for name in _questions(one)]
    raise InputProblems([_unknown("teach.no_guess", str(id), [*known, *known_exercises()])])


def known_lessons() -> list[str]:
    """Every lesson and case that has something to guess."""
    files = _folder().joinpath("lessons").iterdir()
    return sorted(file.name[:-4] for file in files if file.name.endswith(".yml"))


@lru_cache(maxsize=64)
def _questions(lesson: str) -> dict[str, Question]:
    given = _read("lessons", lesson)["predictions"]
    return {id: Question.model_validate(one) for id, one in given.items()}


def _read(folder: str, name: str) -> dict[str, Any]:
    text = _folder().joinpath(folder, f"{name}.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _unknown(message: str, given: str, known: list[str]) -> Problem:
    near = difflib.get_close_matches(given, known, 3, cutoff=0.3) or known[:3]
    return Problem(message, {"given": given, "near": near})
