"""The first plan comes out of an export that knows nothing of consent, owners or a team."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from icalendar import Calendar

from segkit.config import Config
from segkit.intake.reading import read_table
from segkit.report.build import Built, build

MASS = {"email", "sms", "social", "survey", "event"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    draw = np.random.default_rng(5)
    n = 900
    days = pd.Timestamp(2025, 12, 31) - pd.to_timedelta((draw.gamma(1.0, 150, n)).astype(int), unit="D")
    orders = pd.DataFrame(
        {
            "会员编号": [f"K{i:04d}" for i in draw.integers(0, 350, n)],
            "付款时间": days.strftime("%Y-%m-%d"),
            "实付款(元)": np.round(draw.gamma(2.0, 150.0, n), 2),
        }
    )
    file = tmp_path_factory.mktemp("首次") / "订单.csv"
    orders.to_csv(file, index=False, encoding="gb18030")
    return build(Config.for_file(file, lang="zh"))


def test_it_begins_on_the_next_working_monday_with_one_person(built: Built) -> None:
    plan = pd.read_parquet(built.folder / "internal" / "plan.parquet")
    assert plan["due"].min() == pd.Timestamp(2026, 1, 5)
    assert set(plan["owner"]) == {"待分配"}
    assert plan.groupby("due")["minutes"].sum().max() <= 240
    words = " ".join(
        block.text
        for section in built.model.sections
        if section.id == "followup"
        for block in section.blocks
        if block.kind == "text"
    )
    assert "240 分钟" in words and "待分配" in words and "先确认同意" in words


def test_what_waits_for_consent_is_counted_and_nowhere_exported(built: Built) -> None:
    assert built.model.kpis["followup_consent"].value > 0
    plan = pd.read_parquet(built.folder / "internal" / "plan.parquet")
    marketing = plan[plan["marketing"]]
    assert not set(marketing["channel"]) & MASS
    planned = set(plan["task_id"])

    calendar = Calendar.from_ical((built.folder / "followup.ics").read_bytes())
    events = list(calendar.walk("VEVENT"))
    calls = plan[~plan["channel"].isin(MASS)]
    batches = plan[plan["channel"].isin(MASS)].drop_duplicates(["owner", "due", "channel", "content"])
    assert len(events) == len(calls) + len(batches)
    assert {str(e["UID"]).split("@")[0] for e in events} & planned == {*calls["task_id"]}

    rows = [
        table
        for path in sorted((built.folder / "crm" / "generic").glob("tasks*.csv"))
        for table in [pd.read_csv(path)]
    ]
    exported = pd.concat(rows)
    assert len(exported) == len(plan)
    assert all(len(table) <= 100 for table in rows)

    [sheet] = (built.folder / "followup").glob("*.xlsx")
    assert "待分配" in sheet.name
    assert len(read_table(sheet).frame) == len(plan)


def test_the_manifest_lists_every_file_of_it(built: Built) -> None:
    listed = {
        entry["file"] for entry in json.loads((built.folder / "manifest.json").read_text("utf-8"))["outputs"]
    }
    there = {p.relative_to(built.folder).as_posix() for p in Path(built.folder).rglob("*") if p.is_file()}
    assert listed == there - {"manifest.json"}
