"""The closed loop: who is called back after a low score, what it changes, and who answers again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws, half_up, sigmoid
from segkit.synth.measures import interval, share
from segkit.synth.people import Names, numbered
from segkit.workdays import next_workday

CASE = "market_profiles"
# sample parameters throughout
TOPICS = (0.30, 0.20, 0.22, 0.15, 0.13)
FIXABLE = 3  # the first three topics can be fixed, the others only explained
DETRACTOR = 6  # 0 to 6, zero included
FIX, EXPLAIN = 2.0, 0.0  # points that a fix, an explanation add to the re-survey score
# the first score tells more of the incident than of the mood, the second more of the mood
FIRST, FIRST_MOOD, FIRST_NOISE = 7.3, 0.5, 2.3
SECOND, SECOND_MOOD, SECOND_NOISE = 6.3, 1.8, 0.6
FURIOUS, FEWEST_ZEROS = 0.012, 3  # share that gives 0 whatever the mood
SAME_MOOD = 0.7  # correlation of the moods of one person at two times is the square of this
USE_DAYS, USE_SPREAD, USE_MOOD = 15.0, 5.5, 0.85
BANDS = (7, 10, 13, 16, 19)  # days in use: up to 6, 7-9, 10-12, 13-15, 16-18, 19 and more
# log odds of answering again at 13 days in use, and per five days more
ANSWERS = {"fixed": (0.45, 2.3), "other": (-0.2, -0.35)}
LEAST_ANSWER, MOST_ANSWER = 0.20, 0.97
LATEST, EARLIEST = dt.date(2025, 10, 31), dt.date(2025, 1, 2)
APART = 45  # days at least between two scores of one person
WAIT = (0.36, 0.28, 0.16, 0.06, 0.04, 0.04, 0.03, 0.03)  # a call comes after 1, 2, ... 8 working days
TARGET = 3  # working days within which a call is on time
OPEN = 0.20  # share of the topics that cannot be fixed which nobody ever calls about
TRIES = 500


def feedback(draws: Draws, names: Names, ids: pd.Series, n: int) -> pd.DataFrame:
    """One row per score given, in the words of the table, with the columns of `_course` beside them."""
    spec, course = columns(CASE, "feedback"), _course(draws, len(ids), n)
    low, called, answered = (course[name] for name in ("detractor", "called", "answered"))
    day = days_from(EARLIEST, course["offset"].to_numpy())
    sent = [d + dt.timedelta(days=30) for d in day]
    back = [d + dt.timedelta(days=int(b)) for d, b in zip(sent, course["back"], strict=True)]
    return course.assign(
        feedback_id=numbered("F", n),
        respondent_id=ids.to_numpy()[course["who"]],
        date=day,
        channel=spec["channel"].drawn(names, draws, [0.5, 0.15, 0.15, 0.2], n),
        topic=spec["topic"].said(names, course["topic"]),
        arm=np.where(low, spec["arm"].said(names, np.where(course["contacted"], 0, 1)), ""),
        contacted_at=_where(called, [_after(d, w) for d, w in zip(day, course["wait"], strict=True)]),
        action=np.where(called, spec["action"].said(names, np.where(course["fixable"], 0, 1)), ""),
        resurvey_sent=_where(low, sent),
        resurvey_date=_where(answered, back),
        resurvey_score=_where(answered, course["second"]),
    )


def _course(draws: Draws, people: int, n: int) -> pd.DataFrame:
    """What happens to each score; people with a low score are called back or left alone at random, in pairs.

    Among the columns are `mood`, the two scores a detractor would give when left alone and when contacted, and
    the probability of answering, which hangs on days in use and arm, both on record.
    """
    who, offset = _occasions(draws, people, n)
    mood = SAME_MOOD * draws.normal(people)[who] + np.sqrt(1 - SAME_MOOD**2) * draws.normal(n)
    use = half_up(USE_DAYS + USE_SPREAD * (USE_MOOD * mood + 0.527 * draws.normal(n)), 0, 30)
    topic = draws.dealt(TOPICS, n)
    score = half_up(FIRST + FIRST_MOOD * mood + FIRST_NOISE * draws.normal(n), 0, 10)
    score[draws.some(n, max(FEWEST_ZEROS, round(FURIOUS * n)))] = 0
    fixable, low = topic < FIXABLE, score <= DETRACTOR
    contacted = _arms(draws, low, who, fixable, use, score, mood)
    cell = contacted * 100 + fixable * 10 + np.digitize(use, BANDS)
    left = SECOND + SECOND_MOOD * mood + SECOND_NOISE * draws.normal(n)
    if_left = half_up(left, 0, 10)
    if_contacted = half_up(left + np.where(fixable, FIX, EXPLAIN), 0, 10)
    chance = _answer_chance(contacted & fixable, use)
    answered = np.zeros(n, dtype=bool)
    answered[low] = _answers(draws, chance[low], cell[low], left[low], score[low])
    return pd.DataFrame(
        {
            "who": who,
            "offset": offset,
            "topic": topic,
            "score": score,
            "active_days": use,
            "mood": np.round(mood, 3),
            "score_if_left": if_left,
            "score_if_contacted": if_contacted,
            "answer_probability": np.round(chance, 4),
            "detractor": low,
            "contacted": contacted,
            "back": draws.integers(0, 7, n),
            "wait": draws.dealt(WAIT, n, by=contacted) + 1,
            "called": contacted
            & ~draws.steady(np.where(fixable | ~contacted, 0.0, OPEN), by=contacted & ~fixable),
            "answered": answered,
            "fixable": fixable,
            "second": np.where(contacted, if_contacted, if_left),
        }
    )


def loop_facts(answers: pd.DataFrame) -> dict[str, Any]:
    """What the loop truly adds, and what several ways of reading it say (of the topics that can be fixed)."""
    low = answers[answers["detractor"]]
    fixable, told = low[low["fixable"]], low[~low["fixable"]]
    true, true_told = (
        round(float((t["score_if_contacted"] - t["score_if_left"]).mean()), 2) for t in (fixable, told)
    )
    called = fixable[fixable["contacted"] & fixable["answered"]]
    left = low[~low["contacted"] & low["answered"]]
    arms = fixable.groupby("contacted")["answered"].agg(["size", "sum"])
    promoters = float((answers["score"] >= 9).mean())
    arm = low[low["contacted"]]
    on_time = arm["called"] & (arm["wait"] <= TARGET)
    low_times = low.groupby("respondent_id").size()
    facts: dict[str, Any] = {
        "records": len(answers),
        "people_twice": int((answers.groupby("respondent_id").size() > 1).sum()),
        "people_low_twice": int((low_times > 1).sum()),
        "nps": round(100 * (promoters - float(answers["detractor"].mean())), 1),
        "zeros": int((answers["score"] == 0).sum()),
        "nps_without_zeros": round(
            100 * (promoters - float(answers["score"].between(1, DETRACTOR).mean())), 1
        ),
        "detractors": len(low),
        "detractor_share": share(answers["detractor"], 3),
        "fixable_detractors": len(fixable),
        "contacted": len(arm),
        "closed": int(arm["called"].sum()),
        "closed_rate": share(arm["called"], 3),
        "closed_on_time": int(on_time.sum()),
        "closed_on_time_rate": share(on_time, 3),
        "open": int((~arm["called"]).sum()),
        "fixed_asked": int(arms.loc[True, "size"]),
        "fixed_answered": int(arms.loc[True, "sum"]),
        "holdout_asked": int(arms.loc[False, "size"]),
        "holdout_answered": int(arms.loc[False, "sum"]),
        "planted_points": FIX,
        "true_points": true,
        "true_points_explained": true_told,
        "before_after_points": round(float((called["second"] - called["score"]).mean()), 2),
        "holdout_rise": round(float((left["second"] - left["score"]).mean()), 2),
        "holdout_heard": len(left),
    }
    for scale, first in (("score", 0), ("change", fixable["score"])):
        outcome = fixable["second"] - first
        for way, band in (("answerers", 0 * fixable["active_days"]), ("weighted", _bands(fixable))):
            facts[f"{way}_{scale}"] = dict(
                zip(("points", "low", "high"), _contrast(fixable, outcome, band), strict=True)
            )
    return facts


def _bands(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(np.digitize(rows["active_days"], BANDS), index=rows.index)


def _contrast(asked: pd.DataFrame, outcome: pd.Series, band: pd.Series) -> tuple[float, float, float]:
    """Contact less holdout among those who answered, within bands, weighted as all who were asked; with the
    ends of its 95 % interval. Bands in which an arm has fewer than two answers are left out; a small draw may
    have no other, and is then compared as a whole."""
    heard = asked["answered"]
    cells = outcome[heard].groupby([band[heard], asked.loc[heard, "contacted"]]).agg(["mean", "var", "size"])
    cells = cells[cells["size"] > 1]
    cells = cells[cells.groupby(level=0)["size"].transform("size") == 2].unstack()
    if cells.empty and band.nunique() > 1:
        return _contrast(asked, outcome, 0 * band)
    weight = band.value_counts().reindex(cells.index)
    weight = weight / weight.sum()
    found = float((weight * (cells["mean"][True] - cells["mean"][False])).sum())
    variance = cells["var"] / cells["size"]
    error = float(np.sqrt((weight**2 * (variance[True] + variance[False])).sum()))
    return round(found, 2), *interval(found, error, 2)


def _occasions(draws: Draws, people: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Who gives each of the `n` scores and on which day after the first, by day; nobody more than twice, and
    then at least `APART` days apart."""
    span = (LATEST - EARLIEST).days
    twice = draws.some(people, max(n - people, 0))
    once = draws.some(np.setdiff1d(np.arange(people), twice), n - 2 * len(twice))
    two = np.sort(draws.integers(0, span - APART, 2 * len(twice)).reshape(-1, 2), axis=1)
    who = np.concatenate([once, twice, twice])
    day = np.concatenate([draws.integers(0, span, len(once)), two[:, 0], two[:, 1] + APART])
    turn = np.lexsort((draws.uniform(n), day))
    return who[turn], day[turn]


def _arms(
    draws: Draws,
    low: np.ndarray,
    who: np.ndarray,
    fixable: np.ndarray,
    use: np.ndarray,
    score: np.ndarray,
    mood: np.ndarray,
) -> np.ndarray:
    """Which low scores are called back: one person of each pair that is much alike, with all low scores of
    that person. Of `TRIES` tosses the one that leaves the arms most alike in mood and score."""
    rows = np.flatnonzero(low)
    first = rows[np.unique(who[rows], return_index=True)[1]]  # a person's first low score
    first = first[np.lexsort((draws.uniform(len(first)), score[first], use[first], ~fixable[first]))]
    pairs = len(first) // 2
    band = np.digitize(use, BANDS)
    group = fixable * 10 + band
    around = score - score[low].mean()
    wanted = [(group == g) * x for g in np.unique(group[low & fixable]) for x in (mood, around)]
    wanted += [
        kind * value for kind in (fixable, ~fixable) for value in (np.ones(len(low)), mood, around, use - 13)
    ]
    column = np.stack(wanted, axis=1)[rows]
    spread = np.sqrt((column**2).sum(axis=0)) + 1e-9
    nearest, kept = np.inf, np.zeros(len(low), dtype=bool)
    for _ in range(TRIES):
        toss = draws.chance(0.5, pairs)
        chosen = np.zeros(int(who.max()) + 1, dtype=bool)
        chosen[who[first[0 : 2 * pairs : 2]]] = toss
        chosen[who[first[1 : 2 * pairs : 2]]] = ~toss
        sign = np.where(chosen[who[rows]], 1.0, -1.0)
        off = float(np.round((((column * sign[:, None]).sum(axis=0) / spread) ** 2).sum(), 6))
        if off < nearest:
            nearest, kept = off, low & chosen[who]
    return kept


def _answer_chance(fixed: np.ndarray, use: np.ndarray) -> np.ndarray:
    """The probability of answering again: it rises with days in use after a fix, and falls without."""
    steps = (use - 13) / 5
    answer = {key: a + b * steps for key, (a, b) in ANSWERS.items()}
    return np.clip(sigmoid(np.where(fixed, answer["fixed"], answer["other"])), LEAST_ANSWER, MOST_ANSWER)


def _answers(
    draws: Draws, chance: np.ndarray, cell: np.ndarray, left: np.ndarray, score: np.ndarray
) -> np.ndarray:
    """Who answers again: as many in each cell as expected, and no luckier a draw of them than expected."""
    wanted = [(cell == c) * (left - SECOND) for c in np.unique(cell)]
    wanted += [
        (cell // 10 == c) * (score - score.mean()) for c in np.unique(cell // 10)
    ]  # arm and kind of topic
    column = np.stack(wanted, axis=1)
    step = np.searchsorted((4, 6), score, side="right")  # 0-3, 4-5, 6
    return draws.balanced(chance, column[:, (column != 0).any(axis=0)], TRIES, by=cell * 10 + step)


def _after(day: dt.date, workdays: int) -> dt.date:
    for _ in range(workdays):
        day = next_workday(day)
    return day


def _where(mask: pd.Series, values: Sequence[Any] | pd.Series) -> list[Any]:
    """The values where the mask holds, blank elsewhere."""
    return [v if yes else "" for yes, v in zip(mask, values, strict=True)]
