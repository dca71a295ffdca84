"""`init`: what is written, what is asked, and what is refused before anything is written."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import xlsxwriter

from segkit.config import load_config
from segkit.problems import InputProblems
from segkit.report.first_look import Seen, look
from segkit.report.intake_step import take_in
from segkit.report.sizes import FEWEST_LEARNED

TODAY = dt.date(2025, 12, 1)
ORDERS = ["客户编号,日期,金额", *(f"C{i % 9},2025-0{i % 6 + 1}-11,{100 + i}" for i in range(27))]
LIST = ["客户编号,客户名称,联系人,电话,业务员", *(f"C{i},鸿{i}商贸（虚构）,王五,,张三" for i in range(12))]


def first_look(folder: Path, files: dict[str, list[str]], **options) -> Seen:
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
    options = {"lang": "zh", "today": TODAY} | options
    return look([folder / name for name in files], folder, **options)


def asked(seen: Seen, word: str) -> list[str]:
    return [q for q in seen.questions if word in q]


def test_a_plain_customer_list_beside_orders_is_the_customer_list(tmp_path: Path) -> None:
    seen = first_look(tmp_path, {"订单.csv": ORDERS, "客户档案.csv": LIST})
    config = load_config(tmp_path / "client.yml")
    assert (config.input.orders, config.input.customers) == (["订单.csv"], ["客户档案.csv"])
    intake = take_in(config)
    assert len(intake.people) == 12 and set(intake.people["owner"]) == {"张三"}
    assert intake.facts["totals"]["set_aside"] == 0 and not asked(seen, "搁置")


def test_two_files_may_call_one_column_by_two_names(tmp_path: Path) -> None:
    later = [line.replace("日期", "付款时间").replace("金额", "实付金额") for line in ORDERS]
    first_look(tmp_path, {"a.csv": ORDERS, "b.csv": later})
    intake = take_in(load_config(tmp_path / "client.yml"))
    assert intake.facts["mapping"]["orders"] == {
        "客户编号": "customer_id",
        "日期": "order_date",
        "金额": "amount",
    }
    assert intake.facts["totals"]["rows_in"] == 2 * 27


def test_two_columns_of_one_heading_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as caught:
        first_look(tmp_path, {"o.csv": [ORDERS[0] + ",金额", *(f"{line},0" for line in ORDERS[1:])]})
    assert [p.id for p in caught.value.problems] == ["mapping.conflict"]
    assert caught.value.problems[0].facts["columns"] == ["金额", "金额 (2)"]
    assert [p.name for p in tmp_path.iterdir()] == ["o.csv"]


def test_a_refused_workbook_says_which_sheets_were_not_read(tmp_path: Path) -> None:
    path = tmp_path / "o.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name, rows in {"客户": [*LIST], "说明": ["日期,说明", "2025-01-02,甲"]}.items():
        sheet = book.add_worksheet(name)
        for i, line in enumerate(rows):
            sheet.write_row(i, 0, line.split(","))
    book.close()
    with pytest.raises(InputProblems) as caught:
        look([path], tmp_path, lang="zh", today=TODAY)
    assert [p.id for p in caught.value.problems] == ["clean.no_dates", "reading.sheets_left_out"]
    assert not (tmp_path / "client.yml").exists()


def test_totals_without_dates_need_a_day_and_keep_it(tmp_path: Path) -> None:
    totals = ["会员编号,累计消费,消费次数", *(f"V{i},{i * 10},{i}" for i in range(20))]
    with pytest.raises(InputProblems) as caught:
        first_look(tmp_path, {"c.csv": totals})
    assert "as_of" in caught.value.text("zh") or "as-of" in caught.value.text("zh")
    assert not (tmp_path / "client.yml").exists()
    seen = first_look(tmp_path, {"c.csv": totals}, as_of=dt.date(2025, 11, 30))
    assert load_config(tmp_path / "client.yml").as_of == dt.date(2025, 11, 30)
    assert not asked(seen, "截止日")


@pytest.mark.parametrize(
    ("cells", "n"),
    [
        (["", "", "否", "是", "", "是", "是", "是", "是", "", "", ""], 3),
        (["是"] * 9 + [""] * 3, 0),  # C9 to C11 never bought
    ],
)
def test_consent_is_asked_for_buyers_who_did_not_say(tmp_path: Path, cells: list[str], n: int) -> None:
    told = [LIST[0] + ",同意营销", *(f"{line},{cell}" for line, cell in zip(LIST[1:], cells, strict=True))]
    seen = first_look(tmp_path, {"o.csv": ORDERS, "c.csv": told})
    found = asked(seen, "营销同意")
    assert [q.split(" ")[0] for q in found] == ([str(n)] if n else [])


def test_without_a_column_of_consent_every_buyer_is_asked_for(tmp_path: Path) -> None:
    seen = first_look(tmp_path, {"o.csv": ORDERS, "c.csv": LIST})
    assert [q.split(" ")[0] for q in asked(seen, "营销同意")] == ["9"]


def test_only_what_set_a_row_aside_is_named_and_each_row_once(tmp_path: Path) -> None:
    bad = [
        "C1,,",  # no date and no amount: one row, one reason
        "Ｃ2,2025-13-45,10",  # mended as well: full width
        "C3,2025-01-05,abc",
        ",2025-01-05,10",
        "C4,,10",
        "测试,2025-01-05,1",
    ]
    seen = first_look(tmp_path, {"o.csv": [*ORDERS, *bad]}, lang="zh")
    (question,) = asked(seen, "搁置")
    listed = question.split("：")[1].split("。")[0]
    assert question.startswith("6 行") and listed.endswith(" 等")
    counts = [part.rsplit(" ", 1) for part in listed.removesuffix(" 等").split("、")]
    assert len(counts) == 4 and dict(counts)["缺日期"] == "2" and "全角字符" not in dict(counts)


@pytest.mark.parametrize(
    ("lang", "n", "segments"),
    [
        ("zh", FEWEST_LEARNED, "eight"),
        ("en", FEWEST_LEARNED, "eleven"),
        ("en", FEWEST_LEARNED - 1, "eight"),
        ("zh", FEWEST_LEARNED - 1, "eight"),
    ],
)
def test_few_customers_get_the_short_map(tmp_path: Path, lang: str, n: int, segments: str) -> None:
    lines = [ORDERS[0], *(f"C{i},2025-0{i % 6 + 1}-11,{100 + i}" for i in range(n))]
    first_look(tmp_path, {"o.csv": lines}, lang=lang)
    written = load_config(tmp_path / "client.yml").schemes["rfm"]
    assert written["segments"] == segments
    assert ("source" in written) == (segments == "eleven")  # the playbook's source speaks of its own eleven


def test_each_step_is_said_once(tmp_path: Path) -> None:
    steps: list[str] = []
    first_look(tmp_path, {"o.csv": ORDERS, "c.csv": LIST}, progress=steps.append)
    assert steps == ["read", "clean"]
