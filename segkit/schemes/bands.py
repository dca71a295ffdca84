"""Bands of one column, by fixed or by quantile cut points."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import narwhals as nw
import numpy as np
from narwhals.typing import IntoFrame
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat, model_validator

from segkit.locale import Lang, say
from segkit.schemes.base import UNKNOWN
from segkit.schemes.cells import NO_LEVELS, Cell, CellScheme
from segkit.schemes.ladder import Closed, Frame, Ladder, learn_cuts, refusal, spread
from segkit.schemes.wording import plain_number, range_text

Share = Annotated[float, Field(gt=0, lt=1)]


class Bands(CellScheme):
    """Which band of a value does a customer stand in? (分档: 购买力高/中/低端, 资产, 收入, 年龄)

    Parameters
    ----------
    column : a number per customer
    cuts : fixed cut points, ascending, in the unit of the column; or
    quantiles : shares in (0, 1), ascending; `fit` learns the cut points from all values that are there; where
        there are none, all are ``unknown``
    labels : one more than cut points, from the lowest band to the highest
    closed : ``"right"``: a value equal to a cut belongs to the band below it; ``"left"``: to the band above
    best : which end `order` starts with
    learned, common, common_share : filled by `fit`: cut points, and the commonest value where they fell together

    Where quantiles fall together there are fewer bands: the lowest and highest label stay, the others spread
    evenly, and `notes` says so.
    """

    kind: Literal["bands"] = "bands"
    column: str
    cuts: tuple[FiniteFloat, ...] | None = None
    quantiles: tuple[Share, ...] | None = None
    labels: tuple[str, ...]
    closed: Closed = "right"
    best: Literal["high", "low"] = "high"
    learned: tuple[float, ...] | None = None
    common: float | None = None
    common_share: float | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        given = self.cuts if self.cuts is not None else self.quantiles
        if given is None or (self.cuts is not None and self.quantiles is not None):
            raise refusal("schemes.cuts_or_quantiles", self.kind)
        if list(given) != sorted(set(given)):
            raise refusal("schemes.ascending", self.kind, values=list(given))
        if len(self.labels) != len(given) + 1:
            facts = {"labels": len(self.labels), "cuts": len(given), "wanted": len(given) + 1}
            raise refusal("schemes.label_count", self.kind, **facts)
        if len(set(self.labels)) != len(self.labels) or UNKNOWN in self.labels:
            raise refusal("schemes.labels_distinct", self.kind, unknown=UNKNOWN)
        return self

    @property
    def fitted(self) -> bool:
        return self.cuts is not None or self.learned is not None

    def needs(self) -> tuple[str, ...]:
        return (self.column,)

    def order(self) -> tuple[str, ...]:
        return (*(self.labels[::-1] if self.best == "high" else self.labels), UNKNOWN)

    def fit(self, customers: IntoFrame) -> Self:
        frame: Frame = nw.from_native(customers)
        self._require(frame)
        if self.quantiles is None:
            return self
        known = frame.filter(Ladder(self.column, ()).known())
        found = learn_cuts(known, [self.column], self.quantiles, self.closed)[self.column]
        return self.model_copy(
            update={"learned": found.cuts, "common": found.common, "common_share": found.common_share}
        )

    @property
    def _untaught(self) -> bool:
        """`fit` saw no value."""
        return self.quantiles is not None and self.learned == () and self.common is None

    def ladders(self) -> tuple[Ladder, ...]:
        cuts = self.cuts if self.cuts is not None else self.learned
        return (Ladder(self.column, cuts or (), self.closed),)

    def cell_label(self, cell: Cell) -> str:
        return self._used()[cell[0]]

    def _known(self) -> nw.Expr:
        return nw.lit(False) if self._untaught else super()._known()  # nothing learned, nothing to say

    def _codes(self, numbers: dict[str, NDArray[np.float64]]) -> NDArray[np.intp]:
        codes = super()._codes(numbers)
        return np.full_like(codes, NO_LEVELS) if self._untaught else codes

    def _explain_without_cell(
        self, code: int, numbers: dict[str, NDArray[np.float64]], lang: Lang
    ) -> list[str]:
        if not self._untaught:
            return super()._explain_without_cell(code, numbers, lang)
        facts = {"label": self.label_name(UNKNOWN, lang), "columns": [self.measure(self.column, lang)]}
        return [say("schemes.matrix.explain_untaught", lang, **facts)] * len(numbers[self.column])

    def _used(self) -> tuple[str, ...]:
        levels = len(self.ladders()[0].cuts) + 1
        return tuple(self.labels[score - 1] for score in spread(levels, len(self.labels)))

    def rule(self, lang: Lang) -> list[str]:
        ladder = self.ladders()[0]
        steps = [
            say("schemes.step", lang, range=range_text(ladder, i, lang), label=self.label_name(label, lang))
            for i, label in enumerate(self._used())
        ]
        how = [say("schemes.rule.bands", lang, measure=self.measure(self.column, lang), steps=steps)]
        if self.quantiles:
            shares = [f"{plain_number(q * 100)}%" for q in self.quantiles]
            which = "schemes.rule.quantiles" if self.closed == "right" else "schemes.rule.quantiles_left"
            how.append(say(which, lang, shares=shares))
        return how

    def notes(self, lang: Lang = "zh") -> list[str]:
        if self.quantiles is None or self.learned is None or len(self.learned) == len(self.quantiles):
            return []
        if self.common is None or self.common_share is None:
            return [say("schemes.note.no_values", lang, measure=self.measure(self.column, lang))]
        return [
            say(
                "schemes.note.fewer_bands",
                lang,
                measure=self.measure(self.column, lang),
                levels=len(self.learned) + 1,
                wanted=len(self.labels),
                share=self.common_share,
                value=plain_number(self.common),
            )
        ]
