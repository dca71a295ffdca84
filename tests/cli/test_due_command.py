"""`segkit due`: the list of the day out of a report folder, less what the contact log says was done."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from segkit.cli import app
from segkit.report.clean_tables import write_parquet


@pytest.fixture
def report(tmp_path: Path, monkeypatch) -> Path:
    """The folder of a report on two customers of two people, four contacts from 5 January 2026 on."""
    monkeypatch.delenv("SEGKIT_DEBUG", raising=False)
    folder = tmp_path / "客户 甲" / "reports" / "hongye" / "2025-12-31" / "zh"
    (folder / "internal").mkdir(parents=True)
    plan = pd.DataFrame(
        {
            "task_id": ["T1", "T2", "T3", "T4"],
            "due": pd.to_datetime(["2026-01-05", "2026-01-05", "2026-01-06", "2026-01-08"]),
            "customer_id": ["C1", "C2", "C1", "C2"],
            "name": ["云禾贸易（虚构）", "", "云禾贸易（虚构）", ""],
            "owner": ["张", "李", "张", "李"],
            "channel": ["phone", "phone", "visit", "phone"],
            "content": ["care_call", "first_response", "care_call", "care_call"],
            "minutes": [10.0, 5.0, 40.0, 10.0],
            "value": [100.0, 0.0, 100.0, 0.0],
        }
    )
    write_parquet(plan, folder / "internal" / "plan.parquet")
    return folder


def said(*arguments: str) -> tuple[int, list[str], str]:
    done = CliRunner().invoke(app, ["due", *arguments, "--lang", "zh"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout.splitlines(), done.stderr


def test_the_first_day_of_the_plan_is_listed_by_person(report) -> None:
    code, lines, _ = said(str(report))
    assert code == 0 and lines[0] == "2026-01-05：2 次联系，约 15 分钟；0 次是前几天拖下来的"
    assert lines[1] == "张：1 次，10 分钟" and lines[3] == "李：1 次，5 分钟"
    assert "C1 云禾贸易（虚构） · 电话 · " in lines[2] and "首次响应" in lines[4]


def test_what_is_late_is_said_and_one_person_may_be_asked_for(report) -> None:
    _, lines, _ = said(str(report), "--day", "2026-01-07", "--owner", "张")
    assert len(lines) == 4 and lines[2].endswith("晚 2 天") and lines[3].endswith("晚 1 天")
    english = CliRunner().invoke(app, ["due", str(report), "--day", "2026-01-07", "--lang", "en"])
    assert "3 contacts" in english.stdout and "2 days late" in english.stdout


def test_the_log_beside_the_clients_config_takes_off_what_was_done(report) -> None:
    log = "contact_id,customer_id,date,channel,effective,next_date,task_id\n"
    log += "K1,C1,2026-01-05,phone,true,,T1\nK2,C2,2026/1/6,phone,false,,T2\n"
    (report.parents[3] / "contacts.csv").write_text(log, encoding="utf-8-sig")
    _, lines, _ = said(str(report), "--day", "2026-01-06")
    assert lines[0].startswith("2026-01-06：2 次联系") and "已试 1 次" in "".join(lines)
    elsewhere = report / "log.csv"
    elsewhere.write_text(log.replace("false", "true"), encoding="gb18030")
    _, lines, _ = said(str(report), "--day", "2026-01-06", "--log", str(elsewhere))
    assert lines[0].startswith("2026-01-06：1 次联系")


def test_messages_are_one_line_for_each_person_channel_and_content_after_the_calls(report) -> None:
    path = report / "internal" / "plan.parquet"
    plan = pd.read_parquet(path)
    sent = pd.DataFrame(
        {
            "task_id": [f"M{i}" for i in range(5)],
            "due": pd.to_datetime(["2026-01-05", *["2026-01-06"] * 4]),
            "customer_id": [f"C{i}" for i in range(3, 8)],
            "owner": ["张", "张", "张", "张", ""],
            "channel": ["social", "social", "social", "sms", "sms"],
            "content": "care_call",
            "minutes": 0.2,
            "value": 9_000.0,
        }
    )
    write_parquet(pd.concat([sent, plan], ignore_index=True), path)
    code, lines, _ = said(str(report), "--day", "2026-01-06")
    assert code == 0 and lines[:2] == [
        "2026-01-06：3 次联系，约 55 分钟；2 次是前几天拖下来的",
        "另有 3 批群发，共 5 位，约 1 分钟；1 位是前几天拖下来的",
    ]
    at = lines.index("张：2 次，另有 2 批群发，51 分钟")
    assert [line[:6].strip() for line in lines[at + 1 : at + 5]] == ["1.", "2.", "3.", "4."]
    assert all("C1 云禾" in line for line in lines[at + 1 : at + 3])
    social, sms = lines[at + 3 : at + 5]
    assert "社交消息 · 3 位 · " in social and social.endswith("1 位晚，最多 1 天")
    assert "短信 · 1 位 · " in sms and "晚" not in sms and not [n for n in lines if "C3" in n or "C7" in n]
    assert "李：1 次，5 分钟" in lines and "待分配：0 次，另有 1 批群发，0 分钟" in lines
    log = (
        "contact_id,customer_id,date,channel,effective,next_date,task_id\nK1,C3,2026-01-05,social,true,,M0\n"
    )
    (report.parents[3] / "contacts.csv").write_text(log, encoding="utf-8-sig")
    _, lines, _ = said(str(report), "--day", "2026-01-06", "--owner", "张")
    assert any("社交消息 · 2 位 · " in line and "晚" not in line for line in lines)


def test_a_name_the_plan_does_not_know_gets_the_names_it_knows(report) -> None:
    path = report / "internal" / "plan.parquet"
    plan = pd.read_parquet(path)
    write_parquet(plan.assign(owner=["张", "李", "张", ""]), path)
    code, lines, err = said(str(report), "--owner", "王")
    assert code == 2 and not lines and all(name in err for name in ("“王”", "张", "李", "待分配"))
    code, lines, _ = said(str(report), "--day", "2026-01-08", "--owner", "待分配")
    assert code == 0 and any(line.startswith("待分配：1 次") for line in lines)
    assert said(str(report), "--owner", " 张 ")[0] == 0


def test_a_day_before_the_plan_is_said_to_be_one(report) -> None:
    code, lines, _ = said(str(report), "--day", "2026-01-02")
    assert code == 0 and lines[0] == "计划从 2026-01-05 开始，2026-01-02 还没有要做的。"
    assert not any("计划从" in line for line in said(str(report), "--day", "2026-01-05")[1])


OWN = "客户编号,联系日期,跟进方式,结果\n"


def test_a_log_under_the_clients_own_headings_takes_off_what_was_done(report) -> None:
    own = report / "跟进.csv"
    own.write_text(
        OWN + "C1,2025-12-29,电话,聊过\nC1,2026/1/5,电话回访,聊过\nC2,2026-01-05,手机,没人接\n",
        encoding="gb18030",
    )
    _, lines, err = said(str(report), "--day", "2026-01-06", "--log", str(own))
    assert lines[0].startswith("2026-01-06：2 次联系") and not err
    left = "".join(lines)
    assert (
        "拜访" in left and "C2" in left and "已试 1 次" in left and "C1 云禾贸易（虚构） · 电话" not in left
    )


def test_a_log_whose_contacts_are_of_no_task_is_said_to_be_one(report) -> None:
    own = report / "跟进.csv"
    own.write_text(OWN + "K-1,2026-01-05,电话,聊过\nK-2,2026-01-05,飞鸽,聊过\n", encoding="utf-8")
    code, lines, err = said(str(report), "--log", str(own))
    assert code == 0 and lines[0].startswith("2026-01-05：2 次联系")
    assert "2 次联系，没有一次" in err and "“K-1”" in err and "“C1”" in err and "飞鸽" in err
    own.write_text(OWN + "K-1,2025-12-05,电话,聊过\n", encoding="utf-8")  # before the plan: nothing to miss
    assert not said(str(report), "--log", str(own))[2]


def test_headings_are_read_as_client_yml_says(report) -> None:
    home = report.parents[3]
    (home / "log.csv").write_text("甲列,乙列,丙列\nC1,2026-01-05,电话\n", encoding="utf-8")
    (home / "orders.csv").write_text("客户编号,日期,金额\nC1,2025-01-01,1\n", encoding="utf-8")
    (home / "client.yml").write_text(
        "client: {id: hongye, name: 鸿业（虚构）}\nlang: zh\ninput: {orders: orders.csv, contacts: log.csv}\n"
        "mapping:\n  contacts: {甲列: customer_id, 乙列: date, 丙列: channel}\n",
        encoding="utf-8",
    )
    code, lines, err = said(str(report), "--log", str(home / "log.csv"))
    assert code == 0 and lines[0].startswith("2026-01-05：1 次联系"), err


def test_a_log_with_headings_only_takes_nothing_off(report) -> None:
    (report.parents[3] / "contacts.csv").write_text(
        "customer_id,date,channel,task_id\n", encoding="utf-8-sig"
    )
    code, lines, err = said(str(report))
    assert code == 0 and lines[0].startswith("2026-01-05：2 次联系") and not err


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"date,note\n2026-01-05,x\n", b"PK\x03\x04\x00\x00"])
def test_a_file_that_is_no_contact_log_is_refused_and_beside_the_config_said(report, content) -> None:
    (report / "other.csv").write_bytes(content)
    code, lines, err = said(str(report), "--log", str(report / "other.csv"))
    assert code == 2 and not lines and "other.csv 不是联系记录" in err
    (report.parents[3] / "contacts.csv").write_bytes(content)
    code, lines, err = said(str(report))
    assert code == 0 and lines[0].startswith("2026-01-05：2 次联系") and "contacts.csv 不是联系记录" in err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--day", "6.1.2026"], "6.1.2026"),
        (["--day", "2026-02-30"], "--day 2026-02-30"),
        (["--log", "no.csv"], "no.csv"),
        ([], "没有计划"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(report, arguments, word) -> None:
    folder = report if arguments else report.parent
    code, lines, err = said(str(folder), *arguments)
    assert code == 2 and word in err and not lines and "Traceback" not in err
