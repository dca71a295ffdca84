"""Lifecycle stages by number of orders."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from segkit.locale import Lang, say
from segkit.schemes.base import PROSPECT, UNKNOWN
from segkit.schemes.cells import Cell, CellScheme
from segkit.schemes.ladder import Ladder
from segkit.schemes.wording import range_text

STAGES = (PROSPECT, "first", "repeat", "loyal")


class Lifecycle(CellScheme):
    """How far along is the relation? Prospect, first purchase, repeat, loyal (潜在 / 初次 / 复购 / 忠诚).

    Parameters
    ----------
    loyal_from : purchases (days or orders, as `frequency` counts) from which a customer is called loyal; 3 or
        more

    Nothing is learned: `fit` gives the scheme back.
    """

    kind: Literal["lifecycle"] = "lifecycle"
    loyal_from: int = Field(3, ge=3)

    def needs(self) -> tuple[str, ...]:
        return ("frequency",)

    def order(self) -> tuple[str, ...]:
        return (*STAGES[:0:-1], PROSPECT, UNKNOWN)

    def ladders(self) -> tuple[Ladder, ...]:
        return (Ladder("frequency", (1, 2, self.loyal_from), "left"),)

    def cell_label(self, cell: Cell) -> str:
        return STAGES[cell[0]]

    def rule(self, lang: Lang) -> list[str]:
        ladder = self.ladders()[0]
        steps = [
            say("schemes.step", lang, range=range_text(ladder, i, lang), label=self.label_name(stage, lang))
            for i, stage in enumerate(STAGES)
        ]
        return [say("schemes.rule.bands", lang, measure=self.measure("frequency", lang), steps=steps)]
