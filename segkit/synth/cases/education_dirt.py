"""Dirt on the learners' tables, and what is planted in them besides; all written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from segkit.synth.calendar import AS_OF, excel_serial
from segkit.synth.cases.education_process import CASE
from segkit.synth.dirt import Planter, full_width
from segkit.synth.draws import Draws
from segkit.synth.people import Invented, Names
from segkit.synth.tables import written

# rows of the sample that carry each
COPIED, SERIAL, WIDE, MINUS, HOURS, TOO_HIGH = 72, 30, 20, 5, 25, 6  # learning_log
SPELLED, IMPOSSIBLE, FUTURE, COPIED_LEARNERS = 24, 5, 4, 6  # learners
COPIED_ANSWERS = 8  # survey
PLANTED = ("minutes_in_hours", "score_out_of_range", "minor_without_consent")


REACH = 50  # rows a copy may stand below its original


@dataclass(frozen=True)
class Dirty:
    """The tables as written to the files, and the two ledgers."""

    tables: dict[str, pd.DataFrame]
    defects: pd.DataFrame
    planted: pd.DataFrame


def dirty(draws: Draws, clean: dict[str, pd.DataFrame], names: Names, scale: float) -> Dirty:
    """Spoil the tables; `clean` holds dates and numbers, one row per record."""

    def count(n: int) -> int:
        return max(1, round(n * scale))

    planters = {name: Planter(written(CASE, name, frame), draws) for name, frame in clean.items()}
    _learners(planters["learners"], Invented(draws, names), count)
    _log(planters["learning_log"], clean["learning_log"], count)
    planters["survey"].copy_rows(
        "duplicate", list(planters["survey"].take(count(COPIED_ANSWERS))), "learner_id"
    )
    tables, ledgers = {}, []
    for name, planter in planters.items():
        keys = planter.file_order(REACH)
        tables[name] = planter.frame.loc[keys].reset_index(drop=True)
        ledgers.append(planter.ledger(keys, file=f"{name}.csv", first_row=2))
    ledger = pd.concat(ledgers, ignore_index=True)
    structure = ledger["reason"].isin(PLANTED)
    return Dirty(tables, ledger[~structure].reset_index(drop=True), ledger[structure].reset_index(drop=True))


def _learners(planter: Planter, invented: Invented, count: Callable[[int], int]) -> None:
    frame = planter.frame
    keys = frame.index[frame["guardian_consent"] == "0"]
    planter.note("minor_without_consent", keys, "guardian_consent", ["0"] * len(keys))
    planter.free = planter.free.difference(keys)
    copied = planter.take(count(COPIED_LEARNERS))
    keys = planter.take(count(SPELLED))
    planter.spoil(
        "grade_spelling",
        keys,
        "group_by_teacher",
        [_spelled(frame.at[k, "group_by_teacher"], i, invented) for i, k in enumerate(keys)],
    )
    keys = planter.take(count(IMPOSSIBLE))
    planter.spoil("bad_date", keys, "enrol_date", [f"{frame.at[k, 'enrol_date'][:7]}-32" for k in keys])
    keys = planter.take(count(FUTURE))
    planter.spoil(
        "after_as_of", keys, "enrol_date", [f"{AS_OF.year + 1}{frame.at[k, 'enrol_date'][4:]}" for k in keys]
    )
    planter.copy_rows("duplicate", list(copied), "learner_id")


def _log(planter: Planter, clean: pd.DataFrame, count: Callable[[int], int]) -> None:
    frame = planter.frame
    minutes = clean["weekly_minutes"]
    copied = planter.take(count(COPIED))
    keys = planter.take(count(SERIAL))
    planter.spoil(
        "excel_serial", keys, "week_start", [str(excel_serial(clean.at[k, "week_start"])) for k in keys]
    )
    keys = planter.take(count(WIDE), minutes > 0)
    planter.spoil(
        "full_width", keys, "weekly_minutes", [full_width(frame.at[k, "weekly_minutes"]) for k in keys]
    )
    keys = planter.take(count(MINUS), minutes > 0)
    planter.spoil("negative", keys, "weekly_minutes", [f"-{frame.at[k, 'weekly_minutes']}" for k in keys])
    keys = planter.take(count(HOURS), minutes >= 60)
    planter.spoil("minutes_in_hours", keys, "weekly_minutes", [f"{minutes.at[k] / 60:.2f}" for k in keys])
    keys = planter.take(count(TOO_HIGH), frame["quiz_score"] != "")
    planter.spoil(
        "score_out_of_range", keys, "quiz_score", [f"{100 + int(frame.at[k, 'quiz_score'])}" for k in keys]
    )
    planter.copy_rows("duplicate", list(copied), "learner_id")


def _spelled(letter: str, i: int, invented: Invented) -> str:
    forms = (letter.lower(), full_width(letter), invented.phrase(CASE, "group").format(letter))
    return forms[i % len(forms)]
