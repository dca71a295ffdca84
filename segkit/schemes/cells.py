"""Schemes on ladders of cut points: the levels a customer reaches together are a cell, every cell has a label."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import product

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segkit.locale import Lang, say
from segkit.schemes.base import UNKNOWN, Scheme
from segkit.schemes.ladder import Frame, Ladder, worth_of
from segkit.schemes.what_if import Move, change_text
from segkit.schemes.wording import braced, value_text

NO_LEVELS, NOT_BOUGHT = -1, -2  # codes beside the cells: an input is missing; a prospect in an RFM map
LOWEST = {"recency_days": 0, "tenure_days": 0, "frequency": 0, "orders": 0}  # no customer is below
Cell = tuple[int, ...]


class CellScheme(Scheme):
    """A scheme that stands on one to three ladders of cut points."""

    @abstractmethod
    def ladders(self) -> tuple[Ladder, ...]:
        """The cut points the label rests on; needs a fitted scheme."""

    @abstractmethod
    def cell_label(self, cell: Cell) -> str:
        """The label of one combination of levels."""

    def scores(self) -> dict[str, tuple[Ladder, tuple[int, ...]]]:
        """Whole-number columns added beside the label, null where the label is unknown or prospect.

        Each with its ladder and what every level is worth.
        """
        return {}

    def adds(self) -> tuple[str, ...]:
        return tuple(self.scores())

    def numbers(self) -> tuple[str, ...]:
        return self.needs()

    # --- labels --------------------------------------------------------------------------------

    def labelled(self, frame: Frame) -> Frame:
        # every ladder is climbed once, then labels and scores are made of the levels
        scores, ladders = self.scores(), self.ladders()
        climbed = dict.fromkeys([*ladders, *(ladder for ladder, _ in scores.values())])
        level = {ladder: f"__level_{i}" for i, ladder in enumerate(climbed)}
        staged = frame.with_columns(
            self._known().alias("__known"), *(ladder.level().alias(c) for ladder, c in level.items())
        )
        names = self._labels_by_code()
        label = self._code([nw.col(level[ladder]) for ladder in ladders]).replace_strict(
            list(names), list(names.values()), default=UNKNOWN, return_dtype=nw.String
        )
        scored = [
            nw.when(nw.col("__known")).then(worth_of(nw.col(level[ladder]), worth)).alias(column)
            for column, (ladder, worth) in scores.items()
        ]
        return staged.with_columns(label.alias(self.name), *scored).drop(["__known", *level.values()])

    def _known(self) -> nw.Expr:
        known = nw.lit(True)
        for ladder in self.ladders():
            known = known & ladder.known()
        return known

    def _code(self, levels: list[nw.Expr]) -> nw.Expr:
        """The cell as one whole number: the levels are the digits, each to its own base."""
        code, base = nw.lit(0), 1
        for ladder, level in zip(self.ladders(), levels, strict=True):
            code = code + level * base
            base *= len(ladder.cuts) + 1
        return nw.when(nw.col("__known")).then(code).otherwise(nw.lit(NO_LEVELS))

    def _codes(self, numbers: dict[str, NDArray[np.float64]]) -> NDArray[np.intp]:
        """`_code` of the same numbers outside the engine, for explanations."""
        size = len(next(iter(numbers.values())))
        codes, base, known = np.zeros(size, dtype=np.intp), 1, np.ones(size, dtype=bool)
        for ladder in self.ladders():
            codes = codes + ladder.levels(numbers[ladder.column]) * base
            known &= np.isfinite(numbers[ladder.column])
            base *= len(ladder.cuts) + 1
        return np.where(known, codes, NO_LEVELS)

    def _cells(self) -> list[Cell]:
        sizes = [range(len(ladder.cuts) + 1) for ladder in reversed(self.ladders())]
        return [cell[::-1] for cell in product(*sizes)]  # in the order of the codes

    def _labels_by_code(self) -> dict[int, str]:
        return {code: self.cell_label(cell) for code, cell in enumerate(self._cells())}

    # --- explanations --------------------------------------------------------------------------

    def sentences(self, customers: pd.DataFrame, lang: Lang) -> Sequence[str]:
        numbers = {c: floats(customers[c]) for c in self.needs()}
        sentences = np.full(len(customers), "", dtype=object)
        codes = self._codes(numbers)
        cells = self._cells()
        for code in np.unique(codes):
            rows = np.flatnonzero(codes == code)
            there = {c: v[rows] for c, v in numbers.items()}
            if code < 0:
                sentences[rows] = self._explain_without_cell(int(code), there, lang)
            else:
                sentences[rows] = self._explain_cell(cells[int(code)], there, lang)
        return list(sentences)

    def _moves(self, cell: Cell) -> list[Move]:
        """For each ladder, up and down, the first level with another label; of two as near, up is first."""
        here, ladders = self.cell_label(cell), self.ladders()
        moves = []
        for axis, ladder in enumerate(ladders):
            level = cell[axis]
            for levels in (range(level + 1, len(ladder.cuts) + 1), range(level - 1, -1, -1)):
                for there in levels:
                    target = ladder.target(level, there)
                    reached = (*cell[:axis], ladder.reached(target), *cell[axis + 1 :])
                    label = self.cell_label(reached)
                    if label != here and self.possible(ladder.column, target.value):
                        moves.append(Move(ladder.column, target.side, target.value, label))
                        break
        return moves

    def possible(self, column: str, value: float) -> bool:
        """Whether an explanation may speak of this value."""
        return value >= LOWEST.get(column, value)

    def _explain_cell(self, cell: Cell, numbers: dict[str, NDArray[np.float64]], lang: Lang) -> list[str]:
        ladders, moves = self.ladders(), self._moves(cell)
        facts = [
            say(
                "schemes.fact",
                lang,
                measure=braced(self.measure(ladder.column, lang)),
                value=f"{{{axis}}}",
                score=self.score_of(axis, cell, lang),
            )
            for axis, ladder in enumerate(ladders)
        ]
        label = braced(self.label_name(self.cell_label(cell), lang))
        changes = [braced(change_text(self, move, lang)) for move in moves] or [
            say("schemes.no_change", lang)
        ]
        templates = [say("schemes.explain", lang, label=label, facts=facts, change=c) for c in changes]
        shown = [[value_text(ladder.form, x, lang) for x in numbers[ladder.column]] for ladder in ladders]
        if not moves:
            return [templates[0].format(*values) for values in zip(*shown, strict=True)]
        span = {ladder.column: ladder.span for ladder in ladders}
        distances = [abs(numbers[move.column] - float(move.target)) / span[move.column] for move in moves]
        nearest = np.argmin(np.vstack(distances), axis=0)
        return [
            templates[i].format(*values) for i, values in zip(nearest, zip(*shown, strict=True), strict=True)
        ]

    def score_of(self, axis: int, cell: Cell, lang: Lang) -> str:
        """What stands in brackets behind a fact; empty where levels have no number of their own."""
        return ""

    def _explain_without_cell(
        self, code: int, numbers: dict[str, NDArray[np.float64]], lang: Lang
    ) -> list[str]:
        known = np.column_stack([np.isfinite(numbers[c]) for c in self.needs()])
        sentences = {
            tuple(row): self.explain_missing(
                [c for c, there in zip(self.needs(), row, strict=True) if not there], lang
            )
            for row in np.unique(known, axis=0)
        }
        return [sentences[tuple(row)] for row in known]


def floats(column: pd.Series) -> NDArray[np.float64]:
    """The numbers of a pandas column of any kind, NaN where there is none."""
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
