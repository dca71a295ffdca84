"""A segment looks the same everywhere, and never by colour alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit.charts import segment_marks
from segkit.charts.marks import FIXED

ELEVEN = [
    "champions",
    "loyal",
    "potential_loyalist",
    "new",
    "promising",
    "need_attention",
    "about_to_sleep",
    "at_risk",
    "cannot_lose",
    "hibernating",
    "lost",
    "prospect",
]
EIGHT = [f"{a}_{b}" for a in ("key", "general") for b in ("value", "keep", "develop", "win_back")] + [
    "prospect"
]
SCHEMES = {
    "eleven": ELEVEN,
    "eight": EIGHT,
    "lifecycle": ["prospect", "first", "repeat", "loyal"],
    "abc": ["A", "B", "C", "unknown"],
    "own": [f"tier {i}" for i in range(12)],
}

# Machado, Oliveira & Fernandes (2009), severity 1.0, on linear RGB
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def linear(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast_on_white(colour: str) -> float:
    return 1.05 / (linear(colour) @ [0.2126, 0.7152, 0.0722] + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_marks_within_a_scheme_differ(scheme):
    marks = segment_marks(SCHEMES[scheme], "zh")
    assert len({mark["mark"] for mark in marks.values()}) == len(SCHEMES[scheme])


@pytest.mark.parametrize("sight", BLINDNESS)
@pytest.mark.parametrize("scheme", ["eleven", "eight", "lifecycle", "abc"])
def test_colours_within_a_scheme_differ_for_colour_blind_readers(scheme, sight):
    marks = segment_marks(SCHEMES[scheme], "zh")
    seen = {label: lab(BLINDNESS[sight] @ linear(mark["colour"])) for label, mark in marks.items()}
    for one, other in combinations(SCHEMES[scheme], 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 15, (one, other)


def test_every_colour_stands_out_from_white():
    assert min(contrast_on_white(colour) for colour, _ in FIXED.values()) >= 3


def test_a_known_segment_looks_the_same_in_any_company_and_language():
    alone, among = segment_marks(["lost"], "zh")["lost"], segment_marks(["x", *ELEVEN, "y"], "en")["lost"]
    assert (alone["colour"], alone["mark"]) == (among["colour"], among["mark"])
    assert (alone["name"], among["name"]) == ("已流失", "Lost")


@given(st.lists(st.text(max_size=8), max_size=90, unique=True))
def test_own_labels_each_have_a_pair_of_their_own(labels):
    marks = segment_marks(labels, "en")
    assert list(marks) == labels
    own = [(mark["colour"], mark["mark"]) for label, mark in marks.items() if label not in FIXED]
    assert len(set(own)) == len(own)
