"""Dirt on the learners' tables, and what is planted in them besides; all written down."""

from __future__ import annotations

import pandas as pd

from segkit.synth.calendar import excel_serial
from segkit.synth.cases.education.process import CASE
from segkit.synth.dirt import Planter, at_scale, full_width, letter_spelled, year_late
from segkit.synth.draws import Draws
from segkit.synth.people import Invented, Names
from segkit.synth.tables import written

# rows of the sample that carry each
COPIED, SERIAL, WIDE, MINUS, HOURS, TOO_HIGH = 72, 30, 20, 5, 25, 6  # learning_log
SPELLED, IMPOSSIBLE, FUTURE, COPIED_LEARNERS = 24, 5, 4, 6  # learners
COPIED_ANSWERS = 8  # survey
REACH = 50  # rows a copy may stand below its original


def dirty(draws: Draws, clean: dict[str, pd.DataFrame], names: Names, scale: float) -> dict[str, Planter]:
    """The tables spoiled; `clean` holds dates and numbers, one row per record."""
    planters = {name: Planter(written(CASE, name, frame), draws, REACH) for name, frame in clean.items()}
    _learners(planters["learners"], Invented(draws, names).phrase(CASE, "group"), scale)
    _log(planters["learning_log"], clean["learning_log"], scale)
    survey = planters["survey"]
    survey.copy_rows("duplicate", list(survey.take(at_scale(COPIED_ANSWERS, scale))), "learner_id")
    return planters


def _learners(planter: Planter, words: str, scale: float) -> None:
    """`words`: a teaching group written out, with a {} for its letter."""
    frame = planter.frame
    keys = frame.index[frame["guardian_consent"] == "0"]
    planter.note("minor_without_consent", keys, "guardian_consent", ["0"] * len(keys))
    planter.free = planter.free.difference(keys)
    copied = planter.take(at_scale(COPIED_LEARNERS, scale))
    keys = planter.take(at_scale(SPELLED, scale))
    letters = frame.loc[keys, "group_by_teacher"]
    spelled = [letter_spelled(letter, i, words) for i, letter in enumerate(letters)]
    planter.spoil("grade_spelling", keys, "group_by_teacher", spelled)
    keys = planter.take(at_scale(IMPOSSIBLE, scale))
    planter.spoil("bad_date", keys, "enrol_date", [f"{d[:7]}-32" for d in frame.loc[keys, "enrol_date"]])
    keys = planter.take(at_scale(FUTURE, scale))
    planter.spoil("after_as_of", keys, "enrol_date", [year_late(d) for d in frame.loc[keys, "enrol_date"]])
    planter.copy_rows("duplicate", list(copied), "learner_id")


def _log(planter: Planter, clean: pd.DataFrame, scale: float) -> None:
    frame, minutes = planter.frame, clean["weekly_minutes"]
    copied = planter.take(at_scale(COPIED, scale))
    keys = planter.take(at_scale(SERIAL, scale))
    serial = [str(excel_serial(day)) for day in clean.loc[keys, "week_start"]]
    planter.spoil("excel_serial", keys, "week_start", serial)
    keys = planter.take(at_scale(WIDE, scale), minutes > 0)
    wide = [full_width(cell) for cell in frame.loc[keys, "weekly_minutes"]]
    planter.spoil("full_width", keys, "weekly_minutes", wide)
    keys = planter.take(at_scale(MINUS, scale), minutes > 0)
    planter.spoil("negative", keys, "weekly_minutes", [f"-{m}" for m in frame.loc[keys, "weekly_minutes"]])
    keys = planter.take(at_scale(HOURS, scale), minutes >= 60)
    planter.spoil("minutes_in_hours", keys, "weekly_minutes", [f"{m / 60:.2f}" for m in minutes[keys]])
    keys = planter.take(at_scale(TOO_HIGH, scale), frame["quiz_score"] != "")
    too_high = [f"{100 + int(score)}" for score in frame.loc[keys, "quiz_score"]]
    planter.spoil("score_out_of_range", keys, "quiz_score", too_high)
    planter.copy_rows("duplicate", list(copied), "learner_id")
