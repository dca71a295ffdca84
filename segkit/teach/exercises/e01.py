"""E01: customers, prospects and users by a written definition, and who has potential. Truth is sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segkit.teach.judging import Unanswered
from segkit.teach.sealed import matches, seal

ALL = 20
# rows, sealed one by one: who only uses, and who cannot or will not buy
USERS = {"527051519b06564c", "3d2026b9e269043f", "e4792a0ba5e9e9af", "39ee75e43dbcfd44"}
CANNOT = {"c9d8b1b186b103fa", "4856d04fdcc51505", "4118a804268efde6", "5df04f207ca870d9", "622541db8559ef79"}
LAPSED, REFUNDED, OPTED_OUT, SMALL = "c09", "c06", "c13", {"c17", "c20"}
Kinds = Mapping[str, str]


def _put(who: Kinds, kind: str) -> set[str]:
    """The entries put under `kind`; all are needed."""
    if len([1 for given in who.values() if given]) < ALL:
        raise Unanswered
    return {row for row, given in who.items() if given == kind}


def step_customers(who: Kinds) -> bool:
    return matches("E01.customers", _put(who, "customer"), "d3c279541f05d219")


def step_prospects(who: Kinds) -> bool:
    return matches("E01.prospects", _put(who, "prospect"), "3ad9f411a54367e0")


def step_users(who: Kinds) -> bool:
    return matches("E01.users", _put(who, "user"), "63f0dcdee87c0e82")


def step_potential(potential: Sequence[str]) -> bool:
    return matches("E01.potential", set(potential), "7a35778b01534d15")


def step_columns(columns: str) -> bool:
    return matches("E01.columns", columns, "588886ccd007f9c1")


def guessed(who: Kinds) -> int:
    return len(_put(who, "customer"))


def mistake_users_in(who: Kinds) -> bool:
    return any(seal("E01.uses", row) in USERS for row in _put(who, "customer"))


def mistake_lapsed_out(who: Kinds) -> bool:
    return who[LAPSED] != "customer"


def mistake_consent(who: Kinds) -> bool:
    return who[OPTED_OUT] != "customer"


def mistake_refunded(who: Kinds) -> bool:
    return who[REFUNDED] == "customer"


def mistake_small_sum(who: Kinds) -> bool:
    return bool(SMALL - _put(who, "customer"))


def mistake_refunded_gone(who: Kinds) -> bool:
    return who[REFUNDED] == "other"


def mistake_never_can(who: Kinds) -> bool:
    return any(seal("E01.cannot", row) in CANNOT for row in _put(who, "prospect"))


def mistake_prospect_is_potential(potential: Sequence[str]) -> bool:
    return "jia" in potential


def mistake_largest_is_potential(potential: Sequence[str]) -> bool:
    return "bing" in potential


def mistake_one_column(columns: str) -> bool:
    return columns == "one"
