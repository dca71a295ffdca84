"""Values of client.yml as people write them: a day in five ways, a name with blanks nobody sees, 已同意 for yes."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from segkit.intake.contact_words import channel_words
from segkit.locale import LANGS, name_of
from segkit.locale.spelling import plain_word

_DATE = re.compile(r"(\d{4})([-/.年])(\d{1,2})(?:\2|月)(\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_YEARS = (1990, 2100)
_CRM_NAMES = {"纷享销客": "fxiaoke", "zoho crm": "zoho", "通用": "generic"}
_CONSENT = {
    **dict.fromkeys(("是", "同意", "已同意", "全部同意"), "yes"),
    **dict.fromkeys(("未知", "不知道", "不清楚", "不确定", "待确认"), "unknown"),
}


def day(value: Any) -> Any:
    """2025-12-31, 2025/12/31, 2025.12.31, 20251231 and 2025年12月31日 are one day."""
    if not isinstance(value, (str, int)):
        return value
    match = _DATE.fullmatch(str(value).strip())
    if match:
        year, month, number = (
            (int(part) for part in match.group(1, 3, 4) if part)
            if match.group(1)
            else (int(part) for part in match.group(5, 6, 7))
        )
        try:
            if _YEARS[0] <= year <= _YEARS[1]:
                return dt.date(year, month, number)
        except ValueError:
            pass
    raise PydanticCustomError("config.bad_date", "not a date")


def listed(value: Any) -> Any:
    """One entry may stand without brackets."""
    return [value] if isinstance(value, str) else value


def spelt(value: Any) -> Any:
    """A name without what nobody sees: blanks at its ends or in a row, full width."""
    return " ".join(unicodedata.normalize("NFKC", value).split()) if isinstance(value, str) else value


def crms_meant(value: Any) -> Any:
    """A CRM may be called by the name it has among people: 纷享销客, Zoho CRM."""
    if not isinstance(value, str | list):
        return value
    words = [plain_word(v) if isinstance(v, str) else v for v in listed(value)]
    return list(dict.fromkeys(_CRM_NAMES.get(w, w) if isinstance(w, str) else w for w in words))


def consent_meant(value: Any) -> Any:
    """Consent may be said in Chinese: 已同意, 未知."""
    word = plain_word(value) if isinstance(value, str) else value
    return _CONSENT.get(word, word)


@lru_cache(maxsize=1)
def _channels() -> dict[str, str]:
    words = channel_words()
    named = {plain_word(name_of("channel", id, lang)): id for id in words for lang in LANGS}
    return named | {plain_word(word): id for id, listed_words in words.items() for word in listed_words}


def channels_meant(value: Any) -> Any:
    """A channel may be called as people call it: 电话, 微信, WeChat."""
    if not isinstance(value, str | list):
        return value
    words = [plain_word(v) if isinstance(v, str) else v for v in listed(value)]
    meant = [_channels().get(w, w) if isinstance(w, str) else w for w in words]
    return list(dict.fromkeys(meant)) if all(isinstance(w, str) for w in meant) else meant


def members(value: Any) -> Any:
    """One of the team may stand by name alone."""
    return (
        [{"id": one} if isinstance(one, str) else one for one in value] if isinstance(value, list) else value
    )


Day = Annotated[dt.date, BeforeValidator(day)]
Words = Annotated[list[str], BeforeValidator(listed)]
Spelt = Annotated[str, BeforeValidator(spelt)]
Bare = Annotated[str, StringConstraints(strip_whitespace=True)]
