"""How surely would a campaign show its effect, and what would ten such campaigns report?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from matplotlib.axes import Axes

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE, PAPER
from segkit.charts.theme import SMALL, Drawn, canvas, caption, drop_spines, finished, style
from segkit.evaluate.estimate import Estimate
from segkit.locale import Lang, count, number, percent, say

WANTED = 0.8  # the chance practitioners ask for


def chance_and_campaigns(
    curve: Sequence[tuple[int, float]],
    campaigns: Sequence[Estimate],
    *,
    customers: int,
    chance: float,
    difference: float,
    needed: int | None,
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    """How surely would this many customers show the effect, and what would ten such campaigns report? (样本量)

    On the left the chance to see the effect against the number of customers, the chosen number marked; on the right the
    interval each simulated campaign would report, those that leave out zero filled and blue.

    Parameters
    ----------
    curve : (customers, chance in 0..1), ascending
    campaigns : difference of shares with its interval, one a campaign
    customers, chance : the chosen number, and its chance
    difference : the true rise, as a share
    needed : customers for a chance of 80 %; None where no number would do
    """
    seen = sum(_shows(one) for one in campaigns)
    facts = {"customers": customers, "chance": chance, "difference": difference * 100, "seen": seen}
    facts |= {"n": len(campaigns), "needed": needed or 0}
    which = "enough" if chance >= WANTED else "few" if needed else "never"
    if difference == 0:
        which = "nothing"
    title = say(f"chart.effects.title_{which}", lang, **facts)
    with style():
        figure, [left, right] = canvas(3.4, 2)
        _chances(left, curve, customers, chance, lang)
        _campaigns(right, campaigns, difference, lang)
        low = min(one.low for one in campaigns if one.low is not None) * 100
        high = max(one.high for one in campaigns if one.high is not None) * 100
        alt = say("chart.effects.alt", lang, title=title, low=low, high=high, **facts)
        words = caption(lang, customers, source, as_of, say("chart.effects.how", lang, wanted=WANTED))
        return finished(figure, "chance_and_campaigns", title, alt, words, _chart(campaigns, lang))


def _shows(one: Estimate) -> bool:
    """Does the interval leave out zero?"""
    return one.low is not None and one.high is not None and not one.low <= 0 <= one.high


def _chances(ax: Axes, curve: Sequence[tuple[int, float]], customers: int, chance: float, lang: Lang) -> None:
    ax.plot([n for n, _ in curve], [p for _, p in curve], color=GREY, linewidth=1.6)
    ax.axhline(WANTED, color=PALE, linewidth=1.0, linestyle=(0, (4, 3)))
    ax.plot([customers], [chance], marker="o", color=ACCENT, markersize=8, linestyle="none", clip_on=False)
    far = customers > curve[-1][0] * 0.7  # then the words stand on the left of the point
    ax.annotate(
        percent(chance),
        (customers, chance),
        textcoords="offset points",
        color=ACCENT,
        ha="right" if far else "left",
        xytext=(-9, 6) if far else (9, -12),
    )
    ax.set_xlabel(say("chart.effects.x_customers", lang))
    ax.set_ylabel(say("chart.effects.y_chance", lang))
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, curve[-1][0] * 1.02)
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.set_major_formatter(lambda value, _: count(value))
    ax.yaxis.set_major_formatter(lambda value, _: percent(value, 0))
    ax.tick_params(length=0)


def _campaigns(ax: Axes, campaigns: Sequence[Estimate], difference: float, lang: Lang) -> None:
    rows = len(campaigns)
    ax.axvline(0, color=INK, linewidth=1.0)
    ax.axvline(difference * 100, color=ACCENT, linewidth=1.2, linestyle=(0, (4, 3)))
    for i, one in enumerate(campaigns):
        if one.value is None or one.low is None or one.high is None:
            continue
        shows = _shows(one)
        colour = ACCENT if shows else GREY
        ax.hlines(rows - i, one.low * 100, one.high * 100, color=colour, linewidth=1.8)
        ax.plot(
            one.value * 100, rows - i, marker="o", markersize=6, color=colour,
            markerfacecolor=colour if shows else PAPER, linestyle="none",
        )  # fmt: skip
    ax.set_yticks(range(1, rows + 1), [str(rows - i) for i in range(rows)])
    ax.set_ylim(0.4, rows + 1.1)
    ax.text(
        difference * 100, rows + 0.62, say("chart.effects.truth", lang, value=number(difference * 100, 1)),
        color=ACCENT, fontsize=SMALL, ha="center",
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.0},
    )  # fmt: skip
    ax.set_xlabel(say("chart.effects.x_difference", lang))
    ax.set_ylabel(say("chart.effects.y_campaign", lang))
    ax.tick_params(length=0)
    drop_spines(ax, "left")


def _chart(campaigns: Sequence[Estimate], lang: Lang) -> Chart:
    """A category per campaign; what it reports and the ends of its interval."""
    return Chart(
        kind="scatter",
        categories=tuple(str(i + 1) for i in range(len(campaigns))),
        series=tuple(
            Series(
                name=say(f"chart.effects.{end}", lang),
                values=tuple(getattr(one, end) for one in campaigns),
                unit="share",
            )
            for end in ("value", "low", "high")
        ),
    )
