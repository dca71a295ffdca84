"""What becomes of the best, when nothing is done?"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK
from segkit.charts.theme import SMALL, Drawn, canvas, caption, drop_spines, empty, finished, style
from segkit.locale import Lang, count, say

_VERMILION = "#DA3C0B"


def best_before_and_after(
    money: pd.DataFrame,
    *,
    share: float = 0.1,
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    """Do the best fall because of what we did, or because they were picked for being best? (均值回归)

    The best of the first period are followed forwards, the best of the second looked back at. Where the first fall
    and the second rise alike, picking made the change: chance that lifted them once does not lift them twice.

    Parameters
    ----------
    money : one row per customer, two columns of money, the earlier period first; their names are shown
    share : of those who spent anything in the period who are picked
    source, as_of : for the caption
    """
    first, second = (str(column) for column in money.columns[:2])
    money = money.fillna(0.0)
    chosen = {}
    for period in (first, second):
        spent = money.loc[money[period] > 0, period].sort_values(ascending=False, kind="stable")
        chosen[period] = money.loc[spent.index[: max(1, round(len(spent) * share))], [first, second]].mean()
    chosen[""] = money[[first, second]].mean()
    chart = _chart(chosen, first, second, share, lang)
    if not money[first].sum() > 0 or not money[second].sum() > 0:
        return empty("best_before_and_after", say("chart.best.none", lang), lang, source, as_of, chart)
    fall = chosen[first][second] / chosen[first][first] - 1
    rise = chosen[second][second] / chosen[second][first] - 1 if chosen[second][first] else None
    title = say(
        "chart.best.title" if fall < 0 and rise is not None and rise > 0 else "chart.best.title_plain",
        lang,
        first=first,
        second=second,
        share=share,
        fall=f"{abs(fall):.0%}",
        rise=f"{rise or 0.0:.0%}",
        change=f"{fall:+.0%}",
    )
    looks = {first: (_VERMILION, "o", "-"), second: (ACCENT, "s", "--"), "": (GREY, "^", ":")}
    with style():
        figure, [ax] = canvas(3.4)
        for period, means in chosen.items():
            colour, mark, line = looks[period]
            ax.plot([0, 1], list(means), color=colour, marker=mark, linestyle=line, linewidth=2, markersize=7)
            for x, value in enumerate(means):
                ax.annotate(
                    count(value),
                    (x, value),
                    xytext=(-10 if x == 0 else 10, 0),
                    textcoords="offset points",
                    ha="right" if x == 0 else "left",
                    va="center",
                    fontsize=SMALL,
                    color=INK,
                )
            ax.annotate(
                _name(period, share, lang),
                (1, means.iloc[1]),
                xytext=(52, 0),
                textcoords="offset points",
                va="center",
                fontsize=SMALL,
                color=colour,
            )
        ax.set_xticks([0, 1], [first, second], color=INK)
        ax.set_xlim(-0.25, 2.1)
        ax.set_ylim(0, None)
        ax.set_ylabel(say("chart.best.axis", lang))
        drop_spines(ax, "bottom")
        ax.tick_params(axis="x", length=0)
        rows = [
            say("chart.best.alt_row", lang, name=_name(period, share, lang), a=means.iloc[0], b=means.iloc[1])
            for period, means in chosen.items()
        ]
        return finished(
            figure,
            "best_before_and_after",
            title,
            say("chart.best.alt", lang, title=title, rows=say("chart.join", lang).join(rows)),
            caption(lang, len(money), source, as_of),
            chart,
        )


def _name(period: str, share: float, lang: Lang) -> str:
    return (
        say("chart.best.picked", lang, period=period, share=share) if period else say("chart.best.all", lang)
    )


def _chart(chosen: dict[str, pd.Series], first: str, second: str, share: float, lang: Lang) -> Chart:
    return Chart(
        kind="line",
        categories=(first, second),
        series=tuple(
            Series(
                name=_name(period, share, lang), values=tuple(round(float(v), 2) for v in means), unit="money"
            )
            for period, means in chosen.items()
        ),
    )
