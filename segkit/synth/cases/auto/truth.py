"""What is true of every lead, and how four conventions of H/A/B/C differ on the same leads."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.auto import orders as o
from segkit.synth.cases.auto import process as p
from segkit.synth.draws import Draws
from segkit.synth.measures import share
from segkit.synth.people import numbered

# ends of June to November: the orders of the thirty days after each stand in the tables
BACK_TEST = tuple(dt.date(2025, month + 1, 1) - dt.timedelta(days=1) for month in range(6, 12))
# Convention -> days up to which a lead is H, A, B (beyond: C), and days until the next contact of H, A, B, C.
# dealer: a manufacturer's dealer manual circulating online, unverified; month: a public question-and-answer page
# (C is two to three months there; 31 to 60 days and beyond three months have no grade and are taken as C);
# three_weeks: the label rule of a published purchase model; app: the longest intervals a dealer's app offers.
# Where a source names no intervals, the dealer's stand in.
CONVENTIONS: dict[str, tuple[tuple[int, int, int], tuple[int, int, int, int]]] = {
    "dealer": (p.LIMITS, (2, 7, 14, 30)),
    "month": ((7, 15, 30), (2, 7, 14, 30)),
    "three_weeks": ((7, 14, 21), (2, 7, 14, 30)),
    "app": (p.LIMITS, (2, 4, 7, 15)),
}


def lead_truth(draws: Draws, hidden: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    """One row per lead: what it is, the grade due at the as-of date, who buys in the next 30 days.

    due_level : the letter by the days left; expired where the expected date has passed; blank where closed
    grade_is : right, stale (expected date passed), drifted (another letter is due), unasked, closed
    """
    left = hidden["said"].to_numpy() - p.LAST
    unasked = hidden["said"].to_numpy() < 0
    open_ = ((hidden["ordered"] < 0) & (hidden["lost"] > p.LAST)).to_numpy()
    due = np.where(unasked, 4, p.graded(left))
    passed = open_ & ~unasked & (left < 0)
    letters = np.array(p.LETTERS, dtype=object)[due]
    due_level = np.select([~open_, passed], ["", "expired"], letters)
    drifted = open_ & ~passed & ~unasked & (due != hidden["level"].to_numpy())
    grade_is = np.select(
        [~open_, passed, unasked, drifted], ["closed", "stale", "unasked", "drifted"], "right"
    )
    alike = [f"{due} {level}" for due, level in zip(due_level, hidden["level"], strict=True)]
    buys = draws.steady(hidden["chance"].to_numpy(), by=alike)
    here_share = o.order_share(hidden)
    chance = np.round(here_share / (here_share + p.LOST_SHARE), 9)
    here = draws.steady(np.where(buys, chance, 0.0), by=due_level)
    return pd.DataFrame(
        {
            "lead_id": leads["lead_id"],
            "waits_and_sees": hidden["waiting"].astype(int),
            "median_days": [f"{v:.2f}" for v in hidden["median"]],
            "order_share": [f"{v:.4f}" for v in here_share],
            "due_level": due_level,
            "grade_is": grade_is,
            "chance_30_days": [f"{v:.4f}" for v in hidden["chance"]],
            "buys_in_30_days": buys.astype(int),
            "orders_in_30_days": here.astype(int),
        }
    )


def facts(followed: p.Market, tables: dict[str, pd.DataFrame], truth: pd.DataFrame) -> dict[str, Any]:
    """The numbers of the case, for the summary and the datasheets."""
    hidden, orders = followed.leads, tables["orders"]
    ordered = (hidden["ordered"] >= 0).to_numpy()
    open_ = (truth["grade_is"] != "closed").to_numpy()
    naive = open_ & (hidden["level"] <= 1).to_numpy()  # H and A
    again = truth["due_level"].isin(["H", "A"]).to_numpy()
    stale = (truth["grade_is"] == "stale").to_numpy()
    buys = truth["buys_in_30_days"].to_numpy() == 1
    due = _due(followed)
    careless = (hidden["consultant"] < p.CARELESS).to_numpy()
    delivered = orders[orders["delivered"] >= 0]
    by_owner = hidden["source"].to_numpy()[delivered["lead"]] == p.REFERRED
    return {
        "parameters": _parameters(),
        "open": int(open_.sum()),
        "lost": int(followed.contacts["lost"].sum()),
        "ordered": len(orders),
        "order_rate": share(ordered),
        "order_rate_by_grade": {
            letter: share(ordered[hidden["grade"] == g]) for g, letter in enumerate(p.LETTERS)
        },
        "due_contacts": len(due),
        "late_share": share(due["late"]),
        "stale_share": share(stale),
        "stale_share_of_careless": share(stale[careless]),
        "stale_share_of_careful": share(stale[~careless]),
        "stale_share_of_open_careless": share(stale[open_ & careless]),
        "stale_share_of_open_careful": share(stale[open_ & ~careless]),
        "careless_consultants": numbered("S", p.CARELESS, 2),
        "back_test": _back_test(followed),
        "soon_by_level_current": _soon(naive, buys, "buys"),
        "soon_graded_again": _soon(again, buys, "buys"),
        "soon_stale": _soon(stale, buys, "buys"),
        "buys_in_30_days": int(buys.sum()),
        "orders_in_30_days": int(truth["orders_in_30_days"].sum()),
        "delivered": len(delivered),
        "delivered_by_referral": int(by_owner.sum()),
        "referral_rate": share(by_owner),
        "follow_up": _follow_up(followed, due),
        "test_drive": share(tables["leads"]["test_drive"]),
        "buyers": _buyers(tables),
        "dated": int((hidden["days"] > 0).sum()),
        "conventions": _conventions(hidden["days"].to_numpy()),
    }


def _soon(chosen: np.ndarray, acts: np.ndarray, word: str) -> dict[str, Any]:
    """How many leads are on a list, how many of them act, and the rate."""
    return {"leads": int(chosen.sum()), word: int((chosen & acts).sum()), "rate": share(acts[chosen])}


def _back_test(followed: p.Market) -> dict[str, Any]:
    """Lists made at the end of six months, and who of them ordered in the next thirty days; from the tables alone.

    by_level : open, H or A by the system. graded_again : open, expected within 30 days. stale : open, expected
    date passed. An open lead stands on a list at every date at which it belongs there.
    """
    leads, contacts = followed.leads, followed.contacts
    ordered, lost = leads["ordered"].to_numpy(), leads["lost"].to_numpy()
    acts: list[np.ndarray] = []
    lists: dict[str, list[np.ndarray]] = {"by_level": [], "graded_again": [], "stale": []}
    for date in BACK_TEST:
        day = (date - p.START).days
        last = contacts[contacts["day"] <= day].groupby("lead").last().reindex(leads.index)
        open_ = (leads["first"] <= day).to_numpy() & ((ordered < 0) | (ordered > day)) & (lost > day)
        said = last["said"].fillna(-1).to_numpy()
        left = np.where(said >= 0, said - day, np.nan)
        acts.append((ordered > day) & (ordered <= day + o.AHEAD))
        lists["by_level"].append(open_ & (last["level"] <= 1).to_numpy())
        lists["graded_again"].append(open_ & (left >= 0) & (left <= p.LIMITS[1]))
        lists["stale"].append(open_ & (left < 0))
    found = {name: _soon(np.concatenate(of), np.concatenate(acts), "orders") for name, of in lists.items()}
    times = _times(found["graded_again"]["rate"], found["by_level"]["rate"])
    return {"dates": [d.isoformat() for d in BACK_TEST], **found, "times": times}


def _times(rate: float, other: float) -> float:
    return round(float(rate) / max(float(other), 1e-4), 2)


def _buyers(tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Shares of the orders: test drive and quote before, the model looked at first."""
    leads = tables["leads"].iloc[tables["orders"]["lead"]]
    same = leads["model_interest"].to_numpy() == tables["orders"]["model"].to_numpy()
    return {
        "test_drive": share(leads["test_drive"]),
        "quoted": share(leads["quote_count"] > 0),
        "same_model": share(same),
    }


def _parameters() -> dict[str, Any]:
    return {
        "median_days": [float(v) for v in p.MEDIAN],
        "spread": p.SPREAD,
        "waiting": p.WAITING,
        "waiting_times": p.WAITING_TIMES,
        "times_on_time": o.TIMES[o.ON_TIME],
        "times_silent": o.TIMES[o.SILENT],
        "times_by_source": list(o.SOURCE_TIMES),
        "times_test_drive": o.DRIVE_TIMES,
        "times_competitor": o.COMPETITOR_TIMES,
        "times_unasked": o.UNASKED_TIMES,
        "weekend_times": p.WEEKEND_TIMES,
        "order_share": o.ORDER_SHARE,
        "lost_share": p.LOST_SHARE,
    }


def _due(followed: p.Market) -> pd.DataFrame:
    """Contacts whose next one fell due while the lead was open, and whether it was made after that day (`late`)."""
    hidden = followed.leads
    rows = followed.contacts[~followed.contacts["lost"]]
    closed = np.where(hidden["ordered"] >= 0, hidden["ordered"], np.minimum(hidden["lost"], p.LAST + 1))
    following = rows.groupby("lead")["day"].shift(-1).fillna(p.LAST + 10_000)
    return rows.assign(late=following > rows["due"])[rows["due"].to_numpy() < closed[rows["lead"]]]


def _follow_up(followed: p.Market, due: pd.DataFrame) -> dict[str, float]:
    """What the days say within grade and time, what they say in one pot, and what comparing leads says."""
    leads, contacts = followed.leads, followed.contacts
    ordered = leads["ordered"].to_numpy()
    days = o.LeadDays.of(leads, o.states(contacts, leads))
    at = np.where(ordered >= 0, ordered, p.LAST + 1)
    plain = (leads["grade"] <= 2).to_numpy()  # H, A, B
    calls = contacts[~contacts["lost"]].groupby("lead").size().reindex(leads.index).to_numpy()
    late = leads.index.isin(due["lead"][due["late"]])
    buys = ordered >= 0
    return {
        "on_time_pooled": round(days.ratio(at, o.ON_TIME), 2),
        "on_time_crude": round(days.ratio(at, o.ON_TIME, pooled=False), 2),
        "silent_pooled": round(days.ratio(at, o.SILENT), 2),
        "never_late_times": _times(buys[plain & ~late].mean(), buys[plain & late].mean()),
        "order_rate_never_late": share(buys[plain & ~late]),
        "order_rate_ever_late": share(buys[plain & late]),
        "order_rate_6_contacts": share(buys[plain & (calls >= 6)]),
        "order_rate_fewer_contacts": share(buys[plain & (calls < 6)]),
    }


def _conventions(days: np.ndarray) -> dict[str, dict[str, Any]]:
    """Leads per letter and contacts in 30 days under each convention, for leads that named a date."""
    known = days[days > 0]
    out: dict[str, dict[str, Any]] = {}
    for name, (limits, cadence) in CONVENTIONS.items():
        at = np.searchsorted(limits, known, side="left")
        counts = np.bincount(at, minlength=4)
        visits = float((counts * 30 / np.array(cadence)).sum())
        out[name] = {
            **{letter: int(c) for letter, c in zip("HABC", counts, strict=True)},
            "contacts_in_30_days": round(visits),
            "as_dealer": share(at == p.graded(known)),
        }
    return out
