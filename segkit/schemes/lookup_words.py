"""What a `Lookup` says: its rule, why a customer has its label, and what is in no line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pandas as pd

from segkit.locale import Lang, say
from segkit.schemes.base import UNKNOWN
from segkit.schemes.cells import floats
from segkit.schemes.distance import DISTANCES, FIRST_LABEL, MISSING, READ, UNREAD, is_city
from segkit.schemes.places import (
    OVERSEAS,
    Place,
    city_name,
    nearest_place,
    place_name,
    provinces,
    read_place,
    region_of,
    regions,
    short_name,
    tables,
)
from segkit.schemes.spellings import industries, plain
from segkit.schemes.texts import texts
from segkit.schemes.wording import plain_number

if TYPE_CHECKING:
    from segkit.schemes.lookup import Lookup

SHOWN_WORDS = 8  # of one label in the rule
Row = tuple[str | None, ...]


# --- why this label --------------------------------------------------------------------------------


def sentences(scheme: Lookup, customers: pd.DataFrame, lang: Lang) -> list[str]:
    """Why each customer has its label: what was written, and which line of the table it met."""
    read = pd.DataFrame({c: texts(customers[c]).to_numpy() for c in scheme.text_columns}, dtype="str")
    if scheme.cities:
        read[scheme.cities] = floats(customers[scheme.cities])
    labels = scheme.labelled(nw.from_native(read)).to_native()[scheme.name].tolist()
    cells = [texts(customers[c]).tolist() for c in scheme.text_columns]
    counts = read[scheme.cities].tolist() if scheme.cities else [np.nan] * len(read)
    said: dict[tuple[Row, float | None, str], str] = {}
    examples, found = _examples(scheme), []
    for row, count, label in zip(zip(*cells, strict=True), counts, labels, strict=True):
        key = (row, None if np.isnan(count) else count, label)
        if key not in said:
            said[key] = _sentence(scheme, *key, examples, lang)
        found.append(said[key])
    return found


def _sentence(
    scheme: Lookup, row: Row, count: float | None, label: str, examples: dict[str, str], lang: Lang
) -> str:
    columns = scheme.text_columns
    words = [scheme.said(text, column) for text, column in zip(row, columns, strict=True)]
    unread = next((i for i, word in enumerate(words) if word == UNREAD), None)
    if label == UNKNOWN:
        empty = [c for c, word in zip(columns, words, strict=True) if word == MISSING]
        if scheme.cities and not empty:
            empty = [scheme.cities]
        return scheme.explain_missing(empty, lang)
    if unread is not None and label == (scheme.otherwise or "unlisted") and not _found(scheme, words):
        return _unlisted(scheme, row[unread] or "", columns[unread], label, lang)
    if scheme.sites:
        return _reach(scheme, row, count, label, lang)
    if scheme.home_place is not None and not any(word in scheme.entries for word in words):
        return _from_home(scheme, row, label, lang)
    i = next(i for i, word in enumerate(words) if word not in (MISSING, UNREAD))
    fact = say(
        "schemes.lookup.fact",
        lang,
        measure=scheme.measure(columns[i], lang),
        written=row[i],
        read=_read_as(scheme, row[i] or "", lang),
    )
    measure, name = scheme.measure(columns[i], lang), scheme.label_name(label, lang)
    said = {"label": name, "fact": fact, "measure": measure}
    example = _another(scheme, words, i, label, examples)
    if example is None:
        return say("schemes.lookup.explain", lang, **said)
    text, other = example
    change = say("schemes.change_is", lang, measure=measure, value=text, other=scheme.label_name(other, lang))
    return say("schemes.lookup.explain_change", lang, change=change, **said)


def _examples(scheme: Lookup) -> dict[str, str]:
    """For each label a text that stands for it: the first of `entries`, a province, a city, the name of a branch."""
    found = {label: words[0] for label, words in scheme.entries.items()}
    listed: list[tuple[str, str]] = []
    if scheme.table == "industry":
        listed = [(label, scheme.label_name(label, "zh")) for label in scheme.labels()]
    elif scheme.table == "city_tier":
        listed = [(tier, city) for city, tier in tables().tiers.items()]
    elif scheme.table in ("province", "region"):
        own = {p: p if scheme.table == "province" else region_of(p) for p in provinces() if p != OVERSEAS}
        listed = [(label, short_name(p)) for p, label in own.items()]
    for label, text in listed:
        found.setdefault(label, text)
    return found


def _another(
    scheme: Lookup, words: Sequence[str], at: int, label: str, examples: dict[str, str]
) -> tuple[str, str] | None:
    """The nearest label in the order of labels that a text instead of the one at `at` leads to, and that text."""
    order = scheme.labels()
    for other in sorted(order, key=lambda one: abs(order.index(one) - order.index(label))):
        if other == label or other not in examples:
            continue
        word = scheme.said(examples[other], scheme.text_columns[at])
        together = [*words[:at], word, *words[at + 1 :]] if scheme.home_place is not None else [word]
        code = scheme.code_of(together)
        if code >= FIRST_LABEL and order[code - FIRST_LABEL] == other:
            return examples[other], other
    return None


def _found(scheme: Lookup, words: Sequence[str]) -> bool:
    if scheme.sites:
        return words == [READ, READ]
    return scheme.code_of(words) > 1


def _unlisted(scheme: Lookup, text: str, column: str, label: str, lang: Lang) -> str:
    return say(
        "schemes.lookup.explain_unlisted" if label == "unlisted" else "schemes.lookup.explain_otherwise",
        lang,
        label=scheme.label_name(label, lang),
        measure=scheme.measure(column, lang),
        written=text,
        near=hint(scheme, text, lang),
    )


def _read_as(scheme: Lookup, text: str, lang: Lang) -> str:
    """The place that was read, where it is written otherwise."""
    place = read_place(text, city_first=scheme.table == "city_tier") if scheme.of_places else None
    names = [place.city, short_name(place.province)] if place and place.province != OVERSEAS else []
    if place is None or any(plain(text).startswith(plain(name)) for name in names if name):
        return ""
    return say("schemes.lookup.read_as", lang, place=place_name(place, lang))


def hint(scheme: Lookup, text: str, lang: Lang) -> str:
    """What the text may have meant, with its comma; nothing where nothing is near."""
    likely = scheme.own.likely(text) or (industries().likely(text) if scheme.table == "industry" else None)
    if likely:
        meant = scheme.label_name(likely, lang)
    else:
        place = nearest_place(text) if scheme.of_places else None
        if place is None:
            return ""
        meant = place_name(place, lang)
    return say("schemes.lookup.hint", lang, meant=meant)


def _from_home(scheme: Lookup, row: Row, label: str, lang: Lang) -> str:
    home = scheme.home_place
    assert home is not None
    read = [place for place in (read_place(text) for text in row if text) if place]
    province = read[0].province
    here = Place(province, next((p.city for p in read if p.province == province and p.city), None))
    near, far = region_of(home.province), region_of(here.province)
    facts = {
        "label": scheme.label_name(label, lang),
        "here": place_name(here, lang),
        "region": scheme.label_name(far, lang),
        "home": place_name(home, lang),
        "home_region": scheme.label_name(near, lang),
        "others": _joined(_other_distances(scheme, label, lang), lang),
    }
    return say(f"schemes.relative.explain_{label}", lang, **facts)


def _other_distances(scheme: Lookup, label: str, lang: Lang) -> list[str]:
    home = scheme.home_place
    assert home is not None
    facts = {
        "home": place_name(home, lang),
        "region": scheme.label_name(region_of(home.province), lang),
    }
    return [
        say(f"schemes.relative.move_{other}", lang, other=scheme.label_name(other, lang), **facts)
        for other in DISTANCES[:3]
        if other != label
    ]


def _reach(scheme: Lookup, row: Row, count: float | None, label: str, lang: Lang) -> str:
    own = row[0]
    home = read_place(own) if own else None
    where = (
        scheme.label_name(region_of(home.province), lang) if home else say("schemes.reach.own_region", lang)
    )
    near = "local" if scheme.cities else "local_province"
    ways = {"local": near, "regional": "regional", "national": "national"}
    others = [
        say(f"schemes.reach.move_{way}", lang, other=scheme.label_name(other, lang), where=where)
        for other, way in ways.items()
        if other != label
    ]
    facts = [
        say("schemes.lookup.fact", lang, measure=scheme.measure(column, lang), written=text, read="")
        for column, text in zip(scheme.text_columns, row, strict=True)
        if text
    ]
    if scheme.cities and count is not None:
        name = scheme.measure(scheme.cities, lang)
        facts.append(say("schemes.fact", lang, measure=name, value=plain_number(count), score=""))
    says = {"label": scheme.label_name(label, lang), "facts": facts, "others": _joined(others, lang)}
    return say("schemes.reach.explain", lang, **says)


def _joined(clauses: Sequence[str], lang: Lang) -> str:
    return ("，" if lang == "zh" else ", ").join(clauses)


# --- the rule --------------------------------------------------------------------------------------


def rule(scheme: Lookup, lang: Lang) -> list[str]:
    """Which words give which label, line by line."""
    measures = [scheme.measure(c, lang) for c in scheme.column]
    lines = []
    if scheme.entries:
        steps = [
            say(
                "schemes.lookup.members",
                lang,
                members=_few(words, lang),
                label=scheme.label_name(label, lang),
            )
            for label, words in scheme.entries.items()
        ]
        lines.append(say("schemes.lookup.rule_entries", lang, measures=measures, steps=steps))
    if scheme.table:
        lines += _table_rule(scheme, measures, lang)
    if len(scheme.column) > 1 and not scheme.home:
        lines.append(say("schemes.lookup.rule_first", lang))
    if scheme.contains:
        lines.append(say("schemes.lookup.rule_contains", lang))
    which = "schemes.lookup.rule_otherwise" if scheme.otherwise else "schemes.lookup.rule_unlisted"
    lines.append(say(which, lang, label=scheme.label_name(scheme.otherwise or "unlisted", lang)))
    return lines


def _few(words: Sequence[str], lang: Lang) -> list[str]:
    if len(words) <= SHOWN_WORDS:
        return list(words)
    return [*words[:SHOWN_WORDS], say("schemes.lookup.and_more", lang, n=len(words) - SHOWN_WORDS)]


def _table_rule(scheme: Lookup, measures: list[str], lang: Lang) -> list[str]:
    if scheme.home_place is not None:
        return [_home_rule(scheme, scheme.home_place, measures, lang)]
    if scheme.sites:
        which = "schemes.reach.rule" if scheme.cities else "schemes.reach.rule_province"
        names = {d: scheme.label_name(d, lang) for d in DISTANCES}
        more = {"sites": scheme.measure(scheme.sites, lang)}
        if scheme.cities:
            more["cities"] = scheme.measure(scheme.cities, lang)
        return [say(which, lang, own=measures[0], **names, **more)]
    labels = [scheme.label_name(label, lang) for label in scheme.labels() if label not in scheme.entries]
    facts = {"measures": measures, "labels": labels, "n": len(labels)}
    if scheme.table == "region":
        facts["labels"] = [_members(scheme, region, lang) for region in regions() if region != OVERSEAS]
    if scheme.table == "city_tier":
        tiers: dict[str, list[str]] = {}
        for city, tier in tables().tiers.items():
            if city not in tables().county:
                tiers.setdefault(tier, []).append(city_name(city, lang))
        facts["labels"] = [
            say("schemes.lookup.members", lang, label=scheme.label_name(tier, lang), members=cities)
            for tier, cities in tiers.items()
        ]
        facts["rest"], facts["none"] = (scheme.label_name(t, lang) for t in ("tier_3_below", "untiered"))
    return [say(f"schemes.lookup.rule_{scheme.table}", lang, **facts)]


def _members(scheme: Lookup, region: str, lang: Lang) -> str:
    column = scheme.column[0]
    here = [p for p in provinces() if p != OVERSEAS and scheme.said(short_name(p), column) == region]
    members = [scheme.label_name(p, lang) for p in here]
    return say("schemes.lookup.members", lang, label=scheme.label_name(region, lang), members=members)


def _home_rule(scheme: Lookup, home: Place, measures: list[str], lang: Lang) -> str:
    region = region_of(home.province)
    return say(
        "schemes.relative.rule_city" if is_city(home) else "schemes.relative.rule_province",
        lang,
        measures=measures,
        home=place_name(home, lang),
        region=scheme.label_name(region, lang),
        members=[scheme.label_name(p, lang) for p in provinces() if region_of(p) == region],
        **{d: scheme.label_name(d, lang) for d in DISTANCES},
    )


def unknown_rule(scheme: Lookup, lang: Lang) -> str:
    """When a customer has no label, in one sentence."""
    names = [scheme.measure(c, lang) for c in scheme.needs()]
    label = scheme.label_name(UNKNOWN, lang)
    if len(names) == 1:
        return say("schemes.unknown_one", lang, label=label, columns=names)
    return say("schemes.lookup.unknown", lang, label=label, columns=names)


def notes(scheme: Lookup, lang: Lang) -> list[str]:
    """How many customers wrote what is in no line, and what they wrote most."""
    learned = scheme.learned
    if learned is None or not learned.unlisted:
        return []
    most = [
        say("schemes.lookup.note_value", lang, written=text, n=n, near=hint(scheme, text, lang))
        for text, n in learned.most.items()
    ]
    return [
        say(
            "schemes.lookup.note_unlisted",
            lang,
            n=learned.unlisted,
            share=learned.unlisted / learned.customers,
            values=learned.values,
            measures=[scheme.measure(c, lang) for c in scheme.text_columns],
            label=scheme.label_name(scheme.otherwise or "unlisted", lang),
            most=most,
        )
    ]
