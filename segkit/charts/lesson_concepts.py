"""Figures of the lesson on concepts: one coupon for all, which segment to serve, satisfied and loyal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE, segment_marks
from segkit.charts.theme import SMALL, Drawn, canvas, caption, drop_spines, empty, finished, style
from segkit.evaluate.estimate import Estimate, proportion
from segkit.locale import Lang, percent, say

EVERYONE = "everyone"
CHAIN = ("staff", "service", "satisfied", "loyal", "growth", "profit")
# answers to "would you recommend us", 0 to 10, in the groups of the net promoter score
GROUPS = {"detractors": (0, 6), "passives": (7, 8), "promoters": (9, 10)}
Link = Literal["seen", "not_seen"]


def profit_per_head(plans: Mapping[str, Estimate], *, lang: Lang, source: str, as_of: dt.date | str) -> Drawn:
    """What does the same coupon earn per head, given to everybody or to one class? (一刀切与分层)

    A dot and its interval for each plan, against those who got nothing; the plan with the highest figure stands out
    if its interval lies above zero.

    Parameters
    ----------
    plans : label of a class, or ``everyone`` -> profit per head in CNY, contacted less left out
    source, as_of : for the caption; n is that of ``everyone``, else of the largest plan
    """
    able = {id: one for id, one in plans.items() if None not in (one.value, one.low, one.high)}
    names = {id: _plan(id, lang) for id in able}
    values = tuple(one.value for one in able.values())
    axis = say("chart.per_head.x", lang)
    chart = Chart(
        kind="scatter",
        categories=tuple(names.values()),
        series=(Series(name=axis, values=values, unit="money"),),
    )
    if not able:
        return empty("profit_per_head", say("chart.per_head.none", lang), lang, source, as_of, chart)
    best = max(able, key=lambda id: able[id].value or 0.0)
    sure = (able[best].low or 0.0) > 0
    rows = [say("chart.per_head.alt_row", lang, name=names[id], **_signed(one)) for id, one in able.items()]
    facts = {"best": names[best], "value": _signed(able[best])["value"]}
    if EVERYONE in able and best != EVERYONE:
        title = say("chart.per_head.title", lang, all=_signed(able[EVERYONE])["value"], **facts)
    else:
        title = say("chart.per_head.title_best", lang, **facts)
    with style():
        figure, [ax] = canvas(1.5 + 0.5 * len(able))
        ax.axvline(0, color=GREY, linewidth=0.8)
        shown = [f"{name}\n{say('chart.per_head.n', lang, n=able[id].n)}" for id, name in names.items()]
        _dots(
            ax,
            list(able.values()),
            shown,
            [ACCENT if id == best and sure else GREY for id in able],
            [_signed(one)["value"] for one in able.values()],
        )
        ax.set_xlabel(axis)
        n = able[EVERYONE].n if EVERYONE in able else max(one.n for one in able.values())
        more = say("chart.per_head.lines", lang, level=able[best].level)
        alt = say("chart.per_head.alt", lang, title=title, rows=say("chart.join", lang).join(rows))
        return finished(figure, "profit_per_head", title, alt, caption(lang, n, source, as_of, more), chart)


def segment_choice(segments: pd.DataFrame, *, lang: Lang, source: str, as_of: dt.date | str) -> Drawn:
    """Which segments are large, and which grow? (目标市场选择)

    Money against growth, one mark a segment, with its name and number of customers.

    Parameters
    ----------
    segments : one row a segment: its label first, then ``n``, ``spend_2025`` in CNY and ``growth`` as a share
    source, as_of : for the caption
    """
    labels = [str(label) for label in segments.iloc[:, 0]]
    marks = segment_marks(labels, lang)
    names = [marks[label]["name"] for label in labels]
    money = [float(value) / 1e4 for value in segments["spend_2025"]]
    growth = [float(value) for value in segments["growth"]]
    chart = Chart(
        kind="scatter",
        categories=tuple(names),
        series=(
            Series(name=say("chart.choice.x", lang), values=tuple(growth), unit="share"),
            Series(name=say("chart.choice.y", lang), values=tuple(v * 1e4 for v in money), unit="money"),
        ),
    )
    if segments.empty:
        return empty("segment_choice", say("chart.choice.none", lang), lang, source, as_of, chart)
    largest, fastest = money.index(max(money)), growth.index(max(growth))
    facts = {"large": names[largest], "fast": names[fastest]}
    facts |= {"of_large": f"{growth[largest]:+.1%}", "of_fast": f"{growth[fastest]:+.1%}"}
    title = say("chart.choice.title" if largest != fastest else "chart.choice.title_same", lang, **facts)
    with style():
        figure, [ax] = canvas(3.6)
        ax.axvline(0, color=PALE, linewidth=0.8)
        for i in range(len(labels)):
            ax.scatter(growth[i], money[i], s=70, color=ACCENT if i in (largest, fastest) else GREY, zorder=3)
            ax.annotate(
                f"{names[i]} · {say('chart.choice.n', lang, n=int(segments['n'].iloc[i]))}",
                (growth[i], money[i]),
                xytext=(0, 9),
                textcoords="offset points",
                ha="center",
                fontsize=SMALL,
                color=INK,
            )
        room = max(growth) - min(growth) or 0.1
        ax.set_xlim(min(*growth, 0) - 0.2 * room, max(growth) + 0.2 * room)
        ax.set_ylim(0, max(money) * 1.2)
        ax.xaxis.set_major_formatter(lambda share, _: f"{share:+.0%}" if share else "0%")
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        ax.set_xlabel(say("chart.choice.x", lang))
        ax.set_ylabel(say("chart.choice.y", lang))
        rows = [
            say("chart.choice.alt_row", lang, name=name, money=value, growth=f"{grown:+.1%}")
            for name, value, grown in zip(names, money, growth, strict=True)
        ]
        alt = say("chart.choice.alt", lang, title=title, rows=say("chart.join", lang).join(rows))
        n = int(segments["n"].sum())
        return finished(figure, "segment_choice", title, alt, caption(lang, n, source, as_of), chart)


def service_chain(
    found: Mapping[str, Link], *, n: int = 0, lang: Lang, source: str, as_of: dt.date | str
) -> Drawn:
    """From contented staff to profit: which links of the chain were looked at? (服务利润链)

    Parameters
    ----------
    found : the later end of a link (``loyal`` is satisfied -> loyal) -> whether the data show it; the rest is open
    n : customers it was looked at on
    source, as_of : for the caption

    References
    ----------
    Heskett, Jones, Loveman, Sasser & Schlesinger (1994), Putting the service-profit chain to work, Harvard Business
    Review 72(2).
    """
    names = [say(f"chart.chain.{id}", lang) for id in CHAIN]
    links = CHAIN[1:]
    said = [say(f"chart.chain.{found.get(id, 'open')}", lang) for id in links]
    held: dict[str, float] = {"seen": 1.0, "not_seen": 0.0}
    chart = Chart(
        kind="line",
        categories=tuple(names[1:]),
        series=(
            Series(
                name=say("chart.chain.link", lang),
                values=tuple(held.get(found.get(id, "")) for id in links),
                unit="count",
            ),
        ),
    )
    looked = [id for id in links if id in found]
    shown = [id for id in looked if found[id] == "seen"]
    title = say(
        "chart.chain.title" if looked else "chart.chain.title_open",
        lang,
        n=len(links),
        looked=len(looked),
        shown=len(shown),
    )
    with style():
        figure, [ax] = canvas(1.9)
        ax.set_axis_off()
        ax.set_xlim(-0.55, len(CHAIN) - 0.45)
        ax.set_ylim(-0.9, 0.8)
        for i, name in enumerate(names):
            box = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": GREY}
            ax.text(i, 0.15, name, ha="center", va="center", fontsize=SMALL, color=INK, bbox=box)
        for i, (id, words) in enumerate(zip(links, said, strict=True)):
            style_of = {"arrowstyle": "->", "color": ACCENT if id in found else GREY, "linewidth": 1.4}
            style_of["linestyle"] = "-" if found.get(id) == "seen" else (0, (3, 2))
            ax.annotate("", (i + 0.66, 0.15), xytext=(i + 0.36, 0.15), arrowprops=style_of)
            colour = ACCENT if id in found else GREY
            ax.text(i + 0.5, -0.5, words, ha="center", va="center", fontsize=SMALL - 1, color=colour)
        rows = [
            say("chart.chain.alt_row", lang, a=a, b=b, found=words)
            for a, b, words in zip(names, names[1:], said, strict=False)
        ]
        alt = say("chart.chain.alt", lang, title=title, rows=say("chart.join", lang).join(rows))
        return finished(figure, "service_chain", title, alt, caption(lang, n, source, as_of), chart)


def satisfied_and_back(answers: pd.DataFrame, *, lang: Lang, source: str, as_of: dt.date | str) -> Drawn:
    """Do those who would recommend us come back more often? (满意与再次购买)

    Share that bought again in each group of the net promoter score, with Wilson's interval. The title says that the
    groups differ only where the intervals of the outer two lie apart.

    Parameters
    ----------
    answers : one row an answer: ``score`` 0 to 10, and ``came`` whether that customer bought again
    source, as_of : for the caption
    """
    rates = {
        id: proportion(int(part["came"].sum()), len(part))
        for id, (low, high) in GROUPS.items()
        if len(part := answers[answers["score"].between(low, high)])
    }
    names = {id: say(f"chart.back.{id}", lang) for id in rates}
    axis = say("chart.back.x", lang)
    chart = Chart(
        kind="scatter",
        categories=tuple(names.values()),
        series=(Series(name=axis, values=tuple(one.value for one in rates.values()), unit="share"),),
    )
    if len(rates) < len(GROUPS):
        return empty("satisfied_and_back", say("chart.back.none", lang), lang, source, as_of, chart)
    least, most = rates["detractors"], rates["promoters"]
    shares = {"promoters": most.value, "detractors": least.value}
    apart = (most.low or 0.0) > (least.high or 0.0) or (most.high or 0.0) < (least.low or 0.0)
    title = say("chart.back.title" if apart else "chart.back.title_open", lang, **shares)
    with style():
        figure, [ax] = canvas(2.9)
        shown = [f"{name}\n{say('chart.per_head.n', lang, n=rates[id].n)}" for id, name in names.items()]
        values = [percent(one.value or 0.0, 0) for one in rates.values()]
        _dots(ax, list(rates.values()), shown, [ACCENT if apart else GREY] * len(rates), values)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
        ax.set_xlabel(axis)
        rows = [
            say("chart.back.alt_row", lang, name=names[id], value=one.value, low=one.low, high=one.high)
            for id, one in rates.items()
        ]
        alt = say("chart.back.alt", lang, title=title, rows=say("chart.join", lang).join(rows))
        more = say("chart.per_head.lines", lang, level=most.level)
        n = sum(one.n for one in rates.values())
        return finished(
            figure, "satisfied_and_back", title, alt, caption(lang, n, source, as_of, more), chart
        )


def _dots(
    ax: Axes,
    estimates: Sequence[Estimate],
    names: Sequence[str],
    colours: Sequence[str],
    values: Sequence[str],
) -> None:
    """One estimate a line: the dot, its interval, its figure above."""
    for i, (one, colour, value) in enumerate(zip(estimates, colours, values, strict=True)):
        middle, low, high = one.value or 0.0, one.low or 0.0, one.high or 0.0
        ax.plot([low, high], [i, i], color=colour, linewidth=2.2, solid_capstyle="butt")
        ax.plot(middle, i, "o", color=colour, markersize=7)
        ax.annotate(
            value,
            (middle, i),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=SMALL,
            color=INK,
        )
    ax.set_yticks(range(len(names)), names, color=INK)
    ax.set_ylim(len(names) - 0.5, -0.7)
    ax.tick_params(axis="y", length=0)
    drop_spines(ax, "left")


def _plan(id: str, lang: Lang) -> str:
    if id == EVERYONE:
        return say("chart.per_head.everyone", lang)
    return say("chart.per_head.only", lang, name=segment_marks([id], lang)[id]["name"])


def _signed(one: Estimate) -> dict[str, str]:
    return {key: f"{getattr(one, key) or 0.0:+.2f}" for key in ("value", "low", "high")}
