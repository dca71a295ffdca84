"""The intake step for orders that an engine reads: clean, named in the config, too many for memory.

What the notebook needs of them is computed in the engine: one row per customer, and the history of the periods.
The order lines never leave it. The customer list and further tables of the client are read as always.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.config import Config
from segkit.config.model import located
from segkit.customers import customer_table
from segkit.intake.engines import Engine, in_pandas, start, write_aside
from segkit.intake.in_engine import EngineOrders, clean_in_engine, fingerprint
from segkit.intake.patterns import matches
from segkit.problems import InputProblems, Problem
from segkit.report.history import history_of

ASIDE = "set_aside.parquet"


class EngineIntake:
    """Orders of one client in an engine: opened, checked, and asked for what a report needs.

    Attributes
    ----------
    orders : the rows that count, and the balance of all
    files : the files as named in client.yml
    mapping : heading -> canonical column
    """

    def __init__(self, config: Config, as_of: dt.date | None, also: Collection[str] = ()) -> None:
        block = config.input
        name = block.engine
        assert name != "pandas"
        self.files = list(block.orders)
        self.mapping = {head: field for head, field in config.mapping.get("orders", {}).items() if field}
        if not self.files:
            raise InputProblems([Problem("engine.one_grain", {"engine": name}, file=config.path.name)])
        self.places = [place for file in self.files for place in _places(file, config.folder)]
        self.engine: Engine = start(name, memory=block.memory, master=block.master)
        try:
            native = self.engine.open(self.places, self.mapping)
            one = self.files[0] if len(self.files) == 1 else None
            with self.engine.guard():
                self.orders: EngineOrders = clean_in_engine(
                    native, self.mapping, as_of=as_of or config.as_of, file=one, also=also
                )
        except BaseException:
            self.engine.close()
            raise

    @property
    def day(self) -> dt.date:
        return self.orders.as_of.date

    def customers(self, registered: pd.DataFrame | None) -> pd.DataFrame:
        """One row per customer, `customer_table`; `registered` with `customer_id` stay in it without an order."""
        listed = None if registered is None else self.engine.frame_of(registered[["customer_id"]])
        with self.engine.guard():
            table = in_pandas(customer_table(self.orders.rows, as_of=self.day, customers=listed))
        table["customer_id"] = table["customer_id"].astype("str")
        return table.sort_values("customer_id", ignore_index=True)

    def aside(self) -> Path | None:
        """The rows set aside, as they came, in a Parquet file of a folder of its own; None where there is none."""
        if not self.orders.totals.set_aside:
            return None
        path = Path(tempfile.mkdtemp(prefix="segkit-aside-")) / ASIDE
        with self.engine.guard():
            write_aside(self.orders.aside, self.orders.totals.set_aside, path)
        return path

    def facts(self) -> dict[str, Any]:
        """What the report says of these orders, JSON-able."""
        orders = self.orders
        with self.engine.guard():
            history = history_of(orders.rows, self.day)
        heads = {field: head for head, field in self.mapping.items()}
        fields = [
            {
                "field": f,
                "head": heads[f],
                "completeness": share,
                "accuracy": None,
                "timeliness": None,
                "repair": 0,
            }
            for f, share in orders.completeness.items()
        ]
        complete = sum(orders.completeness.values()) / len(fields)
        overall = {"completeness": complete, "accuracy": None, "timeliness": None, "repair": 0}
        return {
            "grain": "orders",
            "engine": self.engine.name,
            "as_of": asdict(orders.as_of),
            "totals": orders.totals.as_dict(),
            "has_money": True,
            "reasons": _reasons(orders),
            "history": None if history is None else history.as_facts(),
            "unknown_status": [],
            "customers_gone": 0,
            "quality": {"rows": orders.totals.rows_in, "overall": overall, "fields": fields},
        }

    def sources(self) -> list[dict[str, Any]]:
        """The files as the provenance lists them; what is far away is known by its address only."""
        local = [Path(place) for place in self.places if "://" not in place]
        mark = fingerprint(local) if local else hashlib.sha256("|".join(self.places).encode()).hexdigest()
        rows = self.orders.totals.rows_in
        files = [Path(file).name for file in self.files]
        one = {"file": files[0] if len(files) == 1 else f"{files[0]} … {files[-1]}", "sheet": None}
        return [one | {"rows": rows, "encoding": self.engine.name, "sha256": mark}]


def _places(file: str, folder: Path) -> list[str]:
    """What the engine reads: an address as it is, a pattern as the files it stands for, so that these are hashed."""
    if "://" in file:
        return [file]
    path = located(file, folder)
    return [str(place) for place in matches(path, notes=False) or [path]]


def _reasons(orders: EngineOrders) -> list[dict[str, Any]]:
    """Rows and money by reason, with what became of them."""
    told = [{**row, "fate": "set_aside"} for row in orders.reasons.to_dict("records")]
    if orders.totals.merged:
        merged = {"reason": "duplicate", "rows": orders.totals.merged, "amount": orders.totals.money_merged}
        told.append({**merged, "fate": "merged"})
    return told
