"""The section on introductions: rates with what they rest on, generations, money, and what does not count."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from test_plain_words import STATISTICS
from tiny_clients import Make, column, said_in, section, table

from segkit.locale import LANGS
from segkit.playbooks.sources import ReferralSource
from segkit.report.analysis import open_study
from segkit.report.model import Bullets
from segkit.report.sections.referral import referral_report
from segkit.report.study import Study

TABLES = "{referrals: {files: r.csv, customer_id: 被介绍人, date: 日期, columns: {介绍人: referrer_id, 奖励: reward}, everybody: true}}"
HEAD = "介绍人,被介绍人,日期,奖励"
# 40 customers of whom 30 bought; K01 brought K02, who brought K03; four more, of whom nobody came or nobody bought
ROWS = [
    "K01,K02,2025-03-01,50",
    "K02,K03,2025-04-01,50",
    "K01,K35,2025-05-01,0",
    "K04,,2025-05-02,0",
    "K05,,2025-05-03,0",
    "K06,X99,2025-05-04,0",  # came, stands in no table
    "K07,K07,2025-06-01,50",  # introduced himself
    "K03,K01,2025-07-01,50",  # a circle
    "K08,K02,2025-07-02,0",  # introduced by K01 before
    "V01,K09,2025-07-03,0",  # whoever V01 is
]


@pytest.fixture
def introduced(tmp_path: Path, make: Make) -> Callable[..., Study]:
    def studied(rows: list[str] = ROWS, **choices: object) -> Study:
        (tmp_path / "r.csv").write_text("\n".join([HEAD, *rows]), encoding="utf-8")
        people = ["客户编号,下单次数,最近下单日期,累计消费"]
        people += [
            f"K{i:02d},{int(i <= 30)},{'2025-11-01' if i <= 30 else ''},{1000 * i * (i <= 30)}"
            for i in range(1, 41)
        ]
        return make(people, tables=TABLES, **choices)

    return studied


def told(study: Study) -> str:
    return "\n".join(said_in(section(study, "referral")))


def test_rates_with_what_they_rest_on(introduced):
    study = introduced()
    kpis = study.model.kpis
    assert (kpis["referral_rate"].value, kpis["referral_rate"].n) == (pytest.approx(5 / 30), 30)
    assert (kpis["referral_conversion"].value, kpis["referral_conversion"].n) == (
        0.5,
        4,
    )  # K02 K03 of K35 X99
    assert kpis["referral_k"].value == pytest.approx(2 / 30, abs=0.005) and kpis["referral_k"].n == 30
    assert (kpis["referral_value"].value, kpis["referral_value"].n) == (5000.0, 2)
    said = told(study)
    assert "30 位可以介绍的客户里 5 位介绍过人" in said and "介绍了 6 次，4 次有人来" in said
    assert "到第 2 代" in said and "奖励一共 100.00 元，每位买家 50.00 元" in said
    assert len(re.findall(r"% 到 [\d.]+% 之间", said)) >= 3  # every rate has its interval


def test_generations_add_up(introduced):
    sheet = table(introduced(), "referral_generations")
    assert column(sheet, "members") == [28, 1, 1] and column(sheet, "introductions") == [5, 1, 0]
    for place in range(5, 8):
        assert sum(row[place] for row in sheet.rows) == sheet.total[place]


def test_what_does_not_count_is_listed_with_its_number(introduced):
    study = introduced()
    (lines,) = [b.items for b in section(study, "referral").blocks if isinstance(b, Bullets)]
    said = "\n".join(lines)
    for reason in ("self_referral", "cycle", "already_referred", "unknown_referrer"):
        assert study.say(f"referral.left_out.{reason}", n=1) in lines
    assert study.say("referral.left_out", n=4, of=10) in told(study)
    assert (
        said.count("→") == 3 and "K07" not in said and "K01" not in said
    )  # a circle of three; nobody is named


@pytest.mark.parametrize("lang", LANGS)
def test_nobody_is_named_and_no_statistic(introduced, lang):
    study = introduced(lang=lang)
    sheets = [b for b in section(study, "referral").blocks if hasattr(b, "columns")]
    said = "\n".join(
        [told(study), *(s.title + str(s.rows) + "".join(c.head for c in s.columns) for s in sheets)]
    )
    assert not re.search(r"\b[KV]\d\d\b", said)
    assert not re.search("|".join(STATISTICS), said, re.IGNORECASE)


def test_without_everybody_only_known_people_are_read(tmp_path, introduced, make):
    introduced()
    people = ["客户编号,下单次数,最近下单日期,累计消费", *(f"K{i:02d},1,2025-11-01,9" for i in range(1, 41))]
    study = make(people, tables=TABLES.replace(", everybody: true", ""))
    assert len(study.tables["referrals"]) == 7  # neither the three blank or unknown ones
    assert "次有人来" not in told(study)


def test_claimed_after_the_person_was_known(tmp_path, make):
    (tmp_path / "r.csv").write_text(
        "\n".join([HEAD, "K01,K02,2025-03-02,0", "K01,K03,2025-03-01,0"]), encoding="utf-8"
    )
    people = ["客户编号,注册日期,下单次数,最近下单日期,累计消费"]
    people += [f"K{i:02d},2025-03-01,1,2025-11-01,100" for i in range(1, 41)]
    assert "1 条是人已经在册以后才报的" in told(make(people, tables=TABLES))


def test_no_introductions_no_section(introduced, make):
    assert (
        section(introduced(["V01,K02,2025-03-01,0"]), "referral") is None
    )  # nobody known introduced anybody
    assert section(make(["客户编号,累计消费", *(f"K{i},9" for i in range(40))]), "referral") is None


def test_an_order_names_its_customer():
    source = ReferralSource.model_validate(
        {"from": "r", "columns": {"referrer_id": "order", "referred_id": "lead"}, "referrer": "order"}
    )
    tables = {"r": pd.DataFrame({"order": ["D1", None, "D9"], "lead": ["L5", "L6", "L7"]})}
    orders = pd.DataFrame({"order_id": ["D1", "D1", "D2"], "customer_id": ["L1", "L1", "L2"]})
    found = source.introductions(pd.DataFrame(), tables, orders)
    assert found["referrer_id"].fillna("").tolist() == ["L1", "", ""]
    assert source.introductions(pd.DataFrame(), tables, None) is None


# --- the samples ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_owners_club_is_found_again(sample: Callable[[str], Path]):
    """The data sheet: 218 members introduced 515 people, 384 came, 68 bought; K .31, four generations."""
    study = open_study(config=str(sample("realestate")), lang="zh")
    referral_report(study)
    kpis, sheet = study.model.kpis, table(study, "referral_generations")
    assert sheet.total[1] == 218 and sheet.total[5:] == [515, 384, 68] and len(sheet.rows) == 5
    assert kpis["referral_k"].value == 0.31 and kpis["referral_value"].value == 512_500_000
    said = told(study)
    assert "奖励一共 680,000.00 元" in said and "不等于多付奖励" in said
    (lines,) = [b.items for b in section(study, "referral").blocks if isinstance(b, Bullets)]
    assert study.say("referral.left_out.self_referral", n=3) in lines
    assert study.say("referral.left_out.cycle", n=2) in lines and len([w for w in lines if "→" in w]) == 2


@pytest.mark.slow
def test_the_dealers_owners_are_found_by_their_orders(sample: Callable[[str], Path]):
    """The data sheet: 180 introductions, three by oneself, five claimed late."""
    study = open_study(config=str(sample("auto")), lang="en")
    referral_report(study)
    (lines,) = [b.items for b in section(study, "referral").blocks if isinstance(b, Bullets)]
    assert study.say("referral.left_out.self_referral", n=3) in lines
    assert study.say("referral.late", n=5) in lines
    out = sum(int(re.search(r": (\d+)$", line)[1]) for line in lines if re.search(r": \d+$", line))
    total = table(study, "referral_generations").total
    assert out + total[5] == 180 and total[1] == study.model.kpis["referral_rate"].n == len(study.buyers)
