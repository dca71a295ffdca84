"""Words for channels of contact and for what came of it, one list for every reader (contact_words.yml).

The readers differ in how they match: a log's cell may hold a sentence, a returned sheet's is one word, an opt-out
may name several channels.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from segkit.locale import LANGS, name_of
from segkit.locale.spelling import plain_word, stands_in

REFUSED = "opted_out"  # the outcome of a contact in which the customer asked for no more
_CLAUSES = re.compile(r"[,。.;；、!?~:/|()\[\]【】+]+|(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
_PARTICLES = "了啦吧呢哦"
_DENIED = re.compile(r"(?:[未没不无非]|没有|取消|撤销|解除|\b(?:not|never|no)|n't)\s*$")
# a word of so many characters means only itself; a shorter one has to end what is said: 没接, but not 没接受
_SURE_CHINESE, _SURE_LATIN = 3, 7


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("contact_words.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def channel_words() -> dict[str, list[str]]:
    """Channel -> the words for it."""
    return dict(_table()["channels"])


def broad_words() -> list[str]:
    """Words for a channel which, refused, may mean others too (线上)."""
    return list(_table()["broad"])


def outcome_words() -> dict[str, list[str]]:
    """Outcome of a contact -> the words for it."""
    return {outcome: list(entry["words"]) for outcome, entry in _table()["outcomes"].items()}


def is_effective(outcome: str | None) -> bool | None:
    """Was somebody reached? None where the outcome is not known."""
    entry = _table()["outcomes"].get(outcome)
    return None if entry is None else bool(entry["effective"])


def outcome_told(text: str) -> str | None:
    """What came of a contact, by a cell of a client's own log; None where it cannot be told.

    A word alone, or a sentence that says it: 第一次没接，第二次聊过. A request to be left alone counts wherever it
    stands, of anything else what is said last. What is denied (未退订) is not said.
    """
    cell = plain_word(text)
    if cell in _known():
        return _known()[cell]
    told = [said for clause in _CLAUSES.split(cell) if (said := _said(clause))]
    return REFUSED if REFUSED in told else told[-1] if told else None


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    """Word -> outcome, the names of terms.yml among them."""
    known = {
        plain_word(name): outcome
        for outcome in _table()["outcomes"]
        for name in (outcome, *(name_of("contact_outcome", outcome, lang) for lang in LANGS))
    }
    return known | {word: outcome for outcome, words in outcome_words().items() for word in words}


def _said(clause: str) -> str | None:
    """The outcome a clause names, by the longest word in it."""
    bare = clause.strip()
    ends = {bare, bare.rstrip(_PARTICLES)}
    found: tuple[int, str] | None = None
    for word, outcome in _known().items():
        if found is not None and len(word) <= found[0]:
            continue
        at = stands_in(word, bare)
        sure = len(word) >= (_SURE_LATIN if word.isascii() else _SURE_CHINESE)
        if at is None or not (sure or any(end.endswith(word) for end in ends)):
            continue
        if not _DENIED.search(bare[: at.start()]):
            found = (len(word), outcome)
    return None if found is None else found[1]
