"""Does the work that falls due fit the minutes there are, week by week?"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE
from segkit.charts.theme import SMALL, Drawn, canvas, caption, drop_spines, empty, finished, style
from segkit.locale import Lang, count, say

MOST_PANELS = 4  # owners that get a panel of their own; of more the sum is drawn
_WIDE = 0.38  # of a week, each bar
_LINE = (0, (4, 3))


def load_against_capacity(
    weeks: pd.DataFrame, *, customers: int, unplaced: int = 0, lang: Lang, source: str, as_of: dt.date
) -> Drawn:
    """Do the minutes that fall due fit the minutes there are, per owner and week? (负荷与产能)

    Two bars a week, what falls due and what is planned, and a dashed line at the capacity. Up to four owners have a
    panel each; of more the sum is drawn.

    Parameters
    ----------
    weeks : `owner, week` (its Monday), `need, planned, capacity` in minutes, as `Plan.weeks`
    customers : whom the plan is for, for the caption
    unplaced : contacts that are due and found no place, for the title
    source, as_of : for the caption
    """
    owners = sorted(weeks["owner"].unique())
    if len(owners) > MOST_PANELS:
        weeks = weeks.groupby("week", as_index=False)[["need", "planned", "capacity"]].sum().assign(owner="")
        owners = [""]
    need, there = (float(weeks[column].sum()) for column in ("need", "capacity"))
    if not len(weeks) or not there:
        reason = say("chart.capacity.none", lang)
        return empty("load_against_capacity", reason, lang, source, as_of, _chart(weeks, lang))
    days = sorted(weeks["week"].unique())
    over = int((weeks["need"] > weeks["capacity"]).sum())
    facts = {"need": need, "there": there, "use": need / there, "unplaced": unplaced}
    which = "unplaced" if unplaced else "late" if over else "fits"
    title = say(f"chart.capacity.title_{which}", lang, **facts)
    with style():
        figure, axes = canvas(3.1, len(owners), sharey=True)
        for ax, owner in zip(axes, owners, strict=True):
            _panel(ax, weeks[weeks["owner"] == owner].set_index("week").reindex(days), owner, lang)
        axes[0].set_ylabel(say("chart.capacity.y", lang))
        first = weeks[weeks["owner"] == owners[0]].set_index("week").reindex(days)
        _named(axes[0], first, lang)
        worst = weeks.loc[(weeks["need"] / weeks["capacity"].where(weeks["capacity"] > 0)).idxmax()]
        alt = say(
            "chart.capacity.alt", lang, title=title, n=len(days), over=over, cells=len(weeks),
            week=pd.Timestamp(worst["week"]).date(), most=float(worst["need"]), most_there=float(worst["capacity"]),
        )  # fmt: skip
        words = caption(lang, customers, source, as_of, say("chart.capacity.how", lang))
        return finished(figure, "load_against_capacity", title, alt, words, _chart(weeks, lang))


def _panel(ax: Axes, rows: pd.DataFrame, owner: str, lang: Lang) -> None:
    at = range(len(rows))
    ax.bar([x - _WIDE / 2 for x in at], rows["need"], _WIDE, color=PALE)
    ax.bar([x + _WIDE / 2 for x in at], rows["planned"], _WIDE, color=ACCENT)
    for x, there in zip(at, rows["capacity"], strict=True):
        ax.hlines(there, x - 0.5, x + 0.5, color=INK, linewidth=1.4, linestyle=_LINE)
    ax.set_xticks(list(at), [pd.Timestamp(week).strftime("%m-%d") for week in rows.index])
    ax.set_xlabel(say("chart.capacity.x", lang))
    ax.yaxis.set_major_formatter(lambda value, _: count(value))
    ax.tick_params(length=0)
    ax.margins(y=0.18)
    if owner:
        ax.set_title(say("chart.capacity.owner", lang, owner=owner))
    drop_spines(ax, "left")


def _named(ax: Axes, rows: pd.DataFrame, lang: Lang) -> None:
    """What the bars and the line are, at the first week that has room: no legend is needed."""
    handles: list[Any] = [ax.containers[0], ax.containers[1], ax.collections[0]]
    names = [say(f"chart.capacity.{column}", lang) for column in ("need", "planned", "capacity")]
    ax.legend(handles, names, frameon=False, fontsize=SMALL, labelcolor=GREY, loc="upper right")


def _chart(weeks: pd.DataFrame, lang: Lang) -> Chart:
    """A category per owner and week, a series in minutes each for what falls due, is planned and is there."""
    rows = weeks.sort_values(["owner", "week"])
    named = zip(rows["owner"], rows["week"], strict=True)
    return Chart(
        kind="bar",
        categories=tuple(f"{owner} {pd.Timestamp(week).date()}".strip() for owner, week in named),
        series=tuple(
            Series(
                name=say(f"chart.capacity.{column}", lang),
                values=tuple(round(float(v), 6) for v in rows[column]),
                unit="count",
            )
            for column in ("need", "planned", "capacity")
        ),
    )
