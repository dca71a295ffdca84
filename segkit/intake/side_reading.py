"""Cells of contacts, surveys, complaints and outcomes as what they mean: a channel, a moment, a score, an arm."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import yaml

from segkit.intake.columns import Bench, amounts_by_file, dates_by_file
from segkit.intake.contact_words import REFUSED, channel_words, is_effective, outcome_told
from segkit.intake.keys import one_spelling, whole_ids
from segkit.intake.values import EXCEL_EPOCH, half_width, is_empty, mapped, plain, read_numbers, read_yes_no
from segkit.locale.spelling import plain_word, stands_in
from segkit.problems import Problem

Reader = Callable[[Bench, str], pd.Series]
# part of the day -> hours below this one are those after noon (中午1:30 is 13:30, 中午11:30 is not 23:30)
_LATER = {"下午": 12, "傍晚": 12, "晚上": 12, "中午": 11, "pm": 12}
_EARLY = {"凌晨", "am"}  # here 12 is 0
_NOON = "|".join((*(word for word in _LATER if not word.isascii()), "凌晨", "早上", "上午"))
_TIME = re.compile(
    rf"(?P<noon>{_NOON})?\s*(?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?::(?P<s>\d{{2}}))?\s*(?P<ap>[ap]m)?"
)
_SHOWN = 5  # unknown words named in a note
_SERIALS = (25569.0, 73050.0)  # 1970 .. 2099


@lru_cache(maxsize=1)
def side_vocabulary() -> dict[str, Any]:
    """side_grains.yml: fields, headings, and what clients write in cells."""
    text = resources.files(__package__).joinpath("side_grains.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def reader_of(kind: str) -> Reader:
    """How the cells of a field of this kind are read."""
    return _READERS.get(kind) or _worded(kind)


def word_in(text: str, words: dict[str, list[str]]) -> str | None:
    """Which canonical word does a cell mean? The whole cell first, else the longest word found in it."""
    cell = plain_word(text)
    found: tuple[int, str] | None = None
    for meaning, known in words.items():
        for word in known:
            if cell in (word, meaning):
                return meaning
            if (found is None or len(word) > found[0]) and stands_in(word, cell):
                found = (len(word), meaning)
    return None if found is None else found[1]


def _worded(kind: str) -> Reader:
    words = channel_words() if kind == "channel" else side_vocabulary()["words"][kind]

    def read(bench: Bench, head: str) -> pd.Series:
        cells = bench.text[head]
        values = mapped(cells, lambda text: word_in(text, words)).astype("str")
        values = values.where(values.isin([*words]))
        _say_unknown(bench, head, values.isna() & ~is_empty(cells))
        return values

    return read


def _say_unknown(bench: Bench, head: str, odd: pd.Series) -> None:
    """Words nobody knows: the cell is left open, the words and their number are said."""
    if not odd.any():
        return
    cells = bench.text[head]
    bench.events.add(odd, "bad_word", "changed", column=head, old=cells)
    words = [*cells[odd].value_counts().index[:_SHOWN]]
    bench.notes.append(Problem("sides.unknown_words", {"n": int(odd.sum()), "words": words}, column=head))


def _text(bench: Bench, head: str) -> pd.Series:
    cells = bench.text[head].astype("str")
    return cells.where(~is_empty(cells))


def _outcome(bench: Bench, head: str) -> pd.Series:
    """What came of a contact in the client's words; a request to be left alone as its id, so that nobody misses it."""
    cells = _text(bench, head)
    asked = mapped(bench.text[head], lambda text: outcome_told(text) == REFUSED).astype(bool)
    return cells.mask(asked, REFUSED)


def _id(bench: Bench, head: str) -> pd.Series:
    cells = one_spelling(whole_ids(half_width(bench.text[head])[0])[0]).astype("str")
    return cells.where(~is_empty(cells))


def _number(bench: Bench, head: str) -> pd.Series:
    cells = half_width(bench.text[head])[0]
    bare = cells.str.replace(r"\s*(?:分钟|分|min(?:utes?)?)$", "", regex=True, flags=re.IGNORECASE)
    read = read_numbers(bare)
    bench.events.add(read.bad, "bad_number", "changed", column=head, old=bench.text[head])
    return read.values


def _money(bench: Bench, head: str) -> pd.Series:
    read = amounts_by_file(bench, half_width(bench.text[head])[0], head, money=True)
    bench.events.add(read.bad, "bad_amount", "changed", column=head, old=bench.text[head])
    return read.values


def _date(bench: Bench, head: str) -> pd.Series:
    read = dates_by_file(bench, half_width(bench.text[head])[0], head)
    bench.events.add(read.bad, "bad_date", "changed", column=head, old=bench.text[head])
    return read.values


def _moment(bench: Bench, head: str) -> pd.Series:
    """Day and time of day; midnight where no time is written."""
    cells = half_width(bench.text[head])[0]
    days = _date(bench, head)
    number = pd.to_numeric(cells, errors="coerce")
    serial = number.where(number.between(*_SERIALS))
    exact = (EXCEL_EPOCH + pd.to_timedelta(serial, unit="D")).dt.round("min")
    spent = pd.to_timedelta(mapped(cells, _seconds), unit="s")
    return (days + spent).where(serial.isna(), exact).astype("datetime64[ns]")


def _seconds(text: str) -> int:
    """Seconds since midnight of the time a cell names; 0 where it names none."""
    found = _TIME.search(unicodedata.normalize("NFKC", text).lower())
    if found is None:
        return 0
    hour, minute, second = int(found["h"]), int(found["m"]), int(found["s"] or 0)
    half = found["ap"] or found["noon"]
    if half in _LATER and hour < _LATER[half]:
        hour += 12
    if half in _EARLY and hour == 12:
        hour = 0
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 60 else 0


def _yes_no(bench: Bench, head: str) -> pd.Series:
    values = read_yes_no(bench.text[head])
    _say_unknown(bench, head, values.isna() & ~is_empty(bench.text[head]))
    return values


def _effective(bench: Bench, head: str) -> pd.Series:
    words = side_vocabulary()["effective"]
    known = {plain(w): word == "yes" for word, listed in words.items() for w in listed}
    cells = bench.text[head]
    values = read_yes_no(cells)
    spoken = mapped(cells, lambda text: known.get(plain(text), is_effective(outcome_told(text))))
    values = values.fillna(spoken.astype("boolean"))
    _say_unknown(bench, head, values.isna() & ~is_empty(cells))
    return values


def _score(bench: Bench, head: str) -> pd.Series:
    """A score in points, or in words (非常满意 is 5)."""
    points = {plain(w): float(n) for n, listed in side_vocabulary()["points"].items() for w in listed}
    cells = half_width(bench.text[head])[0]
    spoken = mapped(cells, lambda text: points.get(plain(text), np.nan)).astype("float64")
    read = read_numbers(cells.str.replace(r"\s*分$", "", regex=True))
    bench.events.add(read.bad & spoken.isna(), "bad_number", "changed", column=head, old=bench.text[head])
    return spoken.fillna(read.values)


_READERS: dict[str, Reader] = {
    "text": _text,
    "outcome": _outcome,
    "id": _id,
    "number": _number,
    "money": _money,
    "date": _date,
    "moment": _moment,
    "yes_no": _yes_no,
    "effective": _effective,
    "score": _score,
}
