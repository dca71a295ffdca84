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
PREVIEW, COURSE, HOTLINE = "S000010", "S000011", "S000012"


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
        customers["spend_2024"] = customers["spend_2024"].astype(float)
        self.customers = customers
        uses = self.raw["uses"].drop_duplicates()
        self.uses = uses[uses["customer_id"] != ""]

    def user(self, service: str) -> np.ndarray:
        who = self.uses.loc[self.uses["service_id"] == service, "customer_id"]
        return self.customers["customer_id"].isin(who).to_numpy()

    def naive(self, service: str) -> float:
        renewed, user = self.customers["renewed"], self.user(service)
        return 100 * (renewed[user].mean() - renewed[~user].mean())

    def within_tiers(self, service: str) -> float:
        """Mantel-Haenszel risk difference: sum of (a n0 - c n1) / n over sum of n1 n0 / n."""
        top = bottom = 0.0
        user = self.user(service)
        for tier in ("VIP", "重点", "普通"):
            here = (self.customers["tier"] == tier).to_numpy()
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
        assert 3_500 < len(shop.raw["uses"]) < 4_000
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
        assert shop.user(HOTLINE).mean() > 0.99  # a use without a customer may hide one
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
        assert (rows["use_date"] == "2025-02-30").sum() == 6 and (rows["use_date"] > "2025-12-31").sum() == 4
        assert (~shop.raw["customers"]["tier"].isin(["VIP", "重点", "普通"])).sum() == 24
        assert set(shop.customers["tier"]) == {"VIP", "重点", "普通"}


def test_the_truth_agrees_with_the_tables(shops: list[Shop]) -> None:
    for shop in shops:
        for line in shop.truth["services"].itertuples():
            users = int(shop.user(line.service_id).sum())
            assert 0 <= int(line.users) - users <= 12, line  # uses without a customer hide a few
            if line.service_id != HOTLINE:
                assert float(line.naive_pp) == pytest.approx(shop.naive(line.service_id), abs=1.5)
                assert float(line.within_tier_pp) == pytest.approx(
                    shop.within_tiers(line.service_id), abs=2.5
                )
        chance = shop.truth["customers"]["renewal_probability"].astype(float)
        assert shop.customers["renewed"].sum() == pytest.approx(chance.sum(), abs=3)
        base = shop.customers["tier"].map({"VIP": 0.78, "重点": 0.60, "普通": 0.42})
        added = (chance - base).round(4)
        rule = (0.12 * shop.user(INSPECTION) + 0.10 * shop.user(TRAINING)).round(4)
        assert (added == rule).sum() >= 788 and set(added) <= {0.0, 0.1, 0.12, 0.22}
        said = shop.summary
        assert said["renewed"] == pytest.approx(shop.customers["renewed"].mean(), abs=0.001)
        cost = 600 * (shop.uses["service_id"] == INSPECTION).sum() / (0.12 * shop.user(INSPECTION).sum())
        assert said["cost_per_extra_renewal"]["inspection"] == pytest.approx(cost, rel=0.02)
        summit = 3_200 * (shop.uses["service_id"] == SUMMIT).sum()
        assert said["summit_cost"] == pytest.approx(summit, rel=0.03)


def test_no_month_is_over_capacity(shops: list[Shop]) -> None:
    for shop in shops:
        capacity = shop.raw["services"].set_index("service_id")["capacity_per_month"].astype(int)
        month = shop.uses["use_date"].str[:7]
        busiest = shop.uses.groupby(["service_id", month]).size().groupby(level=0).max()
        assert (busiest <= capacity).all() and busiest[INSPECTION] > 0.4 * capacity[INSPECTION]
        assert busiest[COURSE] < capacity[COURSE]
