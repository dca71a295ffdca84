"""A real CRM takes our files: Tryton 8.2 on SQLite, through its own import, once, again, and after a new plan."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from small_plans import customers_of, planned, tasks_of
from tryton_client import Refused, Tryton, found_company, import_files
from tryton_server import NotHere, environment, served

from segkit.report.render.crm import render_crm

pytestmark = pytest.mark.slow
CUSTOMERS, TASKS = 300, 100


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    cache = getattr(request.config, "cache", None)
    home = Path(cache.mkdir("tryton")) if cache is not None else tmp_path_factory.mktemp("environment")
    try:
        programs = environment(home)
    except NotHere as why:
        pytest.skip(f"Tryton 8.2 cannot be installed here: {why}")
    with served(programs, tmp_path_factory.mktemp("tryton")) as running:
        session = Tryton(running.url, running.password)
        found_company(session)
        yield session


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    customers = customers_of(CUSTOMERS)
    return customers, tasks_of(customers, TASKS)


def files_of(folder: Path, customers: pd.DataFrame, tasks: pd.DataFrame) -> Path:
    made = render_crm(planned(folder, customers, tasks), folder, folder, ["tryton"])
    assert made[0].refused == []
    return folder / "crm" / "tryton"


def rows_of(folder: Path, kind: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for path in sorted(folder.glob(f"{kind}_*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            rows += csv.DictReader(handle)
    return rows


def opportunities(server: Tryton) -> dict[str, dict[str, str]]:
    """What the CRM holds, by our task id, in the form of our file."""
    fields = ["reference", "party.code", "description", "start_date", "end_date", "comment", "state"]
    found = {}
    for record in server.records("sale.opportunity", [], fields):
        found[record["reference"]] = {
            "reference": record["reference"],
            "party": record["party."]["code"],
            "description": record["description"],
            "start_date": record["start_date"].isoformat(),
            "end_date": record["end_date"].isoformat(),
            "comment": record["comment"],
        }
        assert record["state"] == "lead"
    return found


def notes(server: Tryton) -> dict[str, str]:
    codes = {p["id"]: p["code"] for p in server.records("party.party", [], ["code"])}
    told = server.records("ir.note", [], ["resource", "message"])
    assert len({note["resource"] for note in told}) == len(told)
    return {"party.party," + codes[int(n["resource"].split(",")[1])]: n["message"] for n in told}


def test_customers_labels_and_tasks_arrive_once_and_change_in_place(
    server: Tryton, tables: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    customers, tasks = tables
    own = {
        "name": "客户自己的名字（虚构）",
        "contact_mechanisms": [["create", [{"type": "other", "value": "X1"}]]],
    }
    there = customers["customer_id"].iloc[:5].tolist()
    server.model("party.party", "create", [{"code": code, **own} for code in there])
    before = {model: server.count(model) for model in ("party.party", "ir.note", "sale.opportunity")}

    folder = files_of(tmp_path / "first", customers, tasks)
    assert import_files(server, folder) == {"customers": (295, 0), "labels": (300, 0), "tasks": (100, 0)}
    after = {model: server.count(model) for model in before}
    assert {m: after[m] - before[m] for m in before} == {
        "party.party": CUSTOMERS - len(there),
        "ir.note": CUSTOMERS,
        "sale.opportunity": TASKS,
    }
    assert opportunities(server) == {row["reference"]: row for row in rows_of(folder, "tasks")}
    assert notes(server) == {row["resource"]: row["message"] for row in rows_of(folder, "labels")}
    parties = server.records("party.party", [["code", "like", "C%"]], ["code", "name", "contact_mechanisms"])
    assert Counter(p["code"] for p in parties) == Counter(customers["customer_id"])
    kept = {p["code"] for p in parties if p["name"] == own["name"] and len(p["contact_mechanisms"]) == 1}
    assert kept == set(there) and not any(p["name"] for p in parties if p["code"] not in kept)

    assert import_files(server, folder) == {"customers": (0, 0), "labels": (0, 0), "tasks": (0, 100)}
    assert {model: server.count(model) for model in before} == after, "imported twice, there twice"

    anew = tasks.assign(due=tasks["due"] + pd.Timedelta(days=7), owner="李四（虚构）")
    folder = files_of(tmp_path / "anew", customers, anew)
    assert import_files(server, folder) == {"customers": (0, 0), "labels": (0, 0), "tasks": (0, 100)}
    assert {model: server.count(model) for model in before} == after
    moved = opportunities(server)
    assert moved == {row["reference"]: row for row in rows_of(folder, "tasks")}
    assert {one["end_date"] for one in moved.values()} >= {"2026-01-12"}

    relabelled = customers.assign(rfm=customers["rfm"].where(customers.index != 7, "key_value"))
    folder = files_of(tmp_path / "relabelled", relabelled, anew)
    assert import_files(server, folder)["labels"] == (1, 0), "a new note for the one whose label changed"


def test_what_the_validator_refuses_tryton_refuses_too(server: Tryton) -> None:
    """A task of a customer nobody knows, a day that is none: the rules are the CRM's own."""
    fields = ["reference", "party", "description", "start_date", "end_date"]
    good = ["T-probe", "STAFF", "电话", "2025-12-31", "2026-01-05"]
    for place, value in ((1, "C999999"), (4, "2026/01/05")):
        with pytest.raises(Refused):
            row = [value if i == place else cell for i, cell in enumerate(good)]
            server.model("sale.opportunity", "import_data", fields, [row])
    with pytest.raises(Refused):
        server.model("party.party", "import_data", ["code"], [["STAFF"]])
    assert server.records("sale.opportunity", [["reference", "=", "T-probe"]], ["id"]) == []
