"""The lines of a scorecard: what gives points, how much it weighs, how fast it fades."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import add
from typing import Annotated, Any, Self

import narwhals as nw
from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from segkit.locale import Lang, say
from segkit.schemes.base import Scheme
from segkit.schemes.conditional import first_match, open_question
from segkit.schemes.conditions import Condition, Conditions
from segkit.schemes.ladder import Frame, refusal
from segkit.schemes.readings import Reader, as_it_stands
from segkit.schemes.regions import regions_of
from segkit.schemes.wording import plain_number

Points = Annotated[int, Field(strict=True, ge=-10_000, le=10_000)]


class Step(Condition):
    """One line of an item: points where its column meets the condition, ``{at_most: 7, points: 20}``."""

    points: Points

    @model_serializer(mode="plain")
    def _written(self) -> Any:
        return {**self.given(), "points": self.points}


class Item(BaseModel):
    """What gives points: conditions (`when`, `points`), or a `column` by `steps`.

    Attributes
    ----------
    when, points : points where the conditions hold
    column, steps : points by the first step the column meets
    otherwise : points where none holds
    weight : points are multiplied by it, then rounded to whole points, halves away from zero
    called : the item in words, by language
    halve_after_days, since : the points halve, fractions dropped, for every full `halve_after_days` days in the
        column `since`, which holds a number of days
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    when: Conditions | None = None
    points: Points | None = None
    column: str | None = None
    steps: tuple[Step, ...] = ()
    otherwise: Points = 0
    weight: float = Field(1.0, gt=0, allow_inf_nan=False)
    called: dict[Lang, str] = {}
    halve_after_days: int | None = Field(None, ge=1, strict=True)
    since: str | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        by_condition, by_column = (self.when, self.points), (self.column, self.steps or None)
        whole = [None not in pair for pair in (by_condition, by_column)]
        begun = [any(part is not None for part in pair) for pair in (by_condition, by_column)]
        if sum(begun) != 1 or whole != begun:
            raise refusal("schemes.item_one_way", "items")
        if (self.halve_after_days is None) != (self.since is None):
            raise refusal("schemes.item_halving", "items")
        if self.steps:
            cases = nw.from_native(regions_of(self.conditions()).frame())
            reached = cases.select(first_match(self.conditions(), as_it_stands).alias("n")).to_native()["n"]
            never = [n + 1 for n in range(len(self.steps)) if n not in set(reached)]
            if never:
                raise refusal("schemes.step_never", "items", n=never, column=self.column)
        return self

    @model_serializer(mode="wrap")
    def _written(self, write: Any) -> dict[str, Any]:
        defaults = {k: f.get_default(call_default_factory=True) for k, f in type(self).model_fields.items()}
        return {k: v for k, v in write(self).items() if getattr(self, k) != defaults[k]}

    # --- points --------------------------------------------------------------------------------

    def conditions(self) -> list[Conditions]:
        if self.when is not None:
            return [self.when]
        return [Conditions.model_construct(root=({str(self.column): step},)) for step in self.steps]

    def columns(self) -> tuple[str, ...]:
        asked = [c for when in self.conditions() for c in when.columns()]
        return tuple(dict.fromkeys([*asked, *([self.since] if self.since else [])]))

    def written(self) -> list[int]:
        """Points by condition, and where none holds, before the weight."""
        return [
            *([self.points] if self.points is not None else [s.points for s in self.steps]),
            self.otherwise,
        ]

    def worth(self) -> list[int]:
        """Points by condition, and where none holds."""
        return [weighted(points, self.weight) for points in self.written()]

    def fading(self, points: int) -> list[int]:
        """Points after 0, 1, 2 ... halvings, to the last that are not 0."""
        fades = [points]
        while self.halve_after_days and fades[-1]:
            fades.append(int(fades[-1] / 2))
        return fades[:-1] if len(fades) > 1 else fades

    def halvings(self) -> list[int]:
        """The days in `since` at which points halve, up to where none are left."""
        if self.halve_after_days is None:
            return []
        longest = max(len(self.fading(w)) if w else 0 for w in self.worth())
        return [self.halve_after_days * n for n in range(1, longest + 1)]

    # --- words ---------------------------------------------------------------------------------

    def text(self, scheme: Scheme, lang: Lang) -> str:
        """The line in words: ``订单数：≥ 10 次得 20 分、≥ 5 次得 10 分、其余 0 分``."""
        points = [self._points_text(p, w, lang) for p, w in zip(self.written(), self.worth(), strict=True)]
        if self.when is not None:
            steps = [
                say("schemes.scorecard.step", lang, range=self.when.text(scheme, lang), points=points[0])
            ]
        else:
            name = scheme.measure(str(self.column), lang)
            bare = [
                step.text(str(self.column), scheme, lang).removeprefix(name).strip() for step in self.steps
            ]
            steps = [
                say("schemes.scorecard.step", lang, range=r, points=p)
                for r, p in zip(bare, points, strict=False)
            ]
        if self.otherwise or self.column:
            steps.append(say("schemes.scorecard.rest", lang, points=points[-1]))
        said = self.name_text(scheme, lang) + say("schemes.scorecard.steps", lang, steps=steps)
        if self.since is None:
            return said
        facts = {"since": scheme.measure(self.since, lang), "days": self.halve_after_days}
        return said + say("schemes.scorecard.fades", lang, **facts)

    def name_text(self, scheme: Scheme, lang: Lang) -> str:
        """What stands before the steps; nothing for conditions that have no name of their own."""
        measure = scheme.measure(self.column, lang) if self.column else ""
        called = self.called.get(lang, "")
        if called and measure:
            return say("schemes.scorecard.called", lang, called=called, measure=measure)
        return say("schemes.scorecard.head", lang, what=called or measure) if called or measure else ""

    def _points_text(self, points: int, worth: int, lang: Lang) -> str:
        if self.weight == 1 or not points:
            return say("schemes.scorecard.points", lang, points=str(worth))
        exact = Decimal(points) * Decimal(str(self.weight)) == worth
        product = f"{points} × {plain_number(self.weight)} {'=' if exact else '≈'} {worth}"
        return say("schemes.scorecard.points", lang, points=product)


def weighted(points: int, weight: float) -> int:
    """Points times weight as a whole number, halves away from zero."""
    return int((points * Decimal(str(weight))).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def scored(frame: Frame, items: Sequence[tuple[int, Item]], read: Reader, *, zero: bool) -> Frame:
    """`frame` with ``__points_i`` and ``__open_i`` for every item i; `zero`: what is open gives 0 points."""
    firsts = [first_match(item.conditions(), read).alias(f"__first_{i}") for i, item in items]
    staged = frame.with_columns(*firsts)
    columns = []
    for i, item in items:
        first = nw.col(f"__first_{i}")
        unclear = open_question(first, item.conditions(), item.worth(), read)
        if item.since is not None:
            gives = [n for n, worth in enumerate(item.worth()) if worth]
            unclear = unclear | (read(item.since, "number").is_null() & first.is_in(gives))
        points = _points(item, first, read)
        if zero:
            points = nw.when(unclear).then(nw.lit(0)).otherwise(points)
        columns += [points.cast(nw.Int64).alias(f"__points_{i}"), unclear.alias(f"__open_{i}")]
    return staged.with_columns(*columns).drop([f"__first_{i}" for i, _ in items])


def total_of(items: Sequence[tuple[int, Item]]) -> nw.Expr:
    """The sum of the points of all items, from the columns of `scored`."""
    return reduce(add, (nw.col(f"__points_{i}") for i, _ in items))


def _points(item: Item, first: nw.Expr, read: Reader) -> nw.Expr:
    *worth, rest = item.worth()
    points = _faded(item, rest, read)
    for n, points_there in reversed(list(enumerate(worth))):
        points = nw.when(first == n).then(_faded(item, points_there, read)).otherwise(points)
    return points


def _faded(item: Item, points: int, read: Reader) -> nw.Expr:
    value = nw.lit(points)
    if item.since is None or not points:
        return value
    days = read(item.since, "number")
    for at, left in zip(item.halvings(), [*item.fading(points)[1:], 0], strict=False):
        value = nw.when(days >= at).then(nw.lit(left)).otherwise(value)
    return value
