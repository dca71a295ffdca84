"""Customers of the invented retailer, and what it cannot see: class, rate and habits of each."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, BusyTime, Season, days_from
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.draws import Draws, quota
from segkit.synth.people import Invented, Names, numbered

CASE = "retail"
CUSTOMERS = 1500
START, DAYS = dt.date(2025, 1, 1), 365
MONTH = 365 / 12  # days
# a shop with branches is calmer at festivals than a pure web shop
SEASONS = (Season((6, 1), (6, 18), 1.6), Season((11, 1), (11, 11), 2.0))  # 618, 双11

# every number here is a sample parameter (示例参数); shares are in the order of cases/retail/columns.yml
REGISTERED = (  # from, to, share
    (dt.date(2022, 1, 1), dt.date(2024, 12, 31), 0.60),
    (dt.date(2025, 1, 1), dt.date(2025, 8, 31), 0.17),
    (dt.date(2025, 9, 1), dt.date(2025, 10, 31), 0.19),  # a campaign for new members (拉新活动)
    (dt.date(2025, 11, 1), dt.date(2025, 12, 31), 0.04),
)
NEWCOMER = 2  # the group of the campaign
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
GENDER, TIERS = (0.46, 0.54), (0.24, 0.25, 0.23, 0.28)
STAGES = (22, 25, 35, 45, 55)  # ages at which another row of EDUCATION begins
EDUCATION = (
    (0.30, 0.28, 0.42, 0.00),  # up to 21; who still studies names the school he attends
    (0.14, 0.28, 0.50, 0.08),
    (0.12, 0.27, 0.46, 0.15),
    (0.20, 0.31, 0.37, 0.12),
    (0.40, 0.30, 0.25, 0.05),
    (0.60, 0.25, 0.13, 0.02),  # from 55
)
PENSION = (60, 55)  # age from which most are retired: men, women
OCCUPATIONS = (  # by stage of life, then by education
    (  # up to 21
        (0.10, 0.25, 0.00, 0.12, 0.15, 0.38, 0.00),
        (0.75, 0.11, 0.00, 0.03, 0.05, 0.06, 0.00),
        (0.96, 0.02, 0.00, 0.00, 0.02, 0.00, 0.00),
        (1.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00),
    ),
    (  # 22-24
        (0.00, 0.34, 0.00, 0.14, 0.14, 0.38, 0.00),
        (0.08, 0.55, 0.03, 0.07, 0.10, 0.17, 0.00),
        (0.26, 0.54, 0.08, 0.03, 0.07, 0.02, 0.00),
        (0.75, 0.18, 0.05, 0.00, 0.02, 0.00, 0.00),
    ),
    (  # from 25
        (0.00, 0.27, 0.02, 0.23, 0.13, 0.35, 0.00),
        (0.00, 0.52, 0.08, 0.15, 0.11, 0.14, 0.00),
        (0.00, 0.66, 0.15, 0.09, 0.08, 0.02, 0.00),
        (0.00, 0.70, 0.20, 0.04, 0.06, 0.00, 0.00),
    ),
    (  # of pension age
        (0.00, 0.06, 0.00, 0.10, 0.05, 0.04, 0.75),
        (0.00, 0.08, 0.00, 0.10, 0.05, 0.02, 0.75),
        (0.00, 0.10, 0.00, 0.08, 0.07, 0.00, 0.75),
        (0.00, 0.12, 0.00, 0.05, 0.08, 0.00, 0.75),
    ),
)
STUDENT = 0  # position of the occupation; a student has an allowance, not a wage
ALLOWANCE = (0.90, 0.10)  # of students in the lowest two income bands
EARNS = (0.0, 0.1, 0.1, 0.3, 0.0, -0.5, -0.7)  # of the occupations, in standard deviations
EARNS_BY_TIER, EARNS_BY_EDUCATION, EARNS_NOISE = -0.35, 0.45, 0.7
BEGINNER = -0.8  # up to 24
INCOME = (0.10, 0.31, 0.32, 0.19, 0.08)  # of those who are no students
SILENT_ON_INCOME, SILENT_ON_INTERESTS = 0.06, 0.10
DECISION, CONSENT = (0.35, 0.45, 0.20), 0.88
NO_SMS = 0.06  # opted out of text messages


def shoppers(draws: Draws, names: Names, scale: float) -> pd.DataFrame:
    """Everyone registered, in order of registration; the first draw of the case.

    Returns
    -------
    The columns of customers.csv but `first_order_date`, and the latent ones: `register_group` (0..3 of `REGISTERED`),
    `frequency_class`, `value_class` (high | low), `monthly_rate` (orders), `typical_value` (CNY), `online_share`,
    `preference`, `habit`.
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
    return pd.DataFrame(
        {
            "customer_id": numbered("C", n),
            "register_date": days_from(START, day),
            "register_group": group,
            "from_day": day,
        }
    )


def _demographics(draws: Draws, invented: Invented, n: int) -> pd.DataFrame:
    spec, names = columns(CASE, "customers"), invented.names
    at, gender = draws.choice([share for *_, share in AGES], n), draws.choice(GENDER, n)
    low, high = (np.array([row[i] for row in AGES])[at] for i in (0, 1))
    age = low + np.floor(draws.uniform(n) * (high - low + 1)).astype(int)
    places = invented.places(n)
    tier = invented.city_tiers(places, TIERS)
    school = np.array([draws.choice(shares, n) for shares in EDUCATION])[
        np.searchsorted(STAGES, age, side="right"), np.arange(n)
    ]
    stage = np.where(age >= np.array(PENSION)[gender], 3, np.searchsorted([22, 25], age, side="right"))
    shares = np.cumsum(np.array(OCCUPATIONS)[stage, school], axis=1)
    jobs = (draws.uniform(n)[:, None] >= np.round(shares[:, :-1], 9)).sum(axis=1)
    band = _income(draws, age, jobs, EARNS_BY_TIER * tier + EARNS_BY_EDUCATION * school)
    told = spec["income_band"].said(names, band)
    return pd.DataFrame(
        {
            "gender": spec["gender"].said(names, gender),
            "age": age,
            "province": [province for province, _ in places],
            "city_tier": spec["city_tier"].said(names, tier),
            "occupation": spec["occupation"].said(names, jobs),
            "income_band": np.where(draws.chance(SILENT_ON_INCOME, n), "", told),
            "education": spec["education"].said(names, school),
            "band": band,
        }
    )


def _income(draws: Draws, age: np.ndarray, jobs: np.ndarray, earned: np.ndarray) -> np.ndarray:
    """Income band (0..4): of students drawn, of all others their rank by what they earn, cut at quotas."""
    n, student = len(jobs), jobs == STUDENT
    earned = earned + np.array(EARNS)[jobs] + BEGINNER * (age < 25) + EARNS_NOISE * draws.normal(n)
    band = draws.choice(ALLOWANCE, n)
    others = np.flatnonzero(~student)
    rank = others[np.argsort(np.round(earned[others], 9), kind="stable")]
    band[rank] = np.repeat(range(len(INCOME)), quota(INCOME, len(others)))
    return band


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
        opt_out_channels=np.where(draws.chance(NO_SMS, n), spec["opt_out_channels"].values(names)[0], ""),
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


def with_first_orders(draws: Draws, people: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """The customers with `first_order_date`, blank for those who never bought.

    Who registered before the year begins bought at his own rate then, too; his first order may be older than
    any of the orders.
    """
    n = len(people)
    waited = draws.exponential(people["monthly_rate"].to_numpy() / MONTH)
    day = people["from_day"].to_numpy() + np.floor(waited).astype(int)
    seen = orders.groupby("who")["day"].min().reindex(range(n)).to_numpy()
    first = np.where(day < 0, day, seen)
    return people.assign(
        first_order_date=[START + dt.timedelta(days=int(d)) if d == d else None for d in first]
    )
