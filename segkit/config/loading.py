"""client.yml read, mended where Notepad spoilt it, checked; every problem at once, each with its fix."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from segkit.config.model import GRAINS, Config, Input, Lines, located
from segkit.intake.patterns import matches
from segkit.locale import LANGS, Lang, as_written
from segkit.problems import InputProblems, Problem
from segkit.yaml_files import BadText, Tree, decode, dotted, read_text

_TYPED = ("schemes", "findings")  # checked by their own rooms, so numbers there are numbers
_BY_NAME, _ANY = ("tables",), "*"  # blocks below names that the user chooses
_LARGEST = 1_000_000  # bytes; a config is a page or two

# kind of error pydantic names -> the sentence; kinds of our own (config.*) are sentences already
_SENTENCE = {
    "missing": "config.missing_key",
    "literal_error": "config.not_one_of",
    "int_parsing": "config.not_whole_number",
    "int_type": "config.not_whole_number",
    "int_from_float": "config.not_whole_number",
    "float_parsing": "config.not_number",
    "float_type": "config.not_number",
    "string_type": "config.not_text",
    "string_too_short": "config.empty",
    "list_type": "config.not_list",
    "too_short": "config.empty",
    "model_type": "config.not_block",
    "model_attributes_type": "config.not_block",
    "dict_type": "config.not_block",
    "date_type": "config.bad_date",
    "date_parsing": "config.bad_date",
    "date_from_datetime_parsing": "config.bad_date",
}
_LANG = re.compile(rf"^lang\s*[:：]\s*[\"'“”]?({'|'.join(LANGS)})\b", re.MULTILINE)
_BOUNDS = {"greater_than": ">", "greater_than_equal": "≥", "less_than": "<", "less_than_equal": "≤"}


def load_config(path: str | Path) -> Config:
    """The client.yml at `path`, checked, with the folder it stands in and notes on what was mended.

    Raises
    ------
    InputProblems : everything wrong with the file, its YAML, its keys and values, the input files it names
    """
    path = Path(path).absolute()
    raw = _bytes(path)
    read = decode(raw)
    if read is None:
        raise InputProblems([Problem("config.encoding", file=path.name)])
    text, encoding = read
    config = parse_config(text, path)
    if encoding is None:
        return config
    note = Problem("config.mended.encoding", {"encoding": encoding}, file=path.name)
    return config.at(path.parent, notes=(note, *config.notes), file=path.name)


def is_config(path: Path) -> bool:
    """Is it a client.yml, rather than a data file to be reported as it is?"""
    return path.suffix.lower() in (".yml", ".yaml")


def settings_for(path: Path) -> Config:
    """A client.yml, or the settings under which a data file is reported as it is.

    Raises
    ------
    InputProblems : as `load_config`; the name of the file cannot be read as text
    """
    if any(0xDC80 <= ord(c) <= 0xDCFF for c in str(path)):
        shown = os.fsencode(path).decode("utf-8", "replace")
        raise InputProblems([Problem("cli.name_is_no_text", {"name": shown})])
    if is_config(path):
        return load_config(path)
    # results go where the command is run, the file's own folder may be read-only
    return Config.for_file(path, folder=Path.cwd())


def stated_lang(path: Path) -> Lang | None:
    """The language a client.yml asks for, also where the rest of it cannot be used: its problems are said in it."""
    if not is_config(path):
        return None
    try:
        read = decode(_bytes(path))
    except InputProblems:
        return None
    found = _LANG.search(read[0]) if read else None
    return next((lang for lang in LANGS if found and found[1] == lang), None)


def _bytes(path: Path) -> bytes:
    wrong: Problem | None = None
    if not path.exists():
        near = _near(path)
        facts = {"folder": str(path.parent), "near": near}
        wrong = Problem("config.no_file_near" if near else "config.no_file", facts, file=path.name)
    elif path.is_dir():
        wrong = Problem("config.is_folder", file=path.name)
    elif path.stat().st_size > _LARGEST:
        wrong = Problem("config.too_large", {"bytes": path.stat().st_size}, file=path.name)
    if wrong is None:
        try:
            return path.read_bytes()
        except OSError as error:
            wrong = Problem("config.unreadable", {"why": error.strerror or ""}, file=path.name)
    raise InputProblems([wrong])


def parse_config(text: str, path: str | Path) -> Config:
    """As `load_config`, from text that stands, or is going to stand, at `path`."""
    path = Path(path).absolute()
    try:
        tree, notes = read_text(text, keys=_ALL_KEYS, typed=_TYPED)
    except BadText as error:
        raise InputProblems([_at(path, problem) for problem in error.problems]) from error
    if tree.value is None:
        raise InputProblems([Problem("config.nothing", file=path.name)])
    if not isinstance(tree.value, dict):
        raise InputProblems(
            [Problem("config.no_keys", {"text": as_written(tree.value)[:60]}, file=path.name)]
        )
    config, problems = _checked(tree, path)
    problems += _file_problems(tree, path.parent)
    if config is None or problems:
        ordered = sorted(problems, key=lambda p: (p.row is None, p.row or 0))
        raise InputProblems([_at(path, problem) for problem in ordered])
    mended = tuple(_at(path, note) for note in notes)
    return config.at(path.parent, notes=mended, file=path.name, lines=Lines(tree.line))


def _at(path: Path, problem: Problem) -> Problem:
    return Problem(problem.id, problem.facts, file=path.name, row=problem.row)


def _checked(tree: Tree, path: Path) -> tuple[Config | None, list[Problem]]:
    try:
        return Config.model_validate(tree.value), []
    except ValidationError as error:
        problems: dict[tuple[Any, ...], Problem] = {}
        for detail in error.errors(include_url=False):
            loc = tuple(step for step in detail["loc"] if step != "[key]")
            if loc[:1] == ("mapping",) and isinstance(tree.value["mapping"], dict):
                grainless = _grainless(tree.value["mapping"])
                if len(loc) > 1 and loc[1] in grainless:
                    loc, detail = ("mapping",), {**detail, "type": "config.mapping_grain"}
                    detail["ctx"] = {"headings": grainless[:5]}
            problems.setdefault(loc, _said(loc, detail, tree))
        return None, list(problems.values())


def _grainless(mapping: dict[str, Any]) -> list[str]:
    """Headings that stand directly below ``mapping``, where orders or customers is expected."""
    return [key for key, value in mapping.items() if key not in GRAINS and not isinstance(value, dict)]


def _said(loc: tuple[Any, ...], detail: ErrorDetails, tree: Tree) -> Problem:
    kind, value = detail["type"], detail.get("input")
    facts: dict[str, Any] = {"key": dotted(loc), "value": _shown(value), **detail.get("ctx", {})}
    row = tree.line(loc)
    if kind == "extra_forbidden" or (kind == "literal_error" and loc[:1] == ("mapping",)):
        return _unknown_key(loc, row)
    if kind == "literal_error":
        facts["known"] = re.findall(r"'([^']*)'", facts["expected"])
        facts["near"] = _alike(str(value), facts["known"])
        return Problem("config.not_one_of_near" if facts["near"] else "config.not_one_of", facts, row=row)
    if kind in _BOUNDS:
        limit = next(v for k, v in detail["ctx"].items() if k in ("gt", "ge", "lt", "le"))
        return Problem("config.out_of_range", facts | {"bound": _BOUNDS[kind], "limit": limit}, row=row)
    if kind.startswith("config."):
        return Problem(kind, facts, row=row)
    return Problem(_SENTENCE.get(kind, "config.invalid"), facts, row=row)


def _shown(value: Any) -> str:
    text = as_written(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _unknown_key(loc: tuple[Any, ...], row: int | None) -> Problem:
    """A key that does not exist here: what was meant, where it belongs, or what there is."""
    place = tuple(step for step in loc[:-1] if isinstance(step, str))
    written, known = str(loc[-1]), _keys_of(place)
    near = _alike(written, known)
    facts: dict[str, Any] = {"key": dotted(loc), "near": near, "known": known}
    if near:
        return Problem("config.unknown_key_near", facts, row=row)
    elsewhere = [dotted((*at, written)) for at, keys in _KEYS.items() if written in keys and at != place]
    if elsewhere:
        return Problem("config.key_elsewhere", facts | {"places": elsewhere}, row=row)
    return Problem("config.unknown_key", facts, row=row)


@lru_cache(maxsize=1)
def _spellings() -> dict[str, list[str]]:
    text = resources.files(__package__).joinpath("spellings.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _alike(written: str, known: Iterable[str]) -> list[str]:
    known = list(known)
    plain = written.strip().lower().replace("-", "_").replace(" ", "_")
    if plain in known:
        return [plain]
    meant = [key for key, words in _spellings().items() if plain in words and key in known]
    if meant:
        return meant[:1]
    joined = {k.replace("_", ""): k for k in known}
    return [joined[k] for k in get_close_matches(plain.replace("_", ""), list(joined), n=1, cutoff=0.6)]


def _blocks(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    yield at, list(model.model_fields)
    for name, info in model.model_fields.items():
        for inner in _models_in(info.annotation):
            yield from _blocks(inner, (*at, name, *([_ANY] if name in _BY_NAME else [])))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


_KEYS: dict[tuple[str, ...], list[str]] = {**dict(_blocks(Config)), ("mapping",): list(GRAINS)}
_ALL_KEYS = frozenset(key for keys in _KEYS.values() for key in keys)


def _keys_of(place: tuple[str, ...]) -> list[str]:
    named = tuple(_ANY if i and place[i - 1] in _BY_NAME else step for i, step in enumerate(place))
    return _KEYS.get(named, [])


def _file_problems(tree: Tree, folder: Path) -> list[Problem]:
    """Files named but not there; looked at even where other parts of the config are wrong."""
    value = tree.value.get("input")
    if not isinstance(value, dict):
        return [] if value is not None else [Problem("config.no_input", row=tree.line(("input",)))]
    try:
        files = Input.model_validate({k: v for k, v in value.items() if k in GRAINS})
    except ValidationError:
        return []  # said already
    problems, any_file = _missing_of_tables(tree, folder), False
    for grain in GRAINS:
        for i, name in enumerate(getattr(files, grain)):
            any_file = True
            row = tree.line(("input", grain, i))
            problems += _missing(name, f"input.{grain}", folder, row)
    if not any_file:
        problems.append(Problem("config.no_input", row=tree.line(("input",))))
    brand = tree.value.get("brand")
    logo = brand.get("logo") if isinstance(brand, dict) else None
    if isinstance(logo, str):
        problems += _missing(logo, "brand.logo", folder, tree.line(("brand", "logo")))
    return problems


def _missing_of_tables(tree: Tree, folder: Path) -> list[Problem]:
    tables = tree.value["input"].get("tables")
    problems = []
    for name, block in tables.items() if isinstance(tables, dict) else ():
        files = block.get("files") if isinstance(block, dict) else None
        for i, file in enumerate([files] if isinstance(files, str) else files or ()):
            if isinstance(file, str):
                row = tree.line(("input", "tables", name, "files", i))
                problems += _missing(file, f"input.tables.{name}.files", folder, row)
    return problems


def _missing(name: str, key: str, folder: Path, row: int | None) -> list[Problem]:
    path = located(name, folder)
    facts: dict[str, Any] = {"key": key, "value": name, "path": str(path)}
    if not name.strip():
        return [Problem("config.empty", facts, row=row)]
    if "://" in name:
        return []  # far away: the engine that reads it will say
    try:
        if path.exists():
            return []
        found = matches(path)
        if found is not None:
            return [] if found else [Problem("config.no_match", facts, row=row)]
        near = _near(path)
    except (OSError, ValueError):
        near = []
    return [Problem("config.no_input_file" + ("_near" if near else ""), facts | {"near": near}, row=row)]


def _near(path: Path) -> list[str]:
    """Names in the same folder that may have been meant; where the folder is missing, folders beside it."""
    while not path.parent.is_dir():
        if path.parent == path:
            return []
        path = path.parent
    names = {p.name.lower(): p.name for p in path.parent.iterdir() if not p.name.startswith((".", "~$"))}
    stems = {Path(name).stem: name for name in names}
    wanted = path.name.lower()
    found = get_close_matches(wanted, list(names), n=2, cutoff=0.6)
    found += [stems[s] for s in get_close_matches(Path(wanted).stem, list(stems), n=2, cutoff=0.5)]
    return [names[name] for name in dict.fromkeys(found)][:2]
