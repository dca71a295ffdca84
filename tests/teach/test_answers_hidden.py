"""No answer stands where a trainee looks: in the exercise, in the hints, in segkit."""

from __future__ import annotations

from pathlib import Path

import pytest

from segkit.workshop.notebooks import read_notebook
from segkit.workshop.stubs import answer_lines, stub_of

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = sorted((ROOT / "exercises" / "solutions").glob("*.ipynb"))
LONG = 20  # characters from which a line is an answer and not a common phrase


def lessons() -> str:
    """What a trainee has seen before the exercise may stand anywhere."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    )


def told(lines: list[str], text: str, seen: str) -> list[str]:
    """The answer lines that `text` holds and no lesson shows."""
    quoted = {
        line: line.replace("\\", "\\\\").replace('"', '\\"') for line in lines
    }  # as a notebook stores it
    return [
        line
        for line, stored in quoted.items()
        if len(line) >= LONG and (line in text or stored in text) and stored not in seen
    ]


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.name)
def test_stub_hints_and_module_hold_no_answer(path: Path) -> None:
    solution = read_notebook(path)
    lines = answer_lines(solution)
    assert lines, "a solution without an answer region"
    stub = (path.parent.parent / path.name).read_text(encoding="utf-8")
    teach = sorted([*(ROOT / "segkit" / "teach").rglob("*.py"), *(ROOT / "segkit" / "teach").rglob("*.yml")])
    texts = {"stub": stub} | {file.name: file.read_text(encoding="utf-8") for file in teach}
    seen = lessons()
    assert {name: found for name, text in texts.items() if (found := told(lines, text, seen))} == {}
    assert all(not answer_lines(one) for one in [stub_of(solution)])


def test_an_answer_left_in_a_stub_would_be_found() -> None:
    path = SOLUTIONS[0]
    lines = answer_lines(read_notebook(path))
    assert told(lines, path.read_text(encoding="utf-8"), lessons())
