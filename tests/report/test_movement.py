"""Last month against this one: the tables add up in customers and money, and the words say what can be said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from tiny_clients import CONFIG, column, said_in, section, table

from segkit.locale import LANGS, Lang
from segkit.report.analysis import open_study
from segkit.report.model import Sheet
from segkit.report.previous import NO_ARMS, Previous
from segkit.report.sections.movement import how_the_mix_shifted, movement
from segkit.report.study import Study

HEAD = "客户编号,下单次数,最近下单日期,累计消费"
Months = Callable[..., Study]


def people(*groups: tuple[str, int, int, str, float]) -> list[str]:
    """Rows of (prefix, how many, orders, last order, money)."""
    rows = [HEAD]
    for prefix, n, orders, last, money in groups:
        rows += [f"{prefix}{i},{orders},{last},{money + i}" for i in range(n)]
    return rows


THEN = people(
    ("A", 40, 9, "2025-11-20", 9000), ("B", 120, 4, "2025-09-01", 900), ("C", 240, 1, "2025-03-01", 50)
)
# ten of A were refunded and are silent, C10..C29 rose, C0..C9 are gone, N are new
NOW = [
    HEAD,
    *[f"A{i},1,2024-12-01,{40 + i}" for i in range(10)],
    *[f"A{i},10,2025-12-20,{9900 + i}" for i in range(10, 40)],
    *[f"B{i},4,2025-09-01,{900 + i}" for i in range(120)],
    *[f"C{i},12,2025-12-25,{20000 + i}" for i in range(10, 30)],
    *[f"C{i},1,2025-03-01,{50 + i}" for i in range(30, 240)],
    *[f"N{i},2,2025-12-28,{300 + i}" for i in range(15)],
]


def studied(folder: Path, rows: list[str], lang: Lang) -> Study:
    """The study of one month, without its other sections."""
    folder.mkdir(exist_ok=True)
    (folder / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "client.yml").write_text(CONFIG % ("customers", ""), encoding="utf-8")
    return open_study(config=str(folder / "client.yml"), lang=lang)


def _keep_limits(this: Study, last: Study) -> None:
    """Labels of this month by the limits learned last month."""
    customers = this.customers
    for scheme in last.segmentation.schemes.values():
        known = [c for c in (scheme.name, *scheme.adds()) if c in customers]
        customers = scheme.label(customers.drop(columns=known))
    this.segmentation = replace(
        this.segmentation, customers=customers, schemes=last.segmentation.schemes, main=last.segmentation.main
    )
    why = this.segmentation.reasons(last.segmentation.main, customers, this.lang)
    this.customers = customers.assign(why=why)


@pytest.fixture
def months(tmp_path: Path) -> Months:
    """This month's study, which knows last month's."""

    def made(
        then: list[str] = THEN, now: list[str] = NOW, *, lang: Lang = "zh", same_limits: bool = True
    ) -> Study:
        last, this = (
            studied(tmp_path / f"{name}_{lang}", rows, lang) for name, rows in (("then", then), ("now", now))
        )
        if same_limits:
            _keep_limits(this, last)
        day = pd.Timestamp("2025-11-30").date()
        this.previous = Previous(
            tmp_path, "tiny", day, lang, day, day,
            last.customers.assign(customer_id=last.customers["customer_id"].astype(str)),
            last.plan.tasks, pd.DataFrame(columns=NO_ARMS), last.segmentation.schemes, None,
        )  # fmt: skip
        return this

    return made


def test_both_tables_add_up_in_customers_and_money(months):
    study = months()
    movement(study)
    balance = table(study, "movement")
    parts = [column(balance, id) for id in ("then", "came", "joined", "went", "left", "now")]
    for then, came, joined, went, left, now in zip(*parts, strict=True):
        assert then + came + joined + went + left == now
    assert balance.total is not None
    assert balance.total[1:7] == [400, balance.total[2], 15, -balance.total[2], -10, 405]
    labels = study.customers[study.segmentation.main]
    assert sorted(column(balance, "now"), reverse=True)[0] == labels.value_counts().max()
    then_money, now_money = (sum(column(balance, id)) for id in ("money_then", "money_now"))
    assert then_money == pytest.approx(study.previous.customers["monetary"].sum())
    assert now_money == pytest.approx(study.customers["monetary"].sum())
    ways = table(study, "movement_ways")
    assert ways.total is not None and ways.total[2] == sum(column(ways, "customers"))
    kpis = study.model.kpis
    up, down, joined, left = (kpis[f"movement_{id}"].value for id in ("up", "down", "joined", "left"))
    moved = 400 - 10 - int(re.search(r"(\d+) 位类别不变", " ".join(said_in(section(study, "movement"))))[1])
    assert up + down == moved and (joined, left) == (15, 10)
    assert ways.total[2] == up + down + joined + left


def test_who_rose_and_who_fell_with_what_changed_and_why(months):
    study = months()
    movement(study)
    up, down = table(study, "movement_up"), table(study, "movement_down")
    assert column(up, "monetary")[0] == 19950 and column(up, "frequency")[0] == 11
    assert (
        column(down, "monetary") == sorted(column(down, "monetary")) and column(down, "monetary")[0] == -8960
    )
    assert column(down, "recency_days")[0] == pytest.approx(354, abs=31)
    assert all(len(str(why)) > 4 for why in (*column(up, "why"), *column(down, "why")))
    assert not set(column(up, "who")) & {f"C{i}" for i in range(10, 30)}, "ids of persons are masked"
    finding = next(one for one in study.found if one.id == "movement")
    assert finding.n == 400 and "{" not in finding.claim + finding.evidence


@pytest.mark.parametrize("lang", LANGS)
def test_the_main_page_names_no_statistic_and_the_appendix_does(months, lang):
    study = months(lang=lang)
    movement(study)
    shown = section(study, "movement")
    assert shown is not None and not shown.appendix
    said = " ".join([*said_in(shown), *(b.title + b.caption for b in shown.blocks if isinstance(b, Sheet))])
    assert "PSI" not in said and not re.search("[{}]|None|nan", said)
    how_the_mix_shifted(study)
    assert section(study, "mix_shift") is None, "only when asked for"
    how_the_mix_shifted(replace(study, asked=("agreement",)))
    more = section(study, "mix_shift")
    assert more is not None and more.appendix and "PSI" in " ".join(said_in(more))
    rows = table(study, "mix_shift")
    assert rows.total is not None and rows.total[3] == pytest.approx(sum(column(rows, "part")))


def test_how_far_the_mix_has_shifted_in_words(months):
    little = [*THEN[:1], "A0,9,2024-11-20,20", *THEN[2:]]
    study = months(now=little)
    movement(study)
    assert "大体稳定" in " ".join(said_in(section(study, "movement")))
    far = people(("A", 200, 9, "2025-12-20", 9000), ("B", 200, 4, "2025-12-01", 9000))
    other = months(now=far, lang="en")
    movement(other)
    said = " ".join(said_in(section(other, "movement")))
    assert "call for action" in said and "0.1%" not in said, "half a customer is no share"


def test_the_same_list_twice_moves_nobody(months):
    study = months(now=THEN)
    movement(study)
    said = " ".join(said_in(section(study, "movement")))
    assert "和上次一样" in said and "400 位类别不变" in said
    ids = {block.id for block in section(study, "movement").blocks if isinstance(block, Sheet)}
    assert not ids & {"movement_ways", "movement_up", "movement_down"}
    assert not [one for one in study.found if one.id == "movement"]


def test_few_customers_cannot_tell_and_it_says_how_many_could(months):
    few = people(("A", 8, 9, "2025-11-20", 9000), ("B", 25, 1, "2025-09-01", 900))
    less = people(("A", 6, 9, "2025-11-20", 9000), ("B", 27, 1, "2025-09-01", 900))
    study = months(few, less)
    movement(study)
    said = " ".join(said_in(section(study, "movement")))
    assert "可能只是偶然" in said and re.search(r"大约 \d+ 位以上", said)


def test_without_last_month_there_is_no_section_and_without_classes_it_says_so(months):
    study = months()
    assert study.previous is not None
    main = study.segmentation.main
    study.previous = replace(study.previous, customers=study.previous.customers.drop(columns=main))
    movement(study)
    assert "无法比较" in " ".join(said_in(section(study, "movement")))
    study.model.sections.clear()
    study.previous = None
    movement(study)
    assert section(study, "movement") is None


def test_who_did_not_change_is_not_called_risen_because_limits_moved(months):
    study = months(same_limits=False)
    movement(study)
    said = " ".join(said_in(section(study, "movement")))
    found = re.search(r"有 (\d+) 位按上次的分界线并没有换", said)
    assert found is not None and int(found[1]) > 100
    up = table(study, "movement_up")
    assert column(up, "monetary")[0] == 19950 and 0 not in column(up, "frequency"), "only who really changed"
    other = months()
    movement(other)
    assert "按上次的分界线" not in " ".join(said_in(section(other, "movement")))
