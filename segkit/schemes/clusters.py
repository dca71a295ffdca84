"""Groups that the data itself suggests: k-means with stable labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from segkit.locale import Lang
from segkit.problems import Problem
from segkit.schemes import cluster_words
from segkit.schemes.base import PROSPECT, UNKNOWN, CannotLearn, Scheme
from segkit.schemes.centres import Space, nearest, with_nearest
from segkit.schemes.ladder import DIGITS, Frame, Ladder, refusal

if TYPE_CHECKING:
    from segkit.schemes.cluster_fit import Division, Points

MOST = 12  # groups; more than that no team treats differently
FREQUENCY = "frequency"
PLACE, UNKNOWN_PLACE, PROSPECT_PLACE = "__place", -1, -2

Floats = NDArray[np.float64]
Groups = Annotated[int, Field(ge=2, le=MOST)]


class Candidate(BaseModel):
    """One number of groups that was tried.

    Attributes
    ----------
    k, silhouette, smallest : groups, mean silhouette (-1 to 1), customers in the smallest group
    usable : every group is as large as it must be
    chosen : this one was taken
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    k: int
    silhouette: float
    smallest: int
    usable: bool
    chosen: bool


class TaughtColumn(BaseModel):
    """What one column taught: mean and standard deviation on the scale used, extremes and step of its values."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mean: float
    deviation: float
    lowest: float
    highest: float
    step: float


class Group(BaseModel):
    """One group: its centre in standard deviations from the mean, its customers, the median of each column."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    centre: tuple[float, ...]
    customers: int
    median: tuple[float, ...]


class LearnedGroups(BaseModel):
    """What `fit` learned: columns with their scale, groups with their centres, and every k that was tried."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    customers: int
    columns: tuple[TaughtColumn, ...]
    groups: tuple[Group, ...]
    candidates: tuple[Candidate, ...]

    @property
    def centres(self) -> Floats:
        return np.array([group.centre for group in self.groups])

    @property
    def chosen(self) -> Candidate:
        return next(c for c in self.candidates if c.chosen)


class Clusters(Scheme):
    """Which customers resemble each other? Groups by k-means, without a rule given beforehand (聚类分群).

    Values go on a logarithmic scale (``log(1 + x)``, with the sign of x), each column is standardised, and a
    customer belongs to the nearest centre; where two are equally near, to the first. Labels ``c1, c2, ...`` run
    by the mean of `rank_by`, so they stay the same from run to run. Where `frequency` is among the columns,
    frequency 0 is ``prospect`` and takes no part in `fit`; a missing input is ``unknown``.

    Parameters
    ----------
    columns : numbers per customer
    k : number of groups, 2 to 12; left out: of `k_range` the one with the highest silhouette in which every
        group has at least `min_share` of the customers and `min_customers` customers
    transform : ``"log"`` for amounts and counts, which are skewed; ``"none"`` for scores and shares
    seed : of the starting points; the order of the rows plays no part
    min_share, min_customers : below this size a group is not worth a treatment of its own
    min_to_fit : customers needed, prospects and unknown ones not counted
    rank_by, best : the column whose mean numbers the groups (left out: monetary, else the first), and which end
        of it is c1
    learned : filled by `fit`: scale and centres, rounded to six decimals, so that one customer can be labelled

    `fit` brings the distinct rows of the columns to memory, whatever the engine; above a million of them the
    centres come from every n-th customer in sorted order. Labels are computed on the engine. `explain` measures
    the nearest change in standard deviations, and speaks of values that some customer had.

    Raises
    ------
    NotFitted : `label` before `fit`
    CannotLearn : `fit` with too few customers, with too few different ones, or where no number of groups leaves
        every group large enough

    References
    ----------
    Arthur & Vassilvitskii (2007), k-means++; Rousseeuw (1987), silhouettes.
    """

    kind: Literal["clusters"] = "clusters"
    columns: tuple[str, ...] = Field(("recency_days", "frequency", "monetary"), min_length=1)
    k: Groups | None = None
    k_range: tuple[Groups, Groups] = (3, 8)
    transform: Literal["log", "none"] = "log"
    seed: int = Field(0, ge=0, lt=2**32)
    min_share: float = Field(0.02, ge=0, lt=0.5)
    min_customers: int = Field(30, ge=1)
    min_to_fit: int = Field(300, ge=2)
    rank_by: str | None = None
    best: Literal["high", "low"] = "high"
    learned: LearnedGroups | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if len(set(self.columns)) != len(self.columns):
            raise refusal("schemes.columns_twice", self.kind, columns=list(self.columns))
        if self.k_range[0] > self.k_range[1]:
            raise refusal("schemes.k_range", self.kind, low=self.k_range[0], high=self.k_range[1])
        if self.rank_by is not None and self.rank_by not in self.columns:
            raise refusal("schemes.rank_by", self.kind, value=self.rank_by, columns=list(self.columns))
        widths = (
            {len(self.learned.columns), *(len(g.centre) for g in self.learned.groups)} if self.learned else ()
        )
        if any(width != len(self.columns) for width in widths):
            raise refusal("schemes.learned_otherwise", self.kind, columns=list(self.columns))
        return self

    @property
    def fitted(self) -> bool:
        return self.learned is not None

    @property
    def ranked_by(self) -> str:
        """The column whose mean numbers the groups."""
        return self.rank_by or ("monetary" if "monetary" in self.columns else self.columns[0])

    def needs(self) -> tuple[str, ...]:
        return self.columns

    def numbers(self) -> tuple[str, ...]:
        return self.columns

    def order(self) -> tuple[str, ...]:
        prospect = (PROSPECT,) if self.knows_prospects else ()
        return (*self.group_labels(), *prospect, UNKNOWN)

    @property
    def knows_prospects(self) -> bool:
        return FREQUENCY in self.columns

    def group_labels(self) -> list[str]:
        """``c1, c2, ...``; before `fit` as many as there may be."""
        k = len(self.learned.groups) if self.learned else self.k or self.k_range[1]
        return [f"c{i}" for i in range(1, k + 1)]

    @property
    def space(self) -> Space:
        assert self.learned is not None
        means = tuple(c.mean for c in self.learned.columns)
        return Space(
            self.columns, self.transform == "log", means, tuple(c.deviation for c in self.learned.columns)
        )

    # --- learning -------------------------------------------------------------------------------

    def fit(self, customers: IntoFrame) -> Self:
        # loading scikit-learn takes a second, which whoever only labels should not wait
        from segkit.schemes import cluster_fit

        frame: Frame = nw.from_native(customers)
        self._require(frame)
        buyers = self._known() & (nw.col(FREQUENCY) > 0) if self.knows_prospects else self._known()
        points = cluster_fit.points_of(frame.filter(buyers), self.columns)
        total = int(points.customers.sum())
        if total < self.min_to_fit:
            raise self._cannot("too_few", n=total, wanted=self.min_to_fit)
        space = cluster_fit.space_of(points, self.columns, logs=self.transform == "log")
        wanted = [self.k] if self.k else range(self.k_range[0], self.k_range[1] + 1)
        divided = {k: cluster_fit.divide(points, space, k, self.seed) for k in wanted}
        tried = {k: division for k, division in divided.items() if division is not None}
        if not tried:
            raise self._cannot("alike", n=total, wanted=wanted[0])
        usable = {k for k, division in tried.items() if division.sizes.min() >= self.least(total)}
        if not usable and not self.k:
            best = max(tried, key=lambda k: int(tried[k].sizes.min()))
            smallest = int(tried[best].sizes.min())
            facts = {"low": min(tried), "high": max(tried), "k": best, "smallest": smallest}
            raise self._cannot("too_small", least=self.least(total), **facts)
        chosen = max(usable or tried, key=lambda k: (tried[k].silhouette, -k))
        learned = LearnedGroups(
            customers=total,
            columns=tuple(
                TaughtColumn(
                    mean=space.means[axis],
                    deviation=space.deviations[axis],
                    lowest=round(float(values.min()), DIGITS),
                    highest=round(float(values.max()), DIGITS),
                    step=cluster_fit.step_of(column, values),
                )
                for axis, (column, values) in enumerate(zip(self.columns, points.rows.T, strict=True))
            ),
            groups=self._groups(tried[chosen], space, points),
            candidates=tuple(
                Candidate(
                    k=k,
                    silhouette=division.silhouette,
                    smallest=int(division.sizes.min()),
                    usable=k in usable,
                    chosen=k == chosen,
                )
                for k, division in tried.items()
            ),
        )
        return self.model_copy(update={"learned": learned})

    def _groups(self, division: Division, space: Space, points: Points) -> tuple[Group, ...]:
        """The groups as they are numbered; groups of equal mean in the order of their centres."""
        from segkit.schemes.cluster_fit import middle_of

        scaled, axis = space.scaled(points.rows), self.columns.index(self.ranked_by)
        groups = nearest(scaled, division.centres)
        totals = np.bincount(groups, weights=points.rows[:, axis] * points.customers)
        means = np.round(totals / division.sizes, DIGITS) * (-1 if self.best == "high" else 1)
        order = sorted(range(len(means)), key=lambda i: (means[i], *division.centres[i]))
        centres = division.centres[order]
        groups = nearest(scaled, centres)
        members = [groups == i for i in range(len(centres))]
        return tuple(
            Group(
                centre=tuple(centre.tolist()),
                customers=int(points.customers[inside].sum()),
                median=tuple(middle_of(column[inside], points.customers[inside]) for column in points.rows.T),
            )
            for centre, inside in zip(centres, members, strict=True)
        )

    def least(self, total: int) -> int:
        """Customers a group must have, of `total`."""
        return max(self.min_customers, math.ceil(round(self.min_share * total, 9)))

    def _cannot(self, why: str, **facts: Any) -> CannotLearn:
        return CannotLearn([Problem(f"schemes.cluster.{why}", {"name": self.name, **facts})])

    # --- labels ---------------------------------------------------------------------------------

    def _known(self) -> nw.Expr:
        known = nw.lit(True)
        for column in self.columns:
            known = known & Ladder(column, ()).known()
        return known

    def labelled(self, frame: Frame) -> Frame:
        assert self.learned is not None
        staged = with_nearest(frame, self.space, self.learned.centres, PLACE)
        place = nw.when(self._known()).then(nw.col(PLACE)).otherwise(nw.lit(UNKNOWN_PLACE))
        if self.knows_prospects:
            place = nw.when(nw.col(FREQUENCY) <= 0).then(nw.lit(PROSPECT_PLACE)).otherwise(place)
        names = {**dict(enumerate(self.group_labels())), PROSPECT_PLACE: PROSPECT}
        label = place.replace_strict(
            list(names), list(names.values()), default=UNKNOWN, return_dtype=nw.String
        )
        return staged.with_columns(label.alias(self.name)).drop(PLACE)

    # --- words ----------------------------------------------------------------------------------

    def label_name(self, label: str, lang: Lang) -> str:
        if label in self.names or label not in self.group_labels():
            return super().label_name(label, lang)
        return cluster_words.group_name(self, int(label[1:]) - 1, lang)

    def sentences(self, customers: pd.DataFrame, lang: Lang) -> Sequence[str]:
        return cluster_words.sentences(self, customers, lang)

    def rule(self, lang: Lang) -> list[str]:
        return cluster_words.rule(self, lang)

    def notes(self, lang: Lang = "zh") -> list[str]:
        return cluster_words.notes(self, lang) if self.learned else []
