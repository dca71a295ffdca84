"""What last month's plan did: purchases against those who were held out, and how well the plan was kept."""

from __future__ import annotations

from typing import Any

import pandas as pd

from segkit.evaluate.estimate import Estimate
from segkit.evaluate.experiment import Segment, Uplift, uplift
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
from segkit.report.sections.next_holdout import WORTH_SEEING, holdout_offer, joined, usual_share
from segkit.report.study import Head, Shown, Study

MOST_OWNERS = 20  # rows of a table on a page
ENDS = ("value", "low", "high")


def effect(study: Study) -> Shown:
    """Did last month's plan bring purchases, was anybody put off, and was it carried out?

    Adds nothing where no earlier report was named.
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
    measured = _measured(study, previous)
    kept = _kept(study, previous)
    cards = ("effect_more", "effect_money", "effect_done", "effect_in_time")
    ids = [id for id in cards if id in study.model.kpis]
    first: list[Block | None] = [Kpis(ids=ids) if ids else None, Text(text=joined(study, said))]
    offer = holdout_offer(study)
    last = [Text(text=offer)] if offer else []
    return study.add("effect", [*first, *measured, *kept, *last])


# --- purchases -------------------------------------------------------------------------------------


def _measured(study: Study, previous: Previous) -> list[Block | None]:
    if study.orders is None:
        return [Text(text=study.say("effect.no_orders"), role="warning")]
    if previous.arms.empty:
        return _unmeasured(study, previous)
    series = of_the_same_campaign(previous)
    spans = periods(series, study.as_of)
    rows = outcomes(series, study.orders, study.as_of)
    found = uplift(rows)
    if found.value is None:
        return _unmeasured(study, previous)
    parts = {arm: rows[rows["arm"] == arm] for arm in ("treated", "holdout")}
    sizes = {arm: int(part["customer_id"].nunique()) for arm, part in parts.items()}
    counts = {"treated": sizes["treated"], "held": sizes["holdout"]}
    said = [study.say("effect.drawn", n=sum(sizes.values()), **counts)]
    if len(series) > 1:
        said.append(study.say("effect.months", months=len(series), start=series[0].start))
    contacted = len(parts["treated"])  # in every period anew
    said += [_result(study, found, counts), _money(study, found, contacted)]
    if not found.shown:
        said.append(_needed(study, found, {"treated": contacted, "held": len(parts["holdout"])}))
    _cards(study, found, contacted)
    _finding(study, found)
    naive = {arm: before_and_after(study.orders, part, spans) for arm, part in parts.items()}
    return [
        Text(text=joined(study, said)),
        *_harm(study, found, rows),
        *([] if study.ranked else _by_segment(study, found)),
        *_beside(study, found, naive["treated"], naive["holdout"]),
    ]


def _result(study: Study, found: Uplift, counts: dict[str, int]) -> str:
    facts = {**_per_hundred(found), "base": _hundred(found.control), "reached": _hundred(found.treated)}
    which = "open" if not found.shown else "more" if (found.value or 0) > 0 else "less"
    return study.say(f"effect.result.{which}", **facts, **counts)


def _money(study: Study, found: Uplift, people: int) -> str:
    """The difference of the money per head, and of all customers contacted in all periods together."""
    money = found.revenue
    if money.value is None or money.low is None or money.high is None or not study.has_money:
        return ""
    sure = money.low > 0 or money.high < 0
    signed = {name: _signed(getattr(money, name), 2) for name in ENDS}
    sums = {f"sum_{name}": _signed(getattr(money, name) * people, 2) for name in ENDS}
    return study.say("effect.money.sure" if sure else "effect.money.open", **signed, **sums)


def _needed(study: Study, found: Uplift, counts: dict[str, int]) -> str:
    """What could be seen now, and how many customers it would take."""
    base = found.control.value or 0.0
    needed = sample_size(base, min(1.0, base + WORTH_SEEING)) if base < 1 else 0
    facts = {"least": 100 * WORTH_SEEING, "needed": needed, **counts}
    said = study.say("effect.needed", base=100 * base, **facts)
    seen = found.detectable
    return said if seen is None else joined(study, [said, study.say("effect.seen", seen=100 * seen)])


def _unmeasured(study: Study, previous: Previous) -> list[Block | None]:
    """Nobody was held out: nothing can be said of the effect, and before/after only misleads."""
    orders = study.orders
    assert orders is not None
    ids = previous.plan["customer_id"].drop_duplicates().tolist()
    base, least = usual_share(study, ids), WORTH_SEEING
    said = [
        study.say("effect.no_holdout"),
        study.say(
            "effect.would_need", base=100 * base, least=100 * least, needed=sample_size(base, base + least)
        ),
    ]
    span = [(previous.start, study.as_of)]
    rows = purchases(orders, ids, *span[0]).assign(period=pd.Timestamp(previous.start))
    naive = before_and_after(orders, rows, span)
    blocks: list[Block | None] = [Text(text=joined(study, said), role="warning")]
    if naive is not None:
        blocks.append(Text(text=study.say("effect.naive_alone", **_naive_facts(naive)), role="warning"))
    return blocks


def _cards(study: Study, found: Uplift, people: int) -> None:
    if found.value is not None:
        note = study.say("effect.between", **_per_hundred(found))
        study.kpi("effect_more", 100 * found.value, "ratio", n=found.n, note=note)
    money = found.revenue
    if money.value is not None and money.low is not None and money.high is not None and study.has_money:
        ends = {name: _signed(getattr(money, name) * people, 2) for name in ("low", "high")}
        study.kpi(
            "effect_money", money.value * people, "money", n=money.n, note=study.say("effect.between", **ends)
        )


def _finding(study: Study, found: Uplift) -> None:
    """What can be said for sure goes to page one, harm first."""
    harmed = [one for one in found.segments if one.segment in found.harmed]
    if harmed and not study.ranked:
        one = min(harmed, key=lambda part: part.shrunk.value or 0.0)
        facts = {**_per_hundred(one.shrunk), "name": study.label_name(one.segment)}
        n = one.treated.n + one.control.n
    elif found.shown:
        facts, n = {**_per_hundred(found), "name": ""}, found.n
    else:
        return
    which = "harmed" if harmed else "more" if (found.value or 0) > 0 else "less"
    study.finding("effect", n=n, base=found.n, claim=f"claim_{which}", action=(f"action_{which}",), **facts)


# --- segments --------------------------------------------------------------------------------------


def _harm(study: Study, found: Uplift, rows: pd.DataFrame) -> list[Block | None]:
    """Segments that contact put off, by name: those of which it is sure, then those of which it is likelier."""
    if study.ranked:
        return []
    blocks: list[Block | None] = []
    for verdict in ("harmed", "leans_harmed"):
        for one in (part for part in found.segments if part.verdict == verdict):
            arms = rows.loc[rows["segment"] == one.segment, "arm"]
            sizes = {"treated": int((arms == "treated").sum()), "held": int((arms == "holdout").sum())}
            facts: dict[str, Any] = {
                **_per_hundred(one.shrunk),
                "name": study.label_name(one.segment),
                **sizes,
            }
            said = [study.say(f"effect.{verdict}", **facts)]
            if verdict == "leans_harmed" and (needed := _to_be_sure(one)):
                said.append(study.say("effect.to_be_sure", needed=needed, **facts))
            blocks.append(Text(text=joined(study, said), role="warning"))
    return blocks


def _to_be_sure(one: Segment) -> int | None:
    """Customers per arm that would show a difference as large as it is thought to be."""
    base, value = one.control.value, one.shrunk.value
    if base is None or not value or not 0 <= base + value <= 1:
        return None
    return sample_size(base, base + value)


def _by_segment(study: Study, found: Uplift) -> list[Block | None]:
    order = {label: place for place, label in enumerate(study.segmentation.main_scheme.order())}
    parts = sorted(found.segments, key=lambda one: (order.get(one.segment, len(order)), one.segment))
    if not parts:
        return []
    which = next((kind for kind in ("harmed", "leans_harmed", "helped") if _named(parts, kind)), "open")
    names = [study.label_name(label) for label in _named(parts, which)]
    rows = [
        [
            one.segment,
            one.treated.n,
            one.control.n,
            one.treated.value,
            one.control.value,
            *[
                None if end is None else 100 * end
                for end in (one.shrunk.value, one.shrunk.low, one.shrunk.high)
            ],
            study.say(f"effect.verdict.{one.verdict}"),
        ]
        for one in parts
    ]
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("treated", study.say("head.effect_treated"), "count"),
        ("held", study.say("head.effect_held"), "count"),
        ("with", study.say("head.effect_with"), "share"),
        ("without", study.say("head.effect_without"), "share"),
        ("more", study.say("head.effect_more"), "ratio"),
        ("low", study.say("head.effect_low"), "ratio"),
        ("high", study.say("head.effect_high"), "ratio"),
        ("verdict", study.say("head.effect_verdict"), "text"),
    ]
    title = study.say(f"effect.by_segment.{which}", names=names)
    note = study.say("effect.drawn_together")
    sheet = study.table("effect", title, head, rows, n=found.n, note=note)
    return [sheet, _money_by_segment(study, found, parts)]


def _named(parts: list[Segment], verdict: str) -> list[str]:
    return [one.segment for one in parts if one.verdict == verdict]


def _money_by_segment(study: Study, found: Uplift, parts: list[Segment]) -> Sheet | None:
    priced = [one for one in parts if one.revenue.value is not None]
    if not priced or not study.has_money:
        return None
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("money", study.say("head.effect_money"), "money"),
        ("low", study.say("head.effect_low"), "money"),
        ("high", study.say("head.effect_high"), "money"),
    ]
    rows = [[one.segment, one.revenue.value, one.revenue.low, one.revenue.high] for one in priced]
    whole = found.revenue
    total = [study.say("effect.whole"), whole.value, whole.low, whole.high]
    return study.table("effect_money", study.say("effect.money_table"), head, rows, n=found.n, total=total)


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
        rows[0] += [getattr(found.revenue, name) for name in ENDS]
        rows[1] += [treated.money_after - treated.money_before, None, None]
    title = study.say("effect.beside", wrong=_signed(wrong), right=_signed(right[0] or 0.0))
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


def _kept(study: Study, previous: Previous) -> list[Block | None]:
    contacts = study.tables.get("contacts")
    if contacts is None or contacts.empty:
        return [Text(text=study.say("effect.no_contacts"), role="note")]
    done = carried_out(previous.plan, contacts, study.as_of)
    due, made, in_time, late = of_all(done)
    if not due:
        return [Text(text=study.say("effect.nothing_due"), role="note")]
    study.kpi("effect_done", made / due, "share", n=due)
    study.kpi("effect_in_time", in_time / due, "share", n=due)
    facts = {"due": due, "done": made, "in_time": in_time, "share": made / due, "on_time": in_time / due}
    said = [study.say("effect.kept", as_of=study.as_of, **facts)]
    if made:
        said.append(study.say("effect.late", days=late))
    if known := int(done["reached"].notna().sum()):
        said.append(study.say("effect.reached", n=int(done["reached"].sum()), known=known))
    tables: list[Block | None] = [_kept_table(study, done, "owner")]
    if "segment" in done and not study.ranked:
        tables.append(_kept_table(study, done, "segment"))
    return [Text(text=joined(study, said)), *tables]


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
    ]
    rows = [
        [row[by], row["due"], row["done"], row["done"] / row["due"], row["in_time"] / row["due"], row["late"]]
        for row in table.head(MOST_OWNERS).to_dict("records")
    ]
    title = study.say("effect.least_kept", name=worst[by], share=worst["share"])
    return study.table(f"effect_{by}s", title, head, rows, n=len(done))


# --- words -----------------------------------------------------------------------------------------


def _per_hundred(one: Estimate) -> dict[str, str]:
    """Value and ends as customers in a hundred, with their sign."""
    return {name: _signed(100 * (getattr(one, name) or 0.0)) for name in ENDS}


def _signed(number: float, digits: int = 1) -> str:
    return f"{round(number, digits) + 0.0:+,.{digits}f}"  # no -0.0


def _hundred(share: Estimate) -> float:
    return 100 * (share.value or 0.0)
