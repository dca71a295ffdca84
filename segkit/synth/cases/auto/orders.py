"""Who orders a car, and when: the deciding hazard times what the follow-up does to it.

State of a lead on a day: ON_TIME after a contact made by the day it was due, until the next one is due; SILENT
when more than two intervals have gone by since the last contact; PLAIN otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.synth.cases.auto.process import LAST, LOST_SHARE, REFERRED, Market, alike, deciding
from segkit.synth.draws import Draws

PLAIN, ON_TIME, SILENT = 0, 1, 2
# sample parameters: what multiplies the hazard of an order
TIMES = (1.0, 1.25, 0.60)  # by state
SOURCE_TIMES = (1.2, 0.8, 0.9, 0.7, 1.9)
DRIVE_TIMES, COMPETITOR_TIMES = 1.8, 0.8  # after a test drive, with a competitor in play
UNASKED_TIMES = 0.55  # of those who named no date (N)
ORDER_SHARE = 0.226  # of the deciding: here
AHEAD = 30  # days beyond the as-of date in which the truth says who buys
PARTS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)  # time since the first contact in expected times
TRIES = 400
# log rate ratio on time, silent; orders of a grade or of those referred, of all
NEAR = (0.06, 0.12, 4.0, 7.0)


def with_orders(draws: Draws, market: Market) -> Market:
    """The same leads and contacts up to the day of the order; leads gain ordered (day, -1: none), level and
    said at the as-of date, and for open ones the `chance` of buying, here or elsewhere, in the next AHEAD days."""
    leads, contacts = market.leads.copy(), market.contacts
    leads["ordered"] = _ordered(draws, leads, contacts)
    end = leads["ordered"].to_numpy()[contacts["lead"]]
    contacts = contacts[(end < 0) | (contacts["day"].to_numpy() < end)].reset_index(drop=True)
    last = contacts.groupby("lead").last()
    leads["level"], leads["said"] = last["level"], last["said"]
    since = (LAST - leads["first"].to_numpy())[:, None] + np.array([[0, AHEAD]])
    ahead = np.diff(deciding(leads, since), axis=1)[:, 0] * (order_share(leads) + LOST_SHARE)
    open_ = (leads["ordered"] < 0) & (leads["lost"] > LAST)
    leads["chance"] = np.where(open_, np.round(-np.expm1(-ahead), 9), 0.0)
    return Market(leads, contacts)


def order_share(leads: pd.DataFrame) -> np.ndarray:
    """How many times the deciding hazard a lead orders here."""
    drive = np.where(leads["drive"], DRIVE_TIMES, 1.0)
    competitor = np.where(leads["competitor"], COMPETITOR_TIMES, 1.0)
    unasked = np.where(leads["days"] == 0, UNASKED_TIMES, 1.0)
    return np.round(ORDER_SHARE * np.array(SOURCE_TIMES)[leads["source"]] * drive * competitor * unasked, 9)


def states(contacts: pd.DataFrame, leads: pd.DataFrame) -> np.ndarray:
    """The state of every lead (row) on every day after its first contact until it is lost; -1 outside."""
    state = np.full((len(leads), LAST + 1), -1)
    rows = contacts[~contacts["lost"]]
    until = rows.groupby("lead")["day"].shift(-1).fillna(LAST).to_numpy().astype(int)
    until = np.minimum(until, np.minimum(leads["lost"].to_numpy() - 1, LAST)[rows["lead"]])
    for lead, a, b, due, kept in zip(
        rows["lead"], rows["day"], until, rows["due"], rows["on_time"], strict=True
    ):
        state[lead, a + 1 : b + 1] = PLAIN
        if kept:
            state[lead, a + 1 : min(b, due) + 1] = ON_TIME
        state[lead, a + 2 * (due - a) + 1 : b + 1] = SILENT
    return state


@dataclass(frozen=True)
class LeadDays:
    """Every open lead on every day, in the cell of its grade, time since the first contact and state.

    Leads that named no date (N) stand apart: their time cannot be measured in expected times.
    """

    lead: np.ndarray
    day: np.ndarray
    cell: np.ndarray

    @classmethod
    def of(cls, leads: pd.DataFrame, state: np.ndarray) -> LeadDays:
        lead, day = np.nonzero((state >= 0) & (leads["days"].to_numpy() > 0)[:, None])
        since = day - leads["first"].to_numpy()[lead]
        part = np.searchsorted(PARTS, since / leads["days"].to_numpy()[lead], side="right")
        stratum = leads["grade"].to_numpy()[lead] * (len(PARTS) + 1) + part
        return cls(lead, day, 3 * stratum + state[lead, day])

    def ratio(self, ordered: np.ndarray, state: int, *, pooled: bool = True) -> float:
        """Rate of orders a day in `state` against PLAIN: within the strata and pooled (Mantel-Haenszel), or crude.

        `ordered`: the day of each lead's order; beyond LAST for none.
        """
        size = 3 * 4 * (len(PARTS) + 1)
        days = np.bincount(self.cell[self.day <= ordered[self.lead]], minlength=size).reshape(-1, 3)
        orders = np.bincount(self.cell[self.day == ordered[self.lead]], minlength=size).reshape(-1, 3)
        if not pooled:
            days, orders = days.sum(axis=0, keepdims=True), orders.sum(axis=0, keepdims=True)
        total = np.maximum(days[:, state] + days[:, PLAIN], 1)
        here = (orders[:, state] * days[:, PLAIN] / total).sum()
        plain = (orders[:, PLAIN] * days[:, state] / total).sum()
        return round(float(max(here, 0.01) / max(plain, 0.01)), 6)


def _ordered(draws: Draws, leads: pd.DataFrame, contacts: pd.DataFrame) -> np.ndarray:
    """The day of the order, or -1.

    Of up to `TRIES` draws the first is kept whose rate ratios within grade and time, and whose orders by grade,
    lie `NEAR` what was planted: the effects then stand in every sample, and only who orders is chance.
    """
    state = states(contacts, leads)
    since = np.arange(-1, LAST + 1)[None, :] - leads["first"].to_numpy()[:, None]
    times = np.array([*TIMES, 0.0])[state] * order_share(leads)[:, None]
    hazard = np.round(np.diff(deciding(leads, np.maximum(since, 0)), axis=1) * times, 9)
    cumulated = np.round(np.cumsum(hazard, axis=1), 9)
    chance = np.round(-np.expm1(-cumulated[:, -1]), 9)
    kinds = [leads["grade"].to_numpy() == grade for grade in range(5)] + [
        (leads["source"] == REFERRED).to_numpy()
    ]
    lead_days = LeadDays.of(leads, state)
    groups = alike(leads)
    best, nearest = np.full(len(leads), -1), np.inf
    for _ in range(TRIES):
        patience = np.round(-np.log1p(-draws.even(groups)), 9)
        at = (cumulated < patience[:, None]).sum(axis=1)
        off = (
            *(abs(np.log(lead_days.ratio(at, s) / TIMES[s])) for s in (ON_TIME, SILENT)),
            max(abs(((at <= LAST) - chance)[kind].sum()) for kind in kinds),
            abs(((at <= LAST) - chance).sum()),
        )
        away = max(round(float(o) / near, 6) for o, near in zip(off, NEAR, strict=True))
        if away < nearest:
            best, nearest = np.where(at <= LAST, at, -1), away
        if nearest <= 1:
            break
    return best
