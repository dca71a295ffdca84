"""E15: the load of four weeks against the time there is, and what three changes make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segkit.teach.judging import Unanswered
from segkit.teach.sealed import matches

CHANGES = ("longer", "message", "person")
NEAR = 0.011  # of a share: 0.77 and 0.767 are the same mistake
HOURS_NEAR = 0.06


def step_hours(hours: float) -> bool:
    return matches("E15.hours", round(hours, 1), "5171eccae5b75250")


def step_use(use: float) -> bool:
    return matches("E15.use", round(use, 2), "7c94bbcc4e6d3841")


def step_first_week(first_week: float) -> bool:
    return matches("E15.week", round(first_week, 1), "b7da60ce5620db41")


def step_after(after: Mapping[str, float]) -> bool:
    if any(after.get(change) is None for change in CHANGES):
        raise Unanswered
    shares = {change: round(float(after[change]), 2) for change in CHANGES}
    return matches("E15.after", shares, "1b1f7ed2f45cd281")


def step_fits(fits: Sequence[str]) -> bool:
    return matches("E15.fits", sorted(fits), "5d23c1f335307e41")


def step_begin(begin_with: str) -> bool:
    return matches("E15.begin", begin_with, "1c4d432ab06a2e24")


def guessed(use: float, first_week: float, hours: float) -> float:
    """Of the time of one week: there is a quarter of what there is in four."""
    return 4 * use * first_week / hours


def mistake_no_recording(given: float) -> bool:
    return abs(given - 0.75) < NEAR or any(abs(given - short) <= HOURS_NEAR for short in (30, 11.67))


def mistake_in_minutes(given: float) -> bool:
    return given >= 500


def mistake_customers_for_calls(hours: float) -> bool:
    return abs(hours - 32) <= HOURS_NEAR


def mistake_one_person(use: float) -> bool:
    return abs(use - 1.8) < NEAR


def mistake_average_hides(first_week: float) -> bool:
    return abs(first_week - 9) <= HOURS_NEAR


def mistake_message_record(after: Mapping[str, float]) -> bool:
    return abs(after["message"] - 0.85) < 0.005


def mistake_without_consent(after: Mapping[str, float]) -> bool:
    return any(abs(after["message"] - share) < 0.005 for share in (0.767, 0.733))


def mistake_old_capacity(after: Mapping[str, float]) -> bool:
    """The load stays and three share the time: neither as it was nor halved."""
    return after["person"] >= 0.85 or abs(after["person"] - 0.45) < NEAR


def mistake_breaks_promise(fits: Sequence[str]) -> bool:
    return "slower_a" in fits


def mistake_drops_floor(fits: Sequence[str]) -> bool:
    return "drop_c" in fits


def mistake_over_line(fits: Sequence[str]) -> bool:
    return "message" in fits


def mistake_struck_out(fits: Sequence[str]) -> bool:
    return 0 < len(fits) < 2


def mistake_person_first(begin_with: str) -> bool:
    return begin_with == "person"


def mistake_overtime(begin_with: str) -> bool:
    return begin_with == "overtime"
