"""Regions: what larger customers spend within and between regions, equal mixes of cities, spellings, reach."""

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
        numbers = ["revenue_wan", "orders", "order_value", "spend", "site_cities"]
        table[numbers] = table[numbers].astype(float)
        table["revenue_wan"] = table["revenue_wan"].where(
            table["revenue_wan"] < 10_000, table["revenue_wan"] / 10_000
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
        tier_of = market.customers.groupby("city")["city_tier"].nunique()
        assert tier_of.max() == 1 and len(tier_of) > 80
        assert market.customers.groupby("city")["province"].nunique().max() == 1
        for name, where in (("北京", "北京市"), ("深圳", "广东省"), ("西安", "陕西省")):
            assert set(market.customers[market.customers["city"] == name]["province"]) == {where}
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
        lines = market.planted[market.planted["reason"] == "province_spelling"]
        assert set(market.planted["reason"]) == {"province_spelling", "geo_class_wrong"} and len(lines) == 360
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
        revenue = market.raw["revenue_wan"].astype(float)
        assert (revenue > 10_000).sum() == 12 and market.raw.duplicated().sum() == 10
        assert len(market.customers) == 1200 and market.customers["customer_id"].is_unique
        lines = market.defects[market.defects["reason"] == "amount_unit"]
        assert (lines["old"].astype(float) / lines["new"].astype(float)).round(6).eq(10_000).all()
        spend = market.raw["spend"].astype(float)
        assert abs(slope(revenue, spend)) < 0.1  # a dozen rows in the wrong unit flatten everything


# --- averages of regions against customers ----------------------------------------------------------


def test_revenue_and_spending_between_and_within_regions(markets: list[Market]) -> None:
    """Ecological fallacy: between regions up, within regions down."""
    for market in markets:
        own = market.customers
        means = np.log(own.groupby("region")[["revenue_wan", "spend"]].mean())
        logs = np.log(own[["revenue_wan", "spend"]])
        between, pooled = (
            slope(means["revenue_wan"], means["spend"]),
            slope(logs["revenue_wan"], logs["spend"]),
        )
        centred = logs - logs.groupby(own["region"]).transform("mean")
        within = slope(centred["revenue_wan"], centred["spend"])
        assert between > 0.6 and pooled > 0.05
        assert within == pytest.approx(-0.2, abs=0.03)
        assert 0.9 < np.corrcoef(means["revenue_wan"], means["spend"])[0, 1] < 0.995
        linear = own[["revenue_wan", "spend"]] - own.groupby("region")[["revenue_wan", "spend"]].transform(
            "mean"
        )
        assert slope(linear["revenue_wan"], linear["spend"]) < -5  # without logarithms, too
        more = 0
        for region, rows in own.groupby("region"):
            if len(rows) >= 30:
                assert slope(logs.loc[rows.index, "revenue_wan"], logs.loc[rows.index, "spend"]) < -0.08, (
                    region
                )
                large = rows["revenue_wan"] > rows["revenue_wan"].median()
                more += rows[~large]["spend"].mean() > rows[large]["spend"].mean()
        assert more == market.summary["smaller_half_spends_more"] >= 6
        assert market.summary["regions_halved"] == 7
        dummies = pd.get_dummies(own["region"]).to_numpy(dtype=float)
        x = np.column_stack([logs["revenue_wan"], dummies])
        assert np.linalg.lstsq(x, logs["spend"], rcond=None)[0][0] == pytest.approx(within, abs=0.001)
        said = market.summary["slope"]
        assert said == pytest.approx({"between": between, "pooled": pooled, "within": within}, abs=0.001)
        twice = market.summary["twice_the_revenue"]
        assert twice["within"] == pytest.approx(2**within - 1, abs=0.001)


def test_revenue_is_skewed(markets: list[Market]) -> None:
    for market in markets:
        revenue = market.customers["revenue_wan"]
        assert revenue.skew() > 1 and revenue.mean() > 1.12 * revenue.median()
        assert abs(np.log(revenue).skew()) < 0.3
        assert market.summary["mean_revenue_all"] == round(revenue.mean())


def per_order(rows: pd.DataFrame) -> float:
    return float(rows["spend"].sum() / rows["orders"].sum())


def test_order_values_change_places_with_equal_mixes_of_cities(markets: list[Market]) -> None:
    for market in markets:
        pair = market.customers[market.customers["region"].isin(["华东", "华南"])]
        raw = {region: per_order(rows) for region, rows in pair.groupby("region")}
        assert raw["华南"] > raw["华东"] + 20
        by_customer = pair.groupby("region")["order_value"].mean()
        assert by_customer["华南"] > by_customer["华东"] + 60
        cells = {key: per_order(rows) for key, rows in pair.groupby(["region", "city_tier"])}
        assert all(cells["华东", tier] > cells["华南", tier] + 5 for tier in TIERS)
        orders = pair.groupby("city_tier")["orders"].sum()
        even = {
            region: sum(cells[region, tier] * orders[tier] for tier in TIERS) / orders.sum()
            for region in ("华东", "华南")
        }
        assert even["华东"] - even["华南"] == pytest.approx(40, abs=15)
        said = market.summary
        for key, region in (("east", "华东"), ("south", "华南")):
            assert said["order_value"][key] == pytest.approx(raw[region], abs=0.6)
            assert said["order_value_even"][key] == pytest.approx(even[region], abs=0.6)
            assert said["order_value_per_customer"][key] == pytest.approx(by_customer[region], abs=0.6)
        assert said["tiers_east_higher"] == said["tiers_compared"] == 4


def test_marginals(markets: list[Market]) -> None:
    shares = {
        "华东": 0.388,
        "华南": 0.137,
        "华中": 0.119,
        "华北": 0.134,
        "东北": 0.053,
        "西北": 0.055,
        "西南": 0.104,
        "港澳台": 0.013,
    }
    for market in markets:
        own = market.customers
        found = own["region"].value_counts(normalize=True)
        assert found.to_dict() == pytest.approx(shares, abs=0.003)
        many = own["province"].value_counts()
        assert many.index[0] == "广东省" and set(many.index[:4]) == {"广东省", "江苏省", "浙江省", "山东省"}
        assert many["上海市"] > 45 and many["北京市"] > 45 and many.get("西藏自治区", 0) <= 5
        assert many.index.size >= 32 and (many[many > 40].duplicated().sum() <= 3)
        distant = own["region"].isin(["东北", "西北"])
        online = own["channel"] == "线上"
        assert online[distant].mean() == pytest.approx(0.5, abs=0.02)
        assert online[~distant].mean() == pytest.approx(0.3, abs=0.02)
        assert (own["spend"] - own["orders"] * own["order_value"]).abs().max() < 0.01
        assert own["orders"].min() >= 1 and own["revenue_wan"].between(15, 5_000).all()
        assert own["company"].str.endswith("（虚构）").all() and own["company"].is_unique


# --- reach ------------------------------------------------------------------------------------------


def test_reach_follows_its_rule_row_by_row(markets: list[Market]) -> None:
    for market in markets:
        region = market.provinces.set_index("short_name")["region"].to_dict()
        short = market.provinces.set_index("name")["short_name"].to_dict()
        order = {name: i for i, name in enumerate(market.provinces["short_name"])}
        kind = market.provinces.set_index("short_name")["kind"]
        one_city = set(kind[kind.isin(["直辖市", "特别行政区"])].index)
        two, rules, one_province = 0, [], 0
        for row in market.customers.itertuples():
            sites, home = row.site_provinces.split(";"), short[row.province]
            assert home in sites and sites == sorted(set(sites), key=order.__getitem__)
            assert row.site_cities >= len(sites) and (row.site_cities == len(sites) or set(sites) - one_city)
            if row.site_cities == 1:
                rule = "本地"
            elif {region[s] for s in sites} == {region[home]}:
                rule = "区域"
                one_province += len(sites) == 1
            else:
                rule = "全国"
                two += len(sites) == 2
            rules.append(rule)
        assert market.truth["geo_class"].tolist() == rules
        wrong = market.planted[market.planted["reason"] == "geo_class_wrong"]
        odd = market.customers["customer_id"][market.customers["geo_class"] != rules]
        assert (
            set(odd) == {market.raw.at[int(row) - 2, "customer_id"] for row in wrong["row"]}
            and len(odd) == 14
        )
        found = pd.Series(rules).value_counts(normalize=True)
        for name, share in {"本地": 0.48, "区域": 0.32, "全国": 0.20}.items():
            assert found[name] == pytest.approx(share, abs=0.005)
        assert market.summary["national_with_two_provinces"] == two > 30
        assert market.summary["regional_in_one_province"] == one_province > 60
        away = market.customers["site_provinces"].str.split(";").explode()
        away = away[away != market.customers["province"].map(short).reindex(away.index)].value_counts()
        assert away["广东"] > 3 * away.get("宁夏", 0) and away.get("西藏", 0) + away.get("澳门", 0) < 25
        reach = market.customers.groupby("geo_class")["spend"].mean()
        assert reach.max() - reach.min() < 0.15 * reach.mean()  # reach says nothing about spending
