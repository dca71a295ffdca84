"""A raw value as people read it: the one place where a unit becomes a form."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any

from segkit.locale import Lang, count, has_message, money, number, percent, say
from segkit.report.model import Unit

NOTHING = "—"

_FORMS: dict[str, Callable[[Any], str]] = {
    "count": count,
    "money": money,
    "share": percent,
    "days": lambda days: count(days) if float(days).is_integer() else number(days, 1),
    "hours": lambda hours: number(hours, 1),
    "times": lambda times: number(times, 2),
    "ratio": lambda ratio: number(ratio, 2),
    "score": lambda score: number(score, 1),
}
LEFT: frozenset[str] = frozenset({"text", "date", "id"})  # units set from the left; numbers end at the right


def shown(value: Any, unit: Unit, lang: Lang) -> str:
    """`value` in the form of its unit: 1,234; 1,234.50; 70.5%; 12 or 12.5 days; 1.42 times; — for none.

    Shares are in 0..1, money is in currency units. Text, dates and ids stay as they are.
    """
    if is_missing(value):
        return NOTHING
    if unit in _FORMS and not isinstance(value, str):
        return _FORMS[unit](value)
    if isinstance(value, bool):
        return say("value.yes" if value else "value.no", lang)
    return value.isoformat()[:10] if isinstance(value, dt.date) else str(value)


def is_numbered(item: str) -> bool:
    """Does a line of a list bring its own number, so that it needs no bullet?"""
    return re.match(r"\d+\. ", item) is not None


def is_missing(value: Any) -> bool:
    """None, NaN, NaT and pandas' NA, which alone of all values is not equal to itself or will not say."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return True


def unit_word(unit: Unit, lang: Lang, currency: str = "CNY") -> str:
    """The word beside a number on a card: 元, 天, 次; empty where the form says it (70.5%)."""
    own = f"value.unit.{unit}.{currency}" if unit == "money" else f"value.unit.{unit}"
    if has_message(own):
        return say(own, lang)
    return currency if unit == "money" else ""


def headed(head: str, unit: Unit, lang: Lang, currency: str = "CNY") -> str:
    """A column heading that names its unit: 累计金额 -> 累计金额（元）, unless it has brackets already."""
    word = unit_word(unit, lang, currency)
    if not word or "（" in head or "(" in head:
        return head
    return say("value.headed", lang, head=head, unit=word)
