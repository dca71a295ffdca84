"""Talk-track cards: what is printed is what is in the file, and nobody is hurried or written to unasked."""

from __future__ import annotations

import copy
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from segkit.cli import app
from segkit.locale import LANGS
from segkit.playbooks import load_playbook
from segkit.problems import InputProblems
from segkit.workshop.talk_cards import read_talk_cards, talk_cards_page, write_talk_cards

CASES = sorted(Path(__file__).parents[2].glob("casestudies/*/cards.yml"))
JD = next(path for path in CASES if path.parent.name == "jd")


@pytest.fixture(scope="module")
def given():
    return yaml.safe_load(JD.read_text(encoding="utf-8"))


def written(cards, folder: Path) -> Path:
    path = folder / "cards.yml"
    path.write_text(yaml.safe_dump(cards, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_the_pages_in_the_repository_are_those_of_the_file(path, tmp_path):
    (tmp_path / "cards.yml").write_bytes(path.read_bytes())
    for page in write_talk_cards(tmp_path):
        assert page.read_bytes() == (path.parent / page.name).read_bytes(), page.name


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_says_everything_and_loads_nothing(lang):
    cards = read_talk_cards(JD)
    page = talk_cards_page(cards, lang)
    text = _Text.of(page)
    for card in cards.cards:
        for part in ("when", "opening", "question", "offer", "opt_out", "record"):
            said = getattr(card, part)[lang]
            assert (said if lang == "zh" else said.replace("〔", "[").replace("〕", "]")) in text
        for one in card.not_said[lang]:
            assert one in text
    assert "http:" not in page and "https:" not in page and "<script" not in page and "url(" not in page


def test_jd_has_a_card_for_every_contact_of_its_playbook_that_is_spoken_or_sent_by_sales():
    policy = load_playbook("jd").policy
    asked = {(label, touch.channel) for label, rule in policy.labels.items() for touch in rule.touches}
    # the survey card is one for all; events and yearly thanks have no talk of their own
    asked = {(label, channel) for label, channel in asked if channel not in ("survey", "event")}
    cards = read_talk_cards(JD).cards
    assert asked <= {(card.segment, card.channel) for card in cards}
    assert "survey" in {card.channel for card in cards}


def test_every_written_card_says_how_to_stop():
    for card in read_talk_cards(JD).cards:
        if card.written:
            assert "回复" in card.opt_out.zh
            assert "reply" in card.opt_out.en.lower()


def test_a_sentence_that_hurries_is_refused(given, tmp_path):
    for lang, word in (("zh", "今天最后一天，"), ("en", "Last day. ")):
        pressing = copy.deepcopy(given)
        pressing["cards"][0]["offer"][lang] = word + pressing["cards"][0]["offer"][lang]
        with pytest.raises(InputProblems, match="high_value/phone"):
            read_talk_cards(written(pressing, tmp_path))


def test_marketing_without_a_word_on_consent_is_refused(given, tmp_path):
    silent = copy.deepcopy(given)
    card = next(card for card in silent["cards"] if card["marketing"])
    card["when"]["zh"] = "每 30 天一条。"
    with pytest.raises(InputProblems, match="marketing"):
        read_talk_cards(written(silent, tmp_path))


def test_follow_up_before_a_sale_names_its_basis_and_is_no_service(given, tmp_path):
    asked = copy.deepcopy(given)
    card = next(card for card in asked["cards"] if not card["marketing"])
    card["asked_for"] = True
    with pytest.raises(InputProblems, match="basis"):
        read_talk_cards(written(asked, tmp_path))
    card["when"] = {"zh": "依据：本人留了电话。", "en": "The basis is their own call."}
    cards = read_talk_cards(written(asked, tmp_path))
    assert (
        cards.cards[given["cards"].index(next(c for c in given["cards"] if not c["marketing"]))].kind
        == "follow_up"
    )
    assert "售前跟进" in talk_cards_page(cards, "zh") and "pre-sale follow-up" in talk_cards_page(cards, "en")


@pytest.mark.parametrize("case", ["alibaba", "realestate"])
def test_no_contact_with_somebody_who_has_not_bought_is_called_service(case):
    bought = ("member", "grade_a")
    cards = read_talk_cards(next(path for path in CASES if path.parent.name == case)).cards
    early = [card for card in cards if not card.segment.startswith(bought) and card.channel != "survey"]
    # whoever walks in is served on the spot
    assert {card.segment for card in early if card.kind == "service"} <= {"from_walk_in"}
    assert {card.kind for card in early} >= {"marketing", "follow_up"}


def test_a_part_in_one_language_only_is_refused(given, tmp_path):
    half = copy.deepcopy(given)
    del half["cards"][0]["question"]["en"]
    with pytest.raises(InputProblems):
        read_talk_cards(written(half, tmp_path))
    uneven = copy.deepcopy(given)
    uneven["cards"][0]["not_said"]["en"].pop()
    with pytest.raises(InputProblems, match="in English"):
        read_talk_cards(written(uneven, tmp_path))


def test_cards_of_a_segment_stand_together(given, tmp_path):
    mixed = copy.deepcopy(given)
    mixed["cards"].append(mixed["cards"][0])
    with pytest.raises(InputProblems, match="together"):
        read_talk_cards(written(mixed, tmp_path))


def test_the_command_finds_the_cases_from_a_folder_of_the_course(tmp_path, monkeypatch):
    case, inside = tmp_path / "casestudies" / "jd", tmp_path / "notebooks"
    case.mkdir(parents=True)
    inside.mkdir()
    (case / "cards.yml").write_bytes(JD.read_bytes())
    monkeypatch.chdir(inside)
    done = CliRunner().invoke(app, ["workshop", "cards", "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert {path.name for path in case.iterdir()} == {"cards.yml", "cards.zh.html", "cards.en.html"}


class _Text(HTMLParser):
    """The words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @classmethod
    def of(cls, page: str) -> str:
        reader = cls()
        reader.feed(page)
        return "".join(reader.words)
