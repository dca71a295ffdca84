"""k-means for `Clusters`: the same customers give the same groups, in whatever order and however often they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from segkit.schemes.centres import Space, nearest
from segkit.schemes.ladder import DIGITS, FORMS, Frame, value_of

FITTED = 1_000_000  # distinct rows that centres are computed from
SEARCHED = 5_000  # of these, the rows among which starting points are tried
STARTS = 100  # so many that another seed seldom finds anything else
JUDGED = 5_000  # customers the silhouette is taken over; its cost grows with the square

Floats = NDArray[np.float64]


class Points(NamedTuple):
    """Distinct rows, sorted, and the number of customers at each."""

    rows: Floats
    customers: NDArray[np.int64]


class Division(NamedTuple):
    """Customers in groups: centres on the scale of the columns, sizes, and how clearly they stand apart."""

    centres: Floats
    sizes: NDArray[np.int64]
    silhouette: float


def points_of(frame: Frame, columns: Sequence[str]) -> Points:
    """The distinct rows of known numbers, counted where they are and then brought to memory."""
    # + 0.0 turns a minus zero into a zero
    counted = (
        frame.select(*((value_of(c) + 0.0).alias(c) for c in columns))
        .group_by(*columns)
        .agg(nw.len().alias("__n"))
    )
    table = (counted.collect() if isinstance(counted, nw.LazyFrame) else counted).to_pandas()
    rows = table[list(columns)].to_numpy(dtype="float64")
    order = np.lexsort(rows.T[::-1])
    return Points(rows[order], table["__n"].to_numpy(dtype="int64")[order])


def every_nth(points: Points, size: int) -> Points:
    """`size` customers at even distances in the sorted rows; all of them where there are no more rows."""
    if len(points.rows) <= size:
        return points
    chosen, times = np.unique(_places(points.customers, size), return_counts=True)
    return Points(points.rows[chosen], times)


def _places(customers: NDArray[np.int64], size: int) -> NDArray[np.intp]:
    upto = np.cumsum(customers)
    at = (np.arange(size) * upto[-1]) // size
    return np.searchsorted(upto, at, side="right")


def space_of(points: Points, columns: Sequence[str], *, logs: bool) -> Space:
    """The scale of the columns: means and standard deviations over all customers, rounded; 0 where all are alike."""
    bare = Space(tuple(columns), logs, (), ())
    values = bare.stretched(points.rows)
    # shares, not counts: with every customer there twice the sums are the same to the last bit
    share = (points.customers / points.customers.sum())[:, None]
    mean = (values * share).sum(axis=0)
    deviation = np.sqrt((((values - mean) ** 2) * share).sum(axis=0))
    rounded = (tuple(np.round(x, DIGITS).tolist()) for x in (mean, deviation))
    return bare._replace(means=next(rounded), deviations=next(rounded))


def divide(points: Points, space: Space, k: int, seed: int) -> Division | None:
    """The best of `STARTS` k-means divisions into `k` groups; None where there are not that many."""
    scaled = space.scaled(points.rows)
    kept = every_nth(Points(scaled, points.customers), FITTED)
    few = every_nth(kept, SEARCHED)
    if len(np.unique(few.rows, axis=0)) < k:
        return None
    share = few.customers / few.customers.sum()
    with threadpool_limits(1):  # threads add up in any order, and cost more than they bring
        found = KMeans(k, n_init=min(STARTS, len(few.rows)), tol=0, random_state=seed).fit(
            few.rows, sample_weight=share
        )
        if few is not kept:
            share = kept.customers / kept.customers.sum()
            found = KMeans(k, init=found.cluster_centers_, n_init=1, tol=0).fit(
                kept.rows, sample_weight=share
            )
    centres = np.round(_means(kept.rows, share, found.labels_, k), DIGITS) + 0.0
    groups = nearest(scaled, centres)
    sizes = np.bincount(groups, weights=points.customers, minlength=k).astype("int64")
    if not sizes.all():
        return None
    places = _places(points.customers, min(JUDGED, int(points.customers.sum())))
    return Division(centres, sizes, _silhouette(scaled[places], groups[places]))


def _means(rows: Floats, share: Floats, groups: NDArray[np.intp], k: int) -> Floats:
    weight = np.bincount(groups, weights=share, minlength=k)
    sums = [np.bincount(groups, weights=column * share, minlength=k) for column in rows.T]
    return (np.vstack(sums) / weight).T


def _silhouette(rows: Floats, groups: NDArray[np.intp]) -> float:
    if not 2 <= len(np.unique(groups)) < len(groups):
        return 0.0  # each alone in its group: 0 by definition
    return round(float(silhouette_score(rows, groups)), 4)


def middle_of(values: Floats, customers: NDArray[np.int64]) -> float:
    """The median over customers."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(customers[order])
    total = int(upto[-1])
    low, high = np.searchsorted(upto, [(total - 1) // 2, total // 2], side="right")
    return round(float(values[order][low] + values[order][high]) / 2, DIGITS)


def step_of(column: str, values: Floats) -> float:
    """The smallest step between values of a column: 1 for whole numbers, .01 for cents, at the least 1e-6."""
    known = FORMS.get(column, ("plain", 0.0))[1]
    if known:
        return known
    for digits in range(DIGITS):
        if np.array_equal(np.round(values, digits), values):
            return float(10.0**-digits)
    return float(10.0**-DIGITS)
