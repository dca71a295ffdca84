"""What a trainee entered, guessed and passed, in a file beside the notebook: back the next morning (作答记录)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MIME = "application/vnd.segkit.answers+json"  # the same record in a notebook's output, for a lost file
FOLDER = "answers"


def folder() -> Path:
    """``answers`` beside the notebook (its kernel's folder), or the one SEGKIT_ANSWERS names."""
    return Path(os.environ.get("SEGKIT_ANSWERS") or FOLDER)


def read(id: str, place: Path | None = None) -> dict[str, Any]:
    """The record of an exercise, lesson or person; empty where nothing was entered or the file is broken."""
    try:
        found = json.loads(((place or folder()) / f"{id}.json").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(id: str, **changes: Any) -> bool:
    """Put `changes` into the record; False where the folder cannot be written, which stops no lesson."""
    record = read(id) | {"id": id} | changes
    path = folder() / f"{id}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(as_json(record), encoding="utf-8", newline="\n")
        unfinished.replace(path)
    except OSError:
        return False
    return True


def as_json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"


def guesses(lesson: str) -> dict[str, Any]:
    found = read(lesson).get("guesses", {})
    return found if isinstance(found, dict) else {}


def person() -> tuple[str, str]:
    """Name and group as entered with ``segkit.me``; blank where nobody said."""
    record = read("me")
    return str(record.get("name", "")), str(record.get("group", ""))
