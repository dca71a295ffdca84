"""Figure of the lesson on the customer file: from the total a spreadsheet adds up to what the rows hold."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE
from segkit.charts.theme import SMALL, Drawn, canvas, caption, drop_spines, empty, finished, style
from segkit.intake.cleaning import Cleaned
from segkit.intake.ledger import FATES
from segkit.intake.table import ORIGIN, Table
from segkit.locale import Lang, money, say, term

AMOUNT = {"customers": "monetary", "orders": "amount"}
CENT = 0.005


def money_steps(table: Table, cleaned: Cleaned) -> pd.DataFrame:
    """Why does the sum a spreadsheet gives differ from the money in the rows? (求和为什么不对)

    A spreadsheet adds only the cells that are plain numbers; an amount with a unit, a currency sign or full-width
    digits counts as nothing, and a repeated row counts twice.

    Returns
    -------
    frame `reason, rows, amount` (currency units): the first line ``spreadsheet``, then a line for each reason by
    which money was added or taken away, the largest first, last ``counted``; the lines between lead from the first
    to the last

    Raises
    ------
    KeyError : the table has no amount
    """
    head = cleaned.heads[AMOUNT[cleaned.grain]]
    plain = pd.to_numeric(table.frame[head], errors="coerce").fillna(0.0)
    at = pd.MultiIndex.from_frame(table.origin[ORIGIN].astype(str))
    written = pd.Series(plain.to_numpy(), index=at)
    # of several events of a row the one that decided its fate; a row's money stands in each of them
    rank = cleaned.ledger["fate"].map({fate: -n for n, fate in enumerate(FATES)})
    told = (
        cleaned.ledger[ORIGIN]
        .astype(str)
        .assign(
            reason=cleaned.ledger["reason"],
            held=cleaned.ledger["amount"].where(~cleaned.ledger["fate"].isin(["merged", "set_aside"]), 0.0),
            rank=rank,
            about=cleaned.ledger["column"].ne(head),
        )
    )
    told = told.sort_values(["rank", "about"], kind="stable").drop_duplicates(ORIGIN)
    here = pd.MultiIndex.from_frame(told[ORIGIN])
    told["amount"] = told["held"].to_numpy() - written.reindex(here).to_numpy()
    moved = told[told["amount"].abs() > CENT].groupby("reason", as_index=False)
    steps = moved.agg(rows=("amount", "size"), amount=("amount", "sum"))
    steps = steps.sort_values("amount", key=lambda m: -m.abs(), ignore_index=True)
    rows = cleaned.totals.kept + cleaned.totals.changed
    ends = {"reason": ["spreadsheet", "counted"], "rows": [cleaned.totals.rows_in, rows]}
    ends_frame = pd.DataFrame({**ends, "amount": [float(plain.sum()), cleaned.totals.money_kept]})
    found = pd.concat([ends_frame.iloc[:1], steps, ends_frame.iloc[1:]], ignore_index=True)
    return found.assign(amount=found["amount"].round(2))


def money_bridge(table: Table, cleaned: Cleaned, *, lang: Lang, source: str, as_of: dt.date | str) -> Drawn:
    """How far is the sum at the foot of an export from what its rows hold, and why? (合计差在哪里)

    Bars from the sum of the plain numbers to the money counted after cleaning, one step per reason; steps below a
    thousandth of the money are named in the caption only.

    Parameters
    ----------
    table : as read
    cleaned : what `clean` made of it
    source, as_of : for the caption; n is the number of customers counted
    """
    steps = money_steps(table, cleaned)
    first, last = steps["amount"].iloc[0], steps["amount"].iloc[-1]
    between = steps.iloc[1:-1]
    large = between[between["amount"].abs() >= abs(last) / 1000]
    small = between.drop(large.index)
    names = [_name(reason, lang) for reason in ["spreadsheet", *large["reason"], "counted"]]
    values = [float(first), *large["amount"].astype(float), float(last)]
    chart = Chart(
        kind="bar",
        categories=tuple(names),
        series=(Series(name=term("field.amount", lang), values=tuple(values), unit="money"),),
    )
    if large.empty:
        return empty("money_bridge", say("chart.bridge.none", lang), lang, source, as_of, chart)
    biggest = large.iloc[0]
    title = say(
        "chart.bridge.title" if last >= first else "chart.bridge.title_over",
        lang,
        gap=abs(last - first),
        name=_name(biggest["reason"], lang),
        share=abs(last - first) / abs(last),
    )
    with style():
        figure, [ax] = canvas(0.9 + 0.45 * len(names))
        places = range(len(names))[::-1]
        level = highest = 0.0
        room = max(values[0], values[-1]) * 0.006
        for n, (place, value) in enumerate(zip(places, values, strict=True)):
            end = n in (0, len(values) - 1)
            start = 0.0 if end else level
            colour = PALE if n == 0 else ACCENT if end else GREY
            ax.barh(place, value, left=start, height=0.55, color=colour)
            text = money(value) if end else f"{value:+,.2f}"
            ax.text(max(start, start + value) + room, place, text, va="center", fontsize=SMALL, color=INK)
            level = value if end else level + value
            highest = max(highest, level, level - value)
            if n < len(values) - 1:
                ax.plot([level, level], [place - 0.72, place + 0.27], color=GREY, linewidth=0.7)
        ax.set_yticks(list(places), names)
        ax.tick_params(axis="y", length=0, labelcolor=INK)
        ax.set_xlim(0, highest * 1.24)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value / 1e4:,.0f}")
        ax.set_xlabel(say("chart.bridge.x", lang))
        drop_spines(ax, "left")
        bars = [
            say("chart.bridge.alt_bar", lang, name=name, value=value)
            for name, value in zip(names, values, strict=True)
        ]
        alt = say("chart.bridge.alt", lang, title=title, bars=say("chart.join", lang).join(bars))
        told = [
            say("chart.bridge.alt_bar", lang, name=_name(row.reason, lang), value=row.amount)
            for row in small.itertuples()
        ]
        more = say("chart.bridge.small", lang, steps=say("chart.join", lang).join(told)) if told else ""
        return finished(
            figure, "money_bridge", title, alt, caption(lang, len(cleaned.frame), source, as_of, more), chart
        )


def _name(reason: str, lang: Lang) -> str:
    if reason in ("spreadsheet", "counted"):
        return say(f"chart.bridge.{reason}", lang)
    return term(f"reason.{reason}", lang)
