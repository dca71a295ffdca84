"""The client's files become clean tables: the half of a report that needs no notebook.

`take_in` reads and cleans, `Intake.save` writes what the notebook needs; a notebook run by itself does the same
through the same functions.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.config import Config
from segkit.intake.cleaning import PERSONAL, Cleaned, clean
from segkit.intake.confirm import Confirmed, read_confirm
from segkit.intake.further_tables import FurtherTable, OpenTable
from segkit.intake.ledger import Totals, no_events
from segkit.intake.mapping import Grain, Mapping, mapping_from, suggest_mapping
from segkit.intake.mapping_check import check_mapping, no_money
from segkit.intake.own_columns import own_of
from segkit.intake.profile import quality
from segkit.intake.reading import read_tables
from segkit.intake.settling import Answers
from segkit.intake.table import Table
from segkit.playbooks import load_playbook, schemes_of
from segkit.privacy.known import known_values
from segkit.problems import InputProblems, Problem
from segkit.report.clean_tables import Intake
from segkit.report.engine_step import EngineIntake
from segkit.report.further_step import about, cut, joined_ledger, latest, of_known_customers, open_further
from segkit.report.shield import Shield, shield_for

GRAINS: tuple[Grain, ...] = ("orders", "customers")
LATER_GRAINS = ("leads", "contacts", "surveys", "complaints", "outcomes")
CONFIRM = "to_confirm.xlsx"
ROWS = ("rows_in", "kept", "changed", "merged", "set_aside")
Progress = Callable[[str], None]


def quiet(step: str) -> None:
    """Says nothing."""


def take_in(
    config: Config, *, as_of: dt.date | None = None, progress: Progress = quiet, confirmed: bool = True
) -> Intake:
    """Read and clean every file the config names.

    `confirmed=False` leaves the answers in to_confirm.xlsx aside.

    Raises
    ------
    InputProblems : everything that is wrong with any file, mapping or answer, at once
    """
    if config.input.engine != "pandas":
        return _take_in_engine(config, as_of, progress)
    problems: list[Problem] = []
    reads: dict[str, set[str]] = {}
    try:
        reads = _reads(config)
    except InputProblems as found:
        problems += found.problems
        # what the mapping names cannot be judged without a playbook
        reads = {grain: {*filter(None, columns.values())} for grain, columns in config.mapping.items()}
    tables: dict[Grain, Table] = {}
    mappings: dict[Grain, Mapping] = {}
    for grain in GRAINS:
        paths = config.input.paths(grain, config.folder)
        if not paths:
            continue
        progress("read")
        try:
            tables[grain] = read_tables(paths)
            mappings[grain] = _mapping(config, tables[grain], grain, reads.get(grain, ()))
            problems += check_mapping(
                mappings[grain], tables[grain], alone="orders" not in tables or grain == "orders"
            )
        except InputProblems as found:
            problems += found.problems
    opened, wrong = open_further(config)
    problems += wrong
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
    same: tuple[tuple[str, str], ...] = ()
    day = as_of or config.as_of
    reaches = latest(opened)
    for grain, table in tables.items():
        try:
            cleaned[grain], answers = _clean(
                table, mappings[grain], day, said, wanted=reads.get(grain, ()), reaches=reaches
            )
        except InputProblems as found:
            problems += found.problems
            continue
        same += answers.merge
        day = day or cleaned[grain].as_of.date  # one day for all tables: the one the orders give
    further: dict[str, FurtherTable] = {}
    if day is not None:
        further, wrong = cut(opened, day, same)
        problems += wrong
    if problems:
        raise InputProblems(problems)
    return _joined(config, tables, mappings, cleaned, opened, further, said.notes if said else ())


def _take_in_engine(config: Config, as_of: dt.date | None, progress: Progress) -> Intake:
    """Orders in their engine; the customer list and further tables in pandas, on the day the orders give."""
    block = config.input
    if block.tables and not block.customers:
        facts = {"engine": block.engine}
        raise InputProblems([Problem("engine.tables_want_customers", facts, file=config.path.name)])
    reads = _reads(config)
    progress("read")
    large = EngineIntake(config, as_of, reads["orders"])
    try:
        progress("clean")
        listed = None
        if block.customers:
            small = block.model_copy(update={"orders": [], "engine": "pandas"})
            listed = take_in(config.model_copy(update={"input": small}), as_of=large.day, confirmed=False)
        table = large.customers(None if listed is None or listed.shield else listed.people)
        aside, facts, sources = large.aside(), large.facts(), large.sources()
    finally:
        large.engine.close()
    return _with_engine(config, large, listed, table, aside, facts, sources)


def _with_engine(
    config: Config,
    large: EngineIntake,
    listed: Intake | None,
    table: pd.DataFrame,
    aside: Path | None,
    facts: dict[str, Any],
    sources: list[dict[str, Any]],
) -> Intake:
    """What an engine found out, beside what the customer list says."""
    people = table[["customer_id"]] if listed is None else listed.people
    sources = [*sources, *([] if listed is None else listed.facts["sources"])]
    kept = (
        []
        if listed is None
        else [n for n in listed.facts["notes"] if not n["id"].startswith("mapping.no_money")]
    )
    facts |= {
        "sources": sources,
        "notes": [*(asdict(note) for note in large.orders.notes), *kept],
        "twins": 0 if listed is None else listed.facts["twins"],
        "twins_money": 0.0,
        "tables": {} if listed is None else listed.facts["tables"],
        "counted": [_engine_rows(large), *([] if listed is None else listed.facts["counted"])],
        "quality": facts["quality"] if listed is None else _joint_quality(large, facts, listed),
        "mapping": {"orders": large.mapping, **({} if listed is None else listed.facts["mapping"])},
        "data_sha256": hashlib.sha256("".join(s["sha256"] for s in sources).encode("ascii")).hexdigest(),
    }
    heads = {field: head for head, field in large.mapping.items()}
    shield = shield_for(config, heads, table["customer_id"])
    known = {} if listed is None else dict(listed.known)
    if shield is not None:
        for kind, values in known_values(shield.keys, {"customer_id": shield.kind}).items():
            known[kind] = known.get(kind, set()) | values
        table, people = shield.over(table), shield.over(people)
        facts["notes"].append(asdict(shield.note))
        facts["key_fingerprint"] = shield.fingerprint
    ledger = no_events() if listed is None else listed.ledger
    return Intake(
        orders=None,
        people=people,
        ledger=ledger,
        facts=facts,
        known=known,
        harmless=set() if listed is None else listed.harmless,
        shield=shield,
        further={} if listed is None else listed.further,
        tables={} if listed is None else listed.tables,
        cleaned={},
        mappings={} if listed is None else listed.mappings,
        table=table,
        aside=aside,
    )


def _engine_rows(large: EngineIntake) -> dict[str, Any]:
    files = [Path(file).name for file in large.files]
    return {"grain": "orders", "files": files, **{fate: getattr(large.orders.totals, fate) for fate in ROWS}}


def _joint_quality(large: EngineIntake, facts: dict[str, Any], listed: Intake) -> dict[str, Any]:
    first = Path(large.files[0]).name
    orders, people = facts["quality"], listed.facts["quality"]
    fields = [*({**field, "file": first} for field in orders["fields"]), *people["fields"]]
    return {"rows": orders["rows"] + people["rows"], **_overall(fields)}


def _reads(config: Config) -> dict[str, set[str]]:
    """The columns the playbook and the client's own schemes look at, by table."""
    playbook = load_playbook(config.playbook, folder=config.folder)
    schemes = schemes_of(playbook, config.schemes, file=config.path.name, lines=config.scheme_line)
    needed = {column for scheme in schemes.values() for column in scheme.needs()}
    return {
        "orders": {*playbook.columns_read("orders")},
        "customers": {*playbook.columns_read("customers"), *needed},
    }


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
        **{f"input.{grain}": bool(getattr(config.input, grain)) for grain in LATER_GRAINS},
    }
    later = [
        Problem("config.not_yet", {"key": key}, file=config.path.name) for key, set_ in idle.items() if set_
    ]
    block = config.input
    no_effect = [
        Problem("engine.idle_setting", {"key": key, "engine": block.engine}, file=config.path.name)
        for key, engines in (("memory", ("duckdb", "spark")), ("master", ("spark",)))
        if getattr(block, key) and block.engine not in engines
    ]
    return [*later, *no_effect]


def _clean(
    table: Table, mapping: Mapping, as_of: dt.date | None, confirmed: Confirmed | None, **more: Any
) -> tuple[Cleaned, Answers]:
    """Clean, and clean again with the client's answers: pairs are named by rows, ids are known only then."""
    try:
        cleaned = clean(table, mapping, as_of=as_of, **more)
        answers = Answers() if confirmed is None else confirmed.answers(cleaned.twins)
        if answers != Answers():
            cleaned = clean(table, mapping, as_of=as_of, answers=answers, **more)
        return cleaned, answers
    except InputProblems as found:
        file = table.sources[0].file if len(table.sources) == 1 else None
        raise InputProblems([replace(p, file=p.file or file) for p in found.problems]) from None


def _worth(main: Cleaned, twins: pd.DataFrame) -> float:
    """The money of everybody who is one of a pair."""
    money = main.frame["amount" if main.grain == "orders" else "monetary"]
    return round(float(money[main.frame["customer_id"].isin({*twins["id_a"], *twins["id_b"]})].sum()), 2)


def _mapping(config: Config, table: Table, grain: Grain, reads: Collection[str]) -> Mapping:
    named = config.mapping.get(grain)
    return mapping_from(table, dict(named), grain, also=reads) if named else suggest_mapping(table, grain)


def _joined(
    config: Config,
    tables: dict[Grain, Table],
    mappings: dict[Grain, Mapping],
    cleaned: dict[Grain, Cleaned],
    opened: dict[str, OpenTable],
    further: dict[str, FurtherTable],
    answered: Sequence[Problem],
) -> Intake:
    main = cleaned["orders" if "orders" in cleaned else "customers"]
    people = cleaned["customers"].people if "customers" in cleaned else main.people
    if "customers" in cleaned and "orders" in cleaned:
        # the customer list leads; what only the orders know is added
        extra = cleaned["orders"].people
        people = people.set_index("customer_id").combine_first(extra.set_index("customer_id")).reset_index()
    sources = [
        asdict(source)
        for table in (*tables.values(), *(one.table for one in opened.values()))
        for source in table.sources
    ]
    for source in sources:
        source.pop("path")
    lines = cleaned["orders"].frame if "orders" in cleaned else None
    rows = of_known_customers(config, further, people, lines)
    said = [*(n for one in cleaned.values() for n in one.notes)]
    if main.grain == "customers" and (without := no_money(mappings["customers"], tables["customers"])):
        said.append(without)
    said += [*(n for one in further.values() for n in one.notes), *answered]
    notes = [asdict(note) for note in (*said, *(n for m in mappings.values() for n in m.notes))]
    doubles = pd.concat([one.twins for one in cleaned.values()], ignore_index=True)
    doubles = doubles.drop_duplicates(["id_a", "id_b"])
    facts: dict[str, Any] = {
        "grain": main.grain,
        "as_of": asdict(main.as_of),
        "totals": main.totals.as_dict(),
        "has_money": main.grain == "orders" or bool(main.frame["monetary"].notna().any()),
        "sources": sources,
        "notes": notes,
        "unknown_status": main.unknown_status.to_dict("records"),
        "customers_gone": main.customers_gone,
        "twins": len(doubles),
        "twins_money": _worth(main, doubles),
        "quality": _quality(cleaned, tables),
        "counted": [_counted(tables[grain], one.totals, grain) for grain, one in cleaned.items()],
        "tables": {name: about(opened[name], one, rows[name]) for name, one in further.items()},
        "own_columns": own_of(people),
        "mapping": {grain: dict(m.columns) for grain, m in mappings.items()},
        "data_sha256": hashlib.sha256("".join(s["sha256"] for s in sources).encode("ascii")).hexdigest(),
    }
    ledger = joined_ledger([one.ledger for one in cleaned.values()], [*further.values()])
    orders = cleaned["orders"].frame if "orders" in cleaned else None
    shield = shield_for(config, main.heads, people["customer_id"])
    known = _known(cleaned, further, shield)
    rows = {name: frame for name, frame in rows.items() if len(frame)}
    if shield is not None:
        people = shield.over(people)
        orders = None if orders is None else shield.over(orders)
        rows = {name: shield.over(frame) for name, frame in rows.items()}
        facts["notes"].append(asdict(shield.note))
        facts["key_fingerprint"] = shield.fingerprint
    harmless = _harmless(config, [*tables.values(), *(one.table for one in opened.values())])
    return Intake(orders, people, ledger, facts, known, harmless, shield, rows, tables, cleaned, mappings)


def _files(table: Table) -> list[str]:
    return list(dict.fromkeys(source.file for source in table.sources))


def _counted(table: Table, totals: Totals, grain: Grain) -> dict[str, Any]:
    """The rows of one table by fate; further tables say the same of themselves."""
    return {"grain": grain, "files": _files(table), **{fate: getattr(totals, fate) for fate in ROWS}}


def _quality(cleaned: dict[Grain, Cleaned], tables: dict[Grain, Table]) -> dict[str, Any]:
    """Every field of orders and customers, those to repair first, and the means over them."""
    grades = {grain: quality(one) for grain, one in cleaned.items()}
    fields = [
        {**asdict(field), "file": _files(tables[grain])[0]}
        for grain, grade in grades.items()
        for field in grade.fields
    ]
    fields.sort(key=lambda field: field["repair"] == 0)
    return {"rows": sum(grade.rows for grade in grades.values()), **_overall(fields)}


def _overall(fields: list[dict[str, Any]]) -> dict[str, Any]:
    def mean(share: str) -> float | None:
        known = [field[share] for field in fields if field[share] is not None]
        return sum(known) / len(known) if known else None

    shares = {share: mean(share) for share in ("completeness", "accuracy", "timeliness")}
    return {"overall": {**shares, "repair": sum(field["repair"] for field in fields)}, "fields": fields}


def _known(
    cleaned: dict[Grain, Cleaned], further: dict[str, FurtherTable], shield: Shield | None
) -> dict[str, set[str]]:
    """Personal values of this client's input by kind, to look for in every artefact."""
    known: dict[str, set[str]] = {}
    columns = [(one.people, {c: c for c in PERSONAL if c in one.people.columns}) for one in cleaned.values()]
    columns += [(one.frame, one.personal) for one in further.values()]
    if shield is not None:
        columns.append((shield.keys, {"customer_id": shield.kind}))
    for frame, kinds in columns:
        for kind, values in known_values(frame, kinds).items():
            known.setdefault(kind, set()).update(values)
    return known


def _harmless(config: Config, tables: Sequence[Table]) -> set[str]:
    """What stands in the columns that client.yml calls not personal."""
    return {
        value
        for table in tables
        for name in config.privacy.not_personal
        if name in table.frame.columns
        for value in table.frame[name].unique()
    }
