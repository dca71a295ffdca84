"""The report wizard: files in, columns confirmed, a report out, by the functions of `segkit init` and `segkit report`."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from pathlib import Path

import pytest

import segkit
from segkit.config import load_config
from segkit.locale import LANGS
from segkit.problems import InputProblems
from segkit.report.first_look import look
from segkit.widgets.wizard_run import ReportRun, links
from segkit.widgets.wizard_steps import WizardSteps

PLAIN = "订单号,客户编号,下单日期,实付金额,手机,另一数\n" + "".join(
    f"D{i},客{i % 40:02d},2025-{i % 12 + 1:02d}-{i % 27 + 1:02d},{100 + i % 90}.00,1000000{i % 40:04d},{7 + i % 80}.50\n"
    for i in range(240)
)
# headings nobody can guess, and two columns that look like money
ORDERS = PLAIN.replace("订单号,客户编号,下单日期,实付金额,手机,另一数", "甲,乙,丙,丁,戊,己")
MEANT = {"甲": "order_id", "乙": "customer_id", "丙": "order_date", "丁": "amount"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a Chinese name and blanks."""
    folder = tmp_path / "我的 咨询 项目"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("segkit.locale.spoken._spoken", "zh")
    return folder


def export() -> Path:
    return segkit.load("client_export").path("export_gbk")


def steps(here: Path, text: str = PLAIN, name: str = "导出 表.csv") -> WizardSteps:
    made = WizardSteps(here / "clients", "zh")
    made.upload(name, text.encode("gb18030"))
    return made


def said(error: pytest.ExceptionInfo[InputProblems]) -> set[str]:
    return {problem.id for problem in error.value.problems}


# --- the state ---------------------------------------------------------------------------------


def test_columns_are_guessed_with_masked_samples(here: Path) -> None:
    seen = {column.heading: column for column in steps(here).columns()}
    assert seen["客户编号"].field == "customer_id" and seen["实付金额"].field == "amount"
    assert seen["手机"].samples[0] == "100****0000"
    assert "客户编号" in seen["客户编号"].reason and not seen["客户编号"].doubtful


def test_samples_are_typical_and_no_slip_from_the_next_column(here: Path) -> None:
    made = WizardSteps(here / "clients", "zh")
    made.pick(export())
    samples = {column.heading: column.samples for column in made.columns()}
    assert samples["营销同意"] == ("是", "否") and samples["客户性质"] == ("企业", "个人")
    assert samples["客户编号"] == ("KH00001", "KH00002", "KH00003")


def test_check_writes_what_init_writes(here: Path) -> None:
    made = steps(here)
    checked = made.check()
    other = here / "as init"
    other.mkdir()
    (other / "导出 表.csv").write_bytes(PLAIN.encode("gb18030"))
    seen = look([other / "导出 表.csv"], other, lang="zh")
    assert checked.config.read_text(encoding="utf-8") == seen.written[0].read_text(encoding="utf-8")
    assert checked.seen.questions == seen.questions
    assert checked.folder == here / "clients" / "导出 表"
    assert not list((here / "clients").glob(".wizard-*"))


def test_what_is_said_of_a_column_stands_in_the_config(here: Path) -> None:
    made = steps(here, ORDERS)
    with pytest.raises(InputProblems) as wrong:
        made.check()
    assert any(id.startswith("mapping.missing_") for id in said(wrong))
    assert not (here / "clients").exists(), "nothing half-written"
    for heading, field in MEANT.items():
        made.mean("orders", heading, field)
    mapping = load_config(made.check().config).mapping["orders"]
    assert {heading: mapping[heading] for heading in MEANT} == MEANT


def test_a_meaning_is_taken_by_one_column_only(here: Path) -> None:
    made = steps(here)
    made.mean("orders", "手机", "customer_id")
    fields = {column.heading: column.field for column in made.columns()}
    assert fields["手机"] == "customer_id" and fields["客户编号"] is None
    with pytest.raises(InputProblems):
        made.mean("orders", "没有的列", "amount")


def test_a_file_sent_again_replaces(here: Path) -> None:
    made = steps(here)
    made.upload("导出 表.csv", PLAIN.replace("实付金额", "付款金额").encode("utf-8"))
    assert len(made.files) == 1 and "付款金额" in {c.heading for c in made.columns()}
    checked = made.check()
    assert "付款金额" in (checked.folder / "导出 表.csv").read_text(encoding="utf-8")
    made.drop("导出 表.csv")
    with pytest.raises(InputProblems) as wrong:
        made.columns()
    assert said(wrong) == {"widget.report_wizard.no_files"}


def test_a_picked_file_is_read_where_it_is(here: Path) -> None:
    data = here / "数据"
    data.mkdir()
    (data / "orders.csv").write_text(PLAIN, encoding="utf-8")
    made = WizardSteps(here / "clients", "zh")
    made.pick(data / "orders.csv")
    made.name = "A/B公司（虚构）"
    checked = made.check()
    assert checked.folder.name == "A_B公司（虚构）" and not (checked.folder / "orders.csv").exists()
    config = load_config(checked.config)
    assert config.input.paths("orders", config.folder)[0].resolve() == (data / "orders.csv").resolve()


def test_the_same_again_keeps_what_was_added_by_hand(here: Path) -> None:
    made = steps(here)
    config = made.check().config
    config.write_text(config.read_text(encoding="utf-8").replace("days: 20", "days: 10"), encoding="utf-8")
    made.check()
    assert "days: 10" in config.read_text(encoding="utf-8")
    made.mean("orders", "手机", None)
    made.check()
    assert "days: 20" in config.read_text(encoding="utf-8")
    assert "days: 10" in (config.parent / "client.before.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("break_it", "id"),
    [
        (lambda s: setattr(s, "as_of", "2025-13-01"), "widget.report_wizard.bad_date"),
        (lambda s: s.upload("照片.csv", b"\xff\xd8\xff\xe0 no table"), "reading.is_photo"),
        (lambda s: s.pick(Path("没有.csv")), "widget.report_wizard.no_file"),
    ],
)
def test_wrong_input_is_told_and_nothing_is_written(here: Path, break_it, id) -> None:
    made = steps(here)
    with pytest.raises(InputProblems) as wrong:
        break_it(made)
        made.check()
    assert id in said(wrong) and not (here / "clients").exists()
    zh, en = (wrong.value.text(lang) for lang in LANGS)
    assert zh != en


# --- the widget --------------------------------------------------------------------------------


def upload(widget, name: str, content: bytes) -> None:
    sent = {"name": name, "type": "text/csv", "size": len(content), "content": content}
    widget.uploading.value = ({**sent, "last_modified": dt.datetime(2026, 1, 5, tzinfo=dt.UTC)},)


def test_moving_a_control_changes_the_mapping(here: Path) -> None:
    widget = segkit.widgets.report_wizard()
    assert "0 个文件" in widget.columns.children[0].value and not widget.meanings
    upload(widget, "orders.csv", ORDERS.encode("utf-8"))
    for heading, field in MEANT.items():
        widget.meanings["orders", heading].value = field
    widget.settings["as_of"].value = "2025-12-31"
    widget.settings["lang"].value = "en"
    widget.check()
    widget.wait()
    config = load_config(here / "clients" / "orders" / "client.yml")
    assert (
        config.mapping["orders"]["丁"] == "amount"
        and config.lang == "en"
        and str(config.as_of) == "2025-12-31"
    )
    assert (
        "可以生成报告" in widget.html and "client.yml：" not in widget.html
    )  # questions in the report's language


def test_a_wrong_file_gives_the_problem_lines_of_init(here: Path) -> None:
    widget = segkit.widgets.report_wizard()
    upload(widget, "照片.xlsx", b"\xff\xd8\xff\xe0 no table")
    with pytest.raises(InputProblems) as wrong:
        segkit.read_table(widget.steps.files["照片.xlsx"])
    for line in wrong.value.text("zh").splitlines():
        assert line.strip() in widget.html
    widget.make()
    widget.wait()
    assert 'role="alert"' in widget.html and not (here / "clients").exists() and widget.outcome is None
    upload(widget, "照片.xlsx", PLAIN.encode("utf-8"))
    assert 'role="alert"' not in widget.html and len(widget.meanings) == 6


def test_the_twin_is_the_first_view(here: Path) -> None:
    widget = segkit.widgets.report_wizard(export())
    twin = widget.twin()
    assert twin["client_column"].tolist() == [heading for _, heading in widget.meanings]
    assert "客户编号" in widget._repr_mimebundle_()["text/html"]
    widget.meanings["customers", "备注"].value = ""
    assert widget.twin().equals(twin)
    assert segkit.widgets.report_wizard().twin().empty


def test_both_languages_show_the_same_columns(here: Path, monkeypatch) -> None:
    seen = []
    for lang in LANGS:
        monkeypatch.setattr("segkit.locale.spoken._spoken", lang)
        widget = segkit.widgets.report_wizard(export())
        meanings = {key: control.value for key, control in widget.meanings.items()}
        seen.append(
            (
                meanings,
                widget.twin()["samples"].tolist(),
                re.findall(r"\d+", widget.columns.children[0].value),
            )
        )
    assert seen[0] == seen[1] and len(seen[0][0]) == 24


def test_a_file_that_is_not_there_is_one_sentence(here: Path) -> None:
    widget = segkit.widgets.report_wizard()
    widget.picking.value = "没有这个.csv"
    widget.adding.children[2].click()
    assert "没有这个.csv" in widget.html and "核对文件名" in widget.html


def test_a_check_can_be_stopped(here: Path, monkeypatch) -> None:
    widget = segkit.widgets.report_wizard(export())
    begun, go_on = threading.Event(), threading.Event()
    slow = widget.steps.check

    def held(progress, **how):
        begun.set()
        go_on.wait(10)
        return slow(progress, **how)

    monkeypatch.setattr(widget.steps, "check", held)
    widget.make()
    assert begun.wait(10) and widget.buttons["make"].disabled and not widget.buttons["cancel"].disabled
    widget.cancel()
    go_on.set()
    assert widget.wait(60).cancelled and "已取消" in widget.html
    assert not (here / "clients").exists() and not widget.buttons["make"].disabled


def test_links_lead_to_the_server_that_runs(here: Path, monkeypatch) -> None:
    monkeypatch.setattr("segkit.widgets.wizard_run._servers", lambda: [(here.resolve(), "/lab/base/")])
    inside = here / "clients" / "客 户" / "report.html"
    assert links([inside]) == [
        ("report.html", "/lab/base/files/clients/%E5%AE%A2%20%E6%88%B7/report.html"),
    ]
    assert links([Path("/elsewhere/report.html")]) == [("report.html", None)]


# --- the report --------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_wizard_makes_a_report_of_the_real_export(here: Path) -> None:
    widget = segkit.widgets.report_wizard(name="鸿业商贸（虚构）")
    upload(widget, "export_gbk.csv", export().read_bytes())
    told: list[int] = []
    widget.bar.observe(lambda change: told.append(change["new"]), names="value")
    widget.make()
    outcome = widget.wait(300)
    assert outcome is not None and outcome.made, widget.html
    names = {path.name for path in outcome.files}
    assert {"report.html", "customers.xlsx", "manifest.json"} <= names and all(
        p.exists() for p in outcome.files
    )
    folder = here / "clients" / "鸿业商贸（虚构）"
    assert {path.name for path in folder.iterdir()} >= {
        "client.yml",
        "export_gbk.csv",
        "reports",
        "to_confirm.xlsx",
    }
    assert outcome.files[0].is_relative_to(folder) and "report.html" in widget.result.value
    assert told == sorted(told) and told[-1] == widget.bar.max and len(told) >= 5
    assert not list(folder.glob("reports/*/.building-*"))


@pytest.mark.slow
def test_a_stopped_report_leaves_nothing(here: Path) -> None:
    config = steps(here).check().config
    begun = threading.Event()
    run = ReportRun(config, lang="zh", told=lambda done, words: begun.set())
    ended: list = []
    thread = threading.Thread(target=lambda: ended.append(run.run()))
    thread.start()
    assert begun.wait(120)
    time.sleep(0.5)
    run.cancel()
    thread.join(60)
    assert ended and ended[0].cancelled and not ended[0].made
    assert not list((config.parent / "reports").rglob("report.html"))
    assert not list((config.parent / "reports").glob("*/.building-*"))


@pytest.mark.slow
def test_problems_of_the_report_are_its_own_lines(here: Path) -> None:
    config = steps(here).check().config
    (config.parent / "导出 表.csv").unlink()
    outcome = ReportRun(config, lang="zh").run(timeout=120)
    assert not outcome.made and any("导出 表.csv" in line for line in outcome.lines)
    assert not any("Traceback" in line for line in outcome.lines)
