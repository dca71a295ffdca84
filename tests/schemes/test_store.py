"""Schemes as YAML: what was written is read, what is wrong is named, all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from engines import ENGINES, back

from segkit.locale import LANGS
from segkit.problems import InputProblems
from segkit.schemes.bands import Bands
from segkit.schemes.pareto import Pareto
from segkit.schemes.rfm import RFM
from segkit.schemes.store import KINDS, load_scheme, load_schemes, save_schemes, scheme_from, schemes_from


def problems_of(given: Any, lang: Any = "en") -> list[str]:
    with pytest.raises(InputProblems) as error:
        scheme_from(given, "mine")
    assert all(p.text("zh") and p.text("en") for p in error.value.problems)
    return [p.text(lang) for p in error.value.problems]


def test_the_usual_names_of_the_output_columns() -> None:
    assert {kind: scheme_from(fields).name for kind, fields in SMALLEST.items()} == {
        "bands": "bands",
        "clusters": "clusters",
        "lifecycle": "lifecycle",
        "lookup": "lookup",
        "matrix": "matrix",
        "needs": "needs",
        "pareto": "abc",
        "rfm": "rfm",
        "rules": "rules",
        "scorecard": "scorecard",
    }
    assert set(SMALLEST) == set(KINDS)
    assert scheme_from({"kind": "pareto"}, "worth").name == "worth"
    assert scheme_from({"kind": "pareto", "name": "abc"}, "worth").name == "abc"


SMALLEST: dict[str, dict[str, Any]] = {
    "bands": {"kind": "bands", "column": "aum", "cuts": [5], "labels": ["a", "b"]},
    "clusters": {"kind": "clusters"},
    "lifecycle": {"kind": "lifecycle"},
    "lookup": {"kind": "lookup", "table": "region"},
    "matrix": {"kind": "matrix", "preset": "frequency_aov"},
    "needs": {"kind": "needs", "columns": {"price": "p", "quality": "q"}},
    "pareto": {"kind": "pareto"},
    "rfm": {"kind": "rfm"},
    "rules": {"kind": "rules", "rules": [{"label": "a", "when": {"x": 1}}], "otherwise": "b"},
    "scorecard": {
        "kind": "scorecard",
        "items": [{"when": {"x": 1}, "points": 1}],
        "grades": [{"label": "a", "from": 1}, {"label": "b"}],
    },
}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "rmf"}, "mine.kind: cannot be rmf; did you mean rfm?"),
        ({}, f"mine: kind is missing; one of {', '.join(KINDS)}"),
        ("rfm", "mine: should hold 'name: content' lines"),
        ({"kind": "rfm", "segmnets": "eight"}, "mine.segmnets: no such setting; did you mean 'segments'?"),
        ({"kind": "rfm", "zzzz": 1}, "mine.zzzz: no such setting; there are"),
        (
            {"kind": "rfm", "segments": "elven"},
            "mine.segments: no segment map is called elven; did you mean eleven?",
        ),
        ({"kind": "rfm", "split": "mode"}, "mine.split: cannot be mode; did you mean mean, median?"),
        ({"kind": "rfm", "bins": 12}, "mine.bins: 12 is too large, at most 9"),
        ({"kind": "rfm", "bins": "many"}, "mine.bins: many cannot be used"),
        ({"kind": "lifecycle", "loyal_from": 1}, "mine.loyal_from: 1 is too small, at least 3"),
        ({"kind": "bands", "cuts": [1], "labels": ["a", "b"]}, "mine.column: needed, not given"),
        ({"kind": "bands", "column": "x", "labels": ["a"], "cuts": [1]}, "mine: 1 cut points want 2 labels"),
        ({"kind": "pareto", "cuts": [0.7, 1.5]}, "mine.cuts.2: 1.5 should be below 1"),
        ({"kind": "pareto", "name": "monetary"}, "mine: the output column cannot be called monetary"),
        ({"kind": "rfm", "segments": [{"id": "a", "rr": [1, 5]}]}, "mine.segments.1.rr: no such setting"),
        ({"kind": "rfm", "segments": [{"id": "a"}]}, "mine.segments.1: segment a gives ranges"),
        (
            {"kind": "rfm", "segments": [{"id": "a", "r": [2, 5]}]},
            "mine: the own map is not complete: 25 of 125",
        ),
    ],
)
def test_what_is_wrong_is_named_with_the_likely_word(given: Any, words: str) -> None:
    assert any(text.startswith(words) for text in problems_of(given)), problems_of(given)


def test_words_are_there_in_chinese_too() -> None:
    assert problems_of({"kind": "rfm", "segmnets": "eight"}, "zh") == [
        "mine.segmnets：没有这个设置；是不是“segments”？"
    ]


def test_all_problems_of_all_schemes_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "schemes.yml"
    path.write_text(
        "a: {kind: rmf}\nb: {kind: rfm, binz: 3, bins: 99}\nc: {kind: pareto}\n", encoding="utf-8"
    )
    with pytest.raises(InputProblems) as error:
        load_schemes(path)
    assert len(error.value.problems) == 3
    assert all(p.file == "schemes.yml" for p in error.value.problems)


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", ""])
def test_a_file_that_holds_no_schemes_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yml").write_text(text, encoding="utf-8")
    for load in (load_scheme, load_schemes):
        with pytest.raises(InputProblems) as error:
            load(tmp_path / "x.yml")
        assert error.value.problems[0].file == "x.yml"
    with pytest.raises(InputProblems, match="there is no file"):
        load_scheme(tmp_path / "none.yml")


def test_a_file_from_notepad_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_bytes(b"\xef\xbb\xbfkind: pareto\r\n")
    assert load_scheme(tmp_path / "x.yml") == Pareto()


def test_saved_schemes_are_plain_short_yaml(tmp_path: Path) -> None:
    tier = Bands(column="aum", cuts=(5, 50), labels=("普通", "金卡", "白金"), source="示例参数", name="tier")
    save_schemes({"tier": tier, "rfm": RFM()}, tmp_path / "schemes.yml")
    text = (tmp_path / "schemes.yml").read_bytes().decode("utf-8")
    assert text.startswith("tier:\n  kind: bands\n  source: 示例参数\n  column: aum\n") and "\r" not in text
    assert load_schemes(tmp_path / "schemes.yml") == {"tier": tier, "rfm": RFM()}


def test_a_playbook_block_is_read_as_it_stands() -> None:
    found = schemes_from(
        {"tier": {"kind": "bands", "column": "aum", "cuts": [5], "labels": ["normal", "gold"]}}
    )
    assert found["tier"].name == "tier" and found["tier"].needs() == ("aum",)


# --- columns of another kind ------------------------------------------------------------------------

GRID = {"high": {"high": "a", "low": "b"}, "low": {"high": "c", "low": "d"}}
KINDS_OF_COLUMNS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "bands", "column": "risk", "cuts": [5], "labels": ["a", "b"]}, "schemes.not_numbers"),
    (
        {"kind": "matrix", "axes": [{"column": "risk"}, {"column": "aum"}], "grid": GRID},
        "schemes.not_numbers",
    ),
    ({"kind": "pareto", "value": "risk"}, "schemes.not_numbers"),
    ({"kind": "clusters", "columns": ["aum", "risk"]}, "schemes.not_numbers"),
    ({"kind": "bands", "column": "opened", "cuts": [5], "labels": ["a", "b"]}, "schemes.not_numbers"),
    (
        {"kind": "rules", "rules": [{"label": "a", "when": {"risk": {"at_least": 3}}}], "otherwise": "b"},
        "schemes.not_numbers",
    ),
    (
        {"kind": "rules", "rules": [{"label": "a", "when": {"aum": ["high"]}}], "otherwise": "b"},
        "schemes.not_words",
    ),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("fields", "id"), KINDS_OF_COLUMNS)
def test_a_column_of_another_kind_is_named_on_every_engine(
    engine: str, fields: dict[str, Any], id: str
) -> None:
    frame = pd.DataFrame(
        {
            "customer_id": ["x", "y"],
            "risk": ["C4", "C5"],
            "aum": [1.0, 2.0],
            "opened": pd.to_datetime(["2025-01-01", "2025-01-02"]),
        }
    )
    with pytest.raises(InputProblems) as caught:
        scheme_from(fields, "mine").fit(ENGINES[engine](frame))
    (problem,) = caught.value.problems
    assert problem.id == id and problem.facts["scheme"] == "mine"
    assert problem.facts["column"] in ("risk", "opened", "aum")
    assert all(problem.facts["column"] in problem.text(lang) for lang in LANGS)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_without_any_value_and_codes_read_as_numbers_are_of_every_kind(engine: str) -> None:
    frame = pd.DataFrame(
        {"customer_id": ["x", "y"], "empty": pd.Series([None, None], dtype="float64"), "code": [3.0, 4.0]}
    )
    fields = {
        "kind": "rules",
        "rules": [{"label": "a", "when": [{"empty": "high"}, {"code": ["3", "other"]}]}],
        "otherwise": "b",
    }
    labelled = scheme_from(fields, "mine").label(ENGINES[engine](frame))
    assert back(labelled)["mine"].tolist() == ["a", "unknown"]


@pytest.mark.parametrize("written", [">= 600", "≥600", "<5", "= 3"])
def test_a_comparison_written_as_in_a_spreadsheet_is_refused(written: str) -> None:
    rule = {"kind": "rules", "rules": [{"label": "a", "when": {"aum": written}}], "otherwise": "b"}
    (said,) = problems_of(rule)
    assert "{" in said and written in said
    listed = {"kind": "rules", "rules": [{"label": "a", "when": {"age": [written]}}], "otherwise": "b"}
    assert scheme_from(listed, "mine")


# --- files ------------------------------------------------------------------------------------------


def test_a_file_out_of_notepad_is_read_and_mistakes_have_their_line(tmp_path: Path) -> None:
    path = tmp_path / "schemes.yml"
    path.write_bytes(
        "资产：\n\tkind：bands\n\tcolumn: aum\n\tcuts: [5，50]\n\tlabels: [低, 中, 高]\n".encode("gb18030")
    )
    assert load_schemes(path)["资产"].order() == ("高", "中", "低", "unknown")
    path.write_text(
        "a: {kind: pareto}\nb:\n  kind: bands\n  column: aum\n  cuts: [5, .inf]\n  labls: [x, y]\n", "utf-8"
    )
    with pytest.raises(InputProblems) as caught:
        load_schemes(path)
    assert [(p.row, p.facts["at"]) for p in caught.value.problems][-1] == (6, "b.labls")
    path.write_text("a: {kind: pareto}\nb: {kind: rfm}\na: {kind: lifecycle}\n", "utf-8")
    with pytest.raises(InputProblems) as caught:
        load_schemes(path)
    assert [(p.id, p.row, p.facts["first"]) for p in caught.value.problems] == [("config.twice", 3, 1)]


@pytest.mark.parametrize(
    ("text", "id"),
    [("", "yaml.nothing"), ("- a\n- b\n", "yaml.no_keys"), ("a: [1\n", "config.syntax.bracket")],
)
def test_what_holds_no_scheme_says_so(tmp_path: Path, text: str, id: str) -> None:
    (tmp_path / "s.yml").write_text(text, "utf-8")
    for read in (load_scheme, load_schemes):
        with pytest.raises(InputProblems) as caught:
            read(tmp_path / "s.yml")
        assert [p.id for p in caught.value.problems] == [id]


def test_one_scheme_and_many_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "one.yml").write_text("kind: pareto\n", "utf-8")
    (tmp_path / "many.yml").write_text("a: {kind: pareto}\n", "utf-8")
    for read, file, id in (
        (load_schemes, "one", "schemes.one_in_file"),
        (load_scheme, "many", "schemes.many_in_file"),
    ):
        with pytest.raises(InputProblems) as caught:
            read(tmp_path / f"{file}.yml")
        assert [p.id for p in caught.value.problems] == [id] and all(
            caught.value.text(lang) for lang in LANGS
        )


@pytest.mark.parametrize("kind", [["bands"], {"a": "b"}, 3])
def test_a_kind_that_is_no_word_is_a_problem(kind: Any) -> None:
    assert "mine.kind" in problems_of({"kind": kind})[0]
