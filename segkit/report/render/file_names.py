"""Names of people as names of files, on Windows too: CON, A/B公司, and two that differ in capitals only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from segkit.config.model import RESERVED

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
LONGEST = 60  # characters, so that the path stays within Windows' 260


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Each name -> a file name without its ending that Windows, macOS and Linux take, no two the same.

    A name that can stay stays; signs no file name may hold become ``_``; where two come out alike (also in
    capitals only) the later one in sorted order is numbered. The order of `names` does not matter.
    """
    every = sorted(set(names))
    taken: set[str] = set()
    out: dict[str, str] = {}
    for name in sorted(every, key=lambda n: (_safe(n) != n, n)):
        wish = _safe(name)
        file, turn = wish, 2
        while _alike(file) in taken:
            file, turn = f"{wish}-{turn}", turn + 1
        taken.add(_alike(file))
        out[name] = file
    return {name: out[name] for name in every}


def _safe(name: str) -> str:
    clean = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip()[:LONGEST].rstrip(" .")
    first, dot, rest = clean.partition(".")  # Windows looks no further: nul.txt is the device too
    device = unicodedata.normalize("NFKC", first).strip().casefold()
    return f"{first.rstrip()}_{dot}{rest}" if device in RESERVED else clean or "_"


def _alike(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
