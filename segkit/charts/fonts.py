"""The Chinese font of every picture and page: Noto Sans CJK SC, from the files of the `mpl-font` package.

The package's modules change matplotlib's settings when imported, so only its files are used.
"""

from __future__ import annotations

import io
import logging
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from segkit.problems import SegkitError

Weight = Literal["Light", "Regular", "Medium", "Bold"]
FAMILY = "Noto Sans CJK SC"

# tables a page does not need: vertical writing, ligatures, kerning
_NOT_NEEDED = ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx"]


class FontMissing(SegkitError):
    """The font file is not where `mpl-font` puts it."""


def font_file(weight: Weight = "Regular") -> Path:
    """The font file of a weight.

    Raises
    ------
    FontMissing : `mpl-font` is not installed, or without this file
    """
    spec = find_spec("mpl_font")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        path = Path(folder) / "fonts" / "noto" / f"NotoSansCJKsc-{weight}.otf"
        if path.is_file():
            return path
    raise FontMissing(f"{FAMILY} {weight}: install mpl-font")


@lru_cache(maxsize=1)
def register() -> str:
    """Make the font known to matplotlib in this process and give its family name; settings stay untouched."""
    from matplotlib.font_manager import fontManager

    for weight in ("Regular", "Bold"):
        fontManager.addfont(font_file(weight))
    return FAMILY


def cut(text: str, weight: Weight = "Regular") -> bytes:
    """A web font (WOFF) with the glyphs of `text` only; the same text gives the same bytes.

    WOFF and not WOFF2: for some hundred Chinese glyphs it is a twelfth larger and twice as quick to make.
    """
    from fontTools import subset

    logging.getLogger("fontTools.subset").setLevel(logging.WARNING)
    options = subset.Options(
        layout_features=[],
        name_IDs=[],
        drop_tables=[*subset.Options().drop_tables, *_NOT_NEEDED],
        hinting=False,
        glyph_names=False,
        notdef_outline=True,
        recalc_timestamp=False,
    )
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted(set(text) | {" "})))
    out = io.BytesIO()
    with subset.load_font(font_file(weight), options, dontLoadGlyphNames=True) as font:
        cutter.subset(font)
        font.flavor = "woff"
        font.save(out)
    return out.getvalue()
