"""Movement since last time (客户迁移): who rose, fell, joined and left, in numbers and money, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from segkit.evaluate.drift import psi
from segkit.evaluate.moves import JOINED, LEFT, TOTAL, Migration, migration
from segkit.locale import term
from segkit.privacy.known import looks_like_firm
from segkit.privacy.mask import mask
from segkit.problems import InputProblems
from segkit.report.model import Block, Bullets, Kpis, Sheet, Text, Unit
from segkit.report.previous import Previous
from segkit.report.reasons import in_short
from segkit.report.sections.groups import place_of
from segkit.report.study import Head, Shown, Study
from segkit.schemes.base import UNKNOWN

MONEY = "monetary"
CROSSED = 6  # classes up to which from and to fit side by side on a page
FLOWS = 12  # ways that have a row of their own
NAMED = 5  # customers named of those who rose, and of those who fell
FEWEST = 5  # fallen customers for a finding
WAYS = ("stayed", "up", "down", "moved", JOINED, LEFT)
CHANGES: dict[str, Unit] = {"monetary": "money", "frequency": "count", "recency_days": "days"}


def movement(study: Study) -> Shown:
    """How the classes have changed since last month's report; nothing without one."""
    before = study.previous
    if before is None:
        return study.add("movement", [])
    found = moved_since(study)
    if found is None:
        words = study.say("movement.no_classes", then=before.as_of)
        return study.add("movement", [Text(text=words, role="note")])
    n = {way: int((found.moves["direction"] == way).sum()) for way in WAYS}
    then, now = n_then(found), n_now(found)
    ids = [
        study.kpi("movement_up", n["up"], "count", n=then),
        study.kpi("movement_down", n["down"], "count", n=then),
        study.kpi("movement_joined", n[JOINED], "count", n=now),
        study.kpi("movement_left", n[LEFT], "count", n=then),
    ]
    if not found.order:
        ids = [study.kpi("movement_moved", n["moved"], "count", n=then), *ids[2:]]
    facts = {**n, "then": before.as_of, "n_then": then, "n_now": now}
    which = "movement.reconciled_unordered" if not found.order else "movement.reconciled"
    which = "movement.reconciled_some" if found.order and n["moved"] else which
    blocks: list[Block | None] = [Kpis(ids=ids), Text(text=study.say(which, **facts))]
    blocks.append(Text(text=_mix(study, found)))
    blocks += [_balance(study, found), _crossed(study, found), _flows(study, found)]
    of_rule = _by_the_rule(study, found)
    if of_rule:
        blocks.append(Text(text=study.say("movement.by_the_rule", n=len(of_rule)), role="warning"))
    own = found.moves[~found.moves["customer_id"].isin(of_rule)]
    blocks += [_named(study, before, own[own["direction"] == way], way) for way in ("up", "down")]
    blocks += [Text(text=words, role="note") for words in _cautions(study, found)]
    _finding(study, before, found, own)
    return study.add("movement", blocks)


def how_the_mix_shifted(study: Study) -> Shown:
    """Appendix: the population stability index of the classes, with what chance does; on request as `agreement`."""
    found = moved_since(study) if "agreement" in study.asked else None
    if found is None:
        return study.add("mix_shift", [], appendix=True)
    shift = psi(*_sizes(study, found))
    if shift.value is None:
        return study.add("mix_shift", [], appendix=True)
    table = shift.table
    head: list[Head] = [
        ("segment", study.say("head.segment"), "text"),
        ("expected", study.say("head.share_then"), "share"),
        ("actual", study.say("head.share_now"), "share"),
        ("part", study.say("head.psi_part"), "ratio"),
    ]
    rows = [[name, *row] for name, row in zip(table.index, table.to_numpy().tolist(), strict=True)]
    total = [study.say("head.total"), None, None, shift.value]
    title = study.say("movement.psi_title", said=shift.text(study.lang))
    sheet = study.table("mix_shift", title, head, rows, n=n_now(found), total=total)
    method = [study.say(f"movement.psi_method.{id}") for id in ("formula", "bands", "noise")]
    return study.add("mix_shift", [sheet, Bullets(items=method)], appendix=True)


def moved_since(study: Study) -> Migration | None:
    """Last month's classes of the main scheme against today's; None where one of the two months has none."""
    before, main = study.previous, study.segmentation.main
    if before is None or study.ranked or main not in before.customers:
        return None
    money = MONEY if study.has_money and MONEY in before.customers else None
    ranked = place_of(study.segmentation.main_scheme) is None
    there = {*before.customers[main].dropna().astype(str), *study.customers[main].astype(str)}
    order = study.segmentation.main_scheme.order()
    gone = sorted(there - {*order, UNKNOWN})  # classes the rules no longer know: nobody can rank them
    return migration(
        before.customers,
        study.customers,
        money,
        label=main,
        order=order if ranked and not gone else None,
    )


def n_then(found: Migration) -> int:
    """Customers of last month."""
    return int((found.moves["before"] != JOINED).sum())


def n_now(found: Migration) -> int:
    """Customers of this month."""
    return int((found.moves["after"] != LEFT).sum())


# --- how far the mix has shifted ----------------------------------------------------------------------


def _sizes(study: Study, found: Migration) -> tuple[pd.Series, pd.Series]:
    """Customers per class last month and now, by the names of the classes."""
    sizes = found.counts[TOTAL].drop([JOINED, TOTAL]), found.counts.loc[TOTAL].drop([LEFT, TOTAL])
    return sizes[0].rename(index=study.label_name), sizes[1].rename(index=study.label_name)


def _mix(study: Study, found: Migration) -> str:
    """Stable, to be watched or to be acted on, in words, and which share has changed most."""
    then, now = _sizes(study, found)
    shift = psi(then, now)
    if shift.value is None:
        return study.say("movement.mix_nobody")
    change = (shift.table["actual"] - shift.table["expected"]).abs()
    most = str(change.idxmax())
    facts = {
        "name": most,
        "then": float(then[most] / then.sum()),
        "now": float(now[most] / now.sum()),
        "n": min(n_then(found), n_now(found)),
        "needed": shift.needed or 0,
    }
    if shift.too_few:
        return study.say("movement.mix_too_few", **facts)
    if not float(change.max()):
        return study.say("movement.mix_same")
    return study.say(f"movement.mix_{shift.band}", **facts)


# --- tables -------------------------------------------------------------------------------------------


def _called(study: Study, label: str) -> str:
    return term(f"movement.{label}", study.lang) if label in (JOINED, LEFT) else study.label_name(label)


def _balance(study: Study, found: Migration) -> Sheet:
    """Per class: last month, less who left it, plus who came to it, is this month; and the same in money."""
    counts = found.counts
    labels = [label for label in counts.index if label not in (JOINED, TOTAL)]
    rows: list[list[Any]] = []
    for label in labels:
        stayed = int(counts.loc[label, label])
        out, left = int(counts.loc[label, TOTAL]) - stayed, int(counts.loc[label, LEFT])
        into, joined = int(counts.loc[TOTAL, label]) - stayed, int(counts.loc[JOINED, label])
        row = [int(counts.loc[label, TOTAL]), into - joined, joined, -(out - left), -left, stayed + into]
        rows.append([study.label_name(label), *row, *_money(found, label)])
    # who goes from one class to another cancels out in the sums
    total = [study.say("head.total"), *(sum(r[i] for r in rows) for i in range(1, len(rows[0])))]
    ids = ("then", "came", "joined", "went", "left", "now")
    head: list[Head] = [("segment", study.say("head.segment"), "text")]
    head += [(id, study.say(f"head.movement_{id}"), "count") for id in ids]
    if found.value_before is not None:
        head += [(id, study.say(f"head.{id}"), "money") for id in ("money_then", "money_now", "money_change")]
    changed = max(rows, key=lambda row: abs(row[6] - row[1]))
    facts = {"name": changed[0], "then": changed[1], "now": changed[6]}
    title = study.say(
        "movement.balance" if facts["then"] != facts["now"] else "movement.balance_same", **facts
    )
    note = study.say("movement.money_of") if found.value_before is not None else ""
    return study.table("movement", title, head, rows, n=len(found.moves), total=total, note=note)


def _money(found: Migration, label: str) -> list[float]:
    if found.value_before is None or found.value_after is None:
        return []
    then, now = float(found.value_before.loc[label, TOTAL]), float(found.value_after.loc[TOTAL, label])
    return [then, now, now - then]


def _crossed(study: Study, found: Migration) -> Sheet | None:
    """From (rows) and to (columns) by number of customers; of many classes the ways below say it."""
    counts = found.counts
    ends = [label for label in counts.columns if label != TOTAL]
    if len(ends) - 1 > CROSSED:
        return None
    head: list[Head] = [
        ("segment", study.say("head.from_to"), "text"),
        *[(f"to_{i}", _called(study, label), "count") for i, label in enumerate(ends)],
        (TOTAL, study.say("head.total"), "count"),
    ]
    rows = [[_called(study, label), *counts.loc[label].tolist()] for label in counts.index if label != TOTAL]
    total = [study.say("head.total"), *counts.loc[TOTAL].tolist()]
    stayed = int((found.moves["direction"] == "stayed").sum())
    base = n_then(found)
    title = study.say("movement.crossed", n=stayed, base=base, share=stayed / base if base else 0.0)
    return study.table("movement_crossed", title, head, rows, n=len(found.moves), total=total)


def _flows(study: Study, found: Migration) -> Sheet | None:
    """The ways from class to class, the most taken first, with the money of those who went."""
    moved = found.moves[found.moves["direction"] != "stayed"]
    if moved.empty:
        return None
    with_money = found.value_before is not None
    sums = {"customers": ("customer_id", "size")}
    if with_money:
        sums |= {"then": ("value_before", "sum"), "now": ("value_after", "sum"), "change": ("change", "sum")}
    table = moved.groupby(["before", "after"]).agg(**sums).reset_index()
    table = table.sort_values(["customers", "before", "after"], ascending=[False, True, True], kind="stable")
    columns = [c for c in table.columns if c not in ("before", "after")]
    rows = [
        [_called(study, row["before"]), _called(study, row["after"]), *(row[c] for c in columns)]
        for row in table.head(FLOWS).to_dict("records")
    ]
    rest = table.iloc[FLOWS:]
    if len(rest):
        others = study.say("movement.other_ways", n=len(rest))
        rows.append([others, None, *rest[columns].sum().tolist()])
    head: list[Head] = [
        ("from", study.say("head.moved_from"), "text"),
        ("to", study.say("head.moved_to"), "text"),
        ("customers", study.say("head.customers"), "count"),
    ]
    if with_money:
        head += [(id, study.say(f"head.{id}"), "money") for id in ("money_then", "money_now", "money_change")]
    total = [study.say("head.total"), None, *table[columns].sum().tolist()]
    facts = {"a": rows[0][0], "b": rows[0][1], "n": int(rows[0][2])}
    return study.table(
        "movement_ways", study.say("movement.ways", **facts), head, rows, n=len(moved), total=total
    )


def _named(study: Study, before: Previous, moved: pd.DataFrame, way: str) -> Sheet | None:
    """The customers who rose, or fell, with the largest change, and what changed about them."""
    if moved.empty:
        return None
    then = before.customers.set_index(before.customers["customer_id"].astype(str))
    now = study.customers.set_index(study.customers["customer_id"].astype(str))
    shown = moved.set_index("customer_id")[["before", "after"]]
    for column in CHANGES:
        if column in then and column in now:
            old, new = (frame[column].astype("float64").reindex(shown.index) for frame in (then, now))
            shown[column] = new - old
    best_first = (
        way == "down"
    )  # of those who fell the one who lost most, of those who rose the one who gained most
    known = [
        column for column in ("monetary", "frequency") if column in shown and shown[column].notna().any()
    ]
    if known:
        shown = shown.sort_values(known[0], ascending=best_first, kind="stable")
    units = {c: unit for c, unit in CHANGES.items() if c in shown and shown[c].notna().any()}
    shown = shown.head(NAMED)  # nobody else is put into words
    here = now.loc[shown.index]
    shown["who"] = [_who(row) for row in here.to_dict("records")]
    shown["from"], shown["to"] = (
        [study.label_name(str(label)) for label in shown[side]] for side in ("before", "after")
    )
    names = here[study.segmentation.main].map(lambda label: study.label_name(str(label)))
    shown["why"] = in_short(here["why"], names, study.lang)
    head: list[Head] = [
        ("who", study.say("head.customer"), "text"),
        ("from", study.say("head.moved_from"), "text"),
        ("to", study.say("head.moved_to"), "text"),
    ]
    head += [(c, study.say(f"head.change_{c}"), unit) for c, unit in units.items()]
    head.append(("why", study.say("head.why_now"), "text"))
    rows = shown[[id for id, _, _ in head]].astype(object).to_numpy().tolist()
    title = study.say(f"movement.named_{way}", n=len(moved), shown=len(rows))
    return study.table(f"movement_{way}", title, head, rows, n=len(moved), note=study.say("movement.ids"))


def _who(row: dict[object, object]) -> str:
    """A firm by its name; everybody else by the masked customer id."""
    name = str(row.get("name") or "")
    return name if name and looks_like_firm(name) else mask(row["customer_id"], "customer_id")


# --- words --------------------------------------------------------------------------------------------


def _cautions(study: Study, found: Migration) -> Sequence[str]:
    """What a move is not: classes that cannot be ranked, a list that was cut, a proof that follow-up worked."""
    said = []
    if not found.order:
        said.append(study.say("movement.not_ranked"))
    left = int((found.moves["direction"] == LEFT).sum())
    if left:
        said.append(study.say("movement.left_means", n=left))
    return [*said, study.say("movement.no_cause")]


def _by_the_rule(study: Study, found: Migration) -> set[str]:
    """Who stands in another class only because its limits have moved: by those of last month they would not."""
    main, before = study.segmentation.main, study.previous
    old = None if before is None else before.schemes.get(main)
    if old is None or not {*old.needs()} <= {*study.customers.columns}:
        return set()
    without = [column for column in (old.name, *old.adds()) if column in study.customers]
    try:
        labelled = old.label(study.customers.drop(columns=without))
    except InputProblems:  # a column has become of another kind
        return set()
    held = pd.Series(labelled[old.name].to_numpy(), index=labelled["customer_id"].astype(str))
    moved = found.moves[found.moves["direction"].isin(["up", "down", "moved"])].set_index("customer_id")
    return {*moved.index[moved["before"] == held.reindex(moved.index)]}


def _finding(study: Study, before: Previous, found: Migration, own: pd.DataFrame) -> None:
    """Who fell, with the money they stood for last time: where to call first."""
    fell = own[own["direction"] == "down"]
    if len(fell) < FEWEST:
        return
    facts: dict[str, Any] = {"then": before.as_of, "n": len(fell), "base": n_then(found)}
    facts["up"] = int((own["direction"] == "up").sum())
    if found.value_before is None:
        study.finding("movement", claim="claim_people", evidence=("evidence_people",), **facts)
        return
    facts |= {"money": float(fell["value_before"].sum()), "change": float(fell["change"].sum())}
    study.finding("movement", **facts)
