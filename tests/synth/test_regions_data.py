"""Regions: slopes within a region against slopes between them, equal mixes of cities, spellings, reach."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

CASE = "regions"
TIERS = ["一线", "新一线", "二线", "三线及以下"]
SEVEN = {
    "华东": "上海 江苏 浙江 安徽 福建 江西 山东",
    "华南": "广东 广西 海南",
    "华中": "河南 湖北 湖南",
    "华北": "北京 天津 河北 山西 内蒙古",
    "东北": "辽宁 吉林 黑龙江",
    "西北": "陕西 甘肃 青海 宁夏 新疆",
    "西南": "重庆 四川 贵州 云南 西藏",
    "港澳台": "香港 澳门 台湾",
}


class Market:
    """The tables as a trainee cleans them, and the truth apart."""

    def __init__(self, folder: Path, text_of: Callable[[Path], pd.DataFrame]) -> None:
        self.provinces = text_of(folder / CASE / "provinces.csv")
        self.raw = text_of(folder / CASE / "customers.csv")
        self.truth = text_of(folder / "_truth" / f"{CASE}_customers.csv")
        self.defects = text_of(folder / "_truth" / f"{CASE}_defects.csv")
        self.planted = text_of(folder / "_truth" / f"{CASE}_planted.csv")
        self.summary = yaml.safe_load((folder / "_truth" / f"{CASE}_summary.yml").read_text("utf-8"))
        self.names = {
            plain(row[column]): row["name"]
            for _, row in self.provinces.iterrows()
            for column in ("name", "short_name", "name_en", "letters")
        }
        table = self.raw.drop_duplicates().reset_index(drop=True)
        numbers = ["income_wan", "orders", "order_value", "spend"]
        table[numbers] = table[numbers].astype(float)
        table["income_wan"] = table["income_wan"].where(
            table["income_wan"] < 10_000, table["income_wan"] / 10_000
        )
        table["province"] = table["province"].map(lambda cell: self.names[plain(cell)])
        table["region"] = table["province"].map(self.provinces.set_index("name")["region"])
        self.customers = table


def plain(cell: str) -> str:
    """Half-width, no blanks, small letters."""
    return "".join(unicodedata.normalize("NFKC", cell).split()).casefold()


def slope(x: pd.Series, y: pd.Series) -> float:
    return float(np.polyfit(x, y, 1)[0])


@pytest.fixture(scope="module")
def markets(draws_of: Callable[[str], list[Path]], text_of: Callable[[Path], pd.DataFrame]) -> list[Market]:
    return [Market(folder, text_of) for folder in draws_of(CASE)]


# --- provinces --------------------------------------------------------------------------------------


def test_all_34_divisions_and_their_regions(markets: list[Market]) -> None:
    table = markets[0].provinces
    assert len(table) == 34
    grouped = table.groupby("region")["short_name"].agg(set).to_dict()
    assert grouped == {region: set(names.split()) for region, names in SEVEN.items()}
    assert table["kind"].value_counts().to_dict() == {"省": 23, "自治区": 5, "直辖市": 4, "特别行政区": 2}
    for column in ("code", "name", "short_name", "name_en", "letters", "capital"):
        assert table[column].is_unique and (table[column] != "").all(), column
    ends = {"省": "省", "自治区": "自治区", "直辖市": "市", "特别行政区": "特别行政区"}
    for row in table.itertuples():
        assert row.name.startswith(row.short_name) and row.name.endswith(ends[row.kind])
        assert len(row.code) == 2 and len(row.letters) == 2
        if row.kind in ("直辖市", "特别行政区"):
            assert row.capital == row.short_name
    # the first digit of a code is the large area of the national standard
    first = table.groupby(table["code"].str[0])["region"].agg(set).to_dict()
    assert first["1"] == {"华北"} and first["2"] == {"东北"} and first["3"] == {"华东"}
    assert first["4"] == {"华中", "华南"} and first["5"] == {"西南"} and first["6"] == {"西北"}
    known = table.set_index("short_name")
    assert known.loc["浙江", "capital"] == "杭州" and known.loc["陕西", "letters"] == "SN"
    for market in markets[1:]:
        assert market.provinces.equals(table)


def test_city_tiers_stay_where_there_are_such_cities(markets: list[Market]) -> None:
    for market in markets:
        offered = market.provinces.set_index("name")["city_tiers"].str.split(";")
        for row in market.customers.itertuples():
            assert row.city_tier in offered[row.province], row
        assert ((market.customers["city_tier"] == "") == (market.customers["region"] == "港澳台")).all()
        top = set(market.customers[market.customers["city_tier"] == "一线"]["province"])
        assert top == {"北京市", "上海市", "广东省"}


# --- spellings and dirt -----------------------------------------------------------------------------


def test_every_spelling_comes_back(markets: list[Market]) -> None:
    for market in markets:
        names = set(market.provinces["name"])
        assert (
            len(market.names) == len({plain(k) for k in market.names}) >= 34 * 3
        )  # no key serves two provinces
        by_key = pd.Series(market.names)
        assert by_key.groupby(by_key).size().min() >= 3 and set(by_key) == names
        true = market.truth.set_index("customer_id")["province"]
        assert (market.customers["province"] == market.customers["customer_id"].map(true)).all()
        odd = {i + 2 for i in np.flatnonzero(~market.raw["province"].isin(names))}
        lines = market.planted
        assert set(lines["reason"]) == {"province_spelling"} and len(lines) == 360
        assert odd == set(lines["row"].astype(int))
        for line in lines.itertuples():
            assert market.raw.at[int(line.row) - 2, "province"] == line.old
            assert market.names[plain(line.old)] == line.new
        typed = lines["old"]
        assert (typed != typed.str.strip()).sum() > 20  # blanks around
        assert typed.str.fullmatch("[a-z ]+").sum() > 15 and typed.str.fullmatch("[A-Z]{2}").sum() > 15
        assert typed.str.contains(r"[\u4e00-\u9fff] [\u4e00-\u9fff]").sum() > 30
        writings = market.raw["province"].nunique()
        assert market.summary["province_writings"] == writings > 100


def test_totals_by_province_fall_apart_without_cleaning(markets: list[Market]) -> None:
    for market in markets:
        true = market.truth["province"].value_counts().head(10)
        written = market.raw["province"].value_counts()[true.index]
        assert 0.6 < written.sum() / true.sum() < 0.8 and (written < true).all()


def test_defects_are_there_in_the_number_stated(markets: list[Market]) -> None:
    for market in markets:
        assert market.defects["reason"].value_counts().to_dict() == {"amount_unit": 12, "duplicate": 10}
        income = market.raw["income_wan"].astype(float)
        assert (income > 10_000).sum() == 12 and market.raw.duplicated().sum() == 10
        assert len(market.customers) == 1200 and market.customers["customer_id"].is_unique
        lines = market.defects[market.defects["reason"] == "amount_unit"]
        assert (lines["old"].astype(float) / lines["new"].astype(float)).round(6).eq(10_000).all()
        unclean = slope(income, market.raw["spend"].astype(float))
        assert abs(unclean) < 0.1  # a dozen rows in the wrong unit flatten everything


# --- averages of regions against customers ----------------------------------------------------------


def test_income_and_spending_between_and_within_regions(markets: list[Market]) -> None:
    """Ecological fallacy: between regions up, within regions down."""
    for market in markets:
        own = market.customers
        means = own.groupby("region")[["income_wan", "spend"]].mean()
        between = slope(means["income_wan"], means["spend"])
        pooled = slope(own["income_wan"], own["spend"])
        centred = own[["income_wan", "spend"]] - own.groupby("region")[["income_wan", "spend"]].transform(
            "mean"
        )
        within = slope(centred["income_wan"], centred["spend"])
        assert between > 80 and pooled > 10
        assert within == pytest.approx(-40, abs=5)
        assert np.corrcoef(means["income_wan"], means["spend"])[0, 1] > 0.9
        for region, rows in own.groupby("region"):
            if len(rows) > 50:
                assert slope(rows["income_wan"], rows["spend"]) < -20, region
        dummies = pd.get_dummies(own["region"]).to_numpy(dtype=float)
        x = np.column_stack([own["income_wan"], dummies])
        assert np.linalg.lstsq(x, own["spend"], rcond=None)[0][0] == pytest.approx(within, abs=0.01)
        said = market.summary
        assert said["slope_between"] == pytest.approx(between, abs=0.1)
        assert said["slope_pooled"] == pytest.approx(pooled, abs=0.1)
        assert said["slope_within"] == pytest.approx(within, abs=0.1)


def test_order_values_change_places_with_equal_mixes_of_cities(markets: list[Market]) -> None:
    for market in markets:
        pair = market.customers[market.customers["region"].isin(["华东", "华北"])]
        raw = pair.groupby("region")["order_value"].mean()
        assert raw["华东"] > raw["华北"] + 40
        cells = pair.groupby(["region", "city_tier"])["order_value"].mean().unstack()[TIERS]
        assert (cells.loc["华北"] > cells.loc["华东"] + 25).all()
        mix = pair["city_tier"].value_counts(normalize=True)[TIERS]
        even = (cells * mix).sum(axis=1)
        assert even["华北"] - even["华东"] == pytest.approx(60, abs=20)
        assert market.summary["order_value_north_even"] == pytest.approx(even["华北"], abs=1)
        assert market.summary["order_value_east"] == pytest.approx(raw["华东"], abs=1)


def test_marginals(markets: list[Market]) -> None:
    shares = {
        "华东": 0.28,
        "华南": 0.18,
        "华中": 0.12,
        "华北": 0.18,
        "东北": 0.08,
        "西北": 0.07,
        "西南": 0.08,
        "港澳台": 0.01,
    }
    for market in markets:
        own = market.customers
        found = own["region"].value_counts(normalize=True)
        assert found.to_dict() == pytest.approx(shares, abs=0.003)
        tiers = own[own["region"] == "华东"]["city_tier"].value_counts(normalize=True)[TIERS]
        assert tiers.tolist() == pytest.approx([0.30, 0.35, 0.20, 0.15], abs=0.01)
        distant = own["region"].isin(["东北", "西北"])
        online = own["channel"] == "线上"
        assert online[distant].mean() == pytest.approx(0.5, abs=0.02)
        assert online[~distant].mean() == pytest.approx(0.3, abs=0.02)
        assert (own["spend"] - own["orders"] * own["order_value"]).abs().max() < 0.01
        assert own["orders"].min() >= 1 and own["income_wan"].min() >= 20
        assert own["company"].str.endswith("（虚构）").all() and own["company"].is_unique


# --- reach ------------------------------------------------------------------------------------------


def test_reach_follows_its_rule_row_by_row(markets: list[Market]) -> None:
    for market in markets:
        region = market.provinces.set_index("short_name")["region"].to_dict()
        short = market.provinces.set_index("name")["short_name"].to_dict()
        order = {name: i for i, name in enumerate(market.provinces["short_name"])}
        two = 0
        for row in market.customers.itertuples():
            sites, home = row.site_provinces.split(";"), short[row.province]
            assert home in sites and sites == sorted(set(sites), key=order.__getitem__)
            if set(sites) == {home}:
                rule = "本地"
            elif {region[s] for s in sites} == {region[home]}:
                rule = "区域"
            else:
                rule = "全国"
                two += len(sites) == 2
            assert row.geo_class == rule
        assert market.truth["geo_class"].tolist() == market.customers["geo_class"].tolist()
        found = market.customers["geo_class"].value_counts(normalize=True)
        for name, share in {"本地": 0.55, "区域": 0.27, "全国": 0.18}.items():
            assert found[name] == pytest.approx(share, abs=0.005)
        assert market.summary["national_with_two_provinces"] == two > 30
        reach = market.customers.groupby("geo_class")["spend"].mean()
        assert reach.max() - reach.min() < 0.15 * reach.mean()  # reach says nothing about spending
