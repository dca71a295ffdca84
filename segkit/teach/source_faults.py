"""What is wrong with the text of a cell: full-width marks, brackets, quotes, colons, indentation.

Found in the text itself: the Pythons from 3.11 to 3.13 word the same mistake differently.
"""

from __future__ import annotations

import io
import keyword
import re
import tokenize
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from segkit.problems import Problem

# typed with a Chinese keyboard -> what Python reads
MARKS = {
    "，": ",",
    "、": ",",
    "。": ".",
    "．": ".",
    "：": ":",
    "；": ";",
    "（": "(",
    "）": ")",
    "【": "[",
    "】": "]",
    "［": "[",
    "］": "]",
    "｛": "{",
    "｝": "}",
    "“": '"',
    "”": '"',
    "＂": '"',
    "‘": "'",
    "’": "'",
    "＇": "'",
    "「": '"',
    "」": '"',
    "《": "<",
    "》": ">",
    "＜": "<",
    "＞": ">",
    "＝": "=",
    "＋": "+",
    "－": "-",
    "—": "-",
    "–": "-",
    "−": "-",
    "＊": "*",
    "×": "*",
    "÷": "/",
    "／": "/",
    "％": "%",
    "＃": "#",
    "＿": "_",
    "｜": "|",
    "＆": "&",
    "！": "!",
    "≠": "!=",
    "≥": ">=",
    "≤": "<=",
    "\u3000": " ",
    "\u00a0": " ",
}
_QUOTES = "“”‘’＂＇「」"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_CLOSERS = {opener: closer for closer, opener in _PAIRS.items()}
_OPENS_BLOCK = re.compile(
    r"(?:if|elif|else|for|while|def|class|try|except|finally|with)\b(?!\s*=)|async\s+(?:def|for|with)\b"
)
_ONE_LINE = re.compile(r"(?:if|elif|while)\b")


@dataclass(frozen=True)
class Sign:
    """A character of the code itself, outside texts and comments, and where it stands, counted from 1."""

    char: str
    line: int
    column: int


@dataclass(frozen=True)
class OpenText:
    """A text whose quote was never closed: where it begins, and what was read for its content."""

    line: int
    column: int
    quote: str
    content: str


def source_fault(source: str) -> Problem | None:
    """The first thing in a cell's text that Python cannot read, with its line; None where all looks right."""
    return next((found for look in _LOOKS if (found := look(source))), None)


# --- reading the text ------------------------------------------------------


def code_of(source: str) -> Iterator[Sign | OpenText]:
    """The characters outside texts and comments; an unclosed text ends it."""
    place, line, start = 0, 1, 0
    while place < len(source):
        char = source[place]
        if char == "\n":
            line, start = line + 1, place + 1
        elif char == "#":
            ends = source.find("\n", place)
            place = len(source) if ends < 0 else ends
            continue
        elif char in "'\"":
            end = _end_of_text(source, place)
            if end is None:
                stop = source.find("\n", place)
                content = source[place + 1 : len(source) if stop < 0 else stop]
                quote = char * 3 if source.startswith(char * 3, place) else char
                yield OpenText(line, place - start + 1, quote, content)
                return
            if breaks := source.count("\n", place, end):
                line, start = line + breaks, source.rfind("\n", 0, end) + 1
            place = end
            continue
        else:
            yield Sign(char, line, place - start + 1)
        place += 1


def _end_of_text(source: str, place: int) -> int | None:
    """Where the text that begins at `place` ends, or None."""
    quote = source[place] * 3 if source.startswith(source[place] * 3, place) else source[place]
    raw = re.search(r"(?i)(?<![a-z0-9_])(?:r|br|rb|fr|rf)$", source[max(0, place - 3) : place]) is not None
    at = place + len(quote)
    while at < len(source):
        if source.startswith(quote, at):
            return at + len(quote)
        if source[at] == "\n" and len(quote) == 1:
            return None
        skip = source[at] == "\\" and (not raw or source[at + 1 : at + 2] in {"'", '"'})
        at += 2 if skip else 1
    return None


# --- looks, the surest first -----------------------------------------------


def _unreadable_sign(source: str) -> Problem | None:
    """The first of: a full-width sign, a bracket without its partner, a text that never ends."""
    stack: list[Sign] = []
    for sign in code_of(source):
        found = _open_text(sign) if isinstance(sign, OpenText) else _full_width(sign) or _closer(sign, stack)
        if found:
            return found
    if stack:
        last = stack[-1]
        return Problem(
            "beginner.bracket_open", {"line": last.line, "bracket": last.char, "closer": _CLOSERS[last.char]}
        )
    return None


def _full_width(sign: Sign) -> Problem | None:
    facts = {"line": sign.line, "column": sign.column, "char": sign.char}
    if sign.char in "\u3000\u00a0":
        return Problem("beginner.wide_blank", {"line": sign.line, "column": sign.column})
    if sign.char in MARKS:
        return Problem(_mark_message(sign.char), facts | {"right": MARKS[sign.char]})
    plain = unicodedata.normalize("NFKC", sign.char)
    if plain != sign.char and plain.isascii() and plain.isdigit():
        return Problem("beginner.wide_digit", facts | {"right": plain})
    return None


_MARK_MESSAGES = {
    "，": "beginner.mark.comma",
    "：": "beginner.mark.colon",
    "。": "beginner.mark.stop",
    "；": "beginner.mark.semicolon",
    **dict.fromkeys("（）【】［］｛｝", "beginner.mark.bracket"),
    **dict.fromkeys(_QUOTES, "beginner.mark.quote"),
}


def _mark_message(char: str) -> str:
    return _MARK_MESSAGES.get(char, "beginner.mark.other")


def _open_text(text: OpenText) -> Problem:
    wide = next((i for i, char in enumerate(text.content) if char in _QUOTES), None)
    facts = {"line": text.line, "quote": text.quote}
    if wide is None:
        return Problem("beginner.quote_open", facts)
    place = {"column": text.column + 1 + wide, "char": text.content[wide], "right": text.quote}
    return Problem("beginner.mark.quote", {"line": text.line} | place)


def _closer(sign: Sign, stack: list[Sign]) -> Problem | None:
    """Keep the stack of open brackets; a closer that does not fit is a fault."""
    if sign.char in _CLOSERS:
        stack.append(sign)
        return None
    if sign.char not in _PAIRS:
        return None
    if not stack:
        return Problem(
            "beginner.bracket_extra", {"line": sign.line, "column": sign.column, "bracket": sign.char}
        )
    opener = stack.pop()
    if opener.char == _PAIRS[sign.char]:
        return None
    facts = {"line": opener.line, "bracket": opener.char, "closer": _CLOSERS[opener.char]}
    return Problem("beginner.bracket_crossed", facts | {"found": sign.char, "found_line": sign.line})


def _one_equals_in_a_test(source: str) -> Problem | None:
    """``if x = 3`` and ``df[df["x"] = 3]``: one equals sign where two compare."""
    for tokens in _lines_of_tokens(source):
        asks = bool(_ONE_LINE.fullmatch(tokens[0].string))
        stack: list[str] = []
        for before, token in zip([tokens[0], *tokens], tokens, strict=False):
            if token.string in _CLOSERS and token.type == tokenize.OP:
                # a bracket behind a name calls it, and there one equals sign names an argument
                stack.append("call" if token.string == "(" else token.string)
            elif token.string in _PAIRS and stack:
                stack.pop()
            elif token.type == tokenize.OP and token.string == "=":
                inside = stack[-1] if stack else ""
                if inside in {"[", "{"} or (asks and not stack) or (inside == "call" and _no_name(before)):
                    return Problem("beginner.two_equals", {"line": token.start[0]})
    return None


def _no_name(token: tokenize.TokenInfo) -> bool:
    return token.type != tokenize.NAME or keyword.iskeyword(token.string)


def _colon_missing(source: str) -> Problem | None:
    for tokens in _lines_of_tokens(source, keep_indent=True):
        if _OPENS_BLOCK.match(tokens[0].line.lstrip()) and not _has_colon(tokens):
            return Problem("beginner.colon_missing", {"line": tokens[-1].end[0], "word": tokens[0].string})
    return None


def _has_colon(tokens: list[tokenize.TokenInfo]) -> bool:
    """One outside brackets: that of a slice does not open a block."""
    depth = 0
    for token in tokens:
        depth += (token.string in _CLOSERS) - (token.string in _PAIRS)
        if depth == 0 and token.string == ":":
            return True
    return False


def _wrong_indent(source: str) -> Problem | None:
    """A block that does not stand to the right of its head, a line that does without one, unequal depths."""
    depths = [0]
    leads: set[str] = set()  # what the cell indents with
    block: str | None = None  # the head whose block must come
    for tokens in _lines_of_tokens(source, keep_indent=True):
        line, depth = tokens[0].start[0], tokens[0].start[1]
        leads |= set(tokens[0].line[:depth])
        if leads >= {"\t", " "}:
            return Problem("beginner.tabs", {"line": line})
        if block is not None and depth <= depths[-1]:
            return Problem("beginner.indent_missing", {"line": line, "word": block})
        if block is None and depth > depths[-1]:
            return Problem("beginner.indent_extra", {"line": line})
        if block is not None:
            depths.append(depth)
        while depth < depths[-1]:
            depths.pop()
        if depth != depths[-1]:
            return Problem("beginner.indent_unequal", {"line": line})
        opens = _OPENS_BLOCK.match(tokens[0].line.lstrip())
        block = tokens[0].string if opens and tokens[-1].string == ":" else None
    if block is not None:
        return Problem("beginner.block_missing", {"line": tokens[0].start[0], "word": block})
    return None


def _wide_letter(source: str) -> Problem | None:
    for sign in code_of(source):
        if isinstance(sign, Sign):
            plain = unicodedata.normalize("NFKC", sign.char)
            if plain != sign.char and plain.isascii() and plain.isalpha():
                facts = {"line": sign.line, "column": sign.column, "char": sign.char, "right": plain}
                return Problem("beginner.wide_letter", facts)
    return None


def _lines_of_tokens(source: str, *, keep_indent: bool = False) -> Iterator[list[tokenize.TokenInfo]]:
    """Logical lines, without comments, blank lines and indentation; what cannot be read ends them.

    With `keep_indent` each line is read alone: Python's own reader stops at the first wrong indentation.
    """
    skip = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    current: list[tokenize.TokenInfo] = []
    for token in _tokens(source, flat=keep_indent):
        if token.type == tokenize.NEWLINE:
            if current:
                yield current
            current = []
        elif token.type not in skip:
            current.append(token)
    if current:
        yield current


def _tokens(source: str, *, flat: bool) -> Iterator[tokenize.TokenInfo]:
    if not flat:
        yield from _until_unreadable(source)
        return
    lines = source.splitlines()
    bare = "\n".join(line.lstrip() for line in lines)
    for token in _until_unreadable(bare):
        line = lines[token.start[0] - 1] if token.start[0] <= len(lines) else ""
        lead = len(line) - len(line.lstrip())
        start, end = (token.start[0], token.start[1] + lead), token.end
        yield token._replace(start=start, end=end, line=line)


def _until_unreadable(source: str) -> Iterator[tokenize.TokenInfo]:
    reading = tokenize.generate_tokens(io.StringIO(source + "\n").readline)
    try:
        yield from reading
    except (tokenize.TokenError, SyntaxError):  # IndentationError is one of these
        return


_LOOKS: tuple[Callable[[str], Problem | None], ...] = (
    _unreadable_sign,
    _colon_missing,
    _wrong_indent,
    _one_equals_in_a_test,
    _wide_letter,
)
