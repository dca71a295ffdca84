"""What a trainee entered, guessed and passed, in a file beside the notebook: back the next morning (作答记录)."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MIME = "application/vnd.segkit.answers+json"  # the same record in a notebook's output, for a lost file
FOLDER = "answers"
# from a notebook of the course to the other folders that hold notebooks
NEIGHBOURS = ("../exercises", "../../exercises", "exercises", "../notebooks", "../../notebooks")
_ONE_AT_A_TIME = threading.Lock()


def folder() -> Path:
    """``answers`` beside the notebook (its kernel's folder), or the one SEGKIT_ANSWERS names."""
    return Path(os.environ.get("SEGKIT_ANSWERS") or FOLDER)


def folders() -> list[Path]:
    """Where an earlier notebook of the course may have put a record: here, then beside the lessons."""
    if os.environ.get("SEGKIT_ANSWERS"):
        return [folder()]
    return [folder(), *(Path(place) / FOLDER for place in NEIGHBOURS)]


def read(id: str, place: Path | None = None) -> dict[str, Any]:
    """The record of an exercise, lesson or person; empty where nothing was entered or the file is broken."""
    try:
        found = json.loads(((place or folder()) / f"{id}.json").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(id: str, **changes: Any) -> bool:
    """Put `changes` into the record; False where the folder cannot be written, which stops no lesson.

    A file that holds no record is kept beside it as ``.bak``.
    """
    path = folder() / f"{id}.json"
    unfinished = path.with_suffix(f".{uuid.uuid4().hex[:8]}.tmp")  # another window may be writing as well
    with _ONE_AT_A_TIME:
        record = read(id) | {"id": id} | changes
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file() and not read(id):
                path.replace(path.with_suffix(".bak"))
            unfinished.write_text(as_json(record), encoding="utf-8", newline="\n")
            unfinished.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            return False
    return True


def as_json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"


def guesses(lesson: str) -> dict[str, Any]:
    found = read(lesson).get("guesses", {})
    return found if isinstance(found, dict) else {}


def person() -> tuple[str, str]:
    """Name and group as entered with ``segkit.me``, here or beside the lessons; blank where nobody said."""
    record = next((found for found in (read("me", place) for place in folders()) if found.get("name")), {})
    return str(record.get("name", "")), str(record.get("group", ""))
