"""Files that cannot be opened, and values that do not fit what is done with them."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Any

from segkit.problems import Problem
from segkit.teach.failed_cell import FailedCell
from segkit.teach.name_faults import near

_OF_EXCEL = frozenset({".xlsx", ".xls", ".xlsm", ".csv", ".docx", ".pptx"})
_IN_USE = 32  # Windows: another program is using the file
_MOST_FILES = 8
_AMOUNT = re.compile(r"^\s*[(（]?[-+]?[¥￥$]?\s*[\d,，.]+\s*(?:元|万元|万|%|％)?\s*[)）]?\s*$")


# --- files -----------------------------------------------------------------


def missing_file(cell: FailedCell) -> Problem | None:
    """FileNotFoundError: what is there instead, and in which folder was looked."""
    asked = getattr(cell.error, "filename", None)
    if not isinstance(asked, str) or not asked:
        return None
    path = _path(asked)
    folder = (cell.folder / path).parent
    here = cell.folder.resolve().name
    if not folder.is_dir():
        return Problem("beginner.folder_missing", {"folder": path.parent.name, "here": here})
    there = sorted(one.name for one in folder.iterdir() if not one.name.startswith((".", "~$")))
    kinds = {path.suffix.lower()} if path.suffix else set()
    kinds |= {".csv", ".xlsx", ".xls"} if kinds & _OF_EXCEL else set()
    alike = [name for name in there if PurePath(name).suffix.lower() in kinds] if kinds else there
    facts = {"name": path.name, "folder": folder.resolve().name, "n": len(alike)}
    if found := near(path.name, there, cutoff=0.6):
        return Problem("beginner.file_near", facts | {"near": found})
    if alike:
        some = "beginner.file_others" if len(alike) <= _MOST_FILES else "beginner.file_many_others"
        return Problem(some, facts | {"there": alike[:_MOST_FILES]})
    return Problem("beginner.file_none", facts)


def _path(asked: str) -> Path:
    """As typed on Windows too: ``data\\orders.csv``."""
    return Path(asked.replace("\\", "/"))


def closed_file(cell: FailedCell) -> Problem | None:
    """PermissionError: a folder for a file, or a file that Excel holds open."""
    asked = getattr(cell.error, "filename", None)
    if not isinstance(asked, str):
        return None
    path = _path(asked)
    if (cell.folder / path).is_dir():
        return Problem("beginner.folder_for_file", {"name": path.name or asked})
    in_use = getattr(cell.error, "winerror", None) == _IN_USE
    if path.suffix.lower() in _OF_EXCEL or in_use:
        return Problem("beginner.file_open", {"name": path.name})
    return Problem("beginner.file_closed", {"name": path.name})


def not_utf8(cell: FailedCell) -> Problem | None:
    """UnicodeDecodeError: mostly a file that Excel saved as GBK."""
    for frame in cell.frames:
        for name in ("filepath_or_buffer", "path_or_buf", "io", "file"):
            asked = frame.f_locals.get(name)
            if isinstance(asked, str | Path):
                return Problem("beginner.not_utf8", {"name": _path(str(asked)).name})
    return Problem("beginner.not_utf8_plain")


def not_writable(cell: FailedCell) -> Problem | None:
    """UnicodeEncodeError: a character that the encoding of the file does not have."""
    error = cell.error
    if not isinstance(error, UnicodeEncodeError):
        return None
    return Problem("beginner.not_writable", {"char": error.object[error.start : error.start + 1]})


# --- values ----------------------------------------------------------------


def no_divisor(cell: FailedCell) -> Problem | None:
    return Problem("beginner.zero")


def interrupted(cell: FailedCell) -> Problem | None:
    return Problem("beginner.interrupted")


_NUMBER_TEXTS = (
    r"invalid literal for int\(\) with base \d+: '(?P<text>.*)'",
    r"could not convert string to float: '(?P<text>.*)'",
    r"Unable to parse string \"(?P<text>.*)\"",
)


def no_number(cell: FailedCell) -> Problem | None:
    """ValueError: ``int("1,234")``."""
    said = str(cell.error)
    for pattern in _NUMBER_TEXTS:
        if found := re.search(pattern, said):
            text = found["text"]
            if re.fullmatch(r"\s*[-+]?\d+\.\d+\s*", text):
                return Problem("beginner.decimal_for_whole", {"text": text})
            if _AMOUNT.match(text) and any(char.isdigit() for char in text):
                return Problem("beginner.amount_for_number", {"text": text})
            return Problem("beginner.no_number", {"text": text[:40]})
    return None


_WORDED = (
    (r"can only concatenate str \(not \"(?P<kind>\w+)\"\) to str", "beginner.text_and_number"),
    (r"unsupported operand type\(s\) for \S+ '(?:int|float)' and 'str'", "beginner.text_and_number"),
    (r"unsupported operand type\(s\) for \S+ 'str' and '(?:int|float)'", "beginner.text_and_number"),
    (
        r"(?:'[<>=!]+'|operation) not supported between instances of '(?:int|float)' and 'str'",
        "beginner.text_and_number",
    ),
    (r"'[<>=!]+' not supported between instances of 'str' and '(?:int|float)'", "beginner.text_and_number"),
    (r"unsupported operand type\(s\) for .*NoneType|'NoneType' object is not", "beginner.nothing"),
    (r"The truth value of a (?:Series|DataFrame|array)", "beginner.truth_of_many"),
    (r"'(?:DataFrame|Series)' object is not callable", "beginner.round_for_square"),
    (
        r"'(?:function|method|builtin_function_or_method|type)' object is not subscriptable",
        "beginner.square_for_round",
    ),
    (r"'(?P<kind>\w+)' object is not callable", "beginner.not_callable"),
    (
        r"(?P<called>[\w.]+)\(\) missing \d+ required [\w-]+ arguments?: (?P<names>.+)",
        "beginner.argument_missing",
    ),
    (r"(?:list|tuple|string) index out of range|positional indexer", "beginner.out_of_range"),
)


def as_worded(cell: FailedCell) -> Problem | None:
    """TypeError, ValueError, IndexError: kinds told apart by Python's sentence, the same from 3.11 to 3.13."""
    for pattern, id in _WORDED:
        if found := re.search(pattern, str(cell.error)):
            return Problem(id, _facts(found))
    return None


def _facts(found: re.Match[str]) -> dict[str, Any]:
    """What the sentence names; arguments as a list."""
    facts: dict[str, Any] = found.groupdict()
    return facts | {"names": re.findall(r"'(\w+)'", facts["names"])} if "names" in facts else facts
