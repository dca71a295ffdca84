"""A client's text columns as typed values, every mended cell said."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segkit.intake.keys import as_phones, differ_in_case, one_spelling, whole_ids
from segkit.intake.ledger import Events
from segkit.intake.units import Unit, by_file, decimal_point, scales, slips
from segkit.intake.values import (
    Amounts,
    Dates,
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

DATES = ("order_date", "register_date", "last_order", "first_contact", "last_follow_up")
MONEY = ("amount", "monetary", "refund", "expected_amount")
# the money of a grain: paid, paid in all, hoped for
MONEY_OF = {"orders": "amount", "customers": "monetary", "leads": "expected_amount"}
NUMBERS = ("quantity", "frequency")
# a way of writing that most cells share is the column's format, not a defect of each row
COMMON = 0.5


@dataclass
class Bench:
    """What the steps of one cleaning hand to each other."""

    text: pd.DataFrame  # tidy text under the client's headings
    heads: dict[str, str]  # canonical column -> client heading
    events: Events
    origin: pd.DataFrame  # file, sheet, row
    titles: dict[tuple[str, str], Unit] = field(default_factory=dict)  # (file, sheet) -> unit in a title row
    values: dict[str, pd.Series] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)
    lost_key: pd.Series | None = None  # rows whose id lost digits: set aside, but not for want of an id

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
    _order_ids(bench)
    bench.values["customer_id"] = _keys(bench, grain)


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
    names = ("customer_id", "lead_id", "order_id", "line_id", "product_id", "phone", "email")
    for head in (bench.heads[n] for n in (*names, *DATES, *MONEY, *NUMBERS) if n in bench.heads):
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
        read = dates_by_file(bench, cells, head)
        bench.values[name] = read.values
        shown = read.values.dt.strftime("%Y-%m-%d").fillna("")
        if read.serial.sum() < COMMON * len(cells):
            bench.events.add(read.serial, "excel_serial", "changed", column=head, old=cells, new=shown)
        fate = "set_aside" if grain == "orders" and name == key else "changed"
        bench.events.add(read.bad, "bad_date", fate, column=head, old=cells)
        if grain == "orders" and name == key:
            bench.events.add(read.empty, "no_date", "set_aside", column=head)
        if months := int(read.months.sum()):
            bench.notes.append(Problem("clean.months_only", {"n": months}, column=head))


def dates_by_file(bench: Bench, cells: pd.Series, head: str) -> Dates:
    """Each file has its own order of day and month."""
    parts = []
    for file, here in by_file(bench.origin):
        read = read_dates(cells[here])
        parts.append(read)
        if read.guess is not None:
            facts = {"written": read.guess[0], "read": read.guess[1].date()}
            bench.notes.append(Problem("clean.guessed_day_month", facts, file=file, column=head))
    if len(parts) == 1:
        return parts[0]
    masks = ("values", "empty", "bad", "serial", "months")
    whole = {m: pd.concat([getattr(p, m) for p in parts]).loc[cells.index] for m in masks}
    return Dates(**whole, guess=None)


def amounts_by_file(bench: Bench, cells: pd.Series, head: str, *, money: bool) -> Amounts:
    """Each file has its own decimal sign; the unit of money is the heading's, else that of the title row."""
    turned = cells.copy()
    for file, here in by_file(bench.origin):
        turned[here], comma = decimal_point(cells[here])
        if comma:
            bench.notes.append(Problem("clean.decimal_comma", {}, file=file, column=head))
    if not money:
        return read_amounts(turned)
    scale, used = scales(turned, head, bench.origin, bench.titles)
    for unit, file in used.items():
        facts = {"unit": unit.written, "factor": unit.factor}
        bench.notes.append(Problem("clean.unit", facts, file=file, column=head))
    read = read_amounts(turned, scale=scale)
    written = read.values / scale
    odd = slips(written.where(scale != 1), float(scale.max())) if used else read.bad & False
    return Amounts(read.values.where(~odd, written), read.empty, read.bad, read.unit | odd)


def _read_money(bench: Bench, grain: str) -> None:
    key = MONEY_OF[grain]
    for name in (*MONEY, *NUMBERS):
        if not bench.has(name):
            continue
        cells, head = bench.cells(name), bench.heads[name]
        read = amounts_by_file(bench, cells, head, money=name in MONEY)
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
    ids = ("customer_id", "lead_id", "order_id", "line_id", "product_id")
    keys = {bench.heads[n] for n in ids if bench.has(n)}
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


def _keys(bench: Bench, grain: str) -> pd.Series:
    """Who it is: the client's own number, else phone, e-mail or name, in that order."""
    key = "lead_id" if grain == "leads" else "customer_id"
    for name in dict.fromkeys((key, "customer_id", "phone", "email", "name")):
        if bench.has(name):
            if name != key:
                said = "clean.key_is" + ("_leads" if grain == "leads" else "")
                bench.notes.append(Problem(said, {"column": bench.heads[name]}))
            cells = bench.values["phone"] if name == "phone" else bench.cells(name)
            if name == "phone":
                # an unreadable phone names nobody; one that lost its digits is called so
                cells = cells.where(~whole_ids(bench.cells("phone"))[1], bench.cells("phone"))
            return one_key(bench, cells, bench.heads[name])
    raise InputProblems([Problem("clean.no_customer_column", {})])


def one_key(bench: Bench, cells: pd.Series, head: str) -> pd.Series:
    """The key in one spelling; missing where it is empty or its last digits are gone."""
    whole, lost = whole_ids(cells)
    bench.events.add(lost, "phone_float", "set_aside", column=head, old=cells)
    if lost.any():
        bench.notes.append(Problem("clean.ids_lost", {"n": int(lost.sum())}, column=head))
    bench.lost_key = lost
    spelt, phones = as_phones(one_spelling(whole))
    bench.events.add(phones, "phone_format", "changed", column=head, old=cells, new=spelt)
    key = spelt.where(~is_empty(spelt), None)
    if n := differ_in_case(key):
        bench.notes.append(Problem("clean.keys_differ_in_case", {"n": n}, column=head))
    return key


def _order_ids(bench: Bench) -> None:
    """Order numbers that lost their last digits are no order numbers: many orders would become one."""
    if not bench.has("order_id"):
        return
    head = bench.heads["order_id"]
    whole, lost = whole_ids(bench.text[head])
    bench.events.add(lost, "phone_float", "changed", column=head, old=bench.text[head])
    if lost.any():
        bench.notes.append(Problem("clean.order_ids_lost", {"n": int(lost.sum())}, column=head))
    bench.text[head] = one_spelling(whole)
