"""Page one: who these customers are, what matters, what to do on Monday."""

from __future__ import annotations

import math
from collections import Counter

import pandas as pd

from segkit.charts import top_customers
from segkit.intake.ledger import set_aside_reasons
from segkit.locale import name_of
from segkit.report.model import Findings, Kpis, Text
from segkit.report.sections.strategy import rhythm_text
from segkit.report.study import Shown, Study
from segkit.schemes.base import PROSPECT, UNKNOWN

# the first three that there are; the last ones where the data do not say who bought
CARDS = ("buyers", "revenue", "repurchase_rate", "top20_share", "customers", "best_class", "followup_tasks")
CARDS_OF_LEADS = ("customers", "best_class", "followup_tasks")
MOST = 3
FRESH_DAYS = 90  # a first purchase this recent still invites a second
COMPARABLE = 100  # from so many on a part can be kept without follow-up to compare with
OWNABLE = 500  # customers one person can at most be the owner of (示例参数)
# why a customer has no contact in the plan, in the order in which it is said
UNPLANNED = ("opted_out", "consent", "holdout", "stopped", "no_rule", "no_time", "not_due")
SETTLED = ("cancelled", "refunded", "test")  # rows that rightly do not count: there is nothing to fill in
WIN_BACK = "win_back_call"  # what the playbook does with valuable customers who stay away


def summary(study: Study) -> Shown:
    """Cards, then the three findings with the most money or people behind them, each with an action."""
    for find in OF_BUYERS if study.comes_back else OF_LEADS:
        find(study)
    if len(study.found) < MOST:
        for find in OF_CLASSES:
            if find not in OF_LEADS or study.comes_back:
                find(study)
    chosen = study.found[:MOST]
    study.model.findings.update({finding.id: finding for finding in chosen})
    kpis = study.model.kpis
    wanted = CARDS if study.comes_back and len(study.buyers) else CARDS_OF_LEADS
    cards = [id for id in wanted if id in kpis and kpis[id].value is not None][:MOST]
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
    if away.empty or money == 0 or study.ranked:
        return
    ids = set(away["customer_id"].astype(str))
    plan = study.plan
    first = plan.tasks[plan.tasks["customer_id"].isin(ids)].groupby("customer_id")["due"].min()
    week = plan.load["due"].min() + pd.Timedelta(days=7)
    left = _standing(study, ids)
    action = "action" if len(first) else "action_no_time" if left["no_time"] else "action_refused"
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
        segments=[study.label_name(label) for label in labels if (away[main] == label).any()],
        tasks=len(first),
        first_week=int((first < week).sum()),
        left=left["no_time"],
        rest=_unplanned(study, ids),
    )


def _standing(study: Study, ids: set[str]) -> Counter[str]:
    """Of these customers how many are planned, and how many are not for each reason; `not_due` are the others."""
    standing = study.plan.standing
    found = Counter(standing[standing.index.isin(ids)].tolist())
    found["not_due"] = len(ids) - found.total()
    found["no_time"] += found.pop("capped", 0) + found.pop("no_member", 0)
    found["not_due"] += found.pop("later", 0)
    return found


def _unplanned(study: Study, ids: set[str]) -> str:
    """How many of these customers are not planned and why, as the end of a sentence."""
    found = _standing(study, ids)
    parts = [study.say(f"finding.unplanned.{id}", n=found[id]) for id in UNPLANNED if found[id]]
    return study.say("finding.unplanned", parts=parts) if parts else ""


def _concentrated(study: Study) -> None:
    paying = study.paying
    if len(paying) < 5:
        return
    top, held = top_customers(paying["monetary"], 0.2)
    best = paying.nlargest(top, "monetary")
    owned = best["owner"].fillna("").astype(str).str.strip().ne("") if "owner" in best else None
    missing = top if owned is None else int((~owned).sum())
    team = study.plan.load["owner"].nunique()
    first = min(study.plan.tasks["customer_id"].nunique(), missing)
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
    planned = _standing(study, set(fresh["customer_id"].astype(str)))["planned"]
    action = "action_no_fresh" if fresh.empty else "action" if planned < len(fresh) else "action_all"
    rest = _unplanned(study, set(fresh["customer_id"].astype(str)))
    study.finding(
        "bought_once",
        n=len(once),
        base=len(counted),
        evidence=["evidence_repeat" if len(repeat) else "evidence", *(["evidence_fresh"] if dated else [])],
        action=[action, *(["compare"] if len(fresh) >= COMPARABLE else [])],
        share=len(once) / len(counted),
        fresh=len(fresh),
        planned=planned,
        rest=rest,
        once_value=float(once["monetary"].mean()),
        repeat=len(repeat),
        repeat_value=float(repeat["monetary"].mean()) if len(repeat) else None,
    )


def _twins(study: Study) -> None:
    n = study.intake["twins"]
    if n:
        facts = {"n": n, "base": len(study.customers), "money": study.intake["twins_money"]}
        study.finding("twins", claim=_priced(study), **facts)


def _set_aside(study: Study) -> None:
    # those of orders and customers: what is wrong in them is asked about
    n, rows = (sum(table[fate] for table in study.intake["counted"]) for fate in ("set_aside", "rows_in"))
    why = set_aside_reasons(study.ledger)
    settled = why[why["reason"].isin(SETTLED)]
    n -= int(settled["rows"].sum())
    if n > 0:
        money = study.intake["totals"]["money_set_aside"] - float(settled["amount"].sum())
        study.finding("set_aside", claim=_priced(study), n=n, base=rows, money=money, share=n / rows)


def _priced(study: Study) -> str:
    """The claim with the money behind it, or without where nothing is known of any."""
    return "claim" if study.has_money else "claim_rows"


def _prospects(study: Study) -> None:
    if "leads" in study.tables:  # of leads the funnel speaks
        return
    n, of = len(study.prospects), len(study.customers)
    if n:
        study.finding("prospects", n=n, base=of, share=n / of)


def _first_in_line(study: Study) -> None:
    """The class the playbook gives its time to first, and how much of it the plan reaches."""
    labels = study.customers[study.segmentation.main]
    first = study.leading
    if first is None or not study.touches(first) or labels.nunique() < 2 or study.ranked:
        return
    ids = set(study.customers.loc[labels == first, "customer_id"].astype(str))
    called = study.plan.tasks[study.plan.tasks["customer_id"].isin(ids)].groupby("customer_id")["due"].min()
    action = "action" if len(called) == len(ids) else "action_some" if len(called) else "action_none"
    if _standing(study, ids)["not_due"] == len(ids):
        action = "action_not_due"
    study.finding(
        "first_in_line",
        n=len(ids),
        base=len(labels),
        action=(action,),
        name=study.label_name(first),
        scheme=study.scheme_name(study.segmentation.main),
        share=len(ids) / len(labels),
        planned=len(called),
        last=None if called.empty else called.max(),
        rest=_unplanned(study, ids),
        next=name_of("content", study.touches(first)[0].content, study.lang),
    )


def _without_data(study: Study) -> None:
    """Customers the main scheme could not classify, and what is missing most often."""
    scheme, customers = study.segmentation.main_scheme, study.customers
    unknown = customers[customers[study.segmentation.main] == UNKNOWN]
    if unknown.empty:
        return
    missing = unknown[list(scheme.needs())].isna().sum().sort_values(ascending=False, kind="stable")
    column = scheme.measure(str(missing.index[0]), study.lang)
    share = len(unknown) / len(customers)
    study.finding("without_data", n=len(unknown), base=len(customers), share=share, column=column)


def _no_time(study: Study) -> None:
    """Customers with nothing in the plan for want of time, and how many people it would take."""
    plan = study.plan
    ids = set(study.customers["customer_id"].astype(str))
    n, there = _standing(study, ids)["no_time"], float(plan.load["capacity"].sum())
    if not n or not there:
        return
    need = float(plan.load["need"].sum())
    people = math.ceil(round(need / there * plan.load["owner"].nunique(), 6))
    facts = {"need": need / 60, "there": there / 60, "people": people}
    action = "action" if need > there else "action_uneven"
    study.finding(
        "no_time",
        n=n,
        base=len(study.customers),
        action=(action,),
        share=n / len(study.customers),
        **facts,
    )


def _no_rule(study: Study) -> None:
    """Customers the plan has no follow-up for, and the classes they are in."""
    excluded = study.plan.excluded
    ids = set(excluded.loc[excluded["reason"] == "no_rule", "customer_id"].astype(str))
    ids -= study.segmentation.withheld  # who did not consent is left alone on purpose
    labels = study.customers[study.segmentation.main]
    here = labels[study.customers["customer_id"].astype(str).isin(ids) & ~labels.isin([UNKNOWN, PROSPECT])]
    if here.empty or study.ranked:
        return
    order = study.segmentation.main_scheme.order()
    study.finding(
        "no_rule",
        n=len(here),
        base=len(labels),
        share=len(here) / len(labels),
        scheme=study.scheme_name(study.segmentation.main),
        classes=[study.label_name(label) for label in order if (here == label).any()],
    )


def _largest(study: Study) -> None:
    """The class most customers are in, and what is done with them next."""
    labels = study.customers[study.segmentation.main]
    known = labels[~labels.isin([UNKNOWN, PROSPECT])]
    touches = study.touches(str(known.mode().iloc[0])) if len(known) else ()
    if known.nunique() < 2 or not touches or study.ranked:
        return
    label = str(known.mode().iloc[0])
    n = int((known == label).sum())
    study.finding(
        "largest",
        n=n,
        base=len(labels),
        share=n / len(labels),
        name=study.label_name(label),
        scheme=study.scheme_name(study.segmentation.main),
        next=name_of("content", touches[0].content, study.lang),
        channel=name_of("channel", touches[0].channel, study.lang),
        rhythm=rhythm_text(touches[0], study.lang),
    )


def _waiting(study: Study) -> None:
    """Customers whose next step waits for their consent."""
    n = int((study.plan.standing == "consent").sum())
    if n:
        study.finding("waiting", n=n, base=len(study.customers), share=n / len(study.customers))


OF_BUYERS = (_slipping, _concentrated, _bought_once, _twins, _prospects, _set_aside)
OF_LEADS = (_first_in_line, _no_time, _twins, _set_aside)  # where a customer buys once
OF_CLASSES = (_first_in_line, _no_rule, _without_data, _no_time, _waiting, _largest)
