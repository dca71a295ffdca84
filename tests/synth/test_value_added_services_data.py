"""Value-added services: strata find the two that keep customers; users against non-users finds the VIPs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from segkit.workdays import is_workday

CASE = "value_added_services"
TIERS = {"vip": "VIP", "Ｖip": "VIP", "重点客户": "重点", "普通客户": "普通"}
INSPECTION, TRAINING, SUMMIT = "S000001", "S000002", "S000003"
GIFT, PREVIEW, HOTLINE = "S000009", "S000010", "S000012"


class Shop:
    """The three tables as a trainee cleans them, and the truth apart."""

    def __init__(self, folder: Path, text_of: Callable[[Path], pd.DataFrame]) -> None:
        own = folder / CASE
        self.raw = {t: text_of(own / f"{t}.csv") for t in ("services", "customers", "uses")}
        self.truth = {
            t: text_of(folder / "_truth" / f"{CASE}_{t}.csv")
            for t in ("customers", "services", "defects", "planted")
        }
        self.summary = yaml.safe_load((folder / "_truth" / f"{CASE}_summary.yml").read_text("utf-8"))
        customers = self.raw["customers"].copy()
        customers["tier"] = customers["tier"].replace(TIERS)
        customers["renewed"] = customers["renewed"].astype(int)
        money = ["spend_2024", "margin_2024"]
        customers[money] = customers[money].astype(float)
        self.customers = customers
        uses = self.raw["uses"].drop_duplicates()
        self.all_uses = uses
        self.uses = uses[uses["customer_id"] != ""]

    def user(self, service: str) -> np.ndarray:
        who = self.uses.loc[self.uses["service_id"] == service, "customer_id"]
        return self.customers["customer_id"].isin(who).to_numpy()

    def naive(self, service: str) -> float:
        renewed, user = self.customers["renewed"], self.user(service)
        return 100 * (renewed[user].mean() - renewed[~user].mean())

    def eligible(self, service: str) -> np.ndarray:
        listed = self.raw["services"].set_index("service_id").at[service, "eligible"]
        return self.customers["tier"].isin(listed.split(";")).to_numpy()

    def naive_of_eligible(self, service: str) -> float:
        renewed, user, may = self.customers["renewed"], self.user(service), self.eligible(service)
        return 100 * (renewed[user & may].mean() - renewed[~user & may].mean())

    def within_tiers(self, service: str) -> float:
        """Mantel-Haenszel risk difference: sum of (a n0 - c n1) / n over sum of n1 n0 / n."""
        top = bottom = 0.0
        may = self.eligible(service)
        user = self.user(service)
        for tier in ("VIP", "重点", "普通"):
            here = (self.customers["tier"] == tier).to_numpy() & may
            renewed = self.customers["renewed"].to_numpy()
            a, n1 = renewed[here & user].sum(), (here & user).sum()
            c, n0 = renewed[here & ~user].sum(), (here & ~user).sum()
            if n1 and n0:
                top += (a * n0 - c * n1) / (n1 + n0)
                bottom += n1 * n0 / (n1 + n0)
        return 100 * top / bottom


@pytest.fixture(scope="module")
def shops(draws_of: Callable[[str], list[Path]], text_of: Callable[[Path], pd.DataFrame]) -> list[Shop]:
    return [Shop(folder, text_of) for folder in draws_of(CASE)]


def services(shop: Shop) -> list[str]:
    """All but the hotline, which everyone uses."""
    return [s for s in shop.raw["services"]["service_id"] if s != HOTLINE]


def test_sizes_and_marginals(shops: list[Shop]) -> None:
    for shop in shops:
        assert len(shop.raw["services"]) == 12 and len(shop.customers) == 800
        assert 3_400 < len(shop.raw["uses"]) < 3_900
        shares = shop.customers["tier"].value_counts(normalize=True)
        for tier, share in {"VIP": 0.15, "重点": 0.30, "普通": 0.55}.items():
            assert shares[tier] == pytest.approx(share, abs=0.015)
        assert shop.customers["company"].str.endswith("（虚构）").all()
        assert shop.customers["company"].is_unique
        assert shop.customers["contract_end"].between("2025-10-01", "2025-12-15").all()
        dated = shop.uses[shop.uses["use_date"].between("2025-01-01", "2025-09-30")]
        dated = dated[dated["use_date"] != "2025-02-30"]
        assert len(dated) > len(shop.uses) - 12
        assert all(is_workday(pd.Timestamp(day).date()) for day in dated["use_date"].unique())
        assert set(shop.raw["uses"]["service_id"]) == set(shop.raw["services"]["service_id"])


def test_within_tiers_two_services_keep_customers_and_no_other(shops: list[Shop]) -> None:
    for shop in shops:
        true = shop.truth["services"].set_index("service_id")["effect_pp"].astype(float)
        assert true[true != 0].to_dict() == {INSPECTION: 12.0, TRAINING: 10.0}
        found = {s: shop.within_tiers(s) for s in services(shop)}
        for service in (INSPECTION, TRAINING):
            assert found[service] == pytest.approx(true[service], abs=2.5)
        assert sorted(found, key=lambda s: -found[s])[:2] == [INSPECTION, TRAINING]
        others = [v for s, v in found.items() if s not in (INSPECTION, TRAINING)]
        assert max(map(abs, others)) < 6 < found[TRAINING]


def test_users_against_non_users_finds_the_summit(shops: list[Shop]) -> None:
    """The trap: the service of the best customers looks best, and it does nothing."""
    for shop in shops:
        naive = {s: shop.naive(s) for s in services(shop)}
        assert max(naive, key=lambda s: naive[s]) == SUMMIT
        assert naive[SUMMIT] > 20 and abs(shop.within_tiers(SUMMIT)) < 4
        ranked = sorted(naive, key=lambda s: -naive[s])
        assert ranked.index(INSPECTION) >= 4 and ranked.index(TRAINING) >= 5
        for service in (INSPECTION, TRAINING):
            assert naive[service] > shop.within_tiers(service)
        left = {s: shop.naive_of_eligible(s) for s in services(shop)}
        assert 6 < left[SUMMIT] < naive[SUMMIT] - 5  # eligible tiers only: better, not right
        share = shop.customers.assign(u=shop.user(SUMMIT)).groupby("tier")["u"].mean()
        assert share["VIP"] > 0.8 and share["重点"] < 0.2 and share["普通"] == 0


def test_vips_renew_more_and_use_more_anyway(shops: list[Shop]) -> None:
    for shop in shops:
        helped = shop.user(INSPECTION) | shop.user(TRAINING)
        plain = shop.customers[~helped].groupby("tier")["renewed"].mean()
        for tier, share in {"VIP": 0.78, "重点": 0.60, "普通": 0.42}.items():
            assert plain[tier] == pytest.approx(share, abs=0.03)
        many = shop.uses.groupby("customer_id")["service_id"].nunique()
        used = shop.customers["customer_id"].map(many).groupby(shop.customers["tier"]).mean()
        assert used["VIP"] > used["重点"] + 1.5 > used["普通"] + 2.5


def test_a_service_of_everyone_cannot_be_judged(shops: list[Shop]) -> None:
    for shop in shops:
        assert shop.user(HOTLINE).all()
        truth = shop.truth["services"].set_index("service_id")
        assert truth.loc[HOTLINE, "naive_pp"] == truth.loc[HOTLINE, "within_tier_pp"] == ""
        assert int(truth.loc[HOTLINE, "users"]) == 800


def test_tiers_follow_published_criteria_but_for_the_planted_ones(shops: list[Shop]) -> None:
    for shop in shops:
        spent = shop.customers["spend_2024"]
        due = np.select([spent >= 200_000, spent >= 60_000], ["VIP", "重点"], "普通")
        odd = {i + 2 for i in np.flatnonzero(due != shop.customers["tier"])}
        planted = shop.truth["planted"]
        lines = planted[planted["reason"] == "tier_off_criteria"]
        assert odd == set(lines["row"].astype(int)) and len(odd) == 6
        assert [due[int(r) - 2] for r in lines["row"]] == lines["new"].tolist()
        codes = {"VIP": "vip", "重点": "key", "普通": "ordinary"}
        assert shop.truth["customers"]["tier_by_criteria"].tolist() == [codes[t] for t in due]
        assert shop.truth["customers"]["tier_code"].tolist() == [codes[t] for t in shop.customers["tier"]]
        assert (shop.raw["services"]["published_on"] < "2025-01-01").all()


def test_uses_by_those_not_eligible_are_found(shops: list[Shop]) -> None:
    for shop in shops:
        tier = shop.customers.set_index("customer_id")["tier"]
        eligible = shop.raw["services"].set_index("service_id")["eligible"].str.split(";")
        rows = shop.raw["uses"]
        known = rows[rows["customer_id"] != ""]
        odd = {
            i + 2
            for i, line in known.iterrows()
            if tier[line["customer_id"]] not in eligible[line["service_id"]]
        }
        planted = shop.truth["planted"]
        lines = planted[planted["reason"] == "not_eligible"]
        assert odd == set(lines["row"].astype(int)) and len(odd) == 12
        assert set(lines["old"]) == {PREVIEW}


def test_defects_are_there_in_the_number_stated(shops: list[Shop]) -> None:
    for shop in shops:
        counted = shop.truth["defects"].groupby("file")["reason"].value_counts().to_dict()
        assert counted == {
            ("customers.csv", "grade_spelling"): 24,
            ("uses.csv", "duplicate"): 30,
            ("uses.csv", "no_customer"): 12,
            ("uses.csv", "bad_date"): 6,
            ("uses.csv", "after_as_of"): 4,
        }
        rows = shop.raw["uses"]
        assert rows.duplicated().sum() == 30 and (rows["customer_id"] == "").sum() == 12
        odd = (shop.uses["use_date"] == "2025-02-30") | (shop.uses["use_date"] > "2025-12-31")
        pair = ["customer_id", "service_id"]  # who drops these rows loses no user of a service
        assert len(shop.uses[~odd][pair].drop_duplicates()) == len(shop.uses[pair].drop_duplicates())
        assert (rows["use_date"] == "2025-02-30").sum() == 6 and (rows["use_date"] > "2025-12-31").sum() == 4
        assert (~shop.raw["customers"]["tier"].isin(["VIP", "重点", "普通"])).sum() == 24
        assert set(shop.customers["tier"]) == {"VIP", "重点", "普通"}


def test_the_truth_agrees_with_the_tables(shops: list[Shop]) -> None:
    for shop in shops:
        for line in shop.truth["services"].itertuples():
            assert int(line.users) == shop.user(line.service_id).sum(), line
            if line.service_id != HOTLINE:
                assert float(line.naive_pp) == pytest.approx(shop.naive(line.service_id), abs=0.006)
                found = shop.naive_of_eligible(line.service_id)
                assert float(line.naive_eligible_pp) == pytest.approx(found, abs=0.006)
                found = shop.within_tiers(line.service_id)
                assert float(line.within_tier_pp) == pytest.approx(found, abs=0.006)
                low, high = float(line.low_pp), float(line.high_pp)
                assert low < float(line.effect_pp) < high and high - low < 30
                assert low + high == pytest.approx(2 * found, abs=0.02)
        chance = shop.truth["customers"]["renewal_probability"].astype(float)
        assert shop.customers["renewed"].sum() == pytest.approx(chance.sum(), abs=3)
        base = shop.customers["tier"].map({"VIP": 0.78, "重点": 0.60, "普通": 0.42})
        added = (chance - base).round(4)
        rule = (0.12 * shop.user(INSPECTION) + 0.10 * shop.user(TRAINING)).round(4)
        assert (added == rule).all() and set(added) <= {0.0, 0.1, 0.12, 0.22}
        said = shop.summary
        assert said["renewed"] == pytest.approx(shop.customers["renewed"].mean(), abs=0.001)
        count = shop.all_uses["service_id"].value_counts()
        for name, service, cost in (("inspection", INSPECTION, 600), ("training", TRAINING, 450)):
            kept = shop.user(service).sum() * shop.within_tiers(service) / 100
            assert said["cost_per_extra_renewal"][name] == pytest.approx(
                cost * count[service] / kept, rel=0.001
            )
        assert said["cost"]["summit"] == 3_200 * count[SUMMIT]
        margin = shop.customers.groupby("tier")["margin_2024"]
        codes = {"VIP": "vip", "重点": "key", "普通": "ordinary"}
        price = said["cost_per_extra_renewal"]["inspection"]
        for tier, code in codes.items():
            assert said["margin"][code] == pytest.approx(margin.mean()[tier], abs=0.6)
            above = (margin.get_group(tier) > price).mean()
            assert said["margin_above_inspection"][code] == pytest.approx(above, abs=0.001)
        rate = shop.customers["margin_2024"] / shop.customers["spend_2024"]
        assert rate.between(0.11, 0.29).all()
        assert said["margin"]["vip"] > 5 * price and 0.2 < said["margin_above_inspection"]["ordinary"] < 0.9


def test_no_month_is_over_capacity(shops: list[Shop]) -> None:
    for shop in shops:
        capacity = shop.raw["services"].set_index("service_id")["capacity_per_month"].astype(int)
        uses = shop.all_uses[shop.all_uses["use_date"] != "2025-02-30"]
        month = uses["use_date"].str.replace("2026", "2025").str[:7]
        busiest = uses.groupby(["service_id", month]).size().groupby(level=0).max()
        assert (busiest <= capacity).all() and busiest[INSPECTION] > 0.6 * capacity[INSPECTION]
        assert shop.summary["busiest_month"]["inspection"] == busiest[INSPECTION]
        per_user = (shop.all_uses["service_id"] == INSPECTION).sum() / shop.user(INSPECTION).sum()
        ordinary = shop.user(INSPECTION) | (shop.customers["tier"] == "普通")
        assert shop.summary["inspections_if_ordinary"] == pytest.approx(
            per_user * ordinary.sum() / 9, abs=0.6
        )
        assert shop.summary["inspections_if_all"] == pytest.approx(per_user * 800 / 9, abs=0.6)
        assert shop.summary["inspections_if_ordinary"] > capacity[INSPECTION]  # extended, capacity binds


def test_services_happen_when_and_as_long_as_they_can(shops: list[Shop]) -> None:
    for shop in shops:
        uses = shop.all_uses[~shop.all_uses["use_date"].isin(["2025-02-30"])]
        days = uses.groupby("service_id")["use_date"].agg(set)
        assert days[SUMMIT] == {"2025-05-22", "2025-05-23"}
        for day in days[GIFT]:
            assert any(a <= day <= b for a, b in (("2025-01-13", "2025-01-24"), ("2025-05-19", "2025-05-30"),
                                                  ("2025-09-15", "2025-09-30")))  # fmt: skip
        mode = shop.raw["services"].set_index("service_id")["mode"]
        lasting = shop.all_uses["service_id"].map(mode) == "开通"
        blank = shop.all_uses["minutes"] == ""
        assert (blank == (lasting | (shop.all_uses["service_id"] == GIFT))).all()
        once = lasting | shop.all_uses["service_id"].isin([SUMMIT, GIFT])
        assert not shop.all_uses[once].duplicated(["customer_id", "service_id"]).any()
        timed = shop.all_uses[~blank].assign(minutes=lambda t: t["minutes"].astype(int))
        spans = timed.groupby("service_id")["minutes"].agg(["min", "median", "max"])
        assert spans.loc[SUMMIT, "min"] >= 240 and spans.loc[SUMMIT, "max"] <= 420
        assert spans.loc[INSPECTION, "median"] == pytest.approx(120, abs=15) and spans["max"].max() <= 420
        assert shop.customers["tenure_months"].astype(int).min() >= 21
