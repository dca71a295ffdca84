"""Which files an engine is to read: listed once, of one kind, with the columns of the mapping in every one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from segkit.intake.patterns import is_note, matches
from segkit.problems import InputProblems, Problem

KINDS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".txt": "csv"}
# no engine reads these, and in a folder of orders they may hold orders too
OTHER_TABLES = {".xlsx", ".xlsm", ".xls", ".xlsb", ".et", ".ods", ".numbers", ".tsv", ".tab", ".dat"}
PACKED = {".gz", ".zip", ".7z", ".rar"}
SHOWN = 20  # of thousands of files, problems are shown of these many


@dataclass(frozen=True)
class EngineFiles:
    """Files of one kind; far ones (``s3://...``) as the addresses they were given as."""

    files: list[str]
    kind: str  # "parquet" or "csv"

    @property
    def far(self) -> bool:
        """Is any of them an address, which may hold a pattern? Names of near files are meant as they are."""
        return any("://" in file for file in self.files)

    @property
    def base(self) -> str | None:
        """The folder below which folders like ``month=2025-01`` hold a column of their own; None without such."""
        first = Path(self.files[0])
        if "://" in self.files[0] or not _of_folders(self.files[0]):
            return None
        return str(next(one for one in reversed(first.parents) if "=" in one.name).parent)


def listed(path: Path) -> list[Path]:
    """The files of a file, a folder with all folders in it, or a pattern."""
    if not path.is_dir():
        return [file for one in matches(path, notes=False) or [] for file in listed(one)] or [path]
    found = sorted(file for file in path.rglob("*") if not is_note(file.relative_to(path)))
    return [file for file in found if file.is_file()]


def engine_files(engine: str, paths: Sequence[str]) -> EngineFiles:
    """All files that stand behind the paths.

    Raises
    ------
    InputProblems : none, of several kinds, or of a kind no engine reads; by name
    """
    far = [path for path in paths if "://" in path]
    near = dict.fromkeys(file for path in paths if "://" not in path for file in listed(Path(path)))
    kinds: dict[str, list[str]] = {}
    for path in far:
        ending = Path(path).suffix.lower()
        kinds.setdefault("parquet" if not ending else KINDS.get(ending, ending), []).append(path)
    for file in near:
        ending = file.suffix.lower()
        if ending in KINDS.keys() | OTHER_TABLES | PACKED or str(file) in paths:
            kinds.setdefault(KINDS.get(ending, ending), []).append(str(file))
    if len(kinds) == 1 and (kind := next(iter(kinds))) in ("parquet", "csv"):
        return EngineFiles(kinds[kind], kind)
    told = [Path(files[0]).name for files in kinds.values()] or [Path(path).name for path in paths]
    id = "engine.kinds_mixed" if len(kinds) > 1 else "engine.which_files"
    raise InputProblems([Problem(id, {"engine": engine, "files": told})])


def check_headings(found: EngineFiles, wanted: Collection[str]) -> None:
    """Has every near file the columns of the first? An engine takes a column that is missing for an empty one, or
    columns of a csv by their place.

    Raises
    ------
    InputProblems : Parquet files without a wanted column the first one has, csv files with another heading line
    """
    near = [file for file in found.files if "://" not in file]
    if near and not any(Path(file).stat().st_size for file in near if Path(file).is_file()):
        raise InputProblems([Problem("engine.no_rows", file=Path(near[0]).name)])
    if len(near) < 2:
        return
    problems: list[Problem] = []
    first: list[str] = []
    for file in near:
        name = Path(file).name
        try:
            heads = _headings(file, found.kind)
        except (OSError, pa.ArrowException) as fault:
            facts = {"files": [name], "why": str(fault).strip().splitlines()[0][:200]}
            problems.append(Problem("engine.damaged", facts))
            continue
        first = first or heads
        if found.kind == "csv" and heads != first:
            facts = {"first": Path(near[0]).name, "heads": heads[0][:120], "wanted": first[0][:120]}
            problems.append(Problem("engine.other_heading", facts, file=name))
        elif found.kind == "parquet":
            for head in sorted({*wanted} & {*first} - {*heads}):
                near_by = get_close_matches(head, heads, 1)
                id = "customers.missing_column_near" if near_by else "customers.missing_column"
                about = {"column": head, "near": "".join(near_by), "there": heads}
                problems.append(Problem(id, about, file=name))
    if problems:
        raise InputProblems(problems[:SHOWN])


def _headings(file: str, kind: str) -> list[str]:
    with Path(file).open("rb") as stream:
        if kind == "csv":
            line = stream.readline(1 << 20)
            return [line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n").decode("utf-8", "replace")]
        return [*pq.read_schema(stream).names, *_of_folders(file)]


def _of_folders(file: str) -> list[str]:
    return [part.split("=")[0] for part in Path(file).parts[:-1] if "=" in part]
