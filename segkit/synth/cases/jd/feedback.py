"""Customer feedback (NPS, CSAT, CES) on one order each: who was asked, who answered, what drives the score.

Delivery time and refunds lower satisfaction; the happier answer more often, so the answers overstate it. All
numbers are sample parameters (示例参数).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF
from segkit.synth.cases.jd.process import CASE
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws
from segkit.synth.measures import share
from segkit.synth.people import Invented

SINCE = dt.date(2025, 1, 1)  # orders asked about
DELIVERY = [0.14, 0.26, 0.24, 0.15, 0.09, 0.06, 0.04, 0.02]  # 1 to 8 days
PER_DAY, PER_REFUND, MOOD, NOISE = -0.30, -1.2, 0.8, 0.5  # satisfaction; the last only in the score
KINDS = [0.55, 0.28, 0.17]
# kind -> score after 3 days without a refund, points for one unit of satisfaction, ends of the scale
SCALES = {"nps": (7.2, 2.0, 0, 10), "csat": (4.0, 0.85, 1, 5), "ces": (5.2, 1.25, 1, 7)}
EAGER, BUSY = 0.9, 0.25  # weight of answering: e^(0.9 satisfaction) x order days^0.25
LATE = 5  # days from which delivery is the likely reason
# Delivery, Price, Quality, Service, After-sales
REASONS = {
    "late": [0.65, 0.10, 0.09, 0.09, 0.07],
    "refunded": [0.06, 0.04, 0.40, 0.15, 0.35],
    "else": [0.12, 0.30, 0.26, 0.20, 0.12],
}
GROUPS = [0, 2, 4, 8]  # days 1-2, 3-4, 5-8: what the answers can be weighted by, with refunds apart


def feedback(
    draws: Draws, delivered: pd.DataFrame, truth: pd.DataFrame, asked: int, answered: int, invented: Invented
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """The survey (unwritten), what each would have answered, and the facts.

    Parameters
    ----------
    delivered : orders that arrived, true and whole in the file: order_id, customer_id, order_date, refunded
    asked, answered : people, one order each; the score of the others is blank
    """
    spec = columns(CASE, "feedback")
    frame = _asked(draws, delivered, truth, asked)
    n = len(frame)
    days, refunded = frame["delivery_days"].to_numpy(), frame["refunded"].to_numpy()
    at = draws.dealt(KINDS, n, by=days)
    kind = np.array(list(SCALES))[at]
    mood, noise = draws.even_normal(by=10 * days + at), draws.normal(n)  # as spread in every group
    satisfaction = np.round(PER_DAY * (days - 3) + PER_REFUND * refunded + MOOD * mood, 6)
    felt = np.round(satisfaction + NOISE * noise, 6)
    level, points, low, high = (np.array([SCALES[k][i] for k in kind]) for i in range(4))
    score = np.clip(np.floor(level + points * felt + 0.5), low, high).astype(int)
    busy = np.log(np.maximum(frame["order_days"].to_numpy(), 1))
    weight = np.exp(np.round(EAGER * satisfaction + BUSY * busy, 9))
    answers = np.isin(np.arange(n), draws.weighted(weight, min(answered, n)))
    told = answers & draws.chance(np.where(felt < -0.3, 0.8, 0.25), n)
    why = np.select([refunded, days >= LATE], ["refunded", "late"], "else")
    u, reason = draws.uniform(n), np.zeros(n, dtype=int)
    for group, shares in REASONS.items():
        here = why == group
        reason[here] = np.searchsorted(np.cumsum(shares)[:-1], u[here], side="right")
    out = pd.DataFrame(
        {
            "order_id": frame["order_id"],
            "customer_id": frame["customer_id"],
            "survey_date": frame["survey_date"],
            "delivery_days": days,
            "kind": kind,
            "score": [int(s) if a else None for s, a in zip(score, answers, strict=True)],
            "reason": np.where(told, spec["reason"].said(invented.names, reason), ""),
        }
    )
    hidden = frame[["order_id"]].assign(kind=kind, answered=answers.astype(int), score=score)
    hidden.insert(3, "satisfaction", [f"{s:.4f}" for s in satisfaction])
    turn = out.sort_values(["survey_date", "order_id"], kind="stable").index
    facts = _facts(kind, days, refunded, answers, score)
    return out.loc[turn], hidden.loc[turn].reset_index(drop=True), facts


def _asked(draws: Draws, delivered: pd.DataFrame, truth: pd.DataFrame, n: int) -> pd.DataFrame:
    """One order of each of `n` people, asked about the day after it arrived and not after the as-of date.

    Where a person has a refunded order, it is that one; there would be too few to learn from.
    """
    orders = delivered[delivered["order_date"] >= SINCE].reset_index(drop=True)
    orders["delivery_days"] = draws.choice(DELIVERY, len(orders)) + 1
    orders["survey_date"] = [
        day + dt.timedelta(days=int(k) + 1)
        for day, k in zip(orders["order_date"], orders["delivery_days"], strict=True)
    ]
    own = truth.set_index("customer_id")
    orders["person_id"] = orders["customer_id"].map(own["person_id"])
    orders["order_days"] = orders["customer_id"].map(own["order_days"])
    orders = orders.iloc[draws.order(len(orders))]
    orders = orders[orders["survey_date"] <= AS_OF]
    first = orders.sort_values("refunded", ascending=False, kind="stable").drop_duplicates("person_id").index
    return orders[orders.index.isin(first)].iloc[:n].sort_values("order_id").reset_index(drop=True)


def _facts(
    kind: np.ndarray, days: np.ndarray, refunded: np.ndarray, answers: np.ndarray, score: np.ndarray
) -> dict[str, Any]:
    """How far the answers overstate, what weights on known columns mend of it, and what one day costs."""
    group = np.where(refunded, -1, np.searchsorted(GROUPS, days, side="left"))
    kinds = {}
    for name, (_, points, *_) in SCALES.items():
        own = kind == name
        said = own & answers
        x = np.column_stack([np.ones(own.sum()), days[own], refunded[own]])
        cost = np.linalg.lstsq(x, score[own].astype(float), rcond=None)[0]
        weight = _weights(group[own], group[said])
        kinds[name] = {
            "asked": int(own.sum()),
            "answered": int(said.sum()),
            "per_day_planted": round(PER_DAY * points, 3),
            "per_refund_planted": round(PER_REFUND * points, 3),
            "per_day": round(float(cost[1]), 2),
            "mean_of_all": round(float(score[own].mean()), 2),
            "mean_of_answers": round(float(score[said].mean()), 2),
            "mean_weighted": round(float(np.average(score[said], weights=weight)), 2),
        }
    nps = kind == "nps"
    return {
        "asked": len(kind),
        "answered": int(answers.sum()),
        "refunds_asked": int(refunded.sum()),
        "kinds": kinds,
        "nps_of_all": _net(score[nps]),
        "nps_of_answers": _net(score[nps & answers]),
        "answer_rate_fast": share(answers[days <= GROUPS[1]]),
        "answer_rate_late": share(answers[days >= LATE]),
    }


def _weights(asked: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Of every answer: people asked of its group over people of it who answered."""
    return np.array([(asked == g).sum() / (answered == g).sum() for g in answered], dtype=float)


def _net(score: np.ndarray) -> float:
    """净推荐值: promoters (9-10) less detractors (0-6), in points."""
    return round(float(100 * ((score >= 9).mean() - (score <= 6).mean())), 1)
