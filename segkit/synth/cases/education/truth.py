"""What is true of every learner, and how much of it clustering, the teacher and the alarm rules find."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.education.process import (
    CASE,
    CHECK,
    CUTS,
    FEATURES,
    GROUPS,
    HOLIDAYS,
    LETTERS,
    SIGNS,
    SLUMP_TIMES,
    WEEKS,
    Term,
    low_weeks,
    of_holidays,
    slumped,
)
from segkit.synth.dictionary import columns
from segkit.synth.measures import adjusted_rand, kmeans, percent, share, squared_distances
from segkit.synth.people import Names, numbered

STYLES = ("seeing", "hearing", "reading", "doing")
STARTS = 40  # of k-means


def learner_truth(studied: Term) -> pd.DataFrame:
    """One row per learner: the latent group, the teaching group it belongs in after week 6, what it would answer.

    slumped : in some week before leaving, the second running below half of the usual minutes, holidays left out
    """
    hidden = studied.learners
    twice = slumped(studied.minutes) & studied.there
    return pd.DataFrame(
        {
            "learner_id": numbered("E", len(hidden)),
            "latent_group": np.array(GROUPS, dtype=object)[hidden["group"]],
            "teaching_group_week_6": np.array([*LETTERS, ""], dtype=object)[hidden["teaching_6"]],
            "moved": hidden["moved"].astype(int),
            "slumped": twice.any(axis=1).astype(int),
            "style_effect": 0,
            "nps_week_6": hidden["nps_6"],
            "nps_week_12": hidden["nps_12"],
        }
    )


def first_weeks(studied: Term, *, scaled: bool) -> np.ndarray:
    """What stands in the tables about weeks 1 to 6: pre_score, minutes, attendance, forum posts per week there.

    `scaled`: minutes and posts as logarithms, everything as standard scores.
    """
    weeks = studied.there[:, :CHECK].sum(axis=1)
    minutes = studied.minutes[:, :CHECK].astype(float)
    if scaled:
        minutes = np.log(np.maximum(minutes, 1.0))
    posts = studied.posts[:, :CHECK].sum(axis=1) / weeks
    parts = (
        studied.learners["pre_score"].to_numpy(dtype=float),
        minutes.sum(axis=1) / weeks,
        studied.attendance[:, :CHECK].sum(axis=1) / weeks,
        np.log1p(posts) if scaled else posts,
    )
    table = np.column_stack(parts)
    return np.round((table - table.mean(axis=0)) / table.std(axis=0), 6) if scaled else table


def _far_apart(table: np.ndarray, k: int) -> Iterator[np.ndarray]:
    """`STARTS` sets of centres; each begins with one learner and takes the farthest from those it has."""
    for start in np.linspace(0, len(table) - 1, STARTS).astype(int):
        centres = table[[start]]
        while len(centres) < k:
            centres = np.vstack([centres, table[squared_distances(table, centres).min(axis=1).argmax()]])
        yield centres


def facts(studied: Term, tables: dict[str, pd.DataFrame], names: Names) -> dict[str, Any]:
    """The numbers of the case, for the summary and the datasheets."""
    hidden, learners, survey = studied.learners, tables["learners"], tables["survey"]
    group = hidden["group"].to_numpy()
    scaled = first_weeks(studied, scaled=True)
    apart = [float(scaled[s > 0, f].mean() - scaled[s < 0, f].mean()) for f, s in enumerate(SIGNS[group].T)]
    there = hidden["teaching_6"] >= 0
    found = {
        name: kmeans(table, _far_apart(table, len(GROUPS)))
        for name, table in (("scaled", scaled), ("raw", first_weeks(studied, scaled=False)))
    }
    last = np.searchsorted(CUTS, studied.quiz[:, CHECK - 1], side="right")
    by_one = (last != hidden["teaching"]) & there
    return {
        "learners": len(hidden),
        "groups": {name: int((group == g).sum()) for g, name in enumerate(GROUPS)},
        "separation": {name: round(v, 2) for name, v in zip(FEATURES, apart, strict=True)},
        "ari_scaled": adjusted_rand(group, found["scaled"]),
        "ari_raw": adjusted_rand(group, found["raw"]),
        "ari_teacher": adjusted_rand(group, hidden["teaching"].to_numpy()),
        "dropped": int((hidden["dropped"] > 0).sum()),
        "slump": _slump(studied),
        "there_after_week_6": int(there.sum()),
        "moved": int(hidden["moved"].sum()),
        "moved_by_one_quiz": int(by_one.sum()),
        "moved_by_one_quiz_rightly": int((by_one & (last == hidden["teaching_6"])).sum()),
        "style": _style(studied, learners, names),
        "minors": int(learners["guardian_consent"].notna().sum()),
        "minors_refused": int((learners["guardian_consent"] == 0).sum()),
        "renewed": int(learners["renewed"].sum()),
        "nps": {
            f"week_{week}": {
                "answered": int((survey["survey_week"] == week).sum()),
                "of_answers": _nps(survey["nps"][survey["survey_week"] == week]),
                "of_all": _nps(hidden[f"nps_{week}"]),
            }
            for week in (6, 12)
        },
    }


def _style(studied: Term, learners: pd.DataFrame, names: Names) -> dict[str, Any]:
    """Final scores by style as they stand, and the effect left with course, entry score and minutes held equal."""
    stays = (studied.learners["dropped"] == 0).to_numpy()
    post = pd.to_numeric(learners["post_score"])[stays].to_numpy(dtype=float)
    spec = columns(CASE, "learners")
    style, course = (
        np.array([spec[name].values(names).index(v) for v in learners[name][stays]])
        for name in ("style_self_report", "course")
    )
    minutes = np.log(studied.minutes.sum(axis=1)[stays])
    pre = studied.learners["pre_score"].to_numpy(dtype=float)[stays]
    known = np.column_stack([np.eye(5)[course], pre, minutes])
    effect = np.linalg.lstsq(np.column_stack([known, np.eye(4)[style][:, 1:]]), post, rcond=None)[0][-3:]
    means = [float(post[style == s].mean()) for s in range(4)]
    left = [0.0, *map(float, effect)]
    return {
        "post_score": {name: round(m, 1) for name, m in zip(STYLES, means, strict=True)},
        "largest_difference": round(max(means) - min(means), 1),
        "largest_difference_held_equal": round(max(left) - min(left), 1),
    }


def _nps(scores: pd.Series) -> float:
    return percent((scores >= 9).mean() - (scores <= 6).mean())


def _slump(studied: Term) -> dict[str, Any]:
    """Of those still there, how many leave right after a week: slumped, one bad week, neither, a low holiday week.

    Also both alarms as a whole: of those who left, how many it named before, and of those it named, how many left.
    """
    dropped = studied.learners["dropped"].to_numpy()[:, None]
    week = np.arange(1, WEEKS + 1)[None, :]
    there = studied.there
    leaves = dropped == week + 1
    low, twice, holiday = low_weeks(studied.minutes), slumped(studied.minutes), of_holidays()[None, :]
    usual = there & ~holiday & (week > max(HOLIDAYS)) & (week < WEEKS)
    kinds = {
        "two_running": twice & usual,
        "one_only": low & ~twice & usual,
        "neither": ~low & usual,
        "low_in_holiday_weeks": low & holiday & there,
        "others_in_holiday_weeks": ~low & holiday & there,
    }
    rates = {
        name: {"weeks": int(of.sum()), "left": int((of & leaves).sum()), "rate": share(leaves[of])}
        for name, of in kinds.items()
    }
    gone = dropped[:, 0] > 0
    alarms = {"with_zeros": twice, "before_leaving": twice & there}
    return {
        "times_planted": SLUMP_TIMES,
        **rates,
        "alarm": {name: _alarm(rung.any(axis=1), gone) for name, rung in alarms.items()},
    }


def _alarm(named: np.ndarray, gone: np.ndarray) -> dict[str, Any]:
    return {
        "named": int(named.sum()),
        "hit": int((named & gone).sum()),
        "named_and_stayed": int((named & ~gone).sum()),
        "recall": share(named[gone]),
        "precision": share(gone[named]),
    }
