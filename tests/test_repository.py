"""What holds for the repository as a whole: dependencies, words, file names, line ends, order."""

from __future__ import annotations

import ast
import os
import re
import string
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import segkit

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "segkit").rglob("*.py"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASCII_FILES = [
    "constraints.txt",
    "environment.yml",
    "start.bat",
    "lab.bat",
    "Makefile",
    "LICENSE",
    ".gitattributes",
    ".ci/run",
]
BINARY = {".png", ".xlsx", ".xls", ".parquet", ".woff2", ".ico", ".gz", ".zip"}


def text_of(path: Path) -> str:
    """A committed text file; sample exports are in whatever encoding a client would send."""
    return (ROOT / path).read_bytes().decode("utf-8", "replace")


@pytest.fixture(scope="module")
def texts(checkout_files: list[Path]) -> dict[Path, str]:
    return {path: text_of(path) for path in checkout_files if path.suffix not in BINARY}


# --- dependencies ----------------------------------------------------------


def requirements(*extras: str) -> list[Requirement]:
    """What pyproject asks for, with the extras it names within itself resolved."""
    lines = list(PROJECT["dependencies"])
    waiting = list(extras)
    while waiting:
        for line in PROJECT["optional-dependencies"][waiting.pop()]:
            wanted = Requirement(line)
            if wanted.name == PROJECT["name"]:
                waiting += sorted(wanted.extras)
            else:
                lines.append(line)
    return [Requirement(line) for line in lines]


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="ascii").splitlines()
    exact = [re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!+]+)", line) for line in lines]
    assert all(exact), "names and exact versions, nothing else"
    return {canonicalize_name(hit.group(1)): hit.group(2) for hit in exact if hit}


def test_constraints_are_exact_versions_that_satisfy_every_dependency() -> None:
    fixed = constraints()
    for wanted in requirements("dev"):
        version = fixed.get(canonicalize_name(wanted.name))
        assert version is not None, f"{wanted.name} is not in constraints.txt"
        assert wanted.specifier.contains(version), f"{wanted} against {version}"


def test_constraints_do_not_fix_the_project_or_the_installer() -> None:
    assert not {"segkit", "pip", "setuptools", "wheel"} & set(constraints())


def test_the_conda_environment_has_what_the_user_named() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="ascii"))
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    *conda, for_pip = environment["dependencies"]
    assert {re.split("[ <>=]", line)[0] for line in conda} == {"python", "pip"}
    assert for_pip == {"pip": ["-c constraints.txt", ".[workshop]"]}
    names = {canonicalize_name(wanted.name) for wanted in requirements("workshop")}
    assert names >= {"jupyterlab", "pandas", "matplotlib", "seaborn", "ipywidgets", "nbval", "papermill"}


def test_every_import_of_the_package_is_a_dependency() -> None:
    """Of modules imported at the top of a file; those of extras are imported inside functions, except in the
    room of widgets, which is nothing without ipywidgets and is looked into by name."""
    own = {canonicalize_name(wanted.name) for wanted in requirements()}
    called = {"yaml": "pyyaml", "chinese_calendar": "chinesecalendar", "sklearn": "scikit-learn"}
    called |= {"pydantic_core": "pydantic", "markupsafe": "jinja2"}  # each is half of the other
    for path in MODULES:
        names = own | ({"ipywidgets", "traitlets"} if path.parent.name == "widgets" else set())
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for module in imported(node):
                top = module.split(".")[0]
                if top not in sys.stdlib_module_names and top != "segkit":
                    assert canonicalize_name(called.get(top, top)) in names, f"{path.name} imports {top}"


# --- files -----------------------------------------------------------------


@pytest.mark.parametrize("name", ASCII_FILES)
def test_files_read_in_the_systems_encoding_are_ascii(name: str) -> None:
    raw = (ROOT / name).read_bytes()
    assert raw.isascii()
    assert (b"\r" in raw) == name.endswith(".bat")


def test_git_keeps_line_ends_and_sample_data_as_they_are() -> None:
    lines = (ROOT / ".gitattributes").read_text(encoding="ascii").splitlines()
    assert {"*.bat text eol=crlf", "datasets/**/*.csv -text"} <= set(lines)


def test_ci_can_be_run() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="ascii")
    assert script.startswith("#!/usr/bin/env bash\n") and "set -euo pipefail" in script
    assert os.name == "nt" or os.access(ROOT / ".ci" / "run", os.X_OK)


def test_no_file_name_trips_windows(checkout_files: list[Path]) -> None:
    reserved = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
    lowered = [str(path).lower() for path in checkout_files]
    assert len(lowered) == len(set(lowered)), "two names that differ in capitals only"
    for path in checkout_files:
        assert len(str(path)) <= 120, path
        for part in path.parts:
            assert (
                not re.search(r'[:?*"<>|\\]', part) and not reserved.fullmatch(part) and part[-1] not in ". "
            ), path


def test_no_file_names_a_registry_or_a_machine(texts: dict[Path, str]) -> None:
    hosts = [
        "pypi" + ".org",
        "python" + "hosted",
        "conda" + ".anaconda",
        "tuna." + "tsinghua",
        "mirrors." + "aliyun",
    ]
    registry = re.compile("|".join(map(re.escape, hosts)))
    machine = re.compile(r"(?<![\w.~}*/])/(?:" + "|".join(["work", "root", "home"]) + r")/\w")
    for path, text in texts.items():
        for pattern in (registry, machine):
            found = pattern.search(text)
            assert not found, f"{path}: {found and text[found.start() - 20 : found.end() + 20]!r}"


# --- code ------------------------------------------------------------------


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_runs_on_windows(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= 420
    nodes = list(ast.walk(ast.parse(source)))
    assert not {"resource", "fcntl"} & {name for node in nodes for name in imported(node)}
    attributes = {
        f"{n.value.id}.{n.attr}"
        for n in nodes
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)
    }
    assert not {"os.fork", "signal.alarm"} & attributes


PUBLIC = [
    *("read_table", "suggest_mapping", "clean", "quality", "leaks"),
    *("customer_table", "update", "repeat_summary"),
    *("Bands", "Clusters", "Lifecycle", "Lookup", "Matrix", "Needs", "Pareto", "RFM", "Rules", "Scorecard"),
    *("load_scheme", "load_schemes", "lint", "hysteresis"),
    *("BGNBD", "MBGNBD", "GammaGamma", "Propensity", "clv"),
    *("bought_together", "recommend"),
    *("nps", "csat", "ces"),
    *("migration", "psi"),
    *("uplift", "did", "referrals"),
    *("cohorts",),
    *("backtest",),
    *("stability", "segmentation_quality"),
    *("Policy", "Member", "plan", "due_list", "PoolRules", "pool", "ServiceRules", "service"),
    "load",
    *("use", "me", "checkup", "form", "check", "hint", "predict", "progress"),
]

EVERY_NAME = """
import importlib, pathlib, sys, types, segkit
for path in sorted(pathlib.Path("segkit").rglob("[!_]*.py")):
    importlib.import_module(".".join(path.with_suffix("").parts))
bad = [name for name in sys.argv[1:] if isinstance(getattr(segkit, name), types.ModuleType)]
sys.exit(f"modules in place of functions: {bad}" if bad else 0)
"""


def test_every_public_name_is_there_and_no_module_takes_its_place() -> None:
    """A module of the same name replaces a lazy one as soon as it is imported, so all are imported first."""
    assert sorted(segkit.__all__) == sorted(["__version__", *PUBLIC])
    command = [sys.executable, "-c", EVERY_NAME, *PUBLIC]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, segkit; sys.exit(sorted({'pandas', 'narwhals', 'pydantic'} & set(sys.modules)) or 0)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# --- words -----------------------------------------------------------------

LOCALE = ROOT / "segkit" / "locale"


class _NoDoubles(yaml.SafeLoader):
    """A YAML reader that refuses a key given twice, of which YAML would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        doubles = {str(key) for key in keys if keys.count(key) > 1}
        assert not doubles, f"given twice: {sorted(doubles)}"
        return super().construct_mapping(node, deep)


def entries(name: str) -> dict[str, dict[str, str]]:
    text = (LOCALE / name).read_text(encoding="utf-8")
    return dict(yaml.load(text, Loader=_NoDoubles))


def fact_names(text: str) -> set[str]:
    return {
        re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None
    }


def facts(text: str) -> set[str]:
    """Names of the facts; one that is words itself comes as a pair, ``why_zh`` and ``why_en``."""
    return {re.sub(r"_(zh|en)$", "", name) for name in fact_names(text)}


@pytest.mark.parametrize("name", ["messages.yml", "terms.yml"])
def test_every_entry_speaks_both_languages_with_the_same_facts(name: str) -> None:
    wrong = []
    for id, entry in entries(name).items():
        if set(entry) != {"zh", "en"} or not all(
            isinstance(text, str) and text.strip() for text in entry.values()
        ):
            wrong.append(f"{id}: zh and en, and nothing else")
        elif facts(entry["zh"]) != facts(entry["en"]):
            wrong.append(f"{id}: {facts(entry['zh'])} against {facts(entry['en'])}")
        elif re.search(r"[!！]|智能", entry["zh"] + entry["en"]):
            wrong.append(f"{id}: plain words")
    assert not wrong, "\n".join(wrong)


def message_calls(source: str) -> Iterator[tuple[int, ast.expr, set[str] | None]]:
    """Of every say(...) and Problem(...): line, message id, and the facts given where they can be read off."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called not in ("say", "Problem"):
                continue
            given: set[str] | None = None
            if called == "say" and all(keyword.arg for keyword in node.keywords):
                given = {str(keyword.arg) for keyword in node.keywords}
            if called == "Problem" and len(node.args) > 1 and isinstance(node.args[1], ast.Dict):
                keys = node.args[1].keys
                if all(isinstance(key, ast.Constant) for key in keys):
                    given = {str(key.value) for key in keys if isinstance(key, ast.Constant)}
            for id in (
                (node.args[0].body, node.args[0].orelse)
                if isinstance(node.args[0], ast.IfExp)
                else node.args[:1]
            ):
                yield node.lineno, id, given


def shape(id: ast.JoinedStr) -> str:
    """A pattern for the ids that an f-string can make."""
    parts = (str(part.value) if isinstance(part, ast.Constant) else None for part in id.values)
    return "".join(".+" if part is None else re.escape(part) for part in parts)


def test_every_message_the_code_says_is_there_and_gets_its_facts() -> None:
    known = entries("messages.yml")
    wrong = []
    for path in MODULES:
        for line, id, given in message_calls(path.read_text(encoding="utf-8")):
            place = f"{path.relative_to(ROOT)}:{line}"
            if isinstance(id, ast.JoinedStr) and not any(re.fullmatch(shape(id), one) for one in known):
                wrong.append(f"{place} no message like {shape(id)}")
            if not (isinstance(id, ast.Constant) and isinstance(id.value, str)):
                continue
            if id.value not in known:
                wrong.append(f"{place} no message {id.value}")
            elif given is not None:
                needed = set().union(*(fact_names(text) for text in known[id.value].values()))
                wrong += [f"{place} {id.value} lacks {fact}" for fact in sorted(needed - given)]
    assert not wrong, "\n".join(wrong)


def test_the_calls_in_the_code_are_found_by_this_test() -> None:
    source = 'say("a.b", lang, n=1)\nat.say(f"x.{k}", "zh", **more)\nProblem("c.d", {"n": 1})\nhear("no")'
    found = [(ast.unparse(id), given) for _, id, given in message_calls(source)]
    assert found == [("'a.b'", {"n"}), ("f'x.{k}'", None), ("'c.d'", {"n"})]


# --- the checks of `start.py check`, here so that CI runs them too ----------


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-c", "from importlinter.cli import lint_imports_command as main; main()"],
        ["-m", "mypy"],
    ],
    ids=["ruff-check", "ruff-format", "layers", "mypy"],
)
def test_the_house_is_in_order(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
