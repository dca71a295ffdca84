"""Items bought together: lift with enough baskets finds what was planted, and a best-seller is no answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from segkit import bought_together, load, recommend
from segkit.problems import InputProblems

TRUTH = Path(__file__).parents[1] / "datasets" / "_truth"


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    return load("jd").items


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    return pd.read_csv(TRUTH / "jd_items_pairs.csv", encoding="utf-8-sig").set_index(["item_a", "item_b"])


def baskets_of(*contents: str) -> pd.DataFrame:
    rows = [(f"D{i}", letter) for i, basket in enumerate(contents) for letter in basket]
    return pd.DataFrame(rows, columns=["order_id", "item_id"])


def test_chance_explains_every_pair_but_the_five_planted_ones(lines, planted):
    pairs = bought_together(lines)
    found = pairs[pairs["low"] > 1].set_index(["item_a", "item_b"])
    assert set(found.index) == set(planted.index)
    beside = found.join(planted, suffixes=("", "_true"))
    assert (beside["together"] == beside["together_true"]).all()
    assert (beside["n_a"] == beside["baskets_a"]).all() and (beside["n_b"] == beside["baskets_b"]).all()
    assert beside["lift"].to_numpy() == pytest.approx(beside["lift_true"].to_numpy(), abs=1e-3)
    assert beside["lift_planted"].between(beside["low"], beside["high"]).all()
    assert pairs["together"].min() >= 10 and (pairs["baskets"] == 4427).all()
    # the five lead the whole list, which they do not when pairs of a few baskets are let in
    assert set(pairs.head(5).set_index(["item_a", "item_b"]).index) == set(planted.index)
    all_pairs = bought_together(lines, at_least=1).head(5).set_index(["item_a", "item_b"])
    assert not set(all_pairs.index) & set(planted.index)


def test_a_recommendation_is_the_partner_and_never_the_best_seller(lines, planted):
    for a, b in planted.index:
        for item, partner in ((a, b), (b, a)):
            given = recommend(lines, item)
            assert given["item_id"].tolist() == [partner]
            row = given.iloc[0]
            assert row["n"] == lines.loc[lines["item_id"] == item, "order_id"].nunique()
            assert row["share"] == pytest.approx(row["together"] / row["n"])
    # what counting would have said: tissues, which lie in a third of all baskets
    beside = lines.merge(lines.loc[lines["item_id"] == "G0002", ["order_id"]], on="order_id")
    often = beside[beside["item_id"] != "G0002"]["item_id"].value_counts()
    assert often.index[0] in ("G0011", "G0001") and recommend(lines, "G0011").empty


def test_the_interval_covers_the_truth_as_often_as_it_says(monkeypatch):
    # three items, so 0.85 for all their pairs at once is 0.95 for one; true lift 0.06 / (0.15 * 0.20) = 2
    monkeypatch.setattr("segkit.baskets.LEVEL", 0.85)
    draws = np.random.default_rng(7)
    true, held = 2.0, 0
    for _ in range(200):
        u = draws.random(1500)
        cell = np.digitize(u, [0.06, 0.15, 0.29])  # both, a only, b only, neither
        rows = [("ab", "a", "b", "c")[c] for c in cell]
        pair = bought_together(baskets_of(*rows), at_least=1)
        row = pair[(pair["item_a"] == "a") & (pair["item_b"] == "b")].iloc[0]
        held += row["low"] <= true <= row["high"]
        assert row["high"] < 1.6 * row["low"]  # and is no wider than it must be
    assert 185 <= held < 200


def test_among_all_pairs_of_many_items_none_is_told_from_chance_that_is_chance():
    # a normal interval of log lift calls a pair of these certain in 13 sets of 15
    for seed in range(4):
        row, column = np.nonzero(np.random.default_rng(seed).random((4000, 300)) < 0.0225)
        pairs = bought_together(pd.DataFrame({"order_id": row, "item_id": column}))
        assert len(pairs) and not (pairs["low"] > 1).any()
        assert ((pairs["low"] < pairs["lift"]) & (pairs["lift"] < pairs["high"])).all()


def test_two_items_only_ever_bought_together_have_a_highest_lift():
    pairs = bought_together(baskets_of(*["ab"] * 40, *["c"] * 360), at_least=2)
    row = pairs.iloc[0]
    assert row["lift"] == row["high"] == pytest.approx(10) and 1 < row["low"] < 10


def test_counted_by_hand():
    pairs = bought_together(baskets_of("ab", "ab", "abb", "ac", "c", "c"), at_least=2)
    assert pairs[["item_a", "item_b", "together", "n_a", "n_b", "baskets"]].to_numpy().tolist() == [
        ["a", "b", 3, 4, 3, 6]
    ]
    assert pairs["lift"].tolist() == [pytest.approx(3 * 6 / (4 * 3))]


def test_rows_without_basket_or_item_do_not_count_and_row_order_does_not_matter(lines):
    some = lines.head(2000)
    without = [some.head(5).assign(order_id=pd.NA), some.head(5).assign(item_id=pd.NA)]
    holes = pd.concat([some, *without, some.head(9)]).astype(some.dtypes)
    expected = bought_together(some, at_least=2)
    pd.testing.assert_frame_equal(bought_together(holes.sample(frac=1, random_state=3), at_least=2), expected)


@pytest.mark.parametrize("contents", [(), ("a",), ("a", "a", "b")])
def test_without_pairs_there_is_an_empty_list(contents):
    pairs = bought_together(baskets_of(*contents), at_least=1)
    assert pairs.empty and list(pairs)[:2] == ["item_a", "item_b"]
    if contents:
        assert recommend(baskets_of(*contents), "a").empty


def test_what_is_missing_is_named(lines):
    with pytest.raises(InputProblems) as caught:
        bought_together(lines.rename(columns={"item_id": "item_no", "order_id": "单号"}))
    assert "item_no" in caught.value.text("en") and "order_id" in caught.value.text("zh")
    with pytest.raises(InputProblems) as caught:
        recommend(lines, "g0002")
    assert "G0002" in caught.value.text("zh")
