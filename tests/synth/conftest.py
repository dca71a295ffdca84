"""The committed draw of a case and two others, for tests that must hold for every draw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from segkit.synth.build import build

DATASETS = Path(__file__).parents[2] / "datasets"
OTHER_SEEDS = (5, 6)


@pytest.fixture(scope="session")
def draws_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Path]]:
    """case -> folders of sample data: the committed one, and two made now from other seeds."""
    made: dict[str, list[Path]] = {}

    def folders(case: str) -> list[Path]:
        if case not in made:
            made[case] = [DATASETS]
            for seed in OTHER_SEEDS:
                folder = tmp_path_factory.mktemp(f"{case} {seed}")
                build([case], out=folder, seed=seed)
                made[case].append(folder)
        return made[case]

    return folders


@pytest.fixture(scope="session")
def text_of() -> Callable[[Path], pd.DataFrame]:
    """A csv as it stands: every cell text, blank cells ""."""
    return lambda path: pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever makes a case again is not part of the quick check."""
    for item in items:
        if "draws_of" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
