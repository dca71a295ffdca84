"""What is true of leads, consultants and referral trees, and the numbers the datasheets quote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.realestate import clients as parameters
from segkit.synth.cases.realestate.clients import EFFECTS
from segkit.synth.cases.realestate.grades import GRADES, SECOND_YEAR, STATED
from segkit.synth.cases.realestate.tree import EXPECTED
from segkit.synth.measures import share

GIVEN = list(STATED)  # grades whose odds are stated


def lead_truth(leads: pd.DataFrame) -> pd.DataFrame:
    """One row per registration: who it is, means, causes, odds, outcome and the even grade.

    `counts` is 0 for a second registration; `depth` is the generation in the referral tree, 0 without one.
    `deal_probability` follows from the seven causes alone; who is not `within_means` did not buy.
    """
    first = leads[~leads["second"]].set_index("person")["lead_id"]
    truth = pd.DataFrame(
        {
            "lead_id": leads["lead_id"],
            "first_lead_id": first.loc[leads["person"]].to_numpy(),
            "counts": (~leads["second"]).astype(int),
            "affordability_wan": leads["affordability_wan"],
            "budget_wan": leads["budget_wan"],
            "budget_ratio": np.round(leads["budget_wan"] / leads["price_wan"], 4),
        }
    )
    for name in EFFECTS:
        truth[name] = leads[name].astype(int)
    truth["within_means"] = leads["within_means"].astype(int)
    truth["deal_probability"] = np.round(leads["chance"], 6)
    truth["bought"] = (leads["signed"] >= 0).astype(int)
    truth["even_grade"] = np.array(GRADES)[leads["even_grade"]]
    truth["recorded_grade"] = leads["grade_by_sales"]
    truth["depth"] = leads["depth"]
    return truth


def consultant_truth(leads: pd.DataFrame) -> pd.DataFrame:
    """Who grades one step too high; deals against those the recorded grade makes one expect."""
    rows = leads[~leads["second"]]
    odds = rows.groupby("grade")["bought"].mean()
    rows = rows.assign(
        expected=odds.loc[rows["grade"]].to_numpy(), stated=rows["stated_odds"].astype(float).fillna(0.0)
    )
    by = rows.groupby("consultant_id")
    return pd.DataFrame(
        {
            "inflates": by["inflated"].first().astype(int),
            "clients": by.size(),
            "deals": by["bought"].sum(),
            "expected_by_grade": by["expected"].sum().round(2),
            "forecast_by_stated_odds": by["stated"].sum().round(2),
        }
    ).reset_index()


def owner_truth(owners: pd.DataFrame, referrals: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    """One row per member: introductions, what came of them, and all that hangs below (万元); false rows left out."""
    true = referrals[referrals["planted"] == ""]
    price = deals.set_index("lead_id")["price_wan"]
    below: dict[str, list[str]] = {}
    for referrer, lead in true[["referrer_id", "lead_id"]].itertuples(index=False):
        below.setdefault(referrer, []).append(lead)
    lines = []
    for owner in owners.itertuples():
        named = below.get(owner.owner_id, [])
        tree, depth = _below(below, owner.owner_id)
        lines.append(
            {
                "owner_id": owner.owner_id,
                "depth": owner.depth,
                "expected_introductions": EXPECTED[owner.nps_class],
                "introductions": len(named),
                "leads": sum(lead != "" for lead in named),
                "deals": sum(lead in price.index for lead in named),
                "tree_depth": depth,
                "tree_leads": len(tree),
                "tree_deals": sum(lead in price.index for lead in tree),
                "tree_value_wan": round(float(sum(price.get(lead, 0.0) for lead in tree)), 1),
            }
        )
    return pd.DataFrame(lines)


def _below(below: Mapping[str, list[str]], member: str) -> tuple[list[str], int]:
    """All leads below a member, and how many generations they span."""
    tree: list[str] = []
    depth, generation = 0, [lead for lead in below.get(member, []) if lead]
    while generation:
        depth += 1
        tree += generation
        generation = [lead for parent in generation for lead in below.get(parent, []) if lead]
    return tree, depth


def facts(frames: Mapping[str, pd.DataFrame], leads: pd.DataFrame, tree: pd.DataFrame) -> dict[str, Any]:
    """Measured numbers; grades as they stand in the file `leads`, everything else without dirt."""
    people = frames["leads"][~frames["leads"]["second"]]
    bought, referred = people["bought"], people["referred"]
    fitted = _logistic(people[list(EFFECTS)], bought)
    enough = people["budget_enough"]
    able = enough[~referred].mean()
    of = bought[referred].groupby(enough).mean()
    return {
        "clients": len(people),
        "deal_rate": share(bought),
        **{
            name: {"leads": int(own.sum()), "rate": share(bought[own]), "enough": share(enough[own])}
            for name, own in (("referred", referred), ("direct", ~referred))
        },
        "referral_log_odds": {
            "times": round(float(bought[referred].mean() / bought[~referred].mean()), 1),
            "naive": _first(people[["referred"]], bought),
            "given_budget": _first(people[["referred", "budget_enough"]], bought),
            "given_all": fitted["referred"],
            "rate_at_direct_budgets": round(float(of[True] * able + of[False] * (1 - able)), 4),
        },
        "locked_log_odds_naive": _first(people[["locked"]], bought),
        "planted_effects": {"intercept": parameters.BASE, **EFFECTS},
        "fitted_effects": fitted,
        "affordability": {
            "yearly_rate": parameters.LOAN_RATE,
            "years": parameters.LOAN_YEARS,
            "dsr": parameters.DSR,
            "liquid_share": parameters.LIQUID,
            "median_wan": round(float(people["affordability_wan"].median()), 1),
            "income_median_wan": round(float(people["income_wan"].median()), 1),
        },
        **_houses(people, frames["deals"]),
        "last_action": max(leads["next_action_date"]),
        "phones_of_second": int((leads["phone"].str.len() != 11)[frames["leads"]["second"]].sum()),
        **_grades(people, leads),
        **_club(tree, frames["referrals"]),
    }


def _houses(people: pd.DataFrame, deals: pd.DataFrame) -> dict[str, Any]:
    """What the clients look at, can pay and pay, for whom units are held, and how busy the consultants are."""
    paid = deals["price_wan"] / deals["lead_id"].map(people.set_index("lead_id")["budget_wan"])
    bought = people["bought"].to_numpy()
    held = people.loc[people["locked"], "visits"]
    loads = people.groupby("consultant_id").size()
    price = people.groupby("house_at")["price_wan"].median()
    return {
        "within_means": {
            "all": share(people["within_means"]),
            "bought": share(people.loc[bought, "within_means"]),
        },
        "median_price_wan": [int(price.get(at, 0)) for at in range(5)],
        "paid_over_budget": {"deals": int((paid > 1).sum()), "most": round(float(paid.max()), 2)},
        "paid_in_full": int(deals["cash"].sum()),
        "held": {"clients": len(held), "share": share(people["locked"]), "at_first_visit": share(held == 1)},
        "loads": {"least": int(loads.min()), "most": int(loads.max())},
    }


def _grades(people: pd.DataFrame, leads: pd.DataFrame) -> dict[str, Any]:
    """Odds by recorded grade as in the file (blank grades left out), honest and inflating consultants, Brier."""
    grade = leads.loc[people.index, "grade_by_sales"]
    odds = {
        word: {
            "leads": int((grade == word).sum()),
            "rate": share(people["bought"][grade == word]),
            "even": share(people["bought"][(grade == word) & ~people["inflated"]]),
            "inflated": share(people["bought"][(grade == word) & people["inflated"]]),
        }
        for word in GRADES
    }
    given = grade.isin(GIVEN)
    y, said = people["bought"][given].astype(float), grade[given].map(STATED).astype(float)
    seen = grade[given].map({word: y[grade[given] == word].mean() for word in GIVEN})
    inflating = people.loc[people["inflated"], "consultant_id"]
    late = people.loc[y.index, "contact"] >= SECOND_YEAR
    learnt = y[~late].groupby(grade[y.index][~late]).mean()
    return {
        "stated_odds": dict(STATED),
        "grades": {_name(word): odds[word] for word in GRADES},
        "even_share": {_name(word): share(people["even_grade"] == at) for at, word in enumerate(GRADES)},
        "graded_with_odds": {
            "leads": int(given.sum()),
            "forecast": round(float(said.sum()), 1),
            "deals": int(y.sum()),
            "brier_stated": round(float(((said - y) ** 2).mean()), 4),
            "brier_recalibrated": round(float(((seen - y) ** 2).mean()), 4),
            "brier_stated_2025": round(float(((said - y)[late] ** 2).mean()), 4),
            "brier_learnt_2024": round(float(((grade[y.index].map(learnt) - y)[late] ** 2).mean()), 4),
        },
        "inflating": " ".join(sorted(inflating.unique())),
    }


def _club(tree: pd.DataFrame, referrals: pd.DataFrame) -> dict[str, Any]:
    """K = introductions per member x share of the introductions that bought."""
    named, deals, members = int(tree["introductions"].sum()), int(tree["deals"].sum()), len(tree)
    by = tree.groupby("expected_introductions")["introductions"]
    introducing = tree[tree["introductions"] > 0]
    return {
        "club": {
            "members": members,
            "roots": int((tree["depth"] == 0).sum()),
            "introductions": named,
            "leads": int(tree["leads"].sum()),
            "came": round(float(tree["leads"].sum() / named), 4),
            "deals": deals,
            "k_factor": round(named / members * (deals / named), 4),
            "k_of_those_who_introduced": round(deals / len(introducing), 4),
            "depth": int(tree["tree_depth"].max()),
            "value_wan": round(float(tree.loc[tree["depth"] == 0, "tree_value_wan"].sum()), 1),
            "reward_yuan": int(referrals.loc[referrals["planted"] == "", "reward_yuan"].sum()),
        },
        "introductions_per_member": {
            name: round(float(by.mean()[mean]), 3)
            for name, mean in zip(("promoters", "passives", "detractors"), EXPECTED, strict=True)
        },
    }


def _logistic(causes: pd.DataFrame, outcome: pd.Series) -> dict[str, float]:
    """Maximum likelihood by Newton's method, to two decimals."""
    x = np.column_stack([np.ones(len(causes)), causes.to_numpy(dtype=float)])
    y, beta = outcome.to_numpy(dtype=float), np.zeros(causes.shape[1] + 1)
    for _ in range(25):
        p = 1 / (1 + np.exp(-(x @ beta)))
        beta = beta + np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (y - p))
    return {name: round(float(b), 2) for name, b in zip(["intercept", *causes.columns], beta, strict=True)}


def _first(causes: pd.DataFrame, outcome: pd.Series) -> float:
    return _logistic(causes, outcome)[causes.columns[0]]


def _name(grade: str) -> str:
    """A grade as a name that a template can hold: B+ is B_plus."""
    return grade.replace("+", "_plus").replace("-", "_minus")
