"""Large clean orders in an engine: the balance, the reasons, and the rows that count."""

from __future__ import annotations

import datetime as dt
import socket
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from engines import back

from segkit.customers import customer_table
from segkit.intake import in_engine
from segkit.intake.engine_faults import told, useful
from segkit.intake.engines import in_pandas, start, write_aside
from segkit.intake.in_engine import clean_in_engine, fingerprint
from segkit.intake.ledger import LedgerBroken
from segkit.intake.patterns import matches
from segkit.intake.settling import credible_as_of
from segkit.problems import InputProblems

COLUMNS = {"单号": "order_id", "客户": "customer_id", "日期": "order_date", "金额": "amount"}
ENGINES = ["duckdb", "polars", pytest.param("spark", marks=pytest.mark.slow)]


def orders(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 720, n), unit="D")
    frame = pd.DataFrame(
        {
            "单号": [f"D{i:05}" for i in range(n)],
            "客户": [f"C{i:03}" for i in rng.integers(0, 60, n)],
            "日期": days,
            "金额": np.round(rng.normal(200, 90, n), 2),
        }
    )
    frame.loc[[0, 1], "客户"] = [None, "  "]
    frame.loc[[2, 3, 4], "金额"] = [np.nan, np.nan, np.inf]
    frame.loc[5, "日期"] = pd.NaT
    frame.loc[[6, 7], "日期"] = pd.Timestamp("2099-01-01")
    frame.loc[8, ["客户", "日期", "金额"]] = [None, pd.NaT, None]  # counted once, under the first reason
    lines = frame.loc[[20]].assign(金额=1.5)  # a second line of an order
    return pd.concat([frame, frame.loc[[30, 31, 31, 32]], lines], ignore_index=True)


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    path = tmp_path / "订单.parquet"
    orders().to_parquet(path, index=False)
    return path


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest):
    if request.param == "spark":
        request.getfixturevalue("spark")  # one session for all tests, which stays open
        yield start("spark")
        return
    session = start(request.param)
    yield session
    session.close()


def test_every_row_has_one_fate_and_the_money_adds_up(engine, parquet):
    found = clean_in_engine(engine.open([str(parquet)]), COLUMNS)
    assert found.reasons.set_index("reason")["rows"].to_dict() == {
        "no_customer": 3, "no_amount": 3, "after_as_of": 2, "no_date": 1,
    }  # fmt: skip
    whole = orders()
    assert found.totals.rows_in == len(whole) == 405
    assert (found.totals.set_aside, found.totals.merged, found.totals.kept) == (9, 4, 392)
    money = whole["金额"].replace(np.inf, np.nan).fillna(0)
    assert found.totals.money_in == pytest.approx(money.sum())
    assert found.totals.money_merged == pytest.approx(money.loc[[30, 31, 31, 32]].sum())
    assert found.as_of.date == whole.loc[whole["日期"].dt.year < 2090, "日期"].max().date()
    assert (found.as_of.why, found.as_of.later) == ("credible", 2)
    assert found.first == whole["日期"].min().date()
    assert found.completeness == pytest.approx(
        {"customer_id": 402 / 405, "order_date": 403 / 405, "amount": 401 / 405, "order_id": 1.0}
    )
    assert [note.id for note in found.notes] == ["engine.lines_of_one_order"]
    assert found.notes[0].facts == {"n": 1}


def test_the_customers_are_those_of_the_rows_that_count(engine, parquet):
    found = clean_in_engine(engine.open([str(parquet)]), COLUMNS, as_of=dt.date(2025, 6, 30))
    whole = orders().rename(columns=COLUMNS)
    fine = whole["customer_id"].str.strip().fillna("").ne("") & np.isfinite(whole["amount"].astype("float64"))
    rows = whole[fine & (whole["order_date"] <= "2025-06-30")].drop_duplicates()
    assert found.totals.kept == len(rows)
    wanted = customer_table(rows, as_of="2025-06-30")
    got = in_pandas(customer_table(found.rows, as_of="2025-06-30"))
    pd.testing.assert_frame_equal(back(got), back(wanted))
    assert [k.kind for k in got.dtypes] == [k.kind for k in wanted.dtypes]


def test_rows_set_aside_are_written_as_they_came(engine, parquet, tmp_path):
    found = clean_in_engine(engine.open([str(parquet)]), COLUMNS)
    write_aside(found.aside, found.totals.set_aside, tmp_path / "搁置.parquet")
    written = pd.read_parquet(tmp_path / "搁置.parquet")
    assert list(written.columns) == [*COLUMNS, "reason"] and len(written) == 9
    assert sorted(written["单号"]) == [f"D{i:05}" for i in range(9)]


def test_rows_with_a_blank_order_number_are_orders_of_their_own(engine, tmp_path):
    row = orders().loc[[20]]
    for at, blank in enumerate((None, "", "  ", "\u3000", "D1")):
        path = tmp_path / f"{at}.parquet"
        pd.concat([row.assign(单号=blank)] * 4 + [row]).astype({"单号": "str"}).to_parquet(path, index=False)
        found = clean_in_engine(engine.open([str(path)]), COLUMNS)
        table = in_pandas(customer_table(found.rows, as_of="2025-12-31"))
        merged = 3 if blank == "D1" else 0
        assert (found.totals.kept, found.totals.merged) == (5 - merged, merged), repr(blank)
        assert table["orders"].tolist() == [5 - merged] and found.totals.money_kept == pytest.approx(
            row["金额"].iloc[0] * (5 - merged)
        )


@pytest.mark.parametrize("lost", [["rows"], ["amount", "unrounded"]])
def test_rows_or_money_lost_on_the_way_are_seen(parquet, monkeypatch, lost):
    whole = in_engine._by_day

    def short(here, heads):
        days = whole(here, heads)
        days.loc[20, lost] -= 1
        return days

    session = start("duckdb")
    monkeypatch.setattr(in_engine, "_by_day", short)
    with pytest.raises(LedgerBroken):
        clean_in_engine(session.open([str(parquet)]), COLUMNS)
    session.close()


def test_without_an_order_id_repeats_are_not_looked_for_and_that_is_said(engine, parquet):
    columns = {head: name for head, name in COLUMNS.items() if name != "order_id"}
    found = clean_in_engine(engine.open([str(parquet)]), columns)
    assert found.totals.merged == 0 and [n.id for n in found.notes] == ["engine.no_order_id"]


def test_a_csv_and_a_folder_of_parts_read_alike(tmp_path):
    clean = orders().dropna().iloc[20:]
    clean.to_csv(tmp_path / "a.csv", index=False, encoding="utf-8")
    (tmp_path / "parts").mkdir()
    clean.iloc[:100].to_parquet(tmp_path / "parts" / "1.parquet", index=False)
    clean.iloc[100:].to_parquet(tmp_path / "parts" / "2.parquet", index=False)
    session = start("duckdb", memory="500MB")
    totals = [
        clean_in_engine(session.open([str(tmp_path / name)]), COLUMNS).totals for name in ("a.csv", "parts")
    ]
    session.close()
    assert totals[0] == totals[1] and totals[0].kept == len(clean.drop_duplicates())


def problems(columns: dict[str, str], frame: pd.DataFrame, tmp_path: Path, **facts) -> list[str]:
    path = tmp_path / "x.parquet"
    frame.to_parquet(path, index=False)
    session = start("duckdb")
    with pytest.raises(InputProblems) as caught:
        clean_in_engine(session.open([str(path)]), columns, **facts)
    session.close()
    assert "{" not in caught.value.text("zh") + caught.value.text("en")
    return [problem.id for problem in caught.value.problems]


def test_everything_wrong_with_the_columns_is_said_at_once(tmp_path):
    frame = orders().assign(日期="2025-01-01", 金额="12", 状态="已付款")
    columns = {
        "单号": "order_id",
        "客户号": "customer_id",
        "日期": "order_date",
        "金额": "amount",
        "状态": "status",
    }
    assert problems(columns, frame, tmp_path) == [
        "mapping.no_heading_near", "engine.not_clean", "engine.date_is_text", "engine.amount_is_text",
    ]  # fmt: skip
    assert problems({"客户": "customer_id"}, frame, tmp_path) == ["engine.not_named"] * 2


def test_nothing_that_counts_and_a_day_before_all_orders_are_refused(tmp_path):
    empty = orders().assign(客户=pd.Series(dtype="str"))
    assert problems(COLUMNS, empty, tmp_path) == ["engine.nothing_counts"]
    early = {"as_of": dt.date(2020, 1, 1)}
    assert problems(COLUMNS, orders(), tmp_path, **early) == ["clean.as_of_before_first"]


def test_a_damaged_file_is_one_problem(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"no parquet")
    for name in ("duckdb", "polars"):
        session = start(name)
        with pytest.raises(InputProblems) as caught:
            session.open([str(tmp_path / "x.parquet")])
        assert caught.value.problems[0].id == "engine.damaged" and "parquet" in caught.value.text("zh")
        session.close()


def test_days_counted_by_number_give_the_credible_day_of_the_days_themselves():
    rng = np.random.default_rng(8)
    for _ in range(30):
        days = pd.Series(pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 300, 40), unit="D"))
        days.iloc[:2] = [pd.Timestamp("2026-03-01"), pd.Timestamp("2095-01-01")]
        counted = days.value_counts()
        by_number = credible_as_of(pd.Series(counted.index), pd.Series(counted.to_numpy()))
        assert by_number == credible_as_of(days) and by_number is not None


def test_a_pattern_stands_for_the_files_it_matches_and_for_no_mark_of_an_engine(tmp_path):
    folder = tmp_path / "客户[2025]"  # a folder that looks like a pattern
    for name in ("a/1.csv", "a/b/2.csv", "_temporary/3.csv", "4.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()

    def names(pattern: str, **how) -> list[str]:
        return [path.relative_to(folder).as_posix() for path in matches(folder / pattern, **how)]

    assert names("*.csv") == ["4.csv"] and names("a/?.csv") == ["a/1.csv"] and names("x/*/*") == []
    assert names("**/*.csv") == ["4.csv", "_temporary/3.csv", "a/1.csv", "a/b/2.csv"]
    assert names("**", notes=False) == ["4.csv", "a/1.csv", "a/b/2.csv"]
    (folder / "~$4.csv").touch()  # a lock file
    assert names("*.csv", notes=False) == ["4.csv"]
    assert matches(folder) is None and matches(folder / "4.csv") is None and matches(folder / "5.csv") is None


def test_the_fingerprint_tells_contents_apart(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    first = fingerprint([tmp_path / "a"])
    assert first == fingerprint([tmp_path]) and len(first) == 64
    (tmp_path / "~$a").write_bytes(b"open in a program")
    assert fingerprint([tmp_path]) == first
    (tmp_path / "a").write_bytes(b"2")
    assert fingerprint([tmp_path / "a"]) != first
    with pytest.raises(InputProblems):
        fingerprint([tmp_path / "*.parquet"])


# --- files ------------------------------------------------------------------------------------------


def refused(name: str, paths: list[Path | str], columns: dict[str, str] = COLUMNS) -> list:
    """What opening and checking these files says."""
    session = start(name)
    with pytest.raises(InputProblems) as caught:
        native = session.open([str(path) for path in paths], columns)
        with session.guard():
            clean_in_engine(native, columns)
    session.close()
    assert "{" not in caught.value.text("zh") + caught.value.text("en")
    return caught.value.problems


def parts(folder: Path, first: str, second: str) -> pd.DataFrame:
    """Clean orders in two files of a folder, beside what programs leave there."""
    clean = orders().dropna().iloc[20:]
    for name, part in ((first, clean.iloc[:100]), (second, clean.iloc[100:])):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".parquet":
            part.to_parquet(path, index=False)
        else:
            part.to_csv(path, index=False, encoding="utf-8")
    for beside in ("~$a.parquet", "_SUCCESS", ".c.parquet", "_temporary/a.parquet", "说明.md"):
        (folder / beside).parent.mkdir(exist_ok=True)
        (folder / beside).write_bytes(b"x")
    return clean


@pytest.mark.parametrize("second", ["B.PARQUET", "b.parquet", "{2025}[1]/b.parquet"])
def test_every_file_of_a_folder_is_read(engine, tmp_path, second):
    clean = parts(tmp_path, "a.parquet", second)
    assert clean_in_engine(engine.open([str(tmp_path)], COLUMNS), COLUMNS).totals.rows_in == len(clean)


def test_csv_of_any_ending_are_read_and_their_ids_stay_text(engine, tmp_path):
    clean = parts(tmp_path, "a.csv", "b.TXT")
    for name in ("a.csv", "b.TXT"):
        part = pd.read_csv(tmp_path / name, dtype="str")
        part["客户"] = part["客户"].str.replace("C", "0")
        part.to_csv(tmp_path / name, index=False, encoding="utf-8")
    found = clean_in_engine(engine.open([str(tmp_path)], COLUMNS), COLUMNS)
    table = in_pandas(customer_table(found.rows, as_of="2025-12-31"))
    assert found.totals.rows_in == len(clean)
    assert set(table["customer_id"]) == set(clean["客户"].str.replace("C", "0"))


@pytest.mark.parametrize("second", ["b.csv", "b.txt", "b.xlsx", "b.csv.gz"])
def test_files_of_several_kinds_are_refused_by_name(tmp_path, second):
    parts(tmp_path, "a.parquet", "c.parquet")
    (tmp_path / second).write_bytes(b"x")
    [problem] = refused("duckdb", [tmp_path])
    assert problem.id == "engine.kinds_mixed" and sorted(problem.facts["files"]) == ["a.parquet", second]


@pytest.mark.parametrize("files", [["a.xlsx"], ["a"]])
def test_files_no_engine_reads_are_named(files):
    [problem] = refused("polars", files)
    assert problem.id == "engine.which_files" and problem.facts["files"] == files


@pytest.mark.parametrize("name", ["duckdb", "polars"])
def test_a_file_without_a_column_of_the_others_is_named(tmp_path, name):
    clean = parts(tmp_path, "a.parquet", "b.parquet")
    clean.rename(columns={"金额": "金额元"}).to_parquet(tmp_path / "b.parquet", index=False)
    [problem] = refused(name, [tmp_path])
    assert (problem.id, problem.file) == ("customers.missing_column_near", "b.parquet")
    (tmp_path / "b.parquet").write_bytes(b"lost on the way")
    [problem] = refused(name, [tmp_path])
    assert (problem.id, problem.facts["files"]) == ("engine.damaged", ["b.parquet"])


@pytest.mark.parametrize("name", ["duckdb", "polars"])
def test_csv_with_columns_in_another_order_are_refused(tmp_path, name):
    clean = parts(tmp_path, "a.csv", "b.csv")
    clean[["客户", "单号", "日期", "金额"]].to_csv(tmp_path / "b.csv", index=False, encoding="utf-8")
    [problem] = refused(name, [tmp_path])
    assert (problem.id, problem.file) == ("engine.other_heading", "b.csv")


@pytest.mark.parametrize("name", ["duckdb", "polars"])
@pytest.mark.parametrize(("head", "value"), [("金额", "1,200元"), ("日期", "2025年3月1日")])
def test_a_value_far_down_that_is_written_otherwise_is_one_problem(tmp_path, name, head, value):
    clean = orders(50_000).dropna().iloc[20:].astype({head: object})
    clean.iloc[-1, clean.columns.get_loc(head)] = value
    clean.to_csv(tmp_path / "a.csv", index=False, encoding="utf-8")
    [problem] = refused(name, [tmp_path / "a.csv"])
    assert problem.id == "engine.unreadable" and problem.facts["files"] == ["a.csv"]
    assert head in problem.facts["why"] and "\n" not in problem.facts["why"]
    assert "engine" in problem.text("zh") and "pandas" in problem.text("en")


@pytest.mark.parametrize("name", ["duckdb", "polars"])
def test_csv_that_is_not_utf8_and_csv_without_rows_are_told(tmp_path, name):
    path = tmp_path / "a.csv"
    orders().dropna().to_csv(path, index=False, encoding="gbk")
    assert [problem.id for problem in refused(name, [path])] == ["engine.not_utf8"]
    for text in ("单号,客户,日期,金额\n", ""):
        path.write_text(text, encoding="utf-8")
        assert [problem.id for problem in refused(name, [path])] == ["engine.no_rows"]
    orders().iloc[:0].to_parquet(tmp_path / "a.parquet", index=False)
    assert [problem.id for problem in refused(name, [tmp_path / "a.parquet"])] == ["engine.no_rows"]


@pytest.mark.parametrize("name", ["duckdb", "polars"])
def test_an_address_that_cannot_be_reached_is_told_apart(name):
    [problem] = refused(name, ["hdfs://nowhere.invalid/orders"])
    assert problem.id == "engine.unreachable" and "hdfs" in problem.facts["why"]


def test_the_mapping_is_checked_as_for_every_file(parquet):
    def ids(**changed: str) -> list[str]:
        return [problem.id for problem in refused("duckdb", [parquet], COLUMNS | changed)]

    assert ids(单号="customer_id") == ["mapping.conflict"]
    assert ids(单号="orderid") == ["mapping.no_field_near"]
    assert ids(日期="order_dat") == ["mapping.no_field_near", "engine.not_named"]
    session = start("duckdb")
    columns = {head: name for head, name in COLUMNS.items() if name != "order_id"} | {"单号": "channel_no"}
    found = clean_in_engine(session.open([str(parquet)]), columns, also=["channel_no"])
    assert [note.id for note in found.notes] == ["engine.unread", "engine.no_order_id"]
    session.close()


JAVA = """An error occurred while calling o57.getResult.
: org.apache.spark.SparkException: Exception thrown in awaitResult:
\tat org.apache.spark.util.SparkThreadUtils$.awaitResult(SparkThreadUtils.scala:70)
Caused by: org.apache.spark.SparkException: [FAILED_READ_FILE.NO_HINT] Encountered error while reading b.parquet.
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: org.apache.spark.sql.SchemaColumnConvertNotSupportedException: column: [amt]
\t... 27 more"""


def test_of_a_call_stack_the_line_that_says_why_is_kept():
    assert useful(Exception(JAVA)) == (
        "[FAILED_READ_FILE.NO_HINT] Encountered error while reading b.parquet. column: [amt]"
    )
    lone = 'An error occurred while calling o1.parquet.\n: org.apache.hadoop.fs.Unsupported: No FileSystem for "s3"\n'
    assert useful(Exception(lone)) == 'No FileSystem for "s3"'
    assert useful(ValueError()) == "ValueError"


def test_a_full_disk_is_not_called_a_bad_file():
    assert told("duckdb", ["a.csv"], OSError(28, "No space left on device")).id == "engine.no_space"


def test_a_mistake_of_this_package_stays_one():
    session = start("duckdb")
    with pytest.raises(KeyError), session.guard():
        raise KeyError("ours")
    session.close()


@pytest.mark.slow
def test_a_fault_of_spark_is_one_problem_without_a_call_stack(spark, tmp_path):
    clean = parts(tmp_path, "a.parquet", "b.parquet")
    clean.astype({"金额": "str"}).to_parquet(tmp_path / "b.parquet", index=False)
    session = start("spark")
    with pytest.raises(InputProblems) as caught, session.guard():
        clean_in_engine(session.open([str(tmp_path)], COLUMNS), COLUMNS)
    [problem] = caught.value.problems
    assert (problem.id, problem.facts["files"]) == ("engine.unreadable", ["b.parquet"])
    assert "金额" in problem.facts["why"] and "org.apache" not in problem.facts["why"]


def test_a_spark_connect_server_that_is_not_there_is_told_at_once():
    pytest.importorskip("pyspark")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(InputProblems) as caught:
        start("spark", master=f"sc://127.0.0.1:{port}")
    assert caught.value.problems[0].id == "engine.no_start"
