"""Nearest centres: one rule for the engines and for plain numbers, with ties to the first centre."""

from __future__ import annotations

from typing import NamedTuple

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from segkit.schemes.ladder import Frame, value_of

# Centres whose squared distances differ by less are equally near: engines compute logarithms to the last bit
# but one, and a customer in the middle between two centres must get the same label on all of them.
EQUAL = 1e-9
AT_ONCE = 1_000_000  # rows whose distances to all centres are held in memory

Floats = NDArray[np.float64]


class Space(NamedTuple):
    """How values become coordinates: logarithms where `logs`, less the means, divided by the deviations."""

    columns: tuple[str, ...]
    logs: bool
    means: tuple[float, ...]
    deviations: tuple[float, ...]  # 0: this column takes no part

    def stretched(self, values: Floats) -> Floats:
        """Logarithms of 1 + value, with the sign of the value."""
        return np.sign(values) * np.log1p(abs(values)) if self.logs else values

    def scaled(self, values: Floats) -> Floats:
        """Coordinates of rows of values; 0 in columns that take no part."""
        deviations = np.array(self.deviations)
        apart = self.stretched(values) - np.array(self.means)
        return np.divide(apart, deviations, out=np.zeros_like(apart), where=deviations > 0)

    def value(self, axis: int, coordinate: Floats) -> Floats:
        """The value of a column that has this coordinate."""
        stretched = coordinate * self.deviations[axis] + self.means[axis]
        return np.sign(stretched) * np.expm1(abs(stretched)) if self.logs else stretched

    def coordinate(self, axis: int) -> nw.Expr:
        """`scaled` of one column on an engine."""
        value = value_of(self.columns[axis])
        if self.logs:
            logarithm = (value.abs() + 1.0).log()
            value = nw.when(value < 0).then(-logarithm).otherwise(logarithm)
        return (value - self.means[axis]) / self.deviations[axis]


def nearness(coordinates: Floats, centres: Floats) -> Floats:
    """How near every row is to every centre: the squared distance to the origin less that to the centre.

    Sums run over the columns one by one, so a row alone gives the same bits as in a crowd.
    """
    near = np.tile(-(centres**2).sum(axis=1), (len(coordinates), 1))
    for axis in range(centres.shape[1]):
        near += 2 * centres[:, axis] * coordinates[:, [axis]]
    return near


def nearest(coordinates: Floats, centres: Floats) -> NDArray[np.intp]:
    """The place of the nearest centre of every row."""
    places = []
    for start in range(0, max(len(coordinates), 1), AT_ONCE):
        near = nearness(coordinates[start : start + AT_ONCE], centres)
        places.append(np.argmax(near >= near.max(axis=1, keepdims=True) - EQUAL, axis=1))
    return np.concatenate(places)


def with_nearest(frame: Frame, space: Space, centres: Floats, place: str) -> Frame:
    """`frame` with the whole-number column `place`; meaningless where an input is missing."""
    axes = [axis for axis, deviation in enumerate(space.deviations) if deviation > 0]
    at = [f"__at_{axis}" for axis in axes]
    near = [f"__near_{i}" for i in range(len(centres))]
    staged = frame.with_columns(*(space.coordinate(axis).alias(c) for axis, c in zip(axes, at, strict=True)))
    sums = []
    for name, centre in zip(near, centres, strict=True):
        total = nw.lit(-float((centre**2).sum()))
        for axis, column in zip(axes, at, strict=True):
            total = total + nw.col(column) * (2 * float(centre[axis]))
        sums.append(total.alias(name))
    staged = staged.with_columns(*sums)
    staged = staged.with_columns((nw.max_horizontal(*near) - EQUAL).alias("__nearest"))
    first = nw.lit(len(near) - 1)
    for i in reversed(range(len(near) - 1)):
        first = nw.when(nw.col(near[i]) >= nw.col("__nearest")).then(nw.lit(i)).otherwise(first)
    return staged.with_columns(first.alias(place)).drop([*at, *near, "__nearest"])
