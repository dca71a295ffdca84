"""The defects planted in the client's export, class by class."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.calendar import excel_serial
from segkit.synth.cases.client_export.records import CASE, TABLE
from segkit.synth.dictionary import columns
from segkit.synth.dirt import FULL_WIDTH, Planter, grouped
from segkit.synth.draws import Draws, quota
from segkit.synth.people import Invented

# how many of each class the sample holds; of the 12 impossible dates 7 are 1900-01-00 and 5 lie in 2099
COUNTS = {
    "duplicate": 50,
    "fuzzy_duplicate": 35,
    "test": 6,
    "phone_format": 60,
    "phone_float": 18,
    "id_in_text": 25,
    "amount_unit": 40,
    "excel_serial": 30,
    "bad_date": 7,
    "after_as_of": 5,
    "owner_missing": 45,
    "grade_spelling": 20,
    "negative": 15,
    "shifted": 8,
    "formula": 10,
    "full_width": 5,
    "opt_out_conflict": 3,
}
EXTRA_ROWS = ("duplicate", "fuzzy_duplicate", "test")  # rows that are no customer of their own


class ClientDefects:
    """Plants every class into the true records; one defect a row, but for some missing owners.

    `truth` is what the rows should say: where a defect can only be undone to a round number (1.2万), the
    truth is that round number.
    """

    def __init__(self, draws: Draws, invented: Invented, truth: pd.DataFrame, counts: dict[str, int]) -> None:
        self.draws, self.invented, self.counts = draws, invented, counts
        self.truth = truth.copy()
        self.planter = Planter(truth.copy(), draws)
        self.spec = columns(CASE, TABLE)

    def plant(self) -> Planter:
        self._second_ids_and_tests()
        copied = self.planter.take(self.counts["duplicate"])
        # classes that fit few rows choose first
        self._opt_outs()
        self._grades()
        self._shifted()
        self._amounts()
        self._phones()
        self._identity_numbers()
        self._dates()
        self._formulas()
        self._owners()
        self.planter.copy_rows("duplicate", list(copied), "customer_id")
        return self.planter

    def _put(self, key: int, column: str, value: Any) -> None:
        """Change the truth itself, before a defect is planted on it."""
        self.truth.at[key, column] = value
        self.planter.frame.at[key, column] = value

    @property
    def _buyer(self) -> pd.Series:
        return self.truth["frequency"] > 0

    def _second_ids_and_tests(self) -> None:
        """Twins and tests are defective as they stand; nothing else is planted on them or their originals."""
        f = self.truth
        twins, tests = f.index[f["kind"] == "twin"], f.index[f["kind"] == "test"]
        self.planter.note("fuzzy_duplicate", twins, "customer_id", list(f.loc[twins, "person"]))
        self.planter.note("test", tests, "name", [""] * len(tests))
        paired = f["customer_id"].isin(f.loc[twins, "person"])
        self.planter.free = f.index[(f["kind"] == "customer") & ~paired]

    def _opt_outs(self) -> None:
        """On the marketing list, although every channel was refused."""
        names = self.invented.names
        refused = self.truth["consent_marketing"] == self.spec["consent_marketing"].values(names)[1]
        rows = self.planter.take(self.counts["opt_out_conflict"], refused)
        for key in rows:
            self._put(key, "opt_out_channels", self.spec["opt_out_channels"].values(names)[-1])
            self._put(key, "tags", "")
        listed = self.spec["tags"].values(names)[-1]
        self.planter.spoil("opt_out_conflict", rows, "tags", [listed] * len(rows))

    def _grades(self) -> None:
        spellings = {g: self.invented.words(CASE, f"grade_{g}") for g in ("A", "B")}
        rows = self.planter.take(self.counts["grade_spelling"], self.truth["grade"].isin(list(spellings)))
        old = [
            spellings[true][i % len(spellings["A"])] for i, true in enumerate(self.truth.loc[rows, "grade"])
        ]
        self.planter.spoil("grade_spelling", rows, "grade", old)

    def _shifted(self) -> None:
        """A blank cell was inserted: everything from phone (or e-mail) on stands one column to the right."""
        order = list(self.spec)
        frame = self.planter.frame
        rows = self.planter.take(self.counts["shifted"], self._buyer & (self.truth["note"] == ""))
        for i, key in enumerate(rows):
            start = order.index(("phone", "email")[i % 2])
            moved = [frame.at[key, c] for c in order[start:-1]]
            self.planter.spoil("shifted", [key], order[start], [""])
            for column, cell in zip(order[start + 1 :], moved, strict=True):
                frame.at[key, column] = cell

    def _amounts(self) -> None:
        """Amounts with 万, 元 or ￥; with a minus; in full-width digits."""
        spend = self.truth["monetary"].astype(float)
        wan, yuan, sign = quota([20, 8, 12], self.counts["amount_unit"])
        rows = self.planter.take(int(wan), spend >= 10_000)
        for key in rows:
            self._put(key, "monetary", float(round(spend[key] / 100) * 100))
        self._spell("amount_unit", rows, "monetary", lambda v: f"{v / 10_000:g}万")
        forms: tuple[tuple[str, int, Callable[[float], Any]], ...] = (
            ("amount_unit", int(yuan), "{:.2f}元".format),
            ("amount_unit", int(sign), "￥{:,.2f}".format),
            ("negative", self.counts["negative"], operator.neg),
        )
        for reason, n, how in forms:
            self._spell(reason, self.planter.take(n, self._buyer), "monetary", how)
        rows = self.planter.take(self.counts["full_width"], self._buyer)
        money = int(quota([3, 2], len(rows))[0])
        self._spell("full_width", rows[:money], "monetary", lambda v: f"{v:.2f}".translate(FULL_WIDTH))
        self._spell("full_width", rows[money:], "frequency", lambda v: str(v).translate(FULL_WIDTH))

    def _spell(self, reason: str, rows: pd.Index, column: str, how: Callable[[Any], Any]) -> None:
        self.planter.spoil(reason, rows, column, [how(v) for v in self.truth.loc[rows, column]])

    def _phones(self) -> None:
        """60 phones in five wrong forms, 18 as 1.00E+10 with their last digits gone."""
        rows = self.planter.take(self.counts["phone_format"])
        old = [_malformed(phone, i) for i, phone in enumerate(self.truth.loc[rows, "phone"])]
        self.planter.spoil("phone_format", rows, "phone", old)
        rows = self.planter.take(self.counts["phone_float"])
        self.planter.spoil("phone_float", rows, "phone", ["1.00E+10"] * len(rows))

    def _identity_numbers(self) -> None:
        rows = self.planter.take(self.counts["id_in_text"])
        numbers = self.invented.identity_numbers(len(rows))
        typed, true = (self.invented.words(CASE, key) for key in ("id_notes", "id_notes_true"))
        old = [typed[i % 4].format(id=number) for i, number in enumerate(numbers)]
        self.planter.spoil("id_in_text", rows, "note", old, [true[i % 4] for i in range(len(rows))])
        for key, defect in zip(rows, self.planter.defects[-len(rows) :], strict=True):
            self.truth.at[key, "note"] = defect.new

    def _dates(self) -> None:
        """Excel serials (two of three in the last order), 1900-01-00, and days of December 2099."""
        rows = self.planter.take(self.counts["excel_serial"], self._buyer)
        first = int(quota([2, 1], len(rows))[0])
        self._spell("excel_serial", rows[:first], "last_order", excel_serial)
        self._spell("excel_serial", rows[first:], "register_date", excel_serial)
        rows = self.planter.take(self.counts["bad_date"], self._buyer)
        self.planter.spoil("bad_date", rows, "last_order", ["1900-01-00"] * len(rows))
        rows = self.planter.take(self.counts["after_as_of"], self._buyer)
        far = [dt.date(2099, 12, 31 - i % 28) for i in range(len(rows))]
        self.planter.spoil("after_as_of", rows, "last_order", far)

    def _formulas(self) -> None:
        """Cells a spreadsheet would run: one in five in the name, the others in the note."""
        rows = self.planter.take(self.counts["formula"])
        named = max(1, len(rows) // 5)
        pattern = self.invented.phrase(CASE, "formula_name")
        self._spell("formula", rows[:named], "name", lambda v: pattern.format(name=v))
        texts = self.invented.words(CASE, "formulas")
        for key in rows[named:]:
            self._put(key, "note", "")
        self.planter.spoil(
            "formula", rows[named:], "note", [texts[i % len(texts)] for i in range(len(rows) - named)]
        )

    def _owners(self) -> None:
        """Owners left empty; eight of 45 on rows that are mended for another reason."""
        both = int(quota([8, 37], self.counts["owner_missing"])[0])
        mended = [d.key for d in self.planter.defects if d.reason in ("phone_format", "excel_serial")]
        rows = [*self.draws.some(np.array(mended), both).tolist()]
        rows += self.planter.take(self.counts["owner_missing"] - both).tolist()
        self.planter.spoil("owner_missing", rows, "owner", [""] * len(rows))


def _malformed(phone: str, i: int) -> str:
    """Five ways a clerk writes a phone; the last three cannot be mended."""
    return (
        grouped(phone, "-"),
        f"+86 {grouped(phone)}",
        phone[:-1],
        phone + phone[-1],
        f"{phone}/{phone[:-1]}{(int(phone[-1]) + 1) % 10}",
    )[i % 5]
