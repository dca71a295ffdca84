"""Provinces, cities and what part of the country they are in, as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal, NamedTuple

from segkit.locale import Lang, name_of
from segkit.schemes.spellings import built_in, plain, says_nothing

OVERSEAS = "overseas"
TIERS = ("tier_1", "new_tier_1", "tier_2", "tier_3_below", "untiered")
_PROVINCE_END = re.compile(
    r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区|特区|province|municipality|city"
    r"|(?:zhuang|hui|uygur|uyghur)?autonomousregion|specialadministrativeregion|sar)$"
)
_PEOPLES = "土家|苗|藏|羌|彝|布依|侗|哈尼|壮|傣|白|景颇|傈僳|回|朝鲜|蒙古|柯尔克孜|哈萨克"
_CITY_END = re.compile(rf"(?:市|地区|盟|林区|新区|示范区|(?:(?:{_PEOPLES})族?)*自治州|州|city|prefecture)$")
_PARTS = re.compile(r"[\s,，、/\\|>-]+")


class Place(NamedTuple):
    """A province by id (``overseas`` outside the country), and a city as its table calls it.

    A city that no table lists stands as written, without 市, 县 or 区.
    """

    province: str
    city: str | None = None


@dataclass(frozen=True)
class Tables:
    """places.yml turned round, so that a spelling finds its place."""

    provinces: dict[str, str]  # plain spelling -> id
    regions: dict[str, str]  # id -> part of the country
    short: dict[str, str]  # id -> short Chinese name
    cities: dict[str, str]  # plain spelling -> city
    home: dict[str, str]  # city -> province
    alone: dict[str, str]  # province that is one city -> the city
    tiers: dict[str, str]  # city -> tier, of the second and above
    county: dict[str, str]  # county-level city -> the city above it
    english: dict[str, str]  # city -> name, of the well-known
    overseas: frozenset[str]
    opening: re.Pattern[str]  # a province, and what follows it


@lru_cache(maxsize=1)
def tables() -> Tables:
    """The tables of places, built once."""
    given = built_in("places.yml")
    provinces: dict[str, str] = {}
    cities: dict[str, str] = {}
    home: dict[str, str] = {}
    regions, short, alone = {}, {}, {}
    for id, facts in given["provinces"].items():
        regions[id], short[id] = facts["region"], facts["words"][0]
        provinces |= dict.fromkeys(map(plain, facts["words"]), id)
        provinces |= {str(facts["code"]): id, f"{facts['code']}0000": id}
        names = facts["cities"].split()
        home |= dict.fromkeys(names, id)
        if names == [short[id]]:
            alone[id] = names[0]
    above = given["counties"]
    home |= {county: home[city] for county, city in above.items()}
    for city in home:
        cities |= {plain(city): city, f"{plain(city)}市": city}
    cities |= {plain(word): city for city, words in given["city_words"].items() for word in words}
    tiers = {city: tier for tier, names in given["tiers"].items() for city in names.split()}
    tiers |= {county: tiers[city] for county, city in above.items() if city in tiers}
    latin = {city: [w for w in words if w.isascii()] for city, words in given["city_words"].items()}
    english = {city: words[0] for city, words in latin.items() if words}
    words = sorted((w for w in provinces if len(w) > 1 and not w.isascii()), key=len, reverse=True)
    opening = re.compile(rf"({'|'.join(words)})(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)?(.+)")
    return Tables(
        provinces,
        regions,
        short,
        cities,
        home,
        alone,
        tiers,
        above,
        english,
        frozenset(map(plain, given["overseas"])),
        opening,
    )


def region_of(province: str) -> str:
    """The part of the country (大区) of a province; ``overseas`` of itself."""
    return tables().regions.get(province, province)


def regions() -> tuple[str, ...]:
    """The parts of the country (大区) by id, and overseas."""
    return (*built_in("places.yml")["regions"], OVERSEAS)


def provinces() -> tuple[str, ...]:
    """The provinces by id, and overseas."""
    return (*tables().regions, OVERSEAS)


def short_name(province: str) -> str:
    """浙江, as its cities stand behind it."""
    return tables().short[province]


@lru_cache(maxsize=2)
def own_words(key: Literal["regions", "tier_words"]) -> dict[str, str]:
    """Spellings of what is looked up, where a column holds it already: 华东, 一线."""
    ends = ("", "地区", "区", "大区", "片区") if key == "regions" else ("",)
    words = built_in("places.yml")[key]
    return {plain(word) + end: label for label, ws in words.items() for word in ws for end in ends}


def tier_of(place: Place) -> str | None:
    """The tier (城市等级) of a listed city; None where it takes a city that is not told or not listed."""
    if region_of(place.province) in (OVERSEAS, "hk_macao_taiwan"):
        return "untiered"
    if place.city is None or place.city not in tables().home:
        return None
    return tables().tiers.get(place.city, "tier_3_below")


def place_name(place: Place, lang: Lang) -> str:
    """``浙江杭州``, ``Hangzhou, Zhejiang``."""
    province = name_of("segment", place.province, lang)
    if place.city is None or place.province in tables().alone:
        return province
    return f"{province}{place.city}" if lang == "zh" else f"{city_name(place.city, lang)}, {province}"


def city_name(city: str, lang: Lang) -> str:
    """A city; in English by its usual name where the table has one."""
    if lang == "zh":
        return city
    alone = next((p for p, c in tables().alone.items() if c == city), None)
    return name_of("segment", alone, lang) if alone else tables().english.get(city, city)


def nearest_place(text: str) -> Place | None:
    """A listed place written much like `text`, for a hint."""
    listed = [*tables().provinces, *tables().cities]
    near = get_close_matches(plain(text), listed, 1, cutoff=0.6)
    return read_place(near[0]) if near else None


def read_place(text: str, *, city_first: bool = False) -> Place | None:
    """What province, and what city, is meant by `text`? None where nobody can tell.

    Takes 浙江, 浙江省, ZHEJIANG, zj, 浙 江, 浙江省杭州市西湖区, 杭州, Hangzhou, 中国香港, 美国. 吉林 is the province,
    with `city_first` the city.
    """
    if says_nothing(text):
        return None
    given = plain(text)
    whole = given.removeprefix("中国") or given
    return (
        _listed(whole, city_first)
        or _listed(whole.removesuffix("china"), city_first)
        or _in_province(whole)
        or _district(whole)
        or _in_parts(text)
    )


def _listed(given: str, city_first: bool = False) -> Place | None:
    known = tables()
    if given in known.overseas:
        return Place(OVERSEAS)
    bare_province, bare_city = _PROVINCE_END.sub("", given), _CITY_END.sub("", given)
    for tried, bare in ((given, given), (bare_province, bare_city)):
        province, city = known.provinces.get(tried), known.cities.get(bare)
        if province and not (city and city_first):
            return Place(province, known.alone.get(province))
        if city:
            return Place(known.home[city], city)
    return None


def _in_province(given: str) -> Place | None:
    """浙江省杭州市西湖区: the province leads, its city follows."""
    known = tables()
    found = known.opening.fullmatch(given)
    if found is None:
        return None
    province, rest = known.provinces[found[1]], found[2]
    if province in known.alone:
        return Place(province, known.alone[province])
    city = known.cities.get(rest) or known.cities.get(_CITY_END.sub("", rest))
    if city and known.home[city] == province:
        return Place(province, city)
    leading = [c for c, there in known.home.items() if there == province and rest.startswith(plain(c))]
    if leading:
        return Place(province, max(leading, key=len))
    return Place(province, city_as_written(rest))


def _district(given: str) -> Place | None:
    """杭州市西湖区: the city leads."""
    city, sign, rest = given.partition("市")
    known = tables()
    if sign and rest and city in known.cities:
        return Place(known.home[known.cities[city]], known.cities[city])
    return None


def _in_parts(text: str) -> Place | None:
    """``Hangzhou, Zhejiang``: every part is a place, all in one province."""
    read = [
        _listed(plain(part))
        for part in _PARTS.split(text.strip())
        if plain(part) not in ("", "china", "中国")
    ]
    if len(read) < 2 or None in read or len({p.province for p in read if p}) > 1:
        return None
    city = next((p.city for p in read if p and p.city), None)
    return Place(read[0].province, city) if read[0] else None


def city_as_written(text: str) -> str:
    """A city no table lists, as it is compared: without 市, 县, 区 at its end."""
    bare = plain(text)
    return bare[:-1] if len(bare) > 2 and bare[-1] in "市县区" else bare
