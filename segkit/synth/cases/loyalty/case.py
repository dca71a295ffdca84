"""Members, stars and levels of an invented chain of coffee shops (会员积分与等级), with dirt and known truth.

The rules are in `loyalty_account`, who comes when in `loyalty_visits`. The expiry batch stopped, so posted stars
overstate what members hold; and who came often years ago is no longer of a high level.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF
from segkit.synth.cases.loyalty.account import (
    REWARDS,
    YUAN_A_STAR,
    Account,
    anniversaries,
    earned_level,
    level,
)
from segkit.synth.cases.loyalty.visits import joining, visits
from segkit.synth.dictionary import columns
from segkit.synth.dirt import Planter, at_scale
from segkit.synth.draws import Draws
from segkit.synth.files import File
from segkit.synth.people import Names, numbered
from segkit.synth.tables import case_files, written

CASE = "loyalty"
MEMBERS = 300
NEXT_MONTH = dt.date(2026, 1, 31)  # stars that end by then deserve a reminder
BATCH_LAST = dt.date(2025, 7, 1)  # the last run of the expiry batch
# sample parameters (示例参数)
BILL, BILL_SIGMA, LEAST_BILL = 46.0, 0.6, 10.0  # CNY, median of a log-normal
REDEEMS = 0.24  # chance at a visit, if the stars suffice
GOODWILL, CORRECTION = 0.015, 0.01  # adjustments at a visit: up 5-30 stars, down 1-8
COPIES = 0.01
REFUSED, LATE = 14, 40  # redemptions beyond the balance; earnings posted 20-75 days late
# half of the late ones are posted in the next membership year; NEAR days before it
LATE_DAYS, NEAR = (20, 75), 15
DECISIVE = 12  # late ones by which the last review, gone by day of posting, gives another level
CHANNELS, CARDS, TIERS, CONSENT = (0.5, 0.4, 0.1), (0.85, 0.15), (0.34, 0.33, 0.2, 0.13), 0.80
NO_SMS = 0.06  # opted out of text messages
EARN, REDEEM, EXPIRE, ADJUST = range(4)  # in the order of cases/loyalty/columns.yml


@dataclass(frozen=True)
class Short:
    """A visit at which no reward was taken: the valid stars after it, and what they would be without expiry."""

    day: dt.date
    balance: int
    without_expiry: int

    @property
    def wanted(self) -> int:
        """The least reward that is too much."""
        return next(reward for reward in REWARDS if reward > self.balance)


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
    truth["level_by_posting"] = [
        level(joined, [(e.posted, e.stars) for e in own if e.kind == EARN], AS_OF)[0]
        for joined, own in zip(members["join_date"], _by_member(entries, len(members)), strict=True)
    ]
    tables = {
        "members": written(CASE, "members", members),
        "ledger": _spoilt(draws, written(CASE, "ledger", _described(names, entries)), entries),
    }
    return case_files(CASE, tables, {"members": truth}, {"seed": seed} | _facts(truth, entries))


def _members(draws: Draws, names: Names, n: int) -> pd.DataFrame:
    """Everyone who joined, in order of joining; with the latent columns of `joining`."""
    spec = columns(CASE, "members")
    return joining(draws, n).assign(
        member_id=numbered("M", n),
        join_channel=spec["join_channel"].drawn(names, draws, CHANNELS, n),
        card=spec["card"].drawn(names, draws, CARDS, n),
        city_tier=spec["city_tier"].drawn(names, draws, TIERS, n),
        consent_marketing=draws.exactly(CONSENT, n).astype(int),
        opt_out_channels=np.where(draws.chance(NO_SMS, n), spec["opt_out_channels"].values(names)[0], ""),
    )


def _accounts(draws: Draws, members: pd.DataFrame, scale: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What happened in every account (one row each), and what its stars and level are at the as-of date."""
    came = visits(draws, members)
    told = [_account(draws, days) for days in came]
    refused = _refusals(draws, [short for *_, short in told], scale)
    rows, truth = [], []
    for at, (days, member) in enumerate(zip(came, members.itertuples(), strict=True)):
        happened, account, _ = told[at]
        happened += refused.get(at, [])
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
                "last_visit": days[-1].isoformat() if days else "",
            }
        )
    entries = pd.DataFrame(rows, columns=["at", "day", "kind", "stars", "amount", "refused"])
    return entries.assign(amount=entries["amount"].astype(float)), pd.DataFrame(truth)


def _account(draws: Draws, days: list[dt.date]) -> tuple[list[Happening], Account, list[Short]]:
    """Let one member come on these days."""
    n, account, happened, short = len(days), Account(), [], []
    bills = np.maximum(np.round(draws.lognormal(BILL, BILL_SIGMA, n), 1), LEAST_BILL)
    u, which, adjusted = draws.uniform(n), draws.uniform(n), draws.uniform(n)
    more, less = draws.integers(5, 30, n), draws.integers(1, 8, n)
    for i, day in enumerate(days):
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
        elif len(able) < len(REWARDS):
            short.append(Short(day, account.balance(day), sum(h.stars for h in happened)))
    return happened, account, short


def _refusals(draws: Draws, short: list[list[Short]], scale: float) -> dict[int, list[Happening]]:
    """Who asks for more than is there at a visit, once each, over all years; half of them for stars that have ended."""
    n = at_scale(REFUSED, scale, least=2)
    every = [(at, s) for at, own in enumerate(short) for s in own]
    ended = [s.without_expiry >= s.wanted for _, s in every]
    tries: dict[int, list[Happening]] = {}
    for wanted, most in ((True, n // 2), (False, n)):
        turn = draws.some(np.flatnonzero(np.array(ended) == wanted), ended.count(wanted))
        year = pd.Series([every[i][1].day.year for i in turn])
        in_turn = np.argsort(year.groupby(year).cumcount().to_numpy(), kind="stable")  # one of every year
        for i in turn[in_turn]:
            at, s = every[i]
            if at not in tries and len(tries) < most:
                tries[at] = [Happening(s.day, REDEEM, -s.wanted, refused=True)]
    return tries


def _by_day(expired: list[tuple[dt.date, int]]) -> list[tuple[dt.date, int]]:
    """One posting for each last valid day."""
    return [(end, sum(n for day, n in expired if day == end)) for end in sorted({day for day, _ in expired})]


def _posted(draws: Draws, members: pd.DataFrame, entries: pd.DataFrame, scale: float) -> pd.DataFrame:
    """When each entry reached the system: mostly at once, some earnings late; numbered by posting."""
    delay = np.where(entries["kind"] == EXPIRE, 1, draws.chance(0.3, len(entries)).astype(int))
    ordinals = np.array([day.toordinal() for day in entries["day"]])
    kept = entries["kind"] == EARN
    earned = kept.to_numpy() & (ordinals <= AS_OF.toordinal() - LATE_DAYS[1])
    n = at_scale(LATE, scale, least=2)
    least = _decisive(draws, members, entries[kept].assign(able=earned[kept]), at_scale(DECISIVE, scale))
    # nothing else late for these people
    earned &= ~entries["at"].isin(entries.loc[list(least), "at"]).to_numpy()
    near = np.flatnonzero(earned & _before_anniversary(members, entries))
    rest = np.setdiff1d(np.flatnonzero(earned), near)
    near = draws.some(near, min(n // 2 - len(least), len(near)))
    chosen = np.concatenate([list(least), near, draws.some(rest, n - len(least) - len(near))]).astype(int)
    late = np.isin(np.arange(len(entries)), chosen)
    low = np.array([least.get(i, LATE_DAYS[0]) for i in range(len(entries))])
    days = low + np.floor(draws.uniform(len(entries)) * (LATE_DAYS[1] - low + 1)).astype(int)
    delay = np.where(late, days, delay)
    posted = np.minimum(ordinals + delay, AS_OF.toordinal())
    out = entries.assign(posted=[dt.date.fromordinal(int(day)) for day in posted], late=late)
    turn = np.lexsort((entries["kind"], entries["at"], ordinals, posted))
    out = out.iloc[turn].reset_index(drop=True)
    out["entry_id"] = numbered("L", len(out))
    return out.assign(member_id=members["member_id"].to_numpy()[out["at"]])


def _decisive(draws: Draws, members: pd.DataFrame, earned: pd.DataFrame, n: int) -> dict[int, int]:
    """`n` earnings of different members and the delay from which the last review, by posting, gives another level.

    `earned` : all earnings, `able` where an entry may be posted late
    """
    found: list[dict[int, int]] = []
    for at, own in earned.groupby("at"):
        joined = members["join_date"].iloc[at]
        reviews = [joined, *anniversaries(joined, AS_OF)]
        stars, days = own["stars"].tolist(), own["day"].tolist()
        true = level(joined, list(zip(days, stars, strict=True)), AS_OF)[0]
        able = {}
        for i, (day, may) in enumerate(zip(days, own["able"], strict=True)):
            end = next((end for end in reviews[-2:] if day < end), None)
            if not may or end is None or (end - day).days > LATE_DAYS[1]:
                continue
            moved = zip([*days[:i], end, *days[i + 1 :]], stars, strict=True)
            if level(joined, list(moved), AS_OF)[0] != true:
                able[int(own.index[i])] = max(LATE_DAYS[0], (end - day).days)
        if able:
            found.append(able)
    least = {}
    for who in draws.some(len(found), min(n, len(found))):
        (entry,) = draws.pick(list(found[who]), 1)
        least[entry] = found[who][entry]
    return least


def _by_member(entries: pd.DataFrame, n: int) -> list[list[Any]]:
    """The entries of each of `n` members."""
    own: list[list[Any]] = [[] for _ in range(n)]
    for entry in entries.itertuples():
        own[entry.at].append(entry)
    return own


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


def _spoilt(draws: Draws, cells: pd.DataFrame, entries: pd.DataFrame) -> Planter:
    """ledger.csv with copies, redemptions that do not count and late postings."""
    planter = Planter(cells, draws, reach=30)
    refused, late = entries.index[entries["refused"]], entries.index[entries["late"]]
    planter.note("negative", refused, "stars", ["0"] * len(refused))
    planter.note("late_posting", late, "posted_date", [entries.at[k, "day"].isoformat() for k in late])
    planter.free = planter.free.difference(refused.union(late))
    planter.copy_rows("duplicate", planter.take(at_scale(COPIES, len(entries))), "entry_id")
    return planter


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
        "levels_differ_by_posting": int((truth["level_by_posting"] != truth["level"]).sum()),
        "never_came": int((truth["last_visit"] == "").sum()),
        "too_high": int(high.sum()),
        "lapsed": len(lapsed),
        "lapsed_too_high": int(high[lapsed.index].sum()),
        "earned": int(truth["lifetime_stars"].sum()),
    }
