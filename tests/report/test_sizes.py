"""What a report makes of 29, 30, 299 and 300 customers."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from tiny_clients import Make, column, section, table, words

from segkit.config import load_config
from segkit.locale import LANGS
from segkit.playbooks import load_playbook, schemes_of
from segkit.report.build import build
from segkit.report.sizes import FEWEST_GROUPED, FEWEST_LEARNED, sized

GROUPED = {"classes", "segments", "needs", "industry", "region"}
ELEVEN = {"champions", "loyal", "lost", "hibernating", "at_risk", "new"}


def client(n: int) -> list[str]:
    """Customers of different money and recency; nobody is like another."""
    head = "客户编号,下单次数,最近下单日期,累计消费,省份"
    rows = [f"K{i},{i % 5 + 1},2025-{i % 12 + 1:02}-{i % 28 + 1:02},{10 * i},{'江苏浙江'[i % 2 * 2 :][:2]}省" for i in range(1, n + 1)]  # fmt: skip
    return [head, *rows]


def kinds(playbook: object) -> dict[str, str]:
    return {name: scheme.kind for name, scheme in schemes_of(playbook).items()}


# --- the rule ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 29])
def test_below_30_no_scheme_is_left_that_learns_from_the_others(n):
    playbook, notes = sized(load_playbook("general"), {"groups": {"kind": "clusters"}}, n)
    assert all(scheme.fitted for scheme in schemes_of(playbook).values())
    assert [note.id for note in notes] == ["report.size.ranked"]
    assert playbook.main in playbook.schemes


@pytest.mark.parametrize("n", [30, 299])
def test_below_300_the_maps_that_need_many_give_way_to_eight(n):
    given = {"groups": {"kind": "clusters"}, "cells": {"kind": "rfm", "segments": "grid25"}}
    playbook, notes = sized(load_playbook("general"), given, n)
    schemes = schemes_of(playbook)
    assert {schemes[name].segments for name in ("rfm", "cells")} == {"eight"}
    assert "groups" not in schemes and {"abc", "lifecycle"} <= {*schemes}
    assert sorted(note.id for note in notes) == [
        "report.size.eight",
        "report.size.eight",
        "report.size.no_clusters",
    ]
    for lang in LANGS:
        assert all(str(n) in note.text(lang) and "300" in note.text(lang) for note in notes)


def test_from_300_on_everything_is_as_it_was_asked():
    general = load_playbook("general")
    playbook, notes = sized(general, {"groups": {"kind": "clusters"}}, 300)
    assert notes == [] and playbook.main == general.main
    assert kinds(playbook) == {**kinds(general), "groups": "clusters"}
    assert schemes_of(playbook)["rfm"].segments == "eleven"


def test_what_was_fitted_last_month_stays():
    import pandas as pd

    from segkit.schemes.rfm import RFM

    n = 400
    customers = pd.DataFrame({"customer_id": range(n), "recency_days": range(n), "frequency": [i % 9 + 1 for i in range(n)], "monetary": [float(i) for i in range(n)]})  # fmt: skip
    fitted = RFM().fit(customers).to_dict()
    playbook, notes = sized(load_playbook("general"), {"rfm": fitted}, 40)
    assert schemes_of(playbook)["rfm"].segments == "eleven" and not notes


# --- the report ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("n, grouped", [(29, False), (30, True)])
def test_29_customers_are_put_in_order_30_into_groups(make: Make, n: int, grouped: bool):
    study = make(client(n))
    ids = {s.id for s in study.model.sections}
    assert ("segments" in ids, "ranking" in ids) == (grouped, not grouped)
    if not grouped:
        assert not GROUPED & ids
        assert study.say("report.few", n=n, least=FEWEST_GROUPED, share=1 / n) in words(study)


@pytest.mark.slow
@pytest.mark.parametrize("n, eight", [(299, True), (300, False)])
def test_299_customers_are_eight_segments_300_eleven(make: Make, n: int, eight: bool):
    study = make(client(n), more="sections: [clv]\n")
    labels = set(column(table(study, "segments"), "segment"))
    assert (labels <= {*study.segmentation.schemes["rfm"].order()}) and (bool(labels & ELEVEN) is not eight)
    reasons = " ".join(block.text for block in section(study, "clv").blocks if block.kind == "text")
    refused = study.say("report.size.no_clv", n=n, least=FEWEST_LEARNED)
    assert (refused in reasons) is eight


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
def test_the_order_is_by_money_then_by_who_bought_last(make: Make, lang):
    rows = ["客户编号,下单次数,最近下单日期,累计消费", "A,1,2025-06-01,50", "B,1,2025-12-01,50", "C,1,2025-01-01,70", "D,0,,0", "E,1,2025-12-01,50"]  # fmt: skip
    study = make(rows, lang=lang)
    ranking = table(study, "ranking")
    assert column(ranking, "rank") == ["1", "2", "2", "4", "5"]
    assert column(ranking, "monetary") == [70.0, 50.0, 50.0, 50.0, 0.0]
    assert study.customers["customer_id"].tolist() == ["C", "B", "E", "A", "D"]
    why = column(ranking, "why")
    assert "70.00" in why[0] and why[1] == why[2] and why[0] != why[3]
    assert study.say("report.rank.shared", rank=2, n=5, facts=[study.say("report.rank.money", money=50.0), study.say("report.rank.days", days=30)]) == why[1]  # fmt: skip


@pytest.mark.slow
def test_neither_page_nor_workbook_puts_29_customers_into_a_segment(tmp_path: Path):
    (tmp_path / "a.csv").write_text("\n".join(client(29)), encoding="utf-8")
    (tmp_path / "client.yml").write_text("client: {id: tiny}\nlang: zh\nas_of: 2025-12-31\ninput: {customers: a.csv}\n", encoding="utf-8")  # fmt: skip
    built = build(load_config(tmp_path / "client.yml"))
    page = (built.folder / "report.html").read_text(encoding="utf-8")
    book = openpyxl.load_workbook(built.folder / "customers.xlsx")
    cells = [str(c.value) for name in ("跟进清单", "客户清单") for row in book[name].iter_rows() for c in row]
    for name in ("重要价值客户", "冠军客户", "忠诚客户", "初次购买", "A 类", "客户分群"):
        assert name not in page.replace("<title>客户分类与跟进报告", "") and name not in cells, name
    listed = book["客户清单"]
    heads = [c.value for c in listed[1]]
    ranks = [row[heads.index("名次")] for row in listed.iter_rows(min_row=2, values_only=True)]
    assert ranks == [*range(1, 30)]
    calls = book["跟进清单"]
    assert calls.max_row == 1 + 29 and "K***" in page  # everybody is called; the page shows no whole id
    assert "K28" not in page and "K28" in cells
