"""A contact log read the way a report reads `input.contacts`: ours, or whatever the client's own system exports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

from segkit.config import is_config, load_config
from segkit.intake.further_tables import FurtherTable
from segkit.intake.reading import read_table
from segkit.intake.side_grains import (
    SideMapping,
    check_side,
    open_side,
    shaped,
    side_fields,
    side_from,
    suggest_side,
)
from segkit.intake.table import Table
from segkit.problems import InputProblems

GRAIN: Literal["contacts"] = "contacts"


def read_contacts(path: Path, *, until: dt.date, config: Path | None = None) -> FurtherTable:
    """The contacts of a log up to a day, with the canonical columns of contacts.

    Parameters
    ----------
    path : contacts.csv as `segkit log import` keeps it, or a table with the client's own headings
    config : the client.yml whose `mapping.contacts` says what the headings mean, where the log is one of its inputs

    Raises
    ------
    InputProblems : the file cannot be read, or no column says who was contacted, or when
    """
    table = read_table(path)
    mapping = _mapping(table, path, config)
    if wrong := check_side(mapping, table):
        raise InputProblems(wrong)
    return shaped(GRAIN, open_side(table, mapping).up_to(until))


def _mapping(table: Table, path: Path, config: Path | None) -> SideMapping:
    """As client.yml has it, without what only a playbook reads; else by the headings."""
    if config is not None and config.is_file() and is_config(config):
        try:
            made = load_config(config)
        except InputProblems:
            return suggest_side(table, GRAIN)  # `check` and `report` say what is wrong with it
        given, known = made.mapping.get(GRAIN), side_fields(GRAIN)
        if given and path.absolute() in made.input.paths(GRAIN, made.folder):
            return side_from(table, {head: m for head, m in given.items() if m in known}, GRAIN)
    return suggest_side(table, GRAIN)
