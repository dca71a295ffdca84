"""The page: self-contained, every number found again, the client's words never taken for markup."""

from __future__ import annotations

import base64
import datetime as dt
import html
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from fontTools.ttLib import TTFont

from segkit.charts import concentration, distributions, score_heatmap, segment_marks, segment_value
from segkit.locale import LANGS, Lang
from segkit.report.model import (
    Bullets,
    Column,
    Finding,
    Findings,
    Kpi,
    Kpis,
    Meta,
    Picture,
    Provenance,
    ReportModel,
    Section,
    Sheet,
    Text,
)
from segkit.report.render.figures import inline_svg
from segkit.report.render.html import render_html

AS_OF = dt.date(2018, 12, 31)
HTML_TAG = re.compile(r"<[^>]+>")
SEGMENTS = [
    "key_value",
    "key_keep",
    "key_develop",
    "key_win_back",
    "general_value",
    "general_win_back",
    "prospect",
]
HOSTILE = '<img src=x onerror="alert(1)"> & "引号" {{ 7 * 7 }}'

WORDS = {
    "zh": {
        "title": "客户分类与跟进报告",
        "client": "鸿业商贸（虚构）",
        "purpose": "决定一季度先联系谁",
        "customers": "客户数",
        "revenue": "累计收入",
        "aov": "客单价",
        "rate": "复购率",
        "gap": "复购间隔",
        "note": "观察满 90 天的客户中，买过两次以上的",
        "claim": "480 位重要价值客户占客户 20%，贡献 58% 收入",
        "evidence": "他们平均每人 2,310.50 元，是其余客户的 5.6 倍。",
        "action": "本周由负责人逐一电话回访，先联系最近 60 天没有下单的 35 位。",
        "summary": "三句话说完",
        "segments": "每一类值多少",
        "concentration": "收入集中在谁手里",
        "data": "数据与质量",
        "heads": ["客户类型", "客户数", "客户占比", "累计收入", "收入占比", "平均间隔"],
        "total": "合计",
        "body": "76,050 行中有 9 行缺日期或金额，已按行号搁置。",
        "warning": "70% 的客户只买过一次，还看不出他们会不会再来。",
    },
    "en": {
        "title": "Customers: who they are and what to do",
        "client": "Hongye Trading (fictitious)",
        "purpose": "Decide whom to contact first in the first quarter",
        "customers": "Customers",
        "revenue": "Revenue",
        "aov": "Average order value",
        "rate": "Repeat purchase rate",
        "gap": "Days between orders",
        "note": "of customers watched for 90 days, those who bought twice or more",
        "claim": "480 key customers are 20% of all and bring 58% of revenue",
        "evidence": "They spend 2,310.50 CNY each, 5.6 times as much as the others.",
        "action": "Call each of them this week, the 35 without an order in 60 days first.",
        "summary": "In three sentences",
        "segments": "What each segment is worth",
        "concentration": "Who holds the revenue",
        "data": "Data and their quality",
        "heads": ["Segment", "Customers", "Share of customers", "Revenue", "Share of revenue", "Mean gap"],
        "total": "Total",
        "body": "9 of 76,050 rows had no date or no amount and were set aside by row number.",
        "warning": "70% of customers bought once: whether they come back cannot be told yet.",
    },
}


def customers(n: int = 2400, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frequency = np.where(draw.random(n) < 0.05, 0, np.minimum(draw.geometric(0.5, n), 40))
    score = draw.integers(1, 6, (n, 2))
    return pd.DataFrame(
        {
            "recency_days": np.where(frequency > 0, draw.integers(0, 700, n), np.nan),
            "frequency": frequency,
            "monetary": np.round(frequency * draw.lognormal(5, 1.2, n), 2),
            "r_score": np.where(frequency > 0, score[:, 0], np.nan),
            "f_score": np.where(frequency > 0, score[:, 1], np.nan),
            "label": [SEGMENTS[i % 6] if bought else "prospect" for i, bought in enumerate(frequency)],
        }
    )


def report(lang: Lang, folder: Path) -> ReportModel:
    """A report as the sections would build it, small and by hand."""
    words = WORDS[lang]
    people = customers()
    summary = (
        people.groupby("label").agg(customers=("label", "size"), monetary=("monetary", "sum")).reset_index()
    )
    facts = {"lang": lang, "source": "orders.csv", "as_of": AS_OF}
    figures = [
        drawn.save(folder)
        for drawn in (
            concentration(people, **facts),
            segment_value(summary, **facts),
            score_heatmap(people, **facts),
            distributions(people, **facts),
        )
    ]
    kpis = [
        Kpi(id="customers", label=words["customers"], value=2400, unit="count", previous=2150),
        Kpi(id="revenue", label=words["revenue"], value=59106974.3, unit="money", n=2400),
        Kpi(id="aov", label=words["aov"], value=310.456789, unit="money", n=4711),
        Kpi(
            id="repurchase_rate", label=words["rate"], value=0.2345, unit="share", n=2010, note=words["note"]
        ),
        Kpi(id="gap", label=words["gap"], value=None, unit="days", note=words["note"]),
        Kpi(id="left_over", label=words["customers"], value=17, unit="count"),
    ]
    findings = [
        Finding(id=f"f{i}", claim=words["claim"], evidence=words["evidence"], action=words["action"], n=2400)
        for i in (1, 2, 3)
    ]
    total = float(summary["monetary"].sum())
    rows = [
        [s.label, s.customers, s.customers / 2400, s.monetary, s.monetary / total, None if i else 12.5]
        for i, s in enumerate(summary.itertuples())
    ]
    units = ["text", "count", "share", "money", "share", "days"]
    ids = ["segment", "customers", "customer_share", "monetary", "value_share", "gap"]
    columns = [Column(id=i, head=h, unit=u) for i, h, u in zip(ids, words["heads"], units, strict=True)]
    sheet = Sheet(
        id="segments",
        title=words["segments"],
        columns=columns,
        rows=rows,
        total=[words["total"], 2400, 1.0, round(total, 2), 1.0, None],
        caption=figures[0].caption,
    )
    long = Sheet(
        id="long",
        title=words["data"],
        columns=[Column(id=f"c{i}", head=f"{words['customers']} {i}", unit="money") for i in range(9)],
        rows=[[i * 1234.5 + j for j in range(9)] for i in range(60)],
    )
    return ReportModel(
        meta=Meta(
            title=words["title"],
            client_id="hongye",
            client_name=words["client"],
            lang=lang,
            as_of=AS_OF,
            first_date=dt.date(2017, 1, 1),
            last_date=AS_OF,
            purpose=words["purpose"],
            main="rfm",
            version="0.1.0",
            data_sha256="0123456789abcdef" * 4,
        ),
        kpis={kpi.id: kpi for kpi in kpis},
        findings={finding.id: finding for finding in findings},
        figures={figure.id: figure for figure in figures},
        sections=[
            Section(
                id="summary",
                title=words["summary"],
                blocks=[
                    Kpis(ids=["customers", "revenue", "aov", "repurchase_rate", "gap"]),
                    Findings(ids=["f1", "f2", "f3"]),
                ],
            ),
            Section(
                id="segments",
                title=words["segments"],
                blocks=[
                    Text(text=words["body"]),
                    sheet,
                    Picture(id="segment_value"),
                    Picture(id="score_heatmap"),
                ],
            ),
            Section(
                id="concentration",
                title=words["concentration"],
                blocks=[Picture(id="concentration"), Picture(id="distributions")],
            ),
            Section(
                id="data",
                title=words["data"],
                blocks=[
                    Text(text=words["warning"], role="warning"),
                    Bullets(items=[words["body"], HOSTILE]),
                    long,
                    Text(text=words["note"], role="note"),
                ],
            ),
        ],
        segment_marks={k: dict(v) for k, v in segment_marks(SEGMENTS, lang).items()},
        provenance=Provenance(inputs=[], totals={}, parameters={}, versions={}),
    )


@pytest.fixture(scope="module", params=LANGS)
def made(request, tmp_path_factory) -> tuple[ReportModel, str, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    model = report(request.param, folder)
    render_html(model, folder, folder / "report.html")
    return model, (folder / "report.html").read_text(encoding="utf-8"), folder


class Elements(HTMLParser):
    """Every element with its attributes, and the text inside each table cell."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str]]] = []
        self.cells: list[str] = []
        self.headings: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, {name: value or "" for name, value in attrs}))
        if tag in ("td", "h3"):
            self.inside = tag
            (self.cells if tag == "td" else self.headings).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            (self.cells if self.inside == "td" else self.headings)[-1] += data


def without_fonts(page: str) -> str:
    return re.sub(r"data:font/woff;base64,[A-Za-z0-9+/=]+", "data:", page)


def test_nothing_outside_the_file_is_named(made):
    page = without_fonts(made[1])
    assert "://" not in page and "//" not in page
    for tag, attributes in Elements(page).all:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        assert attributes.get("href", "#").startswith("#")
    assert set(re.findall(r"url\((.)", page)) <= {"#", "d"}
    assert "default-src 'none'" in page


def test_every_kpi_is_found_again_with_its_raw_value(made):
    model, page, _ = made
    found = {a["data-kpi"]: json.loads(a["data-value"]) for _, a in Elements(page).all if "data-kpi" in a}
    assert found == {id: kpi.value for id, kpi in model.kpis.items()}


def test_ids_are_unique_and_every_inner_reference_arrives(made):
    page = made[1]
    elements = Elements(page).all
    ids = [a["id"] for _, a in elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = {a["href"][1:] for _, a in elements if "href" in a} | set(re.findall(r"url\(#([^)]+)\)", page))
    assert links and links <= set(ids)


def test_figures_carry_their_alt_text(made):
    model, page, _ = made
    pictures = [a for tag, a in Elements(page).all if tag == "svg"]
    assert {a["aria-label"] for a in pictures} == {figure.alt for figure in model.figures.values()}
    assert all(a["role"] == "img" for a in pictures)


def test_tables_and_figures_are_numbered_in_order(made):
    model, page, _ = made
    headings = Elements(page).headings
    words = {"zh": ("表 {}　", "图 {}　"), "en": ("Table {}. ", "Figure {}. ")}[model.meta.lang]
    for word, n in zip(words, (2, 4), strict=True):
        starts = [word.format(i + 1) for i in range(n)]
        assert [h[: len(s)] for s in starts for h in headings if h.startswith(s)] == starts


def test_segments_are_shown_by_mark_and_name(made):
    model, page, _ = made
    cells = Elements(page).cells
    mark = model.segment_marks["key_value"]
    assert f"{mark['mark']} {mark['name']}" in cells
    assert "key_value" not in cells
    assert "1,234.50" in cells and "—" in cells


def test_words_of_the_client_are_text_and_never_markup(made):
    page = made[1]
    assert "&lt;img src=x onerror=" in page
    assert "{{ 7 * 7 }}" in page


def test_fonts_hold_every_character_shown(made):
    page = made[1]
    fonts = [
        TTFont(io.BytesIO(base64.b64decode(data))) for data in re.findall(r"base64,([A-Za-z0-9+/=]+)", page)
    ]
    regular, bold = ({chr(c) for c in font.getBestCmap()} for font in fonts)
    body = without_fonts(page).split("<body>")[1]
    text = HTML_TAG.sub("", re.sub(r"<title>.*?</title>", "", body))
    assert set(html.unescape(text)) - {"\n"} <= regular | bold
    assert set("".join(Elements(body).headings)) <= bold
    assert len(page) < 400_000


def test_the_same_report_gives_the_same_bytes(made):
    model, page, folder = made
    render_html(ReportModel.model_validate_json(model.model_dump_json()), folder, folder / "again.html")
    assert (folder / "again.html").read_bytes() == page.encode("utf-8")


def test_an_svg_loses_its_links_and_namespaces():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt">'
        '<metadata>x</metadata><style>*{}</style><defs><path id="a"/></defs>'
        '<use xlink:href="#a" clip-path="url(#a)"/><a xlink:href="http://b.invalid"><text>1 &lt; 2</text></a></svg>'
    )
    inline = inline_svg(svg, "p", 'say "it"')
    assert "http" not in inline and "metadata" not in inline and "style" not in inline
    root = ElementTree.fromstring(inline)
    assert root.get("aria-label") == 'say "it"' and root.get("width") is None
    assert root.find("defs/path").get("id") == "p-a"
    assert root.find("use").attrib == {"href": "#p-a", "clip-path": "url(#p-a)"}
    assert root.find("a/text").text == "1 < 2"


@pytest.mark.parametrize("width", [360, 1200])
def test_a_browser_without_network_shows_all_of_it(made, browser_page, width):
    model, _, folder = made
    requests, complaints = [], []
    browser_page.on("request", lambda request: requests.append(request.url))
    browser_page.on("console", lambda message: complaints.append(message.text))
    browser_page.set_viewport_size({"width": width, "height": 800})
    address = (folder / "report.html").as_uri()
    browser_page.goto(address)
    states = browser_page.evaluate("document.fonts.ready.then(() => [...document.fonts].map(f => f.status))")
    # a font inside the file is logged as a request for its own data
    assert [url for url in requests if not url.startswith("data:")] == [address]
    assert complaints == []
    assert states == ["loaded", "loaded"]
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
    for id, kpi in model.kpis.items():
        card = browser_page.locator(f'[data-kpi="{id}"]')
        assert card.is_visible()
        assert json.loads(card.get_attribute("data-value")) == kpi.value
    clipped = (
        "[...document.querySelectorAll('.value b')].filter(b => b.scrollWidth > b.parentElement.clientWidth)"
    )
    assert browser_page.evaluate(f"{clipped}.length") == 0
