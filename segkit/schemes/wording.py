"""How schemes speak: columns by name, values with their unit, intervals, cut points."""

from __future__ import annotations

import numpy as np

from segkit.locale import Lang, has_term, say, term
from segkit.schemes.ladder import Ladder


def measure(column: str, lang: Lang) -> str:
    """A column as it is called inside a sentence; the column of another scheme by that scheme's name."""
    known = (f"{group}.{column}" for group in ("measure", "field", "scheme"))
    return next((term(id, lang) for id in known if has_term(id)), column)


def value_text(form: str, value: float, lang: Lang) -> str:
    """A value of a column with its unit: ``12 天``, ``3,200.00 元``."""
    return _unit(form, lang).format(f"{value:{FORMATS[form]}}" if form in FORMATS else short_number(value))


def target_text(form: str, value: float, lang: Lang) -> str:
    """A value that a change must reach, to its last digit: rounded it might fall short."""
    return value_text(form, value, lang) if form in FORMATS else _unit(form, lang).format(plain_number(value))


def value_name(value: object, lang: Lang) -> str:
    """A text as it is, yes and no in words."""
    return say("value.yes" if value else "value.no", lang) if isinstance(value, bool) else str(value)


FORMATS = {"days": ",.0f", "times": ",.0f", "money": ",.2f"}
_UNITS: dict[tuple[str, Lang], str] = {}


def _unit(form: str, lang: Lang) -> str:
    if (form, lang) not in _UNITS:
        _UNITS[form, lang] = say(f"schemes.value.{form}", lang, x="{}")
    return _UNITS[form, lang]


def plain_number(value: float) -> str:
    """A cut point as short as it can be said: 30.6, 1,234, 0.234567."""
    if 0 < abs(value) < 1e-12:
        return f"{value:g}"
    if 0 < abs(value) < 5e-7:
        return np.format_float_positional(value, precision=6, fractional=False, trim="-")
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def short_number(value: float) -> str:
    """A customer's figure to two decimals; more where two would make it a whole number that it is not: 1.02, 0.996."""
    near = next((d for d in range(2, 6) if not round(value, d).is_integer() or value == round(value)), None)
    return plain_number(value if near is None else round(value, near))


def range_text(ladder: Ladder, level: int, lang: Lang) -> str:
    """The interval of one level: ``≤ 12``, ``> 12 且 ≤ 30``, ``> 30``."""
    above, upto = (">", "≤") if ladder.closed == "right" else ("≥", "<")
    low = f"{above} {plain_number(ladder.cuts[level - 1])}" if level else ""
    high = f"{upto} {plain_number(ladder.cuts[level])}" if level < len(ladder.cuts) else ""
    if low and high:
        return say("schemes.range", lang, low=low, high=high)
    return low or high or say("schemes.any", lang)


def braced(text: str) -> str:
    """For a text that goes through `str.format`."""
    return text.replace("{", "{{").replace("}", "}}")
