"""Notebooks as files: cells, tags, sections with their minutes. Read as plain JSON: nbformat imports slowly.

A notebook is one of a pair, ``NAME.zh.ipynb`` and ``NAME.en.ipynb``; cells belong together by their id.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from segkit.locale import LANGS, Lang
from segkit.problems import InputProblems, Problem

Role = Literal["sales", "lead", "consultant"]
ROLES: dict[str, Role] = {"role-sales": "sales", "role-lead": "lead", "role-consultant": "consultant"}

LANG_CELL, ANSWER, SOLUTION, PINNED, OPTIONAL = (
    "lang-cell",
    "answer",
    "solution",
    "nbval-check-output",
    "optional",
)
FOLDERS = ("notebooks", "casestudies", "exercises")  # where pairs lie, below the root of the project
SOLUTIONS = "solutions"  # the folder of solutions, below that of the stubs made from them
_NOT_OURS = {".ipynb_checkpoints", "answers", "reports", "node_modules", ".venv"}

_HEADING = re.compile(r"##[ \t]+(?P<words>\S.*?)\s*$")
_MINUTES = re.compile(
    r"\s*[（(]\s*(?P<minutes>\d+)\s*(?:分钟|min(?:utes)?\.?)\s*(?:[，,]\s*(?P<optional>选做|optional)\s*)?[）)]\s*$"
)
_STATED = re.compile(r"\*\*(?:用时|Time)\*\*\s*[:：]?\s*(?P<minutes>\d+)\s*(?:分钟|min)")


@dataclass(frozen=True)
class Cell:
    """One cell: its id, kind, text and tags; `raw` is the cell as it stands in the file."""

    id: str
    kind: str  # markdown | code | raw
    source: str
    tags: tuple[str, ...]
    raw: dict[str, Any]

    @property
    def first_line(self) -> str:
        """The first line with something on it, for a message that names the cell."""
        line = next((line.strip() for line in self.source.splitlines() if line.strip()), "")
        return line if len(line) <= 40 else f"{line[:39]}…"

    @property
    def outputs(self) -> list[dict[str, Any]]:
        return list(self.raw.get("outputs") or [])

    @property
    def translates(self) -> str | None:
        """Hash of the Chinese text this English cell was written for, or None."""
        noted = self.raw.get("metadata", {}).get("segkit", {})
        return noted.get("zh") if isinstance(noted, dict) else None

    def but(self, **changed: Any) -> Cell:
        """The same cell with other keys of the file: ``cell.but(source="x = 1", outputs=[])``."""
        return cell_of({**copy.deepcopy(self.raw), **changed})


@dataclass(frozen=True)
class Section:
    """A section of a notebook: its heading without the minutes, and the cells it runs over.

    Attributes
    ----------
    minutes : as the heading states them; None where it states none
    optional : 选做, not counted into the stated time
    role : the only role it is for, None for all
    first, last : indices of its first (the heading) and last cell in ``Notebook.cells``
    """

    heading: str
    minutes: int | None
    optional: bool
    role: Role | None
    first: int
    last: int


@dataclass(frozen=True)
class Notebook:
    """A notebook as read from a file. Immutable: `but` gives another."""

    path: Path
    content: dict[str, Any]
    tidy: bool = True  # False: the file has a BOM or Windows line ends

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell_of(raw) for raw in self.content["cells"])

    @property
    def noted(self) -> dict[str, Any]:
        """``metadata.segkit``: the language, and the exercise it answers."""
        found = self.content.get("metadata", {}).get("segkit", {})
        return found if isinstance(found, dict) else {}

    @property
    def lang(self) -> Lang:
        """By the file name, else by the metadata."""
        wishes = (language_of(self.path), self.noted.get("lang"))
        return next((wish for wish in wishes if wish in LANGS), "zh")

    @property
    def title(self) -> str:
        """The heading of the first cell without ``#``, "" without one."""
        first = self.cells[0].source.strip().splitlines()[:1] if self.cells else []
        return first[0][2:].strip() if first and first[0].startswith("# ") else ""

    @property
    def stated_minutes(self) -> int | None:
        """The time the first cell promises: ``**用时** 80 分钟``."""
        found = _STATED.search(self.cells[0].source) if self.cells else None
        return int(found["minutes"]) if found else None

    @cached_property
    def sections(self) -> list[Section]:
        """Every ``## `` heading that begins a cell, in order. What stands before the first is the opening."""
        return _sections(self.cells)

    def but(self, cells: Iterable[Cell] | None = None, **metadata: Any) -> Notebook:
        """The same notebook with other cells, or other notebook metadata."""
        content = copy.deepcopy(self.content)
        if cells is not None:
            content["cells"] = [copy.deepcopy(cell.raw) for cell in cells]
        content["metadata"] = {**content.get("metadata", {}), **metadata}
        return replace(self, content=content)

    def bytes(self) -> bytes:
        """The file: UTF-8, LF, sources as lists of lines and keys in order, as JupyterLab writes it."""
        content = copy.deepcopy(self.content)
        for raw in content["cells"]:
            raw["source"] = _text(raw["source"]).splitlines(keepends=True)
            for output in raw.get("outputs", []):
                _in_lines(output)
        text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))
        return (text + "\n").encode("utf-8")


# --- reading ---------------------------------------------------------------------------------------


def read_notebook(path: str | Path) -> Notebook:
    """The notebook at `path`; a BOM and Windows line ends are read over.

    Raises
    ------
    InputProblems : no such file, no notebook, or one from before cells had ids
    """
    path = Path(path)
    name = shown(path)
    try:
        data = path.read_bytes()
        content = json.loads(data.decode("utf-8-sig"))
    except OSError:
        raise InputProblems([Problem("notebook.missing", file=name)]) from None
    except UnicodeDecodeError:
        raise InputProblems([Problem("notebook.not_utf8", file=name)]) from None
    except (json.JSONDecodeError, RecursionError) as fault:
        line = getattr(fault, "lineno", 1)
        raise InputProblems([Problem("notebook.broken", {"line": line}, file=name)]) from None
    if problems := list(_faults(content, name)):
        raise InputProblems(problems)
    for raw in content["cells"]:
        raw["source"] = _text(raw["source"]).replace("\r\n", "\n").replace("\r", "\n")
    return Notebook(path, content, tidy=b"\r" not in data and not data.startswith(b"\xef\xbb\xbf"))


def _faults(content: Any, name: str) -> Iterator[Problem]:
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        yield Problem("notebook.no_notebook", file=name)
        return
    cells = content.get("cells")
    if content["nbformat"] != 4 or not isinstance(cells, list):
        yield Problem("notebook.old_format", file=name)
        return
    for number, raw in enumerate(cells, 1):
        whole = (
            isinstance(raw, dict)
            and raw.get("cell_type") in ("markdown", "code", "raw")
            and isinstance(raw.get("source"), str | list)
            and isinstance(raw.get("metadata", {}), dict)
        )
        if not whole:
            yield Problem("notebook.no_cell", {"number": number}, file=name)
        elif not isinstance(raw.get("id"), str) or not raw["id"]:
            yield Problem("notebook.no_id", {"number": number}, file=name)


def cell_of(raw: dict[str, Any]) -> Cell:
    tags = raw.get("metadata", {}).get("tags") or []
    return Cell(str(raw["id"]), raw["cell_type"], _text(raw["source"]), tuple(map(str, tags)), raw)


def _text(source: str | Sequence[str]) -> str:
    return source if isinstance(source, str) else "".join(map(str, source))


def _in_lines(output: dict[str, Any]) -> None:
    """Texts of a stored output as lists of lines, as nbformat writes them."""
    if isinstance(output.get("text"), str):
        output["text"] = output["text"].splitlines(keepends=True)
    for mime, value in output.get("data", {}).items():
        if isinstance(value, str) and mime.startswith("text/"):
            output["data"][mime] = value.splitlines(keepends=True)


def output_text(cell: Cell) -> str:
    """What a reader sees as text in the stored outputs of a cell: streams and text/plain."""
    parts = []
    for output in cell.outputs:
        parts.append(_text(output.get("text", "")))
        parts.append(_text(output.get("data", {}).get("text/plain", "")))
    return "".join(parts)


# --- sections --------------------------------------------------------------------------------------


def _sections(cells: Sequence[Cell]) -> list[Section]:
    begins = []
    for index, cell in enumerate(cells):
        heading = _HEADING.match(cell.source.lstrip().split("\n", 1)[0]) if cell.kind == "markdown" else None
        if heading:
            begins.append((index, heading["words"]))
    nexts = [*(index for index, _ in begins[1:]), len(cells)]
    found = []
    for (first, words), after in zip(begins, nexts, strict=False):
        timed = _MINUTES.search(words)
        tags = cells[first].tags
        found.append(
            Section(
                heading=words[: timed.start()] if timed else words,
                minutes=int(timed["minutes"]) if timed else None,
                optional=OPTIONAL in tags or bool(timed and timed["optional"]),
                role=next((ROLES[tag] for tag in tags if tag in ROLES), None),
                first=first,
                last=after - 1,
            )
        )
    return found


# --- pairs on disk ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Twins:
    """The two files of a pair, whether they exist or not: ``Twins(Path("notebooks"), "04_grading")``."""

    folder: Path
    name: str

    def file(self, lang: Lang) -> Path:
        return self.folder / f"{self.name}.{lang}.ipynb"

    @property
    def stub(self) -> Twins | None:
        """Where the stub of this pair of solutions lies; None for a pair that is no solution."""
        return Twins(self.folder.parent, self.name) if self.folder.name == SOLUTIONS else None

    @property
    def is_stub(self) -> bool:
        """Does it lie beside a folder of solutions?"""
        return (self.folder / SOLUTIONS).is_dir()

    @property
    def solution(self) -> Twins | None:
        """The solution that this stub is made from; None for a pair that is no stub."""
        made_from = Twins(self.folder / SOLUTIONS, self.name)
        return made_from if any(made_from.file(lang).exists() for lang in LANGS) else None


def language_of(path: Path) -> Lang | None:
    """``04_grading.zh.ipynb`` -> zh; None for a notebook that is no half of a pair."""
    return next((lang for lang in LANGS if path.name.endswith(f".{lang}.ipynb")), None)


def twins_of(path: Path) -> Twins | None:
    """The pair that a file is half of."""
    lang = language_of(path)
    return Twins(path.parent, path.name.removesuffix(f".{lang}.ipynb")) if lang else None


def find_twins(paths: Sequence[Path] = (), root: Path | None = None) -> list[Twins]:
    """The pairs among `paths`: files of either language, or folders with all below them.

    Without paths those below notebooks, casestudies and exercises of `root` (the working folder).

    Raises
    ------
    InputProblems : a path is not there, is no half of a pair, or there is no pair at all
    """
    root = root or Path()
    wanted = list(paths) or [root / name for name in FOLDERS if (root / name).is_dir()]
    found: dict[Path, Twins] = {}
    problems = []
    for path in wanted:
        if path.is_dir():
            files = [p for p in sorted(path.rglob("*.ipynb")) if not _NOT_OURS & {*p.relative_to(path).parts}]
        elif language_of(path) is None:
            problems.append(Problem("pairs.no_half", file=shown(path)))
            continue
        else:
            files = [path]
        for twins in filter(None, map(twins_of, files)):
            found.setdefault(Path(os.path.normcase(twins.file("zh").absolute())), twins)
    problems += [
        Problem("notebook.missing", file=shown(twins.file("zh")))
        for twins in found.values()
        if not any(twins.file(lang).exists() for lang in LANGS)
    ]
    if not found and not problems:
        problems = [Problem("pairs.none", {"folders": [str(path) for path in wanted] or list(FOLDERS)})]
    if problems:
        raise InputProblems(problems)
    return list(found.values())


def shown(path: Path) -> str:
    """A path as a message names it: below the working folder, with forward strokes."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def digest(text: str) -> str:
    """What an English cell notes of the Chinese it translates: 12 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]
