"""Cards of the case realestate: one for every channel, one for whoever the playbook has called or visited."""

from __future__ import annotations

from pathlib import Path

from segkit.playbooks import load_playbook
from segkit.workshop.talk_cards import read_talk_cards

CARDS = read_talk_cards(Path(__file__).parents[2] / "casestudies" / "realestate" / "cards.yml").cards
PLAYBOOK = load_playbook("realestate")
# B+ and B share a card, C and C- too; whoever an agent brings is the agent's to speak to first
SHARED = {"grade_b": "grade_b_plus", "grade_c_minus": "grade_c"}
NO_TALK = {"from_agent"}


def test_every_channel_clients_come_by_has_a_first_contact():
    channels = {*PLAYBOOK.schemes["source_channel"]["entries"]} - NO_TALK
    assert channels
    assert channels <= {card.segment for card in CARDS}


def test_every_grade_that_is_followed_up_has_a_card():
    grades = {SHARED.get(label, label) for label in PLAYBOOK.policy.labels}
    assert grades
    assert grades <= {card.segment for card in CARDS}
