"""The base of all widgets: controls above, below them what one pure function makes of their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import pytest
from ipywidgets import Dropdown, IntSlider, Text
from page_of import Page

from segkit.charts.class_bars import class_resources
from segkit.charts.theme import Drawn
from segkit.locale import Lang, say
from segkit.locale.spoken import speak
from segkit.problems import InputProblems, Problem
from segkit.widgets.explorer import Explorer
from segkit.widgets.parts import Part, Table


class Wage(Explorer):
    """Hours times a rate; no rate above 500, and 13 is not foreseen."""

    topic = "abc_cuts"  # its words serve here

    def __init__(self, **defaults: Any) -> None:
        self.drawn = 0
        super().__init__(**defaults)

    def make_controls(self, lang: Lang) -> dict[str, Any]:
        return {
            "hours": IntSlider(value=8, min=1, max=24, description="h", continuous_update=True),
            "rate": Text(value="100", description="r"),
            "cut_a": Dropdown(options=[("one", 1), ("two", 2)]),
        }

    def render(self, values: Mapping[str, Any], lang: Lang) -> Sequence[Part]:
        self.drawn += 1
        if values["hours"] == 13:
            raise ZeroDivisionError("thirteen")
        if int(values["rate"]) > 500:
            raise InputProblems(
                [
                    Problem("widget.no_table", {"kind": "<b>"}),
                    Problem("widget.bad_date", {"value": values["rate"]}),
                ]
            )
        pay = values["hours"] * int(values["rate"]) * values["cut_a"]
        frame = pd.DataFrame({"label": ["champions", "A&B"], "monetary": [pay, None]})
        return [
            Table(frame, {"monetary": "money"}, "5 < 6", {"label": "segment"}),
            "<i>",
            ["first", "second"],
        ]

    def meaning(self, values: Mapping[str, Any], lang: Lang) -> str:
        return f"{values['hours']} hours"


@pytest.fixture(autouse=True, params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> Iterator[Lang]:
    speak(request.param)
    yield request.param
    speak("zh")


def test_what_is_shown_follows_a_control_that_is_moved() -> None:
    widget = Wage()
    assert Page(widget.html).tables[0][1][1] == "800.00"
    widget.controls["hours"].value = 9
    page = Page(widget.html)
    assert page.tables[0][1][1] == "900.00"
    assert "9 hours" in page.words and "8 hours" not in page.words
    assert widget.values == {"hours": 9, "rate": "100", "cut_a": 1}


def test_a_table_has_headings_names_and_nothing_that_could_be_a_tag(lang: Lang) -> None:
    page = Page(Wage().html)
    assert page.tables[0][0] == {"zh": ["类别", "累计金额（元）"], "en": ["Segment", "Revenue (CNY)"]}[lang]
    assert page.tables[0][1][0] == {"zh": "冠军客户", "en": "Champions"}[lang]
    assert page.tables[0][2] == ["A&B", "—"]
    assert "<i>" in page.words and "5 < 6" in page.words and "second" in page.words


def test_controls_wait_until_one_lets_go_and_speak_the_language(lang: Lang) -> None:
    controls = Wage().controls
    assert not controls["hours"].continuous_update and not controls["rate"].continuous_update
    assert controls["cut_a"].description == say("widget.abc_cuts.cut_a", lang)
    assert controls["hours"].description == "h"


def test_several_controls_are_set_at_once_and_drawn_once() -> None:
    widget = Wage()
    before = widget.drawn
    widget.set(hours=2, rate="50", cut_a=2)
    assert widget.drawn == before + 1
    assert Page(widget.html).tables[0][1][1] == "200.00"


def test_reset_goes_back_to_the_values_it_was_made_with() -> None:
    widget = Wage(hours=4)
    first = widget.html
    widget.set(hours=20, rate="7")
    assert widget.html != first
    widget.buttons[0].click()
    assert widget.html == first and widget.values["hours"] == 4


def test_what_cannot_be_is_one_sentence_in_place_of_numbers(lang: Lang) -> None:
    widget = Wage()
    widget.controls["rate"].value = "501"
    page = Page(widget.html)
    assert page.wrong and page.tables == [] and page.alts == []
    problems = [Problem("widget.no_table", {"kind": "<b>"}), Problem("widget.bad_date", {"value": "501"})]
    assert page.words.strip() == say("widget.problems", lang).join(
        [problems[0].text(lang).rstrip("。."), problems[1].text(lang)]
    )
    widget.controls["rate"].value = "500"
    assert not Page(widget.html).wrong and Page(widget.html).tables


def test_what_was_not_foreseen_is_said_too_and_not_hidden() -> None:
    widget = Wage()
    with pytest.raises(ZeroDivisionError):
        widget.controls["hours"].value = 13
    page = Page(widget.html)
    assert page.wrong and "thirteen" in page.words


@pytest.mark.parametrize(
    ("given", "said"), [({"hour": 3}, "hours"), ({"hours": 25}, "1-24"), ({"cut_a": 3}, "1, 2")]
)
def test_a_first_value_that_cannot_be_names_what_can(given: dict[str, Any], said: str, lang: Lang) -> None:
    with pytest.raises(InputProblems) as raised:
        Wage(**given)
    assert said in raised.value.text(lang)


def test_a_value_that_cannot_be_leaves_all_controls_where_they_were() -> None:
    widget = Wage()
    before = widget.values
    with pytest.raises(InputProblems):
        widget.set(rate="9", hours=99)
    assert widget.values == before


def test_the_twin_is_the_figure_or_else_the_table_and_moves_nothing() -> None:
    widget = Wage()
    before = widget.html
    assert widget.twin().loc[0, "monetary"] == 800  # type: ignore[union-attr]
    assert widget.twin(hours=2).loc[0, "monetary"] == 200  # type: ignore[union-attr]
    assert widget.html == before
    with pytest.raises(InputProblems):
        widget.twin(rate="501")
    with pytest.raises(InputProblems):
        widget.twin(hour=2)


def test_a_figure_is_an_image_with_its_alt_text(lang: Lang) -> None:
    class Drawing(Wage):
        def render(self, values: Mapping[str, Any], lang: Lang) -> Sequence[Part]:
            summary = pd.DataFrame(
                {"label": ["A"], "customers": [3], "monetary": [9.0], "hours": [values["hours"]]}
            )
            drawn = class_resources(summary, lang=lang, source='"a"', as_of=pd.Timestamp("2025-12-31").date())
            return ["first a sentence", drawn]

    widget = Drawing()
    twin = widget.twin()
    assert isinstance(twin, Drawn)
    page = Page(widget.html)
    assert page.alts == [twin.meta.alt] and page.pictures[0].startswith("data:image/png;base64,")
    before = page.pictures
    widget.controls["hours"].value = 9
    assert Page(widget.html).pictures != before


def test_a_page_on_which_nothing_moves_has_the_same_as_html() -> None:
    widget = Wage()
    bundle = widget._repr_mimebundle_()
    assert bundle["text/html"] == widget.html
    assert "application/vnd.jupyter.widget-view+json" in bundle
