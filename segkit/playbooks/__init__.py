"""A trade's way of classifying and following up, as data: schemes, thresholds with their source, policy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from segkit.locale import Lang
from segkit.playbooks.attributes import NotMade, make
from segkit.playbooks.consent import Consent
from segkit.playbooks.model import CUSTOMERS, Attribute, Playbook
from segkit.playbooks.reading import known_playbooks, load_playbook, schemes_of, whole
from segkit.problems import InputProblems, Problem
from segkit.schemes.base import PROSPECT, UNKNOWN, CannotLearn, Scheme

__all__ = [
    "Attribute",
    "Consent",
    "NotMade",
    "Playbook",
    "Segmentation",
    "apply",
    "known_playbooks",
    "load_playbook",
    "schemes_of",
    "whole",
]


@dataclass(frozen=True)
class Segmentation:
    """Labelled customers and the fitted schemes that labelled them.

    `main` is the playbook's main scheme, or the first one that could label somebody where that one could not;
    `skipped` holds the schemes whose columns these customers lack, and which columns those are; `not_made` the
    attributes that these customers' data could not give; `unlearned` says of schemes that are left out why these
    customers could not teach them anything.
    """

    customers: pd.DataFrame
    schemes: dict[str, Scheme]
    main: str
    skipped: dict[str, list[str]]
    not_made: tuple[NotMade, ...] = ()
    unlearned: tuple[Problem, ...] = ()
    consent: Consent | None = None
    withheld: frozenset[str] = frozenset()

    @property
    def main_scheme(self) -> Scheme:
        return self.schemes[self.main]

    def reasons(self, name: str, customers: pd.DataFrame, lang: Lang) -> pd.Series:
        """Why these customers have their label of a scheme; of who is left out for want of consent, that."""
        scheme = self.schemes[name]
        why = scheme.explain_all(customers, lang)
        if self.consent is None:
            return why
        left_out = customers["customer_id"].isin(self.withheld) & customers[name].eq(UNKNOWN)
        return why.mask(left_out, self.consent.reason(scheme, UNKNOWN, lang))


def apply(
    playbook: Playbook,
    customers: pd.DataFrame,
    *,
    overrides: dict[str, dict[str, Any]] | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    as_of: dt.date | None = None,
) -> Segmentation:
    """Make the playbook's attributes, fit every scheme these customers have the columns for, and label them.

    A scheme may read the labels of those before it. Of customers without the consent the playbook asks for all
    else is blanked first, so that no scheme and no list sees it.

    Parameters
    ----------
    overrides : the client's own schemes by name; they replace the playbook's, or without `kind` change them
    tables : rows by table, as `attributes.make` takes them
    as_of : the day the attributes stand on; needed where there are any

    Raises
    ------
    InputProblems : a scheme that is none, that is called like a column of the customers or reads one of another
        kind; no scheme whose columns these customers have, or no column that says who consented
    """
    not_made: list[NotMade] = []
    labelled = customers
    if playbook.attributes and as_of is not None:
        labelled, not_made = make(playbook.attributes, customers, tables or {}, as_of=as_of)
        # what the data could not give may stand among the customer's own columns
        not_made = [lack for lack in not_made if lack.attribute not in customers.columns]
    withheld: frozenset[str] = frozenset()
    if playbook.consent is not None:
        without = playbook.consent.missing(labelled)
        withheld = frozenset(labelled.loc[without, "customer_id"].astype(str))
        labelled = playbook.consent.blanked(labelled, without)
    fitted: dict[str, Scheme] = {}
    skipped: dict[str, list[str]] = {}
    unlearned: list[Problem] = []
    wrong: list[Problem] = []
    for name, scheme in schemes_of(playbook, overrides).items():
        lacking = [column for column in scheme.needs() if column not in labelled.columns]
        if lacking:
            if name not in playbook.optional or name in (overrides or {}):
                skipped[name] = lacking
            continue
        if scheme.name in customers.columns:
            wrong.append(Problem("playbook.name_in_data", {"scheme": name, "name": scheme.name}))
            continue
        try:
            # what was learned last time stays; what needs no learning is only held against the columns
            fitted[name] = Scheme.fit(scheme, labelled) if scheme.fitted else scheme.fit(labelled)
        except CannotLearn as why:
            unlearned += why.problems
            continue
        except InputProblems as why:  # a column of another kind than the scheme reads
            wrong += why.problems
            continue
        labelled = fitted[name].label(labelled)
    if wrong:
        raise InputProblems(wrong)
    if not fitted and unlearned:
        raise InputProblems(unlearned)
    if not fitted:
        lacking = _sources({column for columns in skipped.values() for column in columns}, not_made)
        raise InputProblems([Problem("playbook.nothing_fits", {"columns": lacking})])
    wanted = [playbook.main, *fitted]
    able = [n for n in wanted if n in fitted and not labelled[n].isin([UNKNOWN, PROSPECT]).all()]
    main = (able or [n for n in wanted if n in fitted])[0]
    return Segmentation(
        labelled, fitted, main, skipped, tuple(not_made), tuple(unlearned), playbook.consent, withheld
    )


def _sources(columns: set[str], not_made: Sequence[NotMade]) -> list[str]:
    """What a client can supply: in place of attributes the tables and columns they are made of."""
    of = {lack.attribute: f"{lack.table}.{lack.column}" if lack.column else lack.table for lack in not_made}
    found: set[str] = set()
    for column in columns:
        seen = set()
        while column in of and column not in seen:  # an attribute may be made of another
            seen.add(column)
            column = of[column].removeprefix(f"{CUSTOMERS}.")
        found.add(column)
    return sorted(found)
