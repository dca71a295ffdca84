"""How recent, how often, how much: how are the customers spread?"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE
from segkit.charts.theme import (
    SMALL,
    Drawn,
    accent_line,
    canvas,
    caption,
    drop_spines,
    empty,
    finished,
    style,
)
from segkit.locale import Lang, count, number, percent, say

_BINS = 12
_MOST_BARS = 8  # whole numbers shown one by one, the last bar is "8 or more"
_SKEWED = 20.0  # a largest amount this many times the median asks for a log axis


@dataclass(frozen=True)
class _Panel:
    key: str  # r, f or m
    edges: np.ndarray  # for bars: their places, one more than counts
    counts: np.ndarray
    names: tuple[str, ...]  # one per bin
    median: float
    log: bool = False
    whole: bool = False


def distributions(customers: pd.DataFrame, *, lang: Lang, source: str, as_of: dt.date) -> Drawn:
    """How are recency, frequency and money spread over the customers? (R、F、M 的分布)

    Small panels with the median marked: days since the last order, order days (the tail in one bar), money
    (log axis where few customers spend many times what most do). What is known of no customer, or is the same for
    all of them, has no panel.

    Parameters
    ----------
    customers : one row per customer with ``recency_days, frequency, monetary``; those who never bought
        (frequency 0, or unknown without money) are left out, and the caption says so
    source, as_of : for the caption
    """
    frequency, spent = (
        pd.to_numeric(customers[column], errors="coerce") for column in ("frequency", "monetary")
    )
    buyers = customers[(frequency.fillna(0) > 0) | (frequency.isna() & (spent.fillna(0) > 0))]
    n, prospects = len(buyers), len(customers) - len(buyers)
    if n == 0:
        reason, none = (
            say("chart.dist.none", lang, n=len(customers)),
            Chart(kind="histogram", categories=(), series=()),
        )
        return empty("distributions", reason, lang, source, as_of, none)

    columns = {"r": "recency_days", "f": "frequency", "m": "monetary"}
    known = {key: _numbers(buyers[column]) for key, column in columns.items()}
    known = {key: values for key, values in known.items() if len(values)}
    if not known:
        nothing = Chart(kind="histogram", categories=(), series=())
        return empty("distributions", say("chart.dist.unknown", lang, n=n), lang, source, as_of, nothing)
    # one bar with everybody in it tells nothing
    known = {key: values for key, values in known.items() if values.min() < values.max()} or known
    panels = [_panel(key, values, lang) for key, values in known.items()]
    title = _title(known, lang)

    with style():
        figure, axes = canvas(3.0, columns=len(panels))
        for ax, panel in zip(axes, panels, strict=True):
            _draw(ax, panel, lang)
        axes[0].set_ylabel(say("chart.dist.y", lang))
        more = [say("chart.dist.median", lang)]
        if any(panel.log for panel in panels):
            more.append(say("chart.dist.log", lang))
            if (known["m"] <= 0).any():
                more.append(say("chart.dist.not_positive", lang, n=int((known["m"] <= 0).sum())))
        if prospects:
            more.append(say("chart.dist.prospects", lang, n=prospects))
        return finished(
            figure,
            "distributions",
            title,
            _alt(title, known, n, lang),
            caption(lang, n, source, as_of, *more),
            _chart(panels, lang),
        )


def _panel(key: str, values: np.ndarray, lang: Lang) -> _Panel:
    if key == "f" and _median(values) < _MOST_BARS:
        return _bars(values, lang)
    log = key == "m" and _is_skewed(values)
    return _spread(key, values[values > 0] if log else values, _median(values), log)


def _title(known: dict[str, np.ndarray], lang: Lang) -> str:
    """What is known said in one line: who bought once, or how often half of them did where nobody bought once;
    how long half of them are silent; else the money."""
    facts: dict[str, float] = {}
    which = ""
    if "f" in known:
        once, usual = float((known["f"] == 1).mean()), _median(known["f"])
        which = "f" if percent(once, 0) != percent(0, 0) else "g"
        facts |= {"once": once, "f": math.floor(usual)}
    if "r" in known:
        which += "r"
        facts["r"] = _median(known["r"])
    if not which:
        return say("chart.dist.title_m", lang, m=_median(known["m"]))
    return say(f"chart.dist.title_{which}", lang, **facts)


def _alt(title: str, known: dict[str, np.ndarray], n: int, lang: Lang) -> str:
    parts = [
        say(f"chart.dist.alt_{key}", lang, x=_median(x), low=_quantile(x, 25), high=_quantile(x, 75))
        for key, x in known.items()
    ]
    return say("chart.dist.alt", lang, n=n, title=title, parts=parts)


def _numbers(column: pd.Series) -> np.ndarray:
    values = pd.to_numeric(column, errors="coerce").astype("float64").to_numpy()
    return values[np.isfinite(values)]


def _median(values: np.ndarray) -> float:
    return float(np.median(values))


def _quantile(values: np.ndarray, percentile: int) -> float:
    return float(np.percentile(values, percentile))


def _is_skewed(values: np.ndarray) -> bool:
    positive = values[values > 0]
    return len(positive) > len(values) / 2 and float(positive.max()) > _SKEWED * _median(positive)


def _spread(key: str, values: np.ndarray, median: float, log: bool = False) -> _Panel:
    low, high = float(values.min()), float(values.max())
    if low == high:
        edges = np.array([low - 0.5, high + 0.5])
    elif log:
        edges = np.geomspace(low, high, _BINS + 1)
    else:
        edges = np.asarray(MaxNLocator(_BINS, steps=[1, 2, 2.5, 3, 5, 6, 10]).tick_values(low, high))
    # the outermost edges hold their values whatever rounding did to them
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    names = tuple(f"{_short(a)}–{_short(b)}" for a, b in pairwise(edges))
    return _Panel(key, edges, counts, names if low != high else (_short(low),), median, log)


def _bars(values: np.ndarray, lang: Lang) -> _Panel:
    whole = np.maximum(np.round(values), 1).astype(int)
    top = int(min(whole.max(), _MOST_BARS))
    counts = np.bincount(np.minimum(whole, top), minlength=top + 1)[1:]
    names = [count(k) for k in range(1, top + 1)]
    if whole.max() > top:
        names[-1] = say("chart.dist.or_more", lang, k=top)
    return _Panel("f", np.arange(top + 1) + 0.5, counts, tuple(names), _median(values), whole=True)


def _short(value: float) -> str:
    if abs(value) >= 10 or value == round(value):
        return count(value)
    return (
        number(value, 2)
        if abs(value) >= 0.1
        else np.format_float_positional(value, 2, fractional=False, trim="-")
    )


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten to write on a narrow axis: at most three, two where they are long."""
    powers = [10.0**k for k in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]
    fit = 3 if high < 1e6 else 2
    if len(powers) <= fit:
        return powers
    return [powers[0], powers[-1]] if fit == 2 else [powers[0], powers[len(powers) // 2], powers[-1]]


def _draw(ax: Axes, panel: _Panel, lang: Lang) -> None:
    width = np.diff(panel.edges)
    gap = 0.82 if panel.whole else 1.0
    place = panel.edges[:-1] + width * (1 - gap) / 2
    ax.bar(place, panel.counts, width * gap, align="edge", color=PALE, edgecolor="white", linewidth=0.6)
    if panel.log:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(_decades(panel.edges[0], panel.edges[-1])))
        ax.xaxis.set_minor_locator(NullLocator())
    if panel.whole:
        ax.set_xticks(range(1, len(panel.counts) + 1), panel.names)
    elif len(panel.counts) == 1:
        ax.set_xticks([panel.edges.mean()], panel.names)
    else:
        if not panel.log:
            ax.xaxis.set_major_locator(MaxNLocator(3, integer=True))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _short(x)))
    at = min(panel.median, panel.edges[-1]) if panel.whole else panel.median
    accent_line(ax, x=at)
    left = _is_left(ax, at)
    ax.annotate(
        _short(panel.median) if panel.key != "f" else number(panel.median, 1).removesuffix(".0"),
        (at, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(4 if left else -4, -2),
        textcoords="offset points",
        ha="left" if left else "right",
        va="top",
        color=ACCENT,
        fontsize=SMALL,
        fontweight="bold",
    )
    ax.set_title(say(f"chart.dist.{panel.key}", lang), fontsize=SMALL, color=INK)
    ax.set_ylim(0, max(1, panel.counts.max()) * 1.15)
    ax.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: count(y)))
    drop_spines(ax, "left")
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", color=PALE, linewidth=0.5, alpha=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(axis="x", colors=PALE, labelcolor=GREY)


def _is_left(ax: Axes, at: float) -> bool:
    """Is `at` in the left half of the axis, so that its label has room on the right?"""
    return bool(ax.transAxes.inverted().transform(ax.transData.transform((at, 0)))[0] < 0.55)


def _chart(panels: list[_Panel], lang: Lang) -> Chart:
    """The bins of the panels one after the other; each series fills its own, the others stay empty."""
    series, before, total = [], 0, sum(len(p.counts) for p in panels)
    for panel in panels:
        after = total - before - len(panel.counts)
        values = (*[None] * before, *map(int, panel.counts), *[None] * after)
        series.append(Series(name=say(f"chart.dist.{panel.key}", lang), values=values, unit="count"))
        before += len(panel.counts)
    names = tuple(f"{p.key.upper()} {name}" for p in panels for name in p.names)
    return Chart(kind="histogram", categories=names, series=tuple(series))
