"""Files named by a pattern in client.yml, like ``orders/*.csv`` or ``parts/**/*.parquet``."""

from __future__ import annotations

from pathlib import Path

_SIGNS = "*?["
_NOTES = ("~$", ".", "_")  # lock files, hidden files, marks that Spark leaves beside its parts


def matches(path: Path, *, notes: bool = True) -> list[Path] | None:
    """What a pattern stands for, in order of name; None where the path is there as it is or holds no pattern.

    Any part may be one; ``**`` stands for folders of any depth, and gives files only. Without `notes`, what
    `is_note` knows is left out.
    """
    if path.exists():
        return None
    root, parts = Path(path.anchor), [part for part in path.parts if part != path.anchor]
    while parts and not (_is_pattern(parts[0]) and not (root / parts[0]).exists()):
        root, parts = root / parts[0], parts[1:]  # a folder may be called 客户[2025]
    if not parts:
        return None
    deep = "**" in parts
    if parts[-1] == "**":
        parts.append("*")
    found = sorted(path for path in root.glob("/".join(parts)) if not deep or path.is_file())
    return found if notes else [path for path in found if not is_note(path.relative_to(root))]


def _is_pattern(part: str) -> bool:
    return any(sign in part for sign in _SIGNS)


def is_note(path: Path) -> bool:
    """Does a program keep this for itself: a lock file, a hidden file, _SUCCESS, anything in _temporary?"""
    return any(part.startswith(_NOTES) for part in path.parts)
