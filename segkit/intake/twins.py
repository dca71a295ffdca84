"""The same customer under two ids: found and shown as pairs, merged only when the client says so."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

import pandas as pd

# more customers than this on one phone share a switchboard, not an identity
SHARED_BY_AT_MOST = 3
ALIKE = 0.85  # bigram Dice; domain practice for company names within one city
_LEGAL_FORM = re.compile(
    r"(股份|责任)?有限(责任)?公司|集团|公司|\(虚构\)|\b(co|ltd|inc|llc|limited|company|fictional)\b\.?",
    re.IGNORECASE,
)
# what tells branches and numbered customers apart
_NUMBER = re.compile(r"[\d一二三四五六七八九十甲乙丙丁]+")
_FIRM = re.compile(r"公司|集团|厂|店|商贸|商行|中心|工作室|贸易|科技|\b(?:co|ltd|inc|llc)\b", re.IGNORECASE)


def core_name(name: str) -> str:
    """A name without blanks, bracket width, case and legal form: what two spellings of one firm share."""
    text = unicodedata.normalize("NFKC", name).lower()
    return re.sub(r"[\W_]+", "", _LEGAL_FORM.sub("", text))


def _pairs(groups: pd.core.groupby.generic.SeriesGroupBy, at_most: int) -> Iterator[tuple[str, str]]:
    for _, ids in groups:
        if 2 <= len(ids) <= at_most:
            yield from itertools.combinations(ids.tolist(), 2)


def _dice(a: str, b: str) -> float:
    first = {a[i : i + 2] for i in range(len(a) - 1)}
    second = {b[i : i + 2] for i in range(len(b) - 1)}
    return 2 * len(first & second) / max(1, len(first) + len(second))


def find_twins(people: pd.DataFrame) -> pd.DataFrame:
    """Which two customers are probably one?

    Same phone or e-mail (shared by at most three), the same name once blanks, brackets and legal form are
    taken away (people's names only within one city), or firm names that share most of their letters within
    one known city and differ in more than a number (客户111公司, 客户112公司 are two).

    Parameters
    ----------
    people : one row per customer: `customer_id`, any of `name, phone, email, city`

    Returns
    -------
    frame `id_a, id_b, why` with why in phone | email | name | alike; `id_a` stands first in `people`
    """
    found: dict[tuple[str, str], str] = {}
    ids = people["customer_id"]
    blank = pd.Series("", index=people.index)
    city = people.get("city", blank).fillna("")
    for column in ("phone", "email"):
        if column in people.columns:
            cells = people[column].fillna("")
            known = ids[cells != ""]
            for pair in _pairs(known.groupby(cells[cells != ""], sort=False), SHARED_BY_AT_MOST):
                found.setdefault(pair, column)
    if "name" in people.columns:
        name = people["name"].fillna("")
        core = name.map(core_name)
        firm = name.str.contains(_FIRM)
        usable = core.str.len() >= 2
        person = ~firm & (city != "")
        for where, key in ((usable & firm, core), (usable & person, core + "|" + city)):
            for pair in _pairs(ids[where].groupby(key[where], sort=False), SHARED_BY_AT_MOST):
                found.setdefault(pair, "name")
        in_city = usable & firm & (city != "") & (core.str.len() >= 4)
        named = pd.DataFrame({"id": ids, "core": core})[in_city]
        block = city[named.index] + "|" + named["core"].str[:2]
        for _, group in named.groupby(block, sort=False):
            if len(group) <= 200:
                for a, b in itertools.combinations(group.itertuples(index=False), 2):
                    numbered = _NUMBER.sub("", a.core) == _NUMBER.sub("", b.core)
                    if not numbered and _dice(a.core, b.core) >= ALIKE:
                        found.setdefault((a.id, b.id), "alike")
    rows = [(a, b, why) for (a, b), why in found.items() if a != b]
    return pd.DataFrame(rows, columns=["id_a", "id_b", "why"], dtype="str")


def merge_into(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """second id -> the id that stays; chains (a-b, b-c) all end at the first."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        while one in parent:
            one = parent[one]
        return one

    for first, second in pairs:
        a, b = root(first), root(second)
        if a != b:
            parent[b] = a
    return {one: root(one) for one in parent}
