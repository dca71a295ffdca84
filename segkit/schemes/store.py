"""Schemes as YAML: one to a file, or many by name; what is misspelt is named, all of it at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from segkit.locale import has_message
from segkit.problems import InputProblems, Problem
from segkit.schemes.bands import Bands
from segkit.schemes.base import Scheme
from segkit.schemes.lifecycle import Lifecycle
from segkit.schemes.pareto import Pareto
from segkit.schemes.rfm import RFM
from segkit.schemes.segment_maps import Segment

KINDS: dict[str, type[Scheme]] = {"bands": Bands, "lifecycle": Lifecycle, "pareto": Pareto, "rfm": RFM}

BRANCHES = ("name", "own")  # of `RFM.segments`, no part of the user's file
# what pydantic calls a mistake -> our sentence
SENTENCES = {
    "missing": "schemes.key_missing",
    "literal_error": "schemes.not_allowed",
    "greater_than_equal": "schemes.at_least",
    "less_than_equal": "schemes.at_most",
    "greater_than": "schemes.more_than",
    "less_than": "schemes.less_than",
}


def scheme_from(given: Mapping[str, Any], name: str | None = None, *, file: str | None = None) -> Scheme:
    """A scheme from a mapping with `kind`, as it stands in a playbook, client.yml or schemes.yml.

    Parameters
    ----------
    given : the scheme's fields
    name : its output column where `given` does not say; also what problems call it
    file : named in problems

    Raises
    ------
    InputProblems : every misspelt key or kind and every value that cannot be, with the likely word
    """
    scheme, problems = _read(given, name, file)
    if scheme is None:
        raise InputProblems(problems)
    return scheme


def schemes_from(given: Mapping[str, Any], *, file: str | None = None) -> dict[str, Scheme]:
    """Many schemes by name; the name is the output column. Problems of all of them are raised together."""
    schemes, problems = {}, []
    for name, fields in given.items():
        scheme, found = _read(fields, str(name), file)
        problems.extend(found)
        if scheme is not None:
            schemes[str(name)] = scheme
    if problems:
        raise InputProblems(problems)
    return schemes


def load_scheme(path: str | Path) -> Scheme:
    """Read one scheme that `save` wrote.

    Raises
    ------
    InputProblems : no such file, not YAML, or not a scheme
    """
    return scheme_from(_mapping(path), file=Path(path).name)


def load_schemes(path: str | Path) -> dict[str, Scheme]:
    """Read schemes.yml, ``{name: {kind: ..., ...}}``, as a dict in the order of the file.

    Raises
    ------
    InputProblems : no such file, not YAML, or anything in it that is no scheme
    """
    return schemes_from(_mapping(path), file=Path(path).name)


def save_schemes(schemes: Mapping[str, Scheme], path: str | Path) -> None:
    """Write fitted schemes as schemes.yml, to be used again next month."""
    written = {}
    for key, scheme in schemes.items():
        fields = scheme.to_dict()
        if scheme.name == key:
            del fields["name"]
        written[key] = fields
    text = yaml.safe_dump(written, allow_unicode=True, sort_keys=False)
    Path(path).write_text(text, encoding="utf-8", newline="\n")


def _mapping(path: str | Path) -> dict[str, Any]:
    file = Path(path).name
    try:
        read = yaml.safe_load(Path(path).read_text(encoding="utf-8-sig"))
    except OSError:
        raise InputProblems([Problem("schemes.no_file", {"path": str(path)}, file=file)]) from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise InputProblems([Problem("schemes.not_yaml", file=file)]) from None
    if not isinstance(read, dict):
        raise InputProblems([Problem("schemes.not_yaml", file=file)])
    return read


def _read(given: Any, name: str | None, file: str | None) -> tuple[Scheme | None, list[Problem]]:
    where = name or ""
    if not isinstance(given, Mapping):
        return None, [Problem("schemes.not_a_mapping", {"at": where}, file=file)]
    kind = given.get("kind")
    if kind is None:
        return None, [Problem("schemes.kind_missing", {"at": where, "kinds": list(KINDS)}, file=file)]
    if kind not in KINDS:
        facts = {"at": _at(where, "kind"), "value": kind, "allowed": _near(str(kind), list(KINDS))}
        return None, [Problem("schemes.not_allowed", facts, file=file)]
    fields = {str(k): v for k, v in given.items()}
    if name and not fields.get("name"):
        fields["name"] = name
    try:
        return KINDS[kind].model_validate(fields), []
    except ValidationError as error:
        return None, [_problem(e, KINDS[kind], where, file) for e in error.errors()]


def _problem(error: Any, scheme: type[Scheme], where: str, file: str | None) -> Problem:
    at = _at(where, *(str(part) for part in error["loc"] if part not in BRANCHES))
    context = {k: v for k, v in error.get("ctx", {}).items() if k != "error"}
    if error["type"] == "extra_forbidden":
        keys = list((Segment if error["loc"][0] == "segments" else scheme).model_fields)
        near = get_close_matches(str(error["loc"][-1]), keys, 1)
        id = "schemes.key_near" if near else "schemes.key_unknown"
        facts: dict[str, Any] = {"at": at, "near": near[0] if near else "", "keys": keys}
        return Problem(id, facts, file=file)
    if has_message(error["type"]):
        return Problem(error["type"], {**context, "at": at}, file=file)
    id = SENTENCES.get(error["type"], "schemes.bad_value")
    limit = next((context[k] for k in ("ge", "le", "gt", "lt") if k in context), None)
    allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
    return Problem(id, {"at": at, "value": error["input"], "limit": limit, "allowed": allowed}, file=file)


def _near(value: str, allowed: list[str]) -> list[str]:
    return get_close_matches(value, allowed, 1) or allowed


def _at(*parts: str) -> str:
    return ".".join(p for p in parts if p)
