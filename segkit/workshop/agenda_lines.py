"""The timetable in words: what follows one another of one part on one line, what was left out, and the sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from segkit.locale import Lang, say
from segkit.workbook.cells import wide
from segkit.workshop.composing import LeftOut
from segkit.workshop.course import NEEDS, Kind
from segkit.workshop.timetable import Agenda, Entry, EntryKind, clock


@dataclass(frozen=True)
class Line:
    """Stretches of one part in one run, or a break, lunch, set-up or slack, as one line."""

    day: int
    start: int
    end: int
    kind: EntryKind
    part: str | None
    continued: bool  # the part began earlier
    entries: tuple[Entry, ...]

    @property
    def minutes(self) -> int:
        return self.end - self.start


def day_lines(agenda: Agenda, day: int) -> list[Line]:
    """The lines of a day; minutes and times are those of the entries they hold."""
    begun = {entry.stretch.part for entry in agenda.taught() if entry.stretch and entry.day < day}
    lines: list[Line] = []
    for entry in agenda.of_day(day):
        part = entry.stretch.part if entry.stretch else None
        last = lines[-1] if lines else None
        if last is not None and part is not None and last.part == part and last.entries[-1].run == entry.run:
            lines[-1] = Line(
                day, last.start, entry.end, last.kind, part, last.continued, (*last.entries, entry)
            )
            continue
        lines.append(Line(day, entry.start, entry.end, entry.kind, part, part in begun, (entry,)))
        begun |= {part} if part else set()
    return lines


def words_of(agenda: Agenda, line: Line, lang: Lang, *, page: bool = False) -> str:
    """What a line says; on the page for the client without numbers of lessons and exercises."""
    if line.part is None:
        again = line.kind == "setup" and line.day > 1
        return say(f"agenda.entry.{line.kind}{'_again' if again else ''}", lang)
    what = part_words(agenda, line.part, lang, page=page)
    return say("agenda.continued", lang, what=what) if line.continued else what


def part_words(agenda: Agenda, id: str, lang: Lang, *, page: bool = False) -> str:
    """A part by kind, number and title: ``04 分级方法``, ``练习 E08：...``."""
    kind: Kind = agenda.file.parts[id].kind
    group = "page_part" if page else "part"
    return say(f"agenda.{group}.{kind}", lang, id=id, title=agenda.part_title(id, lang))


def title_of(agenda: Agenda, lang: Lang) -> str:
    return say("agenda.head", lang, title=agenda.course.title.say(lang), role=role_words(agenda, lang))


def role_words(agenda: Agenda, lang: Lang) -> str:
    role = agenda.wish.role
    return say("agenda.mixed", lang) if role is None else agenda.file.roles[role].name.say(lang)


def sums_of(agenda: Agenda, day: int) -> dict[str, int]:
    """Minutes of a day by kind: `teach, setup, break, lunch, slack`."""
    kinds: tuple[EntryKind, ...] = ("teach", "setup", "break", "lunch", "slack")
    return {kind: agenda.minutes(kind, day) for kind in kinds}


def left_lines(agenda: Agenda, lang: Lang) -> Iterator[str]:
    """What was left out, a line for every reason: how many, how long, and which with their minutes."""
    for left in _by_reason(agenda.left_out).values():
        first = left[0]
        facts = {"need": say(f"agenda.need.{first.need}", lang)}
        if first.other:
            facts["other"] = part_words(agenda, first.other, lang)
        reason = say(f"agenda.why.{first.why}", lang, **facts)
        what = _joined([_left_words(agenda, one, lang) for one in left], lang)
        minutes = sum(one.minutes for one in left)
        yield say("agenda.left_line", lang, why=reason, n=len(left), minutes=minutes, what=what)


def _by_reason(left: Sequence[LeftOut]) -> dict[tuple[str, ...], list[LeftOut]]:
    """Core before optional among what had no time, then by the other reasons."""
    reasons: dict[tuple[str, ...], list[LeftOut]] = {}
    order = {"time": 0, "long": 1, "without": 2, "role": 3}
    for one in sorted(left, key=lambda one: (order[one.why], NEEDS.index(one.need))):
        detail = {"time": one.need, "without": one.other}.get(one.why, "")
        reasons.setdefault((one.why, detail), []).append(one)
    return reasons


def _left_words(agenda: Agenda, one: LeftOut, lang: Lang) -> str:
    what = part_words(agenda, one.part, lang)
    if one.stretch is not None and one.stretch.id != one.part:
        what = say("agenda.left_section", lang, part=what, title=one.stretch.title.say(lang))
    return say("agenda.left_item", lang, what=what, minutes=one.minutes)


def _joined(items: Sequence[str], lang: Lang) -> str:
    return say("agenda.joined", lang, items=items)


def terminal_lines(agenda: Agenda, lang: Lang) -> Iterator[str]:
    """The agenda as the command prints it."""
    yield title_of(agenda, lang)
    for day in range(1, agenda.wish.days + 1):
        lines = day_lines(agenda, day)
        yield ""
        if not lines:
            yield say("agenda.day_empty", lang, day=day)
            continue
        yield say("agenda.day_head", lang, day=day, start=clock(lines[0].start), end=clock(lines[-1].end))
        yield from _table(agenda, lines, lang)
        yield "  " + say("agenda.day_sums", lang, **sums_of(agenda, day))
        if agenda.unused[day]:
            yield "  " + say("agenda.unused", lang, day=day, minutes=agenda.unused[day])
    if agenda.left_out:
        yield ""
        yield say("agenda.left_out", lang, n=len(agenda.left_out))
        yield from (f"  - {line}" for line in left_lines(agenda, lang))
    if agenda.missing:
        yield ""
        minutes = sum(one.minutes for one in agenda.missing)
        yield say("agenda.missing", lang, n=len(agenda.missing), minutes=minutes)
        yield "  - " + _joined([part_words(agenda, one.part, lang) for one in agenda.missing], lang)
    yield ""
    yield say("agenda.sample", lang)


def _table(agenda: Agenda, lines: Sequence[Line], lang: Lang) -> Iterator[str]:
    lengths = [say("agenda.minutes", lang, n=line.minutes) for line in lines]
    widest = max(map(wide, lengths))
    for line, minutes in zip(lines, lengths, strict=True):
        pad = " " * int(widest - wide(minutes))
        yield f"  {clock(line.start)}–{clock(line.end)}  {pad}{minutes}  {words_of(agenda, line, lang)}"
