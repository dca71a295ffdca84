"""Predicting orders that were kept back, and the rule one would use without a model."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES

from segkit import BGNBD, MBGNBD
from segkit.problems import InputProblems
from segkit.value.holdout import holdout_error

YEAR = {"as_of": "2025-12-31", "holdout_days": 365}


@pytest.mark.parametrize("kind", [BGNBD, MBGNBD])
@pytest.mark.parametrize("days", [92, 365])
def test_the_models_beat_as_often_as_before_in_the_sample_shop(
    kind: type[MBGNBD], days: int, jd_orders: pd.DataFrame
) -> None:
    found = kind().holdout_error(jd_orders, as_of="2025-12-31", holdout_days=days)
    model, naive = found.table.loc["model"], found.table.loc["same_rate"]
    assert found.beats_naive()
    assert model["rmse"] < 0.9 * naive["rmse"] and model["mae"] < naive["mae"]
    assert abs(model["total_error"]) < 0.12 < abs(naive["total_error"])
    assert "更准" in found.text("zh") and "nearer" in found.text("en")


def test_the_figures_are_those_of_the_orders_kept_back(jd_orders: pd.DataFrame) -> None:
    found = MBGNBD().holdout_error(jd_orders, **YEAR)
    cut = pd.Timestamp("2024-12-31")
    before, after = (jd_orders[m] for m in (jd_orders["order_date"] <= cut, jd_orders["order_date"] > cut))
    known = before["customer_id"].unique()
    later = after[after["customer_id"].isin(known)].drop_duplicates(["customer_id", "order_date"])
    assert (found.cut, found.n, found.days) == (dt.date(2024, 12, 31), len(known), 365)
    assert found.table.loc["model", "actual"] == len(later)
    groups = found.by_frequency
    assert groups["x"].tolist() == list(range(8)) and groups["n"].sum() == found.n
    for rule in ("actual", "model", "same_rate"):
        total = "actual" if rule == "actual" else "predicted"
        row = "model" if rule == "actual" else rule
        assert (groups["n"] * groups[rule]).sum() == pytest.approx(found.table.loc[row, total])
    error = found.table["predicted"] / found.table["actual"] - 1
    assert found.table["total_error"].tolist() == pytest.approx(error.tolist())


class Told:
    """A predictor that says what it is told, to test the comparison by itself."""

    kind, unit = "mbgnbd", "day"

    def __init__(self, each: float) -> None:
        self.each = each

    def fit(self, summary: pd.DataFrame) -> Told:
        self.summary = summary
        return self

    def expected_purchases(self, summary: pd.DataFrame, t: float) -> pd.Series:
        assert t == 60
        return pd.Series(self.each, index=summary.index)


def test_errors_by_hand_and_a_model_that_is_worse_is_called_so() -> None:
    orders = pd.DataFrame(
        [
            ("A", "2025-01-01"),
            ("A", "2025-01-11"),
            ("A", "2025-02-10"),
            ("B", "2025-01-01"),
            ("C", "2025-03-01"),
        ],
        columns=["customer_id", "order_date"],
    ).assign(amount=1.0, order_date=lambda f: pd.to_datetime(f["order_date"]))
    told = Told(3.0)
    found = holdout_error(told, orders, as_of="2025-04-02", holdout_days=60)
    assert told.summary.loc["A", ["x", "t_x", "T"]].tolist() == [
        1,
        10,
        31,
    ]  # knows nothing of what came later
    assert found.cut == dt.date(2025, 2, 1) and found.n == 2  # C was no customer yet
    model, naive = found.table.loc["model"], found.table.loc["same_rate"]
    assert (model["actual"], model["predicted"], model["mae"]) == (1, 6, 2.5)
    assert model["rmse"] == pytest.approx(np.sqrt((4 + 9) / 2))
    assert naive["predicted"] == pytest.approx(60 / 31)
    assert not found.beats_naive()
    assert "不必用它" in found.text("zh") and "do without it" in found.text("en")


@pytest.mark.parametrize("engine", ENGINES)
def test_orders_of_any_engine(engine: str, jd_orders: pd.DataFrame) -> None:
    some = jd_orders.loc[jd_orders["customer_id"] <= "C000600", ["customer_id", "order_date", "amount"]]
    here = MBGNBD().holdout_error(some, **YEAR)
    there = MBGNBD().holdout_error(ENGINES[engine](some), **YEAR)
    assert there.table.to_numpy() == pytest.approx(here.table.to_numpy(), rel=1e-6)


def test_what_cannot_be_compared_is_refused(jd_orders: pd.DataFrame) -> None:
    with pytest.raises(InputProblems, match="holdout_days: 0"):
        MBGNBD().holdout_error(jd_orders, as_of="2025-12-31", holdout_days=0)
    with pytest.raises(InputProblems, match="nothing to compare"):
        MBGNBD().holdout_error(jd_orders, as_of="2025-12-31", holdout_days=5000)
    for days in (10**7, float("inf"), float("nan")):
        with pytest.raises(InputProblems, match=f"holdout_days: {days}"):
            MBGNBD().holdout_error(jd_orders, as_of="2025-12-31", holdout_days=days)
    with pytest.raises(InputProblems, match="2025-02-28"):
        MBGNBD().holdout_error(jd_orders, as_of="2025-02-30", holdout_days=30)
    with pytest.raises(InputProblems, match="at least 100 are needed"):
        MBGNBD().holdout_error(jd_orders[jd_orders["customer_id"] <= "C000100"], **YEAR)
