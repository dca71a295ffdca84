"""Exports of known systems, invented ones: recognised by their headings, mapped, and what to check is said."""

from __future__ import annotations

import pytest
from intake_tables import table_of

from segkit.intake.export_systems import (
    FEWEST_KNOWN,
    FEWEST_TELLING,
    SURE,
    UNSURE,
    recognised,
    spelling,
    systems,
)
from segkit.intake.grains import GRAINS
from segkit.intake.mapping import Mapping, canonical_columns, suggest_mapping
from segkit.intake.side_grains import SIDES, SideMapping, side_fields, suggest_side
from segkit.intake.table import Table

EVERY = [pytest.param(system, id=f"{system.id}-{system.grain}") for system in systems()]
# what cells of a canonical column may look like
CELLS = {
    "order_date": "2025-03-{n:02d} 10:20:00",
    "register_date": "2025-03-{n:02d}",
    "last_order": "2025-03-{n:02d}",
    "first_contact": "2025-03-{n:02d}",
    "last_follow_up": "2025-03-{n:02d}",
    "date": "2025-03-{n:02d} 09:00",
    "next_date": "2025-04-{n:02d}",
    "amount": "{n}.50",
    "refund": "0.00",
    "monetary": "{n}00.50",
    "expected_amount": "{n}000.00",
    "quantity": "{n}",
    "frequency": "{n}",
    "minutes": "{n}",
    "phone": "100000000{n:02d}",
    "email": "kehu{n}@example.com",
}


def export_of(headings: dict[str, str | None]) -> Table:
    """An invented export with every heading of a system."""
    rows = [
        [CELLS.get(field or "", "甲{n:03d}").format(n=n) for field in headings.values()] for n in range(1, 25)
    ]
    return table_of([*headings], rows, "export.csv")


def guessed(table: Table, grain: str) -> Mapping | SideMapping:
    side = next((side for side in SIDES if side == grain), None)
    return suggest_side(table, side) if side else suggest_mapping(table)


@pytest.mark.parametrize("system", EVERY)
def test_an_export_is_recognised_and_every_meaning_found_once(system) -> None:
    table = export_of(system.headings)
    found = recognised([*system.headings], None if system.grain in GRAINS else system.grain)
    assert found is not None and (found.system.id, found.system.grain) == (system.id, system.grain)
    mapping = guessed(table, system.grain)
    assert mapping.grain == system.grain
    wanted = {field for field in system.headings.values() if field is not None}
    assert {*mapping.columns.values()} >= wanted
    assert len(mapping.columns) == len({*mapping.columns.values()})
    for guess in mapping.guesses:
        if guess.reason_id == "mapping.reason.system":
            assert system.headings[spelling(guess.column)] == guess.field
            assert guess.confidence == (UNSURE if spelling(guess.column) in system.unsure else SURE)
            assert all(system.title[lang] in guess.text(lang) for lang in ("zh", "en"))


@pytest.mark.parametrize("system", EVERY)
def test_what_is_said_names_the_system_and_what_to_check(system) -> None:
    [note] = [
        n
        for n in guessed(export_of(system.headings), system.grain).notes
        if n.id.startswith("mapping.system")
    ]
    assert system.title["zh"] in note.text("zh") and system.title["en"] in note.text("en")
    unsure = [head for head in system.headings if head in system.unsure]
    assert note.facts["unsure"] == unsure and note.id.endswith("_unsure") == bool(unsure)
    assert all(head in note.text("zh") for head in unsure)


@pytest.mark.parametrize("system", EVERY)
def test_a_table_of_a_system_speaks_of_columns_that_exist(system) -> None:
    known = canonical_columns(system.grain) if system.grain in GRAINS else [*side_fields(system.grain)]
    assert {field for field in system.headings.values() if field} <= {*known}
    assert (
        len(system.telling & system.headings.keys()) >= FEWEST_TELLING
        and len(system.headings) >= FEWEST_KNOWN
    )


def test_a_column_nothing_is_taken_from_stays_unused() -> None:
    table = export_of({"订单编号": "order_id", "买家会员名": None, "买家应付货款": "amount", "买家实际支付金额": "amount",
                       "订单创建时间": "order_date", "订单付款时间": "order_date", "宝贝标题": None})  # fmt: skip
    mapping = suggest_mapping(table)
    assert (mapping.column("amount"), mapping.column("order_date")) == ("买家实际支付金额", "订单创建时间")
    assert "买家应付货款" not in mapping.columns and "订单付款时间" not in mapping.columns


def test_an_empty_column_of_a_system_loses_to_a_filled_one() -> None:
    heads = ["订单编号", "买家会员名", "买家实际支付金额", "宝贝标题", "订单创建时间", "实付款"]
    rows = [[f"T{n}", f"甲{n % 5}", "", "茶", f"2025-03-{n:02d}", f"{n}.5"] for n in range(1, 25)]
    assert suggest_mapping(table_of(heads, rows)).column("amount") == "实付款"


@pytest.mark.parametrize(
    "heads",
    [
        ["订单编号", "客户编号", "下单日期", "金额", "订单状态", "数量"],
        ["订单编号", "买家会员名", "下单日期", "金额"],  # one telling word is too few
        ["Name", "Email", "Total", "Created at", "Financial Status"],
        ["Lead Status", "Phone"],
    ],
)
def test_plain_headings_are_of_no_system(heads: list[str]) -> None:
    assert recognised(heads) is None


def test_brackets_tell_two_columns_of_one_system_apart() -> None:
    heads = {"ID": "order_id", "Purchase Date": "order_date", "Bill-to Name": "name", "Status": "status",
             "Grand Total (Purchased)": "refund", "Grand Total (Base)": "amount"}  # fmt: skip
    assert suggest_mapping(export_of(heads)).column("amount") == "Grand Total (Base)"
