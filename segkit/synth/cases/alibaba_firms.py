"""Who is there: reps, the firms they try to win, and members who signed earlier in the year.

Days are counted from the first day of the quarter (0) to the as-of date (LAST).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, on_workday, open_days
from segkit.synth.draws import Draws, quota, significant
from segkit.synth.people import Firm, Invented

CASE = "alibaba"
QUARTER = open_days(AS_OF - dt.timedelta(days=120), AS_OF)[-60:]  # the 60 working days of the visits
START = QUARTER[0]
OPEN = np.array([(day - START).days for day in QUARTER])
LAST = int(OPEN[-1])

# every number below is a sample parameter (示例参数)
REPS, FAKERS, NEWCOMERS = 20, 2, 2  # newcomers: honest reps hired as late as those who fake
TEAMS = (4, 4, 7, 5)
TERRITORY = ("north", "north", "south", "east")  # of each team
DEVELOPED, MEMBERS = 1200, 480  # records being developed in the quarter; members who signed before it
IDLE, FAKED, SECOND = 115, 56, 45  # of the 1,200: in the pool all quarter; of fakers; second records
SILENT, NINETY = 300, 48  # of those worked on: contact breaks off; held for 90 days
NEED = (0.35, 0.40, 0.25)
KP, EXPORT_RIGHT = 0.45, 0.70
SOURCE = (0.35, 0.25, 0.15, 0.12, 0.08, 0.05)
REFERRAL = 4  # place of 转介绍 among the sources
NEVER_FREE, NO_BUDGET = 0.55, 0.30
MONTHS = (8, 12, 14, 10, 8, 14, 6, 6, 5, 5, 4, 8)  # shares of 1..12 months to a decision
TIERS = ("A", "B", "C")
TIER_SHARES = (0.20, 0.35, 0.45)
TIER_AMOUNTS = ((6.0, 8.0), (4.5, 5.9), (3.0, 4.4))  # 万元
ONBOARDED = (0.70, 0.55, 0.45)  # contact within 7 days of signing, by tier
ONBOARD_DAYS = 7
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
        def some(n: int) -> int:
            return max(1, round(n * scale))

        idle, faked, second = some(IDLE), some(FAKED), some(SECOND)
        return cls(
            reps=max(len(TEAMS), round(REPS * scale)),
            fakers=some(FAKERS),
            idle=idle,
            faked=faked,
            second=second,
            silent=some(SILENT),
            ninety=some(NINETY),
            worked=round(DEVELOPED * scale) - idle - faked - second,
            members=some(MEMBERS),
        )


def date(day: float) -> dt.date:
    """A day number of the quarter as a date."""
    return START + dt.timedelta(days=int(day))


def reps(draws: Draws, invented: Invented, sizes: Sizes) -> pd.DataFrame:
    """One row per rep: name, team, hire date; `fake` and `newcomer` stand beside the columns."""
    team = np.repeat(np.arange(len(TEAMS)), quota(TEAMS, sizes.reps))
    place = np.array(TERRITORY)[team]
    fakers: list[int] = []
    newcomers: list[int] = []
    for territory in ("north", "south")[: sizes.fakers]:
        here = draws.some(np.flatnonzero(place == territory), int((place == territory).sum()))
        fakers.append(int(here[0]))
        newcomers += [int(r) for r in here[1:2] if len(here) > 2]
    late = np.isin(np.arange(sizes.reps), fakers + newcomers[:NEWCOMERS])
    hired = np.where(late, draws.integers(-70, -25, sizes.reps), draws.integers(-365 * 6, -365, sizes.reps))
    return pd.DataFrame(
        {
            "rep_id": [f"R{i:03d}" for i in range(1, sizes.reps + 1)],
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
            "employees": employees,
            "size": np.searchsorted([50, 301], employees, side="right"),
            "annual_rev_wan": np.maximum(output, 20).astype(int),
            "export_share": np.round(draws.beta(1.2, 2.0, n), 2),
            "has_export_right": draws.exactly(EXPORT_RIGHT, n).astype(int),
        }
    )
    frame["group"] = _groups(draws, frame, sizes, staff)
    frame["fate"] = ""
    worked = frame.index[frame["group"] == "worked"].to_numpy()
    turn = draws.some(worked, len(worked))
    frame.loc[turn, "fate"] = "active"
    frame.loc[turn[: sizes.silent], "fate"] = "silent"
    frame.loc[turn[sizes.silent : sizes.silent + sizes.ninety], "fate"] = "ninety"
    frame = pd.concat([frame, _second(draws, frame, sizes.second)], ignore_index=True)
    frame["first"] = frame["first"].fillna(pd.Series(frame.index, frame.index)).astype(int)
    _judged(draws, frame)
    frame["owner"] = _owners(draws, frame, staff)
    return frame


def _groups(draws: Draws, frame: pd.DataFrame, sizes: Sizes, staff: pd.DataFrame) -> np.ndarray:
    """worked, idle, member; faked only where a faker works."""
    group = np.full(len(frame), "worked", dtype=object)
    where = staff.loc[staff["fake"], "territory"]
    for territory, size in zip(where, quota(np.ones(len(where)), sizes.faked), strict=True):
        here = np.flatnonzero((frame["territory"] == territory) & (group == "worked"))
        group[draws.some(here, int(size))] = "faked"
    rest = draws.some(np.flatnonzero(group == "worked"), sizes.idle + sizes.members)
    group[rest[: sizes.idle]] = "idle"
    group[rest[sizes.idle :]] = "member"
    return group


def _second(draws: Draws, frame: pd.DataFrame, n: int) -> pd.DataFrame:
    """撞单: the same firm again, entered by another rep of the same region under a name spelled differently."""
    active = frame.index[frame["fate"] == "active"].to_numpy()
    twins = frame.loc[draws.some(active, n)].copy()
    twins["first"] = twins.index
    twins["group"] = "second"
    return twins


def _judged(draws: Draws, frame: pd.DataFrame) -> None:
    """What a rep writes down about a firm; shares hold in every group."""
    n, group = len(frame), frame["group"].to_numpy()
    frame["need_level"] = 1 + draws.dealt(NEED, n, by=group)
    kp = draws.dealt((KP, 1 - KP), n, by=group) == 0
    frame["kp_reached"] = (kp | (group == "member")).astype(int)
    frame["lead_source"] = draws.dealt(SOURCE, n, by=group)
    months = draws.integers(1, 36, n)
    free = draws.dealt((1 - NEVER_FREE, NEVER_FREE), n, by=group) == 0
    frame["free_member_months"] = np.where(free, months, 0)
    budget = np.clip(np.round(draws.gamma(3.0, 0.8, n) * 2) / 2, 0.5, 12.0)
    none = draws.dealt((NO_BUDGET, 1 - NO_BUDGET), n, by=group) == 0
    frame["budget_wan"] = np.where(none & (group != "member"), 0.0, budget)
    frame["decision_months"] = 1 + draws.dealt(MONTHS, n, by=group)


def _owners(draws: Draws, frame: pd.DataFrame, staff: pd.DataFrame) -> np.ndarray:
    """The rep of each record: equal shares within a territory; a twin has another rep than its first."""
    owner = np.full(len(frame), -1)
    honest = ~staff["fake"]
    allowed = {
        "worked": honest,
        "idle": honest,
        "member": honest & ~staff["newcomer"],
        "faked": staff["fake"],
    }
    for group, mask in allowed.items():
        for territory in dict.fromkeys(TERRITORY):
            here = np.flatnonzero((frame["group"] == group) & (frame["territory"] == territory))
            may = staff.index[mask & (staff["territory"] == territory)].to_numpy()
            if len(here):
                fate = frame["fate"].to_numpy()[here]
                owner[here] = may[draws.dealt([1.0] * len(may), len(here), by=fate)]
    for twin in frame.index[frame["group"] == "second"]:
        first = frame.at[twin, "first"]
        others = staff.index[honest & (staff.index != owner[first])]
        near = others[staff.loc[others, "territory"] == frame.at[twin, "territory"]]
        owner[twin] = draws.pick(list(near if len(near) else others), 1)[0]
    return owner


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
