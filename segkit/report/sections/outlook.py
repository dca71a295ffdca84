"""What the next three months may bring (下季度预测), and how far off the same forecast was before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from segkit.evaluate.forecasting import AHEAD, Forecast, next_quarter
from segkit.report.model import Block, Kpis, Sheet, Text
from segkit.report.sections.next_holdout import joined
from segkit.report.study import Head, Shown, Study
from segkit.schemes.base import PROSPECT, UNKNOWN

# columns made of the orders: a class that looks at one of them depends on what was bought lately
BOUGHT = {
    "first_order", "last_order", "recency_days", "frequency", "orders", "monetary", "aov", "tenure_days",
}  # fmt: skip
OF_ORDERS = ("category", "channel")
OF_CUSTOMERS = ("province", "city")
KNOWN = 0.8  # of the orders must say where they belong
MOST = 8  # groups with a row of their own; the smallest of more are taken together
QUIET_DAYS = 31  # without an order at the end: do the data go on? (示例参数)


@dataclass(frozen=True)
class Grouping:
    """By what the orders are told apart: a heading, and the group of every order line."""

    column: str
    head: str
    groups: pd.Series


def outlook(study: Study) -> Shown:
    """What will come in the next three months, in all and by group, with its own past error in plain words.

    Groups are known before the purchase: a class of customers that does not look at purchases, a category, a channel
    or a province. Nothing where there are no orders with money, or too few months to measure an error.
    """
    if study.orders is None or not study.has_money:
        return study.add("outlook", [])
    found = next_quarter(study.orders, as_of=study.as_of)
    whole = found[0] if found else None
    if whole is None or whole.value is None or whole.past_error is None:
        return study.add("outlook", [])
    note = study.say("outlook.between", low=whole.low, high=whole.high)
    if not _better(whole):
        note = study.say("outlook.card_no_better", last=_last_quarter(study, whole)["amount"].sum())
    ids = [
        study.kpi("outlook_next", whole.value, "money", n=whole.n, note=note),
        study.kpi("outlook_error", whole.past_error, "share", n=whole.origins),
    ]
    blocks: list[Block | None] = [Kpis(ids=ids), Text(text=_said(study, whole))]
    grouping = _grouping(study)
    if grouping is not None:
        blocks += _by_group(study, whole, grouping)
    blocks += [Text(text=words, role="warning") for words in _cautions(study)]
    return study.add("outlook", blocks)


# --- words -----------------------------------------------------------------------------------------


def _said(study: Study, one: Forecast) -> str:
    """The figure, how far off it was before, and whether last quarter's figure would have done as well."""
    facts = {
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "start": one.start,
        "end": one.end,
        "error": one.past_error,
        "of_last": one.past_error_of_last,
        "origins": one.origins,
        "last": _last_quarter(study, one)["amount"].sum(),
    }
    which = "outlook.better" if _better(one) else "outlook.no_better"
    return joined(study, [study.say(id, **facts) for id in ("outlook.next", "outlook.error", which)])


def _better(one: Forecast) -> bool | None:
    """Was it nearer than last quarter's figure would have been?"""
    if one.past_error is None or one.past_error_of_last is None:
        return None
    return one.past_error < one.past_error_of_last


def _cautions(study: Study) -> list[str]:
    orders = study.orders
    assert orders is not None
    last = pd.to_datetime(orders["order_date"]).max()
    quiet = (pd.Timestamp(study.as_of) - last).days
    return [study.say("outlook.quiet", last=last, as_of=study.as_of)] if quiet > QUIET_DAYS else []


# --- groups ----------------------------------------------------------------------------------------


def _grouping(study: Study) -> Grouping | None:
    """The first that is known of most orders and tells them apart."""
    return next((one for one in _groupings(study) if _tells_apart(one.groups)), None)


def _groupings(study: Study) -> list[Grouping]:
    orders = study.orders
    assert orders is not None
    made = BOUGHT | _made_of_orders(study)
    found = []
    for name, scheme in ({} if study.ranked else study.shown_schemes).items():
        if name == study.segmentation.main and not {*scheme.needs()} & made:
            labels = _of_customers(study, name)
            named = labels.where(~labels.isin([UNKNOWN, PROSPECT])).map(study.label_name, na_action="ignore")
            found.append(Grouping("segment", study.say("head.segment"), named))
    of_lines = {name: orders[name] for name in OF_ORDERS if name in orders}
    of_people = {name: _of_customers(study, name) for name in OF_CUSTOMERS if name in study.customers}
    for name, groups in {**of_lines, **of_people}.items():
        words = groups.astype("string").str.strip()
        found.append(Grouping(name, study.field_name(name), words.where(words != "")))
    return found


def _made_of_orders(study: Study) -> set[str]:
    """The playbook's own columns that are counted from purchases."""
    playbook = study.playbook
    if playbook is None:
        return set()
    own = playbook.attributes
    made = {name for name, one in own.items() if one.table == "orders" or {*one.reads()} & BOUGHT}
    return made | {name for name, one in own.items() if {*one.reads()} & made}


def _of_customers(study: Study, column: str) -> pd.Series:
    """What is known of the customer of every order line."""
    orders, people = study.orders, study.customers
    assert orders is not None
    known = people[column].set_axis(people["customer_id"].astype(str))
    return orders["customer_id"].astype(str).map(known[~known.index.duplicated()])


def _tells_apart(groups: pd.Series) -> bool:
    return bool(groups.notna().mean() >= KNOWN) and groups.nunique() > 1


def _by_group(study: Study, whole: Forecast, grouping: Grouping) -> list[Block | None]:
    orders = study.orders
    assert orders is not None
    groups = _largest(study, grouping.groups)
    lines = orders.assign(group=groups)
    found = next_quarter(lines, as_of=study.as_of, by="group")
    last = _last_quarter(study, whole).groupby(groups)["amount"].sum()
    rows = [
        [
            one.segment,
            float(last.get(one.segment, 0.0)),
            one.value,
            one.low,
            one.high,
            one.past_error,
            one.past_error_of_last,
            study.say(f"outlook.verdict.{_verdict(one)}"),
        ]
        for one in found
    ]
    head: list[Head] = [
        ("group", grouping.head, "text"),
        ("last", study.say("head.outlook_last"), "money"),
        ("next", study.say("head.outlook_next"), "money"),
        ("low", study.say("head.outlook_low"), "money"),
        ("high", study.say("head.outlook_high"), "money"),
        ("error", study.say("head.outlook_error"), "share"),
        ("error_of_last", study.say("head.outlook_error_of_last"), "share"),
        ("verdict", study.say("head.outlook_verdict"), "text"),
    ]
    better = sum(_better(one) is True for one in found)
    measured = sum(one.past_error is not None for one in found)
    largest = found[0]
    facts = {"n": measured, "better": better, "name": largest.segment, "value": largest.value}
    title = study.say("outlook.by_group", **facts)
    sheet = _sheet(study, title, head, rows, whole, float(last.sum()))
    words = [study.say("outlook.groups", better=better, n=measured)]
    if grouping.column != "segment":
        words.append(study.say("outlook.why_not_segments", head=grouping.head))
    return [sheet, Text(text=joined(study, words), role="note")]


def _sheet(
    study: Study, title: str, head: list[Head], rows: list[list[Any]], whole: Forecast, last: float
) -> Sheet:
    total = [
        study.say("head.total"),
        last,
        whole.value,
        whole.low,
        whole.high,
        whole.past_error,
        whole.past_error_of_last,
        study.say(f"outlook.verdict.{_verdict(whole)}"),
    ]
    return study.table("outlook", title, head, rows, n=whole.n, total=total)


def _verdict(one: Forecast) -> str:
    return {True: "better", False: "no_better", None: "unknown"}[_better(one)]


def _largest(study: Study, groups: pd.Series) -> pd.Series:
    """The largest groups by money, the others and what is not known taken together."""
    orders = study.orders
    assert orders is not None
    sums = orders["amount"].groupby(groups).sum().sort_values(ascending=False, kind="stable")
    few = len(sums) <= MOST and groups.notna().all()
    kept = set(sums.index if few else sums.index[: MOST - 1])
    return groups.where(groups.isin(kept), study.say("groups.other")).astype(object)


def _last_quarter(study: Study, one: Forecast) -> pd.DataFrame:
    """The order lines of the three months before the quarter."""
    orders = study.orders
    assert orders is not None
    days = pd.to_datetime(orders["order_date"])
    first = pd.Timestamp(one.start) - pd.DateOffset(months=AHEAD)
    return orders[(days >= first) & (days < pd.Timestamp(one.start))]
