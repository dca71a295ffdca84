"""One submission ends neither the grading of a class nor leaves anything behind, whatever it does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from handed_in import by, committed, save, with_cell, without_cell

from segkit.teach.exercise import exercise
from segkit.workshop.submissions import Submission, collect
from segkit.workshop.supervising import Graded, Limits, _result, run_all

SOLVED = committed("E10_reversed_r.zh", solution=True)
STUB = committed("E10_reversed_r.zh")
STEPS = dict.fromkeys((step.id for step in exercise("E10").steps), "passed")
FIVE_SECONDS = Limits(cell_seconds=5)
FORGED_PACKAGE = """
from pathlib import Path
called = "recent"
Path("segkit/teach").mkdir(parents=True)
for name in ("segkit", "segkit/teach"):
    Path(name, "__init__.py").write_text("")
Path("segkit/teach/judging.py").write_text(
    "class judge:\\n def __init__(self, *a): pass\\n def record(self): return %r"
)
""" % {"score": 100, "steps": STEPS, "mistakes": []}  # noqa: UP031
FORGED_RESULT = """
import gc, json, os
called = "recent"
for job in gc.get_objects():
    if isinstance(job, dict) and "result" in job and "progress" in job:
        forged = {"score": 100, "steps": {"mine": "perfect"}, "mistakes": ["none"], "slow": []}
        open(job["result"], "w").write(json.dumps(forged))
        os._exit(0)
"""
TWO_ENDLESS = """
class Endless:
    def __eq__(self, other):
        while True: pass
    __hash__ = object.__hash__
def r_score(days):
    while True: pass
called, guard = Endless(), "five"
"""


def handed_in(notebook: dict[str, Any], folder: Path, name: str = "张三") -> Submission:
    return collect([save(by(name, notebook), folder / name / "E10.ipynb")]).newest[0]


def graded(notebook: dict[str, Any], folder: Path, limits: Limits = FIVE_SECONDS) -> Graded:
    return run_all([handed_in(notebook, folder)], limits)[0]


@pytest.mark.slow
def test_what_cannot_be_run_at_all_is_said_and_the_next_is_graded(tmp_path: Path) -> None:
    odd = handed_in(SOLVED, tmp_path)
    odd.entered["called"] = "\ud800"  # half a character, which no file takes
    found = run_all([odd, handed_in(SOLVED, tmp_path, "李四")])
    assert [(one.score, one.note) for one in found] == [(0, "stopped"), (100, "")]
    assert set(found[0].steps.values()) == {"unattempted"}


@pytest.mark.slow
@pytest.mark.parametrize("code", [FORGED_PACKAGE, FORGED_RESULT])
def test_a_forged_result_counts_for_nothing(code: str, tmp_path: Path) -> None:
    found = graded(with_cell(STUB, "answer", code), tmp_path)
    assert found.score == 0 and set(found.steps) == set(STEPS) and "none" not in found.mistakes


@pytest.mark.parametrize(
    "said",
    [
        [],
        {"score": 100, "steps": {}, "mistakes": []},
        {"score": 100, "steps": STEPS | {"more": "passed"}, "mistakes": []},
        {"score": 100, "steps": dict.fromkeys(STEPS, "perfect"), "mistakes": []},
        {"score": 100, "steps": {step: ["passed"] for step in STEPS}, "mistakes": []},
        {"score": 100, "steps": STEPS, "mistakes": ["unheard of"]},
        {"score": 100, "steps": STEPS, "mistakes": [["reversed"]]},
    ],
)
def test_only_steps_and_mistakes_of_the_exercise_are_a_result(said: Any) -> None:
    assert _result(said, "E10") == {}
    whole = {"score": "many", "steps": STEPS, "mistakes": ["reversed"]}
    assert _result(whole, "E10")["score"] == 100


@pytest.mark.slow
def test_each_function_that_does_not_come_back_costs_its_own_steps(tmp_path: Path) -> None:
    endless = without_cell(with_cell(STUB, "answer", TWO_ENDLESS), "check")
    found = graded(endless, tmp_path, Limits(cell_seconds=2, grace_seconds=3))
    assert "passed" in found.steps.values() and found.note == ""
    assert list(found.steps.values()).count("failed") == len(STEPS) - 1


@pytest.mark.slow
def test_what_a_notebook_leaves_running_is_ended_and_nothing_is_kept_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "of the trainer"))
    (tmp_path / "of the trainer").mkdir()
    note = tmp_path / "pid.txt"
    leaves = (
        "import subprocess, sys\n"
        'left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])\n'
        f"open({str(note)!r}, 'w').write(str(left.pid))"
    )
    found = graded(with_cell(SOLVED, "guess", leaves), tmp_path)
    assert (found.score, found.note) == (100, "")
    left = int(note.read_text())
    assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE
    assert not list((tmp_path / "of the trainer").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("guess", "limits"),
    [
        ("import time; time.sleep(100)", Limits(minutes=0.05)),
        ("import os; os._exit(1)", Limits(reruns=0)),
    ],
)
def test_a_submission_has_its_limit_by_the_clock_and_in_runs(
    guess: str, limits: Limits, tmp_path: Path
) -> None:
    since = time.monotonic()
    found = graded(with_cell(SOLVED, "guess", guess), tmp_path, limits)
    assert (found.score, found.note) == (0, "stopped")
    assert time.monotonic() - since < 40
