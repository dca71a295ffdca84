"""Schemes that stand on conditions: how they read their columns, and how they explain a label."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from segkit.locale import Lang, say
from segkit.schemes.base import Scheme
from segkit.schemes.conditions import Conditions, kinds_of, words_of
from segkit.schemes.ladder import FORMS, Frame
from segkit.schemes.readings import (
    Kind,
    Reader,
    as_it_stands,
    as_read,
    flag_read,
    number_read,
    text_read,
    written,
)
from segkit.schemes.regions import Regions, regions_of
from segkit.schemes.what_if import Move, change_text, nearest_moves
from segkit.schemes.wording import braced, value_name, value_text

NESTED = 40  # conditions inside each other: engines walk an expression to its depth


class ConditionalScheme(Scheme):
    """A scheme whose label rests on conditions, with three-valued logic where values are missing.

    `label` raises InputProblems where a column that is compared with numbers holds text or dates, or one that is
    compared with text only numbers.
    """

    @abstractmethod
    def conditions(self) -> list[Conditions]:
        """All conditions, in the order they are written."""

    @abstractmethod
    def outcome(self, frame: Frame, read: Reader) -> Frame:
        """`frame` with the label and the columns of `adds`; `read` gives the values of its columns."""

    @abstractmethod
    def reasons(self, cases: pd.DataFrame, lang: Lang) -> list[str]:
        """For every case why it has its label: a sentence with ``{change}`` and, for the value of column i of
        `needs`, ``{i}``."""

    def more_cuts(self) -> Mapping[str, Sequence[float]]:
        """Cut points beside those of the conditions, each belonging to what is above it."""
        return {}

    @property
    def kinds(self) -> dict[str, Kind]:
        return kinds_of(self.conditions()) | dict.fromkeys(self.more_cuts(), "number")

    @property
    def regions(self) -> Regions:
        return regions_of(self.conditions(), self.more_cuts())

    def needs(self) -> tuple[str, ...]:
        return tuple(self.kinds)

    def numbers(self) -> tuple[str, ...]:
        return tuple(column for column, kind in self.kinds.items() if kind == "number")

    def words(self) -> dict[str, tuple[str, ...]]:
        return words_of(self.conditions())

    def labelled(self, frame: Frame) -> Frame:
        # every column is read once, then the conditions compare what was read
        kinds = self.kinds
        schema = frame.collect_schema()
        read = {column: f"__read_{i}" for i, column in enumerate(kinds)}
        values: dict[str, nw.Expr] = {}
        texts: dict[str, nw.Expr] = {}
        for column, name in read.items():
            kind, dtype = kinds[column], schema[column]
            if kind == "number":
                values[column] = number_read(column)
            elif kind == "flag" and (dtype == nw.Boolean or dtype.is_numeric()):
                values[column] = flag_read(column)
            else:  # to trim text is dear, so it is done once
                texts[column] = written(column, kind).alias(name)
                values[column] = text_read(nw.col(column), nw.col(name), kind)
        staged = frame.with_columns(*texts.values()) if texts else frame
        staged = staged.with_columns(value.alias(read[column]) for column, value in values.items())
        return self.outcome(staged, lambda column, _: nw.col(read[column])).drop(list(read.values()))

    def outcome_of(self, read: pd.DataFrame) -> pd.DataFrame:
        """`outcome` of a pandas frame whose columns were read before."""
        return self.outcome(nw.from_native(read), as_it_stands).to_native()

    # --- explanations --------------------------------------------------------------------------

    def sentences(self, customers: pd.DataFrame, lang: Lang) -> Sequence[str]:
        if not len(customers):
            return []
        read, regions = as_read(customers, self.kinds), self.regions
        alike = regions.numbers_of(read)
        _, first, group = np.unique(alike, return_index=True, return_inverse=True)
        moves = nearest_moves(
            lambda frame: self.outcome_of(frame)[self.name].tolist(), read, regions.probes(), alike
        )
        reasons = self.reasons(read.iloc[first].reset_index(drop=True), lang)
        changes = {move: braced(self._change(move, lang)) for move in set(moves)}
        templates: dict[tuple[int, Move | None], str] = {}
        for key in zip(group.tolist(), moves, strict=True):
            if key not in templates:
                templates[key] = reasons[key[0]].replace("{change}", changes[key[1]])
        values = zip(*(self._values(c, read[c], lang) for c in self.kinds), strict=True)
        return [
            templates[at, move].format(*row)
            for at, move, row in zip(group.tolist(), moves, values, strict=True)
        ]

    def _change(self, move: Move | None, lang: Lang) -> str:
        return say("schemes.no_change", lang) if move is None else change_text(self, move, lang)

    def _values(self, column: str, read: pd.Series, lang: Lang) -> list[str]:
        kind, form = self.kinds[column], FORMS.get(column, ("plain", 0.0))[0]
        codes, values = pd.factorize(read, use_na_sentinel=False)
        if kind == "number":
            texts = [value_text(form, x, lang) for x in values.tolist()]
        elif kind == "text":
            texts = [self.value_name(column, str(x), lang) for x in values]
        else:
            texts = [value_name(bool(x), lang) for x in values]
        return [texts[code] for code in codes.tolist()]

    def fact(self, column: str, cell: object, lang: Lang) -> str:
        """A customer's figure in a reason: ``订单数 {3}``; what is missing is said."""
        name = braced(self.measure(column, lang))
        if pd.isna(cell):
            return say("schemes.when.missing", lang, measure=name)
        if self.kinds[column] == "presence":
            return say("schemes.when.known", lang, measure=name)
        return say("schemes.fact", lang, measure=name, value=f"{{{self.needs().index(column)}}}", score="")


def first_match(conditions: Sequence[Conditions], read: Reader) -> nw.Expr:
    """Which condition is the first that surely holds; their number where none does."""
    none, numbered = len(conditions), list(enumerate(conditions))
    firsts = []
    for start in range(0, max(none, 1), NESTED):
        first = nw.lit(none)
        for i, when in reversed(numbered[start : start + NESTED]):
            first = nw.when(when.sure(read)).then(nw.lit(i)).otherwise(first)
        firsts.append(first)
    return nw.min_horizontal(*firsts) if len(firsts) > 1 else firsts[0]


def open_question(
    first: nw.Expr, conditions: Sequence[Conditions], outcomes: Sequence[object], read: Reader
) -> nw.Expr:
    """True where a missing value could change the outcome: a condition before the `first` sure one may hold
    too, and leads elsewhere. `outcomes` has one entry per condition and one for when none holds."""
    parts = []
    for i, when in enumerate(conditions):
        later = range(i + 1, len(outcomes))
        alike = [j for j in later if outcomes[j] == outcomes[i]]
        if len(alike) < len(later):
            elsewhere = (first > i) & ~first.is_in(alike) if alike else first > i
            parts.append(when.maybe(read) & elsewhere)
    return _any(parts) if parts else first < 0


def _any(parts: Sequence[nw.Expr]) -> nw.Expr:
    """By halves, since engines walk an expression to its depth."""
    half = len(parts) // 2
    return _any(parts[:half]) | _any(parts[half:]) if half else parts[0]
