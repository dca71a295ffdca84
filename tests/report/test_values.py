"""One form per unit, the same in both languages."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from segkit.report.render.values import headed, is_numbered, shown, unit_word
from segkit.schemes.wording import value_text

FORMS = [
    (1234, "count", "1,234"),
    (1234.5, "money", "1,234.50"),
    (-0.5, "money", "-0.50"),
    (0.705, "share", "70.5%"),
    (12.0, "days", "12"),
    (12.34, "days", "12.3"),
    (1.4222, "times", "1.42"),
    (46.0833, "hours", "46.1"),
    (np.int64(7), "count", "7"),
    ("C001", "id", "C001"),
    (dt.date(2018, 12, 31), "date", "2018-12-31"),
    (pd.Timestamp("2018-12-31 10:00"), "date", "2018-12-31"),
    ("<b>", "text", "<b>"),
    (None, "money", "—"),
    (float("nan"), "share", "—"),
    (float("inf"), "times", "—"),
    (pd.NA, "count", "—"),
    (pd.NaT, "date", "—"),
]


@pytest.mark.parametrize("value, unit, text", FORMS)
def test_a_value_takes_the_form_of_its_unit(value, unit, text):
    assert shown(value, unit, "zh") == shown(value, unit, "en") == text


def test_a_number_already_in_words_stays():
    assert shown("1,234", "count", "zh") == "1,234"


def test_heads_and_cards_name_the_unit_once():
    assert headed("累计金额", "money", "zh") == "累计金额（元）"
    assert headed("累计金额（元）", "money", "zh") == "累计金额（元）"
    assert headed("Recency", "days", "en") == "Recency (days)"
    assert headed("Customers", "count", "en") == "Customers"
    assert unit_word("money", "zh", "USD") == "USD" and unit_word("share", "zh") == ""
    assert headed("Hours", "hours", "en") == "Hours"


def test_a_line_with_its_own_number_needs_no_bullet():
    assert is_numbered("1. “A 类”：…") and is_numbered("12. x")
    assert not is_numbered("1.5 倍") and not is_numbered("共 8 条规则") and not is_numbered("")


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.015873, "1.02"), (0.996, "0.996"), (1.0, "1"), (3.25, "3.25"), (-0.333333, "-0.33"), (0.0, "0")],
)
def test_a_figure_in_a_reason_has_two_decimals_and_is_whole_only_where_it_is(value: float, said: str):
    assert value_text("plain", value, "zh") == said
