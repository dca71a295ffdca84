"""Patients: due dates by the rules, planted lapses, and a control rate that those still seen overstate."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.linear_model import LogisticRegression

from segkit.synth.build import build
from segkit.synth.dictionary import tables
from segkit.workdays import is_workday

AS_OF = pd.Timestamp("2025-12-31")
PRESSURE, SUGAR = {"高血压", "两者"}, {"2型糖尿病", "两者"}


@dataclass
class Case:
    """The tables a trainee has, read and cleaned, and the truth beside them."""

    patients: pd.DataFrame
    visits: pd.DataFrame
    orders: pd.DataFrame
    raw: dict[str, pd.DataFrame]
    truth: pd.DataFrame
    defects: pd.DataFrame
    planted: pd.DataFrame
    summary: dict
    folder: Path


@pytest.fixture(scope="module")
def cases(draws_of: Callable[[str], list[Path]], text_of: Callable[[Path], pd.DataFrame]) -> list[Case]:
    return [read(folder, text_of) for folder in draws_of("health")]


def read(folder: Path, text_of: Callable[[Path], pd.DataFrame]) -> Case:
    names = ("patients", "followups", "followup_orders")
    raw = {name: text_of(folder / "health" / f"{name}.csv") for name in names}
    truth, defects, planted = (
        text_of(folder / "_truth" / f"health_{name}.csv") for name in ("patients", "defects", "planted")
    )
    patients = raw["patients"].set_index("patient_id").copy()
    for column in ("age", "baseline_sbp", "baseline_dbp", "baseline_fpg"):
        patients[column] = pd.to_numeric(patients[column])
    visits = raw["followups"].drop_duplicates().set_index("followup_id").copy()
    visits["sbp"] = visits["sbp"].map(lambda v: v.translate({0xFF10 + d: 48 + d for d in range(10)}))
    for column in ("sbp", "dbp", "fpg", "adverse_reaction", "new_complication", "annual_review"):
        visits[column] = pd.to_numeric(visits[column])
    for column in ("visit_date", "next_due"):
        visits[column] = pd.to_datetime(visits[column].replace("", None))
    for column in ("age", "disease", "severity"):
        visits[column] = visits["patient_id"].map(patients[column])
    visits = visits.sort_values(["patient_id", "visit_date"], kind="stable")
    orders = raw["followup_orders"].set_index("order_id").copy()
    orders["due_date"] = pd.to_datetime(orders["due_date"])
    orders["attempts"] = orders["attempts"].astype(int)
    flags = ("lost", "controlled", "overdue", "hidden", "unreachable", "review_sbp", "review_dbp")
    truth = truth.set_index("patient_id").astype(dict.fromkeys(flags, int) | {"loss_chance": float})
    summary = yaml.safe_load((folder / "_truth" / "health_summary.yml").read_text("utf-8"))
    return Case(patients, visits, orders, raw, truth, defects, planted, summary, folder)


@lru_cache(maxsize=2000)
def works(day: dt.date) -> bool:
    return is_workday(day)


@lru_cache(maxsize=5000)
def last_workday(day: dt.date) -> dt.date:
    while not works(day):
        day -= dt.timedelta(days=1)
    return day


def within(day: pd.Timestamp, days: int) -> pd.Timestamp:
    """The last working day not later than so many days after `day`."""
    return pd.Timestamp(last_workday(day.date() + dt.timedelta(days=days)))


def by_the_rules(visits: pd.DataFrame, elder: int = 150) -> pd.DataFrame:
    """Outcome and next due date of every visit, one after the other, as the rules say."""
    found, before, patient = {}, "正常", ""
    for row in visits[visits["outcome"] != "失访"].itertuples():
        before = before if row.patient_id == patient else "正常"
        limit = elder if row.age >= 65 else 140
        high = row.disease in PRESSURE and (row.sbp >= limit or row.dbp >= 90)
        sweet = row.disease in SUGAR and row.fpg >= 7.0
        over = high or sweet or row.adverse_reaction == 1
        if row.sbp >= 180 or row.dbp >= 110 or row.fpg >= 16.7 or row.fpg <= 3.9:
            outcome = "危急"
        elif row.new_complication == 1 or (over and before != "正常"):
            outcome = "连续两次未控"
        else:
            outcome = "首次未控" if over else "正常"
        calm = 30 if row.severity == "危重" else 90
        found[row.Index] = (outcome, within(row.visit_date, calm if outcome == "正常" else 14))
        before, patient = outcome, row.patient_id
    return pd.DataFrame.from_dict(found, orient="index", columns=["outcome", "due"])


def filed(case: Case) -> pd.DataFrame:
    return case.visits[case.visits["outcome"] != "失访"]


# --- marginals --------------------------------------------------------------------------------------


def test_sizes_and_shares(cases: list[Case]) -> None:
    for case in cases:
        assert len(case.patients) == 800
        assert len(case.visits) == pytest.approx(4900, abs=300)
        shares = case.patients["disease"].value_counts(normalize=True)
        assert shares[["高血压", "2型糖尿病", "两者", "术后"]].tolist() == pytest.approx(
            [0.48, 0.27, 0.15, 0.1], abs=0.005
        )
        assert case.patients["severity"].value_counts()[["稳定", "复杂", "危重"]].tolist() == pytest.approx(
            [440, 240, 120], abs=1
        )
        age = case.patients["age"]
        assert age.mean() == pytest.approx(56.8, abs=0.5) and age.between(35, 90).all()
        assert age.std() == pytest.approx(11.9, abs=0.5)
        assert (age == 35).sum() < 2 * (age == 36).sum() and (age >= 90).sum() < 8  # nobody is piled up
        modes = filed(case)["mode"].value_counts(normalize=True)
        assert modes[["门诊", "电话", "家访", "线上"]].tolist() == pytest.approx(
            [0.45, 0.35, 0.12, 0.08], abs=0.025
        )


def test_measurements_of_the_visits_on_file(cases: list[Case]) -> None:
    """The marginals are those after loss: of what stands in the records."""
    for case in cases:
        v = filed(case)
        assert v["sbp"].mean() == pytest.approx(130, abs=1.5) and v["sbp"].std() == pytest.approx(13, abs=1.0)
        assert v["dbp"].mean() == pytest.approx(79, abs=1.3) and v["dbp"].std() == pytest.approx(8, abs=0.7)
        assert v["sbp"].corr(v["dbp"]) == pytest.approx(0.5, abs=0.05)
        assert ((v["sbp"] >= 140) | (v["dbp"] >= 90)).mean() == pytest.approx(0.27, abs=0.03)
        assert v["sbp"].corr(v.groupby("patient_id")["sbp"].shift(-1)) == pytest.approx(0.5, abs=0.07)
        assert case.patients["baseline_fpg"].median() == pytest.approx(7.4, abs=0.35)
        assert v["fpg"].notna().equals(v["disease"].isin(SUGAR))


def test_no_category_is_held_by_fewer_than_five_people(cases: list[Case]) -> None:
    for case in cases:
        for column in ("sex", "disease", "severity", "sensitive_consent"):
            assert case.patients[column].value_counts().min() >= 5
        for column in ("mode", "outcome", "adverse_reaction", "new_complication"):
            assert case.visits.groupby(column)["patient_id"].nunique().min() >= 5
        for column in ("purpose", "last_result", "attempts"):
            assert case.orders[column].value_counts().min() >= 5


def test_everything_is_done_and_due_on_working_days(cases: list[Case]) -> None:
    for case in cases:
        days = [case.visits["visit_date"], case.visits["next_due"], case.orders["due_date"]]
        days += [pd.to_datetime(case.patients[c].replace("", None)) for c in ("enrol_date", "first_due")]
        for column in days:
            assert all(works(day.date()) for day in column.dropna())
        assert case.visits["visit_date"].max() <= AS_OF
        assert case.visits["visit_date"].dt.day_of_week.isin([5, 6]).any()  # make-up days are among them


def test_nobody_can_be_named_or_called(cases: list[Case]) -> None:
    for case in cases:
        for path in (case.folder / "health").glob("*.csv"):
            text = path.read_text("utf-8-sig")
            assert not re.search(r"\d{11}", text) and "phone" not in text.splitlines()[0]
    known = pd.read_csv(cases[0].folder / "dictionary.csv", dtype=str, encoding="utf-8-sig")
    own = known[known["table"].str.startswith("health/")].set_index("column")["pii_class"]
    for column in ("sbp", "dbp", "fpg", "disease", "severity", "outcome"):
        assert own[column] == "sensitive"


# --- due dates ----------------------------------------------------------------------------------------


def test_due_dates_follow_the_rules_but_for_forty(cases: list[Case]) -> None:
    for case in cases:
        rules, v = by_the_rules(case.visits), filed(case)
        assert (rules["outcome"] == v["outcome"]).all()
        wrong = rules.index[rules["due"] != v["next_due"]]
        ledger = case.planted[case.planted["reason"] == "wrong_next_due"]
        assert len(wrong) == len(ledger) == 40
        rows = case.raw["followups"].iloc[ledger["row"].astype(int) - 2]
        assert set(rows["followup_id"]) == set(wrong)
        assert (rows["next_due"].to_numpy() == ledger["old"].to_numpy()).all()
        true = rules.loc[rows["followup_id"], "due"].dt.strftime("%Y-%m-%d")
        assert (true.to_numpy() == ledger["new"].to_numpy()).all()


def test_the_elders_limit_is_a_parameter_that_matters(cases: list[Case]) -> None:
    for case in cases:
        assert (by_the_rules(case.visits, elder=140)["outcome"] != filed(case)["outcome"]).sum() > 25


def test_the_first_follow_up_is_due_by_the_values_at_enrolment(cases: list[Case]) -> None:
    for case in cases:
        for row in case.patients.itertuples():
            start = pd.Timestamp(row.enrol_date)
            limit = 150 if row.age >= 65 else 140
            high = row.disease in PRESSURE and (row.baseline_sbp >= limit or row.baseline_dbp >= 90)
            sweet = row.disease in SUGAR and row.baseline_fpg >= 7.0
            if row.disease == "术后":
                left = pd.Timestamp(row.discharge_date)
                assert 1 <= (start - left).days <= 10
                assert pd.Timestamp(row.first_due) == within(left, 28)
                continue
            days = 14 if high or sweet else 30 if row.severity == "危重" else 90
            assert pd.Timestamp(row.first_due) == within(start, days)
            assert row.discharge_date == ""


def test_twenty_dangers_and_no_other(cases: list[Case]) -> None:
    for case in cases:
        v = filed(case)
        danger = (v["sbp"] >= 180) | (v["dbp"] >= 110) | (v["fpg"] >= 16.7) | (v["fpg"] <= 3.9)
        assert danger.sum() == 20 and v[danger]["patient_id"].is_unique
        assert (v["outcome"] == "危急").equals(danger)
        ledger = case.planted[case.planted["reason"] == "danger_value"]
        rows = case.raw["followups"].iloc[ledger["row"].astype(int) - 2]
        assert set(rows["followup_id"]) == set(v.index[danger]) and len(ledger) == 20
        after = v["visit_date"].groupby(v["patient_id"]).shift(-1)[danger] - v["visit_date"][danger]
        assert after.dropna().dt.days.max() <= 30


def test_ninety_are_overdue_of_whom_the_list_shows_eighty(cases: list[Case]) -> None:
    for case in cases:
        last = filed(case).groupby("patient_id").tail(1).reset_index().set_index("patient_id")
        due = by_the_rules(case.visits)["due"]
        orders = case.orders.set_index("patient_id")
        assert (orders["followup_id"] == last["followup_id"].reindex(orders.index)).all()
        assert (orders["due_date"] == last["next_due"].reindex(orders.index)).all()
        true = due.loc[orders["followup_id"]].set_axis(orders.index)
        overdue, listed = true < AS_OF, orders["due_date"] < AS_OF
        assert (overdue.sum(), listed.sum(), (overdue & ~listed).sum()) == (90, 80, 10)
        gone = orders["last_result"] == "无法联系"
        assert gone.sum() == 35 and overdue[gone].all() and (orders.loc[gone, "attempts"] == 3).all()
        assert (orders.loc[~gone, "attempts"] < 3).all()
        for column, mask in (("overdue", overdue), ("unreachable", gone)):
            assert (case.truth.loc[orders.index, column] == mask.astype(int)).all()
            ledger = case.planted[case.planted["reason"] == column]
            rows = case.raw["followup_orders"].iloc[ledger["row"].astype(int) - 2]
            assert set(rows["patient_id"]) == set(orders.index[mask]) and len(ledger) == mask.sum()
        assert case.truth["overdue"].sum() == 90
        calm = case.visits.loc[orders["followup_id"], "outcome"].to_numpy() == "正常"
        assert (overdue & calm).sum() >= 30 and (overdue & ~calm).sum() >= 10
        late = working_days(true[gone], AS_OF)
        assert late.min() >= 5 and late.max() <= 20  # beyond that they would be lost


def working_days(since: pd.Series, until: pd.Timestamp | pd.Series) -> pd.Series:
    """Working days after `since` up to `until`."""
    until = pd.Series(until, index=since.index)
    return pd.Series(
        [
            sum(works(day.date()) for day in pd.date_range(a, b)[1:]) if b >= a else 0
            for a, b in zip(since, until, strict=True)
        ],
        index=since.index,
    )


def test_the_lost_are_entered_21_to_25_working_days_after_the_due_date(cases: list[Case]) -> None:
    """From the due date of the last visit on file, or the first of all."""
    for case in cases:
        said = case.visits[case.visits["outcome"] == "失访"].set_index("patient_id")["visit_date"]
        due = pd.to_datetime(case.patients["first_due"]).copy()
        last = filed(case).groupby("patient_id")["next_due"].last()
        due[last.index] = last
        late = working_days(due[said.index], said)
        assert set(late) == {21, 22, 23, 24, 25}


def test_every_allowed_value_occurs(cases: list[Case]) -> None:
    for case in cases:
        for table, listed in tables("health").items():
            for column in listed:
                if column.allowed:
                    known = {zh for zh, _ in column.allowed}
                    assert known <= set(case.raw[table][column.name]), column.name


def test_no_weekday_is_crowded(cases: list[Case]) -> None:
    for case in cases:
        for day in (filed(case)["visit_date"], pd.to_datetime(case.patients["enrol_date"])):
            count = day.dt.day_of_week.value_counts()
            assert count[range(5)].max() < 1.5 * count[range(5)].min()


def test_referral_helps_and_the_critical_come_monthly(cases: list[Case]) -> None:
    for case in cases:
        v = filed(case)
        referred = v["outcome"].isin(["连续两次未控", "危急"])
        assert 0.15 < referred.mean() < 0.30
        assert referred.groupby(v["patient_id"]).sum().max() < 29
        calm = v[(v["severity"] == "危重") & (v["outcome"] == "正常")]
        own = calm[~calm.index.isin(wrong_rows(case))]
        assert (own["next_due"] - own["visit_date"]).dt.days.max() <= 30


def wrong_rows(case: Case) -> set[str]:
    ledger = case.planted[case.planted["reason"] == "wrong_next_due"]
    return set(case.raw["followups"].iloc[ledger["row"].astype(int) - 2]["followup_id"])


def test_pressure_goes_with_hypertension_and_severity_with_age(cases: list[Case]) -> None:
    for case in cases:
        p = case.patients
        own = p["disease"].isin(PRESSURE)
        assert p["baseline_sbp"][own].mean() > p["baseline_sbp"][~own].mean() + 7
        sick = (p["severity"] != "稳定").groupby(p["disease"] == "两者").mean()
        assert sick[True] > sick[False]


def test_attempts_stand_beside_their_result(cases: list[Case]) -> None:
    for case in cases:
        none = case.orders["attempts"] == 0
        assert none.equals(case.orders["last_result"] == "未联系")
        assert none.equals(case.orders["last_attempt_date"] == "")
        tried = pd.to_datetime(case.orders.loc[~none, "last_attempt_date"])
        visit = case.visits["visit_date"].reindex(case.orders.loc[~none, "followup_id"])
        assert (tried.to_numpy() > visit.to_numpy()).all() and tried.max() <= AS_OF


# --- lost to follow-up ------------------------------------------------------------------------------------


def with_control(case: Case) -> pd.DataFrame:
    """Patients with their pressure at the annual review; blank where lost."""
    p = case.patients.copy()
    review = case.visits[case.visits["annual_review"] == 1].set_index("patient_id")
    assert review.index.is_unique
    p["seen"] = p.index.isin(review.index)
    limit = np.where(p["age"] >= 65, 150, 140)
    sbp, dbp = review["sbp"].reindex(p.index), review["dbp"].reindex(p.index)
    p["controlled"] = ((sbp < limit) & (dbp < 90)).where(p["seen"]).astype(float)
    p["high"] = ((p["baseline_sbp"] >= 140) | (p["baseline_dbp"] >= 90)).astype(int)
    return p


def test_the_lost_are_the_sickest(cases: list[Case]) -> None:
    for case in cases:
        p = with_control(case)
        lost = set(case.visits.loc[case.visits["outcome"] == "失访", "patient_id"])
        assert lost == set(p.index[~p["seen"]]) == set(case.truth.index[case.truth["lost"] == 1])
        assert 180 <= len(lost) <= 210
        assert (p.loc[~p["seen"], "severity"] == "危重").mean() > 5 * (
            p.loc[p["seen"], "severity"] == "危重"
        ).mean()
        assert p.loc[~p["seen"], "baseline_sbp"].mean() > p.loc[p["seen"], "baseline_sbp"].mean() + 7
        assert not lost & set(case.orders["patient_id"])
        final = case.visits.groupby("patient_id").tail(1).set_index("patient_id")["outcome"]
        assert (final.reindex(sorted(lost)) == "失访").all()
        said = case.visits[case.visits["outcome"] == "失访"].set_index("patient_id")
        assert (
            said["visit_date"].dt.strftime("%Y-%m-%d") == case.truth["declared_lost"].reindex(said.index)
        ).all()
        assert said[["sbp", "dbp", "fpg", "next_due"]].isna().all(axis=None)


def test_truth_of_the_seen_is_what_the_review_says(cases: list[Case]) -> None:
    for case in cases:
        p = with_control(case)
        seen = p.index[p["seen"]]
        assert (p.loc[seen, "controlled"] == case.truth.loc[seen, "controlled"]).all()
        limit = np.where(p["age"] >= 65, 150, 140)
        review = case.truth.loc[p.index]
        hand = (review["review_sbp"] < limit) & (review["review_dbp"] < 90)
        assert (hand.astype(int) == review["controlled"]).all()
        own = p["disease"].isin(PRESSURE)
        assert case.summary["control"]["people"] == own.sum()
        assert case.summary["control"]["true"] == pytest.approx(100 * hand[own].mean(), abs=0.06)


def test_those_seen_overstate_control_and_the_baseline_mends_it(cases: list[Case]) -> None:
    for case in cases:
        p = with_control(case)
        p = p[p["disease"].isin(PRESSURE)]  # whose pressure is managed
        true = case.truth.loc[p.index, "controlled"].mean()
        seen = p[p["seen"]]
        naive = seen["controlled"].mean()
        assert naive > true + 0.035
        assert seen["controlled"].sum() / len(p) < true - 0.08  # counting the lost as failed: far too low
        # by classes of what is known of everybody
        cells = ["severity", "high"]
        rate, size = seen.groupby(cells)["controlled"].mean(), p.groupby(cells).size()
        assert seen.groupby(cells).size().min() >= 5
        for (severity, high), size_of in seen.groupby(cells).size().items():
            name = {"稳定": "stable", "复杂": "complex", "危重": "critical"}[severity]
            stratum = case.summary["strata"][f"{name}_{('low', 'high')[high]}"]
            assert stratum["seen"] == size_of and stratum["people"] == size[severity, high]
            assert stratum["in_control"] == pytest.approx(rate[severity, high] * size_of)
        assert (rate * size).sum() / size.sum() == pytest.approx(true, abs=0.02)
        # by weights: the inverse of the modelled chance of being seen
        x = pd.get_dummies(p["severity"]).astype(float).assign(high=p["high"])
        chance = LogisticRegression(C=1000.0).fit(x, p["seen"]).predict_proba(x)[:, 1]
        weighted = np.average(seen["controlled"], weights=1 / chance[p["seen"]])
        assert weighted == pytest.approx(true, abs=0.02)
        # age and sex are known of everybody, too, and do not help
        x = pd.DataFrame({"age": p["age"] / 10, "man": (p["sex"] == "男").astype(float)})
        chance = LogisticRegression(C=1000.0).fit(x, p["seen"]).predict_proba(x)[:, 1]
        assert np.average(seen["controlled"], weights=1 / chance[p["seen"]]) > true + 0.03


def test_chance_of_loss_is_what_was_planted(cases: list[Case]) -> None:
    for case in cases:
        p = with_control(case).join(case.truth[["loss_chance"]])
        by = p.groupby(["severity", "high"])
        assert by["loss_chance"].nunique().max() == 1
        assert ((1 - by["seen"].mean()) - by["loss_chance"].first()).abs().max() < 0.05


# --- dirt -----------------------------------------------------------------------------------------------


def test_dirt_is_found_in_the_tables(cases: list[Case]) -> None:
    for case in cases:
        counted = case.defects["reason"].value_counts().to_dict()
        assert counted == {"duplicate": 26, "owner_missing": 18, "full_width": 14}
        visits = case.raw["followups"]
        assert visits.duplicated().sum() == 26 and visits["followup_id"].duplicated().sum() == 26
        assert (visits["doctor_id"] == "").sum() == 18
        assert visits["sbp"].str.contains("[０-９]").sum() == 14
        assert set(case.planted["reason"]) == {"danger_value", "wrong_next_due", "overdue", "unreachable"}
        gaps = case.defects[case.defects["reason"] == "owner_missing"]
        rows = visits.iloc[gaps["row"].astype(int) - 2]
        assert (case.patients.loc[rows["patient_id"], "doctor_id"].to_numpy() == gaps["new"].to_numpy()).all()


def test_both_datasheets_say_what_the_intervals_are_not(cases: list[Case]) -> None:
    for case in cases:
        said = {
            lang: (case.folder / "health" / f"datasheet.{lang}.md").read_text("utf-8")
            for lang in ("zh", "en")
        }
        assert "随访间隔为管理规定，不是诊疗建议" in said["zh"]
        assert "administrative intervals, no treatment advice" in said["en"].lower()


def test_a_tenth_in_english_has_every_class(tmp_path: Path, text_of: Callable[[Path], pd.DataFrame]) -> None:
    build(["health"], out=tmp_path, size="small", names="en")
    assert len(text_of(tmp_path / "health" / "patients.csv")) == 80
    visits = text_of(tmp_path / "health" / "followups.csv")
    assert set(visits["outcome"]) == {
        "in order",
        "first not controlled",
        "not controlled again",
        "danger",
        "lost",
    }
    planted = text_of(tmp_path / "_truth" / "health_planted.csv")["reason"]
    assert set(planted) == {"danger_value", "wrong_next_due", "overdue", "unreachable"}
    assert (planted == "overdue").sum() == 9
    defects = text_of(tmp_path / "_truth" / "health_defects.csv")
    assert set(defects["reason"]) == {"duplicate", "owner_missing", "full_width"}
