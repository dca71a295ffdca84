"""The trades' playbooks as data: whole, named in both languages, every threshold with its source."""

from __future__ import annotations

import re

import pytest

from segkit.locale import LANGS, has_term, term
from segkit.playbooks import known_playbooks, load_playbook, schemes_of
from segkit.schemes.base import Scheme

TRADES = (
    "general", "alibaba", "jd", "realestate", "auto", "bank", "health", "education", "appliance", "retail", "loyalty",
    "needs",
)  # fmt: skip
UNNAMED = {"unknown", "unlisted"}
# classes nobody may be contacted in
LEFT_ALONE = {"partner": {"campaign_only", "statistics_only", "withdrawn", "refused", "not_on_file"}}
# where a threshold may come from: an example of ours, a page on the web, an author with a year, a source we know
SAYS_WHERE = {
    "zh": re.compile(
        r"示例参数|[\w-]+\.(com|cn|org)\b|[A-Z]\w+ ?等?（\d{4}）|GB/T 4754-2017|SAP HANA PAL|hangnt1623, GitHub"
        r"|国家基本公共卫生服务规范（第三版），2017|渤海银行官网零售客户分层说明|阿里云(产品)?文档 ?\d+|通行的七大区分法"
    ),
    "en": re.compile(
        r"sample parameter|[\w-]+\.(com|cn|org)\b|[A-Z]\w+( et al\.)? \(\d{4}\)|GB/T 4754-2017|SAP HANA PAL"
        r"|hangnt1623, GitHub|national rules for basic public health services, third edition"
        r"|China Bohai Bank|Aliyun (product )?documentation \d+|the seven regions in common usage"
    ),
}
# where words may come from that are only sorted, without any number to choose
ON_RECORD = {
    "zh": re.compile(r"登记|资料里|问卷里|自述|自报"),
    "en": re.compile(r"on record|in the survey|self-reported|customers named"),
}


def named(group: str, id: str) -> bool:
    return has_term(f"{group}.{id}") and all(term(f"{group}.{id}", lang).strip() for lang in LANGS)


def chooses_numbers(scheme: Scheme) -> bool:
    """Are there cut points, points or limits somebody chose?"""
    if scheme.kind == "rules":
        return "number" in scheme.kinds.values()
    return scheme.kind != "lookup"


def test_the_trades_of_the_sources_are_there():
    assert set(TRADES) <= set(known_playbooks())


@pytest.mark.parametrize("name", known_playbooks())
def test_a_playbook_is_titled_and_warns_in_both_languages(name):
    playbook = load_playbook(name)
    assert playbook.id == name
    for words in (playbook.title, playbook.note):
        assert not words or all(words[lang].strip() for lang in LANGS)
    assert all(playbook.policy.source_text(lang) for lang in LANGS)


@pytest.mark.parametrize("name", known_playbooks())
def test_every_threshold_has_a_source_in_both_languages(name):
    playbook = load_playbook(name)
    chosen = {n: s for n, s in schemes_of(playbook).items() if chooses_numbers(s)}
    chosen |= {n: a for n, a in playbook.attributes.items() if a.has_threshold}
    for key, one in chosen.items():
        for lang in LANGS:
            assert SAYS_WHERE[lang].search(one.source_text(lang)), (key, one.source)


@pytest.mark.parametrize("name", known_playbooks())
def test_words_that_are_only_sorted_have_a_source_too(name):
    for scheme in schemes_of(load_playbook(name)).values():
        for lang in LANGS:
            said = scheme.source_text(lang)
            assert SAYS_WHERE[lang].search(said) or ON_RECORD[lang].search(said), (scheme.name, said)


@pytest.mark.parametrize(
    "said", ["公开的做法：三个月", "来源：经验", "after usual practice: 3 months", "课程"]
)
def test_a_colon_is_no_source(said):
    assert not any(pattern.search(said) for pattern in SAYS_WHERE.values())


@pytest.mark.parametrize("name", known_playbooks())
def test_everything_it_speaks_of_has_a_name_in_both_languages(name):
    playbook, missing = load_playbook(name), set()
    schemes = schemes_of(playbook)
    for scheme in schemes.values():
        missing |= {("scheme", scheme.name)} if not named("scheme", scheme.name) else set()
        missing |= {("segment", label) for label in scheme.order() if not named("segment", label)}
        columns = {column for column in scheme.needs() if column not in schemes}
        missing |= {("column", c) for c in columns if not named("measure", c) and not named("field", c)}
    missing |= {
        ("column", c) for c in playbook.attributes if not named("measure", c) and not named("field", c)
    }
    touches = [touch for entry in playbook.policy.labels.values() for touch in entry.touches]
    missing |= {("content", t.content) for t in touches if not named("content", t.content)}
    missing |= {("channel", t.channel) for t in touches if not named("channel", t.channel)}
    assert not missing


@pytest.mark.parametrize("name", known_playbooks())
def test_the_policy_answers_every_label_of_the_main_scheme_and_no_other(name):
    playbook = load_playbook(name)
    labels = set(schemes_of(playbook)[playbook.main].order()) - UNNAMED
    answered = set(playbook.policy.labels)
    assert labels - LEFT_ALONE.get(name, set()) <= answered and not answered & LEFT_ALONE.get(name, set())
    if name != "general":  # where a client may choose another map
        assert answered <= labels


@pytest.mark.parametrize("name", known_playbooks())
def test_rules_leave_no_case_open_and_none_is_idle(name):
    for scheme in schemes_of(load_playbook(name)).values():
        if scheme.kind != "rules":
            continue
        found = scheme.lint()
        assert found.checked and not found.faults("zh"), (scheme.name, found.faults("zh"))


@pytest.mark.parametrize("name", known_playbooks())
def test_no_name_stands_for_two_columns(name):
    playbook = load_playbook(name)
    assert set(playbook.optional) <= set(playbook.schemes)
    schemes = schemes_of(playbook)
    for scheme in schemes.values():
        assert scheme.name not in playbook.attributes


def test_health_says_that_it_is_no_treatment_and_leaves_out_who_did_not_agree():
    playbook = load_playbook("health")
    assert "不是诊断" in playbook.note["zh"] and "no treatment" in playbook.note["en"]
    first = schemes_of(playbook)[playbook.main].rules[0]
    assert first.label == "no_consent"
    assert playbook.consent is not None and playbook.consent.when.columns() == ("sensitive_consent",)
    every = [touch for entry in playbook.policy.labels.values() for touch in entry.touches]
    assert not any(touch.marketing for touch in every)


def test_nobody_is_grouped_by_learning_style():
    playbook = load_playbook("education")
    read = {column for scheme in schemes_of(playbook).values() for column in scheme.needs()}
    assert not any("style" in column for column in read) and "Pashler" in playbook.note["en"]
