"""One list of words for channels and outcomes: whoever reads a cell, the same word means the same."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pandas as pd
import pytest
from returned_sheets import table, task

from segkit.followup.policy import CHANNELS, opted_out_of
from segkit.intake.contact_words import (
    broad_words,
    channel_words,
    is_effective,
    outcome_told,
    outcome_words,
)
from segkit.intake.reading import read_table
from segkit.intake.side_grains import open_side, shaped, suggest_side
from segkit.locale import LANGS, name_of
from segkit.locale.spelling import plain_word
from segkit.report.returned import read_returned
from segkit.report.returned_words import OUTCOMES, channel_of, outcome_of

SPOKEN = [(word, channel) for channel, words in channel_words().items() for word in words]
RESULTS = [(word, outcome) for outcome, words in outcome_words().items() for word in words]


@pytest.fixture(scope="module")
def in_a_log(tmp_path_factory) -> pd.DataFrame:
    """A client's own log with every word once: `said` is the word."""
    path = tmp_path_factory.mktemp("log") / "跟进.csv"
    rows = [f"C{i},2025-12-01,{word},,{word}" for i, (word, _) in enumerate(SPOKEN)]
    rows += [f"R{i},2025-12-01,,{word},{word}" for i, (word, _) in enumerate(RESULTS)]
    path.write_text("\n".join(["客户编号,联系日期,跟进方式,结果,说法", *rows]), encoding="utf-8")
    read = read_table(path)
    return shaped(
        "contacts", open_side(read, suggest_side(read, "contacts")).up_to(dt.date(2025, 12, 31))
    ).frame


def test_every_word_means_one_thing_and_is_written_as_it_is_compared() -> None:
    for words in (SPOKEN, RESULTS):
        counts = Counter(plain_word(word) for word, _ in words)
        assert {*counts} == {word for word, _ in words} and set(counts.values()) == {1}
    assert {*channel_words()} == {*CHANNELS} and {*outcome_words()} == {*OUTCOMES}
    assert {*broad_words()} < {word for word, _ in SPOKEN}


def test_a_channel_is_the_same_in_a_log_a_returned_sheet_and_a_refusal(in_a_log) -> None:
    logged = in_a_log[in_a_log["customer_id"].str.startswith("C")]
    assert logged["channel"].tolist() == [channel for _, channel in SPOKEN]
    for word, channel in SPOKEN:
        assert channel_of(word) == channel, word
        refused = opted_out_of(word)
        assert channel in refused and (refused == {*CHANNELS}) is (word in broad_words()), word


def test_what_came_of_a_contact_is_the_same_in_a_log_and_a_returned_sheet(in_a_log) -> None:
    logged = in_a_log[in_a_log["customer_id"].str.startswith("R")]
    for (word, outcome), row in zip(RESULTS, logged.to_dict("records"), strict=True):
        assert outcome_of(word) == outcome == outcome_told(word), word
        assert (row["effective"] is False) is (is_effective(outcome) is False), word
        assert (row["outcome"] == "opted_out") is (outcome == "opted_out"), word


@pytest.mark.parametrize("lang", LANGS)
def test_the_names_on_the_sheets_are_known_everywhere(lang) -> None:
    for channel in CHANNELS:
        name = name_of("channel", channel, lang)
        assert channel_of(name) == channel and channel in opted_out_of(name)
    for outcome in OUTCOMES:
        name = name_of("contact_outcome", outcome, lang)
        assert outcome_of(name) == outcome == outcome_told(name)


@pytest.mark.parametrize(
    ("word", "channel"),
    [("钉钉", "social"), ("QQ", "social"), ("朋友圈", "social"), ("旺旺", "social"), ("视频", "social"), ("家访", "visit")],
)  # fmt: skip
def test_words_one_reader_knew_are_known_to_all(tmp_path, word: str, channel: str) -> None:
    row = task(0, status="已完成", done_on="2026-01-06", channel=word)
    told = read_returned([table(tmp_path, [row])])
    assert told.contacts["channel"].tolist() == [channel] and opted_out_of(word) == {channel}
