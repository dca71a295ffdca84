"""`segkit log import`: a folder of returned sheets goes into contacts.csv once, and can be taken out again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from returned_sheets import fill, kept, places, plan_of, sent, table, task
from typer.testing import CliRunner

from segkit.cli import app
from segkit.intake.delimited import read_delimited
from segkit.intake.reading import read_table
from segkit.intake.side_grains import open_side, shaped, side_of, suggest_side

DONE = {"status": "已完成", "done_on": "2026-01-06", "result": "已联系"}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "客户 甲"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SEGKIT_DEBUG", raising=False)
    monkeypatch.setenv("SEGKIT_LANG", "zh")
    return folder


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["log", "import", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def log(folder: Path, name: str = "contacts.csv") -> pd.DataFrame:
    cells = read_delimited((folder / name).read_bytes(), name).cells
    return cells.iloc[1:].set_axis(cells.iloc[0].tolist(), axis=1).reset_index(drop=True)


def cells_of(path: Path, sheet: str) -> list[list[object]]:
    return [[c.value for c in row] for row in openpyxl.load_workbook(path)[sheet].iter_rows()]


def test_a_folder_is_logged_once_however_often_it_is_imported(here):
    table(here / "收回", [task(0, **DONE), task(1, **DONE | {"spent": 5}), task(2)])
    code, out, err = run("收回")
    assert code == 0 and out.splitlines() == [str(here / "contacts.csv")]
    assert "联系 2 次" in err and "新增 2 条" in err and "未做 1" in err
    first = (here / "contacts.csv").read_bytes()
    code, _, err = run("收回")
    assert code == 0 and "新增 0 条，更新 0 条，没有变化 2 条" in err
    assert (here / "contacts.csv").read_bytes() == first
    assert sorted(p.name for p in here.iterdir()) == ["contacts.csv", "收回"]
    found = log(here)
    assert found["channel"].tolist() == ["phone", "visit"]
    assert found["effective"].tolist() == ["true", "true"] and found["minutes"].tolist() == ["", "5"]


def test_what_was_there_before_can_be_had_back(here):
    table(here / "a", [task(0, **DONE)])
    run("a")
    before = (here / "contacts.csv").read_bytes()
    table(here / "b", [task(1, **DONE)])
    code, _, err = run("b")
    assert code == 0 and "contacts.csv.bak" in err
    assert len(log(here)) == 2
    assert (here / "contacts.csv.bak").read_bytes() == before


def test_a_mended_sheet_brings_the_log_up_to_date_without_a_double(here):
    table(here / "a", [task(0, **DONE | {"result": "再说吧", "next_date": "下周"})])
    code, out, err = run("a")
    assert code == 0 and "读不出或对不上计划的 2 处" in err and str(here / "unread.xlsx") in out
    rows = cells_of(here / "unread.xlsx", "读不出的")
    assert [(r[0], r[2], r[4], r[5], r[7]) for r in rows[1:]] == [
        ("王芳.xlsx", 2, "结果", "再说吧", "已记，缺这一格"),
        ("王芳.xlsx", 2, "下次日期", "下周", "已记，缺这一格"),
    ]
    table(here / "a", [task(0, **DONE | {"result": "约好再联系", "next_date": "1.20"})])
    code, _, err = run("a")
    assert "新增 0 条，更新 1 条" in err
    (one,) = log(here).to_dict("records")
    assert (one["outcome"], one["next_date"]) == ("again", "2026-01-20")
    changed = cells_of(here / "unread.xlsx", "记录有更新")
    assert {(r[1], r[3]) for r in changed[1:]} >= {("结果", "again"), ("下次日期", "2026-01-20")}
    assert run("a")[0] == 0 and not (here / "unread.xlsx").exists()  # nothing left to list


def test_a_corrected_day_is_said_and_both_are_kept(here):
    table(here / "a", [task(0, **DONE)])
    run("a")
    table(here / "a", [task(0, **DONE | {"done_on": "2026-01-07"})])
    _, _, err = run("a")
    assert "1 个任务在联系记录里已有另一次联系" in err
    assert log(here)["date"].tolist() == ["2026-01-06", "2026-01-07"]
    assert "联系记录" in [r[8] for r in cells_of(here / "unread.xlsx", "要您定的")]


def test_the_plan_is_found_beside_the_log_where_the_task_ids_are_gone(here):
    (path,) = sent(here / "send", plan_of(3))
    kept(plan_of(3), here / "reports" / "hongye" / "2025-12-31" / "zh")
    fill(path, {2: DONE, 3: DONE})
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet.delete_cols([c.value for c in sheet[1]].index("任务号") + 1)
    (here / "收回").mkdir()
    book.save(here / "收回" / "王芳.xlsx")
    code, _, err = run("收回")
    assert code == 0 and "不属于任何任务" not in err and "不在收回的表里" not in err
    assert log(here)["task_id"].tolist() == ["T000000000000", "T000000000001"]


def test_messages_on_their_own_sheet_come_back_like_calls(here):
    plan = plan_of(6, channels=("phone", "social"))
    (path,) = sent(here / "back", plan)
    book = openpyxl.load_workbook(path)
    calls, messages = book.worksheets[:2]
    for sheet, rows in ((calls, (2,)), (messages, (2, 3))):
        at = places(sheet)
        for row in rows:
            for name, value in DONE.items():
                sheet.cell(row, at[name]).value = value
    book.save(path)
    code, _, err = run("back")
    assert code == 0 and "不属于任何任务" not in err
    made = log(here)
    assert made.set_index("task_id")["channel"].to_dict() == {
        "T000000000000": "phone",
        "T000000000001": "social",
        "T000000000003": "social",
    }


def test_a_contact_logged_without_its_task_is_the_same_one_once_the_plan_is_given(here):
    rows = [{k: v for k, v in task(0, **DONE).items() if k != "task_id"}]
    table(here / "a", rows)
    _, _, err = run("a")
    assert "1 次联系不属于任何任务" in err and log(here)["task_id"].tolist() == [""]
    kept(plan_of(1), here / "report")
    code, _, err = run("a", "--plan", "report")
    assert code == 0 and "更新 1 条" in err
    assert log(here)["task_id"].tolist() == ["T000000000000"]
    _, _, err = run("a", "--plan", "report")
    assert "没有变化 1 条" in err


def test_a_log_that_excel_saved_is_still_the_same_log(here):
    table(here / "a", [task(0, **DONE | {"spent": 5, "note": "=1+1"}), task(1, **DONE)])
    run("a")
    assert "'=1+1" in (here / "contacts.csv").read_text(encoding="utf-8-sig")
    found = log(here)
    found["customer_id"] = found["customer_id"].str.lstrip("0").replace("", "0")
    found["date"] = "2026/1/6"
    found["effective"] = "TRUE"
    found.to_csv(here / "contacts.csv", index=False, encoding="gbk")
    _, _, err = run("a")
    assert "新增 0 条，更新 0 条，没有变化 2 条" in err


def test_the_sheets_of_another_client_are_refused_and_nothing_is_written(here):
    (here / "orders.csv").write_text("客户编号,日期,金额\nK1,2025-01-01,1\n", encoding="utf-8")
    (here / "client.yml").write_text(
        "client: {id: lanxing, name: 蓝星（虚构）}\nlang: zh\ninput: {orders: orders.csv}\n", encoding="utf-8"
    )
    (path,) = sent(here / "send", plan_of(1))
    fill(path, {2: DONE})
    code, out, err = run(str(path))
    assert code == 2 and not out and "hongye" in err and "lanxing" in err
    assert not (here / "contacts.csv").exists() and not (here / "unread.xlsx").exists()


def test_a_contacts_file_of_the_client_is_left_alone(here):
    (here / "contacts.csv").write_text("客户,电话\n甲,1\n", encoding="utf-8")
    table(here / "a", [task(0, **DONE)])
    code, _, err = run("a")
    assert code == 2 and "--out" in err
    assert (here / "contacts.csv").read_text(encoding="utf-8") == "客户,电话\n甲,1\n"
    assert run("a", "--out", "log.csv")[0] == 0 and len(log(here, "log.csv")) == 1


def test_columns_somebody_added_to_the_log_stay(here):
    table(here / "a", [task(0, **DONE)])
    run("a")
    log(here).assign(核对="是").to_csv(here / "contacts.csv", index=False, encoding="utf-8-sig")
    table(here / "a", [task(0, **DONE), task(1, **DONE)])
    run("a")
    assert log(here)["核对"].tolist() == ["是", ""]


def test_opt_outs_and_open_questions_are_said_and_listed(here):
    table(here / "a", [task(0, **DONE | {"result": "别再打"}), task(1, note="?"), task(2, status="改期")])
    code, _, err = run("a", "--lang", "en")
    assert code == 0 and "1 customer asked not to be contacted" in err
    assert "input.contacts" in err and "input.opt_outs" in err
    book = openpyxl.load_workbook(here / "unread.xlsx")
    assert book.sheetnames == ["Not read", "To decide", "Moved and cancelled"]
    assert "王芳.xlsx · row 3" in err.replace(" · Sheet", "")


def test_the_log_beside_the_sheets_is_not_read_as_one(here):
    table(here, [task(0, **DONE | {"done_on": "昨天"}), task(1, **DONE)])
    run(".")
    code, _, err = run(".")
    assert code == 0 and "1 个文件" in err and "没有变化 1 条" in err


def test_what_is_not_there_or_no_sheet_ends_with_two(here):
    assert run("没有")[0] == 2
    (here / "空").mkdir()
    assert run("空")[0] == 2
    assert not (here / "contacts.csv").exists()


@pytest.mark.parametrize("mended", ["T000000000000", ""])
def test_a_contact_whose_wrong_task_id_is_mended_or_cleared_is_not_logged_twice(here, mended):
    kept(plan_of(1), here / "report")
    given = {"customer_id": "00000", "channel": "电话", "owner": "王芳", **DONE}
    table(here / "a", [{"task_id": "Tffffffffffff", **given}])
    assert "计划里没有这个任务号" in run("a", "--plan", "report")[2]
    table(here / "a", [{"task_id": mended, **given}])
    for _ in range(2):
        code, _, err = run("a", "--plan", "report")
        assert code == 0 and "新增 0 条" in err and len(log(here)) == 1
    assert log(here)["task_id"].tolist() == [mended or "Tffffffffffff"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_found_in_an_empty_folder_is_not_an_empty_list(here, lang):
    (here / "空").mkdir()
    code, _, err = run("空", "--lang", lang)
    assert code == 2 and ("没有可以导入的文件" if lang == "zh" else "no files in it") in err
    (here / "空" / "照片.jpg").write_bytes(b"x")
    assert "照片.jpg" in run("空", "--lang", lang)[2]


def test_the_report_itself_is_refused(here):
    report = here / "reports" / "hongye" / "2025-12-31" / "zh"
    (path,) = sent(report, plan_of(2))
    (report / "manifest.json").write_text('{"as_of": "2025-12-31"}', encoding="utf-8")
    for given in (str(report), "reports", "."):
        code, out, err = run(given)
        assert code == 2 and not out and "是报告本身" in err and "2025-12-31" in err
    assert run(str(path.parent))[0] == 2 and not (here / "contacts.csv").exists()
    fill(path, {2: DONE})  # filled in where it was written
    assert run(str(path.parent))[0] == 0 and len(log(here)) == 1


def test_what_does_not_fit_the_plan_is_listed_with_what_became_of_it(here):
    report = here / "reports" / "hongye" / "2025-12-31" / "zh"
    kept(plan_of(3), report)
    (report / "manifest.json").write_text('{"as_of": "2025-12-31"}', encoding="utf-8")
    pd.DataFrame({"customer_id": ["00000", "00002"]}).to_parquet(report / "internal" / "customers.parquet")
    rows = [task(0, **DONE | {"done_on": "12.3"}), task(1, **DONE) | {"task_id": "Tffffffffffff"}]
    table(here / "a", [*rows, task(2, **DONE) | {"task_id": "", "due": None, "customer_id": "99"}])
    code, _, err = run("a", "--plan", str(report))
    assert code == 0 and "读不出或对不上计划的 3 处" in err and "2 次联系不属于任何任务" in err
    assert "早于计划" in err and "计划里没有这个任务号" in err and "计划和客户表里没有这位客户" in err
    listed = cells_of(here / "unread.xlsx", "读不出的")[1:]
    assert [r[7] for r in listed] == ["没记", "已记，照表里写的", "已记，照表里写的"]
    assert log(here)["customer_id"].tolist() == ["00001", "99"]


def test_next_month_the_log_is_read_as_the_contacts_of_the_client(here):
    table(
        here / "a",
        [
            task(0, **DONE | {"next_date": dt.datetime(2026, 2, 3), "spent": 5}),
            task(1, **DONE | {"result": "空号"}),
        ],
    )
    run("a")
    read = read_table(here / "contacts.csv")
    assert side_of(read) == "contacts"
    opened = open_side(read, suggest_side(read, "contacts"))
    frame = shaped("contacts", opened.up_to(dt.date(2026, 1, 31))).frame
    assert frame["customer_id"].tolist() == ["00000", "00001"]
    assert frame["date"].tolist() == [pd.Timestamp("2026-01-06")] * 2
    assert frame["next_date"].tolist() == [pd.Timestamp("2026-02-03"), pd.NaT]
    assert frame["channel"].tolist() == ["phone", "visit"]
    assert frame["effective"].tolist() == [True, False]
    assert frame["minutes"].iloc[0] == 5
    assert frame["task_id"].tolist() == ["T000000000000", "T000000000001"]


def test_help_shows_an_example():
    code, out, _ = run("--help")
    assert code == 0 and "segkit log import returned" in " ".join(out.split())


def test_owners_whose_sheet_did_not_come_back_are_named(here):
    plan = plan_of(5, ["王芳", "李强"])
    kept(plan, here / "report")
    table(here / "a", [task(0, **DONE), task(2), task(4)])
    _, _, err = run("a", "--plan", "report")
    assert "计划里有 2 个任务不在收回的表里：李强 2。" in err
