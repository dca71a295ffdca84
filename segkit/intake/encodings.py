"""From bytes to text (编码): byte order mark, UTF-8, GB18030, Big5, or line by line."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from segkit.intake.headings import hits

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SPLIT = re.compile(r"[,;\t|，]")
# Chinese in UTF-8 takes three bytes; GBK that happens to be valid UTF-8 nearly always makes two-byte letters
_CHINESE = re.compile("[\u2e80-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_HEAD_LINES = 30


@dataclass(frozen=True)
class Decoded:
    """The text of a file.

    Attributes
    ----------
    text : line ends as in the file
    encoding : a codec's name, ``utf-8 + gb18030`` where lines differ
    foreign_lines : physical lines (first is 1) in the rarer of two encodings, read correctly
    bad_lines : physical lines with bytes that are no text; those bytes stand as U+FFFD
    """

    text: str
    encoding: str
    foreign_lines: tuple[int, ...] = ()
    bad_lines: tuple[int, ...] = ()


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _header_hits(data: bytes, encoding: str) -> int:
    """The best line's number of known headings, read in this encoding."""
    lines = data[:65_536].splitlines()[:_HEAD_LINES]
    return max(
        (
            hits(cell.strip(" \"'") for cell in _SPLIT.split(line.decode(encoding, "replace")))
            for line in lines
        ),
        default=0,
    )


def decode(data: bytes) -> Decoded:
    """The text of a file in whichever encoding it was written; never raises, never drops a line."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            text = _strict(data, name)
            if text is not None:
                return Decoded(text, name)
            if name == "utf-8-sig":
                return _line_by_line(data[len(mark) :], _legacy(data))
            return Decoded(
                data.decode(name, "replace"), name, bad_lines=_replaced(data.decode(name, "replace"))
            )
    text = _strict(data, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8")
    legacy = _legacy(data)
    text = _strict(data, legacy)
    if text is not None and not _any_utf8_line(data):
        return Decoded(text, legacy)
    return _line_by_line(data, legacy)


def _legacy(data: bytes) -> str:
    """GB18030, unless the headings are words only in Big5; most Big5 bytes are valid GB18030 too."""
    return "big5hkscs" if _header_hits(data, "big5hkscs") > _header_hits(data, "gb18030") else "gb18030"


def _utf8_chinese(line: bytes) -> str | None:
    text = _strict(line, "utf-8")
    return text if text is not None and _CHINESE.search(text) else None


def _any_utf8_line(data: bytes) -> bool:
    return any(not line.isascii() and _utf8_chinese(line) is not None for line in data.split(b"\n"))


def _replaced(text: str) -> tuple[int, ...]:
    return tuple(i for i, line in enumerate(text.split("\n"), 1) if "\ufffd" in line)


def _read_line(line: bytes, legacy: str) -> tuple[str, str, bool]:
    """(text, encoding, whether it is whole) of one line that is not plain ASCII."""
    if (text := _utf8_chinese(line)) is not None:
        return text, "utf-8", True
    broken = line.decode("utf-8", "replace")
    if len(_CHINESE.findall(broken)) > broken.count("\ufffd"):
        return broken, "utf-8", False
    if (text := _strict(line, legacy)) is not None:
        return text, legacy, True
    if (text := _strict(line, "utf-8")) is not None:
        return text, "utf-8", True
    return line.decode(legacy, "replace"), legacy, False


def _line_by_line(data: bytes, legacy: str) -> Decoded:
    parts: list[str] = []
    where: dict[str, list[int]] = {"utf-8": [], legacy: []}
    bad: list[int] = []
    # a 0x0A byte is a line end in all of these encodings, never half of a character
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.isascii():
            parts.append(line.decode("ascii"))
            continue
        text, encoding, whole = _read_line(line, legacy)
        parts.append(text)
        (where[encoding] if whole else bad).append(number)
    order = sorted((name for name in where if where[name]), key=lambda name: -len(where[name])) or [legacy]
    foreign = where[order[1]] if len(order) > 1 else []
    return Decoded("\n".join(parts), " + ".join(order), tuple(foreign), tuple(bad))
