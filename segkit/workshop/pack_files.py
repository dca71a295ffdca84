"""What goes into a pack: a list of what is ours, so that nothing else that lies in the course folder gets out.

A trainer works in that folder: copies of notebooks, tables and configurations of clients lie in it, and stubs that
were solved before a class.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from segkit.locale import LANGS, Lang
from segkit.workshop.notebooks import PINNED, SOLUTIONS, Cell, Notebook, Twins, find_twins, read_notebook
from segkit.workshop.stubs import stub_of

Kind = Literal["trainee", "trainer"]
TRAINER = "trainer"  # the tag of cells that are the trainer's
READMES: dict[Lang, str] = {"zh": "README.zh-CN.md", "en": "README.md"}
FILES = (
    "start.py",
    "start.bat",
    "lab.bat",
    "pyproject.toml",
    "constraints.txt",
    "environment.yml",
    "LICENSE",
    *READMES.values(),
)
DOCS = ("docs/scaling.md", *(f"docs/{name}.{lang}.md" for name in ("followup", "trainer") for lang in LANGS))
OF_A_CASE = ("client.yml", "client_xlsx.yml", *(f"datasheet.{lang}.md" for lang in LANGS))
CARDS = ("cards.yml", *(f"cards.{lang}.html" for lang in LANGS))

# patterns of whole paths below the root
PACKAGE = (
    r"segkit/(?:\w+/)*[\w.]+\.(?:py|yml|j2|css)",
    r"segkit/report/client_report\.ipynb",
    r"segkit/synth/cases/\w+/datasheet\.(?:zh|en)\.md",
    r"segkit/teach/exercises/E\d\d_\w+\.csv",
)
NOTEBOOK = re.compile(
    rf"notebooks/\d\d_[a-z0-9_]+|exercises/(?:{SOLUTIONS}/)?E\d\d_[a-z0-9_]+"
    r"|casestudies/(?P<case>[a-z0-9_]+)/(?P=case)"
)
TABLE = re.compile(r"[a-z0-9_]+/[a-z0-9_]+\.(?:csv|xlsx)")
TRUTH = re.compile(r"[a-z0-9_]+\.(?:csv|yml)")
TRAINERS_OWN = (
    rf"exercises/{SOLUTIONS}/.*",
    r"datasets/_truth/.*",
    r"docs/trainer\..*",
    r"casestudies/.*\.yml",
    r"segkit/synth/.*",  # it makes the truth again from its seeds
)
NOT_OF_THE_PACKAGE = {"__pycache__", "answers", "clients", "reports"}  # folders of those who work in it

_HALF = re.compile(r"\.(zh|en)\.[a-z]+$")
_KEPT = ("kernelspec", "language_info", "segkit")  # of a notebook's metadata; not what widgets last showed


def files_of_pack(root: Path, kind: Kind, langs: Sequence[Lang]) -> list[str]:
    """The files a pack of these languages takes from the course folder `root`, as paths below it, in order.

    Named files, segkit's own, pairs of notebooks that say they are of this course (with a solution, where they are
    exercises), the cards of the cases among them, and the tables of ``datasets/dictionary.csv`` with what belongs to
    their cases. Everything else stays where it is.

    Raises
    ------
    InputProblems : there are no notebooks, or one of them cannot be read
    """
    names = [*FILES, *DOCS, *_package(root), *_notebooks(root), *_data(root)]
    kept_out = () if kind == "trainer" else TRAINERS_OWN
    return sorted(
        name
        for name in {*names}
        if (root / name).is_file()
        and (name.startswith("segkit/") or _spoken(name, langs))
        and not any(re.fullmatch(one, name) for one in kept_out)
    )


def _package(root: Path) -> Iterator[str]:
    for path in (root / "segkit").rglob("*"):
        name = path.relative_to(root).as_posix()
        folders = {*name.split("/")[:-1]}
        if not NOT_OF_THE_PACKAGE & folders and any(re.fullmatch(one, name, re.ASCII) for one in PACKAGE):
            yield name


def _notebooks(root: Path) -> Iterator[str]:
    """Both halves of the pairs of this course, and the cards of the cases among them."""
    for twins in find_twins(root=root):
        place = (twins.folder / twins.name).relative_to(root).as_posix()
        known = NOTEBOOK.fullmatch(place)
        if not known or not _has_solution(twins):
            continue
        halves = [path for path in map(twins.file, LANGS) if path.is_file() and read_notebook(path).noted]
        yield from (path.relative_to(root).as_posix() for path in halves)
        if halves and known["case"]:
            yield from (f"casestudies/{known['case']}/{name}" for name in CARDS)


def _has_solution(twins: Twins) -> bool:
    """True of all but a stub that was made from no solution: a renamed copy of another."""
    return not twins.is_stub or twins.solution is not None


def _data(root: Path) -> Iterator[str]:
    """The tables the dictionary explains, what is said of their cases, and what is true of them."""
    folder, listed = root / "datasets", "datasets/dictionary.csv"
    with (root / listed).open(encoding="utf-8-sig", newline="") as lines:
        tables = {row.get("table") or "" for row in csv.DictReader(lines)}
    tables = {table for table in tables if TABLE.fullmatch(table)}
    yield from (listed, *(f"datasets/{readme}" for readme in READMES.values()))
    yield from (f"datasets/{table}" for table in tables)
    for case in {table.split("/")[0] for table in tables}:
        yield from (f"datasets/{case}/{name}" for name in OF_A_CASE)
        truth = (folder / "_truth").glob(f"{case}_*")
        yield from (f"datasets/_truth/{path.name}" for path in truth if TRUTH.fullmatch(path.name))


def _spoken(name: str, langs: Sequence[Lang]) -> bool:
    """Is it in one of these languages, or in none?"""
    for lang, readme in READMES.items():
        if name.rsplit("/", 1)[-1] == readme:
            return lang in langs
    half = _HALF.search(name)
    return half is None or half[1] in langs


# --- what a trainee finds in it --------------------------------------------------------------------


def content_of(root: Path, path: str, kind: Kind) -> bytes:
    """The file as the pack holds it.

    A trainee's notebooks have no trainer cells and no outputs but the pinned ones of lessons and cases; an exercise
    is made anew from its solution, whatever was written into the stub.

    Raises
    ------
    InputProblems : the solution has answer markers that do not pair up
    """
    if kind == "trainer" or not path.endswith(".ipynb"):
        return (root / path).read_bytes()
    notebook = read_notebook(root / path)
    if path.startswith("exercises/"):
        solution = root / "exercises" / SOLUTIONS / notebook.path.name
        notebook = stub_of(read_notebook(solution)) if solution.is_file() else notebook
    return _of_trainee(notebook, pinned=not path.startswith("exercises/")).bytes()


def _of_trainee(notebook: Notebook, *, pinned: bool) -> Notebook:
    kept = [cell for cell in notebook.cells if TRAINER not in cell.tags]
    made = notebook.but([cell if pinned and PINNED in cell.tags else _without_output(cell) for cell in kept])
    metadata = {key: value for key, value in made.content["metadata"].items() if key in _KEPT}
    return Notebook(made.path, {**made.content, "metadata": metadata})


def _without_output(cell: Cell) -> Cell:
    return cell.but(outputs=[], execution_count=None) if cell.kind == "code" else cell
