"""How is a personal value shown to a reader? 138****5678, 张*, z***@example.com."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import pandas as pd

from segkit.privacy.find import fold, normalise, spans
from segkit.privacy.known import Lookup, find_all, looks_like_firm


def mask(value: Any, kind: str) -> str:
    """One value with its telling part starred; "" for a missing one.

    Parameters
    ----------
    kind : phone (3 + 4) | id_number (3 + 4; the birth date stands between) | email (first letter, domain) |
        bank_card (4 + 4) | name (first character; firms stay as they are) | customer_id (2 + 2)

    What is masked already stays as it is. Short values keep fewer characters, never all.
    """
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    text = str(value).strip()
    if not text or ("*" in text and next(spans(fold(text)), None) is None):
        return text
    return _MASKS[kind](text)


def mask_name(name: str) -> str:
    """张伟 -> 张*, John Smith -> J***; a firm (公司, 店, Ltd, （虚构）) is not personal and stays."""
    name = name.strip()
    if not name or looks_like_firm(name):
        return name
    return name[0] + ("***" if name[0].isascii() else "*")


def mask_text(text: str, known: Mapping[str, AbstractSet[str]] | Lookup | None = None) -> str:
    """Prose with every personal value masked: by form, and names of persons where `known` gives them."""
    parts: list[str] = []
    past = 0
    for hit in find_all(text, known):
        parts += [text[past : hit.start], mask(hit.value, hit.kind)]
        past = hit.end
    return "".join([*parts, text[past:]])


def mask_column(series: pd.Series, kind: str) -> pd.Series:
    """A column masked cell by cell; `kind` as for `mask`, or "text" for prose. Missing cells stay missing."""
    texts = series.astype("string")
    worded: Callable[[str], str] = mask_text if kind == "text" else lambda text: mask(text, kind)
    return texts.map({text: worded(text) for text in texts.dropna().unique()}).astype("string")


def _middle(text: str, head: int, tail: int) -> str:
    """The ends of a text; where it is so short that they would show most of it, smaller ends."""
    while head + tail and head + tail > len(text) * 0.7:
        head, tail = (head - 1, tail) if head > tail else (head, tail - 1)
    return text[:head] + "*" * max(len(text) - head - tail, 3) + text[len(text) - tail :]


def _mask_phone(text: str) -> str:
    landline = re.match(r"\(?(0\d{2,3})\)?[- ]?(?=\d{7,8}(?!\d))", fold(text))
    if landline and not fold(text).startswith("0086"):
        return f"{landline.group(1)}-{_middle(normalise(text[landline.end() :], 'phone'), 0, 4)}"
    return _middle(normalise(text, "phone") or "*", 3, 4)


def _mask_email(text: str) -> str:
    local, at, domain = fold(text).rpartition("@")
    return f"{local[:1]}***@{domain}" if at else _middle(text, 1, 0)


_MASKS: dict[str, Callable[[str], str]] = {
    "phone": _mask_phone,
    "id_number": lambda text: _middle(normalise(text, "id_number"), 3, 4),
    "bank_card": lambda text: _middle(normalise(text, "bank_card"), 4, 4),
    "email": _mask_email,
    "name": mask_name,
    "customer_id": lambda text: _middle(text, 2, 2),
}
