"""Figures of a field sales force: what tells who signs, false visits, a trap of averages, and held-back contracts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE, PAPER, SHAPES, segment_marks
from segkit.charts.theme import (
    SMALL,
    Drawn,
    canvas,
    clipped,
    drop_spines,
    empty,
    finished,
    plain,
    style,
)
from segkit.evaluate.estimate import Estimate, proportion
from segkit.locale import Lang, listing, name_of, percent, say

FEWEST = 30  # customers in a class that may carry a title (示例参数 / sample parameter)
_VERMILION = "#DA3C0B"


def _caption(
    of: str, n: int, lang: Lang, source: str = "", as_of: dt.date | None = None, **facts: str
) -> list[str]:
    return [say(f"chart.{of}.caption", lang, n=n, source=plain(source), date=as_of, **facts)]


# --- which criterion tells who signs ---------------------------------------------------------------


def rates_by_criterion(
    customers: pd.DataFrame,
    criteria: Sequence[str],
    *,
    outcome: str = "signed",
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    """Which criterion tells customers apart by what came of them? (哪条标准分得开签约率)

    A row for each class of each criterion, the share with the outcome and its 95 % interval. A criterion tells
    them apart where the interval of its best class lies above that of its worst, both of at least 30 customers.

    Parameters
    ----------
    customers : one row per customer: the columns `criteria`, each with the classes of a scheme, and `outcome`, 0/1
    source, as_of : for the caption
    """
    rows: list[tuple[str, str, Estimate]] = []
    for criterion in criteria:
        found = customers.groupby(criterion)[outcome].agg(["sum", "size"]).sort_values("sum", kind="stable")
        made = [(criterion, str(c), proportion(int(k), int(n))) for c, (k, n) in found.iterrows()]
        rows += sorted(made, key=lambda row: -(row[2].value or 0.0))
    names = [name_of("segment", label, lang) for _, label, _ in rows]
    chart = _rate_chart(names, [one for *_, one in rows], lang)
    if not rows:
        return empty("rates_by_criterion", say("chart.rates.none", lang), lang, source, as_of, chart)
    apart = [c for c in criteria if _apart([one for of, _, one in rows if of == c])]
    told = {
        "apart": listing([name_of("scheme", c, lang) for c in apart], lang),
        "others": listing([name_of("scheme", c, lang) for c in criteria if c not in apart], lang),
    }
    which = "chart.rates.title" if apart and len(apart) < len(criteria) else "chart.rates.title_all"
    title = say(which if apart else "chart.rates.title_nothing", lang, **told)
    with style():
        figure, [ax] = canvas(1.3 + 0.26 * (len(rows) + len(criteria)))
        ticks: list[float] = []
        at = 0.0
        for i, (criterion, _, one) in enumerate(rows):
            if i == 0 or rows[i - 1][0] != criterion:
                at += 1
                ax.text(
                    0, at, name_of("scheme", criterion, lang), fontsize=SMALL, fontweight="bold", va="center",
                    color=ACCENT if criterion in apart else INK,
                )  # fmt: skip
            at += 1
            ticks.append(at)
            colour = ACCENT if criterion in apart else GREY
            ax.hlines(at, one.low or 0.0, one.high or 0.0, color=colour, linewidth=2.2)
            ax.plot(one.value or 0.0, at, "o", color=colour, markersize=6)
            ax.annotate(
                percent(one.value or 0.0), (one.high or 0.0, at), xytext=(6, 0), textcoords="offset points",
                va="center", fontsize=SMALL, color=INK,
            )  # fmt: skip
        groups = [
            say("chart.rates.group", lang, name=clipped(name, 26), n=one.n)
            for name, (*_, one) in zip(names, rows, strict=True)
        ]
        ax.set_yticks(ticks, groups, color=INK)
        ax.set_ylim(at + 0.7, 0.3)
        ax.set_xlim(0, max(one.high or 0.0 for *_, one in rows) * 1.15)
        ax.xaxis.set_major_formatter(lambda value, _: percent(value, 0))
        ax.set_xlabel(say("chart.rates.axis", lang))
        ax.tick_params(axis="y", length=0)
        drop_spines(ax, "left")
        told_rows = [
            say(
                "chart.rates.alt_row", lang, name=name, n=one.n,
                **{end: percent(getattr(one, end) or 0.0) for end in ("value", "low", "high")},
            )
            for name, (*_, one) in zip(names, rows, strict=True)
        ]  # fmt: skip
        return finished(
            figure,
            "rates_by_criterion",
            title,
            say("chart.rates.alt", lang, title=title, rows=say("chart.join", lang).join(told_rows)),
            _caption("rates", len(customers), lang, source, as_of),
            chart,
        )


def _apart(classes: Sequence[Estimate]) -> bool:
    able = [one for one in classes if one.n >= FEWEST and one.value is not None]
    if len(able) < 2:
        return False
    best, worst = (pick(able, key=lambda one: one.value or 0.0) for pick in (max, min))
    return (best.low or 0.0) > (worst.high or 0.0)


def _rate_chart(names: Sequence[str], rates: Sequence[Estimate], lang: Lang) -> Chart:
    values = tuple(one.value for one in rates)
    series = Series(name=say("chart.rates.axis", lang), values=values, unit="share")
    return Chart(kind="scatter", categories=tuple(names), series=(series,))


# --- who writes down visits nobody made -------------------------------------------------------------


def visits_and_minutes(
    reps: pd.DataFrame, *, least: float = 5.0, lang: Lang, source: str, as_of: dt.date
) -> Drawn:
    """Who logs most visits, and how long do they last? (拜访条数与时长)

    Parameters
    ----------
    reps : a row for each, the index their name: `a_day` entries a working day, `minutes` the median of an entry
    least : minutes; whose median is shorter is named and marked (示例参数)
    source, as_of : for the caption
    """
    odd = reps[reps["minutes"] < least].sort_values("a_day", ascending=False)
    chart = Chart(
        kind="scatter",
        categories=tuple(map(str, reps.index)),
        series=(
            Series(
                name=say("chart.visits.a_day", lang), values=tuple(map(float, reps["a_day"])), unit="times"
            ),
            Series(
                name=say("chart.visits.minutes", lang),
                values=tuple(map(float, reps["minutes"])),
                unit="score",
            ),
        ),
    )
    facts = {"n": len(odd), "people": len(reps), "least": f"{least:g}"}
    facts |= {"a_day": f"{odd['a_day'].mean():.0f}", "minutes": f"{odd['minutes'].median():g}"}
    others = reps.drop(index=odd.index)
    facts |= {"others": f"{others['a_day'].mean():.0f}", "longer": f"{others['minutes'].median():.0f}"}
    title = say("chart.visits.title" if len(odd) else "chart.visits.title_none", lang, **facts)
    with style():
        figure, [ax] = canvas(3.3)
        ax.plot(others["a_day"], others["minutes"], "o", color=GREY, markersize=6, linestyle="none")
        ax.plot(odd["a_day"], odd["minutes"], "s", color=_VERMILION, markersize=8, linestyle="none")
        if len(odd):
            ax.annotate(
                listing(list(map(str, odd.index)), lang), (odd["a_day"].mean(), odd["minutes"].max()), xytext=(0, 9),
                textcoords="offset points", ha="center", fontsize=SMALL, color=INK,
            )  # fmt: skip
        ax.axhline(least, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)))
        ax.set_xlim(0, reps["a_day"].max() * 1.12)
        ax.set_ylim(0, reps["minutes"].max() * 1.15)
        ax.set_xlabel(say("chart.visits.a_day", lang))
        ax.set_ylabel(say("chart.visits.minutes", lang))
        return finished(
            figure,
            "visits_and_minutes",
            title,
            say(
                "chart.visits.alt", lang, title=title, names=listing(list(map(str, odd.index)), lang), **facts
            ),
            _caption("visits", len(reps), lang, source, as_of, least=f"{least:g}"),
            chart,
        )


# --- what all together say, and what each class says ------------------------------------------------


def slopes(answers: pd.DataFrame, *, x: str, y: str, group: str) -> tuple[float, float]:
    """The rise of `y` for one more `x`: among all, and among those of one `group` (a common slope within them)."""
    within = answers[[x, y]] - answers.groupby(group)[[x, y]].transform("mean")
    return _slope(answers[x], answers[y]), _slope(within[x], within[y])


def _slope(x: pd.Series, y: pd.Series) -> float:
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / (x * x).sum()) if (x * x).sum() > 0 else 0.0


def _signed(slope: float) -> str:
    return f"{slope:+.2f}" if round(slope, 2) else "0.00"


def all_and_within(
    answers: pd.DataFrame, *, x: str, y: str, group: str, lang: Lang, source: str, as_of: dt.date
) -> Drawn:
    """Does what holds of all hold within a class? (辛普森悖论)

    Marks are the mean of `y` at each `x` (of ten answers and more), larger for more answers; a line for each class,
    a dashed one for all.

    Parameters
    ----------
    answers : a row for each: numbers `x` and `y`, class `group`
    source, as_of : for the caption
    """
    every, within = slopes(answers, x=x, y=y, group=group)
    words = {"x": name_of("field", x, lang), "y": name_of("field", y, lang)}
    words["group"] = name_of("scheme", group, lang).lower()
    classes = sorted(answers[group].unique())
    title = say(
        "chart.slopes.title" if abs(every) > 3 * abs(within) else "chart.slopes.title_same", lang,
        every=_signed(every), within=_signed(within), **words,
    )  # fmt: skip
    marks = segment_marks(classes, lang)
    means = {c: [*(one := answers[answers[group] == c])[[x, y]].mean().to_list(), len(one)] for c in classes}
    with style():
        figure, [ax] = canvas(3.5)
        ends = np.array([answers[x].min(), answers[x].max()], dtype=float)
        middle = answers[y].mean() + every * (ends - answers[x].mean())
        ax.plot(ends, middle, color=INK, linewidth=1.8, linestyle=(0, (4, 3)), zorder=1)
        ax.annotate(
            say("chart.slopes.all", lang, slope=_signed(every)), (ends[1], middle[1]), xytext=(0, -14),
            textcoords="offset points", ha="right", fontsize=SMALL, color=INK,
        )  # fmt: skip
        for c in classes:
            _one_class(ax, answers[answers[group] == c], c, x=x, y=y, look=marks[c], lang=lang)
        ax.set_xlabel(words["x"])
        ax.set_ylabel(words["y"])
        ax.margins(y=0.14)
        rows = [
            say("chart.slopes.alt_row", lang, name=marks[c]["name"], x=f"{mx:.1f}", y=f"{my:.2f}", n=n)
            for c, (mx, my, n) in means.items()
        ]
        return finished(
            figure,
            "all_and_within",
            title,
            say("chart.slopes.alt", lang, title=title, rows=say("chart.join", lang).join(rows)),
            _caption("slopes", len(answers), lang, source, as_of),
            Chart(
                kind="scatter",
                categories=tuple(marks[c]["name"] for c in classes),
                series=tuple(
                    Series(
                        name=words[axis], values=tuple(round(means[c][i], 4) for c in classes), unit="score"
                    )
                    for i, axis in enumerate(("x", "y"))
                ),
            ),
        )


def _one_class(
    ax: Axes, own: pd.DataFrame, label: str, *, x: str, y: str, look: dict[str, str], lang: Lang
) -> None:
    """Means at each x, and the line within the class over the x it has."""
    shape, full = SHAPES[look["mark"]]
    slope = _slope(own[x], own[y])
    at = own.groupby(x)[y].agg(["mean", "size"])
    at = at[at["size"] >= 10]
    ax.scatter(
        at.index, at["mean"], s=at["size"] * 2.2 + 12, marker=shape, alpha=0.75, zorder=2,
        facecolor=look["colour"] if full else PAPER, edgecolor=look["colour"], linewidth=1,
    )  # fmt: skip
    ends = np.array([own[x].min(), own[x].quantile(0.98)], dtype=float)
    line = own[y].mean() + slope * (ends - own[x].mean())
    ax.plot(ends, line, color=look["colour"], linewidth=1.8, zorder=3)
    ax.annotate(
        say("chart.slopes.one", lang, name=look["name"], slope=_signed(slope), n=len(own)), (ends[1], line[1]),
        xytext=(5, 0), textcoords="offset points", va="center", fontsize=SMALL, color=look["colour"],
    )  # fmt: skip


# --- contracts held back for the next step ----------------------------------------------------------


def months_at_steps(
    open_book: pd.Series, held_back: pd.Series, steps: Sequence[float], *, width: float = 2.0,
    lang: Lang,
) -> Drawn:  # fmt: skip
    """Do months end just above the step that pays more? (提成台阶与压单)

    Parameters
    ----------
    open_book, held_back : what a salesperson's month brought, in 10,000 CNY: contracts booked as they come, and held
        back where the step is reached without them
    steps : where the commission rises, ascending; the title speaks of the last
    width : of a bar, in 10,000 CNY
    source, as_of : for the caption
    """
    top = float(steps[-1])
    shares = [float(((one >= top) & (one < top + width)).mean()) for one in (open_book, held_back)]
    facts = {"top": f"{top:g}", "end": f"{top + width:g}", "before": percent(shares[0], 0)}
    facts["after"] = percent(shares[1], 0)
    title = say("chart.steps.title" if shares[1] > shares[0] else "chart.steps.title_same", lang, **facts)
    last = max(open_book.max(), held_back.max())
    edges = np.arange(0, np.ceil(last / width) * width + width, width)
    bars = [np.histogram(one, edges)[0] / max(1, len(one)) for one in (open_book, held_back)]
    names = [say(f"chart.steps.{which}", lang) for which in ("open_book", "held_back")]
    spans = tuple(f"{a:g}–{a + width:g}" for a in edges[:-1])
    with style():
        figure, axes = canvas(3.2, 2, sharey=True)
        for ax, heights, name, share in zip(axes, bars, names, shares, strict=True):
            colours = [ACCENT if np.isclose(a, top) else PALE for a in edges[:-1]]
            ax.bar(edges[:-1], heights, width=width * 0.92, align="edge", color=colours, linewidth=0)
            for step in steps:
                ax.axvline(step, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
            ax.annotate(
                percent(share, 0), (top + width / 2, share), xytext=(0, 4), textcoords="offset points",
                ha="center", fontsize=SMALL, color=ACCENT,
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip
            ax.set_title(name, fontsize=SMALL, color=INK)
            ax.set_xlabel(say("chart.steps.x", lang))
        axes[0].set_ylim(0, max(max(b) for b in bars) * 1.15)
        axes[0].set_ylabel(say("chart.steps.y", lang))
        axes[0].yaxis.set_major_formatter(lambda value, _: percent(value, 0))
        series = tuple(
            Series(name=name, values=tuple(float(v) for v in heights), unit="share")
            for name, heights in zip(names, bars, strict=True)
        )
        return finished(
            figure,
            "months_at_steps",
            title,
            say("chart.steps.alt", lang, title=title, **facts),
            _caption("steps", len(open_book), lang),
            Chart(kind="bar", categories=spans, series=series),
        )
