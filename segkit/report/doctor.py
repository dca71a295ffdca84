"""Is this machine ready for a report? One line a check, and a short code to read out over the phone.

What the notebooks need besides is looked at in `segkit.teach.readiness`.
"""

from __future__ import annotations

import hashlib
import platform
import sys
import tempfile
from collections.abc import Sequence
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
        lines = []
        for c in self.checks:
            lines.append(f"{states[c.fine]}  {say(f'doctor.{c.id}', lang)}: {c.shown}")
            if not c.fine:
                lines.append(f"  → {say(f'doctor.mend.{c.id}', lang)}")
        verdict = say("doctor.ready" if self.ready else "doctor.not_ready", lang, code=self.code)
        return [*lines, verdict]


def examine(folder: Path) -> Examined:
    """Python, packages, the Chinese font, a kernel that starts, and whether `folder` can be written."""
    return Examined((python(), packages(NEEDED), font(), kernel(), writing(folder)))


def python() -> Check:
    """Is Python new enough?"""
    return Check("python", sys.version_info >= (3, 11), f"{platform.python_version()} {platform.system()}")


def packages(needed: Sequence[str]) -> Check:
    """Are these distributions installed, and in which version?"""
    found, missing = [], []
    for name in needed:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return Check("versions", not missing, ", ".join(found if not missing else [f"- {m}" for m in missing]))


def font() -> Check:
    """Is there a font with Chinese characters for the figures?"""
    from segkit.charts.fonts import FontMissing, font_file

    try:
        return Check("font", True, font_file().name)
    except FontMissing as fault:
        return Check("font", False, str(fault))


def kernel() -> Check:
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


def writing(folder: Path) -> Check:
    """Can a file be made in `folder`?"""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check("writing", True, str(folder))
    except OSError as fault:
        return Check("writing", False, f"{folder}: {fault.strerror}")
