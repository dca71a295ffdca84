"""The grades sales staff give (A, B+ ... D), what they promise, and the consultants who grade too high."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.draws import Draws, quota

GRADES = ("A", "B+", "B", "B-", "C+", "C", "C-", "D")
# What a sales office promises itself (a handbook on hzjpw.com). Its 70/50/20 % for C+/C/C- are odds of
# moving up to a queue number (认筹), not of buying, so they do not stand here.
STATED = {"B+": 0.70, "B": 0.50, "B-": 0.20}
# Sample parameters (示例参数): where the buyers and all others stand when graded by one even yardstick. A has
# paid a large deposit (大定); the odds of the others follow, and with them those of the recorded grades.
BUYERS = (0.117, 0.285, 0.297, 0.178, 0.080, 0.034, 0.009, 0.0)
OTHERS = (0.0005, 0.0175, 0.045, 0.088, 0.134, 0.280, 0.222, 0.213)
JUDGEMENT = 1.0  # spread of what a consultant sees beyond the criteria, in log-odds
STRANGER = 1.0  # who only gathers information (信息收集) is graded that much lower
CONSULTANTS, INFLATE = 12, 3
SECOND_YEAR = 366  # the first day of 2025: odds learnt from one year hold in the other
INTENT = (0.12, 0.22, 0.32, 0.23, 0.11)  # 1-5
INTENT_NOISE = 1.0  # in steps of the grade
HOLDS = 5  # a unit is held for the first five grades, A to C+
LOADS = (0.84, 0.88, 0.91, 0.94, 0.97, 1.00, 1.00, 1.03, 1.06, 1.09, 1.12, 1.16)  # days on duty differ


def graded(draws: Draws, people: pd.DataFrame) -> pd.DataFrame:
    """`people` with consultant, even grade, recorded grade and intent (positions; intent 1-5).

    Clients go to the consultants in turn (轮接), so that everyone has the same mix of grades and buyers, though
    some are on duty more often; a consultant in `inflates` records a grade one step higher, but never A, which
    is a fact. Whoever has a unit held is graded C+ at least, and neither they nor buyers have an intent below 3.
    """
    bought = people["bought"].to_numpy()
    seen = np.log(people["chance"] / (1 - people["chance"])) + JUDGEMENT * draws.normal(len(people))
    seen = np.round(seen - STRANGER * (people["decision_role"] == 3), 9).to_numpy()
    grade, held = np.empty(len(people), dtype=int), people["locked"].to_numpy()
    late = (people["contact"] >= SECOND_YEAR).to_numpy()
    for outcome, shares in ((bought, BUYERS), (~bought, OTHERS)):
        for group in (outcome & ~late, outcome & late):
            sizes = quota(shares, int(group.sum()))
            best_first = _sorted(np.flatnonzero(group), -seen, held, int(sizes[:HOLDS].sum()))
            grade[best_first] = np.repeat(np.arange(len(GRADES)), sizes)
    mood = np.round(grade + INTENT_NOISE * draws.normal(len(people)), 9)
    sizes = quota(INTENT[::-1], len(people))
    intent = np.empty(len(people), dtype=int)
    keenest_first = _sorted(np.arange(len(people)), mood, bought | held, int(sizes[:3].sum()))
    intent[keenest_first] = 5 - np.repeat(np.arange(len(INTENT)), sizes)
    consultant = _in_turn(draws, 2 * grade + bought)
    inflates = np.sort(draws.some(CONSULTANTS, INFLATE))
    return people.assign(
        even_grade=grade,
        consultant=consultant,
        inflated=np.isin(consultant, inflates),
        grade=recorded(grade, np.isin(consultant, inflates)),
        intent=intent,
    )


def _sorted(rows: np.ndarray, key: np.ndarray, must: np.ndarray, first: int) -> np.ndarray:
    """The rows by their key, but all who `must` among the `first`."""
    order = rows[np.argsort(key[rows], kind="stable")]
    front = np.isin(order, order[np.argsort(~must[order], kind="stable")][:first])
    return np.concatenate([order[front], order[~front]])


def recorded(grade: np.ndarray, inflated: np.ndarray) -> np.ndarray:
    """The grade written down: one step higher where inflated, B+ at most."""
    return np.where(inflated & (grade > 1), grade - 1, grade)


def _in_turn(draws: Draws, stratum: np.ndarray) -> np.ndarray:
    """Deal the clients of every stratum to the consultants in turn; the higher the load, the sooner again."""
    turn = draws.order(len(stratum))
    turn = turn[np.argsort(stratum[turn], kind="stable")]
    load = np.array(LOADS)[draws.order(CONSULTANTS)]
    rounds = int(len(turn) / CONSULTANTS / min(LOADS)) + 2
    when = (np.arange(rounds)[:, None] + draws.uniform(rounds * CONSULTANTS).reshape(rounds, -1)) / load
    hands = np.argsort(np.round(when, 9).ravel(), kind="stable") % CONSULTANTS
    consultant = np.empty(len(turn), dtype=int)
    consultant[turn] = hands[: len(turn)]
    return consultant
