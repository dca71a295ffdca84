"""Packs (课程包): the folder a trainee gets, without answers, and the trainer's with everything.

A pack is an unpacked segkit: ``start.py`` makes its environment and opens JupyterLab in it. The same course folder
gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from segkit import __version__
from segkit.locale import LANGS, Lang
from segkit.problems import InputProblems, Problem
from segkit.workshop.notebooks import SOLUTIONS
from segkit.workshop.pack_files import FILES, READMES, Kind, content_of, files_of_pack
from segkit.workshop.pages import write_files

KINDS: dict[str, Kind] = {"trainee": "trainee", "trainer": "trainer"}
STAMP = "pack.json"

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # of every file in a zip

_LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<to>[^)\s#]+)(?:#[^)\s]*)?\)")
_REPOSITORY = re.compile(r"<!-- repository -->.*?<!-- /repository -->", re.DOTALL)
_REPOSITORY_COMMAND = re.compile(r"python start\.py (?:test|check|bench)\b.*")
_REPOSITORY_ROW = re.compile(r"\| `(?:tests|benchmarks)/` \|.*")


@dataclass(frozen=True)
class Pack:
    """A pack to be written.

    Attributes
    ----------
    name : of its folder or zip: ``segkit-trainee-zh``
    files : path in the pack -> content, in order
    notes : what could not be put into it
    """

    name: str
    files: Mapping[str, bytes]
    notes: tuple[Problem, ...] = ()


def pack(kind: Kind, lang: Lang | None = None, root: Path | None = None) -> Pack:
    """What a trainee, or the trainer, is given.

    Parameters
    ----------
    kind : ``trainee``: no trainer cells, solutions or truth of the samples; ``trainer``: everything, and the agenda
    lang : one language; both by default
    root : the course folder; by default here, above, or beside the package

    Raises
    ------
    InputProblems : there is no course folder, or it is a trainee's pack itself, of which no trainer's can be made;
        a notebook of the course cannot be read
    """
    from segkit.workshop.material import workbook_folder

    root = workbook_folder(root)
    langs: tuple[Lang, ...] = (lang,) if lang else LANGS
    faults = [Problem("pack.missing", {"name": name}, file=str(root)) for name in _absent(root, kind)]
    if faults:
        raise InputProblems(faults)
    files = {path: content_of(root, path, kind) for path in files_of_pack(root, kind, langs)}
    agendas, notes = _agendas(root, langs) if kind == "trainer" else ({}, [])
    files |= agendas
    files["pyproject.toml"] = _with_readme(files["pyproject.toml"], langs)
    for path in [path for path in files if path.endswith(".md")]:
        text = files[path].decode("utf-8")
        files[path] = page_of_pack(text, PurePosixPath(path), files).encode("utf-8")
    name = "-".join(["segkit", kind, *langs])
    files[STAMP] = _stamp(kind, langs, files)
    return Pack(name, dict(sorted(files.items())), tuple(notes))


def write_pack(made: Pack, out: Path, *, zipped: bool = False) -> Path:
    """Write the pack below `out`, as a folder of its name or as one zip; gives its path.

    Raises
    ------
    InputProblems : the folder is there already (somebody may have worked in it), or a file cannot be written
    """
    if zipped:
        [path] = write_files(out, {f"{made.name}.zip": zip_of(made)})
        return path
    folder = out / made.name
    if folder.exists():
        raise InputProblems([Problem("pack.there", {"folder": str(folder)})])
    write_files(folder, made.files)
    return folder


def zip_of(made: Pack) -> bytes:
    """The pack as a zip with one folder in it; neither clock nor system is asked, so it is the same each time."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path, content in made.files.items():
            member = zipfile.ZipInfo(f"{made.name}/{path}", LONG_AGO)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # else that of the machine
            member.external_attr = 0o100644 << 16
            packed.writestr(member, content)
    return held.getvalue()


# --- what it needs and adds ----------------------------------------------------------------------------------


def _absent(root: Path, kind: Kind) -> list[str]:
    needed = [name for name in FILES if name not in READMES.values()] + ["segkit", "datasets/dictionary.csv"]
    needed += [f"exercises/{SOLUTIONS}", "datasets/_truth"] if kind == "trainer" else []
    return [name for name in needed if not (root / name).exists()]


def _agendas(root: Path, langs: Sequence[Lang]) -> tuple[dict[str, bytes], list[Problem]]:
    """Run sheet and client page of every course that the notebooks there are make up, and why of the others not."""
    from segkit.workshop.agenda_pages import write_pages
    from segkit.workshop.course import load_course
    from segkit.workshop.timetable import agenda

    files: dict[str, bytes] = {}
    notes: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix="segkit-", ignore_cleanup_errors=True) as scratch:
        # of the course's own notebooks: a copy that lies beside a lesson is no lesson
        taught = Path(scratch) / "course"
        books = [path for path in files_of_pack(root, "trainer", LANGS) if path.endswith(".ipynb")]
        write_files(taught, {path: (root / path).read_bytes() for path in books})
        for course in load_course().courses:
            days = f"{course.days}_day" if course.days == 1 else f"{course.days}_days"
            try:
                made = agenda(days=course.days, root=taught)
                written = [path for lang in langs for path in write_pages(made, Path(scratch) / days, lang)]
            except InputProblems as stopped:
                notes += stopped.problems
                continue
            files |= {f"agenda/{days}/{path.name}": path.read_bytes() for path in written}
    return files, notes


def _with_readme(pyproject: bytes, langs: Sequence[Lang]) -> bytes:
    """The build asks for the readme it names, so it names one that is there."""
    return pyproject.replace(b'readme = "README.md"', f'readme = "{READMES[langs[-1]]}"'.encode(), 1)


def _stamp(kind: Kind, langs: Sequence[Lang], files: Mapping[str, bytes]) -> bytes:
    """Which pack this is: version, and a hash over all names and contents by which two are told apart."""
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(f"{path}\0{hashlib.sha256(files[path]).hexdigest()}\n".encode())
    about = {
        "pack": kind,
        "lang": list(langs),
        "segkit": __version__,
        "files": len(files),
        "sha256": whole.hexdigest(),
    }
    return (json.dumps(about, indent=1) + "\n").encode("utf-8")


# --- pages that speak of the whole repository ------------------------------------------------------


def page_of_pack(text: str, path: PurePosixPath, files: Mapping[str, bytes]) -> str:
    """A Markdown page as it stands in a pack: nothing in it leads to what is not there.

    What stands between ``<!-- repository -->`` and ``<!-- /repository -->`` goes, and so do commands that need the
    tests, rows about folders no pack has, and lines that are but a link to a missing file; a
    missing file's link elsewhere becomes plain text.
    """
    there = set(files) | {parent.as_posix() for name in files for parent in PurePosixPath(name).parents}
    lines: list[str] = []
    for line in _REPOSITORY.sub("", text).split("\n"):
        links = [*_LINK.finditer(line)]
        lost = [link for link in links if not _leads(link["to"], path, there)]
        alone = bool(lost) and line.strip() == lost[0][0]
        of_repository = _REPOSITORY_ROW.fullmatch(line) or _REPOSITORY_COMMAND.fullmatch(line)
        if alone or (of_repository and len(path.parts) == 1):
            if alone and lines[-1:] == [""]:
                lines.pop()
            continue
        for link in lost:
            line = line.replace(link[0], link["text"])
        lines.append(line)
    return "\n".join(lines)


def _leads(to: str, path: PurePosixPath, there: set[str]) -> bool:
    if re.match(r"[a-z]+:", to):
        return True
    place: list[str] = []
    for part in (path.parent / to).parts:
        if part == ".." and place:
            place.pop()
        else:
            place.append(part)
    return "/".join(place) in there
