"""Which customers would recommend us, and how sure is that?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK
from segkit.charts.theme import SMALL, Drawn, canvas, clipped, drop_spines, empty, finished, plain, style
from segkit.evaluate.estimate import Estimate
from segkit.locale import Lang, name_of, say


def nps_by_group(
    groups: Mapping[str, Estimate], by: str, *, lang: Lang, source: str, as_of: dt.date
) -> Drawn:
    """Which group would recommend us, and are the groups further apart than chance? (各组净推荐值与区间)

    Parameters
    ----------
    groups : net promoter score by group (`segkit.nps`), in the order to be shown; groups without one are left out
    by : the column that makes the groups, named beside the axis
    source, as_of : for the caption
    """
    able = {name: one for name, one in groups.items() if None not in (one.value, one.low, one.high)}
    values = [one.value or 0.0 for one in able.values()]
    chart = Chart(
        kind="scatter",
        categories=tuple(able),
        series=(Series(name=say("chart.nps.axis", lang), values=tuple(values), unit="score"),),
    )
    if not able:
        return empty("nps_by_group", say("chart.nps.none", lang), lang, source, as_of, chart)
    best, worst = max(able, key=lambda n: able[n].value or 0.0), min(able, key=lambda n: able[n].value or 0.0)
    apart = (able[best].low or 0.0) > (able[worst].high or 0.0)
    what = name_of("field", by, lang)
    title = say(
        "chart.nps.title" if apart else "chart.nps.title_open",
        lang,
        by=what,
        best=best,
        worst=worst,
        high=f"{able[best].value:+.0f}",
        low=f"{able[worst].value:+.0f}",
    )
    with style():
        figure, [ax] = canvas(1.7 + 0.42 * len(able))
        ax.axvline(0, color=GREY, linewidth=0.8)
        for i, (name, one) in enumerate(able.items()):
            colour = ACCENT if name in (best, worst) and apart else GREY
            ax.plot(
                [one.low or 0.0, one.high or 0.0], [i, i], color=colour, linewidth=2.2, solid_capstyle="butt"
            )
            ax.plot(one.value or 0.0, i, "o", color=colour, markersize=7)
            ax.annotate(
                f"{one.value:+.0f}",
                (one.value or 0.0, i),
                xytext=(0, 8),
                textcoords="offset points",
                ha="center",
                fontsize=SMALL,
                color=INK,
            )
        names = [say("chart.nps.group", lang, name=clipped(n, 24), n=one.n) for n, one in able.items()]
        ax.set_yticks(range(len(able)), names, color=INK)
        ax.set_ylim(len(able) - 0.5, -0.7)
        ax.set_xlim(-105, 105)
        ax.set_xlabel(say("chart.nps.axis", lang))
        ax.set_title(what, color=GREY, fontsize=SMALL)
        ax.tick_params(axis="y", length=0)
        drop_spines(ax, "left")
        rows = [
            say(
                "chart.nps.alt_row",
                lang,
                name=name,
                **{k: f"{getattr(one, k):+.0f}" for k in ("value", "low", "high")},
                n=one.n,
            )
            for name, one in able.items()
        ]
        n = sum(one.n for one in able.values())
        level = next(iter(able.values())).level
        return finished(
            figure,
            "nps_by_group",
            title,
            say("chart.nps.alt", lang, title=title, by=what, rows=say("chart.join", lang).join(rows)),
            [say("chart.nps.caption", lang, n=n, level=level, source=plain(source), date=as_of)],
            chart,
        )
