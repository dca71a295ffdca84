"""Policies: what is wrong with one in a client's file, what the data cannot give, and the package's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from segkit.followup.policy import LabelPolicy, Policy, Touch
from segkit.locale import LANGS
from segkit.playbooks import load_playbook
from segkit.playbooks.lacking import policy_gaps
from segkit.problems import InputProblems, Problem

OWN = """id: own
title: {zh: 自己的方案, en: Our own}
schemes:
  size: {kind: bands, column: monetary, cuts: [100, 1000], labels: [小, 中, 大], source: 示例参数}
main: size
policy:
  caps: {day: 1, week: 2, month: 6, channels: {sms: {week: 1, month: 2}}}
  hours: [[09:00, 12:00], [14:00, 20:00]]
  floor: {channel: phone, every_days: 180, minutes: 3, content: care_call, marketing: false}
  never_held: [大]
  labels:
    大:
      touches:
        - {channel: phone, every_days: 30, minutes: 5, content: care_call}
        - {channel: sms, on_days: [1, 7, 30], anchor: first_order, minutes: 1, content: welcome}
        - {channel: social, festivals: [spring_festival], minutes: 1, content: welcome}
"""


def problems(tmp_path: Path, *changes: tuple[str, str]) -> list[Problem]:
    text = OWN
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tmp_path / "own.yml").write_text(text, encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        load_playbook("own.yml", folder=tmp_path)
    return caught.value.problems


def test_a_policy_with_every_rhythm_is_read(tmp_path):
    (tmp_path / "own.yml").write_text(OWN, encoding="utf-8")
    policy = load_playbook("own.yml", folder=tmp_path).policy
    call, guide, greeting = policy.labels["大"].touches
    assert (call.every_days, guide.on_days, guide.anchor) == (30, (1, 7, 30), "first_order")
    assert greeting.festivals == ("spring_festival",) and policy.hours[0] == ("09:00", "12:00")
    assert policy.caps.channels["sms"].month == 2 and policy.never_held == ("大",)


@pytest.mark.parametrize(
    ("old", "new", "id", "row", "said"),
    [
        ("channel: phone, every_days: 30", "channel: fone, every_days: 30", "schemes.not_allowed", 14, "phone"),
        ("channel: phone, every_days: 30", "channel: 微信, every_days: 30", "schemes.not_allowed", 14, "social"),
        ("channel: phone, every_days: 30", "channel: 电话, every_days: 30", "schemes.not_allowed", 14, "phone"),
        ("channel: phone, every_days: 180", "channel: fone, every_days: 180", "schemes.not_allowed", 9, "phone"),
        ("[spring_festival]", "[春节]", "schemes.not_allowed", 16, "spring_festival"),
        ("content: care_call}\n", "content: care_call, owner: 共享}\n", "schemes.not_allowed", 14, "pooled"),
        ("sms: {week", "smss: {week", "schemes.not_allowed", 7, "sms"),
        ("week: 1, month: 2", "weeks: 1, month: 2", "schemes.key_near", 7, "week"),
        ("{day: 1, week: 2, month: 6,", "{day: 3, week: 2, month: 6,", "policy.caps_contradict", 7, "day: 3"),
        ("{day: 1, week: 2, month: 6,", "{day: 3,", "policy.caps_contradict", 7, "week: 2"),
        ("week: 1, month: 2", "week: 2, month: 1", "policy.caps_contradict", 7, "month: 1"),
        ("week: 1, month: 2", "month: 9", "policy.channel_cap", 7, "month: 9"),
        ("every_days: 30, minutes", "every_days: 30, yearly: born, minutes", "policy.one_rhythm", 14, "yearly"),
        ("every_days: 30, minutes", "minutes", "policy.one_rhythm_none", 14, "every_days: 30"),
        ("[1, 7, 30]", "[30, 7, 7, 1]", "policy.days_order", 15, "[1, 7, 30]"),
        ("[[09:00, 12:00], [14:00, 20:00]]", "[[09:00, 15:00], [14:00, 20:00]]", "policy.hours", 8, "12:00"),
        ("[[09:00, 12:00], [14:00, 20:00]]", "[9:00, 12:00]", "policy.hours", 8, "12:00"),
        ("[[09:00, 12:00], [14:00, 20:00]]", "早九晚八", "policy.hours", 8, "12:00"),
        ("never_held: [大]", "never_held: [大, 大大]", "policy.never_held", 10, "大"),
        ("  never_held", "  first: values\n  never_held", "schemes.not_allowed", 10, "value"),
        ("  never_held", "  costs: {hours: 60}\n  never_held", "schemes.key_near", 10, "hour"),
    ],
)  # fmt: skip
def test_a_mistake_of_the_policy_is_one_message_at_its_line(tmp_path, old, new, id, row, said):
    (problem,) = problems(tmp_path, (old, new))
    assert (problem.id, problem.row, problem.file) == (id, row, "own.yml")
    assert all(said in problem.text(lang) for lang in LANGS)


def test_mistakes_of_several_touches_are_said_together(tmp_path):
    found = problems(
        tmp_path,
        ("channel: phone, every_days: 30", "channel: fone, every_days: 30"),
        ("[1, 7, 30]", "[7, 1]"),
        ("{day: 1, week: 2, month: 6,", "{day: 3, week: 2, month: 6,"),
    )
    assert [(p.id, p.row) for p in found] == [
        ("policy.caps_contradict", 7),
        ("schemes.not_allowed", 14),
        ("policy.days_order", 15),
    ]


# --- what the data cannot give -----------------------------------------------------------------------


def touch(**rhythm: object) -> Touch:
    return Touch.model_validate({"channel": "phone", "minutes": 5, "content": "care_call", **rhythm})


def policy_of(**labels: list[Touch]) -> Policy:
    return Policy(labels={name: LabelPolicy(touches=tuple(given)) for name, given in labels.items()})


def test_a_date_nobody_has_is_named_with_what_hangs_on_it():
    policy = policy_of(
        new=[touch(on_days=[1, 7], anchor="first_order"), touch(yearly="first_order", content="welcome")],
        old=[touch(yearly="birthday")],
    )
    gaps = policy_gaps(policy, ["customer_id", "monetary"])
    assert [(g.id, g.facts["column"]) for g in gaps] == [
        ("policy.no_anchor", "first_order"),
        ("policy.no_anchor", "birthday"),
    ]
    assert gaps[0].facts["what_zh"].count("、") == 1  # a call and a welcome
    assert all("first_order" in gaps[0].text(lang) for lang in LANGS)
    assert policy_gaps(policy, ["first_order", "birthday"]) == []
    assert [g.facts["column"] for g in policy_gaps(policy, ["first_order"], labels=["new"])] == []


def test_a_date_nearly_there_is_offered():
    (gap,) = policy_gaps(policy_of(new=[touch(on_days=[1], anchor="first_ordr")]), ["first_order", "owner"])
    assert gap.id == "policy.no_anchor_near" and all("first_order" in gap.text(lang) for lang in LANGS)


def test_a_sequence_that_begins_with_the_plan_needs_no_date_and_urgency_its_column():
    policy = policy_of(late=[touch(on_days=[2, 7, 14], stop_after=3), touch(every_days=30)])
    assert policy_gaps(policy, []) == []
    (gap,) = policy_gaps(policy.model_copy(update={"urgency": "days_left"}), ["customer_id"])
    assert gap.id == "policy.no_urgency" and all("days_left" in gap.text(lang) for lang in LANGS)
