"""Figures of the lesson on the follow-up plan: where everybody stands, and how long a customer is protected."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from segkit.charts.figure import Chart, Series
from segkit.charts.marks import ACCENT, GREY, INK, PALE, PAPER
from segkit.charts.theme import SMALL, Drawn, canvas, caption, drop_spines, empty, finished, style
from segkit.followup.plan_model import STANDING, Plan
from segkit.followup.pool_rules import Pool, PoolRules
from segkit.locale import Lang, count, name_of, say

PLANNED, NOT_DUE = "planned", "not_due"
BARRED = ("consent", "holdout", "opted_out")  # who must not be contacted, however much time there is
_DAY = pd.Timedelta(days=1)


def plan_standing(plan: Plan, *, customers: int, lang: Lang, source: str, as_of: dt.date | str) -> Drawn:
    """Of all customers, how many are on the plan, how many are not, and for which reason? (一位一个下落)

    Parameters
    ----------
    plan : as `segkit.plan` gives it; of several reasons of one customer the first of `STANDING` counts
    customers : how many the plan was made for; who is due for nothing stands in the last bar
    source, as_of : for the caption
    """
    found = {str(reason): int(n) for reason, n in plan.standing.value_counts().items()}
    bars = [(reason, found[reason]) for reason in STANDING if found.get(reason)]
    if customers > sum(found.values()):
        bars.append((NOT_DUE, customers - sum(found.values())))
    names = tuple(_standing_name(reason, lang) for reason, _ in bars)
    chart = Chart(
        kind="bar",
        categories=names,
        series=(
            Series(name=say("chart.standing.x", lang), values=tuple(float(n) for _, n in bars), unit="count"),
        ),
    )
    if not bars:
        return empty("plan_standing", say("chart.standing.none", lang), lang, source, as_of, chart)
    barred = sum(found.get(reason, 0) for reason in BARRED)
    title = say(
        "chart.standing.title", lang, planned=found.get(PLANNED, 0), n=customers,
        waiting=found.get("no_time", 0), barred=barred,
    )  # fmt: skip
    with style():
        figure, [ax] = canvas(1.3 + 0.36 * len(bars))
        for at, (reason, n) in enumerate(bars):
            colour = ACCENT if reason == PLANNED else GREY if reason in BARRED else PALE
            ax.barh(
                at, n, height=0.64, color=colour, hatch="///" if reason in BARRED else None, edgecolor=PAPER
            )
            ax.annotate(
                count(n),
                (n, at),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                color=INK,
                fontsize=SMALL,
            )
        ax.set_yticks(range(len(bars)), names)
        ax.set_ylim(len(bars) - 0.5, -0.5)
        ax.set_xlim(0, max(n for _, n in bars) * 1.12)
        ax.tick_params(axis="y", length=0, labelcolor=INK)
        ax.xaxis.set_major_formatter(lambda value, _: count(value))
        ax.set_xlabel(say("chart.standing.x", lang))
        drop_spines(ax, "left")
        told = say("chart.join", lang).join(
            say("chart.standing.alt_bar", lang, name=name, n=n)
            for name, (_, n) in zip(names, bars, strict=True)
        )
        alt = say("chart.standing.alt", lang, title=title, bars=told)
        more = say("chart.standing.more", lang) if barred else ""
        return finished(
            figure, "plan_standing", title, alt, caption(lang, customers, source, as_of, more), chart
        )


def _standing_name(reason: str, lang: Lang) -> str:
    if reason in (PLANNED, NOT_DUE):
        return say(f"chart.standing.{reason}", lang)
    return name_of("not_planned", reason, lang)


def protection_terms(
    pool: Pool, contacts: pd.DataFrame, rules: PoolRules, *, lang: Lang, source: str, as_of: dt.date | str
) -> Drawn:
    """Until which day is each customer protected, and which contacts made it longer? (保护期)

    A bar from the claim to the last protected day, paler beyond the protection a claim gives by itself; full marks
    are effective contacts, empty ones those that reached nobody, a vertical line the longest protection.

    Parameters
    ----------
    pool : as `segkit.pool` gives it; records without a day of the claim are left out
    contacts : `customer_id, date, effective`, as given to `segkit.pool`
    rules : for the protection at the claim and the longest one
    source, as_of : for the caption
    """
    held = pool.records.dropna(subset=["claim_date", "recycle_at"]).reset_index(drop=True)
    days = (held["recycle_at"] - held["claim_date"]).dt.days
    chart = Chart(
        kind="bar",
        categories=tuple(held["customer_id"].astype(str)),
        series=(
            Series(name=say("chart.protection.days", lang), values=tuple(days.astype(float)), unit="days"),
        ),
    )
    if held.empty:
        return empty("protection_terms", say("chart.protection.none", lang), lang, source, as_of, chart)
    title = _title_of_protection(held, lang)
    with style():
        figure, [ax] = canvas(1.5 + 0.55 * len(held))
        for at, row in enumerate(held.itertuples()):
            first = row.claim_date + (rules.default_protect or 0) * _DAY
            own = min(first, row.recycle_at) - row.claim_date
            ax.barh(at, own, left=row.claim_date, height=0.34, color=ACCENT)
            if row.recycle_at > first:
                ax.barh(
                    at,
                    row.recycle_at - first,
                    left=first,
                    height=0.34,
                    color=PALE,
                    hatch="///",
                    edgecolor=ACCENT,
                )
            if rules.max_protect is not None:
                most = row.claim_date + rules.max_protect * _DAY
                ax.plot([most, most], [at - 0.3, at + 0.3], color=GREY, linestyle=(0, (4, 3)), linewidth=1.4)
            ax.annotate(
                f"{row.recycle_at:%m-%d}", (row.recycle_at, at - 0.17), xytext=(0, 3),
                textcoords="offset points", ha="center", va="bottom", color=INK, fontsize=SMALL, fontweight="bold",
            )  # fmt: skip
            for contact in contacts[contacts["customer_id"] == row.customer_id].itertuples():
                full = bool(contact.effective)
                ax.plot(
                    contact.date, at + 0.34, marker="^", markersize=7, linestyle="", clip_on=False,
                    color=INK, markerfacecolor=INK if full else PAPER,
                )  # fmt: skip
        ax.set_yticks(range(len(held)), held["customer_id"])
        ax.set_ylim(len(held) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0, labelcolor=INK)
        ax.xaxis.set_major_formatter(_month_and_day)
        ax.set_xlabel(say("chart.protection.x", lang))
        drop_spines(ax, "left")
        told = say("chart.join", lang).join(
            say("chart.protection.alt_bar", lang, id=row.customer_id, claim=row.claim_date.date(),
                end=row.recycle_at.date())
            for row in held.itertuples()
        )  # fmt: skip
        alt = say("chart.protection.alt", lang, title=title, bars=told)
        words = caption(lang, len(held), source, as_of, say("chart.protection.more", lang))
        return finished(figure, "protection_terms", title, alt, words, chart)


def _month_and_day(place: float, _: float = 0.0) -> str:
    from matplotlib.dates import num2date

    return f"{num2date(place):%m-%d}"


def _title_of_protection(held: pd.DataFrame, lang: Lang) -> str:
    """Who is kept longest beside who goes back first."""
    soon, late = held.loc[held["recycle_at"].idxmin()], held.loc[held["recycle_at"].idxmax()]
    facts = {"soon": soon["customer_id"], "first": soon["recycle_at"].date()}
    gap = (late["recycle_at"] - soon["recycle_at"]).days
    if not gap:
        return say("chart.protection.title_same", lang, n=len(held), **facts)
    return say(
        "chart.protection.title",
        lang,
        late=late["customer_id"],
        last=late["recycle_at"].date(),
        gap=gap,
        **facts,
    )
