"""What a class handed in (收作业): notebooks in folders and zips, loose, renamed, sent twice.

Read, never unpacked and never run here: each notebook's code cells, whose it is, which exercise it answers, and
what was entered into its form. Nothing a notebook says about its own score is looked at.
"""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from segkit.locale import LANGS, Lang
from segkit.problems import InputProblems, Problem
from segkit.teach import answers
from segkit.teach.exercise import RUNGS, known_exercises
from segkit.workshop.received import File, Folder, files_in

_EXERCISE = re.compile(r"(?<![A-Za-z0-9])[Ee](\d\d)(?!\d)")
_COPY = re.compile(r"\s*[（(]\d+[）)]|\s*-\s*(?:副本|copy)|\.(?:zh|en)$", re.IGNORECASE)


@dataclass(frozen=True)
class Submission:
    """One person's notebook for one exercise.

    Attributes
    ----------
    exercise : E08
    name, group : whose it is; `name` is never blank, `group` may be
    source : where it was found, as the trainer would look for it: ``class.zip/E08(1).ipynb``
    when : when the file was last changed
    code : its code cells in order
    entered : what was entered into its form
    lang : the language it is written in, "" where that cannot be told
    hints : how many rungs of the ladder were taken
    """

    exercise: str
    name: str
    group: str
    source: str
    when: dt.datetime
    code: tuple[str, ...]
    entered: dict[str, Any] = field(default_factory=dict)
    lang: Lang | Literal[""] = ""
    hints: int = 0


@dataclass(frozen=True)
class Collected:
    """What was found: the newest of each person and exercise, the older ones, and what could not be used."""

    newest: tuple[Submission, ...]
    older: tuple[Submission, ...]
    unused: tuple[Problem, ...]


_Records = Mapping[tuple[Folder, str], dict[str, Any]]  # folder and name in small letters -> what it holds


def collect(places: Iterable[str | Path]) -> Collected:
    """Which notebooks were handed in, by whom and for which exercise?

    Parameters
    ----------
    places : folders, zips and notebooks; folders are looked through to the bottom

    Raises
    ------
    InputProblems : a place does not exist, or there is no notebook in any of them
    """
    given = [Path(place) for place in places]
    missing = [Problem("grade.no_place", {"path": str(place)}) for place in given if not place.exists()]
    if missing:
        raise InputProblems(missing)
    unused: list[Problem] = []
    files = list(files_in(given, unused))
    records = {
        (file.folder, file.source.name.lower()): _record(file.data) for file in files if file.is_a(".json")
    }
    notebooks = []
    for file in files:
        if file.is_a(".ipynb"):
            try:
                notebooks.append(_notebook(file))
            except _Unusable as why:
                unused.append(Problem(why.id, why.facts, file=file.shown))
    if not notebooks and not unused:
        raise InputProblems([Problem("grade.nothing", {"paths": list(map(str, given))})])
    together: dict[tuple[Folder, str], list[_Notebook]] = {}
    for read in notebooks:
        together.setdefault((read.file.folder, read.exercise), []).append(read)
    zips = Counter(
        name.lower() for _, folder in {one.file.folder for one in notebooks} for name in [folder.name]
    )
    crowded = {name for name, times in zips.items() if times > 1}
    found = [_submission(one, together[one.file.folder, one.exercise], records, crowded) for one in notebooks]
    newest: dict[tuple[str, str], Submission] = {}
    for one in sorted(found, key=lambda one: (one.when, one.source)):
        newest[person_key(one.name), one.exercise] = one
    last = sorted(newest.values(), key=lambda one: (one.group, one.name, one.exercise))
    return Collected(tuple(last), tuple(one for one in found if one not in last), tuple(unused))


def person_key(name: str) -> str:
    """What names of one person have in common: 张 三 is 张三."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).casefold()


def _record(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


# --- one notebook ----------------------------------------------------------------------------------


class _Unusable(Exception):
    def __init__(self, id: str, **facts: Any) -> None:
        self.id, self.facts = id, facts


@dataclass(frozen=True)
class _Notebook:
    """What is read from one notebook before what lies beside it is looked at."""

    file: File
    exercise: str
    code: tuple[str, ...]
    calls: list[tuple[str, list[str]]]
    kept: dict[str, Any]
    lang: Lang | Literal[""]

    @property
    def signed(self) -> tuple[str, str]:
        """Name and group by ``me(...)`` in the code."""
        for name, texts in self.calls:
            if name == "me" and texts[0].strip():
                return texts[0].strip(), (texts[1].strip() if len(texts) > 1 else "")
        return "", ""


def _notebook(file: File) -> _Notebook:
    content = _record(file.data)
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise _Unusable("grade.no_notebook")
    code = tuple(
        _source(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"
    )
    calls = list(_calls(code))
    exercise = _exercise(content, calls, file.source)
    lang = _language(content, calls, file.source)
    return _Notebook(file, exercise, code, calls, _kept_in(cells, exercise), lang)


def _submission(
    one: _Notebook, together: list[_Notebook], records: _Records, crowded: set[str]
) -> Submission:
    """The notebook with its record and person; `together`: those of its exercise in its folder, itself included."""
    beside = records if _are_one(together) else {}
    record = _beside(one.file, one.exercise, beside) or one.kept
    entered, taken = record.get("entered"), record.get("hints")
    name, group = _person(one, together, beside, crowded)
    return Submission(
        one.exercise,
        name,
        group,
        one.file.shown,
        one.file.when,
        one.code,
        entered if isinstance(entered, dict) else {},
        one.lang,
        min(max(taken, 0), RUNGS) if isinstance(taken, int) else 0,
    )


def _are_one(together: list[_Notebook]) -> bool:
    """Is what lies beside these surely theirs: one notebook, or one person's in both languages?"""
    names = [one.file.source.name for one in together]
    signed = {person_key(one.signed[0]) for one in together} - {""}
    return (
        len(set(names)) == len(names)
        and len({re.sub(r"\.(zh|en)\.ipynb$", ".ipynb", name, flags=re.I) for name in names}) == 1
        and len(signed) <= 1
    )


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _calls(code: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Calls of segkit with texts in them: ("check", ["E08"]), ("me", ["张三", "一组"])."""
    for source in code:
        lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
        try:
            tree = ast.parse("\n".join(lines))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                given = [*node.args, *(word.value for word in node.keywords)]
                texts = [
                    one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)
                ]
                if texts:
                    yield name, texts


def _exercise(content: dict[str, Any], calls: list[tuple[str, list[str]]], source: PurePosixPath) -> str:
    """By the notebook's metadata, the form or check in it, or the file's name."""
    metadata = content.get("metadata")
    noted = metadata.get("segkit") if isinstance(metadata, dict) else None
    wishes = [noted.get("exercise", "") if isinstance(noted, dict) else ""]
    wishes += [texts[0] for name, texts in calls if name in ("form", "check", "predict", "hint")]
    wishes += [f"E{digits}" for digits in _EXERCISE.findall(source.stem)]
    known = known_exercises()
    found = next((str(wish).upper() for wish in wishes if str(wish).upper() in known), None)
    if found is None:
        raise _Unusable("grade.no_exercise")
    return found


def _language(
    content: dict[str, Any], calls: list[tuple[str, list[str]]], source: PurePosixPath
) -> Lang | Literal[""]:
    """By ``segkit.use(...)`` in the code, the notebook's metadata or the file's name."""
    metadata = content.get("metadata")
    noted = metadata.get("segkit") if isinstance(metadata, dict) else None
    wishes = [texts[0] for name, texts in calls if name == "use"]
    wishes += [str(noted.get("lang", "")) if isinstance(noted, dict) else ""]
    wishes += re.findall(r"\.(zh|en)\b", source.stem)
    return next((lang for wish in wishes for lang in LANGS if wish == lang), "")


def _beside(file: File, name: str, records: _Records) -> dict[str, Any]:
    """The record that lies beside the notebook, as segkit writes it or sent loose."""
    number, parent = file.folder
    for folder in (parent / answers.FOLDER, parent):
        if found := records.get(((number, folder), f"{name}.json".lower())):
            return found
    return {}


def _kept_in(cells: list[Any], exercise: str) -> dict[str, Any]:
    """This exercise's record in the output of the form's cell, should the file beside the notebook be lost."""
    for cell in cells:
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else []:
            data = output.get("data") if isinstance(output, dict) else None
            found = data.get(answers.MIME) if isinstance(data, dict) else None
            if isinstance(found, dict) and found.get("exercise", found.get("id", exercise)) == exercise:
                return found
    return {}


def _person(
    one: _Notebook, together: list[_Notebook], records: _Records, crowded: set[str]
) -> tuple[str, str]:
    """By ``me(...)`` in the code, the record beside it, the form's record, the folder or the file's name.

    A zip is not a person where several notebooks of one exercise lie loose in it, or another zip (`crowded`) has
    its name; nor is the folder given, unless others were given with it. A notebook of nobody is a person of its own.
    """
    if one.signed[0]:
        return one.signed
    for record in (_beside(one.file, "me", records), one.kept):
        if str(record.get("name", "")).strip():
            return str(record["name"]).strip(), str(record.get("group", "")).strip()
    source = one.file.source
    folders = [part for part in source.parts[:-1] if part not in ("exercises", "solutions", answers.FOLDER)]
    zipped = bool(folders) and folders[-1].lower().endswith(".zip")
    if folders and not zipped:
        return _COPY.sub("", folders[-1]), ""
    words = re.split(r"[_\-\s]+", _EXERCISE.sub("", _COPY.sub("", _COPY.sub("", source.stem))))
    named = [word for word in words if word and not re.fullmatch(r"[a-z0-9.]+", word)]
    if named:
        return " ".join(named), ""
    if zipped and len(together) == 1 and folders[-1].lower() not in crowded:
        return _COPY.sub("", folders[-1][: -len(".zip")]), ""
    given = one.file.place.shown  # blank where but one was given
    if not zipped and len(together) == 1 and given.name:
        return str(given), ""
    return one.file.shown, ""
