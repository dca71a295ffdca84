"""Peers: in this environment where they are installed, else in one of their own; and what the machine is."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

# exact versions, so that a later run measures the same
PEERS = {"openretailscience": "0.48.1", "lifetimes": "0.11.3", "pymc-marketing": "0.19.2"}
SHOWN = (
    "pandas",
    "numpy",
    "scipy",
    "pyarrow",
    "narwhals",
    "polars",
    "duckdb",
    "pyspark",
    "pymc",
    "ibis-framework",
)


@dataclass(frozen=True)
class Peer:
    """A peer and the Python that can import it; None where it cannot be installed, with the reason."""

    name: str
    python: str | None
    reason: str = ""


def peer(name: str, cache: Path) -> Peer:
    """Find or install a peer; the first time that takes a minute, later runs find what is there."""
    version = PEERS[name]
    if _version(sys.executable, name) == version:
        return Peer(name, sys.executable)
    folder = cache / f"env-{name}-{version}"
    python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    if not Path(python).exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, check=False)
        if made.returncode:
            return Peer(name, None, "no environment could be made (is python3-venv installed?)")
    if _version(python, name) != version:
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]
        pip += [f"{name}=={version}", "pyarrow"]
        done = subprocess.run(pip, capture_output=True, encoding="utf-8", check=False)
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
            return Peer(
                name, None, f"{name} {version} is not installable here: {said[-1].removeprefix('ERROR: ')}"
            )
    return Peer(name, python)


def _version(python: str, name: str) -> str | None:
    code = f"from importlib.metadata import version; print(version({name!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, encoding="utf-8", check=False)
    return done.stdout.strip() or None


def versions(python: str = sys.executable) -> dict[str, str]:
    """The versions, in an environment, of what is timed."""
    code = (
        "import json, platform, sys; from importlib import metadata as m\n"
        "known = {d.metadata['Name'].lower(): d.version for d in m.distributions()}\n"
        "told = {'python': platform.python_version()}\n"
        "told |= {n: known[n] for n in sys.argv[1:] if n in known}; print(json.dumps(told))"
    )
    names = ["segkit", *PEERS, *SHOWN]
    done = subprocess.run([python, "-c", code, *names], capture_output=True, encoding="utf-8", check=True)
    told: dict[str, str] = json.loads(done.stdout)
    return told


def machine() -> str:
    """Processor, cores, memory and system in one line."""
    model, memory = platform.processor() or platform.machine(), ""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
        kilobytes = int(Path("/proc/meminfo").read_text(encoding="ascii").split()[1])
        memory = f", {kilobytes / 2**20:.0f} GB memory"
    return f"{model}, {os.cpu_count()} cores{memory}, {platform.system()} {platform.release().split('-')[0]}"


def load() -> float | None:
    """How many processes wanted a core in the last minute; None where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def java() -> str | None:
    """The version of Java that Spark would use; None without one."""
    try:
        done = subprocess.run(["java", "-version"], capture_output=True, encoding="utf-8", check=False)
    except OSError:
        return None
    return done.stderr.splitlines()[0].split('"')[1] if '"' in done.stderr else None


def installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
