"""What the customer file (客户档案) holds, how complete it is, where its sources disagree, what is new in it."""

from __future__ import annotations

import pandas as pd

from segkit.locale import listing
from segkit.report.cards import CARDS, key_accounts, visit_cards, write_cards
from segkit.report.model import Block, Kpis, Sheet, Text
from segkit.report.record_changes import in_words
from segkit.report.record_fields import NOT_ASKED
from segkit.report.record_parts import table_name
from segkit.report.records import Records, customer_records, write_records
from segkit.report.study import Head, Shown, Study

# the parts that come from the client; the others follow from them
ASKED = ("basic", "behaviour", "needs", "contacts")


def records(study: Study) -> Shown:
    """The customer file in a few lines; the file itself and the cards for the visit go to their own artefacts."""
    made = customer_records(study)
    cards = visit_cards(study, made)
    write_records(study, made)
    write_cards(study, cards)
    n = len(made.rows)
    basic = filled(made, "basic")
    ids = []
    if basic:
        ids.append(study.kpi("records_filled", sum(basic.values()) / len(basic), "share", n=n))
    apart = int(made.differences["customer_id"].nunique())
    ids.append(study.kpi("records_differ", apart, "count", n=n))
    if made.compared:
        changed = int(made.changes["customer_id"].nunique())
        ids.append(study.kpi("records_changed", changed, "count", n=n))
    facts = {"n": n, "fields": made.fields["field"].nunique()}
    blocks: list[Block | None] = [
        Kpis(ids=ids),
        Text(text=study.say("record.holds", **facts)),
        _by_block(study, made, basic),
        *_apart(study, made),
    ]
    if made.compared and len(made.changes):
        news = {"n": int(made.changes["customer_id"].nunique()), "what": in_words(study, made.changes)}
        blocks.append(Text(text=study.say("record.news", **news)))
    number = int(cards["card"].max()) if len(cards) else 0
    if number:
        some = len(key_accounts(study))
        which = "record.cards" if some <= CARDS else "record.cards_some"
        blocks.append(Text(text=study.say(which, n=number, of=some)))
    blocks.append(Text(text=study.say("record.privacy"), role="note"))
    return study.add("records", blocks)


def filled(made: Records, block: str) -> dict[str, float]:
    """Heading and share of all customers of whom it is known, for every field of a block one would ask for."""
    fields = made.fields[made.fields["block"].eq(block) & ~made.fields["field"].isin(NOT_ASKED)]
    fields = fields[fields["table"] != "derived"]
    return dict(fields.groupby("head", sort=False)["share"].sum())


def _by_block(study: Study, made: Records, basic: dict[str, float]) -> Sheet | None:
    """Of how many customers anything is known, part by part, and the tables it is from."""
    rows = []
    for block in ASKED:
        here = made.fields[made.fields["block"].eq(block)]
        if here.empty:
            continue
        known = int(made.rows[list(dict.fromkeys(here["field"]))].apply(_says_something).any(axis=1).sum())
        names = listing([table_name(study, name) for name in dict.fromkeys(here["table"])], study.lang)
        share = known / len(made.rows)
        rows.append([study.say(f"record.block.{block}"), here["field"].nunique(), known, share, names])
    if not rows or not len(made.rows):
        return None
    head: list[Head] = [
        ("block", study.say("head.record_block"), "text"),
        ("fields", study.say("head.record_fields"), "count"),
        ("known", study.say("head.record_known"), "count"),
        ("share", study.say("head.customers_share"), "share"),
        ("sources", study.say("head.record_sources"), "text"),
    ]
    if basic and min(basic.values()) >= 1:
        title = study.say("record.table_full", fields=len(basic))
    elif basic:
        weakest = min(basic, key=lambda field: basic[field])
        title = study.say(
            "record.table", share=sum(basic.values()) / len(basic), field=weakest, least=basic[weakest]
        )
    else:
        title = study.say("record.table_plain")
    return study.table("records", title, head, rows, n=len(made.rows))


def _says_something(column: pd.Series) -> pd.Series:
    """Where a value is known; a count of nothing is none."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.fillna(0).ne(0).astype(bool)
    return column.notna()


def _apart(study: Study, made: Records) -> list[Block]:
    """Where sources disagree: how many customers by field, and which source was taken."""
    apart = made.differences
    precedence = Text(text=study.say("record.precedence"), role="note")
    several = made.fields.groupby("field").size()
    if apart.empty:
        same = Text(text=study.say("record.agree", n=int((several > 1).sum())))
        return [same, precedence] if (several > 1).any() else []
    counted = apart.groupby(["head", "taken_from", "other_from"], as_index=False, sort=False)[
        "customer_id"
    ].nunique()
    counted = counted.sort_values("customer_id", ascending=False, kind="stable")
    head: list[Head] = [
        ("field", study.say("head.field"), "text"),
        ("customers", study.say("head.customers"), "count"),
        ("taken", study.say("head.record_taken"), "text"),
        ("other", study.say("head.record_other"), "text"),
    ]
    rows = counted[["head", "customer_id", "taken_from", "other_from"]].to_numpy().tolist()
    n = int(apart["customer_id"].nunique())
    title = study.say("record.differ", n=n, values=len(apart), field=rows[0][0], most=rows[0][1])
    return [study.table("record_differences", title, head, rows, n=len(made.rows)), precedence]
