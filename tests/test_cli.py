"""The command line: what it prints, the code it ends with, and that bad input writes nothing."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from segkit.cli import app

ROOT = Path(__file__).parents[1]
GOOD = "客户编号,下单时间,订单号,实付金额\n" + "\n".join(
    f"C{i % 40:03d},2025-{1 + i % 12:02d}-{1 + i % 27:02d},S{i:04d},{10 + i}" for i in range(200)
)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder with blanks and Chinese in its name, and the command line standing in it."""
    folder = tmp_path / "客户 甲"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SEGKIT_DEBUG", raising=False)
    monkeypatch.setenv("SEGKIT_LANG", "zh")
    return folder


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*")}


def test_help_of_init_names_the_playbooks_there_are():
    from segkit.playbooks import known_playbooks

    _, out, _ = run("init", "--help")
    words = out.replace(",", " ").replace(";", " ").split()
    assert {*known_playbooks()} <= {*words}


def test_help_shows_an_example_for_every_command():
    for command in ([], ["init"], ["check"], ["report"], ["data", "build"], ["doctor"]):
        code, out, _ = run(*command, "--help")
        assert code == 0 and "segkit " in out.split("Usage")[1]


def test_init_then_check_then_report(here):
    (here / "订单.csv").write_text(GOOD, encoding="gb18030")
    code, out, err = run("init", "订单.csv")
    assert code == 0 and (here / "client.yml").exists(), err
    assert "segkit report client.yml" in out and out.count("→ ") <= 7
    code, out, _ = run("check", "client.yml")
    assert code == 0 and "200 行" in out
    code, out, err = run("report", "client.yml", "--to", "xlsx")
    assert code == 0 and "读取文件" in err
    assert [Path(line).name for line in out.split("\n") if line][:1] == ["customers.xlsx"]
    assert all(Path(line).exists() for line in out.split("\n") if line)


def test_init_leaves_an_existing_config_alone(here):
    (here / "订单.csv").write_text(GOOD, encoding="utf-8")
    (here / "client.yml").write_text("mine", encoding="utf-8")
    code, _, err = run("init", "订单.csv")
    assert code == 2 and "--force" in err
    assert (here / "client.yml").read_text(encoding="utf-8") == "mine"
    assert run("init", "订单.csv", "--force")[0] == 0


def test_a_file_is_reported_straight_away_and_quietly(here):
    (here / "订单.csv").write_text(GOOD, encoding="utf-8")
    code, out, err = run("report", "订单.csv", "--to", "html", "--lang", "en", "--quiet")
    assert code == 0 and err.count("\n") == 1 and "only 40 customers" in err  # no progress, what to know
    assert (here / "reports").is_dir() and "report.html" in out


@pytest.mark.slow
def test_several_clients_at_once_and_one_failure_stops_no_other(here):
    for name in ("a", "b"):
        (here / name).mkdir()
        (here / name / "o.csv").write_text(GOOD, encoding="utf-8")
        config = f"client: {{id: {name}}}\nlang: zh\ninput: {{orders: o.csv}}\n"
        (here / name / "client.yml").write_text(config, encoding="utf-8")
    (here / "b" / "o.csv").write_text("", encoding="utf-8")
    code, _, _ = run("report", "a/client.yml", "b/client.yml", "--to", "xlsx", "--jobs", "2")
    assert code == 2
    assert list((here / "a").rglob("customers.xlsx")) and not list((here / "b").rglob("customers.xlsx"))


@pytest.mark.slow
def test_two_files_never_share_a_folder(here):
    for folder in ("a", "b"):
        (here / folder).mkdir()
        (here / folder / "o.csv").write_text(GOOD.replace("C0", folder.upper()), encoding="utf-8")
    code, _, err = run("report", "a/o.csv", "b/o.csv", "--to", "xlsx")
    assert code == 2 and "a/o.csv" in err.replace("\\", "/") and not (here / "reports").exists()
    first = run("report", "a/o.csv", "--to", "xlsx")[1].splitlines()[0]
    code, out, err = run("report", "b/o.csv", "--to", "xlsx")
    assert code == 0 and "-2" in err and out.splitlines()[0] != first and Path(first).is_file()
    assert run("report", "a/o.csv", "--to", "xlsx")[1].splitlines()[0] == first


@pytest.mark.slow
def test_the_option_decides_the_language_before_the_config(here):
    (here / "o.csv").write_text(GOOD, encoding="utf-8")
    (here / "client.yml").write_text("client: {id: a}\nlang: en\ninput: {orders: o.csv}\n", encoding="utf-8")
    assert "/en/" in run("report", "client.yml", "--to", "xlsx")[1].replace("\\", "/")
    assert "/zh/" in run("report", "client.yml", "--to", "xlsx", "--lang", "zh")[1].replace("\\", "/")
    code, _, err = run("report", "client.yml", "--lang", "fr")
    assert code == 2 and "fr" in err


def test_settings_without_effect_are_said(here):
    (here / "o.csv").write_text(GOOD, encoding="utf-8")
    text = "client: {id: a}\nlang: zh\ninput: {orders: o.csv}\nfollowup: {holdout: 0.1}\nfindings: [甲]\n"
    (here / "client.yml").write_text(text, encoding="utf-8")
    code, _, err = run("check", "client.yml")
    assert code == 0 and "findings" in err and "followup.holdout" not in err


def test_a_scheme_that_is_none_is_found_by_check_and_report(here):
    (here / "o.csv").write_text(GOOD, encoding="utf-8")
    text = "client: {id: a}\nlang: zh\ninput: {orders: o.csv}\nschemes: {rfm: {kind: rfm, segments: eigth}}\n"
    (here / "client.yml").write_text(text, encoding="utf-8")
    for command in ("check", "report"):
        code, _, err = run(command, "client.yml")
        assert code == 2 and "eight" in err


# --- bad input -------------------------------------------------------------------------------------


def empty(folder: Path) -> None:
    (folder / "in.csv").write_bytes(b"")


def headers_only(folder: Path) -> None:
    (folder / "in.csv").write_text("客户编号,下单时间,实付金额\n", encoding="utf-8")


def no_customer(folder: Path) -> None:
    (folder / "in.csv").write_text("日期,数量,颜色\n2025-01-01,3,红\n", encoding="utf-8")


def two_customers(folder: Path) -> None:
    text = "客户编号,会员编号,下单时间,实付金额\nC1,M9,2025-01-01,3\nC2,M8,2025-01-02,5\n"
    (folder / "in.csv").write_text(text, encoding="utf-8")


def all_set_aside(folder: Path) -> None:
    rows = "\n".join(f"C{i},,{i}" for i in range(5))
    (folder / "in.csv").write_text("客户编号,下单时间,实付金额\n" + rows, encoding="utf-8")


def nul_bytes(folder: Path) -> None:
    (folder / "in.csv").write_bytes(GOOD.encode("utf-8").replace(b"S0007", b"S\x00007"))


def many_columns(folder: Path) -> None:
    (folder / "in.csv").write_text(",".join(f"c{i}" for i in range(10_000)) + "\n", encoding="utf-8")


def long_line(folder: Path) -> None:
    (folder / "in.csv").write_text(GOOD + "\nC1,2025-01-01,S9," + "9" * (17 << 20), encoding="utf-8")


def no_workbook(folder: Path) -> None:
    (folder / "in.csv").unlink(missing_ok=True)
    (folder / "in.xlsx").write_bytes(b"PK\x03\x04 not really")


def photos(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "DSC001.jpg").write_bytes(b"\xff\xd8\xff")


def wps_table(folder: Path) -> None:
    (folder / "in.et").write_bytes(b"\xd0\xcf\x11\xe0")


BAD = [
    (empty, "in.csv", "没有内容"),
    (headers_only, "in.csv", "in.csv"),
    (no_customer, "in.csv", "客户"),
    (two_customers, "in.csv", "会员编号"),
    (all_set_aside, "in.csv", "日期"),
    (nul_bytes, "in.csv", "第 9 行"),
    (many_columns, "in.csv", "列"),
    (long_line, "in.csv", "行"),
    (no_workbook, "in.xlsx", "in.xlsx"),
    (photos, "in", "in"),
    (wps_table, "in.et", "xlsx"),
    (lambda folder: None, "missing.csv", "missing.csv"),
]


@pytest.mark.parametrize(("make", "name", "word"), BAD, ids=[b[0].__name__ for b in BAD])
@pytest.mark.parametrize("command", ["init", "report"])
def test_bad_files_are_named_and_nothing_is_written(here, make, name, word, command):
    make(here)
    before = names(here)
    code, out, err = run(command, name)
    assert code == 2, err
    assert word in err and "Traceback" not in err and out == ""
    assert names(here) == before


def test_problems_of_a_config_are_said_in_its_own_language(here, monkeypatch):
    monkeypatch.setenv("SEGKIT_LANG", "zh")
    broken = "client: {id: a}\nlang: en\ninput: {orders: 'parts/*/*.parquet', engine: duckdb}\n"
    for text in (broken, broken + "followup: [\n"):
        (here / "client.yml").write_text(text, encoding="utf-8")
        for command in ("report", "check"):
            code, _, err = run(command, "client.yml")
            assert code == 2 and "to mend, then run again" in err, err
        assert "to mend" not in run("report", "client.yml", "--lang", "zh")[2]


def test_every_problem_is_said_at_once_in_either_language(here):
    (here / "o.csv").write_text(GOOD, encoding="utf-8")
    text = "client: {id: 甲}\nlang: zh\nas_off: 2025-12-31\ninput: {orders: o.csv, customers: kunden.csv}\nfollowup: {days: many}\n"
    (here / "client.yml").write_text(text, encoding="utf-8")
    for lang in ("zh", "en"):
        code, _, err = run("report", "client.yml", "--lang", lang)
        assert code == 2
        for word in ("as_of", "kunden.csv", "days", "id"):
            assert word in err, (lang, word)
    assert names(here) == {"o.csv", "client.yml"}


def test_an_as_of_before_the_first_order(here):
    (here / "o.csv").write_text(GOOD, encoding="utf-8")
    code, _, err = run("report", "o.csv", "--as-of", "2020-01-01")
    assert code == 2 and "2025-01-01" in err and names(here) == {"o.csv"}
    code, _, err = run("report", "o.csv", "--as-of", "soon", "--to", "html,docx")
    assert code == 2 and "soon" in err and "docx" in err


def test_a_locked_workbook_is_told_from_a_broken_one(here):
    with zipfile.ZipFile(here / "in.xlsx", "w") as book:
        book.writestr("hello.txt", "no workbook")
    code, _, err = run("report", "in.xlsx")
    assert code == 2 and "in.xlsx" in err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(here):
    (here / "o.csv").write_text(GOOD, encoding="utf-8")
    here.chmod(0o500)
    code, _, err = run("report", "o.csv")
    here.chmod(0o700)
    assert code == 2 and "写不进" in err


def test_what_lies_beside_the_input_is_passed_over(here):
    folder = here / "导出"
    folder.mkdir()
    (folder / "一店.csv").write_text(GOOD, encoding="utf-8")
    (folder / "二店.csv").write_text(GOOD.replace("C0", "D0").replace("S0", "T0"), encoding="gb18030")
    for name in ("~$一店.xlsx", "Thumbs.db", "说明.lnk"):
        (folder / name).write_bytes(b"\x00\x01")
    text = "client: {id: two}\nlang: zh\ninput: {orders: 导出}\n"
    (here / "client.yml").write_text(text, encoding="utf-8")
    code, out, _ = run("check", "client.yml")
    assert code == 0 and "400 行" in out


def test_a_config_as_notepad_saves_it(here):
    (here / "o.csv").write_text(GOOD, encoding="utf-8")
    text = "client：\r\n\tid： a\r\n\tname： “甲公司（虚构）”\r\nlang： zh\r\ninput：\r\n\torders： o.csv\r\n"
    (here / "client.yml").write_bytes(text.encode("gb18030"))
    code, out, err = run("check", "client.yml")
    assert code == 0 and "200 行" in out, err
    assert "client.yml" in err


def test_a_fault_of_ours_is_one_line_and_code_one(here, monkeypatch):
    import segkit.report.intake_step as step

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(step, "take_in", broken)
    (here / "o.csv").write_text(GOOD, encoding="utf-8")
    code, _, err = run("check", "o.csv")
    assert code == 1 and "out of luck" in err and "Traceback" not in err


def test_doctor_gives_a_verdict_and_a_code(here):
    code, out, _ = run("doctor", "--lang", "en")
    assert code == 0 and "ready. Code " in out and "NotoSansCJK" in out.replace("-", "").replace(" ", "")


def test_another_draw_does_not_replace_the_sample_unasked(here):
    for wish in (["--seed", "7"], ["--size", "small"], ["--names", "en"]):
        code, _, err = run("data", "build", "loyalty", *wish)
        assert code == 2 and "--out" in err
    assert names(here) == set()
