"""The child process that runs one submission and judges the names it leaves (被监督的子进程).

``python -m segkit.workshop.one_submission JOB.json``: the job names exercise, code cells, cells to leave out,
seconds a cell may take, and the files for progress and result. Started by `supervising`, in a folder of its own.
"""

from __future__ import annotations

import _thread
import contextlib
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

PATIENCE = 6  # times the allowed seconds a cell may wait without working


def main(job_file: str) -> None:
    """Run the cells one by one, each with its time; then judge with modules imported anew."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    slow = []
    for number, source in enumerate(job["code"]):
        if number in job["leave_out"]:
            continue
        Path(job["progress"]).write_text(str(number), encoding="utf-8")
        if _ran_over(shell, source, job["cell_seconds"]):
            slow.append(number)
    Path(job["progress"]).write_text("judging", encoding="utf-8")
    found = _judged(job["exercise"], shell.user_ns, job["cell_seconds"])
    unfinished = Path(job["result"] + ".tmp")
    unfinished.write_text(json.dumps(found | {"slow": slow}), encoding="utf-8")
    unfinished.replace(job["result"])


def _ran_over(shell: Any, source: str, seconds: float) -> bool:
    """Run one cell; True where it had to be interrupted. Errors stay in the cell, as in a notebook."""
    with Watch(seconds) as watch, contextlib.suppress(KeyboardInterrupt, SystemExit):
        shell.run_cell(source, store_history=True)
    return watch.over


def _judged(exercise: str, names: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Judge with segkit as it is on disk: what the notebook did to its modules is forgotten first.

    A function of the notebook that does not come back is interrupted, and the other steps count.
    """
    for name in [name for name in sys.modules if name == "segkit" or name.startswith("segkit.")]:
        del sys.modules[name]
    from segkit.teach.judging import judge

    with Watch(seconds):
        return judge(exercise, names).record()


class Watch:
    """Interrupts the main thread once it has worked `seconds`, or waited many times as long.

    Work is counted in seconds of the processor, so that a busy machine costs nobody a mark.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self.over = seconds, False
        self._done = threading.Event()

    def __enter__(self) -> Watch:
        threading.Thread(target=self._look, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def _look(self) -> None:
        worked, waited = time.process_time(), time.monotonic()
        while not self._done.wait(0.1):
            if (
                time.process_time() - worked > self._seconds
                or time.monotonic() - waited > PATIENCE * self._seconds
            ):
                self.over = True
                _thread.interrupt_main()
                return


if __name__ == "__main__":
    main(sys.argv[1])
