"""One thing written in many ways: which label does a text stand for?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

_SIGNS = re.compile(r"""[\s\u200b-\u200f\u2060\ufeff·・,，。、;；:：'’‘`"“”()\[\]【】《》_/\\|~—–-]+""")
_RANGE = re.compile(r"(?<=\d)\s*[~–—-]+\s*(?=\d)")
_POINT = re.compile(r"(?<!\d)\.|\.(?!\d)")
_WHOLE = re.compile(r"(\d+)\.0+")
_ENDINGS = ("行业", "产业", "业", "类")
NO_ANSWERS = "na n.a none null nan nil unknown #n ? * 无 未知 不详 未填 未填写 待定 待补充 空 暂无 没有 保密"
NOTHING = frozenset(["", *NO_ANSWERS.split(" ")])


def plain(text: str) -> str:
    """`text` as it is compared: without blanks, signs, case and full width; ``1.0`` is ``1``, ``18~24`` ``18to24``."""
    joined = _RANGE.sub("to", unicodedata.normalize("NFKC", text).casefold())
    bare = _POINT.sub("", _SIGNS.sub("", joined))
    whole = _WHOLE.fullmatch(bare)
    return whole[1] if whole else bare


def says_nothing(text: str) -> bool:
    """True of 未知, n/a, - and the like: written, but no answer."""
    return plain(text) in NOTHING


@dataclass(frozen=True)
class Spellings:
    """Texts and their labels.

    Attributes
    ----------
    words : `plain` text -> label
    parts : parts of a `plain` text and their labels, the first that is contained wins
    """

    words: Mapping[str, str]
    parts: tuple[tuple[str, str], ...] = ()

    def find(self, text: str, *, contains: bool = False) -> str | None:
        """The label of `text`; None where no spelling fits."""
        given = plain(text)
        for tried in (given, *_without_endings(given), f"{given}业"):
            if tried in self.words:
                return self.words[tried]
        return self._containing(given) if contains else None

    def likely(self, text: str) -> str | None:
        """The label of the nearest spelling, for a hint; None where nothing is near."""
        given = plain(text)
        near = get_close_matches(given, self.words, 1, cutoff=0.6)
        return self._containing(given) or (self.words[near[0]] if near else None)

    def _containing(self, given: str) -> str | None:
        return next((label for part, label in self.parts if part in given), None)


def _without_endings(given: str) -> list[str]:
    return [given.removesuffix(e) for e in _ENDINGS if given.endswith(e) and given != e]


def spellings_of(entries: Mapping[str, Iterable[str]]) -> Spellings:
    """Own entries, label -> words; every word is a part too, in the order it is written."""
    pairs = [(plain(word), label) for label, words in entries.items() for word in words]
    return Spellings(dict(reversed(pairs)), tuple(pairs))


@lru_cache(maxsize=1)
def industries() -> Spellings:
    """Industries (行业), after the sections of GB/T 4754-2017."""
    table = built_in("industries.yml")
    pairs = [(plain(word), label) for label, words in table["industries"].items() for word in words]
    parts = [(plain(p), label) for line in table["contained"] for label, ps in line.items() for p in ps]
    return Spellings(dict(pairs), tuple(parts))


@lru_cache(maxsize=1)
def industry_labels() -> tuple[str, ...]:
    """The industries of the built-in table, by id, in its order."""
    return tuple(built_in("industries.yml")["industries"])


@lru_cache(maxsize=4)
def built_in(name: str) -> dict[str, Any]:
    """A table of spellings that comes with the package, read once."""
    text = resources.files("segkit.schemes").joinpath(name).read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(yaml.load(text, Loader=loader))
