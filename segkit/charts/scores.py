"""Where in the field of recency and frequency do the customers stand, and where is the money?"""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, INK, PAPER
from segkit.charts.theme import TEXT, Drawn, canvas, caption, drop_spines, empty, finished, style
from segkit.locale import Lang, count, percent, say


def score_heatmap(
    customers: pd.DataFrame,
    *,
    value: str = "monetary",
    bins: int = 5,
    lang: Lang,
    source: str,
    as_of: dt.date,
) -> Drawn:
    """Where do the customers stand by recency and frequency, and where is the money? (RFM 热力图)

    Each cell holds the number of customers and, where `value` has a total above zero, their share of it,
    which is also the shade. Customers without scores (prospects) are left out, and the caption says so.

    Parameters
    ----------
    customers : one row per customer with ``r_score``, ``f_score`` (1 = lowest) and `value`
    bins : the highest score the scheme can give
    source, as_of : for the caption
    """
    scored = customers.dropna(subset=["r_score", "f_score"])
    n, left_out = len(scored), len(customers) - len(scored)
    r, f = (scored[column].astype(int).to_numpy() for column in ("r_score", "f_score"))
    worth = pd.to_numeric(scored[value], errors="coerce").fillna(0.0).clip(lower=0).to_numpy(dtype="float64")
    levels = int(max([bins, *r, *f])) if n else bins

    people = np.zeros((levels, levels), dtype=int)
    money = np.zeros((levels, levels))
    np.add.at(people, (r - 1, f - 1), 1)
    np.add.at(money, (r - 1, f - 1), worth)
    # the same 100 % as everywhere: all totals above zero, of customers without scores as well
    total = pd.to_numeric(customers[value], errors="coerce").clip(lower=0).sum()
    shares = money / total if money.sum() > 0 else None
    chart = _chart(people, shares, lang)
    if n == 0:
        reason = say("chart.heat.none", lang, n=len(customers))
        return empty("score_heatmap", reason, lang, source, as_of, chart)

    high = math.ceil(levels * 0.7)  # 4 of 5
    best = (slice(high - 1, None),) * 2
    facts = {"high": high, "people": people[best].sum() / n, "k": int(people[best].sum())}
    if len(set(r)) == 1 or len(set(f)) == 1:  # one level tells nobody apart
        title = say("chart.heat.title_level", lang, n=n)
    elif not facts["k"]:
        title = say("chart.heat.title_none", lang)
    elif shares is None:
        title = say("chart.heat.title_people", lang, **facts)
    else:
        title = say("chart.heat.title", lang, **facts, held=shares[best].sum())

    with style():
        figure, [ax] = canvas(1.6 + 0.52 * levels)
        _draw(ax, people, shares)
        ax.set_xlabel(say("chart.heat.x", lang))
        ax.set_ylabel(say("chart.heat.y", lang))
        more = [say("chart.heat.cell" if shares is not None else "chart.heat.cell_people", lang, high=high)]
        if left_out:
            more.append(say("chart.heat.left_out", lang, n=left_out))
        return finished(
            figure,
            "score_heatmap",
            title,
            _alt(title, people, shares, lang),
            caption(lang, n, source, as_of, *more),
            chart,
        )


def _draw(ax: Axes, people: np.ndarray, shares: np.ndarray | None) -> None:
    import seaborn

    levels = len(people)
    shade = np.clip(shares if shares is not None else people / people.sum(), 0, None)
    words = [[_cell(people, shares, i, j) for j in range(levels)] for i in range(levels)]
    seaborn.heatmap(
        np.sqrt(shade)[::-1],  # a root, so that the few rich cells leave the others a shade
        annot=np.array(words)[::-1],
        fmt="",
        cmap=seaborn.light_palette(ACCENT, as_cmap=True),
        vmin=0,
        cbar=False,
        linewidths=2,
        linecolor="white",
        xticklabels=[str(i + 1) for i in range(levels)],
        yticklabels=[str(levels - i) for i in range(levels)],
        annot_kws={"fontsize": TEXT - (levels > 6) * 3, "linespacing": 1.3},
        ax=ax,
    )
    # seaborn turns to white text on shades too light for it
    for text, (red, green, blue, _) in zip(
        ax.texts, to_rgba_array(ax.collections[0].get_facecolor()), strict=True
    ):
        text.set_color(PAPER if 0.3 * red + 0.59 * green + 0.11 * blue < 0.55 else INK)
    ax.tick_params(length=0, labelrotation=0)
    drop_spines(ax, "left", "bottom")


def _cell(people: np.ndarray, shares: np.ndarray | None, i: int, j: int) -> str:
    if not people[i, j]:
        return ""
    return count(people[i, j]) + ("" if shares is None else f"\n{percent(shares[i, j])}")


def _chart(people: np.ndarray, shares: np.ndarray | None, lang: Lang) -> Chart:
    """Categories are F scores; one series of customers per R score, highest first, then one of shares."""
    rows = range(len(people) - 1, -1, -1)
    series = [
        Series(name=say("chart.heat.row", lang, r=i + 1), values=tuple(map(int, people[i])), unit="count")
        for i in rows
    ]
    if shares is not None:
        series += [
            Series(
                name=say("chart.heat.row_share", lang, r=i + 1),
                values=tuple(round(float(s), 6) for s in shares[i]),
                unit="share",
            )
            for i in rows
        ]
    return Chart(
        kind="heatmap", categories=tuple(f"F {i + 1}" for i in range(len(people))), series=tuple(series)
    )


def _alt(title: str, people: np.ndarray, shares: np.ndarray | None, lang: Lang) -> str:
    i, j = np.unravel_index(people.argmax(), people.shape)
    facts = {"title": title, "r": int(i) + 1, "f": int(j) + 1, "k": int(people[i, j])}
    if shares is None:
        return say("chart.heat.alt_people", lang, **facts)
    a, b = np.unravel_index(shares.argmax(), shares.shape)
    return say("chart.heat.alt", lang, **facts, rr=int(a) + 1, ff=int(b) + 1, held=float(shares[a, b]))
