"""E01: who is a customer by a written definition, who a prospect, who a user; and who has potential. Truth is sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segkit.teach.judging import Unanswered
from segkit.teach.sealed import matches

ALL = 20
USERS = {"c02", "c05", "c11", "c16"}
CANNOT = {"c07", "c08", "c12", "c14", "c19"}
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
    return bool(_put(who, "customer") & USERS)


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
    return bool(_put(who, "prospect") & CANNOT)


def mistake_prospect_is_potential(potential: Sequence[str]) -> bool:
    return "jia" in potential


def mistake_largest_is_potential(potential: Sequence[str]) -> bool:
    return "bing" in potential


def mistake_one_column(columns: str) -> bool:
    return columns == "one"
