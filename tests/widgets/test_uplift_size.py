"""Uplift and sample size: the figures are those of `uplift` and power.py, the ten campaigns those of one seed."""

from __future__ import annotations

import re

import numpy as np
import pytest

import segkit
from segkit.evaluate.power import chance_of_seeing, detectable, sample_size
from segkit.locale import LANGS
from segkit.problems import InputProblems
from segkit.widgets.sizing import sized


@pytest.fixture(autouse=True)
def speak(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr("segkit.locale.spoken._spoken", "zh")
    return monkeypatch


def test_the_figures_are_those_of_the_public_functions() -> None:
    found = sized(0.10, 0.02, 2000, 0.2)
    assert (found.treated, found.control) == (1600, 400)
    assert found.chance == chance_of_seeing(1600, 400, 0.10, 0.02)
    assert found.least == detectable(1600, 400, 0.10)
    assert found.equal == sample_size(0.10, 0.12) == 3841  # the example of Fleiss, Levin & Paik's formula
    plain = segkit.uplift(treated=(192, 1600), control=(40, 400))
    assert (found.expected.low, found.expected.high) == pytest.approx((plain.low, plain.high))


def test_needed_is_the_smallest_number_with_that_chance() -> None:
    needed = sized(0.10, 0.02, 2000, 0.2).needed
    assert needed is not None
    share = [chance_of_seeing(n - round(n * 0.2), round(n * 0.2), 0.10, 0.02) for n in (needed - 5, needed)]
    assert share[0] < 0.8 <= share[1]
    assert sized(0.10, 0.02, 2000, 0.5).needed == pytest.approx(2 * 3841, rel=0.001)


def test_ten_campaigns_are_the_same_for_a_seed_and_true_in_the_long_run() -> None:
    first, again, other = (sized(0.2, 0.05, 3000, 0.3, draw) for draw in (1, 1, 2))
    assert first.campaigns == again.campaigns != other.campaigns and len(first.campaigns) == 10
    many = [one for draw in range(1, 201) for one in sized(0.2, 0.05, 3000, 0.3, draw).campaigns]
    seen = np.mean([one.shown for one in many])
    holds = np.mean([(one.low or 0) <= 0.05 <= (one.high or 0) for one in many])
    assert seen == pytest.approx(first.chance, abs=0.04) and holds == pytest.approx(0.95, abs=0.015)


def test_moving_a_control_changes_the_numbers() -> None:
    widget = segkit.widgets.uplift_size()
    assert "19% 的机会" in widget.html and "3,841" in widget.html
    widget.set(customers=20_000)
    assert f"{chance_of_seeing(16_000, 4_000, 0.10, 0.02):.0%} 的机会" in widget.html
    before = widget.html
    widget.buttons[1].click()
    assert widget.values["draw"] == 2 and widget.html != before
    widget.set(draw=200)
    widget.draw_again()
    assert widget.values["draw"] == 1


def test_no_effect_shows_what_chance_alone_reports() -> None:
    widget = segkit.widgets.uplift_size(rise=0)
    assert "看出的差别都是偶然" in widget.html and "3,841" not in widget.html
    assert widget.twin().meta.title.startswith("联系其实没有作用")


def test_nobody_held_out_is_one_sentence() -> None:
    widget = segkit.widgets.uplift_size()
    widget.set(held_out=0)
    assert 'role="alert"' in widget.html and "没有对照" in widget.html and "<img" not in widget.html
    with pytest.raises(InputProblems):
        widget.parts(held_out=0)
    with pytest.raises(InputProblems):
        sized(0.9, 0.2, 100, 0.5)
    with pytest.raises(InputProblems):
        segkit.widgets.uplift_size(base=99)


def test_an_effect_no_number_shows_is_said() -> None:
    found = sized(0.3, 0.0005, 1000, 0.05)
    assert found.needed is None and found.equal is not None


def test_both_languages_hold_the_same_numbers(speak) -> None:
    told = []
    for lang in LANGS:
        speak.setattr("segkit.locale.spoken._spoken", lang)
        widget = segkit.widgets.uplift_size()
        text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", widget.html, flags=re.S)
        numbers = re.findall(
            r"-?\d[\d,]*(?:\.\d+)?%?", text.replace("五次里有四次", "").replace("among them", "")
        )
        told.append((sorted(numbers), widget.twin().meta.chart.series[1].values))
    assert told[0] == told[1] and len(told[0][0]) >= 12


def test_the_twin_is_the_first_view() -> None:
    widget = segkit.widgets.uplift_size(customers=5000)
    twin = widget.twin()
    assert f'alt="{twin.meta.alt}"' in widget.html
    widget.draw_again()
    assert widget.twin().meta == twin.meta and f'alt="{twin.meta.alt}"' not in widget.html


def test_the_figure_holds_what_each_campaign_reports() -> None:
    widget = segkit.widgets.uplift_size()
    found = widget.sized(widget.defaults)
    value, low, high = (series.values for series in widget.twin().meta.chart.series)
    assert value == tuple(one.value for one in found.campaigns)
    assert all(a < v < b for a, v, b in zip(low, value, high, strict=True))
