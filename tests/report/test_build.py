"""A client's export becomes a report: what is in it, that both languages agree, and what never gets out."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import segkit.report.build as building
from segkit.config import load_config
from segkit.privacy.scan import leaks
from segkit.problems import InputProblems
from segkit.report.build import LeaksFound, build
from segkit.report.model import ReportModel

SECTIONS = ["summary", "overview", "data", "classes", "segments", "concentration", "industry", "region"]
SECTIONS += ["strategy", "followup", "records", "definitions"]


def kpis_in_html(path: Path) -> dict[str, set[float | None]]:
    found: dict[str, set[float | None]] = {}
    for tag in re.findall(r"<[^>]*data-kpi=[^>]*>", path.read_text(encoding="utf-8")):
        id = re.search(r'data-kpi="([^"]+)"', tag).group(1)
        value = re.search(r'data-value="([^"]*)"', tag).group(1)
        found.setdefault(id, set()).add(json.loads(value))
    return found


def kpis_in_xlsx(path: Path) -> dict[str, float | None]:
    book = openpyxl.load_workbook(path, data_only=True)
    found = {}
    for name, defined in book.defined_names.items():
        if name.startswith("kpi_"):
            sheet, cell = next(iter(defined.destinations))
            found[name.removeprefix("kpi_")] = book[sheet][cell.replace("$", "")].value
    return found


@pytest.mark.slow
def test_every_kpi_is_the_same_in_both_languages_and_every_artefact(both):
    zh, en = both["zh"].model, both["en"].model
    assert {k: v.value for k, v in zh.kpis.items()} == {k: v.value for k, v in en.kpis.items()}
    assert {k: v.n for k, v in zh.kpis.items()} == {k: v.n for k, v in en.kpis.items()}
    assert len(zh.kpis) >= 15
    for built in both.values():
        model = ReportModel.load(built.folder / "model.json")
        expected = {id: kpi.value for id, kpi in model.kpis.items()}
        html = kpis_in_html(built.folder / "report.html")
        assert html == {id: {v} for id, v in expected.items()}
        xlsx = kpis_in_xlsx(built.folder / "customers.xlsx")
        assert set(xlsx) == set(expected)
        for id, value in expected.items():
            assert xlsx[id] == (pytest.approx(value, rel=1e-12) if value is not None else None), id


def test_tables_hold_the_same_numbers_in_both_languages(both):
    def numbers(model: ReportModel) -> list[object]:
        rows = [b.rows for s in model.sections for b in s.blocks if b.kind == "table"]
        return [[v for row in table for v in row if isinstance(v, int | float)] for table in rows]

    assert numbers(both["zh"].model) == numbers(both["en"].model)


def test_sections_stand_in_order_and_none_is_empty(both):
    for built in both.values():
        assert [s.id for s in built.model.sections] == SECTIONS
        assert all(s.blocks for s in built.model.sections)
        assert len(built.model.findings) == 3


def test_main_pages_name_no_statistic(both):
    for built in both.values():
        page = re.sub(
            r"<style.*?</style>|base64,[^)\"]*",
            "",
            (built.folder / "report.html").read_text("utf-8"),
            flags=re.S,
        )
        assert not re.search(r"Gini|Lorenz|bootstrap|Cram|AUC|BG/NBD|基尼|洛伦兹|轮廓系数", page)


def test_money_balances_to_the_cent(both):
    totals = both["zh"].model.provenance.totals
    assert totals["money_in"] == pytest.approx(
        totals["money_kept"] + totals["money_merged"] + totals["money_set_aside"], abs=0.005
    )
    assert both["zh"].model.kpis["revenue"].value == pytest.approx(totals["money_kept"], abs=0.005)
    customers = pd.read_parquet((both["zh"].folder / "internal" / "customers.parquet").open("rb"))
    assert customers["monetary"].sum() == pytest.approx(totals["money_kept"], abs=0.005)
    assert customers["customer_id"].is_unique


@pytest.mark.slow
def test_no_artefact_shows_a_phone_a_name_or_an_identity_number(both):
    raw = (both["zh"].folder.parents[3] / "export_gbk.csv").read_bytes().decode("gb18030")
    phones, ids = set(re.findall(r"(?<!\d)1\d{10}(?!\d)", raw)), set(re.findall(r"\d{17}[\dXx]", raw))
    mails = set(re.findall(r"[\w.]+@example\.com", raw))
    assert len(phones) > 800 and len(ids) == 25 and len(mails) > 500
    for built in both.values():
        for path in built.folder.rglob("*"):
            if path.suffix == ".xlsx":
                with zipfile.ZipFile(path) as book:
                    text = "".join(
                        book.read(n).decode("utf-8") for n in book.namelist() if n.endswith(".xml")
                    )
            elif path.suffix in (".html", ".json", ".ipynb", ".svg", ".yml"):
                text = path.read_text(encoding="utf-8")
            else:
                continue
            assert not [value for value in phones | ids | mails if value in text], path.name


@pytest.mark.slow
def test_a_leak_keeps_the_report_from_being_put_in_place(sample, monkeypatch):
    config = load_config(sample("client_export"))
    writers = building._writers()

    def careless(model, run, page):
        writers["html"][1](model, run, page)
        page.write_text(page.read_text("utf-8").replace("</h1>", " 10012345678</h1>"), encoding="utf-8")

    monkeypatch.setattr(building, "_writers", lambda: {"html": ("report.html", careless)})
    with pytest.raises(LeaksFound) as caught:
        build(config, formats=["html"])
    assert "10012345678" not in caught.value.found[0].text("zh")
    assert not (config.folder / "reports").exists()


def test_the_manifest_vouches_for_every_file(both):
    for built in both.values():
        manifest = json.loads((built.folder / "manifest.json").read_text("utf-8"))
        listed = {o["file"]: o["sha256"] for o in manifest["outputs"]}
        there = {p.relative_to(built.folder).as_posix() for p in built.folder.rglob("*") if p.is_file()}
        assert there - {"manifest.json"} == set(listed)
        for name, digest in listed.items():
            assert hashlib.sha256((built.folder / name).read_bytes()).hexdigest() == digest
        assert manifest["totals"]["rows_in"] == 1050
        assert (
            manifest["inputs"][0]["sha256"]
            == hashlib.sha256((built.folder.parents[3] / "export_gbk.csv").read_bytes()).hexdigest()
        )


def test_no_artefact_knows_the_machine_it_was_made_on(both):
    for built in both.values():
        for path in built.folder.rglob("*"):
            if path.suffix in (".html", ".json", ".ipynb", ".svg", ".yml"):
                text = path.read_text(encoding="utf-8")
                assert str(built.folder.parents[3]) not in text, path.name
                assert sys.prefix not in text and ".building-" not in text, path.name


@pytest.mark.slow
def test_the_same_input_gives_the_same_files(both, sample):
    again = build(load_config(sample("client_export")), lang="zh")
    for path in both["zh"].folder.rglob("*"):
        if path.is_file():
            other = again.folder / path.relative_to(both["zh"].folder)
            assert path.read_bytes() == other.read_bytes(), path.name


def test_the_workbook_runs_nothing_and_links_nowhere(both):
    path = both["zh"].folder / "customers.xlsx"
    with zipfile.ZipFile(path) as book:
        assert not [n for n in book.namelist() if "external" in n.lower() or "vba" in n.lower()]
        sheets = {n: book.read(n).decode("utf-8") for n in book.namelist() if n.startswith("xl/worksheets/")}
    for text in sheets.values():
        assert "sheetProtection" not in text and "<hyperlink" not in text
        formulas = re.findall(r"<f>(.*?)</f>\s*(<v>.*?</v>)?", text)
        assert all(f.startswith("SUM(") and v for f, v in formulas)
    assert any("<f>" in text for text in sheets.values())


@pytest.mark.slow
def test_the_follow_up_sheet_has_what_a_salesperson_needs(both):
    book = openpyxl.load_workbook(both["zh"].folder / "customers.xlsx")
    assert "跟进清单" in book.sheetnames
    sheet = book["跟进清单"]
    heads = next(
        [str(c) for c in row if c]
        for row in sheet.iter_rows(min_row=1, max_row=6, values_only=True)
        if row[0] and "日期" in str(row[0])
    )
    for word in ("客户编号", "原因", "下一步", "渠道", "负责人"):
        assert any(word in head for head in heads), (word, heads)
    plan = pd.read_parquet((both["zh"].folder / "internal" / "plan.parquet").open("rb"))
    assert plan["owner"].ne("").all() and plan["why"].str.len().gt(5).all()
    assert not {"phone", "email"} & set(plan.columns)


@pytest.mark.slow
def test_an_open_workbook_sends_the_result_beside(sample):
    config = load_config(sample("client_export"))
    first = build(config, lang="zh", formats=["xlsx"])
    (first.folder / "~$customers.xlsx").write_bytes(b"lock")
    before = (first.folder / "customers.xlsx").read_bytes()
    second = build(config, lang="zh", formats=["xlsx"])
    assert second.folder.parent.name == "2025-12-31-2"
    assert "customers.xlsx" in second.notes[0].text("zh")
    assert (first.folder / "customers.xlsx").read_bytes() == before


@pytest.mark.slow
def test_a_second_run_replaces_the_first(sample):
    config = load_config(sample("client_export"))
    first = build(config, lang="zh", formats=["html"])
    stray = first.folder / "stray.txt"
    stray.write_text("left over", encoding="utf-8")
    second = build(config, lang="zh", formats=["html"])
    assert second.folder == first.folder and not stray.exists()
    assert [p.name for p in first.folder.parents[1].iterdir()] == ["2025-12-31"]


def test_a_folder_that_cannot_be_written_is_said(sample):
    path = sample("client_export")
    (path.parent / "reports").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        build(load_config(path))
    assert "reports" in caught.value.text("zh")


@pytest.mark.slow
def test_answers_in_to_confirm_change_the_next_run(sample, tmp_path):
    from segkit.report.first_look import look

    source = sample("client_export").parent
    shutil.copy(source / "export_gbk.csv", tmp_path / "export.csv")
    look([tmp_path / "export.csv"], tmp_path, lang="zh")
    confirm = tmp_path / "to_confirm.xlsx"
    book = openpyxl.load_workbook(confirm)
    sheet = book["疑似同一客户"]
    head = next(r for r in range(1, 8) if any("合并" in str(c.value) for c in sheet[r]))
    column = next(c.column for c in sheet[head] if "合并" in str(c.value))
    pairs = sheet.max_row - head
    for row in range(head + 1, sheet.max_row + 1):
        sheet.cell(row, column).value = "是"
    book.save(confirm)
    built = build(load_config(tmp_path / "client.yml"), formats=["xlsx"])
    totals = built.model.provenance.totals
    assert pairs == 35 and totals["merged"] == 50 + 35
    assert built.model.kpis["customers"].value == 994 - 35
    assert "twins" not in built.model.findings


@pytest.mark.slow
def test_the_notebook_works_by_itself(sample, tmp_path):
    import papermill

    config = sample("jd")
    notebook = Path(building.__file__).with_name("client_report.ipynb")
    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(
        str(notebook),
        str(out),
        parameters={"config": str(config), "lang": "en"},
        kernel_name="python3",
        progress_bar=False,
    )
    text = out.read_text(encoding="utf-8")
    assert "What every client asks first" in text and "Traceback" not in text
    assert not leaks(out)


@pytest.mark.slow
def test_a_killed_run_leaves_no_half_report(sample):
    config = sample("jd")
    command = [sys.executable, "-m", "segkit", "report", str(config), "--lang", "zh"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    for line in running.stderr:
        if "report.html" in line:
            break
    running.kill()
    running.communicate()
    left = [p for p in (config.parent / "reports" / "jd").iterdir() if not p.name.startswith(".building-")]
    assert left == []
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX notion")
def test_a_full_disk_leaves_nothing_and_says_so(sample):
    config = sample("jd")
    program = (
        "import resource, runpy, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        f"sys.argv = ['segkit', 'report', {str(config)!r}, '--lang', 'en']\n"
        "runpy.run_module('segkit', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 2, done.stderr
    assert "disk is full" in done.stderr and "Traceback" not in done.stderr
    assert not (config.parent / "reports").exists()
