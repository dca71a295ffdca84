"""Figures say their message with the right number, and hold out with awkward customers."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import warnings
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from segkit.charts import concentration, distributions, score_heatmap, segment_marks, segment_value
from segkit.charts.theme import Drawn, clipped, wrapped
from segkit.locale import LANGS, Lang

FACTS = {"source": "orders.csv", "as_of": dt.date(2018, 12, 31)}


def customers(n: int = 200, **columns: object) -> pd.DataFrame:
    draw = np.random.default_rng(7)
    frequency = np.where(np.arange(n) % 20 == 19, 0, np.minimum(draw.geometric(0.5, n), 30))
    bought = frequency > 0
    frame = pd.DataFrame(
        {
            "recency_days": pd.array(np.where(bought, draw.integers(0, 700, n), None), dtype="Int64"),
            "frequency": frequency,
            "monetary": np.round(frequency * draw.lognormal(5, 1, n), 2),
            "r_score": pd.array(np.where(bought, draw.integers(1, 6, n), None), dtype="Int64"),
            "f_score": pd.array(np.where(bought, draw.integers(1, 6, n), None), dtype="Int64"),
            "label": draw.choice(["champions", "new", "lost"], n),
        }
    )
    return frame.assign(**columns)


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.groupby("label").agg(customers=("label", "size"), monetary=("monetary", "sum")).reset_index()


DRAW: dict[str, Callable[[pd.DataFrame, Lang], Drawn]] = {
    "concentration": lambda frame, lang: concentration(frame, lang=lang, **FACTS),
    "score_heatmap": lambda frame, lang: score_heatmap(frame, lang=lang, **FACTS),
    "segment_value": lambda frame, lang: segment_value(summary(frame), lang=lang, **FACTS),
    "distributions": lambda frame, lang: distributions(frame, lang=lang, **FACTS),
}
AWKWARD = {
    "usual": customers(),
    "nobody": customers().head(0),
    "one": customers().head(1),
    "two equal": customers(2, frequency=3, monetary=50.0),
    "all equal": customers(recency_days=30, frequency=1, monetary=100.0, r_score=3, f_score=3),
    "worth nothing": customers(monetary=0.0),
    "more refunds than sales": customers(monetary=-10.0),
    "some negative": customers(monetary=np.where(np.arange(200) % 3, 80.0, -50.0)),
    "one whale": customers(monetary=np.where(np.arange(200) == 5, 9.87e9, 100.0)),
    "amounts in 万元": customers(monetary=np.linspace(0.0005, 0.95, 200)),
    "prospects only": customers(frequency=0, monetary=0.0, recency_days=None, r_score=None, f_score=None),
    "many segments": customers(label=[f"第 {i % 100} 类" for i in range(200)]),
    "wild names": customers(label=["$x_1$ <b>&\x01\n\U0001f600", "长" * 60] * 100),
    "index of another table": customers().set_index(pd.Index([7] * 200)),
}


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("case", AWKWARD)
@pytest.mark.parametrize("kind", DRAW)
def test_awkward_customers_are_drawn_without_a_warning(kind, case, lang):
    before = AWKWARD[case].copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = DRAW[kind](AWKWARD[case], lang)
        svg = drawn.svg()
    ElementTree.fromstring(svg)
    assert drawn.meta.id == kind
    assert drawn.meta.title and drawn.meta.alt and "nan" not in (drawn.meta.title + drawn.meta.alt).lower()
    assert "orders.csv" in drawn.meta.caption and "2018-12-31" in drawn.meta.caption
    assert all(len(series.values) == len(drawn.meta.chart.categories) for series in drawn.meta.chart.series)
    pd.testing.assert_frame_equal(AWKWARD[case], before)


@pytest.mark.parametrize("kind", DRAW)
def test_saved_figures_are_the_same_bytes_each_time(kind, tmp_path):
    first = DRAW[kind](customers(), "zh").save(tmp_path / "a")
    second = DRAW[kind](customers(), "zh").save(tmp_path / "b")
    assert first == second
    assert (first.svg, first.png) == (f"figures/{kind}.svg", f"figures/{kind}.png")
    for path in (first.svg, first.png):
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()


@pytest.mark.parametrize("kind", DRAW)
def test_the_svg_leaves_title_and_caption_to_the_page_and_keeps_its_words_as_text(kind):
    drawn = DRAW[kind](customers(), "zh")
    with_title = drawn.png()
    svg = drawn.svg().decode("utf-8")
    assert drawn.meta.title not in svg and "2018-12-31" not in svg
    assert "<text" in svg and "Noto Sans CJK SC" in svg
    assert drawn.png() == with_title  # saving one form leaves the other as it was


@pytest.mark.parametrize("kind", DRAW)
def test_both_languages_hold_the_same_numbers(kind):
    zh, en = (DRAW[kind](customers(), lang).meta.chart for lang in LANGS)
    assert [s.values for s in zh.series] == [s.values for s in en.series]


def test_concentration_counts_the_top_fifth():
    frame = pd.DataFrame({"monetary": [100.0] * 20 + [25.0] * 80 + [0.0, -5.0]})
    drawn = concentration(frame, lang="zh", **FACTS)
    assert drawn.meta.title == "前 20% 客户贡献 50% 金额"
    assert "n = 100" in drawn.meta.caption and "另有 2 位" in drawn.meta.caption
    curve = dict(zip(drawn.meta.chart.categories, drawn.meta.chart.series[0].values, strict=True))
    assert (curve["0%"], curve["20%"], curve["60%"], curve["100%"]) == (0, 0.5, 0.75, 1)


def test_concentration_of_few_customers_is_said_in_heads():
    drawn = concentration(pd.DataFrame({"monetary": [60.0, 30.0, 10.0]}), lang="en", **FACTS)
    assert drawn.meta.title == "The top 1 of 3 customers brings 60% of revenue"


def test_concentration_names_classes_that_follow_the_value_only():
    frame = pd.DataFrame({"monetary": [70.0, 20.0, 6.0, 4.0], "abc": ["A", "B", "C", "C"]})
    assert "C 类：50.0% 客户，10.0% 金额" in concentration(frame, lang="zh", **FACTS).meta.alt
    mixed = frame.assign(abc=["A", "C", "A", "C"])
    assert "A 类" not in concentration(mixed, lang="zh", **FACTS).meta.alt


def test_heatmap_counts_cells_and_shares_and_leaves_prospects_out():
    frame = pd.DataFrame(
        {
            "r_score": pd.array([5, 5, 1, None], dtype="Int64"),
            "f_score": pd.array([4, 4, 2, None], dtype="Int64"),
            "monetary": [30.0, 30.0, 40.0, 0.0],
        }
    )
    drawn = score_heatmap(frame, lang="en", **FACTS)
    assert drawn.meta.title == "67% of customers buy recently and often; they bring 60% of revenue"
    assert "n = 3" in drawn.meta.caption and "1 without scores" in drawn.meta.caption
    rows = {series.name: series.values for series in drawn.meta.chart.series}
    assert rows["R 5: customers"] == (0, 0, 0, 2, 0)
    assert rows["R 1: share of revenue"] == (0, 0.4, 0, 0, 0)


def test_segments_beyond_eight_are_one_bar_that_names_them():
    frame = pd.DataFrame(
        {
            "label": list("abcdefghijk"),
            "customers": range(11, 0, -1),
            "monetary": [10.0 * i for i in range(11, 0, -1)],
        }
    )
    drawn = segment_value(frame, lang="en", **FACTS)
    assert drawn.meta.chart.categories == (*"abcdefg", "4 other segments")
    people, held = (series.values for series in drawn.meta.chart.series)
    assert people == held
    assert sum(people) == pytest.approx(1, abs=1e-5)
    assert people[-1] == pytest.approx(10 / 66, abs=1e-6)
    assert "the 4 others are h, i, j, k" in drawn.meta.caption


def test_a_segment_in_the_red_does_not_lift_the_others_above_the_whole():
    frame = pd.DataFrame(
        {"label": ["new", "loyal", "lost"], "customers": [3, 2, 1], "monetary": [60.0, 30.0, -30.0]}
    )
    _, held = segment_value(frame, lang="zh", **FACTS).meta.chart.series
    assert held.values == (0.666667, 0.333333, None)


@pytest.mark.parametrize("lang", LANGS)
def test_where_one_segment_holds_all_the_money_customers_alone_are_drawn(lang):
    frame = pd.DataFrame(
        {"label": ["deal", "lead"], "name": ["Deal", "Lead"], "customers": [1, 9], "monetary": [500.0, 0.0]}
    )
    drawn = segment_value(frame, lang=lang, **FACTS).meta
    assert len(drawn.chart.series) == 1 and drawn.chart.categories == ("Lead", "Deal")
    assert "100%" not in drawn.title and "Lead" in drawn.title and "Deal" in drawn.caption


def test_a_kept_segment_has_its_bar_however_small():
    frame = pd.DataFrame({"label": list("abcdefghi"), "customers": range(9, 0, -1), "monetary": 0.0})
    drawn = segment_value(frame, lang="en", keep=["i"], **FACTS)
    assert drawn.meta.chart.categories == (*"abcdef", "i", "2 other segments")


def test_the_colours_are_those_of_the_whole_scheme(tmp_path):
    frame = pd.DataFrame({"label": ["b", "c"], "customers": [2, 1], "monetary": [2.0, 1.0]})
    drawn = segment_value(frame, labels=["a", "b", "c"], lang="en", **FACTS).save(tmp_path)
    svg = (tmp_path / drawn.svg).read_text(encoding="utf-8").lower()
    colours = {label: mark["colour"].lower() for label, mark in segment_marks(["a", "b", "c"], "en").items()}
    assert colours["a"] not in svg and colours["b"] in svg and colours["c"] in svg


def test_shares_are_of_all_totals_above_zero():
    # the only refunded customer is in "new": its share is of the 100 the others brought, not of the 80 net
    frame = pd.DataFrame(
        {"label": ["new", "lost"], "customers": [3, 1], "monetary": [40.0, 40.0], "positive": [60.0, 40.0]}
    )
    _, held = segment_value(frame, lang="zh", **FACTS).meta.chart.series
    assert held.values == (0.6, 0.4)


def test_grouped_segments_without_a_share_of_their_own_add_none():
    frame = pd.DataFrame(
        {
            "label": list("abcdefghij"),
            "customers": 5,
            "monetary": [*[100.0] * 8, 50.0, -10.0],
            "positive": [*[100.0] * 8, 50.0, 150.0],
        }
    )
    _, held = segment_value(frame, lang="zh", **FACTS).meta.chart.series
    assert held.values[-1] == pytest.approx((100 + 50) / 1000)


def test_the_heatmap_shares_the_same_hundred_per_cent():
    frame = pd.DataFrame({"r_score": [5, 1, None], "f_score": [5, 1, None], "monetary": [50.0, -20.0, 50.0]})
    drawn = score_heatmap(frame, lang="en", **FACTS)
    rows = {series.name: series.values for series in drawn.meta.chart.series}
    assert rows["R 5: share of revenue"] == (0, 0, 0, 0, 0.5)
    assert rows["R 1: share of revenue"] == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("scores", [(1, 1), (3, 5), (5, 3)])
def test_a_single_level_is_not_made_a_message(scores):
    r, f = scores
    frame = pd.DataFrame({"r_score": [r, r], "f_score": [1, f], "monetary": [5.0, 6.0]})
    title = score_heatmap(frame, lang="zh", **FACTS).meta.title
    assert title == "2 位客户的 R 分和 F 分"


def test_segments_take_their_names_from_the_terms_or_from_the_summary():
    frame = pd.DataFrame({"label": ["new", "lost"], "customers": [3, 1], "monetary": [10.0, 30.0]})
    assert segment_value(frame, lang="zh", **FACTS).meta.chart.categories == ("已流失", "新客户")
    named = frame.assign(name=["Fresh", "Gone"])
    assert segment_value(named, lang="en", **FACTS).meta.title == "Gone: 25% of customers, 75% of revenue"


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_the_same_for_all_has_no_panel_and_no_title(lang):
    frame = customers(100).assign(frequency=1)
    drawn = distributions(frame, lang=lang, **FACTS).meta
    assert [s.name[0] for s in drawn.chart.series] == ["R", "M"]
    assert "100%" not in drawn.title


@pytest.mark.parametrize("lang", LANGS)
def test_where_all_buy_often_the_bars_are_where_the_customers_are(lang):
    frame = customers(100).assign(frequency=range(20, 120))
    drawn = distributions(frame, lang=lang, **FACTS).meta
    bars = drawn.chart.series[1].values
    assert sum(1 for v in bars if v) > 3 and "F ≥8" not in drawn.chart.categories
    assert "0%" not in drawn.title and "69" in drawn.title


def test_distributions_count_everyone_once_and_group_the_tail():
    frame = customers(1000)
    drawn = distributions(frame, lang="zh", **FACTS)
    buyers = frame[frame["frequency"] > 0]
    for series in drawn.meta.chart.series:
        assert sum(v for v in series.values if v is not None) == len(buyers)
    bars = dict(zip(drawn.meta.chart.categories, drawn.meta.chart.series[1].values, strict=True))
    assert bars["F 1"] == (buyers["frequency"] == 1).sum()
    assert bars["F ≥8"] == (buyers["frequency"] >= 8).sum()


UNKNOWN = [
    (["recency_days"], "{once:.0%} 的客户只买过一次", "FM"),
    (["frequency"], "一半客户已有 {r:.0f} 天没下单", "RM"),
    (["recency_days", "frequency"], "一半客户的累计金额不超过 {m:.2f} 元", "M"),
]


@pytest.mark.parametrize("missing, title, panels", UNKNOWN)
def test_what_is_not_known_is_neither_drawn_nor_said(missing, title, panels):
    frame = customers()
    buyers = frame[frame["frequency"] > 0]
    once = (buyers["frequency"] == 1).mean()
    r, m = buyers["recency_days"].median(), buyers["monetary"].median()
    drawn = distributions(frame.assign(**dict.fromkeys(missing)), lang="zh", **FACTS)
    assert drawn.meta.title == title.format(once=once, r=r, m=m)
    assert "".join(series.name[0] for series in drawn.meta.chart.series) == panels
    drawn.svg()


def test_whoever_spent_money_bought_though_nobody_counted_the_orders():
    frame = customers(40, frequency=None)
    drawn = distributions(frame, lang="zh", **FACTS)
    assert f"n = {(frame['monetary'] > 0).sum()} 位客户" in drawn.meta.caption


def test_a_notebook_shows_the_picture_with_its_alt_text():
    data, metadata = DRAW["segment_value"](customers(), "en")._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"].startswith("Bar chart")


def test_a_notebook_keeps_what_the_picture_says_beside_it():
    drawn = DRAW["concentration"](customers(), "en")
    said = drawn._repr_mimebundle_()[1]["image/png"]["segkit"]
    assert (said["id"], said["title"]) == ("concentration", drawn.meta.title)
    [panel] = said["axes"]
    assert panel["x"] == "Share of customers (most revenue first)" and "20%" in panel["x_ticks"]
    two = DRAW["segment_value"](customers(), "en").axes()
    assert [panel["x_ticks"] for panel in two] == [[], []] and all(panel["heading"] for panel in two)
    assert "Champions" in two[0]["y_ticks"] and two[1]["y_ticks"] == []


def test_the_html_that_a_notebook_prefers_is_the_same_picture_with_the_alt_text_escaped():
    drawn = DRAW["segment_value"](customers(), "zh")
    said = 'A < B, "C" & D'
    drawn = dataclasses.replace(drawn, meta=drawn.meta.model_copy(update={"alt": said}))
    data, _ = drawn._repr_mimebundle_()
    tags: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append((tag, dict(attrs)))

    Reader().feed(data["text/html"])
    [(tag, attributes)] = tags
    assert (tag, attributes["alt"]) == ("img", said)
    assert (
        base64.b64decode(str(attributes["src"]).removeprefix("data:image/png;base64,")) == data["image/png"]
    )


def test_long_titles_break_between_words_and_before_no_comma():
    assert wrapped("one two three", 8) == "one two\nthree"
    assert wrapped("客户贡献，收入", 8) == "客户贡\n献，收入"
    assert wrapped("short", 40) == "short"
    assert clipped("客户客户", 5) == "客户…" and clipped("客户", 4) == "客户"
