"""Rules and scorecards of trades, as a user would write them, and how to put customers to them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import yaml

from segkit.schemes.conditional import ConditionalScheme
from segkit.schemes.rules import Rules
from segkit.schemes.scorecard import Scorecard

JD = """
rules:
  - {label: high_value, when: {monetary: {at_least: 10000}, orders: {at_least: 10}}}
  - {label: prospect, when: {orders: 0}}
otherwise: ordinary
source: 阿里云帮助文档 137900 的示例规则（金额与订单数同时达标）
"""
# H within 7 days, A to a month, B to three months, C later; O has paid a deposit: a dealer's rule of 北京现代
DEALER = """
- {label: O, when: {deposit: true}}
- {label: H, when: {days_to_purchase: {at_most: 7}}}
- {label: A, when: {days_to_purchase: {at_most: 30}}}
- {label: B, when: {days_to_purchase: {at_most: 90}}}
- {label: C, when: {days_to_purchase: {above: 90}}}
"""

# 国家基本公共卫生服务规范（第三版）: 2 weeks after >= 180/110 or >= 140/90; from 65 years >= 150/90
PRESSURE = """
- {label: urgent, when: [{sbp: {at_least: 180}}, {dbp: {at_least: 110}}]}
- {label: uncontrolled, when: [{sbp: {at_least: 140}, age: {below: 65}}, {sbp: {at_least: 150}}, {dbp: {at_least: 90}}]}
"""

# four criteria with visible weights, each 0 to 100 points (示例参数); 80, 60, 40 as grading schemes commonly
# have them: A from 80, B from 60, C from 40, D below
COMPOSITE = """
- {column: income_wan, steps: [{at_least: 50, points: 100}, {at_least: 20, points: 60}], otherwise: 20, weight: 0.3, called: {zh: 购买能力, en: purchasing power}}
- {column: orders, steps: [{at_least: 12, points: 100}, {at_least: 4, points: 60}], otherwise: 20, weight: 0.25, called: {zh: 购买频率, en: frequency}}
- {column: monetary, steps: [{at_least: 10000, points: 100}, {at_least: 2000, points: 60}], otherwise: 20, weight: 0.25, called: {zh: 客户价值, en: value}}
- {column: tenure_days, steps: [{at_least: 730, points: 100}, {at_least: 365, points: 60}], otherwise: 20, weight: 0.2, called: {zh: 忠诚度, en: loyalty}}
"""

# a lead score of 100: stage 25, recency 20 (under 3 days 20, under 7 days 10, over 14 days 0), engagement 20,
# deal size 15, time pressure 20; the points of recency circulate in the trade, the rest are 示例参数
LEAD = """
- {column: stage, steps: [{is: 促单, points: 25}, {one_of: [跟进, 报价], points: 15}], otherwise: 5}
- {column: last_contact_days, steps: [{below: 3, points: 20}, {below: 7, points: 10}, {at_most: 14, points: 5}]}
- {column: visits_90d, steps: [{at_least: 3, points: 20}, {at_least: 1, points: 10}], halve_after_days: 30, since: last_visit_days}
- {when: {expected_wan: {at_least: 10}}, points: 15}
- {when: [{deadline_days: {at_most: 30}}, {competitor: true}], points: 20, called: {zh: 时间压力, en: time pressure}}
"""

HOT = "[{label: hot, from: 70}, {label: warm, from: 40}, {label: cold}]"

GRADES = "[{label: A, from: 80}, {label: B, from: 60}, {label: C, from: 40}, {label: D}]"


def rules(text: str, **more: Any) -> Rules:
    given = yaml.safe_load(text)
    return Rules.model_validate({"rules": given, **more} if isinstance(given, list) else {**given, **more})


def labels(scheme: ConditionalScheme, **columns: list[Any]) -> list[str]:
    return scheme.label(pd.DataFrame(columns))[scheme.name].tolist()


def card(items: str, grades: str = GRADES, **more: Any) -> Scorecard:
    return Scorecard.model_validate(
        {"items": yaml.safe_load(items), "grades": yaml.safe_load(grades), **more}
    )


def scores(scheme: Scorecard, **columns: list[Any]) -> list[tuple[int | None, str]]:
    labelled = scheme.label(pd.DataFrame(columns))
    points = [None if pd.isna(p) else int(p) for p in labelled[scheme.adds()[0]]]
    return list(zip(points, labelled[scheme.name], strict=True))
