"""Service promises (客诉时限): answered and solved in time, what is still open and with whom."""

from __future__ import annotations

from typing import Any

import pandas as pd

from segkit.evaluate.estimate import proportion
from segkit.followup.promises import STEPS
from segkit.followup.service_clock import Service, service
from segkit.locale import name_of
from segkit.playbooks.sources import ServiceSetup
from segkit.report.model import Block, Kpis, Sheet, Text
from segkit.report.study import Head, Shown, Study

TABLE = "complaints"
FEW = 30
MOST = 12  # owners with a row of their own


def service_promises(study: Study) -> Shown:
    """First answer and solution by severity against what was promised, open cases by level; nothing without cases."""
    setup = (
        study.playbook.service if study.playbook is not None and study.playbook.service else ServiceSetup()
    )
    cases = study.tables.get(TABLE)
    if cases is None:
        cases = setup.rows(study.customers, study.tables)
    if cases is None or not {"case_id", "opened_at"} <= {*cases.columns} or not len(cases):
        return study.add("service", [])
    cases = cases[cases["opened_at"].notna()].drop_duplicates("case_id")
    found = service(cases, setup.rules, as_of=study.as_of)
    if not len(found.cases) or not len(found.summary):
        return study.add("service", [])
    blocks: list[Block | None] = [Kpis(ids=_counted(study, found)), *_told(study, found)]
    blocks += [_by_severity(study, found, list(setup.rules.promises)), *_levels(study, found, setup)]
    blocks += [_by_owner(study, found), *_notes(study, found, setup)]
    return study.add("service", blocks)


def _overall(found: Service, step: str) -> pd.Series | None:
    rows = found.summary[(found.summary["severity"] == "all") & (found.summary["step"] == step)]
    return rows.iloc[0] if len(rows) else None


def _broken(row: pd.Series) -> int:
    return int(row["late"] + row["overdue"])


def _counted(study: Study, found: Service) -> list[str]:
    ids = [study.kpi("service_cases", len(found.cases), "count")]
    for step in STEPS:
        row = _overall(found, step)
        if row is not None and row["ripe"] and not found.days_only:
            kept = 1 - _broken(row) / row["ripe"]
            ids.append(study.kpi(f"service_{step}", kept, "share", n=int(row["ripe"])))
    if "resolution_at" in found.cases:
        still = int(found.cases["resolution_at"].isna().sum())
        ids.append(study.kpi("service_open", still, "count", n=len(found.cases)))
    return ids


def _told(study: Study, found: Service) -> list[Block]:
    blocks: list[Block] = []
    for step in STEPS:
        row = _overall(found, step)
        if row is None:
            continue
        if found.days_only and row["ripe"] + row["unknown"]:
            blocks.append(Text(text=_told_by_day(study, step, row)))
            continue
        if not row["ripe"]:
            blocks.append(
                Text(text=study.say("service.none_ripe", step=_step(study, step), n=int(row["cases"])))
            )
            continue
        n, broken = int(row["ripe"]), _broken(row)
        kept = proportion(n - broken, n)
        facts: dict[str, Any] = {"step": _step(study, step), "n": n, "kept": n - broken, "broken": broken}
        facts |= {"share": kept.value, "low": kept.low, "high": kept.high, "hours": row["typical_hours"]}
        which = "service.told" if pd.notna(row["typical_hours"]) else "service.told_short"
        which = "service.told_at_least" if row["at_least"] else which
        blocks.append(Text(text=study.say(which, **facts)))
    return blocks


def _told_by_day(study: Study, step: str, row: pd.Series) -> str:
    """Surely kept, surely broken, and what lies between; how many of the unknown were kept nobody can say."""
    least, most = _between(row)
    n, broken, unknown = int(row["ripe"] + row["unknown"]), _broken(row), int(row["unknown"])
    facts = {"n": n, "kept": n - broken - unknown, "broken": broken, "unknown": unknown}
    return study.say("service.told_by_day", step=_step(study, step), least=least, most=most, **facts)


def _between(row: pd.Series) -> tuple[float | None, float | None]:
    """The least and the most of the cases that can have been in time, where only days are known."""
    n = int(row["ripe"] + row["unknown"])
    return ((row["ripe"] - _broken(row)) / n, 1 - _broken(row) / n) if n else (None, None)


def _step(study: Study, step: str) -> str:
    return study.say(f"service.step.{step}")


def _severity(study: Study, severity: str) -> str:
    return name_of("severity", severity, study.lang)


def _by_severity(study: Study, found: Service, severities: list[str]) -> Sheet:
    """One row per severity and promise: of those whose time is up, how many were kept."""
    rows: list[list[Any]] = []
    of = found.summary.set_index(["severity", "step"])
    for severity in severities:
        for step in STEPS:
            if (severity, step) not in of.index:
                continue
            row = of.loc[(severity, step)]
            n, broken = int(row["ripe"]), _broken(row)
            kept = proportion(n - broken, n)
            shares = [None, *_between(row)] if found.days_only else [kept.value, kept.low, kept.high]
            cells = [_severity(study, severity), _step(study, step), row["cases"], n, broken, row["waiting"]]
            rows.append([*cells, *shares, row["typical_hours"]])
    head: list[Head] = [
        ("severity", study.say("head.severity"), "text"),
        ("step", study.say("head.service_step"), "text"),
        *((id, study.say(f"head.service_{id}"), "count") for id in ("cases", "ripe", "broken", "waiting")),
        ("share", study.say("head.service_kept"), "share"),
        ("low", study.say("head.share_low"), "share"),
        ("high", study.say("head.share_high"), "share"),
        ("hours", study.say("head.service_hours"), "hours"),
    ]
    worst = [(row[6], row[0], row[1], row[3]) for row in rows if row[3] >= FEW and row[6] is not None]
    title = study.say("service.table_plain", n=len(found.cases))
    if worst:
        share, severity, step, n = min(worst, key=lambda one: one[0])
        title = study.say("service.table", severity=severity, step=step, share=share, n=n)
    return study.table("service", title, head, rows, n=len(found.cases))


def _levels(study: Study, found: Service, setup: ServiceSetup) -> list[Block]:
    """How many open cases have gone up how far."""
    if "resolution_at" not in found.cases:
        return []
    still = int(found.cases["resolution_at"].isna().sum())
    if not still:
        return [Text(text=study.say("service.none_open"))]
    days = setup.rules.escalate_days
    at = found.escalations["level"].value_counts()
    bounds = zip(days, (*days[1:], None), strict=True)
    parts = [
        study.say(
            "service.level" if until else "service.level_last", n=int(at.get(level, 0)), days=day, until=until
        )
        for level, (day, until) in enumerate(bounds, 1)
    ]
    levels = study.say("service.join").join(parts)
    facts = {"n": still, "up": len(found.escalations), "levels": levels, "first": days[0]}
    return [Text(text=study.say("service.open", **facts))]


def _by_owner(study: Study, found: Service) -> Sheet | None:
    owners = found.owners
    if set(owners["owner"]) == {""}:
        return None
    counts = [c for c in ("cases", "response_late", "resolution_late", "open", "escalated") if c in owners]
    rest, named = owners.iloc[MOST:], owners.iloc[:MOST]
    rows = [
        [str(row["owner"]) or study.say("report.unassigned"), *(int(row[c]) for c in counts)]
        for _, row in named.iterrows()
    ]
    if len(rest):
        rows.append([study.say("leads.other_owners", n=len(rest)), *(int(rest[c].sum()) for c in counts)])
    head: list[Head] = [("owner", study.say("head.owner"), "text")]
    head += [(c, study.say(f"head.service_{c}"), "count") for c in counts]
    total = [study.say("head.total"), *(int(owners[c].sum()) for c in counts)]
    late = next(
        (c for c in ("resolution_late", "response_late") if c in counts and owners[c].iloc[0]), "none_late"
    )
    facts = {
        "owner": rows[0][0],
        "n": rows[0][1],
        "late": rows[0][1 + counts.index(late)] if late in counts else 0,
    }
    title = study.say(f"service.owners.{late}", **facts)
    return study.table("service_owners", title, head, rows, n=len(found.cases), total=total)


def _notes(study: Study, found: Service, setup: ServiceSetup) -> list[Block]:
    cases = found.cases
    unknown = cases[[step for step in STEPS if step in cases]].eq("unknown").any(axis=1)
    unnamed = int((~cases["named"]).sum())
    notes = [study.say("service.how_to_read"), *[study.say("service.days_only")] * found.days_only]
    ripe = [row["ripe"] for step in STEPS if (row := _overall(found, step)) is not None]
    notes += [study.say("service.few", n=int(max(ripe)), few=FEW)] if max(ripe, default=0) < FEW else []
    notes += [study.say("service.unknown", n=int(unknown.sum()))] if unknown.any() else []
    if unnamed:
        severity = _severity(study, setup.rules.otherwise)
        notes.append(study.say("service.unnamed", n=unnamed, severity=severity))
    source = setup.rules.source_text(study.lang) or study.say("service.usual_rules")
    notes.append(study.say("leads.source", source=source))
    return [Text(text=note, role="note") for note in notes]
