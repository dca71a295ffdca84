"""The score sheet of a class (成绩表): a workbook and lines for the terminal, from the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from segkit.locale import Lang, say
from segkit.teach.exercise import exercise
from segkit.teach.judging import MARKS
from segkit.workbook import Book, Head, Page
from segkit.workbook.cells import wide
from segkit.workshop.class_work import ClassWork, Trainee, mistake_of
from segkit.workshop.supervising import Graded


def score_sheet(work: ClassWork, path: Path, lang: Lang) -> None:
    """Write the workbook: scores by person and exercise, steps, what is missing, what was not used, older versions."""
    title = say("grade.sheet.title", lang)
    with Book(path, lang=lang, title=title, label=title) as book:
        _scores(work, book, lang)
        _steps(work, book, lang)
        _missing(work, book, lang)
        _unused(work, book, lang)
        _older(work, book, lang)


def _scores(work: ClassWork, book: Book, lang: Lang) -> None:
    heads = [
        Head(say("grade.head.name", lang)),
        Head(say("grade.head.group", lang)),
        *(Head(id, "count") for id in work.exercises),
        Head(say("grade.head.begun", lang), "count"),
        Head(say("grade.head.average", lang), "count"),
        Head(say("grade.head.missing", lang)),
    ]
    rows = [
        [
            one.name,
            one.group,
            *(
                graded.score if (graded := work.of(one, id)) and graded.attempted else None
                for id in work.exercises
            ),
            len(work.begun(one)),
            None if (mean := work.average(one)) is None else round(mean),
            _owing(work, one, lang),
        ]
        for one in work.trainees
    ]
    page = book.page(say("grade.page.scores", lang), Page.fitted(heads, rows, lang))
    page.text(say("grade.sheet.title", lang), "title")
    page.text(say("grade.sheet.about", lang), "note")
    page.down()
    top = page.table(heads, rows)
    page.freeze(top + 1, 1)
    page.down()
    for id in work.exercises:
        page.text(f"{id}  {exercise(id).title[lang]}", "note")


def _steps(work: ClassWork, book: Book, lang: Lang) -> None:
    heads = [
        Head(say("grade.head.name", lang)),
        Head(say("grade.head.group", lang)),
        Head(say("grade.head.exercise", lang)),
        Head(say("grade.head.step", lang), width=38),
        Head(say("grade.head.result", lang)),
        Head(say("grade.head.question", lang), width=70),
        Head(say("grade.head.note", lang), width=36),
    ]
    rows = []
    for one, graded in _begun(work):
        for step in exercise(graded.submission.exercise).steps:
            status = graded.steps[step.id]
            mistake = mistake_of(graded, step) if status == "failed" else ""
            asked = exercise(graded.submission.exercise).mistakes[mistake][lang] if mistake else ""
            result = f"{MARKS[status]} {say(f'grade.status.{status}', lang)}"  # type: ignore[index]
            place = [one.name, one.group, graded.submission.exercise]
            rows.append([*place, step.says[lang], result, asked, note_of(graded, lang)])
    _table(book, "grade.page.steps", heads, rows, "grade.sheet.nothing_judged", lang)


def _missing(work: ClassWork, book: Book, lang: Lang) -> None:
    heads = [Head(say(f"grade.head.{id}", lang)) for id in ("name", "group", "exercise", "title", "why")]
    rows = [
        [one.name, one.group, id, exercise(id).title[lang], say(f"grade.{why}", lang)]
        for one in work.trainees
        for why, ids in (("not_handed_in", work.missing(one)), ("blank", work.blank(one)))
        for id in ids
    ]
    _table(book, "grade.page.missing", heads, rows, "grade.sheet.none_missing", lang)


def _unused(work: ClassWork, book: Book, lang: Lang) -> None:
    heads = [Head(say("grade.head.what", lang)), Head(say("grade.head.why", lang), width=60)]
    rows = [[problem.file or "", say(problem.id, lang, **problem.facts)] for problem in work.unused]
    rows += [[one.name, say("grade.not_listed", lang)] for one, _ in work.unlisted()]
    _table(book, "grade.page.unused", heads, rows, "grade.sheet.all_used", lang)


def _older(work: ClassWork, book: Book, lang: Lang) -> None:
    heads = [Head(say(f"grade.head.{id}", lang)) for id in ("name", "group", "exercise", "file", "changed")]
    rows = [
        [one.name, one.group, one.exercise, one.source, f"{one.when:%Y-%m-%d %H:%M}"] for one in work.older
    ]
    _table(book, "grade.page.older", heads, rows, "grade.sheet.none_older", lang)


def _table(
    book: Book, page_id: str, heads: list[Head], rows: list[list[str]], empty: str, lang: Lang
) -> None:
    page = book.page(say(page_id, lang), () if rows else (60,))
    if rows:
        page.freeze(page.table(heads, rows) + 1, 1)
    else:
        page.text(say(empty, lang))


def _begun(work: ClassWork) -> Iterator[tuple[Trainee, Graded]]:
    return ((one, graded) for one in work.trainees for graded in work.begun(one))


def _owing(work: ClassWork, one: Trainee, lang: Lang) -> str:
    """What a person has not handed in, and what without an answer: "E09; 没作答 E10"."""
    missing = work.missing(one)
    parts = [say("grade.ids", lang, ids=missing)] if missing else []
    parts += [say("grade.blank_ids", lang, ids=work.blank(one))] if work.blank(one) else []
    return ("；" if lang == "zh" else "; ").join(parts)


def note_of(graded: Graded, lang: Lang) -> str:
    """Why it could not be run as it stands, "" if it could."""
    return say(f"grade.note.{graded.note}", lang) if graded.note else ""


# --- terminal --------------------------------------------------------------------------------------


def terminal_lines(work: ClassWork, lang: Lang) -> Iterator[str]:
    """A table of person by exercise, then who is missing what, what was not used, who stands on no list."""
    heads = [say("grade.head.name", lang), say("grade.head.group", lang), *work.exercises]
    heads.append(say("grade.head.average", lang))
    rows = [
        [one.name, one.group, *(_shown(work.of(one, id)) for id in work.exercises), _mean(work, one)]
        for one in work.trainees
    ]
    yield from _aligned(heads, rows)
    yield say("grade.table_note", lang)
    notes = [
        say("grade.noted", lang, name=one.name, id=graded.submission.exercise, note=note_of(graded, lang))
        for one, graded in _begun(work)
        if graded.note
    ]
    owing = [(one, what) for one in work.trainees if (what := _owing(work, one, lang))]
    blocks = [
        ("grade.notes", notes),
        ("grade.missing", [say("grade.owes", lang, name=one.name, what=what) for one, what in owing]),
        ("grade.unlisted", [_unlisted(one, near, lang) for one, near in work.unlisted()]),
        ("grade.unused", [problem.text(lang) for problem in work.unused]),
        ("grade.older", [f"{one.name} {one.exercise} {one.source}" for one in work.older]),
    ]
    for head, lines in blocks:
        if lines:
            yield ""
            yield say(head, lang, n=len(lines))
            yield from (f"  - {line}" for line in lines)


def _unlisted(one: Trainee, near: list[str], lang: Lang) -> str:
    return say("grade.unlisted_near", lang, name=one.name, near=near) if near else one.name


def _shown(graded: Graded | None) -> str:
    if graded is None:
        return "-"
    mark = "*" if graded.note else ""
    return f"{graded.score}{mark}" if graded.attempted else MARKS["unattempted"]


def _mean(work: ClassWork, one: Trainee) -> str:
    mean = work.average(one)
    return "-" if mean is None else f"{mean:.0f}"


def _aligned(heads: list[str], rows: list[list[str]]) -> Iterator[str]:
    """Columns in step, Chinese characters counting double; the first two at the left, numbers at the right."""
    widths = [max(round(wide(row[i])) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, *rows]:
        cells = []
        for i, (text, width) in enumerate(zip(row, widths, strict=True)):
            gap = " " * (width - round(wide(text)))
            cells.append(text + gap if i < 2 else gap + text)
        yield "  ".join(cells).rstrip()
