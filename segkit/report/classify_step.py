"""From clean tables to classified customers: the table of a report, the playbook on it, and what it could not use."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.config import Config
from segkit.customers import customer_table
from segkit.locale import LANGS, Lang
from segkit.playbooks import (
    NotMade,
    Playbook,
    Segmentation,
    apply,
    known_playbooks,
    load_playbook,
    schemes_of,
    whole,
)
from segkit.playbooks.consent import ALWAYS
from segkit.playbooks.model import CUSTOMERS
from segkit.problems import InputProblems, Problem
from segkit.report.clean_tables import CUSTOMER_TABLE, Intake, load_further, load_intake, read_parquet
from segkit.report.sizes import sized
from segkit.schemes.base import PROSPECT, UNKNOWN, Scheme
from segkit.schemes.rules import Rules


@dataclass(frozen=True)
class Classified:
    """The customers of a client, classified.

    Attributes
    ----------
    playbook : as it was loaded; `fitting` as far as so many customers carry it
    tables : further tables by name, without the rows of customers who did not consent
    notes : what was changed, and what these data could not give
    """

    playbook: Playbook
    fitting: Playbook
    segmentation: Segmentation
    tables: dict[str, pd.DataFrame]
    notes: list[Problem]

    def without_values(self, ledger: pd.DataFrame, facts: Mapping[str, Any]) -> pd.DataFrame:
        """The ledger; where the playbook asks for consent, with no cells but those that say who somebody is.

        A line of the ledger says in which row a cell was mended but not whose it was.
        """
        if self.playbook.consent is None:
            return ledger
        fields = {head: field for heads in facts["mapping"].values() for head, field in heads.items()}
        hidden = ~ledger["column"].map(fields).isin(ALWAYS)
        return ledger.assign(**{side: ledger[side].mask(hidden, "") for side in ("old", "new")})


def classified(
    config: Config,
    folder: Path,
    orders: pd.DataFrame | None,
    people: pd.DataFrame,
    as_of: dt.date,
    *,
    before: Mapping[str, Scheme] | None = None,
) -> Classified:
    """The playbook of `config` on the clean tables in `folder`.

    Schemes fitted last time (`before`) keep their cut points where their settings are the same, so that who moves
    between classes has changed and not the ruler.
    """
    customers = customers_of(orders, people, as_of, folder)
    playbook = load_playbook(config.playbook, folder=config.folder)
    tables = load_further(folder)
    rows = tables if orders is None else {**tables, "orders": orders}
    own = whole(playbook, config.schemes)
    # what the client asks for is missed where it cannot be given
    optional = tuple(name for name in playbook.optional if name not in own)
    own |= _as_fitted(schemes_of(playbook, own), before or {})
    fitting, changed = sized(playbook.model_copy(update={"optional": optional}), own, len(customers))
    try:
        segmentation = apply(fitting, customers, tables=rows, as_of=as_of)
    except InputProblems as found:
        raise InputProblems([_placed(problem, config) for problem in found.problems]) from None
    if withheld := segmentation.withheld:
        tables = {name: rows[~rows["customer_id"].isin(withheld)] for name, rows in tables.items()}
        changed.append(Problem("playbook.withheld", {"n": len(withheld)}))
    return Classified(
        playbook, fitting, segmentation, tables, [*changed, *_not_used(segmentation, fitting.main)]
    )


def _as_fitted(schemes: Mapping[str, Scheme], before: Mapping[str, Scheme]) -> dict[str, dict[str, Any]]:
    """The schemes that learn from data, as they were fitted before."""
    kept = {}
    for name, scheme in schemes.items():
        then = before.get(name)
        if scheme.fitted or then is None or then.kind != scheme.kind:
            continue
        chosen, learned = scheme.model_dump(mode="json"), then.model_dump(mode="json")
        if all(learned[key] == value for key, value in chosen.items() if value is not None):
            kept[name] = learned
    return kept


def _placed(problem: Problem, config: Config) -> Problem:
    """With the file that the scheme it speaks of stands in."""
    name = problem.facts.get("scheme", "")
    if name in config.schemes:
        return replace(problem, file=config.path.name, row=config.scheme_line((name,)))
    return replace(problem, file=config.playbook) if name else problem


def rehearsed(config: Config, intake: Intake, lang: Lang | None = None) -> list[Problem]:
    """What a report of this client would leave out, and the classes nothing is planned for; writes nothing."""
    with tempfile.TemporaryDirectory(prefix="segkit-") as name:
        intake.save(Path(name))
        orders, people, _, facts = load_intake(Path(name))
        made = classified(config, Path(name), orders, people, dt.date.fromisoformat(facts["as_of"]["date"]))
    return [*made.notes, *remarks(made, config, lang or config.lang)]


def remarks(made: Classified, config: Config, lang: Lang) -> list[Problem]:
    """What the playbook itself leaves open: classes nothing is planned for, rules that never decide."""
    notes: list[Problem] = []
    main = made.segmentation.main_scheme
    ruled = made.fitting.policy.labels
    known = [label for label in main.order() if label not in (UNKNOWN, PROSPECT)]
    about = {"playbook": made.playbook.id, "main": made.segmentation.main}
    unruled = [main.label_name(label, lang) for label in known if label not in ruled]
    if unruled:
        notes.append(Problem("playbook.no_touch", {**about, "labels": unruled}))
    # a playbook of the package also answers the labels of maps a client may choose
    own = config.playbook not in known_playbooks() and made.segmentation.main == made.playbook.main
    if own and (idle := [label for label in ruled if label not in main.order()]):
        notes.append(Problem("playbook.label_idle", {**about, "labels": idle, "known": known}))
    for name, scheme in made.segmentation.schemes.items():
        if isinstance(scheme, Rules):
            found = scheme.lint()
            said = {lang: found.faults(lang) if found.checked else found.text(lang) for lang in LANGS}
            pairs = zip(*(said[lang] for lang in LANGS), strict=True)
            notes += [
                Problem("playbook.rules", {"scheme": name, "which_zh": zh, "which_en": en})
                for zh, en in pairs
            ]
    return notes


def customers_of(
    orders: pd.DataFrame | None, people: pd.DataFrame, as_of: dt.date, folder: Path
) -> pd.DataFrame:
    """One row per customer with what is known about them."""
    made = folder / CUSTOMER_TABLE
    if made.is_file():  # an engine counted the orders
        table = read_parquet(made)
    elif orders is None:
        return _totalled(people, as_of)
    else:
        table = customer_table(orders, as_of=as_of, customers=people[["customer_id"]])
    about = ["customer_id", *(c for c in people.columns if c not in table.columns)]
    return table.merge(people[about], on="customer_id", how="left", validate="one_to_one")


def _totalled(people: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """The customer table where the client delivered totals: what they do not say stays missing.

    Without a count of orders the frequency of somebody who spent money is unknown, not zero; without any money
    nothing is known of what anybody bought.
    """
    table = people.reset_index(drop=True).copy()
    money = table["monetary"].astype("float64").round(2)
    priced = bool(money.notna().any())
    if "frequency" in table.columns:
        frequency = table["frequency"].round().astype("Int64")
    else:
        frequency = pd.Series(0, index=table.index, dtype="Int64").mask((money.fillna(0) != 0) | (not priced))
    last = table["last_order"] if "last_order" in table.columns else pd.Series(pd.NaT, index=table.index)
    bought = frequency.fillna(1) > 0
    table["first_order"] = pd.Series(pd.NaT, index=table.index, dtype="datetime64[ns]")
    table["last_order"] = last.where(bought)
    table["recency_days"] = (pd.Timestamp(as_of) - table["last_order"]).dt.days.astype("Int64")
    table["frequency"] = table["orders"] = frequency
    table["monetary"] = money.where(bought, money.fillna(0.0)) if priced else money
    table["aov"] = (money / frequency.where(frequency > 0).astype("float64")).astype("float64")
    table["tenure_days"] = pd.Series(pd.NA, index=table.index, dtype="Int64")
    first = ["customer_id", "first_order", "last_order", "recency_days", "frequency", "orders", "monetary"]
    order = [*first, "aov", "tenure_days"]
    return table[[*order, *[c for c in table.columns if c not in order]]]


def _not_used(segmentation: Segmentation, wanted: str) -> list[Problem]:
    """Schemes these data have no columns for, and a main scheme that could label nobody."""

    def called(name: str) -> str | dict[Lang, str]:
        scheme = segmentation.schemes.get(name)
        return name if scheme is None or name not in scheme.names else scheme.names[name]

    notes = [*_not_made(segmentation), *segmentation.unlearned]
    known = {*segmentation.skipped, *(lack.attribute for lack in segmentation.not_made)}
    for name, columns in segmentation.skipped.items():
        near = {c: get_close_matches(c, segmentation.customers.columns, 1) for c in columns if c not in known}
        meant = [f"{column} → {found[0]}" for column, found in near.items() if found]
        id = "report.scheme_skipped" + ("_near" if meant else "")
        notes.append(Problem(id, {"scheme": called(name), "columns": columns, "near": meant}))
    if segmentation.main != wanted:
        id = "report.main_lacks" if wanted in segmentation.skipped else "report.main_changed"
        notes.append(Problem(id, {"wanted": called(wanted), "main": called(segmentation.main)}))
    return notes


def _not_made(segmentation: Segmentation) -> Iterator[Problem]:
    """What the playbook's attributes lacked, each table or column once; those made of others are not named."""
    unmade = {lack.attribute for lack in segmentation.not_made}
    by_cause: dict[NotMade, list[str]] = {}
    for lack in segmentation.not_made:
        if not (lack.table == CUSTOMERS and lack.column in unmade - {lack.attribute}):
            by_cause.setdefault(replace(lack, attribute=""), []).append(lack.attribute)
    for cause, attributes in by_cause.items():
        facts = {"table": cause.table, "column": cause.column, "near": list(cause.near)}
        id = f"playbook.lacks.{cause.why}" + ("_near" if cause.near else "")
        yield Problem(id, {**facts, "attributes": attributes})
