"""The clean tables of one client, in memory and in the folder where the notebook finds them."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.intake.cleaning import Cleaned
from segkit.intake.columns import MONEY_OF
from segkit.intake.mapping import GRAINS, Grain, Mapping
from segkit.intake.table import Table
from segkit.problems import Problem
from segkit.report.shield import Shield

CUSTOMER_TABLE = "customer_table.parquet"
NOTES, PROBLEMS = "notes.json", "problems.json"  # what the analysis has to say, and why it could not be made


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Through memory: pyarrow cannot open a Chinese path under a GBK locale."""
    held = io.BytesIO()
    frame.to_parquet(held, index=False)
    path.write_bytes(held.getvalue())


def read_parquet(path: Path) -> pd.DataFrame:
    """A Parquet file by its bytes: pyarrow cannot open a Chinese path under a GBK locale."""
    return pd.read_parquet(io.BytesIO(path.read_bytes()))


@dataclass(frozen=True)
class Intake:
    """Clean tables of one client, and what was found out about them.

    Attributes
    ----------
    orders : clean order lines or None
    people : one row per known customer with the attributes found
    ledger : one line per event, all files
    facts : JSON-able: as_of, totals, has_money, tables, sources, notes, quality, unknown statuses, grain, data_sha256
    known : personal values of this client's input by kind, for the leak scan; never saved
    harmless : values of the columns that client.yml calls not personal
    shield : surrogates, where the client's own key is personal
    further : the rows of further tables by name, of known customers; see `further_tables.FurtherTable.frame`;
        leads, contacts, surveys, complaints and outcomes stand under these names with their canonical columns
    tables, cleaned, mappings : as they came out of cleaning, for `init` and its questions
    table, aside : where an engine read the orders, one row per customer, and the file of the rows set aside
    """

    orders: pd.DataFrame | None
    people: pd.DataFrame
    ledger: pd.DataFrame
    facts: dict[str, Any]
    known: dict[str, set[str]]
    harmless: set[str]
    shield: Shield | None
    further: dict[str, pd.DataFrame]
    tables: dict[Grain, Table]
    cleaned: dict[Grain, Cleaned]
    mappings: dict[Grain, Mapping]
    table: pd.DataFrame | None = None
    aside: Path | None = None

    @property
    def worth(self) -> pd.Series:
        """Money by customer id as it stands in the client's files: from the orders where there are any; of leads
        alone what is hoped for."""
        main = next(self.cleaned[grain] for grain in GRAINS if grain in self.cleaned)
        key = "lead_id" if main.grain == "leads" else "customer_id"
        return main.frame.groupby(key)[MONEY_OF[main.grain]].sum().round(2)

    def save(self, folder: Path) -> None:
        if self.orders is not None:
            write_parquet(self.orders, folder / "orders.parquet")
        write_parquet(self.people, folder / "people.parquet")
        write_parquet(self.ledger, folder / "ledger.parquet")
        for number, frame in enumerate(self.further.values()):
            write_parquet(frame, folder / f"table_{number}.parquet")
        if self.table is not None:
            write_parquet(self.table, folder / CUSTOMER_TABLE)
        (folder / "internal").mkdir(exist_ok=True)
        if self.aside is not None:
            shutil.move(self.aside, folder / "internal" / self.aside.name)
            self.aside.parent.rmdir()
        if self.shield is not None:
            write_parquet(self.shield.keys, folder / "internal" / "keys.parquet")
        text = json.dumps(self.facts, ensure_ascii=False, indent=1, default=str)
        (folder / "intake.json").write_text(text, encoding="utf-8")


def load_intake(folder: Path) -> tuple[pd.DataFrame | None, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Orders or None, people, ledger and facts as `Intake.save` wrote them."""
    orders = folder / "orders.parquet"
    facts = json.loads((folder / "intake.json").read_text(encoding="utf-8"))
    return (
        read_parquet(orders) if orders.is_file() else None,
        read_parquet(folder / "people.parquet"),
        read_parquet(folder / "ledger.parquet"),
        facts,
    )


def tell(problems: Sequence[Problem], file: Path) -> None:
    """Hand what was found from the process of the analysis to the one that speaks to the user."""
    said = json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, default=str)
    file.write_text(said, encoding="utf-8")


def told(file: Path) -> list[Problem]:
    """What `tell` wrote; nothing where it did not, as in a notebook of the user's own."""
    if not file.is_file():
        return []
    return [Problem(**said) for said in json.loads(file.read_text(encoding="utf-8"))]


def load_further(folder: Path) -> dict[str, pd.DataFrame]:
    """The further tables that `Intake.save` wrote, by name."""
    facts = json.loads((folder / "intake.json").read_text(encoding="utf-8"))
    return {
        name: read_parquet(folder / f"table_{number}.parquet") for number, name in enumerate(facts["further"])
    }
