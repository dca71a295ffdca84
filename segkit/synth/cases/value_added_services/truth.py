"""What each service truly adds to renewal, and what two ways of comparing say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.dictionary import JOINED_BY
from segkit.synth.draws import DIGITS
from segkit.synth.measures import interval, share

NAMED = (  # the services in file order, as the summary calls them
    "inspection", "training", "summit", "dispatch", "parts", "monthly", "manager", "remote", "gift", "preview",
    "course", "hotline",
)  # fmt: skip
MONTHS = 9  # January to September


def service_truth(
    customers: pd.DataFrame, uses: pd.DataFrame, services: pd.DataFrame, effects: Sequence[float]
) -> pd.DataFrame:
    """One row per service, differences in percentage points: planted; users against non-users, of all firms
    and of the eligible tiers; within the eligible tiers with the ends of the 95 % interval."""
    lines = []
    renewed, tier = customers["renewed"].to_numpy(), customers["tier"].to_numpy()
    for row, effect in zip(services.itertuples(), effects, strict=True):
        own = uses.loc[uses["service_id"] == row.service_id, "customer_id"]
        user = customers["customer_id"].isin(own).to_numpy()
        may = np.isin(tier, str(row.eligible).split(JOINED_BY))
        found = [np.nan] * 5
        if not user.all():
            within, error = within_strata(renewed[may], user[may], tier[may])
            naive = renewed[user].mean() - renewed[~user].mean()
            eligible = renewed[user & may].mean() - renewed[~user & may].mean()
            found = [naive, eligible, within, *interval(within, error, DIGITS)]
        lines.append(
            (row.service_id, 100 * effect, int(user.sum()), *(round(100 * float(x), 2) for x in found))
        )
    names = ["service_id", "effect_pp", "users", "naive_pp", "naive_eligible_pp", "within_tier_pp"]
    return pd.DataFrame(lines, columns=[*names, "low_pp", "high_pp"])


def within_strata(outcome: np.ndarray, exposed: np.ndarray, stratum: np.ndarray) -> tuple[float, float]:
    """Risk difference within strata, weighted as by Mantel and Haenszel (Greenland and Robins 1985), and its
    standard error with these weights."""
    above, below, variance = 0.0, 0.0, 0.0
    for s in np.unique(stratum):
        yes, no = outcome[(stratum == s) & exposed], outcome[(stratum == s) & ~exposed]
        if len(yes) and len(no):
            weight = len(yes) * len(no) / (len(yes) + len(no))
            above += weight * (yes.mean() - no.mean())
            variance += weight**2 * (yes.var() / len(yes) + no.var() / len(no))
            below += weight
    return float(above / below), float(np.sqrt(variance) / below)


def facts(
    customers: pd.DataFrame,
    uses: pd.DataFrame,
    services: pd.DataFrame,
    effects: pd.DataFrame,
    dated: pd.DataFrame,
) -> dict[str, Any]:
    """The figures the datasheet quotes, all as the cleaned tables give them; `dated`: uses of a real day."""
    tiers = customers.groupby("tier_code")
    by_name = effects.set_index(pd.Index(NAMED))
    count = uses["service_id"].value_counts().reindex(services["service_id"], fill_value=0)
    count.index = pd.Index(NAMED)
    costs = pd.Series(services["cost_per_use"].to_numpy(), index=NAMED) * count
    kept = by_name["users"] * by_name["within_tier_pp"] / 100
    per_month = dated.groupby(["service_id", pd.to_datetime(dated["use_date"]).dt.month]).size()
    kinds = uses.groupby("customer_id")["service_id"].nunique()
    per_user = count["inspection"] / by_name.at["inspection", "users"]
    now = customers["customer_id"].isin(
        uses.loc[uses["service_id"] == services["service_id"][0], "customer_id"]
    )
    wide = (now | (customers["tier_code"] == "ordinary")).sum()
    price = {k: round(float(costs[k] / kept[k])) for k in ("inspection", "training")}
    return {
        "renewed": share(customers["renewed"], 3),
        "tiers": {t: len(g) for t, g in tiers},
        "renewed_by_tier": {t: share(g["renewed"], 3) for t, g in tiers},
        "services_per_customer": {
            t: round(float(kinds.reindex(g["customer_id"]).mean()), 2) for t, g in tiers
        },
        "margin": {t: round(float(g["margin_2024"].mean())) for t, g in tiers},
        "margin_above_inspection": {t: share(g["margin_2024"] > price["inspection"], 3) for t, g in tiers},
        **{
            name: {k: round(float(v), 1) for k, v in by_name[name].dropna().items()}
            for name in by_name.columns.drop(["service_id", "users"])
        },
        "users": {k: int(v) for k, v in by_name["users"].items()},
        "uses": {k: int(v) for k, v in count.items()},
        "cost": {k: round(float(v)) for k, v in costs.items()},
        "cost_per_extra_renewal": price,
        "capacity": dict(zip(NAMED, (int(c) for c in services["capacity_per_month"]), strict=True)),
        "busiest_month": {
            k: int(per_month[name].max()) for k, name in zip(NAMED, services["service_id"], strict=True)
        },
        "inspections_a_month": round(count["inspection"] / MONTHS),
        "inspections_if_ordinary": round(float(per_user * wide) / MONTHS),
        "inspections_if_all": round(float(per_user * len(customers)) / MONTHS),
    }
