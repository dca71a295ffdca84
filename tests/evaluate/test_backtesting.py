"""Classified as of then, watched afterwards: by hand, with a planted truth, and no later order ever leaks in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import segkit
from segkit.evaluate.backtesting import AVERAGE, LABEL, SAME_AGAIN, TOTAL, backtest
from segkit.problems import InputProblems
from segkit.schemes.bands import Bands
from segkit.schemes.pareto import Pareto
from segkit.schemes.rfm import RFM

CUT = pd.Timestamp("2025-10-02")  # 90 days before the last of 2025
END = "2025-12-31"


def orders_of(rows: Sequence[tuple[str, int, float]]) -> pd.DataFrame:
    """Customer, days after the cut (negative before), amount."""
    days = [CUT + pd.Timedelta(days=day) for _, day, _ in rows]
    return pd.DataFrame(
        {"customer_id": [r[0] for r in rows], "order_date": days, "amount": [float(r[2]) for r in rows]}
    )


def shop(
    rng: np.random.Generator, n: int, *, lasting: bool, back: int = 360, orders: int = 8
) -> pd.DataFrame:
    """Customers with a spending level each; it lasts, or is thrown anew after the cut."""
    level = rng.lognormal(4, 1.2, n)
    later = level if lasting else rng.permutation(level)
    rows = []
    for i in range(n):
        for day in rng.integers(-back, 1, orders):
            rows.append((f"c{i}", int(day), level[i] * rng.lognormal(0, 0.3)))
        for day in rng.integers(1, 91, rng.poisson(1.5)):
            rows.append((f"c{i}", int(day), later[i] * rng.lognormal(0, 0.3)))
    return orders_of(rows)


def test_by_hand() -> None:
    rows = [
        ("a", -10, 70),
        ("b", -20, 20),
        ("c", -30, 10),
        ("a", 5, 30),
        ("b", 6, 10),
        ("d", 9, 500),
        ("b", 95, 9),
    ]
    found = backtest(orders_of(rows), Pareto(), as_of=END)
    assert (found.cut, found.n, found.best) == (CUT.date(), 3, "A")
    table = found.by_label
    assert table.index.tolist() == ["A", "B", "C", TOTAL]
    assert table["revenue"].tolist() == [30.0, 10.0, 0.0, 40.0], "d was unknown at the cut, day 95 is over"
    assert table["rate"].tolist() == [1.0, 1.0, 0.0, pytest.approx(2 / 3)]
    assert table.loc["A", "index"] == pytest.approx(30 / (40 / 3))
    assert found.captured[LABEL].value == 0.75
    assert found.captured[AVERAGE].value == pytest.approx(1 / 3)
    assert found.captured[SAME_AGAIN].value == 0.75 and found.over[SAME_AGAIN].value == 0.0
    assert found.ahead.value == pytest.approx(30 - 5)
    assert found.errors.loc[AVERAGE, "predicted"] == pytest.approx(100.0)
    assert found.errors.loc[SAME_AGAIN, "mae"] == pytest.approx((40 + 10 + 10) / 3)
    assert LABEL not in found.errors.index, "nobody had bought 90 days before the cut"
    assert found.verdict == "too_few"


later_orders = st.lists(
    st.tuples(st.sampled_from("abcdxyz"), st.integers(1, 90), st.floats(-50, 900)), max_size=8
)


@settings(max_examples=8)
@given(later_orders)
def test_no_later_order_changes_a_label_or_a_prediction(later: list[tuple[str, int, float]]) -> None:
    past = [
        (who, -day, 10.0 * (i + 1) * (1 + day % 3)) for i, who in enumerate("abcdef") for day in (3, 40, 150)
    ]
    plain = backtest(orders_of(past), Pareto(), as_of=END)
    found = backtest(orders_of(past + later), Pareto(), as_of=END)
    assert found.by_label["n"].to_dict() == plain.by_label["n"].to_dict()
    assert found.errors["predicted"].to_dict() == pytest.approx(plain.errors["predicted"].to_dict())
    assert found.by_label.loc[TOTAL, "revenue"] == pytest.approx(
        sum(round(a, 10) for who, _, a in later if who in "abcdef"), abs=0.05
    )


def test_classes_that_last_are_found_and_those_that_do_not_are_not() -> None:
    rng = np.random.default_rng(4)
    lasting = backtest(shop(rng, 600, lasting=True), Pareto(), as_of=END)
    assert lasting.ahead.low is not None and lasting.ahead.low > 0
    found = lasting.over[AVERAGE]
    assert found.low is not None and found.low > 0.2
    assert lasting.errors.loc[LABEL, "rmse"] < lasting.errors.loc[AVERAGE, "rmse"]
    seldom = backtest(shop(rng, 900, lasting=True, back=900, orders=4), Pareto(), as_of=END)
    assert seldom.verdict == "better", "who seldom buys is known by years, not by the last quarter"
    thrown = backtest(shop(rng, 600, lasting=False), Pareto(), as_of=END)
    by_luck = thrown.over[AVERAGE]
    assert by_luck.low is not None and by_luck.high is not None
    assert by_luck.low < 0 < by_luck.high
    assert thrown.verdict in ("alike", "worse")


def test_the_interval_of_what_was_captured_is_that_of_a_bootstrap() -> None:
    rng = np.random.default_rng(7)
    orders = shop(rng, 300, lasting=True)
    found = backtest(orders, Pareto(), as_of=END).captured[LABEL]
    people = segkit.customer_table(orders, as_of=CUT.date())
    people = people.merge(
        orders[orders["order_date"] > CUT].groupby("customer_id")["amount"].sum().reset_index(), how="left"
    ).fillna({"amount": 0.0})
    best = (Pareto().fit(people).label(people)["abc"] == "A").to_numpy()
    money = people["amount"].to_numpy()
    drawn = []
    for _ in range(2000):
        i = rng.integers(0, len(money), len(money))
        drawn.append((money[i] * best[i]).sum() / money[i].sum())
    assert found.value == pytest.approx((money * best).sum() / money.sum(), rel=1e-6)
    assert found.half == pytest.approx(1.96 * np.std(drawn), rel=0.1)


def test_equal_customers_at_the_edge_share_the_last_place() -> None:
    rows = [("a", -100, 90), ("b", -10, 5), ("c", -10, 5), ("b", 4, 8), ("c", 4, 2)]
    found = backtest(orders_of(rows), Pareto(), as_of=END)
    assert found.by_label.loc["A", "n"] == 1
    assert found.captured[SAME_AGAIN].value == pytest.approx(0.5), "b and c, half each, whatever their order"


def test_what_cannot_be_tested_is_refused() -> None:
    orders = orders_of([("a", -10, 70.0), ("b", 6, 10)])
    other = Bands.model_validate(
        {"column": "points", "cuts": [3.0], "labels": ["low", "high"], "name": "level"}
    )
    for wrong in (
        lambda: backtest(orders, other, as_of=END),
        lambda: backtest(orders, Pareto(), as_of=END, days=0),
        lambda: backtest(orders, Pareto(), as_of="2025-02-30"),
        lambda: backtest(orders, Pareto(), as_of=END, best="D"),
        lambda: backtest(orders, Pareto(), as_of="2020-01-01"),
    ):
        with pytest.raises(InputProblems):
            wrong()


def test_it_is_public_and_says_what_follows() -> None:
    assert segkit.backtest is backtest
    found = backtest(shop(np.random.default_rng(1), 400, lasting=True), RFM.model_validate({}), as_of=END)
    for lang in ("zh", "en"):
        said = found.text(lang)
        assert f"{found.by_label.loc[found.best, 'n']}" in said and "90" in said
    silent = backtest(orders_of([("a", -10, 70.0)]), Pareto(), as_of=END)
    assert silent.captured[LABEL].value is None and silent.verdict == "too_few" and silent.text("en")
