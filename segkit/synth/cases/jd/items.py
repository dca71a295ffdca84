"""What lay in each basket (购物篮): the lines of the orders that count, July to December 2025.

A few items are bought together more often than chance would have it; two best-sellers lie beside everything.
All of it is a sample parameter (示例参数). Drawn from a stream of its own, after everything else of the case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.jd.process import CASE, CATEGORY_SHARES
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws
from segkit.synth.people import Invented, numbered

SINCE = "2025-07-01"
BEST_SELLERS = {"Tissues": 0.28, "Mineral water": 0.18}  # share of the other baskets that hold it as well
# two items and their lift: how many times more often together than if bought independently
PAIRS = (
    ("Coffee beans", "Coffee filters", 4.5),
    ("Phone case", "Screen protector", 4.5),
    ("Hot-pot base", "Electric pot", 4.0),
    ("Nappies", "Baby wipes", 5.0),
    ("Crayons", "Picture book", 4.0),
)
MORE = [0.81, 0.15, 0.04]  # baskets with 0, 1, 2 further items, by popularity
ALONE_BELOW = 20.0  # CNY; smaller orders hold one line
# the rule that finds the pairs: so many baskets together, and at least this lift
TOGETHER, LIFT = 10, 2.0


@dataclass(frozen=True)
class Baskets:
    """`table` as written, `pairs` the planted ones as measured, `facts` on the trap."""

    table: pd.DataFrame
    pairs: pd.DataFrame
    facts: dict[str, Any]


def baskets(draws: Draws, invented: Invented, kept: pd.DataFrame) -> Baskets:
    """The lines of the orders from `SINCE` on.

    Parameters
    ----------
    kept : the orders that count, as they truly are: order_id, order_date (ISO text), category, paid_amount

    The first line of an order is of the order's category. Amounts stand with the orders only.
    """
    orders = kept[kept["order_date"] >= SINCE].sort_values("order_id", ignore_index=True)
    catalogue = _catalogue(invented)
    words = columns(CASE, "items")["category"].values(invented.names)
    category = orders["category"].map({word: i for i, word in enumerate(words)}).to_numpy()
    first = _first_lines(draws, catalogue, category)
    alone = orders["paid_amount"].to_numpy() < ALONE_BELOW
    inside = _filled(draws, catalogue, first, alone)
    _plant(draws, catalogue, inside, alone)
    basket, item = _lines(inside, first)
    table = pd.DataFrame(
        {
            "order_id": orders["order_id"].to_numpy()[basket],
            "line": np.arange(len(basket)) - np.searchsorted(basket, basket) + 1,
            "item_id": catalogue["item_id"].to_numpy()[item],
            "item_name": catalogue["name"].to_numpy()[item],
            "category": np.array(words, dtype=object)[catalogue["category"].to_numpy()[item]],
        }
    )
    pairs = _pairs(catalogue, inside)
    return Baskets(table, pairs, _facts(catalogue, inside, pairs))


def _catalogue(invented: Invented) -> pd.DataFrame:
    """Every item: item_id, name, en, category (position), weight."""
    rows = invented.rows(CASE, "items")
    categories = columns(CASE, "items")["category"].values("en")
    return pd.DataFrame(
        {
            "item_id": numbered("G", len(rows), 4),
            "name": [invented.word(row["name"]) for row in rows],
            "en": [row["name"][1] for row in rows],
            "category": [categories.index(row["category"]) for row in rows],
            "weight": [float(row["weight"]) for row in rows],
        }
    )


def _first_lines(draws: Draws, catalogue: pd.DataFrame, category: np.ndarray) -> np.ndarray:
    """For every order an item of its category."""
    first = np.zeros(len(category), dtype=int)
    for c in range(len(CATEGORY_SHARES)):
        here, own = np.flatnonzero(category == c), catalogue[catalogue["category"] == c]
        first[here] = own.index.to_numpy()[draws.choice(own["weight"].to_list(), len(here))]
    return first


def _filled(draws: Draws, catalogue: pd.DataFrame, first: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """orders x items, true where the item lies in the basket: first line, further items, best-sellers."""
    n, best = len(first), catalogue["en"].isin(list(BEST_SELLERS)).to_numpy()
    within = catalogue.groupby("category")["weight"].transform("sum")
    popular = (catalogue["weight"] / within * np.array(CATEGORY_SHARES)[catalogue["category"]]).to_numpy()
    popular = np.where(best, 0.0, popular)
    inside = np.zeros((n, len(catalogue)), dtype=bool)
    more = draws.choice(MORE, n)
    for turn in range(1, len(MORE)):
        here = np.flatnonzero(more >= turn)
        inside[here, draws.choice(popular.tolist(), len(here))] = True
    for name, share in BEST_SELLERS.items():
        at = int(catalogue.index[catalogue["en"] == name][0])
        inside[:, at] = draws.steady(np.where(alone | (first == at), 0.0, share), by=first)
    inside[alone] = False
    inside[np.arange(n), first] = True
    return inside


def _plant(draws: Draws, catalogue: pd.DataFrame, inside: np.ndarray, alone: np.ndarray) -> None:
    """Add the other item of a planted pair to baskets that hold one, half and half, until the lift is there."""
    at = {name: int(i) for i, name in catalogue["en"].items()}
    for one, other, lift in PAIRS:
        a, b = at[one], at[other]
        more = _missing(inside[:, a], inside[:, b], lift)
        for holds, lacks, n in ((a, b, (more + 1) // 2), (b, a, more // 2)):
            room = np.flatnonzero(inside[:, holds] & ~inside[:, lacks] & ~alone)
            inside[draws.some(room, min(n, len(room))), lacks] = True


def _missing(a: np.ndarray, b: np.ndarray, lift: float) -> int:
    """How many baskets must become common to both for this lift; at least three are common."""
    n, in_a, in_b, both = len(a), int(a.sum()), int(b.sum()), int((a & b).sum())
    more = max(0, 3 - both)
    while (both + more) * n < lift * (in_a + more // 2) * (in_b + (more + 1) // 2):
        more += 1
    return more


def _lines(inside: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Basket and item of every line; the first line first, the others by number."""
    basket, item = np.nonzero(inside)
    turn = np.lexsort((item, item != first[basket], basket))
    return basket[turn], item[turn]


def _pairs(catalogue: pd.DataFrame, inside: np.ndarray) -> pd.DataFrame:
    """The planted pairs as they stand in this draw."""
    n, lines = len(inside), []
    at = {name: int(i) for i, name in catalogue["en"].items()}
    for one, other, planted in PAIRS:
        a, b = at[one], at[other]
        in_a, in_b, both = (int(v.sum()) for v in (inside[:, a], inside[:, b], inside[:, a] & inside[:, b]))
        ids = (catalogue.at[a, "item_id"], catalogue.at[b, "item_id"])
        said = (catalogue.at[a, "name"], catalogue.at[b, "name"])
        rates = (
            f"{both / in_a:.4f}",
            f"{both / in_b:.4f}",
            f"{planted:.1f}",
            f"{both * n / in_a / in_b:.3f}",
        )
        lines.append((*ids, *said, in_a, in_b, both, *rates))
    head = ["item_a", "item_b", "name_a", "name_b", "baskets_a", "baskets_b", "together"]
    return pd.DataFrame(lines, columns=[*head, "confidence_a_b", "confidence_b_a", "lift_planted", "lift"])


def _facts(catalogue: pd.DataFrame, inside: np.ndarray, pairs: pd.DataFrame) -> dict[str, Any]:
    """What the two ways of ranking say of this draw."""
    holds = inside.sum(axis=0)
    both = inside.T.astype(int) @ inside.astype(int)
    np.fill_diagonal(both, 0)
    lift = both * len(inside) / np.maximum(np.outer(holds, holds), 1)
    best = catalogue.index[catalogue["en"].isin(list(BEST_SELLERS))].to_numpy()
    others = np.setdiff1d(np.arange(len(holds)), best)
    enough = (both >= TOGETHER) & (lift >= LIFT)
    measured = pairs.astype({"lift_planted": float, "lift": float})
    return {
        "orders": len(inside),
        "items": len(catalogue),
        "orders_of_one_line": int((inside.sum(axis=1) == 1).sum()),
        "lines_per_order": round(float(inside.sum() / len(inside)), 3),
        "best_sellers": [
            {"item_id": catalogue.at[i, "item_id"], "share": round(float(holds[i] / len(inside)), 4)}
            for i in sorted(best, key=lambda i: -holds[i])
        ],
        "led_to_a_best_seller": int(np.isin(both[others].argmax(axis=1), best).sum()),
        "other_items": len(others),
        "highest_confidence_of_a_pair": float(
            pairs[["confidence_a_b", "confidence_b_a"]].astype(float).max(axis=None)
        ),
        "highest_lift_of_a_best_seller": round(float(np.where(both >= TOGETHER, lift, 0.0)[best].max()), 3),
        "pairs": measured[["item_a", "item_b", "lift_planted", "together", "lift"]].to_dict("records"),
        "together": TOGETHER,
        "lift": LIFT,
        "found": int(np.triu(enough).sum()),
        "pairs_above_all_planted_by_lift_alone": int(np.triu(lift > measured["lift"].max() + 0.001).sum()),
    }
