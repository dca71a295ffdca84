"""The defects planted in the sample files are found, class by class, and nothing else is called a defect."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
import yaml

from segkit.intake.cleaning import Cleaned, clean
from segkit.intake.mapping import mapping_from, suggest_mapping
from segkit.intake.reading import read_tables

DATASETS = Path(__file__).parents[2] / "datasets"
AS_OF = dt.date(2025, 12, 31)
LEAST = 0.95


def truth(case: str) -> pd.DataFrame:
    path = DATASETS / "_truth" / f"{case}_defects.csv"
    return pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)


def scores(cleaned: Cleaned, planted: pd.DataFrame) -> pd.DataFrame:
    """Precision and recall per reason, over (row, reason)."""
    found = set(zip(cleaned.ledger["row"].astype(int), cleaned.ledger["reason"], strict=True))
    true = set(zip(planted["row"].astype(int), planted["reason"], strict=True))
    rows = []
    for reason in sorted({r for _, r in found | true}):
        mine, theirs = {x for x in found if x[1] == reason}, {x for x in true if x[1] == reason}
        hit = len(mine & theirs)
        rows.append(
            (reason, hit / len(mine) if mine else 0.0, hit / len(theirs) if theirs else 0.0, len(theirs))
        )
    return pd.DataFrame(rows, columns=["reason", "precision", "recall", "planted"]).set_index("reason")


@pytest.mark.parametrize("file", ["export_gbk.csv", "export.xlsx"])
@pytest.mark.parametrize("guessed", [False, True], ids=["mapped", "guessed"])
def test_every_class_is_found_in_both_exports(file, guessed):
    table = read_tables([DATASETS / "client_export" / file])
    planted = truth("client_export")
    planted = planted[planted["file"] == file]
    named = yaml.safe_load((DATASETS / "_truth" / "client_export_mapping.yml").read_text(encoding="utf-8"))[
        file
    ]
    mapping = suggest_mapping(table) if guessed else mapping_from(table, named, "customers")
    graded = scores(clean(table, mapping, as_of=AS_OF), planted)
    assert len(graded) >= 16 and planted.shape[0] >= 380
    assert (graded["precision"] >= LEAST).all(), graded
    assert (graded["recall"] >= LEAST).all(), graded


def test_the_dirt_on_the_shops_orders_is_found():
    table = read_tables([DATASETS / "jd" / "orders.csv"])
    config = yaml.safe_load((DATASETS / "jd" / "client.yml").read_text(encoding="utf-8"))
    cleaned = clean(table, mapping_from(table, config["mapping"]["orders"], "orders"), as_of=AS_OF)
    planted = truth("jd")
    graded = scores(cleaned, planted[planted["file"] == "orders.csv"])
    assert (graded[["precision", "recall"]] >= LEAST).all(axis=None), graded


def test_what_was_mended_has_its_true_value():
    table = read_tables([DATASETS / "client_export" / "export_gbk.csv"])
    cleaned = clean(table, suggest_mapping(table), as_of=AS_OF)
    true = pd.read_csv(
        DATASETS / "_truth" / "client_export_clean.csv",
        encoding="utf-8-sig",
        dtype=str,
        keep_default_na=False,
    ).set_index("customer_id")
    mine = cleaned.frame.set_index("customer_id")
    both = mine.index.intersection(true.index)
    assert len(both) == len(true)
    amounts = pd.to_numeric(true.loc[both, "monetary"])
    negative = cleaned.frame.set_index("customer_id").loc[both, "monetary"] < 0
    assert (mine.loc[both, "monetary"][~negative] == amounts[~negative]).mean() > 0.999
    days = mine.loc[both, "last_order"].dt.strftime("%Y-%m-%d").fillna("")
    lost = (days == "") & (true.loc[both, "last_order"] != "")
    assert lost.sum() == 12 and (days[~lost] == true.loc[both, "last_order"][~lost]).all()
