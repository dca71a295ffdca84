"""Clients without money (patients, learners, bank clients): a whole report, and nothing in it that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from segkit.config import load_config
from segkit.locale import LANGS, Lang
from segkit.report import sections
from segkit.report.analysis import open_study
from segkit.report.build import Built, build
from segkit.report.model import Bullets, Sheet, Text
from segkit.report.study import Study

pytestmark = pytest.mark.slow  # whole reports: not part of the quick check

PLAYBOOK = """
id: clinic
title: {zh: 慢病随访, en: Follow-up of patients}
attributes:
  sbp: {from: visits, take: last, column: 收缩压}
  visits_90d: {from: visits, take: count, where: {有效: 1}, within_days: 90}
schemes:
  pressure: {kind: bands, column: sbp, cuts: [139, 159], labels: [normal, raised, high], source: 示例参数}
  age_band: {kind: bands, column: age, cuts: [60], labels: [younger, older], source: 示例参数}
main: pressure
names:
  pressure: {zh: 血压分级, en: Blood pressure class}
  age_band: {zh: 年龄段, en: Age group}
  sbp: {zh: 最近收缩压, en: last systolic pressure}
  age: {zh: 年龄, en: age}
  normal: {zh: 达标, en: In range}
  raised: {zh: 偏高, en: Raised}
  high: {zh: 很高, en: High}
  younger: {zh: 60 岁及以下, en: Up to 60}
  older: {zh: 60 岁以上, en: Above 60}
policy:
  source: 示例参数
  labels:
    high: {touches: [{channel: phone, every_days: 14, minutes: 20, content: care_call, marketing: false}]}
    raised: {touches: [{channel: phone, every_days: 30, minutes: 20, content: care_call, marketing: false}]}
    normal: {touches: [{channel: phone, every_days: 90, minutes: 20, content: care_call, marketing: false}]}
"""
CONFIG = """
client: {id: clinic, name: 门诊（虚构）}
lang: zh
input:
  customers: patients.csv
  tables: {visits: {files: visits.csv, customer_id: 患者编号, date: 随访日期}}
mapping: {customers: {患者编号: customer_id, 年龄: age}}
playbook: ./clinic.yml
followup: {days: 3}
"""
N = 60
MONEY = re.compile(r"元|CNY|\d\.\d\d(?!\d|%)|revenue|金额", re.IGNORECASE)


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    """60 patients, one of them without a visit, and three visits each of the others."""
    patients = ["患者编号,年龄,身份证备注", *(f"P{i:03d},{40 + i % 40},住三楼" for i in range(N))]
    visits = ["随访编号,患者编号,随访日期,收缩压,有效"]
    for i in range(1, N):
        for month in (7, 10, 12):
            visits.append(
                f"V{i}{month:02d},P{i:03d},2025-{month:02d}-{i % 28 + 1:02d},{120 + i + month},{i % 2}"
            )
    visits += ["V9001,,2025-12-01,130,1", "V9002,P001,2025-13-01,130,1", "V9003,P999,2025-12-02,130,1"]
    for name, text in {
        "patients.csv": "\n".join(patients),
        "visits.csv": "\n".join(visits),
        "clinic.yml": PLAYBOOK,
        "client.yml": CONFIG,
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "client.yml"


ALL: tuple[Callable[[Study], object], ...] = tuple(
    getattr(sections, name) for name in sections.__all__ if name != "summary"
)


def made(config: Path, lang: Lang) -> Study:
    study = open_study(config=str(config), lang=lang)
    for section in (*ALL, sections.summary):
        section(study)
    return study


def words(study: Study) -> str:
    """Everything on the page: findings, cards, texts, headings and cells."""
    said = [part for f in study.model.findings.values() for part in (f.claim, f.evidence, f.action)]
    said += [part for f in study.model.figures.values() for part in (f.title, f.alt, f.caption)]
    said += [kpi.label + kpi.note for kpi in study.model.kpis.values()]
    for section in study.model.sections:
        said.append(section.title)
        for block in section.blocks:
            if isinstance(block, Text):
                said.append(block.text)
            elif isinstance(block, Bullets):
                said += block.items
            elif isinstance(block, Sheet):
                said += [block.title, *(column.head for column in block.columns)]
    return "\n".join(said)


@pytest.mark.parametrize("lang", LANGS)
def test_a_report_without_money_has_cards_and_findings_that_are_true(clinic: Path, lang: Lang) -> None:
    study = made(clinic, lang)
    model = study.model
    summary = model.sections[0]
    cards = next(block.ids for block in summary.blocks if block.kind == "kpis")
    assert [(id, model.kpis[id].value) for id in cards] == [
        ("customers", N),
        ("best_class", int((study.customers["pressure"] == "high").sum())),
        ("followup_tasks", len(study.plan.tasks)),
    ]
    assert [f.id for f in model.findings.values()] == ["first_in_line", "without_data", "no_time"]
    assert all(f.claim and f.evidence and f.action for f in model.findings.values())
    high, unknown, late = model.findings.values()
    assert str((study.customers["pressure"] == "high").sum()) in high.claim
    assert ("很高" if lang == "zh" else "High") in high.claim
    assert (
        "1 " in unknown.claim
        and ("最近收缩压" if lang == "zh" else "last systolic pressure") in unknown.evidence
    )
    assert str(len(study.plan.unscheduled)) in late.claim


@pytest.mark.parametrize("lang", LANGS)
def test_no_money_stands_anywhere_on_the_page(clinic: Path, lang: Lang) -> None:
    study = made(clinic, lang)
    said = words(study)
    note = {
        "zh": "没有金额列，报告不写与金额有关的内容",
        "en": "There is no column of money; everything about money",
    }
    told = {"zh": "没有订单，也没有购买次数和金额", "en": "no orders, no count of purchases and no money"}
    rest = [
        line
        for line in said.splitlines()
        if MONEY.search(line.split("segkit ")[0]) and note[lang] not in line and told[lang] not in line
    ]
    assert note[lang] in said and told[lang] in said and rest == []
    ids = {kpi.id for kpi in study.model.kpis.values() if kpi.unit == "money"}
    sheets = [b for s in study.model.sections for b in s.blocks if isinstance(b, Sheet)]
    assert not ids and all(c.unit != "money" for sheet in sheets for c in sheet.columns)
    assert "concentration" not in {section.id for section in study.model.sections}
    assert not any(key.startswith("money") for key in study.model.provenance.totals)


def test_the_plan_is_made_all_the_same(clinic: Path) -> None:
    study = made(clinic, "zh")
    tasks = study.plan.tasks
    assert len(tasks) and tasks["value"].eq(0).all()
    first = tasks["segment"].drop_duplicates().tolist()
    assert first == [label for label in ("high", "raised", "normal") if label in first]


def test_each_table_is_told_in_a_sentence_with_what_was_left_out(clinic: Path) -> None:
    study = made(clinic, "zh")
    data = next(s for s in study.model.sections if s.id == "data")
    told = [item for block in data.blocks if isinstance(block, Bullets) for item in block.items]
    (line,) = [item for item in told if item.startswith("表“visits”")]
    for words_ in (
        "visits.csv",
        "180 行",
        "59 位客户",
        "2025-07-01",
        "2025-12-28",
        "缺客户 1",
        "日期无法识别 1",
        "1 行",
    ):
        assert words_ in line, (words_, line)
    sheets = {b.id: b for b in data.blocks if isinstance(b, Sheet)}
    assert {"no_customer", "bad_date"} <= {*study.ledger["reason"]}
    assert (
        sum(row[-1] for row in sheets["events"].rows) == len(study.ledger)
        and len(sheets["set_aside"].rows) == 2
    )
    by_file = sheets["rows_by_file"]
    assert [row[:2] for row in by_file.rows] == [["patients.csv", N], ["visits.csv", 180]]
    assert by_file.total[1] == study.model.kpis["rows_in"].value == N + 180
    assert by_file.total[-1] == study.model.kpis["rows_set_aside"].value == 2


def test_orders_of_a_few_are_money_and_the_others_have_not_bought(clinic: Path) -> None:
    orders = [
        "患者编号,下单日期,金额",
        *(f"P{i:03d},2025-0{i % 9 + 1}-15,{100 * (i + 1)}" for i in range(10)),
    ]
    (clinic.parent / "orders.csv").write_text("\n".join(orders), encoding="utf-8")
    text = clinic.read_text(encoding="utf-8")
    clinic.write_text(
        text.replace("  customers: patients.csv", "  orders: orders.csv\n  customers: patients.csv"),
        encoding="utf-8",
    )
    study = made(clinic, "zh")
    kpis = {id: kpi.value for id, kpi in study.model.kpis.items()}
    assert (kpis["customers"], kpis["buyers"], kpis["revenue"]) == (N, 10, 5500.0)
    assert len(study.prospects) == N - 10 and study.has_money
    assert study.customers["age"].notna().all()


@pytest.fixture
def built(clinic: Path) -> dict[str, Built]:
    config = load_config(clinic)
    return {lang: build(config, lang=lang) for lang in LANGS}


def test_page_and_workbook_hold_the_playbooks_names_and_no_money(built: dict[str, Built]) -> None:
    for lang, report in built.items():
        page = (report.folder / "report.html").read_text(encoding="utf-8")
        shown = re.sub(r"<(style|svg|script).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
        assert "0.00" not in shown and not re.search(r"\d 元|CNY", shown)
        assert ("血压分级" if lang == "zh" else "Blood pressure class") in shown
        book = openpyxl.load_workbook(report.folder / "customers.xlsx")
        cells = [
            str(c)
            for sheet in book
            for row in sheet.iter_rows(values_only=True)
            for c in row
            if c is not None
        ]
        formats = {
            c.number_format for sheet in book for row in sheet.iter_rows() for c in row if c.value == 0
        }
        assert not any(re.search(r"（元）|\(CNY\)", cell) for cell in cells)
        assert not any("0.00" in form for form in formats)
        assert ("最近收缩压" if lang == "zh" else "last systolic pressure") in " ".join(cells)
        # what no rule reads may hold anything, and stays with the client
        assert not any("住三楼" in cell for cell in cells) and "身份证备注" not in cells
    assert not list(built["zh"].folder.glob("**/table_*.parquet"))
