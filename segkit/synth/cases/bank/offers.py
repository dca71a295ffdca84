"""A rate bonus for idle money, with a random holdout: who takes it up, and whom it moved (优惠与留出组)."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import open_days
from segkit.synth.cases.bank.contacts import IDLE_ENOUGH
from segkit.synth.cases.bank.money import CASE, TIERS
from segkit.synth.dictionary import columns
from segkit.synth.dirt import at_scale
from segkit.synth.draws import Draws
from segkit.synth.people import Names, numbered

OFFERS = 1600
# by tier, gold clients with 10 万 idle apart: share that places a deposit anyway, and what the offer adds (示例参数)
ODDS = {
    "ordinary": (0.05, 0.0),
    "gold": (0.05, 0.0),
    "gold_idle": (0.08, 0.16),
    "platinum": (0.28, 0.0),
    "private": (0.36, 0.0),
}
LEAST_IDLE = 0.1  # 万元; with less there is nothing to place
LUCK = 0.015  # how far chance moves the rate of a group and arm without uplift, at most
PLACED = (0.3, 0.9)  # share of the idle deposit


def groups(tier: np.ndarray, idle: np.ndarray) -> np.ndarray:
    """Group of each client by the tier in force when the offer went out and the idle deposit before."""
    name = np.array(TIERS, dtype=object)[tier]
    return np.where((name == "gold") & (idle >= IDLE_ENOUGH), "gold_idle", name)


def offers(
    draws: Draws, clients: pd.DataFrame, tier: np.ndarray, scale: float, names: Names
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The offers and, apart from them, the planted odds of every group.

    Half of each group are held out at random; how many take it up in each group and arm is as expected
    to within `LUCK`, so that no chance effect is as large as the planted one; who does is chance.
    """
    spec = columns(CASE, "offers")
    open_channels = _open_channels(clients, names)
    may = (clients["sensitive_consent"] == 1).to_numpy() & np.array([bool(c) for c in open_channels])
    who = np.sort(draws.some(np.flatnonzero(may), min(at_scale(OFFERS, scale), int(may.sum()))))
    idle = clients["idle_deposit_wan"].to_numpy()[who]
    group = groups(tier[who], idle)
    n = len(who)
    treated = draws.steady(np.full(n, 0.5), by=group)
    base, uplift = np.array([ODDS[g] for g in group]).T
    able = idle >= LEAST_IDLE
    cell = np.unique(group + np.where(treated, "/1", "/0"), return_inverse=True)[1]
    luck = np.where(uplift == 0, LUCK * (2 * draws.uniform(cell.max() + 1)[cell] - 1), 0.0)
    arm = spec["arm"].said(names, np.where(treated, 0, 1))
    yes = draws.steady(np.where(able, base + uplift * treated + luck, 0.0), by=cell)
    amount = idle * (PLACED[0] + (PLACED[1] - PLACED[0]) * draws.uniform(n))
    days = open_days(dt.date(2025, 11, 3), dt.date(2025, 11, 14))
    through = [
        open_channels[w][int(u * len(open_channels[w]))] for w, u in zip(who, draws.uniform(n), strict=True)
    ]
    frame = pd.DataFrame(
        {
            "client": who,
            "client_id": clients["client_id"].to_numpy()[who],
            "offer": spec["offer"].values(names)[0],
            "offer_date": draws.pick(days, n),
            "tier_at_offer": spec["tier_at_offer"].said(names, tier[who]),
            "arm": arm,
            "channel": np.where(treated, through, ""),
            "responded": yes.astype(int),
            "amount_wan": np.where(yes, np.round(amount, 4), 0.0),
        }
    ).sort_values(["offer_date", "client_id"], kind="stable", ignore_index=True)
    frame["offer_id"] = numbered("F", n)
    counted = pd.DataFrame({"group": group, "arm": np.where(treated, "treated", "holdout"), "yes": yes})
    odds = counted.groupby(["group", "arm"])["yes"].agg(["size", "sum"]).reset_index()
    odds.columns = pd.Index(["group", "arm", "n", "responded"])
    odds["rate"] = [ODDS[g][0] + ODDS[g][1] * (a == "treated") for g, a in odds[["group", "arm"]].to_numpy()]
    odds["uplift"] = [ODDS[g][1] for g in odds["group"]]
    return frame, odds.round({"rate": 3, "uplift": 3})


def _open_channels(clients: pd.DataFrame, names: Names) -> list[list[str]]:
    """The channels each client has not closed to marketing."""
    known = columns(CASE, "offers")["channel"].values(names)
    return [[c for c in known if c not in closed] for closed in clients["opt_out_channels"]]
