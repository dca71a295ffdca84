"""How much of the business rests on how few customers?"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE, SHAPES, segment_marks
from segkit.charts.theme import (
    SMALL,
    TEXT,
    Drawn,
    accent_line,
    canvas,
    caption,
    clipped,
    empty,
    finished,
    plain,
    style,
)
from segkit.locale import Lang, has_message, name_of, percent, say
from segkit.schemes.pareto import top_share

_STEPS = tuple(i / 20 for i in range(21))  # the shares of customers handed on with the figure
_FEW = 30  # below this many customers "the top 20 %" is said as a number of customers
_MOST_POINTS = 400


def top_customers(values: pd.Series, share: float = 0.2) -> tuple[int, float]:
    """How much of the total do the best `share` of customers hold?

    Only values above zero take part. Gives the number of customers meant (`share` of them, rounded up) and
    their share of the total in 0..1; (0, 0.0) where there is no such customer.
    """
    best = _best_first(values)
    if best.empty:
        return 0, 0.0
    return math.ceil(round(share * len(best), 9)), top_share(best, share)


def concentration(
    customers: pd.DataFrame,
    *,
    value: str = "monetary",
    classes: str = "abc",
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    """How much of the business rests on how few customers? (集中度)

    Cumulative share of `value` against the share of customers, best first, the top 20 % marked, and the areas
    of the ABC classes where the column `classes` exists and follows the value.

    Parameters
    ----------
    customers : one row per customer
    value : column in the client's currency; customers at or below zero are left out, and the caption says so
    classes : column of class labels
    source, as_of : for the caption

    References
    ----------
    Lorenz (1905); Pareto (1896).
    """
    customers = customers.reset_index(drop=True)
    best = _best_first(customers[value])
    n, left_out = len(best), len(customers) - len(best)
    noun = _noun(value, lang)
    curve = np.concatenate([[0.0], (best.cumsum() / best.sum()).to_numpy()]) if n else np.zeros(1)
    chart = Chart(
        kind="line",
        categories=tuple(percent(step, 0) for step in _STEPS),
        series=(Series(name=say("chart.conc.y", lang, noun=noun), values=_at(curve, n), unit="share"),),
    )
    if n == 0:
        reason = say("chart.conc.none", lang, noun=noun, n=len(customers))
        return empty("concentration", reason, lang, source, as_of, chart)

    few, held = top_customers(best)
    title = say(
        "chart.conc.title_few" if n < _FEW else "chart.conc.title", lang, k=few, n=n, held=held, noun=noun
    )
    areas = _areas(customers.loc[best.index], classes, curve)
    with style():
        figure, [ax] = canvas(4.1)
        x = np.linspace(0, 1, n + 1)
        keep = _thinned(n + 1, [few, *(end for *_, end in areas)])
        lines = _draw_areas(ax, areas, x, curve, keep, lang, noun)
        ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
        ax.text(0.63, 0.6, say("chart.conc.even", lang), color=GREY, fontsize=SMALL - 1, ha="left", va="top")
        ax.plot(x[keep], curve[keep], color=INK, linewidth=1.8, solid_joinstyle="round")
        _mark_top(ax, few / n, held, say("chart.conc.point", lang, at=few / n, held=held, noun=noun))
        for i, (mark, colour, label) in enumerate(reversed(lines)):
            place: dict[str, Any] = {"y": 0.06 + 0.075 * i, "ha": "right", "va": "bottom", "fontsize": SMALL}
            ax.text(x=0.985, s=mark, color=colour, **place)
            ax.text(x=0.955, s=label, color=INK, **place)
        shares = [0, 0.2, 0.4, 0.6, 0.8, 1]
        names = [percent(share, 0) for share in shares]
        ax.set(xlim=(0, 1), ylim=(0, 1.02))
        ax.set_xticks(shares, names)
        ax.set_yticks(shares, names)
        ax.set_xlabel(say("chart.conc.x", lang, noun=noun))
        ax.set_ylabel(say("chart.conc.y", lang, noun=noun))
        facts = {"n": n, "noun": noun, "title": title}
        if n >= _FEW:
            facts |= _deciles(curve, n)
        alt = say("chart.conc.alt" if n >= _FEW else "chart.conc.alt_few", lang, **facts)
        more = say("chart.conc.left_out", lang, n=left_out, noun=noun) if left_out else ""
        return finished(
            figure,
            "concentration",
            title,
            "".join([alt, *(say("chart.sentence", lang, text=label) for *_, label in lines)]),
            caption(lang, n, source, as_of, more),
            chart,
        )


def _noun(value: str, lang: Lang) -> str:
    own = f"chart.noun.{value}"
    return say(own, lang) if has_message(own) else plain(name_of("field", value, lang))


def _best_first(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    return numbers[numbers > 0].sort_values(ascending=False, kind="stable")


def _at(curve: np.ndarray, n: int) -> tuple[float | None, ...]:
    if n == 0:
        return (None,) * len(_STEPS)
    return tuple(round(float(y), 6) for y in np.interp(_STEPS, np.linspace(0, 1, n + 1), curve))


def _deciles(curve: np.ndarray, n: int) -> dict[str, float]:
    return {f"p{round(share * 100)}": curve[max(1, math.ceil(round(share * n, 6)))] for share in (0.1, 0.5)}


def _areas(best: pd.DataFrame, classes: str, curve: np.ndarray) -> list[tuple[str, int, int]]:
    """(label, first, last point of the curve) of each class; none where a class does not follow the value."""
    if classes not in best:
        return []
    labels = best[classes].astype(object).fillna("unknown").astype(str).to_numpy()
    start = [0, *(int(i) + 1 for i in (labels[1:] != labels[:-1]).nonzero()[0])]
    if len(start) != len(set(labels)) or len(start) > 5:
        return []
    return [(str(labels[i]), i, j) for i, j in zip(start, [*start[1:], len(labels)], strict=True)]


def _draw_areas(
    ax: Axes,
    areas: list[tuple[str, int, int]],
    x: np.ndarray,
    curve: np.ndarray,
    keep: list[int],
    lang: Lang,
    noun: str,
) -> list[tuple[str, str, str]]:
    """Shade each class and mark where it ends; gives (mark, colour, words) to write beside them."""
    lines = []
    marks = segment_marks([label for label, *_ in areas], lang)
    for label, first, last in areas:
        colour, mark = marks[label]["colour"], marks[label]["mark"]
        inside = [i for i in keep if first <= i <= last]
        ax.fill_between(x[inside], curve[inside], color=colour, alpha=0.12, linewidth=0)
        if last < len(curve) - 1:
            ax.plot([x[last]] * 2, [0, curve[last]], color=PALE, linewidth=0.8)
        shape, filled = SHAPES[mark]
        ax.plot(
            x[last],
            curve[last],
            shape,
            color=colour,
            markerfacecolor=colour if filled else "white",
            markersize=7,
            zorder=4,
            clip_on=False,
        )
        facts = {
            "name": clipped(plain(marks[label]["name"]), 24),
            "customers": (last - first) / (len(curve) - 1),
            "held": curve[last] - curve[first],
            "noun": noun,
        }
        lines.append((mark, colour, say("chart.conc.area", lang, **facts)))
    return lines


def _mark_top(ax: Axes, at: float, held: float, words: str) -> None:
    accent_line(ax, x=at)
    ax.plot([at], [held], "o", color=ACCENT, markersize=6, zorder=5, clip_on=False)
    right = at < 0.6
    ax.annotate(
        words,
        (at, held),
        xytext=(8, -4) if right else (-8, -22),
        textcoords="offset points",
        ha="left" if right else "right",
        va="top",
        color=ACCENT,
        fontsize=TEXT,
        fontweight="bold",
    )


def _thinned(points: int, always: list[int]) -> list[int]:
    """Which points of the curve are drawn: all of a short one, evenly spread ones of a long one."""
    spread = np.linspace(0, points - 1, min(points, _MOST_POINTS)).round().astype(int)
    # the curve bends at its beginning, where a big client's best customers stand
    start = range(min(points, 50))
    return sorted({0, points - 1, *map(int, spread), *start, *always})
