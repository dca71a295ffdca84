"""When members of the invented coffee shops join and come (到店): seasons, weekends, Spring Festival, leavers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, BusyTime, days_from
from segkit.synth.draws import Draws, significant

# sample parameters (示例参数)
JOINED = (dt.date(2022, 1, 10), dt.date(2025, 9, 30))
JOIN_MONTHS = (0.7, 0.6, 1.2, 1.3, 1.2, 1.0, 0.9, 0.9, 1.3, 1.2, 0.9, 0.8)  # weight of a day, by month
JOINS_AT_THE_TILL = 0.6  # share with a bill on the day of joining
VISITS, VISITS_SIGMA = 0.42, 0.8  # a month, median of a log-normal
WEEKEND_TIMES, FESTIVAL_TIMES = 1.5, 0.4
LAPSED, LAPSED_TIMES = 0.28, 1.9  # share that stopped coming, how much more often they came
LAPSED_JOINED_BY, LAPSED_BY = dt.date(2024, 1, 31), dt.date(2025, 2, 28)
STAYS = 0.40  # least part of the days from joining to `LAPSED_BY` that a leaver still comes
# first and last day off at Spring Festival (春节), by the yearly notices of the State Council
FESTIVALS = (
    (dt.date(2022, 1, 31), dt.date(2022, 2, 6)),
    (dt.date(2023, 1, 21), dt.date(2023, 1, 27)),
    (dt.date(2024, 2, 10), dt.date(2024, 2, 17)),
    (dt.date(2025, 1, 28), dt.date(2025, 2, 4)),
)


@dataclass(frozen=True)
class SpringFestival:
    """The days off at Spring Festival."""

    times: float

    def holds(self, day: dt.date) -> bool:
        return any(start <= day <= end for start, end in FESTIVALS)


@dataclass(frozen=True)
class Weekend:
    """Saturdays and Sundays."""

    times: float

    def holds(self, day: dt.date) -> bool:
        return day.weekday() >= 5


def joining(draws: Draws, n: int) -> pd.DataFrame:
    """`n` members in order of joining: `join_date`, `rate` (visits a month), `lapsed`, `ends` (comes no more after)."""
    span = days_from(JOINED[0], np.arange((JOINED[1] - JOINED[0]).days + 1))
    joined = [span[i] for i in np.sort(draws.choice([JOIN_MONTHS[day.month - 1] for day in span], n))]
    joined = [day.replace(day=28) if (day.month, day.day) == (2, 29) else day for day in joined]
    early = np.flatnonzero([day <= LAPSED_JOINED_BY for day in joined])
    lapsed = np.isin(np.arange(n), draws.some(early, round(LAPSED * n)))
    stays = STAYS + (1 - STAYS) * draws.uniform(n)
    ends = [
        day + dt.timedelta(days=int((LAPSED_BY - day).days * s)) if gone else AS_OF
        for day, s, gone in zip(joined, stays, lapsed, strict=True)
    ]
    group = np.where(lapsed, 2, np.isin(np.arange(n), early))  # each with its few who come often
    rate = significant(VISITS * np.exp(VISITS_SIGMA * draws.even_normal(group)))
    return pd.DataFrame(
        {
            "join_date": joined,
            "rate": rate * np.where(lapsed, LAPSED_TIMES, 1.0),
            "lapsed": lapsed.astype(int),
            "ends": ends,
        }
    )


def visits(draws: Draws, members: pd.DataFrame) -> list[list[dt.date]]:
    """The days each member came; who lapsed came at least once."""
    start = JOINED[0]
    busy = BusyTime(start, (AS_OF - start).days + 1, (SpringFestival(FESTIVAL_TIMES), Weekend(WEEKEND_TIMES)))
    first = [busy.moment((day - start).days) for day in members["join_date"]]
    span = np.array([busy.moment((day - start).days + 1) for day in members["ends"]]) - first
    count = draws.poisson(np.round(members["rate"].to_numpy() * span / 30.4375, 9), len(members))
    u = np.split(draws.uniform(int(count.sum())), np.cumsum(count)[:-1])
    at_the_till = draws.chance(JOINS_AT_THE_TILL, len(members))
    came = []
    for at, (day, gone) in enumerate(zip(members["join_date"], members["lapsed"], strict=True)):
        days = busy.day(np.round(first[at] + u[at] * span[at], 9))
        if at_the_till[at] or (gone and not len(days)):
            days = np.append(days, (day - start).days)
        came.append(days_from(start, np.unique(days)))
    return came
