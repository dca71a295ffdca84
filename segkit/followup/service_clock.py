"""Complaints and service cases: answered in time, solved in time, and what is still open, on the clock that counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segkit.followup.promises import DONE_AT, STEPS, ServiceRules, Step
from segkit.problems import InputProblems, Problem
from segkit.workdays import DaysKnown, add_business_hours, business_hours, day_hours

# met and late are done; waiting is not done and not yet late; overdue is not done and late; unknown cannot be told
Kept = Literal["met", "late", "waiting", "overdue", "unknown"]
TOLD: tuple[Kept, ...] = ("met", "late", "overdue")
_MOMENT = 1e-6  # hours: what rounding of seconds may add


@dataclass(frozen=True)
class Waiting:
    """How long until half of the cases are done; where that is not known yet, `at_least`."""

    hours: float | None
    at_least: bool
    n: int
    open: int


@dataclass(frozen=True)
class Service:
    """What became of the promises.

    Attributes
    ----------
    cases : one row per case: `case_id, customer_id, owner, severity, opened_at`, `named` (its severity was
        named), and for each step promised `<step>_at, <step>_due, <step>_hours, <step>` (met | late | waiting |
        overdue | unknown)
    summary : one row per severity and step, and per step over all (`severity` "all"): `severity, step, cases,
        ripe, met, late, overdue, waiting, unknown, typical_hours, at_least`. `ripe` are the cases whose deadline has
        passed: a share is of these, `late` and `overdue` among them, for of younger ones only the quick are done.
        Half of the cases took `typical_hours` or less; where too many are open, at least so long
    breaches : `case_id, customer_id, owner, severity, step, due, hours_over, still_open`, the longest first
    escalations : open cases, `case_id, customer_id, owner, severity, opened_at, days_open` (working days), `level`
        (1 is the first of `escalate_days`), the longest open first
    owners : `owner, cases, open, response_late, resolution_late, escalated`; "" where nobody is named
    days_only : the moments are days without a time. Then a promise is kept or broken only where that is so whatever
        the times were, all between is unknown, and no hours are given
    """

    cases: pd.DataFrame
    summary: pd.DataFrame
    breaches: pd.DataFrame
    escalations: pd.DataFrame
    owners: pd.DataFrame
    days_only: bool = False


def service(
    complaints: pd.DataFrame,
    rules: ServiceRules | None = None,
    *,
    as_of: dt.date | dt.datetime,
    calendar: DaysKnown | None = None,
) -> Service:
    """Were customers answered and helped within the time promised (客诉时限)?

    First response and solution are told apart, and each case runs on the clock of its severity. A case still open
    is neither kept nor broken until its deadline has passed, and counts as broken from then on; how long cases
    take is reckoned with those that are open (Kaplan and Meier), for the closed ones alone look too quick.

    Parameters
    ----------
    complaints : `case_id, opened_at`, and where known `customer_id, owner, severity, first_response_at,
        feedback_at, closed_at`; one row per case
    as_of : the day (its end), or the moment, up to which is known what happened; what is later has not happened
    calendar : the client's own days off and on

    Raises
    ------
    InputProblems : a column that is needed is not there

    References
    ----------
    Kaplan & Meier (1958), Journal of the American Statistical Association 53, 457-481.
    """
    rules = rules or ServiceRules()
    lacking = [column for column in ("case_id", "opened_at") if column not in complaints.columns]
    if lacking:
        raise InputProblems([Problem("service.no_column", {"name": column}) for column in lacking])
    now = (
        pd.Timestamp(as_of) if isinstance(as_of, dt.datetime) else pd.Timestamp(as_of) + pd.Timedelta(days=1)
    )
    cases = _cases(complaints, rules, now)
    desk = _Desk(rules, calendar, now, _days_only(cases))
    for step in STEPS:
        if any(getattr(promise, step) for promise in rules.promises.values()):
            _judge(cases, step, desk)
    escalations = _escalations(cases, desk)
    return Service(
        cases=cases,
        summary=_summary(cases, list(rules.promises), now),
        breaches=_breaches(cases, desk),
        escalations=escalations,
        owners=_owners(cases, escalations),
        days_only=desk.days_only,
    )


def typical_wait(hours: NDArray[np.float64], done: NDArray[np.bool_]) -> Waiting:
    """After how many hours are half of the cases done, those still open counted with the hours so far?

    Where fewer than half are known to be done, the longest time known of, and `at_least`.

    References
    ----------
    Kaplan & Meier (1958).
    """
    known = ~np.isnan(hours)
    time, event = hours[known], done[known]
    if not len(time):
        return Waiting(None, False, 0, 0)
    order = np.lexsort([~event, time])  # at the same time what is done comes before what is still open
    time, event = time[order], event[order]
    left = np.cumprod(1 - event / np.arange(len(time), 0, -1))
    half = np.flatnonzero(left <= 0.5 + 1e-12)
    n, still = len(time), int((~event).sum())
    if len(half):
        return Waiting(float(time[half[0]]), False, n, still)
    return Waiting(float(time[-1]), True, n, still)


# --- the cases -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Desk:
    """The clocks, up to the moment everything is known."""

    rules: ServiceRules
    calendar: DaysKnown | None
    now: pd.Timestamp
    days_only: bool

    def bounds(self, cases: pd.DataFrame, end: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The fewest and the most hours there can be; the same where times are known."""
        if not self.days_only:
            return (hours := self.hours(cases, end)), hours
        day = pd.Timedelta(days=1)
        least = self.hours(cases.assign(opened_at=cases["opened_at"] + day), end)
        return np.maximum(least, 0.0), self.hours(cases, (end + day).where(end != self.now, end))

    def hours(self, cases: pd.DataFrame, end: pd.Series) -> NDArray[np.float64]:
        """Hours that count from the opening of each case to `end`."""
        by_calendar = (end - cases["opened_at"]).dt.total_seconds().to_numpy() / 3600
        worked = business_hours(cases["opened_at"], end, self.rules.hours, self.calendar)
        return np.where(self._round_the_clock(cases), by_calendar, worked)

    def allowed(self, cases: pd.DataFrame, step: Step) -> NDArray[np.float64]:
        """Hours each case may take; not a number where nothing is promised."""
        length = day_hours(self.rules.hours)
        limits = {id: getattr(promise, step) for id, promise in self.rules.promises.items()}
        in_hours = {
            id: np.nan if limit is None else limit.hours or limit.workdays * length
            for id, limit in limits.items()
        }
        return cases["severity"].map(in_hours).to_numpy(dtype="float64")

    def due(self, cases: pd.DataFrame, allowed: NDArray[np.float64]) -> pd.Series:
        worked = add_business_hours(cases["opened_at"], allowed, self.rules.hours, self.calendar)
        by_calendar = cases["opened_at"] + pd.to_timedelta(allowed, unit="h")
        due = by_calendar.where(self._round_the_clock(cases), pd.Series(worked, index=cases.index))
        return due.astype("datetime64[ns]")

    def _round_the_clock(self, cases: pd.DataFrame) -> NDArray[np.bool_]:
        clocks = {id: promise.clock == "calendar" for id, promise in self.rules.promises.items()}
        return cases["severity"].map(clocks).to_numpy(dtype=bool)


def _cases(complaints: pd.DataFrame, rules: ServiceRules, now: pd.Timestamp) -> pd.DataFrame:
    """The cases opened up to now; what happened later has not happened."""
    made = pd.DataFrame({"case_id": complaints["case_id"].astype(str)})
    for column in ("customer_id", "owner"):
        given = complaints[column] if column in complaints else pd.Series("", index=complaints.index)
        made[column] = given.astype("object").where(given.notna(), "").astype(str)
    named = (
        rules.severity_of(complaints["severity"])
        if "severity" in complaints
        else pd.Series(None, index=complaints.index, dtype="object")
    )
    made["severity"], made["named"] = named.fillna(rules.otherwise), named.notna()
    made["opened_at"] = pd.to_datetime(complaints["opened_at"]).astype("datetime64[ns]")
    for step, column in DONE_AT.items():
        if column in complaints:
            at = pd.to_datetime(complaints[column]).astype("datetime64[ns]")
            made[f"{step}_at"] = at.where(at <= now)
    return made[made["opened_at"] <= now].reset_index(drop=True)


def _days_only(cases: pd.DataFrame) -> bool:
    """Is no moment on record more than a day?"""
    columns = ["opened_at", *(f"{step}_at" for step in STEPS if f"{step}_at" in cases)]
    known = pd.concat([cases[column].dropna() for column in columns])
    return len(known) > 0 and bool((known == known.dt.normalize()).all())


def _judge(cases: pd.DataFrame, step: Step, desk: _Desk) -> None:
    """Add `<step>_due, <step>_hours, <step>` where something is promised and its moments are on record."""
    if f"{step}_at" not in cases:
        return
    done_at, closed_at = cases[f"{step}_at"], cases.get("resolution_at", pd.Series(pd.NaT, index=cases.index))
    allowed = desk.allowed(cases, step)
    done = done_at.notna().to_numpy()
    ended = np.where(done, done_at, desk.now.to_datetime64())
    least, most = desk.bounds(cases, pd.Series(ended, index=cases.index))
    late = least > allowed + _MOMENT
    perhaps = ~late & (most > allowed + _MOMENT)
    kept = np.select(
        [done & late, done & perhaps, done, late], ["late", "unknown", "met", "overdue"], "waiting"
    )
    # the end stands before the beginning, or a case was closed and nobody wrote down when it was answered
    contradicts = (done_at < cases["opened_at"]).to_numpy()
    unwritten = ~done & closed_at.notna().to_numpy()
    unknown = contradicts | unwritten
    kept = np.where(unknown, "unknown", kept)
    promised = ~np.isnan(allowed)
    cases[f"{step}_due"] = desk.due(cases, allowed)
    cases[f"{step}_hours"] = np.where(unknown | desk.days_only, np.nan, most)
    cases[step] = pd.Series(kept, index=cases.index, dtype="object").where(promised, None)


def _steps(cases: pd.DataFrame) -> Iterator[Step]:
    yield from (step for step in STEPS if step in cases)


# --- what is said of them --------------------------------------------------------------------------


def _summary(cases: pd.DataFrame, severities: list[str], now: pd.Timestamp) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for step in _steps(cases):
        for severity in ("all", *severities):
            of = cases[cases[step].notna()]
            of = of if severity == "all" else of[of["severity"] == severity]
            if not len(of):
                continue
            state = of[step].value_counts()
            counts = {
                name: int(state.get(name, 0)) for name in ("met", "late", "overdue", "waiting", "unknown")
            }
            wait = typical_wait(
                of[f"{step}_hours"].to_numpy(dtype="float64"), of[step].isin(["met", "late"]).to_numpy()
            )
            rows.append(
                {
                    "severity": severity,
                    "step": step,
                    "cases": len(of),
                    "ripe": int(((of[f"{step}_due"] <= now) & of[step].isin(TOLD)).sum()),
                    **counts,
                    "typical_hours": wait.hours,
                    "at_least": wait.at_least,
                }
            )
    columns = ["severity", "step", "cases", "ripe", "met", "late", "overdue", "waiting", "unknown"]
    return pd.DataFrame(rows, columns=[*columns, "typical_hours", "at_least"])


def _breaches(cases: pd.DataFrame, desk: _Desk) -> pd.DataFrame:
    columns = ["case_id", "customer_id", "owner", "severity", "step", "due", "hours_over", "still_open"]
    parts = []
    for step in _steps(cases):
        late = cases[cases[step].isin(["late", "overdue"])]
        over = late[f"{step}_hours"] - desk.allowed(late, step)  # not a number where only days are known
        part = late[["case_id", "customer_id", "owner", "severity"]].assign(
            step=step, due=late[f"{step}_due"], hours_over=over, still_open=late[step] == "overdue"
        )
        parts.append(part[columns])
    if not parts:
        return pd.DataFrame(columns=columns)
    every = pd.concat(parts, ignore_index=True)
    return every.sort_values(["hours_over", "case_id"], ascending=[False, True], ignore_index=True)


def _escalations(cases: pd.DataFrame, desk: _Desk) -> pd.DataFrame:
    columns = ["case_id", "customer_id", "owner", "severity", "opened_at"]
    if "resolution_at" not in cases:
        return pd.DataFrame(columns=[*columns, "days_open", "level"])
    still = cases[cases["resolution_at"].isna()]
    now = pd.Series(desk.now, index=still.index)
    hours = business_hours(still["opened_at"], now, desk.rules.hours, desk.calendar)
    days = np.floor(hours / day_hours(desk.rules.hours) + _MOMENT)
    level = np.searchsorted(np.array(desk.rules.escalate_days), days, side="right")
    table = still[columns].assign(days_open=days.astype("int64"), level=level)
    table = table[table["level"] > 0]
    return table.sort_values(["days_open", "case_id"], ascending=[False, True], ignore_index=True)


def _owners(cases: pd.DataFrame, escalations: pd.DataFrame) -> pd.DataFrame:
    of: dict[str, pd.Series] = {"cases": pd.Series(1, index=cases.index)}
    if "resolution_at" in cases:
        of["open"] = cases["resolution_at"].isna()
    of |= {f"{step}_late": cases[step].isin(["late", "overdue"]) for step in _steps(cases)}
    of["escalated"] = cases["case_id"].isin(escalations["case_id"])
    table = pd.DataFrame(of).groupby(cases["owner"]).sum().astype("int64").rename_axis("owner").reset_index()
    late = [column for column in ("resolution_late", "response_late") if column in table]
    order = [*late, "cases", "owner"]
    return table.sort_values(order, ascending=[False] * (len(order) - 1) + [True], ignore_index=True)
