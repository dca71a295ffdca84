"""The plan as calendars: followup.ics with all work, and one for each owner in ``followup/``.

A call or a visit is an event; messages that an owner sends on one day by one channel with one content are one event
together. Reads the ReportModel and the plan it names, nothing else. An event says whom to contact by the
client's own id; telephone, e-mail and address stand in the client's system, never here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from icalendar import Calendar, Event, Timezone, TimezoneStandard

from segkit.followup.batching import BATCH, batches, by_hand
from segkit.locale import LANGS, name_of, say
from segkit.report.model import Meta, ReportModel
from segkit.report.render.file_names import file_names
from segkit.report.render.plan_rows import label_name, owner_name, stored_plan, text_of
from segkit.report.render.values import is_missing

ALL, EACH = "followup.ics", "followup"  # the file of everybody, the folder with one file per owner
BEIJING = dt.timedelta(hours=8)
ZONE = "Asia/Shanghai"
_SEQUENCE_ZERO = dt.date(2000, 1, 1)
_END = b"END:VCALENDAR\r\n"
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_STAMPED = re.compile(rb"^(?:DTSTAMP|SEQUENCE):.*\r\n", re.MULTILINE)
_UID = re.compile(rb"^UID:(.+)\r\n", re.MULTILINE)
_COUNTER = re.compile(rb"^SEQUENCE:(\d+)\r\n", re.MULTILINE)


def render_ics(model: ReportModel, folder: Path, out: Path, *, before: Path | None = None) -> list[Path]:
    """Who is contacted when, for Outlook, WPS and phones.

    Work with a clock time (`starts`) takes its minutes in Beijing time, any other the whole day without blocking
    it. A task keeps its UID for good, a batch that of its owner, day, channel and content. The SEQUENCE rises with
    the report's day, and within a day where an event differs from that in `before`, so that a plan made anew
    replaces what was imported.

    Parameters
    ----------
    model : the report; ``tables["plan"]`` names the Parquet file of the plan, relative to `folder`
    out : the folder to write into; the same model gives the same bytes
    before : the folder of the report that this one replaces, if there is one

    Returns
    -------
    The files written, that of everybody first; none where nothing is planned.

    Raises
    ------
    OSError : a file cannot be written
    """
    plan = stored_plan(model, folder)
    if plan is None or plan.empty:
        return []
    lang = model.meta.lang
    calendars: dict[str, list[bytes]] = defaultdict(list)
    everything: list[bytes] = []
    known = _events_of(before / ALL) if before is not None else {}
    hand = by_hand(plan)
    for task in plan[hand].to_dict("records"):
        text = _event(task, model, known)
        everything.append(text)
        calendars[owner_name(task.get("owner"), lang)].append(text)
    for batch in _batches(plan[~hand]):
        text = _batch_event(batch, model, known)
        everything.append(text)
        calendars[owner_name(batch.get("owner"), lang)].append(text)
    files = [out / ALL]
    files[0].write_bytes(_calendar(model, say("ics.all", lang), everything))
    (out / EACH).mkdir(exist_ok=True)
    names = file_names(calendars)
    for owner, events in sorted(calendars.items()):
        files.append(out / EACH / f"{names[owner]}.ics")
        files[-1].write_bytes(_calendar(model, say("ics.of", lang, owner=owner), events))
    return files


def _calendar(model: ReportModel, name: str, events: list[bytes]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", f"-//segkit//{model.meta.version}//{model.meta.lang.upper()}")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", f"{model.meta.client_name} · {name}")
    calendar.add("x-wr-timezone", ZONE)
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", ZONE)
    standard.add("dtstart", dt.datetime(1992, 1, 1))  # no summer time since
    standard.add("tzoffsetfrom", BEIJING)
    standard.add("tzoffsetto", BEIJING)
    standard.add("tzname", "CST")
    zone.add_component(standard)
    calendar.add_component(zone)
    head = calendar.to_ical()
    return head.removesuffix(_END) + b"".join(events) + _END


def _event(task: dict[str, Any], model: ReportModel, known: dict[bytes, tuple[int, bytes]]) -> bytes:
    """One VEVENT; written once, it stands in two files."""
    who = " ".join(filter(None, (text_of(task, "customer_id"), text_of(task, "name"))))
    event = _drafted(str(task["task_id"]), task, who, "ics.line.where", model)
    segment = label_name(text_of(task, "segment"), model)
    if segment:
        event.add("categories", [segment])
    return _numbered(event, model.meta, known)


def _batch_event(batch: dict[str, Any], model: ReportModel, known: dict[bytes, tuple[int, bytes]]) -> bytes:
    """One VEVENT for messages sent in one go; whom they go to stands in the sheets."""
    nobody = {say("report.unassigned", lang) for lang in LANGS}
    owner = text_of(batch, "owner")
    parts = ("" if owner in nobody else owner, f"{batch['due']:%Y-%m-%d}", batch["channel"], batch["content"])
    digest = hashlib.sha256("\n".join(map(str, parts)).encode("utf-8")).hexdigest()
    who = say("ics.batch", model.meta.lang, n=batch["n"])
    return _numbered(_drafted(f"B{digest[:12]}", batch, who, "ics.line.batch", model), model.meta, known)


def _batches(messages: pd.DataFrame) -> list[dict[str, Any]]:
    """The batches with when the first message of each begins, and what it says."""
    if messages.empty:
        return []
    first = messages.assign(owner=messages["owner"].fillna(""))
    if "starts" in first.columns:  # the clock time of the first that has one
        first = first.assign(starts=first["starts"].replace("", None)).sort_values("starts", kind="stable")
    first = first.drop_duplicates([*BATCH])
    told = [c for c in (*BATCH, "starts", "next_step") if c in first.columns]
    return batches(messages).merge(first[told], on=[*BATCH], how="left").to_dict("records")


def _drafted(id: str, work: dict[str, Any], who: str, where: str, model: ReportModel) -> Event:
    """When, how, whom and what; `where` is the message that says where the contact details are."""
    lang, meta = model.meta.lang, model.meta
    event = Event()
    event.add("uid", f"{id}@{meta.client_id}.segkit")
    event.add("dtstamp", dt.datetime(meta.as_of.year, meta.as_of.month, meta.as_of.day, tzinfo=dt.UTC))
    _when(event, work)
    channel = name_of("channel", text_of(work, "channel"), lang)
    event.add("summary", " · ".join(filter(None, (channel, who, text_of(work, "next_step")))))
    event.add("description", "\n".join((*_lines(work, model), say(where, lang))))
    return event


def _numbered(event: Event, meta: Meta, known: dict[bytes, tuple[int, bytes]]) -> bytes:
    """The event as it stands in the file, with its SEQUENCE."""
    uid, body = str(event["UID"]), event.to_ical()
    number, old = known.get(uid.encode("utf-8"), (0, b""))
    counter = number
    if _STAMPED.sub(b"", body) != old:
        counter = max((meta.as_of - _SEQUENCE_ZERO).days, number + 1)
    return body.replace(b"END:VEVENT", b"SEQUENCE:%d\r\nEND:VEVENT" % counter)


def _when(event: Event, task: dict[str, Any]) -> None:
    day = pd.Timestamp(task["due"]).date()
    clock = _CLOCK.fullmatch(text_of(task, "starts"))
    if clock is None:
        event.add("dtstart", day)
        event.add("dtend", day + dt.timedelta(days=1))
        event.add("transp", "TRANSPARENT")
        return
    begins = dt.datetime.combine(day, dt.time(int(clock[1]), int(clock[2])))
    minutes = 0.0 if is_missing(task.get("minutes")) else float(task["minutes"])
    ends = begins + dt.timedelta(minutes=max(round(minutes), 1))
    event.add("dtstart", begins, parameters={"TZID": ZONE})
    event.add("dtend", ends, parameters={"TZID": ZONE})


def _lines(task: dict[str, Any], model: ReportModel) -> Iterator[str]:
    lang = model.meta.lang
    facts = {
        "segment": label_name(text_of(task, "segment"), model),
        "next_step": text_of(task, "next_step"),
        "why": text_of(task, "why"),
        "owner": owner_name(task.get("owner"), lang),
    }
    for field, value in facts.items():
        if value:
            yield say(f"ics.line.{field}", lang, value=value)
    if not is_missing(task.get("minutes")):
        yield say("ics.line.minutes", lang, value=max(float(task["minutes"]), 1.0))


def _events_of(path: Path) -> dict[bytes, tuple[int, bytes]]:
    """UID -> SEQUENCE and the rest of the event, of a calendar this module wrote; what another changed is passed by."""
    try:
        blocks = path.read_bytes().split(b"BEGIN:VEVENT\r\n")[1:]
    except OSError:
        return {}
    events = {}
    for block in blocks:
        body = b"BEGIN:VEVENT\r\n" + block.removesuffix(_END)
        unfolded = body.replace(b"\r\n ", b"")
        uid, counter = _UID.search(unfolded), _COUNTER.search(unfolded)
        if uid and counter:
            events[uid[1]] = int(counter[1]), _STAMPED.sub(b"", body)
    return events
