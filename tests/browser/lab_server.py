"""A real JupyterLab on loopback over a copy of the workbook, set as ``start.py lab`` sets it."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("notebooks", "casestudies", "exercises", "datasets")
PATIENCE = 60  # seconds for the server to answer
NOWHERE = "http://127.0.0.1:9"  # a proxy that is not there: what a kernel asks of the network fails at once


def starter() -> ModuleType:
    """start.py, whose settings are the ones under test."""
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class LabServer:
    """The running server: where it answers, what it serves, what it wrote."""

    folder: Path
    process: subprocess.Popen[bytes]
    url: str = ""
    token: str = ""

    @property
    def root(self) -> Path:
        """The copy of the workbook."""
        return self.folder / "课堂 segkit"

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def speak(self, lang: str) -> None:
        """The settings of that language, for pages that are opened from now on."""
        shutil.rmtree(self.folder / "config", ignore_errors=True)
        starter().set_up_lab(str(self.folder / "settings"), str(self.folder / "config"), lang)

    def ask(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        with _DIRECT.open(request, timeout=10) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def forget(self) -> None:
        """End every kernel and drop what was entered: the next reader of a notebook is another person."""
        for session in self.ask("api/sessions"):
            with contextlib.suppress(urllib.error.URLError):
                self.ask(f"api/sessions/{session['id']}", "DELETE")
        for kept in self.root.rglob("answers"):
            shutil.rmtree(kept)

    def stop(self) -> None:
        """The server and all it started, also where it no longer answers."""
        with contextlib.suppress(OSError, ValueError):
            if self.url:
                self.ask("api/shutdown", "POST")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if os.name != "nt":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def serve(folder: Path) -> LabServer:
    """Start JupyterLab over a copy of the workbook below `folder`; the caller stops it."""
    for name in ("config", "data", "runtime", "settings"):
        (folder / name).mkdir(parents=True)
    mine = {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "config" / "ipython"),
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
        "NO_PROXY": "127.0.0.1,localhost",
    }
    start = starter()
    environ = start.child_environment(os.environ, str(ROOT)) | mine
    for name in ("SEGKIT_ANSWERS", "SEGKIT_LANG", "MPLBACKEND", "http_proxy", "https_proxy", "no_proxy"):
        environ.pop(name, None)
    arguments = [
        *start.lab_arguments(str(folder / "课堂 segkit"), "zh"),
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--LabApp.app_settings_dir={folder / 'settings'}",
        "--LabApp.expose_app_in_browser=True",
    ]
    for name in COPIED:
        if (ROOT / name).is_dir():
            skipped = shutil.ignore_patterns(".ipynb_checkpoints", "_truth", "answers", "reports")
            shutil.copytree(ROOT / name, folder / "课堂 segkit" / name, ignore=skipped)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *arguments],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = LabServer(folder, process)
    try:
        _wait(server)
    except BaseException:
        server.stop()
        raise
    return server


def _wait(server: LabServer) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert server.process.poll() is None, f"JupyterLab ended by itself:\n{server.log[-3000:]}"
        for card in (server.folder / "runtime").glob("jpserver-*.json"):
            with contextlib.suppress(OSError, ValueError):
                told = json.loads(card.read_text(encoding="utf-8"))
                server.url, server.token = told["url"], told["token"]
                server.ask("api/status")
                return
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab does not answer after {PATIENCE} s:\n{server.log[-3000:]}")
