"""The report of a checked client.yml, made in a process of its own: progress, cancel, and what came out."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from segkit.locale import Lang, say

# the steps `segkit report` tells of, in their order
STEPS = ("read", "clean", "analyse", "html", "xlsx", "scan", "place")
PATIENCE = 20.0  # seconds a run has to end by itself once it is told to
Told = Callable[[int, str], None]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `files` where it made a report, else `lines` say why; `cancelled` where it was told to stop.

    `lines` are those of `segkit report`: notes beside a report, else problems, each with its likely fix.
    """

    files: tuple[Path, ...]
    lines: tuple[str, ...]
    cancelled: bool = False

    @property
    def made(self) -> bool:
        return bool(self.files)


class ReportRun:
    """`segkit report client.yml`, beside the notebook's kernel, which stays free.

    Parameters
    ----------
    config : the client.yml
    told : called with the number of steps done and the words of the one that began, from another thread
    """

    def __init__(self, config: Path, *, lang: Lang, told: Told = lambda done, words: None) -> None:
        self.config, self.lang, self._told = config, lang, told
        self._words = {say(f"step.{step}", lang): i for i, step in enumerate(STEPS)}
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = threading.Event()
        self._guard = threading.Lock()

    def run(self, timeout: float | None = None) -> Outcome:
        """Run it and wait for its end; a cancelled run leaves nothing of its own behind."""
        before = self._half_written()
        command = [sys.executable, "-m", "segkit", "report", str(self.config), "--lang", self.lang]
        with self._guard:
            if self._cancelled.is_set():
                return Outcome((), (), cancelled=True)
            self._process = subprocess.Popen(
                command,
                cwd=self.config.parent,
                env={**os.environ, "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                **_APART,
            )
        printed: list[str] = []
        out = threading.Thread(target=self._keep, args=(self._process.stdout, printed), daemon=True)
        said: list[str] = []
        err = threading.Thread(target=self._listen, args=(self._process.stderr, said), daemon=True)
        out.start()
        err.start()
        code = self._process.wait(timeout)
        out.join(PATIENCE)
        err.join(PATIENCE)
        if self._cancelled.is_set():
            for left in self._half_written() - before:
                shutil.rmtree(left, ignore_errors=True)
            return Outcome((), (), cancelled=True)
        files = tuple(Path(line) for line in printed if line.strip()) if code == 0 else ()
        return Outcome(files, tuple(line.strip() for line in said if line.strip()))

    def cancel(self) -> None:
        """Stop it: asked first, so that it can clean up after itself, then ended."""
        with self._guard:
            self._cancelled.set()
            process = self._process
        if process is None or process.poll() is not None:
            return
        if os.name == "nt":
            process.terminate()  # nothing there can be asked without a console
        else:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()

    # --- inside ---------------------------------------------------------------------------------

    def _listen(self, stream: IO[str] | None, said: list[str]) -> None:
        """Steps are told, everything else is kept."""
        for line in stream or ():
            step = self._words.get(line.rstrip("\r\n"))
            if step is None:
                said.append(line.rstrip("\r\n"))
            else:
                self._told(step, line.strip())

    def _keep(self, stream: IO[str] | None, printed: list[str]) -> None:
        printed += (line.rstrip("\r\n") for line in stream or ())

    def _half_written(self) -> set[Path]:
        return set((self.config.parent / "reports").glob("*/.building-*"))


# a group of its own: what stops the notebook's kernel does not stop the report, and the other way round
_APART: dict[str, Any] = (
    {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    if os.name == "nt"
    else {"start_new_session": True}
)


def links(files: Sequence[Path]) -> list[tuple[str, str | None]]:
    """Each file with the address a page of the JupyterLab that runs here opens it at; None outside of one."""
    servers = _servers()
    return [(path.name, None if path.is_dir() else _address(path.resolve(), servers)) for path in files]


def _address(path: Path, servers: Sequence[tuple[Path, str]]) -> str | None:
    for root, base in servers:
        if path.is_relative_to(root):
            return f"{base}files/{quote(path.relative_to(root).as_posix())}"
    return None


def _servers() -> list[tuple[Path, str]]:
    """Root folder and base address of the servers that run here, the one this kernel belongs to first."""
    try:
        from jupyter_server.serverapp import list_running_servers

        running = list(list_running_servers())
    except Exception:  # none installed, or none that can be asked
        return []
    parent = os.environ.get("JPY_PARENT_PID")
    running.sort(key=lambda one: str(one.get("pid")) != parent)
    return [(Path(str(one["root_dir"])).resolve(), str(one["base_url"])) for one in running]
