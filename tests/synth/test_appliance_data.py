"""After-sales service: the desk's clock, open tickets, and a VIP team that only the right comparison judges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from segkit.synth.build import build
from segkit.workdays import is_workday

NOW = dt.datetime(2025, 12, 31, 20, 0)
START = pd.Timestamp("2025-07-01")
RESPOND = {"一般": 24, "重大": 12, "紧急": 2}
SOLVE = {"一般": 36, "重大": 60, "紧急": 24}
TIMES = ["opened_at", "first_response_at", "closed_at", "callback_at"]


@dataclass
class Case:
    """The tables a trainee has, read and cleaned, and the truth beside them."""

    customers: pd.DataFrame
    sales: pd.DataFrame
    tickets: pd.DataFrame
    raw: dict[str, pd.DataFrame]
    truth: pd.DataFrame
    bought_again: pd.DataFrame
    defects: pd.DataFrame
    planted: pd.DataFrame
    summary: dict


@pytest.fixture(scope="module")
def cases(draws_of: Callable[[str], list[Path]], text_of: Callable[[Path], pd.DataFrame]) -> list[Case]:
    return [read(folder, text_of) for folder in draws_of("appliance")]


def read(folder: Path, text_of: Callable[[Path], pd.DataFrame]) -> Case:
    raw = {name: text_of(folder / "appliance" / f"{name}.csv") for name in ("customers", "sales", "tickets")}
    hidden = {
        name: text_of(folder / "_truth" / f"appliance_{name}.csv")
        for name in ("tickets", "customers", "defects", "planted")
    }
    sales = raw["sales"].copy()
    narrow = sales["amount"].map(lambda v: v.translate({0xFF10 + d: 48 + d for d in range(10)}))
    sales["amount"] = narrow.str.replace("[￥,]", "", regex=True).astype(float)
    sales["sale_date"] = pd.to_datetime(sales["sale_date"])
    tickets = raw["tickets"].drop_duplicates().copy()
    for column in TIMES:
        tickets[column] = pd.to_datetime(tickets[column].replace("", None))
    for column in ("csat", "ces", "repeat_within_90d"):
        tickets[column] = pd.to_numeric(tickets[column])
    of = raw["customers"].set_index("customer_id")
    tickets["tier"], tickets["region"] = (tickets["customer_id"].map(of[c]) for c in ("tier", "region"))
    helped = set(tickets[tickets["team"] == "VIP专属"]["region"])
    tickets["treated"] = tickets["region"].isin(helped)
    tickets["after"] = tickets["opened_at"] >= START
    tickets["hours"] = hours(tickets, "first_response_at")
    number = dict.fromkeys(("response_hours", "solution_hours", "open_days", "mood"), float)
    flags = dict.fromkeys(("response_late", "solution_late", "stalled", "peak"), int)
    summary = yaml.safe_load((folder / "_truth" / "appliance_summary.yml").read_text("utf-8"))
    return Case(
        raw["customers"],
        sales,
        tickets.set_index("ticket_id"),
        raw,
        hidden["tickets"].set_index("ticket_id").astype(number | flags),
        hidden["customers"].set_index("customer_id").astype(int),
        hidden["defects"],
        hidden["planted"],
        summary,
    )


@lru_cache(maxsize=2000)
def is_open(day: dt.date) -> bool:
    return is_workday(day)


def desk_hours(start: dt.datetime, end: dt.datetime) -> float:
    """Hours between two moments in which the desk is open, day by day: 8 to 20 o'clock on working days."""
    total, day = 0.0, start.date()
    while day <= end.date():
        if is_open(day):
            opens, closes = dt.datetime.combine(day, dt.time(8)), dt.datetime.combine(day, dt.time(20))
            total += max(0.0, (min(end, closes) - max(start, opens)).total_seconds()) / 3600
        day += dt.timedelta(days=1)
    return total


def hours(tickets: pd.DataFrame, until: str) -> list[float]:
    """Hours that count: by the calendar where urgent, else on the desk's clock; blank where not yet."""
    return [
        float("nan")
        if pd.isna(end)
        else (end - start).total_seconds() / 3600
        if severity == "紧急"
        else desk_hours(start.to_pydatetime(), end.to_pydatetime())
        for start, end, severity in zip(
            tickets["opened_at"], tickets[until], tickets["severity"], strict=True
        )
    ]


def cells(tickets: pd.DataFrame, column: str) -> pd.DataFrame:
    """Means: rows other regions, regions of the team; columns before, after."""
    return tickets.groupby(["treated", "after"])[column].mean().unstack()


def did(tickets: pd.DataFrame, column: str) -> float:
    c = cells(tickets, column)
    return float(c.loc[True, True] - c.loc[True, False] - c.loc[False, True] + c.loc[False, False])


def before_after(tickets: pd.DataFrame, column: str) -> float:
    c = cells(tickets, column)
    return float(c.loc[True, True] - c.loc[True, False])


def least_squares(y: pd.Series, **columns: pd.Series) -> dict[str, float]:
    x = np.column_stack([np.ones(len(y)), *(np.asarray(c, dtype=float) for c in columns.values())])
    beta = np.linalg.lstsq(x, y.to_numpy(dtype=float), rcond=None)[0]
    return dict(zip(["constant", *columns], map(float, beta), strict=True))


# --- marginals --------------------------------------------------------------------------------------


def test_sizes_and_tiers(cases: list[Case]) -> None:
    for case in cases:
        assert (len(case.customers), len(case.sales), len(case.tickets)) == (1000, 1900, 2600)
        assert case.customers["tier"].value_counts().to_dict() == {"普通": 600, "潜在": 250, "VIP": 150}
        each = case.customers.groupby(["tier", "region"]).size().unstack()
        assert (each.max(axis=1) - each.min(axis=1)).max() <= 1
        sizes = case.tickets.groupby(["ticket_type", "severity"]).size()
        assert sizes.min() >= 5
        urgent = case.tickets[case.tickets["severity"] == "紧急"]
        assert set(urgent["ticket_type"]) == {"维修", "投诉"}
        assert case.tickets["severity"].value_counts(normalize=True)["紧急"] == pytest.approx(0.08, abs=0.005)
        assert (case.tickets["tier"] == "VIP").mean() == pytest.approx(0.30, abs=0.01)


def test_tier_was_set_by_what_was_spent_before_the_year(cases: list[Case]) -> None:
    for case in cases:
        old = case.sales[case.sales["sale_date"] < "2025-01-01"].groupby("customer_id")["amount"].sum()
        tier = case.customers.set_index("customer_id")["tier"]
        assert set(old.index) == set(tier.index[tier != "潜在"])
        assert old[tier.reindex(old.index) == "VIP"].min() >= old[tier.reindex(old.index) == "普通"].max()


def test_hours_late_and_open(cases: list[Case]) -> None:
    for case in cases:
        assert case.tickets["hours"].median() == pytest.approx(6.0, abs=0.4)
        assert np.log(case.tickets["hours"]).std() == pytest.approx(0.9, abs=0.05)
        assert case.truth["response_late"].mean() == pytest.approx(0.14, abs=0.008)
        assert case.tickets["closed_at"].isna().mean() == pytest.approx(0.033, abs=0.01)
        answered = case.tickets["csat"].notna().mean()
        assert 0.70 < answered < 0.76


def test_calls_come_twice_as_often_in_the_peak(cases: list[Case]) -> None:
    for case in cases:
        day = case.tickets["opened_at"].dt.normalize()
        peak = day.between("2025-05-05", "2025-07-05")
        assert (peak.sum() / 62) / ((~peak).sum() / 303) == pytest.approx(2.0, abs=0.2)
        times = case.tickets.groupby(peak)["hours"].median()
        assert times[True] / times[False] == pytest.approx(2.6, abs=0.4)


def test_nothing_happened_after_the_tables_were_drawn(cases: list[Case]) -> None:
    for case in cases:
        for column in TIMES:
            assert case.tickets[column].max() <= pd.Timestamp("2025-12-31 20:00")
        assert case.sales["sale_date"].max() <= pd.Timestamp("2025-12-31")
        scored = case.tickets[case.tickets["csat"].notna()]
        assert scored["callback_at"].notna().all()
        assert case.tickets[case.tickets["closed_at"].isna()][["callback_at", "csat"]].isna().all(axis=None)


# --- the clock and the deadlines ----------------------------------------------------------------------


def test_hours_of_the_truth_are_those_of_the_desks_clock(cases: list[Case]) -> None:
    """Day by day in plain Python, apart from the vectorised clock."""
    for case in cases:
        known = case.tickets["hours"].notna()
        gap = case.tickets["hours"][known] - case.truth["response_hours"][known]
        assert gap.abs().max() < 0.001
        calm = ~case.tickets.index.isin(swapped(case)) & case.tickets["closed_at"].notna()
        closed = case.tickets[calm]
        gap = pd.Series(hours(closed, "closed_at"), closed.index) - case.truth["solution_hours"][calm]
        assert gap.abs().max() < 0.001


def test_late_by_the_published_rule_open_tickets_included(cases: list[Case]) -> None:
    for case in cases:
        until = case.tickets.assign(end=case.tickets["first_response_at"].fillna(pd.Timestamp(NOW)))
        late = pd.Series(hours(until, "end"), until.index) > until["severity"].map(RESPOND)
        assert (late.astype(int) == case.truth["response_late"]).all()
        right = ~case.tickets.index.isin(swapped(case))
        until = case.tickets.assign(end=case.tickets["closed_at"].fillna(pd.Timestamp(NOW)))[right]
        late = pd.Series(hours(until, "end"), until.index) > until["severity"].map(SOLVE)
        assert (late.astype(int) == case.truth["solution_late"][right]).all()


def test_by_the_calendar_far_more_would_seem_late(cases: list[Case]) -> None:
    """Nights, weekends and the October holiday count against the desk unless its clock is used."""
    for case in cases:
        t = case.tickets[case.tickets["first_response_at"].notna()]
        by_calendar = (t["first_response_at"] - t["opened_at"]).dt.total_seconds() / 3600
        assert (by_calendar > t["severity"].map(RESPOND)).mean() > 0.14 + 0.15


def test_mean_over_closed_tickets_is_too_good(cases: list[Case]) -> None:
    """Open tickets are censored: Kaplan-Meier finds the true mean capped at 180 days, the naive one does not."""
    for case in cases:
        t = case.tickets[~case.tickets.index.isin(swapped(case))]
        ended = t["closed_at"].notna()
        days = (t["closed_at"].fillna(pd.Timestamp(NOW)) - t["opened_at"]).dt.total_seconds() / 86400
        true = case.truth["open_days"].reindex(t.index).clip(upper=180).mean()
        assert kaplan_meier_mean(days.to_numpy(), ended.to_numpy(), 180.0) == pytest.approx(true, rel=0.08)
        naive = days[ended].clip(upper=180).mean()
        assert naive < 0.80 * true
        assert case.summary["open_days"]["naive"] == pytest.approx(naive, rel=0.02)


def kaplan_meier_mean(days: np.ndarray, ended: np.ndarray, horizon: float) -> float:
    area, alive, at_risk, last = 0.0, 1.0, len(days), 0.0
    for time, closed in sorted(zip(days, ~ended, strict=True)):
        now = min(float(time), horizon)
        area, last = area + alive * (now - last), now
        alive *= 1.0 if closed else 1 - 1 / at_risk
        at_risk -= 1
    return area + alive * (horizon - last)


# --- satisfaction and the VIP team ----------------------------------------------------------------------


def test_vips_are_nearly_twice_as_sensitive_to_waiting(cases: list[Case]) -> None:
    """The interaction is found; the plain means say only that VIPs are harder to please."""
    for case in cases:
        t = case.tickets[case.tickets["csat"].notna()]
        vip, log = (t["tier"] == "VIP").astype(float), np.log1p(t["hours"])
        beta = least_squares(
            t["csat"], log=log, vip=vip, vip_log=vip * log, repeat=t["repeat_within_90d"], there=t["treated"]
        )
        assert beta["log"] == pytest.approx(-0.35, abs=0.06)
        assert (beta["log"] + beta["vip_log"]) / beta["log"] == pytest.approx(1.8, abs=0.3)
        assert beta["repeat"] == pytest.approx(-0.8, abs=0.15)
        assert abs(beta["vip"]) < 0.15
        assert t["csat"][vip == 1].mean() - t["csat"][vip == 0].mean() < -0.4


def test_the_team_worked_where_it_says(cases: list[Case]) -> None:
    for case in cases:
        own = (case.tickets["tier"] == "VIP") & case.tickets["treated"] & case.tickets["after"]
        assert ((case.tickets["team"] == "VIP专属") == own).all()
        assert set(case.tickets[case.tickets["treated"]]["region"]) == {"东区", "北区"}


def scored_vips(case: Case) -> pd.DataFrame:
    return case.tickets[(case.tickets["tier"] == "VIP") & case.tickets["csat"].notna()]


def true_effect(case: Case) -> dict[str, float]:
    """Of the team on the tickets it handled, against the same tickets without it."""
    vips = scored_vips(case)
    truth = case.truth.loc[vips.index[vips["team"] == "VIP专属"]]
    alone = truth[["response_hours_without_team", "mood_without_team"]].astype(float)
    return {
        "hours": float((truth["response_hours"] - alone["response_hours_without_team"]).mean()),
        "csat": float((truth["mood"].clip(1, 5) - alone["mood_without_team"].clip(1, 5)).mean()),
    }


def test_units_of_the_year_call_too_but_not_before_they_are_there(cases: list[Case]) -> None:
    for case in cases:
        calls = case.tickets[(case.tickets["sale_id"] != "") & (case.tickets["ticket_type"] != "安装")]
        bought = pd.to_datetime(calls["buy_date"])
        assert (bought < calls["opened_at"]).all()
        assert (bought >= "2025-01-01").sum() >= 20


def test_true_effects_stand_without_the_team(cases: list[Case]) -> None:
    """Elsewhere nothing would have been different."""
    for case in cases:
        other = case.truth[case.tickets["team"].reindex(case.truth.index) != "VIP专属"]
        assert (
            other["response_hours_without_team"].astype(float) - other["response_hours"]
        ).abs().max() < 1e-3
        assert (other["mood_without_team"].astype(float) == other["mood"]).all()


def test_copies_stand_below_their_originals_but_not_beside_them(cases: list[Case]) -> None:
    for case in cases:
        number = case.raw["tickets"]["ticket_id"].reset_index(drop=True)
        copies = number.index[number.duplicated()]
        gaps = [at - number.index[number == number[at]][0] for at in copies]
        assert min(gaps) >= 1 and max(gaps) > 5


def test_difference_in_differences_finds_the_team_and_before_after_overstates_it(cases: list[Case]) -> None:
    for case in cases:
        vips = scored_vips(case)
        true = true_effect(case)
        assert true["csat"] == pytest.approx(0.35, abs=0.05) and true["hours"] == pytest.approx(-3.5, abs=0.3)
        assert case.summary["true_effects"]["csat"] == pytest.approx(true["csat"], abs=0.006)
        assert case.summary["true_effects"]["hours"] == pytest.approx(true["hours"], abs=0.006)
        assert did(vips, "csat") == pytest.approx(true["csat"], abs=0.11)
        assert did(vips, "hours") == pytest.approx(true["hours"], abs=1.0)
        assert before_after(vips, "csat") > true["csat"] + 0.10
        assert before_after(vips, "hours") < true["hours"] - 2.5
        after = cells(vips, "csat")[True]
        assert after[True] - after[False] < 0.35 - 0.04  # the team went where scores were lower


def test_the_team_changed_nothing_for_the_others(cases: list[Case]) -> None:
    for case in cases:
        others = case.tickets[case.tickets["tier"] != "VIP"]
        assert abs(did(others, "csat")) < 0.08
        assert abs(did(others, "hours")) < 0.8


def test_the_whole_effect_goes_through_the_shorter_wait(cases: list[Case]) -> None:
    """With the hours held fast nothing is left of the team."""
    for case in cases:
        t = case.tickets[case.tickets["csat"].notna() & (case.tickets["tier"] == "VIP")]
        parts = {"there": t["treated"], "after": t["after"], "repeat": t["repeat_within_90d"]}
        team = t["treated"] & t["after"]
        assert least_squares(t["csat"], team=team, **parts)["team"] == pytest.approx(0.35, abs=0.12)
        assert abs(least_squares(t["csat"], team=team, log=np.log1p(t["hours"]), **parts)["team"]) < 0.08


def test_repurchase_rises_by_four_points_that_a_sample_of_150_cannot_prove(cases: list[Case]) -> None:
    for case in cases:
        vips = case.customers[case.customers["tier"] == "VIP"].set_index("customer_id")
        year = case.sales[case.sales["sale_date"] >= "2025-01-01"]
        for half, when in (("h1", year["sale_date"] < START), ("h2", year["sale_date"] >= START)):
            vips[half] = vips.index.isin(year[when]["customer_id"]).astype(int)
        assert (
            vips[["h1", "h2"]].to_numpy() == case.bought_again.loc[vips.index].iloc[:, 2:].to_numpy()
        ).all()
        treated = vips["region"].isin(["东区", "北区"])
        rate = vips.groupby(treated)[["h1", "h2"]].mean()
        effect = rate.loc[True, "h2"] - rate.loc[True, "h1"] - rate.loc[False, "h2"] + rate.loc[False, "h1"]
        assert effect == pytest.approx(0.04, abs=0.015)
        assert rate.loc[True, "h2"] - rate.loc[True, "h1"] > 0.04 + 0.02
        change = vips["h2"] - vips["h1"]
        error = np.sqrt(sum(change[treated == g].var() / (treated == g).sum() for g in (True, False)))
        assert effect - 1.96 * error < 0 < effect + 1.96 * error


# --- dirt and structure ---------------------------------------------------------------------------------


def swapped(case: Case) -> set[str]:
    wrong = case.tickets["closed_at"] < case.tickets["opened_at"]
    return set(case.tickets.index[wrong])


def test_planted_rows_are_found_in_the_tables(cases: list[Case]) -> None:
    for case in cases:
        raw, counted = case.raw, case.defects["reason"].value_counts().to_dict()
        assert counted == {"phone_format": 30, "duplicate": 24, "amount_unit": 16, "full_width": 12}
        assert raw["tickets"].duplicated().sum() == 24
        assert (~raw["customers"]["phone"].str.fullmatch(r"100\d{8}")).sum() == 30
        assert raw["sales"]["amount"].str.startswith("￥").sum() == 16
        assert raw["sales"]["amount"].str.contains("[０-９]").sum() == 12
        rows = case.planted["row"].astype(int) - 2
        found = raw["tickets"].iloc[rows]["ticket_id"]
        assert set(found) == swapped(case) and len(found) == 14
        assert (raw["tickets"].iloc[rows]["closed_at"].to_numpy() == case.planted["old"].to_numpy()).all()
        for number, closed in zip(found, case.planted["new"], strict=True):
            days = (pd.Timestamp(closed) - case.tickets.at[number, "opened_at"]).total_seconds() / 86400
            assert days == pytest.approx(case.truth.at[number, "open_days"], abs=0.001)


def test_returns_are_repairs_of_the_same_unit_within_90_days(cases: list[Case]) -> None:
    for case in cases:
        last: dict[str, pd.Timestamp] = {}
        expected = {}
        unit = case.tickets["sale_id"].where(case.tickets["sale_id"] != "", case.tickets["customer_id"])
        for row, key in zip(
            case.tickets.sort_values("opened_at").itertuples(),
            unit[case.tickets.sort_values("opened_at").index],
            strict=True,
        ):
            if row.ticket_type == "维修":
                expected[row.Index] = int(key in last and row.opened_at - last[key] <= pd.Timedelta(days=90))
                last[key] = row.opened_at
        assert (case.tickets.loc[case.tickets["ticket_type"] != "维修", "repeat_within_90d"] == 0).all()
        assert (
            pd.Series(expected).reindex(case.tickets.index, fill_value=0) == case.tickets["repeat_within_90d"]
        ).all()
        returns = case.truth[case.truth["returns_to"] != ""]
        assert set(returns.index) == set(case.tickets.index[case.tickets["repeat_within_90d"] == 1])
        assert len(returns) == 143
        first = case.tickets.loc[returns["returns_to"]]
        right = ~first.index.isin(swapped(case))
        assert (
            first["closed_at"].to_numpy()[right]
            < case.tickets.loc[returns.index, "opened_at"].to_numpy()[right]
        ).all()


def test_every_unit_sold_in_the_year_was_installed(cases: list[Case]) -> None:
    for case in cases:
        installs = case.tickets[case.tickets["ticket_type"] == "安装"]
        sold = case.sales[case.sales["sale_date"].between("2025-01-01", "2025-12-24")]
        assert installs["sale_id"].is_unique and set(sold["sale_id"]) <= set(installs["sale_id"])
        day = case.sales.set_index("sale_id")["sale_date"].loc[installs["sale_id"]].to_numpy()
        assert (installs["opened_at"].dt.normalize().to_numpy() - day).astype("timedelta64[D]").astype(
            int
        ).max() <= 6
        with_sale = case.tickets[case.tickets["sale_id"] != ""]
        of = case.sales.set_index("sale_id").loc[with_sale["sale_id"]]
        assert (of["customer_id"].to_numpy() == with_sale["customer_id"].to_numpy()).all()
        assert (of["product"].to_numpy() == with_sale["product"].to_numpy()).all()
        assert (pd.to_datetime(with_sale["buy_date"]).to_numpy() == of["sale_date"].to_numpy()).all()


def test_called_back_within_72_hours(cases: list[Case]) -> None:
    for case in cases:
        t = case.tickets[case.tickets["callback_at"].notna() & ~case.tickets.index.isin(swapped(case))]
        gap = (t["callback_at"] - t["closed_at"]).dt.total_seconds() / 3600
        assert gap.min() > 0 and gap.max() <= 72


def test_summary_says_what_the_tables_say(cases: list[Case]) -> None:
    for case in cases:
        vips = scored_vips(case)
        team = case.summary["team"]
        assert case.summary["tickets"]["vip_told"] == len(vips)
        spread = vips.groupby(["treated", "after"])["csat"].agg(["var", "count"])
        error = np.sqrt((spread["var"] / spread["count"]).sum())
        assert team["csat_error"] == pytest.approx(error, abs=0.006)
        assert team["hours_before_after"] == pytest.approx(before_after(vips, "hours"), abs=0.006)
        assert team["csat_did"] == pytest.approx(did(vips, "csat"), abs=0.006)
        assert team["hours_did"] == pytest.approx(did(vips, "hours"), abs=0.006)
        assert team["csat_before_after"] == pytest.approx(before_after(vips, "csat"), abs=0.006)
        assert case.summary["tickets"]["open"] == case.tickets["closed_at"].isna().sum()


def test_a_tenth_in_english_has_every_class(tmp_path: Path, text_of: Callable[[Path], pd.DataFrame]) -> None:
    build(["appliance"], out=tmp_path, size="small", names="en")
    tickets = text_of(tmp_path / "appliance" / "tickets.csv")
    assert 250 <= len(tickets) <= 265
    assert set(tickets["team"]) == {"ordinary", "VIP team"}
    assert set(tickets["ticket_type"]) == {"installation", "repair", "complaint", "enquiry"}
    defects = text_of(tmp_path / "_truth" / "appliance_defects.csv")
    assert set(defects["reason"]) == {"phone_format", "duplicate", "amount_unit", "full_width"}
    assert len(text_of(tmp_path / "_truth" / "appliance_planted.csv")) >= 1
