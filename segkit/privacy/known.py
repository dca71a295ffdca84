"""Does a text name somebody of this client? Values seen in the input, looked up token by token."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import pandas as pd

from segkit.privacy.find import Hit, Kind, find_in, fold, normalise, spans, whole_cell_kind

_FIRM = re.compile(
    r"公司|集团|企业|工厂|厂$|厂[（(]|店|商行|商贸|贸易|超市|商场|酒店|宾馆|饭店|餐厅|医院|诊所|药房|学校|大学|学院|幼儿园|银行|"
    r"合作社|研究[院所]|事务所|工作室|中心|协会|委员会|管理局|经营部|门市部?|批发部|（虚构）|\(虚构\)|"
    r"\b(?:ltd|limited|inc|llc|gmbh|corp|corporation|company|co|plc|group|bank|school|university|hospital|hotel|"
    r"fictional)\b",
    re.IGNORECASE,
)
_NOBODY = frozenset(
    {"客户", "顾客", "会员", "用户", "散客", "匿名", "匿名用户", "未知", "未填写", "无名", "测试", "测试客户"}
    | {"先生", "女士", "小姐", "其他", "其它", "guest", "anonymous", "unknown", "test", "customer", "member"}
    | {"user", "none", "null", "n/a"}
)
# tokens in which a known value other than a name may stand
_DIGITS = re.compile(r"(?<!\d)(?:\d{10,19}|\(?0\d{2,3}\)?[- ]?\d{7,8})(?!\d)")
_LATIN_WORDS = re.compile(r"[A-Za-z][A-Za-z'.-]*(?: [A-Za-z][A-Za-z'.-]*)+")
_WORD = re.compile(r"\S+")
_SHORTEST_NUMBER = 10  # eight digits may be a date
_SHORTEST_NAME_IN_PROSE = 3  # two characters are too often a word: 周期, 高兴


def looks_like_firm(name: str) -> bool:
    """Is this the name of an organisation (公司, 店, 厂, Ltd ...)? Those are not personal data."""
    return _FIRM.search(name) is not None


def known_values(frame: pd.DataFrame, kinds: Mapping[str, Kind | str]) -> dict[str, set[str]]:
    """The personal values of an input table, to look for in what is written from it.

    Parameters
    ----------
    kinds : column -> phone | id_number | email | bank_card | name, or "text" for whatever stands in prose

    Returns
    -------
    kind -> normalised values. Left out: names of firms, placeholders (匿名, test), single characters, and
    numbers under ten digits, which could be a date or an amount.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for column, kind in kinds.items():
        texts = frame[column].astype("string").dropna().unique()
        if kind == "text":
            for text in texts:
                for hit in find_in(text):
                    found[hit.kind].add(normalise(hit.value, hit.kind))
            continue
        for text in texts:
            value = normalise(text, kind)
            if _worth_knowing(value, kind):
                found[str(kind)].add(value)
    return dict(found)


def _worth_knowing(value: str, kind: str) -> bool:
    if kind == "email":
        return "@" in value
    if kind != "name":
        return len(value) >= _SHORTEST_NUMBER
    plain = value.replace(" ", "")
    is_word = len(plain) >= (3 if plain.isascii() else 2)
    return is_word and "*" not in plain and not any(c.isdigit() for c in plain) and _is_somebody(value)


def _is_somebody(name: str) -> bool:
    return name not in _NOBODY and not looks_like_firm(name) and whole_cell_kind(name) is None


class Lookup:
    """Known values, ready to be met in text. Build it once, ask it for every text."""

    def __init__(self, known: Mapping[str, AbstractSet[str]] | None = None) -> None:
        known = known or {}
        self.numbers = {
            value: kind for kind in ("bank_card", "id_number", "phone") for value in known.get(kind, ())
        }
        self.names = frozenset(known.get("name", ()))
        self._latin = frozenset(name for name in self.names if " " in name and name.isascii())
        self._longest = max(map(len, self.names), default=0) + 4  # blanks around it
        lengths: dict[str, set[int]] = defaultdict(set)
        for name in self.names:
            if not name.isascii() and len(name) >= _SHORTEST_NAME_IN_PROSE:
                lengths[name[0]].add(len(name))
        self._lengths = {first: sorted(sizes, reverse=True) for first, sizes in lengths.items()}
        firsts = "".join(re.escape(first) for first in self._lengths)
        self._first = re.compile(f"[{firsts}]") if firsts else None

    def spans(self, folded: str) -> Iterator[tuple[Kind, int, int]]:
        """Known values inside folded text: numbers, names of three characters and more, Latin full names.

        A name of two characters or of one word is only found by `is_name`, where it is the whole cell.
        """
        if self.numbers:
            for match in _DIGITS.finditer(folded):
                kind = self.numbers.get(re.sub(r"\D", "", match.group()))
                if kind is not None:
                    yield kind, match.start(), match.end()  # type: ignore[misc]
        if self._first is not None:
            past = 0
            for match in self._first.finditer(folded):
                start = match.start()
                for size in self._lengths[match.group()]:
                    if start >= past and folded[start : start + size] in self.names:
                        past = start + size
                        yield "name", start, past
                        break
        if self._latin:
            yield from self._latin_spans(folded)

    def _latin_spans(self, folded: str) -> Iterator[tuple[Kind, int, int]]:
        for run in _LATIN_WORDS.finditer(folded):
            words = [match.span() for match in _WORD.finditer(folded, run.start(), run.end())]
            for i, (start, _) in enumerate(words):
                for _, end in words[i + 1 : i + 4]:
                    if folded[start:end].rstrip(".").casefold() in self._latin:
                        yield "name", start, end

    def is_name(self, text: str) -> bool:
        """Is this cell, as a whole, the name of a known person?"""
        if not self.names or len(text) > self._longest:
            return False
        return text in self.names or normalise(text, "name") in self.names


def find_all(text: str, known: Mapping[str, AbstractSet[str]] | Lookup | None = None) -> list[Hit]:
    """Personal values by form and, where `known` is given, by having been seen; no two overlap."""
    lookup = known if isinstance(known, Lookup) else Lookup(known)
    if lookup.is_name(text):
        return [Hit("name", 0, len(text), text)]
    folded = fold(text)
    found = sorted({*spans(folded), *lookup.spans(folded)}, key=lambda s: (s[1], s[1] - s[2]))
    hits: list[Hit] = []
    for kind, start, end in found:
        if not hits or start >= hits[-1].end:
            hits.append(Hit(kind, start, end, text[start:end]))
    return hits
