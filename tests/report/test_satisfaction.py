"""The survey in the report: figures with what they rest on, who did not answer, and what few answers cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tiny_clients import CONFIG, column, said_in, section, spent, table

from segkit.evaluate.survey import csat, nps
from segkit.locale import LANGS, Lang
from segkit.report.analysis import open_study
from segkit.report.model import Sheet
from segkit.report.sections.satisfaction import satisfaction
from segkit.report.study import Study

Surveyed = Callable[..., Study]
DAY = pd.Timestamp("2025-12-01")


@pytest.fixture
def surveyed(tmp_path: Path) -> Surveyed:
    """A study of 200 customers with answers (customer number, kind, score, days after the first of December)."""

    def made(answers: list[tuple], *, n: int = 200, lang: Lang = "zh") -> Study:
        (tmp_path / "a.csv").write_text("\n".join(spent(n)), encoding="utf-8")
        (tmp_path / "client.yml").write_text(CONFIG % ("customers", ""), encoding="utf-8")
        study = open_study(config=str(tmp_path / "client.yml"), lang=lang)
        rows = [(f"K{i}", kind, score, DAY + pd.Timedelta(days=later)) for i, kind, score, later in answers]
        study.tables["surveys"] = pd.DataFrame(rows, columns=["customer_id", "kind", "score", "date"])
        satisfaction(study)
        return study

    return made


def words(study: Study) -> str:
    return " ".join(said_in(section(study, "satisfaction")))


def many(kind: str, score: Callable[[int], float | None], n: int = 200) -> list[tuple]:
    return [(i, kind, score(i), 0) for i in range(1, n + 1)]


def test_the_figures_are_those_of_the_measures_and_the_table_adds_up(surveyed):
    scores = {i: None if i % 4 == 0 else (10 if i % 3 else 5) for i in range(1, 201)}
    study = surveyed(many("nps", scores.get) + many("csat", lambda i: 5 if i > 50 else 2))
    kpis = study.model.kpis
    expected = nps(scores.values())
    assert kpis["satisfaction_nps"].value == pytest.approx(expected.value)
    assert (kpis["satisfaction_nps"].n, kpis["satisfaction_csat"].value) == (150, 0.75)
    sheet = table(study, "satisfaction_nps")
    assert sum(column(sheet, "asked")) == sheet.total[1] == 200
    assert sum(column(sheet, "answered")) == sheet.total[2] == 150
    assert sheet.total[4:] == [pytest.approx(x) for x in (expected.value, expected.low, expected.high)]
    labels = study.customers.set_index("customer_id")[study.segmentation.main]
    for name, answered, value in zip(
        *(column(sheet, id) for id in ("segment", "answered", "value")), strict=True
    ):
        own = [s for i, s in scores.items() if study.label_name(labels[f"K{i}"]) == name]
        assert answered == sum(s is not None for s in own)
        assert value is None or value == pytest.approx(nps(own).value)


def test_the_latest_answer_of_a_customer_counts_once_and_none_after_the_day(surveyed):
    again = [(i, "csat", 5, 20) for i in range(1, 41)] + [(i, "csat", 1, 60) for i in range(1, 201)]
    study = surveyed(many("csat", lambda i: 1, 100) + again + [(1, "csat", None, 25)])
    kpi = study.model.kpis["satisfaction_csat"]
    assert (kpi.value, kpi.n) == (0.4, 100)


def test_who_answers_less_and_what_the_silent_could_change(surveyed):
    even = surveyed(many("nps", lambda i: None if i % 2 else 10))
    assert "比平均" not in words(even)
    half = surveyed(many("nps", lambda i: None if i > 100 else 10))
    said = words(half)
    assert "若都不愿推荐，净推荐值是 0；若都愿意，是 100" in said
    assert "比平均（50.0%）少" in said and "比平均（50.0%）多" in said


@pytest.mark.parametrize("lang", LANGS)
def test_few_answers_conclude_nothing_and_say_what_it_would_take(surveyed, lang):
    study = surveyed(
        [(i, kind, score, 0) for kind, score in (("nps", 9), ("csat", 4), ("ces", 6)) for i in range(1, 13)],
        lang=lang,
    )
    said = words(study)
    for needed in ("385",):  # 5 points either way of a share, 10 of -100..100 at worst
        assert said.count(needed) >= 2, said
    assert "多半" not in said and "would likely" not in said
    assert not re.search("[{}]|None|nan", said)


def test_segments_apart_are_told_from_segments_alike(surveyed):
    far = surveyed(many("csat", lambda i: 5 if i > 100 else 1))
    assert "不像偶然" in words(far)
    alike = surveyed(many("csat", lambda i: 5 if i % 2 else 1))
    assert "可能只是偶然" in words(alike) and "不像偶然" not in words(alike)


def test_impossible_scores_and_other_questions_are_counted_out_in_sight(surveyed):
    study = surveyed(
        many("nps", lambda i: 9, 60) + [(i, "nps", 42, 1) for i in range(61, 64)] + [(1, "taste", 3, 0)]
    )
    assert "3 份分数不成立" in words(study) and "1 行是别的题" in words(study)
    assert study.model.kpis["satisfaction_nps"].n == 60
    only = surveyed([(1, "taste", 3, 0)])
    assert "没有 nps、csat、ces" in words(only)


def test_without_a_survey_there_is_no_section_and_few_customers_have_no_groups(surveyed):
    study = surveyed(many("csat", lambda i: 4))
    sheet = table(study, "satisfaction_csat")
    study.model.sections.clear()
    del study.tables["surveys"]
    satisfaction(study)
    assert section(study, "satisfaction") is None
    assert [c.id for c in sheet.columns] == ["segment", "answered", "value", "low", "high"], "rate not known"
    few = surveyed(many("csat", lambda i: 4, 20), n=20)
    assert few.ranked and few.model.kpis["satisfaction_csat"].n == 20
    assert not [b for b in section(few, "satisfaction").blocks if isinstance(b, Sheet)]


@pytest.mark.parametrize("lang", LANGS)
def test_the_main_page_names_no_statistic(surveyed, lang):
    study = surveyed(
        many("nps", lambda i: i % 11) + many("csat", lambda i: i % 5 + 1) + many("ces", lambda i: i % 7 + 1),
        lang=lang,
    )
    shown = section(study, "satisfaction")
    said = " ".join([words(study), *(b.title + b.caption for b in shown.blocks if isinstance(b, Sheet))])
    assert not re.search(r"置信|confidence|Wilson|标准差|\bCI\b|[{}]|None|nan", said, re.IGNORECASE)
    assert csat([i % 5 + 1 for i in range(1, 201)]).value == study.model.kpis["satisfaction_csat"].value
