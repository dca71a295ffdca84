"""Where a client's key is a phone its sheets come back under surrogates; and what else the intake of a report notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from returned_sheets import fill
from typer.testing import CliRunner

from segkit.cli import app
from segkit.config import Config, load_config
from segkit.problems import InputProblems, Problem
from segkit.report.analysis import open_study
from segkit.report.build import build
from segkit.report.clean_tables import Intake, read_parquet
from segkit.report.first_look import look
from segkit.report.intake_step import take_in
from segkit.report.records import customer_records

PHONES = [f"1000000{i:04d}" for i in range(1, 41)]
ORDERS = [
    "手机号,订单号,下单日期,金额",
    *(f"{who},D{i}-{k},2025-{12 - k:02d}-{i % 27 + 1:02d},{(i + 1) * 20}"
      for i, who in enumerate(PHONES) for k in range(i % 4 + 1)),
]  # fmt: skip
Files = dict[str, list[str]]
Client = Callable[..., Config]


@pytest.fixture
def client(tmp_path: Path) -> Client:
    def made(input: str, files: Files, more: str = "", *, as_of: str = "2025-12-31") -> Config:
        for name, lines in files.items():
            (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
        text = (
            f"client: {{id: shop, name: 小店（虚构）}}\nlang: zh\nas_of: {as_of}\ninput: {{{input}}}\n{more}"
        )
        (tmp_path / "client.yml").write_text(text, encoding="utf-8")
        return load_config(tmp_path / "client.yml")

    return made


def refused(config: Config) -> list[Problem]:
    with pytest.raises(InputProblems) as caught:
        take_in(config)
    return list(caught.value.problems)


def surrogates(intake: Intake) -> dict[str, str]:
    assert intake.shield is not None
    return dict(zip(intake.shield.keys["customer_id"], intake.shield.keys["surrogate"], strict=True))


# --- the loop of a client whose key is a phone ---------------------------------------------------


@pytest.mark.slow
def test_what_was_done_this_month_is_known_to_the_next_report(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = "followup: {start: %s, team: [王芳]}\n"
    folder = build(
        client("orders: orders.csv", {"orders.csv": ORDERS}, team % "2026-01-05"), formats=["xlsx"]
    ).folder
    sheet = next((folder / "followup").glob("*.xlsx"))
    back = tmp_path / "收回" / sheet.name
    back.parent.mkdir()
    back.write_bytes(sheet.read_bytes())
    fill(back, {2: {"status": "已完成", "done_on": "2026-01-06", "result": "要求不再联系"}})
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["log", "import", "收回"])
    assert done.exit_code == 0, done.output

    files = "orders: orders.csv, contacts: contacts.csv"
    config = client(files, {}, team % "2026-02-02", as_of="2026-01-31")
    checked = CliRunner().invoke(app, ["check", "client.yml"])
    assert checked.exit_code == 0, checked.output
    after = build(config, formats=["xlsx"], previous=folder).folder
    [asked] = pd.read_csv(tmp_path / "contacts.csv", encoding="utf-8-sig")["customer_id"]
    assert asked.startswith("K")
    planned = read_parquet(after / "internal" / "plan.parquet")
    assert len(planned) and asked not in {*planned["customer_id"]}
    assert asked in {*read_parquet(after / "internal" / "customers.parquet")["customer_id"]}


def test_rows_come_under_the_phone_or_under_the_surrogate(client: Client) -> None:
    known = surrogates(take_in(client("orders: orders.csv", {"orders.csv": ORDERS})))
    first, second, third = PHONES[:3]
    contacts = [
        "contact_id,customer_id,date,channel",
        f"A,{known[first]},2025-12-01,phone",
        f"B,{known[second].lower()},2025-12-02,phone",
        f"C,{third},2025-12-03,phone",
        "D,K0000000000,2025-12-04,phone",
    ]
    outcomes = ["客户编号,组别,是否转化", f"{known[first]},实验组,是", f"{second},对照组,否"]
    opt_outs = ["客户编号,退订渠道", f"{known[first]},短信", f"{third},电话"]
    intake = take_in(
        client(
            "orders: orders.csv, contacts: k.csv, outcomes: o.csv, opt_outs: x.csv",
            {"k.csv": contacts, "o.csv": outcomes, "x.csv": opt_outs},
        )
    )
    assert intake.further["contacts"]["customer_id"].tolist() == [known[p] for p in (first, second, third)]
    assert intake.further["outcomes"]["customer_id"].tolist() == [known[first], known[second]]
    assert intake.facts["tables"]["contacts"]["strangers"] == 1
    said = intake.people.set_index("customer_id")["opt_out_channels"]
    assert said[said != ""].to_dict() == {known[first]: "短信", known[third]: "电话"}


def test_leads_under_a_phone_come_back_under_their_surrogates(client: Client) -> None:
    leads = ["姓名,手机,来访日期", *(f"王{i},1009999{i:04d},2025-12-{i:02d}" for i in range(1, 20))]
    known = surrogates(take_in(client("leads: l.csv", {"l.csv": leads})))
    contacts = ["客户编号,跟进时间", f"{known['10099990003']},2025-12-20"]
    intake = take_in(client("leads: l.csv, contacts: k.csv", {"k.csv": contacts}))
    assert intake.further["contacts"]["customer_id"].tolist() == [known["10099990003"]]


# --- the first day of the plan -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "fine"),
    [("2025-12-01", False), ("2025-12-31", False), ("2026-01-01", True), ("2026-01-05", True)],
)
def test_a_plan_begins_after_the_day_the_data_stand_on(client: Client, start: str, fine: bool) -> None:
    config = client("orders: orders.csv", {"orders.csv": ORDERS}, f"followup:\n  days: 5\n  start: {start}\n")
    if fine:
        assert take_in(config).facts["as_of"]["date"] == dt.date(2025, 12, 31)
        return
    [problem] = refused(config)
    assert (problem.id, problem.file, problem.row) == ("config.start_over", "client.yml", 7)
    for lang in ("zh", "en"):
        assert all(day in problem.text(lang) for day in (start, "2025-12-31", "2026-01-01", "2026-01-05"))


def test_the_day_asked_for_on_the_command_line_counts(client: Client) -> None:
    config = client("orders: orders.csv", {"orders.csv": ORDERS}, "followup: {start: 2026-01-05}\n")
    with pytest.raises(InputProblems) as caught:
        take_in(config, as_of=dt.date(2026, 1, 5))
    assert [p.id for p in caught.value.problems] == ["config.start_over"]
    contacts = ["客户编号,跟进时间", f"{PHONES[0]},2026-01-05"]
    config = client(
        "orders: orders.csv, contacts: k.csv", {"k.csv": contacts}, "followup: {start: 2026-01-05}\n"
    )
    with pytest.raises(InputProblems) as caught:
        take_in(config, as_of=dt.date(2026, 1, 6))
    assert [p.id for p in caught.value.problems] == ["config.start_over"]  # and not the contacts too


@pytest.mark.parametrize("engine", ["polars"])
def test_an_engine_says_the_same(client: Client, engine: str) -> None:
    files = {"orders.csv": [row.replace("100000", "C") for row in ORDERS]}
    more = "followup: {start: 2025-12-31}\n"
    mapping = (
        "mapping: {orders: {手机号: customer_id, 订单号: order_id, 下单日期: order_date, 金额: amount}}\n"
    )
    [problem] = refused(client(f"orders: orders.csv, engine: {engine}", files, mapping + more))
    assert (problem.id, problem.row) == ("config.start_over", 6)


# --- outcomes that cannot be ---------------------------------------------------------------------


def test_a_customer_in_both_arms_and_negative_revenue_are_noted(client: Client) -> None:
    customers = ["客户编号,客户名称,累计消费", *(f"C{i},鸿{i}商贸（虚构）,{i}00" for i in range(1, 9))]
    outcomes = [
        "客户编号,活动,组别,是否转化,收入",
        "C1,春,实验组,是,10",
        "C1,春 ,对照组,否,0",
        "C2,春,实验组,是,-30",
        "C2,秋,对照组,否,0",
        "C3,春,实验组,是,20",
        "C3,春,实验组,是,25",
    ]
    intake = take_in(client("customers: c.csv, outcomes: o.csv", {"c.csv": customers, "o.csv": outcomes}))
    notes = {n["id"]: n["facts"] for n in intake.facts["notes"]}
    assert notes["outcomes.both_arms"] == {"n": 1, "rows": 2}
    assert notes["outcomes.negative"] == {"n": 1, "sum": -30.0}
    lines = intake.ledger[intake.ledger["file"] == "o.csv"]
    assert sorted(zip(lines["reason"], lines["row"], strict=True)) == [
        ("both_arms", 2),
        ("both_arms", 3),
        ("negative", 4),
    ]
    assert len(intake.further["outcomes"]) == 6
    quality = {f["field"]: f for f in intake.facts["quality"]["fields"] if f["file"] == "o.csv"}
    assert (quality["arm"]["repair"], quality["revenue"]["repair"]) == (2, 1)
    assert quality["arm"]["accuracy"] == pytest.approx(1 - 2 / 6)


# --- list and orders -----------------------------------------------------------------------------


def test_a_blank_of_the_list_is_filled_from_the_orders_and_credited_to_them(client: Client) -> None:
    listed = [
        "客户编号,客户名称,负责人,省份",
        *(
            f"C{i},鸿{i}商贸（虚构）,{'' if i == 2 else '王 芳'},{'' if i == 3 else '江苏'}"
            for i in range(1, 9)
        ),
    ]
    orders = [
        "订单编号,客户编号,下单日期,金额,负责人,省份",
        *(f"D{i},C{i},2025-0{i}-01,{i}0,李雷,浙江" for i in range(1, 9)),
    ]
    config = client(
        "orders: o.csv, customers: c.csv",
        {"o.csv": orders, "c.csv": listed},
        "followup: {team: [王芳, 李雷]}\n",
    )
    study = open_study(config=str(config.path), lang="zh")
    own = study.customers.set_index("customer_id")
    assert (own.loc["C2", "owner"], own.loc["C3", "province"], own.loc["C2", "province"]) == (
        "李雷",
        "浙江",
        "江苏",
    )
    assert own.loc["C1", "owner"] == "王芳"  # as the team is called
    fields = customer_records(study).fields.set_index(["field", "table"])["known"]
    assert fields["owner"].to_dict() == {"customers": 7, "orders": 1}
    assert fields["province"].to_dict() == {"customers": 7, "orders": 1}


def test_init_lets_the_plan_begin_after_data_of_a_later_day(tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    text = "\n".join(ORDERS).replace("手机号", "客户编号").replace("100000", "C")
    file.write_text(text, encoding="utf-8")
    look([file], tmp_path, lang="zh", today=dt.date(2025, 3, 3))
    config = load_config(tmp_path / "client.yml")
    start, as_of = config.followup.start, take_in(config).facts["as_of"]["date"]
    assert start is not None and start > as_of and start.weekday() == 0
