"""Segment maps (分群对照表): which scores make which segment, and whether a map is sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import product
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from segkit.locale import Lang, name_of, say
from segkit.schemes.ladder import refusal

Band = tuple[int, int]


class Segment(BaseModel):
    """One line of a map: a rectangle of lowest and highest R, F, M (left out: any), or a list of codes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    r: Band | None = None
    f: Band | None = None
    m: Band | None = None
    codes: tuple[str, ...] | None = None

    @field_validator("codes", mode="before")
    @classmethod
    def _digits(cls, codes: Any) -> Any:
        return [str(c) for c in codes] if isinstance(codes, list | tuple) else codes

    @model_validator(mode="after")
    def _one_way(self) -> Segment:
        bands = [b for b in (self.r, self.f, self.m) if b is not None]
        if bool(bands) == bool(self.codes):
            raise refusal("schemes.segment_one_way", "segments", segment=self.id)
        return self

    def beyond(self, lowest: int, highest: int) -> list[str]:
        """Its ranges that name scores nobody can have: ``a: r 1-6``."""
        ranges = {"r": self.r, "f": self.f, "m": self.m}
        return [
            f"{self.id}: {name} {band[0]}-{band[1]}"
            for name, band in ranges.items()
            if band is not None and (band[0] < lowest or band[1] > highest)
        ]

    def holds(self, scores: tuple[int, ...]) -> bool:
        if self.codes is not None:
            return code_of(scores) in self.codes
        bands = (self.r, self.f, self.m)
        return all(b is None or b[0] <= s <= b[1] for s, b in zip(scores, bands, strict=True))


@dataclass(frozen=True)
class SegmentMap:
    """Segments in order, first match wins, over three scores from `lowest` to `highest`."""

    segments: tuple[Segment, ...]
    lowest: int = 1
    highest: int = 5

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s.id for s in self.segments))

    def scores(self) -> list[tuple[int, ...]]:
        return list(product(range(self.lowest, self.highest + 1), repeat=3))

    def find(self, scores: tuple[int, ...]) -> str | None:
        return next((s.id for s in self.segments if s.holds(scores)), None)


@dataclass(frozen=True)
class Lint:
    """What is wrong with a segment map; all empty for an exact partition.

    Attributes
    ----------
    cells : how many codes there are
    uncovered : codes no segment holds
    covered_twice : codes more than one line holds (the first line wins)
    impossible : segments no customer can ever get, because earlier lines hold all their codes
    outside : codes written in the map that no customer can have
    """

    cells: int
    uncovered: tuple[str, ...]
    covered_twice: tuple[str, ...]
    impossible: tuple[str, ...]
    outside: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not (self.uncovered or self.covered_twice or self.impossible or self.outside)

    def text(self, lang: Lang = "zh") -> list[str]:
        if self.ok:
            return [say("schemes.lint.ok", lang, cells=self.cells)]
        found: list[tuple[str, Sequence[str]]] = [
            ("uncovered", self.uncovered),
            ("covered_twice", self.covered_twice),
            ("impossible", [name_of("segment", s, lang) for s in self.impossible]),
            ("outside", self.outside),
        ]
        return [
            say(f"schemes.lint.{what}", lang, n=len(which), cells=self.cells, which=_some(which))
            for what, which in found
            if which
        ]


def lint(segment_map: str | Sequence[Segment | Mapping[str, Any]], *, bins: int = 5) -> Lint:
    """Does every code have exactly one segment? (分群对照表检查)

    Parameters
    ----------
    segment_map : ``"eleven"``, ``"grid25"``, ``"eight"``, or a list of segments as in schemes.yml
    bins : scores run from 1 to bins; named maps know their own
    """
    found = named_map(segment_map) if isinstance(segment_map, str) else own_map(segment_map, bins)
    holders = {scores: [s.id for s in found.segments if s.holds(scores)] for scores in found.scores()}
    first = {ids[0] for ids in holders.values() if ids}
    known = {code_of(scores) for scores in holders}
    return Lint(
        cells=len(holders),
        uncovered=tuple(code_of(s) for s, ids in holders.items() if not ids),
        covered_twice=tuple(code_of(s) for s, ids in holders.items() if len(ids) > 1),
        impossible=tuple(i for i in found.ids if i not in first),
        outside=(
            *(c for s in found.segments for c in s.codes or () if c not in known),
            *(text for s in found.segments for text in s.beyond(found.lowest, found.highest)),
        ),
    )


def code_of(scores: tuple[int, ...]) -> str:
    return "".join(map(str, scores))


@lru_cache(maxsize=1)
def _maps() -> dict[str, SegmentMap]:
    text = resources.files(__package__).joinpath("segment_maps.yml").read_text(encoding="utf-8")
    return {
        name: SegmentMap(tuple(Segment.model_validate(s) for s in entry["segments"]), *entry["scores"])
        for name, entry in yaml.safe_load(text).items()
    }


def map_names() -> tuple[str, ...]:
    return tuple(_maps())


def named_map(name: str) -> SegmentMap:
    """One of the maps that come with the package.

    Raises
    ------
    KeyError : no map of that name
    """
    return _maps()[name]


def own_map(segments: Sequence[Segment | Mapping[str, Any]], bins: int) -> SegmentMap:
    return SegmentMap(tuple(Segment.model_validate(s) for s in segments), 1, bins)


def _some(items: Sequence[str], most: int = 12) -> list[str]:
    return [*items[:most], "…"] if len(items) > most else list(items)
