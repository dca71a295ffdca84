"""A finished report is moved to its place, beside an old one that is held open or of another source."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from segkit.config import Config
from segkit.problems import InputProblems, Problem
from segkit.report.intake_step import GRAINS

TRIES = 10


def _held_open(folder: Path) -> Path | None:
    """A file of the old report that is open: Excel and LibreOffice leave a lock file beside it."""
    for lock in (*folder.glob("~$*"), *folder.glob(".~lock.*#")):
        name = lock.name.removeprefix("~$").removeprefix(".~lock.").removesuffix("#")
        # Excel cuts the first two letters of long names
        for path in folder.iterdir():
            if path.name == name or (lock.name.startswith("~$") and path.name.endswith(name)):
                return path
    return None


def put_in_place(run: Path, folder: Path, source: str) -> tuple[Path, tuple[Problem, ...]]:
    """Move the finished folder to its place; beside it (`<as_of>-2/`) where the old one is held open, or was
    made from another client.yml or another file of the same name.
    """
    notes: list[Problem] = []
    day = folder.parent
    for attempt in range(1, TRIES):
        target = folder if attempt == 1 else day.with_name(f"{day.name}-{attempt}") / folder.name
        if _source_of(target) not in (None, source):
            notes = [Problem("report.other_source", {"folder": f"{day.name}-{attempt + 1}"})]
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        held = _held_open(target) if target.exists() else None
        old = run.parent / f"old-{attempt}"
        try:
            if held is not None:
                raise PermissionError(13, "held open", str(held))
            if target.exists():
                target.replace(old)
            try:
                run.replace(target)
            except OSError:
                if old.exists():
                    old.replace(target)
                raise
            return target, tuple(notes)
        except PermissionError as fault:
            file = Path(fault.filename or target).name
            notes = [Problem("report.held_open", {"name": file, "folder": f"{day.name}-{attempt + 1}"})]
    raise InputProblems([Problem("report.not_writable", {"folder": str(day), "why": "held open"})])


def source_of_run(config: Config) -> str:
    """What this report is made from, as a fingerprint: the client.yml by name, a file by its whole path."""
    files = [str(path) for grain in GRAINS for path in config.input.paths(grain, config.folder)]
    named = config.path.name if config.path.is_file() else "|".join(files)
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _source_of(folder: Path) -> str | None:
    """The same for a report that lies there; None where there is none."""
    try:
        return str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["source"])
    except (OSError, ValueError, KeyError):
        return None
