"""The segments: how many customers, what they are worth, and what happens with them next."""

from __future__ import annotations

import pandas as pd

from segkit.charts import segment_value
from segkit.locale import name_of
from segkit.report.model import Block, Sheet, Text
from segkit.report.study import Head, Shown, Study


def summary_by(customers: pd.DataFrame, label: str, order: tuple[str, ...]) -> pd.DataFrame:
    """One row per label that occurs, best first: customers, buyers, money, medians."""
    grouped = customers.groupby(label, observed=True)
    table = pd.DataFrame(
        {
            "customers": grouped.size(),
            "monetary": grouped["monetary"].sum().round(2),
            "orders": grouped["orders"].sum(),
            "recency": grouped["recency_days"].median(),
            "frequency": grouped["frequency"].mean(),
        }
    )
    known = [name for name in order if name in table.index]
    return table.loc[[*known, *sorted(set(table.index) - set(known))]]


def segments(study: Study) -> Shown:
    """Each segment of the main scheme: size, value, usual recency and frequency; then the other schemes."""
    main = study.segmentation.main
    blocks: list[Block] = []
    for name, scheme in study.segmentation.schemes.items():
        summary = summary_by(study.customers, name, scheme.order())
        study.mark_segments(list(summary.index))
        sheet = _sheet(study, name, summary)
        if name == main:
            picture = study.figure(
                segment_value(
                    summary.reset_index(names="label")[["label", "customers", "monetary"]],
                    lang=study.lang,
                    source=study.source,
                    as_of=study.as_of,
                )
            )
            blocks = [sheet, picture, *blocks]
        else:
            blocks.append(sheet)
    below = study.customers["monetary"][study.customers["monetary"] < 0]
    if len(below):
        words = study.say("report.negative", n=len(below), money=float(below.sum()))
        blocks.append(Text(text=words, role="warning"))
    unknown = int((study.customers[main] == "unknown").sum())
    if unknown:
        blocks.append(Text(text=study.say("report.unknown", n=unknown), role="warning"))
    return study.add("segments", blocks)


def _sheet(study: Study, name: str, summary: pd.DataFrame) -> Sheet:
    people, money = int(summary["customers"].sum()), float(summary["monetary"].sum())
    is_main = name == study.segmentation.main
    head: list[Head] = [
        ("segment", name_of("scheme", name, study.lang), "text"),
        ("customers", study.say("head.customers"), "count"),
        ("customers_share", study.say("head.customers_share"), "share"),
        ("monetary", study.say("head.money"), "money"),
        ("monetary_share", study.say("head.money_share"), "share"),
        ("recency", study.say("head.recency"), "days"),
        ("frequency", study.say("head.frequency"), "times"),
    ]
    rows = [
        [
            label,
            r.customers,
            r.customers / people,
            r.monetary,
            r.monetary / money if money > 0 else None,
            r.recency,
            r.frequency,
        ]
        for label, r in zip(summary.index, summary.itertuples(), strict=True)
    ]
    best = summary["monetary"].idxmax()
    title = study.say(
        "report.segments",
        name=name_of("segment", best, study.lang),
        people=summary.loc[best, "customers"] / people,
        money=summary.loc[best, "monetary"] / money if money > 0 else 0.0,
    )
    total = [study.say("head.total"), people, 1.0, money, money / money if money > 0 else None, None, None]
    id = "segments" if is_main else f"segments_{name}"
    return study.table(id, title, head, rows, n=people, total=total)
