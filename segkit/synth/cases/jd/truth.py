"""What is true of every shopper: traits, totals, classes; computed here, apart from segkit's own code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF
from segkit.synth.cases.jd.dirt import UNSEEN, Dirty
from segkit.synth.cases.jd.process import PARAMETERS, expected_orders
from segkit.synth.measures import share

HIGH_DAYS, HIGH_SHARE = 5, 0.80  # 高价值: 5 order days and net amount at or above the 80th percentile
# (recent, frequent) -> the second word of the eight names; the first is key where M is high
CELLS = {(1, 1): "value", (1, 0): "develop", (0, 1): "keep", (0, 0): "win_back"}


def customer_truth(customers: pd.DataFrame, valid: pd.DataFrame) -> pd.DataFrame:
    """One row per customer id: latent traits, totals at the as-of date, classes, the last quarter apart.

    `expected_orders_365` and `expected_spend_365` look a year ahead, knowing the latent traits.
    """
    orders = valid.assign(net=valid["net_amount"].astype(float), day=pd.to_datetime(valid["order_date"]))
    by = orders.groupby("customer_id")
    late = orders[orders["holdout"] == 1].groupby("customer_id")
    own = customers["customer_id"]
    truth = customers[["customer_id", "person_id", "is_b2b", "rate", "dropout", "alive", "mean_value"]].copy()
    truth["order_days"] = own.map(by["day"].nunique()).fillna(0).astype(int)
    truth["orders"] = own.map(by.size()).fillna(0).astype(int)
    truth["net_amount"] = own.map(by["net"].sum().round(2)).fillna(0.0)
    last = own.map(by["day"].max())
    truth["last_order"] = last.dt.strftime("%Y-%m-%d").fillna("")
    truth["recency_days"] = (pd.Timestamp(AS_OF) - last).dt.days
    truth["tier"] = _tier(truth)
    for split in ("mean", "median"):
        truth[f"eight_{split}"] = eight(truth, split)
    ahead = np.where(truth["alive"].eq(True), expected_orders(truth["rate"], truth["dropout"], 365.0), 0.0)
    truth["expected_orders_365"] = np.round(ahead, 4)
    truth["expected_spend_365"] = np.round(ahead * truth["mean_value"].fillna(0.0), 2)
    truth["holdout_orders"] = own.map(late.size()).fillna(0).astype(int)
    truth["holdout_amount"] = own.map(late["net"].sum().round(2)).fillna(0.0)
    return _written(truth)


def _tier(truth: pd.DataFrame) -> np.ndarray:
    """京东三级: high, ordinary, prospect."""
    bought = truth["order_days"] > 0
    cut = np.quantile(truth.loc[bought, "net_amount"], HIGH_SHARE)
    high = (truth["net_amount"] >= cut) & (truth["order_days"] >= HIGH_DAYS)
    return np.select([high, bought], ["high", "ordinary"], "prospect")


def eight(truth: pd.DataFrame, split: str) -> np.ndarray:
    """八类客户: raw R, F, M against the buyers' mean or median; recent at <=, frequent and large at >=."""
    bought = truth["order_days"] > 0
    buyers = truth[bought]
    cuts = {c: getattr(buyers[c], split)() for c in ("recency_days", "order_days", "net_amount")}
    recent = (truth["recency_days"] <= cuts["recency_days"]).astype(int)
    often = (truth["order_days"] >= cuts["order_days"]).astype(int)
    first = np.where(truth["net_amount"] >= cuts["net_amount"], "key_", "general_")
    second = [CELLS[pair] for pair in zip(recent, often, strict=True)]
    names = np.char.add(first.astype(str), np.array(second, dtype=str))
    return np.where(bought, names, "prospect")


def _written(truth: pd.DataFrame) -> pd.DataFrame:
    """Finished text: traits to six decimals, amounts to cents, blank where unknown."""
    text = truth.copy()
    for column, form in {
        "rate": "{:.6f}",
        "dropout": "{:.6f}",
        "mean_value": "{:.2f}",
        "net_amount": "{:.2f}",
        "expected_orders_365": "{:.4f}",
        "expected_spend_365": "{:.2f}",
        "holdout_amount": "{:.2f}",
        "recency_days": "{:.0f}",
    }.items():
        text[column] = [form.format(v) if pd.notna(v) else "" for v in truth[column]]
    text["alive"] = [str(int(v)) if pd.notna(v) else "" for v in truth["alive"]]
    return text


def gini(values: np.ndarray) -> float:
    """Concentration of positive values: 0 all equal, 1 all with one."""
    x = np.sort(values)
    n = len(x)
    return float(2 * (np.arange(1, n + 1) * x).sum() / (n * x.sum()) - (n + 1) / n)


def facts(truth: pd.DataFrame, dirt: Dirty) -> dict[str, Any]:
    """The numbers of customers and orders in one page."""
    spend = truth["net_amount"].astype(float).to_numpy()
    buyers = np.sort(spend[truth["order_days"].to_numpy() > 0])[::-1]
    top = buyers[: round(len(buyers) * 0.2)].sum() / buyers.sum()
    amounts = dirt.valid["net_amount"].astype(float)
    return {
        "parameters": dict(vars(PARAMETERS)),
        "rows_in_orders_csv": len(dirt.orders.frame),
        "valid_rows": len(dirt.valid),
        "extra_rows": len(dirt.numbers("duplicate", "test", "split_order")),
        "holdout_rows": int(dirt.valid["holdout"].sum()),
        "buyers": len(buyers),
        "cleaned": _cleaned(dirt),
        "net_sales": round(float(buyers.sum()), 2),
        "top_20_percent_share": round(float(top), 4),
        "gini": round(gini(buyers), 4),
        "one_order_day_share": round(float((truth["order_days"] == 1).sum() / len(buyers)), 4),
        "orders_per_buyer": round(len(dirt.valid) / len(buyers), 3),
        "order_value_mean": round(float(amounts.mean()), 2),
        "order_value_median": round(float(amounts.median()), 2),
        "tiers": _counts(truth["tier"]),
        "eight_mean": _counts(truth["eight_mean"]),
        "eight_median": _counts(truth["eight_median"]),
        "cuts": _cuts(truth),
        "trap": _trap(dirt),
    }


def _cleaned(dirt: Dirty) -> dict[str, int]:
    """What careful cleaning reaches from the tables: an order without customer or true day is lost."""
    kept = dirt.valid[~dirt.valid["order_id"].isin(dirt.numbers(*UNSEEN))]
    return {"rows": len(kept), "buyers": int(kept["customer_id"].nunique())}


def _cuts(truth: pd.DataFrame) -> dict[str, Any]:
    """Where the classes are cut, and how many buyers lie on or above the cut of the order days."""
    buyers = truth[truth["order_days"] > 0].astype({"recency_days": float, "net_amount": float})
    cuts: dict[str, Any] = {"high_net": round(float(np.quantile(buyers["net_amount"], HIGH_SHARE)), 2)}
    for split in ("mean", "median"):
        at = {c: float(getattr(buyers[c], split)()) for c in ("recency_days", "order_days", "net_amount")}
        cuts[split] = {c: round(v, 2) for c, v in at.items()}
        cuts[split]["at_least"] = share(buyers["order_days"] >= at["order_days"])
        cuts[split]["above"] = share(buyers["order_days"] > at["order_days"])
    return cuts


def _trap(dirt: Dirty) -> dict[str, Any]:
    """What misleads: the best of one quarter in the next, and the accounts of the staff."""
    table = dirt.orders.frame
    orders = dirt.valid.assign(net=dirt.valid["net_amount"].astype(float))
    quarter = pd.to_datetime(orders["order_date"]).dt.to_period("Q").astype(str)
    spend = orders.pivot_table(index="customer_id", columns=quarter, values="net", aggfunc="sum").fillna(0.0)
    before, after = spend["2025Q3"], spend["2025Q4"]
    best = before.sort_values(ascending=False, kind="stable").index[: round((before > 0).sum() * 0.1)]
    return {
        "top_tenth": len(best),
        "top_tenth_change": round(float(after[best].sum() / before[best].sum() - 1), 4),
        "all_change": round(float(after.sum() / before.sum() - 1), 4),
        "staff": int(table.loc[table["order_id"].str.startswith("TEST"), "customer_id"].nunique()),
    }


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(k): int(v) for k, v in column.value_counts().sort_index().items()}
