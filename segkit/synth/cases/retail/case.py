"""An online retailer's customers, orders and offers (频次×客单价), with dirt and known truth.

Newcomers look as if they bought seldom, one huge order makes a customer look valuable, and what an offer does is
seen against its holdout only.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.cases.retail.dirt import dirty_customers, dirty_orders
from segkit.synth.cases.retail.orders import (
    ASSIGNED,
    WINDOW,
    described,
    experiment,
    history,
    with_huge_orders,
)
from segkit.synth.cases.retail.people import CASE, shoppers, with_first_orders
from segkit.synth.cases.retail.truth import customer_truth, experiment_truth, facts
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws
from segkit.synth.files import File
from segkit.synth.people import Names
from segkit.synth.tables import case_files, written


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: customers, orders, experiment, and the truth."""
    draws = Draws(seed, CASE)
    people = shoppers(draws, names, scale)
    bought, members = experiment(draws, people, history(draws, people))
    orders = described(draws, names, people, with_huge_orders(draws, people, bought, members, scale))
    people = with_first_orders(draws, people, orders)
    offers = _offers(names, people, orders, members)
    dirty = dirty_orders(draws, orders, scale)
    tables = {
        "customers": dirty_customers(draws, people, scale),
        "orders": dirty,
        "experiment": written(CASE, "experiment", offers),
    }
    truth = customer_truth(people, orders)
    effects = experiment_truth(offers, columns(CASE, "experiment")["cell"].values(names))
    return case_files(
        CASE,
        tables,
        {"customers": truth, "experiment": effects},
        {"seed": seed} | facts(truth, effects, people, orders),
    )


def _offers(names: Names, people: pd.DataFrame, orders: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """experiment.csv before it is written: one row per participant, sorted by id."""
    spec = columns(CASE, "experiment")
    inside = orders[orders["month"].isin(WINDOW)].groupby("who")["amount"]
    members = members.sort_values("who", ignore_index=True)
    who, cell = members["who"], members["cell"].to_numpy()
    return pd.DataFrame(
        {
            "customer_id": people["customer_id"].to_numpy()[who],
            "cell": spec["cell"].said(names, cell),
            "offer": spec["offer"].said(names, cell),
            "arm": np.where(members["treated"], "treated", "holdout"),
            "assigned_date": ASSIGNED,
            "orders_before": members["before"],
            "orders_after": who.map(inside.size()).fillna(0).astype(int),
            "amount_after": who.map(inside.sum()).fillna(0.0).round(2),
            "offer_used": members["used"].astype(int),
        }
    )
