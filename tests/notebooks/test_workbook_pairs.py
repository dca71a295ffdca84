"""Every committed pair is in order; and a pair in which one half was edited alone is not."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

import pytest
from notebook_rules import ROOT, committed
from small_notebooks import change

from segkit.workshop.notebooks import LANG_CELL, Twins, read_notebook, twins_of
from segkit.workshop.pairing import pair_up
from segkit.workshop.stubs import stub_of

ZH = committed("zh")
SOLUTIONS = [path for path in ZH if path.parent.name == "solutions"]
LESSONS = [path for path in ZH if "exercises" not in path.parts]


def twins(path: Path, root: Path = ROOT) -> Twins:
    found = twins_of(root / path)
    assert found is not None
    return found


def test_there_is_a_workbook() -> None:
    assert SOLUTIONS and {path.parts[0] for path in ZH} == {"notebooks", "casestudies", "exercises"}


@pytest.mark.parametrize("path", ZH, ids=Path.as_posix)
def test_both_languages_have_the_same_cells_and_code(path: Path) -> None:
    zh, en = (read_notebook(twins(path).file(lang)) for lang in ("zh", "en"))
    assert [(c.id, c.kind, c.tags) for c in zh.cells] == [(c.id, c.kind, c.tags) for c in en.cells]
    for here, there in zip(zh.cells, en.cells, strict=True):
        if here.kind == "code" and LANG_CELL not in here.tags:
            assert ast.dump(ast.parse(here.source)) == ast.dump(ast.parse(there.source)), here.id


@pytest.mark.parametrize("path", ZH, ids=Path.as_posix)
def test_nothing_is_stale(path: Path) -> None:
    found = [problem.text("en") for one in pair_up([ROOT / path]) for problem in one.findings]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", SOLUTIONS, ids=Path.as_posix)
def test_a_stub_is_what_its_solution_gives(path: Path) -> None:
    solution = twins(path)
    assert solution.stub is not None
    for lang in ("zh", "en"):
        made = stub_of(read_notebook(solution.file(lang)))
        assert json.loads(solution.stub.file(lang).read_bytes()) == json.loads(made.bytes())


def test_no_half_of_a_pair_stands_alone() -> None:
    for lang, other in (("zh", "en"), ("en", "zh")):
        for path in committed(lang):
            assert twins(path).file(other).exists(), path


# --- one edited alone ------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path, monkeypatch) -> Path:
    """The workbook's notebooks in a folder of their own."""
    for path in [*ZH, *committed("en")]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edit(path: Path, kind: str, text: str) -> str:
    """Change the last cell of a kind that is not the language cell; gives its id."""
    cell = [c for c in read_notebook(path).cells if c.kind == kind and LANG_CELL not in c.tags][-1]
    change(path, cell.id, source=cell.source + text)
    return cell.id


@pytest.mark.parametrize(
    ("lang", "kind", "text", "finding"),
    [
        ("zh", "markdown", "\n\n又一句。", "pairs.stale"),
        ("zh", "code", "\nmore = 1", "pairs.code"),
        ("en", "code", "\nmore = 1", "pairs.code"),
    ],
)
@pytest.mark.parametrize("paths", [LESSONS, SOLUTIONS], ids=["lessons", "solutions"])
def test_a_twin_edited_alone_is_found(copy, paths, lang, kind, text, finding) -> None:
    for path in paths:
        [before] = pair_up([path])
        id = edit(twins(path, copy).file(lang), kind, text)
        [after] = pair_up([path])
        known = {(p.id, p.facts.get("cell"), p.file) for p in before.findings}
        new = [p for p in after.findings if (p.id, p.facts.get("cell"), p.file) not in known]
        assert (finding, id) in [(p.id, p.facts.get("cell")) for p in new], path


def test_an_edited_stub_or_solution_is_found(copy) -> None:
    for path in SOLUTIONS:
        solution = twins(path, copy)
        assert solution.stub is not None
        for edited in (solution.stub.file("zh"), solution.file("zh")):
            edit(edited, "code", "\nmore = 1")
            [after] = pair_up([path])
            assert "pairs.stub" in [p.id for p in after.findings], path
            shutil.copy(ROOT / edited.relative_to(copy), edited)
