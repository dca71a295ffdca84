"""Texts looked up: industries, places, distance from home, mappings of one's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from engines import ENGINES, back
from pydantic import ValidationError

from segkit.problems import InputProblems
from segkit.samples import home, load
from segkit.schemes import distinct
from segkit.schemes.bands import Bands
from segkit.schemes.base import Scheme
from segkit.schemes.lookup import Lookup
from segkit.schemes.spellings import industries, industry_labels, plain
from segkit.schemes.store import load_scheme, schemes_from


def truth(case: str, table: str) -> pd.DataFrame:
    return pd.read_csv(home() / "_truth" / f"{case}_{table}.csv", encoding="utf-8-sig")


def labels(scheme: Scheme, **columns: list[Any]) -> list[str]:
    table = pd.DataFrame(
        {c: pd.Series(v, dtype=None if c == "cities" else "str") for c, v in columns.items()}
    )
    return list(scheme.fit(table).label(table)[scheme.name])


def named(scheme: Scheme, table: pd.DataFrame) -> pd.Series:
    return scheme.label(table)[scheme.name].map(lambda label: scheme.label_name(label, "zh"))


# --- the samples -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return load("regions").customers.drop_duplicates("customer_id").reset_index(drop=True)


@pytest.fixture(scope="module")
def true() -> pd.DataFrame:
    return truth("regions", "customers")


def test_all_161_spellings_of_provinces_are_read(customers: pd.DataFrame, true: pd.DataFrame) -> None:
    assert customers["province"].nunique() > 150
    read = named(Lookup(table="province"), customers)
    assert [name.startswith(short) for name, short in zip(true["province"], read, strict=True)] == [
        True
    ] * len(true)
    assert named(Lookup(table="region"), customers).tolist() == true["region"].tolist()


def test_reach_is_recomputed_where_the_sample_has_it_wrong(
    customers: pd.DataFrame, true: pd.DataFrame
) -> None:
    scheme = Lookup(table="relative", sites="site_provinces", cities="site_cities")
    found = named(scheme, customers)
    assert found.tolist() == true["geo_class"].tolist()
    assert (found != customers["geo_class"]).sum() == 14  # as planted
    # the 99 that work in several cities of one province are regional by cities, local by provinces
    wider = named(Lookup(sites="site_provinces"), customers)
    assert ((wider != found) & (wider == "本地")).sum() == (wider != found).sum() == 99


def test_distance_from_zhejiang_is_what_the_suppliers_say() -> None:
    suppliers = load("alibaba").suppliers
    assert named(Lookup(home="浙江"), suppliers).tolist() == suppliers["geo_class"].tolist()
    from_city = named(Lookup(home="杭州"), suppliers)
    assert from_city.where(from_city != "本地").dropna().isin(["区域", "全国"]).all()
    assert suppliers.loc[from_city == "本地", "city"].unique().tolist() == ["杭州市"]


@pytest.mark.parametrize(
    ("case", "table", "unlisted"),
    [
        ("alibaba", "suppliers", set()),
        ("market_profiles", "respondents", set()),
        ("value_added_services", "customers", set()),
        ("realestate", "leads", {"个体", "医生律师"}),  # occupations
    ],
)
def test_industries_of_the_samples_are_known(case: str, table: str, unlisted: set[str]) -> None:
    frame = getattr(load(case), table)
    scheme = Lookup(table="industry", name="trade").fit(frame)
    assert scheme.learned is not None
    assert set(scheme.learned.most) == unlisted
    found = scheme.label(frame)
    assert (
        found.loc[frame["industry"].isin(["制造业", "机械", "纺织服装"]), "trade"]
        .isin(["manufacturing"])
        .all()
    )


# --- industries ------------------------------------------------------------------------------------


def test_synonyms_in_both_languages_and_any_form_lead_to_one_industry() -> None:
    texts = [
        "制造业",
        "制 造",
        "机械设备行业",
        "ｍａｎｕｆａｃｔｕｒｉｎｇ",
        "互联网",
        "I.T.",
        "零售",
        "Retail",
        "金融类",
        "其它",
    ]
    wanted = ["manufacturing"] * 4 + ["information"] * 2 + ["wholesale_retail"] * 2 + ["finance", "other"]
    assert labels(Lookup(table="industry", name="trade"), industry=texts) == wanted


def test_no_spelling_stands_in_two_industries() -> None:
    from segkit.schemes.spellings import built_in

    listed = built_in("industries.yml")["industries"]
    found: dict[str, str] = {}
    for label, words in listed.items():
        for word in words:
            assert isinstance(word, str)
            assert found.setdefault(plain(word), label) == label, word
    assert {label for line in built_in("industries.yml")["contained"] for label in line} <= set(
        industry_labels()
    )
    assert all(industries().find(word) == label for word, label in found.items())


def test_a_part_counts_only_where_asked_and_from_top_to_bottom() -> None:
    texts = ["宏达机械厂", "医疗器械销售", "某某物流园", "火箭"]
    exact = Lookup(table="industry", name="trade")
    assert labels(exact, industry=texts) == ["unlisted"] * 4
    loose = exact.model_copy(update={"contains": True})
    assert labels(loose, industry=texts) == ["manufacturing", "wholesale_retail", "transport", "unlisted"]
    own = Lookup(column=("c",), entries={"first": ("b",), "second": ("ab",)}, contains=True)
    assert labels(own, c=["ab", "xaby", "a"]) == [
        "second",
        "first",
        "unlisted",
    ]  # the whole text before its parts


def test_own_entries_come_before_the_table() -> None:
    scheme = Lookup(table="industry", entries={"ours": ("软件",), "finance": ("Rocketry",)}, name="trade")
    assert labels(scheme, industry=["软件", "互联网", "rocketry"]) == ["ours", "information", "finance"]
    assert scheme.order()[-3:] == ("ours", "unlisted", "unknown")
    moved = Lookup(
        table="region",
        entries={"central_china": ("江西省",), "delta": ("上海",)},
        column=("province", "city"),
    )
    found = labels(moved, province=["jiangxi", None, "上海市", "浙江"], city=[None, "南昌市", None, None])
    assert found == ["central_china", "central_china", "delta", "east_china"]
    east = moved.describe("zh")[1].split("“华东”（")[1].split("）")[0]
    assert "江西" not in east and "上海" not in east and "浙江" in east


# --- places ----------------------------------------------------------------------------------------


def test_bands_written_as_ranges_are_no_other_numbers() -> None:
    scheme = Lookup(
        column=("size",), entries={"small": ("1-2",), "dozen": ("12",), "large": ("1.5万-3万", "3万+")}
    )
    texts = ["1 – 2", "１～２", "12", "12.0", "1.5万~3万", "15万3万", "3万＋"]
    assert labels(scheme, size=texts) == ["small", "small", "dozen", "dozen", "large", "unlisted", "large"]


def test_the_first_column_that_is_read_decides() -> None:
    scheme = Lookup(table="region", column=("province", "city"))
    found = labels(
        scheme,
        province=["广东", None, "火星", None, "火星", "未知"],
        city=["杭州", "杭州", "杭州", None, None, "Nowhere"],
    )
    assert found == ["south_china", "east_china", "east_china", "unknown", "unlisted", "unlisted"]


def test_a_column_that_holds_parts_of_the_country_or_tiers_already_is_read_too() -> None:
    assert labels(Lookup(table="region"), province=["华东", "华东大区", "South China"]) == [
        "east_china",
        "east_china",
        "south_china",
    ]
    tiers = Lookup(table="city_tier", column=("city_tier",), name="tier")
    assert labels(tiers, city_tier=["新一线", "杭州", "三线及以下"]) == [
        "new_tier_1",
        "new_tier_1",
        "tier_3_below",
    ]


def test_city_tiers() -> None:
    cities = ["上海", "成都市", "Xiamen", "丽水", "香港", "吉林", "浙江", "火星", None, "London"]
    wanted = ["tier_1", "new_tier_1", "tier_2", "tier_3_below", "untiered", "tier_3_below"]
    assert labels(Lookup(table="city_tier"), city=cities) == [
        *wanted,
        "unknown",
        "unlisted",
        "unknown",
        "unlisted",
    ]
    rule = " ".join(Lookup(table="city_tier").describe("zh"))
    assert "2025" in rule and "示例参数" in rule and "新一线城市研究所" in rule


@pytest.mark.parametrize(
    ("province", "city", "label"),
    [
        ("浙江省", "杭州市", "local"),
        (None, "hangzhou", "local"),
        ("浙江", "浙江省杭州市余杭区", "local"),
        ("浙江", "宁波", "regional"),
        ("浙江", "南京", "regional"),  # contradictory: the province decides
        ("江苏", None, "regional"),
        ("江苏", "火星", "regional"),
        ("广东", "杭州", "national"),
        ("香港", None, "national"),
        ("美国", None, "overseas"),
        ("浙江", None, "unknown"),  # the city could decide
        (None, None, "unknown"),
        ("未知", "", "unknown"),
        ("浙江", "某镇", "unlisted"),  # perhaps a part of Hangzhou
        ("火星", None, "unlisted"),
        ("火星", "杭州", "local"),
    ],
)
def test_distance_from_a_city(province: str | None, city: str | None, label: str) -> None:
    assert labels(Lookup(home="杭州"), province=[province], city=[city]) == [label]


def test_distance_from_a_province_a_municipality_and_a_county() -> None:
    assert labels(Lookup(home="浙江"), province=["浙江", "上海", "广东"]) == ["local", "regional", "national"]
    assert Lookup(home="上海").needs() == ("province",)
    assert labels(Lookup(home="上海"), province=["上海市浦东新区", "浙江"]) == ["local", "regional"]
    county = Lookup(home="浙江安吉")
    assert labels(county, province=["浙江", "浙江"], city=["安吉县", "杭州"]) == ["local", "regional"]
    near = Lookup(home="杭州", entries={"local": ("富阳", "绍兴")})
    found = labels(near, province=["浙江", "浙江", "浙江"], city=["富阳", "绍兴市", "宁波"])
    assert found == ["local", "local", "regional"]


@pytest.mark.parametrize(
    ("province", "sites", "cities", "label"),
    [
        ("浙江", "浙江", 1, "local"),
        ("浙江", "浙江；ZJ", 2, "regional"),
        ("浙江", "江苏", 1, "regional"),
        ("浙江", "浙江;广东", 2, "national"),
        ("浙江", "浙江;日本", 2, "overseas"),
        (None, "浙江;广东", 2, "national"),
        (None, "浙江;江苏", 2, "unknown"),
        ("浙江", "浙江", None, "unknown"),
        ("浙江", "江苏", None, "regional"),
        ("浙江", None, 1, "unknown"),
        ("浙江", "火星;浙江", 2, "unlisted"),
        ("火星", "浙江", 1, "unlisted"),
    ],
)
def test_reach_of_the_customers_own_sites(province: Any, sites: Any, cities: Any, label: str) -> None:
    scheme = Lookup(table="relative", sites="sites", cities="cities")
    assert labels(scheme, province=[province], sites=[sites], cities=[cities]) == [label]


# --- what is not listed ----------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_not_listed_is_counted_with_the_likely_label(engine: str) -> None:
    texts = ["五金"] * 3 + ["火箭"] * 4 + ["机械加工"] * 2 + [None, " ", "未知", "Ａ".ljust(3)]
    table = pd.DataFrame({"customer_id": range(len(texts)), "industry": pd.Series(texts, dtype="str")})
    scheme = Lookup(table="industry", name="trade").fit(ENGINES[engine](table))
    assert scheme.learned is not None
    assert scheme.learned.model_dump() == {
        "customers": 10,
        "unlisted": 7,
        "values": 3,
        "most": {"火箭": 4, "机械加工": 2, "Ａ": 1},
    }
    note = scheme.notes("zh")[0]
    assert "7 位客户（70.0%）" in note and "火箭 4 位" in note and "机械加工 2 位，可能是“制造业”" in note
    assert 'perhaps "Manufacturing"' in scheme.notes("en")[0]


def test_ten_of_many_are_kept_and_ties_stand_in_the_order_of_the_text() -> None:
    table = pd.DataFrame({"industry": [f"x{i:02}" for i in range(30)] + ["x29"]})
    scheme = Lookup(table="industry", name="trade").fit(table)
    assert scheme.learned is not None and scheme.learned.values == 30
    assert list(scheme.learned.most) == ["x29", *(f"x{i:02}" for i in range(9))]


def test_otherwise_takes_what_is_not_listed_but_not_what_is_missing() -> None:
    scheme = Lookup(column=("channel",), entries={"online": ("APP",)}, otherwise="offline")
    assert labels(scheme, channel=["app", "shop", None]) == ["online", "offline", "unknown"]
    assert scheme.order() == ("online", "offline", "unknown")
    assert "归入“offline”" in " ".join(scheme.describe("zh"))


def test_a_column_of_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "MOST", 5)
    table = pd.DataFrame({"industry": [f"firm {i}" for i in range(6)]})
    with pytest.raises(InputProblems) as error:
        Lookup(table="industry", name="trade").label(table)
    assert "industry" in error.value.text("zh")


def test_a_million_rows_of_few_texts_are_no_reason_to_refuse() -> None:
    table = pd.DataFrame({"industry": ["IT"] * 150_000})
    assert Lookup(table="industry", name="trade").label(table)["trade"].unique().tolist() == ["information"]


# --- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "row"),
    [
        ({"column": "ind", "entries": {"retail": ["shop"], "making": ["factory"]}}, {"ind": "Shop "}),
        ({"table": "province"}, {"province": "浙江"}),
        ({"table": "region"}, {"province": "美国"}),
        ({"table": "city_tier"}, {"city": "丽水"}),
        ({"table": "industry"}, {"industry": "教育"}),
        (
            {"table": "relative", "home": "杭州", "entries": {"vip": "上海", "far": "海南"}},
            {"province": "海南"},
        ),
        ({"column": ["a", "b"], "entries": {"x": ["1"], "y": ["2"]}}, {"a": "?", "b": "2"}),
    ],
)
def test_the_text_named_leads_to_the_label_named(given: dict[str, Any], row: dict[str, str]) -> None:
    scheme = Lookup.model_validate({**given, "name": "where"})
    row = dict.fromkeys(scheme.needs()) | row
    [(text, label)] = re.findall(r'were "(.+)", it becomes "(.+)"', scheme.explain(row, "en"))
    changed = {column: written if written in (None, "?") else text for column, written in row.items()}
    there = scheme.label(pd.DataFrame([row, changed], dtype=object))["where"].tolist()
    assert there[0] != there[1] and scheme.label_name(there[1], "en") == label


def test_a_table_of_one_label_names_no_other() -> None:
    said = Lookup(column=("ind",), entries={"retail": ("shop",)}).explain({"ind": "shop"}, "en")
    assert said == 'retail: ind says "shop"; only another ind would move it.'


def test_an_explanation_says_what_was_written_what_was_read_and_what_would_move_it() -> None:
    region = Lookup(table="region", name="where")
    assert (
        region.explain({"province": "ZJ"})
        == "华东：省份写的是“ZJ”（读作浙江）；换成别的省份，分类才会变，例如若省份改为“广东”，就变为“华南”。"
    )
    assert region.explain({"province": "浙江省"}).startswith("华东：省份写的是“浙江省”；换成别的省份")
    assert region.explain({"province": "Zhejang"}, "en") == (
        'Not listed: province "Zhejang" is in no line of the table, perhaps "Zhejiang"; add it to entries to classify.'
    )
    assert region.explain({"province": None}) == "资料不足：缺 省份，补齐后再分类。"
    two = Lookup(table="region", column=("province", "city"))
    assert "换成别的城市" in two.explain({"province": "?", "city": "杭州"})


def test_from_home_the_explanation_says_where_the_other_labels_begin() -> None:
    scheme = Lookup(home="杭州")
    assert scheme.explain({"province": "江苏省", "city": "苏州"}) == (
        "区域：在江苏苏州，与浙江杭州同属华东；在浙江杭州为“本地”，在其他大区为“全国”。"
    )
    assert scheme.explain({"province": "浙江", "city": "杭州"}).startswith(
        "本地：在浙江杭州；在华东其他地方为“区域”"
    )
    assert scheme.explain({"province": "川", "city": None}, "en").startswith(
        "National: in Sichuan, Southwest China, while"
    )
    assert scheme.explain({"province": "浙江", "city": None}) == "资料不足：缺 城市，补齐后再分类。"
    reach = Lookup(table="relative", sites="site_provinces", cities="site_cities")
    said = reach.explain({"province": "浙江", "site_provinces": "浙江;江苏", "site_cities": 3})
    assert said == (
        "区域：省份写的是“浙江”、经营省份写的是“浙江;江苏”、经营城市数 3；"
        "只在本省一个城市为“本地”，有一处在华东以外为“全国”。"
    )
    assert "缺 经营城市数" in reach.explain(
        {"province": "浙江", "site_provinces": "浙江", "site_cities": None}
    )


def test_labels_of_a_clients_own_have_the_names_it_gives_them() -> None:
    scheme = Lookup(
        column=("channel",),
        entries={"net": ("APP", "小程序")},
        names={"net": {"zh": "线上客户", "en": "Online"}, "channel": {"zh": "主渠道", "en": "main channel"}},
    )
    assert scheme.explain({"channel": "app"}).startswith("线上客户：主渠道写的是“app”")
    assert scheme.describe("en")[0].startswith('By main channel: "Online" (APP, 小程序)')


# --- configurations that are no kinds of their own --------------------------------------------------


def test_main_channel_age_weekday_and_way_of_deciding_are_configurations(tmp_path: Path) -> None:
    given = {
        "main_channel": {
            "kind": "lookup",
            "column": "channel",
            "entries": {"online": ["线上", "APP", "小程序"], "shop": ["门店", "线下"]},
            "contains": True,
        },
        "age_band": {
            "kind": "bands",
            "column": "age",
            "cuts": [25, 35, 45, 55],
            "closed": "left",
            "labels": ["under_25", "25_34", "35_44", "45_54", "55_up"],
        },
        "habit": {
            "kind": "lookup",
            "column": "weekday",
            "entries": {"weekend": [6, 7], "workday": [1, 2, 3, 4, 5]},
        },
        "decides": {
            "kind": "lookup",
            "column": "decision_process",
            "entries": {
                "impulse": "冲动",
                "compares": ["比较", "货比三家"],
                "together": ["集体决策", "招标"],
            },
        },
    }
    table = pd.DataFrame(
        {
            "channel": ["京东APP", "线下门店", "微信小程序", None],
            "age": [24, 25, 70, None],
            "weekday": pd.Series([6, 1, 7, None], dtype="Int64"),
            "decision_process": ["冲动", "招标", " 比较", "占卜"],
        }
    )
    schemes = schemes_from(given)
    assert isinstance(schemes["age_band"], Bands)
    for scheme in schemes.values():
        table = scheme.label(table)
        scheme.save(tmp_path / "one.yml")
        assert load_scheme(tmp_path / "one.yml") == scheme
    assert table["main_channel"].tolist() == ["online", "shop", "online", "unknown"]
    assert table["age_band"].tolist() == ["under_25", "25_34", "55_up", "unknown"]
    assert table["habit"].tolist() == ["weekend", "workday", "weekend", "unknown"]
    assert table["decides"].tolist() == ["impulse", "together", "compares", "unlisted"]


# --- refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "table"),
        ({"entries": {"a": ["x"]}}, "column"),
        ({"table": "relative"}, "home"),
        ({"table": "region", "home": "杭州"}, "home"),
        ({"home": "火星"}, "火星"),
        ({"home": "美国"}, "美国"),
        ({"home": "杭州", "sites": "s"}, "sites"),
        ({"sites": "s", "entries": {"a": ["x"]}}, "entries"),
        ({"table": "region", "cities": "n"}, "sites"),
        ({"column": "c", "entries": {"unknown": ["x"]}}, "unknown"),
        ({"column": "c", "entries": {"a": ["x"]}, "otherwise": "unlisted"}, "unlisted"),
        ({"column": "c", "entries": {"a": []}}, "a"),
        ({"column": "c", "entries": {"a": ["-"]}}, "a"),
        ({"column": "c", "entries": {"a": ["APP"], "b": ["ａｐｐ"]}}, "app"),
        ({"table": "region", "entries": {"a": ["江西"], "b": ["江西省"]}}, "江西"),
        ({"table": "region", "name": "province"}, "province"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError):
        Lookup.model_validate(given)
    with pytest.raises(InputProblems) as error:
        schemes_from({"mine": {"kind": "lookup", "name": "mine", **given}})
    assert said in error.value.text("zh") and "mine" in error.value.text("zh")


def test_labels_on_duckdb_are_those_of_pandas_for_every_spelling(customers: pd.DataFrame) -> None:
    for scheme in (Lookup(table="region"), Lookup(table="city_tier"), Lookup(home="杭州")):
        native = scheme.label(ENGINES["duckdb"](customers))
        pd.testing.assert_series_equal(back(native)["lookup"], back(scheme.label(customers))["lookup"])
