"""A YAML file as people save it on Windows, read as it was meant.

Encoding (BOM, UTF-16, GBK), tabs, full-width signs where a sign of YAML is meant, curly quotes around a whole
value, backslashes of a path in double quotes, ``key:value`` without a blank. Inside quotes, comments and
running text nothing is touched. Every mend is counted with its line, so it can be said.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

_WIDE_BLANKS = "\u3000\u00a0"
_BLANKS = " \t" + _WIDE_BLANKS
_OPENING = {"“": '“”＂"', "”": '“”＂"', "„": '“”＂"', "＂": '“”＂"', "‘": "‘’'", "’": "‘’'"}
_BRACKETS = {"{": "{", "[": "[", "｛": "{", "［": "["}
_CLOSING = {"}": "}", "]": "]", "｝": "}", "］": "]"}
# double-quoted text that means what YAML takes it for: no backslash, pairs, quotes, \x41, \u0041, \U00000041
_PROPER = re.compile(r'(?:[^\\]|\\\\|\\"|\\x[0-9A-F]{2}|\\u[0-9A-F]{4}|\\U[0-9A-F]{8})*')
_WINDOWS_PATH = re.compile(r'"(?:[A-Za-z]:\\|\\\\)[^"]*"')
_ESCAPES = re.compile(
    r"(?:[^\\]|\\(?:[0abt\tnvfre \"/\\N_LP]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}))*", re.DOTALL
)
_WINDOWS_START = re.compile(r"(?:[A-Za-z]:\\|\\\\[^\\]).*", re.DOTALL)
_QUOTED_REST = {"'": re.compile(r"(?:[^']|'')*'(?!')"), '"': re.compile(r'(?:[^"\\]|\\.)*"')}
_FILE_NAME = re.compile(r".*\\\w.*\.(?:csv|tsv|txt|xlsx?|xlsm|parquet|ya?ml|png|jpe?g|svg)", re.IGNORECASE)
_BLOCK_SCALAR = re.compile(r"(?:^|[:-] +)[|>][-+0-9]*\s*(?:#.*)?$")
_KEY_AHEAD = re.compile(r"\s*[^,，:：{}\[\]｛｝［］]+[:：]")
_COLUMN_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*\s*(?:[,，}｝].*|\s#.*)?")


def decode(raw: bytes) -> tuple[str, str | None] | None:
    """Text and, where it is not plain UTF-8, the name of its encoding; None where no encoding fits."""
    for mark, encoding, name in (
        (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8 BOM"),
        (b"\xff\xfe", "utf-16", "UTF-16"),
        (b"\xfe\xff", "utf-16", "UTF-16"),
    ):
        if raw.startswith(mark):
            return _strict(raw, encoding, name)
    if b"\0" in raw[:200]:
        little = raw[1:200:2].count(0) >= raw[0:200:2].count(0)
        return _strict(raw, "utf-16-le" if little else "utf-16-be", "UTF-16")
    return _strict(raw, "utf-8", None) or _strict(raw, "gb18030", "GBK")


def _strict(raw: bytes, encoding: str, name: str | None) -> tuple[str, str | None] | None:
    try:
        return raw.decode(encoding), name
    except UnicodeDecodeError:
        return None


def mend(text: str, keys: Collection[str]) -> tuple[str, dict[str, list[int]]]:
    """The text with YAML's own signs, line by line, and what was mended: message id -> lines.

    Parameters
    ----------
    keys : names of settings; ``lang:zh`` is parted where the left side is one, or the right a column name
    """
    mender = _Page(frozenset(keys), _indent_unit(text))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(mender.line(line, n) for n, line in enumerate(lines, 1)), mender.mended


def _indent_unit(text: str) -> int:
    widths = [len(m.group(1)) for m in re.finditer(r"^( +)(?=[^\s#])", text, re.MULTILINE)]
    return min(widths, default=2)


@dataclass
class _Level:
    """A bracket we are in ("" for none); `keyed` once the colon of the current entry was met."""

    bracket: str
    keyed: bool = False


@dataclass
class _Page:
    """What lasts from line to line."""

    keys: frozenset[str]
    unit: int
    mended: dict[str, list[int]] = field(default_factory=dict)
    open: list[_Level] = field(default_factory=list)  # brackets from the outside in
    quote: str | None = None  # a quoted text that runs over the end of the line
    block: int | None = None  # indentation of the key whose block text we are in
    n: int = 0

    def note(self, what: str) -> None:
        lines = self.mended.setdefault(f"config.mended.{what}", [])
        if not lines or lines[-1] != self.n:
            lines.append(self.n)

    def line(self, text: str, n: int) -> str:
        self.n = n
        if self.quote:
            end = _end_of_quote(text, 0, self.quote)
            if end is None:
                return text
            self.quote = None
            return text[:end] + _Line(self, text[end:], fresh=False).mended()
        body = text.lstrip(_BLANKS)
        lead = text[: len(text) - len(body)]
        indent = "".join(" " * {"\t": self.unit, "\u3000": 2}.get(c, 1) for c in lead)
        if self.block is not None:
            if not body or len(indent) > self.block:
                return text
            self.block = None
        if not body:
            return ""
        if "\t" in lead:
            self.note("tabs")
        if any(c in _WIDE_BLANKS for c in lead):
            self.note("full_width")
        out = indent + _Line(self, body, fresh=True).mended()
        if not self.open and _BLOCK_SCALAR.search(out):
            self.block = len(indent)
        return out


class _Line:
    """One line, read from left to right; each step takes the sign at `i` or leaves it to the next step."""

    def __init__(self, page: _Page, text: str, *, fresh: bool) -> None:
        self.page = page
        self.text = text
        self.fresh = fresh  # a key or value may begin here
        self.i = 0
        self.token = 0  # where the current key or value began
        self.in_item = False  # after "- "
        self.out: list[str] = []
        self._outside = _Level("", keyed=not fresh)

    def mended(self) -> str:
        steps = (self._quoted, self._comment, self._blank, self._indicator, self._opening, self._closing)
        while self.i < len(self.text):
            sign = self.text[self.i]
            if not any(step(sign) for step in (*steps, self._comma, self._colon)):
                self._take(sign, sign)
                self.fresh = False
        return "".join(self.out)

    @property
    def level(self) -> _Level:
        return self.page.open[-1] if self.page.open else self._outside

    def _take(self, sign: str, meant: str, *, note: str = "full_width") -> None:
        if sign != meant.strip(" ") and sign != meant:
            self.page.note(note)
        self.out.append(meant)
        self.i += 1

    def _begin(self) -> None:
        self.fresh, self.token = True, self.i

    def _next(self) -> str:
        return self.text[self.i + 1 : self.i + 2]

    def _blank_follows(self) -> bool:
        return self._next() == "" or self._next() in _BLANKS

    def _comment(self, sign: str) -> bool:
        if sign not in "#＃" or (self.i > 0 and self.text[self.i - 1] not in _BLANKS):
            return False
        if self.out and self.out[-1] in _WIDE_BLANKS:
            self.out[-1] = " "
        self._take(sign, "#")
        self.out.append(self.text[self.i :])
        self.i = len(self.text)
        return True

    def _blank(self, sign: str) -> bool:
        if sign not in _BLANKS or (sign in _WIDE_BLANKS and not self.fresh):
            return False
        if sign != " ":
            self.page.note("tabs" if sign == "\t" else "full_width")
        self.out.append(" ")
        self.i += 1
        if self.fresh:
            self.token = self.i
        return True

    def _indicator(self, sign: str) -> bool:
        """``- `` of a list item, and ``? `` and ``: `` of a key too long for one line."""
        if sign not in "-－?:" or not self.fresh or not self._blank_follows():
            return False
        if sign in "-－":
            if self.page.open:
                return False
            self.in_item = True
        elif sign == ":":
            self.level.keyed = True
        self._take(sign, "-" if sign == "－" else sign)
        self._begin()
        return True

    def _opening(self, sign: str) -> bool:
        meant = _BRACKETS.get(sign)
        if meant is None or not (self.fresh or (self.page.open and sign == meant)):
            return False
        self._take(sign, meant)
        self.page.open.append(_Level(meant))
        self._begin()
        return True

    def _closing(self, sign: str) -> bool:
        meant = _CLOSING.get(sign)
        if meant is None or not self.page.open or (sign != meant and self._pairs_inside(sign)):
            return False
        self._take(sign, meant)
        self.page.open.pop()
        self.fresh = False
        return True

    def _pairs_inside(self, sign: str) -> bool:
        """Does this full-width bracket close one that stands in the same running text?"""
        opening = {"］": "［", "｝": "｛"}[sign]
        said = self.text[self.token : self.i]
        return said.count(opening) > said.count(sign)

    def _comma(self, sign: str) -> bool:
        if sign not in ",，" or not self.page.open:
            return False
        if sign == "，" and self.level.bracket == "{" and not _KEY_AHEAD.match(self.text, self.i + 1):
            return False
        self._take(sign, "," if sign == "," else ", ")
        self.level.keyed = False
        self._begin()
        return True

    def _colon(self, sign: str) -> bool:
        if sign not in ":：" or self.level.keyed or not self._parts_key(sign):
            return False
        apart = self._blank_follows()
        glued = sign == ":" and not apart and not self._flow_follows()
        if glued:
            self.page.note("glued")
        self._take(sign, ":" if apart else ": ")
        self.level.keyed = True
        self._begin()
        return True

    def _flow_follows(self) -> bool:
        return bool(self.page.open) and self._next() != "" and self._next() in ",]}[{"

    def _parts_key(self, sign: str) -> bool:
        """Does this colon part a key from its value?"""
        before, after = self.text[self.token : self.i].strip(), self.text[self.i + 1 :]
        if not before or self.level.bracket == "[":
            return False
        named = before.strip("\"'“”‘’＂") in self.page.keys
        if sign == "：":
            later = re.search(r":(?:\s|$)", after) is not None
            return named or self.level.bracket == "{" or not (self.in_item or later)
        if self._blank_follows() or self._flow_follows() or before[-1] in "\"'":
            return True
        return named or (not self.in_item and _COLUMN_NAME.fullmatch(after) is not None)

    def _quoted(self, sign: str) -> bool:
        if not self.fresh or (sign not in "\"'" and sign not in _OPENING):
            return False
        self.fresh = False
        if sign in "\"'":
            return self._straight(sign)
        return self._curly(sign, _OPENING[sign])

    def _straight(self, sign: str) -> bool:
        text, start = self.text, self.i
        end = _end_of_quote(text, start + 1, sign)
        if sign == '"':
            proper = end is not None and _PROPER.fullmatch(text, start + 1, end - 1)
            path = None if proper else _WINDOWS_PATH.match(text, start)
            end = path.end() if path else end
            if end is not None and not proper and _is_literal(text[start + 1 : end - 1]):
                return self._literal(end - 1, "backslash")
        if end is None:
            if self._curly(sign, "”＂"):
                return True
            self.page.quote, end = sign, len(text)
        self.out.append(text[start:end])
        self.i = end
        return True

    def _curly(self, sign: str, closing: str) -> bool:
        """A whole value in curly quotes; quotes inside running text are part of it.

        What a curly quote opened and closed inside the text is not closed again by a straight one further on.
        """
        for end in range(self.i + 1, len(self.text)):
            if self.text[end] == '"' and "”" in self.text[self.i : end]:
                return False
            if self.text[end] in closing and self._ends_value(end + 1):
                return self._literal(end, "curly")
        return False

    def _literal(self, end: int, note: str) -> bool:
        """What stands up to `end`, in single quotes, where nothing has a second meaning."""
        self.page.note(note)
        self.out.append("'" + self.text[self.i + 1 : end].replace("'", "''") + "'")
        self.i = end + 1
        return True

    def _ends_value(self, i: int) -> bool:
        closers = r"|\s*[,，\]}］｝]" if self.page.open else ""
        key = "" if self.level.keyed else r"|\s*[:：]"  # after a value no further colon parts anything
        return re.match(rf"\s*$|\s+[#＃]{key}{closers}", self.text[i:]) is not None


def _end_of_quote(text: str, i: int, quote: str) -> int | None:
    """Position after the closing quote, by YAML's rules; None where it is not on this line."""
    match = _QUOTED_REST[quote].match(text, i)
    return match.end() if match else None


def _is_literal(content: str) -> bool:
    """Do the backslashes stand for themselves: an escape YAML does not have, a Windows path, a file name?"""
    return not _ESCAPES.fullmatch(content) or any(
        pattern.fullmatch(content) for pattern in (_WINDOWS_START, _FILE_NAME)
    )
