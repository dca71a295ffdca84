"""Further tables in client.yml: what is refused and in which words, and what `init` writes reads back."""

from __future__ import annotations

from pathlib import Path

import pytest

from segkit.config import Config, Draft, TableDraft, draft, parse_config
from segkit.locale import Lang
from segkit.problems import InputProblems


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("orders.csv", "export_gbk.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    return tmp_path


def problems_of(text: str, folder: Path) -> list[tuple[str, str, int | None]]:
    """Message id, English words and row of everything wrong with `text`."""
    with pytest.raises(InputProblems) as caught:
        parse_config(text, folder / "client.yml")
    assert all(p.text("zh") for p in caught.value.problems)
    return [(p.id, p.text("en"), p.row) for p in caught.value.problems]


TABLES = "client: {id: a}\ninput:\n  orders: orders.csv\n  tables:\n"


def test_further_tables_stand_by_name(folder: Path) -> None:
    text = TABLES + (
        "    visits: {files: export_gbk.csv, customer_id: 企业, date: 日期, columns: {有效: effective}}\n"
        "    items: {files: [orders.csv, '*.csv'], order_id: 单号}\n"
    )
    config = parse_config(text, folder / "client.yml")
    visits, items = config.input.tables.values()
    assert (visits.customer_id, visits.date, visits.columns) == ("企业", "日期", {"有效": "effective"})
    assert (items.key, items.date) == ("单号", None)
    assert config.input.table_paths("visits", config.folder) == [folder / "export_gbk.csv"]
    assert Config.model_validate_json(config.model_dump_json()).input == config.input


@pytest.mark.parametrize(
    ("block", "id", "word"),
    [
        ("visits: {files: visit.csv, customer_id: a}", "config.no_input_file", "visit.csv"),
        ("visits: {files: order.csv, customer_id: a}", "config.no_input_file_near", "orders.csv"),
        ("visits: {files: orders.csv, customer_id: a, dat: b}", "config.unknown_key_near", "date"),
        ("visits: {files: orders.csv, 客户编号: a}", "config.unknown_key_near", "customer_id"),
        ("visits: {customer_id: a}", "config.missing_key", "input.tables.visits.files"),
        ("visits: {files: [], customer_id: a}", "config.empty", "input.tables.visits.files"),
        ("visits: orders.csv", "config.not_block", "input.tables.visits"),
        ("customers: {files: orders.csv, customer_id: a}", "config.table_taken", "customers"),
        ("contacts: {files: orders.csv, customer_id: a}", "config.table_taken", "input.contacts"),
        ("visits: {files: orders.csv}", "config.table_key", "customer_id"),
    ],
)
def test_mistakes_in_a_further_table_are_named(folder: Path, block: str, id: str, word: str) -> None:
    found = problems_of(f"{TABLES}    {block}\n", folder)
    assert id in [i for i, _, _ in found]
    text, row = next((text, row) for i, text, row in found if i == id)
    assert word in text and row in (4, 5)


def test_a_draft_with_further_tables_reads_back(folder: Path) -> None:
    tables = [
        TableDraft(
            "aum",
            ["orders.csv"],
            customer_id="客户",
            date="月份",
            columns={"月日均, 元": "avg"},
            found=["avg"],
        ),
        TableDraft("items: 1", ["export_gbk.csv"], order_id="单号", lacking=["price"]),
    ]
    facts = Draft(
        "a", "甲", "zh", {"orders": ["orders.csv"]}, tables=tables, wanted={"visits": ["effective"]}
    )
    text = draft(facts)
    read = parse_config(text, folder / "client.yml")
    assert {n: (t.customer_id, t.order_id, t.date, t.columns) for n, t in read.input.tables.items()} == {
        "aum": ("客户", None, "月份", {"月日均, 元": "avg"}),
        "items: 1": (None, "单号", None, {}),
    }
    assert "# visits:" in text and "effective" in text and read.notes == ()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_draft_names_the_grains_no_file_was_found_for(folder: Path, lang: Lang) -> None:
    facts = Draft("a", "甲", lang, {"orders": ["orders.csv"], "contacts": ["export_gbk.csv"]})
    text = draft(facts)
    read = parse_config(text, folder / "client.yml")
    assert read.input.contacts == ["export_gbk.csv"] and read.followup.campaign == "" and read.notes == ()
    assert all(
        f"# {grain}: [" in text for grain in ("leads", "surveys", "complaints", "outcomes", "opt_outs")
    )
    assert "# contacts:" not in text


def test_a_campaign_and_a_list_of_opt_outs_are_read_and_a_missing_file_is_named(folder: Path) -> None:
    text = "client: {id: a}\ninput: {orders: orders.csv, opt_outs: export_gbk.csv}\nfollowup: {campaign: 双十一}\n"
    config = parse_config(text, folder / "client.yml")
    assert (config.input.opt_outs, config.followup.campaign) == (["export_gbk.csv"], "双十一")
    [(_, missing, row)] = problems_of(
        "client: {id: a}\ninput: {orders: orders.csv, opt_outs: no.csv}\n", folder
    )
    assert "input.opt_outs: no.csv" in missing and row == 2
    [(id, said, _)] = problems_of(
        "client: {id: a}\ninput: {orders: orders.csv, 退订名单: orders.csv}\n", folder
    )
    assert id == "config.unknown_key_near" and "opt_outs" in said
