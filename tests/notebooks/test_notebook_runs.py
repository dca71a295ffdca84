"""Every notebook works by Run All with no typing, prints what it promised, and says what its figures show.

Each is run once, away from its folder; an English notebook has the code of its Chinese twin, so three are run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from notebook_rules import ROOT, RUN_RULES, committed
from small_notebooks import change, code, md, pair, save

from segkit.workshop.notebooks import Cell, Notebook, cell_of, read_notebook, twins_of
from segkit.workshop.pinning import run_notebook

ZH = committed("zh")


def english() -> list[Path]:
    """The first lesson, case study and solution in English."""
    wanted = ("notebooks", "casestudies", "exercises/solutions")
    listed = [[p for p in committed("en") if p.as_posix().startswith(f"{folder}/")] for folder in wanted]
    return [paths[0] for paths in listed if paths]


def quick(path: Path) -> bool:
    """One solution is run by `start.py check` too."""
    return path in [p for p in ZH if p.parent.name == "solutions"][:1]


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, id=p.as_posix(), marks=[] if quick(p) else pytest.mark.slow) for p in ZH + english()],
)
def test_a_notebook_runs_and_keeps_its_promises(path: Path, tmp_path: Path) -> None:
    beside = {p.name for p in (ROOT / path).parent.iterdir()}
    notebook = read_notebook(ROOT / path)
    ran = run_notebook(notebook, tmp_path)
    wrong = [f"{rule.__name__}: {said}" for rule in RUN_RULES for said in rule(notebook, ran)]
    assert not wrong, "\n".join(wrong)
    assert {p.name for p in (ROOT / path).parent.iterdir()} <= beside | {".ipynb_checkpoints"}


def test_three_english_twins_are_run() -> None:
    assert len(english()) == 3


# --- every rule proven -----------------------------------------------------------------------------

SAID = {
    "alt": "Bar chart: 20% of customers, 58% of revenue.",
    "segkit": {
        "id": "share",
        "title": "20% of customers bring 58%",
        "axes": [{"heading": "", "x": "Customers", "y": "", "x_ticks": ["0", "5"], "y_ticks": ["A", "B"]}],
    },
}


def shown(data: dict[str, str], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def picture(**changed: Any) -> dict[str, Any]:
    said = SAID | {key: value for key, value in changed.items() if key == "alt"}
    said["segkit"] = SAID["segkit"] | {key: value for key, value in changed.items() if key != "alt"}
    return shown({"image/png": "", "text/plain": "<Figure>"}, {"image/png": said})


def printed(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def notebook(folder: Path, *outputs: dict[str, Any]) -> Notebook:
    cell = code("top", "print(3)", "nbval-check-output")
    return read_notebook(save(folder / "x.zh.ipynb", [md("goal", "# 04"), cell | {"outputs": list(outputs)}]))


def findings(committed: Notebook, ran: Notebook) -> list[str]:
    return [rule.__name__ for rule in RUN_RULES if list(rule(committed, ran))]


BAD = [
    ("promises_are_kept", [printed("4\n")]),
    ("promises_are_kept", [printed("3\n"), printed("4\n")]),
    ("nothing_is_complained_of", [printed("3\n"), printed("careful", "stderr")]),
    ("figures_say_what_they_show", [picture(alt="")]),
    ("figures_say_what_they_show", [picture(title="")]),
    ("figures_say_what_they_show", [picture(axes=[SAID["segkit"]["axes"][0] | {"x": ""}])]),
    ("figures_say_what_they_show", [shown({"image/png": ""})]),
    ("figures_are_few", [picture()] * 7),
    ("nothing_is_shown_by_its_address", [shown({"text/plain": "<Axes: xlabel='x'>"})]),
    ("nothing_is_shown_by_its_address", [shown({"text/plain": "<segkit.schemes.rfm.RFM object at 0x7f1122334455>"})]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "outputs"), BAD, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(BAD)])
def test_a_rule_finds_its_bad_example(tmp_path, rule, outputs) -> None:
    before = notebook(tmp_path / "a", printed("3\n"))
    good = notebook(tmp_path / "b", printed("3\n"), *[picture()] * 6)
    assert [name for name in findings(before, good) if name != "promises_are_kept"] == []
    assert rule in findings(before, notebook(tmp_path / "c", *outputs))


def test_every_rule_has_a_bad_example() -> None:
    assert {rule.__name__ for rule in RUN_RULES} == {name for name, _ in BAD}


def test_a_kept_promise_is_no_finding(tmp_path) -> None:
    assert findings(notebook(tmp_path, printed("3\n")), notebook(tmp_path, printed("3\n"))) == []


def ran(cells: list[dict[str, Any]], folder: Path) -> tuple[Notebook, dict[str, Cell]]:
    made = read_notebook(save(folder / "notebooks" / "05_small.zh.ipynb", cells))
    after = run_notebook(made, folder / "scratch")
    return made, {cell.id: cell for cell in after.cells}


def test_a_run_shows_figures_warnings_and_the_folder_for_answers(tmp_path) -> None:
    """A real kernel: what the rules read is what a kernel gives."""
    source = """
import datetime as dt
import pandas as pd
import segkit

table = pd.DataFrame({"label": ["champions", "lost"], "customers": [3, 5], "monetary": [90.0, 10.0]})
segkit.charts.segment_value(table, lang="en", source="x", as_of=dt.date(2025, 12, 31))
"""
    made, cells = ran(
        [
            code("drawn", source),
            code("plain", "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
            code("warns", "import warnings\nwarnings.warn('old')"),
            code("where", "import os\nprint(os.environ['SEGKIT_ANSWERS'])\nopen('left.txt', 'w').close()"),
        ],
        tmp_path,
    )
    after = made.but(cells.values())
    wrong = {rule.__name__: list(rule(made, after)) for rule in RUN_RULES}
    assert wrong["figures_say_what_they_show"] == ["plain: a picture that is no figure of segkit.charts"]
    assert [said[:5] for said in wrong["nothing_is_complained_of"]] == ["warns"]
    assert cells["where"].outputs[0]["text"].strip() == str(tmp_path / "scratch" / "answers")
    assert [p.name for p in (tmp_path / "notebooks").iterdir()] == ["05_small.zh.ipynb"]


def test_a_changed_result_breaks_its_promise(tmp_path) -> None:
    promised = [code("top", "print(2 + 2)", "nbval-check-output", prints="4\n")]
    made, cells = ran(promised, tmp_path)
    assert findings(made, made.but(cells.values())) == []
    promised[0]["source"] = "print(2 + 3)"
    made, cells = ran(promised, tmp_path)
    assert findings(made, made.but(cells.values())) == ["promises_are_kept"]


# --- by hand, with nbval ---------------------------------------------------------------------------


def nbval(*paths: Path, folder: Path) -> tuple[int, str]:
    """``pytest --nbval-lax --nbval-current-env``, as a user runs it in the project's folder."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "--nbval-current-env",
        "--nbval-cell-timeout=60",
    ]
    command += ["-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", *map(str, paths)]
    environment = os.environ | {"SEGKIT_ANSWERS": str(folder / "answers")}
    environment.pop("MPLBACKEND", None)
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_nbval_agrees_with_a_promise_and_sees_it_broken(tmp_path) -> None:
    zh, _ = pair(tmp_path / "notebooks")
    code_, said = nbval(zh, folder=tmp_path)
    assert code_ == 0, said[-3000:]
    change(zh, "top", source="print(4)")
    code_, said = nbval(zh, folder=tmp_path)
    assert code_ == 1 and "1 failed" in said


@pytest.mark.slow
def test_nbval_runs_a_committed_notebook(tmp_path) -> None:
    path = next(iter([p for p in ZH if quick(p)] or ZH))
    code_, said = nbval(ROOT / path, folder=tmp_path)
    assert code_ == 0, said[-3000:]


def test_cells_are_read_from_outputs_in_either_form() -> None:
    cell = cell_of(code("a", "1") | {"outputs": [printed("3\n") | {"text": ["3", "\n"]}]})
    other = cell_of(code("a", "1") | {"outputs": [printed("3\n")]})
    from segkit.workshop.pinning import shows

    assert shows(cell) == shows(other) and twins_of(Path("a.zh.ipynb")) is not None
