"""The font comes from a package's files, and a cut font holds the characters asked for."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from fontTools.ttLib import TTFont

from segkit.charts import fonts
from segkit.charts.marks import SHAPES


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_a_cut_font_holds_exactly_the_characters_asked_for(weight):
    font = TTFont(io.BytesIO(fonts.cut("客户 ABC 12.5%", weight)))
    assert set(map(chr, font.getBestCmap())) == set("客户 ABC12.5%")


def test_the_same_characters_give_the_same_bytes():
    assert fonts.cut("收入 1,234") == fonts.cut("4321, 入收入")


def test_a_character_the_font_lacks_is_left_out():
    font = TTFont(io.BytesIO(fonts.cut("客\U0001f600")))
    assert set(map(chr, font.getBestCmap())) == {"客", " "}


def test_digits_are_equally_wide_so_that_columns_of_numbers_align():
    font = TTFont(io.BytesIO(fonts.cut("0123456789")))
    assert len({font["hmtx"][glyph][0] for char, glyph in font.getBestCmap().items() if char != 32}) == 1


def test_every_mark_is_in_the_font_and_in_the_characters_of_chinese_windows():
    with TTFont(fonts.font_file(), lazy=True) as font:
        assert set(map(ord, SHAPES)) <= set(font.getBestCmap())
    "".join(SHAPES).encode("gbk")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    with pytest.raises(fonts.FontMissing, match="mpl-font"):
        fonts.font_file("Bold")


def test_charts_leave_settings_and_pyplot_as_they_were():
    program = """
import matplotlib, pandas as pd, datetime as dt, warnings
warnings.simplefilter("error")
before = dict(matplotlib.rcParams)
filters = list(warnings.filters)
import segkit.charts as charts
frame = pd.DataFrame({"monetary": [1.0, 2.0, 3.0]})
drawn = charts.concentration(frame, lang="zh", source="a.csv", as_of=dt.date(2020, 1, 1))
assert drawn.png().startswith(b"\\x89PNG") and "金额".encode() in drawn.svg()
assert dict(matplotlib.rcParams) == before
import matplotlib.pyplot as plt
assert plt.get_fignums() == []
"""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
