"""Exercises made from solutions: no answer stays, what to write is named, and it runs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from small_notebooks import cells_of, change, code, language, md, save
from typer.testing import CliRunner

from segkit.cli import app
from segkit.problems import InputProblems
from segkit.workshop.notebooks import read_notebook
from segkit.workshop.pairing import pair_up
from segkit.workshop.stubs import answer_lines, names_assigned, stub_of

ANSWER = """customers = [3, 1, 2]
# >>> answer
top_customers = sorted(customers)[-2:]
share = sum(top_customers) / sum(customers)
# <<< answer
print(len(customers))"""


def solution(folder: Path, lang: str = "zh", source: str = ANSWER, *tags: str) -> Path:
    words = {"zh": ("# E08 手算", "为什么是 2 位"), "en": ("# E08 By hand", "Why 2")}
    goal, why = words["zh"]
    cells = [
        md("goal", words[lang][0], of=goal if lang == "en" else None),
        language(lang),
        code("rank", source, "answer", "nbval-check-output", *tags, prints="3\n"),
        md("why", words[lang][1], "solution", of=why if lang == "en" else None),
        code("verdict", "print('done')"),
    ]
    return save(folder / f"E08_by_hand.{lang}.ipynb", cells, exercise="E08")


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for lang in ("zh", "en"):
        solution(tmp_path / "exercises" / "solutions", lang)
    return tmp_path / "exercises"


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["workshop", "pairs", "--lang", "zh", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_an_answer_becomes_one_comment_naming_what_to_write(here):
    assert run()[0] == 0
    zh = cells_of(here / "E08_by_hand.zh.ipynb")
    en = cells_of(here / "E08_by_hand.en.ipynb")
    lines = zh[2]["source"].split("\n")
    assert lines == ["customers = [3, 1, 2]", "# 在这里写：top_customers、share", "print(len(customers))"]
    assert en[2]["source"].split("\n")[1] == "# write here: top_customers, share"
    assert [cell["id"] for cell in zh] == ["goal", "language", "rank", "verdict"]  # no solution text
    assert all(cell.get("outputs", []) == [] for cell in zh + en)
    assert zh[2]["metadata"]["tags"] == ["answer"]  # nothing is promised any more
    assert read_notebook(here / "E08_by_hand.en.ipynb").noted == {"lang": "en", "exercise": "E08"}


def test_no_line_of_an_answer_stands_in_the_stub(here):
    run()
    source = read_notebook(here / "solutions" / "E08_by_hand.zh.ipynb")
    assert len(answer_lines(source)) == 2
    for lang in ("zh", "en"):
        text = (here / f"E08_by_hand.{lang}.ipynb").read_text(encoding="utf-8")
        assert not [line for line in answer_lines(source) if line in text]


def test_a_stale_or_edited_stub_is_found_and_made_again(here):
    run()
    stub = here / "E08_by_hand.zh.ipynb"
    made = stub.read_bytes()
    change(stub, "verdict", source="print('mine')")
    code_, _, err = run("--check")
    assert (
        code_ == 2 and "E08_by_hand.zh.ipynb" in err and "练习" in err and "mine" in stub.read_text("utf-8")
    )
    assert run()[0] == 0 and stub.read_bytes() == made
    stub.unlink()
    assert run("--check")[0] == 2 and not stub.exists()


def test_a_stub_named_on_the_command_line_leads_to_its_solution(here):
    run()
    change(here / "solutions" / "E08_by_hand.zh.ipynb", "verdict", source="print('new')")
    assert run("exercises/E08_by_hand.en.ipynb")[0] == 0
    for folder in (here, here / "solutions"):
        assert cells_of(folder / "E08_by_hand.en.ipynb")[-1]["source"] == "print('new')"


def test_an_exercise_without_a_solution_is_told(here):
    run()
    solutions = here / "solutions"
    for path in list(solutions.iterdir()):
        path.unlink()
    [one] = pair_up([here])
    assert [problem.id for problem in one.left] == ["pairs.no_solution"] and not one.changed


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = 1\nb, (c, *d) = 1, (2, 3)", ["a", "b", "c", "d"]),
        ("a: int = 1\na += 1", ["a"]),
        ("for i in range(3):\n    total = i\nelse:\n    last = 0", ["total", "last"]),
        ("if True:\n    a = 1\nelif False:\n    b = 2", ["a", "b"]),
        ("with open('x') as f:\n    a = f", ["a"]),
        ("try:\n    a = 1\nexcept ValueError:\n    b = 1\nfinally:\n    c = 1", ["a", "b", "c"]),
        ("match 1:\n    case 1:\n        a = 1", ["a"]),
        ("def score(x):\n    inside = x\n    return inside", ["score"]),
        ("table['share'] = 1", ['table["share"]']),
        ("import math\n_help = math.pi\na = _help", ["a"]),
        ("print(1)", []),
    ],
)
def test_the_names_are_those_the_answer_binds(source, names):
    assert names_assigned(source) == names


def stub_source(tmp_path: Path, source: str, *tags: str) -> str:
    made = stub_of(read_notebook(solution(tmp_path, "zh", source, *tags)))
    return made.cells[2].source


def test_an_answer_inside_a_function_leaves_python(tmp_path):
    source = (
        "def score(r):\n    # >>> answer\n    best = 6 - r\n    return best\n    # <<< answer\n\nprint(1)"
    )
    stub = stub_source(tmp_path, source)
    assert stub == "def score(r):\n    # 在这里写：best\n    ...\n\nprint(1)"
    ast.parse(stub)


def test_of_an_exercise_only_what_is_judged_is_named(tmp_path):
    from segkit.teach.exercise import exercise

    judged = exercise("E08").names
    source = f"# >>> answer\nhelper = 1\n{judged[1]} = helper\n{judged[0]} = helper\n# <<< answer"
    assert stub_source(tmp_path, source) == f"# 在这里写：{judged[1]}、{judged[0]}"


def test_several_answers_in_a_cell(tmp_path):
    source = "# >>> answer\na = 1\n# <<< answer\nmiddle = 2\n# >>> answer\nprint(a)\n# <<< answer"
    assert stub_source(tmp_path, source) == "# 在这里写：a\nmiddle = 2\n# 在这里写"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("# >>> answer\na = 1", "stub.markers"),
        ("a = 1\n# <<< answer", "stub.markers"),
        ("# >>> answer\n# >>> answer\na = 1\n# <<< answer", "stub.markers"),
        ("a = 1", "stub.no_region"),
        ("# >>> answer\na = = 1\n# <<< answer", "stub.no_python"),
    ],
)
def test_markers_that_do_not_pair_up_are_told_with_their_cell(tmp_path, source, problem):
    path = solution(tmp_path, "zh", source)
    with pytest.raises(InputProblems) as refused:
        stub_of(read_notebook(path))
    assert [(p.id, p.facts["cell"]) for p in refused.value.problems] == [(problem, "rank")]


def test_an_answer_without_its_tag_is_told_and_no_stub_is_written(here):
    change(here / "solutions" / "E08_by_hand.zh.ipynb", "rank", metadata={})
    code_, _, err = run()
    assert code_ == 2 and "answer" in err and err.count("rank") >= 1
    assert not (here / "E08_by_hand.zh.ipynb").exists() and not (here / "E08_by_hand.en.ipynb").exists()
