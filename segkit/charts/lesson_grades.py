"""Figures of the lesson on grading: how a cut point moves a class, and what silence means for whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE, SHAPES, segment_marks
from segkit.charts.theme import SMALL, Drawn, canvas, caption, drop_spines, empty, finished, style
from segkit.customers import DAYS_IN
from segkit.locale import Lang, percent, say, term
from segkit.schemes.base import PROSPECT, UNKNOWN
from segkit.schemes.rfm import RFM
from segkit.value.btyd import BGNBD, MBGNBD

SPLITS = ("mean", "median")
HALF = 0.5
LABELLED = 0.4  # where on the way down a line has its words
LONGEST = 540  # days of silence drawn
STEP = 5


def mean_or_median(customers: pd.DataFrame, *, lang: Lang, source: str, as_of: dt.date | str) -> Drawn:
    """How large is each of the eight classes by the mean, and how large by the median? (均值与中位数)

    The same buyers under two `RFM(segments="eight")`, as shares of the buyers; the title names the class that
    grows most.

    Parameters
    ----------
    customers : one row per customer with ``recency_days, frequency, monetary``; prospects are left out
    source, as_of : for the caption
    """
    schemes = [
        RFM(bins=5, segments="eight", split="mean").fit(customers),
        RFM(bins=5, segments="eight", split="median").fit(customers),
    ]
    shares = [_shares(scheme, customers) for scheme in schemes]
    by_mean, by_median = shares
    labels = [label for label in schemes[0].order() if label not in (PROSPECT, UNKNOWN)]
    marks = segment_marks(labels, lang)
    names = tuple(marks[label]["name"] for label in labels)
    chart = Chart(
        kind="bar",
        categories=names,
        series=tuple(
            Series(
                name=term(f"split.{split}", lang),
                values=tuple(round(held.get(label, 0.0), 6) for label in labels),
                unit="share",
            )
            for split, held in zip(SPLITS, shares, strict=True)
        ),
    )
    n = schemes[0].learned.buyers if schemes[0].learned else 0
    if not n:
        return empty("mean_or_median", say("chart.split.none", lang), lang, source, as_of, chart)
    most = max(labels, key=lambda label: by_median.get(label, 0.0) - by_mean.get(label, 0.0))
    facts = {"name": marks[most]["name"], "mean": by_mean.get(most, 0.0), "median": by_median.get(most, 0.0)}
    title = say("chart.split.title", lang, **facts)
    with style():
        figure, [ax] = canvas(0.9 + 0.42 * len(labels))
        places = np.arange(len(labels))[::-1].astype(float)
        for shift, colour, held, split in ((0.2, PALE, by_mean, "mean"), (-0.2, ACCENT, by_median, "median")):
            values = [held.get(label, 0.0) for label in labels]
            ax.barh(places + shift, values, height=0.36, color=colour)
            for place, value in zip(places + shift, values, strict=True):
                ax.text(value + 0.003, place, percent(value), va="center", fontsize=SMALL - 1, color=INK)
            # the words stand beside the bars of the first class, in place of a legend
            ax.text(
                values[0] + 0.035,
                places[0] + shift,
                term(f"split.{split}", lang),
                va="center",
                fontsize=SMALL,
                color=GREY if split == "mean" else ACCENT,
                fontweight="bold",
            )
        ax.set_yticks(places, names)
        ax.tick_params(axis="y", length=0, labelcolor=INK)
        ax.set_xlim(0, max(*by_mean.values(), *by_median.values()) * 1.3)
        ax.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
        ax.set_xlabel(say("chart.split.x", lang))
        drop_spines(ax, "left")
        bars = [
            say(
                "chart.split.alt_bar",
                lang,
                name=marks[label]["name"],
                mean=by_mean.get(label, 0.0),
                median=by_median.get(label, 0.0),
            )
            for label in labels
        ]
        left_out = len(customers) - n
        more = say("chart.split.left_out", lang, n=left_out) if left_out else ""
        alt = say("chart.split.alt", lang, title=title, bars=say("chart.join", lang).join(bars))
        return finished(figure, "mean_or_median", title, alt, caption(lang, n, source, as_of, more), chart)


def silence(
    model: BGNBD | MBGNBD,
    *,
    bought: Sequence[int] = (2, 5, 12, 20),
    lang: Lang,
    source: str,
    as_of: dt.date | str,
) -> Drawn:
    """How long may somebody be silent before he is more likely gone than not? (沉默多久算走了)

    The chance of still being a customer against the days of silence, one line for each number of days on which
    somebody bought in a year before he fell silent: who used to come often is missed sooner.

    Parameters
    ----------
    model : a fitted BGNBD or MBGNBD
    bought : numbers of purchase days within that year, each at least 1
    source, as_of : for the caption; n is the number of customers the model learned from

    References
    ----------
    Fader, Hardie & Lee (2005b), RFM and CLV: using iso-value curves, Journal of Marketing Research 42(4).
    """
    days = np.arange(0, LONGEST + 1)
    lines = {many: _alive(model, many, days) for many in sorted(set(bought))}
    below = {many: _first_below(line) for many, line in lines.items()}
    few, most = min(lines), max(lines)
    title = _title_of_silence(few, most, below, lang)
    shown = days[:: STEP * 6]
    chart = Chart(
        kind="line",
        categories=tuple(str(day) for day in shown),
        series=tuple(
            Series(
                name=say("chart.silence.line", lang, k=many),
                values=tuple(round(float(p), 6) for p in line[shown]),
                unit="share",
            )
            for many, line in lines.items()
        ),
    )
    with style():
        figure, [ax] = canvas(3.9)
        ax.axhline(HALF, color=PALE, linewidth=0.8)
        for (many, line), shape in zip(lines.items(), SHAPES.values(), strict=False):
            marker, filled = shape
            colour = ACCENT if many == most else INK if many == few else GREY
            ax.plot(
                days,
                line,
                color=colour,
                linewidth=1.8,
                marker=marker,
                markevery=60,
                markersize=5,
                markerfacecolor=colour if filled else "white",
            )
            low = np.flatnonzero(line < LABELLED)
            at = int(low[0]) if len(low) else LONGEST * 2 // 3
            ax.annotate(
                say("chart.silence.line" if many == few else "chart.silence.short", lang, k=many),
                (at, line[at]),
                xytext=(5, 4),
                textcoords="offset points",
                color=colour,
                fontsize=SMALL,
                fontweight="bold" if many == most else "normal",
            )
        ax.set(xlim=(0, LONGEST), ylim=(0, 1.02))
        ax.set_xticks(range(0, LONGEST + 1, 60))
        ax.yaxis.set_major_formatter(lambda share, _: percent(share, 0))
        ax.set_xlabel(say("chart.silence.x", lang))
        ax.set_ylabel(say("chart.silence.y", lang))
        told = [
            say("chart.silence.alt_line", lang, k=many, early=line[60], late=line[240])
            for many, line in lines.items()
        ]
        alt = say("chart.silence.alt", lang, title=title, lines=say("chart.join", lang).join(told))
        more = say("chart.silence.more", lang, model=term(f"model.{model.kind}", lang))
        return finished(
            figure, "silence", title, alt, caption(lang, model.n or 0, source, as_of, more), chart
        )


def _shares(scheme: RFM, customers: pd.DataFrame) -> dict[str, float]:
    labels = scheme.label(customers)[scheme.name]
    buyers = labels[~labels.isin([PROSPECT, UNKNOWN])]
    return {str(label): float(share) for label, share in buyers.value_counts(normalize=True).items()}


def _alive(model: BGNBD | MBGNBD, many: int, days: np.ndarray) -> np.ndarray:
    """P(alive) of somebody who bought on `many` days of a year and has been silent for `days` since."""
    span = 365 / DAYS_IN[model.unit] if many > 1 else 0.0
    rows = pd.DataFrame({"x": float(many - 1), "t_x": span, "T": span + days / DAYS_IN[model.unit]})
    return model.p_alive(rows).to_numpy()


def _first_below(line: np.ndarray) -> int | None:
    below = np.flatnonzero(line < HALF)
    return int(below[0]) if len(below) else None


def _title_of_silence(few: int, most: int, below: dict[int, int | None], lang: Lang) -> str:
    """The busiest beside the least busy for whom silence comes to mean anything within the days drawn."""
    soon = below[most]
    if soon is None:
        return say("chart.silence.title_none", lang, most=most, longest=LONGEST)
    told = [(many, late) for many, late in below.items() if late is not None and many != most]
    if not told:
        return say("chart.silence.title_later", lang, most=most, soon=soon, few=few, longest=LONGEST)
    less, late = told[0]
    return say("chart.silence.title", lang, most=most, soon=soon, few=less, late=late)
