"""Leads (线索): how far they come, which channel wins them, which are stuck with whom, who goes back to the pool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from segkit.evaluate.estimate import proportion
from segkit.followup.pool_rules import Pool, PoolRules, pool
from segkit.locale import name_of
from segkit.playbooks.leads import STAGE_UNKNOWN, TABLE, LeadRules, lead_states, leads_of, usual_leads
from segkit.playbooks.sources import CUSTOMERS, PoolSetup
from segkit.report.model import Block, Kpis, Sheet, Text, Unit
from segkit.report.sections.groups import OTHER, UNKNOWN, kept_apart
from segkit.report.study import Head, Shown, Study

FEW = 30  # below so many a share says little, and the report says so
MOST = 12  # owners with a row of their own
WEEK = 7  # days
TITLES = {
    "lost": "leads.funnel_lost",
    "open": "leads.funnel_open",
}  # what makes a title: losses, else what stands
SHARE: tuple[tuple[str, str, Unit], ...] = (
    ("share", "head.share_of", "share"),
    ("low", "head.share_low", "share"),
    ("high", "head.share_high", "share"),
)


def lead_funnel(study: Study) -> Shown:
    """Leads by stage, channel, days in the stage and owner, and this week's pool; nothing where there are none."""
    rules = study.playbook.leads if study.playbook is not None and study.playbook.leads else usual_leads()
    found = leads_of(rules, study.customers, study.tables)
    blocks: list[Block | None] = []
    ids: list[str] = []
    states = None
    if found is not None:
        states = lead_states(found, rules, as_of=study.as_of)
        ids += _counted(study, states)
        blocks += [Text(text=_told(study, states)), _funnel(study, states, rules), _channels(study, states)]
        blocks += [
            *_ages(study, states, rules),
            _owners(study, states),
            *_answered(study, states, rules, ids),
        ]
    held = _pool(study, states)
    if held is not None:
        blocks += _returning(study, *held, ids)
    if not blocks:
        return study.add("leads", [])
    closing: list[Block] = [Text(text=study.say("leads.how_to_read", few=FEW), role="note")]
    if found is not None and rules.source_text(study.lang):
        words = study.say("leads.source", source=rules.source_text(study.lang))
        closing.append(Text(text=words, role="note"))
    return study.add("leads", [Kpis(ids=ids), *blocks, *closing])


def _counted(study: Study, states: pd.DataFrame) -> list[str]:
    status = states["status"].value_counts()
    n, still = len(states), int(status.get("open", 0))
    return [
        study.kpi("leads", n, "count"),
        study.kpi("leads_open", still, "count", n=n),
        study.kpi("leads_won", int(status.get("won", 0)), "count", n=n),
        study.kpi("leads_stuck", int(states["stuck"].sum()), "count", n=still),
    ]


def _told(study: Study, states: pd.DataFrame) -> str:
    status = states["status"].value_counts()
    won = proportion(int(status.get("won", 0)), len(states))
    facts: dict[str, Any] = {
        "n": len(states),
        "won": int(status.get("won", 0)),
        "lost": int(status.get("lost", 0)),
    }
    facts |= {"open": int(status.get("open", 0)), "share": won.value, "low": won.low, "high": won.high}
    which = "leads.told" if facts["open"] else "leads.told_all"
    return study.say(which, **facts)


# --- stages and channels ---------------------------------------------------------------------------


def _shared(k: int, n: int) -> list[float | None]:
    """Share and interval, all empty where there is nobody to have a share of."""
    one = proportion(k, n)
    return [one.value, one.low, one.high]


def _heads(study: Study, first: tuple[str, str], *counts: str, then: Sequence[Head] = ()) -> list[Head]:
    shares: list[Head] = [(id, study.say(head), unit) for id, head, unit in SHARE]
    columns: list[Head] = [(id, study.say(f"head.lead_{id}"), "count") for id in counts]
    return [(first[0], study.say(first[1]), "text"), *columns, *shares, *then]


def _stage(study: Study, id: str) -> str:
    own = study.playbook.names.get(id, {}) if study.playbook is not None else {}
    return own.get(study.lang) or name_of("segment", id, study.lang)


def _funnel(study: Study, states: pd.DataFrame, rules: LeadRules) -> Sheet:
    """How many reached each stage at least, how many of these the next, and how many were won."""
    stages = list(rules.stages)
    reached = [int((states["reached"] >= place).sum()) for place in range(1, len(stages) + 1)]
    won = int((states["status"] == "won").sum())
    passed = [*reached[1:], won]
    where = {status: states.loc[states["status"] == status, "label"].value_counts() for status in TITLES}
    here = where["open"]
    rows = [
        [_stage(study, stage), n, int(here.get(stage, 0)), on, *_shared(on, n)]
        for stage, n, on in zip(stages, reached, passed, strict=True)
    ]
    title = study.say("leads.funnel_plain", n=len(states))
    for status, told in TITLES.items():  # a lead that still stands somewhere is not lost there
        found = [int(where[status].get(stage, 0)) for stage in stages]
        if sum(found) >= FEW:
            most = found.index(max(found))
            facts = {"stage": _stage(study, stages[most]), "n": max(found)}
            title = study.say(told, of=int(where[status].sum()), **facts)
            break
    unclear = int(here.get(STAGE_UNKNOWN, 0))
    note = study.say("leads.unclear", n=unclear) if unclear else ""
    head = _heads(study, ("stage", "head.lead_stage"), "reached", "here", "passed")
    return study.table("lead_stages", title, head, rows, n=len(states), note=note)


def _channels(study: Study, states: pd.DataFrame) -> Sheet | None:
    """Leads by where they came from, the largest first: won, of all that came that way."""
    if not states["channel"].notna().any():
        return None
    group = kept_apart(states["channel"])
    table = pd.DataFrame(
        {
            "leads": states.groupby(group).size(),
            "won": (states["status"] == "won").groupby(group).sum(),
            "open": (states["status"] == "open").groupby(group).sum(),
        }
    )
    last = {OTHER: 1, UNKNOWN: 2}
    order = sorted(table.index, key=lambda g: (last.get(g, 0), -table.loc[g, "leads"], g))
    names = {OTHER: study.say("groups.other"), UNKNOWN: study.label_name(UNKNOWN)}
    counts = [(names.get(g, g), *map(int, table.loc[g].tolist())) for g in order]
    rows = [[name, n, won, still, *_shared(won, n)] for name, n, won, still in counts]
    known = [(won / n, n, name) for name, n, won, _ in counts if n >= FEW and name not in names.values()]
    title = study.say("leads.channels_plain", n=len(rows))
    if len(known) > 1 and max(known)[0] > min(known)[0]:
        best, worst = max(known), min(known)
        facts = {"best": best[2], "share": best[0], "n": best[1]}
        title = study.say("leads.channels", **facts, worst=worst[2], least=worst[0], base=worst[1])
    head = _heads(study, ("channel", "head.channel"), "leads", "won", "open")
    return study.table("lead_channels", title, head, rows, n=len(states))


# --- stuck -----------------------------------------------------------------------------------------


def _ages(study: Study, states: pd.DataFrame, rules: LeadRules) -> list[Block | None]:
    """Days in the stage against the longest it should take, of the open leads whose days are known."""
    dated = states[(states["status"] == "open") & states["age_days"].notna()]
    here = [stage for stage in rules.stages if (dated["label"] == stage).any()]
    if not here:
        return []
    rows: list[list[Any]] = []
    for stage in here:
        of = dated[dated["label"] == stage]
        n, stuck = len(of), int(of["stuck"].sum())
        half = float(of["age_days"].astype("float64").median())
        rows.append([_stage(study, stage), n, half, rules.stages[stage].max_days, stuck, *_shared(stuck, n)])
    known = dated[dated["label"].isin(here)]
    n, stuck = len(known), int(known["stuck"].sum())
    head: list[Head] = [
        ("stage", study.say("head.lead_stage"), "text"),
        ("open", study.say("head.lead_open"), "count"),
        ("half", study.say("head.lead_half"), "days"),
        ("limit", study.say("head.lead_limit"), "days"),
        ("stuck", study.say("head.lead_stuck"), "count"),
        *((id, study.say(h), unit) for id, h, unit in SHARE),
    ]
    title = study.say("leads.ages", n=n, stuck=stuck, share=stuck / n)
    blocks: list[Block | None] = [study.table("lead_ages", title, head, rows, n=n)]
    if not dated["age_sure"].all():
        blocks.append(Text(text=study.say("leads.at_least"), role="note"))
    if 2 * stuck > n >= FEW:
        blocks.append(Text(text=study.say("leads.mostly_stuck", share=stuck / n), role="warning"))
    return blocks


def _owners(study: Study, states: pd.DataFrame) -> Sheet | None:
    """Open leads and those beyond their days by owner, the most of them first; those of nobody last, on their own."""
    still = states[states["status"] == "open"]
    if not len(still):
        return None
    owner = still["owner"].fillna("").astype(str).str.strip()
    table = pd.DataFrame(
        {
            "open": still.groupby(owner).size(),
            "stuck": still["stuck"].groupby(owner).sum(),
            "longest": still["age_days"].where(still["stuck"]).groupby(owner).max().astype("Float64"),
        }
    )
    table = table.sort_values(["stuck", "open"], ascending=False, kind="stable")
    named, nobody = table[table.index != ""], table[table.index == ""]
    rest = named.iloc[MOST:]
    rows = [_owner_row(study, str(name), row) for name, row in named.iloc[:MOST].iterrows()]
    if len(rest):
        longest = rest["longest"].max()
        row = pd.Series({"open": rest["open"].sum(), "stuck": rest["stuck"].sum(), "longest": longest})
        rows.append(_owner_row(study, study.say("leads.other_owners", n=len(rest)), row))
    rows += [_owner_row(study, str(name), row) for name, row in nobody.iterrows()]
    n, stuck = len(still), int(still["stuck"].sum())
    total = [
        study.say("head.total"),
        n,
        stuck,
        *_shared(stuck, n),
        still.loc[still["stuck"], "age_days"].max(),
    ]
    longest_head: Head = ("longest", study.say("head.lead_longest"), "days")
    head = _heads(study, ("owner", "head.owner"), "open", "stuck", then=[longest_head])
    first = rows[0]
    which = "leads.owners" if first[2] else "leads.owners_none"
    title = study.say(which, owner=first[0], stuck=first[2], n=first[1])
    return study.table("lead_owners", title, head, rows, n=n, total=total)


def _owner_row(study: Study, name: str, row: pd.Series) -> list[Any]:
    n, stuck = int(row["open"]), int(row["stuck"])
    return [name or study.say("report.unassigned"), n, stuck, *_shared(stuck, n), row["longest"]]


def _answered(study: Study, states: pd.DataFrame, rules: LeadRules, ids: list[str]) -> list[Block]:
    """New leads answered within the hours promised; those whose hours are not over yet are left out."""
    if "first_response_at" not in states or not states["first_response_at"].notna().any():
        return []
    asked, answered = (pd.to_datetime(states[c]) for c in ("first_contact", "first_response_at"))
    asked, answered = asked.where(~(answered < asked)), answered.where(~(answered < asked))
    hours, end = rules.first_response_hours, pd.Timestamp(study.as_of) + pd.Timedelta(days=1)
    if (asked.dropna() == asked.dropna().dt.normalize()).all():
        return _answered_by_day(study, asked, answered.dt.normalize(), hours, end)
    due = asked + pd.Timedelta(hours=hours)
    told = due.notna() & (answered.notna() | (due < end))
    n, soon = int(told.sum()), int((told & (answered <= due)).sum())
    if not n:
        return []
    one = proportion(soon, n)
    ids.append(study.kpi("leads_answered", one.value, "share", n=n, hours=hours))
    facts = {"n": n, "soon": soon, "share": one.value, "low": one.low, "high": one.high, "hours": hours}
    return [Text(text=study.say("leads.answered", **facts))]


def _answered_by_day(
    study: Study, asked: pd.Series, answered: pd.Series, hours: float, end: pd.Timestamp
) -> list[Block]:
    """Days without times: surely in time, perhaps, surely not."""
    day = pd.Timedelta(days=1)
    waited = answered.fillna(end) - asked
    told = asked.notna() & (answered.notna() | (waited > pd.Timedelta(hours=hours) + day))
    n = int(told.sum())
    if not n:
        return []
    limit = pd.Timedelta(hours=hours)
    sure = int((told & answered.notna() & (waited + day <= limit)).sum())
    late = int((told & (answered.isna() | (waited - day >= limit))).sum())
    facts = {"n": n, "sure": sure, "perhaps": n - sure - late, "late": late, "hours": hours}
    return [Text(text=study.say("leads.answered_by_day", least=sure / n, most=1 - late / n, **facts))]


# --- the pool --------------------------------------------------------------------------------------


def _pool(study: Study, states: pd.DataFrame | None) -> tuple[Pool, PoolSetup, bool] | None:
    """Who holds what, by the playbook's rules or the usual ones; and whether the log says what was effective."""
    setup = study.playbook.pool if study.playbook is not None and study.playbook.pool else PoolSetup()
    tables = dict(study.tables)
    if setup.table == TABLE:
        if states is None or TABLE not in tables:
            return None
        tables[TABLE] = states[states["status"] == "open"]
    records = setup.rows(study.customers, tables)
    if records is None or not {"customer_id", "owner", "claim_date"} <= {*records.columns}:
        return None
    if not len(records) or not records["claim_date"].notna().any():
        return None
    contacts = setup.contacts.contacts(study.customers, tables)
    if (
        contacts is not None
        and setup.table != CUSTOMERS
        and not contacts["customer_id"].isin(records["customer_id"]).any()
    ):
        contacts = None  # a log of customers says nothing of leads
    begun = contacts["date"].min().date() if contacts is not None and len(contacts) else None
    found = pool(records, contacts, setup.rules, as_of=study.as_of, log_from=begun)
    return found, setup, contacts is not None


def _returning(
    study: Study, found: Pool, setup: PoolSetup, logged: bool, ids: list[str]
) -> list[Block | None]:
    """Who gives back how many, past their day and within the week, and what was released too early."""
    records = found.records
    held = records[records["state"].isin(["private", "remind", "due", "unknown"])]
    back = found.returning(WEEK)
    due, early = int((back["state"] == "due").sum()), int(records["too_early"].sum())
    ids += [
        study.kpi("pool_due", due, "count", n=len(held)),
        study.kpi("pool_week", len(back) - due, "count", n=len(held)),
    ]
    one = proportion(len(back), len(held))
    facts: dict[str, Any] = {
        "n": len(held),
        "back": len(back),
        "due": due,
        "week": len(back) - due,
        "days": WEEK,
    }
    facts |= {"share": one.value, "low": one.low, "high": one.high}
    blocks: list[Block | None] = [Text(text=study.say("pool.heading"), role="heading")]
    if not len(held):
        return [*blocks, Text(text=study.say("pool.nobody_holds"))]
    blocks.append(Text(text=study.say("pool.told", **facts)))
    blocks.append(_pool_owners(study, held, back, found))
    if early:
        released = int((records["state"] == "public").sum())
        blocks.append(Text(text=study.say("pool.too_early", n=early, base=released), role="warning"))
    if not logged:
        blocks.append(Text(text=study.say("pool.no_log"), role="note"))
    source = setup.rules.source_text(study.lang)
    if not source and setup.rules == PoolRules():
        usual = setup.rules
        facts = {"first": usual.default_protect, "more": usual.extend_days, "idle": usual.no_follow_days}
        source = study.say("pool.sample_rules", **facts)
    if source:
        blocks.append(Text(text=study.say("pool.source", source=source), role="note"))
    return blocks


def _pool_owners(study: Study, held: pd.DataFrame, back: pd.DataFrame, found: Pool) -> Sheet:
    """Per owner: held, past the day, within the week, over the cap; the most to give back first."""
    of = pd.DataFrame({"held": held.groupby("owner").size()})
    of["due"] = back[back["state"] == "due"].groupby("owner").size()
    of["week"] = back[back["state"] != "due"].groupby("owner").size()
    of["over"] = found.holding.set_index("owner")["over"]
    of = of.fillna(0).astype("int64").assign(back=lambda f: f["due"] + f["week"])
    of = of.sort_values(["back", "held"], ascending=False, kind="stable")
    rest, of = of.iloc[MOST:], of.iloc[:MOST]
    named = [(str(owner), row) for owner, row in of.iterrows()]
    if len(rest):
        named.append((study.say("leads.other_owners", n=len(rest)), rest.sum()))
    rows = [
        [
            name,
            row["held"],
            row["due"],
            row["week"],
            row["over"],
            *_shared(int(row["back"]), int(row["held"])),
        ]
        for name, row in named
    ]
    whole = [len(held), int((back["state"] == "due").sum()), int((back["state"] != "due").sum())]
    over = int(found.holding["over"].sum())
    total = [study.say("head.total"), *whole, over, *_shared(len(back), len(held))]
    head: list[Head] = [
        ("owner", study.say("head.owner"), "text"),
        *((id, study.say(f"head.pool_{id}"), "count") for id in ("held", "due", "week", "over")),
        *((id, study.say(h), unit) for id, h, unit in SHARE),
    ]
    title = study.say("pool.owners", owner=rows[0][0], n=int(named[0][1]["back"]), held=rows[0][1])
    return study.table("pool_owners", title, head, rows, n=len(held), total=total)
