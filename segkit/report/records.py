"""The customer file (客户档案): one row per customer, in the blocks of the sources, and where each value is from.

Basic facts, what they bought, what they need; the last contact, the labels and why, the next step; what changed
since last month. Where two sources disagree the order of `record_fields.PRECEDENCE` decides and the difference
is listed. Of customers without the consent the playbook asks for nothing stands here but what stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from segkit.locale import name_of
from segkit.playbooks.consent import ALWAYS
from segkit.playbooks.model import CUSTOMERS
from segkit.report.clean_tables import read_parquet, write_parquet
from segkit.report.reasons import in_short
from segkit.report.record_changes import changes_since
from segkit.report.record_fields import (
    BASIC,
    BEHAVIOUR,
    BLOCKS,
    FROM_LEADS,
    NEEDS,
    NEXT,
    PRECEDENCE,
    PRECEDENCE_BOUGHT,
    SAME,
    TALKS,
    Held,
    held,
)
from segkit.report.record_parts import (
    from_cases,
    from_contacts,
    from_lines,
    from_surveys,
    latest,
    table_name,
)
from segkit.report.record_sources import (
    by_id,
    filled_in,
    head_in,
    last_said,
    mapped,
    named_by,
    names_differ,
    no_differences,
    of_firms,
    settled,
    source_of,
)
from segkit.report.render.lists import WHY
from segkit.report.study import Study

TOTALS = ("last_order", "frequency", "monetary")  # what a customer list may have added up itself
PLACES = {"needs": NEEDS, "contacts": TALKS}


@dataclass(frozen=True)
class Records:
    """The customer file of one client.

    Attributes
    ----------
    rows : one row per customer, in the order of the study's customers
    fields : `block, field, head, table, source, known, share, differs`, one line per field and source: of how
        many customers, and of which share of all, the value is from there; `differs` counts, on the first line
        of a field, the customers of whom the sources disagree
    differences : `customer_id, field, head, taken, taken_from, other, other_from`, as texts, names masked
    changes : `customer_id, field, head, before, now`, as texts; empty where nothing is known of last month
    compared : whether there was a last month to compare with
    """

    rows: pd.DataFrame
    fields: pd.DataFrame
    differences: pd.DataFrame
    changes: pd.DataFrame
    compared: bool


def customer_records(study: Study) -> Records:
    """What is known of each customer, from which source, how complete it is, and what is new?"""
    ids = study.customers["customer_id"].astype(str)
    differences: list[pd.DataFrame] = []
    parts = [
        *_basic(study, differences),
        *_behaviour(study, differences),
        *from_lines(study),
        *_own(study),
        *_wishes(study),
        *from_surveys(study),
        *from_cases(study),
        *from_contacts(study),
        *_labels(study),
        *_next_step(study),
    ]
    once = {part.field: part for part in reversed(parts)}  # what stands first leads
    parts = [part for part in parts if once[part.field] is part]
    parts = [part for part in parts if not once.keys() & {*SAME.get(part.field, ())}]
    parts = sorted(parts, key=lambda part: BLOCKS.index(part.block))
    parts = [_placed(part, ids) for part in parts]
    parts = [_withheld(study, part) for part in parts]
    parts = [part for part in parts if part.values.notna().any()]
    rows = pd.DataFrame({"customer_id": ids.to_numpy(), **{p.field: p.values.array for p in parts}})
    told = pd.concat(differences, ignore_index=True) if differences else no_differences()
    told = told[told["customer_id"].isin(ids)]
    shown = told["field"].isin(_always(study)) | ~told["customer_id"].isin(study.segmentation.withheld)
    told = told[shown].reset_index(drop=True)
    changes, said = changes_since(study, rows)
    if said.notna().any():
        rows["changed"] = rows["customer_id"].map(said)
    previous = study.previous
    return Records(rows, _fields(study, parts, told, len(ids)), told, changes, previous is not None)


def write_records(study: Study, records: Records) -> None:
    """Put the customer file where the renderers find it: `internal/`, named in the model's tables."""
    internal = study.folder / "internal"
    internal.mkdir(exist_ok=True)
    frames = {
        "records": records.rows,
        "record_fields": records.fields,
        "record_differences": records.differences,
        "record_changes": records.changes,
    }
    for name, frame in frames.items():
        write_parquet(frame, internal / f"{name}.parquet")
        study.model.tables[name] = f"internal/{name}.parquet"


# --- blocks ----------------------------------------------------------------------------------------


def _basic(study: Study, differences: list[pd.DataFrame]) -> Iterable[Held]:
    """Who they are: the customer list first, where it says nothing the orders, then the leads."""
    leads = study.tables.get("leads")
    leads = latest(leads) if leads is not None and "customer_id" in leads else None
    for field, unit in BASIC.items():
        claims: dict[str, pd.Series] = {}
        if field in study.customers:
            listed = field in mapped(study, "customers") or field not in mapped(study, "orders")
            claims["customers" if listed else "orders"] = by_id(study, study.customers[field])
        # a channel in the orders is where they bought, in the list where they came from
        if field in mapped(study, "orders") and field != "channel" and study.orders is not None:
            claims["orders"] = last_said(study.orders, field)
        claims |= filled_in(study, field, claims)
        if leads is not None and field in leads:
            claims["leads"] = leads[field]
        if field == "name":
            claims = {table: of_firms(values) for table, values in claims.items()}
            differences += names_differ(study, leads)
        if claims:
            found: list[pd.DataFrame] = [] if field == "name" else differences
            yield settled(study, field, "basic", unit, claims, PRECEDENCE, found)


def _behaviour(study: Study, differences: list[pd.DataFrame]) -> Iterable[Held]:
    """What they bought: counted from the orders; the totals of the customer list where there are none."""
    file = study.folder / "people.parquet"
    listed = read_parquet(file) if study.intake.get("grain") == "orders" and file.is_file() else None
    counted = "orders" if mapped(study, "orders") else "customers"
    for field, unit in BEHAVIOUR.items():
        if field not in study.customers:
            continue
        claims = {counted: by_id(study, study.customers[field])}
        own = "frequency" if field == "orders" else field
        if listed is not None and own in TOTALS and own in listed and own in mapped(study, "customers"):
            claims["customers"] = listed[own].set_axis(listed["customer_id"].astype(str))
        yield settled(study, field, "behaviour", unit, claims, PRECEDENCE_BOUGHT, differences)


def _own(study: Study) -> Iterable[Held]:
    """Columns that a rule reads: the client's own, and what the playbook makes of tables."""
    if study.playbook is None:
        return
    attributes = study.playbook.attributes
    read = {column for scheme in study.segmentation.schemes.values() for column in scheme.needs()}
    read |= {*attributes, *study.playbook.columns_read(CUSTOMERS)}
    made = {c for name, s in study.segmentation.schemes.items() for c in (name, *s.adds())}
    known = {*BASIC, *BEHAVIOUR, *TOTALS, "customer_id", "tenure_days", "rank", "why", *made}
    private = {"phone", "email", "note", "tags", "address"}
    for column in map(str, study.customers.columns):
        if column not in read or column in known or column in private:
            continue
        one = attributes.get(column)
        made_of_rows = one is not None and one.of_rows
        block = next((b for b, columns in PLACES.items() if column in columns), "")
        block = block or ("behaviour" if made_of_rows else "basic")
        values = study.customers[column]
        dated = pd.api.types.is_datetime64_any_dtype(values)
        unit = "date" if dated else "count" if pd.api.types.is_numeric_dtype(values) else "text"
        if one is None:
            table, source = "customers", source_of(study, "customers", column)
        else:
            table = one.table if made_of_rows else "derived"
            source = study.say("record.source.made", table=table_name(study, one.table))
        yield held(column, block, unit, by_id(study, values), table, source)


def _wishes(study: Study) -> Iterable[Held]:
    """What leads said they want: where they stand, and how much they want it."""
    leads = study.tables.get("leads")
    if leads is None or "customer_id" not in leads:
        return
    last = latest(leads)
    for field, unit in FROM_LEADS.items():
        if field in last:
            yield held(field, "needs", unit, last[field], "leads", source_of(study, "leads", field))


def _labels(study: Study) -> Iterable[Held]:
    """Every shown scheme's label and why; the main one first."""
    customers, segmentation = study.customers, study.segmentation
    if study.ranked:
        for field in ("rank", "why"):
            yield held(
                field,
                "label",
                "text",
                by_id(study, customers[field]),
                "derived",
                study.say("record.made.rank"),
            )
        return
    for name, scheme in sorted(study.shown_schemes.items(), key=lambda pair: pair[0] != segmentation.main):
        source = study.say("record.made.label", scheme=study.scheme_name(name))
        block = "needs" if scheme.kind == "needs" else "label"
        yield held(name, block, "text", by_id(study, customers[name]), "derived", source)
        called = named_by(customers[name], partial(study.label_name, scheme=scheme))
        if name == segmentation.main:
            why, field = customers["why"], "why"
        else:
            why, field = study.reasons(name), f"{WHY}{name}"
        yield held(
            field,
            "label",
            "text",
            by_id(study, in_short(why.astype(object), called, study.lang)),
            "derived",
            source,
        )


def _next_step(study: Study) -> Iterable[Held]:
    """The first task of the plan, or why there is none."""
    plan = study.plan
    first = plan.tasks.sort_values("due", kind="stable").drop_duplicates("customer_id")
    first = first.set_index(first["customer_id"].astype(str))
    ids = study.customers["customer_id"].astype(str)
    reason = ids.map(plan.standing).astype(object).fillna("nothing_due")
    reason = reason.where(reason != "planned").set_axis(ids)
    owner = first["owner"].where(first["owner"] != "", study.say("report.unassigned"))
    made = {
        "next_on": first["due"],
        "next_channel": named_by(first["channel"], lambda id: name_of("channel", id, study.lang)),
        "next_what": named_by(first["content"], lambda id: name_of("content", id, study.lang)),
        "next_owner": owner,
        "no_step": named_by(reason, lambda id: study.say(f"record.no_step.{id}")),
    }
    for field, unit in NEXT.items():
        yield held(field, "next", unit, made[field], "plan", study.say("record.source.plan"))


# --- what comes of it ------------------------------------------------------------------------------


def _placed(part: Held, ids: pd.Series) -> Held:
    """In the order of the customers."""
    index = pd.Index(ids)
    values = part.values.reindex(index)
    return Held(
        part.field,
        part.block,
        part.unit,
        values,
        part.origin.reindex(index).where(values.notna()),
        part.sources,
    )


def _always(study: Study) -> set[str]:
    """Fields that may stand of a customer who did not consent, as in the customer list."""
    consent = study.segmentation.consent
    allowed = {*ALWAYS, *NEXT, "rank", "why", *study.segmentation.schemes}
    allowed |= {f"{WHY}{name}" for name in study.segmentation.schemes}
    return allowed | ({*consent.when.columns(), *consent.keep} if consent is not None else set())


def _withheld(study: Study, part: Held) -> Held:
    """Nothing of who did not consent."""
    if not study.segmentation.withheld or part.field in _always(study):
        return part
    kept = part.values.where(~part.values.index.isin(study.segmentation.withheld))
    return Held(part.field, part.block, part.unit, kept, part.origin.where(kept.notna()), part.sources)


def _fields(study: Study, parts: Sequence[Held], differences: pd.DataFrame, n: int) -> pd.DataFrame:
    apart = differences.groupby("field")["customer_id"].nunique()
    lines = []
    for part in parts:
        taken = part.origin.value_counts()
        for i, (table, source) in enumerate(part.sources.items()):
            lines.append(
                {
                    "block": part.block,
                    "field": part.field,
                    "head": head_in(study, part.field),
                    "table": table,
                    "source": source,
                    "known": int(taken.get(table, 0)),
                    "share": int(taken.get(table, 0)) / n if n else 0.0,
                    "differs": int(apart.get(part.field, 0)) if i == 0 else 0,
                }
            )
    columns = ["block", "field", "head", "table", "source", "known", "share", "differs"]
    return pd.DataFrame(lines, columns=columns)
