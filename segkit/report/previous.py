"""Last month's report of the same client: its labels, its plan, its holdout (上期报告)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from segkit.locale import LANGS, Lang
from segkit.problems import InputProblems, Problem, SegkitError
from segkit.report.clean_tables import read_parquet
from segkit.schemes.base import Scheme
from segkit.schemes.store import load_schemes
from segkit.workdays import next_working_monday, workdays_from

MANIFEST = "manifest.json"
CUSTOMERS, PLAN, ARMS = (f"internal/{name}.parquet" for name in ("customers", "plan", "arms"))
SCHEMES = "schemes.yml"
NEEDED, READ = (CUSTOMERS, PLAN), (CUSTOMERS, PLAN, ARMS, SCHEMES)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:-(\d+))?")  # 2026-01-31, and 2026-01-31-2 beside a report held open
NO_ARMS = ["customer_id", "segment", "arm", "campaign"]


@dataclass(frozen=True)
class Previous:
    """What last month's report said of the customers, and what was planned.

    Attributes
    ----------
    folder : where it lies, `reports/<client>/<as_of>/<lang>/`
    client, as_of, lang : of that report
    start, end : first and last day of its plan
    customers : one row per customer with the labels of every scheme, as they were
    plan : its tasks: `task_id, due, customer_id, owner, channel, content, minutes, segment, marketing`; without
        `segment` where there were too few customers for groups
    arms : `customer_id, segment, arm` (treated | holdout), `campaign`: everybody drawn for its campaigns so far, in
        the arm and the segment of their first draw, also whom last month's plan had no contact for; empty where
        no holdout was drawn
    schemes : the schemes as they were fitted; empty where the report holds none
    key_fingerprint : of the key its surrogates were made with, if there are any
    manifest : all of manifest.json
    """

    folder: Path
    client: str
    as_of: dt.date
    lang: Lang
    start: dt.date
    end: dt.date
    customers: pd.DataFrame
    plan: pd.DataFrame
    arms: pd.DataFrame
    schemes: dict[str, Scheme]
    key_fingerprint: str | None
    manifest: dict[str, Any] = field(repr=False, default_factory=dict)

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The campaigns its holdout was drawn for."""
        return tuple(sorted(self.arms["campaign"].unique()))

    def check(self, *, as_of: dt.date | None = None, key_fingerprint: str | None = None) -> None:
        """Can a report of this day, with surrogates of this key, be compared with it?

        Raises
        ------
        InputProblems : it is not earlier, or the customers stand under surrogates of another key
        """
        wrong = []
        if as_of is not None and self.as_of >= as_of:
            facts = {"then": self.as_of, "now": as_of}
            wrong.append(Problem("previous.not_earlier", facts, file=str(self.folder)))
        if self.key_fingerprint != key_fingerprint and None not in (self.key_fingerprint, key_fingerprint):
            key_facts = {"then": self.key_fingerprint, "now": key_fingerprint}
            wrong.append(Problem("previous.other_key", key_facts, file=str(self.folder)))
        if wrong:
            raise InputProblems(wrong)


def load_previous(
    folder: str | Path,
    *,
    client: str | None = None,
    lang: Lang | None = None,
    as_of: dt.date | None = None,
    key_fingerprint: str | None = None,
) -> Previous:
    """Read last month's report.

    Parameters
    ----------
    folder : `reports/<client>/<as_of>/<lang>/`, or a folder above it: of several days the last before `as_of` is
        taken, of two languages `lang`
    client : id of this client; None takes any
    lang : of the report that is being made
    as_of, key_fingerprint : of the report that is being made, see `Previous.check`

    Raises
    ------
    InputProblems : no report there, of another client, not earlier, files missing, changed or not to be read
    """
    where = Path(folder)
    found = _found(where, lang, as_of)
    if found is None:
        raise InputProblems([Problem("previous.none", {}, file=str(where))])
    previous = _loaded(found, client)
    previous.check(as_of=as_of, key_fingerprint=key_fingerprint)
    drawn = pd.concat([one.arms for one in of_the_same_campaign(previous)], ignore_index=True)
    drawn = drawn[drawn["campaign"].isin(previous.campaigns)]
    return replace(previous, arms=drawn.drop_duplicates(["customer_id", "campaign"], ignore_index=True))


def of_the_same_campaign(previous: Previous) -> tuple[Previous, ...]:
    """This report and earlier ones beside it that drew from the same campaign, the earliest first.

    One whose files are missing or changed ends the series: what was done before it is not known.
    """
    if previous.arms.empty:
        return (previous,)
    series = [previous]
    days = previous.folder.parent.parent
    earlier = {day for path in _reports(days) if (day := _day_of(path)) is not None}
    for day in sorted((day for day in earlier if day[0] < previous.as_of), reverse=True):
        if day[0] == series[0].as_of:
            continue  # made twice on one day; the later one was read
        path = _in_language([p for p in _reports(days) if _day_of(p) == day], previous.lang)
        try:
            one = _loaded(path, previous.client) if path is not None else None
        except InputProblems:
            break
        if one is None or not {*one.campaigns} & {*previous.campaigns}:
            break
        series.insert(0, one)
    return tuple(series)


# --- finding ---------------------------------------------------------------------------------------


def _found(folder: Path, lang: Lang | None, as_of: dt.date | None) -> Path | None:
    """The report in this folder, or in one of the folders below it."""
    if (folder / MANIFEST).is_file():
        return folder
    below = [path for path in _below(folder) if (path / MANIFEST).is_file()]
    if below:
        return _in_language(below, lang)
    dated = [(day, path) for path in _reports(folder) if (day := _day_of(path)) is not None]
    earlier = [one for one in dated if as_of is None or one[0][0] < as_of] or dated
    if not earlier:
        return None
    last = max(day for day, _ in earlier)
    return _in_language([path for day, path in earlier if day == last], lang)


def _reports(folder: Path) -> list[Path]:
    """Every `<as_of>/<lang>/` with a report."""
    return [path for day in _below(folder) for path in _below(day) if (path / MANIFEST).is_file()]


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _day_of(report: Path) -> tuple[dt.date, int] | None:
    """The day of `<as_of>/<lang>/` and which of that day it is; None for a folder of another name."""
    match = _DAY.fullmatch(report.parent.name)
    try:
        return (dt.date.fromisoformat(match[1]), int(match[2] or 1)) if match else None
    except ValueError:
        return None


def _in_language(reports: list[Path], lang: Lang | None) -> Path | None:
    wanted = [path for path in reports if path.name == lang] or reports
    return wanted[0] if wanted else None


# --- reading ---------------------------------------------------------------------------------------


def _loaded(folder: Path, client: str | None) -> Previous:
    """The report in this very folder, with its own arms."""
    manifest = _manifest(folder)
    if client is not None and manifest["client"] != client:
        facts = {"theirs": manifest["client"], "ours": client}
        raise InputProblems([Problem("previous.other_client", facts, file=str(folder))])
    _unchanged(folder, manifest)
    try:
        return _read(folder, manifest)
    except SegkitError:
        raise
    except Exception as fault:
        facts = {"file": folder.name}
        raise InputProblems([Problem("previous.unreadable", facts, file=str(folder))]) from fault


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        dt.date.fromisoformat(told["as_of"])
        if not (isinstance(told["client"], str) and told["lang"] in LANGS):
            raise ValueError
        {entry["file"]: entry["sha256"] for entry in told["outputs"]}
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise InputProblems([Problem("previous.unreadable", {"file": MANIFEST}, file=str(folder))]) from fault
    return dict(told)


def _unchanged(folder: Path, manifest: dict[str, Any]) -> None:
    """Are the files we read those the report was made with?"""
    noted = {entry["file"]: entry["sha256"] for entry in manifest["outputs"]}
    missing = [name for name in NEEDED if name not in noted or not (folder / name).is_file()]
    missing += [
        name for name in READ if name in noted and name not in NEEDED and not (folder / name).is_file()
    ]
    if missing:
        raise InputProblems([Problem("previous.missing", {"files": missing}, file=str(folder))])
    changed = [
        name
        for name in READ
        if name in noted and hashlib.sha256((folder / name).read_bytes()).hexdigest() != noted[name]
    ]
    if changed:
        raise InputProblems([Problem("previous.changed", {"files": changed}, file=str(folder))])


def _read(folder: Path, manifest: dict[str, Any]) -> Previous:
    as_of = dt.date.fromisoformat(manifest["as_of"])
    noted = {entry["file"] for entry in manifest["outputs"]}
    asked = manifest.get("parameters", {}).get("followup", {})
    own = asked.get("calendar") or {}
    free, open_days = (
        [dt.date.fromisoformat(str(day)) for day in own.get(name, [])] for name in ("holidays", "workdays")
    )
    start = dt.date.fromisoformat(asked["start"]) if asked.get("start") else next_working_monday(as_of)
    days = workdays_from(start, int(asked.get("days") or 1), free, open_days)
    plan = _with_text_ids(read_parquet(folder / PLAN))
    arms = _with_text_ids(read_parquet(folder / ARMS)) if ARMS in noted else pd.DataFrame(columns=NO_ARMS)
    if "campaign" not in arms:
        arms = arms.assign(campaign="")
    return Previous(
        folder=folder,
        client=manifest["client"],
        as_of=as_of,
        lang=manifest["lang"],
        start=start,
        end=days[-1],
        customers=_with_text_ids(read_parquet(folder / CUSTOMERS)),
        plan=plan.assign(due=pd.to_datetime(plan["due"])),
        arms=arms.assign(campaign=arms["campaign"].fillna("").astype(str)),
        schemes=load_schemes(folder / SCHEMES) if SCHEMES in noted else {},
        key_fingerprint=manifest.get("key_fingerprint"),
        manifest=manifest,
    )


def _with_text_ids(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(customer_id=frame["customer_id"].astype(str))
