"""How every figure looks, and how it is saved: one accent colour, greys, the message as its title.

No global state: settings hold inside ``style()`` only, figures are made without pyplot.
"""

from __future__ import annotations

import base64
import datetime as dt
import html
import io
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from segkit.charts.figure import Chart, Figure
from segkit.charts.fonts import register
from segkit.charts.marks import ACCENT, GREY, INK, PALE, PAPER
from segkit.locale import Lang, say

WIDTH = 7.2  # inches
DPI = 160
WIDTH_ON_SCREEN = 760  # CSS pixels, of the 1,152 in the PNG: sharp on screens with more than one dot a pixel
# sizes on one scale, in points
SMALL, TEXT, TITLE = 9.0, 10.0, 13.0


@lru_cache(maxsize=1)
def _settings() -> Any:
    import seaborn

    look = {**seaborn.axes_style("ticks"), **seaborn.plotting_context("notebook")}
    family = register()
    return look | {
        # the font after the seaborn theme, which would reset it; DejaVu holds what a Chinese font does not
        "font.family": [family, "DejaVu Sans"],
        "font.size": TEXT,
        "axes.titlesize": TEXT,
        "axes.labelsize": SMALL,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "axes.edgecolor": PALE,
        "axes.labelcolor": GREY,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "text.color": INK,
        "text.parse_math": False,  # a client's label may hold two dollar signs
        "xtick.color": PALE,
        "ytick.color": PALE,
        "xtick.labelcolor": GREY,
        "ytick.labelcolor": GREY,
        "figure.facecolor": PAPER,
        "svg.fonttype": "none",
        "svg.hashsalt": "segkit",
    }


def warm_up() -> None:
    """Do the slow imports and find the font now, so that the first figure is as quick as the next."""
    _settings()


@contextmanager
def style() -> Iterator[None]:
    """The theme, for the time of drawing or saving."""
    with matplotlib.rc_context(_settings()):
        yield


@dataclass(frozen=True)
class Drawn:
    """A drawn figure and what it says; shown in a notebook with its alt text."""

    figure: Canvas
    meta: Figure

    def save(self, folder: Path) -> Figure:
        """Write ``figures/<id>.svg`` and ``.png`` below `folder`; gives `meta` with their relative paths.

        The PNG travels alone and carries title and caption. The SVG is for pages, which set both as text.
        """
        place = Path(folder) / "figures"
        place.mkdir(parents=True, exist_ok=True)
        meta = self.meta.model_copy(
            update={kind: f"figures/{self.meta.id}.{kind}" for kind in ("svg", "png")},
        )
        (Path(folder) / meta.png).write_bytes(self.png())
        (Path(folder) / meta.svg).write_bytes(self.svg())
        return meta

    def png(self) -> bytes:
        return self._bytes(format="png", dpi=DPI, metadata={"Software": None})

    def svg(self) -> bytes:
        words = [self.figure._suptitle, self.figure._supxlabel]  # type: ignore[attr-defined]
        for word in filter(None, words):
            word.set(visible=False, in_layout=False)
        try:
            nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            return self._bytes(format="svg", metadata=nothing)
        finally:
            for word in filter(None, words):
                word.set(visible=True, in_layout=True)

    def _bytes(self, **how: Any) -> bytes:
        out = io.BytesIO()
        with style():
            self.figure.savefig(out, **how)
        return out.getvalue()

    def axes(self) -> list[dict[str, Any]]:
        """What stands at the axes of each panel: its heading, and of x and y the name and the tick labels."""
        self.figure.draw_without_rendering()
        return [
            {
                "heading": panel.get_title(loc="left") or panel.get_title() or panel.get_title(loc="right"),
                **{side: axis.get_label_text() for side, axis in sides.items()},
                **{f"{side}_ticks": _written(axis) for side, axis in sides.items()},
            }
            for panel in self.figure.axes
            if panel.axison and (sides := {"x": panel.xaxis, "y": panel.yaxis})
        ]

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, bytes | str], dict[str, dict[str, Any]]]:
        """The picture twice: JupyterLab drops the alt text of a PNG and shows the HTML, which keeps it.

        What the picture says goes along as metadata, so that a notebook can be checked without looking.
        """
        png, alt = self.png(), self.meta.alt
        said = {"alt": alt, "segkit": {"id": self.meta.id, "title": self.meta.title, "axes": self.axes()}}
        return {"text/html": pictured(png, alt), "image/png": png}, {"image/png": said}


def _written(axis: Axis) -> list[str]:
    """The tick labels one sees."""
    if not axis.get_visible():
        return []
    return [text.get_text() for text in axis.get_ticklabels() if text.get_visible() and text.get_text()]


def pictured(png: bytes, alt: str) -> str:
    """The PNG as one ``<img>`` with its alt text: full width of the theme, narrower where the page is."""
    data = base64.b64encode(png).decode("ascii")
    look = f"width: {WIDTH_ON_SCREEN}px; max-width: 100%"
    return f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}" style="{look}">'


def canvas(height: float, columns: int = 1, **layout: Any) -> tuple[Canvas, list[Axes]]:
    """An empty figure `height` inches high with `columns` axes side by side; call it inside ``style()``."""
    figure = Canvas(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, columns, squeeze=False, **layout)
    return figure, list(axes[0])


def finished(figure: Canvas, id: str, title: str, alt: str, caption: Sequence[str], chart: Chart) -> Drawn:
    """Set title and caption into the picture and hand on both halves."""
    note = "".join(caption)
    figure.suptitle(wrapped(title, 74), x=0.01, ha="left", fontsize=TITLE, fontweight="bold", color=INK)
    figure.supxlabel(wrapped(note, 126), x=0.01, ha="left", fontsize=SMALL - 1, color=GREY)
    return Drawn(figure, Figure(id=id, title=title, alt=alt, caption=note, chart=chart))


def caption(lang: Lang, n: int, source: str, as_of: dt.date | str, *more: str) -> list[str]:
    """n, source and date, then what was left out."""
    first = say("chart.caption", lang, n=n, source=plain(source), date=as_of)
    return [first, *(say("chart.more", lang, more=sentence) for sentence in more if sentence)]


def empty(id: str, reason: str, lang: Lang, source: str, as_of: dt.date | str, chart: Chart) -> Drawn:
    """The figure that could not be drawn says so in its place."""
    with style():
        figure, [ax] = canvas(1.6)
        ax.set_axis_off()
        ax.text(0.5, 0.5, reason, ha="center", va="center", color=GREY, transform=ax.transAxes)
        return finished(figure, id, reason, reason, caption(lang, 0, source, as_of), chart)


def drop_spines(ax: Axes, *sides: str) -> None:
    for side in sides:
        ax.spines[side].set_visible(False)


def accent_line(ax: Axes, **where: float) -> None:
    """A dashed line at x= or y=."""
    draw = ax.axvline if "x" in where else ax.axhline
    draw(*where.values(), color=ACCENT, linewidth=1.2, linestyle=(0, (4, 3)))


def plain(text: object) -> str:
    """`text` without line breaks and control characters, which no SVG may hold."""
    return "".join(c if c.isprintable() else " " for c in str(text))


def clipped(text: str, width: int) -> str:
    """`text` cut to `width` columns of type (a Chinese character takes two), with … where it was cut."""
    kept = ""
    for char in text:
        if _columns(kept) + _columns(char) > width - 1 and kept + char != text:
            return kept.rstrip() + "…"
        kept += char
    return kept


def wrapped(text: str, width: int) -> str:
    """`text` broken into lines of at most `width` columns: at blanks, and between Chinese characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and _columns(line) + _columns(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return "\n".join([*lines, line.rstrip()])


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


_NEVER_FIRST = "，。；：、！？）》”’%…"


def _pieces(text: str) -> list[str]:
    """Parts that stay together: a word with its blank, a Chinese character with what may not begin a line."""
    pieces: list[str] = []
    for char in text:
        joins = bool(pieces) and (
            char in _NEVER_FIRST
            or char == " "
            or not (pieces[-1][-1] == " " or _columns(char) == 2 or _columns(pieces[-1][-1]) == 2)
        )
        if joins:
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces
