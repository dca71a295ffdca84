"""Choosing what fits and laying it out: core before optional, in teaching order, with room to breathe.

A day is cut into runs (半场中的一段) between breaks at fixed times. Parts fill the runs in teaching order, a stretch
that does not fit moves to the next run. Taking one out never delays another, so what fits with more fits with less,
and what was refused for time with little in place does not fit with more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from segkit.workshop.course import NEEDS, CourseFile, Need, Place, Role, Times
from segkit.workshop.material import Material, Stretch, choose

GRID = 5  # minutes; runs, breaks and lunch begin on it where the day does
LEAST_AFTERNOON = 60  # minutes; for less than that nobody goes to lunch and comes back
LEAST_MORNING = 60

Why = Literal["time", "long", "role", "without", "missing"]


@dataclass(frozen=True)
class Run:
    """Time between two breaks: its day, its minutes of the day, and those at its front given to setting up."""

    day: int
    session: int
    start: int
    end: int
    setup: int = 0

    def room(self, slack: int) -> int:
        """Minutes that can be taught in it with `slack` per cent of them left free."""
        return max(0, (self.end - self.start - self.setup) * 100 // (100 + slack))


@dataclass(frozen=True)
class Unit:
    """What is taken or left as a whole: the core of a part, or one of its optional stretches."""

    part: str
    need: Need
    rank: int
    earliest: int
    positions: tuple[int, ...]  # in the teaching order of all stretches
    of: str | None = None  # the part it cannot be without
    only_optional: bool = False

    @property
    def importance(self) -> tuple[int, int, int]:
        return NEEDS.index(self.need), self.rank, self.positions[0]


@dataclass(frozen=True)
class LeftOut:
    """A stretch or part that is not on the agenda, and why.

    `why`: no time; longer than any run between breaks; for another role; it goes with a part that is left out;
    not on disk. `other` names that part.
    """

    part: str
    stretch: Stretch | None
    minutes: int
    need: Need
    why: Why
    other: str = ""


@dataclass
class Choice:
    """All stretches of a course in teaching order, the units they form, and what is out before time is asked."""

    stretches: list[Stretch] = field(default_factory=list)
    earliest: list[int] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def runs(times: Times, *, days: int, minutes: int, start: int, lunch: int) -> list[Run]:
    """The days of a course cut into runs.

    Parameters
    ----------
    minutes : in the room each day, breaks and set-up counted, lunch not
    start : minute of the day; `lunch` in minutes, 0 for none
    """
    found = []
    for day in range(1, days + 1):
        setup = times.setup if day == 1 else times.again
        for session, (begins, lasts) in enumerate(_sessions(times, minutes, start, lunch)):
            for run_start, run_end in _cut(begins, lasts, times):
                found.append(Run(day, session, run_start, run_end, setup))
                setup = 0
    return found


def _sessions(times: Times, minutes: int, start: int, lunch: int) -> list[tuple[int, int]]:
    """Start and length of what stands before and after lunch."""
    noon = max(times.lunch_minute, start + LEAST_MORNING)
    after = minutes - (noon - start)
    if not lunch or start >= times.lunch_minute or after < LEAST_AFTERNOON:
        return [(start, minutes)]
    return [(start, noon - start), (noon + lunch, after)]


def _cut(start: int, minutes: int, times: Times) -> list[tuple[int, int]]:
    """A session in the fewest runs no longer than `stretch`, about equal, breaks between."""
    pause, n = times.break_minutes, 1
    while (minutes - pause * (n - 1)) / n > times.stretch:
        n += 1
    taught = minutes - pause * (n - 1)
    cut = []
    for left in range(n, 0, -1):
        length = taught if left == 1 else -(-taught // left // GRID) * GRID
        cut.append((start, start + length))
        start, taught = start + length + pause, taught - length
    return cut


# --- what there is to choose from ------------------------------------------------------------------


def choice(
    file: CourseFile, places: Sequence[tuple[Place, int]], there: Mapping[str, Material], role: Role | None
) -> Choice:
    """The stretches of a course in teaching order as units; what is missing, for others or without its part is out.

    Parameters
    ----------
    places : the parts of the course, each with the first day it may stand on

    Raises
    ------
    InputProblems : `only` and `without` that name no section
    """
    order = {place.id: number for number, (place, _) in enumerate(places)}
    found = Choice()
    rows: list[tuple[tuple[int, int, int], Stretch, Place, int, Need]] = []
    for place, earliest in places:
        part, need = file.parts[place.id], place.need_of(role)
        if place.id not in there:
            found.left_out.append(LeftOut(place.id, None, part.minutes, need or "optional", "missing"))
            continue
        if need is None:
            minutes = sum(s.minutes for s in there[place.id].stretches if not s.optional)
            found.left_out.append(LeftOut(place.id, None, minutes, "optional", "role"))
            continue
        if part.of is not None and part.of not in there:
            minutes = sum(s.minutes for s in there[place.id].stretches)
            found.left_out.append(LeftOut(place.id, None, minutes, need, "without", part.of))
            continue
        chosen = choose(there[place.id].stretches, place.only, place.without, place.id)
        for number, stretch in enumerate(chosen):
            own = "optional" if stretch.optional else need
            if role is not None and stretch.role not in (None, role):
                found.left_out.append(LeftOut(place.id, stretch, stretch.minutes, own, "role"))
                continue
            at = (order[place.id], number, 0)
            if part.behind is not None and part.of in order:
                at = _behind(part.of, part.behind, there, order)
            rows.append((at, stretch, place, earliest, own))
    rows.sort(key=lambda row: (row[0], order[row[2].id]))
    for _, stretch, _, earliest, _ in rows:
        found.stretches.append(stretch)
        found.earliest.append(earliest)
    found.units = _units(rows, file)
    return found


def _behind(
    of: str, heading: str, there: Mapping[str, Material], order: Mapping[str, int]
) -> tuple[int, int, int]:
    """The place right after a section of another part.

    Raises
    ------
    InputProblems : that part has no such section, with the near one
    """
    sections = [stretch.id for stretch in there[of].stretches]
    choose(there[of].stretches, [heading], (), of)
    return order[of], sections.index(heading), 1


def _units(
    rows: Sequence[tuple[tuple[int, int, int], Stretch, Place, int, Need]], file: CourseFile
) -> list[Unit]:
    core: dict[str, list[int]] = {}
    units = []
    for position, (_, stretch, place, earliest, need) in enumerate(rows):
        if stretch.optional:
            whole = place.id if any(not s.optional and p.id == place.id for _, s, p, _, _ in rows) else None
            units.append(Unit(place.id, need, place.rank, earliest, (position,), whole, True))
        else:
            core.setdefault(place.id, []).append(position)
    for _, _, place, earliest, _ in rows:
        if place.id in core:
            own = tuple(core.pop(place.id))
            kept = next(n for _, s, p, _, n in rows if p.id == place.id and not s.optional)
            units.append(Unit(place.id, kept, place.rank, earliest, own, file.parts[place.id].of))
    bringing = [unit for unit in units if unit.of != unit.part]  # what brings a part onto the agenda
    above = {unit.part: unit for unit in sorted(bringing, key=lambda u: u.importance, reverse=True)}
    return sorted((_held(unit, above) for unit in units), key=lambda unit: _turn(unit, above))


def _held(unit: Unit, above: Mapping[str, Unit]) -> Unit:
    """An exercise is never needed more than the part it belongs to."""
    part = above.get(unit.of or "")
    return unit if part is None else replace(unit, need=max(unit.need, part.need, key=NEEDS.index))


def _turn(unit: Unit, above: Mapping[str, Unit]) -> tuple[tuple[int, int, int], bool, tuple[int, int, int]]:
    """By importance, but never before the part it cannot be without."""
    part = above.get(unit.of or "", unit)
    return max(part.importance, unit.importance), unit.of is not None, unit.importance


# --- laying out ------------------------------------------------------------------------------------


def lay_out(
    positions: Sequence[int], choice: Choice, between: Sequence[Run], slack: int
) -> tuple[dict[int, list[int]], list[int]]:
    """Which stretch stands in which run, in teaching order; then those that came after the last run was full.

    Parameters
    ----------
    positions : of stretches in `choice`, ascending
    """
    laid: dict[int, list[int]] = {}
    at, used = 0, 0
    for number, position in enumerate(positions):
        minutes, earliest = choice.stretches[position].minutes, choice.earliest[position]
        while at < len(between) and (between[at].day < earliest or used + minutes > between[at].room(slack)):
            at, used = at + 1, 0
        if at == len(between):
            return laid, list(positions[number:])
        laid.setdefault(at, []).append(position)
        used += minutes
    return laid, []


def select(choice: Choice, between: Sequence[Run], slack: int) -> tuple[list[int], list[Unit]]:
    """Positions on the agenda: all that must be, then core by rank, then optional; and the units left for time.

    Where not even what must be fits, only that is chosen, and lies beyond the last run.
    """
    taken: list[int] = []
    parts: set[str] = set()
    refused: list[Unit] = []
    for unit in choice.units:
        wish = sorted([*taken, *unit.positions])
        fits = not lay_out(wish, choice, between, slack)[1]
        if unit.need == "must" or (fits and (unit.of is None or unit.of in parts)):
            taken = wish
            parts.add(unit.part)
        else:
            refused.append(unit)
    return taken, refused


def too_long(unit: Unit, choice: Choice, between: Sequence[Run], slack: int) -> bool:
    """Is one of its stretches longer than every run of its days?"""
    rooms = [run.room(slack) for run in between if run.day >= unit.earliest]
    return any(choice.stretches[position].minutes > max(rooms, default=0) for position in unit.positions)
