"""Which data stands behind the report, what was mended, and what was left out with how much money."""

from __future__ import annotations

from segkit.intake.ledger import set_aside_reasons
from segkit.intake.table import ORIGIN
from segkit.locale import listing, term
from segkit.problems import Problem
from segkit.report.model import Bullets, Kpis, Sheet, Text
from segkit.report.study import Head, Shown, Study

LISTED_ROWS = 20  # rows set aside that are listed one by one; the rest is in the workbook


def data_and_quality(study: Study) -> Shown:
    """Rows and money in and out, the day the report stands on, reasons, quality of each field, what to repair."""
    totals = study.intake["totals"]
    study.kpi("rows_in", totals["rows_in"], "count")
    study.kpi("rows_set_aside", totals["set_aside"], "count", n=totals["rows_in"])
    study.kpi("money_in", totals["money_in"], "money")
    study.kpi("money_set_aside", totals["money_set_aside"], "money")
    as_of = study.intake["as_of"]
    day = study.say(f"report.as_of.{as_of['why']}", as_of=study.as_of)
    if as_of["later"]:
        later = study.say("report.as_of.later", later=as_of["later"], last=as_of["last"])
        day += later if study.lang == "zh" else f" {later}"
    gone = study.intake["customers_gone"]
    balance = study.say("report.balance", **totals)
    notes = [Problem(**note).text(study.lang) for note in study.intake["notes"]]
    return study.add(
        "data",
        [
            Kpis(ids=["rows_in", "rows_set_aside", "money_in", "money_set_aside"]),
            Text(text=balance),
            Text(text=day),
            Text(text=study.say("report.gone", n=gone), role="note") if gone else None,
            _fates(study),
            _set_aside(study),
            Bullets(items=notes) if notes else None,
            _unknown(study),
            _quality(study),
        ],
    )


def _fates(study: Study) -> Sheet | None:
    """Events by reason: rows, each once a reason, their money, what became of them."""
    ledger = study.ledger
    if ledger.empty:
        return None
    places = ledger.drop_duplicates(["reason", "fate", *ORIGIN])
    grouped = places.groupby(["reason", "fate"], as_index=False).agg(
        rows=("row", "size"), amount=("amount", "sum")
    )
    grouped = grouped.sort_values(["rows", "reason"], ascending=[False, True])
    rows = [
        [term(f"reason.{r.reason}", study.lang), term(f"fate.{r.fate}", study.lang), r.rows, r.amount]
        for r in grouped.itertuples()
    ]
    head: list[Head] = [
        ("reason", study.say("head.reason"), "text"),
        ("fate", study.say("head.fate"), "text"),
        ("rows", study.say("head.rows"), "count"),
        ("amount", study.say("head.amount"), "money"),
    ]
    title = study.say("report.events", n=len(ledger), reasons=ledger["reason"].nunique())
    return study.table("events", title, head, rows, n=study.intake["totals"]["rows_in"])


def _set_aside(study: Study) -> Sheet | None:
    """The rows that do not count, one line each, with the reasons that set them aside."""
    aside = study.ledger[study.ledger["fate"] == "set_aside"]
    if aside.empty:
        return None
    reasons = set(set_aside_reasons(study.ledger)["reason"])
    # a line carries the fate of its row: what was merely mended there is no reason
    aside = aside[aside["reason"].isin(reasons)]
    places = aside.drop_duplicates(ORIGIN)
    rows: list[list[object]] = []
    for (file, sheet, row), lines in aside.groupby(ORIGIN, sort=True):
        if len(rows) == LISTED_ROWS:
            break
        names = [term(f"reason.{reason}", study.lang) for reason in dict.fromkeys(lines["reason"])]
        columns = [column for column in dict.fromkeys(lines["column"]) if column]
        rows.append(
            [
                f"{file} · {sheet}" if sheet else file,
                str(row),
                listing(names, study.lang),
                listing(columns, study.lang),
                lines["amount"].iloc[0],
            ]
        )
    head: list[Head] = [
        ("file", study.say("head.file"), "text"),
        ("row", study.say("head.row"), "id"),
        ("reason", study.say("head.reason"), "text"),
        ("column", study.say("head.column"), "text"),
        ("amount", study.say("head.amount"), "money"),
    ]
    which = "report.set_aside" if len(places) > len(rows) else "report.set_aside_all"
    title = study.say(which, n=len(places), money=float(places["amount"].sum()), shown=len(rows))
    return study.table("set_aside", title, head, rows, n=len(places))


def _unknown(study: Study) -> Sheet | None:
    unknown = study.intake["unknown_status"]
    if not unknown:
        return None
    head: list[Head] = [
        ("status", study.say("head.status"), "text"),
        ("rows", study.say("head.rows"), "count"),
        ("amount", study.say("head.amount"), "money"),
    ]
    rows = [[u["status"], u["rows"], u["amount"]] for u in unknown]
    return study.table(
        "unknown_status", study.say("report.unknown_status", n=len(rows)), head, rows, n=len(rows)
    )


def _quality(study: Study) -> Sheet | None:
    """全面性 准确性 及时性 per field, and what to repair first."""
    quality = study.intake["quality"]
    rows = [
        [f["head"], f["completeness"], f["accuracy"], f["timeliness"], f["repair"]] for f in quality["fields"]
    ]
    overall = quality["overall"]
    head: list[Head] = [
        ("field", study.say("head.field"), "text"),
        ("completeness", study.say("head.completeness"), "share"),
        ("accuracy", study.say("head.accuracy"), "share"),
        ("timeliness", study.say("head.timeliness"), "share"),
        ("repair", study.say("head.repair"), "count"),
    ]
    total = [
        study.say("head.overall"),
        overall["completeness"],
        overall["accuracy"],
        overall["timeliness"],
        overall["repair"],
    ]
    worst = max(quality["fields"], key=lambda f: f["repair"], default=None)
    title = (
        study.say("report.quality", head=worst["head"], repair=worst["repair"])
        if worst and worst["repair"]
        else study.say("report.quality_fine", fields=len(rows))
    )
    return study.table("quality", title, head, rows, n=quality["rows"], total=total)
