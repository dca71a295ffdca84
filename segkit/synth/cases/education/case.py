"""A course provider's learners through one term (学员群体): latent groups, learning log, survey, known truth."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.education.dirt import dirty
from segkit.synth.cases.education.process import CASE, LETTERS, START, WEEKS, Term, term
from segkit.synth.cases.education.truth import facts, learner_truth
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.draws import Draws, sigmoid
from segkit.synth.files import File
from segkit.synth.people import Names, numbered
from segkit.synth.tables import case_files

LEARNERS = 600
# sample parameters
AGES = (0.20, 0.26, 0.34, 0.15, 0.05)
MINORS = 0  # position of the age group below 18
GUARDIANS_AGREE, AGREE = 0.92, 0.88
COURSES = (  # minor, adult: data, programming, writing, design, languages; the two for working life are for adults
    (0.25, 0.45, 0.0, 0.30, 0.0),
    (0.2375, 0.1625, 0.225, 0.125, 0.25),
)
STYLES = (  # by course: seeing, hearing, reading, doing
    (0.15, 0.10, 0.35, 0.40), (0.15, 0.10, 0.20, 0.55), (0.15, 0.15, 0.60, 0.10),
    (0.60, 0.10, 0.10, 0.20), (0.20, 0.50, 0.20, 0.10),
)  # fmt: skip
GOALS = (
    (0.0, 0.70, 0.0, 0.30),
    (0.38, 0.08, 0.30, 0.24),
)  # minor, adult: certificate, school, new job, interest
INTERESTS_OF = ((0, 1), (1,), (2,), (3,), (4,))  # interests close to a course
CLOSE, OTHER = 0.70, 0.22  # chance of naming one that is close to the course, another one
# post_score: constant, per point of pre_score, per doubling of the minutes, by course, spread
POST, POST_PRE, POST_DOUBLE, POST_SD = 30.0, 0.45, 5.0, 5.0
POST_COURSE = (-6.0, -8.0, 4.0, 7.0, 4.0)  # how hard the final test is; the style has no effect at all
RENEWS, RENEWS_POST, RENEWS_MOOD = -0.4, 0.05, 0.5  # log odds
MOOD = (0.3, 0.2, 0.4, -0.8)  # by latent group
MOOD_DROPPED = -1.2  # after leaving
ANSWERS, ANSWERS_DROPPED, ANSWERS_MOOD = 0.2, -2.6, 0.6  # log odds of answering
SURVEYS = (6, 12)


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: three tables and the truth."""
    draws = Draws(seed, CASE)
    studied = term(draws, round(LEARNERS * scale))
    learners = _learners(draws, studied, names)
    asked = (learners["guardian_consent"] != 0).to_numpy()
    survey = _survey(draws, studied.learners, asked, names)
    tables = {"learners": learners, "learning_log": _log(studied), "survey": survey}
    truth = learner_truth(studied)
    spoiled = dirty(draws, tables, names, scale)
    return case_files(CASE, spoiled, {"learners": truth}, {"seed": seed} | facts(studied, tables, names))


def _learners(draws: Draws, studied: Term, names: Names) -> pd.DataFrame:
    """One row per learner in order of enrolment; `mood` goes to the hidden table."""
    spec, hidden = columns(CASE, "learners"), studied.learners
    n = len(hidden)
    age = draws.dealt(AGES, n)
    minor = age == MINORS
    course = np.where(minor, draws.dealt(COURSES[0], n, by=minor), draws.dealt(COURSES[1], n, by=minor))
    style, goal = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
    for c, shares in enumerate(STYLES):
        style[course == c] = draws.dealt(shares, int((course == c).sum()))
    for adult, shares in enumerate(GOALS):
        goal[minor != adult] = draws.dealt(shares, int((minor != adult).sum()))
    agreed = np.full(n, None, dtype=object)
    agreed[minor] = draws.exactly(GUARDIANS_AGREE, int(minor.sum())).astype(int)
    may_ask = agreed != 0
    reachable = np.zeros(n, dtype=int)
    reachable[may_ask] = draws.exactly(AGREE, int(may_ask.sum())).astype(int)
    stays = hidden["dropped"].to_numpy() == 0
    minutes = studied.minutes.sum(axis=1)
    noise = POST_SD * draws.even_normal(10 * course + style)
    post = POST + POST_PRE * hidden["pre_score"] + POST_DOUBLE * np.log2(np.maximum(minutes, 15) / 1000)
    post = np.clip(np.round(np.round(post + np.array(POST_COURSE)[course] + noise, 6)), 0, 100).astype(int)
    hidden["mood"] = np.array(MOOD)[hidden["group"]] + draws.normal(n)
    renews = sigmoid(RENEWS + RENEWS_POST * (post - 70) + RENEWS_MOOD * hidden["mood"])
    renewed = draws.steady(np.where(stays, renews, 0.0))
    return pd.DataFrame(
        {
            "learner_id": numbered("E", n),
            "age_group": spec["age_group"].said(names, age),
            "guardian_consent": agreed,
            "contact_consent": reachable,
            "enrol_date": days_from(START, np.sort(draws.integers(-31, -1, n))),
            "course": spec["course"].said(names, course),
            "goal": spec["goal"].said(names, goal),
            "interest": _interests(draws, course, spec["interest"].values(names)),
            "style_self_report": spec["style_self_report"].said(names, style),
            "pre_score": hidden["pre_score"],
            "group_by_teacher": np.array(LETTERS, dtype=object)[hidden["teaching"]],
            "dropped_week": [w or None for w in hidden["dropped"]],
            "post_score": [int(p) if s else None for p, s in zip(post, stays, strict=True)],
            "renewed": renewed.astype(int),
        }
    )


def _interests(draws: Draws, course: np.ndarray, words: list[str]) -> list[str]:
    """What each is interested in, joined; at least one."""
    n, close = len(course), np.zeros((len(course), len(words)), dtype=bool)
    for c, near in enumerate(INTERESTS_OF):
        close[np.ix_(course == c, near)] = True
    likes = draws.uniform(n * len(words)).reshape(n, -1) < np.where(close, CLOSE, OTHER)
    likes |= close & ~likes.any(axis=1, keepdims=True)
    return [JOINED_BY.join(w for w, yes in zip(words, row, strict=True) if yes) for row in likes]


def _log(studied: Term) -> pd.DataFrame:
    """Twelve rows per learner, week by week; after dropping out everything is zero and no quiz is taken."""
    n = len(studied.learners)
    return pd.DataFrame(
        {
            "learner_id": numbered("E", n) * WEEKS,
            "week": np.repeat(np.arange(1, WEEKS + 1), n),
            "week_start": np.repeat(np.array(days_from(START, 7 * np.arange(WEEKS)), dtype=object), n),
            "weekly_minutes": studied.minutes.T.ravel(),
            "attendance": studied.attendance.T.ravel(),
            "quiz_score": [int(q) if q >= 0 else None for q in studied.quiz.T.ravel()],
            "forum_posts": studied.posts.T.ravel(),
        }
    )


def _survey(draws: Draws, hidden: pd.DataFrame, asked: np.ndarray, names: Names) -> pd.DataFrame:
    """Who of those asked answered after week 6 and week 12; the content more often. Adds the nps of everybody."""
    spec, parts = columns(CASE, "survey"), []
    n = len(hidden)
    for week in SURVEYS:
        left = ((hidden["dropped"] > 0) & (hidden["dropped"] <= week)).to_numpy()
        mood = hidden["mood"].to_numpy() + np.where(left, MOOD_DROPPED, 0.0)
        nps = np.clip(np.round(np.round(7.6 + 1.6 * mood + 0.8 * draws.normal(n), 6)), 0, 10).astype(int)
        csat = np.clip(np.round(np.round(3.8 + 0.7 * mood + 0.4 * draws.normal(n), 6)), 1, 5).astype(int)
        # moved up: too slow by now; moved down: too fast; others mostly right
        step = np.where(hidden["moved"], np.sign(hidden["teaching_6"] - hidden["teaching"]), 0)
        says = draws.choice([0.70, 0.15, 0.15], n)
        pace = np.where((says == 0) | (step == 0), np.select([step < 0, step > 0], [0, 2], 1), says)
        pace = np.where((step == 0) & (says > 0), 2 * (says - 1), pace)
        chance = sigmoid(np.where(left, ANSWERS_DROPPED, ANSWERS) + ANSWERS_MOOD * mood)
        answers = draws.steady(np.where(asked, chance, 0.0), by=left)
        hidden[f"nps_{week}"] = nps
        day = START + dt.timedelta(days=7 * week)
        frame = pd.DataFrame(
            {
                "learner_id": numbered("E", n),
                "survey_week": week,
                "answered_on": days_from(day, draws.integers(0, 6, n)),
                "nps": nps,
                "csat": csat,
                "pace": spec["pace"].said(names, pace),
            }
        )
        parts.append(frame[answers].sort_values("answered_on", kind="stable"))
    return pd.concat(parts, ignore_index=True)
