"""E08: the scores of five customers by last month's cut points. Truth is sealed; mistakes show by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segkit.teach.judging import Unanswered
from segkit.teach.sealed import matches

BUYERS = ("A", "B", "C", "D")
PROSPECT = "E"
Scores = Mapping[str, Any]


def _scores(given: Scores) -> dict[str, float]:
    """The buyers' scores; all four are needed."""
    found = {who: given[who] for who in BUYERS if given.get(who) is not None}
    if len(found) < len(BUYERS):
        raise Unanswered
    return {who: float(score) for who, score in found.items()}


def _right(given: Scores, salt: str, sealed: str) -> bool:
    scores = _scores(given)
    return not mistake_scored_prospect(given) and matches(salt, scores, sealed)


def step_recency(r_score: Scores) -> bool:
    return _right(r_score, "E08.r", "052515d461b509f8")


def step_frequency(f_score: Scores) -> bool:
    return _right(f_score, "E08.f", "68d16d3f6980da52")


def step_money(m_score: Scores) -> bool:
    return _right(m_score, "E08.m", "1d404e1e78f5685a")


def step_prospect(prospect: str) -> bool:
    return matches("E08.prospect", prospect, "e20932b69c758cf7")


def step_ruler(why_differs: str) -> bool:
    return matches("E08.why", why_differs, "7b5748057cd0f542")


def step_call(call: str) -> bool:
    return matches("E08.call", call, "4dc5ce7de19efc21")


def guessed(r_score: Scores) -> str:
    return max(BUYERS, key=lambda who: r_score[who])


def mistake_scored_prospect(given: Scores) -> bool:
    score = given.get(PROSPECT)
    return score is not None and score == score  # not a missing number


def mistake_from_zero(given: Scores) -> bool:
    return any(not 1 <= score <= 5 for score in _scores(given).values())


def mistake_reversed(r_score: Scores) -> bool:
    return r_score["B"] < r_score["C"]


def mistake_tie_split(r_score: Scores) -> bool:
    return r_score["A"] != r_score["D"]


def mistake_edge(r_score: Scores) -> bool:
    return r_score["A"] == r_score["D"] == 3


def mistake_edge_f(f_score: Scores) -> bool:
    return f_score["A"] == 4


def mistake_edge_m(m_score: Scores) -> bool:
    return m_score["A"] == 4


def mistake_average(m_score: Scores) -> bool:
    return m_score["C"] == 2


def mistake_ones(prospect: str) -> bool:
    return prospect == "ones"


def mistake_deleted(prospect: str) -> bool:
    return prospect == "delete"


def mistake_trusts_one(why_differs: str) -> bool:
    return why_differs in ("wrong", "bug")


def mistake_calls_newest(call: str) -> bool:
    return call == "B"


def mistake_calls_by_money(call: str) -> bool:
    return call == "D"
