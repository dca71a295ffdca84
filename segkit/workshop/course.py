"""The course file: which parts belong to a course of one or two days, for whom, how badly, in which order.

It is data (``course.yml`` beside this module, or a trainer's own file); what is wrong with it is said all at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cached_property
from importlib import resources
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from segkit.locale import LANGS, Lang
from segkit.locale.spelling import plain_word
from segkit.problems import InputProblems, Problem
from segkit.yaml_files import Tree, read_mapping

Need = Literal["must", "core", "optional"]
Role = Literal["sales", "lead", "consultant"]
Kind = Literal["lesson", "case", "exercise", "activity"]
NEEDS: tuple[Need, ...] = ("must", "core", "optional")
_CLOCK = r"^([01]?\d|2[0-3])[:：][0-5]\d$"


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Row):
    """One text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def say(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en


class Times(_Row):
    """How a day is cut: minutes, a clock time, and per cent; sample parameters (示例参数) of the course file."""

    setup: int = Field(30, ge=0)
    again: int = Field(10, ge=0)
    lunch: int = Field(90, ge=0)
    lunch_at: str = Field("12:00", pattern=_CLOCK)
    break_minutes: int = Field(15, alias="break", ge=0)
    stretch: int = Field(105, ge=30)
    slack: int = Field(10, ge=0, le=100)
    behind: int = Field(15, ge=1)

    @property
    def lunch_minute(self) -> int:
        hours, minutes = re.split("[:：]", self.lunch_at)
        return int(hours) * 60 + int(minutes)


class RoleWords(_Row):
    """A role: its name, other words for it, and one line about it for the page."""

    name: Words
    also: tuple[str, ...] = ()
    about: Words


class Part(_Row):
    """What a course is made of: a lesson, a case study, an exercise or an activity (course.yml says each field)."""

    kind: Kind
    title: Words
    minutes: int = Field(ge=1)
    outcome: Words | None = None
    after: tuple[str, ...] = ()
    of: str | None = None
    behind: str | None = None


class Place(_Row):
    """A part in a course: how badly it is needed, by role where that differs, and not before which day.

    Without a `day` the one of the part before it holds on.
    """

    id: str
    need: Need | dict[Role, Need] = "core"
    rank: int = 5
    day: int | None = Field(None, ge=1)
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def need_of(self, role: Role | None) -> Need | None:
        """How badly `role` needs it, None where it is not for them; a mixed class (None) as who needs it most."""
        if isinstance(self.need, str):
            return self.need
        if role is not None:
            return self.need.get(role)
        return min(self.need.values(), key=NEEDS.index)


class Course(_Row):
    """The parts of a course of so many days, in teaching order."""

    days: int = Field(ge=1, le=5)
    title: Words
    parts: tuple[Place, ...] = Field(min_length=1)

    def earliest(self) -> list[int]:
        """The first day each part may stand on."""
        return list(accumulate((place.day or 1 for place in self.parts), max))


class Page(_Row):
    """What the page for the client says besides the timetable."""

    bring: tuple[Words, ...] = ()
    data: tuple[Words, ...] = ()


class CourseFile(_Row):
    """The whole file."""

    times: Times = Field(default_factory=lambda: Times.model_validate({}))
    setup: str | None = None
    roles: dict[Role, RoleWords]
    parts: dict[str, Part] = Field(min_length=1)
    courses: tuple[Course, ...] = Field(min_length=1)
    page: Page = Page()

    def course(self, days: int) -> Course | None:
        return next((course for course in self.courses if course.days == days), None)

    @cached_property
    def role_words(self) -> dict[str, Role]:
        """Every word for a role, plain: its id, its names and the other words."""
        words: dict[str, Role] = {}
        for role, said in self.roles.items():
            for word in (role, *(said.name.say(lang) for lang in LANGS), *said.also):
                words[plain_word(word)] = role
        return words


_BLOCKS: tuple[type[BaseModel], ...] = (
    *(CourseFile, Times, RoleWords, Part, Place, Course, Page),
    Words,
)


def load_course(path: str | Path | None = None) -> CourseFile:
    """The course file of the package, or a trainer's own.

    Raises
    ------
    InputProblems : no such file, not YAML, misspelt keys, parts that do not exist or stand twice, an order
        that goes against what must follow what; every problem at once, with its line
    """
    raw, name = _bytes(path)
    tree = read_mapping(raw, name, keys=frozenset(_keys()))
    try:
        course = CourseFile.model_validate(tree.value)
    except ValidationError as fault:
        problems = [_problem(dict(error), tree) for error in fault.errors(include_url=False)]
    else:
        problems = [*_of_names(course, tree), *_of_order(course, tree)]
    if problems:
        ordered = sorted(problems, key=lambda p: (p.row is None, p.row or 0))
        raise InputProblems([replace(problem, file=name) for problem in ordered])
    return course


def _bytes(path: str | Path | None) -> tuple[bytes, str]:
    if path is None:
        return resources.files(__package__).joinpath("course.yml").read_bytes(), "course.yml"
    path = Path(path)
    try:
        return path.read_bytes(), path.name
    except OSError:
        there = path.parent.iterdir() if path.parent.is_dir() else ()
        files = sorted(p.name for p in there if p.suffix.lower() in (".yml", ".yaml"))
        id = "course.no_file_near" if files else "course.no_file"
        facts = {"path": str(path), "files": get_close_matches(path.name, files, 1) or files[:10]}
        raise InputProblems([Problem(id, facts)]) from None


def _keys() -> Iterator[str]:
    for block in _BLOCKS:
        yield from (field.alias or name for name, field in block.model_fields.items())


# --- what is wrong with it -------------------------------------------------------------------------


def _problem(error: Mapping[str, Any], tree: Tree) -> Problem:
    """One mistake pydantic found, in our words."""
    loc = tuple(step for step in error["loc"] if step != "[key]")
    row = tree.line(loc)
    facts: dict[str, Any] = {"key": ".".join(str(s + 1) if isinstance(s, int) else s for s in loc)}
    if error["type"] == "missing":
        return Problem("config.missing_key", facts, row=row)
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(loc[-1]), [*_keys()], 1)
        if near:
            return Problem("config.unknown_key_near", facts | {"near": near}, row=row)
        return Problem("course.unknown_key", facts, row=row)
    if error["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        shown = str(error.get("input"))[:60]
        return Problem("config.not_one_of", facts | {"value": shown, "known": known}, row=row)
    return Problem("config.invalid", facts | {"value": str(error.get("input"))[:60]}, row=row)


def _of_names(file: CourseFile, tree: Tree) -> Iterator[Problem]:
    """Parts that are named but not there; a course of the same number of days given twice."""
    for id, part in file.parts.items():
        for key, named in (("after", part.after), ("of", (part.of,) if part.of else ())):
            for other in named:
                if other not in file.parts:
                    yield _no_part(other, file.parts, tree.line(("parts", id, key)))
    if file.setup is not None and file.setup not in file.parts:
        yield _no_part(file.setup, file.parts, tree.line(("setup",)))
    seen: set[int] = set()
    for number, course in enumerate(file.courses):
        if course.days in seen:
            row = tree.line(("courses", number, "days"))
            yield Problem("course.days_twice", {"days": course.days}, row=row)
        seen.add(course.days)
        taken: set[str] = set()
        for at, place in enumerate(course.parts):
            row = tree.line(("courses", number, "parts", at, "id"))
            if place.id not in file.parts:
                yield _no_part(place.id, file.parts, row)
            if place.id in taken:
                yield Problem("course.part_twice", {"id": place.id, "days": course.days}, row=row)
            if (place.day or 1) > course.days:
                facts = {"id": place.id, "day": place.day, "days": course.days}
                yield Problem("course.day_beyond", facts, row=row)
            taken.add(place.id)


def _no_part(id: str, known: Iterable[str], row: int | None) -> Problem:
    near = get_close_matches(id, [*known], 1)
    if near:
        return Problem("course.no_part_near", {"id": id, "near": near[0]}, row=row)
    return Problem("course.no_part", {"id": id, "known": [*known]}, row=row)


def _of_order(file: CourseFile, tree: Tree) -> Iterator[Problem]:
    """What must follow another part stands after it, and so do the days."""
    for number, course in enumerate(file.courses):
        at = {place.id: position for position, place in enumerate(course.parts)}
        day = 1
        for position, place in enumerate(course.parts):
            row = tree.line(("courses", number, "parts", position, "id"))
            if place.day is not None and place.day < day:
                yield Problem("course.day_order", {"id": place.id, "day": place.day, "before": day}, row=row)
            day = max(day, place.day or day)
            part = file.parts.get(place.id)
            for other in (*part.after, *filter(None, [part.of])) if part else ():
                if at.get(other, -1) > position:
                    yield Problem("course.order", {"id": place.id, "other": other}, row=row)
