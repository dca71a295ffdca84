"""YAML text as plain values that remember their line.

Words stay words: ``id: 2025``, ``name: no`` and ``as_of: 2025-13-45`` reach the checks as they were written,
so a wrong date is a message and not a crash. Only below `typed` keys (of client.yml: schemes, findings) are
numbers and booleans read.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import yaml

from segkit.problems import Problem

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d*)")
_FLOAT = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]\d+)?")
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

# what the parser says -> what went wrong, in plain words
_REASONS = (
    ("mapping values are not allowed", "config.syntax.second_colon"),
    ("could not find expected ':'", "config.syntax.no_colon"),
    ("expected ',' or ']'", "config.syntax.bracket"),
    ("expected ',' or '}'", "config.syntax.bracket"),
    ("unexpected end of stream", "config.syntax.quote"),
    ("expected <block end>", "config.syntax.indent"),
    ("unknown escape character", "config.syntax.backslash"),
    ("escape sequence of", "config.syntax.backslash"),
    ("cannot start any token", "config.syntax.first_sign"),
    ("undefined alias", "config.syntax.first_sign"),
    ("special characters are not allowed", "config.syntax.unprintable"),
    ("expected a single document", "config.syntax.document"),
)


class BadText(Exception):
    """The text is no YAML, or YAML of a kind a config does not need; `problems` say where."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(problems)


@dataclass
class Tree:
    """`value` in plain Python; `lines`: path of keys and indices -> line, counted from 1."""

    value: Any
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def line(self, path: tuple[str | int, ...]) -> int | None:
        """Line of the key, or of the nearest key around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.composer.ComposerError(None, None, "undefined alias", event.start_mark)
        return super().compose_node(parent, index)


def read_tree(text: str, *, typed: Collection[str] | None = ()) -> Tree:
    """Compose `text`; nothing is executed, tags are ignored, aliases refused.

    `typed` are the outermost keys below which numbers and booleans are read; None for everywhere.

    Raises
    ------
    BadText : a syntax error, or every duplicate key
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise BadText([_syntax(error, text)]) from error
    except RecursionError as error:
        raise BadText([Problem("config.syntax.bracket", {"text": ""})]) from error
    tree, problems = Tree(None), []  # type: ignore[var-annotated]
    if root is not None:
        tree.value = _value(root, (), typed is None, frozenset(typed or ()), tree.lines, problems)
    if problems:
        raise BadText(problems)
    return tree


def _value(
    node: yaml.Node,
    path: tuple[str | int, ...],
    is_typed: bool,
    typed: Collection[str],
    lines: dict[tuple[str | int, ...], int],
    problems: list[Problem],
) -> Any:
    if isinstance(node, yaml.ScalarNode):
        if node.style in ("'", '"', "|", ">"):
            return node.value
        return _typed(node.value) if is_typed else (None if node.value in _NULL else node.value)
    if isinstance(node, yaml.SequenceNode):
        for i, inner in enumerate(node.value):
            lines[(*path, i)] = inner.start_mark.line + 1
        return [
            _value(inner, (*path, i), is_typed, typed, lines, problems) for i, inner in enumerate(node.value)
        ]
    block: dict[str, Any] = {}
    for key_node, inner in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem("config.syntax.first_sign", {"text": ""}, row=line))
            continue
        key = key_node.value
        here = (*path, key)
        if key in block:
            first = lines[here]
            problems.append(Problem("config.twice", {"key": dotted(here), "first": first}, row=line))
            continue
        lines[here] = line
        below = is_typed or (not path and key in typed)
        block[key] = _value(inner, here, below, typed, lines, problems)
    return block


def _typed(text: str) -> Any:
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) and not re.match(r"[-+]?0\d", text) else text


def dotted(path: tuple[str | int, ...]) -> str:
    """``followup.team[1].minutes``, counted from 1 as people count."""
    out = ""
    for step in path:
        out += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if out else str(step)
    return out


def _syntax(error: yaml.YAMLError, text: str) -> Problem:
    said = str(error)
    mark = getattr(error, "problem_mark", None)
    if mark is None and isinstance(error, yaml.reader.ReaderError):
        at = error.position if isinstance(error.position, int) else 0
        return Problem("config.syntax.unprintable", {"text": ""}, row=text.count("\n", 0, at) + 1)
    line = mark.line + 1 if mark else None
    opened = getattr(error, "context_mark", None)
    if opened is not None and any(part in said for part in ("end of stream", "expected ','", "expected ':'")):
        line = opened.line + 1  # where the quote or bracket was opened tells more than where the text ended
    lines = text.splitlines()
    shown = lines[line - 1].strip()[:60] if line and line <= len(lines) else ""
    reason = next((id for part, id in _REASONS if part in said), "config.syntax.other")
    return Problem(reason, {"text": shown}, row=line)
