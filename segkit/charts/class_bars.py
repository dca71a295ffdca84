"""How many, how much money and how much work: classes in the order of their scheme, measure beside measure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import GREY, INK, PALE, segment_marks
from segkit.charts.theme import (
    SMALL,
    Drawn,
    canvas,
    caption,
    clipped,
    drop_spines,
    empty,
    finished,
    plain,
    style,
)
from segkit.locale import Lang, count, number, percent, say

_FEWEST = 3


@dataclass(frozen=True)
class _Panel:
    """One measure: its values in the order of the rows, where they stood before, and what is written at them."""

    head: str
    values: Sequence[float]
    words: Sequence[str]
    before: Sequence[float] | None = None


def segment_shift(
    summary: pd.DataFrame,
    *,
    before: pd.DataFrame | None = None,
    moved: int = 0,
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    """What does another setting do to the segments? (换一种分法，各类变多少)

    Customers and share of revenue of every segment; a grey line in a bar is where it stood before.

    Parameters
    ----------
    summary : one row per segment, best first: ``label, customers, monetary``; revenue below zero counts as none
    before : the same with another setting, in any order; None where there is nothing to compare with
    moved : customers who stand in another segment than before
    source, as_of : for the caption
    """
    n = int(summary["customers"].sum())
    names = _names(summary["label"], lang)
    held = _shares(summary["monetary"])
    chart = _chart(
        names,
        [("chart.shift.people", summary["customers"], "count"), ("chart.shift.held", held, "share")],
        lang,
    )
    if n == 0:
        return empty("segment_shift", say("chart.seg.none", lang), lang, source, as_of, chart)
    people = [int(k) for k in summary["customers"]]
    old = None if before is None else before.set_index("label").reindex(summary["label"])
    people_before = None if old is None else [float(k) for k in old["customers"].fillna(0)]
    held_before = None if old is None else _shares(old["monetary"])
    title = _shift_title(names, people, held, people_before, moved, lang)
    panels = [
        _Panel(
            say("chart.shift.people", lang),
            people,
            [
                f"{count(k)} ({percent(k / n)})" if lang == "en" else f"{count(k)}（{percent(k / n)}）"
                for k in people
            ],
            people_before if moved else None,
        ),
        _Panel(
            say("chart.shift.held", lang), held, [percent(h) for h in held], held_before if moved else None
        ),
    ]
    bars = [
        say("chart.seg.alt_bar", lang, name=name, k=k, people=k / n, held=h)
        for name, k, h in zip(names, people, held, strict=True)
    ]
    more = [say("chart.shift.line", lang)] if moved else []
    return _drawn("segment_shift", title, bars, panels, summary["label"], more, n, chart, lang, source, as_of)


def class_resources(
    summary: pd.DataFrame,
    *,
    noun: str = "",
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    """Does the work go where the money is? (各类客户的人数、金额与联系时间)

    Share of customers, of revenue and of contact hours of every class, side by side.

    Parameters
    ----------
    summary : one row per class, best first: ``label, customers, monetary, hours`` (hours a month); revenue below
        zero counts as none
    noun : what the column of money is called; revenue where nothing is said
    source, as_of : for the caption
    """
    n, hours = int(summary["customers"].sum()), float(summary["hours"].sum())
    noun = noun or say("chart.noun.monetary", lang)
    names = _names(summary["label"], lang)
    people = [k / n if n else 0.0 for k in summary["customers"]]
    held, work = _shares(summary["monetary"]), _shares(summary["hours"])
    heads = {
        "people": say("chart.res.people", lang),
        "held": say("chart.res.held", lang, noun=noun),
        "work": say("chart.res.work", lang, hours=hours),
    }
    series = [
        Series(name=heads[key], values=tuple(round(v, 6) for v in values), unit="share")
        for key, values in (("people", people), ("held", held), ("work", work))
    ]
    chart = Chart(kind="bar", categories=tuple(names), series=tuple(series))
    if n == 0:
        return empty("class_resources", say("chart.seg.none", lang), lang, source, as_of, chart)
    top = {
        "name": names[0],
        "people": people[0],
        "held": held[0],
        "work": work[0],
        "hours": hours,
        "noun": noun,
    }
    title = say("chart.res.title" if hours else "chart.res.title_idle", lang, **top)
    panels = [
        _Panel(heads["people"], people, [percent(v) for v in people]),
        _Panel(heads["held"], held, [percent(v) for v in held]),
        _Panel(heads["work"], work, [number(float(h), 0) for h in summary["hours"]]),
    ]
    bars = [
        say("chart.res.bar", lang, name=name, k=k, people=p, held=h, hours=float(each), noun=noun)
        for name, k, p, h, each in zip(
            names, summary["customers"], people, held, summary["hours"], strict=True
        )
    ]
    return _drawn("class_resources", title, bars, panels, summary["label"], [], n, chart, lang, source, as_of)


def _drawn(
    id: str,
    title: str,
    bars: Sequence[str],
    panels: Sequence[_Panel],
    labels: pd.Series,
    more: Sequence[str],
    n: int,
    chart: Chart,
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    marks = segment_marks([str(label) for label in labels], lang)
    with style():
        rows = max(_FEWEST, len(labels))
        figure, axes = canvas(1.5 + 0.34 * rows, columns=len(panels), sharey=True)
        for ax, panel in zip(axes, panels, strict=True):
            _draw(ax, panel, [mark["colour"] for mark in marks.values()])
        for i, mark in enumerate(marks.values()):
            axes[0].annotate(
                mark["mark"],
                (0, i),
                xycoords=("axes fraction", "data"),
                xytext=(-6, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                color=mark["colour"],
            )
        axes[0].set_yticks(
            range(len(labels)), [clipped(plain(m["name"]), 24) for m in marks.values()], color=INK
        )
        axes[0].tick_params(axis="y", pad=18)
        axes[0].set_ylim(rows - 0.5, -0.5)
        alt = say("chart.seg.alt", lang, title=title, bars=say("chart.join", lang).join(bars))
        return finished(figure, id, title, alt, caption(lang, n, source, as_of, *more), chart)


def _draw(ax: Axes, panel: _Panel, colours: Sequence[str]) -> None:
    before = panel.before or []
    widest = max([*panel.values, *before, 1e-9])
    for i, (value, word, colour) in enumerate(zip(panel.values, panel.words, colours, strict=True)):
        ax.barh(i, value, height=0.66, color=colour, linewidth=0)
        end = value
        if before and before[i] != value:
            end = max(value, before[i])
            ax.plot([value, before[i]], [i, i], color=GREY, linewidth=1)
            ax.plot([before[i]] * 2, [i - 0.4, i + 0.4], color=GREY, linewidth=2)
        ax.annotate(
            word, (end, i), xytext=(4, 0), textcoords="offset points", va="center", fontsize=SMALL, color=INK
        )
    ax.set_xlim(0, widest * 1.45)
    ax.axvline(0, color=PALE, linewidth=0.8)
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.set_title(panel.head, color=GREY, fontsize=SMALL)
    drop_spines(ax, "left", "bottom")


def _shift_title(
    names: Sequence[str],
    people: Sequence[int],
    held: Sequence[float],
    before: Sequence[float] | None,
    moved: int,
    lang: Lang,
) -> str:
    n = sum(people)
    if before is None or not moved:
        top = max(range(len(people)), key=lambda i: (held[i], people[i]))
        return say(
            "chart.seg.title", lang, name=clipped(names[top], 24), people=people[top] / n, held=held[top]
        )
    most = max(range(len(people)), key=lambda i: abs(people[i] - before[i]))
    facts = {"n": moved, "share": moved / n, "name": clipped(names[most], 24)}
    if people[most] == before[most]:
        return say("chart.shift.title_even", lang, **facts)
    return say("chart.shift.title", lang, was=int(before[most]), now=people[most], **facts)


def _names(labels: pd.Series, lang: Lang) -> list[str]:
    return [plain(mark["name"]) for mark in segment_marks([str(label) for label in labels], lang).values()]


def _shares(values: pd.Series) -> list[float]:
    """Shares of what is above zero; nothing where nothing is."""
    there = pd.to_numeric(values, errors="coerce").fillna(0.0).clip(lower=0).astype("float64")
    total = float(there.sum())
    return [float(v) / total if total else 0.0 for v in there]


def _chart(names: Sequence[str], measures: Sequence[tuple[str, Sequence[float], str]], lang: Lang) -> Chart:
    series = [
        Series(name=say(id, lang), values=tuple(round(float(v), 6) for v in values), unit=unit)  # type: ignore[arg-type]
        for id, values, unit in measures
    ]
    return Chart(kind="bar", categories=tuple(names), series=tuple(series))
