"""Words and numbers: the language that is chosen, and figures that read the same in both."""

from __future__ import annotations

import datetime as dt

import pytest

from segkit.locale import lang_or_default, percent, say

VARIABLES = ("SEGKIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture
def bare(monkeypatch) -> pytest.MonkeyPatch:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("wishes", "machine", "lang"),
    [
        (("en", "zh"), "zh_CN.UTF-8", "en"),
        ((None, "zh"), "en_US.UTF-8", "zh"),
        ((None, None), "en_GB.UTF-8", "en"),
        ((None,), "zh_TW.Big5", "zh"),
        ((), "fr_FR.UTF-8", "zh"),
        ((), "C.UTF-8", "zh"),
        ((), None, "zh"),
    ],
)
def test_option_then_config_then_locale_then_chinese(bare, wishes, machine, lang):
    if machine:
        bare.setenv("LANG", machine)
    assert lang_or_default(*wishes) == lang


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0.0%"),
        (1, "100.0%"),
        (0.99995, ">99.9%"),
        (0.00004, "<0.1%"),
        (0.705, "70.5%"),
        (12.345, "1,234.5%"),
    ],
)
def test_what_is_not_all_never_reads_as_all(share, text):
    assert percent(share) == text


def test_numbers_read_the_same_in_both_languages():
    facts = {"n": 3, "source": "a.csv", "as_of": dt.date(2025, 1, 2)}
    zh, en = (say("report.caption", lang, **facts) for lang in ("zh", "en"))
    assert "2025-01-02" in zh and "2025-01-02" in en and "n = 3" in zh and "n = 3" in en
