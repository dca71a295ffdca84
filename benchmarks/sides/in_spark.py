"""Orders in Parquet: segkit on a local Spark session and the same in hand-written Spark SQL.

Both write the table of customers to Parquet, learn the cut points from it and write the labelled table.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from segkit import RFM, customer_table
from segkit.schemes.segment_maps import named_map

SESSION: dict[str, SparkSession] = {}
MAP = named_map("eleven")
COLUMNS = ("recency_days", "frequency", "monetary")

TABLE = """
WITH counted AS (
  SELECT customer_id, CAST(order_date AS DATE) AS day, order_id, amount, amount >= 0 AS bought
  FROM orders
  WHERE customer_id IS NOT NULL AND amount IS NOT NULL AND NOT isnan(amount) AND abs(amount) < double('inf')
    AND order_date < date_add(DATE '{as_of}', 1)
), summed AS (
  SELECT customer_id,
    min(day) FILTER (WHERE bought) AS first_day,
    max(day) FILTER (WHERE bought) AS last_day,
    count(DISTINCT day) FILTER (WHERE bought) AS days,
    count(DISTINCT order_id) FILTER (WHERE bought) AS orders,
    round(sum(amount), 2) AS monetary,
    count(*) FILTER (WHERE NOT bought) AS refunds
  FROM counted GROUP BY customer_id
), standing AS (SELECT *, refunds = 0 OR monetary > 0 AS stands FROM summed)
SELECT customer_id,
  CASE WHEN stands THEN first_day END AS first_order,
  CASE WHEN stands THEN last_day END AS last_order,
  datediff(DATE '{as_of}', CASE WHEN stands THEN last_day END) AS recency_days,
  CASE WHEN stands THEN days ELSE 0 END AS frequency,
  orders, monetary, monetary / nullif(orders, 0) AS aov,
  datediff(DATE '{as_of}', CASE WHEN stands THEN first_day END) AS tenure_days
FROM standing
"""

CUTS = """
SELECT percentile(recency_days, array(.2, .4, .6, .8)) AS recency_days,
  percentile(frequency, array(.2, .4, .6, .8)) AS frequency,
  percentile(monetary, array(.2, .4, .6, .8)) AS monetary
FROM customers WHERE frequency > 0
"""

LABELLED = """
WITH scored AS (
  SELECT *,
    CASE WHEN frequency > 0 THEN 5 - ({r}) END AS r_score,
    CASE WHEN frequency > 0 THEN 1 + ({f}) END AS f_score,
    CASE WHEN frequency > 0 THEN 1 + ({m}) END AS m_score
  FROM customers
)
SELECT customer_id, first_order, last_order, recency_days, frequency, orders, monetary, aov, tenure_days,
  CASE WHEN frequency > 0 THEN array({segments})[25 * r_score + 5 * f_score + m_score - 31]
    ELSE 'prospect' END AS rfm,
  r_score, f_score, m_score
FROM scored
"""


def open_session(folder: str, memory: str) -> None:
    settings = {
        "spark.driver.memory": memory,
        "spark.local.dir": folder,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    SESSION["spark"] = SparkSession.builder.master("local[*]").config(map=settings).getOrCreate()
    SESSION["spark"].sparkContext.setLogLevel("ERROR")


def _stored(frame: DataFrame, room: Path, name: str) -> DataFrame:
    place = str(room / name)
    frame.write.parquet(place)
    return SESSION["spark"].read.parquet(place)


def segkit_rfm(path: str, as_of: str, folder: str) -> tuple[Path, dict[str, list[float]]]:
    room = Path(tempfile.mkdtemp(dir=folder, prefix="spark-"))
    orders = SESSION["spark"].read.parquet(path)
    table = _stored(customer_table(orders, as_of=as_of), room, "customers")
    scheme = RFM(bins=5, segments="eleven").fit(table)
    _stored(scheme.label(table), room, "labelled")
    return room, {ladder.column: list(ladder.cuts) for ladder in scheme.score_ladders()}


def sql_rfm(path: str, as_of: str, folder: str) -> tuple[Path, dict[str, list[float]]]:
    spark, room = SESSION["spark"], Path(tempfile.mkdtemp(dir=folder, prefix="spark-"))
    spark.read.parquet(path).createOrReplaceTempView("orders")
    _stored(spark.sql(TABLE.format(as_of=as_of)), room, "customers").createOrReplaceTempView("customers")
    learned = spark.sql(CUTS).first()
    assert learned is not None
    cuts = {c: [round(cut, 6) for cut in learned[c]] for c in COLUMNS}
    climbed = {c[0]: " + ".join(f"int(double({c}) > {cut}D)" for cut in cuts[c]) for c in COLUMNS}
    every = [MAP.find((r, f, m)) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)]
    words = ", ".join(f"'{segment}'" for segment in every)
    _stored(spark.sql(LABELLED.format(segments=words, **climbed)), room, "labelled")
    return room, cuts


def facts(result: tuple[Path, dict[str, list[float]]]) -> dict[str, Any]:
    """What both must agree in; throws away what was written."""
    room, cuts = result
    labelled = SESSION["spark"].read.parquet(str(room / "labelled"))
    sums = ("frequency", "orders", "recency_days", "tenure_days")
    row = labelled.selectExpr(
        "count(*) AS customers",
        *(f"sum({c}) AS {c}" for c in sums),
        "sum(bigint(round(monetary * 100))) AS cents",
        "sum(aov) AS aov",
        "string(sum(cast(xxhash64(customer_id, rfm, int(r_score), int(f_score), int(m_score)) AS decimal(20)))) "
        "AS labels",
    ).first()
    assert row is not None
    shutil.rmtree(room)
    return {"columns": labelled.columns, "cuts": cuts} | row.asDict()
