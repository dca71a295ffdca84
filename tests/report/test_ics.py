"""followup.ics, opened again: one event a call or visit and one a batch, by owner, and replaced in place."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import icalendar
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_plans import customers_of, planned, tasks_of

from segkit.followup.policy import opted_out_of
from segkit.locale import term
from segkit.privacy.find import find_in
from segkit.report.build import Built
from segkit.report.model import ReportModel
from segkit.report.render.file_names import file_names
from segkit.report.render.ics import render_ics


def events(path: Path) -> dict[str, icalendar.Event]:
    """UID -> event, as another program reads the file."""
    found = icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    by_uid = {str(event["UID"]): event for event in found}
    assert len(by_uid) == len(found), "a UID stands twice"
    return by_uid


def of_task(found: dict[str, icalendar.Event], task_id: str) -> icalendar.Event:
    return next(event for uid, event in found.items() if uid.startswith(task_id))


def made(model: ReportModel, folder: Path, **choices: object) -> dict[str, icalendar.Event]:
    out = folder / "out"
    out.mkdir(exist_ok=True)
    render_ics(model, folder, out, **choices)  # type: ignore[arg-type]
    return events(out / "followup.ics")


def test_events_agree_with_the_plan_in_number_day_and_owner(tmp_path: Path) -> None:
    tasks = tasks_of(customers_of(40), 100, channel="phone")
    files = render_ics(planned(tmp_path, customers_of(40), tasks), tmp_path, tmp_path)
    found = events(files[0])
    days = {event["UID"].split("@")[0]: event.decoded("dtstart") for event in found.values()}
    assert days == {t.task_id: t.due.date() for t in tasks.itertuples()}
    each = {path.stem: set(events(path)) for path in files[1:]}
    wanted = {"张三（虚构）": "张三（虚构）", "CON": "CON_", "待分配": "待分配"}
    for owner, stem in wanted.items():
        assert {uid.split("@")[0] for uid in each.pop(stem)} == {*tasks["task_id"][tasks["owner"] == owner]}
    assert not each and all(uid.endswith("@tiny.segkit") for uid in found)


def test_messages_sent_in_one_go_are_one_event_without_the_ids_of_those_who_get_them(tmp_path: Path) -> None:
    customers = customers_of(8)
    tasks = tasks_of(
        customers,
        8,
        owner=["CON"] * 6 + ["张三（虚构）", "待分配"],
        due=pd.Timestamp("2026-01-05"),
        channel=["phone", "social", "social", "social", "sms", "social", "social", "social"],
        content=["care_call"] * 5 + ["birthday"] + ["care_call"] * 2,
        starts=["", "", "10:20", "10:05", "", "", "", ""],
        minutes=[10.0, 0.5, 4.0, 2.5, 1.0, 1.0, 1.0, 1.0],
    )
    found = made(planned(tmp_path, customers, tasks), tmp_path)
    calls = {uid for uid in found if uid.startswith("T")}
    assert calls == {"T000000000000@tiny.segkit"} and len(found) == 6
    [batch] = [event for event in found.values() if " 3 位 " in event["SUMMARY"]]
    assert batch["SUMMARY"] == "社交消息 · 3 位 · 回访关怀，问使用情况和下一次需要"
    assert batch.decoded("dtstart").strftime("%H:%M") == "10:05"
    assert batch.decoded("dtend") - batch.decoded("dtstart") == dt.timedelta(minutes=7)
    assert "预计 7 分钟" in batch["DESCRIPTION"] and "“群发”" in batch["DESCRIPTION"]
    texts = [
        str(e[part]) for uid, e in found.items() if uid not in calls for part in ("SUMMARY", "DESCRIPTION")
    ]
    assert not [text for text in texts if "C00000" in text]
    assert set(events(tmp_path / "out" / "followup" / "CON_.ics")) - calls < {*found}


def test_a_batch_keeps_its_uid_when_its_customers_change_and_in_both_languages(tmp_path: Path) -> None:
    customers = customers_of(6)
    tasks = tasks_of(customers, 6, channel="social", due=pd.Timestamp("2026-01-05"))
    first, again, english = (tmp_path / name for name in ("first", "again", "english"))
    old = made(planned(first, customers, tasks), first)
    fewer = tasks[tasks["task_id"] != tasks["task_id"][0]]
    new = made(planned(again, customers, fewer), again, before=first / "out")
    assert set(old) == set(new) and len(old) == 3
    steps = [new[uid]["SEQUENCE"] - old[uid]["SEQUENCE"] for uid in old]
    assert sorted(steps) == [0, 0, 1]
    other = tasks_of(customers, 6, "en", channel="social", due=pd.Timestamp("2026-01-05"))
    assert set(made(planned(english, customers, other, lang="en"), english)) == set(old)
    later = tasks.assign(due=pd.Timestamp("2026-01-06"))
    assert not set(made(planned(first, customers, later), first)) & set(old)


def test_a_clock_time_is_beijing_time_and_lasts_its_minutes(tmp_path: Path) -> None:
    customers = customers_of(2)
    tasks = tasks_of(customers, 2, starts=["09:40", None], minutes=[25.0, 10.0])
    found = made(planned(tmp_path, customers, tasks), tmp_path)
    timed, whole_day = (of_task(found, task) for task in tasks["task_id"])
    beijing = dt.timezone(dt.timedelta(hours=8))
    assert timed.decoded("dtstart") == dt.datetime(2026, 1, 5, 9, 40, tzinfo=beijing)
    assert timed.decoded("dtend") == dt.datetime(2026, 1, 5, 10, 5, tzinfo=beijing)
    assert timed["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert whole_day.decoded("dtstart") == dt.date(2026, 1, 6)
    assert whole_day.decoded("dtend") == dt.date(2026, 1, 7) and whole_day["TRANSP"] == "TRANSPARENT"
    calendar = icalendar.Calendar.from_ical((tmp_path / "out" / "followup.ics").read_bytes())
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Shanghai"]


def test_the_summary_says_how_whom_and_what(tmp_path: Path) -> None:
    customers = customers_of(2)
    tasks = tasks_of(customers, 2, name=["宏业商贸公司（虚构）", ""])
    found = made(planned(tmp_path, customers, tasks), tmp_path)
    firm, person = (of_task(found, task)["SUMMARY"] for task in tasks["task_id"])
    assert firm == "电话 · C000001 宏业商贸公司（虚构） · 回访关怀，问使用情况和下一次需要"
    assert person == "拜访 · C000002 · 回访关怀，问使用情况和下一次需要"
    told = of_task(found, tasks["task_id"][0])["DESCRIPTION"]
    assert "重要价值客户" in told and "预计 10 分钟" in told and customers["why"][0] in told


def test_lines_are_folded_by_octets_and_the_text_comes_back_whole(tmp_path: Path) -> None:
    long = "回访，问“下一次；什么时候”\\需要\n" * 30
    tasks = tasks_of(customers_of(1), 1, next_step=long)
    found = made(planned(tmp_path, customers_of(1), tasks), tmp_path)
    raw = (tmp_path / "out" / "followup.ics").read_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= 75 and b"\n" not in raw.replace(b"\r\n", b"")
    assert next(iter(found.values()))["SUMMARY"].endswith(long.strip())


def test_a_plan_made_anew_replaces_what_was_imported(tmp_path: Path) -> None:
    """RFC 5545, 3.8.7.4: an event that changed carries a higher SEQUENCE, one that did not keeps its own."""
    customers = customers_of(3)
    tasks = tasks_of(customers, 3, channel="phone")
    first, again, later = (tmp_path / name for name in ("first", "again", "later"))
    old = made(planned(first, customers, tasks), first)
    moved = tasks.assign(due=tasks["due"].where(tasks.index != 1, pd.Timestamp("2026-01-20")))
    new = made(planned(again, customers, moved), again, before=first / "out")
    assert set(old) == set(new)
    steps = {uid.split("@")[0]: new[uid]["SEQUENCE"] - old[uid]["SEQUENCE"] for uid in old}
    assert steps == dict(zip(tasks["task_id"], (0, 1, 0), strict=True))
    month = made(planned(later, customers, moved, as_of=dt.date(2026, 1, 31)), later)
    assert all(month[uid]["SEQUENCE"] > new[uid]["SEQUENCE"] for uid in new)


def test_the_same_plan_gives_the_same_bytes_without_a_clock(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    raw = []
    for folder in (one, two):
        render_ics(planned(folder), folder, folder, before=one)
        raw.append((folder / "followup.ics").read_bytes())
    assert raw[0] == raw[1]
    assert {e.decoded("dtstamp") for e in events(one / "followup.ics").values()} == {
        dt.datetime(2025, 12, 31, tzinfo=dt.UTC)
    }


def test_nothing_planned_writes_nothing(tmp_path: Path) -> None:
    customers = customers_of(2)
    assert render_ics(planned(tmp_path, customers, tasks_of(customers, 2)[:0]), tmp_path, tmp_path) == []
    assert not (tmp_path / "followup.ics").exists() and not (tmp_path / "followup").exists()


def test_a_real_report_holds_no_contact_data_and_nobody_who_was_left_out(
    both: dict[str, Built], tmp_path: Path
) -> None:
    """The plan sets aside who has not agreed; what it excluded stands in no calendar."""
    for lang, built in both.items():
        out = tmp_path / lang
        out.mkdir()
        files = render_ics(built.model, built.folder, out)
        plan = pd.read_parquet((built.folder / built.model.tables["plan"]).open("rb"))
        found = events(files[0])
        calls = plan["channel"].isin(["phone", "visit"])
        sent = plan[~calls].groupby(["owner", "due", "channel", "content"]).size().reset_index()
        assert {uid.split("@")[0] for uid in found if uid.startswith("T")} == {*plan["task_id"][calls]}
        assert len(found) == calls.sum() + len(sent) and calls.sum() > 20 and len(sent) > 3
        per_owner = plan["owner"][calls].value_counts().add(sent["owner"].value_counts(), fill_value=0)
        assert Counter(len(events(path)) for path in files[1:]) == Counter(per_owner.astype(int))
        texts = [str(event[part]) for event in found.values() for part in ("SUMMARY", "DESCRIPTION")]
        ids = {*plan["customer_id"]}
        assert not [hit.value for text in texts for hit in find_in(text) if hit.value not in ids]
        people = pd.read_parquet((built.folder / built.model.tables["customers"]).open("rb"))
        people = people.set_index("customer_id")
        people = people.loc[plan["customer_id"]].set_axis(plan.index)
        refused = people["opt_out_channels"].map(opted_out_of)
        assert not [c for c, no in zip(plan["channel"], refused, strict=True) if c in no]
        asked = plan["channel"].isin(["sms", "email"])
        assert asked.any() and people.loc[asked, "consent_marketing"].eq(True).all()
        left = pd.read_parquet((built.folder / built.model.tables["unplanned"]).open("rb"))
        kept_out = {*left["customer_id"][left["reason"] == term("not_planned.opted_out", lang)]}
        assert kept_out, "or nothing was looked at"
        assert {t.split(" · ")[1].split(" ")[0] for t in texts[::2]} & ids
        assert not [t for t in texts if any(id in t for id in kept_out - ids)]


# --- names of files --------------------------------------------------------

NAMES = st.text(st.characters(codec="utf-8"), max_size=80)


@pytest.mark.parametrize(
    ("owners", "files"),
    [
        (["CON", "con.张", "LPT1"], ["CON_", "con_.张", "LPT1_"]),
        (["nul.txt", "NUL .a.b"], ["nul_.txt", "NUL_.a.b"]),
        (["A/B公司", "A_B公司", "A:B公司"], ["A_B公司-2", "A_B公司", "A_B公司-3"]),
        (["Li", "LI"], ["Li-2", "LI"]),
        (["  张三. ", "..", "COM¹"], ["张三", "_", "COM¹_"]),
    ],
)
def test_owners_become_file_names(owners: list[str], files: list[str]) -> None:
    assert [file_names(owners)[owner] for owner in owners] == files


@given(st.lists(NAMES, max_size=12))
def test_any_names_become_different_files_that_windows_takes(names: list[str]) -> None:
    out = file_names(names)
    assert set(out) == set(names) and file_names(names[::-1]) == out
    assert len({name.casefold() for name in out.values()}) == len(out)
    for file in out.values():
        assert file and not set(file) & set('<>:"/\\|?*') and file.isprintable() | (file > "\x1f")
        assert file[-1] not in " ." and len(file) <= 64


@given(st.sampled_from(["CON", "A/B公司", "待分配", "nul.txt", "李 四"]))
def test_a_file_of_that_name_can_be_made(owner: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{file_names([owner])[owner]}.ics"
        path.write_text("x", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "x"
