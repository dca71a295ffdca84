"""Service tickets of a year: who calls when, how long the answer takes, what the customer says of it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import BusyTime, Season
from segkit.synth.cases.appliance.clock import MINUTES, NOW, ZERO, later
from segkit.synth.draws import Draws, quota, significant

# sample parameters, all of them, unless another source stands beside them
TICKETS = 2600
TIER_SHARE = (0.30, 0.575, 0.125)  # of the tickets: VIP, ordinary, registered only
INSTALL, REPAIR, COMPLAINT, ENQUIRY = range(4)
KIND_SHARE = (0.0, 0.63, 0.15, 0.22)  # of tickets that are neither installation nor return
GENERAL, MAJOR, URGENT = range(3)
SEVERITY_SHARE = (0.70, 0.22, 0.08)
REPEATS, REPEAT_DAYS = 0.055, (21, 80)  # share of all tickets; days after the first
PEAK = Season((5, 5), (7, 5), 2.0)  # calls come twice as often and wait 2.6 times as long
PEAK_TIMES = 2.6
MEDIAN_HOURS, SIGMA = 5.6, 0.72  # first response to a general ticket outside the peak
SEVERITY_TIMES = np.array([1.0, 0.8, 0.3])
TEAM_FROM, TEAM_REGIONS = dt.date(2025, 7, 1), (0, 3)
TEAM_TIMES = 0.485  # the VIP team takes so much of the hours; scores rise by the shorter wait alone
SOLVE_HOURS, SOLVE_SIGMA = 7.0, 0.8  # from first response to close, on the same clock
STALLED, STALL_HOURS, STALL_SIGMA = 0.24, (540.0, 336.0), 0.9  # waits for a part or for a settlement
USED_FROM = 10  # days after the sale from which a unit bought in the year may call
ANSWER = 0.78  # of those called back tell a score
BASE, SLOPE, VIP_TIMES, REPEAT, SPREAD = 4.6, -0.35, 1.8, -0.8, 0.6  # satisfaction
REGION_MOOD = np.array([-0.12, 0.05, 0.0, -0.08])  # the team went where scores were lower
HOUR_SHARE = (2, 5, 8, 9, 8, 6, 6, 7, 7, 7, 7, 8, 9, 6, 4)  # calls from 7 to 21 o'clock


def base_tickets(draws: Draws, customers: pd.DataFrame, sales: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Who calls when about which unit: installations, calls of their own accord, returns of a repair.

    Columns: customer, unit (row of `sales`, or -1 - customer), kind, opened (minutes), repeat, first (the
    ticket it returns to), tier, region, half, peak.
    """
    total = round(TICKETS * scale)
    returns = quota(np.repeat(np.array(TIER_SHARE) / 8, 8), round(REPEATS * total))
    installs = _installs(draws, sales)
    own = _own_calls(draws, customers, sales, total - len(installs) - int(returns.sum()))
    rows = _placed(pd.concat([installs, own], ignore_index=True), customers)
    _no_chance_returns(rows)
    back = _returns(draws, rows, returns)
    return _placed(pd.concat([rows, back], ignore_index=True), customers)


def _placed(rows: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """With tier, region, half-year and peak of every ticket."""
    day = rows["opened"].to_numpy() // MINUTES
    rows["tier"] = customers["tier"].to_numpy()[rows["customer"]]
    rows["region"] = customers["region"].to_numpy()[rows["customer"]]
    rows["half"] = (day >= _day(TEAM_FROM)).astype(int)
    rows["peak"] = np.isin(day, [d for d in range(365) if PEAK.holds(ZERO.date() + dt.timedelta(days=d))])
    return rows


def _day(day: dt.date) -> int:
    return (day - ZERO.date()).days


def _clock_time(draws: Draws, day: np.ndarray) -> np.ndarray:
    """A minute of that day, at the hours people call; nobody calls after the tables were drawn."""
    minute = (7 + draws.choice(HOUR_SHARE, len(day))) * 60 + draws.integers(0, 59, len(day))
    return np.minimum(day * MINUTES + minute, NOW - 1)


def _installs(draws: Draws, sales: pd.DataFrame) -> pd.DataFrame:
    """One installation for each unit sold in 2025, one to six days after the sale."""
    sold = sales.index[sales["sale_date"] >= ZERO.date()].to_numpy()
    day = np.array([_day(d) for d in sales["sale_date"].loc[sold]]) + draws.integers(1, 6, len(sold))
    sold, day = sold[day < 365], day[day < 365]
    frame = {"customer": sales["customer"].loc[sold], "unit": sold, "kind": INSTALL, "first": -1}
    return pd.DataFrame(frame | {"opened": _clock_time(draws, day)})


def _own_calls(draws: Draws, customers: pd.DataFrame, sales: pd.DataFrame, n: int) -> pd.DataFrame:
    """Repairs, complaints and enquiries about a unit owned by then."""
    groups = customers.groupby(["tier", "region"]).indices
    sizes = quota(np.repeat(np.array(TIER_SHARE) / 4, 4), n)
    who = np.concatenate(
        [
            groups[tier, region][draws.integers(0, len(groups[tier, region]) - 1, sizes[4 * tier + region])]
            for tier in range(3)
            for region in range(4)
        ]
    )
    cell = customers["tier"].to_numpy()[who] * 4 + customers["region"].to_numpy()[who]
    day = BusyTime(ZERO.date(), 365, (PEAK,)).day(np.round(draws.even(cell) * 365, 9))
    owned = sales.groupby("customer").indices
    since = np.array([_day(d) for d in sales["sale_date"]]) + USED_FROM
    at = draws.uniform(len(who))
    unit = []
    for c, u, today in zip(who, at, day, strict=True):
        units = owned[c][since[owned[c]] <= max(today, USED_FROM - 1)] if c in owned else []
        unit.append(units[int(u * len(units))] if len(units) else -1 - c)
    kind = _spread(draws, KIND_SHARE, cell * 400 + day // 30)
    return pd.DataFrame(
        {"customer": who, "unit": unit, "kind": kind, "first": -1, "opened": _clock_time(draws, day)}
    )


def _spread(draws: Draws, shares: tuple[float, ...], by: np.ndarray) -> np.ndarray:
    """Positions with these shares in every group, to within one; in small groups rare ones come by chance."""
    edges = np.cumsum(shares)
    return np.searchsorted(edges / edges[-1], draws.even(by), side="right").clip(0, len(shares) - 1)


def _no_chance_returns(rows: pd.DataFrame) -> None:
    """A second repair of a unit within 90 days would be a return: it becomes an enquiry."""
    last: dict[int, int] = {}
    repairs = rows[rows["kind"] == REPAIR].sort_values("opened", kind="stable")
    for row, unit, opened in zip(repairs.index, repairs["unit"], repairs["opened"], strict=True):
        if opened - last.get(unit, -(10**9)) <= 90 * MINUTES:
            rows.at[row, "kind"] = ENQUIRY
        else:
            last[unit] = opened


def _returns(draws: Draws, rows: pd.DataFrame, wanted: np.ndarray) -> pd.DataFrame:
    """Repairs that come back: the same unit again, so many in every tier, region and half-year."""
    repairs = rows[rows["kind"] == REPAIR].sort_values(["unit", "opened"], kind="stable")
    following = repairs.groupby("unit")["opened"].shift(-1)
    alone = repairs[~(following - repairs["opened"] <= 180 * MINUTES)]
    day = alone["opened"].to_numpy() // MINUTES + draws.integers(*REPEAT_DAYS, len(alone))
    alone, day = alone[day < 365], day[day < 365]
    cell = (alone["tier"] * 8 + alone["region"] * 2 + (day >= _day(TEAM_FROM))).to_numpy()
    pools = [np.flatnonzero(cell == c) for c in range(24)]
    chosen = np.concatenate([draws.some(p, min(len(p), w)) for p, w in zip(pools, wanted, strict=True)])
    first = alone.iloc[chosen]
    return pd.DataFrame(
        {
            "customer": first["customer"].to_numpy(),
            "unit": first["unit"].to_numpy(),
            "kind": REPAIR,
            "first": first.index.to_numpy(),
            "opened": _clock_time(draws, day[chosen]),
        }
    )


def service(draws: Draws, rows: pd.DataFrame) -> pd.DataFrame:
    """Severity, team, hours to the first response and to the close, scores; as they truly are.

    The noise is spread evenly within tier, half-year and regions with and without the team: what was planted
    stands in every draw. `seen`, `done`, `called` and `told` say what had happened when the tables were drawn.
    """
    tier, half, there = rows["tier"].to_numpy(), rows["half"].to_numpy(), rows["region"].isin(TEAM_REGIONS)
    cell = tier * 4 + there.to_numpy() * 2 + half
    answers = draws.even(cell * 2 + rows["peak"]) < ANSWER
    rows["team"] = (tier == 0) & (half == 1) & there
    rows["stalled"] = _stalled(draws, rows, (cell * 2 + rows["peak"]).to_numpy())
    fine = (cell * 2 + rows["peak"]) * 3 + np.where(answers, 1 + rows["stalled"], 0)
    rows["severity"] = _severity(draws, rows["kind"].isin([REPAIR, COMPLAINT]).to_numpy(), fine.to_numpy())
    rows["by_calendar"] = rows["severity"] == URGENT
    hours = MEDIAN_HOURS * SEVERITY_TIMES[rows["severity"]] * np.where(rows["peak"], PEAK_TIMES, 1.0)
    hours = hours * np.where(rows["team"], TEAM_TIMES, 1.0)
    hours = significant(hours * np.exp(SIGMA * draws.even_normal(fine * 3 + rows["severity"], inner=0.4)))
    rows["wait"] = np.maximum(np.round(hours * 60), 3).astype(int)
    rows["responded"] = later(rows["opened"], rows["wait"], rows["by_calendar"])
    _solved(draws, rows, cell)
    rows["seen"], rows["done"] = rows["responded"] <= NOW, rows["closed"] <= NOW
    rows["called"] = rows["done"] & (rows["callback"] <= NOW)
    rows["told"] = rows["called"] & answers
    rows["repeat"] = rows["first"] >= 0
    kind = np.where(rows["repeat"], 4, np.searchsorted([180, 360, 720], rows["wait"]))
    _scored(draws, rows, (cell * 2 + rows["told"]) * 5 + kind)  # slopes stand as well as means
    return rows


def _severity(draws: Draws, serious: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Severity in its shares in every group; only repairs and complaints are urgent."""
    severity, turn = _spread(draws, SEVERITY_SHARE, by), draws.order(len(by))
    for group in np.unique(by):
        members = turn[by[turn] == group]
        wrong = members[(severity[members] == URGENT) & ~serious[members]]
        able = members[(severity[members] != URGENT) & serious[members]][: len(wrong)]
        traded = severity[able]
        severity[able] = URGENT
        severity[wrong] = MAJOR
        severity[wrong[: len(able)]] = traded
    return severity


def _stalled(draws: Draws, rows: pd.DataFrame, cell: np.ndarray) -> np.ndarray:
    """Repairs and complaints that wait for a part or a settlement; no return, and nothing that returns."""
    parents = np.isin(np.arange(len(rows)), rows["first"])
    able = (rows["kind"].isin([REPAIR, COMPLAINT]) & (rows["first"] < 0)).to_numpy() & ~parents
    return able & (draws.even(cell * 2 + able) < STALLED)


def _solved(draws: Draws, rows: pd.DataFrame, cell: np.ndarray) -> None:
    """Time from the first response to the close, and the call after it."""
    n, stalled = len(rows), rows["stalled"].to_numpy()
    parents = np.isin(np.arange(n), rows["first"])
    quick = SOLVE_HOURS * np.exp(SOLVE_SIGMA * draws.even_normal(cell))
    quick = np.where(parents, np.minimum(quick, 48.0), quick)  # the return comes after the first is closed
    long = np.where(rows["by_calendar"], STALL_HOURS[1], STALL_HOURS[0])  # median hours of either clock
    slow = long * np.exp(STALL_SIGMA * draws.even_normal(stalled.astype(int)))
    rows["work"] = np.maximum(np.round(significant(np.where(stalled, slow, quick)) * 60), 5).astype(int)
    rows["closed"] = later(rows["responded"], rows["work"], rows["by_calendar"])
    day = rows["closed"] // MINUTES + draws.integers(1, 2, n)
    rows["callback"] = day * MINUTES + 9 * 60 + draws.integers(0, 11 * 60 - 1, n)


def _scored(draws: Draws, rows: pd.DataFrame, cell: pd.Series) -> None:
    """Satisfaction 1-5 and ease 1-7; `mood` is the satisfaction before it is rounded.

    `wait_alone`, `mood_alone`: the same without the VIP team, for the true effect.
    """
    log = np.round(np.log1p(rows["wait"].to_numpy() / 60), 9)
    again = (rows["first"] >= 0).to_numpy()
    mood = BASE + SLOPE * np.where(rows["tier"] == 0, VIP_TIMES, 1.0) * log + REPEAT * again
    mood = np.round(mood + REGION_MOOD[rows["region"]] + SPREAD * draws.even_normal(cell), 4)
    rows["mood"] = mood
    rows["wait_alone"] = np.round(rows["wait"] / np.where(rows["team"], TEAM_TIMES, 1.0), 2)
    more = np.round(np.log1p(rows["wait_alone"].to_numpy() / 60) - log, 9)
    rows["mood_alone"] = np.round(mood + SLOPE * VIP_TIMES * np.where(rows["team"], more, 0.0), 4)
    inside = mood.clip(1, 5)  # between 3 and 4 people say either; the mean of a group stays
    rows["csat"] = (np.floor(inside) + draws.steady(np.round(inside % 1, 4), by=cell)).astype(int)
    ease = 6.4 - 0.45 * log - 0.9 * again + 0.6 * (mood - 3.6) + 0.8 * draws.normal(len(rows))
    rows["ces"] = np.floor(np.round(ease, 6) + 0.5).clip(1, 7).astype(int)
