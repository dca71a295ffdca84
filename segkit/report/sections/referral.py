"""What customers bring by introducing others (转介绍): how many do, who comes and buys, how far down, what for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from segkit.evaluate.estimate import Estimate, proportion
from segkit.evaluate.referral import Referrals, referrals
from segkit.playbooks.sources import ReferralSource
from segkit.privacy.known import looks_like_firm
from segkit.privacy.mask import mask
from segkit.report.model import Block, Bullets, Kpis, Sheet, Text
from segkit.report.sections.next_holdout import joined
from segkit.report.study import Head, Shown, Study

USUAL = ReferralSource()
LISTED = 10  # introducers with a row of their own, and circles told one by one
FEWEST = 30  # on both sides before those introduced are set beside the others (示例参数)
FALSE = ("self_referral", "cycle")  # nobody was introduced
REASONS = ("unknown_referrer", "already_referred", "self_referral", "cycle")


@dataclass(frozen=True)
class Brought:
    """The introductions of one client, and what they brought."""

    rows: pd.DataFrame
    found: Referrals

    @property
    def members(self) -> int:
        return self.found.rate.n

    @property
    def counted(self) -> pd.DataFrame:
        """The introductions that count."""
        return self.rows.drop(self.rows.index[self.found.left_out["row"]])

    @property
    def value(self) -> float:
        """Money of everybody below a first introducer; each is there once."""
        table = self.found.customers
        return round(float(table.loc[table["depth"] == 0, "tree_value"].sum()), 2)

    @property
    def bought(self) -> int:
        return int(self.found.customers["bought"].sum())


def referral_report(study: Study) -> Shown:
    """Share that introduces, share that comes and buys, generations, K and value; what does not count, listed.

    Adds nothing where the client has no introductions.
    """
    brought = _brought(study)
    if brought is None:
        return study.add("referral", [])
    found = brought.found
    value = f"{found.k_factor.value:.2f}"
    ids = [
        study.kpi(
            "referral_rate", found.rate.value, "share", n=found.rate.n, note=_between(study, found.rate)
        ),
        study.kpi(
            "referral_conversion",
            found.conversion.value,
            "share",
            n=found.conversion.n,
            note=_between(study, found.conversion),
        ),
        study.kpi("referral_k", float(value), "ratio", n=found.k_factor.n),
    ]
    if study.has_money:
        ids.append(study.kpi("referral_value", brought.value, "money", n=brought.bought))
    blocks: list[Block | None] = [
        Kpis(ids=ids),
        Text(text=_said(study, brought)),
        _by_generation(study, found),
        _introducers(study, brought),
        *_beside_others(study, brought),
        *_left_out(study, brought),
    ]
    return study.add("referral", blocks)


def _brought(study: Study) -> Brought | None:
    source = USUAL if study.playbook is None or study.playbook.referrals is None else study.playbook.referrals
    rows = source.introductions(study.customers, study.tables, study.orders)
    if rows is None or rows.empty:
        return None
    members = study.buyers if source.members is None else source.members.rows(study.customers, study.tables)
    if members is None:  # the list of members was not given: whoever bought could introduce somebody
        members = study.buyers
    ids = members["customer_id"].dropna().astype(str)
    if ids.empty:
        return None
    buyers = study.buyers
    money = buyers["monetary"].fillna(0.0).set_axis(buyers["customer_id"].astype(str))
    rows = rows.reset_index(drop=True)
    given = rows.drop(columns=[c for c in ("date", "reward") if c in rows and rows[c].isna().all()])
    if "reward" in given:
        given = given.assign(reward=pd.to_numeric(given["reward"], errors="coerce").fillna(0.0))
    found = referrals(given, ids, value=money)
    return Brought(given, found) if found.rate.value else None


# --- words -------------------------------------------------------------------------------------------


def _said(study: Study, brought: Brought) -> str:
    found, table = brought.found, brought.found.customers
    introduced = int((table["introductions"] > 0).sum())
    times, came = int(table["introductions"].sum()), int(table["came"].sum())
    said = [study.say("referral.rate", n=brought.members, k=introduced, **_ends(found.rate))]
    if came < times:
        said.append(study.say("referral.came", n=times, k=came, **_ends(found.came)))
    if found.conversion.value is None:
        said.append(study.say("referral.nobody_came", n=times))
    else:
        said.append(study.say("referral.conversion", n=came, k=brought.bought, **_ends(found.conversion)))
    k = found.k_factor
    if k.value is not None:
        numbers = {name: f"{getattr(k, name) or 0.0:.2f}" for name in ("value", "low", "high")}
        numbers["low"] = f"{max(0.0, k.low or 0.0):.2f}"
        which = "below_one" if k.high is not None and k.high < 1 else "open"
        said.append(study.say("referral.k", n=k.n, **numbers))
        said.append(study.say(f"referral.k.{which}"))
    said.append(study.say("referral.depth", depth=found.depth))
    if study.has_money and brought.bought:
        said.append(study.say("referral.value", n=brought.bought, value=brought.value))
        if found.reward_per_buyer:
            paid = float(brought.counted["reward"].sum())
            said.append(study.say("referral.reward", paid=paid, each=found.reward_per_buyer))
    return joined(study, said)


def _ends(one: Estimate) -> dict[str, Any]:
    return {"value": one.value, "low": one.low, "high": one.high}


def _between(study: Study, one: Estimate) -> str:
    return "" if one.value is None else study.say("referral.between", low=one.low, high=one.high)


# --- tables ------------------------------------------------------------------------------------------


def _by_generation(study: Study, found: Referrals) -> Sheet | None:
    """From generation to generation: members, the share of them that introduced anybody, and what came of it."""
    table = found.customers.assign(introduced=found.customers["introductions"] > 0)
    if table["depth"].nunique() < 2:
        return None
    rows = []
    for depth, part in table.groupby("depth"):
        share = proportion(int(part["introduced"].sum()), len(part))
        sums = [int(part[name].sum()) for name in ("introductions", "came", "bought")]
        rows.append(
            [study.say("referral.generation", n=depth), len(part), share.value, share.low, share.high, *sums]
        )
    rate = found.rate
    totals = [int(table[name].sum()) for name in ("introductions", "came", "bought")]
    total = [study.say("head.total"), rate.n, rate.value, rate.low, rate.high, *totals]
    head: list[Head] = [
        ("generation", study.say("head.generation"), "text"),
        ("members", study.say("head.members"), "count"),
        ("rate", study.say("head.referral_rate"), "share"),
        ("low", study.say("head.effect_low"), "share"),
        ("high", study.say("head.effect_high"), "share"),
        *_counts(study),
    ]
    title = study.say("referral.by_generation", n=found.depth)
    return study.table("referral_generations", title, head, rows, n=rate.n, total=total)


def _counts(study: Study) -> list[Head]:
    names = ("introductions", "came", "bought")
    return [(name, study.say(f"head.referral_{name}"), "count") for name in names]


def _introducers(study: Study, brought: Brought) -> Sheet | None:
    """Whose introductions brought most, everybody below them counted."""
    by = ["tree_value", "tree_bought", "tree_people"]
    table = brought.found.customers
    best = table[table["tree_people"] > 0].sort_values(by, ascending=False, kind="stable").head(LISTED)
    if best.empty:
        return None
    names = _names(study)
    rows = [
        [
            _called(str(row["customer_id"]), names),
            row["introductions"],
            row["came"],
            row["bought"],
            row["tree_depth"],
            row["tree_people"],
            row["tree_bought"],
            row["tree_value"],
        ]
        for row in best.to_dict("records")
    ]
    head: list[Head] = [
        ("who", study.say("head.who"), "text"),
        *_counts(study),
        ("depth", study.say("head.generations_below"), "count"),
        ("people", study.say("head.tree_people"), "count"),
        ("below", study.say("head.tree_bought"), "count"),
        ("value", study.say("head.tree_value"), "money"),
    ]
    if not study.has_money:
        head, rows = head[:-1], [row[:-1] for row in rows]
    title = study.say("referral.introducers", n=len(rows), people=int(best["bought"].sum()))
    return study.table("referral", title, head, rows, n=brought.members)


def _names(study: Study) -> dict[str, str]:
    """Firms by their names; nobody else is named."""
    if "name" not in study.customers:
        return {}
    people = study.customers[study.customers["name"].fillna("").map(looks_like_firm)]
    return dict(zip(people["customer_id"].astype(str), people["name"], strict=True))


def _called(id: str, names: dict[str, str]) -> str:
    return names.get(id) or mask(id, "customer_id")


# --- those introduced beside the others --------------------------------------------------------------


def _beside_others(study: Study, brought: Brought) -> list[Block]:
    """Do those introduced buy more often than others, and why that says little about paying for more of them."""
    if study.prospects.empty:
        return []
    ids = study.customers["customer_id"].astype(str)
    out = brought.found.left_out
    false = out.loc[out["reason"].isin(FALSE), "row"]
    named = set(brought.rows["referred_id"].drop(false).dropna().astype(str))
    bought = ids.isin(set(study.buyers["customer_id"].astype(str)))
    here = ids.isin(named)
    sides = [proportion(int(bought[side].sum()), int(side.sum())) for side in (here, ~here)]
    if min(side.n for side in sides) < FEWEST:
        return []
    facts: dict[str, Any] = {}
    for name, one in zip(("ours", "others"), sides, strict=True):
        facts |= {f"{name}_{key}": value for key, value in _ends(one).items()} | {f"{name}_n": one.n}
    return [Text(text=study.say("referral.beside", **facts), role="note")]


# --- what does not count -----------------------------------------------------------------------------


def _left_out(study: Study, brought: Brought) -> list[Block]:
    """Introductions left out by reason, self-introductions and circles one by one, and those claimed late."""
    out, names = brought.found.left_out, _names(study)
    lines = []
    for reason in REASONS:
        rows = out[out["reason"] == reason]
        if len(rows):
            lines.append(study.say(f"referral.left_out.{reason}", n=len(rows)))
        if reason == "self_referral" and len(rows):
            who = [_called(id, names) for id in rows["referrer_id"].drop_duplicates()[:LISTED]]
            lines.append(study.say("referral.themselves", names=who))
    arrow = study.say("referral.arrow")
    lines += [
        study.say("referral.circle", who=arrow.join(_called(id, names) for id in circle))
        for circle in brought.found.cycles[:LISTED]
    ]
    if late := _late(study, brought):
        lines.append(study.say("referral.late", n=late))
    if not lines:
        return []
    lead = study.say("referral.left_out", n=len(out), of=len(brought.rows))
    return [Text(text=lead, role="note"), Bullets(items=lines)]


def _late(study: Study, brought: Brought) -> int:
    """Introductions that count and were claimed after the person was known already."""
    rows = brought.counted
    if "date" not in rows or "register_date" not in study.customers:
        return 0
    people = study.customers.drop_duplicates("customer_id").set_index("customer_id")
    known = pd.to_datetime(rows["referred_id"].map(people["register_date"])).dt.normalize()
    return int((pd.to_datetime(rows["date"]).dt.normalize() > known).sum())
