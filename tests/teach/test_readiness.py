"""The checklist of notebook 00: what it finds fine, what it finds wrong, and that the command says the same."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from segkit import samples
from segkit.cli import app
from segkit.locale import LANGS, Lang
from segkit.locale.spoken import speak
from segkit.report import doctor
from segkit.teach import readiness
from segkit.teach.readiness import checkup
from segkit.teach.source_faults import source_fault
from segkit.workshop.notebooks import read_notebook

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = yaml.safe_load((ROOT / "segkit" / "locale" / "messages.yml").read_text(encoding="utf-8"))


def found(id: str, folder: Path) -> doctor.Check:
    return next(one for one in checkup(folder, lang="en").checks if one.id == id)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample data, to be spoilt."""
    shutil.copytree(samples.home(), tmp_path / "datasets", ignore=shutil.ignore_patterns("_truth"))
    monkeypatch.setattr(samples, "home", lambda: tmp_path / "datasets")
    monkeypatch.setattr(readiness, "kernel", lambda: doctor.Check("kernel", True, "ok"))
    return tmp_path / "datasets"


def test_sample_data_are_whole(copied: Path) -> None:
    assert found("samples", copied).fine


@pytest.mark.parametrize("spoil", ["gone", "cut short", "no headings", "only headings", "no dictionary"])
def test_spoilt_sample_data_are_found_and_named(copied: Path, spoil: str) -> None:
    orders = copied / "jd" / "orders.csv"
    data = orders.read_bytes()
    if spoil == "gone":
        orders.unlink()
    elif spoil == "cut short":
        orders.write_bytes(data[: len(data) // 2 - 5])
    elif spoil == "no headings":
        orders.write_bytes(data.split(b"\n", 1)[1])
    elif spoil == "only headings":
        orders.write_bytes(data.split(b"\n", 1)[0] + b"\n")
    else:
        (copied / "dictionary.csv").unlink()
    check = found("samples", copied)
    assert not check.fine
    assert ("dictionary.csv" if spoil == "no dictionary" else "jd/orders.csv") in check.shown


def test_a_workbook_that_is_no_zip_is_found(copied: Path) -> None:
    (copied / "client_export" / "export.xlsx").write_bytes(b"")
    assert "client_export/export.xlsx" in found("samples", copied).shown


def test_every_fault_says_what_to_do(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("python", "font", "_sliders"):
        id = name.strip("_")
        monkeypatch.setattr(readiness, name, lambda id=id: doctor.Check(id, False, "broken"))
    (copied / "dictionary.csv").unlink()
    checked = checkup(copied, lang="zh")
    wrong = [one.id for one in checked.checks if not one.fine]
    assert wrong == ["python", "font", "samples", "sliders"] and not checked.ready
    for lang in LANGS:
        speak(lang)
        text, page = repr(checked), checked._repr_html_()
        for id in wrong:
            mend = MESSAGES[f"doctor.mend.{id}"][lang]
            assert mend in text and mend in page
        assert text.count("→") == page.count("→") == page.count("×") == len(wrong)


def test_every_check_has_its_words() -> None:
    for one in checkup(ROOT, lang="zh").checks:
        assert {"zh", "en"} == set(MESSAGES[f"doctor.{one.id}"]) == set(MESSAGES[f"doctor.mend.{one.id}"])


def test_the_command_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["doctor", "--lang", "zh"])
    speak("zh")
    assert said.exit_code == 0
    assert repr(checkup(tmp_path)).splitlines() == said.stdout.strip().splitlines()


def test_without_jupyterlab_only_what_a_report_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "has_lab", lambda: False)
    ids = [one.id for one in checkup(tmp_path, lang="en").checks]
    assert ids == ["python", "versions", "font", "kernel", "writing"]


def test_a_folder_yet_to_be_made_is_no_fault(tmp_path: Path) -> None:
    assert found("writing", tmp_path / "answers" / "deep").fine


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_notebook_00_quotes_what_is_said_of_a_chinese_comma(lang: Lang) -> None:
    notebook = read_notebook(ROOT / "notebooks" / f"00_start.{lang}.ipynb")
    text = next(cell.source for cell in notebook.cells if cell.id == "errors")
    code = re.search(r"```\n(.*?)\n```", text, re.S)
    assert code
    problem = source_fault(code[1])
    assert problem and problem.text(lang) in text
