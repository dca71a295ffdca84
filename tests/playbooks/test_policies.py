"""Policies: what is wrong with one in a client's file, what the data cannot give, and the package's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from segkit.followup.policy import PERSONAL, PLAN_START, LabelPolicy, Policy, Touch
from segkit.locale import LANGS, has_message, has_term, say, term
from segkit.playbooks import known_playbooks, load_playbook, schemes_of
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
        ("channel: phone, every_days: 30", "channel: fax, every_days: 30", "schemes.not_one_of", 14, "phone"),
        ("channel: phone, every_days: 180", "channel: fone, every_days: 180", "schemes.not_allowed", 9, "phone"),
        ("[spring_festival]", "[春节]", "schemes.not_allowed", 16, "spring_festival"),
        ("content: care_call}\n", "content: care_call, owner: 共享}\n", "schemes.not_allowed", 14, "pooled"),
        ("sms: {week", "smss: {week", "schemes.not_allowed", 7, "sms"),
        ("week: 1, month: 2", "weeks: 1, month: 2", "schemes.key_near", 7, "week"),
        ("week: 1, month: 2", "channel: 1, month: 2", "schemes.key_unknown", 7, "month"),
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


# --- the package's own -------------------------------------------------------------------------------

# classes nobody may be contacted in, on purpose
LEFT_ALONE = {"partner": {"campaign_only", "statistics_only", "withdrawn", "refused", "not_on_file"}}
UNNAMED = {"unknown", "unlisted"}
# what is done for a customer who has asked for it or bought: no consent to marketing is needed
SERVICE = {
    "account_visit", "ask_consent", "ask_needs", "ask_the_date", "budget_talk", "car_anniversary", "care_call",
    "closing_call", "closing_visit", "delivery_update", "family_visit_invite", "festival_greeting", "find_again", "first_follow_up",
    "handover_call", "home_visit_talk", "install_call", "level_review", "maintenance_call", "maintenance_tips",
    "need_call", "need_visit", "onboarding_call", "open_case_call", "owner_care_call", "progress_call", "recheck_visit",
    "referral_follow_up", "regular_follow_up", "satisfaction_survey", "second_visit_invite", "service_promise",
    "service_visit", "start_of_course", "stretch_task", "test_drive_invite", "training_invite", "tutoring_call",
    "wealth_review", "welcome",
}  # fmt: skip
# of these only what a person says to a person may pass for service
SPOKEN_ONLY = {
    "budget_talk",
    "festival_greeting",
    "test_drive_invite",
    "need_call",
    "wealth_review",
    "service_promise",
}
# words of a content that only one channel can carry out, in the zh and en of terms.yml
CARRIED_BY = {
    "visit": ("上门", "拜访：", "Visit:", "Visit with", "Service visit:"),
    "phone": ("电话", "Call:", "Call about", "call:", "Call the", "Call as"),
    "email": ("邮件", "E-mail"),
}
SEVERAL = {"find_again"}  # names its channels in turn
# the first contact of a class, of which the findings of a report speak
FIRST = {
    ("general", "key_keep"): ("phone", "win_back_call"),
    ("general", "cannot_lose"): ("phone", "win_back_call"),
    ("general", "at_risk"): ("phone", "win_back_call"),
    ("general", "key_win_back"): ("phone", "win_back_call"),
    ("general", "champions"): ("phone", "care_call"),
    ("general", "new"): ("social", "welcome"),
    ("general", "prospect"): ("sms", "first_purchase_offer"),
    ("jd", "high_value"): ("phone", "care_call"),
    ("jd", "prospect"): ("sms", "first_purchase_offer"),
    ("auto", "level_h"): ("phone", "test_drive_invite"),
    ("realestate", "grade_b_plus"): ("phone", "second_visit_invite"),
    ("alibaba", "lead_a"): ("visit", "closing_visit"),
    ("bank", "private"): ("visit", "wealth_review"),
    ("health", "out_of_reach"): ("visit", "find_again"),
    ("education", "group_c"): ("phone", "tutoring_call"),
    ("appliance", "vip_waiting"): ("phone", "open_case_call"),
    ("retail", "often_dear"): ("phone", "premium_membership"),
    ("needs", "mixed"): ("survey", "ask_needs"),
}
# intervals that have a source of their own
CADENCE = {
    "auto": {"level_h": 2, "level_a": 7, "level_b": 14, "level_c": 30, "level_ordered": 7},
    "health": {
        "urgent": 14,
        "over_again": 14,
        "over_limit": 14,
        "first_followup": 14,
        "in_order_critical": 30,
        "in_order": 90,
        "out_of_reach": 90,
        "no_consent": 180,
    },
}
SAMPLE = {"zh": "示例参数", "en": "sample parameter"}
OWN_POLICIES = known_playbooks()


def every_touch(name: str) -> list[tuple[str, Touch]]:
    policy = load_playbook(name).policy
    return [(label, touch) for label, entry in policy.labels.items() for touch in entry.touches]


@pytest.mark.parametrize("name", OWN_POLICIES)
def test_every_class_has_a_strategy_or_is_left_alone_on_purpose(name):
    playbook = load_playbook(name)
    given = {*schemes_of(playbook)[playbook.main].order()} - UNNAMED
    ruled = playbook.policy.labels
    assert given - {*ruled} == LEFT_ALONE.get(name, set())
    assert all(entry.strategies and len(entry.strategies) <= 6 for entry in ruled.values())


@pytest.mark.parametrize("name", OWN_POLICIES)
def test_contents_and_strategies_have_words_in_both_languages(name):
    entries = load_playbook(name).policy.labels.values()
    ids = {f"strategy.{id}" for entry in entries for id in entry.strategies}
    ids |= {f"content.{touch.content}" for _, touch in every_touch(name)}
    assert not [id for id in ids if not has_term(id) or not all(term(id, lang).strip() for lang in LANGS)]
    about = {id.replace("strategy.", "strategy.about.") for id in ids if id.startswith("strategy.")}
    assert not [id for id in about if not has_message(id)]
    for id in about:  # the explanation begins with the name
        named = term(id.replace(".about.", "."), "zh").removesuffix("（到时即停）")
        assert say(id, "zh").startswith(named), id


@pytest.mark.parametrize("name", OWN_POLICIES)
def test_a_policy_says_where_its_numbers_come_from(name):
    policy = load_playbook(name).policy
    for lang in LANGS:
        assert SAMPLE[lang] in policy.source_text(lang)
        assert SAMPLE[lang] in policy.costs.source[lang]


@pytest.mark.parametrize("name", OWN_POLICIES)
def test_floor_and_caps_are_there_and_what_the_trade_calls_them(name):
    policy = load_playbook(name).policy
    assert policy.floor_days <= 180
    caps = policy.caps
    assert 1 <= caps.day <= caps.week <= 2 and caps.week <= caps.month <= 6
    if any(touch.channel == "sms" for _, touch in every_touch(name)):
        assert caps.channels["sms"].month <= 2
    assert set(policy.never_held) <= set(policy.labels)
    assert policy.floor is None or not policy.floor.marketing


@pytest.mark.parametrize("name", OWN_POLICIES)
def test_what_sells_is_marketing_and_no_message_to_many_passes_for_service(name):
    policy = load_playbook(name).policy
    touches = [*every_touch(name), *([("floor", policy.floor)] if policy.floor else [])]
    for label, touch in touches:
        if not touch.marketing:
            assert touch.content in SERVICE, (label, touch.content)
            assert touch.channel in PERSONAL or touch.content not in SPOKEN_ONLY, (label, touch.content)


@pytest.mark.parametrize("name", OWN_POLICIES)
def test_what_a_contact_is_about_can_be_done_by_its_channel(name):
    """Nobody visits by phone: whose words name a visit stands with a visit only."""
    playbook = load_playbook(name)
    touches = [*every_touch(name), *([("floor", playbook.policy.floor)] if playbook.policy.floor else [])]
    if playbook.leads is not None:
        stages = playbook.leads.stages.items()
        touches += [(stage, touch) for stage, rule in stages for touch in rule.touches]
        touches += [("unknown", touch) for touch in playbook.leads.unknown]
    for label, touch in touches:
        words = " ".join(term(f"content.{touch.content}", lang) for lang in LANGS)
        named = {channel for channel, told in CARRIED_BY.items() if any(word in words for word in told)}
        if touch.content not in SEVERAL:
            assert named <= {touch.channel}, (label, touch.channel, words)


@pytest.mark.parametrize("name", OWN_POLICIES)
def test_marketing_leaves_room_below_the_caps(name):
    """What a class gets by its own rhythm fits: caps hold back only where campaigns come on top."""
    policy = load_playbook(name).policy
    for label, entry in policy.labels.items():
        monthly = sum(
            30 / touch.every_days for touch in entry.touches if touch.marketing and touch.every_days
        )
        assert monthly <= policy.caps.month, label
        texts = sum(30 / t.every_days for t in entry.touches if t.channel == "sms" and t.every_days)
        assert texts <= 2, label


@pytest.mark.parametrize(("case", "touch"), FIRST.items())
def test_the_first_contact_of_a_class_is_the_one_the_findings_speak_of(case, touch):
    name, label = case
    first = load_playbook(name).policy.labels[label].touches[0]
    assert (first.channel, first.content) == touch


@pytest.mark.parametrize(
    ("name", "label", "days"), [(n, label, d) for n, of in CADENCE.items() for label, d in of.items()]
)
def test_intervals_with_a_source_stay_as_the_source_has_them(name, label, days):
    assert load_playbook(name).policy.labels[label].touches[0].every_days == days


def test_health_adds_nothing_to_what_the_rules_ask_for():
    policy = load_playbook("health").policy
    assert {*policy.labels} == {*CADENCE["health"]}
    assert all(len(entry.touches) == 1 for entry in policy.labels.values())
    assert not any(touch.marketing for _, touch in every_touch("health")) and policy.urgency == "due_in_days"
    assert not {s for e in policy.labels.values() for s in e.strategies} & {
        "incentives",
        "differential_pricing",
    }


def test_new_customers_are_led_on_days_1_7_30_and_win_back_stops_after_three():
    for name, label in (("general", "new"), ("jd", "ordinary"), ("alibaba", "member")):
        touches = load_playbook(name).policy.labels[label].touches
        assert any(t.on_days == (1, 7, 30) and t.anchor == "first_order" for t in touches), (name, label)
    policy = load_playbook("general").policy
    for label in ("key_keep", "cannot_lose", "at_risk", "key_win_back"):
        (only,) = policy.labels[label].touches
        assert (only.on_days, only.anchor, only.stop_after) == ((2, 7, 14), PLAN_START, 3)


def test_urgent_trades_go_by_class_and_shops_by_value():
    by_value = {name for name in OWN_POLICIES if load_playbook(name).policy.first == "value"}
    assert by_value == {"jd", "retail"}
