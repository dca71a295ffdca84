"""Who comes to look at a house, what they can afford, and the odds that they buy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from segkit.synth.draws import Draws, sigmoid

# All numbers of this page are sample parameters (示例参数) unless a source stands beside them.
INCOME_MEDIAN, INCOME_SIGMA = 40.0, 0.62  # of a household, 万元 a year
REFERRED_INCOME = 2.4  # friends of owners earn this many times as much: the confounder
ASSETS_TIMES, ASSETS_SIGMA = 3.2, 0.40  # assets in years of income
LOAN_RATE, LOAN_YEARS, DSR = 0.035, 30, 0.50  # a year; debt service to income
LIQUID = 0.40  # of the assets, for the down payment
SAID, SAID_SIGMA = 0.90, 0.15  # the stated budget is so much of what can be afforded
# What people look at follows their budget, but less than in proportion: 2% more of budget, 1% more of price.
# Shops are not for sale here: 银发〔2007〕359号 asks for half of their price down and at most ten years.
LOOKED, ELASTICITY, TASTE = 455.0, 0.55, 0.18  # 万元, at the median budget of those not referred
CHEAPEST, DEAREST = 210.0, 1400.0  # 万元
DEARER_THAN, FITTING = (300.0, 450.0, 620.0, 880.0), 0.06  # where one type of `house_interest` ends; overlap
DOWN = 0.20  # of the price at least from own means
OVER_BUDGET = 1.25  # nobody pays more than so many times the stated budget
AGE, AGE_SPREAD, AGES = 42.0, 9.0, (25, 70)  # normal, cut off at both ends
SIZES = (0.10, 0.22, 0.38, 0.20, 0.10)  # of a household, 1-5
MOTIVES = (0.55, 0.25, 0.20)  # 自住, 改善, 投资
ROLES = (0.42, 0.33, 0.15, 0.10)  # 决策者, 夫妻共同, 影响者, 信息收集
COUPLE = 1
VISITS = (0.560, 0.250, 0.118, 0.045, 0.027)  # who comes once, twice, ... five times
CALLED = 0.60  # called within 24 hours
# whom a consultant offers a unit to hold: hardly anybody at the first visit
LOCKED_BASE, LOCKED_BUDGET, LOCKED_DECIDES, LOCKED_AGAIN = -4.2, 0.9, 0.7, 2.4
INDUSTRIES = (0.20, 0.14, 0.15, 0.11, 0.16, 0.12, 0.10)
INDUSTRY_SLOPE = (0.8, 0.4, 0.3, 0.2, 0.0, -0.6, -0.7)  # on the logarithm of income: makers earn more
OCCUPATIONS = (  # by industry, of those who work: owner, executive, professional, employee
    (0.55, 0.25, 0.08, 0.12),
    (0.10, 0.35, 0.35, 0.20),
    (0.12, 0.30, 0.40, 0.18),
    (0.08, 0.12, 0.75, 0.05),
    (0.85, 0.02, 0.03, 0.10),
    (0.00, 0.20, 0.50, 0.30),
    (0.20, 0.20, 0.25, 0.35),
)
RETIRED = 4
RETIRES = {50: 0.10, 55: 0.40, 60: 0.80, 65: 0.95}  # from this age; owners and doctors half as often
LATE = (0, 3, 4)  # industries that people leave late
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
TRIES, ROUNDS, MOST = 100, 20, 0.95


def annuity(rate: float = LOAN_RATE, years: int = LOAN_YEARS) -> float:
    """The loan that one yuan a month repays: (1 - (1+i)^-n) / i."""
    i = rate / 12
    return round((1 - (1 + i) ** (-12 * years)) / i, 6)


def affordability(income_wan: np.ndarray, assets_wan: np.ndarray) -> np.ndarray:
    """Loan whose instalment is at most DSR of the income, plus the liquid part of the assets; 万元."""
    return np.round(income_wan / 12 * DSR * annuity() + assets_wan * LIQUID, 1)


def clients(draws: Draws, n: int, *, referred: bool) -> pd.DataFrame:
    """`n` people: codes (positions in cases/realestate/columns.yml), money in 万元, and their odds of buying."""
    spread = draws.even_normal(np.zeros(n, dtype=int))
    median = INCOME_MEDIAN * (REFERRED_INCOME if referred else 1.0)
    income = np.maximum(np.round(median * np.exp(np.round(INCOME_SIGMA * spread, 9)), 1), 6.0)
    assets = np.round(income * draws.lognormal(ASSETS_TIMES, ASSETS_SIGMA, n))
    able = affordability(income, assets)
    budget = np.maximum(np.round(able * draws.lognormal(SAID, SAID_SIGMA, n) / 5) * 5, 30.0).astype(int)
    price = _looked_at(draws, budget)
    fitting = np.round(price * draws.lognormal(1.0, FITTING, n), 6)
    role = draws.dealt(ROLES, n)
    frame = pd.DataFrame(
        {
            "referred": referred,
            "industry": draws.choice_each(_industries(income)),
            "age": _ages(draws, n),
            "income_wan": income,
            "assets_wan": assets.astype(int),
            "affordability_wan": able,
            "budget_wan": budget,
            "house_interest": np.searchsorted(DEARER_THAN, fitting),
            "price_wan": price,
            "motive": draws.dealt(MOTIVES, n),
            "decision_role": role,
            "family_size": _sizes(draws, role == COUPLE),
            "visits": draws.dealt(VISITS, n) + 1,
            "called_24h": draws.exactly(CALLED, n),
        }
    )
    frame["occupation"] = _occupations(draws, frame["industry"], frame["age"])
    frame["budget_enough"] = frame["budget_wan"] >= frame["price_wan"]
    frame["within_means"] = within_means(frame)
    frame["decides"] = frame["decision_role"] == 0
    frame["revisited"] = frame["visits"] >= 3  # two visits after the first
    frame["invests"] = frame["motive"] == 2
    again = frame["visits"] > 1
    offered = LOCKED_BASE + LOCKED_BUDGET * frame["budget_enough"] + LOCKED_DECIDES * frame["decides"]
    kind = 4 * again.astype(int) + 2 * frame["budget_enough"].astype(int) + frame["decides"].astype(int)
    frame["locked"] = draws.steady(sigmoid(offered + LOCKED_AGAIN * again), by=kind)
    frame["chance"] = odds(frame)
    frame["bought"] = _bought(draws, frame)
    return frame


def odds(frame: pd.DataFrame) -> np.ndarray:
    """The chance to buy that the seven causes give."""
    return sigmoid(BASE + sum(effect * frame[name] for name, effect in EFFECTS.items()))


def within_means(frame: pd.DataFrame) -> pd.Series:
    """Who can pay the price with a loan the income bears and all assets, without leaving the budget far behind."""
    loan = np.minimum(frame["income_wan"] / 12 * DSR * annuity(), (1 - DOWN) * frame["price_wan"])
    can = np.round(loan + frame["assets_wan"], 6) >= frame["price_wan"]
    return can & (frame["price_wan"] <= OVER_BUDGET * frame["budget_wan"])


def _looked_at(draws: Draws, budget: np.ndarray) -> np.ndarray:
    """The price of the house a client looks at, 万元."""
    median = INCOME_MEDIAN * (DSR / 12 * annuity() + ASSETS_TIMES * LIQUID) * SAID
    rank = np.argsort(np.argsort(budget, kind="stable"), kind="stable")
    alike = rank // 40  # of forty with one budget some look up
    taste = TASTE * draws.even_normal(alike)
    wanted = LOOKED * np.exp(ELASTICITY * np.log(budget / median) + taste)
    return np.round(np.clip(np.round(wanted, 6), CHEAPEST, DEAREST)).astype(int)


def _ages(draws: Draws, n: int) -> np.ndarray:
    """Whole years, normal between the youngest and the oldest; nobody piles up at the ends."""
    youngest, oldest = AGES
    low, high = special.ndtr((np.array([youngest - 0.5, oldest + 0.5]) - AGE) / AGE_SPREAD)
    age = AGE + AGE_SPREAD * special.ndtri(low + (high - low) * draws.uniform(n))
    return np.round(np.round(age, 6)).clip(youngest, oldest).astype(int)


def _sizes(draws: Draws, couple: np.ndarray) -> np.ndarray:
    """People in the household: couples (夫妻共同) are at least two; the shares of all stay SIZES."""
    shares = np.array(SIZES)
    two = np.concatenate([[0.0], shares[1:] / shares[1:].sum()])
    other = (shares - ROLES[COUPLE] * two) / (1 - ROLES[COUPLE])
    return 1 + draws.choice_each(np.where(couple[:, None], two, other))


def _occupations(draws: Draws, industry: pd.Series, age: pd.Series) -> np.ndarray:
    """By industry; nobody below fifty is retired (then the industry is the former one)."""
    working = draws.choice_each(np.array(OCCUPATIONS)[industry])
    step = np.searchsorted(list(RETIRES), age, side="right")
    share = np.array([0.0, *RETIRES.values()])[step] * np.where(np.isin(industry, LATE), 0.5, 1.0)
    return np.where(draws.chance(share, len(age)), RETIRED, working)


def _bought(draws: Draws, frame: pd.DataFrame) -> np.ndarray:
    """Who buys: of some draws, steady among clients with the same causes, the one nearest to what is expected.

    Nearest in the number of buyers under every cause, so that the planted effects stand in every sample. A
    generation of a referral tree may be nine people, too few for a regression on all causes. Who cannot pay the
    price does not buy; the others then do so the more often, so that every cause has as many buyers as planted.
    """
    chance, causes = frame["chance"].to_numpy(), frame[STRONGEST_FIRST].to_numpy().astype(int)
    cell = causes @ (1 << np.arange(len(EFFECTS))[::-1])
    own = chance * frame["within_means"].to_numpy()
    for _ in range(ROUNDS):  # raked to the margin of every cause (Deming and Stephan 1940)
        for cause in causes.T:
            expected, so_far = (np.bincount(cause, weights=of, minlength=2) for of in (chance, own))
            own = np.minimum(own * np.divide(expected, so_far, where=so_far > 0, out=np.ones(2))[cause], MOST)
    own = np.round(own, 9)
    tried = [draws.steady(own, by=cell) for _ in range(TRIES)]
    miss = [float(np.round((((yes - chance) @ causes) ** 2).sum(), 6)) for yes in tried]
    return tried[int(np.argmin(miss))]


def _industries(income: np.ndarray) -> np.ndarray:
    """Shares of the industries, row by row: the richer, the likelier to own a factory."""
    z = np.log(income / INCOME_MEDIAN) / INCOME_SIGMA
    return np.array(INDUSTRIES) * np.exp(np.outer(z, INDUSTRY_SLOPE))
