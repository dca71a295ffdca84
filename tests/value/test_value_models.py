"""What value models say about themselves, and that a saved one says the same next month."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from segkit import BGNBD, MBGNBD
from segkit.problems import InputProblems


def test_bgnbd_says_that_one_time_buyers_are_alive_by_construction(cdnow: pd.DataFrame) -> None:
    fitted = BGNBD().fit(cdnow)
    assert "100%" in fitted.notes("zh")[0] and "by construction" in fitted.notes("en")[0]
    assert fitted.notes("zh")[0] in fitted.describe("zh")
    assert MBGNBD().notes() == []


def test_checks_carry_figure_limit_and_words(cdnow: pd.DataFrame) -> None:
    repeat, shape = BGNBD().fit(cdnow).checks
    assert (repeat.name, repeat.figure, repeat.limit, repeat.passed) == ("repeat_buyers", 946, 100, True)
    assert shape.passed and 0.005 < shape.figure < 0.02
    assert "946" in repeat.text("zh") and "946" in repeat.text("en")


def test_a_model_saved_and_read_again_says_the_same(tmp_path: Path, cdnow: pd.DataFrame) -> None:
    fitted = MBGNBD().fit(cdnow)
    fitted.save(tmp_path / "model.yml")
    again = MBGNBD.load(tmp_path / "model.yml")
    assert again == fitted
    assert again.p_alive(cdnow).equals(fitted.p_alive(cdnow))
    with pytest.raises(InputProblems, match="its kind is mbgnbd, bgnbd is wanted"):
        BGNBD.load(tmp_path / "model.yml")
    with pytest.raises(InputProblems, match="no file"):
        BGNBD.load(tmp_path / "none.yml")
    (tmp_path / "bad.yml").write_text("kind: bgnbd\nr: -1\nrate: 3\n", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        BGNBD.load(tmp_path / "bad.yml")
    assert len(caught.value.problems) == 2
    (tmp_path / "list.yml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(InputProblems, match="not YAML"):
        BGNBD.load(tmp_path / "list.yml")
