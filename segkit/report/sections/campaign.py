"""Campaigns that the client has already run (营销活动): what they added, where, for how much, and whom they put off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from segkit.evaluate.experiment import Segment, uplift
from segkit.evaluate.incentives import cost_of_extra_purchase, incremental_profit
from segkit.evaluate.power import sample_size
from segkit.playbooks.sources import CampaignSource
from segkit.report.model import Block, Kpis, Sheet, Text
from segkit.report.sections import by_lot
from segkit.report.sections.by_lot import Comparison, ends_of, hundred
from segkit.report.sections.next_holdout import WORTH_SEEING, joined
from segkit.report.study import Head, Shown, Study

ARMS = ("treated", "holdout")
FEWEST = 30  # customers in both arms from which on a segment is set beside another (示例参数)
CARDS: tuple[str, ...] = ("campaign_more", "campaign_money", "campaign_cost")
MOST = 3  # campaigns that are told in full, those of most customers
USUAL = CampaignSource()
NAMELESS = ""


def campaign(study: Study) -> Shown:
    """Did the client's own campaigns bring purchases and money, in which segments, and what did one more cost?

    Those with the campaign are compared with those held out, as they are on record. Nothing without `outcomes`.
    """
    source = USUAL if study.playbook is None or study.playbook.campaign is None else study.playbook.campaign
    rows = source.rows(study.customers, study.tables)
    if rows is None or rows.empty or not {"customer_id", "arm", "converted"} <= {*rows.columns}:
        return study.add("campaign", [])
    usable = rows[rows["arm"].isin(ARMS) & rows["converted"].notna()]
    left = len(rows) - len(usable)
    blocks: list[Block | None] = []
    named = usable["campaign"] if "campaign" in usable else pd.Series(NAMELESS, index=usable.index)
    named = named.astype("string").fillna(NAMELESS).astype(str)
    by_size = named.value_counts(sort=False).sort_values(ascending=False, kind="stable")
    names = [str(name) for name in by_size.index]
    for at, name in enumerate(names[:MOST]):
        if len(names) > 1:
            heading = name or study.say("campaign.nameless")
            blocks.append(Text(text=heading, role="heading"))
        table = "campaign" if at == 0 else f"campaign_{at + 1}"
        blocks += _told(study, source, usable[named == name], table, cards=at == 0)
    if len(names) > MOST:
        blocks.append(Text(text=study.say("campaign.more", n=len(names) - MOST, of=len(names)), role="note"))
    if left:
        blocks.append(Text(text=study.say("campaign.unusable", n=left, of=len(rows)), role="note"))
    ids = [id for id in CARDS if id in study.model.kpis]
    return study.add("campaign", [Kpis(ids=ids) if ids else None, *blocks])


def _told(
    study: Study, source: CampaignSource, rows: pd.DataFrame, table: str, *, cards: bool
) -> list[Block | None]:
    """One campaign."""
    rows, own = _with_segments(study, rows)
    if "revenue" in rows:
        rows = rows.assign(revenue=rows["revenue"].fillna(0.0)) if rows["revenue"].notna().any() else rows
        rows = rows.drop(columns="revenue") if rows["revenue"].isna().any() else rows
    found = uplift(rows)
    if (
        not own
    ):  # labels of today may hang on the campaign: they part the customers, but do not weigh the whole
        found = replace(uplift(rows.drop(columns="segment", errors="ignore")), segments=found.segments)
    if found.value is None:
        return _no_comparison(study, rows)
    name = str if own else study.label_name
    order = [] if own or study.ranked else study.segmentation.main_scheme.order()
    arms = Comparison(study, "campaign", rows, found, name, order, table)
    said = [study.say("campaign.compared", n=sum(arms.people.values()), **arms.people)]
    said += [by_lot.result(arms), by_lot.money(arms), by_lot.left_out(arms)]
    if not found.shown:
        said.append(by_lot.needed(arms))
    if cards:
        by_lot.cards(arms)
        by_lot.finding(arms)
    blocks: list[Block | None] = [Text(text=joined(study, said)), *by_lot.harm(arms)]
    if not study.ranked:
        blocks += [*_not_the_same(arms), *by_lot.by_segment(arms)]
    blocks += _costs(arms, source, by_own=own, card=cards)
    notes = ["campaign.not_by_lot"] + ([] if own or not found.segments else ["campaign.labels_of_today"])
    return [*blocks, Text(text=joined(study, [study.say(id) for id in notes]), role="note")]


def _with_segments(study: Study, rows: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Rows with the segment they were drawn in where the client kept it (and True), else with that of today."""
    if "segment" in rows and rows["segment"].nunique() > 1:
        words = rows["segment"].astype("string").str.strip().fillna(study.say("groups.other"))
        return rows.assign(segment=words.astype(str)), True
    rows = rows.drop(columns="segment", errors="ignore")
    if study.ranked:
        return rows, False
    people = study.customers.drop_duplicates("customer_id").set_index("customer_id")
    labels = rows["customer_id"].map(people[study.segmentation.main])
    return (rows.assign(segment=labels.astype(str)), False) if labels.notna().all() else (rows, False)


def _no_comparison(study: Study, rows: pd.DataFrame) -> list[Block | None]:
    """Nobody with the campaign has a like without it: nothing can be said, and how many it would take."""
    share = float(rows["converted"].astype("float64").mean()) if len(rows) else 0.0
    base = min(max(share, 1 / (2 * max(len(rows), 1))), 1 - WORTH_SEEING)
    facts = {"n": len(rows), "share": 100 * share, "least": 100 * WORTH_SEEING}
    words = study.say("campaign.no_holdout", needed=sample_size(base, base + WORTH_SEEING), **facts)
    return [Text(text=words, role="warning")]


# --- who buys most is not who needs it ---------------------------------------------------------------


def _not_the_same(one: Comparison) -> list[Block | None]:
    """The segment that bought most with the campaign, and the one that bought more because of it."""
    large = [s for s in one.found.segments if min(s.treated.n, s.control.n) >= FEWEST]
    if len(large) < 2:
        return []
    most = max(large, key=lambda s: s.treated.value or 0.0)
    gained = max(large, key=lambda s: s.shrunk.value or 0.0)
    if most.segment == gained.segment:
        return []
    facts = {
        **_in_words(one, most, "most"),
        **_in_words(one, gained, "gained"),
    }
    words = [one.word("not_the_same", **facts)]
    if gained.verdict == "helped" and most.verdict != "helped":
        words.append(one.word("not_the_same.action", **facts))
    return [Text(text=joined(one.study, words), role="warning")]


def _in_words(one: Comparison, part: Segment, which: str) -> dict[str, Any]:
    facts = {
        "name": one.name(part.segment),
        "with": hundred(part.treated),
        "without": hundred(part.control),
        **by_lot.per_hundred(part.shrunk),
    }
    return {f"{which}_{key}": value for key, value in facts.items()}


# --- what it cost ------------------------------------------------------------------------------------


def _costs(one: Comparison, source: CampaignSource, *, by_own: bool, card: bool) -> list[Block | None]:
    """Cost of the incentive per extra purchase, and with a margin what is left of it.

    Both set the cost of those against the gain whose gain is known: the whole leaves out the client's `by_own`
    segments with an empty arm.
    """
    study, rows, found = one.study, one.rows, one.found
    paid = (
        pd.to_numeric(rows["cost"], errors="coerce").fillna(0.0) if "cost" in rows else pd.Series(dtype=float)
    )
    if not study.has_money or not (paid > 0).any() or (paid < 0).any():
        return []
    rows = rows.assign(cost=paid)
    treated = rows[rows["arm"] == "treated"]
    people, cost, bought = len(treated), float(treated["cost"].sum()), int(treated["converted"].sum())
    compared = _paid(
        treated, [s.segment for s in found.segments if s.shrunk.value is not None] if by_own else None
    )
    extra = cost_of_extra_purchase(found, people=compared[0], cost=compared[1])
    facts = {"cost": cost, "bought": bought, "each": cost / bought if bought else 0.0, "people": people}
    said = [study.say("campaign.cost", used=int((treated["cost"] > 0).sum()), **facts)]
    if extra.value is None:
        said.append(study.say(f"campaign.cost.{extra.why_not}", **facts))
    else:
        between = {"value": extra.value, "low": extra.low, "high": extra.high}
        said.append(study.say("campaign.cost.extra", **between, **facts))
        if card:
            note = study.say("outlook.between", low=extra.low, high=extra.high)
            study.kpi("campaign_cost", extra.value, "money", n=found.n, note=note)
    margin = source.margin if found.revenue.value is not None else None
    if margin is not None:
        known = [s.segment for s in found.segments if s.revenue.value is not None] if by_own else None
        n, paid_for = _paid(treated, known)
        left = incremental_profit(found.revenue, people=n, margin=margin, cost=paid_for)
        ends = dict(zip(by_lot.ENDS, ends_of(left), strict=True))
        which = "open" if left.low is None or left.low <= 0 <= (left.high or 0.0) else "sure"
        said.append(
            study.say(
                f"campaign.profit.{which}", margin=margin, source=source.source_text(study.lang), **ends
            )
        )
    blocks: list[Block | None] = [Text(text=joined(study, said))]
    stray = int((rows.loc[rows["arm"] == "holdout", "cost"] > 0).sum())
    if stray:
        blocks.append(Text(text=study.say("campaign.stray", n=stray), role="warning"))
    return [*blocks, None if study.ranked else _costs_by_segment(one, treated, margin)]


def _paid(treated: pd.DataFrame, segments: list[str] | None) -> tuple[int, float]:
    """Those with the campaign and what they cost, of some segments or (None) of all."""
    those = treated if segments is None else treated[treated["segment"].isin(segments)]
    return len(those), float(those["cost"].sum())


def _costs_by_segment(one: Comparison, treated: pd.DataFrame, margin: float | None) -> Sheet | None:
    study = one.study
    parts = [part for part in one.segments if part.treated.n and part.shrunk.value is not None]
    if len(parts) < 2:
        return None
    by = treated.groupby("segment")
    paid, people, bought = by["cost"].sum(), by.size(), by["converted"].sum()
    rows: list[list[Any]] = []
    for part in parts:
        n, cost, k = int(people[part.segment]), float(paid[part.segment]), int(bought[part.segment])
        extra = cost_of_extra_purchase(part.shrunk, people=n, cost=cost, bought=k or None)
        row = [part.segment, n, cost, extra.per_purchase, extra.value]
        row.append("" if extra.value is not None else study.say(f"campaign.why_not.{extra.why_not}"))
        if margin is not None:
            row += ends_of(incremental_profit(part.revenue, people=n, margin=margin, cost=cost))
        rows.append(row)
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("people", study.say("head.campaign_treated"), "count"),
        ("cost", study.say("head.campaign_cost"), "money"),
        ("each", study.say("head.campaign_each"), "money"),
        ("extra", study.say("head.campaign_extra"), "money"),
        ("why", study.say("head.campaign_why"), "text"),
    ]
    if margin is not None:
        head += [
            ("profit", study.say("head.campaign_profit"), "money"),
            ("low", study.say("head.effect_low"), "money"),
            ("high", study.say("head.effect_high"), "money"),
        ]
    priced = [one.name(str(row[0])) for row in rows if row[4] is not None]
    which = "campaign.cost_table" if priced else "campaign.cost_table_open"
    title = study.say(which, names=priced)
    return study.table(f"{one.table}_cost", title, head, rows, n=one.found.n)
