"""Page one: who these customers are, what matters, what to do on Monday."""

from __future__ import annotations

import pandas as pd

from segkit.charts import top_customers
from segkit.locale import name_of
from segkit.report.model import Findings, Kpis, Text
from segkit.report.study import Shown, Study

CARDS = ("buyers", "revenue", "repurchase_rate")
MOST = 3
WIN_BACK = "win_back_call"  # what the playbook does with valuable customers who stay away


def summary(study: Study) -> Shown:
    """Cards, then the three findings with the most money or people behind them, each with an action."""
    for find in (_slipping, _concentrated, _bought_once, _twins, _prospects, _set_aside):
        find(study)
    chosen = study.found[:MOST]
    study.model.findings.update({finding.id: finding for finding in chosen})
    cards = [id for id in CARDS if study.model.kpis[id].value is not None]
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
    """Customers in the segments that the playbook answers with a win-back: worth much, silent for long."""
    buyers, main = study.buyers, study.segmentation.main
    labels = [
        label
        for label in study.segmentation.main_scheme.order()
        if any(touch.content == WIN_BACK for touch in study.touches(label)[:1])
    ]
    away = buyers[buyers[main].isin(labels)]
    total = float(buyers["monetary"].clip(lower=0).sum())
    if away.empty or total == 0:
        return
    tasks = study.plan.tasks
    called = tasks[tasks["customer_id"].isin(set(away["customer_id"].astype(str)))]
    study.finding(
        "slipping",
        n=len(away),
        money=float(away["monetary"].sum()),
        share=float(away["monetary"].sum()) / total,
        days=int(away["recency_days"].median()),
        usual=int(buyers["recency_days"].median()),
        worth=float(away["monetary"].mean()),
        average=float(buyers["monetary"].mean()),
        segments=[name_of("segment", label, study.lang) for label in labels if (away[main] == label).any()],
        tasks=len(called),
        first_week=int((called["due"] < called["due"].min() + pd.Timedelta(days=7)).sum()),
    )


def _concentrated(study: Study) -> None:
    buyers = study.buyers
    if len(buyers) < 5 or buyers["monetary"].clip(lower=0).sum() == 0:
        return
    top, held = top_customers(buyers["monetary"], 0.2)
    floor = float(buyers["monetary"].nlargest(top).min())
    owners = study.customers["owner"].replace("", None).notna().any() if "owner" in study.customers else False
    study.finding("concentrated", n=top, share=held, of=len(buyers), floor=floor, owners=int(owners))


def _bought_once(study: Study) -> None:
    buyers = study.buyers
    once = buyers[buyers["frequency"] == 1]
    if len(once) < 2 or len(once) / len(buyers) < 0.3:
        return
    fresh = once[once["recency_days"] <= 90]
    repeat = buyers[buyers["frequency"] >= 2]
    study.finding(
        "bought_once",
        n=len(once),
        share=len(once) / len(buyers),
        fresh=len(fresh),
        once_value=float(once["monetary"].mean()),
        repeat=len(repeat),
        repeat_value=float(repeat["monetary"].mean()) if len(repeat) else 0.0,
    )


def _twins(study: Study) -> None:
    n = study.intake["twins"]
    if n:
        study.finding("twins", n=n, money=study.intake["twins_money"], of=len(study.customers))


def _set_aside(study: Study) -> None:
    totals = study.intake["totals"]
    if totals["set_aside"]:
        study.finding(
            "set_aside",
            n=totals["set_aside"],
            money=totals["money_set_aside"],
            rows=totals["rows_in"],
            share=totals["set_aside"] / totals["rows_in"],
        )


def _prospects(study: Study) -> None:
    prospects = len(study.customers) - len(study.buyers)
    if prospects:
        study.finding(
            "prospects", n=prospects, share=prospects / len(study.customers), of=len(study.customers)
        )
