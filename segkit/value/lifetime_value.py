"""What is each customer worth from here on? Expected margin, discounted, beside the simple alternatives."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from segkit.customers import DAYS_IN, missing_columns
from segkit.problems import InputProblems, Problem
from segkit.value.btyd import BGNBD, MBGNBD
from segkit.value.gamma_gamma import GammaGamma
from segkit.value.summaries import MONEY, TIMES, Summary, as_pandas, read_summary

DAYS_PER_YEAR = 365.25
LEAST_AT_RISK = 30  # customers from whose loss a churn is told


def clv(
    model: BGNBD | MBGNBD,
    money: GammaGamma,
    summary: Summary,
    *,
    margin: float,
    months: int = 12,
    discount: float = 0.10,
    churn: float | None = None,
    customers: IntoFrame | None = None,
) -> pd.DataFrame:
    """What is each customer worth in the coming months, from purchases he has not made yet? (CLV 客户生命周期价值)

    margin x sum over months k of [E Y(k) - E Y(k-1)] x E[M] / (1 + discount)^(k/12): expected purchases of each
    month by `model`, money per purchase by `money`, counted at the month's end; a month is a twelfth of 365.25
    days. What attracting or serving the customer costs is not taken off.

    Parameters
    ----------
    model, money : fitted on `repeat_summary`
    summary : `customer_id, x, t_x, T, repeat_value` of the customers to be valued, times in the model's unit
    margin : share of sales that is profit, in (0, 1]
    months : how far ahead, at least 1
    discount : a year, 0.10 = 10 %; a sample parameter (示例参数), ask the client's finance people
    churn : share of active customers lost in a year, for `simple_value`; None takes `yearly_churn(summary)`
    customers : a `customer_table` with `customer_id, monetary`, for `historic_value`

    Returns
    -------
    One row per customer of `summary`, in its order, money in the client's currency:
    `customer_id`; `p_alive`; `expected_purchases` in all months; `expected_value` per purchase; `clv`; and beside
    it `run_rate_value`, margin of the same months if he went on as often and as dear as before;
    `simple_value`, order value x orders a year x margin / churn, undiscounted and without an end, blank where
    churn cannot be told; and with `customers` `historic_value`, margin on all he has paid so far. The simple
    ones take a customer seen for a few days at his first rate: shown to be compared, not to be used.

    Raises
    ------
    ModelNotFitted : a model has no parameters
    InputProblems : a column is missing, a value or an argument cannot be

    References
    ----------
    Fader, Hardie & Lee (2005b), RFM and CLV: using iso-value curves, Journal of Marketing Research 42(4).
    """
    _require(margin, months, discount, churn)
    rows = as_pandas(summary)
    times, values = read_summary(rows, TIMES), read_summary(rows, MONEY)
    month = DAYS_PER_YEAR / 12 / DAYS_IN[model.unit]
    upto = np.stack([model.expected_purchases(times, k * month).to_numpy() for k in range(1, months + 1)])
    by_month = np.diff(upto, axis=0, prepend=0.0)
    worth_now = (1 + discount) ** (-np.arange(1, months + 1) / 12)
    expected_value = money.expected_value(values).to_numpy()
    x, end, repeat_value = times["x"].to_numpy(), times["T"].to_numpy(), values["repeat_value"].to_numpy()
    rate = np.where(end > 0, x / np.where(end > 0, end, 1.0), 0.0)
    if churn is None:
        churn = yearly_churn(rows, unit=model.unit)
    a_year = rate * DAYS_PER_YEAR / DAYS_IN[model.unit]
    table = pd.DataFrame(
        {
            "customer_id": rows["customer_id"].to_numpy() if "customer_id" in rows else rows.index,
            "p_alive": model.p_alive(times).to_numpy(),
            "expected_purchases": upto[-1],
            "expected_value": expected_value,
            "clv": margin * expected_value * (worth_now @ by_month),
            "run_rate_value": margin * rate * month * months * repeat_value,
            "simple_value": margin * a_year * repeat_value / churn if churn else np.nan,
        }
    )
    if customers is not None:
        known = as_pandas(customers)
        missing = missing_columns(nw.from_native(known), ("customer_id", "monetary"))
        if missing:
            raise InputProblems(missing)
        paid = known.set_index("customer_id")["monetary"].astype("float64")
        table["historic_value"] = margin * table["customer_id"].map(paid)
    return table


def yearly_churn(summary: Summary, *, unit: str = "week") -> float | None:
    """Which share of the active customers is lost in a year? (流失率), None where that cannot be told.

    At risk is who was a customer when the last year began and had bought in the year before it or bought
    since; lost is who of them bought nothing in the last year. Where nobody has been known for two years the
    period is half of the longest observation instead, and the share is brought to a year. Fewer than 30 at
    risk, or none lost, tell nothing.
    """
    times = read_summary(summary, TIMES)
    year = DAYS_PER_YEAR / DAYS_IN[unit]
    longest = float(times["T"].max()) if len(times) else 0.0
    period = min(year, longest / 2)
    silent = times["T"] - times["t_x"]
    known = times["T"] > period
    at_risk = known & (silent <= 2 * period)
    if int(at_risk.sum()) < LEAST_AT_RISK:
        return None
    lost = float((silent[at_risk] > period).mean())
    return 1 - (1 - lost) ** (year / period) if lost > 0 else None


def _require(margin: float, months: int, discount: float, churn: float | None) -> None:
    problems = []
    if not 0 < margin <= 1:
        problems.append(Problem("value.clv.margin", {"value": margin}))
    if months < 1 or months != int(months):
        problems.append(Problem("value.clv.months", {"value": months}))
    if not 0 <= discount < 1:
        problems.append(Problem("value.clv.discount", {"value": discount}))
    if churn is not None and not 0 < churn <= 1:
        problems.append(Problem("value.clv.churn", {"value": churn}))
    if problems:
        raise InputProblems(problems)
