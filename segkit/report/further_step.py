"""The intake of a client's further tables: opened beside the others, cut at their day, counted for the report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from segkit.config import Config
from segkit.intake.further_tables import FurtherTable, OpenTable, open_table
from segkit.intake.reading import read_tables
from segkit.intake.settling import AsOf
from segkit.intake.table import ORIGIN
from segkit.privacy.mask import mask_text
from segkit.problems import InputProblems, Problem

EVENT = [*ORIGIN, "reason", "column"]


def open_further(config: Config) -> tuple[dict[str, OpenTable], list[Problem]]:
    """Every table below `input.tables` that can be read, and what is wrong with the others."""
    opened: dict[str, OpenTable] = {}
    problems: list[Problem] = []
    for name, block in config.input.tables.items():
        try:
            table = read_tables(config.input.table_paths(name, config.folder))
            opened[name] = open_table(
                name,
                table,
                customer_id=block.key,
                date=block.date,
                columns=block.columns,
                everybody=block.everybody,
            )
        except InputProblems as found:
            problems += found.problems
    return opened, problems


def latest(opened: Mapping[str, OpenTable]) -> AsOf | None:
    """The last credible day of all of them."""
    days = [day for one in opened.values() if (day := one.reaches) is not None]
    return max(days, key=lambda day: day.date, default=None)


def cut(
    opened: Mapping[str, OpenTable], as_of: dt.date, same: tuple[tuple[str, str], ...]
) -> tuple[dict[str, FurtherTable], list[Problem]]:
    """The rows that count on the day; `same` are pairs of customers confirmed to be one."""
    further: dict[str, FurtherTable] = {}
    problems: list[Problem] = []
    for name, one in opened.items():
        try:
            further[name] = one.up_to(as_of, same)
        except InputProblems as found:
            problems += found.problems
    return further, problems


def of_customers(
    config: Config, name: str, table: FurtherTable, people: pd.DataFrame, orders: pd.DataFrame | None
) -> pd.DataFrame:
    """The rows of known customers; where rows belong to orders, of orders that count, with both ids.

    All rows where client.yml asks for everybody's.
    """
    rows = table.frame
    if config.input.tables[name].everybody:
        return rows
    if config.input.tables[name].order_id is not None:
        rows = rows.rename(columns={"customer_id": "order_id"})
        whose = pd.Series(dtype="str")
        if orders is not None and "order_id" in orders.columns:
            known = orders.dropna(subset=["order_id"]).drop_duplicates("order_id")
            whose = known.set_index("order_id")["customer_id"]
        rows.insert(0, "customer_id", rows["order_id"].map(whose))
    return rows[rows["customer_id"].isin(people["customer_id"])]


def of_known_customers(
    config: Config, further: Mapping[str, FurtherTable], people: pd.DataFrame, orders: pd.DataFrame | None
) -> dict[str, pd.DataFrame]:
    """`of_customers` of every table.

    Raises
    ------
    InputProblems : tables whose key finds nobody, each with an example of both sides
    """
    rows = {name: of_customers(config, name, one, people, orders) for name, one in further.items()}
    problems = []
    for name, one in further.items():
        if len(rows[name]) or not len(one.frame):
            continue
        block = config.input.tables[name]
        known = people["customer_id"]
        if block.order_id is not None:
            known = orders["order_id"].dropna() if orders is not None and "order_id" in orders else known[:0]
        there = [
            mask_text(str(ids.iloc[0])) if len(ids) else "-" for ids in (one.frame["customer_id"], known)
        ]
        facts = {"table": name, "key": block.key, "here": there[0], "there": there[1]}
        which = "tables.nobody_found" if block.order_id is None else "tables.no_order_found"
        problems.append(Problem(which, facts, file=config.path.name))
    if problems:
        raise InputProblems(problems)
    return rows


def about(opened: OpenTable, table: FurtherTable, used: pd.DataFrame) -> dict[str, Any]:
    """What the report says of a further table; `used` are its rows of known customers."""
    days = used["date"] if "date" in used.columns else pd.Series(dtype="datetime64[ns]")
    counts = {key: n for key, n in table.totals.as_dict().items() if not key.startswith("money")}
    return {
        "files": list(dict.fromkeys(source.file for source in opened.table.sources)),
        **counts,
        "reasons": table.reasons,
        "used": len(used),
        "customers": int(used["customer_id"].nunique()),
        "strangers": table.totals.kept + table.totals.changed - len(used),
        "first": None if days.empty else days.min().date(),
        "last": None if days.empty else days.max().date(),
        "columns": table.kinds,
    }


def joined_ledger(main: Sequence[pd.DataFrame], further: Sequence[FurtherTable]) -> pd.DataFrame:
    """One ledger; a file that is read as orders and as a further table stands in it once."""
    ledger = pd.concat(main, ignore_index=True)
    for table in further:
        said = pd.MultiIndex.from_frame(ledger[EVENT])
        fresh = ~pd.MultiIndex.from_frame(table.ledger[EVENT]).isin(said)
        ledger = pd.concat([ledger, table.ledger[fresh]], ignore_index=True)
    return ledger
