"""How cells look: fonts, colours, number formats of units, and the roles a line can have."""

from __future__ import annotations

from typing import Any

from segkit.locale import Lang

ACCENT, INK, GREY, PALE, HAIR, AMBER = "#1F4E79", "#222222", "#6B6B6B", "#F2F4F7", "#D9DDE3", "#9A5B00"
BAND = "#F7F9FB"
FONTS: dict[Lang, tuple[str, int]] = {"zh": ("微软雅黑", 10), "en": ("Calibri", 11)}
LINE = 16.5  # points of one line of text
TALLEST = 400.0  # points; Excel ends at 409
READABLE = 100.0  # a paragraph is merged over columns until it is this many characters wide

# unit -> number format, alignment; whole numbers in a measured column show no decimal
UNITS: dict[str, tuple[str, str]] = {
    "count": ("#,##0", "right"),
    "row": ("0", "right"),  # of a spreadsheet: a place, not an amount
    "money": ("#,##0.00", "right"),
    "share": ("0.0%", "right"),
    "days": ("#,##0", "right"),
    "times": ("#,##0", "right"),
    "ratio": ("0.00", "right"),
    "date": ("yyyy-mm-dd", "center"),
    "text": ("@", "left"),
    "id": ("@", "left"),
    "day": ("@", "center"),  # a day typed by hand: 12.10 stays 12.10
}
BROKEN = "#,##0.0"  # counts, days and times that are averages

ROLES: dict[str, dict[str, Any]] = {
    "cell": {"bottom": 1, "bottom_color": HAIR, "valign": "vcenter"},
    "open": {
        "bottom": 1,
        "bottom_color": HAIR,
        "valign": "vcenter",
        "bg_color": "#FFFBEA",
        "left": 4,
        "left_color": HAIR,
    },  # for the reader to fill
    "head": {
        "bold": True,
        "bottom": 2,
        "bottom_color": ACCENT,
        "bg_color": PALE,
        "text_wrap": True,
        "valign": "vcenter",
    },
    "total": {
        "bold": True,
        "top": 1,
        "top_color": ACCENT,
        "bottom": 1,
        "bottom_color": ACCENT,
        "valign": "vcenter",
    },
    "title": {"bold": True, "font_size": 16, "font_color": ACCENT, "valign": "vcenter", "text_wrap": True},
    "heading": {"bold": True, "font_size": 12, "font_color": ACCENT, "valign": "vcenter", "text_wrap": True},
    "strong": {"bold": True, "text_wrap": True, "valign": "top"},
    "body": {"text_wrap": True, "valign": "top"},
    "note": {"font_color": GREY, "text_wrap": True, "valign": "top"},
    "warning": {"font_color": AMBER, "bold": True, "text_wrap": True, "valign": "top"},
}
CELLS = {"cell", "open", "head", "total"}
LINES = {"title": 26.0, "heading": 21.0}  # points of one line where it is not LINE
