"""Stars: what the system shows is more than what is valid, and lifetime stars make levels that are too high."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from segkit.synth.build import build

AS_OF = dt.date(2025, 12, 31)
BATCH = dt.date(2025, 7, 1)
EARN, REDEEM, EXPIRE, ADJUST = "获得", "兑换", "过期", "调整"


class Club:
    """One draw of the case, and its accounts by the rules of the datasheet, worked out here."""

    def __init__(self, folder: Path, text_of: Callable[[Path], pd.DataFrame]) -> None:
        self.members = text_of(folder / "loyalty" / "members.csv")
        self.raw = text_of(folder / "loyalty" / "ledger.csv")
        self.truth = text_of(folder / "_truth" / "loyalty_members.csv").set_index("member_id")
        self.defects, self.planted = (
            text_of(folder / "_truth" / f"loyalty_{n}.csv") for n in ("defects", "planted")
        )
        self.summary = yaml.safe_load((folder / "_truth" / "loyalty_summary.yml").read_text("utf-8"))
        table = self.raw.drop_duplicates().copy()
        table["stars"] = table["stars"].astype(int)
        for column in ("entry_date", "posted_date"):
            table[column] = [dt.date.fromisoformat(day) for day in table[column]]
        self.ledger = table.set_index("entry_id")

    def numbers(self, column: str) -> pd.Series:
        return self.truth[column].astype(int)

    def of_all(self, by_member: pd.Series) -> dict[str, int]:
        """With 0 for members without an entry."""
        return by_member.reindex(self.members["member_id"]).fillna(0).astype(int).to_dict()

    def joined(self) -> dict[str, dt.date]:
        return {
            m: dt.date.fromisoformat(d)
            for m, d in zip(self.members["member_id"], self.members["join_date"], strict=True)
        }

    def accounts(self) -> tuple[dict[str, dict[dt.date, int]], dict[str, dict[dt.date, int]], list[str]]:
        """Valid stars and expired stars of each member by last valid day, and redemptions that were void."""
        turn = {EARN: 0, ADJUST: 1, REDEEM: 2}
        valid: dict[str, dict[dt.date, int]] = {m: {} for m in self.members["member_id"]}
        gone: dict[str, dict[dt.date, int]] = {m: {} for m in self.members["member_id"]}
        void = []
        rows = self.ledger[self.ledger["type"] != EXPIRE].reset_index()
        rows["turn"] = rows["type"].map(turn)
        for row in rows.sort_values(["entry_date", "turn", "entry_id"]).itertuples():
            stars = valid[row.member_id]
            for end in [end for end in stars if end < row.entry_date]:
                gone[row.member_id][end] = stars.pop(end)
            if row.stars > 0:
                year, month = row.entry_date.year + 1, row.entry_date.month
                end = dt.date(year, month, calendar.monthrange(year, month)[1])
                stars[end] = stars.get(end, 0) + row.stars
                continue
            wanted = -row.stars
            if wanted > sum(stars.values()):
                void.append(row.entry_id)
                continue
            for end in sorted(stars):
                used = min(wanted, stars[end])
                stars[end] -= used
                wanted -= used
        for member, stars in valid.items():
            for end in [end for end in stars if end < AS_OF]:
                gone[member][end] = stars.pop(end)
        return valid, gone, void

    def levels(self, date: str = "entry_date", *, decay: bool = True) -> pd.Series:
        """Level of each member, reviewed at every anniversary."""
        earned = defaultdict(list)
        for row in self.ledger[self.ledger["type"] == EARN].itertuples():
            earned[row.member_id].append((getattr(row, date), row.stars))
        levels = {}
        for member, start in self.joined().items():
            level = 1
            while (end := start.replace(year=start.year + 1)) <= AS_OF:
                stars = sum(n for day, n in earned[member] if start <= day < end)
                by_year = 3 if stars >= 60 else 2 if stars >= 25 else 1
                level = max(by_year, level - 1) if decay else by_year
                start = end
            levels[member] = level
        return pd.Series(levels)


@pytest.fixture(scope="module", params=range(3))
def club(request: Any, draws_of: Callable[..., list[Path]], text_of: Callable[..., pd.DataFrame]) -> Club:
    return Club(draws_of("loyalty")[request.param], text_of)


def test_sizes_and_marginals(club: Club) -> None:
    members, ledger = club.members, club.ledger
    assert len(members) == 300 and members["member_id"].is_unique
    assert 4_500 < len(club.raw) <= 6_300
    assert members["join_date"].between("2022-01-10", "2025-09-30").all()
    assert (members["join_date"] < "2024-01-01").mean() == pytest.approx(0.52, abs=0.08)
    assert (members["opt_out_channels"] == "短信").mean() == pytest.approx(0.06, abs=0.045)
    assert (members["consent_marketing"] == "1").sum() == 240
    assert (members["card"] == "电子卡").mean() == pytest.approx(0.85, abs=0.07)
    bills = ledger.loc[ledger["type"] == EARN, "amount"].astype(float)
    assert bills.median() == pytest.approx(46, rel=0.06) and bills.min() >= 10
    visits = ledger[(ledger["type"] == EARN) & (ledger["entry_date"] >= dt.date(2025, 1, 1))]
    assert visits["member_id"].nunique() > 140
    assert ledger["entry_date"].max() <= AS_OF and ledger["posted_date"].max() <= AS_OF
    assert club.numbers("lapsed").sum() == 84


def test_stars_follow_the_bill_and_the_signs_the_type(club: Club) -> None:
    ledger = club.ledger
    earned = ledger[ledger["type"] == EARN]
    assert (earned["stars"] == (earned["amount"].astype(float) // 10).astype(int)).all()
    assert (earned["stars"] > 0).all() and (ledger.loc[ledger["type"] != EARN, "amount"] == "").all()
    assert (ledger.loc[ledger["type"].isin([REDEEM, EXPIRE]), "stars"] < 0).all()
    adjusted = ledger.loc[ledger["type"] == ADJUST, "stars"]
    assert adjusted.between(-8, 30).all() and (adjusted > 0).any() and (adjusted < 0).any()
    assert set(ledger.loc[ledger["type"] == REDEEM, "stars"]) >= {-20, -40, -80}
    first, joined = ledger.groupby("member_id")["entry_date"].min(), club.joined()
    assert all(day >= joined[m] for m, day in first.items())
    at_once = sum(day == joined[m] for m, day in first.items()) / len(joined)
    assert at_once == pytest.approx(0.6, abs=0.1), "many earn later than they join"
    missing = set(joined) - set(first.index)
    assert len(missing) == club.summary["never_came"] < 15
    assert set(club.truth.loc[sorted(missing), "last_visit"]) <= {""}


def test_joining_is_uneven_and_has_a_season(club: Club) -> None:
    day = pd.to_datetime(club.members["join_date"])
    month = day.dt.to_period("M").value_counts()
    whole = month.reindex(pd.period_range("2022-02", "2025-09", freq="M")).fillna(0)
    assert whole.var() > 0.7 * whole.mean(), "no quota a month"
    assert whole.max() >= 11 and whole.min() <= 3
    by = whole.groupby(whole.index.month).mean()
    assert by[[3, 4, 5, 9, 10]].mean() > 1.2 * by[[1, 2, 11, 12]].mean()


def test_visits_are_busier_at_weekends_and_rare_at_spring_festival(club: Club) -> None:
    day = pd.to_datetime(club.ledger.loc[club.ledger["type"] == EARN, "entry_date"].astype(str))
    off = pd.DatetimeIndex([])
    for start, end in (
        ("2023-01-21", "2023-01-27"),
        ("2024-02-10", "2024-02-17"),
        ("2025-01-28", "2025-02-04"),
    ):
        off = off.union(pd.date_range(start, end))
    plain = day[~day.isin(off)]
    weekend = (plain.dt.day_of_week >= 5).mean()
    assert weekend / 2 / ((1 - weekend) / 5) == pytest.approx(1.5, abs=0.25)
    around = pd.DatetimeIndex([d + pd.Timedelta(days=n) for d in off for n in (-14, 14)]).difference(off)
    # the days a fortnight off are as many and as far into the chain's growth
    assert day.isin(off).sum() / len(off) < 0.75 * day.isin(around).sum() / len(around)


def test_leavers_end_over_the_years_into_2025(club: Club) -> None:
    gone = club.truth[club.truth["lapsed"] == "1"]["last_visit"]
    assert len(gone) == 84 and gone.max() <= "2025-02-28" and (gone >= "2024-11-01").sum() >= 3
    quarter = pd.to_datetime(gone).dt.to_period("Q").value_counts()
    assert len(quarter) >= 7 and quarter.max() <= 32


def test_first_in_first_out_with_expiry_gives_the_true_balance_exactly(club: Club) -> None:
    valid, gone, void = club.accounts()
    balance = club.numbers("balance")
    assert {m: sum(stars.values()) for m, stars in valid.items()} == balance.to_dict()
    unposted = {m: sum(n for end, n in stars.items() if end >= BATCH) for m, stars in gone.items()}
    assert unposted == club.numbers("expired_unposted").to_dict()
    soon = {m: sum(n for end, n in s.items() if end <= dt.date(2026, 1, 31)) for m, s in valid.items()}
    assert soon == club.numbers("ends_by_next_month").to_dict()
    refused = club.defects[club.defects["reason"] == "negative"]
    assert sorted(club.raw.loc[refused["row"].astype(int) - 2, "entry_id"]) == sorted(void)
    assert len(void) == 14 and set(refused["new"]) == {"0"}


def test_posted_expiries_are_right_as_far_as_the_batch_ran(club: Club) -> None:
    _, gone, _ = club.accounts()
    posted = club.ledger[club.ledger["type"] == EXPIRE]
    stated = {(r.member_id, r.entry_date): -r.stars for r in posted.itertuples()}
    due = {(m, end): n for m, s in gone.items() for end, n in s.items() if end < BATCH and n}
    assert stated == due and len(stated) == len(posted) > 300
    assert posted["posted_date"].max() == BATCH
    assert all(r.posted_date == r.entry_date + dt.timedelta(days=1) for r in posted.itertuples())


def test_what_is_posted_overstates_what_is_valid(club: Club) -> None:
    _, _, void = club.accounts()
    counted = club.ledger.drop(index=void)
    balance = club.numbers("balance")
    shown = counted.groupby("member_id")["stars"].sum()
    naive = counted[counted["type"].isin([EARN, REDEEM])].groupby("member_id")["stars"].sum()
    assert club.of_all(shown) == club.numbers("posted_balance").to_dict()
    assert club.of_all(naive) == club.numbers("earned_minus_redeemed").to_dict()
    shown = pd.Series(club.of_all(shown))
    assert ((shown - balance) == club.numbers("expired_unposted")).all()
    assert shown.sum() > 1.12 * balance.sum(), "the system shows stars that have ended"
    assert naive.sum() > 1.45 * balance.sum()
    assert (shown > balance).sum() > 50
    assert club.summary["overstated"]["posted_balance"] == pytest.approx(
        shown.sum() / balance.sum() - 1, abs=1e-4
    )


def test_levels_by_the_rules_are_the_truth_and_lifetime_stars_put_the_lapsed_too_high(club: Club) -> None:
    level, truth = club.levels(), club.numbers("level")
    assert level.to_dict() == truth.to_dict()
    assert set(truth) == {1, 2, 3} and (truth == 3).sum() >= 15
    earned = club.ledger[club.ledger["type"] == EARN]
    lifetime = earned.groupby("member_id")["stars"].sum()
    assert club.of_all(lifetime) == club.numbers("lifetime_stars").to_dict()
    lifetime = pd.Series(club.of_all(lifetime))
    naive = 1 + (lifetime >= 25).astype(int) + (lifetime >= 60).astype(int)
    assert naive.to_dict() == club.numbers("level_by_lifetime").to_dict()
    last = earned.groupby("member_id")["entry_date"].max()
    lapsed = last[last <= dt.date(2025, 2, 28)].index
    assert set(club.truth.index[club.numbers("lapsed") == 1]) <= set(lapsed)
    assert (naive[lapsed] > truth[lapsed]).mean() > 0.55
    assert not (naive < truth).any()
    assert (level[lapsed] == 3).mean() < 0.12 and (naive[lapsed] == 3).mean() > 0.35


def test_falling_by_one_level_a_year_matters_and_so_does_the_day_it_happened(club: Club) -> None:
    truth = club.numbers("level")
    assert (club.levels(decay=False) != truth).sum() >= 5
    late = club.planted[club.planted["reason"] == "late_posting"]
    joined = club.joined()
    crossed = 0
    for row in club.ledger.loc[club.raw.loc[late["row"].astype(int) - 2, "entry_id"]].itertuples():
        start = joined[row.member_id]
        years = [
            (day.year - start.year) - ((day.month, day.day) < (start.month, start.day))
            for day in (row.entry_date, row.posted_date)
        ]
        crossed += years[0] != years[1]
    assert crossed >= 20


def test_by_day_of_posting_some_members_stand_at_another_level(club: Club) -> None:
    by_posting = club.levels("posted_date")
    assert by_posting.to_dict() == club.numbers("level_by_posting").to_dict()
    differ = (by_posting != club.numbers("level")).sum()
    assert differ == club.summary["levels_differ_by_posting"] >= 8


def test_late_postings_are_earnings_and_stand_in_the_ledger_of_structures(club: Club) -> None:
    ledger = club.ledger
    delay = pd.Series(
        [(p - e).days for e, p in zip(ledger["entry_date"], ledger["posted_date"], strict=True)], ledger.index
    )
    late = delay[delay > 1]
    assert len(late) == 40 and late.between(20, 75).all()
    assert set(ledger.loc[late.index, "type"]) == {EARN}
    rows = club.planted["row"].astype(int) - 2
    assert set(club.raw.loc[rows, "entry_id"]) == set(late.index)
    true = [ledger.at[i, "entry_date"].isoformat() for i in club.raw.loc[rows, "entry_id"]]
    assert true == club.planted["new"].tolist()


def test_copies_share_the_entry_id_and_every_ledger_line_is_the_cell(club: Club) -> None:
    for line in pd.concat([club.defects, club.planted]).itertuples():
        assert line.file == "ledger.csv"
        assert club.raw.at[int(line.row) - 2, line.column] == line.old, line
    copies = club.raw.duplicated()
    assert copies.sum() == (club.defects["reason"] == "duplicate").sum()
    assert copies.mean() == pytest.approx(0.01, abs=0.001)
    assert club.ledger.index.is_unique and len(club.ledger) == club.summary["true_entries"]


def test_added_up_by_posting_balances_fall_below_zero_and_by_day_of_happening_never(club: Club) -> None:
    _, _, void = club.accounts()
    counted = club.ledger.drop(index=void).reset_index()
    assert counted["posted_date"].is_monotonic_increasing
    below = (counted.groupby("member_id")["stars"].cumsum() < 0).sum()
    assert below == club.summary["below_zero_by_posting"] > 20
    counted["turn"] = counted["type"].map({EARN: 0, ADJUST: 1, REDEEM: 2, EXPIRE: 3})
    in_order = counted.sort_values(["entry_date", "turn", "entry_id"])
    assert (in_order.groupby("member_id")["stars"].cumsum() >= 0).all()


def test_redemptions_beyond_the_balance_are_tried_at_visits_and_half_for_stars_that_had_ended(
    club: Club,
) -> None:
    _, _, void = club.accounts()
    ledger, asked = club.ledger, club.ledger.loc[void]
    assert len(asked) == 14 and asked["member_id"].is_unique
    assert set(asked["stars"]) <= {-20, -40, -80}
    came = ledger[ledger["type"] == EARN]
    days = set(zip(came["member_id"], came["entry_date"], strict=True))
    assert set(zip(asked["member_id"], asked["entry_date"], strict=True)) <= days
    assert len({day.year for day in asked["entry_date"]}) >= 3
    assert len({day.strftime("%Y-%m") for day in asked["entry_date"]}) >= 8
    ended = 0
    for row in asked.itertuples():
        own = ledger[(ledger["member_id"] == row.member_id) & (ledger["entry_date"] <= row.entry_date)]
        own = own[(own["type"] != EXPIRE) & ~own.index.isin(void)]
        ended += own["stars"].sum() + row.stars >= 0
    assert ended == 7


def test_the_small_size_has_every_level_and_defect(
    tmp_path: Path, text_of: Callable[..., pd.DataFrame]
) -> None:
    build(["loyalty"], out=tmp_path, size="small", names="en")
    truth = text_of(tmp_path / "_truth" / "loyalty_members.csv")
    assert len(truth) == 30 and set(truth["level"]) == {"1", "2", "3"}
    assert set(text_of(tmp_path / "_truth" / "loyalty_defects.csv")["reason"]) == {"duplicate", "negative"}
    assert len(text_of(tmp_path / "_truth" / "loyalty_planted.csv")) == 4
    assert set(text_of(tmp_path / "loyalty" / "ledger.csv")["type"]) == {"earn", "redeem", "expire", "adjust"}
