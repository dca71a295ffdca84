"""The client's files become clean tables: the half of a report that needs no notebook.

`take_in` reads and cleans, `Intake.save` writes what the notebook needs; a notebook run by itself does the same
through the same functions.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.config import Config
from segkit.intake.cleaning import Cleaned, clean
from segkit.intake.confirm import Confirmed, read_confirm
from segkit.intake.further_tables import FurtherTable, OpenTable
from segkit.intake.ledger import no_events
from segkit.intake.mapping import GRAINS, Grain, mapping_from, suggest_mapping
from segkit.intake.mapping import Mapping as Columns
from segkit.intake.mapping_check import check_mapping
from segkit.intake.reading import read_tables
from segkit.intake.settling import Answers
from segkit.intake.side_grains import SIDES, Side
from segkit.intake.table import Table
from segkit.playbooks import load_playbook, schemes_of
from segkit.privacy.known import known_values
from segkit.problems import InputProblems, Problem
from segkit.report.clean_tables import Intake
from segkit.report.engine_step import EngineIntake
from segkit.report.filled_cells import as_in_team, filled_from, under_surrogates
from segkit.report.further_step import about, cut, joined_ledger, latest, of_known_customers, open_further
from segkit.report.intake_facts import ROWS, Beside, found_out, harmless_of, known_of, overall
from segkit.report.lead_step import key_heads, lead_keys, of_leads, surrogated
from segkit.report.shield import shield_for
from segkit.report.side_step import cut_sides, open_sides, tie
from segkit.workdays import next_working_monday

CONFIRM = "to_confirm.xlsx"
Progress = Callable[[str], None]


def quiet(step: str) -> None:
    """Says nothing."""


def take_in(
    config: Config, *, as_of: dt.date | None = None, progress: Progress = quiet, confirmed: bool = True
) -> Intake:
    """Read and clean every file the config names.

    `confirmed=False`, for a client.yml in the making, leaves the answers in to_confirm.xlsx and the first day of
    the plan aside.

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
    mappings: dict[Grain, Columns] = {}
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
    sides, wrong = open_sides(config, reads)
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
    happened: dict[str, OpenTable] = {
        grain: side.opened for grain, side in sides.items() if grain != "opt_outs"
    }
    reaches = latest({**opened, **happened})
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
    told: dict[Side, FurtherTable] = {}
    if day is not None:
        problems += _starts_too_early(config, day) if confirmed else []
        further, wrong = cut(opened, day, same)
        told, more = cut_sides(sides, config, day, same)
        problems += [*wrong, *more]
    if problems:
        raise InputProblems(problems)
    beside = Beside(opened, further, sides, told, said.notes if said else ())
    return _joined(config, tables, mappings, cleaned, beside)


def _take_in_engine(config: Config, as_of: dt.date | None, progress: Progress) -> Intake:
    """Orders in their engine; the customer list and further tables in pandas, on the day the orders give."""
    block = config.input
    beside = [grain for grain in ("leads", *SIDES) if getattr(block, grain)]
    if (block.tables or beside) and not block.customers:
        facts = {"engine": block.engine}
        raise InputProblems([Problem("engine.tables_want_customers", facts, file=config.path.name)])
    reads = _reads(config)
    progress("read")
    large = EngineIntake(config, as_of, reads["orders"])
    try:
        progress("clean")
        if early := _starts_too_early(config, large.day):
            raise InputProblems(early)
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
        "further": [] if listed is None else listed.facts["further"],
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
    return {"rows": orders["rows"] + people["rows"], **overall(fields)}


def _reads(config: Config) -> dict[str, set[str]]:
    """The columns the playbook and the client's own schemes look at, by table."""
    playbook = load_playbook(config.playbook, folder=config.folder)
    schemes = schemes_of(playbook, config.schemes, file=config.path.name, lines=config.scheme_line)
    needed = {column for scheme in schemes.values() for column in scheme.needs()}
    people = {*playbook.columns_read("customers"), *needed}
    return {
        "orders": {*playbook.columns_read("orders")},
        "customers": people,
        "leads": {*people, *playbook.columns_read("leads")},
        **{grain: {*playbook.columns_read(grain)} for grain in SIDES},
    }


def not_yet(config: Config) -> list[Problem]:
    """Settings of client.yml that are read but have no effect in this version."""
    idle = {
        "findings": bool(config.findings),
        "brand": config.brand != type(config.brand)(),
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


def _starts_too_early(config: Config, as_of: dt.date) -> list[Problem]:
    """A plan that would begin on a day that is over."""
    start = config.followup.start
    if start is None or start > as_of:
        return []
    following = as_of + dt.timedelta(days=1)
    facts = {"start": start, "as_of": as_of, "next": following, "monday": next_working_monday(as_of)}
    return [Problem("config.start_over", facts, file=config.path.name, row=config.line("followup", "start"))]


def _clean(
    table: Table, mapping: Columns, as_of: dt.date | None, confirmed: Confirmed | None, **more: Any
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


def _mapping(config: Config, table: Table, grain: Grain, reads: Collection[str]) -> Columns:
    named = config.mapping.get(grain)
    return mapping_from(table, dict(named), grain, also=reads) if named else suggest_mapping(table, grain)


def _joined(
    config: Config,
    tables: dict[Grain, Table],
    mappings: dict[Grain, Columns],
    cleaned: dict[Grain, Cleaned],
    beside: Beside,
) -> Intake:
    main = next(cleaned[grain] for grain in GRAINS if grain in cleaned)
    from_orders: dict[str, list[str]] = {}
    people = cleaned["customers"].people if "customers" in cleaned else main.people
    if "customers" in cleaned and "orders" in cleaned:
        # the customer list leads; what only the orders know is added
        people, from_orders = filled_from(people, cleaned["orders"].people)
    leads = of_leads(cleaned, people)
    # what comes back from our own sheets stands under surrogates
    shield = shield_for(config, key_heads(main), people["customer_id"])
    keys = lead_keys(config, cleaned, leads, shield)
    happened = tie(beside.sides, beside.told, people, leads, config, keys or shield)
    people, leads = as_in_team(happened.people, config), happened.leads
    lines = cleaned["orders"].frame if "orders" in cleaned else None
    rows = of_known_customers(config, beside.further, people, lines)
    rows |= ({} if leads is None else {"leads": leads}) | happened.rows
    rows = {name: as_in_team(frame, config) for name, frame in rows.items() if len(frame)}
    facts = found_out(tables, mappings, cleaned, beside, happened, people)
    facts["tables"] = {
        name: about(beside.opened[name], one, rows.get(name, one.frame[:0]))
        for name, one in beside.further.items()
    } | happened.about
    facts["further"] = [*rows]
    everything = [*beside.further.values(), *beside.told.values()]
    ledger = joined_ledger([one.ledger for one in cleaned.values()], everything)
    known = known_of(cleaned, everything, shield if keys is None else keys)
    if shield is not None:
        people = shield.over(people)
        lines = None if lines is None else shield.over(lines)
    if (hidden := keys or shield) is not None:
        rows = {name: surrogated(frame, hidden) for name, frame in rows.items()}
        facts["notes"].append(asdict(hidden.note))
        facts["key_fingerprint"] = hidden.fingerprint
    facts["from_orders"] = from_orders if shield is None else under_surrogates(from_orders, shield)
    harmless = harmless_of(config, [*tables.values(), *beside.tables])
    return Intake(
        lines, people, ledger, facts, known, harmless, keys or shield, rows, tables, cleaned, mappings
    )
