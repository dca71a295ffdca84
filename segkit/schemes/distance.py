"""How far is a customer? Local, regional or national (本地 / 区域 / 全国), from our home or from the customer's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

import narwhals as nw

from segkit.schemes.distinct import replaced, text_codes
from segkit.schemes.ladder import Frame, Ladder
from segkit.schemes.places import (
    OVERSEAS,
    Place,
    city_as_written,
    provinces,
    read_place,
    region_of,
    regions,
    tables,
)
from segkit.schemes.spellings import says_nothing

DISTANCES = ("local", "regional", "national", OVERSEAS)
CODE = "__code"
NO_ANSWER, NOT_LISTED, FIRST_LABEL = 0, 1, 2  # codes; those of the labels follow

# what one column says beside a label, which never starts so; seen from home: in its province, in the city, in
# another city of the province, in the same part of the country, elsewhere in it, abroad
MISSING, UNREAD, READ = "?missing", "?unread", "?read"
IN_PROVINCE, IN_CITY, OTHER_CITY = "?province", "?city", "?other_city"
SAME_REGION, ELSEWHERE, ABROAD = "?region", "?elsewhere", "?abroad"
OUTSIDE = {SAME_REGION: "regional", ELSEWHERE: "national", ABROAD: OVERSEAS}

SEVERAL, FIRST_PLACE = 2, 3  # codes of a list of sites: in many places; in this one
_LIST = re.compile(r"[;；,，、/|\n]+")


# --- from our home ---------------------------------------------------------------------------------


def is_city(home: Place) -> bool:
    """False of a whole province, and of one that is a single city."""
    return home.city is not None and home.province not in tables().alone


def from_home(text: str, home: Place) -> str:
    """What one column says about the way from home."""
    if says_nothing(text):
        return MISSING
    place = read_place(text)
    if place is None:
        return IN_CITY if is_city(home) and city_as_written(text) == home.city else UNREAD
    if place.province == OVERSEAS:
        return ABROAD
    if place.province != home.province:
        return SAME_REGION if region_of(place.province) == region_of(home.province) else ELSEWHERE
    if place.city is None or not is_city(home):
        return IN_PROVINCE
    if place.city == home.city:
        return IN_CITY
    return OTHER_CITY if place.city in tables().home else UNREAD


def how_far(said: Sequence[str], home: Place) -> str:
    """The label of what the columns say together, or MISSING or UNREAD.

    The first column that tells a province decides; a city counts as home only in the home province.
    """
    province = next((s for s in said if s not in (MISSING, UNREAD)), None)
    if province is None:
        return UNREAD if UNREAD in said else MISSING
    if province in OUTSIDE:
        return OUTSIDE[province]
    if not is_city(home) or province == IN_CITY:
        return "local"
    cities = [s for s in said if s not in (IN_PROVINCE, MISSING)]
    if IN_CITY in cities:
        return "local"
    if any(s != UNREAD for s in cities):
        return "regional"
    return UNREAD if cities else MISSING


def code_together(
    frame: Frame,
    columns: Sequence[str],
    said: Sequence[Mapping[str, str]],
    together: Callable[[tuple[str, ...]], int],
) -> Frame:
    """`frame` with CODE: `together` of what the texts of the columns say."""
    words = [[MISSING, *sorted({*texts.values()} - {MISSING})] for texts in said]
    coded = {
        f"__said_{i}": (column, {text: words[i].index(word) for text, word in said[i].items()})
        for i, column in enumerate(columns)
    }
    frame = text_codes(frame, coded, missing=0, other=0)
    number, size = nw.lit(0), 1
    for name, own in zip(coded, words, strict=True):
        number, size = number + nw.col(name) * size, size * len(own)
    cases = [case[::-1] for case in product(*reversed(words))]  # in the order of the numbers
    codes = {i: together(case) for i, case in enumerate(cases)}
    return (
        frame.with_columns(number.alias("__case"))
        .with_columns(replaced(frame, nw.col("__case"), codes, NO_ANSWER).alias(CODE))
        .drop(["__case", *coded])
    )


# --- from the customer's own ------------------------------------------------------------------------


def places_of(text: str) -> list[Place] | None:
    """The places of a list of sites (``浙江;广东``); None where one of them cannot be read."""
    read = [read_place(part) for part in _LIST.split(text) if not says_nothing(part)]
    return None if None in read else [place for place in read if place is not None]


def _site_code(found: Iterable[str] | None, known: Sequence[str]) -> int:
    if found is None:
        return NOT_LISTED
    here = set(found)
    if not here:
        return NO_ANSWER
    if OVERSEAS in here:
        return FIRST_PLACE + known.index(OVERSEAS)
    return FIRST_PLACE + known.index(here.pop()) if len(here) == 1 else SEVERAL


def code_of_sites(
    frame: Frame, own: Mapping[str, Sequence[str]], sites: Mapping[str, Sequence[str]], cities: str | None
) -> Frame:
    """`frame` with CODE: how far a customer's sites reach, seen from its own province.

    `own` and `sites` are a text column each, with its texts. Local: all sites in the own province and, where
    `cities` is named, in one city; regional: all in the own part of the country; else national.
    """
    (own_column, own_texts), (site_column, site_texts) = *own.items(), *sites.items()
    homes = {t: None if says_nothing(t) else read_place(t) for t in own_texts}
    read = {t: places_of(t) for t in site_texts}
    coded = {}
    for name, known in (("province", provinces()), ("region", regions())):
        where = (lambda p: p.province) if name == "province" else (lambda p: region_of(p.province))
        coded[f"__own_{name}"] = (
            own_column,
            {
                t: NO_ANSWER if says_nothing(t) else _site_code([where(p)] if p else None, known)
                for t, p in homes.items()
            },
        )
        coded[f"__sites_{name}"] = (
            site_column,
            {t: _site_code(None if ps is None else map(where, ps), known) for t, ps in read.items()},
        )
    frame = text_codes(frame, coded, missing=NO_ANSWER, other=NOT_LISTED)
    local, regional, national, overseas = (FIRST_LABEL + i for i in range(len(DISTANCES)))
    same_province = nw.col("__sites_province") == nw.col("__own_province")
    same_region = nw.col("__sites_region") == nw.col("__own_region")
    sites_region, own_region = nw.col("__sites_region"), nw.col("__own_region")
    reach = nw.when(same_region).then(nw.lit(regional)).otherwise(nw.lit(national))
    if cities is None:
        near = nw.lit(local)
    else:
        count = Ladder(cities, (1,))
        near = (
            nw.when(~count.known())
            .then(nw.lit(NO_ANSWER))
            .otherwise(nw.when(count.value() <= 1).then(nw.lit(local)).otherwise(nw.lit(regional)))
        )
    reach = nw.when(same_province).then(near).otherwise(reach)
    # without the own province only sites all over the country can be told
    reach = nw.when((own_region < SEVERAL) & (sites_region != SEVERAL)).then(own_region).otherwise(reach)
    reach = (
        nw.when(sites_region == FIRST_PLACE + regions().index(OVERSEAS))
        .then(nw.lit(overseas))
        .otherwise(reach)
    )
    reach = nw.when(sites_region < SEVERAL).then(sites_region).otherwise(reach)
    return frame.with_columns(reach.alias(CODE)).drop(list(coded))
