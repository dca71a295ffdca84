"""A sales force: false logs, lost protection, twins, and truths that the first glance at the tables misses."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import chinese_calendar
import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.optimize import minimize
from scipy.stats import chi2_contingency

from segkit.synth.build import build

AS_OF = pd.Timestamp("2025-12-31")
SILENT, DEAL = pd.Timedelta(days=30), pd.Timedelta(days=90)  # the pool rules of the datasheet
PLANTED = {  # log odds of signing, as the datasheet states them
    "need_high": 0.9,
    "kp_reached": 0.9,
    "export_over_30": 0.7,
    "referral": 0.6,
    "free_6_months": 0.5,
    "effective_visits": 0.3,
    "cooled": -0.693,
}


class Case(NamedTuple):
    """The tables a trainee has, read and cleaned as he would, and the truth apart."""

    raw: dict[str, pd.DataFrame]
    reps: pd.DataFrame
    suppliers: pd.DataFrame
    visits: pd.DataFrame
    contracts: pd.DataFrame
    survey: pd.DataFrame
    truth: dict[str, pd.DataFrame]
    summary: dict


def read(folder: Path, text_of: Callable[[Path], pd.DataFrame]) -> Case:
    names = ("reps", "suppliers", "visits", "contracts", "survey")
    raw = {name: text_of(folder / "alibaba" / f"{name}.csv") for name in names}
    tables = {name: frame.copy() for name, frame in raw.items()}
    for frame in tables.values():
        for column in frame.columns:
            if column.endswith(("_date", "_until")):
                frame[column] = pd.to_datetime(frame[column])
    numbers = {
        "suppliers": (
            "employees",
            "annual_rev_wan",
            "export_share",
            "free_member_months",
            "need_level",
            "budget_wan",
            "kp_reached",
            "decision_months",
        ),
        "visits": ("minutes", "effective"),
        "contracts": ("amount_wan",),
        "survey": ("nps", "csat", "ces"),
    }
    for name, columns in numbers.items():
        tables[name] = tables[name].astype(dict.fromkeys(columns, float))
    tables["visits"] = tables["visits"].drop_duplicates("visit_id")
    amount = tables["contracts"]["amount_wan"]
    tables["contracts"]["amount_wan"] = amount.where(amount < 1000, amount / 10_000)
    truth = {p.stem[8:]: text_of(p) for p in (folder / "_truth").glob("alibaba_*.csv")}
    summary = yaml.safe_load((folder / "_truth" / "alibaba_summary.yml").read_text("utf-8"))
    return Case(raw, *(tables[name] for name in names), truth, summary)


@pytest.fixture(scope="module")
def cases(draws_of: Callable[[str], list[Path]], text_of: Callable[[Path], pd.DataFrame]) -> list[Case]:
    return [read(folder, text_of) for folder in draws_of("alibaba")]


# --- what a trainee would do, written out -----------------------------------------------------------


def rep_days(case: Case) -> pd.DataFrame:
    by = case.visits.groupby("rep_id")
    days = case.visits.groupby(["rep_id", "visit_date"]).size().groupby("rep_id").mean()
    return pd.DataFrame(
        {
            "visits": by.size(),
            "claimed": by["effective"].sum(),
            "a_day": days,
            "minutes": by["minutes"].median(),
        }
    )


def fakers(case: Case) -> set[str]:
    table = rep_days(case)
    return set(table.index[(table["a_day"] > 15) & (table["minutes"] <= 3)])


def by_rule(visits: pd.DataFrame) -> pd.Series:
    """Effective as the datasheet defines it: ten minutes on the spot, half a minute on the phone."""
    return visits["minutes"] >= visits["channel"].map({"上门": 10.0, "电话": 0.5})


def names_alike(names: pd.Series) -> pd.Series:
    plain = names.str.replace(r"\s", "", regex=True).str.replace("（", "(").str.replace("）", ")")
    return plain.str.replace("有限公司", "").str.replace("(虚构)", "")


def phones_alike(phones: pd.Series) -> pd.Series:
    return phones.str.replace(r"\D", "", regex=True).str[-11:]


def firm_of(case: Case) -> pd.Series:
    """Of each record the first record of the same firm: twins merged."""
    firms = case.suppliers.assign(key=names_alike(case.suppliers["company_name"])).sort_values("record_date")
    return firms.set_index("company_id").groupby("key")["key"].transform(lambda k: k.index[0])


def model_table(case: Case, *, until_signing: bool = True) -> pd.DataFrame:
    """One row per firm with effective contact by an honest rep: what may explain signing, and whether it signed."""
    merged = firm_of(case)
    firms = case.suppliers.set_index("company_id").loc[merged.unique()]
    signed = case.contracts.set_index("company_id")["sign_date"]
    firms = firms[~(firms.index.map(signed) < case.visits["visit_date"].min())]
    visits = case.visits[~case.visits["rep_id"].isin(fakers(case)) & by_rule(case.visits)]
    visits = visits.assign(company_id=visits["company_id"].map(merged))
    visits = visits[visits["company_id"].isin(firms.index)]
    if until_signing:
        visits = visits[~(visits["visit_date"] > visits["company_id"].map(signed))]
    visits = visits.sort_values(["company_id", "visit_date"])
    gap = visits.groupby("company_id")["visit_date"].diff().dt.days.groupby(visits["company_id"]).max()
    number = visits.groupby("company_id").size()
    own = firms.loc[number.index]
    return pd.DataFrame(
        {
            "need_high": own["need_level"] == 3,
            "kp_reached": own["kp_reached"],
            "export_over_30": own["export_share"] > 0.30,
            "referral": own["lead_source"] == "转介绍",
            "free_6_months": own["free_member_months"] >= 6,
            "effective_visits": number.clip(upper=5),
            "cooled": gap > 14,
            "signed": own.index.isin(signed.index),
        }
    ).astype(float)


def logit(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Maximum likelihood, nothing else."""
    x = np.column_stack([np.ones(len(table)), table[columns]])
    y = table["signed"].to_numpy()

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ b
        return float(np.logaddexp(0, z).sum() - y @ z), x.T @ (1 / (1 + np.exp(-z)) - y)

    return pd.Series(minimize(loss, np.zeros(x.shape[1]), jac=True).x[1:], columns)


def members(case: Case) -> pd.DataFrame:
    """One row per answer: score, tier, contact within 7 days, and the visits that stand in the log."""
    contracts = case.contracts.set_index("company_id").loc[case.survey["company_id"]]
    wait = (contracts["first_service_date"] - contracts["sign_date"]).dt.days
    return pd.DataFrame(
        {
            "csat": case.survey["csat"].to_numpy(),
            "tier": contracts["tier"],
            "early": (wait <= 7).astype(float),
            "visits": case.visits.groupby("company_id").size().reindex(contracts.index).fillna(0),
        }
    )


def slope(x: pd.Series, y: pd.Series) -> float:
    return float(np.polyfit(x, y, 1)[0])


# --- sizes and marginals ----------------------------------------------------------------------------


def test_sizes_and_marginals(cases: list[Case]) -> None:
    for case in cases:
        assert len(case.reps) == 20 and case.reps["team"].nunique() == 4
        assert len(case.survey) == 500 and case.survey["company_id"].is_unique
        assert 9_300 <= len(case.visits) <= 10_000
        signed = case.contracts.set_index("company_id")["sign_date"]
        earlier = case.suppliers["company_id"].map(signed) < case.visits["visit_date"].min()
        developed = case.suppliers[~earlier]
        assert (earlier.sum(), len(developed)) == (480, 1200)
        stated = {
            "industry": {
                "纺织服装": 0.22,
                "机械": 0.18,
                "电子": 0.18,
                "家居": 0.14,
                "轻工工艺": 0.14,
                "化工": 0.07,
                "箱包": 0.07,
            },
            "province": {"浙江省": 0.38, "广东省": 0.25, "江苏省": 0.15, "福建省": 0.12, "山东省": 0.06},
            "size_class": {"小型": 0.42, "中型": 0.54, "大型": 0.04},
            "lead_source": {
                "陌拜": 0.35,
                "网站注册": 0.25,
                "展会": 0.15,
                "黄页/名录": 0.12,
                "转介绍": 0.08,
                "商会协会": 0.05,
            },
            "has_trade_team": {"1": 0.70},
        }
        for column, shares in stated.items():
            found = case.suppliers[column].value_counts(normalize=True)
            for value, share in shares.items():
                assert found[value] == pytest.approx(share, abs=0.04), (column, value)
        assert case.suppliers["employees"].median() == pytest.approx(60, abs=4)
        assert case.suppliers["annual_rev_wan"].median() == pytest.approx(1500, rel=0.1)
        assert case.suppliers["export_share"].mean() == pytest.approx(0.375, abs=0.03)
        free = developed["free_member_months"]
        assert (free == 0).mean() == pytest.approx(0.55, abs=0.01) and free.max() <= 36
        pool = developed["pool_status"].value_counts(normalize=True)
        for status, share in {"私海": 0.54, "公海": 0.30, "锁定": 0.025, "成交": 0.145}.items():
            assert pool[status] == pytest.approx(share, abs=0.03), status
        assert case.contracts["amount_wan"].between(3, 8).all()
        firms = developed["company_name"].pipe(names_alike).nunique()
        new = (case.contracts["sign_date"] >= case.visits["visit_date"].min()).sum()
        assert new / firms == pytest.approx(0.148, abs=0.015)


def test_the_name_of_a_firm_tells_its_trade(cases: list[Case]) -> None:
    words = {
        "服饰": "纺织服装",
        "纺织": "纺织服装",
        "机械": "机械",
        "传动设备": "机械",
        "照明电子": "电子",
        "电子": "电子",
        "家居": "家居",
        "工艺品": "轻工工艺",
        "化工": "化工",
        "箱包": "箱包",
    }
    for case in cases:
        names = case.suppliers["company_name"].pipe(names_alike)
        trade = names.str.extract("(" + "|".join(words) + ")$")[0].map(words)
        assert (trade == case.suppliers["industry"]).all()
        assert case.suppliers["company_name"].str.contains("虚构").all()
        geo = case.suppliers["province"].map({"浙江省": "本地", "广东省": "全国"}).fillna("区域")
        assert (geo == case.suppliers["geo_class"]).all()
        size = np.select(
            [case.suppliers["employees"] < 50, case.suppliers["employees"] <= 300], ["小型", "中型"], "大型"
        )
        assert (size == case.suppliers["size_class"]).all()


def test_visits_lie_on_the_last_60_chinese_working_days(cases: list[Case]) -> None:
    open_days, day = [], AS_OF.date()
    while len(open_days) < 60:
        if chinese_calendar.is_workday(day):
            open_days.append(day)
        day -= dt.timedelta(days=1)
    for case in cases:
        assert sorted(set(case.visits["visit_date"].dt.date)) == sorted(open_days)
        assert all(chinese_calendar.is_workday(d) for d in case.contracts["sign_date"].dt.date)
        asked = case.survey["survey_date"].dt.date
        assert set(asked) <= set(open_days[:8])


def test_an_honest_rep_makes_eight_visits_a_day_half_of_them_first_visits(cases: list[Case]) -> None:
    for case in cases:
        honest = case.visits[~case.visits["rep_id"].isin(fakers(case))]
        a_day = honest.groupby(["rep_id", "visit_date"]).size()
        assert a_day.mean() == pytest.approx(8, abs=0.35) and a_day.between(1, 15).all()
        assert (a_day <= 4).mean() > 0.005 and (a_day >= 12).mean() > 0.02  # short days, and door to door
        shares = honest["purpose"].value_counts(normalize=True)
        for purpose, share in {"新访": 0.50, "跟进": 0.25, "促单": 0.25}.items():
            assert shares[purpose] == pytest.approx(share, abs=0.04), purpose
        ticked, ruled = honest["effective"] == 1, by_rule(honest)
        assert 0.95 < (ticked == ruled).mean() < 0.99  # slips, both ways
        assert (ticked & ~ruled).sum() > 50 and (ruled & ~ticked).sum() > 30
        once = honest[honest["company_id"] != ""].groupby(["company_id", "visit_date"]).size()
        assert (once == 1).all()
        assert (honest[honest["company_id"] == ""]["purpose"] == "新访").all()


NEIGHBOURS = ("宁波台州", "台州温州", "杭州金华", "佛山广州", "广州东莞", "东莞深圳", "上海苏州", "苏州无锡",
              "无锡常州", "福州泉州", "泉州厦门", "烟台青岛", "合肥芜湖")  # fmt: skip


def test_a_rep_visits_on_site_in_one_city_a_day_or_two_neighbours(cases: list[Case]) -> None:
    near = {frozenset((pair[:2] + "市", pair[2:] + "市")) for pair in NEIGHBOURS}
    team = {"浙江省": "浙江组", "广东省": "广东组", "江苏省": "江苏上海组", "上海市": "江苏上海组"}
    for case in cases:
        own = case.suppliers.set_index("company_id")
        honest = case.visits[~case.visits["rep_id"].isin(fakers(case)) & (case.visits["company_id"] != "")]
        on_site = honest[honest["channel"] == "上门"]
        cities = on_site["company_id"].map(own["city"])
        days = cities.groupby([on_site["rep_id"], on_site["visit_date"]]).agg(frozenset)
        assert all(len(day) == 1 or day in near for day in days)
        assert (honest.loc[honest["purpose"] == "新访", "channel"] == "上门").mean() > 0.98
        assert 0.2 < (honest["channel"] == "电话").mean() < 0.45
        expected = honest["company_id"].map(own["province"]).map(team).fillna("华东综合组")
        assert (honest["rep_id"].map(case.reps.set_index("rep_id")["team"]) == expected).all()


def test_owners_were_hired_before_they_claimed(cases: list[Case]) -> None:
    for case in cases:
        own = case.suppliers
        hired = own["owner_id"].where(own["owner_id"] != "", own["last_owner_id"])
        hired = hired.map(case.reps.set_index("rep_id")["hire_date"])
        assert (hired <= own["claim_date"]).all() and (hired <= own["last_follow_date"]).all()


def test_minutes_go_smoothly_over_the_limit_of_ten(cases: list[Case]) -> None:
    for case in cases:
        honest = case.visits[~case.visits["rep_id"].isin(fakers(case)) & (case.visits["channel"] == "上门")]
        below, above = (honest["minutes"].between(*span).sum() for span in ((8, 9), (10, 11)))
        assert below < 2.6 * above


def test_next_steps_are_mostly_kept(cases: list[Case]) -> None:
    for case in cases:
        honest = case.visits[~case.visits["rep_id"].isin(fakers(case)) & (case.visits["company_id"] != "")]
        honest = honest.sort_values(["company_id", "visit_date"])
        following = honest.groupby("company_id")["visit_date"].shift(-1)
        both = honest["next_step_date"].notna() & following.notna()
        off = (honest["next_step_date"] - following)[both].dt.days.abs()
        assert 0.55 < (off == 0).mean() < 0.85 and (off <= 4).mean() > 0.75
        assert all(chinese_calendar.is_workday(d) for d in honest["next_step_date"].dropna().dt.date)


def test_nothing_but_plans_lies_after_the_as_of_date(cases: list[Case]) -> None:
    for case in cases:
        for frame in (case.reps, case.suppliers, case.visits, case.contracts, case.survey):
            for column in frame.columns:
                if column.endswith("_date") and column != "next_step_date":
                    assert not (frame[column] > AS_OF).any(), column
        ahead = (case.visits["next_step_date"] - case.visits["visit_date"]).dt.days.dropna()
        assert ahead.between(1, 30).all()
        dates = case.suppliers
        assert (dates["record_date"] <= dates["claim_date"]).all()
        assert (dates["claim_date"] <= dates["last_follow_date"]).all()


# --- false logs ------------------------------------------------------------------------------------


def test_minutes_and_visits_a_day_find_the_false_logs_where_a_ranking_praises_them(cases: list[Case]) -> None:
    for case in cases:
        table, found = rep_days(case), fakers(case)
        visits = case.visits[case.visits["rep_id"].isin(found)]
        truth = case.truth["reps"]
        assert found == set(truth.loc[truth["fake"] == "1", "rep_id"]) and len(found) == 2
        honest = table[~table.index.isin(found)]
        assert table.loc[list(found), "a_day"].between(19, 21).all() and honest["a_day"].max() < 9.5
        assert table.loc[list(found), "minutes"].between(2, 3).all() and honest["minutes"].min() >= 5
        for ranking in ("visits", "claimed"):  # by what the reps write down, they are the best
            assert set(table[ranking].nlargest(2).index) == found, ranking
            assert table.loc[list(found), ranking].min() > 1.8 * honest[ranking].max()
        new = case.contracts[case.contracts["sign_date"] >= case.visits["visit_date"].min()]
        contracts = new["rep_id"].value_counts()
        assert not found & set(case.contracts["rep_id"]) and contracts.reindex(honest.index).isna().sum() <= 1
        listed = case.truth["planted"].query("reason == 'fake_visit'")["old"]
        real = visits[~visits["visit_id"].isin(listed)]  # they did go out now and then
        assert set(listed) < set(visits["visit_id"]) and 0.04 < len(real) / len(visits) < 0.15
        assert (real.groupby("rep_id")["minutes"].max() >= 10).all() and len(real["rep_id"].unique()) == 2


# --- signing ----------------------------------------------------------------------------------------


def test_regression_recovers_what_makes_a_firm_sign(cases: list[Case]) -> None:
    for case in cases:
        found = logit(model_table(case), list(PLANTED))
        for name, planted in PLANTED.items():
            near = 0.08 if name == "effective_visits" else 0.22
            assert found[name] == pytest.approx(planted, abs=near), name
        assert 0.41 <= np.exp(found["cooled"]) <= 0.60  # 水凉: half the odds


def test_budget_and_months_to_decision_explain_nothing(cases: list[Case]) -> None:
    for case in cases:
        table = model_table(case)
        own = case.suppliers.set_index("company_id").loc[table.index]
        for column in ("budget_wan", "decision_months"):
            table[column] = (own[column] - own[column].mean()) / own[column].std()
            found = logit(table, [*PLANTED, column])
            assert abs(found[column]) < 0.3, column


def test_counting_visits_after_the_signature_inflates_their_worth(cases: list[Case]) -> None:
    for case in cases:
        right = logit(model_table(case), list(PLANTED))
        leaking = logit(model_table(case, until_signing=False), list(PLANTED))
        assert leaking["effective_visits"] > right["effective_visits"] + 0.3


def test_reps_choose_whom_to_visit(cases: list[Case]) -> None:
    """Why the tables cannot say what one more visit would do: the keen are visited more to begin with."""
    for case in cases:
        table = model_table(case)
        assert table.groupby("kp_reached")["effective_visits"].mean().diff().iloc[1] > 0.3
        crude = logit(table, ["effective_visits"])["effective_visits"]
        with_traits = logit(table, [c for c in PLANTED if c != "cooled"])["effective_visits"]
        assert crude > with_traits + 0.04


def test_industry_explains_nothing(cases: list[Case]) -> None:
    for case in cases:
        table = model_table(case)
        industry = case.suppliers.set_index("company_id")["industry"].loc[table.index]
        assert chi2_contingency(pd.crosstab(industry, table["signed"])).pvalue > 0.2


def test_earlier_members_look_like_the_signers_of_the_quarter(cases: list[Case]) -> None:
    for case in cases:
        signed = case.contracts.set_index("company_id")["sign_date"]
        own = case.suppliers.set_index("company_id")
        new = signed >= case.visits["visit_date"].min()
        early, late = (own.loc[signed.index[where]] for where in (~new, new))
        assert early["kp_reached"].mean() == pytest.approx(late["kp_reached"].mean(), abs=0.1)
        assert (early["budget_wan"] == 0).mean() == pytest.approx((late["budget_wan"] == 0).mean(), abs=0.12)
        rest = own.drop(signed.index)
        for signers in (early, late):  # and both unlike those who did not sign
            assert signers["kp_reached"].mean() > rest["kp_reached"].mean() + 0.12
            assert (signers["need_level"] == 3).mean() > (rest["need_level"] == 3).mean() + 0.08


def test_contracts_come_all_through_the_quarter_and_the_week(cases: list[Case]) -> None:
    for case in cases:
        days = case.contracts["sign_date"]
        new = days[days >= case.visits["visit_date"].min()]
        assert new.dt.month.value_counts(normalize=True).between(0.14, 0.55).all()
        for week in (days, case.visits["next_step_date"].dropna()):
            assert week.dt.day_of_week.value_counts(normalize=True).max() < 0.28


# --- satisfaction -----------------------------------------------------------------------------------


def test_visits_seem_to_spoil_satisfaction_until_tiers_are_kept_apart(cases: list[Case]) -> None:
    for case in cases:
        table = members(case)
        overall = slope(table["visits"], table["csat"])
        error = table["csat"].std() / (table["visits"].std() * np.sqrt(len(table)))
        assert overall < -0.07 and overall / error < -5
        for tier, part in table.groupby("tier"):
            cleaned = part - part.groupby("early")[["csat", "visits"]].transform("mean")
            within = slope(cleaned["visits"], cleaned["csat"])
            assert abs(within) < 0.05, tier
        means = table.groupby("tier")[["visits", "csat"]].mean()
        assert means["visits"].is_monotonic_decreasing and means["csat"].is_monotonic_increasing
        unhappy = (table["csat"] <= 3).groupby(table["tier"]).mean()
        assert unhappy["A"] > unhappy["C"] + 0.25  # 大客户访得多、怨言也多


def test_early_contact_is_worth_six_tenths_of_a_point_when_tiers_are_kept_apart(cases: list[Case]) -> None:
    for case in cases:
        table = members(case)
        x = np.column_stack(
            [np.ones(len(table)), table["early"], table["visits"], table["tier"] == "B", table["tier"] == "C"]
        )
        found = np.linalg.lstsq(x.astype(float), table["csat"].to_numpy(), rcond=None)[0]
        assert found[1] == pytest.approx(0.6, abs=0.1)
        assert abs(found[2]) < 0.03
        by = table.groupby(["tier", "early"])["csat"].mean().unstack()
        assert ((by[1.0] - by[0.0]) > 0.4).all()
        crude = table.groupby("early")["csat"].mean().diff().iloc[1]
        assert crude < found[1] - 0.08  # the large members, hard to please, are called sooner


def test_answers_come_from_members_who_have_had_two_weeks(cases: list[Case]) -> None:
    for case in cases:
        sign = case.contracts.set_index("company_id")["sign_date"]
        asked = case.survey.set_index("company_id")
        assert ((asked["survey_date"] - sign[asked.index]).dt.days >= 14).all()
        for column, low, high in (("nps", 0, 10), ("csat", 1, 5), ("ces", 1, 7)):
            assert asked[column].between(low, high).all()
        assert ((asked["csat"] <= 3) == (asked["reason_code"] != "")).all()
        assert (asked.loc[asked["reason_code"] == "", "comment"] == "").all()
        assert asked[["csat", "nps", "ces"]].corr().min().min() > 0.5


# --- twins and the pool -----------------------------------------------------------------------------


def test_twins_are_found_by_name_and_by_phone_but_not_as_they_are_written(cases: list[Case]) -> None:
    for case in cases:
        firms = case.suppliers
        listed = case.truth["defects"].query("reason == 'fuzzy_duplicate'")
        assert len(listed) == 45 and firms["company_name"].is_unique
        pairs = set(zip(listed["new"], listed["old"], strict=True))
        for alike in (names_alike(firms["company_name"]), phones_alike(firms["phone"])):
            found = firms[alike.duplicated(keep=False)].groupby(alike)
            assert {tuple(p) for p in found["company_id"].agg(sorted)} == pairs
            assert (found["owner_id"].nunique() == 2).all() and found["city"].nunique().max() == 1
            dates = found["record_date"]
            assert (dates.first() < dates.last()).all()
        assert firms["phone"].duplicated().sum() < 40  # some phones are typed in other ways


def protected_until(case: Case, effective: pd.Series) -> pd.Series:
    """By the rules, from claims and visits: 30 days after claim or effective contact, 90 after the claim."""
    own = case.suppliers.set_index("company_id")
    rep = own["owner_id"].where(own["owner_id"] != "", own["last_owner_id"])
    visits = case.visits[effective & (case.visits["rep_id"] == case.visits["company_id"].map(rep))]
    last = visits.groupby("company_id")["visit_date"].max().reindex(own.index)
    start = pd.concat([own["claim_date"], last], axis=1).max(axis=1)
    return pd.concat([start + SILENT, own["claim_date"] + DEAL], axis=1).min(axis=1)


def test_rules_find_60_past_protection_where_the_system_finds_none(cases: list[Case]) -> None:
    for case in cases:
        private = case.suppliers[case.suppliers["pool_status"] == "私海"].set_index("company_id")
        planted = case.truth["planted"].query("file == 'suppliers.csv'")
        id_at = case.raw["suppliers"]["company_id"]
        ids = {r: set(id_at[g["row"].astype(int) - 2]) for r, g in planted.groupby("reason")}
        assert not (private["protect_until"] < AS_OF).any()  # the system's own column finds nobody
        ticked = protected_until(case, case.visits["effective"] == 1)[private.index]
        late = set(private.index[ticked < AS_OF])
        assert late == ids["past_protection"] and len(late) == 60
        by_minutes = protected_until(case, by_rule(case.visits))[private.index]
        held = set(private.index[by_minutes < AS_OF]) - late  # nothing but false visits keeps these
        assert held == ids["fake_protection"] and len(held) == 56
        assert set(private.loc[sorted(held), "owner_id"]) == fakers(case)
        too_long = set(private.index[private["protect_until"] != by_minutes]) - late - held
        assert too_long == ids["protection_too_long"]
        new = planted[planted["column"] == "protect_until"]
        assert (
            pd.to_datetime(new["new"]).to_numpy() == by_minutes[id_at[new["row"].astype(int) - 2]].to_numpy()
        ).all()


def test_rules_find_30_released_too_early(cases: list[Case]) -> None:
    for case in cases:
        public = case.suppliers[case.suppliers["pool_status"] == "公海"].set_index("company_id")
        idle = public[~public.index.isin(case.visits["company_id"])]
        assert len(idle) == 115 and (idle["release_date"] < case.visits["visit_date"].min()).all()
        assert (public["owner_id"] == "").all() and (public["last_owner_id"] != "").all()
        until = protected_until(case, case.visits["effective"] == 1)[public.index]
        # where nobody went in the quarter, claim and last entry are all there is
        seen = public.index.isin(case.visits["company_id"])
        early = set(public.index[seen & (public["release_date"] <= until)])
        planted = case.truth["planted"].query("reason == 'wrong_release'")
        id_at = case.raw["suppliers"]["company_id"]
        assert early == set(id_at[planted["row"].astype(int) - 2]) and len(early) == 30
        others = public[seen & ~public.index.isin(early)]
        assert (others["release_date"] == until[others.index] + pd.Timedelta(days=1)).all()
        system = np.minimum(public["last_follow_date"] + SILENT, public["claim_date"] + DEAL)
        assert (public["release_date"] == system + pd.Timedelta(days=1))[~public.index.isin(early)].all()
        unseen = public[~seen]
        assert (unseen["release_date"] == unseen["last_follow_date"] + SILENT + pd.Timedelta(days=1)).all()
        # the first glance: nobody called just before. It sees 30 neglected firms, for the last entry is a vain call
        last = (
            case.visits.sort_values("visit_date")
            .drop_duplicates("company_id", keep="last")
            .set_index("company_id")
        )
        assert (last.loc[sorted(early), "effective"] == 0).all() and (
            last.loc[sorted(early), "outcome"] == "未接通"
        ).all()
        lag = (
            (public["release_date"] - last["visit_date"]).loc[sorted(early)].dt.days
        )  # by hand, some days on
        assert lag.between(1, 6).all() and lag.nunique() >= 3
        # and "effective contact in the 30 days before" alone accuses those rightly released after 90 days
        recent = case.visits[case.visits["effective"] == 1].groupby("company_id")["visit_date"].max()
        accused = set(public.index[seen & (public["release_date"] - recent.reindex(public.index) <= SILENT)])
        assert len(accused) >= 55 and early < accused


def test_the_systems_dates_follow_the_last_entry(cases: list[Case]) -> None:
    for case in cases:
        own = case.suppliers.set_index("company_id")
        last = case.visits.groupby("company_id")["visit_date"].max()
        assert (own.loc[last.index.drop(""), "last_follow_date"] == last.drop("")).all()
        private = own[own["pool_status"] == "私海"]
        system = np.minimum(private["last_follow_date"] + SILENT, private["claim_date"] + DEAL)
        assert (private["protect_until"] == system).all()
        assert (own["protect_until"].notna() == (own["pool_status"] == "私海")).all()
        assert (own["release_date"].notna() == (own["pool_status"] == "公海")).all()
        assert set(own.index[own["pool_status"] == "成交"]) == set(case.contracts["company_id"])
        assert (own["pool_status"] == "锁定").sum() == 30


# --- the tables fit together, and the truth with them ----------------------------------------------


def test_signing_and_service_in_the_log_are_those_of_the_contracts(cases: list[Case]) -> None:
    for case in cases:
        new = case.contracts[case.contracts["sign_date"] >= case.visits["visit_date"].min()].set_index(
            "company_id"
        )
        signing = case.visits[case.visits["outcome"] == "签约"].set_index("company_id")
        assert set(signing.index) == set(new.index) and signing.index.is_unique
        assert (signing["visit_date"] == new["sign_date"].reindex(signing.index)).all()
        assert (signing["rep_id"] == new["rep_id"].reindex(signing.index)).all()
        sign = case.contracts.set_index("company_id")["sign_date"]
        after = case.visits[case.visits["visit_date"] > case.visits["company_id"].map(sign)]
        assert (after["purpose"] == "跟进").all() and set(after["outcome"]) == {
            "已服务",
            "未见到人",
            "未接通",
        }
        first = after[after["company_id"].isin(new.index)].groupby("company_id")["visit_date"].min()
        stated = new["first_service_date"].dropna()
        assert first.sort_index().equals(stated.sort_index().rename("visit_date").rename_axis("company_id"))
        waited = (case.contracts["first_service_date"] - case.contracts["sign_date"]).dt.days.dropna()
        assert waited.min() >= 1 and (waited <= 7).mean() == pytest.approx(0.54, abs=0.06)
        assert waited.isin([6, 7]).sum() < 2.5 * waited.isin([8, 9]).sum()  # nothing special happens on day 7
        tier = pd.cut(case.contracts["amount_wan"], [0, 4.5, 6, 9], right=False, labels=["C", "B", "A"])
        assert (tier.astype(str) == case.contracts["tier"]).all()
        hired = case.reps.set_index("rep_id")["hire_date"]
        assert (case.contracts["sign_date"] > case.contracts["rep_id"].map(hired)).all()


def test_truth_is_what_the_tables_say_counted_by_hand(cases: list[Case]) -> None:
    for case in cases:
        truth = case.truth["suppliers"].set_index("company_id")
        table = model_table(case)
        worked = truth[truth["group"] == "worked"]
        assert set(table.index) == set(worked.index)
        assert (
            worked["effective_visits"].astype(int).clip(upper=5)
            == table["effective_visits"].reindex(worked.index)
        ).all()
        gap = pd.to_numeric(worked["longest_gap_days"])  # blank where there is but one visit
        assert ((gap > 14) == (table["cooled"].reindex(worked.index) == 1)).all()
        assert (gap.isna() == (worked["effective_visits"] == "1")).all()
        assert (truth.loc[truth["group"] != "worked", ["effective_visits", "longest_gap_days"]] == "").all(
            axis=None
        )
        assert (worked["signed"].astype(float) == table["signed"].reindex(worked.index)).all()
        z = case.summary["parameters"]["log_odds"]["intercept"] + (
            table[list(PLANTED)] * pd.Series(PLANTED)
        ).sum(axis=1)
        chance = 1 / (1 + np.exp(-z))
        assert (chance - worked["sign_chance"].astype(float).reindex(chance.index)).abs().max() < 1e-5
        assert case.summary["parameters"]["log_odds"] | PLANTED == case.summary["parameters"]["log_odds"]
        answers, own = members(case), case.truth["members"].set_index("company_id")
        own = own.loc[answers.index]
        assert (own["contact_within_7_days"].astype(float) == answers["early"]).all()
        assert (own["visits"].astype(float) == answers["visits"]).all() and (
            own["tier"] == answers["tier"]
        ).all()
        expected = own["tier"].map({"A": 2.4, "B": 3.2, "C": 3.7}) + 0.62 * answers["early"]
        assert (expected - own["expected_csat"].astype(float)).abs().max() < 0.011
        assert case.summary["signed"] == table["signed"].sum()


def test_ledgers_hold_the_cells_of_the_files(cases: list[Case]) -> None:
    for case in cases:
        counted = case.truth["defects"]["reason"].value_counts().to_dict()
        assert counted == {"duplicate": 30, "fuzzy_duplicate": 45, "amount_unit": 12, "phone_format": 20}
        for name in ("defects", "planted"):
            for line in case.truth[name].itertuples():
                assert case.raw[line.file[:-4]].at[int(line.row) - 2, line.column] == line.old, line
        visits, contracts, firms = (case.raw[n] for n in ("visits", "contracts", "suppliers"))
        assert visits.duplicated().sum() == visits["visit_id"].duplicated().sum() == 30
        assert (contracts["amount_wan"].astype(float) > 1000).sum() == 12
        assert (~firms["phone"].str.fullmatch(r"100\d{8}")).sum() == 20


def test_the_small_sample_has_one_of_everything_and_no_chinese_in_english(
    tmp_path: Path, text_of: Callable[[Path], pd.DataFrame]
) -> None:
    build(["alibaba"], out=tmp_path, seed=5, size="small", names="en")
    planted = set(text_of(tmp_path / "_truth" / "alibaba_planted.csv")["reason"])
    assert planted == {
        "fake_visit",
        "past_protection",
        "fake_protection",
        "protection_too_long",
        "wrong_release",
    }
    assert set(text_of(tmp_path / "_truth" / "alibaba_defects.csv")["reason"]) == {
        "duplicate",
        "fuzzy_duplicate",
        "amount_unit",
        "phone_format",
    }
    assert len(text_of(tmp_path / "alibaba" / "suppliers.csv")) == 168
    assert len(text_of(tmp_path / "alibaba" / "survey.csv")) == 50
    for path in [*(tmp_path / "alibaba").glob("*.csv"), *(tmp_path / "_truth").glob("*")]:
        assert not re.search(r"[\u4e00-\u9fff]", path.read_text("utf-8-sig")), path
