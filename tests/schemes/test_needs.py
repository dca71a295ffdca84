"""What matters most: ties, missing answers, straight lines, answers outside the scale."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from engines import ENGINES
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_needs import label_of
from pydantic import ValidationError

from segkit.problems import InputProblems
from segkit.samples import home, load
from segkit.schemes.needs import Needs
from segkit.schemes.store import scheme_from

COLUMNS = {"price": "p", "quality": "q", "service": "s"}


def labels(scheme: Needs, *rows: tuple[Any, ...]) -> list[str]:
    frame = pd.DataFrame(rows, columns=list(scheme.needs()), dtype="float64")
    return list(scheme.fit(frame).label(frame)["needs"])


# --- the rule --------------------------------------------------------------------------------------


def test_the_highest_wins_and_ties_follow_the_rule_that_is_written() -> None:
    rows = [(5, 3, 2), (4, 4, 1), (1, 4, 4), (3, 3, 3)]
    assert labels(Needs(columns=COLUMNS), *rows) == ["price", "mixed", "mixed", "mixed"]
    ordered = Needs(columns=COLUMNS, ties=("service", "price", "quality"))
    assert labels(ordered, *rows) == ["price", "price", "service", "service"]


def test_a_margin_makes_near_needs_tied() -> None:
    rows = [(5, 4.5, 1), (5, 4.4, 1), (5, 1, 1)]
    assert labels(Needs(columns=COLUMNS, margin=0.5), *rows) == ["mixed", "price", "price"]
    ordered = Needs(columns=COLUMNS, margin=0.5, ties=("quality", "service", "price"))
    assert labels(ordered, *rows) == ["quality", "price", "price"]


def test_a_straight_line_is_no_preference_where_answers_are_relative() -> None:
    rows = [(4, 4, 4), (4, 4, 3), (1, 1, 1)]
    assert labels(Needs(columns=COLUMNS, relative=True), *rows) == ["no_preference", "mixed", "no_preference"]
    assert labels(Needs(columns=COLUMNS), *rows) == ["mixed"] * 3


def test_a_missing_answer_makes_unknown_only_where_it_could_decide() -> None:
    none = None
    rows = [
        (5, none, 2),
        (5, none, 5),
        (4, none, 4),
        (none, 5, 2),
        (none, none, none),
        (5, 5, none),
        (none, 1, 1),
    ]
    ordered = Needs(columns=COLUMNS, ties=("price", "quality", "service"))
    wanted = ["price", "price", "unknown", "unknown", "unknown", "price", "unknown"]
    assert labels(ordered, *rows) == wanted
    wanted = ["unknown", "mixed", "unknown", "unknown", "unknown", "mixed", "unknown"]
    assert labels(Needs(columns=COLUMNS), *rows) == wanted


def test_with_enough_answers_the_others_are_left_out() -> None:
    scheme = Needs(columns=COLUMNS, min_answered=2)
    rows = [(5, None, 2), (None, None, 5), (3, None, 3), (1, 2, 3)]
    assert labels(scheme, *rows) == ["price", "unknown", "mixed", "service"]


answers = st.one_of(st.none(), st.integers(1, 5), st.integers(2, 10).map(lambda n: n / 2))


@pytest.mark.slow
@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(answers, answers, answers), min_size=1, max_size=15),
    ties=st.one_of(st.just("mixed"), st.permutations(["a", "b", "c"]).map(tuple)),
    margin=st.sampled_from([0, 0.5, 1]),
    relative=st.booleans(),
    min_answered=st.sampled_from([None, None, 2, 3]),
)
def test_the_label_is_the_one_every_answer_in_place_of_the_missing_leads_to(rows: Any, **rule: Any) -> None:
    scheme = Needs(columns={c: c for c in "abc"}, name="needs", **rule)
    assert labels(scheme, *rows) == [label_of(scheme, row) for row in rows]


# --- answers as they are written -------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_answers_may_be_text_and_what_is_off_the_scale_counts_as_not_given(engine: str) -> None:
    frame = pd.DataFrame(
        {
            "customer_id": range(6),
            "p": pd.Series(["４", " 5 ", "33", "0", "很重要", None], dtype="str"),
            "q": pd.Series([3, 3, 5, 99, 3, 3], dtype="Int64"),
            "s": [1.0, 2.0, 1.0, 1.0, 1.0, float("nan")],
        }
    )
    scheme = Needs(columns=COLUMNS).fit(ENGINES[engine](frame))
    assert scheme.learned is not None
    assert scheme.learned.model_dump() == {"customers": 2, "tied": 0, "outside": {"p": 3, "q": 1}}
    assert scheme.label(frame)["needs"].tolist() == ["price", "price", *["unknown"] * 4]
    assert "4 个回答不在 1–5 之内，视为没答：p 3 个、q 1 个" in scheme.notes("zh")[0]
    assert "p（写的是 33，不在 1–5 内，不计）" in scheme.explain_all(frame).iloc[2]


def test_the_scale_is_the_clients() -> None:
    scheme = Needs(columns=COLUMNS, scale=(0, 10))
    assert labels(scheme, (0, 10, 3), (11, 9, 3), (0, 0, 1)) == ["quality", "unknown", "service"]


# --- words -----------------------------------------------------------------------------------------


def test_an_explanation_names_the_answers_and_the_smallest_change() -> None:
    scheme = Needs(columns=COLUMNS)
    said = scheme.explain({"p": 5, "q": 3, "s": 2})
    assert said == "价格型：p 5、q 3、s 2；若p改为 3，就变为“需求并列”。"
    said = scheme.explain({"p": 4, "q": 4, "s": 1}, "en")
    assert said == 'Several needs alike: p 4, q 4, s 1; if p were 5, it becomes "Price".'
    ordered = Needs(columns=COLUMNS, ties=("price", "quality", "service"))
    assert "若p改为 3，就变为“质量型”" in ordered.explain({"p": 4, "q": 4, "s": 1})
    assert "p 5（比本人平均 +2.0）" in Needs(columns=COLUMNS, relative=True).explain({"p": 5, "q": 2, "s": 2})


def test_to_become_unknown_is_no_change_that_an_explanation_names() -> None:
    scheme = Needs(columns=COLUMNS, ties=("price", "quality", "service"))
    assert label_of(scheme, (5, 3, None)) == "price" and label_of(scheme, (4, 3, None)) == "unknown"
    assert "单改其中一项，分类不变" in scheme.explain({"p": 5, "q": 3, "s": None})
    lone = Needs(columns=COLUMNS, min_answered=2)
    assert "资料不足" not in lone.explain({"p": 5, "q": 4, "s": None})


@pytest.mark.slow
@settings(max_examples=60)
@given(
    row=st.tuples(*[st.integers(1, 5)] * 3), ties=st.sampled_from(["mixed", ("service", "price", "quality")])
)
def test_the_change_that_is_named_leads_where_it_says_and_no_smaller_one_leads_away(
    row: Any, ties: Any
) -> None:
    scheme = Needs(columns=COLUMNS, ties=ties)
    said = scheme.explain(dict(zip("pqs", row, strict=True)), "en")
    here = label_of(scheme, row)
    sizes = {}
    for at in range(3):
        for step in range(1, 6):
            changed = (*row[:at], step, *row[at + 1 :])
            if label_of(scheme, changed) != here:
                words = f'if {"pqs"[at]} were {step}, it becomes "{scheme.label_name(label_of(scheme, changed), "en")}"'
                sizes[words] = abs(step - row[at])
    if not sizes:
        assert "no change of one of them alone moves it" in said
        return
    smallest = [words for words, size in sizes.items() if size == min(sizes.values())]
    assert any(words in said for words in smallest)


def test_the_rule_and_its_ties_are_described() -> None:
    rule = Needs(columns=COLUMNS, ties=("service", "price", "quality"), margin=0.5, relative=True).describe(
        "zh"
    )
    assert rule[0] == "比较p、q、s（1–5 分），最高的一项决定归类，依次为：价格型、质量型、服务型。"
    assert "按 服务型、价格型、质量型 的先后" in rule[1] and "0.5" in rule[2] and "无明显偏好" in rule[3]
    assert "不到 2 题" in " ".join(Needs(columns=COLUMNS, min_answered=2).describe("zh"))


# --- the sample ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def survey() -> pd.DataFrame:
    asked = load("market_profiles").respondents.drop_duplicates("respondent_id")
    true = pd.read_csv(home() / "_truth" / "market_profiles_respondents.csv", encoding="utf-8-sig")
    return asked.merge(true, on="respondent_id", validate="one_to_one")


def test_planted_needs_straight_lines_and_slips_are_found_again(survey: pd.DataFrame) -> None:
    columns = {need: f"importance_{need}" for need in ("price", "quality", "service", "brand", "channel")}
    assert isinstance(survey["importance_price"].dtype, pd.StringDtype)  # full-width digits keep it text
    scheme = Needs(columns=columns, relative=True).fit(survey)
    found = scheme.label(survey)["needs"]
    assert (found == "no_preference").tolist() == (survey["straight_line"] == 1).tolist()
    assert scheme.learned is not None and sum(scheme.learned.outside.values()) == 6
    told = ~found.isin(["mixed", "no_preference", "unknown"])
    assert told.sum() > 400
    assert (found == survey["need"])[told].mean() > 0.98
    # bare cuts sort people by their habit of rating: four of ten rate everything high
    assert (
        survey.loc[survey["straight_line"] == 0, list(columns.values())].isin(["4", "5"]).sum(axis=1) > 1
    ).mean() > 0.4


# --- refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"columns": {"price": "p"}}, "至少写两种"),
        ({"columns": {"price": "p", "quality": "p"}}, "不同的列"),
        ({"columns": {"mixed": "p", "quality": "q"}}, "mixed"),
        ({"scale": [5, 1]}, "5 到 1"),
        ({"scale": [0, 1000]}, "1000"),
        ({"ties": ["price"]}, "price、quality、service"),
        ({"ties": "first"}, "price、quality、service"),
        ({"margin": 4}, "margin"),
        ({"margin": -1}, "margin"),
        ({"min_answered": 4}, "4"),
        ({"name": "p"}, "p"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(change: dict[str, Any], said: str) -> None:
    given = {"columns": COLUMNS, **change}
    with pytest.raises(ValidationError):
        Needs.model_validate(given)
    with pytest.raises(InputProblems) as error:
        scheme_from({"kind": "needs", **given}, "mine")
    assert said in error.value.text("zh") and error.value.text("en")
