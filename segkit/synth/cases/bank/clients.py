"""Who the bank's clients are: age, risk, preference, consent, manager (银行客户)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, days_from
from segkit.synth.cases.bank.money import CASE, POPULATION, Money, tier_of, tier_shares
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.draws import Draws
from segkit.synth.people import Names, numbered

# all of these are 示例参数; by tier: ordinary, gold, platinum, private
AGE, AGE_SPREAD = (39.0, 45.0, 51.0, 55.0), 12.0
MORE_PRODUCTS = (0.6, 1.6, 2.6, 4.0)
NO_PRODUCT, NO_PRODUCT_ASLEEP = (0.30, 0.08, 0.03, 0.0), 0.55  # only deposits; the last below 1,000 yuan
CITY_SHARES = (0.18, 0.27, 0.25, 0.30)
RISK = {  # C1..C5 by age from
    0: (0.12, 0.25, 0.33, 0.20, 0.10),
    70: (0.30, 0.36, 0.24, 0.08, 0.02),
}
PREFERENCE = {  # by risk level: deposits, wealth products, funds, insurance, precious metals
    "C1": (0.70, 0.15, 0.02, 0.11, 0.02),
    "C2": (0.45, 0.35, 0.05, 0.12, 0.03),
    "C3": (0.25, 0.40, 0.18, 0.12, 0.05),
    "C4": (0.12, 0.35, 0.37, 0.08, 0.08),
    "C5": (0.06, 0.26, 0.52, 0.04, 0.12),
}
NEED = {  # by age from: cash, steady growth, education, retirement, succession
    0: (0.64, 0.33, 0.00, 0.03, 0.00),
    25: (0.50, 0.30, 0.15, 0.05, 0.00),
    35: (0.20, 0.30, 0.32, 0.15, 0.03),
    55: (0.12, 0.28, 0.03, 0.45, 0.12),
}
ACTIVE, ACTIVE_PRODUCTS, ASLEEP = {0: 0.66, 35: 0.48, 55: 0.26}, 0.30, 0.5
ASLEEP_BELOW = 0.1  # 万元
COMPLAINTS = 0.18
CONSENT, SENSITIVE, ONE_CLOSED, TWO_CLOSED = 0.92, 0.92, 0.08, 0.02
IDLE = ((3.0, 1.0), (3.0, 1.2), (2.0, 3.0), (1.5, 4.5))  # Beta of the share that lies idle
MOST_IDLE = 0.95
MANAGERS, PUMPING, PUMPED_BY_THEM = 40, 6, 0.70
# odds of leaving slowly: each complaint (up to two), and holding fewer than three products
LEAVE_COMPLAINT, LEAVE_FEW = 4.0, 1.5


def people(draws: Draws, level: np.ndarray, names: Names) -> pd.DataFrame:
    """Clients with this December average, apart from what depends on the course of the year."""
    n, tier = len(level), tier_of(level)
    spec = columns(CASE, "clients")
    age = np.round(np.array(AGE)[tier] + AGE_SPREAD * draws.normal(n)).clip(20, 85).astype(int)
    tenure = np.round(draws.lognormal(6.0, 0.7, n).clip(1.0, 30.0), 1)
    frame = pd.DataFrame({"level": level, "tier": tier, "age": age})
    frame["tenure_years"] = np.minimum(tenure, age - 18)
    none = np.where(level < ASLEEP_BELOW, NO_PRODUCT_ASLEEP, np.array(NO_PRODUCT)[tier])
    some = (1 + draws.poisson(np.array(MORE_PRODUCTS)[tier], n)).clip(1, 9)
    frame["products"] = np.where(draws.chance(none, n), 0, some)
    frame["complaints_12m"] = draws.poisson(COMPLAINTS, n)
    frame["city_tier"] = spec["city_tier"].drawn(names, draws, CITY_SHARES, n)
    risk = draws.choice_each(_row_of(RISK, age))
    frame["risk_level"] = spec["risk_level"].said(names, risk)
    liked = draws.choice_each(np.array(list(PREFERENCE.values()))[risk])
    frame["invest_pref"] = spec["invest_pref"].said(names, liked)
    frame["fin_need"] = spec["fin_need"].said(names, draws.choice_each(_row_of(NEED, age)))
    active = _row_of(ACTIVE, age) + ACTIVE_PRODUCTS * (frame["products"].to_numpy() >= 3)
    active = np.where(level < ASLEEP_BELOW, ASLEEP * active, active)
    frame["mobile_active"] = draws.steady(active, by=tier).astype(int)
    counts = np.bincount(tier, minlength=len(tier_shares()))
    frame["sample_weight"] = np.round(POPULATION * tier_shares() / np.maximum(counts, 1), 2)[tier]
    return frame.join(_consent(draws, frame, names))


def leaving(clients: pd.DataFrame) -> np.ndarray:
    """How much likelier than others each client is to leave slowly."""
    complaints = clients["complaints_12m"].clip(0, 2).to_numpy()
    return LEAVE_COMPLAINT**complaints * np.where(clients["products"] < 3, LEAVE_FEW, 1.0)


def with_money(draws: Draws, clients: pd.DataFrame, money: Money) -> pd.DataFrame:
    """Add what depends on the year: idle deposit on 31 October, and the manager."""
    n = len(clients)
    share = np.zeros(n)
    for tier, (p, q) in enumerate(IDLE):
        of = np.flatnonzero(clients["tier"] == tier)
        share[of] = draws.beta(p, q, len(of))
    idle = np.round(np.minimum(share, MOST_IDLE) * money.month_end[:, 9], 4)
    manager = draws.integers(1, MANAGERS, n)
    pumped = money.who("pumped")
    these = draws.some(pumped, round(PUMPED_BY_THEM * len(pumped)))
    pushing = draws.some(np.arange(1, MANAGERS + 1), PUMPING)
    manager[these] = pushing[np.arange(len(these)) % PUMPING]
    return clients.assign(idle_deposit_wan=idle, rm_id=numbered("RM", manager - 1, width=2))


def _consent(draws: Draws, frame: pd.DataFrame, names: Names) -> pd.DataFrame:
    n = len(frame)
    yes = draws.chance(CONSENT, n)
    most = np.minimum((frame["tenure_years"] * 365).to_numpy(), 1500.0)
    ago = 365 + np.floor(draws.uniform(n) * np.maximum(most - 365, 1))
    dates = days_from(AS_OF, -ago)
    closed = columns(CASE, "clients")["opt_out_channels"].values(names)
    u, first, step = draws.uniform(n), draws.integers(0, 2, n), draws.integers(1, 2, n)
    both = [
        JOINED_BY.join(closed[i] for i in sorted({f, (f + s) % 3})) for f, s in zip(first, step, strict=True)
    ]
    one = np.array(closed, dtype=object)[first]
    return pd.DataFrame(
        {
            "consent_marketing": yes.astype(int),
            "consent_date": [day if y else None for day, y in zip(dates, yes, strict=True)],
            "sensitive_consent": (yes & draws.chance(SENSITIVE, n)).astype(int),
            "opt_out_channels": np.select(
                [u < TWO_CLOSED, u < TWO_CLOSED + ONE_CLOSED], [np.array(both, dtype=object), one], ""
            ),
        },
        index=frame.index,
    )


def _row_of(table: Mapping[int, Any], age: np.ndarray) -> np.ndarray:
    """The row of a table by age that holds for each."""
    return np.array(list(table.values()))[np.searchsorted(list(table), age, side="right") - 1]
