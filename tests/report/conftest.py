"""Reports made once and looked at by many tests."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_clients import Make, studied

from segkit.config import load_config
from segkit.report.build import Built, build
from segkit.report.study import Study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A copy of a sample client's folder, under a name with blanks and Chinese; gives its client.yml."""

    def copied(case: str) -> Path:
        folder = tmp_path_factory.mktemp("客户 资料") / case
        made_here = shutil.ignore_patterns("reports", "to_confirm.xlsx", ".segkit")
        shutil.copytree(ROOT / "datasets" / case, folder, ignore=made_here)
        config = folder / "client.yml"
        text = config.read_text(encoding="utf-8") if config.is_file() else ""
        for other in set(re.findall(r"\.\./(\w+)/", text)):  # files of a neighbour
            shutil.copytree(ROOT / "datasets" / other, folder.parent / other, ignore=made_here)
        return config

    return copied


@pytest.fixture(scope="session")
def both(sample: Callable[[str], Path]) -> dict[str, Built]:
    """The report of client_export in both languages."""
    config = load_config(sample("client_export"))
    return {lang: build(config, lang=lang) for lang in ("zh", "en")}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """`studied` in a folder of its own: ``make(rows, lang="en", more=...)``."""

    def made(rows: list[str], **choices: object) -> Study:
        return studied(tmp_path, rows, **choices)  # type: ignore[arg-type]

    return made
