"""What a caller asked for, and what is wrong with it: all of it at once."""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral
from typing import Any, Literal, get_args

from segkit.problems import InputProblems, Problem

Counting = Literal["days", "orders"]
DAYS_IN = {"day": 1, "week": 7}
ALLOWED = {"frequency_of": get_args(Counting), "unit": tuple(DAYS_IN)}
Frame = Any  # a Narwhals frame, eager or lazy: what is used here exists on both


def asked(as_of: Any, window_days: Any = None, **words: str) -> tuple[dt.date, list[Problem]]:
    """The as-of day and what is wrong with the arguments; where it is no day, one of the problems says so."""
    day, problems = dt.date.min, []
    try:
        day = dt.date.fromisoformat(as_of if isinstance(as_of, str) else str(as_of)[:10])
    except ValueError:
        problems.append(_unreadable_date(str(as_of)))
    if window_days is not None and not (isinstance(window_days, Integral) and int(window_days) > 0):
        problems.append(Problem("customers.window_days", {"value": window_days}))
    for name, word in words.items():
        if word not in ALLOWED[name]:
            near = get_close_matches(str(word), ALLOWED[name], 1) or ALLOWED[name]
            problems.append(Problem("customers.not_allowed", {"at": name, "value": word, "allowed": near}))
    return day, problems


def _unreadable_date(text: str) -> Problem:
    """With what was likely meant: 2025-02-28 by 2025-02-30 and by 2025/2/28."""
    year, month, day = (*map(int, re.findall(r"\d+", text)[:3]), 0, 0, 0)[:3]
    if not (1000 <= year <= 9999 and 1 <= month <= 12 and day):
        return Problem("customers.as_of_unreadable", {"value": text})
    near = dt.date(year, month, min(day, monthrange(year, month)[1]))
    return Problem("customers.as_of_near", {"value": text, "near": near})


def missing_columns(frame: Frame, columns: Iterable[str]) -> list[Problem]:
    """A problem for each column that is not there, with the likely one."""
    there = frame.collect_schema().names()
    problems = []
    for column in (c for c in columns if c not in there):
        near = get_close_matches(column, there, 1)
        id = "customers.missing_column_near" if near else "customers.missing_column"
        problems.append(Problem(id, {"column": column, "near": "".join(near), "there": there}))
    return problems


def raise_any(problems: list[Problem]) -> None:
    """Everything that is wrong, said at once; nothing where nothing is."""
    if problems:
        raise InputProblems(problems)
