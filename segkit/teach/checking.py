"""``check("E08")``: which steps of an exercise are right, and the question a mistake is answered with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segkit.teach import answers
from segkit.teach.judging import Checked, judge
from segkit.teach.namespace import notebook_names


def check(id: str, names: Mapping[str, Any] | None = None) -> Checked:
    """Which steps of exercise `id` are right? For a known mistake its question, never the answer (对答案).

    Parameters
    ----------
    id : the exercise, ``"E08"``
    names : what is judged; the notebook's own names if not given

    Returns
    -------
    Checked : shown as a list; ``.score`` is 0 to 100, ``.steps`` holds every step's status

    Raises
    ------
    InputProblems : there is no such exercise
    """
    found = judge(id, notebook_names() if names is None else names)
    if found.attempted:
        answers.write(found.exercise.id, checked=found.record())
    return found
