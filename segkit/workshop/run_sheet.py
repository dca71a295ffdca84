"""The trainer's run sheet (走场单): at which minute to be at which cell, what to show, what to skip when late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segkit.locale import Lang, say
from segkit.workshop.agenda_lines import part_words
from segkit.workshop.material import counted
from segkit.workshop.timetable import Agenda, Entry, clock


@dataclass(frozen=True)
class Mark:
    """One line of the run sheet: `since` counts minutes from the beginning of the day."""

    entry: Entry
    since: int
    what: str
    where: str
    show: str
    need: str


@dataclass(frozen=True)
class Block:
    """What lies between two breaks, with what to skip on coming into it late; a pause has no `behind`."""

    day: int
    run: int
    start: int
    end: int
    marks: tuple[Mark, ...]
    behind: str
    pause: str = ""


def blocks(agenda: Agenda, day: int, lang: Lang) -> Iterator[Block]:
    """The run sheet of a day, block by block, pauses between."""
    entries = agenda.of_day(day)
    opens = entries[0].start if entries else 0
    at = 0
    while at < len(entries):
        first = entries[at]
        if first.kind in ("break", "lunch"):
            pause = say(f"agenda.entry.{first.kind}", lang)
            yield Block(day, first.run, first.start, first.end, (), "", pause)
            at += 1
            continue
        same = [
            entry for entry in entries[at:] if entry.run == first.run and entry.kind not in ("break", "lunch")
        ]
        marks = tuple(_mark(agenda, entry, opens, lang) for entry in same)
        yield Block(day, first.run, first.start, same[-1].end, marks, behind(agenda, day, first.run, lang))
        at += len(same)


def skips(agenda: Agenda, day: int, run: int) -> list[Entry]:
    """What to skip on coming into a run late: optional before core, the least important and longest first.

    As many as it takes to win back the minutes the course file calls `behind`. What opens and what closes a lesson
    stays, and so does the only thing left of the day.
    """
    ahead = [entry for entry in agenda.taught(day) if entry.run >= run]
    ends = {
        max(of, key=lambda e: (e.day, e.start))
        for of in _by_part(agenda).values()
        if len(of) > 1 and of[-1].need != "optional"
    }
    opens = {of[0] for of in _by_part(agenda).values() if len(of) > 1}
    may = [e for e in ahead if not (e in ends | opens and not _is_optional(e)) and e.need != "must"]
    may = may or [e for e in ahead if e not in ends | opens and len(_by_part(agenda)[_part(e)]) > 1]
    may.sort(key=lambda e: (*_may_go(e), -e.minutes, e.start))
    taken: list[Entry] = []
    for entry in may:
        if sum(one.minutes for one in taken) >= agenda.file.times.behind or len(taken) + 1 >= len(ahead):
            break
        taken.append(entry)
    return taken


def behind(agenda: Agenda, day: int, run: int, lang: Lang) -> str:
    """The line "15 minutes behind: skip this" of a run."""
    late = agenda.file.times.behind
    skipped = skips(agenda, day, run)
    freed = sum(entry.minutes for entry in skipped)
    slack = sum(e.minutes for e in agenda.of_day(day) if e.kind == "slack" and e.run >= run)
    if not skipped:
        return say("runsheet.behind_none", lang, n=late, slack=slack)
    words = [_named(agenda, entry, lang) for entry in sorted(skipped, key=lambda e: e.start)]
    what = ("、" if lang == "zh" else ", ").join(words)
    id = "runsheet.behind" if freed >= late else "runsheet.behind_little"
    return say(id, lang, n=late, what=what, freed=freed, slack=slack)


def _named(agenda: Agenda, entry: Entry, lang: Lang) -> str:
    need = say(f"agenda.need.{entry.need}", lang)
    part, stretch = _part(entry), entry.stretch
    facts = {"minutes": entry.minutes, "need": need}
    if stretch is None or stretch.id == part:
        return say("runsheet.whole", lang, part=part_words(agenda, part, lang), **facts)
    short = part if agenda.file.parts[part].kind == "lesson" else part_words(agenda, part, lang)
    return say("runsheet.section", lang, part=short, title=stretch.title.say(lang), **facts)


def _by_part(agenda: Agenda) -> dict[str, list[Entry]]:
    parts: dict[str, list[Entry]] = {}
    for entry in agenda.taught():
        parts.setdefault(_part(entry), []).append(entry)
    return parts


def _part(entry: Entry) -> str:
    return entry.stretch.part if entry.stretch else ""


def _may_go(entry: Entry) -> tuple[bool, int, int]:
    """Optional first, whatever its rank; then what the course can best do without."""
    need, rank = entry.importance
    return (False, 0, 0) if _is_optional(entry) else (True, -need, -rank)


def _is_optional(entry: Entry) -> bool:
    return entry.need == "optional"


def _mark(agenda: Agenda, entry: Entry, opens: int, lang: Lang) -> Mark:
    since = entry.start - opens
    stretch = entry.stretch
    if stretch is None:
        again = entry.kind == "setup" and entry.day > 1
        what = say(f"agenda.entry.{entry.kind}{'_again' if again else ''}", lang)
        show = _setup_words(agenda, lang) if entry.kind == "setup" and not again else ""
        return Mark(entry, since, what, "", show, "")
    what = part_words(agenda, stretch.part, lang)
    if stretch.id != stretch.part:
        what = f"{what} · {stretch.title.say(lang)}"
    where = ""
    if stretch.file:
        first, last = stretch.cells
        file = stretch.file.rpartition("/")[2].replace(".zh.ipynb", f".{lang}.ipynb")
        where = say("runsheet.cells", lang, file=file, first=first, last=last)
    need = say(f"agenda.need.{entry.need}", lang)
    return Mark(entry, since, what, where, _show(entry, lang), need)


def _setup_words(agenda: Agenda, lang: Lang) -> str:
    setup = agenda.file.setup
    if setup is None or any(one.part == setup for one in agenda.missing):
        return say("runsheet.setup_missing", lang)
    return say("runsheet.setup", lang, file=part_words(agenda, setup, lang))


def _show(entry: Entry, lang: Lang) -> str:
    """What to have on the screen, in the order of the cells' kinds; talk where the code shows nothing."""
    if entry.stretch is None or not entry.stretch.file:
        return say("runsheet.show.activity", lang)
    parts = [
        say(f"runsheet.show.{kind}", lang, n=len(names), names=names)
        for kind, names in counted(entry.stretch.shows).items()
    ]
    return (" · ").join(parts) or say("runsheet.show.talk", lang)


def sheet_rows(agenda: Agenda, lang: Lang) -> tuple[list[str], list[list[str | int]]]:
    """The run sheet as a table: heads, and a row for every mark and pause; for csv and xlsx."""
    heads = [
        say(f"runsheet.{id}", lang)
        for id in ("day", "clock", "since", "minutes", "block", "what", "where", "show", "need")
    ]
    heads.append(say("runsheet.behind_head", lang, n=agenda.file.times.behind))
    rows: list[list[str | int]] = []
    for day in range(1, agenda.wish.days + 1):
        entries = agenda.of_day(day)
        opens = entries[0].start if entries else 0
        for block in blocks(agenda, day, lang):
            if block.pause:
                length = block.end - block.start
                since = block.start - opens
                rows.append([day, clock(block.start), since, length, "", block.pause, "", "", "", ""])
            for place, mark in enumerate(block.marks):
                entry = mark.entry
                row: list[str | int] = [day, clock(entry.start), mark.since, entry.minutes, entry.run]
                rows.append(
                    [*row, mark.what, mark.where, mark.show, mark.need, block.behind if place == 0 else ""]
                )
    return heads, rows
