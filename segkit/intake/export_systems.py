"""Exports of known systems (纷享销客, Zoho CRM, 淘宝, Shopify): recognised and mapped by their headings.

One file a system in `systems/`: its headings by grain, those that tell it from others, and those nobody has checked
(`unsure`). Fields differ by tenant, so what a system says is a proposal like any other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from segkit.locale import Lang
from segkit.problems import Problem

FEWEST_TELLING, FEWEST_KNOWN = 2, 4
SURE, UNSURE = 0.97, 0.6  # below .8 `init` asks


@dataclass(frozen=True)
class System:
    """Headings of one grain as one system exports them.

    Attributes
    ----------
    headings : heading in the form of `spelling` -> canonical column, None where it means none of them;
        the better of two with one meaning stands first
    telling : headings by which the system is recognised
    unsure : headings that were not checked against the system or its documents
    """

    id: str
    title: dict[Lang, str]
    grain: str
    headings: dict[str, str | None]
    telling: frozenset[str]
    unsure: frozenset[str]


@dataclass(frozen=True)
class Recognised:
    """A system found in a file: `columns` maps the file's own headings."""

    system: System
    columns: dict[str, str | None]

    def sure(self, heading: str) -> float:
        """How sure the meaning of a heading is, 0..1."""
        return UNSURE if spelling(heading) in self.system.unsure else SURE

    def rank(self, heading: str) -> float:
        """Below every word of the synonym table; the system's own order breaks ties."""
        return -1.0 + [*self.columns].index(heading) / (len(self.columns) + 1)

    def about(self, field: str) -> dict[str, Any]:
        """Facts of the sentence that says why a column was taken for `field`."""
        return {"field": field, **self._titles()}

    def _titles(self) -> dict[str, str]:
        return {f"title_{lang}": title for lang, title in self.system.title.items()}

    def note(self, file: str | None) -> Problem:
        """Which system it looks like, and which of its headings to check (要核对)."""
        unsure = [head for head in self.columns if spelling(head) in self.system.unsure]
        id = "mapping.system" + ("_unsure" if unsure else "")
        return Problem(id, {**self._titles(), "unsure": unsure}, file=file)


def spelling(heading: str) -> str:
    """A heading without blanks, underscores, case and width; brackets tell two columns of one system apart."""
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", heading)).lower()


@lru_cache(maxsize=1)
def systems() -> tuple[System, ...]:
    """Every system in `systems/`, one entry a grain."""
    folder = resources.files(__package__).joinpath("systems")
    found: list[System] = []
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".yml"):
            raw = yaml.safe_load(file.read_text(encoding="utf-8"))
            unsure = frozenset(spelling(str(head)) for head in raw["unsure"])
            for grain, about in raw["grains"].items():
                headings = {spelling(str(head)): field for head, field in about["headings"].items()}
                telling = frozenset(spelling(str(head)) for head in about["telling"])
                found.append(System(raw["id"], raw["title"], grain, headings, telling, unsure))
    return tuple(found)


def recognised(headings: Iterable[str], grain: str | None = None) -> Recognised | None:
    """Which system wrote a file with these headings, in this grain or in any; None where no one is sure."""
    own = {spelling(head): head for head in reversed([*headings])}
    best: tuple[int, int, System] | None = None
    for system in systems():
        if grain is not None and system.grain != grain:
            continue
        telling, known = (len(own.keys() & words) for words in (system.telling, system.headings.keys()))
        enough = telling >= FEWEST_TELLING and known >= FEWEST_KNOWN
        if enough and (best is None or (telling, known) > best[:2]):
            best = (telling, known, system)
    if best is None:
        return None
    columns = {own[word]: field for word, field in best[2].headings.items() if word in own}
    return Recognised(best[2], columns)
