"""E00: the warm-up. Three things read off a table of five; truth is sealed."""

from __future__ import annotations

from segkit.teach.sealed import matches


def step_most_often(most_often: str) -> bool:
    return matches("E00.most", most_often, "3801c6a7d1ded241")


def step_silent(silent: float) -> bool:
    return matches("E00.silent", silent, "3b0e9b84ec1eb868")


def step_comma(comma: str) -> bool:
    return matches("E00.comma", comma, "3c754a1d15d84782")


def guessed(most_often: str) -> str:
    """Is who has the most orders also who spent most, `D`?"""
    return "same" if most_often == "D" else "other"


def mistake_by_money(most_often: str) -> bool:
    return most_often == "D"


def mistake_by_days(most_often: str) -> bool:
    return most_often in ("A", "E")


def mistake_edge(silent: float) -> bool:
    return silent == 3


def mistake_one_short(silent: float) -> bool:
    return silent == 1


def mistake_same_again(comma: str) -> bool:
    return comma == "again"


def mistake_starts_over(comma: str) -> bool:
    return comma == "install"
