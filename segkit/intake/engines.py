"""Opening large files in DuckDB, Spark or Polars, and giving results back: the only place that names them."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from segkit.intake.in_engine import EngineName
from segkit.problems import InputProblems, Problem

COLLECTED = 2_000_000  # rows of which a pandas frame is no burden
ENDINGS = {".parquet": "parquet", ".csv": "csv", ".txt": "csv"}


@dataclass
class Engine:
    """One session of an engine.

    Attributes
    ----------
    read : paths, "parquet" or "csv" -> the engine's own frame
    frame_of : a pandas frame -> the engine's own
    close : ends the session
    """

    name: EngineName
    read: Callable[[list[str], str], Any]
    frame_of: Callable[[pd.DataFrame], Any]
    close: Callable[[], None] = field(default=lambda: None)

    def open(self, paths: Sequence[str]) -> Any:
        """The files as one frame.

        Raises
        ------
        InputProblems : files of another kind, of several kinds, or that the engine cannot read
        """
        kinds = {_kind(path) for path in paths}
        if None in kinds or len(kinds) != 1:
            raise InputProblems([Problem("engine.which_files", {"engine": self.name, "files": list(paths)})])
        try:
            frame = self.read(list(paths), str(kinds.pop()))
            nw.from_native(frame).collect_schema()
        except Exception as fault:  # each engine has its own errors, and none is ours
            why = str(fault).strip().splitlines()[0][:200]
            raise InputProblems(
                [Problem("engine.unreadable", {"engine": self.name, "files": list(paths), "why": why})]
            ) from None
        return frame


def _kind(path: str) -> str | None:
    """What a file holds by its ending; of a folder by the first file in it, Parquet where it is far away."""
    place = Path(path)
    if "://" not in path and place.is_dir():
        inside = (
            ENDINGS.get(f.suffix.lower())
            for f in sorted(place.rglob("*"))
            if not f.name.startswith((".", "_"))
        )
        return next((kind for kind in inside if kind), None)
    ending = place.suffix.lower()
    return ENDINGS.get(ending) or ("parquet" if "://" in path and not ending else None)


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
    except ImportError:
        raise InputProblems([Problem("engine.not_installed", {"engine": name})]) from None
    except Exception as fault:
        lines = str(fault).strip().splitlines() or [type(fault).__name__]
        raise InputProblems([Problem("engine.no_start", {"engine": name, "why": lines[0][:200]})]) from None


def _duckdb(memory: str | None, master: str | None) -> Engine:
    import duckdb

    spill = tempfile.TemporaryDirectory(prefix="segkit-duckdb-")
    connection = duckdb.connect(config={"temp_directory": spill.name, "preserve_insertion_order": "false"})
    if memory:
        connection.execute("SET memory_limit = ?", [memory])

    def read(paths: list[str], kind: str) -> Any:
        files = [f"{p}/**/*.{kind}" if Path(p).is_dir() else p for p in paths]
        return connection.read_parquet(files) if kind == "parquet" else connection.read_csv(files)  # type: ignore[arg-type]

    def close() -> None:
        connection.close()
        spill.cleanup()

    return Engine(
        "duckdb", read, lambda f: connection.from_arrow(pa.Table.from_pandas(f, preserve_index=False)), close
    )


def _polars(memory: str | None, master: str | None) -> Engine:
    import polars as pl

    def read(paths: list[str], kind: str) -> Any:
        files = [f"{p}/**/*.{kind}" if Path(p).is_dir() else p for p in paths]
        return pl.scan_parquet(files) if kind == "parquet" else pl.scan_csv(files, try_parse_dates=True)

    return Engine("polars", read, lambda f: pl.from_pandas(f).lazy())


def _spark(memory: str | None, master: str | None) -> Engine:
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder.appName("segkit")
    if master and master.startswith("sc://"):
        session = builder.remote(master).getOrCreate()
    else:
        local = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
        if not master:
            local |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        if memory:
            local["spark.driver.memory"] = memory.upper().removesuffix("B").lower()
        session = builder.master(master or "local[*]").config(map=local).getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
    # days are days on the clock of the data
    session.conf.set("spark.sql.session.timeZone", "UTC")

    def read(paths: list[str], kind: str) -> Any:
        if kind == "parquet":
            return session.read.parquet(*paths)
        return session.read.csv(paths, header=True, inferSchema=True)

    return Engine(
        "spark",
        read,
        lambda f: session.createDataFrame(pa.Table.from_pandas(f, preserve_index=False)),
        session.stop,
    )


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
