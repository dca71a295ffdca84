"""What stands in the log of visits: how, how long, with what result, ticked or not, and what is to come next."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, days_from, open_days
from segkit.synth.cases.alibaba.firms import CASE, START, date
from segkit.synth.cases.alibaba.routes import off_route
from segkit.synth.cases.alibaba.visits import EFFECTIVE_CALL, EFFECTIVE_MINUTES, GOOD, Visits
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws
from segkit.synth.people import Names, numbered

# every number below is a sample parameter (示例参数)
CLOSING = 0.74  # of visits to a firm after the first
PURPOSE = {"first": 0, "cold": 0, "sweep": 0, "service": 1, "missed": 1, "sign": 2}  # others are drawn
REFUSED = 0.45  # of first visits that led to no record: somebody was met
MET = (8.0, 0.55)  # minutes of these: median, sigma
FAKE_MINUTES = ((1, 2, 3, 4, 5, 7, 9), (0.28, 0.30, 0.22, 0.09, 0.05, 0.04, 0.02))
TICKED, UNTICKED = 0.04, 0.03  # wrong ticks of honest reps: short visits ticked, effective ones not
PLANNED, FAKE_PLANNED = 0.85, 0.12  # effective visits before signing with a next step; false ones
KEPT, NEARLY = 0.65, 0.20  # next steps kept to the day; within two working days
LATER = open_days(START, days_from(AS_OF, np.array([60]))[0])  # working days a plan may name
AHEAD, KEPT_MOST = (2, 9), 24  # working days to a plan without a visit; days to one with a visit


def log(
    draws: Draws, firms: pd.DataFrame, visits: Visits, fake_rep: np.ndarray, names: Names
) -> pd.DataFrame:
    """The visits as rows, in order of day; `firm` and `kind` stand beside the columns of the table."""
    frame = pd.DataFrame(visits)
    n = len(frame)
    turn = np.lexsort((draws.uniform(n), frame["rep"], frame["day"]))
    frame = frame.iloc[turn].reset_index(drop=True)
    kind = frame["kind"]
    fake = (kind == "fake").to_numpy()
    alone = (frame["firm"] < 0).to_numpy()
    u = draws.uniform(n)
    drawn = np.where(u < CLOSING, 2, 1)
    purpose = np.where(fake, np.where(alone, 0, np.where(u < 0.5, 2, 1)), kind.map(PURPOSE).fillna(-1))
    purpose = np.where(purpose < 0, drawn, purpose).astype(int)
    calls = kind.isin(["meet", "attempt", "service", "missed"]).to_numpy() & draws.chance(
        np.where(purpose == 2, 0.2, 0.4), n
    )
    calls |= kind.isin(["late", "stale", "vain"]).to_numpy()
    honest = ~fake_rep[frame["rep"]]
    weight = kind.map({"first": 3.0, "sign": 3.0}).fillna(1.0).to_numpy()
    calls |= off_route(firms, frame, honest & ~calls, weight)
    refused = kind.isin(["cold", "sweep"]).to_numpy() & draws.chance(REFUSED, n)
    minutes = _minutes(draws, kind, calls, refused)
    spec = columns(CASE, "visits")
    frame["purpose"] = spec["purpose"].said(names, purpose)
    frame["channel"] = spec["channel"].said(names, calls.astype(int))
    frame["outcome"] = spec["outcome"].said(names, _outcomes(draws, kind, calls, refused))
    frame["minutes"] = minutes
    ruled = minutes >= np.where(calls, EFFECTIVE_CALL, EFFECTIVE_MINUTES)
    frame["effective"] = _ticked(draws, frame, ruled).astype(int)
    frame["visit_date"] = [date(d) for d in frame["day"]]
    frame["next_step_date"] = _next_steps(draws, frame)
    frame["visit_id"] = numbered("V", n)
    return frame


def _minutes(draws: Draws, kind: pd.Series, calls: np.ndarray, refused: np.ndarray) -> np.ndarray:
    """Length of each visit or call; only what is effective, or led to no record, reaches the limit of the rule."""
    n = len(kind)
    good = kind.isin(GOOD).to_numpy()
    long = np.round(draws.lognormal(30.0, 0.55, n))
    long = np.minimum(np.where(long < EFFECTIVE_MINUTES, draws.integers(EFFECTIVE_MINUTES, 19, n), long), 150)
    talk = np.clip(np.round(draws.lognormal(5.0, 0.6, n), 1), EFFECTIVE_CALL, 40.0)
    median, sigma = MET
    brief = np.clip(np.round(draws.lognormal(median, sigma, n)), 2, 40)
    wait = np.round(draws.lognormal(5.0, 0.4, n))  # nobody met
    wait = np.where((wait < 2) | (wait >= EFFECTIVE_MINUTES), draws.integers(3, 8, n), wait)
    values, shares = FAKE_MINUTES
    return np.select(
        [
            (kind == "fake").to_numpy(),
            good & calls,
            good,
            calls,
            (kind == "sweep").to_numpy(),
            refused,
        ],
        [
            np.array(values)[draws.choice(shares, n)],
            talk,
            long,
            np.round(0.1 + 0.3 * draws.uniform(n), 1),
            draws.integers(2, 5, n),
            brief,
        ],
        wait,
    )


def _ticked(draws: Draws, frame: pd.DataFrame, ruled: np.ndarray) -> np.ndarray:
    """What reps tick: false visits all, honest ones by the rule with a few slips.

    A slip never concerns what protects a firm: a later effective visit, a contract, or no record is there.
    """
    n, kind = len(frame), frame["kind"]
    last = frame[kind.isin(GOOD)].groupby("firm")["day"].max()
    harmless = (frame["firm"] < 0) | kind.isin(["service", "missed"])
    harmless |= frame["firm"].map(last).fillna(-1) > frame["day"]
    slip = draws.chance(np.where(ruled, UNTICKED, TICKED), n) & harmless.to_numpy()
    return np.where((kind == "fake").to_numpy(), True, ruled ^ slip)


def _next_steps(draws: Draws, frame: pd.DataFrame) -> list[object]:
    """A planned working day; where the firm was seen again, mostly the day of that visit or one near it."""
    n, kind = len(frame), frame["kind"]
    said = kind.isin(["first", "meet"]) & draws.chance(PLANNED, n)
    said |= (kind == "fake") & draws.chance(FAKE_PLANNED, n)
    ahead, near, u = draws.integers(*AHEAD, n), draws.pick([-2, -1, 1, 2], n), draws.uniform(n)
    real = frame[(frame["firm"] >= 0) & (kind != "fake")]
    after = real.groupby("firm")["day"].shift(-1).reindex(frame.index)
    place = {(day - START).days: at for at, day in enumerate(LATER)}
    out: list[object] = []
    for i, day in enumerate(frame["day"]):
        now = place[day]
        to = now + int(ahead[i])
        if pd.notna(after[i]) and 0 < after[i] - day <= KEPT_MOST and u[i] < KEPT + NEARLY:
            to = place[int(after[i])]
            to = max(now + 1, to + int(near[i])) if u[i] >= KEPT else to
        out.append(LATER[to] if said[i] else None)
    return out


def _outcomes(draws: Draws, kind: pd.Series, calls: np.ndarray, refused: np.ndarray) -> np.ndarray:
    """Places among the outcomes: interested, thinking, not interested, nobody met, not connected, served, signed."""
    n = len(kind)
    open_ = draws.choice([0.55, 0.45], n)
    failed = np.where(calls, 4, 3)
    faked_ = draws.choice([0.45, 0.35, 0.20], n)
    return np.select(
        [
            kind == "sign",
            kind == "service",
            kind == "fake",
            kind.isin(["cold", "sweep"]),
            kind.isin(["first", "meet"]),
        ],
        [6, 5, faked_, np.where(refused, 2, 3), open_],
        failed,
    )
