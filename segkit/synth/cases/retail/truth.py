"""What is true of the retailer's customers and offers, and how far the usual shortcuts miss it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.retail.orders import CELLS, DEAR_FROM, OFFERS, WINDOW
from segkit.synth.cases.retail.people import NEWCOMER, START, tenure_months
from segkit.synth.measures import interval, share

LATENT = [
    "frequency_class", "value_class", "monthly_rate", "typical_value", "preference", "online_share", "habit",
]  # fmt: skip
FEW = 3  # orders from which an average order value is compared
ARMS = ("treated", "holdout")


def customer_truth(people: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Latent traits of each customer, and what the true orders of the year add up to."""
    by = orders.groupby("customer_id")["amount"]
    frame = people[["customer_id", *LATENT]].assign(
        newcomer=(people["register_group"] == NEWCOMER).astype(int),
        tenure_months=tenure_months(people),
        huge_order=people["customer_id"].isin(orders.loc[orders["huge"], "customer_id"]).astype(int),
    )
    measures = {"orders": by.size(), "mean_amount": by.mean().round(2), "median_amount": by.median().round(2)}
    for name, values in measures.items():
        frame[name] = frame["customer_id"].map(values)
    return frame.assign(orders=frame["orders"].fillna(0).astype(int))


def experiment_truth(table: pd.DataFrame, cells: list[str]) -> pd.DataFrame:
    """The planted effect of the offer of every cell, and what the arms then did."""
    lines = []
    for at, (cell, offer) in enumerate(zip(cells, OFFERS, strict=True)):
        row: dict[str, Any] = {"cell": cell, "cell_code": CELLS[at]}
        row |= {"frequency_effect": offer.frequency, "value_effect": offer.value}
        for arm in ARMS:
            own = table[(table["cell"] == cell) & (table["arm"] == arm)]
            row |= {
                f"n_{arm}": len(own),
                f"orders_before_{arm}": int(own["orders_before"].sum()),
                f"orders_after_{arm}": int(own["orders_after"].sum()),
                f"orders_after_variance_{arm}": round(float(own["orders_after"].var()), 4),
                f"amount_after_{arm}": round(float(own["amount_after"].sum()), 2),
                f"amount_after_variance_{arm}": round(float(own["amount_after"].var()), 2),
            }
        row["used"] = int(table.loc[table["cell"] == cell, "offer_used"].sum())
        lines.append(row)
    return pd.DataFrame(lines)


def facts(
    truth: pd.DataFrame, offers: pd.DataFrame, people: pd.DataFrame, orders: pd.DataFrame
) -> dict[str, Any]:
    """The measured numbers the datasheets quote."""
    amount, buyers = orders["amount"], truth["orders"] > 0
    low, high = (truth["frequency_class"] == c for c in ("low", "high"))
    return {
        "valid_orders": len(orders),
        "order_value": {name: round(float(amount.agg(name)), 2) for name in ("mean", "median")},
        "buyers": int(buyers.sum()),
        "customers": _by_first_order(people, buyers),
        "consent": int(people["consent_marketing"].sum()),
        "classes": {
            f"{name}_{v}": int((own & (truth["value_class"] == v)).sum())
            for name, own in (("high", high), ("low", low))
            for v in ("high", "low")
        },
        **_frequency(truth, buyers),
        **_value(truth[truth["orders"] >= FEW], orders),
        "participants": int(offers["n_treated"].sum() + offers["n_holdout"].sum()),
        "cells": {str(row["cell_code"]): _cell(row) for row in offers.to_dict("records")},
        "holdout_before_after": round(
            float(offers["orders_after_holdout"].sum() / len(WINDOW) / offers["orders_before_holdout"].sum())
            - 1,
            4,
        ),
    }


def _frequency(truth: pd.DataFrame, buyers: pd.Series) -> dict[str, Any]:
    """How far the number of orders, and orders a month, tell who buys often; newcomers apart."""
    often = truth["frequency_class"] == "high"
    late = often & (truth["newcomer"] == 1)
    measures = {"by_count": truth["orders"], "by_rate": truth["orders"] / truth["tenure_months"]}

    def called_low(among: pd.Series) -> dict[str, int]:
        return {name: int((late & among & (by <= by[among].mean())).sum()) for name, by in measures.items()}

    return {
        "newcomers_often": int(late.sum()),
        "newcomers_called_low": called_low(truth["orders"] >= 0),
        "newcomers_who_bought": int((late & buyers).sum()),
        "newcomers_who_bought_called_low": called_low(buyers),
        "frequency_accuracy": {name: share((by > by.mean()) == often) for name, by in measures.items()},
    }


def _value(known: pd.DataFrame, orders: pd.DataFrame) -> dict[str, Any]:
    """How far the mean and the median of a customer's orders tell who is of high value; one huge order apart."""
    dear, huge = known["value_class"] == "high", known["huge_order"] == 1
    smallest = orders.loc[orders["huge"], "amount"].min()
    called = {f"by_{name}": known[f"{name}_amount"] >= DEAR_FROM for name in ("mean", "median")}
    return {
        "huge": int(huge.sum()),
        "huge_called_high": {name: int((huge & by).sum()) for name, by in called.items()},
        "huge_smallest": round(float(smallest), 2),
        "genuine_as_large": int((~orders["huge"] & (orders["amount"] >= smallest)).sum()),
        "value_accuracy": {name: share(by == dear) for name, by in called.items()},
        "value_cut": round(DEAR_FROM),
    }


def _by_first_order(people: pd.DataFrame, buyers: pd.Series) -> dict[str, int]:
    """How many never bought, bought before this year only, for the first time this year, or before and again."""
    first = people["first_order_date"]
    never = first.isna()
    old = ~never & np.array([day is not None and day < START for day in first])
    return {
        "never": int(never.sum()),
        "only_earlier": int((old & ~buyers).sum()),
        "first_this_year": int((~never & ~old).sum()),
        "again": int((old & buyers).sum()),
    }


def _cell(row: dict[Any, Any]) -> dict[str, Any]:
    """Orders a month before and after, use, spending, and what the holdout says of the offer, with intervals."""
    n = {arm: row[f"n_{arm}"] for arm in ARMS}
    before = {arm: row[f"orders_before_{arm}"] / n[arm] for arm in ARMS}
    after = {arm: row[f"orders_after_{arm}"] / n[arm] / len(WINDOW) for arm in ARMS}
    spent = {arm: row[f"amount_after_{arm}"] / n[arm] for arm in ARMS}
    value = {arm: row[f"amount_after_{arm}"] / row[f"orders_after_{arm}"] for arm in ARMS}
    noise = sum(row[f"orders_after_variance_{arm}"] / n[arm] for arm in ARMS) ** 0.5 / len(WINDOW)
    spent_noise = sum(row[f"amount_after_variance_{arm}"] / n[arm] for arm in ARMS) ** 0.5
    more, spent_more = after["treated"] - after["holdout"], spent["treated"] - spent["holdout"]
    low, high = interval(more, noise, 3)
    spent_low, spent_high = interval(spent_more, spent_noise, 2)
    return {
        "n": n["treated"] + n["holdout"],
        "used": round(row["used"] / n["treated"], 4),
        "before": round(before["treated"], 3),
        "after": round(after["treated"], 3),
        "after_holdout": round(after["holdout"], 3),
        "before_after": round(after["treated"] / before["treated"] - 1, 4),
        "holdout_before_after": round(after["holdout"] / before["holdout"] - 1, 4),
        "uplift": round(after["treated"] / after["holdout"] - 1, 4),
        "more_orders": round(more, 3),
        "more_orders_low": low,
        "more_orders_high": high,
        "uplift_value": round(value["treated"] / value["holdout"] - 1, 4),
        "uplift_spent": round(spent["treated"] / spent["holdout"] - 1, 4),
        "more_spent": round(float(spent_more), 2),
        "more_spent_low": spent_low,
        "more_spent_high": spent_high,
    }
