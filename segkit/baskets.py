"""What is bought together (购物篮)? Pairs of items, counted over the baskets that held both."""

from __future__ import annotations

from difflib import get_close_matches

import narwhals as nw
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import betaincinv

from segkit.customers import missing_columns
from segkit.problems import InputProblems, Problem

AT_LEAST = 10  # baskets with both items, below which a pair says nothing (示例参数 / sample parameter)
LEVEL = 0.95
PAIRS = ["item_a", "item_b", "together", "n_a", "n_b", "baskets", "lift", "low", "high"]
RECOMMENDED = ["item_id", "together", "n", "baskets", "share", "lift", "low", "high"]


def bought_together(
    lines: pd.DataFrame, *, basket: str = "order_id", item: str = "item_id", at_least: int = AT_LEAST
) -> pd.DataFrame:
    """Which two items are bought together more often than their sales alone would have it?

    The share of baskets of A that also hold B (confidence) always points at the best-sellers, which lie beside
    everything. Lift divides that share by B's share of all baskets: 1 is chance, 4 is four times as often.

    Parameters
    ----------
    lines : one row per item in a basket; an item twice in a basket counts once, rows without either are ignored
    basket, item : the two columns
    at_least : pairs in fewer baskets are left out, whatever their lift: it would be that of a few orders

    Returns
    -------
    One row per pair, highest lift first: `item_a, item_b` (in the order of their ids), `together` (baskets
    with both), `n_a, n_b` (baskets with either), `baskets` (all of them), `lift` and its interval `low, high`.
    The interval holds for all pairs of items at once (95 %, Bonferroni), given how often each item was sold;
    where `low` is above 1, chance is no explanation.

    Raises
    ------
    InputProblems : a column is missing

    References
    ----------
    Brin, Motwani, Ullman & Tsur (1997), Dynamic itemset counting, SIGMOD (lift, there called interest).
    Clopper & Pearson (1934), Biometrika 26(4), for the limits.
    Linden, Smith & York (2003), Amazon.com recommendations, IEEE Internet Computing 7(1).
    """
    held, ids = _held(lines, basket, item)
    baskets, items = held.shape
    if items < 2:
        return pd.DataFrame(columns=PAIRS)
    both = sparse.triu(held.T @ held, k=1).tocoo()
    often = both.data >= at_least
    first, second, together = both.row[often], both.col[often], both.data[often]
    n = np.asarray(held.sum(axis=0)).ravel()
    pairs = pd.DataFrame(
        {
            "item_a": ids[first],
            "item_b": ids[second],
            "together": together,
            "n_a": n[first],
            "n_b": n[second],
            "baskets": baskets,
        }
    )
    pairs = _with_lift(pairs, risk=(1 - LEVEL) / (items * (items - 1)))  # of each side of every pair
    ranked = pairs.sort_values(["lift", "item_a", "item_b"], ascending=[False, True, True], ignore_index=True)
    return ranked[PAIRS]


def recommend(
    lines: pd.DataFrame,
    item_id: str,
    *,
    basket: str = "order_id",
    item: str = "item_id",
    at_least: int = AT_LEAST,
    top: int = 5,
) -> pd.DataFrame:
    """Who buys this item, what else do they want? The items that go with it, each with the numbers behind it.

    Parameters
    ----------
    lines, basket, item, at_least : as in `bought_together`
    item_id : the item in hand
    top : at most so many

    Returns
    -------
    `item_id, together` (baskets with both), `n` (baskets with the item in hand), `baskets` (all), `share`
    (together / n: of 100 who buy the one, how many take the other), `lift, low, high`; highest lift first. Only
    items for which chance is no explanation (`low` above 1); without any there is nothing to recommend, and a
    best-seller is no answer.

    Raises
    ------
    InputProblems : a column is missing, or nobody bought the item
    """
    pairs = bought_together(lines, basket=basket, item=item, at_least=at_least)
    sold = lines[item].dropna().unique()
    if item_id not in sold:
        near = get_close_matches(str(item_id), [str(one) for one in sold], 1)
        id = "baskets.no_item_near" if near else "baskets.no_item"
        raise InputProblems([Problem(id, {"item": item_id, "column": item, "near": "".join(near)})])
    turned = pairs.rename(columns={"item_a": "item_b", "item_b": "item_a", "n_a": "n_b", "n_b": "n_a"})
    beside = pd.concat([pairs, turned])
    beside = beside[(beside["item_a"] == item_id) & (beside["low"] > 1)]
    beside = beside.rename(columns={"item_b": "item_id", "n_a": "n"})
    beside["share"] = beside["together"] / beside["n"]
    ranked = beside.sort_values(["lift", "item_id"], ascending=[False, True], ignore_index=True)
    return ranked[RECOMMENDED].head(top)


def _held(lines: pd.DataFrame, basket: str, item: str) -> tuple[sparse.csr_matrix, pd.Index]:
    """Baskets x items, 1 where the item lies in the basket, and the ids of the items."""
    missing = missing_columns(nw.from_native(lines), (basket, item))
    if missing:
        raise InputProblems(missing)
    known = lines[[basket, item]].dropna().drop_duplicates()
    row, baskets = known[basket].factorize()
    column, ids = known[item].factorize(sort=True)
    ones = np.ones(len(known), dtype=np.int64)
    return sparse.csr_matrix((ones, (row, column)), shape=(len(baskets), len(ids))), ids


def _with_lift(pairs: pd.DataFrame, risk: float) -> pd.DataFrame:
    """Lift with its exact limits: the rarer item's baskets are draws, the other's share of all baskets is given.

    By chance the common baskets are hypergeometric, with thinner tails than these binomial ones, so that the
    limits hold at any `risk`. The normal approximation of log lift does not: at 1 in 90,000 it is far off.
    """
    both, a, b, all_ = (pairs[c].astype("float64") for c in ("together", "n_a", "n_b", "baskets"))
    rarer, usual = np.minimum(a, b), np.maximum(a, b) / all_
    low = betaincinv(both, rarer - both + 1, risk)
    # where every basket of the rarer item holds the other too there is no upper side
    high = np.where(both < rarer, betaincinv(both + 1, np.maximum(rarer - both, 1), 1 - risk), 1.0)
    return pairs.assign(lift=both / (rarer * usual), low=low / usual, high=high / usual)
