"""Figures of the lesson on effect: what those did who got nothing, and what would have been without us."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK
from segkit.charts.theme import SMALL, Drawn, canvas, caption, drop_spines, empty, finished, plain, style
from segkit.evaluate.causal import Difference
from segkit.evaluate.experiment import HOLDOUT, TREATED
from segkit.locale import Lang, percent, say

MOST = 2  # groups side by side; more are too small to read
_LINES = {TREATED: (ACCENT, "o", "-", True), HOLDOUT: (GREY, "s", "--", False)}
_MISSING = "#DA3C0B"  # what would have been: seen nowhere, reckoned


def with_and_without(
    experiment: pd.DataFrame,
    *,
    periods: tuple[str, str],
    unit: str,
    lang: Lang,
    source: str,
    as_of: dt.date | str,
) -> Drawn:
    """How did those change who got nothing? (什么都没收到的人，变了多少)

    Means before and after of those drawn to get something and of those held out, one panel a group. Whatever both
    did alike is no effect; what stands between the two ends is.

    Parameters
    ----------
    experiment : one row per customer: `group`, `arm` (treated | holdout), `before`, `after`, of one unit; the first
        two groups that have customers in both arms are drawn, in the order in which they come
    periods : names of the two periods
    unit : of before and after, beside the axis
    source, as_of : for the caption
    """
    means = experiment.groupby(["group", "arm"], sort=False)[["before", "after"]].mean()
    groups = [g for g in experiment["group"].unique() if {(g, TREATED), (g, HOLDOUT)} <= set(means.index)]
    groups = groups[:MOST]
    chart = _chart(
        [(f"{g}: {_name(arm, lang)}", means.loc[(g, arm)]) for g in groups for arm in _LINES],
        periods,
        "times",
    )
    if not groups or any(means.loc[(g, arm), "before"] <= 0 for g in groups for arm in _LINES):
        return empty("with_and_without", say("chart.without.none", lang), lang, source, as_of, chart)
    moved = {key: means.loc[key, "after"] / means.loc[key, "before"] - 1 for key in means.index}
    told = {f"rise_{i}": _signed(moved[(g, HOLDOUT)]) for i, g in enumerate(groups)}
    which = "title_two" if len(groups) > 1 else "title"
    title = say(f"chart.without.{which}", lang, treated=_signed(moved[(groups[0], TREATED)]), **told)
    kept = experiment[experiment["group"].isin(groups)]
    with style():
        figure, axes = canvas(3.6, len(groups), sharey=True)
        for ax, group in zip(axes, groups, strict=True):
            for arm, look in _LINES.items():
                line = means.loc[(group, arm)]
                words = say(
                    "chart.without.end", lang, name=_name(arm, lang), change=_signed(moved[(group, arm)])
                )
                other = means.loc[(group, HOLDOUT if arm == TREATED else TREATED), "after"]
                _slope(ax, line.to_list(), look, words, above=line["after"] >= other)
            _two_periods(ax, periods, str(group))
        axes[0].set_ylabel(unit)
        axes[0].set_ylim(0, float(means.loc[groups].to_numpy().max()) * 1.18)
        rows = [
            say(
                "chart.without.alt_row",
                lang,
                group=group,
                name=_name(arm, lang),
                before=means.loc[(group, arm), "before"],
                after=means.loc[(group, arm), "after"],
            )
            for group in groups
            for arm in _LINES
        ]
        alt = say("chart.without.alt", lang, title=title, rows=say("chart.join", lang).join(rows))
        below = caption(lang, len(kept), source, as_of, say("chart.without.how", lang))
        return finished(figure, "with_and_without", title, alt, below, chart)


def without_us(
    found: Difference,
    *,
    groups: tuple[str, str],
    periods: tuple[str, str],
    unit: str,
    lang: Lang,
    source: str,
    as_of: dt.date | str,
) -> Drawn:
    """Where would they stand without us, had they changed like the others? (没有我们，会在哪里)

    The two lines of a difference in differences, and a third that nobody has seen: those who got something, moved as
    the others moved. The effect is what lies between it and what was seen.

    Parameters
    ----------
    found : what `segkit.did` made
    groups : names of those who got something and of those who did not
    periods : names of the two periods
    unit : of the values, beside the axis
    source, as_of : for the caption; n is the number of observations
    """
    treated, control = found.treated, found.control
    missing = (treated[0], treated[0] + control[1] - control[0])
    lines = {groups[0]: treated, groups[1]: control, say("chart.without_us.missing", lang): missing}
    chart = _chart(list(lines.items()), periods, "score")
    if found.value is None:
        return empty("without_us", say("chart.without_us.none", lang), lang, source, as_of, chart)
    facts = {"seen": f"{found.before_after:+.2f}", "anyway": f"{control[1] - control[0]:+.2f}"}
    facts["effect"] = f"{found.value:+.2f}"
    title = say("chart.without_us.title", lang, **facts)
    looks = [_LINES[TREATED], _LINES[HOLDOUT], (_MISSING, "D", ":", False)]
    with style():
        figure, [ax] = canvas(3.8)
        ends = sorted(line[1] for line in lines.values())
        for (name, line), look in zip(lines.items(), looks, strict=True):
            _slope(ax, list(line), look, f"{name} {line[1]:.2f}", above=line[1] != ends[0])
        ax.annotate(
            "",
            (1.0, treated[1]),
            (1.0, missing[1]),
            arrowprops={"arrowstyle": "<->", "color": INK, "linewidth": 1.0, "shrinkA": 5, "shrinkB": 5},
        )
        _two_periods(ax, periods, "")
        ax.set_xlim(-0.2, 2.0)
        values = [value for line in lines.values() for value in line]
        margin = (max(values) - min(values)) * 0.15 or 1.0
        ax.set_ylim(min(values) - margin, max(values) + margin)
        ax.set_ylabel(unit)
        rows = [
            say("chart.without_us.alt_row", lang, name=name, before=line[0], after=line[1])
            for name, line in lines.items()
        ]
        alt = say("chart.without_us.alt", lang, title=title, rows=say("chart.join", lang).join(rows))
        words = [
            say("chart.without_us.caption", lang, n=found.n, source=plain(source), date=as_of),
            say("chart.more", lang, more=say("chart.without_us.how", lang)),
        ]
        return finished(figure, "without_us", title, alt, words, chart)


# --- inside -------------------------------------------------------------------------------------------


def _name(arm: str, lang: Lang) -> str:
    return say(f"chart.without.{arm}", lang)


def _signed(change: float) -> str:
    return f"{'+' if change >= 0 else ''}{percent(change, 0)}"


def _slope(
    ax: Axes, line: Sequence[float], look: tuple[str, str, str, bool], words: str, *, above: bool
) -> None:
    """One line from before to after, its words at the right end."""
    colour, mark, dash, filled = look
    ax.plot(
        [0, 1],
        line,
        color=colour,
        marker=mark,
        linestyle=dash,
        linewidth=2,
        markersize=7,
        markerfacecolor=colour if filled else "white",
        clip_on=False,
    )
    ax.annotate(
        words,
        (1, line[1]),
        xytext=(10, 3 if above else -3),
        textcoords="offset points",
        va="bottom" if above else "top",
        fontsize=SMALL,
        color=colour,
    )


def _two_periods(ax: Axes, periods: tuple[str, str], heading: str) -> None:
    ax.set_xticks([0, 1], periods)
    ax.tick_params(axis="x", length=0, labelcolor=INK)
    ax.set_xlim(-0.2, 1.95)
    ax.set_title(heading, color=GREY, fontsize=SMALL)
    drop_spines(ax, "bottom")


def _chart(
    lines: Sequence[tuple[str, Sequence[float]]], periods: tuple[str, str], unit: Literal["times", "score"]
) -> Chart:
    return Chart(
        kind="line",
        categories=periods,
        series=tuple(
            Series(name=name, values=tuple(round(float(v), 6) for v in line), unit=unit)
            for name, line in lines
        ),
    )
