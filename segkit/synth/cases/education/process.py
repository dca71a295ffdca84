"""How the invented learners study through a term of twelve weeks: minutes, attendance, quizzes, dropping out.

Four latent groups differ in what they know at first, how long and how regularly they study, and how much they
write in the forum. Nothing of this depends on the learning style they say they have.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.synth.draws import Draws, sigmoid, significant

CASE = "education"
WEEKS = 12
START = dt.date(2025, 9, 15)  # Monday of week 1
HOLIDAYS = (3, 4)  # weeks of the National Day holiday, 1 to 8 October
CHECK = 6  # the week after which learners are grouped again
GROUPS = ("disciplined", "striving", "curious", "at_risk")  # 高分自律, 努力待提升, 兴趣驱动, 风险流失
# everything below: sample parameters
SHARES = (0.20, 0.30, 0.28, 0.22)
FEATURES = ("pre_score", "minutes", "attendance", "forum")
SIGNS = np.array([[1, 1, 1, -1], [-1, 1, 1, 1], [1, -1, -1, 1], [-1, -1, -1, -1]])  # group by feature
SEPARATION = 1.8  # between the high and the low groups in each feature, in standard deviations within a group
PRE_MEAN, PRE_SD = 68.0, 11.0
# median a week; spread between learners, between weeks
MINUTES, MINUTES_SIGMA, WEEK_SIGMA = 185.0, 0.45, 0.18
ATTENDS, ATTENDS_SD, SESSIONS = 1.1, 0.9, 4  # log odds of attending a session, their spread, sessions a week
POSTS, POSTS_SIGMA = 0.9, 0.8
HOLIDAY_TIMES = (0.55, 0.75)  # five days of week 3 are holidays, three of week 4
ATTENDS_WEEK = 1.0  # what the logarithm of the week's factor adds to the log odds of attending
SLUMPS = (0.22, 0.22, 0.22, 0.46)  # share of each group that slumps: minutes collapse for two to five weeks
DIPS, LOW = 0.25, 0.28  # share with one bad week elsewhere; what is left of the minutes in a slump or dip
LEAVES = (0.010, 0.010, 0.010, 0.020)  # chance a week of dropping out, by group
SLUMP_TIMES = 6.0  # after two weeks running below half of the usual minutes, holidays left out
TRIES, NEAR = 200, (2.5, 1.5, 1.5, 4.0)  # who leaves after two low weeks, one, one in the holiday, none
MOVED = 0.30  # of those still learning after week 6: belong in another teaching group by then
LETTERS = ("C", "B", "A")  # the teaching groups
CUTS = (60, 80)  # score from which a learner is in teaching group B, A
QUIZ_SD, NO_QUIZ, NO_QUIZ_ABSENT = 7.0, 0.05, 0.50  # not taken; not taken in a week without any session
RAMP = (0.0, 0.0, 0.3, 0.6, 0.85, 1.0)  # way to the new level by week 1 to 6 of those who moved
BANDS = ((46, 57), (63, 77), (83, 93))  # quiz level of those who moved into C, B, A


@dataclass(frozen=True)
class Term:
    """One row per learner in `learners`, one column per week in the arrays.

    learners : group, pre_score, teaching (0 C, 1 B, 2 A by pre_score), moved, teaching_6 (-1 not there any
        more), dropped (first week without learning, 0 stayed)
    quiz : -1 where there is none
    """

    learners: pd.DataFrame
    minutes: np.ndarray
    attendance: np.ndarray
    quiz: np.ndarray
    posts: np.ndarray

    @property
    def there(self) -> np.ndarray:
        """For each week: is the learner still learning?"""
        return there_with(self.learners["dropped"].to_numpy())


def there_with(dropped: np.ndarray) -> np.ndarray:
    """For each week: is it before the first one without learning?"""
    return np.asarray((dropped[:, None] == 0) | (np.arange(1, WEEKS + 1) < dropped[:, None]))


def term(draws: Draws, n: int) -> Term:
    group = draws.dealt(SHARES, n)
    z = np.stack([draws.even_normal(group) for _ in FEATURES], axis=1) + SEPARATION / 2 * SIGNS[group]
    pre = np.clip(np.round(PRE_MEAN + PRE_SD * z[:, 0]), 5, 100).astype(int)
    minutes, times = _minutes(draws, z[:, 1], group)
    dropped = _dropped(draws, minutes, group)
    there = there_with(dropped)
    goes = sigmoid(
        ATTENDS + ATTENDS_SD * z[:, 2][:, None] + ATTENDS_WEEK * np.round(np.log(times), 9)
    ).ravel()
    came = np.sum([draws.chance(goes, n * WEEKS) for _ in range(SESSIONS)], axis=0).reshape(n, WEEKS)
    rate = np.repeat(significant(POSTS * np.exp(POSTS_SIGMA * z[:, 3])), WEEKS)
    posts = draws.poisson(rate, n * WEEKS).reshape(n, WEEKS)
    learners = pd.DataFrame({"group": group, "pre_score": pre, "dropped": dropped})
    learners["teaching"] = np.searchsorted(CUTS, pre, side="right")
    quiz = _quizzes(draws, learners, came == 0)
    return Term(
        learners,
        np.where(there, minutes, 0),
        np.where(there, came / SESSIONS, 0.0),
        np.where(there, quiz, -1),
        np.where(there, posts, 0),
    )


def low_weeks(minutes: np.ndarray) -> np.ndarray:
    """For each week: is it below half of the average of weeks 1 and 2?"""
    low: np.ndarray = minutes < 0.5 * minutes[:, :2].mean(axis=1, keepdims=True)
    low[:, :2] = False
    return low


def of_holidays() -> np.ndarray:
    """For each week: does it hold days of the National Day holiday?"""
    return np.isin(np.arange(1, WEEKS + 1), HOLIDAYS)


def slumped(minutes: np.ndarray) -> np.ndarray:
    """For each week: is it the second low week running? Holiday weeks count as neither."""
    low = low_weeks(minutes) & ~of_holidays()
    twice = np.zeros_like(low)
    twice[:, 1:] = low[:, 1:] & low[:, :-1]
    return twice


def _minutes(draws: Draws, z: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minutes of every week, as if nobody ever dropped out, and the factor of each week."""
    n, week = len(group), np.arange(WEEKS)[None, :]
    usual = MINUTES * np.exp(MINUTES_SIGMA * z)
    times = np.exp(WEEK_SIGMA * draws.normal(n * WEEKS).reshape(n, WEEKS))
    times[:, of_holidays()] *= HOLIDAY_TIMES
    slumps = draws.steady(np.array(SLUMPS)[group], by=group)
    start, length = draws.integers(4, 9, n), draws.integers(2, 5, n)  # week 5 to 10
    low = slumps[:, None] & (week >= start[:, None]) & (week < (start + length)[:, None])
    dips = ~slumps & draws.chance(DIPS, n)
    low |= dips[:, None] & (week == draws.integers(4, 11, n)[:, None])
    times = times * np.where(low, LOW, 1.0)
    return np.maximum(np.round(usual[:, None] * times), 15).astype(int), times


def _dropped(draws: Draws, minutes: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The first week without learning (0: none); nobody leaves before week 4.

    Of up to `TRIES` draws the first is kept in which the number who leave after two low weeks, after one, after a
    low holiday week, and after none lies `NEAR` what their chances let expect: the warning then stands in every sample.
    """
    twice, week = slumped(minutes)[:, : WEEKS - 1], np.arange(WEEKS - 1)[None, :]
    low, holiday = low_weeks(minutes)[:, : WEEKS - 1], of_holidays()[: WEEKS - 1]
    hazard = np.array(LEAVES)[group][:, None] * np.where(twice, SLUMP_TIMES, 1.0)
    hazard[:, :2] = 0.0
    total = np.round(np.cumsum(hazard, axis=1), 9)
    alike = 2 * group + twice.any(axis=1)
    best, nearest = np.zeros(len(group), dtype=int), np.inf
    for _ in range(TRIES):
        patience = np.round(-np.log1p(-draws.even(alike)), 9)
        after = (total < patience[:, None]).sum(axis=1)  # position of the last week of learning
        surplus = (week == after[:, None]) - np.where(week <= after[:, None], hazard, 0.0)
        kinds = (twice, low & ~twice & ~holiday, low & holiday, ~low)
        off = [abs(surplus[of].sum()) / near for of, near in zip(kinds, NEAR, strict=True)]
        if round(float(max(off)), 6) < nearest:
            best, nearest = np.where(after < WEEKS - 1, after + 2, 0), round(float(max(off)), 6)
        if nearest <= 1:
            break
    return best


def _quizzes(draws: Draws, learners: pd.DataFrame, absent: np.ndarray) -> np.ndarray:
    """Quiz scores of every week; over weeks 3 to 6 those who moved come to score as their new group does.

    Adds `moved` and `teaching_6` to the learners. The mean of weeks 4 to 6 lies in the group a learner belongs
    to, so the rule finds exactly those who moved; a single quiz does not.
    """
    n, pre = len(learners), learners["pre_score"].to_numpy()
    teaching = learners["teaching"].to_numpy()
    there = ((learners["dropped"] == 0) | (learners["dropped"] > CHECK)).to_numpy()
    moved = np.zeros(n, dtype=bool)
    moved[np.flatnonzero(there)] = draws.exactly(MOVED, int(there.sum()))
    rises = draws.steady(
        np.where(learners["group"] <= 1, 0.75, 0.25), by=6 * moved + 2 * teaching + (learners["group"] <= 1)
    )
    step = np.where(teaching == 0, 1, np.where(teaching == 2, -1, np.where(rises, 1, -1)))
    target = np.where(moved, teaching + step, teaching)
    low, high = np.array(BANDS).T
    inside = np.clip(pre, np.array([30, 62, 82])[teaching], np.array([57, 77, 97])[teaching])
    level = np.where(moved, low[target] + draws.uniform(n) * (high - low)[target], inside)
    noise = QUIZ_SD * draws.normal(n * WEEKS).reshape(n, WEEKS)
    way = np.array([*RAMP, *[1.0] * (WEEKS - len(RAMP))])[None, :]
    quiz = pre[:, None] * (1 - way) + level[:, None] * way + noise
    none = draws.chance(np.where(absent, NO_QUIZ_ABSENT, NO_QUIZ).ravel(), n * WEEKS).reshape(n, WEEKS)
    none[:, CHECK - 1] = False  # week 6 is the mid-term quiz; everyone there takes it
    quiz = np.clip(np.round(quiz), 0, 100)
    middle = slice(3, CHECK)
    edges = np.array([[0, 59], [60, 79], [80, 100]])[target]
    for _ in range(60):  # a point at a time, until the mean stands inside
        mean = np.nanmean(np.where(none[:, middle], np.nan, quiz[:, middle]), axis=1)
        off = np.where(mean < edges[:, 0] + 0.5, 1, np.where(mean > edges[:, 1] - 0.5, -1, 0))
        off = np.where((edges[:, 0] == 0) & (off > 0), 0, np.where((edges[:, 1] == 100) & (off < 0), 0, off))
        if not off.any():
            break
        quiz[:, middle] = np.clip(quiz[:, middle] + off[:, None], 0, 100)
    learners["moved"] = moved
    learners["teaching_6"] = np.where(there, target, -1)
    return np.where(none, -1, quiz).astype(int)
