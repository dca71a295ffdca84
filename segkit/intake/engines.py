"""Opening large files in DuckDB, Spark or Polars, and giving results back: the only place that names them."""

from __future__ import annotations

import io
import re
import socket
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from segkit.intake.engine_faults import of_an_engine, told, useful
from segkit.intake.engine_files import EngineFiles, check_headings, engine_files
from segkit.intake.in_engine import EngineName
from segkit.problems import InputProblems, Problem

# without any appender Spark takes its own settings instead
SILENT = """
appender.none.type = Null
appender.none.name = none
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
logger.start.name = org.apache.spark.api.python.PythonGatewayServer
logger.start.level = off
"""
CONNECT_PORT = 15002  # of a Spark Connect server, where its address names none
GLOB_SIGN = re.compile(r"[\[\]{}*?]")  # Spark takes every name for a pattern
COLLECTED = 2_000_000  # rows of which a pandas frame is no burden
PACKAGES = {"duckdb": "duckdb", "polars": "polars", "spark": "pyspark"}


@dataclass
class Engine:
    """One session of an engine.

    Attributes
    ----------
    read : files of one kind, columns that stay text in a csv -> the engine's own frame
    frame_of : a pandas frame -> the engine's own
    close : ends the session
    """

    name: EngineName
    read: Callable[[EngineFiles, Collection[str]], Any]
    frame_of: Callable[[pd.DataFrame], Any]
    close: Callable[[], None] = field(default=lambda: None)
    paths: list[str] = field(default_factory=list)

    def open(self, paths: Sequence[str], columns: Mapping[str, str] | None = None) -> Any:
        """The files as one frame.

        Parameters
        ----------
        columns : heading -> canonical column: these must be in every file, and ids of a csv stay text

        Raises
        ------
        InputProblems : files of another kind, of several kinds, of other columns, or that the engine cannot read
        """
        self.paths = list(paths)
        columns = columns or {}
        found = engine_files(self.name, paths)
        check_headings(found, columns)
        ids = [head for head, name in columns.items() if name.endswith("_id")]
        with self.guard():
            frame = self.read(found, ids)
            nw.from_native(frame).collect_schema()
        return frame

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Within, a fault of the engine becomes a problem: most show only when a result is asked for.

        Raises
        ------
        InputProblems : the file or the memory the engine fails on
        """
        try:
            yield
        except BaseException as fault:  # a panic of Polars is no Exception
            if isinstance(fault, InputProblems) or not of_an_engine(fault):
                raise
            raise InputProblems([told(self.name, self.paths, fault)]) from fault


def start(name: EngineName, *, memory: str | None = None, master: str | None = None) -> Engine:
    """A session of the engine.

    Parameters
    ----------
    memory : the most DuckDB may hold, like ``4GB``; more is laid aside on disk. Spark: memory of the driver
    master : Spark's master URL, or ``sc://host`` of a Spark Connect server; by default this machine

    Raises
    ------
    InputProblems : the engine is not installed, or does not start
    """
    try:
        return {"duckdb": _duckdb, "polars": _polars, "spark": _spark}[name](memory, master)
    except ImportError as fault:
        there = find_spec(PACKAGES[name]) is not None
        id = "engine.part_missing" if there else "engine.not_installed"
        raise InputProblems([Problem(id, {"engine": name, "why": useful(fault)})]) from None
    except Exception as fault:
        raise InputProblems([Problem("engine.no_start", {"engine": name, "why": useful(fault)})]) from None


def _duckdb(memory: str | None, master: str | None) -> Engine:
    import duckdb

    spill = tempfile.TemporaryDirectory(prefix="segkit-duckdb-")
    connection = duckdb.connect(config={"temp_directory": spill.name, "preserve_insertion_order": "false"})
    if memory:
        connection.execute("SET memory_limit = ?", [memory])

    def read(found: EngineFiles, text: Collection[str]) -> Any:
        if found.kind == "parquet":
            return connection.read_parquet(found.files)
        there = connection.read_csv(found.files).columns  # type: ignore[arg-type]
        return connection.read_csv(found.files, dtype={head: "VARCHAR" for head in text if head in there})  # type: ignore[arg-type]

    def close() -> None:
        connection.close()
        spill.cleanup()

    return Engine(
        "duckdb", read, lambda f: connection.from_arrow(pa.Table.from_pandas(f, preserve_index=False)), close
    )


def _polars(memory: str | None, master: str | None) -> Engine:
    import polars as pl

    def read(found: EngineFiles, text: Collection[str]) -> Any:
        if found.kind == "csv":
            text_only = dict.fromkeys(text, pl.String)
            return pl.scan_csv(found.files, glob=found.far, try_parse_dates=True, schema_overrides=text_only)
        of_folders = found.base is not None or None
        return pl.scan_parquet(
            found.files, glob=found.far, extra_columns="ignore", hive_partitioning=of_folders
        )

    return Engine("polars", read, lambda f: pl.from_pandas(f).lazy())


def _spark(memory: str | None, master: str | None) -> Engine:
    # said at every start, and nothing a user of a report can act upon
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StringType

    builder: Any = SparkSession.builder.appName("segkit")
    if master and master.startswith("sc://"):
        server = urlsplit(master)
        # Spark itself tries for minutes without a word
        socket.create_connection((server.hostname or "", server.port or CONNECT_PORT), timeout=10).close()
        session = builder.remote(master).getOrCreate()
    else:
        local = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
        if not master:
            local |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        if memory:
            local["spark.driver.memory"] = f"{_mebibytes(memory)}m"
        with tempfile.TemporaryDirectory(prefix="segkit-spark-") as place:
            # what goes wrong is told as a problem, without the JVM's call stacks
            quiet = Path(place, "log4j2.properties")
            quiet.write_text(SILENT, encoding="ascii")
            local["spark.driver.extraJavaOptions"] = f"-Dlog4j2.configurationFile={quiet.as_uri()}"
            session = builder.master(master or "local[*]").config(map=local).getOrCreate()
        session.sparkContext.setLogLevel("OFF")
    # days are days on the clock of the data
    session.conf.set("spark.sql.session.timeZone", "UTC")

    def read(found: EngineFiles, text: Collection[str]) -> Any:
        files = [
            file if "://" in file else GLOB_SIGN.sub(r"\\\g<0>", Path(file).as_posix())
            for file in found.files
        ]
        if found.kind == "parquet":
            of_folders = session.read.option("basePath", found.base) if found.base else session.read
            return of_folders.parquet(*files)
        csv = session.read.options(header=True, enforceSchema=False)
        schema = csv.csv(files, inferSchema=True).schema
        for column in schema.fields:
            column.dataType = StringType() if column.name in text else column.dataType
        return csv.csv(files, schema=schema)

    return Engine(
        "spark",
        read,
        lambda f: session.createDataFrame(pa.Table.from_pandas(f, preserve_index=False)),
        session.stop,
    )


def _mebibytes(memory: str) -> int:
    """``4GB`` in MiB; Spark knows no fractions and no decimal units."""
    size, unit = re.findall(r"[\d.]+|[KMGT]", memory.upper())
    step = 1024 if "I" in memory.upper() else 1000
    return max(1, int(float(size) * step ** "BKMGT".index(unit) / 2**20))


def in_pandas(native: Any) -> pd.DataFrame:
    """A result of an engine in pandas, with nullable whole numbers and plain text as `customer_table` gives them."""
    frame: Any = nw.from_native(native)
    table = (frame.collect("pyarrow") if isinstance(frame, nw.LazyFrame) else frame).to_arrow()
    kinds = {name: str(kind) for name, kind in zip(table.schema.names, table.schema.types, strict=True)}
    pandas = table.to_pandas().astype(
        {name: "Int64" for name, kind in kinds.items() if kind.startswith("int")}
    )
    for name, kind in kinds.items():
        if kind.startswith(("date", "timestamp")):
            days = pd.to_datetime(pandas[name], utc=True).dt.tz_localize(None)  # Spark gives days with a zone
            pandas[name] = days.astype("datetime64[ns]")
        elif kind in ("string", "large_string", "string_view"):
            pandas[name] = pandas[name].astype("str")
    return pandas


def write_aside(native: Any, rows: int, path: Path) -> None:
    """Rows set aside as Parquet; very many become a folder of files where the engine writes so."""
    frame: Any = nw.from_native(native)
    if rows > COLLECTED:
        frame.lazy().sink_parquet(path)
        return
    table = (frame.collect("pyarrow") if isinstance(frame, nw.LazyFrame) else frame).to_arrow()
    held = io.BytesIO()  # pyarrow cannot open a Chinese path under a GBK locale
    pq.write_table(table, held)
    path.write_bytes(held.getvalue())
