"""From the bytes of a YAML file to its tree; what cannot be read is said with its line."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from segkit.locale import as_written
from segkit.problems import InputProblems, Problem
from segkit.yaml_files.notepad import decode, mend
from segkit.yaml_files.tree import BadText, Tree, read_tree


def read_text(
    text: str, *, keys: Collection[str], typed: Collection[str] | None = None
) -> tuple[Tree, list[Problem]]:
    """The mended text, or the text as it is where only that is YAML, and what was mended.

    Parameters
    ----------
    keys, typed : as `mend` and `read_tree` take them

    Raises
    ------
    BadText : no YAML either way
    """
    mended, lines = mend(text, keys)
    try:
        tree = read_tree(mended, typed=typed)
    except BadText:
        if not lines:
            raise
        try:
            return read_tree(text, typed=typed), []
        except BadText:
            pass
        raise
    return tree, [Problem(id, {"lines": at, "n": len(at)}) for id, at in lines.items()]


def read_mapping(raw: bytes, file: str, *, keys: Collection[str]) -> Tree:
    """A file of ``name: content`` lines, with numbers and truth values as such.

    Raises
    ------
    InputProblems : everything that keeps it from being one
    """
    read = decode(raw)
    if read is None:
        raise InputProblems([Problem("config.encoding", file=file)])
    try:
        tree, _ = read_text(read[0], keys=keys)
    except BadText as error:
        raise InputProblems([replace(problem, file=file) for problem in error.problems]) from None
    if tree.value is None:
        raise InputProblems([Problem("yaml.nothing", file=file)])
    if not isinstance(tree.value, dict):
        raise InputProblems([Problem("yaml.no_keys", {"text": as_written(tree.value)[:60]}, file=file)])
    return tree
