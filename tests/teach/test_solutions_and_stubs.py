"""A solution earns every mark, an exercise as handed out none: in both languages, for every exercise there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from segkit.locale import say
from segkit.teach.exercise import exercise, known_exercises
from segkit.workshop.notebooks import PINNED, Notebook, output_text, read_notebook
from segkit.workshop.stubs import names_assigned

FOLDER = Path(__file__).resolve().parents[2] / "exercises"
SOLUTIONS = sorted((FOLDER / "solutions").glob("*.ipynb"))
STUBS = sorted(FOLDER.glob("*.ipynb"))


def id_of(notebook: Notebook) -> str:
    return str(notebook.noted["exercise"])


def test_every_exercise_is_there_as_two_pairs() -> None:
    wanted = sorted([*known_exercises(), *known_exercises()])
    assert sorted(map(id_of, map(read_notebook, SOLUTIONS))) == wanted
    assert sorted(map(id_of, map(read_notebook, STUBS))) == wanted


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.name)
def test_a_solution_promises_every_step(path: Path) -> None:
    """The promise is held against a run by the tests of notebooks."""
    notebook = read_notebook(path)
    id = id_of(notebook)
    n = len(exercise(id).steps)
    [pinned] = [cell for cell in notebook.cells if cell.id == "check" and PINNED in cell.tags]
    assert say("teach.check.head", notebook.lang, id=id, done=n, n=n) in output_text(pinned)


@pytest.mark.parametrize("path", STUBS, ids=lambda path: path.name)
def test_an_exercise_as_handed_out_writes_no_judged_name(path: Path) -> None:
    notebook = read_notebook(path)
    asked = exercise(id_of(notebook))
    judged = {*asked.names, *(entry.name for entry in asked.form)}
    written = {name for cell in notebook.cells if cell.kind == "code" for name in names_assigned(cell.source)}
    assert not judged & written
    assert "check" in [cell.id for cell in notebook.cells] and "form" in [cell.id for cell in notebook.cells]
