"""Who brings new customers, how many, how far down, and what are they worth? (转介绍)"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from segkit.evaluate.estimate import Estimate, mean, proportion
from segkit.problems import InputProblems, Problem


@dataclass(frozen=True)
class Referrals:
    """What introductions brought.

    Attributes
    ----------
    rate : share of the customers who introduced anybody (转介绍率)
    came : share of the introductions after which somebody came
    conversion : share of those who came that bought
    k_factor : buyers a customer brings on average, those who introduced nobody included (K): introductions per customer
        times buyers per introduction. Below 1 every generation is smaller than the last.
    depth : generations below the first customer of the longest chain
    reward_per_buyer : rewards paid over buyers brought; None where no rewards are known
    customers : one row per customer: `customer_id, depth, introductions, came, bought, tree_depth, tree_people,
        tree_bought, tree_value`; the tree is everybody below, not the customer
    left_out : introductions that count for nothing: `row` (from 0), `referrer_id, referred_id, reason`: self_referral |
        cycle | already_referred (by somebody before) | unknown_referrer
    cycles : the members of each cycle, in the order they introduced each other, the last one the first
    """

    rate: Estimate
    came: Estimate
    conversion: Estimate
    k_factor: Estimate
    depth: int
    reward_per_buyer: float | None
    customers: pd.DataFrame
    left_out: pd.DataFrame
    cycles: tuple[tuple[str, ...], ...]


def referrals(
    introductions: pd.DataFrame,
    customers: Sequence[str] | pd.Series,
    *,
    value: Mapping[str, float] | pd.Series | None = None,
) -> Referrals:
    """What do introductions by customers bring? (转介绍率、深度、转化、K 值、价值)

    Parameters
    ----------
    introductions : one row per introduction, the earliest first or with a `date`: `referrer_id`, `referred_id` (empty
        where nobody came), optional `bought` (yes/no; else whoever has a value), `reward` (money)
    customers : ids of everybody who could introduce somebody; one who was referred and may go on to introduce others
        has one id in both
    value : money by id of who was referred

    Returns
    -------
    Referrals : of rows that would make a circle the latest is left out, of two introductions of one person the later

    Raises
    ------
    InputProblems : a column is missing, or there are no customers
    """
    missing = [column for column in ("referrer_id", "referred_id") if column not in introductions]
    if missing:
        raise InputProblems([Problem("evaluate.no_column", {"columns": missing})])
    ids = list(dict.fromkeys(str(id) for id in customers))
    if not ids:
        raise InputProblems([Problem("evaluate.no_customers", {})])
    rows = _ordered(introductions)
    parent, left_out, cycles = _forest(rows, set(ids))
    counts = rows[~rows["row"].isin(left_out["row"])]
    worth = {} if value is None else {str(id): float(of) for id, of in dict(value).items()}
    given = counts["bought"].astype("boolean").fillna(False) if "bought" in counts else None
    bought = counts["referred_id"].map(lambda id: id in worth) if given is None else given
    counts = counts.assign(came=counts["referred_id"] != "", bought=bought.astype(bool))
    counts["bought"] &= counts["came"]
    table = _by_customer(ids, counts, parent, worth)
    buyers = int(counts["bought"].sum())
    paid = float(counts["reward"].sum()) / buyers if "reward" in counts and buyers else None
    return Referrals(
        rate=proportion(int((table["introductions"] > 0).sum()), len(ids), method="referral_rate"),
        came=proportion(int(counts["came"].sum()), len(counts)),
        conversion=proportion(buyers, int(counts["came"].sum())),
        k_factor=mean(table["bought"].astype("float64"), unit="ratio", method="k_factor"),
        depth=int(table["tree_depth"].max()),
        reward_per_buyer=paid,
        customers=table,
        left_out=left_out,
        cycles=cycles,
    )


def _ordered(introductions: pd.DataFrame) -> pd.DataFrame:
    """Rows with their number, ids as text and nobody as "", the earliest first."""
    rows = introductions.reset_index(drop=True)
    for column in ("referrer_id", "referred_id"):
        rows[column] = rows[column].astype("string").fillna("").str.strip().astype(object)
    rows["row"] = range(len(rows))
    return rows.sort_values("date", kind="stable") if "date" in rows else rows


def _forest(
    rows: pd.DataFrame, known: set[str]
) -> tuple[dict[str, str], pd.DataFrame, tuple[tuple[str, ...], ...]]:
    """Who was introduced by whom, without circles; the rows that do not count, and the circles found."""
    parent: dict[str, str] = {}
    introducing: set[str] = set()
    cycles: list[tuple[str, ...]] = []
    out: list[tuple[int, str, str, str]] = []
    # why an introduction counts for nothing, the first that holds
    reasons: dict[str, Callable[[str, str], bool]] = {
        "unknown_referrer": lambda referrer, _: referrer not in known,
        "self_referral": lambda referrer, referred: referrer == referred,
        "cycle": lambda referrer, referred: (
            referred in introducing and referred in (referrer, *_above(referrer, parent))
        ),
        "already_referred": lambda _, referred: referred in parent,
    }
    for row, referrer, referred in rows[["row", "referrer_id", "referred_id"]].itertuples(
        index=False, name=None
    ):
        reason = next((why for why, holds in reasons.items() if holds(referrer, referred)), "")
        if reason:
            out.append((row, referrer, referred, reason))
        elif referred:
            parent[referred] = referrer
            introducing.add(referrer)
        if reason == "cycle":
            line = [referrer, *_above(referrer, parent)]
            cycles.append((*reversed(line[: line.index(referred) + 1]), referred))
    left_out = pd.DataFrame(out, columns=["row", "referrer_id", "referred_id", "reason"])
    return parent, left_out.sort_values("row", ignore_index=True), tuple(cycles)


def _above(id: str, parent: Mapping[str, str]) -> Iterator[str]:
    """The line of introducers, nearest first."""
    while id in parent:
        id = parent[id]
        yield id


def _by_customer(
    ids: Sequence[str], counts: pd.DataFrame, parent: Mapping[str, str], worth: Mapping[str, float]
) -> pd.DataFrame:
    """Own introductions, and the tree below: each person is added up into their introducer, the lowest first."""
    children: dict[str, list[str]] = {}
    for child, one in parent.items():
        children.setdefault(one, []).append(child)
    depth: dict[str, int] = {}
    waiting = [(id, 0) for id in dict.fromkeys([*ids, *parent]) if id not in parent]
    while waiting:  # depth first, without recursion: chains may be long
        id, below = waiting.pop()
        depth[id] = below
        waiting += [(child, below + 1) for child in children.get(id, [])]
    buyers = set(counts.loc[counts["bought"], "referred_id"])
    people, bought, deep = (dict.fromkeys(depth, 0) for _ in range(3))
    money = dict.fromkeys(depth, 0.0)
    for id in reversed(depth):  # everybody comes after those above
        if id in parent:
            one = parent[id]
            people[one] += 1 + people[id]
            bought[one] += (id in buyers) + bought[id]
            money[one] += worth.get(id, 0.0) + money[id]
            deep[one] = max(deep[one], 1 + deep[id])
    own = counts.groupby("referrer_id").agg(
        introductions=("row", "size"), came=("came", "sum"), bought=("bought", "sum")
    )
    table = pd.DataFrame({"customer_id": ids, "depth": [depth[id] for id in ids]})
    table = table.merge(own, left_on="customer_id", right_index=True, how="left")
    numbers = ["introductions", "came", "bought"]
    table[numbers] = table[numbers].fillna(0).astype("int64")
    trees = {"tree_depth": deep, "tree_people": people, "tree_bought": bought}
    for name, of in trees.items():
        table[name] = [of[id] for id in ids]
    return table.assign(tree_value=[round(money[id], 2) for id in ids])
