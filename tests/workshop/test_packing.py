"""Packs: no answer reaches a trainee, nothing leads nowhere, and what is handed out works where it is unpacked."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from typer.testing import CliRunner

from segkit.cli import app
from segkit.locale import LANGS, Lang
from segkit.problems import InputProblems
from segkit.workshop.notebooks import read_notebook
from segkit.workshop.packing import READMES, Pack, pack, page_of_pack, write_pack, zip_of
from segkit.workshop.pairing import pair_up
from segkit.workshop.stubs import answer_lines

ROOT = Path(__file__).resolve().parents[2]
LONG = 20  # characters from which a line is an answer and not a common phrase


@pytest.fixture(scope="module")
def trainee() -> Pack:
    return pack("trainee", root=ROOT)


@pytest.fixture(scope="module")
def trainer() -> Pack:
    return pack("trainer", root=ROOT)


@pytest.fixture(scope="module")
def unpacked(trainee: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(trainee, tmp_path_factory.mktemp("学员 1"))


def tags(made: Pack) -> list[str]:
    """Every tag of every cell of the notebooks in it."""
    books = [json.loads(content) for path, content in made.files.items() if path.endswith(".ipynb")]
    return [tag for book in books for cell in book["cells"] for tag in cell["metadata"].get("tags", [])]


def answers_in(made: Pack) -> list[tuple[str, str]]:
    """File and answer line, of lines that no lesson of the pack shows."""
    solutions = sorted((ROOT / "exercises" / "solutions").glob("*.ipynb"))
    lines = {line for path in solutions for line in answer_lines(read_notebook(path)) if len(line) >= LONG}
    stored = {line: line.replace("\\", "\\\\").replace('"', '\\"') for line in lines}
    lessons = "\n".join(
        text.decode("utf-8") for path, text in made.files.items() if path.startswith("notebooks/")
    )
    secret = [line for line in lines if line not in lessons and stored[line] not in lessons]
    assert secret
    texts = {path: content.decode("utf-8", "ignore") for path, content in made.files.items()}
    return [
        (path, line)
        for path, text in texts.items()
        for line in secret
        if line in text or stored[line] in text
    ]


# --- what a trainee must not see -------------------------------------------------------------------


def test_no_trainer_cell_is_in_a_trainees_pack_and_all_are_in_the_trainers(
    trainee: Pack, trainer: Pack
) -> None:
    assert not {"trainer", "solution"} & {*tags(trainee)}
    assert tags(trainer).count("trainer") > 10 and "solution" in tags(trainer)


def test_no_answer_line_is_in_a_trainees_pack(trainee: Pack, trainer: Pack) -> None:
    assert answers_in(trainee) == []
    assert {path for path, _ in answers_in(trainer)} and all(
        path.startswith("exercises/solutions/") for path, _ in answers_in(trainer)
    )


def test_no_truth_no_trainers_guide_no_solutions_and_nothing_somebody_entered(trainee: Pack) -> None:
    parts = {part for path in trainee.files for part in PurePosixPath(path).parts}
    assert (
        not {"_truth", "synth", "answers", "solutions", "reports", "tests", "__pycache__", ".segkit"} & parts
    )
    assert not [path for path in trainee.files if "trainer" in path or path.endswith((".tmp", ".pyc"))]
    assert {"start.py", "start.bat", "lab.bat", "pyproject.toml", "segkit/cli/workshop.py"} <= {
        *trainee.files
    }
    for name in ("notebooks/04_grading", "casestudies/jd/jd", "exercises/E08_rfm_by_hand"):
        assert all(f"{name}.{lang}.ipynb" in trainee.files for lang in LANGS)


def test_what_was_entered_in_the_course_folder_stays_there(tmp_path: Path) -> None:
    copy = write_pack(pack("trainee", "zh", ROOT), tmp_path)
    for name in (
        "exercises/answers/E08.json",
        "datasets/jd/reports/a.html",
        "notebooks/.ipynb_checkpoints/a.md",
    ):
        (copy / name).parent.mkdir(parents=True)
        (copy / name).write_text("我的答案", encoding="utf-8")
    assert not [text for text in pack("trainee", "zh", copy).files.values() if text == "我的答案".encode()]


def test_the_trainer_gets_everything_and_an_agenda(trainee: Pack, trainer: Pack) -> None:
    assert {*trainee.files} < {*trainer.files}
    named = {
        "docs/trainer.zh.md",
        "docs/trainer.en.md",
        "datasets/_truth/jd_planted.csv",
        "casestudies/jd/cards.yml",
        "agenda/2_days/agenda.zh.html",
        "agenda/2_days/run_sheet.en.xlsx",
    }
    assert named <= {*trainer.files}


# --- what lies in the trainer's folder and is not of the course ------------------------------------

SECRET = "宏业机电（虚构）的客户数据"
STRANGERS = (
    "我的客户.xlsx",
    "notebooks/clients/hongye/orders.csv",
    "notebooks/clients/hongye/client.yml",
    "notebooks/clients/04_hongye.zh.ipynb",
    "notebooks/我的对照表.yml",
    "notebooks/orders.csv",
    "notebooks/04_grading.zh-Copy1.ipynb",
    "notebooks/04_grading-Copy1.zh.ipynb",
    "notebooks/15_hongye.zh.ipynb",  # a pair by its name, but it does not say that it is of the course
    "exercises/E08_rfm_by_hand.zh-Copy1.ipynb",
    "exercises/E08_mine.zh.ipynb",
    "exercises/answers/E08.json",
    "exercises/solutions/E08_rfm_by_hand.zh-Copy1.ipynb",
    "casestudies/hongye/cards.yml",
    "casestudies/hongye/cards.zh.html",
    "casestudies/jd/orders.csv",
    "casestudies/jd/谈话.html",
    "datasets/hongye/client.yml",
    "datasets/hongye/orders.csv",
    "datasets/jd/orders_hongye.csv",
    "datasets/jd/reports/a.html",
    "datasets/_truth/hongye_planted.csv",
    "docs/报价.zh.md",
    "segkit/playbooks/宏业 副本.yml",
    "segkit/report/client_report-Copy1.ipynb",
    "segkit/report/hongye.csv",
    "segkit/clients/hongye.yml",
    "segkit/datasets/jd/orders.csv",
    "packs/old.zip",
)
# what JupyterLab writes for a copy that somebody renamed: as the course's, with its metadata
OF_THE_COURSE = ("04_grading-Copy1.zh", "E08_mine.zh", "clients/hongye/04_hongye.zh", "clients/04_hongye.zh")


@pytest.mark.parametrize("kind", ["trainee", "trainer"])
def test_nothing_that_is_not_of_the_course_gets_out(
    kind: Any, trainee: Pack, trainer: Pack, tmp_path: Path
) -> None:
    course = write_pack(trainer, tmp_path)
    for name in STRANGERS:
        path = course / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": SECRET}]
        ours = any(name.endswith(f"{one}.ipynb") for one in OF_THE_COURSE)
        noted = {"segkit": {"lang": "zh", "exercise": "E08"}} if ours else {}
        book = {"cells": cells, "metadata": noted, "nbformat": 4, "nbformat_minor": 5}
        text = json.dumps(book, ensure_ascii=False) if name.endswith(".ipynb") else SECRET
        path.write_text(text, encoding="utf-8")
    made = pack(kind, root=course)
    assert [path for path, content in made.files.items() if SECRET.encode() in content] == []
    assert {*made.files} == {*(trainee if kind == "trainee" else trainer).files}


def test_every_page_lesson_case_and_exercise_of_the_course_is_in_the_trainers_pack(trainer: Pack) -> None:
    patterns = (
        "notebooks/*.ipynb",
        "exercises/**/E*.ipynb",
        "casestudies/*/*.*",
        "docs/*.md",
        "segkit/**/*.*",
    )
    listed = {path.relative_to(ROOT).as_posix() for one in patterns for path in ROOT.glob(one)}
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    ).stdout.split("\0")
    wanted = {name for name in listed if name in tracked} - {"docs/benchmarks.md"}
    assert wanted <= {*trainer.files}


def solved_in_class(path: Path, source: str) -> None:
    """Write `source` into every cell of code, with an output, as after a lesson that was taught live."""
    book = json.loads(path.read_text(encoding="utf-8"))
    for cell in book["cells"]:
        if cell["cell_type"] == "code" and "nbval-check-output" not in cell["metadata"].get("tags", []):
            cell["source"] = f"{source}\n" + "".join(cell["source"]) if source else cell["source"]
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": [SECRET]}]
            cell["execution_count"] = 7
    book["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"a": SECRET}}}
    path.write_text(json.dumps(book, ensure_ascii=False), encoding="utf-8")


def test_what_the_trainer_solved_live_goes_out_unsolved(trainee: Pack, trainer: Pack, tmp_path: Path) -> None:
    course = write_pack(trainer, tmp_path)
    stub, lesson = "exercises/E08_rfm_by_hand.zh.ipynb", "notebooks/04_grading.zh.ipynb"
    case = "casestudies/jd/jd.zh.ipynb"
    solved_in_class(course / stub, f"answer = '{SECRET}'")
    solved_in_class(course / lesson, "")
    solved_in_class(course / case, "")
    again = pack("trainee", root=course)
    assert [path for path in again.files if again.files[path] != trainee.files.get(path)] == []
    pinned = [c for c in json.loads(again.files[lesson])["cells"] if c.get("outputs")]
    assert pinned and all("nbval-check-output" in cell["metadata"]["tags"] for cell in pinned)


def test_an_exercise_of_a_trainees_folder_goes_out_without_its_outputs(
    unpacked: Path, tmp_path: Path
) -> None:
    copy = write_pack(pack("trainee", "zh", unpacked), tmp_path)
    stub = "exercises/E08_rfm_by_hand.zh.ipynb"
    solved_in_class(copy / stub, "")
    assert pack("trainee", "zh", copy).files[stub] == (unpacked / stub).read_bytes()


# --- languages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_a_pack_of_one_language_has_no_page_of_the_other_and_can_be_installed(
    lang: Lang, tmp_path: Path
) -> None:
    made = pack("trainee", lang, ROOT)
    other = "en" if lang == "zh" else "zh"
    halves = [p for p in made.files if re.search(rf"\.{other}\.\w+$", p) and not p.startswith("segkit/")]
    assert not halves and READMES[other] not in {PurePosixPath(p).name for p in made.files}
    assert f"notebooks/04_grading.{lang}.ipynb" in made.files
    place = write_pack(made, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "metadata"],
        cwd=place,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert READMES[lang] in (place / "pyproject.toml").read_text(encoding="utf-8")
    assert start_of(place).room_language([], {}, str(place))[0] == lang


# --- nothing leads nowhere -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["trainee", "trainer"])
@pytest.mark.parametrize("lang", [None, *LANGS])
def test_every_link_of_every_page_leads_to_a_file_of_the_pack(kind: Any, lang: Lang | None) -> None:
    made = pack(kind, lang, ROOT)
    found = []
    for path in (path for path in made.files if path.endswith(".md")):
        for to in re.findall(r"\]\(([^)#\s]+)", made.files[path].decode("utf-8")):
            place = os.path.normpath(PurePosixPath(path).parent / to).replace(os.sep, "/")
            found.append((path, to, re.match(r"\w+:", to) is not None or place in made.files))
    assert found and not [(path, to) for path, to, there in found if not there]
    readme = made.files[READMES[lang or "en"]].decode("utf-8")
    assert "start.py lab" in readme and "start.py report" in readme
    assert not re.search(
        r"start\.py (test|check|bench)|benchmarks/|`tests/|Makefile|make report|<!--", readme
    )


def test_a_page_loses_what_speaks_of_the_repository_and_nothing_else() -> None:
    page = "# T\n\n[English](README.md)\n\nA [b](b.md) c<!-- repository --> d\ne<!-- /repository -->.\n| `tests/` | x |\n| `crm/` | y |\n"
    assert page_of_pack(page, PurePosixPath("README.zh-CN.md"), {}) == "# T\n\nA b c.\n| `crm/` | y |\n"
    whole = page_of_pack(page, PurePosixPath("README.zh-CN.md"), {"README.md": b"", "b.md": b""})
    assert "[English](README.md)" in whole and "[b](b.md)" in whole


# --- it works where it is unpacked -----------------------------------------------------------------


def start_of(place: Path) -> Any:
    spec = importlib.util.spec_from_file_location("start_of_pack", place / "start.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_starter_finds_what_it_needs(unpacked: Path) -> None:
    start = start_of(unpacked)
    assert str(unpacked) == start.ROOT and start.sample_is_there(start.ROOT)
    assert not start.inside_zip(start.ROOT, [path.name for path in unpacked.iterdir()]) and start.made_from(
        start.ROOT
    )
    for lang in LANGS:
        urls = [word for word in start.lab_arguments(start.ROOT, lang) if "default_url" in word]
        assert all((unpacked / url.split("/lab/tree/")[1]).is_file() for url in urls if "/tree/" in url)


def test_the_pairs_inside_are_as_clean_as_those_of_the_course_folder(unpacked: Path) -> None:
    def open_in(root: Path) -> set[tuple[str, str]]:
        places = [root / name for name in ("notebooks", "casestudies", "exercises")]
        found = [problem for one in pair_up(places) for problem in (*one.mended, *one.dropped, *one.left)]
        return {(PurePosixPath(one.file or "").name, one.id) for one in found}

    assert open_in(unpacked) <= open_in(ROOT)


RUN = """
import json, sys
import nbformat
from nbclient import NotebookClient
book = nbformat.read(sys.argv[1], as_version=4)
book.cells.append(nbformat.v4.new_code_cell("import segkit; print(segkit.__file__); print(segkit.check('E08').record()['score'])"))
NotebookClient(book, timeout=120, kernel_name="python3", resources={"metadata": {"path": sys.argv[2]}}).execute()
print("".join(output.get("text", "") for output in book.cells[-1].outputs))
"""


@pytest.mark.slow
def test_an_exercise_of_the_pack_runs_with_the_segkit_of_the_pack(unpacked: Path, tmp_path: Path) -> None:
    notebook = unpacked / "exercises" / "E08_rfm_by_hand.zh.ipynb"
    environ = os.environ | {"PYTHONPATH": str(unpacked), "PYTHONUTF8": "1", "SEGKIT_ANSWERS": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(notebook), str(notebook.parent)],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[:2] == [str(unpacked / "segkit" / "__init__.py"), "0"]


@pytest.mark.parametrize(("lang", "words"), [("zh", "这个课程包里没有"), ("en", "not part of this pack")])
def test_what_would_make_the_truth_again_is_not_in_the_pack_and_the_command_says_so(
    lang: Lang, words: str, unpacked: Path
) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "segkit", *arguments, "--lang", lang],
            env=os.environ | {"PYTHONPATH": str(unpacked), "PYTHONUTF8": "1"},
            cwd=unpacked,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    for arguments in (("--check",), ("--seed", "7", "--out", "class2")):
        done = run("data", "build", *arguments)
        assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
    done = run("check", "datasets/jd/client.yml")
    assert done.returncode == 0, done.stderr


# --- writing ---------------------------------------------------------------------------------------


def test_the_same_folder_gives_the_same_zip_whenever_it_is_made(unpacked: Path, tmp_path: Path) -> None:
    made = pack("trainee", root=unpacked)
    once = zip_of(made)
    for path in unpacked.rglob("*.md"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    assert once == zip_of(pack("trainee", root=unpacked))
    with zipfile.ZipFile(io.BytesIO(once)) as packed:
        members = packed.infolist()
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    assert [member.filename for member in members] == sorted(member.filename for member in members)
    assert {member.filename.split("/")[0] for member in members} == {made.name}
    assert write_pack(made, tmp_path, zipped=True).read_bytes() == once


def test_the_stamp_says_which_pack_it_is(trainee: Pack, trainer: Pack) -> None:
    stamps = [json.loads(made.files["pack.json"]) for made in (trainee, trainer)]
    assert [(one["pack"], one["lang"]) for one in stamps] == [
        ("trainee", ["zh", "en"]),
        ("trainer", ["zh", "en"]),
    ]
    assert stamps[0]["files"] == len(trainee.files) - 1
    named = sorted(path for path in trainee.files if path != "pack.json")
    lines = [f"{path}\0{hashlib.sha256(trainee.files[path]).hexdigest()}\n" for path in named]
    assert stamps[0]["sha256"] == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_a_trainees_pack_made_from_the_trainers_is_the_same(
    trainee: Pack, trainer: Pack, tmp_path: Path
) -> None:
    again = pack("trainee", root=write_pack(trainer, tmp_path))
    assert {path for path in again.files if again.files[path] != trainee.files.get(path)} == set()
    assert {*again.files} == {*trainee.files}


def test_a_folder_that_is_there_is_left_alone_and_no_trainers_pack_comes_of_a_trainees(
    trainee: Pack, unpacked: Path
) -> None:
    with pytest.raises(InputProblems, match="left alone"):
        write_pack(trainee, unpacked.parent)
    with pytest.raises(InputProblems, match="solutions"):
        pack("trainer", root=unpacked)


def test_the_command_writes_a_zip_and_ends_with_2_for_a_pack_there_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(
        app, ["workshop", "pack", "trainee", "--lang", "zh", "--zip", "--out", str(tmp_path / "U 盘")]
    )
    assert done.exit_code == 0 and "没有答案和讲师单元" in done.output
    assert [path.name for path in (tmp_path / "U 盘").iterdir()] == ["segkit-trainee-zh.zip"]
    assert CliRunner().invoke(app, ["workshop", "pack", "everyone", "--lang", "en"]).exit_code == 2
