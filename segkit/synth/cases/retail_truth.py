"""What is true of the retailer's customers and offers, and how far the usual shortcuts miss it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.retail_orders import BEFORE, CELLS, DEAR_FROM, OFFERS, WINDOW
from segkit.synth.cases.retail_people import NEWCOMER, START, tenure_months

LATENT = [
    "frequency_class",
    "value_class",
    "monthly_rate",
    "typical_value",
    "preference",
    "online_share",
    "habit",
]
FEW = 3  # orders from which an average order value is compared


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
        for arm in ("treated", "holdout"):
            own = table[(table["cell"] == cell) & (table["arm"] == arm)]
            row |= {
                f"n_{arm}": len(own),
                f"orders_before_{arm}": int(own["orders_before"].sum()),
                f"orders_after_{arm}": int(own["orders_after"].sum()),
                f"orders_after_variance_{arm}": round(float(own["orders_after"].var()), 4),
                f"amount_after_{arm}": round(float(own["amount_after"].sum()), 2),
            }
        row["used"] = int(table.loc[table["cell"] == cell, "offer_used"].sum())
        lines.append(row)
    return pd.DataFrame(lines)


def facts(
    truth: pd.DataFrame, offers: pd.DataFrame, people: pd.DataFrame, orders: pd.DataFrame, treated: pd.Series
) -> dict[str, Any]:
    """The measured numbers the datasheets quote; `treated` holds the ids of those who had an offer."""
    often = truth["frequency_class"] == "high"
    by_count = truth["orders"] > truth["orders"].mean()
    monthly = truth["orders"] / truth["tenure_months"]
    by_rate = monthly > monthly.mean()
    late = often & (truth["newcomer"] == 1)
    known = truth[truth["orders"] >= FEW]
    dear = known["value_class"] == "high"
    huge = known["huge_order"] == 1
    by_mean, by_median = (known[c] >= DEAR_FROM for c in ("mean_amount", "median_amount"))
    return {
        "valid_orders": len(orders),
        "order_value": {
            "mean": _rounded(orders["amount"].mean()),
            "median": _rounded(orders["amount"].median()),
        },
        "without_offer_before_after": _change(people, orders, treated),
        "buyers": int((truth["orders"] > 0).sum()),
        "no_order": int((truth["orders"] == 0).sum()),
        "consent": int(people["consent_marketing"].sum()),
        "classes": {
            f"{f}_{v}": int(((truth["frequency_class"] == f) & (truth["value_class"] == v)).sum())
            for f in ("high", "low")
            for v in ("high", "low")
        },
        "newcomers_often": int(late.sum()),
        "newcomers_called_low": {
            "by_count": int((late & ~by_count).sum()),
            "by_rate": int((late & ~by_rate).sum()),
        },
        "frequency_accuracy": {"by_count": _share(by_count == often), "by_rate": _share(by_rate == often)},
        "huge": int(huge.sum()),
        "huge_called_high": {
            "by_mean": int((huge & by_mean).sum()),
            "by_median": int((huge & by_median).sum()),
        },
        "value_accuracy": {"by_mean": _share(by_mean == dear), "by_median": _share(by_median == dear)},
        "value_cut": round(DEAR_FROM),
        "participants": int(offers["n_treated"].sum() + offers["n_holdout"].sum()),
        "cells": {str(row["cell_code"]): _cell(row) for row in offers.to_dict("records")},
    }


def _cell(row: dict[Any, Any]) -> dict[str, Any]:
    """Orders a month before and after, use, and what the holdout says of the offer."""
    before, after, value, noise = {}, {}, {}, 0.0
    for arm in ("treated", "holdout"):
        before[arm] = row[f"orders_before_{arm}"] / row[f"n_{arm}"]
        after[arm] = row[f"orders_after_{arm}"] / row[f"n_{arm}"] / len(WINDOW)
        noise += row[f"orders_after_variance_{arm}"] / row[f"n_{arm}"] / len(WINDOW) ** 2
        value[arm] = row[f"amount_after_{arm}"] / row[f"orders_after_{arm}"]
    return {
        "n": row["n_treated"] + row["n_holdout"],
        "used": round(row["used"] / row["n_treated"], 4),
        "before": round(before["treated"], 3),
        "after": round(after["treated"], 3),
        "after_holdout": round(after["holdout"], 3),
        "before_after": round(after["treated"] / before["treated"] - 1, 4),
        "holdout_before_after": round(after["holdout"] / before["holdout"] - 1, 4),
        "uplift": round(after["treated"] / after["holdout"] - 1, 4),
        "standard_errors": round((after["treated"] - after["holdout"]) / noise**0.5, 1),
        "uplift_value": round(value["treated"] / value["holdout"] - 1, 4),
    }


def _change(people: pd.DataFrame, orders: pd.DataFrame, treated: pd.Series) -> float:
    """Orders a month in July-September against May, of all customers of before May who had no offer."""
    early = people["register_date"] < dt.date(START.year, BEFORE, 1)
    own = orders[
        orders["customer_id"].isin(people.loc[early, "customer_id"]) & ~orders["customer_id"].isin(treated)
    ]
    return round(float(own["month"].isin(WINDOW).sum() / len(WINDOW) / (own["month"] == BEFORE).sum()) - 1, 4)


def _share(right: pd.Series) -> float:
    return round(float(np.mean(right)), 4)


def _rounded(amount: float) -> float:
    return round(float(amount), 2)
