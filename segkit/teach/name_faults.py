"""A name that is not there: of a variable, a column, a function, a package, an argument."""

from __future__ import annotations

import builtins
import inspect
import pkgutil
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from types import ModuleType
from typing import Any

import pandas as pd

import segkit
from segkit.charts.table_words import heading
from segkit.intake.headings import normal, senses
from segkit.locale import LANGS
from segkit.problems import Problem
from segkit.teach.failed_cell import FailedCell

_SHORT_NAMES = {
    "pd": "import pandas as pd",
    "np": "import numpy as np",
    "plt": "import matplotlib.pyplot as plt",
    "sns": "import seaborn as sns",
    "segkit": "import segkit",
    "pandas": "import pandas",
    "math": "import math",
    "datetime": "import datetime",
    "Path": "from pathlib import Path",
}
# what is imported -> what is installed
_PACKAGES = {
    "pandas": "pandas",
    "numpy": "numpy",
    "matplotlib": "matplotlib",
    "seaborn": "seaborn",
    "sklearn": "scikit-learn",
    "scipy": "scipy",
    "openpyxl": "openpyxl",
    "xlrd": "xlrd",
    "yaml": "PyYAML",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "docx": "python-docx",
    "pptx": "python-pptx",
    "segkit": "segkit",
    "ipywidgets": "ipywidgets",
    "polars": "polars",
    "duckdb": "duckdb",
    "lifetimes": "lifetimes",
    "statsmodels": "statsmodels",
    "plotly": "plotly",
    "pyecharts": "pyecharts",
    "jieba": "jieba",
    "requests": "requests",
}
_MOST_COLUMNS = 15


def near(word: str, known: Iterable[object], most: int = 3, cutoff: float = 0.7) -> list[str]:
    """The names most like `word`, whatever their capitals; none if none is."""
    by_form: dict[str, str] = {}
    for name in known:
        if isinstance(name, str) and not name.startswith("_"):
            by_form.setdefault(_form(name), name)
    form = _form(word)
    if form in by_form:
        return [by_form[form]]
    if len(form) >= 4 and (longer := [name for one, name in by_form.items() if one.startswith(form)]):
        return longer[:most]
    found = get_close_matches(form, by_form, n=most, cutoff=cutoff)
    likeness = [SequenceMatcher(None, one, form).ratio() for one in found]
    # beside a very good guess a poor one only confuses
    return [by_form[one] for one, like in zip(found, likeness, strict=True) if like > likeness[0] - 0.1]


def _form(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().lower()


# --- names -----------------------------------------------------------------


def missing_name(cell: FailedCell) -> Problem | None:
    """NameError: two equals signs, a cell that was not run, a misspelling, a text without quotes."""
    name = getattr(cell.error, "name", None)
    if not isinstance(name, str):
        return None
    if re.search(rf"^\s*{re.escape(name)}\s*==", cell.source, re.MULTILINE):
        return Problem("beginner.one_equals", {"name": name})
    if name in _SHORT_NAMES:
        return Problem("beginner.import_missing", {"name": name, "line": _SHORT_NAMES[name]})
    if (found := cell.definition(name)) is not None:
        facts = {"name": name, "line": _short(found.line), "section": found.section}
        if cell.was_run(found.cell):
            return Problem("beginner.cell_failed", facts)
        return Problem("beginner.cell_not_run" if found.section else "beginner.cell_not_run_plain", facts)
    if name in segkit.__all__:
        return Problem("beginner.from_segkit", {"name": name})
    own = [one for one in cell.names if one not in {"In", "Out", "exit", "quit", "open"}]
    if known := near(name, [*own, *dir(builtins)], cutoff=0.75):
        return Problem("beginner.name_near", {"name": name, "near": known})
    if known := near(name, segkit.__all__, most=1, cutoff=0.75):
        return Problem("beginner.from_segkit_near", {"name": name, "near": known[0]})
    if not name.isascii():
        return Problem("beginner.text_without_quotes", {"name": name})
    return Problem("beginner.run_above", {"name": name})


def _short(line: str, most: int = 60) -> str:
    return line if len(line) <= most else f"{line[: most - 1]}…"


# --- columns and keys ------------------------------------------------------


def missing_key(cell: FailedCell) -> Problem | None:
    """KeyError: a column or a row that the table does not have, a key that a dict does not have."""
    if not cell.frames or not str(cell.frames[-1].f_globals.get("__name__")).startswith("pandas"):
        return _in_dict(cell)  # pandas may call what asks a dict
    by_label = [f.f_locals for f in cell.frames if type(f.f_locals.get("self")).__name__ == "_LocIndexer"]
    axes = [inside["axis"] for inside in by_label if inside.get("axis") in {0, 1}]
    of_rows = bool(axes) and axes[-1] == 0
    for frame in cell.frames:
        for table in [] if of_rows else _tables(frame.f_locals):
            wanted = _wanted(cell.error, frame.f_locals)
            if lacking := [key for key in wanted if key not in table.columns]:
                return _column(lacking[0], table.columns)
    return _row(cell)


def _tables(inside: Mapping[str, Any]) -> list[pd.DataFrame]:
    found = [inside.get(name) for name in ("self", "obj", "frame", "data", "left", "right")]
    found += [getattr(one, "obj", None) for one in found if type(one).__module__.startswith("pandas")]
    return [one for one in found if isinstance(one, pd.DataFrame)]


_IN_A_SENTENCE = re.compile(r"not in index|not found in axis|do not exist|are in the|not in the columns")


def _wanted(error: BaseException, inside: Mapping[str, Any]) -> list[str]:
    """Labels that were asked for: the error's own, or those in its sentence and in the arguments."""
    said = error.args[0] if error.args else None
    if isinstance(said, str) and not _IN_A_SENTENCE.search(said):
        return [said]
    if isinstance(said, str):
        given = [inside.get(name) for name in ("key", "keys", "by", "on", "labels", "columns")]
        listed = [one for more in given if isinstance(more, list | tuple | pd.Index) for one in more]
        return [one for one in listed if isinstance(one, str)] or re.findall(r"'([^']*)'", said)
    return []


def _column(wanted: str, columns: pd.Index) -> Problem:
    known = [one for one in columns if isinstance(one, str)]
    if (meant := _by_heading(wanted, known)) is not None:
        return Problem("beginner.heading_for_column", {"heading": wanted, "name": meant})
    if found := near(wanted, known, cutoff=0.6):
        return Problem("beginner.column_near", {"name": wanted, "near": found})
    shown = known[:_MOST_COLUMNS]
    return Problem(
        "beginner.column_none" if len(shown) == len(known) else "beginner.column_none_of_many",
        {"name": wanted, "known": shown, "n": len(known)},
    )


def _by_heading(wanted: str, columns: Sequence[str]) -> str | None:
    """The column that is shown under the heading `wanted`, or that such a heading usually means."""
    form = normal(wanted)
    for column in columns:
        if any(normal(heading(column, lang)) == form for lang in LANGS) and form != normal(column):
            return column
    if wanted.isascii():
        return None
    return next((sense.field for sense in senses(wanted) if sense.field in columns), None)


def _row(cell: FailedCell) -> Problem | None:
    """A row asked for by its name."""
    said = cell.error.args[0] if cell.error.args else None
    for frame in cell.frames:
        asked = frame.f_locals.get("self")
        rows = asked if isinstance(asked, pd.Series) else getattr(asked, "obj", None)
        if isinstance(rows, pd.Series | pd.DataFrame) and type(asked).__module__.startswith("pandas"):
            known = [str(one) for one in rows.index[:10_000]]
            if isinstance(said, str) and (found := near(said, known)):
                return Problem("beginner.row_near", {"name": said, "near": found})
            return Problem("beginner.row_none", {"name": str(said), "known": known[:5]})
    return None


def _in_dict(cell: FailedCell) -> Problem | None:
    said = cell.error.args[0] if cell.error.args else None
    inside = {**cell.names, **(cell.frames[-1].f_locals if cell.frames else {})}
    for name in dict.fromkeys(re.findall(r"\b\w+\b", cell.line())):
        held = inside.get(name)
        if isinstance(held, dict) and said not in held and len(held) < 1_000:
            known = [str(key) for key in held]
            found = near(str(said), known, cutoff=0.6) or known[:5]
            return Problem("beginner.key_none", {"key": str(said), "name": name, "known": found})
    return None


# --- functions, attributes, arguments --------------------------------------


def missing_attribute(cell: FailedCell) -> Problem | None:
    """AttributeError: a function or column behind the dot that the thing before it does not have."""
    error = cell.error
    name, owner = getattr(error, "name", None), getattr(error, "obj", None)
    if not isinstance(name, str):
        return None
    if owner is None:
        return Problem("beginner.nothing_has", {"name": name}) if "NoneType" in str(error) else None
    if isinstance(owner, ModuleType):
        known = [*dir(owner), *getattr(owner, "_WHERE", ()), *getattr(owner, "_ROOMS", ())]
        place = owner.__name__
        found = near(name, known)
        return Problem(
            "beginner.function_near" if found else "beginner.function_none",
            {"name": name, "place": place, "near": found},
        )
    columns = list(owner.columns) if isinstance(owner, pd.DataFrame) else []
    if (meant := _by_heading(name, [c for c in columns if isinstance(c, str)])) is not None:
        return Problem("beginner.heading_for_column", {"heading": name, "name": meant})
    if found := near(name, [*columns, *dir(owner)]):
        return Problem("beginner.attribute_near", {"name": name, "kind": type(owner).__name__, "near": found})
    if isinstance(owner, pd.DataFrame):
        return Problem("beginner.column_none", {"name": name, "known": columns[:_MOST_COLUMNS]})
    return Problem("beginner.attribute_none", {"name": name, "kind": type(owner).__name__})


def missing_import(cell: FailedCell) -> Problem | None:
    """ImportError of a name within a module: ``from segkit import RMF``."""
    said = re.match(r"cannot import name '([^']+)' from '([^']+)'", str(cell.error))
    if said is None:
        return None
    name, place = said.groups()
    module = sys.modules.get(place)
    found = near(name, [*dir(module), *getattr(module, "_WHERE", ())]) if module else []
    return Problem(
        "beginner.function_near" if found else "beginner.function_none",
        {"name": name, "place": place, "near": found},
    )


def missing_package(cell: FailedCell) -> Problem | None:
    """ModuleNotFoundError: a misspelt package or module, or one that is not installed."""
    name = getattr(cell.error, "name", None)
    if not isinstance(name, str):
        return None
    above, _, last = name.rpartition(".")
    if above and (parent := sys.modules.get(above)) is not None:
        known = [one.name for one in pkgutil.iter_modules(getattr(parent, "__path__", []))]
        found = [f"{above}.{one}" for one in near(last, known)]
        if found:
            return Problem("beginner.package_near", {"name": name, "near": found})
    top = name.split(".")[0]
    if top in _PACKAGES:
        return Problem("beginner.package_missing", {"name": top, "package": _PACKAGES[top]})
    if found := near(top, [*_PACKAGES, *sys.stdlib_module_names], most=1, cutoff=0.75):
        return Problem("beginner.package_near", {"name": name, "near": found})
    return Problem("beginner.package_unknown", {"name": top})


def wrong_argument(cell: FailedCell) -> Problem | None:
    """TypeError: an argument the function does not know."""
    said = re.match(r"([\w.]+)\(\) got an unexpected keyword argument '([^']+)'", str(cell.error))
    if said is None:
        return None
    called, name = said[1].split(".")[-1], said[2]
    known = _arguments(said[1].removesuffix(".__init__").split(".")[-1], cell)
    found = near(name, known, cutoff=0.6)
    facts = {"name": name, "called": called, "near": found, "known": known}
    if found:
        return Problem("beginner.argument_near", facts)
    return Problem("beginner.argument_none", facts) if known else None


def _arguments(called: str, cell: FailedCell) -> list[str]:
    """The arguments of the function of that name, found where the cell could have found it."""
    places = [cell.names, vars(segkit), *(vars(type(v)) for v in cell.names.values() if _is_table(v))]
    places += [vars(v) for v in cell.names.values() if isinstance(v, ModuleType)]
    for place in places:
        if callable(function := place.get(called)):
            try:
                return [one for one in inspect.signature(function).parameters if one != "self"]
            except (TypeError, ValueError):
                continue
    return []


def _is_table(value: object) -> bool:
    return isinstance(value, pd.DataFrame | pd.Series)
