"""What every client asks first: how many customers, how many came back, how many were lost, what each is worth."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from segkit.charts import top_customers
from segkit.report.model import Block, Kpis, Text
from segkit.report.study import PERIODS, Head, Shown, Study

IN_PERIODS = ("active", "new", "returning", "churn_rate")
# buyers watched for a shorter time than this cannot yet count as "bought once only"
WATCHED_DAYS = 90


@dataclass(frozen=True)
class Period:
    """Customers and money of one period; `start` is excluded, `end` included."""

    active: int
    new: int | None  # None where the data does not reach back far enough to tell new from returning
    returning: int | None
    revenue: float
    orders: int
    lost: int | None  # active in the period before and not in this one
    before: int | None  # active in the period before

    @property
    def churn(self) -> float | None:
        return None if not self.before or self.lost is None else self.lost / self.before


def period(orders: pd.DataFrame, end: pd.Timestamp, days: int) -> Period:
    """Who bought in (end - days, end], for the first time or again, and who of the period before did not."""
    length = pd.Timedelta(days=days)
    dates = orders["order_date"]
    bought = orders["amount"] >= 0
    inside = orders[(dates > end - length) & (dates <= end)]
    here = set(inside.loc[bought, "customer_id"])
    first = orders[bought].groupby("customer_id")["order_date"].min()
    # the data must reach back one period before this one, else every customer looks new
    reaches = bool(dates.min() <= end - 2 * length + pd.Timedelta(days=1))
    new = int(first.loc[list(here)].gt(end - length).sum()) if reaches else None
    earlier = orders[bought & (dates > end - 2 * length) & (dates <= end - length)]
    before = set(earlier["customer_id"])
    key = "order_id" if "order_id" in orders.columns else None
    positive = inside[inside["amount"] >= 0]
    return Period(
        active=len(here),
        new=new,
        returning=None if new is None else len(here) - new,
        revenue=round(float(inside["amount"].sum()), 2),
        orders=int(positive[key].nunique() if key else len(positive)),
        lost=len(before - here) if reaches else None,
        before=len(before) if reaches else None,
    )


def overview(study: Study) -> Shown:
    """Customers, active, new and returning, 复购率, 流失率, 客单价, 购买频次, share of the top 20 %."""
    customers, paying = study.customers, study.paying
    study.kpi("customers", len(customers), "count")
    study.kpi("buyers", len(study.buyers), "count", n=len(customers))
    study.kpi("revenue", float(customers["monetary"].sum()), "money", n=len(customers))
    _, held = top_customers(paying["monetary"], 0.2)
    top = [
        study.kpi(
            "top20_share",
            held if len(paying) else None,
            "share",
            n=len(paying),
            note=study.say("report.rule.top20"),
        )
    ]
    ids = ["customers", "buyers", "revenue", *_counts(study), *top]
    blocks: list[Block | None] = [Kpis(ids=ids)]
    if len(study.buyers) and study.counted.empty:
        blocks.append(Text(text=study.say("report.not_counted"), role="note"))
    return study.add("overview", [*blocks, *_periods(study), _limits(study)])


def _counts(study: Study) -> list[str]:
    """What needs a count of orders; nothing where the client's totals come without."""
    counted = study.counted
    if len(study.buyers) and counted.empty:
        return []
    n, orders = len(counted), float(counted["orders"].sum())
    known = study.customers[study.customers["frequency"].notna()]
    watched, rule = counted, study.say("report.rule.repurchase_total")
    if study.orders is not None:
        watched = counted[counted["tenure_days"] >= WATCHED_DAYS]
        rule = study.say("report.rule.repurchase", days=WATCHED_DAYS)
    again, once = int((watched["frequency"] >= 2).sum()), int((counted["frequency"] == 1).sum())
    rate = again / len(watched) if len(watched) else None
    worth = float(known["monetary"].sum()) / orders if orders else None
    return [
        study.kpi("orders", orders, "count"),
        study.kpi("aov", worth, "money", n=int(orders)),
        study.kpi("frequency", counted["frequency"].mean() if n else None, "times", n=n),
        study.kpi("repurchase_rate", rate, "share", n=len(watched), note=rule),
        study.kpi("one_time_share", once / n if n else None, "share", n=n),
    ]


def _periods(study: Study) -> list[Block]:
    if study.orders is None:
        return [Text(text=study.say("report.no_orders"), role="note")]
    days = study.period_days
    if days is None:
        return [Text(text=study.say("report.no_periods", days=2 * min(PERIODS)), role="note")]
    end = pd.Timestamp(study.as_of)
    now = period(study.orders, end, days)
    then = period(study.orders, end - pd.Timedelta(days=days), days)
    study.kpi("active", now.active, "count", previous=then.active)
    study.kpi("new", now.new, "count", n=now.active, previous=then.new)
    study.kpi("returning", now.returning, "count", n=now.active, previous=then.returning)
    rule = study.say("report.rule.churn", days=days)
    before = then.churn if now.churn is not None else None
    study.kpi("churn_rate", now.churn, "share", n=now.before or None, note=rule, previous=before)
    head: list[Head] = [
        ("period", study.say("head.period"), "text"),
        *[(id, study.say(f"kpi.{id}"), "count") for id in ("active", "new", "returning")],
        ("revenue", study.say("kpi.revenue"), "money"),
        ("orders", study.say("kpi.orders"), "count"),
        ("churn_rate", study.say("kpi.churn_rate"), "share"),
    ]
    rows = [
        [study.say(words, days=days), p.active, p.new, p.returning, p.revenue, p.orders, p.churn]
        for words, p in (("head.last_days", now), ("head.days_before", then))
    ]
    title = study.say("report.periods", days=days, active=now.active, before=then.active)
    note = Text(text=study.say("report.rule.new", first=study.orders["order_date"].min()), role="note")
    return [Kpis(ids=[*IN_PERIODS]), study.table("periods", title, head, rows, n=len(study.customers)), note]


def _limits(study: Study) -> Text | None:
    """What these data could not tell."""
    n, once = len(study.counted), int((study.counted["frequency"] == 1).sum())
    if not n or once / n < 0.5:
        return None
    return Text(text=study.say("report.once_only", n=n, once=once, share=once / n), role="warning")
