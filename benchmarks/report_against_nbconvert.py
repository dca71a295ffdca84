"""How long does a report take beside plain papermill and nbconvert on the same notebook?

``python benchmarks/report_against_nbconvert.py`` prints the medians and their ratio; both sides start from
nothing, on the same machine, in turn. Ours writes html and xlsx and scans them; theirs writes one html page.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "segkit" / "report" / "client_report.ipynb"
ROUNDS = 5


def ours(folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "segkit",
        "report",
        str(folder / "client.yml"),
        "--lang",
        "zh",
        "--quiet",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def theirs(folder: Path) -> None:
    out = folder / "out.ipynb"
    settings = ["-p", "config", str(folder / "client.yml"), "-p", "lang", "zh"]
    run = [sys.executable, "-m", "papermill", str(NOTEBOOK), str(out), *settings, "--no-progress-bar"]
    page = [sys.executable, "-m", "nbconvert", "--to", "html", str(out)]
    for command in (run, page):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def seconds(work: Callable[[Path], None], folder: Path) -> float:
    began = time.perf_counter()
    work(folder)
    return time.perf_counter() - began


def main() -> None:
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "jd"
        made_here = shutil.ignore_patterns("reports", "to_confirm.xlsx", ".segkit")
        shutil.copytree(ROOT / "datasets" / "jd", folder, ignore=made_here)
        for work in (ours, theirs):  # once to warm the disk
            work(folder)
        times: dict[str, list[float]] = {"ours": [], "theirs": []}
        for _ in range(ROUNDS):
            times["ours"].append(seconds(ours, folder))
            times["theirs"].append(seconds(theirs, folder))
    mine, plain = (statistics.median(times[side]) for side in ("ours", "theirs"))
    print(f"segkit report, html + xlsx         {mine:6.2f} s")
    print(f"papermill + nbconvert --to html    {plain:6.2f} s")
    print(f"ratio                              {mine / plain:6.2f}")


if __name__ == "__main__":
    main()
