"""A needs survey and a closed feedback loop (需求调研与反馈闭环): what people want, how they rate, who answers.

The loop follows up low scores as a device maker would; the maker and every record are invented.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from
from segkit.synth.cases.market_profiles.feedback import CASE, feedback, loop_facts
from segkit.synth.cases.market_profiles.people import SIZE, backgrounds, spending
from segkit.synth.cases.market_profiles.truth import NEEDS, STYLES, needs_facts
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.dirt import Planter, at_scale, full_width, year_late
from segkit.synth.draws import Draws, half_up, significant
from segkit.synth.files import File
from segkit.synth.people import Names, numbered
from segkit.synth.tables import case_files, written

# all parameters of this page are sample parameters; none has a published source
RESPONDENTS, FEEDBACK, ORGANISATIONS = 600, 900, 0.30
SHARES = {  # by individual, organisation: needs in the order of NEEDS, habits of rating in that of STYLES
    "needs": ((0.36, 0.26, 0.15, 0.13, 0.10), (0.20, 0.22, 0.42, 0.05, 0.11)),
    "styles": ((0.42, 0.36, 0.22), (0.20, 0.45, 0.35)),
    "role": ((0.62, 0.16, 0.14, 0.08), (0.10, 0.35, 0.35, 0.20)),
}
LEVEL = (4.05, 3.05, 2.05)  # where a habit of rating puts an item of no interest, before the need
ITEM = (0.10, 0.25, 0.0, -0.15, -0.15)  # everyone finds quality rather important
NEED, NOISE, PERSON = 1.5, 0.5, 0.25
AFTER_SALES = {"service": 1.1, "price": 0.0}  # what a need adds to the sixth item; -0.1 for the others
GROWTH = (-0.04, 0.06, 0.15, 0.03, 0.10)  # of spending from 2024 to 2025, by need
HABITS = (  # how often a habit is named, by need; the last says how often by all others
    ({"price": 0.75}, 0.25),
    ({"quality": 0.65}, 0.22),
    ({"service": 0.65}, 0.18),
    ({"brand": 0.75}, 0.15),
    ({"channel": 0.80}, 0.40),
    ({"price": 0.55}, 0.20),
)
COPIES, FULL_WIDTH, OUT_OF_SCALE, STRAIGHT = 8, 6, 6, 12
FEEDBACK_COPIES, FEEDBACK_FUTURE, FEEDBACK_FULL_WIDTH = 6, 3, 4
ITEMS = tuple(f"importance_{need}" for need in NEEDS)


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: two tables, what is true of them, a summary, two datasheets."""
    draws = Draws(seed, CASE)
    people = _respondents(draws, names, at_scale(RESPONDENTS, scale))
    answers = feedback(draws, names, people["respondent_id"], at_scale(FEEDBACK, scale))
    survey = _dirty_survey(draws, people, scale)
    loop = _dirty_feedback(draws, answers, scale)
    hidden = ["feedback_id", "mood", "score_if_left", "score_if_contacted", "answer_probability"]
    truth = {
        "respondents": people[["respondent_id", "need", "style", "straight_line", "growth"]],
        "feedback": answers.loc[answers["detractor"], hidden],
    }
    unusable = {d.key for d in survey.defects if d.reason in ("straight_line", "out_of_scale")}
    needs = needs_facts(draws, people.drop(index=sorted(unusable)))
    needs = {"respondents": len(people), "asked_again": len(survey.copied)} | needs
    facts = {"seed": seed, "needs": needs, "loop": loop_facts(answers)}
    return case_files(CASE, {"respondents": survey, "feedback": loop}, truth, facts)


def _respondents(draws: Draws, names: Names, n: int) -> pd.DataFrame:
    """Everyone asked, with the need and the habit of rating behind the answers."""
    spec = columns(CASE, "respondents")
    firm = draws.exactly(ORGANISATIONS, n)
    need, style, role = (_by_type(draws, SHARES[key], firm) for key in ("needs", "styles", "role"))
    known = backgrounds(draws, need == NEEDS.index("price"), firm)
    size = draws.choice(SIZE, n)
    frame = pd.DataFrame(
        {
            "respondent_id": numbered("R", n),
            "survey_date": days_from(dt.date(2025, 9, 1), np.sort(draws.integers(0, 90, n))),
            "customer_type": spec["customer_type"].said(names, firm.astype(int)),
            "role": spec["role"].said(names, role),
            **{name: spec[name].said(names, at) for name, at in known.items()},
            "gender": spec["gender"].drawn(names, draws, [0.48, 0.52], n),
            "industry": spec["industry"].drawn(names, draws, [0.24, 0.22, 0.2, 0.12, 0.1, 0.12], n),
            "company_size": spec["company_size"].said(names, size),
            "city_tier": spec["city_tier"].drawn(names, draws, [0.18, 0.27, 0.25, 0.30], n),
            "interests": _interests(draws, spec["interests"].values(names), n),
            "habits": _habits(draws, spec["habits"].values(names), need),
            "need": np.array(NEEDS)[need],
            "style": np.array(STYLES)[style],
            "firm": firm,
        }
    )
    only_people = [
        "age_band", "gender", "occupation", "income_band", "education", "interests", "habits",
    ]  # fmt: skip
    frame.loc[firm, only_people] = ""
    frame.loc[~firm, ["industry", "company_size"]] = ""
    _rate(draws, frame, need, style)
    growth = np.array(GROWTH)[need]
    before = spending(draws, firm, known["income_band"], size)
    frame["growth"] = growth
    frame["spend_2024"] = before
    frame["spend_2025"] = significant(before * (1 + growth + 0.08 * draws.even_normal(need)), 3)
    return frame


def _by_type(draws: Draws, shares: tuple[tuple[float, ...], ...], firm: np.ndarray) -> np.ndarray:
    """Positions in exactly these shares, those of the first row where `firm` is false."""
    out = np.empty(len(firm), dtype=int)
    for kind in (False, True):
        out[firm == kind] = draws.dealt(shares[int(kind)], int((firm == kind).sum()))
    return out


def _interests(draws: Draws, words: list[str], n: int) -> list[str]:
    """One to three interests each, all equally likely."""
    many = draws.choice([0.4, 0.4, 0.2], n) + 1
    turn = np.argsort(draws.uniform(n * len(words)).reshape(n, -1), axis=1, kind="stable")
    return [JOINED_BY.join(words[i] for i in sorted(row[:k])) for row, k in zip(turn, many, strict=True)]


def _habits(draws: Draws, words: list[str], need: np.ndarray) -> list[str]:
    """The habits each names; some belong to a need."""
    named = []
    for own, others in HABITS:
        chance = np.array([own.get(NEEDS[k], others) for k in need])
        named.append(draws.steady(chance, by=need))
    return [
        JOINED_BY.join(w for w, yes in zip(words, row, strict=True) if yes)
        for row in zip(*named, strict=True)
    ]


def _rate(draws: Draws, frame: pd.DataFrame, need: np.ndarray, style: np.ndarray) -> None:
    """Scores 1 to 5: level of the habit, plus what everyone likes, plus the own need, plus noise.

    `straight_line`: gave one score to all six items. Only the planted ones do; where chance made a row flat,
    the item of the need (or, at the top of the scale, all others) moves by one.
    """
    n = len(frame)
    level = np.array(LEVEL)[style] + PERSON * draws.normal(n)
    exact = level[:, None] + np.array(ITEM) - NEED / len(NEEDS) + NEED * np.eye(len(NEEDS))[need]
    noise = NOISE * draws.normal(n * len(NEEDS)).reshape(n, -1)
    scores = half_up(exact + noise, 1, 5)
    adds = np.array([AFTER_SALES.get(k, -0.1) for k in NEEDS])[need]
    after_sales = half_up(level - NEED / len(NEEDS) + adds + NOISE * draws.normal(n), 1, 5)
    flat = (scores == scores[:, :1]).all(axis=1)
    own_item = np.eye(len(NEEDS), dtype=bool)[need]
    scores = np.where(flat[:, None] & own_item, np.minimum(scores + 1, 5), scores)
    top = flat & (scores == 5).all(axis=1)
    scores = np.where(top[:, None] & ~own_item, 4, scores)
    straight = np.isin(np.arange(n), draws.some(n, at_scale(STRAIGHT, n / RESPONDENTS, 2)))
    same = draws.choice([0.1, 0.2, 0.35, 0.35], n) + 2
    scores[straight] = same[straight, None]
    for item, column in zip(ITEMS, scores.T, strict=True):
        frame[item] = column
    frame["importance_after_sales"] = np.where(straight, same, after_sales)
    frame["straight_line"] = straight.astype(int)
    intent = draws.normal(n)
    frame["willingness"] = half_up(level + 0.6 * intent - 0.2, 1, 5)
    frame["visits_12m"] = draws.poisson(np.round(np.exp(1.3 + 0.4 * intent), 9), n)


def _dirty_survey(draws: Draws, people: pd.DataFrame, scale: float) -> Planter:
    """Scores typed in full width or off the scale, forms sent twice."""
    planter = Planter(written(CASE, "respondents", people), draws)
    straight = people.index[people["straight_line"] == 1]
    planter.free = planter.free.difference(straight)
    planter.note("straight_line", straight, "respondent_id", people.loc[straight, "respondent_id"])
    for reason, wanted in (("full_width", FULL_WIDTH), ("out_of_scale", OUT_OF_SCALE)):
        keys = planter.take(at_scale(wanted, scale, 2))
        for key, item in zip(keys, draws.pick(ITEMS, len(keys)), strict=True):
            true = planter.frame.at[key, item]
            typed = full_width(true) if reason == "full_width" else {"1": "0"}.get(true, true + true)
            planter.spoil(reason, [key], item, [typed])
    planter.copy_rows("duplicate", list(planter.take(at_scale(COPIES, scale, 2))), "respondent_id")
    planter.file_order()
    return planter


def _dirty_feedback(draws: Draws, answers: pd.DataFrame, scale: float) -> Planter:
    """Feedback dated a year ahead, full-width scores, records sent twice."""
    planter = Planter(written(CASE, "feedback", answers), draws)
    keys = planter.take(at_scale(FEEDBACK_FUTURE, scale))
    planter.spoil("after_as_of", keys, "date", list(planter.frame.loc[keys, "date"].map(year_late)))
    keys = planter.take(at_scale(FEEDBACK_FULL_WIDTH, scale))
    planter.spoil("full_width", keys, "score", list(planter.frame.loc[keys, "score"].map(full_width)))
    planter.copy_rows("duplicate", list(planter.take(at_scale(FEEDBACK_COPIES, scale))), "feedback_id")
    planter.file_order()
    return planter
