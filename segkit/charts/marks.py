"""One colour and one mark per segment, the same on every page and in every format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle

from segkit.locale import Lang, name_of

ACCENT = "#0072B2"
INK = "#1F2933"
GREY = "#667380"
PALE = "#C9D1D8"
PAPER = "#FFFFFF"

# mark -> (matplotlib's marker, filled). Glyphs that Noto Sans CJK and Microsoft YaHei both hold (all are in
# GBK); twelve of them, so that the eleven RFM segments and the prospects each have their own.
SHAPES: dict[str, tuple[str, bool]] = {
    "●": ("o", True),
    "■": ("s", True),
    "▲": ("^", True),
    "◆": ("D", True),
    "▼": ("v", True),
    "★": ("*", True),
    "○": ("o", False),
    "□": ("s", False),
    "△": ("^", False),
    "◇": ("D", False),
    "▽": ("v", False),
    "☆": ("*", False),
}

# Twelve colours with at least 3:1 on white that stay apart (CIE76 above 15) for full sight, protanopia and
# deuteranopia after Machado et al. (2009), searched from Okabe & Ito's blue.
_BLUE, _GREEN, _VIOLET, _VERMILION = "#0072B2", "#0B875A", "#402677", "#DA3C0B"
_SKY, _OLIVE, _PLUM, _BROWN = "#429EC9", "#7E9D41", "#6E2D6A", "#654417"
_MAROON, _SLATE, _COAL, _MIST = "#4A0F12", "#596166", "#2F363B", "#8795A1"
_COLOURS = (_BLUE, _VERMILION, _GREEN, _BROWN, _SKY, _PLUM, _OLIVE, _VIOLET)

# label -> (colour, mark). Warm colours are customers at risk, greys are those asleep. Within a scheme every
# mark stands once, so a reader who sees no colour still tells the segments apart.
FIXED: dict[str, tuple[str, str]] = {
    "champions": (_BLUE, "★"),
    "loyal": (_GREEN, "●"),
    "potential_loyalist": (_SKY, "▲"),
    "new": (_VIOLET, "◆"),
    "promising": (_PLUM, "◇"),
    "need_attention": (_BROWN, "■"),
    "about_to_sleep": (_OLIVE, "▽"),
    "at_risk": (_VERMILION, "▼"),
    "cannot_lose": (_MAROON, "☆"),
    "hibernating": (_SLATE, "□"),
    "lost": (_COAL, "△"),
    "key_value": (_BLUE, "★"),
    "key_develop": (_VIOLET, "▲"),
    "key_keep": (_GREEN, "■"),
    "key_win_back": (_VERMILION, "▼"),
    "general_value": (_SKY, "●"),
    "general_develop": (_PLUM, "△"),
    "general_keep": (_OLIVE, "□"),
    "general_win_back": (_BROWN, "▽"),
    "first": (_VIOLET, "◆"),
    "repeat": (_SKY, "■"),
    "A": (_VIOLET, "●"),
    "B": (_BROWN, "▲"),
    "C": (_SLATE, "■"),
    "prospect": (_MIST, "○"),
    "unknown": (_MIST, "◇"),
}

SegmentMark = dict[str, str]


def segment_marks(labels: Sequence[str], lang: Lang) -> dict[str, SegmentMark]:
    """How is each segment shown? label -> name, colour (#RRGGBB) and mark (one glyph), in the order given.

    Known labels have a fixed pair; labels of a client's own scheme take the free pairs in their order, so the
    same scheme looks the same in every report. Beyond 96 labels pairs repeat.
    """
    free = cycle(_free_pairs(label for label in labels if label in FIXED))
    shown: dict[str, SegmentMark] = {}
    for label in dict.fromkeys(labels):
        colour, mark = FIXED[label] if label in FIXED else next(free)
        shown[label] = {"name": name_of("segment", label, lang), "colour": colour, "mark": mark}
    return shown


def _free_pairs(known: Iterable[str]) -> list[tuple[str, str]]:
    """Every colour with every mark, unused marks first, no two neighbours of one colour or mark."""
    taken = {FIXED[label][1] for label in known}
    shapes = sorted(SHAPES, key=lambda shape: shape in taken)
    return [
        (_COLOURS[(i + turn) % len(_COLOURS)], shape)
        for turn in range(len(_COLOURS))
        for i, shape in enumerate(shapes)
    ]
