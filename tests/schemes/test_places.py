"""Places as people write them: provinces, cities, districts, abroad."""

from __future__ import annotations

import pytest

from segkit.samples import load
from segkit.schemes.places import (
    Place,
    own_words,
    place_name,
    provinces,
    read_place,
    region_of,
    regions,
    tables,
    tier_of,
)


@pytest.mark.parametrize(
    ("text", "province", "city"),
    [
        ("浙江", "zhejiang", None),
        ("浙江省", "zhejiang", None),
        ("ZHEJIANG", "zhejiang", None),
        ("ｚｊ", "zhejiang", None),
        (" 浙 江\u3000", "zhejiang", None),
        ("淅江", "zhejiang", None),
        ("330000", "zhejiang", None),
        ("內蒙古", "inner_mongolia", None),
        ("内蒙", "inner_mongolia", None),
        ("广西壮族自治区", "guangxi", None),
        ("Guangxi Zhuang Autonomous Region", "guangxi", None),
        ("陜西", "shaanxi", None),
        ("Shaanxi", "shaanxi", None),
        ("Shanxi", "shanxi", None),
        ("上海市", "shanghai", "上海"),
        ("上海市浦东新区", "shanghai", "上海"),
        ("中国香港", "hong_kong", "香港"),
        ("Hong Kong SAR", "hong_kong", "香港"),
        ("杭州", "zhejiang", "杭州"),
        ("杭州市", "zhejiang", "杭州"),
        ("Hangzhou", "zhejiang", "杭州"),
        ("Hangzhou, Zhejiang, China", "zhejiang", "杭州"),
        ("浙江省杭州市西湖区", "zhejiang", "杭州"),
        ("浙江-杭州", "zhejiang", "杭州"),
        ("杭州市西湖区", "zhejiang", "杭州"),
        ("义乌", "zhejiang", "义乌"),
        ("Xi'an", "shaanxi", "西安"),
        ("吉林", "jilin", None),
        ("吉林市", "jilin", "吉林"),
        ("海南", "hainan", None),
        ("海南藏族自治州", "qinghai", "海南州"),
        ("恩施土家族苗族自治州", "hubei", "恩施"),
        ("凉山州", "sichuan", "凉山"),
        ("巴音郭楞蒙古自治州", "xinjiang", "巴音郭楞"),
        ("阿克苏地区", "xinjiang", "阿克苏"),
        ("新疆伊宁市", "xinjiang", "伊犁"),
        ("浙江省安吉县", "zhejiang", "安吉"),
        ("美国", "overseas", None),
        ("overseas", "overseas", None),
    ],
)
def test_a_place_is_read_however_it_is_written(text: str, province: str, city: str | None) -> None:
    assert read_place(text) == Place(province, city)


@pytest.mark.parametrize("text", ["", "-", "未知", "N/A", "火星", "朝阳区", "工业园区", "Hangzhou, Jiangsu"])
def test_what_is_no_place_or_could_be_two_is_not_guessed(text: str) -> None:
    assert read_place(text) is None


def test_jilin_is_a_province_or_a_city_by_what_is_asked() -> None:
    assert read_place("吉林", city_first=True) == Place("jilin", "吉林")
    assert read_place("海南", city_first=True) == Place("hainan")


def test_all_34_provinces_are_those_of_the_published_table_with_their_part_of_the_country() -> None:
    published = load("regions").provinces
    assert len(provinces()) == 35 and provinces()[-1] == "overseas"
    short = {region: words for words, region in own_words("regions").items() if words.isascii() is False}
    for row in published.itertuples():
        spellings = (row.name, row.short_name, row.name_en, row.letters, str(row.code))
        read = {place.province for place in map(read_place, spellings) if place}
        assert len(read) == 1, row
        assert own_words("regions")[row.region] == region_of(read.pop())
    assert set(short) == set(regions()) - {"overseas"}


def test_every_prefecture_level_division_is_listed_once() -> None:
    # 333 at the end of 2024, beside the municipalities; listed too: what is run by a province directly
    direct = {
        "雄安",
        "济源",
        "仙桃",
        "潜江",
        "天门",
        "神农架",
        "琼海",
        "文昌",
        "万宁",
        "五指山",
        "东方",
        "杨凌",
    }
    direct |= {"石河子", "库尔勒"}
    elsewhere = {"overseas", "taiwan", *tables().alone}
    cities = [c for c, p in tables().home.items() if p not in elsewhere and c not in tables().county]
    assert len(set(cities) - direct) == len(cities) - len(direct) == 333


def test_tiers_are_those_of_the_list_and_the_rest_is_third_and_below() -> None:
    counts = dict.fromkeys(("tier_1", "new_tier_1", "tier_2"), 0)
    for city, tier in tables().tiers.items():
        counts[tier] += city not in tables().county
    assert counts == {"tier_1": 4, "new_tier_1": 15, "tier_2": 30}
    assert tier_of(Place("zhejiang", "杭州")) == "new_tier_1"
    assert tier_of(Place("jiangsu", "昆山")) == "new_tier_1"  # as Suzhou, to which it belongs
    assert tier_of(Place("zhejiang", "丽水")) == "tier_3_below"
    assert tier_of(Place("hong_kong", "香港")) == tier_of(Place("overseas")) == "untiered"
    assert tier_of(Place("zhejiang")) is None and tier_of(Place("zhejiang", "安吉")) is None


def test_a_place_has_a_name_in_both_languages() -> None:
    assert place_name(Place("zhejiang", "杭州"), "zh") == "浙江杭州"
    assert place_name(Place("zhejiang", "杭州"), "en") == "Hangzhou, Zhejiang"
    assert place_name(Place("shanghai", "上海"), "en") == "Shanghai"
