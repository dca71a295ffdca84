"""Every case that conditions can tell apart: the stretches of each column on which no answer changes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segkit.locale import Lang, say
from segkit.schemes.conditions import Conditions, kinds_of, number_text, spellings
from segkit.schemes.ladder import FORMS
from segkit.schemes.readings import Kind
from segkit.schemes.what_if import Probe, number_probes

if TYPE_CHECKING:
    from segkit.schemes.base import Scheme

MOST = 200_000  # cases beyond which nothing is worked out, and that is said
NEVER_BELOW_ZERO = ("days", "times")
Cut = tuple[float, bool]  # a cut point, and whether it belongs to what is above it
Box = list[NDArray[np.intp]]  # per column the spots it spans


@dataclass(frozen=True)
class Spot:
    """A stretch of a column: `put` is a value of it, None where it is the missing value.

    `low` and `high` bound it on a column of numbers; `named` is false for a text that no condition names.
    """

    put: float | str | None
    low: Cut | None = None
    high: Cut | None = None
    named: bool = True


@dataclass(frozen=True)
class Regions:
    """The columns that conditions ask about, how each is read, where it is cut, and its spots."""

    kinds: Mapping[str, Kind]
    cuts: Mapping[str, tuple[Cut, ...]]
    spots: Mapping[str, tuple[Spot, ...]]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(spots) for spots in self.spots.values())

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    def frame(self) -> pd.DataFrame:
        """One row per case, in the order of the flattened `shape`, with columns as conditions read them."""
        grid = np.indices(self.shape).reshape(len(self.shape), -1)
        columns = {}
        for (column, spots), at in zip(self.spots.items(), grid, strict=True):
            kind = "str" if self.kinds[column] == "text" else "float64"
            columns[column] = pd.Series([s.put for s in spots], dtype=kind).take(at).reset_index(drop=True)
        return pd.DataFrame(columns, index=pd.RangeIndex(self.count))

    def numbers_of(self, read: pd.DataFrame) -> NDArray[np.intp]:
        """A number for every row of a frame as conditions read it; rows of one case share it."""
        numbers = np.zeros(len(read), dtype=np.intp)
        for column, kind in self.kinds.items():
            cells = read[column]
            if kind == "number":
                values = cells.to_numpy(dtype="float64")
                at = sum(
                    (values >= c if up else values > c for c, up in self.cuts[column]), np.zeros(len(read))
                )
                codes = np.where(np.isnan(values), -1, at).astype(np.intp)
            elif kind == "text":
                named = enumerate(str(s.put) for s in self.spots[column] if s.named and s.put is not None)
                known = {spelt: i for i, text in named for spelt in spellings(text)}
                codes = cells.map(known).fillna(-1).to_numpy(dtype=np.intp)
                codes = np.where(cells.isna(), -2, codes)
            else:
                codes = cells.fillna(-1).to_numpy(dtype=np.intp)
            # numbered anew at every column, so that many columns do not overflow
            pairs = numbers * (codes.max(initial=0) + 3) + codes + 2
            numbers = np.unique(pairs, return_inverse=True)[1]
        return numbers

    def probes(self) -> list[Probe]:
        """The changes of one column that may change an answer."""
        found: list[Probe] = []
        for column, kind in self.kinds.items():
            if kind == "number":
                found += self._number_probes(column)
            elif kind == "presence":
                found.append(Probe(column, "known", "", 1.0))
            else:
                # of changes as near the first is told: any other text before one of those named
                for spot in sorted(self.spots[column], key=lambda s: s.named):
                    if spot.put is None:
                        continue
                    target = bool(spot.put) if kind == "flag" else spot.put
                    found.append(Probe(column, "is" if spot.named else "other", target, spot.put))
        return found

    def _number_probes(self, column: str) -> list[Probe]:
        cuts = self.cuts[column]
        span = (cuts[-1][0] - cuts[0][0]) or abs(cuts[0][0]) or 1.0
        lowest = _lowest(column)
        probes = (p for c, up in cuts for p in number_probes(column, c, span=span, upward_includes=up))
        return [p for p in dict.fromkeys(probes) if float(p.put) >= lowest]

    # --- words ---------------------------------------------------------------------------------

    def boxes(self, cases: NDArray[np.bool_], most: int) -> list[Box]:
        """The cases that are true, as at most `most` boxes, each as large as it grows."""
        wanted = cases.reshape(self.shape)
        left = wanted.copy()
        boxes: list[Box] = []
        while len(boxes) < most and left.any():
            corner = np.unravel_index(int(np.argmax(left)), self.shape)
            box: Box = [np.array([i]) for i in corner]
            for axis, (column, spots) in enumerate(self.spots.items()):
                box[axis] = self._grown(box, axis, wanted, self.kinds[column] == "number", spots)
            left[np.ix_(*box)] = False
            boxes.append(box)
        return boxes

    def _grown(
        self, box: Box, axis: int, wanted: NDArray[np.bool_], in_a_row: bool, spots: tuple[Spot, ...]
    ) -> NDArray[np.intp]:
        start = int(box[axis][0])
        fits = [
            bool(wanted[np.ix_(*box[:axis], np.array([i]), *box[axis + 1 :])].all())
            for i in range(len(spots))
        ]
        if all(fits):
            return np.arange(len(spots))
        missing = spots[start].put is None
        fits = [fit and (s.put is None) == missing for fit, s in zip(fits, spots, strict=True)]
        if in_a_row:
            low = high = start
            while low > 0 and fits[low - 1]:
                low -= 1
            while high + 1 < len(fits) and fits[high + 1]:
                high += 1
            return np.arange(low, high + 1)
        return np.flatnonzero(fits)

    def box_text(self, box: Box, scheme: Scheme, lang: Lang) -> str:
        """``累计金额 < 10,000 元 且 渠道不是“APP”``."""
        parts = [
            self._part(column, [spots[i] for i in at], scheme, lang)
            for (column, spots), at in zip(self.spots.items(), box, strict=True)
            if len(at) < len(spots)
        ]
        return say("schemes.when.and", lang).join(parts) or say("schemes.any", lang)

    def _part(self, column: str, spots: list[Spot], scheme: Scheme, lang: Lang) -> str:
        name, kind = scheme.measure(column, lang), self.kinds[column]
        if spots[0].put is None:
            return say("schemes.when.missing", lang, measure=name)
        if kind == "presence":
            return say("schemes.when.known", lang, measure=name)
        if kind == "number":
            return f"{name} {_between(column, spots[0].low, spots[-1].high, lang)}"
        shown, sort = spots, "is"
        if not all(s.named for s in spots):
            shown, sort = [s for s in self.spots[column] if s.put is not None and s not in spots], "not"
        values = [bool(s.put) if kind == "flag" else str(s.put) for s in shown]
        quoted = [say("schemes.when.quoted", lang, value=scheme.value_name(column, v, lang)) for v in values]
        joined = say("schemes.when.or", lang).join(quoted)
        return say(f"schemes.when.{sort}", lang, measure=name, values=joined)


def regions_of(
    conditions: Iterable[Conditions],
    more_cuts: Mapping[str, Iterable[float]] | None = None,
    *,
    with_missing: bool = False,
) -> Regions:
    """What the conditions tell apart.

    Parameters
    ----------
    more_cuts : further cut points of columns of numbers, each belonging to what is above it
    with_missing : the missing value is a case of every column; otherwise only of columns about which a
        condition asks whether they are missing
    """
    listed = list(conditions)
    kinds = kinds_of(listed) | dict.fromkeys(more_cuts or {}, "number")
    cuts: dict[str, set[Cut]] = {
        column: {(float(c), True) for c in at} for column, at in (more_cuts or {}).items()
    }
    texts: dict[str, dict[str, None]] = {}
    asked = set()
    for column, condition in ((n, c) for when in listed for group in when.root for n, c in group.items()):
        cuts.setdefault(column, set()).update(condition.cuts())
        texts.setdefault(column, {}).update(
            dict.fromkeys(v for v in condition.values() if isinstance(v, str))
        )
        if condition.is_missing is not None:
            asked.add(column)
    # just below a cut comes before just above it
    ordered = {c: tuple(sorted(cuts.get(c, ()), key=lambda cut: (cut[0], not cut[1]))) for c in kinds}
    spots: dict[str, tuple[Spot, ...]] = {}
    for column, kind in kinds.items():
        if kind == "number":
            there = _number_spots(column, ordered[column])
        elif kind == "text":
            there = [*(Spot(t) for t in texts[column]), Spot(_another(texts[column]), named=False)]
        else:
            there = [Spot(1.0), Spot(0.0)] if kind == "flag" else [Spot(1.0)]
        missing = [Spot(None)] if with_missing or column in asked else []
        spots[column] = (*there, *missing)
    return Regions(kinds, ordered, spots)


def _number_spots(column: str, cuts: tuple[Cut, ...]) -> list[Spot]:
    edges: list[Cut | None] = [None, *cuts, None]
    found = [
        Spot(put, low, high)
        for low, high in pairwise(edges)
        if (put := _within(column, low, high)) is not None
    ]
    # what no value can be belongs to no spot, so the outer ones have no bound in words
    if found:
        found[0] = Spot(found[0].put, None, found[0].high)
        found[-1] = Spot(found[-1].put, found[-1].low, None)
    return found


def _within(column: str, low: Cut | None, high: Cut | None) -> float | None:
    """A value the column can have between two cuts."""
    step, lowest = FORMS.get(column, ("plain", 0.0))[1], _lowest(column)
    if step:
        least = -math.inf if low is None else _up(low, step)
        most = math.inf if high is None else _up(high, step) - 1
        least = max(least, lowest / step)
        if least > most:
            return None
        return round((least if math.isfinite(least) else most if math.isfinite(most) else 0) * step, 2)
    if low is None or high is None:
        if low is None and high is None:
            return 0.0
        if low is None and high is not None:
            return high[0] if not high[1] else min(high[0] - 1, math.nextafter(high[0], -math.inf))
        assert low is not None
        return low[0] if low[1] else max(low[0] + 1, math.nextafter(low[0], math.inf))
    if low[1] or not high[1]:
        return low[0] if low[1] else high[0]
    middle = low[0] + (high[0] - low[0]) / 2
    return middle if low[0] < middle < high[0] else None


def _up(cut: Cut, step: float) -> float:
    """The first whole number of steps above a cut."""
    steps = round(cut[0] / step, 4)  # 0.3 / 0.01 is not quite 30
    return math.ceil(steps) if cut[1] else math.floor(steps) + 1


def _lowest(column: str) -> float:
    return 0.0 if FORMS.get(column, ("plain", 0.0))[0] in NEVER_BELOW_ZERO else -math.inf


def _another(texts: Iterable[str]) -> str:
    return "*" * (max((len(t) for t in texts), default=0) + 1)


def _between(column: str, low: Cut | None, high: Cut | None, lang: Lang) -> str:
    if low is not None and high is not None and low[0] == high[0]:
        return f"= {number_text(column, low[0], lang)}"
    above = f"{'≥' if low[1] else '>'} {number_text(column, low[0], lang)}" if low else ""
    upto = f"{'<' if high[1] else '≤'} {number_text(column, high[0], lang)}" if high else ""
    return say("schemes.range", lang, low=above, high=upto) if above and upto else above or upto
