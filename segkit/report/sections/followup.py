"""What to do on Monday: the contacts that fit into the time there is, what did not fit, and what would make it fit."""

from __future__ import annotations

import math

import pandas as pd

from segkit.followup.due import KNOWN_SINCE
from segkit.followup.relief import MOST, costs_by_segment, overloaded, relief, utilisation
from segkit.locale import name_of, say
from segkit.report.model import Block, Kpis, Sheet, Text
from segkit.report.sections.next_holdout import holdout_offer
from segkit.report.study import Head, Shown, Study

STALE_DAYS = 60  # a plan that begins later than this after the data end stands on old data
MOST_OWNERS = 12  # rows of the table of owners; the fullest are shown
SLACK = 0.005  # a gap to the best plan smaller than this is not spoken of
NO_PLACE = ("no_time", "capped", "no_member", "later")
# excluded for a reason the reader decides about, each with a sentence of its own
SAID = ("consent", "opted_out", "holdout", "stopped", "no_rule")


def followup(study: Study) -> Shown:
    """Contacts per segment, the time they take against the time there is, who waits for what."""
    plan = study.plan
    standing = plan.standing
    who = {reason: int((standing == reason).sum()) for reason in ("planned", *SAID)}
    who["holdout"] = int((study.arms["arm"] == "holdout").sum())
    study.kpi("followup_tasks", len(plan.tasks), "count")
    study.kpi("followup_customers", who["planned"], "count", n=len(study.customers))
    study.kpi("followup_unscheduled", len(plan.unscheduled), "count")
    study.kpi("followup_consent", who["consent"], "count")
    study.kpi("followup_refused", who["opted_out"], "count")
    if standing.empty:
        return study.add("followup", [])
    used = utilisation(plan)
    study.kpi("followup_use", used, "share")
    facts = {
        "planned": len(plan.tasks),
        "people": who["planned"],
        "start": plan.load["due"].min(),
        "end": plan.load["due"].max(),
        "hours": float(plan.tasks["minutes"].sum()) / 60,
        "there": float(plan.load["capacity"].sum()) / 60,
        "need": float(plan.load["need"].sum()) / 60,
        "use": used,
    }
    ids = ["followup_tasks", "followup_customers", "followup_use"]
    blocks: list[Block | None] = [
        Kpis(ids=ids),
        Text(text=study.say("report.plan", **facts)),
        None if study.ranked else _by_segment(study),
        _weeks(study),
        _owners(study),
        *_proposals(study),
        *_without_place(study),
        *_people(study),
        *_waiting(study, who),
        *_floors(study),
        *_left_out(study),
    ]
    if plan.gap > SLACK and study.has_money:
        blocks.append(Text(text=study.say("report.plan.gap", gap=plan.gap), role="note"))
    gap = (facts["start"] - pd.Timestamp(study.as_of)).days
    if gap > STALE_DAYS:
        words = study.say("report.stale", as_of=study.as_of, start=facts["start"], n=gap)
        blocks.append(Text(text=words, role="warning"))
    return study.add("followup", blocks)


def _by_segment(study: Study) -> Sheet | None:
    """What each segment gets, what it takes and costs, and what the customers reached are worth."""
    plan = study.plan
    excluded = plan.excluded.drop_duplicates(["customer_id", "reason"])
    left = plan.unscheduled["reason"].isin(NO_PLACE)
    people = plan.tasks.drop_duplicates("customer_id").groupby("segment").size()
    parts = {
        "people": people,
        "planned": plan.tasks.groupby("segment").size(),
        "no_time": plan.unscheduled[left].groupby("segment").size(),
        "waiting": excluded[excluded["reason"] == "consent"].groupby("segment").size(),
    }
    table = costs_by_segment(plan.tasks, study.policy).set_index("segment")
    ranked = [*study.segmentation.main_scheme.order()]
    known = [*ranked, *(label for label in study.policy.labels if label not in ranked)]
    order = [s for s in known if any(s in part.index for part in parts.values())]
    if not order:
        return None
    rows = []
    for label in order:
        spent = table.loc[label] if label in table.index else None
        touches = study.touches(label)
        rows.append(
            [
                label,
                name_of("content", touches[0].content, study.lang) if touches else "",
                *[int(part.get(label, 0)) for part in parts.values()],
                0.0 if spent is None else float(spent["minutes"]) / 60,
                0.0 if spent is None else float(spent["cost"]),
                0.0 if spent is None else float(spent["value"]),
            ]
        )
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("next", study.say("head.next_step"), "text"),
        *[(id, study.say(f"head.{id}"), "count") for id in parts],
        ("hours", study.say("head.hours"), "hours"),
        ("cost", study.say("head.contact_cost"), "money"),
        ("value", study.say("head.value_reached"), "money"),
    ]
    reached = float(table["value"].sum())
    total = [
        study.say("head.total"),
        "",
        *[int(part.sum()) for part in parts.values()],
        float(plan.tasks["minutes"].sum()) / 60,
        float(table["cost"].sum()),
        reached,
    ]
    if not study.has_money:
        head, total, rows = head[:-2], total[:-2], [row[:-2] for row in rows]
    which = "report.plan_table" if study.has_money else "report.plan_table_people"
    title = study.say(which, n=len(plan.tasks), people=int(people.sum()), value=reached)
    return study.table("followup", title, head, rows, n=len(study.customers), total=total)


def _weeks(study: Study) -> Sheet | None:
    """Time asked for and time there is, week by week, all owners together."""
    weeks = study.plan.weeks.groupby("week")[["need", "planned", "capacity"]].sum()
    rows = [
        [week.date(), *_hours(row), _share(row["need"], row["capacity"])] for week, row in weeks.iterrows()
    ]
    fullest = max((row[-1] or 0.0 for row in rows), default=0.0)
    title = study.say("report.plan_weeks", n=len(rows), most=fullest)
    head: list[Head] = [("week", study.say("head.week"), "date"), *_load_head(study)]
    return study.table("plan_weeks", title, head, rows, n=len(study.plan.tasks)) if len(rows) > 1 else None


def _owners(study: Study) -> Sheet | None:
    """The same by owner, the fullest first."""
    load = study.plan.load.groupby("owner")[["need", "planned", "capacity"]].sum()
    if len(load) < 2:
        return None
    load = load.assign(use=load["need"] / load["capacity"].where(load["capacity"] > 0))
    load = load.sort_values("use", ascending=False, kind="stable")
    over = int((load["use"] > 1).sum())
    rows = [
        [owner or study.say("report.unassigned"), *_hours(row), _share(row["need"], row["capacity"])]
        for owner, row in load.head(MOST_OWNERS).iterrows()
    ]
    title = study.say("report.plan_owners", n=len(load), over=over)
    note = study.say("report.plan_owners_more", n=len(load) - len(rows)) if len(load) > len(rows) else ""
    head: list[Head] = [("owner", study.say("head.owner"), "text"), *_load_head(study)]
    return study.table("plan_owners", title, head, rows, n=len(study.plan.tasks), note=note)


def _load_head(study: Study) -> list[Head]:
    return [
        ("need", study.say("head.load_need"), "hours"),
        ("planned", study.say("head.load_planned"), "hours"),
        ("capacity", study.say("head.load_there"), "hours"),
        ("use", study.say("head.load_use"), "share"),
    ]


def _hours(row: pd.Series) -> list[float]:
    return [float(row[name]) / 60 for name in ("need", "planned", "capacity")]


def _share(need: float, there: float) -> float | None:
    return float(need) / float(there) if there else None


def _proposals(study: Study) -> list[Block | None]:
    """Where more is asked for than fits: what could be done less often or more cheaply, and what each change frees."""
    full = overloaded(study.plan)
    if study.ranked or study.asked_of is None or not full:
        return []
    load = study.plan.load[study.plan.load["owner"].isin(full)].groupby("owner")[["need", "capacity"]].sum()
    load = load.assign(use=load["need"] / load["capacity"].where(load["capacity"] > 0))
    changes = relief(study.policy, study.asked_of, study.plan)
    if changes.empty:
        return [Text(text=study.say("report.relief.none", most=MOST), role="note")]
    rows = []
    for row in changes.itertuples():
        before, after = _change(study, row.change, row.before, row.after)
        what = study.say(
            "report.relief.touch",
            channel=name_of("channel", row.channel, study.lang),
            content=name_of("content", row.content, study.lang),
        )
        change = study.say("report.relief.change", before=before, after=after)
        rows.append(
            [row.label, what, change, int(row.customers), float(row.frees) / 60, float(row.share_after)]
        )
    end = float(changes["share_after"].iloc[-1])
    title = study.say("report.relief", n=len(rows), hours=float(changes["frees"].sum()) / 60, share=end)
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("touch", study.say("head.touch"), "text"),
        ("change", study.say("head.change"), "text"),
        ("people", study.say("head.people"), "count"),
        ("hours", study.say("head.freed"), "hours"),
        ("use", study.say("head.use_after"), "share"),
    ]
    which = "report.relief.enough" if end <= MOST else "report.relief.not_enough"
    facts = {"most": MOST, "share": end}
    lead = "report.relief.lead" if study.has_money else "report.relief.lead_people"
    return [
        Text(text=study.say(lead, n=len(full), use=float(load["use"].max()), most=MOST)),
        study.table("relief", title, head, rows, n=len(study.plan.tasks) + len(study.plan.unscheduled)),
        Text(text=study.say(which, **facts), role="note"),
    ]


def _change(study: Study, kind: str, before: str, after: str) -> tuple[str, str]:
    if kind == "channel":
        return name_of("channel", before, study.lang), name_of("channel", after, study.lang)
    return tuple(study.say("report.every_days", days=int(days)) for days in (before, after))  # type: ignore[return-value]


def _without_place(study: Study) -> list[Block]:
    """Why contacts that are due found no place."""
    reasons = study.plan.unscheduled["reason"].value_counts()
    if reasons.empty:
        return []
    parts = [
        study.say("report.floor_reason", n=int(n), reason=say(f"report.floor_reason.{reason}", study.lang))
        for reason, n in reasons.items()
    ]
    facts = {"n": int(reasons.sum()), "people": study.plan.unscheduled["customer_id"].nunique()}
    return [Text(text=study.say("report.no_place", parts=parts, **facts))]


def _people(study: Study) -> list[Block]:
    """Who is not there to do it: no team, or customers nobody is responsible for."""
    plan, blocks = study.plan, []
    weeks = plan.weeks.groupby("week")[["need", "capacity"]].sum()
    members = plan.load["owner"].nunique()
    fullest = float((weeks["need"] / weeks["capacity"]).max())
    need, there = float(plan.load["need"].sum()), float(plan.load["capacity"].sum())
    people = math.ceil(round(need / there * members, 6)) if there else 1
    if study.intake["sample_team"]:
        which = ["report.sample_team", *["report.sample_team_people"] * (people > members)]
        facts = {"members": members, "people": people}
        blocks.append(Text(text=" ".join(study.say(id, **facts) for id in which), role="note"))
    if not study.intake["sample_team"] and people > members:
        blocks.append(Text(text=study.say("report.team_people", members=members, people=people), role="note"))
    if fullest > 1 and people <= members:
        blocks.append(Text(text=study.say("report.week_full", use=fullest), role="note"))
    owners = (
        study.customers["owner"].fillna("").astype(str).str.strip() if "owner" in study.customers else None
    )
    if owners is not None and owners.ne("").any():
        none = set(study.customers.loc[owners == "", "customer_id"].astype(str))
        shared = plan.tasks.loc[
            plan.tasks["customer_id"].isin(none) & plan.tasks["owner"].ne(""), "customer_id"
        ]
        if len(shared):
            blocks.append(Text(text=study.say("report.shared_out", n=shared.nunique()), role="note"))
    nobody = plan.tasks.loc[plan.tasks["owner"] == "", "customer_id"].nunique()
    if nobody:
        words = study.say("report.to_assign", n=nobody, people=max(people, 1))
        blocks.append(Text(text=words, role="note"))
    return blocks  # type: ignore[return-value]


def _waiting(study: Study, who: dict[str, int]) -> list[Block]:
    """Whom the plan leaves out on purpose, and what would change it."""
    ids = {"consent": "report.consent_first", "no_rule": "report.no_rule"}
    return [
        Text(
            text=study.say(ids.get(reason, f"report.left_{reason}"), n=who[reason]),
            role="warning" if reason == "consent" else "note",
        )
        for reason in SAID
        if who[reason]
    ]


def _floors(study: Study) -> list[Block]:
    """Is anybody forgotten?"""
    floors = study.plan.floors
    unheard = _unheard(study)
    said = [Text(text=study.say("report.floor_unknown", n=unheard), role="note")] if unheard else []
    if floors.empty:
        return said  # type: ignore[return-value]
    kept = int(floors["kept"].sum())
    facts = {"n": len(floors), "kept": kept, "days": study.policy.floor_days}
    if kept == len(floors):
        kept_all = "report.floor_kept" if not unheard else "report.floor_kept_known"
        return [Text(text=study.say(kept_all, **facts), role="note"), *said]
    reasons = floors.loc[~floors["kept"], "reason"].value_counts()
    parts = [
        study.say("report.floor_reason", n=int(n), reason=say(f"report.floor_reason.{reason}", study.lang))
        for reason, n in reasons.items()
    ]
    return [Text(text=study.say("report.floor_missed", parts=parts, **facts), role="note"), *said]


def _unheard(study: Study) -> int:
    """Customers with a rule, nothing planned, and no contact, purchase or first day on record."""
    people = study.customers
    known = (
        people["customer_id"]
        .astype(str)
        .isin({*study.plan.standing.index, *study.plan.floors["customer_id"]})
    )
    for column in ("last_order", *KNOWN_SINCE):
        if column in people:
            known |= people[column].notna()
    contacts = study.tables.get("contacts")
    if contacts is not None:
        known |= people["customer_id"].astype(str).isin(set(contacts["customer_id"].astype(str)))
    return int((~known & people[study.segmentation.main].isin([*study.policy.labels])).sum())


def _left_out(study: Study) -> list[Block]:
    """Where marketing is planned and nobody is left out of it: what a holdout could show."""
    offer = holdout_offer(study)
    return [Text(text=offer, role="note")] if offer else []
