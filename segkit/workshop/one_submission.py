"""The child process that runs one submission and judges the names it leaves (被监督的子进程).

``python -P -m segkit.workshop.one_submission < JOB.json``: the job names exercise, code cells, cells to leave out,
seconds a cell may take, and the files for progress and result. Started by `supervising`, in a folder of its own in
which neither of them lies.
"""

from __future__ import annotations

import _thread
import contextlib
import itertools
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

PATIENCE = 6  # times the allowed seconds a cell may wait without working


def main() -> None:
    """Run the cells one by one, each with its time; then judge with modules imported anew."""
    job = json.load(sys.stdin)
    found_on = list(sys.path)
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    slow = []
    for number, source in enumerate(job["code"]):
        if number in job["leave_out"]:
            continue
        Path(job["progress"]).write_text(str(number), encoding="utf-8")
        if _ran_over(shell, source, job["cell_seconds"]):
            slow.append(number)
    sys.path[:] = found_on
    found = _judged(job, shell.user_ns)
    unfinished = Path(job["result"] + ".tmp")
    unfinished.write_text(json.dumps(found | {"slow": slow}), encoding="utf-8")
    unfinished.replace(job["result"])


def _ran_over(shell: Any, source: str, seconds: float) -> bool:
    """Run one cell; True where it had to be interrupted. Errors stay in the cell, as in a notebook."""
    with Watch(seconds) as watch, contextlib.suppress(KeyboardInterrupt, SystemExit):
        shell.run_cell(source, store_history=True)
    return watch.over


def _judged(job: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """Judge with segkit as it is on disk: what the notebook did to its modules is forgotten first.

    A function of the notebook that does not come back is interrupted, each with its own time, and the other steps
    count.
    """
    for name in [name for name in sys.modules if name == "segkit" or name.startswith("segkit.")]:
        del sys.modules[name]
    from segkit.teach.judging import judge

    calls = itertools.count(1)

    def guard() -> Watch:
        Path(job["progress"]).write_text(f"judging {next(calls)}", encoding="utf-8")
        return Watch(job["cell_seconds"])

    return judge(job["exercise"], names, guard).record()


class Watch:
    """Interrupts the main thread once it has worked `seconds`, or waited many times as long.

    Work is counted in seconds of the processor, so that a busy machine costs nobody a mark.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self.over = seconds, False
        self._done, self._lock = threading.Event(), threading.Lock()

    def __enter__(self) -> Watch:
        threading.Thread(target=self._look, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:  # an interrupt on its way comes now, not in the next call
            self._done.set()

    def _look(self) -> None:
        worked, waited = time.process_time(), time.monotonic()
        while not self._done.wait(0.1):
            if (
                time.process_time() - worked > self._seconds
                or time.monotonic() - waited > PATIENCE * self._seconds
            ):
                with self._lock:
                    if not self._done.is_set():
                        self.over = True
                        _thread.interrupt_main()
                return


if __name__ == "__main__":
    main()
