"""Nothing gets lost: every data row has one fate, every event one line, and rows and money add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from segkit.intake.table import ORIGIN
from segkit.problems import SegkitError

FATES = ("kept", "changed", "merged", "set_aside")  # weakest first: the strongest event decides
COLUMNS = [*ORIGIN, "fate", "reason", "column", "old", "new", "amount"]


class LedgerBroken(SegkitError):
    """Rows or money do not add up: a fault of ours, never of the input."""

    def __init__(self, totals: Totals) -> None:
        self.totals = totals
        super().__init__(f"the ledger does not balance: {totals}")


@dataclass(frozen=True)
class Totals:
    """Rows and money in, and where they went; `money_kept` covers the rows kept and changed."""

    rows_in: int
    kept: int
    changed: int
    merged: int
    set_aside: int
    money_in: float
    money_kept: float
    money_merged: float
    money_set_aside: float

    def as_dict(self) -> dict[str, float | int]:
        return asdict(self)

    def check(self) -> None:
        rows = self.kept + self.changed + self.merged + self.set_aside
        money = self.money_kept + self.money_merged + self.money_set_aside
        if rows != self.rows_in or abs(money - self.money_in) > 0.005:
            raise LedgerBroken(self)


@dataclass
class Events:
    """Collects what happened to which row while a table is cleaned.

    `rows` are positions 0..n-1 in the table; `fate` is what the event alone would decide.
    """

    n: int
    _parts: list[pd.DataFrame] = field(default_factory=list)

    def add(
        self,
        where: np.ndarray | pd.Series,
        reason: str,
        fate: str,
        *,
        column: str = "",
        old: pd.Series | str = "",
        new: pd.Series | str = "",
    ) -> None:
        """Record `reason` for the rows where the boolean mask `where` holds."""
        rows = np.flatnonzero(np.asarray(where, dtype=bool))
        if len(rows) == 0:
            return

        def at(values: pd.Series | str) -> object:
            return values.iloc[rows].astype(str).to_numpy() if isinstance(values, pd.Series) else values

        part = pd.DataFrame({"at": rows, "fate": fate, "reason": reason, "column": column})
        part["old"], part["new"] = at(old), at(new)
        self._parts.append(part)

    def frame(self) -> pd.DataFrame:
        if not self._parts:
            columns = ["at", "fate", "reason", "column", "old", "new"]
            return pd.DataFrame({c: pd.Series(dtype="int64" if c == "at" else "str") for c in columns})
        return pd.concat(self._parts, ignore_index=True)

    def rows_of(self, *reasons: str) -> np.ndarray:
        """Boolean mask of the rows that already have one of these reasons."""
        mask = np.zeros(self.n, dtype=bool)
        for part in self._parts:
            if part["reason"].iloc[0] in reasons:
                mask[part["at"].to_numpy()] = True
        return mask

    def forgive(self, rows: np.ndarray) -> None:
        """Keep rows the client asked to keep: tests, cancelled and refunded orders count after all.

        Rows that cannot be counted (no customer, no date, no amount) stay set aside.
        """
        pardoned = ("test", "cancelled", "refunded", "duplicate")
        for part in self._parts:
            if part["reason"].iloc[0] in pardoned:
                part.loc[rows[part["at"].to_numpy()], "fate"] = "kept"

    def fates(self) -> np.ndarray:
        """One fate a row: set aside before merged before changed before kept."""
        strength = np.zeros(self.n, dtype=int)
        for part in self._parts:
            levels = part["fate"].map(FATES.index).to_numpy()
            np.maximum.at(strength, part["at"].to_numpy(), levels)
        return np.array(FATES)[strength]

    def ledger(self, origin: pd.DataFrame, amount: pd.Series) -> pd.DataFrame:
        """One line per event, led by file, sheet and row, with the row's fate and its money."""
        lines = self.frame().sort_values("at", kind="stable", ignore_index=True)
        at = lines["at"].to_numpy()
        lines["fate"] = self.fates()[at]
        for column in ORIGIN:
            lines[column] = origin[column].to_numpy()[at]
        lines["amount"] = amount.fillna(0.0).to_numpy()[at]
        return lines[COLUMNS]

    def totals(self, amount: pd.Series) -> Totals:
        """Balance rows and money; an unreadable amount holds 0.

        Raises
        ------
        LedgerBroken : the law does not hold
        """
        money = amount.fillna(0.0).to_numpy()
        fates = self.fates()

        def held(names: Iterable[str]) -> float:
            return round(float(money[np.isin(fates, list(names))].sum()), 2)

        totals = Totals(
            rows_in=self.n,
            **{name: int((fates == name).sum()) for name in FATES},
            money_in=round(float(money.sum()), 2),
            money_kept=held(["kept", "changed"]),
            money_merged=held(["merged"]),
            money_set_aside=held(["set_aside"]),
        )
        totals.check()
        return totals
