"""Is there personal data in this text? Mobile numbers, identity numbers, bank cards, e-mail addresses.

Patterns look at *folded* text (full-width digits and signs made half-width, one character for one), so a
position in the folded text is a position in the original.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

Kind = Literal["phone", "id_number", "email", "bank_card", "name"]

_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in "，；：！？（）"}
_FOLD |= dict.fromkeys((0x3000, 0xA0, 0x2007), 0x20)
_FOLD |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212), 0x2D)

_FOLDABLE = re.compile("[" + "".join(map(re.escape, map(chr, _FOLD))) + "]")

_EMAIL = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
# 18 places as one run or 6-8-4; or 16 to 19 as one run or in fours: an identity number or a bank card
_LONG = (
    r"(?<!\d)(?:\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?!\d)"
    r"|\d{16,19}(?!\d)|\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?(?!\d))"
)
# Any 11 digits from 1; glued to a letter (an order number, mostly) or in groups only what could be dialled.
# 13800138000.0 is a mobile that went through a float, 13800138000.50 is money.
_MOBILE = r"1(?:[3-9]\d|00)"
_COUNTRY = r"(?:(?:\+|00)?86[- ]?)?"
_RUN = rf"{_COUNTRY}(?:(?<![A-Za-z_])1\d{{10}}|{_MOBILE}\d{{8}})(?!\d)(?!\.(?!0(?!\d))\d)"
_GROUPS = (
    rf"(?<!\d[- ]){_COUNTRY}{_MOBILE}"
    r"(?:-\d{4}-\d{4}| \d{4} \d{4}|\d-\d{3}-\d{4}|-\d{3}-\d{5}|[- ]\d{8})(?![- ]?\d)"
)
_PHONE = rf"(?<!\d)(?<!\d\.)(?:{_RUN}|{_GROUPS})"
_PERSONAL = re.compile(rf"(?P<email>{_EMAIL})|(?P<long>{_LONG})|(?P<phone>{_PHONE})")
_LANDLINE = re.compile(r"(?:\(0\d{2,3}\) ?|0\d{2,3}[- ]?)\d{7,8}(?:[-转]\d{1,5})?")

_PROVINCES = frozenset(  # GB/T 2260, and 83 for residence permits of Taiwan
    str(code)
    for codes in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(codes[0], codes[1] + 1)
)
# first digits and lengths of cards in use in China: UnionPay, Visa, Mastercard, JCB, old ICBC
_CARD = re.compile(r"62\d{14,17}|(?:4\d{3}|5[1-5]\d\d|35\d\d|60\d\d|9558)\d{12}|9558\d{15}")


@dataclass(frozen=True)
class Hit:
    """One personal value inside a text: ``text[start:end]`` is `value`."""

    kind: Kind
    start: int
    end: int
    value: str


def fold(text: str) -> str:
    """The same text with full-width letters, digits, signs (全角) and odd blanks made plain; length unchanged.

    The punctuation of Chinese prose stays, so most prose needs no copy.
    """
    return text if text.isascii() or not _FOLDABLE.search(text) else text.translate(_FOLD)


def looks_like_id(text: str) -> bool:
    """Would a reader take this for an identity number, right check digit or not?

    18 places ending in X; or the impossible region 000000 of sample data; or a province and a birth date
    that can be. Long order numbers mostly fail the last test.
    """
    text = re.sub(r"[ -]", "", fold(text)).upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", text):
        return False
    if text.endswith("X") or text.startswith("000000"):
        return True
    return text[:2] in _PROVINCES and _is_birth_date(text[6:14])


def _is_birth_date(digits: str) -> bool:
    try:
        return 1900 <= dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2040
    except ValueError:
        return False


def luhn_valid(digits: str) -> bool:
    """Does the last digit check (ISO/IEC 7812, annex B)?"""
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def looks_like_card(text: str) -> bool:
    """Is this 16 to 19 digits, of a card in use in China, with a right check digit (银行卡号)?"""
    digits = re.sub(r"[ -]", "", fold(text))
    return _CARD.fullmatch(digits) is not None and luhn_valid(digits)


def find_in(text: str) -> list[Hit]:
    """Every personal value that can be told by its form, in order of appearance."""
    folded = fold(text)
    return [Hit(kind, start, end, text[start:end]) for kind, start, end in spans(folded)]


def spans(folded: str) -> Iterator[tuple[Kind, int, int]]:
    """As `find_in`, on text that is folded already."""
    for match in _PERSONAL.finditer(folded):
        kind = _kind_of(match)
        if kind is not None:
            yield kind, match.start(), match.end()


def _kind_of(match: re.Match[str]) -> Kind | None:
    if match.lastgroup == "long":
        if looks_like_id(match.group()):
            return "id_number"
        return "bank_card" if looks_like_card(match.group()) else None
    return "email" if match.lastgroup == "email" else "phone"


def normalise(value: Any, kind: Kind | str) -> str:
    """One spelling for one value, so that two tables can be compared; "" where nothing is left."""
    if value is None or (isinstance(value, float) and value != value) or value is pd.NA:
        return ""
    text = fold(str(value)).strip()
    if kind == "phone":
        digits = re.sub(r"[^0-9]", "", re.sub(r"(?<=\d)\.0$", "", text))
        prefix = re.match(r"(?:00)?86(?=1\d{10}$)", digits)
        return digits[prefix.end() :] if prefix else digits
    if kind in ("id_number", "bank_card"):
        return re.sub(r"[ -]", "", text).upper()
    return " ".join(text.casefold().split())


_SAMPLE = 2000


def kind_shares(series: pd.Series) -> dict[str, float]:
    """Which share of the filled cells is as a whole a phone (landlines too), id number, e-mail or card?

    Judged on up to 2,000 different cells, spread over the column.
    """
    texts = series.astype("string").dropna().str.strip()
    texts = pd.Series(texts[texts != ""].unique())
    if len(texts) > _SAMPLE:
        texts = texts.iloc[:: -(-len(texts) // _SAMPLE)]
    shares = dict.fromkeys(("phone", "id_number", "email", "bank_card"), 0.0)
    for text in texts:
        kind = whole_cell_kind(text)
        if kind is not None:
            shares[kind] += 1 / len(texts)
    return shares


_WHOLE_MOBILE = re.compile(rf"(?:86)?{_MOBILE}\d{{8}}(?:\.0)?")


def whole_cell_kind(text: str) -> Kind | None:
    """The kind of a cell that holds one personal value and nothing else."""
    folded = fold(text).strip()
    if _LANDLINE.fullmatch(folded):
        return "phone"
    match = _PERSONAL.fullmatch(folded.removesuffix(".0"))
    kind = _kind_of(match) if match else None
    if kind == "phone" and not _WHOLE_MOBILE.fullmatch(re.sub(r"^\+|^00|[- ]", "", folded)):
        return None  # eleven digits from 1 that nobody could dial: more likely a running number
    return kind


def column_kind(series: pd.Series, *, least: float = 0.6) -> Kind | None:
    """What does this column hold, judging by its cells: phones, id numbers, e-mails, cards or none?"""
    shares = kind_shares(series)
    kind = max(shares, key=lambda k: shares[k])
    return kind if shares[kind] >= least else None  # type: ignore[return-value]
