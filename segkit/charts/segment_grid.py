"""Which scores make which segment, and who stands there?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import GREY, INK, PALE, PAPER, SegmentMark, segment_marks
from segkit.charts.theme import (
    SMALL,
    TEXT,
    Drawn,
    canvas,
    caption,
    clipped,
    drop_spines,
    finished,
    plain,
    style,
)
from segkit.locale import Lang, count, say
from segkit.schemes.segment_maps import Segment, SegmentMap, lint, own_map

Scores = tuple[int, int, int]


def segment_grid(
    segments: Sequence[Segment | Mapping[str, Any]],
    customers: pd.DataFrame,
    *,
    bins: int = 5,
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    """Which scores make which segment, and who stands there? (分群对照表)

    R upwards, F to the right; a cell whose segment depends on M is parted, lowest M left. Codes of no segment are
    hatched. The number in a cell is its customers.

    Parameters
    ----------
    segments : the map, as in schemes.yml; the first line that holds a code wins
    customers : one row per customer with ``r_score, f_score, m_score``, whole numbers 1 to `bins` or missing
    source, as_of : for the caption
    """
    drawn_map = own_map(segments, bins)
    found = lint(segments, bins=bins)
    people = _people(customers)
    n = sum(people.values())
    sizes = dict.fromkeys(drawn_map.ids, 0)
    homeless = 0
    for code, k in people.items():
        label = drawn_map.find(code)
        if label is None:
            homeless += k
        else:
            sizes[label] += k
    marks = segment_marks(list(sizes), lang)
    facts = {
        "k": len(sizes),
        "cells": found.cells,
        "holes": len(found.uncovered),
        "twice": len(found.covered_twice),
        "people": homeless,
        "n": n,
    }
    largest = max(sizes, key=lambda label: sizes[label], default=None)
    if found.uncovered:
        title = say("chart.grid.title_holes", lang, **facts)
    elif found.covered_twice:
        title = say("chart.grid.title_twice", lang, **facts)
    else:
        name = plain(marks[str(largest)]["name"])
        title = say("chart.grid.title", lang, **facts, name=name, most=sizes[str(largest)])
    with style():
        figure, [ax] = canvas(1.4 + 0.62 * max(bins, len(sizes) * 0.42))
        for r in range(1, bins + 1):
            for f in range(1, bins + 1):
                _cell(ax, drawn_map, (r, f), marks, sum(people.get((r, f, m), 0) for m in range(1, bins + 1)))
        _names_beside(ax, bins, marks, sizes, homeless, bool(found.uncovered), lang)
        ax.set(xlim=(0.45, bins + 0.55 + bins * 0.75), ylim=(0.45, bins + 0.55))
        ax.set_xticks(range(1, bins + 1))
        ax.set_yticks(range(1, bins + 1))
        ax.set_xlabel(say("chart.heat.x", lang), loc="left")
        ax.set_ylabel(say("chart.heat.y", lang))
        ax.tick_params(length=0)
        drop_spines(ax, "left", "bottom")
        lines = [say("chart.grid.size", lang, name=plain(m["name"]), k=sizes[i]) for i, m in marks.items()]
        alt = say("chart.grid.alt", lang, title=title, sizes=say("chart.join", lang).join(lines))
        missing = len(customers) - n
        more = [say("chart.grid.left_out", lang, n=missing)] if missing else []
        return finished(
            figure,
            "segment_grid",
            title,
            alt,
            caption(lang, n, source, as_of, say("chart.grid.cell", lang), *more),
            Chart(
                kind="bar",
                categories=tuple(plain(mark["name"]) for mark in marks.values()),
                series=(
                    Series(name=say("chart.shift.people", lang), values=tuple(sizes.values()), unit="count"),
                ),
            ),
        )


def _people(customers: pd.DataFrame) -> dict[Scores, int]:
    scored = customers[["r_score", "f_score", "m_score"]].dropna().astype(int)
    return {(int(r), int(f), int(m)): int(k) for (r, f, m), k in scored.value_counts().items()}


def _cell(
    ax: Axes, drawn_map: SegmentMap, at: tuple[int, int], marks: dict[str, SegmentMark], people: int
) -> None:
    """One score of R and F: strips from the lowest M to the highest, neighbours of one segment as one."""
    r, f = at
    width = 0.94 / drawn_map.highest
    levels = range(1, drawn_map.highest + 1)
    for label, strip in groupby(levels, key=lambda m: drawn_map.find((r, f, m))):
        ms = list(strip)
        left, wide = f - 0.47 + (ms[0] - 1) * width, len(ms) * width
        corner = (left, r - 0.47)
        if label is None:
            ax.add_patch(
                Rectangle(corner, wide, 0.94, facecolor=PAPER, edgecolor=PALE, hatch="////", linewidth=0.8)
            )
            continue
        mark = marks[label]
        ax.add_patch(Rectangle(corner, wide, 0.94, facecolor=mark["colour"], alpha=0.16, linewidth=0))
        ax.text(
            left + wide / 2,
            r + 0.12,
            mark["mark"],
            color=mark["colour"],
            ha="center",
            va="center",
            fontsize=TEXT if len(ms) > 1 else SMALL - 2,
        )
    ax.add_patch(Rectangle((f - 0.47, r - 0.47), 0.94, 0.94, fill=False, edgecolor=PALE, linewidth=0.8))
    if people:
        place: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": SMALL - 1}
        behind = {"boxstyle": "square,pad=0.1", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.7}
        ax.text(f, r - 0.29, count(people), color=INK, bbox=behind, **place)


def _names_beside(
    ax: Axes,
    bins: int,
    marks: dict[str, SegmentMark],
    sizes: dict[str, int],
    homeless: int,
    holes: bool,
    lang: Lang,
) -> None:
    """Names with marks and sizes where the grid ends, in the order of the map."""
    lines = [
        (
            mark["mark"],
            mark["colour"],
            say("chart.grid.size", lang, name=clipped(plain(mark["name"]), 22), k=sizes[i]),
        )
        for i, mark in marks.items()
    ]
    if holes:
        lines.append(("/", GREY, say("chart.grid.size", lang, name=say("chart.grid.none", lang), k=homeless)))
    step = min(0.42, (bins + 0.0) / max(1, len(lines)))
    for i, (mark, colour, words) in enumerate(lines):
        y = bins + 0.3 - i * step
        ax.text(bins + 0.72, y, mark, color=colour, ha="center", va="center", fontsize=SMALL)
        ax.text(bins + 0.88, y, words, color=INK, ha="left", va="center", fontsize=SMALL)
