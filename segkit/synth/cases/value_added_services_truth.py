"""What each service truly adds to renewal, and what two ways of comparing say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

NAMED = (  # the services in file order, as the summary calls them
    "inspection", "training", "summit", "dispatch", "parts", "monthly", "manager", "remote", "gift", "preview",
    "course", "hotline",
)  # fmt: skip


def service_truth(
    customers: pd.DataFrame, uses: pd.DataFrame, services: pd.DataFrame, effects: Sequence[float]
) -> pd.DataFrame:
    """One row per service, differences in percentage points: planted, users against non-users, within tiers."""
    lines = []
    renewed, tier = customers["renewed"].to_numpy(), customers["tier_code"].to_numpy()
    for name, effect in zip(services["service_id"], effects, strict=True):
        own = uses.loc[uses["service_id"] == name, "customer_id"]
        user = customers["customer_id"].isin(own).to_numpy()
        naive, within = np.nan, np.nan
        if not user.all():
            naive = renewed[user].mean() - renewed[~user].mean()
            within = within_strata(renewed, user, tier)
        lines.append((name, 100 * effect, int(user.sum()), round(100 * naive, 2), round(100 * within, 2)))
    return pd.DataFrame(lines, columns=["service_id", "effect_pp", "users", "naive_pp", "within_tier_pp"])


def within_strata(outcome: np.ndarray, exposed: np.ndarray, stratum: np.ndarray) -> float:
    """Risk difference within strata, weighted as by Mantel and Haenszel (Greenland and Robins 1985)."""
    above, below = 0.0, 0.0
    for s in np.unique(stratum):
        yes, no = (stratum == s) & exposed, (stratum == s) & ~exposed
        if yes.any() and no.any():
            weight = yes.sum() * no.sum() / (yes.sum() + no.sum())
            above += weight * (outcome[yes].mean() - outcome[no].mean())
            below += weight
    return float(above / below)


def summary(
    customers: pd.DataFrame, uses: pd.DataFrame, effects: pd.DataFrame, costs: Sequence[float]
) -> dict[str, Any]:
    """The figures the datasheet quotes."""
    tiers = customers.groupby("tier_code")
    per_service = uses["service_id"].value_counts()
    many = [int(per_service.get(name, 0)) for name in effects["service_id"]]
    extra = effects["users"] * effects["effect_pp"] / 100
    per_extra = [round(c * k / e) if e > 0 else 0 for c, k, e in zip(costs, many, extra, strict=True)]
    per_month = uses.groupby(["service_id", pd.to_datetime(uses["use_date"]).dt.month]).size()
    by_name = effects.set_index(pd.Index(NAMED))
    mean_services = uses.groupby("customer_id")["service_id"].nunique()
    return {
        "renewed": round(float(customers["renewed"].mean()), 3),
        "tiers": {t: len(g) for t, g in tiers},
        "renewed_by_tier": {t: round(float(g["renewed"].mean()), 3) for t, g in tiers},
        "services_per_customer": {
            t: round(float(mean_services.reindex(g["customer_id"]).mean()), 2) for t, g in tiers
        },
        "effect_pp": {k: round(float(v), 1) for k, v in by_name["effect_pp"].items()},
        "naive_pp": {k: round(float(v), 1) for k, v in by_name["naive_pp"].dropna().items()},
        "within_tier_pp": {k: round(float(v), 1) for k, v in by_name["within_tier_pp"].dropna().items()},
        "users": {k: int(v) for k, v in by_name["users"].items()},
        "cost_per_extra_renewal": {k: v for k, v in zip(NAMED, per_extra, strict=True) if v},
        "summit_cost": round(float(costs[2] * many[2])),
        "busiest_month": {
            k: int(per_month[name].max()) for k, name in zip(NAMED, effects["service_id"], strict=True)
        },
    }
