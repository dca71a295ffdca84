"""Figure of the lesson on criteria: what holds between groups may be reversed within them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK
from segkit.charts.table_words import heading, names_of_values
from segkit.charts.theme import SMALL, Drawn, canvas, caption, empty, finished, style
from segkit.locale import Lang, say

LEAST = 30  # customers a group needs to be cut in two
CLOSE = 0.06  # of the height: nearer than this two names would touch


def halves_within(frame: pd.DataFrame, *, group: str, x: str, y: str, least: int = LEAST) -> pd.DataFrame:
    """Do those with more `x` have more `y`, among the groups and within each of them? (大区之间与大区之内)

    Each group is cut in two at its own median of `x`; a value at the median belongs to the upper half.

    Parameters
    ----------
    frame : one row per customer; rows without a number in `x` or `y` do not count
    least : groups of fewer customers are left out: a half of a few says nothing

    Returns
    -------
    frame, one row per group, by mean of `x`: `group, customers, x_mean, y_mean, x_low, y_low, x_high, y_high`,
    the last four the means of the lower and the upper half
    """
    known = frame[[group, x, y]].dropna()
    rows = []
    for name, here in known.groupby(group):
        upper = here[x] >= here[x].median()
        if len(here) < least or upper.all():
            continue
        means = {"customers": len(here), "x_mean": here[x].mean(), "y_mean": here[y].mean()}
        for half, part in (("low", here[~upper]), ("high", here[upper])):
            means |= {f"x_{half}": part[x].mean(), f"y_{half}": part[y].mean()}
        rows.append({"group": name, **means})
    columns = ["group", "customers", "x_mean", "y_mean", "x_low", "y_low", "x_high", "y_high"]
    return pd.DataFrame(rows, columns=columns).sort_values("x_mean", ignore_index=True)


def between_and_within(
    frame: pd.DataFrame,
    *,
    group: str,
    x: str,
    y: str,
    least: int = LEAST,
    lang: Lang,
    source: str,
    as_of: dt.date | str,
) -> Drawn:
    """Does what holds between groups hold within them? (生态谬误)

    A dot for the mean of each group, and through it the line from the mean of its lower half by `x` to that of its
    upper half.

    Parameters
    ----------
    frame : one row per customer
    group : column of the groups; x, y : columns with numbers, called as their headings say
    least : groups of fewer customers are left out, and counted in the caption
    source, as_of : for the caption; n is the number of customers drawn

    References
    ----------
    Robinson (1950), Ecological correlations and the behavior of individuals, American Sociological Review 15(3).
    """
    found = halves_within(frame, group=group, x=x, y=y, least=least)
    naming = names_of_values(group, found["group"], lang) or str
    names = tuple(naming(name) for name in found["group"])
    series = [(heading(c, lang), part) for c, part in ((x, "x_mean"), (y, "y_mean"))]
    shown = [*series, (say("chart.ecology.low", lang), "y_low"), (say("chart.ecology.high", lang), "y_high")]
    chart = Chart(
        kind="scatter",
        categories=names,
        series=tuple(
            Series(name=name, values=tuple(round(float(v), 2) for v in found[part]), unit="money")
            for name, part in shown
        ),
    )
    if len(found) < 2:
        return empty("between_and_within", say("chart.ecology.none", lang), lang, source, as_of, chart)
    falls = int((found["y_high"] < found["y_low"]).sum())
    rises = float(np.corrcoef(found["x_mean"], found["y_mean"])[0, 1]) > 0
    facts = {"x": _bare(x, lang), "y": _bare(y, lang), "group": _bare(group, lang), "n": len(found)}
    reversed_ = rises and falls > len(found) / 2
    which = "chart.ecology.title" if reversed_ else "chart.ecology.title_plain"
    title = say(which, lang, falls=falls, rises=len(found) - falls, **facts)
    with style():
        figure, [ax] = canvas(4.2)
        shifts = _shifts(found)
        for row, name in zip(found.itertuples(), names, strict=True):
            ax.plot([row.x_low, row.x_high], [row.y_low, row.y_high], color=GREY, linewidth=1.6, zorder=1)
            ax.scatter([row.x_mean], [row.y_mean], s=34, color=ACCENT, zorder=2)
            ax.annotate(
                name,
                (row.x_high, row.y_high),
                xytext=(5, shifts[row.Index]),
                textcoords="offset points",
                fontsize=SMALL,
                color=INK,
            )
        slope, level = np.polyfit(found["x_mean"], found["y_mean"], 1)
        ends = np.array([found["x_mean"].min(), found["x_mean"].max()])
        ax.plot(ends, slope * ends + level, color=ACCENT, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
        ax.margins(x=0.12, y=0.1)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        ax.set_xlabel(heading(x, lang))
        ax.set_ylabel(heading(y, lang))
        told = [
            say("chart.ecology.alt_row", lang, name=name, mean=row.y_mean, low=row.y_low, high=row.y_high)
            for row, name in zip(found.itertuples(), names, strict=True)
        ]
        alt = say("chart.ecology.alt", lang, title=title, rows=say("chart.join", lang).join(told))
        n = int(found["customers"].sum())
        left = len(frame) - n
        more = [say("chart.ecology.how", lang)]
        more += [say("chart.ecology.left_out", lang, n=left, least=least)] if left else []
        return finished(
            figure, "between_and_within", title, alt, caption(lang, n, source, as_of, *more), chart
        )


def _shifts(found: pd.DataFrame) -> list[int]:
    """How far above the end of its line a name stands, in points: apart where two ends nearly meet."""
    span = found["y_low"].max() - found["y_high"].min()
    ends = found["y_high"].to_numpy()
    shifts = []
    for n, end in enumerate(ends):
        near = [other for m, other in enumerate(ends) if m != n and abs(other - end) < span * CLOSE]
        shifts.append(-3 if not near else 1 if end >= max(near) else -10)
    return shifts


def _bare(column: str, lang: Lang) -> str:
    """A heading without its unit, as it stands in a sentence."""
    text = heading(column, lang).split("（")[0].split(" (")[0]
    return text if lang == "zh" else text[:1].lower() + text[1:]
