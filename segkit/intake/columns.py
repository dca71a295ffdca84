"""A client's text columns as typed values, every mended cell said."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segkit.intake.ledger import Events
from segkit.intake.values import (
    half_width,
    is_empty,
    mapped,
    plain,
    read_amounts,
    read_dates,
    read_grade,
    read_phones,
    read_yes_no,
    vocabulary,
)
from segkit.privacy.find import find_in
from segkit.privacy.mask import mask_text
from segkit.problems import InputProblems, Problem

DATES = ("order_date", "register_date", "last_order")
MONEY = ("amount", "monetary", "refund")
NUMBERS = ("quantity", "frequency")
# a way of writing that most cells share is the column's format, not a defect of each row
COMMON = 0.5


@dataclass
class Bench:
    """What the steps of one cleaning hand to each other."""

    text: pd.DataFrame  # tidy text under the client's headings
    heads: dict[str, str]  # canonical column -> client heading
    events: Events
    values: dict[str, pd.Series] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return name in self.heads

    def cells(self, name: str) -> pd.Series:
        return self.text[self.heads[name]]


def read_columns(bench: Bench, raw: pd.DataFrame, grain: str) -> None:
    """Fill ``bench.values`` with typed columns; `raw` holds the cells as they were written."""
    _flag_formulas(bench, raw)
    _narrow(bench)
    _read_dates(bench, grain)
    _read_money(bench, grain)
    _read_words(bench)
    bench.values["customer_id"] = _keys(bench)


def _flag_formulas(bench: Bench, raw: pd.DataFrame) -> None:
    """Cells that a spreadsheet would run: kept as text, and said."""
    for head in bench.text.columns:
        cells = bench.text[head]
        looks = cells.str.contains(r"^[=+@]|^-[^\d\s.¥￥(]", regex=True)
        if not looks.any():
            continue
        harmless = cells.str.fullmatch(r"[+-]?[\d\s().,¥￥元%-]*")
        bench.events.add(looks & ~harmless, "formula", "kept", column=head, old=raw[head])


def _narrow(bench: Bench) -> None:
    """Full-width digits and signs in ids, dates, amounts and phones become half-width ones."""
    names = ("customer_id", "order_id", "line_id", "product_id", "phone", "email", *DATES, *MONEY, *NUMBERS)
    for head in (bench.heads[n] for n in names if n in bench.heads):
        narrow, wide = half_width(bench.text[head])
        digits = wide & bench.text[head].str.contains("[０-９]", regex=True)
        bench.events.add(digits, "full_width", "changed", column=head, old=bench.text[head], new=narrow)
        bench.text[head] = narrow


def _read_dates(bench: Bench, grain: str) -> None:
    key = "order_date" if grain == "orders" else "last_order"
    for name in DATES:
        if not bench.has(name):
            continue
        cells, head = bench.cells(name), bench.heads[name]
        read = read_dates(cells)
        bench.values[name] = read.values
        shown = read.values.dt.strftime("%Y-%m-%d").fillna("")
        if read.serial.sum() < COMMON * len(cells):
            bench.events.add(read.serial, "excel_serial", "changed", column=head, old=cells, new=shown)
        fate = "set_aside" if grain == "orders" and name == key else "changed"
        bench.events.add(read.bad, "bad_date", fate, column=head, old=cells)
        if grain == "orders" and name == key:
            bench.events.add(read.empty, "no_date", "set_aside", column=head)
        if read.guessed_order:
            bench.notes.append(Problem("clean.guessed_day_month", {}, column=head))


def _read_money(bench: Bench, grain: str) -> None:
    key = "amount" if grain == "orders" else "monetary"
    for name in (*MONEY, *NUMBERS):
        if not bench.has(name):
            continue
        cells, head = bench.cells(name), bench.heads[name]
        in_wan = name in MONEY and "万" in head
        if in_wan:
            bench.notes.append(Problem("clean.wan", {}, column=head))
        read = read_amounts(cells, scale=1e4 if in_wan else 1.0)
        bench.values[name] = read.values
        shown = read.values.map(lambda v: "" if pd.isna(v) else f"{v:.2f}")
        if name in MONEY and read.unit.sum() < COMMON * len(cells):
            bench.events.add(read.unit, "amount_unit", "changed", column=head, old=cells, new=shown)
        fate = "set_aside" if grain == "orders" and name == key else "changed"
        bench.events.add(read.bad, "bad_amount", fate, column=head, old=cells)
        if name == key and grain == "orders":
            bench.events.add(read.empty, "no_amount", "set_aside", column=head)
    if grain == "orders" and "refund" in bench.values:
        refund = bench.values["refund"].fillna(0.0).abs()
        before = bench.values["amount"]
        bench.values["amount"] = (before - refund).round(2)
        part = (refund > 0) & (bench.values["amount"] > 0)
        bench.events.add(
            part,
            "refunded",
            "changed",
            column=bench.heads["refund"],
            old=before.map("{:.2f}".format),
            new=bench.values["amount"].map("{:.2f}".format),
        )
    if key not in bench.values:
        bench.values[key] = pd.Series(np.nan, index=bench.text.index)


def _read_words(bench: Bench) -> None:
    """Phones, grades, consent, owners, and free text that holds an identity number."""
    if bench.has("phone"):
        cells, head = bench.cells("phone"), bench.heads["phone"]
        phones = read_phones(cells)
        bench.values["phone"] = phones.values
        bench.events.add(phones.floated, "phone_float", "changed", column=head, old=cells, new=phones.values)
        odd = phones.bad | phones.mended
        bench.events.add(odd, "phone_format", "changed", column=head, old=cells, new=phones.values)
    if bench.has("grade"):
        cells, head = bench.cells("grade"), bench.heads["grade"]
        grades = read_grade(cells)
        bench.values["grade"] = grades
        respelt = cells != grades
        if respelt.sum() < COMMON * max(1, int((~is_empty(cells)).sum())):
            bench.events.add(respelt, "grade_spelling", "changed", column=head, old=cells, new=grades)
    if bench.has("owner"):
        missing = is_empty(bench.cells("owner"))
        if missing.mean() < COMMON:
            bench.events.add(missing, "owner_missing", "kept", column=bench.heads["owner"])
        else:
            bench.notes.append(
                Problem("clean.few_owners", {"share": float(missing.mean())}, column=bench.heads["owner"])
            )
    typed = {bench.heads[n] for n in (*DATES, *MONEY, *NUMBERS, "phone") if bench.has(n)}
    keys = {bench.heads[n] for n in ("customer_id", "order_id", "line_id", "product_id") if bench.has(n)}
    for head in bench.text.columns.difference([*typed, *keys], sort=False):
        cells = bench.text[head]
        hit = cells.str.contains(r"[\d０-９]{17}[\dXx０-９]", regex=True)
        if hit.any():
            hit &= mapped(cells.where(hit, ""), _holds_id).astype(bool)
        if 0 < hit.sum() < COMMON * len(cells):
            masked = cells.where(~hit, mapped(cells.where(hit, ""), mask_text))
            bench.events.add(hit, "id_in_text", "changed", column=head, old=cells, new=masked)
            bench.text[head] = masked
    _read_consent(bench)


def _holds_id(text: str) -> bool:
    return any(found.kind == "id_number" for found in find_in(text))


def _read_consent(bench: Bench) -> None:
    refused = pd.Series(False, index=bench.text.index)
    if bench.has("consent_marketing"):
        consent = read_yes_no(bench.cells("consent_marketing"))
        bench.values["consent_marketing"] = consent
        refused |= consent.eq(False).fillna(False).astype(bool)
    if bench.has("opt_out_channels"):
        cells = bench.cells("opt_out_channels")
        none = read_yes_no(cells).eq(False).fillna(False).astype(bool) | is_empty(cells)
        refused |= ~none & mapped(cells, lambda v: "全" in v or "all" in plain(v)).astype(bool)
    words = [plain(w) for w in vocabulary()["marketing_tag"]]
    if bench.has("tags") and refused.any():
        tagged = mapped(bench.cells("tags"), lambda v: any(w in plain(v) for w in words)).astype(bool)
        bench.events.add(
            refused & tagged, "opt_out_conflict", "kept", column=bench.heads["tags"], old=bench.cells("tags")
        )


def _keys(bench: Bench) -> pd.Series:
    """Who bought: the client's own number, else phone, e-mail or name, in that order."""
    for name in ("customer_id", "phone", "email", "name"):
        if bench.has(name):
            if name != "customer_id":
                bench.notes.append(Problem("clean.key_is", {"column": bench.heads[name]}))
            cells = bench.values["phone"] if name == "phone" else bench.cells(name)
            known = cells[~is_empty(cells)]
            # 123.0 is what pandas and Excel make of a number column with holes
            if len(known) and known.str.fullmatch(r"\d+\.0").all():
                cells = cells.str.removesuffix(".0")
            return cells.where(~is_empty(cells), None)
    raise InputProblems([Problem("clean.no_customer_column", {})])
