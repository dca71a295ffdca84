"""Schemes as YAML: one to a file, or many by name; what is misspelt is named, all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, RootModel, ValidationError

from segkit.locale import has_message
from segkit.problems import InputProblems, Problem
from segkit.schemes.bands import Bands
from segkit.schemes.base import Scheme
from segkit.schemes.clusters import Clusters
from segkit.schemes.lifecycle import Lifecycle
from segkit.schemes.lookup import Lookup
from segkit.schemes.matrix import Matrix
from segkit.schemes.needs import Needs
from segkit.schemes.pareto import Pareto
from segkit.schemes.rfm import RFM
from segkit.schemes.rules import Rules
from segkit.schemes.scorecard import Scorecard
from segkit.yaml_files import Tree, read_mapping

Place = tuple[str | int, ...]
Lines = Callable[[Place], int | None]  # of keys and places in lists -> the line of the file they stand in

KINDS: dict[str, type[Scheme]] = {
    "bands": Bands,
    "lifecycle": Lifecycle,
    "lookup": Lookup,
    "pareto": Pareto,
    "rfm": RFM,
    "matrix": Matrix,
    "needs": Needs,
    "clusters": Clusters,
    "rules": Rules,
    "scorecard": Scorecard,
}

# what pydantic calls a mistake -> our sentence
SENTENCES = {
    "missing": "schemes.key_missing",
    "literal_error": "schemes.not_allowed",
    "greater_than_equal": "schemes.at_least",
    "less_than_equal": "schemes.at_most",
    "greater_than": "schemes.more_than",
    "less_than": "schemes.less_than",
    "float_type": "schemes.want_number",
    "int_type": "schemes.want_whole",
    "string_type": "schemes.want_text",
}


def scheme_from(
    given: Mapping[str, Any],
    name: str | None = None,
    *,
    file: str | None = None,
    lines: Lines | None = None,
) -> Scheme:
    """A scheme from a mapping with `kind`, as it stands in a playbook, client.yml or schemes.yml.

    Parameters
    ----------
    given : the scheme's fields
    name : its output column where `given` does not say; also what problems call it
    file, lines : named in problems: the file, and in which of its lines a path below `given` stands

    Raises
    ------
    InputProblems : every misspelt key or kind and every value that cannot be, with the likely word
    """
    scheme, problems = _read(given, name, file, lines)
    if scheme is None:
        raise InputProblems(problems)
    return scheme


def schemes_from(
    given: Mapping[str, Any], *, file: str | None = None, lines: Lines | None = None
) -> dict[str, Scheme]:
    """Many schemes by name; the name is the output column. Problems of all of them are raised together."""
    schemes, problems = {}, []
    for name, fields in given.items():
        scheme, found = _read(fields, str(name), file, lines, (name,))
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
    tree, file = _tree(path), Path(path).name
    if "kind" not in tree.value and any(_is_scheme(fields) for fields in tree.value.values()):
        raise InputProblems([Problem("schemes.many_in_file", {"names": list(tree.value)}, file=file)])
    return scheme_from(tree.value, file=file, lines=tree.line)


def load_schemes(path: str | Path) -> dict[str, Scheme]:
    """Read schemes.yml, ``{name: {kind: ..., ...}}``, as a dict in the order of the file.

    Raises
    ------
    InputProblems : no such file, not YAML, or anything in it that is no scheme
    """
    tree, file = _tree(path), Path(path).name
    if _is_scheme(tree.value) and isinstance(tree.value["kind"], str):
        raise InputProblems([Problem("schemes.one_in_file", file=file)])
    return schemes_from(tree.value, file=file, lines=tree.line)


def _is_scheme(given: Any) -> bool:
    return isinstance(given, Mapping) and "kind" in given


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


def _tree(path: str | Path) -> Tree:
    try:
        raw = Path(path).read_bytes()
    except OSError:
        raise InputProblems([Problem("schemes.no_file", {"path": str(path)}, file=Path(path).name)]) from None
    return read_mapping(raw, Path(path).name, keys=scheme_keys())


def scheme_keys() -> frozenset[str]:
    """The settings of all kinds."""
    return frozenset(
        field.alias or name for kind in KINDS.values() for name, field in kind.model_fields.items()
    )


def _read(
    given: Any, name: str | None, file: str | None, lines: Lines | None = None, base: Place = ()
) -> tuple[Scheme | None, list[Problem]]:
    where = name or ""
    row = lines(base) if lines else None
    if not isinstance(given, Mapping):
        return None, [Problem("schemes.not_a_mapping", {"at": where}, file=file, row=row)]
    kind = given.get("kind")
    if kind is None:
        facts: dict[str, Any] = {"at": where, "kinds": list(KINDS)}
        return None, [Problem("schemes.kind_missing", facts, file=file, row=row)]
    if not isinstance(kind, str) or kind not in KINDS:
        facts = {"at": _at(where, "kind"), "value": kind, "allowed": near_word(str(kind), list(KINDS))}
        row = lines((*base, "kind")) if lines else None
        return None, [Problem("schemes.not_allowed", facts, file=file, row=row)]
    fields = {str(k): v for k, v in given.items()}
    if name and not fields.get("name"):
        fields["name"] = name
    try:
        return KINDS[kind].model_validate(fields), []
    except ValidationError as error:
        problems = []
        for wrong in error.errors():
            path = _path(wrong, fields)
            row = lines((*base, *path)) if lines else None
            problems.append(replace(_problem(wrong, KINDS[kind], _at(where, *path)), file=file, row=row))
        return None, problems


def refused(fault: ValidationError) -> list[Problem]:
    """What a scheme's constructor would not take, as problems: ``RFM(bins=0)`` written in a notebook.

    Empty where the fault is another model's.
    """
    title = getattr(fault, "title", "")
    scheme = next((one for one in KINDS.values() if one.__name__ == title), None)
    if scheme is None:
        return []
    return [_problem(error, scheme, _at(*error["loc"]) or title) for error in fault.errors()]


def _problem(error: Any, scheme: type[Scheme], at: str) -> Problem:
    context = {k: v for k, v in error.get("ctx", {}).items() if k != "error"}
    if error["type"] == "extra_forbidden":
        keys = _keys_there(error["loc"], scheme)
        near = get_close_matches(str(error["loc"][-1]), keys, 1)
        id = "schemes.key_near" if near else "schemes.key_unknown"
        return Problem(id, {"at": at, "near": near[0] if near else "", "keys": keys})
    if has_message(error["type"]):
        return Problem(error["type"], {**context, "at": at})
    id = SENTENCES.get(error["type"], "schemes.bad_value")
    limit = next((context[k] for k in ("ge", "le", "gt", "lt") if k in context), None)
    allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
    return Problem(id, {"at": at, "value": error["input"], "limit": limit, "allowed": allowed})


def _path(error: Any, given: Any) -> list[str | int]:
    """Where in the user's file; pydantic's path also names branches and forms the user did not write."""
    path: list[str | int] = []
    here = given
    for part in error["loc"]:
        listed = isinstance(here, Sequence) and not isinstance(here, str)
        if part in here if isinstance(here, Mapping) else listed and isinstance(part, int):
            path.append(part)
            here = here[part]
    if error["type"] == "missing":
        path.append(str(error["loc"][-1]))
    return path


def _keys_there(loc: Sequence[str | int], scheme: type[Scheme]) -> list[str]:
    """The settings there are at the place of a key that is none."""
    models: list[type[BaseModel]] = [scheme]
    for part in loc[:-1]:
        fields = [f for m in models for n, f in m.model_fields.items() if part in (n, f.alias)]
        inner = [model for f in fields for model in _models_in(f.annotation)]
        models = inner or [m for m in models if m.__name__ == part] or models
    named = {
        f.alias or n: None for m in models if not issubclass(m, RootModel) for n, f in m.model_fields.items()
    }
    return list(named)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        root = annotation.model_fields.get("root")
        return [
            annotation,
            *(_models_in(root.annotation) if root and issubclass(annotation, RootModel) else []),
        ]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def near_word(value: str, allowed: list[str]) -> list[str]:
    """The likely one of the words there are, else all of them."""
    return get_close_matches(value.lower(), allowed, 1) or allowed


def _at(*parts: str | int) -> str:
    """Where in the user's file, places in lists counted from 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in parts if part != "")
