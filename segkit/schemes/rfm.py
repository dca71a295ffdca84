"""RFM: recency, frequency and money as scores, and a segment for every combination."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

import narwhals as nw
import numpy as np
from narwhals.typing import IntoFrame
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from segkit.locale import Lang, say, term
from segkit.schemes.base import PROSPECT, UNKNOWN
from segkit.schemes.cells import NO_LEVELS, NOT_BOUGHT, Cell, CellScheme
from segkit.schemes.ladder import (
    Closed,
    Frame,
    Ladder,
    learn_cuts,
    one_row,
    refusal,
    rounded_down,
    spread,
    value_of,
)
from segkit.schemes.segment_maps import Segment, SegmentMap, lint, map_names, named_map, own_map
from segkit.schemes.wording import range_text, value_text

COLUMNS = ("recency_days", "frequency", "monetary")
LETTERS = ("R", "F", "M")
SIDES_OF_EIGHT: tuple[Closed, ...] = ("right", "left", "left")  # R is recent at or below the middle
SCORES = ("r_score", "f_score", "m_score")


class Taught(BaseModel):
    """What one column of the buyers taught.

    Attributes
    ----------
    cuts : cut points of the score
    middle, above : for `eight`, the mean or median, and the share of buyers on its high side
    common, common_share : where cut points fell together, the commonest value and its share
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    cuts: tuple[float, ...]
    middle: float | None = None
    above: float | None = None
    common: float | None = None
    common_share: float | None = None


class Learned(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    buyers: int
    recency_days: Taught
    frequency: Taught
    monetary: Taught

    @property
    def columns(self) -> tuple[Taught, Taught, Taught]:
        return self.recency_days, self.frequency, self.monetary


class RFM(CellScheme):
    """Who bought lately, often and for much? Scores 1 to `bins` and a named segment (RFM 分群).

    Needs `recency_days, frequency, monetary` of a `customer_table`. Cut points are the quantiles of the
    buyers (frequency above 0); equal values always share a score. Frequency 0 is ``prospect``, a missing
    input ``unknown``: both without scores. Adds `r_score, f_score, m_score` (nullable whole numbers) beside
    the segment.

    Parameters
    ----------
    bins : levels of each score, 2 to 9; the maps ``eleven`` and ``grid25`` want 5
    segments : ``"eleven"`` (125 codes), ``"grid25"`` (R x F), ``"eight"`` (above or below the middle of the
        buyers), or an own map as in schemes.yml, which must hold every code; see `lint`
    split : the middle for ``eight``: ``"mean"`` or ``"median"``. F and M are high at or above it, R is recent
        at or below it.

    Raises
    ------
    NotFitted : `label` before `fit`
    ValidationError : an own map leaves codes uncovered (`scheme_from` says it as InputProblems)

    References
    ----------
    Hughes; Colombo & Jiang (1999). The Chinese eight cells: 重要/一般 is M, 价值/发展/保持/挽留 is (R, F).
    """

    kind: Literal["rfm"] = "rfm"
    bins: int = Field(5, ge=2, le=9)
    segments: Annotated[
        Annotated[str, Tag("name")] | Annotated[tuple[Segment, ...], Tag("own")],
        Discriminator(lambda given: "name" if isinstance(given, str) else "own"),
    ] = "eleven"
    split: Literal["mean", "median"] = "mean"
    learned: Learned | None = None

    @field_validator("segments")
    @classmethod
    def _known_map(cls, segments: str | tuple[Segment, ...]) -> str | tuple[Segment, ...]:
        if isinstance(segments, str) and segments not in map_names():
            near = get_close_matches(segments, map_names(), 1)
            raise refusal("schemes.no_such_map", "rfm", value=segments, allowed=near or list(map_names()))
        return segments

    @model_validator(mode="after")
    def _map_fits(self) -> Self:
        if self.segments in ("eleven", "grid25") and self.bins != 5:
            raise refusal("schemes.map_wants_five", "rfm", map=self.segments)
        if not isinstance(self.segments, str):
            found = lint(self.segments, bins=self.bins)
            if found.uncovered or found.outside:
                facts = {"why_zh": "；".join(found.text("zh")), "why_en": "; ".join(found.text("en"))}
                raise refusal("schemes.map_has_holes", "rfm", **facts)
        return self

    @property
    def fitted(self) -> bool:
        return self.learned is not None

    def needs(self) -> tuple[str, ...]:
        return COLUMNS

    def order(self) -> tuple[str, ...]:
        own = [i for i in self.segment_map.ids if i not in (PROSPECT, UNKNOWN)]
        return (*own, PROSPECT, UNKNOWN)

    @property
    def segment_map(self) -> SegmentMap:
        if isinstance(self.segments, str):
            return named_map(self.segments)
        return own_map(self.segments, self.bins)

    def fit(self, customers: IntoFrame) -> Self:
        frame: Frame = nw.from_native(customers)
        self._require(frame)
        known = nw.col("frequency") > 0
        for column in COLUMNS:
            known = known & Ladder(column, ()).known()
        buyers = frame.filter(known).select(*(value_of(c).alias(c) for c in COLUMNS))
        found = learn_cuts(buyers, COLUMNS, [i / self.bins for i in range(1, self.bins)])
        eight = self.segments == "eight"
        middle, above = _middles(buyers, self.split) if eight else ({}, {})
        taught = {
            c: Taught(
                cuts=found[c].cuts,
                middle=middle.get(c),
                above=above.get(c),
                common=found[c].common,
                common_share=found[c].common_share,
            )
            for c in COLUMNS
        }
        return self.model_copy(update={"learned": Learned(buyers=found["frequency"].rows, **taught)})

    # --- scores ---------------------------------------------------------------------------------

    def score_ladders(self) -> tuple[Ladder, ...]:
        assert self.learned is not None
        return tuple(Ladder(c, taught.cuts) for c, taught in zip(COLUMNS, self.learned.columns, strict=True))

    def scores_of_levels(self, axis: int) -> tuple[int, ...]:
        """The score of each level of R, F or M; recency counts backwards."""
        scores = spread(len(self.score_ladders()[axis].cuts) + 1, self.bins)
        return scores[::-1] if axis == 0 else scores

    def scores(self) -> dict[str, tuple[Ladder, tuple[int, ...]]]:
        ladders = enumerate(self.score_ladders())
        return {SCORES[axis]: (ladder, self.scores_of_levels(axis)) for axis, ladder in ladders}

    # --- the segment ----------------------------------------------------------------------------

    def ladders(self) -> tuple[Ladder, ...]:
        assert self.learned is not None
        if self.segments != "eight":
            return self.score_ladders()
        return tuple(
            Ladder(c, () if taught.middle is None else (taught.middle,), side)
            for c, taught, side in zip(COLUMNS, self.learned.columns, SIDES_OF_EIGHT, strict=True)
        )

    def cell_label(self, cell: Cell) -> str:
        found = self.segment_map.find(self._scores(cell))
        assert found is not None  # a map with holes is refused
        return found

    def _scores(self, cell: Cell) -> Cell:
        """What the map is asked with: scores, or for `eight` high (1) and low (0) with R = 1 recent."""
        if self.segments == "eight":
            return 1 - cell[0], cell[1], cell[2]
        return tuple(self.scores_of_levels(axis)[level] for axis, level in enumerate(cell))

    def _code(self, levels: list[nw.Expr]) -> nw.Expr:
        return nw.when(nw.col("frequency") <= 0).then(nw.lit(NOT_BOUGHT)).otherwise(super()._code(levels))

    def _codes(self, numbers: dict[str, NDArray[np.float64]]) -> NDArray[np.intp]:
        assert self.learned is not None
        codes = super()._codes(numbers) if self.learned.buyers else NO_LEVELS
        return np.where(numbers["frequency"] <= 0, NOT_BOUGHT, codes)

    def _known(self) -> nw.Expr:
        assert self.learned is not None
        if not self.learned.buyers:  # nothing learned, nothing to say
            return nw.lit(False)
        return super()._known() & (nw.col("frequency") > 0)

    def _labels_by_code(self) -> dict[int, str]:
        return {NOT_BOUGHT: PROSPECT, **super()._labels_by_code()}

    # --- words ----------------------------------------------------------------------------------

    def possible(self, column: str, value: float) -> bool:
        return super().possible(column, value) and (column != "frequency" or value >= 1)

    def score_of(self, axis: int, cell: Cell, lang: Lang) -> str:
        if self.segments == "eight":
            level = term("level.high" if self._scores(cell)[axis] else "level.low", lang)
            return say("schemes.score", lang, letter=LETTERS[axis], score=level)
        return say("schemes.score", lang, letter=LETTERS[axis], score=self._scores(cell)[axis])

    def _explain_without_cell(self, code: int, numbers: dict[str, Any], lang: Lang) -> list[str]:
        assert self.learned is not None
        if code == NO_LEVELS and not self.learned.buyers:
            label = self.label_name(UNKNOWN, lang)
            return [say("schemes.explain_no_buyers", lang, label=label)] * len(numbers["frequency"])
        if code == NO_LEVELS:
            return super()._explain_without_cell(code, numbers, lang)
        sentence = say("schemes.explain_prospect", lang, label=self.label_name(PROSPECT, lang))
        return [sentence] * len(numbers["frequency"])

    def rule(self, lang: Lang) -> list[str]:
        assert self.learned is not None
        prospect = say("schemes.rule.prospect", lang, label=self.label_name(PROSPECT, lang))
        if not self.learned.buyers:  # `notes` says why there is nothing else to say
            return [prospect]
        lines = [say("schemes.rule.rfm", lang, buyers=self.learned.buyers, bins=self.bins)]
        for axis, ladder in enumerate(self.score_ladders()):
            scores = self.scores_of_levels(axis)
            steps = [
                say("schemes.score_step", lang, range=range_text(ladder, level, lang), score=scores[level])
                for level in sorted(range(len(scores)), key=lambda i: -scores[i])
            ]
            name = self.measure(ladder.column, lang)
            lines.append(say("schemes.rule.score", lang, letter=LETTERS[axis], measure=name, steps=steps))
        if self.segments == "eight":
            lines.append(self._rule_of_eight(lang))
        else:
            which = self.segments if isinstance(self.segments, str) else "own"
            lines.append(say(f"schemes.rule.{which}", lang, n=len(self.segment_map.ids)))
        return [*lines, prospect]

    def _rule_of_eight(self, lang: Lang) -> str:
        """With the values that decide: a mean of 1.004 purchases is passed by the second purchase."""
        sides = {letter.lower(): self._high_side(axis, lang) for axis, letter in enumerate(LETTERS)}
        return say("schemes.rule.eight", lang, split=term(f"split.{self.split}", lang), **sides)

    def _high_side(self, axis: int, lang: Lang) -> str:
        """The worst value that still counts as high (for R: as recent), with its unit."""
        ladder = self.ladders()[axis]
        target = ladder.target(1, 0) if axis == 0 else ladder.target(0, 1)
        return value_text(ladder.form, target.value, lang)

    def notes(self, lang: Lang = "zh") -> list[str]:
        if self.learned is None:
            return []
        if not self.learned.buyers:
            return [say("schemes.note.no_buyers", lang)]
        notes = [
            self._note_of_levels(axis, lang) for axis, t in enumerate(self.learned.columns) if t.common_share
        ]
        notes += [
            self._note_of_middle(axis, lang)
            for axis, t in enumerate(self.learned.columns)
            if t.above in (0, 1)
        ]
        if not isinstance(self.segments, str):
            found = lint(self.segments, bins=self.bins)
            notes += [] if found.ok else found.text(lang)
        return notes

    def _note_of_levels(self, axis: int, lang: Lang) -> str:
        assert self.learned is not None
        taught, ladder = self.learned.columns[axis], self.score_ladders()[axis]
        scores = sorted(self.scores_of_levels(axis))
        return say(
            "schemes.note.fewer_levels",
            lang,
            letter=LETTERS[axis],
            levels=len(scores),
            bins=self.bins,
            scores=scores,
            share=taught.common_share,
            measure=self.measure(ladder.column, lang),
            value=value_text(ladder.form, taught.common or 0.0, lang),
        )

    def _note_of_middle(self, axis: int, lang: Lang) -> str:
        """Said where all buyers stand on one side of the middle; for R the low side is the good one."""
        assert self.learned is not None
        high = (self.learned.columns[axis].above == 1) != (axis == 0)
        return say(
            "schemes.note.middle_splits_nobody",
            lang,
            letter=LETTERS[axis],
            split=term(f"split.{self.split}", lang),
            level=term("level.high" if high else "level.low", lang),
            value=self._high_side(axis, lang),
        )


def _middles(buyers: Frame, split: str) -> tuple[dict[str, float], dict[str, float]]:
    """The middle of each column, rounded to its low side (for R the late one), so that who stands at it is high,
    and the share of buyers at or above it; empty without buyers."""
    told = one_row(buyers.select(*(getattr(nw.col(c), split)() for c in COLUMNS), nw.len().alias("n")))
    if not told["n"]:
        return {}, {}
    sides = list(zip(COLUMNS, SIDES_OF_EIGHT, strict=True))
    middles = {
        c: rounded_down(float(told[c])) if side == "left" else -rounded_down(-float(told[c]))
        for c, side in sides
    }
    counts = (Ladder(c, (middles[c],), side).level().sum().alias(c) for c, side in sides)
    above = one_row(buyers.select(*counts))
    return middles, {c: round(int(above[c]) / int(told["n"]), 4) for c in COLUMNS}
