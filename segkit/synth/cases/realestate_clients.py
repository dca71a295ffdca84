"""Who comes to look at a house, what they can afford, and the odds that they buy."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.draws import Draws, sigmoid

# All numbers of this page are sample parameters (示例参数) unless a source stands beside them.
INCOME_MEDIAN, INCOME_SIGMA = 40.0, 0.62  # of a household, 万元 a year
REFERRED_INCOME = 2.4  # friends of owners earn this many times as much: the confounder
ASSETS_TIMES, ASSETS_SIGMA = 3.2, 0.40  # assets in years of income
LOAN_RATE, LOAN_YEARS, DSR = 0.035, 30, 0.50  # a year; debt service to income
LIQUID = 0.40  # of the assets, for the down payment
SAID, SAID_SIGMA = 0.90, 0.15  # the stated budget is so much of what can be afforded
PRICES = (380.0, 520.0, 720.0, 1050.0, 450.0)  # of the types of `house_interest`, 万元
PRICE_LEVEL, PRICE_SPREAD = 1.00, 0.08  # floors and views
HOUSES = ((0.40, 0.28, 0.10, 0.02, 0.20), (0.22, 0.36, 0.22, 0.06, 0.14), (0.10, 0.30, 0.34, 0.16, 0.10))
MOTIVES = (0.55, 0.25, 0.20)  # 自住, 改善, 投资
ROLES = (0.42, 0.33, 0.15, 0.10)  # 决策者, 夫妻共同, 影响者, 信息收集
VISITS = (0.560, 0.250, 0.118, 0.045, 0.027)  # who comes once, twice, ... five times
CALLED = 0.60  # called within 24 hours
LOCKED_BASE, LOCKED_BUDGET, LOCKED_DECIDES = -2.6, 0.9, 0.7  # whom a consultant offers a unit to hold
INDUSTRIES = (0.20, 0.14, 0.15, 0.11, 0.16, 0.12, 0.10)
INDUSTRY_SLOPE = (0.8, 0.4, 0.3, 0.2, 0.0, -0.6, -0.7)  # on the logarithm of income: makers earn more
OCCUPATIONS = (  # by industry: owner, executive, professional, employee, retired
    (0.55, 0.25, 0.08, 0.10, 0.02),
    (0.10, 0.35, 0.35, 0.18, 0.02),
    (0.12, 0.30, 0.40, 0.17, 0.01),
    (0.08, 0.12, 0.72, 0.04, 0.04),
    (0.85, 0.02, 0.03, 0.06, 0.04),
    (0.00, 0.20, 0.45, 0.25, 0.10),
    (0.15, 0.15, 0.20, 0.30, 0.20),
)
# log-odds of buying
BASE = -4.32
EFFECTS = {
    "budget_enough": 1.1,
    "decides": 0.7,
    "locked": 1.2,
    "revisited": 0.9,
    "invests": -0.3,
    "referred": 0.8,
    "called_24h": 0.5,
}
STRONGEST_FIRST = sorted(EFFECTS, key=lambda name: -abs(EFFECTS[name]))
TRIES = 40


def annuity(rate: float = LOAN_RATE, years: int = LOAN_YEARS) -> float:
    """The loan that one yuan a month repays: (1 - (1+i)^-n) / i."""
    i = rate / 12
    return round((1 - (1 + i) ** (-12 * years)) / i, 6)


def affordability(income_wan: np.ndarray, assets_wan: np.ndarray) -> np.ndarray:
    """Loan whose instalment is at most DSR of the income, plus the liquid part of the assets; 万元."""
    return np.round(income_wan / 12 * DSR * annuity() + assets_wan * LIQUID, 1)


def clients(draws: Draws, n: int, *, referred: bool) -> pd.DataFrame:
    """`n` people: codes (positions in columns/realestate.yml), money in 万元, and their odds of buying."""
    spread = draws.even_normal(np.zeros(n, dtype=int))
    median = INCOME_MEDIAN * (REFERRED_INCOME if referred else 1.0)
    income = np.maximum(np.round(median * np.exp(np.round(INCOME_SIGMA * spread, 9)), 1), 6.0)
    assets = np.round(income * draws.lognormal(ASSETS_TIMES, ASSETS_SIGMA, n))
    able = affordability(income, assets)
    budget = np.maximum(np.round(able * draws.lognormal(SAID, SAID_SIGMA, n) / 5) * 5, 30.0).astype(int)
    house = by_row(draws, np.array(HOUSES)[np.searchsorted([350.0, 750.0], able)])
    level = PRICE_LEVEL * (1 + PRICE_SPREAD * (2 * draws.uniform(n) - 1))
    frame = pd.DataFrame(
        {
            "referred": referred,
            "industry": by_row(draws, _industries(income)),
            "age": np.clip(np.round(42 + 9 * draws.normal(n)), 25, 70).astype(int),
            "income_wan": income,
            "assets_wan": assets.astype(int),
            "affordability_wan": able,
            "budget_wan": budget,
            "house_interest": house,
            "price_wan": np.round(np.array(PRICES)[house] * level).astype(int),
            "motive": draws.dealt(MOTIVES, n),
            "decision_role": draws.dealt(ROLES, n),
            "visits": draws.dealt(VISITS, n) + 1,
            "called_24h": draws.exactly(CALLED, n),
        }
    )
    frame["occupation"] = by_row(draws, np.array(OCCUPATIONS)[frame["industry"]])
    frame["family_size"] = 1 + draws.choice((0.10, 0.22, 0.38, 0.20, 0.10), n)
    frame["budget_enough"] = frame["budget_wan"] >= frame["price_wan"]
    frame["decides"] = frame["decision_role"] == 0
    frame["revisited"] = frame["visits"] >= 3  # two visits after the first
    frame["invests"] = frame["motive"] == 2
    offered = LOCKED_BASE + LOCKED_BUDGET * frame["budget_enough"] + LOCKED_DECIDES * frame["decides"]
    pair = 2 * frame["budget_enough"].astype(int) + frame["decides"].astype(int)
    frame["locked"] = draws.steady(sigmoid(offered), by=pair)
    frame["chance"] = sigmoid(BASE + sum(effect * frame[name] for name, effect in EFFECTS.items()))
    frame["bought"] = _bought(draws, frame)
    return frame


def _bought(draws: Draws, frame: pd.DataFrame) -> np.ndarray:
    """Who buys: of some draws, steady among clients with the same causes, the one nearest to what is expected.

    Nearest in the number of buyers under every cause, so that the planted effects stand in every sample. A
    generation of a referral tree may be nine people, too few for a regression on all causes.
    """
    chance, causes = frame["chance"].to_numpy(), frame[STRONGEST_FIRST].to_numpy().astype(int)
    cell = causes @ (1 << np.arange(len(EFFECTS))[::-1])
    tried = [draws.steady(chance, by=cell) for _ in range(TRIES)]
    miss = [float(np.round((((yes - chance) @ causes) ** 2).sum(), 6)) for yes in tried]
    return tried[int(np.argmin(miss))]


def _industries(income: np.ndarray) -> np.ndarray:
    """Shares of the industries, row by row: the richer, the likelier to own a factory."""
    z = np.log(income / INCOME_MEDIAN) / INCOME_SIGMA
    return np.array(INDUSTRIES) * np.exp(np.outer(z, INDUSTRY_SLOPE))


def by_row(draws: Draws, shares: np.ndarray) -> np.ndarray:
    """One position for each row, with the shares of that row."""
    edges = np.cumsum(shares, axis=1)
    edges = np.round(edges / edges[:, -1:], 9)
    return (draws.uniform(len(edges))[:, None] >= edges).sum(axis=1).clip(0, shares.shape[1] - 1)
