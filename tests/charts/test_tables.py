"""Tables as people read them: headings, classes, numbers, dates; the frame stays as it is."""

from __future__ import annotations

import pandas as pd
import pytest

from segkit.charts.tables import table_html, table_text


@pytest.fixture
def labelled() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": ["C1", "C2", "C3"],
            "last_order": pd.to_datetime(["2025-12-01", "2025-06-18", None]),
            "recency_days": pd.array([30, 196, None], dtype="Int64"),
            "monetary": [21895.034, 2830.0, 0.0],
            "rfm": ["key_value", "general_win_back", "prospect"],
            "abc": ["A", "B", "C"],
            "share": [0.8856, 0.1144, 0.0],
            "kept": [True, False, True],
        }
    )


def test_a_labelled_table_in_chinese(labelled):
    assert table_text(labelled, "zh").splitlines() == [
        "客户编号  最近下单    距上次下单（天）  累计金额（元）  RFM 分群      ABC 分类   占比  已做到",
        "C1        2025-12-01                30       21,895.03  重要价值客户  A 类      88.6%  是",
        "C2        2025-06-18               196        2,830.00  一般挽留客户  B 类      11.4%  否",
        "C3        —                          —            0.00  潜在客户      C 类       0.0%  是",
    ]


def test_and_in_english(labelled):
    lines = table_text(labelled, "en").splitlines()
    assert lines[0].split("  ")[:2] == ["Customer ID", "Last order"]
    assert "Key · value" in lines[1] and "21,895.03" in lines[1] and lines[1].endswith("yes")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_frame_is_never_changed(labelled, lang):
    before = labelled.copy(deep=True)
    table_text(labelled, lang), table_html(labelled, lang)
    pd.testing.assert_frame_equal(labelled, before)


def test_twelve_rows_then_how_many_more():
    frame = pd.DataFrame({"orders": range(1_500)})
    assert table_text(frame, "zh").splitlines()[-1] == "…另有 1,488 行，共 1,500 行"
    assert len(table_text(frame, "zh").splitlines()) == 1 + 12 + 1
    assert "<p>… 1,488 more rows of 1,500</p>" in table_html(frame, "en")
    assert "more" not in table_text(frame.head(12), "en")


def test_wide_tables_say_what_is_left_out():
    text = table_text(pd.DataFrame([range(25)]), "zh")
    assert text.endswith("…另有 5 列") and len(text.splitlines()[0].split()) == 20


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        ("x", [1.5, 2.0], ["1.5", "2.0"]),
        ("x", [1.256, 2.0], ["1.26", "2.00"]),
        ("x", [1234.0, 2.0], ["1,234", "2"]),
        ("x", [0.00042, 3.1], ["0.00042", "3.10"]),
        ("year", [2024, 2025], ["2024", "2025"]),
        ("order_id", [100234, 5], ["100234", "5"]),
        ("复购率", [0.25, -0.1], ["25.0%", "-10.0%"]),
        ("exchange_rate", [7.1, 7.2], ["7.1", "7.2"]),
        ("shared", [0.25, 0.5], ["0.25", "0.50"]),
        (
            "x",
            pd.to_datetime(["2025-01-02 08:30", "2025-01-03 00:00"]),
            ["2025-01-02 08:30", "2025-01-03 00:00"],
        ),
        ("x", [float("nan"), 1e-9], ["—", "1.0e-09"]),
    ],
)
def test_forms_of_cells(name, values, shown):
    lines = table_text(pd.DataFrame({name: values}), "zh").splitlines()
    assert [line.strip() for line in lines[1:]] == shown


@pytest.mark.parametrize(
    ("name", "values", "known"),
    [
        ("rfm", ["champions", "lost"], True),
        ("rfm", ["champions", "my own class"], False),  # not all are classes
        ("by_hand", ["key_value", "key_keep"], True),  # unmistakable
        ("answer", ["A", "B"], False),  # might be anything
        ("my_abc", ["A", "B"], True),
        ("tier", ["gold", "platinum"], True),
        ("status", ["new", "lost"], False),
        ("by_hand", ["key_value", "champions"], False),  # of two schemes
    ],
)
def test_ids_of_classes_are_named_only_where_they_are_ids(name, values, known):
    text = table_text(pd.DataFrame({name: values}), "zh")
    assert (text.splitlines()[1] != values[0]) == known
    assert text == table_text(pd.DataFrame({name: pd.Categorical(values)}), "zh")


def test_the_index_is_shown_where_it_says_something():
    frame = pd.DataFrame({"orders": [3, 4, 5]})
    assert table_text(frame[frame["orders"] > 3], "zh").splitlines() == ["订单数", "     4", "     5"]
    named = frame.set_axis(pd.Index(["A", "B", "C"], name="abc"))
    assert table_text(named, "zh").splitlines()[:2] == ["ABC 分类  订单数", "A 类           3"]


def test_counts_by_two_schemes_have_their_classes_at_both_sides():
    labels = pd.DataFrame({"rfm": ["key_value", "key_value", "key_keep"], "abc": ["A", "B", "A"]})
    text = table_text(pd.crosstab(labels["rfm"], labels["abc"], margins=True), "zh")
    assert text.splitlines() == [
        "RFM 分群      A 类  B 类  合计",
        "重要保持客户     1     0     1",
        "重要价值客户     1     1     2",
        "合计             2     1     3",
    ]


def test_a_row_and_a_series(labelled):
    assert table_text(labelled.loc[1], "zh").splitlines()[2].split() == ["距上次下单（天）", "196"]
    assert table_text(labelled["abc"].value_counts(normalize=True), "zh").splitlines()[:2] == [
        "ABC 分类   占比",
        "A 类      33.3%",
    ]


def test_outer_levels_stand_where_they_change():
    frame = pd.DataFrame({"abc": ["A", "A", "B"], "lifecycle": ["first", "loyal", "first"], "n": [1, 2, 3]})
    lines = table_text(frame.set_index(["abc", "lifecycle"]), "en").splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == ["Class A", "", "Class B"]


def test_html_is_escaped_and_aligned():
    page = table_html(pd.DataFrame({"<b>": ["<script>"], "orders": [1200]}), "zh")
    assert "<script>" not in page and "&lt;script&gt;" in page and "&lt;b&gt;" in page
    assert '<td style="text-align: right; white-space: nowrap">1,200</td>' in page


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(), pd.DataFrame({"orders": []}), pd.Series([], dtype="float64")]
)
def test_nothing_to_show_is_said(frame):
    assert table_text(frame, "en").endswith("(no rows)") and "（没有行）" in table_html(frame, "zh")
