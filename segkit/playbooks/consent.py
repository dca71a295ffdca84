"""Consent (单独同意): of whom it is missing, nothing is used and nothing is shown but what it takes to ask."""

from __future__ import annotations

import pandas as pd
from pydantic import BaseModel, ConfigDict

from segkit.customers import COLUMNS
from segkit.locale import Lang, say
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import Scheme
from segkit.schemes.conditions import Conditions

# who it is and how to ask; what was bought is counted from the orders and has to add up
ALWAYS = (*COLUMNS, "name", "phone", "email", "owner", "consent_marketing", "opt_out_channels")


class Consent(BaseModel):
    """What must hold before anything about a customer is used.

    ::

        consent: {when: {sensitive_consent: true}, keep: [age_band]}

    Attributes
    ----------
    when : conditions on the customer's columns and on attributes; a missing answer is no consent
    keep : further columns that may stand without it
    required : whether data without a column of `when` are refused; else nobody there had anything to answer
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    when: Conditions
    keep: tuple[str, ...] = ()
    required: bool = True

    def missing(self, customers: pd.DataFrame) -> pd.Series:
        """Of which customers it is missing.

        Raises
        ------
        InputProblems : a column it requires is not there, so that nobody could be told apart
        """
        absent = [column for column in self.when.columns() if column not in customers.columns]
        if absent and not self.required:
            return pd.Series(False, index=customers.index)
        if absent:
            raise InputProblems([Problem("playbook.no_consent_column", {"columns": absent})])
        return ~self.when.holds(customers)

    def blanked(self, customers: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
        """The customers with nothing in `rows` but who they are, their answer, and what they bought."""
        kept = {*ALWAYS, *self.when.columns(), *self.keep}
        hidden = {column: customers[column].mask(rows) for column in customers.columns if column not in kept}
        return customers.assign(**hidden)

    def reason(self, scheme: Scheme, label: str, lang: Lang) -> str:
        """Why a customer without it stands in no class."""
        when = self.when.text(scheme, lang)
        return say("playbook.withheld_why", lang, label=scheme.label_name(label, lang), when=when)
