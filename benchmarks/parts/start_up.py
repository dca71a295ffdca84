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
    "segkit and its RFM": "from segkit import RFM, customer_table",
    "python alone": "pass",
}


def run(setting: Setting) -> Section:
    section = Section("Start-up")
    section.text.append(
        "New processes, one after the other. `import segkit` loads nothing until a name is used; the first use of "
        "`customer_table` and `RFM` imports pandas, Narwhals and pydantic."
    )
    sides = {name: lambda code=code: _timed(["-c", code]) for name, code in CODES.items()}
    rounds = 5 if setting.quick else 25
    entries = setting.race("imports", sides, rounds)
    section.tables.append(table_of("Imports, whole process", entries))
    [shown] = setting.race("help", {"segkit --help": lambda: _timed(["-m", "segkit", "--help"])}, rounds)
    section.tables.append(table_of("The command line, whole process", [shown]))
    section.bars.append(
        Bar("import segkit against import pandas", MORE_THAN_PANDAS, ratio(*entries[:2]), "x")
    )
    section.bars.append(Bar("segkit --help", HELP_SECONDS, shown.wall, " s"))
    return section


def _timed(arguments: list[str]) -> Took:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return Took(time.perf_counter() - began)
