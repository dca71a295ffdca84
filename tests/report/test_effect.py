"""The section on last month's plan: what is said of purchases, of the tasks done, and where nothing can be concluded."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_plain_words import STATISTICS
from tiny_clients import CONFIG, column, said_in, section, table

from segkit.locale import LANGS
from segkit.report.analysis import open_study
from segkit.report.plan_outcome import before_and_after, carried_out, kept_to, of_all, outcomes, purchases
from segkit.report.previous import NO_ARMS, Previous
from segkit.report.sections.effect import effect
from segkit.report.sections.followup import followup
from segkit.report.sections.next_holdout import holdout_offer
from segkit.report.sections.summary import summary
from segkit.report.study import Study

START, AS_OF = dt.date(2025, 12, 1), dt.date(2025, 12, 31)


def previous(plan: pd.DataFrame, arms: pd.DataFrame | None = None, start: dt.date = START) -> Previous:
    drawn = pd.DataFrame(columns=NO_ARMS) if arms is None else arms.assign(campaign="")
    return Previous(
        Path("no folder"), "tiny", start - dt.timedelta(days=3), "zh", start, start + dt.timedelta(days=25),
        pd.DataFrame(), plan, drawn, {}, None,
    )  # fmt: skip


def tasks(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Of (customer, channel, day in December)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "channel", "due"])
    return frame.assign(
        task_id=[f"T{i}" for i in range(len(frame))],
        due=pd.to_datetime("2025-12-" + frame["due"]),
        owner=np.where(frame.index % 2, "李", "王"),
        segment=np.where(frame.index % 2, "repeat", "first"),
    )


def log(*rows: tuple[str, str, str, str | None]) -> pd.DataFrame:
    """Of (customer, channel, day, id of the task)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "channel", "date", "task_id"])
    return frame.assign(date=pd.to_datetime("2025-12-" + frame["date"]))


# --- which task was done -------------------------------------------------------------------------------


def test_a_task_is_found_by_its_id_then_by_customer_channel_and_day():
    plan = tasks(("A", "phone", "05"), ("A", "phone", "25"), ("B", "phone", "10"), ("C", "email", "10"))
    contacts = log(("A", "phone", "26", None), ("B", "visit", "12", "T2"), ("C", "phone", "10", None))
    done = carried_out(plan, contacts, AS_OF, start=START)
    assert done["done"].dt.day.tolist()[1:3] == [26, 12] and done["late_days"].tolist()[1:3] == [1, 2]
    assert done["done"].isna().tolist() == [
        True,
        False,
        False,
        True,
    ]  # C was called, but the mail was not sent
    assert of_all(done) == (4, 2, 0, 1.5)


def test_a_contact_counts_once_and_what_is_not_due_yet_does_not():
    plan = tasks(("A", "phone", "05"), ("A", "phone", "08"), ("A", "phone", "31"))
    done = carried_out(plan, log(("A", "phone", "06", None)), dt.date(2025, 12, 20), start=START)
    assert len(done) == 2 and done["done"].notna().sum() == 1 and done["late_days"].dropna().tolist() == [1]
    again = log(("A", "phone", "05", "T0"), ("A", "phone", "07", "T0"))
    assert carried_out(plan, again, AS_OF, start=START)["done"].notna().tolist() == [True, False, False]
    early = carried_out(plan, log(("A", "phone", "03", None), ("A", "phone", "01", None)), AS_OF, start=START)
    assert early["late_days"].tolist()[0] == 0  # before it was due is in time
    alone = carried_out(plan, log(("A", "phone", "01", None)), dt.date(2025, 12, 8), start=START)
    assert alone["done"].isna().all() and len(alone) == 2  # too early for any of them


def test_what_was_done_before_the_plan_began_is_not_of_it_even_with_the_id_of_a_task():
    plan = tasks(("A", "phone", "05"), ("B", "phone", "20"))
    contacts = log(("A", "phone", "03", "T0"), ("A", "phone", "03", None), ("B", "phone", "08", "T1"))
    begun = carried_out(plan, contacts, AS_OF, start=dt.date(2025, 12, 5))
    assert begun["done"].notna().tolist() == [False, True]  # the second was done early, by the plan
    assert carried_out(plan, contacts, AS_OF, start=START)["done"].notna().all()


def test_a_try_that_reached_nobody_is_not_done_and_a_later_contact_is():
    plan = tasks(("A", "phone", "05"), ("B", "phone", "05"), ("C", "phone", "05"), ("D", "phone", "05"))
    contacts = log(
        ("A", "phone", "05", "T0"), ("B", "phone", "05", None), ("B", "phone", "09", None), ("C", "phone", "06", "T2")
    )  # fmt: skip
    told_of = contacts.assign(effective=pd.array([False, False, True, None], dtype="boolean"))
    done = carried_out(plan, told_of, AS_OF, start=START)
    assert done["done"].dt.day.fillna(0).tolist() == [0, 9, 6, 0]
    assert done["tried"].tolist() == [True, False, False, False]
    assert done["reached"].fillna(pd.NA).tolist() == [False, True, pd.NA, pd.NA]
    assert of_all(done) == (4, 2, 0, 2.5) and kept_to(done, "owner")["tried"].tolist() == [0, 1]


def test_without_a_single_contact_nothing_was_done():
    done = carried_out(tasks(("A", "phone", "05")), log(), AS_OF, start=START)
    due, made, in_time, late = of_all(done)
    assert (due, made, in_time) == (1, 0, 0) and np.isnan(late)


day = st.integers(1, 28).map(lambda d: f"{d:02d}")
entry = st.tuples(st.sampled_from("ABC"), st.sampled_from(["phone", "email"]), day)


@settings(max_examples=50)
@given(st.lists(entry, max_size=12), st.lists(entry, max_size=12), st.integers(1, 31))
def test_every_task_is_done_at_most_once_by_a_contact_of_its_own(planned, made, until):
    plan, contacts = tasks(*planned), log(*[(*one, None) for one in made])
    done = carried_out(plan, contacts, dt.date(2025, 12, until), start=START)
    due, n, in_time, _ = of_all(done)
    assert due == (plan["due"].dt.day <= until).sum() and 0 <= in_time <= n <= min(due, len(contacts))
    for by in ("owner", "segment"):
        parts = kept_to(done, by)
        assert (parts["due"].sum(), parts["done"].sum(), parts["in_time"].sum()) == (due, n, in_time)
    for (customer, channel), part in done.groupby(["customer_id", "channel"]):
        theirs = contacts[(contacts["customer_id"] == customer) & (contacts["channel"] == channel)]
        assert part["done"].notna().sum() <= len(theirs) and set(part["done"].dropna()) <= set(theirs["date"])


# --- who bought ----------------------------------------------------------------------------------------


ORDERS = pd.DataFrame(
    {
        "customer_id": ["A", "A", "B", "C", "C", "D"],
        "order_date": pd.to_datetime(
            ["2025-12-01", "2025-12-31 18:00", "2025-11-30", "2025-12-05", "2025-12-06", "2026-01-01"],
            format="ISO8601",
        ),
        "amount": [10.0, 5.5, 99.0, 20.0, -20.0, 7.0],
    }
)


def test_purchases_are_those_of_the_days_both_included():
    found = purchases(ORDERS, ["A", "B", "C", "D", "E"], START, AS_OF)
    assert found["converted"].tolist() == [1, 0, 1, 0, 0]
    assert found["revenue"].tolist() == [15.5, 0, 0, 0, 0]


def test_who_is_drawn_stays_in_arm_and_segment():
    first = pd.DataFrame({"customer_id": ["A", "B"], "segment": "old", "arm": ["treated", "holdout"]})
    later = pd.DataFrame({"customer_id": ["A", "C"], "segment": "new", "arm": ["holdout", "treated"]})
    series = [previous(tasks(), first), previous(tasks(), later, dt.date(2025, 12, 20))]
    rows = outcomes(series, ORDERS, AS_OF)
    told = rows[["customer_id", "segment", "arm", "converted", "revenue"]].values.tolist()
    assert told == [
        ["A", "old", "treated", 1, 10.0],
        ["B", "old", "holdout", 0, 0.0],
        ["A", "old", "treated", 1, 5.5],
        ["B", "old", "holdout", 0, 0.0],
        ["C", "new", "treated", 0, 0.0],
    ]


def test_before_and_after_need_as_many_days_before():
    rows = purchases(ORDERS, ["A", "B"], START, AS_OF).assign(period=pd.Timestamp(START))
    assert before_and_after(ORDERS, rows, [(START, AS_OF)]) is None  # the orders only begin on 30 November
    early = pd.DataFrame({"customer_id": ["Z"], "order_date": [pd.Timestamp("2025-10-01")], "amount": [1.0]})
    found = before_and_after(pd.concat([early, ORDERS]), rows, [(START, AS_OF)])
    assert (found.share_before, found.share_after) == (0.5, 0.5)
    assert (found.money_before, found.money_after) == (49.5, 7.75)


# --- the section ---------------------------------------------------------------------------------------

SHOP = 400


def shop(folder: Path, lang: str = "zh", *, lifts: int = 60, base: int = 20, more: str = "") -> Study:
    """400 customers who bought in October; in December `base` of the 200 held out did, `lifts` of the others."""
    rows = ["客户编号,订单日期,实付金额"]
    rows += [f"K{i:03d},2025-10-{1 + i % 28:02d},{100 + i % 7}" for i in range(SHOP)]
    rows += [f"K{i:03d},2025-12-{3 + i % 25:02d},80" for i in range(lifts)]
    rows += [f"K{i:03d},2025-12-{3 + i % 25:02d},80" for i in range(200, 200 + base)]
    rows += [f"K{i:03d},2025-11-{3 + i % 25:02d},80" for i in range(30)]
    (folder / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "client.yml").write_text(CONFIG % ("orders", "") + more, encoding="utf-8")
    return open_study(config=str(folder / "client.yml"), lang=lang)


def arms(n: int = SHOP) -> pd.DataFrame:
    ids = [f"K{i:03d}" for i in range(n)]
    return pd.DataFrame(
        {"customer_id": ids, "segment": "repeat", "arm": ["treated"] * (n // 2) + ["holdout"] * (n // 2)}
    )


def plan_of(n: int) -> pd.DataFrame:
    return tasks(*[(f"K{i:03d}", "phone", f"{1 + i % 25:02d}") for i in range(n)])


def told(study: Study, last: Previous, contacts: pd.DataFrame | None = None) -> str:
    study.previous = last
    if contacts is not None:
        study.tables["contacts"] = contacts
    effect(study)
    return "\n".join(said_in(section(study, "effect")))


@pytest.mark.parametrize("lang", LANGS)
def test_what_contact_brought_is_said_with_its_limits(tmp_path, lang):
    study = shop(tmp_path, lang)
    said = told(study, previous(plan_of(200), arms()))
    more = study.model.kpis["effect_more"]
    assert more.value == pytest.approx(20.0) and more.n == 400
    assert study.model.kpis["effect_money"].value == pytest.approx(200 * 0.2 * 80)
    assert "+20.0" in said and {"zh": "前后", "en": "Before and after"}[lang] in said
    assert column(table(study, "effect"), "verdict") == [study.say("effect.verdict.helped")]
    (finding,) = [one for one in study.found if one.id == "effect"]
    assert "+20.0" in finding.claim and finding.n == 400


@pytest.mark.parametrize("lang", LANGS)
def test_main_pages_name_no_statistic(tmp_path, lang):
    study = shop(tmp_path, lang)
    said = told(study, previous(plan_of(200), arms()), log(("K001", "phone", "02", None)))
    sheets = [b for b in section(study, "effect").blocks if hasattr(b, "columns")]
    words = [said, *(s.title + s.caption + str(s.rows) + "".join(c.head for c in s.columns) for s in sheets)]
    found = re.search("|".join(STATISTICS), "\n".join(words), re.IGNORECASE)
    assert found is None, found


def test_what_cannot_be_concluded_is_said_with_the_sample_it_takes(tmp_path):
    study = shop(tmp_path, lifts=24, base=20)
    said = told(study, previous(plan_of(200), arms()))
    assert "还不能断定" in said and "两组各需约 3,841 人次" in said and "200 和 200 人次" in said
    lead = study.found[0]
    assert lead.id == "effect" and "还不能断定" in lead.claim and "3,841" in lead.claim
    assert "+2.0 位（-4.2 到 +8.3 之间）" in lead.evidence and "保留同一批对照" in lead.action


# --- page one ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_page_one_begins_with_what_last_months_plan_did(tmp_path, lang):
    study = shop(tmp_path, lang)
    study.finding(
        "movement", n=5, base=9, claim="claim_people", evidence=("evidence_people",), then=START, up=1
    )
    late = log(*[(f"K{i:03d}", "phone", f"{1 + i % 25 + (i % 4 == 0):02d}", f"T{i}") for i in range(150)])
    told(study, previous(plan_of(200), arms()), late)
    summary(study)
    leads = [*study.model.findings.values()]
    assert leads[0].id == "effect" and [one.id for one in leads].count("effect") == 1
    assert "+20.0" in leads[0].claim and "+3,200.00" in leads[0].claim  # people and money of all 200
    more, money = study.model.kpis["effect_more"], study.model.kpis["effect_money"]
    for note in (more.note, money.note):  # both with their range
        assert all(end in leads[0].claim for end in re.findall(r"[+-][\d,.]*\d", note))
    assert "75.0%" in leads[0].evidence and "56.0%" in leads[0].evidence  # 150 made, 112 of 200 in time


def test_page_one_says_that_nobody_was_left_out_and_what_telling_takes(tmp_path):
    study = shop(tmp_path)
    told(study, previous(plan_of(400)))
    lead = study.found[0]
    assert lead.id == "effect" and "无法判断" in lead.claim
    assert re.search(r"各需约 [\d,]+ 位", lead.claim) and "holdout: 0.2" in lead.action
    assert "没有跟进记录" in lead.evidence


def test_with_customers_enough_no_further_ones_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("segkit.report.sections.by_lot.WORTH_SEEING", 0.2)
    study = shop(tmp_path, lifts=20, base=20)
    told(study, previous(plan_of(200), arms()))
    assert "人数已经够了" in study.found[0].claim and "各需" not in study.found[0].claim


def test_a_plan_hardly_carried_out_is_not_blamed(tmp_path):
    study = shop(tmp_path, lifts=24, base=20)
    told(study, previous(plan_of(200), arms()), log(("K001", "phone", "02", "T1")))
    assert "先把计划做完" in study.found[0].action and "0.5%" in study.found[0].evidence


def test_page_one_names_who_was_put_off(tmp_path):
    study = shop(tmp_path, lifts=10, base=60)
    told(study, previous(plan_of(200), arms()))
    lead, name = study.found[0], study.label_name("repeat")
    assert "-25.0" in lead.claim and name in lead.evidence and name in lead.action


def test_harm_of_everybody_is_said_too(tmp_path):
    study = shop(tmp_path, lifts=10, base=60)
    said = told(study, previous(plan_of(200), arms()))
    assert "反而" in said and "-25.0" in said
    assert "effect" in {one.id for one in study.found}


def test_without_a_holdout_before_and_after_is_called_useless(tmp_path):
    study = shop(tmp_path)
    said = told(study, previous(plan_of(400)))
    assert "没有留出不联系的一组" in said and "前后对比不能用" in said and "各需约" in said
    assert "effect_more" not in study.model.kpis
    everybody = arms().assign(arm="treated")
    study.model.sections.clear()
    assert "没有留出不联系的一组" in told(study, previous(plan_of(400), everybody))


@pytest.mark.parametrize("lang", LANGS)
def test_everybody_held_out_is_not_called_nobody(tmp_path, lang):
    study = shop(tmp_path, lang)
    said = told(study, previous(plan_of(0), arms().assign(arm="holdout")))
    assert study.say("effect.all_held", n=400) in said and study.say("effect.no_holdout") not in said
    (finding,) = [one for one in study.found if one.id == "effect"]
    assert {"zh": "holdout 改小", "en": "lower holdout"}[lang] in finding.action and finding.n == 400
    apart = arms().assign(segment=lambda rows: rows["arm"].map({"treated": "first", "holdout": "repeat"}))
    study.model.sections.clear()
    study.found.clear()
    said = told(study, previous(plan_of(200), apart))
    assert study.say("effect.no_pair", n=400) in said and study.say("effect.no_holdout") not in said


def test_one_thing_has_one_figure(tmp_path):
    """Segments held out unevenly: what those contacted bought is weighed alike in every sentence."""
    study = shop(tmp_path)  # 60 of 120 and 0 of 80 contacted, 20 of 40 and 0 of 160 left out
    said = told(study, previous(plan_of(200), halves(treated=(0, 120), held=(200, 240))))
    (compared,) = re.findall(r"联系的有 ([\d.]+) 位买，没联系的有 ([\d.]+) 位", said)
    (naive,) = re.findall(r"变为 ([\d.]+) 位，.*变为 ([\d.]+) 位，", said)
    assert compared == naive == ("20.0", "20.0")  # not 30.0 and 10.0


def halves(*, treated: tuple[int, int], held: tuple[int, int]) -> pd.DataFrame:
    """Arms of which the first so many customers are in `first`, of each half (from, to)."""
    frame = arms()
    for start, end in (treated, held):
        frame.loc[frame.index[start:end], "segment"] = "first"
    return frame


def test_the_sum_of_money_is_of_those_it_was_measured_on(tmp_path):
    study = shop(tmp_path)  # 40 of the buyers are of a segment that nobody was held out from
    said = told(study, previous(plan_of(200), halves(treated=(0, 40), held=(0, 0))))
    each = 80 * (20 / 160 - 20 / 200)
    assert study.model.kpis["effect_money"].value == pytest.approx(160 * each)
    assert f"合计 {160 * each:+.2f} 元" in said and "合计不含 40 人次" in said
    assert study.model.kpis["effect_money"].n == 360
    whole = shop(tmp_path)
    assert "合计不含" not in told(whole, previous(plan_of(200), arms()))


def test_what_is_shown_makes_the_title_before_what_only_seems(tmp_path):
    study = shop(tmp_path, lifts=62, base=22)  # of 100 each, 58 against 13, and 4 against 9
    rows = halves(treated=(58, 158), held=(200, 300))
    swap = {f"K{i:03d}": f"K{i + 100:03d}" for i in range(200, 213)}  # buyers held out change segments
    swap |= {new: old for old, new in swap.items()}
    rows["customer_id"] = rows["customer_id"].replace(swap)
    told(study, previous(plan_of(200), rows))
    sheet = table(study, "effect")
    verdicts = dict(zip(column(sheet, "segment"), column(sheet, "verdict"), strict=True))
    assert verdicts["repeat"] == study.say("effect.verdict.helped")
    assert verdicts["first"] == study.say("effect.verdict.leans_harmed")
    assert sheet.title == study.say("effect.by_segment.helped", names=[study.label_name("repeat")])


def test_how_far_the_plan_was_kept(tmp_path):
    study = shop(tmp_path)
    contacts = log(*[(f"K{i:03d}", "phone", f"{1 + i % 25 + (i % 4 == 0):02d}", f"T{i}") for i in range(100)])
    said = told(study, previous(plan_of(200), arms()), contacts.assign(effective=[True, False] * 50))
    assert (study.model.kpis["effect_done"].value, study.model.kpis["effect_done"].n) == (0.25, 200)
    assert study.model.kpis["effect_in_time"].value == pytest.approx(25 / 200)
    assert "200 项联系做了 50 项（25.0%）" in said and "平均晚 0.5 天" in said and "联系到 50 位" in said
    assert "2025-12-01 起联系到了客户" in said and "没联系到的 50 项只算试过" in said
    owners = table(study, "effect_owners")
    assert sum(column(owners, "due")) == 200 and sum(column(owners, "done")) == 50
    assert sorted(column(owners, "tried")) == [0, 50]
    assert set(column(table(study, "effect_segments"), "segment")) == {
        study.label_name(s) for s in ("first", "repeat")
    }


def test_before_the_plan_begins_nothing_is_claimed(tmp_path):
    study = shop(tmp_path)
    said = told(study, previous(plan_of(10), arms(), dt.date(2026, 1, 5)))
    assert (
        not study.found
        and "才开始" in said
        and not [id for id in study.model.kpis if id.startswith("effect")]
    )


def test_no_earlier_report_no_section(tmp_path):
    study = shop(tmp_path)
    effect(study)
    assert section(study, "effect") is None


def test_totals_instead_of_orders_cannot_show_it(make):
    study = make(["客户编号,累计消费", *(f"K{i:03d},{100 * i}" for i in range(1, 60))])
    assert "没有逐笔订单" in told(study, previous(plan_of(20), arms(40)))
    assert "没有逐笔订单" in study.found[0].claim


# --- the next plan -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_the_offer_says_what_a_holdout_could_show(tmp_path, lang):
    study = shop(tmp_path, lang, more="followup: {consent: 'yes'}\n")
    said = holdout_offer(study)
    assert "holdout: 0.2" in said
    seen = [float(x) for x in re.findall(r"多 ([\d.]+) 位|would show ([\d.]+)", said) for x in x if x]
    assert len(seen) >= 2 and seen == sorted(seen, reverse=True) and max(seen) <= 20


def test_the_offer_stands_with_the_plan_and_not_again_with_the_effect(tmp_path):
    study = shop(tmp_path, more="followup: {consent: 'yes'}\n")
    followup(study)
    assert said_in(section(study, "followup")).count(holdout_offer(study)) == 1
    assert "下期没有留出对照" not in told(study, previous(plan_of(200), arms()))
    drawn = shop(tmp_path, more="followup: {consent: 'yes', holdout: 0.3}\n")
    followup(drawn)
    assert "下期没有留出对照" not in "".join(said_in(section(drawn, "followup")))


def test_too_few_customers_are_offered_nothing(tmp_path):
    study = shop(tmp_path)  # without consent most marketing waits
    said = holdout_offer(study)
    assert study.say("effect.offer_too_few") in said and "holdout" not in said


def test_no_offer_where_one_is_drawn(tmp_path):
    study = shop(tmp_path, more="followup: {consent: 'yes', holdout: 0.3}\n")
    assert len(study.arms) and holdout_offer(study) == ""
