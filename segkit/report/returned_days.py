"""Which day did somebody mean? ``12.3``, ``1月5号``, ``26/1/5``, serial numbers; nothing is guessed.

A day is written in one of a few forms. Each form allows certain readings; those far from the day the plan named
fall away. Where exactly one is left, that is the day; where none or several are left, there is none.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from segkit.locale.spelling import plain_word
from segkit.report.returned_words import after_date

Written = str | float | dt.date | None  # a cell as the file holds it: text, a number, or a date
Reading = tuple[int | None, int, int]  # year (None: not written), month, day

FAR_DAYS = 366  # further than this from the planned day is a slip of the year
FAR_ONWARD = 300  # a next day without a year that would lie further ahead lay just before
SERIALS = range(36_526, 73_051)  # Excel's numbers for 2000 .. 2099
_EXCEL_ZERO = dt.date(1899, 12, 30)
_MONTHS = (
    "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september"
    "|oct october|nov november|dec december"
)
_MONTH = {name: i for i, names in enumerate(_MONTHS.split("|"), 1) for name in names.split()}
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_SERIAL = re.compile(r"\d{5}(?:\.0+)?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?")
_COMPACT = re.compile(r"(20\d{2})(\d{2})(\d{2})")
_CHINESE = re.compile(r"(?:(\d{2})年)?(\d{1,2})月(\d{1,2})[日号]?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_SHORT_YEAR = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{1,2})")
_NO_YEAR = re.compile(r"(\d{1,2})[-/.](\d{1,2})[日号]?")
_DAY_NAME = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?[ -]*({_NAMES})\.?(?:[ ,-]*(\d{{4}}))?")
_NAME_DAY = re.compile(rf"({_NAMES})\.?[ -]*(\d{{1,2}})(?:st|nd|rd|th)?(?:[ ,-]+(\d{{4}}))?")
_CLOCK = re.compile(r"[T ]*\d{1,2}[:：时点]\d{0,2}(?::\d{2}(?:\.\d+)?)?分?$")


def read_day(written: Written, near: dt.date | None, *, onward: bool = False) -> tuple[dt.date | None, str]:
    """(The day, "") or (None, why not): bad_date, ambiguous_date, far_date, no_year, next_before.

    Parameters
    ----------
    near : the day the plan named; a year that is not written is the one nearest to it
    onward : the day lies on or after `near` (an agreed next contact)
    """
    readings = [*dict.fromkeys(_readings(written))]
    if not readings:
        return None, "bad_date"
    if near is None and any(year is None for year, _, _ in readings):
        return None, "no_year"
    days = {day for one in readings if (day := _day(one, near, onward=onward)) is not None}
    if not days:
        return None, "bad_date"
    limit = FAR_ONWARD if onward and any(year is None for year, _, _ in readings) else FAR_DAYS
    close = {day for day in days if near is None or abs((day - near).days) <= limit}
    if not close:
        return None, "next_before" if onward else "far_date"
    if len(close) > 1:
        return None, "ambiguous_date"
    return close.pop(), ""


def _readings(written: Written) -> Iterator[Reading]:
    """Every year, month and day the cell can stand for."""
    if isinstance(written, dt.date):
        yield written.year, written.month, written.day
    elif isinstance(written, float):
        yield from _of_number(written)
    elif written:
        yield from _of_text(written)


def _of_number(number: float) -> Iterator[Reading]:
    """A serial number of Excel's, or 12.3 typed into a cell that made a number of it."""
    whole = int(number)
    if whole in SERIALS:
        day = _EXCEL_ZERO + dt.timedelta(days=whole)
        yield day.year, day.month, day.day
    elif number == whole and _COMPACT.fullmatch(str(whole)):
        yield from _of_text(str(whole))
    elif 1 <= whole <= 12 and number != whole:
        yield from _lost_zero(whole, f"{round(number, 6):f}".rstrip("0").split(".")[1])


def _lost_zero(month: int, digits: str) -> Iterator[Reading]:
    """12.1 as a number is 1 December or, its last nought lost, the tenth."""
    if len(digits) <= 2:
        yield None, month, int(digits)
        if len(digits) == 1 and int(digits) <= 3:
            yield None, month, 10 * int(digits)


def _of_text(text: str) -> Iterator[Reading]:
    cell = _CLOCK.sub("", _without_words(plain_word(text))).strip()
    cell = _without_words(cell).rstrip(".,")
    packed = cell.replace(" ", "")
    for form, read in _FORMS:
        if found := form.fullmatch(cell if form in _SPACED else packed):
            yield from read(found)
            return


def _serial(found: re.Match[str]) -> Iterator[Reading]:
    yield from _of_number(float(found[0]))


def _in_order(found: re.Match[str]) -> Iterator[Reading]:
    yield int(found[1]), int(found[2]), int(found[3])


def _month_and_day(found: re.Match[str]) -> Iterator[Reading]:
    yield _century(found[1]), int(found[2]), int(found[3])


def _either_way(found: re.Match[str]) -> Iterator[Reading]:
    one, two, year = int(found[1]), int(found[2]), int(found[3])
    yield from dict.fromkeys([(year, one, two), (year, two, one)])


def _any_way(found: re.Match[str]) -> Iterator[Reading]:
    one, two, three = found.groups()
    for y, m, d in ((one, two, three), (three, one, two), (three, two, one)):
        if len(y) == 2:
            yield 2000 + int(y), int(m), int(d)


def _without_year(found: re.Match[str]) -> Iterator[Reading]:
    month, of_month = int(found[1]), int(found[2])
    if month > 12 >= of_month:  # 25/12 has one reading only
        month, of_month = of_month, month
    yield None, month, of_month


def _day_named(found: re.Match[str]) -> Iterator[Reading]:
    yield _year(found[3]), _MONTH[found[2]], int(found[1])


def _named_day(found: re.Match[str]) -> Iterator[Reading]:
    yield _year(found[3]), _MONTH[found[1]], int(found[2])


# how a day is written -> its readings; the first form that fits is the one
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterator[Reading]]], ...] = (
    (_SERIAL, _serial),
    (_YEAR_FIRST, _in_order),
    (_COMPACT, _in_order),
    (_CHINESE, _month_and_day),
    (_YEAR_LAST, _either_way),
    (_SHORT_YEAR, _any_way),
    (_NO_YEAR, _without_year),
    (_DAY_NAME, _day_named),
    (_NAME_DAY, _named_day),
)
_SPACED = {_DAY_NAME, _NAME_DAY}  # the others are compared without blanks


@lru_cache(maxsize=1)
def _after() -> re.Pattern[str]:
    words = "|".join(map(re.escape, after_date()))
    return re.compile(rf"\s*[(]?(?:{words})[)]?$")


def _without_words(cell: str) -> str:
    return _after().sub("", cell)


def _century(year: str | None) -> int | None:
    return None if year is None else 2000 + int(year)


def _year(year: str | None) -> int | None:
    return None if year is None else int(year)


def _day(reading: Reading, near: dt.date | None, *, onward: bool) -> dt.date | None:
    year, month, day = reading
    if year is not None:
        return _date(year, month, day)
    if near is None:
        return None
    around = [d for y in range(near.year - 4, near.year + 5) if (d := _date(y, month, day)) is not None]
    if onward:
        return min((d for d in around if d >= near), default=None)
    return min(around, key=lambda d: (abs((d - near).days), d), default=None)


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
