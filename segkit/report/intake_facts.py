"""What the intake of a report found out: rows by fate, quality, notes, and what is personal in a client's input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from segkit.config import Config
from segkit.intake.cleaning import PERSONAL, Cleaned
from segkit.intake.columns import MONEY_OF
from segkit.intake.further_tables import FurtherTable, OpenTable
from segkit.intake.ledger import Totals
from segkit.intake.mapping import GRAINS, Grain
from segkit.intake.mapping import Mapping as Columns
from segkit.intake.mapping_check import no_money
from segkit.intake.own_columns import own_of
from segkit.intake.profile import quality
from segkit.intake.side_grains import Side
from segkit.intake.table import Table
from segkit.privacy.known import known_values
from segkit.problems import Problem
from segkit.report.shield import Shield
from segkit.report.side_step import OpenSide, Sides

ROWS = ("rows_in", "kept", "changed", "merged", "set_aside")


@dataclass(frozen=True)
class Beside:
    """What goes with orders, customers and leads: opened, and as far as it counts; and the notes on answers."""

    opened: Mapping[str, OpenTable]
    further: Mapping[str, FurtherTable]
    sides: Mapping[Side, OpenSide]
    told: Mapping[Side, FurtherTable]
    answered: Sequence[Problem]

    @property
    def tables(self) -> list[Table]:
        """All of them as they were read."""
        return [
            *(one.table for one in self.opened.values()),
            *(one.opened.table for one in self.sides.values()),
        ]


def found_out(
    tables: dict[Grain, Table],
    mappings: dict[Grain, Columns],
    cleaned: dict[Grain, Cleaned],
    beside: Beside,
    happened: Sides,
    people: pd.DataFrame,
) -> dict[str, Any]:
    """What was found out, as the report says it."""
    main = next(cleaned[grain] for grain in GRAINS if grain in cleaned)
    sources = [asdict(source) for table in (*tables.values(), *beside.tables) for source in table.sources]
    for source in sources:
        source.pop("path")
    said = [*(n for one in cleaned.values() for n in one.notes)]
    if main.grain == "customers" and (without := no_money(mappings["customers"], tables["customers"])):
        said.append(without)
    said += [*(n for one in beside.further.values() for n in one.notes), *happened.notes, *beside.answered]
    notes = [asdict(note) for note in (*said, *(n for m in mappings.values() for n in m.notes))]
    doubles = pd.concat([one.twins for one in cleaned.values()], ignore_index=True)
    doubles = doubles.drop_duplicates(["id_a", "id_b"])
    has_money = main.grain == "orders" or (
        main.grain == "customers" and bool(main.frame["monetary"].notna().any())
    )
    return {
        "grain": main.grain,
        "as_of": asdict(main.as_of),
        "totals": main.totals.as_dict(),
        "has_money": has_money,
        "sources": sources,
        "notes": notes,
        "unknown_status": main.unknown_status.to_dict("records"),
        "customers_gone": main.customers_gone,
        "twins": len(doubles),
        "twins_money": _worth(main, doubles),
        "quality": _quality(cleaned, tables, happened.quality),
        "counted": [_counted(tables[grain], one.totals, grain) for grain, one in cleaned.items()],
        "own_columns": own_of(people),
        "mapping": {str(grain): dict(m.columns) for grain, m in mappings.items()}
        | {str(grain): dict(side.mapping.columns) for grain, side in beside.sides.items()},
        "data_sha256": hashlib.sha256("".join(s["sha256"] for s in sources).encode("ascii")).hexdigest(),
    }


def _worth(main: Cleaned, twins: pd.DataFrame) -> float:
    """The money of everybody who is one of a pair."""
    key, money = ("lead_id" if main.grain == "leads" else "customer_id"), main.frame[MONEY_OF[main.grain]]
    return round(float(money[main.frame[key].isin({*twins["id_a"], *twins["id_b"]})].sum()), 2)


def _files(table: Table) -> list[str]:
    return list(dict.fromkeys(source.file for source in table.sources))


def _counted(table: Table, totals: Totals, grain: Grain) -> dict[str, Any]:
    """The rows of one table by fate; further tables say the same of themselves."""
    return {"grain": grain, "files": _files(table), **{fate: getattr(totals, fate) for fate in ROWS}}


def _quality(
    cleaned: dict[Grain, Cleaned], tables: dict[Grain, Table], more: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Every field of every table with canonical columns, those to repair first, and the means over them."""
    grades = {grain: quality(one) for grain, one in cleaned.items()}
    fields = [
        {**asdict(field), "file": _files(tables[grain])[0]}
        for grain, grade in grades.items()
        for field in grade.fields
    ]
    fields += more
    fields.sort(key=lambda field: field["repair"] == 0)
    return {"rows": sum(grade.rows for grade in grades.values()), **overall(fields)}


def overall(fields: list[dict[str, Any]]) -> dict[str, Any]:
    def mean(share: str) -> float | None:
        known = [field[share] for field in fields if field[share] is not None]
        return sum(known) / len(known) if known else None

    shares = {share: mean(share) for share in ("completeness", "accuracy", "timeliness")}
    return {"overall": {**shares, "repair": sum(field["repair"] for field in fields)}, "fields": fields}


def known_of(
    cleaned: dict[Grain, Cleaned], further: Sequence[FurtherTable], shield: Shield | None
) -> dict[str, set[str]]:
    """Personal values of this client's input by kind, to look for in every artefact."""
    known: dict[str, set[str]] = {}
    columns = [(one.people, {c: c for c in PERSONAL if c in one.people.columns}) for one in cleaned.values()]
    columns += [(one.frame, one.personal) for one in further]
    if shield is not None:
        columns.append((shield.keys, {"customer_id": shield.kind}))
    for frame, kinds in columns:
        for kind, values in known_values(frame, kinds).items():
            known.setdefault(kind, set()).update(values)
    return known


def harmless_of(config: Config, tables: Sequence[Table]) -> set[str]:
    """What stands in the columns that client.yml calls not personal."""
    return {
        value
        for table in tables
        for name in config.privacy.not_personal
        if name in table.frame.columns
        for value in table.frame[name].unique()
    }
