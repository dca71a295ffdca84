"""Who is still a customer, and how often will they buy? BG/NBD and MBG/NBD, from the repeat summary alone."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field
from scipy.special import betainc, betaln, expit, gammaln

from segkit.locale import Lang, say, term
from segkit.problems import InputProblems, Problem
from segkit.value.dropout import purchases_before_leaving
from segkit.value.holdout import HoldoutError, holdout_error
from segkit.value.likelihood import BOUNDS, likeliest, log_likelihoods
from segkit.value.model import Check, ValueModel
from segkit.value.summaries import Summary, distinct, read_summary

Floats = NDArray[np.float64]
Positive = Annotated[float, Field(gt=0)]

# with 100 the purchases predicted in all lie within 20 % of the truth in nine of ten simulated shops, with 50
# within 26 %, with 25 within 39 % (示例参数)
LEAST_REPEAT_BUYERS = 100
SHAPE_GAP = 0.05  # the largest difference of shares that still counts as the same shape (示例参数)
MOST_SHOWN = 7  # repeat purchases told one by one; more are counted together


class _BuyTillYouDie(ValueModel):
    """What BG/NBD and MBG/NBD share; they differ in `chances`, when a customer may leave.

    Purchases come at a rate of the customer's own, Gamma(r, alpha); after a purchase the customer leaves for
    good with a probability of his own, Beta(a, b). `chances` counts the purchases after which he could have
    left: his x repeat purchases, and in MBG/NBD the first one too.
    """

    chances: ClassVar[int]
    unit: Literal["day", "week"] = "week"
    r: Positive | None = None
    alpha: Positive | None = None
    a: Positive | None = None
    b: Positive | None = None

    @property
    def fitted(self) -> bool:
        return None not in (self.r, self.alpha, self.a, self.b)

    def fit(self, summary: Summary) -> Self:
        """Learn r, alpha, a, b by maximum likelihood from `customer_id, x, t_x, T` of `repeat_summary`.

        Rows of the same x, t_x and T are counted together, so time grows with the distinct rows. The result
        is the same in any order of rows and, up to the unit of alpha, in any unit of time.

        Raises
        ------
        InputProblems : a column is missing or a value cannot be; fewer than 100 customers came back; all
            bought equally often; or the best parameters lie at infinity or at zero, which says that the data
            cannot tell what the model asks for
        """
        numbers = read_summary(summary)
        problems = _too_little(numbers["x"])
        if problems:
            raise InputProblems(problems)
        rows, weights = distinct(numbers)
        found, log_likelihood = likeliest(rows, weights, self.chances)
        if not found.sound:
            raise InputProblems([self._no_maximum(found.parameters, found.at_bound)])
        r, alpha, a, b = found.parameters
        learned = {"r": r, "alpha": alpha, "a": a, "b": b, "n": len(numbers)}
        fitted = self.model_copy(update=learned | {"log_likelihood": log_likelihood})
        return fitted.model_copy(update={"checks": fitted._checks(numbers)})

    def p_alive(self, summary: Summary) -> pd.Series:
        """How likely is each customer still one? Between 0 and 1, in the rows of `summary`."""
        rows = self._rows(summary)
        return pd.Series(self._alive(*_columns(rows)), index=rows.index, name="p_alive")

    def expected_purchases(self, summary: Summary, t: ArrayLike) -> pd.Series:
        """How many purchases will each customer make in the next `t` units of time?

        `t` is one number or one for each row, in the unit of the summary; E[Y(t) | x, t_x, T].
        """
        rows = self._rows(summary)
        x, t_x, end = _columns(rows)
        r, alpha, a, b = self._parameters()
        ahead = _ahead(t)
        alive = purchases_before_leaving(a, b + self._survived(x), r + x, ahead / (alpha + end))
        return pd.Series(self._alive(x, t_x, end) * alive, index=rows.index, name="expected_purchases")

    def expected(self, t: ArrayLike) -> Any:
        """How many repeat purchases does a new customer make on average in the first `t` units? E[X(t)]"""
        r, alpha, a, b = self._parameters()
        stays = b / (a + b) if self.chances else 1.0
        found = stays * purchases_before_leaving(a, b + self.chances, r, _ahead(t) / alpha)
        return float(found) if np.ndim(t) == 0 else found

    def probability(self, x: ArrayLike, t: ArrayLike) -> Any:
        """How likely does a new customer make exactly `x` repeat purchases in the first `t` units?

        P(X(t) = x): he was still a customer and made x, or left after the x-th and would have made more.
        """
        r, alpha, a, b = self._parameters()
        count, time = np.broadcast_arrays(np.asarray(x, dtype="float64"), _ahead(t))
        share = time / (alpha + time)
        survived = self._survived(count)
        made = np.exp(
            gammaln(r + count) - gammaln(r) - gammaln(count + 1) - r * np.log1p(time / alpha)
        ) * np.power(share, count)
        at_least = np.where(count > 0, betainc(np.maximum(count, 1), r, share), 1.0)
        stayed = np.exp(betaln(a, b + survived) - betaln(a, b))
        left = np.where(survived > 0, a / (b + np.maximum(survived, 1) - 1), 0.0)
        found = stayed * (made + left * at_least)
        return float(found) if np.ndim(found) == 0 else found

    def log_likelihoods(self, summary: Summary) -> pd.Series:
        """The log-likelihood of each row; with x > 0 a density, so it depends on the unit of time."""
        rows = self._rows(summary)
        found = log_likelihoods(self._parameters(), _columns(rows), self.chances)
        return pd.Series(found, index=rows.index, name="log_likelihood")

    def holdout_error(self, orders: Any, *, as_of: Any, holdout_days: int) -> HoldoutError:
        """How far off would this model have been, and the rule "as often as before"? See `HoldoutError`."""
        return holdout_error(self, orders, as_of=as_of, holdout_days=holdout_days)

    def describe(self, lang: Lang = "zh") -> list[str]:
        """The model in words and numbers (口径), with the checks and what must be said beside it."""
        r, alpha, a, b = self._parameters()
        facts = {"model": term(f"model.{self.kind}", lang), "unit": term(f"unit.{self.unit}", lang)}
        rule = say(f"value.rule.{self.kind}", lang, **facts)
        numbers = say(
            "value.parameters.btyd",
            lang,
            r=r,
            alpha=alpha,
            a=a,
            b=b,
            rate=r / alpha,
            leave=a / (a + b),
            **facts,
        )
        return [rule, numbers, *(check.text(lang) for check in self.checks), *self.notes(lang)]

    # --- inside --------------------------------------------------------------------------------

    def _parameters(self) -> tuple[float, float, float, float]:
        self._require_fitted()
        assert self.r and self.alpha and self.a and self.b
        return self.r, self.alpha, self.a, self.b

    def _rows(self, summary: Summary) -> pd.DataFrame:
        self._require_fitted()
        return read_summary(summary)

    def _survived(self, x: Floats) -> Floats:
        return x + self.chances

    def _alive(self, x: Floats, t_x: Floats, end: Floats) -> Floats:
        r, alpha, a, b = self._parameters()
        survived = self._survived(x)
        with np.errstate(divide="ignore"):  # a one-time buyer of BG/NBD had no chance to leave
            against = np.log(a) - np.log(np.maximum(b + survived - 1, 0.0))
        against += (r + x) * (np.log(alpha + end) - np.log(alpha + t_x))
        return np.where(survived > 0, expit(-against), 1.0)

    def _no_maximum(self, parameters: tuple[float, ...], at_bound: tuple[str, ...]) -> Problem:
        if not at_bound:
            return Problem("value.refuse.not_converged")
        values = dict(zip(BOUNDS, parameters, strict=True))
        facts = {"reached": [f"{name} = {values[name]:.4g}" for name in at_bound]}
        if set(at_bound) <= {"r", "alpha"}:
            return Problem("value.refuse.rates_alike", facts)
        return Problem("value.refuse.leaving_unseen", facts)

    def _checks(self, numbers: pd.DataFrame) -> tuple[Check, ...]:
        repeat = int((numbers["x"] > 0).sum())
        (ends,), weights = distinct(numbers[["T"]])
        counts = np.arange(MOST_SHOWN)
        modelled = weights @ self.probability(counts[None, :], ends[:, None]) / len(numbers)
        seen = np.bincount(np.minimum(numbers["x"].astype(int), MOST_SHOWN), minlength=MOST_SHOWN + 1) / len(
            numbers
        )
        gap = float(np.abs(np.append(modelled, 1 - modelled.sum()) - seen).max())
        return (
            Check(
                name="repeat_buyers", figure=repeat, limit=LEAST_REPEAT_BUYERS, passed=True, n=len(numbers)
            ),
            Check(name="shape", figure=gap, limit=SHAPE_GAP, passed=gap <= SHAPE_GAP, n=len(numbers)),
        )


class BGNBD(_BuyTillYouDie):
    """Who is still a customer, and how often will they buy? (BG/NBD)

    Purchases come at a rate of the customer's own, Gamma(r, alpha); after every *repeat* purchase the customer
    leaves for good with a probability of his own, Beta(a, b). Who bought once had no chance to leave, so
    P(alive) is 1 for one-time buyers by construction: `notes` says so, and MBG/NBD is the remedy.

    Parameters
    ----------
    unit : of the times in the summary, ``"week"`` (as `repeat_summary` gives them) or ``"day"``
    r, alpha, a, b : filled by `fit`, or given; alpha in `unit`
    n, log_likelihood, checks : filled by `fit`

    References
    ----------
    Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2), 275-284.
    """

    kind: Literal["bgnbd"] = "bgnbd"
    chances: ClassVar[int] = 0

    def notes(self, lang: Lang = "zh") -> list[str]:
        return [say("value.note.one_time_alive", lang)]


class MBGNBD(_BuyTillYouDie):
    """Who is still a customer, and how often will they buy, if some leave after the first purchase? (MBG/NBD)

    As BG/NBD, but the customer may leave after the first purchase too, so one-time buyers have a P(alive)
    below 1. In shops where most buy once and never again it fits better.

    Parameters
    ----------
    unit : of the times in the summary, ``"week"`` (as `repeat_summary` gives them) or ``"day"``
    r, alpha, a, b : filled by `fit`, or given; alpha in `unit`
    n, log_likelihood, checks : filled by `fit`

    References
    ----------
    Batislam, Denizel & Filiztekin (2007), International Journal of Research in Marketing 24(3), 201-209.
    Platzer & Reutterer (2016), Marketing Science 35(5), 779-799 (as MBG/CNBD-k with k = 1).
    """

    kind: Literal["mbgnbd"] = "mbgnbd"
    chances: ClassVar[int] = 1


def _columns(rows: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    x, t_x, end = (rows[c].to_numpy() for c in ("x", "t_x", "T"))
    return x, t_x, end


def _ahead(t: ArrayLike) -> Floats:
    ahead = np.asarray(t, dtype="float64")
    if not (ahead >= 0).all():
        raise InputProblems([Problem("value.time_ahead", {"value": float(np.min(ahead))})])
    return ahead


def _too_little(x: pd.Series) -> list[Problem]:
    repeat = int((x > 0).sum())
    if repeat < LEAST_REPEAT_BUYERS:
        facts = {"repeat": repeat, "n": len(x), "least": LEAST_REPEAT_BUYERS}
        return [Problem("value.refuse.repeat_buyers", facts)]
    if x.nunique() == 1:
        return [Problem("value.refuse.no_variation", {"n": len(x), "times": int(x.iloc[0]) + 1})]
    return []
