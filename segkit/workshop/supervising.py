"""Running what a class handed in, each notebook in a process of its own with limits of time and memory (监督运行).

Works on Windows too: the limits are kept by watching the process, not by the operating system.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segkit.teach import answers
from segkit.teach.exercise import exercise
from segkit.teach.judging import MARKS
from segkit.workshop.one_submission import PATIENCE
from segkit.workshop.submissions import Submission

LOOK_EVERY = 0.2  # seconds between two looks at a process


@dataclass(frozen=True)
class Limits:
    """What one submission may take.

    Attributes
    ----------
    cell_seconds : of work before a cell is interrupted, and the next one run
    grace_seconds : of work more before a process that cannot be interrupted is ended, and run again without that cell
    megabytes : of memory, all its processes together
    minutes : by the clock, all its runs together
    reruns : how often it is run again without one cell more
    """

    cell_seconds: float = 10
    grace_seconds: float = 5
    megabytes: float = 2000
    minutes: float = 5
    reruns: int = 3


@dataclass(frozen=True)
class Graded:
    """One submission and what became of it.

    Attributes
    ----------
    score : 0 to 100
    steps : step id -> passed, failed or unattempted
    mistakes : known mistakes found
    note : "" or why it could not be run as it stands: slow_cell, memory, stopped
    """

    submission: Submission
    score: int
    steps: dict[str, str]
    mistakes: tuple[str, ...]
    note: str = ""

    @property
    def attempted(self) -> bool:
        """Was anything answered, or could that not be found out?"""
        return bool(self.note) or any(status != "unattempted" for status in self.steps.values())


@dataclass
class _Run:
    """What the child reported: its result if it came to one, else the cell it was in and why it ended."""

    found: dict[str, Any] = field(default_factory=dict)
    at: int | None = None
    why: str = ""


def run_all(
    submissions: Sequence[Submission],
    limits: Limits = Limits(),
    jobs: int = 2,
    done: Callable[[Graded], None] = lambda graded: None,
) -> list[Graded]:
    """Every submission judged, `jobs` at a time, in the order given; `done` hears of each as it is finished."""
    told = threading.Lock()

    def one_of_them(one: Submission) -> Graded:
        try:
            graded = run(one, limits)
        except Exception:  # whatever one submission does, the others are graded
            graded = _blank(one, "stopped")
        with told:
            done(graded)
        return graded

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        return list(pool.map(one_of_them, submissions))


def run(one: Submission, limits: Limits = Limits()) -> Graded:
    """What do the names of this notebook score?

    A cell that takes too long or too much memory is left out, and the rest counts: once the process had to be
    ended, it is run again without that cell.
    """
    if untouched(one):
        return _blank(one)
    left_out: list[int] = []
    note, until = "", time.monotonic() + limits.minutes * 60
    while True:
        done = _attempt(one, left_out, limits, until)
        if done.found:
            note = note or ("slow_cell" if done.found["slow"] else "")
            return Graded(one, done.found["score"], done.found["steps"], tuple(done.found["mistakes"]), note)
        note = done.why
        over = len(left_out) >= limits.reruns or time.monotonic() > until
        if done.at is None or done.at in left_out or over:
            return _blank(one, "stopped")
        left_out.append(done.at)


def _result(said: Any, id: str) -> dict[str, Any]:
    """What the child says, as far as it can be true: steps and mistakes of the exercise; the score is counted here."""
    asked = exercise(id)
    if not isinstance(said, dict):
        return {}
    steps, mistakes = said.get("steps"), said.get("mistakes")
    if not isinstance(steps, dict) or set(steps) != {step.id for step in asked.steps}:
        return {}
    if not all(isinstance(status, str) and status in MARKS for status in steps.values()):
        return {}
    if not isinstance(mistakes, list) or not all(
        isinstance(one, str) and one in asked.mistakes for one in mistakes
    ):
        return {}
    won = sum(step.points for step in asked.steps if steps[step.id] == "passed")
    score = round(100 * won / asked.points)
    return {"score": score, "steps": steps, "mistakes": mistakes, "slow": bool(said.get("slow"))}


def untouched(one: Submission) -> bool:
    """Is it certain, without running it, that none of the judged names is written?

    So it is where nothing was entered and the code, comments aside, says none of them, not even in a text. Whole
    folders are handed in, and most notebooks in them are exercises nobody has begun.
    """
    if any(value not in (None, "", [], {}) for value in one.entered.values()):
        return False
    wanted = set(exercise(one.exercise).names)
    for source in one.code:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        if any(wanted & {*_words(node)} for node in ast.walk(tree)):
            return False
    return True


def _words(node: ast.AST) -> list[str]:
    """Names that a piece of code may bind: what it calls things, what it imports, words in its texts."""
    if isinstance(node, ast.Constant):
        return re.findall(r"\w+", node.value) if isinstance(node.value, str) else []
    if isinstance(node, ast.alias):
        return [node.name, node.asname or ""]
    return [str(getattr(node, key, "")) for key in ("id", "name", "attr", "arg")]


def _blank(one: Submission, note: str = "") -> Graded:
    return Graded(one, 0, {step.id: "unattempted" for step in exercise(one.exercise).steps}, (), note)


def _attempt(one: Submission, left_out: list[int], limits: Limits, until: float) -> _Run:
    """Run it in a folder of its own; job, progress and result lie in another."""
    with (
        tempfile.TemporaryDirectory(prefix="segkit-grade-", ignore_cleanup_errors=True) as work,
        tempfile.TemporaryDirectory(prefix="segkit-desk-", ignore_cleanup_errors=True) as desk,
    ):
        own = Path(work) / answers.FOLDER
        own.mkdir()
        record = {"id": one.exercise, "entered": one.entered}
        (own / f"{one.exercise}.json").write_text(answers.as_json(record), encoding="utf-8")
        progress, result = Path(desk) / "progress.txt", Path(desk) / "result.json"
        job = {
            "exercise": one.exercise,
            "code": list(one.code),
            "leave_out": left_out,
            "cell_seconds": limits.cell_seconds,
            "progress": str(progress),
            "result": str(result),
        }
        (Path(desk) / "job.json").write_text(json.dumps(job), encoding="utf-8")
        of_its_own = {"SEGKIT_ANSWERS": str(own), "IPYTHONDIR": str(Path(work) / ".ipython")}
        with (Path(desk) / "job.json").open("rb") as told:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "segkit.workshop.one_submission"],
                cwd=work,
                env=os.environ | of_its_own | {"MPLBACKEND": "Agg", "PYTHONUTF8": "1"},
                stdin=told,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        why = _watched(process, progress, limits, until)
        try:
            found = _result(json.loads(result.read_text(encoding="utf-8")), one.exercise)
        except (OSError, ValueError, RecursionError):
            return _Run(at=_cell(progress), why=why)
        return _Run(found=found, why=why)


def _watched(process: subprocess.Popen[bytes], progress: Path, limits: Limits, until: float) -> str:
    """Wait for the child; end it where it goes too far, and say why. What it left running is ended with it."""
    import psutil

    family, seen = psutil.Process(process.pid), set()
    worked_at_most = limits.cell_seconds + limits.grace_seconds
    before, worked, since = "", 0.0, time.monotonic()
    try:
        while process.poll() is None:
            time.sleep(LOOK_EVERY)
            seen.update(_alive(family))
            if _total(family, lambda one: one.memory_info().rss / 1e6) > limits.megabytes:
                return "memory"
            now, busy = _read(progress), _total(family, lambda one: sum(one.cpu_times()[:2]))
            if now != before:
                before, worked, since = now, busy, time.monotonic()
            elif busy - worked > worked_at_most or time.monotonic() - since > (PATIENCE + 1) * worked_at_most:
                return "slow_cell"
            if time.monotonic() > until:
                return "stopped"
        return "stopped"
    finally:
        _end(seen | {family})
        process.wait(timeout=10)


def _total(family: Any, of: Callable[[Any], float]) -> float:
    """The sum over the process and its children, those that just ended left out."""
    import psutil

    total = 0.0
    for one in _alive(family):
        try:
            total += of(one)
        except psutil.Error:
            continue
    return total


def _alive(family: Any) -> list[Any]:
    import psutil

    try:
        return [family, *family.children(recursive=True)]
    except psutil.Error:
        return []


def _end(started: set[Any]) -> None:
    """End these processes and what they started; a number given to another process since is left alone."""
    import psutil

    ended = {one for each in started for one in _alive(each)}
    for one in ended:
        try:
            one.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(list(ended), timeout=5)


def _read(progress: Path) -> str:
    try:
        return progress.read_text(encoding="utf-8")
    except OSError:
        return ""


def _cell(progress: Path) -> int | None:
    said = _read(progress)
    return int(said) if said.isdigit() else None
