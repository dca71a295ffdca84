"""How the invented car buyers make up their minds, and how the consultants call on them.

Day 0 is `START`. A lead is graded by the days until the purchase it expects; the consultant calls again when
the grade says so, later, or never, and asks for the date anew or not.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from segkit.synth.calendar import AS_OF, BusyTime
from segkit.synth.draws import Draws, significant

CASE = "auto"
START = dt.date(2025, 2, 5)  # the first day after the Spring Festival holiday; the showroom is open every day
LAST = (AS_OF - START).days  # the day number of the as-of date
LETTERS = ("H", "A", "B", "C", "N")  # N: no expected date has been asked yet
LIMITS = (7, 30, 90)  # days up to which a lead is H, A, B: the dealer rule (auto_truth names the source)
CADENCE = np.array([2, 7, 14, 30, 7])  # days until the next contact; the dealer rule, N is a sample parameter
# everything below: sample parameters
WEEKEND_TIMES = 1.8  # how many times as many first contacts a Saturday or Sunday brings
DRIVE = 0.50  # share that takes a test drive, if the dealer is given the time for it
LEVELS = (0.14, 0.29, 0.33, 0.19, 0.05)
SOURCES = (0.40, 0.35, 0.10, 0.08, 0.07)  # walk-in, online, telephone, outside sales, referred by an owner
REFERRED = 4  # position among SOURCES
SPREAD = 0.6  # of the logarithm of the purchase time
MEDIAN = np.array([5.0, 20.0, 55.0, 150.0])  # days to the purchase, by grade
EXPECTED = ((1, 7), (8, 30), (31, 90), (91, 270))  # days a customer names, by grade
ROUND_DAYS = ((3, 5, 7), (10, 14, 15, 20, 30), (45, 60, 90), (120, 150, 180))  # named by 40 %
ROUNDED = 0.40
WAITING, WAITING_TIMES = 0.38, 0.02  # share that only waits and sees, and how much slower it decides
LOST_SHARE = 0.42  # of the deciding: elsewhere
DRIFTS_OFF = 0.001  # chance a day of dropping the plan
LATE, LONG = 0.215, 0.09  # shares of due contacts: late by up to one interval, by more
GIVEN_UP, GIVEN_UP_PASSED = 0.044, 0.38  # never called again: expected date ahead, expected date passed
CONSULTANTS, CARELESS = 12, 5
ASKS, CARELESS_ASKS = 0.90, 0.20  # how often a consultant asks for the date again and re-grades


@dataclass(frozen=True)
class Market:
    """One row per lead and one per contact; days are numbers from START, grades positions in LETTERS.

    leads : first, grade, days (expected at first, 0 unknown), median (true days to a decision), waiting,
        source, consultant, drive, competitor, lost (day, maybe beyond LAST); later ordered (day or -1)
    contacts : lead, day, level, asked (days the customer named, 0 not asked), said (expected day, -1 unknown),
        due (day of the next contact), on_time (made by the day it was due), lost (the lead says no)
    """

    leads: pd.DataFrame
    contacts: pd.DataFrame


def market(draws: Draws, n: int) -> Market:
    """The leads and how they are followed up until they are lost, as if nobody ever ordered."""
    leads = _leads(draws, n)
    leads["lost"] = _lost(draws, leads)
    return Market(leads, _followed_up(draws, leads))


def graded(days: np.ndarray) -> np.ndarray:
    """Position in LETTERS by the dealer rule, from days until the expected purchase."""
    return np.searchsorted(LIMITS, days, side="left")


class Weekends:
    """Saturdays and Sundays, on which more people come to look at cars."""

    times = WEEKEND_TIMES

    def holds(self, day: dt.date) -> bool:
        return day.weekday() >= 5


def _leads(draws: Draws, n: int) -> pd.DataFrame:
    grade = draws.dealt(LEVELS, n)
    hidden = np.where(grade == 4, draws.dealt(LEVELS[:4], n), grade)  # N has a plan too, but nobody asked
    low, high = np.array(EXPECTED).T
    days = low[hidden] + np.floor(draws.even(hidden) * (high - low + 1)[hidden]).astype(int)
    rounds, u = draws.chance(ROUNDED, n), draws.uniform(n)
    for level, named in enumerate(ROUND_DAYS):
        here = rounds & (hidden == level)
        days[here] = np.array(named)[(u[here] * len(named)).astype(int)]
    typical = np.array([np.median(days[grade == level]) for level in range(4)])
    source = draws.dealt(SOURCES, n, by=hidden)
    busy = BusyTime(START, LAST + 1, [Weekends()])
    frame = pd.DataFrame(
        {
            "first": busy.day(draws.even(2 * hidden + (source == REFERRED)) * (LAST + 1)),
            "grade": grade,
            "days": np.where(grade == 4, 0, days),
            "median": significant(MEDIAN[hidden] * days / typical[hidden]),
            "waiting": draws.dealt([1 - WAITING, WAITING], n, by=hidden) == 1,
            "source": source,
            "consultant": draws.dealt([1] * CONSULTANTS, n, by=hidden),
            "drive": draws.dealt([1 - DRIVE, DRIVE], n, by=hidden) == 1,
            "competitor": draws.dealt([0.45, 0.55], n, by=hidden) == 1,
        }
    )
    return frame.sort_values("first", kind="stable", ignore_index=True)


def deciding(leads: pd.DataFrame, days: np.ndarray) -> np.ndarray:
    """Cumulated hazard of deciding on a car by so many days after the first contact; one row per lead."""
    z = np.log(np.maximum(days, 1e-9) / leads["median"].to_numpy()[:, None]) / SPREAD
    total = -special.log_ndtr(-z)
    slow = np.where(leads["waiting"], WAITING_TIMES, 1.0)[:, None]
    return np.round(total * slow, 9)


def _lost(draws: Draws, leads: pd.DataFrame) -> np.ndarray:
    """The day a lead says no or buys elsewhere; beyond LAST if not yet."""
    days = np.arange(1, LAST + 2)[None, :]
    slow = np.where(leads["waiting"], WAITING_TIMES, 1.0)[:, None]
    total = deciding(leads, days) * LOST_SHARE + DRIFTS_OFF * days * slow
    stays = draws.even(alike(leads))
    after = 1 + (total < np.round(-np.log1p(-stays), 9)[:, None]).sum(axis=1)
    return leads["first"].to_numpy() + after


def alike(leads: pd.DataFrame) -> np.ndarray:
    """Groups of leads among which time and chance are spread evenly: grade, waiting, referred."""
    referred = leads["source"] == REFERRED
    return np.asarray(4 * leads["grade"].to_numpy() + 2 * leads["waiting"] + referred)


def _followed_up(draws: Draws, leads: pd.DataFrame) -> pd.DataFrame:
    """Every contact up to the as-of date or the loss."""
    first, lost = leads["first"].to_numpy(), leads["lost"].to_numpy()
    careless = leads["consultant"].to_numpy() < CARELESS
    day, level = first.copy(), leads["grade"].to_numpy().copy()
    asked = leads["days"].to_numpy().copy()
    said = np.where(asked > 0, first + asked, -1)
    rows = []
    who = np.arange(len(leads))
    on_time = np.zeros(len(leads), dtype=bool)
    while len(who):
        step = CADENCE[level[who]]
        rows.append(_rows(who, day, level, asked, said, day[who] + step, on_time[who]))
        passed = (said[who] >= 0) & (said[who] < day[who] + step)
        u, v = draws.even(passed), draws.uniform(len(who))
        never = np.where(passed, GIVEN_UP_PASSED, GIVEN_UP)
        late = (u >= never) & (u < never + LATE)
        very = (u >= never + LATE) & (u < never + LATE + LONG)
        gap = step + np.where(
            late, 1 + np.floor(v * step), np.where(very, step + 1 + np.floor(v * 3 * step), 0)
        )
        early = ~late & ~very & (step > 2) & (v < 0.25)
        gap = np.where(u < never, 10_000, gap - early).astype(int)
        on_time[who] = gap <= step
        day[who] += gap
        who = who[(day[who] <= LAST) & (day[who] < lost[who])]
        asks = draws.chance(np.where(careless[who], CARELESS_ASKS, ASKS), len(who))
        named = _named(draws, leads.iloc[who], day[who] - first[who])
        asked[who] = np.where(asks, named, 0)
        said[who] = np.where(asks, day[who] + named, said[who])
        level[who] = np.where(asks, graded(named), level[who])
    gone = np.flatnonzero(lost <= LAST)
    rows.append(_rows(gone, lost, level, 0 * asked, said, np.full(len(gone), -1), on_time[gone]))
    contacts = pd.concat(rows, ignore_index=True).sort_values(
        ["lead", "day"], kind="stable", ignore_index=True
    )
    contacts["lost"] = contacts["due"] < 0
    return contacts


def _rows(
    who: np.ndarray, day: np.ndarray, level: np.ndarray, asked: np.ndarray, said: np.ndarray, due: np.ndarray,
    on_time: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    frame = {"lead": who, "day": day[who], "level": level[who], "asked": asked[who], "said": said[who]}
    return pd.DataFrame(frame | {"due": due, "on_time": on_time})


def _named(draws: Draws, leads: pd.DataFrame, since: np.ndarray) -> np.ndarray:
    """The days a customer still names: the median of what is left, off by about a third."""
    median = leads["median"].to_numpy()
    left = special.ndtr(-np.log(np.maximum(since, 1e-9) / median) / SPREAD)
    total = median * np.exp(-SPREAD * special.ndtri(np.maximum(left / 2, 1e-300)))
    days = (total - since) * np.exp(0.3 * draws.normal(len(since)))
    return np.clip(np.round(np.round(days, 6)), 1, 400).astype(int)
