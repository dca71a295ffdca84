"""Groups side by side (需求 行业 地区): how many, what they brought, what is usual in each, how far it carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.charts import segment_value
from segkit.report.model import Block, Sheet, Text
from segkit.report.study import Head, Shown, Study
from segkit.schemes.base import UNKNOWN, Scheme
from segkit.schemes.lookup import Lookup
from segkit.schemes.needs import NO_PREFERENCE, Needs

FEWEST = 5  # a group of fewer customers could be told apart one by one: it is counted among the others
MOST = 12  # rows of a table; the smaller groups are counted together
COMPARED = 30  # customers from which on the usual of a group is worth comparing
APART = 0.8  # from so often on the better group really is worth more, customer by customer (示例参数)
TRAITS = frozenset({"age", "gender", "income", "education", "occupation", "marital_status"})
OTHER = "other"
# what a lookup looks up, by its table or else by the column it reads -> the section it is shown in
PLACES = {
    "industry": "industry",
    "region": "region",
    "relative": "region",
    "province": "region",
    "city": "region",
    "city_tier": "region",
}


@dataclass(frozen=True)
class Grouping:
    """A column of labels to compare by: what it is called, and what its labels are called."""

    column: str
    title: str
    name: Callable[[str], str]


def grouping_of(study: Study, column: str) -> Grouping:
    """A scheme's labels by their names, or a column of the client's own as it is written."""
    scheme = study.segmentation.schemes.get(column)
    if scheme is None:
        return Grouping(column, study.field_name(column), str)
    return Grouping(column, study.scheme_name(column), lambda label: study.label_name(label, scheme))


def place_of(scheme: Scheme) -> str | None:
    """The section a scheme is shown in, where it is not one of the segments: needs, industry or region."""
    if isinstance(scheme, Lookup):
        return PLACES.get(scheme.table or scheme.column[0])
    return "needs" if isinstance(scheme, Needs) else None


def placed(study: Study, place: str) -> list[str]:
    """The schemes of one section, in the order of `PLACES`; the main one stands among the segments."""
    others = [(n, s) for n, s in study.segmentation.schemes.items() if n != study.segmentation.main]
    schemes = {name: scheme for name, scheme in others if place_of(scheme) == place}
    rank = {key: i for i, key in enumerate(PLACES)}
    return sorted(schemes, key=lambda n: rank.get(_looked_up(schemes[n]), -1))


def _looked_up(scheme: Scheme) -> str:
    return scheme.table or scheme.column[0] if isinstance(scheme, Lookup) else ""


def of_persons(scheme: Scheme) -> bool:
    """Does it say what a customer was registered as, or is as a person, rather than how the client ranks it?"""
    return scheme.kind == "lookup" or bool(TRAITS & {*scheme.needs()})


def side_by_side(study: Study, id: str, columns: Sequence[str]) -> Shown:
    """A section with one table for each column that tells two groups apart, and a figure of the first."""
    blocks: list[Block] = []
    for column in () if study.ranked else columns:
        grouping = grouping_of(study, column)
        summary = summed(study, column)
        if len(summary.drop(UNKNOWN, errors="ignore")) < 2:
            continue
        blocks.append(_sheet(study, id, grouping, summary))
        if len(blocks) == 1:
            blocks.append(_figure(study, id, grouping, summary))
        blocks.append(Text(text=_says(study, grouping, summary)))
        blocks.append(Text(text=_caution(study, grouping), role="note"))
    return study.add(id, blocks)


def summed(study: Study, column: str) -> pd.DataFrame:
    """One row per group, the largest first, `other` and `unknown` last.

    customers; monetary, positive (totals above zero) and orders with their aov; repeat (customers who came back)
    and the median of their days between orders. What nobody knows is missing.
    """
    customers = study.customers
    of = pd.DataFrame({"group": kept_apart(customers[column])})
    money = study.has_money
    known = customers["monetary"].astype("float64") if money else pd.Series(np.nan, index=customers.index)
    of["monetary"], of["positive"] = known, known.clip(lower=0)
    counted = customers["orders"] if "orders" in customers else pd.Series(np.nan, index=customers.index)
    of["orders"] = counted.astype("float64")
    of["paid"] = known.where(of["orders"].notna())
    of["interval"] = _interval(customers)
    grouped = of.groupby("group")
    table = grouped.agg(
        customers=("group", "size"),
        monetary=("monetary", lambda v: v.sum(min_count=1)),
        positive=("positive", lambda v: v.sum(min_count=1)),
        orders=("orders", lambda v: v.sum(min_count=1)),
        paid=("paid", lambda v: v.sum(min_count=1)),
        repeat=("interval", "count"),
        interval=("interval", "median"),
    )
    table["aov"] = table["paid"] / table["orders"].where(table["orders"] > 0)
    table.loc[table["repeat"] < FEWEST, "interval"] = np.nan
    last = {OTHER: 1, UNKNOWN: 2}
    order = sorted(table.index, key=lambda g: (last.get(g, 0), -table.loc[g, "customers"], str(g)))
    return table.loc[order].drop(columns="paid")


def kept_apart(labels: pd.Series, most: int | None = MOST) -> pd.Series:
    """The labels, with those of too few customers and those beyond the `most` largest made `other`.

    None is left alone in there: fewer than five others take the smallest named group with them.
    """
    group = labels.astype(object).where(labels.notna(), UNKNOWN).astype(str).str.strip()
    group = group.where(group != "", UNKNOWN)
    sizes = group.value_counts()
    ranked = sizes.drop(UNKNOWN, errors="ignore").sort_values(ascending=False, kind="stable")
    kept = [g for i, g in enumerate(ranked.index) if ranked[g] >= FEWEST and (most is None or i < most)]
    if sizes.get(UNKNOWN, 0) >= FEWEST:
        kept.append(UNKNOWN)
    elsewhere = int(sizes.sum() - sizes[kept].sum())
    named = [g for g in kept if g != UNKNOWN]
    while 0 < elsewhere < FEWEST and named:
        elsewhere += int(sizes[named[-1]])
        kept.remove(named.pop())
    return group.where(group.isin(kept), OTHER)


def _interval(customers: pd.DataFrame) -> pd.Series:
    """Days between order days, of those who have two or more."""
    if not {"first_order", "last_order", "frequency"} <= {*customers.columns}:
        return pd.Series(np.nan, index=customers.index)
    span = (customers["last_order"] - customers["first_order"]).dt.days.astype("float64")
    steps = customers["frequency"].astype("float64") - 1
    return span / steps.where(steps > 0)


def _called(study: Study, grouping: Grouping, group: str) -> str:
    if group == OTHER:
        return study.say("groups.other")
    return study.label_name(UNKNOWN) if group == UNKNOWN else grouping.name(group)


def _sheet(study: Study, id: str, grouping: Grouping, summary: pd.DataFrame) -> Sheet:
    base = study.money if study.has_money else 0.0
    table = summary.assign(
        group=[_called(study, grouping, group) for group in summary.index],
        customers_share=_shares(summary),
        money_share=(summary["positive"] / base).where(summary["monetary"] > 0) if base else np.nan,
    )
    head: list[Head] = [
        ("group", grouping.title, "text"),
        ("customers", study.say("head.customers"), "count"),
        ("customers_share", study.say("head.customers_share"), "share"),
        ("monetary", study.say("head.money"), "money"),
        ("money_share", study.say("head.money_share"), "share"),
        ("orders", study.say("head.orders"), "count"),
        ("aov", study.say("head.aov"), "money"),
        ("repeat", study.say("head.repeat"), "count"),
        ("interval", study.say("head.interval"), "days"),
    ]
    # of the shares one is enough in a wide table; the figure shows both
    left_out = {"customers_share"} if study.has_money else set()
    head = [column for column in head if table[column[0]].notna().any() and column[0] not in left_out]
    if not (summary["repeat"] > 0).any():
        head = [column for column in head if column[0] != "repeat"]
    totals = {
        "group": study.say("head.total"),
        "customers": int(summary["customers"].sum()),
        "customers_share": 1.0,
        "monetary": round(float(summary["monetary"].sum()), 2),
        "money_share": 1.0 if base else None,
        "orders": summary["orders"].sum(),
        "repeat": int(summary["repeat"].sum()),
    }
    ids = [column[0] for column in head]
    notes = [study.say("groups.merged", fewest=FEWEST)] if OTHER in summary.index else []
    if _mostly_unknown(summary) and "customers_share" in ids:
        notes.append(study.say("groups.of_known", title=grouping.title, n=_base(summary)))
    if "interval" in ids:
        notes.append(study.say("groups.interval_rule"))
    return study.table(
        f"{id}_{grouping.column}",
        _title(study, grouping, summary),
        head,
        table[ids].astype(object).to_numpy().tolist(),
        n=int(summary["customers"].sum()),
        total=[totals.get(id) for id in ids],
        note=study.say("groups.join").join(notes),
    )


def _figure(study: Study, id: str, grouping: Grouping, summary: pd.DataFrame) -> Block:
    if _mostly_unknown(summary) and not study.has_money:
        summary = summary.drop(UNKNOWN)
    drawn = summary.reset_index(names="label")[["label", "customers", "monetary", "positive"]]
    drawn["name"] = [_called(study, grouping, group) for group in drawn["label"]]
    facts = {"lang": study.lang, "source": study.source, "as_of": study.as_of}
    by = drawn["monetary"].fillna(0.0) if study.has_money else drawn["customers"]
    leads = str(drawn.loc[by.idxmax(), "label"])
    # a figure speaks of its first bar, unless that is no group
    said = leads in _named(study, grouping, summary).index
    title = None if said else _title(study, grouping, summary)
    return study.figure(segment_value(drawn, id=f"{id}_value", title=title, marked=False, **facts))


def _title(study: Study, grouping: Grouping, summary: pd.DataFrame) -> str:
    first = _named(study, grouping, summary).index[0]
    facts = {"title": grouping.title, "name": _called(study, grouping, first), "n": _base(summary)}
    which = "groups.title_known" if _mostly_unknown(summary) else "groups.title"
    return study.say(which, share=_shares(summary)[first], **facts)


def _mostly_unknown(summary: pd.DataFrame) -> bool:
    """Are the unknown ones more than any group? Then shares are of those that are known."""
    known = summary["customers"].drop(UNKNOWN, errors="ignore")
    return UNKNOWN in summary.index and len(known) > 0 and summary.loc[UNKNOWN, "customers"] > known.max()


def _base(summary: pd.DataFrame) -> int:
    """The customers who are 100 %."""
    left_out = [UNKNOWN] if _mostly_unknown(summary) else []
    return int(summary["customers"].drop(left_out).sum())


def _shares(summary: pd.DataFrame) -> pd.Series:
    shares = summary["customers"] / _base(summary)
    return shares.mask(summary.index == UNKNOWN) if _mostly_unknown(summary) else shares


def _named(study: Study, grouping: Grouping, summary: pd.DataFrame) -> pd.DataFrame:
    """The groups whose members have something in common; all of them where none is such."""
    others = {OTHER, UNKNOWN, NO_PREFERENCE, study.say("groups.other")}
    named = [g for g in summary.index if not {g, _called(study, grouping, g)} & others]
    return summary.loc[named] if named else summary


def _says(study: Study, grouping: Grouping, summary: pd.DataFrame) -> str:
    """The largest group, and the one whose orders are largest, where enough of them are known."""
    named = _named(study, grouping, summary)
    first = named.index[0]
    base = study.money if study.has_money else 0.0
    facts = {
        "name": _called(study, grouping, first),
        "n": int(summary.loc[first, "customers"]),
        "share": _shares(summary)[first],
        "base": _base(summary),
        "title": grouping.title,
    }
    if _mostly_unknown(summary):
        return study.say("groups.says_known", **facts)
    if not base or not summary.loc[first, "monetary"] > 0:
        return study.say("groups.says_people", **facts)
    facts["held"] = summary.loc[first, "positive"] / base
    usual = named[(named["customers"] >= COMPARED) & named["aov"].notna()].sort_values("aov", kind="stable")
    if len(usual) < 2 or usual["aov"].iloc[-1] == usual["aov"].iloc[0]:
        return study.say("groups.says", **facts)
    high, low = usual.index[-1], usual.index[0]
    return study.say(
        "groups.says_aov",
        high=_called(study, grouping, high),
        high_aov=usual.loc[high, "aov"],
        high_n=int(usual.loc[high, "orders"]),
        low=_called(study, grouping, low),
        low_aov=usual.loc[low, "aov"],
        low_n=int(usual.loc[low, "orders"]),
        **facts,
    )


def _caution(study: Study, grouping: Grouping) -> str:
    """A group is not its members (ecological fallacy): how often one of the better group is worth more at all."""
    found = _one_of_each(study, grouping.column) if study.has_money else None
    if found is None:
        return study.say("groups.caution", title=grouping.title)
    high, low, chance = found
    return study.say(
        "groups.caution_apart" if chance >= APART else "groups.caution_pairs",
        title=grouping.title,
        high=_called(study, grouping, high),
        low=_called(study, grouping, low),
        times=min(round(100 * chance), 99 if chance < 1 else 100),
    )


def _one_of_each(study: Study, column: str) -> tuple[str, str, float] | None:
    """Of the groups with the highest and the lowest mean, how often is one drawn of the first worth more?

    The probability of superiority: pairs in which the first is worth more, ties counting half.
    """
    paying = study.paying
    group = kept_apart(study.customers[column]).loc[paying.index]
    sizes = group.value_counts()
    enough = [g for g, n in sizes.items() if n >= COMPARED and g not in (OTHER, UNKNOWN)]
    if len(enough) < 2:
        return None
    worth = paying["monetary"].astype("float64")
    means = worth.groupby(group).mean()[enough].sort_values(kind="stable")
    low, high = str(means.index[0]), str(means.index[-1])
    a, b = worth[group == high].to_numpy(), np.sort(worth[group == low].to_numpy())
    below, upto = np.searchsorted(b, a, side="left"), np.searchsorted(b, a, side="right")
    return high, low, float((below + upto).sum() / 2 / (len(a) * len(b)))
