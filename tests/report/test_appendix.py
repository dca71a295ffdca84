"""The appendix on request: what customers will still buy, and how the schemes agree; or why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from tiny_clients import Make, column, counted, said_in, section, table

from segkit.config import load_config
from segkit.locale import LANGS
from segkit.problems import InputProblems
from segkit.report import sections
from segkit.report.analysis import open_study
from segkit.report.build import build
from segkit.report.sections import appendix_clv
from segkit.report.sections.appendix_clv import buys_again
from segkit.report.study import Study
from segkit.value.btyd import BGNBD, MBGNBD

ASKED = "sections: [clv, agreement]\n"


# --- the chance of a next purchase ---------------------------------------------------------------


def bought_later(model: BGNBD | MBGNBD, x: int, t_x: float, end: float, ahead: float, draws: int) -> float:
    """By trying: of customers of the model with just this history, how many buy in the next `ahead`.

    Draws rates and dropout chances, keeps those that made x purchases, and weighs each by how likely it is to
    have made the last at `t_x` and none since.
    """
    random = np.random.default_rng(5)
    rate = random.gamma(model.r, 1 / model.alpha, draws)
    leaves = random.beta(model.a, model.b, draws)
    stays = (1 - leaves) ** (x - 1 + model.chances) if x else np.ones(draws) * (1 - leaves) ** 0
    seen = rate**x * np.exp(-rate * t_x)  # x purchases, the last at t_x
    if x == 0 and not model.chances:
        alive, gone = np.exp(-rate * end), np.zeros(draws)
    elif x == 0:
        alive, gone = (1 - leaves) * np.exp(-rate * end), leaves
    else:
        alive = stays * (1 - leaves) * rate**x * np.exp(-rate * end)
        gone = stays * leaves * seen
    buys = alive * (1 - np.exp(-rate * ahead))
    return float(buys.sum() / (alive + gone).sum())


@pytest.mark.parametrize("kind", [BGNBD, MBGNBD])
@pytest.mark.parametrize(
    "x, t_x, end", [(0, 0.0, 38.86), (1, 1.71, 38.86), (2, 30.43, 38.86), (7, 29.43, 38.86)]
)
def test_the_chance_to_buy_again_is_that_of_the_model(kind, x, t_x, end):
    model = kind(r=0.243, alpha=4.414, a=0.793, b=2.426)
    summary = pd.DataFrame({"x": [x], "t_x": [t_x], "T": [end]})
    tried = bought_later(model, x, t_x, end, 13.0, 2_000_000)
    assert buys_again(model, summary, 13.0).iloc[0] == pytest.approx(tried, abs=0.006)


def test_the_chance_grows_with_time_up_to_being_a_customer():
    model = MBGNBD(r=0.9, alpha=9.0, a=0.5, b=2.7)
    summary = pd.DataFrame({"x": [0, 3, 9], "t_x": [0.0, 20.0, 50.0], "T": [52.0, 52.0, 52.0]})
    soon, later, ever = (buys_again(model, summary, t) for t in (1.0, 26.0, 1e9))
    assert (soon > 0).all() and (soon < later).all() and (later < ever).all()
    assert ever.to_numpy() == pytest.approx(model.p_alive(summary).to_numpy(), abs=1e-3)


# --- when it is there ----------------------------------------------------------------------------


@pytest.mark.slow
def test_nothing_is_added_unless_asked(make: Make):
    study = make(counted((40, 3, "2025-12-20", 200.0), (40, 1, "2025-06-20", 20.0)))
    assert not [s.id for s in study.model.sections if s.appendix]


@pytest.mark.parametrize(
    "given, near", [("[clv, agrement]", "agreement"), ("附录", None), ("[终身价值]", "clv")]
)
def test_a_section_that_is_none_is_named_with_the_likely_word(tmp_path: Path, given, near):
    (tmp_path / "a.csv").write_text("客户编号,累计消费\nK1,2\n", encoding="utf-8")
    path = tmp_path / "client.yml"
    path.write_text(f"client: {{id: t}}\ninput: {{customers: a.csv}}\nsections: {given}\n", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        load_config(path)
    (problem,) = caught.value.problems
    assert (
        problem.row == 3 and "clv" in problem.text("zh") and (near is None or near in problem.facts["near"])
    )


@pytest.mark.slow
def test_too_few_customers_for_groups_are_told_so_where_agreement_was_asked_for(make: Make):
    study = make(counted((12, 3, "2025-12-20", 200.0), (8, 1, "2025-06-20", 20.0)), more=ASKED)
    assert said_in(section(study, "agreement")) == [study.say("report.size.no_agreement", n=20, least=30)]


@pytest.mark.slow
def test_totals_without_orders_are_refused_with_the_reason(make: Make):
    study = make(counted((200, 3, "2025-12-20", 200.0), (200, 1, "2025-06-20", 20.0)), more=ASKED)
    assert said_in(section(study, "clv")) == [study.say("clv.refused"), study.say("clv.no_orders")]
    assert not [b for b in section(study, "clv").blocks if b.kind == "table"]


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
def test_too_few_who_came_back_are_refused_with_their_number(make: Make, lang):
    rows = [
        "订单号,客户编号,下单时间,实付金额",
        *(f"O{i},K{i % 350},2025-{i // 350 + 3:02}-{i % 28 + 1:02},10" for i in range(400)),
    ]
    study = make(rows, grain="orders", more=ASKED, lang=lang)
    refused = " ".join(said_in(section(study, "clv")))
    assert "350" in refused and "50" in refused and "100" in refused
    assert "clv" not in [b.id for b in section(study, "clv").blocks if b.kind == "table"]


@pytest.fixture(scope="module")
def shop(sample: Callable[[str], Path]) -> Study:
    path = sample("jd")
    text = path.read_text(encoding="utf-8")
    groups = "  groups: {kind: clusters, columns: [recency_days, frequency, monetary]}"
    text = re.sub(r"^schemes:.*$", lambda head: f"{head.group(0)}\n{groups}", text, flags=re.M)
    path.write_text(text + ASKED, encoding="utf-8")
    study = open_study(config=str(path), lang="zh")
    for made in (sections.definitions, sections.what_they_will_buy, sections.how_they_agree):
        made(study)
    return study


@pytest.mark.slow
def test_what_they_will_buy_is_said_in_plain_words_with_what_happened(shop):
    kpis, said = shop.model.kpis, said_in(section(shop, "clv"))
    back, once = kpis["buy_again"], kpis["buy_second"]
    assert back.n + once.n == 2941 and 0 < once.value < back.value < 100
    assert f"每 100 位老客户（买过两天以上，共 {back.n:,} 位）约 {back.value} 位会再买" in said[0]
    happened = int(said[1].split("每 100 位有 ")[1].split(" 位")[0])
    assert abs(happened - back.value) <= 6  # the model stands within a few of a hundred of what came


@pytest.mark.slow
def test_segments_add_up_and_the_rule_of_thumb_stands_beside(shop):
    sheet = table(shop, "clv")
    assert sum(column(sheet, "n")) == sheet.total[1] == 2941
    assert sum(column(sheet, "value")) == pytest.approx(sheet.total[4], abs=0.05)
    assert column(sheet, "segment")[0] == "high_value" or column(sheet, "again")[0] == max(
        column(sheet, "again")
    )
    holdout = table(shop, "clv_holdout")
    assert [c.id for c in holdout.columns] == ["x", "n", "actual", "model", "same_rate"]
    assert (
        holdout.rows[0][4] == 0.0 and holdout.rows[0][2] > 0.2
    )  # "as before" gives nothing to who bought once
    said = " ".join(said_in(section(shop, "clv")))
    for word in ("通过：", "MBG/NBD", "r 0.", "BG/NBD 一律算作", "照以前的频率", "模型更准"):
        assert word in said, word


@pytest.mark.slow
def test_the_money_expected_stands_beside_what_was_paid_and_simpler_reckonings(shop):
    ways = table(shop, "clv_ways")
    paid, expected, as_before, endless = column(ways, "value")
    assert expected == table(shop, "clv").total[4] and as_before > expected
    assert paid == pytest.approx(shop.customers["monetary"].sum(), abs=0.05)
    assert endless > as_before and "流失率" in ways.rows[3][0]


@pytest.mark.slow
def test_segments_too_small_for_averages_leave_the_table_without_a_best_one(shop, monkeypatch):
    found = appendix_clv._expected(shop)
    monkeypatch.setattr(appendix_clv, "LEAST_SHOWN", 10_000)
    sheet = appendix_clv._by_segment(shop, found)
    assert sheet.title == shop.say("clv.segments_small", least=10_000) and sheet.rows[0][2] is None


def test_orders_held_out_take_no_part_in_choosing_the_model():
    class Early:
        kind, log_likelihood, then = "early", -200.0, -10.0

        def fit(self, known):
            if known.empty:
                raise InputProblems([])
            return type("Fitted", (), {"log_likelihood": self.then})

    class Late(Early):
        kind, log_likelihood, then = "late", -100.0, -20.0

    both = [Late(), Early()]
    assert appendix_clv._likeliest(both, pd.DataFrame({"x": [1]})).kind == "early"
    assert appendix_clv._likeliest(both, pd.DataFrame({"x": []})).kind == "late"  # nothing else to go by


@pytest.mark.slow
def test_agreement_is_measured_pair_by_pair_and_the_rules_stand_beside_the_groups_found(shop):
    sheet = table(shop, "agreement")
    names = {shop.scheme_name(name) for name in shop.segmentation.schemes}
    k = len({*column(sheet, "first")} | {*column(sheet, "second")})
    assert len(sheet.rows) == k * (k - 1) / 2 and {*column(sheet, "first")} <= names
    measured = [v for v in column(sheet, "cramers_v") if v is not None]
    assert len(measured) > 3 and all(0 <= v <= 1 for v in measured)
    assert not [row for row in sheet.rows if row[2] == 3600]  # ABC puts who bought nothing into C
    assert "-0.0" not in [str(v) for v in column(sheet, "adjusted_rand")]
    cross = table(shop, "cross_groups")
    assert cross.total[-1] == 3600 == sum(row[-1] for row in cross.rows)
    assert [sum(row[1:-1]) for row in cross.rows] == [row[-1] for row in cross.rows]
    said = " ".join(said_in(section(shop, "agreement")))
    assert "轮廓系数" in said and "k-means" in said and "一致不等于正确" in said


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
def test_the_appendix_stands_apart_at_the_end_of_page_and_workbook(sample, lang):
    path = sample("client_export")
    path.write_text(path.read_text(encoding="utf-8") + "\n" + ASKED, encoding="utf-8")
    built = build(load_config(path), lang=lang)
    page = (built.folder / "report.html").read_text(encoding="utf-8")
    places = [page.index(f'<section id="{id}"') for id in ("definitions", "clv", "agreement")]
    assert places == sorted(places) and places[0] < page.index('<div class="appendix">') < places[1]
    sheets = openpyxl.load_workbook(built.folder / "customers.xlsx", read_only=True).sheetnames
    lead = ("附录", "Appendix")
    plan = pd.read_parquet((built.folder / "internal" / "plan.parquet").open("rb"))
    sheets = [name for name in sheets if name not in set(plan["owner"])]  # the owners' own, behind it
    assert [name.startswith(lead) for name in sheets] == [False] * (len(sheets) - 2) + [True, True]
