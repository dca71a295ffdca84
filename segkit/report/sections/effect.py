"""What last month's plan did: purchases against those who were held out, and how well the plan was kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from segkit.evaluate.experiment import ARMS, HOLDOUT, TREATED, Uplift, uplift
from segkit.evaluate.power import sample_size
from segkit.report.model import Block, Kpis, Sheet, Text
from segkit.report.plan_outcome import (
    BeforeAndAfter,
    before_and_after,
    carried_out,
    kept_to,
    of_all,
    outcomes,
    periods,
    purchases,
)
from segkit.report.previous import Previous, of_the_same_campaign
from segkit.report.sections import by_lot
from segkit.report.sections.next_holdout import WORTH_SEEING, joined, usual_share
from segkit.report.study import Head, Shown, Study

MOST_OWNERS = 20  # rows of a table on a page
MOSTLY_DONE = 0.5  # of a plan less carried out than this no effect is to be expected (示例参数)


def effect(study: Study) -> Shown:
    """Did last month's plan bring purchases, was anybody put off, and was it carried out?

    The answer goes to page one, before every other finding, also where nothing can be concluded. Adds nothing
    where no earlier report was named.
    """
    previous = study.previous
    if previous is None:
        return study.add("effect", [])
    facts = {"start": previous.start, "end": previous.end, "as_of": study.as_of}
    if study.as_of < previous.start:
        return study.add("effect", [Text(text=study.say("effect.not_begun", **facts), role="warning")])
    said = [study.say("effect.period", **facts)]
    if study.as_of < previous.end:
        said.append(study.say("effect.running", **facts))
    done = _carried_out(study, previous)
    measured = _measured(study, previous, done)
    kept = _kept(study, previous, done)
    cards = ("effect_more", "effect_money", "effect_done", "effect_in_time")
    ids = [id for id in cards if id in study.model.kpis]
    first: list[Block | None] = [Kpis(ids=ids) if ids else None, Text(text=joined(study, said))]
    return study.add("effect", [*first, *measured, *kept])


# --- purchases -------------------------------------------------------------------------------------


def _measured(study: Study, previous: Previous, done: pd.DataFrame | None) -> list[Block | None]:
    if study.orders is None:
        n = previous.plan["customer_id"].nunique()
        _lead(study, done, "no_orders", (), n=n)
        return [Text(text=study.say("effect.no_orders"), role="warning")]
    if previous.arms.empty:
        return _unmeasured(study, previous, done, previous.arms)
    series = of_the_same_campaign(previous)
    spans = periods(series, study.as_of)
    rows = outcomes(series, study.orders, study.as_of)
    found = uplift(rows)
    if found.value is None:
        return _unmeasured(study, previous, done, rows)
    order = study.segmentation.main_scheme.order()
    arms = by_lot.Comparison(study, "effect", rows, found, study.label_name, order, "effect")
    said = [study.say("effect.drawn", n=sum(arms.people.values()), **arms.people)]
    if len(series) > 1:
        said.append(study.say("effect.months", months=len(series), start=series[0].start))
    said += [by_lot.result(arms), by_lot.money(arms), by_lot.left_out(arms)]
    if not found.shown:
        said.append(by_lot.needed(arms))
    by_lot.cards(arms)
    _lead_of(arms, done)
    naive = [
        before_and_after(study.orders, rows[rows["arm"] == arm], spans, weights=found.weights) for arm in ARMS
    ]
    return [
        Text(text=joined(study, said)),
        *by_lot.harm(arms),
        *([] if study.ranked else by_lot.by_segment(arms)),
        *_beside(study, found, naive[0], naive[1]),
    ]


def _unmeasured(
    study: Study, previous: Previous, done: pd.DataFrame | None, drawn: pd.DataFrame
) -> list[Block | None]:
    """Nobody was held out, or everybody, or no segment has both: nothing can be said of the effect.

    Where nobody was, before and after is all there is, and only misleads.
    """
    orders = study.orders
    assert orders is not None
    which = _why_unmeasured(drawn)
    ids = (previous.plan if which == "no_holdout" else drawn)["customer_id"].drop_duplicates().tolist()
    base, least = usual_share(study, ids), WORTH_SEEING
    facts: dict[str, Any] = {"base": 100 * base, "least": 100 * least}
    facts["needed"] = sample_size(base, base + least)
    said = [study.say(f"effect.{which}", n=len(ids)), study.say("effect.would_need", **facts)]
    _lead(study, done, which, ("need",), n=len(ids), share=facts.pop("base"), **facts)
    blocks: list[Block | None] = [Text(text=joined(study, said), role="warning")]
    if which != "no_holdout":
        return blocks
    span = [(previous.start, study.as_of)]
    rows = purchases(orders, ids, *span[0]).assign(period=pd.Timestamp(previous.start))
    naive = before_and_after(orders, rows, span)
    if naive is not None:
        blocks.append(Text(text=study.say("effect.naive_alone", **_naive_facts(naive)), role="warning"))
    return blocks


def _why_unmeasured(drawn: pd.DataFrame) -> str:
    there = set(drawn["arm"])
    return "no_holdout" if HOLDOUT not in there else "all_held" if TREATED not in there else "no_pair"


# --- page one --------------------------------------------------------------------------------------


def _lead_of(one: by_lot.Comparison, done: pd.DataFrame | None) -> None:
    """What the plan did by all customers, in people and money; or the sample that telling it takes."""
    study, found, times = one.study, one.found, one.times
    which = "open" if not found.shown else "more" if (found.value or 0.0) > 0 else "less"
    needed = by_lot.needed_customers(found)
    if which == "open" and min(times.values()) >= needed:
        which = "little"
    evidence = "open" if which == "open" else "compared"
    facts: dict[str, Any] = {**by_lot.per_hundred(found), **times, "needed": needed}
    if found.shown and found.revenue.value is not None and study.has_money:
        which += "_money"
        facts |= {
            f"sum_{name}": by_lot.signed((getattr(found.revenue, name) or 0.0) * found.priced, 2)
            for name in by_lot.ENDS
        }
    harmed = [] if study.ranked else [part for part in found.segments if part.verdict == "harmed"]
    if harmed:
        worst = min(harmed, key=lambda part: part.shrunk.value or 0.0)
        drawn = {f"worst_{name}": said for name, said in by_lot.per_hundred(worst.shrunk).items()}
        facts |= {
            "worst": one.name(worst.segment),
            "names": [one.name(part.segment) for part in harmed],
            **drawn,
        }
    action = "harmed" if harmed else which.removesuffix("_money")
    parts = (evidence, "harmed") if harmed else (evidence,)
    _lead(study, done, which, parts, n=found.n, action=action, **facts)


def _lead(
    study: Study,
    done: pd.DataFrame | None,
    claim: str,
    evidence: Sequence[str],
    *,
    n: int,
    action: str = "",
    **facts: Any,
) -> None:
    """The finding that page one begins with; how far the plan was carried out belongs to its evidence."""
    kept = {} if done is None else _kept_facts(done)
    log = "no_log" if done is None else "kept" if kept["due"] else "nothing_due"
    action = action or claim
    if action == "open" and kept.get("done_share", 1.0) < MOSTLY_DONE:
        action = "undone"
    study.finding(
        "effect",
        n=n,
        base=n,
        claim=f"claim_{claim}",
        evidence=[f"evidence_{part}" for part in (*evidence, log)],
        action=(f"action_{action}",),
        **facts,
        **kept,
    )
    study.found.insert(0, study.found.pop())


# --- before and after ------------------------------------------------------------------------------


def _beside(
    study: Study, found: Uplift, treated: BeforeAndAfter | None, held: BeforeAndAfter | None
) -> list[Block | None]:
    """The figure a comparison of before and after would give, beside the right one and called wrong."""
    if treated is None or held is None:
        return []
    facts = {**_naive_facts(treated), **{f"held_{k}": v for k, v in _naive_facts(held).items()}}
    said = study.say("effect.naive", **facts)
    wrong = 100 * (treated.share_after - treated.share_before)
    right = [None if end is None else 100 * end for end in (found.value, found.low, found.high)]
    head: list[Head] = [
        ("way", study.say("head.effect_way"), "text"),
        ("usable", study.say("head.effect_usable"), "text"),
        ("more", study.say("head.effect_more"), "ratio"),
        ("low", study.say("head.effect_low"), "ratio"),
        ("high", study.say("head.effect_high"), "ratio"),
    ]
    rows: list[list[Any]] = [
        [study.say("effect.way.held"), study.say("effect.usable"), *right],
        [study.say("effect.way.before"), study.say("effect.wrong"), wrong, None, None],
    ]
    if study.has_money:
        head += [
            ("money", study.say("head.effect_money"), "money"),
            ("money_low", study.say("head.effect_low"), "money"),
            ("money_high", study.say("head.effect_high"), "money"),
        ]
        rows[0] += [getattr(found.revenue, name) for name in by_lot.ENDS]
        rows[1] += [treated.money_after - treated.money_before, None, None]
    title = study.say("effect.beside", wrong=by_lot.signed(wrong), right=by_lot.signed(right[0] or 0.0))
    return [
        Text(text=said, role="warning"),
        study.table("effect_beside", title, head, rows, n=found.n),
    ]


def _naive_facts(one: BeforeAndAfter) -> dict[str, float]:
    return {
        "before": 100 * one.share_before,
        "after": 100 * one.share_after,
        "money_before": one.money_before,
        "money_after": one.money_after,
    }


# --- was the plan kept? ----------------------------------------------------------------------------


def _carried_out(study: Study, previous: Previous) -> pd.DataFrame | None:
    """The tasks that were due and whether they were done; None where nobody kept a log."""
    contacts = study.tables.get("contacts")
    if contacts is None or contacts.empty:
        return None
    return carried_out(previous.plan, contacts, study.as_of, start=previous.start)


def _kept(study: Study, previous: Previous, done: pd.DataFrame | None) -> list[Block | None]:
    if done is None:
        return [Text(text=study.say("effect.no_contacts"), role="note")]
    due, made, in_time, late = of_all(done)
    if not due:
        return [Text(text=study.say("effect.nothing_due"), role="note")]
    study.kpi("effect_done", made / due, "share", n=due)
    study.kpi("effect_in_time", in_time / due, "share", n=due)
    said = [study.say("effect.kept", as_of=study.as_of, **_kept_facts(done))]
    said.append(study.say("effect.done_means", start=previous.start, tried=int(done["tried"].sum())))
    if made:
        said.append(study.say("effect.late", days=late))
    if known := int(done["reached"].notna().sum()):
        said.append(study.say("effect.reached", n=int(done["reached"].sum()), known=known))
    tables: list[Block | None] = [_kept_table(study, done, "owner")]
    if "segment" in done and not study.ranked:
        tables.append(_kept_table(study, done, "segment"))
    return [Text(text=joined(study, said)), *tables]


def _kept_facts(done: pd.DataFrame) -> dict[str, float]:
    due, made, in_time, _ = of_all(done)
    shares = {"done_share": made / due, "on_time": in_time / due} if due else {}
    return {"due": due, "done": made, "in_time": in_time, **shares}


def _kept_table(study: Study, done: pd.DataFrame, by: str) -> Sheet | None:
    table = kept_to(done, by)
    if table[by].nunique() < 2:
        return None
    if by == "segment":
        table[by] = table[by].map(study.label_name)
    worst = table.assign(share=table["done"] / table["due"]).sort_values("share", kind="stable").iloc[0]
    head: list[Head] = [
        (by, study.say(f"head.effect_{by}"), "text"),
        ("due", study.say("head.effect_due"), "count"),
        ("done", study.say("head.effect_done"), "count"),
        ("share", study.say("head.effect_done_share"), "share"),
        ("in_time", study.say("head.effect_in_time"), "share"),
        ("late", study.say("head.effect_late"), "days"),
        ("tried", study.say("head.effect_tried"), "count"),
    ]
    rows = [
        [
            *(row[name] for name in (by, "due", "done")),
            row["done"] / row["due"],
            row["in_time"] / row["due"],
            *(row[name] for name in ("late", "tried")),
        ]
        for row in table.head(MOST_OWNERS).to_dict("records")
    ]
    title = study.say("effect.least_kept", name=worst[by], share=worst["share"])
    return study.table(f"effect_{by}s", title, head, rows, n=len(done))
