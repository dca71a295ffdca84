"""Customer lifetime value: the sum by hand, its units, and the simple alternatives beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES
from hypothesis import given, settings
from hypothesis import strategies as st

from segkit import BGNBD, MBGNBD, GammaGamma, clv, customer_table, repeat_summary
from segkit.problems import InputProblems
from segkit.value.lifetime_value import yearly_churn
from segkit.value.model import ModelNotFitted

MODEL = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
MONEY = GammaGamma(p=6.25, q=3.74, gamma=15.44)
MONTH = 365.25 / 12 / 7  # weeks
SUMMARY = pd.DataFrame(
    {
        "customer_id": ["A", "B", "C"],
        "x": [2, 0, 7],
        "t_x": [30.43, 0.0, 29.43],
        "T": [38.86, 38.86, 38.86],
        "repeat_value": [22.35, 0.0, 73.74],
    }
)
RULES = [
    "customer_id",
    "p_alive",
    "expected_purchases",
    "expected_value",
    "clv",
    "run_rate_value",
    "simple_value",
]


def test_it_is_the_sum_over_months_of_discounted_margin() -> None:
    found = clv(MODEL, MONEY, SUMMARY, margin=0.3, months=6, discount=0.10)
    assert list(found) == RULES and found["customer_id"].tolist() == ["A", "B", "C"]
    total, before = np.zeros(3), np.zeros(3)
    for month in range(1, 7):
        upto = MODEL.expected_purchases(SUMMARY, month * MONTH).to_numpy()
        total += 0.3 * (upto - before) * MONEY.expected_value(SUMMARY).to_numpy() / 1.10 ** (month / 12)
        before = upto
    assert found["clv"].to_numpy() == pytest.approx(total)
    assert found["expected_purchases"].to_numpy() == pytest.approx(before)
    assert found["p_alive"].to_numpy() == pytest.approx(MODEL.p_alive(SUMMARY).to_numpy())


def test_without_discount_it_is_purchases_times_value_times_margin() -> None:
    found = clv(MODEL, MONEY, SUMMARY, margin=0.25, months=24, discount=0)
    wanted = 0.25 * found["expected_purchases"] * found["expected_value"]
    assert found["clv"].to_numpy() == pytest.approx(wanted.to_numpy())


def test_days_and_weeks_give_the_same_money() -> None:
    in_days = BGNBD(r=0.243, alpha=4.414 * 7, a=0.793, b=2.426, unit="day")
    days = SUMMARY.assign(t_x=SUMMARY["t_x"] * 7, T=SUMMARY["T"] * 7)
    weeks = clv(MODEL, MONEY, SUMMARY, margin=0.3, churn=0.4).drop(columns="customer_id")
    assert clv(in_days, MONEY, days, margin=0.3, churn=0.4)[list(weeks)].to_numpy() == pytest.approx(
        weeks.to_numpy()
    )


def test_the_simple_alternatives_are_their_formulas() -> None:
    customers = pd.DataFrame({"customer_id": ["C", "A"], "monetary": [800.0, 60.0]})
    found = clv(MODEL, MONEY, SUMMARY, margin=0.5, months=12, churn=0.4, customers=customers).set_index(
        "customer_id"
    )
    a_year = 7 / 38.86 * 365.25 / 7
    assert found.loc["C", "run_rate_value"] == pytest.approx(0.5 * a_year * 73.74)
    assert found.loc["C", "simple_value"] == pytest.approx(0.5 * a_year * 73.74 / 0.4)
    assert found.loc["C", "historic_value"] == 400 and found.loc["A", "historic_value"] == 30
    assert np.isnan(found.loc["B", "historic_value"])
    assert (found["clv"] < found["run_rate_value"]).loc[["A", "C"]].all()  # some are gone already


def test_churn_is_who_was_there_and_did_not_come_back_in_the_last_year() -> None:
    def people(n: int, last_years_ago: float, known_years: float) -> pd.DataFrame:
        end = known_years * 365.25
        return pd.DataFrame({"x": 1, "t_x": end - last_years_ago * 365.25, "T": end}, index=range(n))

    stayed, lost = people(60, 0.5, 3), people(20, 1.5, 3)
    new, long_gone = people(500, 0.1, 0.9), people(500, 2.4, 3)
    everybody = pd.concat([stayed, lost, new, long_gone], ignore_index=True)
    assert yearly_churn(everybody, unit="day") == pytest.approx(20 / 80)
    # known for one year at most: by halves, brought to a year
    halves = pd.concat([people(60, 0.2, 1), people(20, 0.7, 1)], ignore_index=True)
    assert yearly_churn(halves, unit="day") == pytest.approx(1 - 0.75**2)
    assert yearly_churn(people(60, 0.5, 3), unit="day") is None  # nobody lost
    assert yearly_churn(pd.concat([people(15, 0.5, 3), people(14, 1.5, 3)]), unit="day") is None  # too few
    told = clv(BGNBD(unit="day", r=1, alpha=30, a=1, b=2), MONEY, stayed.assign(repeat_value=9.0), margin=0.5)
    assert told["simple_value"].isna().all()


def test_the_sample_shop_is_worth_what_its_truth_says(
    jd_orders: pd.DataFrame, jd_truth: pd.DataFrame
) -> None:
    summary = repeat_summary(jd_orders, as_of="2025-12-31")
    persons = summary[~summary["customer_id"].map(jd_truth["is_b2b"]).astype(bool)]
    model, money = MBGNBD().fit(summary), GammaGamma().fit(persons)
    table = customer_table(jd_orders, as_of="2025-12-31")
    found = clv(model, money, persons, margin=1.0, discount=0, customers=table).set_index("customer_id")
    truth = jd_truth.loc[found.index, "expected_spend_365"]
    assert found["clv"].sum() == pytest.approx(truth.sum(), rel=0.08)
    assert abs(found["run_rate_value"].sum() / truth.sum() - 1) > 0.3  # going on as before is far off
    best = found["clv"].nlargest(len(found) // 10).index
    worst = found["clv"].nsmallest(len(found) // 2).index
    assert found.loc[best, "clv"].sum() == pytest.approx(truth[best].sum(), rel=0.12)
    assert truth[worst].mean() < 0.15 * truth[best].mean()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_summary_of_any_engine(engine: str) -> None:
    there = clv(
        MODEL, MONEY, ENGINES[engine](SUMMARY), margin=0.3, churn=0.4, customers=ENGINES[engine](table())
    )
    here = clv(MODEL, MONEY, SUMMARY, margin=0.3, churn=0.4, customers=table())
    there = there.sort_values("customer_id", ignore_index=True)
    assert there["customer_id"].tolist() == ["A", "B", "C"]
    assert there.drop(columns="customer_id").to_numpy() == pytest.approx(
        here.drop(columns="customer_id").to_numpy()
    )


def table() -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ["A", "B", "C"], "monetary": [60.0, 10.0, 800.0]})


@settings(max_examples=15)
@given(st.integers(1, 24), st.floats(0.01, 1.0), st.floats(0.0, 0.9))
def test_more_months_more_margin_and_less_discount_are_worth_more(
    months: int, margin: float, discount: float
) -> None:
    found = clv(MODEL, MONEY, SUMMARY, margin=margin, months=months, discount=discount)["clv"]
    assert (found >= 0).all()
    assert (
        clv(MODEL, MONEY, SUMMARY, margin=margin, months=months + 1, discount=discount)["clv"] >= found
    ).all()
    assert (
        clv(MODEL, MONEY, SUMMARY, margin=margin, months=months, discount=discount + 0.05)["clv"] <= found
    ).all()


def test_arguments_that_cannot_be_are_named_all_at_once() -> None:
    with pytest.raises(InputProblems) as caught:
        clv(MODEL, MONEY, SUMMARY, margin=30, months=0, discount=10, churn=0)
    assert [p.id.rsplit(".")[-1] for p in caught.value.problems] == ["margin", "months", "discount", "churn"]
    assert "毛利率" in caught.value.text("zh") and "share of sales" in caught.value.text("en")
    with pytest.raises(InputProblems, match="monetary"):
        clv(MODEL, MONEY, SUMMARY, margin=0.3, customers=SUMMARY)
    with pytest.raises(ModelNotFitted):
        clv(BGNBD(), MONEY, SUMMARY, margin=0.3)
