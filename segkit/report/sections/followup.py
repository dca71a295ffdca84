"""What to do on Monday: the contacts that fit into the time there is, and what did not fit."""

from __future__ import annotations

import math

import pandas as pd

from segkit.locale import name_of
from segkit.report.model import Block, Kpis, Sheet, Text
from segkit.report.study import Head, Shown, Study

STALE_DAYS = 60  # a plan that begins later than this after the data end stands on old data
REASONS = ("consent", "opted_out", "no_rule")  # why somebody is not planned, beside the time


def followup(study: Study) -> Shown:
    """Contacts per segment: planned, without time, waiting for consent; minutes needed against minutes there."""
    plan = study.plan
    planned, left = len(plan.tasks), len(plan.unscheduled)
    out = {reason: int((plan.excluded["reason"] == reason).sum()) for reason in REASONS}
    study.kpi("followup_tasks", planned, "count")
    study.kpi("followup_unscheduled", left, "count")
    study.kpi("followup_consent", out["consent"], "count")
    study.kpi("followup_refused", out["opted_out"], "count")
    if planned + left + sum(out.values()) == 0:
        return study.add("followup", [])
    start, end = plan.load["due"].min(), plan.load["due"].max()
    there = float(plan.load["capacity"].sum()) / 60
    hours = float(plan.tasks["minutes"].sum()) / 60
    need = hours + float(plan.unscheduled["minutes"].sum()) / 60
    words = study.say(
        "report.plan", planned=planned, start=start, end=end, hours=hours, there=there, need=need
    )
    ids = ["followup_tasks", "followup_unscheduled", "followup_consent", "followup_refused"]
    table = None if study.ranked else _by_segment(study)
    blocks: list[Block | None] = [Kpis(ids=ids), Text(text=words), table]
    if study.intake["sample_team"]:
        members = plan.load["owner"].nunique()
        people = math.ceil(round(need / there * members, 6)) if there else 1
        which = ["report.sample_team", *["report.sample_team_people"] * (people > members)]
        facts = {"members": members, "people": people}
        blocks.append(Text(text=" ".join(study.say(id, **facts) for id in which), role="note"))
    if out["no_rule"]:
        blocks.append(Text(text=study.say("report.no_rule", n=out["no_rule"]), role="note"))
    if out["consent"]:
        blocks.append(Text(text=study.say("report.consent_first", n=out["consent"]), role="warning"))
    gap = (start - pd.Timestamp(study.as_of)).days
    if gap > STALE_DAYS:
        words = study.say("report.stale", as_of=study.as_of, start=start, n=gap)
        blocks.append(Text(text=words, role="warning"))
    return study.add("followup", blocks)


def _by_segment(study: Study) -> Sheet | None:
    plan = study.plan
    excluded = plan.excluded
    parts = {
        "planned": plan.tasks.groupby("segment").size(),
        "no_time": plan.unscheduled.groupby("segment").size(),
        "waiting": excluded[excluded["reason"] == "consent"].groupby("segment").size(),
        "refused": excluded[excluded["reason"] == "opted_out"].groupby("segment").size(),
    }
    minutes = plan.tasks.groupby("segment")["minutes"].sum()
    value = plan.tasks["value"].clip(lower=0).groupby(plan.tasks["segment"]).sum()
    ranked = study.segmentation.main_scheme.order()
    order = [s for s in ranked if any(s in part.index for part in parts.values())]
    rows = []
    for label in order:
        touch = study.touches(label)[0]
        rows.append(
            [
                label,
                name_of("content", touch.content, study.lang),
                name_of("channel", touch.channel, study.lang),
                *[int(part.get(label, 0)) for part in parts.values()],
                float(minutes.get(label, 0.0)) / 60,
                float(value.get(label, 0.0)),
            ]
        )
    if not rows:
        return None
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("next", study.say("head.next_step"), "text"),
        ("channel", study.say("head.channel"), "text"),
        *[(id, study.say(f"head.{id}"), "count") for id in parts],
        ("hours", study.say("head.hours"), "hours"),
        ("value", study.say("head.value_reached"), "money"),
    ]
    total = [
        study.say("head.total"),
        "",
        "",
        *[int(part.sum()) for part in parts.values()],
        float(minutes.sum()) / 60,
        float(value.sum()),
    ]
    if not study.has_money:
        head, total, rows = head[:-1], total[:-1], [row[:-1] for row in rows]
    which = "report.plan_table" if study.has_money else "report.plan_table_people"
    title = study.say(which, n=len(plan.tasks), value=float(value.sum()))
    return study.table("followup", title, head, rows, n=len(study.customers), total=total)
