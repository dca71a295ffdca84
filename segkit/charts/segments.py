"""Which segments are many, and which are worth much?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

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
    plain,
    style,
)
from segkit.locale import Lang, listing, name_of, percent, say

_MOST = 8
_FEWEST = 3  # room is kept for so many bars, or a single one would fill the picture
_NOTHING, _REST = "—", "＋"
_ALL = 0.9995  # reads 100.0 %
_NAMED = 5  # names said of the segments that were grouped


@dataclass(frozen=True)
class _Bar:
    name: str
    mark: str
    colour: str
    customers: int
    people: float
    held: float | None
    label: str = ""


def segment_value(
    summary: pd.DataFrame,
    *,
    labels: Sequence[str] | None = None,
    keep: Sequence[str] = (),
    id: str = "segment_value",
    title: str | None = None,
    about: str = "",
    marked: bool = True,
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    """Which segments are many, and which are worth much? (各类客户的人数与收入)

    Share of customers beside share of value, the most valuable segment first, at most eight bars; the rest is
    one bar, and the caption names it. Where one segment holds all the value, customers alone are drawn.

    Parameters
    ----------
    summary : one row per segment with ``label, customers, monetary`` and, where they exist, its own ``name``
        and ``positive``, the sum of the totals above zero: shares are of these, and a segment whose whole is
        not above zero has none; a missing total is not known
    id, title : of the figure, where a report holds several of them and the message is not that of the first bar
    about : label of the segment the title speaks of, where it is not the first bar
    marked : each segment in its own colour and mark; groups that are no segments stand in one colour
    labels : all labels of the scheme in order, where `summary` lacks some: keeps the colours of own labels
    keep : labels that have a bar of their own however small they are
    source, as_of : for the caption
    """
    n = int(summary["customers"].sum())
    if "positive" not in summary:
        summary = summary.assign(positive=summary["monetary"].clip(lower=0))
    # refunds may leave a segment below zero: shares are of what the others brought, none above 100 %
    total = float(summary["positive"].sum())
    holds_all = (
        summary[summary["positive"] > _ALL * total] if total > 0 and len(summary) > 1 else summary.head(0)
    )
    if len(holds_all):
        total = 0.0
    by = ["monetary", "customers"] if total > 0 else ["customers"]
    table = summary.sort_values(by, ascending=False, kind="stable")
    kept = table["label"].isin(keep).to_numpy()
    bars, rest = _bars(table, labels or list(summary["label"]), kept, n, total, lang)
    if not marked:
        bars = [replace(bar, mark="", colour=bar.colour if bar.mark == _REST else ACCENT) for bar in bars]
    chart = _chart(bars, lang)
    if n == 0:
        return empty(id, say("chart.seg.none", lang), lang, source, as_of, chart)

    whole = any(bar.held is not None for bar in bars)
    told = [bar for bar in bars if bar.label == about and (bar.held is not None or not whole)]
    first = told[0] if told else bars[0]
    which = (
        "chart.seg.title_one" if len(bars) == 1 else "chart.seg.title" if whole else "chart.seg.title_people"
    )
    title = title or say(
        which,
        lang,
        n=n,
        name=clipped(first.name, 24),
        people=first.people,
        held=first.held,
    )
    with style():
        figure, axes = canvas(1.5 + 0.36 * max(_FEWEST, len(bars)), columns=2 if whole else 1, sharey=True)
        for ax, key in zip(axes, ("people", "held"), strict=False):
            _draw(ax, bars, [getattr(bar, key) for bar in bars], with_marks=ax is axes[0])
            ax.set_title(say(f"chart.seg.{key}", lang), color=GREY, fontsize=SMALL)
        axes[0].set_yticks(range(len(bars)), [clipped(bar.name, 24) for bar in bars], color=INK)
        axes[0].tick_params(axis="y", pad=18 if marked else 6)
        axes[0].set_ylim(max(_FEWEST, len(bars)) - 0.5, -0.5)
        more = [say("chart.seg.rest", lang, k=len(rest), names=_some(rest, lang))] if rest else []
        if len(holds_all):
            more.append(say("chart.seg.holds_all", lang, name=_name(holds_all.iloc[0], lang)))
        elif not whole and summary["monetary"].notna().any():
            more.append(say("chart.seg.no_value", lang))
        says = [
            say("chart.seg.alt_people" if bar.held is None else "chart.seg.alt_bar", lang, **_facts(bar))
            for bar in bars
        ]
        return finished(
            figure,
            id,
            title,
            say("chart.seg.alt", lang, title=title, bars=say("chart.join", lang).join(says)),
            caption(lang, n, source, as_of, *more),
            chart,
        )


def _bars(
    table: pd.DataFrame, labels: Sequence[str], kept: np.ndarray, n: int, total: float, lang: Lang
) -> tuple[list[_Bar], list[str]]:
    marks = segment_marks([*map(str, labels), *map(str, table["label"])], lang)
    bars, rest = [], []
    own = np.argsort(~kept, kind="stable")[: _MOST if len(table) <= _MOST else _MOST - 1]
    alone = np.isin(np.arange(len(table)), own)
    shown, others = table[alone], table[~alone]
    named = "name" in table
    for row in shown.itertuples():
        mark = marks[str(row.label)]
        name = str(row.name) if named else mark["name"]
        worth = row.positive if row.monetary > 0 else None
        bar = _bar(name, mark["mark"], mark["colour"], row.customers, worth, n, total)
        bars.append(replace(bar, label=str(row.label)))
    if len(others):
        rest = [str(o.name) if named else marks[str(o.label)]["name"] for o in others.itertuples()]
        name = say("chart.seg.others", lang, k=len(others))
        worthy = others[others["monetary"] > 0]  # those that have a share of their own
        worth = worthy["positive"].sum() if len(worthy) else None
        bars.append(_bar(name, _REST, GREY, others["customers"].sum(), worth, n, total))
    return bars, [plain(name) for name in rest]


def _bar(
    name: str, mark: str, colour: str, customers: float, worth: float | None, n: int, total: float
) -> _Bar:
    held = float(worth) / total if worth is not None and total > 0 else None
    return _Bar(plain(name), mark, colour, int(customers), customers / n if n else 0.0, held)


def _name(row: pd.Series, lang: Lang) -> str:
    return plain(str(row["name"]) if "name" in row else name_of("segment", str(row["label"]), lang))


def _facts(bar: _Bar) -> dict[str, object]:
    return {"name": bar.name, "people": bar.people, "held": bar.held, "k": bar.customers}


def _some(names: list[str], lang: Lang) -> str:
    said = listing([clipped(name, 24) for name in names[:_NAMED]], lang)
    return said if len(names) <= _NAMED else say("chart.seg.and_more", lang, names=said, k=len(names))


def _draw(ax: Axes, bars: list[_Bar], shares: list[float | None], with_marks: bool) -> None:
    for i, (bar, share) in enumerate(zip(bars, shares, strict=True)):
        ax.barh(i, share or 0.0, height=0.66, color=bar.colour, linewidth=0)
        ax.annotate(
            _NOTHING if share is None else percent(share),
            (share or 0.0, i),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=INK,
        )
        if with_marks:
            ax.annotate(
                bar.mark,
                (0, i),
                xycoords=("axes fraction", "data"),
                xytext=(-6, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                color=bar.colour,
            )
    ax.set_xlim(0, max([0.01, *(share or 0.0 for share in shares)]) * 1.22)
    ax.axvline(0, color=PALE, linewidth=0.8)
    ax.set_xticks([])
    ax.tick_params(length=0)
    drop_spines(ax, "left", "bottom")


def _chart(bars: list[_Bar], lang: Lang) -> Chart:
    series = [
        Series(
            name=say("chart.seg.people", lang),
            values=tuple(round(bar.people, 6) for bar in bars),
            unit="share",
        )
    ]
    if any(bar.held is not None for bar in bars):
        held = tuple(None if bar.held is None else round(bar.held, 6) for bar in bars)
        series.append(Series(name=say("chart.seg.held", lang), values=held, unit="share"))
    return Chart(kind="bar", categories=tuple(bar.name for bar in bars), series=tuple(series))
