"""The segments: how many customers, what they are worth, and what happens with them next."""

from __future__ import annotations

import pandas as pd

from segkit.charts import segment_value
from segkit.report.model import Block, Sheet, Text
from segkit.report.sections.groups import kept_apart, of_persons, place_of
from segkit.report.sections.ranking import ranking
from segkit.report.study import Head, Shown, Study
from segkit.schemes.base import UNKNOWN

ALL = 0.9995  # of the money: reads 100.0 %


def summary_by(customers: pd.DataFrame, label: str, order: tuple[str, ...]) -> pd.DataFrame:
    """One row per label that occurs, best first: customers, money (missing where of nobody known), medians."""
    worth = customers.assign(positive=customers["monetary"].clip(lower=0))
    grouped = worth.groupby(label, observed=True)
    table = pd.DataFrame(
        {
            "customers": grouped.size(),
            "monetary": grouped["monetary"].sum(min_count=1).round(2),
            "positive": grouped["positive"].sum().round(2),
            "recency": grouped["recency_days"].median(),
            "frequency": grouped["frequency"].mean(),
        }
    )
    known = [name for name in order if name in table.index]
    return table.loc[[*known, *sorted(set(table.index) - set(known))]]


def segments(study: Study) -> Shown:
    """Each segment of the main scheme: size, value, usual recency and frequency; then the other schemes.

    Of too few customers for groups, their order.
    """
    if study.ranked:
        return ranking(study)
    main = study.segmentation.main
    blocks: list[Block] = []
    for name, scheme in study.segmentation.schemes.items():
        if name != main and (place_of(scheme) or not study.tells_apart(name)):
            continue
        labelled = study.customers
        if name != main and of_persons(scheme):
            labelled = labelled.assign(**{name: kept_apart(labelled[name], most=None)})
        summary = summary_by(labelled, name, scheme.order())
        if name != main and len(summary) == 1:
            facts = {
                "scheme": study.scheme_name(name),
                "name": study.label_name(str(summary.index[0]), scheme),
            }
            blocks.append(Text(text=study.say("report.scheme_one", n=len(labelled), **facts), role="note"))
            continue
        study.mark_segments([*scheme.order(), *summary.index], scheme)
        sheet = _sheet(study, name, summary)
        if name == main:
            columns = ["label", "name", "customers", "monetary", "positive"]
            named = summary.assign(name=[study.label_name(label, scheme) for label in summary.index])
            picture = study.figure(
                segment_value(
                    named.reset_index(names="label")[columns],
                    labels=scheme.order(),
                    keep=[label for label in [study.leading] if label],
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
    unknown = int((study.customers[main] == UNKNOWN).sum())
    if unknown:
        blocks.append(Text(text=study.say("report.unknown", n=unknown), role="warning"))
    return study.add("segments", blocks, title="segments" if study.has_money else "segments_people")


def _sheet(study: Study, name: str, summary: pd.DataFrame) -> Sheet:
    people, base = int(summary["customers"].sum()), study.money
    is_main = name == study.segmentation.main
    shares = (
        (summary["positive"] / base).where(summary["monetary"] > 0)
        if base
        else summary["positive"] * float("nan")
    )
    table = pd.DataFrame(
        {
            "segment": summary.index,
            "customers": summary["customers"],
            "customers_share": summary["customers"] / people,
            "monetary": summary["monetary"],
            "monetary_share": shares,
            "recency": summary["recency"],
            "frequency": summary["frequency"],
        }
    )
    head: list[Head] = [
        ("segment", study.say("head.segment") if is_main else study.scheme_name(name), "text"),
        ("customers", study.say("head.customers"), "count"),
        ("customers_share", study.say("head.customers_share"), "share"),
        ("monetary", study.say("head.money"), "money"),
        ("monetary_share", study.say("head.money_share"), "share"),
        ("recency", study.say("head.recency"), "days"),
        ("frequency", study.say("head.frequency"), "times"),
    ]
    # a column of which nothing is known is no column
    head = [column for column in head if table[column[0]].notna().any()]
    ids = [id for id, _, _ in head]
    totals = {
        "segment": study.say("head.total"),
        "customers": people,
        "customers_share": 1.0,
        "monetary": round(float(summary["monetary"].sum()), 2),
        "monetary_share": 1.0,
    }
    speaking = summary.drop([UNKNOWN], errors="ignore")
    told = speaking if len(speaking) else summary
    # that one class holds all the money says more of the rule than of the customers
    by_money = study.has_money and not (shares > ALL).any()
    best = told["monetary" if by_money else "customers"].idxmax()
    facts = {
        "name": study.label_name(str(best), study.segmentation.schemes[name]),
        "n": people,
        "people": summary.loc[best, "customers"] / people,
        "money": table.loc[best, "monetary_share"],
    }
    which = "report.segments" if by_money and summary.loc[best, "monetary"] > 0 else "report.segments_people"
    which = "report.segments_one" if len(summary) == 1 else which
    return study.table(
        "segments" if is_main else f"segments_{name}",
        study.say(which, **facts),
        head,
        table[ids].astype(object).to_numpy().tolist(),
        n=people,
        total=[totals.get(id) for id in ids],
        note=study.say("report.share_base", n=len(study.paying), money=base) if is_main and base else "",
    )
