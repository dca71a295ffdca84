"""Members, stars and levels of an invented chain of coffee shops (会员积分与等级), with dirt and known truth.

The rules are in `loyalty_account`. The expiry batch stopped, so posted stars overstate what members hold; and who
came often years ago is no longer of a high level.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, days_from
from segkit.synth.cases.loyalty_account import (
    REWARDS,
    YUAN_A_STAR,
    Account,
    anniversaries,
    earned_level,
    level,
)
from segkit.synth.dictionary import columns
from segkit.synth.dirt import Planter
from segkit.synth.draws import Draws, significant
from segkit.synth.files import File
from segkit.synth.people import Names
from segkit.synth.tables import case_files, written

CASE = "loyalty"
MEMBERS = 300
JOINED = (dt.date(2022, 1, 10), dt.date(2025, 9, 30))
NEXT_MONTH = dt.date(2026, 1, 31)  # stars that end by then deserve a reminder
BATCH_LAST = dt.date(2025, 7, 1)  # the last run of the expiry batch
# sample parameters (示例参数)
VISITS, VISITS_SIGMA = 0.42, 0.8  # a month, median of a log-normal
LAPSED, LAPSED_TIMES = 0.28, 1.9  # share that stopped coming before 2025, how much more often they came
LAPSED_JOINED_BY, LAPSED_BY = dt.date(2024, 1, 31), dt.date(2024, 11, 30)
BILL, BILL_SIGMA, LEAST_BILL = 46.0, 0.6, 10.0  # CNY, median of a log-normal
REDEEMS = 0.24  # chance at a visit, if the stars suffice
GOODWILL, CORRECTION = 0.015, 0.01  # adjustments at a visit: up 5-30 stars, down 1-8
COPIES = 0.01
REFUSED, LATE = 14, 40  # redemptions beyond the balance; earnings posted 20-75 days late
LATE_DAYS, NEAR = (20, 75), 15  # half of the late ones happened within NEAR days before an anniversary
CHANNELS, CARDS, TIERS, CONSENT = (0.5, 0.4, 0.1), (0.85, 0.15), (0.34, 0.33, 0.2, 0.13), 0.80
EARN, REDEEM, EXPIRE, ADJUST = range(4)  # in the order of columns/loyalty.yml


@dataclass(frozen=True)
class Happening:
    """Something that befalls an account: earned, redeemed, expired or adjusted stars, and the bill."""

    day: dt.date
    kind: int
    stars: int
    amount: float | None = None
    refused: bool = False


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: members, ledger, and the truth."""
    draws = Draws(seed, CASE)
    members = _members(draws, names, round(MEMBERS * scale))
    entries, truth = _accounts(draws, members, scale)
    entries = _posted(draws, members, entries, scale)
    planter = Planter(written(CASE, "ledger", _described(names, entries)), draws)
    keys = _spoilt(draws, planter, entries)
    ledger = planter.ledger(keys, file="ledger.csv", first_row=2)
    structure = ledger["reason"] == "late_posting"
    tables = {"members": written(CASE, "members", members), "ledger": planter.frame.loc[keys]}
    return case_files(
        CASE,
        tables,
        {
            "members": truth,
            "defects": ledger[~structure].reset_index(drop=True),
            "planted": ledger[structure].reset_index(drop=True),
        },
        _facts(truth, entries),
    )


def _members(draws: Draws, names: Names, n: int) -> pd.DataFrame:
    """Everyone who joined, in order of joining; `lapses` is the day after which one comes no more."""
    spec = columns(CASE, "members")
    span = (JOINED[1] - JOINED[0]).days
    joined = days_from(JOINED[0], np.sort(np.floor(draws.even(np.zeros(n)) * (span + 1)).astype(int)))
    joined = [day.replace(day=28) if (day.month, day.day) == (2, 29) else day for day in joined]
    early = np.flatnonzero([day <= LAPSED_JOINED_BY for day in joined])
    lapsed = np.isin(np.arange(n), draws.some(early, round(LAPSED * n)))
    stays = 0.45 + 0.55 * draws.uniform(n)  # of the days from joining to the end of November 2024
    ends = [
        day + dt.timedelta(days=int((LAPSED_BY - day).days * s)) for day, s in zip(joined, stays, strict=True)
    ]
    group = np.where(lapsed, 2, np.isin(np.arange(n), early))  # each with its few who come often
    rate = significant(VISITS * np.exp(VISITS_SIGMA * draws.even_normal(group)))
    return pd.DataFrame(
        {
            "member_id": [f"M{i:06d}" for i in range(1, n + 1)],
            "join_date": joined,
            "join_channel": spec["join_channel"].drawn(names, draws, CHANNELS, n),
            "card": spec["card"].drawn(names, draws, CARDS, n),
            "city_tier": spec["city_tier"].drawn(names, draws, TIERS, n),
            "consent_marketing": draws.exactly(CONSENT, n).astype(int),
            "rate": rate * np.where(lapsed, LAPSED_TIMES, 1.0),
            "lapsed": lapsed.astype(int),
            "ends": [end if gone else AS_OF for end, gone in zip(ends, lapsed, strict=True)],
        }
    )


def _visits(draws: Draws, members: pd.DataFrame) -> list[list[dt.date]]:
    """The days each member came: the day of joining, then at an even rate."""
    days = np.array(
        [(end - day).days for day, end in zip(members["join_date"], members["ends"], strict=True)]
    )
    count = draws.poisson(np.round(members["rate"].to_numpy() * days / 30.4375, 9), len(members))
    u = np.split(draws.uniform(int(count.sum())), np.cumsum(count)[:-1])
    return [
        days_from(first, np.unique(np.floor(np.append(part * (span + 1), 0)).astype(int)))
        for first, span, part in zip(members["join_date"], days, u, strict=True)
    ]


def _accounts(draws: Draws, members: pd.DataFrame, scale: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What happened in every account (one row each), and what its stars and level are at the as-of date."""
    visits = _visits(draws, members)
    tries = _refusals(draws, members, visits, scale)
    rows, truth = [], []
    for at, (days, member) in enumerate(zip(visits, members.itertuples(), strict=True)):
        happened, account = _account(draws, days, tries.get(at))
        earned = [(h.day, h.stars) for h in happened if h.kind == EARN]
        now, year = level(member.join_date, earned, AS_OF)
        balance = account.balance(AS_OF)
        happened += [
            Happening(end, EXPIRE, -stars) for end, stars in _by_day(account.expired) if end < BATCH_LAST
        ]
        rows += [(at, h.day, h.kind, h.stars, h.amount, h.refused) for h in happened]
        counted = [h for h in happened if not h.refused]
        lifetime = sum(n for _, n in earned)
        truth.append(
            {
                "member_id": member.member_id,
                "balance": balance,
                "posted_balance": sum(h.stars for h in counted),
                "earned_minus_redeemed": sum(h.stars for h in counted if h.kind in (EARN, REDEEM)),
                "expired_unposted": sum(stars for end, stars in account.expired if end >= BATCH_LAST),
                "ends_by_next_month": sum(lot.stars for lot in account.lots if lot.end <= NEXT_MONTH),
                "level": now,
                "reviews": len(anniversaries(member.join_date, AS_OF)),
                "reviewed_year_stars": year,
                "lifetime_stars": lifetime,
                "level_by_lifetime": earned_level(lifetime),
                "lapsed": member.lapsed,
                "last_visit": days[-1].isoformat(),
            }
        )
    entries = pd.DataFrame(rows, columns=["at", "day", "kind", "stars", "amount", "refused"])
    return entries.assign(amount=entries["amount"].astype(float)), pd.DataFrame(truth)


def _account(draws: Draws, days: list[dt.date], refused: dt.date | None) -> tuple[list[Happening], Account]:
    """Let one member come on these days and ask for too much on one more day, if any."""
    n, account, happened = len(days), Account(), []
    bills = np.maximum(np.round(draws.lognormal(BILL, BILL_SIGMA, n), 1), LEAST_BILL)
    u, which, adjusted = draws.uniform(n), draws.uniform(n), draws.uniform(n)
    more, less = draws.integers(5, 30, n), draws.integers(1, 8, n)
    tries = {refused} if refused else set()
    for day in sorted({*days, *tries}):
        if day == refused:
            wanted = account.balance(day) // REWARDS[0] * REWARDS[0] + REWARDS[0]
            happened.append(Happening(day, REDEEM, -wanted, refused=True))
            continue
        i = days.index(day)
        stars = int(bills[i] // YUAN_A_STAR)
        account.credit(day, stars)
        happened.append(Happening(day, EARN, stars, float(bills[i])))
        if adjusted[i] < GOODWILL:
            account.credit(day, int(more[i]))
            happened.append(Happening(day, ADJUST, int(more[i])))
        elif adjusted[i] > 1 - CORRECTION and account.debit(day, int(less[i])):
            happened.append(Happening(day, ADJUST, -int(less[i])))
        able = [reward for reward in REWARDS if reward <= account.balance(day)]
        if able and u[i] < REDEEMS:
            reward = able[int(which[i] * len(able))]
            account.debit(day, reward)
            happened.append(Happening(day, REDEEM, -reward))
    return happened, account


def _refusals(
    draws: Draws, members: pd.DataFrame, visits: list[list[dt.date]], scale: float
) -> dict[int, dt.date]:
    """Who asks for more than is there, and when; half of them have lapsed and ask for stars that ran out."""
    n = max(2, round(REFUSED * scale))
    lapsed = members["lapsed"].to_numpy() == 1
    old = draws.some(np.flatnonzero(lapsed), n // 2)
    plain = draws.some(np.flatnonzero(~lapsed & (members["join_date"] <= dt.date(2024, 12, 31))), n - n // 2)
    day = days_from(dt.date(2025, 2, 1), draws.integers(0, 300, n))
    tries = {}
    for at, wish in zip([*old, *plain], day, strict=True):
        while wish in visits[at]:
            wish += dt.timedelta(days=1)
        tries[int(at)] = wish
    return tries


def _by_day(expired: list[tuple[dt.date, int]]) -> list[tuple[dt.date, int]]:
    """One posting for each last valid day."""
    return [(end, sum(n for day, n in expired if day == end)) for end in sorted({day for day, _ in expired})]


def _posted(draws: Draws, members: pd.DataFrame, entries: pd.DataFrame, scale: float) -> pd.DataFrame:
    """When each entry reached the system: mostly at once, some earnings late; numbered by posting."""
    delay = np.where(entries["kind"] == EXPIRE, 1, draws.chance(0.3, len(entries)).astype(int))
    ordinals = np.array([day.toordinal() for day in entries["day"]])
    earned = (entries["kind"] == EARN).to_numpy() & (ordinals <= AS_OF.toordinal() - LATE_DAYS[1])
    n = max(2, round(LATE * scale))
    near = np.flatnonzero(earned & _before_anniversary(members, entries))
    chosen = draws.some(near, min(n // 2, len(near)))
    rest = np.setdiff1d(np.flatnonzero(earned), near)
    chosen = np.concatenate([chosen, draws.some(rest, n - len(chosen))])
    late = np.isin(np.arange(len(entries)), chosen)
    delay = np.where(late, draws.integers(*LATE_DAYS, len(entries)), delay)
    posted = np.minimum(ordinals + delay, AS_OF.toordinal())
    out = entries.assign(posted=[dt.date.fromordinal(int(day)) for day in posted], late=late)
    turn = np.lexsort((entries["kind"], entries["at"], ordinals, posted))
    out = out.iloc[turn].reset_index(drop=True)
    out["entry_id"] = [f"L{i:06d}" for i in range(1, len(out) + 1)]
    return out.assign(member_id=members["member_id"].to_numpy()[out["at"]])


def _before_anniversary(members: pd.DataFrame, entries: pd.DataFrame) -> np.ndarray:
    """Entries of the last `NEAR` days of a membership year."""
    joined = members["join_date"].to_numpy()[entries["at"]]
    ends = [
        joined_on.replace(year=day.year + (day >= joined_on.replace(year=day.year)))
        for joined_on, day in zip(joined, entries["day"], strict=True)
    ]
    return np.array([(end - day).days <= NEAR for end, day in zip(ends, entries["day"], strict=True)])


def _described(names: Names, entries: pd.DataFrame) -> pd.DataFrame:
    kind = columns(CASE, "ledger")["type"].said(names, entries["kind"])
    return entries.rename(columns={"day": "entry_date", "posted": "posted_date"}).assign(type=kind)


def _spoilt(draws: Draws, planter: Planter, entries: pd.DataFrame) -> list[int]:
    """Copies, redemptions that do not count, late postings; the keys in file order."""
    refused, late = entries.index[entries["refused"]], entries.index[entries["late"]]
    planter.note("negative", refused, "stars", ["0"] * len(refused))
    planter.note("late_posting", late, "posted_date", [entries.at[k, "day"].isoformat() for k in late])
    planter.free = planter.free.difference(refused.union(late))
    copied = planter.take(max(1, round(COPIES * len(entries))))
    planter.copy_rows("duplicate", copied, "entry_id")
    return planter.file_order(reach=30)


def _facts(truth: pd.DataFrame, entries: pd.DataFrame) -> dict[str, Any]:
    """The measured numbers the datasheets quote."""
    total = {
        c: int(truth[c].sum())
        for c in ("balance", "posted_balance", "earned_minus_redeemed", "expired_unposted")
    }
    lapsed = truth[truth["lapsed"] == 1]
    high = truth["level_by_lifetime"] > truth["level"]
    running = entries[~entries["refused"]].groupby("at")["stars"].cumsum()  # in order of posting
    return {
        "true_entries": len(entries),
        "stars": total,
        "overstated": {
            c: round(total[c] / total["balance"] - 1, 4) for c in ("posted_balance", "earned_minus_redeemed")
        },
        "below_zero_by_posting": int((running < 0).sum()),
        "with_unposted": int((truth["expired_unposted"] > 0).sum()),
        "ends_by_next_month": int(truth["ends_by_next_month"].sum()),
        "levels": {n: int((truth["level"] == n).sum()) for n in (1, 2, 3)},
        "levels_by_lifetime": {n: int((truth["level_by_lifetime"] == n).sum()) for n in (1, 2, 3)},
        "too_high": int(high.sum()),
        "lapsed": len(lapsed),
        "lapsed_too_high": int(high[lapsed.index].sum()),
        "earned": int(truth["lifetime_stars"].sum()),
    }
