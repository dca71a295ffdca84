"""Baskets: no amounts, lift finds the planted pairs, and counting finds the best-sellers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

Folders = Callable[[str], list[Path]]
Read = Callable[[Path], pd.DataFrame]


@dataclass(frozen=True)
class Draw:
    """One draw: the lines, the orders as in the file (copies dropped), and the truth."""

    items: pd.DataFrame
    orders: pd.DataFrame
    valid: pd.DataFrame
    pairs: pd.DataFrame
    facts: dict


@pytest.fixture(scope="module")
def draws(draws_of: Folders, text_of: Read) -> list[Draw]:
    made = []
    for folder in draws_of("jd"):
        items = text_of(folder / "jd" / "items.csv").astype({"line": int})
        orders = text_of(folder / "jd" / "orders.csv").drop_duplicates("order_id").set_index("order_id")
        valid, pairs = (text_of(folder / "_truth" / f"jd_{name}.csv") for name in ("orders", "items_pairs"))
        facts = yaml.safe_load((folder / "_truth" / "jd_summary.yml").read_text("utf-8"))["items"]
        made.append(Draw(items, orders, valid, pairs, facts))
    return made


def inside(items: pd.DataFrame) -> pd.DataFrame:
    """Orders x items, 1 where the item lies in the basket."""
    return pd.crosstab(items["order_id"], items["item_id"]).clip(upper=1)


def together(basket: pd.DataFrame) -> pd.DataFrame:
    """Items x items: the orders that hold both."""
    both = basket.T @ basket
    return both.where(~np.eye(len(both), dtype=bool), 0)


def lift_of(basket: pd.DataFrame) -> pd.DataFrame:
    held = basket.sum()
    return together(basket) * len(basket) / np.outer(held, held)


def planted(draw: Draw) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in zip(draw.pairs["item_a"], draw.pairs["item_b"], strict=True)}


def chosen(basket: pd.DataFrame, lift: float, least: int) -> set[frozenset[str]]:
    """The pairs of at least this lift that lie together in at least so many orders."""
    both, ratio = together(basket), lift_of(basket)
    return {
        frozenset((a, b))
        for a, b in combinations(basket.columns, 2)
        if ratio.at[a, b] >= lift and both.at[a, b] >= least
    }


def test_every_order_that_counts_from_july_on_has_lines_and_no_other(draws: list[Draw]) -> None:
    for draw in draws:
        late = draw.valid[draw.valid["order_date"] >= "2025-07-01"]
        assert set(draw.items["order_id"]) == set(late["order_id"])
        assert draw.items["order_id"].is_monotonic_increasing
        assert not draw.items.duplicated(["order_id", "item_id"]).any()
        assert 6_500 < len(draw.items) < 9_000
        assert 1.6 < len(draw.items) / len(late) < 1.8


def test_lines_are_numbered_and_carry_no_amounts(draws: list[Draw]) -> None:
    for draw in draws:
        assert list(draw.items) == ["order_id", "line", "item_id", "item_name", "category"]
        assert (draw.items["line"] == draw.items.groupby("order_id").cumcount() + 1).all()
        small = draw.orders["paid_amount"].str.replace("[￥,]", "", regex=True).astype(float) < 20
        lines = draw.items.groupby("order_id").size()
        assert (lines[small.reindex(lines.index)] == 1).all() and small.reindex(lines.index).sum() > 10


def test_orders_dated_after_the_as_of_date_were_truly_placed_before(draws: list[Draw]) -> None:
    for draw in draws:
        written = pd.to_datetime(draw.orders["order_date"], format="mixed")
        late = written.index[written > "2025-12-31 23:59"]
        assert len(late) == 5
        assert draw.facts["of_orders_after_as_of"] == late.isin(draw.items["order_id"]).sum()


def test_the_first_line_is_of_the_category_of_the_order(draws: list[Draw]) -> None:
    for draw in draws:
        first = draw.items.drop_duplicates("order_id")
        assert (
            first["category"].to_numpy() == draw.orders.loc[first["order_id"], "category"].to_numpy()
        ).all()
        goods = draw.items.groupby("item_id")
        assert (goods["item_name"].nunique() == 1).all() and (goods["category"].nunique() == 1).all()
        assert draw.items["item_name"].nunique() == draw.items["item_id"].nunique() == 53


def test_lift_with_a_least_number_finds_exactly_the_planted_pairs(draws: list[Draw]) -> None:
    for draw in draws:
        basket = inside(draw.items)
        assert len(planted(draw)) == 5
        assert chosen(basket, 2.0, 10) == planted(draw)
        # no knife's edge: the bounds may move a good deal
        assert chosen(basket, 1.5, 10) == chosen(basket, 3.5, 15) == planted(draw)


def test_counting_leads_to_the_best_sellers_and_never_to_a_pair(draws: list[Draw]) -> None:
    for draw in draws:
        basket = inside(draw.items)
        best = {"抽纸", "矿泉水"}
        name = draw.items.drop_duplicates("item_id").set_index("item_id")["item_name"]
        confidence = together(basket).div(basket.sum(), axis=0)  # of the column, given the row
        others = name.index[~name.isin(best)]
        leads = name[confidence.loc[others].idxmax(axis=1)]
        assert leads.isin(best).mean() > 0.9
        in_pairs = [item for pair in planted(draw) for item in pair]
        assert name[confidence.loc[in_pairs].idxmax(axis=1)].isin(best).all()
        # and yet a best-seller is bought with nothing in particular
        common = together(basket) >= 10
        sellers = name.index[name.isin(best)]
        assert lift_of(basket).where(common).loc[sellers].max(axis=None) < 1.5
        assert (basket[sellers].mean() > 0.18).all()


def test_lift_alone_puts_pairs_of_chance_first(draws: list[Draw]) -> None:
    for draw in draws:
        ratio = lift_of(inside(draw.items))
        highest = max(ratio.at[a, b] for a, b in map(tuple, planted(draw)))
        above = [(a, b) for a, b in combinations(ratio.columns, 2) if ratio.at[a, b] > highest + 0.001]
        assert len(above) >= 3
        assert draw.facts["pairs_above_all_planted_by_lift_alone"] == len(above)


def test_the_truth_is_what_the_lines_say(draws: list[Draw]) -> None:
    for draw in draws:
        of = draw.items.groupby("item_id")["order_id"].agg(set)
        n = draw.items["order_id"].nunique()
        for line in draw.pairs.itertuples():
            a, b = of[line.item_a], of[line.item_b]
            assert (int(line.baskets_a), int(line.baskets_b), int(line.together)) == (
                len(a),
                len(b),
                len(a & b),
            )
            assert float(line.confidence_a_b) == pytest.approx(len(a & b) / len(a), abs=1e-4)
            assert float(line.confidence_b_a) == pytest.approx(len(a & b) / len(b), abs=1e-4)
            assert float(line.lift) == pytest.approx(len(a & b) * n / len(a) / len(b), abs=1e-3)
            assert float(line.lift_planted) <= float(line.lift) < float(line.lift_planted) + 0.3
        alone = (draw.items.groupby("order_id").size() == 1).sum()
        assert draw.facts["orders"] == n and draw.facts["orders_of_one_line"] == alone
        assert draw.facts["found"] == 5 and draw.facts["items"] == len(of)
        both = together(inside(draw.items))
        best = {seller["item_id"] for seller in draw.facts["best_sellers"]}
        leads = both.drop(index=list(best)).idxmax(axis=1)
        assert draw.facts["led_to_a_best_seller"] == leads.isin(best).sum()
