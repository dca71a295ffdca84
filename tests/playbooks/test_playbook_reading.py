"""A playbook's file: every mistake is said with what was likely meant; names travel with the schemes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
import yaml

from segkit.locale import LANGS, has_message
from segkit.playbooks import apply, known_playbooks, load_playbook, reading, schemes_of
from segkit.problems import InputProblems
from segkit.schemes.store import load_schemes, save_schemes

OWN = """
id: own
title: {zh: 自己的方案, en: Our own}
attributes:
  visits: {from: visits, take: count, where: {effective: 1}, within_days: 90}
  per_visit: {take: ratio, column: monetary, of: visits}
schemes:
  size: {kind: bands, column: visits, cuts: [0.5, 1.5], labels: [none, few, many], source: 示例参数}
  deep: {kind: bands, column: per_visit, cuts: [100], labels: [low, high], source: 示例参数}
main: size
names:
  visits: {zh: 90 天有效拜访, en: effective visits in 90 days}
  few: {zh: 偶尔拜访, en: Seldom visited}
  per_visit: {zh: 每次拜访的金额, en: money a visit}
policy:
  source: 示例参数
  labels: {many: {touches: [{channel: phone, every_days: 30, minutes: 5, content: care_call}]}}
"""
DAY = dt.date(2025, 12, 31)


@pytest.fixture
def own(tmp_path: Path):
    def written(text: str = OWN):
        (tmp_path / "own.yml").write_text(text, encoding="utf-8")
        return load_playbook("own.yml", folder=tmp_path)

    return written


def problems(own, *changes: tuple[str, str]) -> list[tuple[str, str]]:
    """Message and English words of everything wrong once `changes` were made."""
    text = OWN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(InputProblems) as caught:
        own(text)
    assert all(p.text("zh") and p.file == "own.yml" for p in caught.value.problems)
    return [(p.id, p.text("en")) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "id", "word"),
    [
        ("take: count", "take: counts", "schemes.not_allowed", "count"),
        ("within_days: 90", "within_day: 90", "schemes.key_near", "within_days"),
        ("within_days: 90", "within_days: 0", "schemes.more_than", "0"),
        ("{effective: 1}", "{effective: {atleast: 1}}", "schemes.key_near", "at_least"),
        ("{effective: 1}", "{}", "schemes.when_nothing", "attributes.visits.where"),
        ("take: ratio, column: monetary", "take: ratio", "playbook.take_needs", "column"),
        ("take: ratio, column", "take: ratio, from: visits, column", "playbook.take_has_no", "from"),
        ("take: count", "take: count, column: effective", "playbook.take_has_no", "column"),
        ("{from: visits, take: count", "{take: count", "playbook.take_has_no", "within_days"),
        ("  visits: {from", "  size: {from", "playbook.name_taken", "schemes.size"),
        ("within_days: 90", "within_days: 99999999999", "schemes.at_most", "36600"),
        ("kind: bands, column: visits", "kind: [bands], column: visits", "schemes.not_allowed", "size.kind"),
        ("  deep:", "  monetary:", "playbook.name_taken", "schemes.monetary"),
        (
            "kind: bands, column: visits",
            "kind: bands, name: big, column: visits",
            "playbook.named_twice",
            "big",
        ),
        ("  deep:", "  owner:", "playbook.name_taken", "schemes.owner"),
        ("  deep:", "  why:", "playbook.name_taken", "schemes.why"),
        ("{effective: 1}", "{effective: '>= 1'}", "schemes.when_sign", "at_least: 1"),
        (
            "title: {zh: 自己的方案, en: Our own}",
            "title: {en: Our own}",
            "playbook.name_in_one_language",
            "zh",
        ),
        ("main: size", "main: size\noptional: [depp]", "schemes.not_allowed", "deep"),
        ("main: size", "main: size\nsections: [nix]", "schemes.not_one_of", "feedback"),
        ("  labels: {many", "  caps: {day: 5}\n  labels: {many", "policy.caps_contradict", "day: 5"),
        ("cuts: [0.5, 1.5]", "cuts: [yes, 1.5]", "schemes.bad_value", "yes"),
        ("  per_visit: {take", "  aov: {take", "playbook.name_taken", "attributes.aov"),
        (
            "few: {zh: 偶尔拜访, en: Seldom visited}",
            "few: {zh: 偶尔拜访}",
            "playbook.name_in_one_language",
            "en",
        ),
        ("main: size", "main: sizes", "playbook.no_main", "size"),
        ("minutes: 5", "minute: 5", "schemes.key_near", "minutes"),
        ("every_days: 30", "every_days: soon", "schemes.bad_value", "every_days"),
        ("kind: bands, column: visits", "kind: band, column: visits", "schemes.not_allowed", "bands"),
        ("attributes:", "atributes:", "schemes.key_near", "attributes"),
        ("labels: {many:", "labels: {mnay:", "playbook.label_near", "many"),
        ("{effective: 1}, within", "{effective: 1}, sourc: x, within", "schemes.key_near", "source"),
        ("schemes:", "consent: {if: {effective: true}}\nschemes:", "schemes.key_unknown", "when"),
        ("labels: [low, high]", "labels: [low]", "schemes.label_count", "deep"),
    ],
)
def test_a_mistake_is_named_with_what_was_meant(own, old, new, id, word):
    found = problems(own, (old, new))
    assert id in [i for i, _ in found]
    assert word in next(text for i, text in found if i == id)


def test_mistakes_of_every_part_are_said_together(own):
    found = problems(
        own,
        ("take: count", "take: counts"),
        ("minutes: 5", "minuts: 5"),
        ("kind: bands, column: per_visit", "kind: bandz, column: per_visit"),
    )
    said = " ".join(text for _, text in found)
    assert all(word in said for word in ("attributes.visits.take", "minutes", "deep.kind"))


def test_mistakes_stand_at_their_line_and_a_key_given_twice_at_both(own):
    with pytest.raises(InputProblems) as caught:
        own(OWN.replace("every_days: 30", "every_days: soon").replace("cuts: [100]", "cuts: [x]"))
    assert [(p.row, p.facts["at"]) for p in caught.value.problems] == [
        (9, "deep.cuts.1"),
        (17, "policy.labels.many.touches.1.every_days"),
    ]
    with pytest.raises(InputProblems) as caught:
        own(OWN + "main: deep\n")
    assert [(p.id, p.row, p.facts["first"]) for p in caught.value.problems] == [("config.twice", 18, 10)]


def test_running_text_that_begins_with_a_curly_quote_stays_as_it_is(own):
    text = OWN.replace("main: size", "note:\n  zh: “客户”：说明\n  en: in short\nmain： size")
    assert own(text).note["zh"] == "“客户”：说明"
    with pytest.raises(InputProblems) as caught:
        own(OWN.replace("main: size", "main: [size, deep]"))
    assert "[size, deep]" in caught.value.text("zh")


def test_a_playbook_saved_by_notepad_is_read_as_it_was_meant(own, tmp_path):
    (tmp_path / "mine.yml").write_bytes(OWN.replace("main: size", "main： “size”").encode("gb18030"))
    mine = load_playbook("mine.yml", folder=tmp_path)
    assert mine == own() and mine.main == "size"


@pytest.mark.parametrize("name", known_playbooks())
def test_the_packages_own_read_the_same_and_pass_as_a_clients_file(name, tmp_path):
    text = (Path(reading.__file__).parent / f"{name}.yml").read_text(encoding="utf-8")
    (tmp_path / "mine.yml").write_text(text, encoding="utf-8")
    assert load_playbook("mine.yml", folder=tmp_path) == load_playbook(name)


@pytest.mark.parametrize(
    ("wanted", "id", "word"),
    [
        ("bnak", "playbook.unknown_near", "bank"),
        ("Bank", "playbook.unknown_near", "bank"),
        ("银行", "playbook.unknown_near", "bank"),
        ("qqqqqq", "playbook.unknown", "retail"),
        ("mien.yml", "playbook.no_file", "mine.yml"),
        ("nowhere/plan.yml", "playbook.no_file", "mine.yml"),
    ],
)
def test_a_playbook_that_is_not_there(wanted, id, word, tmp_path):
    (tmp_path / "mine.yml").write_text(OWN, encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        load_playbook(wanted, folder=tmp_path)
    (problem,) = caught.value.problems
    assert problem.id == id and all(word in problem.text(lang) for lang in LANGS)
    if id == "playbook.unknown_near":
        assert problem.facts["near"] == [word]


def test_what_is_used_before_it_is_made_should_move_up(own):
    lines = OWN.splitlines(keepends=True)
    visits, per_visit = lines[4], lines[5]
    early = visits + per_visit.replace("column: monetary", "column: visits")
    turned = per_visit.replace("column: monetary", "column: visits") + visits
    text = OWN.replace(visits + per_visit, early)
    assert own(text)
    assert problems(own, (visits + per_visit, turned)) == [
        (
            "playbook.too_early",
            "own.yml · row 5: attributes.per_visit uses visits, but attributes.visits stands further down; move it above",
        )
    ]
    first = "  mix: {kind: rules, rules: [{label: x, when: {size: [many]}}], otherwise: y}\n"
    assert [id for id, _ in problems(own, ("schemes:\n", f"schemes:\n{first}"))] == ["playbook.too_early"]


def test_a_clients_scheme_changes_the_playbooks_or_says_its_kind(own):
    changed = schemes_of(own(), {"size": {"cuts": [1, 2]}})["size"]
    assert changed.cuts == (1, 2) and changed.order() == own_order(own, "size")
    with pytest.raises(InputProblems) as caught:
        schemes_of(
            own(),
            {"sise": {"cuts": [1]}, "owner": {"kind": "pareto"}, "deep": {"cuts": ["x"]}},
            file="client.yml",
            lines=lambda path: {"sise": 7, "owner": 8, "deep": 9}[str(path[0])],
        )
    found = {p.id: p for p in caught.value.problems}
    assert found.keys() == {"playbook.no_scheme", "playbook.name_taken", "schemes.bad_value"}
    assert [p.row for p in caught.value.problems] == [8, 7, 9]
    assert found["playbook.no_scheme"].facts["near"] == ["size"]
    assert all(p.file == "client.yml" and p.text(lang) for p in found.values() for lang in LANGS)


def own_order(own, name):
    return schemes_of(own())[name].order()


def test_a_scheme_called_like_a_column_of_the_data_is_refused(own):
    people = pd.DataFrame(
        {"customer_id": list("ab"), "monetary": [50.0, 300.0], "visits": [1.0, 3.0], "size": 1}
    )
    with pytest.raises(InputProblems) as caught:
        apply(own(), people, tables={}, as_of=DAY)
    assert [(p.id, p.facts["name"]) for p in caught.value.problems] == [("playbook.name_in_data", "size")]


def test_schemes_on_columns_of_another_kind_are_named_together(own):
    people = pd.DataFrame({"customer_id": list("ab"), "visits": ["x", "y"], "monetary": ["u", "v"]})
    text = OWN.replace("main: size", "  abc: {kind: pareto, value: monetary, source: 示例参数}\nmain: size")
    with pytest.raises(InputProblems) as caught:
        apply(own(text), people, tables={}, as_of=DAY)
    assert [p.facts["scheme"] for p in caught.value.problems] == ["size", "abc"]


def test_a_scheme_the_client_asks_for_is_never_optional(own):
    people = pd.DataFrame({"customer_id": list("ab"), "monetary": [50.0, 300.0], "visits": [1.0, 3.0]})
    text = OWN.replace("main: size", "main: size\noptional: [deep]")
    asked = {"deep": {"kind": "bands", "column": "monetry", "cuts": [100], "labels": ["low", "high"]}}
    assert not apply(own(text), people, tables={}, as_of=DAY).skipped
    assert apply(own(text), people, overrides=asked, tables={}, as_of=DAY).skipped == {"deep": ["monetry"]}


def test_attributes_are_made_before_the_schemes_and_schemes_know_the_names(own, tmp_path):
    visits = pd.DataFrame(
        {"customer_id": ["a", "a", "b"], "date": [pd.Timestamp(DAY)] * 3, "effective": [1, 1, 1]}
    )
    people = pd.DataFrame({"customer_id": list("abc"), "monetary": [50.0, 300.0, 5.0]})
    made = apply(own(), people, tables={"visits": visits}, as_of=DAY)
    assert made.customers["size"].tolist() == ["many", "few", "none"]
    assert made.customers["deep"].tolist() == ["low", "high", "unknown"]
    assert not made.skipped and not made.not_made
    assert made.schemes["size"].names.keys() == {"visits", "few"}
    assert made.schemes["deep"].names.keys() == {"per_visit"}
    for lang, words in (("zh", "90 天有效拜访"), ("en", "effective visits in 90 days")):
        assert words in made.schemes["size"].describe(lang)[0]
    save_schemes(made.schemes, tmp_path / "schemes.yml")
    again = load_schemes(tmp_path / "schemes.yml")
    assert all(again[n].describe(lang) == s.describe(lang) for n, s in made.schemes.items() for lang in LANGS)


def test_a_client_without_the_table_loses_what_needs_it_and_nothing_else(own):
    people = pd.DataFrame({"customer_id": list("ab"), "monetary": [50.0, 300.0]})
    text = OWN.replace("main: size", "  abc: {kind: pareto, value: monetary, source: 示例参数}\nmain: size")
    made = apply(own(text), people, tables={}, as_of=DAY)
    assert made.main == "abc" and made.skipped == {"size": ["visits"], "deep": ["per_visit"]}
    assert [(lack.attribute, lack.why) for lack in made.not_made] == [
        ("visits", "no_table"),
        ("per_visit", "no_column"),
    ]


def test_a_column_of_the_clients_own_stands_in_for_what_cannot_be_made(own):
    people = pd.DataFrame({"customer_id": list("ab"), "monetary": [50.0, 300.0], "visits": [1.0, 3.0]})
    made = apply(own(), people, tables={}, as_of=DAY)
    assert made.customers["size"].tolist() == ["few", "many"] and not made.not_made


def test_a_scheme_reads_the_labels_of_those_before_it(own):
    text = OWN.replace(
        "main: size",
        "  both: {kind: rules, rules: [{label: care, when: {size: [many], deep: low}}], otherwise: leave}\nmain: size",
    )
    visits = pd.DataFrame(
        {"customer_id": ["a", "a", "b"], "date": [pd.Timestamp(DAY)] * 3, "effective": [1, 1, 1]}
    )
    people = pd.DataFrame({"customer_id": list("ab"), "monetary": [50.0, 300.0]})
    made = apply(own(text), people, tables={"visits": visits}, as_of=DAY)
    assert made.customers["both"].tolist() == ["care", "leave"]


def test_every_way_of_taking_that_was_made_up_is_refused(own):
    for take, near in (("average", False), ("latest", True), ("", False)):
        [(id, said)] = problems(own, ("take: count", f"take: '{take}'"))
        assert id == ("schemes.not_allowed" if near else "schemes.not_one_of")
        assert ("did you mean last?" in said) is near


# --- the package's own -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", known_playbooks())
def test_a_playbook_of_the_package_says_where_its_numbers_come_from(name):
    playbook = load_playbook(name)
    assert playbook.policy.source
    for key, scheme in schemes_of(playbook).items():
        # the usual parameters of these kinds have their source in the definitions
        usual = {
            f"definition.source.{scheme.kind}",
            f"definition.source.rfm.{getattr(scheme, 'segments', '')}",
        }
        assert scheme.source or any(has_message(id) for id in usual), key


@pytest.mark.parametrize("name", known_playbooks())
def test_a_playbook_of_the_package_reads_only_what_it_makes_or_names(name):
    """A label of the policy that no scheme gives would never be followed up."""
    playbook = load_playbook(name)
    given = {label for scheme in schemes_of(playbook).values() for label in scheme.order()}
    if name != "general":  # answers the labels of maps a client may choose instead
        assert set(playbook.policy.labels) <= given
    assert yaml.safe_load(playbook.model_dump_json(by_alias=True))["id"] == name


def test_another_segment_map_does_not_take_the_source_of_the_playbooks_own():
    general = load_playbook("general")
    assert "十一类" in schemes_of(general)["rfm"].source_text("zh")
    assert schemes_of(general, {"rfm": {"segments": "eight"}})["rfm"].source_text("zh") == ""
    same = schemes_of(general, {"rfm": {"segments": "eleven", "bins": 5}})["rfm"]
    assert "十一类" in same.source_text("zh")
