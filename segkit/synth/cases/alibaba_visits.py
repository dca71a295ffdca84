"""What the reps did in the quarter: visits booked day by day, contracts signed, members served, logs faked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import on_workday
from segkit.synth.cases.alibaba_firms import CASE, LAST, ONBOARD_DAYS, OPEN, REFERRAL, START, date, terms
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws, sigmoid
from segkit.synth.people import Names
from segkit.workdays import next_workday

# every number below is a sample parameter (示例参数)
SILENT_DAYS, DEAL_DAYS = 30, 90  # released after 30 days without effective contact, 90 without a contract
EFFECTIVE_MINUTES, EFFECTIVE_CALL = 10, 0.5  # least minutes of an effective visit, of an effective call
GAP_MEDIAN, GAP_SIGMA, GAP_MOST = 9.0, 0.75, 24  # days between effective visits to a firm
KEEN = (0.9, 0.4, 0.7)  # effective visits after the first: mean, more by level of need, where the KP was met
ATTEMPTS, LATE = 0.6, 0.30  # vain attempts a gap; share of live firms with one after the last visit
VISITS_A_DAY = ((6, 7, 8, 9, 10), (0.14, 0.24, 0.38, 0.17, 0.07))
AWAY, FAKERS_AWAY = (5, 9), (9, 11)  # working days off in the quarter
SERVICE = (6.4, 2.2, 0.4)  # service visits a quarter, by tier: large members get more
MISSED = 0.10  # of service visits: nobody met
EARLIEST, LATEST_BEFORE = dt.date(2025, 2, 10), -25  # contracts before the quarter: first, last (day)
CLOSING = 0.74  # of visits to a firm after the first
FAKES_A_DAY = (18, 22)
COOL_DAYS = 14  # 水凉
# log odds of signing within the quarter; the intercept is set so that about 14.8 % sign
ODDS = {
    "intercept": -3.57,
    "need_high": 0.9,
    "kp_reached": 0.9,
    "export_over_30": 0.7,
    "referral": 0.6,
    "free_6_months": 0.5,
    "effective_visits": 0.3,  # each, up to five
    "cooled": -0.693,  # a gap of more than 14 days halves the odds
}
MOST_VISITS = 5
TRIES = 1500  # draws of who signs, of which the most balanced is kept
PURPOSE = {"first": 0, "cold": 0, "service": 1, "missed": 1, "sign": 2}  # others are drawn
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
    before = draws.integers(0, 5, n)
    for i, (firm, row) in enumerate(rows.iterrows()):
        back = final[row["fate"]][i] - np.concatenate([[0], np.cumsum(gaps[i, : meets[i] - 1])])
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
    return booked(frame, [planned[k] for k in turn], diary, 7, frame["claim"])


def booked(
    frame: pd.DataFrame, planned: list[tuple[int, int, str]], diary: Diary, cap: int, not_before: pd.Series
) -> Visits:
    """Planned visits laid into the diary of each owner, never two to one firm on one day.

    `not_before`: of each firm, the first day that may be used.
    """
    visits: Visits = []
    done: dict[int, int] = {}
    for day, firm, kind in planned:
        rep = int(frame.at[firm, "owner"])
        floor = max(int(not_before[firm]), done.get(firm, -1) + 1)
        at = diary.book(rep, max(day, floor), cap, floor)
        if at is not None:
            done[firm] = at
            visits.append({"firm": firm, "rep": rep, "day": at, "kind": kind})
    return visits


def history(visits: Visits) -> pd.DataFrame:
    """Per firm: effective visits, the longest gap between two of them in days, the last of them."""
    frame = pd.DataFrame([v for v in visits if v["kind"] in GOOD]).sort_values(["firm", "day"], kind="stable")
    gap = frame.groupby("firm")["day"].diff().fillna(0)
    by = frame.assign(gap=gap).groupby("firm")
    return pd.DataFrame({"visits": by.size(), "gap": by["gap"].max().astype(int), "last": by["day"].max()})


def design(frame: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """The columns of the model of signing, one row per firm worked on, in the order of `ODDS`."""
    rows = frame.loc[seen.index]
    return pd.DataFrame(
        {
            "intercept": 1.0,
            "need_high": (rows["need_level"] == 3).astype(float),
            "kp_reached": rows["kp_reached"].astype(float),
            "export_over_30": (rows["export_share"] > 0.30).astype(float),
            "referral": (rows["lead_source"] == REFERRAL).astype(float),
            "free_6_months": (rows["free_member_months"] >= 6).astype(float),
            "effective_visits": np.minimum(seen["visits"], MOST_VISITS).astype(float),
            "cooled": (seen["gap"] > COOL_DAYS).astype(float),
        }
    )


def sign(draws: Draws, frame: pd.DataFrame, visits: Visits) -> tuple[Visits, pd.DataFrame]:
    """Who signs; the last effective visit is the signing, and what came after it never happened.

    Sets `signed` (the day) in `frame`; returns the visits and, per firm, the design with its chance.
    """
    seen = history(visits)
    seen = seen[seen.index.map(frame["group"]) == "worked"]
    model = design(frame, seen)
    chance = sigmoid(np.round((model * pd.Series(ODDS)).sum(axis=1), 9).to_numpy())
    x = model.to_numpy()
    # made independent of each other, so that visits and gaps, which go together, are held as close as the rest
    root = np.linalg.cholesky((x * (chance * (1.0 - chance))[:, None]).T @ x)
    yes = draws.balanced(chance, np.linalg.solve(root, x.T).T, TRIES)
    frame["signed"] = pd.Series(seen["last"][yes], dtype="Int64").reindex(frame.index)
    day = frame["signed"].dropna().astype(int).to_dict()
    kept = [v for v in visits if v["day"] <= day.get(v["firm"], LAST)]
    for visit in kept:
        if visit["day"] == day.get(visit["firm"], -1):
            visit["kind"] = "sign"
    return kept, model.assign(gap=seen["gap"], visits=seen["visits"], chance=chance, signed=yes)


def served(draws: Draws, frame: pd.DataFrame, contracts: pd.DataFrame, diary: Diary) -> Visits:
    """Service visits to members, more to the large ones; completes `first_service_date` of the new.

    A member won in the quarter is called within 7 days, or not before the ninth (or not yet).
    """
    visits: Visits = []
    new = contracts[contracts["new"]]
    delay = np.where(new["onboarded"], draws.integers(1, 3, len(new)), draws.integers(9, 30, len(new)))
    for (firm, row), wait in zip(new.iterrows(), delay, strict=True):
        if row["day"] + wait <= LAST:
            rep = int(frame.at[firm, "owner"])
            day = diary.book(rep, int(row["day"] + wait), LAST if row["onboarded"] else 8)
            if day is not None:
                visits.append({"firm": firm, "rep": rep, "day": day, "kind": "service"})
    contact = {v["firm"]: v["day"] for v in visits}
    for firm, day in contact.items():
        contracts.at[firm, "first_service_date"] = date(day)
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
        earlier = [on_workday(date(d)) for d in draws.integers((EARLIEST - START).days, LATEST_BEFORE, n)]
        signed = [date(d) for d in frame.loc[firms, "signed"]] if new else earlier
        wait = np.where(part["onboarded"], draws.integers(1, 3, n), draws.integers(9, 20, n))
        part["new"], part["sign_date"] = new, signed
        part["day"] = [(d - START).days for d in signed]
        part["first_service_date"] = [
            None if new else _contact(d, int(w)) for d, w in zip(signed, wait, strict=True)
        ]
        parts.append(part)
    return pd.concat(parts)


def _contact(signed: dt.date, wait: int) -> dt.date:
    """A working day `wait` days after signing; before a long holiday the next one, to stay within a week."""
    day = on_workday(signed + dt.timedelta(days=wait))
    return next_workday(signed) if wait <= ONBOARD_DAYS < (day - signed).days else day


def cold(draws: Draws, diary: Diary, fake: np.ndarray) -> Visits:
    """First visits that led to no record: what is left of each honest rep's day."""
    counts, shares = VISITS_A_DAY
    target = np.array(counts)[draws.choice(shares, diary.load.size)].reshape(diary.load.shape)
    left = np.where(diary.present & ~fake[:, None], np.maximum(target - diary.load, 0), 0)
    return [
        {"firm": -1, "rep": int(rep), "day": int(OPEN[at]), "kind": "cold"}
        for rep, at in np.argwhere(left > 0)
        for _ in range(left[rep, at])
    ]


def faked(draws: Draws, frame: pd.DataFrame, diary: Diary, fake: np.ndarray) -> Visits:
    """Logs without visits: half first visits, half on the rep's own firms; sets `claim` of these firms."""
    visits: Visits = []
    own = frame.index[frame["group"] == "faked"]
    frame.loc[own, "claim"] = draws.integers(LAST - DEAL_DAYS + 1, LAST - SILENT_DAYS - 12, len(own))
    for rep in np.flatnonzero(fake):
        mine = own[frame.loc[own, "owner"] == rep]
        last: dict[int, int] = {}  # they go round their list: whom they logged longest ago comes next
        for at in np.flatnonzero(diary.present[rep]):
            day, n = int(OPEN[at]), int(draws.integers(*FAKES_A_DAY, 1)[0])
            may = mine[frame.loc[mine, "claim"] <= day].to_numpy()
            turn = draws.some(may, len(may))
            chosen = turn[np.argsort([last.get(f, -1) for f in turn], kind="stable")][: n // 2]
            last |= dict.fromkeys(chosen, day)
            firms = [*map(int, chosen), *[-1] * (n - len(chosen))]
            visits += [{"firm": f, "rep": int(rep), "day": day, "kind": "fake"} for f in firms]
    return visits


# --- what stands in the log -------------------------------------------------------------------------


def log(draws: Draws, visits: Visits, names: Names) -> pd.DataFrame:
    """The visits as rows, in order of day; `firm` and `kind` stand beside the columns of the table."""
    frame = pd.DataFrame(visits)
    n = len(frame)
    turn = np.lexsort((draws.uniform(n), frame["rep"], frame["day"]))
    frame = frame.iloc[turn].reset_index(drop=True)
    kind = frame["kind"]
    fake = (kind == "fake").to_numpy()
    good = kind.isin(GOOD).to_numpy()
    alone = (frame["firm"] < 0).to_numpy()
    u = draws.uniform(n)
    drawn = np.where(u < CLOSING, 2, 1)
    purpose = np.where(fake, np.where(alone, 0, np.where(u < 0.5, 2, 1)), kind.map(PURPOSE).fillna(-1))
    purpose = np.where(purpose < 0, drawn, purpose).astype(int)
    calls = kind.isin(["meet", "attempt", "service", "missed"]).to_numpy() & draws.chance(
        np.where(purpose == 2, 0.2, 0.4), n
    )
    calls |= kind.isin(["late", "stale", "vain"]).to_numpy()
    long = np.clip(np.round(draws.lognormal(32.0, 0.45, n)), EFFECTIVE_MINUTES, 150)
    talk = np.clip(np.round(draws.lognormal(5.0, 0.6, n), 1), EFFECTIVE_CALL, 40.0)
    minutes = np.select(
        [fake, good & calls, good, calls],
        [draws.integers(1, 3, n), talk, long, np.round(0.1 + 0.3 * draws.uniform(n), 1)],
        draws.integers(2, EFFECTIVE_MINUTES - 1, n),
    )
    frame["purpose"] = columns(CASE, "visits")["purpose"].said(names, purpose)
    frame["channel"] = columns(CASE, "visits")["channel"].said(names, calls.astype(int))
    frame["outcome"] = columns(CASE, "visits")["outcome"].said(names, _outcomes(draws, kind, calls))
    frame["minutes"] = minutes
    frame["effective"] = (good | fake).astype(int)  # the false ones are ticked, too
    ahead = draws.integers(3, 14, n)
    open_end = kind.isin(["first", "meet"]) & draws.chance(0.85, n) | fake & draws.chance(0.12, n)
    dates = [date(d) for d in frame["day"]]
    frame["visit_date"] = dates
    frame["next_step_date"] = [
        on_workday(date(d + a)) if o else None for d, a, o in zip(frame["day"], ahead, open_end, strict=True)
    ]
    frame["visit_id"] = [f"V{i:06d}" for i in range(1, n + 1)]
    return frame


def _outcomes(draws: Draws, kind: pd.Series, calls: np.ndarray) -> np.ndarray:
    """Places among the outcomes: interested, thinking, not interested, nobody met, not connected, served, signed."""
    n = len(kind)
    open_ = draws.choice([0.55, 0.45], n)
    failed = np.where(calls, 4, 3)
    refused = np.where(draws.chance(0.45, n), 2, 3)
    faked_ = draws.choice([0.45, 0.35, 0.20], n)
    return np.select(
        [kind == "sign", kind == "service", kind == "fake", kind == "cold", kind.isin(["first", "meet"])],
        [6, 5, faked_, refused, open_],
        failed,
    )
