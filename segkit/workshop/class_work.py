"""The work of a class as one (全班作业): who solved what, who is missing what, which mistakes are shared."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from segkit.locale import Lang
from segkit.problems import InputProblems, Problem
from segkit.teach.exercise import Step, Words, exercise
from segkit.workshop.submissions import Collected, Submission, person_key
from segkit.workshop.supervising import Graded

# how the columns of a class list are headed
HEADINGS = {
    "name": ("姓名", "学员", "学员姓名", "名字", "name", "full name", "participant"),
    "group": ("小组", "组", "组别", "分组", "group", "team"),
}


@dataclass(frozen=True)
class Trainee:
    """One of the class; `listed` is False for who handed in and stands on no class list that was given."""

    name: str
    group: str
    listed: bool = True

    @property
    def key(self) -> str:
        return person_key(self.name)


@dataclass(frozen=True)
class Misconception:
    """One known mistake of an exercise: the question it is answered with, and who made it."""

    exercise: str
    id: str
    question: Words
    who: tuple[Trainee, ...]


@dataclass(frozen=True)
class StepSolved:
    """One step of an exercise and who stands where; `unnamed` failed it by no known mistake."""

    step: Step
    passed: tuple[Trainee, ...]
    failed: tuple[Trainee, ...]
    unattempted: tuple[Trainee, ...]
    unnamed: tuple[Trainee, ...]


@dataclass(frozen=True)
class ClassWork:
    """What a class handed in, judged.

    Attributes
    ----------
    trainees : in the order of the class list, then those not on it; without a list by group and name
    exercises : those anybody began, in order; where nobody began any, those handed in
    graded : one for each person and exercise handed in
    older, unused : older versions that do not count; what could not be used, with the reason
    """

    trainees: tuple[Trainee, ...]
    exercises: tuple[str, ...]
    graded: tuple[Graded, ...]
    older: tuple[Submission, ...] = ()
    unused: tuple[Problem, ...] = ()

    @cached_property
    def _by(self) -> dict[tuple[str, str], Graded]:
        return {(person_key(one.submission.name), one.submission.exercise): one for one in self.graded}

    def of(self, trainee: Trainee, exercise: str) -> Graded | None:
        """What this person handed in for the exercise, None if nothing."""
        return self._by.get((trainee.key, exercise))

    def all_of(self, trainee: Trainee) -> list[Graded]:
        return [found for id in self.exercises if (found := self.of(trainee, id))]

    def begun(self, trainee: Trainee) -> list[Graded]:
        """What this person handed in with anything in it."""
        return [one for one in self.all_of(trainee) if one.attempted]

    def missing(self, trainee: Trainee) -> list[str]:
        """The exercises others began and this person did not hand in."""
        return [id for id in self.exercises if self.of(trainee, id) is None]

    def blank(self, trainee: Trainee) -> list[str]:
        """The exercises this person handed in with nothing answered."""
        return [one.submission.exercise for one in self.all_of(trainee) if not one.attempted]

    def average(self, trainee: Trainee) -> float | None:
        """The mean score of what was begun, None if nothing was."""
        scores = [one.score for one in self.begun(trainee)]
        return sum(scores) / len(scores) if scores else None

    def who_began(self, exercise: str) -> list[Trainee]:
        return [one for one in self.trainees if (found := self.of(one, exercise)) and found.attempted]

    def unlisted(self) -> list[tuple[Trainee, list[str]]]:
        """Who handed in and is not on the class list, with the names there that come near."""
        listed = {one.key: one.name for one in self.trainees if one.listed}
        return [
            (one, [listed[key] for key in difflib.get_close_matches(one.key, listed, 2, 0.6)])
            for one in self.trainees
            if not one.listed
        ]

    def steps(self, id: str) -> list[StepSolved]:
        """Every step of an exercise, and who of those who began it stands where."""
        found = []
        for step in exercise(id).steps:
            stand: dict[str, list[Trainee]] = {"passed": [], "failed": [], "unattempted": []}
            unnamed = []
            for one in self.who_began(id):
                graded = self.of(one, id)
                assert graded is not None
                status = graded.steps[step.id]
                stand[status].append(one)
                if status == "failed" and not mistake_of(graded, step):
                    unnamed.append(one)
            passed, failed, blank = (tuple(people) for people in stand.values())
            found.append(StepSolved(step, passed, failed, blank, tuple(unnamed)))
        return found

    def misconceptions(self, id: str) -> list[Misconception]:
        """Every known mistake of an exercise, the most common first; those nobody made too."""
        made = [
            Misconception(
                id,
                mistake,
                question,
                tuple(
                    one
                    for one in self.who_began(id)
                    if (graded := self.of(one, id)) and mistake in graded.mistakes
                ),
            )
            for mistake, question in exercise(id).mistakes.items()
        ]
        return sorted(made, key=lambda one: -len(one.who))


def mistake_of(graded: Graded, step: Step) -> str:
    """The known mistake behind a failed step, "" if it is none of them."""
    return next((id for id in step.mistakes if id in graded.mistakes), "")


def language(work: Sequence[Graded], otherwise: Lang) -> Lang:
    """The language a person works in: that of the newest notebook that says so."""
    told = [one.submission for one in work if one.submission.lang]
    newest = max(told, key=lambda one: one.when, default=None)
    return newest.lang or otherwise if newest else otherwise


def class_of(collected: Collected, graded: Sequence[Graded], listed: Sequence[Trainee] = ()) -> ClassWork:
    """The class: those on its list, if there is one, and those who handed in.

    Parameters
    ----------
    graded : the newest of each person and exercise, judged
    listed : the class list; a group it leaves blank is the one the person wrote
    """
    newest: dict[str, Submission] = {}
    for one in sorted((each.submission for each in graded), key=lambda one: (one.when, one.source)):
        newest[person_key(one.name)] = one
    trainees = [
        Trainee(one.name, one.group or (newest[one.key].group if one.key in newest else ""), True)
        for one in listed
    ]
    known = {one.key for one in trainees}
    others = [Trainee(one.name, one.group, not listed) for key, one in newest.items() if key not in known]
    trainees += sorted(others, key=lambda one: (one.group == "", one.group, one.name))
    begun = {one.submission.exercise for one in graded if one.attempted}
    exercises = sorted(begun or {one.submission.exercise for one in graded})
    return ClassWork(tuple(trainees), tuple(exercises), tuple(graded), collected.older, collected.unused)


def read_class(path: Path) -> list[Trainee]:
    """The class list: a table with a column 姓名 (name) and perhaps 小组 (group), as csv in any encoding or xlsx.

    Raises
    ------
    InputProblems : the file cannot be read, has no column of names or no name in it, or one name stands for two
        people
    """
    from segkit.intake.reading import read_table

    frame = read_table(path).frame
    columns = {
        key: next((c for c in frame.columns if str(c).strip().casefold() in words), None)
        for key, words in HEADINGS.items()
    }
    if columns["name"] is None:
        facts = {"have": [str(column) for column in frame.columns]}
        raise InputProblems([Problem("grade.class_no_name", facts, file=path.name)])
    names = frame[columns["name"]].map(_tidy)
    groups = names.str.slice(0, 0) if columns["group"] is None else frame[columns["group"]].map(_tidy)
    found: dict[str, Trainee] = {}
    problems = []
    for name, group in zip(names, groups, strict=True):
        one = Trainee(name, group)
        before = found.setdefault(one.key, one)
        if name and before.group != group:
            facts = {"name": name, "groups": [before.group or "-", group or "-"]}
            problems.append(Problem("grade.class_twice", facts, file=path.name))
    found.pop("", None)
    if not found:
        problems.append(Problem("grade.class_empty", file=path.name))
    if problems:
        raise InputProblems(problems)
    return list(found.values())


def _tidy(text: object) -> str:
    """A name as it is read: 吴　十, spread to stand in a column, is 吴十; Anna  Li is Anna Li."""
    words = " ".join(str(text).split())
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", words)
