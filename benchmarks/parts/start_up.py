"""How long until something can be done: imports and `segkit --help`."""

from __future__ import annotations

import subprocess
import sys
import time

from page import Bar, Section, table_of
from race import Took, ratio

from parts.setting import Setting

HELP_SECONDS = 0.3
MORE_THAN_PANDAS = 1.1
CODES = {
    "import segkit": "import segkit",
    "import pandas": "import pandas",
    "python alone": "pass",
    "segkit with customer_table and RFM": "from segkit import RFM, customer_table",
}


def run(setting: Setting) -> Section:
    section = Section("Start-up")
    section.text.append(
        "New processes, one after the other. `import segkit` loads nothing until a name is used, so it says little of "
        "what work with it costs; the second table does: `customer_table` and `RFM` import pandas, Narwhals and "
        "pydantic, beside pandas alone."
    )
    sides = {name: lambda code=code: _timed(["-c", code]) for name, code in CODES.items()}
    rounds = 5 if setting.quick else 25
    entries = setting.race("imports", sides, rounds)
    mine, pandas, python, used = entries
    section.tables.append(table_of("Imports, whole process", [mine, pandas, python]))
    section.tables.append(table_of("Imports of what a first table needs, whole process", [used, pandas]))
    [shown] = setting.race("help", {"segkit --help": lambda: _timed(["-m", "segkit", "--help"])}, rounds)
    section.tables.append(table_of("The command line, whole process", [shown]))
    what, n = "import segkit against import pandas", len(mine.took)
    section.bars.append(Bar(what, MORE_THAN_PANDAS, ratio(mine, pandas), "x", rounds=n))
    section.bars.append(Bar("segkit --help", HELP_SECONDS, shown.wall, " s", rounds=n))
    return section


def _timed(arguments: list[str]) -> Took:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return Took(time.perf_counter() - began)
