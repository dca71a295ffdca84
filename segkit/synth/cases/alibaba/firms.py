"""Who is there: reps, the firms they try to win, and members who signed earlier in the year.

Days are counted from the first day of the quarter (0) to the as-of date (LAST).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, on_workday, open_days
from segkit.synth.cases.alibaba.routes import owners, twins
from segkit.synth.dirt import at_scale
from segkit.synth.draws import Draws, quota, sigmoid, significant
from segkit.synth.people import Firm, Invented, numbered

CASE = "alibaba"
QUARTER = open_days(AS_OF - dt.timedelta(days=120), AS_OF)[-60:]  # the 60 working days of the visits
START = QUARTER[0]
OPEN = np.array([(day - START).days for day in QUARTER])
LAST = int(OPEN[-1])

# every number below is a sample parameter (示例参数)
REPS, FAKERS, NEWCOMERS = 20, 2, 2  # newcomers: honest reps hired as late as those who fake
TEAMS = (8, 5, 3, 4)
TERRITORY = ("zhejiang", "guangdong", "jiangsu", "east")  # of each team
DEVELOPED, MEMBERS = 1200, 480  # records being developed in the quarter; members who signed before it
IDLE, FAKED, SECOND = 115, 56, 45  # of the 1,200: in the pool all quarter; of fakers; second records
SILENT, NINETY = 300, 48  # of those worked on: contact breaks off; held for 90 days
NEED = (0.35, 0.40, 0.25)
KP = 0.45
TRADE_TEAM = (0.45, 0.67)  # has a team for foreign trade: share without exports, more where all is exported
CONSENT, OPTED_OUT = 0.72, (0.82, 0.11, 0.07)  # agrees to advertising; of these: none, no texts, no e-mail
SOURCE = (0.35, 0.25, 0.15, 0.12, 0.08, 0.05)
REFERRAL = 4  # place of 转介绍 among the sources
NEVER_FREE, NO_BUDGET = 0.55, 0.30
MONTHS = (8, 12, 14, 10, 8, 14, 6, 6, 5, 5, 4, 8)  # shares of 1..12 months to a decision
TIERS = ("A", "B", "C")
TIER_SHARES = (0.20, 0.35, 0.45)
TIER_AMOUNTS = ((6.0, 8.0), (4.5, 5.9), (3.0, 4.4))  # 万元
ONBOARDED = (0.70, 0.55, 0.45)  # contact within 7 days of signing, by tier
ONBOARD_DAYS = 7
KEEN = (0.9, 0.4, 0.7)  # effective visits after the first: mean, more by level of need, where the KP was met
# log odds of signing within the quarter; the intercept is set so that about 14.8 % sign
ODDS = {
    "intercept": -3.59,
    "need_high": 0.9,
    "kp_reached": 0.9,
    "export_over_30": 0.7,
    "referral": 0.6,
    "free_6_months": 0.5,
    "effective_visits": 0.3,  # each, up to five
    "cooled": -0.693,  # a gap of more than 14 days halves the odds
}
MOST_VISITS = 5
CANDIDATES, EARLIER_COOLED = 8, 0.12  # firms drawn for each earlier member; share of them that cooled
SECOND_SPELLED = ("blank", "bracket", "suffix")


@dataclass(frozen=True)
class Sizes:
    """How many of each at this scale."""

    reps: int
    fakers: int
    idle: int
    faked: int
    second: int
    silent: int
    ninety: int
    worked: int
    members: int

    @classmethod
    def at(cls, scale: float) -> Sizes:
        idle, faked, second = (at_scale(n, scale) for n in (IDLE, FAKED, SECOND))
        return cls(
            reps=at_scale(REPS, scale, least=len(TEAMS) + 1),
            fakers=at_scale(FAKERS, scale),
            idle=idle,
            faked=faked,
            second=second,
            silent=at_scale(SILENT, scale),
            ninety=at_scale(NINETY, scale),
            worked=round(DEVELOPED * scale) - idle - faked - second,
            members=at_scale(MEMBERS, scale),
        )


def date(day: float) -> dt.date:
    """A day number of the quarter as a date."""
    return START + dt.timedelta(days=int(day))


def reps(draws: Draws, invented: Invented, sizes: Sizes) -> pd.DataFrame:
    """One row per rep: name, team, hire date; `fake` and `newcomer` stand beside the columns."""
    team = np.repeat(np.arange(len(TEAMS)), 1 + quota(np.array(TEAMS) - 1, sizes.reps - len(TEAMS)))
    place = np.array(TERRITORY)[team]
    fakers: list[int] = []
    newcomers: list[int] = []
    for territory in TERRITORY[: min(sizes.fakers, 2)]:
        here = draws.some(np.flatnonzero(place == territory), int((place == territory).sum()))
        fakers.append(int(here[0]))
        newcomers += [int(r) for r in here[1:2] if len(here) > 2]
    late = np.isin(np.arange(sizes.reps), fakers + newcomers[:NEWCOMERS])
    hired = np.where(late, draws.integers(-70, -25, sizes.reps), draws.integers(-365 * 6, -365, sizes.reps))
    return pd.DataFrame(
        {
            "rep_id": numbered("R", sizes.reps, 3),
            "rep_name": invented.people(sizes.reps),
            "team": team,
            "territory": place,
            "hire_date": [on_workday(date(d)) for d in hired],
            "fake": np.isin(np.arange(sizes.reps), fakers),
            "newcomer": late,
        }
    )


def firms(draws: Draws, invented: Invented, sizes: Sizes, staff: pd.DataFrame) -> pd.DataFrame:
    """One row per record, second records last; `group` says what became of it, `first` whose twin it is."""
    n = sizes.worked + sizes.idle + sizes.faked + sizes.members
    named = invented.firms(n, invented.rows(CASE, "trades"))
    provinces = invented.rows(CASE, "provinces")
    places = invented.places(n, provinces)
    about = {invented.word(row["name"]): row for row in provinces}
    stops = _stops(invented)
    z, other = draws.even_normal(np.zeros(n)), draws.even_normal(np.zeros(n))
    employees = np.clip(np.round(significant(60.0 * np.exp(0.9 * z))), 4, 3000).astype(int)
    output = np.round(significant(1500.0 * np.exp(0.9 * (0.6 * z + 0.8 * other))) / 10) * 10
    frame = pd.DataFrame(
        {
            "firm": named,
            "phone": invented.phones(n),
            "industry": [firm.industry for firm in named],
            "province": [province for province, _ in places],
            "city": [city for _, city in places],
            "geo": [("local", "regional", "national").index(about[p]["geo"]) for p, _ in places],
            "territory": [about[p]["territory"] for p, _ in places],
            "route": [stops[city][0] for _, city in places],
            "stop": [stops[city][1] for _, city in places],
            "employees": employees,
            "size": np.searchsorted([50, 301], employees, side="right"),
            "annual_rev_wan": np.maximum(output, 20).astype(int),
        }
    )
    frame["group"] = _groups(draws, frame, sizes, staff)
    frame["fate"] = ""
    worked = frame.index[frame["group"] == "worked"].to_numpy()
    turn = draws.some(worked, len(worked))
    frame.loc[turn, "fate"] = "active"
    frame.loc[turn[: sizes.silent], "fate"] = "silent"
    frame.loc[turn[sizes.silent : sizes.silent + sizes.ninety], "fate"] = "ninety"
    frame["first"] = frame.index
    frame["owner"], stretches = owners(draws, frame, staff)
    frame = pd.concat([frame, twins(draws, frame, stretches, sizes.second)], ignore_index=True)
    return _judged(draws, frame)


def _stops(invented: Invented) -> dict[str, tuple[int, int]]:
    """Of each city its route and its place on it."""
    said = {c[0]: invented.word(c) for row in invented.rows(CASE, "provinces") for c in row["cities"]}
    routes: list[Any] = list(invented.rows(CASE, "routes"))
    return {said[city]: (r, s) for r, route in enumerate(routes) for s, city in enumerate(route)}


def _groups(draws: Draws, frame: pd.DataFrame, sizes: Sizes, staff: pd.DataFrame) -> np.ndarray:
    """worked, idle, member; faked only in two neighbouring cities where a faker works."""
    group = np.full(len(frame), "worked", dtype=object)
    where = staff.loc[staff["fake"], "territory"]
    for territory, size in zip(where, quota(np.ones(len(where)), sizes.faked), strict=True):
        here = frame[(frame["territory"] == territory) & (group == "worked")]
        cities = sorted(set(zip(here["route"], here["stop"], strict=True)))
        pairs = [(r, s) for r, s in cities if (r, s + 1) in cities]
        route, stop = draws.pick(pairs, 1)[0]
        near = here.index[(here["route"] == route) & here["stop"].between(stop, stop + 1)]
        group[draws.some(near.to_numpy(), int(size))] = "faked"
    rest = draws.some(np.flatnonzero(group == "worked"), sizes.idle + sizes.members)
    group[rest[: sizes.idle]] = "idle"
    group[rest[sizes.idle :]] = "member"
    return group


def _judged(draws: Draws, frame: pd.DataFrame) -> pd.DataFrame:
    """What a rep writes down about a firm at the first assessment, and the consent of its contact person.

    Shares hold in every group of firms being developed. Earlier members are those of many firms whom the model
    of signing chose, so they look as the signers of the quarter do.
    """
    n, group = len(frame), frame["group"].to_numpy()
    told = _told(draws, n, group)
    member = np.flatnonzero(group == "member")
    many = _told(draws, CANDIDATES * len(member), None)
    base, by_need, by_kp = KEEN
    keen = base + by_need * (many["need_level"] - 1) + by_kp * many["kp_reached"]
    seen = 1 + draws.poisson(keen.to_numpy(dtype=float), len(many))
    cold = draws.chance(EARLIER_COOLED, len(many))
    odds = (design(many, pd.Series(seen), pd.Series(cold)) * pd.Series(ODDS)).sum(axis=1)
    chosen = draws.weighted(sigmoid(np.round(odds.to_numpy(), 9)), len(member))
    told.iloc[member] = many.iloc[chosen].to_numpy()
    told = told.astype({c: int for c in told.columns if c not in ("export_share", "budget_wan")})
    none, more = TRADE_TEAM
    told["has_trade_team"] = draws.steady(none + more * told["export_share"].to_numpy()).astype(int)
    told["consent_marketing"] = draws.exactly(CONSENT, n).astype(int)
    told["opted_out"] = np.where(told["consent_marketing"] == 1, draws.choice(OPTED_OUT, n), 0)
    out = pd.concat([frame, told], axis=1)
    twin = out.index[out["group"] == "second"]
    same = ["export_share", "free_member_months", "has_trade_team", "consent_marketing", "opted_out"]
    out.loc[twin, same] = out.loc[out.loc[twin, "first"], same].to_numpy()  # facts, not what a rep judges
    return out.astype(dict.fromkeys(same[1:], int))


def _told(draws: Draws, n: int, group: np.ndarray | None) -> pd.DataFrame:
    """Export share, need, decision maker, source, months as free member, budget, months to decision."""
    frame = pd.DataFrame({"export_share": np.round(draws.beta(1.2, 2.0, n), 2)})
    frame["need_level"] = 1 + draws.dealt(NEED, n, by=group)
    frame["kp_reached"] = (draws.dealt((KP, 1 - KP), n, by=group) == 0).astype(int)
    frame["lead_source"] = draws.dealt(SOURCE, n, by=group)
    months = draws.integers(1, 36, n)
    free = draws.dealt((1 - NEVER_FREE, NEVER_FREE), n, by=group) == 0
    frame["free_member_months"] = np.where(free, months, 0)
    budget = np.clip(np.round(draws.gamma(3.0, 0.8, n) * 2) / 2, 0.5, 12.0)
    none = draws.dealt((NO_BUDGET, 1 - NO_BUDGET), n, by=group) == 0
    frame["budget_wan"] = np.where(none, 0.0, budget)
    frame["decision_months"] = 1 + draws.dealt(MONTHS, n, by=group)
    return frame


def design(rows: pd.DataFrame, visits: pd.Series, cooled: pd.Series) -> pd.DataFrame:
    """The columns of the model of signing, one row per firm, in the order of `ODDS`."""
    return pd.DataFrame(
        {
            "intercept": 1.0,
            "need_high": (rows["need_level"] == 3).astype(float),
            "kp_reached": rows["kp_reached"].astype(float),
            "export_over_30": (rows["export_share"] > 0.30).astype(float),
            "referral": (rows["lead_source"] == REFERRAL).astype(float),
            "free_6_months": (rows["free_member_months"] >= 6).astype(float),
            "effective_visits": np.minimum(visits, MOST_VISITS).astype(float),
            "cooled": cooled.astype(float),
        }
    )


def spelling(firm: Firm, place: int) -> str:
    """The name of a second record; the ways of spelling take turns."""
    return firm.spelled(SECOND_SPELLED[place % len(SECOND_SPELLED)])  # type: ignore[arg-type]


def terms(draws: Draws, output: pd.Series) -> pd.DataFrame:
    """Tier and amount of contracts; the larger a firm's output, the likelier a high tier."""
    n = len(output)
    score = np.round(0.6 * np.log(output.to_numpy(dtype=float)), 9) + draws.normal(n)
    tier = np.empty(n, dtype=int)
    tier[np.argsort(-score, kind="stable")] = np.repeat(np.arange(len(TIERS)), quota(TIER_SHARES, n))
    low, high = np.array(TIER_AMOUNTS).T
    amount = np.round((low[tier] + (high - low)[tier] * draws.uniform(n)) * 20) / 20
    frame = pd.DataFrame({"tier": tier, "amount_wan": amount, "product": draws.integers(0, 2, n)})
    frame["onboarded"] = draws.steady(np.array(ONBOARDED)[tier], by=tier)
    return frame.set_axis(output.index, axis=0)
