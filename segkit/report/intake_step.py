"""The client's files become clean tables in a folder: the half of a report that needs no notebook.

`take_in` reads and cleans, `Intake.save` writes what the notebook needs, `load_intake` reads it there. A
notebook run by itself does the same through the same functions.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.config import Config
from segkit.intake.cleaning import PERSONAL, Cleaned, clean
from segkit.intake.confirm import Confirmed, read_confirm
from segkit.intake.mapping import Grain, Mapping, check_mapping, mapping_from, suggest_mapping
from segkit.intake.profile import quality
from segkit.intake.reading import read_tables
from segkit.intake.settling import Answers
from segkit.intake.table import Table
from segkit.playbooks import load_playbook, schemes_of
from segkit.privacy.known import known_values
from segkit.problems import InputProblems, Problem
from segkit.report.shield import Shield, shield_for

GRAINS: tuple[Grain, ...] = ("orders", "customers")
LATER_GRAINS = ("leads", "contacts", "surveys", "complaints", "outcomes")
CONFIRM = "to_confirm.xlsx"
Progress = Callable[[str], None]


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Through memory: pyarrow cannot open a Chinese path under a GBK locale."""
    held = io.BytesIO()
    frame.to_parquet(held, index=False)
    path.write_bytes(held.getvalue())


def read_parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(path.read_bytes()))


def quiet(step: str) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class Intake:
    """Clean tables of one client, and what was found out about them.

    Attributes
    ----------
    orders : clean order lines or None
    people : one row per known customer with the attributes found
    ledger : one line per event, all files
    facts : JSON-able: as_of, totals, sources, notes, quality, unknown statuses, grain, data_sha256
    known : personal values of this client's input by kind, for the leak scan; never saved
    harmless : values of the columns that client.yml calls not personal
    shield : surrogates, where the client's own key is personal
    tables, cleaned, mappings : as they came out of cleaning, for `init` and its questions
    """

    orders: pd.DataFrame | None
    people: pd.DataFrame
    ledger: pd.DataFrame
    facts: dict[str, Any]
    known: dict[str, set[str]]
    harmless: set[str]
    shield: Shield | None
    tables: dict[Grain, Table]
    cleaned: dict[Grain, Cleaned]
    mappings: dict[Grain, Mapping]

    @property
    def worth(self) -> pd.Series:
        """Money by customer id as it stands in the client's files: from the orders where there are any."""
        main = self.cleaned["orders" if "orders" in self.cleaned else "customers"]
        money = "amount" if main.grain == "orders" else "monetary"
        return main.frame.groupby("customer_id")[money].sum().round(2)

    def save(self, folder: Path) -> None:
        if self.orders is not None:
            write_parquet(self.orders, folder / "orders.parquet")
        write_parquet(self.people, folder / "people.parquet")
        write_parquet(self.ledger, folder / "ledger.parquet")
        if self.shield is not None:
            (folder / "internal").mkdir()
            write_parquet(self.shield.keys, folder / "internal" / "keys.parquet")
        text = json.dumps(self.facts, ensure_ascii=False, indent=1, default=str)
        (folder / "intake.json").write_text(text, encoding="utf-8")


def load_intake(folder: Path) -> tuple[pd.DataFrame | None, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Orders or None, people, ledger and facts as `Intake.save` wrote them."""
    orders = folder / "orders.parquet"
    facts = json.loads((folder / "intake.json").read_text(encoding="utf-8"))
    return (
        read_parquet(orders) if orders.is_file() else None,
        read_parquet(folder / "people.parquet"),
        read_parquet(folder / "ledger.parquet"),
        facts,
    )


def take_in(
    config: Config, *, as_of: dt.date | None = None, progress: Progress = quiet, confirmed: bool = True
) -> Intake:
    """Read and clean every file the config names.

    `confirmed=False` leaves the answers in to_confirm.xlsx aside.

    Raises
    ------
    InputProblems : everything that is wrong with any file, mapping or answer, at once
    """
    problems: list[Problem] = []
    try:
        schemes_of(load_playbook(config.playbook, folder=config.folder), config.schemes)
    except InputProblems as found:
        problems += found.problems
    tables: dict[Grain, Table] = {}
    mappings: dict[Grain, Mapping] = {}
    for grain in GRAINS:
        paths = config.input.paths(grain, config.folder)
        if not paths:
            continue
        progress("read")
        try:
            tables[grain] = read_tables(paths)
            mappings[grain] = _mapping(config, tables[grain], grain)
            problems += check_mapping(
                mappings[grain], tables[grain], alone="orders" not in tables or grain == "orders"
            )
        except InputProblems as found:
            problems += found.problems
    said: Confirmed | None = None
    if confirmed and (config.folder / CONFIRM).is_file():
        now = {source.file: source.sha256 for table in tables.values() for source in table.sources}
        try:
            said = read_confirm(config.folder / CONFIRM, sources=now)
        except InputProblems as found:
            problems += found.problems
    if problems:
        raise InputProblems(problems)

    progress("clean")
    cleaned: dict[Grain, Cleaned] = {}
    day = as_of or config.as_of
    for grain, table in tables.items():
        try:
            cleaned[grain] = _clean(table, mappings[grain], day, said)
        except InputProblems as found:
            problems += found.problems
            continue
        day = day or cleaned[grain].as_of.date  # one day for all tables: the one the orders give
    if problems:
        raise InputProblems(problems)
    return _joined(config, tables, mappings, cleaned, said.notes if said else ())


def not_yet(config: Config) -> list[Problem]:
    """Settings of client.yml that are read but have no effect in this version."""
    team = config.followup.team or []
    idle = {
        "followup.holdout": config.followup.holdout > 0,
        "followup.team.channels": any(member.channels for member in team),
        "followup.team.regions": any(member.regions for member in team),
        "findings": bool(config.findings),
        "brand": config.brand != type(config.brand)(),
        "crm.targets": config.crm.targets not in ([], ["generic"]),
        "privacy.contacts": config.privacy.contacts != "none",
        "input.engine": config.input.engine != "pandas",
        **{f"input.{grain}": bool(getattr(config.input, grain)) for grain in LATER_GRAINS},
    }
    return [
        Problem("config.not_yet", {"key": key}, file=config.path.name) for key, set_ in idle.items() if set_
    ]


def _clean(table: Table, mapping: Mapping, as_of: dt.date | None, confirmed: Confirmed | None) -> Cleaned:
    """Clean, and clean again with the client's answers: pairs are named by rows, ids are known only then."""
    try:
        cleaned = clean(table, mapping, as_of=as_of)
        answers = Answers() if confirmed is None else confirmed.answers(cleaned.twins)
        return cleaned if answers == Answers() else clean(table, mapping, as_of=as_of, answers=answers)
    except InputProblems as found:
        file = table.sources[0].file if len(table.sources) == 1 else None
        raise InputProblems([replace(p, file=p.file or file) for p in found.problems]) from None


def _worth(main: Cleaned, twins: pd.DataFrame) -> float:
    """The money of everybody who is one of a pair."""
    money = main.frame["amount" if main.grain == "orders" else "monetary"]
    return round(float(money[main.frame["customer_id"].isin({*twins["id_a"], *twins["id_b"]})].sum()), 2)


def _mapping(config: Config, table: Table, grain: Grain) -> Mapping:
    named = config.mapping.get(grain)
    return mapping_from(table, dict(named), grain) if named else suggest_mapping(table, grain)


def _joined(
    config: Config,
    tables: dict[Grain, Table],
    mappings: dict[Grain, Mapping],
    cleaned: dict[Grain, Cleaned],
    answered: Sequence[Problem],
) -> Intake:
    main = cleaned["orders" if "orders" in cleaned else "customers"]
    people = cleaned["customers"].people if "customers" in cleaned else main.people
    if "customers" in cleaned and "orders" in cleaned:
        # the customer list leads; what only the orders know is added
        extra = cleaned["orders"].people
        people = people.set_index("customer_id").combine_first(extra.set_index("customer_id")).reset_index()
    sources = [asdict(source) for table in tables.values() for source in table.sources]
    for source in sources:
        source.pop("path")
    said = [*(n for one in cleaned.values() for n in one.notes), *answered]
    notes = [asdict(note) for note in (*said, *(n for m in mappings.values() for n in m.notes))]
    grade = quality(main)
    doubles = pd.concat([one.twins for one in cleaned.values()], ignore_index=True)
    doubles = doubles.drop_duplicates(["id_a", "id_b"])
    facts: dict[str, Any] = {
        "grain": main.grain,
        "as_of": asdict(main.as_of),
        "totals": main.totals.as_dict(),
        "sources": sources,
        "notes": notes,
        "unknown_status": main.unknown_status.to_dict("records"),
        "customers_gone": main.customers_gone,
        "twins": len(doubles),
        "twins_money": _worth(main, doubles),
        "quality": {
            "rows": grade.rows,
            "overall": {
                "completeness": grade.completeness,
                "accuracy": grade.accuracy,
                "timeliness": grade.timeliness,
                "repair": grade.repair,
            },
            "fields": [asdict(field) for field in grade.fields],
        },
        "mapping": {grain: dict(m.columns) for grain, m in mappings.items()},
        "data_sha256": hashlib.sha256("".join(s["sha256"] for s in sources).encode("ascii")).hexdigest(),
    }
    ledger = pd.concat([one.ledger for one in cleaned.values()], ignore_index=True)
    orders = cleaned["orders"].frame if "orders" in cleaned else None
    shield = shield_for(config, main, people["customer_id"])
    known = _known(cleaned, shield)
    if shield is not None:
        people = shield.over(people)
        orders = None if orders is None else shield.over(orders)
        facts["notes"].append(asdict(shield.note))
        facts["key_fingerprint"] = shield.fingerprint
    harmless = _harmless(config, tables)
    return Intake(orders, people, ledger, facts, known, harmless, shield, tables, cleaned, mappings)


def _known(cleaned: dict[Grain, Cleaned], shield: Shield | None) -> dict[str, set[str]]:
    """Personal values of this client's input by kind, to look for in every artefact."""
    known: dict[str, set[str]] = {}
    columns = [(one.people, {c: c for c in PERSONAL if c in one.people.columns}) for one in cleaned.values()]
    if shield is not None:
        columns.append((shield.keys, {"customer_id": shield.kind}))
    for frame, kinds in columns:
        for kind, values in known_values(frame, kinds).items():
            known.setdefault(kind, set()).update(values)
    return known


def _harmless(config: Config, tables: dict[Grain, Table]) -> set[str]:
    """What stands in the columns that client.yml calls not personal."""
    return {
        value
        for table in tables.values()
        for name in config.privacy.not_personal
        if name in table.frame.columns
        for value in table.frame[name].unique()
    }
