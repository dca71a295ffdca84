"""Customers of the invented retailer, and what it cannot see: class, rate and habits of each."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, BusyTime, Season, days_from
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.draws import Draws, quota
from segkit.synth.people import Invented, Names

CASE = "retail"
CUSTOMERS = 1500
START, DAYS = dt.date(2025, 1, 1), 365
MONTH = 365 / 12  # days
# a shop with branches is calmer at festivals than a pure web shop
SEASONS = (Season((6, 1), (6, 18), 1.6), Season((11, 1), (11, 11), 2.0))  # 618, 双11

# every number here is a sample parameter (示例参数); shares are in the order of columns/retail.yml
REGISTERED = (  # from, to, share
    (dt.date(2022, 1, 1), dt.date(2024, 12, 31), 0.60),
    (dt.date(2025, 1, 1), dt.date(2025, 8, 31), 0.18),
    (dt.date(2025, 9, 1), dt.date(2025, 10, 31), 0.22),
)
NEWCOMER = 2  # the last of these groups: registered late in the year
OFTEN = 0.48  # share of high frequency
RATE = {"high": 1.65, "low": 0.33}  # orders a month, mean of a Gamma
RATE_SHAPE = 6.0
HIGH_VALUE_BY_INCOME = (0.22, 0.34, 0.47, 0.62, 0.75)
VALUE = {"high": 420.0, "low": 130.0}  # CNY an order, median of a log-normal over customers
VALUE_SIGMA = 0.25
ONLINE = {
    "online": (0.88, 0.55),
    "mixed": (0.50, 0.25),
    "offline": (0.12, 0.20),
}  # share of orders, of people
HABITS = {"evening": 0.45, "lunch": 0.30, "weekend": 0.25}
AGES = ((18, 24, 0.16), (25, 34, 0.36), (35, 44, 0.27), (45, 54, 0.14), (55, 69, 0.07))
GENDER, TIERS = (0.46, 0.54), (0.18, 0.27, 0.25, 0.30)
EDUCATION = (0.22, 0.28, 0.38, 0.12)
OCCUPATIONS = (
    (0.62, 0.20, 0.02, 0.03, 0.06, 0.07, 0.00),  # up to 24
    (0.00, 0.50, 0.11, 0.13, 0.11, 0.15, 0.00),  # 25-59
    (0.00, 0.08, 0.03, 0.09, 0.03, 0.02, 0.75),  # from 60
)
EARNS = (-1.6, 0.1, 0.1, 0.3, 0.0, -0.2, -0.7)  # of the occupations, in standard deviations
INCOME = (0.15, 0.30, 0.30, 0.18, 0.07)
SILENT_ON_INCOME, SILENT_ON_INTERESTS = 0.06, 0.10
DECISION, CONSENT = (0.35, 0.45, 0.20), 0.88


def shoppers(draws: Draws, names: Names, scale: float) -> pd.DataFrame:
    """Everyone registered, in order of registration; the first draw of the case.

    Returns
    -------
    The columns of customers.csv, and the latent ones: `register_group` (0..2 of `REGISTERED`), `frequency_class`,
    `value_class` (high | low), `monthly_rate` (orders), `typical_value` (CNY), `online_share`, `preference`, `habit`.
    """
    n = round(CUSTOMERS * scale)
    people = _registered(draws, n)
    people = people.join(_demographics(draws, Invented(draws, names), n))
    band = people.pop("band").to_numpy()
    return _with_answers(draws, names, _with_classes(draws, people, band), band)


def clock() -> BusyTime:
    """The year on which orders fall, busier at the festivals."""
    return BusyTime(START, DAYS, SEASONS)


def _registered(draws: Draws, n: int) -> pd.DataFrame:
    """Ids and registration dates; how many register when is a quota."""
    group = np.repeat(np.arange(len(REGISTERED)), quota([share for *_, share in REGISTERED], n))
    first = np.array([(start - START).days for start, *_ in REGISTERED])[group]
    last = np.array([(end - START).days for _, end, _ in REGISTERED])[group]
    day = np.sort(first + np.floor(draws.uniform(n) * (last - first + 1)).astype(int))
    ids = [f"C{i:06d}" for i in range(1, n + 1)]
    return pd.DataFrame(
        {"customer_id": ids, "register_date": days_from(START, day), "register_group": group, "from_day": day}
    )


def _demographics(draws: Draws, invented: Invented, n: int) -> pd.DataFrame:
    spec, names = columns(CASE, "customers"), invented.names
    at = draws.choice([share for *_, share in AGES], n)
    low, high = (np.array([row[i] for row in AGES])[at] for i in (0, 1))
    age = low + np.floor(draws.uniform(n) * (high - low + 1)).astype(int)
    stage = np.searchsorted([25, 60], age, side="right")
    jobs = np.array([draws.choice(shares, n) for shares in OCCUPATIONS])[stage, np.arange(n)]
    tier, school = draws.choice(TIERS, n), draws.choice(EDUCATION, n)
    earned = -0.35 * tier + 0.45 * school + np.array(EARNS)[jobs] + 0.8 * draws.normal(n)
    band = np.empty(n, dtype=int)
    band[np.argsort(np.round(earned, 9), kind="stable")] = np.repeat(range(len(INCOME)), quota(INCOME, n))
    told = spec["income_band"].said(names, band)
    return pd.DataFrame(
        {
            "gender": spec["gender"].drawn(names, draws, GENDER, n),
            "age": age,
            "province": [province for province, _ in invented.places(n)],
            "city_tier": spec["city_tier"].said(names, tier),
            "occupation": spec["occupation"].said(names, jobs),
            "income_band": np.where(draws.chance(SILENT_ON_INCOME, n), "", told),
            "education": spec["education"].said(names, school),
            "band": band,
        }
    )


def _with_classes(draws: Draws, people: pd.DataFrame, band: np.ndarray) -> pd.DataFrame:
    """The 2x2 of frequency and value, as quotas; higher income is more often of high value."""
    n = len(people)
    high_value = draws.steady(np.array(HIGH_VALUE_BY_INCOME)[band], by=band)
    when = people["register_group"].to_numpy()
    often = draws.steady(np.full(n, OFTEN), by=when * 2 + high_value)
    rate = draws.gamma(RATE_SHAPE, RATE_SHAPE, n) * np.where(often, RATE["high"], RATE["low"])
    typical = draws.lognormal(1.0, VALUE_SIGMA, n) * np.where(high_value, VALUE["high"], VALUE["low"])
    at = draws.choice([share for _, share in ONLINE.values()], n)
    habit = draws.choice(list(HABITS.values()), n)
    return people.assign(
        frequency_class=np.where(often, "high", "low"),
        value_class=np.where(high_value, "high", "low"),
        monthly_rate=np.round(rate, 6),
        typical_value=np.round(typical, 4),
        preference=np.array(list(ONLINE), dtype=object)[at],
        online_share=np.array([share for share, _ in ONLINE.values()])[at],
        habit=np.array(list(HABITS), dtype=object)[habit],
    )


def _with_answers(draws: Draws, names: Names, people: pd.DataFrame, band: np.ndarray) -> pd.DataFrame:
    """What customers say of themselves."""
    spec, n = columns(CASE, "customers"), len(people)
    keen = 3.0 + np.where(people["frequency_class"] == "high", 0.6, -0.5) + 0.9 * draws.normal(n)
    thrifty = 3.1 - 0.5 * (band - 2) + 0.9 * draws.normal(n)
    slip = np.array([-1, 0, 1])[draws.choice([0.1, 0.8, 0.1], n)]
    return people.assign(
        interests=_interests(draws, spec["interests"].values(names), n),
        decision_process=spec["decision_process"].drawn(names, draws, DECISION, n),
        willingness=_scale(keen),
        ability=_scale(band + 1 + slip),
        value_sensitivity=_scale(thrifty),
        consent_marketing=draws.steady(np.full(n, CONSENT), by=people["register_group"]).astype(int),
    )


def _scale(felt: np.ndarray) -> np.ndarray:
    return np.clip(np.floor(felt + 0.5), 1, 5).astype(int)


def _interests(draws: Draws, known: list[str], n: int) -> list[str]:
    """One to three of the known interests, joined; some leave the field blank."""
    turn = np.argsort(draws.uniform(n * len(known)).reshape(n, len(known)), axis=1, kind="stable")
    many = np.where(draws.chance(SILENT_ON_INTERESTS, n), 0, 1 + draws.choice([0.4, 0.4, 0.2], n))
    return [JOINED_BY.join(known[i] for i in sorted(row[:k])) for row, k in zip(turn, many, strict=True)]


def tenure_months(people: pd.DataFrame) -> np.ndarray:
    """Months of the year 2025 in which each was registered, the as-of date included."""
    seen = [(AS_OF - max(day, START)).days + 1 for day in people["register_date"]]
    return np.round(np.array(seen) / MONTH, 4)
