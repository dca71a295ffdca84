"""The follow-up settings of client.yml as people write them: the team by name, consent in Chinese, names spelt apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from segkit.config import Config, parse_config
from segkit.problems import InputProblems, Problem


def read(block: str, folder: Path) -> Config:
    (folder / "orders.csv").write_text("x", encoding="utf-8")
    return parse_config(f"client: {{id: a}}\ninput: {{orders: orders.csv}}\n{block}\n", folder / "client.yml")


def refused(block: str, folder: Path) -> list[Problem]:
    with pytest.raises(InputProblems) as caught:
        read(block, folder)
    assert all(p.text("zh") and p.text("en") for p in caught.value.problems)
    return list(caught.value.problems)


def test_a_team_may_stand_by_name(tmp_path: Path) -> None:
    team = read("followup: {team: [张三, {id: 李四, minutes: 90}, 1001]}", tmp_path).followup.team
    assert [(m.id, m.minutes) for m in team or []] == [("张三", 240), ("李四", 90), ("1001", 240)]


def test_blanks_and_width_are_no_part_of_a_name(tmp_path: Path) -> None:
    team = read("followup:\n  team:\n    - ' 张三　'\n    - id: 'Ｌｉ  Na '\n", tmp_path).followup.team
    assert [m.id for m in team or []] == ["张三", "Li Na"]


@pytest.mark.parametrize(
    "team",
    [
        "[{id: 张三}, {id: '张三 '}]",
        "[张三, '张三　']",
        "[ZHANG, ＺＨＡＮＧ]",
        "[张三, 李四, '张 三']",
    ],
)
def test_one_person_written_twice_is_refused(team: str, tmp_path: Path) -> None:
    [problem] = refused(f"followup: {{team: {team}}}", tmp_path)
    assert (problem.id, problem.row) == ("config.member_twice", 3)


@pytest.mark.parametrize("team", ["[{id: '　'}]", "[' ']", "[{id: ''}]"])
def test_a_member_without_a_name_is_refused(team: str, tmp_path: Path) -> None:
    [problem] = refused(f"followup: {{team: {team}}}", tmp_path)
    assert problem.id == "config.empty" and problem.facts["key"] == "followup.team[1].id"


@pytest.mark.parametrize(
    ("word", "meant"),
    [("是", "yes"), ("已同意", "yes"), (" 已同意", "yes"), ("YES", "yes"), ("未知", "unknown")],
)
def test_consent_may_be_said_in_chinese(word: str, meant: str, tmp_path: Path) -> None:
    assert read(f"followup: {{consent: '{word}'}}", tmp_path).followup.consent == meant


@pytest.mark.parametrize("word", ["否", "no", "未同意", "不同意"])
def test_what_is_no_consent_is_never_taken_for_one(word: str, tmp_path: Path) -> None:
    [problem] = refused(f"followup: {{consent: {word}}}", tmp_path)
    assert problem.id == "config.not_one_of" and problem.facts["known"] == ["unknown", "yes"]


@pytest.mark.parametrize("said", ["reason: ' ', person: ' '", "reason: 回访, person: '　'", "reason: 回访"])
def test_blanks_answer_for_no_real_contacts(said: str, tmp_path: Path) -> None:
    [problem] = refused(f"privacy: {{contacts: real, {said}}}", tmp_path)
    assert (problem.id, problem.row) == ("config.real_contacts", 3)


def test_a_reason_keeps_its_own_signs(tmp_path: Path) -> None:
    block = "privacy: {contacts: real, reason: ' 回访（核对，更新） ', person: 王五}"
    assert read(block, tmp_path).privacy.reason == "回访（核对，更新）"


# --- channels ------------------------------------------------------------------------------------


def test_channels_are_called_as_people_call_them(tmp_path: Path) -> None:
    block = (
        "followup: {team: [{id: a, channels: [微信, ＱＱ, 电话, Visit, 社交消息]}, {id: b, channels: 短信}]}"
    )
    team = read(block, tmp_path).followup.team
    assert [m.channels for m in team or []] == [["social", "phone", "visit"], ["sms"]]


@pytest.mark.parametrize(
    ("word", "near"),
    [("fone", ["phone"]), ("传真", []), ("fax", []), ("电话或微信", []), ("emial", ["email"])],
)
def test_a_channel_that_is_none_is_guessed_only_where_a_word_is_near(
    word: str, near: list[str], tmp_path: Path
) -> None:
    [problem] = refused(f"followup: {{team: [{{id: a, channels: [电话, {word}]}}]}}", tmp_path)
    assert problem.id == ("config.not_one_of_near" if near else "config.not_one_of")
    assert problem.facts["near"] == near and ("是不是" in problem.text("zh")) is bool(near)
    assert word in problem.text("zh") and problem.facts["key"] == "followup.team[1].channels[2]"
