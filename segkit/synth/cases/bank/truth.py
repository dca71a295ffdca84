"""What is true of the bank's clients, and the measured numbers the datasheets quote."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.bank.clients import ASLEEP_BELOW, MANAGERS, PUMPING
from segkit.synth.cases.bank.contacts import PROPENSITY, SMS, SOLD, traits
from segkit.synth.cases.bank.money import MONTHS, RICH, TIERS, VERY_RICH, Money, tier_of, tier_shares
from segkit.synth.measures import percent
from segkit.synth.people import Names

PLANTED = {
    "sudden": "sudden_outflow",
    "slow": "slow_outflow",
    "pumped": "month_end_pump",
    "out_and_back": "passing_money",
    "in_and_out": "passing_money",
}
ALARM, ALARM_FROM = 0.6, 5.0  # falls to this share of the month before, which held this many 万
# the second look: a fall to this share, still this far below the least of the three months before, and no month
# of the next three back at this share of the month before
FELL, STILL_BELOW, NOT_BACK, LOOK = 0.7, 0.8, 0.8, 3


def three_classes(clients: pd.DataFrame, held: np.ndarray, touched: pd.DataFrame) -> np.ndarray:
    """The course's classes: high net worth (高净值) in force as private; prospect (潜在) who never bought a product;
    ordinary (普通) everybody else."""
    bought = clients["products"].to_numpy() > 0
    bought[touched.loc[touched["outcome_at"] == SOLD, "client"]] = True
    private = held[:, -1] == TIERS.index("private")
    return np.select([private, ~bought], ["high_net_worth", "prospect"], "ordinary").astype(object)


def client_truth(
    clients: pd.DataFrame, money: Money, held: np.ndarray, below: np.ndarray, touched: pd.DataFrame
) -> pd.DataFrame:
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
            "three_classes": three_classes(clients, held, touched),
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
    return {
        **_holdings(clients, money),
        **_tiers(money, held),
        **_classes(clients, held, touched),
        **_movements(clients, money, touched),
        **_pitches(clients, touched, names),
        "offers": {
            group: {
                **{a: percent(r / n) for a, n, r in part[["arm", "n", "responded"]].to_numpy()},
                "n": int(part["n"].sum()),
            }
            for group, part in odds.groupby("group", sort=False)
        },
    }


def _holdings(clients: pd.DataFrame, money: Money) -> dict[str, Any]:
    """The population, and what sample weights and month ends make of it."""
    weight, level = clients["sample_weight"].to_numpy(), money.average[:, -1]
    return {
        "population_percent": _by_tier(np.round(100 * tier_shares(), 2).tolist()),
        "sampled": _by_tier(np.bincount(tier_of(level), minlength=4).tolist()),
        "weighted": _view(level, weight),
        "unweighted": _view(level, np.ones(len(level))),
        "weighted_by_month_end": _view(money.month_end[:, -1], weight),
        "asleep_percent": percent(weight[level < ASLEEP_BELOW].sum() / weight.sum()),
        "app_active_percent": {
            "weighted": percent((clients["mobile_active"] * weight).sum() / weight.sum()),
            "unweighted": percent(clients["mobile_active"].mean()),
        },
    }


def _tiers(money: Money, held: np.ndarray) -> dict[str, Any]:
    """How often a tier moves by either rule, whom the month end misplaces, and how many have which part."""
    raw = tier_of(money.average)
    return {
        "tier_moves": {
            "raw": int((np.diff(raw) != 0).sum()),
            "up": int((np.diff(held) > 0).sum()),
            "down": int((np.diff(held) < 0).sum()),
        },
        "watched": int((held != raw)[:, -1].sum()),
        "misplaced_by_month_end": int((tier_of(money.month_end[:, -1]) != raw[:, -1]).sum()),
        "planted_clients": {
            role: len(money.who(role))
            for role in ("sudden", "slow", "pumped", "out_and_back", "in_and_out", "dip")
        },
    }


def _classes(clients: pd.DataFrame, held: np.ndarray, touched: pd.DataFrame) -> dict[str, Any]:
    """The course's three classes, and what became of those who began the year without a product."""
    weight, classes = clients["sample_weight"].to_numpy(), three_classes(clients, held, touched)
    new = clients["products"].to_numpy() == 0
    sold = touched["outcome_at"] == SOLD
    return {
        "three_classes": {
            name: {
                "clients": int((classes == name).sum()),
                "weighted_percent": percent(weight[classes == name].sum() / weight.sum(), 2),
            }
            for name in ("high_net_worth", "ordinary", "prospect")
        },
        "bought_nothing": {
            "in_january": int(new.sum()),
            "pitched_to": int(new[touched.loc[touched["pitch"], "client"].unique()].sum()),
            "bought": int(new[touched.loc[sold, "client"].unique()].sum()),
        },
    }


def _movements(clients: pd.DataFrame, money: Money, touched: pd.DataFrame) -> dict[str, Any]:
    """Sudden outflows and those that only look so, the alarms on them, and who pumps up month ends."""
    called = money.role[touched.loc[touched["purpose_at"] == 3, "client"]]
    by_manager = clients["rm_id"].iloc[money.who("pumped")].value_counts()
    return {
        "sudden_in_december": int((money.event[money.who("sudden")] == 11).sum()),
        "called_after_fall": {
            "sudden": int((called == "sudden").sum()),
            "passing": int((called != "sudden").sum()),
        },
        "alarm": {
            "percent": round(100 - 100 * ALARM),
            "from_wan": round(ALARM_FROM),
            "by_average": _hits(_alarms(money.average), money),
            "by_month_end": _hits(_alarms(money.month_end), money),
            "second_look": _hits(_gone(money.average), money),
        },
        "managers": MANAGERS,
        "pumping_managers": PUMPING,
        "pumped_by_them": int(by_manager.sort_values(ascending=False, kind="stable").iloc[:PUMPING].sum()),
    }


def _pitches(clients: pd.DataFrame, touched: pd.DataFrame, names: Names) -> dict[str, Any]:
    """Pitches and sales; rates are of the pitches that were not made by sms."""
    pitches = touched[touched["pitch"]]
    spoken = pitches[pitches["channel_at"] != SMS]
    sold = (spoken["outcome_at"] == SOLD).to_numpy()
    many = (traits(clients, names)["three_products_or_more"] == 1).to_numpy()[spoken["client"]]
    return {
        "pitches": len(pitches),
        "pitches_by_sms": len(pitches) - len(spoken),
        "sold": int(sold.sum()),
        "sold_percent": {
            "all": percent(sold.mean()),
            "three_products_or_more": percent(sold[many].mean()),
            "fewer": percent(sold[~many].mean()),
        },
    }


def _alarms(amount: np.ndarray) -> np.ndarray:
    """Which months (clients x months) are at most 60 % of the month before, where that was 5 万 or more."""
    rings = np.zeros(amount.shape, dtype=bool)
    rings[:, 1:] = (amount[:, 1:] <= ALARM * amount[:, :-1]) & (amount[:, :-1] >= ALARM_FROM)
    return rings


def _gone(amount: np.ndarray) -> np.ndarray:
    """Which months fell far, below the months before as well, without coming back (as far as the year shows)."""
    gone = np.zeros(amount.shape, dtype=bool)
    for m in range(1, amount.shape[1]):
        now, last = amount[:, m], amount[:, m - 1]
        low = amount[:, max(0, m - LOOK) : m].min(axis=1)
        after = amount[:, m : m + LOOK + 1].max(axis=1)
        gone[:, m] = (
            (now <= FELL * last)
            & (last >= ALARM_FROM)
            & (now < STILL_BELOW * low)
            & (after < NOT_BACK * last)
        )
    return gone


def _hits(rings: np.ndarray, money: Money) -> dict[str, float]:
    """How often an alarm rings, and how many of the sudden outflows are among it (right client, right month)."""
    sudden = money.who("sudden")
    right = int(rings[sudden, money.event[sudden]].sum())
    return {
        "rings": int(rings.sum()),
        "right": right,
        "precision_percent": percent(right / max(1, int(rings.sum())), 0),
        "recall_percent": percent(right / len(sudden), 0),
    }


def _view(amount: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    """Shares of clients and of money above the two published thresholds, and the mean holding."""
    money = amount * weight
    rich, very = amount >= RICH, amount >= VERY_RICH
    return {
        "clients_50_percent": percent(weight[rich].sum() / weight.sum(), 2),
        "clients_1000_percent": percent(weight[very].sum() / weight.sum(), 3),
        "money_50_percent": percent(money[rich].sum() / money.sum()),
        "money_1000_percent": percent(money[very].sum() / money.sum()),
        "mean_wan": round(float(money.sum() / weight.sum()), 2),
    }


def _by_tier(values: list[Any]) -> dict[str, Any]:
    return dict(zip(TIERS, values, strict=True))
