"""What a heading means: the synonym table, and how headings are compared (列名同义词)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

# two-row headings are joined by this; the part after it is the heading proper
JOINT = "·"

# how far below the whole words a mere ending stands
_ENDING = 5

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|<[^<>]*>")
_UNIT = re.compile(r"/(?:元|万元|rmb|cny|次|个|件|笔)$")
_MARKS = re.compile(r"[^\w]|_")
_MONTH_NAMES = """
jan january 一月 | feb february 二月 | mar march 三月 | apr april 四月 | may 五月 | jun june 六月
| jul july 七月 | aug august 八月 | sep sept september 九月 | oct october 十月 | nov november 十一月
| dec december 十二月
"""
_MONTH_WORDS = {name: i for i, names in enumerate(_MONTH_NAMES.split("|"), 1) for name in names.split()}
_MONTH = re.compile(
    r"(?:(?P<y>(?:19|20)\d\d)\s*[-/.年]?\s*)?(?P<m>0?[1-9]|1[0-2])\s*(?:月份?)?(?:[-/.]0?1)?(?:\s*0?0:00(?::00)?)?"
)


@dataclass(frozen=True)
class Sense:
    """One meaning a heading may have: canonical column, level in the synonym table, whole heading or end."""

    field: str
    level: int
    exact: bool


@dataclass(frozen=True)
class Field:
    """A canonical column of the synonym table."""

    name: str
    grains: tuple[str, ...]
    look: str | None
    words: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Vocabulary:
    """The synonym table, ready to be asked; words are in the form `normal` gives."""

    fields: dict[str, Field]
    senses: dict[str, tuple[Sense, ...]]
    foreign: tuple[str, ...]
    longest: int


@lru_cache(maxsize=1)
def _raw() -> dict[str, Any]:
    text = resources.files("segkit.intake").joinpath("synonyms.yml").read_text(encoding="utf-8")
    return dict(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


@lru_cache(maxsize=1)
def _plain_characters() -> dict[int, str]:
    raw = _raw()
    return str.maketrans(dict(zip(raw["traditional"], raw["simplified"], strict=True)))


@lru_cache(maxsize=20_000)
def normal(heading: str) -> str:
    """A heading in the form used for matching only: ``实付款（元）`` and ``實付款`` are both ``实付款``."""
    text = unicodedata.normalize("NFKC", heading).strip().lower().translate(_plain_characters())
    bare = _UNIT.sub("", _BRACKETS.sub("", text))
    return _MARKS.sub("", bare) or _MARKS.sub("", text)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    fields = {
        name: Field(
            name, tuple(row["grains"]), row.get("look"), tuple(tuple(map(str, lv)) for lv in row["words"])
        )
        for name, row in _raw()["fields"].items()
    }
    senses: dict[str, dict[str, Sense]] = {}
    for field in fields.values():
        senses.setdefault(normal(field.name), {}).setdefault(field.name, Sense(field.name, 0, True))
        for level, words in enumerate(field.words):
            for word in words:
                senses.setdefault(normal(word), {}).setdefault(field.name, Sense(field.name, level, True))
    known = {word: tuple(by_field.values()) for word, by_field in senses.items()}
    return Vocabulary(fields, known, tuple(map(normal, map(str, _raw()["foreign"]))), max(map(len, known)))


def senses(heading: str) -> tuple[Sense, ...]:
    """Every meaning the heading may have, exact ones alone where there are any.

    A heading that only *ends* in a known word (``本店累计消费金额``; Chinese and English put the noun last)
    has that meaning too, but less surely, and not if it begins like someone else's column (``推荐人手机``).
    """
    known = vocabulary()
    for part in (heading, heading.rsplit(JOINT, 1)[-1]):
        if found := known.senses.get(normal(part)):
            return found
    word = normal(heading.rsplit(JOINT, 1)[-1])
    if word.startswith(known.foreign):
        return ()
    for start in range(1, len(word)):
        tail = word[start:]
        if len(tail) < (4 if tail.isascii() else 2):
            return ()
        found = known.senses.get(tail, ())
        # only plain words, of columns whose values can be checked: a city's grade is no customer's
        if sure := [s for s in found if s.level == 0 and known.fields[s.field].look]:
            return tuple(Sense(s.field, _ENDING, False) for s in sure)
    return ()


def hits(headings: Iterable[str]) -> int:
    """How many different headings are words of the synonym table."""
    known = vocabulary().senses
    return len({word for word in map(normal, headings) if word in known})


def month_of(heading: str) -> str | None:
    """``2024-03`` for ``2024年3月``, ``202403``, ``2024/3``; ``03`` for ``3月`` or ``Mar``; else None."""
    text = unicodedata.normalize("NFKC", heading).strip().lower()
    if text.rstrip("份") in _MONTH_WORDS:
        return f"{_MONTH_WORDS[text.rstrip('份')]:02d}"
    found = _MONTH.fullmatch(text)
    if not found or (found["y"] is None and "月" not in text):
        return None
    month = f"{int(found['m']):02d}"
    return f"{found['y']}-{month}" if found["y"] else month


def unique(headings: Iterable[str]) -> list[str]:
    """The headings, a repeated one marked ``(2)``, ``(3)``."""
    seen: dict[str, int] = {}
    out: list[str] = []
    for heading in headings:
        candidate = heading
        while candidate in seen:
            seen[heading] += 1
            candidate = f"{heading} ({seen[heading]})"
        seen.setdefault(candidate, 1)
        out.append(candidate)
    return out
