"""The axes of a matrix: columns, where they are cut, and how the cuts are learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import narwhals as nw
from pydantic import BaseModel, ConfigDict, FiniteFloat, model_validator

from segkit.schemes.base import UNKNOWN
from segkit.schemes.ladder import Frame, Ladder, one_row, refusal, rounded_down


class Axis(BaseModel):
    """One column of a matrix and where it is cut; a value at a cut stands above it.

    Attributes
    ----------
    column : a number per customer
    split : at the ``mean`` or ``median`` of the customers, at ``quantile`` shares, or at ``fixed`` values
    cuts : for ``quantile`` shares in (0, 1), for ``fixed`` values of the column, ascending
    levels : names from low to high, one more than cuts
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    column: str
    split: Literal["mean", "median", "quantile", "fixed"] = "median"
    cuts: tuple[FiniteFloat, ...] = ()
    levels: tuple[str, ...] = ("low", "high")

    @model_validator(mode="before")
    @classmethod
    def _cuts_alone_are_fixed(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("cuts") and "split" not in given:
            return {**given, "split": "fixed"}
        return given

    @model_validator(mode="after")
    def _sound(self) -> Self:
        learns_middle = self.split in ("mean", "median")
        if learns_middle == bool(self.cuts):
            which = "schemes.axis_without_cuts" if learns_middle else "schemes.axis_with_cuts"
            raise refusal(which, "axes", column=self.column, split=self.split)
        if list(self.cuts) != sorted(set(self.cuts)):
            raise refusal("schemes.ascending", "axes", values=list(self.cuts))
        if self.split == "quantile" and not all(0 < cut < 1 for cut in self.cuts):
            raise refusal("schemes.axis_shares", "axes", column=self.column, values=list(self.cuts))
        wanted = (len(self.cuts) or 1) + 1
        if len(self.levels) != wanted:
            facts = {"labels": len(self.levels), "cuts": wanted - 1, "wanted": wanted}
            raise refusal("schemes.label_count", "axes", **facts)
        if len(set(self.levels)) != len(self.levels):
            raise refusal("schemes.labels_distinct", "axes", unknown=UNKNOWN)
        return self

    @property
    def probabilities(self) -> tuple[float, ...]:
        """The quantiles to learn."""
        return {"median": (0.5,), "quantile": self.cuts}.get(self.split, ())


class Taught(BaseModel):
    """What one axis taught: its cut points, and how many customers stand on each level of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    cuts: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def customers(self) -> int:
        return sum(self.counts)


def middles(frame: Frame, axes: Sequence[Axis]) -> list[tuple[float, ...]]:
    """The cut points of each axis, over its known values; none where there are none."""
    asked: dict[str, nw.Expr] = {}
    for i, axis in enumerate(axes):
        ladder = Ladder(axis.column, ())
        value = nw.when(ladder.known()).then(ladder.value())
        asked[f"n_{i}"] = ladder.known().cast(nw.Int64).sum()
        asked[f"low_{i}"] = value.min()
        if axis.split == "mean":
            asked[f"cut_{i}_0"] = value.mean()
        asked |= {f"cut_{i}_{j}": value.quantile(p, "linear") for j, p in enumerate(axis.probabilities)}
    told = one_row(frame.select(*(expr.alias(name) for name, expr in asked.items())))
    found: list[tuple[float, ...]] = []
    for i, axis in enumerate(axes):
        if not told[f"n_{i}"]:
            found.append(())
            continue
        cuts = sorted({rounded_down(told[f"cut_{i}_{j}"]) for j in range(len(axis.levels) - 1)})
        if len(axis.levels) > 2:  # below a cut at the lowest value stands nobody
            cuts = [cut for cut in cuts if cut > told[f"low_{i}"]]
        found.append(tuple(cuts))
    return found


def level_counts(frame: Frame, ladders: Sequence[Ladder]) -> list[tuple[int, ...]]:
    """How many known values stand on each level."""
    told = one_row(
        frame.select(
            *(
                (ladder.known() & (ladder.level() == level)).cast(nw.Int64).sum().alias(f"{i}_{level}")
                for i, ladder in enumerate(ladders)
                for level in range(len(ladder.cuts) + 1)
            )
        )
    )
    return [
        tuple(int(told[f"{i}_{level}"] or 0) for level in range(len(ladder.cuts) + 1))
        for i, ladder in enumerate(ladders)
    ]
