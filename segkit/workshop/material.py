"""What a course can be made of today: the notebooks on disk, cut into stretches of so many minutes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from segkit.problems import InputProblems, Problem
from segkit.workshop.course import CourseFile, Kind, Part, Role, Words
from segkit.workshop.notebooks import (
    FOLDERS,
    SOLUTIONS,
    Cell,
    Notebook,
    Twins,
    find_twins,
    read_notebook,
    shown,
)
from segkit.workshop.notebooks import Section as NotebookSection

# what to have on the screen, by what the cells of a section call; the order is that of the run sheet
SHOWN: dict[str, re.Pattern[str]] = {
    "predict": re.compile(r"""\bpredict\(\s*["']([\w.]+)["']\s*\)"""),
    "widget": re.compile(r"\bwidgets\.(\w+)\("),
    "chart": re.compile(r"\bcharts\.(\w+)\("),
    "form": re.compile(r"""\bform\(\s*["'](\w+)["']\s*\)"""),
}


@dataclass(frozen=True)
class Stretch:
    """What is taught in one go: a section of a notebook, an exercise, an activity.

    Attributes
    ----------
    part, id : the part of the course file, and the heading cell (the part's id where there is none)
    title : as the heading or the course file says it
    optional : 选做 by its heading
    role : the only role it is for, None for all
    file : the Chinese notebook, "" for an activity; `cells` its first and last cell, counted from 1
    shows : what is on the screen, kind and name: ``("widget", "rfm_cuts")``
    """

    part: str
    id: str
    title: Words
    minutes: int
    optional: bool = False
    role: Role | None = None
    file: str = ""
    cells: tuple[int, int] = (0, 0)
    shows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Material:
    """One part of the course as it lies on disk: its stretches in order."""

    id: str
    kind: Kind
    title: Words
    stretches: tuple[Stretch, ...]


def workbook_folder(start: Path | None = None) -> Path:
    """The folder that holds notebooks, casestudies and exercises: here, above, or beside the package.

    Raises
    ------
    InputProblems : there is none
    """
    here = (start or Path.cwd()).absolute()
    places = [here, *here.parents] if start is None else [here]
    places += [] if start is not None else [Path(__file__).parents[2]]
    for place in places:
        if any((place / name).is_dir() for name in FOLDERS):
            return place
    raise InputProblems([Problem("agenda.no_workbook", {"folder": shown(here), "folders": list(FOLDERS)})])


def on_disk(root: Path, file: CourseFile) -> dict[str, Material]:
    """What there is of the parts of `file`, by id; what is not on disk is not in it.

    A lesson's id begins its file name (``04_grading``), so does an exercise's; a case's is its folder.

    Raises
    ------
    InputProblems : notebooks that cannot be read, headings and exercises that say no minutes: all at once
    """
    found: dict[str, Material] = {}
    problems: list[Problem] = []
    pairs = _pairs_by_id(root)
    for id, part in file.parts.items():
        if part.kind == "activity":
            only = Stretch(id, id, part.title, part.minutes)
            found[id] = Material(id, part.kind, part.title, (only,))
        elif id in pairs:
            try:
                found[id] = _read(id, part, pairs[id], root)
            except InputProblems as wrong:
                problems += wrong.problems
    if problems:
        raise InputProblems(problems)
    return found


def _pairs_by_id(root: Path) -> dict[str, Twins]:
    """Pairs of lessons, cases and stubs by what the course file calls them; the Chinese half must be there."""
    try:
        pairs = find_twins(root=root)
    except InputProblems:
        return {}  # an empty workbook: everything is missing, and said so
    by_id: dict[str, Twins] = {}
    for twins in pairs:
        if twins.folder.name == SOLUTIONS or not twins.file("zh").exists():
            continue
        steps = twins.folder.relative_to(root).parts
        if steps[0] == "casestudies":
            id = steps[1] if len(steps) > 1 else twins.name
        else:
            id = twins.name.split("_")[0]
        by_id.setdefault(id, twins)
    return by_id


def _read(id: str, part: Part, twins: Twins, root: Path) -> Material:
    zh = read_notebook(twins.file("zh"))
    en = read_notebook(twins.file("en")) if twins.file("en").exists() else None
    name = twins.file("zh").relative_to(root).as_posix()
    if part.kind == "exercise":
        stretches = [_exercise(id, part, zh, name)]
    else:
        stretches = list(_sections(id, zh, en, name))
    return Material(id, part.kind, part.title, tuple(stretches))


def _exercise(id: str, part: Part, zh: Notebook, name: str) -> Stretch:
    if zh.stated_minutes is None:
        raise InputProblems([Problem("agenda.no_stated_minutes", file=name)])
    return Stretch(
        part=id,
        id=id,
        title=part.title,
        minutes=zh.stated_minutes,
        file=name,
        cells=(1, len(zh.cells)),
        shows=tuple(_shows(zh.cells)),
    )


def _sections(id: str, zh: Notebook, en: Notebook | None, name: str) -> Iterator[Stretch]:
    """The sections of a lesson; what stands before the first is shown with it."""
    problems = [
        Problem("agenda.no_minutes", {"heading": section.heading}, file=name)
        for section in zh.sections
        if not section.minutes
    ]
    if not zh.sections:
        problems = [Problem("agenda.no_sections", file=name)]
    if problems:
        raise InputProblems(problems)
    english = _headings(en)
    for number, section in enumerate(zh.sections):
        cell = zh.cells[section.first].id
        first = 0 if number == 0 else section.first
        yield Stretch(
            part=id,
            id=cell,
            title=Words(zh=section.heading, en=english.get(cell, section.heading)),
            minutes=section.minutes or 0,
            optional=section.optional,
            role=section.role,
            file=name,
            cells=(first + 1, section.last + 1),
            shows=tuple(_shows(zh.cells[first : section.last + 1])),
        )


def _headings(notebook: Notebook | None) -> dict[str, str]:
    sections: Iterable[NotebookSection] = notebook.sections if notebook else ()
    return {notebook.cells[section.first].id: section.heading for section in sections if notebook}


def _shows(cells: Sequence[Cell]) -> Iterator[tuple[str, str]]:
    """What the code of these cells puts on the screen, each once."""
    source = "\n".join(cell.source for cell in cells if cell.kind == "code")
    for kind, called in SHOWN.items():
        yield from ((kind, name) for name in dict.fromkeys(called.findall(source)))


def choose(
    stretches: Sequence[Stretch], only: Sequence[str], without: Sequence[str], part: str
) -> list[Stretch]:
    """Of a part's stretches those a course takes: `only` these heading cells, or all `without` these.

    Raises
    ------
    InputProblems : a heading cell that is not there, with the near one
    """
    known = [stretch.id for stretch in stretches]
    problems = []
    for id in (*only, *without):
        if id not in known:
            near = get_close_matches(id, known, 1) or known
            problems.append(Problem("agenda.no_section", {"part": part, "id": id, "near": near}))
    if problems:
        raise InputProblems(problems)
    return [s for s in stretches if (not only or s.id in only) and s.id not in without]


def counted(shows: Sequence[tuple[str, str]]) -> Mapping[str, list[str]]:
    """What is shown, by kind in the order of the run sheet: ``{"widget": ["rfm_cuts"]}``."""
    kinds = Counter(kind for kind, _ in shows)
    return {kind: [name for one, name in shows if one == kind] for kind in SHOWN if kinds[kind]}
