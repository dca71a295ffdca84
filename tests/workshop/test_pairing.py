"""The two languages of a notebook: what is copied, what is listed, what is never lost or written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_notebooks import CODE, RULE, arrange, cells_of, change, code, language, md, pair, save
from typer.testing import CliRunner

from segkit.cli import app
from segkit.locale import LANGS
from segkit.problems import InputProblems
from segkit.workshop.notebooks import digest
from segkit.workshop.pairing import pair_up, same_code
from segkit.workshop.pinning import pin


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A project folder with blanks and Chinese in its name, and the command line standing in it."""
    folder = tmp_path / "课程 甲"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SEGKIT_DEBUG", raising=False)
    monkeypatch.setenv("SEGKIT_LANG", "zh")
    return folder


@pytest.fixture
def twins(here) -> tuple[Path, Path]:
    return pair(here / "notebooks")


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["workshop", "pairs", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def found(path: Path | None = None) -> list[tuple[str, str | None]]:
    """Id and cell of every finding."""
    [one] = pair_up([path] if path else [])
    return [(problem.id, problem.facts.get("cell")) for problem in one.findings]


def snapshot(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_pair_in_order_is_left_alone(twins, here):
    before = snapshot(here)
    code_, out, _ = run()
    assert code_ == 0 and out.strip() == "1 对笔记本，中英文一致。"
    assert run("--check")[0] == 0
    assert snapshot(here) == before


def test_code_goes_from_chinese_to_english_and_check_writes_nothing(twins, here):
    zh, en = twins
    change(zh, "top", source="top = 4\nprint(top)")
    before = snapshot(here)
    code_, _, err = run("--check")
    assert code_ == 2 and "top" in err and "04_small.en.ipynb" in err and snapshot(here) == before
    code_, out, err = run()
    assert cells_of(en)[3]["source"] == "top = 4\nprint(top)" and out.split("\n")[0].endswith(".en.ipynb")
    assert cells_of(en)[3]["outputs"] == []  # what it printed belonged to other code
    assert code_ == 2 and "--pin" in err


def test_the_language_cell_differs_in_the_language_alone(twins):
    zh, en = twins
    change(zh, "language", source='import segkit\nlang = segkit.use(lang="zh")\nwide = 3')
    assert ("pairs.code", "language") in found(en)
    run()
    assert cells_of(en)[1]["source"] == 'import segkit\nlang = segkit.use(lang="en")\nwide = 3'
    assert found() == []


def test_a_changed_chinese_text_makes_its_translation_stale_until_it_is_accepted(twins):
    zh, en = twins
    change(zh, "rule", source=RULE + "再加一句。")
    code_, _, err = run()
    assert code_ == 2 and "rule" in err and "核对" in err and "--accept" in err
    assert found() == [("pairs.stale", "rule")]
    assert run("--accept")[0] == 2  # never of everything at once
    code_, _, _ = run("notebooks/04_small.en.ipynb", "--accept")
    assert code_ == 0 and found() == []
    assert cells_of(en)[2]["metadata"]["segkit"] == {"zh": digest(RULE + "再加一句。")}


def test_an_english_text_edited_alone_stays_and_is_current(twins):
    _, en = twins
    change(en, "rule", source="## In the head (12 min)\n\n5 customers.")
    assert found() == [] and run()[0] == 0
    assert cells_of(en)[2]["source"].startswith("## In the head")


def test_new_chinese_cells_wait_for_their_translation_in_their_place(twins):
    zh, en = twins
    new = [md("why", "为什么？", "role-sales"), code("more", "more = top + 1")]
    arrange(zh, ["goal", "language", "rule", *new, "top", "line"])
    code_, _, err = run()
    assert code_ == 2 and "为什么" in err
    assert [cell["id"] for cell in cells_of(en)] == ["goal", "language", "rule", "why", "more", "top", "line"]
    assert (
        cells_of(en)[3]["metadata"]["tags"] == ["role-sales"]
        and cells_of(en)[4]["source"] == "more = top + 1"
    )
    assert found() == [("pairs.missing", "why")]
    run("notebooks", "--accept")  # the Chinese itself is no translation
    assert found() == [("pairs.missing", "why")]
    change(en, "why", source="Why?")
    assert found() == [("pairs.unmarked", "why")]
    assert run("notebooks", "--accept")[0] == 0 and found() == []


def test_moved_and_deleted_cells_follow_the_chinese(twins):
    zh, en = twins
    arrange(zh, ["goal", "language", "top", "rule"])
    assert sorted(found()) == [("pairs.dropped", "line"), ("pairs.order", None)]
    code_, _, err = run()
    assert code_ == 0 and "line" in err
    assert [cell["id"] for cell in cells_of(en)] == ["goal", "language", "top", "rule"]
    assert cells_of(en)[3]["source"].startswith("## By hand")


def test_a_cell_that_got_another_id_by_cut_and_paste_keeps_its_translation(twins):
    zh, en = twins
    arrange(zh, ["goal", "language", "top", "line", md("5f0e-new", RULE, "optional")])
    assert ("pairs.same_text", "5f0e-new") in found()
    assert run()[0] == 0 and found() == []
    assert cells_of(en)[4]["source"].startswith("## By hand") and cells_of(en)[4]["id"] == "5f0e-new"


def test_a_pasted_copy_takes_the_translation_along_and_the_original_keeps_its_own(twins):
    zh, en = twins
    arrange(zh, ["goal", "language", "rule", "top", "line", md("a-copy", RULE, "optional")])
    assert run()[0] == 0
    assert [c["id"] for c in cells_of(en) if c["source"].startswith("## By hand")] == ["rule", "a-copy"]


def test_an_id_given_twice_is_mended_in_the_chinese_file(twins):
    zh, en = twins
    arrange(zh, ["goal", "language", "rule", "top", code("top", "print(top + 9)"), "line"])
    assert ("pairs.same_id", "top") in found()
    assert run()[0] == 0 and found() == []
    assert [cell["id"] for cell in cells_of(zh)][3:5] == ["top", "top-2"]
    assert cells_of(en)[4]["source"] == "print(top + 9)" and cells_of(en)[3]["source"] == CODE


def test_words_only_the_english_has_are_kept_and_told(twins):
    _, en = twins
    arrange(en, ["goal", md("aside", "An aside."), "language", "rule", "top", "line"])
    code_, _, err = run()
    assert code_ == 2 and "aside" in err and "中文" in err
    assert [cell["id"] for cell in cells_of(en)][:3] == ["goal", "aside", "language"]
    assert found() == [("pairs.own", "aside")]


def test_code_only_the_english_has_is_dropped_and_told(twins):
    _, en = twins
    arrange(en, ["goal", "language", "rule", "top", code("mine", "mine = 1"), "line"])
    assert found() == [("pairs.dropped", "mine")]
    code_, _, err = run()
    assert code_ == 0 and "mine = 1" in err and "mine" not in [cell["id"] for cell in cells_of(en)]


def test_a_missing_english_twin_is_made_and_every_text_listed(twins):
    _, en = twins
    en.unlink()
    assert run("--check")[0] == 2 and not en.exists()
    code_, out, _ = run()
    assert code_ == 2 and out.split("\n")[0].endswith("04_small.en.ipynb")
    assert found() == [("pairs.missing", "goal"), ("pairs.missing", "rule"), ("pairs.unpinned", None)]
    assert json.loads(en.read_text(encoding="utf-8"))["metadata"]["segkit"]["lang"] == "en"
    assert cells_of(en)[1]["source"].endswith('use("en")')


def test_an_english_notebook_without_a_chinese_one_is_told(twins, here):
    zh, _ = twins
    zh.unlink()
    before = snapshot(here)
    code_, _, err = run()
    assert code_ == 2 and "04_small.zh.ipynb" in err and snapshot(here) == before


def test_tags_and_folding_are_the_chinese_ones(twins):
    zh, en = twins
    change(zh, "top", metadata={"tags": ["setup"], "jupyter": {"source_hidden": True}})
    assert ("pairs.looks", "top") in found()
    run()
    assert cells_of(en)[3]["metadata"] == {"tags": ["setup"], "jupyter": {"source_hidden": True}}


def test_outputs_that_are_not_pinned_do_not_stay(twins):
    for path in twins:
        change(
            path,
            "language",
            execution_count=7,
            outputs=[{"output_type": "stream", "name": "stderr", "text": "x"}],
        )
    assert [id for id, _ in found()] == ["pairs.outputs", "pairs.outputs"]
    assert run()[0] == 0 and found() == []
    for path in twins:
        assert cells_of(path)[1]["outputs"] == [] and cells_of(path)[1]["execution_count"] is None
        assert cells_of(path)[3]["outputs"] != []


def test_english_comments_in_the_same_code_stay(twins):
    zh, en = twins
    change(en, "top", source=CODE.replace("前三位", "the first three"))
    assert found() == [] and run()[0] == 0
    assert "the first three" in cells_of(en)[3]["source"]
    change(zh, "top", source=CODE + "\nprint(1)")
    run()
    assert "前三位" in cells_of(en)[3]["source"]  # other code: the comment may no longer fit


@pytest.mark.parametrize("half", [0, 1])
def test_a_file_with_bom_and_windows_line_ends_is_read_and_mended(twins, half):
    path = twins[half]
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert found() == [("pairs.untidy", None)]
    assert run()[0] == 0 and found() == []
    assert b"\r" not in path.read_bytes() and path.read_bytes().startswith(b"{")


def test_windows_line_ends_inside_a_cell_change_no_hash(twins):
    zh, _ = twins
    change(zh, "rule", source=RULE.replace("\n", "\r\n"))
    assert all(id not in ("pairs.stale", "pairs.unmarked") for id, _ in found())


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize(
    "broken",
    [
        b'{"cells": [\n {"cell_type',
        b"<<<<<<< HEAD\n{}",
        b"[1]",
        b"",
        "表".encode("gb18030"),
        b'{"nbformat": 3, "worksheets": []}',
        b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "", "metadata": {}}]}',
        b'{"nbformat": 4, "cells": ["x"]}',
        b"[" * 100_000,
    ],
    ids=["half", "merge", "list", "empty", "gbk", "old", "no id", "no cell", "deep"],
)
def test_a_broken_file_is_told_and_nothing_is_written(twins, here, half, broken):
    twins[half].write_bytes(broken)
    before = snapshot(here)
    code_, out, err = run()
    assert code_ == 2 and twins[half].name in err and "Traceback" not in err and out == ""
    assert snapshot(here) == before


def test_one_broken_pair_does_not_keep_the_others_from_being_paired(twins, here):
    zh, en = pair(here / "casestudies" / "jd", "jd")
    twins[0].write_text("{", encoding="utf-8")
    change(zh, "top", source="top = 5\nprint(top)")
    assert run()[0] == 2 and cells_of(en)[3]["source"] == "top = 5\nprint(top)"


def test_paths_that_are_nothing_are_said_all_at_once(here):
    (here / "a.ipynb").write_text("{}", encoding="utf-8")
    code_, _, err = run("a.ipynb", "b.zh.ipynb")
    assert code_ == 2 and "a.ipynb" in err and "b.zh.ipynb" in err
    assert run()[0] == 2  # no pair below this folder


def test_checkpoints_and_answers_are_no_notebooks_of_ours(twins, here):
    for folder in (".ipynb_checkpoints", "answers"):
        save(here / "notebooks" / folder / "x.zh.ipynb", [language("zh")])
    assert len(pair_up()) == 1


def test_another_layout_of_the_same_file_is_no_difference(twins):
    zh, _ = twins
    for path in twins:  # as another program would write it
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")
    before = zh.read_bytes()
    assert found() == [] and run()[0] == 0 and zh.read_bytes() == before


def test_the_kernel_noted_in_the_english_file_is_the_chinese_one(twins):
    _, en = twins
    content = json.loads(en.read_text(encoding="utf-8"))
    content["metadata"]["kernelspec"]["name"] = "mine"
    en.write_text(json.dumps(content), encoding="utf-8")
    assert found() == [("pairs.notes", None)] and run()[0] == 0 and found() == []


def test_pinning_runs_both_languages_and_stores_what_they_print(twins, here):
    zh, en = twins
    for path in twins:
        change(path, "top", outputs=[], execution_count=None)
    code_, _, err = run()
    assert code_ == 2 and err.count("--pin") == 2
    code_, out, _ = run("--pin")
    assert code_ == 0 and "04_small.zh.ipynb" in out
    for path in twins:
        top = cells_of(path)[3]
        assert "".join(top["outputs"][0]["text"]) == "3\n" and top["execution_count"] == 2
    before = snapshot(here)
    assert run("--pin")[0] == 0 and snapshot(here) == before
    assert {p.name for p in (here / "notebooks").iterdir()} == {zh.name, en.name}


def test_a_notebook_that_stops_is_told_with_its_cell_and_keeps_its_file(twins):
    zh, _ = twins
    change(zh, "top", source="print(1 / 0)")
    before = zh.read_bytes()
    code_, _, err = run("--pin")
    assert code_ == 2 and "top" in err and "ZeroDivisionError" in err and "Traceback" not in err
    assert zh.read_bytes() == before


def test_an_output_that_proves_nothing_is_not_pinned(tmp_path):
    for source in ("None", "object()", "print('  ')"):
        path = save(tmp_path / "x.zh.ipynb", [code("seen", source, "nbval-check-output")])
        with pytest.raises(InputProblems) as refused:
            pin(path)
        assert [problem.id for problem in refused.value.problems] == ["pin.vacuous"]


def test_only_the_tree_counts_when_code_is_compared():
    assert same_code("a = 1  # x", "a   =  1\n\n")
    assert not same_code("a = 1", "a = 2")
    assert same_code("%magic x", "%magic x") and not same_code("%magic x", "%magic y")


def test_help_shows_examples_and_both_languages():
    code_, out, _ = run("--help")
    assert code_ == 0 and "segkit workshop pairs --check" in out and "笔记本" in out
    listed = CliRunner().invoke(app, ["workshop", "--help"]).stdout
    assert "pairs" in listed and "keep the two languages alike" in " ".join(listed.split())


@pytest.mark.parametrize("lang", LANGS)
def test_every_finding_reads_in_both_languages(twins, lang):
    zh, en = twins
    change(zh, "rule", source="改了")
    arrange(en, ["goal", md("aside", "An aside."), "rule", "line"])
    code_, _, err = run("--lang", lang)
    assert code_ == 2 and "rule" in err and "aside" in err and "{" not in err
