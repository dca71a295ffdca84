"""Invented people, firms and places; every phone, e-mail and identity number is impossible.

Phones begin with 100 (never assigned), identity numbers have region 000000 and a wrong check digit, e-mails
end in example.com, firms in （虚构）.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import numpy as np
import yaml

from segkit.synth.draws import DIGITS, Draws

Names = Literal["zh", "en"]
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


@lru_cache
def _words(case: str = "") -> dict[str, Any]:
    """Words of one case, or those all cases share."""
    package = f"{__package__}.cases.{case}" if case else str(__package__)
    text = resources.files(package).joinpath("words.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def shared_words(key: str) -> dict[str, Any]:
    """A block of the words all cases share, each a [zh, en] pair."""
    return dict(_words()[key])


@dataclass(frozen=True)
class Firm:
    """A firm's name in its parts, so that a twin can be spelled differently."""

    core: str
    limited: str
    fictional: str
    industry: str

    @property
    def name(self) -> str:
        return f"{self.core}{self.limited}{self._gap}{self.fictional}"

    @property
    def _gap(self) -> str:
        return "" if self.core[-1] > "\u2e80" else " "

    def spelled(self, how: Literal["blank", "bracket", "suffix"]) -> str:
        """The same firm as another clerk would type it: a stray blank, other brackets, no 有限公司."""
        if how == "suffix":
            return f"{self.core}{self._gap}{self.fictional}"
        if how == "bracket":
            swapped = self.fictional.translate(str.maketrans("（）()", "()（）"))
            return f"{self.core}{self.limited}{self._gap}{swapped}"
        middle = len(self.core) // 2 if not self._gap else self.core.index(" ")
        return f"{self.core[:middle]} {self.core[middle:]}{self.limited}{self._gap}{self.fictional}"


@dataclass(frozen=True)
class Invented:
    """Draws names and contacts in one language."""

    draws: Draws
    names: Names

    def word(self, pair: list[str] | tuple[str, str]) -> str:
        """The side of a [zh, en] pair that is wanted."""
        return pair[0] if self.names == "zh" else pair[1]

    def words(self, case: str, key: str) -> list[str]:
        """A list of words of one case (cases/<case>/words.yml) in this language."""
        return [self.word(item) if isinstance(item, list) else item for item in _words(case)[key]]

    def rows(self, case: str, key: str) -> list[dict[str, Any]]:
        """A small table of one case's words; what is in two languages is still a [zh, en] pair."""
        return list(_words(case)[key])

    def phrase(self, case: str, key: str) -> str:
        """One word or sentence of one case in this language."""
        item = _words(case)[key]
        return self.word(item) if isinstance(item, list) else str(item)

    def people(self, n: int) -> list[str]:
        """`n` different invented names."""
        family, given = self._list("family"), self._list("given")
        codes = self.draws.some(len(family) * len(given), n)
        if self.names == "zh":
            return [family[c // len(given)] + given[c % len(given)] for c in codes]
        return [f"{given[c % len(given)]} {family[c // len(given)]}" for c in codes]

    def firms(self, n: int, trades: Sequence[Mapping[str, Any]] | None = None) -> list[Firm]:
        """`n` firms; no two share a stem, so that only planted twins look alike.

        `trades`: own lines of trade (industry, word in the name, share) instead of the shared ones.
        """
        first, second = self._list("stem_first"), self._list("stem_second")
        if n > len(first) * len(second):
            second = second + self._list("stem_more")
        if n > len(first) * len(second):
            second = second + self._list("stem_most")
        trades = trades or _words()["trades"]
        codes = self.draws.some(len(first) * len(second), n)
        kinds = self.draws.choice([t["share"] for t in trades], n)
        gap = "" if self.names == "zh" else " "
        return [
            Firm(
                core=first[c // len(second)] + second[c % len(second)] + gap + self.word(trades[k]["word"]),
                limited=self.word(_words()["limited"]),
                fictional=self.word(_words()["fictional"]),
                industry=self.word(trades[k]["industry"]),
            )
            for c, k in zip(codes, kinds, strict=True)
        ]

    def places(self, n: int, provinces: Sequence[Mapping[str, Any]] | None = None) -> list[tuple[str, str]]:
        """`n` pairs of province and city; `provinces`: own ones (name, cities, share) instead of the shared."""
        rows = provinces or _words()["provinces"]
        which = self.draws.choice([r["share"] for r in rows], n)
        at = self.draws.uniform(n)
        cities = [rows[w]["cities"][int(u * len(rows[w]["cities"]))] for w, u in zip(which, at, strict=True)]
        return [(self.word(rows[w]["name"]), self.word(c)) for w, c in zip(which, cities, strict=True)]

    def city_tiers(self, places: Sequence[tuple[str, str]], shares: Sequence[float]) -> np.ndarray:
        """The tier (0 一线 to 3 三线及以下) of each of these `places`, drawn among those its province has.

        `shares` of the tiers hold over all places on average; 北京市 and 上海市 are always 一线.
        """
        rows = _words()["provinces"]
        row_of = {self.word(row["name"]): i for i, row in enumerate(rows)}
        table = np.array([[share * (t in row["tiers"]) for t, share in enumerate(shares)] for row in rows])
        of_province = np.array([row["share"] for row in rows]) / sum(row["share"] for row in rows)
        for _ in range(200):  # fitted to both margins in turn (Deming and Stephan 1940)
            table *= np.asarray(shares) / np.sum(shares) / table.sum(axis=0)
            table *= (of_province / table.sum(axis=1))[:, None]
        ends = np.round(np.cumsum(table, axis=1) / table.sum(axis=1, keepdims=True), DIGITS)
        own = ends[[row_of[province] for province, _ in places]]
        return (self.draws.uniform(len(places))[:, None] >= own[:, :-1]).sum(axis=1)

    def phones(self, n: int) -> list[str]:
        """`n` different mobile numbers of the unassigned prefix 100."""
        seen: dict[int, None] = {}
        while len(seen) < n:
            seen |= dict.fromkeys(int(k) for k in self.draws.integers(10_000_000, 98_999_999, n - len(seen)))
        return [f"100{k}" for k in seen]

    def identity_numbers(self, n: int) -> list[str]:
        """`n` numbers that look like identity numbers: region 000000, a birthday, a wrong check digit."""
        year, day = self.draws.integers(1960, 2003, n), self.draws.integers(1, 28, n)
        month, serial, slip = (self.draws.integers(1, top, n) for top in (12, 999, 9))
        return [
            _wrongly_checked(f"000000{y:04d}{m:02d}{d:02d}{s:03d}", int(k))
            for y, m, d, s, k in zip(year, month, day, serial, slip, strict=True)
        ]

    def _list(self, key: str) -> list[str]:
        return [self.word(pair) for pair in _words()[key]]


def numbered(prefix: str, which: int | Iterable[int], width: int = 6) -> list[str]:
    """Ids as C000001: the first `which`, or those of these positions (counted from 0)."""
    positions = range(which) if isinstance(which, int) else which
    return [f"{prefix}{at + 1:0{width}d}" for at in positions]


def _wrongly_checked(body: str, slip: int) -> str:
    """`body` with a check digit that is off by `slip` places (1..10): never valid."""
    total = int(np.dot([int(c) for c in body], _WEIGHTS))
    return body + _CHECK[(total + slip) % 11]
