"""A playbook out of the package or a client's own file; everything that is wrong with it, at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from segkit.customers import COLUMNS
from segkit.followup.policy import CHANNELS, Cap, Caps, Costs, LabelPolicy, Policy, Touch, opted_out_of
from segkit.followup.pool_rules import PoolRules
from segkit.followup.promises import Promise, ServiceRules
from segkit.intake.mapping import canonical_columns
from segkit.locale import LANGS, Lang, has_message, has_term, term
from segkit.playbooks.consent import Consent
from segkit.playbooks.leads import Ending, LeadRules, Stage
from segkit.playbooks.model import CUSTOMERS, Attribute, Playbook
from segkit.playbooks.sources import ContactSource, PoolSetup, ServiceSetup
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import UNKNOWN, Scheme
from segkit.schemes.conditions import Condition
from segkit.schemes.store import SENTENCES, Lines, scheme_keys, schemes_from
from segkit.yaml_files import Tree, read_mapping

# the block a key stands in, by the last keys on its path that are the model's own
BLOCKS: dict[str, type[BaseModel]] = {
    "attributes": Attribute,
    "consent": Consent,
    "where": Condition,
    "when": Condition,
    "policy": Policy,
    "labels": LabelPolicy,
    "touches": Touch,
    "floor": Touch,
    "caps": Caps,
    "channels": Cap,
    "costs": Costs,
    "leads": LeadRules,
    "stages": Stage,
    "unknown": Touch,
    "won": Ending,
    "lost": Ending,
    "pool": PoolSetup,
    "pool.rules": PoolRules,
    "before": PoolRules,
    "contacts": ContactSource,
    "service": ServiceSetup,
    "service.rules": ServiceRules,
    "promises": Promise,
}
# what is wrong anywhere inside these is said once, of the whole
WHOLE: dict[tuple[str, ...], str] = {("policy", "hours"): "policy.hours"}


def known_playbooks() -> list[str]:
    """Names of the playbooks in the package."""
    return sorted(
        p.name.removesuffix(".yml") for p in resources.files(__package__).iterdir() if p.name.endswith(".yml")
    )


def load_playbook(name: str, *, folder: Path | None = None) -> Playbook:
    """A playbook of the package by name, or a client's own file by path (relative to `folder`).

    Raises
    ------
    InputProblems : no such playbook, not YAML, or not a valid playbook: misspelt keys, attributes and schemes that
        cannot be, a `main` that is no scheme; every problem at once, with its line
    """
    if name in known_playbooks():
        text = resources.files(__package__).joinpath(f"{name}.yml").read_text(encoding="utf-8")
        return Playbook.model_validate(yaml.safe_load(text))  # ours, and tested
    tree = read_mapping(_file(name, folder).read_bytes(), name, keys=_all_keys())
    given = tree.value
    try:
        playbook = Playbook.model_validate(given)
    except ValidationError as fault:
        problems = _without_repeats(_problem(error, tree) for error in _told_once(fault))
        problems += _of_schemes(given.get("schemes"), tree)
    else:
        problems = [*_of_schemes(playbook.schemes, tree), *_of_names(playbook, tree)]
        problems += [] if problems else _of_labels(playbook, tree)
    if problems:
        ordered = sorted(problems, key=lambda p: (p.row is None, p.row or 0))
        raise InputProblems([replace(problem, file=name) for problem in ordered])
    return playbook


def schemes_of(
    playbook: Playbook,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    file: str = "client.yml",
    lines: Lines | None = None,
) -> dict[str, Scheme]:
    """The playbook's schemes with the client's own in place of those of the same name, not yet fitted.

    A scheme is handed what the playbook calls the columns it needs and the labels it gives.

    Parameters
    ----------
    overrides : the client's own schemes; without `kind` they change the playbook's scheme of that name
    file, lines : where the overrides stand, for problems

    Raises
    ------
    InputProblems : a scheme that is none: unknown kind, misspelt key, a map with holes, the name of a column of
        the customers (every problem at once)
    """
    own = whole(playbook, overrides or {})
    problems = [*_taken(own, (), lines), *_named_twice(own, lines), *_no_such(own, playbook, lines)]
    read = {name: fields for name, fields in own.items() if name not in {p.facts["name"] for p in problems}}
    problems += _unreadable(read, lines)
    if problems:
        raise InputProblems([replace(problem, file=file) for problem in problems])
    schemes = schemes_from({**playbook.schemes, **own}, file=playbook.id)
    return {name: _named(scheme, schemes, playbook) for name, scheme in schemes.items()}


def whole(playbook: Playbook, overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The client's own schemes; those without `kind` take what they do not say from the playbook's.

    Its source goes with its segment map: another map has one of its own.
    """
    own = {}
    for name, fields in overrides.items():
        known = playbook.schemes.get(name, {}) if "kind" not in fields else {}
        if "segments" in fields and fields["segments"] != known.get("segments"):
            known = {key: value for key, value in known.items() if key != "source"}
        own[name] = {**known, **fields}
    return own


def _named(scheme: Scheme, schemes: Mapping[str, Scheme], playbook: Playbook) -> Scheme:
    of_others = (label for need in scheme.needs() if need in schemes for label in schemes[need].order())
    asked = (*scheme.needs(), *scheme.order(), scheme.name, *of_others)
    unasked = {lang: term("segment.unknown_or_unasked", lang) for lang in LANGS}
    known = playbook.names if playbook.consent is None else {UNKNOWN: unasked, **playbook.names}
    names = {id: known[id] for id in dict.fromkeys(asked) if id in known}
    return scheme.model_copy(update={"names": {**names, **scheme.names}}) if names else scheme


def _file(name: str, folder: Path | None) -> Path:
    """The file of a client's own playbook.

    Raises
    ------
    InputProblems : there is none; with the playbook that may have been meant, or the files that are there
    """
    path = (folder or Path()) / name
    if path.is_file():
        return path
    known = known_playbooks()
    if Path(name).suffix or len(Path(name).parts) > 1 or "\\" in name:
        there = path.parent if path.parent.is_dir() else folder or Path()
        files = sorted(p.name for p in there.iterdir() if p.suffix.lower() in (".yml", ".yaml"))
        near = get_close_matches(path.name.lower(), files, 1) or files
        raise InputProblems([Problem("playbook.no_file", {"name": name, "files": near, "known": known})])
    called = {title: id for id in known for title in (id, *_titles(id))}
    word = name.strip().lower()
    near = get_close_matches(word, called, 1) or [title for title in called if word and word in title]
    id = "playbook.unknown_near" if near else "playbook.unknown"
    raise InputProblems([Problem(id, {"name": name, "known": known, "near": [*map(called.get, near[:1])]})])


def _titles(id: str) -> list[str]:
    return [title.lower() for title in load_playbook(id).title.values()]


# --- what is wrong with it -------------------------------------------------------------------------


def _all_keys() -> frozenset[str]:
    blocks: set[type[BaseModel]] = {Playbook, *BLOCKS.values()}
    keys = {field.alias or name for block in blocks for name, field in block.model_fields.items()}
    return scheme_keys() | keys


def _told_once(fault: ValidationError) -> Iterator[Mapping[str, Any]]:
    """Without the lists called too short because an entry of theirs is wrong."""
    errors = fault.errors(include_url=False)
    for error in errors:
        inside = (other for other in errors if other["loc"][: len(error["loc"])] == error["loc"])
        if error["type"] != "too_short" or sum(1 for _ in inside) == 1:
            yield dict(error)


def _problem(error: Mapping[str, Any], tree: Tree) -> Problem:
    """One mistake pydantic found, in our words."""
    # `where` is read as a list of mappings, whichever of the two it is
    steps = zip((None, *error["loc"]), error["loc"], strict=False)
    loc = [part for before, part in steps if part != "[key]" and not (before == "where" and part == 0)]
    at = ".".join(str(part + 1) if isinstance(part, int) else part for part in loc)
    row = tree.line(tuple(loc))
    context = {k: v for k, v in error.get("ctx", {}).items() if k != "error"}
    facts: dict[str, Any] = {**context, "at": at, "value": error.get("input")}
    kind = str(error["type"])
    whole = next((path for path in WHOLE if tuple(loc[: len(path)]) == path), None)
    if whole is not None:
        return Problem(WHOLE[whole], {"at": ".".join(whole)}, row=row)
    if kind == "extra_forbidden":
        keys = _keys_at([str(p) for p in loc[:-1] if isinstance(p, str)])
        near = get_close_matches(str(loc[-1]), keys, 1)
        facts |= {"near": near[0] if near else "", "keys": keys}
        return Problem("schemes.key_near" if near else "schemes.key_unknown", facts, row=row)
    if kind == "policy.days_order":
        facts["sorted"] = sorted({*context["days"]})
    if has_message(kind):
        nothing = kind == "policy.one_rhythm" and not context["given"]
        return Problem(f"{kind}_none" if nothing else kind, facts, row=row)
    facts["limit"] = next((context[k] for k in ("ge", "le", "gt", "lt") if k in context), None)
    allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
    meant = _meant(str(error.get("input")), allowed)
    if kind == "literal_error" and not meant:
        return Problem("schemes.not_one_of", facts | {"allowed": allowed}, row=row)
    return Problem(SENTENCES.get(kind, "schemes.bad_value"), facts | {"allowed": meant}, row=row)


def _meant(word: str, allowed: list[str]) -> list[str]:
    """Which of the allowed words somebody may have meant: one near it, or one that has this name."""
    named = [id for id in allowed for group in ("channel", "festival", "owner") if word in _names(group, id)]
    if set(allowed) == set(CHANNELS) and not named:  # as clients write them: 微信, wechat
        named = sorted(c for c in opted_out_of(word) if len(opted_out_of(word)) < len(CHANNELS))
    return named or get_close_matches(word.lower(), allowed, 1)


def _names(group: str, id: str) -> list[str]:
    return [term(f"{group}.{id}", lang) for lang in LANGS] if has_term(f"{group}.{id}") else []


def _without_repeats(problems: Iterable[Problem]) -> list[Problem]:
    """Each once, though pydantic names every part of a value that is wrong as a whole."""
    return list({(problem.id, problem.facts["at"]): problem for problem in problems}.values())


def _keys_at(path: list[str]) -> list[str]:
    """The keys there are in the block at `path`."""
    block: type[BaseModel] = Playbook
    for above, part in zip(("", *path), path, strict=False):
        block = BLOCKS.get(f"{above}.{part}") or BLOCKS.get(part, block)
    return [field.alias or name for name, field in block.model_fields.items()]


def _of_schemes(given: Any, tree: Tree) -> list[Problem]:
    if not isinstance(given, dict):
        return []  # said already
    return _unreadable(given, _below_schemes(tree))


def _unreadable(given: Mapping[str, Any], lines: Lines | None) -> list[Problem]:
    try:
        schemes_from(given, lines=lines)
    except InputProblems as found:
        return found.problems
    return []


def _below_schemes(tree: Tree) -> Lines:
    return lambda path: tree.line(("schemes", *path))


def _taken(schemes: Iterable[str], attributes: Iterable[str], lines: Lines | None) -> Iterator[Problem]:
    """Schemes called like a column customers have anyway, which their labels would replace."""
    fixed = {*COLUMNS, "why", *canonical_columns("customers"), *attributes}
    for name in (name for name in schemes if name in fixed):
        facts = {"at": f"schemes.{name}", "name": name}
        yield Problem("playbook.name_taken", facts, row=lines((name,)) if lines else None)


def _named_twice(schemes: Mapping[str, Any], lines: Lines | None) -> Iterator[Problem]:
    """Schemes that call their column otherwise than they are called."""
    for name, fields in schemes.items():
        if isinstance(fields, Mapping) and fields.get("name", name) != name:
            facts = {"name": name, "other": fields["name"]}
            yield Problem("playbook.named_twice", facts, row=lines((name, "name")) if lines else None)


def _no_such(
    own: Mapping[str, Mapping[str, Any]], playbook: Playbook, lines: Lines | None
) -> Iterator[Problem]:
    """Changes to a scheme the playbook does not have."""
    for name, fields in own.items():
        if isinstance(fields, Mapping) and "kind" not in fields:
            near = get_close_matches(name, playbook.schemes, 1)
            facts = {"name": name, "playbook": playbook.id, "near": near or list(playbook.schemes)}
            yield Problem("playbook.no_scheme", facts, row=lines((name,)) if lines else None)


def _of_names(playbook: Playbook, tree: Tree) -> Iterator[Problem]:
    """A `main` that is no scheme, columns of one name or used before they are made, one language only."""
    attributes, schemes = list(playbook.attributes), list(playbook.schemes)
    if playbook.main not in schemes:
        facts = {"main": playbook.main, "known": schemes}
        yield Problem("playbook.no_main", facts, row=tree.line(("main",)))
    for i, name in enumerate(playbook.optional):
        if name not in schemes:
            meant = _meant(name, schemes)
            id = "schemes.not_allowed" if meant else "schemes.not_one_of"
            facts = {"at": f"optional.{i + 1}", "value": name, "allowed": meant or schemes}
            yield Problem(id, facts, row=tree.line(("optional", i)))
    for name in sorted({*COLUMNS, "why"} & {*attributes}):
        facts = {"at": f"attributes.{name}", "name": name}
        yield Problem("playbook.name_taken", facts, row=tree.line(("attributes", name)))
    yield from _taken(schemes, attributes, _below_schemes(tree))
    yield from _named_twice(playbook.schemes, _below_schemes(tree))
    yield from _too_early(playbook, tree)
    told: list[tuple[tuple[str, ...], Mapping[Lang, str]]] = [(("title",), playbook.title)]
    told += [(("names", id), names) for id, names in playbook.names.items()]
    for path, names in told:
        missing = [lang for lang in LANGS if not names.get(lang)]
        if missing:
            facts = {"at": ".".join(path), "missing": missing}
            yield Problem("playbook.name_in_one_language", facts, row=tree.line(path))


def _too_early(playbook: Playbook, tree: Tree) -> Iterator[Problem]:
    """Attributes and schemes that read what is only made further down."""
    try:
        schemes = schemes_from(playbook.schemes)
    except InputProblems:
        return  # said already
    reads: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, attribute in playbook.attributes.items():
        reads["attributes", name] = attribute.reads() if attribute.table == CUSTOMERS else ()
    for name, scheme in schemes.items():
        reads["schemes", name] = scheme.needs()
    order = list(reads)
    for i, (block, name) in enumerate(order):
        later = {what: f"{where}.{what}" for where, what in order[i + 1 :]}
        for column in reads[block, name]:
            if column in later:
                facts = {"at": f"{block}.{name}", "column": column, "later": later[column]}
                yield Problem("playbook.too_early", facts, row=tree.line((block, name)))


def _of_labels(playbook: Playbook, tree: Tree) -> Iterator[Problem]:
    """Labels of the policy that are none of the main scheme's, but nearly one that nothing is planned for."""
    labels = [label for label in schemes_of(playbook)[playbook.main].order() if label != UNKNOWN]
    planned = playbook.policy.labels
    unplanned = [label for label in labels if label not in planned]
    for label in planned:
        near = [] if label in labels else get_close_matches(label, unplanned, 1)
        if near:
            facts = {"at": f"policy.labels.{label}", "main": playbook.main, "label": label, "near": near[0]}
            yield Problem("playbook.label_near", facts, row=tree.line(("policy", "labels", label)))
    known = [*planned, *(label for label in labels if label not in planned)]
    for i, label in enumerate(playbook.policy.never_held):
        if label not in known:
            meant = _meant(label, known)
            told = {"at": f"policy.never_held.{i + 1}", "label": label, "near": meant, "known": known}
            id = "policy.never_held" if meant else "policy.never_held_known"
            yield Problem(id, told, row=tree.line(("policy", "never_held", i)))
