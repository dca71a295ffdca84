"""E03: the export in the notebook is the one that is judged, and its defects are those the exercise asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from segkit.charts.tables import ROWS
from segkit.intake.cleaning import clean
from segkit.intake.mapping import suggest_mapping
from segkit.intake.reading import read_table
from segkit.teach.exercise import exercise
from segkit.teach.exercises.e03 import EXPORT
from segkit.teach.judging import judge
from segkit.workshop.notebooks import read_notebook

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def right() -> dict[str, Any]:
    text = (Path(__file__).parent / "answers" / "E03.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text)["right"])


@pytest.mark.parametrize("folder", ["exercises", "exercises/solutions"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_notebook_shows_the_export_that_is_judged(folder: str, lang: str) -> None:
    notebook = read_notebook(ROOT / folder / f"E03_dirty_export.{lang}.ipynb")
    source = next(cell.source for cell in notebook.cells if cell.id == "rows")
    names: dict[str, Any] = {}
    exec(source, names)
    assert names["export"] == EXPORT.read_text(encoding="utf-8")


def test_each_row_is_shown_and_none_left_out() -> None:
    notebook = read_notebook(ROOT / "exercises" / "E03_dirty_export.zh.ipynb")
    last = {cell.id: cell.source.splitlines()[-1] for cell in notebook.cells}
    seen = pd.read_csv(EXPORT, dtype="str", encoding="utf-8")
    halves = [eval(last[id], {"seen": seen}) for id in ("export", "lower")]
    assert pd.concat(halves).equals(seen)
    assert max(map(len, halves)) <= ROWS


def test_the_total_row_sums_what_a_spreadsheet_takes_for_numbers() -> None:
    rows = [line.split(",") for line in EXPORT.read_text(encoding="utf-8").splitlines()[1:]]
    amounts = [row[5] for row in rows[:-1]]
    numbers = [float(text) for text in amounts if text.replace(".", "").isdigit()]
    assert len(numbers) == len(amounts) - 3
    assert sum(numbers) == pytest.approx(float(rows[-1][5]))


def test_the_solution_tells_what_the_ledger_holds() -> None:
    table = read_table(EXPORT)
    cleaned = clean(table, suggest_mapping(table))
    texts = cleaned.ledger.loc[cleaned.ledger["reason"] == "amount_unit", "amount"]
    for lang in ("zh", "en"):
        notebook = read_notebook(ROOT / "exercises" / "solutions" / f"E03_dirty_export.{lang}.ipynb")
        said = next(cell.source for cell in notebook.cells if cell.id == "why")
        for told in (f"{cleaned.totals.money_kept:,.2f}", f"{texts.sum():,.0f}", "9,085.01"):
            assert told in said


def test_the_guess_is_answered_by_the_balance(right: dict[str, Any]) -> None:
    assert judge("E03", exercise("E03").made_of(right)).actual == "double"


def test_the_order_of_ticks_does_not_matter(right: dict[str, Any]) -> None:
    turned = {**right, "kinds": right["kinds"][::-1], "ask": right["ask"][::-1]}
    assert judge("E03", exercise("E03").made_of(turned)).score == 100
