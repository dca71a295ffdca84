"""Which data stands behind the report, what was mended, and what was left out with how much money."""

from __future__ import annotations

from typing import Any

import pandas as pd

from segkit.intake.ledger import set_aside_reasons
from segkit.intake.table import ORIGIN
from segkit.locale import listing, term
from segkit.problems import Problem
from segkit.report.model import Bullets, Kpis, Sheet, Text
from segkit.report.study import Head, Shown, Study

ROWS = ("rows_in", "kept", "changed", "merged", "set_aside")
LISTED_ROWS = 20  # rows set aside that are listed one by one; the rest is in the workbook


def data_and_quality(study: Study) -> Shown:
    """Rows and money in and out, the day the report stands on, reasons, quality of each field, what to repair."""
    totals, rows = study.intake["totals"], _rows_in_all(study)
    study.kpi("rows_in", rows["rows_in"], "count")
    study.kpi("rows_set_aside", rows["set_aside"], "count", n=rows["rows_in"])
    ids = ["rows_in", "rows_set_aside"]
    if study.has_money:
        ids.append(study.kpi("money_in", totals["money_in"], "money"))
        ids.append(study.kpi("money_set_aside", totals["money_set_aside"], "money"))
    as_of = study.intake["as_of"]
    day = study.say(f"report.as_of.{as_of['why']}", as_of=study.as_of)
    if as_of["later"]:
        later = study.say("report.as_of.later", later=as_of["later"], last=as_of["last"])
        day += later if study.lang == "zh" else f" {later}"
    gone = study.intake["customers_gone"]
    by_table = _by_table(study)
    if by_table is None:
        balance = study.say("report.balance" if study.has_money else "report.balance_rows", **totals)
    else:
        balance = study.say("report.balance_rows", **rows)
        if study.has_money:
            money = study.say("report.balance_money", files=_called(study, _counted(study)[0]), **totals)
            balance += money if study.lang == "zh" else f" {money}"
    notes = [Problem(**note).text(study.lang) for note in study.intake["notes"]]
    return study.add(
        "data",
        [
            Kpis(ids=ids),
            Text(text=balance),
            by_table,
            Text(text=day),
            Text(text=study.say("report.gone", n=gone), role="note") if gone else None,
            _further(study),
            _in_engine(study),
            _fates(study),
            _set_aside(study),
            Bullets(items=notes) if notes else None,
            _unknown(study),
            _quality(study),
        ],
    )


def _further(study: Study) -> Bullets | None:
    """A sentence for each further table: rows, days, what was left out and why."""
    sentences = []
    for name, table in study.intake["tables"].items():
        facts = {**table, "name": name, "reasons": list(table["reasons"].items())}
        parts = ["report.table"]
        parts += ["report.table.days"] if table["first"] else []
        parts += ["report.table.set_aside"] if table["set_aside"] else []
        parts += ["report.table.merged"] if table["merged"] else []
        parts += ["report.table.strangers"] if table["strangers"] else []
        sentences.append("".join(study.say(part, **facts) for part in parts) + study.say("report.table.end"))
    return Bullets(items=sentences) if sentences else None


def _counted(study: Study) -> list[dict[str, Any]]:
    """Rows by fate of every table, a file that is read as two of them once; the one with the money first."""
    counted: list[dict[str, Any]] = []
    for table in (*study.intake["counted"], *study.intake["tables"].values()):
        if not {*table["files"]} <= {file for one in counted for file in one["files"]}:
            counted.append(table)
    return counted


def _rows_in_all(study: Study) -> dict[str, int]:
    return {fate: sum(table[fate] for table in _counted(study)) for fate in ROWS}


def _called(study: Study, table: dict[str, Any]) -> str:
    first, *more = table["files"]
    return study.say("report.sources", first=first, n=len(table["files"])) if more else str(first)


def _by_table(study: Study) -> Sheet | None:
    """Rows in, and where they went, of each table where there are several."""
    counted = _counted(study)
    if len(counted) < 2:
        return None
    head: list[Head] = [("file", study.say("head.file"), "text")]
    head += [(fate, study.say(f"xlsx.field.{fate}"), "count") for fate in ROWS]
    rows = [[_called(study, table), *(table[fate] for fate in ROWS)] for table in counted]
    whole = _rows_in_all(study)
    total = [study.say("head.total"), *whole.values()]
    title = study.say("report.by_table", n=len(counted), rows=whole["rows_in"])
    return study.table("rows_by_file", title, head, rows, n=whole["rows_in"], total=total)


def _in_engine(study: Study) -> Sheet | None:
    """Where an engine read the orders: rows and money by reason; the rows themselves stand in a file."""
    reasons = study.intake.get("reasons")
    if not reasons:
        return None
    rows = [
        [
            term(f"reason.{r['reason']}", study.lang),
            term(f"fate.{r['fate']}", study.lang),
            r["rows"],
            r["amount"],
        ]
        for r in reasons
    ]
    n = sum(r["rows"] for r in reasons)
    title = study.say("report.engine_reasons", n=n, reasons=len(reasons))
    note = study.say("report.engine_aside") if any(r["fate"] == "set_aside" for r in reasons) else ""
    total = _rows_in_all(study)["rows_in"]
    return study.table("engine_reasons", title, _by_reason(study), rows, n=total, note=note)


def _by_reason(study: Study) -> list[Head]:
    return [
        ("reason", study.say("head.reason"), "text"),
        ("fate", study.say("head.fate"), "text"),
        ("rows", study.say("head.rows"), "count"),
        ("amount", study.say("head.amount"), "money"),
    ]


def _ledger(study: Study) -> pd.DataFrame:
    """The ledger with the number of its table in `_counted`; amounts only in the first, which has the money."""
    number = {file: n for n, table in enumerate(_counted(study)) for file in table["files"]}
    table = study.ledger["file"].map(number).fillna(0).astype(int)
    return study.ledger.assign(table=table, amount=study.ledger["amount"].where(table == 0))


def _fates(study: Study) -> Sheet | None:
    """Events by reason: rows, each once a reason, their money, what became of them; table by table."""
    ledger, counted = _ledger(study), _counted(study)
    if ledger.empty:
        return None
    places = ledger.drop_duplicates(["reason", "fate", *ORIGIN])
    grouped = places.groupby(["table", "reason", "fate"], as_index=False).agg(
        rows=("row", "size"), amount=("amount", lambda amounts: amounts.sum(min_count=1))
    )
    grouped = grouped.sort_values(["table", "rows", "reason"], ascending=[True, False, True])
    rows = [
        [
            _called(study, counted[r.table]),
            term(f"reason.{r.reason}", study.lang),
            term(f"fate.{r.fate}", study.lang),
            r.rows,
            r.amount,
        ]
        for r in grouped.itertuples()
    ]
    head: list[Head] = [("file", study.say("head.file"), "text"), *_by_reason(study)]
    if len(counted) == 1:
        head, rows = head[1:], [row[1:] for row in rows]
    title = study.say("report.events", n=len(ledger), reasons=ledger["reason"].nunique())
    head, rows = _without_money(study, head, rows)
    return study.table("events", title, head, rows, n=_rows_in_all(study)["rows_in"])


def _set_aside(study: Study) -> Sheet | None:
    """The rows that do not count, one line each, with the reasons that set them aside."""
    ledger = _ledger(study)
    aside = ledger[ledger["fate"] == "set_aside"]
    if aside.empty:
        return None
    reasons = set(set_aside_reasons(ledger)["reason"])
    # a line carries the fate of its row: what was merely mended there is no reason
    aside = aside[aside["reason"].isin(reasons)]
    places = aside.drop_duplicates(ORIGIN)
    rows: list[list[object]] = []
    for (_, file, sheet, row), lines in aside.groupby(["table", *ORIGIN], sort=True):
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
    which = which if study.has_money else f"{which}_rows"
    title = study.say(which, n=len(places), money=float(places["amount"].sum()), shown=len(rows))
    head, rows = _without_money(study, head, rows)
    return study.table("set_aside", title, head, rows, n=len(places))


def _without_money(
    study: Study, head: list[Head], rows: list[list[object]]
) -> tuple[list[Head], list[list[object]]]:
    """The last column is the money; it goes where nothing is known of any."""
    return (head, rows) if study.has_money else (head[:-1], [row[:-1] for row in rows])


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
    files = [f.get("file") for f in quality["fields"]]
    files = files if len({*files}) > 1 else [None] * len(files)
    rows = [
        [f["head"], file, f["completeness"], f["accuracy"], f["timeliness"], f["repair"]]
        for f, file in zip(quality["fields"], files, strict=True)
    ]
    overall = quality["overall"]
    head: list[Head] = [
        ("field", study.say("head.field"), "text"),
        ("file", study.say("head.file"), "text"),
        ("completeness", study.say("head.completeness"), "share"),
        ("accuracy", study.say("head.accuracy"), "share"),
        ("timeliness", study.say("head.timeliness"), "share"),
        ("repair", study.say("head.repair"), "count"),
    ]
    total = [
        study.say("head.overall"),
        "",
        overall["completeness"],
        overall["accuracy"],
        overall["timeliness"],
        overall["repair"],
    ]
    # a column of which nothing is known is no column
    known = [i for i, _ in enumerate(head) if any(row[i] is not None for row in rows)]
    head, total = [head[i] for i in known], [total[i] for i in known]
    rows = [[row[i] for i in known] for row in rows]
    worst = max(quality["fields"], key=lambda f: f["repair"], default=None)
    title = (
        study.say("report.quality", head=worst["head"], repair=worst["repair"])
        if worst and worst["repair"]
        else study.say("report.quality_fine", fields=len(rows))
    )
    return study.table("quality", title, head, rows, n=quality["rows"], total=total)
