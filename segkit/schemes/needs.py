"""What matters most to a customer? The need rated highest in a survey."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any, Literal, Self

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from pydantic import BaseModel, ConfigDict, Field, model_validator

from segkit.locale import Lang, say
from segkit.schemes.base import UNKNOWN, Scheme
from segkit.schemes.distinct import distinct_texts, replaced
from segkit.schemes.ladder import Frame, Ladder, one_row, refusal
from segkit.schemes.spellings import says_nothing
from segkit.schemes.texts import text_known, text_of, texts
from segkit.schemes.what_if import Move
from segkit.schemes.wording import plain_number

MIXED, NO_PREFERENCE = "mixed", "no_preference"
NOTHING, OUTSIDE = (
    -1e300,
    -2e300,
)  # stand for no answer, and for one outside the scale, where answers are compared
TOP, BOTTOM, GIVEN = "__top", "__bottom", "__given"
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
MOST_STEPS = 100  # of a scale, so that every answer can be tried
MOST_TRIES = 500_000  # at once


class Answers(BaseModel):
    """What `fit` saw.

    Attributes
    ----------
    customers : those whose highest need could be told
    tied : those of them with more than one highest
    outside : answers outside the scale or no number, by column
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    customers: int
    tied: int
    outside: dict[str, int]


class Needs(Scheme):
    """Which need does a customer rate highest? (需求分群: 价格 / 质量 / 服务)

    Answers may be numbers or text (４, " 4 "). One outside `scale` counts as not given: what was meant cannot be
    known. Where an answer not given could change the label, it is ``unknown``, and no need wins without an answer.

    Parameters
    ----------
    columns : need -> the column with its importance; the needs are the labels
    scale : lowest and highest answer, whole numbers
    ties : needs in order of precedence, all of them, the first of those tied wins; or ``mixed``, a label of its own
    margin : needs at most this far below the highest count as tied with it
    relative : what counts is how far an answer stands above the customer's own mean; who gives every need the
        same importance (一条线) has ``no_preference``
    min_answered : with at least so many answers the label is that of the answers given, others are left out
    learned : filled by `fit`, for `notes`; labels do not depend on it

    References
    ----------
    Ratings differ by habit of rating, so bare cuts ("4 or more is important") sort people by habit: Cronbach
    (1950), response sets; Baumgartner & Steenkamp (2001). The highest rating is free of that, its ties are not.
    """

    kind: Literal["needs"] = "needs"
    columns: dict[str, str]
    scale: tuple[int, int] = (1, 5)
    ties: str | tuple[str, ...] = MIXED
    margin: float = Field(0.0, ge=0)
    relative: bool = False
    min_answered: int | None = Field(None, ge=1)
    learned: Answers | None = None

    # --- sound ----------------------------------------------------------------------------------

    @model_validator(mode="after")
    def _sound(self) -> Self:
        needs = list(self.columns)
        if len(needs) < 2 or len(set(self.columns.values())) < len(needs):
            raise refusal("schemes.needs_columns", self.kind)
        reserved = {UNKNOWN, MIXED, NO_PREFERENCE} & set(needs)
        if reserved:
            raise refusal("schemes.needs_reserved", self.kind, labels=sorted(reserved))
        low, high = self.scale
        if not 0 < high - low <= MOST_STEPS:
            raise refusal("schemes.needs_scale", self.kind, low=low, high=high, most=MOST_STEPS)
        if self.margin >= high - low:
            raise refusal("schemes.needs_margin", self.kind, value=self.margin, low=low, high=high)
        if self.ties != MIXED and (isinstance(self.ties, str) or sorted(self.ties) != sorted(needs)):
            raise refusal("schemes.needs_ties", self.kind, needs=needs)
        if self.min_answered is not None and self.min_answered > len(needs):
            raise refusal("schemes.needs_answered", self.kind, value=self.min_answered, needs=len(needs))
        return self

    # --- what it says about itself --------------------------------------------------------------

    def needs(self) -> tuple[str, ...]:
        return tuple(self.columns.values())

    def order(self) -> tuple[str, ...]:
        more = [MIXED] if self.ties == MIXED else []
        return (*self.columns, *more, *([NO_PREFERENCE] if self.relative else []), UNKNOWN)

    def fit(self, customers: IntoFrame) -> Self:
        frame: Frame = nw.from_native(customers)
        self._require(frame)
        staged = self._read(frame)
        decided = self._decided() & ~self._no_preference()
        told = one_row(
            staged.select(
                decided.cast(nw.Int64).sum().alias("customers"),
                (decided & (self._tied() > 1)).cast(nw.Int64).sum().alias("tied"),
                *((nw.col(name) == OUTSIDE).cast(nw.Int64).sum().alias(name) for name in self._names),
            )
        )
        counts = {name: int(n or 0) for name, n in told.items()}
        outside = {c: counts[name] for c, name in zip(self.needs(), self._names, strict=True) if counts[name]}
        learned = Answers(customers=counts["customers"], tied=counts["tied"], outside=outside)
        return self.model_copy(update={"learned": learned})

    # --- labels ---------------------------------------------------------------------------------

    @property
    def _names(self) -> list[str]:
        return [f"__answer_{i}" for i in range(len(self.columns))]

    def labelled(self, frame: Frame) -> Frame:
        return (
            self._read(frame)
            .with_columns(self._label().alias(self.name))
            .drop([*self._names, TOP, BOTTOM, GIVEN])
        )

    def _read(self, frame: Frame) -> Frame:
        """`frame` with a number for every answer, NOTHING or OUTSIDE, and the highest, lowest and number of them."""
        schema = frame.collect_schema()
        low, high = self.scale
        read = []
        for column, name in zip(self.needs(), self._names, strict=True):
            if schema[column].is_numeric():
                given = Ladder(column, ())
                inside = (given.value() >= low) & (given.value() <= high)
                answer = nw.when(inside).then(given.value()).otherwise(nw.lit(OUTSIDE))
                answer = nw.when(given.known()).then(answer).otherwise(nw.lit(NOTHING))
            else:
                numbers = {text: self._number(text) for text in distinct_texts(frame, column)}
                answer = replaced(frame, text_of(column), numbers, OUTSIDE, nw.Float64)
                answer = nw.when(text_known(column)).then(answer).otherwise(nw.lit(NOTHING))
            read.append(answer.alias(name))
        there = [nw.col(name) > NOTHING for name in self._names]
        lowest = [
            nw.when(nw.col(n) > NOTHING).then(nw.col(n)).otherwise(nw.lit(-NOTHING)) for n in self._names
        ]
        return frame.with_columns(read).with_columns(
            nw.max_horizontal(*(nw.col(name) for name in self._names)).alias(TOP),
            nw.min_horizontal(*lowest).alias(BOTTOM),
            reduce(add, (known.cast(nw.Int64) for known in there)).alias(GIVEN),
        )

    def _number(self, text: str) -> float:
        written = NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip())
        if written is None:
            return NOTHING if says_nothing(text) else OUTSIDE
        number = float(written[0])
        return number if self.scale[0] <= number <= self.scale[1] else OUTSIDE

    def _is_tied(self, name: str) -> nw.Expr:
        return nw.col(name) >= nw.col(TOP) - self.margin

    def _tied(self) -> nw.Expr:
        """How many needs are highest."""
        return reduce(add, (self._is_tied(name).cast(nw.Int64) for name in self._names))

    def _no_preference(self) -> nw.Expr:
        alike = (nw.col(GIVEN) > 0) & (nw.col(TOP) == nw.col(BOTTOM))
        return alike if self.relative else nw.lit(False)

    def _decided(self) -> nw.Expr:
        """True where no answer that is missing could change the label."""
        size, high = len(self.columns), self.scale[1]
        if self.min_answered is not None:
            return nw.col(GIVEN) >= self.min_answered
        sure = (nw.col(GIVEN) > 0) & (nw.col(TOP) >= high - self.margin) & ~self._no_preference()
        if self.ties == MIXED:
            sure = sure & (self._tied() > 1)
        else:
            named = dict(zip(self.columns, self._names, strict=True))
            beaten = nw.lit(
                False
            )  # the winner reaches the top of the scale, and no missing need comes before it
            for need in reversed(self.ties):
                name = named[need]
                beaten = (
                    nw.when(self._is_tied(name))
                    .then(nw.col(name) >= high - self.margin)
                    .otherwise((nw.col(name) > NOTHING) & beaten)
                )
            sure = sure & beaten
        return (nw.col(GIVEN) == size) | sure

    def _label(self) -> nw.Expr:
        named = dict(zip(self.columns, self._names, strict=True))
        order = list(self.columns) if self.ties == MIXED else list(self.ties)
        label = nw.lit(order[-1])
        for need in reversed(order[:-1]):
            label = nw.when(self._is_tied(named[need])).then(nw.lit(need)).otherwise(label)
        if self.ties == MIXED:
            label = nw.when(self._tied() > 1).then(nw.lit(MIXED)).otherwise(label)
        label = nw.when(self._no_preference()).then(nw.lit(NO_PREFERENCE)).otherwise(label)
        return nw.when(self._decided()).then(label).otherwise(nw.lit(UNKNOWN))

    # --- explanations ---------------------------------------------------------------------------

    def sentences(self, customers: pd.DataFrame, lang: Lang) -> Sequence[str]:
        if not len(customers):
            return []
        written = pd.DataFrame({c: texts(customers[c]).to_numpy() for c in self.needs()}, dtype="str")
        read = self._read(nw.from_native(written)).to_native()[self._names].to_numpy(dtype="float64")
        answers = pd.DataFrame(np.where(read > NOTHING, read, np.nan), columns=list(self.needs()))
        _, first, alike = np.unique(read, axis=0, return_index=True, return_inverse=True)
        labels, moves = self._nearest(answers.iloc[first])
        said: dict[Any, str] = {}
        found = []
        cells = written.astype(object).where(written.notna(), None).itertuples(index=False, name=None)
        for row, texts_, at in zip(read.tolist(), cells, alike.reshape(-1).tolist(), strict=True):
            key = (at, texts_ if OUTSIDE in row else None)
            if key not in said:
                said[key] = self._sentence(row, texts_, labels[at], moves[at], lang)
            found.append(said[key])
        return found

    def _nearest(self, answers: pd.DataFrame) -> tuple[list[str], list[Move | None]]:
        """For every row its label, and the smallest change of one answer given that leads to another one.

        Of two as small the first need wins, and upwards before downwards.
        """
        steps = np.arange(self.scale[1], self.scale[0] - 1, -1, dtype="float64")
        tries = len(self.columns) * len(steps)
        labels: list[str] = []
        moves: list[Move | None] = []
        for start in range(0, len(answers), max(1, MOST_TRIES // tries)):
            now = answers.iloc[start : start + max(1, MOST_TRIES // tries)].to_numpy()
            # row, need, step: the answers with that one need at that step
            tried = np.repeat(now[:, None, :], tries, axis=1).reshape(len(now), now.shape[1], len(steps), -1)
            for at in range(now.shape[1]):
                tried[:, at, :, at] = steps
            rows = np.vstack([now, tried.reshape(-1, now.shape[1])])
            found = self.label(pd.DataFrame(rows, columns=answers.columns))[self.name].to_numpy(dtype=object)
            here, there = found[: len(now)], found[len(now) :].reshape(len(now), tries)
            far = np.abs(now[:, :, None] - steps).reshape(len(now), tries)
            elsewhere = (there != here[:, None]) & (there != UNKNOWN)  # to know less is no move
            far = np.where(elsewhere & np.isfinite(far), far, np.inf)
            labels += here.tolist()
            for row, at in enumerate(far.argmin(axis=1).tolist()):
                need, step = divmod(at, len(steps))
                target, label = plain_number(steps[step]), str(there[row, at])
                way = Move(self.needs()[need], "is", target, label)
                moves.append(way if np.isfinite(far[row, at]) else None)
        return labels, moves

    def _sentence(
        self, row: Sequence[float], written: Sequence[str | None], label: str, move: Move | None, lang: Lang
    ) -> str:
        outside = {
            c: say("schemes.needs.outside", lang, value=text, low=self.scale[0], high=self.scale[1])
            for c, x, text in zip(self.needs(), row, written, strict=True)
            if x == OUTSIDE
        }
        if label == UNKNOWN:
            missing = [c for c, x in zip(self.needs(), row, strict=True) if x <= NOTHING]
            called = [self.measure(c, lang) + outside.get(c, "") for c in missing]
            return say("schemes.explain_unknown", lang, label=self.label_name(UNKNOWN, lang), columns=called)
        given = [x for x in row if x > NOTHING]
        mean = sum(given) / len(given)
        facts = []
        for column, x in zip(self.needs(), row, strict=True):
            apart = say("schemes.needs.apart", lang, x=f"{x - mean:+.1f}") if self.relative else ""
            if x > NOTHING or column in outside:
                facts.append(
                    say(
                        "schemes.fact",
                        lang,
                        measure=self.measure(column, lang),
                        value=plain_number(x) if x > NOTHING else "",
                        score=apart if x > NOTHING else outside[column],
                    )
                )
        change = say("schemes.no_change", lang)
        if move is not None:
            other, named = self.label_name(move.label, lang), self.measure(move.column, lang)
            change = say("schemes.needs.change", lang, measure=named, value=move.target, other=other)
        name = self.label_name(label, lang)
        return say("schemes.explain", lang, label=name, facts=facts, change=change)

    # --- the rule -------------------------------------------------------------------------------

    def rule(self, lang: Lang) -> list[str]:
        names = [self.label_name(need, lang) for need in self.columns]
        measures = [self.measure(c, lang) for c in self.needs()]
        scale = {"low": self.scale[0], "high": self.scale[1]}
        lines = [say("schemes.needs.rule", lang, measures=measures, labels=names, **scale)]
        if self.ties == MIXED:
            lines.append(say("schemes.needs.ties_mixed", lang, label=self.label_name(MIXED, lang)))
        else:
            order = [self.label_name(need, lang) for need in self.ties]
            lines.append(say("schemes.needs.ties_order", lang, labels=order))
        if self.margin:
            lines.append(say("schemes.needs.margin", lang, x=plain_number(self.margin)))
        if self.relative:
            lines.append(say("schemes.needs.relative", lang, label=self.label_name(NO_PREFERENCE, lang)))
        return [*lines, say("schemes.needs.scale", lang, **scale)]

    def unknown_rule(self, lang: Lang) -> str:
        label = self.label_name(UNKNOWN, lang)
        if self.min_answered is not None:
            return say("schemes.needs.unknown_fewer", lang, label=label, n=self.min_answered)
        return say("schemes.needs.unknown", lang, label=label)

    def notes(self, lang: Lang = "zh") -> list[str]:
        if self.learned is None:
            return []
        notes = []
        if self.learned.tied:
            facts = {"n": self.learned.tied, "customers": self.learned.customers}
            notes.append(say("schemes.needs.note_tied", lang, **facts))
        if self.learned.outside:
            columns = [
                say("schemes.needs.count", lang, measure=self.measure(c, lang), n=n)
                for c, n in self.learned.outside.items()
            ]
            scale = {"low": self.scale[0], "high": self.scale[1]}
            n = sum(self.learned.outside.values())
            notes.append(say("schemes.needs.note_outside", lang, n=n, columns=columns, **scale))
        return notes
