"""A timetable for a workshop of so many days and hours, from the minutes in the headings of its notebooks.

Breaks and lunch stand at fixed times, the same every day; the first day begins with setting up; every run between
two breaks keeps some minutes free. What must be taught goes in first, then the core, then what is optional; what is
left out is named with the reason, and a day that cannot hold what must be taught is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from segkit.locale import Lang
from segkit.locale.spelling import plain_word
from segkit.problems import InputProblems, Problem
from segkit.workshop.composing import (
    GRID,
    Choice,
    LeftOut,
    Run,
    Unit,
    choice,
    lay_out,
    runs,
    select,
    too_long,
)
from segkit.workshop.course import NEEDS, Course, CourseFile, Need, Role, load_course
from segkit.workshop.material import Material, Stretch, on_disk, workbook_folder

EntryKind = Literal["setup", "teach", "break", "lunch", "slack"]
MOST_HOURS, MIDNIGHT = 12.0, 24 * 60
_CLOCK = re.compile(r"\s*(\d{1,2})\s*[:：.时点h]?\s*(\d{2})?\s*分?\s*$")


@dataclass(frozen=True)
class Wish:
    """What was asked for: days, minutes in the room a day (lunch not counted), first minute of the day, lunch."""

    days: int
    minutes: int
    start: int
    lunch: int
    role: Role | None = None


@dataclass(frozen=True)
class Entry:
    """One line of the timetable; `start` and `end` are minutes of the day, `run` counts runs over all days from 1."""

    day: int
    start: int
    end: int
    kind: EntryKind
    run: int
    stretch: Stretch | None = None
    need: Need | None = None
    rank: int = 0

    @property
    def minutes(self) -> int:
        return self.end - self.start

    @property
    def importance(self) -> tuple[int, int]:
        """Small: keep it; large: can go."""
        return (NEEDS.index(self.need) if self.need else 0, self.rank)


@dataclass(frozen=True)
class Agenda:
    """The timetable of a course, what is not on it and why, and how much of each day stays empty.

    Attributes
    ----------
    entries : by day and time, without gap or overlap within a day
    left_out : stretches and parts that are not on it, in teaching order; `missing` those that have no notebook yet
    unused : minutes by which each day ends before its time, by day
    """

    wish: Wish
    file: CourseFile
    course: Course
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]
    missing: tuple[LeftOut, ...]
    unused: Mapping[int, int]

    def of_day(self, day: int) -> list[Entry]:
        return [entry for entry in self.entries if entry.day == day]

    def taught(self, day: int | None = None) -> list[Entry]:
        """The lines that teach something, of a day or of all."""
        return [e for e in self.entries if e.kind == "teach" and day in (None, e.day)]

    def minutes(self, kind: EntryKind, day: int | None = None) -> int:
        """Minutes of a kind of line, of a day or of all."""
        return sum(e.minutes for e in self.entries if e.kind == kind and day in (None, e.day))

    def part_title(self, id: str, lang: Lang) -> str:
        return self.file.parts[id].title.say(lang)


def clock(minute: int) -> str:
    """A minute of the day as on a watch: 570 -> 09:30."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def agenda(
    *,
    days: int = 2,
    hours: float = 6,
    start: str = "09:00",
    lunch: int | None = None,
    role: str | None = None,
    course: str | Path | None = None,
    root: Path | None = None,
) -> Agenda:
    """When is what taught, and what has to stay out?

    Parameters
    ----------
    days : of the course; there must be one of so many days in the course file
    hours : in the room a day, set-up and breaks counted, lunch not
    start : clock time each day begins
    lunch : in minutes, 0 for none; by default what the course file says
    role : 一线销售, 主管 or 顾问 (or their other words); None for a mixed class, which takes every role's sections
    course : a trainer's own course file in place of the package's
    root : the folder that holds notebooks, casestudies and exercises; else found here, above, or by the package

    Raises
    ------
    InputProblems : wishes that cannot be met, a course file or notebook that cannot be used, what must be taught
        does not fit (with by how many minutes, what could go, and how many hours would do)
    """
    file = load_course(course)
    wish, chosen = _wish(file, days, hours, start, lunch, role)
    home = workbook_folder(root)
    there = on_disk(home, file)
    in_course = {place.id for place in chosen.parts}
    if not any(material.stretches[0].file for id, material in there.items() if id in in_course):
        raise InputProblems([Problem("agenda.nothing", {"folder": home.name, "days": days})])
    return compose(file, chosen, there, wish)


def compose(file: CourseFile, course: Course, there: Mapping[str, Material], wish: Wish) -> Agenda:
    """The timetable of a course from what there is of its parts; no file is read.

    Raises
    ------
    InputProblems : what must be taught does not fit, sections that are not there
    """
    made = choice(file, [*zip(course.parts, course.earliest(), strict=True)], there, wish.role)
    between = _runs(file, wish)
    taken, refused = select(made, between, file.times.slack)
    laid, over = lay_out(taken, made, between, file.times.slack)
    if over:
        raise InputProblems([*_too_long(file, wish, made)] or [_overrun(file, wish, made, over)])
    left = [*_left(made, refused, taken, between, file.times.slack)]
    # a section for another role is not named beside its whole lesson
    whole = {one.part for one in left if one.stretch is None}
    left += [one for one in made.left_out if one.stretch is None or one.part not in whole]
    order = {place.id: number for number, place in enumerate(course.parts)}
    left.sort(key=lambda one: order[one.part])
    entries, unused = _entries(file, wish, made, between, laid)
    return Agenda(
        wish=wish,
        file=file,
        course=course,
        entries=tuple(entries),
        left_out=tuple(one for one in left if one.why != "missing"),
        missing=(*_no_setup(file, there), *(one for one in left if one.why == "missing")),
        unused=unused,
    )


def _no_setup(file: CourseFile, there: Mapping[str, Material]) -> Iterator[LeftOut]:
    """The notebook that setting up goes by, where it is not there."""
    if file.setup is not None and file.setup not in there:
        yield LeftOut(file.setup, None, file.parts[file.setup].minutes, "must", "missing")


def _runs(file: CourseFile, wish: Wish) -> list[Run]:
    return runs(file.times, days=wish.days, minutes=wish.minutes, start=wish.start, lunch=wish.lunch)


# --- wishes ----------------------------------------------------------------------------------------


def _wish(
    file: CourseFile, days: int, hours: float, start: str, lunch: int | None, role: str | None
) -> tuple[Wish, Course]:
    problems: list[Problem] = []
    course = file.course(days)
    if course is None:
        problems.append(Problem("agenda.no_course", {"days": days, "known": [c.days for c in file.courses]}))
    minutes = round(hours * 60) if hours == hours and abs(hours) < MIDNIGHT else 0
    if not 0 < hours <= MOST_HOURS:
        problems.append(Problem("agenda.hours", {"hours": f"{hours:g}", "most": f"{MOST_HOURS:g}"}))
    begins = _minute_of(start)
    if begins is None:
        problems.append(Problem("agenda.start", {"text": start}))
    if lunch is None:
        lunch = file.times.lunch
    elif lunch < 0:
        problems.append(Problem("agenda.lunch_negative", {"lunch": lunch}))
    elif lunch and 0 < minutes <= lunch:
        problems.append(Problem("agenda.lunch_longer", {"lunch": lunch, "minutes": minutes}))
    found = None if role is None else file.role_words.get(plain_word(role))
    if role is not None and found is None:
        problems.append(_no_role(file, role))
    if problems or course is None or begins is None:
        raise InputProblems(problems)
    wish = Wish(days, minutes, begins, lunch, found)
    over = max(run.end for run in _runs(file, wish)) - MIDNIGHT
    if over > 0:
        raise InputProblems([Problem("agenda.midnight", {"start": clock(begins), "over": over})])
    return wish, course


def _minute_of(text: str) -> int | None:
    """09:00, 9：00, 9点, 0900 as the minute of the day; None for what is no time of day."""
    hit = _CLOCK.match(text)
    if hit is None or (hit[2] is None and not re.search("[:：.时点h]", text) and len(text.strip()) > 2):
        return None
    hours, minutes = int(hit[1]), int(hit[2] or 0)
    return hours * 60 + minutes if hours < 24 and minutes < 60 else None


def _no_role(file: CourseFile, role: str) -> Problem:
    words = file.role_words
    word = plain_word(role)
    known = [f"{said.name.zh} {said.name.en}" for said in file.roles.values()]
    near = get_close_matches(word, words, 1, cutoff=0.5)
    near = near or [one for one in words if word and (word in one or one in word)][:1]
    near = near or [one for one in words if len({*one} & {*word}) > 1][:1]
    if near:
        name = file.roles[words[near[0]]].name
        return Problem("agenda.no_role_near", {"role": role, "near": f"{name.zh} {name.en}", "known": known})
    return Problem("agenda.no_role", {"role": role, "known": known})


def _too_long(file: CourseFile, wish: Wish, made: Choice) -> Iterator[Problem]:
    """What must be taught in one go and would be too long for the runs of the longest day."""
    between = _runs(file, replace(wish, minutes=round(MOST_HOURS * 60)))
    for unit in made.units:
        if unit.need != "must" or not too_long(unit, made, between, file.times.slack):
            continue
        stretch = max((made.stretches[position] for position in unit.positions), key=lambda s: s.minutes)
        room = max(run.room(file.times.slack) for run in between)
        words = {"title_zh": stretch.title.zh, "title_en": stretch.title.en}
        yield Problem("agenda.too_long", {**words, "minutes": stretch.minutes, "room": room})


def _overrun(file: CourseFile, wish: Wish, made: Choice, over: Sequence[int]) -> Problem:
    """By how much what must be taught runs over, the parts that could go or wait, and the hours that would do."""
    minutes = _with_slack(sum(made.stretches[position].minutes for position in over), file.times.slack)
    must = [unit for unit in made.units if unit.need == "must"]
    go = []
    freed = 0
    for unit in reversed(must):
        if freed >= minutes:
            break
        taught = sum(made.stretches[position].minutes for position in unit.positions)
        go.append((unit.part, taught))
        freed += _with_slack(taught, file.times.slack)
    facts: dict[str, Any] = {
        "day": wish.days,
        "over": minutes,
        "hours": f"{wish.minutes / 60:g}",
        **{f"go_{lang}": _named(file, go, lang) for lang in ("zh", "en")},
    }
    enough = _enough(file, wish, made, must)
    return Problem("agenda.overrun_hours" if enough else "agenda.overrun", facts | {"enough": f"{enough:g}"})


def _named(file: CourseFile, parts: Iterable[tuple[str, int]], lang: Lang) -> str:
    words = {"zh": "{title}（{n} 分钟）", "en": "{title} ({n} min)"}[lang]
    said = [words.format(title=file.parts[id].title.say(lang), n=n) for id, n in parts]
    return {"zh": "、", "en": ", "}[lang].join(said)


def _enough(file: CourseFile, wish: Wish, made: Choice, must: Sequence[Unit]) -> float:
    """The fewest hours a day, in quarters, that hold what must be taught; 0 where no day does."""
    positions = sorted(position for unit in must for position in unit.positions)
    for quarter in range(wish.minutes // 15 + 1, int(MOST_HOURS * 4) + 1):
        longer = _runs(file, replace(wish, minutes=quarter * 15))
        if not lay_out(positions, made, longer, file.times.slack)[1]:
            return quarter / 4
    return 0


# --- from what was chosen to lines of a timetable ------------------------------------------------------


def _with_slack(taught: int, slack: int) -> int:
    """Minutes a run needs for what is taught in it, slack kept, to the next of the grid."""
    return -(-taught * (100 + slack) // 100 // GRID) * GRID if taught else 0


def _left(
    made: Choice, refused: Sequence[Unit], taken: Sequence[int], between: Sequence[Run], slack: int
) -> Iterator[LeftOut]:
    """Units left for time, said by part where it goes as a whole and by section where only that."""
    parts = {made.stretches[position].part for position in taken}
    for unit in refused:
        stretches = [made.stretches[position] for position in unit.positions]
        minutes = sum(stretch.minutes for stretch in stretches)
        if unit.only_optional and unit.of is not None and unit.of not in parts:
            continue  # goes with its part, which is named
        one = stretches[0] if unit.only_optional else None
        if unit.of is not None and unit.of not in parts:
            yield LeftOut(unit.part, one, minutes, unit.need, "without", unit.of)
        elif too_long(unit, made, between, slack):
            yield LeftOut(unit.part, one, minutes, unit.need, "long")
        else:
            yield LeftOut(unit.part, one, minutes, unit.need, "time")


def _entries(
    file: CourseFile, wish: Wish, made: Choice, between: Sequence[Run], laid: Mapping[int, Sequence[int]]
) -> tuple[list[Entry], dict[int, int]]:
    rank = {position: (unit.need, unit.rank) for unit in made.units for position in unit.positions}
    entries: list[Entry] = []
    unused: dict[int, int] = {}
    for day in range(1, wish.days + 1):
        of_day = [number for number, run in enumerate(between) if run.day == day]
        used = [number for number in of_day if laid.get(number)]
        unused[day] = 0
        if not used:
            unused[day] = wish.minutes
            continue
        for number in range(of_day[0], used[-1] + 1):
            run = between[number]
            if number > of_day[0]:
                before = between[number - 1]
                kind: EntryKind = "break" if before.session == run.session else "lunch"
                entries.append(Entry(day, before.end, run.start, kind, number))
            entries += _run_entries(
                number, run, made, laid.get(number, ()), rank, last=number == used[-1], file=file
            )
        lunch = sum(e.minutes for e in entries if e.day == day and e.kind == "lunch")
        unused[day] = wish.minutes - (entries[-1].end - wish.start - lunch)
    return entries, unused


def _run_entries(
    number: int,
    run: Run,
    made: Choice,
    positions: Sequence[int],
    rank: Mapping[int, tuple[Need, int]],
    *,
    last: bool,
    file: CourseFile,
) -> Iterator[Entry]:
    """Setting up, what is taught, and what stays free; the last run of a day ends when its slack is over."""
    at = run.start
    if run.setup:
        yield Entry(run.day, at, at + run.setup, "setup", number + 1)
        at += run.setup
    taught = 0
    for position in positions:
        stretch = made.stretches[position]
        need, kept = rank[position]
        yield Entry(run.day, at, at + stretch.minutes, "teach", number + 1, stretch, need, kept)
        at += stretch.minutes
        taught += stretch.minutes
    end = run.end
    if last:
        end = min(end, run.start + run.setup + _with_slack(taught, file.times.slack))
    if end > at:
        yield Entry(run.day, at, end, "slack", number + 1)
