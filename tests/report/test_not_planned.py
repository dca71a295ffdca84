"""What is due and not planned: in a list with why; and a client of whom nobody may be contacted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from segkit.config import load_config
from segkit.followup.plan_model import EXCLUDED, STANDING, TASKS, UNSCHEDULED, Plan
from segkit.locale import has_term, say, term
from segkit.report.build import Built, build
from segkit.report.not_planned import unplanned

CONFIG = """
client: {id: tiny, name: 小店（虚构）}
lang: zh
as_of: %s
input: {orders: orders.csv, customers: customers.csv}
"""


def frame(columns: list[str], rows: list[dict[str, object]]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=columns)
    return made.assign(due=pd.to_datetime(made["due"]))


def plan_of(unscheduled: list[dict[str, object]], excluded: list[dict[str, object]]) -> Plan:
    load = pd.DataFrame(columns=["owner", "due", "need", "planned", "capacity"])
    return Plan(frame(TASKS, []), frame(UNSCHEDULED, unscheduled), frame(EXCLUDED, excluded), load)


def test_every_contact_without_a_place_is_listed_once_with_why() -> None:
    row = {"segment": "key_value", "channel": "phone", "content": "care_call"}
    left = [
        {**row, "customer_id": "C2", "due": "2026-01-06", "reason": "no_time"},
        {**row, "customer_id": "C3", "due": "2026-01-05", "reason": "no_time"},
    ]
    out = [{**row, "customer_id": "C1", "due": "2026-01-05", "reason": "consent", "content": "own_words"}]
    listed = unplanned(plan_of(left, out), "zh", names=pd.Series({"C3": "云禾贸易（虚构）"}))
    assert listed["customer_id"].tolist() == ["C3", "C2", "C1"]
    assert listed["reason"].tolist() == ["时间不够", "时间不够", "待确认同意"]
    assert listed["next_step"].tolist() == [term("content.care_call", "zh")] * 2 + ["own_words"]
    assert listed["due"].dt.day.tolist() == [5, 6, 5] and listed["name"][0] == "云禾贸易（虚构）"
    assert "minutes" not in listed and "name" not in unplanned(plan_of(left, []), "en")


def test_every_reason_has_its_words_and_no_contacts_make_an_empty_list() -> None:
    assert [r for r in STANDING[1:] if not has_term(f"not_planned.{r}")] == []
    none = unplanned(plan_of([], []), "zh", names=pd.Series({"C3": "云禾贸易（虚构）"}))
    assert len(none) == 0 and {"customer_id", "name", "segment", "due", "reason"} < {*none.columns}


def client(folder: Path, as_of: dt.date, people: int, refused: str) -> Path:
    orders, customers = ["order_id,customer_id,order_date,amount"], ["customer_id,opt_out_channels"]
    for i in range(people):
        customers.append(f"C{i:04d},{refused}")
        for j in range(1 + i % 3):
            orders.append(f"O{i}-{j},C{i:04d},2025-{1 + (i + 5 * j) % 12:02d}-15,{50 + i}")
    folder.mkdir(exist_ok=True)
    (folder / "orders.csv").write_text("\n".join(orders), encoding="utf-8")
    (folder / "customers.csv").write_text("\n".join(customers), encoding="utf-8")
    (folder / "client.yml").write_text(CONFIG % as_of, encoding="utf-8")
    return folder / "client.yml"


@pytest.fixture(scope="module")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a client whose customers have all opted out of everything."""
    return tmp_path_factory.mktemp("无人 可联系")


@pytest.mark.parametrize(("lang", "people"), [("zh", 60), ("en", 12)])
def test_where_nothing_can_be_planned_every_file_copes(nobody: Path, lang: str, people: int) -> None:
    folder = nobody / lang
    config = client(folder, dt.date(2025, 12, 31), people, "全部")
    built: Built = build(load_config(config), lang=lang)
    assert pd.read_parquet((built.folder / "internal" / "plan.parquet").open("rb")).empty
    left = pd.read_parquet((built.folder / "internal" / "unplanned.parquet").open("rb"))
    assert len(left) and {*left["reason"]} == {term("not_planned.opted_out", lang)}
    assert not (built.folder / "followup.ics").exists() and not (built.folder / "followup").exists()
    assert not list((built.folder / "crm").rglob("tasks*"))
    book = openpyxl.load_workbook(built.folder / "customers.xlsx")
    assert book[say("xlsx.sheet.unplanned", lang)].max_row == len(left) + 1
    assert not {say("xlsx.sheet.plan", lang), say("xlsx.sheet.messages", lang)} & {*book.sheetnames}


def test_the_month_after_an_empty_plan_is_reported_like_any_other(nobody: Path) -> None:
    folder = nobody / "later"
    before = build(load_config(client(folder, dt.date(2025, 12, 31), 60, "全部")))
    built = build(load_config(client(folder, dt.date(2026, 1, 31), 60, "")), previous=before.folder)
    assert len(pd.read_parquet((built.folder / "internal" / "plan.parquet").open("rb")))
