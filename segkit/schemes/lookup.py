"""Look a text up: industry, part of the country, city tier, distance from home, or a mapping of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from segkit.locale import Lang
from segkit.schemes import lookup_words
from segkit.schemes.base import UNKNOWN, Scheme
from segkit.schemes.distance import (
    CODE,
    DISTANCES,
    FIRST_LABEL,
    MISSING,
    NO_ANSWER,
    NOT_LISTED,
    READ,
    UNREAD,
    code_of_sites,
    code_together,
    from_home,
    how_far,
    is_city,
    places_of,
)
from segkit.schemes.distinct import collected, distinct_texts, labels_of, text_codes
from segkit.schemes.ladder import Frame, refusal
from segkit.schemes.places import (
    OVERSEAS,
    TIERS,
    Place,
    own_words,
    provinces,
    read_place,
    region_of,
    regions,
    short_name,
    tier_of,
)
from segkit.schemes.spellings import Spellings, industries, industry_labels, plain, says_nothing, spellings_of
from segkit.schemes.texts import text_known, text_of

UNLISTED = "unlisted"
COLUMNS = {
    "industry": ("industry",),
    "province": ("province",),
    "region": ("province",),
    "city_tier": ("city",),
}
LABELS: dict[str, Callable[[], tuple[str, ...]]] = {
    "industry": industry_labels,
    "province": provinces,
    "region": regions,
    "city_tier": lambda: TIERS,
    "relative": lambda: DISTANCES,
}
SHOWN = 10  # of the texts that are not listed


def _one_or_many(given: Any) -> Any:
    return (given,) if isinstance(given, str | int) else given


Words = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]


class Coverage(BaseModel):
    """How much of what customers wrote was found.

    Attributes
    ----------
    customers : those with anything written
    unlisted : those whose text no line matches
    values : how many different texts that is
    most : the commonest of them and how many customers wrote them
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    customers: int
    unlisted: int
    values: int
    most: dict[str, int]


class Lookup(Scheme):
    """What class does a text stand for? (对照归类: 行业, 大区, 城市等级, 本地/区域/全国, 渠道)

    Texts are compared without blanks, signs, case and full width. Where nothing is written, or 未知 or n/a, the
    label is ``unknown``; where a text is in no line, it is `otherwise`, or ``unlisted`` where that is not given.
    `fit` counts what is not listed for `notes`; labels do not depend on it.

    Labelling reads each text column once more for its different texts, also on engines that otherwise wait.

    Parameters
    ----------
    table : ``industry`` (GB/T 4754-2017, small sections joined), ``province``, ``region`` (七大区),
        ``city_tier`` (sample parameters), ``relative`` (本地/区域/全国); or none, with `entries` alone
    column : text columns; the first whose text is found decides. By default industry, province or city as the
        table wants
    entries : label -> texts, before those of the table; a province or city here stands for all its spellings
    contains : also a text that contains a listed one; from top to bottom, the first wins
    otherwise : the label of texts that are not listed
    home : for ``relative``, our city (杭州) or province (浙江). Local: the same city, or province; regional: the
        same part of the country; national: elsewhere; overseas. A customer of the home province whose city is
        missing is ``unknown`` where home is a city.
    sites, cities : for ``relative`` to the customer's own province: the column that lists the provinces it works
        in (``浙江;广东``), and the one that counts its cities. Local: one city, or without `cities` one province
    learned : filled by `fit`

    Raises
    ------
    InputProblems : on labelling, a column with more than 100,000 different texts
    """

    kind: Literal["lookup"] = "lookup"
    table: Literal["industry", "province", "region", "city_tier", "relative"] | None = None
    column: Words = ()
    entries: dict[str, Words] = Field({})
    contains: bool = False
    otherwise: str | None = None
    home: str | None = None
    sites: str | None = None
    cities: str | None = None
    learned: Coverage | None = None

    # --- sound --------------------------------------------------------------------------------------

    @model_validator(mode="before")
    @classmethod
    def _usual_columns(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        given = dict(given)
        if given.get("home") is not None or given.get("sites") is not None:
            given.setdefault("table", "relative")
        if not given.get("column"):
            home = read_place(str(given["home"])) if given.get("home") else None
            usual = ("province", "city") if home and is_city(home) else ("province",)
            given["column"] = (
                usual if given.get("table") == "relative" else COLUMNS.get(str(given.get("table")), ())
            )
        return given

    @field_validator("entries", mode="before")
    @classmethod
    def _words_are_text(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {
            label: [str(w) if isinstance(w, int) else w for w in ws]
            if isinstance(ws, list | tuple)
            else _one_or_many(str(ws) if isinstance(ws, int) else ws)
            for label, ws in given.items()
        }

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.table is None and not self.entries:
            raise refusal("schemes.lookup_nothing", self.kind, tables=list(LABELS))
        if not self.column:
            raise refusal("schemes.lookup_column", self.kind)
        given = sum(way is not None for way in (self.home, self.sites))
        if given != (self.table == "relative"):
            raise refusal("schemes.lookup_home_or_sites", self.kind)
        if self.cities and not self.sites:
            raise refusal("schemes.lookup_cities_alone", self.kind)
        if self.sites and (self.entries or len(self.column) > 1):
            raise refusal("schemes.lookup_sites_alone", self.kind)
        if self.home is not None and (self.home_place is None or self.home_place.province == OVERSEAS):
            raise refusal("schemes.lookup_home", self.kind, value=self.home)
        if {UNKNOWN, UNLISTED} & {*self.entries, self.otherwise}:
            raise refusal("schemes.lookup_reserved", self.kind, labels=[UNKNOWN, UNLISTED])
        empty = [label for label, words in self.entries.items() if not all(map(plain, words)) or not words]
        if empty:
            raise refusal("schemes.lookup_empty", self.kind, labels=empty)
        under: dict[str, set[str]] = {}
        for label, words in self._spelt.items():
            for word in words:
                under.setdefault(plain(word), set()).add(label)
        twice = [word for word, labels in under.items() if len(labels) > 1]
        if twice:
            raise refusal("schemes.lookup_twice", self.kind, words=twice)
        return self

    # --- what it says about itself --------------------------------------------------------------

    def needs(self) -> tuple[str, ...]:
        more = [c for c in (self.sites, self.cities) if c]
        return tuple(dict.fromkeys([*self.column, *more]))

    def labels(self) -> tuple[str, ...]:
        """The labels of the table and of `entries`."""
        listed = LABELS[self.table]() if self.table else ()
        return tuple(dict.fromkeys([*listed, *self.entries]))

    def order(self) -> tuple[str, ...]:
        return (*dict.fromkeys([*self.labels(), self.otherwise or UNLISTED]), UNKNOWN)

    @property
    def text_columns(self) -> tuple[str, ...]:
        return (*self.column, *([self.sites] if self.sites else []))

    @cached_property
    def home_place(self) -> Place | None:
        return read_place(self.home) if self.home else None

    def fit(self, customers: IntoFrame) -> Self:
        frame: Frame = nw.from_native(customers)
        self._require(frame)
        coded = self._coded(frame)
        counts = _counts(coded.filter(nw.col(CODE) != NO_ANSWER), CODE)
        found: dict[str, int] = {}
        if counts.get(NOT_LISTED):
            for column in self.text_columns:
                rows = coded.filter((nw.col(CODE) == NOT_LISTED) & text_known(column))
                for text, n in _counts(rows.select(text_of(column).alias("text")), "text").items():
                    if self.said(text, column) == UNREAD:
                        found[text] = found.get(text, 0) + n
        most = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        learned = Coverage(
            customers=sum(counts.values()),
            unlisted=counts.get(NOT_LISTED, 0),
            values=len(found),
            most=dict(most),
        )
        return self.model_copy(update={"learned": learned})

    # --- labels ---------------------------------------------------------------------------------

    def labelled(self, frame: Frame) -> Frame:
        names = (UNKNOWN, self.otherwise or UNLISTED, *self.labels())
        return self._coded(frame).with_columns(labels_of(CODE, names).alias(self.name)).drop(CODE)

    def _coded(self, frame: Frame) -> Frame:
        written = {c: distinct_texts(frame, c) for c in self.text_columns}
        if self.sites:
            own = self.column[0]
            return code_of_sites(frame, {own: written[own]}, {self.sites: written[self.sites]}, self.cities)
        said = [{text: self.said(text, c) for text in written[c]} for c in self.column]
        if self.home:
            return code_together(frame, self.column, said, self.code_of)
        coded = {
            f"__code_{i}": (c, {text: self.code_of((word,)) for text, word in said[i].items()})
            for i, c in enumerate(self.column)
        }
        frame = text_codes(frame, coded, missing=NO_ANSWER, other=NOT_LISTED)
        *before, best = (nw.col(name) for name in coded)
        for code in reversed(before):  # the first that is found; if none is, whether any is written
            best = nw.when((code >= FIRST_LABEL) | (code >= best)).then(code).otherwise(best)
        return frame.with_columns(best.alias(CODE)).drop(list(coded))

    def code_of(self, said: Sequence[str]) -> int:
        """What columns say together, as NO_ANSWER, NOT_LISTED, or FIRST_LABEL and the place of the label."""
        home = self.home_place
        word = next((s for s in said if s in self.entries), None)
        if word is None:
            found = next(
                (s for s in said if s not in (MISSING, UNREAD)), UNREAD if UNREAD in said else MISSING
            )
            word = how_far(said, home) if home is not None else found
        codes = {MISSING: NO_ANSWER, UNREAD: NOT_LISTED}
        return codes[word] if word in codes else FIRST_LABEL + self.labels().index(word)

    def said(self, text: str | None, column: str) -> str:
        """What one text says: a label, MISSING, UNREAD, or of a place how it lies to home."""
        if text is None:
            return MISSING
        if self.sites:
            places = places_of(text) if column == self.sites else _one(read_place(text))
            return MISSING if says_nothing(text) or places == [] else UNREAD if places is None else READ
        found = self._own_label(text)
        if found is not None:
            return found
        if says_nothing(text):
            return MISSING
        home = self.home_place
        return from_home(text, home) if home is not None else self._table_label(text)

    def _table_label(self, text: str) -> str:
        if self.table == "industry":
            return industries().find(text, contains=self.contains) or UNREAD
        written = {"region": own_words("regions"), "city_tier": own_words("tier_words")}.get(
            self.table or "", {}
        )
        if plain(text) in written:
            return written[plain(text)]
        place = read_place(text, city_first=self.table == "city_tier") if self.table else None
        if place is None:
            return UNREAD
        if self.table == "city_tier":
            return tier_of(place) or (UNREAD if place.city else MISSING)
        return place.province if self.table == "province" else region_of(place.province)

    def _own_label(self, text: str) -> str | None:
        if not self.entries:
            return None
        names = _names(read_place(text)) if self.of_places else []
        tried = (self.own.find(name, contains=self.contains) for name in [text, *names])
        return next((label for label in tried if label), None)

    @property
    def of_places(self) -> bool:
        return self.table not in (None, "industry")

    @cached_property
    def own(self) -> Spellings:
        return spellings_of(self._spelt)

    @property
    def _spelt(self) -> dict[str, list[str]]:
        """`entries`; among places with the name a province or city is known by, so that one spelling is enough."""
        if not self.of_places:
            return {label: list(words) for label, words in self.entries.items()}
        return {
            label: [name for word in words for name in (word, *_names(read_place(word))[:1])]
            for label, words in self.entries.items()
        }

    # --- words ----------------------------------------------------------------------------------

    def sentences(self, customers: pd.DataFrame, lang: Lang) -> Sequence[str]:
        return lookup_words.sentences(self, customers, lang)

    def rule(self, lang: Lang) -> list[str]:
        return lookup_words.rule(self, lang)

    def notes(self, lang: Lang = "zh") -> list[str]:
        return lookup_words.notes(self, lang)

    def unknown_rule(self, lang: Lang) -> str:
        return lookup_words.unknown_rule(self, lang)


def _counts(frame: Frame, column: str) -> dict[Any, int]:
    counted = collected(frame.group_by(column).agg(nw.len().alias("n")))
    return {value: int(n) for value, n in zip(counted[column].to_list(), counted["n"].to_list(), strict=True)}


def _names(place: Place | None) -> list[str]:
    """A place by its city, then by its province; nothing for what lies abroad."""
    if place is None or place.province == OVERSEAS:
        return []
    return [name for name in (place.city, short_name(place.province)) if name]


def _one(place: Place | None) -> list[Place] | None:
    return None if place is None else [place]
