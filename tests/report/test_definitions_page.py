"""Definitions: every rule with its cut points, and where they come from or that nobody said."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_clients import Make, counted, said_in, section

from segkit.locale import LANGS, Lang, has_term, say
from segkit.playbooks import known_playbooks, load_playbook, schemes_of
from segkit.report.model import Bullets

pytestmark = pytest.mark.slow

ROWS = counted((150, 3, "2025-12-20", 200.0), (150, 1, "2025-06-20", 20.0), (20, 6, "2025-01-20", 2000.0))


def sources(study: object, lang: Lang) -> dict[str, str]:
    """The line of the source below the heading of each scheme."""
    found, name = {}, ""
    for block in section(study, "definitions").blocks:
        if block.kind == "text" and block.role == "heading":
            name = block.text
        elif isinstance(block, Bullets):
            lead = say("definition.source", lang, source="")
            for line in (line for line in block.items if line.startswith(lead)):
                found[name] = line.removeprefix(lead)
    return found


@pytest.mark.parametrize("lang", LANGS)
def test_a_scheme_of_the_users_own_says_where_its_cuts_come_from(make: Make, lang):
    own = (
        "schemes:\n"
        "  told: {kind: bands, column: monetary, cuts: [100, 500], labels: [c, b, a], source: 合同附件二}\n"
        "  untold: {kind: bands, column: monetary, cuts: [100, 500], labels: [c, b, a]}\n"
        "  shares: {kind: bands, column: monetary, quantiles: [0.5], labels: [low, high]}\n"
        "  loyal: {kind: lifecycle, loyal_from: 5}\n"
    )
    found = sources(make(ROWS, lang=lang, more=own), lang)
    assert found["told"] == "合同附件二"
    assert found["untold"] == found["loyal"] == say("definition.source.none", lang)
    assert found["shares"] == say("definition.source.learned", lang, n=320)
    assert all(found.values())


def test_every_cut_point_stands_there(make: Make):
    own = "schemes: {untold: {kind: bands, column: monetary, cuts: [123.45, 567.5], labels: [c, b, a]}}\n"
    study = make(ROWS, more=own)
    said = said_in(section(study, "definitions"))
    for name, scheme in study.segmentation.schemes.items():
        lines = [*scheme.rule("zh"), scheme.unknown_rule("zh"), *scheme.notes("zh")]
        assert {*lines} <= {*said}, name
    assert "123.45" in " ".join(said) and "567.5" in " ".join(said)


def test_the_page_of_the_rules_points_there(make: Make):
    study = make(ROWS)
    assert study.say("report.rules_elsewhere") in said_in(section(study, "classes"))


def test_attributes_of_a_playbook_are_told(sample):
    from segkit.report import sections
    from segkit.report.analysis import open_study

    study = open_study(config=str(sample("bank")), lang="zh")
    sections.definitions(study)
    said = said_in(section(study, "definitions"))
    made = [name for name in study.playbook.attributes if name in study.customers.columns]
    assert len(made) > 2
    for name in made:
        assert [line for line in said if line.startswith(f"{study.field_name(name)}：")], name


def test_what_a_playbook_wants_said_is_said(sample):
    from segkit.report import sections
    from segkit.report.analysis import open_study

    study = open_study(config=str(sample("jd")), lang="en")
    sections.definitions(study)
    assert study.playbook.note["en"] in said_in(section(study, "definitions"))


@pytest.mark.parametrize("id", known_playbooks())
def test_every_column_a_trade_reads_has_a_name(id: str, tmp_path: Path):
    playbook = load_playbook(id, folder=tmp_path)
    columns = {c for name, made in playbook.attributes.items() for c in (name, *made.reads())}
    columns |= {c for scheme in schemes_of(playbook).values() for c in scheme.needs()}
    groups = ("field", "measure", "scheme")
    assert not {c for c in columns - {*playbook.names} if not any(has_term(f"{g}.{c}") for g in groups)}
