"""Which lead will succeed? A logistic regression on a lead table, written out as points one can add up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, FiniteFloat, model_validator
from scipy.optimize import brentq
from scipy.special import expit, logit

from segkit.customers import missing_columns
from segkit.locale import Lang, name_of, say
from segkit.problems import InputProblems, Problem
from segkit.schemes.ladder import refusal
from segkit.value.discrimination import auc, brier, calibration, lift_by_decile
from segkit.value.leaking import TELLS_ALL, unusable
from segkit.value.model import Check, ValueModel
from segkit.value.points import LEAST_ROWS, CardColumn, design, keys, learn_column, variables, weighed
from segkit.value.summaries import as_pandas

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EVENTS_PER_VARIABLE = 10
FOLDS = 5
LOOSENESS = 10.0  # of the ridge: holds levels without a success in place, hardly moves the others


def _as_texts(given: Any) -> Any:
    """``positive=1`` and ``positive="成交"`` are lists of one."""
    if given is None:
        return None
    many = given if isinstance(given, list | tuple | set) else [given]
    return tuple(keys(pd.Series([value], dtype=object)).iloc[0] for value in many)


Values = Annotated[tuple[str, ...], BeforeValidator(_as_texts)]


class _Card(NamedTuple):
    columns: tuple[CardColumn, ...]
    base: float


class Propensity(ValueModel):
    """Which lead will succeed? Points a salesperson can add up, and the chance they stand for (成交概率评分卡).

    Numbers fall into ranges and texts into values; a logistic regression weighs the levels, and each weight is
    rounded to whole points, so that 0 is the least likely level of a column and `points_to_double` more points
    double the odds. Every figure of quality is cross-validated: each lead is judged by points that were
    learned without it.

    Parameters
    ----------
    outcome : the column that tells success
    columns : the columns to weigh, all known *before* the outcome
    positive : the value or values of `outcome` that are a success; 1 by default
    negative : the values that are none; by default all others. Leads with neither are open and take no part.
    bins : ranges of a number with more distinct values than that, at its quantiles
    cuts : own cut points instead, by column: a value equal to a cut belongs above it
    points_to_double : points that double the odds (示例参数; 20 is usual in credit scoring)
    titles : what columns are called when shown, by column; else their term, else their name
    known_before : columns whose name sounds like an outcome (contract_type) but which are known beforehand
    card, base, n, events, left_out, counted_as_failure, auc, brier, brier_of_rate, deciles, chances, checks :
        filled by `fit`; `base` is the log-odds of 0 points, `auc` value and an approximate interval (the cards
        that judge share leads, so it covers less often than 95 %), `brier_of_rate` the Brier score of giving
        everybody the same chance; `table`, `lift` and `calibration` show the others

    References
    ----------
    Peduzzi et al. (1996), Journal of Clinical Epidemiology 49(12), for 10 events per variable; Siddiqi (2006),
    Credit Risk Scorecards, for points that double the odds.
    """

    kind: Literal["propensity"] = "propensity"
    outcome: str
    columns: tuple[str, ...] = Field(min_length=1)
    positive: Values = ("1",)
    negative: Values | None = None
    bins: int = Field(4, ge=2)
    cuts: dict[str, tuple[FiniteFloat, ...]] = Field(default_factory=dict)
    points_to_double: int = Field(10, ge=1)
    titles: dict[str, str] = Field(default_factory=dict)
    known_before: tuple[str, ...] = ()
    card: tuple[CardColumn, ...] = ()
    base: float | None = None
    events: int | None = None
    left_out: int | None = None
    counted_as_failure: tuple[str, ...] = ()
    auc: tuple[float, float, float] | None = None
    brier: float | None = None
    brier_of_rate: float | None = None
    deciles: tuple[dict[str, float], ...] = ()
    chances: tuple[dict[str, float], ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for column, cuts in self.cuts.items():
            if column not in self.columns:
                raise refusal("value.cuts_of_no_column", "cuts", column=column)
            if list(cuts) != sorted(set(cuts)):
                raise refusal("schemes.ascending", "cuts", values=list(cuts))
        return self

    @property
    def fitted(self) -> bool:
        return self.base is not None

    @property
    def unit(self) -> float:
        """Log-odds of one point."""
        return math.log(2) / self.points_to_double

    @property
    def most(self) -> int:
        """Points of the best lead there can be."""
        return sum(column.most for column in self.card)

    def fit(self, leads: IntoFrame) -> Self:
        """Learn the card from leads whose outcome is known. The same leads give the same card in any order.

        Raises
        ------
        InputProblems : a column is missing; success and failure do not both occur; a column leaks the outcome
            (filled for one outcome only, named like what comes after it, or telling it all alone), is a date or
            an id, or never differs; all columns together tell the outcome; fewer than 10 successes (or
            failures, if rarer) per level to be weighed
        """
        frame = as_pandas(leads)
        _require(frame, (self.outcome, *self.columns))
        won, known, failures = self._told(frame[self.outcome])
        used = frame.loc[known, list(self.columns)]
        problems = unusable(used, won[known], self.columns, self.known_before)
        if problems:
            raise InputProblems(problems)
        # an order of its own, so that folds and the last digits do not hang on that of the file
        order = np.lexsort(
            [*(keys(used[c]).fillna("").to_numpy(dtype=str) for c in self.columns), won[known]]
        )
        used, success = used.iloc[order], won[known][order]
        card = self._learned(used)
        flat = [
            Problem("value.leak.one_level", {"least": LEAST_ROWS}, column=c.name)
            for c in card
            if len(c.levels) < 2
        ]
        if flat:
            raise InputProblems(flat)
        events = int(min(success.sum(), (~success).sum()))
        if events < EVENTS_PER_VARIABLE * variables(card):
            most = events // EVENTS_PER_VARIABLE
            facts = {
                "events": events,
                "variables": variables(card),
                "least": EVENTS_PER_VARIABLE,
                "most": most,
            }
            raise InputProblems([Problem("value.refuse.events", facts)])
        fitted = self._fitted(_weighed(card, used, success, self.unit))
        told = {"left_out": int((~known).sum()), "counted_as_failure": failures if len(failures) > 1 else ()}
        judged = fitted._judged(used, success)
        if judged.auc and judged.auc[0] > TELLS_ALL:
            together = {"auc": judged.auc[0], "columns": [c.name for c in judged.card if c.most]}
            raise InputProblems([Problem("value.leak.together", together)])
        return judged.model_copy(update=told)

    def score(self, leads: IntoFrame) -> pd.DataFrame:
        """The leads in pandas with `points` (whole) and `probability` of success; blanks count as in `fit`.

        Raises
        ------
        ModelNotFitted : before `fit`
        InputProblems : a column is missing
        """
        self._require_fitted()
        frame = as_pandas(leads)
        _require(frame, self.columns)
        points = self._points(frame)
        return frame.assign(points=pd.array(points, dtype="Int64"), probability=self._chance(points))

    def explain(self, lead: Mapping[str, Any] | IntoFrame, lang: Lang = "zh") -> str:
        """Why this lead has its points, and the chance they stand for, in one sentence."""
        self._require_fitted()
        frame = as_pandas(lead)
        if len(frame) != 1:
            raise ValueError(f"explain takes one lead, not {len(frame)}")
        _require(frame, self.columns)
        levels = [(column, column.levels[column.places(frame[column.name])[0]]) for column in self.card]
        parts = [
            say(
                "value.part",
                lang,
                column=self._title(column, lang),
                level=column.text(level, lang),
                points=level.points,
                most=column.most,
            )
            for column, level in sorted(levels, key=lambda pair: -pair[1].points)
            if column.most
        ]
        points = sum(level.points for _, level in levels)
        chance = float(self._chance(np.array([points]))[0])
        return say("value.explain", lang, points=points, most=self.most, chance=chance, parts=parts)

    def table(self, lang: Lang = "zh") -> pd.DataFrame:
        """The card to be printed: one row per level, `column, level, points, n, events, rate`, and the weight
        `log_odds` against the column's commonest level with its 95 % interval `low, high`."""
        self._require_fitted()
        return pd.DataFrame(
            [
                {
                    "column": self._title(column, lang),
                    "level": column.text(level, lang),
                    "points": level.points,
                    "n": level.n,
                    "events": level.events,
                    "rate": level.events / level.n if level.n else np.nan,
                    "log_odds": level.log_odds,
                    "low": level.log_odds_low,
                    "high": level.log_odds_high,
                }
                for column in self.card
                for level in column.levels
            ]
        )

    @property
    def lift(self) -> pd.DataFrame:
        """How much likelier the best tenths are to succeed: `lift_by_decile` of the cross-validated points."""
        return _frame(self.deciles)

    @property
    def calibration(self) -> pd.DataFrame:
        """Whether the chances given came true: `calibration` of the cross-validated chances."""
        return _frame(self.chances)

    def notes(self, lang: Lang = "zh") -> list[str]:
        notes = [say("value.note.open", lang, n=self.left_out)] if self.left_out else []
        if self.counted_as_failure:
            notes.append(say("value.note.failures", lang, values=list(self.counted_as_failure)))
        return notes

    def describe(self, lang: Lang = "zh") -> list[str]:
        """The card in words and numbers (口径), with the checks."""
        self._require_fitted()
        assert self.auc is not None and self.base is not None
        rule = say("value.rule.propensity", lang, n=self.n, events=self.events, double=self.points_to_double)
        start = say("value.parameters.propensity", lang, most=self.most, chance=float(expit(self.base)))
        return [rule, start, *(check.text(lang) for check in self.checks), *self.notes(lang)]

    # --- inside --------------------------------------------------------------------------------

    def _title(self, column: CardColumn, lang: Lang) -> str:
        return self.titles.get(column.name) or name_of("field", column.name, lang)

    def _told(self, cells: pd.Series) -> tuple[Flags, Flags, tuple[str, ...]]:
        """Who succeeded, of whom it is known, and the values taken for a failure without being named."""
        said = keys(cells)
        won = said.isin(self.positive).to_numpy()
        lost = (said.notna() & ~won) if self.negative is None else said.isin(self.negative)
        if not won.any() or not lost.any():
            values = sorted(said.dropna().unique())[:8]
            facts = {"positive": list(self.positive), "won": int(won.sum()), "values": values}
            raise InputProblems([Problem("value.one_outcome", facts, column=self.outcome)])
        failures = () if self.negative is not None else tuple(sorted(said[lost].unique()))
        return won, won | lost.to_numpy(), failures

    def _learned(self, used: pd.DataFrame) -> tuple[CardColumn, ...]:
        return tuple(learn_column(c, used[c], self.bins, self.cuts.get(c)) for c in self.columns)

    def _fitted(self, card: _Card) -> Self:
        return self.model_copy(update={"card": card.columns, "base": card.base})

    def _points(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        points = np.zeros(len(frame), dtype=np.int64)
        for column in self.card:
            worth = np.array([level.points for level in column.levels], dtype=np.int64)
            points += worth[column.places(frame[column.name])]
        return points

    def _chance(self, points: NDArray[np.int64]) -> Floats:
        assert self.base is not None
        return np.asarray(expit(self.base + self.unit * points))

    def _judged(self, used: pd.DataFrame, success: Flags) -> Self:
        """With what cross-validation says of it."""
        from sklearn.model_selection import StratifiedKFold

        chance = np.empty(len(used))
        for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(used, success):
            part = used.iloc[train]
            without = self._fitted(_weighed(self._learned(part), part, success[train], self.unit))
            chance[test] = without._chance(without._points(used.iloc[test]))
        area, n, events = auc(chance, success), len(used), int(success.sum())
        rate = success.mean()
        rarer = min(events, n - events)
        per_variable = rarer / variables(self.card)
        found, plain = brier(chance, success), float(rate * (1 - rate))
        checks = (
            Check(name="events", figure=per_variable, limit=EVENTS_PER_VARIABLE, passed=True, n=rarer),
            Check(name="auc", figure=area.value, limit=area.low, passed=area.low > 0.5, n=n),
            Check(name="brier", figure=found, limit=plain, passed=found < plain, n=n),
        )
        facts: dict[str, Any] = {"n": n, "events": events}
        facts |= {"auc": tuple(area), "checks": checks}
        facts |= {
            "deciles": _rows(lift_by_decile(chance, success)),
            "chances": _rows(calibration(chance, success)),
        }
        return self.model_copy(update=facts | {"brier": found, "brier_of_rate": plain})


def _rows(table: pd.DataFrame) -> tuple[dict[str, float], ...]:
    return tuple({str(k): float(v) for k, v in row.items()} for row in table.to_dict("records"))


def _frame(rows: tuple[dict[str, float], ...]) -> pd.DataFrame:
    counts = ("decile", "group", "n", "events")
    table = pd.DataFrame(list(rows))
    return table.astype({c: "int64" for c in counts if c in table})


def _require(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    problems = missing_columns(nw.from_native(frame), columns)
    if problems:
        raise InputProblems(problems)


def _weighed(columns: tuple[CardColumn, ...], used: pd.DataFrame, success: Flags, unit: float) -> _Card:
    """Logistic regression over the levels, rounded to points; the base is set so that the mean chance is true."""
    from sklearn.linear_model import LogisticRegression

    places = [column.places(used[column.name]) for column in columns]
    matrix = design(columns, places)
    if not matrix.shape[1]:  # in a fold, of a card that hardly tells anything apart
        return _Card(columns, float(logit(success.mean())))
    model = LogisticRegression(C=LOOSENESS, solver="newton-cholesky", tol=1e-8).fit(matrix, success)
    chance = model.predict_proba(matrix)[:, 1]
    full = np.column_stack([np.ones(len(matrix)), matrix])
    ridge = np.diag([0.0, *[1 / LOOSENESS] * matrix.shape[1]])
    information = (full * (chance * (1 - chance))[:, None]).T @ full + ridge
    errors = np.sqrt(np.diag(np.linalg.inv(information)))[1:]
    weights = weighed(columns, places, success, model.coef_[0], errors, unit)
    worth = sum(
        np.array([level.points for level in column.levels])[at]
        for column, at in zip(weights, places, strict=True)
    )
    rate = success.mean()
    base = brentq(lambda b: float(expit(b + unit * worth).mean()) - rate, -60, 60, xtol=1e-12)
    return _Card(weights, float(base))
