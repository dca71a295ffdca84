"""What the reps did in the quarter: visits booked day by day, contracts signed, members served, logs faked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import on_workday, open_days
from segkit.synth.cases.alibaba.firms import (
    KEEN,
    LAST,
    ODDS,
    ONBOARD_DAYS,
    ONBOARDED,
    OPEN,
    START,
    date,
    design,
    terms,
)
from segkit.synth.draws import Draws, sigmoid
from segkit.workdays import is_workday

# every number below is a sample parameter (示例参数)
SILENT_DAYS, DEAL_DAYS = 30, 90  # released after 30 days without effective contact, 90 without a contract
EFFECTIVE_MINUTES, EFFECTIVE_CALL = 10, 0.5  # least minutes of an effective visit, of an effective call
GAP_MEDIAN, GAP_SIGMA, GAP_MOST = 9.0, 0.75, 24  # days between effective visits to a firm
ATTEMPTS, LATE = 0.6, 0.30  # vain attempts a gap; share of live firms with one after the last visit
VISITS_A_DAY = ((4, 6, 7, 8, 9, 10, 13), (0.07, 0.12, 0.20, 0.32, 0.15, 0.09, 0.05))
SWEEP = 12  # from this many visits a day on: from door to door, a few minutes each
AWAY, FAKERS_AWAY = (5, 9), (9, 11)  # working days off in the quarter
SERVICE = (6.4, 2.2, 0.4)  # service visits a quarter, by tier: large members get more
MISSED = 0.10  # of service visits: nobody met
EARLIEST, LATEST_BEFORE = dt.date(2025, 2, 10), -25  # contracts before the quarter: first, last (day)
FAKES_A_DAY = (18, 22)
REAL_DAYS, REAL_VISITS = 0.45, (2, 5)  # days on which a faker went out at all; visits then
SPREAD_LOAD = 9  # most visits of a day to which a whole course of visits is moved
LAG_MOST = 45  # days
COOL_DAYS = 14  # 水凉
TRIES = 1500  # draws of who signs, of which the most balanced is kept
GOOD = ("first", "meet", "sign", "service")  # kinds of visit that are effective


class Diary:
    """On which of the 60 days a rep is there, and how many visits stand in the book already."""

    def __init__(self, draws: Draws, fake: np.ndarray) -> None:
        self.load = np.zeros((len(fake), len(OPEN)), dtype=int)
        self.present = np.ones(self.load.shape, dtype=bool)
        for rep, fakes in enumerate(fake):
            days = int(draws.integers(*(FAKERS_AWAY if fakes else AWAY), 1)[0])
            self.present[rep, 3 + 2 * draws.some(len(OPEN) // 2 - 4, days)] = False  # never two days running

    def book(self, rep: int, earliest: int, cap: int, floor: int | None = None) -> int | None:
        """The first day from `earliest` on with fewer than `cap` visits.

        Failing that, the last such day before it, from `floor` on; failing that, the least busy from `earliest` on.
        """
        later = np.flatnonzero(self.present[rep] & (earliest <= OPEN))
        free = later[self.load[rep, later] < cap][:1]
        if not len(free) and floor is not None:
            free = np.flatnonzero(self.present[rep] & (floor <= OPEN) & (self.load[rep] < cap))[-1:]
        if not len(free):
            free = later[np.argsort(self.load[rep, later], kind="stable")][:1]
        if not len(free):
            return None
        self.load[rep, free[0]] += 1
        return int(OPEN[free[0]])

    def between(self, rep: int, first: int, last: int) -> int | None:
        """Book the middle one of the rep's days in first..last."""
        days = np.flatnonzero(self.present[rep] & (first <= OPEN) & (last >= OPEN))
        return None if not len(days) else self.book(rep, int(OPEN[days[len(days) // 2]]), LAST)


Visits = list[dict[str, Any]]  # of each visit: firm, rep, day, kind


def courted(draws: Draws, frame: pd.DataFrame, diary: Diary) -> Visits:
    """Visits to the firms being worked on and to second records; sets `claim` of each firm.

    The pressing and those whose decision maker is met get more visits: reps choose whom to see.
    """
    planned: list[tuple[int, int, str]] = []
    rows = frame[frame["group"].isin(["worked", "second"])]
    n = len(rows)
    base, by_need, by_kp = KEEN
    keen = base + by_need * (rows["need_level"] - 1) + by_kp * rows["kp_reached"]
    meets = 1 + np.minimum(draws.poisson(keen.to_numpy(), n), 7)
    gaps = np.clip(np.round(draws.lognormal(GAP_MEDIAN, GAP_SIGMA, 8 * n)), 1, GAP_MOST).reshape(n, 8)
    gaps = gaps.astype(int)
    tries = draws.poisson(ATTEMPTS, 8 * n).reshape(n, 8)
    where = draws.uniform(16 * n).reshape(n, 8, 2)
    release = draws.integers(31, LAST, n)  # of those held for 90 days
    final = {
        "active": LAST - draws.integers(1, 28, n),
        "silent": draws.integers(3, LAST - SILENT_DAYS - 1, n),
        "ninety": release - draws.integers(1, 25, n),
    }
    late, wait = draws.exactly(LATE, n), draws.integers(2, 12, n)
    before, sooner = draws.integers(0, 5, n), draws.integers(1, 3, n)
    ends: dict[int, int] = {}
    for i, (firm, row) in enumerate(rows.iterrows()):
        # the second record of a firm ends before the first one, whose last visit decides
        ends[firm] = ends[row["first"]] - sooner[i] if row["group"] == "second" else final[row["fate"]][i]
        back = ends[firm] - np.concatenate([[0], np.cumsum(gaps[i, : meets[i] - 1])])
        days = [int(day) for day in back[::-1] if day >= 0]
        held = row["fate"] == "ninety"
        frame.at[firm, "claim"] = release[i] - DEAL_DAYS - 1 if held else days[0] - before[i]
        planned += [(day, firm, "meet" if held or j else "first") for j, day in enumerate(days)]
        for j in range(len(days) - 1):
            room = days[j + 1] - days[j] - 1
            planned += [
                (days[j] + 1 + int(u * room), firm, "attempt") for u in where[i, j, : tries[i, j]] if room > 0
            ]
        if row["fate"] == "active" and late[i] and days[-1] + wait[i] <= LAST:
            planned.append((days[-1] + int(wait[i]), firm, "late"))
    tie = draws.uniform(len(planned))
    turn = sorted(range(len(planned)), key=lambda k: (planned[k][0], tie[k]))
    return _in_time(frame, booked(frame, [planned[k] for k in turn], diary, 7, frame["claim"]), diary)


def _in_time(frame: pd.DataFrame, visits: Visits, diary: Diary) -> Visits:
    """Second records without visits after the last one to the first; an only effective one moves before it."""
    last = history(visits)["last"]
    second = frame.index[frame["group"] == "second"]
    until = {int(firm): int(last[frame.at[firm, "first"]]) for firm in second}
    out = [v for v in visits if v["kind"] not in GOOD or v["day"] < until.get(v["firm"], LAST + 1)]
    left = {v["firm"] for v in out if v["kind"] in GOOD}
    for firm in second.difference(sorted(left)):
        rep = int(frame.at[firm, "owner"])
        day = int(OPEN[np.flatnonzero(diary.present[rep] & (until[firm] > OPEN))[-1]])
        frame.at[firm, "claim"] = min(frame.at[firm, "claim"], day)
        out = [v for v in out if v["firm"] != firm or v["day"] > day]
        out.append({"firm": int(firm), "rep": rep, "day": day, "kind": "first"})
    end = history(out)["last"]
    out = [v for v in out if v["firm"] not in until or v["day"] <= end[v["firm"]]]
    return sorted(out, key=lambda v: v["day"])


def nearest_open(day: int) -> int:
    """The working day of the quarter nearest to `day`, the earlier of two."""
    return int(OPEN[np.argmin(np.abs(OPEN - day))])


def booked(
    frame: pd.DataFrame, planned: list[tuple[int, int, str]], diary: Diary, cap: int, not_before: pd.Series
) -> Visits:
    """Planned visits laid into the diary of each owner, never two to one firm on one day.

    `not_before`: of each firm, the first day that may be used.
    """
    visits: Visits = []
    done: dict[int, int] = {}
    for due, firm, kind in planned:
        rep, day = int(frame.at[firm, "owner"]), nearest_open(due)
        floor = max(int(not_before[firm]), done.get(firm, -1) + 1)
        at = diary.book(rep, max(day, floor), cap, floor)
        if at is not None:
            done[firm] = at
            visits.append({"firm": firm, "rep": rep, "day": at, "kind": kind})
    return visits


def history(visits: Visits, first: pd.Series | None = None) -> pd.DataFrame:
    """Per firm: effective visits, the longest gap between two of them in days, the last of them.

    `first`: of each record the record of the same firm; with it, second records count for their firm.
    """
    frame = pd.DataFrame([v for v in visits if v["kind"] in GOOD])
    if first is not None:
        frame["firm"] = frame["firm"].map(first)
    frame = frame.sort_values(["firm", "day"], kind="stable")
    gap = frame.groupby("firm")["day"].diff().fillna(0)
    by = frame.assign(gap=gap).groupby("firm")
    return pd.DataFrame({"visits": by.size(), "gap": by["gap"].max().astype(int), "last": by["day"].max()})


def sign(draws: Draws, frame: pd.DataFrame, visits: Visits, diary: Diary) -> tuple[Visits, pd.DataFrame]:
    """Who signs; the last effective visit is the signing, and what came after it never happened.

    Sets `signed` (the day) in `frame`; returns the visits and, per firm, the design with its chance.
    """
    seen = history(visits, frame["first"])
    model = design(frame.loc[seen.index], seen["visits"], seen["gap"] > COOL_DAYS)
    chance = sigmoid(np.round((model * pd.Series(ODDS)).sum(axis=1), 9).to_numpy())
    x = model.to_numpy()
    # made independent of each other, so that visits and gaps, which go together, are held as close as the rest
    root = np.linalg.cholesky((x * (chance * (1.0 - chance))[:, None]).T @ x)
    industry = frame.loc[seen.index, "industry"].to_numpy()  # plays no part, in the sample either
    yes = draws.balanced(chance, np.linalg.solve(root, x.T).T, TRIES, by=industry)
    _spread(draws, frame, visits, diary, list(seen.index[yes]))
    last = history(visits)["last"]
    frame["signed"] = pd.Series(last.reindex(seen.index[yes]), dtype="Int64").reindex(frame.index)
    day = frame["signed"].dropna().astype(int).to_dict()
    kept = [v for v in visits if v["day"] <= day.get(v["firm"], LAST)]
    for visit in kept:
        if visit["day"] == day.get(visit["firm"], -1):
            visit["kind"] = "sign"
    return kept, model.assign(gap=seen["gap"], visits=seen["visits"], chance=chance, signed=yes)


def _spread(draws: Draws, frame: pd.DataFrame, visits: Visits, diary: Diary, signers: list[int]) -> None:
    """Move the visits to each signer by whole weeks, so that contracts come all through the quarter."""
    twinned = set(frame.loc[frame["group"] == "second", "first"])
    of: dict[int, Visits] = {firm: [] for firm in signers if firm not in twinned}
    for visit in visits:
        if visit["firm"] in of:
            of[visit["firm"]].append(visit)
    place = {int(day): at for at, day in enumerate(OPEN)}
    for firm, chance in zip(of, draws.uniform(len(of)), strict=True):
        rep, days = int(frame.at[firm, "owner"]), [v["day"] for v in of[firm]]
        at = np.array([place[day] for day in days])
        may: list[tuple[int, np.ndarray]] = []
        for weeks in range(min(days) // 7 + 1):
            to = np.array([place.get(day - 7 * weeks, -1) for day in days])
            room = (diary.present[rep, to] & (diary.load[rep, to] < SPREAD_LOAD)).all() and (to >= 0).all()
            if weeks == 0 or room:
                may.append((weeks, to))
        weeks, to = may[int(chance * len(may))]
        if weeks:
            np.subtract.at(diary.load[rep], at, 1)
            np.add.at(diary.load[rep], to, 1)
            for visit in of[firm]:
                visit["day"] -= 7 * weeks
            frame.at[firm, "claim"] -= 7 * weeks


def served(draws: Draws, frame: pd.DataFrame, contracts: pd.DataFrame, diary: Diary) -> Visits:
    """Service visits to members, more to the large ones; completes `first_service_date` of the new.

    Sets `onboarded`: whether the first contact after signing came within 7 days.
    """
    visits: Visits = []
    new = contracts[contracts["new"]]
    for (firm, row), wait in zip(new.iterrows(), _lags(draws, new), strict=True):
        due = _near(row["sign_date"], int(wait))
        if (due - START).days <= LAST:
            rep = int(frame.at[firm, "owner"])
            day = diary.book(rep, (due - START).days, LAST if row["onboarded"] else 8)
            if day is not None:
                visits.append({"firm": firm, "rep": rep, "day": day, "kind": "service"})
    contact = {v["firm"]: v["day"] for v in visits}
    for firm, day in contact.items():
        contracts.at[firm, "first_service_date"] = date(day)
    contracts["onboarded"] = [
        to is not None and (to - signed).days <= ONBOARD_DAYS
        for signed, to in zip(contracts["sign_date"], contracts["first_service_date"], strict=True)
    ]
    free = pd.Series(contact).reindex(frame.index).fillna(-1) + 1
    start = np.where(contracts["new"], [contact.get(firm, LAST) for firm in contracts.index], -1)
    rate = np.array(SERVICE)[contracts["tier"]] * (LAST - start) / (LAST + 1)
    count = draws.poisson(np.round(rate, 9), len(contracts))
    at = np.repeat(np.arange(len(contracts)), count)
    day = (start[at] + 1 + draws.uniform(len(at)) * (LAST - start[at])).astype(int)
    missed = draws.chance(MISSED, len(at))
    planned = [
        (int(d), int(contracts.index[k]), "missed" if m else "service")
        for d, k, m in sorted(zip(day, at, missed, strict=True))
    ]
    return visits + booked(frame, planned, diary, 8, free)


def members(draws: Draws, frame: pd.DataFrame) -> pd.DataFrame:
    """All contracts by firm: those of the quarter (`new`), and those of February to September 2025."""
    parts = []
    for new, firms in (
        (False, frame.index[frame["group"] == "member"]),
        (True, frame.index[frame["signed"].notna()]),
    ):
        part = terms(draws, frame.loc[firms, "annual_rev_wan"])
        n = len(part)
        earlier = draws.pick(open_days(EARLIEST, date(LATEST_BEFORE)), n)
        signed = [date(d) for d in frame.loc[firms, "signed"]] if new else earlier
        lags = _lags(draws, part)
        part["new"], part["sign_date"] = new, signed
        part["day"] = [(d - START).days for d in signed]
        part["first_service_date"] = [
            None if new else _near(d, int(w)) for d, w in zip(signed, lags, strict=True)
        ]
        parts.append(part)
    return pd.concat(parts)


def _lags(draws: Draws, contracts: pd.DataFrame) -> np.ndarray:
    """Days from signing to the first contact: exponential, of every tier the wanted share within 7 days."""
    share = np.array(ONBOARDED)[contracts["tier"]]
    u = draws.uniform(len(contracts))
    within = contracts["onboarded"].to_numpy(dtype=bool)
    at = np.where(within, u * share, share + u * (1.0 - share))
    rate = -np.log1p(-share) / ONBOARD_DAYS
    return np.clip(np.ceil(np.round(-np.log1p(-at) / rate, 6)), 1, LAG_MOST).astype(int)


def _near(signed: dt.date, wait: int) -> dt.date:
    """The working day nearest to `wait` days after signing, at least the next one."""
    day = signed + dt.timedelta(days=wait)
    later, sooner = on_workday(day), day
    while not is_workday(sooner):
        sooner -= dt.timedelta(days=1)
    return sooner if signed < sooner and day - sooner <= later - day else later


def cold(draws: Draws, diary: Diary, fake: np.ndarray) -> Visits:
    """First visits that led to no record: what is left of each honest rep's day."""
    counts, shares = VISITS_A_DAY
    target = np.array(counts)[draws.choice(shares, diary.load.size)].reshape(diary.load.shape)
    left = np.where(diary.present & ~fake[:, None], np.maximum(target - diary.load, 0), 0)
    return [
        {
            "firm": -1,
            "rep": int(rep),
            "day": int(OPEN[at]),
            "kind": "sweep" if target[rep, at] >= SWEEP else "cold",
        }
        for rep, at in np.argwhere(left > 0)
        for _ in range(left[rep, at])
    ]


def faked(draws: Draws, frame: pd.DataFrame, diary: Diary, fake: np.ndarray) -> Visits:
    """Logs without visits: half first visits, half on the rep's own firms; sets `claim` of these firms.

    On some days the rep did go out, too, to firms that led to no record.
    """
    visits: Visits = []
    own = frame.index[frame["group"] == "faked"]
    frame.loc[own, "claim"] = draws.integers(LAST - DEAL_DAYS + 1, LAST - SILENT_DAYS - 12, len(own))
    for rep in np.flatnonzero(fake):
        mine = own[frame.loc[own, "owner"] == rep]
        last: dict[int, int] = {}  # they go round their list: whom they logged longest ago comes next
        for at in np.flatnonzero(diary.present[rep]):
            day, n = int(OPEN[at]), int(draws.integers(*FAKES_A_DAY, 1)[0])
            real = int(draws.integers(*REAL_VISITS, 1)[0]) * int(draws.chance(REAL_DAYS, 1)[0])
            visits += [{"firm": -1, "rep": int(rep), "day": day, "kind": "cold"} for _ in range(real)]
            n -= real
            may = mine[frame.loc[mine, "claim"] <= day].to_numpy()
            turn = draws.some(may, len(may))
            chosen = turn[np.argsort([last.get(f, -1) for f in turn], kind="stable")][: n // 2]
            last |= dict.fromkeys(chosen, day)
            firms = [*map(int, chosen), *[-1] * (n - len(chosen))]
            visits += [{"firm": f, "rep": int(rep), "day": day, "kind": "fake"} for f in firms]
    return visits
