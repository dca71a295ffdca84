"""Who buys how often, is what was said of them true, and does a difference stay where people are alike?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE, PAPER
from segkit.charts.theme import (
    SMALL,
    TEXT,
    Drawn,
    canvas,
    caption,
    clipped,
    drop_spines,
    empty,
    finished,
    style,
)
from segkit.evaluate.estimate import Estimate, proportion
from segkit.locale import Lang, listing, name_of, percent, say

_WIDEST = 26  # columns of type a name may take


def conversion_rates(rates: pd.DataFrame, *, lang: Lang, source: str, as_of: dt.date | str) -> Drawn:
    """Which group buys most often, and is what was promised of each kept? (成交率、口径与区间)

    Parameters
    ----------
    rates : one row per group, in the order to be shown: `name`, `n`, `bought`, and where somebody said beforehand how
        many would buy, `stated` (0..1; drawn as a diamond). Groups of nobody are left out
    source, as_of : for the caption
    """
    able = rates[rates["n"] > 0].reset_index(drop=True)
    found = _shares(able)
    names = [clipped(str(name), _WIDEST) for name in able["name"]]
    stated = able["stated"] if "stated" in able else pd.Series(float("nan"), index=able.index)
    chart = Chart(
        kind="scatter",
        categories=tuple(names),
        series=(
            _series("chart.conversion.bought", [one.value for one in found], lang),
            *([_series("chart.conversion.stated", stated.tolist(), lang)] if "stated" in able else []),
        ),
    )
    if not found:
        return empty("conversion_rates", say("chart.conversion.none", lang), lang, source, as_of, chart)
    over = [
        i
        for i, one in enumerate(found)
        if pd.notna(stated[i]) and one.high is not None and stated[i] > one.high
    ]
    best = max(range(len(found)), key=lambda i: found[i].value or 0.0)
    accented = over if "stated" in able else [best]
    title = _title_of(able, found, over, best, names, lang)
    with style():
        figure, [ax] = canvas(1.7 + 0.4 * len(names))
        for i, one in enumerate(found):
            _interval(ax, one, i, ACCENT if i in accented else GREY, label="above")
            if pd.notna(stated[i]):
                ax.plot(stated[i], i, "D", color=PAPER, markeredgecolor=INK, markersize=7, zorder=3)
        ax.set_yticks(range(len(names)), _with_n(names, able["n"], lang), color=INK)
        _finish_axis(ax, len(names), lang)
        said = [_said(name, one, lang) for name, one in zip(names, found, strict=True)]
        alt = say("chart.conversion.alt", lang, title=title, rows=say("chart.join", lang).join(said))
        marks = "chart.conversion.marks_stated" if "stated" in able else "chart.conversion.marks"
        words = caption(lang, int(able["n"].sum()), source, as_of, say(marks, lang))
        return finished(figure, "conversion_rates", title, alt, words, chart)


def _title_of(
    able: pd.DataFrame,
    found: Sequence[Estimate],
    over: Sequence[int],
    best: int,
    names: Sequence[str],
    lang: Lang,
) -> str:
    if "stated" in able:
        first = over[0] if over else 0
        facts = {"name": names[first], "stated": able["stated"][first], "rate": found[first].value}
        facts |= {"over": len(over), "n": int(able["stated"].notna().sum())}
        return say("chart.conversion.title_over" if over else "chart.conversion.title_kept", lang, **facts)
    others = able.drop(index=best)
    rest = proportion(int(others["bought"].sum()), int(others["n"].sum()))
    apart = (found[best].low or 0.0) > (rest.high or 0.0) and len(others) > 0
    facts = {"best": names[best], "rate": found[best].value, "rest": rest.value or 0.0}
    return say("chart.conversion.title_best" if apart else "chart.conversion.title_open", lang, **facts)


def conversion_within(
    rates: pd.DataFrame, about: str, *, lang: Lang, source: str, as_of: dt.date | str
) -> Drawn:
    """Does one group still buy more often where people are alike? (分层之后差别还剩多少)

    Above everybody, below them the levels, at the bottom the group as it would buy if as many of it stood in each
    level as of the others (direct standardisation, 直接标准化).

    Parameters
    ----------
    rates : one row per `level` and `group`: `n`, `bought`; levels in the order to be shown, two groups. Ids of
        terms.yml (segment.*) are shown by name
    about : the group the question is about
    source, as_of : for the caption
    """
    counts = rates.pivot_table(
        index="level", columns="group", values=["n", "bought"], aggfunc="sum", sort=False
    )
    counts = counts.fillna(0).reindex(list(dict.fromkeys(rates["level"].astype(str))))
    other = next(str(group) for group in rates["group"] if group != about)
    name, rest = (name_of("segment", id, lang) for id in (about, other))
    levels = [str(level) for level in counts.index]
    shares = {
        group: [
            proportion(int(counts["bought", group][level]), int(counts["n", group][level]))
            for level in levels
        ]
        for group in (about, other)
    }
    whole = {
        group: proportion(int(counts["bought", group].sum()), int(counts["n", group].sum()))
        for group in (about, other)
    }
    both = [level for level in levels if counts["n", about][level] > 0]
    weights = counts["n", other].reindex(both) / counts["n", other].reindex(both).sum()
    alike, others_there = (
        sum(weights[level] * (shares[group][levels.index(level)].value or 0.0) for level in both)
        for group in (about, other)
    )
    lonely = listing([name_of("segment", level, lang) for level in levels if level not in both], lang)
    raw = (whole[about].value or 0.0) - (whole[other].value or 0.0)
    left = alike - others_there
    facts = {"name": name, "raw": 100 * raw, "left": 100 * left}
    title = say("chart.within.title" if left < raw else "chart.within.title_stays", lang, **facts)
    rows = [say("chart.within.everybody", lang), *(name_of("segment", level, lang) for level in levels)]
    pairs = list(zip([whole[about], *shares[about]], [whole[other], *shares[other]], strict=True))
    with style():
        figure, [ax] = canvas(1.9 + 0.5 * (len(rows) + 1))
        for i, (one, two) in enumerate(pairs):
            _interval(ax, one, i - 0.15, ACCENT, label="behind")
            _interval(ax, two, i + 0.15, GREY, filled=False, label="behind")
        last = len(rows)
        ax.plot(alike, last, "o", color=ACCENT, markersize=7)
        ax.plot(others_there, last, "o", color=PAPER, markeredgecolor=GREY, markersize=7)
        _label(ax, alike, last, ACCENT)
        ax.axhline(last - 0.5, color=PALE, linewidth=0.8)
        ax.axhline(0.5, color=PALE, linewidth=0.8)
        ticks = [*rows, say("chart.within.alike", lang)]
        ax.set_yticks(range(len(ticks)), ticks, color=INK)
        _finish_axis(ax, len(ticks), lang)
        said = [
            say(
                "chart.within.alt_row",
                lang,
                row=row,
                name=_said(name, one, lang),
                rest=_said(rest, two, lang),
            )
            for row, (one, two) in zip(rows, pairs, strict=True)
        ]
        alt = say("chart.conversion.alt", lang, title=title, rows=say("chart.join", lang).join(said))
        words = caption(
            lang, int(counts["n"].to_numpy().sum()), source, as_of,
            say("chart.within.marks", lang, name=name, rest=rest),
            say("chart.within.lonely", lang, levels=lonely, name=name) if lonely else "",
        )  # fmt: skip
        chart = Chart(
            kind="scatter",
            categories=tuple(ticks),
            series=tuple(
                Series(name=label, values=tuple(values), unit="share")
                for label, values in (
                    (name, [*(one.value for one, _ in pairs), alike]),
                    (rest, [*(two.value for _, two in pairs), others_there]),
                )
            ),
        )
        return finished(figure, "conversion_within", title, alt, words, chart)


def grading_by_person(people: pd.DataFrame, *, lang: Lang, source: str, as_of: dt.date | str) -> Drawn:
    """Who gives the high grades more freely than colleagues with the same clients? (谁的评级偏高)

    Left the share of their clients each person graded high, right how many of these bought. The title names those
    whose interval on the left lies above the share of all the others together.

    Parameters
    ----------
    people : one row per person: `name`, `n` clients, `high` of them graded high, `bought` of these
    source, as_of : for the caption
    """
    shown = people.assign(share=people["high"] / people["n"]).sort_values(
        ["share", "name"], ascending=[False, True]
    )
    shown = shown.reset_index(drop=True)
    left = [proportion(int(k), int(n)) for k, n in zip(shown["high"], shown["n"], strict=True)]
    right = [proportion(int(k), int(n)) for k, n in zip(shown["bought"], shown["high"], strict=True)]
    everybody = shown[["n", "high", "bought"]].sum()
    free = [
        i
        for i, one in enumerate(left)
        if (one.low or 0.0) > (everybody["high"] - shown["high"][i]) / max(everybody["n"] - shown["n"][i], 1)
    ]
    title = say("chart.grading.title_alike", lang)
    if free:
        flagged, rest = shown.loc[free].sum(numeric_only=True), shown.drop(index=free).sum(numeric_only=True)
        facts = {
            "names": listing(sorted(shown["name"][free]), lang),
            **{
                f"{key}_share": of["high"] / max(of["n"], 1) for key, of in (("own", flagged), ("rest", rest))
            },
            **{
                f"{key}_rate": of["bought"] / max(of["high"], 1)
                for key, of in (("own", flagged), ("rest", rest))
            },
        }
        title = say("chart.grading.title", lang, **facts)
    with style():
        figure, (first, second) = canvas(1.8 + 0.27 * len(shown), columns=2, sharey=True)
        for ax, found, heading in ((first, left, "high"), (second, right, "kept")):
            for i, one in enumerate(found):
                _interval(ax, one, i, ACCENT if i in free else GREY)
            _finish_axis(ax, len(shown), lang, bare=True)
            ax.set_title(say(f"chart.grading.{heading}", lang), color=GREY, fontsize=SMALL)
        first.set_yticks(range(len(shown)), shown["name"].tolist(), color=INK)
        said = [
            say("chart.grading.alt_row", lang, name=name, share=one.value, rate=two.value or 0.0)
            for name, one, two in zip(shown["name"], left, right, strict=True)
        ]
        alt = say("chart.conversion.alt", lang, title=title, rows=say("chart.join", lang).join(said))
        words = caption(lang, int(everybody["n"]), source, as_of, say("chart.grading.marks", lang))
        chart = Chart(
            kind="scatter",
            categories=tuple(shown["name"]),
            series=(
                _series("chart.grading.high", [one.value for one in left], lang),
                _series("chart.grading.kept", [one.value for one in right], lang),
            ),
        )
        return finished(figure, "grading_by_person", title, alt, words, chart)


def _shares(rows: pd.DataFrame) -> list[Estimate]:
    return [proportion(int(k), int(n)) for k, n in zip(rows["bought"], rows["n"], strict=True)]


def _series(id: str, values: Sequence[float | None], lang: Lang) -> Series:
    kept = [None if value is None or pd.isna(value) else float(value) for value in values]
    return Series(name=say(id, lang), values=tuple(kept), unit="share")


def _interval(
    ax: Axes, one: Estimate, at: float, colour: str, *, filled: bool = True, label: str = ""
) -> None:
    """A point with its interval, the share written above the one or behind the other; nothing where there is nobody."""
    if one.value is None or one.low is None or one.high is None:
        return
    ax.plot([one.low, one.high], [at, at], color=colour, linewidth=2.0, solid_capstyle="butt", zorder=1)
    face = colour if filled else PAPER
    ax.plot(one.value, at, "o", color=face, markeredgecolor=colour, markersize=7, zorder=2, clip_on=False)
    where = {
        "above": {"xy": (one.value, at), "xytext": (0, 8), "ha": "center"},
        "behind": {"xy": (one.high, at), "xytext": (5, 0), "va": "center"},
    }.get(label)
    if where:
        look = {"fontsize": SMALL, "color": INK if filled else GREY}
        ax.annotate(percent(one.value), textcoords="offset points", **look, **where)  # type: ignore[arg-type]


def _label(ax: Axes, value: float, at: float, colour: str) -> None:
    ax.annotate(
        percent(value), (value, at), xytext=(8, 0), textcoords="offset points", va="center",
        fontsize=TEXT, color=colour,
    )  # fmt: skip


def _with_n(names: Sequence[str], counts: pd.Series, lang: Lang) -> list[str]:
    return [
        say("chart.conversion.group", lang, name=name, n=int(n))
        for name, n in zip(names, counts, strict=True)
    ]


def _finish_axis(ax: Axes, rows: int, lang: Lang, *, bare: bool = False) -> None:
    ax.set_ylim(rows - 0.5, -0.6)
    ax.set_xlim(0, min(ax.dataLim.x1 * 1.12, 1.06))
    ax.xaxis.set_major_formatter(lambda x, _: percent(x, 0))
    if not bare:
        ax.set_xlabel(say("chart.conversion.axis", lang))
    ax.tick_params(axis="y", length=0)
    drop_spines(ax, "left")


def _said(name: str, one: Estimate, lang: Lang) -> str:
    if one.value is None:
        return say("chart.conversion.alt_nobody", lang, name=name)
    return say(
        "chart.conversion.alt_row",
        lang,
        name=name,
        rate=one.value,
        low=one.low or 0.0,
        high=one.high or 0.0,
        n=one.n,
    )
