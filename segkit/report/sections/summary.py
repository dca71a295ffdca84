"""Page one: who these customers are, what matters, what to do on Monday."""

from __future__ import annotations

import pandas as pd

from segkit.charts import top_customers
from segkit.locale import name_of
from segkit.report.model import Findings, Kpis, Text
from segkit.report.study import Shown, Study

CARDS = ("buyers", "revenue", "repurchase_rate", "top20_share")  # the first three that there are
MOST = 3
FRESH_DAYS = 90  # a first purchase this recent still invites a second
COMPARABLE = 100  # from so many on a part can be kept without follow-up to compare with
OWNABLE = 500  # customers one person can at most be the owner of (示例参数)
WIN_BACK = "win_back_call"  # what the playbook does with valuable customers who stay away


def summary(study: Study) -> Shown:
    """Cards, then the three findings with the most money or people behind them, each with an action."""
    for find in (_slipping, _concentrated, _bought_once, _twins, _prospects, _set_aside):
        find(study)
    chosen = study.found[:MOST]
    study.model.findings.update({finding.id: finding for finding in chosen})
    kpis = study.model.kpis
    cards = [id for id in CARDS if id in kpis and kpis[id].value is not None][:MOST]
    blocks = [
        Text(text=study.say("report.purpose", purpose=study.model.meta.purpose))
        if study.model.meta.purpose
        else None,
        Kpis(ids=cards),
        Findings(ids=[finding.id for finding in chosen]),
    ]
    shown = study.add("summary", blocks)
    # computed last, read first
    study.model.sections.insert(0, study.model.sections.pop())
    return shown


def _slipping(study: Study) -> None:
    """Customers in the segments that the playbook answers with a win-back: worth much, silent for long.

    Who came once and no more has not stayed away: nobody knows whether they would have come back.
    """
    main, dated = study.segmentation.main, study.dated
    labels = [
        label
        for label in study.segmentation.main_scheme.order()
        if any(touch.content == WIN_BACK for touch in study.touches(label)[:1])
    ]
    away = dated[dated[main].isin(labels) & (dated["frequency"].fillna(0) >= 2)]
    money = float(away["monetary"].clip(lower=0).sum())
    if away.empty or money == 0:
        return
    ids = set(away["customer_id"].astype(str))
    plan = study.plan
    called = plan.tasks[plan.tasks["customer_id"].isin(ids)]
    week = plan.load["due"].min() + pd.Timedelta(days=7)
    left = int(plan.unscheduled["customer_id"].isin(ids).sum())
    refused = int((plan.excluded["customer_id"].isin(ids) & (plan.excluded["reason"] == "opted_out")).sum())
    besides = [
        study.say(f"finding.slipping.{id}", n=n) for id, n in (("refused", refused), ("left", left)) if n
    ]
    rest = study.say("finding.slipping.besides", parts=besides) if besides else ""
    action = "action" if len(called) else "action_no_time" if left else "action_refused"
    study.finding(
        "slipping",
        n=len(away),
        base=len(study.buyers),
        evidence=("evidence_one" if len(away) == 1 else "evidence",),
        action=(action,),
        money=money,
        share=money / study.money,
        days=int(away["recency_days"].median()),
        usual=int(dated["recency_days"].median()),
        worth=money / len(away),
        average=float(study.buyers["monetary"].mean()),
        segments=[name_of("segment", label, study.lang) for label in labels if (away[main] == label).any()],
        tasks=len(called),
        first_week=int((called["due"] < week).sum()),
        left=left,
        rest=rest,
    )


def _concentrated(study: Study) -> None:
    paying = study.paying
    if len(paying) < 5:
        return
    top, held = top_customers(paying["monetary"], 0.2)
    best = paying.nlargest(top, "monetary")
    owned = best["owner"].fillna("").astype(str).str.strip().ne("") if "owner" in best else None
    missing = top if owned is None else int((~owned).sum())
    team = study.plan.load["owner"].nunique()
    first = min(len(study.plan.tasks), missing)
    action = "action_owned" if not missing else "action_unowned" if missing == top else "action"
    if missing > OWNABLE * team and first:
        action = "action_many"
    study.finding(
        "concentrated",
        n=top,
        base=len(paying),
        action=(action,),
        share=held,
        floor=float(best["monetary"].min()),
        missing=missing,
        first=first,
    )


def _bought_once(study: Study) -> None:
    counted = study.counted
    once = counted[counted["frequency"] == 1]
    if len(once) < 2 or len(once) / len(counted) < 0.3:
        return
    dated = not study.dated.empty
    fresh = once[once["recency_days"].fillna(FRESH_DAYS + 1) <= FRESH_DAYS] if dated else once.head(0)
    repeat = counted[counted["frequency"] >= 2]
    planned = int(study.plan.tasks["customer_id"].isin(set(fresh["customer_id"].astype(str))).sum())
    action = "action_no_fresh" if fresh.empty else "action" if planned < len(fresh) else "action_all"
    study.finding(
        "bought_once",
        n=len(once),
        base=len(counted),
        evidence=["evidence_repeat" if len(repeat) else "evidence", *(["evidence_fresh"] if dated else [])],
        action=[action, *(["compare"] if len(fresh) >= COMPARABLE else [])],
        share=len(once) / len(counted),
        fresh=len(fresh),
        planned=planned,
        once_value=float(once["monetary"].mean()),
        repeat=len(repeat),
        repeat_value=float(repeat["monetary"].mean()) if len(repeat) else None,
    )


def _twins(study: Study) -> None:
    n = study.intake["twins"]
    if n:
        study.finding("twins", n=n, base=len(study.customers), money=study.intake["twins_money"])


def _set_aside(study: Study) -> None:
    totals = study.intake["totals"]
    n, rows = totals["set_aside"], totals["rows_in"]
    if n:
        study.finding("set_aside", n=n, base=rows, money=totals["money_set_aside"], share=n / rows)


def _prospects(study: Study) -> None:
    n, of = len(study.prospects), len(study.customers)
    if n:
        study.finding("prospects", n=n, base=of, share=n / of)
