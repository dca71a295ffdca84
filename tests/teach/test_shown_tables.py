"""What a notebook shows of a table after `use`: the spoken language; what code sees stays as it is."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient
from shells import Notebook, notebook

SCENE = (
    "import pandas as pd\n"
    "customers = pd.DataFrame({'customer_id': ['C1', 'C2'], 'last_order': pd.to_datetime(['2025-12-01', '2025-06-18']),"
    " 'monetary': [21895.034, 2830.0], 'rfm': ['key_value', 'prospect']})"
)
PLAIN = {
    "zh": [
        "客户编号  最近下单    累计金额（元）  RFM 分群",
        "C1        2025-12-01       21,895.03  重要价值客户",
        "C2        2025-06-18        2,830.00  潜在客户",
    ],
    "en": [
        "Customer ID  Last order  Revenue (CNY)  RFM segment",
        "C1           2025-12-01      21,895.03  Key · value",
        "C2           2025-06-18       2,830.00  Prospect",
    ],
}


@pytest.fixture
def book(capsys) -> Notebook:
    with notebook(capsys) as opened:
        yield opened


def shown(book: Notebook, expression: str) -> dict[str, str]:
    data, _ = book.shell.display_formatter.format(book.shell.ev(expression))
    return data


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_frame_in_both_forms(book, lang):
    book.run(f"import segkit\nlang = segkit.use({lang!r})", SCENE)
    data = shown(book, "customers")
    assert data["text/plain"].splitlines() == PLAIN[lang]
    assert 'scope="row"' not in data["text/html"]  # no index
    for text in (PLAIN[lang][0].split("  ")[0], "21,895.03"):
        assert text in data["text/html"]
    assert book.run("customers").split("\n", 1)[1].rstrip("\n").endswith(PLAIN[lang][-1])


def test_a_series_and_a_row(book):
    book.run("import segkit\nlang = segkit.use('zh')", SCENE)
    assert (
        shown(book, "customers['rfm'].value_counts()")["text/plain"].splitlines()[0] == "RFM 分群      个数"
    )
    assert "重要价值客户" in shown(book, "customers.loc[0]")["text/html"]


def test_the_language_is_asked_when_it_is_shown(book):
    book.run("import segkit\nlang = segkit.use('zh')", SCENE)
    first = shown(book, "customers")["text/plain"]
    book.run("lang = segkit.use('en')")
    assert (
        first.splitlines() == PLAIN["zh"]
        and shown(book, "customers")["text/plain"].splitlines() == PLAIN["en"]
    )


def test_code_sees_ids_and_numbers_as_before(book):
    book.run("import segkit\nlang = segkit.use('zh')", SCENE, "customers")
    assert book.run("print(list(customers.columns), customers['rfm'][0], customers['monetary'][0])") == (
        "['customer_id', 'last_order', 'monetary', 'rfm'] key_value 21895.034\n"
    )
    assert "customer_id" in book.run("print(customers)")  # print is Python's


def test_a_table_that_cannot_be_set_is_shown_as_pandas_does(book, monkeypatch):
    book.run("import segkit\nlang = segkit.use('zh')", SCENE)

    def broken(*_: object) -> str:
        raise RuntimeError

    monkeypatch.setattr("segkit.teach.shown_tables.table_text", broken)
    monkeypatch.setattr("segkit.teach.shown_tables.table_html", broken)
    data = shown(book, "customers")
    assert "customer_id" in data["text/plain"] and "text/html" not in data


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_in_a_real_kernel_the_text_is_the_same_each_time(tmp_path, lang):
    cells = [f"import segkit\nlang = segkit.use({lang!r})", SCENE, "customers"]
    texts = []
    for _ in range(2):
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
        NotebookClient(book, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
        [output] = book.cells[2].outputs
        texts.append(output.data["text/plain"])
    assert texts[0] == texts[1] and texts[0].splitlines() == PLAIN[lang]
