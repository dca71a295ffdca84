"""Every sample client in both languages: main pages in plain words, every threshold with its source, equal numbers."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from segkit.config import load_config
from segkit.locale import LANGS, Lang, say
from segkit.playbooks import load_playbook
from segkit.report.build import Built, build
from segkit.report.model import Bullets, ReportModel, Section

DATASETS = Path(__file__).parents[2] / "datasets"
CASES = sorted(path.parent.name for path in DATASETS.glob("*/client.yml"))

# names of methods and measures that no main page may hold; the appendix may. Median (中位数) is allowed on purpose:
# it is a word of the trade, and no other says as shortly what half of the customers are below
STATISTICS = [
    r"M?BG/NBD", r"Gamma-?Gamma", r"\bCLV\b", "Gini", "基尼", "Lorenz", "洛伦兹", r"Cram[ée]r", "克拉默", r"\bPSI\b",
    "bootstrap", "自助法", "重抽样", r"\bAUC\b", r"\bROC\b", "silhouette", "轮廓系数", r"k[- ]?means", "k ?均值", "聚类", "cluster",
    "四分位", "分位数", "百分位", "quartile", "quantile", "percentile", r"p ?值", r"p[- ]value", "显著性", "卡方",
    r"chi[- ]?square", "标准差", "方差", "standard deviation", r"\bvariance\b", "z-score", "置信区间", "confidence interval",
    "回归", "regression", "相关系数", "correlation", "调整兰德", r"\bRand index\b", "似然", "likelihood", r"\bRMSE\b", r"\bMAE\b",
    r"\bconfidence\b", "置信", r"\d ?%\s*的?把握", r"\blift\b", "提升度", r"standard error", "标准误", r"\bodds\b", "优势比",
    r"\bp ?[<=>] ?0?\.\d", "Bonferroni", "Brier", "logistic regression", r"\bANOVA\b", "η²", "Mann-?Whitney", "probability of superiority",
]  # fmt: skip
NAMED = re.compile("|".join(STATISTICS), re.IGNORECASE)

pytestmark = pytest.mark.slow  # a report of every case


@pytest.fixture(scope="module")
def reports(sample: Callable[[str], Path]) -> Callable[[str], dict[Lang, Built]]:
    """Both reports of a case with the appendix asked for, made once."""
    made: dict[str, dict[Lang, Built]] = {}

    def of(case: str) -> dict[Lang, Built]:
        if case not in made:
            path = sample(case)
            path.write_text(
                path.read_text(encoding="utf-8") + "\nsections: [clv, agreement]\n", encoding="utf-8"
            )
            config = load_config(path)
            made[case] = {lang: build(config, lang=lang) for lang in LANGS}
        return made[case]

    return of


def main_page(folder: Path) -> str:
    """All text of report.html a reader sees or hears before the appendix."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"<style.*?</style>", "", page, flags=re.S)
    main, *_ = page.split('<div class="appendix">')
    spoken = re.findall(r'(?:aria-label|alt|title)="([^"]*)"', main)
    contents = re.search(r"<nav.*?</nav>", main, flags=re.S)
    main = main.replace(contents.group(0), "") if contents else main  # it names the appendix
    return html.unescape(" ".join([re.sub(r"<[^>]+>", " ", main), *spoken]))


def main_sheets(folder: Path, lang: Lang) -> str:
    """All text of the workbook outside the sheets of the appendix."""
    book = CalamineWorkbook.from_path(str(folder / "customers.xlsx"))
    lead = say("xlsx.sheet.appendix", lang, title="").strip()
    names = [name for name in book.sheet_names if not name.startswith(lead)]
    rows = [row for name in names for row in book.get_sheet_by_name(name).to_python()]
    return "\n".join(str(cell) for row in rows for cell in row if isinstance(cell, str))


def test_there_is_something_to_look_at():
    assert {"jd", "client_export"} <= {*CASES} and len(CASES) >= 12


@pytest.mark.parametrize("case", CASES)
def test_main_pages_name_no_statistic(reports, case):
    for lang, built in reports(case).items():
        for text in (main_page(built.folder), main_sheets(built.folder, lang)):
            assert len(text) > 2000
            found = [text[max(0, hit.start() - 40) : hit.end() + 20] for hit in NAMED.finditer(text)]
            assert not found, (case, lang, found[:5])


def test_the_appendix_may_and_does(reports):
    for built in reports("jd").values():
        page = (built.folder / "report.html").read_text(encoding="utf-8")
        appendix = page.split('<div class="appendix">')[1]
        assert "MBG/NBD" in appendix and "Cramér" in appendix
        assert [s.id for s in built.model.sections if s.appendix] == ["clv", "agreement"]
        assert built.model.sections[-3].id == "definitions"


def definitions(model: ReportModel) -> Section:
    return next(s for s in model.sections if s.id == "definitions")


@pytest.mark.parametrize("case", CASES)
def test_every_threshold_stands_on_the_definitions_page_with_its_source(reports, case):
    for lang, built in reports(case).items():
        lists = [block.items for block in definitions(built.model).blocks if isinstance(block, Bullets)]
        said = [line for items in lists for line in items]
        none = say("definition.source.none", lang)
        start = say("definition.source", lang, source="")
        sources = [line for line in said if line.startswith(start)]
        assert len(sources) == len(built.model.schemes) > 0
        assert not [line for line in sources if not line.removeprefix(start).strip()]
        assert not [line for line in said if none in line]
        playbook = load_playbook(built.model.provenance.parameters["playbook"])
        for name, attribute in playbook.attributes.items():
            source = attribute.source_text(lang)
            assert not attribute.has_threshold or [line for line in said if source in line], name
        planned = any(built.model.kpis[id].value for id in ("followup_tasks", "followup_unscheduled"))
        policy = [b for b in definitions(built.model).blocks if b.kind == "table" and b.id == "policy"]
        assert len(policy) == 1 or not planned
        assert not [table for table in policy if none in table.title]


@pytest.mark.parametrize("case", CASES)
def test_page_one_speaks_of_one_class_and_says_nothing_twice(reports, case):
    for lang, built in reports(case).items():
        model = built.model
        assert model.findings
        again = say("html.action", lang).lower()
        assert not [f.action for f in model.findings.values() if again in f.action.lower()]
        card, finding = model.kpis.get("best_class"), model.findings.get("first_in_line")
        if card is not None and finding is not None:
            name = re.search("[“'](.+)[”']", card.label).group(1)
            assert name in finding.claim and f"{card.value:,}" in finding.claim


def numbers(model: ReportModel) -> list[object]:
    tables = [b for s in model.sections for b in s.blocks if b.kind == "table"]
    held = [
        [v for row in (*t.rows, t.total or []) for v in row if isinstance(v, int | float)] for t in tables
    ]
    figures = [[s.values for s in f.chart.series] for f in model.figures.values()]
    return [[(k.id, k.value, k.n) for k in model.kpis.values()], [t.id for t in tables], held, figures]


@pytest.mark.parametrize("case", CASES)
def test_both_languages_hold_the_same_numbers_of_every_case(reports, case):
    zh, en = (reports(case)[lang].model for lang in LANGS)
    assert [s.id for s in zh.sections] == [s.id for s in en.sections]
    assert numbers(zh) == numbers(en)
    assert {n: {*s.labels} for n, s in zh.schemes.items()} == {n: {*s.labels} for n, s in en.schemes.items()}


@pytest.mark.parametrize("case", CASES)
def test_every_customer_has_a_label_and_a_reason_of_every_scheme(reports, case):
    for lang, built in reports(case).items():
        book = CalamineWorkbook.from_path(str(built.folder / "customers.xlsx"))
        heads, *rows = book.get_sheet_by_name(say("xlsx.sheet.customers", lang)).to_python()
        assert len({*heads}) == len(heads), sorted(head for head in heads if heads.count(head) > 1)
        assert not [head for head in heads if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", str(head))]
        main = built.model.meta.main
        wanted = {say("xlsx.field.segment", lang), say("xlsx.field.why", lang)}
        for name, scheme in built.model.schemes.items():
            wanted |= set() if name == main else {scheme.title, say("xlsx.why", lang, title=scheme.title)}
        assert wanted <= {*heads}
        places = [heads.index(head) for head in wanted]
        for row in rows:
            assert all(row[place] for place in places), row
