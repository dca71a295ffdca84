"""Would the prediction have been right? Fit on the earlier orders, predict the later ones, compare."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Protocol

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from numpy.typing import NDArray

from segkit.customers import DAYS_IN, customer_table, repeat_summary
from segkit.customers.arguments import asked
from segkit.locale import Lang, say, term
from segkit.problems import InputProblems, Problem

Floats = NDArray[np.float64]
MOST_APART = 7  # repeat purchases told apart; more are one row
MODEL, SAME_RATE = "model", "same_rate"


class Predictor(Protocol):
    """What is tried out: BG/NBD and MBG/NBD are such."""

    @property
    def kind(self) -> str: ...
    @property
    def unit(self) -> Any: ...
    def fit(self, summary: Any) -> Any: ...


@dataclass(frozen=True)
class HoldoutError:
    """How far off was a model on orders it had not seen, and how far the rule "as often as before"?

    Attributes
    ----------
    model : the word for the model
    cut : last day the model knew; `days` after it were predicted
    n : customers who had bought by then
    table : one row per rule (``model``, ``same_rate``): `mae`, `rmse` in purchase days per customer,
        `predicted` and `actual` purchase days in all, `total_error` = predicted / actual - 1
    by_frequency : one row per number of repeat purchases before the cut (0 .. 7 and more): `x, n`, and per
        customer `actual, model, same_rate`

    The naive rule predicts x / T x days: as many repeat purchases a day as before (Wuebben & von Wangenheim
    2008, Journal of Marketing 72(3), found such rules hard to beat for single customers).
    """

    model: str
    cut: dt.date
    days: int
    n: int
    table: pd.DataFrame
    by_frequency: pd.DataFrame

    def beats_naive(self) -> bool:
        """Whether the model is nearer both for single customers (rmse) and in total."""
        total = self.table["total_error"].abs()
        rmse = self.table["rmse"]
        return bool(rmse[MODEL] < rmse[SAME_RATE] and total[MODEL] < total[SAME_RATE])

    def text(self, lang: Lang = "zh") -> str:
        """The outcome in one sentence, both rules side by side."""
        mine, naive = (self.table.loc[rule] for rule in (MODEL, SAME_RATE))
        facts = {
            "model": term(f"model.{self.model}", lang),
            "days": self.days,
            "n": self.n,
            "cut": self.cut,
            "actual": mine["actual"],
            "predicted": mine["predicted"],
            "total": _signed(mine["total_error"]),
            "rmse": mine["rmse"],
            "naive_predicted": naive["predicted"],
            "naive_total": _signed(naive["total_error"]),
            "naive_rmse": naive["rmse"],
        }
        sentence = say("value.holdout", lang, **facts)
        verdict = say("value.holdout_better" if self.beats_naive() else "value.holdout_not_better", lang)
        return f"{sentence}{verdict}"


def holdout_error(
    model: Predictor, orders: IntoFrame, *, as_of: dt.date | str, holdout_days: int
) -> HoldoutError:
    """Fit `model` on the orders up to `as_of` less `holdout_days`, predict the purchase days of the days after.

    Parameters
    ----------
    model : a BGNBD or MBGNBD; what it already learned plays no part
    orders, as_of : as in `customer_table`
    holdout_days : at least 1 and less than the orders reach back

    Raises
    ------
    InputProblems : as `repeat_summary` and `fit`; holdout_days impossible; nobody bought in them
    """
    day, problems = asked(as_of)
    if not problems and (not 1 <= holdout_days < day.toordinal() or holdout_days != int(holdout_days)):
        problems.append(Problem("value.holdout_days", {"days": holdout_days}))
    if problems:
        raise InputProblems(problems)
    after = _pandas(customer_table(orders, as_of=as_of, window_days=int(holdout_days)))
    cut = day - dt.timedelta(days=int(holdout_days))
    before = _pandas(repeat_summary(orders, as_of=cut, unit=model.unit)).set_index("customer_id")
    later = after.set_index("customer_id")["frequency"]
    actual = later.reindex(before.index).fillna(0).to_numpy(dtype="float64")
    if not len(before) or not actual.sum():
        raise InputProblems(
            [Problem("value.holdout_empty", {"cut": cut, "days": holdout_days, "n": len(before)})]
        )
    ahead = holdout_days / DAYS_IN[model.unit]
    x, end = (before[c].to_numpy(dtype="float64") for c in ("x", "T"))
    predicted = {
        MODEL: model.fit(before).expected_purchases(before, ahead).to_numpy(),
        SAME_RATE: np.where(end > 0, x / np.where(end > 0, end, 1.0), 0.0) * ahead,
    }
    table = pd.DataFrame.from_dict(
        {rule: _errors(values, actual) for rule, values in predicted.items()}, orient="index"
    )
    grouped = pd.DataFrame(
        {"x": np.minimum(x, MOST_APART).astype(int), "actual": actual} | predicted
    ).groupby("x")
    by_frequency = grouped.mean()
    by_frequency.insert(0, "n", grouped.size())
    return HoldoutError(model.kind, cut, int(holdout_days), len(before), table, by_frequency.reset_index())


def _errors(predicted: Floats, actual: Floats) -> dict[str, float]:
    off = predicted - actual
    return {
        "mae": float(np.abs(off).mean()),
        "rmse": float(np.sqrt((off**2).mean())),
        "predicted": float(predicted.sum()),
        "actual": float(actual.sum()),
        "total_error": float(predicted.sum() / actual.sum() - 1),
    }


def _signed(share: float) -> str:
    return f"{share * 100:+.1f}%"


def _pandas(native: Any) -> pd.DataFrame:
    frame: Any = nw.from_native(native)
    return (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_pandas()
