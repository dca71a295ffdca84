"""What a class handed in (收作业): notebooks in folders and zips, loose, renamed, sent twice.

Read, never unpacked and never run here: each notebook's code cells, whose it is, which exercise it answers, and
what was entered into its form. Nothing a notebook says about its own score is looked at.
"""

from __future__ import annotations

import ast
import datetime as dt
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from segkit.locale import LANGS, Lang
from segkit.problems import InputProblems, Problem
from segkit.teach import answers
from segkit.teach.exercise import RUNGS, known_exercises

LARGEST = 50_000_000  # bytes of one notebook or zip that are read
DEEPEST = 3  # zips within zips
_NOT_HANDED_IN = ("__MACOSX", ".ipynb_checkpoints", "~$")
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


@dataclass(frozen=True)
class _File:
    source: PurePosixPath
    when: dt.datetime
    data: bytes


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
    files = [file for place in given for file in _files(place, unused)]
    records = {file.source: _record(file.data) for file in files if file.source.suffix == ".json"}
    found = []
    for file in files:
        if file.source.suffix == ".ipynb":
            try:
                found.append(_submission(file, records))
            except _Unusable as why:
                unused.append(Problem(why.id, why.facts, file=str(file.source)))
    if not found and not unused:
        raise InputProblems([Problem("grade.nothing", {"paths": list(map(str, given))})])
    newest: dict[tuple[str, str], Submission] = {}
    for one in sorted(found, key=lambda one: (one.when, one.source)):
        newest[person_key(one.name), one.exercise] = one
    last = sorted(newest.values(), key=lambda one: (one.group, one.name, one.exercise))
    return Collected(tuple(last), tuple(one for one in found if one not in last), tuple(unused))


def person_key(name: str) -> str:
    """What names of one person have in common: 张 三 is 张三."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).casefold()


# --- files -----------------------------------------------------------------------------------------


def _files(place: Path, unused: list[Problem]) -> Iterator[_File]:
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            if path.is_file():
                yield from _file(path, PurePosixPath(path.relative_to(place).as_posix()), unused)
    else:
        yield from _file(place, PurePosixPath(place.name), unused)


def _file(path: Path, source: PurePosixPath, unused: list[Problem]) -> Iterator[_File]:
    if not _is_wanted(source):
        return
    try:
        stat = path.stat()
        if stat.st_size > LARGEST:
            unused.append(Problem("grade.too_large", file=str(source)))
            return
        file = _File(source, dt.datetime.fromtimestamp(stat.st_mtime), path.read_bytes())
    except OSError:
        unused.append(Problem("grade.unreadable", file=str(source)))
        return
    yield from _opened(file, unused, DEEPEST)


def _opened(file: _File, unused: list[Problem], deeper: int) -> Iterator[_File]:
    """The file itself, or what a zip holds."""
    if file.source.suffix.lower() != ".zip":
        yield file
        return
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as packed:
            for member in packed.infolist():
                inside = file.source / _name_in(member)
                if member.is_dir() or not _is_wanted(inside):
                    continue
                if member.file_size > LARGEST or not deeper:
                    unused.append(Problem("grade.too_large", file=str(inside)))
                    continue
                when = dt.datetime(*member.date_time)
                yield from _opened(_File(inside, when, packed.read(member)), unused, deeper - 1)
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, NotImplementedError):
        # broken, or locked by a password
        unused.append(Problem("grade.bad_zip", file=str(file.source)))


def _name_in(member: zipfile.ZipInfo) -> PurePosixPath:
    """The name as it was written: Chinese Windows packs in GBK without saying so."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("gbk")
        except UnicodeError:
            name = member.filename
    return PurePosixPath(*(part for part in PurePosixPath(name).parts if part not in ("..", "/")))


def _is_wanted(source: PurePosixPath) -> bool:
    if any(part.startswith(_NOT_HANDED_IN) for part in source.parts):
        return False
    return source.suffix.lower() in (".ipynb", ".zip", ".json")


def _record(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


# --- one notebook ----------------------------------------------------------------------------------


class _Unusable(Exception):
    def __init__(self, id: str, **facts: Any) -> None:
        self.id, self.facts = id, facts


def _submission(file: _File, records: dict[PurePosixPath, dict[str, Any]]) -> Submission:
    content = _record(file.data)
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise _Unusable("grade.no_notebook")
    code = tuple(
        _source(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"
    )
    calls = list(_calls(code))
    exercise = _exercise(content, calls, file.source)
    kept = _kept_in(cells)
    beside = _beside(file.source, exercise, records) or kept
    entered = beside.get("entered")
    name, group = _person(file.source, calls, records, kept)
    taken = beside.get("hints")
    return Submission(
        exercise,
        name,
        group,
        str(file.source),
        file.when,
        code,
        entered if isinstance(entered, dict) else {},
        _language(content, calls, file.source),
        min(max(taken, 0), RUNGS) if isinstance(taken, int) else 0,
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
        except (SyntaxError, ValueError):
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


def _beside(
    source: PurePosixPath, exercise: str, records: dict[PurePosixPath, dict[str, Any]]
) -> dict[str, Any]:
    """The record that lies beside the notebook, as segkit writes it or sent loose."""
    for place in (source.parent / answers.FOLDER, source.parent):
        if found := records.get(place / f"{exercise}.json"):
            return found
    return {}


def _kept_in(cells: list[Any]) -> dict[str, Any]:
    """The record in the output of the form's cell, should the file beside the notebook be lost."""
    for cell in cells:
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else []:
            data = output.get("data") if isinstance(output, dict) else None
            found = data.get(answers.MIME) if isinstance(data, dict) else None
            if isinstance(found, dict):
                return found
    return {}


def _person(
    source: PurePosixPath,
    calls: list[tuple[str, list[str]]],
    records: dict[PurePosixPath, dict[str, Any]],
    kept: dict[str, Any],
) -> tuple[str, str]:
    """By ``me(...)`` in the code, the record beside it, the form's record, the folder or the file's name."""
    for name, texts in calls:
        if name == "me" and texts[0].strip():
            return texts[0].strip(), (texts[1].strip() if len(texts) > 1 else "")
    for place in (source.parent / answers.FOLDER, source.parent):
        record = records.get(place / "me.json", {})
        if str(record.get("name", "")).strip():
            return str(record["name"]).strip(), str(record.get("group", "")).strip()
    if str(kept.get("name", "")).strip():
        return str(kept["name"]).strip(), str(kept.get("group", "")).strip()
    folders = [part for part in source.parts[:-1] if part not in ("exercises", "solutions", answers.FOLDER)]
    if folders:
        return _COPY.sub("", folders[-1].removesuffix(".zip").removesuffix(".ZIP")), ""
    words = re.split(r"[_\-\s]+", _EXERCISE.sub("", _COPY.sub("", _COPY.sub("", source.stem))))
    named = [word for word in words if word and not re.fullmatch(r"[a-z0-9.]+", word)]
    return (" ".join(named) or str(source)), ""
