"""Where a playbook finds its leads, its pool and its service cases: a table, and what its columns are called there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from segkit.followup.pool_rules import PoolRules
from segkit.followup.promises import ServiceRules
from segkit.locale import Lang
from segkit.locale.sourced import Sourced
from segkit.schemes.conditions import Conditions

CUSTOMERS = "customers"


class Source(BaseModel):
    """A table of the client, by the names this package gives its columns.

    Attributes
    ----------
    table : written `from`: a name in `study.tables`, or `customers` with everything the playbook made of them
    columns : our name -> the table's; a column that is there under our name needs none
    where : which rows are meant; all where nothing is said
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    table: str = Field(alias="from", min_length=1)
    columns: dict[str, str] = {}
    where: Conditions | None = None

    def rows(self, customers: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
        """The rows under our names beside their own; None where there is no such table, or nothing to tell rows by."""
        found = customers if self.table == CUSTOMERS else tables.get(self.table)
        if found is None:
            return None
        if self.where is not None:
            if not {*self.where.columns()} <= {*found.columns}:
                return None
            found = found[self.where.holds(found)]
        named = {ours: found[theirs] for ours, theirs in self.columns.items() if theirs in found.columns}
        return found.assign(**named).reset_index(drop=True)


class ContactSource(Source):
    """The log of contacts; `effective` says which of them count, where the log's own column is not to be trusted."""

    effective: Conditions | None = None

    def contacts(self, customers: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
        """`customer_id, date, effective` and what else there is; None where that cannot be made."""
        found = self.rows(customers, tables)
        if found is not None and self.effective is not None:
            known = {*self.effective.columns()} <= {*found.columns}
            found = found.assign(effective=self.effective.holds(found)) if known else None
        if found is None or not {"customer_id", "date", "effective"} <= {*found.columns}:
            return None
        return found


class PoolSetup(Source):
    """The public pool of a trade: who holds what (公海与私海), its log of contacts, and the rules."""

    table: str = Field(default="leads", alias="from", min_length=1)
    columns: dict[str, str] = {
        "customer_id": "lead_id",
        "claim_date": "first_contact",
        "last_effective": "last_follow_up",
    }
    contacts: ContactSource = ContactSource.model_validate({"from": "contacts"})
    rules: PoolRules = PoolRules()


class ServiceSetup(Source):
    """The service cases of a trade and what is promised for them."""

    table: str = Field(default="complaints", alias="from", min_length=1)
    rules: ServiceRules = ServiceRules()


class CampaignSource(Sourced, Source):
    """What came of a campaign the client ran: `customer_id, arm, converted`, where known `campaign, revenue`.

    Attributes
    ----------
    columns : `segment` in which a customer was drawn, `cost` of what was sent to and redeemed by one, in money
    margin : profit in one unit of money sold, in 0..1; with it the report says what is left after the cost
    source : where the margin comes from (示例参数 where it is an example)
    """

    table: str = Field(default="outcomes", alias="from", min_length=1)
    margin: float | None = Field(default=None, ge=0, le=1)
    source: dict[Lang, str] = {}


class ReferralSource(Source):
    """Introductions by customers (转介绍): `referrer_id, referred_id`, where known `date, bought, reward`.

    Attributes
    ----------
    referrer : what the column of the introducer holds: the number of a customer or member, or that of an order
    members : everybody who could introduce somebody, by `customer_id`; else whoever bought
    """

    table: str = Field(default="referrals", alias="from", min_length=1)
    columns: dict[str, str] = {"referred_id": "customer_id"}
    referrer: Literal["customer", "order"] = "customer"
    members: Source | None = None

    def introductions(
        self,
        customers: pd.DataFrame,
        tables: Mapping[str, pd.DataFrame],
        orders: pd.DataFrame | None = None,
    ) -> pd.DataFrame | None:
        """`referrer_id, referred_id` and what else there is; None where that cannot be made.

        An order names its customer; of one that is not known nobody knows who introduced.
        """
        found = self.rows(customers, tables)
        if found is None or not {"referrer_id", "referred_id"} <= {*found.columns}:
            return None
        if self.referrer == "customer":
            return found
        if orders is None or "order_id" not in orders:
            return None
        known = orders.dropna(subset=["order_id"]).drop_duplicates("order_id")
        whose = known.set_index(known["order_id"].astype(str))["customer_id"]
        return found.assign(referrer_id=found["referrer_id"].astype("string").map(whose))
