"""Do the customers of the best class really buy more afterwards? Classify as of then, look at what came (回测)."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from numpy.typing import NDArray

from segkit.customers import COLUMNS, customer_table
from segkit.customers.arguments import asked, raise_any
from segkit.evaluate.estimate import LEVEL, Estimate, mean, proportion, welch, z_of
from segkit.evaluate.order_days import as_pandas, back_to
from segkit.locale import Lang, name_of, say
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import UNKNOWN, CannotLearn, Scheme

Floats = NDArray[np.float64]
FEWEST = 30  # customers of a class, below which nothing is said of it
TOTAL = "total"
LABEL, AVERAGE, SAME_AGAIN = "label", "average", "same_again"


@dataclass(frozen=True)
class Backtest:
    """What each class did in the period after it was given.

    Attributes
    ----------
    scheme, best : name of the scheme; the label it is judged by, the best one that occurred unless asked otherwise
    cut, as_of, days : classified as of `cut`, watched in (cut, as_of]
    n : customers who had bought by the cut
    by_label : one row per label from best to worst and ``total``, which is everybody the average: `n`, `bought`
        (customers who ordered in the period) and `rate, rate_low, rate_high`, `order_days` (mean), `revenue` (sum),
        `mean, mean_low, mean_high` (revenue per customer), `revenue_share`, `index` (mean over that of all)
    ahead : revenue per customer of the best label less that of all others (Welch)
    captured : share of the period's revenue that came from the best label, picked by each rule: ``label``;
        ``same_again``, as many customers by their own revenue in the period before the cut; ``average``, as many
        drawn blindly
    over : by how much the label's share exceeds that of ``same_again`` and of ``average``
    errors : one row per rule, predicting every customer's revenue: `mae, rmse` in money per customer, `predicted,
        actual` in all. The rule ``label`` gives everybody what the label brought in the period before; it is
        missing where the data do not reach back that far.
    """

    scheme: str
    best: str | None
    cut: dt.date
    as_of: dt.date
    days: int
    n: int
    by_label: pd.DataFrame
    ahead: Estimate
    captured: dict[str, Estimate]
    over: dict[str, Estimate]
    errors: pd.DataFrame

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` than picking by last period's own revenue, ``alike`` where the interval holds 0,
        ``too_few`` where less than 30 customers or no revenue stand behind it."""
        found = self.over.get(SAME_AGAIN)
        held = 0 if self.best is None else int(self.by_label.loc[self.best, "n"])
        if found is None or found.low is None or found.high is None or held < FEWEST:
            return "too_few"
        return "better" if found.low > 0 else "worse" if found.high < 0 else "alike"

    def text(self, lang: Lang = "zh") -> str:
        """Whom the classes found, beside the two naive rules, and what follows."""
        if self.best is None or self.captured[LABEL].value is None:
            return say("evaluate.backtest_none", lang, cut=self.cut, days=self.days, n=self.n)
        held = int(self.by_label.loc[self.best, "n"])
        facts: dict[str, Any] = {
            "best": name_of("segment", self.best, lang),
            "held": held,
            "share": held / self.n,
            "n": self.n,
        }
        facts |= {"cut": self.cut, "days": self.days, "least": FEWEST}
        facts |= {rule: found.value for rule, found in self.captured.items()}
        said = say("evaluate.backtest", lang, **facts)
        return said + say(f"evaluate.backtest_{self.verdict}", lang, **facts)


def backtest(
    orders: IntoFrame,
    scheme: Scheme,
    *,
    as_of: dt.date | str,
    days: int = 90,
    best: str | None = None,
    level: float = LEVEL,
) -> Backtest:
    """Would the classes have found those who buy next? (分类回测)

    The scheme learns and labels on the customers as they stood `days` before `as_of`, and what they bought after
    that day is compared by label, beside two naive rules: everybody the average, and everybody what they brought
    in the period before.

    Parameters
    ----------
    orders, as_of : as in `customer_table`, any engine
    scheme : fitted or not; it learns anew. It may read the columns of `customer_table` only: of others nobody
        can tell what they were then.
    days : length of the period watched
    best : the label to judge by; left out: the best one that occurred

    Notes
    -----
    The later orders cannot leak into the labels: `fit` and `label` are given nothing but the table as of the cut.

    Raises
    ------
    InputProblems : as `customer_table`; days cannot be; the scheme reads other columns, cannot learn from so few,
        or has no such label
    """
    day, problems = asked(as_of)
    raise_any(problems)
    cut = back_to(day, days, "days")
    strange = [column for column in scheme.needs() if column not in COLUMNS]
    if strange:
        facts = {"scheme": scheme.name, "columns": strange, "known": list(COLUMNS[1:])}
        problems.append(Problem("evaluate.backtest_needs", facts))
    if best is not None and best not in scheme.order():
        problems.append(Problem("schemes.no_such_label", {"labels": [best], "order": list(scheme.order())}))
    raise_any(problems)
    known = _labelled(orders, scheme, cut)
    if known.empty:
        raise InputProblems([Problem("evaluate.backtest_nobody", {"cut": cut})])
    label = known[scheme.name]
    bought, revenue = _bought(orders, known["customer_id"], day, days)
    before = _bought(orders, known["customer_id"], cut, days)[1]
    here = [x for x in scheme.order() if x in set(label)]
    best = best or next((x for x in here if x != UNKNOWN), None)
    table = _by_label(label, here, bought, revenue, level)
    member = (label == best).to_numpy() if best is not None else np.zeros(len(known), dtype=bool)
    captured, over = _captured(member, before, revenue, level)
    errors = _errors(orders, scheme, cut, days, known, before, revenue)
    ahead = welch(revenue[member], revenue[~member], level, unit="money")
    return Backtest(scheme.name, best, cut, day, days, len(known), table, ahead, captured, over, errors)


# --- inside -------------------------------------------------------------------------------------------


def _labelled(orders: IntoFrame, scheme: Scheme, cut: dt.date) -> pd.DataFrame:
    """Who had bought by the cut, labelled by a scheme that knows no later day."""
    customers = as_pandas(customer_table(orders, as_of=cut))
    customers = customers[customers["frequency"] > 0].reset_index(drop=True)
    return customers if customers.empty else scheme.fit(customers).label(customers)


def _bought(orders: IntoFrame, ids: pd.Series, end: dt.date, days: int) -> tuple[Floats, Floats]:
    """Order days and revenue of these customers in the `days` up to `end`; refunds count against it."""
    period = as_pandas(customer_table(orders, as_of=end, window_days=days)).set_index("customer_id")
    found = period[["frequency", "monetary"]].reindex(ids.to_numpy()).astype("float64").fillna(0.0)
    return found["frequency"].to_numpy(), found["monetary"].to_numpy()


def _by_label(
    label: pd.Series, here: list[str], bought: Floats, revenue: Floats, level: float
) -> pd.DataFrame:
    everything, average = float(revenue.sum()), float(revenue.mean())
    rows = {}
    for name in [*here, TOTAL]:
        of = np.ones(len(label), dtype=bool) if name == TOTAL else (label == name).to_numpy()
        rate, worth = proportion(int((bought[of] > 0).sum()), int(of.sum()), level), mean(revenue[of], level)
        held = float(revenue[of].sum())
        rows[name] = {
            "n": int(of.sum()),
            "bought": int((bought[of] > 0).sum()),
            "rate": rate.value,
            "rate_low": rate.low,
            "rate_high": rate.high,
            "order_days": float(bought[of].mean()),
            "revenue": round(held, 2),
            "mean": worth.value,
            "mean_low": worth.low,
            "mean_high": worth.high,
            "revenue_share": held / everything if everything > 0 else math.nan,
            "index": (worth.value or 0.0) / average if average > 0 else math.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"n": "int64", "bought": "int64"})


def _captured(
    member: NDArray[np.bool_], before: Floats, revenue: Floats, level: float
) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
    k, n = int(member.sum()), len(member)
    weights = {
        LABEL: member.astype("float64"),
        SAME_AGAIN: _largest(before, k),
        AVERAGE: np.full(n, k / n),
    }
    captured = {rule: _share(weight, revenue, level, f"captured_{rule}") for rule, weight in weights.items()}
    over = {
        rule: _share(weights[LABEL] - weights[rule], revenue, level, f"over_{rule}")
        for rule in (SAME_AGAIN, AVERAGE)
    }
    return captured, over


def _largest(values: Floats, k: int) -> Floats:
    """How far each belongs to the k largest: 1 or 0, equal ones at the edge share what is left."""
    if k == 0:
        return np.zeros(len(values))
    edge = np.sort(values)[-k]
    above, at = values > edge, values == edge
    return np.where(above, 1.0, np.where(at, (k - above.sum()) / at.sum(), 0.0))


def _share(weight: Floats, revenue: Floats, level: float, method: str) -> Estimate:
    """sum(weight * revenue) / sum(revenue), as a ratio of means over the customers (delta method)."""
    n, everything = len(revenue), float(revenue.sum())
    if everything <= 0:
        return Estimate(None, None, None, n, level, "share", method)
    value = float((weight * revenue).sum()) / everything
    if n < 2:
        return Estimate(value, None, None, n, level, "share", method)
    off = (weight - value) * revenue
    half = z_of(level) * float(off.std(ddof=1)) * math.sqrt(n) / everything
    return Estimate(value, value - half, value + half, n, level, "share", method)


def _errors(
    orders: IntoFrame,
    scheme: Scheme,
    cut: dt.date,
    days: int,
    known: pd.DataFrame,
    before: Floats,
    revenue: Floats,
) -> pd.DataFrame:
    """Each rule's prediction of every customer's revenue, made of what was known at the cut."""
    predicted = {}
    try:
        earlier = _labelled(orders, scheme, back_to(cut, days, "days"))
    except CannotLearn:  # nobody, or too few, had bought by then
        earlier = known.head(0)
    if len(earlier):
        brought = _bought(orders, earlier["customer_id"], cut, days)[1]
        usual = pd.Series(brought).groupby(earlier[scheme.name].to_numpy()).mean()
        predicted[LABEL] = (
            known[scheme.name].map(usual).fillna(float(brought.mean())).to_numpy(dtype="float64")
        )
    predicted |= {AVERAGE: np.full(len(before), before.mean()), SAME_AGAIN: before}
    rows = {
        rule: {
            "mae": float(np.abs(guess - revenue).mean()),
            "rmse": float(np.sqrt(((guess - revenue) ** 2).mean())),
            "predicted": float(guess.sum()),
            "actual": float(revenue.sum()),
        }
        for rule, guess in predicted.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")
