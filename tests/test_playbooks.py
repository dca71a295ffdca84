"""A trade as data: playbooks are checked whole, and used as far as the data goes."""

from __future__ import annotations

import pandas as pd
import pytest

from segkit.locale import has_term
from segkit.playbooks import apply, known_playbooks, load_playbook
from segkit.problems import InputProblems
from segkit.schemes.rfm import RFM

OWN = """
id: own
title: {zh: 自己的方案, en: Our own}
schemes:
  size: {kind: bands, column: monetary, cuts: [100, 1000], labels: [小, 中, 大], source: 示例参数}
main: size
policy:
  labels: {大: {touches: [{channel: phone, every_days: 30, minutes: 5, content: care_call}]}}
"""


def customers(**columns) -> pd.DataFrame:
    base = {"customer_id": list("abcd"), "monetary": [10.0, 500.0, 5000.0, 70.0]}
    return pd.DataFrame(base | columns)


def test_every_playbook_of_the_package_speaks_of_things_that_have_names():
    for name in known_playbooks():
        playbook = load_playbook(name)
        for label, entry in playbook.policy.labels.items():
            assert has_term(f"segment.{label}"), label
            for touch in entry.touches:
                assert has_term(f"content.{touch.content}") and has_term(f"channel.{touch.channel}")
        assert playbook.policy.source


def test_the_general_playbook_answers_every_label_of_every_map():
    labels = set(load_playbook("general").policy.labels)
    for name in ("eight", "eleven", "grid25"):
        assert set(RFM(segments=name).order()) - {"unknown"} <= labels


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_an_own_playbook_is_a_file_in_any_encoding(tmp_path, encoding):
    (tmp_path / "own.yml").write_bytes(OWN.encode(encoding))
    made = apply(load_playbook("own.yml", folder=tmp_path), customers())
    assert made.customers["size"].tolist() == ["小", "中", "大", "小"] and made.main == "size"


def test_every_problem_of_a_playbook_is_said(tmp_path):
    text = OWN.replace("every_days: 30", "every_days: 0").replace("minutes: 5", "minuten: 5")
    (tmp_path / "own.yml").write_text(text, encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        load_playbook("own.yml", folder=tmp_path)
    said = caught.value.text("zh")
    assert "every_days" in said and "minuten" in said and "minutes" in said


def test_an_unknown_playbook_names_the_nearest():
    with pytest.raises(InputProblems) as caught:
        load_playbook("generell")
    assert "general" in caught.value.text("en")


def test_a_scheme_without_its_columns_is_left_out_and_said():
    made = apply(load_playbook("general"), customers())
    assert made.main == "abc" and made.schemes.keys() == {"abc"}
    assert set(made.skipped) == {"rfm", "lifecycle"} and "recency_days" in made.skipped["rfm"]


def test_the_main_scheme_gives_way_when_it_can_label_nobody():
    unknown = customers(
        frequency=pd.array([None] * 4, dtype="Int64"), recency_days=pd.array([1, 2, 3, 4], dtype="Int64")
    )
    assert apply(load_playbook("general"), unknown).main == "abc"


def test_overrides_replace_by_name_and_their_mistakes_are_said_together():
    overrides = {"rfm": {"kind": "rfm", "segments": "eigth"}, "abc": {"kind": "paretto"}}
    with pytest.raises(InputProblems) as caught:
        apply(load_playbook("general"), customers(), overrides=overrides)
    said = caught.value.text("en")
    assert "eight" in said and "pareto" in said
