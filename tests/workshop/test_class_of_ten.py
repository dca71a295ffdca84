"""A class hands in E10 in ten ways, and each is scored as a fair person would."""

from __future__ import annotations

from pathlib import Path

import pytest
from handed_in import by, committed, save, with_cell, without_cell, without_metadata

from segkit.workshop.submissions import collect
from segkit.workshop.supervising import Graded, Limits, run_all

SOLVED = committed("E10_reversed_r.zh", solution=True)
STUB = committed("E10_reversed_r.zh")
CHOICES = '\ncalled, guard = "silent", "five"'
REVERSED = 'def r_score(days):\n    return np.ceil(days.rank() / days.count() * 5).astype("Int64")' + CHOICES
CRASHES = 'def r_score(days):\n    return pd.qcut(days, 5, labels=[5, 4, 3, 2, 1]).astype("Int64")' + CHOICES
ENDLESS_CELL = 'called = "silent"\nwhile True:\n    pass'
DEAF_CELL = (
    'called = "silent"\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass'
)
ENDLESS_FUNCTION = "def r_score(days):\n    while True:\n        pass" + CHOICES
CHEATS = (
    "import segkit.teach.judging as judging\n"
    "judging.judge = segkit.check = lambda *a, **k: 100\n"
    'judging.exercise = None\ncalled = "recent"'
)

# who -> what they hand in, the score it deserves, the known mistakes in it, the note beside it
CLASS = {
    "对": (SOLVED, 100, (), ""),
    "反": (with_cell(STUB, "answer", REVERSED), 75, ("reversed",), ""),
    "并列": (with_cell(STUB, "answer", CRASHES), 75, ("ties_crash",), ""),
    "空": (STUB, 0, (), ""),
    "删检查": (without_cell(SOLVED, "check"), 100, (), ""),
    "改检查": (with_cell(with_cell(STUB, "answer", CHEATS), "check", "print(100)"), 0, ("trusts_name",), ""),
    "死循环": (with_cell(STUB, "answer", ENDLESS_CELL), 12, (), "slow_cell"),
    "拦不住": (with_cell(SOLVED, "guess", DEAF_CELL), 100, (), "slow_cell"),
    "函数不停": (with_cell(STUB, "answer", ENDLESS_FUNCTION), 25, (), ""),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Graded]:
    folder = tmp_path_factory.mktemp("class")
    for number, (name, (notebook, *_)) in enumerate(CLASS.items()):
        save(by(name, notebook), folder / f"E10({number}).ipynb")
    save(without_metadata(by("丢元数据", SOLVED)), folder / "x" / "E10 副本.ipynb")
    found = collect([folder])
    assert not found.unused and not found.older
    results = run_all(list(found.newest), Limits(cell_seconds=6, grace_seconds=2))
    return {one.submission.name: one for one in results}


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASS)
def test_each_is_scored_as_a_fair_person_would(name: str, graded: dict[str, Graded]) -> None:
    _, score, mistakes, note = CLASS[name]
    found = graded[name]
    assert (found.score, found.mistakes) == (score, mistakes)
    assert not note or found.note == note


@pytest.mark.slow
def test_lost_metadata_cost_nothing(graded: dict[str, Graded]) -> None:
    assert graded["丢元数据"].score == 100


@pytest.mark.slow
def test_a_notebook_that_eats_memory_is_ended_and_the_rest_counts(tmp_path: Path) -> None:
    eats = with_cell(SOLVED, "guess", "hoard = [bytearray(10_000_000) for _ in range(400)]")
    save(by("大胃", eats), tmp_path / "E10.ipynb")
    [found] = run_all(list(collect([tmp_path]).newest), Limits(cell_seconds=20, megabytes=900))
    assert (found.score, found.note) == (100, "memory")
