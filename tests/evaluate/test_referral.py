"""Referral trees of the sample against what was planted; self-referrals and circles never count."""

from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from segkit.evaluate.referral import Referrals, referrals
from segkit.problems import InputProblems

DATASETS = Path(__file__).parents[2] / "datasets"


def read(path: str) -> pd.DataFrame:
    return pd.read_csv(DATASETS / path, encoding="utf-8-sig", dtype=str)


@pytest.fixture(scope="module")
def club() -> Referrals:
    rows = read("realestate/referrals.csv").rename(columns={"lead_id": "referred_id", "referred_on": "date"})
    deals = read("realestate/deals.csv").astype({"price_wan": float})
    return referrals(
        rows.assign(reward=rows["reward_yuan"].astype(float)),
        read("realestate/owners.csv")["owner_id"],
        value=deals.set_index("lead_id")["price_wan"],
    )


def test_the_sample_club_is_as_planted(club):
    truth = yaml.safe_load((DATASETS / "_truth" / "realestate_summary.yml").read_text(encoding="utf-8"))[
        "club"
    ]
    assert club.came.n == truth["introductions"] and club.conversion.n == truth["leads"]
    assert club.came.value == pytest.approx(truth["came"], abs=5e-5)
    assert round(club.conversion.value * club.conversion.n) == truth["deals"]
    assert club.k_factor.value == pytest.approx(truth["k_factor"], abs=5e-5) and club.k_factor.high < 1
    assert club.depth == truth["depth"] and club.rate.n == truth["members"]
    assert club.reward_per_buyer == truth["reward_yuan"] / truth["deals"]
    roots = club.customers[club.customers["depth"] == 0]
    assert len(roots) == truth["roots"] and roots["tree_value"].sum() == pytest.approx(truth["value_wan"])


def test_every_tree_is_as_planted(club):
    truth = read("_truth/realestate_owners.csv").set_index("owner_id").astype(float)
    own = club.customers.set_index("customer_id").loc[truth.index]
    theirs = [
        "depth",
        "introductions",
        "leads",
        "deals",
        "tree_depth",
        "tree_leads",
        "tree_deals",
        "tree_value_wan",
    ]
    ours = [
        "depth",
        "introductions",
        "came",
        "bought",
        "tree_depth",
        "tree_people",
        "tree_bought",
        "tree_value",
    ]
    for one, other in zip(ours, theirs, strict=True):
        assert own[one].tolist() == pytest.approx(truth[other].tolist()), one


def test_the_planted_false_rows_are_found(club):
    planted = read("_truth/realestate_planted.csv")
    planted = planted[planted["file"] == "referrals.csv"]
    codes = {"self_referral": "self_referral", "referral_cycle": "cycle"}
    found = set(
        zip(club.left_out["row"] + 2, club.left_out["reason"], strict=True)
    )  # row 2 is the first in the file
    assert found == set(zip(planted["row"].astype(int), planted["reason"].map(codes), strict=True))
    assert len(club.cycles) == 2 and all(circle[0] == circle[-1] for circle in club.cycles)


def introduced(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["referrer_id", "referred_id"])


def test_a_circle_is_broken_where_it_closes():
    found = referrals(introduced(("A", "B"), ("B", "C"), ("C", "A"), ("C", "D")), list("ABCD"))
    assert found.left_out[["row", "reason"]].values.tolist() == [[2, "cycle"]]
    assert found.cycles == (("A", "B", "C", "A"),) and found.depth == 3
    assert found.customers["tree_people"].tolist() == [3, 2, 1, 0]


def test_a_person_is_introduced_once_and_by_somebody_known():
    rows = introduced(("A", "X"), ("B", "X"), ("Z", "Y"), ("A", "A"), ("A", "")).assign(
        date=["2025-02-01", "2025-01-01", "2025-01-01", "2025-01-01", "2025-01-01"]
    )
    found = referrals(rows, ["A", "B"], value={"X": 70.0})
    reasons = dict(found.left_out[["row", "reason"]].values.tolist())
    assert reasons == {0: "already_referred", 2: "unknown_referrer", 3: "self_referral"}
    assert found.customers.set_index("customer_id")["tree_value"].to_dict() == {"A": 0.0, "B": 70.0}
    assert found.rate.value == 1.0 and found.k_factor.value == 0.5


def test_a_chain_of_ten_thousand_is_no_trouble():
    ids = [f"C{i}" for i in range(10_000)]
    found = referrals(introduced(*itertools.pairwise(ids)), ids, value=dict.fromkeys(ids, 1.0))
    assert found.depth == 9_999 and found.customers["tree_value"].iloc[0] == 9_999


pairs = st.tuples(st.integers(0, 8), st.integers(0, 8))


@given(st.lists(pairs, max_size=25))
def test_whatever_is_written_down_a_forest_is_left(rows):
    ids = [str(i) for i in range(9)]
    found = referrals(introduced(*[(str(a), str(b)) for a, b in rows]), ids)
    table = found.customers
    left = len(rows) - len(found.left_out)
    assert table["came"].sum() == left == (table["depth"] > 0).sum()
    assert table.loc[table["depth"] == 0, "tree_people"].sum() == left  # each is below one root
    assert (table["depth"] + table["tree_depth"]).max() <= found.depth


def test_what_is_missing_is_said():
    with pytest.raises(InputProblems, match="referred_id"):
        referrals(pd.DataFrame({"referrer_id": ["A"]}), ["A"])
    with pytest.raises(InputProblems, match="no customers"):
        referrals(introduced(("A", "B")), [])
