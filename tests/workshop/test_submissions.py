"""Finding what was handed in: whose, which exercise, the newest, in folders and zips, renamed and loose."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from handed_in import by, committed, save, without_metadata

from segkit.problems import InputProblems
from segkit.teach import answers
from segkit.workshop.submissions import collect

STUB = committed("E10_reversed_r.zh")
E08 = committed("E08_rfm_by_hand.en")


def found(*places: Path) -> dict[str, str]:
    """Source -> person and exercise."""
    return {one.source: f"{one.name} {one.exercise}" for one in collect(places).newest}


def test_renamed_and_loose_files_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    save(by("张三", STUB), tmp_path / "E10(1).ipynb")
    save(by("李四", E08), tmp_path / "final" / "我的作业.ipynb")
    assert found(tmp_path) == {"E10(1).ipynb": "张三 E10", "final/我的作业.ipynb": "李四 E08"}


def test_without_any_mark_inside_folder_and_file_name_tell(tmp_path: Path) -> None:
    bare = without_metadata(STUB)
    for cell in bare["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = "x = 1"
    save(bare, tmp_path / "王五" / "e10.ipynb")
    save(bare, tmp_path / "E10_赵六.ipynb")
    assert found(tmp_path) == {"王五/e10.ipynb": "王五 E10", "E10_赵六.ipynb": "赵六 E10"}


def test_the_newest_of_a_person_counts_and_the_older_is_named(tmp_path: Path) -> None:
    old = save(by("张三", STUB), tmp_path / "E10.ipynb")
    new = save(by("张 三", STUB), tmp_path / "E10(1).ipynb")
    os.utime(old, (1_700_000_000, 1_700_000_000))
    os.utime(new, (1_700_000_900, 1_700_000_900))
    collected = collect([tmp_path])
    assert [one.source for one in collected.newest] == ["E10(1).ipynb"]
    assert [one.source for one in collected.older] == ["E10.ipynb"]


def test_a_zip_as_windows_packs_it_with_a_zip_inside(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("E08.ipynb", json.dumps(by("李四", E08)))
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as packed:
        named = zipfile.ZipInfo("X" * 4 + "/E10.ipynb")
        packed.writestr(named, json.dumps(without_metadata(STUB)))
        packed.writestr("inner.zip", inner.getvalue())
        packed.writestr("__MACOSX/E10.ipynb", "{}")
    # as Windows in China does: the name in GBK, no mark that says so
    raw = (tmp_path / "class.zip").read_bytes().replace(b"XXXX", "钱七".encode("gbk"))
    (tmp_path / "class.zip").write_bytes(raw)
    assert found(tmp_path) == {
        "class.zip/钱七/E10.ipynb": "钱七 E10",
        "class.zip/inner.zip/E08.ipynb": "李四 E08",
    }


def test_what_was_entered_comes_from_the_file_beside_else_from_the_form_cells_output(tmp_path: Path) -> None:
    entered = {"exercise": "E10", "entered": {"called": "silent"}, "name": "孙八", "group": "二组"}
    alone = without_metadata(STUB)
    alone["cells"][-3]["outputs"] = [
        {"output_type": "display_data", "data": {answers.MIME: entered}, "metadata": {}}
    ]
    save(alone, tmp_path / "E10.ipynb")
    save(STUB, tmp_path / "b" / "E10.ipynb")
    for id, record in {
        "E10": {"entered": {"called": "never"}},
        "me": {"name": "周九", "group": "三组"},
    }.items():
        save(record, tmp_path / "b" / "answers" / f"{id}.json")
    kept = {(one.name, one.group): one.entered for one in collect([tmp_path]).newest}
    assert kept == {("孙八", "二组"): {"called": "silent"}, ("周九", "三组"): {"called": "never"}}


def test_what_cannot_be_used_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "broken.ipynb").write_text("{", encoding="utf-8")
    (tmp_path / "broken.zip").write_bytes(b"PK no zip")
    save(committed("E08_rfm_by_hand.zh") | {"cells": [], "metadata": {}}, tmp_path / "lesson.ipynb")
    save(by("张三", STUB), tmp_path / "E10.ipynb")
    collected = collect([tmp_path])
    assert {problem.file: problem.id for problem in collected.unused} == {
        "broken.ipynb": "grade.no_notebook",
        "broken.zip": "grade.bad_zip",
        "lesson.ipynb": "grade.no_exercise",
    }
    assert len(collected.newest) == 1


def test_nothing_to_grade_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(InputProblems, match="no notebook"):
        collect([tmp_path])
    with pytest.raises(InputProblems, match="no such file"):
        collect([tmp_path / "nowhere"])
