"""Protection in the public pool: the published dates day by day, a slow referee, and what was planted in a sample."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from segkit.followup.pool_rules import STATES, Pool, PoolRules, pool
from segkit.problems import InputProblems
from segkit.workdays import is_workday

ROOT = Path(__file__).parents[2]
D = dt.date
CLAIM = D(2019, 3, 25)
# 红圈's example: 10 days, 3 more with each activity, 20 at most
PUBLISHED = PoolRules(
    default_protect=10, extend_days=3, max_protect=20, no_follow_days=None, no_deal_days=None
)


def held(*contacts: dt.date, effective: bool = True, **columns: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One record claimed on 25 March and its contacts."""
    record = {"customer_id": ["k"], "owner": ["zhang"], "claim_date": [pd.Timestamp(CLAIM)], **columns}
    made = {"customer_id": "k", "date": pd.to_datetime(list(contacts)), "effective": effective}
    return pd.DataFrame(record), pd.DataFrame(made, columns=["customer_id", "date", "effective"])


def on(day: dt.date, *contacts: dt.date, rules: PoolRules = PUBLISHED, effective: bool = True) -> pd.Series:
    return pool(*held(*contacts, effective=effective), rules, as_of=day).records.iloc[0]


# --- the published example -------------------------------------------------------------------------

THIRD = (D(2019, 3, 28), D(2019, 4, 2), D(2019, 4, 5))


@pytest.mark.parametrize(
    ("as_of", "contacts", "recycle_at"),
    [
        (D(2019, 3, 25), (), D(2019, 4, 4)),
        (D(2019, 3, 28), THIRD[:1], D(2019, 4, 4)),
        (D(2019, 4, 2), THIRD[:2], D(2019, 4, 5)),
        (D(2019, 4, 5), THIRD, D(2019, 4, 8)),
        (D(2019, 4, 14), (*THIRD, *(D(2019, 4, day) for day in range(6, 15))), D(2019, 4, 14)),
    ],
)
def test_the_published_example_date_by_date(as_of, contacts, recycle_at) -> None:
    found = on(as_of, *contacts)
    assert found["recycle_at"].date() == recycle_at
    assert found["days_left"] == (recycle_at - as_of).days and found["state"] != "due"
    assert on(recycle_at + dt.timedelta(days=1), *contacts)["state"] == "due"


def test_what_the_future_holds_does_not_count() -> None:
    assert on(D(2019, 4, 1), *THIRD)["recycle_at"].date() == D(2019, 4, 4)


def test_a_contact_nobody_answered_extends_nothing() -> None:
    found = on(D(2019, 4, 3), D(2019, 4, 2), effective=False)
    assert found["recycle_at"].date() == D(2019, 4, 4) and pd.isna(found["last_effective"])


def test_who_let_the_day_pass_does_not_get_it_back_by_a_late_call() -> None:
    found = on(D(2019, 4, 6), D(2019, 4, 5))
    assert (found["recycle_at"].date(), found["state"]) == (D(2019, 4, 4), "due")


def test_only_what_the_owner_did_counts() -> None:
    records, contacts = held(D(2019, 4, 2), D(2019, 4, 4))
    by = pool(records, contacts.assign(owner=["zhang", "li"]), PUBLISHED, as_of=D(2019, 4, 4))
    assert by.records["recycle_at"].iloc[0] == pd.Timestamp(2019, 4, 5)


def test_each_rule_says_that_it_was_the_one() -> None:
    rules = {"protection": PUBLISHED, "maximum": PUBLISHED.model_copy(update={"max_protect": 10})}
    rules["no_follow"] = PUBLISHED.model_copy(update={"no_follow_days": 2})
    rules["no_deal"] = PUBLISHED.model_copy(update={"no_deal_days": 9})
    found = {name: on(D(2019, 4, 2), D(2019, 3, 27), rules=rule) for name, rule in rules.items()}
    days = {name: one["recycle_at"].date() for name, one in found.items()}
    assert days["no_follow"] == D(2019, 3, 29) and days["no_deal"] == D(2019, 4, 3)
    assert [found[n]["reason"] for n in ("protection", "no_follow", "no_deal")] == [
        "protection",
        "no_follow",
        "no_deal",
    ]
    long = on(D(2019, 4, 14), *THIRD, *(D(2019, 4, day) for day in range(6, 15)))
    assert long["reason"] == "maximum"


# --- a slow referee --------------------------------------------------------------------------------

RULES = st.builds(
    PoolRules,
    default_protect=st.integers(1, 15),
    extend_days=st.integers(0, 10),
    max_protect=st.none() | st.integers(15, 40),
    no_follow_days=st.none() | st.integers(1, 20),
    no_deal_days=st.none() | st.integers(1, 50),
)
LOG = st.lists(st.tuples(st.integers(-3, 40), st.booleans()), max_size=12)


def referee(rules: PoolRules, log: list[tuple[int, bool]], as_of: int) -> int:
    """The last protected day, in days after the claim, walking from day to day."""

    def end(last: int | None) -> int:
        since = 0 if last is None else last
        days = [max(rules.default_protect, since + rules.extend_days if last is not None else 0)]
        days += [n for n in (rules.max_protect, rules.no_deal_days) if n is not None]
        days += [] if rules.no_follow_days is None else [since + rules.no_follow_days]
        return min(days)

    until = end(None)
    for day in range(as_of + 1):
        if day <= until and (day, True) in log:
            until = end(day)
    return until


@given(RULES, LOG, st.integers(0, 45))
def test_the_days_are_those_of_a_walk_from_day_to_day(rules, log, as_of) -> None:
    records, _ = held()
    contacts = pd.DataFrame(
        {
            "customer_id": "k",
            "date": [pd.Timestamp(CLAIM) + pd.Timedelta(days=day) for day, _ in log],
            "effective": [bool(counts) for _, counts in log],
        },
        columns=["customer_id", "date", "effective"],
    ).astype({"date": "datetime64[ns]", "effective": "boolean"})
    found = pool(records, contacts, rules, as_of=CLAIM + dt.timedelta(days=as_of)).records.iloc[0]
    assert (found["recycle_at"].date() - CLAIM).days == referee(rules, log, as_of)


@given(st.permutations(range(6)), LOG)
def test_the_order_of_rows_does_not_matter_and_records_do_not_touch_each_other(order, log) -> None:
    ids = [f"k{i}" for i in range(6)]
    records = pd.DataFrame(
        {"customer_id": ids, "owner": "zhang", "claim_date": pd.date_range(CLAIM, periods=6)}
    )
    contacts = pd.DataFrame(
        {
            "customer_id": [ids[i % 6] for i in range(len(log))],
            "date": [pd.Timestamp(CLAIM) + pd.Timedelta(days=day) for day, _ in log],
            "effective": [counts for _, counts in log],
        },
        columns=["customer_id", "date", "effective"],
    ).astype({"date": "datetime64[ns]", "effective": "boolean"})
    day = CLAIM + dt.timedelta(days=12)
    whole = pool(records, contacts, PUBLISHED, as_of=day).records.set_index("customer_id")
    mixed = pool(records.iloc[list(order)], contacts[::-1], PUBLISHED, as_of=day).records
    pd.testing.assert_frame_equal(whole.loc[mixed["customer_id"]], mixed.set_index("customer_id"))
    alone = pool(records.tail(1), contacts[contacts["customer_id"] == "k5"], PUBLISHED, as_of=day).records
    assert alone["recycle_at"].iloc[0] == whole.loc["k5", "recycle_at"]


# --- a changed rule --------------------------------------------------------------------------------


@given(st.integers(1, 12), st.integers(0, 20))
def test_a_changed_rule_takes_effect_the_next_day(shorter, as_of) -> None:
    change = CLAIM + dt.timedelta(days=6)
    new = PoolRules(
        default_protect=shorter,
        max_protect=20,
        no_follow_days=None,
        no_deal_days=None,
        before=PUBLISHED,
        changed_on=change,
    )
    found = on(CLAIM + dt.timedelta(days=as_of), rules=new)["recycle_at"].date()
    if as_of <= 6:
        assert found == D(2019, 4, 4)  # as before
    else:
        assert found == max(CLAIM + dt.timedelta(days=shorter), change)


def test_what_had_gone_back_before_the_change_stays_gone() -> None:
    generous = PoolRules(
        default_protect=40,
        no_follow_days=None,
        no_deal_days=None,
        before=PUBLISHED,
        changed_on=D(2019, 4, 10),
    )
    assert on(D(2019, 4, 20), rules=generous)["recycle_at"].date() == D(2019, 4, 4)


# --- states and what follows -----------------------------------------------------------------------


def office() -> Pool:
    """Nine records on 4 April: claimed ten days ago unless said."""
    records = pd.DataFrame(
        [
            ("soon", "zhang", "2019-03-25", "私海", "", None),
            ("new", "zhang", "2019-04-03", "私海", "", None),
            ("late", "zhang", "2019-03-20", "私海", "", None),
            ("deal", "zhang", "2018-01-01", " 成交", "", None),
            ("kept", "li", "2018-01-01", "锁定", "", None),
            ("gone", "", "2019-03-01", "公海", "li", "2019-03-30"),
            ("long gone", "", "2019-01-01", "公海", "li", "2019-01-20"),
            ("early", "", "2019-03-28", "公海", "wang", "2019-04-01"),
            ("undated", "li", None, "私海", "", None),
        ],
        columns=["customer_id", "owner", "claim_date", "status", "last_owner", "release_date"],
    )
    for column in ("claim_date", "release_date"):
        records[column] = pd.to_datetime(records[column])
    rules = PUBLISHED.model_copy(update={"hold_cap": 2, "daily_claim_cap": 1})
    return pool(records, None, rules, as_of=D(2019, 4, 4))


def test_every_record_has_its_state() -> None:
    found = office().records.set_index("customer_id")
    assert found["state"].to_dict() == {
        "soon": "remind",
        "new": "private",
        "late": "due",
        "deal": "exempt",
        "kept": "exempt",
        "gone": "public",
        "long gone": "public",
        "early": "public",
        "undated": "unknown",
    }
    assert {*found["state"]} == {*STATES}
    assert found["too_early"].to_dict() == {name: name == "early" for name in found.index}
    assert list(office().returning(7)["customer_id"]) == ["late", "soon"]


@pytest.mark.parametrize("word", ["VIP", "ＶＩＰ", " ｖｉｐ "])
@pytest.mark.parametrize("status", ["vip", "ＶＩＰ"])
def test_a_word_of_the_rules_is_the_same_in_full_width(word: str, status: str) -> None:
    kept = PUBLISHED.model_copy(update={"exempt": (word,)})
    assert pool(*held(status=[status]), kept, as_of=CLAIM).records["state"].tolist() == ["exempt"]
    free = PUBLISHED.model_copy(update={"public": (word,)})
    assert pool(*held(status=[status]), free, as_of=CLAIM).records["state"].tolist() == ["public"]


def test_who_gave_it_back_waits_before_claiming_it_again() -> None:
    bans = office().bans.set_index("customer_id")
    assert bans["allowed_from"].dt.date.to_dict() == {
        "gone": D(2019, 4, 6),
        "early": D(2019, 4, 8),
        "late": D(2019, 4, 12),  # back tonight, that is on the 5th
    }
    assert bans["owner"].to_dict() == {"gone": "li", "early": "wang", "late": "zhang"}


def test_closed_deals_do_not_count_as_held_and_claims_are_counted_by_day() -> None:
    holding = office().holding.set_index("owner")
    assert holding.loc["zhang", ["held", "cap", "over"]].tolist() == [3, 2, 1]
    assert holding.loc["li", "held"] == 1
    same_day = pd.DataFrame(
        {
            "customer_id": list("abc"),
            "owner": ["zhang", "zhang", "li"],
            "claim_date": pd.to_datetime(["2019-04-01"] * 3),
        }
    )
    found = pool(
        same_day, None, PUBLISHED.model_copy(update={"daily_claim_cap": 1}), as_of=D(2019, 4, 2)
    ).claims
    assert found[["owner", "claims", "over"]].to_numpy().tolist() == [["zhang", 2, 1]]
    assert office().claims.empty


def test_reminders_come_on_working_days_and_before_the_day_they_speak_of() -> None:
    found = office().reminders
    assert (found["day"] >= pd.Timestamp(2019, 4, 4)).all() and (found["day"] < found["recycle_at"]).all()
    assert all(is_workday(day.date()) for day in found["day"])
    new = found[found["customer_id"] == "new"]  # until 13 April, a Saturday; three days before is the 10th
    assert list(new["day"].dt.day) == [10, 12]


def test_known_last_contacts_do_in_place_of_a_log() -> None:
    records, _ = held(last_effective=[pd.Timestamp("2019-04-02")])
    found = pool(records, None, PUBLISHED, as_of=D(2019, 4, 3)).records
    assert found["recycle_at"].iloc[0] == pd.Timestamp(2019, 4, 5)
    # the last of many: those before it are not on record, so nobody can say that the protection had run out
    records["last_effective"] = pd.Timestamp("2019-04-10")
    found = pool(records, None, PUBLISHED, as_of=D(2019, 4, 11)).records
    assert found["recycle_at"].iloc[0] == pd.Timestamp(2019, 4, 13)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputProblems) as found:
        pool(pd.DataFrame({"customer_id": ["k"]}), pd.DataFrame({"date": []}), PUBLISHED, as_of=CLAIM)
    assert len(found.value.problems) == 4
    for wrong in (
        {"default_protect": 10, "max_protect": 5},
        {"default_protect": None, "no_follow_days": None, "no_deal_days": None},
        {"remind_before": [-1]},
        {"changed_on": CLAIM},
    ):
        with pytest.raises(ValidationError):
            PoolRules.model_validate(wrong)


# --- the planted truth of a sample -----------------------------------------------------------------


@pytest.fixture(scope="module")
def suppliers() -> tuple[pd.DataFrame, pd.DataFrame, dict[str, set[str]]]:
    """Records and log of alibaba under the names `pool` asks for, and the ids of what was planted."""

    def read(*parts: str) -> pd.DataFrame:
        return pd.read_csv(ROOT.joinpath("datasets", *parts), encoding="utf-8-sig")

    records = read("alibaba", "suppliers.csv").rename(
        columns={
            "company_id": "customer_id",
            "owner_id": "owner",
            "pool_status": "status",
            "last_owner_id": "last_owner",
        }
    )
    visits = read("alibaba", "visits.csv").rename(
        columns={"company_id": "customer_id", "visit_date": "date", "rep_id": "owner"}
    )
    planted = read("_truth", "alibaba_planted.csv").query("file == 'suppliers.csv'")
    ids = {
        reason: set(records["customer_id"].iloc[rows["row"] - 2])
        for reason, rows in planted.groupby("reason")
    }
    return records, visits.dropna(subset="customer_id"), ids


DATASHEET = PoolRules(
    default_protect=30, extend_days=30, max_protect=90, no_follow_days=None, no_deal_days=None
)


def test_sixty_past_protection_and_thirty_released_too_early_are_found(suppliers) -> None:
    records, visits, planted = suppliers
    found = pool(records, visits, DATASHEET, as_of=D(2025, 12, 31)).records
    due = set(found.loc[found["state"] == "due", "customer_id"])
    assert due == planted["past_protection"] and len(due) == 60
    early = set(found.loc[found["too_early"], "customer_id"])
    assert early == planted["wrong_release"] and len(early) == 30


def test_minutes_instead_of_ticks_find_those_kept_by_false_visits_too(suppliers) -> None:
    records, visits, planted = suppliers
    long_enough = visits["minutes"] >= visits["channel"].map({"上门": 10.0, "电话": 0.5})
    log = visits.assign(effective=long_enough)
    found = pool(records, log, DATASHEET, as_of=D(2025, 12, 31), log_from=D(2025, 10, 10)).records
    due = set(found.loc[found["state"] == "due", "customer_id"])
    assert due == planted["past_protection"] | planted["fake_protection"] and len(due) == 116
    truth = pd.read_csv(ROOT / "datasets/_truth/alibaba_suppliers.csv", encoding="utf-8-sig")
    until = pd.to_datetime(truth["true_protect_until"])
    known = until.notna() & (found["last_effective"].notna() | (found["recycle_at"] == until))
    assert (found.loc[known, "recycle_at"] == until[known]).all() and known.sum() == 868
    # the truth forgives who was first seen to after the protection had run out; here that is not forgiven
    strict = found[until.notna() & ~known]
    assert (strict["state"] == "public").all() and (strict["recycle_at"] < until[strict.index]).all()


def test_a_log_that_begins_after_the_claim_does_not_tell_on_the_time_before() -> None:
    contacts = (D(2019, 4, 10), D(2019, 4, 12))
    lost = pool(*held(*contacts), PUBLISHED, as_of=D(2019, 4, 12)).records["recycle_at"].iloc[0]
    begun = pool(*held(*contacts), PUBLISHED, as_of=D(2019, 4, 12), log_from=D(2019, 4, 8)).records
    assert (lost, begun["recycle_at"].iloc[0]) == (pd.Timestamp(2019, 4, 4), pd.Timestamp(2019, 4, 14))


def test_by_the_systems_own_dates_nobody_is_past_protection(suppliers) -> None:
    records, visits, _ = suppliers
    every_entry = pool(records, visits.assign(effective=True), DATASHEET, as_of=D(2025, 12, 31)).records
    assert not (every_entry["state"] == "due").any()
