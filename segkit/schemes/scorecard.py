"""Points for what is known of a customer, and a grade for their sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, Literal, Self

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from segkit.locale import Lang, say
from segkit.schemes.base import UNKNOWN
from segkit.schemes.conditional import ConditionalScheme
from segkit.schemes.conditions import Conditions, kinds_of
from segkit.schemes.ladder import Frame, refusal
from segkit.schemes.readings import Reader, as_it_stands
from segkit.schemes.regions import MOST, regions_of
from segkit.schemes.score_items import Item, scored, total_of
from segkit.schemes.wording import braced


class Grade(BaseModel):
    """A grade and the points it begins with; the lowest may leave them out."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    label: str
    from_: int | None = Field(default=None, alias="from", strict=True)


class Scorecard(ConditionalScheme):
    """How many points does a customer score, and which grade is that? (打分卡: 线索评级, 忠诚度指数, 综合分级)

    ::

        kind: scorecard
        items:
          - {column: orders, steps: [{at_least: 10, points: 30}, {at_least: 3, points: 15}]}
          - {when: {referred: true}, points: 20, called: {zh: 介绍过新客户, en: has referred a customer}}
          - {column: visits_90d, steps: [{at_least: 2, points: 20}], halve_after_days: 30, since: last_visit_days}
        grades: [{label: A, from: 50}, {label: B, from: 20}, {label: C}]

    Beside the label, `label` adds the sum as whole points in the column ``<name>_points``.

    Parameters
    ----------
    items : what gives points, see `Item`
    grades : from best to worst, each from its points up to the one before; the last takes the rest
    missing : ``"unknown"``: a customer is unknown, without points, where a missing value leaves open what an item
        gives; ``"zero"``: such an item gives 0 points

    Points are counted from steps and thresholds only, so every engine gives the same. Nothing is learned.

    References
    ----------
    Points and their decay: common practice of lead scoring; see `Propensity` for points learned from data.
    """

    kind: Literal["scorecard"] = "scorecard"
    items: tuple[Item, ...]
    grades: tuple[Grade, ...]
    missing: Literal["unknown", "zero"] = "unknown"

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for key in ("items", "grades"):
            if not getattr(self, key):
                raise refusal("schemes.nothing_listed", self.kind, key=key)
        labels = [grade.label for grade in self.grades]
        if len(set(labels)) != len(labels) or UNKNOWN in labels:
            raise refusal("schemes.labels_distinct", self.kind, unknown=UNKNOWN)
        kinds = kinds_of(self.conditions())
        for item in self.items:
            if item.since is not None and kinds.get(item.since, "number") not in ("number", "presence"):
                raise refusal("schemes.since_is_days", self.kind, column=item.since)
        if self.adds()[0] in self.needs():
            raise refusal("schemes.name_taken", self.kind, name=self.adds()[0])
        *above, last = self.grades
        begins = [grade.from_ for grade in above if grade.from_ is not None]
        if len(begins) < len(above):
            raise refusal("schemes.grade_from", self.kind)
        if last.from_ is not None:
            begins.append(last.from_)
        if begins != sorted(set(begins), reverse=True):
            raise refusal("schemes.grades_descend", self.kind, values=begins)
        if last.from_ is not None and last.from_ > (lowest := int(self._totals()[0])):
            raise refusal(
                "schemes.grades_have_holes", self.kind, label=last.label, begins=last.from_, low=lowest
            )
        return self

    def order(self) -> tuple[str, ...]:
        return (*(grade.label for grade in self.grades), UNKNOWN)

    def adds(self) -> tuple[str, ...]:
        return (f"{self.name}_points",)

    def conditions(self) -> list[Conditions]:
        return [when for item in self.items for when in item.conditions()]

    def more_cuts(self) -> Mapping[str, Sequence[float]]:
        cuts: dict[str, list[float]] = {}
        for item in self.items:
            if item.since is not None:
                cuts.setdefault(item.since, []).extend(item.halvings())
        return cuts

    # --- points and labels ---------------------------------------------------------------------

    @property
    def _numbered(self) -> list[tuple[int, Item]]:
        return list(enumerate(self.items))

    def _begins(self) -> list[int]:
        """The points each grade but the last begins with."""
        return [grade.from_ for grade in self.grades[:-1] if grade.from_ is not None]

    def outcome(self, frame: Frame, read: Reader) -> Frame:
        staged = scored(frame, self._numbered, read, zero=self.missing == "zero")
        summed = staged.with_columns(total_of(self._numbered).alias("__total"), self._open().alias("__open"))
        grade = nw.lit(len(self.grades) - 1)
        for n, begins in reversed(list(enumerate(self._begins()))):
            grade = nw.when(nw.col("__total") >= begins).then(nw.lit(n)).otherwise(grade)
        labels = [grade.label for grade in self.grades]
        label = (
            nw.when(nw.col("__open"))
            .then(nw.lit(-1))
            .otherwise(grade)
            .replace_strict(list(range(len(labels))), labels, default=UNKNOWN, return_dtype=nw.String)
        )
        points = nw.when(~nw.col("__open")).then(nw.col("__total"))
        used = [f"__{what}_{i}" for i, _ in self._numbered for what in ("points", "open")]
        return summed.with_columns(label.alias(self.name), points.alias(self.adds()[0])).drop(
            [*used, "__total", "__open"]
        )

    def _open(self) -> nw.Expr:
        if self.missing == "zero":
            return nw.lit(False)
        return reduce(or_, (nw.col(f"__open_{i}") for i, _ in self._numbered))

    def _totals(self) -> NDArray[np.int64]:
        """Every sum that can occur, ascending; items on the same columns are counted together."""
        totals = np.array([0])
        for items in self._by_columns():
            totals = np.unique(np.add.outer(totals, self._sums(items)))
        return totals

    def _by_columns(self) -> list[list[tuple[int, Item]]]:
        """Items that share columns, directly or through others, stand together."""
        groups: list[tuple[set[str], list[tuple[int, Item]]]] = []
        for numbered in self._numbered:
            columns, items = set(numbered[1].columns()), [numbered]
            for group in [g for g in groups if g[0] & columns]:
                groups.remove(group)
                columns, items = columns | group[0], group[1] + items
            groups.append((columns, items))
        return [items for _, items in groups]

    def _sums(self, items: Sequence[tuple[int, Item]]) -> NDArray[np.int64]:
        zero = self.missing == "zero"
        cuts: dict[str, list[float]] = {}
        for _, item in items:
            if item.since is not None:
                cuts.setdefault(item.since, []).extend(item.halvings())
        regions = regions_of([c for _, item in items for c in item.conditions()], cuts, with_missing=zero)
        if regions.count > MOST:
            # too many cases: as if the items had nothing to do with each other
            sums = np.array([0])
            for _, item in items:
                worth = {
                    left
                    for points in item.worth()
                    for left in (*item.fading(points), *([0] * bool(item.since)))
                }
                sums = np.unique(np.add.outer(sums, np.array(sorted(worth | ({0} if zero else set())))))
            return sums
        told = scored(nw.from_native(regions.frame()), items, as_it_stands, zero=zero)
        if not zero:
            told = told.filter(~reduce(or_, (nw.col(f"__open_{i}") for i, _ in items)))
        return np.unique(
            told.select(total_of(items).alias("sum")).to_native()["sum"].to_numpy(dtype=np.int64)
        )

    # --- words ---------------------------------------------------------------------------------

    def reasons(self, cases: pd.DataFrame, lang: Lang) -> list[str]:
        told = scored(nw.from_native(cases), self._numbered, as_it_stands, zero=self.missing == "zero")
        labelled = self.outcome_of(cases)
        told = told.to_native().assign(__label=labelled[self.name], __total=labelled[self.adds()[0]])
        return [self._reason(case, lang) for case in told.to_dict("records")]

    def _reason(self, case: dict[str, Any], lang: Lang) -> str:
        if case["__label"] == UNKNOWN:
            items = [item for i, item in self._numbered if case[f"__open_{i}"]]
            missing = dict.fromkeys(c for item in items for c in item.columns() if pd.isna(case[c]))
            return braced(self.explain_missing(list(missing), lang))
        gave = [
            self._gave(item, case, case[f"__points_{i}"], lang)
            for i, item in self._numbered
            if case[f"__points_{i}"]
        ]
        which = "schemes.scorecard.explain" if gave else "schemes.scorecard.explain_none"
        label = braced(self.label_name(case["__label"], lang))
        return say(which, lang, label=label, total=int(case["__total"]), items=gave, change="{change}")

    def _gave(self, item: Item, case: dict[str, Any], points: int, lang: Lang) -> str:
        what = braced(item.called.get(lang, ""))
        facts = [self.fact(item.column, case[item.column], lang)] if item.column else []
        if item.since is not None and item.halve_after_days and case[item.since] >= item.halve_after_days:
            facts.append(self.fact(item.since, case[item.since], lang))
        if item.when is not None and not what:
            what = braced(item.when.text(self, lang))
        what, *further = [what, *facts] if what else facts
        if further:
            what = say("schemes.scorecard.what", lang, called=what, facts=further)
        return say("schemes.scorecard.gave", lang, what=what, points=int(points))

    def rule(self, lang: Lang) -> list[str]:
        totals = self._totals()
        head = say(
            "schemes.scorecard.rule", lang, n=len(self.items), low=int(totals[0]), high=int(totals[-1])
        )
        lines = [
            say("schemes.scorecard.line", lang, n=n, text=item.text(self, lang))
            for n, item in enumerate(self.items, 1)
        ]
        steps = [
            say(
                "schemes.step",
                lang,
                range=self._range_text(n, lang),
                label=self.label_name(grade.label, lang),
            )
            for n, grade in enumerate(self.grades)
        ]
        return [head, *lines, say("schemes.scorecard.grades", lang, steps=steps)]

    def _range_text(self, n: int, lang: Lang) -> str:
        begins = self._begins()
        low = f"≥ {begins[n]}" if n < len(begins) else ""
        high = f"< {begins[n - 1]}" if n else ""
        if low and high:
            return say("schemes.range", lang, low=low, high=high)
        return low or high or say("schemes.any", lang)

    def unknown_rule(self, lang: Lang) -> str:
        return say(f"schemes.scorecard.missing_{self.missing}", lang, label=self.label_name(UNKNOWN, lang))

    def notes(self, lang: Lang = "zh") -> list[str]:
        totals, begins = self._totals(), self._begins()
        held = set(np.searchsorted(-np.array(begins), -totals, side="left").tolist()) if begins else {0}
        return [
            say(
                "schemes.scorecard.never",
                lang,
                label=self.label_name(grade.label, lang),
                range=self._range_text(n, lang),
                low=int(totals[0]),
                high=int(totals[-1]),
            )
            for n, grade in enumerate(self.grades)
            if n not in held
        ]
