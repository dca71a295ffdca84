"""What every scheme is: a frozen rule that checks itself, learns, labels, explains and saves to YAML."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, Self

import narwhals as nw
import numpy as np
import pandas as pd
import yaml
from narwhals.typing import IntoFrame, IntoFrameT
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from segkit.customers import missing_columns, native_with_kinds
from segkit.locale import Lang, has_term, name_of, say, term
from segkit.problems import InputProblems, SegkitError
from segkit.schemes.ladder import Frame, Ladder, refusal, worth_of

UNKNOWN = "unknown"
PROSPECT = "prospect"
NO_LEVELS, NOT_BOUGHT = -1, -2  # codes beside the cells: an input is missing; a prospect in an RFM map
Cell = tuple[int, ...]


class NotFitted(SegkitError):
    """`label` before `fit`: the scheme has not learned its cut points yet."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name = kind, name
        super().__init__(self.text("en"))

    def text(self, lang: Lang) -> str:
        return say("schemes.not_fitted", lang, name=self.name)


class Move(NamedTuple):
    """A change of one column that gives another label, to a value on the named side of `target`."""

    axis: int
    side: str
    target: float
    label: str


class Scheme(BaseModel, ABC):
    """A rule that gives every customer exactly one label (分类方案).

    A scheme stands on one to three ladders of cut points; the levels a customer reaches together are a cell,
    and every cell has a label. Where an input is missing the label is ``unknown``.

    Attributes
    ----------
    kind : the word for this sort of scheme in YAML
    name : the text column `label` adds
    source : where the numbers come from, to be shown beside the rule (示例参数 where they are examples)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: str
    name: str = ""
    source: str | None = None

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
    def ladders(self) -> tuple[Ladder, ...]:
        """The cut points the label rests on; needs a fitted scheme."""

    @abstractmethod
    def cell_label(self, cell: Cell) -> str:
        """The label of one combination of levels."""

    @abstractmethod
    def rule(self, lang: Lang) -> list[str]:
        """The rule in words and numbers, one sentence each."""

    @property
    def fitted(self) -> bool:
        return True

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
        InputProblems : a column of `needs` is missing
        """
        self._require_fitted()
        frame: Frame = nw.from_native(customers)
        self._require(frame)
        # every ladder is climbed once, then labels and scores are made of the levels
        scores, ladders = self.scores(), self.ladders()
        climbed = dict.fromkeys([*ladders, *(ladder for ladder, _ in scores.values())])
        level = {ladder: f"__level_{i}" for i, ladder in enumerate(climbed)}
        staged = frame.with_columns(
            self._known().alias("__known"), *(ladder.level().alias(c) for ladder, c in level.items())
        )
        names = self._labels_by_code()
        label = self._code([nw.col(level[ladder]) for ladder in ladders]).replace_strict(
            list(names), list(names.values()), default=UNKNOWN, return_dtype=nw.String
        )
        scored = [
            nw.when(nw.col("__known")).then(worth_of(nw.col(level[ladder]), worth)).alias(column)
            for column, (ladder, worth) in scores.items()
        ]
        labelled = staged.with_columns(label.alias(self.name), *scored).drop(["__known", *level.values()])
        return native_with_kinds(labelled, tuple(scores), (self.name,))

    def scores(self) -> dict[str, tuple[Ladder, tuple[int, ...]]]:
        """Whole-number columns added beside the label, null where the label is unknown or prospect.

        Each with its ladder and what every level is worth.
        """
        return {}

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
        # pandas keeps what came in as a mapping or with None as objects
        numbers = {c: _floats(customers[c]) for c in self.needs()}
        sentences = np.full(len(customers), "", dtype=object)
        codes = self._codes(numbers)
        for code in np.unique(codes):
            rows = np.flatnonzero(codes == code)
            if code < 0:
                sentences[rows] = self._explain_without_cell(
                    int(code), {c: v[rows] for c, v in numbers.items()}, lang
                )
            else:
                cell = self._cell(int(code))
                sentences[rows] = self._explain_cell(cell, {c: v[rows] for c, v in numbers.items()}, lang)
        return pd.Series(sentences, index=customers.index, dtype="str", name="why")

    def describe(self, lang: Lang = "zh") -> list[str]:
        """The rule actually used (口径), one sentence each, with what could not be done."""
        self._require_fitted()
        needed = [measure(c, lang) for c in self.needs()]
        which = "schemes.unknown_any" if len(needed) > 1 else "schemes.unknown_one"
        unknown = say(which, lang, label=name_of("segment", UNKNOWN, lang), columns=needed)
        source = [say("schemes.source", lang, source=self.source)] if self.source else []
        return [*self.rule(lang), unknown, *self.notes(lang), *source]

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)

    def save(self, path: str | Path) -> None:
        """Write the scheme, with what it learned, as YAML; `load_scheme` reads it."""
        text = yaml.safe_dump(self.to_dict(), allow_unicode=True, sort_keys=False)
        Path(path).write_text(text, encoding="utf-8", newline="\n")

    # --- inside --------------------------------------------------------------------------------

    def _require_fitted(self) -> None:
        if not self.fitted:
            raise NotFitted(self.kind, self.name)

    def _require(self, frame: Frame) -> None:
        missing = missing_columns(frame, self.needs())
        if missing:
            raise InputProblems(missing)

    def _known(self) -> nw.Expr:
        known = nw.lit(True)
        for ladder in self.ladders():
            known = known & ladder.known()
        return known

    def _code(self, levels: list[nw.Expr]) -> nw.Expr:
        """The cell as one whole number: the levels are the digits, each to its own base."""
        code, base = nw.lit(0), 1
        for ladder, level in zip(self.ladders(), levels, strict=True):
            code = code + level * base
            base *= len(ladder.cuts) + 1
        return nw.when(nw.col("__known")).then(code).otherwise(nw.lit(NO_LEVELS))

    def _codes(self, numbers: dict[str, NDArray[np.float64]]) -> NDArray[np.intp]:
        """`_code` of the same numbers outside the engine, for explanations."""
        size = len(next(iter(numbers.values())))
        codes, base, known = np.zeros(size, dtype=np.intp), 1, np.ones(size, dtype=bool)
        for ladder in self.ladders():
            codes = codes + ladder.levels(numbers[ladder.column]) * base
            known &= np.isfinite(numbers[ladder.column])
            base *= len(ladder.cuts) + 1
        return np.where(known, codes, NO_LEVELS)

    def _cells(self) -> list[Cell]:
        sizes = [range(len(ladder.cuts) + 1) for ladder in reversed(self.ladders())]
        return [cell[::-1] for cell in product(*sizes)]  # in the order of the codes

    def _cell(self, code: int) -> Cell:
        return self._cells()[code]

    def _labels_by_code(self) -> dict[int, str]:
        return {code: self.cell_label(cell) for code, cell in enumerate(self._cells())}

    def _moves(self, cell: Cell) -> list[Move]:
        """For each ladder, up and down, the first level with another label; of two as near, up is first."""
        here, ladders = self.cell_label(cell), self.ladders()
        moves = []
        for axis, ladder in enumerate(ladders):
            level = cell[axis]
            for levels in (range(level + 1, len(ladder.cuts) + 1), range(level - 1, -1, -1)):
                for there in levels:
                    target = ladder.target(level, there)
                    reached = (*cell[:axis], ladder.reached(target), *cell[axis + 1 :])
                    label = self.cell_label(reached)
                    if label != here and self.possible(ladder.column, target.value):
                        moves.append(Move(axis, target.side, target.value, label))
                        break
        return moves

    def possible(self, column: str, value: float) -> bool:
        """Whether an explanation may speak of this value."""
        return True

    def _explain_cell(self, cell: Cell, numbers: dict[str, NDArray[np.float64]], lang: Lang) -> list[str]:
        ladders, moves = self.ladders(), self._moves(cell)
        facts = [
            say(
                "schemes.fact",
                lang,
                measure=_plain(measure(ladder.column, lang)),
                value=f"{{{axis}}}",
                score=self.score_of(axis, cell, lang),
            )
            for axis, ladder in enumerate(ladders)
        ]
        label = name_of("segment", self.cell_label(cell), lang)
        changes = (
            [say("schemes.no_change", lang)] if not moves else [self._change(move, lang) for move in moves]
        )
        templates = [
            say("schemes.explain", lang, label=_plain(label), facts=facts, change=change)
            for change in changes
        ]
        shown = [[value_text(ladder.form, x, lang) for x in numbers[ladder.column]] for ladder in ladders]
        if not moves:
            return [templates[0].format(*values) for values in zip(*shown, strict=True)]
        distances = [abs(numbers[ladders[m.axis].column] - m.target) / ladders[m.axis].span for m in moves]
        nearest = np.argmin(np.vstack(distances), axis=0)
        return [
            templates[i].format(*values) for i, values in zip(nearest, zip(*shown, strict=True), strict=True)
        ]

    def _change(self, move: Move, lang: Lang) -> str:
        ladder = self.ladders()[move.axis]
        return say(
            "schemes.change",
            lang,
            measure=_plain(measure(ladder.column, lang)),
            side=term(f"side.{move.side}", lang),
            target=_plain(value_text(ladder.form, move.target, lang)),
            other=_plain(name_of("segment", move.label, lang)),
        )

    def score_of(self, axis: int, cell: Cell, lang: Lang) -> str:
        """What stands in brackets behind a fact; empty where levels have no number of their own."""
        return ""

    def _explain_without_cell(
        self, code: int, numbers: dict[str, NDArray[np.float64]], lang: Lang
    ) -> list[str]:
        label = name_of("segment", UNKNOWN, lang)
        known = np.column_stack([np.isfinite(numbers[c]) for c in self.needs()])
        sentences = {
            tuple(row): say(
                "schemes.explain_unknown",
                lang,
                label=label,
                columns=[measure(c, lang) for c, there in zip(self.needs(), row, strict=True) if not there],
            )
            for row in np.unique(known, axis=0)
        }
        return [sentences[tuple(row)] for row in known]


def measure(column: str, lang: Lang) -> str:
    """A column as it is called inside a sentence."""
    return (
        term(f"measure.{column}", lang) if has_term(f"measure.{column}") else name_of("field", column, lang)
    )


def value_text(form: str, value: float, lang: Lang) -> str:
    """A value of a column with its unit: ``12 天``, ``3,200.00 元``."""
    return _unit(form, lang).format(f"{value:{FORMATS[form]}}" if form in FORMATS else plain_number(value))


FORMATS = {"days": ",.0f", "times": ",.0f", "money": ",.2f"}
_UNITS: dict[tuple[str, Lang], str] = {}


def _unit(form: str, lang: Lang) -> str:
    if (form, lang) not in _UNITS:
        _UNITS[form, lang] = say(f"schemes.value.{form}", lang, x="{}")
    return _UNITS[form, lang]


def plain_number(value: float) -> str:
    """A cut point as short as it can be said: 30.6, 1,234, 0.234567."""
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def range_text(ladder: Ladder, level: int, lang: Lang) -> str:
    """The interval of one level: ``≤ 12``, ``> 12 且 ≤ 30``, ``> 30``."""
    above, upto = (">", "≤") if ladder.closed == "right" else ("≥", "<")
    low = f"{above} {plain_number(ladder.cuts[level - 1])}" if level else ""
    high = f"{upto} {plain_number(ladder.cuts[level])}" if level < len(ladder.cuts) else ""
    if low and high:
        return say("schemes.range", lang, low=low, high=high)
    return low or high or say("schemes.any", lang)


def _plain(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _floats(column: pd.Series) -> NDArray[np.float64]:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
