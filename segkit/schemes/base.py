"""What every scheme is: a frozen rule that checks itself, learns, labels, explains and saves to YAML."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import narwhals as nw
import pandas as pd
import yaml
from narwhals.typing import IntoFrame, IntoFrameT
from pydantic import BaseModel, ConfigDict, model_validator

from segkit.customers import missing_columns, native_with_kinds
from segkit.locale import Lang, has_term, name_of, say
from segkit.locale.sourced import Sourced
from segkit.problems import InputProblems, Problem, SegkitError
from segkit.schemes.ladder import Frame, one_row, refusal
from segkit.schemes.texts import UNKNOWN
from segkit.schemes.wording import measure, value_name

PROSPECT = "prospect"


class NotFitted(SegkitError):
    """`label` before `fit`: the scheme has not learned its cut points yet."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name = kind, name
        super().__init__(self.text("en"))

    def text(self, lang: Lang) -> str:
        return say("schemes.not_fitted", lang, name=self.name)


class CannotLearn(InputProblems):
    """`fit` has too little to learn from; the scheme is left out, and the problems say why."""


class Scheme(Sourced, BaseModel, ABC):
    """A rule that gives every customer exactly one label (分类方案).

    Where an input is missing that could decide, the label is ``unknown``. The kinds with cut points on columns
    of numbers share `CellScheme`; the others label and explain in their own way.

    Attributes
    ----------
    kind : the word for this sort of scheme in YAML
    name : the text column `label` adds
    source : where the numbers come from, to be shown beside the rule (示例参数 where they are examples); one text,
        or one a language
    names : what columns and labels of a client's own are called, by id and language; others have terms of the
        package
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: str
    name: str = ""
    source: str | dict[Lang, str] | None = None
    names: dict[str, dict[Lang, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _default_name(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("name"):
            given = {**given, "name": cls._usual_name()}
        return given

    @model_validator(mode="after")
    def _name_is_free(self) -> Self:
        if self.name in ("customer_id", *self.needs()):
            raise refusal("schemes.name_taken", self.kind, name=self.name)
        return self

    @classmethod
    def _usual_name(cls) -> str:
        return str(cls.model_fields["kind"].default)

    # --- what a kind of scheme says about itself -----------------------------------------------

    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """The input columns."""

    @abstractmethod
    def order(self) -> tuple[str, ...]:
        """All labels from best to worst, ``prospect`` (where it can occur) and ``unknown`` last."""

    @abstractmethod
    def labelled(self, frame: Frame) -> Frame:
        """`frame` with the text column `name` and those of `adds`; everything the label needs is there."""

    @abstractmethod
    def sentences(self, customers: pd.DataFrame, lang: Lang) -> Sequence[str]:
        """`explain` for every row; everything it needs is there."""

    @abstractmethod
    def rule(self, lang: Lang) -> list[str]:
        """The rule in words and numbers, one sentence each."""

    def numbers(self) -> tuple[str, ...]:
        """The input columns that are read as numbers."""
        return ()

    def words(self) -> dict[str, tuple[str, ...]]:
        """The input columns that are compared with text, and with which."""
        return {}

    @property
    def fitted(self) -> bool:
        return True

    def adds(self) -> tuple[str, ...]:
        """Whole-number columns added beside the label, null where there is nothing to count."""
        return ()

    def fit(self, customers: IntoFrame) -> Self:
        """Learn from `customers` and return the fitted scheme; itself where there is nothing to learn."""
        self._require(nw.from_native(customers))
        return self

    def notes(self, lang: Lang = "zh") -> list[str]:
        """What `fit` could not do, and why."""
        return []

    # --- what all schemes do alike -------------------------------------------------------------

    def label(self, customers: IntoFrameT) -> IntoFrameT:
        """Add the column `name` (text) to a table of customers; same engine in, same engine out.

        Raises
        ------
        NotFitted : before `fit`
        InputProblems : a column of `needs` is missing, or of another kind than the scheme reads
        """
        self._require_fitted()
        frame: Frame = nw.from_native(customers)
        self._require(frame)
        return native_with_kinds(self.labelled(frame), self.adds(), (self.name,))

    def explain(self, customer: Mapping[str, Any] | IntoFrame, lang: Lang = "zh") -> str:
        """Why this label, and the nearest change that moves it, in one sentence.

        `customer` is a mapping or a frame of one row with the columns of `needs`. The nearest change is the
        one of a single column that is smallest against the distance between its lowest and highest cut point.
        """
        if isinstance(customer, Mapping):
            row = pd.DataFrame([dict(customer)])
        elif isinstance(customer, pd.Series):
            row = customer.to_frame().T
        else:
            frame: Frame = nw.from_native(customer)
            row = (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_pandas()
        if len(row) != 1:
            raise ValueError(f"explain takes one customer, not {len(row)}")
        return str(self.explain_all(row, lang).iloc[0])

    def explain_all(self, customers: pd.DataFrame, lang: Lang = "zh") -> pd.Series:
        """`explain` for every row of a pandas frame, with its index."""
        self._require_fitted()
        self._require(nw.from_native(customers))
        return pd.Series(self.sentences(customers, lang), index=customers.index, dtype="str", name="why")

    def describe(self, lang: Lang = "zh") -> list[str]:
        """The rule actually used (口径), one sentence each, with what could not be done."""
        self._require_fitted()
        told = self.source_text(lang)
        source = [say("schemes.source", lang, source=told)] if told else []
        return [*self.rule(lang), self.unknown_rule(lang), *self.notes(lang), *source]

    def to_dict(self) -> dict[str, Any]:
        written = self.model_dump(mode="json", exclude_none=True, by_alias=True)
        if not self.names:
            del written["names"]
        return written

    def save(self, path: str | Path) -> None:
        """Write the scheme, with what it learned, as YAML; `load_scheme` reads it. A missing folder is made."""
        text = yaml.safe_dump(self.to_dict(), allow_unicode=True, sort_keys=False)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8", newline="\n")

    # --- words ---------------------------------------------------------------------------------

    def measure(self, column: str, lang: Lang) -> str:
        """A column as it is called inside a sentence."""
        own = self.names.get(column, {})
        return own[lang] if lang in own else measure(column, lang)

    def value_name(self, column: str, value: object, lang: Lang) -> str:
        """A value as the reader knows it: yes and no in words, a label of another scheme by its name."""
        labelled = has_term(f"scheme.{column}") or str(value) in self.names
        if labelled and isinstance(value, str):
            return self.label_name(value, lang)
        return value_name(value, lang)

    def label_name(self, label: str, lang: Lang) -> str:
        own = self.names.get(label, {})
        return own[lang] if lang in own else name_of("segment", label, lang)

    def gist(self, lang: Lang) -> str:
        """What it looks at and into which labels it parts, in one sentence."""
        columns = [self.measure(c, lang) for c in self.needs()]
        labels = [self.label_name(label, lang) for label in self.order() if label != UNKNOWN]
        return say("schemes.gist", lang, columns=columns, labels=labels)

    def unknown_rule(self, lang: Lang) -> str:
        """When the label is ``unknown``."""
        needed = [self.measure(c, lang) for c in self.needs()]
        which = "schemes.unknown_any" if len(needed) > 1 else "schemes.unknown_one"
        return say(which, lang, label=self.label_name(UNKNOWN, lang), columns=needed)

    def explain_missing(self, columns: Sequence[str], lang: Lang) -> str:
        """The sentence of a customer who is ``unknown`` because these columns are empty."""
        called = [self.measure(c, lang) for c in columns]
        return say("schemes.explain_unknown", lang, label=self.label_name(UNKNOWN, lang), columns=called)

    # --- inside --------------------------------------------------------------------------------

    def _require_fitted(self) -> None:
        if not self.fitted:
            raise NotFitted(self.kind, self.name)

    def _require(self, frame: Frame) -> None:
        missing = missing_columns(frame, self.needs())
        if missing:
            raise InputProblems(missing)
        schema = frame.collect_schema()
        numbers = [c for c in self.numbers() if schema[c] == nw.String or schema[c].is_temporal()]
        words = {
            column: texts
            for column, texts in self.words().items()
            if (schema[column].is_numeric() or schema[column] == nw.Boolean)
            and not any(map(_is_number, texts))
        }
        empty = _without_values(frame, [c for c in (*numbers, *words) if not schema[c].is_temporal()])
        problems = [
            Problem("schemes.not_numbers", {"column": c, "scheme": self.name})
            for c in numbers
            if c not in empty
        ]
        problems += [
            Problem("schemes.not_words", {"column": c, "scheme": self.name, "value": texts[0]})
            for c, texts in words.items()
            if c not in empty
        ]
        if problems:
            raise InputProblems(problems)


def _is_number(text: str) -> bool:
    """Codes that were read as numbers are still found by their text."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _without_values(frame: Frame, columns: Sequence[str]) -> set[str]:
    """Columns without any value: their kind says nothing."""
    if not columns:
        return set()
    there = one_row(frame.select((~nw.col(c).is_null()).cast(nw.Int64).sum().alias(c) for c in columns))
    return {c for c, n in there.items() if not n}
