"""The closed loop: who is called back after a low score, what it changes, and who answers again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws, sigmoid
from segkit.synth.people import Names
from segkit.workdays import next_workday

CASE = "market_profiles"
# sample parameters throughout
TOPICS = (0.30, 0.20, 0.20, 0.16, 0.14)
FIXABLE = 3  # the first three topics can be fixed, the others only explained
DETRACTOR = 6  # 0 to 6, zero included
FIX, EXPLAIN = 2.0, 0.0  # points that a fix, an explanation add to the re-survey score
FIRST, SECOND, MOOD = 6.7, 6.9, 1.5  # mean of the two scores, points per unit of mood
FIRST_NOISE, SECOND_NOISE = 2.0, 0.8
USE_DAYS, USE_SPREAD, USE_MOOD = 15.0, 5.5, 0.85
BANDS = (9, 13, 17)  # days in use: up to 8, 9-12, 13-16, 17 and more
# log odds of answering again at 13 days in use, and per five days more
ANSWERS = {"fixed": (0.5, 2.2), "other": (-0.3, -0.2)}
LATEST, EARLIEST = dt.date(2025, 10, 31), dt.date(2025, 1, 2)


def feedback(draws: Draws, names: Names, ids: pd.Series, n: int) -> pd.DataFrame:
    """One row per score given; the detractors are called back or left alone at random, in pairs.

    Truth stands beside the columns: `mood`, the two scores a detractor would give when left alone and when
    contacted, and the probability of answering, which hangs on days in use and arm, both on record.
    """
    spec = columns(CASE, "feedback")
    mood = draws.normal(n)
    use = _within(USE_DAYS + USE_SPREAD * (USE_MOOD * mood + 0.527 * draws.normal(n)), 30)
    topic = draws.dealt(TOPICS, n)
    score = _within(FIRST + MOOD * mood + FIRST_NOISE * draws.normal(n), 10)
    fixable, low = topic < FIXABLE, score <= DETRACTOR
    contacted = _in_pairs(draws, low, [fixable, use, score])
    band = np.digitize(use, BANDS)
    cell = contacted * 100 + fixable * 10 + band
    left = SECOND + MOOD * mood + SECOND_NOISE * draws.even_normal(cell)
    with_call = left + np.where(fixable, FIX, EXPLAIN)
    steps = (use - 13) / 5
    answer = {key: a + b * steps for key, (a, b) in ANSWERS.items()}
    chance = np.clip(sigmoid(np.where(contacted & fixable, answer["fixed"], answer["other"])), 0.15, 0.97)
    answered = draws.steady(np.where(low, chance, 0.0), by=cell) & low
    second = _within(np.where(contacted, with_call, left), 10)
    span = (LATEST - EARLIEST).days
    day = days_from(EARLIEST, np.sort(draws.integers(0, span, n)))
    sent = [d + dt.timedelta(days=30) for d in day]
    back = draws.integers(0, 7, n)
    wait = draws.dealt([0.45, 0.30, 0.15, 0.10], n)
    twice = draws.some(len(ids), n - len(ids)) if n > len(ids) else np.arange(0)
    who = np.concatenate([draws.order(len(ids)), twice])[:n]
    who = who[draws.order(n)]
    return pd.DataFrame(
        {
            "feedback_id": [f"F{i:06d}" for i in range(1, n + 1)],
            "respondent_id": ids.to_numpy()[who],
            "date": day,
            "channel": spec["channel"].drawn(names, draws, [0.5, 0.15, 0.15, 0.2], n),
            "topic": spec["topic"].said(names, topic),
            "score": score,
            "active_days": use,
            "arm": np.where(low, spec["arm"].said(names, np.where(contacted, 0, 1)), ""),
            "contacted_at": _where(contacted, [_after(d, w + 1) for d, w in zip(day, wait, strict=True)]),
            "action": np.where(contacted, spec["action"].said(names, np.where(fixable, 0, 1)), ""),
            "resurvey_sent": _where(low, sent),
            "resurvey_date": _where(
                answered, [d + dt.timedelta(days=int(b)) for d, b in zip(sent, back, strict=True)]
            ),
            "resurvey_score": _where(answered, second),
            "mood": np.round(mood, 3),
            "score_if_left": _within(left, 10),
            "score_if_contacted": _within(with_call, 10),
            "answer_probability": np.round(chance, 4),
            "detractor": low,
            "contacted": contacted,
            "answered": answered,
            "fixable": fixable,
            "second": second,
        }
    )


def loop_facts(answers: pd.DataFrame) -> dict[str, Any]:
    """What the loop truly adds, and what four ways of reading it say (fixable topics only)."""
    low = answers[answers["detractor"]]
    fixable = low[low["fixable"]]
    true = fixable["score_if_contacted"].mean() - fixable["score_if_left"].mean()
    heard = fixable[fixable["answered"]]
    called = heard[heard["contacted"]]
    by_arm = heard.groupby("contacted")["second"].mean()
    days = answers["active_days"]
    band = pd.Series(np.digitize(days, BANDS), index=answers.index)
    cells = heard.groupby([band[heard.index], "contacted"])["second"].mean().unstack()
    weight = band[fixable.index].value_counts(normalize=True)
    weighted = ((cells[True] - cells[False]) * weight).sum() / weight[cells.dropna().index].sum()
    left = low[~low["contacted"]]
    told = low[~low["fixable"]]
    arms = fixable.groupby("contacted")["answered"].agg(["size", "sum"])
    promoters = float((answers["score"] >= 9).mean())
    return {
        "records": len(answers),
        "nps": round(100 * (promoters - float(answers["detractor"].mean())), 1),
        "zeros": int((answers["score"] == 0).sum()),
        "nps_without_zeros": round(
            100 * (promoters - float(answers["score"].between(1, DETRACTOR).mean())), 1
        ),
        "detractors": len(low),
        "fixable_detractors": len(fixable),
        "contacted": int(low["contacted"].sum()),
        "fixed_asked": int(arms.loc[True, "size"]),
        "fixed_answered": int(arms.loc[True, "sum"]),
        "holdout_asked": int(arms.loc[False, "size"]),
        "holdout_answered": int(arms.loc[False, "sum"]),
        "planted_points": FIX,
        "true_points": round(float(true), 2),
        "true_points_explained": round(
            float(told["score_if_contacted"].mean() - told["score_if_left"].mean()), 2
        ),
        "before_after_points": round(float((called["second"] - called["score"]).mean()), 2),
        "answerers_points": round(float(by_arm[True] - by_arm[False]), 2),
        "weighted_points": round(float(weighted), 2),
        "rebound_without_contact": round(float((left["score_if_left"] - left["score"]).mean()), 2),
    }


def _in_pairs(draws: Draws, low: np.ndarray, alike: list[np.ndarray]) -> np.ndarray:
    """One of each pair of detractors who are much alike is called back; which of the two is chance."""
    members = np.flatnonzero(low)
    keys = [draws.uniform(len(members)), *(a[members] for a in reversed(alike))]
    members = members[np.lexsort(keys)]
    pairs = len(members) // 2
    first = draws.chance(0.5, pairs)
    contacted = np.zeros(len(low), dtype=bool)
    contacted[members[0 : 2 * pairs : 2]] = first
    contacted[members[1 : 2 * pairs : 2]] = ~first
    return contacted


def _after(day: dt.date, workdays: int) -> dt.date:
    for _ in range(workdays):
        day = next_workday(day)
    return day


def _within(exact: np.ndarray, top: int) -> np.ndarray:
    return np.clip(np.floor(np.round(exact, 9) + 0.5), 0, top).astype(int)


def _where(mask: np.ndarray, values: list[Any] | np.ndarray) -> list[Any]:
    """The values where the mask holds, blank elsewhere."""
    return [v if yes else "" for yes, v in zip(mask, values, strict=True)]
