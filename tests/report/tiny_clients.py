"""Small made-up clients, studied with every section of the report; and what was said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from segkit.locale import Lang
from segkit.report import sections
from segkit.report.analysis import open_study
from segkit.report.model import Bullets, Section, Sheet, Text
from segkit.report.study import Study

CONFIG = """
client: {id: tiny, name: 小店（虚构）}
lang: zh
as_of: 2025-12-31
input: {%s: a.csv%s}
"""
ALL = (
    sections.overview,
    sections.data_and_quality,
    sections.classification,
    sections.segments,
    sections.concentration,
    sections.needs,
    sections.industry,
    sections.region,
    sections.baskets,
    sections.outlook,
    sections.feedback,
    sections.satisfaction,
    sections.strategy,
    sections.followup,
    sections.lead_funnel,
    sections.service_promises,
    sections.referral_report,
    sections.records,
    sections.movement,
    sections.effect,
    sections.campaign,
    sections.definitions,
    sections.what_they_will_buy,
    sections.how_they_agree,
    sections.how_the_mix_shifted,
    sections.summary,
)
Make = Callable[..., Study]


def studied(
    folder: Path,
    rows: list[str],
    *,
    grain: str = "customers",
    lang: Lang = "zh",
    more: str = "",
    tables: str = "",
) -> Study:
    """A study of one table of comma-separated rows, with every section in it.

    `more` are further lines of client.yml, `tables` what stands below `input.tables`.
    """
    (folder / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    config = folder / "client.yml"
    written = CONFIG % (grain, f", tables: {tables}" if tables else "")
    config.write_text(written + more, encoding="utf-8")
    study = open_study(config=str(config), lang=lang)
    for section in ALL:
        shown = section(study)
        assert isinstance(shown._repr_html_(), str)
    return study


def said_in(section: Section) -> list[str]:
    """The texts and bullets of a section."""
    said = []
    for block in section.blocks:
        if isinstance(block, Text):
            said.append(block.text)
        elif isinstance(block, Bullets):
            said += block.items
    return said


def words(study: Study) -> str:
    """Everything the report says, tables aside."""
    said = [part for f in study.model.findings.values() for part in (f.claim, f.evidence, f.action)]
    said += [part for f in study.model.figures.values() for part in (f.title, f.alt, f.caption)]
    return "\n".join([*said, *(part for section in study.model.sections for part in said_in(section))])


def section(study: Study, id: str) -> Section | None:
    return next((s for s in study.model.sections if s.id == id), None)


def table(study: Study, id: str) -> Sheet:
    return next(b for s in study.model.sections for b in s.blocks if isinstance(b, Sheet) and b.id == id)


def column(sheet: Sheet, id: str) -> list[object]:
    place = [c.id for c in sheet.columns].index(id)
    return [row[place] for row in sheet.rows]


def spent(n: int, head: str = "客户编号,累计消费", more: str = "") -> list[str]:
    return [head, *(f"K{i},{100 * i}{more}" for i in range(1, n + 1))]


def counted(*groups: tuple[int, int, str, float], more: str = "") -> list[str]:
    """Rows of (how many, orders, last order, money)."""
    rows = ["客户编号,下单次数,最近下单日期,累计消费" + more]
    for n, orders, last, money in groups:
        rows += [f"K{len(rows) + i},{orders},{last},{money}" for i in range(n)]
    return rows
