"""Every word a user reads, in Chinese and English, looked up by id.

``terms.yml`` is the one table of terms (segments, columns, KPIs, channels), ``messages.yml`` holds sentences.
Facts are passed as raw numbers and dates and formatted here, so both languages always show the same figures.
"""

from __future__ import annotations

import datetime as dt
import locale
import os
import string
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import yaml

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")


def lang_or_default(*wishes: str | None) -> Lang:
    """The first of the wishes that is a language we speak, else the machine's locale, else zh."""
    machine = [os.environ.get(name) for name in ("SEGKIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG")]
    if os.name == "nt":  # no variables there; elsewhere Python calls the C locale en_US
        machine.append(locale.getlocale()[0])
    for wish in (*wishes, *machine):
        # Windows says Chinese (Simplified)_China where others say zh_CN
        word = (wish or "").lower().replace("chinese", "zh").replace("english", "en")[:2]
        if word in LANGS:
            return word
    return "zh"


def count(value: float) -> str:
    """A whole number with thousands separated: 1,234."""
    return f"{round(value):,}"


def money(value: float) -> str:
    """An amount to the cent: 1,234.50."""
    return f"{value:,.2f}"


def number(value: float, digits: int = 1) -> str:
    """A decimal with a fixed number of digits: 1.4."""
    return f"{value:,.{digits}f}"


def percent(share: float, digits: int = 1) -> str:
    """A share in 0..1 as a percentage: 70.5%; what is not all, or not nothing, never reads 100% or 0%."""
    text = f"{share * 100:,.{digits}f}%"
    least = 10.0**-digits
    if 0 < share < 1 and float(text[:-1].replace(",", "")) in (0.0, 100.0):
        return f">{100 - least:.{digits}f}%" if share > 0.5 else f"<{least:.{digits}f}%"
    return text


def as_written(value: Any) -> str:
    """A value as it stands in a YAML file: true, null, [a, b]."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_written, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {as_written(inner)}" for key, inner in value.items()) + "}"
    return str(value)


def listing(items: Iterable[Any], lang: Lang) -> str:
    return ("、" if lang == "zh" else ", ").join(str(item) for item in items)


class _Sentence(string.Formatter):
    """``{n:count} {x:money} {s:percent} {x:number:2} {d:date} {xs:list} {n:plural:row|rows} {f:field}``,
    ``{fs:fields}``, ``{s:scheme}`` and ``{rs:reasons}`` for pairs of reason and number."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def format_field(self, value: Any, format_spec: str) -> str:
        form, _, rest = format_spec.partition(":")
        match form:
            case "count":
                return count(value)
            case "money":
                return money(value)
            case "percent":
                return percent(value, int(rest or 1))
            case "number":
                return number(value, int(rest or 1))
            case "date":
                return value.isoformat()[:10] if isinstance(value, dt.date) else str(value)[:10]
            case "list":
                return listing(value, self.lang)
            case "plural":
                one, many = rest.split("|")
                return one if value == 1 else many
            case "field":
                return name_of("field", value, self.lang)
            case "fields":
                return listing([name_of("field", one, self.lang) for one in value], self.lang)
            case "scheme":  # a scheme of the client's own has its own names by language
                return value[self.lang] if isinstance(value, dict) else name_of("scheme", value, self.lang)
            case "reasons":
                return listing([f"{name_of('reason', r, self.lang)} {count(n)}" for r, n in value], self.lang)
            case "":
                return as_written(value)
            case _:
                return str(super().format_field(value, format_spec))


@lru_cache(maxsize=2)
def _table(name: str) -> dict[str, dict[str, str]]:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    # the C loader is ten times faster; both are safe loaders
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(yaml.load(text, Loader=loader))


def say(id: str, lang: Lang, /, **facts: Any) -> str:
    """The sentence `id` of messages.yml in `lang`, with its facts filled in.

    Raises
    ------
    KeyError : no such sentence, or a fact it needs is missing
    """
    return _Sentence(lang).format(_table("messages.yml")[id][lang], **facts)


def term(id: str, lang: Lang, /) -> str:
    """The term `id` of terms.yml in `lang`, e.g. ``term("segment.champions", "zh")``."""
    return _table("terms.yml")[id][lang]


def has_term(id: str) -> bool:
    return id in _table("terms.yml")


def has_message(id: str) -> bool:
    return id in _table("messages.yml")


def name_of(group: str, id: str, lang: Lang) -> str:
    """A term where there is one, else the id itself: labels of a client's own maps have no entry."""
    key = f"{group}.{id}"
    return term(key, lang) if has_term(key) else id
