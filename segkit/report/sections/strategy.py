"""The strategy matrix (策略矩阵): what each segment gets, when and from whom, and what that costs against its worth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import pandas as pd

from segkit.followup.policy import Caps, Policy, Touch
from segkit.locale import Lang, has_term, listing, name_of, say, term
from segkit.report.model import Block, Text
from segkit.report.render.values import NOTHING
from segkit.report.study import Head, Shown, Study
from segkit.schemes.base import UNKNOWN

YEAR = 365  # days
PRICING = "differential_pricing"  # the strategy the law sets limits to
WINDOWS = ("day", "week", "month")


def strategy(study: Study) -> Shown:
    """Per segment: how many, which strategies, which contacts, minutes and money a year against what they bring."""
    if study.ranked:
        return study.add("strategy", [])
    customers = study.customers[study.segmentation.main]
    here = {str(label): int(n) for label, n in customers.value_counts().items()}
    planned = [label for label in study.policy.labels if label in here]
    if not planned:
        return study.add("strategy", [])
    alone = [label for label in study.segmentation.main_scheme.order() if label in here]
    order = [*planned, *(label for label in alone if label not in planned)]
    heading, worth = _worth(study)
    minutes = {label: yearly_minutes(study.policy, label) for label in planned}
    costs = {label: yearly_cost(study.policy, label) for label in planned}
    rows = [
        [
            label,
            here[label],
            _strategies(study, label),
            _contacts(study, label),
            minutes.get(label),
            costs.get(label),
            worth.get(label),
        ]
        for label in order
    ]
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("customers", study.say("head.customers"), "count"),
        ("strategies", study.say("head.strategies"), "text"),
        ("contacts", study.say("head.contacts"), "text"),
        ("minutes_year", study.say("head.minutes_year"), "count"),
        ("cost_year", study.say("head.cost_year"), "money"),
        ("worth", study.say(heading), "money"),
    ]
    if not study.has_money:  # a report without money says nothing of it, of its cost neither
        head, rows = head[:-2], [row[:-2] for row in rows]
    hours = sum(minutes[label] * here[label] for label in planned) / 60
    cost = sum(costs[label] * here[label] for label in planned)
    which = "strategy.title" if study.has_money else "strategy.title_people"
    title = study.say(which, n=len(planned), hours=hours, cost=cost)
    dear = [label for label in planned if 0 < worth.get(label, 0.0) < costs[label]]
    blocks: list[Block | None] = [
        Text(text=study.say("strategy.lead" if study.has_money else "strategy.lead_people")),
        study.table("strategy", title, head, rows, n=len(study.customers)),
        Text(text=limits_text(study.policy, study.lang), role="note"),
        Text(text=_costs_text(study), role="note"),
        Text(text=study.say("strategy.dear", names=_called(study, dear)), role="warning") if dear else None,
        _compliance(study, planned),
    ]
    return study.add("strategy", blocks)


# --- rhythm ----------------------------------------------------------------------------------------


def rhythm_text(touch: Touch, lang: Lang, named: Callable[[str], str] | None = None) -> str:
    """When a touch falls due, in words: 每 30 天, 首单后第 1、7、30 天, 春节、中秋前.

    `named` says what a column of the client's own is called where the terms have no word for it.
    """
    named = named or (lambda column: name_of("field", column, lang))

    def called(group: str, column: str) -> str:
        own = say(f"rhythm.{group}_of", lang, column=named(column))
        return term(f"{group}.{column}", lang) if has_term(f"{group}.{column}") else own

    if touch.every_days:
        text = say("rhythm.every", lang, days=touch.every_days)
    elif touch.on_days:
        days = say("rhythm.slash", lang).join(map(str, touch.on_days))
        which = "rhythm.days" if len(touch.on_days) > 1 else "rhythm.day"
        text = say(which, lang, days=days, anchor=called("anchor", touch.anchor))
    elif touch.yearly:
        text = called("yearly", touch.yearly)
    else:
        festivals = [term(f"festival.{one}", lang) for one in touch.festivals]
        text = say("rhythm.festivals", lang, festivals=say("rhythm.and", lang).join(festivals))
    for limit, id in ((touch.stop_after, "rhythm.stop"), (touch.at_most, "rhythm.at_most")):
        text += say(id, lang, n=limit) if limit else ""
    return text


def contacts_text(touches: Sequence[Touch], lang: Lang, named: Callable[[str], str] | None = None) -> str:
    """The touches of a class in a few words, by who makes them: 专人：电话每 30 天；共享：问卷每 180 天."""
    said: dict[str, list[str]] = {}
    for touch in touches:
        facts = {
            "channel": name_of("channel", touch.channel, lang),
            "rhythm": rhythm_text(touch, lang, named),
        }
        said.setdefault(touch.owner, []).append(say("strategy.touch", lang, **facts))
    parts = [
        say(
            "strategy.by",
            lang,
            owner=term(f"owner.{owner}", lang),
            touches=say("strategy.and", lang).join(each),
        )
        for owner, each in said.items()
    ]
    return say("strategy.join", lang).join(parts)


# --- a year ----------------------------------------------------------------------------------------


def times_a_year(touch: Touch) -> float:
    """How often a touch is made to one customer within 365 days at most, caps aside."""
    if touch.every_days:
        times = YEAR / touch.every_days
    elif touch.on_days:
        times = float(sum(day <= YEAR for day in touch.on_days))
    else:
        times = float(len(touch.festivals) or 1)
    return min(times, float(touch.stop_after)) if touch.stop_after else times


def yearly_minutes(policy: Policy, label: str) -> float:
    """Minutes of work a year for one customer of this label, at most."""
    return sum(times * touch.minutes for touch, times in _year(policy, label))


def yearly_cost(policy: Policy, label: str) -> float:
    """Money a year for one customer of this label, at most: the hours and what the channels cost."""
    return sum(times * policy.costs.of(touch.channel, touch.minutes) for touch, times in _year(policy, label))


def _year(policy: Policy, label: str) -> list[tuple[Touch, float]]:
    """The touches of a label with their times a year; marketing together never more than the caps allow."""
    times = [(touch, times_a_year(touch)) for touch in policy.labels[label].touches]
    wanted = sum(n for touch, n in times if touch.marketing)
    spans = dict(zip(WINDOWS, (1, 7, 30), strict=True))
    caps = {name: getattr(policy.caps, name) for name in WINDOWS}
    allowed = min((n * YEAR / spans[name] for name, n in caps.items() if n), default=wanted)
    kept = min(1.0, allowed / wanted) if wanted else 1.0
    return [(touch, n * kept if touch.marketing else n) for touch, n in times]


# --- words -----------------------------------------------------------------------------------------


def limits_text(policy: Policy, lang: Lang) -> str:
    """The floor below which nobody falls and the caps above which nobody is addressed, in one sentence."""
    limits = _limits(policy.caps, lang)
    which = "strategy.limits" if limits else "strategy.limits_floor"
    return say(which, lang, days=policy.floor_days, limits=limits)


def _limits(caps: Caps, lang: Lang) -> list[str]:
    said = []
    for channel, cap in (("", caps), *caps.channels.items()):
        for name in WINDOWS:
            if n := getattr(cap, name):
                limit = say(f"strategy.cap.{name}", lang, n=n)
                facts = {"channel": name_of("channel", channel, lang), "limit": limit}
                said.append(say("strategy.cap.channel", lang, **facts) if channel else limit)
    return said


def _costs_text(study: Study) -> str:
    if not study.has_money:
        return study.say("strategy.minutes_most")
    costs = study.policy.costs
    source = costs.source_text(study.lang)
    fees = [
        study.say("strategy.fee", channel=name_of("channel", channel, study.lang), fee=fee)
        for channel, fee in costs.channels.items()
        if fee
    ]
    facts = {"hour": costs.hour, "fees": fees, "source": source or study.say("definition.source.none")}
    return study.say("strategy.costs" if fees else "strategy.costs_hour", **facts)


def _strategies(study: Study, label: str) -> str:
    entry = study.policy.labels.get(label)
    if entry is None or not entry.strategies:
        return NOTHING
    return listing([name_of("strategy", id, study.lang) for id in entry.strategies], study.lang)


def _contacts(study: Study, label: str) -> str:
    touches = study.touches(label)
    if not touches:
        return study.say("strategy.nobody" if label == UNKNOWN else "strategy.left_alone")
    return contacts_text(touches, study.lang, study.field_name)


def _compliance(study: Study, labels: Sequence[str]) -> Text | None:
    """What the law asks of prices that differ, wherever a segment shown has them."""
    priced = [label for label in labels if PRICING in study.policy.labels[label].strategies]
    if not priced:
        return None
    return Text(text=study.say("strategy.compliance", names=_called(study, priced)), role="warning")


def _called(study: Study, labels: Sequence[str]) -> list[str]:
    return [study.label_name(label) for label in labels]


def _worth(study: Study) -> tuple[str, dict[str, float]]:
    """What a customer of each label brought: in the last year where the orders tell, else in all."""
    main, customers = study.segmentation.main, study.customers
    if not study.has_money:
        return "head.worth_total", {}
    spent = customers["monetary"].astype("float64").fillna(0.0)
    heading, orders = "head.worth_total", study.orders
    since = study.as_of - dt.timedelta(days=YEAR)
    if orders is not None and study.history is not None and study.history.first <= since:
        dates, day = pd.to_datetime(orders["order_date"]), dt.timedelta(days=1)
        recent = orders[dates.ge(pd.Timestamp(since + day)) & dates.lt(pd.Timestamp(study.as_of + day))]
        by_customer = recent.groupby(recent["customer_id"].astype(str))["amount"].sum()
        spent = customers["customer_id"].astype(str).map(by_customer).astype("float64").fillna(0.0)
        heading = "head.worth_year"
    means = spent.groupby(customers[main]).mean()
    return heading, {str(label): float(mean) for label, mean in means.items()}
