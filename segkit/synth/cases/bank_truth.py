"""What is true of the bank's clients, and the measured numbers the datasheets quote."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.bank_clients import ASLEEP_BELOW, MANAGERS, PUMPING
from segkit.synth.cases.bank_contacts import PROPENSITY, traits
from segkit.synth.cases.bank_money import MONTHS, RICH, TIERS, VERY_RICH, Money, tier_of, tier_shares
from segkit.synth.people import Names

THREE_CLASSES = np.array(["potential", "ordinary", "ordinary", "high_net_worth"], dtype=object)
PLANTED = {"sudden": "sudden_outflow", "slow": "slow_outflow", "pumped": "month_end_pump"}
ALARM, ALARM_FROM = 0.6, 5.0  # falls to this share of the month before, which held this many 万


def client_truth(clients: pd.DataFrame, money: Money, held: np.ndarray, below: np.ndarray) -> pd.DataFrame:
    """One row per client: tiers in December by three rules, what was planted, the true cells."""
    name = np.array(TIERS, dtype=object)
    month = [MONTHS[m].strftime("%Y-%m") if m >= 0 else "" for m in money.event]
    return pd.DataFrame(
        {
            "client_id": clients["client_id"],
            "tier_in_force": name[held[:, -1]],
            "tier_by_average": name[tier_of(money.average[:, -1])],
            "tier_by_month_end": name[tier_of(money.month_end[:, -1])],
            "watched": (below[:, -1] > 0).astype(int),
            "months_below": below[:, -1],
            "three_classes": THREE_CLASSES[held[:, -1]],
            "planted": [PLANTED.get(role, "") for role in money.role],
            "planted_from": month,
            "rm_id": clients["rm_id"],
            "idle_deposit_wan": clients["idle_deposit_wan"],
        }
    )


def tier_truth(clients: pd.DataFrame, held: np.ndarray) -> pd.DataFrame:
    """The tier in force after each month's average, one column a month."""
    frame = pd.DataFrame(np.array(TIERS, dtype=object)[held], columns=[m.strftime("%Y-%m") for m in MONTHS])
    frame.insert(0, "client_id", clients["client_id"].to_numpy())
    return frame


def propensity() -> pd.DataFrame:
    """Planted log odds that a pitch ends in a sale."""
    return pd.DataFrame(list(PROPENSITY.items()), columns=["trait", "coefficient"])


def facts(
    clients: pd.DataFrame,
    money: Money,
    held: np.ndarray,
    touched: pd.DataFrame,
    odds: pd.DataFrame,
    names: Names,
) -> dict[str, Any]:
    """Measured on this draw; shares are rounded, money is in 万元."""
    raw, weight = tier_of(money.average), clients["sample_weight"].to_numpy()
    level, month_end = money.average[:, -1], money.month_end[:, -1]
    pitched = touched[touched["pitch"]]
    sold = (pitched["outcome_at"] == 0).to_numpy()
    marks = traits(clients, names).iloc[pitched["client"]].reset_index(drop=True)
    many = marks["three_products_or_more"].to_numpy() == 1
    pumped = money.who("pumped")
    by_manager = clients["rm_id"].iloc[pumped].value_counts()
    return {
        "population_percent": _by_tier(np.round(100 * tier_shares(), 2).tolist()),
        "sampled": _by_tier(np.bincount(tier_of(level), minlength=4).tolist()),
        "weighted": _view(level, weight),
        "unweighted": _view(level, np.ones(len(level))),
        "weighted_by_month_end": _view(month_end, weight),
        "asleep_percent": _percent(weight[level < ASLEEP_BELOW].sum() / weight.sum()),
        "app_active_percent": {
            "weighted": _percent((clients["mobile_active"] * weight).sum() / weight.sum()),
            "unweighted": _percent(clients["mobile_active"].mean()),
        },
        "tier_moves": {
            "raw": int((np.diff(raw) != 0).sum()),
            "up": int((np.diff(held) > 0).sum()),
            "down": int((np.diff(held) < 0).sum()),
        },
        "watched": int((held != raw)[:, -1].sum()),
        "misplaced_by_month_end": int((tier_of(month_end) != raw[:, -1]).sum()),
        "planted_clients": {role: len(money.who(role)) for role in ("sudden", "slow", "pumped", "dip")},
        "sudden_in_december": int((money.event[money.who("sudden")] == 11).sum()),
        "sudden_called": int((touched["purpose_at"] == 3).sum()),
        "alarms_by_average": _alarms(money.average),
        "alarms_by_month_end": _alarms(money.month_end),
        "managers": MANAGERS,
        "pumping_managers": PUMPING,
        "pumped_by_them": int(by_manager.sort_values(ascending=False, kind="stable").iloc[:PUMPING].sum()),
        "pitches": len(pitched),
        "sold": int(sold.sum()),
        "sold_percent": {
            "all": _percent(sold.mean()),
            "three_products_or_more": _percent(sold[many].mean()),
            "fewer": _percent(sold[~many].mean()),
        },
        "offers": {
            group: {
                **{a: _percent(r / n) for a, n, r in part[["arm", "n", "responded"]].to_numpy()},
                "n": int(part["n"].sum()),
            }
            for group, part in odds.groupby("group", sort=False)
        },
    }


def _alarms(amount: np.ndarray) -> int:
    """How many months end with at most 60 % of the month before, where that was 5 万 or more."""
    return int(((amount[:, 1:] <= ALARM * amount[:, :-1]) & (amount[:, :-1] >= ALARM_FROM)).sum())


def _view(amount: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    """Shares of clients and of money above the two published thresholds, and the mean holding."""
    money = amount * weight
    rich, very = amount >= RICH, amount >= VERY_RICH
    return {
        "clients_50_percent": _percent(weight[rich].sum() / weight.sum(), 2),
        "clients_1000_percent": _percent(weight[very].sum() / weight.sum(), 3),
        "money_50_percent": _percent(money[rich].sum() / money.sum()),
        "money_1000_percent": _percent(money[very].sum() / money.sum()),
        "mean_wan": round(float(money.sum() / weight.sum()), 2),
    }


def _by_tier(values: list[Any]) -> dict[str, Any]:
    return dict(zip(TIERS, values, strict=True))


def _percent(share: float, decimals: int = 1) -> float:
    return round(float(100 * share), decimals)
