"""The figure of the lesson on the customer file: each step leads on to the next, and the last is what was counted."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

import segkit
from segkit.charts import money_bridge, money_steps
from segkit.intake.cleaning import Cleaned
from segkit.intake.table import Table

ABOUT = {"source": "shop", "as_of": "2025-12-31"}
HEAD = "客户编号,客户名称,最近下单日期,下单次数,累计消费(元)"
ROWS = [
    "K1,甲（虚构）,2025-11-01,2,100000",
    "K2,乙（虚构）,2025-11-02,3,1.2万",
    "K3,丙（虚构）,2025-11-03,4,￥900.50",
    "K4,丁（虚构）,2025-11-04,5,３００",
    "K5,戊（虚构）,2025-11-05,1,-40",
    "K1,甲（虚构）,2025-11-01,2,100000",
    "合计,,,17,200960",
]


def read(folder: Path, rows: list[str]) -> tuple[Table, Cleaned]:
    path = folder / "export.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    table = segkit.read_table(path)
    return table, segkit.clean(table, segkit.suggest_mapping(table))


def test_the_steps_lead_from_the_sum_of_a_spreadsheet_to_the_money_counted(tmp_path: Path) -> None:
    steps = money_steps(*read(tmp_path, ROWS)).set_index("reason")
    assert steps["amount"].to_dict() == {
        "spreadsheet": 199960.0,  # plain numbers only, the repeat twice, the total row not at all
        "duplicate": -100000.0,
        "amount_unit": 12900.5,
        "full_width": 300.0,
        "counted": 113160.5,
    }
    assert steps["rows"].to_dict() == {
        "spreadsheet": 6,
        "duplicate": 1,
        "amount_unit": 2,
        "full_width": 1,
        "counted": 5,
    }


def test_the_steps_of_the_sample_export_add_up_to_the_cent() -> None:
    table = segkit.read_table(segkit.load("client_export").path("export_gbk"))
    cleaned = segkit.clean(table, segkit.suggest_mapping(table))
    steps = money_steps(table, cleaned)
    written = float(table.furniture.iloc[-1]["text"].split()[-1])
    assert steps["amount"].iloc[0] == pytest.approx(written, abs=0.005)
    assert steps["amount"].iloc[-1] == pytest.approx(cleaned.totals.money_kept, abs=0.005)
    assert steps["amount"].iloc[:-1].sum() == pytest.approx(steps["amount"].iloc[-1], abs=0.005)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_title_says_how_far_out_and_by_what(tmp_path: Path, lang: Literal["zh", "en"]) -> None:
    drawn = money_bridge(*read(tmp_path, ROWS), lang=lang, **ABOUT)
    assert {"zh": "多算 86,800 元（77%）", "en": "86,800 CNY too high (77%)"}[lang] in drawn.meta.title
    assert drawn.meta.title.endswith({"zh": "完全重复", "en": "Exact duplicate"}[lang])
    assert "12,900.50" in drawn.meta.alt
    assert drawn.meta.chart.series[0].values[-1] == 113160.5


def test_a_column_that_adds_up_as_it_stands_says_so(tmp_path: Path) -> None:
    drawn = money_bridge(*read(tmp_path, ROWS[:1]), lang="zh", **ABOUT)
    assert drawn.meta.title == "直接求和与清洗后的金额一致"
