"""Words as people type them, in one form: full width, capitals and blanks at the ends make no difference."""

from __future__ import annotations

import re
import unicodedata


def plain_word(text: str) -> str:
    """A word for comparison: ``ＶＩＰ ``, ``vip`` and ``VIP`` are one; NFKC, no blanks at its ends, case folded."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def stands_in(word: str, text: str) -> re.Match[str] | None:
    """Where is the word said in a text? Latin words stand alone, Chinese ones may stand anywhere.

    Both as `plain_word` gives them.
    """
    bare = re.escape(word)
    return re.search(rf"(?<![a-z]){bare}(?![a-z])" if word.isascii() else bare, text)
