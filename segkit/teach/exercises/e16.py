"""E16: until when a claimed customer is protected, day by day, by the rules of the pool."""

from __future__ import annotations

from segkit.teach.sealed import matches


def _is(salt: str, day: object, sealed: str) -> bool:
    """The day as ``04-05``, written with or without its year."""
    return matches(f"E16.{salt}", str(day)[-5:], sealed)


def step_claim(at_claim: str) -> bool:
    return _is("claim", at_claim, "e98dd1110a597741")


def step_early(after_28: str) -> bool:
    return _is("early", after_28, "d3aa7c58b7963aeb")


def step_later(after_02: str) -> bool:
    return _is("later", after_02, "25034f8d75bfe9d1")


def step_unanswered(after_04: str) -> bool:
    return _is("unanswered", after_04, "237aef79f7c43ddc")


def step_longest(longest: str) -> bool:
    return _is("longest", longest, "878a9dd62192ac38")


def step_act(before_end: str) -> bool:
    return matches("E16.act", before_end, "03f03c12d7235fa1")


def guessed(longest: str) -> str:
    return str(longest)[-5:]


def mistake_counts_first_day(at_claim: str) -> bool:
    return str(at_claim)[-5:] in ("04-03", "04-05")


def mistake_shortens(after_28: str) -> bool:
    return str(after_28)[-5:] == "03-31"


def mistake_adds_to_end(given: str) -> bool:
    return str(given)[-5:] in ("04-07", "04-08")


def mistake_ignores_contact(after_02: str, at_claim: str) -> bool:
    return str(after_02)[-5:] == str(at_claim)[-5:]


def mistake_rings_count(after_04: str) -> bool:
    return str(after_04)[-5:] in ("04-07", "04-08")


def mistake_no_limit(longest: str) -> bool:
    return longest == "never"


def mistake_limit_from_contact(longest: str) -> bool:
    return str(longest)[-5:] == "04-24"


def mistake_fakes(before_end: str) -> bool:
    return before_end in ("ring", "swap")
