"""Leads, contacts, surveys, outcomes and opt-outs of client.yml: tied to the customers, refused in one message, saved."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from segkit.config import Config, load_config
from segkit.followup.policy import opted_out_of
from segkit.problems import InputProblems, Problem
from segkit.report.analysis import open_study
from segkit.report.clean_tables import Intake, load_further
from segkit.report.first_look import look
from segkit.report.intake_step import not_yet, take_in

CUSTOMERS = [
    "客户编号,客户名称,电话,累计消费,退订渠道",
    *(f"C{i},鸿{i}商贸（虚构）,100000000{i:02d},{i}00,{'短信' if i == 2 else ''}" for i in range(1, 13)),
]
LEADS = [
    "线索编号,客户编号,姓名,手机,来访日期,线索状态",
    "L1,C1,王一,10099990001,2025-12-01,成交",
    "L2,,李二,10099990002,2025-12-09,跟进中",
]
CONTACTS = [
    "跟进编号,客户编号,跟进时间,跟进方式",
    "K1,C3,2025-12-01,电话",
    "K2,L1,2025-12-02,微信",
    "K3,L2,2025-12-03,上门",
    "K4,10000000005,2025-12-04,短信",
    "K5,C99,2025-12-05,电话",
]
Files = dict[str, list[str]]


@pytest.fixture
def client(tmp_path: Path):
    def made(input: str, files: Files, more: str = "") -> Config:
        for name, lines in files.items():
            (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
        text = f"client: {{id: tiny, name: 小店（虚构）}}\nlang: zh\nas_of: 2025-12-31\ninput: {{{input}}}\n{more}"
        (tmp_path / "client.yml").write_text(text, encoding="utf-8")
        return load_config(tmp_path / "client.yml")

    return made


def refused(config: Config) -> list[Problem]:
    with pytest.raises(InputProblems) as caught:
        take_in(config)
    return list(caught.value.problems)


def note(intake: Intake, id: str) -> dict:
    return next(n["facts"] for n in intake.facts["notes"] if n["id"] == id)


def test_contacts_find_customers_leads_and_phones(client) -> None:
    config = client(
        "customers: c.csv, leads: l.csv, contacts: k.csv",
        {"c.csv": CUSTOMERS, "l.csv": LEADS, "k.csv": CONTACTS},
    )
    intake = take_in(config)
    contacts = intake.further["contacts"].set_index("contact_id")
    assert contacts["customer_id"].to_dict() == {"K1": "C3", "K2": "C1", "K3": "L2", "K4": "C5"}
    assert contacts["channel"].tolist() == ["phone", "social", "visit", "sms"]
    leads = intake.further["leads"].set_index("lead_id")["customer_id"]
    assert leads["L1"] == "C1" and pd.isna(leads["L2"]) and len(intake.people) == 12
    told = intake.facts["tables"]["contacts"]
    assert (told["rows_in"], told["used"], told["strangers"]) == (5, 4, 1)
    assert {c["grain"] for c in intake.facts["counted"]} == {"customers", "leads"}
    assert {"first_contact", "channel"} <= {f["field"] for f in intake.facts["quality"]["fields"]}
    assert not_yet(config) == []


def test_who_asked_in_the_clients_own_log_to_be_left_alone_is_not_planned(client) -> None:
    said = ["拒绝联系", "不要再联系了", "退订", "Opted out", "未退订", "没人接"]
    rows = [f"K{i},C{i},2025-12-01,电话,{word}" for i, word in enumerate(said, 1)]
    config = client(
        "customers: c.csv, contacts: k.csv",
        {"c.csv": CUSTOMERS, "k.csv": [CONTACTS[0] + ",结果", *rows]},
        "followup: {consent: yes}\n",
    )
    study = open_study(config=str(config.path), lang="zh")
    plan = study.plan.excluded
    assert {*plan.loc[plan["reason"] == "opted_out", "customer_id"]} >= {"C1", "C2", "C3", "C4"}
    assert not {*study.plan.tasks["customer_id"]} & {"C1", "C2", "C3", "C4"}
    reached = study.tables["contacts"].set_index("customer_id")["effective"]
    assert reached.eq(False).fillna(False).tolist() == [False, False, False, False, False, True]
    assert "C5" not in {
        *plan.loc[(plan["reason"] == "opted_out") & (plan["channel"] == "phone"), "customer_id"]
    }


def test_leads_alone_are_the_customers_of_the_report(client, tmp_path: Path) -> None:
    more = [
        f"L{i},,赵{i},1009999{i:04d},2025-11-{i % 28 + 1:02d},{'跟进中' if i % 2 else '新线索'}"
        for i in range(3, 60)
    ]
    config = client(
        "leads: l.csv, contacts: k.csv",
        {"l.csv": [*LEADS, *more], "k.csv": [*CONTACTS[:1], "K3,L2,2025-12-03,上门"]},
    )
    study = open_study(config=str(config.path), lang="zh")
    assert len(study.customers) == 59 and study.customers["frequency"].eq(0).all() and not study.has_money
    leads = study.tables["leads"]
    assert (
        leads["customer_id"].equals(leads["lead_id"])
        and str(leads["first_contact"].dtype) == "datetime64[ns]"
    )
    assert study.tables["contacts"]["customer_id"].tolist() == ["L2"]


def test_a_file_of_leads_is_reported_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("\n".join(LEADS), encoding="utf-8")
    config = Config.for_file(tmp_path / "l.csv")
    assert config.input.leads and take_in(config).facts["grain"] == "leads"


def test_what_is_saved_is_read_again(client, tmp_path: Path) -> None:
    surveys = ["客户编号,日期,NPS,满意度", "C1,2025-12-01,9,5", "C2,2025-12-01,,3"]
    outcomes = ["客户编号,组别,是否转化,收入", "C1,实验组,是,12.5", "C2,对照组,否,0"]
    files = {"c.csv": CUSTOMERS, "s.csv": surveys, "o.csv": outcomes}
    intake = take_in(client("customers: c.csv, surveys: s.csv, outcomes: o.csv", files))
    folder = tmp_path / "run"
    folder.mkdir()
    intake.save(folder)
    tables = load_further(folder)
    assert [*tables] == ["surveys", "outcomes"]
    assert tables["surveys"].groupby("kind").size().to_dict() == {"csat": 2, "nps": 2}
    assert tables["outcomes"][["arm", "converted"]].values.tolist() == [["treated", True], ["holdout", False]]


# --- history in the future -----------------------------------------------------------------------


@pytest.mark.parametrize(("start", "n"), [("2026-01-05", 2), ("2026-01-12", 1), ("2026-02-03", 0)])
def test_a_history_in_the_future_is_one_message_and_later_than_the_analysis_is_none(
    client, start: str, n: int
) -> None:
    rows = [*CONTACTS[:3], "K8,C1,2026-01-03,电话", "K9,C1,2026-01-09,电话", "K10,C1,2026-02-02,电话"]
    config = client(
        "customers: c.csv, leads: l.csv, contacts: k.csv",
        {"c.csv": CUSTOMERS, "l.csv": LEADS, "k.csv": rows},
        f"followup: {{start: {start}}}\n",
    )
    if not n:
        contacts = take_in(config).further["contacts"]
        assert contacts["date"].max() == pd.Timestamp(2026, 2, 2)
        return
    [problem] = refused(config)
    assert problem.id == "sides.future" and problem.facts["n"] == n and problem.column == "跟进时间"
    assert (
        problem.facts["latest"] == dt.date(2026, 2, 2)
        and "2026-02-02" in problem.text("zh")
        and start in problem.text("en")
    )


def test_without_a_start_the_plan_begins_on_the_next_working_monday(client) -> None:
    rows = [*CONTACTS[:2], "K9,C1,2026-01-04,电话"]
    config = client("customers: c.csv, contacts: k.csv", {"c.csv": CUSTOMERS, "k.csv": rows})
    assert len(take_in(config).further["contacts"]) == 2
    rows[-1] = "K9,C1,2026-01-05,电话"
    assert [p.id for p in refused(client("customers: c.csv, contacts: k.csv", {"k.csv": rows}))] == [
        "sides.future"
    ]


def test_a_slip_of_the_pen_among_thousands_is_set_aside(client) -> None:
    rows = [
        CONTACTS[0],
        *(f"K{i},C{i % 12 + 1},2025-12-{i % 28 + 1:02d},电话" for i in range(6000)),
        "KX,C1,2066-12-01,电话",
    ]
    told = take_in(client("customers: c.csv, contacts: k.csv", {"c.csv": CUSTOMERS, "k.csv": rows})).facts[
        "tables"
    ]
    assert told["contacts"]["reasons"] == {"after_as_of": 1} and told["contacts"]["used"] == 6000


# --- opt-outs ------------------------------------------------------------------------------------


def test_an_opt_out_list_goes_beside_what_the_customers_say(client) -> None:
    listed = ["手机,退订渠道", "10000000002,微信", "100-0000-0003,", "10099990002,电话", "10055555555,短信"]
    config = client(
        "customers: c.csv, leads: l.csv, opt_outs: [x.csv]",
        {"c.csv": CUSTOMERS, "l.csv": LEADS, "x.csv": listed},
    )
    intake = take_in(config)
    said = intake.people.set_index("customer_id")["opt_out_channels"]
    assert opted_out_of(said["C2"]) == {"sms", "social"} and len(opted_out_of(said["C3"])) == 7
    assert (said.drop(["C2", "C3"]) == "").all()
    leads = intake.further["leads"].set_index("lead_id")["opt_out_channels"]
    assert opted_out_of(leads["L2"]) == {"phone"} and leads["L1"] == ""
    assert note(intake, "opt_outs.found") == {"n": 4, "people": 3, "strangers": 1}


def test_a_phone_of_two_customers_opts_both_out(client) -> None:
    shared = [*CUSTOMERS, "C40,甲,10000000007,5,", "C41,乙,10000000007,5,否"]
    intake = take_in(
        client("customers: c.csv, opt_outs: x.csv", {"c.csv": shared, "x.csv": ["号码", "10000000007"]})
    )
    said = intake.people.set_index("customer_id")["opt_out_channels"]
    assert [len(opted_out_of(said[one])) for one in ("C7", "C40", "C41")] == [7, 7, 7] and said[
        "C41"
    ] == "全部"


def test_an_opt_out_list_that_matches_nobody_is_one_message(client) -> None:
    config = client(
        "customers: c.csv, opt_outs: x.csv", {"c.csv": CUSTOMERS, "x.csv": ["会员号", "V1", "V2"]}
    )
    [problem] = refused(config)
    assert problem.id == "opt_outs.nobody" and problem.file == "x.csv"
    assert "V1" in problem.text("zh") and "C1" in problem.text("en") and problem.facts["n"] == 2


# --- refused -------------------------------------------------------------------------------------


def test_a_table_of_strangers_is_refused_with_both_kinds_of_numbers(client) -> None:
    rows = ["跟进编号,客户编号,跟进时间", "K1,V1,2025-12-01"]
    [problem] = refused(client("customers: c.csv, contacts: k.csv", {"c.csv": CUSTOMERS, "k.csv": rows}))
    assert problem.id == "sides.nobody_found" and "V1" in problem.text("zh") and "C1" in problem.text("zh")


def test_problems_of_all_tables_are_said_at_once(client) -> None:
    files = {"c.csv": CUSTOMERS, "l.csv": ["线索编号,楼层", "L1,高"], "s.csv": ["客户编号,评分", "C1,9"]}
    more = "mapping: {outcomes: {客户: customer_id}}\n"
    files["o.csv"] = ["客户编号,组别,是否转化", "C1,对照组,否"]
    config = client("customers: c.csv, leads: l.csv, surveys: s.csv, outcomes: o.csv", files, more)
    found = {p.id.removesuffix("_near") for p in refused(config)}
    assert found == {"mapping.leads_when", "sides.missing", "mapping.no_heading"}


# --- privacy -------------------------------------------------------------------------------------


def test_leads_told_apart_by_a_phone_stand_under_surrogates(client) -> None:
    leads = ["姓名,手机,来访日期", *(f"王{i},1009999{i:04d},2025-12-{i:02d}" for i in range(1, 20))]
    contacts = ["客户编号,跟进时间", "10099990003,2025-12-20", "C1,2025-12-20"]
    intake = take_in(
        client(
            "customers: c.csv, leads: l.csv, contacts: k.csv",
            {"c.csv": CUSTOMERS, "l.csv": leads, "k.csv": contacts},
        )
    )
    assert not intake.further["leads"]["lead_id"].str.contains("1009999").any()
    whose = intake.further["contacts"]["customer_id"].tolist()
    assert whose[1] == "C1" and whose[0] == intake.further["leads"]["lead_id"][2]
    assert {*intake.people["customer_id"]} == {f"C{i}" for i in range(1, 13)}
    assert intake.shield is not None and "10099990003" in {*intake.shield.keys["customer_id"]}
    assert "10099990003" in intake.known["phone"]


def test_leads_with_a_number_of_their_own_keep_it(client) -> None:
    intake = take_in(client("leads: l.csv", {"l.csv": LEADS}))
    assert intake.shield is None and {*intake.people["customer_id"]} == {"L1", "L2"}


# --- init ----------------------------------------------------------------------------------------


def test_init_sorts_the_files_of_a_client_into_their_grains(tmp_path: Path) -> None:
    files = {
        "客户.csv": CUSTOMERS,
        "来访.csv": LEADS,
        "跟进.csv": [
            "跟进编号,客户编号,跟进时间,跟进方式",
            *(f"K{i},C{i},2025-11-{i:02d},电话" for i in range(1, 12)),
        ],
        "评价.csv": ["客户编号,答题时间,NPS,CES", *(f"C{i},2025-11-{i:02d},9,5" for i in range(1, 12))],
        "投诉.csv": ["投诉编号,客户编号,投诉时间,首次响应时间", "T1,C1,2025-11-02 09:00,2025-11-02 10:00"],
        "退订.csv": ["客户编号,退订时间,退订渠道", "C3,2025-11-01,短信"],
    }
    for name, lines in files.items():
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    look(
        [tmp_path / name for name in files],
        tmp_path,
        lang="zh",
        today=dt.date(2025, 12, 1),
        as_of=dt.date(2025, 12, 31),
    )
    block = load_config(tmp_path / "client.yml").input
    assert (block.customers, block.leads, block.contacts) == (["客户.csv"], ["来访.csv"], ["跟进.csv"])
    assert (block.surveys, block.complaints, block.opt_outs) == (["评价.csv"], ["投诉.csv"], ["退订.csv"])
    assert not block.tables
    text = (tmp_path / "client.yml").read_text(encoding="utf-8")
    assert "# outcomes: [活动结果.csv]" in text and "# leads:" not in text


def test_init_takes_a_file_of_leads_alone(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("\n".join(LEADS), encoding="utf-8")
    seen = look([tmp_path / "l.csv"], tmp_path, lang="en", today=dt.date(2025, 12, 15))
    config = load_config(tmp_path / "client.yml")
    assert (
        config.input.leads == ["l.csv"]
        and config.mapping["leads"]["来访日期"] == "first_contact"
        and seen.questions
    )


def test_a_playbook_reads_leads_that_stand_for_the_customers(tmp_path: Path) -> None:
    playbook = """
id: visits
title: {zh: 来访, en: Visits}
attributes:
  calls: {from: contacts, take: count, where: {主题: 报价}}
schemes:
  purse: {kind: bands, column: budget_wan, cuts: [50], labels: [small, large], source: 示例参数}
  called: {kind: bands, column: calls, cuts: [1], labels: [never, often], source: 示例参数}
main: purse
policy: {source: 示例参数, labels: {large: {touches: [{channel: phone, every_days: 9, minutes: 5, content: care_call}]}}}
"""
    leads = ["线索编号,来访日期,budget_wan", *(f"L{i},2025-11-{i % 28 + 1:02d},{i}.5" for i in range(80))]
    contacts = ["跟进编号,线索编号,跟进时间,主题", *(f"K{i},L1,2025-12-0{i},报价" for i in range(1, 4))]
    for name, text in {
        "p.yml": playbook,
        "l.csv": "\n".join(leads),
        "contacts.csv": "\n".join(contacts),
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    seen = look(
        [tmp_path / "l.csv", tmp_path / "contacts.csv"],
        tmp_path,
        lang="zh",
        today=dt.date(2025, 12, 8),
        playbook="p.yml",
    )
    config = load_config(tmp_path / "client.yml")
    assert (config.input.leads, config.input.contacts, config.input.tables) == (
        ["l.csv"],
        ["contacts.csv"],
        {},
    )
    assert not [n for n in seen.notes if n.id == "init.columns_lacking"]
    customers = open_study(config=str(config.path), lang="zh").customers.set_index("customer_id")
    assert (customers.loc["L79", "purse"], customers.loc["L1", "calls"]) == ("large", 3)
