"""Who is the customer, in words and as a rule that can be counted (客户界定)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import narwhals as nw
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from segkit.charts.table_words import heading, names_of_values
from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem
from segkit.schemes.conditions import Condition, Conditions, kinds_of
from segkit.schemes.readings import NO, YES, as_it_stands, as_read

Way = Literal["at_least", "above", "at_most", "below", "is", "one_of", "present", "missing"]
WAYS: tuple[Way, ...] = get_args(Way)
BOUNDS: tuple[Way, ...] = ("at_least", "above", "at_most", "below")
WITHOUT_VALUE: tuple[Way, ...] = ("present", "missing")
# the answers of the card in the order they are asked, and which of them are chosen, not written
TEXTS = ("decision", "buyer", "user", "payer", "need", "where", "excludes")
CHOICES = {"counted": ("buyer", "user", "payer"), "party": ("person", "organisation")}
_SEPARATORS = re.compile(r"[、，,;；]\s*")


class Asked(BaseModel):
    """One condition of the rule: a column, how it is compared, and with what, as it was typed."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    column: str = ""
    way: Way = "at_least"
    value: str = ""


class Definition(BaseModel):
    """The answers of the card, and the rule: every `wanted` condition holds, and none of `unwanted`.

    Attributes
    ----------
    decision : which decision the definition serves
    buyer, user, payer, counted : who buys, uses and pays, and which of them is counted as the customer
    party : a person, or an organisation
    need, where, excludes : what they need, where they are found, who is not meant
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    decision: str = ""
    buyer: str = ""
    user: str = ""
    payer: str = ""
    counted: Literal["buyer", "user", "payer"] = "buyer"
    party: Literal["person", "organisation"] = "person"
    need: str = ""
    where: str = ""
    excludes: str = ""
    wanted: tuple[Asked, ...] = ()
    unwanted: tuple[Asked, ...] = ()

    @property
    def answered(self) -> int:
        """How many of the written answers are given."""
        return sum(bool(getattr(self, name).strip()) for name in TEXTS)

    @property
    def has_rule(self) -> bool:
        return any(one.column for one in (*self.wanted, *self.unwanted))


@dataclass(frozen=True)
class Caught:
    """What the rule catches: rows of the frame, in all and by fate.

    `mask` is True for rows that surely are customers; `excluded` would be but for an exclusion; `undecided` hang on
    a missing value.
    """

    rows: int
    mask: pd.Series
    excluded: int
    undecided: int

    @property
    def caught(self) -> int:
        return int(self.mask.sum())

    @property
    def share(self) -> float:
        return self.caught / self.rows if self.rows else 0.0


def caught(frame: pd.DataFrame, definition: Definition, lang: Lang = "zh") -> Caught:
    """How many rows does the definition catch? (界定抓到多少行)

    Conditions are those of `segkit.Rules`, logic has three values: what hangs on a missing value is undecided.
    Class names are taken in the language `lang` as well as as ids.

    Raises
    ------
    InputProblems : a column that is not there, no value, a value that is no number, every one of them
    """
    wanted, unwanted = _conditions(frame, definition, lang)
    sure, maybe = pd.Series(True, index=frame.index), pd.Series(True, index=frame.index)
    for one in wanted:
        met, possible = _answers(frame, one)
        sure, maybe = sure & met, maybe & possible
    out, perhaps_out = pd.Series(False, index=frame.index), pd.Series(False, index=frame.index)
    for one in unwanted:
        met, possible = _answers(frame, one)
        out, perhaps_out = out | met, perhaps_out | possible
    inside = sure & ~perhaps_out
    return Caught(len(frame), inside, int((sure & out).sum()), int((maybe & ~out & ~inside).sum()))


def rule_text(frame: pd.DataFrame | None, definition: Definition, lang: Lang) -> list[str]:
    """The rule in words, a line a condition: ``累计金额 ≥ 10000``, ``不算：...``."""
    lines = []
    for kind, asked in (("wanted", definition.wanted), ("unwanted", definition.unwanted)):
        for one in asked:
            if one.column:
                facts = {"column": heading(one.column, lang), "value": one.value.strip()}
                condition = say(f"widget.definition_card.way.{one.way}", lang, **facts)
                lines.append(say(f"widget.definition_card.{kind}_line", lang, condition=condition))
    return lines


def _conditions(
    frame: pd.DataFrame, definition: Definition, lang: Lang
) -> tuple[list[Conditions], list[Conditions]]:
    problems: list[Problem] = []
    made: list[list[Conditions]] = []
    for asked in (definition.wanted, definition.unwanted):
        made.append([])
        for one in (a for a in asked if a.column):
            try:
                made[-1].append(_condition(frame, one, lang))
            except InputProblems as wrong:
                problems += wrong.problems
    if problems:
        raise InputProblems(problems)
    return made[0], made[1]


def _condition(frame: pd.DataFrame, asked: Asked, lang: Lang) -> Conditions:
    name = heading(asked.column, lang)
    if asked.column not in frame.columns:
        columns = [heading(c, lang) for c in frame.columns][:12]
        raise InputProblems(
            [Problem("widget.definition_card.no_column", {"column": name, "columns": columns})]
        )
    if asked.way in WITHOUT_VALUE:
        return Conditions.model_validate({asked.column: {"is_missing": asked.way == "missing"}})
    text = asked.value.strip()
    if not text:
        raise InputProblems([Problem("widget.definition_card.no_value", {"column": name})])
    column = frame[asked.column]
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if asked.way in BOUNDS and not numeric:
        raise InputProblems([Problem("widget.definition_card.not_a_number_column", {"column": name})])
    texts = [text] if asked.way in (*BOUNDS, "is") else [t for t in _SEPARATORS.split(text) if t]
    values = [_value(one, column, numeric, name, lang) for one in texts]
    given: Any = values if asked.way == "one_of" else values[0]
    try:
        # in a list, so that a text that looks like a comparison is a text
        condition = {asked.way: given} if asked.way in BOUNDS else {"one_of": [*_listed(given)]}
        return Conditions.model_validate({asked.column: Condition.model_validate(condition)})
    except ValidationError:
        facts = {"column": name, "value": text}
        raise InputProblems([Problem("widget.definition_card.bad_value", facts)]) from None


def _listed(given: Any) -> Sequence[Any]:
    return given if isinstance(given, list) else [given]


def _value(text: str, column: pd.Series, numeric: bool, name: str, lang: Lang) -> Any:
    """What was typed, as the column holds it: a number, yes or no, or the id of a class."""
    if numeric:
        try:
            return float(re.sub(r"[,，\s]", "", text))
        except ValueError:
            facts = {"column": name, "value": text}
            raise InputProblems([Problem("widget.definition_card.not_a_number", facts)]) from None
    if pd.api.types.is_bool_dtype(column) and text.lower() in (*YES, *NO):
        return text.lower() in YES
    named = names_of_values(column.name, column, lang)
    ids = {} if named is None else {str(named(value)): value for value in _some(column)}
    return ids.get(text, text)


def _some(column: pd.Series) -> Iterable[Any]:
    return column.dropna().unique()[:200]


def _answers(frame: pd.DataFrame, one: Conditions) -> tuple[pd.Series, pd.Series]:
    """For each row: does it surely hold, might it?"""
    if not len(frame):
        none = pd.Series(False, index=frame.index)
        return none, none
    ready = nw.from_native(as_read(frame, kinds_of([one])))
    met = ready.select(one.sure(as_it_stands).alias("sure"), one.maybe(as_it_stands).alias("maybe"))
    told = met.to_native().set_axis(frame.index)
    return told["sure"].astype(bool), told["maybe"].astype(bool)
