"""Size large: exactly so many orders, the same for a seed, one block at a time, whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from segkit.cli import app
from segkit.customers import customer_table
from segkit.problems import InputProblems
from segkit.synth import large
from segkit.synth.build import build
from segkit.synth.large import ROOM, Block, block, blocks, build_large, cut

CUSTOMERS = 150  # in a block: about 670 orders
N = 2_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("large")
    build_large(out, seed=5, orders=N, customers=CUSTOMERS)
    return out / "large"


@pytest.fixture(scope="module")
def orders(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "orders.parquet")


def same(a: Block, b: Block) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(vars(a).values(), vars(b).values(), strict=True))


# --- rows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 299, 670, 671, 1_999])
def test_there_are_exactly_as_many_rows_as_asked_for(tmp_path: Path, n: int) -> None:
    build_large(tmp_path, seed=3, orders=n, customers=CUSTOMERS)
    rows = pd.read_parquet(tmp_path / "large" / "orders.parquet")
    assert len(rows) == n and rows["order_id"].is_unique


def test_columns_are_those_the_engines_read(orders: pd.DataFrame, folder: Path) -> None:
    assert {c: str(t) for c, t in orders.dtypes.items()} == {
        "order_id": "str",
        "customer_id": "str",
        "order_date": "datetime64[us]",
        "amount": "float64",
        "category": "category",
        "channel": "category",
    }
    assert orders["order_id"].str.fullmatch(r"D\d{9}").all()
    assert orders["customer_id"].str.fullmatch(r"C\d{8}").all()
    assert orders["amount"].equals(orders["amount"].round(2)) and orders["amount"].min() >= 2
    assert orders["order_date"].between("2024-01-01", "2025-12-31").all()
    assert not orders.isna().any(axis=None)
    groups = pq.ParquetFile(folder / "orders.parquet").metadata.num_row_groups
    assert groups == len(list(blocks(5, N, CUSTOMERS))) > 2


def test_words_are_in_the_language_asked_for(orders: pd.DataFrame, tmp_path: Path) -> None:
    build_large(tmp_path, seed=5, orders=N, customers=CUSTOMERS, names="en")
    english = pd.read_parquet(tmp_path / "large" / "orders.parquet")
    assert set(english["channel"]) == {"APP", "Mini program", "PC", "WeChat"}
    assert set(orders["channel"]) == {"APP", "小程序", "PC", "微信"}
    assert (english["category"].cat.codes == orders["category"].cat.codes).all()
    assert english["amount"].equals(orders["amount"])


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(
    orders: pd.DataFrame, tmp_path: Path
) -> None:
    for seed in (5, 6):
        build_large(tmp_path / str(seed), seed=seed, orders=N, customers=CUSTOMERS)
    again, other = (pd.read_parquet(tmp_path / s / "large" / "orders.parquet") for s in ("5", "6"))
    assert again.equals(orders)
    assert not other["amount"].equals(orders["amount"])


def test_a_longer_file_begins_with_the_whole_blocks_of_a_shorter_one(
    orders: pd.DataFrame, tmp_path: Path
) -> None:
    build_large(tmp_path, seed=5, orders=N + 900, customers=CUSTOMERS)
    longer = pd.read_parquet(tmp_path / "large" / "orders.parquet")
    whole = len(block(5, 0, CUSTOMERS)) + len(block(5, 1, CUSTOMERS))
    assert longer.head(whole).equals(orders.head(whole))


# --- blocks -----------------------------------------------------------------------------------------


def test_any_block_can_be_made_alone() -> None:
    in_turn = list(blocks(5, 3_000, CUSTOMERS))
    assert same(block(5, 2, CUSTOMERS), in_turn[2])
    assert not np.array_equal(block(5, 2, CUSTOMERS).cents, block(5, 1, CUSTOMERS).cents)
    for numbers in ("order", "customer"):
        own = [set(getattr(made, numbers).tolist()) for made in in_turn]
        assert sum(map(len, own)) == len(set.union(*own))


def test_no_block_holds_more_than_its_room_and_only_one_is_held(monkeypatch, tmp_path: Path) -> None:
    held, most = [], []
    table = large._table

    def watched(made: Block, words: dict) -> object:
        held.append(len(made))
        return table(made, words)

    monkeypatch.setattr(large, "_table", watched)
    build_large(
        tmp_path, seed=5, orders=N, customers=CUSTOMERS, progress=lambda done, total: most.append(done)
    )
    assert max(held) <= ROOM * CUSTOMERS
    assert most == np.cumsum(held).tolist() and most[-1] == N
    # and a block of the full size fits its room with the same share to spare
    assert max(held) < 0.6 * ROOM * CUSTOMERS


def test_orders_stand_in_the_order_of_their_days_within_a_block() -> None:
    made = block(5, 0, CUSTOMERS)
    assert (np.diff(made.day) >= 0).all() and (np.diff(made.order) == 1).all()


def test_customers_are_cut_only_where_nobody_fits() -> None:
    whole = block(5, 0, CUSTOMERS)
    sizes = pd.Series(whole.customer).value_counts()
    for n in (1, 50, 333, 500):
        kept = pd.Series(cut(whole, n).customer).value_counts()
        assert kept.sum() == n
        assert (kept == sizes[kept.index]).all()
    # two customers, of three orders and of two: four are the first and the earlier order of the second
    two = Block(
        *(np.array(v) for v in ([1, 2, 3, 4, 5], [7, 8, 7, 8, 7], range(5), range(5), [0] * 5, [0] * 5))
    )
    assert cut(two, 4).order.tolist() == [1, 2, 3, 5]
    assert cut(two, 2).customer.tolist() == [8, 8]


def test_the_marginals_are_those_of_the_process() -> None:
    made = block(1, 0, 20_000)
    buyers = pd.Series(made.customer).value_counts()
    spend = pd.Series(made.cents).groupby(made.customer).sum().sort_values(ascending=False)
    assert len(buyers) == 20_000
    assert len(made) / 20_000 == pytest.approx(4.5, abs=0.15)
    assert spend.head(4_000).sum() / spend.sum() == pytest.approx(0.66, abs=0.02)
    assert (buyers == 1).mean() == pytest.approx(0.30, abs=0.015)
    assert (made.channel == 0).mean() == pytest.approx(0.70, abs=0.01)
    assert (made.category == 0).mean() == pytest.approx(0.24, abs=0.01)


# --- totals and engines -----------------------------------------------------------------------------


def test_the_summary_is_the_file_added_up(orders: pd.DataFrame, folder: Path) -> None:
    summary = yaml.safe_load((folder / "summary.yml").read_text("utf-8"))
    months = orders["order_date"].dt.strftime("%Y-%m").value_counts().to_dict()
    assert summary == {
        "case": "jd",
        "seed": 5,
        "names": "zh",
        "as_of": "2025-12-31",
        "rows": len(orders),
        "customers": orders["customer_id"].nunique(),
        "cents": int((orders["amount"] * 100).round().astype("int64").sum()),
        "first_date": orders["order_date"].min().date().isoformat(),
        "last_date": orders["order_date"].max().date().isoformat(),
        "rows_per_month": months,
    }


def test_the_engines_agree_on_the_customer_table(orders: pd.DataFrame, folder: Path) -> None:
    file = str(folder / "orders.parquet")
    tables = [
        customer_table(orders, as_of="2025-12-31"),
        customer_table(duckdb.read_parquet(file), as_of="2025-12-31").pl().to_pandas(),
        customer_table(pl.scan_parquet(file), as_of="2025-12-31").collect().to_pandas(),
    ]
    first, *others = (t.sort_values("customer_id", ignore_index=True) for t in tables)
    for other in others:
        for column in ("customer_id", "frequency", "orders", "monetary", "recency_days"):
            assert first[column].tolist() == other[column].tolist(), column
    cents = yaml.safe_load((folder / "summary.yml").read_text("utf-8"))["cents"]
    assert round(first["monetary"].sum() * 100) == cents


# --- whole or not at all, and refusals --------------------------------------------------------------


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError])
def test_nothing_is_left_behind_and_the_older_file_stays(tmp_path: Path, fault: type[BaseException]) -> None:
    def stop(done: int, total: int) -> None:
        raise fault

    for out in (tmp_path / "new" / "deep", tmp_path):
        with pytest.raises(fault):
            build_large(out, seed=5, orders=N, customers=CUSTOMERS, progress=stop)
        assert list(tmp_path.iterdir()) == []
    build_large(tmp_path, seed=5, orders=3, customers=CUSTOMERS)
    with pytest.raises(fault):
        build_large(tmp_path, seed=5, orders=N, customers=CUSTOMERS, progress=stop)
    assert {p.name for p in tmp_path.rglob("*")} == {"large", "orders.parquet", "summary.yml"}
    assert len(pd.read_parquet(tmp_path / "large" / "orders.parquet")) == 3


def test_wishes_that_cannot_be_are_refused_together(tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as raised:
        build(["client_export", "jdd"], out=tmp_path, size="large", orders=100_000_001)
    assert [p.id for p in raised.value.problems] == [
        "data.unknown_case_near",
        "data.not_large",
        "data.orders_out_of_range",
    ]
    assert "100,000,001" in raised.value.text("zh") and "client_export" in raised.value.text("en")
    with pytest.raises(InputProblems) as raised:
        build(["jd"], out=tmp_path, orders=0)
    assert [p.id for p in raised.value.problems] == ["data.orders_of_large", "data.orders_out_of_range"]
    assert list(tmp_path.iterdir()) == []


def test_too_little_room_is_said_beforehand_with_the_figures(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=50_000_000))
    with pytest.raises(InputProblems) as raised:
        build(["jd"], out=tmp_path, size="large", orders=10_000_000)
    assert "0.08 GB" in raised.value.text("en") and "0.05 GB" in raised.value.text("zh")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_to_large_here_and_tells_how_far_it_is(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(
        app, ["data", "build", "--size", "large", "--orders", "400000", "--seed", "5", "--lang", "en"]
    )
    assert done.exit_code == 0, done.output
    assert "400,000 of 400,000 rows (100%)" in done.output
    assert done.stdout.split()[-2:] == [
        str(Path("large", name)) for name in ("orders.parquet", "summary.yml")
    ]
    assert {p.name for p in tmp_path.iterdir()} == {"large"}
    size = (tmp_path / "large" / "orders.parquet").stat().st_size
    assert (
        0.5 * large.BYTES < size / 400_000 < large.BYTES
    )  # the room asked for is enough, and not twice too much
    refused = CliRunner().invoke(app, ["data", "build", "jd", "--orders", "5", "--lang", "en"])
    assert refused.exit_code == 2 and "--size large" in refused.output
