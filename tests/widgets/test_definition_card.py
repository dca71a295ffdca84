"""The definition card: its rule counts as `Rules` does, what is written is there the next morning, and it prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import segkit
from segkit.locale import LANGS, Lang
from segkit.locale.spoken import speak
from segkit.problems import InputProblems
from segkit.widgets.definition import Asked, Definition, caught

FRAME = pd.DataFrame(
    {
        "customer_id": ["K1", "K2", "K3", "K4", "K5", "K6"],
        "monetary": [12_000.0, 800.0, 15_000.0, None, 20_000.0, 9_000.0],
        "rfm": ["key_value", "general_value", "key_keep", "key_value", "key_value", "key_keep"],
        "province": ["浙江", "江苏", None, "浙江", "浙江", "江苏"],
    }
)
RULE = {
    "wanted_1_column": "monetary",
    "wanted_1_way": "at_least",
    "wanted_1_value": "9,000",
    "unwanted_1_column": "province",
    "unwanted_1_way": "is",
    "unwanted_1_value": "江苏",
}


@pytest.fixture(autouse=True)
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "作答 记录"
    monkeypatch.setenv("SEGKIT_ANSWERS", str(folder))
    monkeypatch.setattr("segkit.locale.spoken._spoken", "zh")
    return folder


def test_the_rule_counts_as_rules_do() -> None:
    found = caught(
        FRAME,
        Definition(
            wanted=(Asked(column="monetary", way="at_least", value="9000"),),
            unwanted=(Asked(column="province", way="is", value="江苏"),),
        ),
    )
    scheme = segkit.Rules(
        rules=[
            {"label": "out", "when": {"province": "江苏"}},
            {"label": "customer", "when": {"monetary": {"at_least": 9000}}},
        ],
        otherwise="other",
    )
    labels = scheme.label(FRAME)["rules"]
    assert found.mask.tolist() == (labels == "customer").tolist()
    assert (found.caught, found.excluded, found.undecided) == (2, 1, 2)


def test_moving_a_control_changes_the_count() -> None:
    card = segkit.widgets.definition_card(FRAME)
    assert "6" in card.html and "还没有规则" in card.html
    card.set(**RULE)
    assert "2 行符合（共 6 行，33.3%）；排除 1 行，缺值定不下来的 2 行" in card.html
    card.set(wanted_1_value="100000")
    assert "0 行符合" in card.html


def test_a_class_is_taken_by_its_name_and_by_its_id() -> None:
    named: tuple[tuple[Lang, str], ...] = (("zh", "重要价值客户"), ("en", "Key · value"), ("en", "key_value"))
    for lang, name in named:
        asked = Definition(wanted=(Asked(column="rfm", way="one_of", value=name),))
        assert caught(FRAME, asked, lang).caught == 3, name


@pytest.mark.parametrize(
    ("way", "value", "column", "n"),
    [
        ("above", "12000", "monetary", 2),
        ("at_most", "12000", "monetary", 3),
        ("below", "800", "monetary", 0),
        ("is", "800", "monetary", 1),
        ("one_of", "浙江、江苏", "province", 5),
        ("present", "", "province", 5),
        ("missing", "", "province", 1),
    ],
)
def test_every_way_of_comparing(way, value, column, n) -> None:
    assert caught(FRAME, Definition(wanted=(Asked(column=column, way=way, value=value),))).caught == n


@pytest.mark.parametrize(
    ("asked", "id"),
    [
        (Asked(column="monetary", way="at_least", value="很多"), "not_a_number"),
        (Asked(column="monetary", way="at_least"), "no_value"),
        (Asked(column="province", way="above", value="3"), "not_a_number_column"),
        (Asked(column="城市", way="is", value="宁波"), "no_column"),
    ],
)
def test_what_cannot_be_counted_is_one_sentence(asked, id) -> None:
    with pytest.raises(InputProblems) as wrong:
        caught(FRAME, Definition(wanted=(asked,), unwanted=(asked,)))
    assert [p.id for p in wrong.value.problems] == [f"widget.definition_card.{id}"] * 2
    zh, en = (wrong.value.problems[0].text(lang) for lang in LANGS)
    assert zh != en and (
        (asked.value in zh and asked.value in en) or id in ("no_column", "not_a_number_column")
    )


def test_a_bad_value_is_told_beside_the_card_which_stays() -> None:
    card = segkit.widgets.definition_card(FRAME)
    card.set(decision="下季度先给谁配顾问", wanted_1_column="monetary", wanted_1_value="很多")
    assert "“很多”不是数字" in card.html and "下季度先给谁配顾问" in card.html


def test_what_was_written_is_there_the_next_morning(answers: Path) -> None:
    first = segkit.widgets.definition_card(FRAME)
    assert not answers.exists(), "looking at a card writes nothing"
    first.set(decision="先给谁配顾问", counted="user", need="不断货", **RULE)
    saved = json.loads((answers / "definition_card.json").read_text(encoding="utf-8"))
    assert saved["decision"] == "先给谁配顾问" and saved["wanted"][0]["column"] == "monetary"
    again = segkit.widgets.definition_card(FRAME, need="别的")
    assert again.values == first.values and "已经放回" in again._told.value
    again.clear()
    assert segkit.widgets.definition_card(FRAME).definition() == Definition()


def test_a_rule_on_other_columns_is_kept_and_does_not_count(answers: Path) -> None:
    segkit.widgets.definition_card(FRAME).set(**RULE)
    other = segkit.widgets.definition_card(FRAME[["customer_id", "rfm"]])
    assert "这张表没有" in other._told.value
    other.set(decision="别的决定")
    back = segkit.widgets.definition_card(FRAME)
    assert back.values["wanted_1_value"] == "9,000" and back.values["decision"] == "别的决定"


def test_a_damaged_file_is_put_aside(answers: Path) -> None:
    answers.mkdir()
    (answers / "definition_card.json").write_text("{不是", encoding="utf-8")
    card = segkit.widgets.definition_card(FRAME)
    assert "definition_card.damaged.json" in card._told.value
    assert (answers / "definition_card.damaged.json").read_text(encoding="utf-8") == "{不是"


def test_a_folder_that_cannot_be_written_is_said(answers: Path) -> None:
    answers.write_text("a file where the folder would be", encoding="utf-8")
    card = segkit.widgets.definition_card(FRAME)
    card.set(decision="先给谁")
    assert "没有存上" in card._told.value


def test_the_twin_is_the_first_view_and_prints() -> None:
    card = segkit.widgets.definition_card(FRAME, decision="先给谁配顾问 <A&B>", **RULE)
    twin = card.twin()
    for line in (*(answer for _, answer in twin.lines[:3]), *twin.rule, twin.verdict):
        assert line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in card.html
    page = twin.html()
    assert "&lt;A&amp;B&gt;" in page and "http" not in page and "@page" in page
    card.set(decision="换了一个")
    assert card.twin() == twin and card.card() != twin
    card.print_page()
    written = card.file.with_suffix(".zh.html")
    assert "换了一个" in written.read_text(encoding="utf-8") and written.name in card._told.value


def test_both_languages_hold_the_same_numbers() -> None:
    verdicts = []
    for lang in LANGS:
        speak(lang)
        card = segkit.widgets.definition_card(FRAME, name=f"card_{lang}", **RULE)
        verdicts.append(sorted(re.findall(r"[\d.]*\d%?", card.twin().verdict)))
    assert verdicts[0] == verdicts[1] == ["1", "2", "2", "33.3%", "6"]


def test_without_rows_there_is_no_rule_to_fill_in() -> None:
    card = segkit.widgets.definition_card(need="不断货")
    assert "wanted_1_column" not in card.values and "1 项写了（共 7 项）" in card.html
