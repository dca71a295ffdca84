"""What is true of the tickets, and what the tables say of the VIP team and of open tickets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases.appliance import tickets as p
from segkit.synth.cases.appliance.clock import CLOSES, MINUTES, NOW, OPENS, minutes_between
from segkit.synth.measures import percent

# hours to the first response and to the solution, by severity: a rule for complaints published as a template
# (wendang.net/wd/608412, no year given). How its hours and working days are counted is a sample parameter:
# on the desk's clock (a working day is 12 hours), urgent tickets by the calendar.
RESPOND = np.array([24.0, 12.0, 2.0])
SOLVE = np.array([36.0, 60.0, 24.0])
HORIZON = 180  # days of the restricted mean


def ticket_truth(tickets: pd.DataFrame) -> pd.DataFrame:
    """One row a ticket: the hours that count, also of what has not happened yet, and the deadlines."""
    start, calendar = tickets["opened"].to_numpy(), tickets["by_calendar"].to_numpy()
    seen_to = np.minimum(tickets["responded"], NOW)
    done_to = np.minimum(tickets["closed"], NOW)
    respond = np.where(tickets["seen"], tickets["wait"], minutes_between(start, seen_to, calendar)) / 60
    solve = minutes_between(start, done_to, calendar) / 60
    severity = tickets["severity"].to_numpy()
    number = tickets["number"]
    return pd.DataFrame(
        {
            "ticket_id": number,
            "response_hours": np.round(tickets["wait"] / 60, 4),
            "solution_hours": np.round((tickets["wait"] + tickets["work"]) / 60, 4),
            "open_days": np.round((tickets["closed"] - tickets["opened"]) / MINUTES, 4),
            "response_late": (respond > RESPOND[severity]).astype(int),
            "solution_late": (solve > SOLVE[severity]).astype(int),
            "stalled": tickets["stalled"].astype(int),
            "peak": tickets["peak"].astype(int),
            "returns_to": [number.loc[k] if k >= 0 else "" for k in tickets["first"]],
            "mood": tickets["mood"],
            "response_hours_without_team": np.round(tickets["wait_alone"] / 60, 4),
            "mood_without_team": tickets["mood_alone"],
        }
    )


def facts(
    tickets: pd.DataFrame, customers: pd.DataFrame, sales: pd.DataFrame, repurchase: float
) -> dict[str, Any]:
    """Measured figures of this draw and the parameters behind them, for the summary and the datasheets.

    `repurchase`: what the team adds to the share that buys again.
    """
    truth = ticket_truth(tickets)
    sold_year = pd.Series([d.year for d in sales["sale_date"]])
    return {
        "clock": {"opens": OPENS // 60, "closes": CLOSES // 60},
        "limits": {"respond": [int(h) for h in RESPOND], "solve": [int(h) for h in SOLVE]},
        "true_effects": _true_effects(tickets, repurchase),
        "tickets": _tickets(tickets, truth, len(sales)),
        "sales": {f"y{year}": int((sold_year == year).sum()) for year in range(2021, 2026)},
        "waiting": _slopes(tickets[tickets["told"]]),
        "team": _team(tickets) | _bought_again(customers[customers["tier"] == 0]),
        "open_days": _open_days(tickets, truth["open_days"].to_numpy()),
    }


def _true_effects(tickets: pd.DataFrame, repurchase: float) -> dict[str, Any]:
    """What the team truly did for the tickets it answered and that told a score."""
    helped = tickets[tickets["told"] & tickets["team"]]
    shorter = helped["wait"] / 60 - helped["wait_alone"] / 60
    happier = helped["mood"].clip(1, 5) - helped["mood_alone"].clip(1, 5)
    return {
        "hours": round(float(shorter.mean()), 2),
        "csat": round(float(happier.mean()), 2),
        "helped": len(helped),
        "repurchase_points": percent(repurchase),
        "vip_times": p.VIP_TIMES,
    }


def _tickets(tickets: pd.DataFrame, truth: pd.DataFrame, units: int) -> dict[str, Any]:
    """How many wait, how long, and what they say; `units`: how many were sold."""
    vip, told, seen, severity = (tickets["tier"] == 0), tickets["told"], tickets["seen"], tickets["severity"]
    hours, score = tickets["wait"] / 60, tickets["csat"].where(told).astype(float)
    late = truth["response_late"] == 1
    by_calendar = (np.minimum(tickets["responded"], NOW) - tickets["opened"]) / 60
    repairs = (tickets["kind"] == p.REPAIR) & (tickets["unit"] >= 0)
    return {
        "vip": int(vip.sum()),
        "vip_told": int((vip & told).sum()),
        "open": int((~tickets["done"]).sum()),
        "open_share": percent((~tickets["done"]).mean()),
        "unanswered": int((~seen).sum()),
        "stalled": percent(tickets["stalled"].mean()),
        "repeats": int(tickets["repeat"].sum()),
        "response_late": percent(late.mean()),
        "response_late_calendar": percent((by_calendar > RESPOND[severity]).mean()),
        "unanswered_late": int((late & ~seen).sum()),
        "late_general": percent(late[severity == p.GENERAL].mean()),
        "late_major": percent(late[severity == p.MAJOR].mean()),
        "late_urgent": percent(late[severity == p.URGENT].mean()),
        "repairs_per_unit": round(float(repairs.sum() / units), 2),
        "solution_late": percent((truth["solution_late"] == 1).mean()),
        "median_hours": round(float(hours.median()), 1),
        "sigma": round(float(np.log(hours).std()), 2),
        "csat_vip": round(float(score[vip].mean()), 2),
        "csat_others": round(float(score[~vip].mean()), 2),
    }


def _team(tickets: pd.DataFrame) -> dict[str, float]:
    """What the three comparisons say of the team's effect on scores and on the hours of the same tickets."""
    told = tickets[tickets["told"]]
    vips, others = told[told["tier"] == 0], told[told["tier"] != 0]
    score, wait = _cells(vips["csat"], vips), _cells(vips["wait"] / 60, vips)
    found = {
        "csat_did": _did(score),
        "csat_error": _error(vips["csat"], vips),
        "hours_error": _error(vips["wait"] / 60, vips),
        "csat_before_after": score[1, 1] - score[1, 0],
        "csat_after_only": score[1, 1] - score[0, 1],
        "csat_did_others": _did(_cells(others["csat"], others)),
        "hours_did": _did(wait),
        "hours_before_after": wait[1, 1] - wait[1, 0],
    }
    return {name: round(float(value), 2) for name, value in found.items()}


def _bought_again(vips: pd.DataFrame) -> dict[str, float]:
    """The same comparison of the VIPs who bought again, in percentage points; regions hold half of them each."""
    halves = vips.groupby(vips["region"].isin(p.TEAM_REGIONS))[["repurchase_h1", "repurchase_h2"]]
    again, each = halves.mean().to_numpy(), len(vips) / 2
    return {
        "repurchase_did": percent(_did(again)),
        "repurchase_before_after": percent(again[1, 1] - again[1, 0]),
        "repurchase_error": percent(np.sqrt((again * (1 - again) / each).sum())),
        "vips_each": len(vips) // 2,
    }


def _open_days(tickets: pd.DataFrame, truly: np.ndarray) -> dict[str, Any]:
    """Mean days to the close: of the closed tickets alone, of all as it will be, and as estimated."""
    done = tickets["done"].to_numpy()
    days = (np.minimum(tickets["closed"], NOW) - tickets["opened"]).to_numpy() / MINUTES
    return {
        "naive": round(float(np.minimum(days[done], HORIZON).mean()), 1),
        "true": round(float(np.minimum(truly, HORIZON).mean()), 1),
        "kaplan_meier": round(_restricted_mean(days, done), 1),
        "horizon": HORIZON,
    }


def _restricted_mean(days: np.ndarray, ended: np.ndarray) -> float:
    """Mean days to the close within the horizon, open tickets as censored (Kaplan, Meier 1958)."""
    order = np.lexsort([~ended, days])
    time, event = days[order], ended[order]
    left = np.cumprod(1 - event / np.arange(len(time), 0, -1))
    edges = np.concatenate([[0.0], np.minimum(time, HORIZON), [HORIZON]])
    return float(np.sum(np.diff(edges) * np.concatenate([[1.0], left])))


def _slopes(scored: pd.DataFrame) -> dict[str, float]:
    """Least squares of the score on ln(1 + hours), by VIP and others, with returns and regions held fast."""
    vip, log = (scored["tier"] == 0).astype(float), np.log1p(scored["wait"] / 60)
    regions = [(scored["region"] == k).astype(float) for k in (1, 2, 3)]
    x = np.column_stack([np.ones(len(scored)), log, vip, vip * log, scored["repeat"].astype(float), *regions])
    b = np.linalg.lstsq(x, scored["csat"].to_numpy(dtype=float), rcond=None)[0]
    gap = {f"gap_{h}h": round(float(b[2] + b[3] * np.log1p(h)), 2) for h in (0, 1, 12)}
    return {"others": round(float(b[1]), 2), "vips": round(float(b[1] + b[3]), 2)} | gap


def _cells(
    values: pd.Series, tickets: pd.DataFrame, of: Callable[[pd.Series], float] = pd.Series.mean
) -> np.ndarray:
    """Rows: other regions, regions of the team; columns: first and second half of the year."""
    team, half = tickets["region"].isin(p.TEAM_REGIONS), tickets["half"]
    return np.array([[of(values[(team == r) & (half == h)]) for h in (0, 1)] for r in (False, True)])


def _did(cells: np.ndarray) -> float:
    """The difference in differences."""
    return float(cells[1, 1] - cells[1, 0] - cells[0, 1] + cells[0, 0])


def _error(values: pd.Series, tickets: pd.DataFrame) -> float:
    """Standard error of the difference in differences, as from four independent samples."""
    return float(np.sqrt(_cells(values, tickets, lambda v: float(v.var() / v.count())).sum()))
