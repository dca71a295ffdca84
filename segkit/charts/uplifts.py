"""Who answered most, and whom did contact change?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE, segment_marks
from segkit.charts.theme import (
    SMALL,
    Drawn,
    canvas,
    caption,
    clipped,
    drop_spines,
    empty,
    finished,
    style,
)
from segkit.evaluate.experiment import Segment, Uplift
from segkit.locale import Lang, listing, percent, say

FEWEST = 30  # customers in each arm (示例参数 / sample parameter)
_MOST = 8


def response_and_uplift(
    found: Uplift, *, fewest: int = FEWEST, lang: Lang, source: str, as_of: dt.date
) -> Drawn:
    """Is it the customers who answer most whom contact changes? (响应率与增量)

    Left the share that bought, contacted and held out; right what contact added, with the interval drawn towards
    all segments and the difference as it was seen. The one who buys anyway stands high left and at zero right.

    Parameters
    ----------
    found : what `segkit.uplift` made of rows with `segment`
    fewest : customers in each arm; smaller segments are named in the caption and not drawn
    source, as_of : for the caption
    """
    able = [
        s for s in found.segments if min(s.treated.n, s.control.n) >= fewest and s.shrunk.value is not None
    ]
    left_out = [s.segment for s in found.segments if s not in able]
    shown = sorted(able, key=lambda s: -(s.treated.value or 0.0))[:_MOST]
    marks = segment_marks([s.segment for s in found.segments], lang)
    names = {s.segment: marks[s.segment]["name"] for s in found.segments}
    chart = _chart(shown, names, lang)
    if not shown:
        return empty("response_and_uplift", say("chart.uplift.none", lang), lang, source, as_of, chart)
    most, best = shown[0], max(shown, key=lambda s: s.shrunk.value or 0.0)
    which = "chart.uplift.title_same" if most is best else "chart.uplift.title"
    title = say(which, lang, most=names[most.segment], best=names[best.segment])
    with style():
        figure, (left, right) = canvas(1.9 + 0.4 * len(shown), columns=2, sharey=True)
        _shares(left, shown, lang)
        _differences(right, shown, best, lang)
        left.set_yticks(range(len(shown)), [clipped(names[s.segment], 20) for s in shown], color=INK)
        left.set_ylim(len(shown) - 0.5, -0.5)
        said = [
            say(
                "chart.uplift.alt_row",
                lang,
                name=names[s.segment],
                treated=s.treated.value,
                control=s.control.value,
                **{k: f"{100 * (getattr(s.shrunk, k) or 0.0):+.1f}" for k in ("value", "low", "high")},
            )
            for s in shown
        ]
        more = [say("chart.uplift.marks", lang, level=found.level)]
        if left_out:
            listed = listing([names[one] for one in left_out], lang)
            more.append(say("chart.uplift.left_out", lang, names=listed, fewest=fewest))
        return finished(
            figure,
            "response_and_uplift",
            title,
            say("chart.uplift.alt", lang, title=title, rows=say("chart.join", lang).join(said)),
            caption(lang, sum(s.treated.n + s.control.n for s in shown), source, as_of, *more),
            chart,
        )


def _shares(ax: Axes, shown: Sequence[Segment], lang: Lang) -> None:
    for i, segment in enumerate(shown):
        treated, control = segment.treated.value or 0.0, segment.control.value or 0.0
        ax.plot([control, treated], [i, i], color=PALE, linewidth=2, zorder=1)
        ax.plot(control, i, "o", color="white", markeredgecolor=GREY, markersize=7, zorder=2)
        ax.plot(treated, i, "o", color=GREY, markersize=7, zorder=3)
        ax.annotate(
            percent(treated, 0),
            (max(treated, control), i),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=INK,
        )
    top = max(max(s.treated.value or 0.0, s.control.value or 0.0) for s in shown)
    ax.set_xlim(0, top * 1.22)
    ax.xaxis.set_major_formatter(lambda x, _: percent(x, 0))
    ax.set_title(say("chart.uplift.response", lang), color=GREY, fontsize=SMALL)
    ax.tick_params(axis="y", length=0)
    drop_spines(ax, "left")


def _differences(ax: Axes, shown: Sequence[Segment], best: Segment, lang: Lang) -> None:
    ax.axvline(0, color=GREY, linewidth=0.8)
    for i, segment in enumerate(shown):
        one = segment.shrunk
        colour = ACCENT if segment is best else GREY
        low, high = 100 * (one.low or 0.0), 100 * (one.high or 0.0)
        ax.plot([low, high], [i, i], color=colour, linewidth=2.2, solid_capstyle="butt")
        ax.plot(100 * (one.value or 0.0), i, "D", color=colour, markersize=6)
        if segment.raw.value is not None:
            ax.plot(100 * segment.raw.value, i, "x", color=colour, markersize=6)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:+.0f}" if round(x) else "0")
    ax.set_title(say("chart.uplift.difference", lang), color=GREY, fontsize=SMALL)
    ax.tick_params(axis="y", length=0)
    drop_spines(ax, "left")


def _chart(shown: Sequence[Segment], names: dict[str, str], lang: Lang) -> Chart:
    def series(id: str, values: Sequence[float | None]) -> Series:
        return Series(name=say(id, lang), values=tuple(values), unit="share")

    return Chart(
        kind="scatter",
        categories=tuple(names[s.segment] for s in shown),
        series=(
            series("chart.uplift.treated", [s.treated.value for s in shown]),
            series("chart.uplift.control", [s.control.value for s in shown]),
            series("chart.uplift.shrunk", [s.shrunk.value for s in shown]),
        ),
    )
