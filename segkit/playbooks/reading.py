"""A playbook out of the package or a client's own file; everything that is wrong with it, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from segkit.customers import COLUMNS
from segkit.followup.policy import Caps, LabelPolicy, Policy, Touch
from segkit.intake.encodings import decode
from segkit.locale import LANGS, has_message, term
from segkit.playbooks.consent import Consent
from segkit.playbooks.model import Attribute, Playbook
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import UNKNOWN, Scheme
from segkit.schemes.conditions import Condition
from segkit.schemes.store import SENTENCES, schemes_from

# the block a key stands in, by the last keys on its path that are the model's own
BLOCKS: dict[str, type[BaseModel]] = {
    "attributes": Attribute,
    "consent": Consent,
    "where": Condition,
    "when": Condition,
    "policy": Policy,
    "labels": LabelPolicy,
    "touches": Touch,
    "caps": Caps,
}


def known_playbooks() -> list[str]:
    return sorted(
        p.name.removesuffix(".yml") for p in resources.files(__package__).iterdir() if p.name.endswith(".yml")
    )


def load_playbook(name: str, *, folder: Path | None = None) -> Playbook:
    """A playbook of the package by name, or a client's own file by path (relative to `folder`).

    Raises
    ------
    InputProblems : no such playbook, not YAML, or not a valid playbook: misspelt keys, attributes and schemes that
        cannot be, a `main` that is no scheme; every problem at once
    """
    if name in known_playbooks():
        text = resources.files(__package__).joinpath(f"{name}.yml").read_text(encoding="utf-8")
    else:
        text = decode(_file(name, folder).read_bytes()).text
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise InputProblems([Problem("playbook.not_yaml", {"name": name, "why": str(fault)})]) from None
    if not isinstance(given, dict):
        raise InputProblems([Problem("playbook.not_yaml", {"name": name, "why": str(given)[:60]})])
    try:
        playbook = Playbook.model_validate(given)
    except ValidationError as fault:
        problems = [_problem(dict(error), name) for error in fault.errors(include_url=False)]
        raise InputProblems([*problems, *_of_schemes(given.get("schemes"), name)]) from None
    problems = [*_of_schemes(playbook.schemes, name), *_of_names(playbook, name)]
    if problems := problems or [*_of_labels(playbook, name)]:
        raise InputProblems(problems)
    return playbook


def schemes_of(playbook: Playbook, overrides: dict[str, dict[str, Any]] | None = None) -> dict[str, Scheme]:
    """The playbook's schemes with the client's own in place of those of the same name, not yet fitted.

    A scheme is handed what the playbook calls the columns it needs and the labels it gives.

    Raises
    ------
    InputProblems : a scheme that is none: unknown kind, misspelt key, a map with holes (every problem at once)
    """
    schemes = schemes_from({**playbook.schemes, **(overrides or {})}, file="schemes")
    return {name: _named(scheme, schemes, playbook) for name, scheme in schemes.items()}


def _named(scheme: Scheme, schemes: Mapping[str, Scheme], playbook: Playbook) -> Scheme:
    of_others = (label for need in scheme.needs() if need in schemes for label in schemes[need].order())
    asked = (*scheme.needs(), *scheme.order(), scheme.name, *of_others)
    unasked = {lang: term("segment.unknown_or_unasked", lang) for lang in LANGS}
    known = playbook.names if playbook.consent is None else {UNKNOWN: unasked, **playbook.names}
    names = {id: known[id] for id in dict.fromkeys(asked) if id in known}
    return scheme.model_copy(update={"names": {**names, **scheme.names}}) if names else scheme


def _file(name: str, folder: Path | None) -> Path:
    path = (folder or Path()) / name
    if path.is_file():
        return path
    known = known_playbooks()
    near = get_close_matches(name, known, n=1, cutoff=0)
    raise InputProblems([Problem("playbook.unknown", {"name": name, "known": known, "near": near[0]})])


# --- what is wrong with it -------------------------------------------------------------------------


def _problem(error: Mapping[str, Any], file: str) -> Problem:
    """One mistake pydantic found, in our words."""
    # `where` is read as a list of mappings, whichever of the two it is
    steps = zip((None, *error["loc"]), error["loc"], strict=False)
    loc = [part for before, part in steps if part != "[key]" and not (before == "where" and part == 0)]
    at = ".".join(str(part + 1) if isinstance(part, int) else part for part in loc)
    context = {k: v for k, v in error.get("ctx", {}).items() if k != "error"}
    facts: dict[str, Any] = {**context, "at": at, "value": error.get("input")}
    kind = str(error["type"])
    if kind == "extra_forbidden":
        keys = _keys_at([str(p) for p in loc[:-1] if isinstance(p, str)])
        near = get_close_matches(str(loc[-1]), keys, 1)
        facts |= {"near": near[0] if near else "", "keys": keys}
        return Problem("schemes.key_near" if near else "schemes.key_unknown", facts, file=file)
    if has_message(kind):
        return Problem(kind, facts, file=file)
    facts["limit"] = next((context[k] for k in ("ge", "le", "gt", "lt") if k in context), None)
    allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
    facts["allowed"] = get_close_matches(str(error.get("input")), allowed, 1) or allowed
    return Problem(SENTENCES.get(kind, "schemes.bad_value"), facts, file=file)


def _keys_at(path: list[str]) -> list[str]:
    """The keys there are in the block at `path`."""
    block: type[BaseModel] = Playbook
    for part in path:
        block = BLOCKS.get(part, block)
    return [field.alias or name for name, field in block.model_fields.items()]


def _of_schemes(given: Any, file: str) -> list[Problem]:
    if not isinstance(given, dict):
        return []  # said already
    try:
        schemes_from(given, file=file)
    except InputProblems as found:
        return found.problems
    return []


def _of_names(playbook: Playbook, file: str) -> Iterator[Problem]:
    """A `main` that is no scheme, columns of one name, names in one language only."""
    if playbook.main not in playbook.schemes:
        facts = {"main": playbook.main, "known": list(playbook.schemes)}
        yield Problem("playbook.no_main", facts, file=file)
    taken = {*COLUMNS, "why"} & {*playbook.attributes} | {*playbook.schemes} & {*playbook.attributes}
    for name in sorted(taken):
        yield Problem("playbook.name_taken", {"at": f"attributes.{name}"}, file=file)
    for id, names in playbook.names.items():
        missing = [lang for lang in LANGS if not names.get(lang)]
        if missing:
            yield Problem(
                "playbook.name_in_one_language", {"at": f"names.{id}", "missing": missing}, file=file
            )


def _of_labels(playbook: Playbook, file: str) -> Iterator[Problem]:
    """Labels of the policy that are none of the main scheme's, but nearly one that nothing is planned for."""
    labels = [label for label in schemes_of(playbook)[playbook.main].order() if label != UNKNOWN]
    planned = playbook.policy.labels
    unplanned = [label for label in labels if label not in planned]
    for label in planned:
        near = [] if label in labels else get_close_matches(label, unplanned, 1)
        if near:
            facts = {"at": f"policy.labels.{label}", "main": playbook.main, "label": label, "near": near[0]}
            yield Problem("playbook.label_near", facts, file=file)
