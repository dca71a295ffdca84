"""Leads in the intake of a report: beside customers, or standing for them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from segkit.config import Config
from segkit.intake.cleaning import Cleaned
from segkit.intake.mapping import Grain
from segkit.report.shield import Shield, shield_for

IDS = ("customer_id", "lead_id", "referrer_id")


def of_leads(cleaned: Mapping[Grain, Cleaned], people: pd.DataFrame) -> pd.DataFrame | None:
    """The leads of a client, each with the number of the customer it became; None where the client has none.

    `customer_id` is the client's own where a column says it, else the lead's where a customer is called the same;
    where leads stand alone they are the customers, so both are the lead's. It is missing where nobody became one.
    """
    if "leads" not in cleaned:
        return None
    leads = cleaned["leads"].frame.reset_index(drop=True)
    known = {*people["customer_id"]}
    own, lead = leads["customer_id"], leads["lead_id"]
    if len(cleaned) == 1:
        own = lead
    return leads.assign(customer_id=own.where(own.isin(known), lead.where(lead.isin(known))))


def key_heads(cleaned: Cleaned) -> dict[str, str]:
    """Canonical column -> heading, with the number of a lead standing where that of a customer stands."""
    if "lead_id" not in cleaned.heads:
        return dict(cleaned.heads)
    return {**cleaned.heads, "customer_id": cleaned.heads["lead_id"]}


def lead_keys(
    config: Config, cleaned: Mapping[Grain, Cleaned], leads: pd.DataFrame | None, shield: Shield | None
) -> Shield | None:
    """Surrogates for leads that are told apart by a phone, an e-mail or a name, beside those of the customers."""
    if leads is None or len(cleaned) == 1:
        return None
    own = shield_for(config, key_heads(cleaned["leads"]), leads["lead_id"])
    if own is None or shield is None:
        return own
    keys = pd.concat([shield.keys, own.keys]).drop_duplicates("customer_id", ignore_index=True)
    return Shield(keys, shield.kind, shield.fingerprint, shield.column)


def surrogated(frame: pd.DataFrame, shield: Shield) -> pd.DataFrame:
    """The frame with surrogates for the numbers of customers, leads and who introduced them that have one."""
    known = dict(zip(shield.keys["customer_id"], shield.keys["surrogate"], strict=True))
    here = [column for column in IDS if column in frame.columns]
    return frame.assign(**{column: frame[column].map(known).fillna(frame[column]) for column in here})
