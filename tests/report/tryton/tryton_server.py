"""A Tryton 8.2 of its own: an environment in a cache folder, a fresh SQLite database, a server on loopback."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PINS = Path(__file__).with_name("requirements.txt")
BIN = "Scripts" if os.name == "nt" else "bin"
MODULES = ("party", "sale_opportunity")
LONGEST = 600  # seconds one step may take


class NotHere(Exception):
    """Tryton cannot be installed on this machine; the text says why."""


@dataclass(frozen=True)
class Running:
    """A server that answers: its address, and the password of `admin`, made for this run."""

    url: str
    password: str


def environment(cache: Path) -> Path:
    """The programs of an environment with the pinned Tryton, made once and found again in `cache`.

    Raises
    ------
    NotHere : no package index, or a package that is not to be had here
    """
    mark = hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = cache / mark
    if not (home / "ready").is_file():
        shutil.rmtree(home, ignore_errors=True)
        install = ["-m", "pip", "install", "--quiet", "--no-deps", "--retries", "1", "-r", str(PINS)]
        try:
            _run([sys.executable, "-m", "venv", str(home)])
            _run([str(home / BIN / "python"), *install])
        except (OSError, subprocess.SubprocessError) as fault:
            told = getattr(fault, "stderr", "") or str(fault)
            raise NotHere(str(told).strip().splitlines()[-1][:200]) from fault
        (home / "ready").touch()
    return home / BIN


@contextmanager
def served(programs: Path, folder: Path) -> Iterator[Running]:
    """A new database `crm` in `folder` with parties and opportunities, served until the block is left."""
    port = _free_port()
    config = folder / "trytond.conf"
    config.write_text(
        f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n", encoding="utf-8"
    )
    (folder / "crm.sqlite").touch()  # an SQLite database is there once its file is
    password = secrets.token_urlsafe(18)
    secret = folder / "password"
    secret.write_text(password, encoding="utf-8")
    asked = [str(programs / "trytond-admin"), "-c", str(config), "-d", "crm"]
    settings = {**os.environ, "TRYTONPASSFILE": str(secret)}
    _run([*asked, "--all", "--email", "admin@example.invalid"], settings)
    secret.unlink()
    _run([*asked, "-u", *MODULES, "--activate-dependencies"])
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [str(programs / "trytond"), "-c", str(config), "-d", "crm"],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
        try:
            _wait(server, port, folder / "server.log")
            yield Running(f"http://127.0.0.1:{port}/crm/rpc/", password)
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)


def _run(command: list[str], settings: dict[str, str] | None = None) -> None:
    subprocess.run(
        command,
        env=settings,
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=LONGEST,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("Tryton did not start: " + log.read_text(encoding="utf-8", errors="replace")[-2000:])
