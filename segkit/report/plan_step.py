"""From classified customers to the follow-up plan of a report: team, calendar, history, holdout."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pandas as pd

from segkit.config import Config
from segkit.followup.ordering import PLACES
from segkit.followup.plan_model import Member, Plan
from segkit.followup.planner import Demand, minutes_asked, plan
from segkit.followup.policy import EVERY_CHANNEL, Policy
from segkit.intake.contact_words import REFUSED
from segkit.playbooks.lacking import policy_gaps
from segkit.playbooks.leads import LeadRules, lead_candidates, lead_policy, usual_leads
from segkit.privacy.surrogate import load_key
from segkit.problems import Problem
from segkit.report.previous import Previous
from segkit.workdays import next_working_monday

OWNERS_NAMED = 5
CONTACTS, LEADS = "contacts", "leads"


@dataclass(frozen=True)
class Planned:
    """The plan of a report, and what is needed to ask what another policy would take.

    Attributes
    ----------
    policy : of the playbook, with the stages of leads where there are any
    asked_of : the minutes another policy would ask for, everything else the same
    arms : `customer_id, segment, arm, campaign`; empty without a holdout
    notes : what the reader of the plan has to know
    """

    plan: Plan
    policy: Policy
    asked_of: Callable[[Policy], Demand]
    arms: pd.DataFrame
    notes: list[Problem]


def with_leads(
    customers: pd.DataFrame,
    policy: Policy,
    leads: pd.DataFrame | None,
    rules: LeadRules,
    *,
    main: str,
    as_of: dt.date,
) -> tuple[pd.DataFrame, Policy]:
    """Customers and open leads in one list (售后、售前), and the policy with the stages of the leads.

    A lead who has bought is followed up as a customer; one who has not, under the stage of the lead.
    """
    if leads is None or leads.empty:
        return customers, policy
    open_ones = lead_candidates(leads, rules, as_of=as_of).rename(columns={"label": main})
    bought = customers.loc[customers["frequency"].fillna(0) > 0, "customer_id"].astype(str)
    open_ones = open_ones[~open_ones["customer_id"].isin(set(bought))]
    led = set(leads["lead_id"].astype(str)) - set(bought)  # of a lead that ended nothing more is planned
    others = customers[~customers["customer_id"].astype(str).isin(led)]
    labels = {**lead_policy(rules), **policy.labels}
    joined = pd.concat([others.assign(kind="customer"), open_ones], ignore_index=True)
    return joined, policy.model_copy(update={"labels": labels})


def _without_refusals(customers: pd.DataFrame, contacts: pd.DataFrame | None) -> pd.DataFrame:
    """Who asked in a contact not to be contacted any more has opted out of everything."""
    if contacts is None or "outcome" not in contacts:
        return customers
    asked = set(
        contacts.loc[contacts["outcome"].eq(REFUSED).fillna(False).astype(bool), "customer_id"].astype(str)
    )
    refusing = customers["customer_id"].astype(str).isin(asked)
    if not refusing.any():
        return customers
    cells = (
        customers["opt_out_channels"]
        if "opt_out_channels" in customers
        else pd.Series("", index=customers.index)
    )
    return customers.assign(opt_out_channels=cells.astype("object").mask(refusing, EVERY_CHANNEL["en"]))


def _team_notes(team: Sequence[Member], customers: pd.DataFrame) -> Iterator[Problem]:
    """Owners in the data who are not in the team named, and regions in which nobody is."""
    if not team:
        return
    names = [member.id for member in team]
    owners = (
        customers["owner"].fillna("").astype(str).str.strip()
        if "owner" in customers
        else pd.Series(dtype="str")
    )
    away = owners[(owners != "") & ~owners.isin(names)]
    if len(away):
        most = away.value_counts().index[:OWNERS_NAMED].tolist()
        near = sorted({name for owner in most for name in get_close_matches(owner, names, n=1, cutoff=0.6)})
        facts = {"n": len(away), "owners": most, "near": near, "of": away.nunique()}
        yield Problem("plan.owners_away" + ("_near" if near else ""), facts)
    places = [customers[column].dropna().astype(str) for column in PLACES if column in customers]
    for region in sorted({region for member in team for region in member.regions}):
        if not any(place.str.contains(region, regex=False).any() for place in places):
            known = pd.concat(places).value_counts().index[:OWNERS_NAMED].tolist() if places else []
            yield Problem(
                "plan.region_nobody" + ("" if known else "_none"), {"region": region, "known": known}
            )


def planned(
    config: Config,
    customers: pd.DataFrame,
    policy: Policy,
    tables: Mapping[str, pd.DataFrame],
    *,
    main: str,
    as_of: dt.date,
    rules: LeadRules | None = None,
    previous: Previous | None = None,
) -> Planned:
    """The next step with every customer and open lead, from the settings of client.yml.

    `rules` are the playbook's stages of leads; without them the usual ones.
    """
    wish = config.followup
    team = [
        Member(id=m.id, minutes=m.minutes, channels=tuple(m.channels), regions=tuple(m.regions))
        for m in wish.team or []
    ]
    asked: dict[str, Any] = {
        "label": main,
        "start": wish.start or next_working_monday(as_of),
        "days": wish.days,
        "calendar": wish.calendar,
        "history": tables.get(CONTACTS),
        "consent": wish.consent,
    }
    leads = tables.get(LEADS)
    customers, policy = with_leads(customers, policy, leads, rules or usual_leads(), main=main, as_of=as_of)
    customers = _without_refusals(customers, tables.get(CONTACTS))
    held = None
    if previous is not None:
        held = previous.arms[previous.arms["campaign"] == wish.campaign]
    made = plan(
        customers,
        policy,
        **asked,
        team=team or None,
        holdout=wish.holdout,
        seed=load_key(config.folder).encode("utf-8") if wish.holdout else 0,
        held=held,
        campaign=wish.campaign,
    )
    notes = [
        *_team_notes(team, customers),
        *policy_gaps(policy, customers.columns, labels={*customers[main]}),
    ]
    if made.provisional:
        facts = {"n": len(made.provisional), "first": made.provisional[0], "last": made.provisional[-1]}
        notes.append(Problem("plan.provisional", facts))
    return Planned(
        plan=made,
        policy=policy,
        asked_of=lambda other: minutes_asked(customers, other, **asked, team=team or None, arms=made.arms),
        arms=made.arms.assign(campaign=wish.campaign),
        notes=notes,
    )
