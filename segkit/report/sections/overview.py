"""What every client asks first: how many customers, how many came back, how many were lost, what each is worth."""

from __future__ import annotations

from segkit.charts import top_customers
from segkit.report.history import PERIODS
from segkit.report.model import Block, Kpis, Text, Unit
from segkit.report.study import Head, Shown, Study
from segkit.schemes.base import UNKNOWN

IN_PERIODS = ("active", "new", "returning", "churn_rate")
# buyers watched for a shorter time than this cannot yet count as "bought once only"
WATCHED_DAYS = 90


def overview(study: Study) -> Shown:
    """Customers, active, new and returning, 复购率, 流失率, 客单价, 购买频次, share of the top 20 %.

    Where the data do not say who bought, the customers and what the main scheme makes of them.
    """
    customers = study.customers
    ids = [study.kpi("customers", len(customers), "count")]
    if not study.has_purchases:
        words = Text(text=study.say("report.no_purchases"), role="note")
        return study.add("overview", [Kpis(ids=[*ids, *_classed(study)]), words])
    ids.append(study.kpi("buyers", len(study.buyers), "count", n=len(customers)))
    if study.has_money:
        ids.append(study.kpi("revenue", float(customers["monetary"].sum()), "money", n=len(customers)))
    ids += _counts(study)
    if study.has_money:
        ids.append(_top_share(study))
    if not study.comes_back:
        ids += _classed(study)
    blocks: list[Block | None] = [Kpis(ids=ids)]
    if len(study.buyers) and study.counted.empty:
        blocks.append(Text(text=study.say("report.not_counted"), role="note"))
    return study.add("overview", [*blocks, *_periods(study), _limits(study)])


def _classed(study: Study) -> list[str]:
    """How many the main scheme could classify, and how many stand in the class that comes first."""
    labels, first = study.customers[study.segmentation.main], study.leading
    known = labels[labels != UNKNOWN]
    ids = [study.kpi("classified", len(known), "count", n=len(labels))]
    if first is not None and known.nunique() > 1 and not study.ranked:
        n = int((known == first).sum())
        ids.append(study.kpi("best_class", n, "count", n=len(known), name=study.label_name(first)))
    return ids


def _top_share(study: Study) -> str:
    paying = study.paying
    _, held = top_customers(paying["monetary"], 0.2)
    rule = study.say("report.rule.top20")
    return study.kpi("top20_share", held if len(paying) else None, "share", n=len(paying), note=rule)


def _counts(study: Study) -> list[str]:
    """What needs a count of orders; nothing where the client's totals come without."""
    counted = study.counted
    if len(study.buyers) and counted.empty:
        return []
    n, orders = len(counted), float(counted["orders"].sum())
    known = study.customers[study.customers["frequency"].notna()]
    watched, rule = counted, study.say("report.rule.repurchase_total")
    if study.history is not None:
        watched = counted[counted["tenure_days"] >= WATCHED_DAYS]
        rule = study.say("report.rule.repurchase", days=WATCHED_DAYS)
    again, once = int((watched["frequency"] >= 2).sum()), int((counted["frequency"] == 1).sum())
    rate = again / len(watched) if len(watched) else None
    worth = float(known["monetary"].sum()) / orders if orders else None
    ids = [
        study.kpi("orders", orders, "count"),
        *([study.kpi("aov", worth, "money", n=int(orders))] if study.has_money else []),
    ]
    if not study.comes_back:
        return ids
    return [
        *ids,
        study.kpi("frequency", counted["frequency"].mean() if n else None, "times", n=n),
        study.kpi("repurchase_rate", rate, "share", n=len(watched), note=rule),
        study.kpi("one_time_share", once / n if n else None, "share", n=n),
    ]


def _periods(study: Study) -> list[Block]:
    if study.history is None:
        return [Text(text=study.say("report.no_orders"), role="note")]
    days, now, then = study.history.days, study.history.now, study.history.then
    if days is None or now is None or then is None:
        return [Text(text=study.say("report.no_periods", days=2 * min(PERIODS)), role="note")]
    study.kpi("active", now.active, "count", previous=then.active)
    if study.comes_back:
        study.kpi("new", now.new, "count", n=now.active, previous=then.new)
        study.kpi("returning", now.returning, "count", n=now.active, previous=then.returning)
        rule = study.say("report.rule.churn", days=days)
        before = then.churn if now.churn is not None else None
        study.kpi("churn_rate", now.churn, "share", n=now.before or None, note=rule, previous=before)
    units: dict[str, Unit] = {"active": "count", "new": "count", "returning": "count", "revenue": "money"}
    units |= {"orders": "count", "churn_rate": "share"}
    if not study.comes_back:
        units = {id: unit for id, unit in units.items() if id not in ("new", "returning", "churn_rate")}
    head: list[Head] = [("period", study.say("head.period"), "text")]
    head += [(id, study.say(f"kpi.{id}"), unit) for id, unit in units.items()]
    rows = [
        [study.say(words, days=days), *(getattr(p, id.removesuffix("_rate")) for id in units)]
        for words, p in (("head.last_days", now), ("head.days_before", then))
    ]
    title = study.say("report.periods", days=days, active=now.active, before=then.active)
    table = study.table("periods", title, head, rows, n=len(study.customers))
    if not study.comes_back:
        return [Kpis(ids=["active"]), table]
    note = Text(text=study.say("report.rule.new", first=study.history.first), role="note")
    return [Kpis(ids=[*IN_PERIODS]), table, note]


def _limits(study: Study) -> Text | None:
    """What these data could not tell."""
    n, once = len(study.counted), int((study.counted["frequency"] == 1).sum())
    if not n or once / n < 0.5 or not study.comes_back:
        return None
    return Text(text=study.say("report.once_only", n=n, once=once, share=once / n), role="warning")
