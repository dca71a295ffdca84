"""What is true of the tickets, and what the tables say of the VIP team and of open tickets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.cases import appliance_tickets as p
from segkit.synth.cases.appliance_clock import CLOSES, MINUTES, NOW, OPENS, minutes_between

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
    vip, told = tickets["tier"] == 0, tickets["told"]
    hours = tickets["wait"] / 60
    score = tickets["csat"].where(told).astype(float)
    wait = hours.where(told)  # of the same tickets as the scores
    helped = told & tickets["team"]
    seen, late = tickets["seen"], truth["response_late"] == 1
    by_calendar = (np.minimum(tickets["responded"], NOW) - tickets["opened"]) / 60
    late_by_calendar = by_calendar > RESPOND[tickets["severity"]]
    slopes = _slopes(tickets[told])
    sold_year = pd.Series([d.year for d in sales["sale_date"]])
    buys = customers[customers["tier"] == 0]
    rates = {
        half: buys.groupby(buys["region"].isin(p.TEAM_REGIONS))[f"repurchase_h{half}"].mean()
        for half in (1, 2)
    }
    days, done = np.minimum(tickets["closed"], NOW) - tickets["opened"], tickets["done"].to_numpy()
    days = days.to_numpy() / MINUTES
    truly = truth["open_days"].to_numpy()
    return {
        "clock": {"opens": OPENS // 60, "closes": CLOSES // 60},
        "limits": {"respond": [int(h) for h in RESPOND], "solve": [int(h) for h in SOLVE]},
        "true_effects": {
            "hours": round(float((hours - tickets["wait_alone"] / 60)[helped].mean()), 2),
            "csat": round(
                float((tickets["mood"].clip(1, 5) - tickets["mood_alone"].clip(1, 5))[helped].mean()), 2
            ),
            "helped": int(helped.sum()),
            "repurchase_points": round(100 * repurchase, 1),
            "vip_times": p.VIP_TIMES,
        },
        "tickets": {
            "vip": int(vip.sum()),
            "vip_told": int((vip & told).sum()),
            "open": int((~tickets["done"]).sum()),
            "open_share": _share(~tickets["done"]),
            "unanswered": int((~tickets["seen"]).sum()),
            "stalled": _share(tickets["stalled"]),
            "repeats": int(tickets["repeat"].sum()),
            "response_late": _share(late),
            "response_late_calendar": _share(late_by_calendar),
            "unanswered_late": int((late & ~seen).sum()),
            "late_general": _share(late[tickets["severity"] == p.GENERAL]),
            "late_major": _share(late[tickets["severity"] == p.MAJOR]),
            "late_urgent": _share(late[tickets["severity"] == p.URGENT]),
            "repairs_per_unit": round(
                float((tickets["kind"] == p.REPAIR)[tickets["unit"] >= 0].sum() / len(sales)), 2
            ),
            "solution_late": _share(truth["solution_late"] == 1),
            "median_hours": round(float(hours.median()), 1),
            "sigma": round(float(np.log(hours).std()), 2),
            "csat_vip": round(float(score[vip].mean()), 2),
            "csat_others": round(float(score[~vip].mean()), 2),
        },
        "sales": {f"y{year}": int((sold_year == year).sum()) for year in range(2021, 2026)},
        "waiting": slopes,
        "team": {
            "csat_did": _did(tickets, score, vip, _mean),
            "csat_error": _error(tickets, score, vip),
            "hours_error": _error(tickets, wait, vip),
            "csat_before_after": _before_after(tickets, score, vip, _mean),
            "csat_after_only": _after_only(tickets, score, vip, _mean),
            "csat_did_others": _did(tickets, score, ~vip, _mean),
            "hours_did": _did(tickets, wait, vip, _mean),
            "hours_before_after": _before_after(tickets, wait, vip, _mean),
            "repurchase_did": round(
                100 * float(rates[2][True] - rates[1][True] - rates[2][False] + rates[1][False]), 1
            ),
            "repurchase_before_after": round(100 * float(rates[2][True] - rates[1][True]), 1),
            "repurchase_error": round(
                100
                * float(np.sqrt(sum(r * (1 - r) / (len(buys) / 2) for half in (1, 2) for r in rates[half]))),
                1,
            ),
            "vips_each": len(buys) // 2,
        },
        "open_days": {
            "naive": round(float(np.minimum(days[done], HORIZON).mean()), 1),
            "true": round(float(np.minimum(truly, HORIZON).mean()), 1),
            "kaplan_meier": round(restricted_mean(days, done), 1),
            "horizon": HORIZON,
        },
    }


def restricted_mean(days: np.ndarray, ended: np.ndarray) -> float:
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


def _share(yes: pd.Series) -> float:
    return round(float(100 * yes.mean()), 1)


def _mean(values: pd.Series) -> float:
    return float(values.mean())


def _cells(
    t: pd.DataFrame, values: pd.Series, who: pd.Series, of: Callable[[pd.Series], float]
) -> np.ndarray:
    """Rows: other regions, regions of the team; columns: first and second half of the year."""
    team = t["region"].isin(p.TEAM_REGIONS)
    return np.array(
        [[of(values[who & (team == r) & (t["half"] == h)]) for h in (0, 1)] for r in (False, True)]
    )


def _did(t: pd.DataFrame, values: pd.Series, who: pd.Series, of: Callable[[pd.Series], float]) -> float:
    c = _cells(t, values, who, of)
    return round(float(c[1, 1] - c[1, 0] - c[0, 1] + c[0, 0]), 2)


def _error(t: pd.DataFrame, values: pd.Series, who: pd.Series) -> float:
    """Standard error of the difference in differences, as from four independent samples."""
    c = _cells(t, values, who, lambda v: float(v.var() / v.count()))
    return round(float(np.sqrt(c.sum())), 2)


def _before_after(
    t: pd.DataFrame, values: pd.Series, who: pd.Series, of: Callable[[pd.Series], float]
) -> float:
    c = _cells(t, values, who, of)
    return round(float(c[1, 1] - c[1, 0]), 2)


def _after_only(
    t: pd.DataFrame, values: pd.Series, who: pd.Series, of: Callable[[pd.Series], float]
) -> float:
    c = _cells(t, values, who, of)
    return round(float(c[1, 1] - c[0, 1]), 2)
