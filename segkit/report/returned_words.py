"""How people write what they did (做了、√、没接通), and what it means; headings, marks and names of returned sheets.

One place for both directions: the sheets are written with these ids and names, and read again by them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from segkit.intake.contact_words import channel_words, outcome_words
from segkit.intake.headings import normal, senses
from segkit.locale import LANGS, name_of
from segkit.locale.spelling import plain_word
from segkit.report.render.lists import head_of

CLIENT_MARK, AS_OF_MARK, OWNER_MARK = "segkit_client", "segkit_as_of", "segkit_owner"
STATUSES = ("done", "moved", "dropped", "open")
OUTCOMES = ("reached", "ordered", "again", "no_answer", "declined", "opted_out", "wrong_contact")
FIELDS = (
    "task_id", "due", "customer_id", "channel", "owner",
    "status", "done_on", "result", "next_date", "spent", "note",
)  # fmt: skip
# columns of a plan that nobody fills in; known, so that only what was added is said to be unread
SHOWN_ONLY = ("starts", "name", "segment", "why", "next_step", "minutes", "value", "marketing")
_EDGES = re.compile(r"^[\s。.,，!！~～;；:：、()（）\[\]【】]+|[\s。.,，!！~～;；:：、()（）\[\]【】]+$")
FEWEST_SURE = 2  # headings known for certain before others are taken for misspelt
_ALIKE = 0.75  # two headings are the same word, once misspelt


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("returned.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def word(text: str) -> str:
    """A cell for comparison: NFKC, small letters, no blanks, no marks at its ends."""
    return re.sub(r"\s+", "", _EDGES.sub("", plain_word(text)))


def is_nothing(text: str) -> bool:
    """Does the cell stand for an empty one?"""
    return plain_word(text) in _nothing()


@lru_cache(maxsize=1)
def _nothing() -> frozenset[str]:
    return frozenset(_table()["empty"])


def status_of(text: str) -> str | None:
    """done | moved | dropped | open, or None for a word that is none of them."""
    return _known("task_status").get(word(text))


def outcome_of(text: str) -> str | None:
    """An outcome by its name or by a word people use for it; None where it cannot be told."""
    return _known("contact_outcome").get(word(text))


def channel_of(text: str) -> str | None:
    """A channel's id by its name or by a word people use for it; None where it cannot be told."""
    return _known("channel").get(word(text))


def _statuses() -> dict[str, list[str]]:
    return dict(_table()["statuses"])


_WORDS: dict[str, Callable[[], dict[str, list[str]]]] = {
    "task_status": _statuses,
    "contact_outcome": outcome_words,
    "channel": channel_words,
}


@lru_cache(maxsize=3)
def _known(group: str) -> dict[str, str]:
    """Word -> id; the names the sheets offer stand before words of other ids."""
    known: dict[str, str] = {}
    entries = _WORDS[group]()
    for id in entries:
        for name in (id, *(name_of(group, id, lang) for lang in LANGS)):
            known.setdefault(word(name), id)
    for id, words in entries.items():
        for one in words:
            known.setdefault(word(one), id)
    return known


def after_date() -> tuple[str, ...]:
    """Words of the day that may follow a date."""
    return tuple(_table()["after_date"])


def after_minutes() -> tuple[str, ...]:
    """Units that may follow a number of minutes."""
    return tuple(_table()["after_minutes"])


# --- headings --------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _headings() -> dict[str, str]:
    """Heading in the form used for matching -> field, in both languages."""
    known: dict[str, str] = {}
    for field in (*FIELDS, *SHOWN_ONLY):
        for lang in LANGS:
            known.setdefault(normal(head_of(field, lang)), field)
        known.setdefault(normal(field), field)
    for field, words in _table()["headings"].items():
        for one in words:
            known.setdefault(normal(str(one)), field)
    return known


def fields_of(headings: list[str]) -> dict[int, str]:
    """Which column is which? Place -> field, each field once.

    By the headings the sheets are written with, then by words people use for them, then by the intake's words for
    the customer, then by likeness: 完成曰期 is 完成日期. A heading that could be two fields is none.
    """
    known = _headings()
    found: dict[int, str] = {}

    def take(place: int, field: str | None) -> None:
        if field is not None and place not in found and field not in found.values():
            found[place] = field

    forms = [normal(heading) for heading in headings]
    for place, form in enumerate(forms):
        take(place, known.get(form))
    for place, (heading, form) in enumerate(zip(headings, forms, strict=True)):
        if place not in found and form:
            take(place, "customer_id" if any(s.field == "customer_id" for s in senses(heading)) else None)
    # a row with fewer known words is no head: its cells are compared with nothing
    for place, form in enumerate(forms if len(found) >= FEWEST_SURE else []):
        if place in found or len(form) < 3:
            continue
        near = {known[one] for one in get_close_matches(form, list(known), n=3, cutoff=_ALIKE)}
        take(place, near.pop() if len(near) == 1 else None)
    return found


def is_ours(heading: str) -> bool:
    """Is it a column of the sheets as they are sent out, or an empty heading?"""
    form = normal(heading)
    return not form or form in _headings()


# --- files -----------------------------------------------------------------------------------------


def family(stem: str) -> str:
    """The name a file had before it was saved again: ``王芳 (1)``, ``王芳 - 副本``, ``Copy of 王芳`` are 王芳."""
    name = plain_word(stem)
    name = re.sub(r"^(copy of|副本)\s*", "", name)
    ends = "|".join(sorted(map(re.escape, _table()["copies"]), key=len, reverse=True))
    while True:
        short = re.sub(rf"[\s_\-]*(\(\d+\)|[\s_\-]({ends})|(?<=[^\x00-\x7f])({ends}))$", "", name).strip()
        if short == name or not short:
            return name
        name = short
