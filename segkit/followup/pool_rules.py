"""公海 and 私海: until when a customer is protected, who gives one back, who may claim it again, who holds too many."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from segkit.locale import Lang
from segkit.locale.sourced import Sourced
from segkit.locale.spelling import plain_word
from segkit.problems import InputProblems, Problem
from segkit.workdays import DaysKnown, add_workdays, is_workday

State = Literal["private", "remind", "due", "public", "exempt", "unknown"]
STATES: tuple[State, ...] = get_args(State)
# why a record goes back: the protection ran out, its longest was reached, nobody followed up, nothing was closed
REASONS = ("protection", "maximum", "no_follow", "no_deal")
RECORDS = [
    "customer_id",
    "owner",
    "state",
    "claim_date",
    "last_effective",
    "recycle_at",
    "days_left",
    "reason",
]
_DAY = pd.Timedelta(days=1)


class PoolRules(Sourced, BaseModel):
    """Who may keep a customer to themselves, and for how long; None switches a rule off.

    The fields and how they work together are those Chinese CRM systems offer (help.icsoc.net highsea; 悟空CRM
    5kcrm.com 98; 红圈 for default, extension and longest protection). The numbers are sample parameters
    (示例参数), within what systems and code in public use: 7 to 30 days without follow-up, re-claim bans of 5 to
    30 days, 10 claims a day.

    Attributes
    ----------
    no_follow_days : back to the pool so many days after the last effective contact
    no_deal_days : so many days after the claim without a deal
    default_protect, extend_days, max_protect : protected for so many days after the claim; each effective contact
        while protected extends that to so many days after it, to no more than so many days after the claim
    remind_before : the owner is reminded so many days before
    reclaim_ban_days : who gave one back may not claim it again for so many days
    daily_claim_cap, hold_cap : claims a day, and records held at a time; the exempt do not count as held
    exempt, public : words of the status that mean: not subject to the rules (成交、锁定), in the public pool
    before, changed_on : the rules until `changed_on`; a change takes effect the next day, and nobody gives one
        back for the new rules' sake before it
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    no_follow_days: int | None = Field(default=15, ge=1)
    no_deal_days: int | None = Field(default=90, ge=1)
    default_protect: int | None = Field(default=10, ge=1)
    extend_days: int = Field(default=3, ge=0)
    max_protect: int | None = Field(default=None, ge=1)
    remind_before: tuple[int, ...] = (3, 1)
    reclaim_ban_days: int = Field(default=7, ge=0)
    daily_claim_cap: int | None = Field(default=10, ge=1)
    hold_cap: int | None = Field(default=100, ge=1)
    exempt: tuple[str, ...] = ("成交", "锁定", "保护", "signed", "won", "deal", "locked")
    public: tuple[str, ...] = ("公海", "公共", "区域公海", "public", "public pool", "high seas")
    before: PoolRules | None = None
    changed_on: dt.date | None = None
    source: str | dict[Lang, str] = ""

    @field_validator("remind_before")
    @classmethod
    def _earliest_first(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if any(day < 0 for day in days):
            raise PydanticCustomError("pool.remind", "not below 0", {"days": list(days)})
        return tuple(sorted(set(days), reverse=True))

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.default_protect and self.max_protect and self.max_protect < self.default_protect:
            facts = {"least": self.default_protect, "most": self.max_protect}
            raise PydanticCustomError("pool.protection_order", "contradict", facts)
        if all(getattr(self, k) is None for k in ("no_follow_days", "no_deal_days", "default_protect")):
            raise PydanticCustomError("pool.no_rule", "nothing is ever recycled", {})
        if (self.before is None) != (self.changed_on is None):
            raise PydanticCustomError("pool.change_half_said", "both or neither", {})
        return self


@dataclass(frozen=True)
class Pool:
    """Who holds what on the day, and what follows from it.

    Attributes
    ----------
    records : one row per record: `customer_id, owner, state, claim_date, last_effective, recycle_at` (the last
        protected day), `days_left` (below 0 where it is past), `reason` (protection | maximum | no_follow |
        no_deal), `too_early` (in the pool since before its protection ended). `state` is private | remind | due
        (past its day, still held) | public | exempt | unknown (held, without a day of the claim)
    reminders : `customer_id, owner, day, days_before, recycle_at`, from the day on; on the working day before
        where they would fall on a day off
    bans : `customer_id, owner, allowed_from`: who gave it back and may not claim it again before that day
    holding : `owner, held, cap, over`
    claims : `owner, day, claims, cap, over`, one row per owner and day with more claims than the cap
    """

    records: pd.DataFrame
    reminders: pd.DataFrame
    bans: pd.DataFrame
    holding: pd.DataFrame
    claims: pd.DataFrame

    def returning(self, days: int = 7) -> pd.DataFrame:
        """The records that go back to the pool within so many days, today's and those past their day first."""
        back = self.records[self.records["days_left"].lt(days).fillna(False)]
        back = back[back["state"].isin(["private", "remind", "due"])]
        return back.sort_values(["recycle_at", "customer_id"], kind="stable").reset_index(drop=True)


def pool(
    records: pd.DataFrame,
    contacts: pd.DataFrame | None,
    rules: PoolRules,
    *,
    as_of: dt.date,
    calendar: DaysKnown | None = None,
    log_from: dt.date | None = None,
) -> Pool:
    """Who has to give a customer back to the public pool (公海回收), and when?

    A record is protected from the claim on. Only an effective contact of its owner on a day on which it is still
    protected extends that; calls nobody answered do not. The last protected day still counts, and the record
    goes back in the night after it.

    Parameters
    ----------
    records : `customer_id, owner, claim_date`; where known `status` (the client's words), `last_owner,
        release_date` of those in the pool, `last_effective` in place of contacts
    contacts : `customer_id, date, effective` (yes or no), where known `owner`: then only those of the owner count
    rules : see `PoolRules`
    as_of : the day; what is later does not count
    calendar : the client's own days off; reminders go to working days, protection runs on all days
    log_from : the day the log of contacts begins: who was protected until a day before it may have been in contact
        earlier, so that the first contact on record counts

    Raises
    ------
    InputProblems : a column that is needed is not there
    """
    _refuse_gaps(records, contacts)
    today = pd.Timestamp(as_of)
    own = _tidy(records)
    active = _effective(own, contacts, today)
    begun = pd.NaT if log_from is None else pd.Timestamp(log_from)
    own["log_from"] = begun if contacts is not None else today + _DAY  # of earlier contacts nothing is known
    ends = _changed(own, active, rules, today)
    state = _states(own, ends, rules, today)
    made = pd.DataFrame(
        {
            **{column: own[column] for column in ("customer_id", "owner", "claim_date")},
            **{column: ends[column] for column in ("last_effective", "recycle_at", "reason")},
            "state": state,
            "days_left": (ends["recycle_at"] - today).dt.days.astype("Int64"),
        }
    )
    free = state.isin(["public", "exempt"])
    made["too_early"] = (state == "public") & own["release_date"].le(ends["recycle_at"])
    made.loc[free, "days_left"] = pd.NA
    made = made[[*RECORDS, "too_early"]]
    return Pool(
        records=made,
        reminders=_reminders(made, rules, today, calendar),
        bans=_bans(own, made, rules, today),
        holding=_holding(made, rules),
        claims=_claims(own, rules),
    )


# --- what is there ---------------------------------------------------------------------------------


def _refuse_gaps(records: pd.DataFrame, contacts: pd.DataFrame | None) -> None:
    asked = {"records": (records, ("customer_id", "owner", "claim_date"))}
    if contacts is not None:
        asked["contacts"] = (contacts, ("customer_id", "date", "effective"))
    problems = [
        Problem("pool.no_column", {"table": table, "name": column})
        for table, (frame, columns) in asked.items()
        for column in columns
        if column not in frame.columns
    ]
    if problems:
        raise InputProblems(problems)


def _tidy(records: pd.DataFrame) -> pd.DataFrame:
    """One row per record in the order given, every column there, words and days as such."""
    own = pd.DataFrame(index=pd.RangeIndex(len(records)))
    for column in ("customer_id", "owner", "status", "last_owner"):
        given = records[column].reset_index(drop=True) if column in records else None
        own[column] = "" if given is None else given.astype("object").where(given.notna(), "").astype(str)
    for column in ("claim_date", "release_date", "last_effective"):
        given = records[column].to_numpy() if column in records else pd.NaT
        own[column] = pd.Series(pd.to_datetime(given), index=own.index).dt.normalize()
    return own


def _effective(own: pd.DataFrame, contacts: pd.DataFrame | None, today: pd.Timestamp) -> pd.DataFrame:
    """`row` (of the records) and `day` of every effective contact by the owner, up to the day, in order."""
    if contacts is None:
        found = own["last_effective"].dropna()
        return pd.DataFrame({"row": found.index, "day": found.to_numpy()})
    counted = contacts["effective"].astype("boolean").fillna(False).astype(bool).to_numpy()
    day = pd.to_datetime(contacts["date"]).dt.normalize()
    made = pd.DataFrame({"customer_id": contacts["customer_id"].astype(str), "day": day})
    made["by"] = contacts["owner"].fillna("").astype(str) if "owner" in contacts else ""
    made = made[counted & day.le(today).to_numpy()]
    holder = own["owner"].where(own["owner"] != "", own["last_owner"])
    known = pd.DataFrame(
        {
            "customer_id": own["customer_id"],
            "row": own.index,
            "holder": holder,
            "claim": own["claim_date"],
            "until": own["release_date"].where(own["owner"] == ""),
        }
    )
    made = made.merge(known, on="customer_id")
    mine = (made["by"] == "") | (made["holder"] == "") | (made["by"] == made["holder"])
    inside = made["day"].ge(made["claim"]) & ~made["day"].ge(made["until"])
    return made.loc[mine & inside, ["row", "day"]].drop_duplicates().sort_values(["row", "day"])


# --- until when ------------------------------------------------------------------------------------


def _ends(own: pd.DataFrame, active: pd.DataFrame, rules: PoolRules) -> pd.DataFrame:
    """`last_effective` (the last contact that counted), `recycle_at` and `reason`, one row per record."""
    claim = active["row"].map(own["claim_date"])
    until = _deadline(claim, active["day"], rules)["recycle_at"]
    first = _deadline(own["claim_date"], pd.Series(pd.NaT, index=own.index), rules)["recycle_at"]
    before = until.groupby(active["row"]).shift().fillna(active["row"].map(first))
    # once a day has passed unprotected, later contacts are those of somebody who no longer holds it
    unseen = before < active["row"].map(own["log_from"]).astype("datetime64[ns]")
    held = (active["day"].le(before) | unseen).groupby(active["row"]).cummin()
    last = active["day"][held].groupby(active["row"][held]).max().reindex(own.index)
    last = last.astype("datetime64[ns]")
    return _deadline(own["claim_date"], last, rules).assign(last_effective=last)


def _deadline(claim: pd.Series, last: pd.Series, rules: PoolRules) -> pd.DataFrame:
    """The last protected day after a last effective contact, and the rule that set it."""
    claim, last = claim.astype("datetime64[ns]"), last.astype("datetime64[ns]")
    nothing = pd.Series(pd.NaT, index=claim.index, dtype="datetime64[ns]")
    ends = dict.fromkeys(REASONS, nothing)
    if rules.default_protect is not None:
        extended = (last + rules.extend_days * _DAY).fillna(claim)
        first = claim + rules.default_protect * _DAY
        ends["protection"] = extended.where(extended > first, first)
        if rules.max_protect is not None:
            ends["maximum"] = claim + rules.max_protect * _DAY
    if rules.no_follow_days is not None:
        ends["no_follow"] = last.fillna(claim) + rules.no_follow_days * _DAY
    if rules.no_deal_days is not None:
        ends["no_deal"] = claim + rules.no_deal_days * _DAY
    table = pd.DataFrame(ends, index=claim.index)
    when = table.min(axis=1)
    at = table.eq(when, axis=0).to_numpy().argmax(axis=1) if len(table) else np.zeros(0, dtype=int)
    why = pd.Series(np.array(REASONS, dtype=object)[at], index=claim.index).where(when.notna(), "")
    return pd.DataFrame({"recycle_at": when.astype("datetime64[ns]"), "reason": why})


def _changed(own: pd.DataFrame, active: pd.DataFrame, rules: PoolRules, today: pd.Timestamp) -> pd.DataFrame:
    """`_ends` by the rules that hold on the day; what the earlier ones had ended before the change stays so."""
    if rules.before is None or rules.changed_on is None:
        return _ends(own, active, rules)
    change = pd.Timestamp(rules.changed_on)
    old = _changed(own, active, rules.before, min(today, change))
    if today <= change:
        return old
    new = _ends(own, active, rules)
    new["recycle_at"] = new["recycle_at"].where(~(new["recycle_at"] < change), change)
    gone = old["recycle_at"] < change
    return old.where(gone, new)


def _states(own: pd.DataFrame, ends: pd.DataFrame, rules: PoolRules, today: pd.Timestamp) -> pd.Series:
    status = own["status"].map(plain_word)
    left = (ends["recycle_at"] - today).dt.days
    soon = max(rules.remind_before, default=-1)
    which: list[tuple[Any, State]] = [
        (status.isin([plain_word(word) for word in rules.exempt]), "exempt"),
        (status.isin([plain_word(word) for word in rules.public]) | (own["owner"] == ""), "public"),
        (left.isna(), "unknown"),
        (left < 0, "due"),
        (left <= soon, "remind"),
    ]
    found = np.select([met.to_numpy() for met, _ in which], [state for _, state in which], "private")
    return pd.Series(found, index=own.index, dtype="object")


# --- what follows ----------------------------------------------------------------------------------


def _reminders(
    made: pd.DataFrame, rules: PoolRules, today: pd.Timestamp, calendar: DaysKnown | None
) -> pd.DataFrame:
    holds = made[made["state"].isin(["private", "remind"])]
    off, on = (calendar.holidays, calendar.workdays) if calendar else ((), ())
    parts = [
        holds[["customer_id", "owner", "recycle_at"]].assign(
            days_before=days, day=holds["recycle_at"] - days * _DAY
        )
        for days in rules.remind_before
    ]
    columns = ["customer_id", "owner", "day", "days_before", "recycle_at"]
    if not parts:
        return pd.DataFrame(columns=columns)
    every = pd.concat(parts)
    moved = {
        day: day if is_workday(day.date(), off, on) else pd.Timestamp(add_workdays(day.date(), -1, off, on))
        for day in every["day"].dropna().unique()
    }
    every["day"] = every["day"].map(moved).astype("datetime64[ns]")
    every = every[every["day"] >= today].sort_values(["day", "owner", "customer_id", "days_before"])
    return every[columns].drop_duplicates(["customer_id", "day"]).reset_index(drop=True)


def _bans(own: pd.DataFrame, made: pd.DataFrame, rules: PoolRules, today: pd.Timestamp) -> pd.DataFrame:
    """Of records in the pool who held them last, and of those past their day who still does."""
    public, due = made["state"] == "public", made["state"] == "due"
    holder = own["last_owner"].where(public, own["owner"])
    released = own["release_date"].where(public, today + _DAY)  # back in the night that follows
    from_ = released + rules.reclaim_ban_days * _DAY
    listed = (public | due) & (holder != "") & (from_ > today)
    table = pd.DataFrame({"customer_id": own["customer_id"], "owner": holder, "allowed_from": from_})[listed]
    return table.sort_values(["allowed_from", "customer_id"], kind="stable").reset_index(drop=True)


def _holding(made: pd.DataFrame, rules: PoolRules) -> pd.DataFrame:
    held = made[made["state"].isin(["private", "remind", "due", "unknown"])]
    table = held.groupby("owner").size().rename("held").reset_index()
    cap = rules.hold_cap
    table["cap"] = pd.array([cap if cap is not None else pd.NA] * len(table), dtype="Int64")
    table["over"] = 0 if cap is None else (table["held"] - cap).clip(lower=0)
    return table.sort_values(["held", "owner"], ascending=[False, True], kind="stable", ignore_index=True)


def _claims(own: pd.DataFrame, rules: PoolRules) -> pd.DataFrame:
    columns = ["owner", "day", "claims", "cap", "over"]
    holder = own["owner"].where(own["owner"] != "", own["last_owner"])
    made = pd.DataFrame({"owner": holder, "day": own["claim_date"]})[holder != ""].dropna(subset="day")
    table = made.groupby(["owner", "day"]).size().rename("claims").reset_index()
    if rules.daily_claim_cap is None:
        return table.head(0).assign(cap=0, over=0)[columns]
    table = table.assign(cap=rules.daily_claim_cap, over=table["claims"] - rules.daily_claim_cap)
    table = table[table["over"] > 0].sort_values(["over", "owner", "day"], ascending=[False, True, True])
    return table[columns].reset_index(drop=True)
