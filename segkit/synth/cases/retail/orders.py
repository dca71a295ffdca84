"""What the invented shoppers buy in a year, and the experiment that runs in July to September."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.retail.people import CASE, DAYS, MONTH, START, clock
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.dirt import at_scale
from segkit.synth.draws import Draws
from segkit.synth.people import Names, numbered

# every number here is a sample parameter (示例参数)
AMOUNT_SHAPE = 4.0  # order amounts around the customer's typical value: Gamma of this shape
ASSIGNED = dt.date(2025, 6, 30)
BEFORE, WINDOW = 5, (7, 8, 9)  # months; June is left out, the festival would distort it
OFTEN_FROM, DEAR_FROM = 2, 220.0  # orders in May; median order value in January-May, CNY


@dataclass(frozen=True)
class Offer:
    """What an offer does in its cell: to the number of orders and to their value, and how many use it."""

    frequency: float
    value: float
    used: float


OFFERS = (  # in the order of the cells and offers of cases/retail/columns.yml
    Offer(frequency=0.35, value=0.0, used=0.45),
    Offer(frequency=0.0, value=0.12, used=0.70),
    Offer(frequency=0.35, value=0.0, used=0.30),
    Offer(frequency=0.45, value=-0.10, used=0.40),
)
CELLS = ("often_dear", "often_cheap", "seldom_dear", "seldom_cheap")
SPREAD_KEPT = 0.25  # of the chance variation of an arm's total

LARGE, LARGE_TIMES = 0.015, (3.0, 8.0)  # share of the orders of customers of high value; factor
HUGE, HUGE_TIMES, HUGE_ORDERS = 60, (20.0, 45.0), (4, 10)  # customers, factor, orders such a customer has
ON_HABIT = 0.70  # share of orders at one's usual time
HABIT_HOURS = {"evening": (20, 22), "lunch": (12, 13), "weekend": (10, 17)}
# from 9 o'clock
ALL_HOURS = (0.03, 0.05, 0.07, 0.08, 0.08, 0.07, 0.07, 0.07, 0.07, 0.08, 0.09, 0.10, 0.08, 0.06)
CATEGORIES = (0.07, 0.06, 0.12, 0.12, 0.10, 0.24, 0.13, 0.16)
CATEGORY_OF_INTEREST = (0, 1, 2, 3, 4, 5, 6, 2, 7)
LIKED = 3.0  # weight of a category one is interested in
DISCOUNT_BY_SENSITIVITY = (0.12, 0.22, 0.34, 0.48, 0.62)  # share of orders with a discount
DISCOUNT = (0.05, 0.20)  # of the list price

_MONTH_OF_DAY = np.array([day.month for day in days_from(START, np.arange(DAYS))])


def history(draws: Draws, people: pd.DataFrame) -> pd.DataFrame:
    """Orders as they would have come without any offer: `who` (position), `day` (0..364), `month`, `amount`."""
    busy = clock()
    start = np.array([busy.moment(day) for day in people["from_day"]])
    expected = people["monthly_rate"].to_numpy() * (DAYS - start) / MONTH
    who = np.repeat(np.arange(len(people)), draws.poisson(np.round(expected, 9), len(people)))
    moment = start[who] + draws.uniform(len(who)) * (DAYS - start[who])
    return _orders(draws, people, who, busy.day(np.round(moment, 9)))


def _orders(draws: Draws, people: pd.DataFrame, who: np.ndarray, day: np.ndarray) -> pd.DataFrame:
    n, low, high = len(who), *LARGE_TIMES
    usual, large = draws.gamma(AMOUNT_SHAPE, AMOUNT_SHAPE, n), low + (high - low) * draws.uniform(n)
    dear = people["value_class"].to_numpy()[who] == "high"
    # now and then something large, such as a fridge
    times = np.where(dear & draws.chance(LARGE, n), large, usual)
    amount = people["typical_value"].to_numpy()[who] * times
    month = _MONTH_OF_DAY[day]
    return pd.DataFrame({"who": who, "day": day, "month": month, "amount": np.round(amount, 2)})


def experiment(draws: Draws, people: pd.DataFrame, orders: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The year's orders with the offers at work, and who was in which cell and arm.

    How many orders an arm places in the window is the expectation of its cell (times the effect, if treated) with
    a quarter of the usual chance variation, and they are allotted to its people by their rates; mean order values are
    brought to the planted ratio. So the effects stand in every draw, and who buys is chance.

    Returns
    -------
    Orders as from `history`; and one row per participant: `who`, `cell` (0..3), `treated`, `used`.
    """
    members = _participants(people, orders)
    members["treated"] = _paired(draws, members)
    rate = people["monthly_rate"].to_numpy()[members["who"]]
    inside = orders["month"].isin(WINDOW) & orders["who"].isin(members["who"])
    parts = [orders[~inside]]
    members["used"] = False
    for cell, offer in enumerate(OFFERS):
        own = members["cell"].to_numpy() == cell
        value = 0.0
        for treated in (False, True):
            arm = own & (members["treated"].to_numpy() == treated)
            mean = rate[own].mean() * _window_months() * (1 + offer.frequency * treated) * arm.sum()
            total = max(1, int(np.floor(mean + SPREAD_KEPT * np.sqrt(mean) * draws.normal(1)[0] + 0.5)))
            buyer = members["who"].to_numpy()[arm][draws.choice(rate[arm], total)]
            part = _orders(draws, people, buyer, np.array(draws.pick(_window_days(), total)))
            value = value or part["amount"].mean()  # the holdout comes first and sets the level
            spread = SPREAD_KEPT * part["amount"].std() / np.sqrt(total) * draws.normal(1)[0]
            level = (value * (1 + offer.value * treated) + spread * treated) / part["amount"].mean()
            part["amount"] = np.round(part["amount"] * np.round(level, 9), 2)
            parts.append(part)
            if treated:
                bought = np.flatnonzero(arm & members["who"].isin(buyer).to_numpy())
                users = draws.some(bought, min(len(bought), int(np.floor(offer.used * arm.sum() + 0.5))))
                members.loc[users, "used"] = True
    return pd.concat(parts, ignore_index=True), members


def _participants(people: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Whom the retailer may write to and knows from January to May, with their cell."""
    known = orders[orders["month"] <= BEFORE]
    lately = (known["month"] == BEFORE).groupby(known["who"]).sum()
    frame = pd.DataFrame({"before": lately, "value": known.groupby("who")["amount"].median()})
    early = people["from_day"].to_numpy() < np.flatnonzero(_MONTH_OF_DAY == BEFORE)[0]
    asked = early & (people["consent_marketing"].to_numpy() == 1)
    frame = frame[asked[frame.index]].reset_index()
    frame["cell"] = 2 * (frame["before"] < OFTEN_FROM) + (frame["value"] < DEAR_FROM)
    return frame


def _paired(draws: Draws, members: pd.DataFrame) -> np.ndarray:
    """Treated or not: a coin for every two people of one cell with about the same number of orders before."""
    turn = draws.order(len(members))
    turn = turn[np.lexsort((members["before"].to_numpy()[turn], members["cell"].to_numpy()[turn]))]
    place = members.loc[turn].groupby("cell").cumcount().to_numpy()
    coin = draws.integers(0, 1, len(members))
    first = np.arange(len(turn)) - place % 2  # position of the first of the pair
    treated = np.zeros(len(members), dtype=bool)
    treated[turn] = (place + coin[first]) % 2 == 0
    return treated


def _window_days() -> list[int]:
    return [int(day) for day in np.flatnonzero(np.isin(_MONTH_OF_DAY, WINDOW))]


def _window_months() -> float:
    """Length of the window on the even clock, in months."""
    days, busy = _window_days(), clock()
    return (busy.moment(days[-1] + 1) - busy.moment(days[0])) / MONTH


def with_huge_orders(
    draws: Draws, people: pd.DataFrame, orders: pd.DataFrame, members: pd.DataFrame, scale: float
) -> pd.DataFrame:
    """One order of some customers of low value becomes huge (`huge`): a purchase for a whole office.

    Not in the months by which the cells are formed and the offers judged, if the customer took part in the experiment.
    """
    many = orders.groupby("who")["who"].transform("size")
    low = people["value_class"].to_numpy()[orders["who"]] == "low"
    months = ~orders["month"].isin(WINDOW) & (orders["month"] > BEFORE) | ~orders["who"].isin(members["who"])
    able = orders[low & months & many.between(*HUGE_ORDERS)]
    buyers = draws.some(able["who"].unique(), at_scale(HUGE, scale))
    able = able.loc[draws.some(able.index.to_numpy(), len(able))]
    rows = able[able["who"].isin(buyers)].groupby("who").head(1).index
    low_times, high_times = HUGE_TIMES
    times = low_times + (high_times - low_times) * draws.uniform(len(rows))
    typical = people["typical_value"].to_numpy()[orders.loc[rows, "who"]]
    out = orders.assign(huge=orders.index.isin(rows))
    out.loc[rows, "amount"] = np.round(typical * times, 2)
    return out


def described(draws: Draws, names: Names, people: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Time of day, channel, category and discount of each order; sorted by time and numbered."""
    spec, n = columns(CASE, "orders"), len(orders)
    of = people.iloc[orders["who"]].reset_index(drop=True)
    on_habit = draws.chance(ON_HABIT, n)
    habit = np.where(on_habit, of["habit"], "")
    day = _moved(draws, orders["day"].to_numpy(), habit, of["from_day"].to_numpy())
    bounds = np.array([HABIT_HOURS.get(h, (9, 22)) for h in habit])
    usual = bounds[:, 0] + np.floor(draws.uniform(n) * (bounds[:, 1] - bounds[:, 0] + 1)).astype(int)
    hour = np.where(on_habit, usual, 9 + draws.choice(ALL_HOURS, n))
    minute = draws.integers(0, 59, n)
    sensitivity = of["value_sensitivity"].to_numpy() - 1
    reduced = draws.chance(np.array(DISCOUNT_BY_SENSITIVITY)[sensitivity], n)
    part = DISCOUNT[0] + (DISCOUNT[1] - DISCOUNT[0]) * draws.uniform(n)
    amount = orders["amount"].to_numpy()
    frame = orders.assign(
        customer_id=of["customer_id"],
        day=day,
        order_time=[
            dt.datetime.combine(d, dt.time(int(h), int(m)))
            for d, h, m in zip(days_from(START, day), hour, minute, strict=True)
        ],
        channel=spec["channel"].said(names, ~draws.chance(of["online_share"].to_numpy(), n)),
        category=spec["category"].said(names, _categories(draws, names, of["interests"])),
        discount=np.where(reduced, np.round(amount * part / (1 - part), 2), 0.0),
    )
    turn = np.lexsort((frame["who"], minute, hour, day))
    frame = frame.iloc[turn].reset_index(drop=True)
    frame.insert(0, "order_id", numbered("D", n))
    return frame


def _moved(draws: Draws, day: np.ndarray, habit: np.ndarray, from_day: np.ndarray) -> np.ndarray:
    """Orders on habit go to a day of that habit in the same week or the one before, never to another month."""
    weekday = (START.weekday() + day) % 7
    u = draws.uniform(len(day))
    wanted = np.select(
        [(habit == "lunch") & (weekday >= 5), (habit == "weekend") & (weekday < 5)],
        [np.floor(5 * u), 5 + np.floor(2 * u)],
        weekday,
    ).astype(int)
    chosen = day
    for back in (7, 0):  # the same week is tried last and wins
        target = day + wanted - weekday - back * (wanted != weekday)
        inside = (target >= np.maximum(from_day, 0)) & (target < DAYS)
        same = _MONTH_OF_DAY[target.clip(0, DAYS - 1)] == _MONTH_OF_DAY[day]
        chosen = np.where(inside & same, target, chosen)
    return chosen


def _categories(draws: Draws, names: Names, interests: pd.Series) -> np.ndarray:
    """Category of each order: what interests the customer weighs three times."""
    known = {word: i for i, word in enumerate(columns(CASE, "customers")["interests"].values(names))}
    weights = {}
    for told in interests.unique():
        own = np.array(CATEGORIES)
        for word in filter(None, told.split(JOINED_BY)):
            own[CATEGORY_OF_INTEREST[known[word]]] *= LIKED
        weights[told] = np.cumsum(own / own.sum())
    edges = np.array([weights[told] for told in interests])
    return (draws.uniform(len(interests))[:, None] >= edges[:, :-1]).sum(axis=1)
