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
from segkit.workshop import received
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


# --- whose is whose --------------------------------------------------------------------------------


def zipped(path: Path, members: dict[str, object]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return path


def entered_by(*places: Path) -> dict[str, object]:
    """Source -> what was entered as the answer `called`."""
    return {one.source: one.entered.get("called") for one in collect(places).newest}


def test_two_places_with_the_same_names_inside_are_two_people(tmp_path: Path) -> None:
    for name in ("zhang", "li"):
        save(without_metadata(STUB), tmp_path / name / "E10.zh.ipynb")
        save({"entered": {"called": name}}, tmp_path / name / "answers" / "E10.json")
    places = (tmp_path / "zhang", tmp_path / "li")
    assert found(*places) == {"zhang/E10.zh.ipynb": "zhang E10", "li/E10.zh.ipynb": "li E10"}
    assert entered_by(*places) == {"zhang/E10.zh.ipynb": "zhang", "li/E10.zh.ipynb": "li"}


def test_two_zips_of_one_name_are_two_people(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        inside = {"E10.ipynb": without_metadata(STUB), "E10.json": {"entered": {"called": name}}}
        zipped(tmp_path / name / "work.zip", inside)
    places = (tmp_path / "a" / "work.zip", tmp_path / "b" / "work.zip")
    assert entered_by(*places) == {"a/work.zip/E10.ipynb": "a", "b/work.zip/E10.ipynb": "b"}


def test_a_record_beside_two_peoples_notebooks_is_nobodys(tmp_path: Path) -> None:
    own = without_metadata(STUB)
    for cell in own["cells"]:
        if cell["cell_type"] == "code":
            other = {"exercise": "E08", "entered": {"called": "of another exercise"}}
            mine = {"exercise": "E10", "entered": {"called": "own"}}
            cell["outputs"] = [{"data": {answers.MIME: record}} for record in (other, mine)]
    save(by("张三", own), tmp_path / "E10_1.ipynb")
    save(by("李四", without_metadata(STUB)), tmp_path / "E10_2.ipynb")
    save({"entered": {"called": "beside"}}, tmp_path / "E10.json")
    assert entered_by(tmp_path) == {"E10_1.ipynb": "own", "E10_2.ipynb": None}


def test_one_person_may_have_the_notebook_in_both_languages_beside_the_record(tmp_path: Path) -> None:
    save(by("张三", STUB), tmp_path / "E10_reversed_r.zh.ipynb")
    save(committed("E10_reversed_r.en"), tmp_path / "E10_reversed_r.en.ipynb")
    save({"entered": {"called": "beside"}}, tmp_path / "answers" / "E10.json")
    save({"name": "张三"}, tmp_path / "answers" / "me.json")
    assert set(entered_by(tmp_path).values()) == {"beside"}


def test_two_zips_of_one_name_in_a_folder_are_two_people(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        zipped(tmp_path / name / "work.zip", {"E10.ipynb": without_metadata(STUB)})
    assert len(found(tmp_path)) == 2


def test_loose_nameless_files_in_a_zip_are_each_their_own_person(tmp_path: Path) -> None:
    bare = without_metadata(STUB)
    zipped(tmp_path / "class.zip", {"E10(1).ipynb": bare, "E10(2).ipynb": bare, "E10_赵六.ipynb": bare})
    zipped(tmp_path / "王五.ZIP", {"E10.ipynb": bare})
    assert found(tmp_path) == {
        "class.zip/E10(1).ipynb": "class.zip/E10(1).ipynb E10",
        "class.zip/E10(2).ipynb": "class.zip/E10(2).ipynb E10",
        "class.zip/E10_赵六.ipynb": "赵六 E10",
        "王五.ZIP/E10.ipynb": "王五 E10",
    }


# --- damaged, huge, in capitals --------------------------------------------------------------------


def test_capitals_in_a_files_name_are_read(tmp_path: Path) -> None:
    save(by("张三", STUB), tmp_path / "a" / "E10.IPYNB")
    save({"entered": {"called": "beside"}}, tmp_path / "a" / "E10.JSON")
    zipped(tmp_path / "B.ZIP", {"E08.IPYNB": by("李四", E08)})
    assert found(tmp_path) == {"a/E10.IPYNB": "张三 E10", "B.ZIP/E08.IPYNB": "李四 E08"}
    assert entered_by(tmp_path)["a/E10.IPYNB"] == "beside"


def test_damage_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "deep.ipynb").write_text("[" * 200_000, encoding="utf-8")
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("E08.ipynb", json.dumps(by("李四", E08)))
        packed.writestr("E10.ipynb", json.dumps(by("李四", STUB)))
        packed.writestr("odd_time.ipynb", json.dumps(by("王五", STUB)))
    raw = bytearray(path.read_bytes())
    raw[60:80] = b"\xff" * 20  # in the middle of what E08 was packed to
    central = raw.rindex(b"PK\x01\x02")
    raw[central + 14 : central + 16] = b"\0\0"  # day 0 of month 0
    path.write_bytes(raw)
    collected = collect([tmp_path])
    assert {problem.file: problem.id for problem in collected.unused} == {
        "deep.ipynb": "grade.no_notebook",
        "damaged.zip/E08.ipynb": "grade.bad_zip",
    }
    assert {one.name for one in collected.newest} == {"李四", "王五"}


@pytest.mark.parametrize(("limit", "most"), [("MOST_BYTES", 100_000), ("MOST_FILES", 4)])
def test_no_more_than_so_much_is_read_from_one_place(
    limit: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received, limit, most)
    size = len(json.dumps(STUB))
    members: dict[str, object] = {f"{n}/E10.ipynb": STUB for n in range(1 + 200_000 // size)}
    with zipfile.ZipFile(tmp_path / "small.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, json.dumps(content))
    collected = collect([tmp_path / "small.zip"])
    assert 0 < len(collected.newest) < len(members)
    assert {problem.id for problem in collected.unused} == {"grade.too_large"}
    for name in ("a", "b"):  # what one place takes is not taken from the other
        save(by(name, STUB), tmp_path / name / "E10.ipynb")
    assert len(collect([tmp_path / "a", tmp_path / "b"]).newest) == 2
