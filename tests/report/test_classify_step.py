"""`check` says what a report would leave out: tables and columns that are missing, classes nothing is planned for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from segkit.cli import app
from segkit.config import load_config
from segkit.locale import LANGS
from segkit.problems import InputProblems
from segkit.report.build import build
from segkit.report.classify_step import customers_of, rehearsed
from segkit.report.intake_step import take_in

PLAYBOOK = """
id: own
title: {zh: 自己的方案, en: Our own}
attributes:
  visits: {from: visit, take: count}
  minutes: {from: calls, take: sum, column: minute}
  per_visit: {take: ratio, column: age, of: visits}
schemes:
  ages: {kind: bands, column: age, cuts: [40, 60], labels: [young, middle, old], source: 示例参数}
  often: {kind: bands, column: visits, cuts: [1], labels: [few, many], source: 示例参数}
main: ages
policy: {source: 示例参数, labels: {old: {touches: [{channel: phone, every_days: 9, minutes: 5, content: care_call}]}}}
"""
CONFIG = """
client: {id: own}
as_of: 2025-12-31
input:
  customers: a.csv
  tables:
    visits: {files: v.csv, customer_id: 客户号}
    calls: {files: v.csv, customer_id: 客户号}
playbook: own.yml
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    lines = ["客户号,age", *(f"K{i:03d},{20 + i}" for i in range(60))]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "v.csv").write_text("客户号,minutes\nK001,5\nK002,6\n", encoding="utf-8")
    (tmp_path / "own.yml").write_text(PLAYBOOK, encoding="utf-8")
    (tmp_path / "client.yml").write_text(CONFIG, encoding="utf-8")
    return tmp_path / "client.yml"


def test_each_cause_is_said_once_and_what_follows_from_it_is_not(config: Path) -> None:
    settings = load_config(config)
    before = sorted(p.name for p in config.parent.iterdir())
    notes = rehearsed(settings, take_in(settings))
    assert [(n.id, n.facts.get("attributes"), n.facts.get("near")) for n in notes[:2]] == [
        ("playbook.lacks.no_table_near", ["visits"], ["visits"]),
        ("playbook.lacks.no_column_near", ["minutes"], ["minutes"]),
    ]
    assert [n.id for n in notes[2:]] == ["report.scheme_skipped", "playbook.no_touch"]
    assert notes[-1].facts["labels"] == ["middle", "young"]
    assert all(note.text(lang) for note in notes for lang in LANGS)
    assert sorted(p.name for p in config.parent.iterdir()) == before


def test_a_label_of_the_policy_that_nobody_gets_is_said(config: Path) -> None:
    touches = "{touches: [{channel: phone, every_days: 9, minutes: 5, content: care_call}]}"
    text = PLAYBOOK.replace("示例参数, labels: {", f"示例参数, labels: {{sixth_form: {touches}, ")
    (config.parent / "own.yml").write_text(text, encoding="utf-8")
    settings = load_config(config)
    said = {note.id: note.facts for note in rehearsed(settings, take_in(settings))}
    assert said["playbook.label_idle"]["labels"] == ["sixth_form"]


@pytest.mark.parametrize("lang", LANGS)
def test_check_says_it_on_the_command_line(config: Path, lang: str) -> None:
    said = CliRunner().invoke(app, ["check", str(config), "--lang", lang, "--quiet"])
    assert said.exit_code == 0 and "0.00" not in said.output
    assert "young" in said.output and "visits" in said.output


def test_without_money_nobody_is_taken_for_one_who_bought_nothing(tmp_path: Path) -> None:
    people = pd.DataFrame({"customer_id": ["a", "b"], "monetary": [None, None], "age": [1.0, 2.0]})
    day = pd.Timestamp(2025, 12, 31).date()
    table = customers_of(None, people, day, tmp_path)
    assert table["frequency"].isna().all() and table["monetary"].isna().all()
    some = people.assign(monetary=[10.0, None])
    assert customers_of(None, some, day, tmp_path)["frequency"].tolist() == [pd.NA, 0]


def test_a_column_of_the_clients_own_never_takes_the_place_of_a_computed_one(tmp_path: Path) -> None:
    orders = pd.DataFrame({"customer_id": ["a"], "order_date": [pd.Timestamp(2025, 12, 1)], "amount": [7.0]})
    people = pd.DataFrame({"customer_id": ["a"], "orders": ["many"], "aov": [1.0], "age": [3.0]})
    table = customers_of(orders, people, pd.Timestamp(2025, 12, 31).date(), tmp_path)
    assert table.loc[0, ["orders", "aov", "age"]].tolist() == [1, 7.0, 3.0]


def test_a_table_whose_key_finds_nobody_is_a_problem_and_not_an_absent_table(config: Path) -> None:
    (config.parent / "v.csv").write_text("客户号,minutes\n5,K001\n6,K002\n", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        take_in(load_config(config))
    assert [(p.id, p.facts["table"]) for p in caught.value.problems] == [
        ("tables.nobody_found", "visits"),
        ("tables.nobody_found", "calls"),
    ]
    for lang in LANGS:
        assert "K000" in caught.value.text(lang) and "客户号" in caught.value.text(lang)


def test_a_column_of_dates_that_holds_none_is_named(config: Path) -> None:
    text = config.read_text(encoding="utf-8").replace(
        "calls: {files: v.csv, customer_id: 客户号}",
        "calls: {files: v.csv, customer_id: 客户号, date: minutes}",
    )
    config.write_text(text, encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        take_in(load_config(config))
    assert [(p.id, p.column, p.facts["n"]) for p in caught.value.problems] == [
        ("tables.no_dates", "minutes", 2)
    ]
    assert all("date" in caught.value.text(lang) for lang in LANGS)


def with_schemes(config: Path, schemes: str) -> Path:
    config.write_text(config.read_text(encoding="utf-8") + f"schemes:\n{schemes}", encoding="utf-8")
    return config


def test_check_says_which_rules_never_decide(config: Path) -> None:
    rules = "[{label: a, when: {age: {at_least: 40}}}, {label: b, when: {age: {at_least: 60}}}]"
    settings = load_config(with_schemes(config, f"  mine: {{kind: rules, rules: {rules}, otherwise: c}}\n"))
    (note,) = [n for n in rehearsed(settings, take_in(settings)) if n.id == "playbook.rules"]
    assert note.facts["scheme"] == "mine" and all("60" in note.text(lang) for lang in LANGS)


def test_a_misspelt_column_is_named_with_the_likely_one(config: Path) -> None:
    ages = "{kind: bands, column: agge, cuts: [40], labels: [young, old]}"
    settings = load_config(
        with_schemes(
            config, f"  ages: {ages}\n  plain: {{kind: bands, column: age, cuts: [9], labels: [a, b]}}\n"
        )
    )
    notes = {n.id: n for n in rehearsed(settings, take_in(settings))}
    assert notes["report.scheme_skipped_near"].facts["near"] == ["agge → age"]
    assert "report.main_lacks" in notes and "report.main_changed" not in notes
    assert all(n.text(lang) for n in notes.values() for lang in LANGS)


def test_what_follows_from_another_lack_is_taken_for_no_misspelling(config: Path) -> None:
    after = "  again: {kind: rules, rules: [{label: x, when: {often: [many]}}], otherwise: y}\n"
    own = PLAYBOOK.replace("main: ages", after + "main: ages").replace(
        "column: age, of", "column: per_visit, of"
    )
    (config.parent / "own.yml").write_text(own, encoding="utf-8")
    lines = ["客户号,age,oftener", *(f"K{i:03d},{20 + i},{i % 3}" for i in range(60))]
    (config.parent / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    settings = load_config(config)
    notes = rehearsed(settings, take_in(settings))
    assert "report.scheme_skipped_near" not in [n.id for n in notes]
    assert ["per_visit"] in [n.facts.get("attributes") for n in notes]


def test_where_no_scheme_can_be_used_the_tables_to_supply_are_named(config: Path) -> None:
    own = config.parent / "own.yml"
    ages = next(line for line in PLAYBOOK.splitlines(keepends=True) if line.startswith("  ages:"))
    own.write_text(PLAYBOOK.replace(ages, "").replace("main: ages", "main: often"), encoding="utf-8")
    settings = load_config(config)
    with pytest.raises(InputProblems) as caught:
        rehearsed(settings, take_in(settings))
    (problem,) = caught.value.problems
    assert (problem.id, problem.facts["columns"]) == ("playbook.nothing_fits", ["visit"])


@pytest.mark.slow
def test_a_report_says_what_check_says_and_stops_at_what_stops_it(config: Path) -> None:
    settings = load_config(config)
    said = [note.id for note in rehearsed(settings, take_in(settings))]
    assert said and [note.id for note in build(settings, formats=["html"]).notes] == said
    assert not list(config.parent.rglob("notes.json"))
    text = "  text: {kind: bands, column: risk, cuts: [1], labels: [a, b]}\n"
    lines = ["客户号,age,risk", *(f"K{i:03d},{20 + i},C{i % 5}" for i in range(60))]
    (config.parent / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        build(load_config(with_schemes(config, text)), formats=["html"])
    assert [p.id for p in caught.value.problems] == ["schemes.not_numbers"]


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
def test_classes_without_a_rule_are_named_in_the_language_asked_for(sample, lang):
    settings = load_config(sample("partner_tags"))
    (note,) = [n for n in rehearsed(settings, take_in(settings), lang) if n.id == "playbook.no_touch"]
    assert {"zh": "已撤回", "en": "Withdrawn"}[lang] in note.facts["labels"]
