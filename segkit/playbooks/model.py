"""What a playbook is: the columns it makes, its schemes, its policy, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from segkit.followup.policy import Policy
from segkit.locale import Lang
from segkit.locale.sourced import Sourced
from segkit.playbooks.consent import Consent
from segkit.playbooks.leads import LeadRules
from segkit.playbooks.sources import CampaignSource, PoolSetup, ReferralSource, ServiceSetup
from segkit.schemes.conditions import BOUNDS, Conditions
from segkit.schemes.ladder import refusal

Take = Literal[
    "last",
    "first",
    "count",
    "sum",
    "mean",
    "median",
    "max",
    "min",
    "share",
    "most",
    "distinct",
    "days_since",
    "days_until",
    "ratio",
    "total",
]
# which keys a take cannot do without, and which it has no use for
NEEDS: dict[Take, tuple[str, ...]] = {
    **dict.fromkeys(
        ("last", "first", "sum", "mean", "median", "max", "min", "most", "distinct"), ("column",)
    ),
    "days_until": ("column",),
    "ratio": ("column", "of"),
    "total": ("columns",),
}
ACROSS: tuple[Take, ...] = ("ratio", "total")  # of a customer's own columns, not of rows
CUSTOMERS = "customers"
Section = Literal["feedback"]  # what a report holds only where the playbook asks for it
LONGEST = 36_600  # days, a hundred years


class Attribute(Sourced, BaseModel):
    """One column made for every customer out of the rows of a table.

    Attributes
    ----------
    table : written `from`: `orders`, `customers` (the customer's own row), or a name in `input.tables`
    take : what is made of the rows; see `attributes.make`
    where : conditions a row must meet
    within_days : only rows of the days (as_of - within_days, as_of]
    column, columns, of : what it is made of
    source : where its numbers come from (示例参数 where they are examples); one text, or one a language
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    table: str = Field(default=CUSTOMERS, alias="from", min_length=1)
    take: Take
    column: str | None = None
    columns: tuple[str, ...] = ()
    of: str | None = None
    where: Conditions | None = None
    within_days: int | None = Field(default=None, gt=0, le=LONGEST)
    source: str | dict[Lang, str] | None = None

    @model_validator(mode="after")
    def _fits_its_take(self) -> Self:
        for key in NEEDS.get(self.take, ()):
            if not getattr(self, key):
                raise refusal("playbook.take_needs", "attributes", take=self.take, key=key)
        if self.take == "days_since" and self.table == CUSTOMERS and not self.column:
            raise refusal("playbook.take_needs", "attributes", take=self.take, key="column")
        allowed = {*NEEDS.get(self.take, ()), *(("column",) if self.take in ("share", "days_since") else ())}
        allowed |= set() if self.take in ACROSS else {"where", *(["within_days"] if self.of_rows else [])}
        for key in ("column", "columns", "of", "where", "within_days"):
            if getattr(self, key) and key not in allowed:
                raise refusal("playbook.take_has_no", "attributes", take=self.take, key=key)
        if self.take in ACROSS and self.of_rows:
            raise refusal("playbook.take_has_no", "attributes", take=self.take, key="from")
        return self

    @property
    def of_rows(self) -> bool:
        """Does it look at rows of a table rather than at the customer's own?"""
        return self.table != CUSTOMERS

    @property
    def has_threshold(self) -> bool:
        """Does a number somebody chose stand in it: a window, or a limit in `where`?"""
        conditions = [c for group in self.where.root for c in group.values()] if self.where else []
        limited = any(getattr(c, bound) is not None for c in conditions for bound in BOUNDS)
        return limited or self.within_days is not None

    def reads(self) -> tuple[str, ...]:
        """The columns of its table that it looks at."""
        where = self.where.columns() if self.where is not None else ()
        named = (self.column, self.of, *self.columns, *where)
        return tuple(dict.fromkeys(name for name in named if name))


class Playbook(BaseModel):
    """Attributes made for every customer, schemes by name, the `main` one that page 1 and the policy speak of.

    `consent` says what must hold before anything about a customer is used; `names` what columns and labels of its
    own are called; `sections` which further sections the report has;
    `buys_once` where a customer of the trade buys once as a rule (a home, a car), so that nothing is said of
    repurchase and loss; `optional` names the schemes nobody misses where their columns are not there; `note` is
    what a reader has to know before using any of it. `leads`, `pool` and `service` say how leads, the public pool
    and service cases of the trade are read and judged, `campaign` and `referrals` where the outcomes of campaigns
    and introductions by customers are found, where not as usual.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    title: dict[Lang, str]
    attributes: dict[str, Attribute] = {}
    consent: Consent | None = None
    schemes: dict[str, dict[str, Any]]
    main: str
    buys_once: bool = False
    optional: tuple[str, ...] = ()
    note: dict[Lang, str] = {}
    names: dict[str, dict[Lang, str]] = {}
    sections: tuple[Section, ...] = ()
    policy: Policy
    leads: LeadRules | None = None
    pool: PoolSetup | None = None
    service: ServiceSetup | None = None
    campaign: CampaignSource | None = None
    referrals: ReferralSource | None = None

    def columns_read(self, table: str) -> Iterator[str]:
        """The columns of a table that its attributes look at."""
        for attribute in self.attributes.values():
            if attribute.table == table:
                yield from attribute.reads()
        if self.consent is not None and table == CUSTOMERS:
            own = (*self.consent.when.columns(), *self.consent.keep)
            yield from (column for column in own if column not in self.attributes)
