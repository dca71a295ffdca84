"""A report whose orders an engine reads says the same as one made of the same orders in pandas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from segkit.config import Config, load_config
from segkit.intake import engines
from segkit.problems import InputProblems
from segkit.report.build import build
from segkit.report.intake_step import not_yet, take_in

MAPPING = "{order_id: order_id, customer_id: customer_id, order_date: order_date, amount: amount}"
CONFIG = """
client: {{id: {id}, name: 大客户（虚构）}}
lang: zh
as_of: 2025-12-31
input: {{orders: {file}, customers: customers.csv, engine: {engine}}}
mapping:
  orders: {mapping}
  customers: {{customer_id: customer_id, province: province}}
"""


def client(folder: Path, engine: str, file: str = "orders.parquet", mapping: str = MAPPING) -> Path:
    path = folder / f"{engine}.yml"
    path.write_text(CONFIG.format(id=engine, file=file, engine=engine, mapping=mapping), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(sample, tmp_path_factory) -> Path:
    """Clean orders of the shop as Parquet and csv, beside its customer list."""
    place = tmp_path_factory.mktemp("大客户")
    shop = sample("jd")
    orders = take_in(load_config(shop)).orders[["order_id", "customer_id", "order_date", "amount"]]
    # Spark reads no nanoseconds
    orders.astype({"order_date": "datetime64[us]"}).to_parquet(place / "orders.parquet", index=False)
    orders.to_csv(place / "orders.csv", index=False, encoding="utf-8")
    (place / "customers.csv").write_bytes((shop.parent / "customers.csv").read_bytes())
    return place


@pytest.mark.slow
def test_the_report_of_an_engine_holds_the_same_numbers(folder):
    wanted = build(load_config(client(folder, "pandas", "orders.csv")), formats=["html"]).model
    built = build(load_config(client(folder, "duckdb")), formats=["html"])
    # what the next quarter may bring is told from order lines, which stay in their engine
    there = {k: v.value for k, v in wanted.kpis.items() if not k.startswith("outlook_")}
    assert {k: v.value for k, v in built.model.kpis.items()} == there
    ids = [section.id for section in built.model.sections]
    assert ids == [section.id for section in wanted.sections if section.id != "outlook"]

    def segments(model):
        return [
            block.rows
            for section in model.sections
            if section.id == "segments"
            for block in section.blocks
            if block.kind == "table"
        ]

    assert segments(built.model) == segments(wanted)
    assert (
        not list(built.folder.glob("*.parquet"))
        and (built.folder / "internal" / "customers.parquet").is_file()
    )


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["duckdb", "polars", pytest.param("spark", marks=pytest.mark.slow)])
def test_customers_and_balance_are_those_of_pandas(folder, engine, request, monkeypatch):
    if engine == "spark":
        session = request.getfixturevalue("spark")
        monkeypatch.setattr(type(session), "stop", lambda self: None)  # the session of all tests stays open
    whole = take_in(load_config(client(folder, "pandas", "orders.csv")))
    intake = take_in(load_config(client(folder, engine)))
    assert intake.facts["totals"] == whole.facts["totals"]
    assert intake.facts["as_of"]["date"] == whole.facts["as_of"]["date"]
    assert set(intake.people["customer_id"]) == set(whole.people["customer_id"])
    assert intake.orders is None and len(intake.table) == len(whole.people)
    assert intake.facts["history"]["now"]["active"] > 0
    assert intake.table["monetary"].sum() == pytest.approx(whole.orders["amount"].sum())


@pytest.mark.parametrize(
    "pattern", ["parts/*/*/*.parquet", "parts/**/*.parquet", "parts/**", "'par?s/year=*'"]
)
def test_parts_in_folders_are_read_and_hashed_by_a_pattern(folder, tmp_path, pattern):
    orders = pd.read_parquet(folder / "orders.parquet")
    place = tmp_path / "客户 2025"
    for at in range(4):
        part = place / "parts" / f"year={2020 + at // 2}" / f"month={at}" / "0.parquet"
        part.parent.mkdir(parents=True)
        orders.iloc[at::4].to_parquet(part, index=False)
    (place / "parts" / "_temporary").mkdir()
    (place / "parts" / "_temporary" / "0.parquet").write_bytes(part.read_bytes())
    (place / "customers.csv").write_bytes((folder / "customers.csv").read_bytes())
    intake = take_in(load_config(client(place, "polars", pattern)))
    assert intake.facts["totals"]["kept"] == len(orders)
    [one] = [source for source in intake.facts["sources"] if source["encoding"] == "polars"]
    assert one["rows"] == len(orders)
    part.write_bytes((folder / "orders.parquet").read_bytes())
    again = take_in(load_config(client(place, "polars", pattern)))
    assert [s["sha256"] for s in again.facts["sources"] if s["encoding"] == "polars"] != [one["sha256"]]


def test_rows_set_aside_go_to_a_file_and_the_reasons_to_the_report(folder, tmp_path):
    orders = pd.read_parquet(folder / "orders.parquet")
    orders.loc[[3, 4], "customer_id"] = None
    orders.to_parquet(tmp_path / "orders.parquet", index=False)
    (tmp_path / "customers.csv").write_bytes((folder / "customers.csv").read_bytes())
    intake = take_in(load_config(client(tmp_path, "duckdb")))
    assert intake.facts["reasons"][0] | {"amount": 0} == {
        "reason": "no_customer", "rows": 2, "amount": 0, "fate": "set_aside",
    }  # fmt: skip
    run = tmp_path / "run"
    run.mkdir()
    intake.save(run)
    assert len(pd.read_parquet(run / "internal" / "set_aside.parquet")) == 2


def test_what_an_engine_cannot_do_is_said(folder, tmp_path):
    def ids(config: Path) -> list[str]:
        with pytest.raises(InputProblems) as caught:
            take_in(load_config(config))
        assert "{" not in caught.value.text("zh") and "{" not in caught.value.text("en")
        return [problem.id for problem in caught.value.problems]

    assert ids(client(folder, "polars", mapping="{customer_id: customer_id}")) == ["engine.not_named"] * 2
    gbk = folder / "gbk.csv"
    gbk.write_bytes("客户,日期,金额\n张三店,2025-01-01,3\n".encode("gbk"))
    assert ids(client(folder, "duckdb", "gbk.csv")) == ["engine.not_utf8"]
    lone = tmp_path / "client.yml"
    lone.write_text(
        f"client: {{id: a}}\ninput: {{customers: {folder / 'customers.csv'}, engine: duckdb}}\n",
        encoding="utf-8",
    )
    assert ids(lone) == ["engine.one_grain"]


@pytest.mark.parametrize("memory", ["4", "lots", "-4GB", "0GB", "GB"])
def test_memory_that_is_no_amount_is_refused_with_an_example(folder, memory):
    config = client(folder, "duckdb")
    config.write_text(
        config.read_text(encoding="utf-8").replace("duckdb}", f"duckdb, memory: {memory}}}"), encoding="utf-8"
    )
    with pytest.raises(InputProblems) as caught:
        load_config(config)
    assert [problem.id for problem in caught.value.problems] == ["config.not_memory"]
    assert "4GB" in caught.value.text("zh")


def test_too_little_memory_is_one_problem_and_a_setting_without_effect_is_said(folder):
    def with_setting(engine: str, setting: str) -> Config:
        config = client(folder, engine)
        text = config.read_text(encoding="utf-8").replace(f"{engine}}}", f"{engine}, {setting}}}")
        config.write_text(text, encoding="utf-8")
        return load_config(config)

    with pytest.raises(InputProblems) as caught:
        take_in(with_setting("duckdb", "memory: 1KB"))
    assert [problem.id for problem in caught.value.problems] == ["engine.out_of_memory"]
    assert take_in(with_setting("duckdb", "memory: ４ＧＢ")).facts["totals"]["kept"]
    for engine, setting in (
        ("polars", "memory: 4GB"),
        ("duckdb", "master: spark://host"),
        ("pandas", "memory: 4G"),
    ):
        [said] = not_yet(with_setting(engine, setting))
        assert said.id == "engine.idle_setting" and said.facts["engine"] == engine
    assert not not_yet(with_setting("duckdb", "memory: 1.5 GiB"))


def test_a_part_of_spark_that_is_missing_is_named(monkeypatch):
    """Spark Connect needs grpc; without it Spark is not "not installed"."""
    pytest.importorskip("pyspark")

    def without_grpc(memory, master):
        raise ImportError("grpcio >= 1.48.1 must be installed")

    monkeypatch.setattr(engines, "_spark", without_grpc)
    with pytest.raises(InputProblems) as caught:
        engines.start("spark", master="sc://localhost")
    assert caught.value.problems[0].id == "engine.part_missing" and "grpcio" in caught.value.text("zh")
