"""Small client tables for the intake tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from intake_tables import ORDERS, table_of

from segkit.intake.cleaning import Cleaned, clean
from segkit.intake.mapping import mapping_from


@pytest.fixture
def orders() -> Callable[..., Cleaned]:
    """Clean an order table written row by row; more columns through `more`."""

    def made(rows: Sequence[Sequence[str]], *, more: dict[str, str] | None = None, **options) -> Cleaned:
        columns = ORDERS | (more or {})
        table = table_of(list(columns), rows)
        return clean(table, mapping_from(table, columns, "orders"), **options)

    return made


@pytest.fixture
def totals() -> Callable[..., Cleaned]:
    """Clean a customer table with totals; `columns` maps headings to canonical columns."""

    def made(columns: dict[str, str], rows: Sequence[Sequence[str]], **options) -> Cleaned:
        table = table_of(list(columns), rows)
        return clean(table, mapping_from(table, columns, "customers"), **options)

    return made
