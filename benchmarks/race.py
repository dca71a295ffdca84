"""Taking turns: sides that do the same work one after the other, round by round, and what that says."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


class SideFailed(RuntimeError):
    """A side could not do its work; the message says why."""


@dataclass(frozen=True)
class Took:
    """What one repetition took: seconds by the clock and of the processor, peak memory in MB, and its facts."""

    wall: float
    cpu: float | None = None
    peak_mb: float | None = None
    facts: Mapping[str, Any] | None = None


class Worker:
    """A side's process: started on first use, asked as often as wanted, closed at the end."""

    def __init__(self, module: str, python: str = sys.executable, log: Path | None = None) -> None:
        self.module, self.python, self.log = module, python, log
        self.process: subprocess.Popen[str] | None = None

    def ask(self, task: str, **arguments: Any) -> Took:
        if self.process is None:
            self._start()
        told = self._exchange({"task": task, "with": arguments})
        return Took(told["wall"], told["cpu"], told["peak_mb"], told["facts"])

    def close(self) -> None:
        if self.process is not None:
            self.process.communicate()  # the end of its input is the end of its work
            self.process = None

    def once(self, task: str, **arguments: Any) -> Took:
        """`ask` of a process that has done nothing before, so that its peak memory is of this task alone."""
        self.close()
        try:
            return self.ask(task, **arguments)
        finally:
            self.close()

    def _start(self) -> None:
        log = self.log.open("a", encoding="utf-8") if self.log else None
        self.process = subprocess.Popen(
            [self.python, str(HERE / "worker.py"), self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log or subprocess.DEVNULL,
            env={**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONIOENCODING": "utf-8"},
            encoding="utf-8",
        )
        if log:
            log.close()
        self._exchange(None)

    def _exchange(self, order: dict[str, Any] | None) -> dict[str, Any]:
        assert self.process is not None and self.process.stdin and self.process.stdout
        if order is not None:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            code = self.process.wait()
            self.process = None
            raise SideFailed(f"{self.module} ended with code {code}")
        told: dict[str, Any] = json.loads(answer)
        if "error" in told:
            self.process.wait()
            self.process = None
            raise SideFailed(f"{self.module}: {told['error']}")
        return told


@dataclass
class Entry:
    """One side's repetitions in one comparison."""

    name: str
    took: list[Took] = field(default_factory=list)
    remark: str = ""

    @property
    def wall(self) -> float:
        return statistics.median(t.wall for t in self.took)

    @property
    def fastest(self) -> float:
        return min(t.wall for t in self.took)

    @property
    def slowest(self) -> float:
        return max(t.wall for t in self.took)

    @property
    def cpu(self) -> float | None:
        known = [t.cpu for t in self.took if t.cpu is not None]
        return statistics.median(known) if known else None

    def hide_processor(self) -> None:
        self.took = [replace(took, cpu=None) for took in self.took]

    @property
    def peak_mb(self) -> float | None:
        known = [t.peak_mb for t in self.took if t.peak_mb is not None]
        return max(known) if known else None


def ratio(mine: Entry, other: Entry) -> float:
    """How long `mine` took for each second of `other`: the median over the rounds, each against its neighbour."""
    return statistics.median(m.wall / o.wall for m, o in zip(mine.took, other.took, strict=True))


def take_turns(
    sides: Mapping[str, Callable[[], Took]],
    rounds: int,
    *,
    warm_up: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Entry]:
    """Each side once a round, in turned order every second round; a first round may be left out of the count."""
    entries = {name: Entry(name) for name in sides}
    for round_ in range(1 - warm_up, rounds + 1):
        for name in list(sides) if round_ % 2 else list(reversed(sides)):
            took = sides[name]()
            tell(f"{name}, {f'round {round_} of {rounds}' if round_ else 'warm-up'}: {took.wall:.3g} s")
            if round_:
                entries[name].took.append(took)
    return list(entries.values())


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The growth exponent: the slope of log seconds on log size, by least squares."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    return statistics.linear_regression(xs, ys).slope


def differing(mine: Mapping[str, Any], other: Mapping[str, Any], *, tolerance: float = 1e-9) -> list[str]:
    """The facts both sides tell and in which they differ; numbers may differ by the share `tolerance`."""
    unequal = []
    for name in mine.keys() & other.keys():
        a, b = mine[name], other[name]
        numbers = isinstance(a, int | float) and isinstance(b, int | float)
        if not (math.isclose(a, b, rel_tol=tolerance) if numbers else a == b):
            unequal.append(name)
    return sorted(unequal)
