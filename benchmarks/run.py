"""Measure segkit against hand-written code and its peers, in one run on one machine.

    python benchmarks/run.py                        everything; writes docs/benchmarks.md
    python benchmarks/run.py --quick                small sizes, under three minutes; prints only
    python benchmarks/run.py --only frames,value    some parts; prints only

Sides take turns round by round and do the same work. A part in which their results differ shows that instead of
times, the other parts go on, and the run ends with an error. Data and the peers' environments are kept in the
folder --cache for the next run.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT)]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))

from environments import load, machine, versions  # noqa: E402
from page import Section, bars_of, markdown, on_screen  # noqa: E402
from parts.setting import SEED, Setting  # noqa: E402
from race import SideFailed  # noqa: E402

PARTS = ("frames", "on_disk", "on_spark", "growth", "dynamic", "planning", "value", "start_up")
CACHE = ROOT / "build" / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"


def main(arguments: list[str] | None = None) -> int:
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--only", default=",".join(PARTS), help=f"parts, by comma: {', '.join(PARTS)}")
    read.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    read.add_argument("--cache", type=Path, default=CACHE, help="folder for data and environments")
    read.add_argument("--full", default="", help="parts that keep their large sizes in a --quick run")
    read.add_argument("--rounds", type=int, help="at most so many rounds of each comparison")
    read.add_argument("--memory", default="4GB", help="limit of DuckDB and of Spark, like 4GB")
    read.add_argument("--write", type=Path, help="also write the page here")
    asked = read.parse_args(arguments)
    wanted = asked.only.split(",")
    unknown = [part for part in wanted if part not in PARTS]
    if unknown:
        read.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    asked.cache.mkdir(parents=True, exist_ok=True)
    setting = Setting(asked.cache.resolve(), asked.quick, asked.memory, asked.rounds)
    busy = load()
    sections: list[Section] = []
    failed: list[str] = []
    for part in PARTS:
        if part in wanted:
            setting.quick = asked.quick and part not in asked.full.split(",")
            try:
                section = import_module(f"parts.{part}").run(setting)
            except SideFailed as error:
                failed.append(part)
                section = Section(part, [f"**This part failed**: {error}"])
                setting.tell(f"{part} failed: {error}")
            sections.append(section)
            print("\n\n".join([f"\n== {section.title}", *map(on_screen, section.tables)]), flush=True)
    print("\n" + on_screen(bars_of(sections, busy)))
    page = asked.write or (PAGE if not asked.quick and wanted == list(PARTS) else None)
    if page:
        page.parent.mkdir(exist_ok=True)
        page.write_text(markdown(_head(setting, busy), sections, busy), encoding="utf-8", newline="\n")
        print(f"\n{page}")
    bars = [bar for section in sections for bar in section.bars]
    return 1 if failed or any(bar.met is False and not bar.indicative(busy) for bar in bars) else 0


def _head(setting: Setting, busy: float | None) -> list[str]:
    known = {"segkit's environment": versions()}
    known |= {
        p.name: versions(p.python) for p in setting.peers.values() if p.python and p.python != sys.executable
    }
    lines = [f"- {name}: {', '.join(f'{n} {v}' for n, v in told.items())}" for name, told in known.items()]
    idle = "" if busy is None else f" {busy:.1f} processes wanted a core in the minute before."
    return [
        "# Benchmarks",
        "segkit against hand-written code and its peers: one run, one machine, the same work, the same columns.",
        "To reproduce: `make bench` (`python start.py bench`) writes this page; about an hour on two cores, 10 GB of "
        "disk. `python start.py bench --quick` takes under three minutes and prints only; `--only frames,value` runs "
        "some parts; `--cache FOLDER` says where data and the peers' environments are kept (`build/benchmarks`).",
        "How it is measured: sides take turns, round by round, each second round in turned order, after a round that "
        "does not count (at 100 million orders the file is read through once instead). Times are medians by the clock, "
        "with fastest and slowest; *processor* is the processor time of the process and suffers less from other work "
        "on the machine. *segkit takes* is segkit's time divided by that side's: the median over the rounds, each "
        "against its neighbour; below 1 segkit is faster. What sides found is compared in every round after the clock "
        "has stopped; a part in which they differ says so in place of its times, and the run ends with an error. Data: "
        f"generated orders of the sample shop (`segkit data build jd --size large`, seed {SEED}).",
        f"Measured on {dt.date.today():%Y-%m-%d}, {machine()}.{idle}",
        "\n".join(lines),
    ]


if __name__ == "__main__":
    sys.exit(main())
