"""What to do on Monday: the contacts that fit into the time there is, and what did not fit."""

from __future__ import annotations

from segkit.locale import has_term, name_of, term
from segkit.report.model import Block, Kpis, Sheet, Text
from segkit.report.study import Head, Shown, Study


def followup(study: Study) -> Shown:
    """Contacts per segment: planned, without time, waiting for consent; minutes needed against minutes there."""
    plan = study.plan
    capacity = float(plan.load["capacity"].sum())
    planned, left, waiting = len(plan.tasks), len(plan.unscheduled), len(plan.excluded)
    study.kpi("followup_tasks", planned, "count")
    study.kpi("followup_unscheduled", left, "count")
    study.kpi("followup_consent", int((plan.excluded["reason"] == "consent").sum()), "count")
    if planned + left + waiting == 0:
        return study.add("followup", [])
    start, end = plan.load["due"].min(), plan.load["due"].max()
    hours = float(plan.tasks["minutes"].sum()) / 60
    need = hours + float(plan.unscheduled["minutes"].sum()) / 60
    words = study.say(
        "report.plan", planned=planned, start=start, end=end, hours=hours, there=capacity / 60, need=need
    )
    ids = ["followup_tasks", "followup_unscheduled", "followup_consent"]
    blocks: list[Block] = [Kpis(ids=ids), Text(text=words), _by_segment(study)]
    if study.intake["sample_team"]:
        blocks.append(
            Text(text=study.say("report.sample_team", people=max(1.0, need / (capacity / 60))), role="note")
        )
    if waiting:
        n = int((plan.excluded["reason"] == "consent").sum())
        blocks.append(Text(text=study.say("report.consent_first", n=n), role="warning"))
    return study.add("followup", blocks)


def _by_segment(study: Study) -> Sheet:
    plan = study.plan
    parts = {
        "planned": plan.tasks.groupby("segment").size(),
        "no_time": plan.unscheduled.groupby("segment").size(),
        "waiting": plan.excluded.groupby("segment").size(),
    }
    minutes = plan.tasks.groupby("segment")["minutes"].sum()
    value = plan.tasks.groupby("segment")["value"].sum()
    order = [s for s in study.segmentation.main_scheme.order() if any(s in p.index for p in parts.values())]
    rows = []
    for label in order:
        touch = study.touches(label)[0]
        content = f"content.{touch.content}"
        rows.append(
            [
                label,
                term(content, study.lang) if has_term(content) else touch.content,
                name_of("channel", touch.channel, study.lang),
                *[int(p.get(label, 0)) for p in parts.values()],
                float(minutes.get(label, 0.0)) / 60,
                float(value.get(label, 0.0)),
            ]
        )
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("next", study.say("head.next_step"), "text"),
        ("channel", study.say("head.channel"), "text"),
        ("planned", study.say("head.planned"), "count"),
        ("no_time", study.say("head.no_time"), "count"),
        ("waiting", study.say("head.waiting"), "count"),
        ("hours", study.say("head.hours"), "times"),
        ("value", study.say("head.value_reached"), "money"),
    ]
    total = [
        study.say("head.total"),
        "",
        "",
        *[int(p.sum()) for p in parts.values()],
        float(minutes.sum()) / 60,
        float(value.sum()),
    ]
    title = study.say("report.plan_table", n=len(plan.tasks), value=float(value.sum()))
    return study.table("followup", title, head, rows, n=len(study.customers), total=total)
