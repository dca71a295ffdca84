"""Conditions on columns (条件), as they stand in rules, scorecards and playbooks."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Annotated, Any, Self

import narwhals as nw
import pandas as pd
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    field_validator,
    model_serializer,
    model_validator,
)

from segkit.locale import Lang, say
from segkit.schemes.ladder import FORMS, refusal
from segkit.schemes.readings import (
    Kind,
    Reader,
    as_it_stands,
    as_read,
    reading,
)
from segkit.schemes.texts import BLANKS
from segkit.schemes.wording import plain_number

if TYPE_CHECKING:
    from segkit.schemes.base import Scheme

Value = bool | int | float | str
Bound = Annotated[float, Field(strict=True, allow_inf_nan=False)]

BOUNDS = {"at_least": "≥", "above": ">", "at_most": "≤", "below": "<"}
# what people write who know it from spreadsheets -> the key it has here
WAYS = {
    ">=": "at_least",
    "≥": "at_least",
    "＞＝": "at_least",
    ">": "above",
    "＞": "above",
    "<=": "at_most",
    "≤": "at_most",
    "＜＝": "at_most",
    "<": "below",
    "＜": "below",
    "=": "is",
    "==": "is",
    "＝": "is",
}
COMPARISON = re.compile(rf"({'|'.join(sorted(WAYS, key=len, reverse=True))})\s*([-+]?[\d,.]+)")


class Condition(BaseModel):
    """What one column must be: a value, one of several, none of several, within bounds, or missing.

    ``is_missing: true`` stands alone; ``is_missing: false`` may stand beside the others, and then a customer
    without a value does not meet the condition, where otherwise it would be undecided.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    at_least: Bound | None = None
    above: Bound | None = None
    at_most: Bound | None = None
    below: Bound | None = None
    is_: Value | None = Field(default=None, alias="is")
    one_of: tuple[Value, ...] | None = None
    not_one_of: tuple[Value, ...] | None = None
    is_missing: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, given: Any) -> Any:
        if isinstance(given, Mapping | Condition):
            return given
        return {"one_of": given} if isinstance(given, list | tuple) else {"is": given}

    @field_validator("is_", "one_of", "not_one_of", mode="before")
    @classmethod
    def _comparable(cls, given: Any) -> Any:
        listed = isinstance(given, list | tuple)
        values = list(given) if listed else [given]
        if not values or any(v is None or (isinstance(v, str) and not v.strip(BLANKS)) for v in values):
            raise refusal("schemes.when_empty_value", "when")
        if any(isinstance(v, dt.date) for v in values):
            raise refusal("schemes.when_date", "when", value=str(values[0]))
        sign = COMPARISON.fullmatch(given.strip(BLANKS)) if isinstance(given, str) else None
        if sign:
            facts = {"value": given, "way": WAYS[sign[1]], "number": sign[2]}
            raise refusal("schemes.when_sign", "when", **facts)
        if any(isinstance(v, float) and not math.isfinite(v) for v in values):
            raise refusal("schemes.when_empty_value", "when")
        tidy = [v.strip(BLANKS) if isinstance(v, str) else v for v in values]
        return tuple(tidy) if listed else tidy[0]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        ways = [
            way
            for way, given in [
                ("is", self.is_),
                ("one_of", self.one_of),
                ("not_one_of", self.not_one_of),
                ("at_least", self.at_least if self.at_least is not None else self.above),
            ]
            if given is not None
        ]
        if "at_least" not in ways and (self.at_most is not None or self.below is not None):
            ways.append("at_most")
        if len(ways) > 1 or (ways and self.is_missing):
            raise refusal(
                "schemes.when_one_way", "when", ways=[*ways, *["is_missing"] * bool(self.is_missing)]
            )
        if not ways and self.is_missing is None:
            raise refusal("schemes.when_nothing", "when")
        for pair in (("at_least", "above"), ("at_most", "below")):
            if all(getattr(self, bound) is not None for bound in pair):
                raise refusal("schemes.when_one_way", "when", ways=list(pair))
        low, high = self._low, self._high
        open_ended = self.above is not None or self.below is not None
        if low is not None and high is not None and (low > high or (low == high and open_ended)):
            raise refusal("schemes.when_no_number", "when", low=plain_number(low), high=plain_number(high))
        if len({_kind_of(v) for v in self.values()}) > 1:
            raise refusal("schemes.when_mixed", "when", values=[str(v) for v in self.values()])
        return self

    @model_serializer(mode="plain")
    def _written(self) -> Any:
        given = self.given()
        if len(given) == 1 and ("is" in given or "one_of" in given):
            return next(iter(given.values()))
        return given

    def given(self) -> dict[str, Any]:
        """What was written, in full."""
        fields = {k: getattr(self, k) for k in (*BOUNDS, "is_", "one_of", "not_one_of", "is_missing")}
        return {k.rstrip("_"): _plain(v) for k, v in fields.items() if v is not None}

    # --- what it asks --------------------------------------------------------------------------

    @property
    def _low(self) -> float | None:
        return self.at_least if self.at_least is not None else self.above

    @property
    def _high(self) -> float | None:
        return self.at_most if self.at_most is not None else self.below

    @property
    def kind(self) -> Kind:
        if self._low is not None or self._high is not None:
            return "number"
        return _kind_of(self.values()[0]) if self.values() else "presence"

    def values(self) -> tuple[Value, ...]:
        """The values it names."""
        return (self.is_,) if self.is_ is not None else self.one_of or self.not_one_of or ()

    def cuts(self) -> list[tuple[float, bool]]:
        """Where on a column of numbers the answer changes, and whether the cut itself belongs to what is above."""
        bounds = [(self.at_least, True), (self.above, False), (self.at_most, False), (self.below, True)]
        found = [(float(cut), upward) for cut, upward in bounds if cut is not None]
        if self.kind == "number":
            found += [(float(v), upward) for v in self.values() for upward in (True, False)]
        return found

    # --- answers -------------------------------------------------------------------------------

    def sure(self, value: nw.Expr) -> nw.Expr:
        """True where it holds whatever a missing value may be; never null."""
        known = ~value.is_null()
        if self.kind == "presence":
            return ~known if self.is_missing else known
        return known & self._met(value)

    def maybe(self, value: nw.Expr) -> nw.Expr:
        """True where it holds, or would for some value in place of a missing one; never null."""
        if self.is_missing is not None:
            return self.sure(value)
        return value.is_null() | self._met(value)

    def _met(self, value: nw.Expr) -> nw.Expr:
        met = []
        if self.at_least is not None:
            met.append(value >= self.at_least)
        if self.above is not None:
            met.append(value > self.above)
        if self.at_most is not None:
            met.append(value <= self.at_most)
        if self.below is not None:
            met.append(value < self.below)
        if self.values():
            among = _among(value, self.values())
            met.append(~among if self.not_one_of is not None else among)
        return reduce(and_, met)

    # --- words ---------------------------------------------------------------------------------

    def text(self, column: str, scheme: Scheme, lang: Lang) -> str:
        """``订单数 ≥ 10 次``, ``渠道为“APP”或“小程序”``."""
        name = scheme.measure(column, lang)
        if self.kind == "presence":
            return say(
                "schemes.when.missing" if self.is_missing else "schemes.when.known", lang, measure=name
            )
        if self.kind != "number":
            quoted = [
                say("schemes.when.quoted", lang, value=scheme.value_name(column, v, lang))
                for v in self.values()
            ]
            return self._listed(name, quoted, lang)
        if self.values():
            numbers = [number_text(column, float(v), lang) for v in self.values()]
            return self._listed(name, numbers, lang, "_number")
        parts = [
            f"{sign} {number_text(column, getattr(self, bound), lang)}"
            for bound, sign in BOUNDS.items()
            if getattr(self, bound) is not None
        ]
        ranged = parts[0] if len(parts) == 1 else say("schemes.range", lang, low=parts[0], high=parts[1])
        return f"{name} {ranged}"

    def _listed(self, name: str, values: list[str], lang: Lang, sort: str = "") -> str:
        which = "not" if self.not_one_of is not None else "is"
        joined = say("schemes.when.or", lang).join(values)
        return say(f"schemes.when.{which}{sort}", lang, measure=name, values=joined)


class Conditions(RootModel[tuple[dict[str, Condition], ...]]):
    """When does something hold? All conditions of a mapping together; of a list of mappings, any one.

    ::

        when: {monetary: {at_least: 10000}, orders: {at_least: 10, below: 50}, channel: [APP, 小程序]}
        when: [{consent: true}, {email: {is_missing: true}, city_tier: {not_one_of: [一线, 新一线]}}]

    A column is compared with a number, a text (without blanks around it) or a yes or no, and read accordingly;
    yes and no also as 1 and 0, 是 and 否. Logic has three values: a condition on a missing value is neither
    met nor failed but undecided, unless it asks whether the value is missing.
    """

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            given = [given]
        if isinstance(given, list | tuple) and (not given or any(m == {} for m in given)):
            raise refusal("schemes.when_nothing", "when")
        return given

    @model_validator(mode="after")
    def _one_kind_a_column(self) -> Self:
        kinds_of([self])
        return self

    @model_serializer(mode="wrap")
    def _written(self, write: Any) -> Any:
        written = write(self)
        return written[0] if len(written) == 1 else list(written)

    def columns(self) -> tuple[str, ...]:
        """The columns it asks about."""
        return tuple(dict.fromkeys(column for all_of in self.root for column in all_of))

    def sure(self, read: Reader | None = None) -> nw.Expr:
        """True where it holds whatever the missing values may be; false otherwise, never null."""
        return self._over("sure", or_, and_, read)

    def maybe(self, read: Reader | None = None) -> nw.Expr:
        """True where it holds or is undecided; never null."""
        return self._over("maybe", or_, and_, read)

    def undecided(self, read: Reader | None = None) -> nw.Expr:
        """True where missing values leave open whether it holds."""
        return self.maybe(read) & ~self.sure(read)

    def _over(self, which: str, any_of: Any, all_of: Any, read: Reader | None) -> nw.Expr:
        kinds, read = kinds_of([self]), read or reading
        return reduce(
            any_of,
            (
                reduce(all_of, (getattr(c, which)(read(name, kinds[name])) for name, c in group.items()))
                for group in self.root
            ),
        )

    def holds(self, frame: pd.DataFrame) -> pd.Series:
        """Which rows of a pandas frame surely meet it, with the index of the frame."""
        if not len(frame):
            return pd.Series(True, index=frame.index, dtype=bool)
        ready = as_read(frame, kinds_of([self]))
        met = nw.from_native(ready).select(self.sure(as_it_stands).alias("met")).to_native()["met"]
        return met.astype(bool).set_axis(frame.index)

    def text(self, scheme: Scheme, lang: Lang) -> str:
        """``累计金额 ≥ 10,000 元 且 订单数 ≥ 10 次``."""
        groups = [
            say("schemes.when.and", lang).join(c.text(column, scheme, lang) for column, c in group.items())
            for group in self.root
        ]
        return say("schemes.when.any", lang).join(groups)


def kinds_of(conditions: Iterable[Conditions]) -> dict[str, Kind]:
    """How each column is read.

    Raises
    ------
    PydanticCustomError : a column is compared with numbers here and with text or yes and no there
    """
    kinds: dict[str, Kind] = {}
    for column, condition in (
        (name, c) for when in conditions for group in when.root for name, c in group.items()
    ):
        before, now = kinds.get(column, "presence"), condition.kind
        if "presence" not in (before, now) and before != now:
            raise refusal("schemes.when_two_kinds", "when", column=column, kinds=sorted((before, now)))
        kinds[column] = before if now == "presence" else now
    return kinds


def words_of(conditions: Iterable[Conditions]) -> dict[str, tuple[str, ...]]:
    """The columns that are compared with text, and with which."""
    words: dict[str, list[str]] = {}
    for column, condition in (
        (name, c) for when in conditions for group in when.root for name, c in group.items()
    ):
        if condition.kind == "text":
            words.setdefault(column, []).extend(str(v) for v in condition.values())
    return {column: tuple(values) for column, values in words.items()}


def number_text(column: str, value: float, lang: Lang) -> str:
    """A bound with its unit: ``10,000 元``, ``10 次``."""
    return say(f"schemes.value.{FORMS.get(column, ('plain', 0.0))[0]}", lang, x=plain_number(value))


def spellings(text: str) -> list[str]:
    """A column of codes that was read as numbers says 3.0 for 3."""
    return [text, f"{text}.0"] if text.lstrip("-").isdecimal() else [text]


def _kind_of(value: Value) -> Kind:
    if isinstance(value, bool):
        return "flag"
    return "text" if isinstance(value, str) else "number"


def _among(value: nw.Expr, values: tuple[Value, ...]) -> nw.Expr:
    wanted: list[Any] = []
    for v in values:
        if isinstance(v, str):
            wanted += spellings(v)
        else:
            wanted.append(float(v))
    return value == wanted[0] if len(wanted) == 1 else value.is_in(wanted)


def _plain(value: Any) -> Any:
    """As short as YAML can say it: 10 for 10.0."""
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
