"""Is this machine ready for a report? One line a check, and a short code to read out over the phone."""

from __future__ import annotations

import hashlib
import platform
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from segkit.locale import Lang, say

NEEDED = (
    "segkit",
    "pandas",
    "numpy",
    "matplotlib",
    "papermill",
    "ipykernel",
    "xlsxwriter",
    "python-calamine",
)


@dataclass(frozen=True)
class Check:
    id: str
    fine: bool
    shown: str


@dataclass(frozen=True)
class Examined:
    checks: tuple[Check, ...]

    @property
    def ready(self) -> bool:
        return all(check.fine for check in self.checks)

    @property
    def code(self) -> str:
        """Eight characters: equal on two machines where every check gave the same."""
        text = "|".join(f"{c.id}={c.fine}={c.shown if c.id == 'versions' else ''}" for c in self.checks)
        return hashlib.sha256(text.encode()).hexdigest()[:8].upper()

    def lines(self, lang: Lang) -> list[str]:
        states = {True: say("doctor.fine", lang), False: say("doctor.wrong", lang)}
        lines = [f"{states[c.fine]}  {say(f'doctor.{c.id}', lang)}: {c.shown}" for c in self.checks]
        verdict = say("doctor.ready" if self.ready else "doctor.not_ready", lang, code=self.code)
        return [*lines, verdict]


def examine(folder: Path) -> Examined:
    """Python, packages, the Chinese font, a kernel that starts, and whether `folder` can be written."""
    return Examined((_python(), _versions(), _font(), _kernel(), _writing(folder)))


def _python() -> Check:
    return Check("python", sys.version_info >= (3, 11), f"{platform.python_version()} {platform.system()}")


def _versions() -> Check:
    found, missing = [], []
    for name in NEEDED:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return Check("versions", not missing, ", ".join(found if not missing else [f"- {m}" for m in missing]))


def _font() -> Check:
    from segkit.charts.fonts import FontMissing, font_file

    try:
        return Check("font", True, font_file().name)
    except FontMissing as fault:
        return Check("font", False, str(fault))


def _kernel() -> Check:
    """Start a kernel, let it add one and one, stop it."""
    from jupyter_client.manager import start_new_kernel

    try:
        manager, client = start_new_kernel(kernel_name="python3", startup_timeout=60)
    except Exception as fault:
        return Check("kernel", False, f"{type(fault).__name__}: {fault}")
    try:
        reply = client.execute_interactive(
            "1 + 1", timeout=30, store_history=False, output_hook=lambda _: None
        )
        return Check("kernel", reply["content"]["status"] == "ok", reply["content"]["status"])
    except Exception as fault:
        return Check("kernel", False, f"{type(fault).__name__}: {fault}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _writing(folder: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check("writing", True, str(folder))
    except OSError as fault:
        return Check("writing", False, f"{folder}: {fault.strerror}")
