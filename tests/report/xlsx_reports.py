"""A report with every kind of block and hostile texts, in both languages, for the tests of customers.xlsx."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from segkit.charts.figure import Chart, Figure
from segkit.locale import Lang, term
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

HOSTILE = [
    "=1+1",
    "@cmd",
    "+cmd|' /C calc'!A0",
    '=HYPERLINK("http://a.invalid","x")',
    "-2+3",
    "http://a.invalid/x",
]
SEGMENTS = {"key_value": ("#0072B2", "●"), "key_keep": ("#D55E00", "▲"), "general_keep": ("#009E73", "■")}
ROWS = [
    ["key_value", 12, 0.06, 60000.1, 0.6],
    ["key_keep", 48, 0.24, 30000.2, 0.3],
    ["general_keep", 140, 0.7, 10000.3, 0.1],
]


def words(lang: Lang, zh: str, en: str) -> str:
    return zh if lang == "zh" else en


def columns(lang: Lang) -> list[Column]:
    heads = [
        ("segment", "客户分群", "Segment", "text"),
        ("customers", "客户数", "Customers", "count"),
        ("share_customers", "客户占比", "Share of customers", "share"),
        ("monetary", "累计金额", "Total amount", "money"),
        ("share_money", "金额占比", "Share of amount", "share"),
        ("orders", "平均下单次数", "Orders per customer", "times"),
        ("aov", "客单价", "Average order value", "money"),
    ]
    return [Column(id=i, head=words(lang, zh, en), unit=u) for i, zh, en, u in heads]  # type: ignore[arg-type]


def report(lang: Lang) -> ReportModel:
    kpis = [
        Kpi(id="customers", label=words(lang, "客户数", "Customers"), value=200, unit="count", n=200),
        Kpi(
            id="revenue",
            label=words(lang, "成交金额", "Revenue"),
            value=100000.6,
            unit="money",
            n=431,
            note=HOSTILE[0],
        ),
        Kpi(
            id="repeat_rate",
            label=words(lang, "复购率", "Repeat rate"),
            value=0.2345,
            unit="share",
            n=200,
            note=words(
                lang,
                "期内下单两天及以上的客户，除以全部下过单的客户；同一天的多张订单算一次。",
                "Customers with orders on two days or more, over all buyers; orders of one day count once.",
            ),
        ),
        Kpi(id="gap", label=words(lang, "下单间隔", "Days between orders"), value=31.5, unit="days", n=47),
        Kpi(
            id="churn",
            label=words(lang, "流失率", "Churn"),
            value=None,
            unit="share",
            note=words(lang, "时间不够长，无法计算", "Too short to tell"),
        ),
    ]
    findings = [
        Finding(
            id="f1",
            n=200,
            claim=words(
                lang, "12 位重要价值客户贡献 60.0% 金额", "12 key customers bring 60.0% of the money"
            ),
            evidence=words(
                lang, "200 位客户中的 12 位，累计 60,000.10 元。", "12 of 200 customers, 60,000.10 in total."
            ),
            action=words(
                lang,
                "本周内由负责人逐一电话回访，确认下一次采购时间，并把结果记在“跟进清单”里；没有负责人的客户先分配。"
                * 2,
                "Call each of them this week, ask for the next purchase and note the outcome in the follow-up list. "
                * 2,
            ),
        ),
        Finding(id="f2", n=3, claim=HOSTILE[3], evidence="e", action="a"),
    ]
    total = [words(lang, "合计", "Total"), 200, 1.0, 100000.6, 1.0, 2.2, 227.27]
    rows = [
        [*row, *more] for row, more in zip(ROWS, ((6.4, 781.25), (3.1, 201.61), (1.2, 59.53)), strict=True)
    ]
    caption = words(lang, "n = 200；来源：订单；截至 2025-12-31", "n = 200; source: orders; as of 2025-12-31")
    decile = [
        Column(id="d", head=words(lang, "档", "Tenth"), unit="text"),
        Column(id="v", head=words(lang, "金额", "Amount"), unit="money"),
    ]
    sections = [
        Section(id="summary", title="s", blocks=[Kpis(ids=[k.id for k in kpis]), Findings(ids=["f1", "f2"])]),
        Section(
            id="segments",
            title=words(lang, "分群与价值", "Segments"),
            blocks=[
                Sheet(
                    id="segments",
                    title=words(lang, "12 位客户占 60.0% 金额", "12 customers hold 60.0%"),
                    columns=columns(lang),
                    rows=rows,
                    total=total,
                    caption=caption,
                ),
                Text(
                    text=words(lang, "下单次数按天计，同一天算一次。", "Orders are counted by day."),
                    role="note",
                ),
                Picture(id="fig"),
            ],
        ),
        Section(
            id="concentration",
            title=words(lang, "集中度: 前 20%/全部", "Concentration: top 20%/all"),
            blocks=[
                Sheet(id="top", title="T1", columns=decile, rows=[[HOSTILE[0], 1.5], ["2", None]]),
                Sheet(id="rest", title="T2", columns=decile, rows=[]),
                Bullets(items=["one", HOSTILE[1]]),
            ],
        ),
        Section(
            id="definitions",
            title=words(lang, "口径", "Definitions"),
            blocks=[
                Text(
                    text=words(
                        lang,
                        "复购率：" + "下过单的客户里，" * 20,
                        "Repeat rate: " + "of all customers who bought, " * 12,
                    )
                )
            ],
        ),
    ]
    chart = Chart(kind="bar", categories=("a",), series=())
    return ReportModel(
        meta=Meta(
            title=words(lang, "鸿业商贸（虚构）客户分类与跟进", "Customers of Hongye Trading (invented)"),
            client_id="hongye",
            client_name="鸿业商贸（虚构）& Co",
            lang=lang,
            as_of=dt.date(2025, 12, 31),
            first_date=dt.date(2025, 1, 2),
            last_date=dt.date(2025, 12, 30),
            purpose=words(lang, "决定一月先联系谁", "Whom to call in January"),
            main="rfm",
            version="0.1.0",
            data_sha256="0" * 64,
        ),
        kpis={k.id: k for k in kpis},
        findings={f.id: f for f in findings},
        figures={"fig": Figure(id="fig", title="t", alt="a", caption="c", chart=chart)},
        sections=sections,
        segment_marks={
            id: {"name": term(f"segment.{id}", lang), "colour": c, "mark": m}
            for id, (c, m) in SEGMENTS.items()
        },
        tables={
            "customers": "internal/customers.parquet",
            "plan": "internal/plan.parquet",
            "ledger": "internal/ledger.parquet",
        },
        provenance=Provenance(
            inputs=[{"file": "orders.csv", "sha256": "ab" * 32, "rows": 431, "encoding": "gb18030"}],
            totals={
                "rows_in": 431,
                "kept": 420,
                "changed": 5,
                "merged": 2,
                "set_aside": 4,
                "money_in": 100123.45,
            },
            parameters={
                "schemes": {"rfm": {"kind": "rfm", "bins": 5, "segments": "eight"}},
                "followup": {"days": 20},
                "note": HOSTILE[0],
            },
            versions={"segkit": "0.1.0", "pandas": "3.1.1"},
        ),
    )


def keep(frame: pd.DataFrame, path: Path) -> None:
    with path.open("wb") as handle:  # by handle: pyarrow cannot find a Chinese path under GBK
        frame.to_parquet(handle)


def store(folder: Path, lang: Lang = "zh") -> None:
    internal = folder / "internal"
    internal.mkdir(parents=True, exist_ok=True)
    n = 40
    labels = [list(SEGMENTS)[i % 3] for i in range(n)]
    ids = [f"{i:06d}" for i in range(n - len(HOSTILE))] + HOSTILE
    why = words(
        lang,
        "最近 30 天内买过，下单 5 天，累计 1,234.50 元，均高于平均。",
        "Bought within 30 days, on 5 days, 1,234.50 in total: all above average.",
    )
    pd.DataFrame(
        {
            "customer_id": ids,
            "first_order": pd.Timestamp("2025-01-02"),
            "last_order": [pd.NaT, *[pd.Timestamp("2025-12-01")] * (n - 1)],
            "recency_days": pd.array([None, *[30] * (n - 1)], dtype="Int64"),
            "frequency": 5,
            "orders": 6,
            "monetary": [-12.5, *[1234567.5] * (n - 1)],
            "aov": 205.75,
            "tenure_days": 363,
            "r_score": 5,
            "f_score": 4,
            "m_score": 4,
            "rfm": labels,
            "abc": "A",
            "lifecycle": "loyal",
            "city": "上海",
            "why": why,
            "phone": "13800000000",
        }
    ).pipe(keep, internal / "customers.parquet")
    pd.DataFrame(
        {
            "task_id": [f"t{i:04d}" for i in range(n)],
            "due": [dt.date(2026, 1, 5 + i % 3) for i in range(n)],
            "customer_id": ids,
            "owner": "zhang",
            "channel": "phone",
            "content": "care_call",
            "why": why,
            "next_step": words(
                lang, "电话回访，问下一次采购时间，并介绍新品。", "Call, ask for the next purchase date."
            ),
            "minutes": 10,
            "segment": labels,
            "value": 1234.5,
            "marketing": False,
            "extra": HOSTILE[4],
        }
    ).pipe(keep, internal / "plan.parquet")
    pd.DataFrame(
        {
            "file": "orders.csv",
            "sheet": "",
            "row": range(2, 2 + n),
            "fate": "set_aside",
            "reason": "no_date",
            "column": words(lang, "付款时间", "paid at"),
            "old": (HOSTILE * 7)[:n],
            "new": "",
            "amount": 12.3,
        }
    ).pipe(keep, internal / "ledger.parquet")
