"""Every committed notebook keeps the rules of notebook_rules.py, and every rule finds what it is there to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from notebook_rules import ROOT, RULES, TWIN_RULES, bare_axes, committed
from small_notebooks import code, language, md, save

from segkit.workshop.notebooks import Notebook, read_notebook, twins_of

ZH, EN = committed("zh"), committed("en")


@pytest.mark.parametrize("path", ZH + EN, ids=Path.as_posix)
def test_a_committed_notebook_keeps_the_rules(path: Path) -> None:
    notebook = read_notebook(ROOT / path)
    wrong = [f"{rule.__name__}: {said}" for rule in RULES for said in rule(notebook)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", ZH, ids=Path.as_posix)
def test_a_committed_pair_keeps_the_rules_of_pairs(path: Path) -> None:
    twins = twins_of(ROOT / path)
    assert twins is not None
    zh, en = (read_notebook(twins.file(lang)) for lang in ("zh", "en"))
    wrong = [f"{rule.__name__}: {said}" for rule in TWIN_RULES for said in rule(zh, en)]
    assert not wrong, "\n".join(wrong)


# --- every rule proven -----------------------------------------------------------------------------

HIDDEN = {"jupyter": {"source_hidden": True}}
Cells = list[dict[str, Any]]


def good(lang: str = "zh") -> Cells:
    """A lesson of three sections that keeps every rule."""
    cells = {
        "zh": [
            md("goal", "# 04 分级\n\n- 会打分\n- 会讲\n- 会排\n\n**用时** 20 分钟"),
            md("rule", "## 先手算（15 分钟）\n\n前 20% 的客户。"),
            md("extra", "## 再多一点（9 分钟，选做）", "optional"),
            md("away", "## 带走（5 分钟）\n\n1. 一\n2. 二\n3. 三"),
        ],
        "en": [
            md("goal", "# 04 Grading\n\n- score\n- tell\n- order\n\n**Time** 20 min"),
            md("rule", "## By hand (15 min)\n\nThe top 20% (头部)."),
            md("extra", "## More (9 min, optional)", "optional"),
            md("away", "## Take away (5 min)\n\n1. one\n2. two\n3. three"),
        ],
    }[lang]
    cells.insert(1, language(lang))
    cells.insert(3, code("top", "print(3)", "nbval-check-output", prints="3\n"))
    cells[1]["metadata"] |= HIDDEN
    return cells


def notebook(folder: Path, cells: Cells, lang: str = "zh") -> Notebook:
    return read_notebook(save(folder / f"04_small.{lang}.ipynb", cells))


def with_code(source: str, *tags: str) -> Callable[[Cells], None]:
    return lambda cells: cells.insert(3, code("bad", source, *tags))


def with_text(source: str, *tags: str) -> Callable[[Cells], None]:
    return lambda cells: cells.insert(3, md("bad", source, *tags))


def changed(index: int, **what: Any) -> Callable[[Cells], None]:
    return lambda cells: cells[index].update(what)


def pinned(**what: Any) -> Callable[[Cells], None]:
    return changed(3, **what)


def printed(text: str, name: str = "stdout") -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": name, "text": text}]


BAD: list[tuple[str, str, Callable[[Cells], None]]] = [
    ("code_is_python", "zh", with_code("%matplotlib inline")),
    ("code_is_python", "zh", with_code("  ")),
    ("code_is_short", "zh", with_code("\n".join(f"x{i} = {i}" for i in range(13)))),
    ("code_is_short", "zh", with_code("\n".join(f"x{i} = {i}" for i in range(21)), "setup")),
    ("prose_stands_between_code", "zh", lambda c: c.extend([code(f"c{i}", f"{i}") for i in range(3)])),
    ("first_cell_says_what_for_and_how_long", "zh", changed(0, source="04 分级\n\n- a\n- b\n- c\n\n**用时** 20 分钟")),
    ("first_cell_says_what_for_and_how_long", "zh", changed(0, source="# 04 分级\n\n- a\n- b\n- c")),
    ("first_cell_says_what_for_and_how_long", "zh", changed(0, source="# 04 分级\n\n- a\n\n**用时** 20 分钟")),
    ("last_section_is_to_take_away", "zh", lambda c: c.append(md("more", "## 还有（0 分钟）"))),
    ("last_section_is_to_take_away", "en", changed(-1, source="## Summary (5 min)\n\n1. a\n2. b\n3. c")),
    ("last_section_is_to_take_away", "zh", changed(-1, source="## 带走（5 分钟）\n\n1. 一")),
    ("minutes_add_up", "zh", changed(2, source="## 先手算（14 分钟）")),
    ("minutes_add_up", "zh", changed(2, source="## 先手算")),
    ("headings_stand_at_the_top_of_a_cell", "zh", with_text("正文\n\n## 小节（3 分钟）")),
    ("optional_in_text_is_optional_by_tag", "zh", changed(4, metadata={})),
    ("optional_in_text_is_optional_by_tag", "en", changed(4, source="## More (9 min)")),
    ("imports_are_those_taught", "zh", with_code("import requests")),
    ("imports_are_those_taught", "zh", with_code("from segkit.schemes.rfm import RFM")),
    ("imports_are_those_taught", "zh", with_code("def f():\n    import os")),
    ("nothing_depends_on_the_day", "zh", with_code("import pandas as pd\npd.Timestamp.now()")),
    ("nothing_depends_on_the_day", "zh", with_code('import pandas as pd\npd.Timestamp("today")')),
    ("no_line_ends_in_a_semicolon", "zh", with_code("x = 1; y = 2;\nx")),
    ("nothing_comes_from_the_network", "zh", with_code('address = "https://example.com/a.csv"')),
    ("nothing_comes_from_the_network", "zh", with_text("![图](https://example.com/a.png)")),
    ("nothing_comes_from_the_network", "zh", with_text('<img src="//example.com/a.png">')),
    ("no_path_leads_out", "zh", with_code('open("/etc/hosts")')),
    ("no_path_leads_out", "zh", with_code(r'open("C:\\orders.csv")')),
    ("no_path_leads_out", "zh", with_code('open("../../orders.csv")')),
    ("ids_are_names", "zh", changed(2, id="Rule_1")),
    ("ids_are_names", "zh", changed(2, id="away")),
    ("ids_are_names", "zh", changed(2, id="5f0e3c1a")),
    ("ids_are_names", "zh", changed(2, id="0b6f2d3e-8a11-4c5e-9d2b-1f0e3c1a7b88")),
    ("tags_and_slides_are_known", "zh", with_text("正文", "optinal")),
    ("tags_and_slides_are_known", "zh", changed(2, metadata={"slideshow": {"slide_type": "page"}})),
    ("set_up_is_folded", "zh", with_code("x = 1", "setup")),
    ("one_cell_sets_the_language", "en", changed(1, source='import segkit\n\nlang = segkit.use("zh")')),
    ("one_cell_sets_the_language", "zh", changed(1, metadata=HIDDEN)),
    ("one_cell_sets_the_language", "zh", lambda c: c.insert(0, c.pop(3))),
    ("english_is_english", "en", with_text("The top 20% 客户 of all.")),
    ("words_are_plain", "zh", with_text("太好了！")),
    ("words_are_plain", "zh", with_text("智能分类")),
    ("only_pinned_cells_hold_outputs", "zh", changed(1, outputs=printed("1"))),
    ("only_pinned_cells_hold_outputs", "zh", changed(1, execution_count=3)),
    ("pinned_cells_hold_something", "zh", pinned(outputs=[])),
    ("pinned_cells_hold_something", "zh", pinned(execution_count=None)),
    ("pinned_cells_hold_something", "zh", pinned(outputs=printed("None\n"))),
    ("pinned_cells_hold_something", "zh", pinned(outputs=printed("<Axes at 0x7f00aa11bb22>"))),
    ("pinned_cells_hold_something", "zh", pinned(outputs=printed("careful", "stderr"))),
    ("pinned_cells_hold_something", "zh", changed(2, metadata={"tags": ["nbval-check-output"]})),
]  # fmt: skip


def findings(what: Notebook) -> dict[str, list[str]]:
    found = {rule.__name__: list(rule(what)) for rule in RULES}
    return {name: said for name, said in found.items() if said}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_good_lesson_breaks_no_rule(tmp_path, lang) -> None:
    assert findings(notebook(tmp_path, good(lang), lang)) == {}


@pytest.mark.parametrize(
    ("rule", "lang", "spoil"), BAD, ids=[f"{n}-{rule}" for n, (rule, *_) in enumerate(BAD)]
)
def test_a_rule_finds_its_bad_example(tmp_path, rule, lang, spoil) -> None:
    cells = good(lang)
    spoil(cells)
    assert rule in findings(notebook(tmp_path, cells, lang))


def test_every_rule_has_a_bad_example() -> None:
    assert {rule.__name__ for rule in RULES} == {name for name, *_ in BAD}


def test_an_exercise_states_its_time_as_a_whole(tmp_path) -> None:
    cells = [md("goal", "# E08 手算\n\n**用时** 15 分钟"), language("zh"), md("five", "## 五位客户")]
    cells[1]["metadata"] |= HIDDEN
    exercise = notebook(tmp_path / "exercises", cells)
    assert findings(exercise) == {}
    cells[2]["source"] = "## 五位客户（9 分钟）"
    assert list(findings(notebook(tmp_path / "exercises", cells))) == ["minutes_add_up"]


@pytest.mark.parametrize(
    "text",
    ["the sea (公海) pool", "say “先看再打” first", 'the column "客户"', "`客户编号`", "```\n客户\n```"],
)
def test_a_chinese_term_may_stand_in_english_prose_as_a_term(tmp_path, text) -> None:
    cells = good("en")
    with_text(text)(cells)
    assert findings(notebook(tmp_path, cells, "en")) == {}


@pytest.mark.parametrize(
    ("zh", "en", "same"),
    [
        ("前 20% 贡献 71%", "The top 20% bring 71%", True),
        ("前 20% 贡献 71%", "The top 20% bring 72%", False),
        ("1.2 万元，3 亿", "12,000 CNY, 300 million", True),
        ("2025 年 12 月 31 日", "31 December 2025", True),
        ("2025 年 12 月 31 日", "31 November 2025", False),
        ("3 位", "three", True),
        ("第二十四条", "Article 24", True),
        ("第二十四条", "Article 25", False),
        ("3 位", "four", False),
        ("双 11", "11.11", True),
        ("前四成，200 位", "the first 40%, two hundred", True),
        ("1,000 元", "1000 CNY", True),
        ("五位", "five", True),
    ],
)
def test_numbers_are_compared_by_value(tmp_path, zh, en, same) -> None:
    here = notebook(tmp_path, [md("a", zh)], "zh")
    there = notebook(tmp_path, [md("a", en)], "en")
    [rule] = TWIN_RULES
    assert bool(list(rule(here, there))) == (not same)


def panel(heading: str = "", x: str = "", y: str = "", **ticks: list[str]) -> dict[str, Any]:
    return {"heading": heading, "x": x, "y": y, "x_ticks": [], "y_ticks": []} | ticks


def complaints(*panels: dict[str, Any]) -> Iterator[str]:
    return bare_axes(list(panels))


def test_numbers_along_an_axis_want_a_name() -> None:
    assert len(list(complaints(panel(x_ticks=["0", "1,000"], y_ticks=["2k"])))) == 2
    assert not list(complaints(panel(x="元", y="客户数", x_ticks=["0", "1,000"], y_ticks=["2"])))
    assert not list(complaints(panel(x_ticks=["0%", "50%"], y_ticks=["冠军", "流失"])))
    assert not list(
        complaints(
            panel("金额（元）", y="客户数", y_ticks=["1"]), panel("次数", x_ticks=["1"], y_ticks=["2"])
        )
    )
