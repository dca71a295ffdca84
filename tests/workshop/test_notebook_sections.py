"""Cells and sections of a notebook: headings with minutes in both languages, roles, what is optional."""

from __future__ import annotations

import pytest
from small_notebooks import code, language, md, save

from segkit.workshop.notebooks import Section, Twins, find_twins, language_of, read_notebook


def sections(tmp_path, *cells):
    return read_notebook(save(tmp_path / "x.zh.ipynb", list(cells))).sections


def test_sections_run_from_heading_to_heading(tmp_path):
    found = sections(
        tmp_path,
        md("goal", "# 04 分级\n\n**用时** 80 分钟"),
        language("zh"),
        md("a", "## 先手算（12 分钟）\n\n正文"),
        code("b", "x = 1"),
        md("c", "### 小标题（5 分钟）"),
        md("d", "## Rule in code (25 min, optional)", "optional", "role-consultant"),
        md("e", "## 带走（5 分钟）"),
    )
    assert found == [
        Section("先手算", 12, False, None, 2, 4),
        Section("Rule in code", 25, True, "consultant", 5, 5),
        Section("带走", 5, False, None, 6, 6),
    ]


@pytest.mark.parametrize(
    ("heading", "words", "minutes", "optional"),
    [
        ("## 分级（12 分钟）", "分级", 12, False),
        ("## 分级（12分钟，选做）", "分级", 12, True),
        ("## 分级 (12 分钟,选做)", "分级", 12, True),
        ("## Grading (12 min)", "Grading", 12, False),
        ("## Grading (12 minutes, optional)", "Grading", 12, True),
        ("## RFM (in 3 scores) (8 min)  ", "RFM (in 3 scores)", 8, False),
        ("## 没有时间", "没有时间", None, False),
        ("## 提前 5 分钟", "提前 5 分钟", None, False),
    ],
)
def test_minutes_are_read_in_both_languages(tmp_path, heading, words, minutes, optional):
    [section] = sections(tmp_path, md("a", heading))
    assert (section.heading, section.minutes, section.optional) == (words, minutes, optional)


def test_what_is_no_heading_begins_no_section(tmp_path):
    assert (
        sections(tmp_path, code("a", "## x = 1"), md("b", "正文\n\n## 后面（3 分钟）"), md("c", "##x")) == []
    )


@pytest.mark.parametrize(
    ("tag", "role"),
    [("role-sales", "sales"), ("role-lead", "lead"), ("role-consultant", "consultant"), ("trainer", None)],
)
def test_a_role_is_a_tag_of_the_heading(tmp_path, tag, role):
    [section] = sections(tmp_path, md("a", "## 题（1 分钟）", tag))
    assert section.role == role


@pytest.mark.parametrize(
    ("text", "title", "minutes"),
    [
        ("# 04 分级\n\n**用时** 80 分钟 · **适合** 全部", "04 分级", 80),
        ("# 04 Grading\n\n**Time** 80 min", "04 Grading", 80),
        ("**用时**：15 分钟", "", 15),
        ("没有", "", None),
    ],
)
def test_title_and_stated_time_come_from_the_first_cell(tmp_path, text, title, minutes):
    notebook = read_notebook(save(tmp_path / "x.zh.ipynb", [md("a", text), md("b", "**用时** 99 分钟")]))
    assert (notebook.title, notebook.stated_minutes) == (title, minutes)


def test_an_empty_notebook_has_no_title_time_or_section(tmp_path):
    notebook = read_notebook(save(tmp_path / "x.zh.ipynb", []))
    assert (notebook.title, notebook.stated_minutes, notebook.sections) == ("", None, [])


def test_the_language_is_that_of_the_file_name(tmp_path):
    path = save(tmp_path / "x.en.ipynb", [])
    assert read_notebook(path).lang == "en" and language_of(path) == "en"
    assert language_of(tmp_path / "client_report.ipynb") is None


def test_a_notebook_read_and_written_is_as_jupyter_writes_it(tmp_path):
    import nbformat

    path = save(tmp_path / "x.zh.ipynb", [md("a", "# 一\n二"), code("b", "print(1)\n2", prints="1\n")])
    as_jupyter = nbformat.writes(nbformat.read(path, as_version=4)) + "\n"
    assert read_notebook(path).bytes().decode("utf-8") == as_jupyter


def test_pairs_are_found_by_folder_by_file_and_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("notebooks/04_a.zh.ipynb", "notebooks/04_a.en.ipynb", "casestudies/jd/jd.zh.ipynb"):
        save(tmp_path / name, [])
    assert [twins.name for twins in find_twins()] == ["04_a", "jd"]
    some = find_twins([tmp_path / "notebooks", tmp_path / "notebooks" / "04_a.en.ipynb"])
    assert some == [Twins(tmp_path / "notebooks", "04_a")]
