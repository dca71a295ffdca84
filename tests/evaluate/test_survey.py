"""Recommendation, satisfaction, effort: published figures, the traps of the trade, and answers that cannot be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import segkit
from segkit.evaluate.estimate import sample_for
from segkit.evaluate.survey import by_group, ces, csat, non_response, nps, response_rate, service_gap
from segkit.problems import InputProblems

HUNDRED = [9] * 30 + [10] * 20 + [7, 8] * 15 + list(range(5)) * 4


def test_nps_of_a_hundred_answers_is_thirty_plus_minus_fifteen() -> None:
    found = nps(HUNDRED)
    assert (found.value, found.n, found.unit) == (pytest.approx(30.0), 100, "points")
    assert found.half == pytest.approx(15.3, abs=0.05)


def test_a_score_of_nought_is_a_detractor() -> None:
    assert nps([0, 0, 10, 10]).value == 0.0
    assert nps([0]).value == -100.0


@given(st.lists(st.integers(0, 10), min_size=1, max_size=80))
def test_nps_lies_in_its_interval_and_within_the_scale(scores: list[int]) -> None:
    found = nps(scores)
    assert found.value is not None and found.low is not None and found.high is not None
    assert -100 <= found.low <= found.value <= found.high <= 100
    assert found.low < found.high, "never certain"
    mirrored = nps([10 if s <= 6 else 0 if s >= 9 else 7 for s in scores])
    assert mirrored.value == pytest.approx(-found.value)
    assert (mirrored.low, mirrored.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


def test_the_interval_of_nps_holds_the_truth_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(3)
    drawn = rng.choice([10, 8, 3], size=(400, 150), p=[0.5, 0.3, 0.2])
    inside = sum(found.low <= 30 <= found.high for found in map(nps, drawn) if found.low and found.high)
    assert 0.92 <= inside / 400 <= 0.98


def test_csat_gives_the_published_intervals() -> None:
    found = csat([4, 5] * 40 + [1, 2, 3, 3] * 5)
    assert (found.value, found.n) == (0.8, 100)
    assert (found.low, found.high) == (pytest.approx(0.7112, abs=5e-5), pytest.approx(0.8666, abs=5e-5))
    assert csat([1] * 20).high == pytest.approx(0.1611, abs=5e-5)
    assert csat([3, 4, 4, 5], top=1).value == 0.25
    assert csat([8, 7, 10], top=3, of=10).value == pytest.approx(2 / 3)


def test_ces_says_which_way_is_good_and_how_many_found_it_easy() -> None:
    easy, hard = ces([7, 6, 5, 2]), ces([7, 6, 5, 2], high="hard")
    assert easy.value == hard.value == 5.0
    assert (easy.facts["easy_share"], hard.facts["easy_share"]) == (0.75, 0.25)
    assert easy.rule("zh") != hard.rule("zh") and easy.rule("en") != hard.rule("en")
    assert easy.high is not None and easy.high <= 7
    assert ces([7, 7, 7]).low is None, "alike answers tell nothing of how far others lie"


@pytest.mark.parametrize(
    ("measure", "wrong"), [(nps, 11), (nps, 8.5), (nps, "满意"), (nps, True), (csat, 0), (csat, 6), (ces, 8)]
)
def test_scores_that_cannot_be_are_refused_with_their_number(measure: object, wrong: object) -> None:
    assert callable(measure)
    with pytest.raises(InputProblems) as raised:
        measure([5, 4, wrong, wrong])
    assert raised.value.problems[0].facts["n"] == 2 and str(wrong) in str(raised.value)
    kept = measure([5, 4, wrong, wrong, None], invalid="leave_out")
    assert (kept.n, kept.facts["left_out"], kept.facts["missing"]) == (2, 2, 1)
    assert "2" in kept.rule("zh") and "2" in kept.rule("en")


def test_scores_written_as_text_count_and_blanks_are_no_answers() -> None:
    found = nps(["9", " 10 ", "", None, float("nan"), "0"])
    assert (found.n, found.facts["missing"]) == (3, 3)


@pytest.mark.parametrize("measure", [nps, csat, ces])
def test_without_an_answer_there_is_no_figure(measure: object) -> None:
    assert callable(measure)
    found = measure([None, None])
    assert (found.value, found.n, found.facts["missing"]) == (None, 0, 2)


def test_who_did_not_answer_stands_beside_every_figure() -> None:
    scores = [9] * 40 + [None] * 60 + [3] * 8 + [None] * 92
    groups = ["A"] * 100 + ["B"] * 100
    table = non_response(scores, groups).set_index("group")
    assert table["asked"].to_dict() == {"A": 100, "B": 100, "total": 200}
    assert table["answered"].to_dict() == {"A": 40, "B": 8, "total": 48}
    assert table["missing"].sum() == 2 * table.loc["total", "missing"]
    assert table.loc["A", "rate"] == 0.4 and table.loc["B", "low"] < 0.08 < table.loc["B", "high"]
    assert table["apart"].to_dict() == {"A": True, "B": True, "total": False}
    assert response_rate(200, 48).value == 0.24
    assert len(non_response(scores)) == 1
    split = by_group(scores, groups)
    assert (split["A"].value, split["B"].value, split["total"].n) == (100.0, -100.0, 48)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(InputProblems, match=r"3.*2"):
        by_group([1, 2, 3], ["a", "b"])


def test_the_sample_a_survey_needs() -> None:
    found = nps(HUNDRED)
    assert sample_for(5, deviation=found.facts["deviation"]) == 938  # from plus-minus 15.3 to 5


def test_the_service_gap_is_perception_less_expectation() -> None:
    answers = pd.DataFrame(
        {
            "dimension": ["可靠", "可靠", "有形", "有形", "有形"],
            "expectation": [7, 6, 4, 5, None],
            "perception": [4, 5, 5, 5, 7],
        }
    )
    table = service_gap(answers).set_index("dimension")
    assert table["gap"].to_dict() == {"可靠": -2.0, "有形": 0.5}
    assert table["n"].to_dict() == {"可靠": 2, "有形": 2}
    with pytest.raises(InputProblems):
        service_gap(answers.assign(perception=["x", 1, 2, 3, 4]))
    with pytest.raises(InputProblems):
        service_gap(answers.drop(columns="dimension"))


def test_they_are_public() -> None:
    assert (segkit.nps, segkit.csat, segkit.ces) == (nps, csat, ces)
