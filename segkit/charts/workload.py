"""How many clients can one manager look after?"""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE, PAPER
from segkit.charts.theme import SMALL, Drawn, canvas, drop_spines, finished, plain, style
from segkit.locale import Lang, count, say

WEEK, WORKING = 7, 5


def clients_per_manager(
    rhythms: pd.DataFrame,
    *,
    minutes: float,
    days: int,
    share: float = 1.0,
    to_serve: float | None = None,
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    """How many clients can one manager look after, if each is called so often? (一对一经理的负荷)

    Calls alone, none missed: everything else a manager does comes on top.

    Parameters
    ----------
    rhythms : a row for each promise: `every_days` between two calls, `minutes` a call takes with preparing and
        writing down. The first row is the promise the title speaks of
    minutes, days : of one manager: minutes a day, working days
    share : of these minutes that may be filled with calls, 0..1
    to_serve : clients one manager has to look after, a line across the bars
    source, as_of : for the caption
    """
    to_serve = None if to_serve is None else math.ceil(to_serve)
    calls = days / WORKING * WEEK / rhythms["every_days"]
    kept = (minutes * days * share / (calls * rhythms["minutes"]) + 1e-9).astype(int)
    told = list(zip(rhythms["every_days"], rhythms["minutes"], strict=True))
    names = [say("chart.clients.rhythm", lang, every=f"{every:g}", minutes=f"{m:g}") for every, m in told]
    which = "chart.clients.title" if to_serve is None else "chart.clients.title_short"
    if to_serve is not None and kept.iloc[0] >= to_serve:
        which = "chart.clients.title_enough"
    every, each = (f"{value:g}" for value in told[0])
    title = say(which, lang, every=every, minutes=each, n=int(kept.iloc[0]), to_serve=to_serve or 0)
    with style():
        figure, [ax] = canvas(1.6 + 0.38 * len(names))
        for i, n in enumerate(kept):
            ax.barh(i, n, height=0.62, color=ACCENT if i == 0 else PALE, linewidth=0)
            ax.annotate(
                count(n),
                (n, i),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                color=INK,
                fontsize=SMALL,
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.5},
                zorder=4,
            )
        if to_serve is not None:
            ax.axvline(to_serve, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
            ax.annotate(
                say("chart.clients.to_serve", lang, n=to_serve),
                (to_serve, len(names) - 0.3),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                color=GREY,
                fontsize=SMALL,
            )
        ax.set_yticks(range(len(names)), names, color=INK)
        ax.set_ylim(len(names) + (-0.5 if to_serve is None else 0.0), -0.5)
        ax.set_xlim(0, max(*kept, to_serve or 0) * 1.12)
        ax.set_xlabel(say("chart.clients.axis", lang))
        ax.tick_params(axis="y", length=0)
        drop_spines(ax, "left")
        bars = [
            say("chart.clients.alt_bar", lang, name=name, n=int(n))
            for name, n in zip(names, kept, strict=True)
        ]
        about = {
            "minutes": float(minutes),
            "days": days,
            "share": share,
            "source": plain(source),
            "date": as_of,
        }
        return finished(
            figure,
            "clients_per_manager",
            title,
            say("chart.clients.alt", lang, title=title, bars=say("chart.join", lang).join(bars)),
            [say("chart.clients.caption", lang, **about)],
            Chart(
                kind="bar",
                categories=tuple(names),
                series=(
                    Series(
                        name=say("chart.clients.axis", lang),
                        values=tuple(float(n) for n in kept),
                        unit="count",
                    ),
                ),
            ),
        )
