"""`use` sets the language, installs its help once, and is harmless where there is no IPython."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from shells import Notebook, notebook

import segkit
from segkit.locale.spoken import spoken
from segkit.problems import InputProblems
from segkit.teach.speaking import Explainer


@pytest.fixture
def book(capsys) -> Iterator[Notebook]:
    with notebook(capsys) as opened:
        yield opened


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_sets_the_language_and_gives_it_back(book, lang):
    assert segkit.use(lang) == lang == spoken()
    assert segkit.use() == lang
    assert segkit.use(f" {lang.upper()} ") == lang


def test_it_is_quiet(book, capsys):
    assert book.run("import segkit\nlang = segkit.use('zh')") == ""
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("wish", ["fr", "", "中文", 3])
def test_another_language_is_refused_in_words(book, wish):
    segkit.use("en")
    with pytest.raises(InputProblems) as refused:
        segkit.use(wish)
    [problem] = refused.value.problems
    for lang in ("zh", "en"):
        assert f"{wish}" in problem.text(lang) and 'segkit.use("zh")' in problem.text(lang)
    assert spoken() == "en"
    assert "Traceback" not in book.run("import segkit", f"segkit.use({wish!r})")


def test_a_second_call_installs_nothing_more(book):
    for lang in ("zh", "en", "zh"):
        segkit.use(lang)
    shown = book.shell._showtraceback
    assert isinstance(shown, Explainer) and not isinstance(shown.show, Explainer)
    ours = [one for one in book.shell.events.callbacks["pre_run_cell"] if "Explainer" in str(one)]
    assert len(ours) == 1
    out = book.run("1 / 0")
    assert out.count("除数是 0") == 1 and out.count("ZeroDivisionError: division by zero") == 1


def test_errors_follow_the_language_spoken_last(book):
    book.run("import segkit\nlang = segkit.use('zh')")
    assert book.line("1 / 0").startswith("除数是 0")
    book.run("lang = segkit.use('en')")
    assert book.line("1 / 0").startswith("Division by 0")


def test_the_cell_that_calls_use_is_explained_too(book):
    assert book.line("import segkit\nlang = segkit.use('zh')\nx = {}\nx == 1\nxx = y1").startswith(
        "还没有 y1"
    )


def test_in_plain_python_only_the_language_is_set():
    code = "import sys, segkit\nassert segkit.use('en') == 'en'\nassert 'IPython' not in sys.modules\n1 / 0"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.stdout == "" and done.stderr.rstrip().endswith("ZeroDivisionError: division by zero")
    assert "Division by 0" not in done.stderr
